"""What is easier said in Python than in a scenario: loops, arithmetic, and the site itself."""

import pytest


def test_every_device_that_rings_reaches_somebody(night, site):
    for device in site.devices.values():
        night.says(device.id, "device.tamper")
    assert [alert.holder for alert in night.alerts] == ["bo"] * len(site.devices)


@pytest.mark.parametrize("late", [0, 59, 61])
def test_ruth_is_called_when_the_desk_takes_longer_than_a_minute(night, late):
    night.says("W-SMOKE", "fire.alarm")
    night.passes(f"{late}s")
    night.acks("bo", "W-SMOKE")
    night.passes("5m")
    called = [happening.who for happening in night.told("alert", "escalated")]
    assert called == ([("ruth",)] if late >= 60 else [])


@pytest.mark.watchroom(start="2026-03-01T18:59:30")
def test_whoever_is_on_at_the_change_of_shift_is_called(night, clock):
    before = clock()
    night.says("F-SMOKE", "fire.alarm")
    night.expect("18:59:30 alert F-SMOKE raised to mei")
    night.passes("1m")
    night.expect("19:00:30 seat desk is held by bo")
    assert (clock() - before).total_seconds() == 60
