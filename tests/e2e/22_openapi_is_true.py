"""/api/openapi.json describes what the server answers: paths, methods, statuses, members of bodies."""

import json
import pathlib
import re

from chat_client import Member, api, http, secret
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
    (kind, content), = response["content"].items()
    assert answer.headers["content-type"].startswith(kind), (target, answer.headers)
    if kind == "application/json":
        check(described, content["schema"], json.loads(answer.body), f"{method} {target}")
    return answer


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


run(every_answer_is_as_described,
    what_protocol_md_promises_is_described)
