"""Configuration files: where they are looked for, profiles, who wins, and what is wrong in one."""

import json
import os
import pathlib
import tempfile

from chat_client import api
from chat_command import chat, chat_ok, url_of
from chat_server import Server, expect, run


def without(folder, **variables):
    """Variables for a person whose home and system have nothing but what `folder` has."""
    return {"CHAT_CONFIG": "", "HOME": f"{folder}/home", "XDG_CONFIG_HOME": "",
            "XDG_CONFIG_DIRS": f"{folder}/first:{folder}/second", **variables}


def write(folder, path, text):
    file = pathlib.Path(folder, path, "chat", "config.toml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


async def shown(folder, *words, **variables):
    out = await chat_ok("config", "show", "--json", *words, variables=without(folder, **variables))
    found = [json.loads(line) for line in out.splitlines()]
    return {(one["verb"], one["option"]): (one["values"], one["from"].removeprefix(folder))
            for one in found}


async def the_nearest_value_wins():
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "second", 'name = "second"\nca-file = "second"\n')
        write(folder, "first", 'name = "first"\nurl = "ws://first"\n')
        own = write(folder, "home/.config", 'name = "own"\n'
                    '[tail]\nname = "of tail"\n'
                    '[profile.work]\nname = "at work"\n'
                    '[profile.work.tail]\nname = "of tail at work"\n')
        expect(await shown(folder, "tail"), {
            ("tail", "name"): (["of tail"], "/home/.config/chat/config.toml:3"),
            ("tail", "url"): (["ws://first"], "/first/chat/config.toml:2"),
            ("tail", "ca-file"): (["second"], "/second/chat/config.toml:2")})
        names = {words: (await shown(folder, *words))[(words[0], "name")][0][0]
                 for words in (("send",), ("send", "--profile", "work"), ("tail", "--profile", "work"))}
        expect(list(names.values()), ["own", "at work", "of tail at work"])
        expect((await shown(folder, "tail", CHAT_NAME="by variable"))[("tail", "name")],
               (["by variable"], "$CHAT_NAME"))
        expect((await shown(folder, "send", CHAT_PROFILE="work"))[("send", "name")][0], ["at work"])
        os.rename(own.parent, f"{folder}/chat")
        expect((await shown(folder, "send", XDG_CONFIG_HOME=folder))[("send", "name")],
               (["own"], "/chat/config.toml:1"))
        expect(await shown(folder, "send", "--config", "/dev/null"), {})
        hidden = await shown(folder, "vhost", "list", CHAT_API="http://ann:secret@host:15672/a:b@c",
                             CHAT_CONFIG="/dev/null")
        expect(hidden[("vhost list", "api")][0], ["http://ann:***@host:15672/a:b@c"])
        many = "ws://a:secret@host,ws://b:secret@host"
        told = (await shown(folder, "who", CHAT_URL=many, CHAT_CONFIG="/dev/null"))[("who", "url")][0]
        assert "secret" not in str(told) and len(told) == 2, told


async def all_options_are_shown_with_all():
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "first", "[tail]\njson = true\n")
        told = await shown(folder, "tail", "--all")
        for option, values in (("n", ["10"]), ("color", ["auto"]), ("follow", ["true"]), ("retry", ["false"]),
                               ("match", []), ("cursor-file", []), ("name", []), ("profile", [])):
            expect(told[("tail", option)], (values, "default"), option)
        expect(told[("tail", "json")], (["true"], "/first/chat/config.toml:2"))


async def verbs_do_what_it_says():
    async with Server() as server:
        with tempfile.TemporaryDirectory() as folder:
            file = write(folder, "home/.config",
                         f'url = ["ws://127.0.0.1:1", "{url_of(server)}"]\nname = "ann"\n'
                         '[send]\nseparator = ";"\n'
                         "[tail]\njson = true\nfollow = false\nn = 2\n"
                         '[profile.nobody]\nname = "nobody"\n[profile.nobody.history]\nmatch = "^b"\n')
            variables = without(folder)
            await chat_ok("send", "lobby", stdin=b"a;b;c", variables=variables)
            await chat_ok("send", "lobby", "d", "--profile", "nobody", variables=variables)
            await chat_ok("send", "lobby", "e", "--name", "bob",
                          variables={**variables, "CHAT_NAME": "variable"})
            told = (await api(server, "/rooms/lobby/messages?since=0"))["messages"]
            expect([(one["name"], one["message"]) for one in told],
                   [("ann", "a"), ("ann", "b"), ("ann", "c"), ("nobody", "d"), ("bob", "e")])
            out = await chat_ok("tail", "lobby", variables=variables)
            expect([json.loads(line)["message"] for line in out.splitlines()], ["d", "e"])
            out = await chat_ok("tail", "lobby", "-n", "1", variables=variables)
            expect([json.loads(line)["message"] for line in out.splitlines()], ["e"])
            out = await chat_ok("history", "lobby", "--config", file, "--profile", "nobody")
            assert out.endswith("ann: b\n") and len(out.splitlines()) == 1, out


async def serve_has_its_table():
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "first", '[serve]\nmax-message-bytes = 100\ndebug-echo = true\n')
        async with Server(variables=without(folder)) as server:
            code, _, errors = await chat("send", "lobby", "x" * 200, "--url", url_of(server))
            expect(code, 6, errors)
            code, _, errors = await chat("send", "lobby", "x" * 20, "--url", url_of(server))
            expect(code, 0, errors)


WRONG = (
    ('nme = "x"', ':1: there is no option "nme"; did you mean "name"?'),
    ("[tial]\nn = 3", ':2: there is no verb "tial" for "n"; did you mean "tail"?'),
    ("[tail]\nsinse = 1", ':2: there is no option "sinse" of chat tail; did you mean "since"?'),
    ('[tail]\nn = "many"', ':2: "n" takes a whole number from 0, not "many"'),
    ("[tail]\nn = -1", ':2: "n" takes a whole number from 0, not "-1"'),
    ("[tail]\nn = 1.5", ':2: "n" takes a whole number from 0, not "1.5"'),
    ('[tail]\nwait = "400d"', ':2: "wait" takes a time (250ms, 10s, 5m, 2h, 7d; a bare number is seconds; '
     'at most 365d), not "400d"'),
    ("[tail]\njson = 3", ':2: "json" is true or false'),
    ("[tail]\nn = true", ':2: "n" is a N, not true or false'),
    ("[tail]\nn = [1, 2]", ':2: "n" is one value, no list'),
    ("url = []", ':1: "url" is a list of nothing; leave it out'),
    ('url = [["x"]]', ':1: "url" is a list of words or numbers'),
    ('[profile]\nname = "x"', ':2: "name" stands outside of a profile: [profile.NAME] comes before it'),
    ('[profile.work.tial]\nname = "x"', ':2: there is no verb "tial"'),
    ('[tail]\nconfig = "x"', ':2: there is no option "config" of chat tail'),
    ('[tail]\nROOM = "x"', ':2: there is no option "ROOM" of chat tail'),
    ('name = "x', ":1: it is not TOML: "),
    ('name = "x"\nname = "y"', ":2: it is not TOML: "),
    ('"a\\u001b[31m" = 1', r':1: there is no option "a\x1b[31m"'),
    ("#" * (2 << 20), ": it is larger than 1 MiB"),
    ("name = 'x'\n" + ".".join(["a"] * 200_000) + " = 1", ":2: a key has more than 32 parts"),
    ("[" + " . ".join(["a"] * 200_000) + "]\nb = 1", ":1: a key has more than 32 parts"),
    ('"a=b".' + ".".join(["a"] * 200_000) + " = 1", ":1: a key has more than 32 parts"),
    ("a = {" + ".".join(["a"] * 200_000) + " = 1}", ":1: a key has more than 32 parts"),
    ("a = " + "{a = " * 100_000 + "1" + "}" * 100_000, ":1: it is not TOML: "),
)


async def a_verb_that_has_options_and_verbs_has_its_table_for_itself():
    with tempfile.TemporaryDirectory() as folder:
        file = write(folder, "home/.config", 'url = "ws://shared"\n[bench]\nrooms = 3\noutput = "csv"\n'
                     '[bench.compare]\noutput = "html"\n')
        path = str(file).removeprefix(folder)
        expect(await shown(folder, "bench"), {
            ("bench", "url"): (["ws://shared"], f"{path}:1"),
            ("bench", "rooms"): (["3"], f"{path}:3"),
            ("bench", "output"): (["csv"], f"{path}:4"),
            ("bench compare", "output"): (["html"], f"{path}:6")})
        # csv is for [bench] only: compare does not know it.
        file.write_text('[bench]\noutput = "csv"\n', encoding="utf-8")
        expect(await shown(folder, "bench", "compare"), {})


async def what_is_wrong_is_told_with_file_and_line():
    with tempfile.TemporaryDirectory() as folder:
        for text, why in WRONG:
            file = write(folder, "home/.config", text)
            code, out, errors = await chat("tail", "lobby", "--url", "ws://127.0.0.1:1",
                                           variables=without(folder))
            expect((code, out), (2, ""), (text[:40], errors))
            assert f"chat tail: {file}{why}" in errors and "\x1b" not in errors, (text[:40], errors)
        write(folder, "home/.config", "[serve]\nof-a-newer-chat = 1\n")
        code, _, errors = await chat("tail", "lobby", "--url", "ws://127.0.0.1:1",
                                     variables=without(folder))
        expect(code, 3, errors)  # it concerns no other verb
        expect((await chat("config", "show", variables=without(folder)))[0], 2)
        write(folder, "home/.config", "[profile.work]\n")
        code, _, errors = await chat("rooms", "--profile", "wrok", variables=without(folder))
        expect(code, 2)
        assert 'did you mean "work"?' in errors, errors
        code, _, errors = await chat("rooms", "--profile", "work", "--url", "ws://127.0.0.1:1",
                                     variables=without(folder))
        expect(code, 3, errors)


run(the_nearest_value_wins, all_options_are_shown_with_all, verbs_do_what_it_says, serve_has_its_table,
    a_verb_that_has_options_and_verbs_has_its_table_for_itself, what_is_wrong_is_told_with_file_and_line)
