"""The Azure ML SDK for Python (azureml-core), unchanged, against a hub: what test_azureml.py asks it to do.

    azureml_models.py CASE < FACTS

FACTS is JSON: subscription, and the name and key to log in with. Prints one JSON object. The environment names the
hub, as `ounce trust azureml` says; the current folder holds the files to register.
"""

import base64
import hashlib
import json
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from azureml.core import Model, Workspace  # noqa: E402
from azureml.core.authentication import ServicePrincipalAuthentication, TokenAuthentication  # noqa: E402
from azureml.core.resource_configuration import ResourceConfiguration  # noqa: E402

FACTS = json.load(sys.stdin)


def workspace(name="work", key=None):
    login = ServicePrincipalAuthentication("any-tenant", FACTS["user"], key or FACTS["key"])
    return Workspace(FACTS["subscription"], "some-group", name, auth=login)


def ids(models):
    return [model.id for model in models]


def files_below(path):
    path = Path(path)
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path.parent)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def article():
    """The published article's own lines."""
    ws = workspace()
    Model.register(model_path="model.pb", model_name="snow-leopard", tags={"area": "ladakh"}, description="d",
                   workspace=ws)
    listed = Model.list(workspace=ws)
    print(listed)
    return {"ids": ids(listed), "workspace": ws.name, "group": ws.resource_group, "location": ws.location}


def environment_login():
    """No auth object, no names: everything comes from variables and config.json."""
    ws = Workspace.from_config()
    return {"workspace": ws.name, "models": ids(Model.list(ws))}


def register():
    ws = workspace()
    one = Model.register(ws, "model.pb", "one", tags={"area": "ladakh", "season": ""}, properties={"seed": "7"},
                         description="first", model_framework=Model.Framework.ONNX, model_framework_version="1.2",
                         resource_configuration=ResourceConfiguration(cpu=1.0, memory_in_gb=0.5))
    folder = Model.register(ws, "model_dir", "folder")
    part = Model.register(ws, "model_dir", "part", child_paths=["labels.txt", "sub"])
    again = Model.register(ws, "model.pb", "one", tags={"area": "spiti"})
    empty = Model.register(ws, "empty", "empty")
    downloads = {}
    for model in (one, folder, part, again, empty):
        target = f"download-{model.name}-{model.version}"
        downloads[model.id] = [model.download(target), files_below(target)]
    got = Model(ws, "one", version=1)
    by_id = Model(ws, id="one:1")
    by_tags = Model(ws, "one", tags=[["area", "ladakh"]])
    return {
        "downloads": downloads, "latest": Model(ws, "one").version, "by_id": by_id.version,
        "by_tags": by_tags.version, "tags": got.tags, "properties": got.properties, "description": got.description,
        "framework": [got.model_framework, got.model_framework_version],
        "cpu": got.resource_configuration.cpu, "created_by": got.created_by["userName"],
        "models": sorted(ws.models), "path": Model.get_model_path("one", version=1, _workspace=ws),
        "sas": len(folder.get_sas_urls()), "serialized": got.serialize()["id"],
    }


def lists():
    ws = workspace()
    for number in range(3):
        Model.register(ws, "model.pb", "a", tags={"n": str(number), "all": ""}, properties={"p": str(number)})
    Model.register(ws, "model.pb", "b", tags={"n": "1"}, model_framework=Model.Framework.TENSORFLOW)
    return {
        "all": ids(Model.list(ws)), "name": ids(Model.list(ws, name="a")), "latest": ids(Model.list(ws, latest=True)),
        "tag key": ids(Model.list(ws, tags=["all"])), "tag value": ids(Model.list(ws, tags=[["n", "1"]])),
        "tags": ids(Model.list(ws, tags=[["n", "1"], "all"])),
        "properties": ids(Model.list(ws, properties=[["p", "2"]])),
        "nothing": ids(Model.list(ws, name="absent")), "data set": ids(Model.list(ws, dataset_id="of-nobody")),
    }


def pages():
    """More models than a page holds; the caller has registered them."""
    ws = workspace()
    return {"ids": ids(Model.list(ws)), "few": ids(Model.list(ws, page_count=20))}


def change():
    ws = workspace()
    model = Model.register(ws, "model.pb", "m", tags={"a": "1"}, properties={"p": "1"})
    model.add_tags({"b": "2"})
    model.remove_tags(["a"])
    model.add_properties({"q": "2"})
    model.update(description="new", tags={"c": "3"})
    model.update_tags_properties(add_tags={"d": "4"}, add_properties={"r": "3"})
    fresh = Model(ws, "m")
    answer = {"tags": fresh.tags, "properties": fresh.properties, "description": fresh.description}
    fresh.delete()
    answer["after"] = error_of(lambda: Model(ws, "m"))
    answer["next"] = Model.register(ws, "model.pb", "m").version
    return answer


def error_of(act):
    begin = time.monotonic()
    try:
        act()
    except Exception as error:  # whatever the SDK makes of it: the caller looks at the text
        return {"type": type(error).__name__, "text": str(error), "seconds": time.monotonic() - begin}
    return None


def large():
    ws = workspace()
    model = Model.register(ws, "large.bin", "large")
    model.download("download")
    return {"files": files_below("download"), "sent": files_below("large.bin")}


def names():
    """Names that an address must escape."""
    ws = workspace()
    model = Model.register(ws, "öd näme", "names")
    model.download("download")
    return {"files": files_below("download/öd näme"), "sent": files_below("öd näme")}


def download():
    """A model that somebody else registered."""
    model = Model(workspace(), FACTS["model"])
    return {"path": model.download("download"), "files": files_below("download")}


def errors():
    def token(**claims):
        parts = [{"alg": "HS256", "typ": "JWT"}, claims]
        return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
                        for part in parts) + ".AAAA"

    def workspace_by(text):
        return Workspace(FACTS["subscription"], "g", "w", auth=TokenAuthentication(lambda audience: text))

    ws = workspace()
    return {
        "wrong key": error_of(lambda: workspace(key="bm90IHRoZSBrZXkgbm90IHRoZSBrZXkgbm90IHRoZSBrZXk=")),
        "expired": error_of(lambda: workspace_by(FACTS["expired"])),
        "forged": error_of(lambda: workspace_by(token(exp=int(time.time()) + 999, tid="t", sub="training",
                                                      rights=["ModelsRead"]))),
        "absent": error_of(lambda: Model(ws, "absent")),
        "absent version": error_of(lambda: Model(ws, "absent", version=3)),
        "absent id": error_of(lambda: Model(ws, id="absent:1")),
        "runs": error_of(lambda: ws.experiments),
    }


def read_only():
    ws = workspace()
    return {"models": ids(Model.list(ws)),
            "register": error_of(lambda: Model.register(ws, "model.pb", "m"))}


def register_one():
    """Registers the current folder's model.pb; tells the error if it fails."""
    ws = workspace()
    model = []
    failure = error_of(lambda: model.append(Model.register(ws, FACTS.get("file", "model.pb"), "m")))
    return {"error": failure, "ids": ids(model)}


if __name__ == "__main__":
    result = globals()[sys.argv[1]]()
    print("RESULT " + json.dumps(result))
