"""The columns of a list that may say what became of its leads, and which of them the card proposes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from leadledger.scoring.card.card_scalars import drop_refused_signs, show
from leadledger.scoring.day_forms import make_day_reader
from leadledger.scoring.errors import DataError, UnreadableValue
from leadledger.scoring.flag_forms import YES_TEXTS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.text_forms import key_of, strip
from leadledger.training.card_proposal.column_meaning import find_late_name, find_meanings
from leadledger.training.card_proposal.column_profile import ColumnProfile, print_filled
from leadledger.training.card_proposal.column_reading import ColumnReading
from leadledger.training.evidence.known_later import split_words
from leadledger.training.sources.table import LeadTable

HORIZONS = (14, 30, 60, 90, 120, 180, 270, 365)  # days that a card may wait for the outcome
HORIZON_SHARE = 0.8  # of the outcomes come within the horizon that is proposed
USUAL_HORIZON = 90
MOST_FILLED = 0.95  # of the rows that have the day, or the id, of an outcome: some leads don't become one
LEAST_FILLED_SINCE = 0.95  # of the rows that have the day of the lead
LEAST_AGREEMENT = 0.99  # of the rows, on which two columns say the same of the outcome
MOST_BACKWARDS = 0.05  # of the outcomes, that may lie before the day of their lead

WON_WORDS = frozenset(
    {
        *("won", "closed won", "closed - won", "closed-won", "closedwon", "deal won", "win", "converted", "sold"),
        *("closed - converted", "closed converted", "customer", "client", "signed", "success", "successful", "live"),
        *("purchased", "bought", "closed (won)", "opportunity won", "gewonnen", "gagné", "ganado", "vunnet", "paid"),
    }
)
LOST_WORDS = frozenset(
    {
        *("lost", "closed lost", "closed - lost", "closed-lost", "closedlost", "deal lost", "loss", "not converted"),
        *("closed - not converted", "closed not converted", "unqualified", "disqualified", "dead", "junk", "junk lead"),
        *("lost lead", "rejected", "no sale", "failed", "failure", "declined", "closed (lost)", "verloren", "perdu"),
        *("perdido", "tapt", "not interested", "churned"),
    }
)
# Days under such names come with work on a lead, or with time, whatever becomes of it.
_LATER_WORDS = frozenset(
    {"last", "next", "modified", "updated", "due", "activity", "contact", "call", "follow", "birth", "expiry", "end"}
)


@dataclass(frozen=True)
class OutcomeCandidate:
    """A column that may be the outcome, as the card would write it.

    `kind`: date, flag, words or there. `is_won` are its texts that mean won; empty: any. `won_words` and `lost_words`
    are what the card writes. `won` and `decided` count rows. `strength`: 1 to 5; `why`: what speaks for it.
    """

    column: str
    kind: str
    strength: int
    why: str
    won: int
    decided: int
    is_won: tuple[str, ...] = ()
    won_words: tuple[str, ...] = ()
    lost_words: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """The share of leads that became one, of those of which it is known."""
        return self.won / self.decided if self.decided else 0.0


@dataclass(frozen=True)
class OutcomeProposal:
    """What the card says of the outcome.

    `chosen` is None where there is no candidate, or several that say different things: `candidates` has these, the
    strongest first. `agreeing` are other columns that say the same as the chosen one. `since` is the column of the
    lead's day, empty for none; `within` the days to wait, 0 for no horizon; `horizon` why.
    """

    chosen: OutcomeCandidate | None
    candidates: tuple[OutcomeCandidate, ...]
    agreeing: tuple[str, ...] = ()
    since: str = ""
    within: int = 0
    horizon: str = ""


def propose_outcome(
    connection: duckdb.DuckDBPyConnection,
    leads: LeadTable,
    profiles: Sequence[ColumnProfile],
    readings: Mapping[str, ColumnReading],
) -> OutcomeProposal:
    """The outcome of a list, if it can be told."""
    candidates = sorted(
        (c for profile in profiles for c in _find_candidate(profile, readings[profile.name], len(profiles))),
        key=lambda candidate: -candidate.strength,
    )
    if not candidates:
        return OutcomeProposal(None, ())
    top = candidates[0]
    near = [candidate for candidate in candidates if candidate.strength >= max(2, top.strength - 1)] or [top]
    agreeing = [other.column for other in near[1:] if _agree(connection, leads, top, other)]
    if len(agreeing) < len(near) - 1:
        rivals = [top, *(other for other in near[1:] if other.column not in agreeing)]
        return replace(_with_days(connection, leads, profiles, readings, top), chosen=None, candidates=tuple(rivals))
    proposal = _with_days(connection, leads, profiles, readings, top)
    return replace(proposal, candidates=tuple(near), agreeing=tuple(agreeing))


def choose_outcome(
    connection: duckdb.DuckDBPyConnection,
    leads: LeadTable,
    profiles: Sequence[ColumnProfile],
    readings: Mapping[str, ColumnReading],
    proposal: OutcomeProposal,
    column: str,
) -> OutcomeProposal:
    """The proposal with one of its candidates chosen. Raises DataError where a column is none of them."""
    columns = [candidate.column for candidate in proposal.candidates]
    if column not in columns:
        known = f"it could be {', '.join(map(show, columns))}" if columns else "no column looks like it"
        raise DataError(f"column {show(column)} doesn't say what became of the leads; {known}")
    chosen = proposal.candidates[columns.index(column)]
    agreeing = tuple(
        other.column
        for other in proposal.candidates
        if other.column != column and _agree(connection, leads, chosen, other)
    )
    with_days = _with_days(connection, leads, profiles, readings, chosen)
    return replace(with_days, candidates=proposal.candidates, agreeing=agreeing)


def _find_candidate(profile: ColumnProfile, reading: ColumnReading, columns: int) -> Iterator[OutcomeCandidate]:
    """The column as an outcome, if it may be one."""
    meanings = find_meanings(profile.name)
    late = find_late_name(profile.name)
    named = "outcome" in meanings or (late is not None and late.weight == "always")
    share = profile.filled / profile.rows
    why = f"in {late.label}, {late.name} {late.why}" if late is not None and late.weight == "always" else "by its name"
    if reading.kind == "date" and not reading.is_open and 0 < share <= MOST_FILLED:
        if named:
            yield OutcomeCandidate(profile.name, "date", 5, why, profile.filled, profile.rows)
        elif not meanings and not _LATER_WORDS & set(split_words(profile.name).split()):
            yield OutcomeCandidate(
                profile.name, "date", 1, "its day is empty for many leads", profile.filled, profile.rows
            )
    elif reading.kind == "flag":
        is_last = profile.place == columns - 1
        yes = tuple(text for text in profile.values if key_of(text) in YES_TEXTS)
        won = sum(profile.values[text] for text in yes)
        if (named or is_last) and 0 < won < profile.filled:
            reason = why if named else "it says yes or no, and is the last column"
            yield OutcomeCandidate(profile.name, "flag", 4 if named else 3, reason, won, profile.filled, yes)
    elif reading.kind in ("text", "id"):
        won_texts = tuple(text for text in profile.values if key_of(text) in WON_WORDS)
        lost_texts = tuple(text for text in profile.values if key_of(text) in LOST_WORDS)
        if won_texts and profile.different <= 100:
            won = sum(profile.values[text] for text in won_texts)
            lost = sum(profile.values[text] for text in lost_texts)
            strength = (4 if lost_texts else 3) if named or late is not None else 2
            decided = won + lost if lost_texts else profile.filled
            if won < decided:
                words = f"{won:,} rows say won" + (f", {lost:,} lost" if lost_texts else "")
                yield OutcomeCandidate(
                    *(profile.name, "words", strength, words, won, decided, won_texts),
                    won_words=_unique(won_texts),
                    lost_words=_unique(lost_texts),
                )
        elif named and 0 < share <= MOST_FILLED and split_words(profile.name).split()[-1:] == ["id"]:
            yield OutcomeCandidate(profile.name, "there", 3, why, profile.filled, profile.rows)


def _unique(texts: Sequence[str]) -> tuple[str, ...]:
    """Some texts, each in its first spelling, without white space at its ends and signs that a card can't hold."""
    return tuple({key_of(text): strip(drop_refused_signs(text)) for text in reversed(texts)}.values())[::-1]


def _agree(
    connection: duckdb.DuckDBPyConnection, leads: LeadTable, first: OutcomeCandidate, second: OutcomeCandidate
) -> bool:
    """Whether two columns say the same of nearly all leads."""
    (one, values), (other, more) = print_won(first), print_won(second)
    ((share,),) = connection.execute(
        f"SELECT avg(CASE WHEN ({one}) = ({other}) THEN 1 ELSE 0 END) FROM {leads.table}", [*values, *more]
    ).fetchall()
    return bool(share is not None and share >= LEAST_AGREEMENT)


def print_won(candidate: OutcomeCandidate) -> tuple[str, list[str]]:
    """The condition in SQL under which a row is won, and its parameters."""
    if not candidate.is_won:
        return print_filled(candidate.column), []
    return (
        f"coalesce(CAST({quoted(candidate.column)} AS VARCHAR), '') IN ({', '.join('?' * len(candidate.is_won))})",
        list(candidate.is_won),
    )


# -- from when, and how long ----------------------------------------------------------------------------------------


def _with_days(
    connection: duckdb.DuckDBPyConnection,
    leads: LeadTable,
    profiles: Sequence[ColumnProfile],
    readings: Mapping[str, ColumnReading],
    candidate: OutcomeCandidate,
) -> OutcomeProposal:
    """The proposal of a candidate, with the day from which it counts and how long to wait."""
    plain = OutcomeProposal(candidate, (candidate,))
    for since in _list_days_of_leads(profiles, readings, candidate):
        if candidate.kind == "flag":
            why = "no column says when the lead became one, so leave out of the history the leads too young to judge"
            return replace(plain, since=since, horizon=why)
        if candidate.kind != "date":
            why = "the usual time; nothing in the list says how long it takes"
            return replace(plain, since=since, within=USUAL_HORIZON, horizon=why)
        waits = _measure_waits(connection, leads, readings, since, candidate.column)
        total = sum(waits.values())
        if not total or sum(rows for days, rows in waits.items() if days < 0) > MOST_BACKWARDS * total:
            continue
        reached = {days: sum(rows for wait, rows in waits.items() if wait <= days) / total for days in HORIZONS}
        within = next((days for days, share in reached.items() if share >= HORIZON_SHARE), HORIZONS[-1])
        why = f"{int(100 * reached[within])}% of the {total:,} outcomes come within {within} days"
        longer = next((days for days, share in reached.items() if share >= 0.9 and days > within), 0)
        more = f", {int(100 * reached[longer])}% within {longer}" if longer and reached[within] < 0.9 else ""
        return replace(plain, since=since, within=within, horizon=f"{why}{more}")
    return plain


def _list_days_of_leads(
    profiles: Sequence[ColumnProfile], readings: Mapping[str, ColumnReading], candidate: OutcomeCandidate
) -> list[str]:
    """The columns that may have the day of each lead, the likeliest first."""
    full = [
        profile.name
        for profile in profiles
        if readings[profile.name].kind == "date" and not readings[profile.name].is_open
        if profile.filled >= LEAST_FILLED_SINCE * profile.rows and profile.name != candidate.column
        if find_late_name(profile.name) is None and "protected" not in find_meanings(profile.name)
    ]
    named = [name for name in full if "created" in find_meanings(name)]
    return named or (full if len(full) == 1 else [])


def _measure_waits(
    connection: duckdb.DuckDBPyConnection,
    leads: LeadTable,
    readings: Mapping[str, ColumnReading],
    since: str,
    became: str,
) -> dict[int, int]:
    """The days from one column to the other, each with its rows."""
    read_since, read_became = (make_day_reader(readings[name].keys.get("format", "")) for name in (since, became))
    rows = connection.execute(
        f"SELECT CAST({quoted(since)} AS VARCHAR), CAST({quoted(became)} AS VARCHAR), count(*) FROM {leads.table}"
        f" WHERE {quoted(since)} IS NOT NULL AND {quoted(became)} IS NOT NULL GROUP BY 1, 2"
    ).fetchall()
    waits: dict[int, int] = {}
    for start, end, count in rows:
        try:
            days = (read_became(end) - read_since(start)).days
        except UnreadableValue:
            continue
        waits[days] = waits.get(days, 0) + count
    return waits
