"""The sets in shared/data/once, for the last measurement of a change and for nothing else: looks at them are counted.

A set that settings were chosen by says nothing of new data any more. So these are read only with `--once`, and each
look is counted in a file of the user, outside the project, and the number is printed:
~/.local/state/leadledger/looks.json, or under XDG_STATE_HOME. A note that quotes a figure says the number too. Their
cards leave out what the README of the data names as leaks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

ONCE: Mapping[str, str] = {
    "car_insurance_calls": """
name: car-insurance-calls
fields:
  age: {kind: number, from: Age}
  job: {kind: text, from: Job}
  marital: {kind: text, from: Marital}
  education: {kind: text, from: Education}
  in_default: {kind: flag, from: Default}
  balance: {kind: number, from: Balance}
  household_insurance: {kind: flag, from: HHInsurance}
  car_loan: {kind: flag, from: CarLoan}
  communication: {kind: text, from: Communication}
  last_contact_day: {kind: number, from: LastContactDay}
  last_contact_month: {kind: text, from: LastContactMonth}
  contacts: {kind: number, from: NoOfContacts}
  days_passed: {kind: number, from: DaysPassed, missing: [-1]}
  previous_attempts: {kind: number, from: PrevAttempts}
  previous_outcome: {kind: text, from: Outcome}
outcome: {became: {field: CarInsurance, kind: flag}}
""",
    "cloud_apps_opportunities": """
name: cloud-apps-opportunities
fields:
  owner: {kind: text, from: Account_Owner__c}
  amount: {kind: number, from: Amount}
  area: {kind: text, from: Area__c}
  quote_items: {kind: number, from: BigMachines__Line_Items__c}
  country: {kind: text, from: Country__c}
  created_by: {kind: text, from: CreatedById}
  created_rank: {kind: number, from: CreatedDate}
  currency_rate: {kind: number, from: Currency_Rate__c}
  currency: {kind: text, from: CurrencyIsoCode}
  fast_track: {kind: flag, from: Eligible_for_Fast_Track__c}
  has_items: {kind: flag, from: HasOpportunityLineItem}
  lob_services: {kind: flag, from: LoB_Services__c}
  price_book: {kind: text, from: Pricebook2Id}
  retail: {kind: flag, from: Retail__c}
  sub_area: {kind: text, from: Sub_Area__c}
  region: {kind: text, from: WNC_Region__c}
outcome: {became: {field: IsWon, kind: flag}}
""",
    "hillstrom": """
name: hillstrom
fields:
  recency: {kind: number}
  history_segment: {kind: text}
  history: {kind: number}
  mens: {kind: flag}
  womens: {kind: flag}
  zip_code: {kind: text}
  newbie: {kind: flag}
  channel: {kind: text}
  segment: {kind: text}
outcome: {became: {field: visit, kind: flag}}
""",
}


def count_look(name: str) -> int:
    """Count a look at a set, and return how many there were, this one among them."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = state / "leadledger" / "looks.json"
    looks = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    looks[name] = looks.get(name, 0) + 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(looks, indent=2) + "\n", "utf-8")
    return int(looks[name])


def say_times(count: int) -> str:
    """A number of times in words."""
    return "once" if count == 1 else f"{count:,} times"
