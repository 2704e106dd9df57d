"""The rules of a card as a page lists them: under the headings of its comments, each as a sentence with its points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.api.studio.card_blocks import CardBlock, split_card
from leadledger.api.wording.figures import word_chance, word_count, word_points
from leadledger.scoring.conditions.sentences import Sentence, describe_rule
from leadledger.scoring.points_as_odds import describe_points
from leadledger.scoring.rule import EachRule, Group, Rule
from leadledger.scoring.scorecard import Card

UNTITLED = "Rules"
FINDING_WORDS = {
    "dead": "never fires",
    "always_on": "always fires",
    "contradicted": "contradicted",
    "overrated": "overrated",
    "underrated": "underrated",
    "redundant": "says the same as another",
}


@dataclass(frozen=True)
class RuleLine:
    """A rule: its points and what they do to the odds, its sentence, its reason, and what there is to know of it.

    `change` is `new`, `changed` or empty; `finding` a word or two on what training found, `proof` its sentence;
    `drift` a word or two on whether it fires as often as it did, `now` its sentence.
    """

    name: str
    points: str
    odds: str
    sentence: Sentence
    reason: str
    group: str
    change: str
    finding: str
    proof: str
    drift: str
    now: str


@dataclass(frozen=True)
class RuleSection:
    """Rules under one heading of the card's comments; `limits` says what their group does, where they share one."""

    heading: str
    limits: str
    rules: tuple[RuleLine, ...]


def list_rules(
    card: Card, text: str, changes: Sequence[Mapping[str, str]], findings: Mapping[str, Any]
) -> tuple[RuleSection, ...]:
    """The rules of a card in their order. `changes` are those of a draft, `findings` what is known of the rules."""
    blocks = {block.key.name: block for block in split_card(text) or () if block.key.section == "rules"}
    changed = {change["name"]: change["what"] for change in changes if change["section"] == "rules"}
    found = {finding["name"]: finding for finding in findings["rules"]}
    now = {rule["name"]: rule for rule in findings["now"]}
    rules = find_rules(card)
    sections: list[tuple[str, list[Rule | EachRule]]] = []
    for name in [name for name in blocks if name in rules] or rules:
        heading = _find_heading(blocks.get(name))
        if heading or not sections:
            sections.append((heading or UNTITLED, []))
        sections[-1][1].append(rules[name])
    return tuple(
        RuleSection(
            heading,
            _word_limits(card, members),
            tuple(
                _view_rule(
                    card,
                    rule,
                    changed.get(rule.name, ""),
                    found.get(rule.name, {}),
                    {} if changed.get(rule.name) else {**now.get(rule.name, {}), "leads": findings["known"]},
                )
                for rule in members
            ),
        )
        for heading, members in sections
    )


def find_rules(card: Card) -> dict[str, Rule | EachRule]:
    """All rules of a card by name."""
    return {**{rule.name: rule for rule in card.rules}, **{rule.name: rule for rule in card.each_rules}}


def _find_heading(block: CardBlock | None) -> str:
    """The last line of the comment above a rule, where it is one of a few words."""
    comments = [] if block is None else list(_read_comments(block.text))
    return comments[-1] if comments and len(comments[-1]) <= 80 else ""


def _read_comments(text: str) -> Iterator[str]:
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            return
        if stripped.strip("#- "):
            yield stripped.lstrip("# ").strip()


def _word_limits(card: Card, rules: Sequence[Rule | EachRule]) -> str:
    names = {rule.group for rule in rules}
    if len(names) != 1:
        return ""
    (name,) = names
    group = next((group for group in card.groups if group.name == name), None)
    return "" if group is None else f"group {name}: {word_group(group)}"


def word_group(group: Group) -> str:
    """What a group does to its rules: `together at most +20, at least −15`."""
    parts = ["only the best one counts"] if group.best_of else []
    limits = [
        f"{word} {word_points(tenths)}"
        for word, tenths in (("at most", group.maximum), ("at least", group.minimum))
        if tenths is not None
    ]
    return "; ".join([*parts, *([f"together {', '.join(limits)}"] if limits else [])])


def _view_rule(
    card: Card, rule: Rule | EachRule, change: str, finding: Mapping[str, Any], now: Mapping[str, Any]
) -> RuleLine:
    kind = "" if finding.get("edited") else str(finding.get("finding", ""))
    return RuleLine(
        name=rule.name,
        points=word_points(rule.points),
        odds=describe_points(rule.points).mark,
        sentence=describe_rule(rule, card.fields),
        reason=rule.reason,
        group=rule.group,
        change={"added": "new", "changed": "changed"}.get(change, ""),
        finding=FINDING_WORDS.get(kind, ""),
        proof=str(finding.get("said", "")) if kind else "",
        drift=_word_drift(finding, now),
        now=_word_now(finding, now),
    )


def _word_drift(finding: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In a word or two, whether the rule fires more or less often than it did; empty: as often, or not known."""
    if now.get("drift") in ("moved", "shifted"):
        return "fires more often now" if now["share"] > finding["share"] else "fires less often now"
    if "share" in now and not now["fired"] and finding.get("finding") != "dead":
        return "never fires now"
    if not finding.get("edited") and finding.get("drift") in ("moved", "shifted"):
        return "fires differently for newer leads"
    return ""


def _word_now(finding: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How often the rule fires for known leads, beside training; empty: not known."""
    if "share" not in now:
        return ""
    fires = f"Fires for {word_chance(now['share'])} of {word_count(now['leads'])} known leads"
    return f"{fires}, in training for {word_chance(finding['share'])}." if now["drift"] else f"{fires}."
