"""What a WebSocket library may be lax about, seen from outside: exact tokens, one key, no extension, nothing early lost."""

import asyncio
import json

from chat_client import CLOSE, PING, PONG, TEXT, Raw, close_payload, frame
from chat_server import PATIENCE, Server, expect, run

GOOD = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
CONT = 0


def handshake(path="/ws/lobby/", *more, line="GET {} HTTP/1.1", **changed):
    """A handshake; `changed` (with _ for -) replaces a header's value, None leaves it out."""
    headers = {**GOOD, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [line.format(path), "Host: chat.test", *more]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join(lines + ["", ""]).encode()


async def answer(server, data):
    async with await Raw.open(server.address) as raw:
        await raw.send(data)
        return await raw.response()


KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
REFUSED = [
    # version: 13, once
    *[(handshake(Sec_WebSocket_Version=version), 426)
      for version in ("0", "", "7", "8", "13, 8", "13abc", "013", None)],
    (handshake("/ws/lobby/", "Sec-WebSocket-Version: 8"), 426),
    # tokens are whole words
    *[(handshake(Upgrade=upgrade), 400) for upgrade in ("websocketx", "xwebsocket", "web socket")],
    *[(handshake(Connection=connection), 400)
      for connection in ("notupgrade", "upgrade-insecure-requests", "keep-alive", "", None)],
    # a key is 16 bytes, once
    *[(handshake(Sec_WebSocket_Key=key), 400)
      for key in ("", "abc", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZQ", "=" * 24, None)],
    (handshake("/ws/lobby/", KEY), 400),
    # the head is HTTP/1.1 and nothing like it
    (handshake("/ws/lobby/", "X : y"), 400),
    (handshake("/ws/lobby/", " folded: y"), 400),
    (handshake("/ws/lobby/", "X: a\0b"), 400),
    (handshake("/ws/lobby\0/"), 400),
    (handshake("ws/lobby/"), 400),
    (handshake("http://chat.test/ws/lobby/"), 400),
    (handshake().replace(b"\r\n", b"\n"), 400),
    (handshake(line="POST {} HTTP/1.1"), 405),
    (handshake(line="GET {} HTTP/1.0"), 400),
    # there is a WebSocket for rooms alone
    *[(handshake(path), 404) for path in ("/ws/", "/ws", "/ws/a/b/", "/ws/a%20b/", "//ws/a")],
]


async def handshakes_that_are_not_exact_are_refused():
    async with Server() as server:
        for data, status in REFUSED:
            got = await answer(server, data)
            expect(got.status, status, data)
            if status == 426:
                expect(got.headers["sec-websocket-version"], "13", data)


async def no_extension_is_agreed_to_however_it_is_offered():
    offers = ["permessage-deflate", "permessage-deflate; client_max_window_bits",
              "permessage-deflate; server_max_window_bits=8; server_max_window_bits=15",
              "permessage-deflate, permessage-deflate", "x-other", ";;=\"", ""]
    async with Server("--debug-echo") as server:
        for offer in offers:
            async with await Raw.open(server.address) as raw:
                await raw.send(handshake("/debug/echo", f"Sec-WebSocket-Extensions: {offer}"))
                got = await raw.response()
                expect(got.status, 101, offer)
                assert "sec-websocket-extensions" not in got.headers, (offer, got)
                await raw.send(frame(TEXT, b"plain"))
                expect(await raw.frame(), (TEXT, b"plain"), offer)
                # A compressed frame, and one whose continuation claims to be, break the rules.
                await raw.send(frame(TEXT, b"a", fin=False) + frame(CONT, b"b", rsv=4))
                opcode, payload = await raw.frame()
                expect((opcode, payload[:2]), (CLOSE, close_payload(1002)), offer)


async def frames_right_behind_the_handshake_are_heard_in_the_room():
    async with Server() as server:
        for _ in range(5):
            async with await Raw.open(server.address) as raw:
                await raw.send(handshake() + frame(TEXT, b'{"message":"early"}') + frame(PING, b"p"))
                expect((await raw.response()).status, 101)
                got = [await raw.frame(), await raw.frame()]
                expect(sorted(got), sorted([(TEXT, b'{"message":"early"}'), (PONG, b"p")]))


async def a_v1_hello_right_behind_the_handshake_is_welcomed():
    async with Server() as server, await Raw.open(server.address) as raw:
        await raw.send(handshake("/ws/lobby/", "Sec-WebSocket-Protocol: chat.v1")
                       + frame(TEXT, b'{"type":"hello","name":"ann"}'))
        expect((await raw.response()).headers["sec-websocket-protocol"], "chat.v1")
        opcode, payload = await raw.frame()
        expect((opcode, json.loads(payload)["type"]), (TEXT, "welcome"))


async def who_says_too_little_is_given_up():
    async with Server("--handshake-timeout", "300ms") as server:
        async with await Raw.open(server.address) as silent, \
                await Raw.open(server.address) as half, await Raw.open(server.address) as slow:
            await half.send(handshake()[:-2])
            sent = await trickle(slow, handshake())
            assert sent < len(handshake()), "one byte at a time it was heard to the end"
            expect((await slow.response()).status, 408)
            expect((await half.response()).status, 408)
            expect(await silent.rest(), b"")


async def trickle(raw, data):
    """Sends byte by byte, slowly, until there is an answer; how many went out."""
    answered = asyncio.ensure_future(raw.more())
    for sent in range(len(data)):
        await raw.send(data[sent:sent + 1])
        if (await asyncio.wait([answered], timeout=0.05))[0]:
            return sent + 1
    return len(data)


async def who_asks_on_and_on_and_never_reads_costs_a_bounded_amount():
    async with Server("--workers", "1", "--stall-timeout", "1s") as server:
        before = server.resident_bytes()
        async with await Raw.open(server.address, receive_buffer=4096) as raw:
            request = b"GET /assets/app.js HTTP/1.1\r\nHost: x\r\n\r\n"
            try:
                while True:
                    await asyncio.wait_for(
                        asyncio.get_running_loop().sock_sendall(raw.socket, request * 1000), PATIENCE)
            except asyncio.TimeoutError:
                raise AssertionError("it was neither read on nor hung up on") from None
            except ConnectionError:
                pass
            grown = server.resident_bytes() - before
            print(f"    grown by {grown >> 10} KiB", flush=True)
            assert grown < 16 << 20, grown


run(handshakes_that_are_not_exact_are_refused,
    no_extension_is_agreed_to_however_it_is_offered,
    frames_right_behind_the_handshake_are_heard_in_the_room,
    a_v1_hello_right_behind_the_handshake_is_welcomed,
    who_says_too_little_is_given_up,
    who_asks_on_and_on_and_never_reads_costs_a_bounded_amount)
