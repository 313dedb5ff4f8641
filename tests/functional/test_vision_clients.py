"""The hub's vision wire: the vendor's own clients, and callers that are wrong, large, hostile or interrupted."""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import time
import urllib.parse
import zipfile
from pathlib import Path

import pytest

SOURCE = Path(os.environ["OUNCE_SOURCE_DIR"])
DEPS = Path(os.environ["OUNCE_DEPS_DIR"])
TRAINING = "/customvision/v3.4-preview/training"
PATIENCE_S = 200


@pytest.fixture(scope="module")
def pictures(photos, tmp_path_factory):
    """Ten frames of each of two tags."""
    folder = tmp_path_factory.mktemp("pictures")
    for tag in ("red_deer", "empty"):
        (folder / tag).mkdir()
        for file in sorted((photos / tag).iterdir())[:10]:
            shutil.copy(file, folder / tag)
    return folder


@pytest.fixture(scope="module")
def picture(photos):
    """One that is not among them."""
    return sorted((photos / "red_deer").iterdir())[-1]


class Wire:
    """Calls of the training wire with a key, as JSON."""

    def __init__(self, hub):
        self.hub = hub

    def __call__(self, method, path, body=None, status=200, key=None, headers=None, base=TRAINING):
        headers = {"Training-Key": key or self.hub.training_key} | (headers or {})
        answer = self.hub.request(method, path if path.startswith("/") else f"{base}/{path}", body, headers,
                                  policy=None)
        assert answer.status == status, answer.body
        return answer.json() if answer.body else None

    def upload(self, project, content, tag, **options):
        return self("POST", f"projects/{project}/images?tagIds={tag}", form(content),
                    headers={"Content-Type": "multipart/form-data; boundary=b"}, **options)

    def project_with(self, folder, domain="0732100f-1a38-4e49-a514-c9b44c697ab5"):
        """A Multiclass project with the pictures of `folder`."""
        project = self("POST", f"projects?name=birds&classificationType=Multiclass&domainId={domain}")["id"]
        for tag_folder in sorted(folder.iterdir()):
            tag = self("POST", f"projects/{project}/tags?name={tag_folder.name}")["id"]
            images = [{"name": file.name, "contents": base64.b64encode(file.read_bytes()).decode()}
                      for file in sorted(tag_folder.iterdir())]
            summary = self("POST", f"projects/{project}/images/files", {"images": images, "tagIds": [tag]})
            assert summary["isBatchSuccessful"]
        return project

    def trained(self, project, iteration):
        began = time.monotonic()
        connection = self.hub.connect()  # one for all: so many new ones would be refused
        try:
            while True:
                connection.request("GET", f"{TRAINING}/projects/{project}/iterations/{iteration}",
                                   headers={"Training-Key": self.hub.training_key})
                told = json.loads(connection.getresponse().read())
                if told["status"] != "Training":
                    return told
                assert "trainedAt" not in told and time.monotonic() - began < PATIENCE_S
        finally:
            connection.close()


def form(content, name="imageData"):
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    return head.encode() + content + b"\r\n--b--\r\n"


@pytest.fixture
def wire(hub):
    return Wire(hub)


def run(command, hub, *arguments, **options):
    environment = os.environ | {"REQUESTS_CA_BUNDLE": str(hub.ca), "NODE_EXTRA_CA_CERTS": str(hub.ca)}
    done = subprocess.run([*command, f"https://{hub.host}:{hub.https_port}", hub.training_key, hub.prediction_key,
                           *map(str, arguments)], capture_output=True, text=True, check=False, timeout=240,
                          env=environment, **options)
    assert done.returncode == 0, done.stdout + done.stderr + hub.log()
    return json.loads(done.stdout)


# The vendor's clients


def test_python_client_runs_the_quickstart(hub, pictures, picture):
    told = run([DEPS / "clients-venv/bin/python", "-W", "ignore", SOURCE / "tests/clients/vision_quickstart.py"],
               hub, pictures, picture)
    assert told["domains"][0] == "General" and len(told["domains"]) == 18
    assert told["uploaded"][0] is True
    assert {status for _, status in told["uploaded"][1]} == {"OK"}
    assert told["again"] == "OKDuplicate"
    assert told["count"] == 20
    assert told["tags"] == {"empty": 10, "red_deer": 10}
    assert told["at once"] == ["Training", None]
    assert told["trained"] == ["Completed", True, True, ["ONNX"]]
    assert all(0 <= each <= 1 for each in told["performance"])
    assert told["image performances"] == [20, 2]
    assert set(told["predictions"]) == {"empty", "red_deer"}
    assert sum(told["predictions"].values()) == pytest.approx(1, abs=1e-4)
    assert told["quick test"] == told["predictions"]
    assert told["export"][0] == "Done"
    assert told["projects left"] == 0


def test_node_client_runs_the_quickstart_with_twenty_uploads_at_once(hub, pictures, picture):
    told = run(["node", SOURCE / "tests/clients/vision_quickstart.js"], hub, pictures, picture, cwd=DEPS / "clients")
    assert told["statuses"] == ["OK"] * 20
    assert told["streamed"][0] == "OKDuplicate"
    assert told["tagged"] == 20 and told["page"] == 3
    assert told["first"] == ["Training", False]
    assert told["trained"] == ["Completed", True, False]
    assert told["again"] == [400, "BadRequestTrainingNotNeeded"]
    assert told["published"] is True
    assert set(told["predictions"]) == {"empty", "red_deer"} and told["nostore"] == 2
    assert told["url"] == [400, "BadRequestImageUrl"]
    assert told["delete_published"] == [400, "BadRequestIterationIsPublished"]
    assert told["unpublished"] == [404, "NotFoundIteration"]
    assert told["projects_left"] == 0


# What is downloaded


def test_downloaded_package_answers_as_the_hub_does(hub, wire, ounce, pictures, picture, tmp_path):
    project = wire.project_with(pictures)
    iteration = wire("POST", f"projects/{project}/train")["id"]
    assert wire.trained(project, iteration)["status"] == "Completed"
    wire("POST", f"projects/{project}/iterations/{iteration}/publish?publishName=p&predictionId=x")
    answer = hub.request("POST", f"/customvision/v3.1/prediction/{project}/classify/iterations/p/image",
                         picture.read_bytes(), {"Prediction-Key": hub.prediction_key,
                                                "Content-Type": "application/octet-stream"}, policy=None)
    hub_says = {each["tagName"]: each["probability"] for each in answer.json()["predictions"]}
    assert answer.json()["id"] == answer.headers["apim-request-id"]

    export = wire("POST", f"projects/{project}/iterations/{iteration}/export?platform=Ounce")
    assert export["status"] == "Done"
    link = urllib.parse.urlsplit(export["downloadUri"])
    assert hub.request("GET", link.path, policy=None).status == 401, "only the signed address opens it"
    content = hub.request("GET", f"{link.path}?{link.query}", policy=None).body
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path / "package")
    ounce("package", "verify", tmp_path / "package")
    line, = ounce.json_lines("predict", "--model", tmp_path / "package", picture)
    own = {each["tag"]: each["probability"] for each in line["predictions"]}
    assert own == pytest.approx(hub_says, abs=1e-6)

    onnx = wire("POST", f"projects/{project}/iterations/{iteration}/export?platform=ONNX")
    link = urllib.parse.urlsplit(onnx["downloadUri"])
    content = hub.request("GET", f"{link.path}?{link.query}", policy=None).body
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert names == ["model.onnx", "labels.txt", "cvexport.manifest", "metadata_properties.json"]
    refused = wire("POST", f"projects/{project}/iterations/{iteration}/export?platform=CoreML", status=400)
    assert refused["code"] == "BadRequestExportValidationFailed"

    # Pictures open in a browser without a key.
    image = wire("GET", f"projects/{project}/images?take=1")[0]
    link = urllib.parse.urlsplit(image["thumbnailUri"])
    thumbnail = hub.request("GET", f"{link.path}?{link.query}", policy=None)
    assert thumbnail.headers["Content-Type"] == "image/jpeg" and thumbnail.body.startswith(b"\xff\xd8")


# Interruptions


def test_a_hub_killed_in_the_middle_of_a_training_goes_on_with_it(make_hub, pictures):
    hub = make_hub().start()
    wire = Wire(hub)
    project = wire.project_with(pictures)
    iteration = wire("POST", f"projects/{project}/train")["id"]
    hub.kill()
    hub.start()
    assert wire.trained(project, iteration)["status"] == "Completed"
    assert wire("POST", f"projects/{project}/iterations/{iteration}/publish?publishName=p&predictionId=x") is True
    hub.restart()
    assert wire("GET", f"projects/{project}/iterations/{iteration}")["publishName"] == "p"
    assert wire("GET", f"projects/{project}/images/tagged/count") == 20


def test_what_a_killed_hub_left_on_disk_is_cleared_away_at_the_start(make_hub, pictures, picture):
    hub = make_hub().start()
    wire = Wire(hub)
    project = wire.project_with(pictures)
    hub.kill()
    blobs = hub.folder / "blobs"
    kept = {path for path in blobs.glob("??/*")}
    content = picture.read_bytes()  # stored, and killed before its row came
    name = hashlib.sha256(content).hexdigest()
    stray = blobs / name[:2] / name
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(content)
    hub.start()
    began = time.monotonic()
    while stray.exists():
        assert time.monotonic() - began < PATIENCE_S
    assert {path for path in blobs.glob("??/*")} == kept
    for image in wire("GET", f"projects/{project}/images"):
        for uri in ("originalImageUri", "resizedImageUri", "thumbnailUri"):
            link = urllib.parse.urlsplit(image[uri])
            assert hub.request("GET", f"{link.path}?{link.query}", policy=None).status == 200


# Callers that are wrong


def test_keys_open_what_they_are_for(hub, wire):
    told = wire("GET", "projects", status=401, key="AAAA")
    assert told["error"]["code"] == "401" and "subscription key" in told["error"]["message"]
    assert wire("GET", "projects", status=403, key=hub.prediction_key)["code"] == "Forbidden"
    assert wire("GET", "projects", headers={"Training-Key": "", "Ocp-Apim-Subscription-Key": hub.training_key},
                status=401)["error"]["code"] == "401"
    assert hub.request("GET", f"{TRAINING}/projects", headers={"Ocp-Apim-Subscription-Key": hub.training_key},
                       policy=None).json() == []


@pytest.mark.parametrize("version, partly", [("v3.0", 200), ("v3.1", 207), ("v3.4-preview", 207)])
def test_what_is_wrong_with_one_picture_is_said_for_it(wire, picture, version, partly):
    project = wire("POST", "projects?name=p")["id"]
    batch = {"images": [{"name": "a.jpg", "contents": base64.b64encode(picture.read_bytes()).decode()},
                        {"name": "b.jpg", "contents": base64.b64encode(b"no picture").decode()},
                        {"name": "c.jpg", "contents": "*"},
                        {"name": "d.jpg", "contents": base64.b64encode(bytes(6 * 2**20 + 1)).decode()}]}
    told = wire("POST", f"projects/{project}/images/files", batch, status=partly,
                base=f"/customvision/{version}/Training")
    assert not told["isBatchSuccessful"]
    assert [each["status"] for each in told["images"]] == ["OK", "ErrorImageFormat", "ErrorImageFormat",
                                                           "ErrorImageSize"]
    assert [each["sourceUrl"] for each in told["images"]] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert told["images"][1]["image"] is None


def test_batches_and_bodies_have_bounds(hub, wire):
    project = wire("POST", "projects?name=p")["id"]
    many = {"images": [{"name": "a", "contents": "AAAA"}] * 65}
    assert wire("POST", f"projects/{project}/images/files", many, status=400)["code"] == "BadRequestExceededBatchSize"
    answer = hub.request("POST", f"/customvision/v3.1/prediction/{project}/classify/iterations/p/image",
                         bytes(5 << 20), {"Prediction-Key": hub.prediction_key,
                                          "Content-Type": "application/octet-stream"}, policy=None)
    assert answer.status == 413 and answer.json()["code"] == "BadRequestImageSizeBytes"
    assert wire("GET", f"projects/{project}/images?take=257", status=400)["code"] == "BadRequestInvalid"
    assert wire("GET", "projects")[0]["id"] == project, "the hub goes on"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a;b,c\"d'e", "'; DROP TABLE tag; --", "<script>", "\u96ea\u8c79",
                                  "a b/c", "%00x", "{\"a\":1}", "x" * 200])
def test_names_may_be_anything_a_person_types(wire, name):
    quoted = urllib.parse.quote(name, safe="")
    project = wire("POST", f"projects?name={quoted}")
    assert project["name"] == name
    tag = wire("POST", f"projects/{project['id']}/tags?name={quoted}")
    assert tag["name"] == name
    assert [each["name"] for each in wire("GET", f"projects/{project['id']}/tags")] == [name]


@pytest.mark.parametrize("name", ["", "%0Aa", "x" * 201, "%20a"])
def test_names_that_break_lines_or_lists_are_refused(wire, name):
    project = wire("POST", "projects?name=p")["id"]
    code = wire("POST", f"projects/{project}/tags?name={name}", status=400)["code"]
    assert code in ("BadRequestTagName", "BadRequestRequiredParamIsNull")


@pytest.mark.parametrize("method, path, body, status, code", [
    ("GET", "projects/not-an-id", None, 404, "NotFoundProject"),
    ("GET", "projects/00000000-0000-0000-0000-000000000001/tags", None, 404, "NotFoundProject"),
    ("POST", "projects?name=a&domainId=da2e3a8a-40a5-4171-82f4-58522f70fbc1", None, 400, "BadRequestUnsupportedDomain"),
    ("POST", "projects?name=a&classificationType=Both", None, 400, "BadRequestProjectUnknownClassification"),
    ("POST", "projects", None, 400, "BadRequestRequiredParamIsNull"),
    ("POST", "projects?name=a", "[1", 400, "BadRequest"),
    ("POST", "projects/import?token=x", None, 400, "BadRequestOperationNotSupported"),
    ("GET", "nothing/here", None, 404, None),
])
def test_wrong_calls_are_told_by_the_wires_own_codes(wire, method, path, body, status, code):
    told = wire(method, path, body, status=status)
    assert told.get("code") == code
    assert code is not None or told["error"]["code"] == "404"


def test_too_little_is_not_trained(wire, picture):
    project = wire("POST", "projects?name=p&classificationType=Multiclass")["id"]
    tag = wire("POST", f"projects/{project}/tags?name=a")["id"]
    assert wire.upload(project, picture.read_bytes(), tag)["images"][0]["status"] == "OK"
    assert wire.upload(project, picture.read_bytes(), tag)["images"][0]["status"] == "OKDuplicate"
    assert wire("POST", f"projects/{project}/train", status=400)["code"] == \
        "BadRequestClassificationTrainingValidationFailed"
    assert wire("GET", f"projects/{project}/iterations") == []
