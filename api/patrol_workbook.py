"""The patrol report as a workbook, a sheet for each of its parts (PAT-07).

Cells are written as what they are: a name that begins with `=` stays a name.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import xlsxwriter

from api.patrol_pages import Asked, Days, Pages, Part, wide
from sites.register import Register

_SAFE: Final = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_TIME: Final = "yyyy-mm-dd hh:mm"
_WIDEST: Final = 40


def workbook(asked: Asked, days: Days, now: datetime, language: str) -> bytes:
    """The file. Times are those on the site's wall."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, _SAFE)
    _Book(book, asked.register, days, now, language).all(asked)
    book.close()
    return out.getvalue()


class _Book(Pages):
    """A workbook with a sheet for each."""

    def __init__(self, book: Any, register: Register, days: Days, now: datetime, language: str) -> None:
        super().__init__(register, days, now, language)
        self.book = book
        font = {"font_name": "Microsoft YaHei" if language == "zh-CN" else "Calibri", "font_size": 10}
        self.title = book.add_format({**font, "bold": True, "font_size": 14})
        self.plain = book.add_format({**font, "border": 1, "valign": "top", "text_wrap": True})
        self.head = book.add_format({**font, "border": 1, "bold": True, "bg_color": "#E4E7EA", "text_wrap": True})
        self.time = book.add_format({**font, "border": 1, "valign": "top", "num_format": _TIME})
        self.part = book.add_format({**font, "border": 1, "valign": "top", "num_format": "0.0%"})
        self.note = book.add_format({**font, "font_color": "#48535D"})

    def sheet(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str = "nothing") -> None:
        """A title, which days and site, a line of headings, and the rows; printed on A4 across, its headings on every page."""
        page = self.book.add_worksheet(self.said(name)[:31])
        page.write_string(0, 0, self.said(f"{name}_title"), self.title)
        about = self.said("about", site=self.named(self.register.name), first=self.days.first, last=self.days.last)
        page.write_string(1, 0, about, self.note)
        widths = []
        for at, column in enumerate(columns):
            page.write_string(3, at, self.said(column), self.head)
            widths.append(wide(self.said(column)))
        for line, row in enumerate(rows, start=4):
            for at, value in enumerate(row):
                widths[at] = max(widths[at], self._cell(page, line, at, value))
        for at, width in enumerate(widths):
            page.set_column(at, at, min(width + 2, _WIDEST))
        if not rows:
            page.write_string(4, 0, self.said(nothing), self.note)
        page.freeze_panes(4, 0)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(3)

    def _cell(self, page: Any, line: int, at: int, value: Any) -> int:
        """Write it as what it is; how wide it is."""
        if isinstance(value, datetime):
            page.write_datetime(line, at, value.astimezone(self.register.zone_info).replace(tzinfo=None), self.time)
            return len(_TIME)
        if isinstance(value, Part):
            if value.of is None:
                page.write_blank(line, at, None, self.plain)
            else:
                page.write_number(line, at, value.of, self.part)
            return 6
        if isinstance(value, int):
            page.write_number(line, at, value, self.plain)
            return 6
        text = "" if value is None else str(value)
        page.write_string(line, at, text, self.plain)
        return wide(text)
