#!/usr/bin/env python3
"""Our heads beside scikit-learn's LogisticRegression: same features, same splits, how many come out right.

    heads_vs_sklearn.py BUILD [--seeds 5] [--json FILE]

Run it with .deps/bench/venv/bin/python. For each seed, five outer parts are left out in turn (sequences never
torn apart); both sides choose their strength inside the other four, scikit-learn by a grouped cross-validation
of its own over the same six strengths. Sets: the demo's frames by species, and the photographs of
gcompris-qt-data whose numbered names make classes.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parent.parent
GCOMPRIS = ROOT / ".deps/photographs/gcompris-qt-data"
CLASSES = ("dam", "fish", "hammer", "measuringTape", "plier", "scissors", "screwDriver", "solar", "windmill",
           "wrench", "monument", "multimeter")
LEAST = 3  # pictures of a class


def gcompris_listing(folder: Path) -> Path:
    """A CSV of the files that are numbered pictures of one thing."""
    found = {name: [] for name in CLASSES}
    for file in sorted(GCOMPRIS.glob("*.webp")):
        match = re.fullmatch(r"([A-Za-z]+?)\d*", file.stem)
        if match and match[1] in found:
            found[match[1]].append(file)
    listing = folder / "gcompris.csv"
    lines = ["path,tag"] + [f"{file},{name}" for name, files in found.items() if len(files) >= LEAST
                            for file in files]
    listing.write_text("\n".join(lines) + "\n")
    return listing


def peer(features: np.ndarray, tags: np.ndarray, groups: np.ndarray, folds: np.ndarray, seed: int) -> float:
    """The share that scikit-learn gets right of pictures left out."""
    alone = groups.max() + 1 + np.arange(len(groups))
    groups = np.where(groups < 0, alone, groups)
    right = 0
    # Ours divides rows by the root of their width and takes the mean loss; C is the same strength there.
    width = features.shape[1]
    for fold in range(folds.max() + 1):
        learn, ask = folds != fold, folds == fold
        strengths = [1 / (l2 * learn.sum() * width) for l2 in (0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4)]
        model = make_pipeline(StandardScaler(),
                              LogisticRegression(class_weight="balanced", max_iter=2000))
        search = GridSearchCV(model, {"logisticregression__C": strengths}, n_jobs=1,
                              cv=StratifiedGroupKFold(5, shuffle=True, random_state=seed),
                              error_score="raise")
        search.fit(features[learn], tags[learn], groups=groups[learn])
        right += int((search.predict(features[ask]) == tags[ask]).sum())
    return right / len(tags)


def compare(program: Path, pictures: Path, seeds: int) -> dict:
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, pictures, folder, str(seeds)], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"{program} ended with {done.returncode}: {done.stderr.strip()}")
        out = Path(folder)
        features = np.load(out / "features.npy")
        tags, groups = np.load(out / "tags.npy")[:, 0], np.load(out / "groups.npy")[:, 0]
        for seed in range(1, seeds + 1):
            answers = np.load(out / f"answers-{seed}.npy")
            ours.append(float((answers.argmax(axis=1) == tags).mean()))
            theirs.append(peer(features, tags, groups, np.load(out / f"folds-{seed}.npy")[:, 0], seed))
    difference = np.array(ours) - np.array(theirs)
    return {**json.loads(done.stdout), "ours": float(np.mean(ours)), "scikit_learn": float(np.mean(theirs)),
            "difference": float(difference.mean()),
            "difference_spread": float(difference.std(ddof=1)) if seeds > 1 else 0.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sets = {"demo, species": ROOT / "demo/photographs/manifest.csv",
                "gcompris": gcompris_listing(Path(folder))}
        results = {name: compare(args.build / "bin/bench_heads", path, args.seeds)
                   for name, path in sets.items()}
    print("| photographs | pictures | tags | right, ours | right, scikit-learn | difference in points |")
    print("|---|---|---|---|---|---|")
    for name, one in results.items():
        print(f"| {name} | {one['pictures']} | {one['tags']} | {100 * one['ours']:.1f} % | "
              f"{100 * one['scikit_learn']:.1f} % | {100 * one['difference']:+.1f} "
              f"± {100 * one['difference_spread']:.1f} |")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
