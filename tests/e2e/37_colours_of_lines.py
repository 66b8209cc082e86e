"""Colours of `chat tail` and `chat history`: at a terminal that has them, where nobody wants none, and nowhere else."""

import re

from chat_client import Member, secret
from chat_command import chat_at_terminal, chat_ok, url_of
from chat_server import Server, expect, run

SEQUENCE = re.compile(r"\x1b[\[(][0-9;:]*[A-Za-z]")


async def say(server, text, room="lobby", name="ann"):
    async with Member(server, room, name=name, client=secret()) as member:
        await member.publish(1, text)


def colour_of(name, shown):
    """The sequence before a name; "" without one."""
    return re.search(rf"((?:{SEQUENCE.pattern})*){name}(?:{SEQUENCE.pattern})*: ", shown)[1]


async def the_time_is_dim_and_a_name_has_its_colour():
    async with Server() as server:
        url = ("--url", url_of(server))
        await say(server, "hello \x1b[31mred")
        await say(server, "there", name="zed")
        await say(server, "elsewhere", room="ops")
        plain = await chat_ok("history", "lobby", *url)
        for verb in (("history",), ("tail", "--no-follow")):
            code, shown = await chat_at_terminal(*verb, "lobby", *url)
            expect((code, SEQUENCE.sub("", shown)), (0, plain), verb)
            assert re.match(r"\x1b\[2m[-0-9]+ [:0-9]+\x1b", shown), repr(shown)
            assert re.search(r"\x1b\[38;5;[0-9]+mann\x1b.*?: hello \\x1b\[31mred\n", shown), repr(shown)
        ann, zed = colour_of("ann", shown), colour_of("zed", shown)
        assert ann and zed and ann != zed, repr(shown)
        _, shown = await chat_at_terminal("history", "ops", *url)
        expect(colour_of("ann", shown), ann, "the same in each room")
        _, shown = await chat_at_terminal("history", "ops", *url, variables={"TERM": "linux"})
        assert re.match(r"\x1b\[3[1-6]m$", colour_of("ann", shown)), repr(shown)


async def who_wants_none_gets_none():
    async with Server() as server:
        url = ("--url", url_of(server))
        await say(server, "hello")
        for words, variables in (((), {"NO_COLOR": "1"}), ((), {"CHAT_NO_COLOR": "1"}), ((), {"TERM": "dumb"}),
                                 ((), {"TERM": ""}), ((), {"TERM": "vt100"}), (("--color", "never"), {}),
                                 (("--json",), {}), (("--json", "--color", "always"), {})):
            code, shown = await chat_at_terminal("history", "lobby", *words, *url, variables=variables)
            expect((code, shown.count("\n")), (0, 1), shown)
            assert "\x1b" not in shown, (words, variables, shown)
        _, shown = await chat_at_terminal("history", "lobby", *url, variables={"NO_COLOR": "", "CHAT_NO_COLOR": ""})
        assert "\x1b" in shown, shown


async def a_pipe_has_none_unless_they_are_asked_for():
    async with Server() as server:
        url = ("--url", url_of(server))
        await say(server, "hello")
        terminal = {"TERM": "xterm-256color"}
        assert "\x1b" not in await chat_ok("history", "lobby", *url, variables=terminal)
        out = await chat_ok("history", "lobby", "--color", "always", *url, variables={**terminal, "NO_COLOR": "1"})
        assert colour_of("ann", out).startswith("\x1b[38;5;"), out


run(the_time_is_dim_and_a_name_has_its_colour, who_wants_none_gets_none,
    a_pipe_has_none_unless_they_are_asked_for)
