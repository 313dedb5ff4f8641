#!/usr/bin/env python3
"""Whether the memory that `ounce sift` takes grows with the number of pictures.

    sift_memory.py BUILD [--pictures 500 2000 8000]

Sifts folders of that many small pictures (the demo's frames, each with an EXIF time of its own) and prints
the most memory each run held.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "demo"))
from make_cards import SEASON, with_exif  # noqa: E402

A_CAMERA = 250  # pictures of one camera


def lay_pictures(folder: Path, count: int):
    frames = [path.read_bytes() for path in sorted((ROOT / "demo/photographs").glob("*/*.jpg"))]
    for index in range(count):
        camera, place = divmod(index, A_CAMERA)
        path = folder / f"camera-{camera:03}" / f"TRAP{place:04}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(with_exif(frames[index % len(frames)], SEASON + timedelta(minutes=5 * place), f"M{camera:05}"))


def peak_mebibytes(command: list, cache: Path) -> float:
    """Runs the command; the most memory it held at any time (its resident set)."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                               env={**os.environ, "OUNCE_CACHE": str(cache)})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"ounce sift ended with {process.returncode}")
    return usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--pictures", type=int, nargs="+", default=[500, 2000, 8000])
    wanted = parser.parse_args()

    print("| pictures | peak memory, MiB |\n|---|---|")
    for count in wanted.pictures:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            lay_pictures(work / "pictures", count)
            peak = peak_mebibytes([wanted.build / "bin/ounce", "sift", work / "pictures", "--out", work / "out",
                                   "--quiet"], work / "cache")
        print(f"| {count} | {peak:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
