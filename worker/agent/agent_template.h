/*
 * What the hosted agent of a shop is made of, a file a kind of shop
 * (conf/agents/bike_shop.json); general.json is all others'. Of its texts {assistant} is filled
 * in here, and {{variables}} by the platform, with what each call is told (personalization.h),
 * so that an agent need not be made anew when its shop changes.
 */
#ifndef WK_AGENT_AGENT_TEMPLATE_H
#define WK_AGENT_AGENT_TEMPLATE_H

#include "core/json.h"
#include "worker/agent/catalogue.h"
#include "worker/context.h"

typedef struct {
    const va_json_t *file;
    va_str_t languages; /* JSON list: those of it that the catalogue has, the first is spoken */
    va_str_t language;
    size_t n_languages;
    va_str_t services; /* JSON: appointment type to minutes */
} wk_agent_template_t;

/* WK_INTERNAL: the file is not as it should be. */
bool wk_agent_template(wk_ctx_t *ctx, const wk_catalogue_t *c, va_str_t business_type,
                       wk_agent_template_t *t, wk_error_t *e);

/* Names of its tools: of the registry (tools.h). */
const va_json_t *wk_agent_template_tools(const wk_agent_template_t *t);

typedef struct {
    va_str_t organization, business, timezone, owner_phone;
    va_str_t title;     /* of wk_agent_title() */
    va_str_t variables; /* JSON object: examples of what each call is told */
    va_str_t tools;     /* JSON list of ids */
    va_str_t secret;    /* id of the secret that lets its requests in */
} wk_agent_wish_t;

/* By these the agent is found again. */
va_str_t wk_agent_tag(wk_arena_t *a, va_str_t organization);
va_str_t wk_agent_title(wk_ctx_t *ctx, va_str_t business);

/* The body of POST /v1/convai/agents/create. */
bool wk_agent_body(wk_ctx_t *ctx, const wk_agent_template_t *t, const wk_agent_wish_t *wish,
                   va_str_t *body, wk_error_t *e);

#endif
