"""The registry through the real Azure ML SDK for Python, which knows nothing of us but five variables."""

import base64
import hashlib
import hmac
import json
import os
import random
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

DEPS = Path(os.environ["OUNCE_DEPS_DIR"])
SCRIPT = Path(os.environ["OUNCE_SOURCE_DIR"]) / "tests/clients/azureml_models.py"
SUBSCRIPTION = "0f0e0d0c-1111-2222-3333-444455556666"


class Sdk:
    """Runs azureml_models.py in a folder of its own, pointed at the hub by the environment alone."""

    def __init__(self, hub, folder, host="localhost"):
        self.hub = hub
        self.folder = folder / "scripts"
        self.folder.mkdir()
        self.facts = {"subscription": SUBSCRIPTION, "user": "training", "key": hub.training_key}
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1",
            "ARM_CLOUD_METADATA_URL": f"https://{host}:{hub.https_port}/arm/{SUBSCRIPTION}/metadata/endpoints",
            "AZUREML_CURRENT_CLOUD": "AzureCloud",
            "AZURE_CONFIG_DIR": str(folder / "not-there"),
            "REQUESTS_CA_BUNDLE": hub.ca, "SSL_CERT_FILE": hub.ca,
        }

    def __call__(self, case, **facts):
        done = subprocess.run([DEPS / "clients-venv/bin/python", SCRIPT, case], cwd=self.folder, check=False,
                              env=self.environment, input=json.dumps(self.facts | facts), capture_output=True,
                              text=True, timeout=280)
        results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert done.returncode == 0 and results, f"{done.stdout}\n{done.stderr}\n{self.hub.log()}"
        self.printed = done.stdout
        return json.loads(results[0].removeprefix("RESULT "))

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return hashlib.sha256(content).hexdigest()


@pytest.fixture
def sdk(hub, tmp_path):
    sdk = Sdk(hub, tmp_path)
    sdk.write("model.pb", b"a graph")
    return sdk


class SmallDisk:
    """A disk of a few megabytes for a hub's folder, which no process but the hub sees."""

    def __init__(self, size, folder):
        self._size = size
        self._folder = folder

    def command(self, *arguments):
        script = """copy=$(mktemp -d) && cp -a "$1/." "$copy" && mount -t tmpfs -o "size=$0,mode=700" small "$1" &&
                    cp -a "$copy/." "$1" && rm -r "$copy" && shift && exec "$@\""""
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        return ["unshare", "--mount", *user, "sh", "-c", script, self._size, str(self._folder), *map(str, arguments)]


def login(hub, key, user="training"):
    """The request that MSAL makes of a name and a key."""
    form = {"grant_type": "client_credentials", "client_id": user, "client_secret": key}
    return hub.request("POST", "/adfs/any/oauth2/token", urlencode(form), policy=None)


@pytest.fixture
def expired_token(hub):
    """One that the hub itself could have made an hour ago."""
    key = base64.b64decode(json.loads((hub.folder / "keys/keyring.json").read_text())["signingKey"])
    parts = [{"alg": "HS256", "typ": "JWT"},
             {"exp": int(time.time()) - 60, "tid": "t", "sub": "training", "rights": ["ModelsRead"]}]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    signature = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_the_articles_own_lines(sdk):
    result = sdk("article")
    assert result == {"ids": ["snow-leopard:1"], "workspace": "work", "group": "some-group", "location": "local"}
    assert "name=snow-leopard, id=snow-leopard:1, version=1, tags={'area': 'ladakh'}" in sdk.printed


def test_a_script_with_variables_alone(sdk, hub):
    (sdk.folder / "config.json").write_text(json.dumps(
        {"subscription_id": SUBSCRIPTION, "resource_group": "g", "workspace_name": "w"}))
    sdk.environment |= {"AZUREML_SERVICE_PRINCIPAL_TENANT_ID": "ounce", "AZUREML_SERVICE_PRINCIPAL_ID": "iothubowner",
                        "AZUREML_SERVICE_PRINCIPAL_PASSWORD": hub.keys["iothubowner"]}
    assert sdk("environment_login") == {"workspace": "w", "models": []}


def test_the_hub_at_an_address(hub, tmp_path):
    sdk = Sdk(hub, tmp_path, host="127.0.0.1")
    sdk.write("model.pb", b"a graph")
    assert sdk("article")["ids"] == ["snow-leopard:1"]


def test_files_and_folders_come_back_byte_for_byte(sdk):
    graph = sdk.write("model.pb", b"a graph")
    labels = sdk.write("model_dir/labels.txt", b"leopard\n")
    weights = sdk.write("model_dir/sub/deep/weights", bytes(range(256)) * 999)
    other = sdk.write("model_dir/other", b"other")
    sdk.write("model_dir2/neighbour", b"not a part of it")
    empty = sdk.write("empty", b"")
    result = sdk("register")
    downloads = {model: files for model, (_, files) in result["downloads"].items()}
    assert downloads == {
        "one:1": {"download-one-1/model.pb": graph},
        "one:2": {"download-one-2/model.pb": graph},
        "empty:1": {"download-empty-1/empty": empty},
        "folder:1": {"download-folder-1/model_dir/labels.txt": labels, "download-folder-1/model_dir/other": other,
                     "download-folder-1/model_dir/sub/deep/weights": weights},
        "part:1": {"download-part-1/model_dir/labels.txt": labels,
                   "download-part-1/model_dir/sub/deep/weights": weights},
    }
    assert result["downloads"]["folder:1"][0] == "download-folder-1/model_dir"
    assert (result["latest"], result["by_id"], result["by_tags"]) == (2, 1, 1)
    assert result["tags"] == {"area": "ladakh", "season": ""}
    assert result["properties"] == {"seed": "7"}
    assert result["description"] == "first"
    assert result["framework"] == ["Onnx", "1.2"]
    assert result["cpu"] == 1.0
    assert result["created_by"] == "training"
    assert result["models"] == ["empty", "folder", "one", "part"]
    assert result["sas"] == 3
    assert result["serialized"] == "one:1"


def test_lists_by_every_filter(sdk):
    assert sdk("lists") == {
        "all": ["b:1", "a:3", "a:2", "a:1"], "name": ["a:3", "a:2", "a:1"], "latest": ["b:1", "a:3"],
        "tag key": ["a:3", "a:2", "a:1"], "tag value": ["b:1", "a:2"], "tags": ["a:2"], "properties": ["a:3"],
        "nothing": [], "data set": [],
    }


def test_more_models_than_a_page_holds(sdk, hub):
    digest = hub.request("POST", "/ounce/v1/uploads", b"content").json()["sha256"]
    for _ in range(300):
        answer = hub.request("POST", "/ounce/v1/models",
                             {"name": "many", "files": [{"path": "f", "sha256": digest}]})
        assert answer.status == 201, answer.body
    wanted = [f"many:{version}" for version in range(300, 0, -1)]
    assert sdk("pages") == {"ids": wanted, "few": wanted}


def test_changes_and_deletion(sdk):
    result = sdk("change")
    assert result["tags"] == {"c": "3", "d": "4"}
    assert result["properties"] == {"p": "1", "q": "2", "r": "3"}
    assert result["description"] == "new"
    assert "ModelNotFound" in result["after"]["text"]
    assert result["next"] == 2, "a version is never used again"


def test_a_file_in_blocks(sdk, hub):
    sdk.write("large.bin", random.Random(1).randbytes(70 << 20))
    result = sdk("large")
    assert result["files"] == {"download/large.bin": result["sent"]["large.bin"]}
    assert not list((hub.folder / "uploads").iterdir()), "the blocks are gone"


def test_names_that_an_address_must_escape(sdk):
    for name in ("a b.txt", "100%+.txt", "naïve?#&=.txt", "sub/雪豹"):
        sdk.write(f"öd näme/{name}", name.encode())
    result = sdk("names")
    assert result["files"] == result["sent"]
    assert len(result["sent"]) == 4


def test_models_of_the_command_line_are_models_here(sdk, hub):
    digests = {path: hub.request("POST", "/ounce/v1/uploads", path.encode()).json()["sha256"]
               for path in ("labels.txt", "sub/model.onnx")}
    files = [{"path": path, "sha256": digest} for path, digest in digests.items()]
    for name, root, folder in (("rooted", "export", "export"), ("loose", "", "loose")):
        assert hub.request("POST", "/ounce/v1/models", {"name": name, "root": root, "files": files}).status == 201
        result = sdk("download", model=name)
        assert result["files"] == {f"download/{folder}/{path}": digest for path, digest in digests.items()}
        for path in sorted((sdk.folder / "download").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        (sdk.folder / "download").rmdir()


def test_errors_say_what_is_wrong_and_come_at_once(sdk, hub, expired_token):
    result = sdk("errors", expired=expired_token)
    assert "do not belong together" in result["wrong key"]["text"]
    assert "has expired; log in again" in result["expired"]["text"]
    assert "not one of this hub" in result["forged"]["text"]
    assert "does not offer" in result["runs"]["text"]
    for case in ("absent", "absent version", "absent id"):
        assert "ModelNotFound" in result[case]["text"], result[case]
    for case, failure in result.items():
        assert failure["seconds"] < 15, f"{case} was tried again: {failure}"
    assert hub.training_key not in hub.log()


def test_a_full_disk_is_said_at_once_and_the_hub_goes_on(make_hub, tmp_path):
    hub = make_hub("[listen]\naddress = '127.0.0.1'\nhttps_port = 0\nmqtt_port = 0\n",
                   SmallDisk("40m", tmp_path / "hub-0")).start()
    sdk = Sdk(hub, tmp_path)
    small = sdk.write("model.pb", b"a graph")
    sdk.write("half.bin", random.Random(3).randbytes(12 << 20))
    sdk.write("whole.bin", random.Random(2).randbytes(50 << 20))
    sdk.write("blocks.bin", random.Random(2).randbytes(80 << 20))
    for version, (good, too_large) in enumerate((("half.bin", "whole.bin"), ("model.pb", "blocks.bin")), 1):
        assert sdk("register_one", file=good)["ids"] == [f"m:{version}"]
        result = sdk("register_one", file=too_large)
        assert result["ids"] == []
        assert "disk is full" in result["error"]["text"], result
        assert result["error"]["seconds"] < 30, "it was tried again"
    result = sdk("download", model="m")
    assert result["files"] == {"download/model.pb": small}


def test_a_key_that_may_only_read(sdk, hub):
    result = sdk("read_only", user="prediction", key=hub.prediction_key)
    assert result["models"] == []
    assert "ModelsWrite" in result["register"]["text"]


def test_wrong_keys_slow_an_address_down(hub):
    assert login(hub, hub.training_key).status == 200
    for _ in range(10):
        assert login(hub, "wrong").status == 401
    slowed = login(hub, hub.training_key)
    assert slowed.status == 401
    assert "wait a minute" in slowed.json()["error_description"]
    assert hub.request("GET", "/ounce/v1/models").status == 200, "other wires go on"


def test_a_key_in_the_place_of_the_name_is_neither_logged_nor_said_again(hub):
    refused = login(hub, "training", user=hub.training_key)
    assert refused.status == 401
    assert "do not belong together" in refused.json()["error_description"]
    assert hub.training_key not in refused.json()["error_description"]
    assert login(hub, "wrong").status == 401
    hub.stop()
    assert "user=training" in hub.log()
    assert hub.training_key not in hub.log()


def test_a_signed_address_is_good_for_its_file_alone(sdk, hub):
    sdk("article")
    bearer = {"Authorization": f"Bearer {login(hub, hub.training_key).json()['access_token']}"}
    base = (f"/artifact/v2.0/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/"
            "Microsoft.MachineLearningServices/workspaces/w/artifacts")
    reserved = hub.request("POST", f"{base}/batch/metadata/LocalUpload/c1", {"paths": [{"path": "a"}, {"path": "b"}]},
                           bearer).json()
    targets = {path: "/" + content["contentUri"].split("/", 3)[3]
               for path, content in reserved["artifactContentInformation"].items()}
    assert hub.request("PUT", targets["a"], b"content", policy=None).status == 201
    assert hub.request("GET", targets["a"], policy=None).body == b"content"
    head = hub.request("HEAD", targets["a"], policy=None)
    assert (head.status, head.headers["Content-Length"]) == (200, "7")
    assert hub.request("GET", targets["b"], policy=None).status == 404
    mixed = targets["a"].split("?")[0] + "?" + targets["b"].split("?")[1]
    for address in (mixed, targets["a"].split("?")[0], targets["a"].replace("sp=rw", "sp=r")):
        refused = hub.request("PUT", address, b"other", policy=None)
        assert refused.status == 403
        assert b"<Code>AuthenticationFailed</Code>" in refused.body
    bad = hub.request("POST", f"{base}/batch/metadata/LocalUpload/c1", {"paths": [{"path": "../x"}]}, bearer).json()
    assert "../x" in bad["errors"]
    assert hub.request("GET", "/history/v1.0/anything", headers=bearer).json()["error"]["details"] == []
