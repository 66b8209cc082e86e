"""Several loops, one room: one order for all, unique names, presence that adds up."""

import asyncio
import contextlib
import re

from chat_client import Member, Raw, api, connect, http, in_room, metric, secret
from chat_server import Server, expect, run, run_chat, soon

SENDERS, READERS, MESSAGES = 8, 8, 60


async def enter_all(stack, server, room, count, **hello):
    return [await stack.enter_async_context(Member(server, room, client=secret(), **hello))
            for _ in range(count)]


async def send_all(member, first, count):
    for n in range(first, first + count):
        await member.say("send", n=n, message=f"{member.name} {n}")
    return {ack["n"]: ack["seq"] for ack in [await member.hear("ack") for _ in range(count)]}


async def all_members_see_one_order():
    async with Server("--workers", "3") as server, contextlib.AsyncExitStack() as stack:
        senders = await enter_all(stack, server, "lobby", SENDERS, name="sender")
        readers = await enter_all(stack, server, "lobby", READERS, name="reader")
        plain = [await stack.enter_async_context(connect(server, "/ws/lobby/")) for _ in range(4)]
        await asyncio.gather(*map(in_room, plain))
        acks = await asyncio.gather(*(send_all(s, 1, MESSAGES) for s in senders))
        count = SENDERS * MESSAGES
        orders = [await member.messages(count) for member in senders + readers]
        for order in orders[1:]:
            expect(order, orders[0], "the same order everywhere")
        expect([m["seq"] for m in orders[0]], sorted({m["seq"] for m in orders[0]}))
        for sender, acked in zip(senders, acks):
            mine = [m for m in orders[0] if m["name"] == sender.name]
            expect([m["n"] for m in mine], list(range(1, MESSAGES + 1)), "a sender's own order")
            expect({m["n"]: m["seq"] for m in mine}, acked, "acks")
        values = ['{"message":"%s"}' % m["message"] for m in orders[0]]
        for socket in plain:
            expect([await soon(socket.recv()) for _ in range(count)], values, "plain")
        expect(await metric(server, "chat_messages_total"), count)
        expect(await metric(server, "chat_deliveries_total") >= count * 20, True)


async def many_rooms_live_side_by_side():
    async with Server("--workers", "3") as server, contextlib.AsyncExitStack() as stack:
        rooms = [f"room{i}" for i in range(12)]
        pairs = [await enter_all(stack, server, room, 2) for room in rooms]
        await asyncio.gather(*(send_all(pair[0], 1, 20) for pair in pairs))
        for room, pair in zip(rooms, pairs):
            heard = await pair[1].messages(20)
            expect([m["message"] for m in heard], [f"{pair[0].name} {n}" for n in range(1, 21)])
        listed = (await api(server, "/rooms"))["rooms"]
        expect([(r["room"], r["members"]) for r in listed], [(room, 2) for room in sorted(rooms)])


async def names_are_unique_over_all_workers():
    async with Server("--workers", "3") as server, contextlib.AsyncExitStack() as stack:
        crowd = [Member(server, "lobby", name="Ann") for _ in range(15)]
        await asyncio.gather(*map(stack.enter_async_context, crowd))
        names = sorted(member.name.lower() for member in crowd)
        expect(len(set(names)), 15, names)
        assert all(re.fullmatch(r"Ann(-\d+)?", member.name) for member in crowd), names
        members = await api(server, "/rooms/lobby/members")
        expect((members["count"], sorted(name.lower() for name in members["members"])), (15, names))


async def presence_adds_up():
    async with Server("--workers", "3") as server, \
            Member(server, "lobby", name="watcher") as watcher:
        present = set(watcher.welcome["members"])

        async def until(count):
            while True:
                told = await watcher.hear("presence")
                present.update(told.get("joined", []))
                present.difference_update(told.get("left", []))
                if told["count"] == count:
                    return

        async with contextlib.AsyncExitStack() as stack:
            crowd = await enter_all(stack, server, "lobby", 9, name="guest")
            await until(10)
            expect(present, {"watcher"} | {member.name for member in crowd})
        await until(1)
        expect(present, {"watcher"})


async def a_resume_may_come_to_any_worker():
    async with Server("--workers", "3") as server, contextlib.AsyncExitStack() as stack:
        ann = (await enter_all(stack, server, "lobby", 1))[0]
        await send_all(ann, 1, 100)
        seqs = [m["seq"] for m in await ann.messages(100)]
        for start in range(0, 100, 10):
            async with Member(server, "lobby", since=ann.cursor(seqs[start])) as back:
                expect(back.welcome["recovered"], True)
                expect([m["seq"] for m in await back.messages(99 - start)], seqs[start + 1:])


async def requests_of_all_workers_are_answered():
    async with Server("--workers", "3") as server:
        async def ask(n):
            answer = await http(server, "POST", "/api/rooms/lobby/messages", {"message": n})
            expect(answer.status, 201)
            expect((await http(server, "GET", "/api/rooms/lobby/messages")).status, 200)

        await asyncio.gather(*(ask(n) for n in range(40)))
        expect((await api(server, "/rooms"))["rooms"][0]["head"] > 0, True)
        expect(await metric(server, "chat_messages_total"), 40)


async def the_port_is_not_shared_with_another_server():
    async with Server("--workers", "3") as server:
        code, _, error = await run_chat("serve", "--listen", server.address, "--workers", "3")
        expect(code, 1, error)
        assert "another program has that port" in error, error


async def strangers_that_come_and_go_do_no_harm():
    async with Server("--workers", "3") as server, contextlib.AsyncExitStack() as stack:
        ann, bob = await enter_all(stack, server, "lobby", 2)

        async def come_and_go():
            for _ in range(30):
                async with await Raw.open(server.address) as raw:
                    await raw.upgrade("/ws/lobby/")  # and is gone without a word

        await asyncio.gather(come_and_go(), come_and_go(), send_all(ann, 1, 200))
        expect([m["n"] for m in await bob.messages(200)], list(range(1, 201)))
        while (await bob.hear("presence"))["count"] != 2:
            pass


run(all_members_see_one_order,
    many_rooms_live_side_by_side,
    names_are_unique_over_all_workers,
    presence_adds_up,
    a_resume_may_come_to_any_worker,
    requests_of_all_workers_are_answered,
    the_port_is_not_shared_with_another_server,
    strangers_that_come_and_go_do_no_harm)
