"""--data: one process at a time, no newer schema, nothing that is damaged; what cannot be used is said."""

import os
import sqlite3
import stat
import tempfile

from chat_client import Member, api, secret
from chat_server import Server, expect, run, run_chat


async def refused(folder, word, *options):
    code, out, error = await run_chat("serve", "--listen", "127.0.0.1:0", "--data", folder, *options)
    expect((code, out), (1, ""), error)
    expect(len(error.splitlines()), 1, f"one line: {error}")
    assert error.startswith("chat serve: ") and folder in error and word in error, error


async def one_message(folder):
    async with Server("--data", folder) as server, Member(server, "lobby", client=secret()) as ann:
        await ann.publish(1, "x")


async def a_second_process_is_refused_and_the_first_goes_on():
    with tempfile.TemporaryDirectory() as folder:
        async with Server("--data", folder) as server, \
                Member(server, "lobby", client=secret()) as ann:
            await refused(folder, "another chat process")
            await ann.publish(1, "still here")
        await one_message(folder)


async def after_kill_nine_the_directory_is_free():
    with tempfile.TemporaryDirectory() as folder:
        async with Server("--data", folder) as server:
            await server.kill()
        await one_message(folder)


async def a_newer_schema_is_refused_and_left_as_it_is():
    with tempfile.TemporaryDirectory() as folder:
        await one_message(folder)
        with sqlite3.connect(f"{folder}/chat.db") as database:
            database.execute("PRAGMA user_version = 999")
        database.close()
        await refused(folder, "999")
        with sqlite3.connect(f"{folder}/chat.db") as database:
            expect(database.execute("PRAGMA user_version").fetchone(), (999,))
            expect(database.execute("SELECT count(*) FROM message").fetchone(), (1,))
        database.close()


async def a_file_of_schema_1_is_taken_over():
    with tempfile.TemporaryDirectory() as folder:
        await one_message(folder)
        with sqlite3.connect(f"{folder}/chat.db") as database:
            expect(database.execute("SELECT key, value FROM mark").fetchall(), [("broker", b"local")])
            database.execute("DROP TABLE mark")  # what schema 2 has more
            database.execute("PRAGMA user_version = 1")
        database.close()
        async with Server("--data", folder) as server:
            answer = await api(server, "/rooms/lobby/messages")
            expect([message["message"] for message in answer["messages"]], ["x"])
        with sqlite3.connect(f"{folder}/chat.db") as database:
            expect(database.execute("PRAGMA user_version").fetchone(), (2,))
            expect(database.execute("SELECT key, value FROM mark").fetchall(), [("broker", b"local")])
        database.close()


async def a_directory_of_another_broker_is_refused():
    """It is said at the start: that nothing listens where this --broker points does not matter."""
    amqp = ("--broker", "amqp://guest@127.0.0.1:1/asgi")
    with tempfile.TemporaryDirectory() as folder:
        await one_message(folder)
        await refused(folder, "--broker local", *amqp)
        with sqlite3.connect(f"{folder}/chat.db") as database:  # made before directories said whose they are
            database.execute("DELETE FROM mark")
        database.close()
        await refused(folder, "--broker local", *amqp)
        await one_message(folder)
    with tempfile.TemporaryDirectory() as folder:
        async with Server("--data", folder, *amqp, ready_within=None):
            pass
        await refused(folder, "--broker amqp")
        async with Server("--data", folder, *amqp, ready_within=None):
            pass


async def a_damaged_database_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/chat.db", "wb") as file:
            file.write(b"this is no database" * 1000)
        await refused(folder, "chat.db")


async def what_is_no_directory_is_refused():
    with tempfile.NamedTemporaryFile() as file:
        await refused(file.name, "directory")
    await refused("/proc/nowhere", "directory")


async def a_new_directory_is_for_its_owner_only():
    with tempfile.TemporaryDirectory() as folder:
        await one_message(f"{folder}/a/b")
        expect(stat.S_IMODE(os.stat(f"{folder}/a/b").st_mode), 0o700)


run(a_second_process_is_refused_and_the_first_goes_on,
    after_kill_nine_the_directory_is_free,
    a_newer_schema_is_refused_and_left_as_it_is,
    a_file_of_schema_1_is_taken_over,
    a_directory_of_another_broker_is_refused,
    a_damaged_database_is_refused,
    what_is_no_directory_is_refused,
    a_new_directory_is_for_its_owner_only)
