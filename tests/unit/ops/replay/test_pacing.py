"""pacing: with a clock that only moves when somebody waits."""

from __future__ import annotations

import pytest

from aoftool.ops.replay.pacing import CREDIT, Pace, Pacer


def play(pacer: Pacer, units: list[tuple[int, int]]) -> float:
    """Send units as a replay does; how long that takes."""
    now = 100.0
    for commands, size in units:
        now += pacer.wait(now)
        pacer.sent(commands, size, now)
    return now + pacer.wait(now) - 100.0


@pytest.mark.parametrize(
    ("pace", "seconds"),
    [
        (Pace(), 0.0),
        (Pace(commands=1000), 2.0),
        (Pace(bytes=10_000), 5.0),
        (Pace(commands=1000, bytes=10_000), 5.0),
        (Pace(commands=100, bytes=10_000), 20.0),
    ],
)
def test_so_much_a_second(pace: Pace, seconds: float) -> None:
    assert play(Pacer(pace, 100.0), [(100, 2500)] * 20) == pytest.approx(seconds)


def test_time_that_was_not_used_is_no_credit() -> None:
    pacer = Pacer(Pace(commands=10), 0.0)
    pacer.sent(10, 0, 1000.0)
    assert pacer.wait(1000.0) == pytest.approx(1.0 - CREDIT)


def test_waits_that_are_too_long_are_made_up_for() -> None:
    """No clock wakes anybody within 20 microseconds."""
    pacer, now = Pacer(Pace(commands=50_000), 0.0), 0.0
    for _ in range(50_000):
        wait = pacer.wait(now)
        now += max(wait, 0.001) if wait else 0.000_001
        pacer.sent(1, 30, now)
    assert now == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 30.0), (2.0, 15.0), (0.5, 60.0)])
def test_as_fast_as_it_was_written(speed: float, seconds: float) -> None:
    pacer = Pacer(Pace(speed=speed), 0.0)
    now = 5.0
    for second in (1000, 1010, 1005, 1030):
        pacer.annotated(second, now)
        now += pacer.wait(now)
    assert now - 5.0 == pytest.approx(seconds)


def test_annotations_mean_nothing_without_a_speed() -> None:
    pacer = Pacer(Pace(commands=5), 0.0)
    pacer.annotated(0, 0.0)
    pacer.annotated(1_000_000, 0.0)
    assert pacer.wait(0.0) == 0.0
