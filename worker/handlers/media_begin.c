/*
 * media.begin: what an engine is to know before it speaks to a caller: who it is, the shop, the
 * caller, what was said before, and the tools this caller may use.
 */
#include "worker/agent/context.h"
#include "worker/agent/engines.h"
#include "worker/agent/tools.h"
#include "worker/call_state.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/media_call.h"
#include "worker/handlers/phone.h"
#include "worker/handlers/webhook.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/providers/elevenlabs.h"
#include "worker/store/media.h"

typedef struct {
    wk_media_call_t call;
    wk_context_t context;
    va_str_t unspoken; /* of tools, which the engine before did not speak of; may be absent */
} begin_t;

static bool read_context(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    begin_t *b = arg;
    wk_rows_t *row;
    if (!wk_sql(tx, &wk_sql_media_unspoken, &b->call.caller.call, &row, e)) {
        return false;
    }
    b->unspoken = wk_cell(row, 0, "answers");
    return wk_context_read(tx, b->call.customer, &b->call.caller, &b->context, e);
}

/* ---------------------------------------------------------------- tools */

static void begin_tool(va_json_writer_t *w, const char *name, va_str_t description)
{
    va_json_object(w);
    va_json_add_c(w, "type", "function");
    va_json_add_c(w, "name", name);
    va_json_add_str(w, "description", description);
    va_json_key(w, "parameters");
}

/* A JSON array, as text. */
static va_str_t tools_of(wk_arena_t *a, const wk_media_call_t *call)
{
    va_buf_t text;
    const wk_language_t *en = wk_catalogue_pick(call->catalogue, VA_STR("en"), VA_STR_NULL);
    va_buf_init(&text, wk_mem(a), 8192);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < wk_tools_count(); i++) {
        const wk_tool_t *tool = wk_tool_at(i);
        if (tool->level <= call->caller.level) {
            begin_tool(w, tool->name, wk_tool_description(a, en, tool));
            wk_args_schema(w, tool->args);
            va_json_object_end(w);
        }
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
}

/* ---------------------------------------------------------------- engines */

/* The one that the call was connected for, and the one behind it in the organization's list. */
typedef struct {
    const char *name, *next;
    bool agent;   /* it is an agent at a platform */
    va_str_t due; /* that the one before it was to say */
} chain_t;

static bool read_chain(wk_ctx_t *ctx, const wk_media_call_t *call, chain_t *chain,
                       wk_error_t *e)
{
    bool found;
    wk_call_state_t state;
    if (!wk_call_state_read(ctx->redis, ctx->arena, call->sid, &state, &found, e)) {
        return false;
    }
    const wk_engines_entry_t *engine = wk_engines_find(state.engine);
    if (engine == NULL || engine->kind == WK_ENGINE_TALK) {
        return wk_error(e, WK_NOT_FOUND, "the call has no engine that needs its sound");
    }
    const va_json_t *list = wk_json_parse(ctx->arena, call->engines);
    *chain = (chain_t){
        engine->name,
        wk_engines_next(list, state.engine, ctx->config, call->plan, call->agent)->name,
        engine->kind == WK_ENGINE_AGENT, state.due};
    return true;
}

/* ---------------------------------------------------------------- words */

static const va_json_t *at(const va_json_t *row, size_t i)
{
    const va_json_t *element = row != NULL ? row->first : NULL;
    while (element != NULL && i-- > 0) {
        element = element->next;
    }
    return element;
}

/*
 * The thread's last messages, oldest first; the context has them newest first. Of a call that
 * goes on all that are known: much of it was said in this very call.
 */
static void add_said(va_json_writer_t *w, const va_json_t *messages, bool goes_on)
{
    const va_json_t *rows[WK_CONTEXT_THREAD];
    size_t n = 0, most = goes_on ? WK_CONTEXT_THREAD : WK_CONTEXT_MESSAGES;
    const va_json_t *row = messages != NULL ? messages->first : NULL;
    for (; row != NULL && n < most; row = row->next) {
        rows[n++] = row;
    }
    va_json_key(w, "said");
    va_json_array(w);
    while (n-- > 0) {
        bool customer = va_str_eq(va_json_string(at(rows[n], 1)), VA_STR("customer"));
        va_json_object(w);
        va_json_add_c(w, "speaker", customer ? "customer" : "agent");
        va_json_add_str(w, "text", va_json_string(at(rows[n], 3)));
        va_json_add_bool(w, "earlier", !va_json_bool(at(rows[n], 4), false));
        va_json_object_end(w);
    }
    va_json_array_end(w);
}

/*
 * Where an agent at a platform is, and what it begins with: what the platform's own question
 * before a call is answered. Without an address the next engine has the call.
 */
static void add_agent(wk_ctx_t *ctx, va_json_writer_t *w, const wk_media_call_t *call,
                      const wk_personalization_t *made)
{
    wk_error_t e;
    va_str_t url = VA_STR_NULL;
    if (!wk_elevenlabs_signed_url(ctx, call->agent, &url, &e)) {
        wk_log(WK_WARN, "the agent's platform gives no address", WK_C("error", e.text));
    }
    va_json_add_str(w, "url", url);
    va_json_add_str(w, "client_data", made->answer);
}

/* When the caller is told that the call ends soon, unless he was, and when it ends. */
static void add_limit(va_json_writer_t *w, const wk_media_call_t *call)
{
    va_json_add_int(w, "ends_in_ms", call->left_s * 1000);
    if (!call->warned) {
        va_json_add_int(w, "notice_in_ms", (call->left_s - WK_PHONE_WARN_S) * 1000);
    }
}

static void add_line(va_buf_t *text, va_str_t line)
{
    va_buf_add_char(text, '\n');
    va_buf_add_str(text, line);
}

/* Of a call that the shop made it is said who called whom, and why; of one that is recorded,
 * what becomes of an objection. */
static va_str_t instructions_of(wk_arena_t *a, const wk_language_t *l, const begin_t *b)
{
    va_buf_t text;
    const wk_media_call_t *call = &b->call;
    const wk_language_t *en = wk_catalogue_pick(call->catalogue, VA_STR("en"), VA_STR_NULL);
    va_buf_init(&text, wk_mem(a), 8192);
    va_buf_add_str(&text, wk_context_instructions(a, call->catalogue, l, &b->context, "voice"));
    if (call->opening.data != NULL) {
        add_line(&text, wk_say(a, en, "prompt.voice.outbound", {"reason", call->reason},
                               {"say", call->opening}));
    }
    if (call->recorded) {
        add_line(&text, wk_text(en, "prompt.voice.recorded"));
    }
    if (b->unspoken.len > 0) {
        add_line(&text, wk_say(a, en, "prompt.voice.done", {"say", b->unspoken}));
    }
    return va_buf_str(&text);
}

static va_str_t object_or_empty(va_str_t json)
{
    return json.len > 0 ? json : VA_STR("{}");
}

/* Absent: the shop speaks several. */
static va_str_t only_language(const begin_t *b)
{
    const va_json_t *languages = b->context.facts.languages;
    bool one = languages != NULL && languages->first != NULL && languages->first->next == NULL;
    return one ? va_json_string(languages->first) : VA_STR_NULL;
}

/* What an agent that leads the talk begins with; absent: the usual greeting. */
static va_str_t opening_of(const wk_media_call_t *call, const wk_language_t *l)
{
    if (call->returned) {
        return wk_text(l, call->unanswered ? "speech.nobody" : "speech.after_human");
    }
    return call->resumed ? wk_text(l, "speech.resumed") : call->opening;
}

wk_outcome_t wk_media_begin(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    begin_t b;
    chain_t chain = {.name = NULL};
    va_buf_t text;
    wk_personalization_t made;
    wk_arena_t *a = ctx->arena;
    if (!wk_media_call_read(ctx, &b.call, e) || !read_chain(ctx, &b.call, &chain, e) ||
        !wk_tx(ctx->db, a, ctx->job->org, 0, read_context, &b, e)) {
        return wk_webhook_failed(e);
    }
    const wk_language_t *l = wk_caller_language(b.call.catalogue, &b.context.facts);
    b.context.facts.opening = opening_of(&b.call, l);
    if (!wk_personalize(a, b.call.catalogue, &b.context.facts, &made, e)) {
        return wk_webhook_failed(e);
    }
    va_buf_init(&text, wk_mem(a), 16384);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_c(w, "engine", chain.name);
    va_json_add_c(w, "next_engine", chain.next);
    va_json_add_str(w, "instructions", instructions_of(a, l, &b));
    va_json_add_str(w, "greeting", wk_caller_greeting(a, l, &b.context.facts));
    va_json_add_bool(w, "resumed", b.call.resumed);
    va_json_add_bool(w, "returned", b.call.returned);
    va_json_add_bool(w, "unanswered", b.call.unanswered);
    va_json_add_str(w, "due", chain.due);
    va_json_add_str(w, "language", wk_language_code(l));
    va_json_add_str(w, "only_language", only_language(&b));
    va_json_add_str(w, "voice", b.call.voice);
    va_json_add_str(w, "speech", b.call.speech);
    va_json_key(w, "voices");
    va_json_put_raw(w, object_or_empty(b.call.voices));
    va_json_add_str(w, "vad_threshold", b.call.vad_threshold);
    va_json_add_int(w, "prefix_padding_ms", b.call.prefix_padding_ms);
    va_json_add_int(w, "silence_ms", b.call.silence_ms);
    va_json_add_str(w, "chat_model", b.context.model);
    va_json_add_int(w, "chat_tokens", b.context.max_tokens);
    va_json_add_str(w, "tools", tools_of(a, &b.call));
    va_json_add_str(w, "business_type", b.call.business_type);
    va_json_key(w, "emergency_words");
    va_json_put_raw(w, object_or_empty(b.call.emergency_words));
    add_limit(w, &b.call);
    add_said(w, b.context.messages, b.call.resumed || b.call.returned);
    if (chain.agent) {
        add_agent(ctx, w, &b.call, &made);
    }
    return wk_media_reply(w, &text, reply, e);
}
