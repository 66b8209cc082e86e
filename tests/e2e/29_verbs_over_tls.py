"""The verbs over wss://, through a proxy that takes TLS: the certificate is checked, and what is wrong with it is said."""

import tempfile

from chat_command import Command, chat, chat_ok, log_of, tls_proxy, url_of
from chat_server import Server, expect, run


async def they_work_as_without():
    async with Server() as server:
        with tempfile.TemporaryDirectory() as folder:
            async with tls_proxy(folder, server.address) as port:
                trusted = {"CHAT_URL": f"wss://localhost:{port}", "CHAT_CA_FILE": f"{folder}/cert.pem"}
                async with Command("tail", "lobby", "--count", "2003", variables=trusted) as tail:
                    await chat_ok("send", "lobby", "is it there?", variables=trusted)
                    first = await tail.line()
                    lines = [f"line {i}" for i in range(2000)] + ["x" * 1_000_000, "部屋"]
                    await chat_ok("send", "lobby", variables=trusted, stdin="\n".join(lines).encode())
                    code, out, errors = await tail.result()
                    lines.insert(0, "is it there?")
                    shown = [line.split(": ", 1)[1] for line in (first, *out.splitlines())]
                    expect((code, shown), (0, lines), errors)
                expect(await log_of(server), lines)
                assert "lobby" in await chat_ok("rooms", variables=trusted)
                expect(await chat_ok("who", "lobby", variables=trusted), "")
                expect(len((await chat_ok("history", "lobby", "-n", "3", variables=trusted))
                           .splitlines()), 3)
                trusted["CHAT_URL"] = f"wss://127.0.0.1:{port}/"
                await chat_ok("send", "lobby", "by address", variables=trusted)


async def who_cannot_be_trusted_is_told():
    async with Server() as server:
        with tempfile.TemporaryDirectory() as folder:
            async with tls_proxy(folder, server.address, "DNS:other.example") as port:
                ca = ("--ca-file", f"{folder}/cert.pem")
                for verb in (("send", "lobby", "x"), ("tail", "lobby", "--retry"), ("rooms",)):
                    url = ("--url", f"wss://localhost:{port}")
                    code, _, errors = await chat(*verb, *url)
                    expect(code, 3, errors)
                    assert "--ca-file" in errors, errors
                    code, _, errors = await chat(*verb, *url, *ca)
                    expect(code, 3, errors)
                    assert "another name" in errors, errors
                    code, _, errors = await chat(*verb, *url, "--ca-file", f"{folder}/none")
                    expect(code, 2, errors)
                    assert f"--ca-file {folder}/none cannot be read: No such file" in errors, errors
        # Also where it is not needed: it was meant.
        for file, why in (("/nonexistent", "cannot be read: No such file"), ("/dev/zero", "is no regular file"),
                          ("/", "is no regular file")):
            for verb in (("send", "lobby", "x"), ("rooms",)):
                code, _, errors = await chat(*verb, "--url", url_of(server), "--ca-file", file)
                expect(code, 2, errors)
                assert f"--ca-file {file} {why}" in errors, errors
        expect(await log_of(server), [])


async def plain_and_tls_are_not_mixed_up():
    async with Server() as server:
        with tempfile.TemporaryDirectory() as folder:
            async with tls_proxy(folder, server.address) as port:
                code, _, errors = await chat("send", "lobby", "x", "--url", f"ws://localhost:{port}")
                expect(code, 3, errors)
                assert "wss://" in errors, errors
                code, _, errors = await chat("rooms", "--url", f"ws://localhost:{port}")
                expect(code, 3, errors)
                assert f"ws://localhost:{port} " in errors and "write wss://" in errors, errors
                assert "http" not in errors, errors
        code, _, errors = await chat("send", "lobby", "x", "--url", url_of(server).replace("ws", "wss"))
        expect(code, 3, errors)
        assert "write ws://" in errors, errors


run(they_work_as_without, who_cannot_be_trusted_is_told, plain_and_tls_are_not_mixed_up)
