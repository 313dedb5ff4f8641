"""`ounce predict`: answers, order, errors for single files, exit status."""

import json
import os
import shutil
import signal
import subprocess

import pytest


def expected_answers(seed_models):
    expected = json.loads((seed_models / "expected.json").read_text())
    return expected["models"]["fruits"]["labels"], {
        entry["src"]: entry["p"]["fruits"]
        for entry in expected["pipeline"] if entry["src"].startswith("E0") and entry["size"] == [307, 172]}


def test_answers_as_the_original_in_the_order_given(ounce, seed_models, fruit_photos):
    labels, answers = expected_answers(seed_models)
    names = sorted(answers, reverse=True)
    files = [fruit_photos / f"{name}.jpeg" for name in names]
    lines = ounce.json_lines("predict", "--model", seed_models / "fruits" / "model.pb", *files)
    assert [line["path"] for line in lines] == [str(file) for file in files]
    for name, line in zip(names, lines):
        assert set(line) == {"path", "predictions"}
        probabilities = [each["probability"] for each in line["predictions"]]
        assert probabilities == sorted(probabilities, reverse=True)
        by_tag = {each["tag"]: each["probability"] for each in line["predictions"]}
        assert [by_tag[label] for label in labels] == pytest.approx(answers[name], abs=1e-4)


def test_a_bad_file_is_a_line_of_its_own_and_status_3(ounce, package, tmp_path):
    bad, missing = tmp_path / "bad.jpg", tmp_path / "missing.jpg"
    bad.write_bytes(b"")
    good = package / "golden" / "red.bmp"
    lines = ounce.json_lines("predict", "--model", package, bad, good, missing, status=3)
    assert lines[0]["error"]["code"] == "invalid-argument"
    assert lines[1]["predictions"][0]["tag"] == "red"
    assert lines[2]["error"]["code"] == "not-found"
    table = ounce("predict", "--model", package, bad, good, status=3).stdout.splitlines()
    assert "error" in table[0] and "red" in table[1]


def test_folders_are_walked_by_name_and_what_is_no_picture_left_out(ounce, package, tmp_path):
    picture = (package / "golden" / "red.bmp").read_bytes()
    for name in ("b/2.BMP", "b/10.bmp", "a.bmp", "notes.txt", ".hidden/x.bmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(picture)
    lines = ounce.json_lines("predict", "--model", package, tmp_path)
    assert [line["path"] for line in lines] == [str(tmp_path / name) for name in ("a.bmp", "b/10.bmp", "b/2.BMP")]
    (tmp_path / "empty").mkdir()
    assert ounce.json("predict", "--model", package, tmp_path / "empty", status=4)["error"]["code"] == "not-found"


def test_many_pictures_come_in_order(ounce, package, tmp_path):
    red = (package / "golden" / "red.bmp").read_bytes()
    blue = (package / "golden" / "blue.bmp").read_bytes()
    for i in range(150):
        (tmp_path / f"{i:03}.bmp").write_bytes(blue if i % 3 == 0 else red)
    lines = ounce.json_lines("predict", "--model", package, tmp_path)
    assert [line["predictions"][0]["tag"] for line in lines] == [
        "blue" if i % 3 == 0 else "red" for i in range(150)]


def test_threshold_leaves_out_what_is_less_probable(ounce, package):
    lines = ounce.json_lines("predict", "--model", package, "--threshold", "0.5", package / "golden" / "red.bmp")
    assert [each["tag"] for each in lines[0]["predictions"]] == ["red"]
    ounce("predict", "--model", package, "--threshold", "1.5", package / "golden" / "red.bmp", status=2)


def test_a_pinned_key_refuses_an_unsigned_package(ounce, package, tmp_path):
    ounce("package", "keygen", "--out", tmp_path / "keys")
    public_key = tmp_path / "keys" / "public.pem"
    picture = package / "golden" / "red.bmp"
    refused = ounce.json("predict", "--model", package, "--public-key", public_key, picture, status=8)
    assert refused["error"]["code"] == "permission-denied"
    signed = tmp_path / "signed"
    shutil.copytree(package, signed)
    ounce("package", "sign", signed, "--key", tmp_path / "keys" / "private.pem")
    ounce("predict", "--model", signed, "--public-key", public_key, picture)


def test_no_model_is_said_plainly(ounce, package, tmp_path):
    error = ounce.json("predict", "--model", tmp_path / "none", package / "golden" / "red.bmp", status=4)["error"]
    assert "no such model" in error["message"]


def test_a_picture_cut_short_is_used_and_said_to_be_damaged(ounce, seed_models, fruit_photos, tmp_path):
    whole = (fruit_photos / "E001.jpeg").read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    line = ounce.json_lines("predict", "--model", seed_models / "fruits", cut)[0]
    assert line["predictions"] and line["damaged"]


def test_an_interrupt_ends_it_between_files_with_whole_lines(ounce, seed_models, photos):
    running = subprocess.Popen([ounce.path, "predict", "--quiet", "--json", "--model", seed_models / "fruits",
                                *[photos] * 5], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = running.stdout.readline()  # from here on it is at work, and far from the end
    running.send_signal(signal.SIGINT)
    lines = (first + running.stdout.read()).splitlines()
    assert "stopped before" in running.stderr.read()
    assert running.wait(timeout=60) == 130
    assert json.loads(lines[-1])["error"]["code"] == "cancelled"
    assert all("predictions" in json.loads(line) for line in lines[:-1])
    assert 1 < len(lines) < 900


def test_nothing_of_the_engine_is_left_in_the_home(ounce, package, tmp_path):
    """ONNX Runtime 1.32 would keep a number of this device there, and events to send to its maker."""
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run([ounce.path, "predict", "--model", package, package / "golden" / "red.bmp"],
                          env={"HOME": str(home), "PATH": os.environ["PATH"]}, capture_output=True, text=True,
                          check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert not list(home.rglob("*"))
