"""Limits on what a header may announce.

No memory depends on them (nothing is allocated before its bytes are there); they only tell a
number that some server could have written from one that none could.
"""

#: Most digits of a count or length: the largest signed 64-bit number has 19.
MAX_DIGITS = 18
#: Longest annotation line with its CR LF; Redis reads such lines into 1024 bytes, a NUL included.
MAX_ANNOTATION = 1023
#: Arguments this long or shorter are looked at by the scanner when they stand first or second.
MAX_WORD = 64
#: Longest header line: a type byte, the digits, CR LF.
MAX_HEADER = 1 + MAX_DIGITS + 2
