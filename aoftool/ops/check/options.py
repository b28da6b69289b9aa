"""How to check: what the caller of ``check_path`` may choose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How much a check looks at: each level sees what those before it see."""

    FRAMING = "framing"
    COMMANDS = "commands"
    STATE = "state"


#: ``databases`` of a server whose configuration does not say otherwise.
DEFAULT_DATABASES = 16


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How to check.

    Attributes:
        level: framing only, or the commands as well; STATE is what ``check_state`` does.
        databases: databases of the server that will load the file; None: 16, and only a warning.
        allow: names of commands to take as known (upper case; a ``*`` at the end matches any rest).
        read_all: read the bodies of long values too, which finds bytes that cannot be read.
    """

    level: Level = Level.COMMANDS
    databases: int | None = None
    allow: tuple[bytes, ...] = ()
    read_all: bool = False

    def allows(self, name: bytes) -> bool:
        """Whether the caller vouches for this command name."""
        return any(
            name.startswith(entry[:-1]) if entry.endswith(b"*") else name == entry
            for entry in self.allow
        )
