"""Other Pythons of the machine, and environments of theirs into which our wheel is installed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
PATIENCE = 900  # seconds


def find_python(version: str) -> Path | None:
    """A Python of a minor version: the running one, one on the path, or one of pyenv; None: there is none that runs."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    on_path = shutil.which(f"python{version}")
    candidates = [*([Path(on_path)] if on_path else []), *sorted(pyenv.glob(f"{version}.*/bin/python3"))]
    for candidate in candidates:
        done = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0 and done.stdout.startswith(f"Python {version}."):
            return candidate
    return None


def write_pins() -> str:
    """The versions of constraints.txt without their hashes, as docs/operations.md makes them."""
    text = (ROOT / "constraints.txt").read_text("utf-8")
    return re.sub(r"^ *--hash=.*\n", "", re.sub(r" *\\$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)


def list_requirements(extras: Sequence[str]) -> list[str]:
    """What pyproject.toml asks for, with some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(requirement for extra in extras for requirement in optional[extra])]


def install_wheel(wheel: Path, python: Path, folder: Path, extras: Sequence[str] = ()) -> Path:
    """The Python of an environment in a folder, with the pinned libraries and the wheel.

    The libraries stay from run to run, as long as the pins do. Raises subprocess.CalledProcessError.
    """
    pins, requirements = write_pins(), list_requirements(extras)
    stamp, made = folder / "stamp", hashlib.sha256("\n".join([str(python), pins, *requirements]).encode()).hexdigest()
    inner = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(inner), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not stamp.is_file() or stamp.read_text("utf-8") != made:
        _run(str(python), "-m", "venv", "--clear", str(folder))
        (folder / "pins.txt").write_text(pins, "utf-8")
        _run(*pip, "--constraint", str(folder / "pins.txt"), *requirements)
        stamp.write_text(made, "utf-8")
    _run(*pip, "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    return inner


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
