/* A live call is taken to another address of ours, from whatever it hears or does. */
#ifndef WK_AGENT_REDIRECT_H
#define WK_AGENT_REDIRECT_H

#include "worker/context.h"

typedef struct {
    va_str_t organization, sid; /* CallSid */
    va_str_t language;          /* the talk's; absent: English */
    const char *path;           /* of /api/voice/ */
    int64_t n;
    const char *more; /* of its query, from "&" on; may be NULL */
} wk_redirect_t;

/*
 * One that still rings is waited for, some seconds; one that has ended needs nothing. May be
 * repeated. Errors: as wk_twilio_redirect().
 */
bool wk_redirect_call(wk_ctx_t *ctx, const wk_redirect_t *to, wk_error_t *e);

#endif
