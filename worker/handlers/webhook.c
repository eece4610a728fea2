#include "worker/handlers/webhook.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base64.h"
#include "core/hmac.h"
#include "core/phone.h"
#include "core/utf8.h"
#include "worker/agent/words.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/log.h"
#include "worker/store/webhooks.h"

/* nginx passes on 256 KiB of a report and 1 MiB of anything else. */
static const va_json_limits_t limits = {2 << 20, 64, 200000};

/* ---------------------------------------------------------------- bodies */

bool wk_webhook_json(wk_ctx_t *ctx, const va_json_t **object, wk_error_t *e)
{
    if (va_json_parse(wk_mem(ctx->arena), ctx->job->body, &limits, object) != VA_OK ||
        !va_json_is(*object, VA_JSON_OBJECT)) {
        return wk_error(e, WK_INVALID, "the body is not a JSON object");
    }
    return true;
}

bool wk_webhook_names(wk_ctx_t *ctx, const char *member, bool (*is_id)(va_str_t), va_str_t *id,
                      wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    *id = va_json_get_string(body, member);
    return is_id(*id) || wk_error(e, WK_INVALID, "no %s is named", member);
}

/* U+FFFD for whatever is no character: with it an identifier is none, unlike without. */
static va_str_t as_text(wk_arena_t *a, va_str_t bytes)
{
    va_buf_t text;
    if (va_utf8_valid(bytes)) {
        return bytes;
    }
    va_buf_init(&text, wk_mem(a), bytes.len + 1);
    while (bytes.len > 0) {
        uint32_t c;
        va_str_t character = va_utf8_take(&bytes, &c);
        va_buf_add_str(&text, c != 0 ? character : VA_STR("\xef\xbf\xbd"));
    }
    return va_buf_str(&text);
}

bool wk_webhook_form(wk_ctx_t *ctx, va_form_t *form, wk_error_t *e)
{
    if (va_form_parse(wk_mem(ctx->arena), ctx->job->body, form) != VA_OK) {
        return wk_error(e, WK_INVALID, "the body is not a form");
    }
    for (size_t i = 0; i < form->count; i++) {
        form->pairs[i].value = as_text(ctx->arena, form->pairs[i].value);
    }
    return true;
}

va_str_t wk_webhook_member(const va_job_t *job, const char *name)
{
    for (size_t i = 0; i < job->n_members; i++) {
        if (va_str_eq(job->members[i].name, va_str_c(name))) {
            return job->members[i].value;
        }
    }
    return VA_STR_NULL;
}

/* ---------------------------------------------------------------- keys */

va_str_t wk_webhook_number(wk_arena_t *a, va_str_t text)
{
    char number[VA_PHONE_MAX + 1];
    return va_phone_normalize(number, text) ? wk_copy(a, va_str_c(number)) : VA_STR_NULL;
}

static va_str_t present(va_str_t s)
{
    return s.len > 0 ? s : VA_STR_NULL;
}

void wk_webhook_caller(wk_arena_t *a, const va_form_t *form, wk_call_told_t *told)
{
    va_str_t forwarded = va_form_get(form, "ForwardedFrom");
    told->forwarded_from = wk_webhook_number(a, forwarded);
    told->caller_name = present(wk_clean_text(a, va_form_get(form, "CallerName")));
    told->stir_verstat = forwarded.len == 0 || told->forwarded_from.data != NULL
                             ? present(va_form_get(form, "StirVerstat"))
                             : VA_STR_NULL;
}

va_str_t wk_webhook_count(wk_arena_t *a, va_str_t text, long max)
{
    char *end;
    if (text.len == 0 || text.data[0] < '0' || text.data[0] > '9') {
        return VA_STR_NULL;
    }
    char *copy = wk_strdup(a, text);
    errno = 0;
    long n = strtol(copy, &end, 10);
    return errno == 0 && *end == '\0' && n <= max ? text : VA_STR_NULL;
}

/* Ids become segments of a path, where ".." would name what is above it. */
bool wk_webhook_is_id(va_str_t s)
{
    bool named = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && c != '_' && c != '-' && c != ':' && c != '.') {
            return false;
        }
        named = named || alnum;
    }
    return named && s.len <= 128;
}

/* ---------------------------------------------------------------- directory */

typedef struct {
    const wk_sql_t *sql;
    va_str_t params[4];
    wk_rows_t *rows;
} query_t;

static bool query_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    query_t *q = arg;
    return wk_sql_last(tx, q->sql, q->params, &q->rows, e);
}

va_str_t wk_webhook_body_hash(wk_ctx_t *ctx)
{
    uint8_t digest[32];
    char hex[2 * sizeof(digest)];
    if (ctx->job->body_omitted) {
        return ctx->job->body_sha256;
    }
    if (va_sha256(ctx->job->body, digest) != VA_OK) {
        return VA_STR_NULL;
    }
    va_hex_encode(hex, digest, sizeof(digest));
    return wk_copy(ctx->arena, va_str(hex, sizeof(hex)));
}

wk_outcome_t wk_webhook_unrouted(wk_ctx_t *ctx, const char *kind, va_str_t key, wk_error_t *e)
{
    query_t q = {.sql = &wk_sql_webhook_unrouted,
                 .params = {va_str_c(kind), key.data != NULL ? key : VA_STR(""), ctx->job->type,
                            wk_webhook_body_hash(ctx)}};
    wk_log(WK_INFO, "a webhook of no organization", WK_C("kind", kind));
    return wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, query_tx, &q, e) ? WK_DONE
                                                                       : wk_webhook_failed(e);
}

bool wk_webhook_organization(wk_ctx_t *ctx, const char *kind, va_str_t key,
                             va_str_t *organization, wk_error_t *e)
{
    query_t q = {.sql = &wk_sql_organization_by, .params = {va_str_c(kind), key}};
    *organization = VA_STR_NULL;
    if (key.len == 0) {
        return true;
    }
    if (!wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, query_tx, &q, e)) {
        return false;
    }
    *organization = wk_cell(q.rows, 0, "organization");
    return true;
}

wk_key_t wk_webhook_key_named(va_str_t name)
{
    return (wk_key_t){.kind = wk_is_uuid(name) ? "id" : "slug", .key = name};
}

wk_key_t wk_webhook_key_of_secret(const va_job_t *job)
{
    bool own = va_str_eq(job->auth_scheme, VA_STR("bearer")) && job->auth_account.len > 0;
    return wk_webhook_key_named(own ? job->auth_account : VA_STR_NULL);
}

/* Absent: what let the request in is not one shop's. */
static bool organization_of_secret(wk_ctx_t *ctx, va_str_t *organization, wk_error_t *e)
{
    wk_key_t key = wk_webhook_key_of_secret(ctx->job);
    *organization = VA_STR_NULL;
    if (key.key.data == NULL) {
        return true;
    }
    if (!wk_webhook_organization(ctx, key.kind, key.key, organization, e)) {
        return false;
    }
    return organization->data != NULL ||
           wk_refuse(e, WK_R_ORGANIZATION, "The secret is of no organization.");
}

bool wk_webhook_speaks_for(wk_ctx_t *ctx, va_str_t organization, wk_error_t *e)
{
    va_str_t own;
    return organization_of_secret(ctx, &own, e) &&
           (own.data == NULL || va_str_eq(own, organization) ||
            wk_refuse(e, WK_R_ORGANIZATION, "The secret is another organization's."));
}

wk_outcome_t wk_webhook_failed(const wk_error_t *e)
{
    switch (e->code) {
    case WK_INVALID:
    case WK_NOT_FOUND:
    case WK_FORBIDDEN:
    case WK_REFUSED:
    case WK_INTERNAL:
        return WK_GIVE_UP;
    default:
        return WK_AGAIN;
    }
}
