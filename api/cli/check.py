"""`leadledger check`: a card, its test cases in every engine, and how a list of leads fits it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, as_json, as_of, home, log_url, reading_options, today
from leadledger.api.cli.printing import count, report, wrap

if TYPE_CHECKING:
    from leadledger.api.lists.coverage import CardCoverage
    from leadledger.scoring.scorecard import Card
    from leadledger.training.sources.reading import ReadingOptions

MOST_REJECTS_SHOWN = 10


@click.command()
@click.argument("card", type=FILE)
@click.argument("data", type=FILE, required=False)
@reading_options
@home
@log_url
@as_of
@as_json
def check(
    card: Path,
    data: Path | None,
    reading: ReadingOptions,
    home: Path,
    log_url: str | None,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Check a card, its test cases, and how leads fit it.

    Reads CARD, runs its test cases in Python and in DuckDB, and shows how full its fields are, and how often its rules
    fire, for the leads in DATA. If the home has a current release of CARD, and DATA or the log has outcomes of newer
    leads, it says whether the release needs another base rate, or training.

    All mistakes are shown at once, with line and column. Exit status 1 if there is one, or if a test case fails.
    """
    from leadledger.api.cli.release_upkeep import find_upkeep
    from leadledger.api.lists.card_cases import find_case_failures
    from leadledger.api.lists.coverage import measure_coverage
    from leadledger.scoring.card.hints import find_hints
    from leadledger.scoring.card.reader import read_card

    contents = read_card(card)
    hints = find_hints(contents)
    failures = find_case_failures(contents)
    coverage = measure_coverage(contents, data, as_of, today(contents.time_zone), reading) if data else None
    result = {"card": contents.name, "rules": contents.count_rules(), "cases": len(contents.cases)}
    result["hints"] = list(hints)
    upkeep = list(find_upkeep(contents, home, log_url, coverage.history if coverage else None))
    result["upkeep"] = [release.to_dict() for release in upkeep]
    text = "\n".join(_card_lines(str(card), contents, failures, hints))
    if coverage is not None:
        text += f"\n{wrap(_coverage_lines(contents, coverage))}"
    if upkeep:
        text += f"\n{wrap(release.sentence for release in upkeep)}"
    report(as_json, {**result, "failed": list(failures), "data": coverage and coverage.to_dict()}, text)
    if failures:
        sys.exit(1)


def _card_lines(path: str, card: Card, failures: Sequence[str], hints: Sequence[str]) -> Iterator[str]:
    yield f"{path}: {count(len(card.fields), 'field')}, {count(card.count_rules(), 'rule')}, no mistakes found"
    yield from wrap(f"Hint: {hint}" for hint in hints).splitlines()
    yield from (f"{path}: {failure}" for failure in failures)
    yield cases_text(card, failures)


def cases_text(card: Card, failures: Sequence[str]) -> str:
    """How many test cases of a card pass. A case may fail in several respects, each with its line of `failures`."""
    if not card.cases:
        return "This card has no test cases yet."
    passed = len(card.cases) - len({failure.split(":")[0] for failure in failures})
    passes = "case passes" if len(card.cases) == 1 else "cases pass"
    where = "in Python" if card.events else "in Python and in DuckDB"
    return f"{passed:,} of {len(card.cases):,} test {passes}, {where}"


def _coverage_lines(card: Card, coverage: CardCoverage) -> Iterator[str]:
    yield f"{count(coverage.rows, 'row')}, {coverage.readable:,} of them readable"
    for reject in coverage.rejects[:MOST_REJECTS_SHOWN]:
        yield f"row {reject.row:,}: {reject.column or 'the row'}: {reject.reason}"
    if len(coverage.rejects) > MOST_REJECTS_SHOWN:
        yield f"… and {len(coverage.rejects) - MOST_REJECTS_SHOWN:,} more"
    yield from coverage.notes
    yield ""
    yield "How full each field is:"
    for name, share in coverage.filled.items():
        yield f"  {name:<30} {share:>6.1%}"
    yield from coverage.fit.describe("list")
    if coverage.fit.unused:
        yield f"Columns that no field uses: {', '.join(coverage.fit.unused)}"
    if coverage.fires and coverage.readable:
        yield ""
        day = f"the day in '{coverage.as_of}'" if isinstance(coverage.as_of, str) else f"{coverage.as_of}"
        yield f"As of {day}."
        yield f"{'How often each rule fires, and is unknown:':<50} {'fires':>7} {'unknown':>8}"
        for name, (fires, unknown) in coverage.fires.items():
            never = "" if fires else "  never"
            yield f"  {name:<48} {fires / coverage.readable:>7.1%} {unknown / coverage.readable:>8.1%}{never}"
