/*
 * POST /api/elevenlabs/outbound-call: the shop's agent calls a customer; outbound.settle ends
 * what the one who asked for it could not.
 */
#include "worker/agent/outbound.h"
#include "core/phone.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/webhook.h"
#include "worker/json.h"
#include "worker/store/customers.h"
#include "worker/store/outbound.h"

#define MAX_MESSAGE 1000

static const char *const reasons[] = {"service_reminder", "order_update", "follow_up",
                                      "promotion",        "pickup_ready", NULL};
static const char *const priorities[] = {"low", "normal", "high", "urgent", NULL};

typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization;
    wk_outbound_wish_t wish;
    wk_outbound_t call;
} request_t;

/* ---------------------------------------------------------------- read */

static bool read_phone(request_t *r, const va_json_t *body, wk_error_t *e)
{
    va_str_t said;
    char number[VA_PHONE_MAX + 1];
    if (!wk_request_optional_text(body, "phoneNumber", 32, &said, e)) {
        return false;
    }
    if (said.data == NULL) {
        return r->wish.customer.data != NULL ||
               wk_refuse(e, WK_R_BAD_REQUEST, "phoneNumber or leadId is missing.");
    }
    if (!va_phone_normalize(number, said)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "phoneNumber must be a phone number.");
    }
    r->wish.number = wk_copy(r->ctx->arena, va_str_c(number));
    return true;
}

static bool read_priority(request_t *r, const va_json_t *body, wk_error_t *e)
{
    va_str_t word;
    if (!wk_request_optional_text(body, "priority", 16, &word, e)) {
        return false;
    }
    r->wish.priority = word.data != NULL ? word : VA_STR("normal");
    return wk_list_word(priorities, &r->wish.priority) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "priority must be low, normal, high or urgent.");
}

static bool read_details(request_t *r, const va_json_t *body, wk_error_t *e)
{
    const va_json_t *details = va_json_get(body, "appointmentDetails");
    if (details != NULL && !va_json_is(details, VA_JSON_NULL) &&
        !va_json_is(details, VA_JSON_OBJECT)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "appointmentDetails must be an object.");
    }
    r->wish.variables = va_json_is(details, VA_JSON_OBJECT) ? details : NULL;
    return wk_request_optional_text(body, "campaignId", 64, &r->wish.campaign, e) &&
           wk_request_optional_text(body, "personalizedMessage", MAX_MESSAGE, &r->wish.message,
                                    e);
}

static bool read_request(request_t *r, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_request_json(r->ctx, &body, e) ||
        !wk_request_optional_text(body, "leadId", 64, &r->wish.customer, e) ||
        !read_phone(r, body, e) ||
        !wk_request_text(body, "callReason", 32, &r->wish.reason, e)) {
        return false;
    }
    r->wish.customer = wk_id_as_stored(r->ctx->arena, r->wish.customer);
    if (!wk_list_word(reasons, &r->wish.reason)) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "callReason must be service_reminder, "
                         "order_update, follow_up, promotion or "
                         "pickup_ready.");
    }
    return read_priority(r, body, e) && read_details(r, body, e);
}

/* ---------------------------------------------------------------- claim */

/* Before a customer is made of it. */
static bool check_number(wk_tx_t *tx, const request_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    if (r->wish.number.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_outbound_own, &r->wish.number, &rows, e)) {
        return false;
    }
    return !wk_cell_bool(rows, 0, "own") ||
           wk_refuse(e, WK_R_BAD_REQUEST, "phoneNumber is one of the shop's own.");
}

/* A number alone is a customer's, or becomes one. */
static bool reach(wk_tx_t *tx, request_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {r->wish.number, VA_STR("staff")};
    if (r->wish.customer.data != NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
        return false;
    }
    r->wish.customer = wk_cell(rows, 0, "id");
    return true;
}

static bool claim_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    request_t *r = arg;
    r->organization = wk_copy(r->ctx->arena, caller->organization);
    r->wish.user = wk_copy(r->ctx->arena, caller->user_id);
    if (!check_number(tx, r, e) || !reach(tx, r, e) ||
        !wk_outbound_claim(r->ctx, tx, &r->wish, &r->call, e)) {
        return false;
    }
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "outbound_call",
                        .entity = "customer",
                        .entity_id = r->wish.customer};
    return r->call.state != WK_OUTBOUND_DIAL || wk_audit(r->ctx, tx, &entry, e);
}

/* ---------------------------------------------------------------- answer */

static wk_outcome_t answer_call(const request_t *r, int status, const char *word,
                                va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    const va_json_t *result = wk_json_parse(r->ctx->arena, r->call.result);
    va_json_writer_t *w = wk_reply_begin(r->ctx, &doc);
    va_json_add_c(w, "status", word);
    va_json_add_str(w, "conversation_id", va_json_get_string(result, "conversation_id"));
    va_json_add_str(w, "call_id", va_json_get_string(result, "call_id"));
    va_json_add_str(w, "call_reason", r->wish.reason);
    va_json_add_str(w, "lead_id", r->wish.customer);
    return wk_reply_end(r->ctx, &doc, status, reply, e);
}

/* Why not, and when it would be allowed. */
static wk_outcome_t answer_no(const request_t *r, int status, const char *code,
                              const char *message, va_reply_t *reply)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(r->ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_bool(w, "success", false);
    va_json_add_str(w, "next_allowed", r->call.next_allowed);
    va_json_key(w, "error");
    va_json_object(w);
    va_json_add_c(w, "code", code);
    va_json_add_c(w, "message", message);
    va_json_object_end(w);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return WK_GIVE_UP;
    }
    *reply = (va_reply_t){
        .status = status, .type = VA_STR("application/json"), .body = va_buf_str(&text)};
    return WK_DONE;
}

static wk_outcome_t answer(const request_t *r, va_reply_t *reply, wk_error_t *e)
{
    switch (r->call.state) {
    case WK_OUTBOUND_DONE:
        return answer_call(r, 200, "initiated", reply, e);
    case WK_OUTBOUND_DIAL:
    case WK_OUTBOUND_PENDING:
        return answer_call(r, 202, "pending", reply, e);
    case WK_OUTBOUND_QUIET:
        return answer_no(r, 409, "quiet_hours", "No calls are made at this hour.", reply);
    case WK_OUTBOUND_NO_CONSENT:
        return answer_no(r, 409, "no_consent", "The customer did not agree to such calls.",
                         reply);
    case WK_OUTBOUND_NO_NUMBER:
        return answer_no(r, 422, "no_number", "The customer has no phone number.", reply);
    case WK_OUTBOUND_OWN_NUMBER:
        return answer_no(r, 422, "own_number", "The lead's number is one of the shop's own.",
                         reply);
    case WK_OUTBOUND_OTHER_NUMBER:
        return answer_no(r, 422, "another_number",
                         "phoneNumber is not that of the lead: leave one of them out.", reply);
    case WK_OUTBOUND_NO_AGENT:
        return answer_no(r, 422, "no_agent", "The shop has no agent that can call.", reply);
    case WK_OUTBOUND_UNKNOWN:
        return answer_no(r, 409, "call_unknown",
                         "It is not known whether the call was made: see the task.", reply);
    case WK_OUTBOUND_FAILED:
        return answer_no(r, 422, "call_failed", "The call could not be made.", reply);
    default:
        wk_refuse(e, WK_R_NOT_FOUND, "There is nothing of that id.");
        return wk_reply_error(r->ctx, reply, e);
    }
}

wk_outcome_t wk_outbound_call(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    request_t r = {.ctx = ctx};
    if (!read_request(&r, e) || !wk_caller_tx(ctx, WK_FROM_STAFF, claim_tx, &r, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    if (r.call.state == WK_OUTBOUND_DIAL &&
        !wk_outbound_dial(ctx, r.organization, &r.call, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    return answer(&r, reply, e);
}

wk_outcome_t wk_outbound_settle_call(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    (void)reply;
    if (!wk_webhook_json(ctx, &body, e)) {
        return wk_webhook_failed(e);
    }
    return wk_outbound_settle(ctx, ctx->job->org, va_json_get_string(body, "key"), e);
}
