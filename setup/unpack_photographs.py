#!/usr/bin/env python3
"""Takes the photographs of one Debian package out of its unpacked tree.

    unpack_photographs.py PHOTOGRAPHS.csv PACKAGE TREE OUT

Writes OUT/NAME for each line of the table about PACKAGE, after checking its SHA-256. A path
"A.rcc!/B" is entry B of the Qt resource file A. NAME is the file's own name; where two of a package
have the same, as many folders of its path go in front, joined by '-', as tell them apart.
"""

import csv
import hashlib
import struct
import subprocess
import sys
import zlib
from pathlib import Path

COMPRESSED, FOLDER, COMPRESSED_ZSTD = 1, 2, 4


class ResourceFile:
    """A Qt binary resource file: a tree of named nodes over one block of data.

    Header: "qres", then big-endian u32 version and offsets of tree, data and names. A node has 14 bytes,
    since version 2 22 (a date follows): name offset u32, flags u16, then for a folder child count u32 and
    first child u32, for a file locale u32 and data offset u32. A name is length u16, hash u32, UTF-16BE.
    """

    def __init__(self, content: bytes):
        if content[:4] != b"qres":
            raise ValueError("not a Qt resource file")
        version, self._tree, self._data, self._names = struct.unpack_from(">4I", content, 4)
        self._node_bytes = 22 if version >= 2 else 14
        self._content = content

    def read(self, path: str) -> bytes:
        node = 0
        for name in path.strip("/").split("/"):
            node = self._child(node, name)
        _, flags, _, offset = self._node(node)
        start = self._data + offset
        (length,) = struct.unpack_from(">I", self._content, start)
        data = self._content[start + 4 : start + 4 + length]
        if flags & COMPRESSED:
            return zlib.decompress(data[4:])  # its first four bytes tell the length
        if flags & COMPRESSED_ZSTD:
            return subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
        return data

    def _node(self, index: int) -> tuple:
        return struct.unpack_from(">IHII", self._content, self._tree + index * self._node_bytes)

    def _child(self, index: int, name: str) -> int:
        _, flags, count, first = self._node(index)
        if flags & FOLDER:
            for child in range(first, first + count):
                if self._name(child) == name:
                    return child
        raise KeyError(name)

    def _name(self, index: int) -> str:
        start = self._names + self._node(index)[0]
        (length,) = struct.unpack_from(">H", self._content, start)
        return self._content[start + 6 : start + 6 + 2 * length].decode("utf-16-be")


def names_for(paths: list) -> dict:
    """The shortest end of each path that no other of `paths` shares, its parts joined by '-'."""

    def end(path: str, parts: int) -> str:
        return "-".join(path.replace("!", "").split("/")[-parts:])

    names = {}
    for path in paths:
        parts = 1
        while any(end(other, parts) == end(path, parts) for other in paths if other != path):
            parts += 1
        names[path] = end(path, parts)
    return names


def read_photograph(tree: Path, path: str, opened: dict) -> bytes:
    file, _, entry = path.partition("!")
    if not entry:
        return (tree / file).read_bytes()
    if file not in opened:
        opened[file] = ResourceFile((tree / file).read_bytes())
    return opened[file].read(entry)


def main() -> int:
    table, package, tree, out = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    with open(table, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["package"] == package]
    names = names_for([row["path_in_package"] for row in rows])
    out.mkdir(parents=True)
    opened, wrong = {}, 0
    for row in rows:
        path = row["path_in_package"]
        try:
            content = read_photograph(tree, path, opened)
        except (OSError, KeyError, ValueError, struct.error, zlib.error) as error:
            print(f"{path}: not found in {package}: {error!r}", file=sys.stderr)
            wrong += 1
            continue
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            print(f"{path}: another picture than the table's (SHA-256)", file=sys.stderr)
            wrong += 1
            continue
        (out / names[path]).write_bytes(content)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
