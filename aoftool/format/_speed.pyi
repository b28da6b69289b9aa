from aoftool.format.rdb.walk import RdbWalker as RdbWalker
from aoftool.format.resp.decode import decode_commands_at as decode_commands_at
from aoftool.format.resp.scan import RespScanner as RespScanner
