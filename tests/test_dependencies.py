"""Each dependency in pyproject.toml has a floor, a cap, and a reason beside it, and is pinned for the tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "pyproject.toml").read_text("utf-8")
PROJECT: dict[str, Any] = tomllib.loads(TEXT)
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
REQUIREMENTS = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(requirement for requirements in EXTRAS.values() for requirement in requirements),
]
PIN_FILES = {"bench": "constraints-bench.txt", "docs": "constraints-docs.txt"}  # of extras; the others: constraints.txt
FORM = re.compile(r"(?P<name>[\w.-]+)(\[\w+\])?>=(?P<floor>[\d.]+),<(?P<cap>[\d.]+)(; .*)?")


def read_version(text: str) -> tuple[int, ...]:
    """A version as numbers."""
    return tuple(int(part) for part in text.split(".") if part.isdecimal())


@pytest.mark.parametrize("requirement", sorted(set(REQUIREMENTS)))
def test_floor_cap_and_reason(requirement: str) -> None:
    """A floor below a cap, and behind them the reason why the package is needed, each time that it is listed."""
    match = FORM.fullmatch(requirement)
    assert match, f"write {requirement} like name>=1.2,<2"
    assert read_version(match["floor"]) < read_version(match["cap"])
    lines = [line for line in TEXT.splitlines() if f'"{requirement}"' in line]
    assert lines
    for line in lines:
        assert re.search(r"  # \S.{4,}", line), f"say beside {requirement} why it is needed"


def test_pins_are_within_the_bounds() -> None:
    """What the tests run with lies between floor and cap, so that the bounds are no guess."""
    bounds = {"": PROJECT["project"]["dependencies"], **EXTRAS}
    for extra, requirements in bounds.items():
        text = (ROOT / PIN_FILES.get(extra, "constraints.txt")).read_text("utf-8")
        pins = dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", text, flags=re.MULTILINE))
        for requirement in requirements:
            match = FORM.fullmatch(requirement)
            assert match
            name = match["name"].lower().replace("_", "-")
            if name not in pins:
                continue  # as long as `make pins` has not run after it was added
            pin = read_version(pins[name])
            assert read_version(match["floor"]) <= pin < read_version(match["cap"]), requirement
