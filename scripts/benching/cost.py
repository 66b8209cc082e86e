"""What the generator itself costs (`scripts/bench generator`).

CPU: `chat bench` and perf_receiver, which only reads and counts bytes, take turns at the same saturated
perf_raw --coalesced; what `chat bench` uses more for each received frame is the price of looking at it.

Memory: 60,000 connections on four perf_raw, of four worker processes; what each connection adds to the
workers' RSS, and the addresses that they come from."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import time

from . import generator
from .machine import machine
from .processes import (
    BUILD, BenchError, Cores, build, child_environment, child_setup, children_of, outcome_of, say,
    serving, stop,
)
from .servers import RELEASE_CHAT
from .tables import bullets, number, spread, table

MOST_US_PER_FRAME = 0.35
MOST_BYTES_PER_CONNECTION = 1024
PROCESSES = 4
FEW = 4  # members of a room; and connections of a worker that are nothing beside the rest
JOIN_SECONDS = 120
CROWD = "--members 500 --senders 8 --saturate 64"
SATURATED = generator.load(f"fanout --rooms 1 {CROWD} --dialect plain")
ESTABLISHED = "01"


# ---- CPU


@dataclasses.dataclass
class Cost:
    """µs of a core for each frame, turn by turn."""

    bench: list = dataclasses.field(default_factory=list)
    receiver: list = dataclasses.field(default_factory=list)

    @property
    def more(self):
        return [bench - receiver for bench, receiver in zip(self.bench, self.receiver)]


def cost_of_frames(options, cores):
    cost = Cost()
    server = [options.tools / "perf_raw", "--coalesced"]
    for turn in range(options.repeats):
        with serving("perf_raw", server, cores.server) as (pid, address):
            result = generator.run(
                options.generator, SATURATED, [address], [pid], cores.generator, options.times
            )
        if result.flaws:
            raise BenchError(f"chat bench on perf_raw: {result.flaws_text()}")
        deliveries = result.figures["deliveries"]
        cost.bench.append(result.figures["generator_cpu"] / 100 / deliveries * 1e6)
        with serving("perf_raw", server, cores.server) as (_, address):
            received = receive(options, address, cores)
        cost.receiver.append(received["cpu_us_per_frame"])
        say(
            f"{turn + 1}/{options.repeats} chat bench {number(cost.bench[-1])} µs/frame at"
            f" {number(deliveries)} /s, receiver {number(cost.receiver[-1])} at"
            f" {number(received['frames_per_s'])} /s,"
            f" {number(received['frames_per_read'])} frames a read"
        )
    return cost


def receive(options, address, cores):
    warm_up, duration = options.times
    command = [options.tools / "perf_receiver", "--url", address, *generator.words(CROWD)]
    command += ["--warm-up", warm_up, "--duration", duration]
    code, output, complaint = outcome_of(command, cores.generator, sum(options.times) + 60)
    if code != 0:
        raise BenchError(complaint or f"perf_receiver: exit code {code}")
    return json.loads(output)


# ---- memory


def memory_of(options, cores, connections):
    """(RSS of all workers once all are in, the addresses that the connections come from)."""
    with contextlib.ExitStack() as ends:
        servers = [
            ends.enter_context(serving("perf_raw", [options.tools / "perf_raw"], cores.server))
            for _ in range(PROCESSES)
        ]
        addresses = [address for _, address in servers]
        command = [options.generator, "bench", "idle", "--dialect", "plain", "--repeats", "1"]
        command += ["--rooms", str(connections // FEW), "--members", str(FEW)]
        command += ["--processes", str(PROCESSES), "--duration", f"{JOIN_SECONDS}s"]
        command += ["--progress", "always"]
        for address in addresses:
            command += ["--url", f"ws://{address}"]
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            preexec_fn=child_setup(cores.generator), env=child_environment(),
        )
        try:
            wait_until_joined(process)
            workers = children_of(process.pid)
            if len(workers) != PROCESSES:
                raise BenchError(f"{len(workers)} workers in place of {PROCESSES}")
            return sum(map(rss_bytes, workers)), sources_of(addresses, connections)
        finally:
            stop(process)


def wait_until_joined(process):
    """Until its progress is another than that of connecting."""
    deadline = time.monotonic() + JOIN_SECONDS
    said = b""
    os.set_blocking(process.stderr.fileno(), False)
    while time.monotonic() < deadline:
        said += process.stderr.read() or b""
        lines = said.decode(errors="replace").split("\n")[:-1]
        shown = [line for line in lines if line.startswith("run ")]
        if shown and "connecting" not in shown[-1]:
            return
        if process.poll() is not None:
            raise BenchError(f"chat bench ended early: {said.decode(errors='replace')[-500:]}")
        time.sleep(0.05)
    raise BenchError(f"not all were in after {JOIN_SECONDS} s: {said.decode()[-200:]}")


def rss_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Rss:\s+(\d+) kB$", text, re.MULTILINE).group(1)) * 1024


def sources_of(addresses, connections):
    """Source address → how many connections to these servers come from it."""
    ports = {int(address.rpartition(":")[2]) for address in addresses}
    sources = {}
    with open("/proc/net/tcp", encoding="ascii") as lines:
        next(lines)
        for line in lines:
            _, own, other, state, *_ = line.split()
            if state == ESTABLISHED and int(other.partition(":")[2], 16) in ports:
                own_address = bytes.fromhex(own.partition(":")[0])[::-1]
                name = socket.inet_ntoa(own_address)
                sources[name] = sources.get(name, 0) + 1
    if sum(sources.values()) != connections:
        raise BenchError(f"{sum(sources.values())} connections in /proc/net/tcp: {sources}")
    return dict(sorted(sources.items()))


def cost_of_connections(options, cores):
    """(bytes of each connection, addresses they come from), by `options.connections`."""
    few, _ = memory_of(options, cores, FEW * PROCESSES)
    many, sources = memory_of(options, cores, options.connections)
    bytes_each = (many - few) / (options.connections - FEW * PROCESSES)
    say(f"{options.connections:,} connections: {number(bytes_each)} bytes each, from {sources}")
    return bytes_each, sources


# ---- the command line


def verdict(value, most):
    return "held" if value <= most else "**MISSED**"


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/bench generator", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="turns (5)")
    parser.add_argument("--quick", action="store_true", help="short turns, 8,000 connections")
    parser.add_argument("--connections", type=int, metavar="N",
                        help="for the memory (60,000; quick: 8,000; 0: not measured)")
    parser.add_argument("--memory-only", action="store_true", help="not the CPU")
    parser.add_argument("--generator", type=pathlib.Path, metavar="BIN",
                        help="the chat whose `chat bench` it is, when not the release build's")
    parser.add_argument("--tools", type=pathlib.Path, metavar="DIR",
                        help="where perf_raw and perf_receiver are, when not to be built")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a must is missed")
    options = parser.parse_args(arguments)
    options.times = (0.5, 1.5) if options.quick else (1.0, 4.0)
    if options.connections is None:
        options.connections = 8_000 if options.quick else 60_000
    return options


def main(arguments):
    options = parse(arguments)
    cores = Cores()
    missed = False
    try:
        targets = [] if options.tools else ["perf_raw", "perf_receiver"]
        build(targets + ([] if options.generator else ["chat_cli"]))
        options.tools = options.tools or BUILD / "tests" / "perf"
        options.generator = options.generator or RELEASE_CHAT
        facts = {**machine(), "run": f"{options.repeats} turns, {cores}"}
        rows = []
        if not options.memory_only:
            cost = cost_of_frames(options, cores)
            middle = statistics.median(cost.more)
            missed = middle > MOST_US_PER_FRAME
            rows += [
                ("`chat bench`, CPU per received frame, µs", "–", spread(cost.bench), "–"),
                ("a receiver that only counts bytes, µs", "–", spread(cost.receiver), "–"),
                ("the difference, µs", f"≤ {MOST_US_PER_FRAME}", spread(cost.more),
                 verdict(middle, MOST_US_PER_FRAME)),
            ]
        if options.connections:
            bytes_each, sources = cost_of_connections(options, cores)
            missed = missed or bytes_each > MOST_BYTES_PER_CONNECTION
            rows += [
                (f"RSS of the workers per connection, {options.connections:,} connections, bytes",
                 f"≤ {MOST_BYTES_PER_CONNECTION:,}", number(bytes_each),
                 verdict(bytes_each, MOST_BYTES_PER_CONNECTION)),
                ("… that come from", "–", ", ".join(sources), "–"),
            ]
    except BenchError as failure:
        say(str(failure))
        return 1
    print(bullets(facts) + "\n\n" + table(("what", "must", "measured", "verdict"), rows))
    return 1 if missed and options.strict else 0
