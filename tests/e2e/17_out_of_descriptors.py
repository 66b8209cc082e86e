"""No file descriptor left: newcomers are hung up on, calmly; members go on; it recovers by itself."""

import time

from chat_client import Member, Raw, http, metric, secret
from chat_server import Server, expect, run

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def answered(raw):
    """True when the newcomer gets an answer, False when it is hung up on."""
    try:
        await raw.send(REQUEST)
        return (await raw.response()).status == 200
    except (EOFError, ConnectionError):
        return False


async def newcomers_are_hung_up_on_calmly_and_members_go_on():
    async with Server("--workers", "1", descriptors=48) as server, \
            Member(server, "lobby", client=secret()) as ann:
        held = []
        while len(held) < 100:
            raw = await Raw.open(server.address)
            if not await answered(raw):
                raw.close()
                break
            held.append(raw)
        assert 10 < len(held) < 48, len(held)
        await ann.publish(1, "members go on")

        waiting = [await Raw.open(server.address) for _ in range(12)]
        cpu, began = server.cpu_seconds(), time.monotonic()
        for raw in waiting:
            expect(await raw.rest(), b"", "hung up on, one after the other")
            raw.close()
        took, used = time.monotonic() - began, server.cpu_seconds() - cpu
        print(f"    {used * 1000:.0f} ms of CPU in {took:.1f} s with newcomers waiting", flush=True)
        assert took > 0.5 and used < took / 4, f"the accept loop spins: {used:.2f} of {took:.2f} s"
        await ann.publish(2, "still going on")
        await server.line("out of file descriptors")

        for raw in held:
            raw.close()
        while not await lets_in(server):
            pass
        expect((await http(server, "GET", "/readyz")).status, 200)
        assert await metric(server, "chat_descriptors_exhausted_total") >= 12


async def lets_in(server):
    async with await Raw.open(server.address) as raw:
        return await answered(raw)


run(newcomers_are_hung_up_on_calmly_and_members_go_on)
