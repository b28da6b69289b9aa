"""HyperLogLogs: bytes as real servers hold them, and the two encodings against each other."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.keyspace import hyperloglog as hll
from aoftool.keyspace.hyperloglog import dense, sparse
from aoftool.keyspace.hyperloglog.estimate import estimate, murmur64a, place

STALE = b"HYLL\1\0\0\0" + bytes(7) + b"\x80"
VALID_EMPTY = b"HYLL\1\0\0\0" + bytes(8)


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"element:%d" % n for n in range(start, start + count)]


def test_new() -> None:
    assert hll.new() == VALID_EMPTY + b"\x7f\xff"
    assert hll.count_cached(hll.new()) == (0, hll.new())


def test_a_missing_key_is_made_and_counts_as_a_change() -> None:
    assert hll.add(None, []) == (STALE + b"\x7f\xff", 1)


def test_an_element_becomes_a_run_between_zeros() -> None:
    # PFADD h zz on a server.
    assert hll.add(None, [b"zz"]) == (STALE + b"J\xd9\x80u$", 2)


def test_nothing_new_leaves_the_bytes_alone() -> None:
    data = hll.count_cached(hll.add(None, numbered(100))[0])[1]
    assert hll.add(data, numbered(100)) == (data, 0)


def test_the_hash_takes_every_length() -> None:
    # The last bytes count: all of these differ, and no length fails.
    assert len({murmur64a(b"x" * size) for size in range(40)}) == 40


def test_values_are_from_1_to_51() -> None:
    values = [place(element)[1] for element in numbered(3000)]
    assert min(values) == 1
    assert max(values) < 52


def test_the_estimate_is_kept_in_the_header() -> None:
    data = hll.add(None, numbered(1000))[0]
    counted, kept = hll.count_cached(data)
    assert abs(counted - 1000) < 30
    assert kept[8:16] == counted.to_bytes(8, "little")
    assert kept[16:] == data[16:]
    assert hll.count_cached(kept) == (counted, kept)
    # It is believed, whatever the registers are.
    assert hll.count_cached(kept[:8] + b"\7" + bytes(7) + kept[16:])[0] == 7


def test_sparse_becomes_dense_at_the_limit() -> None:
    data, sizes = hll.new(), set()
    for element in numbered(4000):
        data = hll.add(data, [element])[0]
        sizes.add(len(data))
    assert hll.encoding(data) == "dense"
    assert sorted(sizes)[-2:] == [hll.SPARSE_MAX_BYTES, hll.DENSE_SIZE]


def test_the_limit_is_an_option() -> None:
    data = hll.add(None, numbered(20), sparse_max_bytes=40)[0]
    assert hll.encoding(data) == "dense"
    assert hll.registers(data) == hll.registers(hll.add(None, numbered(20))[0])


def test_a_great_value_needs_the_dense_form() -> None:
    element = next(e for e in numbered(10**6, 10**6) if place(e)[1] > 16)
    assert hll.encoding(hll.add(None, [element])[0]) == "sparse"
    assert sparse.put(bytearray(hll.new()), 16, 5, 33, 3000) is None


def test_equal_neighbours_become_one_run() -> None:
    buffer = bytearray(sparse.EMPTY)
    for index in (0, 2, 1, 3, 4):
        assert sparse.put(buffer, 0, index, 7, 3000)
    # Four registers of 7 (the longest run there is), one more, 16379 of 0.
    assert buffer == b"\x9b\x98\x7f\xfa"
    assert not sparse.put(buffer, 0, 2, 7, 3000)
    assert sparse.put(buffer, 0, 1, 9, 3000)
    assert buffer == b"\x98\xa0\x9a\x7f\xfa"


def test_a_union_counts_each_element_once() -> None:
    one, other = (hll.add(None, numbered(5000, start))[0] for start in (0, 2500))
    merged = hll.merge(one, [other])
    assert abs(hll.count([one, other]) - 7500) < 200
    assert hll.count([merged]) == hll.count([one, other])
    assert hll.count([]) == 0


def test_merge_of_nothing_makes_an_empty_key() -> None:
    assert hll.merge(None, []) == STALE + b"\x7f\xff"


def test_merge_is_dense_where_one_is() -> None:
    small, great = hll.add(None, numbered(3))[0], hll.add(None, numbered(20_000))[0]
    assert hll.encoding(hll.merge(None, [small, small])) == "sparse"
    assert hll.encoding(hll.merge(small, [great])) == "dense"
    assert hll.encoding(hll.merge(None, [hll.to_dense(small)])) == "dense"


def test_merge_becomes_dense_at_the_limit() -> None:
    parts = [hll.add(None, numbered(900, start))[0] for start in (0, 900, 1800)]
    assert {hll.encoding(part) for part in parts} == {"sparse"}
    merged = hll.merge(None, parts)
    assert hll.encoding(merged) == "dense"
    assert hll.registers(merged) == hll.registers(hll.add(None, numbered(2700))[0])


def test_to_dense_keeps_header_and_registers() -> None:
    data = hll.count_cached(hll.add(None, numbered(50))[0])[1]
    converted = hll.to_dense(data)
    assert converted[8:16] == data[8:16]
    assert hll.registers(converted) == hll.registers(data)
    assert hll.to_dense(converted) is converted


NO_HLL = {
    "empty": b"",
    "cut header": b"HYLL\1",
    "magic": b"HYLX" + hll.new()[4:],
    "encoding": b"HYLL\2" + hll.new()[5:],
    "dense and too short": b"HYLL\0" + hll.new()[5:],
}


@pytest.mark.parametrize("data", NO_HLL.values(), ids=NO_HLL)
def test_what_is_no_hyperloglog(data: bytes) -> None:
    for work in (hll.encoding, hll.count_cached, hll.registers, hll.to_dense):
        with pytest.raises(hll.NotHllError, match="WRONGTYPE"):
            work(data)
    for other in (lambda: hll.add(data, []), lambda: hll.merge(None, [data])):
        with pytest.raises(hll.NotHllError):
            other()


BROKEN = {"no runs": b"", "too few": b"\x7f\xfe", "too many": b"\x7f\xff\x00", "cut": b"\x7f"}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_wrong_numbers_of_sparse_registers(body: bytes) -> None:
    for work in (hll.count_cached, hll.registers, hll.to_dense):
        with pytest.raises(hll.CorruptHllError, match="INVALIDOBJ"):
            work(STALE + body)
    with pytest.raises(ValueError, match="INVALIDOBJ"):
        hll.merge(None, [STALE + body])


def test_an_element_beyond_the_last_run() -> None:
    with pytest.raises(hll.CorruptHllError):
        hll.add(STALE, [b"zz"])


def test_full_registers_overflow_the_estimate() -> None:
    full = [0] * 64
    full[51] = hll.REGISTERS
    assert estimate(full) == -(1 << 63)


@given(st.binary(min_size=3, max_size=60))
def test_dense_registers_round_trip(pattern: bytes) -> None:
    body = (pattern * dense.SIZE)[: dense.SIZE]
    assert dense.packed(dense.unpacked(body)) == body


def test_dense_registers_one_by_one() -> None:
    draw = random.Random(4)
    buffer = bytearray(dense.SIZE)
    expected = bytearray(hll.REGISTERS)
    for index in [0, 1, 2, 3, hll.REGISTERS - 1, *draw.sample(range(hll.REGISTERS), 300)]:
        value = draw.randrange(1, 52)
        assert dense.put(buffer, 0, index, value) == (value > expected[index])
        expected[index] = max(expected[index], value)
    assert dense.unpacked(bytes(buffer)) == expected
    assert sum(dense.histogram(bytes(expected))) == hll.REGISTERS


def test_maximum_register_by_register() -> None:
    draw = random.Random(5)
    one, other = (bytes(draw.choices(range(64), k=hll.REGISTERS)) for _ in range(2))
    assert dense.maximum(one, other) == bytes(map(max, one, other))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3)), max_size=60))
def test_sparse_registers_are_those_put(puts: list[tuple[int, int]]) -> None:
    buffer = bytearray(sparse.EMPTY)
    expected = bytearray(hll.REGISTERS)
    for index, value in puts:
        assert sparse.put(buffer, 0, index, value, 3000) is (value > expected[index])
        expected[index] = max(expected[index], value)
    assert sparse.unpacked(bytes(buffer)) == expected
    assert sparse.histogram(bytes(buffer)) == dense.histogram(bytes(expected))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3)), max_size=40))
def test_raising_many_in_order_is_raising_each(puts: list[tuple[int, int]]) -> None:
    values = bytearray(hll.REGISTERS)
    for index, value in puts:
        values[index * 3] = value
    one_by_one = bytearray(sparse.EMPTY)
    for index, value in enumerate(values):
        if value:
            sparse.put(one_by_one, 0, index, value, 3000)
    assert sparse.raised(sparse.EMPTY, bytes(values), 3000) == bytes(one_by_one)
