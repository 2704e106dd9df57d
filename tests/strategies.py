"""Random cards and random leads, with the awkward values named: chance alone misses them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from leadledger.scoring.axis import AXES, Axis, AxisDemand, AxisName
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.card.condition import KnownField, parse_condition, parse_days
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.decay import HalfLife
from leadledger.scoring.exclusion import Exclusion
from leadledger.scoring.field import Field
from leadledger.scoring.gate import Stage, Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term, find_branch_fields
from leadledger.scoring.number_forms import parse_number_format
from leadledger.scoring.rule import Group, Rule
from leadledger.scoring.scorecard import MOST_PERCENT, Card, Learned, Scorecard
from leadledger.scoring.text_forms import strip
from leadledger.scoring.transition import Transition

AS_OF = date(2026, 11, 24)
FIRST, LAST = date.min, date.max

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.1, 0.30000000000000004, 10.0, 1e308, -1e308, 5e-324, 2.0**53, 123456789.125]
TEXTS = [
    "a",
    "A",
    "b'c",
    'd"e',
    "back\\slash",
    "é",
    "e\u0301",
    "İ",
    "two\nlines",
    "tab\there",
    "--x",
    "{x}",
    "%s",
    "𝄞",
    "nul\0",
    "É\u00a0",
    "\u200ba",
    "A\u0301",
    "ÅÅ",
    "й",
    "unknown",
    "n/a\u0301",
]
CHOICES = ["a", "A", "b'c", "é", "--x", "%s", "𝄞"]
# In the texts of leads only: most are another form of one of TEXTS.
FORMS = [
    *("E\u0301", "\u00c9\u200b", "\ufeffA", "a\u00a0", "\u00adA", "i", "i\u0307", "I\u0307", "A\u030aÅ", "\u212bå"),
    *("\u0418\u0306", "Й", "Unknown", "UN\u00adKNOWN", "NULL", "n.a.", "#N/A", "-", "two\u00a0lines", "Two\nLines"),
    *("\u3000", "\u2060", "\u1112\u1161\u11ab", "ΣΑΣ", "σας", "é\u0323", "\u212a", "\U0001f600"),
]
SEARCHED = ["a", "B'", "\\", "é", "X", "two\n", "e", "É", "å", "И", "i"]
DAYS = [FIRST, LAST, AS_OF, AS_OF - timedelta(days=1), AS_OF + timedelta(days=1), date(2024, 2, 29), date(1970, 1, 1)]

# Two of each kind, with and without a question, and derived ones of both kinds.
PLAIN = {
    "n1": Field("n1", "number", ask="How many?"),
    "n2": Field("n2", "number"),
    "t1": Field("t1", "text", ask="Which?"),
    "t2": Field("t2", "text", values=("yes", "No", "it's")),
    "t4": Field("t4", "text", exact=True),
    "f1": Field("f1", "flag", ask="Is it?"),
    "class": Field("class", "flag"),
    "d1": Field("d1", "date", ask="When?"),
    "d2": Field("d2", "date"),
    "c1": Field("c1", "choices", ask="Which of them?"),
    "c2": Field("c2", "choices", values=("yes", "No", "it's"), separator=",", missing=("none",)),
    "c3": Field("c3", "choices", values=("a", "B"), other="yes"),
    "t3": Field("t3", "text", values=("yes", "No"), other="yes"),
    "stage": Field("stage", "text", values=("contact", "lead", "opportunity", "customer")),
}
KNOWN = {name: KnownField.of(field) for name, field in PLAIN.items()}
DERIVED = {
    "silent": Field("silent", "number", derived=parse_days("days_since(d1)", KNOWN)),
    "both": Field("both", "flag", derived=parse_condition("f1 or n1 > 1 and t1 is not null", KNOWN).tree),
}
KNOWN |= {"silent": KnownField("number"), "both": KnownField("flag")}
DERIVED["late"] = Field("late", "flag", derived=parse_condition("silent > 30 or both", KNOWN).tree)
KNOWN |= {"late": KnownField("flag")}
DERIVED["c1__a"] = Field("c1__a", "flag", derived=parse_condition("has(c1, 'a')", KNOWN).tree, choice_of="c1")
KNOWN |= {"c1__a": KnownField("flag")}
STAGES = ("contact", "lead", "opportunity", "customer")


def quoted(text: str) -> str:
    """A text as a literal of the condition language."""
    return "'" + text.replace("'", "''") + "'"


def _literal(field: str) -> st.SearchStrategy[str]:
    known = KNOWN[field]
    if known.kind == "number":
        return st.sampled_from(NUMBERS).map(repr)
    if known.kind == "text":
        return st.sampled_from(
            known.values or [text for text in TEXTS if text.isprintable() and text == strip(text)]
        ).map(quoted)
    if known.kind == "flag":
        return st.sampled_from(["true", "false"])
    return st.sampled_from([day for day in DAYS]).map(lambda day: f"date '{day.isoformat()}'")


@st.composite
def leaves(draw: st.DrawFn) -> str:
    """The text of a condition without and, or, not."""
    field = draw(st.sampled_from(list(KNOWN)))
    kind: Any = KNOWN[field].kind
    shapes = ["null", "has"] if kind == "choices" else ["null", "in", "="]
    own = {"number": ["<", "between", "field"], "flag": ["truth", "is"], "date": ["<", "days"]}
    shapes += own.get(kind, ["search", "text field"] if kind == "text" else [])
    shape = draw(st.sampled_from(shapes))
    if shape == "null":
        return f"{field} is {draw(st.sampled_from(['', 'not ']))}null"
    if shape == "has":
        choices = KNOWN[field].values or CHOICES
        return f"has({field}, {quoted(draw(st.sampled_from(choices)))})"
    if shape == "in":
        items = draw(st.lists(_literal(field), min_size=1, max_size=3)) + draw(st.sampled_from([[], [], ["null"]]))
        return f"{field} {draw(st.sampled_from(['', 'not ']))}in ({', '.join(items)})"
    if shape == "=":
        return f"{field} {draw(st.sampled_from(['=', '<>']))} {draw(_literal(field))}"
    if shape == "<":
        return f"{field} {draw(st.sampled_from(['<', '<=', '>', '>=']))} {draw(_literal(field))}"
    if shape == "between":
        low, high = sorted(draw(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS))))
        return f"{field} between {low!r} and {high!r}"
    if shape == "field":
        other = draw(st.sampled_from(["n1", "n2", "silent"]))
        return f"{field} {draw(st.sampled_from(['=', '<', '>=']))} {other}"
    if shape == "text field":
        return f"{field} {draw(st.sampled_from(['=', '<>']))} {draw(st.sampled_from(['t1', 't2', 't3', 't4']))}"
    if shape == "search":
        way = draw(st.sampled_from(["contains", "contains_word", "starts_with", "ends_with"]))
        return f"{way}({field}, {quoted(draw(st.sampled_from(SEARCHED)).strip() or 'a')})"
    if shape == "is":
        return f"{field} is {draw(st.sampled_from(['', 'not ']))}{draw(st.sampled_from(['true', 'false']))}"
    if shape == "truth":
        return field
    way = draw(st.sampled_from(["days_since", "days_until"]))
    return f"{way}({field}) {draw(st.sampled_from(['<', '>=', '=']))} {draw(st.sampled_from([0, 1, -1, 14, 365]))}"


CONDITIONS = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        inner.map(lambda condition: f"not ({condition})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
    ),
    max_leaves=5,
)
POINTS = st.integers(-1000, 1000).filter(bool)
SMALL = st.integers(-80, 80)
ERRORS = st.integers(0, 60) | st.sampled_from(
    [1, 12_345, 999_983, 1_000_000]
)  # tenths; the last is the largest allowed


@st.composite
def bins_of(draw: st.DrawFn, field: str) -> Bins:
    """Random bins of a field, edges at the awkward values."""
    kind = KNOWN[field].kind
    if kind == "number":
        edges = draw(st.lists(st.sampled_from([*NUMBERS, 14.0, 30.0]), max_size=20, unique=True))
        return NumberBins(tuple(sorted(dict.fromkeys(edges))))
    if kind == "text":
        return TextBins(tuple(draw(st.lists(st.sampled_from(KNOWN[field].values or TEXTS), max_size=5, unique=True))))
    return FlagBins()


def some_bins(size: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Some of so many bins, ascending: neither none nor all."""
    return st.sets(st.integers(0, size - 1), min_size=1, max_size=size - 1).map(sorted).map(tuple)


@st.composite
def trees(
    draw: st.DrawFn, sizes: dict[str, int], points: st.SearchStrategy[int], fields: tuple[str, ...] = (), depth: int = 4
) -> Branch | Leaf:
    """A random small tree over fields with so many bins; it asks `fields` first, one after the other."""
    if not depth or (not fields and draw(st.booleans())):
        return Leaf(draw(points), draw(st.integers(0, 50)))
    field = fields[0] if fields else draw(st.sampled_from(sorted(sizes)))
    then, otherwise = draw(trees(sizes, points, fields[1:], depth - 1)), draw(trees(sizes, points, (), depth - 1))
    if draw(st.booleans()):
        then, otherwise = otherwise, then
    return Branch(field, draw(some_bins(sizes[field])), then, otherwise)


@st.composite
def combinations(
    draw: st.DrawFn, bins: dict[str, Bins], points: st.SearchStrategy[int], errors: st.SearchStrategy[int]
) -> Combination:
    """A random combination of some fields, each asked by one of its trees at least."""
    sizes = {name: len(axis) for name, axis in bins.items()}
    chosen: list[Branch] = []
    while idle := tuple(name for name in bins if not any(name in find_branch_fields(node) for node in chosen)):
        # The first tree asks as many as it may, or only one, so that trees differ in what they ask.
        tree = draw(trees(sizes, points, idle[: draw(st.integers(1, 4))]))
        assert isinstance(tree, Branch)
        chosen.append(tree)
    return Combination(tuple(bins), tuple(bins.values()), tuple(chosen), draw(errors))


@st.composite
def terms(draw: st.DrawFn) -> tuple[Term, ...]:
    """Random tables, pairs and combinations, each over different fields, with errors or without."""
    learnable = ["n1", "n2", "t1", "t2", "t3", "f1", "class", "silent", "both", "c1__a"]
    chosen: list[Term] = []

    def errors(length: int) -> tuple[int, ...]:
        return draw(st.tuples(*[ERRORS] * length)) if draw(st.booleans()) else ()

    for name in draw(st.lists(st.sampled_from(learnable), max_size=4, unique=True)):
        bins = draw(bins_of(name))
        points = draw(st.tuples(*[SMALL] * len(bins)))
        counts = draw(st.tuples(*[st.integers(0, 50)] * len(bins)))
        chosen.append(Table(name, bins, points, counts, errors(len(bins))))
    couples = st.lists(st.sampled_from(learnable), min_size=2, max_size=2, unique=True).map(sorted).map(tuple)
    for first, second in draw(st.lists(couples, max_size=2, unique=True)):
        rows, columns = draw(bins_of(first)), draw(bins_of(second))
        line = st.tuples(*[SMALL] * len(columns))
        cells = draw(st.tuples(*[line] * len(rows)))
        wide = errors(len(rows) * len(columns))
        lines = tuple(wide[i : i + len(columns)] for i in range(0, len(wide), len(columns)))
        chosen.append(Pair((first, second), (rows, columns), cells, cells, lines))
    several = st.lists(st.sampled_from(learnable), min_size=3, max_size=4, unique=True).map(sorted).map(tuple)
    for names in draw(st.lists(several, max_size=2, unique=True)):
        bins_by_field = {name: draw(bins_of(name)) for name in names}
        chosen.append(draw(combinations(bins_by_field, SMALL, st.just(0) | ERRORS)))
    return tuple(chosen)


@st.composite
def percentiles(draw: st.DrawFn) -> tuple[int, ...]:
    """The steps of a lead's place among others: none, many alike, or all different."""
    few = sorted(draw(st.lists(st.integers(-300, 1200), max_size=6)))
    if len(few) < 2:
        return tuple(range(few[0], few[0] + 7 * MOST_PERCENT, 7)) if few else ()
    return tuple(few[place * len(few) // MOST_PERCENT] for place in range(MOST_PERCENT))


@st.composite
def scorecards(draw: st.DrawFn) -> Scorecard:
    """A random card with rules, groups, decay, criteria, exclusions and stages, and random learned parts."""
    groups = (
        Group("capped", draw(st.none() | st.integers(0, 500)), draw(st.none() | st.integers(-500, 0))),
        Group("best", draw(st.none() | st.integers(0, 500)), draw(st.none() | st.integers(-500, 0)), best_of=True),
    )
    fades = st.builds(HalfLife, st.sampled_from([1, 7, 14, 90]), st.sampled_from(["d1", "d2"]))
    rules = tuple(
        Rule(
            f"r{number}",
            parse_condition(draw(CONDITIONS), KNOWN),
            draw(POINTS),
            reason=f"Rule {number}",
            half_life=draw(st.none() | fades),
            group=draw(st.sampled_from(["", "", "capped", "best"])),
        )
        for number in range(draw(st.integers(0, 6)))
    )
    criteria = tuple(Criterion(f"c{number}", parse_condition(draw(CONDITIONS), KNOWN)) for number in range(3))
    exclude = tuple(
        Exclusion(f"x{number}", parse_condition(draw(CONDITIONS), KNOWN), "Never")
        for number in range(draw(st.integers(0, 2)))
    )
    needs = st.lists(st.sampled_from([criterion.name for criterion in criteria]), max_size=2, unique=True).map(tuple)
    lines = st.none() | st.integers(300, 900)
    stages = (
        Stage("contact"),
        Stage("lead", draw(needs), draw(lines)),
        Stage("opportunity", draw(needs), draw(lines), draw(st.none() | st.just(0.7))),
        Stage("customer"),
    )
    card = Card(
        name="random",
        fields=PLAIN | DERIVED,
        criteria=criteria,
        groups=groups,
        rules=rules,
        exclude=exclude,
        stages=stages,
        grades=(("A", 700), ("B", 500)),
        below="C",
        missing=("n/a", "Select"),
    )
    closed = draw(st.sampled_from([Threshold(), Threshold(650), Threshold(None, closed="No line can promise it.")]))
    learned = Learned(
        base_rate=draw(st.sampled_from([None, 0.1, 0.5])),
        start=draw(st.integers(0, 900)),
        trust=draw(st.sampled_from([0.0, 0.37, 0.5, 1.0])),
        terms=draw(terms()),
        thresholds=draw(st.sampled_from([{}, {"opportunity": closed}])),
        percentiles=draw(percentiles()),
    )
    return Scorecard(card, learned)


@st.composite
def scorecards_with_axes(draw: st.DrawFn) -> Scorecard:
    """A random card with axes: fields, rules and groups on either, learned terms that don't span both, and stages that
    ask for grades of them.
    """
    scorecard = draw(scorecards())
    names = st.sampled_from(AXES)
    cuts = st.lists(st.integers(-60, 120), min_size=1, max_size=3, unique=True).map(lambda cuts: sorted(cuts)[::-1])
    shares = st.sampled_from([0.0, 0.3, 0.5, 0.999, 1.0])
    axes: dict[AxisName, Axis] = {
        "fit": Axis(tuple(zip("ABC", draw(cuts), strict=False)), "D", draw(shares)),
        "engagement": Axis(tuple(zip("123", draw(cuts), strict=False)), "4", draw(shares)),
    }
    of_fields = {name: draw(names) for name in scorecard.card.fields}
    of_groups = {group.name: draw(names) for group in scorecard.card.groups}
    demands = st.sampled_from([AxisDemand(axis, grade, cut) for axis in AXES for grade, cut in axes[axis].grades])
    card = replace(
        scorecard.card,
        axes=axes,
        fields={name: replace(field, axis=of_fields[name]) for name, field in scorecard.card.fields.items()},
        groups=tuple(replace(group, axis=of_groups[group.name]) for group in scorecard.card.groups),
        rules=tuple(
            replace(rule, axis=of_groups[rule.group] if rule.group else draw(names)) for rule in scorecard.card.rules
        ),
        stages=tuple(
            replace(stage, demands=tuple(draw(st.lists(demands, max_size=2, unique=True))))
            if stage.name in ("lead", "opportunity")
            else stage
            for stage in scorecard.card.stages
        ),
        segment=draw(st.sampled_from(["", "t2"])),
    )
    terms = tuple(term for term in scorecard.learned.terms if _is_of_one_axis(card, term))
    return Scorecard(card, replace(scorecard.learned, terms=terms))


def _is_of_one_axis(card: Card, term: Term) -> bool:
    return len({card.fields[name].axis for name in term.fields if name != card.segment}) < 2


@st.composite
def scorecards_with_steps(draw: st.DrawFn) -> Scorecard:
    """A random card of which one to three steps up to a sale were learned, one of them by its rate alone."""
    scorecard = draw(scorecards() | scorecards_with_axes())
    earlier = draw(st.sampled_from([(), ("opportunity",), ("lead", "opportunity")]))
    rates, trusts = st.sampled_from([None, 0.02, 0.3, 0.6]), st.sampled_from([0.0, 0.37, 1.0])
    steps = {"customer": Learned(draw(rates), trust=0.0)}
    of_one_axis = tuple(term for term in draw(terms()) if _is_of_one_axis(scorecard.card, term))
    learned = Learned(draw(rates), draw(st.integers(0, 900)), draw(trusts), of_one_axis)
    steps = dict.fromkeys(earlier, learned) | steps
    amount = draw(st.sampled_from(["", "n1", "n2"]))
    transitions = tuple(Transition(stage, f"{stage}_on", 60) for stage in steps)
    card = replace(scorecard.card, steps=transitions, amount=amount)
    return Scorecard(card, replace(scorecard.learned, steps=steps))


def values_of(field: str) -> st.SearchStrategy[object]:
    """Typed values of a plain field: missing, the awkward ones, any other."""
    kind, values = KNOWN[field].kind, KNOWN[field].values
    values_there: st.SearchStrategy[Any]
    if kind == "number":
        values_there = st.sampled_from([*NUMBERS, float("nan"), float("inf"), float("-inf"), 14.0, 30.0]) | st.floats()
    elif kind == "text":
        plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
        values_there = st.sampled_from(values) if values else st.sampled_from(["", " ", *TEXTS, *FORMS]) | plain
    elif kind == "flag":
        values_there = st.booleans()
    elif kind == "choices":
        several = st.lists(st.sampled_from([*values, *CHOICES]), max_size=4)
        values_there = several.map(KNOWN[field].separator.join)
    else:
        values_there = st.sampled_from(DAYS) | st.dates()
    return st.none() | values_there


LEADS = st.fixed_dictionaries({name: values_of(name) for name in PLAIN})

# What looks like a number, or like two; and fields that say in every way how their numbers are written.
NUMBER_LIKE = st.text(alphabet=list("0123456789" * 2 + ".,.,  '’+-€%k()eE\u00a0"), max_size=14) | st.from_regex(
    r"[+-]?[1-9]?[0-9]{1,2}([.,][0-9]{3}){1,2}([.,][0-9]{1,3})?", fullmatch=True
)
FORMATS = ("", "1.234,56", "1,234.56", "€1.234,56", "25%", "25k", "(1,234)", "(€1,234.56k)", "1 234,56 kr")
NUMBER_FIELDS = {
    f"f{at}": Field(f"f{at}", "number", number_format=parse_number_format(sample)) for at, sample in enumerate(FORMATS)
}
NUMBER_TEXTS = [
    "1e3",
    " 12 ",
    "1_000",
    "0x10",
    "+5",
    ".5",
    "5.",
    "-0",
    "1e999",
    "1e-999",
    "nan",
    "NaN",
    "inf",
    "1,000",
    "٣",
    "1e",
    "--1",
    "+-8",
    "1d",
]
NUMBER_TEXTS += [
    "0.1",
    "123456789012345678901234567890.123",
    "2.2250738585072011e-308",
    "9007199254740993",
    "\t7\n",
    "1 000",
    "25.000",
    "25.000,00",
    "1,234,567",
    "12,5",
    "1\u202f234,5",
    "1e+05",
    "\u00a05",
]
DATE_TEXTS = [
    "2026-02-30",
    "2026-11-24T10:00:00Z",
    "2026-11-24T23:30:00-02:00",
    "2026-11-24 01:30+0200",
    "0001-01-01",
    "9999-12-31",
]
DATE_TEXTS += [
    "0000-01-01",
    "10000-01-01",
    "2026-1-2",
    "9999-12-31T23:00-05",
    "0001-01-01 01:00+02",
    "2026-11-24T25:00",
    "24.11.2026",
]
DATE_TEXTS += [
    "2026-11-24T10:00:00.123456789+05:30",
    "2026-11-24T10:00 Z",
    "infinity",
    "epoch",
    "2026-11-24T10:00:60Z",
    "2026-11-24\n",
]
FLAG_TEXTS = ["yes", "NO", "t", "F", "1", "0", "on", "Off", "maybe", "2", "TRUE ", "y", "n", "x"]
CHOICE_TEXTS = [
    "a;b",
    " B ;a;;A",
    "yes,NO , it's",
    "yes,none",
    "none",
    ";;",
    "[]",
    '["yes", "a"]',
    '["a;b"]',
    '["a,b"]',
    '[1,null,"\\u00c9","\\n"]',
    "['a']",
    "[",
    "a;n/a",
    "\t;a\n",
    "\\;$1;&",
    "a\x1fb",
]
ABSENT_TEXTS = ["", " ", "n/a", "N/A", "select", "\t\n"]


def raw_texts_of(field: str) -> st.SearchStrategy[str | None]:
    """Raw texts of a plain field, as a list holds them."""
    kind, values = str(KNOWN[field].kind), KNOWN[field].values
    texts = {
        **{"number": NUMBER_TEXTS, "date": DATE_TEXTS, "flag": FLAG_TEXTS},
        **{"text": [*TEXTS, *FORMS, *values, "YES", "nO", "\u00a0Yes"], "choices": [*CHOICE_TEXTS, *FORMS, *values]},
    }[kind]
    free = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    digits = st.text("0123456789+-.eE_ ", max_size=8)
    days = st.text("0123456789-:TZ+ ", min_size=8, max_size=18)
    return st.one_of(
        st.none(), st.sampled_from(texts), st.sampled_from(texts), st.sampled_from(ABSENT_TEXTS), free, digits, days
    )


RAW_LEADS = st.fixed_dictionaries({name: raw_texts_of(name) for name in PLAIN})
