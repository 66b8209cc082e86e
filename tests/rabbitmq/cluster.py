"""Several `chat serve` nodes on one RabbitMQ, and clients on all of them that remember all they saw.

    async with Cluster(folder, seed, nodes=2, rabbit=rabbit) as cluster:
        cluster.start_traffic()
        …                              # what is done to it: faults.py
        verdict = await cluster.finish()

Without `rabbit` it is one node with the local broker and its history on disk, or with durable=False in memory.
"""

import asyncio
import functools
import json
import os
import pathlib
import random
import secrets
import signal
import subprocess
import sys
import time
import traceback

import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from chat_client import api, connect, in_room, secret  # noqa: E402
from chat_server import BINARY, SANITIZER, Server  # noqa: E402
from checker import Log, Part, Plain, Verdict, View, judge  # noqa: E402
from proxy import Proxy  # noqa: E402
from rabbit import Refused  # noqa: E402

READY_WITHIN = 90    # seconds for a node to catch up
SETTLE_WITHIN = 90   # seconds for everything to be answered, once all is healed
WINDOW = 32          # unacknowledged at once
CONNECTING = 5       # seconds for a client to get in, before it tries another node
JUMPING_CLOCK = os.environ.get("CHAT_JUMPING_CLOCK")  # the library made of wall_clock.c
CUT = (websockets.WebSocketException, OSError, EOFError, asyncio.TimeoutError)
# The node asks to send again, or to come back.
AGAIN = {"busy", "unavailable", "rate_limited", "inflight_exceeded", "draining", "log_replaced"}


async def until(condition, seconds):
    """False when it has not become true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


# ---- nodes


class Clock:
    """The wall clock of a node, that can jump while it runs (wall_clock.c)."""

    def __init__(self, file):
        self.file = file
        self.jump(0)

    @staticmethod
    @functools.cache
    def works():
        """Not without the library, nor with a sanitizer that wants to be loaded first."""
        if JUMPING_CLOCK is None:
            return False
        probe = subprocess.run([BINARY, "version"], check=False, timeout=20, capture_output=True,
                               env={**os.environ, "LD_PRELOAD": JUMPING_CLOCK})
        return probe.returncode == 0 and not probe.stderr

    def jump(self, seconds):
        """So far from the true time from now on."""
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))

    def variables(self):
        return {"LD_PRELOAD": JUMPING_CLOCK, "CHAT_TEST_CLOCK": str(self.file)}


class Node:
    def __init__(self, name, options, folder):
        self.name, self.options = name, options
        self.clock = Clock(folder / f"{name}.clock") if Clock.works() else None
        self.proxies = []
        self.server = None
        self.up = False  # as far as we have not killed it
        self.complaints = []

    async def start(self):
        variables = self.clock.variables() if self.clock else {}
        server = Server(*self.options, ready_within=READY_WITHIN, variables=variables)
        await server.__aenter__()
        self.server = server  # clients go where the old one was until then
        self.up = True

    async def kill(self):
        """kill -9."""
        self.up = False
        self._look_at_log()
        await self.server.kill()

    def freeze(self):
        self.server.signal(signal.SIGSTOP)

    def thaw(self):
        if self.server.process.returncode is None:
            self.server.signal(signal.SIGCONT)

    def ended_by_itself(self):
        return self.up and self.server.process.returncode is not None

    async def end(self):
        """As an operator ends it: SIGTERM, exit code 0."""
        if not self.up:
            return
        self.up = False
        self._look_at_log()
        try:
            await self.server.__aexit__(None, None, None)
        except AssertionError as error:
            self.complaints.append(f"{self.name}: {error}")

    def _look_at_log(self):
        if folder := os.environ.get("CHAT_FAULTS_LOGS"):
            with open(pathlib.Path(folder) / f"{self.name}.log", "a", encoding="utf-8") as log:
                log.write("\n".join(self.server.lines) + "\n---- ends\n")
        if self.server.process.returncode is not None:
            self.complaints.append(f"{self.name} ended by itself: {self.server.lines[-3:]}")
        self.complaints += [f"{self.name}: {line}" for line in self.server.lines
                            if SANITIZER.search(line)]


# ---- clients


class Client:
    """A chat.v1 client as it should be: resumes, sends again what had no ack, tries another node."""

    def __init__(self, cluster, room, name, seed):
        self.cluster, self.room, self.name = cluster, room, name
        self.dice = random.Random(seed)
        self.secret = secret()
        self.view = View(name)
        self.next_n = 1
        self.unacked = {}    # n → when it was first sent
        self.again = {}      # n → when to send it again
        self.last_ack = 0.0
        self.reconnects = 0
        self.complaints = []

    def text(self, n):
        return f"{self.name} {n}"

    @property
    def seen_through(self):
        part = self.view.parts[-1] if self.view.parts else None
        return (part.epoch, part.messages[-1][0] if part.messages else part.after) if part else None

    async def run(self):
        while not self.cluster.closing:
            try:
                await self._talk(self.dice.choice(self.cluster.nodes))
            except CUT:
                self.reconnects += 1
            await asyncio.sleep(self.dice.uniform(0.02, 0.3))

    async def _talk(self, node):
        async with connect(node.server, f"/ws/{self.room}/", subprotocols=["chat.v1"],
                           open_timeout=CONNECTING, close_timeout=1) as socket:
            hello = {"type": "hello", "client": self.secret, "name": self.name}
            if self.view.parts:
                epoch, seq = self.seen_through
                hello["since"] = {"epoch": epoch, "seq": seq}
            await socket.send(json.dumps(hello))
            welcome = json.loads(await asyncio.wait_for(socket.recv(), CONNECTING))
            if welcome["type"] != "welcome":
                return
            self._welcomed(welcome)
            self.again = {n: 0.0 for n in self.unacked}
            sending = asyncio.create_task(self._send(socket))
            try:
                async for frame in socket:
                    self._take(json.loads(frame))
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    def _welcomed(self, welcome):
        parts = self.view.parts
        if not parts:
            parts.append(Part(welcome["epoch"], welcome["head"]))
        elif welcome.get("recovered"):
            if welcome["epoch"] != parts[-1].epoch:
                self.complaints.append(f"{self.name}: recovered, but from {parts[-1].epoch} to "
                                       f"{welcome['epoch']}")
                parts.append(Part(welcome["epoch"], 0))
        elif "before" in welcome.get("missing", {}):
            parts[-1].gaps.append((welcome["missing"]["after"], welcome["missing"]["before"]))
        elif "epoch" not in welcome.get("missing", {}):
            self.complaints.append(f"{self.name}: not recovered, and not told what is missing")
        elif welcome["epoch"] != parts[-1].epoch:
            parts.append(Part(welcome["epoch"], welcome["head"]))
        else:
            parts[-1].gaps.append((self.seen_through[1], welcome["head"] + 1))

    async def _send(self, socket):
        """Ends the connection when the node leaves something unanswered for too long."""
        patience = self.dice.uniform(3, 8)
        came = time.monotonic()
        while True:
            now = time.monotonic()
            oldest = min((max(since, came) for since in self.unacked.values()), default=now)
            if now - oldest > patience:
                socket.transport.abort()
                return
            for n in sorted(n for n, when in self.again.items() if when <= now):
                del self.again[n]
                await self._say(socket, n)
            if not self.cluster.finishing and len(self.unacked) < WINDOW:
                n, self.next_n = self.next_n, self.next_n + 1
                self.unacked[n] = now
                self.view.sent.add(self.text(n))
                await self._say(socket, n)
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) / self.cluster.rate)

    async def _say(self, socket, n):
        await socket.send(json.dumps({"type": "send", "n": n, "message": self.text(n)}))

    def _take(self, frame):
        kind = frame["type"]
        if kind == "message":
            self.view.parts[-1].messages.append((frame["seq"], frame["message"]))
        elif kind == "ack":
            self._acked(frame["n"], frame["seq"])
        elif kind == "error":
            replaced = self.cluster.epochs_may_change and frame["code"] == "log_replaced"
            if frame["code"] not in AGAIN and not replaced:
                self.complaints.append(f"{self.name}: {frame}")
            elif frame.get("n") in self.unacked:
                wait = frame.get("retry_after_ms", 200) / 1000
                self.again[frame["n"]] = time.monotonic() + wait

    def _acked(self, n, seq):
        now = (self.view.parts[-1].epoch, seq)
        before = self.view.acked.setdefault(self.text(n), now)
        if before != now and before[0] == now[0]:
            self.complaints.append(f"{self.name}: {n} was acknowledged as {before} and as {now}")
        self.unacked.pop(n, None)
        self.again.pop(n, None)
        self.last_ack = time.monotonic()
        self.cluster.acks.append(self.last_ack)


class PlainClient:
    """A client of the tutorial: sends, counts, and comes back without a memory."""

    def __init__(self, cluster, room, name, seed):
        self.cluster, self.room, self.name = cluster, room, name
        self.dice = random.Random(seed)
        self.sent = 0
        self.connections = []
        self.live = None
        self.reconnects = 0

    async def run(self):
        while not self.cluster.closing:
            try:
                await self._talk(self.dice.choice(self.cluster.nodes))
            except CUT:
                self.reconnects += 1
            self.live = None
            await asyncio.sleep(self.dice.uniform(0.02, 0.3))

    async def _talk(self, node):
        async with connect(node.server, f"/ws/{self.room}/", open_timeout=CONNECTING,
                           close_timeout=1) as socket:
            await asyncio.wait_for(in_room(socket), CONNECTING)
            self.live = Plain(self.name, [])
            self.connections.append(self.live)
            sending = asyncio.create_task(self._send(socket))
            try:
                async for frame in socket:
                    message = json.loads(frame)
                    if "error" not in message:
                        self.live.texts.append(message["message"])
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, socket):
        while not self.cluster.finishing:
            self.sent += 1
            await socket.send(json.dumps({"message": f"plain-{self.name} {self.sent}"}))
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) / self.cluster.rate)


# ---- all together


async def end_all(tasks):
    """Cancels until they have ended: wait_for of Python 3.11 drops a cancellation that comes with its result."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=1)


class Cluster:
    def __init__(self, folder, seed, nodes=2, rooms=3, clients=12, plains=3, rate=15, rabbit=None,
                 durable=True):
        self.folder = pathlib.Path(folder)
        self.dice = random.Random(seed)
        self.rabbit, self.rate, self.durable = rabbit, rate, durable
        self.node_count = nodes if rabbit else 1
        self.rooms = [f"room{i}" for i in range(rooms)]
        self.clients = [Client(self, self.rooms[i % rooms], f"c{i}", self.dice.random())
                        for i in range(clients)]
        self.plains = [PlainClient(self, self.rooms[i % rooms], f"p{i}", self.dice.random())
                       for i in range(plains)]
        self.nodes, self.tasks, self.proxies = [], [], []
        self.finishing = self.closing = False
        self.epochs_may_change = False
        self.acks = []       # when
        self.complaints = []
        self.vhost = self.user = f"faults-{secrets.token_hex(6)}"
        self.password = secrets.token_urlsafe(18)

    async def __aenter__(self):
        try:
            if self.rabbit:
                await self.make_vhost()
            for i in range(self.node_count):
                self.nodes.append(await self._make_node(f"node{i + 1}"))
            await asyncio.gather(*(node.start() for node in self.nodes))
        except BaseException:
            await self.__aexit__(*sys.exc_info())
            raise
        return self

    async def __aexit__(self, *_):
        self.closing = True
        await end_all(self.tasks)
        for node in self.nodes:
            if node.server and node.server.process.returncode is None:
                await node.server.kill()
        for proxy in self.proxies:
            await proxy.__aexit__()
        if self.rabbit:
            try:
                await asyncio.to_thread(self.rabbit.delete_vhost, self.vhost)
                await asyncio.to_thread(self.rabbit.delete_user, self.user)
            except Refused as refused:  # a fault that failed half-way may have left it down
                print(f"the vhost could not be removed: {refused}", file=sys.stderr)

    async def make_vhost(self):
        await asyncio.to_thread(self.rabbit.make_vhost, self.vhost)
        await self.give_credentials()

    async def give_credentials(self):
        await asyncio.to_thread(self.rabbit.make_user, self.user, self.password)
        await asyncio.to_thread(self.rabbit.permit, self.user, self.vhost)

    async def _make_node(self, name):
        options = ["--max-frames-per-second", "0", "--history-max-messages", "0",
                   "--history-max-bytes", "0", "--drain-spread", "1s"]
        proxies = []
        if self.rabbit:
            hosts = []
            for host, port in self.rabbit.amqp:
                proxy = Proxy(host, port)
                await proxy.__aenter__()
                self.proxies.append(proxy)
                proxies.append(proxy)
                hosts.append(f"127.0.0.1:{proxy.port}")
            self.dice.shuffle(hosts)
            file = self.folder / "password"
            file.touch(mode=0o600)
            file.write_text(self.password + "\n", encoding="ascii")
            options += ["--broker", f"amqp://{self.user}@{','.join(hosts)}/{self.vhost}",
                        "--amqp-password-file", str(file)]
        elif self.durable:
            options += ["--data", str(self.folder / name)]
        node = Node(name, options, self.folder)
        node.proxies = proxies
        return node

    def start_traffic(self):
        self.tasks = [asyncio.create_task(client.run()) for client in self.clients + self.plains]
        for task in self.tasks:
            task.add_done_callback(self._note_crash)

    def _note_crash(self, task):
        """A client that ends by itself is a mistake of ours, and would see nothing more."""
        if not task.cancelled() and task.exception():
            traceback.print_exception(task.exception())
            self.complaints.append(f"a client of the harness crashed: {task.exception()!r}")

    # ---- how it is

    async def recovered(self, since, seconds=SETTLE_WITHIN):
        """Whether each client has had an ack after `since`, within that time."""
        return await until(lambda: all(client.last_ack > since for client in self.clients)
                           or self.complaints, seconds) and not self.complaints

    def note_ended(self):
        """Takes down which nodes ended though nobody killed them: whether there are any."""
        ended = [node for node in self.nodes if node.ended_by_itself()]
        for node in ended:
            self.complaints.append(f"{node.name} ended by itself: {node.server.lines[-3:]}")
            node.up = False
        return bool(ended)

    def longest_without_ack(self, begin, end):
        """Seconds."""
        times = [begin, *(at for at in self.acks if begin < at < end), end]
        return max(b - a for a, b in zip(times, times[1:]))

    # ---- the end

    async def finish(self):
        """No more new messages; waits until all is answered and delivered, ends the nodes: the verdict."""
        self.finishing = True
        self.note_ended()
        verdict = Verdict()
        for node in [node for node in self.nodes if not node.up]:
            try:
                await node.start()
            except (AssertionError, *CUT) as error:
                self.complaints.append(f"{node.name} does not start again: {error}")
        if not any(node.up for node in self.nodes):
            verdict.fault("wrong", len(self.complaints), f"no node is up: {self.complaints}")
            return verdict
        answered = await until(lambda: not any(c.unacked for c in self.clients), SETTLE_WITHIN)
        waiting = [f"{c.name}: {len(c.unacked)}" for c in self.clients if c.unacked]
        verdict.fault("stuck", len(waiting), f"unanswered after all was healed: {waiting}")
        logs = await self._logs_that_agree(SETTLE_WITHIN if answered else 10)
        await until(lambda: self._all_seen(logs), 30)
        for room in self.rooms:
            views = [client.view for client in self.clients if client.room == room]
            plains = [c for client in self.plains if client.room == room for c in client.connections]
            for client in self.plains:
                if client.live:
                    client.live.to_the_end = True
            verdict.add(judge(logs[room], views, plains, self.epochs_may_change))
        self._count_plain(verdict, logs)
        await self._end()
        for who in (self, *self.clients, *self.nodes):
            for complaint in who.complaints:
                verdict.fault("wrong", 1, complaint)
        return verdict

    async def _end(self):
        self.closing = True
        await end_all(self.tasks)
        await asyncio.gather(*(node.end() for node in self.nodes))

    def _all_seen(self, logs):
        """Whether what is connected has seen the end of its room."""
        for client in self.clients:
            log = logs[client.room][0]
            if log.messages and client.seen_through != (log.epoch, log.messages[-1][0]):
                return False
        for client in self.plains:
            texts = [text for _, text in logs[client.room][0].messages]
            if client.live and client.live.texts and client.live.texts[-1:] != texts[-1:]:
                return False
        return True

    async def _logs_that_agree(self, seconds):
        """The logs of each room from each node; those of the last look when they never agree."""
        deadline = time.monotonic() + seconds
        while True:
            first = {room: await self._logs(room) for room in self.rooms}
            again = {room: await self._logs(room) for room in self.rooms}
            same = all(log.messages == first[room][0].messages and log.epoch == first[room][0].epoch
                       for room in self.rooms for log in first[room] + again[room])
            if same or time.monotonic() > deadline:
                return again
            await asyncio.sleep(0.2)

    async def _logs(self, room):
        return [await self._log(node, room) for node in self.nodes if node.up]

    async def _log(self, node, room):
        """The whole room over the API, a node's own answer."""
        messages, since = [], 0
        while True:
            page = await api(node.server, f"/rooms/{room}/messages?since={since}&limit=200")
            messages += [(m["seq"], m["message"]) for m in page["messages"]]
            if not page["more"]:
                return Log(node.name, page["epoch"], messages)
            since = messages[-1][0]

    def _count_plain(self, verdict, logs):
        there = {text for room in self.rooms for _, text in logs[room][0].messages
                 if str(text).startswith("plain-")}
        sent = sum(client.sent for client in self.plains)
        verdict.apart["plain sent"] += sent
        verdict.apart["plain not taken"] += sent - len(there)
