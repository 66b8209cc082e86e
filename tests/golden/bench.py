#!/usr/bin/env python3
"""What is drawn from finished load tests, held against what was read and approved (bench/*.approved.*).

    bench.py BINARY             compares; a difference is shown and ends with 1
    bench.py BINARY --approve   takes over what is drawn now (scripts/approve)

BINARY is golden_bench: it writes the files (bench/outputs.cpp).
"""

import pathlib
import subprocess
import sys
import tempfile

from approved import compare

FOLDER = pathlib.Path(__file__).parent / "bench"
SUFFIXES = ("txt", "csv", "json", "html")
SECONDS = 60


def main():
    binary, approve = sys.argv[1], sys.argv[2:] == ["--approve"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, folder], check=True, timeout=SECONDS)
        drawn = {suffix: {file.stem: file.read_text(encoding="utf-8")
                          for file in sorted(pathlib.Path(folder).glob(f"*.{suffix}"))} for suffix in SUFFIXES}
    for suffix, texts in drawn.items():
        compare("bench", FOLDER, texts, approve, f".approved.{suffix}")


main()
