"""Going round a dict, and drawing from it, while it changes."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from aoftool.keyspace.rounds import Picker, PurePicker, PureRounds, Rounds

rounds = pytest.mark.parametrize("kind", [PureRounds, Rounds])
pickers = pytest.mark.parametrize("kind", [PurePicker, Picker])


def table(count: int) -> dict[bytes, int]:
    return {b"%d" % number: number for number in range(count)}


def lap(way: Rounds, held: dict[bytes, int], step: int, before: int) -> list[bytes]:
    """What a whole round finds."""
    found: list[bytes] = []
    laps = way.laps
    while way.laps == laps:
        due, met = way.due(held, step, before)
        assert met <= step
        found += due
    return found


@rounds
def test_a_round_meets_every_key_once(kind: type[Rounds]) -> None:
    way, held = kind(), table(1000)
    for _ in range(3):
        assert sorted(lap(way, held, 7, 1 << 60)) == sorted(held)
    assert sorted(lap(way, held, 7, 500)) == sorted(table(500))


@rounds
def test_keys_may_go_and_come_meanwhile(kind: type[Rounds]) -> None:
    way, held = kind(), table(1000)
    chance = random.Random(1)
    staying = {b"%d" % number for number in range(0, 1000, 3)}
    met: set[bytes] = set()
    for number in range(1000):
        met.update(way.due(held, 5, 1 << 60)[0])
        for key in chance.sample(sorted(held), 3):
            if key not in staying:
                del held[key]
        held.update({b"new:%d:%d" % (number, each): 0 for each in range(3)})
        if way.laps >= 2:
            break
    assert way.laps >= 2
    assert staying <= met


@rounds
def test_values_of_a_kind(kind: type[Rounds]) -> None:
    held = {b"a": 1, b"b": "text", b"c": 2, b"d": True}
    way = kind()
    assert way.of_kind(held, 10, int)[0] == [b"a", b"c"]
    assert way.of_kind({}, 10, int) == ([], 0)


@pickers
def test_every_key_is_drawn_about_as_often(kind: type[Picker]) -> None:
    way, held, chance = kind(), table(50), random.Random(1)
    drawn = Counter(way.pick(held, chance.random()) for _ in range(20000))
    assert set(drawn) == set(held)
    assert min(drawn.values()) > 200
    assert max(drawn.values()) < 800


@pickers
def test_drawing_while_keys_go_and_come(kind: type[Picker]) -> None:
    way, held, chance = kind(), table(2000), random.Random(1)
    for _ in range(2000):
        key = way.pick(held, chance.random())
        assert key is not None
        del held[key]
    assert way.pick(held, 0.5) is None
    held.update(table(3))
    assert {way.pick(held, chance.random()) for _ in range(200)} == set(held)


@pickers
def test_what_comes_later_is_drawn_too(kind: type[Picker]) -> None:
    way, held, chance = kind(), table(1000), random.Random(1)
    way.pick(held, 0.5)
    for key in list(held)[:900]:
        del held[key]
    late = {b"late:%d" % number: 1 for number in range(100)}
    held.update(late)
    drawn = {way.pick(held, chance.random()) for _ in range(5000)}
    assert drawn == set(held)
