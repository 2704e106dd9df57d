"""The parts of an Excel workbook around the rows of its one sheet: header and end of the sheet, styles, package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Look: TypeAlias = Literal["text", "wrapped", "number", "whole", "points", "percent", "money", "day", "moment"]

_FORMATS: dict[Look, str] = {
    "text": "@",
    "wrapped": "@",
    "number": "General",
    "whole": "0",
    "points": "0.0",
    "percent": "0.0%",
    "money": "#,##0",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
}
_FIRST_FORMAT = 164  # lower numbers are Excel's own
STYLES = {look: number for number, look in enumerate(_FORMATS, start=1)}  # after that of the header
HEADER_STYLE = 0
_LINE_HEIGHT, _MOST_LINES = 15, 6  # of a row: in points, in lines
_ON_TOP = 'vertical="top"'
_ALIGNMENTS: dict[Look, str] = {
    "text": f'{_ON_TOP} horizontal="left" indent="1"',  # apart from the number before it
    "wrapped": f'{_ON_TOP} horizontal="left" indent="1" wrapText="1"',
}
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True)
class ColumnLook:
    """A column of a sheet: its name in the header, how its numbers look, how wide it is in characters."""

    name: str
    look: Look
    width: int

    @property
    def text_look(self) -> Look:
        """How its texts look: as texts, so that a program for sheets makes nothing else of one that is edited."""
        return "wrapped" if self.look == "wrapped" else "text"

    def count_lines(self, length: int) -> int:
        """In how many lines a text of that many characters stands."""
        return min(-(-length // self.width), _MOST_LINES) if self.look == "wrapped" else 1


def name_column(place: int) -> str:
    """The letters of a column; the first is 1: A, Z, AA."""
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def write_height(lines: int) -> str:
    """The attributes of a row for its height; programs differ in whether they find that of wrapped texts themselves."""
    return f' ht="{_LINE_HEIGHT * lines}" customHeight="1"' if lines > 1 else ""


def name_area(columns: int, rows: int) -> str:
    """The area of a sheet with so many columns and rows, the header among them: `A1:C7`."""
    return f"A1:{name_column(columns)}{rows}"


def open_sheet(columns: Sequence[ColumnLook]) -> str:
    """The sheet up to its rows: the header stays in sight, and each column is as wide as what it holds."""
    widths = "".join(
        f'<col min="{place}" max="{place}" width="{column.width}" customWidth="1"/>'
        for place, column in enumerate(columns, start=1)
    )
    return (
        f'{_PROLOGUE}<worksheet xmlns="{_NAMESPACE}"><sheetViews><sheetView tabSelected="1" workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="{_LINE_HEIGHT}"/><cols>{widths}</cols><sheetData>\n'
    )


def close_sheet(area: str) -> str:
    """The sheet behind its rows: the filter, and how it is printed; `area` is that of all cells."""
    return (
        f'</sheetData><autoFilter ref="{area}"/>'
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape"/>'
        # An id of digits is a text on purpose, so that Excel need not mark it.
        f'<ignoredErrors><ignoredError sqref="{area}" numberStoredAsText="1"/></ignoredErrors></worksheet>'
    )


def list_parts(area: str) -> Iterator[tuple[str, str]]:
    """The names and the texts of all other parts of the workbook; `area` is that of all cells of its sheet."""
    filtered = re.sub(r"[A-Z]+|[0-9]+", lambda part: f"${part[0]}", area)
    yield (
        "[Content_Types].xml",
        f'{_PROLOGUE}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    )
    yield "_rels/.rels", _relate(("officeDocument", "xl/workbook.xml"))
    yield "xl/_rels/workbook.xml.rels", _relate(("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"))
    yield (
        "xl/workbook.xml",
        f'{_PROLOGUE}<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}"><bookViews><workbookView/></bookViews>'
        '<sheets><sheet name="leads" sheetId="1" r:id="rId1"/></sheets><definedNames>'
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">leads!{filtered}</definedName>'
        f'<definedName name="_xlnm.Print_Titles" localSheetId="0">leads!$1:$1</definedName></definedNames></workbook>',
    )
    yield "xl/styles.xml", _write_styles()


def _relate(*targets: tuple[str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_PROLOGUE}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _write_styles() -> str:
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{format_}"/>'
        for number, format_ in enumerate(_FORMATS.values(), start=_FIRST_FORMAT)
    )
    looks = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
        f"<alignment {_ALIGNMENTS.get(look, _ON_TOP)}/></xf>"
        for number, look in enumerate(_FORMATS, start=_FIRST_FORMAT)
    )
    font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
    fills = [
        *('<patternFill patternType="none"/>', '<patternFill patternType="gray125"/>'),  # which must be the first two
        '<patternFill patternType="solid"><fgColor rgb="FFE8EFEC"/><bgColor indexed="64"/></patternFill>',
    ]
    line = '<bottom style="thin"><color rgb="FF0B6656"/></bottom>'
    borders = [f"<left/><right/><top/>{bottom}<diagonal/>" for bottom in ("<bottom/>", line)]
    return (
        f'{_PROLOGUE}<styleSheet xmlns="{_NAMESPACE}"><numFmts count="{len(_FORMATS)}">{formats}</numFmts>'
        f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
        f'<fills count="{len(fills)}">{"".join(f"<fill>{fill}</fill>" for fill in fills)}</fills>'
        f'<borders count="{len(borders)}">{"".join(f"<border>{border}</border>" for border in borders)}</borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(_FORMATS) + 1}"><xf numFmtId="49" fontId="1" fillId="2" borderId="1" xfId="0"'
        ' applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
        f"<alignment {_ALIGNMENTS['text']}/></xf>{looks}</cellXfs>"
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
