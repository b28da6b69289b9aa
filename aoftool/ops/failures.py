"""What can be wrong with a source that is loaded or replayed: a record, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aoftool.errors import AofError, FormatError


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that answered an error while it was loaded, or a key that stood there already.

    Attributes:
        offset: where it begins; record: its number, None for a key in RDB form.
        argv: its words; of a key in RDB form its name, if that is known.
    """

    path: str
    offset: int
    record: int | None
    argv: tuple[bytes, ...]
    reply: bytes


class DamagedError(AofError):
    """A file that cannot be loaded to its end; ``error`` says where and why."""

    def __init__(self, path: Path, error: FormatError) -> None:
        super().__init__(f"{path}: {error}; run: aoftool check {path}")
        self.path = path
        self.error = error
        self.exit_code = error.exit_code  # type: ignore[misc]
