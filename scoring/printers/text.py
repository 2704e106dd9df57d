"""The text printer: a score as a picture of its ledger, and a whole scorecard with its tables, for people.

Plain text for a terminal of `width` columns; gains are drawn solid, losses light.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from leadledger.scoring.axis import AXES
from leadledger.scoring.bins import Bins
from leadledger.scoring.bins import describe_bins as bin_words
from leadledger.scoring.errors import quote
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term
from leadledger.scoring.printers.axis_words import describe_axes, describe_axis, list_unknown
from leadledger.scoring.printers.event_words import describe_each, describe_kind
from leadledger.scoring.result import Entry, Result, SaleForecast, format_signed, format_unsigned
from leadledger.scoring.scorecard import PLACES_SHOWN, Scorecard

GAIN, LOSS = "█", "░"
MARKS = {"met": "✓", "unmet": "✗", "unknown": "?"}


def ledger_text(result: Result, width: int = 80) -> str:
    """A score with its whole ledger as a waterfall, the recommendation, and what to ask."""
    return "\n".join(_ledger(result, width))


def card_text(card: Scorecard, width: int = 80) -> str:
    """The whole scorecard: what it asks, what earns points, the learned tables, the gates."""
    return "\n".join(_card(card, width)).rstrip() + "\n"


def _ledger(result: Result, width: int) -> Iterator[str]:
    advice = result.recommendation
    release = f", release {result.release}" if result.release else ", rules alone"
    yield f"{result.card}{release}, as of {result.as_of}"
    yield ""
    probability = "" if result.probability is None else f" · {result.probability:.0%} become an opportunity"
    margin = "" if result.error is None else f" ± {_margin(result.error)}"
    axes = f" · {result.axis_grades}" if result.axes else ""
    points = f"{format_unsigned(result.tenths)} points"
    yield f"Score {result.score}{margin} · grade {result.grade}{axes} · {points}{probability}"
    if result.axes:
        yield from _wrapped(describe_axes(result), width, "  ")
        for sentence in list_unknown(result):
            yield from _wrapped(sentence, width, "  ")
    if result.percentile is not None:
        yield f"Better than {f'{result.percentile}%' if result.percentile else 'less than 1%'} of leads"
    if result.sale is not None:
        yield from _wrapped(_describe_sale(result.sale), width, "  ")
    way = f"{advice.at} → {advice.to}" if advice.at != advice.to else advice.at
    threshold = "" if advice.threshold is None else f" (from {format_unsigned(advice.threshold)} points)"
    yield f"Recommendation: {advice.verdict.upper()}" + (f" · {way}{threshold}" if way else "")
    if result.recommended_since is not None:
        below = "" if result.below_since is None else f"; below the band since {result.below_since}"
        yield f"Since {result.recommended_since}{below}"
    yield ""
    yield from _waterfall(_sort_by_axis(result.ledger), result.tenths, width)
    if (result.low, result.high) != (result.tenths, result.tenths):
        yield f"Answers could still make it {format_unsigned(result.low)} to {format_unsigned(result.high)}."
    if advice.criteria:
        yield ""
        marks = "   ".join(f"{MARKS[state]} {name}" for name, state in advice.criteria)
        yield from _wrapped(f"Criteria:  {marks}", width)
    if advice.reasons:
        yield ""
        yield "Why:"
        for reason in advice.reasons:
            yield from _wrapped(f"- {reason}", width, "  ")
    if advice.questions:
        yield ""
        yield "Ask (how often the answer settles it):"
        for question in advice.questions:
            yield from _wrapped(f"{question.settles:4.0%}  {question.text}", width, "      ")
    if result.events is not None:
        yield ""
        for sentence in _event_sentences(result.events):
            yield from _wrapped(sentence, width, "  ")
    if result.unseen:
        yield ""
        yield from _wrapped(f"Never seen in training: the value of {', '.join(result.unseen)}", width)
    if result.ignored:
        yield ""
        yield from _wrapped(f"Not used by the card: {', '.join(result.ignored)}", width)


def _sort_by_axis(ledger: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries, those of one axis side by side."""
    return tuple(sorted(ledger, key=lambda entry: ("", *AXES).index(entry.axis or "")))


def _describe_sale(sale: SaleForecast) -> str:
    """The chance of a sale, as the product of the steps ahead, and the expected value."""
    if not sale.steps:
        return "Sale: no step is left to foretell"
    shown = ["not known" if step.probability is None else f"{step.probability:.1%}" for step in sale.steps]
    product = " × ".join(f"{step.stage} {chance}" for step, chance in zip(sale.steps, shown, strict=True))
    chance = "not known" if sale.probability is None else f"{sale.probability:.1%}"
    value = "" if sale.expected_value is None else f" · expected value {sale.expected_value:,.2f}"
    return f"Chance of a sale {chance} = {product}{value}"


def _event_sentences(counts: EventCounts) -> Iterator[str]:
    """What was made of the events of a lead."""
    if not counts.is_known:
        yield "Events: not known, so nothing is counted; send them, or an empty list where there are none."
        return
    others = {"of machines": counts.machine, "sent again": counts.repeated, "after the day": counts.future}
    others |= {"received after the day": counts.late}
    others |= {f"of the unknown kind {quote(kind)}": events for kind, events in counts.unknown_kinds.items()}
    words = [f"{events:,} {what}" for what, events in others.items() if events]
    yield f"Events: {counts.counted - counts.machine:,} counted" + (f"; left out: {', '.join(words)}" if words else "")
    for earned in counts.rules:
        if earned.machine:
            yield f"Machines would have earned {format_signed(earned.machine)} by {earned.rule}."
    for name, least in counts.at_least.items():
        yield f"Not known since tracking began too late: {name}, at least {least:,.15g}."


def _margin(error: int) -> str:
    """A standard error in whole points, halves up; below one point with its decimal, so that it is never a bare 0."""
    return format_unsigned(error) if error < 10 else str((error + 5) // 10)


def _waterfall(ledger: tuple[Entry, ...], total: int, width: int) -> Iterator[str]:
    words = min(max(len(entry.reason) for entry in ledger), width - 8 - 20, 48)
    room = width - words - 9
    running, edges = 0, [0]
    for entry in ledger:
        running += entry.tenths
        edges.append(running)
    # The picture starts a little below the lowest total, so that a small entry can still be seen beside the start.
    low = min(edges[1:])
    low = max(0, low - (max(edges) - low) // 2) if low > 0 else low
    span = max(1, max(edges) - low)

    def at(tenths: int) -> int:
        return round((max(tenths, low) - low) * room / span)

    for entry, before, after in zip(ledger, edges, edges[1:], strict=False):
        left, right = sorted((at(before), at(after)))
        bar = " " * left + (GAIN if after >= before else LOSS) * max(1, right - left)
        points = format_unsigned(entry.tenths) if entry.kind == "start" else format_signed(entry.tenths)
        yield f"{_fit(entry.reason, words)} {points:>6}  {bar[:room]}".rstrip()
    yield f"{'Total':<{words}} {format_unsigned(total):>6}  {GAIN * max(0, at(total))}".rstrip()


def _card(card: Scorecard, width: int) -> Iterator[str]:
    written, learned = card.card, card.learned
    yield written.title or written.name
    yield f"{written.name}, {'release ' + card.release if card.release else 'rules alone, nothing learned yet'}"
    yield ""
    rate = "" if learned.base_rate is None else f" Of the average lead, {learned.base_rate:.1%} become an opportunity."
    yield from _wrapped(
        f"Every lead starts at {format_unsigned(learned.start)} points; 50.0 is the average lead, and 10 points more"
        f" double the odds.{rate}",
        width,
    )
    if learned.trust != 1:
        yield from _wrapped(
            f"Declared points count {learned.trust:.0%}: that much of them the history bears out.", width
        )
    if written.rules or written.each_rules:
        yield from _heading("Rules", "points, and when they are earned")
        yield from _rules(card, width)
    if written.events:
        yield from _heading("Events", "what a lead does, or what is done with it")
        for kind in written.events.values():
            yield from _wrapped(f"{kind.name}: {describe_kind(kind)}", width, "  ")
    if written.exclude:
        yield from _heading("Exclusions", "disqualify, whatever the points")
        for exclusion in written.exclude:
            yield from _wrapped(f"{exclusion.reason}: {exclusion.when.text}", width, "  ")
    if learned.terms:
        yield from _heading("Tables", "learned points; the last column counts the leads of the history")
        for term in learned.terms:
            yield from _term(card, term, width)
    if written.criteria:
        yield from _heading("Criteria", "what stages require")
        for criterion in written.criteria:
            sign = "" if criterion.essential else " (a sign, never a must)"
            yield from _wrapped(f"{criterion.title}{sign}: {criterion.met.text}", width, "  ")
    if written.stages:
        yield from _heading("Stages", "what it takes to enter")
        yield from _stages(card, width)
    if learned.percentiles:
        yield from _heading("Percentiles", "from how many points a lead is better than so many")
        steps = [f"{place}% {format_unsigned(learned.percentiles[place - 1])}" for place in PLACES_SHOWN]
        yield " · ".join(steps)
    if card.steps:
        yield from _heading("Steps", "up to a sale, each with points of its own; the chance of a sale is their product")
        yield from _step_models(card, width)
    yield from _heading("Grades", "from how many points")
    cuts = [f"{grade} {format_unsigned(cut)}" for grade, cut in written.grades]
    yield f"{' · '.join(cuts)} · {written.below} below"
    if written.axes:
        yield from _heading("Axes", "from how many points on each a grade counts; with the start they are the total")
        for name, axis in written.axes.items():
            yield from _wrapped(f"{name}: {describe_axis(axis)}", width, "  ")


def _step_models(card: Scorecard, width: int) -> Iterator[str]:
    """What was learned of each step: where a lead starts, and its tables."""
    for stage, step in card.steps.items():
        rate = step.learned.base_rate
        known = "its base rate is not known" if rate is None else f"of the average lead, {rate:.1%} make it"
        rules = f"; declared points count {step.learned.trust:.0%}" if card.card.rules else ""
        yield from _wrapped(f"{stage}: from {format_unsigned(step.learned.start)} points; {known}{rules}.", width, "  ")
        yield ""
        for term in step.learned.terms:
            yield from _term(step, term, width)


def _heading(title: str, words: str) -> Iterator[str]:
    yield ""
    yield f"{title.upper()}  {words}"
    yield ""


def _rules(card: Scorecard, width: int) -> Iterator[str]:
    for group in [None, *card.groups]:
        members = [rule for rule in card.rules if rule.rule.group == (group.name if group else "")]
        each_rules = [each for each in card.each_rules if each.rule.group == (group.name if group else "")]
        if group and (members or each_rules):
            limits = ["only the best counts"] if group.best_of else []
            limits += [f"at most {format_unsigned(group.maximum)}"] if group.maximum is not None else []
            limits += [f"at least {format_unsigned(group.minimum)}"] if group.minimum is not None else []
            yield f"  group {group.name}: {', '.join(limits)}"
        for priced in members:
            declared = "" if priced.points == priced.rule.points else f" (declared {format_signed(priced.rule.points)})"
            fades = f", halves every {priced.rule.half_life.days} days" if priced.rule.half_life else ""
            yield from _wrapped(
                f"{format_signed(priced.points):>6}  {priced.rule.reason}{declared}{fades}", width, " " * 8
            )
            yield from _wrapped(f"{'':8}when {priced.rule.when.text}", width, " " * 10)
            if priced.rule.why:
                yield from _wrapped(f"{'':8}why  {priced.rule.why}", width, " " * 10)
        for each in each_rules:
            declared = "" if each.points == each.rule.points else f" (declared {format_signed(each.rule.points)})"
            yield from _wrapped(f"{format_signed(each.points):>6}  {each.rule.reason}{declared}", width, " " * 8)
            yield from _wrapped(f"{'':8}{describe_each(each.rule)}", width, " " * 10)
            if each.rule.why:
                yield from _wrapped(f"{'':8}why  {each.rule.why}", width, " " * 10)


def _term(card: Scorecard, term: Term, width: int) -> Iterator[str]:
    match term:
        case Table():
            yield from _table(card, term, width)
        case Pair():
            yield from _pair(card, term, width)
        case Combination():
            yield from _combination(card, term, width)


def _table(card: Scorecard, table: Table, width: int) -> Iterator[str]:
    field = card.card.fields[table.field]
    unit = f", {field.unit}" if field.unit else ""
    yield f"{field.title}{unit}"
    words = min(max(map(len, table.bins.labels)), 30)
    margins = [f" ± {format_unsigned(error)}" for error in table.errors] or [""] * len(table.points)
    margin = max(map(len, margins))
    room = max(4, (width - words - margin - 22) // 2)
    most = max(1, *(abs(points) for points in table.points))
    for label, points, sure, count in zip(table.bins.labels, table.points, margins, table.counts, strict=True):
        size = round(abs(points) * room / most)
        left = (LOSS * size).rjust(room) if points < 0 else " " * room
        right = (GAIN * size).ljust(room) if points > 0 else " " * room
        yield f"  {_fit(label, words)} {format_signed(points):>6}{sure:<{margin}} {left}│{right} {count:>9,}".rstrip()
    yield ""


def _pair(card: Scorecard, pair: Pair, width: int) -> Iterator[str]:
    first, second = (card.card.fields[name].title for name in pair.fields)
    yield f"{first} (rows) & {second} (columns): points"
    labels = pair.bins[1].labels
    words = min(max(map(len, pair.bins[0].labels)), 24)
    cell = 8
    across = max(1, (width - words - 2) // cell)
    for start in range(0, len(labels), across):
        part = slice(start, start + across)
        heads = [textwrap.wrap(label, cell - 1) for label in labels[part]]
        for row in range(max(map(len, heads))):
            shown = "".join(f"{(head[row] if row < len(head) else ''):>{cell}}" for head in heads)
            yield f"  {'':<{words}}{shown}".rstrip()
        for i, (label, points) in enumerate(zip(pair.bins[0].labels, pair.points, strict=True)):
            yield f"  {_fit(label, words)}" + "".join(f"{format_signed(tenths):>{cell}}" for tenths in points[part])
            if pair.errors:
                yield f"  {'':<{words}}" + "".join(
                    f"{'± ' + format_unsigned(error):>{cell}}" for error in pair.errors[i][part]
                )
        yield ""


def _combination(card: Scorecard, term: Combination, width: int) -> Iterator[str]:
    titles = {name: card.card.fields[name].title for name in term.fields}
    choices = "one choice" if len(term.trees) == 1 else f"{len(term.trees)} choices, added up"
    margin = f", ± {format_unsigned(term.error)}" if term.error else ""
    yield from _wrapped(f"{' & '.join(titles.values())}: {choices}{margin}", width)
    bins = dict(zip(term.fields, term.bins, strict=True))
    for tree in term.trees:
        yield from _choice(tree, titles, bins, width, "  ")
        yield ""


def _choice(
    node: Branch, titles: Mapping[str, str], bins: Mapping[str, Bins], width: int, indent: str
) -> Iterator[str]:
    """A split and what hangs on it: each way on a line of its own, with the points of a leaf and its leads."""
    wanted = f"{titles[node.field]}: {' or '.join(bin_words(bins[node.field], node.bins))}"
    room = max(10, width - len(indent) - 18)
    for words, branch in ((wanted, node.then), ("otherwise", node.otherwise)):
        lines = textwrap.wrap(words, room) or [""]
        yield from (f"{indent}{line}" for line in lines[:-1])
        if isinstance(branch, Leaf):
            yield f"{indent}{_fit(lines[-1], room)} {format_signed(branch.points):>7} {branch.count:>9,}"
        else:
            yield f"{indent}{lines[-1]}"
            yield from _choice(branch, titles, bins, width, f"{indent}  ")


def _stages(card: Scorecard, width: int) -> Iterator[str]:
    titles = {criterion.name: criterion.title for criterion in card.card.criteria}
    for stage in card.card.stages:
        gate = next((gate for gate in card.gates.values() if gate and gate.to == stage.name), None)
        needs = [*(titles[name] for name in stage.requires), *(demand.title for demand in stage.demands)]
        if gate and gate.threshold.points is not None:
            needs.append(f"{format_unsigned(gate.threshold.points)} points")
        promise = f" ({gate.threshold.promise})" if gate and gate.threshold.promise else ""
        for way in (stage.exploration, stage.hold, stage.cool_down):
            promise += "" if way is None else f"; {way}"
        if gate and gate.threshold.closed:
            promise = f" (closed: {gate.threshold.closed})"
        yield from _wrapped(f"{stage.name}: {', '.join(needs) or 'nothing'}{promise}", width, "  ")


def _fit(words: str, width: int) -> str:
    """Words cut or padded to a width."""
    return f"{words:<{width}}" if len(words) <= width else words[: width - 1] + "…"


def _wrapped(words: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(words, width, subsequent_indent=indent, break_long_words=True, drop_whitespace=True) or [""]
