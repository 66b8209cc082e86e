#!/usr/bin/env python3
"""A TCP proxy that misbehaves when told to, between a node and RabbitMQ.

    async with Proxy("127.0.0.1", 5672) as proxy:      within asyncio: proxy.port, proxy.stall("down"), …
    proxy.py PORT                                      on its own: says "port N", then takes such lines

| line | what happens |
| --- | --- |
| `pass` | everything works again; what was held back goes on |
| `stall [up, down]` | a black hole: connections stay, no byte goes on (up: to the server; without: neither way) |
| `cut` | each connection is reset |
| `halfclose up, down` | the end of the stream is told that way, the other way stays open |
| `refuse` | new connections are reset; `pass` ends it |
| `delay MS [up, down]` | each piece waits that long |
| `dribble BYTES MS [up, down]` | so many bytes at once, that long between them |

Each is answered with `ok`, or `error: …`.
"""

import asyncio
import socket
import struct
import sys

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST
PIECE = 1 << 16


class Direction:
    def __init__(self):
        self.open = asyncio.Event()
        self.open.set()
        self.calm()

    def calm(self):
        self.delay = 0.0
        self.piece, self.pause = PIECE, 0.0


class Link:
    """One connection through the proxy."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.tasks = []

    def reset(self):
        for end in (self.client, self.server):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            except OSError:
                pass
        self.close()

    def close(self):
        loop = asyncio.get_running_loop()
        for task in self.tasks:
            task.cancel()
        for end in (self.client, self.server):
            if end.fileno() >= 0:  # the loop must forget the number before it is given on
                loop.remove_reader(end)
                loop.remove_writer(end)
                end.close()


class Proxy:
    def __init__(self, host, port):
        self.target = (host, port)
        self.directions = {}
        self.links = set()
        self.refusing = False
        self.accepted = 0
        self._connecting = set()

    async def __aenter__(self):
        self.directions = {"up": Direction(), "down": Direction()}
        self._listener = socket.socket()
        self._listener.setblocking(False)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self._acceptor = asyncio.create_task(self._accept())
        return self

    async def __aexit__(self, *_):
        tasks = [self._acceptor, *self._connecting]
        for task in tasks:
            task.cancel()
        self._listener.close()
        self.cut()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- what can be told

    def pass_(self):
        self.refusing = False
        for direction in self.directions.values():
            direction.calm()
            direction.open.set()

    def stall(self, way=None):
        for direction in self._ways(way):
            direction.open.clear()

    def cut(self):
        for link in list(self.links):
            link.reset()
        self.links.clear()

    def halfclose(self, way):
        for link in list(self.links):
            try:
                (link.server if way == "up" else link.client).shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has ended already

    def refuse(self):
        self.refusing = True

    def delay(self, milliseconds, way=None):
        for direction in self._ways(way):
            direction.delay = float(milliseconds) / 1000

    def dribble(self, size, milliseconds, way=None):
        for direction in self._ways(way):
            direction.piece, direction.pause = int(size), float(milliseconds) / 1000

    def _ways(self, way):
        return [self.directions[way]] if way else self.directions.values()

    # ---- bytes

    async def _accept(self):
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._listener)
            client.setblocking(False)
            self.accepted += 1
            if self.refusing:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                client.close()
                continue
            connecting = asyncio.create_task(self._connect(client))
            self._connecting.add(connecting)
            connecting.add_done_callback(self._connecting.discard)

    async def _connect(self, client):
        server = socket.socket()
        server.setblocking(False)
        link = Link(client, server)
        try:
            await asyncio.get_running_loop().sock_connect(server, self.target)
        except BaseException as error:
            link.reset()
            if isinstance(error, OSError):
                return  # nobody there: the client sees a reset
            raise
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.links.add(link)
        link.tasks = [asyncio.create_task(self._pump(link, client, server, self.directions["up"])),
                      asyncio.create_task(self._pump(link, server, client, self.directions["down"]))]
        await asyncio.gather(*link.tasks, return_exceptions=True)
        self.links.discard(link)
        link.close()

    async def _pump(self, link, source, target, direction):
        loop = asyncio.get_running_loop()
        try:
            while True:
                await direction.open.wait()
                data = await loop.sock_recv(source, PIECE)
                await direction.open.wait()
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                if direction.delay:
                    await asyncio.sleep(direction.delay)
                while data:
                    await direction.open.wait()
                    size = direction.piece
                    await loop.sock_sendall(target, data[:size])
                    data = data[size:]
                    if data and direction.pause:
                        await asyncio.sleep(direction.pause)
        except OSError:
            self.links.discard(link)
            link.reset()


COMMANDS = {"pass": Proxy.pass_, "stall": Proxy.stall, "cut": Proxy.cut, "halfclose": Proxy.halfclose,
            "refuse": Proxy.refuse, "delay": Proxy.delay, "dribble": Proxy.dribble}


def obey(proxy, line):
    """Does what a line says: the answer."""
    word, *arguments = line.split() or [""]
    try:
        COMMANDS[word](proxy, *arguments)
    except (KeyError, TypeError, ValueError) as error:
        return f"error: {type(error).__name__}: {error}"
    return "ok"


async def serve(port):
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with Proxy("127.0.0.1", port) as proxy:
        print(f"port {proxy.port}", flush=True)
        while line := await reader.readline():
            print(obey(proxy, line.decode()), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
