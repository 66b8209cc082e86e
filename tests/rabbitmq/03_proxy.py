#!/usr/bin/env python3
"""The proxy does to a connection what it is told, and nothing else."""

import asyncio
import contextlib
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from chat_server import run, soon  # noqa: E402
from proxy import Proxy, obey  # noqa: E402


@contextlib.asynccontextmanager
async def echo_behind_proxy():
    """A proxy with a server behind it that sends back what it gets."""
    async def echo(reader, writer):
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        async with Proxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
            yield proxy
    finally:
        server.close()


class Client:
    def __init__(self, proxy):
        self.proxy = proxy

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def say(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, size):
        return await soon(self.reader.readexactly(size))

    async def works(self, data=b"hello"):
        await self.say(data)
        assert await self.hear(len(data)) == data

    async def is_silent(self):
        """Nothing comes, until told otherwise. (The wait is what is looked at.)"""
        try:
            heard = await asyncio.wait_for(self.reader.read(1), 0.2)
        except asyncio.TimeoutError:
            return
        raise AssertionError(f"heard {heard!r}")


async def it_passes_on_every_byte():
    async with echo_behind_proxy() as proxy, Client(proxy) as client:
        data = bytes(range(256)) * 4096
        reading = asyncio.create_task(client.hear(len(data)))
        await client.say(data)
        assert await reading == data


async def a_stall_holds_back_and_loses_nothing():
    for way in ("up", "down", ""):
        async with echo_behind_proxy() as proxy, Client(proxy) as client:
            await client.works()
            assert obey(proxy, f"stall {way}") == "ok"
            await client.say(b"later")
            await client.is_silent()
            async with Client(proxy) as other:
                await other.say(b"x")
                await other.is_silent()
            proxy.pass_()
            assert await client.hear(5) == b"later"


async def a_cut_is_a_reset():
    async with echo_behind_proxy() as proxy, Client(proxy) as client:
        await client.works()
        proxy.cut()
        try:
            await soon(client.reader.read())
        except ConnectionResetError:
            pass
        else:
            raise AssertionError("the connection ended without a reset")
        async with Client(proxy) as again:
            await again.works()


async def a_half_close_ends_one_way():
    async with echo_behind_proxy() as proxy, Client(proxy) as client:
        await client.works()
        proxy.halfclose("down")
        assert await soon(client.reader.read()) == b"", "the end of the stream"
        await client.say(b"still")  # the way up is open: no error


async def refused_is_reset_until_it_passes():
    async with echo_behind_proxy() as proxy:
        proxy.refuse()
        try:
            async with Client(proxy) as client:
                assert await soon(client.reader.read()) == b"", "nothing comes"
                raise AssertionError("a refused connection ended without a reset")
        except ConnectionResetError:
            pass
        proxy.pass_()
        async with Client(proxy) as client:
            await client.works()


async def nobody_behind_it_is_a_reset():
    async with Proxy("127.0.0.1", 1) as proxy, Client(proxy) as client:
        try:
            await soon(client.reader.read())
        except ConnectionResetError:
            return
        raise AssertionError("the connection ended without a reset")


async def delay_and_dribble_take_their_time():
    async with echo_behind_proxy() as proxy, Client(proxy) as client:
        proxy.delay(150, "up")
        began = time.monotonic()
        await client.works()
        assert time.monotonic() - began >= 0.15
        proxy.pass_()
        proxy.dribble(1, 20, "down")
        began = time.monotonic()
        await client.works(b"123456")
        assert time.monotonic() - began >= 0.1, "five pauses"


async def a_line_that_is_no_command_is_told():
    async with echo_behind_proxy() as proxy:
        for line in ("", "explode", "stall sideways", "delay", "halfclose"):
            assert obey(proxy, line).startswith("error: "), line


async def it_runs_on_its_own():
    async with echo_behind_proxy() as inner:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-B", str(pathlib.Path(__file__).with_name("proxy.py")), str(inner.port),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        word, port = (await soon(process.stdout.readline())).decode().split()
        assert word == "port"

        class Outer:
            pass
        Outer.port = int(port)
        async with Client(Outer) as client:
            await client.works()
            for line in (b"stall\n", b"pass\n"):
                process.stdin.write(line)
                assert await soon(process.stdout.readline()) == b"ok\n"
            await client.works()
        process.stdin.close()
        assert await soon(process.wait()) == 0


run(it_passes_on_every_byte, a_stall_holds_back_and_loses_nothing, a_cut_is_a_reset,
    a_half_close_ends_one_way, refused_is_reset_until_it_passes, nobody_behind_it_is_a_reset,
    delay_and_dribble_take_their_time, a_line_that_is_no_command_is_told, it_runs_on_its_own)
