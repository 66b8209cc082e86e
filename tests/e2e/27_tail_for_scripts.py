"""`chat tail` as scripts use it: where it begins and ends, what it prints and runs, and that it loses its place nowhere.

    CHAT_SEED=N repeats a run.
"""

import asyncio
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile

from chat_client import Member, secret
from chat_command import Command, chat, chat_ok, url_of, welcome, written_server
from chat_server import BINARY, Server, environment, expect, run, soon

SEED = int(os.environ.get("CHAT_SEED") or int.from_bytes(os.urandom(4), "big"))
KEEP_ALL = ("--history-max-messages", "0", "--history-max-bytes", "0",
            "--history-max-total-bytes", "0")


async def say(server, *values, room="lobby", name="ann"):
    """Publishes them; the cursors behind each."""
    async with Member(server, room, name=name, client=secret()) as member:
        epoch = member.welcome["epoch"]
        acks = [await member.publish(n, value) for n, value in enumerate(values, 1)]
        return [f"{epoch}:{ack['seq']}" for ack in acks]


def texts(out):
    """The texts of lines "DATE TIME  NAME: TEXT"."""
    return [line.split(": ", 1)[1] for line in out.splitlines()]


def values(out):
    return [json.loads(line)["message"] for line in out.splitlines()]


async def it_begins_where_it_is_told():
    async with Server() as server:
        url = ("--url", url_of(server), "--no-follow")
        expect(await chat_ok("tail", "lobby", *url), "")
        expect(await chat_ok("tail", "lobby", "--since", "all", *url), "")
        cursors = await say(server, *range(1, 16))
        numbers = [str(i) for i in range(1, 16)]
        for words, begin in (((), 5), (("-n", "3"), 12), (("-n", "0"), 15), (("-n", "99"), 0),
                             (("--since", cursors[3]), 4), (("--since", cursors[14]), 15),
                             (("--since", "all"), 0), (("--since", "1h"), 0), (("--since", "0s"), 15),
                             (("--since", "2000-01-01"), 0), (("--since", "2100-01-01T00:00Z"), 15)):
            expect(texts(await chat_ok("tail", "lobby", *words, *url)), numbers[begin:], words)
        code, out, errors = await chat("tail", "lobby", "--since", "other:3", *url)
        expect((code, texts(out)), (0, numbers))
        assert "log was replaced" in errors, errors
        code, _, errors = await chat("tail", "lobby", "--since", "yesterday", *url)
        expect(code, 2, errors)


async def what_was_trimmed_is_told_and_keeps_nobody_waiting():
    async with Server("--history-max-messages", "5") as server:
        url = ("--url", url_of(server), "--no-follow")
        cursors = await say(server, *range(1, 11))
        code, out, errors = await chat("tail", "lobby", "--since", cursors[0], *url)
        expect((code, texts(out)), (0, ["6", "7", "8", "9", "10"]))
        assert "not kept any more" in errors, errors
        expect(texts(await chat_ok("tail", "lobby", "--since", "all", *url)), texts(out))


async def it_follows_line_by_line_and_ends_when_told():
    async with Server() as server:
        await say(server, "before")
        async with Command("tail", "lobby", "--count", "3", "--url", url_of(server)) as tail:
            expect(texts(await tail.line()), ["before"])
            await say(server, "live")
            expect(texts(await tail.line()), ["live"])
            await say(server, "last", "never")
            code, out, _ = await tail.result()
            expect((code, texts(out)), (0, ["last"]))
        for number in (signal.SIGINT, signal.SIGTERM):
            async with Command("tail", "lobby", "--url", url_of(server)) as tail:
                await tail.line()
                tail.process.send_signal(number)
                expect((await tail.result())[0], 130)


async def waiting_for_nothing_has_its_own_code():
    async with Server() as server:
        code, _, errors = await chat("tail", "lobby", "--wait", "300ms", "--url", url_of(server))
        expect(code, 27, errors)
        assert "nothing came in time" in errors, errors
        async with Command("tail", "lobby", "--wait", "20s", "--match", "^deploy [0-9]+$", "--count",
                           "1", "--url", url_of(server)) as tail:
            await say(server, "deploy x", "no deploy 1", "deploy 12")
            code, out, errors = await tail.result()
            expect((code, texts(out)), (0, ["deploy 12"]), errors)
        code, _, errors = await chat("tail", "lobby", "--match", "(", "--url", url_of(server))
        expect(code, 2, errors)


async def one_line_is_one_message_whatever_is_in_it():
    async with Server() as server:
        odd = "a\nb\r\x1b[31m\u2028\u202e\x00C:\\temp"
        await say(server, odd, name="ann")
        async with Member(server, "lobby", client=secret()) as member:
            await member.socket.send('{"type":"send","n":1,"message":{\n "a" :\r\n [1.0,\t"\\n"]\n}}')
            await member.hear("ack")
        url = ("--url", url_of(server), "--no-follow")
        out = await chat_ok("tail", "lobby", *url)
        expect(len(out.splitlines()), 2, out)
        assert "\x1b" not in out and r"a\x0ab\x0d\x1b[31m" in out, out
        assert r"\x00C:\temp" in out, out
        assert not any(ord(c) < 32 and c != "\n" for c in out), out
        out = await chat_ok("tail", "lobby", "--json", *url)
        expect(len(out.splitlines()), 2, out)
        expect(values(out), [odd, {"a": [1.0, "\n"]}])
        assert "[1.0,\t" in out, "numbers stay as they were written"
        assert not any(c in out for c in "\u202e\u2028\x7f\x00"), "as escapes"
        assert "\\u202e" in out and "\\u2028" in out, out
        first = json.loads(out.splitlines()[0])
        expect(sorted(first), ["at", "client", "epoch", "message", "n", "name", "room", "seq"])
        code, found, errors = await chat("tail", "lobby", "--match", r"C:\\temp$", *url)
        expect((code, len(found.splitlines())), (0, 1), errors)


async def names_of_a_strange_server_are_escaped():
    async def odd(script):
        await script.hear()
        await script.socket.send(json.dumps(welcome(head=0)))
        await script.say(type="message", seq=1, at=1, name="a\x1b[31m\nb", message="x")
        await script.hear()
    async with written_server(odd) as url:
        out = await chat_ok("tail", "lobby", "--count", "1", "--url", url)
        assert out.endswith("a\\x1b[31m\\x0ab: x\n"), out
        out = await chat_ok("tail", "lobby", "--count", "1", "--json", "--url", url)
        expect(json.loads(out)["name"], "a\x1b[31m\nb")
        assert "\x1b" not in out, out


async def several_rooms_are_told_apart():
    async with Server() as server:
        await say(server, "in lobby")
        await say(server, "in ops", room="ops")
        url = ("--url", url_of(server), "--no-follow")
        out = await chat_ok("tail", "lobby", "ops", "lobby", *url)
        expect(len(out.splitlines()), 2, out)
        assert "#lobby  ann: in lobby" in out and "#ops  ann: in ops" in out, out


async def each_message_is_given_to_a_command():
    async with Server() as server:
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            cursors = await say(server, "one", "x" * 300_000, "three")
            cursor_file = ("--cursor-file", str(place / "cursors"))
            url = ("--url", url_of(server), "--since", "all", "--no-follow", *cursor_file)
            command = (f"cat >> {place}/out; echo \"$CHAT_ROOM|$CHAT_MESSAGE_NAME|$CHAT_MESSAGE_CURSOR\""
                       f" >> {place}/names; test \"$CHAT_MESSAGE_TEXT\" != three")
            code, out, errors = await chat("tail", "lobby", "--exec", command, *url)
            expect((code, out), (1, ""), errors)
            assert f"exit code 1, at {cursors[2]}" in errors, errors
            expect(values((place / "out").read_text()), ["one", "x" * 300_000, "three"])
            expect((place / "names").read_text().splitlines(), [f"lobby|ann|{one}" for one in cursors])
            # Only what went well is done with.
            expect(await chat_ok("tail", "lobby", "--exec", f"cat > {place}/again", *url), "")
            expect(values((place / "again").read_text()), ["three"])
            expect(await chat_ok("tail", "lobby", *url), "")


async def a_reader_that_goes_ends_it_quietly():
    async with Server() as server:
        await say(server, *range(20))
        url = url_of(server)
        for words in (f"tail lobby -n 20 --url {url}", f"history lobby --url {url}",
                      f"rooms --url {url}"):
            script = f"'{BINARY}' {words} | head -n 1; echo ${{PIPESTATUS[0]}}"
            async with Member(server, "lobby", client=secret()) as ann:
                shell = await asyncio.create_subprocess_exec(
                    "bash", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    env=environment())
                done = asyncio.create_task(shell.communicate())
                n = 0
                while not done.done():  # it notices when it writes the next time
                    n += 1
                    await ann.publish(n, "more")
                out, errors = await soon(done)
            expect(errors, b"", words)
            expect(len(out.splitlines()), 2, out)


async def a_closed_stdout_is_told():
    async with Server() as server:
        await say(server, "x")
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", f"exec '{BINARY}' tail lobby --no-follow --url {url_of(server)} >&-",
            stderr=subprocess.PIPE, env=environment())
        _, errors = await soon(shell.communicate())
        expect(shell.returncode, 1, errors)
        assert b"stdout takes nothing more" in errors, errors


async def it_waits_for_a_server_and_goes_on_behind_a_restart():
    async with Server() as server:
        address = server.address
    url = ("--url", f"ws://{address}")
    expect((await chat("tail", "lobby", *url))[0], 3)
    with tempfile.TemporaryDirectory() as data:
        async with Command("tail", "lobby", "--retry", *url) as tail:
            await tail.said("trying again")
            async with Server("--data", data, listen=(address,)) as server:
                await say(server, "one")
                expect(texts(await tail.line()), ["one"])
                await server.kill()
            async with Server("--data", data, listen=(address,)) as server:
                await say(server, "two")
                expect(texts(await tail.line()), ["two"])
                tail.process.send_signal(signal.SIGTERM)
                expect((await tail.result())[1], "")


async def killed_in_the_middle_it_goes_on_behind_its_cursor():
    """What was printed at the moment of a kill may be printed once more; nothing else twice, nothing never."""
    print(f"    CHAT_SEED={SEED}", flush=True)
    dice = random.Random(SEED)
    count = 6000
    async with Server(*KEEP_ALL) as server:
        with tempfile.TemporaryDirectory() as folder:
            arguments = ("tail", "lobby", "--json", "--since", "all", "--cursor-file",
                         f"{folder}/cursors", "--url", url_of(server))
            sending = asyncio.create_task(chat_ok(
                "send", "lobby", "--url", url_of(server), seconds=80,
                stdin=b"".join(b"%d\n" % i for i in range(count))))
            seen, repeats, kills = [], 0, 0
            while len(seen) < count:
                async with Command(*arguments) as tail:
                    wanted = dice.randint(0, 900)
                    first = True
                    while len(seen) < count and (line := await tail.line()):
                        number = int(json.loads(line)["message"])
                        if first and seen and number == seen[-1]:
                            repeats += 1
                        else:
                            seen.append(number)
                        first = False
                        wanted -= 1
                        if wanted == 0:
                            tail.kill()
                expect(tail.process.returncode, -signal.SIGKILL, tail.errors)
                kills += 1
            await sending
            expect(seen, list(range(count)), "each once, in order")
            print(f"    {kills} kills, {repeats} of them between printing and saving", flush=True)


async def what_can_be_no_cursor_file_is_refused_at_once():
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(f"{folder}/fifo")
        for file in ("/dev/full", "/dev/zero", f"{folder}/fifo"):
            code, _, errors = await chat("tail", "lobby", "--cursor-file", file, "--url", "ws://127.0.0.1:1")
            expect(code, 1, errors)
            assert f'--cursor-file: "{file}" is no regular file' in errors, errors


async def two_cannot_share_a_cursor_file():
    async with Server() as server:
        with tempfile.TemporaryDirectory() as folder:
            words = ("tail", "lobby", "--cursor-file", f"{folder}/c", "--url", url_of(server))
            await say(server, "x")
            async with Command(*words) as tail:
                await tail.line()
                code, _, errors = await chat(*words)
                expect(code, 1, errors)
                assert "in use by another process" in errors, errors


run(it_begins_where_it_is_told, what_was_trimmed_is_told_and_keeps_nobody_waiting,
    it_follows_line_by_line_and_ends_when_told, waiting_for_nothing_has_its_own_code,
    one_line_is_one_message_whatever_is_in_it, names_of_a_strange_server_are_escaped,
    several_rooms_are_told_apart, each_message_is_given_to_a_command,
    a_reader_that_goes_ends_it_quietly, a_closed_stdout_is_told,
    it_waits_for_a_server_and_goes_on_behind_a_restart,
    killed_in_the_middle_it_goes_on_behind_its_cursor, what_can_be_no_cursor_file_is_refused_at_once,
    two_cannot_share_a_cursor_file)
