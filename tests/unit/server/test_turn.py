"""When a turn ends: with the loop's next step, or when whoever holds it says so."""

from __future__ import annotations

from typing import Any, cast

from aofserver.clients.session import Session
from aofserver.turn import Turn
from tests.fakes.machine import HandLoop


class World:
    """A turn whose ends are counted."""

    def __init__(self) -> None:
        self.loop = HandLoop()
        self.ends: list[int] = []
        self.turn = Turn(lambda: cast(Any, self.loop), self._end)

    def _end(self) -> None:
        self.ends.append(len(self.turn.sessions))

    def client(self) -> None:
        """One client's command is run."""
        self.turn.add(Session(1, None, cast(Any, None), self.turn))


def test_a_turn_ends_with_the_next_step() -> None:
    world = World()
    world.client()
    world.client()
    assert world.ends == []
    world.loop.run()
    assert world.ends == [2]
    assert not world.turn.armed
    world.loop.run()
    assert world.ends == [2]


def test_a_turn_that_is_held_ends_when_it_is_run() -> None:
    world = World()
    world.turn.held = True
    world.client()
    world.loop.run()
    assert world.ends == []
    assert world.turn.armed
    world.turn.run()
    assert world.ends == [1]
    assert not world.turn.armed


def test_nothing_leaves_after_the_end() -> None:
    world = World()
    world.client()
    world.turn.end()
    world.client()
    world.loop.run()
    assert world.ends == [1]
