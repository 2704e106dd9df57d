"""Lead scoring that shows its work: every point has a reason, and the points add up.

    import leadledger

    card = leadledger.load("card.yaml")
    print(leadledger.explain(card, {"need": "urgent"}, as_of=date(2026, 7, 1)))

The verbs are loaded at their first use, so `import leadledger` loads neither scikit-learn nor pandas. `train`, `audit`,
`backtest`, `recalibrate`, `read_history` and `find_leaks` need the `train` extra.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.card.reader import load
    from leadledger.scoring.engine.score import explain, recommend, score
    from leadledger.scoring.frames.score import score_frame
    from leadledger.scoring.printers.sql.select import to_sql
    from leadledger.training.evidence.auditing import audit
    from leadledger.training.evidence.backtesting import backtest
    from leadledger.training.evidence.leakage import find_leaks
    from leadledger.training.history import read_history
    from leadledger.training.runs.recalibration import recalibrate
    from leadledger.training.runs.train import train

__all__ = [
    "Releases",
    "audit",
    "backtest",
    "explain",
    "find_leaks",
    "load",
    "read_history",
    "recalibrate",
    "recommend",
    "score",
    "score_frame",
    "to_sql",
    "train",
]

_MODULES = {
    "Releases": "models.releases.store",
    "audit": "training.evidence.auditing",
    "backtest": "training.evidence.backtesting",
    "explain": "scoring.engine.score",
    "find_leaks": "training.evidence.leakage",
    "load": "scoring.card.reader",
    "read_history": "training.history",
    "recalibrate": "training.runs.recalibration",
    "recommend": "scoring.engine.score",
    "score": "scoring.engine.score",
    "score_frame": "scoring.frames.score",
    "to_sql": "scoring.printers.sql.select",
    "train": "training.runs.train",
}


def __getattr__(name: str) -> Any:
    """A verb, imported at its first use and kept."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    verb = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = verb
    return verb


def __dir__() -> list[str]:
    """The verbs, for tab completion: neither what this file imports, nor the folders."""
    return [*(name for name in globals() if name.startswith("__")), *__all__]
