#!/usr/bin/env python3
"""The same work with Pillow and onnxruntime, one process a processor, as well as one would write it.

    python_peer.py MODEL.onnx FOLDER

Prints {"pictures": ..., "per_s": ...}; imports and loading the model are not counted.
"""

import json
import os
import sys
import time
from multiprocessing import Pool
from pathlib import Path

import numpy
import onnxruntime
from PIL import Image

SIDE = 224
session = None


def load(model: str):
    global session
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def look(path: str) -> int:
    with Image.open(path) as picture:
        picture.draft("RGB", (256, 256))  # decodes at reduced size
        small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    tensor = ((numpy.asarray(small, numpy.float32) - 127) / 128).transpose(2, 0, 1)[None]
    (logits,) = session.run(["imagenet"], {session.get_inputs()[0].name: tensor})
    return int(logits.argmax())


def main() -> int:
    paths = sorted(str(path) for path in Path(sys.argv[2]).rglob("*") if path.is_file())
    with Pool(os.cpu_count(), load, (sys.argv[1],)) as pool:
        pool.map(look, paths[:8], chunksize=1)  # every process has its model loaded by now
        began = time.monotonic()
        seen = len(pool.map(look, paths, chunksize=4))
        print(json.dumps({"pictures": seen, "per_s": round(seen / (time.monotonic() - began), 2)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
