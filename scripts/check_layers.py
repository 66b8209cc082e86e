#!/usr/bin/env python3
"""Holds the layers of lib/chat against the includes, the table in docs/architecture.md against the
layers, and requires a short README.md in each folder.

    scripts/check_layers.py [TOP]         checks this tree (or another one of that shape)
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
    "http": {"base"},
    "rabbitmq": {"base", "wire", "room", "history", "broker", "http"},
    "session": {"base", "wire", "room", "history", "broker"},
    "transport": {"base", "wire", "hub"},
    "web_assets": set(),
    "metrics": {"base"},
    "config": {"base", "wire"},
    "client": {"base", "wire", "transport"},
    "tui": {"base", "wire", "transport", "client"},
    "bench": {"base", "wire", "http"},
    "server": {"base", "wire", "room", "history", "hub", "broker", "rabbitmq", "session",
               "transport", "web_assets", "metrics", "config"},
}

# Third-party headers and the only files that may include them.
WALLS = [
    (r"websocketpp/", r"transport/ws_protocol\.cpp"),
    (r"spdlog/", r"base/log\.cpp"),
    (r"SQLiteCpp/|sqlite3\.h", r"history/sqlite_[a-z_]+\.cpp|history/sqlite_[a-z_]+_internal\.hpp"),
    (r"nlohmann/", r"wire/[a-z_]+\.cpp|rabbitmq/(management_api|msgpack_json)\.cpp|bench/foreign_json\.cpp"
                  r"|bench/report/report_json\.cpp|bench/run/messages\.cpp"),
    (r"prometheus/", r"metrics/[a-z_]+\.cpp"),
    (r"CLI/", r"(?!)"),
    (r"amqp(_[a-z_]+)?\.h|rabbitmq-c/", r"rabbitmq/rabbitmqc_[a-z_]+\.cpp"),
    (r"httplib\.h", r"http/http_client\.cpp"),
    (r"utf8proc\.h", r"base/text\.cpp"),
    (r"curses\.h|term\.h", r"tui/curses_terminal\.cpp"),
    (r"openssl/", r"base/digest\.cpp|transport/dial\.cpp"),
    (r"asio(/|\.hpp)", r"transport/[a-z_]+\.cpp|transport/asio_[a-z_]+\.hpp|server/server\.cpp"),
]

README_LINES = 15
PAGE = "docs/architecture.md"
TABLE = re.compile(r"<!-- layers:begin -->(.*?)<!-- layers:end -->", re.DOTALL)
ROW = re.compile(r"^\| `([a-z_]+)` \| ([^|]*) \|", re.MULTILINE)

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def problems_of_includes(root):
    found = []
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


def problems_of_readmes(root):
    found = []
    for folder in MAY_USE:
        file = root / folder / "README.md"
        if not (root / folder).is_dir():
            found.append(f"{folder}: there is a rule for it but no folder")
        elif not file.exists():
            found.append(f"{folder}/README.md: is missing; say what the folder is, what it may use, its thread")
        elif len(file.read_text(encoding="utf-8").splitlines()) > README_LINES:
            found.append(f"{folder}/README.md: has more than {README_LINES} lines")
    return found


def problems_of_page(page):
    table = TABLE.search(page.read_text(encoding="utf-8")) if page.exists() else None
    if not table:
        return [f"{PAGE}: has no table between layers:begin and layers:end"]
    rows = [(folder, set(re.findall(r"`([a-z_]+)`", uses))) for folder, uses in ROW.findall(table[1])]
    if [folder for folder, _ in rows] != list(MAY_USE):
        return [f"{PAGE}: its rows must be {', '.join(MAY_USE)}"]
    return [f"{PAGE}: {folder} may use {', '.join(sorted(MAY_USE[folder])) or 'nothing of ours'}"
            for folder, uses in rows if uses != MAY_USE[folder]]


def problems_in(top):
    root = top / "lib" / "chat"
    return problems_of_includes(root) + problems_of_readmes(root) + problems_of_page(top / PAGE)


def self_test():
    planted = {
        "base/a.hpp": "#include <spdlog/spdlog.h>\n",
        "wire/b.hpp": '#include "chat/hub/hub.hpp"\n',
        "hub/c.cpp": "#include <websocketpp/close.hpp>\n",
        "attic/d.cpp": "int x;\n",
        "wire/fine.cpp": '#include "chat/base/ids.hpp"\n#include <nlohmann/json.hpp>\n',
    }
    guilty = {name for name in planted if "fine" not in name}
    with tempfile.TemporaryDirectory() as temporary:
        top = pathlib.Path(temporary)
        for folder in MAY_USE:
            planted[f"{folder}/README.md"] = "# fine\n"
        planted["room/README.md"] = "line\n" * (README_LINES + 1)
        guilty |= {"room/README.md", "hub/README.md", PAGE}
        del planted["hub/README.md"]
        rows = [f"| `{folder}` | {' '.join(f'`{used}`' for used in sorted(uses))} |"
                for folder, uses in MAY_USE.items()]
        rows[1] = "| `wire` | `hub` |"
        for name, text in planted.items():
            write(top / "lib" / "chat" / name, text)
        write(top / "lib" / "chat" / "hub" / "fine.hpp", "")
        write(top / PAGE, "<!-- layers:begin -->\n" + "\n".join(rows) + "\n<!-- layers:end -->\n")
        found = problems_in(top)
    told = {line.split(":")[0] for line in found}
    if told != guilty:
        sys.exit(f"check_layers self-test: expected {sorted(guilty)}, found {sorted(told)}")


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        print("check_layers: every planted violation was found")
        return
    top = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1]
    found = problems_in(top)
    for line in found:
        print(f"check_layers: {line}", file=sys.stderr)
    if found:
        sys.exit(1)
    print("check_layers: the includes keep to the layers, the page and the READMEs tell of them")


main()
