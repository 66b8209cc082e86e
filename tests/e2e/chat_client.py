"""Clients for the scenarios: python3-websockets where frames are well-formed, plain sockets for raw bytes."""

import asyncio
import base64
import collections
import hashlib
import json
import os
import re
import socket
import struct

import websockets

from chat_server import soon

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
BIG = 64 << 20

Response = collections.namedtuple("Response", "status headers body")


def secret():
    return base64.urlsafe_b64encode(os.urandom(24)).decode()


def public_id(client_secret):
    """What others see of a client: docs/protocol.md, "Order and cursors"."""
    digest = hashlib.sha256(b"chat.v1 client " + client_secret.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:11]


def socket_address(address):
    """A (family, address) of "127.0.0.1:80", "[::1]:80" or "unix:/path"."""
    if address.startswith("unix:"):
        return socket.AF_UNIX, address[5:]
    host, _, port = address.rpartition(":")
    if host.startswith("["):
        return socket.AF_INET6, (host[1:-1], int(port))
    return socket.AF_INET, (host, int(port))


# ---- plain sockets


class Raw:
    """A connection that sends any bytes and reads only when told to."""

    def __init__(self, plain_socket):
        self.socket = plain_socket
        self.buffer = b""

    @classmethod
    async def open(cls, address, receive_buffer=None):
        family, where = socket_address(address)
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.setblocking(False)
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await soon(asyncio.get_running_loop().sock_connect(plain, where))
        except BaseException:
            plain.close()
            raise
        return cls(plain)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    async def send(self, data):
        await soon(asyncio.get_running_loop().sock_sendall(self.socket, data))

    async def more(self):
        """Reads on; False at the end of the connection."""
        try:
            data = await soon(asyncio.get_running_loop().sock_recv(self.socket, 1 << 16))
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    async def take(self, size):
        while len(self.buffer) < size:
            if not await self.more():
                raise EOFError(f"{len(self.buffer)} of {size} bytes came")
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    async def rest(self):
        while await self.more():
            pass
        taken, self.buffer = self.buffer, b""
        return taken

    async def response(self, has_body=True):
        """One HTTP response."""
        while b"\r\n\r\n" not in self.buffer:
            if not await self.more():
                raise EOFError(f"no HTTP response, only {self.buffer!r}")
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in
                   (re.split(r":\s*", line, maxsplit=1) for line in lines)}
        body = b""
        if has_body and "content-length" in headers:
            body = await self.take(int(headers["content-length"]))
        return Response(int(first.split(" ")[1]), headers, body)

    async def upgrade(self, path, subprotocol=None, headers=()):
        """Asks for a WebSocket; the response, 101 when it is one."""
        lines = [f"GET {path} HTTP/1.1", "Host: chat.test", "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(), *headers]
        if subprotocol:
            lines.append("Sec-WebSocket-Protocol: " + subprotocol)
        await self.send("\r\n".join(lines + ["", ""]).encode())
        return await self.response(has_body=True)

    async def frame(self):
        """One frame of the server: (opcode, payload)."""
        first, second = await self.take(2)
        assert first & 0x70 == 0 and second < 128, "a server's frame has no RSV bit and no mask"
        assert first & 0x80, "our server never sends fragments"
        size = second
        if size == 126:
            size = struct.unpack("!H", await self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", await self.take(8))[0]
        return first & 0x0F, await self.take(size)


async def let_in(server):
    """A connection that has got a place (and an answer). That of one that left is given on a moment later."""
    for _ in range(1000):
        raw = await Raw.open(server.address)
        await raw.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        if (await raw.response()).status == 200:
            return raw
        raw.close()
    raise AssertionError("a freed place was not given to the next one")


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, width=None, claim=None):
    """A client's frame. `width`: 7, 16 or 64 bits of length; `claim`: a length that is not true."""
    size = len(payload) if claim is None else claim
    width = width or (7 if size < 126 else 16 if size < 65536 else 64)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    head += {7: lambda: bytes([mask_bit | size]),
             16: lambda: bytes([mask_bit | 126]) + struct.pack("!H", size),
             64: lambda: bytes([mask_bit | 127]) + struct.pack("!Q", size)}[width]()
    if not masked:
        return head + payload
    key = os.urandom(4)
    pattern = key * (len(payload) // 4 + 1)
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(pattern[:len(payload)], "big")
    return head + key + mixed.to_bytes(len(payload), "big")


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


# ---- HTTP


async def http(server, method, target, body=None, headers=(), address=None):
    """One request on a connection of its own. `body`: bytes, or a value that is sent as JSON."""
    async with await Raw.open(address or server.address) as raw:
        lines = [f"{method} {target} HTTP/1.1", "Host: chat.test", "Connection: close"]
        lines += headers
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            lines.append("Content-Type: application/json")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        await raw.send("\r\n".join(lines + ["", ""]).encode() + (body or b""))
        return await raw.response(has_body=method != "HEAD")


async def api(server, target, status=200):
    """GET below /api/: the decoded JSON."""
    response = await http(server, "GET", "/api" + target)
    assert response.status == status, (target, response)
    assert response.headers["content-type"] == "application/json", response.headers
    return json.loads(response.body)


async def metric(server, name):
    """The sum of a metric's samples."""
    text = (await http(server, "GET", "/metrics")).body.decode()
    samples = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    return sum(map(float, samples))


# ---- WebSockets


def connect(server, path, address=None, **options):
    """A WebSocket by python3-websockets, as a context manager."""
    options = {"compression": None, "ping_interval": None, "max_size": BIG, "max_queue": None,
               "open_timeout": 25, "close_timeout": 25, **options}
    address = address or server.address
    if address.startswith("unix:"):
        return websockets.unix_connect(address[5:], f"ws://localhost{path}", **options)
    return websockets.connect(f"ws://{address}{path}", **options)


async def in_room(plain):
    """Comes back when a plain client is in its room: its first frame is looked at then."""
    await soon(await plain.ping())


async def closed_with(websocket):
    """The code and reason that the server closes with."""
    await soon(websocket.wait_closed())
    return websocket.close_code, websocket.close_reason


class Member:
    """A chat.v1 client that has said hello: `async with Member(server, "room", name="ann") as ann:`."""

    def __init__(self, server, room, **hello):
        self.server, self.room, self.hello = server, room, hello
        self.kept = []

    async def __aenter__(self):
        self.connection = connect(self.server, f"/ws/{self.room}/", subprotocols=["chat.v1"])
        self.socket = await soon(self.connection.__aenter__())
        await self.say("hello", **self.hello)
        self.welcome = await self.hear("welcome")
        self.name = self.welcome["name"]
        return self

    async def __aexit__(self, *error):
        await self.connection.__aexit__(*error)

    async def say(self, kind, **fields):
        await soon(self.socket.send(json.dumps({"type": kind, **fields})))

    async def publish(self, n, value):
        """Sends a message and waits for its ack."""
        await self.say("send", n=n, message=value)
        ack = await self.hear("ack", "error")
        assert ack["type"] == "ack" and ack["n"] == n, ack
        return ack

    async def hear(self, *kinds):
        """The next frame of one of these types; others are kept for later."""
        for i, kept in enumerate(self.kept):
            if kept["type"] in kinds:
                return self.kept.pop(i)
        while True:
            heard = json.loads(await soon(self.socket.recv()))
            if heard["type"] in kinds:
                return heard
            self.kept.append(heard)

    async def messages(self, count):
        return [await self.hear("message") for _ in range(count)]

    def cursor(self, seq):
        return {"epoch": self.welcome["epoch"], "seq": seq}
