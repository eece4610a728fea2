/*
 * sms.receive: a customer writes, is heard once, and is answered once.
 * sms.send: a text that was queued by another job leaves.
 * sms_status.store: the carrier tells how a text of ours fares.
 */
#include "worker/agent/sms.h"

#include "worker/agent/conversation.h"
#include "worker/agent/event.h"
#include "worker/agent/opt_out.h"
#include "worker/agent/redact_recent.h"
#include "worker/agent/shop.h"
#include "worker/agent/takeover.h"
#include "worker/agent/task.h"
#include "worker/effect.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/outbox.h"
#include "worker/store/consents.h"
#include "worker/store/customers.h"
#include "worker/store/messages.h"
#include "worker/store/organizations.h"

#define OUTBOX_ROWS 100  /* told at once */
#define MAX_MEDIA   10   /* Twilio: "up to 10 media" a message */
#define MAX_TEXT    1600 /* characters of a text that Twilio takes */

typedef struct {
    wk_ctx_t *ctx;
    va_form_t form;
    va_str_t sid, from_text;
    wk_keyword_t keyword;
    wk_conversation_t talk; /* its number is absent for a short code or a name */

    va_str_t message; /* its row */
    bool known;       /* an earlier run stored it */
    bool queued;      /* sms is to be sent */
    wk_sms_queued_t sms;
} text_t;

/* ---------------------------------------------------------------- what came in */

static bool read_text(wk_ctx_t *ctx, text_t *t, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    if (!wk_webhook_form(ctx, &t->form, e)) {
        return false;
    }
    t->sid = va_form_get(&t->form, "MessageSid");
    t->from_text = va_form_get(&t->form, "From");
    t->talk.number = wk_webhook_number(a, t->from_text);
    t->talk.shop_number = wk_webhook_number(a, va_form_get(&t->form, "To"));
    va_str_t body = wk_clean_text(a, va_form_get(&t->form, "Body"));
    t->talk.text = body.data != NULL ? body : VA_STR("");
    t->keyword =
        wk_keyword(a, t->talk.catalogue, t->talk.text, va_form_get(&t->form, "OptOutType"));
    t->talk.key = t->sid;
    t->talk.shown = t->from_text;
    if (!wk_webhook_is_id(t->sid)) {
        return wk_error(e, WK_INVALID, "a text without a MessageSid");
    }
    return true;
}

static int media_count(const text_t *t)
{
    va_str_t n = va_form_get(&t->form, "NumMedia");
    int count = 0;
    for (size_t i = 0; i < n.len && i < 2 && n.data[i] >= '0' && n.data[i] <= '9'; i++) {
        count = count * 10 + (n.data[i] - '0');
    }
    return count < MAX_MEDIA ? count : MAX_MEDIA;
}

/* [{"url", "type"}]; what is behind the URLs is not fetched. */
static va_str_t media_of(const text_t *t)
{
    va_buf_t text;
    wk_arena_t *a = t->ctx->arena;
    va_buf_init(&text, wk_mem(a), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (int i = 0; i < media_count(t); i++) {
        va_json_object(w);
        va_json_add_str(w, "url", va_form_get(&t->form, wk_printf(a, "MediaUrl%d", i).data));
        va_json_add_str(w, "type",
                        va_form_get(&t->form, wk_printf(a, "MediaContentType%d", i).data));
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
}

static va_str_t segments_of(const text_t *t)
{
    va_str_t n = va_form_get(&t->form, "NumSegments");
    bool digits = n.len > 0 && n.len < 4;
    for (size_t i = 0; i < n.len && digits; i++) {
        digits = n.data[i] >= '0' && n.data[i] <= '9';
    }
    return digits ? n : VA_STR_NULL;
}

/* ---------------------------------------------------------------- who wrote, and what */

static bool reach_customer(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->talk.number, VA_STR("sms")};
    if (t->talk.number.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
        return false;
    }
    wk_conversation_customer(tx, &t->talk, rows);
    return true;
}

/* The parts of a card number that come text by text are masked too. */
static bool mask(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_rows_t *rows = NULL;
    wk_arena_t *a = wk_tx_arena(tx);
    if (t->talk.customer.data != NULL &&
        !wk_sql(tx, &wk_sql_sms_recent, &t->talk.customer, &rows, e)) {
        return false;
    }
    t->talk.text = wk_redact_recent(wk_redactor(a, t->talk.catalogue), a, t->talk.text, rows);
    return true;
}

static bool insert(wk_tx_t *tx, text_t *t, const char *intent, va_str_t language, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {
        t->talk.customer, t->talk.text,        language,
        t->from_text,     t->talk.shop_number, t->sid,
        media_of(t),      segments_of(t),      intent != NULL ? va_str_c(intent) : VA_STR_NULL};
    if (!wk_sql(tx, &wk_sql_sms_received, params, &rows, e)) {
        return false;
    }
    t->known = wk_rows_count(rows) == 0;
    if (t->known) {
        return wk_error(e, WK_CONFLICT, "the text is known already");
    }
    t->message = wk_cell(rows, 0, "id");
    return true;
}

static bool publish(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "sms_received", t->talk.customer, VA_STR_NULL);
    va_json_add_str(ev.json, "messageId", t->message);
    va_json_add_str(ev.json, "messageSid", t->sid);
    va_json_add_str(ev.json, "phoneNumber", t->from_text);
    va_json_add_str(ev.json, "message", t->talk.text);
    va_json_add_int(ev.json, "numMedia", media_count(t));
    return wk_event_end(&ev, e);
}

/* ---------------------------------------------------------------- keywords */

static bool note_consent(wk_tx_t *tx, const text_t *t, bool granted, wk_error_t *e)
{
    va_str_t params[] = {t->talk.customer, t->talk.number,
                         granted ? VA_STR("true") : VA_STR("false"), VA_STR("keyword"),
                         t->talk.text};
    va_str_t key =
        wk_printf(t->ctx->arena, WK_SMS_KEYWORD "%.*s", (int)t->sid.len, t->sid.data);
    bool first;
    return wk_effect_once(tx, "keyword", key, &first, e) &&
           wk_sql(tx, &wk_sql_consent_note_sms, params, NULL, e);
}

/* CANCEL stops all texts; whoever meant an appointment is to be asked by a person. */
static bool raise_opt_out(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    wk_task_t task = {
        .kind = "opt_out",
        .key = wk_printf(t->ctx->arena, "opt_out:%.*s", (int)t->sid.len, t->sid.data),
        .title = "task.opt_out",
        .body = "task.opt_out_body",
        .who = wk_conversation_who(&t->talk),
        .customer = t->talk.customer};
    return wk_task_raise(t->ctx, tx, &task, e);
}

static va_str_t answer_key(const text_t *t)
{
    return wk_printf(t->ctx->arena, WK_SMS_ANSWER "%.*s", (int)t->sid.len, t->sid.data);
}

/* The last text: whoever asked in words of his own hears that he was understood. */
static bool confirm_opt_out(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_rows_t *shop;
    wk_arena_t *a = t->ctx->arena;
    const wk_language_t *l =
        wk_opt_out_language(a, t->talk.catalogue, t->talk.text, t->talk.now);
    if (!wk_sql(tx, &wk_sql_shop_facts, NULL, &shop, e)) {
        return false;
    }
    wk_sms_draft_t draft = {
        .key = answer_key(t),
        .customer = t->talk.customer,
        .from = t->talk.shop_number,
        .to = t->talk.number,
        .text = wk_say(a, l, "reply.opted_out", {"shop", wk_cell(shop, 0, "name")}),
        .language = wk_language_code(l),
        .template = WK_SMS_OPTED_OUT};
    t->queued = true;
    return wk_sms_queue(tx, &draft, &t->sms, e);
}

/*
 * The carrier has acted on its words and answered them; we only remember what they mean.
 * refused: texts were stopped before.
 */
static bool heed_keyword(wk_tx_t *tx, text_t *t, bool refused, wk_error_t *e)
{
    switch (t->keyword) {
    case WK_STOP:
        return note_consent(tx, t, false, e);
    case WK_STOP_IN_WORDS:
        return note_consent(tx, t, false, e) && (refused || confirm_opt_out(tx, t, e));
    case WK_CANCEL:
        return note_consent(tx, t, false, e) && raise_opt_out(tx, t, e);
    case WK_START:
    case WK_YES:
        return note_consent(tx, t, true, e);
    default:
        return true;
    }
}

static const char *keyword_name(wk_keyword_t keyword)
{
    switch (keyword) {
    case WK_STOP:
    case WK_STOP_IN_WORDS:
    case WK_CANCEL:
        return "stop";
    case WK_START:
    case WK_YES:
        return "start";
    default:
        return "help";
    }
}

/* *refused: texts to this number are stopped. "Yes" is a keyword only then. */
static bool read_consent(wk_tx_t *tx, text_t *t, bool *refused, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_consent_sms, &t->talk.number, &rows, e)) {
        return false;
    }
    *refused = wk_cell_bool(rows, 0, "refused");
    if (t->keyword == WK_YES && !*refused) {
        t->keyword = WK_NO_KEYWORD;
    }
    return true;
}

/* ---------------------------------------------------------------- answer */

/* Two shops' receptionists must not write to each other for ever. */
static bool from_a_shop(wk_tx_t *tx, const text_t *t, bool *ours, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_number_is_ours, &t->talk.number, &rows, e)) {
        return false;
    }
    *ours = wk_cell_bool(rows, 0, "ours");
    return true;
}

/* The text, what it promises, the state of the talk and the answer: all or nothing. */
static bool store_answer(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    const wk_reception_t *r = &t->talk.reception;
    wk_sms_draft_t draft = {.key = answer_key(t),
                            .customer = t->talk.customer,
                            .from = t->talk.shop_number,
                            .to = t->talk.number,
                            .text = wk_cut_text(r->text, MAX_TEXT),
                            .language = wk_language_code(r->language),
                            .template = "answer",
                            .citations = r->citations,
                            .tools = r->used};
    t->queued = true;
    return insert(tx, t, r->intent, draft.language, e) && publish(tx, t, e) &&
           wk_conversation_keep(tx, &t->talk, e) && wk_sms_queue(tx, &draft, &t->sms, e);
}

/* Before anything is done outside for it: an earlier run may have answered it. */
static bool look_up(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_sms_heard, &t->sid, &rows, e)) {
        return false;
    }
    t->known = wk_rows_count(rows) > 0;
    return !t->known || wk_error(e, WK_CONFLICT, "the text is known already");
}

static bool answer(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    return wk_conversation_judge(tx, &t->talk, e) &&
           (t->talk.thinks ? look_up(tx, t, e) : store_answer(tx, t, e));
}

static bool keep(wk_tx_t *tx, text_t *t, const char *intent, wk_error_t *e)
{
    return insert(tx, t, intent, VA_STR_NULL, e) && publish(tx, t, e);
}

/* While a person has the thread, he reads what comes, and the agent says nothing. */
static bool leave_to_person(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    return wk_conversation_watch(tx, &t->talk, e) &&
           keep(tx, t, t->talk.emergency.level == WK_EMERGENCY_URGENT ? "emergency" : NULL, e);
}

static bool hear(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    bool refused, ours, held = false;
    if (t->talk.number.data == NULL) {
        return keep(tx, t, NULL, e); /* a short code or a name: nobody there reads answers */
    }
    if (!read_consent(tx, t, &refused, e)) {
        return false;
    }
    if (t->keyword != WK_NO_KEYWORD) {
        return keep(tx, t, keyword_name(t->keyword), e) && heed_keyword(tx, t, refused, e);
    }
    if (!from_a_shop(tx, t, &ours, e)) {
        return false;
    }
    if (refused || ours) {
        return keep(tx, t, NULL, e);
    }
    return wk_takeover_holds_texts(tx, t->talk.number, &held, e) &&
           (held ? leave_to_person(tx, t, e) : answer(tx, t, e));
}

static bool contacted(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    return t->talk.customer.data == NULL ||
           (wk_sql(tx, &wk_sql_customer_contacted, &t->talk.customer, NULL, e) &&
            wk_shop_look_up_later(tx, t->talk.customer, e));
}

static bool receive_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    text_t *t = arg;
    return reach_customer(tx, t, e) && mask(tx, t, e) && hear(tx, t, e) &&
           (t->talk.thinks || contacted(tx, t, e));
}

/* ---------------------------------------------------------------- what takes more */

/* A person may have taken the thread while the answer was thought of: then there is none. */
static bool answer_or_keep(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    bool held;
    return wk_takeover_holds_texts(tx, t->talk.number, &held, e) &&
           (held ? keep(tx, t, NULL, e) : store_answer(tx, t, e));
}

static bool answer_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    text_t *t = arg;
    return answer_or_keep(tx, t, e) && contacted(tx, t, e);
}

static bool think(text_t *t, va_str_t organization, wk_error_t *e)
{
    wk_ctx_t *ctx = t->ctx;
    return wk_conversation_think(&t->talk, organization, e) &&
           wk_tx(ctx->db, ctx->arena, organization, 0, answer_tx, t, e);
}

/* The shop is paged while the provider is still taking the answer to the customer. */
static void tell_at_once(wk_ctx_t *ctx, va_str_t organization)
{
    int done;
    wk_error_t e;
    if (!wk_outbox_drain(ctx, organization, OUTBOX_ROWS, &done, &e)) {
        wk_log(WK_WARN, "an emergency is told a little later", WK_C("error", e.text));
    }
}

wk_outcome_t wk_sms_receive(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    text_t t = {.ctx = ctx,
                .talk = {.ctx = ctx,
                         .catalogue = wk_catalogue(ctx->config, e),
                         .channel = "sms",
                         .level = WK_LEVEL_PHONE}};
    va_str_t organization = VA_STR_NULL;
    (void)reply;
    if (t.talk.catalogue == NULL || !read_text(ctx, &t, e)) {
        return wk_webhook_failed(e);
    }
    if (t.talk.shop_number.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", t.talk.shop_number, e);
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "number", t.talk.shop_number, 0, receive_tx, &t,
                  &organization, e) ||
        (t.talk.thinks && !think(&t, organization, e))) {
        return t.known ? wk_sms_resume(ctx, organization, answer_key(&t), e)
                       : wk_webhook_failed(e);
    }
    if (organization.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", t.talk.shop_number, e);
    }
    if (t.talk.emergency.level == WK_EMERGENCY_URGENT) {
        tell_at_once(ctx, organization);
    }
    return t.queued ? wk_sms_send(ctx, organization, &t.sms, e) : WK_DONE;
}

wk_outcome_t wk_sms_send_queued(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    (void)reply;
    if (!wk_webhook_json(ctx, &body, e)) {
        return wk_webhook_failed(e);
    }
    return wk_sms_resume(ctx, ctx->job->org, va_json_get_string(body, "key"), e);
}

/* ---------------------------------------------------------------- delivery */

typedef struct {
    va_str_t sid, status, error_code, effect;
} delivery_t;

/* The callback's address names the effect: ?e=<id>. */
static va_str_t effect_of(wk_ctx_t *ctx)
{
    va_form_t args;
    if (va_form_parse(wk_mem(ctx->arena), ctx->job->http_args, &args) != VA_OK) {
        return VA_STR_NULL;
    }
    va_str_t effect = va_form_get(&args, "e");
    return effect.len == 36 && wk_webhook_is_id(effect) ? effect : VA_STR_NULL;
}

static bool known_status(va_str_t status)
{
    static const char *const statuses[] = {"accepted",
                                           "scheduled",
                                           "queued",
                                           "sending",
                                           "sent",
                                           "delivered",
                                           "read",
                                           "undelivered",
                                           "failed",
                                           "canceled",
                                           "receiving",
                                           "received",
                                           "partially_delivered"};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        if (va_str_eq(status, va_str_c(statuses[i]))) {
            return true;
        }
    }
    return false;
}

static bool store_delivery(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const delivery_t *d = arg;
    va_str_t params[] = {d->sid, d->status, d->error_code};
    return (d->effect.data == NULL || wk_sms_heard_of(tx, d->effect, d->sid, e)) &&
           wk_sql(tx, &wk_sql_sms_status_insert, params, NULL, e);
}

wk_outcome_t wk_sms_status_store(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_form_t form;
    va_str_t organization = VA_STR_NULL;
    (void)reply;
    if (!wk_webhook_form(ctx, &form, e)) {
        return wk_webhook_failed(e);
    }
    va_str_t code = va_form_get(&form, "ErrorCode");
    va_str_t ours = wk_webhook_number(ctx->arena, va_form_get(&form, "From"));
    delivery_t d = {.sid = va_form_get(&form, "MessageSid"),
                    .status = va_form_get(&form, "MessageStatus"),
                    .error_code = wk_webhook_is_id(code) ? code : VA_STR_NULL,
                    .effect = effect_of(ctx)};
    if (!wk_webhook_is_id(d.sid) || !known_status(d.status)) {
        wk_error(e, WK_INVALID, "a delivery status without MessageSid or MessageStatus");
        return wk_webhook_failed(e);
    }
    if (ours.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", ours, e);
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "number", ours, 0, store_delivery, &d, &organization,
                  e)) {
        return wk_webhook_failed(e);
    }
    return organization.data != NULL ? WK_DONE : wk_webhook_unrouted(ctx, "number", ours, e);
}
