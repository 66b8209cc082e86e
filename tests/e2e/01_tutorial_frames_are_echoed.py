"""The plain dialect: what the tutorial's page sends and expects."""

import json

from chat_client import PONG, PING, TEXT, Raw, connect, frame, in_room
from chat_server import Server, expect, run, soon

VALUES = [
    '"hi"', '""', "12345678901234567890", "123456789012345678901234567890", "1.0", "-0.0", "-0",
    "1e2", "1E+2", "0.1000000000000000055511151231257827", "true", "false", "null", "[1, 2]",
    '{"a":1,"a":2}', '{ "b" : [ ] , "message":"inner" }', '"\\u0000\\ud83d\\ude00"', '"你好 😀"',
    '"\\u4f60\\/"', '"</script><img src=x onerror=alert(1)>"', '"\\u001b[31mred"',
    "[" * 90 + "7" + "]" * 90, json.dumps("x" * 70_000),
]

MISTAKES = [
    ("not json", "bad_json"), ("", "bad_json"), ("[1]", "bad_frame"), ('"x"', "bad_frame"),
    ("5", "bad_frame"), ("null", "bad_frame"), ('{"foo":1}', "bad_frame"),
    ('{"message":1e400}', "bad_json"), ('{"message":NaN}', "bad_json"),
    ('{"message":"\\ud800"}', "bad_json"), ('{"message":1} x', "bad_json"),
    ('\ufeff{"message":1}', "bad_json"), ('{"message":01}', "bad_json"),
    ('{"message":' + "[" * 101 + "]" * 101 + "}", "bad_json"),
    (b"\x00\x01", "binary_frame"), (b"", "binary_frame"),
]


async def every_value_comes_back_unaltered_to_all_and_the_sender():
    async with Server() as server, connect(server, "/ws/lobby/") as ann, \
            connect(server, "/ws/%6cobby?a=1") as bob:
        await in_room(ann)
        await in_room(bob)
        for value in VALUES:
            await ann.send('{"message":%s}' % value)
            for reader in (ann, bob):
                expect(await soon(reader.recv()), '{"message":%s}' % value, "frame")


async def other_keys_are_ignored_and_the_last_message_counts():
    async with Server() as server, connect(server, "/ws/lobby/") as ann:
        await ann.send(' {"x":[1],"message":"one", "message" : "two","y":{"message":3}} ')
        expect(await soon(ann.recv()), '{"message":"two"}')


async def a_mistake_costs_its_sender_one_error_frame_and_nothing_else():
    async with Server() as server, connect(server, "/ws/lobby/") as ann, \
            connect(server, "/ws/lobby/") as bob:
        await in_room(bob)
        for wrong, code in MISTAKES:
            await ann.send(wrong)
            answer = json.loads(await soon(ann.recv()))
            assert answer["message"].startswith("[chat] "), answer
            expect(answer["error"]["code"], code, f"code for {wrong!r}")
        await ann.send('{"message":"still here"}')
        expect(await soon(ann.recv()), '{"message":"still here"}')
        expect(await soon(bob.recv()), '{"message":"still here"}', "the other one heard only")


async def rooms_do_not_hear_each_other():
    async with Server() as server, connect(server, "/ws/red/") as red, \
            connect(server, "/ws/blue/") as blue:
        await in_room(blue)
        await red.send('{"message":"red"}')
        expect(await soon(red.recv()), '{"message":"red"}')
        await blue.send('{"message":"blue"}')
        expect(await soon(blue.recv()), '{"message":"blue"}')


async def fragments_with_a_ping_between_are_one_message():
    async with Server() as server, await Raw.open(server.address) as raw:
        expect((await raw.upgrade("/ws/lobby/")).status, 101)
        await raw.send(frame(TEXT, b'{"mess', fin=False) + frame(PING, b"abc")
                       + frame(0, b'age":"a', fin=False) + frame(PONG, b"unasked")
                       + frame(0, b'b"}'))
        expect(await raw.frame(), (PONG, b"abc"))
        expect(await raw.frame(), (TEXT, b'{"message":"ab"}'))


async def the_handshake_is_the_tutorials():
    async with Server() as server, await Raw.open(server.address) as raw:
        answer = await raw.upgrade("/ws/lobby/", headers=[
            "Sec-WebSocket-Extensions: permessage-deflate", "Origin: http://chat.test"])
        expect(answer.status, 101)
        expect(answer.headers["upgrade"].lower(), "websocket")
        assert "sec-websocket-extensions" not in answer.headers, answer
        assert "sec-websocket-protocol" not in answer.headers, answer


async def subprotocols_that_nobody_speaks_here_give_the_plain_dialect():
    async with Server() as server, await Raw.open(server.address) as raw:
        answer = await raw.upgrade("/ws/lobby/", "chat, graphql-ws")
        expect(answer.status, 101)
        assert "sec-websocket-protocol" not in answer.headers, answer.headers
        await raw.send(frame(TEXT, b'{"message":1}'))
        expect(await raw.frame(), (TEXT, b'{"message":1}'))


run(subprotocols_that_nobody_speaks_here_give_the_plain_dialect,
    every_value_comes_back_unaltered_to_all_and_the_sender,
    other_keys_are_ignored_and_the_last_message_counts,
    a_mistake_costs_its_sender_one_error_frame_and_nothing_else,
    rooms_do_not_hear_each_other,
    fragments_with_a_ping_between_are_one_message,
    the_handshake_is_the_tutorials)
