"""How long a target is left alone: as long as it has enough to do."""

from __future__ import annotations

import pytest

from aoftool.ops.replay.sending import nap

ROOM = 200_000


@pytest.mark.parametrize(("commands", "size", "seconds"), [
    (0, 0, 0.0),
    (10_000, 560_000, 0.00125),  # 3,571 of them are in the socket
    (3_000, 150_000, 0.00105),  # all of them are
    (50_000, 200_000, 0.002),  # but no longer than that
    (200, 11_200, 0.0),  # too short to be worth it
    (100, 8_000_000, 0.0),  # long values: the socket is empty in no time
])  # fmt: skip
def test_as_long_as_half_of_what_is_in_the_socket_takes(
    commands: int, size: int, seconds: float
) -> None:
    assert nap(commands, size, ROOM) == pytest.approx(seconds)
