"""The cases that tests read as data, from the files in tests/cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "cases"


def read_cases(name: str) -> Any:
    """What a file of YAML holds. It is read by the parser in C, where there is one: each worker reads them all."""
    return yaml.load((FOLDER / name).read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
