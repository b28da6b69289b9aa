"""What a script does beside its replies: the keyspace events it tells, the changes it counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aoftool.keyspace.context import NO_EVENT
from aoftool.keyspace.database import Database
from tests.compat.differential import Ours, Real

Event = tuple[bytes, bytes]

_CHANNEL = b"__keyevent@0__:"


@contextmanager
def witnessed(real: Real, ours: Ours) -> Iterator[None]:
    """At the end of the block both must have told the same events and counted the same changes.

    Only for scripts that stay in database 0.
    """
    told: list[Event] = []

    def listener(event: bytes, key: bytes, database: Database) -> None:
        if event != NO_EVENT:
            told.append((event, key))

    real(("CONFIG", "SET", "notify-keyspace-events", "EA"))
    subscriber = real.again()
    subscriber(("PSUBSCRIBE", "__keyevent@*"))
    ours.ctx.listener = listener
    counted, ours_counted = _changes(real), ours.ctx.dirty
    yield
    ours.ctx.listener = None
    heard = _heard(subscriber)
    at = next(
        (at for at, pair in enumerate(zip(heard, told, strict=False)) if pair[0] != pair[1]), -5
    )
    assert told == heard, f"event {at}: real {heard[at:][:5]}, ours {told[at:][:5]}"
    assert ours.ctx.dirty - ours_counted == _changes(real) - counted


def _changes(real: Real) -> int:
    """``rdb_changes_since_last_save``, which nothing resets in a server that never saves."""
    for line in real(("INFO", "persistence")).splitlines():
        name, _, value = line.partition(b":")
        if name == b"rdb_changes_since_last_save":
            return int(value)
    raise AssertionError("INFO does not say how many changes there were")


def _heard(subscriber: Real) -> list[Event]:
    """What was told up to now: the server answers PING behind it."""
    events: list[Event] = []
    message = subscriber(("PING",))
    while message[0] != b"pong":
        assert message[2].startswith(_CHANNEL), message
        events.append((message[2].removeprefix(_CHANNEL), message[3]))
        message = subscriber.next_reply()
    return events
