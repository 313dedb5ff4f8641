"""The hub as a registry of container images: skopeo, a Docker Engine, and the specification's own words."""

import base64
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from oci_image import INDEX, MANIFEST, Image, descriptor, digest_of, write_layout

ADDRESS = "10.99.0.1"  # in a network of the test's own: no loopback address, so Docker insists on the certificate


def certificates(hub, folder):
    """The CA as skopeo wants it."""
    place = folder / "certificates"
    place.mkdir(exist_ok=True)
    shutil.copy(hub.ca, place / "ca.crt")
    return place


@pytest.fixture
def skopeo(hub, tmp_path):
    """Copies images with a key that may push (`user`, else `training`)."""
    trust = certificates(hub, tmp_path)

    def run(verb, *arguments, user="training", key=None, status=0):
        done = subprocess.run(["skopeo", "--insecure-policy", verb, *map(str, arguments)], capture_output=True,
                              text=True, check=False, timeout=120)
        assert (done.returncode == 0) == (status == 0), f"{done.stdout}{done.stderr}\n{hub.log()}"
        return done.stdout + done.stderr

    def credentials(side, user, key):
        dash = f"--{side}-" if side else "--"
        return [f"{dash}cert-dir={trust}", f"{dash}creds={user}:{key}"]

    def copy(source, target, *options, user="training", key=None, status=0):
        side = "dest" if str(target).startswith("docker:") else "src"
        return run("copy", *credentials(side, user, key or hub.training_key), *options, source, target, status=status)

    copy.inspect = lambda verb, target: run(verb, *credentials("", "training", hub.training_key), target)
    copy.at = f"docker://localhost:{hub.https_port}"
    return copy


def blobs_of(layout):
    return {path.name: path.read_bytes() for path in (layout / "blobs/sha256").iterdir()}


def basic(hub, policy="training"):
    key = {"training": hub.training_key, "prediction": hub.prediction_key}.get(policy) or hub.keys[policy]
    return {"Authorization": "Basic " + base64.b64encode(f"{policy}:{key}".encode()).decode()}


def ask(hub, method, path, body=None, policy="training", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return hub.request(method, path, body, basic(hub, policy) | names, policy=None)


def push_blob(hub, repository, content):
    answer = ask(hub, "POST", f"/v2/{repository}/blobs/uploads/?digest={digest_of(content)}", content)
    assert answer.status == 201, answer.body
    return digest_of(content)


def push(hub, repository, tag, image):
    for content in image.blobs:
        push_blob(hub, repository, content)
    answer = ask(hub, "PUT", f"/v2/{repository}/manifests/{tag}", image.manifest, Content_Type=MANIFEST)
    assert answer.status == 201, answer.body
    return answer.headers["Docker-Content-Digest"]


def code_of(answer):
    return answer.status, answer.json()["errors"][0]["code"]


# skopeo


def test_skopeo_gets_back_what_it_pushed(skopeo, tmp_path):
    images = [Image(1, (20 << 20, 500, 0)), Image(2, (700,), "arm64")]
    one = write_layout(tmp_path / "one", images[:1])
    all_of_them = write_layout(tmp_path / "all", images)
    for name, pushed, options in (("one", one, []), ("all", all_of_them, ["--all"])):
        skopeo(f"oci:{tmp_path}/{name}:latest", f"{skopeo.at}/tests/{name}:v1", *options)
        skopeo(f"{skopeo.at}/tests/{name}:v1", f"oci:{tmp_path}/{name}-back:latest", *options)
        assert blobs_of(tmp_path / f"{name}-back") == pushed
    assert json.loads(skopeo.inspect("list-tags", f"{skopeo.at}/tests/all"))["Tags"] == ["v1"]
    skopeo.inspect("delete", f"{skopeo.at}/tests/all:v1")
    assert "manifest unknown" in skopeo(f"{skopeo.at}/tests/all:v1", f"dir:{tmp_path}/gone", status=1).lower()


def test_who_may_push_and_pull(skopeo, hub, tmp_path):
    write_layout(tmp_path / "one", [Image()])
    layout = f"oci:{tmp_path}/one:latest"
    refused = skopeo(layout, f"{skopeo.at}/one:v1", user="service", key=hub.keys["service"], status=1)
    assert "denied" in refused.lower()
    wrong = skopeo(layout, f"{skopeo.at}/one:v1", key="d3Jvbmc=", status=1)
    assert "unauthorized" in wrong.lower()
    skopeo(layout, f"{skopeo.at}/one:v1", user="iothubowner", key=hub.keys["iothubowner"])
    skopeo(f"{skopeo.at}/one:v1", f"oci:{tmp_path}/back:latest", user="device", key=hub.keys["device"])
    nobody = hub.request("GET", "/v2/", policy=None)
    assert code_of(nobody) == (401, "UNAUTHORIZED")
    assert nobody.headers["WWW-Authenticate"].startswith("Basic ")
    assert ask(hub, "GET", "/v2/", policy="prediction").status == 200
    assert code_of(ask(hub, "GET", "/v2/", policy="registryRead")) == (403, "DENIED")


def size_of(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:  # what came is taken away as soon as it is whole
        return 0


def test_a_push_that_kill_9_cut_off_is_done_again(skopeo, hub, tmp_path):
    pushed = write_layout(tmp_path / "one", [Image(1, (60 << 20, 1000))])
    trust = certificates(hub, tmp_path)
    command = ["skopeo", "--insecure-policy", "copy", f"--dest-cert-dir={trust}",
               f"--dest-creds=training:{hub.training_key}", f"oci:{tmp_path}/one:latest",
               f"docker://localhost:{hub.https_port}/one:v1"]
    copying = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:  # until some of the layer is on the disk
        if any(size_of(path) > 1 << 20 for path in (hub.folder / "tmp").iterdir()):
            break
    else:
        raise AssertionError("the push did not begin")
    hub.kill()
    assert copying.wait(120) != 0
    hub.start()
    assert not list((hub.folder / "tmp").iterdir()), "what nobody will ask for is left lying"
    at = f"docker://localhost:{hub.https_port}/one:v1"
    skopeo(f"oci:{tmp_path}/one:latest", at)
    skopeo(at, f"oci:{tmp_path}/back:latest")
    assert blobs_of(tmp_path / "back") == pushed


# The specification


def test_an_upload_in_pieces_goes_on_after_kill_9(hub):
    content = random.Random(1).randbytes(3_000_000)
    start = ask(hub, "POST", "/v2/a/b/blobs/uploads/")
    assert start.status == 202
    place = start.headers["Location"]
    first = ask(hub, "PATCH", place, content[:1_000_000], Content_Range="0-999999")
    assert (first.status, first.headers["Range"]) == (202, "0-999999")
    cut_off = hub.connect()
    cut_off.putrequest("PATCH", place)
    for name, value in (basic(hub) | {"Content-Length": "2000000"}).items():
        cut_off.putheader(name, value)
    cut_off.endheaders(content[1_000_000:1_500_000])
    hub.kill()
    cut_off.close()
    hub.start()
    status = ask(hub, "GET", place)
    assert (status.status, status.headers["Range"]) == (204, "0-999999"), "what was acknowledged is there"
    gap = ask(hub, "PATCH", place, content[1_500_000:], Content_Range="1500000-2999999")
    assert (gap.status, gap.headers["Range"]) == (416, "0-999999")
    rest = ask(hub, "PATCH", place, content[1_000_000:2_000_000], Content_Range="1000000-1999999")
    assert rest.status == 202
    done = ask(hub, "PUT", f"{place}?digest={digest_of(content)}", content[2_000_000:])
    assert (done.status, done.headers["Docker-Content-Digest"]) == (201, digest_of(content))
    assert ask(hub, "GET", done.headers["Location"]).body == content
    assert code_of(ask(hub, "GET", place)) == (404, "BLOB_UPLOAD_UNKNOWN")


class BrokenOff:
    """A PATCH whose sender goes away before it has sent all that it announced."""

    def __init__(self, hub, place, content, announced, **headers):
        self.connection = hub.connect()
        self.connection.putrequest("PATCH", place)
        headers = basic(hub) | {"Content-Length": str(announced)} | {
            name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(content)

    def go(self):
        """Ends it, and returns when the hub has dealt with what came."""
        sock = self.connection.sock
        sock.shutdown(socket.SHUT_WR)  # not close(): with something unread that would take back what was sent
        while sock.recv(4096):
            pass
        self.connection.close()


def range_of(hub, place):
    return ask(hub, "GET", place).headers["Range"]


def test_a_piece_that_broke_off_is_kept_as_far_as_it_came(hub):
    content = random.Random(2).randbytes(3_000_000)
    place = ask(hub, "POST", "/v2/a/blobs/uploads/").headers["Location"]
    BrokenOff(hub, place, content[:700_000], 1_000_000).go()  # the first: one that says nothing of where it begins
    assert range_of(hub, place) == "0-699999"
    BrokenOff(hub, place, content[700_000:1_500_000], 2_300_000, Content_Range="700000-2999999").go()
    assert range_of(hub, place) == "0-1499999"
    hub.kill()
    hub.start()
    assert range_of(hub, place) == "0-1499999", "what the sender was told of is on the disk"
    assert ask(hub, "PATCH", place, content[1_500_000:], Content_Range="1500000-2999999").status == 202
    done = ask(hub, "PUT", f"{place}?digest={digest_of(content)}")
    assert done.status == 201, done.body
    assert ask(hub, "GET", done.headers["Location"]).body == content


def test_a_piece_that_broke_off_is_not_put_behind_what_was_sent_anew(hub):
    place = ask(hub, "POST", "/v2/a/blobs/uploads/").headers["Location"]
    late = BrokenOff(hub, place, b"0123", 10)
    ranged = BrokenOff(hub, place, b"0123", 10, Content_Range="0-9")
    deadline = time.monotonic() + 30
    while len(list((hub.folder / "tmp").iterdir())) < 2:
        assert time.monotonic() < deadline, "the pieces did not come"
    assert ask(hub, "PATCH", place, b"0123456").headers["Range"] == "0-6"
    late.go()
    ranged.go()
    assert not list((hub.folder / "tmp").iterdir()), "the pieces are gone"
    assert range_of(hub, place) == "0-6"
    assert ask(hub, "PUT", f"{place}?digest={digest_of(b'0123456789')}", b"789").status == 201


def test_blobs_whole_in_part_mounted_and_deleted(hub):
    content = b"0123456789"
    digest = push_blob(hub, "a", content)
    head = ask(hub, "HEAD", f"/v2/a/blobs/{digest}")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "10", b"")
    part = ask(hub, "GET", f"/v2/a/blobs/{digest}", Range="bytes=3-5")
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"345", "bytes 3-5/10")
    assert ask(hub, "GET", f"/v2/a/blobs/{digest}", Range="bytes=10-").status == 416
    assert code_of(ask(hub, "GET", f"/v2/b/blobs/{digest}")) == (404, "BLOB_UNKNOWN")
    assert ask(hub, "POST", f"/v2/b/blobs/uploads/?mount={digest}&from=a").status == 201
    assert ask(hub, "GET", f"/v2/b/blobs/{digest}").body == content
    unknown = digest_of(b"nobody has this")
    assert ask(hub, "POST", f"/v2/b/blobs/uploads/?mount={unknown}&from=a").status == 202, "send it then"
    assert ask(hub, "DELETE", f"/v2/a/blobs/{digest}").status == 202
    assert ask(hub, "GET", f"/v2/a/blobs/{digest}").status == 404
    assert ask(hub, "GET", f"/v2/b/blobs/{digest}").body == content


def test_manifests_tags_and_lists(hub):
    images = [Image(seed) for seed in range(3)]
    digests = [push(hub, "team/one", f"v{number}", image) for number, image in enumerate(images)]
    push(hub, "other", "x", images[0])
    for reference in ("v1", digests[1]):
        got = ask(hub, "GET", f"/v2/team/one/manifests/{reference}")
        assert (got.body, got.headers["Content-Type"]) == (images[1].manifest, MANIFEST)
        assert got.headers["Docker-Content-Digest"] == digests[1] == digest_of(images[1].manifest)
    assert ask(hub, "HEAD", "/v2/team/one/manifests/v1").headers["Content-Length"] == str(len(images[1].manifest))
    page = ask(hub, "GET", "/v2/team/one/tags/list?n=2")
    assert page.json() == {"name": "team/one", "tags": ["v0", "v1"]}
    following = page.headers["Link"].split(">")[0].strip("<")
    last = ask(hub, "GET", following)
    assert (last.json()["tags"], last.headers["Link"]) == (["v2"], None)
    assert ask(hub, "GET", "/v2/_catalog").json() == {"repositories": ["other", "team/one"]}
    assert ask(hub, "DELETE", "/v2/team/one/manifests/v0").status == 202
    assert ask(hub, "GET", f"/v2/team/one/manifests/{digests[0]}").status == 200, "only the tag went"
    assert ask(hub, "DELETE", f"/v2/team/one/manifests/{digests[0]}").status == 202
    assert code_of(ask(hub, "GET", f"/v2/team/one/manifests/{digests[0]}")) == (404, "MANIFEST_UNKNOWN")


def test_referrers(hub):
    image = Image()
    digest = push(hub, "a", "v1", image)
    signature = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "sig/x",
                            "config": descriptor("application/vnd.oci.empty.v1+json", image.config),
                            "layers": [descriptor("x/y", image.layers[0])], "annotations": {"by": "me"},
                            "subject": descriptor(MANIFEST, image.manifest)}).encode()
    put = ask(hub, "PUT", f"/v2/a/manifests/{digest_of(signature)}", signature, Content_Type=MANIFEST)
    assert (put.status, put.headers["OCI-Subject"]) == (201, digest)
    found = ask(hub, "GET", f"/v2/a/referrers/{digest}")
    assert found.headers["Content-Type"] == INDEX
    assert found.json()["manifests"] == [descriptor(MANIFEST, signature, artifactType="sig/x",
                                                    annotations={"by": "me"})]
    assert ask(hub, "GET", f"/v2/a/referrers/{digest}?artifactType=other").json()["manifests"] == []


def test_wrong_requests_get_the_codes_of_the_specification(hub):
    image = Image()
    content = image.config
    wrong = digest_of(b"something else")
    assert code_of(ask(hub, "POST", f"/v2/a/blobs/uploads/?digest={wrong}", content)) == (400, "DIGEST_INVALID")
    assert code_of(ask(hub, "PUT", "/v2/a/manifests/v1", image.manifest, Content_Type=MANIFEST)) == (
        400, "MANIFEST_BLOB_UNKNOWN")
    for path in ("/v2/A/blobs/uploads/", "/v2/a__/blobs/uploads/", "/v2/a%2Fb../blobs/uploads/"):
        assert code_of(ask(hub, "POST", path)) == (400, "NAME_INVALID")
    assert code_of(ask(hub, "GET", "/v2/a/blobs/sha512:00")) == (400, "DIGEST_INVALID")
    assert code_of(ask(hub, "PUT", "/v2/a/manifests/v1", b"{}", Content_Type=MANIFEST)) == (400, "MANIFEST_INVALID")
    large = ask(hub, "PUT", "/v2/a/manifests/v1", b" " * ((4 << 20) + 1), Content_Type=MANIFEST)
    assert code_of(large) == (413, "SIZE_INVALID")
    assert code_of(ask(hub, "GET", "/v2/a/tags/list")) == (404, "NAME_UNKNOWN")
    assert code_of(ask(hub, "POST", "/v2/_catalog")) == (405, "UNSUPPORTED")
    assert ask(hub, "GET", "/v2/_catalog").json() == {"repositories": []}, "nothing of all this was kept"


# Docker


class Engine:
    """A Docker Engine of the test's own beside the hub in a private network: no bridge, no firewall, own folders."""

    def __init__(self, network, folder, environment):
        self.network = network
        self.folder = folder
        self.socket = f"unix://{folder}/socket"
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            network.command("dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false",
                            "--data-root", folder / "data", "--exec-root", folder / "exec", "-H", self.socket,
                            "-p", folder / "pid"),
            stdout=self.log, stderr=self.log, env=os.environ | environment)
        deadline = time.monotonic() + 60
        while self("version", status=None).returncode != 0:
            assert self.process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()

    def __call__(self, *arguments, status=0, **options):
        done = subprocess.run(["docker", "-H", self.socket, *arguments], capture_output=True, check=False, timeout=120,
                              env=os.environ | {"DOCKER_CONFIG": str(self.folder / "config")}, **options)
        if status is not None:
            text = (done.stdout + done.stderr).decode()
            assert (done.returncode == 0) == (status == 0), text + (self.folder / "log").read_text()
        return done

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


@pytest.fixture
def far_hub(make_hub, private_network):
    private_network.run("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
    hub = make_hub(network=private_network)
    assert hub.command("init", "--data", hub.folder, "--host", ADDRESS).returncode == 0
    return hub.start()


@pytest.fixture
def make_engine(private_network):
    made = []

    def make(**environment):
        folder = Path(tempfile.mkdtemp(prefix="engine-"))  # a short path: it holds sockets
        made.append(Engine(private_network, folder, environment))
        return made[-1]

    yield make
    for engine in made:
        engine.close()
        shutil.rmtree(engine.folder)


def test_a_docker_engine_logs_in_pushes_and_pulls(far_hub, make_engine, tmp_path):
    engine = make_engine(SSL_CERT_FILE=far_hub.ca)
    name = f"{ADDRESS}/wildlife/classifier:v1"
    write_layout(tmp_path / "layout", [Image(1, (5 << 20, 2000))])
    archive = tmp_path / "image.tar"
    done = subprocess.run(["skopeo", "--insecure-policy", "copy", f"oci:{tmp_path}/layout:latest",
                           f"docker-archive:{archive}:{name}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    engine("load", "-i", str(archive))
    before = engine("image", "inspect", "--format", "{{.Id}} {{.RootFS.Layers}}", name).stdout
    assert b"no basic auth" in engine("push", name, status=1).stderr.lower()
    refused = engine("login", ADDRESS, "--username", "training", "--password-stdin", input=b"wrong", status=1)
    assert b"unauthorized" in refused.stderr.lower()
    engine("login", ADDRESS, "--username", "training", "--password-stdin", input=far_hub.training_key.encode())
    engine("push", name)
    engine("push", name)  # everything is there: nothing is sent
    engine("rmi", name)
    engine("pull", name)
    assert engine("image", "inspect", "--format", "{{.Id}} {{.RootFS.Layers}}", name).stdout == before
    assert b"not found" in engine("pull", f"{ADDRESS}/wildlife/classifier:absent", status=1).stderr.lower()


def test_a_docker_engine_that_does_not_know_the_authority_refuses(far_hub, make_engine):
    engine = make_engine()
    refused = engine("login", ADDRESS, "--username", "training", "--password-stdin",
                     input=far_hub.training_key.encode(), status=1)
    assert b"x509" in refused.stderr.lower()
