"""The short decimal text of a double, digit for digit as Redis 7.2 and later write it.

Redis takes fpconv_dtoa, the Grisu2 algorithm ("Printing Floating-Point Numbers Quickly and
Accurately with Integers", Loitsch 2010). It finds digits that read back as the same double, and in
99.9 % of the cases the fewest there are; ``repr`` always finds the fewest. So that the texts agree
always, this is the same algorithm with the same 64-bit arithmetic.
"""

from __future__ import annotations

import math
import struct

_HIDDEN_BIT = 1 << 52
_FRACTION_MASK = _HIDDEN_BIT - 1
_EXPONENT_BIAS = 1023 + 52
_MASK64 = (1 << 64) - 1

# Powers of ten with 64 bits of mantissa, eight decades apart, and how one is chosen.
_FIRST_POWER, _POWER_STEP, _POWER_COUNT = -348, 8, 87
_LOG10_OF_2 = 0.30102999566398114
_EXPONENT_LOW, _EXPONENT_HIGH = -60, -32

_INTEGER_DIGITS = 10


def _power_of_ten(exponent: int) -> tuple[int, int]:
    """10**exponent as (mantissa of 64 bits, rounded to nearest; binary exponent)."""
    numerator, denominator = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    binary = numerator.bit_length() - denominator.bit_length() - 64
    for candidate in (binary, binary + 1):
        over, under = numerator << max(-candidate, 0), denominator << max(candidate, 0)
        mantissa = (2 * over + under) // (2 * under)
        if mantissa.bit_length() <= 64:
            return mantissa, candidate
    raise AssertionError(exponent)


_POWERS = [_power_of_ten(_FIRST_POWER + _POWER_STEP * index) for index in range(_POWER_COUNT)]


def shortest_double(value: float) -> bytes:
    """The decimal text of ``value`` (``fpconv_dtoa``): plain where that is short, else ``1.5e+22``.

    The text of ZADD in a rewritten AOF, and of scores in replies where ``d2string`` ends here.
    """
    sign = b"-" if math.copysign(1, value) < 0 else b""
    if value == 0:
        return sign + b"0"
    if not math.isfinite(value):
        return b"nan" if math.isnan(value) else sign + b"inf"
    digits, exponent = _digits(abs(value))
    return sign + _laid_out(digits, exponent)


def _laid_out(digits: bytes, exponent: int) -> bytes:
    """The text of digits * 10**exponent (``emit_digits``)."""
    count = len(digits)
    scientific = exponent + count - 1
    if exponent >= 0 and scientific < count + 7:
        return digits + b"0" * exponent
    if exponent < 0 and (exponent > -7 or abs(scientific) < 4):
        if count + exponent <= 0:
            return b"0." + b"0" * -(count + exponent) + digits
        return digits[:exponent] + b"." + digits[exponent:]
    fraction = b"." + digits[1:] if count > 1 else b""
    return digits[:1] + fraction + b"e%+d" % scientific


def _digits(value: float) -> tuple[bytes, int]:
    """Digits and decimal exponent of a positive double (``grisu2``)."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    fraction, exponent = bits & _FRACTION_MASK, bits >> 52
    if exponent:
        fraction, exponent = fraction + _HIDDEN_BIT, exponent - _EXPONENT_BIAS
    else:
        exponent = 1 - _EXPONENT_BIAS

    # The number and the middles between it and its neighbours, all with the exponent of the upper.
    upper = 2 * fraction + 1
    shift = 64 - upper.bit_length()
    top = exponent - 1 - shift
    steps = 2 if fraction == _HIDDEN_BIT else 1
    lower = ((fraction << steps) - 1) << (exponent - steps - top)
    middle = fraction << (exponent - top)

    power, power_exponent, decimal = _cached_power(top)
    high = _multiply(upper << shift, power) - 1
    low = _multiply(lower, power) + 1
    one_exponent = -(top + power_exponent + 64)
    found, kappa = _generate(high, high - _multiply(middle, power), high - low, one_exponent)
    return found, kappa - decimal


def _cached_power(exponent: int) -> tuple[int, int, int]:
    """The power of ten that brings ``exponent`` into range (``find_cachedpow10``)."""
    approximate = int(-(exponent + _POWER_COUNT) * _LOG10_OF_2)
    index = (approximate - _FIRST_POWER) // _POWER_STEP
    while True:
        mantissa, binary = _POWERS[index]
        reached = exponent + binary + 64
        if reached < _EXPONENT_LOW:
            index += 1
        elif reached > _EXPONENT_HIGH:
            index -= 1
        else:
            return mantissa, binary, _FIRST_POWER + _POWER_STEP * index


def _multiply(one: int, other: int) -> int:
    return (one * other + (1 << 63)) >> 64


def _generate(high: int, distance: int, delta: int, shift: int) -> tuple[bytes, int]:
    """Digits of ``high`` until what is left is less than ``delta`` (``generate_digits``).

    ``shift``: how many low bits are behind the point; ``distance``: from ``high`` to the number.
    """
    one = 1 << shift
    whole, rest = high >> shift, high & (one - 1)
    digits = bytearray()
    for kappa in range(_INTEGER_DIGITS - 1, -1, -1):
        unit = 10**kappa
        digit, whole = divmod(whole, unit)
        if digit or digits:
            digits.append(48 + digit)
        left = (whole << shift) + rest
        if left <= delta:
            return _rounded(digits, delta, left, unit << shift, distance), kappa
    kappa, unit = 0, 1
    while True:
        rest, delta, kappa, unit = rest * 10, delta * 10, kappa - 1, unit * 10
        digit = rest >> shift
        if digit or digits:
            digits.append(48 + digit)
        rest &= one - 1
        if rest < delta:
            return _rounded(digits, delta, rest, one, distance * unit & _MASK64), kappa


def _rounded(digits: bytearray, delta: int, left: int, unit: int, distance: int) -> bytes:
    """The digits with the last one lowered as long as that comes nearer (``round_digit``)."""
    while (
        left < distance
        and delta - left >= unit
        and (left + unit < distance or distance - left > left + unit - distance)
    ):
        digits[-1] -= 1
        left += unit
    return bytes(digits)
