"""What can be wrong with the bytes of a RESP command: codes for both scanners, and their texts."""

from __future__ import annotations

from enum import IntEnum


class Wrong(IntEnum):
    """Why a byte was refused; the compiled scanner returns the number."""

    RECORD_TYPE = 1
    ARRAY_COUNT = 2
    BULK_TYPE = 3
    BULK_LENGTH = 4
    LINE_END = 5
    BULK_END = 6
    NO_ARGUMENTS = 7
    ANNOTATION = 8


TEXT: dict[Wrong, str] = {
    Wrong.RECORD_TYPE: "expected '*' or '#' where a record begins",
    Wrong.ARRAY_COUNT: "expected the number of arguments, in plain digits",
    Wrong.BULK_TYPE: "expected '$' where an argument begins",
    Wrong.BULK_LENGTH: "expected the length of an argument, in plain digits",
    Wrong.LINE_END: "expected CR LF after a number",
    Wrong.BULK_END: "expected CR LF after an argument (its length does not fit its bytes)",
    Wrong.NO_ARGUMENTS: "a command without arguments",
    Wrong.ANNOTATION: "an annotation line without CR LF, or one too long",
}
