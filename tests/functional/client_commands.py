"""`ounce` as a person uses it with a hub: a home of its own, and the hub named by the environment."""

import json
import os
import subprocess


class ClientCommands:
    """Runs `ounce` against a Hub of hub_process.py; with `policy` None no hub is named."""

    def __init__(self, hub, home, policy="iothubowner"):
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
        if policy is not None:
            self.environment |= {"OUNCE_CONNECTION_STRING": hub.connection_string(policy), "OUNCE_CA": str(hub.ca)}

    def command(self, *arguments):
        return [os.environ["OUNCE_PROGRAM"], *map(str, arguments)]

    def __call__(self, *arguments, status=0, text=None):
        done = subprocess.run(self.command(*arguments), env=self.environment, input=text, capture_output=True,
                              text=True, check=False, timeout=240)
        assert done.returncode == status, f"{done.returncode}, not {status}: {done.stdout}{done.stderr}"
        return done

    def start(self, *arguments):
        """The running process, its output as text."""
        return subprocess.Popen(self.command(*arguments), env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def json(self, *arguments, status=0):
        """The one object on standard output."""
        return json.loads(self(*arguments, "--json", status=status).stdout)

    def json_lines(self, *arguments, status=0):
        return [json.loads(line) for line in self(*arguments, "--json", status=status).stdout.splitlines()]
