"""The patrol report as a PDF: the sheets of the workbook, set as pages to sign and keep (PAT-07)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from api.patrol_pages import Asked, Days, Pages, Part, wide
from logbook import printing
from sites.register import Register

MOST_ROWS: Final = 3000  # more than a hundred pages are nobody's to read; the workbook has them
_NARROW, _WIDE = 6, 32
_EDGES: Final = 3  # what a cell's edges take, whatever is in it
_SIGNED: Final = ("made_by", "checked_by")


def printed(asked: Asked, days: Days, now: datetime, language: str) -> bytes:
    """The file. Times are those on the site's wall. Raises `NoFont`, `NotPrinted`."""
    pages = _Printed(asked.register, days, now, language)
    pages.all(asked)
    return printing.sheet(pages.data())


class _Printed(Pages):
    """The sheets as parts of one document."""

    def __init__(self, register: Register, days: Days, now: datetime, language: str) -> None:
        super().__init__(register, days, now, language)
        self.parts: list[dict[str, Any]] = []

    def data(self) -> dict[str, Any]:
        made = self.now.astimezone(self.register.zone_info)
        return {
            "title": self.said("form_title"),
            "about": self.said(
                "about", site=self.named(self.register.name), first=self.days.first, last=self.days.last
            ),
            "lang": self.language[:2],
            "made": self.said("made", at=made.strftime("%Y-%m-%d %H:%M")),
            "made_at": self.now.isoformat(),
            "parts": self.parts,
            "signed": [self.said(name) for name in _SIGNED],
        }

    def sheet(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str = "nothing") -> None:
        """A part; the figures that are too many for paper are left to the workbook, and it says so."""
        shown = rows if len(rows) <= MOST_ROWS else []
        cells = [[self._cell(value) for value in row] for row in shown]
        heads = [self.said(column) for column in columns]
        lines = [heads, *cells]
        self.parts.append(
            {
                "title": self.said(name),
                "columns": heads,
                "rows": cells,
                "widths": [
                    _EDGES + min(_WIDE, max(_NARROW, *(wide(line[at]) for line in lines))) for at in range(len(heads))
                ],
                "numbers": [at for at in range(len(heads)) if shown and all(_number(row[at]) for row in shown)],
                "nothing": self.said(nothing if not rows else "too_many", rows=len(rows)),
            }
        )

    def _cell(self, value: Any) -> str:
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, Part):
            return "" if value.of is None else f"{value.of:.1%}"
        return "" if value is None else str(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | Part)
