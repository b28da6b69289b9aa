"""Commands to RESP bytes: the form in which clients send them and the AOF keeps them."""

from __future__ import annotations

from collections.abc import Sequence


def encode_command(argv: Sequence[bytes]) -> bytes:
    """The command as an array of bulk strings (``catAppendOnlyGenericCommand`` in aof.c).

    Raises ValueError for an empty ``argv``, which no reader accepts.
    """
    if not argv:
        raise ValueError("a command has at least one argument")
    parts = [b"*%d\r\n" % len(argv)]
    for argument in argv:
        parts.append(b"$%d\r\n%b\r\n" % (len(argument), argument))
    return b"".join(parts)


def encode_annotation(text: bytes) -> bytes:
    """A ``#`` line; ``text`` begins with ``#`` and holds no line break (else ValueError)."""
    if not text.startswith(b"#") or b"\n" in text or b"\r" in text:
        raise ValueError("an annotation begins with '#' and is one line")
    return text + b"\r\n"
