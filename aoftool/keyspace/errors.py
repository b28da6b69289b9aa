"""Errors that a command answers: Redis's own texts, word for word."""

from __future__ import annotations

from aoftool.errors import AofError

#: A line break in a reply of one line would be the end of it, and what follows another reply.
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


class CommandError(AofError):
    """A command refuses; ``text`` is the error reply without its leading minus.

    Line breaks, which come from arguments that it quotes, become blanks, and those at its end go
    (``addReplyErrorFormat``).
    """

    def __init__(self, text: bytes) -> None:
        text = text.rstrip(b"\r\n").translate(_ONE_LINE)
        super().__init__(text.decode("utf-8", "backslashreplace"))
        self.text = text


OUT_OF_MEMORY = b"OOM command not allowed when used memory > 'maxmemory'."
WRONG_TYPE = b"WRONGTYPE Operation against a key holding the wrong kind of value"
SYNTAX = b"ERR syntax error"
NOT_AN_INTEGER = b"ERR value is not an integer or out of range"
NOT_A_FLOAT = b"ERR value is not a valid float"
OUT_OF_RANGE = b"ERR value is out of range"
MUST_BE_POSITIVE = b"ERR value is out of range, must be positive"
NO_SUCH_KEY = b"ERR no such key"
INDEX_OUT_OF_RANGE = b"ERR index out of range"
OVERFLOW = b"ERR increment or decrement would overflow"
STRING_TOO_LONG = b"ERR string exceeds maximum allowed size (proto-max-bulk-len)"


def wrong_arity(name: bytes) -> CommandError:
    """The error for a wrong number of arguments; ``name`` as the server knows it, lower case."""
    return CommandError(b"ERR wrong number of arguments for '%b' command" % name.lower())
