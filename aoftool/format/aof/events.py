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


class Batch(NamedTuple):
    """A run of commands outside of any transaction, for readers that want speed.

    Attributes:
        commands: their arguments.
        ends: where each of them ends, counted from the file offset ``base``.
        base: see there; start: file offset of the first one.
        record: number of the first one, from 1 up.
    """

    commands: list[list[bytes]]
    ends: list[int]
    base: int
    start: int
    record: int

    def command(self, index: int) -> Command:
        """One of them, as the decoder would report it by itself."""
        start = self.base + self.ends[index - 1] if index else self.start
        end = self.base + self.ends[index]
        return Command(self.commands[index], start, end, self.record + index, Step.OUTSIDE)


class PlainRun(NamedTuple):
    """A run of commands that need not be looked at, for readers that pass them on as they are.

    Attributes:
        start, end: file offsets of the first byte and behind the last one.
        record: number of the first one, from 1 up; commands: how many there are.
    """

    start: int
    end: int
    record: int
    commands: int


class Annotation(NamedTuple):
    """A ``#`` line, its text without CR LF; ``annotations.timestamp_of`` reads a ``#TS:`` one."""

    text: bytes
    start: int
    end: int
