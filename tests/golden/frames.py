#!/usr/bin/env python3
"""Whole screens of `chat join`, held against those that were read and approved (frames/*.approved.txt).

    frames.py BINARY             compares; a difference is shown and ends with 1
    frames.py BINARY --approve   takes over the screens as they are now (scripts/approve)

BINARY is golden_frames: it plays the scenes of frames/scenes.cpp.
"""

import pathlib
import subprocess
import sys

from approved import compare

FOLDER = pathlib.Path(__file__).parent / "frames"
SECONDS = 60


def main():
    binary, approve = sys.argv[1], sys.argv[2:] == ["--approve"]
    played = subprocess.run([binary], check=True, stdout=subprocess.PIPE, timeout=SECONDS).stdout.decode("utf-8")
    screens = dict(part.split("\n", 1) for part in played.split("=== ")[1:])
    compare("frames", FOLDER, screens, approve)


main()
