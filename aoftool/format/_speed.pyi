from aoftool.format.rdb.lzf import pure_compress as lzf_compress
from aoftool.format.rdb.lzf import pure_decompress as lzf_decompress
from aoftool.format.rdb.primitives import pure_string_keys_at as string_keys_at
from aoftool.format.rdb.primitives import pure_write_string as write_string
from aoftool.format.rdb.walk import PureRdbWalker as RdbWalker
from aoftool.format.resp.decode import pure_decode_commands_at as decode_commands_at
from aoftool.format.resp.scan import PureRespScanner as RespScanner

LIMITS: tuple[int, int, int]

__all__ = [
    "LIMITS",
    "RdbWalker",
    "RespScanner",
    "decode_commands_at",
    "lzf_compress",
    "lzf_decompress",
    "string_keys_at",
    "write_string",
]
