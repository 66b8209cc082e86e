"""What a measurement ran on."""

import datetime
import os
import pathlib
import platform
import re
import subprocess
import time

from .processes import BUILD, PERF, TOP

VERSION = r'"version": "([^"]+)"'


def first_line(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return ""
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""


def read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def found_in(text, pattern):
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1).strip() if found else ""


def busy_share(seconds=1.0):
    """The share of all cores' time that others use just now."""

    def times():
        fields = [int(field) for field in read("/proc/stat").split("\n", 1)[0].split()[1:]]
        return sum(fields), fields[3] + fields[4]

    total, idle = times()
    time.sleep(seconds)
    total_after, idle_after = times()
    return 1 - (idle_after - idle) / max(total_after - total, 1)


def package_version(name):
    """Of an npm package of tests/perf; empty: it is not installed."""
    return found_in(read(PERF / "node_modules" / name / "package.json"), VERSION)


def commit():
    name = first_line(["git", "-C", str(TOP), "rev-parse", "--short=12", "HEAD"]) or "none"
    changed = first_line(["git", "-C", str(TOP), "status", "--porcelain"])
    return name + (", changed" if changed else "")


def machine():
    """Facts by their names; what others do is looked at for a second."""
    cache = read(BUILD / "CMakeCache.txt")
    compiler = found_in(cache, r"^CMAKE_CXX_COMPILER:\w+=(.*)$")
    build_type = found_in(cache, r"^CMAKE_BUILD_TYPE:\w+=(.*)$")
    flags = found_in(cache, rf"^CMAKE_CXX_FLAGS_{build_type.upper()}:\w+=(.*)$")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": f"{found_in(read('/proc/cpuinfo'), r'^model name.*: (.*)$') or '?'},"
        f" {os.cpu_count()} cores",
        "kernel": f"{platform.system()} {platform.release()}, TCP congestion control "
        + read("/proc/sys/net/ipv4/tcp_congestion_control").strip(),
        "compiler": first_line([compiler, "--version"]) if compiler else "",
        "flags": f"{build_type}: {flags}",
        "others": f"{busy_share():.0%} of all cores were in use before the start",
    }
