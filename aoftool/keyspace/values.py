"""How values are held: plain Python containers, so that a million keys cost what they must.

    string      bytes, or bytearray once it was changed in place (APPEND, SETRANGE, SETBIT)
    list        ShortList up to ``SHORT_LIST`` elements, LongList (a deque) beyond
    set         SetValue
    hash        HashValue: a dict of field to value, with the expiries of fields beside it
    sorted set  ZSetValue: scores by member, and an order that is built when it is first needed
    stream      Stream (``stream``)
    module      ModuleValue of the RDB package, passed through

The type of a key is the class of its value: ``type_name`` has the one table.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sortedcontainers import SortedList

from aoftool.format.rdb import ModuleValue
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.stream import Stream

if TYPE_CHECKING:
    from random import Random

#: A list of more elements than this becomes a LongList: both ends cheap, the middle dearer.
SHORT_LIST = 512


class ShortList(list[bytes]):
    """A list value that is small: the methods of a deque on the memory of a list."""

    __slots__ = ()

    def popleft(self) -> bytes:
        """Remove and return the head. Raises IndexError when empty."""
        return self.pop(0)

    def appendleft(self, element: bytes) -> None:
        """Put an element before the head."""
        self.insert(0, element)


class LongList(deque[bytes]):
    """A list value that was found to be long."""

    __slots__ = ()


#: A list that commands work with; one that was loaded may still be a ``PackedList``.
ListValue = ShortList | LongList


class SetValue(dict[bytes, None]):
    """A set. Change it by ``add_all``, ``remove_all`` and ``take`` only: they keep its sample.

    The keys of a dict: a small one takes half the memory of an interpreter's set.

    ``outgrew``: see ``encodings``, as in the other collections.
    """

    __slots__ = ("_order", "outgrew")

    def __init__(self, members: Iterable[bytes] = ()) -> None:
        super().__init__(dict.fromkeys(members))
        self._order: list[bytes] | None = None
        self.outgrew = 0

    def add_all(self, members: Iterable[bytes]) -> int:
        """Add members; how many are new."""
        before = len(self)
        for member in members:
            self[member] = None
        added = len(self) - before
        if added:
            self._order = None
        return added

    def remove_all(self, members: Iterable[bytes]) -> int:
        """Take members out; how many were there."""
        before = len(self)
        for member in members:
            self.pop(member, None)
        removed = before - len(self)
        if removed:
            self._order = None
        return removed

    def order(self) -> list[bytes]:
        """The members as a list, for picking by index; not to be changed by the caller."""
        if self._order is None:
            self._order = list(self)
        return self._order

    def take(self, rng: Random) -> bytes:
        """Remove and return a member at random; constant time in a run of calls."""
        order = self.order()
        at = rng.randrange(len(order))
        order[at], order[-1] = order[-1], order[at]
        member = order.pop()
        del self[member]
        return member


class HashValue(dict[bytes, bytes]):
    """A hash.

    ``expires`` holds Unix times in ms of the fields that expire, or is None; no field expires
    before ``soonest``, which is 0 as long as nobody has looked.
    """

    __slots__ = ("expires", "outgrew", "soonest")

    def __init__(self, fields: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(fields)
        self.expires: dict[bytes, int] | None = None
        self.soonest = 0
        self.outgrew = 0


class ZSetValue:
    """A sorted set.

    ``scores`` maps members to scores. The order by (score, member) is built when it is first asked
    for and kept up to date from then on, so that loading costs no more than a dict.
    """

    __slots__ = ("_order", "outgrew", "scores")

    def __init__(self) -> None:
        self.outgrew = 0
        self.scores: dict[bytes, float] = {}
        self._order: SortedList[tuple[float, bytes]] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def put(self, member: bytes, score: float) -> None:
        """Add a member or change its score; ``score`` is no NaN."""
        if self._order is not None:
            old = self.scores.get(member)
            if old is not None:
                self._order.remove((old, member))
            self._order.add((score, member))
        self.scores[member] = score

    def remove(self, member: bytes) -> bool:
        """Take a member out; whether it was there."""
        score = self.scores.pop(member, None)
        if score is None:
            return False
        if self._order is not None:
            self._order.remove((score, member))
        return True

    def parts(self) -> Iterator[Any]:
        """The containers that it is made of."""
        yield self.scores
        if self._order is not None:
            yield self._order

    @property
    def order(self) -> SortedList[tuple[float, bytes]]:
        """(score, member) pairs in order; a SortedList, so ranks and ranges are cheap."""
        if self._order is None:
            self._order = SortedList((score, member) for member, score in self.scores.items())
        return self._order

    def __iter__(self) -> Iterator[tuple[float, bytes]]:
        """(score, member) pairs in order, without keeping an order that is not kept yet."""
        if self._order is not None:
            return iter(self._order)
        return iter(sorted((score, member) for member, score in self.scores.items()))


def list_value(elements: Iterable[bytes]) -> ListValue:
    """A list value of these elements, short or long as they are many."""
    value = ShortList(elements)
    return value if len(value) <= SHORT_LIST else LongList(value)


def _copy_hash(value: HashValue) -> HashValue:
    copied = HashValue(value.items())
    copied.expires = None if value.expires is None else dict(value.expires)
    copied.outgrew = value.outgrew
    return copied


def _copy_zset(value: ZSetValue) -> ZSetValue:
    copied = ZSetValue()
    copied.scores = dict(value.scores)
    copied.outgrew = value.outgrew
    return copied


def _copy_set(value: SetValue) -> SetValue:
    copied = SetValue(value)
    copied.outgrew = value.outgrew
    return copied


def _itself(value: Any) -> Any:
    """What cannot be changed needs no copy."""
    return value


#: Of each class of value: the name of its type as TYPE says it, and how it is copied.
_TYPES: dict[type, tuple[bytes, Callable[[Any], Any]]] = {
    bytes: (b"string", _itself),
    bytearray: (b"string", bytearray),
    ShortList: (b"list", ShortList),
    LongList: (b"list", LongList),
    PackedList: (b"list", ShortList),
    SetValue: (b"set", _copy_set),
    HashValue: (b"hash", _copy_hash),
    ZSetValue: (b"zset", _copy_zset),
    Stream: (b"stream", Stream.copy),
}


def type_name(value: Any) -> bytes:
    """The type of a value as TYPE names it; of a module's value, the module type's name."""
    if isinstance(value, ModuleValue):
        return value.name.encode()
    return _TYPES[type(value)][0]


def copy_value(value: Any) -> Any:
    """A value that changes apart from this one."""
    return value if isinstance(value, ModuleValue) else _TYPES[type(value)][1](value)
