// An operator's program by the vendor's Node service client, driven by lines of JSON (service.py is the same in Python).
// `module` may be left out everywhere; what is then meant is the device.
//
//   {"do": "open", "connection": "HostName=…"}
//   {"do": "create" | "get" | "delete", "device", "module"}
//   {"do": "list", "device"}: the modules of a device, or without it all devices
//   {"do": "disable", "device"}, {"do": "manage", "device", "module", "by"}: an update of a device, and of a module
//   {"do": "twin", "device", "module"}
//   {"do": "patch", "device", "module", "patch", "etag"}: an update of the twin
//   {"do": "query", "text", "size"}: all rows, asked for in pages of `size`
//   {"do": "method", "device", "module", "call"}
//
// Each gives {"event": "done", "result"}, or {"event": "error", "name", "message", "status"}.
"use strict";
const readline = require("node:readline");
const load = require("node:module").createRequire(`${process.env.OUNCE_DEPS_DIR}/clients/`);
const { Client, Registry } = load("azure-iothub");

let registry;
let client;

const actions = {
  async open({ connection }) {
    registry = Registry.fromConnectionString(connection);
    client = Client.fromConnectionString(connection);
  },
  async create({ device, module }) {
    return (await (module ? registry.addModule({ deviceId: device, moduleId: module })
      : registry.create({ deviceId: device }))).responseBody;
  },
  async get({ device, module }) {
    return (await (module ? registry.getModule(device, module) : registry.get(device))).responseBody;
  },
  async delete({ device, module }) {
    await (module ? registry.removeModule(device, module) : registry.delete(device));
  },
  async list({ device }) {
    return (await (device ? registry.getModulesOnDevice(device) : registry.list())).responseBody;
  },
  async disable({ device }) {
    const { responseBody } = await registry.get(device);
    return (await registry.update({ ...responseBody, status: "disabled" })).responseBody;
  },
  async manage({ device, module, by }) {
    const { responseBody } = await registry.getModule(device, module);
    return (await registry.updateModule({ ...responseBody, managedBy: by })).responseBody;
  },
  async twin({ device, module }) {
    return (await (module ? registry.getModuleTwin(device, module) : registry.getTwin(device))).responseBody;
  },
  async patch({ device, module, patch, etag }) {
    return (await (module ? registry.updateModuleTwin(device, module, patch, etag)
      : registry.updateTwin(device, patch, etag))).responseBody;
  },
  async query({ text, size }) {
    const query = registry.createQuery(text, size);
    const rows = [];
    while (query.hasMoreResults) rows.push(...(await query.next(query.continuationToken)).result);
    return rows;
  },
  async method({ device, module, call }) {
    return (await (module ? client.invokeDeviceMethod(device, module, call)
      : client.invokeDeviceMethod(device, call))).result;
  },
};

function tell(event, fields) {
  // A twin holds its registry, and with it the agents of the connection: that is not data.
  const data = (key, value) => (key === "_registry" ? undefined : value);
  process.stdout.write(`${JSON.stringify({ event, ...fields }, data)}\n`);
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  actions[command.do](command).then(
    (result) => tell("done", { result: result ?? null }),
    (error) => tell("error", { name: error.name, message: error.message, status: error.response?.statusCode ?? null }),
  );
}).on("close", () => process.exit(0));
