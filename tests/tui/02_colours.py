#!/usr/bin/env python3
"""The colours of `chat join` in terminals that have many, few or none: what tmux understood of what came out."""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from chat_server import BINARY, Server, expect, run, run_chat  # noqa: E402
from tmux import Terminal  # noqa: E402

# Terminals that a small system has no description of.
DESCRIPTIONS = r"""
xterm-16color|sixteen colours,
  colors#16, pairs#256,
  setaf=\E[%?%p1%{8}%<%t3%p1%d%e9%p1%{8}%-%d%;m,
  setab=\E[%?%p1%{8}%<%t4%p1%d%e10%p1%{8}%-%d%;m,
  use=xterm,
xterm-direct|a number for each mixture of red\, green and blue,
  RGB, colors#0x1000000, pairs#0x7FFF, ccc@, initc@,
  setaf=\E[%?%p1%{8}%<%t3%p1%d%e38:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%d%;m,
  setab=\E[%?%p1%{8}%<%t4%p1%d%e48:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%d%;m,
  use=xterm-256color,
"""

# TERM: what carl, dora (whose names have one colour everywhere) and an alert look like.
LOOKS = {
    "xterm-direct": ("38;2;224;45;39", "38;2;195;84;17", "38;2;229;0;0"),
    "xterm-256color": ("38;5;160", "38;5;130", "38;5;160"),
    "xterm-16color": ("91", "31", "31"),
    "linux": ("31", "31", "31"),
    "vt100": (None, None, None),
}
COLOR = re.compile(r"38;2;\d+;\d+;\d+|38;5;\d+|(?<!\d)[39][0-7](?=[;m])")


def color_before(styled, text):
    """The colour that is set right before a text; None when none is."""
    found = re.search(r"((?:\x1b\[[\d;]*m)+)" + re.escape(text), styled)
    colors = COLOR.findall(found[1]) if found else []
    return colors[-1] if colors else None


def descriptions(folder):
    source = pathlib.Path(folder) / "source"
    source.write_text(DESCRIPTIONS, encoding="ascii")
    subprocess.run(["tic", "-x", "-o", folder, str(source)], check=True, timeout=20)
    return {"TERMINFO": folder}


async def have_a_conversation(server):
    for name, text in (("carl", "hello"), ("dora", "look, ann")):
        code, _, errors = await run_chat("send", "lobby", text, "--name", name, "--url", f"ws://{server.address}")
        expect(code, 0, errors)


async def screen_of(term, *options, variables=None):
    """What tmux has understood of the screen, as escape sequences of its own. On a server of its own: where the one
    before was not gone yet, she would be ann-2, and nobody means her."""
    async with Server() as server:
        await have_a_conversation(server)
        command = [BINARY, "join", "lobby", "--url", f"ws://{server.address}", "--name", "ann", *options]
        with Terminal(command, term=term, variables=variables) as terminal:
            await terminal.until_shown("look, ann")
            return terminal.styled()


async def names_and_alerts_have_the_colours_that_the_terminal_can_show():
    with tempfile.TemporaryDirectory() as folder:
        variables = descriptions(folder)
        for term, look in LOOKS.items():
            styled = await screen_of(term, variables=variables)
            seen = tuple(color_before(styled, text) for text in ("carl", "dora", "look, ann"))
            expect(seen, look, f"the colours on {term}")


async def no_color_is_heeded_unless_colours_are_asked_for():
    unwanted = {"NO_COLOR": "1"}
    styled = await screen_of("xterm-256color", variables=unwanted)
    assert not re.search(r"\x1b\[[\d;]*[34]8;", styled), styled
    assert re.search(r"\x1b\[1mlook, ann", styled), f"an alert is bold: {styled!r}"
    styled = await screen_of("xterm-256color", "--color", "always", variables=unwanted)
    expect(color_before(styled, "carl"), "38;5;160", "carl's colour")
    styled = await screen_of("xterm-256color", "--color", "never")
    expect(color_before(styled, "carl"), None, "carl's colour")


run(names_and_alerts_have_the_colours_that_the_terminal_can_show,
    no_color_is_heeded_unless_colours_are_asked_for)
