/* What a body says of a person. */
#ifndef WK_HANDLERS_PERSON_H
#define WK_HANDLERS_PERSON_H

#include "core/json.h"
#include "worker/context.h"
#include "worker/db.h"

#define WK_EMAIL_MAX 254 /* RFC 5321, 4.5.3.1.3 */

/* The member "email", which must be an address, in lower case. */
bool wk_person_email(wk_ctx_t *ctx, const va_json_t *body, va_str_t *email, wk_error_t *e);

/* A member that must be one line of 1 to max bytes, with no space at either end. */
bool wk_person_line(const va_json_t *body, const char *name, size_t max, va_str_t *text,
                    wk_error_t *e);

/* The member "password", long enough. */
bool wk_person_password(const va_json_t *body, va_str_t *password, wk_error_t *e);

/* Of ASCII: the directory knows addresses that way. */
va_str_t wk_person_lower(wk_ctx_t *ctx, va_str_t text);

#endif
