"""The fields that a card proposes: of each column its kind, whether training may learn from it, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from leadledger.scoring.card.card_scalars import (
    can_be_written,
    drop_refused_signs,
    show,
    write_list,
    write_scalar,
)
from leadledger.scoring.column_names import LONGEST_NAME, name_key
from leadledger.scoring.field import OTHER_VALUE
from leadledger.scoring.text_forms import key_of, strip
from leadledger.training.card_proposal.column_meaning import (
    CRITERION_MEANINGS,
    PERSONAL_MEANINGS,
    find_late_name,
    find_meanings,
)
from leadledger.training.card_proposal.column_profile import ColumnProfile
from leadledger.training.card_proposal.column_reading import ColumnReading
from leadledger.training.card_proposal.field_names import find_standard_field, name_fields

MOST_VALUES_LISTED = 12
LEAST_ROWS_OF_A_VALUE = 20  # a rarer one may be a slip
LEAST_SHARE_OF_A_VALUE = 0.01
LONGEST_VALUE = 40  # characters of a value in a card
FREE_TEXT_SHARE = 0.5  # of the filled rows of a column of free texts have a text of their own
FEWEST_FOR_FREE_TEXT = 20  # filled rows; of fewer nobody can tell
LONGEST_MEAN = 60  # characters of a text that may still be a level
STAGES = ("contact", "lead", "opportunity", "customer")

QUESTIONS = {
    "need": "Which problem must it solve?",
    "budget": "What budget is set aside?",
    "decision_date": "When must a decision be made?",
    "decider": "Who decides?",
    "supplier": "Who supplies it today, and is that to change?",
}
_PERSONAL_VALUE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|(?:https?://|www\.).*|[+(]?[0-9][0-9 ()/.-]{7,}")
_PERSON_LIKE = re.compile(r"[^\W\d_][\w'’.-]*(?:,? [^\W\d_][\w'’.-]*){1,3}")
_WHY_PERSONAL = {
    "worker": "names who works on the lead",
    "note": "is free text",
}


@dataclass(frozen=True)
class FieldProposal:
    """A field, or a column without one.

    `name` is empty where the card can't have the column; `keys` are those of the field, in YAML; `comment` says what
    was seen. `is_open`: it waits for the `decision` of the owner, and is a comment until then. `values` are those that
    it lists. Of a field that can be read in several ways, `formats` are these, the proposed one first, and `example` is
    a text of the list that they read differently.
    """

    column: str
    name: str
    kind: str
    comment: str
    keys: Mapping[str, str] = field(default_factory=dict)
    decision: str = ""
    is_open: bool = False
    learn: bool = False
    protected: bool = False
    values: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    example: str = ""

    @property
    def is_used(self) -> bool:
        """Whether it is a field of the card as proposed."""
        return bool(self.name) and not self.is_open

    @property
    def meaning(self) -> str:
        """Which need of a lead it tells; empty for none."""
        return next((meaning for meaning in find_meanings(self.column) if meaning in CRITERION_MEANINGS), "")


def propose_fields(
    profiles: Sequence[ColumnProfile],
    readings: Mapping[str, ColumnReading],
    outcomes: Iterable[str],
    late: Mapping[str, str],
) -> list[FieldProposal]:
    """The fields of all columns but `outcomes`, in their order; `late` are columns that tell it, with the proof."""
    outcomes = set(outcomes)
    keys = [name_key(profile.name) for profile in profiles]
    kinds = {
        profile.name: readings[profile.name].kind
        for profile, key in zip(profiles, keys, strict=True)
        if profile.name not in outcomes
        and readings[profile.name].kind
        and keys.count(key) == 1
        and _explain_unnameable(profile.name) is None
    }
    names = name_fields(kinds, [profile.name for profile in profiles])
    proposals = []
    for profile, key in zip(profiles, keys, strict=True):
        if profile.name in outcomes:
            continue
        reading = readings[profile.name]
        unnameable = _explain_unnameable(profile.name)
        if keys.count(key) > 1:
            alike = [show(other.name) for other in profiles if name_key(other.name) == key]
            decision = f"the columns {' and '.join(alike)} are two spellings of one name; rename one in the list"
            proposals.append(FieldProposal(profile.name, "", "", "", decision=decision))
        elif unnameable is not None or not reading.kind or profile.name not in names:
            proposals.append(FieldProposal(profile.name, "", "", unnameable or reading.why))
        else:
            proposal = _propose_field(profile, reading, names[profile.name])
            if profile.name in late and "learn" not in proposal.keys and not proposal.protected:
                comment = f"{proposal.comment}; {late[profile.name]}"
                proposal = replace(proposal, learn=False, comment=comment, keys={**proposal.keys, "learn": "no"})
            proposals.append(proposal)
    return _choose_stage(proposals, profiles)


def _explain_unnameable(column: str) -> str | None:
    """Why a card can't name a column; None where it can."""
    if len(column) > LONGEST_NAME:
        return f"its name has {len(column):,} characters"
    written = drop_refused_signs(column)
    return None if can_be_written(written) and name_key(written) == name_key(column) else "its name can't be written"


def _propose_field(profile: ColumnProfile, reading: ColumnReading, name: str) -> FieldProposal:
    kind, keys = reading.kind, dict[str, str]()
    facts = [_describe_values(profile, kind)]
    if reading.why:
        facts.append(reading.why)
    meanings = find_meanings(profile.name)
    protected = "protected" in meanings and kind != "id"
    learn = kind not in ("id", "date") and not protected
    because = _explain_not_learned(profile, kind, meanings) if learn or kind == "date" else ""
    if because and learn:
        learn = False
        keys["learn"] = "no"
    if because:
        facts.append(because)
    if protected:
        facts.append("protected")
    values: tuple[str, ...] = ()
    if kind == "text" and not because and not protected and not find_standard_field(profile.name, kind):
        values = _list_values(profile, meanings)
    written = {key: write_scalar(text) for key, text in reading.keys.items()}
    if "separator" in written:
        written["separator"] = f'"{reading.keys["separator"]}"'
    if values:
        written |= {"values": write_list(values), "other": "yes"}
    if (meaning := next((meaning for meaning in meanings if meaning in QUESTIONS), "")) and not because:
        keys["ask"] = write_scalar(QUESTIONS[meaning])
    return FieldProposal(
        *(profile.name, name, kind, "; ".join(fact for fact in facts if fact), {**written, **keys}),
        decision=reading.decision,
        is_open=reading.is_open,
        learn=learn,
        protected=protected,
        values=values,
        formats=(reading.keys["format"], *reading.other_formats) if reading.other_formats else (),
        example=reading.example,
    )


def _describe_values(profile: ColumnProfile, kind: str) -> str:
    """How full a column is, for people."""
    different = f", {profile.different:,} different" if kind in ("text", "number", "choices") else ""
    looked = "" if profile.is_whole else f" ({len(profile.values):,} of them looked at)"
    missing = sum(rows for word, rows in profile.nothing.items() if word)
    words = f", {missing:,} with a word for nothing" if missing else ""
    return f"{profile.evidence}{different}{looked}{words}"


def _explain_not_learned(profile: ColumnProfile, kind: str, meanings: Sequence[str]) -> str:
    """Why training is not to learn from a column; empty where it may."""
    late = find_late_name(profile.name)
    if late is not None:
        return f"in {late.label}, {late.name} {late.why}"
    personal = next((meaning for meaning in meanings if meaning in PERSONAL_MEANINGS), "")
    if kind in ("text", "choices") and personal:
        return _WHY_PERSONAL.get(personal, "says who somebody is")
    if kind == "number" and personal in ("phone", "address") and profile.different > 50:
        return _WHY_PERSONAL.get(personal, "says who somebody is")
    if "snapshot" in meanings:
        return "tells how the lead stood when the list was written, which may be after its outcome"
    if kind != "text":
        return ""
    look = list(profile.values)[:1000]
    if look and sum(1 for text in look if _PERSONAL_VALUE.fullmatch(strip(text))) > 0.2 * len(look):
        return "looks like addresses or phone numbers"
    if profile.filled >= FEWEST_FOR_FREE_TEXT and profile.different > FREE_TEXT_SHARE * profile.filled:
        return "nearly every row has a text of its own"
    length = sum(len(text) * rows for text, rows in profile.values.items()) / max(1, sum(profile.values.values()))
    return "long texts" if length > LONGEST_MEAN else ""


def _list_values(profile: ColumnProfile, meanings: Sequence[str]) -> tuple[str, ...]:
    """The values that a card may list: few, none of them rare, and none that may be somebody's name or number."""
    spelt: dict[str, str] = {}
    rows: dict[str, int] = {}
    for text, count in profile.values.items():
        key = key_of(text)
        spelt.setdefault(key, strip(text))
        rows[key] = rows.get(key, 0) + count
    least = max(LEAST_ROWS_OF_A_VALUE, LEAST_SHARE_OF_A_VALUE * profile.filled)
    if not profile.is_whole or not 2 <= len(spelt) <= MOST_VALUES_LISTED or min(rows.values()) < least:
        return ()
    values = tuple(spelt[key] for key in sorted(spelt, key=lambda key: -rows[key]))
    if any(len(text) > LONGEST_VALUE or not can_be_written(text) or key_of(text) == OTHER_VALUE for text in values):
        return ()
    if any(_PERSONAL_VALUE.fullmatch(text) for text in values):
        return ()
    may_be_names = any(_PERSON_LIKE.fullmatch(text) for text in values) and "harmless" not in meanings
    return () if may_be_names else values


def _choose_stage(proposals: list[FieldProposal], profiles: Sequence[ColumnProfile]) -> list[FieldProposal]:
    """The fields, of which the first that holds the names of stages is the stage."""
    by_name = {profile.name: profile for profile in profiles}
    for place, proposal in enumerate(proposals):
        stages = {key_of(text) for text in by_name[proposal.column].values}
        others = (name_key(profile.name) for profile in profiles if profile.name != proposal.column)
        if proposal.is_used and proposal.kind == "text" and len(stages) >= 2 and stages <= set(STAGES):
            if "stage" in others:
                continue
            keys = {"values": write_list(STAGES), "learn": "no"}
            comment = f"{by_name[proposal.column].evidence}; says where a lead stands"
            chosen = FieldProposal(proposal.column, "stage", "text", comment, keys, values=STAGES)
            return [*proposals[:place], chosen, *proposals[place + 1 :]]
    return proposals
