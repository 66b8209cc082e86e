"""What `chat VERB --help` says, read back: usage, options by group, variables, exit codes."""

import dataclasses
import os
import re
import subprocess

BEGUN = re.compile(r"^  (-[^ ]+)( [^ ]+)?(?:  +(.*))?$")
CODE = re.compile(r"(?:^|[,;:])\s(\d{1,3})\s[a-z]")
GENERAL = "a verb's help tells its own"  # the program's own footer, which verbs without one show


@dataclasses.dataclass
class Option:
    names: tuple
    value: str    # "" for a switch
    default: str  # "" without one
    group: str
    text: str = ""


def help_of(binary, words):
    """The output of `chat WORDS… --help`, without the caller's own variables."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CHAT_")}
    inherited["CHAT_CONFIG"] = "/dev/null"
    return subprocess.run([binary, *words, "--help"], env=inherited, text=True, check=True,
                          capture_output=True, timeout=20).stdout


def usage_of(text):
    return re.search(r"^Usage: (.*)$", text, re.MULTILINE)[1]


def verbs_of(text):
    """The verbs that stand below this one."""
    part = re.search(r"^Verbs:\n((?:  .*\n)+)", text, re.MULTILINE)
    return re.findall(r"^  ([a-z-]+) ", part[1], re.MULTILINE) if part else []


def options_of(text):
    """All options, in their order; a default is the bracket at the end of an option's text."""
    found, group = [], None
    for line in text.splitlines():
        begun = BEGUN.match(line)
        if line.endswith(":") and not line.startswith(" "):
            group = line[:-1]
        elif group and begun:
            found.append(Option(tuple(begun[1].split(",")), (begun[2] or "").strip(), "", group,
                                begun[3] or ""))
        elif group and found and line.startswith(" " * 20):
            found[-1].text += " " + line.strip()
        elif line and not line.startswith(" "):
            group = None  # the rest below the options
    for option in found:
        default = re.search(r"\[([^]]+)\]$", option.text)
        option.default = default[1] if default else ""
    return found


def variables_of(text):
    """Those that the footer names."""
    footer = re.search(r"^Environment:(.*?)(?:\n\S|\Z)", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", footer[1])) if footer else set()


def exits_of(text):
    """The exit codes that the footer names, as numbers; none when it names none."""
    footer = re.search(r"^Exit codes:.*", text, re.MULTILINE | re.DOTALL)
    return {int(code) for code in CODE.findall(footer[0])} if footer else set()


def exits_are_general(text):
    return GENERAL in text
