"""`ounce vision` against a real hub: from photographs to a published answer, as the help tells it."""

import csv
import json
import shutil
import zipfile

import pytest
from client_commands import ClientCommands

PER_TAG = 8


@pytest.fixture
def ounce(hub, tmp_path):
    return ClientCommands(hub, tmp_path / "home")


@pytest.fixture(scope="module")
def few_photos(photos, tmp_path_factory):
    """A folder for each of two tags, eight frames in each."""
    folder = tmp_path_factory.mktemp("few")
    with open(photos / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for tag in ("red_deer", "empty"):
        (folder / tag).mkdir()
        for row in [row for row in rows if row["tag"] == tag][::3][:PER_TAG]:
            shutil.copy(photos / row["file"], folder / row["file"])
    return folder


def test_the_loop_from_photographs_to_an_answer(ounce, few_photos, tmp_path):
    made = ounce.json("vision", "project", "create", "deer", "--description", "for the gate")
    assert made["settings"]["classificationType"] == "Multiclass"
    uploaded = ounce.json("vision", "upload", "deer", few_photos, "--negative", "empty", "--quiet")
    assert (uploaded["added"], uploaded["failed"]) == (2 * PER_TAG, [])
    again = ounce.json("vision", "upload", "deer", few_photos, "--quiet")
    assert (again["added"], again["alreadyThere"]) == (0, 2 * PER_TAG)
    tags = {tag["name"]: tag for tag in ounce.json("vision", "tag", "list", "deer")["tags"]}
    assert {name: (tag["type"], tag["imageCount"]) for name, tag in tags.items()} == {
        "red_deer": ("Regular", PER_TAG), "empty": ("Negative", PER_TAG)}

    assert "no iteration is trained yet" in ounce("vision", "performance", "deer", status=5).stderr
    begun = ounce.json("vision", "train", "deer", "--no-wait")
    trained = ounce.json("vision", "train", "deer", "--quiet")  # joins it, if it has not ended by now
    assert (trained["status"], trained["id"]) == ("Completed", begun["id"])
    assert ounce.json("vision", "train", "deer")["id"] == trained["id"]  # nothing changed
    performance = ounce.json("vision", "performance", "deer", "--threshold", "0.4")
    assert performance["iteration"] == trained["id"]
    assert 0 <= performance["precision"] <= 1
    assert "AVERAGE PRECISION" in ounce("vision", "performance", "deer").stdout

    published = ounce.json("vision", "publish", "deer", "--as", "the current/one")
    assert published["iteration"] == trained["id"]
    pictures = sorted((few_photos / "red_deer").iterdir())[:2]
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    answers = ounce.json_lines("vision", "classify", "deer", "the current/one", *pictures, tmp_path / "broken.jpg",
                               status=3)
    assert [answer["path"] for answer in answers[:2]] == [str(picture) for picture in pictures]
    for answer in answers[:2]:
        assert sum(each["probability"] for each in answer["predictions"]) == pytest.approx(1, abs=1e-3)
    assert "error" in answers[2]

    for platform, inside in (("ONNX", "model.onnx"), ("Ounce", "package.json")):
        out = tmp_path / f"{platform}.zip"
        ounce("vision", "export", "deer", "--platform", platform, "--out", out)
        with zipfile.ZipFile(out) as archive:
            assert any(name.endswith(inside) for name in archive.namelist())
        ounce("vision", "export", "deer", "--platform", platform, "--out", out, status=7)
    shown = ounce.json("vision", "project", "show", "deer")
    assert [each["publishName"] for each in shown["iterations"] if each["status"] == "Completed"] == [
        "the current/one"]

    ounce("vision", "project", "delete", "deer", status=2)  # still published
    ounce("vision", "publish", "deer", "--remove")
    ounce("vision", "project", "delete", "deer")
    assert ounce.json("vision", "project", "list") == {"projects": []}


def test_what_is_not_there_is_named_with_what_is(ounce):
    for name in ("deer", "boar"):
        ounce("vision", "project", "create", name)
    refused = ounce("vision", "tag", "list", "wolf", status=4).stderr
    assert "'wolf'" in refused and "'deer'" in refused and "'boar'" in refused
    ounce("vision", "tag", "create", "deer", "stag")
    ounce("vision", "tag", "create", "deer", "stag", status=2)
    ounce("vision", "tag", "delete", "deer", "stag")
    assert ounce.json("vision", "tag", "list", "deer") == {"tags": []}


def test_pictures_that_are_none_are_refused_and_the_others_kept(ounce, few_photos, tmp_path):
    folder = tmp_path / "mixed" / "red_deer"
    shutil.copytree(few_photos / "red_deer", folder)
    (folder / "not.jpg").write_bytes(b"not a picture")
    ounce("vision", "project", "create", "deer")
    done = ounce("vision", "upload", "deer", tmp_path / "mixed", "--json", "--quiet", status=3)
    counts = json.loads(done.stdout)
    assert counts["added"] == PER_TAG
    assert [(each["path"], each["why"]) for each in counts["failed"]] == [
        (str(folder / "not.jpg"), "ErrorImageFormat")]
    ounce("vision", "upload", "deer", folder / "not.jpg", status=2)  # which tag?
    told = ounce("vision", "upload", "deer", folder / "not.jpg", "--tag", "empty", status=3).stdout
    assert "no picture of a kind that can be read" in told
    told = ounce("vision", "upload", "deer", few_photos / "red_deer", "--tag", "empty", status=3).stdout
    assert "more tags than a picture may have" in told
    assert [tag["name"] for tag in ounce.json("vision", "tag", "list", "deer")["tags"]].count("red_deer") == 1


def test_a_name_names_one_project(hub, ounce):
    made = ounce.json("vision", "project", "create", "deer")
    refused = ounce("vision", "project", "create", "deer", status=7).stderr
    assert made["id"] in refused
    assert [each["id"] for each in ounce.json("vision", "project", "list")["projects"]] == [made["id"]]
