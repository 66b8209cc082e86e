"""How far it is: one line at a terminal, written over and taken away again; nothing on a pipe unless it is asked for."""

import asyncio
import contextlib
import fcntl
import os
import re
import struct
import termios

from bench import RawServer, raw_options
from chat_command import chat, die_with_us
from chat_server import BINARY, environment, expect, run, soon

LOAD = ("--members", "5", "--senders", "2", "--duration", "1s", "--warm-up", "200ms", "--output", "json")
ONCE = ("--repeats", "1")


async def nothing_is_shown_on_a_pipe():
    async with RawServer() as server:
        for when in ((), ("--progress", "never")):
            code, _, errors = await chat("bench", "fanout", *raw_options(server), *LOAD, *ONCE, *when)
            expect(code, 0, errors)
            assert "run 1" not in errors and "\r" not in errors and "\x1b" not in errors, errors


async def lines_come_on_a_pipe_when_they_are_asked_for():
    async with RawServer() as server:
        code, out, errors = await chat("bench", "fanout", *raw_options(server), *LOAD, "--repeats", "2", "--progress",
                                       "always")
    expect(code, 0)
    assert "run 1" not in out, out
    assert "\r" not in errors and "\x1b" not in errors, errors
    for line in (r"run 1 of 2, 1 of 1 s: [\d,]+/s, p99 \S+ m?s\n", r"run 2 of 2, \d of 1 s: "):
        assert re.search(line, errors), errors


async def on_terminal(*options, columns=80):
    """What a terminal of its stderr gets, and the exit code. stdout is a pipe."""
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        BINARY, "bench", "fanout", *options, *LOAD, *ONCE, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=its, preexec_fn=die_with_us, env=environment())
    os.close(its)

    def read():
        got = b""
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while part := os.read(ours, 1 << 16):
                got += part
        os.close(ours)
        return got.decode()
    shown = await soon(asyncio.get_running_loop().run_in_executor(None, read))
    return await soon(process.wait()), shown


async def at_a_terminal_one_line_is_written_over_and_taken_away():
    async with RawServer() as server:
        code, shown = await on_terminal(*raw_options(server))
        expect(code, 0, shown)
        lines = shown.split("\r\x1b[K")
        assert len(lines) > 3, shown
        assert re.fullmatch(r"run 1 of 1, 1 of 1 s: [\d,]+/s, p99 \S+ m?s", lines[-2]) or "waiting" in lines[-2], lines
        assert all("\n" not in line for line in lines[1:]), lines
        expect(lines[-1], "", "the line is taken away")

        code, shown = await on_terminal(*raw_options(server), columns=20)
        expect(code, 0, shown)
        lines = shown.split("\r\x1b[K")[1:]
        assert max(map(len, lines)) == 19, "a line that is longer than the terminal cannot be written over"

        code, shown = await on_terminal(*raw_options(server), "--progress", "never")
        expect(code, 0, shown)
        assert "run 1" not in shown, shown


run(nothing_is_shown_on_a_pipe, lines_come_on_a_pipe_when_they_are_asked_for,
    at_a_terminal_one_line_is_written_over_and_taken_away)
