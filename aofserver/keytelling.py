"""How COMMAND tells clients where keys stand: key specifications (``addReplyCommandKeySpecs``)."""

from __future__ import annotations

from dataclasses import dataclass

from aofserver.keyuses import Uses, uses_of
from aoftool.format.resp.replies import MapReply, Reply, SetReply, Status
from aoftool.keyspace.command import Command
from aoftool.keyspace.keyspecs import Behind, HalfBehind, Keys, NamedKeys, NumKeys

_INCOMPLETE = frozenset((b"incomplete",))
#: Commands with patterns that name keys as well, wherever they stand.
_WITH_PATTERNS = frozenset((b"SORT", b"SORT_RO"))


@dataclass(frozen=True, slots=True)
class _Found:
    """A kind of search, with its numbers and words."""

    kind: bytes
    spec: tuple[Reply, ...] = ()

    def reply(self) -> Reply:
        """As clients are told."""
        return MapReply([b"type", self.kind, b"spec", MapReply(self.spec)])


#: Where to begin, and which keys there are from there on.
_Spec = tuple[Uses, _Found, _Found]
_UNKNOWN = _Found(b"unknown")


def _index(at: int) -> _Found:
    return _Found(b"index", (b"index", at))


def _keyword(word: bytes, start: int) -> _Found:
    return _Found(b"keyword", (b"keyword", word, b"startfrom", start))


def _range(last: int, step: int = 1, limit: int = 0) -> _Found:
    return _Found(b"range", (b"lastkey", last, b"keystep", step, b"limit", limit))


def key_specs(command: Command) -> SetReply:
    """Where its keys stand, with what is done with them; ``unknown`` where only the command itself
    can tell.
    """
    return SetReply(
        [
            MapReply([
                b"flags", SetReply([Status(word) for word in sorted(uses)]),
                b"begin_search", begin.reply(),
                b"find_keys", find.reply(),
            ])
            for uses, begin, find in _specs(command)
        ]
    )  # fmt: skip


def _specs(command: Command) -> list[_Spec]:
    keys = command.keys
    first, others = uses_of(command)
    if isinstance(keys, Keys):
        return _in_a_row(keys, first, others)
    if isinstance(keys, HalfBehind):
        return [(first, _keyword(keys.word, keys.start), _range(-1, 1, 2))]
    if not isinstance(keys, NumKeys | Behind | NamedKeys):
        return []
    found = [(first, _index(at), _range(0)) for at in keys.fixed]
    if isinstance(keys, NumKeys):
        counted = _Found(b"keynum", (b"keynumidx", 0, b"firstkey", 1, b"keystep", keys.step))
        return [*found, (others if found else first, _index(keys.count), counted)]
    if isinstance(keys, NamedKeys):
        last = -1 if keys.count is None else keys.count - 1
        start = -2 if keys.count is None else keys.start
        uses = others | _INCOMPLETE if keys.takes else others
        return [*found, (uses, _keyword(keys.word, start), _range(last))]
    if command.name in _WITH_PATTERNS:
        targets = [(others, _UNKNOWN, _UNKNOWN) for _ in keys.words]
        return [*found, (first, _UNKNOWN, _UNKNOWN), *targets]
    words = sorted(keys.words)
    return [*found, *((others, _keyword(word, keys.start), _range(0)) for word in words)]


def _in_a_row(keys: Keys, first: Uses, others: Uses) -> list[_Spec]:
    at, last = keys.first, keys.last
    if first == others or last == at:
        return [(first, _index(at), _range(last - at if last >= 0 else last, keys.step))]
    rest = _range(last - at - 1 if last >= 0 else last, keys.step)
    return [(first, _index(at), _range(0)), (others, _index(at + 1), rest)]
