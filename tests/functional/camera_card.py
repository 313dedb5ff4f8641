"""Builds camera cards for tests: real photographs with the EXIF that a camera would have written."""
import hashlib
import os
import struct
from pathlib import Path

ROOT = Path(os.environ.get("OUNCE_SOURCE_DIR", Path(__file__).parents[2]))
PHOTOGRAPHS = ROOT / "demo" / "photographs"


def _ifd(entries, offset, after):
    """One TIFF directory of (tag, text) or (tag, number) at `offset`; long texts go behind it."""
    head = struct.pack("<H", len(entries))
    behind = b""
    start = offset + 2 + 12 * len(entries) + 4
    for tag, value in sorted(entries):
        if isinstance(value, int):
            head += struct.pack("<HHII", tag, 4, 1, value)
            continue
        data = value.encode() + b"\0"
        if len(data) <= 4:
            head += struct.pack("<HHI4s", tag, 2, len(data), data)
        else:
            head += struct.pack("<HHII", tag, 2, len(data), start + len(behind))
            behind += data + b"\0" * (len(data) % 2)
    return head + struct.pack("<I", after) + behind


def with_exif(jpeg, taken="", subsec="", make="", model="", serial="", offset=""):
    """`jpeg` with an APP1 block; `taken` like 2024:01:31 23:59:59."""
    exif = [(tag, text) for tag, text in
            ((0x9003, taken), (0x9291, subsec), (0xA431, serial), (0x9011, offset)) if text]
    main = [(tag, text) for tag, text in ((0x010F, make), (0x0110, model)) if text]
    length = len(_ifd(main + [(0x8769, 0)], 8, 0))
    tiff = b"II*\0" + struct.pack("<I", 8) + _ifd(main + [(0x8769, 8 + length)], 8, 0) + _ifd(exif, 8 + length, 0)
    block = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def photographs(tag):
    return sorted((PHOTOGRAPHS / tag).glob("*.jpg"))


def put(path, source, **exif):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = source.read_bytes()
    path.write_bytes(with_exif(content, **exif) if exif else content)


def fingerprint(folder):
    """Every file and folder below: name, content, time of change. Equal = untouched."""
    marks = []
    for path in sorted(folder.rglob("*")):
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        marks.append((str(path.relative_to(folder)), content, path.stat().st_mtime_ns))
    return marks
