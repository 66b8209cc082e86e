"""`chat vhost` and servers that answer wrong: each its own message and exit code."""

import contextlib
import socket
import threading

from chat_server import expect, run, run_chat

RABBITMQ = '{"rabbitmq_version":"3.10.8","cluster_name":"test"}'


def answer(status, body=""):
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@contextlib.contextmanager
def server(script):
    """A port on which `script(request)` gives each answer's bytes, or None to say nothing. Ends with
    the connections."""
    listener = socket.create_server(("127.0.0.1", 0))
    silent = []

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.settimeout(20)
            with contextlib.suppress(OSError):
                said = script(peer.recv(65536).decode("latin-1"))
                if said is None:
                    silent.append(peer)
                    continue
                peer.sendall(said)
            peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(20)
        for peer in silent:
            peer.close()


async def told(script, code, why, *words, scheme="http"):
    with server(script) as port:
        api = f"{scheme}://127.0.0.1:{port}"
        got, out, err = await run_chat("vhost", *(words or ("list",)), "--api", api)
    expect(got, code, err)
    assert why in err, err
    return out, err


async def what_is_no_rabbitmq_is_told():
    html = "<html>hello</html>"
    for said in (answer(200, html), answer(404, html), answer(302), answer(200, "{}")):
        await told(lambda _, said=said: said, 3, "management API")
    await told(lambda _: b"AMQP\0\0\x09\x01", 3, "port for AMQP")
    await told(lambda _: b"SSH-2.0-x\r\n", 3, "does not speak HTTP")
    await told(lambda _: answer(400), 3, "write http://", scheme="https")
    await told(lambda _: b"\x15\x03\x03\0\x02\x02\x16", 3, "write https://")


async def half_answers_and_failures_are_told():
    await told(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", 3, "middle")
    await told(lambda _: b"", 3, "ended the connection")
    await told(lambda _: answer(500), 6, "HTTP 500")
    await told(lambda _: answer(503, '{"reason":"starting"}'), 6, "starting")
    await told(lambda _: answer(401, '{"reason":"Login failed"}'), 4, "Login failed")


async def silence_ends_in_time():
    await told(lambda _: None, 27, "within 3 s", scheme="https")


async def what_fails_on_the_way_is_partly_done():
    def script(request):
        if "/api/overview" in request:
            return answer(200, RABBITMQ)
        if request.startswith("GET"):
            return answer(404, '{"error":"Object Not Found","reason":"Not Found"}')
        if "/api/queues/" in request:
            return answer(500)
        return answer(201)
    out, err = await told(script, 7, "goes on from there", "create", "asgi")
    assert "HTTP 500" in err and "5 of 23" in err, err
    expect(out.count("created"), 5, out)
    assert "stream" not in out, out


async def the_first_failure_has_its_own_code():
    def script(request):
        if "/api/overview" in request:
            return answer(200, RABBITMQ)
        if request.startswith("GET"):
            return answer(404, '{"error":"Object Not Found","reason":"Not Found"}')
        return answer(401, '{"reason":"Not administrator user"}')
    out, _ = await told(script, 4, "Not administrator user", "create", "asgi")
    expect(out, "")


run(what_is_no_rabbitmq_is_told, half_answers_and_failures_are_told, silence_ends_in_time,
    what_fails_on_the_way_is_partly_done, the_first_failure_has_its_own_code)
