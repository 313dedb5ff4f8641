"""`ounce model` and `ounce trust azureml` against a real hub."""

import hashlib
import os

import pytest
from client_commands import ClientCommands

SIZE = 20_000_000


@pytest.fixture
def ounce(hub, tmp_path):
    return ClientCommands(hub, tmp_path / "home")


def test_a_folder_comes_back_byte_for_byte(ounce, tmp_path):
    folder = tmp_path / "leopard"
    (folder / "golden").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(os.urandom(SIZE))
    (folder / "empty").write_bytes(b"")
    (folder / "golden" / "ä b.txt").write_text("what came out")
    made = ounce.json("model", "register", "leopard", folder, "--tag", "area=ladakh", "--tag", "draft",
                      "--property", "seed=1", "--description", "for the gate")
    assert (made["name"], made["version"], made["tags"]) == ("leopard", 1, {"area": "ladakh", "draft": ""})
    out = tmp_path / "out"
    ounce("model", "download", "leopard", "--out", out)
    for path in ("weights.bin", "empty", "golden/ä b.txt"):
        assert (out / path).read_bytes() == (folder / path).read_bytes()
    (out / "weights.bin").write_bytes(b"torn")  # what is wrong is fetched again, what is right stays
    kept = (out / "empty").stat().st_mtime_ns
    ounce("model", "download", "leopard:1", "--out", out)
    assert (out / "weights.bin").read_bytes() == (folder / "weights.bin").read_bytes()
    assert (out / "empty").stat().st_mtime_ns == kept


def test_a_download_that_broke_off_fetches_only_the_rest(ounce, tmp_path):
    model = tmp_path / "weights.bin"
    model.write_bytes(os.urandom(SIZE))
    ounce("model", "register", "leopard", model)
    out = tmp_path / "out"
    out.mkdir()
    part = out / "weights.bin.part"
    for left in (model.read_bytes()[:SIZE // 2], model.read_bytes(), model.read_bytes() + b"more", b""):
        part.write_bytes(left)
        ounce("model", "download", "leopard", "--out", out)
        assert (out / "weights.bin").read_bytes() == model.read_bytes()
        assert not part.exists()
        (out / "weights.bin").unlink()
    part.write_bytes(b"other bytes")  # they stay what they are, which shows that only the rest is asked for
    assert "arrived damaged" in ounce("model", "download", "leopard", "--out", out, status=6).stderr
    ounce("model", "download", "leopard", "--out", out)
    assert (out / "weights.bin").read_bytes() == model.read_bytes()


def test_versions_count_up_and_lists_are_filtered(ounce, tmp_path):
    file = tmp_path / "model.pb"
    for name, tag in (("deer", "area=harz"), ("deer", "area=alps"), ("models", "area=alps")):
        file.write_text(name + tag)
        ounce("model", "register", name, file, "--tag", tag)

    def listed(*filters):
        return sorted(model["id"] for model in ounce.json("model", "list", *filters)["models"])

    assert listed() == ["deer:1", "deer:2", "models:1"]
    assert listed("--latest") == ["deer:2", "models:1"]
    assert listed("--tag", "area=alps") == ["deer:2", "models:1"]
    assert listed("--name", "models", "--tag", "area") == ["models:1"]
    shown = ounce.json("model", "show", "deer")
    assert shown["version"] == 2
    assert [(each["path"], each["sha256"]) for each in shown["files"]] == [
        ("model.pb", hashlib.sha256(b"deerarea=alps").hexdigest())]
    ounce("model", "delete", "deer", status=2)
    ounce("model", "delete", "deer:2")
    assert ounce.json("model", "show", "deer")["version"] == 1
    ounce("model", "show", "deer:2", status=4)
    file.write_text("again")
    assert ounce.json("model", "register", "deer", file)["version"] == 3  # a number is never used again


def test_more_models_than_a_page_are_listed(ounce, hub, tmp_path):
    file = tmp_path / "model.pb"
    file.write_text("same")
    ounce("model", "register", "many", file)
    digest = hashlib.sha256(b"same").hexdigest()
    for _ in range(120):
        answer = hub.request("POST", "/ounce/v1/models",
                             {"name": "many", "files": [{"path": "model.pb", "sha256": digest}]})
        assert answer.status == 201, answer.body
    assert len(ounce.json("model", "list")["models"]) == 121


def test_a_key_that_may_only_read_registers_nothing(hub, tmp_path):
    ounce = ClientCommands(hub, tmp_path / "home", policy="service")
    (tmp_path / "model.pb").write_text("x")
    ounce("model", "register", "deer", tmp_path / "model.pb", status=8)
    assert ounce.json("model", "list") == {"models": []}


def test_the_environment_for_azureml_names_the_hub_and_no_key_unless_asked(ounce, hub):
    variables = ounce.json("trust", "azureml", "--subscription", "11111111-2222-3333-4444-555555555555")
    assert variables["ARM_CLOUD_METADATA_URL"] == (
        f"https://localhost:{hub.https_port}/arm/11111111-2222-3333-4444-555555555555/metadata/endpoints")
    assert variables["REQUESTS_CA_BUNDLE"] == variables["SSL_CERT_FILE"] == str(hub.ca)
    key = hub.keys["iothubowner"]
    assert key not in ounce("trust", "azureml").stdout
    assert f"export AZUREML_SERVICE_PRINCIPAL_PASSWORD='{key}'\n" in ounce("trust", "azureml", "--with-key").stdout
    ounce("trust", "azureml", "--subscription", "mine", status=2)
