"""Bytes of a client to commands, as they come (``processInputBuffer`` in networking.c).

Whole commands are decoded by the format package's one strict decoder. A command that comes in many
pieces is put together by hiredis, which goes on where it stopped; what it takes for a command and
the protocol does not is refused afterwards.
"""

from __future__ import annotations

import re
from itertools import accumulate

import hiredis

from aofserver.hotloop import MOST
from aoftool.errors import CorruptError
from aoftool.format.resp.decode import decode_commands_at
from aoftool.format.resp.encode import encode_command
from aoftool.format.resp.inline import split_args

#: Longest line, of an inline request or of a header (``PROTO_INLINE_MAX_SIZE``).
MAX_LINE = 64 << 10
#: Most arguments of a command; of one whose client has not said its password.
MAX_ARGUMENTS, MAX_EARLY_ARGUMENTS = 1 << 20, 10
#: Longest argument of a client that has not said its password.
MAX_EARLY_BULK = 16384
#: Bytes of an unfinished command from which on it is put together piece by piece.
_LARGE = 32 << 10
_STAR, _DOLLAR = b"*$"
#: First words of an HTTP request: a web page tries to have a browser give commands
#: (``securityWarningCommand`` in server.c).
_OF_HTTP = (b"POST", b"HOST:")
#: Commands of no words, which are passed over.
_NOTHING = re.compile(rb"(?:\*(?:0|-[1-9][0-9]{0,17})\r\n)+")
_PERHAPS_NOTHING = re.compile(rb"\*-[0-9]{0,18}\r?")

#: Commands with the position behind each in ``buf``, which begin at ``start``.
Batch = tuple[list[list[bytes]], bytes, int, list[int]]


class ProtocolError(Exception):
    """The client does not speak the protocol; the text is that of the error reply."""


class Requests:
    """What a client has sent and is not decoded yet.

    Attributes:
        max_bulk: longest argument in bytes (``proto-max-bulk-len``).
        early: whether the limits of clients hold that have not said their password.
        size: bytes that wait for the rest of their command; rest: they themselves, but for those of
            a large command, which ``large`` puts together.
    """

    def __init__(self, max_bulk: int) -> None:
        self.max_bulk = max_bulk
        self.early = False
        self.rest = b""
        self.large: hiredis.Reader | None = None
        self._large_bytes = 0
        self._looked_at = 0

    @property
    def size(self) -> int:
        return self._large_bytes if self.large is not None else len(self.rest)

    def feed(self, data: bytes) -> Batch | None:
        """The commands that are whole now, or None. Raises ProtocolError.

        Call again with b"" until None comes: a batch ends where the form of requests changes.
        """
        if self.large is not None:
            return self._feed_large(data)
        buf = self.rest + data if self.rest else data
        if not buf:
            return None
        if buf[0] != _STAR:
            return self._inline(buf)
        try:
            # One at a time before the password is said: the next one may come after it.
            commands, ends = decode_commands_at(buf, 0, len(buf), 1 if self.early else MOST)
        except CorruptError as error:
            nothing = _NOTHING.match(buf)
            if nothing is not None:
                self.rest = buf[nothing.end() :]
                return [], b"", 0, []
            if _PERHAPS_NOTHING.fullmatch(buf) is None:
                raise self._refusal(buf, error) from None
            self.rest = buf
            return None
        if commands:
            self.rest = buf[ends[-1] :] if ends[-1] < len(buf) else b""
            self._looked_at = 0
            if self.early:
                self._check_early(commands)
            return commands, buf, 0, ends
        self._unfinished(buf)
        return None

    # Commands that are not whole yet.
    def _unfinished(self, buf: bytes) -> None:
        """Look at what an unfinished command announces, now and each time it has doubled."""
        self.rest = buf
        if len(buf) < 2 * self._looked_at:
            return
        self._looked_at = len(buf)
        self._check_headers(buf)
        if len(buf) >= _LARGE:
            self.large = hiredis.Reader()
            self.large.setmaxbuf(0)
            self.large.feed(buf)
            self.large.gets()
            self._large_bytes = len(buf)
            self.rest = b""

    def _feed_large(self, data: bytes) -> Batch | None:
        reader = self.large
        assert reader is not None
        try:
            reader.feed(data)
            argv = reader.gets()
        except hiredis.ProtocolError as error:
            raise ProtocolError(f"Protocol error: {error}") from None
        self._large_bytes += len(data)
        if argv is False:
            return None
        if not all(type(word) is bytes for word in argv):
            raise ProtocolError("Protocol error: expected '$'")
        if any(len(word) > self.max_bulk for word in argv):
            raise ProtocolError("Protocol error: invalid bulk length")
        # The reader does not tell where the command ended; its own encoding does.
        behind = self._large_bytes - _encoded_size(argv)
        if not 0 <= behind < len(data):
            raise ProtocolError("Protocol error: invalid multibulk length")
        self.large, self.rest, self._looked_at = None, data[len(data) - behind :], 0
        record = encode_command(argv)
        return [argv], record, 0, [len(record)]

    def _check_headers(self, buf: bytes) -> None:
        """Refuse counts and lengths that are beyond the limits. Raises ProtocolError."""
        count, at = self._header(buf, 0)
        most = MAX_EARLY_ARGUMENTS if self.early else MAX_ARGUMENTS
        if count is not None and count > most:
            text = "unauthenticated multibulk length" if self.early else "invalid multibulk length"
            raise ProtocolError(f"Protocol error: {text}")
        longest = MAX_EARLY_BULK if self.early else self.max_bulk
        while at < len(buf) and buf[at] == _DOLLAR:
            length, at = self._header(buf, at)
            if length is None:
                return
            if length > longest:
                text = "unauthenticated bulk length" if self.early else "invalid bulk length"
                raise ProtocolError(f"Protocol error: {text}")
            at += length + 2

    @staticmethod
    def _header(buf: bytes, at: int) -> tuple[int | None, int]:
        stop = buf.find(b"\r\n", at)
        if stop >= 0:
            return int(buf[at + 1 : stop]), stop + 2
        if len(buf) - at > MAX_LINE:
            kind = "mbulk" if buf[at] == _STAR else "bulk"
            raise ProtocolError(f"Protocol error: too big {kind} count string")
        return None, len(buf)

    def _check_early(self, commands: list[list[bytes]]) -> None:
        for argv in commands:
            if len(argv) > MAX_EARLY_ARGUMENTS:
                raise ProtocolError("Protocol error: unauthenticated multibulk length")
            if any(len(word) > MAX_EARLY_BULK for word in argv):
                raise ProtocolError("Protocol error: unauthenticated bulk length")

    # What is no array of bulk strings.
    def _inline(self, buf: bytes) -> Batch | None:
        """Lines of words, for people with telnet; told as if they had come as arrays."""
        commands: list[list[bytes]] = []
        at = 0
        while at < len(buf) and buf[at] != _STAR and len(commands) < (1 if self.early else MOST):
            stop = buf.find(b"\n", at)
            if stop < 0:
                break
            argv = split_args(buf[at:stop].removesuffix(b"\r"))
            wrong = _wrong_line(argv)
            if argv is None or wrong:
                if commands:
                    break
                raise ProtocolError(f"Protocol error: {wrong}")
            at = stop + 1
            if argv:
                commands.append(argv)
        self.rest = buf[at:]
        if not at:
            if len(buf) > MAX_LINE:
                raise ProtocolError("Protocol error: too big inline request")
            return None
        records = [encode_command(argv) for argv in commands]
        return commands, b"".join(records), 0, list(accumulate(map(len, records)))

    def _refusal(self, buf: bytes, error: CorruptError) -> ProtocolError:
        """The error reply for the byte that the decoder did not take; ``*0`` is no error."""
        start = error.start
        line = buf[buf.rfind(b"\n", 0, error.offset) + 1 : error.offset + 1]
        if error.offset == start + 1 and buf[start] == _STAR:
            return ProtocolError("Protocol error: invalid multibulk length")
        if line[:1] == b"$":
            return ProtocolError("Protocol error: invalid bulk length")
        if line[:1] == b"*" and buf.rfind(b"\n", start, error.offset) < 0:
            return ProtocolError("Protocol error: invalid multibulk length")
        got = chr(buf[error.offset]).replace("\r", " ").replace("\n", " ")
        return ProtocolError(f"Protocol error: expected '$', got '{got}'")


def _wrong_line(argv: list[bytes] | None) -> str:
    """What is wrong with a line, or nothing."""
    if argv is None:
        return "unbalanced quotes in request"
    return "this is no HTTP server" if argv and argv[0].upper() in _OF_HTTP else ""


def _encoded_size(argv: list[bytes]) -> int:
    """Bytes of a command as clients send it."""
    size = len(b"*%d\r\n" % len(argv))
    return size + sum(len(b"$%d\r\n" % len(word)) + len(word) + 2 for word in argv)
