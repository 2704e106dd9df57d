"""The report of a training run as a page: one HTML file, with nothing to fetch and nothing to run.

It is written for two readers. A sales lead reads what to do, how sure it is, and the captions; a data scientist opens
the details and the tables below the charts. Everything it shows is looked up in the data of the release, see
`report.figures`; the words and the order are in page.html.j2. Sections without data are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

from leadledger.scoring.bins import NumberBins, TextBins
from leadledger.scoring.lookup import Combination, Pair, Table
from leadledger.scoring.scorecard import Card, Learned
from leadledger.training.report import charts
from leadledger.training.report.drawing import Chart
from leadledger.training.report.figures import FORMATS, Figure
from leadledger.training.sources.logged import LEFT_OUT_REASONS

HERE = Path(__file__).parent
MOST_DRIFT = 16  # rows of the chart of drift; the table has all
TITLES = {
    "scores": "What a grade and a score are worth",
    "axes": "Fit and engagement",
    "lift": "What calling the best leads first is worth",
    "volume": "How many leads to promote",
    "points": "Where the points come from",
    "audit": "The rules under audit",
    "examples": "A few leads, explained",
    "fairness": "Do all groups get the same?",
    "reliability": "Do the predicted probabilities come true?",
    "months": "Does it hold over time?",
    "rivals": "Compared with other models",
    "segments": "How the segments differ",
    "landmarks": "What events bring, and how leads age",
    "exploration": "What leads below the threshold are worth",
    "steps": "The steps up to a sale",
    "data": "Which leads were used",
    "leakage": "Fields that know the outcome",
    "maturity": "How long a lead takes",
    "drift": "Are the newest leads like the older ones?",
    "provenance": "What it was made from",
    "words": "Five terms",
}
LEFT_OUT = {
    "rejected": "can’t be read",
    "no_outcome": "have no outcome",
    "no_date": "have no date",
    "no_order": "have no place in the order",
    "future": "have a day in the future",
    "past": "have a placeholder for a day, or a day long before all others",
    "repeated": "are further rows of a lead",
    "before": "became an opportunity before they were met",
    "immature": "are too young to judge",
    "closed": "became an opportunity on the day they were met",
    "unpromoted": "were not promoted",
    "unexplored": "have no known propensity",
}
NO_RELEASE: Mapping[str, str] = MappingProxyType({})
FINDINGS = {
    "dead": "Never fire",
    "always_on": "Fire for every lead",
    "contradicted": "The data say the opposite",
    "overrated": "Count for more than the data support",
    "underrated": "Count for less than the data support",
    "redundant": "Say the same",
}
STATISTICS = frozenset(
    {
        *("reliability", "months", "rivals", "segments", "landmarks", "exploration", "steps"),
        *("data", "leakage", "maturity", "drift", "provenance", "words"),
    }
)
FACTS = {"data_sha256": "digest of the data (SHA-256)", "card_sha256": "digest of the card (SHA-256)"}


def page(
    metrics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    learned: Learned,
    card: Card,
    notes: Sequence[str] = (),
    rules_only: str = "",
    release: Mapping[str, str] = NO_RELEASE,
) -> str:
    """The whole page. The same inputs give the same text.

    `metrics` and `provenance` are those of the training run, as in the release's files; keys that are
    missing leave their part of the page out. `rules_only` says why nothing was learned; empty where something was.
    `release` has its `name` and the `day` on which it was made, as ISO writes it.
    """
    data = Figure(
        {
            "metrics": metrics,
            "provenance": provenance,
            "learned": learned,
            "card": card,
            "notes": list(notes),
            "rules_only": rules_only,
            "release": release,
        }
    )
    m = data["metrics"]
    drawn = _charts(m)
    terms = list(_terms(data))
    titles = {key: words for key, words in TITLES.items() if _has_content(key, data)}
    rules = sorted(m["audit"]["rules"], key=lambda rule: not rule["finding"].value)
    return _template().render(
        m=m,
        learned=data["learned"],
        name=card.title or card.name,
        card_title=data["card"]["title" if card.title else "name"],
        style=Markup((HERE / "page.css").read_text("utf-8")),
        verdict=m["verdict"]["level"].value if m["held_out"] else "rules",
        doubts=[doubt["kind"].value for doubt in m["verdict"]["doubts"]],
        rules_only=data["rules_only"] if rules_only else None,
        hand_thresholds=[stage for stage in data["card"]["stages"] if stage["points"].value is not None],
        notes=data["notes"],
        titles=titles,
        contents=[
            ("What the scores are worth", [item for item in titles.items() if item[0] not in STATISTICS]),
            ("How that was measured", [item for item in titles.items() if item[0] in STATISTICS]),
        ],
        release=data["release"],
        learned_until=data["provenance"]["newest_lead"],
        is_any_left_out=any(m["counts"][key].value for key in LEFT_OUT),
        charts=drawn,
        tenth=_share(m, 0.1),
        third=_share(m, 0.3),
        tables=[term for term in terms if isinstance(term[0].value, Table)],
        pairs=[term for term in terms if isinstance(term[0].value, Pair)],
        combinations=[term for term in terms if isinstance(term[0].value, Combination)],
        title=lambda field: _title(data, field.value).show(),
        choice=_choice,
        label_form=_label_form,
        entry_form=lambda entry: _entry_form(entry, learned),
        rules=rules,
        each_rules=[rule["name"] for rule in data["card"]["each_rules"]],
        findings=list(_findings(m["audit"])),
        left_out=list(LEFT_OUT.items()),
        scores_left_out=list(LEFT_OUT_REASONS.items()),
        examples=[(example, _waterfall(example, learned)) for example in m["examples"]],
        has_threshold=any(example["line"].value is not None for example in m["examples"]),
        facts=list(_facts(data["provenance"])),
    )


@cache  # to compile it takes longer than to fill it
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.get_template("page.html.j2")


def _waterfall(example: Figure, learned: Learned) -> Chart:
    """The ledger of an example lead as a chart."""
    alt = f"Waterfall chart of a lead’s ledger. {example['shows'].value}. The entries are in the table below."
    return charts.waterfall(_with_grouped_digits(example, learned), alt)


def _has_content(section: str, data: Figure) -> bool:
    """Whether there is anything to show in a section."""
    m = data["metrics"]
    contents = {
        "volume": m["precision_by_volume"],
        "months": m["by_month"],
        "rivals": m["held_out"],
        "points": data["learned"]["terms"],
        "audit": m["audit"]["rules"],
        "data": m["counts"],
        "provenance": data["provenance"],
    }.get(section, m[section])
    return section == "words" or bool(contents)


def _share(m: Figure, share: float) -> Figure:
    """The record of `lift` for a share of the leads."""
    return next((record for record in m["lift"] if abs(record["share"].value - share) < 1e-9), Figure(None))


def _charts(m: Figure) -> dict[str, Any]:
    """The charts of the sections that have data, by section."""
    return _lift_charts(m) | _forecast_charts(m) | _rule_charts(m)


def _lift_charts(m: Figure) -> dict[str, Any]:
    """How good the order of the leads is: gain, lift, precision by volume."""
    drawn: dict[str, Any] = {}
    if m["lift"] and m["lift"][0]["found"].value is not None:
        drawn["gain"] = charts.gain(
            m["lift"].value,
            "Line chart: the share of all opportunities found against the share of the leads, best first,"
            " beside the straight line of leads picked at random. The numbers are in the table below.",
        )
        drawn["lift"] = charts.lift(
            m["lift"].value,
            "Line chart: how many times more opportunities than by chance, against the share of the leads, best first."
            " The numbers are in the table beside it.",
        )
    drawn["volume"] = [
        (
            stage,
            charts.volume(
                stage.value,
                m["promises"][stage.key]["asked_precision"].value,
                m["promises"][stage.key]["line"].value,
                f"Line chart: the share of promoted leads that were won, against how many are promoted to {stage.key},"
                " with limits, the precision asked for and the promotion threshold."
                " The numbers are in the table below.",
            ),
        )
        for stage in m["precision_by_volume"]
        if stage
    ]
    return drawn


def _forecast_charts(m: Figure) -> dict[str, Any]:
    """How good the predicted probabilities are: in all, by month, beside other models; and how long leads take."""
    drawn: dict[str, Any] = {}
    if m["reliability"]:
        drawn["reliability"] = charts.reliability(
            m["reliability"].value,
            "Dot chart: the actual rate against the predicted one, by tenths of the held-out leads, with limits, beside"
            " the line on which both are equal. The numbers are in the table below.",
        )
    if m["scores"]:
        drawn["scores"] = charts.scores(
            m["scores"].value,
            "Line and dots: the predicted and the actual share of won leads by points, with limits, above bars of the"
            " leads of each ten points. The numbers are in the table below.",
        )
    if m["by_month"]:
        drawn["months"] = charts.months(
            m["by_month"].value,
            "Line and dots: the predicted and the actual share of won leads, by month, with limits, above"
            " bars of the leads of each month. The numbers are in the table below.",
        )
    if m["held_out"]:
        names = ["this release" if forecast.key == "leadledger" else forecast.key for forecast in m["held_out"]]
        drawn["rivals"] = charts.rivals(
            m["held_out"].value,
            names,
            "Dot chart: the log-loss of this release and of the other models. The numbers are in the table beside it.",
        )
    if m["maturity"]["curve"]:
        drawn["maturity"] = charts.maturity(
            m["maturity"]["curve"].value,
            m["maturity"]["horizon"].value,
            "Step chart: the share of leads that have become opportunities, by days since they were met, with limits"
            " and the horizon. The numbers are in the table below.",
        )
    return drawn


def _rule_charts(m: Figure) -> dict[str, Any]:
    """What moved from the older leads to the newest, and the points of the rules."""
    drawn: dict[str, Any] = {}
    moved = [shift for part in ("fields", "rules") for shift in m["drift"][part] if shift["psi"].value is not None]
    if moved:
        moved = sorted(moved, key=lambda shift: -shift["psi"].value)[:MOST_DRIFT]
        drawn["drift"] = charts.drift(
            [shift.value for shift in moved],
            [
                ("rule: " if "/rules/" in shift.pointer else "") + shift["name"].value.replace("_", " ")
                for shift in moved
            ],
            "Dot chart: the stability index of fields and rules, those that moved most first, against the two bands."
            " The numbers are in the table below.",
        )
    rules = [rule.value for rule in sorted(m["audit"]["rules"], key=lambda rule: not rule["finding"].value)]
    if rules:
        drawn["audit"] = charts.audit(
            rules,
            "Dot chart: for each rule, the points that the card declares and those that the data support, with limits."
            " The numbers are in the table below.",
        )
    return drawn


def _terms(data: Figure) -> Iterator[tuple[Figure, Markup, Chart | None]]:
    """Each learned term, its heading and its chart, the tables in the order of the card."""
    for term in data["learned"]["terms"]:
        fields: tuple[str, ...] = term["fields"].value
        heading = Markup(" and ").join(_headed(data, field) for field in fields)
        names = [str(_title(data, field).value) for field in fields]
        chart = None
        match term.value:
            case Table():
                alt = f"The points of each value of {names[0]}, with standard errors, and how many leads had it."
                chart = charts.table(term.value, f"Dot chart: {alt} The numbers are in the table below.")
            case Pair():
                alt = f"Heat map: the points and the leads of {names[0]} (rows) and {names[1]} (columns) together."
                chart = charts.pair(term.value, (names[0], names[1]), f"{alt} The numbers are in the table below.")
        yield term, heading, chart


def _title(data: Figure, field: str) -> Figure:
    """The name of a field that people know it by."""
    return data["card"]["fields"][field]["title"]


def _label_form(bins: Figure) -> str:
    """How to show the labels of some bins: those of numbers with thousands separators."""
    return "stretch" if isinstance(bins.value, NumberBins) else "text"


def _entry_form(entry: Figure, learned: Learned) -> str:
    """How to show the reason of a ledger's entry: with thousands separators where it names bins of numbers only."""
    term = next((term for term in learned.terms if term.name == entry["name"].value), None)
    if term is None or entry["kind"].value not in ("table", "pair"):
        return "text"
    bins = term.bins if isinstance(term.bins, tuple) else (term.bins,)
    return "text" if any(isinstance(part, TextBins) for part in bins) else "stretch"


def _with_grouped_digits(example: Figure, learned: Learned) -> dict[str, Any]:
    """An example lead as its chart shows it."""
    ledger = [
        entry.value | {"reason": FORMATS[_entry_form(entry, learned)](entry["reason"].value)}
        for entry in example["ledger"]
    ]
    return {**example.value, "ledger": ledger}


def _headed(data: Figure, field: str) -> Markup:
    """The name of a field with its unit."""
    unit = data["card"]["fields"][field]["unit"]
    title = Markup("<strong>{}</strong>").format(_title(data, field).show())
    return title + Markup(" ({})").format(unit.show()) if unit.value else title


def _choice(split: Figure, combination: Figure) -> Markup:
    """The bins of a choice in words: `below 50, missing`. Neighbouring bins of a number are one stretch."""
    place = combination["fields"].value.index(split["field"].value)
    bins = combination["bins"][place]
    taken: tuple[int, ...] = split["bins"].value
    if not isinstance(bins.value, NumberBins) or not bins.value.edges:
        words = [bins["labels"][i].show(_label_form(bins)) for i in taken]
    else:
        words = [_stretch(bins["edges"], *ends) for ends in _runs([i for i in taken if i])]
        words += [bins["labels"][0].show()] * (0 in taken)
    return Markup("is ") + Markup(" or ").join(words)


def _runs(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last of each row of neighbours in ascending positions."""
    first = None
    for i, position in enumerate(positions):
        first = position if first is None else first
        if i + 1 == len(positions) or positions[i + 1] != position + 1:
            yield first, position
            first = None


def _stretch(edges: Figure, first: int, last: int) -> Markup:
    """A stretch of a number's bins, from bin `first` to bin `last` (1 or more), in words."""
    low = edges[first - 2].show("number") if first > 1 else None
    high = edges[last - 1].show("number") if last <= len(edges) else None
    if low is None:
        return Markup("below {}").format(high) if high is not None else Markup("any")
    return Markup("{} to {}").format(low, high) if high is not None else Markup("{} and up").format(low)


def _findings(audit: Figure) -> Iterator[tuple[str, list[list[Figure]]]]:
    """The lists of rules that deserve a look, each rule a list of one name, or of two that say the same."""
    for key, words in FINDINGS.items():
        names = [list(finding) if isinstance(finding.value, list | tuple) else [finding] for finding in audit[key]]
        if names:
            yield words, names


def _facts(provenance: Figure, before: str = "") -> Iterator[tuple[str, Figure]]:
    """The provenance, flat: the words for each fact, and the fact."""
    for fact in provenance:
        words = before + FACTS.get(fact.key, fact.key.replace("_", " "))
        if isinstance(fact.value, Mapping):
            yield from _facts(fact, f"{words}: ")
        else:
            yield words, fact
