"""Any bytes give events or the format's own errors; twins and window sizes agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aoftool.errors import FormatError, ManifestError
from aoftool.format.aof import Command, decode_aof, parse_manifest
from aoftool.format.resp import decode_command_at, encode_command, quote, split_args
from aoftool.format.resp.decode import decode_commands_at, pure_decode_commands_at
from aoftool.format.resp.scan import PureRespScanner, RespScanner
from tests.builders import commands
from tests.unit.format.resp.scanning import run

ARGV = st.lists(st.binary(max_size=80), min_size=1, max_size=6)
WORDS = st.sampled_from(
    [b"SET", b"get", b"MULTI", b"EXEC", b"SELECT", b"3", b"a", b"\r\n", b"$1\r\n", b"*1\r\n", b""]
)
FILES = st.lists(st.lists(WORDS, min_size=1, max_size=4), max_size=12).map(
    lambda argvs: b"".join(encode_command(argv) for argv in argvs)
)
#: Bytes that often are nearly commands.
PIECES = [
    b"*", b"$", b"\r\n", b"*1\r\n", b"*2\r\n$3\r\nDEL\r\n", b"$1\r\na\r\n", b"\0", b"#TS:1\r\n",
    b"*1\r\n$5\r\nMULTI\r\n", b"9", b"0", b"-1",
]  # fmt: skip
NEARLY = st.lists(
    st.one_of(st.sampled_from(PIECES), st.binary(max_size=4), FILES), max_size=12
).map(b"".join)


@given(ARGV, st.binary(max_size=8), st.binary(max_size=8))
def test_what_is_encoded_is_decoded(argv: list[bytes], before: bytes, behind: bytes) -> None:
    data = encode_command(argv)
    around = before + data + behind
    assert decode_command_at(around, len(before), len(around)) == (argv, len(before) + len(data))


@given(st.one_of(NEARLY, st.binary(max_size=200)))
def test_any_bytes_give_events_or_the_format_error(data: bytes) -> None:
    try:
        events = list(decode_aof(data))
    except FormatError as error:
        assert 0 <= error.start <= error.offset <= len(data)
    else:
        ends = [event.end for event in events if isinstance(event, Command)]
        assert not ends or ends[-1] <= len(data)


@given(st.one_of(NEARLY, FILES), st.integers(1, 40), st.integers(0, 1 << 40))
def test_scanners_agree_on_anything(data: bytes, size: int, base: int) -> None:
    expected = run(PureRespScanner, data, len(data) + 1, base)
    assert run(PureRespScanner, data, size, base) == expected
    assert run(RespScanner, data, size, base) == expected


@given(FILES, st.data())
def test_scanners_agree_on_damage(data: bytes, draw: st.DataObject) -> None:
    if not data:
        return
    at = draw.draw(st.integers(0, len(data) - 1))
    damaged = data[:at] + bytes([draw.draw(st.integers(0, 255))]) + data[at + 1 :]
    assert run(RespScanner, damaged, 13) == run(PureRespScanner, damaged, len(data) + 1)


@given(NEARLY)
def test_batches_agree(data: bytes) -> None:
    if not data:
        return
    outcomes = []
    for decode in (decode_commands_at, pure_decode_commands_at):
        try:
            outcomes.append(str(decode(data, 0, len(data), 5)))
        except FormatError as error:
            outcomes.append(f"{type(error)} {error.offset} {error.start} {error.reason}")
    assert outcomes[0] == outcomes[1]


@given(FILES)
def test_the_scanner_counts_what_the_decoder_gives(data: bytes) -> None:
    decoded, at = 0, 0
    while (found := decode_command_at(data, at, len(data))) is not None:
        decoded, at = decoded + 1, found[1]
    assert run(RespScanner, data, 50)["records"] == decoded


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_quoted_words_come_back(words: list[bytes]) -> None:
    assert split_args(b" ".join(quote(word) for word in words)) == words


@given(st.one_of(st.binary(max_size=120), st.text("file seqtyp bih0123 \"'\\\n#", max_size=80)))
def test_any_manifest_is_read_or_refused(data: bytes | str) -> None:
    raw = data.encode() if isinstance(data, str) else data
    try:
        manifest = parse_manifest(raw)
    except ManifestError as error:
        assert error.line_number <= raw.count(b"\n") + 1
    else:
        assert parse_manifest(manifest.encode() or b"#\n").encode() == manifest.encode()


def test_every_prefix_of_a_file_is_told_at_its_record() -> None:
    data = commands("SET a 1", "GET a", "SET b 2")
    starts = [0, 27, 47]
    for end in range(1, len(data)):
        seen = run(RespScanner, data[:end], 9)
        assert seen["bad"] is None
        assert seen["record_start"] == max(start for start in starts if start <= end)
