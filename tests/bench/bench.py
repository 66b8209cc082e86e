"""`chat bench` as a script has it, and servers that do known harm: what it says is held against what was done."""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from chat_command import Command, die_with_us  # noqa: E402
from chat_server import soon  # noqa: E402

RAW = os.environ["PERF_RAW"]
SHORT = ("--duration", "1s", "--warm-up", "200ms", "--repeats", "1")
NOWHERE = ("--url", "ws://127.0.0.1:1")  # nothing listens there
FLAWS = ("lost", "duplicated", "misordered", "foreign", "order_mismatch", "not_sent", "unacked", "refused",
         "disconnects")


class RawServer:
    """perf_raw: gives on what it gets, with the faults it is told to make. `injected`: how many it made, known
    when it has ended."""

    def __init__(self, *options):
        self.options = options
        self.injected = None

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            RAW, *self.options, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            preexec_fn=die_with_us)
        line = (await soon(self.process.stdout.readline())).decode()
        self.address = re.search(r"127\.0\.0\.1:\d+", line)[0]
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        told = await soon(self.process.stdout.read())
        await soon(self.process.wait())
        if told:
            self.injected = json.loads(told)

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)


def raw_options(server, dialect="plain"):
    """How a raw server is spoken to."""
    path = {"plain": (), "raw": ("--path", "/ws/{room}")}[dialect]
    return ("--url", f"ws://{server.address}", "--dialect", dialect, *path)


class Report:
    """What `chat bench --output json` printed, and how it ended."""

    def __init__(self, code, out, errors):
        self.code, self.out, self.errors = code, out, errors
        self.json = json.loads(out)
        self.figures = {each["name"]: each["median"] for each in self.json["figures"]}

    def __getitem__(self, name):
        return self.figures[name]

    def __contains__(self, name):
        return name in self.figures

    @property
    def flaws(self):
        """Those that are not 0."""
        return {name: self.figures[name] for name in FLAWS if self.figures.get(name)}

    @property
    def remarks(self):
        return "\n".join(self.json["warnings"] + self.json["notes"])

    def __str__(self):
        return f"exit code {self.code}, {self.figures}, {self.remarks}, {self.errors}"


def bench_command(scenario, *options, **more):
    return Command("bench", scenario, *options, "--output", "json", **more)


async def bench(scenario, *options, seconds=60, **more):
    """Runs it to its end, whose report is JSON."""
    async with bench_command(scenario, *options, **more) as command:
        return Report(*await command.result(seconds))


def children_of(pid):
    """Pids."""
    with contextlib.suppress(FileNotFoundError):
        return [int(each) for each in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def is_running(pid):
    """Not gone, and no zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


async def until(condition, what):
    """Waits for what no event tells."""
    async def look():
        while not condition():
            await asyncio.sleep(0.01)
    try:
        await soon(look())
    except asyncio.TimeoutError:
        raise AssertionError(f"it never came that {what}") from None


@contextlib.contextmanager
def ahead_of_others():
    """What is started in it goes before all else on this machine, where that is permitted: what else runs would
    be measured, too."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, *before)
