#!/usr/bin/env python3
"""Faults by a seed while clients talk, and a verdict over all they saw. Exit code 1 on any violation.

    faults.py --plan short                  about ten faults, each kind that applies once
    faults.py --minutes 30 --seed 7         faults at random until the time is over
    faults.py --plan vhost                  the vhost is taken away under load, and made again
    faults.py --broker local                one node without RabbitMQ, killed and frozen

With CHAT_FAULTS_LOGS=DIR what the nodes wrote is kept there. --nodes chat nodes on --rabbits RabbitMQ nodes. CHAT_BIN names the program. The table is Markdown.
"""

import argparse
import asyncio
import os
import pathlib
import random
import sys
import tempfile
import time

from cluster import SETTLE_WITHIN, Clock, Cluster
from rabbit import private_rabbit


class Faults:
    """Each method is one kind: does it, holds it for a while, heals it."""

    def __init__(self, cluster, dice, hold):
        self.cluster, self.dice, self.hold = cluster, dice, hold

    async def wait(self, least=1.0):
        await asyncio.sleep(least * self.dice.uniform(*self.hold))

    def node(self):
        return self.dice.choice(self.cluster.nodes)

    def rabbit(self, what, *arguments):
        return asyncio.to_thread(getattr(self.cluster.rabbit, what), *arguments)

    async def node_killed(self):
        """`chat serve`: kill -9, started again"""
        node = self.node()
        await node.kill()
        await self.wait()
        await node.start()

    async def node_frozen(self):
        """`chat serve`: SIGSTOP, SIGCONT"""
        node = self.node()
        node.freeze()
        try:
            await self.wait(2)
        finally:
            node.thaw()

    async def clock_jumped(self):
        """`chat serve`: its clock jumps by up to a day, and back"""
        node = self.node()
        node.clock.jump(self.dice.choice([-86400, -3600, -60, 60, 3600, 86400]))
        await self.wait(2)
        node.clock.jump(0)

    async def rabbit_killed(self):
        """RabbitMQ: kill -9 (of all its nodes), started again"""
        for name in self.cluster.rabbit.nodes:
            await self.rabbit("kill", name)
        await self.wait()
        await self.rabbit("start")

    async def member_killed(self):
        """RabbitMQ cluster: kill -9 of a member, started again"""
        name = self.dice.choice(self.cluster.rabbit.nodes)
        await self.rabbit("kill", name)
        await self.wait(2)
        await self.rabbit("restart", name)

    async def memory_alarm(self):
        """RabbitMQ: memory alarm, and its end"""
        name = self.dice.choice(self.cluster.rabbit.nodes)
        await self.rabbit("memory_alarm", True, name)
        try:
            await self.wait()
        finally:
            await self.rabbit("memory_alarm", False, name)

    async def credentials_revoked(self):
        """RabbitMQ: the user is deleted, and made again"""
        await self.rabbit("delete_user", self.cluster.user)
        try:
            await self.wait()
        finally:
            await self.cluster.give_credentials()

    async def connections_closed(self):
        """RabbitMQ: an operator closes all connections"""
        await self.rabbit("close_connections", self.cluster.vhost)

    async def link_cut(self):
        """link: connections are reset"""
        for proxy in self.node().proxies:
            proxy.cut()

    async def link_refused(self):
        """link: reset, and new connections too"""
        await self._link(lambda proxy: (proxy.refuse(), proxy.cut()))

    async def link_stalled(self):
        """link: black hole, both ways or one"""
        way = self.dice.choice(["up", "down", None])
        await self._link(lambda proxy: proxy.stall(way), 3)

    async def link_half_closed(self):
        """link: one way is closed"""
        way = self.dice.choice(["up", "down"])
        for proxy in self.node().proxies:
            proxy.halfclose(way)

    async def link_slow(self):
        """link: late and in crumbs"""
        def slow(proxy):
            proxy.delay(self.dice.randint(5, 80))
            proxy.dribble(self.dice.randint(20, 300), 5)
        await self._link(slow, 2)

    async def vhost_deleted(self):
        """RabbitMQ: the vhost is deleted, and made again"""
        await self.rabbit("delete_vhost", self.cluster.vhost)
        await self.wait()
        await self.cluster.make_vhost()

    async def _link(self, harm, least=1.0):
        proxies = self.node().proxies
        for proxy in proxies:
            harm(proxy)
        try:
            await self.wait(least)
        finally:
            for proxy in proxies:
                proxy.pass_()


LOCAL = ["node_killed", "node_frozen"]
LINK = ["link_cut", "link_refused", "link_stalled", "link_half_closed", "link_slow"]
RABBIT = ["rabbit_killed", "memory_alarm", "credentials_revoked", "connections_closed"]


def kinds_of(options):
    if options.plan == "vhost":
        return ["vhost_deleted"]
    kinds = list(LOCAL)
    if Clock.works():
        kinds.append("clock_jumped")
    else:
        print("skipped: the clock does not jump (CHAT_JUMPING_CLOCK is not set, or a sanitizer is there)")
    if options.broker == "local":
        return kinds
    kinds += LINK + RABBIT
    if options.rabbits > 1:
        kinds.append("member_killed")
    return kinds


def plan(options, kinds, dice):
    """The kinds in the order in which they come."""
    if options.plan == "vhost":
        return ["vhost_deleted"] * 3
    if options.plan == "short":
        chosen = kinds * 3 if options.broker == "local" else list(kinds)
        dice.shuffle(chosen)
        return chosen
    deadline = time.monotonic() + 60 * options.minutes
    rounds = []

    def endless():
        while time.monotonic() < deadline:
            if not rounds:  # each kind comes up once before any comes again
                rounds.extend(dice.sample(kinds, len(kinds)))
            yield rounds.pop()
    return endless()


class Book:
    """What each kind of fault cost."""

    def __init__(self):
        self.rows = {}

    def add(self, what, stall, recovery):
        self.rows.setdefault(what, []).append((stall, recovery))

    def table(self):
        lines = ["| fault | times | longest time without an ack | longest until each client had one again |",
                 "| --- | --- | --- | --- |"]
        for what, figures in sorted(self.rows.items()):
            stalls, recoveries = zip(*figures)
            lines.append(f"| {what} | {len(figures)} | {max(stalls):.1f} s | {max(recoveries):.1f} s |")
        return "\n".join(lines)


async def play(options, cluster, dice, book):
    faults = Faults(cluster, dice, (0.3, 1.0) if options.plan == "short" else (0.5, 4.0))
    if not await cluster.recovered(0):
        raise RuntimeError("no client got an ack before the first fault")
    for kind in plan(options, kinds_of(options), dice):
        fault = getattr(faults, kind)
        began = time.monotonic()
        print(f"{began - STARTED:7.1f} s  {kind.replace('_', ' ')}", flush=True)
        await fault()
        healed = time.monotonic()
        if not await cluster.recovered(healed):
            silent = [c.name for c in cluster.clients if c.last_ack <= healed]
            cluster.complaints.append(f"{kind}: after it no ack for {silent} (waited up to "
                                      f"{SETTLE_WITHIN} s)")
            return
        end = time.monotonic()
        book.add(fault.__doc__, cluster.longest_without_ack(began, end), end - healed)
        if cluster.note_ended():
            return
        await asyncio.sleep(dice.uniform(0.2, 0.8))


async def run(options, rabbit, folder):
    dice = random.Random(options.seed)
    book = Book()
    async with Cluster(folder, dice.random(), nodes=options.nodes, rooms=options.rooms,
                       clients=options.clients, rate=options.rate, rabbit=rabbit) as cluster:
        cluster.epochs_may_change = options.plan == "vhost"
        cluster.start_traffic()
        began = time.monotonic()
        await play(options, cluster, dice, book)
        longest = cluster.longest_without_ack(cluster.acks[0], time.monotonic())
        minutes = (time.monotonic() - began) / 60
        verdict = await cluster.finish()
        reconnects = sum(client.reconnects for client in cluster.clients + cluster.plains)
    print("\n" + book.table() + "\n")
    print(f"seed {options.seed}, {len(cluster.nodes)} chat node(s), "
          f"{len(rabbit.nodes) if rabbit else 0} RabbitMQ node(s), {minutes:.1f} min, "
          f"{sum(map(len, book.rows.values()))} faults, {reconnects} reconnects, "
          f"longest time without an ack {longest:.1f} s")
    for example in verdict.examples[:40]:
        print("  " + example)
    print(verdict.line())
    return verdict.clean


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", choices=["short", "long", "vhost"], default=None)
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--broker", choices=["rabbitmq", "local"], default="rabbitmq")
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--rabbits", type=int, default=1)
    parser.add_argument("--rooms", type=int, default=3)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--rate", type=float, default=15, help="messages per second of each client")
    options = parser.parse_args()
    if options.plan is None:
        options.plan = "long" if options.minutes else "short"
    if options.plan == "long" and not options.minutes:
        parser.error("--plan long needs --minutes")
    if options.seed is None:
        options.seed = int(os.environ.get("CHAT_SEED") or int.from_bytes(os.urandom(3), "big"))
    return options


STARTED = time.monotonic()


def main():
    options = parse()
    print(f"seed {options.seed} (--seed {options.seed} plays the same plan)", flush=True)
    with tempfile.TemporaryDirectory(prefix="chat-faults-") as temporary:
        folder = pathlib.Path(temporary)
        if options.broker == "local":
            clean = asyncio.run(run(options, None, folder))
        else:
            with private_rabbit(folder / "rabbitmq", options.rabbits) as rabbit:
                clean = asyncio.run(run(options, rabbit, folder))
    sys.exit(0 if clean else 1)


if __name__ == "__main__":
    main()
