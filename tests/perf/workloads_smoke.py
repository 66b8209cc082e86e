#!/usr/bin/python3
"""`chat bench` takes what scripts/bench tells it for each workload: asked for a server that is not there, it gets as
far as to connect."""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from benching import beside, generator, workloads  # noqa: E402
from benching.processes import BenchError, Cores  # noqa: E402

NOWHERE = "127.0.0.1:1"
TIMES = (0.5, 2.0)


def answer_to(binary, load):
    try:
        generator.run(binary, load, [NOWHERE], (), Cores().generator, TIMES)
    except BenchError as error:
        return str(error)
    return "it was measured"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chat", required=True)
    options = parser.parse_args()
    asked = [workload.load for workload in (*workloads.WORKLOADS, *beside.WORKLOADS)]
    asked += [load for workload in workloads.WORKLOADS for load in workload.load_of.values()]
    loads = dict.fromkeys(load for load in asked if isinstance(load, generator.Load))  # RabbitMQ's loop has words
    assert len(loads) > 10, "there are workloads"
    for load in loads:
        answer = answer_to(options.chat, load)
        assert f"{NOWHERE}: cannot connect" in answer, f"{load}: {answer}"
    answer = answer_to(options.chat, generator.load("storm --duration 1s"))
    assert "no --duration" in answer, f"what is wrong is told: {answer}"
    print(f"ok  {len(loads)} workloads are understood")


if __name__ == "__main__":
    main()
