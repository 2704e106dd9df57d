"""Where the example cards and their simulated CRM are: for `leadledger demo`, tests and benchmarks."""

from __future__ import annotations

import importlib
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
    """The simulated CRM of an example: a script and the modules beside it, in a folder that is not a package."""
    folder = str(find_examples() / "b2b-software")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module("simulate")
