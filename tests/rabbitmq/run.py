#!/usr/bin/env python3
"""Runs programs one after the other against one private RabbitMQ, which is gone behind: by hand what ctest's
fixture does. Each finds it in its environment (CHAT_TEST_RABBITMQ_AMQP, …_API).

    run.py [--nodes 3] PROGRAM…
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from rabbit import private_rabbit
from with_broker import variables


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory(prefix="chat-rabbitmq-") as temporary:
        folder = pathlib.Path(temporary) / "rabbitmq"
        with private_rabbit(folder, options.nodes):
            for program in options.programs:
                command = [sys.executable, "-B", program] if program.endswith(".py") else [program]
                print(f"== {program}", flush=True)
                if subprocess.run(command, check=False,
                                  env={**os.environ, **variables(folder)}).returncode != 0:
                    failed.append(program)
    sys.exit(f"failed: {' '.join(failed)}" if failed else 0)


main()
