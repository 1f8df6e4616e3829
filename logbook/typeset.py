"""`python -m logbook.typeset [TEMPLATE]`: a document's data on standard input, its PDF/A on standard output.

A process of its own, because setting five thousand entries takes a third of a gigabyte that is given back only at its end. A
font that is missing is only a warning to typst, and every sign of the page a box: here it is an error.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import typst

FONTS: Final = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Microsoft YaHei",
)
TEMPLATES: Final = ("volume", "sheet")
NO_FONT: Final = 3


def font() -> str | None:
    """The first family on this machine that can set Chinese."""
    there = set(typst.Fonts().families())
    return next((name for name in FONTS if name in there), None)


def main(template: str = TEMPLATES[0]) -> int:
    """0: the PDF was written; 3: no font for Chinese; 1: something else."""
    data = json.load(sys.stdin.buffer)
    file = Path(__file__).with_name(f"{TEMPLATES[TEMPLATES.index(template)]}.typ")
    family = font()
    if family is None:
        sys.stderr.write(f"no font for Chinese; install one of: {', '.join(FONTS)}\n")
        return NO_FONT
    made, warnings = typst.compile_with_warnings(
        str(file),
        root=str(file.parent),
        sys_inputs={"data": json.dumps(data | {"font": family}, ensure_ascii=False)},
        pdf_standards="a-2b",
        pdf_tags=False,
        timestamp=int(datetime.fromisoformat(data["made_at"]).timestamp()),
    )
    if warnings:
        sys.stderr.write("\n".join(warning.message for warning in warnings) + "\n")
        return NO_FONT if any("unknown font" in warning.message for warning in warnings) else 1
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
