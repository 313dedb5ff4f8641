"""ounce sift on small seasons of real photographs, through the real program."""
import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import camera_card  # noqa: E402
import camtrap_dp  # noqa: E402

PROGRAM = os.environ["OUNCE_PROGRAM"]
MODEL = camera_card.ROOT / "tests" / "data" / "seed-models" / "apple-banana"


def ounce(*arguments, code=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=240)
    assert done.returncode == code, done.stderr.decode()
    return done


def rows(path):
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


@pytest.fixture(name="season")
def season_fixture(tmp_path):
    """Three cameras: one on two cards (by its serial), one by its folder, one by folder and file names."""
    folder = tmp_path / "season"
    deer = camera_card.photographs("red_deer")
    boar = camera_card.photographs("wild_boar")
    empty = camera_card.photographs("empty")
    reconyx = {"make": "RECONYX", "model": "HC500", "serial": "P800"}
    for i, source in enumerate(deer[:3]):  # one trigger: equal seconds, then the next
        camera_card.put(folder / f"card1/DCIM/100RECNX/IMG_{i:04}.JPG", source,
                        taken=f"2024:03:01 10:00:0{i // 2}", subsec=str(i), **reconyx)
    camera_card.put(folder / "card2/DCIM/100RECNX/IMG_0000.JPG", empty[0], taken="2024:03:01 10:01:00", **reconyx)
    camera_card.put(folder / "card2/DCIM/100RECNX/IMG_0001.JPG", empty[1], taken="2024:03:01 12:00:00", **reconyx)
    for i, source in enumerate(boar[:4]):
        camera_card.put(folder / f"north/cam 7/DCIM/100MEDIA/IMG_{i:04}.JPG", source,
                        taken=f"2024:03:02 00:00:{10 * i:02}", offset="+06:00")
    camera_card.put(folder / "gate/IMG_20240303_040506.jpg", empty[2])
    (folder / "gate" / "IMG_20240303_040507.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    (folder / "gate" / "empty.jpg").write_bytes(b"")
    (folder / "gate" / "half_20240303_040600.jpg").write_bytes(deer[5].read_bytes()[:30000])
    (folder / "gate" / "clip.MP4").write_bytes(b"x")
    (folder / "gate" / "._IMG.jpg").write_bytes(b"x")
    os.symlink(folder, folder / "gate" / "loop")
    return folder


def test_season_is_sifted_untrained_and_originals_stay(season, tmp_path):
    before = camera_card.fingerprint(season)
    out = tmp_path / "out"
    done = ounce("sift", season, "--out", out, "--zone", "+06:00", "--json", "--quiet", code=3)
    assert camera_card.fingerprint(season) == before
    summary = json.loads(done.stdout)
    assert (summary["pictures"], summary["unreadable"], summary["damaged"]) == (11, 2, 1)
    assert summary["cameras"] == 3
    assert summary["skipped"] == {"hidden": 1, "videos": 1, "others": 0, "links": 1}
    assert summary["recall"]["cut"] == "untrained"

    seen = rows(out / "sightings.csv")
    by_path = {r["path"]: r for r in seen}
    one = by_path["card1/DCIM/100RECNX/IMG_0000.JPG"]
    assert one["camera"] == "RECONYX HC500 P800" == by_path["card2/DCIM/100RECNX/IMG_0000.JPG"]["camera"]
    assert one["time"] == "2024-03-01T10:00:00"
    assert by_path["card1/DCIM/100RECNX/IMG_0001.JPG"]["time"] == "2024-03-01T10:00:00.100"
    assert len({by_path[f"card1/DCIM/100RECNX/IMG_000{i}.JPG"]["burst"] for i in range(3)}) == 1
    assert by_path["card2/DCIM/100RECNX/IMG_0000.JPG"]["event"] == one["event"]
    assert by_path["card2/DCIM/100RECNX/IMG_0000.JPG"]["burst"] != one["burst"]
    assert by_path["card2/DCIM/100RECNX/IMG_0001.JPG"]["event"] != one["event"]
    assert by_path["north/cam 7/DCIM/100MEDIA/IMG_0000.JPG"]["camera"] == "north/cam 7"
    assert by_path["north/cam 7/DCIM/100MEDIA/IMG_0000.JPG"]["time"] == "2024-03-02T00:00:00+06:00"
    assert by_path["gate/IMG_20240303_040506.jpg"]["time_source"] == "file-name"
    assert "damaged" in by_path["gate/half_20240303_040600.jpg"]["flags"]
    assert {r["path"] for r in rows(out / "unreadable.csv")} == {"gate/IMG_20240303_040507.jpg", "gate/empty.jpg"}
    events = rows(out / "events.csv")
    assert [float(r["score"]) for r in events] == sorted((float(r["score"]) for r in events), reverse=True)


def test_interchange_files_follow_their_rules(season, tmp_path):
    out = tmp_path / "out"
    ounce("sift", season, "--out", out, "--quiet", code=3)
    deployments, media, observations = camtrap_dp.validate(out / "camtrap-dp")
    assert (len(deployments), len(media)) == (3, 11)
    assert len(observations) == len(media) + len(rows(out / "events.csv"))
    issues = {row["locationName"]: row["timestampIssues"] for row in deployments}
    assert issues == {"RECONYX HC500 P800": "true", "gate": "true", "north/cam 7": "false"}  # no --zone given

    batch = json.loads((out / "megadetector.json").read_text())
    assert batch["info"]["format_version"] == "1.6"
    assert batch["detection_categories"] == {"1": "animal"}
    assert len(batch["images"]) == 13 == len({image["file"] for image in batch["images"]})
    for image in batch["images"]:
        assert ("failure" in image) == (image["detections"] is None)
        for detection in image["detections"] or []:
            assert detection["category"] == "1" and 0 <= detection["conf"] <= 1
            x, y, width, height = detection["bbox"]
            assert 0 <= x <= x + width <= 1.0001 and 0 <= y <= y + height <= 1.0001
            for category, confidence in detection.get("classifications", []):
                assert category in batch["classification_categories"] and 0 <= confidence <= 1


def test_gallery_stands_alone(season, tmp_path):
    out = tmp_path / "out"
    ounce("sift", season, "--out", out, "--quiet", code=3)
    page = (out / "index.html").read_text()
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert "default-src 'none'" in page and "unsafe-inline" not in page
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))
    assert len(data["events"]) + len(data["audit"]) == len(rows(out / "events.csv"))
    for event in data["events"]:
        for frame in event["frames"]:
            assert frame["src"].startswith("data:image/jpeg;base64,")


def test_killed_runs_go_on_to_the_same_end(tmp_path):
    folder = tmp_path / "season"
    for tag in ("agouti", "bird", "empty"):
        for i, source in enumerate(camera_card.photographs(tag)):
            camera_card.put(folder / tag / f"IMG_{i:04}.JPG", source, taken=f"2024:05:01 10:{i:02}:00")
    whole = tmp_path / "whole"
    ounce("sift", folder, "--out", whole, "--quiet")
    out = tmp_path / "out"
    for patience in (0.15, 0.3, 0.5, 0.8):
        with subprocess.Popen([PROGRAM, "sift", folder, "--out", out, "--quiet"], stdout=subprocess.DEVNULL) as run:
            try:
                run.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                run.kill()
    ounce("sift", folder, "--out", out, "--quiet")
    for name in ("sightings.csv", "events.csv", "audit.csv"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert not list(out.glob(".*.part"))


def test_interrupted_run_stops_well_and_goes_on(tmp_path):
    folder = tmp_path / "season"
    for i, source in enumerate(camera_card.photographs("empty") * 6):
        camera_card.put(folder / f"cam/IMG_{i:04}.JPG", source, taken=f"2024:05:01 {i // 60:02}:{i % 60:02}:00")
    out = tmp_path / "out"
    with subprocess.Popen([PROGRAM, "sift", folder, "--out", out, "--quiet"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as run:
        while not (out / ".ounce" / "sift.db-wal").exists() and run.poll() is None:
            pass
        run.send_signal(signal.SIGINT)
        errors = run.communicate(timeout=60)[1]
    assert run.returncode not in (0, -signal.SIGINT), errors
    assert b"stopp" in errors
    assert not (out / "index.html").exists()
    assert json.loads(ounce("sift", folder, "--out", out, "--json", "--quiet").stdout)["pictures"] == 234


def test_audit_bounds_the_misses(season, tmp_path):
    out = tmp_path / "out"
    ounce("sift", season, "--out", out, "--model", MODEL, "--target", "Apple", "--quiet", code=3)
    sample = rows(out / "audit.csv")
    aside = [r for r in rows(out / "events.csv") if r["look"] == "no"]
    assert {r["event"] for r in sample} == {r["event"] for r in aside}
    answers = tmp_path / "answers.csv"
    answers.write_text("event,answer,tag\n" + "".join(f"{r['event']},no,\n" for r in sample))
    assert sample, "the season has events below the tag's threshold"
    report = json.loads(ounce("sift", "audit", out, "--answers", answers, "--json").stdout)
    assert report["misses"] == 0 and report["missed_events_at_most"] == 0
    answers.write_text("event,answer\ne1,maybe\n")
    ounce("sift", "audit", out, "--answers", answers, code=2)


def test_what_cannot_be_done_is_refused(season, tmp_path):
    out = tmp_path / "out"
    assert b"Banana" in ounce("sift", season, "--out", out, "--model", MODEL, "--target", "Leopard", code=2).stderr
    assert not out.exists()
    ounce("sift", season, "--out", out, "--quiet", code=3)
    other = tmp_path / "other"
    other.mkdir()
    assert str(season).encode() in subprocess.run([PROGRAM, "sift", other, "--out", out], capture_output=True,
                                                  check=False).stderr
    ounce("sift", season, code=2)
    ounce("sift", code=2)
    assert ounce("sift", season, "--out", season, code=2)


def test_no_right_to_write_is_said_as_such(tmp_path):
    """As a user like any other: for root every file is writable, so its right to that is taken away."""
    folder = tmp_path / "season"
    camera_card.put(folder / "cam/IMG_0001.JPG", camera_card.photographs("bird")[0])
    ounce("sift", folder, "--out", tmp_path / "out", "--quiet")
    limits = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "file").write_text("x")
    (tmp_path / "out" / ".ounce" / "sift.db").chmod(0o444)
    for out, code, word in (("closed", 8, b"Permission denied"), ("out", 8, b"Permission denied"), ("file", 2, b"folder")):
        done = subprocess.run([*limits, PROGRAM, "sift", folder, "--out", tmp_path / out, "--json", "--quiet"],
                              capture_output=True, timeout=240, check=False)
        assert done.returncode == code and word in done.stderr, done.stderr
        assert "error" in json.loads(done.stdout)


def test_wrong_use_is_one_object_too():
    for arguments in (("sift", "--json"), ("sift", "x", "--json"), ("--json", "sift", "x", "--out", "y", "--audit", "-1"),
                      ("sift", "x", "--out", "y", "--voting", "loudest", "--json")):
        assert json.loads(ounce(*arguments, code=2).stdout)["error"]["code"] == "invalid-argument"
    assert ounce("sift", code=2).stdout == b""
