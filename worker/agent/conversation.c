#include "worker/agent/conversation.h"

#include "worker/agent/call_cost.h"
#include "worker/agent/promise.h"

#include <string.h>

#include "worker/agent/task.h"
#include "worker/agent/urgent.h"
#include "worker/clock.h"
#include "worker/crash.h"
#include "worker/json.h"
#include "worker/store/chat.h"
#include "worker/store/customers.h"
#include "worker/store/phone.h"

/* ---------------------------------------------------------------- who */

/* The call whose dialog it is; absent: a text or a chat. */
static va_str_t call_of(const wk_conversation_t *c)
{
    return strcmp(c->channel, "voice") != 0 ? VA_STR_NULL
           : c->call.data != NULL           ? c->call
                                            : VA_STR("unknown");
}

void wk_conversation_customer(wk_tx_t *tx, wk_conversation_t *c, const wk_rows_t *customer)
{
    const va_json_t *state = NULL;
    c->customer = wk_cell(customer, 0, "id");
    c->first_name = wk_cell(customer, 0, "first_name");
    (void)va_json_parse(wk_mem(wk_tx_arena(tx)), wk_cell(customer, 0, "dialog_state"),
                        &(va_json_limits_t){64 << 10, 16, 4096}, &state);
    c->dialog = wk_dialog_read(state, call_of(c), wk_now_ms());
    va_str_t own = wk_cell(customer, 0, "preferred_language");
    va_str_t spoken = wk_cell(customer, 0, "conversation_language");
    c->settled = own.data != NULL || spoken.data != NULL;
    c->now = c->settled ? wk_catalogue_pick(c->catalogue, spoken, own) : NULL;
}

bool wk_conversation_caller(wk_tx_t *tx, wk_conversation_t *c, va_str_t customer, wk_error_t *e)
{
    wk_rows_t *rows;
    if (customer.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_phone_customer, &customer, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 1) {
        wk_conversation_customer(tx, c, rows);
        c->first_name = c->level >= WK_LEVEL_PHONE ? c->first_name : VA_STR_NULL;
    }
    return true;
}

va_str_t wk_conversation_who(const wk_conversation_t *c)
{
    return c->first_name.len > 0
               ? wk_printf(c->ctx->arena, "%.*s (%.*s)", (int)c->first_name.len,
                           c->first_name.data, (int)c->shown.len, c->shown.data)
               : c->shown;
}

/* ---------------------------------------------------------------- judge */

/* Who is in danger is answered as he speaks, also where the talk was in another language. */
static const wk_language_t *language_of_emergency(const wk_conversation_t *c)
{
    const wk_reception_t *r = &c->reception;
    const wk_language_t *told = c->emergency.language;
    if (r->told_in != NULL) {
        return r->told_in;
    }
    return told != NULL && wk_language_offered(c->facts.languages, told) ? told : r->language;
}

/* Before any model is asked; no model's answer can take it back. */
static bool judge_urgency(wk_tx_t *tx, wk_conversation_t *c, wk_error_t *e)
{
    wk_emergency_case_t about = {.business_type = c->facts.business_type,
                                 .own = c->facts.emergency_words};
    c->emergency = wk_emergency(wk_tx_arena(tx), c->catalogue, &about, c->text);
    if (c->emergency.level != WK_EMERGENCY_URGENT) {
        return true;
    }
    const wk_language_t *l = language_of_emergency(c);
    c->reception = (wk_reception_t){.language = l,
                                    .intent = "emergency",
                                    .dialog = {.urgent = WK_URGENT_ANSWERS},
                                    .certain = true};
    return wk_urgent_answer(tx, l, &c->facts, &c->emergency, &c->reception.text, e);
}

/* The plan has it, the shop chose it, and the receptionist is not surer of the answer. */
static bool talks_by_model(const wk_conversation_t *c)
{
    return c->ctx->config->openai_api_key != NULL && va_str_eq(c->facts.plan, VA_STR("PRO")) &&
           !va_str_eq(c->facts.engine, VA_STR("receptionist")) && !c->reception.certain;
}

/* Whose orders and appointments may be told; and whether he can be reached afterwards. */
static bool read_facts(wk_tx_t *tx, wk_conversation_t *c, wk_error_t *e)
{
    bool attested = c->level >= WK_LEVEL_PHONE;
    if (!wk_reception_facts(tx, attested ? c->customer : VA_STR_NULL,
                            attested ? c->number : VA_STR_NULL, &c->reading, VA_STR_NULL,
                            &c->facts, e)) {
        return false;
    }
    c->facts.unreachable = c->number.data == NULL && c->visitor.phone.data == NULL;
    c->facts.nameless = c->visitor.name.data == NULL;
    return true;
}

/* What cannot be listened to, or is no news to who is on the line. */
static void fit_for_voice(wk_conversation_t *c)
{
    if (strcmp(c->channel, "voice") == 0) {
        c->facts.tracking_url = c->facts.phone = VA_STR_NULL;
    }
}

bool wk_conversation_judge(wk_tx_t *tx, wk_conversation_t *c, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    c->reading = wk_read_message(a, c->catalogue, c->now, c->text);
    if (!read_facts(tx, c, e)) {
        return false;
    }
    fit_for_voice(c);
    if (c->now == NULL) {
        c->now = wk_catalogue_pick(c->catalogue, c->facts.language, VA_STR_NULL);
    }
    c->reception = wk_receive(a, c->catalogue, &c->reading, &c->facts, &c->dialog, c->now,
                              c->settled, c->first_name);
    if (!judge_urgency(tx, c, e)) {
        return false;
    }
    c->models = talks_by_model(c);
    c->thinks = c->models || c->reception.tool != NULL;
    return true;
}

bool wk_conversation_says_goodbye(const wk_conversation_t *c)
{
    static const char *const courtesies[] = {"thanks", "none", "no", "greeting"};
    bool courtesy = false;
    for (size_t i = 0; i < sizeof(courtesies) / sizeof(*courtesies); i++) {
        courtesy = courtesy || strcmp(c->reception.intent, courtesies[i]) == 0;
    }
    for (size_t i = 0; courtesy && i < wk_catalogue_count(c->catalogue); i++) {
        const wk_language_t *l = wk_catalogue_at(c->catalogue, i);
        if (wk_phrases_in(wk_word_list(l, "intent.goodbye"), &c->reading.words)) {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------- think */

static wk_tool_caller_t tool_caller(const wk_conversation_t *c, va_str_t organization)
{
    return (wk_tool_caller_t){.organization = organization,
                              .level = c->level,
                              .channel = c->channel,
                              .scope = c->talk.len > 0 ? c->talk : c->key,
                              .source = c->source,
                              .call = c->call,
                              .visitor = c->visitor,
                              .phone = c->number,
                              .shop_phone = c->shop_number,
                              .language = c->reception.language};
}

static void note_done(wk_conversation_t *c, const wk_tool_t *tool,
                      const wk_tool_answer_t *answer)
{
    wk_arena_t *a = c->ctx->arena;
    if (answer->status != 200) {
        return;
    }
    c->done |= wk_promise_done_by(tool->name, wk_json_parse(a, answer->body));
    c->reception.used = wk_printf(a, "[\"%s\"]", tool->name);
}

/* run: which of this message's, from 0 on. */
static bool run_tool(wk_conversation_t *c, va_str_t organization, va_str_t text, size_t run,
                     wk_error_t *e)
{
    const va_json_t *args = NULL;
    wk_tool_answer_t answer;
    wk_arena_t *a = c->ctx->arena;
    wk_reception_t *r = &c->reception;
    const wk_tool_t *tool = wk_tool_find(va_str_c(r->tool));
    wk_tool_caller_t caller = tool_caller(c, organization);
    if (tool == NULL ||
        va_json_parse(wk_mem(a), text, &VA_JSON_LIMITS_DEFAULT, &args) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "the receptionist asks for what no tool does");
    }
    caller.once =
        wk_printf(a, "once:%.*s:%s:%zu", (int)c->key.len, c->key.data, tool->name, run);
    if (!wk_tool_run(c->ctx, c->catalogue, tool, &caller, args, &answer, e)) {
        return false;
    }
    note_done(c, tool, &answer);
    r->spoken = strcmp(c->channel, "voice") == 0;
    wk_receive_done(a, &answer, r);
    return true;
}

/*
 * The tools have transactions of their own, whose ledger gives a run that comes again the
 * answer of the first; the message is stored with its answer only then.
 */
static bool use_tool(wk_conversation_t *c, va_str_t organization, wk_error_t *e)
{
    wk_reception_t *r = &c->reception;
    if (!run_tool(c, organization, r->tool_args, 0, e)) {
        return false;
    }
    for (size_t i = 0; i < r->n_more; i++) {
        r->before = r->text;
        if (!run_tool(c, organization, r->more_args[i], i + 1, e)) {
            return false;
        }
    }
    return true;
}

typedef struct {
    const wk_conversation_t *conversation;
    wk_tool_caller_t caller;
    wk_context_t context;
    va_str_t embedding; /* of the text; absent: none */
} context_t;

static bool read_context(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    context_t *about = arg;
    const wk_conversation_t *c = about->conversation;
    return wk_context_read(tx, c->customer, &about->caller, &about->context, e) &&
           (!c->facts.knows || wk_knowledge_find(c->ctx, tx, c->text, about->embedding,
                                                 &about->context.knowledge, e));
}

/* False, for whatever reason: the receptionist answers. */
static bool ask_model(wk_conversation_t *c, va_str_t organization)
{
    wk_error_t e;
    wk_ctx_t *ctx = c->ctx;
    context_t about = {.conversation = c, .caller = tool_caller(c, organization)};
    wk_converse_t in = {.ctx = ctx,
                        .catalogue = c->catalogue,
                        .context = &about.context,
                        .caller = &about.caller,
                        .key = c->key,
                        .text = c->text};
    if (c->facts.knows) {
        about.embedding = wk_knowledge_embedding(ctx, organization, c->text);
    }
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, read_context, &about, &e) ||
        !wk_converse(&in, &c->conversed, &e)) {
        return false;
    }
    wk_crash_point("conversation.answered");
    wk_reception_t *r = &c->reception;
    *r = (wk_reception_t){.text = c->conversed.text,
                          .language = r->language,
                          .requested = r->requested,
                          .intent = r->intent,
                          .citations = c->conversed.citations,
                          .used = c->conversed.used,
                          .dialog = {.hint = r->dialog.hint}};
    return true;
}

bool wk_conversation_think(wk_conversation_t *c, va_str_t organization, wk_error_t *e)
{
    return (c->models && ask_model(c, organization)) || c->reception.tool == NULL ||
           use_tool(c, organization, e);
}

/* ---------------------------------------------------------------- keep */

static bool is_chat(const wk_conversation_t *c)
{
    return c->visitor.session.len > 0;
}

/*
 * A chat's stands with its session, a call's with the call: a "yes" by text must not answer
 * what a stranger was asked.
 */
static bool remember(wk_tx_t *tx, const wk_conversation_t *c, wk_error_t *e)
{
    const wk_reception_t *r = &c->reception;
    va_str_t code = wk_language_code(r->language);
    va_str_t state = wk_dialog_write(wk_tx_arena(tx), &r->dialog, call_of(c), wk_now_ms());
    va_str_t of_session[] = {c->visitor.session, state, code};
    va_str_t of_customer[] = {c->customer, state, code, r->requested ? code : VA_STR_NULL};
    return is_chat(c) ? wk_sql(tx, &wk_sql_chat_dialog, of_session, NULL, e)
                      : wk_sql(tx, &wk_sql_customer_dialog, of_customer, NULL, e);
}

static bool raise_task(wk_tx_t *tx, const wk_conversation_t *c, wk_task_t task, wk_error_t *e)
{
    task.key = wk_printf(c->ctx->arena, "%s:%.*s", task.kind, (int)c->key.len, c->key.data);
    task.customer = c->customer;
    task.chat = c->visitor.session;
    task.who = wk_conversation_who(c);
    return wk_task_raise(c->ctx, tx, &task, e);
}

/* What a chat was promised is a task alone: it is not told to who has the number. */
static bool note_promise(wk_tx_t *tx, const wk_conversation_t *c, va_str_t what, wk_error_t *e)
{
    va_str_t params[] = {c->customer, what};
    return is_chat(c) || wk_sql(tx, &wk_sql_customer_promised, params, NULL, e);
}

/* What the receptionist promised becomes a person's task, and is remembered. */
static bool promise(wk_tx_t *tx, const wk_conversation_t *c, wk_error_t *e)
{
    const wk_reception_t *r = &c->reception;
    if (r->task == NULL) {
        return true;
    }
    bool callback = strcmp(r->task, "callback") == 0;
    wk_task_t task = {.kind = r->task,
                      .title = callback ? "task.callback" : "task.message",
                      .text = c->text,
                      .order = c->facts.order_id};
    va_str_t said = wk_text(r->language, callback ? "reply.human" : "reply.message_taken");
    return raise_task(tx, c, task, e) && note_promise(tx, c, said, e);
}

/* The same for what the model promised; and a claim it did not keep is a person's business. */
static bool promise_of_model(wk_tx_t *tx, const wk_conversation_t *c, wk_error_t *e)
{
    const wk_conversed_t *said = &c->conversed;
    for (size_t i = 0; i < said->n_promised; i++) {
        if (!note_promise(tx, c, said->promised[i], e)) {
            return false;
        }
    }
    wk_task_t task = {.kind = "alarm",
                      .priority = "high",
                      .title = "task.said",
                      .body = "task.said_body",
                      .text = said->said};
    return said->broken == NULL || raise_task(tx, c, task, e);
}

static bool alarm(wk_tx_t *tx, const wk_conversation_t *c, wk_error_t *e)
{
    wk_urgent_t urgent = {.customer = c->customer,
                          .who = wk_conversation_who(c),
                          .from = c->number,
                          .to = c->shop_number,
                          .text = c->text,
                          .key = c->key,
                          .paged_by = c->source,
                          .call = c->call};
    bool risen, serious = c->emergency.level >= WK_EMERGENCY_HIGH;
    if (serious && c->call.data != NULL &&
        !wk_urgent_call(tx, c->call, c->emergency.level, &risen, e)) {
        return false;
    }
    return c->emergency.level != WK_EMERGENCY_URGENT ||
           wk_urgent_raise(c->ctx, tx, c->catalogue, &c->facts, &c->emergency, &urgent, e);
}

bool wk_conversation_watch(wk_tx_t *tx, wk_conversation_t *c, wk_error_t *e)
{
    if (!wk_conversation_judge(tx, c, e)) {
        return false;
    }
    c->models = c->thinks = false;
    return alarm(tx, c, e);
}

static bool cost(wk_tx_t *tx, const wk_conversation_t *c, wk_error_t *e)
{
    return c->call.data == NULL ||
           wk_call_cost_tokens(tx, c->call, c->conversed.tokens_in, c->conversed.tokens_out, e);
}

bool wk_conversation_keep(wk_tx_t *tx, const wk_conversation_t *c, wk_error_t *e)
{
    return promise(tx, c, e) && promise_of_model(tx, c, e) && alarm(tx, c, e) &&
           remember(tx, c, e) && cost(tx, c, e);
}
