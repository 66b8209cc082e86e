#!/usr/bin/env python3
"""Holds the table of options in docs/operations.md against `chat serve --help`: names, values, defaults.

    options_page.py BINARY PAGE
"""

import os
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"^  (--[a-z-]+)( [A-Z]+)?(?:  +(.*))?$")
ROW = re.compile(r"^\| `(--[a-z-]+)( [A-Z]+)?` \| ([^|]+) \| ([^|]+) \|$")


def options_of_help(binary):
    """[(name, value, default)]; a default is the bracket at the end of an option's text."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CHAT_")}
    text = subprocess.run([binary, "serve", "--help"], env=inherited, text=True, check=True,
                          capture_output=True, timeout=20).stdout
    options = []
    for line in text.splitlines():
        begun = OPTION.match(line)
        if begun:
            options.append([begun[1], (begun[2] or "").strip(), begun[3] or ""])
        elif options and line.startswith(" " * 20):
            options[-1][2] += " " + line.strip()
        elif options and not line.endswith(":") and line:
            break  # the rest below the options
    defaults = [re.search(r"\[([^]]+)\]$", option[2]) for option in options]
    return [(option[0], option[1], found[1] if found else "–")
            for option, found in zip(options, defaults)]


def options_of_page(page):
    text = pathlib.Path(page).read_text(encoding="utf-8")
    rows = []
    for table in re.findall(r"<!-- options:begin -->(.*?)<!-- options:end -->", text, re.DOTALL):
        for line in table.splitlines():
            if not line.startswith("| `"):
                continue
            row = ROW.match(line)
            if not row:
                sys.exit(f"options_page: not a row of the table: {line}")
            rows.append((row[1], (row[2] or "").strip(), row[3].split(" (")[0].strip("` ")))
    return rows


def main():
    told, written = options_of_help(sys.argv[1]), options_of_page(sys.argv[2])
    if len(told) < 20:
        sys.exit("options_page: the help text could not be read; has its form changed?")
    problems = [f"{row} is in the help, not on the page" for row in told if row not in written]
    problems += [f"{row} is on the page, not in the help" for row in written if row not in told]
    if not problems and told != written:
        problems = ["the options come in another order than in the help"]
    for problem in problems:
        print(f"options_page: {problem}")
    if problems:
        sys.exit(1)
    print(f"options_page: {len(told)} options are as the help has them")


main()
