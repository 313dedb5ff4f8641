"""Container images made by hand, for tests that push them: the same bytes each time."""

import gzip
import hashlib
import io
import json
import random
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(kind, content, **more):
    return {"mediaType": kind, "digest": digest_of(content), "size": len(content)} | more


def tar_of(files):
    """A layer: name -> content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class Image:
    """A config, layers and the manifest that names them."""

    def __init__(self, seed=1, layer_bytes=(1000,), architecture="amd64"):
        tars = [tar_of({f"file-{seed}-{number}": random.Random(seed * 100 + number).randbytes(size)})
                for number, size in enumerate(layer_bytes)]
        self.layers = [gzip.compress(tar, 1, mtime=0) for tar in tars]
        self.config = json.dumps({
            "architecture": architecture, "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in tars]}}).encode()
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", self.config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer) for layer in self.layers],
        }).encode()

    @property
    def blobs(self):
        return [self.config, *self.layers]


def write_layout(folder, images, tag="latest"):
    """An OCI image layout with an index of `images`, or the one image."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for image in images:
        for content in [*image.blobs, image.manifest]:
            (blobs / digest_of(content)[7:]).write_bytes(content)
    named = descriptor(MANIFEST, images[0].manifest)
    if len(images) > 1:
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            descriptor(MANIFEST, image.manifest,
                       platform={"os": "linux", "architecture": json.loads(image.config)["architecture"]})
            for image in images]}).encode()
        (blobs / digest_of(index)[7:]).write_bytes(index)
        named = descriptor(INDEX, index)
    named["annotations"] = {"org.opencontainers.image.ref.name": tag}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return {path.name: path.read_bytes() for path in blobs.iterdir()}
