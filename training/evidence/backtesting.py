"""A back-test: what an edited card would have done on past outcomes, before anyone publishes it.

Both cards score the same leads, each lead as of its own day, with the same learned part: tables, trust and promotion
thresholds of a release, or none. So every difference comes from an edit of the card. Each edit is tried by itself: put
alone into the old card, and kept alone out of the new one. Edits that work only together show in the second count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.models.releases.learned_checks import check_learned
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.errors import DataError, ReleaseError, quote
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.scoring.scorecard import Card, Learned, Scorecard, build_untrained
from leadledger.training.evidence.card_edits import CardEdit, find_edits, swap_in
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.intervals import rate_limits
from leadledger.training.learn.lead_rows import take_one_row_each
from leadledger.training.notebook import table
from leadledger.training.sources.event_rows import require_events
from leadledger.training.sources.logged import LoggedHistory
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.required_fields import fields_read, fields_to_score, require_fields
from leadledger.training.sources.scan import ROW


@dataclass(frozen=True)
class Rate:
    """`won` of `leads`, as a rate (0..1) with its exact 95 % interval."""

    leads: int
    won: int

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON; the rates are None where there is no lead."""
        low, high = rate_limits(self.won, self.leads) if self.leads else (None, None)
        rate = self.won / self.leads if self.leads else None
        return {"leads": self.leads, "won": self.won, "rate": rate, "low": low, "high": high}


@dataclass(frozen=True)
class AtThreshold:
    """What a card's promotion threshold would have done: the leads that meet the stage's criteria and reach it.

    `points` (tenths) is None where criteria alone decide, or where the gate is closed (`closed` says why). `promoted`
    counts the leads from the threshold on, `recall` all opportunities, and those of them that were promoted.
    """

    stage: str
    points: int | None
    closed: str
    promoted: Rate
    recall: Rate

    def to_dict(self) -> dict[str, Any]:
        """JSON, in points."""
        return {
            "stage": self.stage,
            "line": None if self.points is None else self.points / 10,
            "closed": self.closed,
            "volume": self.promoted.leads,
            "precision": self.promoted.to_dict(),
            "recall": self.recall.to_dict(),
        }


@dataclass(frozen=True)
class VerdictChange:
    """So many leads went from one grade or recommendation (`what`) to another; `won` of them became opportunities."""

    what: str
    old: str
    new: str
    leads: int
    won: int

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Backtest:
    """What a new card would have done otherwise than the old one, on leads whose outcome is known.

    `changes` has one row for each lead that changes grade or recommendation: `row` (its number in the file), `id`
    (where the card has one), `old_…` and `new_…` points, score, grade and recommendation, and `became_opportunity`
    (yes, no). `gained` and `dropped` count the leads that only the new card promotes at its threshold, and only the old
    one. `together` counts the changed leads that no edit changes by itself.
    """

    old: str
    new: str
    release: str
    leads: int
    won: int
    changed: int
    transitions: tuple[VerdictChange, ...]
    thresholds: tuple[AtThreshold, AtThreshold] | None
    gained: Rate
    dropped: Rate
    edits: tuple[CardEdit, ...]
    together: int
    notes: tuple[str, ...]
    changes: pd.DataFrame = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """JSON, in points, without the leads themselves."""
        sides = (
            None
            if self.thresholds is None
            else {"old": self.thresholds[0].to_dict(), "new": self.thresholds[1].to_dict()}
        )
        return {
            "old": self.old,
            "new": self.new,
            "release": self.release,
            "leads": self.leads,
            "won": self.won,
            "changed": self.changed,
            "shifts": [transition.to_dict() for transition in self.transitions],
            "at_the_line": sides,
            "gained": self.gained.to_dict(),
            "dropped": self.dropped.to_dict(),
            "edits": [edit.to_dict() for edit in self.edits],
            "together": self.together,
            "notes": list(self.notes),
        }

    def write(self, out: Path) -> None:
        """Write `changes` as CSV. Raises DataError."""
        try:
            self.changes.to_csv(out, index=False)
        except OSError as error:
            raise DataError(f"{out}: can't be written: {error.strerror or error}") from None

    def _repr_html_(self) -> str:
        rows = [
            {"edit": edit.title, "said": edit.said, "alone": edit.alone, "needed": edit.needed} for edit in self.edits
        ]
        sentence = f"{self.changed:,} of {self.leads:,} leads change grade or recommendation."
        return table(rows, f"Back-test of {self.new}", sentence)


def backtest(
    old: Card | Path | str,
    new: Card | Path | str,
    data: Path | str | pd.DataFrame | LoggedHistory,
    *,
    as_of: date | None = None,
    learned: Learned | None = None,
    release: str = "",
    events: Path | str | pd.DataFrame | None = None,
    reading: ReadingOptions = AS_FOUND,
    today: date | None = None,
    accept_left_out: bool = False,
    without: Sequence[str] = (),
    progress: Callable[[str], None] = lambda step: None,
) -> Backtest:
    """Try an edited card on a history. Raises ScorecardError for a card, DataError where the two can't be compared.

    `learned` is applied to both cards, and `release` names where it came from; None: rules as declared. `as_of` is the
    day on which the history was taken; None: the newest plausible day in it, and none after `today`. `events` are
    those of the leads, where a card counts events: each lead is then looked at once, at a landmark that is drawn for
    it. `reading` says where in a file the leads are. `accept_left_out`: go on where the rows that are left out would
    change the result.
    `without` names the fields that the history has no column for and that the comparison goes on without.
    """
    old, new = (card if isinstance(card, Card) else read_card(card) for card in (old, new))
    _comparable(old, new, learned)
    progress("reading the history")
    if not isinstance(data, LoggedHistory):
        require_events(old if old.events else new, events)
    history = take_one_row_each(read_history(old, data, as_of, reading, today, events))
    needs = [(card, fields_to_score(card, learned)) for card in (old, new)]
    require_fields(history.source.columns, needs, without, history.label, "A comparison")
    history = history.refuse_doubtful("the back-test", accept_left_out)
    grades = tuple(dict.fromkeys((*_grades(old), *_grades(new))))

    def score(card: Card) -> _CardScores:
        return _score(_with(card, learned), history, grades)

    progress("scoring by both cards")
    before, after = score(old), score(new)
    readable = ~before.bad & ~after.bad
    changed = readable & before.differs(after)
    won = history.won
    edits, explained = [], np.zeros(len(won), dtype=bool)
    for edit in find_edits(_with(old, learned), _with(new, learned)):
        progress(f"trying the edit of {edit.title} by itself")
        alone = changed & before.differs(score(swap_in(old, new, edit)))
        needed = changed & ~before.differs(score(swap_in(new, old, edit)))
        edits.append(replace(edit, alone=int(alone.sum()), needed=int(needed.sum())))
        explained |= alone
    sides = (
        _at_threshold(_with(card, learned), scored, readable, won) for card, scored in ((old, before), (new, after))
    )
    pair = tuple(side for side in sides if side is not None)
    gained, dropped = readable & after.passes & ~before.passes, readable & before.passes & ~after.passes
    return Backtest(
        old=old.name,
        new=new.name,
        release=release,
        leads=int(readable.sum()),
        won=int(won[readable].sum()),
        changed=int(changed.sum()),
        transitions=tuple(_transitions(before, after, readable, won, grades)),
        thresholds=pair if len(pair) == 2 else None,
        gained=Rate(int(gained.sum()), int(won[gained].sum())),
        dropped=Rate(int(dropped.sum()), int(won[dropped].sum())),
        edits=tuple(sorted(edits, key=lambda edit: (-max(edit.alone, edit.needed), -edit.alone))),
        together=int((changed & ~explained).sum()),
        notes=tuple(_notes(old, new, history, int((~readable).sum()), learned)),
        changes=_changes(old, history, before, after, changed, grades),
    )


def learned_for(old: Card, releases: Releases, name: str | None = None) -> Scorecard | None:
    """The release whose learned part suits a card: the one that is named, else the current one.

    None where there is no release, or the current one is of a card of another name. Raises ReleaseError where the named
    one doesn't exist, DataError where it is of another card.
    """
    if name is None and releases.current() is None:
        return None
    opened = releases.open(name)
    if opened.card.name == old.name:
        return opened
    if name is None:
        return None
    raise DataError(
        f"release {name} is of the card {quote(opened.card.name)}, and the old card is {quote(old.name)};"
        " name a release of the same card"
    )


def _with(card: Card, learned: Learned | None) -> Scorecard:
    return build_untrained(card) if learned is None else Scorecard(card, learned)


def _grades(card: Card) -> tuple[str, ...]:
    return (*(name for name, _ in card.grades), card.below)


# -- whether the two can be compared -----------------------------------------------------------------------------------


def _comparable(old: Card, new: Card, learned: Learned | None) -> None:
    problems = []
    before, after = (_outcome(card.outcome) for card in (old, new))
    if before != after:
        problems.append(
            f"the two cards don't predict the same outcome: the old one says {before}, the new one {after};"
            " give both the same `outcome:`"
        )
    for name, old_field in old.fields.items():
        new_field = new.fields.get(name)
        if new_field is not None and new_field.kind != old_field.kind:
            problems.append(
                f"the field '{name}' is a {old_field.kind} in the old card and a {new_field.kind} in the new one;"
                " give the new one another name"
            )
    if learned is not None and not problems:
        for card, which in ((old, "old"), (new, "new")):
            try:
                check_learned(card, learned)
            except ReleaseError as error:
                problems += [f"the {which} card doesn't fit the release: {line}" for line in str(error).splitlines()]
    if problems:
        raise DataError("\n".join(problems))


def _outcome(outcome: Outcome | None) -> str:
    if outcome is None:
        return "nothing"
    horizon = f", within {outcome.within} days of {outcome.since}" if outcome.since else ""
    words = f"{outcome.kind}: {', '.join(outcome.won)}" if outcome.won else outcome.kind
    lost = f"; lost: {', '.join(outcome.lost)}" if outcome.lost else ""
    day = f"; day: {outcome.day}" if outcome.day else ""
    return f"{outcome.column} ({words}{lost}{day}{horizon})"


def _notes(old: Card, new: Card, history: History, unreadable: int, learned: Learned | None) -> Iterator[str]:
    """What the reader of the figures must know."""
    yield from history.notes
    counts = history.counts
    left = counts.rows - counts.used
    if left:
        parts = [(counts.rejected, "unreadable"), (counts.immature, "too young to judge")]
        parts += [(counts.repeated, "further rows of a lead"), (counts.future + counts.past, "of an impossible day")]
        parts.append((left - sum(number for number, _ in parts), "without an outcome, or a date before it"))
        reasons = ", ".join(f"{number:,} {why}" for number, why in parts if number)
        yield f"Left out, of {counts.rows:,} rows: {reasons}."
    if unreadable:
        yield f"Left out too, for a value that only one of the two cards can read: {unreadable:,}."
    present = find_columns(new, history.source.columns)
    known = old.find_plain_fields(fields_read(old))
    absent = [field for field in new.find_plain_fields(fields_read(new)) if not present[field] and field not in known]
    if absent:
        names = ", ".join(f"'{field}'" for field in absent)
        yield f"The history has no column for {names}: what the new card does with it can't be tried."
    if learned is None:
        yield "Rules count as declared: no learned points are applied."
    elif learned.thresholds:
        yield "Both cards use the thresholds of the release; training would find new ones for the new card."


# -- scores ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _CardScores:
    """A card's scores of the leads, (n,): total (tenths), positions of grade and advice, threshold passed."""

    total: NDArray[np.int32]
    score: NDArray[np.int16]
    grade: NDArray[np.int8]
    advice: NDArray[np.int8]
    passes: NDArray[np.bool_]
    bad: NDArray[np.bool_]

    def differs(self, scores: _CardScores) -> NDArray[np.bool_]:
        """Whether a lead has another grade or recommendation, (n,) bool."""
        return np.asarray((self.grade != scores.grade) | (self.advice != scores.advice))


def _score(scorecard: Scorecard, history: History, grades: tuple[str, ...]) -> _CardScores:
    columns = history.select(
        scorecard,
        [
            'CAST("ll:total" AS INTEGER)',
            "CAST(coalesce(score, 0) AS SMALLINT)",
            _position("grade", grades),
            _position("recommendation", VERDICTS),
            _passes(scorecard),
            '"ll:bad"',
        ],
    )
    return _CardScores(*columns)


def _position(column: str, names: tuple[str, ...]) -> str:
    """The position of a text among some, as a small number; -1: it has none."""
    cases = " ".join(f"WHEN {text_literal(name)} THEN {i}" for i, name in enumerate(names))
    return f"CAST(CASE {column} {cases} ELSE -1 END AS TINYINT)"


def _passes(scorecard: Scorecard) -> str:
    """Whether a lead could be promoted to the stage that scores predict, wherever it stands today."""
    card = scorecard.card
    gate = next(
        (
            gate
            for gate in scorecard.gates.values()
            if gate and card.predicted_stage and gate.to == card.predicted_stage.name
        ),
        None,
    )
    if gate is None or gate.threshold.closed:
        return "FALSE"
    parts = ['NOT "ll:out"', *(f"coalesce({quoted(f'c:{scorecard.required[i].name}')}, FALSE)" for i in gate.requires)]
    parts += [] if gate.threshold.points is None else [f'"ll:total" >= {gate.threshold.points}']
    return " AND ".join(parts)


def _at_threshold(
    scorecard: Scorecard, scored: _CardScores, readable: NDArray[np.bool_], won: NDArray[np.bool_]
) -> AtThreshold | None:
    target = scorecard.card.predicted_stage
    gate = next((gate for gate in scorecard.gates.values() if gate and target and gate.to == target.name), None)
    if gate is None:
        return None
    promoted = readable & scored.passes
    good = int(won[promoted].sum())
    return AtThreshold(
        gate.to,
        gate.threshold.points,
        gate.threshold.closed,
        Rate(int(promoted.sum()), good),
        Rate(int(won[readable].sum()), good),
    )


def _transitions(
    before: _CardScores,
    after: _CardScores,
    readable: NDArray[np.bool_],
    won: NDArray[np.bool_],
    grades: tuple[str, ...],
) -> Iterator[VerdictChange]:
    for what, names, old, new in (
        ("recommendation", VERDICTS, before.advice, after.advice),
        ("grade", grades, before.grade, after.grade),
    ):
        moved = readable & (old != new)
        pairs, counts = np.unique(np.column_stack([old[moved], new[moved]]), axis=0, return_counts=True)
        for (was, now), count in sorted(zip(pairs.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1]):
            of_them = moved & (old == was) & (new == now)
            yield VerdictChange(what, names[was], names[now], count, int(won[of_them].sum()))


def _changes(
    card: Card,
    history: History,
    before: _CardScores,
    after: _CardScores,
    changed: NDArray[np.bool_],
    grades: tuple[str, ...],
) -> pd.DataFrame:
    """The leads that change, in the order of the file."""
    assert history.connection is not None
    at = np.flatnonzero(changed)
    at = at[np.argsort(history.rows[at], kind="stable")]
    columns: dict[str, Any] = {"row": history.rows[at]}
    present = find_columns(card, history.source.columns)
    ids = [present[field.name][0] for field in card.plain_fields if field.kind == "id" and present[field.name]]
    if ids:
        texts = history.connection.execute(
            f"SELECT CAST({quoted(ids[0])} AS VARCHAR) AS id FROM {history.source.table} ORDER BY {quoted(ROW)}"
        ).fetchnumpy()["id"]
        rows = history.connection.execute(f"SELECT {quoted(ROW)} AS row FROM {history.source.table} ORDER BY 1")
        columns["id"] = np.asarray(texts, dtype=object)[np.searchsorted(rows.fetchnumpy()["row"], history.rows[at])]
    advice, names = np.array(VERDICTS, dtype=object), np.array(grades, dtype=object)
    for side, scores in (("old", before), ("new", after)):
        columns[f"{side}_points"] = scores.total[at] / 10
        columns[f"{side}_score"] = scores.score[at]
        columns[f"{side}_grade"] = names[scores.grade[at]]
        columns[f"{side}_recommendation"] = advice[scores.advice[at]]
    columns["became_opportunity"] = np.where(history.won[at], "yes", "no")
    return pd.DataFrame(columns)
