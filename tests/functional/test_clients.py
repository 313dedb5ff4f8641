"""The vendors' clients that other tests point at the hub are there and load."""

import os
import subprocess
from pathlib import Path

DEPS = Path(os.environ["OUNCE_DEPS_DIR"])
PYTHON_MODULES = [
    "azure.iot.device.aio", "azure.iot.hub", "azureml.core",
    "azure.cognitiveservices.vision.customvision.training",
    "azure.cognitiveservices.vision.customvision.prediction",
]


def output_of(*command, cwd=DEPS) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_clients_load():
    code = f"import {', '.join(PYTHON_MODULES)}; print('loaded')"
    assert output_of(DEPS / "clients-venv/bin/python", "-W", "ignore", "-c", code).endswith("loaded\n")


def test_python_clients_fit_together():
    assert "No broken requirements" in output_of(DEPS / "clients-venv/bin/python", "-m", "pip", "check")


def test_node_clients_load():
    code = "for (const name of Object.keys(require('./package.json').dependencies)) require(name); console.log('loaded')"
    assert output_of("node", "-e", code, cwd=DEPS / "clients") == "loaded\n"
