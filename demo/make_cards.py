#!/usr/bin/env python3
"""Splits the demo's photographs by sequence and lays the held-out ones out as a season's memory cards.

    make_cards.py PHOTOGRAPHS OUT

Held out is, of each species, the last sequence that has an empty picture too; a sequence is one visit at
one camera, so no background is both learnt and sifted. Writes:

    OUT/learn.csv      file,tag,group: what to train on
    OUT/held-out.csv   the same for the rest, in its own place: what to measure on
    OUT/cards/         copies of the held-out pictures as cameras write them: nested folders, equal names,
                       EXIF time, camera and serial number, bursts, and the files of a dying card
    OUT/truth.csv      path,tag of each picture of the cards

The frames came without EXIF; the times, camera names and serial numbers here are made up.
"""

import csv
import struct
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

SEASON = datetime(2026, 3, 2, 5, 40)
BURST = 3  # pictures at one trigger, within one or two seconds
ASCII, LONG = 2, 4


def exif_segment(taken: datetime, serial: str) -> bytes:
    """An APP1 segment with the camera, its serial number and the time (EXIF 2.32, sections 4.5 to 4.6)."""
    camera = [(0x010F, ASCII, b"Ounce Demo\0"), (0x0110, ASCII, b"Trail Camera\0")]
    details = [
        (0x9003, ASCII, taken.strftime("%Y:%m:%d %H:%M:%S").encode() + b"\0"),
        (0xA431, ASCII, serial.encode() + b"\0"),
    ]
    details_at = 8 + _directory_bytes(camera + [(0x8769, LONG, b"\0" * 4)])
    first = _directory(8, camera + [(0x8769, LONG, struct.pack("<I", details_at))])
    tiff = b"II*\0" + struct.pack("<I", 8) + first + _directory(details_at, details)
    payload = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload


def _directory_bytes(entries: list) -> int:
    return 2 + 12 * len(entries) + 4 + sum(len(value) for _, _, value in entries if len(value) > 4)


def _directory(at: int, entries: list) -> bytes:
    """One image file directory that starts `at` bytes into the TIFF part, its longer values behind it."""
    head, values = struct.pack("<H", len(entries)), b""
    values_at = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        count = len(value) if kind == ASCII else 1
        if len(value) <= 4:
            field = value.ljust(4, b"\0")
        else:
            field = struct.pack("<I", values_at + len(values))
            values += value
        head += struct.pack("<HHI", tag, kind, count) + field
    return head + struct.pack("<I", 0) + values


def with_exif(jpeg: bytes, taken: datetime, serial: str) -> bytes:
    """The same picture with an EXIF segment right behind the start marker."""
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG file")
    return jpeg[:2] + exif_segment(taken, serial) + jpeg[2:]


def held_out_sequences(rows: list) -> list:
    """Of each species the last sequence that also has an empty picture."""
    with_empties = {row["sequence"] for row in rows if row["tag"] == "empty"}
    last = {}
    for row in rows:
        if row["tag"] != "empty" and row["sequence"] in with_empties:
            last[row["tag"]] = max(row["sequence"], last.get(row["tag"], ""))
    return sorted(last.values())


def times(frames: list, start: datetime) -> list:
    """(frame, time) as a camera takes them: bursts of three, the second two with equal time stamps, a
    burst every four minutes; empty pictures apart from the animal's, six hours later."""
    taken = []
    for kind, offset in ((False, timedelta()), (True, timedelta(hours=6))):
        chosen = [row for row in frames if (row["tag"] == "empty") == kind]
        for index, row in enumerate(chosen):
            burst, place = divmod(index, BURST)
            taken.append((row, start + offset + timedelta(minutes=4 * burst, seconds=min(place, 1))))
    return taken


def lay_cards(photographs: Path, rows: list, sequences: list, out: Path) -> list:
    """Writes the cards and returns (path on the cards, tag)."""
    truth = []
    for camera, sequence in enumerate(sequences, 1):
        frames = sorted((row for row in rows if row["sequence"] == sequence), key=lambda row: row["file"])
        start = SEASON + timedelta(days=9 * camera, minutes=47 * camera)
        for index, (row, taken) in enumerate(times(frames, start)):
            # Cameras start a new folder now and then, and count from 1 on every card.
            folder = out / f"cards/card {camera:02}/DCIM/{100 + index // 5}TRAIL"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"TRAP{index % 5 + 1:04}.JPG"
            path.write_bytes(with_exif((photographs / row["file"]).read_bytes(), taken, f"D{camera:05}"))
            truth.append((path.relative_to(out / "cards"), row["tag"]))
    return truth


def break_some(cards: Path, frame: Path):
    """What dying cards and people leave: half a picture, an empty file, a text with a picture's name."""
    folder = cards / "card 07/DCIM/100TRAIL"
    folder.mkdir(parents=True)
    whole = with_exif(frame.read_bytes(), SEASON + timedelta(days=70), "D00007")
    (folder / "TRAP0001.JPG").write_bytes(whole[: len(whole) * 3 // 5])
    (folder / "TRAP0002.JPG").write_bytes(b"")
    (folder / "TRAP0003.JPG").write_text("Batteries changed on 14 March. The strap is loose.\n")


def write_table(path: Path, header: tuple, lines: list):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *lines])


def main() -> int:
    photographs, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    with open(photographs / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    held_out = held_out_sequences(rows)
    parts = defaultdict(list)
    for row in rows:
        parts[row["sequence"] in held_out].append((photographs / row["file"], row["tag"], row["sequence"]))
    out.mkdir(parents=True)
    write_table(out / "learn.csv", ("file", "tag", "group"), parts[False])
    write_table(out / "held-out.csv", ("file", "tag", "group"), parts[True])
    truth = lay_cards(photographs, rows, held_out, out)
    write_table(out / "truth.csv", ("path", "tag"), truth)
    break_some(out / "cards", parts[True][0][0])
    print(f"{len(parts[False])} pictures of {len({group for _, _, group in parts[False]})} visits to learn from, "
          f"{len(parts[True])} of {len(held_out)} other visits to sift")
    return 0


if __name__ == "__main__":
    sys.exit(main())
