#!/usr/bin/env python3
"""What `ounce train` costs for 1,000 photographs: the first time, and after ten tags were changed.

    train_rate.py BUILD [--pictures 1000] [--runs 5]

Run it with .deps/bench/venv/bin/python. The photographs are crops of real ones (the demo's frames and those of
Debian packages that the tests use), 640 px, in a temporary folder. First time: everything, beside the seconds
that decoding and features alone took of it. Retraining: whole program runs, start included, ten other tags each.
"""

import argparse
import csv
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SIDE_PX = 640


def sources() -> list:
    """(file, tag) of real photographs."""
    found = []
    with (ROOT / "demo/photographs/manifest.csv").open() as manifest:
        found += [(ROOT / "demo/photographs" / row["file"], row["tag"]) for row in csv.DictReader(manifest)]
    with (ROOT / "setup/photographs.csv").open() as manifest:
        for row in csv.DictReader(manifest):
            file = ROOT / ".deps/photographs" / row["package"] / Path(row["path_in_package"].split("!")[-1]).name
            if file.exists():
                found.append((file, row["tag"]))
    counts = {tag: sum(1 for _, other in found if other == tag) for _, tag in found}
    return [(file, tag) for file, tag in found if counts[tag] >= 5]


def make_pictures(folder: Path, count: int, side_px: int = SIDE_PX) -> list:
    """Rows of the CSV: crops of the sources in turn, each of its own place and size."""
    rng = random.Random(1)
    pictures = sources()
    rows = []
    for number in range(count):
        file, tag = pictures[number % len(pictures)]
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        part = rng.uniform(0.6, 0.95)
        width, height = int(image.width * part), int(image.height * part)
        left, top = rng.randrange(image.width - width + 1), rng.randrange(image.height - height + 1)
        crop = image.crop((left, top, left + width, top + height)).resize((side_px, side_px))
        name = f"{number:05}.jpg"
        crop.save(folder / name, quality=88)
        rows.append([name, tag])
    return rows


def train(program: Path, folder: Path, rows: list) -> tuple:
    with (folder / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "tag"], *rows])
    began = time.monotonic()
    done = subprocess.run([program, "train", folder / "list.csv", "--out", folder / "model", "--json", "--quiet"],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "OUNCE_CACHE": str(folder / "cache")})
    seconds = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"ounce train ended with {done.returncode}: {done.stderr.strip()}")
    return seconds, json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    program = args.build.resolve() / "bin/ounce"
    rng = random.Random(2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = make_pictures(folder, args.pictures)
        tags = sorted({tag for _, tag in rows})
        first, report = train(program, folder, rows)
        features = report["seconds"]["features"]
        again = []
        for _ in range(args.runs):
            for row in rng.sample(rows, 10):
                row[1] = rng.choice(tags)
            seconds, retrained = train(program, folder, rows)
            assert retrained["pictures_computed"] == 0
            again.append((seconds, retrained["seconds"]))
    print(f"{args.pictures} photographs of {SIDE_PX} px, {len(tags)} tags, {os.cpu_count()} processors\n")
    print("| what | seconds |\n|---|---|")
    print(f"| first time, all | {first:.1f} |")
    print(f"| of that decoding and features | {features:.1f} (all is {first / features:.2f} times this) |")
    walls = [seconds for seconds, _ in again]
    print(f"| after changing ten tags, all; median of {len(walls)} (least to most) | "
          f"{statistics.median(walls):.2f} ({min(walls):.2f} to {max(walls):.2f}) |")
    for step in sorted(again[0][1], key=lambda name: -again[0][1][name]):
        if step != "total" and again[0][1][step] >= 0.02:
            print(f"| of that {step} | {statistics.median(parts[step] for _, parts in again):.2f} |")


if __name__ == "__main__":
    main()
