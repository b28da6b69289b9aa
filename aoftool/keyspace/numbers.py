"""Number texts as Redis reads and writes them: 64-bit integers, doubles, 80-bit long doubles.

Redis works with C's ``strtod``, ``strtold`` and ``printf``. Long doubles are those of x86: 64 bits
of mantissa. Here a finite one is a Fraction that such a number can hold, an infinite one a float.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from aoftool.format.rdb.primitives import INT64_MAX as INT64_MAX
from aoftool.format.rdb.primitives import INT64_MIN as INT64_MIN
from aoftool.format.rdb.primitives import canonical_int
from aoftool.format.speed import pick
from aoftool.keyspace.shortest import shortest_double

#: Longest text of a long double that is read (``MAX_LONG_DOUBLE_CHARS`` in util.h, less the NUL).
MAX_LONG_DOUBLE_TEXT = 5 * 1024 - 1

LongDouble: TypeAlias = Fraction | float

_MAX_INT_TEXT = 20
_DECIMAL = re.compile(rb"([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?")
_HEX = re.compile(
    rb"([+-]?)0[xX](?:([0-9a-fA-F]+)(?:\.([0-9a-fA-F]*))?|\.([0-9a-fA-F]+))(?:[pP]([+-]?[0-9]+))?"
)
_INFINITE = re.compile(rb"([+-]?)inf(?:inity)?", re.IGNORECASE)

# The long double of x86: its precision, and the exponents of its last bit at both ends.
_MANTISSA_BITS = 64
_MIN_EXPONENT = -16445
_MAX_EXPONENT = 16383 - 63
# Beyond this many decimal or binary places from 1 a number is surely out of range, or 0.
_FAR, _FAR_DIGITS = 40_000, 6
# Integers of at most this size are written in full (``double2ll``, from 7.2 on).
_PLAIN_LIMIT = float(INT64_MAX // 2)
_HUMAN_PLACES = 17


def pure_parse_int(text: bytes) -> int | None:
    """The 64-bit signed integer that ``text`` is, or None (``string2ll`` in util.c).

    No spaces, no plus, no leading zeros, no minus zero: the text of an integer is unique.
    """
    return canonical_int(text)


parse_int = pick("parse_int", pure_parse_int)


def pure_parse_float(text: bytes) -> float | None:
    """The double that ``text`` is as a whole, or None (``string2d``, ``getDoubleFromObject``).

    As ``strtod``: a sign, decimal or hexadecimal digits, an exponent, or ``inf``. Refused: spaces,
    trailing bytes, NaN, and what is too great, or too small to differ from 0, for a double.
    """
    if text.isdigit() and len(text) <= _MAX_INT_TEXT:
        return float(text)
    if match := _DECIMAL.fullmatch(text):
        value = float(text)
    elif match := _HEX.fullmatch(text):
        try:
            value = float.fromhex(text.decode("ascii"))
        except OverflowError:
            return None
    else:
        return _infinite(text)
    if math.isinf(value) or (value == 0 and _digits(match).strip(b"0")):
        return None
    return value


parse_float = pick("parse_float", pure_parse_float)


_LEADING = re.compile(rb"\s*([+-]?[0-9]+)")


def leading_number(text: bytes) -> int:
    """The number that a word begins with, whatever follows it; 0 where there is none (C's
    ``atoi``).
    """
    found = _LEADING.match(text)
    return int(found[1][:20]) if found else 0


def parse_long_double(text: bytes) -> LongDouble | None:
    """The long double that ``text`` is as a whole, or None (``string2ld``).

    Units: a Fraction, already rounded to what an x86 long double holds; a float for infinities.
    """
    if len(text) > MAX_LONG_DOUBLE_TEXT:
        return None
    if match := _DECIMAL.fullmatch(text):
        exact = _exact(match, digit_base=10, exponent_base=10, places=1)
    elif match := _HEX.fullmatch(text):
        exact = _exact(match, digit_base=16, exponent_base=2, places=4)
    else:
        return _infinite(text)
    if exact is None:
        return None
    rounded = round_long_double(exact)
    if isinstance(rounded, float) or (exact and not rounded):
        return None
    return rounded


def add_long_double(one: LongDouble, other: LongDouble) -> Fraction | None:
    """The sum in x86 long doubles, None where it is infinite or NaN (``incrbyfloatCommand``)."""
    if isinstance(one, float) or isinstance(other, float):
        return None
    total = round_long_double(one + other)
    return None if isinstance(total, float) else total


def round_long_double(value: Fraction) -> LongDouble:
    """The long double nearest to ``value``, of two equally near the even one; infinite beyond."""
    numerator, denominator = abs(value.numerator), value.denominator
    exponent = numerator.bit_length() - denominator.bit_length() - _MANTISSA_BITS
    mantissa = _scaled(numerator, denominator, -exponent)
    if mantissa.bit_length() > _MANTISSA_BITS:
        exponent += 1
    exponent = max(exponent, _MIN_EXPONENT)
    mantissa = _scaled(numerator, denominator, -exponent)
    if mantissa.bit_length() + exponent > _MAX_EXPONENT + _MANTISSA_BITS:
        return -math.inf if value < 0 else math.inf
    sign = -1 if value < 0 else 1
    if exponent >= 0:
        return Fraction(sign * mantissa << exponent)
    return Fraction(sign * mantissa, 1 << -exponent)


def format_long_double(value: LongDouble) -> bytes:
    """The text of a long double for humans: 17 decimals, zeros cut (``ld2string``, LD_STR_HUMAN).

    The answer of INCRBYFLOAT, and the coordinates of GEOPOS.
    """
    if isinstance(value, float):
        return b"inf" if value > 0 else b"-inf"
    numerator, denominator = abs(value.numerator), value.denominator
    scaled = _half_even(numerator * 10**_HUMAN_PLACES, denominator)
    # Decimal, since str() of an int refuses more than 4300 digits.
    digits = str(Decimal(scaled)).rjust(_HUMAN_PLACES + 1, "0")
    text = f"{digits[:-_HUMAN_PLACES]}.{digits[-_HUMAN_PLACES:]}".rstrip("0").rstrip(".")
    sign = "-" if value < 0 and scaled else ""
    return (sign + text).encode("ascii")


def format_score(value: float, *, shortest: bool = False) -> bytes:
    """The text of a score or another double in a RESP2 reply (``addReplyDouble``, ``d2string``).

    As Redis 6.0 to 7.0 write it: ``%.17g``. With ``shortest`` as 7.2 and later: integers up to 2^62
    in full, and else the fewest digits that read back as the same double.
    """
    if math.isnan(value):
        return b"nan"
    if not shortest:
        return b"%.17g" % value
    if value and abs(value) <= _PLAIN_LIMIT and value.is_integer():
        return b"%d" % int(value)
    return shortest_double(value)


def _infinite(text: bytes) -> float | None:
    match = _INFINITE.fullmatch(text)
    if match is None:
        return None
    return -math.inf if match[1] == b"-" else math.inf


def _digits(match: re.Match[bytes]) -> bytes:
    """All digits of the number that a pattern has found, without the point."""
    return (match[2] or b"") + (match[3] or b"") + (match[4] or b"")


def _exact(
    match: re.Match[bytes], *, digit_base: int, exponent_base: int, places: int
) -> Fraction | None:
    """What a matched number says exactly; None where no long double is near it.

    ``places``: by how many units of the exponent one digit after the point lowers it.
    """
    digits = _digits(match).lstrip(b"0")
    if not digits:
        return Fraction(0)
    power = match[5] or b"0"
    magnitude = power.lstrip(b"+-0") or b"0"
    if len(magnitude) > _FAR_DIGITS:
        return None
    exponent = -int(magnitude) if power.startswith(b"-") else int(magnitude)
    exponent -= places * len(match[3] or match[4] or b"")
    if not -_FAR < exponent < _FAR:
        return None
    # Decimal reads any number of digits; int() refuses more than 4300 in base 10.
    whole = int(Decimal(digits.decode("ascii"))) if digit_base == 10 else int(digits, digit_base)
    value = Fraction(exponent_base) ** exponent * whole
    return -value if match[1] == b"-" else value


def _scaled(numerator: int, denominator: int, shift: int) -> int:
    """numerator / denominator * 2**shift, rounded half to even."""
    if shift >= 0:
        return _half_even(numerator << shift, denominator)
    return _half_even(numerator, denominator << -shift)


def _half_even(numerator: int, denominator: int) -> int:
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient & 1):
        quotient += 1
    return quotient
