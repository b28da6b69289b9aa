"""RESP commands as the AOF and clients write them: decoded, encoded, scanned."""

from aoftool.format.resp.decode import decode_annotation_at, decode_command_at, decode_commands_at
from aoftool.format.resp.encode import encode_annotation, encode_command
from aoftool.format.resp.inline import needs_quotes, quote, split_args

__all__ = [
    "decode_annotation_at",
    "decode_command_at",
    "decode_commands_at",
    "encode_annotation",
    "encode_command",
    "needs_quotes",
    "quote",
    "split_args",
]
