"""How many may come: per address, in all, and how many rooms they may open."""

import json

from chat_client import Member, Raw, closed_with, connect, http, let_in, metric
from chat_server import Server, expect, run, soon

async def full(server):
    """Tries a newcomer: its status and body."""
    answer = await http(server, "GET", "/healthz")
    return answer.status, answer.body.decode()


async def hold(server, count):
    return [await let_in(server) for _ in range(count)]


async def too_many_from_one_address_are_turned_away_with_429():
    async with Server("--max-connections-per-address", "3", "--workers", "2") as server:
        held = await hold(server, 3)
        status, body = await full(server)
        expect(status, 429)
        assert body.startswith("too_many_from_address: ") and "close some" in body, body
        held.pop().close()
        await until_let_in(server)
        for raw in held:
            raw.close()


async def until_let_in(server):
    """The server learns of a close a moment later; each try is an answered request."""
    for _ in range(1000):
        if (await full(server))[0] == 200:
            return
    raise AssertionError("a freed place was not given to the next one")


async def too_many_in_all_are_turned_away_with_503():
    async with Server("--max-connections", "4", "--max-connections-per-address", "0") as server:
        held = await hold(server, 4)
        answer = await http(server, "GET", "/healthz")
        expect(answer.status, 503)
        expect(answer.headers["retry-after"], "5")
        assert answer.body.startswith(b"too_many_connections: "), answer.body
        for raw in held:
            raw.close()
        await until_let_in(server)


async def a_closed_websocket_gives_its_place_back():
    async with Server("--max-connections-per-address", "1", "--workers", "1") as server:
        for _ in range(20):
            async with await Raw.open(server.address) as raw:
                expect((await raw.upgrade("/ws/lobby/")).status, 101)
            await until_let_in(server)


async def too_many_rooms_are_refused_with_4102():
    async with Server("--max-rooms", "2", "--workers", "1") as server, \
            Member(server, "one"), Member(server, "one"):
        async with Member(server, "two"):
            for protocols in (["chat.v1"], None):
                async with connect(server, "/ws/three/", subprotocols=protocols) as third:
                    if protocols:
                        await third.send('{"type":"hello"}')
                    error = json.loads(await soon(third.recv()))
                    expect(error.get("code") or error["error"]["code"], "too_many_rooms")
                    expect((await closed_with(third))[0], 4102)
            async with Member(server, "one"):
                pass  # a room that is there takes more
        await room_is_free(server)


async def room_is_free(server):
    for _ in range(1000):
        async with connect(server, "/ws/three/", subprotocols=["chat.v1"]) as socket:
            await socket.send('{"type":"hello"}')
            if json.loads(await soon(socket.recv()))["type"] == "welcome":
                return
    raise AssertionError("an emptied room did not make place")


async def refusals_are_counted():
    async with Server("--max-connections-per-address", "1") as server:
        async with await let_in(server):
            expect((await full(server))[0], 429)
        await until_let_in(server)
        assert await metric(server, 'chat_errors_total') >= 1


run(too_many_from_one_address_are_turned_away_with_429,
    too_many_in_all_are_turned_away_with_503,
    a_closed_websocket_gives_its_place_back,
    too_many_rooms_are_refused_with_4102,
    refusals_are_counted)
