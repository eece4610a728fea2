#include "worker/handlers/chat_session.h"

#include "core/phone.h"
#include "worker/agent/chat_limit.h"
#include "worker/agent/reception_state.h"
#include "worker/agent/redact.h"
#include "worker/clock.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/token.h"
#include "worker/handlers/webhook.h"
#include "worker/mail_header.h"
#include "worker/store/chat.h"
#include "worker/store/customers.h"

#define MAX_TEXT     4000 /* bytes */
#define MAX_NAME     120
#define MAX_KEY      200
#define MAX_TOKEN    64
#define MAX_BUSINESS 64
#define MAX_PHONE    32
#define MIN_MESSAGE  16 /* characters: a name for a message that nobody else makes by chance */

/* ---------------------------------------------------------------- the request */

/*
 * What a client calls a message. It makes the id of the session that the message begins, so two
 * clients must not come to the same.
 */
static bool read_message_name(wk_ctx_t *ctx, const va_json_t *body, wk_chat_request_t *r,
                              wk_error_t *e)
{
    va_str_t header = wk_request_header(ctx->job, "idempotency-key");
    va_str_t member;
    if (!wk_request_optional_text(body, "messageId", VA_JOB_MAX_BYTES, &member, e)) {
        return false;
    }
    r->message = header.len > 0 ? header : member;
    if (r->message.data == NULL) {
        r->message =
            wk_printf(ctx->arena, "job:%.*s", (int)ctx->job->id.len, ctx->job->id.data);
        return true;
    }
    return (r->message.len >= MIN_MESSAGE && wk_webhook_is_id(r->message)) ||
           wk_refuse(e, WK_R_BAD_REQUEST,
                     "Idempotency-Key or messageId must have 16 to 128 letters, digits, '-' or "
                     "'_', and be random.");
}

/* What a form takes for a name may be a card number, as anything else may. */
static va_str_t clean_name(wk_ctx_t *ctx, const wk_catalogue_t *c, va_str_t given)
{
    va_str_t name = wk_trim(wk_clean_text(ctx->arena, given));
    return name.len > 0 ? wk_redact(wk_redactor(ctx->arena, c), ctx->arena, name) : VA_STR_NULL;
}

static bool read_visitor(wk_ctx_t *ctx, const wk_catalogue_t *c, const va_json_t *body,
                         wk_chat_request_t *r, wk_error_t *e)
{
    char number[VA_PHONE_MAX + 1];
    va_str_t phone;
    if (!wk_request_optional_text(body, "name", MAX_NAME, &r->name, e) ||
        !wk_request_optional_text(body, "email", WK_MAIL_ADDRESS_MAX, &r->email, e) ||
        !wk_request_optional_text(body, "phone", MAX_PHONE, &phone, e)) {
        return false;
    }
    if (r->email.data != NULL && !wk_mail_is_address(r->email)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "email must be an e-mail address.");
    }
    if (phone.data != NULL && !va_phone_normalize(number, phone)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "phone must be a phone number.");
    }
    r->phone = phone.data != NULL ? wk_copy(ctx->arena, va_str_c(number)) : VA_STR_NULL;
    r->name = clean_name(ctx, c, r->name);
    return true;
}

bool wk_chat_read_address(wk_ctx_t *ctx, wk_chat_request_t *r, wk_error_t *e)
{
    va_form_t args;
    if (!wk_request_args(ctx, &args, e)) {
        return false;
    }
    va_str_t key = va_form_get(&args, "key");
    r->origin = wk_request_header(ctx->job, "origin");
    r->business = va_form_get(&args, "businessId");
    if (key.len == 0 || key.len > MAX_KEY || r->business.len == 0 ||
        r->business.len > MAX_BUSINESS) {
        return wk_refuse(e, WK_R_UNAUTHORIZED, "The address names no business and its key.");
    }
    return wk_token_digest(ctx, key, &r->key_sha256, e);
}

bool wk_chat_read_shop(wk_ctx_t *ctx, const va_json_t *body, wk_chat_request_t *r,
                       wk_error_t *e)
{
    va_str_t key;
    r->origin = wk_request_header(ctx->job, "origin");
    return wk_request_text(body, "businessId", MAX_BUSINESS, &r->business, e) &&
           wk_request_optional_text(body, "key", MAX_KEY, &key, e) &&
           (key.data != NULL || wk_chat_refuse_key(e)) &&
           wk_token_digest(ctx, key, &r->key_sha256, e);
}

/*
 * A WebSocket's address says it for all messages: the client was let in by it, and cannot be
 * another shop's afterwards.
 */
static bool read_shop(wk_ctx_t *ctx, const va_json_t *body, wk_chat_request_t *r, wk_error_t *e)
{
    return ctx->job->http_connection.data != NULL ? wk_chat_read_address(ctx, r, e)
                                                  : wk_chat_read_shop(ctx, body, r, e);
}

static bool read_after(const va_json_t *body, wk_chat_request_t *r, wk_error_t *e)
{
    const va_json_t *after = va_json_get(body, "after");
    r->after = -1;
    return after == NULL || va_json_is(after, VA_JSON_NULL) ||
           (va_json_int(after, &r->after) && r->after >= 0) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "after must be the number of a message.");
}

static bool read_text(wk_ctx_t *ctx, const va_json_t *body, wk_chat_request_t *r, wk_error_t *e)
{
    r->listens = r->token.data != NULL && va_json_get(body, "message") == NULL;
    if (r->listens) {
        return true;
    }
    if (!wk_request_text(body, "message", MAX_TEXT, &r->text, e)) {
        return false;
    }
    r->text = wk_trim(wk_clean_text(ctx->arena, r->text));
    return r->text.len > 0 || wk_refuse(e, WK_R_BAD_REQUEST, "message is empty.");
}

bool wk_chat_read(wk_ctx_t *ctx, const wk_catalogue_t *c, wk_chat_request_t *r, wk_error_t *e)
{
    const va_json_t *body;
    va_str_t network = wk_request_network(ctx);
    *r = (wk_chat_request_t){.source = wk_printf(ctx->arena, "chat:%.*s", (int)network.len,
                                                 network.len > 0 ? network.data : ""),
                             .connection = ctx->job->http_connection};
    return wk_request_json(ctx, &body, e) &&
           wk_request_optional_text(body, "sessionId", MAX_TOKEN, &r->token, e) &&
           read_text(ctx, body, r, e) && read_shop(ctx, body, r, e) && read_after(body, r, e) &&
           read_message_name(ctx, body, r, e) && read_visitor(ctx, c, body, r, e);
}

/* ---------------------------------------------------------------- the door */

bool wk_chat_refuse_key(wk_error_t *e)
{
    return wk_refuse(e, WK_R_UNAUTHORIZED, "The key opens no chat of that business.");
}

bool wk_chat_tx(wk_ctx_t *ctx, const wk_chat_request_t *r, int64_t deadline_ms, wk_tx_fn fn,
                void *arg, va_str_t *organization, wk_error_t *e)
{
    const char *kind = wk_is_uuid(r->business) ? "id" : "slug";
    *organization = VA_STR_NULL;
    return wk_tx_by(ctx->db, ctx->arena, kind, r->business, deadline_ms, fn, arg, organization,
                    e);
}

bool wk_chat_let_in(wk_tx_t *tx, const wk_chat_request_t *r, wk_chat_session_t *s,
                    wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {r->key_sha256, r->origin};
    if (!wk_sql(tx, &wk_sql_chat_shop, params, &rows, e)) {
        return false;
    }
    if (!wk_cell_bool(rows, 0, "key_known")) {
        return wk_chat_refuse_key(e);
    }
    if (!wk_cell_bool(rows, 0, "origin_known")) {
        return wk_refuse(e, WK_R_FORBIDDEN, "The chat is not for pages of that origin.");
    }
    s->let_in = r->origin.data != NULL;
    s->sender = wk_cell(rows, 0, "sender");
    return true;
}

/* ---------------------------------------------------------------- the session */

/* Campaigns write to the numbers of leads: nobody makes many of them. */
static bool lead_of_number(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t source, va_str_t number,
                           va_str_t *lead, wk_error_t *e)
{
    bool left;
    wk_rows_t *rows;
    va_str_t params[] = {number, VA_STR("chat")};
    if (!wk_chat_limit_number(ctx, tx, source, number, &left, e)) {
        return false;
    }
    if (!left) {
        return wk_refuse(e, WK_R_TOO_MANY_REQUESTS,
                         "Too many phone numbers were given from here today. Please call us.");
    }
    if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
        return false;
    }
    *lead = wk_cell(rows, 0, "id");
    return true;
}

static bool lead_of_its_own(wk_tx_t *tx, va_str_t *lead, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t source = VA_STR("chat");
    if (!wk_sql(tx, &wk_sql_customer_withheld, &source, &rows, e)) {
        return false;
    }
    *lead = wk_cell(rows, 0, "id");
    return true;
}

static bool find(wk_ctx_t *ctx, wk_tx_t *tx, const wk_chat_request_t *r, wk_rows_t **rows,
                 wk_chat_session_t *s, wk_error_t *e)
{
    va_str_t life = wk_printf(ctx->arena, "%d", ctx->config->chat_session_s);
    if (!wk_token_digest(ctx, s->token, &s->token_sha256, e) ||
        (r->token.data == NULL &&
         !wk_sql(tx, &wk_sql_chat_begin_lock, &s->token_sha256, NULL, e))) {
        return false;
    }
    va_str_t params[] = {s->token_sha256, r->origin, life};
    return wk_sql(tx, &wk_sql_chat_session, params, rows, e);
}

static bool begin(wk_ctx_t *ctx, wk_tx_t *tx, const wk_chat_request_t *r, wk_chat_session_t *s,
                  wk_error_t *e)
{
    wk_rows_t *rows;
    s->phone = r->phone;
    bool known = r->phone.data != NULL
                     ? lead_of_number(ctx, tx, r->source, r->phone, &s->lead, e)
                     : lead_of_its_own(tx, &s->lead, e);
    va_str_t params[] = {s->token_sha256, r->origin, s->lead};
    if (!known || !wk_sql(tx, &wk_sql_chat_begin, params, &rows, e)) {
        return false;
    }
    s->id = wk_cell(rows, 0, "id");
    s->begun = true;
    return true;
}

/* It was asked for, and is written as people write it rather than put into a form. */
static va_str_t number_told(wk_ctx_t *ctx, const wk_chat_request_t *r,
                            const wk_chat_session_t *s)
{
    char number[VA_PHONE_MAX + 1];
    wk_dialog_t dialog = wk_dialog_read(s->state, VA_STR_NULL, wk_now_ms());
    return dialog.expected == WK_EXPECT_NUMBER && va_phone_find(number, r->text)
               ? wk_copy(ctx->arena, va_str_c(number))
               : VA_STR_NULL;
}

/* A number is told once: with another one somebody else would be written to in the same talk.
 */
static bool go_on(wk_ctx_t *ctx, wk_tx_t *tx, const wk_chat_request_t *r, const wk_rows_t *row,
                  wk_chat_session_t *s, wk_error_t *e)
{
    va_str_t number = wk_cell(row, 0, "phone_number");
    s->id = wk_cell(row, 0, "id");
    s->lead = wk_cell(row, 0, "customer_id");
    s->language = wk_cell(row, 0, "language");
    s->state = wk_cell_json(wk_tx_arena(tx), row, 0, "state");
    s->phone = r->phone.data != NULL || number.data != NULL ? r->phone : number_told(ctx, r, s);
    if (s->phone.data == NULL || va_str_eq(s->phone, number)) {
        return true;
    }
    if (number.data != NULL) {
        return wk_refuse(e, WK_R_CONFLICT,
                         "The chat was begun with another phone number: begin a new one.");
    }
    if (!lead_of_number(ctx, tx, r->source, s->phone, &s->lead, e)) {
        return false;
    }
    va_str_t params[] = {s->id, s->lead};
    return wk_sql(tx, &wk_sql_chat_number, params, NULL, e);
}

static bool write_down(wk_tx_t *tx, const wk_chat_request_t *r, wk_chat_session_t *s,
                       wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {s->id, r->name, r->email, s->phone};
    if (!wk_sql(tx, &wk_sql_chat_told, params, &rows, e)) {
        return false;
    }
    s->name = wk_cell(rows, 0, "name");
    s->phone = wk_cell(rows, 0, "phone_number");
    return wk_sql(tx, &wk_sql_chat_lead, &s->id, NULL, e);
}

/* A message that begins a session names it: asked once more it finds the same one. */
static bool new_token(wk_ctx_t *ctx, wk_tx_t *tx, const wk_chat_request_t *r, va_str_t *token,
                      wk_error_t *e)
{
    va_str_t first = wk_printf(ctx->arena, "%.*s\n%.*s", (int)r->message.len, r->message.data,
                               (int)r->origin.len, r->origin.len > 0 ? r->origin.data : "");
    return wk_token_chat(ctx, wk_tx_organization(tx), first, token, e);
}

bool wk_chat_session(wk_ctx_t *ctx, wk_tx_t *tx, const wk_chat_request_t *r,
                     wk_chat_session_t *s, wk_error_t *e)
{
    wk_rows_t *rows;
    *s = (wk_chat_session_t){.token = r->token};
    if (!wk_chat_let_in(tx, r, s, e)) {
        return false;
    }
    if ((s->token.data == NULL && !new_token(ctx, tx, r, &s->token, e)) ||
        !find(ctx, tx, r, &rows, s, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0 && r->token.data != NULL) {
        return wk_refuse(e, WK_R_NOT_FOUND,
                         "There is no such chat, or it is over: begin one without sessionId.");
    }
    if (r->listens) {
        s->id = wk_cell(rows, 0, "id");
        return true;
    }
    return (wk_rows_count(rows) > 0 ? go_on(ctx, tx, r, rows, s, e)
                                    : begin(ctx, tx, r, s, e)) &&
           write_down(tx, r, s, e);
}
