"""Ctrl-C and worse: a run ends soon, says what it has, and leaves no process behind."""

import asyncio
import contextlib
import os
import signal

from bench import RawServer, Report, children_of, is_running, raw_options, until
from chat_command import Command, die_with_us
from chat_server import expect, run

LOAD = ("--members", "20", "--warm-up", "0s", "--processes", "2", "--progress", "always", "--output", "json")
LONG = ("--duration", "5m", "--repeats", "3")
SHORT = ("--duration", "300ms", "--repeats", "1")


class Run(Command):
    """A run with two workers, in a process group of its own, as a shell gives it."""

    def __init__(self, *options, scenario="fanout", length=LONG):
        super().__init__("bench", scenario, *LOAD, *length, *options)

    @staticmethod
    def prepare():
        die_with_us()
        os.setpgid(0, 0)

    def signal(self, number):
        self.process.send_signal(number)

    def end_all(self):
        """What `timeout` does: it comes twice, and to the workers, too."""
        self.signal(signal.SIGTERM)
        os.killpg(self.process.pid, signal.SIGTERM)

    def type_ctrl_c(self):
        """A terminal sends it to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    async def workers(self):
        await until(lambda: len(children_of(self.process.pid)) == 2, "there are two workers")
        return children_of(self.process.pid)


async def gone(pids):
    await until(lambda: not any(map(is_running, pids)), "all workers are gone")


async def interrupted_in_its_window(interrupt):
    async with RawServer() as server, Run(*raw_options(server), "--rate", "100/s") as command:
        await command.said(r"[1-9]\d* of 300 s: ")
        workers = await command.workers()
        interrupt(command)
        report = Report(*await command.result(20))
        await gone(workers)
    expect(report.code, 130, report.errors)
    assert report.errors.endswith("chat bench: interrupted\n"), report.errors
    expect((report.json["interrupted"], report.json["flawed"], report.flaws), (True, False, {}))
    assert report.json["latency"]["count"] > 0, report
    assert 0.8 * 100 <= report["sent"] <= 1.2 * 100, report
    expect(len(report.json["seconds"]), 1, "repeats")


async def one_signal_ends_a_run_with_what_it_has_measured():
    await asyncio.gather(interrupted_in_its_window(lambda command: command.signal(signal.SIGINT)),
                         interrupted_in_its_window(lambda command: command.signal(signal.SIGTERM)),
                         interrupted_in_its_window(Run.type_ctrl_c), interrupted_in_its_window(Run.end_all))


async def interrupted_while_members_connect(*load):
    async with RawServer() as server, Run(*raw_options(server), "--connect-rate", "0.5/s", *load) as command:
        await command.said("connecting: [1-9]")
        workers = await command.workers()
        command.signal(signal.SIGINT)
        report = Report(*await command.result(20))
        await gone(workers)
    expect((report.code, report.json["interrupted"], report.json["latency"]["count"]), (130, True, 0))
    expect(report.flaws, {}, load)


async def interrupted_before_anybody_is_in():
    async with RawServer() as server, Run(*raw_options(server), "--rate", "100/s") as command:
        server.signal(signal.SIGSTOP)
        await command.said("connecting: ")
        command.signal(signal.SIGINT)
        report = Report(*await command.result())
    expect((report.code, report.json["interrupted"]), (130, True))
    expect(report.json["figures"], [], "of what was not measured")


async def interrupted_before_the_first_level_is_judged():
    async with RawServer() as server, Run(*raw_options(server), "--rate", "70/s", "--find-max", "--slo", "p99=1s",
                                          length=("--duration", "5m")) as command:
        await command.said(r"[1-9]\d* of 300 s: ")
        command.signal(signal.SIGINT)
        report = Report(*await command.result())
    expect((report.code, report.json["figures"], report.json["search"]["levels"]), (130, [], []))
    assert {"name": "load", "text": "70 messages/s, evenly"} in report.json["workload"], report.json["workload"]


async def while_members_connect_it_ends_with_an_empty_report():
    await asyncio.gather(interrupted_while_members_connect("--rate", "100/s"),
                         interrupted_while_members_connect("--saturate", "10"), interrupted_before_anybody_is_in(),
                         interrupted_before_the_first_level_is_judged())


@contextlib.asynccontextmanager
async def waiting_in_vain(length):
    """A run that half of its messages do not come back to; `fault` waits 30 s: a killed server may come back."""
    async with RawServer("--fault-drop", "0.5") as server, \
            Run(*raw_options(server), scenario="fault", length=length) as command:
        yield command
        report = Report(*await command.result())
    expect((report.code, report.json["interrupted"]), (130, True))
    expect(report.flaws, {"lost": server.injected["dropped"]})


async def what_is_waited_for_in_vain_is_waited_for_no_longer():
    async with waiting_in_vain(SHORT) as command:
        await command.said("waiting for the last messages")
        command.signal(signal.SIGINT)


async def workers_that_stand_still_meanwhile_stop_waiting_too():
    async with waiting_in_vain(SHORT) as command:
        await command.said("waiting for the last messages")
        workers = await command.workers()
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        command.signal(signal.SIGINT)
        await asyncio.sleep(0.5)  # longer than a worker goes without a look at what it is told
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


async def who_stops_the_window_does_not_wait_for_a_server_to_come_back():
    async with waiting_in_vain(LONG) as command:
        await command.said(r"[1-9]\d* of 300 s: ")
        command.signal(signal.SIGINT)


async def the_second_signal_ends_it_at_once():
    """The server stands still: what is under way would be waited for."""
    async with RawServer() as server, Run(*raw_options(server), "--rate", "100/s") as command:
        await command.said(r"[1-9]\d* of 300 s: ")
        workers = await command.workers()
        server.signal(signal.SIGSTOP)
        command.type_ctrl_c()
        await command.said("waiting for the last messages")
        command.type_ctrl_c()
        code, out, _ = await command.result(20)
        expect((code, out), (-signal.SIGINT, ""))
        await gone(workers)


async def workers_die_with_a_run_that_is_killed():
    async with RawServer() as server, Run(*raw_options(server), "--rate", "100/s") as command:
        await command.said(r"[1-9]\d* of 300 s: ")
        workers = await command.workers()
        command.kill()
        code, _, _ = await command.result(20)
        expect(code, -signal.SIGKILL)
        await gone(workers)


async def a_worker_that_is_killed_ends_the_run_with_a_clear_error():
    async with RawServer() as server, Run(*raw_options(server), "--rate", "100/s") as command:
        await command.said(r"[1-9]\d* of 300 s: ")
        workers = await command.workers()
        os.kill(workers[1], signal.SIGKILL)
        code, out, errors = await command.result(20)
        expect((code, out), (1, ""))
        assert "chat bench: worker 2: the other side has ended the connection\n" in errors, errors
        await gone(workers)


run(one_signal_ends_a_run_with_what_it_has_measured, while_members_connect_it_ends_with_an_empty_report,
    what_is_waited_for_in_vain_is_waited_for_no_longer, workers_that_stand_still_meanwhile_stop_waiting_too,
    who_stops_the_window_does_not_wait_for_a_server_to_come_back, the_second_signal_ends_it_at_once,
    workers_die_with_a_run_that_is_killed, a_worker_that_is_killed_ends_the_run_with_a_clear_error)
