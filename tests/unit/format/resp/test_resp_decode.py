"""The strict decoder and the encoder on the case table."""

from __future__ import annotations

import pytest

from aoftool.errors import CorruptError
from aoftool.format.resp import (
    decode_annotation_at,
    decode_command_at,
    decode_commands_at,
    encode_annotation,
    encode_command,
)
from aoftool.format.resp.decode import pure_decode_commands_at
from aoftool.format.resp.reasons import TEXT, Wrong
from tests.unit.format.resp.cases import BROKEN, SOUND

BATCHES = [pure_decode_commands_at, decode_commands_at]


@pytest.mark.parametrize(("argv", "data"), SOUND)
def test_a_case_is_encoded_and_decoded(argv: list[bytes], data: bytes) -> None:
    assert encode_command(argv) == data
    assert decode_command_at(data, 0, len(data)) == (argv, len(data))


@pytest.mark.parametrize(("argv", "data"), SOUND)
def test_position_and_bytes_around_do_not_matter(argv: list[bytes], data: bytes) -> None:
    around = memoryview(b"##" + data + b"*garbage")
    assert decode_command_at(around, 2, len(around)) == (argv, 2 + len(data))


@pytest.mark.parametrize(("argv", "data"), [case for case in SOUND if len(case[1]) < 3000])
def test_every_prefix_is_incomplete(argv: list[bytes], data: bytes) -> None:
    for end in range(len(data)):
        assert decode_command_at(data, 0, end) is None
        assert decode_command_at(data[:end], 0, end) is None


@pytest.mark.parametrize(("data", "offset", "reason"), BROKEN)
def test_a_wrong_byte_is_named(data: bytes, offset: int, reason: Wrong) -> None:
    with pytest.raises(CorruptError) as caught:
        decode_command_at(b"?" * 7 + data, 7, 7 + len(data))
    assert (caught.value.offset, caught.value.start) == (7 + offset, 7)
    assert caught.value.reason == TEXT[reason]


@pytest.mark.parametrize("decode", BATCHES)
def test_a_batch_stops_where_it_must(decode: object) -> None:
    assert callable(decode)
    ping = encode_command([b"PING"])
    data = ping * 3 + b"#TS:1\r\n" + ping
    assert decode(data, 0, len(data), 10) == ([[b"PING"]] * 3, [14, 28, 42])
    assert decode(data, 0, len(data), 2) == ([[b"PING"]] * 2, [14, 28])
    assert decode(data, 42, len(data), 2) == ([], [])
    assert decode(data, 0, 20, 10) == ([[b"PING"]], [14])
    assert decode(data, 0, 0, 10) == ([], [])


@pytest.mark.parametrize("decode", BATCHES)
@pytest.mark.parametrize(("data", "offset", "reason"), BROKEN)
def test_a_batch_raises_only_for_its_first(
    decode: object, data: bytes, offset: int, reason: Wrong
) -> None:
    assert callable(decode)
    ping = encode_command([b"PING"])
    assert decode(ping + data, 0, len(ping + data), 9) == ([[b"PING"]], [14])
    with pytest.raises(CorruptError) as caught:
        decode(data, 0, len(data), 9)
    assert (caught.value.offset, caught.value.reason) == (offset, TEXT[reason])


def test_annotations() -> None:
    data = encode_annotation(b"#TS:1700000000") + b"*1\r\n"
    assert decode_annotation_at(data, 0, len(data)) == (b"#TS:1700000000", 16)
    assert decode_annotation_at(data, 0, 15) is None
    with pytest.raises(CorruptError, match="annotation") as caught:
        decode_annotation_at(b"#no carriage return\n", 0, 20)
    assert caught.value.offset == 19
    long = b"#" + b"x" * 1020 + b"\r\n"
    assert decode_annotation_at(long, 0, len(long)) == (long[:-2], 1023)
    with pytest.raises(CorruptError):
        decode_annotation_at(b"x" + long, 0, 1024)
    assert decode_annotation_at(long, 0, 1022) is None


@pytest.mark.parametrize("text", [b"TS:1", b"#a\nb", b"#a\r"])
def test_what_is_no_annotation_is_not_written(text: bytes) -> None:
    with pytest.raises(ValueError, match="annotation"):
        encode_annotation(text)


def test_an_empty_command_is_not_written() -> None:
    with pytest.raises(ValueError, match="at least one"):
        encode_command([])
