"""A floor plan is served to browsers: whatever could run or fetch something is refused, with file and line."""

import pytest

from sites import plans
from sites.errors import Fault
from sites.register import Plan
from tests.sites.small import PLAN

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">\n'


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<script>alert(1)</script>", "<script> is not allowed"),
        ("<foreignObject/>", "<foreignObject> is not allowed"),
        ('<image href="https://x.example/a.png"/>', "<image> is not allowed"),
        ("<style>* { fill: red }</style>", "<style> is not allowed"),
        ('<a href="https://x.example"><rect/></a>', "<a> is not allowed"),
        ('<animate attributeName="x"/>', "<animate> is not allowed"),
        ('<set attributeName="onload" to="x()"/>', "<set> is not allowed"),
        ('<iframe src="x"/>', "<iframe> is not allowed"),
        ('<rect onload="x()"/>', "scripts are not allowed"),
        ('<rect ONCLICK="x()"/>', "scripts are not allowed"),
        ('<use href="https://x.example/a.svg#b"/>', "points outside the plan"),
        ('<use href="data:image/svg+xml,x"/>', "points outside the plan"),
        ('<rect fill="url(https://x.example/a)"/>', "may load or run"),
        ("<rect style=\"fill: url( 'https://x.example' )\"/>", "may load or run"),
        ('<rect style="fill: u\\72l(x)"/>', "may load or run"),
        ('<rect fill="&#106;avascript:x"/>', "may load or run"),
        ('<rect xmlns="http://www.w3.org/1999/xhtml"/>', "xmlns"),
        ('<h:script xmlns:h="http://www.w3.org/1999/xhtml"/>', "<h:script> is not allowed"),
        ('<g xmlns:h="http://www.w3.org/1999/xhtml"/>', "attribute xmlns:h is not allowed"),
        ("<title><![CDATA[><img src=x onerror=alert(1)>]]></title>", "CDATA is not allowed"),
        ('<?xml-stylesheet href="https://x.example"?>', "processing instructions"),
        ("<rect>", "not SVG: mismatched tag"),
        ("&nbsp;", "not SVG: undefined entity"),
    ],
)
def test_what_could_run_or_fetch_is_refused_where_it_stands(inside: str, why: str) -> None:
    fault = plans.check("p", f"{HEAD}<rect/>\n{inside}</svg>".encode(), "plan.svg")
    assert isinstance(fault, Fault)
    assert (fault.file, fault.line) == ("plan.svg", 3)
    assert why in fault.why


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + HEAD + "</svg>", "document type"),
        ('<!DOCTYPE svg SYSTEM "http://x.example/d">' + HEAD + "</svg>", "document type"),
        ("<html/>", "the root must be"),
        ('<svg viewBox="0 0 1 1"/>', "the root must be"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "needs viewBox"),
        ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 9"/>', "needs viewBox"),
        ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-5 0 9 9"/>', "needs viewBox"),
        ("", "not SVG"),
        ("\ufffd", "not SVG"),
    ],
)
def test_what_is_no_plain_drawing_is_refused(whole: str, why: str) -> None:
    fault = plans.check("p", whole.encode(), "plan.svg")
    assert isinstance(fault, Fault)
    assert why in fault.why


def test_too_large_a_drawing_is_refused() -> None:
    fault = plans.check("p", b" " * (plans.MAX_BYTES + 1), "plan.svg")
    assert isinstance(fault, Fault)
    assert "at most" in fault.why


def test_bytes_that_are_not_utf8_are_refused() -> None:
    fault = plans.check("p", HEAD.encode() + b"<title>\xff</title></svg>", "plan.svg")
    assert isinstance(fault, Fault)


def test_a_plain_drawing_keeps_its_size_and_text() -> None:
    extras = '<defs><linearGradient id="a"><stop/></linearGradient></defs><rect fill="url(#a)"/><use href="#a"/>'
    text = PLAN.replace("<rect", f"{extras}<!-- a wall --><rect")
    assert plans.check("p", text.encode(), "plan.svg") == Plan("p", 100, 80, text)
