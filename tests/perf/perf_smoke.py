#!/usr/bin/python3
"""The baseline server is right: `chat bench` misses nothing that it sends, and counts exactly the faults
that it makes on purpose; and the receiver that only counts bytes counts as many as are sent."""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile

FAULTY = 8  # the exit code of `chat bench` for a delivery that is not as it must be


class Server:
    def __init__(self, command):
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        line = self.process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:\d+", line)
        if not found:
            self.process.kill()
            raise RuntimeError(f"{command} did not listen: {line!r}")
        self.url = found.group(0)
        self.injected = None

    def stop(self):
        """Ends the server and takes what it says at its end."""
        self.process.terminate()
        try:
            text, _ = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.injected = json.loads(text)


@contextlib.contextmanager
def serving(*command):
    server = Server(command)
    try:
        yield server
    finally:
        server.stop()


def bench(options, url, *more):
    """(exit code, its figures)"""
    command = [options.chat, "bench", "fanout", "--url", f"ws://{url}", "--dialect", "plain"]
    command += ["--repeats", "1", "--output", "json", "--warm-up", "100ms", "--duration", "600ms"]
    done = subprocess.run([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=30, env={**os.environ, "CHAT_CONFIG": os.devnull})
    if done.returncode not in (0, FAULTY):
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr}")
    figures = json.loads(done.stdout)["figures"]
    return done.returncode, {figure["name"]: figure["values"][0] for figure in figures}


FLAWS = ("lost", "duplicated", "misordered", "foreign", "order_mismatch", "disconnects", "refused")


def check_clean(options, name, mode, *workload):
    with serving(options.raw, *mode) as server:
        code, result = bench(options, server.url, "--pid", str(server.process.pid), *workload)
    flaws = {flaw: result[flaw] for flaw in FLAWS if result[flaw] != 0}
    assert code == 0 and not flaws, f"{name}: exit code {code}, {flaws}"
    assert result["server_cpu_per_delivery"] > 0, f"{name}: no CPU time of the server"
    assert result["deliveries"] > 0 and result["reach"] == 100, f"{name}: {result}"
    print(f"{name}: {result['deliveries']:.0f} deliveries/s, all as they must be")


def check_faults(options, name, mode):
    shares = ["--fault-drop", "0.01", "--fault-dup", "0.01", "--fault-swap", "0.01"]
    with serving(options.raw, *mode, *shares) as server:
        code, result = bench(options, server.url, "--members", "50", "--senders", "1",
                             "--rate", "500/s")
    found = {
        "dropped": result["lost"],
        "duplicated": result["duplicated"],
        "swapped": result["misordered"],
    }
    assert code == FAULTY, f"{name}: exit code {code}"
    injected = {**server.injected}
    assert injected.pop("delayed") == 0, f"{name}: {server.injected}"
    assert found == injected, f"{name}: injected {injected}, found {found}"
    assert all(found.values()), f"{name}: a kind of fault did not happen: {found}"
    print(f"{name}: {found}, each one found")


def check_order(options, name, mode):
    """Swapped messages of two senders break no sender's order, only the one that all must see. Each
    sends every half second, so that neighbours are not of one sender on a busy machine either."""
    with serving(options.raw, *mode, "--fault-swap", "0.005") as server:
        code, result = bench(
            options, server.url, "--members", "50", "--senders", "50", "--rate", "100/s"
        )
    swapped = server.injected["swapped"]
    found = result["order_mismatch"]
    others = {flaw: result[flaw] for flaw in FLAWS if flaw != "order_mismatch" and result[flaw]}
    kept = server.injected["dropped"]  # what waited for another to change places with when it ended
    assert code == FAULTY and others == ({"lost": kept} if kept else {}), f"{name}: exit code {code}, {others}"
    assert 1 <= found <= swapped, f"{name}: {swapped} swaps, {found} members with another order"
    print(f"{name}: {swapped} swaps, {found} members with another order found")


def check_receiver(options):
    """Goes on as long as messages come back: a receiver that counts wrongly runs dry, or floods."""
    with serving(options.raw, "--coalesced") as server:
        done = subprocess.run(
            [options.receiver, "--url", server.url, "--members", "50", "--senders", "8",
             "--saturate", "32", "--warm-up", "0.1", "--duration", "0.6"],
            stdout=subprocess.PIPE, text=True, timeout=30, check=True,
        )
    result = json.loads(done.stdout)
    assert result["frames_per_s"] > 0 and result["cpu_us_per_frame"] > 0, result
    most = 32 * 50  # frames that can be under way
    assert 0 < result["frames_per_read"] <= most, result
    print(f"receiver: {result['frames_per_s']:.0f} frames/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", required=True)
    parser.add_argument("--chat", required=True)
    parser.add_argument("--receiver", required=True)
    options = parser.parse_args()
    for name, mode in (("send", []), ("coalesced", ["--coalesced"])):
        check_clean(
            options, f"{name}, planned", mode, "--rooms", "5", "--members", "4",
            "--senders", "4", "--rate", "1000/s",
        )
        check_clean(
            options, f"{name}, saturated", mode, "--members", "50", "--senders", "8",
            "--saturate", "32",
        )
        check_clean(
            options, f"{name}, large messages", mode, "--members", "8", "--senders", "8",
            "--saturate", "16", "--payload", "60000",
        )
        check_faults(options, f"{name}, faulty", mode)
        check_order(options, f"{name}, two orders", mode)
    check_receiver(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
