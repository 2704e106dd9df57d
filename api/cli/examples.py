"""Where the example cards and their simulated CRM are: for `leadledger demo`, tests and benchmarks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from leadledger.scoring.errors import DataError


def find_examples() -> Path:
    """The folder of the examples: inside an installed wheel, else beside the packages, as in a clone.

    Raises DataError where they are not installed.
    """
    package = Path(__file__).parents[2]
    for folder in (package / "examples", package.parent / "examples"):
        if (folder / "b2b-software" / "card.yaml").is_file():
            return folder
    raise DataError("the examples are not installed; run the demo from a clone")


def load_simulator() -> ModuleType:
    """The simulated CRM of an example: a script, in a folder that is not a package."""
    path = find_examples() / "b2b-software" / "simulate.py"
    spec = importlib.util.spec_from_file_location("simulate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate"] = module
    spec.loader.exec_module(module)
    return module
