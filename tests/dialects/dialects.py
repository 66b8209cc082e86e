#!/usr/bin/python3
"""A dialect of lib/chat/bench against a real server, as docs/bench.md says it: dialects.py SERVER TALK CUT [CHAT]."""

import contextlib
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 30  # seconds that a server may take to listen or to end
LISTENING = re.compile(rb"127\.0\.0\.1:(\d+)")
NCHAN = """
load_module modules/ngx_nchan_module.so;
daemon off;
worker_processes 1;
pid {top}/pid;
error_log stderr;
events {{ worker_connections 64; }}
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


@contextlib.contextmanager
def running(command, **options):
    """The process, ended behind with SIGTERM."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def told_port(output):
    """The port that a server tells when it listens."""
    told, end = b"", time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([output], [], [], 1)[0]:
            continue
        some = os.read(output.fileno(), 4096)
        if not some:
            break
        told += some
        found = LISTENING.search(told)
        if found and told.endswith(b"\n"):
            return int(found[1])
    raise RuntimeError(f"the server does not listen: {told.decode(errors='replace')}")


@contextlib.contextmanager
def telling(*command, cwd=None, environment=None):
    """A server that says where it listens; both its outputs are read into the same pipe."""
    with running(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd,
                 env={**os.environ, **(environment or {})}) as process:
        yield told_port(process.stdout)


def chat(binary):
    return telling(binary, "serve", "--listen", "127.0.0.1:0",
                   environment={"CHAT_CONFIG": "/dev/null"})


def ws(_):
    return telling("node", str(HERE.parent / "perf" / "ws_server.mjs"))


def socket_io(_):
    return telling("node", str(HERE / "socket_io_server.mjs"))


def channels(_):
    return telling("/usr/bin/python3", "-B", "-m", "daphne", "-b", "127.0.0.1", "-p", "0",
                   "channels_app:application", cwd=HERE)


@contextlib.contextmanager
def nchan(_):
    """nginx inherits a socket that listens already, so that no port need be guessed."""
    with tempfile.TemporaryDirectory() as top, socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        file = pathlib.Path(top) / "nginx.conf"
        file.write_text(NCHAN.format(top=top, port=port), encoding="utf-8")
        handle = listening.fileno()
        with running(["/usr/sbin/nginx", "-p", "/usr/share/nginx", "-c", str(file)],
                     pass_fds=[handle], env={**os.environ, "NGINX": f"{handle};"}):
            yield port


@contextlib.contextmanager
def stand_in(protocol):
    """Both members of the witness's room are heard by it."""
    with running(["node", str(HERE / "stand_in_server.mjs"), protocol],
                 stdout=subprocess.PIPE) as process:
        yield told_port(process.stdout)
    heard = process.stdout.read()
    assert heard == b"heard 40\n", f"{protocol}: its makers' client heard: {heard}"
    print(f"{protocol}: its makers' client understands the same")


def centrifugo(_):
    return stand_in("centrifugo")


def phoenix(_):
    return stand_in("phoenix")


def pusher(_):
    return stand_in("pusher")


SERVERS = {
    "chat": (chat, ["chat.v1", "plain"]),
    "ws": (ws, ["raw"]),
    "socket_io": (socket_io, ["socket.io"]),
    "channels": (channels, ["plain"]),
    "nchan": (nchan, ["raw"]),
    "centrifugo": (centrifugo, ["centrifugo"]),
    "phoenix": (phoenix, ["phoenix"]),
    "pusher": (pusher, ["pusher"]),
}


def talk(binary, *words):
    return subprocess.run([binary, *map(str, words)], stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=60)


def main():
    server, binary, cut, *more = sys.argv[1:]
    serving, dialects = SERVERS[server]
    with serving(*more or [None]) as port:
        for dialect in dialects:
            done = talk(binary, dialect, port)
            assert done.returncode == 0, f"{server}: {done.returncode} {done.stderr}"
            print(f"{server}: {dialect} is spoken")
        if server == "chat":
            done = talk(cut, "chat.v1", port)
            assert done.returncode == 0, f"cut: {done.returncode} {done.stderr}"
            print("chat: chat.v1 resumes")
        if server == "socket_io":
            done = talk(binary, "socket.io", port, "full")
            assert (done.returncode, done.stderr) == (
                1, "socket.io: refused: the room is full\n"), f"full: {done}"
            print("socket_io: a room that is full is told")
    return 0


if __name__ == "__main__":
    sys.exit(main())
