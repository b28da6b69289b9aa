"""How lists are held and written, by ``list-max-listpack-size``."""

from __future__ import annotations

import pytest

from aoftool.format.rdb import EncodingLimits
from aoftool.format.rdb.layouts import _list_nodes
from aoftool.keyspace.context import Style
from aoftool.keyspace.encodings import encoding
from aoftool.keyspace.values import ShortList


@pytest.mark.parametrize(
    ("entries", "node_bytes", "items", "name"),
    [
        (0, 8192, [b"x"] * 1000, b"listpack"),
        (3, 8192, [b"x"] * 3, b"listpack"),
        (3, 8192, [b"x"] * 4, b"quicklist"),
        (3, 8192, [b"x" * 9000], b"quicklist"),
        (0, 4096, [b"x" * 5000], b"quicklist"),
    ],
)
def test_names(entries: int, node_bytes: int, items: list[bytes], name: bytes) -> None:
    limits = EncodingLimits(list_node_entries=entries, list_node_bytes=node_bytes)
    assert encoding(ShortList(items), Style.REDIS_7, limits) == name
    assert encoding(ShortList(items), Style.REDIS_6, limits) == b"quicklist"


def test_nodes_of_so_many_elements() -> None:
    limits = EncodingLimits(list_node_entries=2)
    items = [b"a", b"b", b"c", b"x" * 9000, b"d"]
    nodes = list(_list_nodes(items, limits))
    assert nodes == [
        (False, [b"a", b"b"]), (False, [b"c"]), (True, [b"x" * 9000]), (False, [b"d"]),
    ]  # fmt: skip
    assert list(_list_nodes([b"a", b"b"], limits)) == [(False, [b"a", b"b"])]
