"""SIGTERM and SIGINT: what is under way is finished, everyone is told when to come back, exit code 0."""

import asyncio
import signal
import tempfile

from chat_client import CLOSE, Member, Raw, api, closed_with, connect, http, in_room, secret
from chat_server import Server, expect, run


async def everyone_is_told_and_the_process_ends_with_0():
    for number in (signal.SIGTERM, signal.SIGINT):
        async with Server("--workers", "2") as server, \
                connect(server, "/ws/lobby/") as plain, Raw_idle(server) as idle:
            await in_room(plain)
            members = [await Member(server, "lobby").__aenter__() for _ in range(8)]
            server.signal(number)
            for member in members:
                closing = await member.hear("closing")
                assert 0 <= closing["reconnect_after_ms"] <= 5000, closing
                expect((await closed_with(member.socket))[0], 4200, "close code")
            expect((await closed_with(plain))[0], 4200, "close code, plain")
            expect(await idle.rest(), b"", "an idle HTTP connection is ended")
            expect(await server.wait_for_exit(), 0)


class Raw_idle:
    """A kept HTTP connection that has had its answer."""

    def __init__(self, server):
        self.server = server

    async def __aenter__(self):
        self.raw = await Raw.open(self.server.address)
        await self.raw.send(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        expect((await self.raw.response()).status, 200)
        return self.raw

    async def __aexit__(self, *_):
        self.raw.close()


async def what_was_accepted_is_acknowledged_before_the_close():
    with tempfile.TemporaryDirectory() as data:
        async with Server("--data", data, "--workers", "2") as server:
            member = await Member(server, "lobby", client=secret()).__aenter__()
            for n in range(250):
                await member.say("send", n=n, message="x" * 2000)
            await member.hear("ack")
            server.signal(signal.SIGTERM)
            expect((await closed_with(member.socket))[0], 4200)
            acked = {0: None}
            try:
                while True:
                    ack = await member.hear("ack")
                    acked[ack["n"]] = ack["seq"]
            except Exception as error:  # noqa: BLE001 – the end of what came before the close
                expect(type(error).__name__.startswith("ConnectionClosed"), True, repr(error))
            expect(await server.wait_for_exit(), 0)
        async with Server("--data", data) as server:
            kept, before = set(), ""
            while True:
                page = await api(server, f"/rooms/lobby/messages?limit=200{before}")
                kept |= {m["n"] for m in page["messages"]}
                if not page["more"]:
                    break
                before = f"&before={page['messages'][0]['seq']}"
            expect(kept, set(acked), "kept is what was acknowledged")


async def while_it_drains_nobody_is_let_in():
    async with Server() as server, await Raw.open(server.address) as stubborn:
        await stubborn.upgrade("/ws/lobby/")
        server.signal(signal.SIGTERM)
        expect((await stubborn.frame())[0], CLOSE)  # and it is not answered: the drain waits
        answer = await http(server, "GET", "/readyz")
        expect((answer.status, answer.body), (503, b"draining\n"), "readyz while draining")
        async with await Raw.open(server.address) as newcomer:
            refused = await newcomer.upgrade("/ws/lobby/")
            expect(refused.status, 503, "a handshake while draining")
            assert refused.headers["retry-after"], refused.headers
            assert b"draining" in refused.body, refused.body
        expect(await server.wait_for_exit(), 0, "the stubborn one is cut off")


async def a_second_signal_ends_it_at_once():
    async with Server("--drain-timeout", "5m") as server, await Raw.open(server.address) as stubborn:
        server.expected_exit = 130
        await stubborn.upgrade("/ws/lobby/")
        server.signal(signal.SIGTERM)
        expect((await stubborn.frame())[0], CLOSE)
        server.signal(signal.SIGTERM)
        expect(await server.wait_for_exit(), 130)


async def a_hangup_changes_nothing():
    async with Server() as server, Member(server, "lobby", client=secret()) as ann:
        server.signal(signal.SIGHUP)
        await server.line("SIGHUP")
        await ann.publish(1, "still here")


async def a_drain_with_nobody_there_waits_for_nothing():
    async with Server("--workers", "3", "--drain-timeout", "5m") as server:
        began = asyncio.get_running_loop().time()
        server.signal(signal.SIGTERM)
        expect(await server.wait_for_exit(), 0)
        took = asyncio.get_running_loop().time() - began
        print(f"    ended after {took * 1000:.0f} ms", flush=True)


run(everyone_is_told_and_the_process_ends_with_0,
    what_was_accepted_is_acknowledged_before_the_close,
    while_it_drains_nobody_is_let_in,
    a_second_signal_ends_it_at_once,
    a_hangup_changes_nothing,
    a_drain_with_nobody_there_waits_for_nothing)
