"""RFC 6455 frame by frame, on the echo endpoint: the connection class and limits of the rooms."""

import itertools
import struct

from chat_client import (BINARY, CLOSE, PING, PONG, TEXT, Raw, close_payload, frame, http)
from chat_server import Server, expect, run

CONT = 0
EURO = "€".encode()           # e2 82 ac
GRIN = "😀".encode()          # f0 9f 98 80


def text(payload):
    return (TEXT, payload)


def closed(code):
    return (CLOSE, code)


def pieces(opcode, *payloads):
    """One message in fragments."""
    last = len(payloads) - 1
    return b"".join(frame(opcode if i == 0 else CONT, payload, fin=i == last)
                    for i, payload in enumerate(payloads))


# What is sent, and what comes back to its end. An answer of (CLOSE, n) ends the connection with code n.
ECHOES = [
    ("empty text", frame(TEXT), [text(b"")]),
    ("empty binary", frame(BINARY), [(BINARY, b"")]),
    *[(f"{size} bytes", frame(opcode, b"*" * size), [(opcode, b"*" * size)])
      for size in (1, 125, 126, 127, 128, 65535, 65536, 65537, 300_000)
      for opcode in (TEXT, BINARY)],
    ("all byte values", frame(BINARY, bytes(range(256))), [(BINARY, bytes(range(256)))]),
    ("16-bit length where 7 would do is refused", frame(TEXT, b"hi", width=16), [closed(1002)]),
    ("64-bit length where 16 would do is refused", frame(TEXT, b"x" * 300, width=64), [closed(1002)]),
    ("64-bit length with its first bit set",
     bytes([0x81, 0xFF]) + struct.pack("!Q", 1 << 63) + b"mask", [closed(1002)]),
    ("several frames in one piece", frame(TEXT, b"a") + frame(BINARY, b"b") + frame(TEXT, b"c"),
     [text(b"a"), (BINARY, b"b"), text(b"c")]),
]

CONTROL = [
    ("ping", frame(PING, b"abc"), [(PONG, b"abc")]),
    ("empty ping", frame(PING), [(PONG, b"")]),
    ("ping of 125 bytes", frame(PING, b"x" * 125), [(PONG, b"x" * 125)]),
    ("ping of 126 bytes", frame(PING, b"x" * 126), [closed(1002)]),
    ("pong that nobody asked for", frame(PONG, b"x") + frame(TEXT, b"a"), [text(b"a")]),
    ("ping without FIN", frame(PING, b"x", fin=False), [closed(1002)]),
    ("pong without FIN", frame(PONG, b"x", fin=False), [closed(1002)]),
    ("close without FIN", frame(CLOSE, b"", fin=False), [closed(1002)]),
    ("ten pings", b"".join(frame(PING, b"%d" % i) for i in range(10)),
     [(PONG, b"%d" % i) for i in range(10)]),
]

FRAGMENTS = [
    ("two", pieces(TEXT, b"ab", b"cd"), [text(b"abcd")]),
    ("three with empty ones", pieces(BINARY, b"", b"x", b""), [(BINARY, b"x")]),
    ("all empty", pieces(TEXT, b"", b"", b""), [text(b"")]),
    ("many", pieces(TEXT, *[b"x"] * 500), [text(b"x" * 500)]),
    ("a ping between", frame(TEXT, b"a", fin=False) + frame(PING, b"p") + frame(CONT, b"b"),
     [(PONG, b"p"), text(b"ab")]),
    ("ping and pong between", frame(TEXT, b"a", fin=False) + frame(PING, b"1") + frame(PONG)
     + frame(CONT, b"b", fin=False) + frame(PING, b"2") + frame(CONT, b"c"),
     [(PONG, b"1"), (PONG, b"2"), text(b"abc")]),
    ("a close between", frame(TEXT, b"a", fin=False) + frame(CLOSE, close_payload(1000)),
     [closed(1000)]),
    ("a continuation of nothing", frame(CONT, b"x"), [closed(1002)]),
    ("a last continuation of nothing", pieces(TEXT, b"a", b"b") + frame(CONT, b"c"),
     [text(b"ab"), closed(1002)]),
    ("a text inside a text", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), [closed(1002)]),
    ("a binary inside a text", frame(TEXT, b"a", fin=False) + frame(BINARY, b"b"), [closed(1002)]),
]

BROKEN = [
    *[(f"RSV {rsv}", frame(TEXT, b"x", rsv=rsv), [closed(1002)]) for rsv in range(1, 8)],
    ("RSV1 on a continuation", frame(TEXT, b"a", fin=False) + frame(CONT, b"b", rsv=4),
     [closed(1002)]),
    ("RSV1 on a ping", frame(PING, b"a", rsv=4), [closed(1002)]),
    *[(f"opcode {opcode}", frame(opcode, b"x"), [closed(1002)])
      for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    ("no mask", frame(TEXT, b"x", masked=False), [closed(1002)]),
    ("no mask on a ping", frame(PING, b"x", masked=False), [closed(1002)]),
    ("good ones before a bad one are answered", frame(TEXT, b"a") + frame(PING, b"b")
     + frame(3, b"c") + frame(TEXT, b"d"), [text(b"a"), (PONG, b"b"), closed(1002)]),
]

GOOD_UTF8 = ["κόσμε", "\u0000", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000",
             "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "\ufeff"]
BAD_UTF8 = [b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc2", b"\xc2\x20", b"\xe0\x80\x80",
            b"\xe0\x9f\xbf", b"\xe2\x82", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\x80",
            b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
            b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff", b"ok \xce\xba\xff", b"\xed\xa0\xbd\xed\xb8\x80"]

UTF8 = [
    *[(f"good {word!r}", frame(TEXT, word.encode()), [text(word.encode())]) for word in GOOD_UTF8],
    *[(f"bad {word!r}", frame(TEXT, word), [closed(1007)]) for word in BAD_UTF8],
    *[(f"a character cut at {cut}", pieces(TEXT, word[:cut], word[cut:]), [text(word)])
      for word in (EURO, GRIN) for cut in range(1, len(word))],
    ("a character in single bytes", pieces(TEXT, *[bytes([b]) for b in GRIN]), [text(GRIN)]),
    *[(f"fragments that end inside a character at {cut}", pieces(TEXT, b"ab", word[:cut]),
       [closed(1007)]) for word in (EURO, GRIN) for cut in range(1, len(word))],
    ("an end inside a character over an empty last fragment", pieces(TEXT, GRIN[:2], b""),
     [closed(1007)]),
    ("bad in the second fragment", pieces(TEXT, b"ok", b"\xff", b"more"), [closed(1007)]),
    ("binary may be anything", frame(BINARY, b"\xff\xfe"), [(BINARY, b"\xff\xfe")]),
]

# The bytes of a close frame, and the code that answers it.
CLOSES = [
    *[(f"close {code}", frame(CLOSE, close_payload(code, b"bye")), [closed(code)])
      for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)],
    *[(f"close {code} is no code to send", frame(CLOSE, close_payload(code)), [closed(1002)])
      for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)],
    ("close without a code", frame(CLOSE), [closed(1000)]),
    ("close with one byte", frame(CLOSE, b"\x03"), [closed(1002)]),
    ("close with a reason of 123 bytes", frame(CLOSE, close_payload(1000, b"x" * 123)),
     [closed(1000)]),
    ("close with a payload of 126 bytes", frame(CLOSE, close_payload(1000, b"x" * 124)),
     [closed(1002)]),
    ("close with a reason that is not UTF-8", frame(CLOSE, close_payload(1000, b"\xff")),
     [closed(1007)]),
    ("nothing is answered behind a close", frame(CLOSE, close_payload(1000)) + frame(TEXT, b"a")
     + frame(PING), [closed(1000)]),
]


async def answers_to(server, data, slices, count):
    """Sends `data` in slices; the first `count` frames that come, the last one a close or not."""
    async with await Raw.open(server.address) as raw:
        expect((await raw.upgrade("/debug/echo")).status, 101)
        try:
            for part in slices(data):
                await raw.send(part)
        except ConnectionError:
            pass  # it has said what it thinks of it
        heard = []
        for _ in range(count):
            opcode, payload = await raw.frame()
            heard.append((opcode, int.from_bytes(payload[:2], "big") if opcode == CLOSE else payload))
        if heard[-1][0] == CLOSE:
            await raw.send(frame(CLOSE, close_payload(heard[-1][1])))
            expect(await raw.rest(), b"", "nothing behind the close")
        return heard


def whole(data):
    yield data


def byte_by_byte(data):
    return (data[i:i + 1] for i in range(len(data)))


def in_sevens(data):
    return (data[i:i + 7] for i in range(0, len(data), 7))


async def hold(server, *tables):
    cases = 0
    for what, data, answers in itertools.chain(*tables):
        ways = [whole] if len(data) > 400 else [whole, byte_by_byte, in_sevens]
        for way in ways:
            got = await answers_to(server, data, way, len(answers))
            expect(got, answers, f"{what}, sent {way.__name__}")
            cases += 1
    print(f"    {cases} cases", flush=True)


def on_echo(*tables):
    async def case():
        async with Server("--debug-echo", "--max-control-frames-per-second", "0", "--workers", "1",
                          "--log-level", "warn") as server:
            await hold(server, *tables)
    return case


def named(name, case):
    case.__name__ = name
    return case


async def a_handshake_with_bytes_behind_it_loses_nothing():
    async with Server("--debug-echo") as server, await Raw.open(server.address) as raw:
        await raw.send(b"GET /debug/echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                       b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                       + frame(TEXT, b"early") + frame(PING, b"p"))
        answer = await raw.response()
        expect(answer.status, 101)
        expect(answer.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        expect([await raw.frame(), await raw.frame()], [text(b"early"), (PONG, b"p")])


async def the_echo_is_off_unless_asked_for():
    async with Server() as server:
        expect((await http(server, "GET", "/debug/echo")).status, 404)
        async with await Raw.open(server.address) as raw:
            expect((await raw.upgrade("/debug/echo")).status, 404)


run(named("data of every length comes back", on_echo(ECHOES)),
    named("control frames are answered", on_echo(CONTROL)),
    named("fragments become one message", on_echo(FRAGMENTS)),
    named("frames that break the rules end it with 1002", on_echo(BROKEN)),
    named("text is UTF-8", on_echo(UTF8)),
    named("closes are answered", on_echo(CLOSES)),
    a_handshake_with_bytes_behind_it_loses_nothing,
    the_echo_is_off_unless_asked_for)
