"""Processes of a measurement: each on its core, and none left behind."""

import contextlib
import ctypes
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / "build" / "release"
PERF = TOP / "tests" / "perf"

START_SECONDS = 15
STOP_SECONDS = 10
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """What could not be measured, and why."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Cores:
    """One for the server, one for the generator, where the machine has two."""

    def __init__(self):
        cores = sorted(os.sched_getaffinity(0))
        self.pinned = len(cores) > 1
        self.server = {cores[0]} if self.pinned else set(cores)
        self.generator = {cores[1]} if self.pinned else set(cores)

    def __str__(self):
        if not self.pinned:
            return "not pinned: one core only"
        return f"server on core {min(self.server)}, generator on core {min(self.generator)}"


def child_setup(cores):
    """Runs in the child: its core, all the descriptors it may have, and no life without us."""

    def setup():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        os.sched_setaffinity(0, cores)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return setup


def child_environment(**more):
    """Nobody's settings of `chat`."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("CHAT_")}
    return {**own, "CHAT_CONFIG": os.devnull, **more}


@contextlib.contextmanager
def serving(server, command, cores, address=None, environment=None, **options):
    """Yields (process id, "127.0.0.1:PORT"); nothing of it is left afterwards. A server that does
    not say where it listens has its `address` from us."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=child_setup(cores),
            env=child_environment(**(environment or {})),
            **options,
        )
        try:
            yield process.pid, address or wait_for_address(server, process, output)
        finally:
            stop(process)


def wait_for_address(server, process, output):
    deadline = time.monotonic() + START_SECONDS
    while True:
        said = os.pread(output.fileno(), 65536, 0).decode(errors="replace")
        found = re.search(r"127\.0\.0\.1:(\d+)\b[^\d]", said)
        if found:
            return f"127.0.0.1:{found.group(1)}"
        if process.poll() is not None:
            raise BenchError(f"{server} ended with {process.returncode}: {said.strip()[-500:]}")
        if time.monotonic() > deadline:
            raise BenchError(f"{server} does not say where it listens: {said.strip()[-500:]}")
        time.sleep(0.01)


def children_of(pid):
    """Processes that it has started, and theirs."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text(encoding="ascii").split()):
            found += [child, *children_of(child)]
    return found


def stop(process):
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def outcome_of(command, cores, seconds):
    """(exit code, its output) of a process that ends by itself, within so long; what it complains
    of is the error where it says nothing else."""
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=child_setup(cores),
        env=child_environment(),
    )
    try:
        output, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{pathlib.Path(command[0]).name} did not come to an end") from None
    finally:
        stop(process)
    return process.returncode, output, complaint.strip()


def quietly(command):
    try:
        done = subprocess.run(
            command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as failure:
        raise BenchError(f"{command[0]}: {failure.strerror}") from None
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}:\n{done.stdout.strip()[-3000:]}")


def build(targets):
    """In the release build, what is installed for it first."""
    if not targets:
        return
    quietly([str(TOP / "scripts" / "deps"), "bench"])
    say(f"building {' '.join(targets)}")
    quietly(["cmake", "--preset", "release"])
    quietly(["cmake", "--build", "--preset", "release", "--target", *targets])
