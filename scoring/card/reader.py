"""From a YAML file to a card, or to every mistake in it.

The reader goes through a card section by section: `axis_section`, `event_section`, `field_section`, `memory_fields`,
`protected_section`, `rule_sections`, `stage_sections`, `advice_keys`, `outcome_section`, `segment_section`,
`steps_section`, `write_back_section`, `case_section`. `card_keys` lists the keys, `yaml_shapes` knows YAML and
positions. Nothing is guessed: unknown and duplicate keys, names that nothing declares, values of the wrong kind are
refused, all at once, in file order. One mistake is one message: what may only follow from another mistake is not
reported.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import yaml

from leadledger.scoring.card import crm_names
from leadledger.scoring.card.axis_section import read_axes
from leadledger.scoring.card.card_keys import KEYS, READABLE
from leadledger.scoring.card.case_section import read_cases
from leadledger.scoring.card.event_section import check_tracked_since, read_events
from leadledger.scoring.card.field_parents import read_parents
from leadledger.scoring.card.field_section import read_fields
from leadledger.scoring.card.memory_fields import add_memory_names
from leadledger.scoring.card.outcome_section import read_outcome
from leadledger.scoring.card.protected_section import read_fairness, read_protected
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.rule_sections import read_criteria, read_exclusions, read_groups, read_rules
from leadledger.scoring.card.segment_section import read_segment
from leadledger.scoring.card.stage_sections import read_grades, read_stages
from leadledger.scoring.card.steps_section import read_amount, read_steps
from leadledger.scoring.card.time_zone import read_time_zone
from leadledger.scoring.card.write_back_section import read_write_back
from leadledger.scoring.card.yaml_shapes import LARGEST_CARD, Shapes
from leadledger.scoring.errors import Problem, ScorecardError, quote
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.scorecard import Card, Scorecard, build_untrained
from leadledger.scoring.transition import Transition

_CARD_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def load(path: Path | str) -> Scorecard:
    """Read a card: rules alone, as declared. Raises ScorecardError with every problem.

    `Releases(home).open()` gives a scorecard with what was learned.
    """
    return build_untrained(read_card(path))


def read_card(path: Path | str) -> Card:
    """Read a card from a file. Raises ScorecardError with every problem."""
    return parse_card(read_card_text(path), Path(path).name)


def read_card_text(path: Path | str) -> str:
    """The text of a card's file. Raises ScorecardError where it can't be opened, or is no text."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_CARD + 1)  # one byte more than `parse_card` takes, and never a whole disk
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace").split("\n")
        text = "this is not UTF-8 text; save the card as UTF-8"
        raise ScorecardError([Problem(path.name, len(before), len(before[-1]) + 1, text)]) from None
    except OSError as error:
        raise ScorecardError([Problem(str(path), 1, 1, f"the card can't be opened: {error.strerror}")]) from None
    except ValueError:  # a NUL in the path
        raise ScorecardError([Problem(quote(str(path)), 1, 1, "the card can't be opened: this is no path")]) from None


def parse_card(text: str, file: str = "card.yaml", *, standard_names: bool = True) -> Card:
    """Read a card from text; `file` is the name that messages give. Raises ScorecardError with every problem.

    `standard_names`: whether its fields are also found under the standard names of CRMs.
    """
    shapes = Shapes(file)
    card = _read_sections(shapes, shapes.compose(text), standard_names)
    if shapes.problems:
        raise ScorecardError(shapes.problems)
    return card


def _read_sections(shapes: Shapes, root: yaml.Node, standard_names: bool) -> Card:
    """The card, as far as it can be read; `shapes` collects the problems.

    The order counts: a section refers to names of those before it.
    """
    sections = shapes.read_record(root, "the card", KEYS["card"])
    sections = {key: item for key, item in sections.items() if shapes.check_length(item.value, f"`{key}`")}
    reading = CardReading(shapes, sections)
    name = _read_name(reading)
    if "missing" in sections:
        texts = reading.read_texts(sections["missing"].value, "`missing`", empty=True)
        reading.missing = tuple(text for text, _ in texts)
    if "time_zone" in sections:
        reading.time_zone = read_time_zone(shapes, sections["time_zone"].value)
    axes = read_axes(reading)
    read_events(reading)
    if "fields" in sections:
        read_fields(reading, sections["fields"].value)
    check_tracked_since(reading)
    protected = read_protected(reading)
    read_parents(reading)
    criteria = read_criteria(reading)
    ruled = read_rules(reading, read_groups(reading))
    exclude = read_exclusions(reading)
    stages = read_stages(reading, criteria)
    grades, below = read_grades(reading)
    outcome = read_outcome(reading, sections["outcome"].value) if "outcome" in sections else None
    if outcome is not None and outcome.order in reading.fields:  # it tells when, and nothing about the next lead
        reading.fields[outcome.order] = replace(reading.fields[outcome.order], learn=False)
    readable = _read_readable(reading)
    segment = read_segment(reading, readable)
    steps = read_steps(reading, stages, outcome)
    base_rate = _read_base_rate(reading)
    if standard_names:
        _add_standard_names(reading, outcome, steps)
    write_back = read_write_back(reading, sections["write_back"].value) if "write_back" in sections else {}
    reading.fields = add_memory_names(reading, write_back, _list_taken_names(reading, outcome, steps))
    return Card(
        name=name,
        title=shapes.read_line(sections["title"].value, "`title`") if "title" in sections else "",
        fields=reading.fields,
        criteria=criteria,
        groups=ruled.groups,
        rules=ruled.rules,
        exclude=exclude,
        stages=stages,
        grades=grades,
        below=below,
        missing=reading.missing,
        outcome=outcome,
        base_rate=base_rate,
        trust=shapes.read_number(sections["trust"].value, "`trust`", 0, 1) if "trust" in sections else None,
        readable=readable,
        segment=segment,
        steps=steps,
        amount=read_amount(reading),
        cases=read_cases(reading, (*(grade for grade, _ in grades), below)),
        write_back=write_back,
        time_zone=reading.time_zone,
        protected=protected,
        fairness=read_fairness(reading, protected),
        standard_names=standard_names,
        events=reading.events,
        each_rules=ruled.each_rules,
        zoned=reading.is_zoned,
        axes=axes,
    )


def _read_readable(reading: CardReading) -> str:
    """How much training may learn that a person must read; all where the card doesn't say."""
    if "readable" not in reading.sections:
        return "all"
    return reading.shapes.read_word(reading.sections["readable"].value, "`readable`", READABLE) or "all"


def _read_name(reading: CardReading) -> str:
    if "name" not in reading.sections:
        return ""
    node = reading.sections["name"].value
    name = reading.shapes.read_text(node, "`name`")
    if name is not None and not (_CARD_NAME.fullmatch(name) and len(name) <= 60):
        rule = "use a to z and 0 to 9, with single - between them, at most 60 in all"
        reading.shapes.add_problem(node, f"`name` is {quote(name)}; {rule}")
    return name or ""


def _read_base_rate(reading: CardReading) -> float | None:
    if "base_rate" not in reading.sections:
        return None
    node = reading.sections["base_rate"].value
    base_rate = reading.shapes.read_number(node, "`base_rate`", 0, 1)
    if base_rate in (0, 1):
        reading.shapes.add_problem(node, "`base_rate` must lie between 0 and 1, both left out")
    return base_rate


def _list_taken_names(reading: CardReading, outcome: Outcome | None, steps: tuple[Transition, ...]) -> set[str]:
    """The names that the card uses already."""
    taken = set(outcome.columns) if outcome else set()
    return taken | {step.became for step in steps} | reading.fields.keys() | reading.list_written_columns()


def _add_standard_names(reading: CardReading, outcome: Outcome | None, steps: tuple[Transition, ...]) -> None:
    taken = _list_taken_names(reading, outcome, steps)
    reading.fields = crm_names.add_standard_names(reading.fields, reading.systems_named, taken)
