"""A card, what was learned for it, and the two put together.

`Card` is what people write. `Learned` is what training adds. `Scorecard` is both, with every number that scoring needs
worked out once, as integers: printers and the tree walk read it, and never compute points of their own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Protocol

from leadledger.scoring.axis import Axis, AxisDemand, AxisName
from leadledger.scoring.case import Case
from leadledger.scoring.column_names import ColumnNames
from leadledger.scoring.column_paths import ColumnPaths
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.decay import decay, scale_points
from leadledger.scoring.each_points import PricedEachRule, name_earned, price_each
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.exclusion import Exclusion
from leadledger.scoring.fairness import Fairness
from leadledger.scoring.field import Field
from leadledger.scoring.gate import Gate, Stage, Threshold
from leadledger.scoring.lookup import Term
from leadledger.scoring.memory import MEMORY_KINDS
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.outputs import Column, list_score_columns
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.rule import EachRule, Group, Rule
from leadledger.scoring.spellings import (
    Spellings,
    find_spellings,
    find_words,
    respell_condition,
    respell_node,
    respell_term,
)
from leadledger.scoring.text_forms import NOTHING_WORDS, key_of
from leadledger.scoring.transition import STAGES, Transition, find_transitions_ahead
from leadledger.scoring.tree import Days, Node

START_TENTHS = 500  # tenths: the average lead of the history
# How cards call what a lead is known by, the company of a person first.
TITLE_FIELDS = (
    "company",
    "company_name",
    "account",
    "account_name",
    "organisation",
    "organization",
    "name",
    "full_name",
)
TENTHS_PER_DOUBLING = 100  # tenths that double the odds
PLACES_SHOWN = (10, 25, 50, 75, 90, 95, 99)  # of 100, where people are shown a few steps of all
MOST_PERCENT = 99  # the highest place of a lead; none is better than 100 of 100 leads, since it is one of them


@dataclass(frozen=True)
class Card:
    """A card as people write it. Mappings keep the order of the file. Points are tenths, rates 0..1."""

    name: str
    fields: Mapping[str, Field]
    criteria: tuple[Criterion, ...] = ()
    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    stages: tuple[Stage, ...] = ()
    grades: tuple[tuple[str, int], ...] = (("A", 650), ("B", 500), ("C", 350))
    below: str = "D"
    title: str = ""
    missing: tuple[str, ...] = ()
    outcome: Outcome | None = None
    base_rate: float | None = None
    trust: float | None = None
    readable: str = "all"  # what training may learn: tables; pairs, too; or all, combinations among them
    segment: str = ""  # the field whose values are segments, which training learns tables of their own for
    steps: tuple[Transition, ...] = ()  # in the order of the stages, up to the sale
    amount: str = ""  # the number field with what a sale brings
    cases: tuple[Case, ...] = ()
    write_back: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by system: output, property
    time_zone: str = "UTC"  # whose days count: those of instants, and today
    protected: tuple[str, ...] = ()  # the fields that must not decide
    fairness: Fairness | None = None
    standard_names: bool = True  # whether its fields were given the standard names of CRMs
    events: Mapping[str, EventKind] = field(default_factory=dict)
    each_rules: tuple[EachRule, ...] = ()  # the rules that earn points for each event
    zoned: bool = False  # whether the card names its time zone, so that a time without one is of that
    axes: Mapping[AxisName, Axis] = field(default_factory=dict)  # both, or none

    @cached_property
    def missing_texts(self) -> frozenset[str]:
        """The keys of the texts that the card lists for "not known"."""
        return frozenset(key_of(text) for text in self.missing)

    @cached_property
    def conditions(self) -> tuple[Node | Days, ...]:
        """All its conditions: of derived fields, criteria, rules and exclusions, in this order."""
        derived = [field.derived for field in self.fields.values() if field.derived is not None]
        written = [criterion.met for criterion in self.criteria] + [rule.when for rule in self.rules]
        written += [exclusion.when for exclusion in self.exclude]
        return (*derived, *(condition.tree for condition in written))

    @cached_property
    def plain_fields(self) -> tuple[Field, ...]:
        """The fields that come from outside."""
        return tuple(field for field in self.fields.values() if field.is_plain)

    @cached_property
    def text_spellings(self) -> Mapping[str, Mapping[str, str]]:
        """The spellings of the plain text fields that have any, by key of the text."""
        texts = {field.name: field.find_spellings(()) for field in self.plain_fields if field.kind == "text"}
        return {name: spellings for name, spellings in texts.items() if spellings}

    @cached_property
    def event_fields(self) -> tuple[Field, ...]:
        """The fields that are counted from the lead's events."""
        return tuple(field for field in self.fields.values() if field.event_value is not None)

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """The names of all that a score rests on: plain fields, event fields, and what each event rule earns."""
        return (*(field.name for field in self.plain_fields), *self.count_names)

    @cached_property
    def count_names(self) -> tuple[str, ...]:
        """The names of what events come to: event fields, and what each event rule earns."""
        earned = (name_earned(rule.name) for rule in self.each_rules)
        return (*(field.name for field in self.event_fields), *earned)

    @cached_property
    def derived_fields(self) -> tuple[Field, ...]:
        """The fields that are computed, in an order in which each asks only earlier ones."""
        return tuple(field for field in self.fields.values() if field.derived is not None)

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """The columns of a history that tell what became of a lead: the outcome's, then those of the steps."""
        columns = self.outcome.columns if self.outcome else ()
        return tuple(dict.fromkeys((*columns, *(step.became for step in self.steps))))

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages that a lead goes through, the first one first: the card's own, or those of every card."""
        return tuple(stage.name for stage in self.stages) or STAGES

    @cached_property
    def column_names(self) -> ColumnNames:
        """The names by which the plain fields are found."""
        return ColumnNames.of(self.plain_fields, self.outcome_columns)

    @cached_property
    def column_paths(self) -> ColumnPaths:
        """The paths into columns that the plain fields have under `from`."""
        return ColumnPaths.of(self.plain_fields)

    def count_rules(self) -> int:
        """How many rules it has, those for each event among them."""
        return len(self.rules) + len(self.each_rules)

    def find_plain_fields(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The plain fields behind some fields, each once: a derived field is replaced by what it asks."""
        plain: dict[str, None] = {}
        for name in names:
            asks = self.fields[name].computed_from
            plain |= dict.fromkeys(self.find_plain_fields(asks) if asks else (name,))
        return tuple(plain)

    @cached_property
    def title_field(self) -> str:
        """The text field that names a lead to people: its company, else its own name. Empty: only the id does."""
        texts = {field.name for field in self.plain_fields if field.kind == "text"}
        return next((name for name in TITLE_FIELDS if name in texts), "")

    @cached_property
    def questions(self) -> Mapping[str, str]:
        """The plain fields that can be asked for, and the question of each.

        Those with `ask:`, and those behind a criterion that a stage requires: what holds a lead back must be askable.
        """
        required = {name for stage in self.stages for name in stage.requires}
        behind = {
            root
            for criterion in self.criteria
            if criterion.name in required
            for root in self.find_plain_fields(criterion.met.fields)
        }
        return {
            field.name: field.ask or f"What is the {field.title}?"
            for field in self.plain_fields
            if (field.ask or field.name in behind) and field.name not in self.memory_fields
        }

    @cached_property
    def memory_fields(self) -> frozenset[str]:
        """The fields that hold the last recommendation and a rejection; none where no stage asks for them."""
        remembers = any(stage.hold or stage.cool_down for stage in self.stages)
        return frozenset(MEMORY_KINDS) if remembers else frozenset()

    @cached_property
    def predicted_stage(self) -> Stage | None:
        """The stage that scores predict: the first with a threshold, else the last with a gate."""
        thresholds = [stage for stage in self.stages if stage.has_threshold]
        gated = [stage for stage in self.stages if stage.has_gate]
        return thresholds[0] if thresholds else gated[-1] if gated else None

    @property
    def explores(self) -> bool:
        """Whether a stage promotes some leads at random."""
        return any(stage.exploration is not None for stage in self.stages)

    @cached_property
    def default_stage(self) -> str:
        """The stage of a lead that names none: the one before the predicted stage. Empty: the card has no stages."""
        if self.predicted_stage is None:
            return self.stages[0].name if self.stages else ""
        return self.stages[max(0, self.stages.index(self.predicted_stage) - 1)].name


def _respell_card(card: Card, spellings: Spellings, conditions: Sequence[Node | Days]) -> Card:
    """The card whose conditions compare with the spellings of its fields, and whose fields know them."""
    used = find_words(conditions)
    fields = {}
    for name, plain in card.fields.items():
        own = spellings.get(name, {})
        words = NOTHING_WORDS - own.keys() - used.get(name, frozenset())
        derived = plain.derived
        if derived is not None and not isinstance(derived, Days):
            derived = respell_node(derived, spellings)
        fields[name] = replace(plain, derived=derived, spellings=tuple(own.values()), nothing_words=words)
    return replace(
        card,
        fields=fields,
        criteria=tuple(replace(item, met=respell_condition(item.met, spellings)) for item in card.criteria),
        rules=tuple(replace(item, when=respell_condition(item.when, spellings)) for item in card.rules),
        exclude=tuple(replace(item, when=respell_condition(item.when, spellings)) for item in card.exclude),
    )


def _respell_learned(learned: Learned, spellings: Spellings) -> Learned:
    """What was learned, its levels in the spellings of its fields."""
    terms = tuple(respell_term(term, spellings) for term in learned.terms)
    steps = {stage: _respell_learned(step, spellings) for stage, step in learned.steps.items()}
    return replace(learned, terms=terms, steps=steps)


@dataclass(frozen=True)
class Choice:
    """A choice of a field that has several, as the field's values are kept."""

    field: str
    choice: str


@dataclass(frozen=True)
class Learned:
    """What training adds to a card.

    `start` (tenths) is where every lead starts; `trust` (0..1) multiplies the declared points; `base_rate` (0..1, None:
    unknown) is the share of leads that became opportunities; `thresholds` are those of the stages, by name.
    `choices` are the choices that the terms ask as flags, by the names of these flags. `levels` are the texts that
    training has seen, also the rare ones, by those of the terms' fields that have few. `steps` hold the same for each
    transition of the card, by its stage: `base_rate` is then the share of leads that made it; their choices and levels
    are among those of the whole. `percentiles` (tenths) are the
    MOST_PERCENT steps of a lead's place among the leads that judged the release, none below the one before: from the
    first on, 1 of 100 of these leads has fewer points, from the second 2, and so on; empty: not known.
    """

    base_rate: float | None = None
    start: int = START_TENTHS
    trust: float = 1.0
    terms: tuple[Term, ...] = ()
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    percentiles: tuple[int, ...] = ()
    steps: Mapping[str, Learned] = field(default_factory=dict)

    @property
    def all_terms(self) -> tuple[Term, ...]:
        """The terms of the score, then those of the steps."""
        return (*self.terms, *(term for step in self.steps.values() for term in step.terms))


@dataclass(frozen=True)
class Scorecard:
    """A card and what was learned for it, ready to score. `release` names where the learned part came from.

    Its conditions and tables are spelt alike: each text field has one spelling for each key.
    """

    card: Card
    learned: Learned
    release: str = ""

    def __post_init__(self) -> None:
        self._spell(())

    def _spell(self, conditions: Sequence[Node]) -> Spellings:
        """Spell the card and what was learned alike, and `conditions` beside those of the card."""
        card, learned = self.card, self.learned
        asked = (*card.conditions, *conditions)
        stages = card.stage_names if card.steps or card.stages else ()
        spellings = find_spellings(card.fields, asked, stages, learned.all_terms)
        object.__setattr__(self, "card", _respell_card(card, spellings, asked))
        if any(spellings.values()):
            object.__setattr__(self, "learned", _respell_learned(learned, spellings))
        return spellings

    def spell_with(self, condition: Node) -> tuple[Scorecard, Node]:
        """The scorecard that reads texts also for a further condition, and that condition in the card's spelling."""
        scorecard = replace(self)
        return scorecard, respell_node(condition, scorecard._spell((condition,)))

    @cached_property
    def seen_texts(self) -> Mapping[str, frozenset[str]]:
        """The keys of the texts that training has seen, or the texts themselves where `exact`, by field."""
        return {
            name: frozenset(levels if self.card.fields[name].exact else map(key_of, levels))
            for name, levels in self.learned.levels.items()
            if name in self.card.fields
        }

    @cached_property
    def rules(self) -> tuple[PricedRule, ...]:
        """The rules with their points times trust, in the order of the card."""
        return tuple(self._price(rule) for rule in self.card.rules)

    def _price(self, rule: Rule) -> PricedRule:
        trust = self.learned.trust
        steps = decay(rule.points, trust, rule.half_life.days) if rule.half_life else None
        asks = rule.when.fields + ((rule.half_life.of,) if rule.half_life else ())
        return PricedRule(rule, scale_points(rule.points, trust), steps, self.find_askable(asks))

    @cached_property
    def each_rules(self) -> tuple[PricedEachRule, ...]:
        """The rules for each event with their points times trust, in the order of the card."""
        return tuple(price_each(rule, self.learned.trust) for rule in self.card.each_rules)

    def find_askable(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The plain fields behind some fields that the card has a question for."""
        return tuple(name for name in self.card.find_plain_fields(names) if name in self.card.questions)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups with their limits times trust, in the order of the card."""
        trust = self.learned.trust
        return tuple(
            replace(
                group,
                maximum=None if group.maximum is None else scale_points(group.maximum, trust),
                minimum=None if group.minimum is None else scale_points(group.minimum, trust),
            )
            for group in self.card.groups
        )

    @cached_property
    def demands(self) -> tuple[AxisDemand, ...]:
        """The grades of axes that stages ask for, each once."""
        return tuple(dict.fromkeys(demand for stage in self.card.stages for demand in stage.demands))

    @cached_property
    def required(self) -> tuple[Criterion | AxisDemand, ...]:
        """All that gates may ask besides points: the criteria, then the grades of axes."""
        return (*self.card.criteria, *self.demands)

    @cached_property
    def gates(self) -> Mapping[str, Gate | None]:
        """The gate before a lead of each stage; None where there is nothing to decide."""
        positions = {asked.name: i for i, asked in enumerate(self.required)}
        gates: dict[str, Gate | None] = {}
        for at, to in pairwise([*self.card.stages, Stage("")]):
            threshold = self.learned.thresholds.get(to.name) or Threshold(to.points)
            asked = (*to.requires, *(demand.name for demand in to.demands))
            asked_of = tuple(positions[name] for name in asked)
            gate = Gate(at.name, to.name, asked_of, threshold, to.exploration, to.hold, to.cool_down)
            gates[at.name] = gate if to.has_gate else None
        return gates

    def find_gate(self, stage: object) -> tuple[str, Gate | None]:
        """Where a lead stands, and the gate before it. `stage` is the value of the field `stage`; None: unknown."""
        at = stage if isinstance(stage, str) and stage in self.gates else self.card.default_stage
        return at, self.gates.get(at)

    @cached_property
    def steps(self) -> Mapping[str, Scorecard]:
        """The scorecard of each transition, by its stage: the rules, where they count, with what was learned of it."""
        # Rules for each event count by the trust of the score alone: nothing learns from events yet.
        alone = replace(self.card, each_rules=(), criteria=(), exclude=(), stages=(), steps=(), cases=())
        without_rules = replace(alone, rules=(), groups=())
        return {
            stage: Scorecard(alone if step.trust else without_rules, step, self.release)
            for stage, step in self.learned.steps.items()
        }

    @property
    def score_columns(self) -> tuple[Column, ...]:
        """The columns that it adds to each list."""
        remembers = bool(self.card.memory_fields)
        return list_score_columns(self.predicts_sales, bool(self.card.axes), self.card.explores, remembers)

    @property
    def predicts_sales(self) -> bool:
        """Whether it has learned the steps up to a sale."""
        return bool(self.learned.steps)

    def find_steps_ahead(self, stage: object) -> tuple[str, ...]:
        """The transitions that a lead still has before it; `stage` is the value of the field `stage`."""
        ahead = find_transitions_ahead(self.card.steps, self.card.stage_names, stage)
        return tuple(transition.stage for transition in ahead)

    def grade(self, total: int) -> str:
        """The grade of a total (tenths)."""
        for name, cut in self.card.grades:
            if total >= cut:
                return name
        return self.card.below

    def find_percentile(self, total: int) -> int | None:
        """Of 100 judged leads, how many have fewer points than a total (tenths): 0…99; None: not known."""
        steps = self.learned.percentiles
        return bisect_right(steps, total) if steps else None


class HasScorecard(Protocol):
    """What has a scorecard, such as the result of a training."""

    @property
    def scorecard(self) -> Scorecard:
        """The scorecard, ready to score."""


def find_scorecard(source: Scorecard | HasScorecard) -> Scorecard:
    """A scorecard, or that of what has one."""
    return source if isinstance(source, Scorecard) else source.scorecard


def build_untrained(card: Card) -> Scorecard:
    """The scorecard of a card alone: no history, rules as declared."""
    return Scorecard(card, Learned(base_rate=card.base_rate, trust=1.0 if card.trust is None else card.trust))
