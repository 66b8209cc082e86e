"""How much may be said: sizes, rates, unacknowledged messages. Each refusal names its limit."""

import json
import tempfile

from chat_client import (CLOSE, PING, TEXT, Member, Raw, closed_with, connect, frame,
                         secret)
from chat_server import Server, expect, run, soon


async def a_message_over_the_limit_is_told_and_closed_with_1009():
    async with Server("--max-message-bytes", "1000") as server:
        async with Member(server, "lobby") as ann:
            await ann.publish(1, "x" * 998)  # 1000 bytes of JSON
            await ann.say("send", n=2, message="x" * 999)
            error = await ann.hear("error")
            expect((error["code"], error["n"], error["limit"]), ("too_large", 2, 1000))
            expect((await closed_with(ann.socket))[0], 1009)
        async with connect(server, "/ws/lobby/") as plain:
            await plain.send('{"message":"%s"}' % ("x" * 999))
            error = json.loads(await soon(plain.recv()))
            expect((error["error"]["code"], error["error"]["limit"]), ("too_large", 1000))
            expect((await closed_with(plain))[0], 1009)


async def a_frame_that_claims_too_much_is_refused_before_it_arrives():
    async with Server("--max-message-bytes", "1000") as server:
        for data in (frame(TEXT, b"", width=64, claim=1 << 40),
                     frame(TEXT, b"x" * 4000, fin=False) + frame(0, b"x" * 4000)):
            async with await Raw.open(server.address) as raw:
                await raw.upgrade("/ws/lobby/")
                await raw.send(data)
                told = json.loads((await raw.frame())[1])
                expect((told["error"]["code"], told["error"]["limit"]), ("too_large", 1000))
                assert "over the limit" in told["message"], told
                opcode, payload = await raw.frame()
                expect((opcode, payload[:2]), (CLOSE, (1009).to_bytes(2, "big")))


async def a_mebibyte_passes_by_default():
    async with Server() as server, connect(server, "/ws/lobby/") as plain:
        text = '{"message":"%s"}' % ("x" * ((1 << 20) - 2))
        await plain.send(text)
        assert await soon(plain.recv()) == text


async def too_many_frames_are_refused_with_when_to_come_again():
    async with Server("--max-frames-per-second", "1", "--max-frames-burst", "10") as server, \
            Member(server, "lobby", client=secret()) as ann:
        for n in range(30):
            await ann.say("send", n=n, message=n)
        answers = [await ann.hear("ack", "error") for _ in range(30)]
        expect(sorted(answer["n"] for answer in answers), list(range(30)), "each is answered")
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert 15 <= len(refused) <= 21, len(refused)
        expect({answer["code"] for answer in refused}, {"rate_limited"})
        assert all(0 < answer["retry_after_ms"] <= 1001 for answer in refused), refused


async def who_does_not_listen_to_that_is_closed_with_4101():
    async with Server("--max-frames-per-second", "1", "--max-frames-burst", "1") as server, \
            connect(server, "/ws/lobby/") as plain:
        for _ in range(300):
            await plain.send('{"message":1}')
        expect((await closed_with(plain))[0], 4101)


async def a_flood_of_pings_is_closed_with_4101():
    async with Server("--max-control-frames-per-second", "2") as server, \
            await Raw.open(server.address) as raw:
        await raw.upgrade("/ws/lobby/")
        await raw.send(frame(PING, b"x") * 200)
        while True:
            opcode, payload = await raw.frame()
            if opcode == CLOSE:
                break
        expect(int.from_bytes(payload[:2], "big"), 4101)


async def unacknowledged_messages_are_bounded():
    with tempfile.TemporaryDirectory() as data:
        async with Server("--data", data, "--max-inflight", "2") as server, \
                Member(server, "lobby", client=secret()) as ann:
            # All in one piece, so that they are read in one go and cannot be stored in between.
            async with await Raw.open(server.address) as raw:
                await raw.upgrade("/ws/lobby/", "chat.v1")
                await raw.send(frame(TEXT, b'{"type":"hello","client":"%s"}' % secret().encode()))
                while json.loads((await raw.frame())[1])["type"] != "welcome":
                    pass
                await raw.send(b"".join(frame(TEXT, b'{"type":"send","n":%d,"message":1}' % n)
                                        for n in range(200)))
                answers = []
                while len(answers) < 200:
                    told = json.loads((await raw.frame())[1])
                    if told["type"] in ("ack", "error"):
                        answers.append(told)
            expect(sorted(told["n"] for told in answers), list(range(200)), "each is answered")
            refused = [told for told in answers if told["type"] == "error"]
            expect({(told["code"], told["limit"]) for told in refused}, {("inflight_exceeded", 2)})
            heard = [m["n"] for m in await ann.messages(200 - len(refused))]
            expect(heard, sorted(told["n"] for told in answers if told["type"] == "ack"))


async def history_pages_are_bounded():
    async with Server("--max-history-page", "5") as server, \
            Member(server, "lobby", client=secret()) as ann:
        for n in range(20):
            await ann.publish(n, n)
        await ann.say("history", limit=1000)
        page = await ann.hear("history")
        expect(([m["n"] for m in page["messages"]], page["more"]), ([15, 16, 17, 18, 19], True))


async def large_rooms_tell_counts_only():
    async with Server("--max-members-told", "2") as server, Member(server, "lobby") as ann, \
            Member(server, "lobby"), Member(server, "lobby") as third:
        expect((len(third.welcome["members"]), third.welcome["count"]), (2, 3))
        while (told := await ann.hear("presence"))["count"] < 3:
            pass
        assert "joined" not in told, told


async def a_counter_too_far_behind_is_refused():
    async with Server() as server, Member(server, "lobby", client=secret()) as ann:
        for n in range(1000, 1300):
            await ann.publish(n, n)
        await ann.say("send", n=1, message="from long ago")
        error = await ann.hear("error")
        expect((error["code"], error["n"]), ("stale_n", 1))


run(a_message_over_the_limit_is_told_and_closed_with_1009,
    a_frame_that_claims_too_much_is_refused_before_it_arrives,
    a_mebibyte_passes_by_default,
    too_many_frames_are_refused_with_when_to_come_again,
    who_does_not_listen_to_that_is_closed_with_4101,
    a_flood_of_pings_is_closed_with_4101,
    unacknowledged_messages_are_bounded,
    history_pages_are_bounded,
    large_rooms_tell_counts_only,
    a_counter_too_far_behind_is_refused)
