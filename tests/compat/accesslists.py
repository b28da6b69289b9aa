"""What tests of users have in common: replies that compare, and connections that have ended."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.compat.face import Pair


def comparable(reply: Any) -> Any:
    """A reply in which rules about commands have no order, and nothing is of the moment."""
    mark, value = reply
    if isinstance(value, list):
        return mark, [comparable(part) for part in value]
    if b"+@all" in value or b"-@all" in value:
        return mark, sorted(value.split())
    if value.startswith(b"id="):
        return mark, re.findall(rb" (?:name|flags|db|sub|psub|multi|cmd|user)=[^ ]*", value)
    return reply


def assert_same(pair: Pair, lines: str) -> None:
    """Every reply must be the same; a line that begins with a release is for that one only."""
    for line in filter(None, map(str.strip, lines.splitlines())):
        release, _, rest = line.partition(": ")
        if rest and release != pair.release:
            continue
        real, ours = (comparable(reply) for reply in pair.both(rest or line))
        assert ours == real, f"{line}\n  real: {real}\n  ours: {ours}"


def assert_closed(pair: Pair) -> None:
    """Both servers have ended these connections."""
    for wire in (pair.real, pair.ours):
        with pytest.raises(ConnectionError):
            wire.reply()
