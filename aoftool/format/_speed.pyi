from aoftool.format.rdb.walk import RdbWalker as RdbWalker
from aoftool.format.resp.scan import RespScanner as RespScanner
