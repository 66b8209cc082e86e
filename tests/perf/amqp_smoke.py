#!/usr/bin/python3
"""The bare loop against RabbitMQ: all that is published is confirmed and read back, in order."""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "rabbitmq"))
from rabbit import Rabbit  # noqa: E402


def check(loop, rabbit, *mode):
    with rabbit.vhost("perf") as vhost:
        host, port = rabbit.amqp[0]
        command = [
            loop, "--url", f"{host}:{port}", "--vhost", vhost, "--warm-up", "0.1",
            "--duration", "0.5", *mode,
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, f"{command}: exit code {done.returncode}: {done.stdout}"
    result = json.loads(done.stdout)
    assert result["total_deliveries"] == result["total_sent"] > 0, result
    assert 0 < result["acked"] <= result["total_sent"], result
    assert result["latency_us"]["p50"] > 0, result
    print(f"{' '.join(mode)}: {result['total_sent']} messages, all as they must be")
    return result


def main():
    loop = sys.argv[1]
    rabbit = Rabbit()
    planned = check(loop, rabbit, "--mode", "latency", "--rate", "100")
    assert planned["total_sent"] == 60, planned
    check(loop, rabbit, "--mode", "rate", "--streams", "4")
    return 0


if __name__ == "__main__":
    sys.exit(main())
