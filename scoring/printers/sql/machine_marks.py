"""The shipped rule for mail scanners in SQL, as `scoring/events/machines.py` has it: which events a program sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadledger.scoring.events.systems import MachineSigns, read_machine_signs
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql.event_members import KIND, LEAD_KEY
from leadledger.scoring.printers.sql.event_properties import PropertyPrinter, RootKind
from leadledger.scoring.printers.sql.event_times import INSTANT
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.text_forms import fold, letters_of

KEPT, MACHINE = "ll:kept", "ll:machine"
_MAIL, _LINK, _LINKS, _OF, _FIRST = "mk:mail", "mk:link", "mk:links", "mk:of", "mk:first"
_MICROSECONDS = 1_000_000
_TEXTS = ("text", "id", "choices")


@dataclass(frozen=True)
class _Signs:
    """The properties of one kind by which the rule knows machines; empty: it has none."""

    root: RootKind
    agent: str
    method: str
    mail: str
    link: str
    links: str
    delay: str

    @classmethod
    def of(cls, root: RootKind, signs: MachineSigns) -> _Signs:
        """Those that a kind has."""
        fields = root.fields
        numbers = {name: field for name, field in fields.items() if field.kind == "number"}

        def find(names: Sequence[str], among: Mapping[str, Field]) -> str:
            return next((name for name in names if name in among), "")

        return cls(
            root,
            find(signs.agent, fields),
            find(signs.method, fields),
            find(signs.mail, fields),
            find(signs.link, fields),
            find(signs.links, numbers),
            find(signs.delay, numbers),
        )


class MachinePrinter:
    """The SQL of the marks of machines, over typed properties."""

    def __init__(self, properties: PropertyPrinter) -> None:
        self.properties, self.dialect, self.read = properties, properties.dialect, properties.read
        self.rule = read_machine_signs()
        scanned = [root for root in properties.roots if properties.card.events[root.name].spots_scanners]
        self.signs = [_Signs.of(root, self.rule) for root in scanned]
        self.mails = [signs for signs in self.signs if signs.mail and signs.link]

    @property
    def mail_kinds(self) -> tuple[str, ...]:
        """The kinds whose events are compared with others of one mail."""
        return tuple(signs.root.name for signs in self.mails)

    @property
    def reach(self) -> int:
        """How near two events of one mail are, in microseconds, of which the comparison may mark any of that mail."""
        seconds = self.rule.run_seconds if any(signs.links for signs in self.mails) else self.rule.seconds
        return seconds * _MICROSECONDS

    def steps(self, *, of_mails: bool = True) -> Iterator[Step]:
        """The steps to MACHINE; they read KEPT, and compare only events that are kept.

        `of_mails`: there may be events of `mail_kinds` among them, which are compared with each other.
        """
        agents = [
            StepColumn(f"ag:{signs.root.name}/{name}", self._folded(signs, name))
            for signs in self.signs
            for name in (signs.agent, signs.method)
            if self._is_text(signs, name)
        ]
        yield Step("agents", "the programs that sent events, folded", agents)
        marks = [*self.properties.declared_machine(), *(mark for signs in self.signs for mark in self._alone(signs))]
        if not self.mails or not of_mails:
            yield Step("marked", "events of machines", [StepColumn(MACHINE, self._any(marks))])
            return
        yield Step("mailed", "clicks on links of mails", [*self._mail_columns()])
        of_mail = ", ".join(map(self.dialect.name, (LEAD_KEY, _OF, _MAIL)))
        reads = frozenset((LEAD_KEY, _OF, _MAIL, _LINK, INSTANT))
        near = self.rule.seconds * _MICROSECONDS
        link, instant = self.dialect.name(_LINK), self.dialect.name(INSTANT)
        frame = f"PARTITION BY {of_mail} ORDER BY {instant} RANGE BETWEEN {near} PRECEDING AND {near} FOLLOWING"
        added = [
            StepColumn("mk:low", Expression(f"min({link}) OVER ({frame})", reads)),
            StepColumn("mk:high", Expression(f"max({link}) OVER ({frame})", reads)),
        ]
        if any(signs.links for signs in self.mails):
            first = f"min({instant}) OVER (PARTITION BY {of_mail}, {link})"
            rank = f"dense_rank() OVER (PARTITION BY {of_mail} ORDER BY {link})"
            added += [StepColumn(_FIRST, Expression(first, reads)), StepColumn("mk:rank", Expression(rank, reads))]
        yield Step("followed_soon", "links of one mail that were followed within seconds", added)
        is_followed = write("{} IS NOT NULL", self.read(_OF))
        marks.append(write("{} AND coalesce({} <> {}, FALSE)", is_followed, self.read("mk:low"), self.read("mk:high")))
        if any(signs.links for signs in self.mails):
            yield from self._run_step(of_mail)
            marks.append(write("{} AND coalesce({}, FALSE)", is_followed, self._is_run()))
        yield Step("marked", "events of machines", [StepColumn(MACHINE, self._any(marks))])

    def _any(self, marks: Sequence[Expression]) -> Expression:
        kept = self.read(KEPT)
        if not marks:
            return Expression("FALSE")
        return write("{} AND ({})", kept, join(" OR ", [write("({})", mark) for mark in marks]))

    def _is_text(self, signs: _Signs, name: str) -> bool:
        return bool(name) and signs.root.fields[name].kind in _TEXTS

    def _folded(self, signs: _Signs, name: str) -> Expression:
        words = self.rule.agents if name == signs.agent else self.rule.methods
        letters = letters_of(frozenset(map(fold, words)), parts=name == signs.agent)
        return spell(self.dialect.fold, self.read(signs.root.field(name)), letters)

    def _alone(self, signs: _Signs) -> Iterator[Expression]:
        """Whether an event is one of a program by what it tells itself."""
        of_kind = write("{} = {}", self.read(KIND), self.dialect.text(signs.root.name))
        if self._is_text(signs, signs.agent):
            agent = self.read(f"ag:{signs.root.name}/{signs.agent}")
            parts = [
                spell(self.dialect.search, "contains", agent, self.dialect.text(fold(part)))
                for part in self.rule.agents
            ]
            yield write("CASE WHEN {} THEN coalesce({}, FALSE) ELSE FALSE END", of_kind, join(" OR ", parts))
        if self._is_text(signs, signs.method):
            method = self.read(f"ag:{signs.root.name}/{signs.method}")
            listed = ", ".join(map(self.dialect.text, self.rule.methods))
            yield write("{} AND coalesce({} IN ({}), FALSE)", of_kind, method, listed)
        if signs.delay:
            delay, most = (
                self.read(signs.root.field(signs.delay)),
                self.dialect.number(float(self.rule.delivery_seconds)),
            )
            yield write("{} AND coalesce({} <= {}, FALSE)", of_kind, delay, most)

    def _mail_columns(self) -> Iterator[StepColumn]:
        """Of an event that followed a link: its kind (NULL: it is none), its mail, its link, the links of the mail."""
        varchar, text = self.dialect.types["VARCHAR"], self.dialect.text
        followed, mails, links, counts = [], [], [], []
        for signs in self.mails:
            kind = text(signs.root.name)
            mail, link = (self.read(signs.root.field(name)) for name in (signs.mail, signs.link))
            there = write("{} IS NOT NULL AND {} IS NOT NULL AND {} IS NOT NULL", mail, link, self.read(INSTANT))
            followed.append(
                write(" WHEN {} AND {} = {} AND {} THEN {}", self.read(KEPT), self.read(KIND), kind, there, kind)
            )
            mails.append(write(" WHEN {} THEN CAST({} AS {})", kind, mail, varchar))
            links.append(write(" WHEN {} THEN CAST({} AS {})", kind, link, varchar))
            if signs.links:
                counts.append(write(" WHEN {} THEN {}", kind, self.read(signs.root.field(signs.links))))
        yield StepColumn(_OF, write("CASE{} END", join("", followed)))
        yield StepColumn(_MAIL, write("CASE {}{} END", self.read(KIND), join("", mails)))
        yield StepColumn(_LINK, write("CASE {}{} END", self.read(KIND), join("", links)))
        if counts:
            yield StepColumn(_LINKS, write("CASE {}{} END", self.read(KIND), join("", counts)))

    def _run_step(self, of_mail: str) -> Iterator[Step]:
        reads = frozenset((LEAD_KEY, _OF, _MAIL, _FIRST, _LINKS, "mk:rank"))
        first, links, rank = map(self.dialect.name, (_FIRST, _LINKS, "mk:rank"))
        over = f"OVER (PARTITION BY {of_mail})"
        yield Step(
            "followed_all",
            "mails of which every link was followed",
            [
                StepColumn("mk:span", Expression(f"max({first}) {over} - min({first}) {over}", reads)),
                StepColumn("mk:most", Expression(f"max({links}) {over}", reads)),
                StepColumn("mk:seen", Expression(f"max({rank}) {over}", reads)),
            ],
        )

    def _is_run(self) -> Expression:
        """Whether an event is the first on its link, and all links of its mail were followed soon after each other."""
        return write(
            "{} = {} AND {} <= {} AND {} >= {} AND {} >= {}",
            *(self.read(INSTANT), self.read(_FIRST), self.read("mk:span"), self.rule.run_seconds * _MICROSECONDS),
            *(self.read("mk:most"), self.dialect.number(float(self.rule.fewest_links))),
            *(self.read("mk:seen"), self.read("mk:most")),
        )
