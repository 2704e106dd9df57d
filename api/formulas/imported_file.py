"""A file to import: its format, its formula, and the interpreter that proves the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from leadledger.api.formulas.formula import Formula
from leadledger.api.formulas.group_limits import OldScore
from leadledger.api.formulas.hubspot import translate_score
from leadledger.api.formulas.hubspot_interpreter import score_hubspot
from leadledger.api.formulas.matrix import read_matrix_rows, translate_rows
from leadledger.api.formulas.matrix_interpreter import score_matrix
from leadledger.api.formulas.query_builder import is_query_document, translate_queries
from leadledger.api.formulas.query_builder_interpreter import score_queries
from leadledger.api.requests.json_text import note_repeated_names, parse_json
from leadledger.api.requests.mistakes import ROOT, Mistake, Mistakes, Refusal, format_path
from leadledger.api.requests.mistakes import Path as JsonPath
from leadledger.scoring.errors import DataError
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions

FormulaFormat = Literal["hubspot", "matrix", "querybuilder"]
FORMULA_FORMATS: tuple[FormulaFormat, ...] = get_args(FormulaFormat)
LARGEST_DOCUMENT = 10_000_000  # bytes


@dataclass(frozen=True)
class ImportedFile:
    """What a file says: its formula, and `score_old`, which works its score out as its documents state it."""

    format: FormulaFormat
    formula: Formula
    score_old: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]], date], OldScore]


def read_formula(path: Path, format: FormulaFormat | None = None, reading: ReadingOptions = AS_FOUND) -> ImportedFile:
    """Read a file, in the given format (None: the one that its content shows). Raises DataError."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    format = format or _tell_format(path)
    if format == "querybuilder":
        document = _read_json(path)
        queries = translate_queries(document, path.stem, path.name)
        return ImportedFile(format, queries, lambda lead, events, as_of: score_queries(document, lead))
    if format == "hubspot":
        document = _read_json(path)
        formula = translate_score(document, path.name)
        return ImportedFile(
            "hubspot", formula, lambda lead, events, as_of: score_hubspot(document, lead, events, as_of)
        )
    rows = read_matrix_rows(path, reading)
    formula = translate_rows(rows, path.stem, path.name)
    return ImportedFile("matrix", formula, lambda lead, events, as_of: score_matrix(rows, lead))


def _tell_format(path: Path) -> FormulaFormat:
    """A JSON object with groups is a score of HubSpot, one with rules is a query; what isn't JSON is a list."""
    if path.suffix.lower() != ".json":
        return "matrix"
    document = _read_json(path)
    if is_query_document(document):
        return "querybuilder"
    if isinstance(document, list):
        return "matrix"
    if isinstance(document, dict) and "groupConfigs" in document:
        return "hubspot"
    raise DataError(
        f"{path}: this JSON is not known; a score of HubSpot (GET …/scores/{{scoreId}}) has `groupConfigs`, a"
        " query of react-querybuilder `rules`."
        f" Or name the format with --from: {', '.join(FORMULA_FORMATS)}"
    )


def _read_json(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_DOCUMENT + 1)
        if len(content) > LARGEST_DOCUMENT:
            raise DataError(f"{path}: the document is larger than {LARGEST_DOCUMENT:,} bytes")
        document, mistakes = parse_json(content), Mistakes()
        _note_repeated_names(document, ROOT, mistakes)
        if mistakes:
            raise mistakes.to_refusal()
        return document
    except OSError as error:
        raise DataError(f"{path}: can't be opened: {error.strerror}") from None
    except Refusal as refusal:
        reasons = "; ".join(_word_mistake(mistake) for mistake in refusal.mistakes) or str(refusal)
        raise DataError(f"{path}: {reasons}") from None


def _note_repeated_names(value: Any, path: JsonPath, mistakes: Mistakes) -> None:
    """Note names that stand twice in one object: only one of the two values could count."""
    if isinstance(value, dict):
        note_repeated_names(value, path, mistakes)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        _note_repeated_names(item, (*path, key), mistakes)


def _word_mistake(mistake: Mistake) -> str:
    """A mistake with its path, where it has one below the root."""
    return f"{format_path(mistake.path)}: {mistake.reason}" if len(mistake.path) > 1 else mistake.reason
