#!/usr/bin/env python3
"""ctest's fixture: one private broker for all tests of a run that ask for it (chat_rabbitmq_test).

    fixture.py start DIR    a new one; it goes with ctest, even if that is killed
    fixture.py stop DIR
"""

import os
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "rabbitmq"


def script(*arguments):
    subprocess.run([sys.executable, SCRIPT, *arguments], check=True)


def main():
    verb, folder = sys.argv[1:]
    script("stop", "--remove", "--dir", folder)
    if verb == "start":
        script("start", "--port", "0", "--dir", folder, "--until-end-of", str(os.getppid()))


main()
