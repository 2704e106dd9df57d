"""The charts of the report: records in, inline SVG out.

Drawn by Matplotlib, in the colours of Okabe and Ito that the colour-blind can tell apart; never by colour alone, for
shape, side or a label says the same, so that a print in grey can be read too. Texts stay texts. The same records give
the same bytes: ids come from a salt, and there is no date in a picture.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from leadledger.scoring.lookup import Pair, Table
from leadledger.scoring.result import signed

BLUE, RED, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#E69F00", "#8a8a8a", "#222222"
WIDTH = 4.4  # inches; two charts stand side by side on a screen and on paper, one on a phone
SIDES = LinearSegmentedColormap.from_list("sides", [RED, "#ffffff", BLUE])
SHADES = 8  # of a heat map, on either side of none
LETTER = 0.073  # inches that a letter takes, on average
LONGEST = 26  # letters of a label
MOST_ENTRIES = 14  # of a ledger, drawn each by itself
SETTINGS: Any = {  # Matplotlib types its keys one by one
    "svg.fonttype": "none",
    "text.parse_math": False,  # a level named `$x$` is a name, not a formula
    "font.family": "DejaVu Sans",  # comes with Matplotlib, so places don't hang on the machine's fonts
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.axisbelow": True,
    "lines.linewidth": 1.5,
}


@dataclass(frozen=True)
class Chart:
    """A picture as an inline element, and whether it needs the whole width of a page."""

    svg: Markup
    wide: bool


def gain(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """`lift` records: the share of all opportunities that a share of the leads holds."""
    with _drawing(WIDTH, 3.2) as figure:
        axes = _axes(figure, 0.7, 0.55, right=0.3)
        axes.plot([0, 1], [0, 1], "--", color=GREY)
        axes.text(0.62, 0.55, "taken blindly", color=INK, ha="left", va="top")
        axes.plot([0, *(one["share"] for one in records)], [0, *(one["found"] for one in records)], "-o", ms=4, c=BLUE)
        axes.set(xlim=(0, 1), ylim=(0, 1.03), xlabel="best leads by score, of all leads", ylabel="opportunities found")
        _percents(axes.xaxis, axes.yaxis)
        _grid(axes)
        return _svg(figure, alt)


def lift(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """`lift` records: how many times more opportunities a share of the leads holds than chance would give it."""
    with _drawing(WIDTH, 3.2) as figure:
        axes = _axes(figure, 0.7, 0.55)
        axes.axhline(1, ls="--", color=GREY)
        axes.text(0.02, 1.0, "taken blindly", color=INK, ha="left", va="bottom", transform=axes.get_yaxis_transform())
        axes.plot([one["share"] for one in records], [one["lift"] for one in records], "-o", ms=4, c=BLUE)
        axes.set(xlim=(0, 1.02), xlabel="best leads by score, of all leads", ylabel="times as many as by chance")
        axes.set_ylim(bottom=0)
        _percents(axes.xaxis)
        _grid(axes)
        return _svg(figure, alt)


def reliability(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """What came against what was foreseen, with limits; the axes are stretched near 0, where most leads are."""
    with _drawing(WIDTH, 3.6) as figure:
        axes = _axes(figure, 0.7, 0.55)
        top = min(1.0, 1.05 * max(max(one["high"], one["foreseen"]) for one in records))
        axes.set_xscale("function", functions=(_root, _square))
        axes.set_yscale("function", functions=(_root, _square))
        axes.plot([0, top], [0, top], "--", color=GREY)
        _whiskers(axes, [one["foreseen"] for one in records], records, BLUE, "o")
        ticks = [tick for tick in (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1) if tick <= top]
        axes.set(xlim=(0, top), ylim=(0, top), xticks=ticks, yticks=ticks)
        axes.set(xlabel="foreseen", ylabel="came (bars: 95% limits)")
        _percents(axes.xaxis, axes.yaxis)
        _grid(axes)
        return _svg(figure, alt)


def volume(records: Sequence[Mapping[str, Any]], asked: float | None, line: float | None, alt: str) -> Chart:
    """`precision_by_volume` records of a stage: which share of the promoted is won, the more are promoted."""
    with _drawing(WIDTH, 3.4) as figure:
        axes = _axes(figure, 0.7, 0.55)
        leads = [one["leads"] for one in records]
        axes.fill_between(leads, [one["low"] for one in records], [one["high"] for one in records], color="#cfe3f1")
        axes.plot(leads, [one["precision"] for one in records], "-o", ms=3, c=BLUE)
        end = max(leads)
        if asked is not None:
            axes.axhline(asked, ls="--", color=INK, lw=1)
            axes.text(end, asked, "asked for", ha="right", va="bottom")
        chosen = [one for one in records if line is not None and one["points"] >= line]
        if chosen:
            last = max(chosen, key=lambda one: one["leads"])
            axes.axvline(last["leads"], ls=":", color=RED)
            axes.plot([last["leads"]], [last["precision"]], "D", ms=7, c=RED)
            right = last["leads"] > end / 2
            side: dict[str, Any] = {"ha": "right" if right else "left", "va": "bottom"}
            axes.text(last["leads"], 0.02, " promotion line ", transform=axes.get_xaxis_transform(), **side)
        axes.set(xlim=(0, end * 1.03), ylim=(0, 1.03), xlabel="held-out leads promoted", ylabel="of them won")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        _percents(axes.yaxis)
        _grid(axes)
        return _svg(figure, alt)


def months(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """`by_month` records: what was foreseen and what came, above the leads of each month."""
    with _drawing(WIDTH if len(records) <= 14 else 2 * WIDTH, 3.6) as figure:
        axes = _axes(figure, 0.7, 1.35, top=0.35)
        below = _axes(figure, 0.7, 0.4, top=2.55)
        at = list(range(len(records)))
        axes.plot(at, [one["foreseen"] for one in records], "-", c=ORANGE, lw=2, label="foreseen")
        for held, colour, mark, words in ((False, GREY, "s", "came, older leads"), (True, BLUE, "o", "came, held out")):
            part = [i for i in at if records[i]["held_out"] == held]
            if part:
                _whiskers(axes, part, [records[i] for i in part], colour, mark, label=words)
            below.bar(part, [records[i]["leads"] for i in part], color=colour, width=0.7)
        top = max(max(one["came"], one["foreseen"]) for one in records)
        most = max(one["high"] for one in records)
        axes.set(ylim=(0, min(1.0, most * 1.05, max(top * 1.8, 0.02))), xlim=(-0.6, len(at) - 0.4), xticks=[])
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, fontsize=8, borderpad=0)
        step = math.ceil(len(at) / (6 if len(at) <= 14 else 12))
        below.set(xlim=axes.get_xlim(), xticks=at[::step], ylabel="leads")
        below.set_xticklabels([records[i]["month"] for i in at[::step]])
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        _percents(axes.yaxis)
        _grid(axes)
        return _svg(figure, alt)


def rivals(judged: Mapping[str, Mapping[str, Any]], names: Sequence[str], alt: str) -> Chart:
    """The log-loss of each forecast, a row each; the first is this release."""
    losses = [one["log_loss"] for one in judged.values()]
    with _drawing(WIDTH, 0.8 + 0.3 * len(losses)) as figure:
        axes = _axes(figure, _room(names), 0.55, right=0.55)
        for row, loss in enumerate(losses):
            axes.plot([loss], [row], "D" if row == 0 else "o", ms=8 if row == 0 else 6, c=BLUE if row == 0 else GREY)
            axes.annotate(f"{loss:.4f}", (loss, row), (7, 0), textcoords="offset points", va="center", fontsize=8)
        _rows(axes, names)
        spare = (max(losses) - min(losses)) * 0.15 or 0.01
        axes.set(xlim=(min(losses) - spare, max(losses) + spare), xlabel="log-loss (further left is better)")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        return _svg(figure, alt)


def maturity(curve: Sequence[Mapping[str, Any]], horizon: float | None, alt: str) -> Chart:
    """The share of leads that have become opportunities by a day after they were met, with limits."""
    with _drawing(WIDTH, 3.2) as figure:
        axes = _axes(figure, 0.7, 0.55)
        days = [one["day"] for one in curve]
        last = max([*days, 1])
        end = last if horizon is None else min(last, 4 * horizon)  # what comes later is in the table
        limits = [one["low"] for one in curve], [one["high"] for one in curve]
        axes.fill_between(days, *limits, step="post", color="#cfe3f1")
        axes.step(days, [one["share"] for one in curve], where="post", c=BLUE)
        if horizon is not None:
            axes.axvline(horizon, ls=":", color=RED)
            side = "right" if horizon > end / 2 else "left"
            axes.text(horizon, 0.02, " horizon ", transform=axes.get_xaxis_transform(), ha=side, va="bottom")
        axes.set(xlim=(0, end), xlabel="days since the lead was met", ylabel="became an opportunity")
        axes.set_ylim(bottom=0)
        _percents(axes.yaxis)
        _grid(axes)
        return _svg(figure, alt)


def drift(records: Sequence[Mapping[str, Any]], names: Sequence[str], alt: str) -> Chart:
    """The stability index of the score, fields and rules, a row each, against the two bands."""
    with _drawing(WIDTH, 0.95 + 0.21 * len(records)) as figure:
        axes = _axes(figure, _room(names), 0.55, top=0.28)
        top = max(0.3, *(one["psi"] * 1.08 for one in records))
        for edge, words in ((0.10, "moved"), (0.25, "shifted")):
            axes.axvline(edge, ls="--", color=GREY, lw=1)
            axes.text(edge, 1.0, words, transform=axes.get_xaxis_transform(), ha="left", va="bottom", fontsize=8)
        marks = {"steady": ("o", GREY), "moved": ("s", ORANGE), "shifted": ("D", RED)}
        for row, one in enumerate(records):
            mark, colour = marks.get(one["band"], ("o", GREY))
            axes.plot([0, one["psi"]], [row, row], "-", c=colour, lw=1)
            axes.plot([one["psi"]], [row], mark, ms=5, c=colour)
        _rows(axes, names)
        axes.set(xlim=(-0.02 * top, top), xlabel="population stability index")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        return _svg(figure, alt)


def audit(rules: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """Of each rule, the points that the card declares and, with limits, those that the data support."""
    names = [one["name"].replace("_", " ") for one in rules]
    with _drawing(WIDTH, 0.95 + 0.24 * len(rules)) as figure:
        axes = _axes(figure, _room(names), 0.55, top=0.3)
        _zero(axes)
        for row, one in enumerate(rules):
            if one["supported"] is not None:
                low, high = one["supported_low"], one["supported_high"]
                if low is not None and high is not None:
                    axes.plot([low, high], [row, row], "-", c=BLUE, lw=1)
                axes.plot([one["supported"]], [row], "o", ms=5, c=BLUE, label="supported")
            axes.plot([one["declared"]], [row], "D", ms=5, mfc="white", mec=RED, label="declared")
        _rows(axes, names)
        handles, labels = axes.get_legend_handles_labels()
        both = dict(zip(labels, handles, strict=True))
        words = {"supported": "what the data support", "declared": "what the card declares"}
        found = [both[name] for name in words if name in both]
        told = [words[name] for name in words if name in both]
        place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0}
        axes.legend(found, told, ncols=2, frameon=False, fontsize=8, **place)
        most = max(
            (abs(one[key]) for one in rules for key in ("declared", "supported") if one[key] is not None), default=1
        )
        # One rule that fired twice must not squeeze all others: a limit may leave the picture, the table has it.
        axes.set(xlim=(-1.6 * most - 1, 1.6 * most + 1), xlabel="points")
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(_points))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        return _svg(figure, alt)


def table(term: Table, alt: str) -> Chart:
    """The points of each bin with their standard errors, and beside them how many leads fell in it."""
    names = term.bins.labels
    with _drawing(WIDTH, 0.85 + 0.215 * len(names)) as figure:
        left = _room(names)
        middle = left + (WIDTH - left) * 0.62
        axes = _axes(figure, left, 0.5, right=WIDTH - middle, top=0.1)
        beside = _axes(figure, middle + 0.12, 0.5, right=0.1 + 0.065 * len(f"{max(term.counts):,}"), top=0.1)
        points = [one / 10 for one in term.points]
        errors = [one / 10 for one in term.errors] if term.errors else [0.0] * len(points)
        _zero(axes)
        colours = [BLUE if point >= 0 else RED for point in points]
        axes.hlines(range(len(names)), 0, points, colors=colours, lw=1, alpha=0.5)
        bars = [(row, points[row], errors[row]) for row, count in enumerate(term.counts) if count and errors[row]]
        if bars:
            at, middles, halves = zip(*bars, strict=True)
            axes.errorbar(middles, at, xerr=halves, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
        for gains, some in ((True, True), (True, False), (False, True), (False, False)):
            part = [i for i, count in enumerate(term.counts) if (points[i] >= 0, count > 0) == (gains, some)]
            colour = BLUE if gains else RED
            style: dict[str, Any] = {"ms": 5, "mec": colour, "mfc": colour if some else "white"}
            axes.plot([points[i] for i in part], part, "o" if gains else "s", **style)
        _rows(axes, names)
        reach = max(max(abs(point) + error for point, error in zip(points, errors, strict=True)), 1.0) * 1.12
        axes.set(xlim=(-reach, reach), xlabel="points")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(_points))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        beside.barh(range(len(names)), term.counts, color="#c4c4c4", height=0.62)
        for row, count in enumerate(term.counts):
            beside.annotate(f"{count:,}", (count, row), (2, 0), textcoords="offset points", va="center", fontsize=7.5)
        beside.set(ylim=axes.get_ylim(), yticks=[], xticks=[], xlim=(0, max([*term.counts, 1])), xlabel="leads")
        beside.spines["bottom"].set_visible(False)
        return _svg(figure, alt)


def pair(term: Pair, titles: tuple[str, str], alt: str) -> Chart:
    """The points of two fields together as a heat map; in each cell the points, and below them the leads."""
    rows, columns = (_short_all(bins.labels) for bins in term.bins)
    left, high = _room(rows) + 0.25, 0.45 + max(len(one) for one in columns) * LETTER * 0.72
    width = max(WIDTH, left + 0.55 * len(columns) + 0.5)
    with _drawing(width, high + 0.36 * len(rows) + 0.1) as figure:
        axes = _axes(figure, left, 0.1, right=0.5, top=high)
        reach = max(max(abs(one) for row in term.points for one in row), 10)
        shades: dict[int, list[Path]] = {}
        for i, (points, counts) in enumerate(zip(term.points, term.counts, strict=True)):
            for j, (point, count) in enumerate(zip(points, counts, strict=True)):
                shades.setdefault(round(SHADES * point / reach) if count else 0, []).append(_cell(j, i))
                words = f"{signed(point)}\n{count:,}" if count else f"{signed(point)}\nnone"
                axes.text(j, i, words, ha="center", va="center", fontsize=7, color=INK if count else GREY)
        for shade, cells in shades.items():  # one path a shade, for a page of a thousand cells to stay small
            colour = SIDES(0.5 + 0.375 * shade / SHADES)
            axes.add_patch(PathPatch(Path.make_compound_path(*cells), fc=colour, ec="#bbbbbb", lw=0.5, clip_on=False))
        axes.set(xlim=(-0.5, len(columns) - 0.5))
        _rows(axes, rows)
        axes.set_ylabel(_short(titles[0], 40))
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xticks(range(len(columns)), columns, rotation=45, ha="left", fontsize=8)
        axes.set_xlabel(_short(titles[1], 50))
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return _svg(figure, alt)


def waterfall(example: Mapping[str, Any], alt: str) -> Chart:
    """The ledger of one lead, step by step from the start to the total, with its line and its reach."""
    start, *entries = example["ledger"]
    kept = sorted(entries, key=lambda one: -abs(one["points"]))
    if len(kept) > MOST_ENTRIES:
        rest = sum(one["points"] for one in kept[MOST_ENTRIES:])
        kept = [*kept[:MOST_ENTRIES], {"points": rest, "reason": "all smaller ones together"}]
    steps = [start["points"], *(one["points"] for one in kept)]
    sums = list(accumulate(steps))
    with _drawing(WIDTH, 0.95 + 0.33 * (len(steps) + 1)) as figure:
        axes = _axes(figure, 0.15, 0.5, right=0.15, top=0.25)
        places = [*sums, example["low"], example["high"], example["line"] or example["total"], 0.0]
        low, high = min(places), max(places)
        spare = (high - low) * 0.12 + 1
        axes.set(xlim=(low - spare, high + spare), xlabel="points")
        last = len(steps)
        for row, (step, after) in enumerate(zip(steps, sums, strict=True)):
            before = 0.0 if row == 0 else after - step
            colour = GREY if row == 0 else BLUE if step >= 0 else RED
            hatch = "" if row == 0 or step >= 0 else "////"  # a loss is told by its hatching too
            axes.barh([row + 0.2], [step], left=[before], height=0.36, color=colour, hatch=hatch, ec="white", lw=0.5)
            axes.plot([after, after], [row + 0.2, row + 1.2], "-", c=GREY, lw=0.7)
            words = start["reason"] if row == 0 else kept[row - 1]["reason"]
            _above(axes, row, f"{signed(round(step * 10))}  {_short(words, 52)}")
        total = f"{example['total']:.1f} points".replace("-", "−")
        error = "" if example["error"] is None else f" ± {example['error']:.1f}"
        _above(axes, last, f"= {total}{error}", weight="bold")
        axes.plot([example["low"], example["high"]], [last + 0.2] * 2, "-|", c=INK, lw=1.2, ms=9)
        axes.plot([example["total"]], [last + 0.2], "D", ms=7, c=INK)
        if example["line"] is not None:
            axes.axvline(example["line"], ls="--", color=INK, lw=1)
            axes.text(example["line"], 1.0, "line", transform=axes.get_xaxis_transform(), ha="center", va="bottom")
        axes.set(ylim=(last + 0.55, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
        axes.grid(axis="x", color="#e4e4e4", lw=0.6)
        return _svg(figure, alt)


# -- shared -----------------------------------------------------------------------------------------------------------


@contextmanager
def _drawing(width: float, height: float) -> Iterator[Figure]:
    """A figure of a size in inches, under our settings; nothing of them is left behind."""
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        # A letter that DejaVu lacks is drawn by the reader's browser, which has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height))
        FigureCanvasSVG(figure)
        yield figure


def _axes(figure: Figure, left: float, bottom: float, right: float = 0.15, top: float = 0.12) -> Axes:
    """Axes with margins in inches."""
    width, height = figure.get_size_inches()
    place = (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    return figure.add_axes(place)


def _svg(figure: Figure, alt: str) -> Chart:
    """The picture as one inline element, without what only a file of its own needs."""
    # Ids of marks and clippings are made from the salt: the same in every run, and others in each picture of a page.
    matplotlib.rcParams["svg.hashsalt"] = alt
    buffer = io.StringIO()
    figure.canvas.print_svg(buffer, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))  # type: ignore[attr-defined]  # of the SVG canvas
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<defs>\s*</defs>|<g/>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", lambda tag: _lean(tag[0]), text)
    text = re.sub(r"\s*\n\s*", "\n", text)
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None
    width = figure.get_size_inches()[0] / WIDTH
    head = f'<svg role="img" aria-label="{escape(alt)}" {box[0]} style="--wide:{width:.3f}"'
    head += ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    return Chart(Markup(head + text[text.index(">") + 1 :].rstrip()), width > 1)  # Matplotlib escapes


def _lean(tag: str) -> str:
    """A tag without what the page says once, and with coordinates to a hundredth of a point."""
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)  # several pictures in one page may not share ids
    tag = tag.replace("font-family: 'DejaVu Sans'; ", "").replace("; font-family: 'DejaVu Sans'", "")
    tag = re.sub(r' transform="rotate\(-0 [^"]*"', "", tag)
    return re.sub(r"(\.\d\d)\d+", r"\1", tag).replace("\n", " ")


def _whiskers(
    axes: Axes, at: Sequence[float], records: Sequence[Mapping[str, Any]], colour: str, mark: str, label: str = ""
) -> None:
    """What came, a mark each, with its limits."""
    came = [one["came"] for one in records]
    below = [max(0.0, one["came"] - one["low"]) for one in records]
    above = [max(0.0, one["high"] - one["came"]) for one in records]
    style: dict[str, Any] = {"fmt": mark, "ms": 4.5, "c": colour, "elinewidth": 1, "capsize": 2.5}
    axes.errorbar(at, came, [below, above], label=label or None, **style)


def _rows(axes: Axes, names: Sequence[str]) -> None:
    """A row a name, from the top."""
    axes.set_yticks(range(len(names)), _short_all(names), fontsize=8.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _above(axes: Axes, row: float, words: str, weight: str = "normal") -> None:
    """A line of words above the bar of a row, from the left edge on."""
    place = axes.get_yaxis_transform()
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # no line runs through a word
    axes.text(0, row - 0.05, words, transform=place, ha="left", va="bottom", fontsize=8.5, weight=weight, bbox=ground)


def _room(names: Sequence[str]) -> float:
    """The inches that the longest label takes."""
    return 0.2 + LETTER * max((len(one) for one in _short_all(names)), default=0)


def _short_all(names: Sequence[str]) -> list[str]:
    return [_short(one, LONGEST) for one in names]


def _short(text: str, most: int) -> str:
    """A text on one line, cut in its middle to so many letters; the whole of it is in the table below the chart."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    end = most // 3
    return f"{line[: most - 1 - end].rstrip()}…{line[-end:].lstrip()}"


def _grid(axes: Axes) -> None:
    axes.grid(color="#dddddd", lw=0.6)


def _cell(column: int, row: int) -> Path:
    """The square of a cell."""
    left, right, top, bottom = column - 0.5, column + 0.5, row - 0.5, row + 0.5
    return Path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], closed=True)


def _zero(axes: Axes) -> None:
    axes.axvline(0, color=GREY, lw=1)


def _percents(*axis: Any) -> None:
    for one in axis:
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g}%"))


def _points(value: float, _: object) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def _root(values: Any) -> Any:
    return values.clip(0) ** 0.5 if hasattr(values, "clip") else max(values, 0) ** 0.5


def _square(values: Any) -> Any:
    return values**2
