#!/usr/bin/env python3
"""`chat serve --layer channels` and a node of Django Channels (django_node.py) in the same rooms, over a real RabbitMQ."""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import types
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import msgpack  # noqa: E402
from chat_client import Member, api, closed_with, connect, http, in_room, metric, secret  # noqa: E402
from chat_command import Command, chat, chat_ok, die_with_us, log_of, url_of  # noqa: E402
from chat_server import PATIENCE, Server, expect, run, run_chat, soon  # noqa: E402
from django_node import DjangoNode, body_of, group_of  # noqa: E402
from proxy import Proxy  # noqa: E402
from rabbit import Rabbit, quoted  # noqa: E402

READY = 60  # seconds
VALUES = ("hi 你好 😀", "", None, True, 0, -1, 1.0, -0.0, 0.1, 1e300, 2**63, 12345678901234567890, -2**63,
          "\0", [], {"a": [1, {"b": [None, ""]}], "": {}})
STAY_AWAY = 4003  # "do not come back"
QUEUED = 100  # messages that a node's queue takes


class Vhost:
    """A vhost of a case's own: what a node of either kind is given to be in it."""

    def __init__(self, rabbit, name):
        self.rabbit, self.name = rabbit, name

    def options(self, port=None):
        host, own_port = self.rabbit.amqp[0]
        return ("--layer", "channels", "--broker", f"amqp://guest@{host}:{port or own_port}/{self.name}")

    def node(self, *more, ready_within=READY, port=None):
        return Server(*self.options(port), *more, ready_within=ready_within)

    def django(self, **more):
        return DjangoNode(self.rabbit, self.name, **more)


@contextlib.contextmanager
def a_vhost():
    rabbit = Rabbit()
    with rabbit.vhost("django") as name:
        yield Vhost(rabbit, name)


@contextlib.asynccontextmanager
async def plain_member(node, room):
    async with connect(node, f"/ws/{room}/") as plain:
        await in_room(plain)
        yield plain


async def heard(plain, count):
    """What the page of a plain member would show."""
    return [json.loads(await soon(plain.recv()))["message"] for _ in range(count)]


async def told(member, count):
    return [message["message"] for message in await member.messages(count)]


async def until(look, wanted, what):
    """Waits until what `look()` gives is `wanted`."""
    deadline = time.monotonic() + PATIENCE
    while (found := await look()) != wanted:
        assert time.monotonic() < deadline, f"{what}: {found}, never {wanted}"
        await asyncio.sleep(0.02)


def expect_same(found, wanted, what):
    """1 is not 1.0, and 0.0 not -0.0."""
    expect([repr(value) for value in found], [repr(value) for value in wanted], what)


async def everybody_hears_everybody_once_and_exactly():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as node:
            for room in (f"room_{i}" for i in range(8)):  # of both workers
                await django.join(room)
                async with Member(node, room, name="ann", client=secret()) as ann, \
                        plain_member(node, room) as plain:
                    expect(ann.welcome["guarantee"], "at-most-once")
                    for value in VALUES:
                        assert await django.say(room, value)
                    await django.hear(room, len(VALUES))
                    for n, value in enumerate(VALUES, 1):
                        await ann.publish(n, value)
                    for value in VALUES:
                        await plain.send(json.dumps({"message": value}))
                    wanted = [*VALUES * 3, "the end"]
                    expect_same(await django.hear(room, len(wanted) - 1), wanted[:-1], "at Django's node")
                    assert await django.say(room, "the end")
                    messages = await ann.messages(len(wanted))
                    expect_same([message["message"] for message in messages], wanted, "chat.v1")
                    expect_same(await heard(plain, len(wanted)), wanted, "plain")
                    expect_same(await django.hear(room, len(wanted)), wanted, "at Django's node")
                    names = [message["name"] for message in messages]
                    guest = names[-2]
                    assert guest.startswith("guest-"), guest
                    expect(names, [name for name in ("django", "ann", guest) for _ in VALUES] + ["django"])


async def who_sends_much_is_heard_in_the_order_of_sending():
    count, window = 500, 40  # more than 100 on their way is more than a node of Django takes
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann, \
                plain_member(node, "lobby") as plain:
            await django.join("lobby")

            async def of_django():
                for i in range(count):
                    assert await django.say("lobby", f"django {i}")

            async def come(text):
                while text not in django.heard["lobby"]:
                    django.news.clear()
                    await soon(django.news.wait())

            async def of_ours():
                for i in range(count):
                    await ann.say("send", n=i + 1, message=f"ann {i}")
                    await plain.send(json.dumps({"message": f"plain {i}"}))
                    if i % (window // 2) == 0:
                        await come(f"ann {i}")
                        await come(f"plain {i}")
            await asyncio.gather(of_django(), of_ours())
            wanted = {who: [f"{who} {i}" for i in range(count)] for who in ("django", "ann", "plain")}
            for found in (await django.hear("lobby", 3 * count), await told(ann, 3 * count),
                          await heard(plain, 3 * count)):
                for who, texts in wanted.items():
                    expect([text for text in found if text.startswith(who)], texts, who)
            expect([(await ann.hear("ack"))["n"] for _ in range(count)], [*range(1, count + 1)], "acks")


async def names_presence_history_and_resume_are_those_of_our_node():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as node, \
                Member(node, "lobby", name="bob", client=secret()) as bob:
            await django.join("lobby")
            hers = secret()
            async with Member(node, "lobby", name="ann", client=hers) as ann:
                expect(sorted(ann.welcome["members"]), ["ann", "bob"])
                while "ann" not in (await bob.hear("presence"))["joined"]:
                    pass
                ack = await ann.publish(1, "mine")
                cursor = ann.cursor(ack["seq"])
            expect((await bob.hear("presence"))["left"], ["ann"])
            for text in ("one", "two"):
                assert await django.say("lobby", text)
            await bob.publish(1, "three")
            async with Member(node, "lobby", name="ann", client=hers, since=cursor) as ann:
                expect(ann.welcome["recovered"], True)
                missed = await ann.messages(3)
                expect([(m["name"], m["message"]) for m in missed],
                       [("django", "one"), ("django", "two"), ("bob", "three")])
                again = await ann.publish(1, "mine")
                expect(again["seq"], ack["seq"], "a repeat is answered as the first was")
            kept = (await api(node, "/rooms/lobby/messages?since=0"))["messages"]
            expect([m["message"] for m in kept], ["mine", "one", "two", "three"])
            assert await django.say("lobby", "the end")
            expect(await django.hear("lobby", 5), ["mine", "one", "two", "three", "the end"])


async def two_nodes_of_ours_and_one_of_django_share_a_room():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as a, vhost.node() as b, \
                Member(a, "lobby", name="ann", client=secret()) as ann, plain_member(a, "lobby") as at_a, \
                Member(b, "lobby", name="bob", client=secret()) as bob, plain_member(b, "lobby") as at_b:
            await django.join("lobby")
            count = 20
            for i in range(1, count + 1):
                for sender in (ann, bob):
                    await sender.say("send", n=i, message=f"{sender.name} {i}")
                for name, sender in (("a", at_a), ("b", at_b)):
                    await sender.send(json.dumps({"message": f"{name} {i}"}))
                assert await django.say("lobby", f"django {i}")
                await django.hear("lobby", 5 * i)  # as many as it can take
            wanted = {who: [f"{who} {i}" for i in range(1, count + 1)] for who in ("ann", "bob", "a", "b", "django")}
            everything = 5 * count
            for found in (await told(ann, everything), await told(bob, everything), await heard(at_a, everything),
                          await heard(at_b, everything), await django.hear("lobby", everything),
                          await log_of(a), await log_of(b)):
                expect(len(found), everything)
                for who, texts in wanted.items():
                    expect([text for text in found if text.split()[0] == who], texts, who)
            # It is seen at the other node who it was.
            kept = (await api(b, "/rooms/lobby/messages?since=0&limit=200"))["messages"]
            expect({m["name"] for m in kept if m["message"].startswith("ann")}, {"ann"})


async def a_client_that_changes_node_with_something_unanswered_makes_no_duplicate():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as a, vhost.node() as b, \
                Member(a, "lobby", name="ann", client=secret()) as ann, \
                Member(b, "lobby", name="bob", client=secret()) as bob:
            await django.join("lobby")
            hers, n, sure = secret(), 0, []
            for has_come in (True, False) * 10:
                n += 1
                async with Member(a, "lobby", name="eve", client=hers) as eve:
                    await eve.say("send", n=n, message=n)
                    if has_come:
                        await bob.hear("message")
                        sure.append(n)
                    eve.socket.transport.abort()  # and so no ack
                async with Member(b, "lobby", name="eve", client=hers) as eve:
                    await eve.publish(n, n)
                if not has_come:
                    await bob.hear("message")
            await ann.publish(1, "the end")
            wanted = [*range(1, n + 1), "the end"]
            expect(await told(ann, n + 1), wanted, "at the node that it left")
            expect(await told(bob, 1), wanted[-1:], "at the other")
            expect(await log_of(a), wanted)
            expect(await log_of(b), wanted)
            at_django = await django.hear("lobby", n + 1)
            expect([value for value in at_django if value in sure], sure, "a repeat is not sent out")


async def a_full_node_of_django_is_counted_and_harms_nobody_else():
    with a_vhost() as vhost:
        async with vhost.django(is_reading=False) as django, vhost.django() as other, vhost.node() as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann, plain_member(node, "lobby") as plain:
            await django.join("lobby")
            await other.join("lobby")
            count = QUEUED + 30
            for n in range(1, count + 1):
                await ann.publish(n, n)
            await until(lambda: metric(node, "chat_channels_nacked_total"), 30, "nacks")
            expect(await metric(node, "chat_channels_published_total"), count)
            numbers = [*range(1, count + 1)]
            expect(await told(ann, count), numbers)
            expect(await heard(plain, count), numbers)
            expect(await other.hear("lobby", count), numbers, "another node of Django")
            await django.read()
            await django.hear("lobby", QUEUED)
            await ann.publish(count + 1, "the end")
            expect(await django.hear("lobby", QUEUED + 1), [*numbers[:QUEUED], "the end"], "the first, once each")


def message_of(packed, room="lobby"):
    """A body whose `message` is these bytes of MessagePack."""
    return (b"\x83" + msgpack.packb("type") + msgpack.packb("chat_message") + msgpack.packb("message") + packed
            + msgpack.packb("__asgi_group__") + msgpack.packb(group_of(room)))


def without(key):
    event = msgpack.unpackb(body_of("lobby", "x"))
    del event[key]
    return msgpack.packb(event)


HOSTILE = (
    b"", b"hello", b"{\"type\":\"chat_message\"}", b"\x00" * 1000, b"\xc1", b"\x93\x01\x02\x03", msgpack.packb(None),
    body_of("lobby", "x") + b"\xc0", body_of("lobby", "x")[:-1],
    without("type"), without("message"), without("__asgi_group__"), msgpack.packb({}),
    body_of("lobby", "x", __asgi_channel__="channels_abc!d"),
    body_of("lobby", "x", type="websocket.close"), body_of("lobby", "x", type="_x"), body_of("lobby", "x", type=5),
    body_of("lobby", "x", type=b"chat_message"), body_of("lobby", "x", __asgi_group__=["chat_lobby"]),
    body_of("lobby", "x", __asgi_group__="lobby"), body_of("lobby", "x", __asgi_group__="chat_聊天"),
    body_of("lobby", "x", __asgi_group__="chat_" + "x" * 95), body_of("lobby", "x", __asgi_group__="chat_"),
    msgpack.packb({**msgpack.unpackb(body_of("lobby", "x")), 5: 5}),
    msgpack.packb({key.encode(): value for key, value in msgpack.unpackb(body_of("lobby", "x")).items()}),
    body_of("lobby", b"bin"), body_of("lobby", {"a": b"bin"}), body_of("lobby", msgpack.ExtType(5, b"x")),
    body_of("lobby", float("nan")), body_of("lobby", [float("inf")]), body_of("lobby", {"a": -float("inf")}),
    message_of(b"\x81\x05\x05"), message_of(b"\x81\xc0\x05"), message_of(b"\xa2\xff\xfe"),
    message_of(b"\xa3\xed\xa0\x80"),  # half of a surrogate pair
    message_of(b"\xdd\xff\xff\xff\xff"), message_of(b"\xdf\xff\xff\xff\xff"), message_of(b"\xdb\xff\xff\xff\xffx"),
    b"\xdf\xff\xff\xff\xff", b"\x91" * 1_000_000, b"\x81\xa1x" * 300_000,
    message_of(b"\x91" * 100_000 + b"\xc0"), message_of(b"\x81\xa1x" * 100_000 + b"\xc0"),
)


async def hostile_bodies_are_counted_and_passed_over():
    with a_vhost() as vhost:
        async with vhost.django() as attacker, vhost.node("--workers", "1") as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann, plain_member(node, "lobby") as plain:
            async def put(body):
                assert await attacker.put(body, "chat_lobby")
            skipped = 0

            async def expect_skipped(body):
                nonlocal skipped
                skipped += 1
                await put(body)
                await put(body_of("lobby", skipped))
                expect((await told(ann, 1), await heard(plain, 1)), ([skipped], [skipped]), body[:60])
                expect(await metric(node, "chat_channels_skipped_total"), skipped, body[:60])
            for body in HOSTILE:
                await expect_skipped(body)
            for huge in (b"\x91", message_of(msgpack.packb("x" * 10_000_000))):
                await expect_skipped(huge.ljust(10_000_000, b"\x91"))
            before = node.resident_bytes()
            for _ in range(10):
                await expect_skipped(message_of(msgpack.packb("x" * 10_000_000)))
            assert node.resident_bytes() - before < 64 << 20, (before, node.resident_bytes())
            expect(len([line for line in node.lines if "was skipped" in line]), 1, "lines of the log")
            expect((await http(node, "GET", "/readyz")).status, 200)


async def what_a_node_of_django_takes_is_taken():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann:
            event = msgpack.unpackb(body_of("lobby", "x"))
            for i, body in enumerate((
                    msgpack.packb(dict(reversed([*event.items()]))), body_of("lobby", "x", type="chat.message"),
                    body_of("lobby", "x", more=[{5: b"bin"}], ext=msgpack.ExtType(5, b"x")),
                    # Nothing of ours, though it looks so.
                    body_of("lobby", "x", chat_node=5, chat_number="x", chat_name="\0", chat_client=[], chat_n=-1),
                    body_of("lobby", "x", chat_name="x" * 5000, chat_client="x" * 5000, chat_n=2**64 - 1)), 1):
                assert await django.put(body, "chat_lobby")
                message, = await ann.messages(1)
                expect((message["seq"], message["name"], message["message"]), (i, "django", "x"), body)
            expect(await metric(node, "chat_channels_skipped_total"), 0)


async def a_message_for_a_room_that_nobody_is_in_makes_no_room():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as node, \
                Member(node, "lobby", name="ann", client=secret()) as ann:
            for i in range(20):
                assert await django.put(body_of(f"other_{i}", "x"), "chat_lobby")
            assert await django.say("lobby", "the end")
            expect(await told(ann, 1), ["the end"])
            expect([room["room"] for room in (await api(node, "/rooms"))["rooms"]], ["lobby"])


async def rooms_and_values_that_django_cannot_have_are_refused_to_their_sender():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node() as node, \
                Member(node, "x" * 94, name="ann", client=secret()) as ann, plain_member(node, "x" * 94) as plain:
            await django.join("x" * 94)
            chinese = f"/ws/{urllib.parse.quote('聊天')}/"
            async with connect(node, chinese) as refused:
                shown = json.loads(await soon(refused.recv()))
                expect(shown["error"], {"code": "bad_room"})
                assert "Django Channels" in shown["message"], shown
                expect((await closed_with(refused))[0], STAY_AWAY)
            async with connect(node, chinese, subprotocols=["chat.v1"]) as refused:
                await refused.send(json.dumps({"type": "hello"}))
                error = json.loads(await soon(refused.recv()))
                expect((error["type"], error["code"]), ("error", "bad_room"))
                assert "Django Channels" in error["text"], error
                expect((await closed_with(refused))[0], STAY_AWAY)
            code, _, errors = await chat("send", "聊天", "x", "--url", url_of(node))
            expect(code, 5, errors)
            assert "Django Channels" in errors, errors
            response = await http(node, "GET", f"/ws/{'x' * 95}/")
            expect(response.status, 404)
            for number in ("18446744073709551616", "-9223372036854775809", "[1, {\"a\": 1" + "0" * 40 + "}]"):
                await ann.socket.send('{"type": "send", "n": 1, "message": %s}' % number)
                error = await ann.hear("error")
                expect((error["code"], error["n"]), ("bad_json", 1), error)
                await plain.send('{"message": %s}' % number)
                shown = json.loads(await soon(plain.recv()))
                assert "error" in shown, shown
            await ann.publish(1, 2**64 - 1)
            expect(await told(ann, 1), [2**64 - 1])
            expect(await heard(plain, 1), [2**64 - 1])
            expect(await django.hear("x" * 94, 1), [2**64 - 1])


async def an_exchange_with_other_settings_is_told_once_and_waited_for():
    with a_vhost() as vhost:
        host, port = vhost.rabbit.amqp[0]
        vhost.rabbit.api("PUT", f"exchanges/{quoted(vhost.name)}/groups", {"type": "direct", "durable": True})
        async with Proxy(host, port) as proxy, \
                vhost.node("--workers", "1", ready_within=None, port=proxy.port) as node:
            line = await node.line("RabbitMQ: ")
            assert "durable" in line and "groups" in line, line
            expect((await http(node, "GET", "/readyz")).status, 503)

            async def tries():
                return proxy.accepted >= 4
            await until(tries, True, "tries")
            expect(len([line for line in node.lines if "RabbitMQ: " in line]), 1, "it is told once")
            vhost.rabbit.api("DELETE", f"exchanges/{quoted(vhost.name)}/groups")

            async def status():
                return (await http(node, "GET", "/readyz")).status
            await until(status, 200, "ready")
            async with vhost.django() as django, Member(node, "lobby", name="ann", client=secret()) as ann:
                await django.join("lobby")
                await ann.publish(1, "x")
                expect(await django.hear("lobby", 1), ["x"])


async def an_exchange_that_is_made_anew_behind_our_back_leaves_nobody_waiting():
    with a_vhost() as vhost:
        async with vhost.node("--workers", "1") as node, Member(node, "lobby", name="ann", client=secret()) as ann:
            await ann.publish(1, "before")
            vhost.rabbit.api("DELETE", f"exchanges/{quoted(vhost.name)}/groups")
            async with vhost.django() as django:  # which makes it again
                await django.join("lobby")
                await ann.publish(2, "meanwhile")
                expect(await told(ann, 2), ["before", "meanwhile"])
                await ann.publish(3, "bound again")  # goes out behind the binding, and comes back by it
                expect(await told(ann, 1), ["bound again"])
                expect(await metric(node, "chat_channels_unsure_total"), 1, "that did not come back")
                assert await django.say("lobby", "after")
                expect(await told(ann, 1), ["after"])
                await ann.publish(4, "the end")
                expect(await django.hear("lobby", 4), ["meanwhile", "bound again", "after", "the end"])


async def the_verbs_work_in_shared_rooms():
    with a_vhost() as vhost:
        async with vhost.django() as django, vhost.node("--workers", "2") as node:
            await django.join("lobby")
            url = ("--url", url_of(node))
            await chat_ok("send", "lobby", "to nobody of ours", *url)
            expect(await django.hear("lobby", 1), ["to nobody of ours"])
            async with Command("tail", "lobby", "--json", *url) as tail, \
                    Command("join", "lobby", "--name", "bob", *url, stdin=None) as join:
                await until(lambda: metric(node, "chat_members"), 2, "both are in the room")
                await chat_ok("send", "lobby", "deploy begins", "--name", "ann", *url)
                await django.hear("lobby", 2)
                assert await django.say("lobby", "hi 你好")
                await django.hear("lobby", 3)
                await join.feed(b"here\n")
                expect(await django.hear("lobby", 4), ["to nobody of ours", "deploy begins", "hi 你好", "here"])
                wanted = [("ann", "deploy begins"), ("django", "hi 你好"), ("bob", "here")]
                lines = [json.loads(await tail.line()) for _ in range(3)]
                while lines[0]["message"] == "to nobody of ours":  # of the history
                    lines = [*lines[1:], json.loads(await tail.line())]
                expect([(m["name"], m["message"]) for m in lines], wanted)
                shown = [await join.line() for _ in range(3)]
                assert shown[-1] == "bob: here" or (await join.line()) == "bob: here", shown


async def the_layer_needs_a_rabbitmq():
    for more in ((), ("--broker", "local")):
        code, _, errors = await run_chat("serve", "--listen", "127.0.0.1:0", "--layer", "channels", *more)
        expect(code, 2, errors)
        assert "--broker amqp://" in errors, errors


async def history_on_disk_outlives_our_node():
    with a_vhost() as vhost, tempfile.TemporaryDirectory() as folder:
        async with vhost.django() as django:
            await django.join("lobby")
            for turn in range(2):
                async with vhost.node("--workers", "2", "--data", folder) as node, \
                        Member(node, "lobby", name="ann", client=secret()) as ann:
                    await ann.publish(1, f"ann {turn}")
                    assert await django.say("lobby", f"django {turn}")
                    expect(await told(ann, 2), [f"ann {turn}", f"django {turn}"])
                    expect(await log_of(node), [f"{who} {i}" for i in range(turn + 1) for who in ("ann", "django")])
            assert await django.say("lobby", "the end")
            expect(await django.hear("lobby", 5), ["ann 0", "django 0", "ann 1", "django 1", "the end"])


@contextlib.asynccontextmanager
async def daphne(vhost):
    """A site on Django Channels in the vhost; what it has is an `address`, as a node of ours."""
    host, port = vhost.rabbit.amqp[0]
    process = await asyncio.create_subprocess_exec(
        "/usr/bin/python3", "-B", "-m", "daphne", "-b", "127.0.0.1", "-p", "0", "django_site:application",
        cwd=HERE, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        preexec_fn=die_with_us, env={**os.environ, "DJANGO_SITE_BROKER": f"{host} {port} {vhost.name}"})
    try:
        said = b""
        while not (found := re.search(rb"Listening on TCP address (127\.0\.0\.1:\d+)", said)):
            line = await soon(process.stderr.readline())
            assert line, said.decode()
            said += line
        reading = asyncio.create_task(process.stderr.read())
        yield types.SimpleNamespace(address=found[1].decode())
    finally:
        if process.returncode is None:
            process.kill()
        await soon(process.wait())
    await soon(reading)


async def people_on_a_site_of_django_and_on_ours_talk():
    with a_vhost() as vhost:
        async with daphne(vhost) as site, vhost.node("--workers", "2") as node, \
                connect(site, "/ws/lobby/") as visitor, connect(site, "/ws/lobby/") as other, \
                plain_member(node, "lobby") as plain, Member(node, "lobby", name="ann", client=secret()) as ann:
            wanted = []
            for n, value in enumerate(VALUES, 1):
                for who in (visitor, plain, ann):
                    if who is ann:
                        await ann.publish(n, value)
                    else:
                        await who.send(json.dumps({"message": value}))
                    wanted.append(value)
                    for socket in (visitor, other, plain):
                        expect_same(await heard(socket, 1), [value], "each hears it")
            await visitor.send(json.dumps({"message": "the end"}))
            wanted.append("the end")
            for socket in (visitor, other, plain):
                expect(await heard(socket, 1), ["the end"])
            expect_same(await told(ann, len(wanted)), wanted, "chat.v1")


CASES = (
    everybody_hears_everybody_once_and_exactly,
    who_sends_much_is_heard_in_the_order_of_sending,
    names_presence_history_and_resume_are_those_of_our_node,
    two_nodes_of_ours_and_one_of_django_share_a_room,
    a_client_that_changes_node_with_something_unanswered_makes_no_duplicate,
    a_full_node_of_django_is_counted_and_harms_nobody_else,
    hostile_bodies_are_counted_and_passed_over,
    what_a_node_of_django_takes_is_taken,
    a_message_for_a_room_that_nobody_is_in_makes_no_room,
    rooms_and_values_that_django_cannot_have_are_refused_to_their_sender,
    an_exchange_with_other_settings_is_told_once_and_waited_for,
    an_exchange_that_is_made_anew_behind_our_back_leaves_nobody_waiting,
    the_verbs_work_in_shared_rooms,
    the_layer_needs_a_rabbitmq,
    history_on_disk_outlives_our_node,
    people_on_a_site_of_django_and_on_ours_talk,
)

run(*(case for case in CASES if not sys.argv[1:] or case.__name__ in sys.argv[1:]))
