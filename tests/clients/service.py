"""An operator's program by the vendor's Python service client, driven by lines of JSON; service.js tells which."""

import json
import sys

from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import CloudToDeviceMethod, QuerySpecification, Twin

manager = None


def open_manager(connection):
    global manager
    manager = IoTHubRegistryManager.from_connection_string(connection)


def create(device, module=None):
    if module:
        return manager.create_module_with_sas(device, module, "", "", "")
    return manager.create_device_with_sas(device, "", "", "enabled")


def get(device, module=None):
    return manager.get_module(device, module) if module else manager.get_device(device)


def delete(device, module=None):
    if module:
        manager.delete_module(device, module)
    else:
        manager.delete_device(device)


def list_all(device=None):
    return manager.get_modules(device) if device else manager.get_devices()


def disable(device):
    now = manager.get_device(device)
    keys = now.authentication.symmetric_key
    return manager.update_device_with_sas(device, now.etag, keys.primary_key, keys.secondary_key, "disabled")


def manage(device, module, by):
    now = manager.get_module(device, module)
    keys = now.authentication.symmetric_key
    return manager.update_module_with_sas(device, module, by, now.etag, keys.primary_key, keys.secondary_key)


def twin(device, module=None):
    return manager.get_module_twin(device, module) if module else manager.get_twin(device)


def patch_twin(device, patch, module=None, etag=None):
    patch = Twin.from_dict(patch)
    if module:
        return manager.update_module_twin(device, module, patch, etag)
    return manager.update_twin(device, patch, etag)


def query(text, size):
    rows = []
    token = None
    while True:
        page = manager.query_iot_hub(QuerySpecification(query=text), token, size)
        rows += page.items
        token = page.continuation_token
        if token is None:
            return rows


def method(device, call, module=None):
    call = CloudToDeviceMethod.from_dict(call)
    if module:
        return manager.invoke_device_module_method(device, module, call)
    return manager.invoke_device_method(device, call)


def plain(result):
    """The models become what came over the wire."""
    if isinstance(result, list):
        return [plain(item) for item in result]
    return result.serialize(keep_readonly=True) if hasattr(result, "serialize") else result


ACTIONS = {"open": open_manager, "create": create, "get": get, "delete": delete, "list": list_all, "disable": disable,
           "manage": manage, "twin": twin, "patch": patch_twin, "query": query, "method": method}

for line in sys.stdin:
    command = json.loads(line)
    action = ACTIONS[command.pop("do")]
    try:
        said = {"event": "done", "result": plain(action(**command))}
    except Exception as error:  # the client has many kinds; the test looks at the name
        response = getattr(error, "response", None)
        said = {"event": "error", "name": type(error).__name__, "message": str(error),
                "status": None if response is None else response.status_code}
    print(json.dumps(said), flush=True)
