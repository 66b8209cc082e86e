#!/usr/bin/env python3
"""Holds the man pages (docs/man/*.1.scd) against the program: each verb has its page, with the options of its --help
(names, value, default, group), both ways; usage, variables and exit codes; and each page renders without a warning.

    man_pages.py BINARY FOLDER [--scdoc SCDOC] [--self-test]

The page of `chat vhost create` is chat-vhost.1.scd: one for each verb of `chat --help`, and chat.1.scd. --self-test
shows that each kind of difference is found.
"""

import argparse
import os
import pathlib
import subprocess
import sys

import help_text
import man_page


class Program:
    """What the program says of itself: {path: help}, and which paths can be called without a verb below them."""

    def __init__(self, binary):
        self.helps = {}
        self.called = []
        self._walk(binary, ())

    def _walk(self, binary, path):
        text = help_text.help_of(binary, path)
        self.helps[path] = text
        below = help_text.verbs_of(text)
        # chat bench SCENARIO is called, too.
        has_words = help_text.usage_of(text).split()[-1] != "VERB"
        if not below or has_words:
            self.called.append(path)
        for verb in below:
            self._walk(binary, path + (verb,))

    def verbs(self):
        return [path for path in self.helps if len(path) == 1]

    def told_on(self, verb):
        """The paths whose options are on the page of a first verb."""
        return [path for path in self.called if path[:1] == verb]


def file_of(path):
    return "-".join(("chat",) + path[:1]) + ".1.scd"


def command_of(path):
    return " ".join(("chat",) + path)


def shown(names, value):
    return ",".join(names) + (" " + value if value else "")


def line_of(option):
    """How an option would stand on a page."""
    line = ", ".join(f"*{name}*" for name in option.names)
    line += f" _{option.value}_" if option.value else ""
    default = f'; in its text "Default: *{option.default}*."' if option.default else ""
    group = "" if option.group == "Options" else f'; below "## {option.group}"'
    return f'add "{line}"{default}{group}'


def differences(option, entry, verb):
    """What an option's help and its entry do not agree about."""
    pairs = [("its names", ",".join(option.names), ",".join(entry.names)),
             ("its value", option.value, entry.value),
             ("its default", option.default, entry.default_of(verb)),
             ("its group", option.group, entry.group)]
    return [f"{what}: --help has {told or 'none'!r}, the page {written or 'none'!r}"
            for what, told, written in pairs if told != written]


def problems_of_options(page, path, text):
    verb = path[-1] if path else ""
    told = help_text.options_of(text)
    written = [entry for entry in page.entries if entry.is_for(verb)]
    problems = []
    for option in told:
        entry = next((one for one in written if set(one.names) & set(option.names)), None)
        if entry is None:
            problems.append(f"{shown(option.names, option.value)} is in --help, not on the page: {line_of(option)}")
            continue
        problems += [f"{shown(option.names, option.value)}: {difference}"
                     for difference in differences(option, entry, verb)]
    names = {name for option in told for name in option.names}
    problems += [f"{shown(entry.names, entry.value)} is on the page, not in --help"
                 for entry in written if not names & set(entry.names)]
    return [f"{command_of(path)}: {problem}" for problem in problems]


def problems_of_usage(page, paths, helps):
    usages = {help_text.usage_of(helps[path]) for path in paths}
    written = set(page.synopsis())
    return ([f'SYNOPSIS has no "{usage}", as --help has' for usage in sorted(usages - written)] +
            [f'SYNOPSIS has "{usage}", which no --help has' for usage in sorted(written - usages)])


def problems_of_variables(page, paths, helps):
    section = page.sections.get("ENVIRONMENT", "")
    named = set().union(*(help_text.variables_of(helps[path]) for path in paths))
    return [f"ENVIRONMENT has no {name}, which --help names" for name in sorted(named) if name not in section]


def problems_of_exits(page, paths, helps):
    own = [helps[path] for path in paths if not help_text.exits_are_general(helps[path])]
    told = set().union(*(help_text.exits_of(text) for text in own)) if own else set()
    general = help_text.exits_of(helps[()])
    if len(general) < 3 or (own and len(told) < 3):
        return ["the exit codes of --help could not be read; has its form changed?"]
    allowed = told if len(own) == len(paths) else told | general
    return ([f"EXIT STATUS has no {code}, which --help has" for code in sorted(told - page.exits())] +
            [f"EXIT STATUS has {code}, which --help does not have" for code in sorted(page.exits() - allowed)])


def problems_of_page(page, program, verb):
    paths = program.told_on(verb)
    problems = list(page.problems)
    known = {path[-1] for path in paths}
    for entry in page.entries:
        problems += [f'{",".join(entry.names)}: "{name}" is no verb of this page'
                     for name in entry.verbs_named() if name not in known]
    for path in paths:
        problems += problems_of_options(page, path, program.helps[path])
    problems += problems_of_usage(page, paths, program.helps)
    problems += problems_of_variables(page, paths, program.helps)
    return problems + problems_of_exits(page, paths, program.helps)


def problems_of_overview(page, program):
    """chat.1 has the program's own options, names each verb's page, and has the codes of all of them."""
    problems = list(page.problems) + problems_of_options(page, (), program.helps[()])
    problems += problems_of_usage(page, [()], program.helps)
    seen = page.sections.get("SEE ALSO", "")
    for (verb,) in program.verbs():
        if f"*{verb}*\n" not in page.sections.get("DESCRIPTION", ""):
            problems.append(f"DESCRIPTION does not tell of the verb {verb}")
        if f"*chat-{verb}*(1)" not in seen:
            problems.append(f"SEE ALSO has no *chat-{verb}*(1)")
    codes = set().union(*(help_text.exits_of(text) for text in program.helps.values()))
    problems += [f"EXIT STATUS has no {code}, which a verb's --help has" for code in sorted(codes - page.exits())]
    return problems + [f"EXIT STATUS has {code}, which no verb's --help has" for code in sorted(page.exits() - codes)]


def problems_of(program, sources):
    """`sources`: {file name: text}."""
    wanted = {file_of(verb): verb for verb in program.verbs()}
    problems = [f"{file} belongs to no verb" for file in sorted(sources)
                if file not in wanted and file != file_of(())]
    for file, verb in {file_of(()): (), **wanted}.items():
        if file not in sources:
            problems.append(f"{file} is missing: each verb of chat --help has its page")
            continue
        page = man_page.Page(sources[file])
        found = problems_of_page(page, program, verb) if verb else problems_of_overview(page, program)
        problems += [f"{file}: {problem}" for problem in found]
    return problems


def problems_of_rendering(scdoc, file, source):
    made = subprocess.run([scdoc], input=source, text=True, capture_output=True, timeout=20)
    if made.returncode != 0 or made.stderr:
        return [f"{file}: scdoc: {made.stderr.strip() or made.returncode}"]
    shown_page = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-"], input=made.stdout, text=True,
                                capture_output=True, timeout=20,
                                env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    if shown_page.returncode != 0 or shown_page.stderr:
        return [f"{file}: man: {shown_page.stderr.strip() or shown_page.returncode}"]
    return []


# File, what is replaced in it, by what, and what must be said of it.
HARMS = [
    ("chat-tail.1.scd", "*--count* _N_\n", "", "chat tail: --count N is in --help, not on the page"),
    ("chat-tail.1.scd", "*--retry*\n", "*--retry*\n\tx\n\n*--invented* _N_\n", "--invented N is on the page, not in --help"),
    ("chat-tail.1.scd", "*--count* _N_\n", "*--count* _M_\n", "--count N: its value: --help has 'N', the page 'M'"),
    ("chat-tail.1.scd", "Default: *10*", "Default: *11*", "-n N: its default: --help has '10', the page '11'"),
    ("chat-tail.1.scd", "Default: *10*", "So it is", "-n N: its default: --help has '10', the page 'none'"),
    ("chat-tail.1.scd", "*--follow*, *--no-follow*", "*--no-follow*", "its names: --help has '--follow,--no-follow'"),
    ("chat-tail.1.scd", "## Connection\n\n", "", "--url URL: its group: --help has 'Connection', the page 'Options'"),
    ("chat-tail.1.scd", "*--retry*\n", "*--retry* and more\n", "not the line of an option"),
    ("chat-tail.1.scd", "*27*\n", "*28*\n", "EXIT STATUS has no 27"),
    ("chat-tail.1.scd", "*27*\n", "*27*\n\tx\n\n*28*\n", "EXIT STATUS has 28"),
    ("chat-tail.1.scd", "*CHAT_NAME*\n", "", "ENVIRONMENT has no CHAT_NAME"),
    ("chat-tail.1.scd", "_ROOM_...\n", "_ROOM_\n", 'SYNOPSIS has no "chat tail [OPTIONS] ROOM..."'),
    ("chat-tail.1.scd", "# EXAMPLES\n", "", "section EXAMPLES is missing"),
    ("chat-vhost.1.scd", "*--yes* (delete)", "*--yes*", "chat vhost list: --yes is on the page, not in --help"),
    ("chat-vhost.1.scd", "*--yes* (delete)", "*--yes* (show)", "chat vhost delete: --yes is in --help, not on the page"),
    ("chat-vhost.1.scd", "*--yes* (delete)", "*--yes* (remove)", '"remove" is no verb of this page'),
    ("chat-vhost.1.scd", "*16* (create)", "*16*", "chat vhost check: --partitions N: its default"),
    ("chat-bench.1.scd", "## Load (bench)", "## Load", "chat bench agent: --rooms COUNT is on the page, not in --help"),
    ("chat-bench.1.scd", "## Load (bench)", "## Load (agent)", "chat bench: --rooms COUNT is in --help, not on the page"),
    ("chat-bench.1.scd", "*--rate* _RATE_", "*--rate* _RATE_ (agent)", "chat bench: --rate RATE is in --help"),
    ("chat-bench.1.scd", "*chat bench* [_OPTIONS_] _SCENARIO_++\n", "", 'SYNOPSIS has no "chat bench [OPTIONS] SCENARIO"'),
    ("chat.1.scd", "*--version*\n", "", "chat: --version is in --help, not on the page"),
    ("chat.1.scd", "*chat-who*(1), ", "", "SEE ALSO has no *chat-who*(1)"),
    ("chat.1.scd", "*27*\n", "", "EXIT STATUS has no 27"),
]


def self_test(program, sources, scdoc):
    failures = []
    for file, before, after, expected in HARMS:
        assert sources[file].count(before) > 0, (file, before)
        harmed = {**sources, file: sources[file].replace(before, after)}
        said = problems_of(program, harmed)
        if not any(problem.startswith(file) and expected in problem for problem in said):
            failures.append(f"{file} with {after!r} for {before!r}: {expected!r} was not said, but {said}")
    without = {file: source for file, source in sources.items() if file != "chat-who.1.scd"}
    if "chat-who.1.scd is missing: each verb of chat --help has its page" not in problems_of(program, without):
        failures.append("a missing page was not found")
    if "chat-x.1.scd belongs to no verb" not in problems_of(program, {**sources, "chat-x.1.scd": ""}):
        failures.append("a page without a verb was not found")
    if scdoc and not problems_of_rendering(scdoc, "chat.1.scd", sources["chat.1.scd"].replace("# NAME", "#NAME")):
        failures.append("a page that scdoc refuses was not found")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--scdoc")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    sources = {file.name: file.read_text(encoding="utf-8") for file in sorted(arguments.folder.glob("*.scd"))}
    program = Program(arguments.binary)
    if arguments.self_test:
        problems = self_test(program, sources, arguments.scdoc)
    else:
        problems = problems_of(program, sources)
        for file, source in sources.items():
            problems += problems_of_rendering(arguments.scdoc, file, source) if arguments.scdoc else []
    for problem in problems:
        print(f"man_pages: {problem}")
    if problems:
        sys.exit("man_pages: the pages are docs/man/*.1.scd")
    rendered = "" if arguments.scdoc else "; not rendered, there is no scdoc"
    print(f"man_pages: {len(sources)} pages are as {len(program.helps)} helps have them{rendered}")


main()
