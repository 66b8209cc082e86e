"""The log: one line per event, strangers' bytes escaped, nobody's words in it."""

import json
import re

from chat_client import Member, Raw, connect, http, in_room, secret
from chat_server import Server, expect, run, run_chat

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
PEER = r"\[127\.0\.0\.1:\d+\]"


async def coming_and_going_is_logged():
    async with Server() as server:
        async with connect(server, "/ws/%E8%81%8A?secret=1") as plain:
            await in_room(plain)
        await server.line(rf"^{TIME} info  WebSocket CONNECT /ws/%E8%81%8A/ {PEER}$")
        await server.line(rf"^{TIME} info  WebSocket DISCONNECT /ws/%E8%81%8A/ {PEER} "
                          r"code=1000 by=peer frames_in=0$")
        async with await Raw.open(server.address) as raw:
            await raw.upgrade("/ws/lobby/")
        await server.line(rf"DISCONNECT /ws/lobby/ {PEER} code=1006 by=peer")
        await http(server, "GET", "/lobby/?x=1")
        await server.line(rf"info  HTTP GET /lobby/ 200 {PEER}$")
        async with await Raw.open(server.address) as raw:
            await raw.send(b"nonsense\r\n\r\n")
            expect((await raw.response()).status, 400)
        await server.line(rf"info  HTTP \? \? 400 {PEER}$")
        async with await Raw.open(server.address) as raw:
            expect((await raw.upgrade("/ws/a%20b/")).status, 404)
        await server.line(rf"info  WebSocket REJECT /ws/a%20b/ {PEER} code=bad_room$")


async def no_words_names_or_secrets_are_logged():
    mine = secret()
    for level in ("info", "debug"):
        async with Server("--log-level", level) as server:
            async with Member(server, "lobby", name="Rumpelstilzchen", client=mine) as ann:
                await ann.publish(1, "private words")
                await ann.say("rename", name="Rumpel2")
                await ann.hear("renamed")
                await ann.socket.send('{"type":"send","n":"private words"}')
                await ann.hear("error")
            await http(server, "POST", "/api/rooms/lobby/messages", {"message": "private words"})
            await server.line("DISCONNECT")
            text = "\n".join(server.lines)
            for word in ("private", "Rumpel", mine):
                assert word not in text, (level, word)
            asked = [line for line in server.lines if "/readyz" in line]
            expect(bool(asked), level == "debug", "probes are logged at debug only")


HOSTILE = [
    b"GET /a%0d%0aforged%1b[31m HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\x1b[31mred HTTP/1.1\r\nHost: x\r\n\r\n",
    b"G\x1b[2JET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"%41" * 900 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /ws/%00%0a%1b/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
    b'GET /"quote\\ HTTP/1.1\r\nHost: x\r\n\r\n',
    b"GET /'%22=x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x00\xff\xfe\r\n\r\n",
]


async def hostile_bytes_cannot_forge_or_colour_lines():
    async with Server("--log-level", "debug") as server:
        before = len(server.lines)
        for data in HOSTILE:
            async with await Raw.open(server.address) as raw:
                await raw.send(data)
                await raw.response()
        await http(server, "GET", "/last/")
        await server.line("HTTP GET /last/")
        for line in server.lines[before:]:
            assert re.match(rf"{TIME} (debug|info )  ?\S", line), line
            assert line.isprintable() and len(line) < 1400, line
            assert line.replace("…", "").isascii(), line  # what was cut off


async def json_lines_parse_and_have_the_same_fields():
    async with Server("--log-format", "json", "--log-level", "debug") as server:
        before = len(server.lines)
        async with Member(server, "lobby"):
            pass
        for data in HOSTILE:
            async with await Raw.open(server.address) as raw:
                await raw.send(data)
                await raw.response()
        await server.line("DISCONNECT")
        events = [json.loads(line) for line in server.lines if line.startswith("{")]
        assert len(events) >= len(server.lines) - before, "every line is an object"
        for event in events:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["at"]), event
            assert event["level"] in ("debug", "info") and event["message"], event
        end = next(e for e in events if "DISCONNECT" in e["message"])
        expect((end["code"], end["by"], end["frames_in"]), ("1000", "peer", "1"))


async def levels_are_kept():
    async with Server("--log-level", "warn") as server:
        async with Member(server, "lobby"):
            pass
        await http(server, "GET", "/lobby/")
    noise = [line for line in server.lines if not line.startswith("chat serve: ")]
    expect(noise, [])


async def nothing_goes_to_stdout_and_what_is_served_is_said():
    async with Server() as server:
        text = "\n".join(server.lines)
        assert "this machine only" in text and "history in memory" in text, text
    async with Server(listen=("0.0.0.0:0",)) as server:
        assert "this machine only" not in "\n".join(server.lines)
    code, out, error = await run_chat("serve", "--allow-origin", "nonsense")
    expect((code, out), (2, ""))
    assert "not an origin" in error, error


run(coming_and_going_is_logged,
    no_words_names_or_secrets_are_logged,
    hostile_bytes_cannot_forge_or_colour_lines,
    json_lines_parse_and_have_the_same_fields,
    levels_are_kept,
    nothing_goes_to_stdout_and_what_is_served_is_said)
