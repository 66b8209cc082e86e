"""The page of a room, the tutorial's redirect, and what the page needs."""

import re
import urllib.parse

from chat_client import Raw, http
from chat_server import Server, expect, run

CHINESE = "%E8%81%8A%E5%A4%A9"


async def a_room_has_a_page():
    async with Server() as server:
        for target in ("/", "/lobby/", "/lobby/?x=1", f"/{CHINESE}/", "/admin/"):
            page = await http(server, "GET", target)
            expect(page.status, 200, target)
            expect(page.headers["content-type"], "text/html; charset=utf-8", target)
            expect(page.headers["x-content-type-options"], "nosniff", target)
            assert "default-src 'self'" in page.headers["content-security-policy"], target


async def head_is_the_page_without_its_body():
    async with Server() as server:
        page = await http(server, "GET", "/lobby/")
        head = await http(server, "HEAD", "/lobby/")
        expect(head.status, 200)
        expect(head.headers["content-length"], str(len(page.body)))
        expect(head.body, b"")


async def the_last_slash_is_added_and_the_query_kept():
    async with Server() as server:
        for target, location in (("/qq", "/qq/"), ("/qq?x=1&y", "/qq/?x=1&y"),
                                 (f"/{CHINESE}", f"/{CHINESE}/")):
            answer = await http(server, "GET", target)
            expect(answer.status, 301, target)
            expect(answer.headers["location"], location, target)


async def what_is_no_room_has_no_page():
    async with Server() as server:
        for target in ("/ws/lobby/", "/a%20b/", "/bad-room!/", "/%FF/", "/a%2Fb/", "/api/",
                       "/ws/", "/assets/", "/assets/../x", "/qq/x/", "//qq/", f"/{'r' * 95}/",
                       "/debug/echo", "/assets/nothing.js"):
            answer = await http(server, "GET", target)
            expect(answer.status, 404, target)
            assert len(answer.body) > 12, (target, answer.body)
        expect((await http(server, "GET", f"/{'r' * 94}/")).status, 200, "94 characters")


async def the_files_that_pages_name_are_there_and_can_be_revalidated():
    async with Server() as server:
        named = set()
        for target in ("/", "/lobby/"):
            page = (await http(server, "GET", target)).body.decode()
            named |= {urllib.parse.urljoin(target, name) for name in
                      re.findall(r'(?:src|href)="([^"]*assets/[^"]+)"', page)}
        assert any(name.endswith(".js") for name in named), named
        assert any(name.endswith(".css") for name in named), named
        for name in sorted(named):
            file = await http(server, "GET", name)
            expect(file.status, 200, name)
            assert file.body, name
            again = await http(server, "GET", name,
                               headers=["If-None-Match: " + file.headers["etag"]])
            expect((again.status, again.body), (304, b""), name)


async def one_connection_answers_several_requests():
    async with Server() as server, await Raw.open(server.address) as raw:
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        await raw.send(request)
        expect((await raw.response()).status, 200)
        await raw.send(request + request + b"GET /qq HTTP/1.0\r\n\r\n")
        expect([(await raw.response()).status for _ in range(3)], [200, 200, 301], "pipelined")
        expect(await raw.rest(), b"", "HTTP/1.0 ends the connection")


run(a_room_has_a_page,
    head_is_the_page_without_its_body,
    the_last_slash_is_added_and_the_query_kept,
    what_is_no_room_has_no_page,
    the_files_that_pages_name_are_there_and_can_be_revalidated,
    one_connection_answers_several_requests)
