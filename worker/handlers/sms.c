/*
 * sms.receive: a customer writes, is heard once, and is answered once.
 * sms.send: a text that was queued by another job leaves.
 * sms_status.store: the carrier tells how a text of ours fares.
 */
#include "worker/agent/sms.h"

#include "worker/agent/dialog.h"
#include "worker/agent/event.h"
#include "worker/agent/opt_out.h"
#include "worker/agent/receptionist.h"
#include "worker/agent/redact.h"
#include "worker/agent/task.h"
#include "worker/agent/urgent.h"
#include "worker/crash.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/store/consents.h"
#include "worker/store/customers.h"
#include "worker/store/messages.h"
#include "worker/store/organizations.h"

#define MAX_MEDIA  10 /* Twilio: "up to 10 media" a message */
#define MAX_BEFORE 4
#define MAX_TEXT   1600 /* characters of a text that Twilio takes */

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    va_form_t form;
    va_str_t sid, from_text, body;
    va_str_t from, to; /* E.164; from is absent for a short code or a name */
    wk_keyword_t keyword;

    va_str_t customer, first_name; /* of the one who wrote */
    va_str_t message;              /* its row */
    wk_dialog_t dialog;
    const wk_language_t *now;
    bool settled; /* its language is the customer's own */
    bool known;   /* an earlier run stored it */
    bool queued;  /* sms is to be sent */
    bool models;  /* a language model is to answer it */
    bool thinks;  /* something has to be done outside before it can be answered */
    wk_reading_t reading;
    wk_reception_facts_t facts;
    wk_reception_t reception; /* the answer, or what it takes to give one */
    wk_emergency_t emergency;
    wk_conversed_t conversed; /* what the model said, when it was asked */
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
    t->from = wk_webhook_number(a, t->from_text);
    t->to = wk_webhook_number(a, va_form_get(&t->form, "To"));
    va_str_t body = wk_clean_text(a, va_form_get(&t->form, "Body"));
    t->body = body.data != NULL ? body : VA_STR("");
    t->keyword = wk_keyword(t->body, va_form_get(&t->form, "OptOutType"));
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
    const va_json_t *state = NULL;
    va_str_t params[] = {t->from, VA_STR("sms")};
    if (t->from.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
        return false;
    }
    t->customer = wk_cell(rows, 0, "id");
    t->first_name = wk_cell(rows, 0, "first_name");
    (void)va_json_parse(wk_mem(wk_tx_arena(tx)), wk_cell(rows, 0, "dialog_state"),
                        &(va_json_limits_t){64 << 10, 16, 4096}, &state);
    t->dialog = wk_dialog_read(state);
    va_str_t own = wk_cell(rows, 0, "preferred_language");
    va_str_t spoken = wk_cell(rows, 0, "conversation_language");
    t->settled = own.data != NULL || spoken.data != NULL;
    t->now = t->settled ? wk_catalogue_pick(t->catalogue, spoken, own) : NULL;
    return true;
}

/* The parts of a card number that come text by text are masked too. */
static bool mask(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_rows_t *rows = NULL;
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t before[MAX_BEFORE];
    size_t n = 0;
    if (t->customer.data != NULL && !wk_sql(tx, &wk_sql_sms_recent, &t->customer, &rows, e)) {
        return false;
    }
    for (; rows != NULL && n < MAX_BEFORE && n < wk_rows_count(rows); n++) {
        before[n] = wk_cell(rows, n, "content");
    }
    t->body = wk_redact_live(wk_redactor(a, t->catalogue), a, t->body, before, n);
    return true;
}

static bool insert(wk_tx_t *tx, text_t *t, const char *intent, va_str_t language, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {
        t->customer,  t->body,        language,
        t->from_text, t->to,          t->sid,
        media_of(t),  segments_of(t), intent != NULL ? va_str_c(intent) : VA_STR_NULL};
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
    wk_event_begin(&ev, tx, "sms_received", t->customer, VA_STR_NULL);
    va_json_add_str(ev.json, "messageId", t->message);
    va_json_add_str(ev.json, "messageSid", t->sid);
    va_json_add_str(ev.json, "phoneNumber", t->from_text);
    va_json_add_str(ev.json, "message", t->body);
    va_json_add_int(ev.json, "numMedia", media_count(t));
    return wk_event_end(&ev, e);
}

/* ---------------------------------------------------------------- keywords */

static bool note_consent(wk_tx_t *tx, const text_t *t, bool granted, wk_error_t *e)
{
    va_str_t params[] = {t->customer, t->from, granted ? VA_STR("true") : VA_STR("false"),
                         VA_STR("keyword"), t->body};
    return wk_sql(tx, &wk_sql_consent_note_sms, params, NULL, e);
}

static va_str_t name_of(const text_t *t)
{
    return t->first_name.len > 0
               ? wk_printf(t->ctx->arena, "%.*s (%.*s)", (int)t->first_name.len,
                           t->first_name.data, (int)t->from_text.len, t->from_text.data)
               : t->from_text;
}

static bool raise_task(wk_tx_t *tx, const text_t *t, wk_task_t task, wk_error_t *e)
{
    task.key = wk_printf(t->ctx->arena, "%s:%.*s", task.kind, (int)t->sid.len, t->sid.data);
    task.customer = t->customer;
    task.who = name_of(t);
    return wk_task_raise(t->ctx, tx, &task, e);
}

/* The carrier has acted on the word and answered it; we only remember what it means. */
static bool heed_keyword(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    switch (t->keyword) {
    case WK_STOP:
        return note_consent(tx, t, false, e);
    case WK_CANCEL:
        return note_consent(tx, t, false, e) &&
               raise_task(tx, t,
                          (wk_task_t){.kind = "opt_out",
                                      .title = "task.opt_out",
                                      .body = "task.opt_out_body"},
                          e);
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
    if (!wk_sql(tx, &wk_sql_consent_sms, &t->from, &rows, e)) {
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
    if (!wk_sql(tx, &wk_sql_number_is_ours, &t->from, &rows, e)) {
        return false;
    }
    *ours = wk_cell_bool(rows, 0, "ours");
    return true;
}

static va_str_t answer_key(const text_t *t)
{
    return wk_printf(t->ctx->arena, "sms:answer:%.*s", (int)t->sid.len, t->sid.data);
}

static bool remember(wk_tx_t *tx, const text_t *t, const wk_reception_t *r, wk_error_t *e)
{
    va_str_t code = wk_language_code(r->language);
    va_str_t params[] = {t->customer, wk_dialog_write(wk_tx_arena(tx), &r->dialog), code,
                         r->requested ? code : VA_STR_NULL};
    return wk_sql(tx, &wk_sql_customer_dialog, params, NULL, e);
}

static bool note_promise(wk_tx_t *tx, const text_t *t, va_str_t what, wk_error_t *e)
{
    va_str_t params[] = {t->customer, what};
    return wk_sql(tx, &wk_sql_customer_promised, params, NULL, e);
}

/* What the receptionist promised becomes a person's task, and is remembered. */
static bool promise(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    const wk_reception_t *r = &t->reception;
    if (r->task == NULL) {
        return true;
    }
    bool callback = strcmp(r->task, "callback") == 0;
    wk_task_t task = {.kind = r->task,
                      .title = callback ? "task.callback" : "task.message",
                      .text = t->body,
                      .order = t->facts.order_id};
    va_str_t said = wk_text(r->language, callback ? "reply.human" : "reply.message_taken");
    return raise_task(tx, t, task, e) && note_promise(tx, t, said, e);
}

/* The same for what the model promised; and a claim it did not keep is a person's business. */
static bool promise_of_model(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    const wk_conversed_t *c = &t->conversed;
    for (size_t i = 0; i < c->n_promised; i++) {
        if (!note_promise(tx, t, c->promised[i], e)) {
            return false;
        }
    }
    wk_task_t task = {.kind = "alarm",
                      .priority = "high",
                      .title = "task.said",
                      .body = "task.said_body",
                      .text = c->said};
    return c->broken == NULL || raise_task(tx, t, task, e);
}

static bool alarm(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    wk_urgent_t urgent = {.customer = t->customer,
                          .who = name_of(t),
                          .from = t->from,
                          .to = t->to,
                          .text = t->body,
                          .key = t->sid};
    return t->emergency.level != WK_EMERGENCY_URGENT ||
           wk_urgent_raise(t->ctx, tx, t->catalogue, &t->facts, &t->emergency, &urgent, e);
}

/* The text, what it promises, the state of the talk and the answer: all or nothing. */
static bool store_answer(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    const wk_reception_t *r = &t->reception;
    wk_sms_draft_t draft = {.key = answer_key(t),
                            .customer = t->customer,
                            .from = t->to,
                            .to = t->from,
                            .text = wk_cut_text(r->text, MAX_TEXT),
                            .language = wk_language_code(r->language),
                            .template = "answer"};
    t->queued = true;
    return insert(tx, t, r->intent, draft.language, e) && publish(tx, t, e) &&
           promise(tx, t, e) && promise_of_model(tx, t, e) && alarm(tx, t, e) &&
           remember(tx, t, r, e) && wk_sms_queue(tx, &draft, &t->sms, e);
}

/* Before anything is done outside for it: an earlier run may have answered it. */
static bool look_up(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t array = wk_printf(t->ctx->arena, "{%.*s}", (int)t->sid.len, t->sid.data);
    if (!wk_sql(tx, &wk_sql_sms_known, &array, &rows, e)) {
        return false;
    }
    t->known = wk_rows_count(rows) > 0;
    return !t->known || wk_error(e, WK_CONFLICT, "the text is known already");
}

/* Before any model is asked; no model's answer can take it back. */
static bool judge_urgency(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_emergency_case_t about = {.business_type = t->facts.business_type,
                                 .own = t->facts.emergency_words};
    t->emergency = wk_emergency(wk_tx_arena(tx), t->catalogue, &about, t->body);
    if (t->emergency.level != WK_EMERGENCY_URGENT) {
        return true;
    }
    const wk_language_t *l = t->reception.language;
    t->reception = (wk_reception_t){.language = l, .intent = "emergency", .certain = true};
    return wk_urgent_answer(tx, l, &t->facts, &t->emergency, &t->reception.text, e);
}

/* The plan has it, the shop chose it, and the receptionist is not surer of the answer. */
static bool talks_by_model(const text_t *t)
{
    return t->ctx->config->openai_api_key != NULL && va_str_eq(t->facts.plan, VA_STR("PRO")) &&
           !va_str_eq(t->facts.engine, VA_STR("receptionist")) && !t->reception.certain;
}

static bool answer(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    t->reading = wk_read_message(a, t->catalogue, t->body);
    if (!wk_reception_facts(tx, t->customer, t->from, &t->reading, VA_STR_NULL, &t->facts, e)) {
        return false;
    }
    if (t->now == NULL) {
        t->now = wk_catalogue_pick(t->catalogue, t->facts.language, VA_STR_NULL);
    }
    t->reception = wk_receive(a, t->catalogue, &t->reading, &t->facts, &t->dialog, t->now,
                              t->settled, t->first_name);
    if (!judge_urgency(tx, t, e)) {
        return false;
    }
    t->models = talks_by_model(t);
    t->thinks = t->models || t->reception.tool != NULL;
    return t->thinks ? look_up(tx, t, e) : store_answer(tx, t, e);
}

static bool keep(wk_tx_t *tx, text_t *t, const char *intent, wk_error_t *e)
{
    return insert(tx, t, intent, VA_STR_NULL, e) && publish(tx, t, e);
}

static bool hear(wk_tx_t *tx, text_t *t, wk_error_t *e)
{
    bool refused, ours;
    if (t->from.data == NULL) {
        return keep(tx, t, NULL, e); /* a short code or a name: nobody there reads answers */
    }
    if (!read_consent(tx, t, &refused, e)) {
        return false;
    }
    if (t->keyword != WK_NO_KEYWORD) {
        return keep(tx, t, keyword_name(t->keyword), e) && heed_keyword(tx, t, e);
    }
    if (!from_a_shop(tx, t, &ours, e)) {
        return false;
    }
    return refused || ours ? keep(tx, t, NULL, e) : answer(tx, t, e);
}

static bool contacted(wk_tx_t *tx, const text_t *t, wk_error_t *e)
{
    return t->customer.data == NULL ||
           wk_sql(tx, &wk_sql_customer_contacted, &t->customer, NULL, e);
}

static bool receive_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    text_t *t = arg;
    return reach_customer(tx, t, e) && mask(tx, t, e) && hear(tx, t, e) &&
           (t->thinks || contacted(tx, t, e));
}

/* ---------------------------------------------------------------- what takes more */

static wk_tool_caller_t tool_caller(const text_t *t, va_str_t organization)
{
    return (wk_tool_caller_t){.organization = organization,
                              .level = WK_LEVEL_PHONE,
                              .channel = "sms",
                              .scope = t->sid,
                              .phone = t->from,
                              .shop_phone = t->to,
                              .language = t->reception.language};
}

/*
 * The tools have transactions of their own, whose ledger gives a run that comes again the
 * answer of the first; the text is stored with its answer only then.
 */
static bool use_tool(text_t *t, va_str_t organization, wk_error_t *e)
{
    const va_json_t *args = NULL;
    wk_tool_answer_t answer;
    wk_arena_t *a = t->ctx->arena;
    wk_reception_t *r = &t->reception;
    const wk_tool_t *tool = wk_tool_find(va_str_c(r->tool));
    wk_tool_caller_t caller = tool_caller(t, organization);
    if (tool == NULL ||
        va_json_parse(wk_mem(a), r->tool_args, &VA_JSON_LIMITS_DEFAULT, &args) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "the receptionist asks for what no tool does");
    }
    caller.once = wk_printf(a, "once:%.*s:%s:0", (int)t->sid.len, t->sid.data, tool->name);
    if (!wk_tool_run(t->ctx, t->catalogue, tool, &caller, args, &answer, e)) {
        return false;
    }
    wk_receive_done(a, t->catalogue, &t->reading, &answer, r);
    return true;
}

typedef struct {
    const text_t *text;
    wk_context_t context;
} context_t;

static bool read_context(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    context_t *c = arg;
    return wk_context_read(tx, c->text->customer, c->text->from, &c->context, e);
}

/* False, for whatever reason: the receptionist answers. */
static bool ask_model(text_t *t, va_str_t organization)
{
    wk_error_t e;
    wk_ctx_t *ctx = t->ctx;
    context_t c = {.text = t};
    wk_tool_caller_t caller = tool_caller(t, organization);
    wk_converse_t in = {.ctx = ctx,
                        .catalogue = t->catalogue,
                        .context = &c.context,
                        .caller = &caller,
                        .text = t->body};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, read_context, &c, &e) ||
        !wk_converse(&in, &t->conversed, &e)) {
        return false;
    }
    wk_crash_point("sms.answered");
    wk_reception_t *r = &t->reception;
    *r = (wk_reception_t){.text = t->conversed.text,
                          .language = r->language,
                          .requested = r->requested,
                          .intent = r->intent,
                          .dialog = {.hint = r->dialog.hint}};
    return true;
}

static bool answer_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    text_t *t = arg;
    return store_answer(tx, t, e) && contacted(tx, t, e);
}

static bool think(text_t *t, va_str_t organization, wk_error_t *e)
{
    wk_ctx_t *ctx = t->ctx;
    bool answered = (t->models && ask_model(t, organization)) || t->reception.tool == NULL ||
                    use_tool(t, organization, e);
    return answered && wk_tx(ctx->db, ctx->arena, organization, 0, answer_tx, t, e);
}

wk_outcome_t wk_sms_receive(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    text_t t = {.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e)};
    va_str_t organization = VA_STR_NULL;
    (void)reply;
    if (t.catalogue == NULL || !read_text(ctx, &t, e)) {
        return wk_webhook_failed(e);
    }
    if (t.to.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", t.to, e);
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "number", t.to, 0, receive_tx, &t, &organization, e) ||
        (t.thinks && !think(&t, organization, e))) {
        return t.known ? wk_sms_resume(ctx, organization, answer_key(&t), e)
                       : wk_webhook_failed(e);
    }
    if (organization.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", t.to, e);
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
