"""What goes back into a CRM: the property that each output of a result is written to.

A card may name them under `write_back:`, for each system; without it, the names below count. Nothing is sent from here:
the service answers in the shape of the CRM's own update call (`api/crm`).
"""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.scoring.memory import BELOW, LAST, REJECTED, SINCE, TO

RECORD_ID_NAMES = ("id", "attributes", "leadid", "hs_object_id")  # says which record it is, in one of the systems

# In HubSpot and Salesforce, the names that a custom property gets from its label. In Dynamics, a custom column starts
# with the prefix of its publisher, which is `new_` where nobody chose another.
# https://learn.microsoft.com/en-us/power-apps/maker/data-platform/create-solution#solution-publisher
# In Odoo, a field that is made by hand starts with `x_`.
# https://github.com/odoo/odoo/blob/19.0/odoo/addons/base/models/ir_model.py
# In BottleCRM, custom fields stand in an object of their own.
_DEFAULT_OUTPUTS = ("score", "points", "probability", "grade", "recommendation", "reasons", "as_of", "release")
_MEMORY_DEFAULTS = ("to", SINCE, BELOW)
DEFAULT_PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "hubspot": {output: f"leadledger_{output}" for output in _DEFAULT_OUTPUTS},
    "salesforce": {output: f"Leadledger_{output.title()}__c" for output in _DEFAULT_OUTPUTS},
    "dynamics": {output: f"new_leadledger_{output}" for output in _DEFAULT_OUTPUTS},
    "odoo": {output: f"x_leadledger_{output}" for output in _DEFAULT_OUTPUTS},
    "bottlecrm": {output: f"custom_fields.leadledger_{output}" for output in _DEFAULT_OUTPUTS},
}
# What a card that remembers its advice reads back, by the field that holds it; and what else goes out by default.
MEMORY_OUTPUTS: Mapping[str, str] = {LAST: "recommendation", TO: "to", SINCE: "recommended_since", BELOW: "below_since"}
MEMORY_PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "hubspot": {output: f"leadledger_{output}" for output in _MEMORY_DEFAULTS},
    "salesforce": {output: f"Leadledger_{output.title()}__c" for output in _MEMORY_DEFAULTS},
    "dynamics": {output: f"new_leadledger_{output}" for output in _MEMORY_DEFAULTS},
    "odoo": {output: f"x_leadledger_{output}" for output in _MEMORY_DEFAULTS},
    "bottlecrm": {output: f"custom_fields.leadledger_{output}" for output in _MEMORY_DEFAULTS},
}
# Where sales note the day on which they rejected a lead: it is read, and never written.
REJECTED_PROPERTIES: Mapping[str, str] = {
    "hubspot": f"leadledger_{REJECTED}",
    "salesforce": f"Leadledger_{REJECTED.title()}__c",
    "dynamics": f"new_leadledger_{REJECTED}",
    "odoo": f"x_leadledger_{REJECTED}",
    "bottlecrm": f"custom_fields.leadledger_{REJECTED}",
}


def list_properties(write_back: Mapping[str, Mapping[str, str]], system: str, remembers: bool) -> Mapping[str, str]:
    """The property of a system that each output is written to; `remembers`: of a card that reads its advice back.

    `write_back` is what the card says of some systems, by output.
    """
    if system in write_back:
        return write_back[system]
    return {**DEFAULT_PROPERTIES[system], **(MEMORY_PROPERTIES[system] if remembers else {})}
