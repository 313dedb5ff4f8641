#!/usr/bin/env python3
"""How fast `ounce sift` is on 12-megapixel pictures, beside the bare limit and other programs.

    sift_rate.py BUILD [--pictures 200] [--rounds 5] [--json FILE]

In each round all take turns on the same files, so that a machine that slows down slows all of them; the
ratios are of one round each, and their median is what counts. Sift starts with an empty cache each time,
and its rate is of its whole run, from start to the written gallery.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / ".deps/bench"
ENGINE = ROOT / ".deps/onnxruntime/lib/libonnxruntime.so.1"


def reported(command: list) -> float:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])["per_s"]


def sift_rate(program: Path, pictures: Path, count: int, options: list) -> float:
    with tempfile.TemporaryDirectory() as empty:
        began = time.monotonic()
        done = subprocess.run(
            [program, "sift", pictures, "--out", f"{empty}/out", "--quiet", *options],
            capture_output=True, text=True, check=False, env={**os.environ, "OUNCE_CACHE": f"{empty}/cache"})
        seconds = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"ounce sift ended with {done.returncode}: {done.stderr.strip()}")
    return count / seconds


def trained_package(build: Path) -> Path:
    """A package learnt from the demo's photographs, whole pictures at 224: made once."""
    package = build / "bench-package"
    if not package.exists():
        split = build / "bench-split"
        shutil.rmtree(split, ignore_errors=True)
        subprocess.run([sys.executable, ROOT / "demo/make_cards.py", ROOT / "demo/photographs", split], check=True)
        subprocess.run([build / "bin/ounce", "train", split / "learn.csv", "--negative", "empty", "--pooling", "average",
                        "--out", package, "--quiet"],
                       check=True, stdout=subprocess.DEVNULL)
    return package


def contestants(build: Path, pictures: Path, count: int) -> dict:
    model = build / "share/ounce/backbones/efficientnet-lite0.onnx"
    peers = ROOT / "bench/peers"
    table = {"bare limit": lambda: reported([build / "bin/bench_limit", model, ENGINE, pictures])}
    package = ["--model", str(trained_package(build))]
    # The gallery decodes the pictures it shows once more; here each picture is an event of its own, so a full
    # gallery shows them all. A season has many more pictures than events in the gallery.
    sifts = {"ounce sift, plain 224 pass": [*package, "--method", "whole", "--gallery", "1"],
             "the same, every picture in the gallery": [*package, "--method", "whole"],
             "ounce sift, cascade (background, second look)": [*package, "--method", "background", "--gallery", "1"],
             "ounce sift, untrained (background)": ["--gallery", "1"]}
    for name, options in sifts.items():
        table[name] = lambda options=options: sift_rate(build / "bin/ounce", pictures, count, options)
    table["Python: Pillow + onnxruntime"] = lambda: reported(
        [BENCH / "venv/bin/python", peers / "python_peer.py", model, pictures])
    table["Node: sharp + onnxruntime-node"] = lambda: reported(
        ["node", peers / "node_peer.mjs", BENCH / "node/node_modules", model, pictures])
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="of those whose name holds one of these words")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()

    pictures = wanted.build.resolve() / "bench-pictures" / str(wanted.pictures)
    if not pictures.exists():
        part = pictures.with_suffix(".part")
        subprocess.run([BENCH / "venv/bin/python", ROOT / "bench/make_pictures.py", part, str(wanted.pictures)],
                       check=True)
        part.rename(pictures)
    runs = {name: run for name, run in contestants(wanted.build.resolve(), pictures, wanted.pictures).items()
            if not wanted.only or any(word in name for word in ["limit", *wanted.only])}
    rates = {name: [] for name in runs}
    for number in range(wanted.rounds):
        for name, run in runs.items():
            rates[name].append(run())
            print(f"round {number + 1}/{wanted.rounds}: {name}: {rates[name][-1]:.1f}/s", file=sys.stderr)

    limit = rates["bare limit"]
    print(f"{wanted.pictures} JPEGs of 4000x3000, {wanted.rounds} rounds, {os.cpu_count()} processors\n")
    print("| what | pictures/s, median (least to most) | of the bare limit, median |\n|---|---|---|")
    for name, values in rates.items():
        ratio = statistics.median(value / most for value, most in zip(values, limit))
        print(f"| {name} | {statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f}) | {ratio:.0%} |")
    if wanted.json:
        wanted.json.write_text(json.dumps({"pictures": wanted.pictures, "rates": rates}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
