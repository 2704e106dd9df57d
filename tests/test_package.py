"""The package as others get it: a wheel, a source distribution, an editable install of an unpacked source distribution.

Everything is built by the pinned build backend and installed into fresh environments, without a network. These find
the libraries of the environment that runs the tests, but not its editable install: Python reads no .pth file in a
folder that another .pth file has put on the path.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("api", "models", "scoring", "training")
CARD = "examples/b2b-software/card.yaml"
SCORE_ONE_LEAD = f"""
import datetime, pathlib, leadledger
card = leadledger.load(pathlib.Path(leadledger.__file__).with_name("examples") / "{CARD.removeprefix("examples/")}")
result = leadledger.score(card, {{"need": "urgent"}}, datetime.date(2026, 7, 1))
assert sum(entry.tenths for entry in result.ledger) == result.tenths
print(leadledger.__file__)
"""

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """What a command prints; `variables` are added to an environment that leads to no clone."""
    environment = {**os.environ, "PYTHONWARNINGS": "default", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables}
    for name in {"PYTHONPATH", "LEADLEDGER_HOME"} - variables.keys():
        environment.pop(name, None)
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, target: str, folder: Path) -> Path:
    """The wheel or the sdist of a folder, built into another folder."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=source)
    (built,) = folder.iterdir()
    return built


def new_environment(folder: Path, *install: str | Path) -> Path:
    """The Python of a new environment, with one package installed."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    paths = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    python = Path(sysconfig.get_path("scripts", "venv", paths)) / "python"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
    ]
    run(*pip, "--no-build-isolation", "--no-compile", *install, cwd=folder)
    return python


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this folder."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this folder, unpacked."""
    archive = build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return source


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment into which the wheel is installed."""
    return new_environment(tmp_path_factory.mktemp("environment"), wheel)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A project whose own packages have the names of our folders, and fail when they are imported."""
    project = tmp_path / "project"
    for name in (*FOLDERS, "benchmarks", "examples", "tests"):
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text(f'raise AssertionError("imported {name} of the project")\n')
    return project


def names(wheel: Path) -> set[str]:
    """The names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def source_files(source: Path, *folders: str) -> set[str]:
    """The files in some folders, without what Python and the tools leave there."""
    return {
        path.relative_to(source).as_posix()
        for folder in folders
        for path in (source / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not any(part.startswith(".") for part in path.parts[-2:])
    }


def test_a_wheel_owns_one_name(wheel: Path) -> None:
    """Everything that a wheel installs is below leadledger/, but for its metadata."""
    assert {name.partition("/")[0] for name in names(wheel)} == {"leadledger", "leadledger-0.1.0.dist-info"}


def test_a_wheel_holds_every_file_once(wheel: Path) -> None:
    """A wheel holds each file of the folders, data as well as code, and the examples, each once."""
    front = {"leadledger/__init__.py", "leadledger/__main__.py", "leadledger/py.typed"}
    folders = {f"leadledger/{name}" for name in source_files(ROOT, *FOLDERS, "examples")}
    assert {name for name in names(wheel) if name.startswith("leadledger/")} == front | folders
    with zipfile.ZipFile(wheel) as archive:
        assert len(archive.namelist()) == len(names(wheel))


def test_the_sdist_builds_the_same_wheel(wheel: Path, unpacked: Path, tmp_path: Path) -> None:
    """The wheel that is built from a source distribution is byte for byte the one that is built from a clone."""
    assert build(unpacked, "wheel", tmp_path).read_bytes() == wheel.read_bytes()


def test_the_sdist_holds_every_file_once(unpacked: Path) -> None:
    """A source distribution holds the folders, the tests and the docs at its top, and none of them in leadledger/."""
    assert source_files(unpacked, "leadledger") == {
        "leadledger/__init__.py",
        "leadledger/__main__.py",
        "leadledger/py.typed",
    }
    for folder in (*FOLDERS, "benchmarks", "docs", "examples", "tests"):
        assert source_files(unpacked, folder) == source_files(ROOT, folder)
    assert (unpacked / "conftest.py").read_bytes() == (ROOT / "conftest.py").read_bytes()


def test_the_sdist_installs_editable(unpacked: Path, tmp_path: Path) -> None:
    """With the links that the Makefile makes, an editable install of a source distribution runs from its folder."""
    run("make", "--silent", *(f"leadledger/{folder}" for folder in FOLDERS), cwd=unpacked)
    python = new_environment(tmp_path / "environment", "--editable", unpacked)
    where = "import leadledger.api.cli.commands as commands; print(commands.__file__)"
    assert Path(run(python, "-c", where, cwd=tmp_path).strip()).is_relative_to(unpacked)
    assert "Usage: " in run(python, "-m", "leadledger", "--help", cwd=tmp_path)


def test_the_command_runs_beside_a_hostile_project(installed: Path, hostile: Path) -> None:
    """Neither the command nor the module imports the user's packages that have the names of our folders."""
    first = {"PYTHONPATH": str(hostile)}
    assert "Usage: " in run(installed, "-m", "leadledger", "--help", cwd=hostile, **first)
    path = Path(run(installed, "-c", SCORE_ONE_LEAD, cwd=hostile, **first).strip())
    assert path.is_relative_to(installed.parents[1])


def test_the_demo_runs_beside_a_hostile_project(installed: Path, hostile: Path) -> None:
    """The whole demo, with training and scoring of a list, runs from a wheel in the folder of a hostile project."""
    command = installed.with_name("leadledger")
    printed = run(command, "demo", "--leads", "500", cwd=hostile, PYTHONPATH=str(hostile))
    assert "7. To serve it over HTTP" in printed
    assert not [*hostile.rglob("*.pyc")]
