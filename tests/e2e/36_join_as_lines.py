"""`chat join` without a terminal: lines in, lines out, and which line it was that was not sent."""

from chat_client import Member, secret
from chat_command import Command, chat, log_of, url_of
from chat_server import Server, expect, run


async def what_somebody_does_is_told_as_on_the_screen_and_the_page():
    async with Server() as server:
        async with Command("join", "lobby", "--url", url_of(server), stdin=None) as join, \
                Member(server, "lobby", name="zed", client=secret()) as zed:
            await join.feed(b"here\n")
            await zed.hear("message")
            for n, text in enumerate(("/me waves", "//me waves", " /me waves", "/me \x1b[31m", {"/me": 1}), 1):
                await zed.publish(n, text)
            await join.line()  # its own
            lines = [await join.line() for _ in range(5)]
            expect(lines, ["* zed waves", "zed: //me waves", "zed:  /me waves", "* zed ␛[31m", 'zed: {"/me": 1}'])


async def lines_of_windows_are_lines():
    async with Server() as server:
        code, _, errors = await chat("join", "lobby", "--url", url_of(server), stdin=b"one\r\n\r\n/me two\r\n")
        expect((code, await log_of(server)), (0, ["one", "/me two"]), errors)


async def a_line_that_was_not_sent_is_named():
    async with Server("--max-message-bytes", "100") as server:
        long = "部屋" + "x" * 200
        code, _, errors = await chat("join", "lobby", "--url", url_of(server), "--lang", "en",
                                     stdin=f"a\n\n{long}\nb\n".encode() + b"c\xff\n/dance\n")
        expect(code, 7, errors)
        assert 'line 3 ("部屋xxxxxxxxxxxxxxxxxx…"): a message was not sent: ' in errors, errors
        assert 'line 5 ("c\\xff"): that is not UTF-8' in errors, errors
        assert 'line 1 (' not in errors and 'line 4 (' not in errors, errors
        expect(await log_of(server), ["a", "b"])
        # Refused in the very moment of the welcome: what is told of it is waited for.
        for _ in range(5):
            code, _, errors = await chat("join", "lobby", "--url", url_of(server), stdin=long.encode())
            expect((code, errors.count("a message was not sent")), (7, 1), errors)
        _, _, errors = await chat("join", "lobby", "--url", url_of(server), "--lang", "zh-TW", stdin=long.encode())
        assert "第 1 行（「部屋xxxxxxxxxxxxxxxxxx…」）：" in errors, errors


run(what_somebody_does_is_told_as_on_the_screen_and_the_page, lines_of_windows_are_lines,
    a_line_that_was_not_sent_is_named)
