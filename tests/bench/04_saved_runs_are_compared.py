"""--save, --baseline and `chat bench compare`: a run against itself, against a slower server, against no run."""

import json
import pathlib
import re
import tempfile

from bench import RawServer, ahead_of_others, bench, raw_options
from chat_command import Command, chat
from chat_server import expect, run

# Latencies of some 20 ms on purpose: what else runs here adds little to them.
USUAL, SLOWER = "1:20", "1:60"
LOAD = ("--members", "10", "--rate", "200/s", "--duration", "400ms", "--warm-up", "0s")
REPEATS = ("--repeats", "4")


async def measured(delay, *options):
    with ahead_of_others():
        async with RawServer("--fault-delay", delay) as server:
            return await bench("fanout", *raw_options(server), *LOAD, *options)


async def measured_as_text(delay, *options):
    with ahead_of_others():
        async with RawServer("--fault-delay", delay) as server:
            return await chat("bench", "fanout", *raw_options(server), *LOAD, *options, seconds=60)


def baseline_of(folder):
    return pathlib.Path(folder) / "base.json"


async def a_gate_passes_what_is_alike_and_stops_what_is_worse():
    with tempfile.TemporaryDirectory() as folder:
        base = baseline_of(folder)
        saved = await measured(USUAL, *REPEATS, "--save", str(base))
        expect(saved.code, 0, saved.errors)
        expect(json.loads(base.read_text(encoding="utf-8")), saved.json)
        expect([each.name for each in pathlib.Path(folder).iterdir()], ["base.json"])

        alike = await measured(USUAL, *REPEATS, "--baseline", str(base), "--tolerance", "50%")
        expect(alike.code, 0, alike.errors)
        expect(alike.errors.count("worse"), 0, alike.errors)

        after = pathlib.Path(folder) / "after.json"
        code, out, errors = await measured_as_text(SLOWER, *REPEATS, "--baseline", str(base), "--save", str(after))
        expect(code, 8, errors)
        assert "chat bench: worse than the baseline: " in errors, errors
        verdict = " ".join(out.split())
        assert re.search(r"REGRESSIONS beyond noise [^:]*: [^.]*latency p50 of B", verdict), out
        await check_comparison(base, after)

        await what_is_no_baseline_is_wrong_usage(folder, base)
        await files_that_are_no_runs_are_told(folder, base)


async def check_comparison(base, after):
    code, out, errors = await chat("bench", "compare", str(base), str(after))
    expect((code, errors), (0, ""))
    assert re.search(r"latency p50 +A .*\n +B .* WORSE\n", out), out
    code, out, _ = await chat("bench", "compare", str(base), str(after), "--output", "json")
    expect(code, 0)
    compared = json.loads(out)
    p50 = next(each for each in compared["figures"] if each["name"] == "latency_p50")
    expect([each["verdict"] for each in p50["runs"]], ["shown", "worse"])
    assert p50["runs"][1]["low"] > 2, p50
    code, out, _ = await chat("bench", "compare", str(base), str(base))
    expect(code, 0)
    assert "WORSE" not in out and "BETTER" not in out and "REGRESSION" not in out, out


async def what_is_no_baseline_is_wrong_usage(folder, base):
    """Before anything is measured: nothing listens there."""
    nowhere = ("--url", "ws://127.0.0.1:1", "--dialect", "plain", "--repeats", "1")
    code, out, errors = await chat("bench", "fanout", *nowhere, *LOAD, "--payload", "200", "--baseline", str(base))
    expect((code, out), (2, ""))
    assert "base.json is of another workload" in errors, errors
    code, out, errors = await chat("bench", "chatter", *nowhere, "--baseline", str(base))
    expect((code, out), (2, ""))
    for content, why in BROKEN.items():
        broken = pathlib.Path(folder) / "broken.json"
        broken.write_text(content, encoding="utf-8")
        code, out, errors = await chat("bench", "fanout", *nowhere, *LOAD, "--baseline", str(broken))
        expect((code, out), (2, ""), content)
        assert "--baseline: " in errors and "broken.json" in errors and why in errors, errors
    code, out, errors = await chat("bench", "fanout", *nowhere, *LOAD, "--baseline", f"{folder}/none.json")
    expect((code, out), (2, ""))
    assert "none.json" in errors, errors


BROKEN = {"": "is no saved run of chat bench", "{": "is no saved run of chat bench",
          "[]": "is no saved run of chat bench", "{\"format\":\"chat-bench/1\"}": "is no saved run of chat bench"}


async def files_that_are_no_runs_are_told(folder, base):
    code, out, errors = await chat("bench", "compare", str(base), f"{folder}/none.json")
    expect((code, out), (2, ""))
    assert "none.json" in errors, errors
    code, out, errors = await chat("bench", "compare", folder)
    expect((code, out), (2, ""))


async def a_place_where_nothing_can_be_saved_is_told_before():
    nobody = ("--url", "ws://127.0.0.1:9")
    for place, why in (("/nonexistent/run.json", "cannot be made: No such file or directory"),
                       ("/tmp", "is a folder"), ("", "is no name of a file")):
        code, out, errors = await chat("bench", "fanout", *nobody, *LOAD, "--save", place)
        expect((code, out), (1, ""), place)
        expect(errors, f'chat bench: --save: "{place}" {why}\n')


async def what_cannot_be_saved_any_more_is_printed():
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "gone"
        place.mkdir()
        async with RawServer() as server, Command("bench", "fanout", *raw_options(server), *LOAD, "--repeats", "1",
                                                  "--progress", "always", "--save", str(place / "run.json")) as command:
            await command.said("connecting|warming|of 0")
            place.rmdir()
            code, out, errors = await command.result()
    expect(code, 1)
    assert "latency p99" in out, out
    assert f'--save: "{place}/run.json" cannot be made: No such file or directory' in errors, errors


run(a_gate_passes_what_is_alike_and_stops_what_is_worse, a_place_where_nothing_can_be_saved_is_told_before,
    what_cannot_be_saved_any_more_is_printed)
