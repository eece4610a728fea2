/*
 * privacy.deletion: an admin asks that all that is known of a person be deleted, and reads how
 * far that has come, in the end the receipt. privacy.erase: the job that does it.
 */
#include "core/phone.h"
#include "worker/agent/erasure.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/json.h"
#include "worker/store/erasures.h"

#define MAX_ID    64
#define MAX_PHONE 32

typedef struct {
    wk_ctx_t *ctx;
    wk_erasure_request_t request;
    wk_rows_t *rows;
} deletion_t;

/* ---------------------------------------------------------------- asking for it */

/* As B's documents spell it, or as this API does elsewhere. */
static bool read_either(const va_json_t *body, const char *name, const char *also, size_t max,
                        va_str_t *text, wk_error_t *e)
{
    return wk_request_optional_text(body, name, max, text, e) &&
           (text->data != NULL || wk_request_optional_text(body, also, max, text, e));
}

static bool read_body(deletion_t *d, wk_error_t *e)
{
    const va_json_t *body;
    char number[VA_PHONE_MAX + 1];
    va_str_t phone;
    wk_erasure_request_t *r = &d->request;
    if (!wk_request_json(d->ctx, &body, e) ||
        !read_either(body, "customerId", "customer_id", MAX_ID, &r->customer, e) ||
        !read_either(body, "phoneNumber", "phone_number", MAX_PHONE, &phone, e)) {
        return false;
    }
    if ((r->customer.data != NULL) == (phone.data != NULL)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "Name a customerId or a phoneNumber.");
    }
    if (phone.data != NULL && !va_phone_normalize(number, phone)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "phoneNumber must be a phone number.");
    }
    r->phone = phone.data != NULL ? wk_copy(d->ctx->arena, va_str_c(number)) : VA_STR_NULL;
    return true;
}

/* A number nobody knows may be in calls and jobs all the same; an id must be a customer's. */
static bool check_customer(wk_tx_t *tx, const deletion_t *d, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t who[] = {d->request.customer, VA_STR_NULL};
    if (d->request.customer.data == NULL) {
        return true;
    }
    return wk_request_known_id(d->request.customer, e) &&
           wk_sql(tx, &wk_sql_erasure_person, who, &rows, e) && wk_request_found(rows, e);
}

/* Every call has one of the shop's numbers: it is nobody's. */
static bool check_number(wk_tx_t *tx, const deletion_t *d, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_erasure_own, &d->request.phone, &rows, e)) {
        return false;
    }
    return !wk_cell_bool(rows, 0, "own") ||
           wk_refuse(e, WK_R_BAD_REQUEST, "phoneNumber is one of the shop's own.");
}

static bool request(wk_tx_t *tx, deletion_t *d, const wk_caller_t *caller, va_str_t effect,
                    wk_error_t *e)
{
    d->request.reason = "request";
    d->request.user = caller->user_id;
    if (!check_customer(tx, d, e) || !check_number(tx, d, e) ||
        !wk_erasure_request(d->ctx, tx, &d->request, e)) {
        return false;
    }
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "erasure_requested",
                        .entity = "erasure",
                        .entity_id = d->request.id};
    return wk_audit(d->ctx, tx, &entry, e) &&
           wk_effect_finish(tx, effect, WK_EFFECT_DONE, d->request.id, VA_STR_NULL, e);
}

/* An earlier run of the job may have asked, and what it asked for may be over by now: whoever
 * has written to the shop since then is not erased as well. */
static bool ask_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    wk_effect_t effect;
    deletion_t *d = arg;
    if (!wk_effect_claim(tx, "erasure", d->ctx->job->id, VA_STR_NULL, &effect, e)) {
        return false;
    }
    if (effect.state != WK_EFFECT_NEW) {
        d->request.id = effect.provider_id;
    } else if (!request(tx, d, caller, effect.id, e)) {
        return false;
    }
    return wk_sql(tx, &wk_sql_erasure_receipt, &d->request.id, &d->rows, e);
}

static bool receipt_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    deletion_t *d = arg;
    (void)caller;
    return wk_request_known_id(d->request.id, e) &&
           wk_sql_last(tx, &wk_sql_erasure_receipt, &d->request.id, &d->rows, e) &&
           wk_request_found(d->rows, e);
}

wk_outcome_t wk_privacy_deletion(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    deletion_t d = {.ctx = ctx};
    bool asks = va_str_eq(ctx->job->http_method, VA_STR("POST"));
    if (!asks) {
        d.request.id = wk_request_id(ctx, 3);
    }
    if ((asks && !read_body(&d, e)) ||
        !wk_caller_tx(ctx, WK_FROM_ADMIN, asks ? ask_tx : receipt_tx, &d, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "erasure");
    va_json_put_raw(w, wk_cell(d.rows, 0, "item"));
    return wk_reply_end(ctx, &doc, asks ? 202 : 200, reply, e);
}

/* ---------------------------------------------------------------- doing it */

wk_outcome_t wk_privacy_erase(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body = wk_json_parse(ctx->arena, ctx->job->body);
    (void)reply;
    va_str_t id = va_json_get_string(body, "erasure");
    if (!wk_is_uuid(id) || ctx->job->org.data == NULL) {
        wk_error(e, WK_INVALID, "a job without its request or its organization");
        return WK_GIVE_UP;
    }
    return wk_erasure_run(ctx, ctx->job->org, id, e);
}
