"""The Containerfile: its instructions, what gets into the image, and what the image starts; built where that can be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.operations.command_words import check_words
from tests.serving import forked

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "examples" / "operations" / "Containerfile"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
KNOWN = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def read_instructions() -> Iterator[tuple[str, str]]:
    """The instructions with their words; lines that go on are one."""
    lines = [line for line in CONTAINERFILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, words = line.partition(" ")
            yield name, " ".join(words.split())


INSTRUCTIONS = [*read_instructions()]
STAGES = [place for place, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM"]
LAST_STAGE = dict(INSTRUCTIONS[STAGES[-1] :])


def test_instructions() -> None:
    """There are two stages from one base, whose tag is not `latest`; the last one runs as a user, in its volume."""
    assert {name for name, _ in INSTRUCTIONS} <= KNOWN
    assert [INSTRUCTIONS[place][1] for place in STAGES] == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]
    base = INSTRUCTIONS[0][1].removeprefix("PYTHON_IMAGE=")
    assert re.fullmatch(r"docker\.io/library/python:3\.1[1-3]-slim-\w+", base)
    assert LAST_STAGE["USER"] == "leadledger"
    assert "useradd --uid 10001" in LAST_STAGE["RUN"]
    environment = dict(word.split("=", 1) for word in LAST_STAGE["ENV"].split())
    assert environment["LEADLEDGER_HOME"] == LAST_STAGE["VOLUME"] == LAST_STAGE["WORKDIR"]
    assert environment["PATH"].startswith("/opt/leadledger/bin:")


def test_what_gets_in() -> None:
    """The build copies what the wheel is made of, by name, and nothing else of the clone."""
    copied = [words.split()[:-1] for name, words in INSTRUCTIONS if name == "COPY" and not words.startswith("--from")]
    sources = {source for words in copied for source in words}
    wheel = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    assert sources == wheel | {"pyproject.toml", "README.md", "LICENSE", "constraints.txt"}
    extras = dict(INSTRUCTIONS)["ARG"].removeprefix("EXTRAS=").split(",")
    assert set(extras) <= set(PROJECT["project"]["optional-dependencies"])


def test_pins() -> None:
    """The versions of constraints.txt remain without their hashes, each on a line."""
    run = next(words for name, words in INSTRUCTIONS if name == "RUN")
    (command,) = re.findall(r"(sed .*?) constraints\.txt > /pins\.txt", run)
    done = subprocess.run(
        ["sh", "-c", f"{command} constraints.txt"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pins = [line for line in done.stdout.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(pins) == len(re.findall(r"^[\w.\[\],-]+==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE))
    assert all(re.fullmatch(r"[\w.\[\],-]+==[\w.+!]+( ; .*)?", line) for line in pins)


def test_what_it_starts() -> None:
    """The image starts a command that there is, at the port that it names, and asks that port for its health."""
    words = json.loads(LAST_STAGE["ENTRYPOINT"]) + json.loads(LAST_STAGE["CMD"])
    assert words[0] == "leadledger"
    check_words(words[1:])
    assert words[words.index("--port") + 1] == LAST_STAGE["EXPOSE"]
    assert f":{LAST_STAGE['EXPOSE']}/health/ready" in LAST_STAGE["HEALTHCHECK"]


@pytest.mark.slow
def test_health(tmp_path: Path) -> None:
    """What asks for the health succeeds beside a service, and fails without one."""
    program = json.loads(LAST_STAGE["HEALTHCHECK"].partition("CMD ")[2])
    assert program[0] == "python3"
    with forked(tmp_path) as port:
        words = [sys.executable, *(word.replace(":8000/", f":{port}/") for word in program[1:])]
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0


@pytest.mark.slow
def test_build() -> None:
    """Where a builder is installed, and has the base image, it builds the image."""
    builder = shutil.which("podman") or shutil.which("buildah")
    if builder is None:
        pytest.skip("neither podman nor buildah is installed")
    base = INSTRUCTIONS[0][1].removeprefix("PYTHON_IMAGE=")
    inspect = [builder, "inspect", "--type", "image", base]
    if subprocess.run(inspect, capture_output=True, check=False, timeout=60).returncode != 0:
        pytest.skip(f"{Path(builder).name} has no image {base}, and tests fetch none")
    command = [builder, "build", "--format", "docker", "--file", str(CONTAINERFILE), "--tag", "leadledger-test", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
