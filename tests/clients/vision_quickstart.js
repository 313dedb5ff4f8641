#!/usr/bin/env node
// The vendor's classification quickstart by its Node client, pointed at a hub, with twenty uploads at once.
//
//     vision_quickstart.js ENDPOINT TRAINING_KEY PREDICTION_KEY PICTURES PICTURE
//
// PICTURES has a folder for each tag; PICTURE is what the trained model is asked about. Prints what came of it as
// JSON. Run it where node_modules is; the hub's CA is in NODE_EXTRA_CA_CERTS.
"use strict";

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const load = createRequire(path.join(process.cwd(), "package.json"));
const { TrainingAPIClient } = load("@azure/cognitiveservices-customvision-training");
const { PredictionAPIClient } = load("@azure/cognitiveservices-customvision-prediction");
const { ApiKeyCredentials } = load("@azure/ms-rest-js");

const AT_ONCE = 20;
const PATIENCE_MS = 200_000;

async function main(endpoint, trainingKey, predictionKey, pictures, picture) {
  const told = {};
  const trainer = new TrainingAPIClient(
    new ApiKeyCredentials({ inHeader: { "Training-key": trainingKey } }), endpoint);
  const predictor = new PredictionAPIClient(
    new ApiKeyCredentials({ inHeader: { "Prediction-key": predictionKey } }), endpoint);

  const project = await trainer.createProject("quickstart", { classificationType: "Multiclass" });
  told.project = [project.name, project.settings.classificationType, project.status];
  const uploads = [];
  for (const name of fs.readdirSync(pictures).sort()) {
    const tag = await trainer.createTag(project.id, name);
    for (const file of fs.readdirSync(path.join(pictures, name)).sort())
      uploads.push({ tag: tag.id, file: path.join(pictures, name, file) });
  }
  told.uploads = uploads.length;
  told.statuses = [];
  const one = async ({ tag, file }) => {
    const summary = await trainer.createImagesFromData(project.id, fs.readFileSync(file), { tagIds: [tag] });
    told.statuses.push(summary.images[0].status);
  };
  for (let next = 0; next < uploads.length; next += AT_ONCE)
    await Promise.all(uploads.slice(next, next + AT_ONCE).map(one));
  const streamed = await trainer.createImagesFromData(
    project.id, () => fs.createReadStream(uploads[0].file), { tagIds: [uploads[0].tag] });
  told.streamed = [streamed.images[0].status, streamed.images[0].sourceUrl];
  told.tagged = (await trainer.getTaggedImageCount(project.id)).body;
  told.page = (await trainer.getTaggedImages(project.id, { take: 3, skip: 1, tagIds: [uploads[0].tag] })).length;

  let iteration = await trainer.trainProject(project.id);
  told.first = [iteration.status, "trainedAt" in iteration];
  const began = Date.now();
  while (iteration.status === "Training") {
    if (Date.now() - began > PATIENCE_MS) throw new Error("the training does not end");
    iteration = await trainer.getIteration(project.id, iteration.id);
  }
  told.trained = [iteration.status, "trainedAt" in iteration, iteration.exportable];
  const refused = async (call) => call.then(() => "", (error) => [error.statusCode, error.code]);
  told.again = await refused(trainer.trainProject(project.id));

  const performance = await trainer.getIterationPerformance(project.id, iteration.id, { threshold: 0.5 });
  told.performance = [performance.precision, performance.recall, performance.perTagPerformance.length];
  const published = await trainer.publishIteration(project.id, iteration.id, "my Model/1", "/subscriptions/none");
  told.published = published.body;
  const result = await predictor.classifyImage(project.id, "my Model/1", fs.readFileSync(picture));
  told.predictions = Object.fromEntries(result.predictions.map((each) => [each.tagName, each.probability]));
  const kept = await predictor.classifyImageWithNoStore(project.id, "my Model/1", fs.readFileSync(picture));
  told.nostore = kept.predictions.length;
  told.url = await refused(predictor.classifyImageUrl(project.id, "my Model/1", { url: "http://localhost/x.jpg" }));
  told.delete_published = await refused(trainer.deleteIteration(project.id, iteration.id));
  await trainer.unpublishIteration(project.id, iteration.id);
  told.unpublished = await refused(predictor.classifyImage(project.id, "my Model/1", fs.readFileSync(picture)));
  await trainer.deleteIteration(project.id, iteration.id);
  await trainer.deleteProject(project.id);
  told.projects_left = (await trainer.getProjects()).length;
  console.log(JSON.stringify(told));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
