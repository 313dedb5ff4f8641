#!/usr/bin/env python3
"""Makes pictures like a trail camera's: 4000x3000 JPEGs of 2 to 4 MB, out of the demo's frames.

    make_pictures.py OUT COUNT

A frame is enlarged and gets the grain that a sensor adds: without it an enlarged picture is so smooth that
its file is small and decodes too quickly. There are at most 32 different pictures; further files repeat
them with another EXIF time, so that no file equals another and no cache helps. Needs Pillow and numpy.
"""

import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import numpy
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "demo"))
from make_cards import SEASON, with_exif  # noqa: E402

SIZE = (4000, 3000)
DIFFERENT = 32
GRAIN = 4.0  # standard deviation, of 255
QUALITY = 88
A_CAMERA = 100  # pictures of one camera


def picture(frame: Path, seed: int) -> bytes:
    large = numpy.asarray(Image.open(frame).convert("RGB").resize(SIZE, Image.Resampling.BICUBIC), numpy.float32)
    # Grain is the same in all three channels for the most part: sensors see light first, colour second.
    grain = numpy.random.default_rng(seed).normal(0, GRAIN, (SIZE[1], SIZE[0], 1)).astype(numpy.float32)
    file = BytesIO()
    Image.fromarray(numpy.clip(large + grain, 0, 255).astype(numpy.uint8)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def main() -> int:
    out, count = Path(sys.argv[1]), int(sys.argv[2])
    frames = sorted((ROOT / "demo/photographs").glob("*/*.jpg"))
    different = min(DIFFERENT, count)
    made = []
    for index in range(different):
        made.append(picture(frames[index * len(frames) // different], index))
        print(f"\rpictures {index + 1}/{different}", end="", file=sys.stderr, flush=True)
    print(f", {sum(map(len, made)) / len(made) / 1e6:.1f} MB each", file=sys.stderr)
    for index in range(count):
        camera, place = divmod(index, A_CAMERA)
        folder = out / f"camera-{camera:03}"
        folder.mkdir(parents=True, exist_ok=True)
        taken = SEASON + timedelta(minutes=3 * place)
        (folder / f"TRAP{place:04}.JPG").write_bytes(with_exif(made[index % different], taken, f"B{camera:05}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
