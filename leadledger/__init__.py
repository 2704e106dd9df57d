"""Lead scoring that shows its work: every point has a reason, and the points add up.

    import leadledger

    card = leadledger.load("card.yaml")
    print(leadledger.explain(card, {"need": "urgent"}, as_of=date(2026, 7, 1)))

Each verb is imported at its first use, so `import leadledger` loads neither scikit-learn nor pandas. `train`, `audit`,
`backtest`, `recalibrate`, `read_history` and `find_leaks` need the `train` extra.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names as in _MODULES, for type checkers and editors; a test holds them equal
    from leadledger.models.releases.store import Releases as Releases
    from leadledger.scoring.card.reader import load as load
    from leadledger.scoring.engine.score import explain as explain
    from leadledger.scoring.engine.score import recommend as recommend
    from leadledger.scoring.engine.score import score as score
    from leadledger.scoring.frames.score import score_frame as score_frame
    from leadledger.scoring.printers.sql.select import to_sql as to_sql
    from leadledger.training.evidence.auditing import audit as audit
    from leadledger.training.evidence.backtesting import backtest as backtest
    from leadledger.training.evidence.leakage import find_leaks as find_leaks
    from leadledger.training.history_reader import read_history as read_history
    from leadledger.training.runs.recalibration import recalibrate as recalibrate
    from leadledger.training.runs.train import train as train

_MODULES = {
    "Releases": "models.releases.store",
    "audit": "training.evidence.auditing",
    "backtest": "training.evidence.backtesting",
    "explain": "scoring.engine.score",
    "find_leaks": "training.evidence.leakage",
    "load": "scoring.card.reader",
    "read_history": "training.history_reader",
    "recalibrate": "training.runs.recalibration",
    "recommend": "scoring.engine.score",
    "score": "scoring.engine.score",
    "score_frame": "scoring.frames.score",
    "to_sql": "scoring.printers.sql.select",
    "train": "training.runs.train",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Import a verb at its first use, and keep it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        verb = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if not _MODULES[name].startswith("training.") or (error.name or "").startswith(__name__):
            raise
        package, install = (error.name or "").partition(".")[0], "pip install 'leadledger[train]'"
        raise ImportError(f"leadledger.{name} needs {package}; install it with {install}", name=error.name) from None
    globals()[name] = verb
    return verb


def __dir__() -> list[str]:
    """The verbs, for tab completion, without what this file imports and without the folders."""
    return [*(name for name in globals() if name.startswith("__")), *__all__]
