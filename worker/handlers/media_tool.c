/*
 * media.tool: a tool that the engine of a live call asks for. The answer is for the engine,
 * beside it stands what the call does next.
 */
#include <string.h>

#include "worker/agent/promise.h"
#include "worker/agent/tools.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/media_call.h"
#include "worker/handlers/media_wish.h"
#include "worker/handlers/webhook.h"
#include "worker/json.h"
#include "worker/store/media.h"

#define MAX_OUTPUT 6000 /* bytes of an answer that a model is given */

typedef struct {
    va_str_t output;   /* for the engine */
    va_str_t language; /* the talk's from now on; absent: as it was */
    bool waits;        /* the agent says nothing now */
    const char *next;  /* what the call goes on with; NULL: the talk */
    va_str_t detail;   /* of next, JSON */
} outcome_t;

/* Where the call goes on, by what the tool did. */
static const char *next_of(const wk_tool_t *tool, const va_json_t *answer)
{
    if (va_str_eq(va_str_c(tool->name), VA_STR("end_call"))) {
        return "hangup";
    }
    return va_str_eq(va_json_get_string(answer, "status"), VA_STR("transferring")) ? "dial"
                                                                                   : NULL;
}

/* Of a call that ends the reason alone: its last words are the engine's to say. */
static va_str_t detail_of(wk_arena_t *a, const char *next, va_str_t arguments,
                          const va_json_t *answer)
{
    va_buf_t text;
    if (strcmp(next, "hangup") != 0) {
        return arguments;
    }
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "reason", va_json_get_string(answer, "reason"));
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("{}");
}

typedef struct {
    const wk_media_call_t *call;
    const wk_media_wish_t *wish;
    unsigned done;
    va_str_t cites; /* JSON list */
} did_t;

/* What search_knowledge found, as messages.citations has it. */
static va_str_t cited_by(wk_arena_t *a, const va_json_t *answer)
{
    va_buf_t text;
    const va_json_t *sources = va_json_get(answer, "sources");
    const va_json_t *s = va_json_is(sources, VA_JSON_ARRAY) ? sources->first : NULL;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (; s != NULL; s = s->next) {
        va_json_object(w);
        va_json_add_str(w, "document", va_json_get_string(s, "document"));
        va_json_add_str(w, "chunk", va_json_get_string(s, "chunk"));
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
}

static bool did_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const did_t *did = arg;
    va_str_t params[] = {did->call->caller.call,
                         wk_printf(wk_tx_arena(tx), "[\"%s\"]", did->wish->tool->name),
                         did->cites};
    return wk_sql(tx, &wk_sql_media_used, params, NULL, e) &&
           wk_media_wish_done(tx, did->call, did->wish, e) &&
           wk_media_did(tx, did->call, did->done, e);
}

/*
 * Before the engine hears of it: what it says then is judged by this (media.promise), and its
 * turn says what it was made of.
 */
static bool note_done(wk_ctx_t *ctx, const wk_media_call_t *call, const wk_media_wish_t *wish,
                      const va_json_t *answer, wk_error_t *e)
{
    did_t did = {call, wish, wk_promise_done_by(wish->tool->name, answer),
                 cited_by(ctx->arena, answer)};
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, did_tx, &did, e);
}

static void read_answer(wk_arena_t *a, const wk_media_call_t *call, const wk_tool_t *tool,
                        const va_json_t *body, outcome_t *out)
{
    out->language = va_json_get_string(body, "language");
    out->waits = wk_tool_answer_waits(body);
    out->next = next_of(tool, body);
    out->detail =
        out->next != NULL
            ? detail_of(a, out->next, va_json_get_string(call->body, "arguments"), body)
            : VA_STR_NULL;
}

static bool run_tool(wk_ctx_t *ctx, wk_media_call_t *call, const wk_tool_t *tool,
                     const va_json_t *args, outcome_t *out, wk_error_t *e)
{
    wk_tool_answer_t answer;
    wk_media_wish_t wish;
    if (!wk_media_wish(ctx, call, tool, &wish, e)) {
        return false;
    }
    call->caller.once = wish.once;
    if (!wk_tool_run(ctx, call->catalogue, tool, &call->caller, args, &answer, e)) {
        return false;
    }
    out->output = wk_cut_text(answer.body, MAX_OUTPUT);
    if (answer.status != 200) {
        return true;
    }
    const va_json_t *body = wk_json_parse(ctx->arena, answer.body);
    read_answer(ctx->arena, call, tool, body, out);
    return note_done(ctx, call, &wish, body, e);
}

/*
 * Who has just failed to reach anybody, and has not been told so yet, would have the same
 * person rung for as long as a model reads his old wish again.
 */
static bool rings_again(const wk_media_call_t *call, const wk_tool_t *tool)
{
    return call->returned && call->unanswered &&
           va_str_eq(va_str_c(tool->name), VA_STR("transfer_to_human"));
}

static bool run(wk_ctx_t *ctx, wk_media_call_t *call, outcome_t *out, wk_error_t *e)
{
    const va_json_t *args = NULL;
    va_json_limits_t limits = {64 << 10, 16, 2000};
    va_str_t name = va_json_get_string(call->body, "tool");
    va_str_t text = va_json_get_string(call->body, "arguments");
    const wk_tool_t *tool = wk_tool_find(name);
    if (call->held) {
        out->output = VA_STR("{\"success\":false,\"message\":\"a person has the call\"}");
        return true;
    }
    if (tool == NULL) {
        out->output = VA_STR("{\"success\":false,\"message\":\"no such tool\"}");
        return true;
    }
    if (rings_again(call, tool)) {
        out->output =
            VA_STR("{\"success\":false,\"message\":\"nobody took the call a moment ago, "
                   "and the team has a note to call back: say so first\"}");
        return true;
    }
    if (va_json_parse(wk_mem(ctx->arena), text.len > 0 ? text : VA_STR("{}"), &limits, &args) !=
        VA_OK) {
        out->output = VA_STR("{\"success\":false,\"message\":\"the arguments are no JSON\"}");
        return true;
    }
    return run_tool(ctx, call, tool, args, out, e);
}

wk_outcome_t wk_media_tool(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_media_call_t call;
    va_buf_t text;
    outcome_t out = {.next = NULL};
    if (!wk_media_call_read(ctx, &call, e)) {
        return wk_webhook_failed(e);
    }
    call.caller.language =
        wk_catalogue_pick(call.catalogue, va_json_get_string(call.body, "language"),
                          wk_language_code(call.caller.language));
    if (!run(ctx, &call, &out, e)) {
        return wk_webhook_failed(e);
    }
    va_buf_init(&text, wk_mem(ctx->arena), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "output", out.output);
    if (out.language.len > 0) {
        va_json_add_str(w, "language", out.language);
    }
    if (out.waits) {
        va_json_add_bool(w, "waits", true);
    }
    if (out.next != NULL) {
        va_json_add_c(w, "next", out.next);
        va_json_add_str(w, "detail", out.detail);
    }
    return wk_media_reply(w, &text, reply, e);
}
