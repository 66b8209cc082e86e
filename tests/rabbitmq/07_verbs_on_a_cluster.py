#!/usr/bin/env python3
"""The verbs and `chat join` on two nodes over a real RabbitMQ: what is done at one is seen at the other, and who speaks to a
node that is killed goes on at the other.

    CHAT_SEED=N repeats a run.
"""

import asyncio
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(TESTS / "e2e"), str(TESTS / "tui")]
from chat_client import Member, metric, secret  # noqa: E402
from chat_command import Command, chat_ok, log_of, url_of  # noqa: E402
from chat_server import BINARY, PATIENCE, Server, expect, run  # noqa: E402
from rabbit import Rabbit  # noqa: E402
from tmux import Terminal  # noqa: E402

SEED = int(os.environ.get("CHAT_SEED") or int.from_bytes(os.urandom(4), "big"))
READY = 60  # seconds


@contextlib.asynccontextmanager
async def two_nodes():
    """Two nodes on a vhost of their own, ready."""
    rabbit = Rabbit()
    host, port = rabbit.amqp[0]
    with rabbit.vhost("verbs") as vhost:
        broker = ("--broker", f"amqp://guest@{host}:{port}/{vhost}")
        async with Server(*broker, ready_within=READY) as a, Server(*broker, ready_within=READY) as b:
            yield a, b


async def until(look, wanted, what):
    """Waits until what `look()` gives is `wanted`."""
    deadline = time.monotonic() + PATIENCE
    while (found := await look()) != wanted:
        assert time.monotonic() < deadline, f"{what}: {found}, never {wanted}"
        await asyncio.sleep(0.02)


def reader(node):
    """Who counts what comes at a node."""
    return Member(node, "lobby", name="reader", client=secret())


def objects(out):
    return [json.loads(line) for line in out.splitlines()]


async def what_is_sent_at_one_node_is_printed_at_the_other():
    async with two_nodes() as (a, b):
        at_a, at_b = ("--url", url_of(a)), ("--url", url_of(b))
        async with Command("tail", "lobby", "--json", *at_b) as at_other, \
                Command("tail", "lobby", "--json", *at_a) as at_same:
            for node in (a, b):
                await until(lambda node=node: metric(node, "chat_members"), 1, "the tail is in the room")
            await chat_ok("send", "lobby", "deploy begins", "--name", "ann", *at_a)
            await chat_ok("send", "lobby", "--name", "bob", *at_b, stdin=b"one\ntwo\n")
            seen = [json.loads(await at_other.line()) for _ in range(3)]
            expect([(m["name"], m["message"]) for m in seen],
                   [("ann", "deploy begins"), ("bob", "one"), ("bob", "two")], "at the other node")
            expect([json.loads(await at_same.line()) for _ in range(3)], seen, "at the same node")
        for at in (at_a, at_b):
            expect(objects(await chat_ok("history", "lobby", "--json", *at)), seen, "history")
            expect(objects(await chat_ok("tail", "lobby", "--json", "--since", "all", "--no-follow", *at)), seen, "tail")
        cursor = f"{seen[0]['epoch']}:{seen[0]['seq']}"
        expect(objects(await chat_ok("history", "lobby", "--json", "--since", cursor, *at_b)), seen[1:],
               "a cursor of one node at the other")


async def members_and_rooms_of_one_node_are_told_at_the_other():
    async with two_nodes() as (a, b):
        at_b = ("--url", url_of(b))
        await chat_ok("send", "ops", "x", "--url", url_of(a))
        async with Member(a, "lobby", name="ann"), Member(a, "lobby", name="部屋 b"):
            async def who():
                return sorted((await chat_ok("who", "lobby", *at_b)).splitlines())
            async def rooms():
                told = objects(await chat_ok("rooms", "--json", *at_b))
                return sorted((room["room"], room["members"], room["head"]) for room in told)
            await until(who, ["ann", "部屋 b"], "who")
            kept = json.loads(await chat_ok("history", "ops", "--json", *at_b))
            await until(rooms, [("lobby", 2, 0), ("ops", 0, kept["seq"])], "rooms")
            told = json.loads(await chat_ok("who", "lobby", "--json", *at_b))
            expect((told["room"], told["count"], sorted(told["members"])), ("lobby", 2, ["ann", "部屋 b"]))
        await until(who, [], "who, when they have left")


def join(*nodes, name):
    return [BINARY, "join", "lobby", "--name", name,
            *(word for node in nodes for word in ("--url", url_of(node)))]


async def people_in_terminals_at_two_nodes_talk_and_see_each_other_come_and_type():
    async with two_nodes() as (a, b):
        with Terminal(join(a, name="ann")) as ann:
            await ann.until_shown("1 member")
            with Terminal(join(b, name="bob")) as bob:
                await ann.until_shown("bob joined")
                await bob.until_shown("2 members")
                bob.type("hel")
                await ann.until_shown("bob is typing…")
                bob.enter("lo ann")
                await ann.until_shown("bob  hello ann")
                await ann.until_gone("is typing")
                ann.enter("/me waves")
                await bob.until_shown("* ann waves")
                ann.enter("/nick anna")
                await bob.until_shown("ann is now anna")
                bob.enter("/who")
                await bob.until_shown("2 members: anna, bob")
                bob.enter("/quit")
                await bob.until_ended(0)
            await ann.until_shown("bob left")


def numbers(begin, end):
    """As `seq BEGIN END` prints them."""
    return b"".join(b"%d\n" % i for i in range(begin, end + 1))


async def a_send_and_a_tail_whose_node_is_killed_go_on_at_the_other():
    wanted = [str(i) for i in range(1, 5001)]
    async with two_nodes() as (a, b), reader(b) as counting:
        nodes = ("--url", url_of(a), "--url", url_of(b))
        async with Command("tail", "lobby", "--json", "--since", "all", "--count", "5000", *nodes) as tail, \
                Command("send", "lobby", "--name", "ann", *nodes, stdin=None) as send:
            await send.feed(numbers(1, 3000))
            await counting.messages(1000)
            await until(lambda: metric(a, "chat_members"), 2, "members of the node that is killed")
            await a.kill()
            await send.feed(numbers(3001, 5000), is_all=True)
            for command in (send, tail):
                code, out, errors = await command.result(60)
                expect(code, 0, errors)
                assert "trying again" in errors, errors
            expect([one["message"] for one in objects(out)], wanted, "the tail: each once, in order")
        out = await chat_ok("tail", "lobby", "--json", "--since", "all", "--no-follow", "--url", url_of(b))
        expect([one["message"] for one in objects(out)], wanted, "the other node: each once, in order")


async def what_arrives_at_the_other_node_of_a_killed_send_is_a_prefix():
    count = 20_000
    async with two_nodes() as (a, b), reader(b) as counting:
        async with Command("send", "lobby", "--url", url_of(a), stdin=numbers(1, count)) as send:
            await counting.messages(random.Random(SEED).randint(1, 3000))
            assert send.process.returncode is None, send.errors
            send.kill()
            await send.process.wait()
        await until(lambda: metric(a, "chat_members"), 0, "members")
        await chat_ok("send", "lobby", "behind it", "--url", url_of(a))  # and so behind all that came of it
        *values, last = await log_of(b)
        expect(last, "behind it")
        assert len(values) < count, "it was not killed in the middle"
        expect(values, [str(i) for i in range(1, len(values) + 1)], "the first lines, each once, in order")
        print(f"    {len(values)} arrived", flush=True)


async def a_tail_that_is_killed_goes_on_behind_its_cursor_at_the_other_node():
    """What was printed at the moment of a kill may be printed once more; nothing else twice, nothing never."""
    dice = random.Random(SEED)
    count = 4000
    async with two_nodes() as nodes:
        with tempfile.TemporaryDirectory() as folder:
            arguments = ("tail", "lobby", "--json", "--since", "all", "--cursor-file", f"{folder}/cursors")
            sending = asyncio.create_task(chat_ok("send", "lobby", "--url", url_of(nodes[0]), seconds=80,
                                                  stdin=numbers(1, count)))
            seen, repeats, kills = [], 0, 0
            while len(seen) < count:
                async with Command(*arguments, "--url", url_of(nodes[kills % 2])) as tail:
                    wanted = dice.randint(1, 700)
                    is_first = True
                    while len(seen) < count and (line := await tail.line()):
                        number = int(json.loads(line)["message"])
                        if is_first and seen and number == seen[-1]:
                            repeats += 1
                        else:
                            seen.append(number)
                        is_first = False
                        wanted -= 1
                        if wanted == 0:
                            tail.kill()
                expect(tail.process.returncode, -signal.SIGKILL, tail.errors)
                kills += 1
            await sending
            expect(seen, list(range(1, count + 1)), "each once, in order")
            print(f"    {kills} kills, {repeats} of them between printing and saving", flush=True)


SAID = re.compile(r"\b((?:before|meanwhile|after|other) \d+)(.*)$")


async def a_terminal_whose_node_is_killed_comes_back_at_the_other():
    async with two_nodes() as (a, b):
        async with Member(b, "lobby", name="bob", client=secret()) as bob:
            said = 0

            async def others(count):
                nonlocal said
                for _ in range(count):
                    said += 1
                    await bob.publish(said, f"other {said}")

            with Terminal(join(a, b, name="ann"), columns=100, lines=150) as ann:
                await ann.until_shown("2 members")
                expect(await metric(a, "chat_members"), 1, "members of the node that is killed")
                talking = asyncio.create_task(others(60))

                async def write(text):
                    await asyncio.to_thread(ann.enter, text)

                for i in range(10):
                    await write(f"before {i}")
                a.signal(signal.SIGSTOP)
                for i in range(20):
                    await write(f"meanwhile {i}")
                await ann.until_shown("meanwhile 19  (")
                await a.kill()
                await talking
                for i in range(20):
                    await write(f"after {i}")
                await ann.until(lambda lines: any(line.endswith("after 19") for line in lines)
                                and not any("(sending" in line or "(not sent yet)" in line for line in lines), "all of it is sent")
                await others(1)
                lines = await ann.until_shown(f"other {said}")
                expect(await metric(b, "chat_members"), 2, "members of the other node")
            values = await log_of(b)
            expect([found[1] for line in lines if (found := SAID.search(line))], values, "what the terminal shows")
            hers = [f"{when} {i}" for when, count in (("before", 10), ("meanwhile", 20), ("after", 20))
                    for i in range(count)]
            expect([value for value in values if not value.startswith("other")], hers, "each once, in order")
            expect([value for value in values if value.startswith("other")],
                   [f"other {i + 1}" for i in range(said)], "those of the others")


print(f"CHAT_SEED={SEED}", flush=True)
run(what_is_sent_at_one_node_is_printed_at_the_other,
    members_and_rooms_of_one_node_are_told_at_the_other,
    people_in_terminals_at_two_nodes_talk_and_see_each_other_come_and_type,
    a_send_and_a_tail_whose_node_is_killed_go_on_at_the_other,
    what_arrives_at_the_other_node_of_a_killed_send_is_a_prefix,
    a_tail_that_is_killed_goes_on_behind_its_cursor_at_the_other_node,
    a_terminal_whose_node_is_killed_comes_back_at_the_other)
