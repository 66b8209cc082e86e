"""chat.v1: hello, names, messages with acks, presence, typing, history."""

import json

from chat_client import Member, closed_with, connect, public_id, secret
from chat_server import Server, expect, run, soon


async def presence_of(member, want):
    """Hears presence until `want(frame)`; all that joined and left meanwhile."""
    joined, left = [], []
    while True:
        heard = await member.hear("presence")
        joined += heard.get("joined", [])
        left += heard.get("left", [])
        if want(heard):
            return joined, left


async def hello_is_answered_by_a_welcome():
    mine = secret()
    async with Server() as server, Member(server, "lobby", name="ann", client=mine) as ann:
        welcome = ann.welcome
        expect(ann.socket.subprotocol, "chat.v1")
        expect((welcome["room"], welcome["name"]), ("lobby", "ann"))
        expect(welcome["client"], public_id(mine), "the public id is derived from the secret")
        expect((welcome["head"], welcome["members"], welcome["count"]), (0, ["ann"], 1))
        assert "recovered" not in welcome, "no cursor was given"
        expect(welcome["limits"], {"message_bytes": 1 << 20, "inflight": 256,
                                   "frames_per_second": 5000, "history_page": 200, "members": 200})
        expect(welcome["resume_within_ms"], 7 * 24 * 3600 * 1000)


async def two_people_see_the_same_messages_in_the_same_order():
    mine = secret()
    async with Server() as server, Member(server, "lobby", name="ann", client=mine) as ann, \
            Member(server, "lobby", name="bob", client=secret()) as bob:
        for n in range(1, 101):
            await ann.say("send", n=n, message={"from": "ann", "n": n})
            await bob.say("send", n=n + 1000, message=["bob", n])
        at_ann, at_bob = await ann.messages(200), await bob.messages(200)
        expect(at_ann, at_bob, "what bob saw")
        expect([m["seq"] for m in at_ann], sorted({m["seq"] for m in at_ann}), "seqs grow")
        expect([m["n"] for m in at_ann if m["name"] == "ann"], list(range(1, 101)), "ann's order")
        acked = {}
        for _ in range(100):
            ack = await ann.hear("ack")
            acked[ack["n"]] = ack["seq"]
        expect(acked, {m["n"]: m["seq"] for m in at_ann if m["name"] == "ann"}, "acks")
        first = next(m for m in at_ann if m["name"] == "ann")
        expect(first["client"], public_id(mine))
        expect(set(first), {"type", "seq", "at", "name", "client", "n", "message"})


async def plain_and_v1_members_share_a_room():
    async with Server() as server, Member(server, "lobby", name="ann") as ann, \
            connect(server, "/ws/lobby/") as plain:
        await plain.send('{"message":{"x":1.50}}')
        expect(await soon(plain.recv()), '{"message":{"x":1.50}}')
        heard = await ann.hear("message")
        assert heard["name"].startswith("guest-") and "n" not in heard, heard
        await ann.publish(1, "hello")
        expect(await soon(plain.recv()), '{"message":"hello"}', "no other frame in between")


async def a_message_sent_again_is_acked_as_a_repeat_and_not_delivered_again():
    async with Server() as server, Member(server, "lobby", client=secret()) as ann:
        first = await ann.publish(7, "once")
        assert "repeat" not in first, first
        again = await ann.publish(7, "once")
        expect((again["seq"], again["repeat"]), (first["seq"], True))
        second = await ann.publish(8, "next")
        expect([m["n"] for m in await ann.messages(2)], [7, 8], "delivered")
        assert second["seq"] > first["seq"]


async def nobody_can_send_under_anothers_counter():
    async with Server() as server, Member(server, "lobby", client=secret()) as ann:
        await ann.publish(1, "ann's")
        seen = (await ann.hear("message"))["client"]
        async with Member(server, "lobby", client=(seen + "x" * 16)[:16]) as eve:
            await eve.publish(2, "eve's")
        ack = await ann.publish(2, "ann's second")
        assert "repeat" not in ack, "another's n must not take mine"


async def names_are_unique_and_changes_are_told():
    async with Server() as server, Member(server, "lobby", name="Ann") as ann:
        async with Member(server, "lobby", name="ann") as second, \
                Member(server, "lobby") as guest:
            expect(second.name, "ann-2")
            assert guest.name.startswith("guest-"), guest.name
            joined, _ = await presence_of(ann, lambda frame: frame["count"] == 3)
            assert {"ann-2", guest.name} <= set(joined), joined
            await second.say("rename", name="  bob \u00e9 ")
            expect((await second.hear("renamed"))["name"], "bob \u00e9")
            renamed = []
            await presence_of(ann, lambda frame: renamed.extend(frame.get("renamed", [])) or renamed)
            expect(renamed, [{"from": "ann-2", "to": "bob \u00e9"}])
            await guest.say("rename", name="ANN")
            expect((await guest.hear("renamed"))["name"], "ANN-2", "a taken one gets a suffix")
        _, left = await presence_of(ann, lambda frame: frame["count"] == 1)
        assert "bob \u00e9" in left, left


async def typing_is_passed_on():
    async with Server() as server, Member(server, "lobby", name="ann") as ann, \
            Member(server, "lobby", name="bob") as bob:
        for _ in range(50):
            await bob.say("typing")
        await bob.publish(1, "done")
        expect((await ann.hear("typing"))["name"], "bob")
        await ann.hear("message")
        assert len([f for f in ann.kept if f["type"] == "typing"]) <= 1, "at most one a second"


async def history_is_read_in_both_directions():
    async with Server() as server, Member(server, "lobby", client=secret()) as ann:
        seqs = [(await ann.publish(n, n))["seq"] for n in range(30)]
        live = await ann.messages(30)

        async def page(**asked):
            await ann.say("history", **asked)
            return await ann.hear("history")

        newest = await page(limit=10)
        expect([m["seq"] for m in newest["messages"]], seqs[20:])
        expect(newest["more"], True)
        without_type = [{k: v for k, v in m.items() if k != "type"} for m in live]
        expect(newest["messages"], without_type[20:], "the same as came live")
        older = await page(before=seqs[20], limit=15)
        expect(([m["seq"] for m in older["messages"]], older["more"]), (seqs[5:20], True))
        expect(older["before"], seqs[20])
        oldest = await page(before=seqs[5])
        expect(([m["seq"] for m in oldest["messages"]], oldest["more"]), (seqs[:5], False))
        after = await page(after=seqs[9], limit=5)
        expect(([m["seq"] for m in after["messages"]], after["more"]), (seqs[10:15], True))
        expect(after["after"], seqs[9])
        last = await page(after=seqs[24], limit=100)
        expect(([m["seq"] for m in last["messages"]], last["more"]), (seqs[25:], False))


async def a_mistake_costs_its_frame():
    mistakes = [
        ("nonsense", "bad_json"), ("[]", "bad_frame"), ('{"message":1}', "bad_frame"),
        ('{"type":"dance"}', "unknown_type"), ('{"type":"send","message":1}', "bad_frame"),
        ('{"type":"send","n":-1,"message":1}', "bad_frame"), ('{"type":"send","n":3}', "bad_frame"),
        ('{"type":"hello"}', "already_joined"), ('{"type":"rename","name":"\\u0007"}', "bad_name"),
        ('{"type":"rename","name":"%s"}' % ("x" * 33), "bad_name"),
        ('{"type":"history","before":1,"after":2}', "bad_frame"), (b"bytes", "binary_frame"),
    ]
    async with Server() as server, Member(server, "lobby") as ann:
        for wrong, code in mistakes:
            await ann.socket.send(wrong)
            error = await ann.hear("error")
            expect(error["code"], code, f"code for {wrong!r}")
            assert len(error["text"]) > 10, error
        await ann.publish(1, "still here")


async def the_first_frame_must_be_a_hello():
    async with Server("--hello-timeout", "300ms") as server:
        for first in ('{"type":"send","n":1,"message":1}', "nonsense"):
            async with connect(server, "/ws/lobby/", subprotocols=["chat.v1"]) as eager:
                await eager.send(first)
                expect(json.loads(await soon(eager.recv()))["type"], "error")
                expect((await closed_with(eager))[0], 4001, first)
        async with connect(server, "/ws/lobby/", subprotocols=["chat.v1"]) as silent:
            expect(json.loads(await soon(silent.recv()))["code"], "hello_timeout")
            expect((await closed_with(silent))[0], 4103)


async def a_silent_client_is_pinged_and_given_up():
    async with Server("--ping-interval", "200ms", "--ping-timeout", "200ms") as server:
        from chat_client import CLOSE, PING, Raw
        async with await Raw.open(server.address) as dead:
            await dead.upgrade("/ws/lobby/")
            expect((await dead.frame())[0], PING)
            opcode, payload = await dead.frame()
            expect(json.loads(payload)["error"]["code"], "ping_timeout")
            expect(await dead.frame(), (CLOSE, b"\x10\x08no sign of life in time"))


run(hello_is_answered_by_a_welcome,
    two_people_see_the_same_messages_in_the_same_order,
    plain_and_v1_members_share_a_room,
    a_message_sent_again_is_acked_as_a_repeat_and_not_delivered_again,
    nobody_can_send_under_anothers_counter,
    names_are_unique_and_changes_are_told,
    typing_is_passed_on,
    history_is_read_in_both_directions,
    a_mistake_costs_its_frame,
    the_first_frame_must_be_a_hello,
    a_silent_client_is_pinged_and_given_up)
