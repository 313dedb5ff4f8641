// A device or module by the vendor's Node client, driven by lines of JSON: what to do comes in, what happened goes
// out (device.py is the same in Python).
//
//   {"do": "open", "connection": "HostName=…", "ca": "/path/ca.pem"}     -> {"event": "opened"}
//   {"do": "send", "body": "text", "properties": {…}, "system": {…}}     -> {"event": "sent"}
//   {"do": "twin"}                                                       -> {"event": "twin", "desired", "reported"}
//   {"do": "report", "patch": {…}}                                       -> {"event": "reported"}
//   {"do": "listen"}                                                     -> {"event": "listening"}
//       and from now on {"event": "desired", "patch"} for each change that is pushed
//   {"do": "answer", "method": "name", "status": 200}                    -> {"event": "listening"}
//       and from now on {"event": "method", "name", "payload"} for each call, answered with {"echo": payload}
//   {"do": "close"}                                                      -> {"event": "closed"}
//
// What fails gives {"event": "error", "name", "message"}; a connection that is lost {"event": "lost"}.
"use strict";
const fs = require("node:fs");
const readline = require("node:readline");
const load = require("node:module").createRequire(`${process.env.OUNCE_DEPS_DIR}/clients/`);
const { Client, ModuleClient, Message } = load("azure-iot-device");
const { Mqtt } = load("azure-iot-device-mqtt");

let client;
let twin;

function tell(event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

const actions = {
  async open({ connection, ca }) {
    const kind = connection.includes(";ModuleId=") ? ModuleClient : Client;
    client = kind.fromConnectionString(connection, Mqtt);
    await client.setOptions({ ca: fs.readFileSync(ca, "utf8") });
    client.on("disconnect", () => tell("lost"));
    client.on("error", () => {});  // told by what fails
    await client.open();
    tell("opened");
  },
  async send({ body, properties = {}, system = {} }) {
    const message = new Message(body);
    for (const [key, value] of Object.entries(properties)) message.properties.add(key, value);
    Object.assign(message, system);
    await client.sendEvent(message);
    tell("sent");
  },
  async twin() {
    twin = twin ?? (await client.getTwin());
    await twin.get();
    const { desired, reported } = JSON.parse(JSON.stringify(twin.properties));
    tell("twin", { desired, reported });
  },
  async report({ patch }) {
    twin = twin ?? (await client.getTwin());
    await new Promise((done, failed) => {
      twin.properties.reported.update(patch, (error) => (error ? failed(error) : done()));
    });
    tell("reported");
  },
  async listen() {
    twin = twin ?? (await client.getTwin());
    twin.on("properties.desired", (patch) => tell("desired", { patch }));
    tell("listening");
  },
  async answer({ method, status }) {
    const answer = (request, response) => {
      tell("method", { name: request.methodName, payload: request.payload });
      response.send(status, { echo: request.payload }, () => {});
    };
    if (client.onDeviceMethod) client.onDeviceMethod(method, answer);
    else client.onMethod(method, answer);
    tell("listening");
  },
  async close() {
    await client.close();
    tell("closed");
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  actions[command.do](command).catch((error) => tell("error", { name: error.name, message: error.message }));
}).on("close", () => process.exit(0));
