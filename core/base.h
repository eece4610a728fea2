/*
 * What every file of core/ shares: counted strings, the caller's allocator,
 * and the results functions return.
 *
 * core/ is pure: no input or output, no nginx, no global state, no logging.
 * Functions take (pointer, length), never keep a pointer beyond what their
 * contract says, and may be called from any thread on different objects.
 */
#ifndef VA_BASE_H
#define VA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A counted string; not terminated, may hold any byte. {NULL, 0} means absent. */
typedef struct {
    const char *data;
    size_t len;
} va_str_t;

#define VA_STR(literal) ((va_str_t){(literal), sizeof(literal) - 1})
#define VA_STR_NULL     ((va_str_t){NULL, 0})

static inline va_str_t va_str(const char *data, size_t len)
{
    return (va_str_t){data, len};
}

/* A terminated C string as a counted one; NULL gives the absent string. */
static inline va_str_t va_str_c(const char *s)
{
    return (va_str_t){s, s != NULL ? strlen(s) : 0};
}

/* Plain comparison of public data; secrets go through va_equal_ct(). */
static inline bool va_str_eq(va_str_t a, va_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

typedef enum {
    VA_OK = 0,
    VA_ESYNTAX, /* the input breaks the format */
    VA_ELIMIT,  /* the input is larger, deeper or longer than allowed */
    VA_ENOMEM,  /* the allocator returned NULL */
    VA_ECRYPTO, /* OpenSSL refused, never the fault of the input */
} va_status_t;

/*
 * The caller's memory. alloc returns size bytes aligned for any object, or
 * NULL; nothing is ever freed one by one: the owner of the pool or arena behind
 * it frees all at once.
 */
typedef struct {
    void *(*alloc)(void *ctx, size_t size);
    void *ctx;
} va_alloc_t;

static inline void *va_alloc(const va_alloc_t *a, size_t size)
{
    return a->alloc(a->ctx, size);
}

/* A terminated copy of s in a's memory; data NULL when out of memory. */
va_str_t va_str_dup(const va_alloc_t *a, va_str_t s);

/* ASCII only, independent of the locale. */
bool va_str_ieq(va_str_t a, va_str_t b);

#endif
