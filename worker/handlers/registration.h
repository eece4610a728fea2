/* What a sign-up asks for. */
#ifndef WK_HANDLERS_REGISTRATION_H
#define WK_HANDLERS_REGISTRATION_H

#include "core/json.h"
#include "worker/context.h"

typedef struct {
    va_str_t email, password, first_name, last_name, phone; /* of its owner */
    va_str_t business, business_phone, owner_phone, timezone;
    va_str_t hours; /* JSON, in a shape that Postgres reads (normal_hours) */
    va_str_t type;  /* "bike_shop", "plumbing", "general" */
    va_str_t website, description, services, referral; /* may be absent */
    va_str_t plan;
    va_str_t slug; /* made of the name */
} wk_registration_t;

/* Refuses a body by the name of the member that is missing or wrong. */
bool wk_registration_read(wk_ctx_t *ctx, wk_registration_t *wish, wk_error_t *e);

#endif
