/*
 * What went wrong, told upwards. A function that can fail takes a wk_error_t,
 * returns false (or NULL), and sets it once, where the failure is seen; callers
 * add context with wk_error_wrap() and pass it on.
 */
#ifndef WK_ERROR_H
#define WK_ERROR_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    WK_OK = 0,
    WK_INVALID,   /* the input is wrong: never retried, told to the caller */
    WK_NOT_FOUND, /* or not ours: the same to the outside */
    WK_FORBIDDEN,
    WK_CONFLICT,    /* somebody else was first */
    WK_UNAVAILABLE, /* Redis, Postgres or a provider is away or busy: try again */
    WK_TIMEOUT,     /* the deadline passed */
    WK_UNKNOWN,     /* an outside effect may or may not have happened */
    WK_REFUSED,     /* a provider said no for good */
    WK_INTERNAL,    /* ours: a bug, a wrong configuration */
} wk_code_t;

typedef struct {
    wk_code_t code;
    int64_t retry_after_ms; /* what a provider asked for; 0: nothing */
    bool store_away;  /* our own Redis or Postgres is, and what was asked of it is no cause of
                         that */
    char sqlstate[6]; /* of a Postgres error */
    char detail[32];  /* a provider's own code, a constraint's name */
    char text[400];   /* for logs: never a secret, never another tenant's data */
} wk_error_t;

const char *wk_code_name(wk_code_t code);

/* Sets *e and returns false, so that a failing function ends with it. */
bool wk_error(wk_error_t *e, wk_code_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with WK_UNAVAILABLE and store_away. */
bool wk_error_away(wk_error_t *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the text; returns false. */
bool wk_error_wrap(wk_error_t *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True for failures that may pass by themselves. */
bool wk_error_retryable(const wk_error_t *e);

#endif
