"""Results in the shape that a CRM can write back at once: the body of its own update call.

Which properties they are written to, the card says under `write_back:`; else those of `scoring.card.write_back` count.

- HubSpot, 100 at most in one call:
  https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/batch/update-contacts
- Salesforce, 200 at most:
  https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_update_fields.htm
  https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_update.htm
- Dynamics, 1,000 at most:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/bulk-operations
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from leadledger.scoring.card.write_back import DEFAULTS
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Card


@dataclass(frozen=True, slots=True)
class Reply:
    """How results go back into one CRM. `properties`: the property of each output that is written.

    `most`: so many records are taken in one call. `around`: what stands around the records of a call.
    """

    system: str
    properties: Mapping[str, str]
    most: int
    around: tuple[bytes, bytes]

    def one(self, result: Result) -> dict[str, Any]:
        """The body that updates one record, whose id is in the address of the call."""
        found = self._written(result)
        return {"properties": found} if self.system == "hubspot" else found

    def item(self, result: Result, key: str, of: str) -> dict[str, Any]:
        """One of several records. `key` is its id, `of` what it is in its CRM (empty: a lead)."""
        found = self._written(result)
        if self.system == "hubspot":
            return {"id": key, "properties": found}
        if self.system == "salesforce":
            return {"attributes": {"type": of or "Lead"}, "id": key, **found}
        return {"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": key, **found}

    def several(self, items: Iterable[bytes]) -> bytes:
        """The body that updates several records, from the JSON of each."""
        return self.around[0] + b",".join(items) + self.around[1]

    def _written(self, result: Result) -> dict[str, Any]:
        said = result.to_dict()
        said["reasons"] = "\n".join(said["reasons"])
        said["questions"] = "\n".join(one["question"] for one in said["questions"])
        turn = _text if self.system == "hubspot" else _same
        return {name: turn(said[output]) for output, name in self.properties.items()}


def reply(card: Card, system: str) -> Reply:
    """How results of a card go back into `system`, one of `DEFAULTS`."""
    most, before, after = {
        "hubspot": (100, b'{"inputs":[', b"]}"),
        "salesforce": (200, b'{"allOrNone":false,"records":[', b"]}"),
        "dynamics": (1000, b'{"Targets":[', b"]}"),
    }[system]
    return Reply(system, card.write_back.get(system, DEFAULTS[system]), most, (before, after))


def _same(value: object) -> object:
    return value


def _text(value: object) -> str:
    """A value as HubSpot has it: all are texts, and an empty one clears the property."""
    if isinstance(value, float):
        written = format(Decimal(repr(value)), "f")
        return written.rstrip("0").rstrip(".") if "." in written else written
    return "" if value is None else str(value)
