#!/usr/bin/env python3
"""What needs a RabbitMQ of its own: its TLS listeners, and what `chat vhost show` says under a real alarm."""

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from chat_client import connect  # noqa: E402
from chat_server import BINARY, Server, expect, soon  # noqa: E402
from rabbit import private_rabbit  # noqa: E402

READY = 60  # seconds


def chat(*arguments):
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("CHAT_")}
    done = subprocess.run([BINARY, *arguments], check=False, capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL, env=inherited)
    return done.returncode, done.stdout, done.stderr


def at_localhost(url):
    """rabbitmq-c takes names from certificates, no addresses."""
    return url.replace("127.0.0.1", "localhost")


async def messages_cross_between_an_encrypted_and_a_plain_connection(rabbit):
    with rabbit.vhost("tls") as vhost:
        encrypted = ["--broker", f"{at_localhost(rabbit.amqps)}/{vhost}", "--amqp-ca-file",
                     rabbit.authority]
        plain = ["--broker", f"amqp://guest@127.0.0.1:{rabbit.amqp[0][1]}/{vhost}"]
        async with Server(*encrypted, ready_within=READY) as a, \
                Server(*plain, ready_within=READY) as b:
            async with connect(a, "/ws/lobby/") as ann, connect(b, "/ws/lobby/") as bob:
                for sender, text in ((ann, "encrypted"), (bob, "plain")):
                    await sender.send(json.dumps({"message": text}))
                    for member in (ann, bob):
                        got = json.loads(await soon(member.recv()))
                        expect(got, {"message": text}, "what each of both nodes delivers")


async def a_node_says_why_it_does_not_trust(rabbit):
    cases = (
        (at_localhost(rabbit.amqps), (), "not signed by an authority of the CA file"),
        (rabbit.amqps, ("--amqp-ca-file", rabbit.authority), "an address is not looked for in it"),
        (at_localhost(rabbit.amqps).replace("amqps", "amqp"), (), r"connection|answer|closed"),
        (f"amqps://guest@localhost:{rabbit.amqp[0][1]}",
         ("--amqp-ca-file", rabbit.authority), r"(SSL|TLS)"),
    )
    for url, more, reason in cases:
        async with Server("--broker", f"{url}/%2f", *more, ready_within=None) as server:
            await server.line(f"RabbitMQ.*{reason}")


def a_vhost_is_made_over_https(rabbit):
    for api in (rabbit.https, at_localhost(rabbit.https)):
        code, _, said = chat("vhost", "create", "over-tls", "--partitions", "1", "--api", api,
                             "--ca-file", rabbit.authority)
        expect(code, 0, said)
    code, _, said = chat("vhost", "check", "over-tls", "--api", rabbit.https, "--ca-file",
                         rabbit.authority)
    expect(code, 0, said)
    code, _, said = chat("vhost", "list", "--api", rabbit.https)
    assert code == 3 and "--ca-file" in said, (code, said)
    code, _, said = chat("vhost", "list", "--api", rabbit.https.replace("https", "http"))
    assert code == 3 and "TLS" in said, (code, said)


def shown_alarm(vhost, api):
    code, out, said = chat("vhost", "show", vhost, "--json", "--api", api)
    expect(code, 0, said)
    return json.loads(out)["nodes"][0]["memory_alarm"]


def an_alarm_is_shown(rabbit):
    with rabbit.vhost("alarm") as vhost:
        api = f"http://guest@127.0.0.1:{rabbit.management[0][1]}"
        create = ("vhost", "create", vhost, "--partitions", "1", "--api", api)
        expect(chat(*create)[0], 0, "create")
        for alarmed in (True, False):
            rabbit.memory_alarm(alarmed)
            # A node's statistics are some seconds old.
            deadline = time.monotonic() + 60
            while shown_alarm(vhost, api) != alarmed:
                assert time.monotonic() < deadline, f"show --json never says {alarmed}"
            _, text, _ = chat("vhost", "show", vhost, "--api", api)
            expect("memory" in text.split("ALARMS", 1)[1], alarmed, text)


def main():
    with tempfile.TemporaryDirectory(prefix="chat-tls-") as folder, \
            private_rabbit(pathlib.Path(folder) / "rabbitmq", tls=True) as rabbit:
        asyncio.run(messages_cross_between_an_encrypted_and_a_plain_connection(rabbit))
        print("ok  messages cross between an encrypted and a plain connection", flush=True)
        asyncio.run(a_node_says_why_it_does_not_trust(rabbit))
        print("ok  a node says why it does not trust", flush=True)
        a_vhost_is_made_over_https(rabbit)
        print("ok  a vhost is made over https", flush=True)
        an_alarm_is_shown(rabbit)
        print("ok  an alarm is shown", flush=True)


main()
