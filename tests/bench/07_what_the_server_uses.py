"""--pid and --metrics: what the server uses is measured in the same run, or the run does not begin."""

import asyncio

from bench import SHORT, RawServer, bench, bench_command, raw_options
from chat_command import chat
from chat_server import Server, expect, run

LOAD = ("--members", "50", "--rate", "400/s", *SHORT)


def check_use(report):
    expect((report.code, report.flaws), (0, {}))
    assert 0 < report["server_cpu_per_delivery"] < 1000, report
    assert 0 < report["server_cpu"] <= 400, report
    assert 1 << 20 < report["server_rss"] < 1 << 30, report
    assert all(each["server"] is not None for repeat in report.json["seconds"] for each in repeat), report


async def a_process_on_this_machine_is_read():
    async with RawServer() as server:
        report = await bench("fanout", *raw_options(server), *LOAD, "--pid", str(server.pid))
    check_use(report)
    assert report["server_rss_per_connection"] >= 0, report
    # One that always finds something to do when it has the core does not wait.
    assert report["server_voluntary_switches"] + report["server_involuntary_switches"] > 0, report


async def user_and_kernel_mode_are_told_apart_where_enough_was_used():
    """Half a second of CPU is enough; on a busy machine it takes longer to get that."""
    for seconds in (3, 6, 12, 24):
        async with RawServer() as server:
            report = await bench("fanout", *raw_options(server), "--members", "50", "--senders", "8", "--saturate",
                                 "64", "--duration", f"{seconds}s", "--warm-up", "200ms", "--repeats", "1", "--pid",
                                 str(server.pid))
        check_use(report)
        used = report["server_cpu"] / 100 * seconds
        names = {figure["name"] for figure in report.json["figures"]}
        if abs(used - 0.5) > 0.05:
            expect("server_user_per_delivery" in names, used > 0.5, f"told apart after {used} s")
        if "server_user_per_delivery" in names:
            break
    parts = report["server_user_per_delivery"] + report["server_system_per_delivery"]
    assert abs(parts - report["server_cpu_per_delivery"]) <= 0.3 * parts, report


async def several_processes_are_summed():
    async with RawServer() as one, RawServer() as other:
        alone = await bench("fanout", *raw_options(one), *LOAD, "--pid", str(one.pid))
        both = await bench("fanout", *raw_options(one), *LOAD, "--pid", f"{one.pid},{other.pid}")
    check_use(both)
    assert both["server_rss"] >= 1.4 * alone["server_rss"], (both["server_rss"], alone["server_rss"])


async def what_chat_serve_tells_for_prometheus_is_read():
    async with Server() as server:
        report = await bench("fanout", "--url", f"ws://{server.address}", *LOAD, "--metrics",
                             f"http://{server.address}/metrics")
        by_pid = await bench("fanout", "--url", f"ws://{server.address}", *LOAD, "--pid", str(server.pid))
    check_use(report)
    check_use(by_pid)
    ratio = report["server_rss"] / by_pid["server_rss"]
    assert 0.5 < ratio < 2, ratio


async def both_at_once_are_wrong_usage():
    code, out, errors = await chat("bench", "fanout", "--pid", "1", "--metrics", "http://127.0.0.1:1/metrics")
    expect((code, out), (2, ""))
    assert "--pid and --metrics measure the same; one of them" in errors, errors


async def what_is_not_there_is_told_before_anything_is_measured():
    async with RawServer() as server:
        gone = server.pid
    nowhere = ("--url", "ws://127.0.0.1:1")
    code, out, errors = await chat("bench", "fanout", *nowhere, "--pid", str(gone))
    expect((code, out), (1, ""))
    assert str(gone) in errors, errors
    code, out, errors = await chat("bench", "fanout", *nowhere, "--metrics", "http://127.0.0.1:1/metrics")
    expect((code, out), (1, ""))
    assert "127.0.0.1:1" in errors, errors
    code, out, errors = await chat("bench", "fanout", *nowhere, "--metrics", "nonsense")
    expect((code, out), (2, ""))
    assert "--metrics: " in errors, errors


async def a_server_that_ends_while_it_is_measured_is_told():
    async with RawServer() as server, bench_command(
            "fanout", *raw_options(server), "--members", "5", "--duration", "60s", "--warm-up", "0s", "--repeats", "1",
            "--progress", "always", "--pid", str(server.pid)) as command:
        await command.said(r"[0-9]+ of 60 s: ")
        server.process.kill()
        code, out, errors = await command.result(20)
    expect((code, out), (1, ""))
    assert str(server.pid) in errors, errors


async def what_cannot_be_read_is_told():
    await asyncio.gather(both_at_once_are_wrong_usage(), what_is_not_there_is_told_before_anything_is_measured(),
                         a_server_that_ends_while_it_is_measured_is_told())


run(a_process_on_this_machine_is_read, user_and_kernel_mode_are_told_apart_where_enough_was_used,
    several_processes_are_summed, what_chat_serve_tells_for_prometheus_is_read,
    what_cannot_be_read_is_told)
