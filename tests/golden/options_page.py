#!/usr/bin/env python3
"""Holds tables of options in a page against `chat VERB --help`: names, values, defaults; and its exit codes.

    options_page.py BINARY PAGE [--shared PAGE] VERB...

A verb's table stands between <!-- options:begin VERB --> and <!-- options:end -->. Options in the groups "Connection"
and "Configuration" are the same for many verbs: their names and defaults must stand once on the page, or on the shared one. Each exit code
of a help must be in the table between <!-- exits:begin --> and <!-- exits:end -->, when one of the two has it.
"""

import argparse
import pathlib
import re
import sys

import help_text

ROW = re.compile(r"^\| `(--?[a-z-]+)( \[?[A-Z]+\]?)?` \| ([^|]+) \| ([^|]+) \|$")
SHARED = ("Connection", "Configuration")


def row_of(option):
    # A switch that is on: the page has the one that turns it off.
    is_on = not option.value and option.default == "yes"
    return option.names[-1], option.value, "–" if is_on else option.default or "–"


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
    codes = help_text.exits_of(text)
    written = {int(code) for code in re.findall(r"^\| (\d+) \|", table[1], re.MULTILINE)}
    if len(codes) < 3:
        return ["the exit codes of the help could not be read; has its form changed?"]
    return [f"exit code {code} is in the help, not on the page" for code in sorted(codes - written)]


def rows_for_everyone(pages):
    """The rows of the tables of options that are no verb's own."""
    others = re.sub(r"<!-- options:begin .*?<!-- options:end -->", "", pages, flags=re.DOTALL)
    tables = re.findall(r"^\| option \|.*\n(?:\|.*\n)+", others, re.MULTILINE)
    return rows_of("".join(tables))


def check(verb, text, page, shared):
    """(problems, how many options were compared)."""
    options = [option for option in help_text.options_of(text) if "--help" not in option.names]
    told = [row_of(option) for option in options if option.group not in SHARED]
    common = [row_of(option) for option in options if option.group in SHARED]
    table = re.search(rf"<!-- options:begin {verb} -->(.*?)<!-- options:end -->", page, re.DOTALL)
    if not table or not told:
        return ["no table, or no options in the help"], 0
    problems = problems_of_options(told, rows_of(table[1]))
    everywhere = rows_for_everyone(page + shared) if common else []
    problems += [f"{row} is in the help, not on the page that tells what verbs share"
                 for row in common if row not in everywhere]
    return problems + problems_of_exits(text, page + shared), len(told)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path)
    parser.add_argument("verbs", nargs="+")
    arguments = parser.parse_args()
    page = arguments.page.read_text(encoding="utf-8")
    shared = arguments.shared.read_text(encoding="utf-8") if arguments.shared else ""
    failed, count = False, 0
    for verb in arguments.verbs:
        text = help_text.help_of(arguments.binary, verb.split())
        problems, compared = check(verb, text, page, shared)
        for problem in problems:
            print(f"options_page: chat {verb}: {problem}")
        failed = failed or bool(problems)
        count += compared
    if failed:
        sys.exit(1)
    print(f"options_page: {count} options are as the help has them")


main()
