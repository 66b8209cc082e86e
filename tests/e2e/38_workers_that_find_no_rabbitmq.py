"""Each worker tries to reach a RabbitMQ that is not there, beside the others, and `chat serve` lives."""

import asyncio
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from chat_client import http  # noqa: E402
from chat_server import Server, expect, run, soon  # noqa: E402

WORKERS = 4
TRIES = 6 * WORKERS  # so many that every worker cleans up behind former ones while others do


@contextlib.asynccontextmanager
async def port_that_hangs_up(times):
    """A port whose connections are ended at once; done when it has happened so often."""
    seen, enough = [], asyncio.Event()

    async def hang_up(_, writer):
        seen.append(writer)
        if len(seen) >= times:
            enough.set()
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], enough


async def lives_through_it(layer):
    async with port_that_hangs_up(TRIES) as (port, enough), Server(
            "--workers", str(WORKERS), "--layer", layer, "--broker", f"amqp://guest@127.0.0.1:{port}/",
            ready_within=None) as server:
        await soon(enough.wait())
        expect((await http(server, "GET", "/readyz")).status, 503)
        expect((await http(server, "GET", "/healthz")).status, 200)


async def with_rooms_of_django_channels():
    await lives_through_it("channels")


async def with_rooms_of_a_cluster():
    await lives_through_it("stream")


run(with_rooms_of_django_channels, with_rooms_of_a_cluster)
