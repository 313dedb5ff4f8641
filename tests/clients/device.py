"""A device or module by the vendor's Python client, driven by lines of JSON; device.js tells which."""

import json
import sys
import threading

from azure.iot.device import IoTHubDeviceClient, IoTHubModuleClient, Message, MethodResponse

SYSTEM = {"messageId": "message_id", "correlationId": "correlation_id", "contentType": "content_type",
          "contentEncoding": "content_encoding"}
lock = threading.Lock()
client = None


def tell(event, **fields):
    with lock:
        print(json.dumps({"event": event, **fields}), flush=True)


def open_client(connection, ca):
    global client
    kind = IoTHubModuleClient if ";ModuleId=" in connection else IoTHubDeviceClient
    with open(ca, encoding="ascii") as file:
        client = kind.create_from_connection_string(connection, server_verification_cert=file.read())
    client.on_connection_state_change = lambda: None if client.connected else tell("lost")
    client.connect()
    tell("opened")


def send(body, properties=None, system=None):
    message = Message(body)
    message.custom_properties.update(properties or {})
    for key, value in (system or {}).items():
        setattr(message, SYSTEM[key], value)
    client.send_message(message)
    tell("sent")


def twin():
    got = client.get_twin()
    tell("twin", desired=got["desired"], reported=got["reported"])


def report(patch):
    client.patch_twin_reported_properties(patch)
    tell("reported")


def listen():
    client.on_twin_desired_properties_patch_received = lambda patch: tell("desired", patch=patch)
    tell("listening")


def answer(method, status):
    def respond(request):
        tell("method", name=request.name, payload=request.payload)
        if request.name == method:
            client.send_method_response(
                MethodResponse.create_from_method_request(request, status, {"echo": request.payload}))

    client.on_method_request_received = respond
    tell("listening")


def close():
    client.shutdown()
    tell("closed")


ACTIONS = {"open": open_client, "send": send, "twin": twin, "report": report, "listen": listen, "answer": answer,
           "close": close}

for line in sys.stdin:
    command = json.loads(line)
    action = ACTIONS[command.pop("do")]
    try:
        action(**command)
    except Exception as error:  # the client has many kinds; the test looks at the name
        tell("error", name=type(error).__name__, message=str(error))
