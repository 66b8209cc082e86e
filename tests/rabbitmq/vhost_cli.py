#!/usr/bin/env python3
"""`chat vhost` against a real RabbitMQ.

    CHAT_BIN=… CHAT_TEST_RABBITMQ_API=http://guest@127.0.0.1:PORT \\
    CHAT_TEST_RABBITMQ_AMQP=amqp://guest@127.0.0.1:PORT vhost_cli.py [CASE…]

guest's password is guest. Everything it makes has names of its own and is gone behind it.
"""

import base64
import json
import os
import pathlib
import pty
import secrets
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SECONDS = 60
MARK = "chat-test-" + secrets.token_hex(4)


def given(name):
    value = os.environ.get(name)
    if not value:
        sys.exit(f"vhost_cli: {name} is not set; scripts/rabbitmq says what it is")
    return value


CHAT = given("CHAT_BIN")
API = given("CHAT_TEST_RABBITMQ_API")
AMQP = given("CHAT_TEST_RABBITMQ_AMQP")
BASE = API.replace("guest@", "")


def api(method, path, body=None, user="guest", password="guest"):
    """The answer's JSON; None for a 404."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"{BASE}/api/{path}", method=method,
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
        data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise AssertionError(f"{method} {path}: {error.code} {error.read()}") from error
    return json.loads(text) if text else {}


def q(name):
    return urllib.parse.quote(name, safe="")


class Said:
    """What a command printed, and its exit code."""

    def __init__(self, *words, stdin=subprocess.DEVNULL, cwd=None, user="guest", text=None):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CHAT_")}
        where = API.replace("guest@", f"{user}@")
        done = subprocess.run([CHAT, "vhost", *words], cwd=cwd, capture_output=True, text=True,
                              timeout=SECONDS, env={**inherited, "CHAT_API": where},
                              **({"input": text} if text is not None else {"stdin": stdin}))
        self.words, self.code, self.out, self.err = words, done.returncode, done.stdout, done.stderr

    def expect(self, code, err=""):
        assert self.code == code and err in self.err, (
            f"chat vhost {' '.join(self.words)}: {self.code}, expected {code} and {err!r}\n"
            f"{self.out}\n{self.err}")
        return self

    def objects(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def results(self):
        """{(object, name): result}"""
        return {(one["object"], one["name"]): one["result"] for one in self.objects()}


class Vhost:
    """A name for a vhost, with whatever has it gone in the end."""

    def __init__(self, suffix=""):
        self.name = MARK + "-" + secrets.token_hex(3) + suffix
        self.user = self.name.replace("/", "-").replace(" ", "-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        api("DELETE", f"vhosts/{q(self.name)}")
        api("DELETE", f"users/{q(self.user)}")

    def create(self, *words, **more):
        return Said("create", self.name, "--json", *words, **more)

    def check(self, *words):
        return Said("check", self.name, "--json", *words)

    def queues(self):
        return {queue["name"]: queue for queue in api("GET", f"queues/{q(self.name)}")}


def drift(said):
    return {key: result for key, result in said.results().items() if result != "unchanged"}


def creates_everything_and_again_nothing():
    with Vhost() as vhost:
        made = vhost.create().expect(0, "done").results()
        assert set(made.values()) == {"created"}, made
        queues = vhost.queues()
        assert sorted(queues) == [f"chat.log.{i:02}" for i in range(16)] + ["chat.meta"], queues
        for queue in queues.values():
            assert queue["type"] == "stream" and queue["durable"], queue
            assert set(queue["arguments"]) == {"x-queue-type", "x-stream-max-segment-size-bytes"}
        policy = api("GET", f"policies/{q(vhost.name)}/chat-log")
        assert policy["definition"] == {"max-age": "7D"}, policy
        assert policy["apply-to"] == "queues" and policy["pattern"] == r"^chat\.log\.", policy
        exchange = api("GET", f"exchanges/{q(vhost.name)}/chat.signal")
        assert exchange["type"] == "direct" and exchange["durable"], exchange
        assert api("GET", f"vhost-limits/{q(vhost.name)}")[0]["value"] == {
            "max-queues": 1024, "max-connections": 1024}
        again = vhost.create().expect(0, "0 done")
        assert drift(again) == {}, again.out
        assert set(made) == set(again.results())
        assert drift(vhost.check().expect(0)) == {}
        assert vhost.queues()["chat.meta"]["messages"] == 1, "the record is there once"


def names_are_any_text():
    for suffix in ("/a b", " é漢字", "%2F..", "?x#y"):
        with Vhost(suffix) as vhost:
            vhost.create("--partitions", "1").expect(0)
            assert api("GET", f"vhosts/{q(vhost.name)}")["name"] == vhost.name
            vhost.check().expect(0)
            listed = {one["vhost"]: one for one in Said("list", "--json").expect(0).objects()}
            assert listed[vhost.name]["chat"] and listed[vhost.name]["partitions"] == 1, listed
            Said("delete", vhost.name, "--yes").expect(0)
            assert api("GET", f"vhosts/{q(vhost.name)}") is None


def what_the_tutorials_curl_made_is_completed():
    with Vhost() as vhost:
        api("PUT", f"vhosts/{q(vhost.name)}")
        api("PUT", f"queues/{q(vhost.name)}/other", {"durable": True})
        made = vhost.create("--partitions", "2").expect(0).results()
        assert made[("vhost", vhost.name)] == "changed", made
        assert made[("limit", "max-queues")] == "unchanged", "no limits on what others use"
        assert "other" in vhost.queues()
        api("PUT", f"vhosts/{q(vhost.name)}")  # the curl once more: wipes the tag
        assert drift(vhost.check().expect(8)) == {("vhost", vhost.name): "differs"}
        vhost.create().expect(0, "1 done")
        assert api("GET", f"vhosts/{q(vhost.name)}")["tags"] == ["chat-partitions-2"]


def a_dry_run_changes_nothing():
    with Vhost() as vhost:
        said = vhost.create("--dry-run").expect(0, "a plan only")
        assert set(said.results().values()) == {"missing"}, said.out
        assert api("GET", f"vhosts/{q(vhost.name)}") is None
        vhost.create("--partitions", "2").expect(0)
        said = vhost.create("--dry-run", "--max-age", "1d").expect(0)
        assert drift(said) == {("policy", "chat-log"): "differs"}, said.out
        assert api("GET", f"policies/{q(vhost.name)}/chat-log")["definition"] == {"max-age": "7D"}


def partitions_never_change():
    with Vhost() as vhost:
        vhost.create("--partitions", "3").expect(0)
        for other in ("2", "4"):
            said = vhost.create("--partitions", other, "--max-age", "1d").expect(6, "never change")
            assert drift(said)[("vhost", vhost.name)] == "conflict", said.out
        assert len(vhost.queues()) == 4
        assert api("GET", f"policies/{q(vhost.name)}/chat-log")["definition"] == {"max-age": "7D"}
        vhost.check("--partitions", "4").expect(8, "never change")
        vhost.check("--partitions", "3").expect(0)


def a_queue_of_another_type_is_left():
    with Vhost() as vhost:
        api("PUT", f"vhosts/{q(vhost.name)}")
        api("PUT", f"queues/{q(vhost.name)}/chat.log.01", {"durable": True})
        said = vhost.create("--partitions", "2").expect(6, "not a stream")
        assert "nothing was changed" in said.err
        assert list(vhost.queues()) == ["chat.log.01"]


def drift_is_found_and_repaired():
    with Vhost() as vhost:
        vhost.create("--partitions", "3").expect(0)
        name = q(vhost.name)
        api("DELETE", f"queues/{name}/chat.log.02")
        api("DELETE", f"exchanges/{name}/chat.signal")
        api("PUT", f"policies/{name}/chat-log",
            {"pattern": "^x", "apply-to": "queues", "definition": {"max-age": "3D"}})
        said = vhost.check().expect(8, "3 missing or differing")
        assert drift(said) == {("stream", "chat.log.02"): "missing",
                               ("exchange", "chat.signal"): "missing",
                               ("policy", "chat-log"): "differs"}, said.out
        vhost.create().expect(0, "3 done")
        assert drift(vhost.check().expect(0)) == {}
        definition = api("GET", f"policies/{name}/chat-log")["definition"]
        assert definition == {"max-age": "3D"}, "retention that was not asked for is kept"


def what_was_begun_is_finished_with_its_number():
    with Vhost() as vhost:
        vhost.create("--partitions", "4").expect(0)
        for queue in ("chat.meta", "chat.log.00", "chat.log.01"):
            api("DELETE", f"queues/{q(vhost.name)}/{queue}")
        vhost.create("--partitions", "2").expect(6)
        said = vhost.create().expect(0)
        assert said.results()[("record", "chat.meta")] == "created", said.out
        assert len(vhost.queues()) == 5


def a_nodes_own_retention_is_told():
    with Vhost() as vhost:
        api("PUT", f"vhosts/{q(vhost.name)}")
        arguments = {"x-queue-type": "stream", "x-stream-max-segment-size-bytes": 64 << 20,
                     "x-max-age": "7D"}
        api("PUT", f"queues/{q(vhost.name)}/chat.log.00", {"durable": True, "arguments": arguments})
        said = vhost.create("--partitions", "1").expect(0)
        stream = [one for one in said.objects() if one["name"] == "chat.log.00"][0]
        assert stream["result"] == "unchanged" and "x-max-age=7D" in stream["detail"], stream


def retention_is_changed_when_asked():
    with Vhost() as vhost:
        vhost.create("--partitions", "1", "--max-age", "90m", "--max-bytes", "5000000").expect(0)
        policy = f"policies/{q(vhost.name)}/chat-log"
        assert api("GET", policy)["definition"] == {"max-age": "90m", "max-length-bytes": 5000000}
        vhost.create("--max-bytes", "0").expect(0)
        assert api("GET", policy)["definition"] == {"max-age": "90m"}
        vhost.create("--max-age", "0").expect(0)
        assert api("GET", policy)["definition"] == {"max-age": "100Y"}
        vhost.check("--max-age", "0").expect(0)
        vhost.check("--max-age", "7d").expect(8)
        vhost.create().expect(0, "0 done")


def wait_for(what, found):
    end = time.monotonic() + SECONDS
    while not found():
        if time.monotonic() > end:
            raise AssertionError(f"not in {SECONDS} s: {what}")
        time.sleep(0.2)


def the_policy_governs_the_partitions():
    with Vhost() as vhost:
        vhost.create("--partitions", "1").expect(0)
        wait_for("the policy on the stream",
                 lambda: vhost.queues()["chat.log.00"].get("policy") == "chat-log")
        assert vhost.queues()["chat.meta"].get("policy") is None
        api("PUT", f"policies/{q(vhost.name)}/above",
            {"pattern": ".*", "apply-to": "queues", "priority": 9, "definition": {"max-age": "1D"}})
        wait_for("the other policy on the stream",
                 lambda: vhost.queues()["chat.log.00"].get("policy") == "above")
        vhost.check().expect(8, 'governed by the policy "above"')


def a_user_is_made_with_a_password_of_its_own():
    with Vhost() as vhost, tempfile.TemporaryDirectory() as folder:
        said = vhost.create("--create-user", vhost.user, "--partitions", "1", cwd=folder).expect(0)
        file = pathlib.Path(folder) / f"{vhost.user}.password"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        password = file.read_text(encoding="ascii").strip()
        assert len(password) == 32 and password not in said.out + said.err
        assert api("GET", f"users/{q(vhost.user)}")["tags"] == []
        least = {"configure": r"^chat\.", "write": r"^(chat\.|amq\.default$)", "read": r"^chat\."}
        found = api("GET", f"permissions/{q(vhost.name)}/{q(vhost.user)}")
        assert {key: found[key] for key in least} == least, found
        digest = api("GET", f"users/{q(vhost.user)}")["password_hash"]
        again = vhost.create("--create-user", vhost.user, cwd=folder).expect(0)
        assert drift(again) == {}
        assert api("GET", f"users/{q(vhost.user)}")["password_hash"] == digest
        vhost.check("--user", vhost.user).expect(0)
        api("PUT", f"permissions/{q(vhost.name)}/{q(vhost.user)}",
            {"configure": ".*", "write": ".*", "read": ".*"})
        vhost.check("--user", vhost.user).expect(8)
        vhost.create("--user", vhost.user).expect(0, "1 done")
        # That user may not use this API at all.
        Said("list", "--password-file", str(file), user=vhost.user).expect(4, "Not management user")


def a_password_file_is_never_written_over():
    with Vhost() as vhost, tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "kept"
        file.write_text("precious", encoding="ascii")
        vhost.create("--create-user", vhost.user, "--user-password-file", str(file)).expect(
            1, "is there already")
        assert file.read_text(encoding="ascii") == "precious"
        assert api("GET", f"vhosts/{q(vhost.name)}") is None
        assert api("GET", f"users/{q(vhost.user)}") is None


def a_user_that_is_missing_is_told():
    with Vhost() as vhost:
        vhost.create("--user", vhost.user).expect(5, "--create-user")
        assert api("GET", f"vhosts/{q(vhost.name)}") is None


def wrong_passwords_and_missing_rights_are_told():
    with Vhost() as vhost, tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "password"
        file.write_text("hidden-and-wrong\n", encoding="ascii")
        said = vhost.create("--password-file", str(file)).expect(4, "Login failed")
        assert "hidden" not in said.out + said.err
        Said("list", "--password-file", "-", text="guest\n").expect(0)
        Said("list", "--password-file", "-", text="hidden\n").expect(4)
        for tags, code, why in (("", 4, "Not management user"),
                                ("monitoring", 4, "Not administrator user"),
                                ("administrator", 0, "")):
            api("PUT", f"users/{q(vhost.user)}", {"password": "pw", "tags": tags})
            file.write_text("pw", encoding="ascii")
            vhost.create("--partitions", "1", "--password-file", str(file),
                         user=vhost.user).expect(code, why)


def an_administrator_without_permissions_is_told():
    with Vhost() as vhost, tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "password"
        file.write_text("pw", encoding="ascii")
        api("PUT", f"users/{q(vhost.user)}", {"password": "pw", "tags": "administrator"})
        api("PUT", f"vhosts/{q(vhost.name)}")
        words = ("--partitions", "1", "--password-file", str(file))
        said = vhost.create(*words, user=vhost.user).expect(7, "no permissions in this vhost")
        assert "goes on from there" in said.err
        # The least that a node needs is enough to make everything.
        vhost.create(*words, "--user", vhost.user, user=vhost.user).expect(0)
        vhost.check().expect(0)


def show_tells_objects_nodes_and_counts():
    with Vhost() as vhost:
        Said("show", vhost.name).expect(5, "there is no vhost")
        vhost.check().expect(5, "there is no vhost")
        vhost.create("--partitions", "2").expect(0)
        wait_for("the count of chat.meta", lambda: vhost.queues()["chat.meta"].get("messages") == 1)
        wait_for("the consumers of all", lambda: all(
            queue.get("consumers") == 0 for queue in vhost.queues().values()))
        shown = json.loads(Said("show", vhost.name, "--json").expect(0).out)
        assert shown["partitions"] == 2 and shown["has_signal_exchange"], shown
        assert [queue["name"] for queue in shown["queues"]] == [
            "chat.log.00", "chat.log.01", "chat.meta"], shown
        assert shown["queues"][2]["messages"] == 1 and shown["queues"][0]["consumers"] == 0
        assert shown["nodes"][0]["running"] and not shown["nodes"][0]["memory_alarm"]
        text = Said("show", vhost.name).expect(0).out
        for word in ("chat.log.01", "running", "ALARMS", "partitions: 2", r"^chat\.log\."):
            assert word in text, text


def delete_needs_a_yes():
    with Vhost() as vhost:
        vhost.create("--partitions", "1").expect(0)
        Said("delete", vhost.name).expect(2, "--yes")
        for typed, code in (("n\n", 1), ("\n", 1), ("y\n", 0)):
            ours, theirs = pty.openpty()
            try:
                os.write(ours, typed.encode())
                Said("delete", vhost.name, stdin=theirs).expect(code, "goes for good")
            finally:
                os.close(ours)
                os.close(theirs)
            assert (api("GET", f"vhosts/{q(vhost.name)}") is None) == (code == 0)
        Said("delete", vhost.name, "--yes").expect(5, "there is no vhost")


def the_amqp_port_is_told():
    port = urllib.parse.urlsplit(AMQP).port
    for scheme in ("http", "https"):
        Said("list", "--api", f"{scheme}://127.0.0.1:{port}").expect(3, "port for AMQP")


CASES = (
    creates_everything_and_again_nothing,
    names_are_any_text,
    what_the_tutorials_curl_made_is_completed,
    a_dry_run_changes_nothing,
    partitions_never_change,
    a_queue_of_another_type_is_left,
    drift_is_found_and_repaired,
    what_was_begun_is_finished_with_its_number,
    a_nodes_own_retention_is_told,
    retention_is_changed_when_asked,
    the_policy_governs_the_partitions,
    a_user_is_made_with_a_password_of_its_own,
    a_password_file_is_never_written_over,
    a_user_that_is_missing_is_told,
    wrong_passwords_and_missing_rights_are_told,
    an_administrator_without_permissions_is_told,
    show_tells_objects_nodes_and_counts,
    delete_needs_a_yes,
    the_amqp_port_is_told,
)


def main():
    chosen = sys.argv[1:]
    for case in CASES:
        if chosen and case.__name__ not in chosen:
            continue
        case()
        print("ok ", case.__name__.replace("_", " "), flush=True)


if __name__ == "__main__":
    main()
