"""Requests that are refused: the status, and a text that says what to do; JSON below /api/."""

import json

from chat_client import Raw, http
from chat_server import Server, expect, run

ROOM = "/api/rooms/lobby/messages"


async def answer_to(server, data):
    async with await Raw.open(server.address) as raw:
        await raw.send(data)
        answer = await raw.response()
        return answer


def request(line, *headers, body=b""):
    return "\r\n".join([line, "Host: x", *headers, "", ""]).encode() + body


REFUSED = [
    # what is sent, status, code, a word that helps
    (b"nonsense\r\n\r\n", 400, "bad_request", "METHOD TARGET"),
    (b"GET / HTTP/1.1\nHost: x\n\n", 400, "bad_request", "CR LF"),
    (b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request", "Host"),
    (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400, "bad_request", "HTTP/1.1"),
    (b"GET /\xe8\x81 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request", "percent-encoded"),
    (request("GET / HTTP/1.1", "Host: y"), 400, "bad_request", "Host"),
    (request("GET / HTTP/1.1", "X : y"), 400, "bad_request", "header"),
    (request("GET / HTTP/1.1", "X: a", " folded"), 400, "bad_request", "unfolded"),
    (request("GET / HTTP/1.1", "Content-Length: 1", "Content-Length: 2"), 400, "bad_request",
     "Content-Length"),
    (request("GET / HTTP/1.1", "Content-Length: -1"), 400, "bad_request", "Content-Length"),
    (request("GET /" + "x" * 9000 + " HTTP/1.1"), 414, "uri_too_long", "too long"),
    (request("GET / HTTP/1.1", "X: " + "y" * 9000), 431, "headers_too_large", "too large"),
    (request("GET / HTTP/1.1", *["X: y"] * 500), 431, "headers_too_large", "too large"),
    (request("GET /nowhere/at/all HTTP/1.1"), 404, "not_found", "nothing here"),
    (request("GET /a%20b/ HTTP/1.1"), 404, "bad_room", "letters, digits and _"),
    (request("GET /ws/ws/ HTTP/1.1"), 404, "bad_room", "name of the server"),
    (request("POST /lobby/ HTTP/1.1", "Content-Length: 0"), 405, "method_not_allowed", "GET, HEAD"),
    (request("BREW /healthz HTTP/1.1"), 405, "method_not_allowed", "BREW"),
]

REFUSED_AS_JSON = [
    (request("GET /api/nothing HTTP/1.1"), 404, "not_found", "openapi.json"),
    (request("GET /api/rooms/a%20b/messages HTTP/1.1"), 404, "bad_room", "letters, digits and _"),
    (request("DELETE " + ROOM + " HTTP/1.1"), 405, "method_not_allowed", "POST"),
    (request("POST /api/rooms HTTP/1.1", "Content-Length: 0"), 405, "method_not_allowed", "GET"),
    (request("POST " + ROOM + " HTTP/1.1", "Transfer-Encoding: chunked"), 411, "length_required",
     "Content-Length"),
    (request("POST " + ROOM + " HTTP/1.1", "Content-Length: 99999999"), 413, "too_large", "limit"),
    (request("POST " + ROOM + " HTTP/1.1", "Content-Length: 13", body=b'{"message":1}'), 415,
     "bad_content_type", "application/json"),
    (request("POST " + ROOM + " HTTP/1.1", "Content-Type: text/plain", "Content-Length: 13",
             body=b'{"message":1}'), 415, "bad_content_type", "application/json"),
    (request("GET " + ROOM + "?limit=0 HTTP/1.1"), 400, "bad_frame", "limit"),
    (request("GET " + ROOM + "?limit=x HTTP/1.1"), 400, "bad_frame", "limit"),
    (request("GET " + ROOM + "?since=a&before=2 HTTP/1.1"), 400, "bad_frame", "not both"),
    (request("GET " + ROOM + "?since=%20:1 HTTP/1.1"), 400, "bad_frame", "cursor"),
    (request("GET " + ROOM + "?before=-1 HTTP/1.1"), 400, "bad_frame", "before"),
]

REFUSED_POSTS = [
    (b"nonsense", 400, "bad_json"), (b"{}", 400, "bad_frame"), (b'{"message":NaN}', 400, "bad_json"),
    (b'{"message":1,"n":3}', 400, "bad_frame"), (b'{"message":1,"client":"x"}', 400, "bad_frame"),
    (b'{"message":1,"client":"short","n":1}', 400, "bad_frame"),
    (b'{"message":1,"name":"\\u0000"}', 400, "bad_name"),
    (b'{"message":"%s"}' % (b"x" * 1100), 413, "too_large"),
]


async def pages_say_it_as_text():
    async with Server() as server:
        for data, status, code, word in REFUSED:
            answer = await answer_to(server, data)
            text = answer.body.decode()
            expect(answer.status, status, data[:60])
            assert text.startswith(code + ": ") and word in text, (data[:60], text)
            if status == 405:
                expect(answer.headers["allow"], "GET, HEAD", data)


async def the_api_says_it_as_json():
    async with Server() as server:
        for data, status, code, word in REFUSED_AS_JSON:
            answer = await answer_to(server, data)
            expect(answer.status, status, data[:60])
            expect(answer.headers["content-type"], "application/json", data[:60])
            error = json.loads(answer.body)["error"]
            expect(error["code"], code, data[:60])
            assert word in error["text"], (data[:60], error)


async def posts_that_make_no_sense_are_refused():
    async with Server("--max-message-bytes", "1000") as server:
        for body, status, code in REFUSED_POSTS:
            answer = await http(server, "POST", ROOM, body,
                                headers=["Content-Type: application/json"])
            expect((answer.status, json.loads(answer.body)["error"]["code"]), (status, code), body[:60])
        page = json.loads((await http(server, "GET", ROOM)).body)
        expect(page["messages"], [], "nothing of it was accepted")


async def handshakes_that_are_none_are_refused():
    good = {"Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    changed = [({}, 101), ({"Upgrade": "WebSocket"}, 101), ({"Upgrade": "websocketx"}, 400),
               ({"Connection": "notupgrade"}, 400), ({"Sec-WebSocket-Version": "8"}, 426),
               ({"Sec-WebSocket-Version": "13, 8"}, 426), ({"Sec-WebSocket-Version": "13abc"}, 426),
               ({"Sec-WebSocket-Version": None}, 426), ({"Sec-WebSocket-Key": None}, 400),
               ({"Sec-WebSocket-Key": "abc"}, 400),
               ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZR=="}, 400)]
    async with Server() as server:
        for change, status in changed:
            headers = [f"{k}: {v}" for k, v in {**good, **change}.items() if v is not None]
            answer = await answer_to(server, request("GET /ws/lobby/ HTTP/1.1", *headers))
            expect(answer.status, status, change)
            if status == 426:
                expect(answer.headers["sec-websocket-version"], "13")
        headers = [f"{k}: {v}" for k, v in good.items()]
        for path, status in (("/ws/a%20b/", 404), ("/ws/api", 404), ("/lobby/", 200),
                             ("/ws/" + "r" * 95, 404), ("/debug/echo", 404)):
            answer = await answer_to(server, request(f"GET {path} HTTP/1.1", *headers))
            expect(answer.status, status, path)


async def a_request_that_does_not_arrive_is_answered_408():
    async with Server("--handshake-timeout", "200ms") as server:
        for data in (b"GET / HT", request("POST " + ROOM + " HTTP/1.1",
                                          "Content-Type: application/json",
                                          "Content-Length: 9", body=b"{")):
            async with await Raw.open(server.address) as slow:
                await slow.send(data)
                expect((await slow.response()).status, 408, data)
                expect(await slow.rest(), b"")
        async with await Raw.open(server.address) as silent:
            expect(await silent.rest(), b"", "who says nothing at all is hung up on")


run(pages_say_it_as_text,
    the_api_says_it_as_json,
    posts_that_make_no_sense_are_refused,
    handshakes_that_are_none_are_refused,
    a_request_that_does_not_arrive_is_answered_408)
