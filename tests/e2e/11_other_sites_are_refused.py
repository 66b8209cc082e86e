"""Pages of another site may not use the visitor's browser to read or write here."""

import json

from chat_client import Raw, http
from chat_server import Server, expect, run

ROOM = "/api/rooms/lobby/messages"


async def socket_status(server, origin):
    async with await Raw.open(server.address) as raw:
        return (await raw.upgrade("/ws/lobby/", headers=[f"Origin: {origin}"] if origin else [])).status


async def post_status(server, origin):
    headers = [f"Origin: {origin}"] if origin else []
    return (await http(server, "POST", ROOM, {"message": "hi"}, headers=headers)).status


ALWAYS = [None, "http://chat.test", "http://CHAT.test:80", "https://chat.test:443"]
NEVER = ["http://evil.test", "http://chat.test.evil.test", "http://evil.test/chat.test",
         "http://chat.test:8080", "https://chat.test:80", "null", "file://", "chat.test", ""]


async def pages_of_this_server_and_programs_pass():
    async with Server() as server:
        for origin in ALWAYS:
            expect(await socket_status(server, origin), 101, origin)
            expect(await post_status(server, origin), 201, origin)


async def pages_of_other_sites_are_refused():
    async with Server() as server:
        for origin in NEVER[:-1]:
            expect(await socket_status(server, origin), 403, origin)
            expect(await post_status(server, origin), 403, origin)
        answer = await http(server, "POST", ROOM, {"message": 1}, ["Origin: http://evil.test"])
        error = json.loads(answer.body)["error"]
        expect(error["code"], "forbidden_origin")
        assert "--allow-origin" in error["text"], error
        page = json.loads((await http(server, "GET", ROOM)).body)
        expect(page["messages"], [], "nothing was accepted")


async def answers_do_not_open_themselves_to_other_sites():
    async with Server("--allow-origin", "https://friend.test") as server:
        for target in ("/", "/lobby/", ROOM, "/metrics"):
            for origin in ("http://evil.test", "https://friend.test"):
                answer = await http(server, "GET", target, headers=["Origin: " + origin])
                expect(answer.status, 200, target)
                told = [name for name in answer.headers if name.startswith("access-control-")]
                expect(told, [], (target, origin))


async def an_origin_can_be_allowed():
    async with Server("--allow-origin", "https://friend.test", "--allow-origin",
                      "http://other.test:81") as server:
        for origin in ("https://friend.test", "https://FRIEND.test", "http://other.test:81"):
            expect(await socket_status(server, origin), 101, origin)
            expect(await post_status(server, origin), 201, origin)
        for origin in ("http://friend.test", "http://other.test", "https://x.friend.test"):
            expect(await socket_status(server, origin), 403, origin)


async def a_star_allows_all():
    async with Server("--allow-origin", "*") as server:
        expect(await socket_status(server, "http://evil.test"), 101)
        expect(await post_status(server, "null"), 201)


run(pages_of_this_server_and_programs_pass,
    pages_of_other_sites_are_refused,
    answers_do_not_open_themselves_to_other_sites,
    an_origin_can_be_allowed,
    a_star_allows_all)
