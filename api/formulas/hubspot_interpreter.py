"""The old formula of a HubSpot score, worked out from the JSON that the API returns.

It reads the document for itself, and shares nothing with the translation, so that it can prove it. What it has no
facts for (segments, associated records, properties of events) earns nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from leadledger.api.formulas.group_limits import OldScore, clip
from leadledger.scoring.column_names import name_key

Record = Mapping[str, Any]
Events = Sequence[Mapping[str, Any]]
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def score_hubspot(score: Any, lead: Record, events: Events, as_of: date) -> OldScore:
    """The points by path and their total. `events` have the `kind` of HubSpot (eventTypeId) and a `time`."""
    lead = {name_key(column): value for column, value in lead.items()}
    points: dict[str, float] = {}
    categories: dict[str, float] = {}
    for i, group in enumerate(score["groupConfigs"]):
        total = 0.0
        for j, rule in enumerate(group["ruleConfigurations"]):
            path = f"$.groupConfigs[{i}].ruleConfigurations[{j}].configuration.calculation"
            parts: dict[str, float] = {}
            try:
                if rule.get("enabled", True):
                    decay = group.get("groupDecay") or {}
                    _calculate(rule["configuration"]["calculation"], path, parts, (lead, events, as_of), decay)
                total += clip(sum(parts.values()), rule.get("maximumValue"), rule.get("minimumValue"))
            except (AttributeError, IndexError, KeyError, TypeError, ValueError):
                continue  # a rule that can't be read earns nothing, and the translation names it
            if len(parts) == 1:  # a limit of the rule is one of its only part
                ((part, worth),) = parts.items()
                is_each = "MULTI_UE" in str(rule["configuration"]["calculation"].get("type"))
                parts[part] = worth if is_each else clip(worth, rule.get("maximumValue"), rule.get("minimumValue"))
            points |= parts
        category = str(group.get("groupCategory"))
        categories[category] = categories.get(category, 0.0) + clip(total, group.get("maxValue"), group.get("minValue"))
    total = sum(clip(worth, score.get("maxScorePerCategory"), None) for worth in categories.values())
    return OldScore({path: worth for path, worth in points.items() if worth}, clip(total, score.get("maxScore"), None))


def _calculate(
    calculation: Any, path: str, parts: dict[str, float], facts: tuple[Record, Events, date], decay: Record
) -> None:
    lead, events, as_of = facts
    match calculation["type"]:
        case "CONSTANT":
            parts[path] = calculation["value"]
        case "CONDITIONAL":
            if _holds(calculation["whereCondition"], lead, as_of):
                parts[path] = calculation["value"]
        case "MATCH":
            value = lead.get(name_key(calculation["property"]))
            for i, rule in enumerate(calculation["matchRules"]):
                if _operate(rule["operation"], value, as_of):
                    parts[f"{path}.matchRules[{i}]"] = rule["value"]
                    return
            if calculation.get("defaultValue"):
                parts[f"{path}.defaultValue"] = calculation["defaultValue"]
        case "MULTI":
            for i, calculator in enumerate(calculation["calculators"]):
                _calculate(calculator, f"{path}.calculators[{i}]", parts, facts, decay)
        case "MULTI_UE":
            for i, entry in enumerate(calculation["eventCalculators"]):
                _count_events(entry, f"{path}.eventCalculators[{i}]", parts, events, as_of, decay)


def _count_events(
    entry: Record, path: str, parts: dict[str, float], events: Events, as_of: date, decay: Record
) -> None:
    ages = [
        (as_of - date.fromisoformat(str(event["time"])[:10])).days
        for event in events
        if event["kind"] == entry["eventTypeId"]
    ]
    timeframe = (entry.get("eventTimeframe") or {}).get("eventFilterOperation")
    days = timeframe["numberOfDays"] if timeframe else 10**6
    ages = [age for age in ages if 0 <= age < days]
    frequency = entry.get("eventFrequencyCriteria")
    if frequency is None:
        kept = 1 - decay.get("percentToDecayPerInterval", 0) / 100
        interval = decay.get("decayIntervalDays", 1)
        parts[path] = sum(entry["recordCalculation"]["value"] * kept ** (age // interval) for age in ages)
        return
    for i, bounds in enumerate(frequency["ranges"]):
        last = {"AT_LEAST": 10**9, "EXACTLY": bounds["from"]}.get(bounds["type"], bounds.get("to"))
        if bounds["from"] <= len(ages) <= last:
            parts[f"{path}.eventFrequencyCriteria.ranges[{i}]"] = bounds["value"]
            return


def _holds(condition: Any, lead: Record, as_of: date) -> bool:
    if condition["type"] == "COMPOSITE":
        return all(_holds(part, lead, as_of) for part in condition["conditions"])
    return _operate(condition["operation"], lead.get(name_key(condition["property"])), as_of)


def _operate(operation: Any, raw: Any, as_of: date) -> bool:
    """Whether an operation holds for a value; a record without one is included where the operation says so."""
    operator = operation["operator"]
    missing = raw is None or str(raw).strip() == ""
    if operator in ("IS_KNOWN", "IS_UNKNOWN"):
        return bool(missing == (operator == "IS_UNKNOWN"))
    if missing:
        return bool(operation.get("includeObjectsWithNoValueSet"))
    value = str(raw).strip().lower()
    match operation["operationType"]:
        case "BOOL":
            is_true = value in ("true", "yes", "1")
            return bool((is_true == operation["value"]) == (operator == "IS_EQUAL_TO"))
        case "NUMBER":
            return _compare(operator, float(value), float(operation["value"]))
        case "NUMBER_RANGED":
            inside = operation["lowerBound"] <= float(value) <= operation["upperBound"]
            return bool(inside == (operator == "IS_BETWEEN"))
        case "STRING":
            return _search(operator, value, [operation["value"].lower()])
        case "MULTISTRING":
            return _search(operator, value, [wanted.lower() for wanted in operation["values"]])
        case "ENUMERATION":
            chosen = {choice.strip() for choice in value.split(";")}
            wanted = {choice.lower() for choice in operation["values"]}
            met = chosen & wanted if operator in ("IS_ANY_OF", "IS_NONE_OF") else wanted <= chosen
            return bool(met) == (operator in ("IS_ANY_OF", "CONTAINS_ALL"))
        case "ROLLING_DATE_RANGE":
            return _is_recent(operator, date.fromisoformat(value[:10]), operation["numberOfDays"], as_of)
        case "DATE":
            month = str(operation["month"]).lower()
            number = _MONTHS.index(month[:3]) + 1 if month[:3] in _MONTHS else int(month)
            day, wanted_day = date.fromisoformat(value[:10]), date(operation["year"], number, operation["day"])
            if operator == "IS_EQUAL_TO":
                return day == wanted_day
            return day < wanted_day if "BEFORE" in operator else day > wanted_day
    return False


def _compare(operator: str, left: float, right: float) -> bool:
    if operator in ("IS_EQUAL_TO", "IS_NOT_EQUAL_TO"):
        return (left == right) == (operator == "IS_EQUAL_TO")
    if operator.endswith("OR_EQUAL_TO") and left == right:
        return True
    return left > right if "GREATER" in operator else left < right


def _search(operator: str, value: str, wanted: Sequence[str]) -> bool:
    if operator.endswith("EQUAL_TO"):
        return (value in wanted) == (operator == "IS_EQUAL_TO")
    if operator.endswith("CONTAIN") or operator == "CONTAINS":
        return any(part in value for part in wanted) == (operator == "CONTAINS")
    return any(value.startswith(part) if operator == "STARTS_WITH" else value.endswith(part) for part in wanted)


def _is_recent(operator: str, day: date, days: int, as_of: date) -> bool:
    if operator == "IS_LESS_THAN_X_DAYS_AGO":
        return as_of - timedelta(days) < day <= as_of
    if operator == "IS_MORE_THAN_X_DAYS_AGO":
        return day < as_of - timedelta(days)
    return operator == "IS_LESS_THAN_X_DAYS_FROM_NOW" and as_of <= day < as_of + timedelta(days)
