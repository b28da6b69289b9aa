"""When a rewrite starts, and what becomes of one."""

from __future__ import annotations

import pytest

from aofserver.persistence.schedule import Answer, Growth, Mode, Outcome, RewriteSchedule

GROWN, SMALL = Growth(200, 100, 100, 50), Growth(199, 100, 100, 50)


def running(mode: Mode = Mode.ON) -> RewriteSchedule:
    schedule = RewriteSchedule()
    schedule.mode = mode
    schedule.started(1000)
    return schedule


@pytest.mark.parametrize(
    ("growth", "due"),
    [
        (GROWN, True),
        (SMALL, False),
        (Growth(200, 100, 0, 50), False),
        (Growth(50, 0, 100, 50), False),
        (Growth(51, 0, 100, 50), True),
        (Growth(64 << 20, 1, 100, 64 << 20), False),
    ],
)
def test_growth(growth: Growth, due: bool) -> None:
    schedule = RewriteSchedule()
    schedule.mode = Mode.ON
    assert schedule.due(1000, False, growth) is due


def test_three_answers() -> None:
    schedule = RewriteSchedule()
    assert schedule.request(other_child=False) is Answer.STARTED
    assert schedule.request(other_child=True) is Answer.SCHEDULED
    assert schedule.scheduled
    assert running().request(other_child=False) is Answer.RUNNING


def test_never_beside_another_child() -> None:
    schedule = running()
    assert not schedule.due(1000, False, GROWN)
    schedule.ended(True, 1001)
    assert not schedule.due(1000, True, GROWN)
    assert schedule.due(1000, False, GROWN)


def test_a_scheduled_one_starts_when_the_other_child_has_ended() -> None:
    schedule = RewriteSchedule()
    schedule.request(other_child=True)
    assert not schedule.due(1, True, SMALL)
    assert schedule.due(1, False, SMALL)
    schedule.started(1)
    assert not schedule.scheduled


def test_turned_on_it_waits_for_the_first_rewrite() -> None:
    schedule = RewriteSchedule()
    assert schedule.turn_on(other_child=False) is Answer.STARTED
    schedule.started(1)
    assert schedule.mode is Mode.WAIT_FIRST
    assert schedule.ended(True, 3) is Outcome.INSTALL
    schedule.installed()
    assert (schedule.mode, schedule.last_took_s, schedule.last_ok) == (Mode.ON, 2, True)


def test_a_first_rewrite_that_fails_is_tried_again() -> None:
    schedule = RewriteSchedule()
    schedule.turn_on(other_child=False)
    schedule.started(1)
    assert schedule.ended(False, 2) is Outcome.DISCARD
    assert (schedule.scheduled, schedule.last_ok) == (True, False)
    assert schedule.due(2, False, SMALL)


def test_failures_in_a_row_are_given_time() -> None:
    schedule = RewriteSchedule()
    schedule.mode = Mode.ON
    waits = []
    now_s = 1000
    for _ in range(12):
        schedule.started(now_s)
        schedule.ended(False, now_s)
        wait = next(n for n in range(4000) if schedule.due(now_s + n, False, GROWN))
        waits.append(wait)
        now_s += wait
    assert waits == [0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    schedule.started(now_s)
    schedule.ended(True, now_s)
    schedule.installed()
    assert schedule.due(now_s, False, GROWN)


def test_a_killed_child_is_no_failure() -> None:
    schedule = running()
    schedule.killed()
    assert (schedule.running, schedule.last_ok, schedule.failures) == (False, True, 0)


def test_turned_off_nothing_is_due() -> None:
    schedule = RewriteSchedule()
    schedule.mode = Mode.ON
    schedule.request(other_child=True)
    schedule.turn_off()
    assert not schedule.due(1000, False, GROWN)
