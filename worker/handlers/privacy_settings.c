/*
 * privacy.settings: for how long a shop keeps what was said, and in what form. Managers see it,
 * an admin changes it, whole or not at all, and the audit log tells to what.
 */
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/store/privacy.h"

#define MAX_DAYS  3650
#define N_MEMBERS 5

typedef struct {
    wk_ctx_t *ctx;
    const va_json_t *body; /* NULL: it is only read */
    va_str_t params[N_MEMBERS];
    wk_rows_t *rows;
} settings_t;

/* In the order of the statement's parameters. */
static const struct {
    const char *name;
    bool days;
} members[N_MEMBERS] = {
    {"transcript_retention_days", true}, {"audio_retention_days", true},
    {"zero_retention", false},           {"disable_audio", false},
    {"anonymize_transcripts", false},
};

static bool read_days(settings_t *s, size_t i, const va_json_t *value, wk_error_t *e)
{
    int64_t days;
    if (!va_json_int(value, &days) || days < 0 || days > MAX_DAYS) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "%s must be a whole number from 0 to %d.",
                         members[i].name, MAX_DAYS);
    }
    s->params[i] = wk_printf(s->ctx->arena, "%lld", (long long)days);
    return true;
}

static bool read_bool(settings_t *s, size_t i, const va_json_t *value, wk_error_t *e)
{
    bool is = va_json_is(value, VA_JSON_TRUE);
    if (!is && !va_json_is(value, VA_JSON_FALSE)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "%s must be true or false.", members[i].name);
    }
    s->params[i] = is ? VA_STR("true") : VA_STR("false");
    return true;
}

static bool read_body(settings_t *s, wk_error_t *e)
{
    size_t known = 0;
    for (size_t i = 0; i < N_MEMBERS; i++) {
        const va_json_t *value = va_json_get(s->body, members[i].name);
        if (value == NULL) {
            continue;
        }
        if (!(members[i].days ? read_days : read_bool)(s, i, value, e)) {
            return false;
        }
        known++;
    }
    return (known > 0 && known == s->body->count) ||
           wk_refuse(e, WK_R_BAD_REQUEST,
                     "Members are transcript_retention_days, audio_retention_days, "
                     "zero_retention, disable_audio and anonymize_transcripts.");
}

static bool write_change(wk_tx_t *tx, settings_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    va_buf_t data;
    va_buf_init(&data, wk_mem(s->ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&data);
    va_json_put_value(w, s->body);
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "privacy_settings_changed",
                        .entity = "privacy_settings",
                        .data =
                            va_json_writer_end(w) == VA_OK ? va_buf_str(&data) : VA_STR_NULL};
    return wk_sql(tx, &wk_sql_privacy_settings_put, s->params, NULL, e) &&
           wk_audit(s->ctx, tx, &entry, e);
}

static bool put(wk_tx_t *tx, settings_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    bool first;
    if ((caller->role & WK_FROM_ADMIN) == 0) {
        return wk_refuse(e, WK_R_ROLE, "The role does not allow this.");
    }
    return wk_effect_once(tx, "settings", s->ctx->job->id, &first, e) &&
           (!first || write_change(tx, s, caller, e));
}

static bool settings_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    settings_t *s = arg;
    return (s->body == NULL || put(tx, s, caller, e)) &&
           wk_sql(tx, &wk_sql_privacy_settings, NULL, &s->rows, e);
}

wk_outcome_t wk_privacy_settings(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    settings_t s = {.ctx = ctx};
    bool writes = va_str_eq(ctx->job->http_method, VA_STR("PUT"));
    if ((writes && (!wk_request_json(ctx, &s.body, e) || !read_body(&s, e))) ||
        !wk_caller_tx(ctx, WK_FROM_MANAGER, settings_tx, &s, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "settings");
    va_json_put_raw(w, wk_cell(s.rows, 0, "item"));
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
