"""The leakage gate: fields that know what became of a lead, found before anything is fitted, with the proof.

A CRM keeps on writing in a lead after the day on which it would have been scored. What is written because of the
outcome foresees the past perfectly and the future not at all. The gate stops training at the first look of it; the
author answers in the card, field by field: `learn: no` leaves it out, `known_when_scored: yes` overrules the gate.

What counts as proof, by kind:

- `name`: the field, its column, or what it is computed from, has a name under which a CRM writes the outcome
  (known_later.yaml).
- `after`: a date that counts backwards lies after the day of scoring, or a date is the very day of the outcome.
- `filled`: filled for most leads of one outcome, and for few of the other.
- `one_outcome`: a value, a range of values, or being filled at all occurs with one outcome only.
- `copy`: alone it tells most of what there is to tell of the outcome.
- `ranks`: nearly every lead has a value of its own, and their order is that of the outcome.
- `alone`: it nearly equals all other fields together, and knows what they don't. Both are asked, for a field that only
  sums up the others (the state of the economy, told by five indexes) equals them and adds nothing, and an honest strong
  field (the answer to "how badly do you need it?") adds to them and doesn't equal them.

Here a lead counts as converted whenever it became an opportunity, also after the horizon: a field that is filled in at
the conversion doesn't know of a horizon. The limits lie in the middle between what real honest fields and real leaks
were measured at. Two copies of a moderate leak hide each other from `alone`; `copy` and the others still see each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from scipy.stats import beta, binom, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from leadledger.models.learner.binning import find_indexes, kind_of, learn_bins
from leadledger.scoring.errors import LeakageError, Suspect, shown
from leadledger.scoring.field import Field
from leadledger.scoring.lookup import TextBins
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Days, parts
from leadledger.scoring.tree import Field as Asked
from leadledger.training.history import History
from leadledger.training.notebook import table

FEWEST = 20  # leads of either outcome, below which only names are looked at
SURE = 0.999  # confidence of the exact intervals
CHANCE = 1e-6  # what chance may do, in all looks at one field together, before it is ruled out

LATE = 0.05  # `after`: share of the dates that lie after the day of scoring
SAME_DAY = 0.5  # `after`: share of the converted whose date is the day of the outcome
# `filled`: by how much the shares of filled leads differ. Honest: up to 0.32 (an answer that sales ask the keen for);
# leaks: from 0.76.
FILLED = 0.5
PURE = 0.99  # `one_outcome`: share of one outcome among the leads that have the value. Honest: up to 0.68
OF_CONVERTED = 0.03  # ... and the share of all converted leads that have it. Leaks: from 0.07; honest: up to 0.006
OF_OTHERS = 0.3  # ... or, for a value that only the others have, the share of all others. Honest: up to 0.023
COPY = 0.5  # `copy`: share of the outcome's entropy. Honest: up to 0.22; a status that names the outcome: 0.89
RANKS = 0.8  # `ranks`: area under the curve
UNIQUE = 0.9  # ... of fields where so large a share of the values is different
OWN_AREA, OWN_GAIN = 0.75, 0.15  # `alone`: the least that is looked at. Honest: see below; leaks: from 0.81 and 0.21
NEARLY = 0.75  # ... what it tells alone, as a share of what the others tell. Leaks: from 0.92; honest and new: to 0.66
NEW = 0.7  # ... what it adds to the others, as that share. Leaks: from 1.2; honest and near: up to 0.32
SUPPORT = 0.7  # area under the curve that supports a name which other systems use for honest things

BINNED = 50_000  # leads that single fields are measured on
BOOSTED = 15_000  # leads that all other fields together are measured on
RARE = 1_000  # ... of which so many of either outcome, or all that there are
CANDIDATES = 3  # fields that are compared with all others, the strongest first


@dataclass(frozen=True)
class Leakage:
    """What the gate found: the fields that it looked at, the suspects, and those that the card vouches for."""

    checked: tuple[str, ...]
    suspects: tuple[Suspect, ...] = ()
    overruled: tuple[Suspect, ...] = ()

    def _repr_html_(self) -> str:
        parts = (("suspect", self.suspects), ("overruled", self.overruled))
        rows = [{"": word} | one.to_dict() for word, some in parts for one in some]
        said = f"{len(self.checked)} fields were looked at, {len(self.suspects)} would stop training."
        return table(rows, "Fields that know the outcome", said)

    def refuse(self) -> None:
        """Raise LeakageError if there is a suspect that the card doesn't vouch for."""
        if self.suspects:
            raise LeakageError(self.suspects)

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "checked": list(self.checked),
            "suspects": [one.to_dict() for one in self.suspects],
            "overruled": [one.to_dict() for one in self.overruled],
        }


def find_leaks(card: Card, history: History, seed: int = 0) -> Leakage:
    """Look at every field that training would learn from, and at the dates and ids that rules use.

    `seed` draws the leads that fields are measured on where there are more than 50,000, and the folds.
    """
    used = {one: rules for one, rules in _used_by_rules(card).items() if one in history.dates or one in history.ids}
    checked = [one for one in card.fields if one in history.frame or one in used]
    found: dict[str, tuple[str, str]] = {}
    facts = len(history) and min(history.became.sum(), (~history.became).sum()) >= FEWEST
    own = _measured(history, seed) if facts else {}
    for name in checked:
        field = card.fields[name]
        shares = _shares(history, name) if facts else ""
        proof = _proof(card, history, field, own.get(name)) if facts else None
        named = _named(card, field, proof is not None or (name in own and own[name].area >= SUPPORT))
        if named:
            found[name] = ("name", f"{_sentence(named)} {_sentence(proof[1] if proof else shares)}".strip())
        elif proof:
            found[name] = (proof[0], _sentence(proof[1]))
    if facts:
        rest = [one for one in own if one not in found or card.fields[one].known_when_scored]
        found |= {
            name: ("alone", _sentence(proof))
            for name, proof in _alone(history, own, rest, seed).items()
            if name not in found
        }
    suspects = {
        name: Suspect(name, *found[name], _mend(card.fields[name], () if name in history.frame else used[name]))
        for name in checked
        if name in found
    }
    return Leakage(
        tuple(checked),
        tuple(one for name, one in suspects.items() if not card.fields[name].known_when_scored),
        tuple(one for name, one in suspects.items() if card.fields[name].known_when_scored),
    )


# -- one field --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Own:
    """How well one field alone tells the outcome, on leads that it wasn't fitted on.

    `area`: under the curve, 0.5 for chance. `gain`: the share of the outcome's entropy that it takes away.
    """

    area: float
    gain: float


def _proof(card: Card, history: History, field: Field, own: Own | None) -> tuple[str, str] | None:
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
    for name, backwards in _dates_of(card, field):
        if history.days is None or (card.fields[name].known_when_scored and name != field.name):
            continue
        day = history.dates[name]
        what = "its date" if name == field.name else f"the date '{name}', from which it is computed,"
        with np.errstate(invalid="ignore"):
            late = day > history.days
        for group, of in ((history.became, "that became an opportunity"), (~history.became, "that didn't")):
            dated = int((np.isfinite(day) & group).sum())
            count = int((late & group).sum())
            if backwards and dated and _bounds(count, dated)[0] >= LATE:
                return (
                    f"{what} lies after the day on which the lead would have been scored, for {_share(count, dated)} of"
                    f" the leads {of}; days are counted back from it, so it was written later"
                )
        if history.became_on is None:
            continue
        later = history.became & np.isfinite(day) & (history.became_on > history.days)
        same = int((later & (day == history.became_on)).sum())
        if later.sum() >= FEWEST and _bounds(same, int(later.sum()))[0] >= SAME_DAY:
            share = _share(same, int(later.sum()))
            return f"{what} is the very day of the outcome, for {share} of the leads that became one on a later day"
    return ""


def _filled(history: History, column: pd.Series[Any]) -> str:
    """Whether the field is filled for most leads of one outcome and for few of the other."""
    filled = column.notna().to_numpy()
    if filled.all():
        return ""
    low, high = _bounds(int(filled[history.became].sum()), int(history.became.sum()))
    other_low, other_high = _bounds(int(filled[~history.became].sum()), int((~history.became).sum()))
    return _shares(history, str(column.name)) if max(low - other_high, other_low - high) >= FILLED else ""


def _one_outcome(history: History, column: pd.Series[Any]) -> str:
    """Whether a value, a range of values, or being filled at all occurs with one outcome only."""
    became = history.became
    for what, leads, converted in _looks(column, became):
        positives = int(became.sum())
        for of, count, all_of, least, word in (
            (converted, leads, positives, OF_CONVERTED, "became an opportunity"),
            (leads - converted, leads, len(became) - positives, OF_OTHERS, "did not become one"),
        ):
            share = of >= PURE * count if word.startswith("became") else of == count
            chance = binom.sf(of - 1, count, all_of / len(became)) * (column.nunique() + 1)
            sure = int(np.argmax(share * (of >= least * all_of) * (chance < CHANCE) * of))
            if share[sure] and of[sure] >= least * all_of and chance[sure] < CHANCE:
                return (
                    f"of the {count[sure]:,} leads with {what[sure]}, {_all(of[sure], count[sure])} {word}, against"
                    f" {all_of / len(became):.1%} of all leads; they are {of[sure] / all_of:.1%} of those that {word}"
                )
    return ""


def _looks(
    column: pd.Series[Any], became: NDArray[np.bool_]
) -> Iterator[tuple[list[str], NDArray[np.int64], NDArray[np.int64]]]:
    """What of a field may go with one outcome: a text for each, how many leads have it, how many of them converted."""
    filled = column.notna().to_numpy()
    if not filled.all():
        yield (
            ["a value", "no value"],
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
        yield [shown(str(one)) if kind_of(column) == "text" else str(one) for one in values], leads, converted
        return
    for alike in (converted == leads, converted == 0):  # the runs of neighbours that all ended alike
        ends = np.flatnonzero(np.diff(np.concatenate(([False], alike, [False])).astype(np.int8)))
        first, last = ends[::2], ends[1::2]
        if len(first):
            below = np.concatenate(([0], np.cumsum(leads)))
            won = np.concatenate(([0], np.cumsum(converted)))
            texts = [
                f"{values[one]:,.12g}" if one + 1 == other else f"{values[one]:,.12g} to {values[other - 1]:,.12g}"
                for one, other in zip(first, last, strict=True)
            ]
            yield texts, below[last] - below[first], won[last] - won[first]


def _copy(own: Own) -> str:
    """Whether the field alone tells most of what there is to tell."""
    if own.gain < COPY:
        return ""
    return (
        f"alone it tells {own.gain:.0%} of all there is to know of the outcome, on leads that it wasn't fitted on (area"
        f" under the curve {own.area:.3f}; 0.5 is chance, 1 is perfect)"
    )


def _ranks(history: History, column: pd.Series[Any]) -> str:
    """Whether the order of values that are nearly all different is that of the outcome, beyond what time explains."""
    filled = column.notna().to_numpy()
    became = history.became[filled]
    kind = kind_of(column)
    if kind == "flag" or min(became.sum(), (~became).sum()) < FEWEST or column.nunique() < UNIQUE * filled.sum():
        return ""
    if kind == "number":
        values = column[filled].to_numpy(float)
        if (values != np.floor(values)).any():  # an amount, not a number that was given out
            return ""
    else:  # in the order of the numbers within, so that L9 comes before L10
        texts = pd.Series(column[filled].to_numpy(str)).str.replace(
            r"\d+", lambda found: found[0].zfill(18), regex=True
        )
        values = np.unique(texts.to_numpy(str), return_inverse=True)[1].astype(float)
    area = _area(became, values)
    by_time = 0.5 if history.days is None else _area(became, history.days[filled])
    if area < max(RANKS, by_time + 0.1):
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


# -- a field beside all others ----------------------------------------------------------------------------------------


def _measured(history: History, seed: int) -> dict[str, Own]:
    """How well each learnable field alone tells the outcome."""
    if not history.frame.shape[1]:
        return {}
    kept = _drawn(history.became, BINNED, seed)
    frame, became = history.frame.iloc[kept], history.became[kept]
    columns = [frame[one] for one in frame]
    bins = learn_bins(columns, 32, 24, 20)
    indexes = find_indexes(bins, columns)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(indexes, became))
    average, found = became.mean(), {}
    for place, name in enumerate(frame):
        unseen = np.empty(len(became))
        for learn, held in folds:
            leads = np.bincount(indexes[learn, place], minlength=len(bins[place]))
            won = np.bincount(indexes[learn, place], became[learn], len(bins[place]))
            unseen[held] = ((won + 5 * average) / (leads + 5))[indexes[held, place]]
        loss = _losses(became, unseen)
        found[str(name)] = Own(float(roc_auc_score(became, unseen)), 1 - float(loss.mean()) / _entropy(became))
    return found


def _alone(history: History, own: Mapping[str, Own], rest: list[str], seed: int) -> dict[str, str]:
    """The proof against each field that nearly equals all others together, and knows what they don't.

    `rest`: the fields to compare, those that are suspect already left out. One that is found leaves the comparison too.
    """
    strong = sorted(
        (one for one in rest if own[one].area >= OWN_AREA and own[one].gain >= OWN_GAIN), key=lambda one: -own[one].gain
    )[:CANDIDATES]
    if not strong or len(rest) < 2:
        return {}
    kept = _drawn(history.became, BOOSTED, seed)
    became = history.became[kept]
    columns = {one: history.frame[one].iloc[kept] for one in rest}
    bins = dict(zip(rest, learn_bins(list(columns.values()), 32, 24, 20), strict=True))
    indexes = dict(zip(rest, find_indexes(list(bins.values()), list(columns.values())).T, strict=True))
    entropy, found = _entropy(became), {}

    @cache
    def together(names: tuple[str, ...]) -> NDArray[np.float64]:
        given = np.column_stack([indexes[one] for one in names])
        model = HistGradientBoostingClassifier(
            max_iter=40,
            learning_rate=0.15,
            max_leaf_nodes=15,
            categorical_features=[isinstance(bins[one], TextBins) for one in names],
            early_stopping=False,
            random_state=0,
        )
        unseen = np.empty(len(became))
        for learn, held in StratifiedKFold(3, shuffle=True, random_state=seed).split(given, became):
            unseen[held] = model.fit(given[learn], became[learn]).predict_proba(given[held])[:, 1]
        return unseen

    with threadpool_limits(1, user_api="openmp"):  # threads that wait for one another cost more than they bring
        for name in strong:
            others = together(tuple(one for one in rest if one != name))
            told = max(1 - float(_losses(became, others).mean()) / entropy, 0.0)
            if own[name].gain < NEARLY * told:
                continue
            added = (_losses(became, others) - _losses(became, together(tuple(rest)))) / entropy
            if added.mean() - 2 * added.std() / np.sqrt(len(added)) < NEW * told:
                continue
            found[name] = (
                f"alone it tells {own[name].gain:.0%} of all there is to know of the outcome, and the"
                f" {len(rest) - 1} other fields together tell {told:.0%}; with it, they tell {told + added.mean():.0%}"
                f" (area under the curve alone {own[name].area:.3f}, the others {roc_auc_score(became, others):.3f})"
            )
            rest = [one for one in rest if one != name]
            if len(rest) < 2:
                break
    return found


def _drawn(became: NDArray[np.bool_], most: int, seed: int) -> NDArray[np.intp]:
    """Positions of about so many leads at most: as many of each outcome as is their share, and RARE at least."""
    if len(became) <= most:
        return np.arange(len(became))
    random = np.random.default_rng(seed)
    of_each = [np.flatnonzero(became == one) for one in (False, True)]
    sizes = [min(len(one), max(RARE, round(most * len(one) / len(became)))) for one in of_each]
    return np.sort(np.concatenate([random.permutation(one)[:size] for one, size in zip(of_each, sizes, strict=True)]))


def _losses(became: NDArray[np.bool_], foreseen: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log-loss (n,) of each lead, in nats."""
    of_truth = np.clip(np.where(became, foreseen, 1 - foreseen), 1e-9, 1)
    return np.asarray(-np.log(of_truth))


def _entropy(became: NDArray[np.bool_]) -> float:
    """The log-loss, in nats, of the rate alone."""
    return float(_losses(became, np.full(len(became), became.mean())).mean())


# -- names ------------------------------------------------------------------------------------------------------------


@cache
def known_later() -> Mapping[str, tuple[tuple[str, str, str, str, bool], ...]]:
    """The names under which CRMs write the outcome: by the bare name, its system, the system's name, as it is written
    there, what is written, and whether the name alone is enough.
    """
    found: dict[str, list[tuple[str, str, str, str, bool]]] = {}
    data = yaml.safe_load(files("leadledger.training.evidence").joinpath("known_later.yaml").read_text("utf-8"))
    for system, of in data.items():
        for key in ("always", "often"):
            for name, why in of[key].items():
                found.setdefault(bare(name), []).append((system, of["label"], name, why, key == "always"))
    return {name: tuple(rows) for name, rows in found.items()}


def bare(name: str) -> str:
    """A column's name without case, separators and Salesforce's ending of custom fields."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"__c$", "", name.lower()))


def _named(card: Card, field: Field, supported: bool) -> str:
    """What a CRM writes under the names of a field, or of those that it is computed from; empty where nothing is."""
    for one in (field, *_asked(card, field)):
        if one.known_when_scored and one is not field:
            continue
        for system, column in (*one.sources, ("", one.name)):
            for its_system, label, name, why, always in known_later().get(bare(column), ()):
                if always or supported or bare(system) == its_system:
                    through = "" if one is field else f"it is computed from '{one.name}'; "
                    return f"{through}in {label}, {name} {why}"
    return ""


# -- what a field is made of ------------------------------------------------------------------------------------------


def _asked(card: Card, field: Field) -> list[Field]:
    """The fields that a computed field asks, and those that they ask in turn."""
    found: dict[str, Field] = {}
    waiting = list(field.asks)
    while waiting:
        one = card.fields[waiting.pop(0)]
        found[one.name] = one
        waiting.extend(name for name in one.asks if name not in found)
    return list(found.values())


def _dates_of(card: Card, field: Field) -> list[tuple[str, bool]]:
    """The dates that a field is computed from, or is, and whether days are counted back from each."""
    if field.kind == "date":
        back = any(one.half_life and one.half_life.of == field.name for one in card.rules)
        trees = [one.when.tree for one in card.rules] + [one.derived for one in card.fields.values() if one.derived]
        return [(field.name, back or any(field.name in _counted_back(tree) for tree in trees))]
    found: dict[str, bool] = {}
    for one in (field, *_asked(card, field)):
        if one.derived is not None:
            back_from = _counted_back(one.derived)
            for part in parts(one.derived):
                if isinstance(part, Asked) and card.fields[part.name].kind == "date":
                    found[part.name] = found.get(part.name, False) or part.name in back_from
    return list(found.items())


def _counted_back(tree: Any) -> set[str]:
    """The dates of which a tree asks how many days they are past."""
    return {part.of.name for part in parts(tree) if isinstance(part, Days) and part.way == "since"}


def _used_by_rules(card: Card) -> dict[str, tuple[str, ...]]:
    """The fields that rules ask, directly or through fields that training doesn't learn from, with the rules' names.

    A computed field that is learnt from is looked at itself.
    """
    found: dict[str, list[str]] = {}
    for rule in card.rules:
        names = [part.name for part in parts(rule.when.tree) if isinstance(part, Asked)]
        names += [rule.half_life.of] if rule.half_life else []
        for name in dict.fromkeys(names):
            field = card.fields[name]
            through = [] if field.learn else [one.name for one in _asked(card, field)]
            for one in (name, *through):
                found.setdefault(one, []).append(rule.name)
    return {name: tuple(dict.fromkeys(rules)) for name, rules in found.items()}


# -- words ------------------------------------------------------------------------------------------------------------


def _bounds(count: int, of: int) -> tuple[float, float]:
    """The exact (Clopper-Pearson) interval of a share, at the confidence SURE."""
    low = 0.0 if count == 0 else float(beta.ppf((1 - SURE) / 2, count, of - count + 1))
    high = 1.0 if count == of else float(beta.ppf((1 + SURE) / 2, count + 1, of - count))
    return low, high


def _share(count: int, of: int) -> str:
    low, high = _bounds(count, of)
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


def _mend(field: Field, rules: tuple[str, ...]) -> str:
    """What to write in the card: to leave the field out, or to vouch for it. `rules`: those that use a date or id."""
    if rules:
        listed = ", ".join(f"'{one}'" for one in rules)
        out = [f"To leave it out, take it out of the {'rule' if len(rules) == 1 else 'rules'} {listed}."]
    else:
        out = ["To leave it out, write in the card:", f"  {_yaml(field, 'learn', 'no')}"]
    return "\n".join(
        (*out, "If it is surely known when a lead is scored, write:", f"  {_yaml(field, 'known_when_scored', 'yes')}")
    )


def _yaml(field: Field, key: str, value: str) -> str:
    """A field as it stands in a card, on one line, with one key more."""
    written: dict[str, str] = {"kind": field.kind}
    if field.derived_text:
        written["is"] = _quoted(field.derived_text)
    if field.values:
        written["values"] = _listed(field.values)
    for name, text in (("unit", field.unit), ("better", field.better), ("ask", field.ask), ("label", field.label)):
        if text:
            written[name] = _quoted(text)
    if field.missing:
        written["missing"] = _listed([f"{one:g}" if isinstance(one, float) else one for one in field.missing])
    systems: dict[str, list[str]] = {}
    for system, column in field.sources:
        systems.setdefault(system, []).append(column)
    columns = {system: _quoted(names[0]) if len(names) == 1 else _listed(names) for system, names in systems.items()}
    if columns:
        inside = ", ".join(f"{_quoted(system)}: {names}" for system, names in columns.items())
        written["from"] = columns.get("") or f"{{{inside}}}"
    written[key] = value
    return f"{field.name}: {{{', '.join(f'{one}: {text}' for one, text in written.items())}}}"


def _listed(texts: Any) -> str:
    return f"[{', '.join(_quoted(str(one)) for one in texts)}]"


def _quoted(text: str) -> str:
    """A text as YAML on one line: in quotes unless it is of plain words or a number."""
    plain = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*", text)
    return text if plain and text.lower() != "null" else json.dumps(text, ensure_ascii=False)
