#!/usr/bin/env python3
"""Writes the C++ files that a page shows, so that a test can build them.

usage: extract_blocks.py PAGE.md FOLDER ROOT

A file is a fenced block of ```cpp whose first line is nothing but `// path/name.h` or `.cpp`; it is
written to FOLDER/path/name.h. Other blocks are left alone. Files of FOLDER that the page shows no
more are removed. Prints the paths of the .cpp files, separated by semicolons as CMake wants them.
Fails where a path stands twice, leads out of the folder, or is a file of ROOT.
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"^```cpp\n(// (\S+\.(?:h|cpp))\n.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(page):
    """path -> text"""
    blocks = {}
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        text, path = match.groups()
        if path in blocks:
            sys.exit(f"{page}: shows {path} twice")
        if path.startswith("/") or ".." in path.split("/"):
            sys.exit(f"{page}: {path} must lie in the project")
        blocks[path] = text
    return blocks


def main(page, folder, root):
    blocks = blocks_of(page)
    for path in blocks:
        if (root / path).exists():
            sys.exit(f"{page}: shows {path}, which exists; an example needs a name of its own")
    for old in sorted(folder.rglob("*")):
        if old.is_file() and old.relative_to(folder).as_posix() not in blocks:
            old.unlink()
    for path, text in blocks.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # An unchanged file keeps its time: nothing is built again.
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
    print(";".join((folder / path).as_posix() for path in blocks if path.endswith(".cpp")), end="")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
