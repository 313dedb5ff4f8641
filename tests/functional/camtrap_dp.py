"""The rules of Camera Trap Data Package 1.0.2 that its table schemas and profile state, for our tests."""
import csv
import json
import re

STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$")
FIELDS = {
    "deployments": "deploymentID locationID locationName latitude longitude coordinateUncertainty deploymentStart "
                   "deploymentEnd setupBy cameraID cameraModel cameraDelay cameraHeight cameraDepth cameraTilt "
                   "cameraHeading detectionDistance timestampIssues baitUse featureType habitat deploymentGroups "
                   "deploymentTags deploymentComments",
    "media": "mediaID deploymentID captureMethod timestamp filePath filePublic fileName fileMediatype exifData "
             "favorite mediaComments",
    "observations": "observationID deploymentID mediaID eventID eventStart eventEnd observationLevel observationType "
                    "cameraSetupType scientificName count lifeStage sex behavior individualID "
                    "individualPositionRadius individualPositionAngle individualSpeed bboxX bboxY bboxWidth "
                    "bboxHeight classificationMethod classifiedBy classificationTimestamp "
                    "classificationProbability observationTags observationComments",
}
# Latitude and longitude are required too: only the person who hung the camera knows them.
REQUIRED = {
    "deployments": ["deploymentID", "deploymentStart", "deploymentEnd"],
    "media": ["mediaID", "deploymentID", "timestamp", "filePath", "filePublic", "fileMediatype"],
    "observations": ["observationID", "deploymentID", "eventStart", "eventEnd", "observationLevel",
                     "observationType"],
}


def read(folder, name):
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        assert reader.fieldnames == FIELDS[name].split(), name
    for row in rows:
        for field in REQUIRED[name]:
            assert row[field], f"{name}: {field} is empty"
        for field in ("timestamp", "deploymentStart", "deploymentEnd", "eventStart", "eventEnd",
                      "classificationTimestamp"):
            assert not row.get(field) or STAMP.match(row[field]), (field, row[field])
    return rows


def validate(folder):
    """Returns the three tables; fails an assertion where a rule is broken."""
    package = json.loads((folder / "datapackage.json").read_text())
    for key in ("resources", "profile", "created", "contributors", "project", "spatial", "temporal", "taxonomic"):
        assert key in package, key
    assert [r["name"] for r in package["resources"]] == ["deployments", "media", "observations"]
    for resource in package["resources"]:
        assert resource["profile"] == "tabular-data-resource"
        assert "/1.0.2/" in resource["schema"] and (folder / resource["path"]).exists()
    assert "/1.0.2/" in package["profile"]
    assert STAMP.match(package["created"])
    assert re.match(r"^[a-z0-9._-]+$", package["name"])
    for contributor in package["contributors"]:
        assert contributor["title"]
        assert contributor["role"] in ("contact", "principalInvestigator", "rightsHolder", "publisher", "contributor")
    project = package["project"]
    assert project["samplingDesign"] in ("simpleRandom", "systematicRandom", "clusteredRandom", "experimental",
                                         "targeted", "opportunistic")
    assert set(project["captureMethod"]) <= {"activityDetection", "timeLapse"}
    assert isinstance(project["individualAnimals"], bool)
    assert set(project["observationLevel"]) <= {"media", "event"}
    assert package["temporal"]["start"] <= package["temporal"]["end"]

    deployments = read(folder, "deployments")
    media = read(folder, "media")
    observations = read(folder, "observations")
    cameras = {row["deploymentID"]: row for row in deployments}
    pictures = {row["mediaID"] for row in media}
    assert len(cameras) == len(deployments) and len(pictures) == len(media)
    assert len({row["observationID"] for row in observations}) == len(observations)
    for row in deployments:
        assert row["deploymentStart"] <= row["deploymentEnd"]
        assert row["timestampIssues"] in ("true", "false")
    for row in media:
        assert row["deploymentID"] in cameras
        assert row["captureMethod"] in ("activityDetection", "timeLapse")
        assert re.match(r"^(?=^[^./~])(^((?!\.{2}).)*$).*$", row["filePath"]), row["filePath"]
        assert row["filePublic"] in ("true", "false")
        assert re.match(r"^(image|video|audio)/.+$", row["fileMediatype"])
    names = set()
    for row in observations:
        assert row["deploymentID"] in cameras
        assert row["observationLevel"] in ("media", "event")
        assert row["observationType"] in ("animal", "human", "vehicle", "blank", "unknown", "unclassified")
        assert (row["mediaID"] in pictures) == (row["observationLevel"] == "media")
        assert row["eventID"] and row["eventStart"] <= row["eventEnd"]
        assert row["classificationMethod"] == "machine"
        assert 0 <= float(row["classificationProbability"]) <= 1
        for field in ("bboxX", "bboxY", "bboxWidth", "bboxHeight"):
            assert not row[field] or 0 <= float(row[field]) <= 1
        names |= {row["scientificName"]} - {""}
    assert names == {taxon["scientificName"] for taxon in package["taxonomic"]}
    return deployments, media, observations
