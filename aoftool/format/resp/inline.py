"""Words in one line, quoted where they must be: inline requests, manifests, redis.conf.

The rules are those of ``sdssplitargs``, ``sdscatrepr`` and ``sdsneedsrepr`` in sds.c.
"""

from __future__ import annotations

_SPACES = b" \n\r\t\v\f\0"
#: What ends a word without quotes: two that stand between words do not.
_ENDS = b" \n\r\t\0"
_ESCAPES = {0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09, 0x62: 0x08, 0x61: 0x07}  # \n \r \t \b \a
_NAMES = {code: bytes([letter]) for letter, code in _ESCAPES.items()}
_HEX = b"0123456789abcdefABCDEF"
_DOUBLE, _SINGLE, _BACKSLASH = 0x22, 0x27, 0x5C


def split_args(line: bytes) -> list[bytes] | None:
    """The words of ``line``; None where a quote is open or text sticks to a closing quote."""
    words: list[bytes] = []
    pos, size = 0, len(line)
    while True:
        while pos < size and line[pos] in _SPACES:
            pos += 1
        if pos == size:
            return words
        word = _read_word(line, pos)
        if word is None:
            return None
        text, pos = word
        words.append(text)


def _read_word(line: bytes, pos: int) -> tuple[bytes, int] | None:
    """One word from ``pos`` on: plain bytes up to a space, or up to the end of a quoted part."""
    out = bytearray()
    size = len(line)
    while pos < size and line[pos] not in _ENDS:
        byte = line[pos]
        if byte not in (_DOUBLE, _SINGLE):
            out.append(byte)
            pos += 1
            continue
        quoted = _read_quoted(line, pos + 1, byte)
        if quoted is None:
            return None
        text, pos = quoted
        stands_alone = pos == size or line[pos] in _SPACES
        return (bytes(out) + text, pos) if stands_alone else None
    return bytes(out), pos


def _read_quoted(line: bytes, pos: int, quote: int) -> tuple[bytes, int] | None:
    """The text of a quoted part that begins at ``pos``, and the position behind its quote."""
    out = bytearray()
    size = len(line)
    while pos < size and line[pos] != quote:
        byte = line[pos]
        follows = line[pos + 1] if pos + 1 < size else -1
        if byte != _BACKSLASH or follows < 0 or (quote == _SINGLE and follows != _SINGLE):
            out.append(byte)
            pos += 1
        elif quote == _SINGLE:
            out.append(_SINGLE)
            pos += 2
        elif follows == 0x78 and pos + 3 < size and {*line[pos + 2 : pos + 4]} <= {*_HEX}:
            out.append(int(line[pos + 2 : pos + 4], 16))
            pos += 4
        else:
            out.append(_ESCAPES.get(follows, follows))
            pos += 2
    if pos == size:
        return None
    return bytes(out), pos + 1


def quote(word: bytes) -> bytes:
    """``word`` as a double-quoted word that ``split_args`` reads back."""
    parts = [b'"']
    for byte in word:
        if byte in (_DOUBLE, _BACKSLASH):
            parts.append(b"\\" + bytes([byte]))
        elif byte in _NAMES:
            parts.append(b"\\" + _NAMES[byte])
        elif 0x20 <= byte < 0x7F:
            parts.append(bytes([byte]))
        else:
            parts.append(b"\\x%02x" % byte)
    return b"".join(parts) + b'"'


def needs_quotes(word: bytes) -> bool:
    """Whether ``word`` would not come back as it is (``sdsneedsrepr``)."""
    if not word:
        return True
    special = {*b"\\\"' \n\r\t\a\b\v\f\0"}
    return any(byte in special or not 0x20 <= byte < 0x7F for byte in word)
