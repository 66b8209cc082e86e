"""Addresses: several, IPv6, unix sockets, port 0, taken ones."""

import os
import re
import socket
import tempfile

from chat_client import Member, http, secret
from chat_server import Server, expect, run, run_chat


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


async def several_addresses_are_one_server():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/chat.sock"
        listen = ["127.0.0.1:0", "127.0.0.1:0", f"unix:{path}"]
        if has_ipv6():
            listen.append("[::1]:0")
        else:
            print("    no IPv6 on this machine: [::1] is not tried", flush=True)
        async with Server("--workers", "2", listen=listen) as server:
            expect(len(set(server.addresses)), len(listen), "addresses")
            expect(server.addresses[2], f"unix:{path}")
            async with Member(server, "lobby") as ann:
                for n, address in enumerate(server.addresses):
                    answer = await http(server, "POST", "/api/rooms/lobby/messages",
                                        {"message": n}, address=address)
                    expect(answer.status, 201, address)
                    expect((await ann.hear("message"))["message"], n, address)
        expect(os.path.exists(path), False, "the unix path is taken away at the end")


async def a_socket_file_left_behind_is_taken_over_and_one_in_use_is_not():
    with tempfile.TemporaryDirectory() as folder:
        listen = [f"unix:{folder}/chat.sock"]
        async with Server(listen=listen) as server:
            await server.kill()
        async with Server(listen=listen) as server, \
                Member(server, "lobby", client=secret()) as ann:
            await ann.publish(1, "over a unix socket")
            code, _, error = await run_chat("serve", "--listen", listen[0])
            expect(code, 1)
            assert "another program listens there" in error, error
            await ann.publish(2, "still here")


async def a_file_that_is_no_socket_is_left_alone():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"precious")
        file.flush()
        code, _, error = await run_chat("serve", "--listen", f"unix:{file.name}")
        expect(code, 1)
        assert "cannot listen on" in error, error
        with open(file.name, "rb") as again:
            expect(again.read(), b"precious")


async def a_taken_port_is_said():
    async with Server() as server:
        for workers in ("1", "3"):
            code, out, error = await run_chat("serve", "--listen", server.address,
                                              "--workers", workers)
            expect((code, out), (1, ""), error)
            assert server.address in error and "another program has that port" in error, error
            expect(len(error.splitlines()), 1, "one line")


async def addresses_that_are_none_are_usage_errors():
    for text, code in (("nonsense:port", 2), ("127.0.0.1:70000", 2), ("unix:", 2),
                       ("example.test:80", 1), ("192.0.2.1:0", 1),
                       ("unix:/nowhere/at/all.sock", 1), ("unix:/" + "x" * 200, 1)):
        got, _, error = await run_chat("serve", "--listen", text)
        expect(got, code, f"{text}: {error}")
        assert re.match(r"chat serve: .{20}", error), error


run(several_addresses_are_one_server,
    a_socket_file_left_behind_is_taken_over_and_one_in_use_is_not,
    a_file_that_is_no_socket_is_left_alone,
    a_taken_port_is_said,
    addresses_that_are_none_are_usage_errors)
