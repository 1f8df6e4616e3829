"""Floor plans are served to browsers, so only drawings are let in: known shapes, no scripts, nothing from elsewhere.

What is checked is what an XML parser and an HTML parser both read the same way; where they differ (CDATA, prefixes,
document types) the file is refused.
"""

import re
from typing import Final
from xml.parsers import expat

from sites.errors import Fault
from sites.fields import quoted
from sites.register import Plan

MAX_BYTES: Final = 1024 * 1024
_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_ELEMENTS: Final = frozenset(
    {
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "text", "tspan"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("pattern", "clipPath", "mask", "marker", "linearGradient", "radialGradient", "stop"),
    }
)
_COLONS: Final = {"xlink:href": None, "xmlns:xlink": _XLINK, "xml:space": None, "xml:lang": None}
_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_NUMBER: Final = r"([0-9]{1,6}(?:\.[0-9]{1,4})?)"
_VIEW_BOX: Final = re.compile(rf"0[ ,]+0[ ,]+{_NUMBER}[ ,]+{_NUMBER}")
_OUTSIDE: Final = re.compile(r"url\s*\(\s*['\"]?\s*(?!#)|javascript:|data:|@import|expression\s*\(|\\", re.IGNORECASE)


class _Unfit(Exception):  # noqa: N818 - never leaves this module
    pass


def check(plan_id: str, data: bytes, file: str) -> Plan | Fault:
    """A floor plan, or the first thing in it that may not be served."""
    if len(data) > MAX_BYTES:
        return Fault(file, 1, "", f"{len(data)} bytes, at most {MAX_BYTES}")
    parser = expat.ParserCreate("UTF-8")
    sizes: list[tuple[float, float]] = []

    def starts(name: str, attributes: dict[str, str]) -> None:
        if not sizes:
            sizes.append(_root(name, attributes))
        _element(name, attributes)

    parser.StartElementHandler = starts
    parser.StartDoctypeDeclHandler = lambda *_: _refuse("a document type is not allowed")
    parser.EntityDeclHandler = lambda *_: _refuse("entities are not allowed")
    parser.ProcessingInstructionHandler = lambda *_: _refuse("processing instructions are not allowed")
    parser.StartCdataSectionHandler = lambda: _refuse("CDATA is not allowed")
    try:
        parser.Parse(data, True)
        return Plan(plan_id, *sizes[0], data.decode("utf-8-sig"))
    except _Unfit as refused:
        return Fault(file, parser.CurrentLineNumber, "", str(refused))
    except expat.ExpatError as wrong:
        return Fault(file, wrong.lineno, "", f"not SVG: {expat.ErrorString(wrong.code)}")
    except UnicodeDecodeError:
        return Fault(file, 1, "", "not UTF-8")


def _refuse(why: str) -> None:
    raise _Unfit(why)


def _root(name: str, attributes: dict[str, str]) -> tuple[float, float]:
    if name != "svg" or attributes.get("xmlns") != _SVG:
        raise _Unfit(f'the root must be <svg xmlns="{_SVG}">')
    box = _VIEW_BOX.fullmatch(attributes.get("viewBox", "").strip())
    if box is None or not float(box[1]) or not float(box[2]):
        raise _Unfit('needs viewBox="0 0 WIDTH HEIGHT"')
    return float(box[1]), float(box[2])


def _element(name: str, attributes: dict[str, str]) -> None:
    if name not in _ELEMENTS:
        raise _Unfit(f"<{name[:40]}> is not allowed in a floor plan")
    for key, value in attributes.items():
        fixed = _SVG if key == "xmlns" else _COLONS.get(key)
        if key not in _COLONS and not _ATTRIBUTE.fullmatch(key):
            raise _Unfit(f"attribute {key[:40]} is not allowed; save as plain SVG")
        if key.lower().startswith("on"):
            raise _Unfit(f"attribute {key[:40]}: scripts are not allowed")
        if fixed is not None and value != fixed:
            raise _Unfit(f"attribute {key}: {quoted(value)} is not allowed")
        if key in {"href", "xlink:href"} and not value.startswith("#"):
            raise _Unfit(f"attribute {key}: {quoted(value)} points outside the plan")
        if _OUTSIDE.search(value):
            raise _Unfit(f"attribute {key}: {quoted(value)} may load or run something")
