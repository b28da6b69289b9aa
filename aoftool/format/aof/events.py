"""What the AOF decoder reports beside the events of an RDB preamble."""

from __future__ import annotations

from typing import NamedTuple

from aoftool.format.aof.transactions import Step


class Command(NamedTuple):
    """A command of the AOF.

    Attributes:
        argv: its arguments, the name first.
        start, end: file offsets of its first byte and behind its last one.
        record: its number among the commands, from 1 up.
        step: what it is to the transactions around it.
    """

    argv: list[bytes]
    start: int
    end: int
    record: int
    step: Step


class Annotation(NamedTuple):
    """A ``#`` line, its text without CR LF; ``annotations.timestamp_of`` reads a ``#TS:`` one."""

    text: bytes
    start: int
    end: int
