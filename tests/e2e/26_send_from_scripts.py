"""`chat send` as scripts use it: what was acknowledged is there, once and in order, and the exit code says the rest."""

import asyncio
import json
import os
import signal

from chat_client import Member, api
from chat_command import (Command, chat, chat_ok, http_answer, log_of, plain_server, url_of, welcome,
                          written_server)
from chat_server import Server, expect, run


def lines(count):
    return b"".join(b"line %d\n" % i for i in range(count))


async def a_text_or_lines_arrive_as_strings():
    async with Server() as server:
        url = url_of(server)
        expect(await chat_ok("send", "lobby", "deploy \"begins\" 部屋", "--url", url), "")
        await chat_ok("send", "lobby", "--url", url, stdin="a\n\n b\u2028 \nno line end".encode())
        await chat_ok("send", "lobby", "-", "--url", url, stdin=b"dash\n")
        await chat_ok("send", "lobby", "", "--url", url)
        await chat_ok("send", "lobby", "--url", url, stdin=b"")
        expect(await log_of(server), ["deploy \"begins\" 部屋", "a", "", " b\u2028 ", "no line end",
                                      "dash", ""])


async def options_may_stand_before_the_room():
    async with Server() as server:
        url = url_of(server)
        await chat_ok("send", "--url", url, "lobby", "hello")
        await chat_ok("send", "--url", f"ws://127.0.0.1:1,{url}", "--name", "ann", "lobby", "again")
        for verb in (("tail", "--since", "all", "--count", "2"), ("history",)):
            out = await chat_ok(*verb, "--url", url, "lobby", "--json")
            expect([json.loads(line)["message"] for line in out.splitlines()], ["hello", "again"])
        await chat_ok("who", "--url", url, "lobby", "--json")


async def separators_and_json():
    async with Server() as server:
        url = url_of(server)
        await chat_ok("send", "lobby", "--separator", "\\0", "--url", url, stdin=b"a\nb\0c\0")
        await chat_ok("send", "lobby", "--separator", "", "--url", url, stdin=b"whole\nfile\n")
        await chat_ok("send", "lobby", "--separator", "--", "--url", url, stdin=b"x--y")
        await chat_ok("send", "lobby", "--json", "--url", url,
                      stdin=b'{"a": [1.0, null]}\n"text"\n12\n')
        await chat_ok("send", "lobby", "--json", "[true]", "--url", url)
        expect(await log_of(server), ["a\nb", "c", "whole\nfile\n", "x", "y", {"a": [1.0, None]},
                                      "text", 12, [True]])


async def what_is_around_a_message_is_not_in_it():
    async with Server() as server:
        url = url_of(server)
        await chat_ok("send", "lobby", "--url", url, stdin=b"of windows\r\n\r\ntwo\r\r\nlast\r")
        await chat_ok("send", "lobby", "--separator", "\\0", "--url", url, stdin=b"a\r\n\0")
        await chat_ok("send", "lobby", "--json", "--url", url, stdin=b' {"a": 1}\t\r\n')
        await chat_ok("send", "lobby", "--json", "--separator", "", "--url", url, stdin=b"[\n 2\n]\n")
        expect(await log_of(server), ["of windows", "", "two\r", "last\r", "a\r\n", {"a": 1}, [2]])


async def why_json_was_not_sent_is_true():
    async with Server() as server:
        for value, why in ((b"1e400", "it has a number that no double can hold"), (b"{", "it is no JSON value"),
                           (b"[" * 200 + b"]" * 200, "its arrays and objects are nested too deep"),
                           (b"\n", "it is no JSON value")):
            code, _, errors = await chat("send", "lobby", "--json", "--url", url_of(server), stdin=value)
            expect(code, 6, errors)
            assert f"message 1 was not sent: {why}\n" in errors, errors


async def url_and_name_come_from_the_environment():
    async with Server() as server:
        names = {"CHAT_URL": url_of(server), "CHAT_NAME": "from the environment"}
        await chat_ok("send", "lobby", "x", variables=names)
        await chat_ok("send", "lobby", "x", "--name", "ann", variables=names)
        # The first server of several is not there.
        await chat_ok("send", "lobby", "x", variables={"CHAT_URL": f"ws://127.0.0.1:1,{url_of(server)}"})
        page = await api(server, "/rooms/lobby/messages")
        sent_by = [message["name"] for message in page["messages"]]
        expect(sent_by[:2], ["from the environment", "ann"])
        assert sent_by[2].startswith("guest-"), sent_by


async def what_cannot_be_sent_ends_it_and_what_is_before_it_is_there():
    async with Server("--max-message-bytes", "100") as server:
        url = url_of(server)
        code, _, errors = await chat("send", "lobby", "--url", url, stdin=b"a\nb\n\xff\xfe\nc\n")
        expect(code, 7, errors)
        assert "message 3 was not sent: it is not UTF-8" in errors, errors
        assert "nothing behind it is sent" in errors and "2 were acknowledged" in errors, errors
        code, _, errors = await chat("send", "lobby", "--json", "--url", url, stdin=b"{\n")
        expect(code, 6, errors)
        assert "no JSON value" in errors, errors
        long = b"x" * 101
        code, _, errors = await chat("send", "lobby", "--url", url, stdin=b"1\n" + long + b"\n2\n")
        expect(code, 7, errors)
        assert "message 2 was not sent" in errors and "over the limit" in errors, errors
        code, _, errors = await chat("send", "lobby", long.decode(), "--url", url)
        expect(code, 6, errors)
        assert "the message was not sent" in errors, errors
        folder = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        code, _, errors = await chat("send", "lobby", "--url", url, stdin=folder)
        os.close(folder)
        expect(code, 6, errors)
        assert "cannot read" in errors, errors
        expect(await log_of(server), ["a", "b", "1", "2"])


async def wrong_usage_and_servers_that_are_none():
    async with Server() as server:
        for words in (("no room",), ("api",), ("lobby", "x", "--name", "\n"),
                      ("lobby", "x", "--url", "ws://a:b:c"), ("lobby", "x", "--timeout", "soon"),
                      ("lobby", "x", "--timeout", "999999999d"), ("lobby", "--separator", "\\q"),
                      ("lobby", "--separator", "a\\")):
            code, _, errors = await chat("send", *words, "--url", url_of(server))
            expect(code, 2, errors)
        code, _, errors = await chat("send", "lobby", "x", "--url", "ws://127.0.0.1:1")
        expect(code, 3, errors)
        assert "cannot connect to 127.0.0.1:1: Connection refused" in errors, errors
        code, _, errors = await chat("send", "lobby", "x", "--url", url_of(server) + "/nowhere")
        expect(code, 5, errors)
        assert "HTTP 404" in errors, errors
    for answer, exit, why in ((http_answer(403), 4, "HTTP 403"), (http_answer(200), 3, "HTTP 200"),
                              (http_answer(503, b"busy\x1b[31m"), 3, r"HTTP 503: busy\x1b[31m"),
                              (b"SSH-2.0-x\r\n", 3, "not HTTP"), (b"", 3, "write wss://")):
        async with plain_server(answer) as address:
            code, _, errors = await chat("send", "lobby", "x", "--url", f"ws://{address}")
            expect(code, exit, errors)
            assert why in errors and address in errors, errors


async def no_answer_in_time():
    async def never_acks(script):
        await script.hear()
        await script.socket.send(json.dumps(welcome()))
        while True:
            await script.hear()
    async with written_server(never_acks) as url:
        code, _, errors = await chat("send", "lobby", "--timeout", "1s", "--url", url, stdin=lines(300))
        expect(code, 27, errors)
        assert "no answer in time" in errors and "message 1 is not acknowledged; it may be there or not" in errors, errors
        assert "and 290 more" in errors and "0 were acknowledged" in errors, errors
    async with plain_server(None) as address:
        code, _, errors = await chat("send", "lobby", "x", "--timeout", "500ms", "--url",
                                     f"ws://{address}")
        expect(code, 27, errors)
        assert f"ws://{address}: no answer in time" in errors and "the message was not sent" in errors, errors


async def what_a_server_says_is_escaped():
    async def refuses(script):
        await script.hear()
        await script.socket.send(json.dumps(welcome()))
        n = (await script.hear())["n"]
        await script.say(type="error", code="odd", text="no \x1b[31m\nway", n=n)
        await script.hear()
    async with written_server(refuses) as url:
        code, _, errors = await chat("send", "lobby", "x", "--url", url)
        expect(code, 6, errors)
        assert r"no \x1b[31m\x0away" in errors, errors

    async def sends_away(script):
        await script.hear()
        await script.say(type="error", code="bad_token", text="go \x1b[31maway")
        await script.socket.close(4002)
    async with written_server(sends_away) as url:
        code, _, errors = await chat("send", "lobby", "x", "--url", url)
        expect(code, 4, errors)
        assert r"go \x1b[31maway" in errors, errors


async def a_short_line_and_the_end_at_once():
    async with Server() as server:
        for _ in range(5):
            await asyncio.gather(*(
                chat_ok("send", "lobby", "--url", url_of(server), stdin=b"short") for _ in range(4)))
        expect(await log_of(server), ["short"] * 20)


async def lines_are_sent_as_they_come_and_an_interrupt_ends_it():
    for number in (signal.SIGINT, signal.SIGTERM):
        async with Server() as server:
            async with Member(server, "lobby") as ann, \
                    Command("send", "lobby", "--url", url_of(server), stdin=None) as send:
                await send.feed(b"first\nsec")
                expect((await ann.hear("message"))["message"], "first")
                await send.feed(b"ond\n")
                expect((await ann.hear("message"))["message"], "second")
                send.process.send_signal(signal.SIGUSR2)  # means nothing
                send.process.send_signal(number)
                code, _, errors = await send.result()
                expect(code, 130, errors)
                assert "interrupted" in errors, errors


run(a_text_or_lines_arrive_as_strings, options_may_stand_before_the_room, separators_and_json,
    what_is_around_a_message_is_not_in_it, why_json_was_not_sent_is_true, url_and_name_come_from_the_environment,
    what_cannot_be_sent_ends_it_and_what_is_before_it_is_there, wrong_usage_and_servers_that_are_none,
    no_answer_in_time, what_a_server_says_is_escaped, a_short_line_and_the_end_at_once,
    lines_are_sent_as_they_come_and_an_interrupt_ends_it)
