"""A private RabbitMQ for a measurement, and its bare loop."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from .generator import BOUND, FLAWED, SPARE_SECONDS, Result
from .processes import TOP, BenchError, outcome_of, say

sys.path.insert(0, str(TOP / "tests" / "rabbitmq"))
from rabbit import Rabbit  # noqa: E402
from with_broker import variables  # noqa: E402

PACKAGE = pathlib.Path("/usr/lib/rabbitmq")
FLAWS = ("lost", "dup", "misordered", "foreign", "order_mismatch", "unacked", "errors")


class Broker:
    """Started when it is wanted first, on the generator's core."""

    def __init__(self, scratch, cores):
        self.scratch = scratch
        self.cores = cores
        self.ends = contextlib.ExitStack()
        self.started = None

    def rabbit(self):
        if self.started:
            return self.started
        say("starting RabbitMQ")
        self.scratch.mkdir(parents=True, exist_ok=True)
        folder = self.ends.enter_context(
            tempfile.TemporaryDirectory(prefix="bench-rabbitmq-", dir=self.scratch)
        )
        self.ends.callback(rabbitmq_script, "stop", "--now", "--remove", "--dir", folder)
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.cores.generator)  # its processes have it from us
        try:
            rabbitmq_script(
                "start", "--dir", folder, "--port", "0", "--until-end-of", str(os.getpid())
            )
        finally:
            os.sched_setaffinity(0, before)
        self.started = Rabbit(variables(folder))
        return self.started

    @contextlib.contextmanager
    def vhost(self):
        """Yields (the port of AMQP, a new vhost)."""
        rabbit = self.rabbit()
        with rabbit.vhost("bench") as vhost:
            yield rabbit.amqp[0][1], vhost

    def close(self):
        self.ends.close()


def loop_result(binary, broker, words, cores, times):
    """What perf_amqp_loop says, in the words of `chat bench`."""
    with broker.vhost() as (port, vhost):
        command = [binary, "--url", f"127.0.0.1:{port}", "--vhost", vhost]
        command += ["--warm-up", times[0], "--duration", times[1], *words]
        code, output, complaint = outcome_of(command, cores, sum(times) + SPARE_SECONDS)
    if code not in (0, FLAWED) or not output:
        raise BenchError(complaint or f"perf_amqp_loop: exit code {code}")
    said = json.loads(output)
    figures = {
        "acked": said["acked_per_s"],
        "deliveries": said["deliveries_per_s"],
        "latency_p50": said["latency_us"]["p50"] / 1000,
        "latency_p99": said["latency_us"]["p99"] / 1000,
        "generator_cpu": said["generator_cpu"] * 100,
    }
    flaws = {flaw: said[flaw] for flaw in FLAWS if said[flaw]}
    return Result(figures, flaws, (BOUND,) if said["generator_bound"] else ())


def rabbitmq_script(*arguments):
    command = [sys.executable, str(TOP / "scripts" / "rabbitmq"), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise BenchError(f"scripts/rabbitmq {arguments[0]}: {done.stdout.strip()[-1000:]}")
