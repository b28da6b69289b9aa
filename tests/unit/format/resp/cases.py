"""The case table of the RESP form: encoder, decoder and scanners are all held against it."""

from __future__ import annotations

from aoftool.format.resp.reasons import Wrong

#: argv and its bytes; each also is read byte by byte and with bytes behind it.
SOUND: list[tuple[list[bytes], bytes]] = [
    ([b"PING"], b"*1\r\n$4\r\nPING\r\n"),
    ([b"SET", b"k", b"v"], b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"),
    ([b"set", b"", b""], b"*3\r\n$3\r\nset\r\n$0\r\n\r\n$0\r\n\r\n"),
    (
        [b"SET", b"\r\n", b"*1\r\n$4\r\nPING\r\n"],
        b"*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$14\r\n*1\r\n$4\r\nPING\r\n\r\n",
    ),
    (
        [b"SET", b"\0\xff", b"x" * 100],
        b"*3\r\n$3\r\nSET\r\n$2\r\n\0\xff\r\n$100\r\n" + b"x" * 100 + b"\r\n",
    ),
    (
        [b"SET", b"k", b"y" * 70000],
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$70000\r\n" + b"y" * 70000 + b"\r\n",
    ),
    (
        [b"DEL"] + [b"k%03d" % i for i in range(200)],
        b"*201\r\n$3\r\nDEL\r\n" + b"".join(b"$4\r\nk%03d\r\n" % i for i in range(200)),
    ),
    (
        [b"n" * 64, b"w" * 64],
        b"*2\r\n$64\r\n" + b"n" * 64 + b"\r\n$64\r\n" + b"w" * 64 + b"\r\n",
    ),
    (
        [b"n" * 65, b"w" * 65],
        b"*2\r\n$65\r\n" + b"n" * 65 + b"\r\n$65\r\n" + b"w" * 65 + b"\r\n",
    ),
]

#: Bytes, the offset of the wrong one, and why it is wrong.
BROKEN: list[tuple[bytes, int, Wrong]] = [
    (b"PING\r\n", 0, Wrong.RECORD_TYPE),
    (b"$4\r\nPING\r\n", 0, Wrong.RECORD_TYPE),
    (b"\0", 0, Wrong.RECORD_TYPE),
    (b"\r\n*1\r\n", 0, Wrong.RECORD_TYPE),
    (b"*\r\n", 1, Wrong.ARRAY_COUNT),
    (b"*-1\r\n", 1, Wrong.ARRAY_COUNT),
    (b"*+1\r\n$4\r\nPING\r\n", 1, Wrong.ARRAY_COUNT),
    (b"* 1\r\n$4\r\nPING\r\n", 1, Wrong.ARRAY_COUNT),
    (b"*01\r\n$4\r\nPING\r\n", 2, Wrong.ARRAY_COUNT),
    (b"*1234567890123456789\r\n", 19, Wrong.ARRAY_COUNT),
    (b"*0\r\n", 1, Wrong.NO_ARGUMENTS),
    (b"*1x\r\n", 2, Wrong.LINE_END),
    (b"*1\n$4\r\nPING\r\n", 2, Wrong.LINE_END),
    (b"*1\rx", 3, Wrong.LINE_END),
    (b"*1\r\n4\r\nPING\r\n", 4, Wrong.BULK_TYPE),
    (b"*1\r\n:4\r\n", 4, Wrong.BULK_TYPE),
    (b"*1\r\n$-1\r\n", 5, Wrong.BULK_LENGTH),
    (b"*1\r\n$\r\n", 5, Wrong.BULK_LENGTH),
    (b"*1\r\n$04\r\nPING\r\n", 6, Wrong.BULK_LENGTH),
    (b"*1\r\n$9999999999999999999\r\n", 23, Wrong.BULK_LENGTH),
    (b"*1\r\n$4x", 6, Wrong.LINE_END),
    (b"*1\r\n$4\r\nPINGx", 12, Wrong.BULK_END),
    (b"*1\r\n$4\r\nPING\rx", 13, Wrong.BULK_END),
    (b"*1\r\n$3\r\nPING\r\n", 11, Wrong.BULK_END),
    (b"*2\r\n$3\r\nDEL\r\n$70\r\n" + b"k" * 70 + b"\n\r", 88, Wrong.BULK_END),
]  # fmt: skip
