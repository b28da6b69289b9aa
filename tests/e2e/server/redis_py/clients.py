"""Clients of a server on a socket."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def spoken(server: Path, protocol: int, **more: Any) -> Any:
    """A client that gives up at once, and answers in text."""
    settings: dict[str, Any] = {
        "decode_responses": True, "retry": Retry(NoBackoff(), 0), "socket_timeout": 10, **more
    }  # fmt: skip
    return redis.Redis(unix_socket_path=str(server), protocol=protocol, **settings)


def pooled(server: Path, pool: Any, protocol: int, **more: Any) -> Any:
    return pool(
        connection_class=redis.UnixDomainSocketConnection, path=str(server),
        protocol=protocol, decode_responses=True, **more,
    )  # fmt: skip


def recent(client: Any, release: str) -> None:
    """Skip what a real server of an older release has not."""
    if client.info("server")["redis_version"] < release:
        pytest.skip(f"not before {release}")


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)
