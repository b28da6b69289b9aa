"""Number texts: what is read, what is refused, what is written."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.keyspace import numbers
from aoftool.keyspace.shortest import shortest_double

INTEGERS = {
    b"0": 0,
    b"7": 7,
    b"-7": -7,
    b"9223372036854775807": (1 << 63) - 1,
    b"-9223372036854775808": -(1 << 63),
    b"9223372036854775808": None,
    b"-9223372036854775809": None,
    b"100000000000000000000": None,
    b"": None,
    b"-": None,
    b"-0": None,
    b"+1": None,
    b"01": None,
    b"-01": None,
    b" 1": None,
    b"1 ": None,
    b"1\n": None,
    b"1.0": None,
    b"\xd9\xa1": None,
}


@pytest.mark.parametrize(("text", "value"), INTEGERS.items())
def test_parse_int(text: bytes, value: int | None) -> None:
    assert numbers.parse_int(text) == value


FLOATS = {
    b"0": 0.0,
    b"+1.5": 1.5,
    b"1.": 1.0,
    b".5": 0.5,
    b"1e3": 1000.0,
    b"1E-3": 0.001,
    b"0x10": 16.0,
    b"0X1.8p1": 3.0,
    b"0x.8": 0.5,
    b"inf": math.inf,
    b"-Infinity": -math.inf,
    b"+INF": math.inf,
    b"5e-324": 5e-324,
    b"0e-99999": 0.0,
    b"0x1p-1074": 5e-324,
    b"": None,
    b".": None,
    b"1e": None,
    b"0x": None,
    b"0x.p1": None,
    b"0x1p": None,
    b"nan": None,
    b"NAN(1)": None,
    b" 1": None,
    b"1 ": None,
    b"1\0": None,
    b"1_0": None,
    b"infinit": None,
    b"1e309": None,
    b"1e-400": None,
    b"0x1p1024": None,
    b"0x1p-1075": None,
}


@pytest.mark.parametrize(("text", "value"), FLOATS.items())
def test_parse_float(text: bytes, value: float | None) -> None:
    assert numbers.parse_float(text) == value


def test_negative_zero_keeps_its_sign() -> None:
    value = numbers.parse_float(b"-0")
    assert value is not None
    assert math.copysign(1, value) == -1


LONG_DOUBLES = {
    b"0.1": Fraction(0xCCCCCCCCCCCCCCCD, 1 << 67),
    b"18446744073709551615": Fraction((1 << 64) - 1),
    b"18446744073709551617": Fraction(1 << 64),
    b"18446744073709551619": Fraction((1 << 64) + 4),
    b"0x1p-16445": Fraction(1, 1 << 16445),
    b"0x1.8p3": Fraction(12),
    b"-1e2": Fraction(-100),
    b"1e" + b"0" * 4500 + b"2": Fraction(100),
    b"1e-" + b"0" * 4400: Fraction(1),
    b"0" * 5000 + b"7": Fraction(7),
    b"inf": math.inf,
    b"1e5000": None,
    b"1e-5000": None,
    b"1e999999999999999999999": None,
    b"1e-999999999999999999999": None,
    b"0e999999999999999999999": Fraction(0),
    b"0x1p-16446": None,
    b"0x1p16384": None,
    b"nan": None,
    b" 1": None,
    b"1" * 5120: None,
}


@pytest.mark.parametrize(("text", "value"), LONG_DOUBLES.items())
def test_parse_long_double(text: bytes, value: numbers.LongDouble | None) -> None:
    assert numbers.parse_long_double(text) == value


# One addend, the other, the sum as Redis writes it (INCRBYFLOAT on a server).
SUMS = [
    (b"0.1", b"0.2", b"0.3"),
    (b"3.0e3", b"200", b"3200"),
    (b"5.0e3", b"-5.0e3", b"0"),
    (b"-0", b"-0", b"0"),
    (b"-1e-20", b"0", b"0"),
    (b"1e-17", b"0", b"0.00000000000000001"),
    (b"10.50", b"0.1", b"10.6"),
    (b"0x10", b"1", b"17"),
    (b"1e19", b"1", b"10000000000000000001"),
    (b"1e20", b"1", b"100000000000000000000"),
    (b"1e20", b"5", b"100000000000000000008"),
    (b"1e4932", b"1e4932", None),
    (b"inf", b"1", None),
    (b"-inf", b"inf", None),
]


@pytest.mark.parametrize(("one", "other", "total"), SUMS)
def test_long_double_sums(one: bytes, other: bytes, total: bytes | None) -> None:
    first, second = numbers.parse_long_double(one), numbers.parse_long_double(other)
    assert first is not None
    assert second is not None
    found = numbers.add_long_double(first, second)
    assert (None if found is None else numbers.format_long_double(found)) == total


def test_the_greatest_long_double_is_written_in_full() -> None:
    greatest = numbers.parse_long_double(b"1.18973149535723176502e4932")
    assert greatest is not None
    text = numbers.format_long_double(greatest)
    assert len(text) == 4933
    assert text.startswith(b"118973149535723176502126385303097020516906332229462420044032")


def test_infinite_long_doubles_are_written_by_name() -> None:
    assert numbers.format_long_double(math.inf) == b"inf"
    assert numbers.format_long_double(-math.inf) == b"-inf"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_is_a_long_double(value: float) -> None:
    assert numbers.round_long_double(Fraction(value)) == Fraction(value)


# A score, its text up to 7.0, its text from 7.2 on.
SCORES = [
    (0.0, b"0", b"0"),
    (-0.0, b"-0", b"-0"),
    (1.0, b"1", b"1"),
    (-3.5, b"-3.5", b"-3.5"),
    (0.1, b"0.10000000000000001", b"0.1"),
    (3.14, b"3.1400000000000001", b"3.14"),
    (1e17, b"1e+17", b"100000000000000000"),
    (2.0**62, b"4.6116860184273879e+18", b"4611686018427387904"),
    (2.0**63, b"9.2233720368547758e+18", b"9223372036854776000"),
    (1e300, b"1.0000000000000001e+300", b"1e+300"),
    (1e-7, b"9.9999999999999995e-08", b"1e-7"),
    (1.5e-7, b"1.4999999999999999e-07", b"1.5e-7"),
    (0.00001, b"1.0000000000000001e-05", b"0.00001"),
    (5e-324, b"4.9406564584124654e-324", b"5e-324"),
    (1.234e23, b"1.234e+23", b"1.234e+23"),
    # Fewer digits would do, but Redis's algorithm does not find them.
    (1.234e22, b"1.2339999999999999e+22", b"12339999999999999000000"),
    (1.5e20, b"1.5e+20", b"1.5e+20"),
    (math.inf, b"inf", b"inf"),
    (-math.inf, b"-inf", b"-inf"),
    (math.nan, b"nan", b"nan"),
]


@pytest.mark.parametrize(("score", "plain", "shortest"), SCORES)
def test_format_score(score: float, plain: bytes, shortest: bytes) -> None:
    assert numbers.format_score(score) == plain
    assert numbers.format_score(score, shortest=True) == shortest


@pytest.mark.parametrize(
    ("value", "text"), [(1e18, b"1e+18"), (1e7, b"10000000"), (1e8, b"1e+8"), (math.nan, b"nan")]
)
def test_the_shortest_text_of_integers_has_an_exponent(value: float, text: bytes) -> None:
    assert shortest_double(value) == text


@given(st.floats(allow_nan=False))
def test_the_shortest_text_reads_back(value: float) -> None:
    text = shortest_double(value)
    assert numbers.parse_float(text) == value
    assert len(text) <= 25  # a sign, 17 digits, and at most 7 zeros behind them
