"""What the command line says of a list, a check and the releases, in plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadledger.api.lists.coverage import CardCoverage
    from leadledger.api.lists.results import ScoredList, ScoredTable
    from leadledger.api.service.keys import Key
    from leadledger.models.releases.store import ReleaseInfo
    from leadledger.scoring.scorecard import Card
    from leadledger.training.runs.recalibration import Recalibration


def list_text(found: ScoredList, width: int = 80) -> str:
    """What became of a list."""
    return "\n".join(line for words in _list(found) for line in textwrap.wrap(words, width, subsequent_indent="  "))


def _list(found: ScoredList) -> Iterator[str]:
    left = f", {found.left_out:,} not asked for" if found.left_out else ""
    rate = f", {found.rows / found.seconds:,.0f} a second" if found.rows >= 100_000 and found.seconds else ""
    yield f"{found.rows:,} rows: {found.scored:,} scored into {found.out}, {found.rejected:,} rejected{left}{rate}"
    if found.rejected:
        yield f"Why rows were rejected: {found.rejects}"
    for column, name in found.misspelt.items():
        yield f"Column '{column}' belongs to no field; did you mean '{name}'?"
    if found.duplicates:
        again = "row has" if found.duplicates == 1 else "rows have"
        yield f"{found.duplicates:,} {again} the id of a row before: {', '.join(map(repr, found.examples))}"
    if found.absent:
        yield f"Fields that the list doesn't have: {', '.join(found.absent)}"
    yield from _counts(found)


def _counts(found: ScoredList | ScoredTable) -> Iterator[str]:
    for title, counts in (("Recommendations", found.recommendations), ("Grades", found.grades)):
        if counts:
            yield f"{title}: " + " · ".join(f"{one} {count:,}" for one, count in counts.items())


def table_text(found: ScoredTable, width: int = 80) -> str:
    """What became of a table in PostgreSQL."""
    lines = [f"{found.rows:,} rows: {found.scored:,} scored into {found.into}, {found.rejected:,} rejected"]
    if found.rejected:
        lines.append(f"Why rows were rejected: {found.rejects}")
    if found.duplicates:
        lines.append(f"{found.duplicates:,} of these share their id with another row")
    if found.absent:
        lines.append(f"Fields that the table doesn't have: {', '.join(found.absent)}")
    lines += _counts(found)
    return "\n".join(part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="  "))


def fit_text(card: Card, found: CardCoverage, width: int) -> str:
    """What a file makes of a card."""
    return "\n".join(_fit(card, found, width))


def _fit(card: Card, found: CardCoverage, width: int) -> Iterator[str]:
    yield f"{found.rows:,} rows, {found.readable:,} of them readable"
    for one in found.rejects[:10]:
        yield from textwrap.wrap(
            f"row {one.row}: {one.column or 'the row'}: {one.reason}", width, subsequent_indent="  "
        )
    if len(found.rejects) > 10:
        yield f"… and {len(found.rejects) - 10:,} more"
    yield ""
    yield "How full each field is:"
    for name, share in found.filled.items():
        yield f"  {name:<30} {share:>6.1%}"
    absent = [one.name for one in card.plain_fields if one.name not in found.filled]
    if absent:
        yield from textwrap.wrap(f"Fields without a column: {', '.join(absent)}", width, subsequent_indent="  ")
    if found.unused:
        yield from textwrap.wrap(
            f"Columns that no field uses: {', '.join(found.unused)}", width, subsequent_indent="  "
        )
    if found.fires and found.readable:
        yield ""
        yield f"{'How often each rule fires, and is unknown:':<50} {'fires':>7} {'unknown':>8}"
        for name, (yes, unknown) in found.fires.items():
            never = "  never" if not yes else ""
            yield f"  {name:<48} {yes / found.readable:>7.1%} {unknown / found.readable:>8.1%}{never}"


def releases_text(found: Sequence[ReleaseInfo]) -> str:
    """The releases, newest last, the current one marked."""
    if not found:
        return "There is no release yet; `leadledger train CARD DATA` makes one."
    lines = []
    for one in found:
        mark = "*" if one.current else " "
        lines.append(f"{mark} {one.name}  {one.card}{'  ' + one.note if one.note else ''}")
    return "\n".join([*lines, "", "* the current release"])


def keys_text(found: Sequence[Key]) -> str:
    """The API keys, newest last: id, what became of it, scopes and name; never a secret."""
    if not found:
        return "There is no key yet; `leadledger keys add NAME --scope score` makes one."
    lines = []
    for one in found:
        state = f"made {one.created:%Y-%m-%d}" if one.revoked is None else f"revoked {one.revoked:%Y-%m-%d}"
        lines.append(f"{one.id}  {state:18}  {', '.join(one.scopes)}  {one.name}")
    return "\n".join(lines)


def recalibration_text(found: Recalibration, release: str, width: int) -> str:
    """What a recalibration moved, and what it is worth on the leads that it was made by."""
    judged = found.metrics["held_out"]
    losses = " to ".join(f"{judged[one]['log_loss']:.4f}" for one in ("before", "after"))
    lines = [
        f"Release {release} is made, and is the current one: {found.release} with another base rate.",
        f"Base rate {found.before:.2%} → {found.after:.2%}, by the {found.metrics['leads']:,} newest leads, of which"
        f" {found.metrics['won']:,} became opportunities. Log-loss on them: {losses}.",
        *(f"Promotion to {stage}: {one['said']}." for stage, one in found.metrics["promises"].items()),
        "The points of every lead are what they were; the probabilities moved.",
    ]
    return "\n".join(part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="  "))
