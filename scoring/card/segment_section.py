"""The key `segment` of a card: the field whose values are the segments of the leads, such as their sales teams.

A lead belongs to one segment, so it is a text or a flag, and training must be allowed to learn from it.
"""

from __future__ import annotations

from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.field import Field

SEGMENT_KINDS = ("text", "flag")


def read_segment(reading: CardReading, readable: str) -> str:
    """The field under `segment`; empty where the card has none. `readable` is what training may learn."""
    if "segment" not in reading.sections:
        return ""
    shapes, section = reading.shapes, reading.sections["segment"]
    name = shapes.read_text(section.value, "`segment`")
    if readable == "tables":
        text = (
            "`segment` needs pairs of fields, which `readable: tables` leaves out; write `readable: pairs`, or remove"
        )
        shapes.add_problem(section.key, f"{text} one of the two")
    if name is None or reading.known is None:
        return ""
    field = reading.fields.get(name)
    if field is None:
        if name not in reading.known and not reading.misnamed:
            hint = did_you_mean(name, reading.known) or " Declare it under `fields:`."
            shapes.add_problem(section.value, f"`segment` names the unknown field {quote(name)}.{hint}")
        return ""
    mistake = _explain_unfit(field)
    if mistake:
        shapes.add_problem(section.value, f"`segment` names '{name}', {mistake}")
    return name


def _explain_unfit(field: Field) -> str:
    """Why the values of a field can't be segments; empty where they can."""
    if field.kind not in SEGMENT_KINDS:
        return f"which is of the kind {field.kind}; a lead belongs to one segment, so name a text or a flag"
    if field.name == "stage":
        return "which says where a lead stands; nothing is learned from it, so name another field"
    if field.protected:
        return "which is protected, or computed from a protected field; segments would learn from it, so name another"
    if not field.learn:
        return "which says `learn: no`; segments learn from it, so remove `learn`, or name another field"
    if field.parent:
        return f"which has the parent '{field.parent}'; remove `parent`, or name another field"
    return ""
