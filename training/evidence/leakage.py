"""The leakage gate: fields that know the outcome of a lead, found before anything is fitted, with the proof.

A CRM keeps writing to a lead after the day on which it would have been scored. A field that is written because of the
outcome predicts the past perfectly and the future not at all. The gate stops training as soon as it finds one. The
author answers in the card, field by field: `learn: no` leaves it out, `known_when_scored: yes` overrules the gate.

The kinds of proof:

- `name`: the field, its column, or what it is computed from, has a name under which a CRM writes the outcome
  (known_later.yaml).
- `worked`: it has a name under which sales, or the CRM for them, write while they work on the lead (known_later.yaml).
- `after`: a date that counts backwards lies after the day of scoring, or a date is the very day of the outcome.
- `filled`: filled for most leads of one outcome, and for few of the other.
- `one_outcome`: a value, a range of values, or being filled at all occurs with one outcome only.
- `copy`: the field alone explains most of the outcome.
- `ranks`: nearly every lead has a value of its own, and their order is that of the outcome.
- `whole_life`: it equals the count of a lead's events over its whole life, see `whole_life.py`.
- `same_day`, `after`: of a kind of events, see `event_leaks.py`.
- `alone`: the field nearly equals all other fields together, and knows what they don't. It takes both: a field that
  sums up the others (the state of the economy, measured by five indexes) equals them and adds nothing, and an honest
  strong field (the answer to "how badly do you need it?") adds to them and doesn't equal them.

Here a lead counts as converted whenever it became an opportunity, also after the horizon: a field that is filled in at
the conversion doesn't know of a horizon. The limits lie in the middle between what real honest fields and real leaks
were measured at. Two copies of a moderate leak hide each other from `alone`; `copy` and the others still see each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom, rankdata

from leadledger.models.learner.binning import kind_of
from leadledger.scoring.choice_flags import add_choice_flags
from leadledger.scoring.errors import LeakageError, Suspect, quote
from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card
from leadledger.training.evidence.card_fix import how_to_mend
from leadledger.training.evidence.event_leaks import find_event_leaks
from leadledger.training.evidence.field_origins import dates_behind, fields_used_by_rules
from leadledger.training.evidence.field_strength import FieldStrength, find_lone_predictors, measure_fields
from leadledger.training.evidence.known_later import split_words, written_later
from leadledger.training.evidence.slow_leaks import suspect_slow_leaks
from leadledger.training.evidence.whole_life import prove_whole_lives
from leadledger.training.history import History
from leadledger.training.intervals import rate_limits
from leadledger.training.notebook import table
from leadledger.training.outcome_column import LOST_PARTS, WON_PARTS

FEWEST_OF_A_KIND = 20  # leads of either outcome, below which only names are looked at
CONFIDENCE = 0.999  # confidence of the exact intervals
MOST_CHANCE = 1e-6  # what chance may do, in all looks at one field together, before it is ruled out

LATE_SHARE = 0.05  # `after`: share of the dates that lie after the day of scoring
SAME_DAY_SHARE = 0.5  # `after`: share of the converted whose date is the day of the outcome
# `filled`: by how much the shares of filled leads differ. Honest: up to 0.32 (an answer that sales ask the keen for);
# leaks: from 0.76.
FILLED_GAP = 0.5
PURE_SHARE = 0.99  # `one_outcome`: share of one outcome among the leads that have the value. Honest: up to 0.68
CONVERTED_SHARE = 0.03  # ... and the share of all converted leads that have it. Leaks: from 0.07; honest: up to 0.006
OTHERS_SHARE = 0.3  # ... or, for a value that only the others have, the share of all others. Honest: up to 0.023
# ... and the same shares for a text that tells of no end: a partner whose leads all buy is honest, and so is a bought
# list of which nobody does.
TEXT_CONVERTED_SHARE, TEXT_OTHERS_SHARE = 0.25, 0.5
A_VALUE, NO_VALUE = "a value", "no value"
ORIGIN_WORDS = {"source", "origin", "channel", "medium", "campaign", "referrer", "utm"}  # known when the lead comes
END_PARTS = (
    *WON_PARTS,
    *LOST_PARTS,
    "contract",
    "signed",
    "closed",
    "order",
    "invoice",
    "paid",
    "proposal",
    "negotiat",
)
COPY_GAIN = 0.5  # `copy`: share of the outcome's entropy. Honest: up to 0.22; a status that names the outcome: 0.89
RANKS_AREA = 0.8  # `ranks`: area under the curve
UNIQUE_SHARE = 0.9  # ... of fields where so large a share of the values is different
SUPPORT_AREA = 0.7  # area under the curve that supports a name which other systems use for honest things


@dataclass(frozen=True)
class Leakage:
    """What the gate found: the fields that it checked, the suspects, and those that the card vouches for.

    `suspected` may change after the lead's day (`slow_leaks.py`); they don't stop training.
    """

    checked: tuple[str, ...]
    suspects: tuple[Suspect, ...] = ()
    overruled: tuple[Suspect, ...] = ()
    suspected: tuple[Suspect, ...] = ()

    def _repr_html_(self) -> str:
        parts = (("suspect", self.suspects), ("suspected", self.suspected), ("overruled", self.overruled))
        rows = [{"": word} | suspect.to_dict() for word, some in parts for suspect in some]
        sentence = f"{len(self.checked)} fields were checked, {len(self.suspects)} would stop training."
        return table(rows, "Fields that know the outcome", sentence)

    def refuse(self, what: str = "training") -> None:
        """Raise LeakageError, which says that `what` is stopped, for suspects that the card doesn't vouch for."""
        if self.suspects:
            raise LeakageError(self.suspects, what)

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "checked": list(self.checked),
            "suspects": [suspect.to_dict() for suspect in self.suspects],
            "overruled": [suspect.to_dict() for suspect in self.overruled],
            "suspected": [suspect.to_dict() for suspect in self.suspected],
        }


def find_leaks(card: Card, history: History, seed: int = 0) -> Leakage:
    """Look at every field that training would learn from, and at the dates and ids that rules use.

    `seed` draws the leads that fields are measured on where there are more than 50,000, and the folds.
    """
    card = add_choice_flags(card, history.choices)
    used = {
        name: rules
        for name, rules in fields_used_by_rules(card).items()
        if name in history.dates or name in history.ids
    }
    checked = [name for name in card.fields if name in history.frame or name in used]
    proofs: dict[str, tuple[str, str]] = {}
    facts = len(history) and min(history.became.sum(), (~history.became).sum()) >= FEWEST_OF_A_KIND
    own = measure_fields(history, seed) if facts else {}
    for name in checked:
        field = card.fields[name]
        shares = _shares(history, name) if facts else ""
        proof = _proof(card, history, field, own.get(name)) if facts else None
        strong = name in own and own[name].area >= SUPPORT_AREA
        named = written_later(card, field, strong, proof is not None)
        if named:
            facts_of_it = _sentence(proof[1] if proof else shares)
            proofs[name] = (named.kind, f"{_sentence(named.sentence)} {facts_of_it}".strip())
        elif proof:
            proofs[name] = (proof[0], _sentence(proof[1]))
    proofs = {name: ("whole_life", proof) for name, proof in prove_whole_lives(card, history).items()} | proofs
    if facts:
        rest = [field for field in own if field not in proofs or card.fields[field].known_when_scored]
        proofs |= {
            name: ("alone", _sentence(proof))
            for name, proof in find_lone_predictors(history, own, rest, seed).items()
            if name not in proofs
        }
    suspects = {
        name: Suspect(
            name, *proofs[name], how_to_mend(_written(card, name), () if name in history.frame else used[name])
        )
        for name in checked
        if name in proofs
    }
    kinds, leaks, vouched = find_event_leaks(card, history)
    vouched += [suspect for name, suspect in suspects.items() if card.fields[name].known_when_scored]
    return Leakage(
        (*checked, *kinds),
        (*(suspect for name, suspect in suspects.items() if not card.fields[name].known_when_scored), *leaks),
        tuple(vouched),
        tuple(suspect for suspect in suspect_slow_leaks(card, history) if suspect.field not in suspects),
    )


def _written(card: Card, name: str) -> Field:
    """A field as the card has it: the flag of a choice stands in no card."""
    return card.fields[card.fields[name].choice_of or name]


# -- one field --------------------------------------------------------------------------------------------------------


def _proof(card: Card, history: History, field: Field, own: FieldStrength | None) -> tuple[str, str] | None:
    """The kind and the text of the first proof against a field; None where there is none."""
    looks: list[tuple[str, str]] = [("after", _after(card, history, field))]
    if own is not None:
        column = history.frame[field.name]
        looks.append(("filled", _filled(history, column)))
        looks.append(("one_outcome", _one_outcome(history, column)))
        looks.append(("copy", _copy(own)))
        looks.append(("ranks", _ranks(history, column)))
    elif field.kind == "id":
        looks.append(("ranks", _ranks(history, pd.Series(history.ids[field.name], dtype=object))))
    return next(((kind, proof) for kind, proof in looks if proof), None)


def _after(card: Card, history: History, field: Field) -> str:
    """Whether a date that the field counts from was written after the lead was scored."""
    for name, backwards in dates_behind(card, field):
        if history.days is None or (card.fields[name].known_when_scored and name != field.name):
            continue
        day = history.dates[name]
        what = "its date" if name == field.name else f"the date '{name}', from which it is computed,"
        with np.errstate(invalid="ignore"):
            late = day > history.days
        for group, of in ((history.became, "that became an opportunity"), (~history.became, "that didn't")):
            dated = int((np.isfinite(day) & group).sum())
            count = int((late & group).sum())
            if backwards and dated and rate_limits(count, dated, CONFIDENCE)[0] >= LATE_SHARE:
                return (
                    f"{what} lies after the day on which the lead would have been scored, for {_share(count, dated)} of"
                    f" the leads {of}; days are counted back from it, so it was written later"
                )
        if history.became_on is None:
            continue
        later = history.became & np.isfinite(day) & (history.became_on > history.days)
        same = int((later & (day == history.became_on)).sum())
        if later.sum() >= FEWEST_OF_A_KIND and rate_limits(same, int(later.sum()), CONFIDENCE)[0] >= SAME_DAY_SHARE:
            share = _share(same, int(later.sum()))
            return f"{what} is the very day of the outcome, for {share} of the leads that became one on a later day"
    return ""


def _filled(history: History, column: pd.Series[Any]) -> str:
    """Whether the field is filled for most leads of one outcome and for few of the other."""
    filled = column.notna().to_numpy()
    if filled.all():
        return ""
    low, high = rate_limits(int(filled[history.became].sum()), int(history.became.sum()), CONFIDENCE)
    other_low, other_high = rate_limits(int(filled[~history.became].sum()), int((~history.became).sum()), CONFIDENCE)
    return _shares(history, str(column.name)) if max(low - other_high, other_low - high) >= FILLED_GAP else ""


def _one_outcome(history: History, column: pd.Series[Any]) -> str:
    """Whether a value, a range of values, or being filled at all occurs with one outcome only."""
    became = history.became
    for what, leads, converted in _looks(column, became):
        positives = int(became.sum())
        plain = _are_plain_texts(column, what)
        of_converted = np.where(plain, TEXT_CONVERTED_SHARE, CONVERTED_SHARE)
        of_others = np.where(plain, TEXT_OTHERS_SHARE, OTHERS_SHARE)
        for of, count, all_of, least, word in (
            (converted, leads, positives, of_converted, "became an opportunity"),
            (leads - converted, leads, len(became) - positives, of_others, "did not become one"),
        ):
            share = of >= PURE_SHARE * count if word.startswith("became") else of == count
            chance = binom.sf(of - 1, count, all_of / len(became)) * (column.nunique() + 1)
            sure = int(np.argmax(share * (of >= least * all_of) * (chance < MOST_CHANCE) * of))
            if share[sure] and of[sure] >= least[sure] * all_of and chance[sure] < MOST_CHANCE:
                return (
                    f"of the {count[sure]:,} leads with {what[sure]}, {_all(of[sure], count[sure])} {word}, against"
                    f" {all_of / len(became):.1%} of all leads; they are {of[sure] / all_of:.1%} of those that {word}"
                )
    return ""


def _are_plain_texts(column: pd.Series[Any], what: list[str]) -> list[bool]:
    """Which looks at a field (m,) are texts of it that tell of no end, or any texts of where a lead came from."""
    if kind_of(column) != "text" or what == [A_VALUE, NO_VALUE]:
        return [False] * len(what)
    origin = bool(ORIGIN_WORDS & set(split_words(str(column.name)).split()))
    return [origin or not any(part in text.lower() for part in END_PARTS) for text in what]


def _looks(
    column: pd.Series[Any], became: NDArray[np.bool_]
) -> Iterator[tuple[list[str], NDArray[np.int64], NDArray[np.int64]]]:
    """What in a field may occur with one outcome only: its text, how many leads have it, how many of them converted."""
    filled = column.notna().to_numpy()
    if not filled.all():
        yield (
            [A_VALUE, NO_VALUE],
            np.array([filled.sum(), (~filled).sum()]),
            np.array([became[filled].sum(), became[~filled].sum()]),
        )
    if not filled.any():
        return
    number = kind_of(column) == "number"
    places, values = pd.factorize(column[filled].to_numpy(float if number else object), sort=number)
    leads = np.bincount(places)
    converted = np.bincount(places, became[filled]).astype(np.int64)
    if not number:
        yield [quote(str(value)) if kind_of(column) == "text" else str(value) for value in values], leads, converted
        return
    for alike in (converted == leads, converted == 0):  # the runs of neighbours that all ended alike
        ends = np.flatnonzero(np.diff(np.concatenate(([False], alike, [False])).astype(np.int8)))
        first, last = ends[::2], ends[1::2]
        if len(first):
            below = np.concatenate(([0], np.cumsum(leads)))
            won = np.concatenate(([0], np.cumsum(converted)))
            texts = [
                f"{values[start]:,.12g}" if start + 1 == end else f"{values[start]:,.12g} to {values[end - 1]:,.12g}"
                for start, end in zip(first, last, strict=True)
            ]
            yield texts, below[last] - below[first], won[last] - won[first]


def _copy(own: FieldStrength) -> str:
    """Whether the field alone explains most of the outcome."""
    if own.gain < COPY_GAIN:
        return ""
    return (
        f"alone it explains {own.gain:.0%} of the outcome, on leads that it wasn't fitted on (area"
        f" under the curve {own.area:.3f}; 0.5 is chance, 1 is perfect)"
    )


def _ranks(history: History, column: pd.Series[Any]) -> str:
    """Whether the order of values that are nearly all different is that of the outcome, beyond what time explains."""
    filled = column.notna().to_numpy()
    became = history.became[filled]
    kind = kind_of(column)
    if (
        kind == "flag"
        or min(became.sum(), (~became).sum()) < FEWEST_OF_A_KIND
        or column.nunique() < UNIQUE_SHARE * filled.sum()
    ):
        return ""
    if kind == "number":
        values = column[filled].to_numpy(float)
        if (values != np.floor(values)).any():  # an amount, not a number that was given out
            return ""
    else:  # in the order of the numbers within, so that L9 comes before L10
        texts = pd.Series(column[filled].to_numpy(str)).str.replace(
            r"\d+", lambda digits: digits[0].zfill(18), regex=True
        )
        values = np.unique(texts.to_numpy(str), return_inverse=True)[1].astype(float)
    area = _area(became, values)
    by_time = 0.5 if history.time_order is None else _area(became, history.time_order[filled])
    if area < max(RANKS_AREA, by_time + 0.1):
        return ""
    return (
        f"nearly every lead has a value of its own, and in their order the converted stand apart from the others (area"
        f" under the curve {area:.3f}; 0.5 is chance, 1 is perfect)"
    )


def _area(became: NDArray[np.bool_], values: NDArray[Any]) -> float:
    """The area under the curve, whichever way the values run: 0.5 to 1."""
    ranks = rankdata(values)
    won, lost = int(became.sum()), int((~became).sum())
    area = (ranks[became].sum() - won * (won + 1) / 2) / (won * lost)
    return float(max(area, 1 - area))


# -- words ------------------------------------------------------------------------------------------------------------


def _share(count: int, of: int) -> str:
    low, high = rate_limits(count, of, CONFIDENCE)
    return f"{count / of:.1%} ({low:.1%} to {high:.1%})"


def _shares(history: History, name: str) -> str:
    """For how many of either outcome a field is filled."""
    values: Any = history.frame[name] if name in history.frame else history.dates.get(name, history.ids.get(name))
    filled = np.asarray(pd.notna(values))
    won, lost = filled[history.became], filled[~history.became]
    return (
        f"it is filled for {_share(int(won.sum()), len(won))} of the {len(won):,} leads that became an opportunity, and"
        f" for {_share(int(lost.sum()), len(lost))} of the {len(lost):,} others"
    )


def _all(count: int, of: int) -> str:
    return "all" if count == of else f"{count:,}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
