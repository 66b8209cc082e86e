"""docs/operations.md, "Backup": taken while the server runs, put back, with a new epoch for every room."""

import os
import sqlite3
import tempfile

from chat_client import Member, secret
from chat_server import Server, expect, run


def take_backup(folder, target):
    source, copy = sqlite3.connect(f"{folder}/chat.db"), sqlite3.connect(target)
    source.backup(copy)
    source.close()
    copy.close()


def put_back(backup, folder):
    for name in ("chat.db-wal", "chat.db-shm", "clean"):
        if os.path.exists(f"{folder}/{name}"):
            os.remove(f"{folder}/{name}")
    os.replace(backup, f"{folder}/chat.db")
    database = sqlite3.connect(f"{folder}/chat.db")
    database.execute("UPDATE room SET epoch = lower(hex(randomblob(8)))")
    database.commit()
    database.close()


async def a_backup_has_what_was_acknowledged_and_a_later_cursor_is_told_so():
    with tempfile.TemporaryDirectory() as folder:
        data, backup, mine = f"{folder}/data", f"{folder}/backup.db", secret()
        async with Server("--data", data) as server, \
                Member(server, "lobby", client=mine) as ann:
            await ann.publish(1, "before")
            take_backup(data, backup)
            since = ann.cursor((await ann.publish(2, "behind the backup"))["seq"])
        put_back(backup, data)
        async with Server("--data", data) as server, \
                Member(server, "lobby", client=mine, since=since) as ann:
            expect(ann.welcome["recovered"], False)
            expect(ann.welcome["missing"], {"epoch": since["epoch"]})
            await ann.say("history")
            page = await ann.hear("history")
            expect([m["message"] for m in page["messages"]], ["before"])
            again = await ann.publish(1, "before")
            expect(again.get("repeat"), True, "senders are remembered too")


run(a_backup_has_what_was_acknowledged_and_a_later_cursor_is_told_so)
