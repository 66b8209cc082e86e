#!/usr/bin/env python3
"""Holds tables of options in a page against `chat VERB --help`: names, values, defaults; and its exit codes.

    options_page.py BINARY PAGE VERB...

A verb's table stands between <!-- options:begin VERB --> and <!-- options:end -->. Options in the group "Connection"
are the same for many verbs: their names and defaults must stand on the page once. Each exit code of a help must be in
the table between <!-- exits:begin --> and <!-- exits:end -->, when the page has one.
"""

import os
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"^  (?:--[a-z-]+,)?(--?[a-z-]+)( [A-Z]+)?(?:  +(.*))?$")
ROW = re.compile(r"^\| `(--?[a-z-]+)( [A-Z]+)?` \| ([^|]+) \| ([^|]+) \|$")
EXIT = re.compile(r"(?:^|,|:)\s(\d{1,3})\s[a-z]")


def help_of(binary, verb):
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CHAT_")}
    return subprocess.run([binary, verb, "--help"], env=inherited, text=True, check=True,
                          capture_output=True, timeout=20).stdout


def options_of_help(text):
    """({group: [(name, value, default)]}); a default is the bracket at the end of an option's text."""
    groups, group = {}, None
    for line in text.splitlines():
        begun = OPTION.match(line)
        if line.endswith(":") and not line.startswith(" "):
            group = groups.setdefault(line[:-1], [])
        elif group is not None and begun:
            group.append([begun[1], (begun[2] or "").strip(), begun[3] or ""])
        elif group and line.startswith(" " * 20):
            group[-1][2] += " " + line.strip()
        elif line and not line.startswith(" "):
            group = None  # the rest below the options
    return {name: [row_of(option) for option in options] for name, options in groups.items()}


def row_of(option):
    found = re.search(r"\[([^]]+)\]$", option[2])
    default = found[1] if found else "–"
    # A switch that is on: the page has the one that turns it off.
    is_on = not option[1] and default == "yes"
    return option[0], option[1], "–" if is_on else default


def rows_of(table):
    rows = []
    for line in table.splitlines():
        if not line.startswith("| `-"):
            continue
        row = ROW.match(line)
        if not row:
            sys.exit(f"options_page: not a row of the table: {line}")
        default = row[3].split(" (")[0].strip("` ")
        rows.append((row[1], (row[2] or "").strip(), default))
    return rows


def problems_of_options(told, written):
    problems = [f"{row} is in the help, not on the page" for row in told if row not in written]
    problems += [f"{row} is on the page, not in the help" for row in written if row not in told]
    if not problems and told != written:
        problems = ["the options come in another order than in the help"]
    return problems


def problems_of_exits(text, page):
    table = re.search(r"<!-- exits:begin -->(.*?)<!-- exits:end -->", page, re.DOTALL)
    if not table:
        return []
    codes = set(EXIT.findall(text[text.index("Exit codes:"):]))
    written = set(re.findall(r"^\| (\d+) \|", table[1], re.MULTILINE))
    if len(codes) < 3:
        return ["the exit codes of the help could not be read; has its form changed?"]
    return [f"exit code {code} is in the help, not on the page" for code in sorted(codes - written)]


def main():
    binary, page = sys.argv[1], pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
    failed, count = False, 0
    for verb in sys.argv[3:]:
        text = help_of(binary, verb)
        groups = options_of_help(text)
        told = [row for name, rows in groups.items() if name != "Connection" for row in rows
                if row[0] != "--help"]
        table = re.search(rf"<!-- options:begin {verb} -->(.*?)<!-- options:end -->", page, re.DOTALL)
        if not table or not told:
            sys.exit(f"options_page: chat {verb}: no table, or no options in the help")
        problems = problems_of_options(told, rows_of(table[1]))
        everywhere = rows_of(page) if "Connection" in groups else []
        problems += [f"{row} is in the help, not on the page" for row in groups.get("Connection", [])
                     if row not in everywhere]
        problems += problems_of_exits(text, page)
        for problem in problems:
            print(f"options_page: chat {verb}: {problem}")
        failed = failed or bool(problems)
        count += len(told)
    if failed:
        sys.exit(1)
    print(f"options_page: {count} options are as the help has them")


main()
