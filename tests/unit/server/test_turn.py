"""When a turn ends: at once, or when no more clients join it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from aofserver.session import Session
from aofserver.turn import MOST_GATHERED, Turn


class Loop:
    """An event loop that takes one step at a time."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[[], None]) -> None:
        self.calls.append(call)

    def step(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class World:
    """A turn whose ends are counted."""

    def __init__(self, gathers: bool) -> None:
        self.loop = Loop()
        self.ends: list[int] = []
        self.turn = Turn(cast(Any, self.loop), lambda: self.ends.append(len(self.turn.sessions)))
        self.turn.gathers = gathers

    def client(self) -> None:
        """One client's command is run."""
        self.turn.add(Session(1, None, cast(Any, None), self.turn))


def test_a_turn_ends_with_the_next_step() -> None:
    world = World(gathers=False)
    world.client()
    world.client()
    assert world.ends == []
    world.loop.step()
    assert world.ends == [2]
    assert not world.turn.armed
    world.loop.step()
    assert world.ends == [2]


def test_a_turn_waits_while_others_join_it() -> None:
    world = World(gathers=True)
    world.client()
    for _ in range(3):
        world.loop.step()
        assert world.ends == []
        world.client()
    world.loop.step()
    assert world.ends == []
    world.loop.step()  # nobody has joined since the last
    assert world.ends == [4]
    world.client()
    world.loop.step()
    world.loop.step()
    assert world.ends == [4, 1]


def test_a_turn_does_not_wait_for_ever() -> None:
    world = World(gathers=True)
    for _ in range(MOST_GATHERED + 10):
        world.client()
        world.loop.step()
        if world.ends:
            break
    assert world.ends == [MOST_GATHERED]
