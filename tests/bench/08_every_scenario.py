"""Each scenario on a real chat serve: all that it has to deliver comes, and the report has what the scenario is about."""

import asyncio

from bench import bench
from chat_server import Server, expect, run

QUICK = ("--duration", "1500ms", "--warm-up", "200ms", "--repeats", "1")
NO_WARM_UP = ("--duration", "1s", "--repeats", "1")
TRAFFIC = {"deliveries", "sent", "acked", "latency_p50", "latency_p99", "latency_max", "reach", "lost",
           "duplicated", "misordered", "foreign", "order_mismatch", "schedule_lag_p99"}
DISTURBING = ("--affected", "30%", "--away", "200ms", "--every", "300ms")


def url_of(server):
    return ("--url", f"ws://{server.address}")


def check_whole(report, *figures):
    expect((report.code, report.flaws), (0, {}), str(report))
    missing = [name for name in figures if name not in report]
    expect(missing, [], "figures that are missing")


async def fanout(*options):
    report = await bench("fanout", *options, *QUICK, "--members", "30")
    check_whole(report, *TRAFFIC - ({"acked"} if "plain" in options else set()))
    # 100/s for 1.5 s, each to 30: however long it took.
    expect(report.json["latency"]["count"], 150 * 30)
    return report


async def chatter(*options):
    report = await bench("chatter", *options, *QUICK, "--rooms", "20", "--members", "5", "--rate", "200/s")
    check_whole(report, *TRAFFIC)


async def idle(*options):
    report = await bench("idle", *options, *NO_WARM_UP, "--rooms", "10")
    check_whole(report, "connects", "refused", "disconnects")
    assert "latency_p50" not in report and "lost" not in report, report
    report = await bench("idle", *options, *NO_WARM_UP, "--rooms", "10", "--speak")
    check_whole(report, *TRAFFIC - {"schedule_lag_p99"})
    # Ten in each of ten rooms say one thing, and all of the room hear it.
    expect(report.json["latency"]["count"], 10 * 10 * 10)


async def storm(*options):
    report = await bench("storm", *options, "--rooms", "10", "--repeats", "2")
    check_whole(report, "connects", "reconnects", "join_p50", "join_p99", "rejoin_p50", "rejoin_max", "failed_connects")
    expect(report["failed_connects"], 0)
    report = await bench("storm", *options, "--rooms", "2", "--connect-rate", "50/s", "--repeats", "1")
    check_whole(report)
    assert 10 <= report["connects"] <= 60, "a busy machine is slower, nobody is faster"


async def churn(*options):
    report = await bench("churn", *options, *QUICK, "--rooms", "3", "--members", "10", *DISTURBING)
    check_whole(report, "cuts", "returns", "back_p50")
    assert report["cuts"] > 5, report
    expect(report["returns"], report["cuts"])
    expect(report.json["latency"]["count"], 150 * 7, "deliveries to those of a room who stay")


async def slow(*options):
    report = await bench("slow", *options, *QUICK, "--members", "10", "--senders", "3", "--affected", "30%", "--away",
                         "500ms", "--every", "100ms")
    check_whole(report, "stalls", "dropped")
    assert report["stalls"] > 2, report
    expect(report.json["latency"]["count"], 150 * 7, "those who stall themselves are no measure of latency")


async def resume(*options):
    report = await bench("resume", *options, *QUICK, "--rooms", "3", "--members", "10", *DISTURBING)
    check_whole(report, "cuts", "returns", "back_p50", "reach")
    assert report["cuts"] > 5, report
    expect((report["returns"], report["reach"]), (report["cuts"], 100))


async def each_scenario_does_what_it_says():
    async with Server() as server:
        await asyncio.gather(*(scenario(*url_of(server)) for scenario in (
            fanout, chatter, idle, storm, churn, slow, resume)))


async def a_server_that_cannot_resume_has_lost_what_was_missed():
    """`plain` of the tutorial knows no cursors."""
    async with Server() as server:
        plain = (*url_of(server), "--dialect", "plain")
        _, _, _, report = await asyncio.gather(
            fanout(*plain), churn(*plain), slow(*plain),
            bench("resume", *plain, *QUICK, "--rooms", "3", "--members", "10", *DISTURBING))
        expect((report.code, set(report.flaws)), (8, {"lost"}), str(report))
        assert report["lost"] > 0 and report["reach"] < 100, report
        expect(report["returns"], report["cuts"])


async def several_servers_that_are_one_have_their_share_each():
    """Two addresses of one server."""
    async with Server(listen=("127.0.0.1:0", "127.0.0.2:0")) as server:
        urls = [word for address in server.addresses for word in ("--url", f"ws://{address}")]
        await fanout(*urls, "--processes", "2")


async def as_many_as_asked_for_are_under_way():
    async with Server() as server:
        report = await bench("fanout", *url_of(server), *QUICK, "--members", "5", "--senders", "2", "--saturate", "4")
    check_whole(report)
    assert report["sent"] > 20 and "schedule_lag_p99" not in report, "it goes on when they have come"


run(each_scenario_does_what_it_says, a_server_that_cannot_resume_has_lost_what_was_missed,
    several_servers_that_are_one_have_their_share_each, as_many_as_asked_for_are_under_way)
