"""`chat send`, `chat tail` and the other verbs as a script has them: with pipes. And servers that answer oddly."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess

import websockets

from chat_client import api
from chat_server import BINARY, LIBC, PATIENCE, PR_SET_PDEATHSIG, environment, soon

LIMITS = {"message_bytes": 1 << 20, "inflight": 256, "frames_per_second": 0, "history_page": 200,
          "members": 200}


def url_of(server):
    return f"ws://{server.address}"


def die_with_us():
    """For a child, before it is another program."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Command:
    """`async with Command("tail", "lobby", "--url", url) as tail:`; killed at the end if it still runs.

    `stdin`: bytes, None for a pipe that the test holds, or a file. stdout: its bytes as they come.
    """

    prepare = staticmethod(die_with_us)

    def __init__(self, *arguments, stdin=b"", variables=None, stdout=None):
        self.arguments, self.stdin, self.stdout = arguments, stdin, stdout
        self.variables = variables or {}
        self.errors = ""
        self.is_killed = False
        self.news = asyncio.Event()

    async def __aenter__(self):
        holds_bytes = isinstance(self.stdin, bytes)
        self.process = await asyncio.create_subprocess_exec(
            BINARY, *self.arguments,
            stdin=asyncio.subprocess.PIPE if self.stdin is None or holds_bytes else self.stdin,
            stdout=self.stdout or asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            limit=1 << 26, preexec_fn=self.prepare,
            env={**environment(), **self.variables})
        self.error_reader = asyncio.create_task(self._read_errors())
        self.feeder = asyncio.create_task(self.feed(self.stdin, True)) if holds_bytes else None
        return self

    async def __aexit__(self, *_):
        self.kill()
        await soon(self.process.wait())
        if self.feeder:
            await soon(self.feeder)  # nobody reads any more
        await soon(self.error_reader)
        self.process._transport.close()  # its pipes, also those that were not read to their end
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # asyncio wants that to be asked
                await soon(self.process.stdin.wait_closed())

    def kill(self):
        """kill -9, once: a second signal would take the exit status from asyncio."""
        if self.process.returncode is None and not self.is_killed:
            self.is_killed = True
            self.process.kill()

    async def _read_errors(self):
        while part := await self.process.stderr.read(1 << 16):
            self.errors += part.decode(errors="backslashreplace")
            self.news.set()
        self.news.set()

    async def feed(self, data, is_all=False):
        """Writes to its stdin, as far as it takes it."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.process.stdin.write(data)
            await self.process.stdin.drain()
        if is_all:
            self.process.stdin.close()

    async def line(self):
        """The next line of stdout, without its end; None at the end."""
        line = await soon(self.process.stdout.readline())
        return line.decode().rstrip("\n") if line else None

    async def said(self, pattern):
        """Waits until stderr has `pattern`."""
        async def look():
            while not re.search(pattern, self.errors):
                assert not self.error_reader.done(), f"never said {pattern!r}: {self.errors}"
                self.news.clear()
                await self.news.wait()
        await soon(look())

    async def result(self, seconds=PATIENCE):
        """Reads all of stdout, waits for the end: (exit code, stdout, stderr)."""
        out = await asyncio.wait_for(self.process.stdout.read(), seconds) if not self.stdout else b""
        code = await asyncio.wait_for(self.process.wait(), seconds)
        await soon(self.error_reader)
        assert "Sanitizer" not in self.errors, self.errors
        return code, out.decode(), self.errors

    def cpu_ticks(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024


async def chat(*arguments, stdin=b"", variables=None, seconds=PATIENCE):
    """Runs a command to its end: (exit code, stdout, stderr)."""
    async with Command(*arguments, stdin=stdin, variables=variables) as command:
        return await command.result(seconds)


async def chat_at_terminal(*arguments, variables=None):
    """A command whose stdin, stdout and stderr are a terminal: (exit code, what the terminal got)."""
    ours, its = os.openpty()
    process = await asyncio.create_subprocess_exec(
        BINARY, *arguments, stdin=its, stdout=its, stderr=its, preexec_fn=die_with_us,
        env={**environment(), "TERM": "xterm-256color", **(variables or {})})
    os.close(its)

    def read():
        got = b""
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while part := os.read(ours, 1 << 16):
                got += part
        os.close(ours)
        return got.decode().replace("\r\n", "\n")
    try:
        shown = await soon(asyncio.get_running_loop().run_in_executor(None, read))
    except BaseException:
        process.kill()
        raise
    return await soon(process.wait()), shown


async def chat_ok(*arguments, **options):
    """stdout of a command that must end with 0."""
    code, out, errors = await chat(*arguments, **options)
    assert code == 0, (arguments, code, errors)
    return out


async def log_of(server, room="lobby"):
    """The values of a room's messages over the HTTP API, in order."""
    values, since = [], 0
    while True:
        page = await api(server, f"/rooms/{room}/messages?since={since}&limit=200")
        values += [message["message"] for message in page["messages"]]
        if not page["more"]:
            return values
        since = page["messages"][-1]["seq"]


# ---- servers that a test writes itself


def welcome(name="guest-1", head=0, **fields):
    return {"type": "welcome", "room": "lobby", "name": name, "epoch": "e", "head": head,
            "members": [], "count": 1, "limits": LIMITS, "resume_within_ms": 0, **fields}


class Script:
    """One connection of a written server."""

    def __init__(self, connection):
        self.socket = connection

    async def say(self, **fields):
        await self.socket.send(json.dumps(fields))

    async def hear(self):
        return json.loads(await self.socket.recv())


@contextlib.asynccontextmanager
async def written_server(script, receive_buffer=None, **options):
    """A chat.v1 server: `await script(Script)` for each connection, behind its handshake. Yields its URL.

    `receive_buffer`: bytes that the kernel takes before the script does.
    """
    async def handle(connection, _path=None):
        with contextlib.suppress(websockets.ConnectionClosed):
            await script(Script(connection))
    listener = socket.socket()
    if receive_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind(("127.0.0.1", 0))
    serving = websockets.serve(handle, sock=listener, subprotocols=["chat.v1"], compression=None,
                               ping_interval=None, max_size=1 << 26, close_timeout=1, **options)
    async with serving as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextlib.asynccontextmanager
async def plain_server(answer):
    """A port that says `answer` (bytes; None: nothing) behind each request's first bytes. Yields HOST:PORT."""
    async def handle(reader, writer):
        with contextlib.suppress(ConnectionError):
            await reader.read(1 << 16)
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield "127.0.0.1:%d" % server.sockets[0].getsockname()[1]


def http_answer(status, body=b"", kind="application/json"):
    return (f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n").encode() + body


# ---- proxies


async def _pump(reader, writer):
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(Exception):
        writer.close()


@contextlib.asynccontextmanager
async def tls_proxy(folder, address, names="DNS:localhost,IP:127.0.0.1"):
    """Takes TLS on the loopback and passes it on in plain. Yields its port; its certificate is
    `folder`/cert.pem."""
    certificate, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={names}",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    host, _, port = address.rpartition(":")

    async def handle(reader, writer):
        try:
            onward = await asyncio.open_connection(host, int(port))
        except ConnectionError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, onward[1]), _pump(onward[0], writer))
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
