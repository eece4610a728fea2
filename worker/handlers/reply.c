#include "worker/handlers/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "worker/handlers/jobs.h"

static const struct {
    const char *word;
    int status;
    wk_code_t code;
    const char *message; /* for an error that is no refusal */
} refusals[WK_REFUSALS] = {
    [WK_R_BAD_REQUEST] = {"bad_request", 400, WK_INVALID, "The request cannot be read."},
    [WK_R_INVALID_CURSOR] = {"invalid_cursor", 400, WK_INVALID, ""},
    [WK_R_UNAUTHORIZED] = {"unauthorized", 401, WK_FORBIDDEN, ""},
    [WK_R_INVALID_CREDENTIALS] = {"invalid_credentials", 401, WK_FORBIDDEN, ""},
    [WK_R_INVALID_REFRESH_TOKEN] = {"invalid_refresh_token", 401, WK_FORBIDDEN, ""},
    [WK_R_FORBIDDEN] = {"forbidden", 403, WK_FORBIDDEN, "The request is not allowed here."},
    [WK_R_ORGANIZATION] = {"organization", 403, WK_FORBIDDEN, ""},
    [WK_R_ROLE] = {"role", 403, WK_FORBIDDEN, ""},
    [WK_R_PLAN] = {"plan", 403, WK_FORBIDDEN, ""},
    [WK_R_NOT_FOUND] = {"not_found", 404, WK_NOT_FOUND, "There is nothing of that name."},
    [WK_R_CONFLICT] = {"conflict", 409, WK_CONFLICT, "Somebody else was first."},
    [WK_R_TOO_LARGE] = {"too_large", 413, WK_INVALID, ""},
    [WK_R_UNSUPPORTED_MEDIA_TYPE] = {"unsupported_media_type", 415, WK_INVALID, ""},
    [WK_R_UNPROCESSABLE] = {"unprocessable", 422, WK_REFUSED,
                            "The request cannot be carried out."},
    [WK_R_TOO_MANY_REQUESTS] = {"too_many_requests", 429, WK_UNAVAILABLE, ""},
    [WK_R_UNAVAILABLE] = {"unavailable", 503, WK_UNAVAILABLE,
                          "The service is not ready. Try again."},
    [WK_R_INTERNAL] = {"internal", 500, WK_INTERNAL, "Something went wrong on our side."},
};

bool wk_refuse(wk_error_t *e, wk_refusal_t why, const char *format, ...)
{
    char text[sizeof(e->text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    wk_error(e, refusals[why].code, "%s", text);
    snprintf(e->detail, sizeof(e->detail), "%s", refusals[why].word);
    return false;
}

/* WK_REFUSALS when *e is none: a constraint of the database or a provider's code. */
static wk_refusal_t refusal_of(const wk_error_t *e)
{
    wk_refusal_t why = 0;
    while (why < WK_REFUSALS && strcmp(e->detail, refusals[why].word) != 0) {
        why++;
    }
    return why;
}

static wk_refusal_t class_of(wk_code_t code)
{
    switch (code) {
    case WK_INVALID:
        return WK_R_BAD_REQUEST;
    case WK_NOT_FOUND:
        return WK_R_NOT_FOUND;
    case WK_FORBIDDEN:
        return WK_R_FORBIDDEN;
    case WK_CONFLICT:
        return WK_R_CONFLICT;
    case WK_REFUSED:
        return WK_R_UNPROCESSABLE;
    case WK_UNAVAILABLE:
    case WK_TIMEOUT:
    case WK_UNKNOWN:
        return WK_R_UNAVAILABLE;
    case WK_OK:
    case WK_INTERNAL:
        break;
    }
    return WK_R_INTERNAL;
}

/* ---------------------------------------------------------------- documents */

static void begin_object(wk_ctx_t *ctx, wk_document_t *doc, bool success)
{
    va_buf_init(&doc->text, wk_mem(ctx->arena), 512);
    doc->text.max = VA_REPLY_MAX_BYTES;
    doc->json = va_json_writer_new(&doc->text);
    va_json_object(doc->json);
    va_json_add_bool(doc->json, "success", success);
}

va_json_writer_t *wk_reply_begin(wk_ctx_t *ctx, wk_document_t *doc)
{
    begin_object(ctx, doc, true);
    return doc->json;
}

static bool end_object(wk_document_t *doc, wk_error_t *e)
{
    va_json_object_end(doc->json);
    va_status_t status = va_json_writer_end(doc->json);
    if (status == VA_OK && doc->text.status == VA_OK) {
        return true;
    }
    return wk_error(e, WK_INTERNAL, "the reply cannot be written: %d, %d", status,
                    doc->text.status);
}

static void set_body(wk_ctx_t *ctx, const wk_document_t *doc, int status, va_reply_t *reply)
{
    reply->status = status;
    reply->type = VA_STR("application/json");
    reply->body = va_buf_str(&doc->text);
    /* Personal data, or a token: nobody on the way keeps it (RFC 9111, 5.2.2.5). */
    wk_reply_header(ctx, reply, "cache-control", VA_STR("no-store"));
}

wk_outcome_t wk_reply_end(wk_ctx_t *ctx, wk_document_t *doc, int status, va_reply_t *reply,
                          wk_error_t *e)
{
    if (!end_object(doc, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    set_body(ctx, doc, status, reply);
    wk_job_keep_owner(ctx);
    return WK_DONE;
}

static void put_error(va_json_writer_t *w, const char *code, const char *message)
{
    va_json_key(w, "error");
    va_json_object(w);
    va_json_add_c(w, "code", code);
    va_json_add_c(w, "message", message);
    va_json_object_end(w);
}

static wk_outcome_t outcome_of(wk_refusal_t why, const wk_error_t *e)
{
    if (refusals[why].status < 500) {
        return WK_DONE;
    }
    return wk_error_retryable(e) ? WK_AGAIN : WK_GIVE_UP;
}

wk_outcome_t wk_reply_error(wk_ctx_t *ctx, va_reply_t *reply, const wk_error_t *e)
{
    return wk_reply_error_with(ctx, reply, e, &(wk_member_t){NULL, VA_STR_NULL});
}

wk_outcome_t wk_reply_error_with(wk_ctx_t *ctx, va_reply_t *reply, const wk_error_t *e,
                                 const wk_member_t *more)
{
    wk_document_t doc;
    wk_error_t ignored;
    wk_refusal_t refusal = refusal_of(e);
    wk_refusal_t why = refusal < WK_REFUSALS ? refusal : class_of(e->code);

    begin_object(ctx, &doc, false);
    put_error(doc.json, refusals[why].word,
              refusal < WK_REFUSALS ? e->text : refusals[why].message);
    for (; more->name != NULL; more++) {
        va_json_add_str(doc.json, more->name, more->value);
    }
    *reply = (va_reply_t){.status = 0};
    if (!end_object(&doc, &ignored)) {
        return WK_GIVE_UP;
    }
    set_body(ctx, &doc, refusals[why].status, reply);
    if (e->retry_after_ms > 0) {
        wk_reply_header(
            ctx, reply, "retry-after",
            wk_printf(ctx->arena, "%lld", (long long)(e->retry_after_ms + 999) / 1000));
    }
    wk_job_keep_owner(ctx);
    return outcome_of(why, e);
}

void wk_reply_header(wk_ctx_t *ctx, va_reply_t *reply, const char *lower_case_name,
                     va_str_t value)
{
    va_header_t *headers = wk_alloc(ctx->arena, (reply->n_headers + 1) * sizeof(*headers));
    if (reply->n_headers > 0) {
        memcpy(headers, reply->headers, reply->n_headers * sizeof(*headers));
    }
    headers[reply->n_headers] = (va_header_t){va_str_c(lower_case_name), value};
    reply->headers = headers;
    reply->n_headers++;
}
