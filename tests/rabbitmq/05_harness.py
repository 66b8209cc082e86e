#!/usr/bin/env python3
"""The harness of the fault runs, held to a node whose answers are known: one that keeps what it acknowledged
passes, one that forgets it does not, and its clock does jump."""

import asyncio
import datetime
import tempfile
import time

from cluster import Clock, Cluster, until
from chat_client import http
from chat_server import expect, run


async def killed(durable):
    """The verdict over one node that is killed twice under load."""
    with tempfile.TemporaryDirectory() as folder:
        async with Cluster(folder, 1, clients=6, plains=2, rooms=2, rate=60, durable=durable) as cluster:
            cluster.start_traffic()
            for kill in range(2):
                assert await until(lambda: len(cluster.acks) > 200 * (kill + 1), 30)
                await cluster.nodes[0].kill()
                await cluster.nodes[0].start()
            assert await cluster.recovered(time.monotonic()), cluster.complaints
            verdict = await cluster.finish()
            print("    " + verdict.line())
            return verdict


async def a_node_that_keeps_what_it_acknowledged_passes():
    verdict = await killed(durable=True)
    assert verdict.clean, verdict.examples
    assert verdict.apart["acked"] > 50, "there was traffic"


async def a_node_that_forgets_does_not():
    verdict = await killed(durable=False)
    assert verdict.counts["lost"] > 0, "acknowledged messages are gone"
    assert verdict.counts["wrong"] > 0, "the epoch changed"


async def a_node_that_ends_by_itself_is_told():
    with tempfile.TemporaryDirectory() as folder:
        async with Cluster(folder, 1, clients=2, plains=0, rooms=1) as cluster:
            cluster.start_traffic()
            assert await cluster.recovered(time.monotonic()), cluster.complaints
            cluster.nodes[0].server.process.kill()
            assert await until(cluster.nodes[0].ended_by_itself, 20)
            verdict = await cluster.finish()
            assert verdict.counts["wrong"] == 1, verdict.examples


async def the_clock_jumps_while_it_runs():
    if not Clock.works():
        print("    skipped: CHAT_JUMPING_CLOCK is not set, or a sanitizer is there")
        return
    with tempfile.TemporaryDirectory() as folder:
        async with Cluster(folder, 1, clients=0, plains=0, rooms=0) as cluster:
            node = cluster.nodes[0]

            async def off():
                """Seconds between its clock and ours, by the log line of a request."""
                lines = len(node.server.lines)
                expect((await http(node.server, "GET", "/api/rooms")).status, 200)
                assert await until(lambda: len(node.server.lines) > lines, 20)
                said = datetime.datetime.fromisoformat(node.server.lines[-1][:23] + "+00:00")
                return said.timestamp() - time.time()

            for jump in (0, 86400, -3600):
                node.clock.jump(jump)
                deadline = time.monotonic() + 10
                while abs(await off() - jump) > 30:
                    assert time.monotonic() < deadline, f"the clock does not jump by {jump} s"
                    await asyncio.sleep(0.1)


run(a_node_that_keeps_what_it_acknowledged_passes, a_node_that_forgets_does_not,
    a_node_that_ends_by_itself_is_told, the_clock_jumps_while_it_runs)
