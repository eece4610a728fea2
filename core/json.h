/*
 * JSON (RFC 8259) behind one header: a tree read by yajl's SAX parser into the
 * caller's memory, and a writer over yajl_gen. Nothing else in the project
 * calls yajl, so that another parser is a change of these files alone.
 *
 * The reader is strict: one value, valid UTF-8, nothing behind it, unique
 * member names, and never deeper or larger than the limits. Numbers stay text:
 * an order id beyond 2^53 survives.
 */
#ifndef VA_JSON_H
#define VA_JSON_H

#include "base.h"
#include "buf.h"
#include "utf8.h"

typedef enum {
    VA_JSON_NULL,
    VA_JSON_FALSE,
    VA_JSON_TRUE,
    VA_JSON_NUMBER,
    VA_JSON_STRING,
    VA_JSON_ARRAY,
    VA_JSON_OBJECT,
} va_json_type_t;

typedef struct va_json va_json_t;

struct va_json {
    va_json_type_t type;
    va_str_t name;    /* within an object */
    va_str_t text;    /* of a string (decoded) or a number (as written) */
    va_json_t *first; /* of an array or object */
    va_json_t *next;  /* the following member or element */
    size_t count;     /* members or elements */
};

typedef struct {
    size_t max_bytes;
    unsigned max_depth; /* 1 allows a scalar or an empty container only */
    size_t max_values;
} va_json_limits_t;

#define VA_JSON_LIMITS_DEFAULT ((va_json_limits_t){1 << 20, 32, 100000})

/*
 * The tree, its strings included (each terminated too), lives in mem; text may
 * be freed afterwards. An escaped surrogate without its other half is refused as
 * invalid UTF-8 is. On failure *root is NULL and nothing is left to free.
 */
va_status_t va_json_parse(const va_alloc_t *mem, va_str_t text, const va_json_limits_t *limits,
                          const va_json_t **root);

/* All of these take NULL and the wrong type, and give NULL or absent for them. */
const va_json_t *va_json_get(const va_json_t *object, const char *name);
const va_json_t *va_json_get_n(const va_json_t *object, va_str_t name);

/* JSON Pointer (RFC 6901); "" is the value itself. */
const va_json_t *va_json_pointer(const va_json_t *value, va_str_t pointer);

bool va_json_is(const va_json_t *value, va_json_type_t type);

/* The text of a string; absent for every other type. */
va_str_t va_json_string(const va_json_t *value);
va_str_t va_json_get_string(const va_json_t *object, const char *name);

/* A string, or a number or boolean as written; absent for null, arrays, objects. */
va_str_t va_json_scalar(const va_json_t *value);

/* False when it is not a whole number that fits. "1.0" and "1e3" are whole. */
bool va_json_int(const va_json_t *value, int64_t *out);
/* False when it is no number, or beyond the range of a double. */
bool va_json_double(const va_json_t *value, double *out);
bool va_json_bool(const va_json_t *value, bool fallback);

/*
 * Picks scalar members out of a document that may be large or cut off, without
 * building a tree: at most limit bytes of text are read, and reading stops as
 * soon as all are found. values[i] is absent where pointer i names nothing, null, or
 * an array or object. A document that breaks the syntax behind the members
 * found is not noticed; before, it is VA_ESYNTAX and all are absent. Values live
 * in mem.
 */
va_status_t va_json_scan(const va_alloc_t *mem, va_str_t text, size_t limit,
                         const va_str_t *pointers, size_t n, va_str_t *values);

/*
 * The writer. Errors stick (invalid UTF-8 in a string, out of memory, members
 * and values out of order, more than 127 levels); va_json_writer_end() tells
 * them, so that nothing else has to be checked.
 */
typedef struct va_json_writer va_json_writer_t;

/*
 * Output is appended to out, whose memory also holds the writer. NULL when there
 * is none left; every function below takes that for a writer that failed.
 */
va_json_writer_t *va_json_writer_new(va_buf_t *out);

void va_json_object(va_json_writer_t *w);
void va_json_object_end(va_json_writer_t *w);
void va_json_array(va_json_writer_t *w);
void va_json_array_end(va_json_writer_t *w);
void va_json_key(va_json_writer_t *w, const char *name);
void va_json_key_n(va_json_writer_t *w, va_str_t name);
void va_json_put_str(va_json_writer_t *w, va_str_t s); /* absent writes null */
void va_json_put_c(va_json_writer_t *w, const char *s);
void va_json_put_int(va_json_writer_t *w, int64_t n);
void va_json_put_number(va_json_writer_t *w, va_str_t text);
void va_json_put_bool(va_json_writer_t *w, bool b);
void va_json_put_null(va_json_writer_t *w);
/* A parsed tree; NULL writes null. */
void va_json_put_value(va_json_writer_t *w, const va_json_t *value);
/* Text that is one JSON value already and was checked by the caller. */
void va_json_put_raw(va_json_writer_t *w, va_str_t json);

/* key and value in one; the short form handlers use. */
void va_json_add_str(va_json_writer_t *w, const char *name, va_str_t s);
void va_json_add_c(va_json_writer_t *w, const char *name, const char *s);
void va_json_add_int(va_json_writer_t *w, const char *name, int64_t n);
void va_json_add_bool(va_json_writer_t *w, const char *name, bool b);

/*
 * Frees what the writer holds outside its memory; must be called once, also
 * after errors; the writer is gone then. VA_OK: out holds one complete document.
 */
va_status_t va_json_writer_end(va_json_writer_t *w);

#endif
