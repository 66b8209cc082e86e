"""The API for scripts: rooms, messages, members, health, metrics."""

import json
import re

from chat_client import Member, Raw, api, http, public_id, secret
from chat_server import Server, expect, run

ROOM = "/api/rooms/lobby/messages"


async def post(server, **body):
    answer = await http(server, "POST", ROOM, body)
    expect(answer.status, 201, answer)
    return json.loads(answer.body)


async def what_is_posted_is_heard_by_members_and_kept():
    async with Server() as server, Member(server, "lobby", name="ann") as ann:
        posted = await post(server, message={"x": [1.5]}, name="bot")
        expect((posted["room"], posted["repeat"]), ("lobby", False))
        heard = await ann.hear("message")
        expect((heard["seq"], heard["name"], heard["message"]),
               (posted["seq"], "bot", {"x": [1.5]}))
        page = await api(server, "/rooms/lobby/messages")
        expect([m["seq"] for m in page["messages"]], [posted["seq"]])
        expect((page["room"], page["epoch"], page["head"], page["more"]),
               ("lobby", posted["epoch"], posted["seq"], False))


async def values_are_kept_byte_for_byte():
    async with Server() as server:
        body = b'{"message": {"a":1.0,"big":12345678901234567890,"a":-0.0} , "other":1}'
        answer = await http(server, "POST", ROOM, body, headers=["Content-Type: application/json"])
        expect(answer.status, 201)
        kept = (await http(server, "GET", ROOM)).body
        assert b'"message":{"a":1.0,"big":12345678901234567890,"a":-0.0}}' in kept, kept


async def the_type_of_a_body_is_read_without_case_and_parameters():
    async with Server() as server:
        for kind in ("Application/JSON", "application/json ;charset=utf-8", "application/json\t"):
            answer = await http(server, "POST", ROOM, b'{"message":1}', [f"Content-Type: {kind}"])
            expect(answer.status, 201, kind)
        for kind in ("application/jsonx", "text/plain; application/json", ";application/json"):
            answer = await http(server, "POST", ROOM, b'{"message":1}', [f"Content-Type: {kind}"])
            expect(answer.status, 415, kind)


async def a_post_sent_again_is_a_repeat():
    async with Server() as server:
        mine = secret()
        first = await post(server, message="x", client=mine, n=5)
        again = await post(server, message="x", client=mine, n=5)
        expect((again["seq"], again["repeat"]), (first["seq"], True))
        expect((await post(server, message="x", client=secret(), n=5))["repeat"], False)
        async with Member(server, "lobby", client=mine) as ann:
            ack = await ann.publish(5, "x")
            expect((ack["seq"], ack["repeat"]), (first["seq"], True), "the same over a socket")
        page = await api(server, "/rooms/lobby/messages")
        expect([m["client"] for m in page["messages"]][0], public_id(mine))
        expect(len(page["messages"]), 2)


async def pages_are_read_by_since_before_and_limit():
    async with Server() as server:
        posted = [await post(server, message=n) for n in range(30)]
        seqs, epoch = [p["seq"] for p in posted], posted[0]["epoch"]

        async def page(query):
            answer = await api(server, "/rooms/lobby/messages?" + query)
            return [m["seq"] for m in answer["messages"]], answer["more"], answer.get("recovered")

        expect(await page("limit=5"), (seqs[25:], True, None))
        expect(await page(f"since={seqs[3]}&limit=10"), (seqs[4:14], True, None))
        expect(await page(f"since={epoch}:{seqs[25]}"), (seqs[26:], False, True))
        expect(await page(f"since=another:{seqs[25]}"), ([], False, False))
        expect(await page(f"before={seqs[2]}"), (seqs[:2], False, None))
        expect(await page(f"before={seqs[20]}&limit=3"), (seqs[17:20], True, None))
        expect((await page("limit=999999"))[0], seqs, "a limit over the server's is cut to it")


async def rooms_and_members_are_listed():
    async with Server("--workers", "2") as server:
        expect(await api(server, "/rooms"), {"rooms": []})
        posted = await post(server, message=1)
        async with Member(server, "lobby", name="ann"), Member(server, "lobby", name="Bob"), \
                Member(server, "%E8%81%8A", name="eve"):
            rooms = (await api(server, "/rooms"))["rooms"]
            expect([(r["room"], r["members"]) for r in rooms], [("lobby", 2), ("聊", 1)])
            expect((rooms[0]["head"], rooms[0]["epoch"]), (posted["seq"], posted["epoch"]))
            members = await api(server, "/rooms/lobby/members")
            expect((members["count"], sorted(members["members"])), (2, ["Bob", "ann"]))
            expect(await api(server, "/rooms/nobody/members"),
                   {"room": "nobody", "count": 0, "members": []})


async def health_is_told():
    async with Server() as server:
        for target in ("/healthz", "/readyz"):
            answer = await http(server, "GET", target)
            expect((answer.status, answer.body, answer.headers["cache-control"]),
                   (200, b"ok\n", "no-store"))
            expect((await http(server, "HEAD", target)).status, 200)


SAMPLE = re.compile(r'^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+$')


async def metrics_are_in_prometheus_format_and_count():
    async with Server() as server, Member(server, "lobby", client=secret()) as ann:
        await ann.publish(1, "x")
        await ann.publish(1, "x")
        await ann.hear("message")
        answer = await http(server, "GET", "/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4"), answer.headers
        text = answer.body.decode()
        values = {}
        for line in text.splitlines():
            if re.match("# (HELP|TYPE) (chat|process)_", line):
                continue
            assert SAMPLE.match(line), line
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
        told = {"chat_ready": 1, 'chat_members{dialect="v1"}': 1,
                'chat_members{dialect="plain"}': 0, "chat_rooms": 1,
                "chat_messages_total": 1, "chat_repeats_total": 1,
                "chat_delivery_seconds_count": 1}
        expect({name: values[name] for name in told}, told)
        assert values["chat_connections"] >= 2 and values["chat_sent_bytes_total"] > 100
        assert 0 < values["process_cpu_seconds_total"] < 600
        assert values["process_resident_memory_bytes"] > 1 << 20


async def every_error_that_is_told_is_counted_once():
    async with Server() as server:
        for _ in range(2):
            await http(server, "GET", "/assets/none.js")
        await http(server, "GET", "/api/none")
        await http(server, "GET", ROOM + "?limit=0")
        await http(server, "POST", ROOM, b"{", ["Content-Type: application/json"])
        async with await Raw.open(server.address) as raw:
            await raw.send(b"nonsense\r\n\r\n")
            expect((await raw.response()).status, 400)
        text = (await http(server, "GET", "/metrics")).body.decode()
        counted = dict(re.findall(r'^chat_errors_total\{code="([a-z_]+)"\} (\d+)$', text, re.M))
        expect(counted, {"not_found": "3", "bad_frame": "1", "bad_json": "1", "bad_request": "1"})


async def an_expected_body_may_come_late():
    async with Server() as server, await Raw.open(server.address) as raw:
        await raw.send(b"POST " + ROOM.encode() + b" HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                       b"Content-Type: application/json; charset=utf-8\r\nContent-Length: 13\r\n\r\n")
        expect((await raw.response()).status, 100)
        await raw.send(b'{"message":')
        await raw.send(b"1}")
        expect((await raw.response()).status, 201)


run(what_is_posted_is_heard_by_members_and_kept,
    values_are_kept_byte_for_byte,
    the_type_of_a_body_is_read_without_case_and_parameters,
    a_post_sent_again_is_a_repeat,
    pages_are_read_by_since_before_and_limit,
    rooms_and_members_are_listed,
    health_is_told,
    metrics_are_in_prometheus_format_and_count,
    every_error_that_is_told_is_counted_once,
    an_expected_body_may_come_late)
