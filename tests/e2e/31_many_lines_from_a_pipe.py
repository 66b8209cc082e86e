"""`chat send` with tens of thousands of lines from a pipe: each is there once, in order, whatever becomes of the server."""

import tempfile

from chat_client import api
from chat_command import Command, chat_ok, log_of, url_of
from chat_server import Server, expect, run

KEEP_ALL = ("--history-max-messages", "0", "--history-max-bytes", "0",
            "--history-max-total-bytes", "0")


def lines(count):
    return b"".join(b"line %d\n" % i for i in range(count))


def expected(count):
    return [f"line {i}" for i in range(count)]


async def fifty_thousand_lines_from_a_pipe():
    async with Server(*KEEP_ALL) as server:
        await chat_ok("send", "lobby", "--url", url_of(server), stdin=lines(50_000), seconds=80)
        expect(await log_of(server), expected(50_000))


async def the_server_dies_and_comes_back_in_the_middle():
    count = 20_000
    with tempfile.TemporaryDirectory() as data:
        options = ("--data", data, *KEEP_ALL)
        async with Server(*options) as server:
            address = server.address
            async with Command("send", "lobby", "--url", f"ws://{address}", stdin=lines(count)) as send:
                for reached in (2_000, 9_000):
                    while (await api(server, "/rooms/lobby/messages?limit=1"))["head"] < reached:
                        assert send.process.returncode is None, send.errors
                    await server.kill()
                    server = await Server(*options, listen=(address,)).__aenter__()
                code, _, errors = await send.result(80)
                expect(code, 0, errors)
            expect(await log_of(server), expected(count))
            await server.__aexit__(None, None, None)


run(fifty_thousand_lines_from_a_pipe, the_server_dies_and_comes_back_in_the_middle)
