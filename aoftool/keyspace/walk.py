"""A walk over a collection in pages, as SCAN, SSCAN, HSCAN and ZSCAN make it.

Redis walks the buckets of its hash tables (``dictScan``). Here elements are in the order of a hash
of theirs, 48 bits wide, and a cursor is the hash of the first element that was not returned yet. An
element's place never changes, so whatever comes and goes meanwhile, each element that is there
from the first page to the last is returned, and, unlike in Redis, none twice; elements with the
same hash stay together in a page.

A page must not cost a look at the whole collection. So the order is kept, in up to 16 windows by
the hash's top bits, each built when a page first needs it. A window that was built since the last
first page holds all that the guarantee speaks of, for every walk that is under way; who went since
is left out as a page is read. A first page throws all windows away.

The hash is Python's own of bytes, keyed by the process as Redis's is, and known already for what
is in a dict or set: cursors mean nothing to another process, and nobody can choose equal hashes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Hashable

#: Elements a window has at least before there are more windows.
WINDOW = 4096
#: Collections whose order is kept at the same time.
MAX_WALKS = 16

_HASH_BITS = 48
_HASH_MASK = (1 << _HASH_BITS) - 1
_MAX_WINDOW_BITS = 4


def _place(element: bytes) -> int:
    """Where an element stands in the order."""
    return hash(element) & _HASH_MASK


class _Walk:
    """The windows of one collection's order that were built since the last first page."""

    __slots__ = ("collection", "shift", "windows")

    def __init__(self, collection: Collection[bytes]) -> None:
        bits = min((len(collection) // WINDOW).bit_length(), _MAX_WINDOW_BITS)
        self.collection = id(collection)
        self.shift = _HASH_BITS - bits
        self.windows: dict[int, list[bytes]] = {}

    def window(self, index: int, collection: Collection[bytes]) -> list[bytes]:
        """The elements whose top bits are ``index``, in order."""
        found = self.windows.get(index)
        if found is None:
            shift = self.shift
            if shift == _HASH_BITS:
                found = list(collection)
            else:
                found = [one for one in collection if (hash(one) & _HASH_MASK) >> shift == index]
            found.sort(key=_place)
            self.windows[index] = found
        return found


class Scans:
    """All walks that are under way in a keyspace; the longest unused are forgotten.

    Forgetting costs time only: the next page builds its window again.
    """

    def __init__(self) -> None:
        self._walks: OrderedDict[Hashable, _Walk] = OrderedDict()

    def page(
        self,
        owner: Hashable,
        collection: Collection[bytes],
        cursor: int,
        count: int,
        at_once: int = 0,
    ) -> tuple[int, list[bytes]]:
        """The next elements of a walk, and the cursor behind them: 0 at the end.

        ``owner`` names what is walked (a database's number; number and key). A ``cursor`` of 0
        begins; any other number is taken as one that a page gave. About ``count`` elements are
        returned: fewer where some are gone, more where hashes are equal, and all at once of a
        collection of up to ``at_once``, whatever the cursor, as Redis does with compact encodings.
        """
        if not cursor:
            self._walks.pop(owner, None)
        if len(collection) <= (at_once if cursor else max(at_once, count)):
            return 0, list(collection)
        cursor &= _HASH_MASK
        walk = self._walk(owner, collection)
        index = cursor >> walk.shift
        window = walk.window(index, collection)
        start = bisect_left(window, cursor, key=_place)
        stop = min(start + count, len(window))
        while start < stop < len(window) and _place(window[stop]) == _place(window[stop - 1]):
            stop += 1
        elements = [element for element in window[start:stop] if element in collection]
        if stop < len(window):
            return _place(window[stop]), elements
        behind = index + 1 << walk.shift
        if behind <= _HASH_MASK:
            return behind, elements
        del self._walks[owner]
        return 0, elements

    def _walk(self, owner: Hashable, collection: Collection[bytes]) -> _Walk:
        walk = self._walks.get(owner)
        if walk is None or walk.collection != id(collection):
            walk = self._walks[owner] = _Walk(collection)
            if len(self._walks) > MAX_WALKS:
                self._walks.popitem(last=False)
        self._walks.move_to_end(owner)
        return walk
