/*
 * Logs: one JSON object a line, on standard error or in a file that is opened
 * again on SIGUSR1. Each line carries what the thread works on (job, type, trace,
 * organization). Secrets are never passed in; phone numbers go through
 * WK_PHONE, which keeps the last four digits.
 */
#ifndef WK_LOG_H
#define WK_LOG_H

#include "core/base.h"

typedef enum { WK_DEBUG, WK_INFO, WK_WARN, WK_ERROR, WK_ALERT } wk_level_t;

typedef struct {
    const char *name;
    enum { WK_F_STR, WK_F_INT, WK_F_PHONE } kind;
    va_str_t str;
    int64_t num;
} wk_field_t;

#define WK_S(name, value)     ((wk_field_t){(name), WK_F_STR, (value), 0})
#define WK_C(name, value)     ((wk_field_t){(name), WK_F_STR, va_str_c(value), 0})
#define WK_I(name, value)     ((wk_field_t){(name), WK_F_INT, VA_STR_NULL, (value)})
#define WK_PHONE(name, value) ((wk_field_t){(name), WK_F_PHONE, (value), 0})

/* path NULL: standard error. Before any thread starts. False: errno tells why. */
bool wk_log_open(const char *path, wk_level_t least);

/* Whether that would be possible; changes nothing but that the file is there then. */
bool wk_log_can_open(const char *path);
void wk_log_reopen(void);

/* What this thread works on, until the next call; absent strings clear. Keeps no pointer. */
void wk_log_context(va_str_t job, va_str_t type, va_str_t trace);
void wk_log_context_org(va_str_t org);

void wk_log_fields(wk_level_t level, const char *message, const wk_field_t *fields, size_t n);

/* wk_log(WK_WARN, "lease lost", WK_S("queue", q), WK_I("ms", n)); */
#define wk_log(level, ...)                                                                     \
    WK_LOG_PICK(__VA_ARGS__, WK_LOG_N, WK_LOG_N, WK_LOG_N, WK_LOG_N, WK_LOG_N, WK_LOG_N,       \
                WK_LOG_N, WK_LOG_N, WK_LOG_0, 0)                                               \
    (level, __VA_ARGS__)
#define WK_LOG_PICK(a, b, c, d, e, f, g, h, i, pick, ...) pick
#define WK_LOG_0(level, message)                          wk_log_fields(level, message, NULL, 0)
#define WK_LOG_N(level, message, ...)                                                          \
    wk_log_fields(level, message, (const wk_field_t[]){__VA_ARGS__},                           \
                  sizeof((const wk_field_t[]){__VA_ARGS__}) / sizeof(wk_field_t))

#endif
