"""Training: a card and a history in, a release out.

The verbs, for a notebook as for the command line: `read_history`, `find_leaks`, `train`, `audit`, `backtest`,
`recalibrate`. Each takes a file or a DataFrame and returns a record that shows itself in a notebook.

The heavy libraries (scikit-learn, pandas) are imported with the verb that needs them, never here: `training.sources`
reads files for the command line too, which must start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.auditing import audit
    from training.backtesting import backtest
    from training.history import read_history
    from training.leakage import find_leaks
    from training.recalibration import recalibrate
    from training.run import train

__all__ = ["audit", "backtest", "find_leaks", "read_history", "recalibrate", "train"]

_HOMES = {
    "audit": "training.auditing",
    "backtest": "training.backtesting",
    "find_leaks": "training.leakage",
    "read_history": "training.history",
    "recalibrate": "training.recalibration",
    "train": "training.run",
}


def __getattr__(name: str) -> Any:
    """A verb, imported at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'training' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
