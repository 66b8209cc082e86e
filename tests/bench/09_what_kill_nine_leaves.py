"""The scenario `fault` on a server that is killed with -9 again and again: all come back, and what was lost is told."""

import asyncio
import tempfile

from bench import Report, bench_command, until
from chat_server import Server, expect, run

LOAD = ("--rooms", "4", "--members", "5", "--senders", "2", "--rate", "40/s", "--duration", "8s", "--warm-up", "0s",
        "--repeats", "1", "--progress", "always")


async def killed_twice(*options):
    """A report of a run in which the server is killed and started again at the same address, two times, each time
    when all were in their rooms."""
    async with Server(*options) as server:
        address = server.address
        async with bench_command("fault", "--url", f"ws://{address}", *LOAD) as command:
            await command.said(r"1 of 8 s: \d+/s")
            await server.kill()
            await until(lambda: is_away(command), "it is told that members are away")
            async with Server(*options, listen=(address,)) as second:
                await until(lambda: not is_away(command), "all are back")
                await second.kill()
                await until(lambda: is_away(command), "it is told that members are away again")
                async with Server(*options, listen=(address,)):
                    return Report(*await command.result(80))


def is_away(command):
    """By the last whole line of progress."""
    return "members away" in command.errors.rpartition("\n")[0].rpartition("\n")[2]


def check_returns(report):
    """All 20 lost their connections twice, and came back."""
    expect((report["disconnects"], report["returns"]), (40, 40), str(report))
    assert report["back_p50"] > 0, report


async def with_data_nothing_is_lost_and_nothing_comes_twice():
    with tempfile.TemporaryDirectory() as data:
        report = await killed_twice("--data", data)
    expect((report.code, report["lost"], report["duplicated"], report["misordered"], report["order_mismatch"],
            report["unacked"], report["not_sent"], report["reach"]), (0, 0, 0, 0, 0, 0, 0, 100), str(report))
    check_returns(report)
    assert report["sent"] >= 0.8 * 40, report


async def without_data_that_messages_are_gone_is_told():
    report = await killed_twice()
    expect(report.code, 8, str(report))
    check_returns(report)
    assert report["lost"] > 0 and report["reach"] < 100, report
    assert "what was missed is gone: the room's log is another one" in report.remarks, report
    # A server that knows nothing of what it had delivered takes what is sent again for new.
    told = {"lost": 0, "duplicated": 0, "disconnects": 0, "refused": 0}
    expect({**report.flaws, **told}, told, "nothing else went wrong")


async def what_kill_nine_leaves_is_told():
    await asyncio.gather(with_data_nothing_is_lost_and_nothing_comes_twice(),
                         without_data_that_messages_are_gone_is_told())


run(what_kill_nine_leaves_is_told)
