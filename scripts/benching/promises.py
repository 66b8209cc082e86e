"""What was measured of each workload, turn by turn, and which promises it keeps."""

import dataclasses
import statistics

from .generator import GENERATOR
from .processes import BenchError, say
from .tables import bullets, number, spread, table
from .workloads import Promise, Workload


@dataclasses.dataclass
class Series:
    """One workload: per turn, what each server got."""

    workload: Workload
    turns: list = dataclasses.field(default_factory=list)  # of {server: result}
    failures: list = dataclasses.field(default_factory=list)  # texts

    def values(self, server, metric):
        values = [metric.of(turn[server]) for turn in self.turns if server in turn]
        return [value for value in values if value is not None]

    def of_promise(self, promise):
        """Per turn in which all were measured that it needs."""
        metric = promise.metric
        values = []
        for turn in self.turns:
            if any(server not in turn for server in promise.servers):
                continue
            value = metric.of(turn[promise.server])
            if promise.over and value is not None:
                value -= metric.of(turn[promise.over])
            if promise.against and value is not None:
                theirs = metric.of(turn[promise.against])
                value = value / theirs if theirs else None
            if value is not None:
                values.append(value)
        return values

    def generator_bound(self, server):
        return any(turn[server].generator_bound for turn in self.turns if server in turn)


@dataclasses.dataclass
class Verdict:
    series: Series
    promise: Promise
    values: list

    @property
    def word(self):
        if not self.values:
            return "not measured"
        middle = statistics.median(self.values)
        if not self.promise.holds(middle, self.promise.must):
            return "MISSED"
        aim = self.promise.aim
        return "held, aim reached" if aim and self.promise.holds(middle, aim) else "held"

    @property
    def note(self):
        servers = self.promise.servers
        bound = sorted(server for server in servers if self.series.generator_bound(server))
        return f"generator bound: {', '.join(bound)}" if bound else ""


def verdicts_of(series):
    for promise in series.workload.promises:
        yield Verdict(series, promise, series.of_promise(promise))


def run_workload(bench, workload):
    series = Series(workload)
    servers = [server for server in workload.servers if server not in bench.missing]
    for turn in range(bench.options.repeats):
        results = {}
        for server in servers:
            try:
                result = bench.measure(workload, server)
            except BenchError as failure:
                series.failures.append(f"{workload.name} on {server}: {failure}")
                say(f"FAILED {series.failures[-1]}")
                continue
            results[server] = result
            flaws = result.flaws_text()
            if flaws:
                series.failures.append(f"{workload.name} on {server}: {flaws}")
            shown = ", ".join(
                f"{metric.title} {number(metric.of(result))} {metric.unit}"
                for metric in (*workload.metrics, GENERATOR)
                if metric.of(result) is not None
            )
            marks = " GENERATOR BOUND" if result.generator_bound else ""
            marks += f" FAILED: {flaws}" if flaws else ""
            say(f"{turn + 1}/{bench.options.repeats} {workload.name} {server}: {shown}{marks}")
        series.turns.append(results)
    return series


def verdict_table(verdicts):
    rows = []
    for verdict in verdicts:
        promise = verdict.promise
        measured = spread(verdict.values)
        if verdict.values:
            measured += f" × {promise.against}" if promise.against else f" {promise.metric.unit}"
        word = f"**{verdict.word}**" if verdict.word == "MISSED" else verdict.word
        rows.append(
            (
                verdict.series.workload.title, promise.what, promise.bound_text(promise.must),
                promise.bound_text(promise.aim), measured,
                word + (f" ({verdict.note})" if verdict.note else ""),
            )
        )
    return table(("workload", "what", "must", "aim", "measured", "verdict"), rows)


def figures_table(series):
    metrics = (*series.workload.metrics, GENERATOR)
    rows = []
    for server in series.workload.servers:
        if not any(server in turn for turn in series.turns):
            continue
        mark = " (generator bound)" if series.generator_bound(server) else ""
        rows.append((server + mark, *(spread(series.values(server, each)) for each in metrics)))
    return table(("server", *(f"{each.title}, {each.unit}" for each in metrics)), rows)


def markdown(about, all_series, verdicts, bench):
    parts = [bullets(about)]
    if verdicts:
        parts.append(verdict_table(verdicts))
    parts.append("Median and extremes of each server:")
    for series in all_series:
        if not any(series.turns):
            continue
        parts.append(f"**{series.workload.name}**: {series.workload.title}")
        parts.append(figures_table(series))
    parts += [f"Not measured: {server} ({why})." for server, why in bench.missing.items()]
    failures = [failure for series in all_series for failure in series.failures]
    if failures:
        parts.append("**FAILED**:\n" + "\n".join(f"- {failure}" for failure in failures))
    return "\n\n".join(parts) + "\n"


def as_json(about, all_series, verdicts):
    return {
        "about": about,
        "workloads": {
            series.workload.name: [
                {server: result.as_json() for server, result in turn.items()}
                for turn in series.turns
            ]
            for series in all_series
        },
        "failures": [failure for series in all_series for failure in series.failures],
        "verdicts": [
            {
                "workload": verdict.series.workload.name,
                "metric": verdict.promise.metric.name,
                "server": verdict.promise.server,
                "against": verdict.promise.against,
                "over": verdict.promise.over,
                "at_least": verdict.promise.at_least,
                "must": verdict.promise.must,
                "aim": verdict.promise.aim,
                "values": verdict.values,
                "verdict": verdict.word,
            }
            for verdict in verdicts
        ],
    }
