"""`chat history`, `chat who`, `chat rooms`: for people and as JSON; and servers that answer oddly."""

import asyncio
import contextlib
import json

from chat_client import Member, secret
from chat_command import chat, chat_at_terminal, chat_ok, http_answer, plain_server, url_of, welcome, written_server
from chat_server import Server, expect, run


async def say(server, *values, room="lobby", name="ann"):
    async with Member(server, room, name=name, client=secret()) as member:
        for n, value in enumerate(values, 1):
            await member.publish(n, value)


def texts(out):
    return [line.split(": ", 1)[1] for line in out.splitlines()]


async def history_prints_and_ends():
    async with Server() as server:
        url = ("--url", url_of(server))
        expect(await chat_ok("history", "lobby", *url), "")
        await say(server, *range(60))
        numbers = [str(i) for i in range(60)]
        expect(texts(await chat_ok("history", "lobby", *url)), numbers[10:])
        expect(texts(await chat_ok("history", "lobby", "-n", "2", *url)), numbers[58:])
        expect(texts(await chat_ok("history", "lobby", "--since", "all", *url)), numbers)
        expect(texts(await chat_ok("history", "lobby", "--match", "^1.$", *url)), numbers[10:20])
        out = await chat_ok("history", "lobby", "--json", "-n", "3", *url)
        expect([json.loads(line)["message"] for line in out.splitlines()], [57, 58, 59])
        for words in (("--follow",), ("--count", "1"), ("--exec", "true")):
            expect((await chat("history", "lobby", *words, *url))[0], 2, words)


async def who_is_there():
    async with Server("--max-members-told", "2") as server:
        url = ("--url", url_of(server))
        expect(await chat_ok("who", "lobby", *url), "")
        expect(json.loads(await chat_ok("who", "lobby", "--json", *url)),
               {"room": "lobby", "count": 0, "members": []})
        async with contextlib.AsyncExitStack() as stack:
            for name in ("ann", "部屋 b"):
                await stack.enter_async_context(Member(server, "部屋", name=name))
            out = await chat_ok("who", "部屋", *url)
            expect(sorted(out.splitlines()), ["ann", "部屋 b"])
            await stack.enter_async_context(Member(server, "部屋", name="third"))
            code, out, errors = await chat("who", "部屋", *url)
            expect(code, 0)
            assert "3 members; not all are named" in errors, errors
            told = json.loads(await chat_ok("who", "部屋", "--json", *url))
            expect((told["room"], told["count"]), ("部屋", 3))
        expect((await chat("who", "no room", *url))[0], 2)
        expect((await chat("who", *url))[0], 2)


async def which_rooms_there_are():
    async with Server() as server:
        url = ("--url", url_of(server))
        expect(await chat_ok("rooms", *url), "ROOM  MEMBERS  CURSOR\n")
        expect(await chat_ok("rooms", "--json", *url), "")
        await say(server, "x", "y")
        async with Member(server, "a_longer_name") as ann:
            out = await chat_ok("rooms", *url)
            rows = sorted(line.split() for line in out.splitlines()[1:])
            expect([row[:2] for row in rows], [["a_longer_name", "1"], ["lobby", "0"]])
            assert rows[1][2].endswith(":2"), rows
            at = {line.index(line.split()[1]) for line in out.splitlines()}
            expect(len(at), 1, f"columns stand below each other: {out}")
            told = [json.loads(line) for line in
                    (await chat_ok("rooms", "--json", *url)).splitlines()]
            by_name = {room["room"]: room for room in told}
            expect(by_name["lobby"]["head"], 2)
            expect(by_name["a_longer_name"]["members"], 1)
            # A printed cursor is one to begin at.
            cursor = f"{by_name['lobby']['epoch']}:1"
            expect(texts(await chat_ok("history", "lobby", "--since", cursor, *url)), ["y"])
            assert ann.name


async def the_url_comes_from_the_environment_and_the_next_server_is_asked():
    async with Server() as server:
        for urls in (url_of(server), f"ws://127.0.0.1:1,{url_of(server)}"):
            out = await chat_ok("rooms", variables={"CHAT_URL": urls})
            expect(out, "ROOM  MEMBERS  CURSOR\n")
        code, _, errors = await chat("rooms", variables={"CHAT_URL": "ws://ann:hunter2@h"})
        expect(code, 2, errors)
        assert "hunter2" not in errors, errors


async def a_closed_port_and_odd_answers_have_their_codes():
    for verb in (("rooms",), ("who", "lobby")):
        code, out, errors = await chat(*verb, "--url", "ws://127.0.0.1:1")
        expect((code, out), (3, ""), errors)
        assert "nothing listens at ws://127.0.0.1:1" in errors and "chat serve" in errors, errors
        error = b'{"error":{"code":"%s","text":"no \x1b[31mway"}}'.replace(b"\x1b", b"\\u001b")
        for answer, exit, why in (
                (http_answer(404, b"nothing", "text/plain"), 5, "is it a chat server?"),
                (http_answer(404, error % b"bad_room"), 5, r"no \x1b[31mway"),
                (http_answer(403, error % b"forbidden_origin"), 4, "HTTP 403"),
                (http_answer(503, error % b"busy"), 6, "HTTP 503"),
                (http_answer(500, error % b"new_code"), 6, "HTTP 500"),
                (http_answer(302), 6, "HTTP 302"),
                (http_answer(200, b"<html>"), 6, "another version"),
                (http_answer(200, b"{}"), 6, "another version"),
                (http_answer(200, b'{"rooms":[{}],"count":"1","members":[]}'), 6, "another version"),
                (b"SSH-2.0-x\r\n", 3, "does not speak HTTP")):
            async with plain_server(answer) as address:
                code, out, errors = await chat(*verb, "--url", f"ws://{address}")
                expect((code, out), (exit, ""), errors)
                assert why in errors and "\x1b" not in errors, errors


async def what_is_empty_is_no_error_and_said_at_a_terminal_only():
    async with Server() as server:
        url = ("--url", url_of(server))
        for words, remark in ((("who", "nosuch"), "chat who: room nosuch: nobody\n"),
                              (("history", "nosuch"), "chat history: room nosuch: no messages\n"),
                              (("tail", "nosuch", "--no-follow"), "chat tail: room nosuch: no messages\n")):
            expect(await chat(*words, *url), (0, "", ""), words)
            expect(await chat_at_terminal(*words, *url), (0, remark), words)
        await say(server, "x")
        code, shown = await chat_at_terminal("history", "lobby", *url)
        expect((code, shown.count("\n")), (0, 1), shown)


async def a_server_that_says_nothing_has_one_code_for_all_verbs():
    async with plain_server(None) as address:
        verbs = (("who", "lobby"), ("rooms",), ("tail", "lobby"), ("history", "lobby"))
        ends = await asyncio.gather(*(chat(*verb, "--url", f"ws://{address}") for verb in verbs))
        for verb, (code, out, errors) in zip(verbs, ends):
            expect((code, out), (27, ""), (verb, errors))
            assert f"ws://{address}" in errors, (verb, errors)


async def of_several_servers_each_failure_has_its_name():
    async with plain_server(b"") as first, plain_server(b"") as second:
        for verb in (("who", "lobby"), ("tail", "lobby"), ("send", "lobby", "x")):
            code, _, errors = await chat(*verb, "--url", f"ws://{first}", "--url", f"ws://{second}")
            expect(code, 3, errors)
            told = [line for line in errors.splitlines() if "closed the connection" in line or "ended the" in line]
            expect([address in line for line, address in zip(told, (first, second))], [True, True], errors)


async def names_of_a_strange_server_are_escaped():
    odd = "a\x1b[31m\nb\u202e\U000e0041"
    rooms = {"rooms": [{"room": odd, "epoch": "e", "head": 1, "members": 1}]}
    async with plain_server(http_answer(200, json.dumps(rooms).encode())) as address:
        out = await chat_ok("rooms", "--url", f"ws://{address}")
        assert r"a\x1b[31m\x0ab\u{202e}\u{e0041}  1" in out and "\x1b" not in out, out
        out = await chat_ok("rooms", "--json", "--url", f"ws://{address}")
        expect(json.loads(out)["room"], odd)
        assert out.isascii() and "\x1b" not in out and len(out.splitlines()) == 1, out
    members = {"room": "lobby", "count": 1, "members": [odd]}
    async with plain_server(http_answer(200, json.dumps(members).encode())) as address:
        expect(await chat_ok("who", "lobby", "--url", f"ws://{address}"), "a\\x1b[31m\\x0ab\\u{202e}\\u{e0041}\n")
        out = await chat_ok("who", "lobby", "--json", "--url", f"ws://{address}")
        expect(json.loads(out)["members"], [odd])
        assert out.isascii() and "\x1b" not in out, out


async def a_history_that_stops_answering_is_not_waited_for_for_ever():
    async def sends_away(script):
        await script.hear()
        await script.socket.send(json.dumps(welcome(head=9)))
        await script.hear()
        await script.socket.close(4001)
    async with written_server(sends_away) as url:
        code, out, errors = await chat("history", "lobby", "--url", url)
        expect((code, out), (6, ""), errors)
        assert "4001" in errors, errors


run(history_prints_and_ends, who_is_there, which_rooms_there_are,
    the_url_comes_from_the_environment_and_the_next_server_is_asked,
    a_closed_port_and_odd_answers_have_their_codes,
    what_is_empty_is_no_error_and_said_at_a_terminal_only,
    a_server_that_says_nothing_has_one_code_for_all_verbs,
    of_several_servers_each_failure_has_its_name, names_of_a_strange_server_are_escaped,
    a_history_that_stops_answering_is_not_waited_for_for_ever)
