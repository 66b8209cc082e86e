#!/usr/bin/env python3
"""Holds the layers of lib/chat (docs/architecture.md) against the includes.

    scripts/check_layers.py [LIB_DIR]     checks lib/ (or another tree of that shape)
    scripts/check_layers.py --self-test   plants violations and requires that each is found
"""

import pathlib
import re
import sys
import tempfile

# What each folder of lib/chat may include besides itself.
MAY_USE = {
    "base": set(),
    "wire": {"base"},
    "room": {"base", "wire"},
    "history": {"base", "wire"},
    "hub": {"base", "wire"},
    "broker": {"base", "wire", "room", "history"},
    "session": {"base", "wire", "room", "history", "broker"},
    "transport": {"base", "wire", "hub"},
    "web_assets": set(),
    "metrics": {"base"},
    "config": {"base", "wire"},
    "server": {"base", "wire", "room", "history", "hub", "broker", "session", "transport",
               "web_assets", "metrics", "config"},
}

# Third-party headers and the only files that may include them.
WALLS = [
    (r"websocketpp/", r"transport/ws_protocol\.cpp"),
    (r"spdlog/", r"base/log\.cpp"),
    (r"SQLiteCpp/|sqlite3\.h", r"history/sqlite_[a-z_]+\.cpp|history/sqlite_[a-z_]+_internal\.hpp"),
    (r"nlohmann/", r"wire/[a-z_]+\.cpp"),
    (r"prometheus/", r"metrics/[a-z_]+\.cpp"),
    (r"CLI/", r"(?!)"),
    (r"utf8proc\.h", r"base/text\.cpp"),
    (r"openssl/", r"base/digest\.cpp"),
    (r"asio(/|\.hpp)", r"transport/[a-z_]+\.cpp|transport/asio_[a-z_]+\.hpp|server/server\.cpp"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def problems_in(lib):
    found = []
    root = lib / "chat"
    for path in sorted(root.rglob("*.[ch]pp")):
        name = path.relative_to(root).as_posix()
        folder = name.split("/")[0]
        if folder not in MAY_USE:
            found.append(f"{name}: no rule for the folder {folder}; add one to check_layers.py")
            continue
        for header in INCLUDE.findall(path.read_text(encoding="utf-8")):
            own = re.match(r"chat/([a-z_]+)/", header)
            if own and own[1] != folder and own[1] not in MAY_USE[folder]:
                found.append(f"{name}: {folder} must not know {own[1]} ({header})")
            for pattern, allowed in WALLS:
                if re.match(pattern, header) and not re.fullmatch(allowed, name):
                    found.append(f"{name}: {header} is behind a wall, only {allowed} may see it")
    return found


def self_test():
    planted = {
        "base/a.hpp": "#include <spdlog/spdlog.h>\n",
        "wire/b.hpp": '#include "chat/hub/hub.hpp"\n',
        "hub/c.cpp": "#include <websocketpp/close.hpp>\n",
        "attic/d.cpp": "int x;\n",
        "wire/fine.cpp": '#include "chat/base/ids.hpp"\n#include <nlohmann/json.hpp>\n',
    }
    with tempfile.TemporaryDirectory() as folder:
        lib = pathlib.Path(folder)
        for name, text in planted.items():
            file = lib / "chat" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        found = problems_in(lib)
    guilty = sorted({line.split(":")[0] for line in found})
    expected = sorted(name for name in planted if "fine" not in name)
    if guilty != expected:
        sys.exit(f"check_layers self-test: expected {expected}, found {guilty}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        print("check_layers: every planted violation was found")
        return
    lib = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "lib"
    found = problems_in(lib)
    for line in found:
        print(f"check_layers: {line}", file=sys.stderr)
    if found:
        sys.exit(1)
    print("check_layers: the includes keep to the layers")


main()
