"""What the charts of the report are drawn with: colours, sizes, axes, labels, and the figure as inline SVG.

The same records give the same bytes: ids come from a salt, and there is no date in a picture.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter

from leadledger.scoring.bins import Bins, NumberBins
from leadledger.training.report.figures import group_digits

BLUE, RED, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#E69F00", "#8a8a8a", "#222222"
WIDTH = 4.4  # inches; two charts stand side by side on a screen and on paper, one on a phone
GAIN_AND_LOSS = LinearSegmentedColormap.from_list("sides", [RED, "#ffffff", BLUE])
SHADES_PER_SIDE = 8  # of a heat map, on either side of none
LETTER_WIDTH = 0.073  # inches that a letter takes, on average
LONGEST_LABEL = 26  # letters of a label
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


@contextmanager
def draw_figure(width: float, height: float) -> Iterator[Figure]:
    """A figure of a size in inches, under our settings; nothing of them is left behind."""
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        # A letter that DejaVu lacks is drawn by the reader's browser, which has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height))
        FigureCanvasSVG(figure)
        yield figure


def add_axes(figure: Figure, left: float, bottom: float, right: float = 0.15, top: float = 0.12) -> Axes:
    """Axes with margins in inches."""
    width, height = figure.get_size_inches()
    place = (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    return figure.add_axes(place)


def to_svg(figure: Figure, alt: str) -> Chart:
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


def add_whiskers(
    axes: Axes, at: Sequence[float], records: Sequence[Mapping[str, Any]], colour: str, mark: str, label: str = ""
) -> None:
    """Actual rates, a mark each, with their limits."""
    rates = [record["came"] for record in records]
    below = [max(0.0, record["came"] - record["low"]) for record in records]
    above = [max(0.0, record["high"] - record["came"]) for record in records]
    style: dict[str, Any] = {"fmt": mark, "ms": 4.5, "c": colour, "elinewidth": 1, "capsize": 2.5}
    axes.errorbar(at, rates, [below, above], label=label or None, **style)


def add_rows(axes: Axes, names: Sequence[str]) -> None:
    """A row a name, from the top."""
    axes.set_yticks(range(len(names)), shorten_labels(names), fontsize=8.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def write_above(axes: Axes, row: float, words: str, weight: str = "normal") -> None:
    """A line of words above the bar of a row, from the left edge on."""
    place = axes.get_yaxis_transform()
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # no line runs through a word
    axes.text(0, row - 0.05, words, transform=place, ha="left", va="bottom", fontsize=8.5, weight=weight, bbox=ground)


def label_width(names: Sequence[str]) -> float:
    """The inches that the longest label takes."""
    return 0.2 + LETTER_WIDTH * max((len(label) for label in shorten_labels(names)), default=0)


def labels_of(bins: Bins) -> Sequence[str]:
    """The labels of some bins; those of numbers have thousands separators."""
    return [group_digits(label) for label in bins.labels] if isinstance(bins, NumberBins) else bins.labels


def shorten_labels(names: Sequence[str]) -> list[str]:
    """Labels cut to the room that a chart has for them."""
    return [shorten(name, LONGEST_LABEL) for name in names]


def shorten(text: str, most: int) -> str:
    """A text on one line, cut in its middle to so many letters; the whole of it is in the table below the chart."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    end = most // 3
    return f"{line[: most - 1 - end].rstrip()}…{line[-end:].lstrip()}"


def add_grid(axes: Axes) -> None:
    """A light grid behind the marks."""
    axes.grid(color="#dddddd", lw=0.6)


def cell_path(column: int, row: int) -> Path:
    """The square of a cell."""
    left, right, top, bottom = column - 0.5, column + 0.5, row - 0.5, row + 0.5
    return Path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], closed=True)


def add_zero_line(axes: Axes) -> None:
    """A line where points are 0."""
    axes.axvline(0, color=GREY, lw=1)


def show_percents(*axis: Any) -> None:
    """Shares (0..1) on some axes as percentages."""
    for scale in axis:
        scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g}%"))


def show_counts(*axis: Any) -> None:
    """Counts on some axes with thousands separators."""
    for scale in axis:
        scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def format_points(value: float, _: object) -> str:
    """Points with their sign; 0 has none."""
    return f"{value:+g}".replace("-", "−") if value else "0"


def root(values: Any) -> Any:
    """The square root, for an axis that is stretched near 0; below 0 it is 0."""
    return values.clip(0) ** 0.5 if hasattr(values, "clip") else max(values, 0) ** 0.5


def square(values: Any) -> Any:
    """The inverse of `root`."""
    return values**2
