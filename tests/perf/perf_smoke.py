#!/usr/bin/python3
"""The load generator and the baseline server are right: nothing is lost between them, and the
verifier counts exactly the faults that the server makes on purpose."""

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile

FAULTY = 8  # perf_load's exit code for a delivery that is not as it must be


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


def load(options, url, *more):
    command = [options.load, "--url", url, "--warm-up", "0.1", "--duration", "0.6", *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=30)
    if done.returncode not in (0, FAULTY):
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}")
    return done.returncode, json.loads(done.stdout)


FLAWS = ("lost", "dup", "misordered", "foreign", "order_mismatch", "disconnects", "errors")


def check_clean(options, name, mode, *workload):
    with serving(options.raw, *mode) as server:
        code, result = load(options, server.url, "--pid", str(server.process.pid), *workload)
    flaws = {flaw: result[flaw] for flaw in FLAWS if result[flaw] != 0}
    assert code == 0 and not flaws, f"{name}: exit code {code}, {flaws}"
    assert result["server_cpu_s"] > 0, f"{name}: no CPU time of the server"
    expected = result["total_sent"] * result["members"]
    assert result["total_deliveries"] == expected > 0, f"{name}: {result}"
    print(f"{name}: {result['total_deliveries']} deliveries, all as they must be")


def check_spread(options):
    """Members of a room on two servers that do not know each other: each hears only those of its own."""
    with serving(options.raw) as one, serving(options.raw) as other:
        code, result = load(
            options, one.url, "--url", other.url, "--pid", str(one.process.pid),
            "--pid", str(other.process.pid), "--members", "10", "--senders", "4",
        )
    others = {flaw: result[flaw] for flaw in FLAWS if flaw != "lost" and result[flaw]}
    assert code == FAULTY and not others, f"two servers: exit code {code}, {others}"
    half = result["total_sent"] * result["members"] // 2
    assert result["lost"] == result["total_deliveries"] == half > 0, f"two servers: {result}"
    print(f"two servers: {half} deliveries, and as many missed where they belong together")


def check_faults(options, name, mode):
    shares = ["--fault-drop", "0.01", "--fault-dup", "0.01", "--fault-swap", "0.01"]
    with serving(options.raw, *mode, *shares) as server:
        code, result = load(options, server.url, "--members", "50", "--rate", "500")
    found = {
        "dropped": result["lost"],
        "duplicated": result["dup"],
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
        code, result = load(
            options, server.url, "--members", "50", "--senders", "50", "--rate", "100"
        )
    swapped = server.injected["swapped"]
    found = result["order_mismatch"]
    others = {flaw: result[flaw] for flaw in FLAWS if flaw != "order_mismatch" and result[flaw]}
    assert code == FAULTY and not others, f"{name}: exit code {code}, {others}"
    assert 1 <= found <= swapped, f"{name}: {swapped} swaps, {found} members with another order"
    print(f"{name}: {swapped} swaps, {found} members with another order found")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", required=True)
    parser.add_argument("--load", required=True)
    options = parser.parse_args()
    for name, mode in (("send", []), ("coalesced", ["--coalesced"])):
        check_clean(
            options, f"{name}, planned", mode, "--rooms", "5", "--members", "4",
            "--senders", "4", "--rate", "1000",
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
    check_spread(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
