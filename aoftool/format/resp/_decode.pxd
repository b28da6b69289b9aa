# What the server's loop uses of ``_decode`` without going through Python.

cdef tuple decode_whole(const unsigned char *p, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t most)
