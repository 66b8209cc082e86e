"""The same workloads on `chat serve` and on servers of other makes, in turn."""

import argparse
import dataclasses
import pathlib
import statistics
import time

from . import generator
from .generator import CPU, GENERATOR, MEMORY, P99, REACH, THROUGHPUT, Load, load
from .machine import first_line, machine
from .peers import PEERS
from .processes import BUILD, TOP, BenchError, Cores, build, quietly, say
from .saved import save
from .servers import RELEASE_CHAT
from .tables import bullets, number, spread, table

DOCS = TOP / "docs" / "benchmarks.md"
BEGIN = "<!-- peers: what follows is written by `scripts/bench peers` -->"
END = "<!-- end of peers -->"
KEEPS_UP = 0.95  # of the rate


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    load: Load
    metrics: tuple
    is_paced: bool = False  # at a rate that does not depend on the server


WORKLOADS = (
    Workload(
        "fanout", "1 room × 200 members, 20 messages/s of 100 B",
        load("fanout --rooms 1 --members 200 --senders 10 --rate 20/s"),
        (THROUGHPUT, CPU, P99, REACH), True,
    ),
    Workload(
        "saturated", "1 room × 200 members, 32 messages under way",
        load("fanout --rooms 1 --members 200 --senders 8 --saturate 32"),
        (THROUGHPUT, CPU, P99, REACH),
    ),
    Workload(
        "idle", "2,000 connections in 200 rooms that say nothing",
        load("idle --rooms 200 --members 10"), (MEMORY,),
    ),
    Workload(
        "chatter",
        "100 rooms, 10 members on the average, 100 messages/s by everybody at random times",
        load("chatter --rooms 100 --members 10 --rate 100/s"),
        (THROUGHPUT, CPU, P99, REACH), True,
    ),
)


class Beside:
    """All that was measured: per (workload, peer) its runs, and what went wrong."""

    def __init__(self, options):
        self.options = options
        self.cores = Cores()
        self.chat = options.server or RELEASE_CHAT
        self.generator = options.generator or RELEASE_CHAT
        self.workloads = [each for each in WORKLOADS if each.name in options.only]
        self.peers = [each for each in PEERS if each.name in options.peer]
        self.missing = {}  # peer's name → why it is not measured
        self.results = {}  # (workload's name, peer's name) → [Result, …]
        self.failures = {}  # the same → [text, …]
        self.turns = 0

    def prepare(self):
        try:
            quietly([str(TOP / "scripts" / "deps"), "peers"])
        except BenchError as failure:
            say(f"not all can be installed: {failure}")
        if not self.options.server or not self.options.generator:
            build(["chat_cli"])
        for peer in self.peers:
            if why := peer.missing():
                self.missing[peer.name] = why
                say(f"{peer.name} is not measured: {why}")

    def run(self):
        """Turn by turn; none is begun that would not end in time."""
        end = time.monotonic() + self.options.minutes * 60
        longest = 0
        while self.turns < self.options.repeats and time.monotonic() + longest < end:
            began = time.monotonic()
            for workload in self.workloads:
                for peer in self.peers:
                    if peer.name not in self.missing:
                        self.run_one(workload, peer)
            longest = max(longest, time.monotonic() - began)
            self.turns += 1

    def run_one(self, workload, peer):
        key = workload.name, peer.name
        where = f"{self.turns + 1}/{self.options.repeats} {workload.name} {peer.name}"
        asked = dataclasses.replace(
            workload.load, options=(*workload.load.options, "--dialect", peer.dialect)
        )
        try:
            with peer.serve(self.chat, self.cores.server) as (pids, address):
                result = generator.run(
                    self.generator, asked, [address], pids, self.cores.generator,
                    self.options.times,
                )
        except BenchError as failure:
            self.failures.setdefault(key, []).append(str(failure))
            say(f"{where}: FAILED: {failure}")
            return
        self.results.setdefault(key, []).append(result)
        shown = ", ".join(
            f"{each.title} {number(each.of(result))} {each.unit}"
            for each in (*workload.metrics, GENERATOR) if each.of(result) is not None
        )
        flaws = f"; FLAWS: {result.flaws_text()}" if result.flaws else ""
        say(f"{where}: {shown}{flaws}" + ("; GENERATOR BOUND" if result.generator_bound else ""))

    # ---- what is told

    def facts(self):
        """Before anything is measured."""
        warm_up, duration = self.options.times
        versions = [first_line([str(self.chat), "version"])]
        versions += [
            peer.version() for peer in self.peers if peer.name not in self.missing
        ]
        return {
            **machine(),
            "versions": "; ".join(dict.fromkeys(filter(None, versions))),
            "each run": f"{duration:g} s after {warm_up:g} s of warm-up; {self.cores}",
        }

    def remarks(self, workload, peer):
        """Why a row is not what it seems; empty: nothing."""
        if peer.name in self.missing:
            return f"not measured: {self.missing[peer.name]}"
        key = workload.name, peer.name
        results = self.results.get(key, [])
        parts = []
        for title in dict.fromkeys(title for each in results for title in each.flaws):
            counts = [each.flaws.get(title, 0) for each in results]
            runs = sum(count > 0 for count in counts)
            parts.append(
                f"**{title}**: {number(statistics.median(counts))} a run"
                f" (in {runs} of {len(results)})"
            )
        parts += dict.fromkeys(one_line(note) for each in results for note in each.report["notes"])
        bound = sum(each.generator_bound and not each.sent_late for each in results)
        late = sum(each.sent_late for each in results)
        if bound:
            parts.append(f"generator bound in {bound} of {len(results)}: the server can do more")
        if late:
            parts.append(f"sent late in {late} of {len(results)}: others had the generator's core")
        if slow := self.falls_behind(workload, peer):
            parts.append(slow)
        for failure in dict.fromkeys(self.failures.get(key, [])):
            count = self.failures[key].count(failure)
            parts.append(f"**failed** {count} of {self.turns} times: {one_line(failure)}")
        return "; ".join(parts)

    def falls_behind(self, workload, peer):
        """What a server does not get done of a rate that others keep; empty: it does, too."""
        if not workload.is_paced:
            return ""
        rates = {
            each.name: statistics.median(map(THROUGHPUT.of, self.results[workload.name, each.name]))
            for each in self.peers if (workload.name, each.name) in self.results
        }
        if peer.name not in rates or rates[peer.name] > KEEPS_UP * max(rates.values()):
            return ""
        share = rates[peer.name] / max(rates.values())
        return f"**does not keep up**: {share:.0%} of the rate was delivered in time"

    def figures_table(self, workload):
        metrics = (*workload.metrics, GENERATOR)
        rows = []
        for peer in self.peers:
            results = self.results.get((workload.name, peer.name), [])
            values = [
                [value for value in map(metric.of, results) if value is not None]
                for metric in metrics
            ]
            rows.append(
                (peer.name, *map(spread, values), self.remarks(workload, peer) or "–")
            )
        head = ("server", *(f"{each.title}, {each.unit}" for each in metrics), "remarks")
        return table(head, rows)

    def markdown(self, facts):
        parts = [bullets({**facts, "turns": str(self.turns)})]
        parts.append(table(("server", "is", "dialect"), [
            (peer.name, peer.what, f"`{peer.dialect}`") for peer in self.peers
        ]))
        for workload in self.workloads:
            parts.append(f"**{workload.name}**: {workload.title}")
            parts.append(self.figures_table(workload))
        return "\n\n".join(parts) + "\n"

    def save(self):
        """A file for each workload and peer, for `chat bench compare`."""
        for (workload, peer), results in self.results.items():
            save(self.options.save, f"{workload}-{peer}", [each.report for each in results])


def one_line(text):
    return " ".join(text.replace("|", "/").split())[:300]


def write_between(file, text):
    """Takes the place of what is between the markers."""
    old = file.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise BenchError(f"{file} has not each of the markers {BEGIN} and {END} once")
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    file.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def parse(arguments):
    workloads = [each.name for each in WORKLOADS]
    peers = [each.name for each in PEERS]
    parser = argparse.ArgumentParser(
        prog="scripts/bench peers", description=__doc__,
        epilog=f"workloads: {', '.join(workloads)}; servers: {', '.join(peers)}. "
        "Saved runs: chat bench compare build/peers/fanout-chat.json build/peers/fanout-ws.json …",
    )
    parser.add_argument("--quick", action="store_true",
                        help="one short turn, printed and not written into the docs")
    parser.add_argument("--repeats", type=int, metavar="N", help="turns (5; quick: 1)")
    parser.add_argument("--minutes", type=float, default=15, metavar="M",
                        help="begin no turn that would not end by then (15)")
    parser.add_argument("--only", action="append", choices=workloads, metavar="NAME",
                        help="this workload; repeatable")
    parser.add_argument("--peer", action="append", choices=peers, metavar="NAME",
                        help="this server; repeatable")
    parser.add_argument("--server", type=pathlib.Path, metavar="BIN",
                        help="the chat that is measured, when not the release build's")
    parser.add_argument("--generator", type=pathlib.Path, metavar="BIN",
                        help="the chat whose `chat bench` measures, when not the release build's")
    parser.add_argument("--save", type=pathlib.Path, default=BUILD.parent / "peers", metavar="DIR",
                        help="where runs are saved (build/peers)")
    parser.add_argument("--docs", type=pathlib.Path, metavar="FILE",
                        help="write the tables there between the markers"
                        " (docs/benchmarks.md, when all was measured and not --quick)")
    options = parser.parse_args(arguments)
    is_whole = not (options.quick or options.only or options.peer)
    options.docs = options.docs or (DOCS if is_whole else None)
    options.repeats = options.repeats or (1 if options.quick else 5)
    options.times = (0.5, 1.0) if options.quick else (1.0, 3.0)
    options.only = options.only or workloads
    options.peer = options.peer or peers
    return options


def main(arguments):
    options = parse(arguments)
    beside = Beside(options)
    try:
        beside.prepare()
        facts = beside.facts()
        beside.run()
        text = beside.markdown(facts)
        print(text, end="")
        beside.save()
        if options.docs:
            write_between(options.docs, text)
    except BenchError as failure:
        say(str(failure))
        return 1
    failed = sum(len(each) for each in beside.failures.values())
    say(f"{beside.turns} turns, {failed} runs failed")
    return 1 if failed or beside.turns == 0 else 0
