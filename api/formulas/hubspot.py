"""A lead score of HubSpot, as its API returns it, as a formula.

https://developers.hubspot.com/docs/api-reference has the shapes (Lead Scoring): groups with limits and decay, and rules
with a calculation. The document gives the shapes; where it doesn't say how they are
added up, docs/import.md says how they are read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leadledger.api.formulas.conditions import write_number
from leadledger.api.formulas.formula import (
    Clause,
    EventPoints,
    Formula,
    FormulaGroup,
    FormulaRule,
    FormulaValue,
    Untranslated,
)
from leadledger.api.formulas.hubspot_operations import read_operation
from leadledger.api.formulas.json_parts import (
    read_flag,
    read_list,
    read_number,
    read_optional_number,
    read_text,
    read_whole_number,
    require_object,
)
from leadledger.scoring.errors import DataError

ALWAYS = 3650  # days for which points that never fade count in the card, where each event needs an end
NOT_HELD = {
    "filterConfiguration": "which records are scored is not part of a card: filter the list",
    "maxScorePerCategory": "the points of a category have no limit in a card; groups have",
    "maxScore": "the total has no limit in a card but the score, which is cut to 0 to 100",
    "outputConfiguration": "properties and tiers of the output: write `grades` and `write_back` in the card",
}


def translate_score(document: Any, source: str) -> Formula:
    """The formula of a score. Raises DataError where the document isn't one; parts of it are listed with a reason."""
    try:
        score = require_object(document, "$")
        title = read_text(score, "name", "$")
        groups = read_list(score, "groupConfigs", "$")
        for limit in ("maxScore", "maxScorePerCategory"):
            read_optional_number(score, limit, "$")
    except ValueError as error:
        raise DataError(f"{source}: {error}") from None
    reading = _ScoreReading()
    for key, reason in NOT_HELD.items():
        if score.get(key) is not None:
            reading.leave_out(f"$.{key}", reason)
    for i, group in enumerate(groups):
        path = f"$.groupConfigs[{i}]"
        try:
            _read_group(reading, require_object(group, path), path)
        except ValueError as error:
            raise DataError(f"{source}: {error}") from None
    return Formula(title, source, "hubspot", tuple(reading.rules), reading.groups, tuple(reading.untranslated))


@dataclass
class _ScoreReading:
    """What has been read of a score so far."""

    rules: list[FormulaRule] = field(default_factory=list)
    groups: dict[str, FormulaGroup] = field(default_factory=dict)
    untranslated: list[Untranslated] = field(default_factory=list)

    def leave_out(self, path: str, reason: str) -> None:
        """Note a part that the card doesn't hold."""
        self.untranslated.append(Untranslated(path, reason.removeprefix(f"{path}: ")))


@dataclass(frozen=True)
class _Decay:
    days: int
    percent: int


def _read_group(reading: _ScoreReading, group: Mapping[str, Any], path: str) -> None:
    title = read_text(group, "groupName", path)
    rules = read_list(group, "ruleConfigurations", path)
    most, least = _read_limits(reading, group, path, "maxValue", "minValue")
    reading.groups[path] = FormulaGroup(title, most, least)
    decay = None
    if group.get("groupDecay") is not None:
        decay_path = f"{path}.groupDecay"
        parts = require_object(group["groupDecay"], decay_path)
        decay = _Decay(
            read_whole_number(parts, "decayIntervalDays", decay_path),
            read_whole_number(parts, "percentToDecayPerInterval", decay_path),
        )
        if decay.days < 1 or not 0 < decay.percent <= 100:
            raise ValueError(f"{decay_path}: it needs 1 day or more, and 1 to 100 per cent")
        if decay.percent == 50:
            reading.leave_out(decay_path, "the half is lost at the end of each interval; in the card, day by day")
        elif decay.percent < 100:
            reading.leave_out(decay_path, f"{decay.percent} % an interval; events keep all their points in the card")
    for i, rule in enumerate(rules):
        rule_path = f"{path}.ruleConfigurations[{i}]"
        try:
            _read_rule(reading, require_object(rule, rule_path), path, rule_path, decay)
        except ValueError as error:
            reading.leave_out(rule_path, str(error).replace(rule_path, "").lstrip(".: "))


def _read_limits(
    reading: _ScoreReading, parts: Mapping[str, Any], path: str, most_key: str, least_key: str
) -> tuple[float | None, float | None]:
    """The upper and lower limit; one on the wrong side of 0 is left out."""
    most, least = (read_optional_number(parts, key, path) for key in (most_key, least_key))
    if most is not None and most < 0:
        reading.leave_out(f"{path}.{most_key}", "an upper limit below 0")
        most = None
    if least is not None and least > 0:
        reading.leave_out(f"{path}.{least_key}", "a lower limit above 0")
        least = None
    return most, least


def _read_rule(reading: _ScoreReading, rule: Mapping[str, Any], group: str, path: str, decay: _Decay | None) -> None:
    if not read_flag(rule, "enabled", path, True):
        reading.leave_out(path, "the rule is switched off")
        return
    calculation_path = f"{path}.configuration.calculation"
    configuration = require_object(rule.get("configuration"), f"{path}.configuration")
    rules = _read_calculation(reading, configuration.get("calculation"), calculation_path, decay)
    most, least = _read_limits(reading, rule, path, "maximumValue", "minimumValue")
    if most is not None or least is not None:
        if len(rules) == 1 and rules[0].events is None:
            points = rules[0].points
            points = min(points, most) if most is not None else points
            rules = [replace(rules[0], points=max(points, least) if least is not None else points)]
        elif (reading.groups[group].most, reading.groups[group].least) == (None, None):
            reading.groups[path] = FormulaGroup(f"{reading.groups[group].title}, limits of a rule", most, least)
            group = path
        else:
            reading.leave_out(path, "the rule's own limits, since its group has limits too")
    reading.rules += [replace(part, group=group) for part in rules]


def _read_calculation(reading: _ScoreReading, calculation: Any, path: str, decay: _Decay | None) -> list[FormulaRule]:
    parts = require_object(calculation, path)
    kind = read_text(parts, "type", path)
    if kind == "CONDITIONAL":
        clauses = tuple(_read_conditions(parts.get("whereCondition"), f"{path}.whereCondition"))
        if not clauses:
            raise ValueError(f"{path}.whereCondition: it has no condition")
        return [FormulaRule(read_number(parts, "value", path), path, _describe(clauses), clauses)]
    if kind == "MATCH":
        return _read_matches(parts, path)
    if kind == "MULTI":
        rules: list[FormulaRule] = []
        for i, calculator in enumerate(read_list(parts, "calculators", path)):
            rules += _read_calculation(reading, calculator, f"{path}.calculators[{i}]", decay)
        return rules
    if kind == "MULTI_UE":
        rules = []
        for i, entry in enumerate(read_list(parts, "eventCalculators", path)):
            entry_path = f"{path}.eventCalculators[{i}]"
            rules += _read_events(reading, require_object(entry, entry_path), entry_path, decay)
        return rules
    reasons = {
        "CONSTANT": "every record earns it, so it changes no order",
        "SEGMENT_MEMBERSHIP": "a card doesn't know HubSpot's segments; write their conditions",
        "ASSOCIATIONS": "a card knows one record, and none that is associated with it",
        "ASSOCIATION_UE": "a card knows one record, and none that is associated with it",
    }
    raise ValueError(f"{path}: {reasons.get(kind, f'the calculation {kind!r} is not known')}")


def _read_matches(parts: Mapping[str, Any], path: str) -> list[FormulaRule]:
    """Rules of which the first that matches counts, or the default where none does."""
    column = read_text(parts, "property", path)
    rules: list[FormulaRule] = []
    earlier: list[tuple[Clause, ...]] = []
    for i, item in enumerate(read_list(parts, "matchRules", path)):
        match_path = f"{path}.matchRules[{i}]"
        match = require_object(item, match_path)
        clauses = (read_operation(match.get("operation"), column, f"{match_path}.operation"),)
        points = read_number(match, "value", match_path)
        rules.append(FormulaRule(points, match_path, _describe(clauses), clauses, tuple(earlier)))
        earlier.append(clauses)
    default = read_optional_number(parts, "defaultValue", path)
    if default:
        rules.append(FormulaRule(default, f"{path}.defaultValue", f"{column} otherwise", (), tuple(earlier)))
    # Without points it only keeps later ones from counting, which `unless` of those does.
    return [rule for rule in rules if rule.points]


def _read_conditions(condition: Any, path: str) -> list[Clause]:
    parts = require_object(condition, path)
    kind = read_text(parts, "type", path)
    if kind == "SINGLE":
        return [read_operation(parts.get("operation"), read_text(parts, "property", path), f"{path}.operation")]
    if kind != "COMPOSITE" or parts.get("operator") != "AND":
        raise ValueError(f"{path}: only SINGLE, and COMPOSITE with AND, are known")
    clauses: list[Clause] = []
    for i, item in enumerate(read_list(parts, "conditions", path)):
        clauses += _read_conditions(item, f"{path}.conditions[{i}]")
    return clauses


def _read_events(
    reading: _ScoreReading, entry: Mapping[str, Any], path: str, decay: _Decay | None
) -> list[FormulaRule]:
    kind = read_text(entry, "eventTypeId", path)
    days = _read_timeframe(entry, path)
    frequency = entry.get("eventFrequencyCriteria")
    if frequency is not None:
        if decay is not None:
            reading.leave_out(path, "the decay of points for how often something happened")
        return _read_frequency(require_object(frequency, path), kind, days, f"{path}.eventFrequencyCriteria")
    calculation = require_object(entry.get("recordCalculation"), f"{path}.recordCalculation")
    if calculation.get("type") != "CONSTANT":
        raise ValueError(f"{path}.recordCalculation: points that depend on properties of the event or the record")
    half_life = None
    if decay is not None and decay.percent == 100:
        days = decay.days if days is None else min(days, decay.days)
    elif decay is not None and decay.percent == 50:
        half_life = decay.days
        if days is not None:
            reading.leave_out(path, "the decay, since the points end after some days")
    if days is None and half_life is None:
        days = ALWAYS
    points = read_number(calculation, "value", f"{path}.recordCalculation")
    return [FormulaRule(points, path, f"each {kind}", events=EventPoints(kind, days, half_life=half_life))]


def _read_timeframe(entry: Mapping[str, Any], path: str) -> int | None:
    if entry.get("eventTimeframe") is None:
        return None
    path = f"{path}.eventTimeframe"
    timeframe = require_object(entry["eventTimeframe"], path)
    operation = require_object(timeframe.get("eventFilterOperation"), f"{path}.eventFilterOperation")
    kinds = (operation.get("operationType"), operation.get("operator"))
    if kinds != ("ROLLING_DATE_RANGE", "IS_LESS_THAN_X_DAYS_AGO"):
        raise ValueError(f"{path}: only ROLLING_DATE_RANGE with IS_LESS_THAN_X_DAYS_AGO is translated")
    days = read_whole_number(operation, "numberOfDays", f"{path}.eventFilterOperation")
    if not 1 <= days <= 3650:
        raise ValueError(f"{path}.eventFilterOperation.numberOfDays: it must be 1 to 3650")
    return days


def _read_frequency(frequency: Mapping[str, Any], kind: str, days: int | None, path: str) -> list[FormulaRule]:
    rules: list[FormulaRule] = []
    taken: list[tuple[int, int]] = []
    for i, item in enumerate(read_list(frequency, "ranges", path)):
        range_path = f"{path}.ranges[{i}]"
        parts = require_object(item, range_path)
        least = read_whole_number(parts, "from", range_path)
        match read_text(parts, "type", range_path):
            case "AT_LEAST":
                most = None
            case "EXACTLY":
                most = least
            case "BETWEEN":
                most = read_whole_number(parts, "to", range_path)
            case other:
                raise ValueError(f"{range_path}.type: {other!r} is not known")
        end = 10**15 if most is None else most
        if least < 1 or end < least:
            raise ValueError(f"{range_path}: it needs 1 event or more, and an end that is not before its start")
        if any(least <= last and first <= end for first, last in taken):
            raise ValueError(f"{range_path}: it overlaps with another, and the document doesn't say which counts")
        taken.append((least, end))
        points = read_number(parts, "value", range_path)
        words = f"at least {least}" if most is None else str(least) if most == least else f"{least} to {most}"
        rules.append(
            FormulaRule(points, range_path, f"{kind} {words} times", events=EventPoints(kind, days, least, most))
        )
    return rules


def _write_value(value: FormulaValue) -> str:
    return write_number(value) if isinstance(value, float) else str(value)


def _describe(clauses: tuple[Clause, ...]) -> str:
    return " and ".join(
        " ".join(
            [
                clause.column,
                *(["not"] if clause.negated else []),
                clause.operator.replace("_", " "),
                *([", ".join(_write_value(value) for value in clause.values)] if clause.values else []),
            ]
        )
        for clause in clauses
    )
