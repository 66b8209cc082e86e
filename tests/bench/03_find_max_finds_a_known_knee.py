"""--find-max on a server that handles a known rate and no more."""

from bench import RawServer, ahead_of_others, bench, raw_options
from chat_command import chat
from chat_server import expect, run

KNEE = 300  # messages a second
LEVEL = ("--members", "5", "--senders", "5", "--duration", "1s", "--warm-up", "100ms")


async def the_highest_rate_is_that_of_the_server():
    with ahead_of_others():
        async with RawServer("--knee", str(KNEE)) as server:
            report = await bench("fanout", *raw_options(server), *LEVEL, "--rate", "240/s", "--find-max", "--slo",
                                 "p99=100ms", seconds=90)
    found = report.json["search"]
    print(f"    {found}", flush=True)
    expect((report.code, found["of"], found["unit"]), (0, "rate", "/s"))
    assert 0.8 * KNEE <= found["held"] <= 1.2 * KNEE, found
    assert found["held"] < found["failed"] <= 1.06 * found["held"], found
    expect(found["why"], "latency p99 ≤ 100 ms is not met")
    # What is shown is the level that held.
    assert found["held"] * 0.9 <= report["sent"] <= found["held"] * 1.1, report
    expect((report.json["good"], report.flaws), (True, {}))


async def that_no_level_holds_is_said():
    async with RawServer("--fault-delay", "1:40") as server:
        code, out, errors = await chat("bench", "fanout", *raw_options(server), "--members", "4", "--senders", "1",
                                       "--rate", "50/s", "--duration", "300ms", "--warm-up", "0s", "--find-max",
                                       "members", "--slo", "p50=20ms", seconds=60)
    expect(code, 8, errors)
    assert "chat bench: no level meets --slo\n" in errors, errors
    assert "highest members: no level held, 2 did not: latency p50 ≤ 20 ms is not met\n" in out, out


run(the_highest_rate_is_that_of_the_server, that_no_level_holds_is_said)
