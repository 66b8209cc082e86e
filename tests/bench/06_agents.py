"""`chat bench agent`: load from elsewhere, for those who know the token."""

import asyncio
import contextlib
import os
import pathlib
import re
import signal
import tempfile

from bench import SHORT, RawServer, Report, bench, bench_command, children_of, is_running, raw_options, until
from chat_command import Command, chat
from chat_server import expect, run


@contextlib.asynccontextmanager
async def agent(*options, listen="127.0.0.1:0"):
    """Yields the command and its address."""
    async with Command("bench", "agent", "--listen", listen, *options) as command:
        await command.said(r"listening at \S+\n")
        yield command, re.search(r"listening at (\S+)\n", command.errors)[1]


@contextlib.contextmanager
def token_files(*tokens):
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, token in enumerate(tokens):
            file = pathlib.Path(folder) / f"token{number}"
            file.write_text(token + "\n", encoding="ascii")
            file.chmod(0o600)
            files.append(str(file))
        yield files


async def two_agents_play_one_room():
    """Half of the deliveries are to members on the sender's machine; the others have no latency."""
    with token_files("correct horse battery staple") as (token,):
        async with agent("--token-file", token) as (first, one), agent("--token-file", token) as (second, two), \
                RawServer() as server:
            report = await bench("fanout", *raw_options(server), "--members", "20", "--senders", "4", *SHORT, "--agents",
                                 f"{one},{two}", "--token-file", token)
            expect((report.code, report.flaws, report["reach"]), (0, {}, 100))
            note = re.search(r"Latency is of ([\d.]+) % of the deliveries", report.remarks)
            assert note and 48 <= float(note[1]) <= 52, report
            total = 1.2 * 100 * 20
            assert abs(report.json["latency"]["count"] - total / 1.2 / 2) < total * 0.02, report
            setup = {each["name"]: each["text"] for each in report.json["setup"]}
            expect(setup["agents"], f"{one}, {two}")
            expect(setup.keys() & {"cpu", "cores", "kernel"}, set(), "of this machine, which only leads")
            for each in (first, second):
                await each.said("started work")
                await each.said("ended work")


async def faults_are_counted_over_agents_too():
    async with agent() as (_, one), agent() as (_, two), RawServer("--fault-drop", "0.02", "--fault-dup", "0.02") as server:
        report = await bench("fanout", *raw_options(server), "--members", "20", "--senders", "1", "--processes", "2",
                             *SHORT, "--agents", f"{one},{two}")
    expect(report.code, 8)
    expect(report.flaws, {"lost": server.injected["dropped"], "duplicated": server.injected["duplicated"]})


async def that_no_latency_can_be_told_is_a_warning():
    """One sender, and all that hear it are on other machines: but itself it hears."""
    async with agent() as (_, one), agent() as (_, two), RawServer() as server:
        report = await bench("fanout", *raw_options(server), "--members", "2", "--senders", "1", *SHORT, "--agents",
                             f"{one},{two}")
    expect((report.code, report.flaws), (0, {}))
    assert "Latency is of 50.0 % of the deliveries" in report.remarks, report


NO_SERVER = ("--url", "ws://127.0.0.1:1", "--dialect", "plain", *SHORT)


async def who_has_another_token_gets_no_work_done():
    with token_files("one", "other") as (token, other):
        async with agent("--token-file", token) as (command, address):
            for options, why in ((("--token-file", other), "token"), ((), "token")):
                code, out, errors = await chat("bench", "fanout", *NO_SERVER, "--agents", address, *options)
                expect((code, out), (3, ""), errors)
                assert address in errors and why in errors, errors
            expect(children_of(command.process.pid), [])
        async with agent() as (_, address):
            code, out, errors = await chat("bench", "fanout", *NO_SERVER, "--agents", address, "--token-file", token)
            expect((code, out), (3, ""), errors)
            assert address in errors and "token" in errors, errors


async def what_is_no_agent_is_told():
    code, out, errors = await chat("bench", "fanout", *NO_SERVER, "--agents", "127.0.0.1:1")
    expect((code, out), (3, ""))
    assert "nobody listens at 127.0.0.1:1\n" in errors, errors
    async with RawServer() as server:
        code, out, errors = await chat("bench", "fanout", *NO_SERVER, "--agents", server.address)
        expect((code, out), (3, ""))
        assert server.address in errors, errors
    code, out, errors = await chat("bench", "fanout", *NO_SERVER, "--agents", "nonsense")
    assert code in (2, 3) and out == "" and "nonsense" in errors, (code, errors)


async def an_address_that_others_reach_needs_a_token():
    code, out, errors = await chat("bench", "agent", "--listen", "0.0.0.0:0")
    expect((code, out), (2, ""))
    assert "token" in errors, errors


LONG = ("--members", "20", "--rate", "100/s", "--duration", "5m", "--warm-up", "0s", "--repeats", "1", "--progress",
        "always")


@contextlib.asynccontextmanager
async def running_on_two_agents():
    async with agent() as (first, one), agent() as (second, two), RawServer() as server, bench_command(
            "fanout", *raw_options(server), *LONG, "--agents", f"{one},{two}") as command:
        await command.said(r"[1-9]\d* of 300 s: ")
        await until(lambda: children_of(first.process.pid) and children_of(second.process.pid), "there are workers")
        workers = children_of(first.process.pid) + children_of(second.process.pid)
        yield command, first, second, one, two
        await until(lambda: not any(map(is_running, workers)), "all workers are gone")


async def an_agent_that_is_killed_ends_the_run():
    async with running_on_two_agents() as (command, _, second, _, two):
        second.kill()
        code, out, errors = await command.result()
        expect((code, out), (1, ""))
        assert f"chat bench: {two}: the " in errors, errors


async def an_agent_that_is_ended_well_ends_the_run_too():
    async with running_on_two_agents() as (command, first, _, one, _):
        first.process.send_signal(signal.SIGTERM)
        code, out, errors = await command.result()
        expect((code, out), (1, ""))
        assert f"chat bench: {one}: the other side has ended the connection\n" in errors, errors
        expect((await first.result())[0], 130)


async def an_agent_goes_on_when_the_coordinator_is_killed():
    async with running_on_two_agents() as (command, first, second, _, _):
        command.kill()
        await first.said("ended work")
        await second.said("ended work")


async def ctrl_c_ends_a_run_of_agents_with_a_report():
    async with running_on_two_agents() as (command, *_):
        command.process.send_signal(signal.SIGINT)
        report = Report(*await command.result(20))
        expect((report.code, report.json["interrupted"], report.flaws), (130, True, {}))


async def an_agent_has_room_for_so_many_workers():
    async with agent("--max-workers", "2") as (_, address), RawServer() as server:
        code, out, errors = await chat("bench", "fanout", *raw_options(server), *SHORT, "--agents", address,
                                       "--processes", "3")
        expect((code, out), (3, ""))
        assert address in errors, errors
        report = await bench("fanout", *raw_options(server), *SHORT, "--members", "10", "--agents", address,
                             "--processes", "2")
        expect((report.code, report.flaws), (0, {}))
        expect(report.json["notes"], [], "one machine, one clock")


async def at_the_same_time(*cases):
    await asyncio.gather(*(case() for case in cases))


async def what_cannot_go_on_is_told_and_nothing_hangs():
    await at_the_same_time(
        who_has_another_token_gets_no_work_done, what_is_no_agent_is_told, an_address_that_others_reach_needs_a_token,
        an_agent_that_is_killed_ends_the_run, an_agent_that_is_ended_well_ends_the_run_too,
        an_agent_goes_on_when_the_coordinator_is_killed, ctrl_c_ends_a_run_of_agents_with_a_report,
        an_agent_has_room_for_so_many_workers)


run(two_agents_play_one_room, faults_are_counted_over_agents_too, that_no_latency_can_be_told_is_a_warning,
    what_cannot_go_on_is_told_and_nothing_hangs)
