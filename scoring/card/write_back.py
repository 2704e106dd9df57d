"""What goes back into a CRM: which of our outputs, and the property that each is written to.

A card may say so under `write_back:`, for each system; without it, the names below count. Nothing is sent from here:
the service answers in the shape of the CRM's own update call (`api/reply.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

WRITE_BACK_OUTPUTS = (
    *("score", "points", "low", "high", "plus_minus", "probability", "grade", "recommendation", "from", "to"),
    *("reasons", "questions", "as_of", "card", "release"),
)
RECORD_ID_NAMES = ("id", "attributes", "leadid", "hs_object_id")  # says which record it is, in one of the systems

# In HubSpot and Salesforce, the names that a custom property gets from its label. In Dynamics, a custom column starts
# with the prefix of its publisher, which is `new_` where nobody chose another.
# https://learn.microsoft.com/en-us/power-apps/maker/data-platform/create-solution#solution-publisher
_USUAL = ("score", "points", "probability", "grade", "recommendation", "reasons", "as_of", "release")
DEFAULT_PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "hubspot": {one: f"leadledger_{one}" for one in _USUAL},
    "salesforce": {one: f"Leadledger_{one.title()}__c" for one in _USUAL},
    "dynamics": {one: f"new_leadledger_{one}" for one in _USUAL},
}
