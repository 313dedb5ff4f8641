"""`ounce evaluate`: the same numbers for other pictures, and a warning for the ones learnt from."""

import shutil

import pytest


@pytest.fixture(scope="module")
def sets(photos, tmp_path_factory):
    """Two sets of frames from other sequences, two tags each."""
    folder = tmp_path_factory.mktemp("sets")
    for tag in ("red_deer", "wild_boar"):
        files = sorted((photos / tag).iterdir())
        for name, part in (("learn", files[:12:2]), ("ask", files[13::2])):
            (folder / name / tag).mkdir(parents=True)
            for file in part:
                shutil.copy(file, folder / name / tag)
    return folder


@pytest.fixture(scope="module")
def model(ounce, sets, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "deer-or-boar"
    ounce("train", sets / "learn", "--out", out, "--quiet", "--no-cache")
    return out


def test_measures_other_pictures(ounce, model, sets):
    report = ounce.json("evaluate", "--model", model, sets / "ask", "--quiet")
    evaluation = report["evaluation"]
    assert evaluation["pictures"] == len(list((sets / "ask").glob("*/*.jpg")))
    assert report["learnt_from"] == 0 and not report["unknown_tags"]
    answers = ounce.json_lines("predict", "--model", model, sets / "ask")
    right = sum(each["predictions"][0]["tag"] in each["path"] for each in answers)
    assert evaluation["accuracy"]["value"] == pytest.approx(right / len(answers))
    table = ounce("evaluate", "--model", model, sets / "ask", "--quiet").stdout
    assert "red_deer" in table and "accuracy" in table


def test_warns_when_asked_about_what_it_learnt_from(ounce, model, sets):
    report = ounce.json("evaluate", "--model", model, sets / "learn", "--quiet")
    assert report["learnt_from"] == 12
    assert any("flatter" in warning for warning in report["warnings"])


def test_unknown_tags_are_reported_and_left_out(ounce, model, sets, photos, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(sets / "ask", other)
    shutil.copytree(photos / "bird", other / "bird")
    report = ounce.json("evaluate", "--model", model, other, "--quiet")
    assert report["unknown_tags"] == ["bird"]
    assert report["evaluation"]["pictures"] == len(list((sets / "ask").glob("*/*.jpg")))


def test_no_model_is_status_4(ounce, sets, tmp_path):
    ounce("evaluate", "--model", tmp_path / "none", sets / "ask", status=4)
