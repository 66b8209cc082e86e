"""A pause of the server, or of the load generator, is seen by every message that was planned for that time, not
just by the one that it stopped (coordinated omission)."""

import asyncio
import os
import signal

from bench import RawServer, Report, ahead_of_others, bench_command, children_of, raw_options
from chat_server import expect, run

WINDOW = 2.0  # seconds
PAUSE = 0.8


async def paused(whom, *options):
    """A report of a window in which those whom `whom(command, server)` names (pids are signalled) stood still."""
    with ahead_of_others():
        async with RawServer() as server, bench_command(
                "fanout", *raw_options(server), "--members", "10", "--senders", "10", "--rate", "200/s",
                "--duration", f"{WINDOW:g}s", "--warm-up", "200ms", "--repeats", "1", "--progress", "always",
                *options) as command:
            await command.said(r"0 of 2 s: ")
            stop, go_on = whom(command, server)
            stop()
            await asyncio.sleep(PAUSE)  # the pause itself
            go_on()
            return Report(*await command.result(60))


def signals(pids):
    """Two functions: one stops them, the other lets them go on."""
    return [lambda: [os.kill(pid, signal.SIGSTOP) for pid in pids],
            lambda: [os.kill(pid, signal.SIGCONT) for pid in pids]]


def check_percentiles(report):
    """Of what is planned evenly, (PAUSE - x) / WINDOW waits longer than x."""
    expect((report.code, report.flaws), (0, {}))
    for name, share in (("p90", 0.1), ("p99", 0.01), ("max", 0)):
        longest = (PAUSE - share * WINDOW) * 1000
        assert report[f"latency_{name}"] >= 0.95 * longest, (name, longest, report)
    assert report["latency_p50"] < PAUSE * 1000 / 2, report
    assert report["latency_max"] < PAUSE * 1000 * 3, report
    # None is left out: a loop that waits for answers would have sent that much less.
    counted = report.json["latency"]["count"]
    assert abs(counted - 200 * WINDOW * 10) <= 0.02 * counted, counted


async def a_server_that_stands_still_is_seen_by_all_that_was_planned_meanwhile():
    report = await paused(lambda _, server: signals([server.pid]))
    check_percentiles(report)
    assert report["schedule_lag_p99"] < PAUSE * 1000 / 2, report


async def a_generator_that_stands_still_is_told_as_its_own_fault():
    def worker(command, _):
        pids = children_of(command.process.pid)
        expect(len(pids), 1, "workers")
        return signals(pids)
    report = await paused(worker)
    check_percentiles(report)
    assert report["schedule_lag_p99"] >= 0.95 * (PAUSE - 0.01 * WINDOW) * 1000, report
    assert "GENERATOR BOUND" in report.remarks, report


async def one_of_two_workers_that_stands_still_is_told_too():
    def worker(command, _):
        pids = children_of(command.process.pid)
        expect(len(pids), 2, "workers")
        return signals(pids[:1])
    report = await paused(worker, "--processes", "2")
    expect((report.code, report.flaws), (0, {}))
    assert report["latency_p99"] >= 0.6 * PAUSE * 1000, report
    assert "GENERATOR BOUND" in report.remarks, report


run(a_server_that_stands_still_is_seen_by_all_that_was_planned_meanwhile,
    a_generator_that_stands_still_is_told_as_its_own_fault, one_of_two_workers_that_stands_still_is_told_too)
