"""The servers of `scripts/bench`: `chat serve` in its ways, and the baselines."""

import contextlib
import tempfile
import time
import urllib.error
import urllib.request

from . import generator
from .broker import PACKAGE, Broker, loop_result
from .processes import BUILD, PERF, START_SECONDS, BenchError, Cores, build, serving

CHAT = ("chat", "chat-data", "chat-amqp")
NEED_RABBITMQ = ("chat-amqp", "rabbitmq")
RELEASE_CHAT = BUILD / "tools" / "chat" / "chat"


def chat_command(binary, *more):
    """One worker, and no bound that a load test would reach."""
    limits = generator.words(
        "--max-connections 70000 --max-connections-per-address 70000 --max-rooms 20000"
        " --max-frames-per-second 0"
    )
    return [
        binary, "serve", "--listen", "127.0.0.1:0", "--workers", "1", "--log-level", "warn",
        *limits, *more,
    ]


class Bench:
    """Starts them and asks them. `options`: of the command line."""

    def __init__(self, options):
        self.options = options
        self.cores = Cores()
        self.tools = options.tools or BUILD / "tests" / "perf"
        self.chat = options.server or RELEASE_CHAT
        self.generator = options.generator or RELEASE_CHAT
        self.missing = {}  # server → why it is not measured
        self.broker = Broker(options.scratch, self.cores)

    def build(self):
        targets = [] if self.options.tools else ["perf_raw", "perf_amqp_loop"]
        if not self.options.generator or not (self.options.server or self.options.baselines):
            targets.append("chat_cli")
        build(targets)
        if self.options.baselines:
            self.missing.update(dict.fromkeys(CHAT, "--baselines"))
        if not (PERF / "node_modules" / "ws").is_dir():
            self.missing["ws"] = "its package is not installed: scripts/deps bench"

    def leave_out_rabbitmq(self):
        """True where it is not installed."""
        if PACKAGE.is_dir():
            return False
        self.missing.update(
            dict.fromkeys(NEED_RABBITMQ, "it is not installed: scripts/deps rabbitmq")
        )
        return True

    def close(self):
        self.broker.close()

    def measure(self, workload, server):
        asked = workload.asked_of(server)
        times = self.options.times
        if server == "rabbitmq":
            loop = self.tools / "perf_amqp_loop"
            return loop_result(loop, self.broker, asked, self.cores.server, times)
        with contextlib.ExitStack() as ends:
            if server == "chat-amqp":
                nodes = ends.enter_context(self.serving_two(server))
            else:
                command = ends.enter_context(self.command_of(server))
                nodes = [ends.enter_context(serving(server, command, self.cores.server))]
            pids, addresses = zip(*nodes)
            return generator.run(
                self.generator, asked, addresses, pids, self.cores.generator, times
            )

    @contextlib.contextmanager
    def command_of(self, server):
        if server == "raw":
            yield [self.tools / "perf_raw"]
        elif server == "coalesced":
            yield [self.tools / "perf_raw", "--coalesced"]
        elif server == "ws":
            yield ["node", PERF / "ws_server.mjs"]
        elif server == "chat-data":
            self.options.scratch.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="bench-", dir=self.options.scratch) as data:
                yield chat_command(self.chat, "--data", data)
        else:
            yield chat_command(self.chat)

    @contextlib.contextmanager
    def serving_two(self, server):
        """Yields as `serving` does, for each of two nodes on a new vhost; both are ready."""
        with contextlib.ExitStack() as ends:
            port, vhost = ends.enter_context(self.broker.vhost())
            command = chat_command(
                self.chat, "--broker", f"amqp://guest@localhost:{port}/{vhost}"
            )
            nodes = [
                ends.enter_context(serving(server, command, self.cores.server)) for _ in range(2)
            ]
            for _, address in nodes:
                wait_until_ready(server, address)
            yield nodes


def wait_until_ready(server, address):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://{address}/readyz", timeout=START_SECONDS).close()
            return
        except urllib.error.HTTPError as answer:
            if time.monotonic() > deadline:
                said = answer.read(200).decode(errors="replace").strip()
                raise BenchError(f"{server} does not get ready: {said}") from None
        except OSError as failure:
            raise BenchError(f"{server} is not there: {failure}") from None
        time.sleep(0.01)
