"""The rows of a history, examined: which may be learned from, where all the others went, and what is doubtful.

Nothing is believed unexamined: days that can't be right, a lead in several rows, an outcome before the lead, rows that
are left out and ended otherwise than the rest. What would make another result is a doubt, with its proof; it stops
training, a new base rate and a back-test, unless the caller accepts it. All else is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from leadledger.scoring.outcome import Outcome
from leadledger.training.intervals import lower_limit
from leadledger.training.plausible_days import EPOCH, Marks, PlausibleDays, find_plausible_days
from leadledger.training.repeated_leads import RepeatedLeads, find_row_copies, keep_first_rows, mark_first_rows
from leadledger.training.sources.scan import Reject

# The limits were chosen on histories of examples/b2b-software/simulate.py, seeds 1 to 6, with 60 to 2,000 leads, in
# which values were made unreadable by chance (nothing may stop) or by outcome (it must); see docs/training.md.
REJECTED_SHARE = 0.2  # of the rows; with more, a list is another one than the card was written for
BEFORE_SHARE = 0.05  # of those that became one: so many before they were met change the rate by as much
MOST_CHANCE = 1e-3  # that chance makes the rows left out differ so much in outcome
LEAST_CHANGE = 0.05  # by which the rate would change with the rows left out, as a share of it
FEWEST_LEFT_OUT = 10  # rows, below which nothing is stopped: what they change is small, and said
LATE_SHARE = 0.05  # of the leads, after the caller's today: more are no slips of the pen
LONG_AFTER = 30  # days from the newest lead to the newest outcome, from which on a note says so
MOST_EXAMPLES = 3  # rows that a sentence names


@dataclass(frozen=True)
class Counts:
    """Where the rows of a history went; `used` are those that training may learn from, `won` of them became one.

    `future`: a day in the future. `past`: a placeholder for a day, or one long before all others. `repeated`: a
    further row of a lead. `closed`: became one on the lead's own day, so that with events there is no look before it.
    Of a card that explores: `unpromoted`, not promoted, so that it doesn't say what becomes of promoted leads;
    `unexplored`, its propensity is not known.
    """

    rows: int = 0
    rejected: int = 0
    no_outcome: int = 0
    no_date: int = 0
    no_order: int = 0
    future: int = 0
    past: int = 0
    repeated: int = 0
    before: int = 0
    immature: int = 0
    closed: int = 0
    unpromoted: int = 0
    unexplored: int = 0
    used: int = 0
    won: int = 0


@dataclass(frozen=True)
class Waits:
    """How long leads took, of all that have a day, the immature ones too; not of those that became one before it.

    `days`: (m,) whole days until a lead became an opportunity, or for which it has been watched. `converted`: (m,)
    bool, whether it became one.
    """

    days: NDArray[np.int64]
    converted: NDArray[np.bool_]


@dataclass(frozen=True)
class Forms:
    """How the columns of a history are written, for its messages: their names, and whether they hold times of day."""

    since: str = ""
    outcome: str = ""
    id: str = ""
    since_has_times: bool = False
    outcome_has_times: bool = False
    fields: tuple[str, ...] = ()  # the columns of the card's fields in the examined rows


@dataclass(frozen=True)
class Examined:
    """The rows to learn from, with a column `won`; where the others went; the day on which the history was taken.

    `doubts` are sentences on what would make another result, `notes` on everything else that was noticed.
    """

    rows: pd.DataFrame
    counts: Counts
    as_of: date | None
    waits: Waits | None
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Examination:
    """One pass over the rows; each step takes rows out, counts them, and says why."""

    outcome: Outcome
    forms: Forms
    counts: Counts = field(default_factory=Counts)
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave_out(self, whole: pd.DataFrame, out: NDArray[np.bool_], reason: str) -> pd.DataFrame:
        """The other rows; those that are left out are counted under a name of `Counts`."""
        self.counts = replace(self.counts, **{reason: getattr(self.counts, reason) + int(out.sum())})
        return whole[~out]


def examine_rows(
    whole: pd.DataFrame,
    outcome: Outcome,
    forms: Forms,
    rejects: Sequence[Reject],
    as_of: date | None,
    today: date | None,
) -> Examined:
    """Examine the typed rows of a history, in the order of their days.

    `whole` has `row`, `since`, `became` (days since 1970, or yes and no), `bad`, and the fields of `forms`; it may have
    `unsaid`, the rows that don't say what became of the lead.
    """
    look = _Examination(outcome, forms)
    bad = whole["bad"].to_numpy(bool)
    days: PlausibleDays | None = None
    groups = {"can't be read": bad}
    if outcome.since:
        since = whole["since"].to_numpy(np.float64, na_value=np.nan)
        became = whole["became"].to_numpy(np.float64, na_value=np.nan) if outcome.kind == "date" else None
        first = mark_first_rows(whole, forms.id and f"f:{forms.id}", forms.fields)
        days = find_plausible_days(since, became, first, as_of, today)
        groups["have no date"] = ~bad & ~np.isfinite(since)
        mistyped = days.future if as_of is None and days.late_share <= LATE_SHARE else np.zeros(len(whole), bool)
        groups["have a day that can't be right"] = ~bad & (mistyped | days.past)
        look.notes.extend(_tell_days(whole, days, forms, as_of, today))
        if days.late_share > LATE_SHARE and as_of is None:
            look.doubts.append(_tell_late(whole, days, forms, today))
        if outcome.kind == "date":
            whole = whole.assign(became=whole["became"].where(~days.expected))
            whole = _join_time_zones(look, whole, ~bad)
    elif outcome.order:
        groups["have no place in the order"] = ~bad & (whole["order"] < 0).to_numpy(bool)
    look.doubts.extend(compare_left_out(whole, groups, rejects, outcome))
    if days is not None:
        whole = whole.assign(future=days.future | days.mistyped, past=days.past)
    whole = whole[~bad]
    if outcome.order and not outcome.since:
        whole = look.leave_out(whole, (whole["order"] < 0).to_numpy(bool), "no_order")
    if days is not None:
        whole = look.leave_out(whole, whole["since"].isna().to_numpy(), "no_date")
        whole = look.leave_out(whole, whole["future"].to_numpy(bool), "future")
        whole = look.leave_out(whole, whole["past"].to_numpy(bool), "past")
    if "unsaid" in whole:
        whole = look.leave_out(whole, whole["unsaid"].to_numpy(bool), "no_outcome")
    whole, repeated = keep_first_rows(whole, forms.id and f"f:{forms.id}", forms.fields)
    if repeated is not None:
        look.counts = replace(look.counts, repeated=repeated.rows)
        look.notes.append(_tell_repeated(repeated, forms))
    elif forms.id:
        look.notes.extend(_tell_copies(whole, forms))
    whole, taken, waits = _keep_mature(look, whole, as_of if days is None else EPOCH + timedelta(days.present))
    return Examined(whole, look.counts, taken, waits, tuple(look.doubts), tuple(look.notes))


def _keep_mature(
    look: _Examination, whole: pd.DataFrame, taken: date | None
) -> tuple[pd.DataFrame, date | None, Waits | None]:
    """The rows whose outcome is known, with a column `won`, the day it was judged, and how long all leads took."""
    outcome = look.outcome
    young: NDArray[np.bool_] = np.zeros(len(whole), bool)
    if outcome.since and outcome.within and taken is not None:
        young = (whole["since"] + outcome.within > (taken - EPOCH).days).to_numpy(bool)
    if outcome.kind != "date":
        whole = look.leave_out(whole, young, "immature")
        if outcome.kind == "words" and outcome.since and outcome.within:
            whole = whole.assign(became=whole["became"].fillna(False))  # undecided for longer than the horizon
        whole = look.leave_out(whole, whole["became"].isna().to_numpy(), "no_outcome")
        return whole.assign(won=whole["became"].astype(bool)), taken, None
    assert taken is not None
    days = whole["became"] - whole["since"]
    before = (days < 0).to_numpy(bool, na_value=False)
    look.doubts.extend(_doubt_before(before, days, outcome, look.forms))
    won = days.between(0, outcome.within).to_numpy(bool, na_value=False)
    waits = _waits(whole[~before], (taken - EPOCH).days)
    whole = look.leave_out(whole.assign(won=won, young=young), before, "before")
    return look.leave_out(whole, whole["young"].to_numpy(bool), "immature"), taken, waits


def _waits(dated: pd.DataFrame, taken: int) -> Waits:
    """How long leads took by a day (since 1970), as known on that day: no later outcomes, no later leads."""
    since = dated["since"].to_numpy(np.int64)
    became = dated["became"].to_numpy(np.float64, na_value=np.inf)
    converted = became <= taken
    days = np.where(converted, became, taken).astype(np.int64) - since
    met = since <= taken
    return Waits(days[met], converted[met])


# -- days --------------------------------------------------------------------------------------------------------------


def _tell_days(
    whole: pd.DataFrame, days: PlausibleDays, forms: Forms, as_of: date | None, today: date | None
) -> Iterator[str]:
    """Sentences on days that can't be right."""
    present = EPOCH + timedelta(days.present)
    taken = f"the history counts as taken on {present}"
    if days.future.any():
        what = f"{_rows_have(days.future)} a day in the future in '{forms.since}'"
        yield f"{what} ({_examples(whole, days.future, 'since')}); left out: {taken}."
    if days.past.any():
        what = f"{_rows_have(days.past)} a placeholder in '{forms.since}', or a day long before all others"
        yield f"{what} ({_examples(whole, days.past, 'since')}); left out."
    if days.mistyped.any():
        what = f"{_rows_have(days.mistyped)} a day years ahead in '{forms.outcome}'"
        yield f"{what} ({_examples(whole, days.mistyped, 'became')}); left out: {taken}."
    if days.expected.any() and as_of is None:
        what = f"{_rows_have(days.expected)} a day in '{forms.outcome}' that has not come, or a placeholder"
        yield (
            f"{what} ({_examples(whole, days.expected, 'became')}): not an opportunity yet, since {taken}. The column"
            " must hold days on which leads became one, not days on which somebody expects it."
        )
    if days.after_newest is not None:
        count, brought = days.after_newest
        yield (
            f"'{forms.outcome}' goes on after the newest lead, {present}, with {count:,} outcomes. Leads of that age"
            f" bring about {brought:,.0f}, and sooner; so these days are not believed. `--as-of` says on which day the"
            " history was taken."
        )

    if as_of is None and days.present > days.newest_lead + LONG_AFTER:
        newest = EPOCH + timedelta(days.newest_lead)
        yield (
            f"The newest lead is of {newest}, the newest outcome of {present}; so {taken}. If it was taken earlier, say"
            " so with `--as-of`, since leads that were still open then would count as lost."
        )


def _tell_late(whole: pd.DataFrame, days: PlausibleDays, forms: Forms, today: date | None) -> str:
    return (
        f"{_rows_have(days.future)} a day after today, {today}, in '{forms.since}', {days.late_share:.0%} of all"
        f" ({_examples(whole, days.future, 'since')}). Mend them, or say with `--as-of` on which day the history was"
        " taken."
    )


def _rows_have(marks: Marks) -> str:
    return "1 row has" if marks.sum() == 1 else f"{int(marks.sum()):,} rows have"


def _examples(whole: pd.DataFrame, marks: Marks, column: str) -> str:
    """Some rows with their days, such as `row 702: 2062-03-14`."""
    some = whole[marks].sort_values("row")
    days = [f"row {row:,}: {_day(value)}" for row, value in zip(some["row"], some[column], strict=True)][:MOST_EXAMPLES]
    return ", ".join(days) + (", …" if len(some) > MOST_EXAMPLES else "")


def _day(days: float) -> str:
    return str(np.datetime64("1970-01-01") + np.timedelta64(int(days), "D"))


def _join_time_zones(look: _Examination, whole: pd.DataFrame, readable: NDArray[np.bool_]) -> pd.DataFrame:
    """Count an outcome on the day before the lead as of the lead's day, where one of the two columns holds times.

    A lead can't become an opportunity before it is met; a time and a plain day come from two time zones.
    """
    forms = look.forms
    if forms.since_has_times == forms.outcome_has_times:
        return whole
    eve = (whole["became"] - whole["since"] == -1).to_numpy(bool, na_value=False)
    if (eve & readable).any():
        times, plain = (forms.since, forms.outcome) if forms.since_has_times else (forms.outcome, forms.since)
        look.notes.append(
            f"{int((eve & readable).sum()):,} leads became opportunities on the day before they were met: '{times}'"
            f" holds times and '{plain}' plain days, so the two count days in different time zones. Their outcome"
            " counts as of the day on which they were met."
        )
    return whole.assign(became=whole["became"].where(~eve, whole["since"]))


def _doubt_before(before: NDArray[np.bool_], days: pd.Series, outcome: Outcome, forms: Forms) -> Iterator[str]:
    """Whether so many leads became one before they were met that the rate without them is another one."""
    count, became = int(before.sum()), int(days.notna().sum())
    if count < FEWEST_LEFT_OUT or lower_limit(count, became, 0.95) < BEFORE_SHARE:
        return
    eve = int((days == -1).sum())
    cause = ""
    if eve > count / 2:
        cause = f" {eve:,} of them did on the day before, as where the two columns count days in different time zones."
    rate = became / max(1, len(days))
    without = (became - count) / max(1, len(days) - count)
    yield (
        f"{count:,} of {became:,} leads that {outcome.reached} ({count / became:.1%}) did so before they were met:"
        f" '{forms.outcome}' is before '{forms.since}'.{cause} Without them {without:.1%} of the leads became one, with"
        f" them {rate:.1%}. Name another day under `since:`, or mend the days."
    )


# -- rows that are left out --------------------------------------------------------------------------------------------


def compare_left_out(
    whole: pd.DataFrame, groups: dict[str, NDArray[np.bool_]], rejects: Sequence[Reject], outcome: Outcome
) -> Iterator[str]:
    """Whether rows that are left out ended otherwise than the rest, as far as their outcomes can be read."""
    became = whole["became"]
    unread = {reject.row for reject in rejects if reject.column == outcome.column or not reject.column}
    ended = became.notna() if outcome.kind == "date" else became.astype("boolean").fillna(False)
    judged = ~whole["row"].isin(unread) if outcome.kind == "date" else became.notna()
    if "unsaid" in whole:
        judged &= ~whole["unsaid"]
    kept = ~np.logical_or.reduce(list(groups.values()))
    won, known = ended.to_numpy(bool), judged.to_numpy(bool)
    for words, group in groups.items():
        out, rest = group & known, kept & known
        if out.sum() < FEWEST_LEFT_OUT or not rest.any():
            continue
        table = [[int((out & won).sum()), int((out & ~won).sum())], [int((rest & won).sum()), int((rest & ~won).sum())]]
        without, whole_rate = table[1][0] / int(rest.sum()), (table[0][0] + table[1][0]) / int((out | rest).sum())
        if abs(whole_rate - without) < LEAST_CHANGE * max(whole_rate, without):
            continue
        if fisher_exact(table).pvalue >= MOST_CHANCE:
            continue
        reasons = _frequent_reasons(rejects, set(whole["row"][out])) if words == "can't be read" else ""
        yield (
            f"{int(out.sum()):,} of {len(whole):,} rows {words}{reasons}, and {table[0][0]:,} of them"
            f" ({table[0][0] / int(out.sum()):.1%}) {outcome.reached}, against {without:.1%} of the others: more"
            f" than chance does. Without them the rate is {without:.1%}, with them {whole_rate:.1%}. Mend the rows, or"
            " the card."
        )


def _frequent_reasons(rejects: Sequence[Reject], rows: set[int]) -> str:
    counts = Counter((reject.column, reject.reason) for reject in rejects if reject.row in rows)
    frequent = counts.most_common(MOST_EXAMPLES)
    texts = [f"{column or 'the row'}: {reason} ({count:,} rows)" for (column, reason), count in frequent]
    more = "; …" if len(counts) > MOST_EXAMPLES else ""
    return f" ({'; '.join(texts)}{more})" if texts else ""


def doubt_rejects(rejects: Sequence[Reject], rejected: int, rows: int) -> Iterator[str]:
    """Whether so many rows can't be read that the rest is another list."""
    if rejected > REJECTED_SHARE * rows:
        reasons = _frequent_reasons(rejects, {reject.row for reject in rejects})
        yield f"{rejected:,} of {rows:,} rows can't be read{reasons}. Mend them, or the card."


def _tell_repeated(repeated: RepeatedLeads, forms: Forms) -> str:
    times = [f"{count:,} leads stand {size:,} times" for size, count in repeated.times[:MOST_EXAMPLES]]
    by = f"by '{forms.id}', such as {repeated.example!r}" if repeated.example else "rows that are equal in every field"
    by += f" but '{repeated.but.removeprefix('f:')}'" if repeated.but else ""
    differing = ""
    if repeated.differing:
        differing = (
            f" {repeated.differing:,} of them have rows of different outcomes: such a lead became an opportunity if any"
            " of its rows says so."
        )
    more = ", …" if len(repeated.times) > MOST_EXAMPLES else ""
    return (
        f"{repeated.leads:,} leads stand in several rows ({by}): {', '.join(times)}{more}. Of each lead the earliest"
        f" row counts, so {repeated.rows:,} rows ({repeated.share:.1%}) are left out.{differing}"
    )


def _tell_copies(whole: pd.DataFrame, forms: Forms) -> Iterator[str]:
    """Whether rows of different ids are copies of one another."""
    fields = [field for field in forms.fields if field != f"f:{forms.id}"]
    copies = find_row_copies(whole, fields)
    if copies is None:
        return
    further = int(pd.Series(copies.numbers).duplicated().sum())
    but = f" and '{copies.but.removeprefix('f:')}'" if copies.but else ""
    yield (
        f"{further:,} of {len(whole):,} rows ({further / len(whole):.1%}) equal an earlier row in every field but"
        f" '{forms.id}'{but}, and in outcome: more than different leads would. If they are the same leads under new"
        f" numbers, take '{forms.id}' out of the card, so that each lead counts once; else what the held-out leads say"
        " of this release is too good."
    )
