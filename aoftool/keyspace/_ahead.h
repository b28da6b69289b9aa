/* Looking into a dict ahead of the lookup, so that the processor fetches memory for many lookups at
 * a time. Hints only: where the inside of dicts is not known, nothing is fetched and all works. */

#ifndef AOFTOOL_AHEAD_H
#define AOFTOOL_AHEAD_H

#include <Python.h>

#if defined(__GNUC__)
#define AOFTOOL_FETCH(address) __builtin_prefetch((const void *)(address), 1)
#else
#define AOFTOOL_FETCH(address) ((void)(address))
#endif

/* Headers that lay out dicts as the functions below expect are those of 3.11 and later; without the
 * global lock a dict may change under a reader. */
#if defined(__GNUC__) && defined(__has_include) && !defined(Py_GIL_DISABLED) \
    && PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030F0000
#if __has_include("internal/pycore_dict.h")
#define AOFTOOL_KNOWS_DICTS
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#define AOFTOOL_UNDEFINES_CORE
#endif
#include "internal/pycore_dict.h"
#ifdef AOFTOOL_UNDEFINES_CORE
#undef Py_BUILD_CORE
#endif
#endif
#endif

/* A dict's entry on the way to the cache: its hash, then where it stands. */
typedef struct {
    Py_hash_t hash;
    PyObject *dict;
    PyObject **fields; /* key, value */
} aoftool_ahead;

#ifdef AOFTOOL_KNOWS_DICTS

static inline Py_ssize_t aoftool_width(PyDictKeysObject *keys)
{
    int bits = keys->dk_log2_size;
    return bits < 8 ? 1 : bits < 16 ? 2 : bits < 32 ? 4 : 8;
}

static inline char *aoftool_index(PyDictKeysObject *keys, Py_hash_t hash)
{
    size_t mask = ((size_t)1 << keys->dk_log2_size) - 1;
    return (char *)keys->dk_indices + ((size_t)hash & mask) * aoftool_width(keys);
}

/* First step: the place in the index. */
static inline void aoftool_ahead_index(aoftool_ahead *ahead, PyObject *dict, PyObject *key)
{
    PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
    ahead->dict = NULL;
    ahead->fields = NULL;
    if (!PyBytes_CheckExact(key) || keys->dk_kind != DICT_KEYS_GENERAL)
        return;
    ahead->hash = PyObject_Hash(key); /* never fails for bytes */
    ahead->dict = dict;
    AOFTOOL_FETCH(aoftool_index(keys, ahead->hash));
}

/* Second step: the entry that stands first at that place. */
static inline void aoftool_ahead_entry(aoftool_ahead *ahead)
{
    PyDictKeysObject *keys;
    char *at;
    Py_ssize_t width, index;
    if (ahead->dict == NULL)
        return;
    keys = ((PyDictObject *)ahead->dict)->ma_keys;
    at = aoftool_index(keys, ahead->hash);
    width = aoftool_width(keys);
    index = width == 1 ? *(int8_t *)at : width == 2 ? *(int16_t *)at
          : width == 4 ? *(int32_t *)at : (Py_ssize_t)*(int64_t *)at;
    if (index < 0)
        return;
    ahead->fields = &DK_ENTRIES(keys)[index].me_key;
    AOFTOOL_FETCH(ahead->fields);
}

#else

static inline void aoftool_ahead_index(aoftool_ahead *ahead, PyObject *dict, PyObject *key)
{
    ahead->fields = NULL;
}

static inline void aoftool_ahead_entry(aoftool_ahead *ahead)
{
}

#endif

/* Third step: the key and the value; gives the value, which may be NULL or another key's. */
static inline PyObject *aoftool_ahead_value(aoftool_ahead *ahead)
{
    if (ahead->fields == NULL)
        return NULL;
    AOFTOOL_FETCH(ahead->fields[0]);
    if (ahead->fields[1] != NULL)
        AOFTOOL_FETCH(ahead->fields[1]);
    return ahead->fields[1];
}

static inline void aoftool_fetch(PyObject *object)
{
    AOFTOOL_FETCH(object);
}

/* What a dict or a list points at. */
static inline void aoftool_ahead_inside(PyObject *value, int lines)
{
    char *inside = NULL;
    int line;
    if (PyDict_Check(value))
        inside = (char *)((PyDictObject *)value)->ma_keys;
    else if (PyList_Check(value)) {
        inside = (char *)(((PyListObject *)value)->ob_item + PyList_GET_SIZE(value));
        lines = 1;
    }
    if (inside != NULL)
        for (line = 0; line < lines; line++)
            AOFTOOL_FETCH(inside + 64 * line);
}

#endif
