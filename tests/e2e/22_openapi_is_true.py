"""/api/openapi.json describes what the server answers: paths, methods, statuses, members of bodies."""

import json
import pathlib
import re

from chat_client import Member, Raw, api, http, let_in, secret
from chat_server import Server, expect, run

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
METHODS = ("get", "post", "put", "delete", "patch")


def operations(described):
    return {(method.upper(), path): operation for path, item in described["paths"].items()
            for method, operation in item.items() if method in METHODS}


def resolved(described, part):
    """`part`, or what its $ref names."""
    while "$ref" in part:
        names = part["$ref"].removeprefix("#/").split("/")
        part = described
        for name in names:
            part = part[name]
    return part


def check(described, schema, value, where):
    """`value` has the type and the members that `schema` asks for, and no others."""
    schema = resolved(described, schema)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), (where, schema, value)
    for name in schema.get("required", ()):
        assert name in value, f"{where}: {name} is missing in {value}"
    if "properties" in schema:
        for name, member in value.items():
            assert name in schema["properties"], f"{where}: {name} is not described"
            check(described, schema["properties"][name], member, f"{where}.{name}")
    for member in value if "items" in schema else ():
        check(described, schema["items"], member, f"{where}[]")


async def ask(server, described, method, path, query="", body=None, status=200):
    """Asks for a described path and holds the answer against its description."""
    target = path.replace("{room}", "lobby") + query
    answer = await http(server, method, target, body)
    expect(answer.status, status, target)
    responses = operations(described)[method, path]["responses"]
    response = resolved(described, responses[str(status)])
    hold_against(described, response, answer, f"{method} {target}")
    return answer


def hold_against(described, response, answer, where):
    """`answer` has a content type, the headers and the members of its body that `response` names."""
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in response["content"], f"{where}: {kind}"
    for name, header in response.get("headers", {}).items():
        assert name.lower() in answer.headers or not header.get("required"), f"{where}: no {name}"
    if kind == "application/json":
        check(described, response["content"][kind]["schema"], json.loads(answer.body), where)


async def every_answer_is_as_described():
    async with Server() as server, Member(server, "lobby", name="ann", client=secret()) as ann:
        described = await api(server, "/openapi.json")
        await ann.publish(1, {"x": 1})
        messages = "/api/rooms/{room}/messages"
        posted = json.loads((await ask(server, described, "POST", messages, status=201, body={
            "message": 1, "name": "bot", "client": secret(), "n": 7})).body)
        await ask(server, described, "POST", messages, body={"n": 1}, status=400)
        await ask(server, described, "GET", messages, f"?since={posted['epoch']}:0&limit=1")
        await ask(server, described, "GET", messages, "?limit=none", status=400)
        asked = {("POST", messages), ("GET", messages)}
        for method, path in operations(described):
            if (method, path) not in asked:
                await ask(server, described, method, path)


async def what_protocol_md_promises_is_described():
    async with Server() as server:
        described = await api(server, "/openapi.json")
        written = set()
        for line in PAGE.read_text(encoding="utf-8").splitlines():
            if not line.startswith("| `"):
                continue
            for method, path in re.findall(r"`(GET|POST) (/[^`?]*)", line.split("|")[1]):
                written.add((method, path.replace("<room>", "{room}")))
        files = {("GET", "/"), ("GET", "/{room}/"), ("GET", "/assets/<file>")}
        assert files <= written, written
        expect(sorted(operations(described)), sorted(written - files))


MESSAGES = "/api/rooms/{room}/messages"
JSON_TYPE = "Content-Type: application/json"
REFUSED = [
    # status, method, path, room, query, body, headers
    (400, "GET", MESSAGES, "lobby", "?limit=0", None, []),
    (400, "GET", MESSAGES, "lobby", "?since=1&before=2", None, []),
    (404, "GET", MESSAGES, "a%20b", "", None, []),
    (404, "GET", "/api/rooms/{room}/members", "ws", "", None, []),
    (400, "POST", MESSAGES, "lobby", "", b"nonsense", [JSON_TYPE]),
    (403, "POST", MESSAGES, "lobby", "", b'{"message":1}', [JSON_TYPE, "Origin: http://other.test"]),
    (404, "POST", MESSAGES, "ws", "", b'{"message":1}', [JSON_TYPE]),
    (411, "POST", MESSAGES, "lobby", "", None, [JSON_TYPE, "Transfer-Encoding: chunked"]),
    (413, "POST", MESSAGES, "lobby", "", b'{"message":"%s"}' % (b"x" * 2000), [JSON_TYPE]),
    (413, "POST", MESSAGES, "lobby", "", None, [JSON_TYPE, "Content-Length: 99999999"]),
    (415, "POST", MESSAGES, "lobby", "", b'{"message":1}', []),
]


def held(described, method, path, status, answer):
    expect(answer.status, status, (method, path))
    responses = operations(described)[method, path]["responses"]
    hold_against(described, resolved(described, responses[str(status)]), answer,
                 f"{method} {path} {status}")


async def refusals_are_as_described():
    async with Server("--max-message-bytes", "1000") as server:
        described = await api(server, "/openapi.json")
        for status, method, path, room, query, body, headers in REFUSED:
            target = path.replace("{room}", room) + query
            held(described, method, path, status, await http(server, method, target, body, headers))
        for method, path in operations(described):
            answer = await http(server, "DELETE", path.replace("{room}", "lobby"))
            held(described, method, path, 405, answer)
        sender = {"message": 1, "client": secret()}
        for n in range(1, 258):
            await ask(server, described, "POST", MESSAGES, body={**sender, "n": n}, status=201)
        await ask(server, described, "POST", MESSAGES, body={**sender, "n": 0}, status=409)


async def a_full_server_answers_as_described():
    async with Server() as server:
        described = await api(server, "/openapi.json")
    for option, status in (("--max-connections-per-address", 429), ("--max-connections", 503)):
        async with Server(option, "1") as server, await let_in(server):
            for method, path in operations(described):
                answer = await http(server, method, path.replace("{room}", "lobby"))
                held(described, method, path, status, answer)


run(every_answer_is_as_described,
    refusals_are_as_described,
    a_full_server_answers_as_described,
    what_protocol_md_promises_is_described)
