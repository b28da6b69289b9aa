"""Commands of an AOF as a live server of some release takes them (redis-facts: traps of replaying).

A loader and a primary may do what clients may not, times of expiry pass while a replay runs, and an
older server lacks words that a newer one wrote. Each command that is concerned has a function here,
which gives the commands to send instead; all others go as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from aoftool.errors import LossError
from aoftool.format.rdb.primitives import canonical_int
from aoftool.ops.replay.model import Argv
from aoftool.ops.replay.moments import Moments
from aoftool.ops.replay.target import Facts

#: Words of SET and GETEX that a number follows: its unit in ms, and whether it is absolute.
_TIMES = {b"EX": (1000, False), b"PX": (1, False), b"EXAT": (1000, True), b"PXAT": (1, True)}
_EXPIRES = {
    b"EXPIRE": (1000, False),
    b"PEXPIRE": (1, False),
    b"EXPIREAT": (1000, True),
    b"PEXPIREAT": (1, True),
}
_FIELD_EXPIRES = {b"HEXPIREAT": 1000, b"HPEXPIREAT": 1}
_VERSION_BYTES = slice(-10, -8)
#: What a loader makes of a command that would wait for data: it never waits (see
#: ``CLIENT_DENY_BLOCKING`` in blocked.c). Redis before 3.0 writes BRPOPLPUSH as it came.
_WITHOUT_WAITING = {
    b"BLPOP": b"LPOP",
    b"BRPOP": b"RPOP",
    b"BZPOPMIN": b"ZPOPMIN",
    b"BZPOPMAX": b"ZPOPMAX",
    b"BRPOPLPUSH": b"RPOPLPUSH",
    b"BLMOVE": b"LMOVE",
    b"BLMPOP": b"LMPOP",
    b"BZMPOP": b"ZMPOP",
}
#: Those of them whose timeout stands before the rest; those that take several keys as they are.
_TIMEOUT_FIRST = frozenset((b"BLMPOP", b"BZMPOP"))
_SEVERAL_KEYS = frozenset((b"BLPOP", b"BRPOP", b"BZPOPMIN", b"BZPOPMAX"))


class Translator:
    """Turns commands into those to send.

    Args:
        facts: the target.
        moments: what becomes of times of expiry; may be exchanged while it works.
        replace: whether RESTORE and FUNCTION LOAD may replace what is there.
        clock: Unix time in ms, for relative times of commands that no ``#TS:`` stands before.
    """

    def __init__(
        self, facts: Facts, moments: Moments, replace: bool, clock: Callable[[], int]
    ) -> None:
        self.moments = moments
        self.restarted = 0
        self.sent_times = False
        self._facts = facts
        self._replace = replace
        self._clock = clock
        self._base_ms: int | None = None
        self._by_name: dict[bytes, Callable[[Argv], list[Argv]]] = {
            b"SETEX": self._setex,
            b"PSETEX": self._setex,
            b"GETEX": self._getex,
            b"RESTORE": self._restore,
            b"XADD": self._trim,
            b"XTRIM": self._trim,
            b"XREAD": self._unblocked,
            b"XREADGROUP": self._unblocked,
            **dict.fromkeys(_WITHOUT_WAITING, self._at_once),
            **dict.fromkeys(_EXPIRES, self._expire),
            **dict.fromkeys(_FIELD_EXPIRES, self._field_expire),
            b"HSETEX": self._hsetex,
        }
        if replace:
            self._by_name[b"FUNCTION"] = self._function
        if facts.version < (7, 0):
            self._by_name.update({b"XGROUP": self._xgroup, b"XSETID": self._xsetid})
        if facts.version < (6, 2):
            self._by_name.update(
                {b"GETDEL": self._getdel, b"LPOP": self._pop, b"RPOP": self._pop,
                 b"LMOVE": self._lmove}
            )  # fmt: skip

    @property
    def concerned(self) -> frozenset[bytes]:
        """Commands that do not simply go as they are; SET does with two arguments."""
        return frozenset(self._by_name)

    def translate(self, argv: Argv, name: bytes, second: int | None) -> list[Argv]:
        """The commands to send for one; ``name`` is its name in upper case.

        ``second``: Unix time of the ``#TS:`` before it, or None. None at all: it changes nothing.
        """
        self._base_ms = None if second is None else second * 1000
        if name == b"SET":
            return self._set(argv)
        found = self._by_name.get(name)
        return [argv] if found is None else found(argv)

    # Times of expiry.
    def _time(self, text: bytes, unit: int, absolute: bool) -> int | None:
        """Unix time in ms of the source, or None for what is no time."""
        number = canonical_int(text)
        if number is None:
            return None
        if absolute:
            return number * unit
        base = self._base_ms
        if base is None:
            self.restarted += 1
            base = self._clock()
        return base + number * unit

    def expire_at(self, key: bytes, at_ms: int) -> list[Argv]:
        """The command that gives a key this time of the source."""
        out = self.outgoing(at_ms)
        return [[b"PERSIST", key]] if out is None else [[b"PEXPIREAT", key, b"%d" % out]]

    def outgoing(self, at_ms: int) -> int | None:
        """The time to send for a time of the source; remembers that one was sent."""
        self.sent_times = True
        return self.moments.outgoing(at_ms)

    def _expire(self, argv: Argv) -> list[Argv]:
        at_ms = self._time(argv[2], *_EXPIRES[argv[0].upper()]) if len(argv) > 2 else None
        if at_ms is None:
            return [argv]
        (command,) = self.expire_at(argv[1], at_ms)
        # The conditions of 7.0 were fulfilled, or the command would not be in the file.
        keep = self._facts.version >= (7, 0) and len(command) > 2
        return [[*command, *argv[3:]]] if keep else [command]

    def _field_expire(self, argv: Argv) -> list[Argv]:
        """Fields' own times are not held back: no command lists them all."""
        unit = _FIELD_EXPIRES[argv[0].upper()]
        at_ms = self._time(argv[2], unit, True) if len(argv) > 2 else None
        out = at_ms if at_ms is None else self.moments.final(at_ms)
        if out == at_ms:
            return [argv]
        if out is None:
            words = [word.upper() for word in argv]
            fields = argv[words.index(b"FIELDS") :] if b"FIELDS" in words else []
            return [[b"HPERSIST", argv[1], *fields]]
        return [[argv[0], argv[1], b"%d" % (out // unit), *argv[3:]]]

    def _hsetex(self, argv: Argv) -> list[Argv]:
        """HSETEX key [FNX | FXX] [a time] FIELDS ..., as HPEXPIREAT."""
        for at, word in enumerate(argv[2:-1], 2):
            if word.upper() == b"FIELDS":
                break
            how = _TIMES.get(word.upper())
            at_ms = None if how is None else self._time(argv[at + 1], *how)
            if how is None or at_ms is None:
                continue
            out = self.moments.final(at_ms)
            if out == at_ms and how[1]:
                break
            when = [] if out is None else [b"PXAT", b"%d" % out]
            return [[*argv[:at], *when, *argv[at + 2 :]]]
        return [argv]

    def _setex(self, argv: Argv) -> list[Argv]:
        if len(argv) != 4:
            return [argv]
        word = b"EX" if argv[0].upper() == b"SETEX" else b"PX"
        return self._set([b"SET", argv[1], argv[3], word, argv[2]])

    def _set(self, argv: Argv) -> list[Argv]:
        rest, at_ms = self._options(argv, 3)
        if at_ms is None:
            return [argv]
        plain = [*argv[:3], *rest]
        out = self.outgoing(at_ms)
        if out is None:
            return [plain]
        if self._facts.version >= (6, 2):
            return [[*plain, b"PXAT", b"%d" % out]]
        if rest:
            return [[*plain, b"PX", b"%d" % max(out - self._clock(), 1)]]
        return [plain, [b"PEXPIREAT", argv[1], b"%d" % out]]

    def _options(self, argv: Argv, at: int) -> tuple[list[bytes], int | None]:
        """Words that are no time, and the time."""
        rest: list[bytes] = []
        found = None
        while at < len(argv):
            how = _TIMES.get(argv[at].upper())
            if how is None or at + 1 == len(argv):
                rest.append(argv[at])
            else:
                at += 1
                found = self._time(argv[at], *how)
            at += 1
        return rest, found

    def _getex(self, argv: Argv) -> list[Argv]:
        rest, at_ms = self._options(argv, 2)
        if at_ms is not None:
            return self.expire_at(argv[1], at_ms)
        return [[b"PERSIST", argv[1]]] if [word.upper() for word in rest] == [b"PERSIST"] else []

    # What is there already, and payloads of newer servers.
    def _restore(self, argv: Argv) -> list[Argv]:
        if len(argv) < 4:
            return [argv]
        words = {word.upper() for word in argv[4:]}
        rest = [word for word in argv[4:] if word.upper() not in (b"ABSTTL", b"REPLACE")]
        if self._replace or b"REPLACE" in words:
            rest.insert(0, b"REPLACE")
        ttl = argv[2]
        if ttl != b"0":
            at_ms = self._time(ttl, 1, b"ABSTTL" in words)
            if at_ms is None:
                return [argv]
            ttl = b"%d" % (self.outgoing(at_ms) or 0)
            rest.append(b"ABSTTL")
        return [[b"RESTORE", argv[1], ttl, self._reheaded(argv[3]), *rest]]

    def _reheaded(self, payload: bytes) -> bytes:
        """A payload that the target's release reads; the same where there is no such."""
        newest = self._facts.rdb_version
        version = int.from_bytes(payload[_VERSION_BYTES], "little")
        if newest is None or version <= newest:
            return payload
        # Most sources hold no RESTORE, and are sent sooner without the import.
        from aoftool.keyspace.payload import BadPayload, dump, restore

        try:
            return dump(restore(payload), newest)
        except (BadPayload, LossError):
            return payload

    def _function(self, argv: Argv) -> list[Argv]:
        words = [word.upper() for word in argv[1:3]]
        if len(argv) == 3 and words[0] == b"LOAD":
            return [[*argv[:2], b"REPLACE", argv[2]]]
        if len(argv) == 3 and words[0] == b"RESTORE":
            return [[*argv, b"REPLACE"]]
        return [argv]

    # Words that clients, or older servers, may not use.
    def _trim(self, argv: Argv) -> list[Argv]:
        """LIMIT behind an exact MAXLEN or MINID: only loaders and replicas let that pass."""
        start = 2
        for at, (word, following) in enumerate(pairwise(argv[start : start + 8]), start):
            if word.upper() in (b"MAXLEN", b"MINID"):
                exact = following != b"~"
                limit = at + 2 + (following in (b"=", b"~"))
                if exact and len(argv) > limit + 1 and argv[limit].upper() == b"LIMIT":
                    return [[*argv[:limit], *argv[limit + 2 :]]]
                break
        return [argv]

    def _at_once(self, argv: Argv) -> list[Argv]:
        """The form that does not wait; of several keys a very short wait.

        Not the shortest: 6.2 makes 0 of a millisecond, and that is for ever.
        """
        name = argv[0].upper()
        if name in _SEVERAL_KEYS and len(argv) != 3:
            return [[*argv[:-1], b"0.01" if self._facts.version >= (6, 0) else b"1"]]
        rest = argv[2:] if name in _TIMEOUT_FIRST else argv[1:-1]
        other: Argv = [_WITHOUT_WAITING[name], *rest]
        found = self._by_name.get(other[0])
        return [other] if found is None else found(other)

    def _unblocked(self, argv: Argv) -> list[Argv]:
        """BLOCK: a loader does not wait."""
        words = [word.upper() for word in argv]
        at = words.index(b"BLOCK") if b"BLOCK" in words else len(argv)
        options_end = words.index(b"STREAMS") if b"STREAMS" in words else 0
        return [[*argv[:at], *argv[at + 2 :]]] if at < options_end else [argv]

    def _xgroup(self, argv: Argv) -> list[Argv]:
        if len(argv) > 6 and argv[-2].upper() == b"ENTRIESREAD":
            return [argv[:-2]]
        return [argv]

    def _xsetid(self, argv: Argv) -> list[Argv]:
        return [argv[:3]]

    def _getdel(self, argv: Argv) -> list[Argv]:
        return [[b"DEL", *argv[1:]]]

    def _pop(self, argv: Argv) -> list[Argv]:
        count = canonical_int(argv[2]) if len(argv) == 3 else None
        if count is None:
            return [argv]
        if argv[0].upper() == b"LPOP":
            return [[b"LTRIM", argv[1], argv[2], b"-1"]]
        return [[b"LTRIM", argv[1], b"0", b"%d" % -(count + 1)]]

    def _lmove(self, argv: Argv) -> list[Argv]:
        if len(argv) == 5 and (argv[3].upper(), argv[4].upper()) == (b"RIGHT", b"LEFT"):
            return [[b"RPOPLPUSH", argv[1], argv[2]]]
        return [argv]
