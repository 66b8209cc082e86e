"""The real `chat serve`, started for one scenario and ended again. Waits are for the thing itself and bounded."""

import asyncio
import ctypes
import os
import re
import resource
import signal
import sys
import time

BINARY = os.environ.get("CHAT_BIN", "chat")
PATIENCE = 25  # seconds that any one thing may take on a busy machine
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
SANITIZER = re.compile(r"Sanitizer|runtime error:")


async def soon(awaitable, seconds=PATIENCE):
    """The result of `awaitable`, which must come in time."""
    return await asyncio.wait_for(awaitable, seconds)


def expect(actual, expected, what=""):
    assert actual == expected, f"{what}: expected {expected!r}, got {actual!r}"


def run(*cases):
    """Runs the cases of a file one after the other; the first failure ends it."""
    for case in cases:
        began = time.monotonic()
        name = case.__name__.replace("_", " ")
        try:
            asyncio.run(asyncio.wait_for(case(), 100))
        except BaseException:
            print(f"FAILED  {name}", flush=True)
            raise
        print(f"ok  {name}  ({time.monotonic() - began:.2f} s)", flush=True)


def environment():
    """Ours without a configuration, with an AddressSanitizer that does not hoard freed memory (RSS is looked at)."""
    options = "quarantine_size_mb=8:" + os.environ.get("ASAN_OPTIONS", "")
    return {"CHAT_CONFIG": "/dev/null", **os.environ, "ASAN_OPTIONS": options}


async def run_chat(*arguments):
    """Runs `chat ARGUMENTS` to its end: (exit code, stdout, stderr)."""
    process = await asyncio.create_subprocess_exec(
        BINARY, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=environment())
    try:
        out, err = await soon(process.communicate())
    except BaseException:
        process.kill()
        raise
    return process.returncode, out.decode(), err.decode()


class Server:
    """`async with Server("--workers", "3") as server:` – ready inside, ended with exit code 0 behind.

    `ready_within`: seconds that it may take from listening to ready, as a node of a cluster does; None: it is
    not waited for.
    """

    def __init__(self, *options, listen=("127.0.0.1:0",), descriptors=None, ready_within=0,
                 variables=None):
        self.arguments = [word for address in listen for word in ("--listen", address)]
        self.arguments += options
        self.addresses_wanted = len(listen)
        self.descriptors = descriptors
        self.ready_within = ready_within
        self.variables = variables or {}
        self.addresses = []
        self.lines = []
        self.news = asyncio.Event()
        self.expected_exit = 0

    async def __aenter__(self):
        began = time.monotonic()
        self.process = await asyncio.create_subprocess_exec(
            BINARY, "serve", *self.arguments, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            preexec_fn=self._prepare, env={**environment(), **self.variables})
        self.log_reader = asyncio.create_task(self._read_log())
        try:
            await self.line("rooms on ", count=self.addresses_wanted)
            print(f"    listening after {(time.monotonic() - began) * 1000:.0f} ms", flush=True)
            self.addresses = [found[1] for found in map(
                re.compile(r"rooms on (?:http://)?(\S+?)/?$").search, self.lines) if found]
            if self.ready_within is not None:
                await self._wait_until_ready()
        except BaseException:
            await self.kill()
            self._show_log()
            raise
        return self

    async def __aexit__(self, kind, error, trace):
        if self.process.returncode is None:
            self.signal(signal.SIGTERM)
        try:
            code = await self.wait_for_exit()
        except asyncio.TimeoutError:
            await self.kill()
            code = "none: it did not end"
        wrong = [line for line in self.lines if SANITIZER.search(line)]
        if kind is not None or wrong or code != self.expected_exit:
            self._show_log()
        if kind is None:
            assert not wrong, "a sanitizer complained, see above"
            expect(code, self.expected_exit, "exit code")

    async def _wait_until_ready(self):
        from chat_client import http
        deadline = time.monotonic() + self.ready_within
        while (answer := await http(self, "GET", "/readyz")).status != 200:
            assert time.monotonic() < deadline, f"not ready in time: {answer}"
            await asyncio.sleep(0.05)

    def _prepare(self):
        """In the child: it ends when we do, and has as many descriptors as wanted."""
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if self.descriptors is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    async def _read_log(self):
        while line := await self.process.stderr.readline():
            self.lines.append(line.decode(errors="backslashreplace").rstrip("\n"))
            self.news.set()
        self.news.set()

    def _show_log(self):
        print("--- the server's stderr, its end:", *self.lines[-60:], sep="\n", file=sys.stderr)

    @property
    def address(self):
        """HOST:PORT or unix:PATH of the first --listen."""
        return self.addresses[0]

    @property
    def pid(self):
        return self.process.pid

    async def line(self, pattern, count=1):
        """The `count`th line of stderr that has `pattern`, as soon as it is there."""
        async def look():
            while True:
                found = [line for line in self.lines if re.search(pattern, line)]
                if len(found) >= count:
                    return found[count - 1]
                if self.log_reader.done():
                    raise AssertionError(f"it ended and never said {pattern!r}")
                self.news.clear()
                await self.news.wait()
        return await soon(look())

    def signal(self, number):
        self.process.send_signal(number)

    async def wait_for_exit(self):
        code = await soon(self.process.wait())
        await soon(self.log_reader)
        return code

    async def kill(self):
        """kill -9."""
        if self.process.returncode is None:
            self.process.kill()
        await self.wait_for_exit()
        self.expected_exit = -signal.SIGKILL

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
