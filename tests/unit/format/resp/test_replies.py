"""Replies to bytes: what each form is in both protocols, and that both twins agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.format.resp.replies import (
    NULL_ARRAY,
    OK,
    BigNumber,
    ErrorReply,
    MapReply,
    PushReply,
    SetReply,
    Status,
    Verbatim,
    encode_reply,
    pure_encode_reply,
)

CASES: list[tuple[Any, bytes, bytes]] = [
    (b"", b"$0\r\n\r\n", b"$0\r\n\r\n"),
    (b"a\r\nb", b"$4\r\na\r\nb\r\n", b"$4\r\na\r\nb\r\n"),
    (bytearray(b"ab"), b"$2\r\nab\r\n", b"$2\r\nab\r\n"),
    (0, b":0\r\n", b":0\r\n"),
    (-(2**63), b":-9223372036854775808\r\n", b":-9223372036854775808\r\n"),
    (2**70, b":1180591620717411303424\r\n", b":1180591620717411303424\r\n"),
    (True, b":1\r\n", b"#t\r\n"),
    (None, b"$-1\r\n", b"_\r\n"),
    (NULL_ARRAY, b"*-1\r\n", b"_\r\n"),
    (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
    (OK, b"+OK\r\n", b"+OK\r\n"),
    (ErrorReply(b"ERR x"), b"-ERR x\r\n", b"-ERR x\r\n"),
    (BigNumber(b"123"), b"$3\r\n123\r\n", b"(123\r\n"),
    (Verbatim(b"hi"), b"$2\r\nhi\r\n", b"=6\r\ntxt:hi\r\n"),
    ([], b"*0\r\n", b"*0\r\n"),
    ([b"a", 1, None, [b"b"]], b"*4\r\n$1\r\na\r\n:1\r\n$-1\r\n*1\r\n$1\r\nb\r\n",
     b"*4\r\n$1\r\na\r\n:1\r\n_\r\n*1\r\n$1\r\nb\r\n"),
    (MapReply([b"k", 1]), b"*2\r\n$1\r\nk\r\n:1\r\n", b"%1\r\n$1\r\nk\r\n:1\r\n"),
    (SetReply([b"k"]), b"*1\r\n$1\r\nk\r\n", b"~1\r\n$1\r\nk\r\n"),
    (PushReply([b"k"]), b"*1\r\n$1\r\nk\r\n", b">1\r\n$1\r\nk\r\n"),
]  # fmt: skip
TWINS = [encode_reply, pure_encode_reply]


@pytest.mark.parametrize("encode", TWINS)
@pytest.mark.parametrize(("reply", "resp2", "resp3"), CASES)
def test_every_form(encode: Any, reply: Any, resp2: bytes, resp3: bytes) -> None:
    assert encode(reply, False) == resp2
    assert encode(reply, True) == resp3


REPLIES = st.recursive(
    st.binary(max_size=300)
    | st.integers()
    | st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.binary(max_size=9).map(Status)
    | st.just(NULL_ARRAY),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.lists(inner, max_size=4).map(SetReply)
        | st.lists(inner, max_size=4).map(lambda items: MapReply([*items, *items]))
    ),
    max_leaves=40,
)


@given(REPLIES, st.booleans())
def test_twins_agree(reply: Any, resp3: bool) -> None:
    assert encode_reply(reply, resp3) == pure_encode_reply(reply, resp3)


@pytest.mark.parametrize("kind", [list, SetReply, lambda items: MapReply([b"k", *items])])
def test_a_script_may_answer_deeper_than_calls_can_go(kind: Any) -> None:
    depth = 8000
    reply: Any = b"x"
    for _ in range(depth):
        reply = kind([reply])
    for encode in TWINS:
        assert encode(reply, True).count(b"\r\n$1\r\nx") == 1
        assert len(encode(reply, False)) > 4 * depth


def test_what_is_no_reply() -> None:
    for encode in TWINS:
        with pytest.raises(TypeError):
            encode([object()], False)  # type: ignore[list-item]
