"""Servers that are not there, are something else, never answer, or send everybody away: said soon, with exit code 3
when nobody came in and 1 behind that."""

import asyncio

from bench import NOWHERE, SHORT, RawServer, Report, bench, bench_command, raw_options
from chat_command import chat, http_answer, plain_server, written_server, welcome
from chat_server import Server, expect, run


async def refused(*options, seconds=40):
    """What it says of a server that it cannot use."""
    code, out, errors = await chat("bench", *options, "--repeats", "1", seconds=seconds)
    expect((code, out), (3, ""), errors)
    return errors.splitlines()[-1]


async def nothing_listens():
    expect(await refused("fanout", *NOWHERE), "chat bench: 127.0.0.1:1: cannot connect: Connection refused")
    line = await refused("storm", *NOWHERE, "--processes", "2")
    expect(line, "chat bench: 127.0.0.1:1: cannot connect: Connection refused")


async def a_name_that_is_none():
    line = await refused("fanout", "--url", "ws://nowhere.invalid")
    assert line.startswith("chat bench: no IPv4 address of nowhere.invalid: "), line


async def no_web_socket_is_there():
    async with plain_server(http_answer(404)) as address:
        line = await refused("fanout", "--url", f"ws://{address}")
        expect(line, f"chat bench: {address}: no WebSocket is there: HTTP/1.1 404 X")
    async with plain_server(b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as address:
        line = await refused("fanout", "--url", f"ws://{address}")
        assert line.startswith(f"chat bench: {address}: "), line


async def somebody_who_hangs_up():
    async with plain_server(b"") as address:
        line = await refused("fanout", "--url", f"ws://{address}")
        assert line.startswith(f"chat bench: {address}: "), line


async def somebody_who_never_answers():
    async with plain_server(None) as address:
        line = await refused("fanout", "--url", f"ws://{address}", "--members", "3")
        assert "answer" in line, line


async def a_room_that_never_lets_in():
    async def silent(script):
        await script.hear()
        await script.socket.wait_closed()
    async with written_server(silent) as url:
        line = await refused("fanout", "--url", url, "--members", "3")
        assert "answer" in line, line


async def a_room_that_refuses():
    async def refusing(script):
        await script.hear()
        await script.say(type="error", code="unavailable", text="no room for you")
        await script.socket.close(1013)
    async with written_server(refusing) as url:
        line = await refused("fanout", "--url", url, "--members", "3")
        assert "unavailable" in line and "no room for you" in line, line


async def a_server_with_room_for_some_only():
    async with Server("--max-connections", "5") as server:
        code, out, errors = await chat("bench", "fanout", "--url", f"ws://{server.address}", "--members", "8",
                                       "--senders", "2", *SHORT)
    expect((code, out), (1, ""), errors)
    assert "only 5 of 8 members came into their rooms: " in errors, errors
    assert "503" in errors, errors


async def a_server_that_closes_everybody_in_the_middle():
    """The test goes on: what was sent then is what did not come, and why is told."""
    async with RawServer() as server, bench_command(
            "fanout", *raw_options(server), "--members", "10", "--senders", "2", "--duration", "3s", "--warm-up", "0s",
            "--repeats", "1", "--progress", "always") as command:
        await command.said(r"1 of 3 s: ")
        server.process.terminate()
        report = Report(*await command.result())
    expect((report.code, report["disconnects"]), (8, 10), str(report))
    assert report["not_sent"] > 100, report
    assert f"{server.address}: the server ended the connection" in report.remarks, report


async def a_server_that_says_nonsense():
    async def nonsense(script):
        await script.hear()
        await script.say(**welcome(name="bench"))
        for text in ("{", "[]", "\\u0000", "{\"type\":\"message\"}", "\x00" * 100, "ö" * 70000):
            await script.socket.send(text)
        async for _ in script.socket:
            pass
    async with written_server(nonsense) as url:
        report = await bench("fanout", "--url", url, "--members", "3", "--senders", "1", *SHORT)
    expect(report.code, 8, str(report))
    expect(report["reach"], 0)
    assert report["lost"] > 0, report


async def what_its_sender_could_not_send_any_more_is_not_lost():
    """250 messages may wait for an answer; those behind them never left."""
    is_enough = asyncio.Event()

    async def silent(script):
        await script.hear()
        await script.say(**welcome(name="bench"))
        await is_enough.wait()
    async with written_server(silent) as url, bench_command(
            "fanout", "--url", url, "--members", "1", "--senders", "1", "--rate", "1000/s", "--duration", "3s",
            "--warm-up", "0s", "--repeats", "1", "--progress", "always") as command:
        await command.said(r"1 of 3 s: ")
        is_enough.set()
        report = Report(*await command.result())
    expect((report["lost"], report["unacked"]), (250, 250), str(report))
    window = 250 / report["sent"]  # seconds; a busy machine makes it longer
    assert 0.98 * 1000 * window <= 250 + report["not_sent"] <= 1.01 * 1000 * window, (window, report)


async def a_member_that_is_sent_away_while_others_connect():
    """It comes back before anything is sent, and that it was away is told."""
    was_sent_away = asyncio.Event()

    async def once(script):
        hello = await script.hear()
        is_first = hello["name"] == "b0" and not was_sent_away.is_set()
        if not is_first:
            await was_sent_away.wait()
        await script.say(**welcome(name=hello["name"]))
        if is_first:
            await script.socket.close()
            was_sent_away.set()
            return
        async for _ in script.socket:
            pass
    async with written_server(once) as url:
        report = await bench("idle", "--url", url, "--rooms", "1", "--members", "5", "--duration", "1s", "--repeats",
                             "1")
    expect((report.code, report.flaws), (8, {"disconnects": 1}), str(report))


async def a_reader_that_is_dropped_again_and_again():
    """It has one plan for when to stall, whatever happens to it: seldom."""
    async def impatient(script):
        hello = await script.hear()
        await script.say(**welcome(name=hello["name"]))
        if hello["name"] == "b9":
            return await asyncio.sleep(0.1)  # so long it lets it stay
        async for _ in script.socket:
            pass
    async with written_server(impatient) as url:
        report = await bench("slow", "--url", url, "--members", "10", "--senders", "9", "--rate", "10/s", "--affected",
                             "10%", "--away", "50ms", "--every", "1s", "--duration", "4s", "--warm-up", "0s",
                             "--repeats", "1")
    assert report["dropped"] >= 5, report
    assert report["stalls"] <= 2, report


async def more_is_to_be_sent_than_can_be():
    """It ends all the same, and says that it was too much."""
    async with RawServer() as server:
        report = await bench("fanout", *raw_options(server), "--members", "1", "--senders", "1", "--rate",
                             "20000000/s", "--duration", "200ms", "--warm-up", "0s", "--repeats", "1", seconds=80)
    expect(report.flaws, {}, str(report))
    assert "GENERATOR BOUND" in report.remarks, report
    assert report["schedule_lag_p99"] > 100, report


async def a_server_is_gone_before_the_last_repeat():
    """What was measured before is there all the same."""
    async with RawServer() as server, bench_command(
            "fanout", *raw_options(server), "--members", "10", "--senders", "2", "--duration", "1s", "--warm-up", "0s",
            "--repeats", "3", "--progress", "always") as command:
        await command.said("run 2 of 3, 1 of 1 s: ")
        server.process.terminate()
        report = Report(*await command.result())
    expect((report.code, report.json["interrupted"]), (3, True), str(report))
    expect([len(each["values"]) for each in report.json["figures"] if each["name"] == "lost"], [2])
    assert f"chat bench: {server.address}: cannot connect: Connection refused\n" in report.errors, report


async def the_second_of_two_servers_dies():
    """All are there, because nothing listens at the first; it is not the first that is said to have ended it."""
    async with RawServer() as server, bench_command(
            "fanout", *NOWHERE, *raw_options(server), "--members", "10", "--senders", "2", "--duration", "2s",
            "--warm-up", "0s", "--repeats", "1", "--progress", "always") as command:
        await command.said(r"1 of 2 s: ")
        server.process.terminate()
        report = Report(*await command.result())
    assert f"{server.address}: the server ended the connection" in report.remarks, report
    assert "127.0.0.1:1: the server ended" not in report.remarks, report
    assert "SERVERS LEFT OUT: 5 times" in report.remarks, report
    assert "127.0.0.1:1: cannot connect: Connection refused" in report.remarks, report


async def what_a_server_does_wrong_is_said():
    await asyncio.gather(nothing_listens(), a_name_that_is_none(), no_web_socket_is_there(), somebody_who_hangs_up(),
                         somebody_who_never_answers(), a_room_that_never_lets_in(), a_room_that_refuses(),
                         a_server_with_room_for_some_only(), a_server_that_closes_everybody_in_the_middle(),
                         a_server_that_says_nonsense(), what_its_sender_could_not_send_any_more_is_not_lost(),
                         a_member_that_is_sent_away_while_others_connect(), a_reader_that_is_dropped_again_and_again(),
                         the_second_of_two_servers_dies(), more_is_to_be_sent_than_can_be(),
                         a_server_is_gone_before_the_last_repeat())


run(what_a_server_does_wrong_is_said)
