"""`ounce train`: what comes out, what is remembered, what is refused."""

import csv
import json
import os
import shutil

import pytest


@pytest.fixture(scope="module")
def few_photos(photos, tmp_path_factory):
    """Eight frames of each of three tags, with their sequences."""
    folder = tmp_path_factory.mktemp("few")
    with open(photos / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open(folder / "pictures.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["path", "tag", "sequence"])
        for tag in ("red_deer", "wild_boar", "empty"):
            for row in [row for row in rows if row["tag"] == tag][::3][:8]:
                (folder / tag).mkdir(exist_ok=True)
                shutil.copy(photos / row["file"], folder / row["file"])
                out.writerow([row["file"], tag, row["sequence"]])
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def test_trains_measures_and_writes_a_package_that_verifies(ounce, few_photos, cache, tmp_path):
    out = tmp_path / "deer"
    report = ounce.json("train", few_photos / "pictures.csv", "--out", out, "--cache", cache, "--negative",
                        "empty", "--quiet")
    assert report["export_difference"] < 1e-4
    assert report["lineage"]["backbone"].startswith("efficientnet-lite0@")
    assert report["lineage"]["photographs"] == 24
    evaluation = report["evaluation"]
    assert evaluation["pictures"] == 24
    assert [tag["tag"] for tag in evaluation["tags"]] == ["red_deer", "wild_boar", "empty"]
    assert evaluation["negative"]["empties"] == 8
    low, high = evaluation["accuracy"]["low"], evaluation["accuracy"]["high"]
    assert low <= evaluation["accuracy"]["value"] <= high
    # The numbers can be worked out again from the answers behind them.
    answers = {each["path"]: each["probabilities"] for each in report["out_of_fold"]}
    tags = [tag["tag"] for tag in evaluation["tags"]]
    right = sum(tags[p.index(max(p))] == path.split("/")[0] for path, p in answers.items())
    assert evaluation["accuracy"]["value"] == pytest.approx(right / 24)
    assert (out / "training-pictures.txt").read_text().count("\n") == 24
    ounce("package", "verify", out)
    answer = ounce.json_lines("predict", "--model", out, few_photos / "red_deer")
    assert len(answer) == 8 and len(answer[0]["predictions"]) == 3


def test_sequences_stay_on_one_side(ounce, few_photos, cache, tmp_path):
    report = ounce.json("train", few_photos / "pictures.csv", "--out", tmp_path / "a", "--cache", cache, "--quiet")
    with open(few_photos / "pictures.csv", newline="", encoding="utf-8") as file:
        sequence = {row["path"]: row["sequence"] for row in csv.DictReader(file)}
    folds = {}
    for each in report["out_of_fold"]:
        folds.setdefault(sequence[each["path"]], set()).add(each["fold"])
    assert all(len(fold) == 1 for fold in folds.values())


def test_same_seed_same_model_whatever_the_threads_and_features_are_remembered(ounce, few_photos, cache, tmp_path):
    ounce("train", few_photos, "--out", tmp_path / "a", "--cache", cache, "--quiet", "--threads", 1)
    again = ounce.json("train", few_photos, "--out", tmp_path / "b", "--cache", cache, "--quiet", "--threads", 3)
    assert again["pictures_computed"] == 0
    assert (tmp_path / "a" / "model.onnx").read_bytes() == (tmp_path / "b" / "model.onnx").read_bytes()
    fresh = ounce.json("train", few_photos, "--out", tmp_path / "c", "--no-cache", "--quiet")
    assert fresh["pictures_computed"] == 24
    assert (tmp_path / "a" / "model.onnx").read_bytes() == (tmp_path / "c" / "model.onnx").read_bytes()


def test_changed_tags_compute_nothing(ounce, few_photos, cache, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(few_photos, changed)
    os.rename(changed / "empty", changed / "nothing")
    report = ounce.json("train", changed, "--out", tmp_path / "a", "--cache", cache, "--quiet")
    assert report["pictures_computed"] == 0


def test_bad_files_are_named_and_do_not_end_it(ounce, few_photos, cache, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(few_photos, folder)
    (folder / "empty" / "zero.jpg").write_bytes(b"")
    (folder / "empty" / "text.jpg").write_text("not a picture")
    (folder / "empty" / ".hidden.jpg").write_bytes(b"x")
    shutil.copy(next((folder / "empty").glob("SEQ*.jpg")), folder / "empty" / "copy.jpg")
    report = ounce.json("train", folder, "--out", tmp_path / "a", "--cache", cache, "--quiet")
    reasons = {each["path"]: each["reason"] for each in report["problems"]}
    assert {"empty/zero.jpg", "empty/text.jpg", "empty/.hidden.jpg"} <= set(reasons)
    assert sum("the same picture as" in reason for reason in reasons.values()) == 1
    assert report["evaluation"]["pictures"] == 24


def test_too_few_pictures_name_the_tag_and_the_number(ounce, few_photos, cache, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(few_photos, folder)
    for file in sorted((folder / "red_deer").iterdir())[:5]:
        file.unlink()
    error = ounce.json("train", folder, "--out", tmp_path / "a", "--cache", cache, status=5)["error"]
    assert "'red_deer'" in error["message"] and "2 missing" in error["message"]
    assert not (tmp_path / "a").exists()


def test_one_picture_under_two_tags_is_an_error_or_multilabel(ounce, few_photos, cache, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(few_photos, folder)
    twice = next((folder / "red_deer").iterdir())
    shutil.copy(twice, folder / "wild_boar" / "again.jpg")
    error = ounce.json("train", folder, "--out", tmp_path / "a", "--cache", cache, status=2)["error"]
    assert "again.jpg" in error["message"] and twice.name in error["message"]
    report = ounce.json("train", folder, "--out", tmp_path / "a", "--cache", cache, "--kind", "multilabel",
                        "--negative", "empty", "--quiet")
    assert [tag["tag"] for tag in report["evaluation"]["tags"]] == ["red_deer", "wild_boar"]
    info = json.loads((tmp_path / "a" / "package.json").read_text())
    assert info["kind"] == "multilabel"


def test_every_pooling_and_the_svm_come_out_as_trained(ounce, few_photos, cache, tmp_path):
    for number, arguments in enumerate((["--pooling", "topk"], ["--pooling", "average+maximum"], ["--head", "svm"])):
        report = ounce.json("train", few_photos, "--out", tmp_path / str(number), "--cache", cache, "--quiet",
                            *arguments)
        assert report["export_difference"] < 1e-4
        ounce("package", "verify", tmp_path / str(number))
