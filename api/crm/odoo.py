"""Odoo.

- Records and updates: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
- Automations: https://github.com/odoo/odoo/blob/17.0/odoo/addons/base/models/ir_actions.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.crm.base import Crm, Member
from leadledger.api.requests.mistakes import Mistakes, Path
from leadledger.scoring.errors import UnreadableValue


class Odoo(Crm):
    """Flat records. What `read()` answers has no mark; what an automation sends has."""

    name = "odoo"
    title = "Odoo"
    bodies = "what `read()` answers, plain or as JSON-RPC, or what an automation sends"
    envelope = "records"
    marks_envelope = False  # it is Salesforce's

    updates = 'the values of `write()`, several as `{"updates": [{"ids": [42], "vals": {…}}]}`'
    most_updates = 1000
    around_updates = (b'{"updates":[', b"]}")

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """What automations send beside the record."""
        return "_model" in record and "_id" in record

    def open_envelope(self, body: Any, path: Path, mistakes: Mistakes) -> tuple[Any, Path]:
        """The result of JSON-RPC, which may hold records."""
        if isinstance(body, dict) and "jsonrpc" in body and isinstance(body.get("result"), dict | list):
            body, path = body["result"], (*path, "result")
        return super().open_envelope(body, path, mistakes)

    def read_value(self, member: Member, kind: str) -> Any:
        """`false` stands for nothing unless it is a flag; a record that it points to is a pair of id and name.

        Automations leave the name away, and send the id alone.
        """
        value = member.value
        if value is False and kind != "flag":
            return None
        if kind == "text" and member.name.endswith("_id") and type(value) is int:
            raise UnreadableValue(
                "is the id of a record, without its name; send the name, or the pair that `read()` answers"
            )
        if kind == "choices" and isinstance(value, list):
            return _read_choices(value)
        if isinstance(value, list):
            if len(value) == 2 and type(value[0]) is int and isinstance(value[1], str):
                return value[0] if kind == "id" else value[1]
            return value or None
        if isinstance(value, dict) and "display_name" in value:
            return value.get("id") if kind == "id" else value["display_name"]
        return value

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """What an automation sends."""
        record = {"_model": "crm.lead", "_id": 42} | {
            key: False if value is None else value for key, value in record.items()
        }
        return [record] if is_batch else record

    # `false` clears a field of any kind. A number can't be empty in Odoo: it then shows 0.

    def write_value(self, value: str | int | None) -> Any:
        """As it is."""
        return False if value is None else value

    def write_points(self, tenths: int | None) -> Any:
        """A number."""
        return False if tenths is None else tenths / 10

    def write_probability(self, probability: float | None) -> Any:
        """A number."""
        return False if probability is None else round(probability, 6)

    def write_amount(self, amount: float | None) -> Any:
        """A number."""
        return False if amount is None else amount

    def make_update_of(self, record_id: str, properties: dict[str, Any], record: Any) -> dict[str, Any]:
        """The body of one call of `write` by JSON-2: Odoo has none that gives several records different values."""
        return {"ids": [int(record_id) if record_id.isdecimal() else record_id], "vals": properties}


def _read_choices(value: list[Any]) -> list[Any]:
    """The names of the records of a list, each a pair of id and name or an object; else what the list holds."""
    if len(value) == 2 and type(value[0]) is int and isinstance(value[1], str):  # one record
        return [value[1]]
    choices = []
    for item in value:
        if isinstance(item, list) and len(item) == 2 and isinstance(item[1], str):
            item = item[1]
        elif isinstance(item, dict) and "display_name" in item:
            item = item["display_name"]
        choices.append(item)
    return choices
