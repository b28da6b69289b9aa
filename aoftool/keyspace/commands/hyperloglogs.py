"""HyperLogLogs (hyperloglog.c): strings that estimate how many different elements they saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from aoftool.format.resp.replies import OK, Reply, Status
from aoftool.keyspace import hyperloglog
from aoftool.keyspace.command import (
    ADMIN,
    DENYOOM,
    FAST,
    MAY_REPLICATE,
    READONLY,
    WRITE,
    command,
    verbatim,
)
from aoftool.keyspace.commands.strings import STRING, get_string, read_string
from aoftool.keyspace.context import NO_EVENT, Context
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.hyperloglog import InvalidHllError, sparse
from aoftool.keyspace.keyspecs import Argv, Keys

_KEY = Keys(1, 1)
_T = TypeVar("_T")


# A HyperLogLog is kept as a bytearray: a string that is never held in a compact way, as in Redis.
def _judged(work: Callable[[], _T]) -> _T:
    """What ``work`` returns. Raises CommandError for bytes that are no HyperLogLog."""
    try:
        return work()
    except InvalidHllError as error:
        raise CommandError(error.reply) from error


@command("PFADD", "key [element ...]", WRITE | DENYOOM | FAST, _KEY, group="hyperloglog",
         since="2.8.9")  # fmt: skip
def pfadd(ctx: Context, argv: Argv) -> Reply:
    """Add elements; whether the estimate may have changed."""
    key, limit = argv[1], ctx.options.hll_sparse_max_bytes
    old = get_string(ctx, key)
    data, changes = _judged(lambda: hyperloglog.add(old, argv[2:], limit))
    if changes:
        ctx.db.put(key, bytearray(data))
        ctx.changed(b"pfadd", key, changes)
    return 1 if changes else 0


@command("PFCOUNT", "key [key ...]", READONLY | MAY_REPLICATE, Keys(1, -1), group="hyperloglog",
         since="2.8.9", propagate=verbatim)  # fmt: skip
def pfcount(ctx: Context, argv: Argv) -> Reply:
    """The estimate; of one key it is kept beside the registers, which is a change to the key."""
    key = argv[1]
    if len(argv) > 2:
        return _judged(lambda: hyperloglog.count(_present(_found(ctx, argv[1:]))))
    held = ctx.source(key, STRING)
    if held is None:
        return 0
    data = bytes(held)
    count, kept = _judged(lambda: hyperloglog.count_cached(data))
    if kept is not data:
        ctx.db.put(key, bytearray(kept))
        ctx.changed(NO_EVENT, key)
    return count


def _found(ctx: Context, keys: Argv) -> Iterator[bytes | None]:
    """What each key holds, None where it is missing; looked at when its turn comes, as in Redis.

    Raises CommandError.
    """
    return (read_string(ctx, key) for key in keys)


def _present(datas: Iterable[bytes | None]) -> Iterator[bytes]:
    return (data for data in datas if data is not None)


@command("PFMERGE", "destkey [sourcekey ...]", WRITE | DENYOOM, Keys(1, -1), group="hyperloglog",
         since="2.8.9")  # fmt: skip
def pfmerge(ctx: Context, argv: Argv) -> Reply:
    """Merge several HyperLogLogs into the first."""
    key, limit = argv[1], ctx.options.hll_sparse_max_bytes

    def merged() -> bytes:
        found = _found(ctx, argv[1:])
        return hyperloglog.merge(next(found), _present(found), limit)

    ctx.db.put(key, bytearray(_judged(merged)))
    ctx.changed(b"pfadd", key)
    return OK


# For developers of Redis.
@command("PFDEBUG", "subcommand key", WRITE | DENYOOM | ADMIN, Keys(2, 2), group="hyperloglog",
         since="2.8.9")  # fmt: skip
def pfdebug(ctx: Context, argv: Argv) -> Reply:
    """Look inside: GETREG, DECODE, ENCODING, TODENSE."""
    data = get_string(ctx, argv[2])
    if data is None:
        raise CommandError(b"ERR The specified key does not exist")
    _judged(lambda: hyperloglog.validate(data))
    inner = _INNER.get(argv[1].upper())
    if inner is None:
        raise CommandError(b"ERR Unknown PFDEBUG subcommand '%b'" % argv[1])
    return _judged(lambda: inner(ctx, argv[2], data))


def _make_dense(ctx: Context, key: bytes, data: bytes) -> bool:
    """Whether it was sparse before. Raises InvalidHllError."""
    if hyperloglog.encoding(data) == "dense":
        return False
    ctx.db.put(key, bytearray(hyperloglog.to_dense(data)))
    ctx.dirty += 1
    return True


def _registers(ctx: Context, key: bytes, data: bytes) -> Reply:
    _make_dense(ctx, key, data)
    return list(hyperloglog.registers(data))


def _decode(ctx: Context, key: bytes, data: bytes) -> Reply:
    if hyperloglog.encoding(data) != "sparse":
        raise CommandError(b"ERR HLL encoding is not sparse")
    return sparse.described(data[hyperloglog.HEADER_SIZE :])


_INNER: dict[bytes, Callable[[Context, bytes, bytes], Reply]] = {
    b"GETREG": _registers,
    b"DECODE": _decode,
    b"ENCODING": lambda ctx, key, data: Status(hyperloglog.encoding(data).encode()),
    b"TODENSE": lambda ctx, key, data: int(_make_dense(ctx, key, data)),
}


@command("PFSELFTEST", "", ADMIN, group="hyperloglog", since="2.8.9")
def pfselftest(ctx: Context, argv: Argv) -> Reply:
    """Prove that both forms of a HyperLogLog hold the same, and that its estimate is near."""
    elements = [b"%d" % number for number in range(_TRIED)]
    data, _ = hyperloglog.add(None, elements, len(elements) * 8)
    dense = hyperloglog.to_dense(data)
    if hyperloglog.registers(data) != hyperloglog.registers(dense):
        raise CommandError(b"TESTFAILED sparse and dense registers differ")
    if abs(hyperloglog.count([data]) - _TRIED) > _TRIED // 20:
        raise CommandError(b"TESTFAILED the estimate is too far off")
    return OK


#: Elements of a self test; the estimate's standard error is 0.81 %.
_TRIED = 1000
