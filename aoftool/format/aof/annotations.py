"""``#`` lines: remarks in an AOF that loaders pass over (Redis 7.0, ``aof-timestamp-enabled``)."""

from __future__ import annotations

import re

_TIMESTAMP = re.compile(rb"#TS:(\d{1,18})\Z")


def timestamp_of(text: bytes) -> int | None:
    """Unix time in seconds of a ``#TS:`` line; None for any other annotation."""
    match = _TIMESTAMP.match(text)
    return int(match[1]) if match else None
