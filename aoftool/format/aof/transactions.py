"""Which commands of an AOF stand inside a transaction, and where an open one begins."""

from __future__ import annotations

from enum import Enum


class Step(Enum):
    """What a command is to the transactions around it."""

    OUTSIDE = "outside"
    MULTI = "multi"
    INSIDE = "inside"
    EXEC = "exec"
    NESTED_MULTI = "nested multi"
    LONE_EXEC = "lone exec"


class TransactionTracker:
    """Fed the name of every command in turn.

    Attributes:
        start: offset of the open MULTI, or None outside of a transaction.
        record: its record number, or None.
    """

    def __init__(self) -> None:
        self.start: int | None = None
        self.record: int | None = None

    def see(self, name: bytes, offset: int, record: int) -> Step:
        """Take in the command ``name`` (any case) that begins at ``offset``."""
        word = name.upper() if len(name) <= 5 else b""
        if word == b"MULTI":
            if self.start is not None:
                return Step.NESTED_MULTI
            self.start, self.record = offset, record
            return Step.MULTI
        if word == b"EXEC":
            if self.start is None:
                return Step.LONE_EXEC
            self.start = self.record = None
            return Step.EXEC
        return Step.OUTSIDE if self.start is None else Step.INSIDE
