"""The RabbitMQ of a test (scripts/rabbitmq): its management API, its nodes, and what can go wrong with it.

Every test takes a vhost of its own. Calls block for some milliseconds, those of nodes for seconds: in a
coroutine `await asyncio.to_thread(rabbit.restart, "n1")`.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import time
import urllib.parse

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "rabbitmq"
ADDRESS = re.compile(r"([\w.]+):(\d+)")


class Refused(Exception):
    """An answer of the management API that was not expected."""


def quoted(name):
    return urllib.parse.quote(name, safe="")


class Rabbit:
    def __init__(self, variables=None):
        variables = variables or os.environ
        self.folder = pathlib.Path(variables["CHAT_TEST_RABBITMQ_DIR"])
        self.amqp = [(host, int(port)) for host, port in
                     ADDRESS.findall(variables["CHAT_TEST_RABBITMQ_AMQP"])]
        self.management = [(host, int(port)) for host, port in
                           ADDRESS.findall(variables["CHAT_TEST_RABBITMQ_API"])]
        self.nodes = [f"n{i + 1}" for i in range(len(self.amqp))]
        self.amqps, self.https, self.authority = (
            variables.get(f"CHAT_TEST_RABBITMQ_{name}") for name in ("AMQPS", "HTTPS", "CA"))

    # ---- management API

    def api(self, method, path, body=None, expect=(200, 201, 204)):
        """The decoded answer of the first node that gives one."""
        last = None
        for address in self.management:
            try:
                status, answer = self._ask(address, method, path, body)
            except (OSError, http.client.HTTPException) as error:
                last = error
                continue
            if status not in expect:
                raise Refused(f"{method} {path}: {status} {answer[:300]!r}")
            return json.loads(answer) if answer else None
        raise Refused(f"{method} {path}: no node answers: {last}")

    @staticmethod
    def _ask(address, method, path, body):
        connection = http.client.HTTPConnection(*address, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, f"/api/{path}", json.dumps(body) if body is not None else None, {
                "Authorization": "Basic " + base64.b64encode(b"guest:guest").decode()})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def make_vhost(self, name):
        self.api("PUT", f"vhosts/{quoted(name)}")

    def delete_vhost(self, name):
        self.api("DELETE", f"vhosts/{quoted(name)}", expect=(204, 404))

    @contextlib.contextmanager
    def vhost(self, what="test"):
        """A new vhost with a random name, gone behind."""
        name = f"{what}-{secrets.token_hex(6)}"
        self.make_vhost(name)
        try:
            yield name
        finally:
            self.delete_vhost(name)

    def make_user(self, name, password):
        self.api("PUT", f"users/{quoted(name)}", {"password": password, "tags": ""})

    def delete_user(self, name):
        """Its connections get connection.close (320); the socket is the client's to close then."""
        self.api("DELETE", f"users/{quoted(name)}", expect=(204, 404))

    def permit(self, user, vhost, configure=".*", write=".*", read=".*"):
        self.api("PUT", f"permissions/{quoted(vhost)}/{quoted(user)}",
                 {"configure": configure, "write": write, "read": read})

    def forbid(self, user, vhost):
        self.api("DELETE", f"permissions/{quoted(vhost)}/{quoted(user)}", expect=(204, 404))

    def queues(self, vhost):
        """Names of the queues and streams."""
        return sorted(queue["name"] for queue in self.api("GET", f"queues/{quoted(vhost)}?columns=name"))

    def close_connections(self, vhost):
        """As an operator does; the API would know of a new connection only after some seconds."""
        self.control(self.nodes[0], "close_all_connections", "--vhost", vhost, "closed by a test")

    def alarms(self):
        """Names of the nodes that have an alarm: memory, or disk."""
        answer = self.api("GET", "health/checks/alarms", expect=(200, 503))
        return [alarm["node"] for alarm in answer.get("alarms", [])]

    # ---- nodes

    def _script(self, *arguments):
        done = subprocess.run([sys.executable, SCRIPT, *arguments], check=False, timeout=240,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Refused(f"scripts/rabbitmq {' '.join(map(str, arguments))}: {done.stdout}")
        return done.stdout

    def kill(self, node):
        """kill -9."""
        self._script("kill", "--dir", self.folder, node)

    def restart(self, node):
        """kill -9 if it runs; comes back when it can be used again."""
        self._script("restart", "--dir", self.folder, node)

    def start(self):
        """Starts those that do not run, all at once."""
        self._script("start", "--dir", self.folder)

    def control(self, node, *arguments):
        """rabbitmqctl; takes a second."""
        return self._script("ctl", "--dir", self.folder, node, *arguments)

    def memory_alarm(self, on, node="n1"):
        """Comes back when the node has, or no longer has, a memory alarm: publishers are blocked."""
        self.control(node, "set_vm_memory_high_watermark", "0.00001" if on else "0.4")
        deadline = time.monotonic() + 30
        while any(name.startswith(node) for name in self.alarms()) != on:
            if time.monotonic() > deadline:
                raise Refused(f"the memory alarm of {node} does not {'come' if on else 'go'}")
            time.sleep(0.1)


@contextlib.contextmanager
def private_rabbit(folder, nodes=1, tls=False):
    """A broker of one's own, for a test that harms it; removed behind, also when this process is killed."""
    from with_broker import variables
    base = [sys.executable, SCRIPT]
    subprocess.run([*base, "start", "--dir", folder, "--port", "0", "--nodes", str(nodes),
                    "--until-end-of", str(os.getpid()), *(["--tls"] if tls else [])],
                   check=True, timeout=300)
    try:
        yield Rabbit(variables(folder))
    finally:
        subprocess.run([*base, "stop", "--remove", "--dir", folder], check=True, timeout=120)
