"""`ounce package`: show, verify, sign, keygen."""

import json
import shutil
import stat
import subprocess

import pytest


@pytest.fixture
def copy(package, tmp_path):
    shutil.copytree(package, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def keys(ounce, tmp_path):
    ounce("package", "keygen", "--out", tmp_path / "keys")
    return tmp_path / "keys"


def failed_checks(report):
    assert not report["valid"]
    return [check["check"] for check in report["checks"] if not check["passed"]]


def test_show_says_what_it_holds(ounce, package):
    shown = ounce.json("package", "show", package)
    assert [tag["name"] for tag in shown["tags"]] == ["red", "grün", "blue"]
    assert shown["recipe"]["width_px"] == 8 and not shown["signed"]
    words = ounce("package", "show", package).stdout
    assert "grün" in words and "golden images: 2" in words


def test_verify_names_each_check(ounce, package):
    report = ounce.json("package", "verify", package)
    assert report["valid"] and all(check["passed"] for check in report["checks"])
    assert [check["check"] for check in report["checks"]] == [
        "files", "signature", "model", "golden/red.bmp", "golden/blue.bmp"]
    assert "ok    golden/red.bmp" in ounce("package", "verify", package).stdout


def test_verify_finds_a_changed_file(ounce, copy):
    (copy / "labels.txt").write_text("blue\nred\n")
    assert failed_checks(ounce.json("package", "verify", copy, status=6)) == ["files"]


def test_verify_finds_a_golden_image_that_comes_out_wrong(ounce, copy):
    manifest = json.loads((copy / "package.json").read_text())
    manifest["golden"][0]["probabilities"] = [0, 1, 0]
    (copy / "package.json").write_text(json.dumps(manifest))
    assert failed_checks(ounce.json("package", "verify", copy, status=5)) == ["golden/red.bmp"]
    refused = ounce("predict", "--model", copy, copy / "golden" / "red.bmp", status=5)
    assert "golden/red.bmp" in refused.stderr


def test_signature_is_over_the_manifest(ounce, copy, keys):
    ounce("package", "sign", copy, "--key", keys / "private.pem")
    ounce("package", "verify", copy, "--public-key", keys / "public.pem")
    assert ounce.json("package", "show", copy)["signed"]
    # What docs/formats/package.md promises: any Ed25519 tool can check it.
    subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", keys / "public.pem",
                    "-sigfile", copy / "signature", "-in", copy / "package.json"], check=True, capture_output=True)
    manifest = (copy / "package.json").read_text()
    (copy / "package.json").write_text(manifest.replace("0.6", "0.7"))
    report = ounce.json("package", "verify", copy, "--public-key", keys / "public.pem", status=8)
    assert failed_checks(report) == ["files"]


def test_keygen_keeps_the_private_key_private_and_never_overwrites(ounce, keys):
    assert stat.S_IMODE((keys / "private.pem").stat().st_mode) == 0o600
    before = (keys / "private.pem").read_bytes()
    ounce("package", "keygen", "--out", keys, status=7)
    assert (keys / "private.pem").read_bytes() == before


def test_what_is_no_package_is_said_plainly(ounce, tmp_path):
    assert ounce.json("package", "verify", tmp_path, status=4)["error"]["code"] == "not-found"
    assert ounce.json("package", "show", tmp_path, status=4)["error"]["code"] == "not-found"
    ounce("package", status=2)
