"""Servers of other makes that `chat serve` is measured beside, each as its manual has it."""

import contextlib
import dataclasses
import pathlib
import socket
import tempfile
import time
from typing import Callable

from .machine import first_line, package_version
from .processes import PERF, START_SECONDS, TOP, BenchError, children_of, serving
from .servers import chat_command

DIALECTS = TOP / "tests" / "dialects"
NCHAN_MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
NGINX = pathlib.Path("/usr/sbin/nginx")
BACKLOG = 4096
NCHAN = """
load_module modules/ngx_nchan_module.so;
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {top}/pid;
error_log stderr;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {top}/body;
  proxy_temp_path {top}/proxy;
  fastcgi_temp_path {top}/fastcgi;
  uwsgi_temp_path {top}/uwsgi;
  scgi_temp_path {top}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location ~ ^/(\\w+)$ {{
      nchan_pubsub websocket;
      nchan_channel_id $1;
      nchan_subscriber_first_message newest;
    }}
  }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Peer:
    """`serve(binary of chat, cores)` yields ([process id, …], "127.0.0.1:PORT")."""

    name: str
    what: str
    dialect: str
    serve: Callable
    version: Callable
    missing: Callable = lambda: ""  # why it cannot be measured; empty: it can


@contextlib.contextmanager
def serve_chat(binary, cores):
    with serving("chat", chat_command(binary), cores) as (pid, address):
        yield [pid], address


def serve_node(script):
    @contextlib.contextmanager
    def serve(_, cores):
        with serving(script, ["node", PERF / script], cores) as (pid, address):
            yield [pid, *children_of(pid)], address

    return serve


@contextlib.contextmanager
def serve_channels(_, cores):
    command = ["/usr/bin/python3", "-B", "-m", "daphne", "-b", "127.0.0.1", "-p", "0"]
    command.append("channels_app:application")
    with serving("daphne", command, cores, cwd=DIALECTS) as (pid, address):
        yield [pid, *children_of(pid)], address


@contextlib.contextmanager
def serve_nchan(_, cores):
    """nginx inherits a socket that listens already, so that no port need be guessed."""
    with contextlib.ExitStack() as ends:
        top = ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-nchan-"))
        listening = ends.enter_context(
            socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        )
        port = listening.getsockname()[1]
        file = pathlib.Path(top) / "nginx.conf"
        file.write_text(NCHAN.format(top=top, port=port), encoding="utf-8")
        command = [NGINX, "-p", "/usr/share/nginx", "-c", file]
        handle = listening.fileno()
        pid, address = ends.enter_context(
            serving(
                "nginx", command, cores, address=f"127.0.0.1:{port}",
                environment={"NGINX": f"{handle};"}, pass_fds=[handle],
            )
        )
        yield [pid, *wait_for_children(pid)], address


def wait_for_children(pid):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):  # it may be gone
            if children := children_of(pid):
                return children
        time.sleep(0.01)
    raise BenchError("nginx starts no worker")


def debian(package):
    return first_line(["dpkg-query", "-W", "-f=${Version}\\n", package])


def no_package(name):
    is_there = (PERF / "node_modules" / name).is_dir()
    return "" if is_there else f"npm's {name} is not installed: scripts/deps peers"


def no_channels():
    command = ["/usr/bin/python3", "-c", "import channels, daphne; print('here')"]
    return "" if first_line(command) else "channels or daphne is not installed: scripts/deps peers"


def no_nchan():
    is_there = NCHAN_MODULE.is_file() and NGINX.is_file()
    return "" if is_there else "nginx or nchan is not installed: scripts/deps peers"


def node(name):
    return lambda: f"{name} {package_version(name)} on Node.js {first_line(['node', '--version'])}"


PEERS = (
    Peer("chat", "`chat serve`, spoken to in `chat.v1`", "chat.v1", serve_chat, lambda: ""),
    Peer("chat-plain", "the same in the tutorial's dialect", "plain", serve_chat, lambda: ""),
    Peer(
        "ws", "npm `ws` and a loop over the room's sockets", "raw", serve_node("ws_server.mjs"),
        node("ws"), lambda: no_package("ws"),
    ),
    Peer(
        "socket.io", "npm `socket.io`, `io.to(room).emit()`", "socket.io",
        serve_node("socket_io_server.mjs"), node("socket.io"), lambda: no_package("socket.io"),
    ),
    Peer(
        "nchan", "nginx with nchan, one worker, memory store", "raw", serve_nchan,
        lambda: f"nginx {debian('nginx')}, nchan {debian('libnginx-mod-nchan')}", no_nchan,
    ),
    Peer(
        "channels", "Django Channels under daphne, in-memory layer", "plain", serve_channels,
        lambda: f"channels {debian('python3-django-channels')},"
        f" daphne {debian('python3-daphne')}",
        no_channels,
    ),
)
