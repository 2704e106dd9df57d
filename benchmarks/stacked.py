"""AutoGluon's stack of boosting and forests, the learner to come near: it is given time, not settings.

It needs pandas below 2.4, and we need 3, so it can't share an environment with us: `make bench-quality` makes
`.venv-autogluon` from constraints-autogluon.txt, and `stacked_fit.py` runs there.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.real_sets import ROOT, Indexes, RealSet

PYTHON = ROOT / ".venv-autogluon" / "bin" / "python"
SECONDS = 200.0  # that it may learn for
WON = "(won)"  # as in stacked_fit.py
NAME = "AutoGluon (200 s)"


def stacked(data: RealSet, older: Indexes, seed: int) -> Callable[[Indexes], NDArray[np.float64]]:
    """Fit it for SECONDS; `seed` is not used, since what it can fit in its time differs from run to run anyway."""
    frame = data.history.frame
    folder = Path(mkdtemp(prefix="stacked-"))
    _write(frame.iloc[older].assign(**{WON: data.history.won[older]}), folder / "older.parquet")
    _run("fit", str(folder), str(SECONDS))

    def predict(held: Indexes) -> NDArray[np.float64]:
        _write(frame.iloc[held], folder / "held.parquet")
        _run("predict", str(folder))
        return np.loadtxt(folder / "probability.txt", ndmin=1)

    finalize(predict, rmtree, folder)  # the fitted stack lives as long as the function that asks it
    return predict


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Texts as they are, flags as 0, 1 and missing: what a user would hand over."""
    flags = [name for name in frame if name != WON and pd.api.types.is_bool_dtype(frame[name].dtype)]
    frame.astype(dict.fromkeys(flags, "float64")).to_parquet(path, index=False)


def _run(*words: str) -> None:
    script = Path(__file__).with_name("stacked_fit.py")
    done = subprocess.run([PYTHON, "-P", script, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"AutoGluon failed:\n{done.stderr[-2000:]}")
