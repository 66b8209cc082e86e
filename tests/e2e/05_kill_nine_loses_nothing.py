"""kill -9 at random moments while five clients send: what was acknowledged is there, once, as acknowledged.

    CHAT_SEED=N repeats a run.
"""

import asyncio
import os
import random
import tempfile

import websockets

from chat_client import Member, api, public_id, secret
from chat_server import Server, expect, run

SEED = int(os.environ.get("CHAT_SEED") or int.from_bytes(os.urandom(4), "big"))
ROUNDS = 5
CLIENTS = 5
WINDOW = 64  # unacknowledged at once


class Sender:
    """Sends n after n, keeps what has no ack and sends it again, as a chat.v1 client should."""

    def __init__(self, name):
        self.name, self.secret = name, secret()
        self.next_n = 1
        self.unacked = {}    # n → value
        self.acked = {}      # n → seq
        self.seen = []       # (client, n, seq), as delivered
        self.epoch = None
        self.joined_at = 0   # the room's head when it first came

    async def talk(self, server, on_ack, until=None):
        """Resumes, sends what is unacknowledged again, then new ones; `until`: only what is left."""
        since = {"epoch": self.epoch, "seq": self.seen[-1][2] if self.seen else self.joined_at}
        hello = {"since": since} if self.epoch else {}
        async with Member(server, "lobby", name=self.name, client=self.secret, **hello) as member:
            if self.epoch:
                expect(member.welcome.get("recovered"), True, f"{self.name} resumes from {since}")
            else:
                self.joined_at = member.welcome["head"]
            self.epoch = member.welcome["epoch"]
            for n, value in self.unacked.items():
                await member.say("send", n=n, message=value)
            while until is None or not until(self):
                while until is None and len(self.unacked) < WINDOW:
                    n, value = self.next_n, f"{self.name} {self.next_n}"
                    self.next_n += 1
                    self.unacked[n] = value
                    await member.say("send", n=n, message=value)
                self.take(await member.hear("ack", "message"), on_ack)

    def take(self, frame, on_ack):
        if frame["type"] == "message":
            self.seen.append((frame["client"], frame["n"], frame["seq"]))
            return
        expect(self.acked.setdefault(frame["n"], frame["seq"]), frame["seq"], "a repeat's seq")
        self.unacked.pop(frame["n"], None)
        on_ack()


async def one_round(server, senders, kill_after):
    """All talk until so many acks came in sum, then the server is killed."""
    acks, enough = 0, asyncio.Event()

    def on_ack():
        nonlocal acks
        acks += 1
        if acks == kill_after:
            enough.set()

    async def talk(sender):
        try:
            await sender.talk(server, on_ack)
        except (websockets.WebSocketException, OSError, EOFError):
            assert enough.is_set(), "the connection broke before the kill"

    talks = asyncio.gather(*map(talk, senders))
    waiting = asyncio.create_task(enough.wait())
    await asyncio.wait((talks, waiting), timeout=40, return_when=asyncio.FIRST_COMPLETED)
    if not enough.is_set():
        waiting.cancel()
        await talks
    await server.kill()
    await talks


async def log_of(server):
    """The whole room over the API: [(client, n, seq)] in order."""
    messages, since = [], 0
    while True:
        page = await api(server, f"/rooms/lobby/messages?since={since}&limit=200")
        messages += [(m["client"], m["n"], m["seq"]) for m in page["messages"]]
        if not page["more"]:
            return messages
        since = messages[-1][2]


async def what_was_acknowledged_survives_kill_nine():
    print(f"    CHAT_SEED={SEED}", flush=True)
    dice = random.Random(SEED)
    senders = [Sender(f"p{i}") for i in range(CLIENTS)]
    with tempfile.TemporaryDirectory() as data:
        options = ("--data", data, "--max-frames-per-second", "0",
                   "--history-max-messages", "0", "--history-max-bytes", "0")
        for _ in range(ROUNDS):
            workers, kill_after = str(dice.randint(1, 3)), dice.randint(1, 400)
            async with Server(*options, "--workers", workers) as server:
                log = await log_of(server)
                for sender in senders:
                    mine = {n: seq for client, n, seq in log if client == public_id(sender.secret)}
                    lost = {n for n, seq in sender.acked.items() if mine.get(n) != seq}
                    assert not lost, f"{sender.name}: acknowledged and gone or moved: {lost}"
                await one_round(server, senders, kill_after)
        async with Server(*options) as server:
            await asyncio.gather(*(
                sender.talk(server, lambda: None, until=lambda me: not me.unacked)
                for sender in senders))
            log = await log_of(server)
            await asyncio.gather(*(
                sender.talk(server, lambda: None, until=lambda me: me.seen[-1:] == log[-1:])
                for sender in senders))
            check(log, senders)
            await sent_again_it_is_a_repeat(server, senders)
            expect(await log_of(server), log, "repeats add nothing")


def check(log, senders):
    expect([seq for _, _, seq in log], sorted({seq for _, _, seq in log}), "seqs grow")
    expect(len({(client, n) for client, n, _ in log}), len(log), "each (client, n) is there once")
    for sender in senders:
        mine = {n: seq for client, n, seq in log if client == public_id(sender.secret)}
        expect(mine, sender.acked, f"{sender.name}: the log has what was acknowledged, as such")
        expect(sorted(mine), list(range(1, sender.next_n)), f"{sender.name}: no gap")
        since_then = [message for message in log if message[2] > sender.joined_at]
        expect(sender.seen, since_then, f"{sender.name} saw all since it came, each message once")
    print(f"    {len(log)} messages over {ROUNDS} kills", flush=True)


async def sent_again_it_is_a_repeat(server, senders):
    for sender in senders:
        n = sender.next_n - 1
        async with Member(server, "lobby", client=sender.secret) as member:
            ack = await member.publish(n, "again")
            expect((ack["seq"], ack.get("repeat")), (sender.acked[n], True))


run(what_was_acknowledged_survives_kill_nine)
