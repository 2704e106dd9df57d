"""The text of a proposed card: its sections, with the reason of each decision beside it, and what is to be decided.

What a card would say once its owner agrees stands in it as text that one sign turns into a comment: a line that starts
with `#` and no blank after it. What explains starts with `# `.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from leadledger.scoring.card.card_scalars import (
    drop_refused_signs,
    show,
    write_comment,
    write_list,
    write_literal,
    write_record,
    write_scalar,
)
from leadledger.scoring.card.yaml_shapes import LARGEST_CARD, LONGEST_SECTION
from leadledger.training.card_proposal.column_profile import ColumnProfile
from leadledger.training.card_proposal.column_reading import ColumnReading
from leadledger.training.card_proposal.field_proposals import FieldProposal
from leadledger.training.card_proposal.outcome_candidates import OutcomeCandidate, OutcomeProposal

WIDTH = 118
MOST_EXAMPLE_RULES = 4
NEGATIVE_WORDS = frozenset({"none", "no", "vague", "low", "nothing", "not interested", "keine", "ingen"})
CRITERION_LABELS = {
    "need": "a need",
    "budget": "money for it",
    "decision_date": "a decision within half a year",
    "decider": "a say in the decision",
    "supplier": "a present supplier that may go",
}
TELLING_WORDS = {  # of values that meet a criterion, where the list has some
    "decider": re.compile("deci|maker|econom|owner|budget holder|approv"),
    "supplier": re.compile("dismiss|review|leav|ended|cancel|terminat"),
}
OF_A_LEAD = ("need", "budget", "decision_date")  # what a lead must have; an opportunity needs the others as well
LARGEST_PART = LARGEST_CARD - 100_000  # bytes of the fields of a card, which leave room for all else
FEWEST_OUTCOMES = 100  # what a card's `minimum` is where it says none


class CardText:
    """The lines of a card, and the decisions that they leave to its owner."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.decisions: list[str] = []

    def add(self, *lines: str) -> None:
        """Add lines of the card."""
        self.lines.extend(lines)

    def explain(self, text: str, indent: str = "") -> None:
        """Add a comment, on as many lines as it takes."""
        self.lines.extend(
            textwrap.wrap(write_comment(text), WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
        )

    def decide(self, text: str, indent: str = "") -> None:
        """Add what the owner must decide."""
        self.decisions.append(text)
        self.explain(f"DECIDE: {text[0].upper()}{text[1:]}.", indent)


def write_fields(text: CardText, proposals: Sequence[FieldProposal], columns: Mapping[str, str]) -> None:
    """Write the section of the fields; `columns` maps those that need `from:` to their column."""
    text.add("", "fields:")
    size = written = 0
    left_out = []
    for proposal in proposals:
        lines = write_field(proposal, proposal.column if proposal.name in columns else "")
        size += sum(len(line.encode()) + 1 for line in lines)
        if size > LARGEST_PART or (proposal.name and written >= LONGEST_SECTION):
            left_out.append(proposal)
            continue
        written += bool(proposal.name)
        if proposal.decision:
            subject = f"column {show(proposal.column)}: " if proposal.name else ""
            text.decide(f"{subject}{proposal.decision}", "  ")
        if proposal.name:
            text.add(*lines)
        elif not proposal.decision:
            text.explain(f"Left out: column {show(proposal.column)}, {proposal.comment}.", "  ")
    if left_out:
        text.explain(
            f"Left out: {len(left_out):,} more columns, since a card has at most {LONGEST_SECTION:,} fields.", "  "
        )
    if not any(proposal.is_used for proposal in proposals):
        text.decide("no column could become a field; name one yourself in the place of this", "  ")
        text.add("  lead_id: {kind: id}")


def write_field(proposal: FieldProposal, column: str) -> list[str]:
    """The lines of a field; comments where it waits for a decision. `column` is what `from:` names; empty for none."""
    keys = {"kind": proposal.kind}
    if column:
        keys["from"] = write_scalar(drop_refused_signs(column))
    line = f"  {'#' if proposal.is_open else ''}{proposal.name}: {write_record({**keys, **proposal.keys})}"
    comment = write_comment(f"{show(proposal.column)}: {proposal.comment}")
    if len(line) + len(comment) < WIDTH - 3:
        return [f"{line} # {comment}"]
    return [*textwrap.wrap(comment, WIDTH, initial_indent="  # ", subsequent_indent="  # "), line]


def write_outcome(text: CardText, outcome: OutcomeProposal, names: Mapping[str, str]) -> None:
    """Write the section of the outcome; `names` maps columns to the fields that they have become."""
    candidate = outcome.chosen or (outcome.candidates[0] if outcome.candidates else None)
    text.add("")
    if candidate is None:
        text.decide(
            "no column says what became of the leads, so there is nothing to learn from yet; add one to the list and"
            " name it here, or release the card with rules alone"
        )
        text.add("#outcome:", "  #became: {field: won, kind: flag}")
        return
    mark = "" if outcome.chosen else "#"
    if not outcome.chosen:
        ways = "; ".join(_describe_candidate(rival) for rival in outcome.candidates)
        text.decide(
            f"{len(outcome.candidates)} columns may say what became of a lead, and they differ: {ways}. Keep one; what"
            " is written here is the first, and a column that is no outcome may become a field"
        )
        for rival in outcome.candidates[1:]:
            text.explain(f"The other: `became: {write_became(rival)}`")
    else:
        text.explain(f"Column {show(candidate.column)}: {candidate.why}. {describe_rate(candidate)}.")
        if outcome.agreeing:
            text.explain(f"The same, in other columns: {', '.join(map(show, outcome.agreeing))}.")
        if candidate.strength in (1, 3) and candidate.kind in ("flag", "date"):
            text.decide(f"whether column {show(candidate.column)} is what a lead is to become: its name doesn't say so")
    if candidate.won < FEWEST_OUTCOMES:
        text.explain(
            f"Only {candidate.won:,} leads became one; with fewer than {FEWEST_OUTCOMES} leads whose outcome is known,"
            " training releases the rules alone."
        )
    since = names.get(outcome.since, "")
    if candidate.kind == "date" and not since:
        candidate = _without_day(candidate)
        text.decide(
            f"no column has the day of each lead, from which the day in {show(candidate.column)} would count; with one,"
            " write `kind: date`, `since:` and `within:` instead of `is: there`"
        )
    text.add(f"{mark}outcome:", f"  {mark}became: {write_became(candidate)}")
    if since:
        text.add(f"  {mark}since: {since}{'' if outcome.within else f' # {outcome.horizon}'}")
        if outcome.within:
            text.add(f"  {mark}within: {outcome.within} days # {outcome.horizon}")
    elif candidate.kind != "date":
        text.explain(
            "Without the day of each lead, held-out leads are drawn by chance, and none is too young to judge."
        )
    if 0 < candidate.rate < 1:
        rate = min(max(round(candidate.rate, 4), 0.0001), 0.9999)
        text.add(f"{mark}base_rate: {rate:g} # until a training measures it")


def write_became(candidate: OutcomeCandidate) -> str:
    """The value of `became` for a candidate."""
    keys = {"field": write_scalar(drop_refused_signs(candidate.column))}
    if candidate.kind == "words":
        keys["is"] = write_list(candidate.won_words)
        if candidate.lost_words:
            keys["lost"] = write_list(candidate.lost_words)
    elif candidate.kind == "there":
        keys["is"] = "there"
    else:
        keys["kind"] = candidate.kind
    return write_record(keys)


def _without_day(candidate: OutcomeCandidate) -> OutcomeCandidate:
    """A candidate whose day is read as a sign that there is one."""
    return replace(candidate, kind="there")


def _describe_candidate(candidate: OutcomeCandidate) -> str:
    return f"{show(candidate.column)} ({candidate.why}; {describe_rate(candidate)})"


def describe_rate(candidate: OutcomeCandidate) -> str:
    """How many leads became one by a column, for people."""
    return f"{candidate.won:,} of {candidate.decided:,} leads became one ({candidate.rate:.1%})"


def write_protected(text: CardText, proposals: Sequence[FieldProposal]) -> None:
    """Write the section of the protected fields, if there are any."""
    names = [proposal.name for proposal in proposals if proposal.is_used and proposal.protected]
    if names:
        text.add("")
        text.explain(
            "What must not decide, by law in many countries: nothing is learned from these fields, and training"
            " compares their groups. Take out what may decide with you."
        )
        text.add(f"protected: [{', '.join(names)}]")


def write_criteria(
    text: CardText, proposals: Sequence[FieldProposal], profiles: Mapping[str, ColumnProfile]
) -> dict[str, str]:
    """Write the criteria to confirm, as comments; gives the field of each, by its meaning."""
    criteria = {}
    for proposal in proposals:
        if proposal.is_used and proposal.meaning and proposal.meaning not in criteria:
            condition = _propose_condition(proposal, profiles[proposal.column])
            if condition and f"is_{proposal.meaning}" not in criteria:
                criteria[proposal.meaning] = condition
    text.add("")
    if not criteria:
        text.decide(
            "no column looks like a need, a budget, a date of the decision, who decides or the present supplier. What"
            " makes a lead an opportunity with you? Write it as `criteria:`, and add `requires:` to the stages"
        )
        return {}
    text.decide(
        "what a lead must meet. These criteria are proposed by the names of columns; take the # away from those that"
        " hold, and name them under `requires:` of the stages"
    )
    text.add("#criteria:")
    for meaning, condition in criteria.items():
        label = write_scalar(CRITERION_LABELS[meaning])
        text.add(f"  #{meaning}: {{met: {write_scalar(condition)}, label: {label}}}")
    return criteria


def _propose_condition(proposal: FieldProposal, profile: ColumnProfile) -> str:
    """The condition of a criterion over a field; empty where none can be told."""
    name, meaning = proposal.name, proposal.meaning
    if proposal.kind == "flag":
        return name
    if proposal.kind == "date":
        return f"days_until({name}) between 0 and 180" if meaning == "decision_date" else f"{name} is not null"
    if proposal.kind == "number":
        if meaning == "decision_date":
            return f"{name} <= 180"
        middle = find_middle(profile)
        return f"{name} >= {middle}" if meaning == "budget" and middle else f"{name} is not null"
    positive = [value for value in proposal.values if value.lower() not in NEGATIVE_WORDS]
    telling = [value for value in positive if (words := TELLING_WORDS.get(meaning)) and words.search(value.lower())]
    positive = telling or positive
    if positive and len(positive) <= 12:
        return f"{name} in ({', '.join(map(write_literal, positive))})"
    return f"{name} is not null" if proposal.kind == "text" else ""


def find_middle(profile: ColumnProfile) -> str:
    """The median of a column's plain numbers, rounded to its first digit; empty where it has none above 0."""
    plain = {text: rows for text, rows in profile.values.items() if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", text)}
    numbers = sorted((float(text), rows) for text, rows in plain.items())
    left = sum(plain.values()) / 2
    for number, rows in numbers:
        left -= rows
        if left <= 0:
            return f"{float(f'{number:.0e}'):.15g}" if number >= 1 else ""
    return ""


def write_rules(text: CardText, proposals: Sequence[FieldProposal], profiles: Mapping[str, ColumnProfile]) -> None:
    """Write a few example rules, as comments."""
    rules = list(_propose_rules(proposals, profiles))[:MOST_EXAMPLE_RULES]
    if not rules:
        return
    text.add("")
    text.explain(
        "What earns points, as you know it without any figures: 10 points double the odds. These are examples over"
        " fields of the list, not findings; write your own, and say why."
    )
    text.add("#rules:", *(f"  #- {rule}" for rule in rules))


def _propose_rules(proposals: Iterable[FieldProposal], profiles: Mapping[str, ColumnProfile]) -> Iterator[str]:
    for proposal in proposals:
        if not proposal.is_used or not proposal.learn:
            continue
        condition = reason = ""
        values = [value for value in proposal.values if value.lower() not in NEGATIVE_WORDS]
        if proposal.kind == "flag":
            condition, reason = proposal.name, "yes"
        elif values:
            condition, reason = f"{proposal.name} = {write_literal(values[0])}", values[0]
        elif proposal.kind == "number" and (middle := find_middle(profiles[proposal.column])):
            condition, reason = f"{proposal.name} >= {middle}", f"{middle} or more"
        if condition:
            keys = {"name": f"by_{proposal.name}"[:60], "when": write_scalar(condition), "points": "5"}
            label = proposal.name.replace("_", " ").capitalize()
            yield write_record({**keys, "reason": write_scalar(f"{label}: {reason}")})


def write_stages(text: CardText, criteria: Mapping[str, str]) -> None:
    """Write the stages, with what to require of them beside them."""
    lead = [meaning for meaning in criteria if meaning in OF_A_LEAD]
    opportunity = [*lead, *(meaning for meaning in criteria if meaning not in OF_A_LEAD)]
    text.add("")
    if opportunity:
        text.explain(
            f"Once the criteria are confirmed: `requires: [{', '.join(lead)}]` of the lead, and"
            f" `requires: [{', '.join(opportunity)}]` of the opportunity."
            if lead
            else f"Once the criteria are confirmed: `requires: [{', '.join(opportunity)}]` of the opportunity."
        )
    text.add("stages:", "  - {name: contact}", "  - {name: lead}")
    text.add("  - {name: opportunity, points: 60} # twice the odds of the average lead", "  - {name: customer}")


def write_missing(text: CardText, profiles: Iterable[ColumnProfile], readings: Mapping[str, ColumnReading]) -> None:
    """Write the words for nothing that the list has and that a card must name."""
    words: dict[str, int] = {}
    for profile in profiles:
        for word in profile.other_nothing if readings[profile.name].kind else ():
            words[word] = words.get(word, 0) + profile.nothing[word]
    if words:
        counts = ", ".join(f"{show(word)} in {rows:,} cells" for word, rows in words.items())
        text.add("")
        text.explain(f"Words for nothing, beside the usual ones: {counts}.")
        text.add(f"missing: {write_list(words)}")
