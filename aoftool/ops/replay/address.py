"""Where a target is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    """How to speak TLS: files in PEM form; None: the system's authorities, no certificate."""

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and how to be let in.

    Attributes:
        path: of a Unix socket, else None.
        password: never shown, not even by ``repr``.
    """

    host: str = "127.0.0.1"
    port: int = 6379
    path: str | None = None
    tls: Tls | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """What may be shown of it."""
        if self.path is not None:
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}"
