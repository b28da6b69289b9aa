"""The same commands on a real server and on our keyspace: replies compared one by one.

Replies that have no order (SMEMBERS, HGETALL...) are compared as bags; error texts to the letter.
A difference that is meant is named in the test that has it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

from aoftool.format.resp.replies import (
    ErrorReply,
    MapReply,
    NullArray,
    SetReply,
    Status,
    Verbatim,
)
from aoftool.keyspace import numbers
from aoftool.keyspace.context import Context, Options, Style
from aoftool.keyspace.engine import run, run_logged
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.values import HashValue, SetValue
from tests.compat.servers import AOF, AOF_DIR, WITH_AOF, serving

Words = Sequence[str | bytes | int | float]

#: Commands whose elements come in no order, and how many of them make one item.
UNORDERED = {
    b"SMEMBERS": 1, b"SINTER": 1, b"SUNION": 1, b"SDIFF": 1, b"HGETALL": 2, b"HKEYS": 1,
    b"HVALS": 1, b"KEYS": 1,
}  # fmt: skip
#: Whose AOF and whose replies each real server speaks for.
STYLES = {"6.2": Style.REDIS_6, "7.0": Style.REDIS_7}


def argv_of(words: Words) -> list[bytes]:
    """Words as arguments."""
    return [word if isinstance(word, bytes) else str(word).encode() for word in words]


class Ours:
    """Our keyspace, as the real server would answer over RESP2."""

    def __init__(self, release: str, seed: int = 1) -> None:
        self.keyspace = Keyspace()
        self.ctx = Context(self.keyspace, Random(seed), Options(style=STYLES[release]))
        self.log: list[list[bytes]] = []
        self._logged_db = 0
        self._shortest = False

    def __call__(self, words: Words) -> Any:
        """Run a command now; its reply, plain. What the AOF would hold is added to ``log``."""
        self.keyspace.clock.now_ms = time.time_ns() // 1_000_000
        argv = argv_of(words)
        index = self.ctx.db.index
        try:
            reply, logged, _ = run_logged(self.ctx, argv)
        except CommandError as error:
            return "-" + error.text.decode()
        if logged and index != self._logged_db:
            self.log.append([b"SELECT", b"%d" % index])
            self._logged_db = index
        self.log += [list(entry) for entry in logged]
        return _ordered(argv, self._plain(reply))

    def _plain(self, reply: Any) -> Any:
        if isinstance(reply, bool):
            return int(reply)
        if isinstance(reply, float):
            return numbers.format_score(reply, shortest=self._shortest)
        if isinstance(reply, NullArray):
            return None
        if isinstance(reply, Verbatim):
            return reply.text
        if isinstance(reply, ErrorReply):
            return "-" + reply.text.decode()
        if isinstance(reply, (MapReply, SetReply, list, tuple)):
            return [self._plain(item) for item in reply]
        return bytes(reply) if isinstance(reply, (Status, bytearray)) else reply


class Real:
    """A real server over RESP2, without redis-py's conversions."""

    def __init__(self, client: Any) -> None:
        pool = client.connection_pool
        self._client = client
        self._connection = pool.connection_class(**pool.connection_kwargs | {"protocol": 2})
        # redis-py's own takes the code away from some texts.
        self._connection._parser.parse_error = _whole_error

    def __call__(self, words: Words) -> Any:
        """Run a command; its reply, plain."""
        argv = argv_of(words)
        self._connection.send_command(*argv)
        return _ordered(argv, self.next_reply())

    def next_reply(self) -> Any:
        """The next reply or message that comes, plain."""
        import redis

        try:
            return _real_plain(self._connection.read_response())
        except redis.ResponseError as error:
            return _error_text(error)

    def again(self) -> Real:
        """Another connection to the same server."""
        return Real(self._client)


def _whole_error(text: str) -> Any:
    import redis

    return redis.ResponseError(text)


def _error_text(error: Any) -> str:
    return f"-{error}"


def _real_plain(reply: Any) -> Any:
    import redis

    if isinstance(reply, redis.ResponseError):
        return _error_text(reply)
    return [_real_plain(item) for item in reply] if isinstance(reply, list) else reply


def _ordered(argv: list[bytes], reply: Any) -> Any:
    size = UNORDERED.get(argv[0].upper())
    if size is None or not isinstance(reply, list):
        return reply
    return sorted(tuple(reply[at : at + size]) for at in range(0, len(reply), size))


@contextmanager
def pair(release: str, folder: Path) -> Iterator[tuple[Real, Ours]]:
    """A fresh real server of this release, and ours."""
    with serving(release, folder) as client:
        yield Real(client), Ours(release)


def assert_same(real: Real, ours: Ours, script: Sequence[Words]) -> None:
    """Run a script on both; every reply must be the same."""
    for at, words in enumerate(script):
        expected, got = real(words), ours(words)
        assert got == expected, f"step {at}: {words!r}\n  real: {expected!r}\n  ours: {got!r}"


def assert_converges(ours: Ours, release: str) -> None:
    """What the AOF holds rebuilds the same keyspace, with another clock and other chance."""
    again = Ours(release, seed=99)
    again.ctx.trusted = True
    again.keyspace.clock.paused = True
    again.keyspace.clock.now_ms = 1
    for argv in ours.log:
        run(again.ctx, argv)
    for one, other in zip(ours.keyspace.databases, again.keyspace.databases, strict=True):
        assert one.expires == other.expires
        assert {key: comparable(value) for key, value in one.data.items()} == {
            key: comparable(value) for key, value in other.data.items()
        }


def comparable(value: Any) -> Any:
    """A value as something that compares by contents."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if hasattr(value, "scores"):
        return value.scores
    if isinstance(value, HashValue):
        return dict(value), value.expires or {}
    if isinstance(value, SetValue):
        return set(value)
    if hasattr(value, "comparable"):
        return value.comparable()
    return list(value)


@contextmanager
def logging(
    folder: Path, more: Mapping[str, Sequence[str]] | None = None
) -> Iterator[dict[str, tuple[Real, Path]]]:
    """A connection to each real server, which writes an AOF, and that AOF; ``more``: options."""
    paths = {"6.2": folder / "6.2" / AOF, "7.0": folder / "7.0" / AOF_DIR / f"{AOF}.1.incr.aof"}
    with ExitStack() as stack:
        servers = {}
        for release, path in paths.items():
            (folder / release).mkdir()
            options = (*WITH_AOF, "--appendfsync", "no", *(more or {}).get(release, ()))
            client = stack.enter_context(serving(release, folder / release, *options))
            servers[release] = Real(client), path
        yield servers
