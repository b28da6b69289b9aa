"""Times of expiry on their way to a live server, which does not wait until a replay has ended.

A loader lets no key expire; a live server does, even between two commands that belong together:
``SET c 5 PXAT <past>`` and ``INCR c`` make 6 in one and 1, for ever, in the other. So times are
held back: they travel with FAR added, which keeps the server's own bookkeeping (PERSIST, RENAME,
SET without KEEPTTL) right, and are put right at the end (``settling``).
"""

from __future__ import annotations

from dataclasses import dataclass

from aoftool.ops.replay.model import Expired

#: Milliseconds that are added to a time that is held back: some 35,000 years.
FAR = 1 << 50
#: Times as far from 1970 as this, in ms, are no times that anybody means: they stay as they are.
_LIMIT = 1 << 49


@dataclass(frozen=True, slots=True)
class Moments:
    """What to make of times of expiry; all of them in ms of Unix time.

    Attributes:
        expired: what becomes of keys whose time has come at ``now_ms``.
        now_ms: that moment.
        delta_ms: what SHIFT adds.
        hold: whether times are held back now.
    """

    expired: Expired = Expired.DROP
    now_ms: int = 0
    delta_ms: int = 0
    hold: bool = True

    def outgoing(self, at_ms: int) -> int | None:
        """The time to send for one of the source; None: let the key not expire."""
        if not -_LIMIT < at_ms < _LIMIT:
            return at_ms
        return at_ms + FAR if self.hold else self.final(at_ms)

    def final(self, at_ms: int) -> int | None:
        """The time that a key has in the end for one of the source; None: it does not expire."""
        if self.expired is Expired.SHIFT:
            return at_ms + self.delta_ms
        if self.expired is Expired.KEEP and at_ms <= self.now_ms:
            return None
        return at_ms

    def drops(self, at_ms: int) -> bool:
        """Whether a key with this time in the source goes."""
        return self.expired is Expired.DROP and at_ms <= self.now_ms


def held(at_ms: int) -> int | None:
    """The time of the source, where ``at_ms`` is one that was held back; else None."""
    return at_ms - FAR if FAR - _LIMIT < at_ms < FAR + _LIMIT else None
