"""A file to import: its format, told from the file, its formula, and the interpreter that proves the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from leadledger.api.formulas.formula import Formula
from leadledger.api.formulas.group_limits import OldScore
from leadledger.api.formulas.matrix import read_matrix_rows, translate_rows
from leadledger.api.formulas.matrix_interpreter import score_matrix
from leadledger.scoring.errors import DataError
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions

FormulaFormat = Literal["matrix"]
FORMULA_FORMATS: tuple[FormulaFormat, ...] = get_args(FormulaFormat)


@dataclass(frozen=True)
class ImportedFile:
    """What a file says: its formula, and `score_old`, which works its score out as its documents state it."""

    format: FormulaFormat
    formula: Formula
    score_old: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]], date], OldScore]


def read_formula(path: Path, format: FormulaFormat | None = None, reading: ReadingOptions = AS_FOUND) -> ImportedFile:
    """Read a file; without `format`, it is told from the file. Raises DataError."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    rows = read_matrix_rows(path, reading)
    formula = translate_rows(rows, path.stem, path.name)
    _require_rules(formula, path)
    return ImportedFile("matrix", formula, lambda lead, events, as_of: score_matrix(rows, lead))


def _require_rules(formula: Formula, path: Path) -> None:
    if not formula.rules:
        reasons = "".join(f"\n  {part.path}: {part.reason}" for part in formula.untranslated[:20])
        raise DataError(f"{path}: nothing in it can be translated to a rule{reasons}")
