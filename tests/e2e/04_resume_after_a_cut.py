"""Coming back with a cursor: everything that was missed, or told what is missing."""

import asyncio
import tempfile

from chat_client import Member, metric, secret
from chat_server import Server, expect, run


async def what_was_missed_comes_once_and_in_order_while_others_go_on():
    async with Server("--workers", "2", "--max-frames-per-second", "0") as server, \
            Member(server, "lobby", name="bob", client=secret()) as bob:
        async with Member(server, "lobby", name="ann") as ann:
            await bob.publish(1, "seen")
            seen = (await ann.hear("message"))["seq"]
        for n in range(2, 1502):
            await bob.say("send", n=n, message="x" * 300)
            if n % 100 == 1:  # keeps the unacknowledged below 256
                for _ in range(100):
                    await bob.hear("ack")

        async def go_on():
            for n in range(1502, 1702):
                await bob.say("send", n=n, message="live")

        talk = asyncio.create_task(go_on())
        async with Member(server, "lobby", name="ann", since=bob.cursor(seen)) as ann:
            expect(ann.welcome["recovered"], True)
            assert "missing" not in ann.welcome, ann.welcome
            expect([m["n"] for m in await ann.messages(1700)], list(range(2, 1702)))
        await talk


async def a_cursor_at_the_head_gets_nothing_old():
    async with Server() as server, Member(server, "lobby", client=secret()) as bob:
        head = (await bob.publish(1, "old"))["seq"]
        async with Member(server, "lobby", since=bob.cursor(head)) as ann:
            expect(ann.welcome["recovered"], True)
            await bob.publish(2, "new")
            expect((await ann.hear("message"))["message"], "new")


async def another_log_is_said_and_nothing_follows():
    async with Server() as server, Member(server, "lobby", client=secret()) as bob:
        head = (await bob.publish(1, "old"))["seq"]
        for since in ({"epoch": "elsewhere", "seq": 0}, bob.cursor(head + 5)):
            async with Member(server, "lobby", since=since) as ann:
                expect(ann.welcome["recovered"], False, since)
                expect(ann.welcome["missing"], {"epoch": since["epoch"]}, since)
                n = 10 + since["seq"]
                await bob.publish(n, "live")
                expect((await ann.hear("message"))["n"], n, "the first message is a live one")
        expect(await metric(server, 'chat_resumes_total'), 2)


async def a_trimmed_log_says_what_is_gone_and_gives_the_rest():
    async with Server("--history-max-messages", "10") as server, \
            Member(server, "lobby", client=secret()) as bob:
        seqs = [(await bob.publish(n, n))["seq"] for n in range(40)]
        async with Member(server, "lobby", since=bob.cursor(seqs[3])) as ann:
            expect(ann.welcome["recovered"], False)
            missing = ann.welcome["missing"]
            expect(missing["after"], seqs[3])
            rest = [seq for seq in seqs if seq >= missing["before"]]
            assert 10 <= len(rest) < 36, missing
            expect([m["seq"] for m in await ann.messages(len(rest))], rest)


async def a_restart_with_data_changes_nothing():
    with tempfile.TemporaryDirectory() as data:
        mine = secret()
        async with Server("--data", data) as server, \
                Member(server, "lobby", client=mine) as bob:
            first = (await bob.publish(1, "one"))["seq"]
            second = (await bob.publish(2, {"two": 2.50}))["seq"]
            since = bob.cursor(first)
        async with Server("--data", data) as server, \
                Member(server, "lobby", client=mine, since=since) as bob:
            expect((bob.welcome["recovered"], bob.welcome["epoch"]), (True, since["epoch"]))
            expect((await bob.hear("message"))["seq"], second)
            again = await bob.publish(2, {"two": 2.50})
            expect((again["seq"], again.get("repeat")), (second, True))
            assert (await bob.publish(3, "three"))["seq"] > second


async def a_restart_in_memory_is_another_log():
    async with Server() as server, Member(server, "lobby", client=secret()) as bob:
        since = bob.cursor((await bob.publish(1, "one"))["seq"])
    async with Server() as server, Member(server, "lobby", since=since) as bob:
        expect(bob.welcome["recovered"], False)
        expect(bob.welcome["missing"], {"epoch": since["epoch"]})


run(what_was_missed_comes_once_and_in_order_while_others_go_on,
    a_cursor_at_the_head_gets_nothing_old,
    another_log_is_said_and_nothing_follows,
    a_trimmed_log_says_what_is_gone_and_gives_the_rest,
    a_restart_with_data_changes_nothing,
    a_restart_in_memory_is_another_log)
