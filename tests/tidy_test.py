#!/usr/bin/env python3
"""Holds the tree to the rules that a compiler does not check (CONTRIBUTING.md tells why).

    tidy_test.py [ROOT]

Prints each breach as "path:line: what is wrong" and ends with 1 if there is one.
"""

import re
import subprocess
import sys
from pathlib import Path

CODE = {".cpp", ".hpp", ".in", ".py", ".sh", ".js", ".css", ".html", ".cmake", ".proto", ".sql"}
TEXT = CODE | {".md", ".txt", ".tsv", ".json", ".yml", ".yaml", ""}
LINES_MAX = 600

# Written in two parts each, so that this file passes its own test.
REGISTRY_HOSTS = [
    "deb." + "debian.org", "registry." + "npmjs", "pypi" + ".org", "files." + "pythonhosted",
    "repo1." + "maven", "proxy." + "golang", "crates" + ".io",
]
MACHINE_PATHS = re.compile(r"(?<![\w.$}/-])/(?:work|farm|root|home|tmp/w)/\w|\.\./" + "shared/")
FORBIDDEN = {
    re.compile(r"\bsleep" + r"_(?:for|until)\b|\busleep\s*\(|\btime\.sleep\b|^\s*sleep \d"):
        "waits by the clock: wait for the condition instead",
    re.compile(r"\bcatch\s*\(\s*\.\.\.\s*\)|^\s*except\s*:"): "swallows every error: name the one you expect",
    re.compile(r"\bDISABLED" + r"_\w|\bGTEST" + r"_SKIP\b|pytest\.mark\." + r"skip|\bx" + r"fail\b"):
        "a test that does not run proves nothing",
}


class Tree:
    """The text files of the project and what they hold."""

    def __init__(self, root: Path):
        self.root = root
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, capture_output=True, check=True, text=True).stdout
        names = sorted(name for name in listed.split("\0") if name and (root / name).is_file())
        self.files = {Path(name): self._read(name) for name in names if Path(name).suffix in TEXT}
        self.all_files = {Path(name) for name in names}

    def _read(self, name: str) -> list:
        return (self.root / name).read_text(encoding="utf-8", errors="replace").splitlines()

    def code(self):
        return ((path, lines) for path, lines in self.files.items() if path.suffix in CODE)

    def cpp(self, suffix: str):
        return ((path, lines) for path, lines in self.files.items()
                if path.suffix == suffix and path.parts[0] in ("src", "apps", "bench", "fuzz"))


def declared_modules(tree: Tree) -> dict:
    """module -> the modules that its CMakeLists.txt names as DEPS."""
    modules = {}
    for path, lines in tree.files.items():
        if len(path.parts) == 3 and path.parts[0] == "src" and path.name == "CMakeLists.txt":
            call = re.search(r"ounce_module\((\w+)(.*?)\)", "\n".join(lines), re.S)
            deps = re.search(r"\bDEPS((?:\s+[a-z_]+)+)", call.group(2)) if call else None
            modules[path.parts[1]] = set(deps.group(1).split()) if deps else set()
    return modules


def module_order(tree: Tree) -> list:
    top = "\n".join(tree.files[Path("CMakeLists.txt")])
    return re.search(r"foreach\(module ([a-z_ ]+)\)", top).group(1).split()


def dependencies_point_one_way(tree: Tree):
    order = module_order(tree)
    modules = declared_modules(tree)
    for module, deps in modules.items():
        place = Path("src", module, "CMakeLists.txt")
        for dep in deps:
            if dep not in order or module not in order or order.index(dep) >= order.index(module):
                yield place, 1, f"{module} may not depend on {dep}: not before it in the root CMakeLists.txt"


def includes_keep_to_deps(tree: Tree):
    modules = declared_modules(tree)
    for path, lines in tree.files.items():
        if path.parts[0] != "src" or path.suffix not in (".cpp", ".hpp") or path.parts[1] not in modules:
            continue
        may = modules[path.parts[1]] | {path.parts[1]}
        for number, line in enumerate(lines, 1):
            include = re.match(r'\s*#include "([a-z_]+)/', line)
            if include and include.group(1) in modules and include.group(1) not in may:
                yield path, number, f"{path.parts[1]} does not state {include.group(1)} in its DEPS"


def headers_are_manuals(tree: Tree):
    for path, lines in tree.cpp(".hpp"):
        if "#pragma once" not in lines[:3]:
            yield path, 1, "a header starts with #pragma once"
        if not any(line.lstrip().startswith("///") for line in lines):
            yield path, 1, "a header says what it is for: no /// comment in it"


def own_header_comes_first(tree: Tree):
    for path, lines in tree.cpp(".cpp"):
        own = path.with_suffix(".hpp")
        if own not in tree.files or path.parts[0] != "src":
            continue
        includes = [(number, line) for number, line in enumerate(lines, 1) if line.startswith("#include")]
        wanted = f'#include "{"/".join(own.parts[1:])}"'
        if includes and includes[0][1] != wanted:
            yield path, includes[0][0], f"the first include is {wanted}: it proves that the header stands alone"


def files_stay_short(tree: Tree):
    for path, lines in tree.code():
        if len(lines) > LINES_MAX:
            yield path, len(lines), f"{len(lines)} lines, more than {LINES_MAX}: split it by noun"


def fuzzers_are_built_and_seeded(tree: Tree):
    place = Path("fuzz", "CMakeLists.txt")
    built = set(re.findall(r"^ounce_fuzz\((\w+)", "\n".join(tree.files.get(place, [])), re.M))
    seeded = {path.parts[2] for path in tree.all_files if path.parts[:2] == ("fuzz", "corpus") and len(path.parts) > 3}
    for path, _ in tree.cpp(".cpp"):
        if path.parent == Path("fuzz") and path.stem.endswith("_fuzz"):
            noun = path.stem.removesuffix("_fuzz")
            if noun not in built:
                yield place, 1, f"does not build {path}: add ounce_fuzz({noun} DEPS ...)"
            if noun not in seeded:
                yield path, 1, f"has no seeds: put a few small inputs into fuzz/corpus/{noun}/"


def nothing_names_a_machine(tree: Tree):
    for path, lines in tree.files.items():
        for number, line in enumerate(lines, 1):
            for host in REGISTRY_HOSTS:
                if host in line:
                    yield path, number, f"names the host {host}: use the ordinary client and the package's name"
            if MACHINE_PATHS.search(line):
                yield path, number, "names a path of one machine"


def nothing_forbidden(tree: Tree):
    for path, lines in tree.code():
        if path == Path("tests/tidy_test.py"):
            continue
        for number, line in enumerate(lines, 1):
            for pattern, why in FORBIDDEN.items():
                if pattern.search(line):
                    yield path, number, why


def links_lead_somewhere(tree: Tree):
    folders = {parent for path in tree.all_files for parent in path.parents}
    for path, lines in tree.files.items():
        if path.suffix != ".md":
            continue
        for number, line in enumerate(lines, 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:|#", target):
                    continue
                there = Path(*_normal(path.parent / target.split("#")[0]))
                if there not in tree.all_files and there not in folders:
                    yield path, number, f"the link {target} leads nowhere"


def _normal(path: Path) -> list:
    parts = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return parts


RULES = [
    dependencies_point_one_way, includes_keep_to_deps, headers_are_manuals, own_header_comes_first,
    files_stay_short, fuzzers_are_built_and_seeded, nothing_names_a_machine, nothing_forbidden, links_lead_somewhere,
]


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    tree = Tree(root)
    breaches = [(rule.__name__, *breach) for rule in RULES for breach in rule(tree)]
    for rule, path, number, what in breaches:
        print(f"{path}:{number}: {what} [{rule}]")
    print(f"{len(RULES)} rules, {len(tree.files)} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
