#!/usr/bin/env python3
"""Writes docs/CLI.md from the programs' own --help and the tables of exit codes in the code.

    cli.py PROGRAM... [--check]

--check writes nothing; it ends with 1 if docs/CLI.md says something else.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/CLI.md"

HEAD = """# Command line

<!-- Written by `make docs` from the programs' own --help; change the programs, not this page. -->

`ounce COMMAND [OPTIONS]` is for people, `ounce-hub COMMAND [OPTIONS]` is the hub. Progress and warnings go to
standard error, results to standard output. With `--json` a command prints one object (`predict`, `vision
classify` and `monitor`: one line a file or message) and nothing else there; an error that ends the command is
`{"error": {"code": ..., "message": ...}}`.

Ctrl-C (or SIGTERM) asks a command to stop at its next safe point; a second one ends it at once.

## Exit status

| status | code in JSON | meaning |
|---|---|---|
"""


def exit_codes() -> list:
    """(status, name, meaning), read from src/base/result.{hpp,cpp} and src/cli/commands.hpp."""
    header = (ROOT / "src/base/result.hpp").read_text(encoding="utf-8")
    source = (ROOT / "src/base/result.cpp").read_text(encoding="utf-8")
    commands = (ROOT / "src/cli/commands.hpp").read_text(encoding="utf-8")
    meanings = dict(re.findall(r"^    (\w+),\s*// (.*)$", header, re.M))
    names = dict(re.findall(r'case Code::(\w+):\s*return "([a-z-]+)";', source))
    statuses = re.findall(r"case Code::(\w+):\s*return (\d+);", source)
    some_failed = re.search(r"/// (.*)\ninline constexpr int kSomeFailed = (\d+);", commands)
    rows = [(0, "", "all well"), (int(some_failed.group(2)), "", "the work was done, but for some files")]
    for code, status in statuses:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code).lower()
        rows.append((int(status), names[code], meanings.get(code, words)))
    return sorted(rows)


def help_of(program: Path, command: list) -> str:
    done = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True)
    lines = [line.rstrip().replace(str(program), program.name) for line in done.stdout.strip().splitlines()]
    return "\n".join(lines)


def commands_in(text: str) -> list:
    section = re.search(r"^Subcommands:\n((?:  .*\n?)+)", text, re.M)
    return re.findall(r"^  ([a-z][\w-]*)", section.group(1), re.M) if section else []


def sections(program: Path, command: list) -> str:
    text = help_of(program, command)
    title = " ".join([program.name, *command])
    page = f"\n## `{title}`\n\n```\n{text}\n```\n"
    return page + "".join(sections(program, [*command, name]) for name in commands_in(text))


def main() -> int:
    programs = [Path(argument).resolve() for argument in sys.argv[1:] if argument != "--check"]
    rows = "".join(f"| {status} | {name and f'`{name}`'} | {meaning} |\n" for status, name, meaning in exit_codes())
    page = HEAD + rows + "".join(sections(program, []) for program in programs)
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            print("docs/CLI.md does not say what the programs do: run 'make docs'")
            return 1
        return 0
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
