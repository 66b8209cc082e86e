#!/usr/bin/env python3
"""`chat serve --layer channels` and a node of Django Channels when RabbitMQ goes, or takes nothing, or ends a connection."""

import asyncio
import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from chat_client import Member, closed_with, connect, http, in_room, metric, secret  # noqa: E402
from chat_command import log_of  # noqa: E402
from chat_server import PATIENCE, Server, expect, run, soon  # noqa: E402
from django_node import DjangoNode  # noqa: E402
from proxy import Proxy  # noqa: E402
from rabbit import private_rabbit, quoted  # noqa: E402

READY = 60  # seconds
WINDOW = 40  # messages on their way


async def until(look, wanted, what, seconds=PATIENCE):
    """Waits until what `look()` gives is `wanted`."""
    deadline = time.monotonic() + seconds
    while (found := await look()) != wanted:
        assert time.monotonic() < deadline, f"{what}: {found}, never {wanted}"
        await asyncio.sleep(0.02)


async def readiness(node):
    return (await http(node, "GET", "/readyz")).status


def options(rabbit, vhost, port=None):
    host, own_port = rabbit.amqp[0]
    return ("--layer", "channels", "--broker", f"amqp://guest@{host}:{port or own_port}/{vhost}")


async def refusal_of(member, n, value):
    await member.say("send", n=n, message=value)
    return (await member.hear("error", "ack")).get("code")


async def expect_no_entrance(node, room):
    """Nobody of this node is in it."""
    async with connect(node, f"/ws/{room}/", subprotocols=["chat.v1"]) as stranger:
        await stranger.send(json.dumps({"type": "hello", "name": "eve"}))
        error = json.loads(await soon(stranger.recv()))
        expect((error["type"], error["code"]), ("error", "unavailable"), error)
        expect((await closed_with(stranger))[0], 1013)
    async with connect(node, f"/ws/{room}/") as stranger:
        shown = json.loads(await soon(stranger.recv()))
        expect(shown["error"]["code"], "unavailable", shown)
        expect((await closed_with(stranger))[0], 1013)


async def expect_refused_for_now(node, ann, plain, n):
    expect(await refusal_of(ann, n, "meanwhile"), "unavailable")
    await plain.send(json.dumps({"message": "meanwhile"}))
    shown = json.loads(await soon(plain.recv()))
    expect(shown["error"]["code"], "unavailable", shown)
    await expect_no_entrance(node, "another")


async def a_broker_that_goes_and_comes_back_is_outlived(rabbit):
    with rabbit.vhost("outage") as vhost:
        async with DjangoNode(rabbit, vhost) as django, Server(
                *options(rabbit, vhost), "--workers", "2", ready_within=READY) as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann, connect(node, "/ws/lobby/") as plain:
            await in_room(plain)
            await django.join("lobby")
            wanted = []
            for turn in range(2):
                n = turn * 10
                assert await django.say("lobby", f"django before {turn}")
                await ann.publish(n + 1, f"ann before {turn}")
                wanted += [f"django before {turn}", f"ann before {turn}"]
                await django.hear("lobby", len(wanted))
                await asyncio.to_thread(rabbit.kill, "n1")
                await until(lambda: readiness(node), 503, "not ready")
                for value in wanted[-2:]:
                    expect(json.loads(await soon(plain.recv())), {"message": value})
                await expect_refused_for_now(node, ann, plain, n + 2)
                await asyncio.to_thread(rabbit.start)
                await until(lambda: readiness(node), 200, "ready", READY)
                await soon(django.is_up.wait())
                await ann.publish(n + 2, f"ann after {turn}")
                await plain.send(json.dumps({"message": f"plain after {turn}"}))
                wanted += [f"ann after {turn}", f"plain after {turn}"]
                await django.hear("lobby", len(wanted))
                assert await django.say("lobby", f"django after {turn}")
                wanted.append(f"django after {turn}")
                expect(await django.hear("lobby", len(wanted)), wanted, "at Django's node")
                for value in wanted[-3:]:
                    expect(json.loads(await soon(plain.recv())), {"message": value})
            expect([m["message"] for m in await ann.messages(len(wanted))], wanted, "each once, in order")
            expect(await log_of(node), wanted)
            async with Member(node, "another", name="eve") as eve:
                await eve.publish(1, "x")


async def a_connection_that_is_ended_in_the_middle_of_talk_loses_and_repeats_nothing_of_ours(rabbit):
    count, kills = 1500, 5
    with rabbit.vhost("cut") as vhost:
        async with DjangoNode(rabbit, vhost) as django, Proxy(*rabbit.amqp[0]) as proxy, Server(
                *options(rabbit, vhost, proxy.port), "--workers", "1", "--history-max-messages", "0",
                "--history-max-bytes", "0", ready_within=READY) as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann, \
                Member(node, "lobby", name="bob", client=secret()) as bob:
            await django.join("lobby")

            async def connections():
                listed = await asyncio.to_thread(rabbit.api, "GET", "connections")
                return [one["name"] for one in listed if one.get("user_provided_name", "").startswith("chat ")]

            async def kill():
                async def known():
                    return len(await connections())
                for i in range(kills):
                    if i < 2:
                        await until(known, 1, "connections of ours that the API knows")
                        name, = await connections()
                        await asyncio.to_thread(rabbit.api, "DELETE", f"connections/{quoted(name)}")
                    else:
                        proxy.cut()
                    await until(lambda i=i: metric(node, "chat_channels_connections_lost_total"), i + 1, "lost")
                    await until(lambda: readiness(node), 200, "ready")

            acked, refused, n = [], [], 0
            killing = asyncio.create_task(kill())
            while n < count or not killing.done():
                numbers = range(n + 1, n + WINDOW + 1)
                n = numbers[-1]
                for number in numbers:
                    await ann.say("send", n=number, message=number)
                for _ in numbers:
                    answer = await ann.hear("ack", "error")
                    if answer["type"] == "error":
                        expect(answer["code"], "unavailable", answer)
                    (acked if answer["type"] == "ack" else refused).append(answer["n"])
                assert n < 100 * count, "the connections are not ended"
            await killing
            expect(sorted(acked + refused), [*range(1, n + 1)], "each is answered once")
            expect(acked, sorted(acked))
            await ann.publish(n + 1, "the end")
            expect(await log_of(node), [*acked, "the end"], "what was acknowledged, once")
            for member in (ann, bob):
                expect([m["message"] for m in await member.messages(len(acked) + 1)], [*acked, "the end"])

            async def end():
                return "the end" in django.heard["lobby"]
            await until(end, True, "the end at Django's node")
            there = django.heard["lobby"]
            expect(len(set(there)), len(there), "Django's node hears nothing twice")
            expect(there[:-1], sorted(there[:-1]))
            missing = set(acked) - set(there)
            unsure = await metric(node, "chat_channels_unsure_total")
            nacked = await metric(node, "chat_channels_nacked_total")
            assert len(missing) <= unsure + nacked, (missing, unsure, nacked)
            print(f"    {n} sent, {len(refused)} refused, {unsure:.0f} unsure", flush=True)


async def while_rabbitmq_takes_nothing_all_is_answered(rabbit):
    with rabbit.vhost("alarm") as vhost:
        async with DjangoNode(rabbit, vhost) as django, Server(
                *options(rabbit, vhost), "--workers", "1", ready_within=READY) as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann, connect(node, "/ws/lobby/") as plain, \
                Member(node, "left", name="bob", client=secret()) as bob:
            await in_room(plain)
            await django.join("lobby")
            await ann.publish(1, "before")
            await asyncio.to_thread(rabbit.memory_alarm, True)
            await ann.say("send", n=2, message="that finds it out")  # it is kept here; Django's hear it later
            await until(lambda: readiness(node), 503, "not ready")
            await bob.socket.close()  # what RabbitMQ need not be asked now
            expect((await ann.hear("ack", "error"))["type"], "ack")
            for value in ("before", "that finds it out"):
                expect(json.loads(await soon(plain.recv())), {"message": value})
            await expect_refused_for_now(node, ann, plain, 3)
            expect(await readiness(node), 503)
            await asyncio.to_thread(rabbit.memory_alarm, False)
            await until(lambda: readiness(node), 200, "ready")
            await ann.publish(3, "after")
            expect(await metric(node, "chat_channels_connections_lost_total"), 0)
            wanted = ["before", "that finds it out", "after"]
            expect(await django.hear("lobby", 3), wanted, "at Django's node")
            expect([m["message"] for m in await ann.messages(3)], wanted)
            expect(await log_of(node), wanted)


def main():
    def on_it(case, rabbit):
        async def run_it():
            await case(rabbit)
        run_it.__name__ = case.__name__
        return run_it
    cases = (a_connection_that_is_ended_in_the_middle_of_talk_loses_and_repeats_nothing_of_ours,
             while_rabbitmq_takes_nothing_all_is_answered,
             a_broker_that_goes_and_comes_back_is_outlived)
    chosen = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, private_rabbit(f"{folder}/rabbit") as rabbit:
        run(*(on_it(case, rabbit) for case in cases if not chosen or case.__name__ in chosen))


main()
