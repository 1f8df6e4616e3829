"""Site parameters at the console: values with range and source, versions to come, one taken back (SITE-02, SITE-06, ROLE-08)."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults
from tests.e2e.test_patrol_page import narrow_enough

pytestmark = pytest.mark.browser


def test_a_manager_reads_what_the_site_has_set_in_either_language(visit: Visitor, demo_server: Demo) -> None:
    """SITE-02: every number with its default, range and source, at the desk and in the hand."""
    login = demo_server.login("manager")
    desk = visit.at(login, "/parameters")
    row = desk.locator("[data-parameter='duty.incoming_lead_min']")
    expect(row).to_contain_text("0 – 60 min")
    expect(row).to_contain_text("000-A")
    expect(desk.locator("[data-version][data-state='in_force']")).to_have_count(1)
    assert faults(desk) == []
    desk.locator("input[name='own']").check()
    expect(desk.locator("[data-parameter='duty.swap_notice_h']")).to_have_count(0)
    desk.locator("[data-version] [data-act='show']").first.press("Enter")
    expect(desk.locator("[data-version] .changes").first).to_be_visible()
    hand = visit.at(login, "/parameters", language="en", width=390, height=844)
    expect(hand.get_by_role("heading", name="Site parameters")).to_be_visible()
    expect(hand.locator("[data-parameter='log_retention_days']")).to_contain_text("The logbook is kept for")
    narrow_enough(hand)
    assert faults(hand) == []
