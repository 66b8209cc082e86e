#!/usr/bin/env python3
"""Every relative link in the repository's *.md files leads somewhere, and files named in `code` exist.

    links.py TOP
"""

import pathlib
import re
import sys
import unicodedata

SKIPPED = {"build", "node_modules", ".git"}
FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]*)`")
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")
# A file of ours in running text: `tests/e2e/01_x.py`. A pattern (*) is none.
NAMED = re.compile(r"(?:docs|lib|tools|scripts|cmake|tests|web)/[\w./-]*\w\.(?:md|[ch]pp|py|js|mjs|json|def|cmake|txt|html|css)")
NAMED_BELOW_LIB = re.compile(r"[a-z_]+/[a-z_]+\.(?:[ch]pp|def)")


def anchors_of(text):
    """The anchors that GitHub gives the headings of a page."""
    anchors = set()
    for heading in re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE):
        plain = LINK.sub(lambda link: link[0][1:].split("]")[0], heading).replace("`", "").lower()
        anchors.add("".join("-" if c == " " else c for c in plain
                            if c in " -_" or unicodedata.category(c)[0] in "LN"))
    return anchors


def problems_of(page, top):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            yield f"the link to {target} leads nowhere"
        elif anchor and anchor not in anchors_of(file.read_text(encoding="utf-8")):
            yield f"{target}: there is no such heading"
    for code in CODE.findall(text):
        if NAMED.fullmatch(code) and not (top / code).exists():
            yield f"{code} is named but not there"
        if NAMED_BELOW_LIB.fullmatch(code) and not any(
                (base / code).exists() for base in (top, top / "lib" / "chat", page.parent)):
            yield f"{code} is named but not there"


def main():
    top = pathlib.Path(sys.argv[1]).resolve()
    pages = [page for page in sorted(top.rglob("*.md"))
             if not SKIPPED & set(page.relative_to(top).parts)]
    found = [f"{page.relative_to(top)}: {problem}"
             for page in pages for problem in problems_of(page, top)]
    # What comments of the code send their reader to.
    for file in sorted(top.rglob("*.[ch]pp")):
        if SKIPPED & set(file.relative_to(top).parts):
            continue
        for named in re.findall(r"docs/[\w/-]+\.md", file.read_text(encoding="utf-8")):
            if not (top / named).exists():
                found.append(f"{file.relative_to(top)}: {named} is named but not there")
    for problem in found:
        print(f"links: {problem}")
    if found or not pages:
        sys.exit(1)
    print(f"links: those of {len(pages)} pages lead somewhere")


main()
