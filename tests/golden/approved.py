"""Texts held against files that somebody has read and approved: NAME.approved.txt in a folder, or another suffix."""

import difflib
import sys


def compare(kind, folder, texts, approve, suffix=".approved.txt"):
    """`texts`: {name: text as it is now}. A difference is shown and ends with 1; with `approve` it is taken over."""
    differing = 0
    for name, now in texts.items():
        file = folder / f"{name}{suffix}"
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if now == before:
            continue
        differing += 1
        if approve:
            file.write_text(now, encoding="utf-8")
            print(f"{kind}: {file.name} taken over")
        else:
            sys.stdout.writelines(difflib.unified_diff(
                before.splitlines(True), now.splitlines(True), file.name, "now"))
    known = {f"{name}{suffix}" for name in texts}
    for file in sorted(folder.glob(f"*{suffix}")):
        if file.name in known:
            continue
        differing += 1
        print(f"{kind}: {file.name} belongs to no case" + (", removed" if approve else ""))
        if approve:
            file.unlink()
    if differing and not approve:
        sys.exit(f"{kind}: read the difference; if it is meant, run scripts/approve")
    print(f"{kind}: {len(texts)} outputs are as approved")
