"""HyperLogLogs as Redis stores them, byte for byte: strings that PFADD, PFCOUNT, PFMERGE work on.

A string is a header of 16 bytes and then 16384 registers of 6 bits. The header: ``HYLL``, a byte of
encoding, three unused, and the last estimate (8 bytes, little-endian), whose top bit says that it
is out of date. The registers are dense, 12288 bytes, or sparse, runs of equal ones (``sparse``).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from aoftool.keyspace.hyperloglog import dense, sparse
from aoftool.keyspace.hyperloglog.errors import CorruptHllError, InvalidHllError, NotHllError
from aoftool.keyspace.hyperloglog.estimate import REGISTERS, estimate, place

__all__ = [
    "REGISTERS",
    "SPARSE_MAX_BYTES",
    "CorruptHllError",
    "InvalidHllError",
    "NotHllError",
    "add",
    "count",
    "count_cached",
    "encoding",
    "merge",
    "new",
    "registers",
    "to_dense",
    "validate",
]

#: Default of the option hll-sparse-max-bytes.
SPARSE_MAX_BYTES = 3000

HEADER_SIZE = 16
DENSE_SIZE = HEADER_SIZE + dense.SIZE

_MAGIC = b"HYLL"
_DENSE, _SPARSE = 0, 1
_ENCODING_AT, _CARD_AT, _STALE_AT = 4, 8, 15
_STALE = 0x80
_ENCODING_NAMES = {_DENSE: "dense", _SPARSE: "sparse"}


def new() -> bytes:
    """An empty HyperLogLog, sparse, its estimate of 0 valid (``createHLLObject``)."""
    return _MAGIC + bytes((_SPARSE,)) + bytes(HEADER_SIZE - 5) + sparse.EMPTY


def validate(data: bytes) -> None:
    """Raise NotHllError where ``data`` is no HyperLogLog by its header and size.

    (``isHLLObjectOrReply``: the reply begins with WRONGTYPE.) Registers are not looked at.
    """
    if (
        len(data) < HEADER_SIZE
        or not data.startswith(_MAGIC)
        or data[_ENCODING_AT] not in _ENCODING_NAMES
        or (data[_ENCODING_AT] == _DENSE and len(data) != DENSE_SIZE)
    ):
        raise NotHllError


def encoding(data: bytes) -> str:
    """``"dense"`` or ``"sparse"`` (PFDEBUG ENCODING). Raises NotHllError."""
    validate(data)
    return _ENCODING_NAMES[data[_ENCODING_AT]]


def add(
    data: bytes | None, elements: Iterable[bytes], sparse_max_bytes: int = SPARSE_MAX_BYTES
) -> tuple[bytes, int]:
    """Add elements; ``data`` None where the key is missing (``pfaddCommand``).

    Returns the bytes and how many changes there were: one for each element that raised a register,
    one for a new key. PFADD answers 1 where there was any, and only then the estimate gets stale.
    Raises NotHllError, CorruptHllError.
    """
    if data is None:
        data, changes = new(), 1
    else:
        validate(data)
        changes = 0
    buffer = bytearray(data)
    for element in elements:
        index, value = place(element)
        changes += _raise_register(buffer, index, value, sparse_max_bytes)
    if not changes:
        return data, 0
    buffer[_STALE_AT] |= _STALE
    return bytes(buffer), changes


def count(datas: Iterable[bytes]) -> int:
    """The estimated size of the union (``pfcountCommand`` with several keys: no cache is used).

    Missing keys are left out of ``datas``. Raises NotHllError, CorruptHllError.
    """
    union = bytes(REGISTERS)
    for data in datas:
        union = dense.maximum(union, registers(data))
    return estimate(dense.histogram(union))


def count_cached(data: bytes) -> tuple[int, bytes]:
    """The estimated size of one set, and its bytes with that estimate in the header.

    Where the estimate in the header was valid, the same bytes come back; where not, they differ and
    Redis counts the read as a change (``pfcountCommand`` with one key). Raises as ``count``.
    """
    validate(data)
    if not data[_STALE_AT] & _STALE:
        return int.from_bytes(data[_CARD_AT:HEADER_SIZE], "little", signed=True), data
    found = estimate(_histogram(data))
    card = found.to_bytes(8, "little", signed=True)
    return found, data[:_CARD_AT] + card + data[HEADER_SIZE:]


def merge(
    target: bytes | None, sources: Iterable[bytes], sparse_max_bytes: int = SPARSE_MAX_BYTES
) -> bytes:
    """The bytes of the key that the union is stored in (``pfmergeCommand``).

    ``target``: what that key held, None where it is missing; it is part of the union. The result is
    dense where any of them is. Raises NotHllError, CorruptHllError.
    """
    union = bytes(REGISTERS)
    use_dense = False
    for data in chain([] if target is None else [target], sources):
        union = dense.maximum(union, registers(data))
        use_dense = use_dense or data[_ENCODING_AT] == _DENSE
    base = new() if target is None else target
    merged = None
    if not use_dense:
        merged = sparse.raised(base[HEADER_SIZE:], union, sparse_max_bytes - HEADER_SIZE)
    header = bytearray(base[:HEADER_SIZE])
    header[_STALE_AT] |= _STALE
    if merged is None:
        header[_ENCODING_AT] = _DENSE
        merged = dense.packed(union)
    return bytes(header) + merged


def registers(data: bytes) -> bytes:
    """The 16384 registers, a byte each (PFDEBUG GETREG, ``hllMerge``). Raises as ``add``."""
    validate(data)
    body = data[HEADER_SIZE:]
    return dense.unpacked(body) if data[_ENCODING_AT] == _DENSE else sparse.unpacked(body)


def to_dense(data: bytes) -> bytes:
    """The dense form, with the same header (``hllSparseToDense``). Raises as ``add``."""
    validate(data)
    if data[_ENCODING_AT] == _DENSE:
        return data
    header = data[:_ENCODING_AT] + bytes((_DENSE,)) + data[_ENCODING_AT + 1 : HEADER_SIZE]
    return header + dense.packed(sparse.unpacked(data[HEADER_SIZE:]))


def _raise_register(buffer: bytearray, index: int, value: int, sparse_max_bytes: int) -> bool:
    """Raise one register in place (``hllAdd``); the sparse form becomes dense where it must."""
    if buffer[_ENCODING_AT] == _SPARSE:
        fits = sparse.put(buffer, HEADER_SIZE, index, value, sparse_max_bytes)
        if fits is not None:
            return fits
        buffer[:] = to_dense(bytes(buffer))
    return dense.put(buffer, HEADER_SIZE, index, value)


def _histogram(data: bytes) -> list[int]:
    """How many registers have each value (``hllDenseRegHisto``, ``hllSparseRegHisto``)."""
    body = data[HEADER_SIZE:]
    if data[_ENCODING_AT] == _DENSE:
        return dense.histogram(dense.unpacked(body))
    return sparse.histogram(body)
