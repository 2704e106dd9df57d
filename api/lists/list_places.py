"""Where the files of a scored list go: the scores, the rejects, the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leadledger.api.lists import output_file
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.errors import DataError


@dataclass(frozen=True)
class ListPlaces:
    """The files of a run."""

    scores: Path
    rejects: Path
    ledger: Path | None


def choose_places(data: Path, out: Path, wanted: Wanted) -> ListPlaces:
    """Where the files go; the rejects, if nothing is said, beside the output. Raises DataError where one can't be."""
    rejects = _beside(data, out) if wanted.rejects is None else Path(wanted.rejects)
    ledger = None if wanted.ledger is None else Path(wanted.ledger)
    files = [out, rejects, *([ledger] if ledger is not None else [])]
    for position, file in enumerate(files):
        output_file.check_place(file)
        if position and file == output_file.STDOUT:
            raise DataError("standard output takes the scores; name a file for the rejects and for the ledger")
        if file.absolute() in [earlier.absolute() for earlier in files[:position]]:
            raise DataError(f"{file}: is named twice; the scores, the rejects and the ledger need a file each")
        if file.exists() and data.exists() and file.samefile(data):
            raise DataError(f"{file}: is the list itself; write to another file")
    return ListPlaces(out, rejects, ledger)


def _beside(data: Path, out: Path) -> Path:
    """The rejects file beside the output; for standard output, in the current folder, by the name of the list."""
    if out == output_file.STDOUT:
        return Path(f"{data.name if data != output_file.STDOUT else 'stdin'}.rejects.csv")
    return out.with_name(f"{out.name[: -len(output_file.find_ending(out))]}.rejects.csv")
