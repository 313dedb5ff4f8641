#!/usr/bin/env python3
"""The vendor's classification quickstart by its Python client, pointed at a hub.

    vision_quickstart.py ENDPOINT TRAINING_KEY PREDICTION_KEY PICTURES PICTURE

PICTURES has a folder for each tag; PICTURE is what the trained model is asked about. Prints what came of it as JSON.
The hub's CA is in REQUESTS_CA_BUNDLE.
"""

import json
import sys
import time
from pathlib import Path

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry
from msrest.authentication import ApiKeyCredentials

PATIENCE_S = 200


def main(endpoint, training_key, prediction_key, pictures, picture):
    told = {}
    trainer = CustomVisionTrainingClient(endpoint, ApiKeyCredentials(in_headers={"Training-key": training_key}))
    predictor = CustomVisionPredictionClient(endpoint, ApiKeyCredentials(in_headers={"Prediction-key": prediction_key}))

    told["domains"] = [domain.name for domain in trainer.get_domains()]
    compact = next(domain for domain in trainer.get_domains()
                   if domain.type == "Classification" and domain.name == "General (compact)")
    project = trainer.create_project("quickstart", domain_id=compact.id, classification_type="Multiclass")
    entries = []
    for folder in sorted(path for path in Path(pictures).iterdir() if path.is_dir()):
        tag = trainer.create_tag(project.id, folder.name)
        entries += [ImageFileCreateEntry(name=file.name, contents=file.read_bytes(), tag_ids=[tag.id])
                    for file in sorted(folder.iterdir())]
    summary = trainer.create_images_from_files(project.id, ImageFileCreateBatch(images=entries))
    told["uploaded"] = [summary.is_batch_successful, [(each.source_url, each.status) for each in summary.images]]
    again = trainer.create_images_from_files(project.id, ImageFileCreateBatch(images=entries[:1]))
    told["again"] = again.images[0].status
    told["count"] = trainer.get_image_count(project.id)
    told["tags"] = {tag.name: tag.image_count for tag in trainer.get_tags(project.id)}

    iteration = trainer.train_project(project.id)
    told["at once"] = [iteration.status, iteration.trained_at]
    began = time.monotonic()
    while iteration.status == "Training":
        assert time.monotonic() - began < PATIENCE_S, "the training does not end"
        iteration = trainer.get_iteration(project.id, iteration.id)
    told["trained"] = [iteration.status, iteration.trained_at is not None, iteration.exportable,
                       iteration.exportable_to]

    performance = trainer.get_iteration_performance(project.id, iteration.id, threshold=0.5)
    told["performance"] = [performance.precision, performance.recall, performance.average_precision]
    told["image performances"] = [trainer.get_image_performance_count(project.id, iteration.id),
                                  len(trainer.get_image_performances(project.id, iteration.id)[0].predictions)]
    trainer.publish_iteration(project.id, iteration.id, "my Model/1", "/subscriptions/none")
    content = Path(picture).read_bytes()
    result = predictor.classify_image(project.id, "my Model/1", content)
    told["predictions"] = {each.tag_name: each.probability for each in result.predictions}
    tested = trainer.quick_test_image(project.id, content, iteration_id=iteration.id)
    told["quick test"] = {each.tag_name: each.probability for each in tested.predictions}

    export = trainer.export_iteration(project.id, iteration.id, "ONNX")
    while export.status == "Exporting":
        export = trainer.get_exports(project.id, iteration.id)[0]
    told["export"] = [export.status, export.download_uri]
    trainer.unpublish_iteration(project.id, iteration.id)
    trainer.delete_iteration(project.id, iteration.id)
    trainer.delete_project(project.id)
    told["projects left"] = len(trainer.get_projects())
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
