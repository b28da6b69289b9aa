"""The shortest part of a list that still fails: what a random run is told as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def shortest(items: Sequence[Item], fails: Callable[[Sequence[Item]], bool]) -> Sequence[Item]:
    """A part of ``items``, in order, of which nothing can be left out without ``fails`` ending.

    Larger pieces are tried first (delta debugging). ``items`` itself must fail.
    """
    size = len(items) // 2
    while size:
        at = 0
        while at < len(items):
            rest = [*items[:at], *items[at + size :]]
            if rest and fails(rest):
                items = rest
            else:
                at += size
        size //= 2
    return items
