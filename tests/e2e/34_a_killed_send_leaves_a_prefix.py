"""kill -9 of `chat send` in the middle of a pipe: what arrived of it is its first lines, each once, in order.

    CHAT_SEED=N repeats a run.
"""

import asyncio
import os
import random
import tempfile
import time

from chat_client import api
from chat_command import Command, chat, chat_ok, log_of, url_of
from chat_server import PATIENCE, Server, expect, run

SEED = int(os.environ.get("CHAT_SEED") or int.from_bytes(os.urandom(4), "big"))
COUNT = 20_000
KEEP_ALL = ("--history-max-messages", "0", "--history-max-bytes", "0",
            "--history-max-total-bytes", "0")
LINES = b"".join(b"line %d\n" % i for i in range(COUNT))
EXPECTED = [f"line {i}" for i in range(COUNT)]


async def head_of(server, room):
    """The number of messages; 0 of a room that is not there yet."""
    return (await api(server, f"/rooms/{room}/messages?limit=1"))["head"]


async def nobody_is_in(server, room):
    """Comes back when all that a killed member sent has been looked at: the server has let it go."""
    deadline = time.monotonic() + PATIENCE
    while members := (await chat_ok("who", room, "--url", url_of(server))).split():
        assert time.monotonic() < deadline, f"still in {room}: {members}"
        await asyncio.sleep(0.02)


async def kill_in_the_middle(server, room, reached):
    """How many lines arrived of a `chat send` that was killed when so many had."""
    async with Command("send", room, "--name", "ann", "--url", url_of(server), stdin=LINES) as send:
        while await head_of(server, room) < reached:
            assert send.process.returncode is None, send.errors
        send.kill()
        await send.process.wait()
    await nobody_is_in(server, room)
    values = await log_of(server, room)
    print(f"    killed at {reached}: {len(values)} arrived", flush=True)
    assert reached <= len(values) < COUNT, f"it was not killed in the middle: {len(values)} of {COUNT} arrived"
    expect(values, EXPECTED[:len(values)], "the first lines, each once, in order")
    return len(values)


async def what_arrived_is_a_prefix():
    print(f"    CHAT_SEED={SEED}", flush=True)
    dice = random.Random(SEED)
    async with Server("--workers", "2", *KEEP_ALL) as server:
        for room, reached in (("first", 1), ("early", dice.randint(2, 3_000)), ("late", dice.randint(3_000, 15_000))):
            await kill_in_the_middle(server, room, reached)


async def the_same_on_disk_and_one_that_is_started_again_is_another_client():
    dice = random.Random(SEED + 1)
    with tempfile.TemporaryDirectory() as data:
        async with Server("--data", data, *KEEP_ALL) as server:
            arrived = await kill_in_the_middle(server, "lobby", dice.randint(1, 5_000))
            code, _, errors = await chat("send", "lobby", "--url", url_of(server), stdin=LINES, seconds=80)
            expect(code, 0, errors)
            expect(await log_of(server), EXPECTED[:arrived] + EXPECTED, "all of the second behind the first's")


run(what_arrived_is_a_prefix, the_same_on_disk_and_one_that_is_started_again_is_another_client)
