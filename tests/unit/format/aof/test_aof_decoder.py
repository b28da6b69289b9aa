"""The streaming decoder, the encoder and the transaction tracker."""

from __future__ import annotations

from pathlib import Path

import pytest

from aoftool.errors import CorruptError, FormatError, TruncatedError
from aoftool.format.aof import (
    Annotation,
    AofDecoder,
    AofEncoder,
    Command,
    Event,
    Step,
    decode_aof,
    timestamp_of,
)
from aoftool.format.rdb import End, Header, Key, NeedData
from tests.builders import command, commands, pieces

SAMPLES = Path(__file__).parents[4] / "samples"


def decode(data: bytes, size: int) -> tuple[list[Event], FormatError | None, int]:
    """Events, the error at the end if any, and good_end, of data fed in pieces."""
    decoder = AofDecoder()
    seen: list[Event] = []
    feeding = pieces(data, size)
    try:
        while True:
            event = decoder.next_event()
            if not isinstance(event, NeedData):
                seen.append(event)
                continue
            piece = next(feeding, None)
            if piece is not None:
                decoder.feed(piece)
            elif not decoder._closed:
                decoder.close()
            else:
                return seen, None, decoder.good_end
    except FormatError as error:
        with pytest.raises(type(error)):
            decoder.next_event()
        return seen, error, decoder.good_end


def test_commands_carry_their_offsets() -> None:
    data = commands("SELECT 1") + b"#TS:9\r\n" + commands("MULTI", "SET a b", "EXEC")
    assert list(decode_aof(data)) == [
        Command([b"SELECT", b"1"], 0, 23, 1, Step.OUTSIDE),
        Annotation(b"#TS:9", 23, 30),
        Command([b"MULTI"], 30, 45, 2, Step.MULTI),
        Command([b"SET", b"a", b"b"], 45, 72, 3, Step.INSIDE),
        Command([b"EXEC"], 72, 86, 4, Step.EXEC),
    ]


@pytest.mark.parametrize("name", ["appendonly.aof", "preamble.aof", "cut.aof", "damaged.aof",
                                  "zero-filled.aof", "open-multi.aof"])  # fmt: skip
def test_pieces_of_any_size_give_the_same(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    events, error, good_end = decode(data, len(data))
    for size in (1, 2, 3, 17, 1000):
        again, same, end = decode(data, size)
        assert (again, str(same), end) == (events, str(error), good_end)


def test_a_preamble_comes_first() -> None:
    events, error, _ = decode((SAMPLES / "preamble.aof").read_bytes(), 1 << 20)
    assert error is None
    assert isinstance(events[0], Header)
    end = next(event for event in events if isinstance(event, End))
    first = events[events.index(end) + 1]
    assert isinstance(first, Command)
    assert (first.start, first.record) == (end.end, 1)
    assert sum(isinstance(event, Key) for event in events) == 49


def test_a_preamble_is_never_given_up() -> None:
    data = (SAMPLES / "preamble.aof").read_bytes()
    whole = list(decode_aof(data))
    end = next(event.end for event in whole if isinstance(event, End))
    _, error, good_end = decode(data[: end + 5], 1 << 20)
    assert isinstance(error, TruncatedError)
    assert (error.start, good_end) == (end, end)


GOOD = commands("SET a 1", "SET b 2")


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize(
    ("tail", "kind", "start", "good_end"),
    [
        (b"*1\r\n$4\r\nPI", TruncatedError, 54, 54),
        (b"*", TruncatedError, 54, 54),
        (b"\0" * 5000, TruncatedError, 54, 54),
        (b"*1\r\n$4\r\nPI\0\0\0\0", TruncatedError, 54, 54),
        (commands("MULTI", "SET c 3"), TruncatedError, 54, 54),
        (commands("MULTI", "SET c 3") + b"*1", TruncatedError, 96, 54),
        (b"\0\0\0x", CorruptError, 54, 54),
        (b"junk", CorruptError, 54, 54),
    ],
)
def test_how_a_file_may_end(
    size: int, tail: bytes, kind: type[FormatError], start: int, good_end: int
) -> None:
    _, error, end = decode(GOOD + tail, size)
    assert type(error) is kind
    assert (error.start, end) == (start, good_end)


def test_every_prefix_is_whole_or_cut_at_its_record() -> None:
    data = commands("SET a 1", "MULTI", "SET b 2", "EXEC", "DEL a")
    starts = [event.start for event in decode_aof(data) if isinstance(event, Command)]
    ends = [*starts[1:], len(data)]
    for size in range(len(data) + 1):
        _, error, good_end = decode(data[:size], 7)
        outside = [0, *(end for end in ends if end <= starts[1] or end > starts[3])]
        assert good_end == max(end for end in outside if end <= size)
        if error is not None:
            assert isinstance(error, TruncatedError)
            assert error.start == max(start for start in starts if start < max(size, 1)) or (
                error.start == starts[1]
            )


def test_zeros_are_not_kept() -> None:
    decoder = AofDecoder()
    decoder.feed(GOOD)
    while not isinstance(decoder.next_event(), NeedData):
        pass
    for _ in range(1000):
        decoder.feed(bytes(1 << 16))
        decoder.next_event()
    assert decoder._size < 1 << 20
    decoder.feed(b"\0\1")
    with pytest.raises(CorruptError):
        decoder.next_event()


def test_feed_after_close() -> None:
    decoder = AofDecoder()
    decoder.close()
    assert isinstance(decoder.next_event(), NeedData)
    with pytest.raises(ValueError, match="after close"):
        decoder.feed(b"x")


def test_timestamps() -> None:
    assert timestamp_of(b"#TS:1700000000") == 1700000000
    assert timestamp_of(b"#TS:") is None
    assert timestamp_of(b"#TS:12x") is None
    assert timestamp_of(b"#remark") is None


def test_the_encoder_selects_only_when_it_must() -> None:
    encoder = AofEncoder()
    out = encoder.command([b"SET", b"a", b"1"], 0)
    out += encoder.command([b"SET", b"b", b"2"], 0)
    out += encoder.command([b"DEL", b"a"], 5)
    assert out == commands("SELECT 0", "SET a 1", "SET b 2", "SELECT 5", "DEL a")


def test_the_encoder_wraps_transactions() -> None:
    encoder = AofEncoder(db=0)
    out = encoder.transaction([(0, [b"INCR", b"x"]), (2, [b"INCR", b"x"])])
    assert out == commands("MULTI", "INCR x", "SELECT 2", "INCR x", "EXEC")
    assert encoder.command([b"MULTI"], None) == command("MULTI")
    assert encoder.db == 2


def test_the_encoder_annotates_each_second_once() -> None:
    encoder = AofEncoder(db=0, timestamps=True)
    out = encoder.command([b"A"], 0, 10) + encoder.command([b"B"], 0, 10)
    out += encoder.transaction([(0, [b"C"])], 11)
    assert out == (
        b"#TS:10\r\n" + commands("A", "B") + b"#TS:11\r\n" + commands("MULTI", "C", "EXEC")
    )


def test_what_is_encoded_is_decoded() -> None:
    encoder = AofEncoder(timestamps=True)
    data = encoder.command([b"SET", b"\r\n", b"\0"], 3, 7)
    data += encoder.transaction([(1, [b"DEL", b"x"])], 8)
    found = [event.argv for event in decode_aof(data) if isinstance(event, Command)]
    assert found == [[b"SELECT", b"3"], [b"SET", b"\r\n", b"\0"], [b"MULTI"],
                     [b"SELECT", b"1"], [b"DEL", b"x"], [b"EXEC"]]  # fmt: skip
