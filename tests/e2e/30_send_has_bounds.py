"""`chat send` holds a bounded part of what comes, however much that is and however slowly a server takes it."""

import asyncio
import contextlib
import json
import os
import signal
import time

from chat_command import Command, die_with_us, welcome, written_server
from chat_server import expect, run, soon

MIB = 1 << 20
MOST = 192 * MIB  # resident, with sanitizers too; less than is sent
SECONDS_FOR_ONE = 0.004


@contextlib.asynccontextmanager
async def flood(text):
    """What a shell's `text` writes, as a descriptor to read from."""
    reading, writing = os.pipe()
    source = await asyncio.create_subprocess_exec("bash", "-c", text, stdout=writing,
                                                  preexec_fn=die_with_us)
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)
        await soon(source.wait())  # by SIGPIPE, when not all was read


async def long_lines_faster_than_the_server_takes_them():
    most = 0

    async def acks_everything(script):
        nonlocal most
        await script.hear()
        await script.socket.send(json.dumps(welcome()))
        while True:
            # Slow, and one by one: something always waits to be sent.
            n = (await script.hear())["n"]
            time.sleep(SECONDS_FOR_ONE)
            await script.say(type="ack", n=n, seq=n)
            if n % 20 == 0 and send.process.returncode is None:
                most = max(most, send.resident_bytes())
    lines = "yes \"$(head -c 99999 /dev/zero | tr '\\0' x)\" | head -c 250000000"
    async with written_server(acks_everything, receive_buffer=1 << 16, max_queue=1) as url, \
            flood(lines) as source, Command("send", "lobby", "--url", url, stdin=source) as send:
        code, _, errors = await send.result(80)
        expect(code, 0, errors)
    print(f"    at most {most / MIB:.0f} MiB resident", flush=True)
    assert 0 < most < MOST, most


async def short_lines_and_a_server_that_takes_none():
    heard = asyncio.Event()

    async def takes_none(script):
        await script.hear()
        await script.socket.send(json.dumps(welcome()))
        await script.hear()
        heard.set()
        await script.socket.wait_closed()
    async with written_server(takes_none, receive_buffer=1 << 16, max_queue=1) as url, \
            flood("yes | head -c 300000000") as source, \
            Command("send", "lobby", "--url", url, stdin=source) as send:
        await soon(heard.wait())
        before = None
        while before != (before := send.cpu_ticks()):  # until it has nothing left to do
            await asyncio.sleep(0.2)
        most = send.resident_bytes()
        print(f"    {most / MIB:.0f} MiB resident", flush=True)
        assert most < MOST, most
        send.process.send_signal(signal.SIGINT)
        code, _, errors = await send.result()
        expect(code, 130, errors)
        assert "0 were acknowledged" in errors, errors


run(long_lines_faster_than_the_server_takes_them, short_lines_and_a_server_that_takes_none)
