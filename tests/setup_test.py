#!/usr/bin/env python3
"""Tests of setup/: the pieces that need no network.

    setup_test.py ROOT
"""

import csv
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from pathlib import Path

ROOT = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
SETUP = ROOT / "setup"
sys.path.insert(0, str(SETUP))
sys.dont_write_bytecode = True

from unpack_photographs import ResourceFile, names_for  # noqa: E402


def resource_file(version: int, files: dict, compressed: bool = False) -> bytes:
    """A Qt resource file with one folder "pictures" that holds `files`."""
    names, data, nodes = b"", b"", []

    def name_offset(text: str) -> int:
        nonlocal names
        offset = len(names)
        names += struct.pack(">HI", len(text), 0) + text.encode("utf-16-be")
        return offset

    date = b"\0" * 8 if version >= 2 else b""
    nodes.append(struct.pack(">IHII", 0, 2, 1, 1) + date)
    nodes.append(struct.pack(">IHII", name_offset("pictures"), 2, len(files), 2) + date)
    for name, content in files.items():
        stored = struct.pack(">I", len(content)) + zlib.compress(content) if compressed else content
        nodes.append(struct.pack(">IHII", name_offset(name), 1 if compressed else 0, 0, len(data)) + date)
        data += struct.pack(">I", len(stored)) + stored
    tree = b"".join(nodes)
    head = 20
    return (b"qres" + struct.pack(">4I", version, head, head + len(tree), head + len(tree) + len(data))
            + tree + data + names)


class Resources(unittest.TestCase):
    def test_reads_entries_of_each_version(self):
        for version in (1, 2, 3):
            for compressed in (False, True):
                file = ResourceFile(resource_file(version, {"a.webp": b"AAA", "b.webp": b"B" * 999}, compressed))
                self.assertEqual(file.read("/pictures/a.webp"), b"AAA")
                self.assertEqual(file.read("pictures/b.webp"), b"B" * 999)

    def test_unknown_entries_and_other_files_are_errors(self):
        file = ResourceFile(resource_file(2, {"a.webp": b"A"}))
        self.assertRaises(KeyError, file.read, "pictures/c.webp")
        self.assertRaises(KeyError, file.read, "pictures/a.webp/deeper")
        self.assertRaises(ValueError, ResourceFile, b"RIFF....")

    def test_equal_names_are_told_apart(self):
        names = names_for(["x.rcc!/a/cat.webp", "x.rcc!/b/cat.webp", "x.rcc!/b/dog.webp"])
        self.assertEqual(sorted(names.values()), ["a-cat.webp", "b-cat.webp", "dog.webp"])


class Unpacking(unittest.TestCase):
    def unpack(self, content: bytes, sha256: str):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            (work / "tree").mkdir()
            (work / "tree/p.jpg").write_bytes(content)
            (work / "table.csv").write_text(f"package,path_in_package,sha256\nsome,p.jpg,{sha256}\n")
            done = subprocess.run(
                [sys.executable, SETUP / "unpack_photographs.py", work / "table.csv", "some", work / "tree",
                 work / "out"], capture_output=True, text=True, check=False)
            return done, (work / "out/p.jpg").exists()

    def test_a_photograph_with_its_hash_is_taken(self):
        done, taken = self.unpack(b"picture", hashlib.sha256(b"picture").hexdigest())
        self.assertEqual((done.returncode, taken), (0, True), done.stderr)

    def test_another_picture_is_refused(self):
        done, taken = self.unpack(b"other", hashlib.sha256(b"picture").hexdigest())
        self.assertEqual((done.returncode, taken), (1, False))
        self.assertIn("another picture", done.stderr)


class Data(unittest.TestCase):
    def test_pins_are_whole(self):
        with open(SETUP / "pins.tsv", encoding="utf-8") as file:
            lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
        self.assertGreater(len(lines), 4)
        for line in lines:
            registry, purpose, name, version, machine, file, sha256, megabytes = line
            self.assertIn(registry, ("pypi", "npm"))
            self.assertIn(purpose, ("build", "test", "bench"))
            self.assertIn(machine, ("any", "x86_64", "aarch64"))
            self.assertRegex(sha256, r"^[0-9a-f]{64}$")
            self.assertIn(version, file)
            self.assertGreater(float(megabytes), 0)

    def test_python_requirements_have_hashes(self):
        for path in (SETUP / "requirements-test.txt", ROOT / "bench/peers/requirements.txt",
                     ROOT / "tests/clients/requirements-build.txt", ROOT / "tests/clients/requirements.txt"):
            text = path.read_text(encoding="utf-8").replace("\\\n", " ")
            for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
                self.assertRegex(line, r"^[\w.-]+==[\w.]+( +--hash=sha256:[0-9a-f]{64})+$", path)

    def test_node_packages_have_hashes(self):
        for folder in ("tests/web", "tests/clients", "bench/peers"):
            packages = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
            for name, package in packages.items():
                if name:
                    self.assertRegex(package["integrity"], "^sha512-", name)

    def test_the_clients_that_are_asked_for_are_the_ones_pinned(self):
        clients = ROOT / "tests/clients"
        pinned = {line.split(" --hash")[0]
                  for line in (clients / "requirements.txt").read_text(encoding="utf-8").splitlines()}
        self.assertLess(set((clients / "requirements.in").read_text(encoding="utf-8").split()), pinned)
        wanted = json.loads((clients / "package.json").read_text(encoding="utf-8"))["dependencies"]
        locked = json.loads((clients / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        self.assertEqual(wanted, {name: locked[f"node_modules/{name}"]["version"] for name in wanted})

    def test_debian_packages_are_told_apart_by_purpose(self):
        with open(SETUP / "packages.txt", encoding="utf-8") as file:
            lines = [line.split(maxsplit=3) for line in file if line.strip() and not line.startswith("#")]
        for purposes, package, _, why in lines:
            self.assertLessEqual(set(purposes.split(",")), {"build", "test", "bench", "lint"}, package)
            self.assertTrue(why.strip(), package)
        packages = [package for _, package, _, _ in lines]
        self.assertEqual(len(packages), len(set(packages)))

        def wanted(purpose: str) -> set:
            done = subprocess.run(
                ["bash", "-c", f'setup={SETUP} purpose={purpose}; . "$setup/debian.sh"; wanted_packages'],
                capture_output=True, text=True, check=True)
            return {line.split()[0] for line in done.stdout.splitlines()}

        build = wanted("build")
        self.assertEqual(build, {package for purposes, package, _, _ in lines if purposes == "build"})
        self.assertEqual(wanted("bench") - build, {"mosquitto", "nats-server"})
        self.assertLess(build | {"mosquitto", "docker.io", "chromium"}, wanted("test"))

    def test_photographs_have_hashes_and_licences(self):
        with open(SETUP / "photographs.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 213)
        for row in rows:
            self.assertRegex(row["sha256"], r"^[0-9a-f]{64}$")
            self.assertTrue(row["licence"])


class Services(unittest.TestCase):
    def test_nothing_that_is_installed_is_started(self):
        for status, words in ((101, "mosquitto.service start"), (101, "--quiet docker start 5"),
                              (101, "docker (start) S"), (0, "nats-server restart"), (0, "start-daemon stop")):
            done = subprocess.run([SETUP / "start_nothing.sh", *words.split()], check=False)
            self.assertEqual(done.returncode, status, words)


class Program(unittest.TestCase):
    def setup(self, *arguments: str, **environment: str):
        return subprocess.run([SETUP / "setup.sh", *arguments], capture_output=True, text=True, check=False,
                              env={**os.environ, **environment})

    def test_an_empty_folder_lacks_everything_and_check_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            deps, cache = Path(folder) / "deps", Path(folder) / "cache"
            done = self.setup("--for", "test", "--check", OUNCE_DEPS=str(deps), OUNCE_CACHE=str(cache))
            self.assertEqual(done.returncode, 1, done.stderr)
            for what in ("ONNX Runtime", "efficientnet_lite0", "gcompris-qt-data", "pytest", "playwright-core",
                         "clients for Node", "clients for Python"):
                self.assertRegex(done.stdout, f"would install .*{re.escape(what)}")
            self.assertFalse(deps.exists() or cache.exists())

    @unittest.skipUnless("OUNCE_DEPS_DIR" in os.environ, "ctest tells where the set-up machine's .deps is")
    def test_a_machine_that_is_set_up_is_left_alone_at_once(self):
        began = time.monotonic()
        done = self.setup("--for", "test", "--check", OUNCE_DEPS=os.environ["OUNCE_DEPS_DIR"])
        self.assertEqual((done.returncode, done.stdout), (0, "setup: nothing to do\n"), done.stderr)
        self.assertLess(time.monotonic() - began, 5)

    def test_wrong_use_says_what_is_right(self):
        for arguments in (("--for", "dinner"), ("--fro", "test"), ("--for",)):
            done = self.setup(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--", done.stderr)


if __name__ == "__main__":
    unittest.main()
