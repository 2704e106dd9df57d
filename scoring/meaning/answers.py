"""How far a score could still move: the values that stand for all answers to a question, and what they are worth.

A missing number could be anything, but a card tells only a few stretches of it apart. One value for each stretch stands
for all. What depends on one field alone is worked out together over these values, so that rules which exclude one
another (`origin = 'a'`, `origin = 'b'`) are never both counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise

from leadledger.scoring import tree
from leadledger.scoring.bins import Bins, NumberBins, TextBins
from leadledger.scoring.choice_forms import join_choices
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.lookup import Table, list_bins
from leadledger.scoring.meaning.logic import derive, evaluate_condition
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

FEW_CHOICES = 5  # of which all sets are tried as answers
ANY_DAY = date(2026, 1, 1)  # answers that are dates count by their distance from the day of scoring


@dataclass(frozen=True)
class LoneEffect:
    """The rules and tables that ask one field and nothing else, and what an answer could add to them (tenths)."""

    field: str
    rules: frozenset[str]
    terms: frozenset[str]
    low: int
    high: int


def find_lone_effects(card: Scorecard) -> tuple[LoneEffect, ...]:
    """The effects of each field with a question by itself; worked out once, and kept with the scorecard."""
    effects: tuple[LoneEffect, ...] | None = card.__dict__.get("lone_effects")
    if effects is None:
        effects = tuple(_find_lone_effects(card))
        card.__dict__["lone_effects"] = effects
    return effects


def _find_lone_effects(card: Scorecard) -> Iterator[LoneEffect]:
    for name in card.card.questions:
        field = card.card.fields[name]
        # The stretches of a date move with the day of scoring, and choices come in more sets than can be listed.
        if field.kind in ("date", "choices"):
            continue
        rules = [priced for priced in card.rules if not priced.rule.group and _asks_only(priced, name)]
        terms = [term for term in card.learned.terms if isinstance(term, Table) and term.field == name]
        if not rules and not terms:
            continue
        unknown = _sum_points(card, rules, terms, name, None)
        shifts = [_sum_points(card, rules, terms, name, value) - unknown for value, _ in list_answers(card, field)]
        named = frozenset(priced.rule.name for priced in rules), frozenset(term.name for term in terms)
        yield LoneEffect(name, *named, min([0, *shifts]), max([0, *shifts]))


def _asks_only(priced: PricedRule, name: str) -> bool:
    """Whether a rule asks one field alone, by comparisons; what a text may hold besides can't be listed."""
    searches = any(isinstance(part, tree.Search) for part in tree.walk_tree(priced.rule.when.tree))
    return priced.rule.when.fields == (name,) and priced.rule.half_life is None and not searches


def _sum_points(card: Scorecard, rules: Sequence[PricedRule], terms: Sequence[Table], name: str, value: Typed) -> int:
    plain: dict[str, Typed] = dict.fromkeys(card.card.input_names)
    values = derive(card.card, {**plain, name: value}, ANY_DAY)
    points = sum(
        priced.points for priced in rules if evaluate_condition(priced.rule.when.tree, values, ANY_DAY) is True
    )
    return points + sum(term.points[term.bins.find(value)] for term in terms)  # type: ignore[arg-type, misc]  # its kind


def list_answers(card: Scorecard, field: Field) -> Iterator[tuple[Typed, float]]:
    """Values that stand for all answers to a field, with their shares; the shares add up to 1."""
    table = next((term for term in card.learned.terms if isinstance(term, Table) and term.field == field.name), None)
    values: Sequence[Typed]
    if field.kind == "flag":
        values = [True, False]
    elif field.kind == "number":
        cuts = list_cuts(card, field)
        between = [low / 2 + high / 2 for low, high in pairwise(cuts)]
        values = sorted({*cuts, *between, cuts[0] - 1, cuts[-1] + 1}) if cuts else [0.0]
    elif field.kind == "date":
        values = _list_days(card, field.name)
    elif field.kind == "choices":
        values = _list_sets(card, field)
    else:
        levels = [level for bins in _list_bins_of(card, field) if isinstance(bins, TextBins) for level in bins.levels]
        literals = [literal for literal in _list_literals(card, field.name) if isinstance(literal, str)]
        values = field.values or [*dict.fromkeys([*levels, *literals]), "\0"]  # the last stands for any other text
    if table is None or sum(table.counts[1:]) == 0:
        yield from ((value, 1 / len(values)) for value in values)
        return
    bins = [table.bins.find(value) for value in values]  # type: ignore[arg-type]  # the bins are of the field's kind
    known = sum(table.counts[at] for at in set(bins))
    for value, at in zip(values, bins, strict=True):
        yield value, (table.counts[at] / known if known else 1 / len(values)) / (bins.count(at) if known else 1)


def list_cuts(card: Scorecard, field: Field) -> list[float]:
    """The numbers at which a card sees a number field otherwise, ascending."""
    edges = [edge for bins in _list_bins_of(card, field) if isinstance(bins, NumberBins) for edge in bins.edges]
    return sorted({*edges, *(literal for literal in _list_literals(card, field.name) if isinstance(literal, float))})


def _list_bins_of(card: Scorecard, field: Field) -> Iterator[Bins]:
    """The bins of a field in every term that asks it."""
    for term in card.learned.terms:
        yield from (bins for name, bins in zip(term.fields, list_bins(term), strict=True) if name == field.name)


def _list_conditions(card: Scorecard) -> Iterator[tree.Node]:
    yield from (rule.when.tree for rule in card.card.rules)
    yield from (criterion.met.tree for criterion in card.card.criteria)
    for field in card.card.derived_fields:
        if field.derived is not None and not isinstance(field.derived, tree.Days):
            yield field.derived


def _list_literals(card: Scorecard, field: str) -> Iterator[float | str | bool | date]:
    """Every literal that a condition compares a field with."""
    for node in _list_conditions(card):
        for part in tree.walk_tree(node):
            match part:
                case tree.Compare(left=tree.FieldRef(name=name), right=tree.Constant(value=value)) if name == field:
                    yield value
                case tree.In(of=tree.FieldRef(name=name), values=values) if name == field:
                    yield from (literal.value for literal in values)
                case tree.Search(of=of, text=text) if of.name == field:
                    yield text


def _list_sets(card: Scorecard, field: Field) -> list[Typed]:
    """Sets of choices that stand for all: of the choices that conditions ask, all sets where they are few; else each
    choice alone, all of them, and none of them.
    """
    asked = dict.fromkeys(
        part.choice
        for node in _list_conditions(card)
        for part in tree.walk_tree(node)
        if isinstance(part, tree.Has) and part.of.name == field.name
    )
    choices = [value for value in field.values if value in asked] if field.values else sorted(asked)
    if len(choices) <= FEW_CHOICES:
        sets = [chosen for size in range(len(choices) + 1) for chosen in combinations(choices, size)]
    else:
        sets = [(), *((choice,) for choice in choices), tuple(choices)]
    return [join_choices(chosen or (OTHER_VALUE,), field.separator) for chosen in sets]


def _list_days(card: Scorecard, field: str) -> list[Typed]:
    """Days that stand for all answers to a date field, by the distances and the dates that conditions compare with."""
    derived = {field.name: field.derived for field in card.card.derived_fields if isinstance(field.derived, tree.Days)}
    cuts = {value.toordinal() for value in _list_literals(card, field) if isinstance(value, date)}
    cuts |= {ANY_DAY.toordinal()}
    for node in _list_conditions(card):
        for part in tree.walk_tree(node):
            if not isinstance(part, tree.Compare) or not isinstance(part.right, tree.Constant):
                continue
            left = derived.get(part.left.name) if isinstance(part.left, tree.FieldRef) else part.left
            if isinstance(left, tree.Days) and left.of.name == field and isinstance(part.right.value, float):
                distance = int(max(-1e6, min(1e6, part.right.value)))
                cuts.add(ANY_DAY.toordinal() + (distance if left.way == "until" else -distance))
    around = sorted({cut + step for cut in cuts for step in (-1, 0, 1)})
    first, last = date.min.toordinal(), date.max.toordinal()
    return [ANY_DAY + timedelta(days=day - ANY_DAY.toordinal()) for day in around if first <= day <= last]
