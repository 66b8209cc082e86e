#!/usr/bin/env python3
"""`chat join` as people see it: the real binary in a real terminal (tmux)."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from chat_client import connect  # noqa: E402
from chat_server import BINARY, Server, expect, run, soon  # noqa: E402
from tmux import Terminal  # noqa: E402


def join(server, *options, room="lobby", name="ann"):
    return [BINARY, "join", room, "--url", f"ws://{server.address}", "--name", name, *options]


async def two_people_talk_and_see_each_other_come_and_type():
    async with Server() as server:
        with Terminal(join(server)) as ann:
            await ann.until_shown("1 member")
            with Terminal(join(server, name="bob")) as bob:
                await ann.until_shown("bob joined")
                await bob.until_shown("2 members")
                bob.type("hel")
                await ann.until_shown("bob is typing…")
                bob.enter("lo ann")
                await ann.until_shown("bob  hello ann")
                await ann.until_gone("is typing")
                ann.enter("/me waves")
                await bob.until_shown("* ann waves")
                ann.enter("//me sits")
                await bob.until_shown("ann   /me sits")
                ann.enter("/nick anna")
                await bob.until_shown("ann is now anna")
                bob.type("an")
                bob.press("Tab")
                await bob.until_shown("> anna:")
                bob.press("C-c")
                bob.type(":tad")
                bob.press("Tab")
                bob.enter(" :heart_eyes:")
                await ann.until_shown("bob  🎉 😍")
                bob.enter("/who")
                await bob.until_shown("2 members: anna, bob")
            await ann.until_shown("bob left")


async def unknown_commands_stay_here_and_quit_leaves():
    async with Server() as server:
        async with connect(server, "/ws/lobby/") as reader:
            with Terminal(join(server)) as ann:
                await ann.until_shown("2 members")
                ann.enter("/qiut")
                await ann.until_shown("there is no command /qiut")
                ann.type("\x1b/qiut")
                ann.press("Enter")
                await ann.until(lambda lines: sum("there is no command /qiut" in line for line in lines) == 2,
                                "a slash right behind an Esc is a slash")
                ann.enter("//qiut")
                expect(json.loads(await soon(reader.recv())), {"message": "/qiut"}, "the first message")
                ann.enter("/quit")
                await ann.until_ended(0)


async def it_speaks_the_language_of_the_environment_or_the_one_that_is_asked_for():
    async with Server() as server:
        taiwan = {"LC_ALL": "", "LANG": "zh_TW.UTF-8"}
        with Terminal(join(server), variables=taiwan, columns=40) as ann:
            await ann.until_shown(" #lobby │ ann │ 1 人 │ 已連線")
            ann.enter("/qiut")
            await ann.until_shown("· 沒有 /qiut 這個指令，所以沒有送出。")
            with Terminal(join(server, "--lang", "en", name="bob"), variables=taiwan) as bob:
                await bob.until_shown(" #lobby │ bob │ 2 members │ connected")
                await ann.until_shown("· bob 加入了")
        for variables, words in (({"CHAT_LANG": "zh-TW", "LC_ALL": "C"}, "這不是 UTF-8，沒有送出"),
                                 ({"LC_ALL": "C"}, "that is not UTF-8, and was not sent")):
            done = subprocess.run(join(server), input=b"\xff\n", env={**os.environ, **variables}, check=False,
                                  timeout=20, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            expect(done.returncode, 7, done.stderr.decode())
            assert words in done.stderr.decode(), done.stderr.decode()


async def the_server_dies_and_comes_back():
    with tempfile.TemporaryDirectory() as data:
        async with Server("--data", data) as server:
            address = server.address
            with Terminal(join(server)) as ann:
                await ann.until_shown("1 member")
                ann.enter("before")
                await ann.until(lambda lines: any(" ms" in line for line in lines), "it is acknowledged")
                await server.kill()
                await ann.until_shown("reconnecting")
                ann.enter("meanwhile")
                await ann.until_shown("meanwhile  (not sent yet)")
                async with Server("--data", data, listen=(address,)) as again:
                    lines = await ann.until(
                        lambda lines: any(line.endswith("meanwhile") for line in lines),
                        "it is sent when the server is back")
                    expect(sum("meanwhile" in line for line in lines), 1, "how often it is there")
                    async with connect(again, "/ws/lobby/", subprotocols=["chat.v1"]) as reader:
                        await reader.send('{"type":"hello"}')
                        expect(json.loads(await soon(reader.recv()))["head"], 2, "messages in all")


async def what_was_not_sent_is_told_before_and_behind_the_end():
    async with Server() as server:
        with Terminal(join(server)) as ann, Terminal(join(server, name="bob")) as bob:
            await ann.until_shown("2 members")
            await bob.until_shown("2 members")
            await server.kill()
            for terminal in (ann, bob):
                await terminal.until_shown("reconnecting")
                terminal.enter("first")
                terminal.paste("two\nlines")
                terminal.type("y")
                await terminal.until_shown("lines  (not sent yet)")
            ann.press("C-d")
            await ann.until_shown("2 messages were not sent; Ctrl-D again leaves without them")
            ann.press("C-d")
            await ann.until_ended(7)
            told = ["chat join: 2 messages were not acknowledged:", "  #lobby: first", "  #lobby: two␊lines"]
            expect(ann.screen()[:3], told, "what stderr has")
            bob.interrupt()
            await bob.until_ended(130)
            expect(bob.screen()[:3], told, "what stderr has")


async def it_is_drawn_anew_in_any_size_and_after_a_stop():
    async with Server() as server:
        command = " ".join(join(server, "--bell"))
        with Terminal(["bash", "--norc", "-i"]) as terminal:
            terminal.enter(command)
            await terminal.until_shown("1 member")
            terminal.enter("a text that is longer than thirty columns are")
            await terminal.until_shown("ann  a text that is longer than thirty columns are")
            terminal.resize(30, 10)
            lines = await terminal.until(
                lambda lines: any(line.endswith("ann  a text that is") or "a text that" in line for line in lines)
                and any("columns are" in line for line in lines), "it is wrapped")
            assert all(len(line) <= 30 for line in lines), lines
            terminal.resize(80, 24)
            await terminal.until_shown("ann  a text that is longer than thirty columns are")
            terminal.press("C-z")
            await terminal.until_shown("Stopped")
            terminal.enter("fg")
            await terminal.until_shown("ann  a text that is longer than thirty columns are")
            terminal.press("C-l")
            terminal.press("C-d")
            await terminal.until(lambda lines: "\n".join(lines).rstrip().rsplit("\n", 1)[-1].startswith("bash"),
                                 "the shell asks again")
            terminal.enter("echo back in the $((40 + 2))nd shell")
            await terminal.until_shown("back in the 42nd shell")


async def a_paste_of_lines_is_asked_about_and_goes_as_one_message():
    async with Server() as server:
        async with connect(server, "/ws/lobby/") as reader:
            with Terminal(join(server)) as ann:
                await ann.until_shown("2 members")
                ann.paste("one\ntwo\nthree")
                await ann.until_shown("send these 3 lines as one message?")
                ann.type("n")
                await ann.until_gone("send these")
                ann.paste("four\nfive")
                await ann.until_shown("send these 2 lines")
                ann.type("y")
                expect(json.loads(await soon(reader.recv())), {"message": "four\nfive"}, "the only message")
                ann.paste("six\r\nseven\r\n")
                await ann.until_shown("send these 2 lines")
                ann.type("y")
                expect(json.loads(await soon(reader.recv())), {"message": "six\nseven"}, "what has other line breaks")
                ann.paste("a single line")
                await ann.until_shown("> a single line")


async def wide_and_hostile_text_keeps_its_place():
    async with Server() as server:
        async with connect(server, "/ws/lobby/") as other:
            with Terminal(join(server)) as ann:
                await ann.until_shown("2 members")
                await other.send(json.dumps({"message": "\x1b[2J\x1b]0;owned\x07漢字 e\u0301 👩‍👩‍👧 end"}))
                lines = await ann.until_shown("end")
                line = next(line for line in lines if "end" in line)
                assert "␛[2J␛]0;owned␇漢字 e\u0301 👩" in line, line
                ann.type("漢字x")
                ann.press("Left")
                ann.press("BSpace")
                ann.press("Enter")
                expect(json.loads(await soon(other.recv())), json.loads('{"message": ' + json.dumps(
                    "\x1b[2J\x1b]0;owned\x07漢字 e\u0301 👩‍👩‍👧 end") + "}"), "its own")
                expect(json.loads(await soon(other.recv())), {"message": "漢x"}, "what was typed")


async def what_is_new_is_marked_after_a_restart_and_history_is_paged():
    async with Server() as server:
        async with connect(server, "/ws/lobby/") as other:
            for i in range(300):
                await other.send(json.dumps({"message": f"old {i}."}))
            for _ in range(300):
                await soon(other.recv())
            with tempfile.TemporaryDirectory() as state:
                variables = {"XDG_STATE_HOME": state}
                with Terminal(join(server), variables=variables) as ann:
                    await ann.until_shown("old 299.")
                    assert not ann.shows("── new ──"), "at the first visit nothing is new"
                    ann.enter("/quit")
                    await ann.until_ended(0)
                await other.send(json.dumps({"message": "while away"}))
                with Terminal(join(server), variables=variables) as ann:
                    lines = await ann.until_shown("while away")
                    at = next(i for i, line in enumerate(lines) if "while away" in line)
                    assert "── new ──" in lines[at - 1], lines
                    ann.enter("/history")
                    await ann.until_gone("while away")
                    while not ann.shows("old 0."):
                        ann.press("PPage")
                    ann.enter("/search old 150.")
                    await ann.until_shown("old 150.")


async def what_is_read_back_stays_where_it_is():
    async with Server() as server:
        async with connect(server, "/ws/lobby/") as other:
            for i in range(60):
                await other.send(json.dumps({"message": f"text {i}."}))
            for _ in range(60):
                await soon(other.recv())
            with Terminal(join(server)) as ann:
                await ann.until_shown("text 59.")
                ann.press("PPage")
                read = [line for line in await ann.until_shown("more ↓") if "text " in line]
                await other.send(json.dumps({"message": "a new one"}))
                await ann.until_shown("1 new ↓")
                async with connect(server, "/ws/lobby/"):
                    lines = await ann.until_shown("3 members")
                    expect([line for line in lines if "text " in line], read, "what is read")
                    ann.resize(60, 12)
                    lines = await ann.until(lambda lines: len(lines) <= 12 and any("1 new ↓" in line for line in lines),
                                            "the screen is small")
                    expect(lines[0], read[0], "the first that is read")
                    ann.resize(80, 24)
                    await ann.until(lambda lines: [line for line in lines if "text " in line] == read, "all is as it was")
                ann.press("Escape")
                await ann.until_shown("a new one")
                await ann.until_gone("↓")


async def several_rooms_live_in_one_terminal():
    async with Server() as server:
        async with connect(server, "/ws/ops/") as other:
            with Terminal(join(server)) as ann:
                await ann.until_shown("1 member")
                ann.type("/join o")
                await ann.until_completed("> /join ops")
                ann.press("Enter")
                await ann.until_shown("2:#ops")
                await ann.until_shown("2 members")
                ann.press("M-1")
                await ann.until_shown("1 member")
                await other.send(json.dumps({"message": "ann, look"}))
                await ann.until_shown("2:#ops(1!)")
                ann.press("M-2")
                await ann.until_shown("ann, look")
                ann.enter("/part")
                await ann.until_gone("#ops")


async def without_a_terminal_it_is_lines():
    async with Server() as server:
        async with connect(server, "/ws/lobby/") as other:
            done = subprocess.run(join(server), input=b"one\n//two\n/me three\n", check=False, timeout=20,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            expect(done.returncode, 0, done.stderr.decode())
            expect([json.loads(await soon(other.recv()))["message"] for _ in range(3)],
                   ["one", "/two", "/me three"], "what was sent")
            # Its own may come back behind their acknowledgement, when it is gone.
            assert "ann: one\nann: /two\n* ann three\n".startswith(done.stdout.decode()), done.stdout
            bad = subprocess.run(join(server), input=b"/nonsense\n", check=False, timeout=20,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            expect(bad.returncode, 7, bad.stderr.decode())
        with Terminal(join(server), term="dumb") as dumb:
            dumb.enter("from a dumb terminal")
            await dumb.until_shown("ann: from a dumb terminal")


async def who_cannot_get_in_is_told():
    with Terminal([BINARY, "join", "lobby", "--url", "ws://127.0.0.1:1"]) as terminal:
        await terminal.until_shown("chat join: cannot connect to 127.0.0.1:1: Connection refused")
        await terminal.until_ended(3)


run(two_people_talk_and_see_each_other_come_and_type,
    unknown_commands_stay_here_and_quit_leaves,
    it_speaks_the_language_of_the_environment_or_the_one_that_is_asked_for,
    the_server_dies_and_comes_back,
    what_was_not_sent_is_told_before_and_behind_the_end,
    it_is_drawn_anew_in_any_size_and_after_a_stop,
    a_paste_of_lines_is_asked_about_and_goes_as_one_message,
    wide_and_hostile_text_keeps_its_place,
    what_is_new_is_marked_after_a_restart_and_history_is_paged,
    what_is_read_back_stays_where_it_is,
    several_rooms_live_in_one_terminal,
    without_a_terminal_it_is_lines,
    who_cannot_get_in_is_told)
