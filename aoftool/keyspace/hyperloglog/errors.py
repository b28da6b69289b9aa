"""What is raised for bytes that are no HyperLogLog; the texts are those of Redis's replies."""

from __future__ import annotations

from typing import ClassVar


class InvalidHllError(ValueError):
    """Base of both. ``reply``: the error reply without its first byte."""

    reply: ClassVar[bytes] = b""

    def __init__(self) -> None:
        super().__init__(self.reply.decode("ascii"))


class NotHllError(InvalidHllError):
    """No HyperLogLog by header or size (``isHLLObjectOrReply``)."""

    reply = b"WRONGTYPE Key is not a valid HyperLogLog string value."


class CorruptHllError(InvalidHllError):
    """Sparse registers that are not 16384 (``invalid_hll_err``)."""

    reply = b"INVALIDOBJ Corrupted HLL object detected"
