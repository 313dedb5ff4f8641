"""The models' own wire: what docs/MODELS.md says."""

import io
import json
import os
import subprocess
import tarfile

PACKAGE_FILES = {"labels.txt": b"leopard\n", "sub/weights": bytes(range(256)) * 4000}


def upload(hub, content):
    answer = hub.request("POST", "/ounce/v1/uploads", content)
    assert answer.status == 201, answer.body
    return answer.json()["sha256"]


def register(hub, name="m", files=None, **more):
    listed = [{"path": path, "sha256": upload(hub, content)} for path, content in (files or PACKAGE_FILES).items()]
    answer = hub.request("POST", "/ounce/v1/models", {"name": name, "files": listed} | more)
    assert answer.status == 201, answer.body
    return answer.json()


def test_a_model_comes_back_file_by_file_and_as_an_archive(hub):
    model = register(hub, root="export", tags={"a": "b"}, description="d")
    assert (model["id"], model["size"], model["tags"]) == ("m:1", 1024008, {"a": "b"})
    shown = hub.request("GET", "/ounce/v1/models/m/versions/latest").json()
    assert [file["path"] for file in shown["files"]] == ["labels.txt", "sub/weights"]
    at = "/ounce/v1/models/m/versions/1"
    for path, content in PACKAGE_FILES.items():
        assert hub.request("GET", f"{at}/files/{path}").body == content
    part = hub.request("GET", f"{at}/files/sub/weights", headers={"Range": "bytes=256-259"})
    assert (part.status, part.body) == (206, b"\0\1\2\3")
    archive = hub.request("GET", f"{at}/archive")
    with tarfile.open(fileobj=io.BytesIO(archive.body)) as tar:
        assert {entry.name: tar.extractfile(entry).read() for entry in tar} == {
            f"export/{path}": content for path, content in PACKAGE_FILES.items()}
    assert hub.request("GET", f"{at}/archive").body == archive.body
    hub.restart()
    assert hub.request("GET", f"{at}/archive").body == archive.body


def test_a_form_carries_files_and_all(hub):
    parts = [('name="model"', b'{"name":"form","tags":{"k":"v"}}')]
    parts += [(f'name="file"; filename="{path}"', content) for path, content in PACKAGE_FILES.items()]
    body = b"".join(b"--cut\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
                    for head, content in parts) + b"--cut--\r\n"
    made = hub.request("POST", "/ounce/v1/models", body, {"Content-Type": "multipart/form-data; boundary=cut"})
    assert made.status == 201, made.body
    assert hub.request("GET", "/ounce/v1/models/form/versions/1/files/sub/weights").body == PACKAGE_FILES["sub/weights"]


def test_deletion_ends_no_download_that_has_begun(hub):
    register(hub, files={"large": b"x" * (32 << 20)})
    connection = hub.connect()
    connection.request("GET", "/ounce/v1/models/m/versions/1/files/large",
                       headers={"Authorization": hub.sas_token("iothubowner")})
    response = connection.getresponse()
    begun = response.read(1000)
    assert hub.request("DELETE", "/ounce/v1/models/m/versions/1").status == 204
    assert begun + response.read() == b"x" * (32 << 20)
    connection.close()
    assert hub.request("GET", "/ounce/v1/models/m/versions/1").status == 404
    assert register(hub)["version"] == 2


def test_what_is_acknowledged_survives_kill_9(hub):
    for version in range(1, 6):
        assert register(hub, files={"f": str(version).encode()})["version"] == version
        hub.kill()
        hub.start()
    assert [model["version"] for model in hub.request("GET", "/ounce/v1/models?name=m").json()["models"]] == [
        5, 4, 3, 2, 1]
    assert hub.request("GET", "/ounce/v1/models/m/versions/3/files/f").body == b"3"


def test_wrong_requests_are_told_why_and_change_nothing(hub):
    digest = upload(hub, b"content")
    cases = [
        ({"name": "bad name", "files": [{"path": "a", "sha256": digest}]}, 400, "letters"),
        ({"name": "m", "files": []}, 400, "at least one file"),
        ({"name": "m", "files": [{"path": "../a", "sha256": digest}]}, 400, "path"),
        ({"name": "m", "files": [{"path": "a", "sha256": "0" * 64}]}, 404, "has not been uploaded"),
        ({"name": "m", "files": [{"path": "a", "sha256": "../../keys/ca.key"}]}, 404, "has not been uploaded"),
        ({"name": "m", "tags": 1, "files": []}, 400, "tags"),
    ]
    for body, status, word in cases:
        answer = hub.request("POST", "/ounce/v1/models", body)
        assert answer.status == status, answer.body
        assert word in answer.json()["error"]["message"]
    assert hub.request("POST", f"/ounce/v1/uploads?sha256={'0' * 64}", b"x").status == 400
    large = hub.request("POST", "/ounce/v1/models", b"[" + b"0," * (10 << 20) + b"0]")
    assert large.status == 413 and "20971520 bytes" in large.json()["error"]["message"]
    assert hub.request("GET", "/ounce/v1/models?unknown=1").status == 400
    assert hub.request("GET", "/ounce/v1/models").json() == {"models": [], "next": None}
    assert hub.request("POST", "/ounce/v1/models", cases[0][0], policy="device").status == 403
    assert hub.request("GET", "/ounce/v1/models", policy="registryRead").status == 403
    assert hub.request("GET", "/ounce/v1/models", policy=None).status == 401


def test_the_command_line_registers_a_package_and_fetches_it_whole(hub, package, tmp_path):
    environment = {"OUNCE_CONNECTION_STRING": hub.connection_string(), "OUNCE_CA": hub.ca, "HOME": str(tmp_path)}

    def ounce(*arguments):
        done = subprocess.run([os.environ["OUNCE_PROGRAM"], *map(str, arguments), "--json"], capture_output=True,
                              text=True, check=False, timeout=60, env=os.environ | environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    made = ounce("model", "register", "colours", package, "--tag", "area=ladakh", "--property", "seed=7")
    assert (made["id"], made["root"], made["package"]["kind"]) == ("colours:1", "colours", "multiclass")
    assert [tag["name"] for tag in made["package"]["tags"]] == (package / "labels.txt").read_text().split()
    assert ounce("model", "register", "colours", package)["version"] == 2
    listed = ounce("model", "list", "--tag", "area=ladakh")["models"]
    assert [model["id"] for model in listed] == ["colours:1"]
    ounce("model", "download", "colours:1", "--out", tmp_path / "back")
    assert {path.relative_to(package): path.read_bytes() for path in package.rglob("*") if path.is_file()} == {
        path.relative_to(tmp_path / "back"): path.read_bytes()
        for path in (tmp_path / "back").rglob("*") if path.is_file()}
    ounce("package", "verify", tmp_path / "back")
    ounce("model", "delete", "colours:1")
    assert ounce("model", "show", "colours")["version"] == 2
