"""Small pieces of text that the renderers share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime


def number(value: int) -> str:
    """A number with separators between its thousands."""
    return f"{value:,}"


def plural(count: int, noun: str) -> str:
    """``1 key``, ``2 keys``."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """Text that any output takes: file names may hold bytes that are none."""
    return text.encode("utf-8", "backslashreplace").decode()


def moment(seconds: int) -> str:
    """A Unix time as UTC; the bare number where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def shown_bytes(data: bytes, limit: int = 40) -> str:
    """Bytes as text, others than printable ASCII escaped, cut at ``limit`` with dots."""
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in data[:limit])
    return text + ("..." if len(data) > limit else "")


def shown_command(argv: Sequence[bytes], limit: int = 6) -> str:
    """The first words of a command."""
    words = [shown_bytes(word) for word in argv[:limit]]
    more = len(argv) - limit
    return " ".join(words) + (f" ... (+{more} arguments)" if more > 0 else "")


def hex_lines(data: bytes, offset: int) -> list[str]:
    """Lines of 16 bytes: offset, hex, text."""
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        lines.append(f"{offset + at:>10x}  {row.hex(' '):<47}  |{text}|")
    return lines
