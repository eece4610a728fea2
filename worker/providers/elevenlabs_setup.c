#include "worker/providers/elevenlabs_setup.h"

#include "core/form.h"
#include "worker/json.h"
#include "worker/providers/elevenlabs_request.h"

/* ---------------------------------------------------------------- requests */

static const char *place(wk_ctx_t *ctx, const char *where, va_str_t id)
{
    va_buf_t url;
    wk_elevenlabs_url(ctx, &url, where);
    va_url_encode(&url, id);
    return wk_elevenlabs_url_end(&url);
}

static bool send(wk_ctx_t *ctx, int timeout_ms, const char *method, const char *url,
                 va_str_t body, wk_http_response_t *res, wk_error_t *e)
{
    if (!wk_elevenlabs_ask(ctx, timeout_ms, method, url, body, res, e)) {
        return false;
    }
    if (res->status >= 200 && res->status < 300) {
        return true;
    }
    (void)wk_elevenlabs_refused(ctx, res, e);
    if (res->status == 408 || res->status >= 500) {
        e->code = WK_UNKNOWN;
    }
    return false;
}

/* What it made is told under that name. */
static bool make(wk_ctx_t *ctx, int timeout_ms, const char *where, va_str_t body,
                 const char *name, va_str_t *id, wk_error_t *e)
{
    wk_http_response_t res;
    const va_json_t *answer = NULL;
    if (!send(ctx, timeout_ms, "POST", place(ctx, where, VA_STR("")), body, &res, e)) {
        return false;
    }
    (void)va_json_parse(wk_mem(ctx->arena), res.body, &wk_elevenlabs_limits, &answer);
    *id = va_json_get_string(answer, name);
    return id->len > 0 || wk_error(e, WK_UNKNOWN, "ElevenLabs: an answer without %s", name);
}

static bool list(wk_ctx_t *ctx, int timeout_ms, const char *where, const char *name,
                 const va_json_t **all, wk_error_t *e)
{
    const va_json_t *answer;
    if (!wk_elevenlabs_get(ctx, timeout_ms, where, &answer, e)) {
        return false;
    }
    *all = name != NULL ? va_json_get(answer, name) : answer;
    return va_json_is(*all, VA_JSON_ARRAY) ||
           wk_error(e, WK_UNAVAILABLE, "ElevenLabs: an answer that is no list");
}

/* ---------------------------------------------------------------- secrets */

static va_str_t secret_body(wk_ctx_t *ctx, const char *type, va_str_t name, va_str_t value)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_c(w, "type", type);
    va_json_add_str(w, "name", name);
    va_json_add_str(w, "value", value);
    return wk_json_end(w, &text);
}

bool wk_elevenlabs_secret(wk_ctx_t *ctx, int timeout_ms, va_str_t name, va_str_t value,
                          va_str_t *id, wk_error_t *e)
{
    wk_http_response_t res;
    const va_json_t *all;
    if (!list(ctx, timeout_ms, place(ctx, "secrets", VA_STR("")), "secrets", &all, e)) {
        return false;
    }
    const va_json_t *s = all->first;
    while (s != NULL && !va_str_eq(va_json_get_string(s, "name"), name)) {
        s = s->next;
    }
    if (s == NULL) {
        return make(ctx, timeout_ms, "secrets", secret_body(ctx, "new", name, value),
                    "secret_id", id, e);
    }
    *id = va_json_get_string(s, "secret_id");
    return send(ctx, timeout_ms, "PATCH", place(ctx, "secrets/", *id),
                secret_body(ctx, "update", name, value), &res, e);
}

/* ---------------------------------------------------------------- tools */

bool wk_elevenlabs_tools(wk_ctx_t *ctx, int timeout_ms, const va_json_t **tools, wk_error_t *e)
{
    return list(ctx, timeout_ms, place(ctx, "tools", VA_STR("")), "tools", tools, e);
}

va_str_t wk_elevenlabs_tool_at(const va_json_t *tools, va_str_t name, va_str_t url)
{
    for (const va_json_t *t = tools->first; t != NULL; t = t->next) {
        const va_json_t *config = va_json_get(t, "tool_config");
        const va_json_t *schema = va_json_get(config, "api_schema");
        if (va_str_eq(va_json_get_string(config, "name"), name) &&
            va_str_eq(va_json_get_string(schema, "url"), url)) {
            return va_json_get_string(t, "id");
        }
    }
    return VA_STR_NULL;
}

bool wk_elevenlabs_tool_make(wk_ctx_t *ctx, int timeout_ms, va_str_t body, va_str_t *id,
                             wk_error_t *e)
{
    return make(ctx, timeout_ms, "tools", body, "id", id, e);
}

/* ---------------------------------------------------------------- agents */

static bool has_tag(const va_json_t *agent, va_str_t tag)
{
    const va_json_t *tags = va_json_get(agent, "tags");
    const va_json_t *t = va_json_is(tags, VA_JSON_ARRAY) ? tags->first : NULL;
    while (t != NULL && !va_str_eq(va_json_string(t), tag)) {
        t = t->next;
    }
    return t != NULL;
}

bool wk_elevenlabs_agent_tagged(wk_ctx_t *ctx, int timeout_ms, va_str_t name, va_str_t tag,
                                va_str_t *id, wk_error_t *e)
{
    const va_json_t *all;
    *id = VA_STR_NULL;
    if (!list(ctx, timeout_ms, place(ctx, "agents?page_size=100&search=", name), "agents", &all,
              e)) {
        return false;
    }
    for (const va_json_t *a = all->first; a != NULL && id->data == NULL; a = a->next) {
        *id = has_tag(a, tag) ? va_json_get_string(a, "agent_id") : VA_STR_NULL;
    }
    return true;
}

bool wk_elevenlabs_agent_make(wk_ctx_t *ctx, int timeout_ms, va_str_t body, va_str_t *id,
                              wk_error_t *e)
{
    return make(ctx, timeout_ms, "agents/create", body, "agent_id", id, e);
}

/* ---------------------------------------------------------------- numbers */

bool wk_elevenlabs_number_of(wk_ctx_t *ctx, int timeout_ms, va_str_t number, va_str_t *id,
                             wk_error_t *e)
{
    const va_json_t *all;
    *id = VA_STR_NULL;
    if (!list(ctx, timeout_ms, place(ctx, "phone-numbers", VA_STR("")), NULL, &all, e)) {
        return false;
    }
    for (const va_json_t *n = all->first; n != NULL && id->data == NULL; n = n->next) {
        bool same = va_str_eq(va_json_get_string(n, "phone_number"), number);
        *id = same ? va_json_get_string(n, "phone_number_id") : VA_STR_NULL;
    }
    return true;
}

bool wk_elevenlabs_number_import(wk_ctx_t *ctx, int timeout_ms, va_str_t number, va_str_t label,
                                 va_str_t *id, wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_c(w, "provider", "twilio");
    va_json_add_str(w, "phone_number", number);
    va_json_add_str(w, "label", label);
    va_json_add_c(w, "sid", ctx->config->twilio_account_sid);
    va_json_add_c(w, "token", ctx->config->twilio_auth_token);
    va_json_add_bool(w, "enable_sms", false);
    return make(ctx, timeout_ms, "phone-numbers", wk_json_end(w, &text), "phone_number_id", id,
                e);
}

bool wk_elevenlabs_number_assign(wk_ctx_t *ctx, int timeout_ms, va_str_t id, va_str_t agent,
                                 wk_error_t *e)
{
    va_buf_t text;
    wk_http_response_t res;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_str(w, "agent_id", agent);
    return send(ctx, timeout_ms, "PATCH", place(ctx, "phone-numbers/", id),
                wk_json_end(w, &text), &res, e);
}
