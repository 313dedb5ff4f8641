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
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parent.parent
GCOMPRIS = ROOT / ".deps/photographs/gcompris-qt-data"
CLASSES = ("dam", "fish", "hammer", "measuringTape", "plier", "scissors", "screwDriver", "solar", "windmill",
           "wrench", "monument", "multimeter")
LEAST = 3  # pictures of a class
L2S = (0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4)


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


def rotated(learn: np.ndarray, ask: np.ndarray) -> tuple:
    """Both, standardised by `learn`, turned into the space that `learn` spans: the same answers from any linear
    model held back by its squares, in as many numbers as there are rows instead of features."""
    scaler = StandardScaler().fit(learn)
    learn, ask = scaler.transform(learn), scaler.transform(ask)
    _, _, axes = np.linalg.svd(learn, full_matrices=False)
    return learn @ axes.T, ask @ axes.T


def answers(learn: np.ndarray, tags: np.ndarray, ask: np.ndarray, count: int, c: float) -> np.ndarray:
    """Probabilities, one column for each of `count` tags."""
    model = LogisticRegression(C=c, class_weight="balanced", max_iter=1000).fit(learn, tags)
    probabilities = np.zeros((len(ask), count))
    probabilities[:, model.classes_] = model.predict_proba(ask)
    return probabilities


def worth(probabilities: np.ndarray, tags: np.ndarray, by: str) -> float:
    if by == "accuracy":
        return float((probabilities.argmax(axis=1) == tags).sum())
    return float(np.log(np.maximum(probabilities[np.arange(len(tags)), tags], 1e-6)).sum())


def peer(features: np.ndarray, tags: np.ndarray, groups: np.ndarray, folds: np.ndarray, seed: int,
         by: str) -> float:
    """The share that scikit-learn gets right of pictures left out, its strength chosen by accuracy or log loss."""
    alone = groups.max() + 1 + np.arange(len(groups))
    groups = np.where(groups < 0, alone, groups)
    right, count = 0, int(tags.max()) + 1
    # Ours divides rows by the root of their width and takes the mean loss; C is the same strength there.
    width = features.shape[1]
    for fold in range(folds.max() + 1):
        learn, ask = folds != fold, folds == fold
        strengths = [1 / (l2 * learn.sum() * width) for l2 in L2S]
        hits = np.zeros(len(strengths))
        inner = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for a, b in inner.split(features[learn], tags[learn], groups[learn]):
            inside, outside = rotated(features[learn][a], features[learn][b])
            hits += [worth(answers(inside, tags[learn][a], outside, count, c), tags[learn][b], by)
                     for c in strengths]
        inside, outside = rotated(features[learn], features[ask])
        best = strengths[int(hits.argmax())]
        right += int(worth(answers(inside, tags[learn], outside, count, best), tags[ask], "accuracy"))
    return right / len(tags)


def compare(program: Path, pictures: Path, seeds: int) -> dict:
    ours, theirs = [], {"accuracy": [], "log loss": []}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, pictures, folder, str(seeds)], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"{program} ended with {done.returncode}: {done.stderr.strip()}")
        out = Path(folder)
        features = np.load(out / "features.npy")
        tags, groups = np.load(out / "tags.npy")[:, 0], np.load(out / "groups.npy")[:, 0]
        for seed in range(1, seeds + 1):
            said = np.load(out / f"answers-{seed}.npy")
            ours.append(float((said.argmax(axis=1) == tags).mean()))
            for by, shares in theirs.items():
                shares.append(peer(features, tags, groups, np.load(out / f"folds-{seed}.npy")[:, 0], seed, by))
    return {**json.loads(done.stdout), "ours": ours, "scikit_learn": theirs}


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
    print("| photographs | pictures | tags | right, ours | scikit-learn, chosen by log loss as ours | by accuracy |")
    print("|---|---|---|---|---|---|")
    for name, one in results.items():
        row = f"| {name} | {one['pictures']} | {one['tags']} | {100 * np.mean(one['ours']):.1f} %"
        for by in ("log loss", "accuracy"):
            apart = 100 * (np.array(one["ours"]) - np.array(one["scikit_learn"][by]))
            row += (f" | {100 * np.mean(one['scikit_learn'][by]):.1f} %: ours {apart.mean():+.1f} ± "
                    f"{apart.std(ddof=1) if len(apart) > 1 else 0:.1f} points")
        print(row + " |")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
