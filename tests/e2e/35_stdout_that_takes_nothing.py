"""A verb whose output cannot be written says so and ends with 1: a full disk, a stdout that is closed."""

import asyncio
import fcntl
import os
import subprocess

from chat_command import die_with_us, url_of
from chat_server import BINARY, Server, environment, expect, run, soon

WITHOUT_A_SERVER = (("version",), ("version", "--json"), ("--version",), ("help",), ("help", "vhost", "create"),
                    ("--help",), ("tail", "--help"), ("completion", "bash"), ("completion", "zsh"),
                    ("completion", "fish"), ("config", "show", "serve", "--all"))


async def ended(words, **options):
    """(exit code, stderr) of a verb with such a stdout."""
    reading, writing = os.pipe()  # a stdin that does not end
    process = await asyncio.create_subprocess_exec(BINARY, *words, stdin=reading, stderr=subprocess.PIPE,
                                                   env=environment(), **options)
    os.close(reading)
    try:
        _, errors = await soon(process.communicate())
    finally:
        os.close(writing)
    return process.returncode, errors.decode()


def close_stdout():
    die_with_us()
    os.close(1)


async def is_told(words):
    with open("/dev/full", "wb", buffering=0) as full:
        for options in ({"stdout": full, "preexec_fn": die_with_us}, {"preexec_fn": close_stdout}):
            code, errors = await ended(words, **options)
            expect(code, 1, (words, errors))
            assert errors.endswith(": stdout takes nothing more\n"), (words, errors)


async def verbs_that_ask_nobody_tell_it():
    for words in WITHOUT_A_SERVER:
        await is_told(words)


async def verbs_that_ask_a_server_tell_it():
    async with Server() as server:
        url = ("--url", url_of(server))
        sent = await ended(("send", "lobby", "x", *url), stdout=subprocess.DEVNULL)
        expect(sent[0], 0, sent)
        for words in (("rooms",), ("who", "lobby", "--json"), ("history", "lobby"), ("tail", "lobby"),
                      ("tail", "lobby", "--json"), ("join", "lobby", "-n", "1", "--plain")):
            await is_told((*words, *url))


async def all_of_a_long_output_arrives_in_a_slow_pipe():
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)  # as a terminal that another program left so
    process = await asyncio.create_subprocess_exec(BINARY, "completion", "bash", stdout=writing,
                                                   env=environment(), preexec_fn=die_with_us)
    os.close(writing)
    with open(reading, "rb") as pipe:
        out = await soon(asyncio.get_running_loop().run_in_executor(None, pipe.read))
    expect(await soon(process.wait()), 0)
    assert out.endswith(b"complete -o default -F _chat chat\n"), out[-200:]


run(verbs_that_ask_nobody_tell_it, verbs_that_ask_a_server_tell_it,
    all_of_a_long_output_arrives_in_a_slow_pipe)
