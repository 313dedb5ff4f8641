#!/usr/bin/env python3
"""Writes requirements.txt: what requirements.in needs, all of it, each file with its hash.

    lock.py      (on x86_64; asks the registry, installs nothing)
"""

import json
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def resolved() -> list:
    """pip's own answer to what it would install into an empty environment: (name, version, sha256)."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run",
         "--ignore-installed", "--prefer-binary", "--report", "-", "--requirement", str(HERE / "requirements.in")],
        stdout=subprocess.PIPE, text=True, check=True)
    return sorted(
        (item["metadata"]["name"].lower(), item["metadata"]["version"],
         item["download_info"]["archive_info"]["hashes"]["sha256"])
        for item in json.loads(done.stdout)["install"])


def main() -> int:
    if platform.machine() != "x86_64":
        print("lock.py: uamqp is there for x86_64 only: run it on such a machine", file=sys.stderr)
        return 1
    lines = ["# Written by lock.py from requirements.in, for x86_64."]
    lines += [f"{name}=={version} --hash=sha256:{sha256}" for name, version, sha256 in resolved()]
    (HERE / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
