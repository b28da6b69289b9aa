"""How fast to go: so many commands or bytes a second, or as fast as the source was written."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds that may be made up for: a wait is always a little too long, and the next one would not
#: know. Longer ones are not made good by a burst.
CREDIT = 0.05


@dataclass(frozen=True, slots=True)
class Pace:
    """What is asked for; None: as fast as it goes.

    Attributes:
        commands, bytes: most of them a second.
        speed: multiple of the speed at which ``#TS:`` annotations say the source was written.
    """

    commands: float | None = None
    bytes: float | None = None
    speed: float | None = None

    @property
    def is_free(self) -> bool:
        """Whether nothing is asked for."""
        return self.commands is None and self.bytes is None and self.speed is None


class Pacer:
    """Says how long to wait. Times are seconds of any clock that only goes forward."""

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._due = now
        self._first: tuple[float, int] | None = None
        self._annotated = now

    def sent(self, commands: int, size: int, now: float) -> None:
        """So many commands of so many bytes go out at ``now``."""
        pace = self._pace
        by_count = 0.0 if pace.commands is None else commands / pace.commands
        by_size = 0.0 if pace.bytes is None else size / pace.bytes
        self._due = max(self._due, now - CREDIT) + max(by_count, by_size)

    def annotated(self, second: int, now: float) -> None:
        """The source says that what follows was written in this second of Unix time."""
        if self._pace.speed is None:
            return
        if self._first is None:
            self._first = now, second
        began, first = self._first
        self._annotated = max(self._annotated, began + (second - first) / self._pace.speed)

    def wait(self, now: float) -> float:
        """Seconds to wait before anything more is sent."""
        return max(self._due - now, self._annotated - now, 0.0)
