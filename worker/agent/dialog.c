#define _GNU_SOURCE
#include "worker/agent/dialog.h"

#include <string.h>

#include "worker/agent/promise.h"
#include "worker/clock.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/providers/openai.h"

#define LEAST_MS   200  /* there is no use in asking with less time */
#define MAX_CALLS  12   /* tools for one message */
#define MAX_RESULT 6000 /* bytes of a tool's answer that the model is given */

typedef struct {
    const wk_converse_t *in;
    wk_arena_t *a;
    va_buf_t messages; /* of the request, JSON without the brackets */
    va_str_t tools;
    int64_t deadline_ms;      /* monotonic */
    unsigned done;            /* wk_done_t */
    size_t n_calls;           /* run so far */
    va_str_t told[MAX_CALLS]; /* what tools that did something said */
    size_t n_told;
    va_str_t confirmation; /* of what was booked last, where the answer takes it along */
    size_t stays[WK_OPENAI_CALLS * 4]; /* by tool: calls that changed something */
    va_buf_t citations;                /* items of a JSON list */
    const wk_tool_t *used[MAX_CALLS];
    size_t n_used;
    wk_conversed_t *out;
} talk_t;

/* ---------------------------------------------------------------- tools for the model */

static va_str_t tools_of(const wk_converse_t *in)
{
    va_buf_t text;
    const wk_language_t *en = wk_catalogue_pick(in->catalogue, VA_STR("en"), VA_STR_NULL);
    va_buf_init(&text, wk_mem(in->ctx->arena), 8192);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < wk_tools_count(); i++) {
        const wk_tool_t *tool = wk_tool_at(i);
        if (tool->level > in->caller->level) {
            continue;
        }
        va_json_object(w);
        va_json_add_c(w, "type", "function");
        va_json_key(w, "function");
        va_json_object(w);
        va_json_add_c(w, "name", tool->name);
        va_json_add_str(w, "description", wk_tool_description(in->ctx->arena, en, tool));
        va_json_key(w, "parameters");
        wk_args_schema(w, tool->args);
        va_json_object_end(w);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* ---------------------------------------------------------------- the thread of this message
 */

static void add_calls(talk_t *t, const wk_openai_answer_t *answer)
{
    va_buf_add_char(&t->messages, ',');
    va_json_writer_t *w = va_json_writer_new(&t->messages);
    va_json_object(w);
    va_json_add_c(w, "role", "assistant");
    va_json_add_str(w, "content", answer->text.len > 0 ? answer->text : VA_STR_NULL);
    va_json_key(w, "tool_calls");
    va_json_array(w);
    for (size_t i = 0; i < answer->n_calls; i++) {
        va_json_object(w);
        va_json_add_str(w, "id", answer->calls[i].id);
        va_json_add_c(w, "type", "function");
        va_json_key(w, "function");
        va_json_object(w);
        va_json_add_str(w, "name", answer->calls[i].name);
        va_json_add_str(w, "arguments", answer->calls[i].arguments);
        va_json_object_end(w);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    va_json_object_end(w);
    (void)va_json_writer_end(w);
}

static void add_result(talk_t *t, va_str_t id, va_str_t content)
{
    va_buf_add_char(&t->messages, ',');
    va_json_writer_t *w = va_json_writer_new(&t->messages);
    va_json_object(w);
    va_json_add_c(w, "role", "tool");
    va_json_add_str(w, "tool_call_id", id);
    va_json_add_str(w, "content", wk_cut_text(content, MAX_RESULT));
    va_json_object_end(w);
    (void)va_json_writer_end(w);
}

/* ---------------------------------------------------------------- what it was told */

static void cite(talk_t *t, va_str_t document, va_str_t chunk)
{
    va_buf_add_c(&t->citations, t->citations.len > 0 ? "," : "");
    va_json_writer_t *w = va_json_writer_new(&t->citations);
    va_json_object(w);
    va_json_add_str(w, "document", document);
    va_json_add_str(w, "chunk", chunk);
    va_json_object_end(w);
    (void)va_json_writer_end(w);
}

static void cite_context(talk_t *t)
{
    const wk_passages_t *found = &t->in->context->knowledge;
    for (size_t i = 0; i < found->count; i++) {
        cite(t, found->at[i].document, found->at[i].chunk);
    }
}

/* What search_knowledge found. */
static void cite_answer(talk_t *t, const va_json_t *body)
{
    const va_json_t *sources = va_json_get(body, "sources");
    const va_json_t *s = va_json_is(sources, VA_JSON_ARRAY) ? sources->first : NULL;
    for (; s != NULL; s = s->next) {
        cite(t, va_json_get_string(s, "document"), va_json_get_string(s, "chunk"));
    }
}

static va_str_t citations_of(const talk_t *t)
{
    va_str_t items = va_buf_str(&t->citations);
    return items.len > 0 ? wk_printf(t->a, "[%.*s]", (int)items.len, items.data) : VA_STR_NULL;
}

static void note_used(talk_t *t, const wk_tool_t *tool)
{
    size_t i = 0;
    while (i < t->n_used && t->used[i] != tool) {
        i++;
    }
    if (i == t->n_used && i < MAX_CALLS) {
        t->used[t->n_used++] = tool;
    }
}

static va_str_t used_of(const talk_t *t)
{
    va_buf_t text;
    if (t->n_used == 0) {
        return VA_STR_NULL;
    }
    va_buf_init(&text, wk_mem(t->a), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < t->n_used; i++) {
        va_json_put_str(w, va_str_c(t->used[i]->name));
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* ---------------------------------------------------------------- one call */

/* What a tool wants of the call itself. */
static void note_call(wk_conversed_t *out, const va_json_t *body)
{
    va_str_t status = va_json_get_string(body, "status");
    if (va_str_eq(status, VA_STR("transferring"))) {
        out->transfer = (wk_destination_t){va_json_get_string(body, "destination"),
                                           va_json_get_string(body, "transfer_number")};
        out->transfer_reason = va_json_get_string(body, "reason");
    } else if (va_str_eq(status, VA_STR("ending"))) {
        out->ends = va_json_get_string(body, "reason");
    } else if (wk_tool_answer_waits(body)) {
        out->waits = true;
    }
}

static void note_done(talk_t *t, const wk_tool_t *tool, const wk_tool_answer_t *answer)
{
    const va_json_t *body = wk_json_parse(t->a, answer->body);
    unsigned done = wk_promise_done_by(tool->name, body);
    cite_answer(t, body);
    note_used(t, tool);
    t->done |= done;
    bool booked = (done & (WK_DONE_BOOKED | WK_DONE_MOVED)) != 0;
    if (booked && strcmp(t->in->caller->channel, "sms") == 0) {
        t->confirmation = answer->message;
    }
    note_call(t->out, body);
    if (tool->effect && answer->message.len > 0 && t->n_told < MAX_CALLS) {
        t->told[t->n_told++] = answer->message;
    }
    if ((done & WK_DONE_PASSED_ON) != 0 && t->out->n_promised < 4) {
        t->out->promised[t->out->n_promised++] = answer->message;
    }
}

static size_t index_of(const wk_tool_t *tool)
{
    size_t i = 0;
    while (i < wk_tools_count() && wk_tool_at(i) != tool) {
        i++;
    }
    return i < WK_OPENAI_CALLS * 4 ? i : 0;
}

/* Whoever asks again after a crash has each effect of this message once (tool.h). */
static va_str_t once_of(const talk_t *t, const wk_tool_t *tool)
{
    va_str_t key = t->in->key;
    return wk_printf(t->a, "once:%.*s:%s:%zu", (int)key.len, key.data, tool->name,
                     t->stays[index_of(tool)]);
}

/* False when it could not be run now; what the model asked wrongly is told to the model. */
static bool run_call(talk_t *t, const wk_openai_call_t *call, wk_error_t *e)
{
    const va_json_t *args = NULL;
    wk_tool_answer_t answer;
    wk_tool_caller_t caller = *t->in->caller;
    const wk_tool_t *tool = wk_tool_find(call->name);
    va_json_limits_t limits = {64 << 10, 16, 2000};
    va_str_t text = call->arguments.len > 0 ? call->arguments : VA_STR("{}");
    if (tool == NULL || ++t->n_calls > MAX_CALLS) {
        add_result(t, call->id, VA_STR("{\"success\":false,\"message\":\"no such tool\"}"));
        return true;
    }
    if (va_json_parse(wk_mem(t->a), text, &limits, &args) != VA_OK) {
        add_result(t, call->id,
                   VA_STR("{\"success\":false,\"message\":\"the arguments are no JSON\"}"));
        return true;
    }
    caller.once = once_of(t, tool);
    if (!wk_tool_run(t->in->ctx, t->in->catalogue, tool, &caller, args, &answer, e)) {
        return false;
    }
    t->stays[index_of(tool)] += answer.stays;
    if (answer.status == 200) {
        note_done(t, tool, &answer);
    }
    add_result(t, call->id, answer.body);
    return true;
}

/* ---------------------------------------------------------------- the loop */

static va_str_t request_messages(talk_t *t)
{
    va_str_t inner = va_buf_str(&t->messages);
    va_buf_t text;
    va_buf_init(&text, wk_mem(t->a), inner.len + 3);
    va_buf_add_char(&text, '[');
    va_buf_add_str(&text, inner);
    va_buf_add_char(&text, ']');
    return va_buf_str(&text);
}

static bool ask(talk_t *t, wk_openai_answer_t *answer, wk_error_t *e)
{
    wk_ctx_t *ctx = t->in->ctx;
    va_str_t model = t->in->context->model;
    int64_t left = t->deadline_ms - wk_monotonic_ms();
    if (left < LEAST_MS) {
        return wk_error(e, WK_TIMEOUT, "the answer to a message took too long");
    }
    wk_openai_chat_t chat = {.model = model.len > 0 ? model.data : NULL,
                             .messages = request_messages(t),
                             .tools = t->tools,
                             .max_tokens = t->in->context->max_tokens,
                             .timeout_ms = left < ctx->config->openai_timeout_ms
                                               ? (int)left
                                               : ctx->config->openai_timeout_ms};
    bool answered = wk_openai_chat(ctx, &chat, answer, e);
    t->out->tokens_in += answer->in;
    t->out->tokens_out += answer->out;
    return answered;
}

/* What another tool did has to be told all the same. */
static bool says_nothing(talk_t *t)
{
    t->out->waits = t->out->waits && t->n_told == 0;
    return t->out->waits;
}

/* Asks until there is a text. */
static bool loop(talk_t *t, va_str_t *text, wk_error_t *e)
{
    wk_openai_answer_t answer;
    for (int round = 0; round < WK_DIALOG_ROUNDS; round++) {
        if (!ask(t, &answer, e)) {
            return false;
        }
        if (answer.n_calls == 0) {
            *text = wk_trim(answer.text);
            return text->len > 0 || wk_error(e, WK_REFUSED, "the model says nothing");
        }
        add_calls(t, &answer);
        for (size_t i = 0; i < answer.n_calls; i++) {
            if (!run_call(t, &answer.calls[i], e)) {
                return false;
            }
        }
        if (says_nothing(t)) {
            *text = VA_STR("");
            return true;
        }
    }
    return wk_error(e, WK_REFUSED, "the model calls tools and comes to no end");
}

/* The tools' own sentences, which are true. */
static va_str_t told(const talk_t *t)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(t->a), 256);
    for (size_t i = 0; i < t->n_told; i++) {
        va_buf_add_c(&text, i > 0 ? " " : "");
        va_buf_add_str(&text, t->told[i]);
    }
    return va_buf_str(&text);
}

/* A claim without its deed is not said: what was really done is, and what was not. */
static void correct(talk_t *t)
{
    const wk_language_t *l = t->in->caller->language;
    wk_conversed_t *out = t->out;
    const wk_stands_t stands = {.done = t->done, .appointments = t->in->context->appointments};
    out->broken = wk_promise_broken(t->a, t->in->catalogue, out->text, &stands);
    if (out->broken == NULL) {
        return;
    }
    va_str_t honest = wk_text(l, wk_printf(t->a, "said.not_%s", out->broken).data);
    va_str_t really = told(t);
    out->said = out->text;
    out->text = really.len > 0 ? wk_printf(t->a, "%.*s %.*s", (int)really.len, really.data,
                                           (int)honest.len, honest.data)
                               : honest;
    wk_count("voiceagent_promises_broken_total", "claim", va_str_c(out->broken), NULL,
             VA_STR_NULL, 1);
}

/* One text says both what the model answers and what was booked. */
static void add_confirmation(talk_t *t)
{
    va_str_t text = t->out->text, more = t->confirmation;
    if (more.len > 0 && memmem(text.data, text.len, more.data, more.len) == NULL) {
        t->out->text =
            wk_printf(t->a, "%.*s %.*s", (int)text.len, text.data, (int)more.len, more.data);
    }
}

bool wk_converse(const wk_converse_t *in, wk_conversed_t *out, wk_error_t *e)
{
    talk_t t = {.in = in, .a = in->ctx->arena, .out = out, .tools = tools_of(in)};
    t.deadline_ms = wk_monotonic_ms() + in->ctx->config->openai_turn_ms;
    size_t room = WK_CONTEXT_TOKENS;
    *out = (wk_conversed_t){.text = VA_STR_NULL};
    va_buf_init(&t.messages, wk_mem(t.a), 8192);
    va_buf_init(&t.citations, wk_mem(t.a), 512);
    cite_context(&t);
    va_buf_add_str(&t.messages,
                   wk_context_messages(t.a, in->catalogue, in->caller->language, in->context,
                                       in->caller->channel, in->text, room));
    bool answered = loop(&t, &out->text, e);
    out->used = used_of(&t);
    if (answered) {
        correct(&t);
        add_confirmation(&t);
        out->citations = citations_of(&t);
        return true;
    }
    wk_log(WK_WARN, "the model gives no answer", WK_S("error", va_str_c(e->text)),
           WK_I("tools", (int64_t)t.n_told));
    out->text = told(&t);
    return t.n_told > 0;
}
