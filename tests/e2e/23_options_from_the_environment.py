"""Each option may come from the environment, as CHAT_ and its name; the command line wins."""

import contextlib
import os
import tempfile

from chat_client import Member
from chat_server import Server, expect, run


@contextlib.contextmanager
def variables(**values):
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


async def addresses_limits_and_switches_are_taken():
    with tempfile.TemporaryDirectory() as folder, \
            variables(CHAT_LISTEN=f"127.0.0.1:0,unix:{folder}/chat.sock", CHAT_WORKERS="2",
                      CHAT_MAX_MESSAGE_BYTES="1000", CHAT_HISTORY_MAX_AGE="2h",
                      CHAT_LOG_LEVEL="warn", CHAT_DATA=folder):
        server = Server(listen=())
        server.addresses_wanted = 2
        async with server, Member(server, "lobby") as ann:
            expect(server.addresses[1], f"unix:{folder}/chat.sock")
            expect(ann.welcome["limits"]["message_bytes"], 1000)
            expect(ann.welcome["resume_within_ms"], 2 * 3600 * 1000)
            assert os.path.exists(f"{folder}/chat.db")
            assert not any("CONNECT" in line for line in server.lines), server.lines


async def the_command_line_wins_and_an_empty_variable_is_none():
    with variables(CHAT_LISTEN="192.0.2.1:1", CHAT_MAX_MESSAGE_BYTES="1000", CHAT_DATA=""):
        async with Server("--max-message-bytes", "2000") as server, Member(server, "lobby") as ann:
            expect(ann.welcome["limits"]["message_bytes"], 2000)
            assert any("history in memory" in line for line in server.lines), server.lines


run(addresses_limits_and_switches_are_taken,
    the_command_line_wins_and_an_empty_variable_is_none)
