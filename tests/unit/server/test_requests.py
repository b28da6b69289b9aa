"""Bytes of clients to commands, however they come."""

from __future__ import annotations

import pytest

from aofserver.net.requests import MAX_EARLY_BULK, MAX_LINE, ProtocolError, Requests
from aoftool.format.resp import encode_command

MEGABYTE = 1 << 20


def take(requests: Requests, data: bytes) -> list[list[bytes]]:
    """What ``data`` completes; the bytes that each command is told to have come as are its own."""
    found: list[list[bytes]] = []
    batch = requests.feed(data)
    while batch is not None:
        commands, buf, at, ends = batch
        assert len(commands) == len(ends)
        for argv, end in zip(commands, ends, strict=True):
            assert buf[at:end] == encode_command(argv)
            at = end
        found += commands
        batch = requests.feed(b"") if requests.size else None
    return found


COMMANDS = [
    [b"PING"],
    [b"SET", b"key", b"value"],
    [b"SET", b"", b"\r\n*1\r\n$4\r\nPING\r\n"],
    [b"MSET", *(b"%d" % n for n in range(40))],
    [b"SET", b"large", bytes(range(256)) * 400],
    [b"GET", b"key"],
]
STREAM = b"".join(map(encode_command, COMMANDS))


@pytest.mark.parametrize("size", [7, 1000, 16_384, 40_000, 65_536, len(STREAM)])
def test_pieces_of_any_size(size: int) -> None:
    requests = Requests(MEGABYTE)
    found: list[list[bytes]] = []
    for at in range(0, len(STREAM), size):
        found += take(requests, STREAM[at : at + size])
    assert found == COMMANDS
    assert requests.size == 0


def test_byte_by_byte() -> None:
    requests = Requests(MEGABYTE)
    stream = b"".join(map(encode_command, COMMANDS[:4])) + b"PING 'a b'\r\n" + STREAM[:14]
    found = [argv for at in range(len(stream)) for argv in take(requests, stream[at : at + 1])]
    assert found == [*COMMANDS[:4], [b"PING", b"a b"], [b"PING"]]


def test_large_values_are_not_looked_at_again_with_every_piece() -> None:
    """Work grows with the bytes, not with bytes times pieces."""
    requests = Requests(64 * MEGABYTE)
    whole = encode_command([b"SET", b"k", bytes(32 * MEGABYTE)])
    found: list[list[bytes]] = []
    for at in range(0, len(whole), 16_384):
        found += take(requests, whole[at : at + 16_384])
    assert [len(argv[2]) for argv in found] == [32 * MEGABYTE]


def test_what_follows_a_large_command_in_the_same_piece() -> None:
    requests = Requests(MEGABYTE)
    whole = encode_command([b"SET", b"k", bytes(100_000)])
    assert take(requests, whole[:70_000]) == []
    rest = whole[70_000:] + encode_command([b"PING"]) + b"ECHO 1\r\n" + b"*1\r\n$4\r\nPI"
    assert [argv[0] for argv in take(requests, rest)] == [b"SET", b"PING", b"ECHO"]
    assert take(requests, b"NG\r\n") == [[b"PING"]]


@pytest.mark.parametrize(("line", "words"), [
    (b"SET a 1", [b"SET", b"a", b"1"]),
    (b"  SET\ta   1  ", [b"SET", b"a", b"1"]),
    (b'SET "a b" "\\x41\\n\\"" ', [b"SET", b"a b", b'A\n"']),
    (b"SET 'it\\'s' '\\n'", [b"SET", b"it's", b"\\n"]),
    (b"ECHO ''", [b"ECHO", b""]),
])  # fmt: skip
def test_a_line_of_words(line: bytes, words: list[bytes]) -> None:
    for end in (b"\n", b"\r\n"):
        assert take(Requests(MEGABYTE), line + end) == [words]


def test_many_lines_and_arrays_and_nothing_in_between() -> None:
    data = b"PING\r\n\r\nPING 1\n" + STREAM[:14] + b"*0\r\n*-1\r\n" + STREAM[:14] + b"\r\nPING\r\n"
    assert take(Requests(MEGABYTE), data) == [
        [b"PING"], [b"PING", b"1"], [b"PING"], [b"PING"], [b"PING"],
    ]  # fmt: skip


@pytest.mark.parametrize(("data", "text"), [
    (b"*a\r\n", "invalid multibulk length"),
    (b"*1048577\r\n", "invalid multibulk length"),
    (b"*99999999999999999999\r\n", "invalid multibulk length"),
    (b"*1\r\n+PING\r\n", "expected '$', got '+'"),
    (b"*1\r\n\r\n", "expected '$', got ' '"),
    (b"*1\r\n$-1\r\n", "invalid bulk length"),
    (b"*1\r\n$1048577\r\n", "invalid bulk length"),
    (b'SET a "b\r\n', "unbalanced quotes in request"),
    (b"x" * (MAX_LINE + 1), "too big inline request"),
    (b"POST / HTTP/1.1\r\n", "HTTP"),
])  # fmt: skip
def test_what_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(ProtocolError, match="Protocol error: ") as caught:
        take(Requests(MEGABYTE), data)
    assert text in str(caught.value)


def test_what_stands_before_the_error_is_served() -> None:
    requests = Requests(MEGABYTE)
    batch = requests.feed(b"*1\r\n$4\r\nPING\r\n*x\r\n")
    assert batch is not None
    assert batch[0] == [[b"PING"]]
    with pytest.raises(ProtocolError):
        requests.feed(b"")


def test_a_large_command_with_other_things_inside() -> None:
    requests = Requests(MEGABYTE)
    assert take(requests, b"*3\r\n$50000\r\n" + bytes(50_000) + b"\r\n") == []
    with pytest.raises(ProtocolError, match="expected"):
        take(requests, b":5\r\n:6\r\n")


def test_nothing_is_reserved_for_what_is_only_announced() -> None:
    requests = Requests(1 << 40)
    assert take(requests, b"*2\r\n$4\r\nPING\r\n$1099511627776\r\nx") == []
    assert requests.size < 100


class TestBeforeThePassword:
    """Clients that have not said it can have little kept for them (CVE-2021-32675)."""

    def requests(self) -> Requests:
        requests = Requests(MEGABYTE)
        requests.early = True
        return requests

    def test_few_words(self) -> None:
        assert take(self.requests(), encode_command([b"x"] * 10))
        for data in (encode_command([b"x"] * 11), b"*11\r\n"):
            with pytest.raises(ProtocolError, match="unauthenticated multibulk length"):
                take(self.requests(), data)

    def test_short_words(self) -> None:
        assert take(self.requests(), encode_command([b"AUTH", bytes(MAX_EARLY_BULK)]))
        for data in (encode_command([bytes(MAX_EARLY_BULK + 1)]), b"*1\r\n$16385\r\n"):
            with pytest.raises(ProtocolError, match="unauthenticated bulk length"):
                take(self.requests(), data)

    def test_what_comes_with_the_password_is_judged_after_it(self) -> None:
        requests = self.requests()
        batch = requests.feed(encode_command([b"AUTH", b"x"]) + encode_command([b"DEL"] * 50))
        assert batch is not None
        assert batch[0] == [[b"AUTH", b"x"]]
        requests.early = False
        assert take(requests, b"") == [[b"DEL"] * 50]
