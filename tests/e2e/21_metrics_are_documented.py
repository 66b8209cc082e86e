"""The table of metrics in docs/operations.md and /metrics have the same names, types and labels."""

import pathlib
import re

from chat_client import Member, connect, http, in_room, secret
from chat_server import Server, expect, run

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "operations.md"
TYPE = re.compile(r"^# TYPE (\w+) (\w+)$")
LABELS = re.compile(r'^(\w+)\{([^}]*)\}')


def documented(table="metrics"):
    """{name: (type, labels)} by the page."""
    table = re.search(rf"<!-- {table}:begin -->(.*?)<!-- {table}:end -->",
                      PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    metrics = {}
    for line in table.splitlines()[3:]:
        name, kind, labels, meaning = (cell.strip() for cell in line.strip("|").split("|"))
        assert len(meaning) > 5, line
        metrics[name.strip("`")] = (kind, set(re.findall(r"`(\w+)`", labels)))
    return metrics


async def exposed(server):
    """{name: (type, labels)} by the server."""
    metrics = {}
    for line in (await http(server, "GET", "/metrics")).body.decode().splitlines():
        if found := TYPE.match(line):
            metrics[found[1]] = (found[2], set())
        elif found := LABELS.match(line):
            name = re.sub(r"_bucket$", "", found[1])
            metrics[name][1].update(re.findall(r'(\w+)="', found[2]))
            metrics[name][1].discard("le")
    return metrics


async def what_is_exposed_is_documented_and_the_reverse():
    async with Server() as server, Member(server, "lobby", client=secret()) as ann:
        await ann.publish(1, "x")
        async with connect(server, "/ws/lobby/") as plain:
            await in_room(plain)
            await plain.send("nonsense")
            await plain.recv()
        await server.line("DISCONNECT")
        told, written = await exposed(server), documented()
        assert len(told) > 15, told
        expect(sorted(written), sorted(told), "names")
        for name, is_told in told.items():
            expect(written[name], is_told, name)


async def what_rabbitmq_adds_is_documented_too():
    async with Server("--broker", "amqp://127.0.0.1:1/", ready_within=None) as server:
        told, written = await exposed(server), documented("broker-metrics")
        added = {name: is_told for name, is_told in told.items() if name.startswith("chat_broker_")}
        expect(written, added, "metrics of RabbitMQ")
        assert (await http(server, "GET", "/readyz")).status == 503
        assert (await http(server, "GET", "/healthz")).status == 200


async def what_a_shared_layer_adds_is_documented_too():
    async with Server("--broker", "amqp://127.0.0.1:1/", "--layer", "channels",
                      ready_within=None) as server:
        told, written = await exposed(server), documented("channels-metrics")
        added = {name: kind for name, kind in told.items() if name.startswith("chat_channels_")}
        expect(written, added, "metrics of --layer channels")
        assert not [name for name in told if name.startswith("chat_broker_")]
        assert (await http(server, "GET", "/readyz")).status == 503


run(what_is_exposed_is_documented_and_the_reverse, what_rabbitmq_adds_is_documented_too,
    what_a_shared_layer_adds_is_documented_too)
