"""`chat bench` as the generator of a load, and what it says of one run."""

import dataclasses
import json

from .processes import BenchError, outcome_of

FLAWED = 8  # its exit code: something did not come as it must
SPARE_SECONDS = 150  # beyond its own times, for connecting and draining
BOUND = "GENERATOR BOUND"
FAILURES = ("failed_connects",)  # as much a flaw as those that the report calls one
SAYS_NOTHING = ("idle", "storm")  # scenarios without a warm-up


def words(text):
    return tuple(text.split())


@dataclasses.dataclass(frozen=True)
class Metric:
    """A figure of `chat bench`."""

    title: str
    unit: str
    name: str

    def of(self, result):
        """None: there is no such thing at that server."""
        return result.figures.get(self.name)


CPU = Metric("server CPU per delivery", "µs", "server_cpu_per_delivery")
THROUGHPUT = Metric("deliveries", "/s", "deliveries")
ACKED = Metric("acknowledged messages", "/s", "acked")
P50 = Metric("latency p50", "ms", "latency_p50")
P99 = Metric("latency p99", "ms", "latency_p99")
REACH = Metric("members reached by all", "%", "reach")
CONNECTS = Metric("connections", "/s", "connects")
CONNECT_CPU = Metric("server CPU per connection", "µs", "server_cpu_per_connect")
MEMORY = Metric("RSS per connection", "bytes", "server_rss_per_connection")
GENERATOR = Metric("generator", "% of its core", "generator_cpu")


@dataclasses.dataclass(frozen=True)
class Result:
    """Of one run. `flaws`: what has to be 0, and is not. `report`: all that was said."""

    figures: dict
    flaws: dict = dataclasses.field(default_factory=dict)
    warnings: tuple = ()
    report: dict = dataclasses.field(default_factory=dict)

    @property
    def generator_bound(self):
        return any(warning.startswith(BOUND) for warning in self.warnings)

    @property
    def sent_late(self):
        """Though the generator was not the limit: something else had its core."""
        return self.generator_bound and self.figures["generator_cpu"] < 90

    def flaws_text(self):
        return ", ".join(f"{title} {value:,.0f}" for title, value in self.flaws.items())

    def as_json(self):
        return {"figures": self.figures, "flaws": self.flaws, "warnings": list(self.warnings)}


def result_of(report):
    """`report`: as `chat bench --repeats 1 --output json` prints it."""
    figures = {figure["name"]: figure["values"][0] for figure in report["figures"]}
    flaws = {
        figure["title"]: figure["values"][0]
        for figure in report["figures"]
        if (figure["better"] == "zero" or figure["name"] in FAILURES) and figure["values"][0] > 0
    }
    return Result(figures, flaws, tuple(report["warnings"]), report)


@dataclasses.dataclass(frozen=True)
class Load:
    """What `chat bench` is told, beside whom to ask and for how long."""

    scenario: str
    options: tuple

    def times(self, warm_up, duration):
        """In seconds. A storm lasts as long as its connects."""
        told = {"--warm-up": warm_up, "--duration": duration}
        if self.scenario in SAYS_NOTHING:
            del told["--warm-up"]
        if self.scenario == "storm":
            del told["--duration"]
        return [word for each in told for word in (each, f"{told[each] * 1000:.0f}ms")]


def load(text):
    scenario, *options = text.split()
    return Load(scenario, tuple(options))


def run(binary, asked, addresses, pids, cores, times):
    """One run of `asked`, a Load, on the servers at these addresses, "127.0.0.1:PORT"."""
    command = [binary, "bench", asked.scenario, "--repeats", "1", "--output", "json"]
    command += ["--progress", "never", *asked.times(*times), *asked.options]
    for address in addresses:
        command += ["--url", f"ws://{address}"]
    for pid in pids:
        command += ["--pid", str(pid)]
    code, output, complaint = outcome_of(command, cores, sum(times) + SPARE_SECONDS)
    if code not in (0, FLAWED) or not output:
        raise BenchError(complaint or f"chat bench: exit code {code}")
    return result_of(json.loads(output))
