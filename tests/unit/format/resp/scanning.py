"""Runs a scanner over pieces of data and notes everything it says, to compare twins."""

from __future__ import annotations

from typing import Any

from aoftool.format.resp.scan import Kind, PureRespScanner, RespScanner, Status

#: The twins under test: the pure one, and the one in use (the compiled one where it was built).
TWINS = [PureRespScanner, RespScanner]
NAMES = [
    (b"PING", -1, Kind.PLAIN), (b"SET", -3, Kind.PLAIN), (b"DEL", -2, Kind.PLAIN),
    (b"GET", 2, Kind.PLAIN), (b"SELECT", 2, Kind.SELECT), (b"MULTI", 1, Kind.MULTI),
    (b"EXEC", 1, Kind.EXEC), (b"XGROUP", -2, Kind.CONTAINER),
]  # fmt: skip


def new(cls: type[RespScanner]) -> RespScanner:
    """A scanner that knows a few commands."""
    scanner = cls()
    for name, arity, kind in NAMES:
        scanner.learn(name, arity, kind)
    return scanner


def run(cls: type[RespScanner], data: bytes, size: int, base: int = 0) -> dict[str, Any]:
    """Feed ``data`` in windows that grow by ``size`` bytes; what was noted, and the final state."""
    scanner = new(cls)
    scanner.begin(base)
    notes: list[tuple[object, ...]] = []
    pos = end = 0
    status = int(Status.MORE)
    while True:
        status = int(scanner.scan(data, pos, end, base))
        pos = scanner.pos
        if status == Status.BAD:
            break
        if status == Status.NOTE:
            notes.append(
                (int(scanner.note), int(scanner.argc), scanner.word0, scanner.word1, base + pos)
            )
            continue
        if end == len(data):
            break
        if scanner.skip:
            step = min(scanner.skip, len(data) - end)
            scanner.skipped(step)
            pos = end = end + step
        end = min(len(data), end + size)
    bad = (scanner.bad_offset, int(scanner.bad_reason)) if status == Status.BAD else None
    return {
        "bad": bad,
        "notes": notes,
        "records": scanner.records,
        "transactions": scanner.transactions,
        "counts": scanner.counts(),
        "databases": scanner.databases(),
        "good_end": scanner.good_end,
        "record_start": scanner.record_start,
        "tx": (scanner.tx_start, scanner.tx_records if scanner.tx_start >= 0 else 0),
        "inside": bool(scanner.inside),
        "nameless": scanner.nameless,
        "left": len(data) - pos if bad is None else None,
    }
