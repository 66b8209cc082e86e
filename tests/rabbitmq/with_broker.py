#!/usr/bin/env python3
"""Runs a command with the environment variables of a private broker (scripts/rabbitmq).

    with_broker.py DIR COMMAND…
"""

import os
import pathlib
import shlex
import sys


def variables(folder):
    """What DIR/env exports."""
    text = (pathlib.Path(folder) / "env").read_text(encoding="utf-8")
    words = shlex.split(text)
    return dict(word.split("=", 1) for word in words if word != "export")


def main():
    folder, *command = sys.argv[1:]
    try:
        environment = {**os.environ, **variables(folder)}
    except FileNotFoundError:
        sys.exit(f"with_broker: no broker runs in {folder}: scripts/rabbitmq start --dir {folder}")
    os.execvpe(command[0], command, environment)


if __name__ == "__main__":
    main()
