"""A man page in scdoc (docs/man), read back: its sections, its options, its exit codes.

An option is told by a line `*-n*, *--name* _VALUE_` and indented text below it, with `Default: *10*` where it has one.
Where a page is for several verbs, `(create, check)` behind either says for which of them it is; without, for all. Behind the
heading of a group (`## Load (bench)`) it is for all options below.
"""

import dataclasses
import re

SECTIONS = ["NAME", "SYNOPSIS", "EXAMPLES", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"]
NEEDED = set(SECTIONS) - {"ENVIRONMENT", "FILES"}
BOLD = r"\*((?:\\.|[^*\\])+)\*"
VERBS = r"(?: \(([a-z, -]+)\))?"
HEAD = re.compile(rf"^(\*-[^*]+\*(?:, \*-[^*]+\*)*)(?: _([^_]+)_)?{VERBS}$")
GROUP = re.compile(rf"^## (.+?){VERBS}$")
DEFAULT = re.compile(rf"Default: {BOLD}{VERBS}")


@dataclasses.dataclass
class Entry:
    names: tuple
    value: str
    group: str
    verbs: list  # empty: all of the page
    text: str = ""

    def is_for(self, verb):
        return not self.verbs or verb in self.verbs

    def default_of(self, verb):
        found = DEFAULT.search(self.text)
        return plain(found[1]) if found and (not found[2] or verb in words_of(found[2])) else ""

    def verbs_named(self):
        found = DEFAULT.search(self.text)
        return self.verbs + (words_of(found[2]) if found and found[2] else [])


def words_of(list_text):
    return list_text.split(", ") if list_text else []


def plain(text):
    """Without scdoc's escapes."""
    return re.sub(r"\\(.)", r"\1", text)


class Page:
    """`problems`: what of the page cannot be read."""

    def __init__(self, source):
        parts = re.split(r"^# (.+)\n", source, flags=re.MULTILINE)
        self.titles = parts[1::2]
        self.sections = dict(zip(self.titles, parts[2::2]))
        self.problems = self._problems_of_sections()
        self.entries = self._read_options()

    def synopsis(self):
        """The ways to call it, as a help's usage has them."""
        lines = self.sections.get("SYNOPSIS", "").replace("++\n", "\n").splitlines()
        return [plain(re.sub(r"(?<!\\)[*_]", "", line)) for line in lines if line]

    def exits(self):
        codes = re.findall(r"^\*(\d+)\*$", self.sections.get("EXIT STATUS", ""), re.MULTILINE)
        return {int(code) for code in codes}

    def _problems_of_sections(self):
        problems = [f"section {title} is missing" for title in SECTIONS
                    if title in NEEDED and title not in self.sections]
        known = [title for title in self.titles if title in SECTIONS]
        if known != sorted(known, key=SECTIONS.index):
            problems.append("the sections come in another order than " + ", ".join(SECTIONS))
        return problems + [f"section {title} is none of {', '.join(SECTIONS)}"
                           for title in self.titles if title not in SECTIONS]

    def _read_options(self):
        entries, group, of_group = [], "Options", []
        for line in self.sections.get("OPTIONS", "").splitlines():
            head = HEAD.match(line)
            heading = GROUP.match(line)
            if heading:
                group, of_group = heading[1], words_of(heading[2])
            elif head:
                names = tuple(re.findall(r"\*([^*]+)\*", head[1]))
                entries.append(Entry(names, head[2] or "", group, words_of(head[3]) or of_group))
            elif line.startswith("*-"):
                self.problems.append(f"not the line of an option (*--name* _VALUE_): {line}")
            elif entries and line.startswith("\t"):
                entries[-1].text += " " + line.strip()
        return entries
