/*
 * mcp.handle: the tools for clients of the Model Context Protocol, "Streamable HTTP" transport
 * without sessions (revision 2025-06-18): one JSON-RPC message a POST, answered by one JSON
 * document.
 */
#include "worker/agent/tools.h"

#include "worker/handlers/handlers.h"
#include "worker/handlers/jobs.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/tool_caller.h"
#include "worker/version.h"

/* JSON-RPC 2.0, section 5.1. */
enum { INVALID_REQUEST = -32600, NO_METHOD = -32601, INVALID_PARAMS = -32602 };

/* Newest first; a client that speaks another is offered the first. */
static const char *const revisions[] = {"2025-06-18", "2025-03-26", "2024-11-05"};

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const va_json_t *id, *params;
    va_str_t method;
    va_buf_t text;
    va_json_writer_t *out;
} rpc_t;

/* ---------------------------------------------------------------- answers */

static void begin(rpc_t *r)
{
    va_buf_init(&r->text, wk_mem(r->ctx->arena), 4096);
    r->out = va_json_writer_new(&r->text);
    va_json_object(r->out);
    va_json_add_c(r->out, "jsonrpc", "2.0");
    va_json_key(r->out, "id");
    va_json_put_value(r->out, r->id);
}

static wk_outcome_t end(rpc_t *r, int status, va_reply_t *reply, wk_error_t *e)
{
    va_json_object_end(r->out);
    if (va_json_writer_end(r->out) != VA_OK) {
        wk_error(e, WK_INTERNAL, "an answer cannot be written");
        return wk_reply_error(r->ctx, reply, e);
    }
    reply->status = status;
    reply->type = VA_STR("application/json");
    reply->body = va_buf_str(&r->text);
    return WK_DONE;
}

/* What is no request of the protocol is a bad one of HTTP too. */
static wk_outcome_t fail(rpc_t *r, int code, const char *message, va_reply_t *reply,
                         wk_error_t *e)
{
    begin(r);
    va_json_key(r->out, "error");
    va_json_object(r->out);
    va_json_add_int(r->out, "code", code);
    va_json_add_c(r->out, "message", message);
    va_json_object_end(r->out);
    return end(r, code == INVALID_REQUEST ? 400 : 200, reply, e);
}

/* ---------------------------------------------------------------- methods */

/* NULL: none of ours. */
static const char *revision_named(va_str_t wanted)
{
    for (size_t i = 0; i < sizeof(revisions) / sizeof(*revisions); i++) {
        if (va_str_eq(wanted, va_str_c(revisions[i]))) {
            return revisions[i];
        }
    }
    return NULL;
}

static wk_outcome_t initialize(rpc_t *r, va_reply_t *reply, wk_error_t *e)
{
    const char *revision = revision_named(va_json_get_string(r->params, "protocolVersion"));
    begin(r);
    va_json_key(r->out, "result");
    va_json_object(r->out);
    va_json_add_c(r->out, "protocolVersion", revision != NULL ? revision : revisions[0]);
    va_json_key(r->out, "capabilities");
    va_json_object(r->out);
    va_json_key(r->out, "tools");
    va_json_object(r->out);
    va_json_object_end(r->out);
    va_json_object_end(r->out);
    va_json_key(r->out, "serverInfo");
    va_json_object(r->out);
    va_json_add_c(r->out, "name", "voiceagent");
    va_json_add_c(r->out, "version", WK_VERSION);
    va_json_object_end(r->out);
    va_json_object_end(r->out);
    return end(r, 200, reply, e);
}

static wk_outcome_t ping(rpc_t *r, va_reply_t *reply, wk_error_t *e)
{
    begin(r);
    va_json_key(r->out, "result");
    va_json_object(r->out);
    va_json_object_end(r->out);
    return end(r, 200, reply, e);
}

static void put_tool(rpc_t *r, const wk_language_t *l, const wk_tool_t *tool)
{
    va_json_object(r->out);
    va_json_add_c(r->out, "name", tool->name);
    va_json_add_str(r->out, "description", wk_tool_description(r->ctx->arena, l, tool));
    va_json_key(r->out, "inputSchema");
    wk_args_schema(r->out, tool->args);
    va_json_key(r->out, "annotations");
    va_json_object(r->out);
    va_json_add_bool(r->out, "readOnlyHint", !tool->effect);
    va_json_add_bool(r->out, "idempotentHint",
                     true); /* a repeated call is answered, not repeated */
    va_json_object_end(r->out);
    va_json_object_end(r->out);
}

static wk_outcome_t list_tools(rpc_t *r, va_reply_t *reply, wk_error_t *e)
{
    const wk_language_t *l = wk_catalogue_pick(r->catalogue, VA_STR_NULL, VA_STR_NULL);
    if (va_json_get(r->params, "cursor") != NULL) {
        return fail(r, INVALID_PARAMS, "There is no further page.", reply, e);
    }
    begin(r);
    va_json_key(r->out, "result");
    va_json_object(r->out);
    va_json_key(r->out, "tools");
    va_json_array(r->out);
    for (size_t i = 0; i < wk_tools_count(); i++) {
        put_tool(r, l, wk_tool_at(i));
    }
    va_json_array_end(r->out);
    va_json_object_end(r->out);
    return end(r, 200, reply, e);
}

static wk_outcome_t tell(rpc_t *r, const wk_tool_answer_t *answer, va_reply_t *reply,
                         wk_error_t *e)
{
    begin(r);
    va_json_key(r->out, "result");
    va_json_object(r->out);
    va_json_key(r->out, "content");
    va_json_array(r->out);
    va_json_object(r->out);
    va_json_add_c(r->out, "type", "text");
    va_json_add_str(r->out, "text", answer->body);
    va_json_object_end(r->out);
    va_json_array_end(r->out);
    va_json_key(r->out, "structuredContent");
    va_json_put_raw(r->out, answer->body);
    va_json_add_bool(r->out, "isError", answer->status >= 400);
    va_json_object_end(r->out);
    return end(r, 200, reply, e);
}

static wk_outcome_t call_tool(rpc_t *r, va_reply_t *reply, wk_error_t *e)
{
    static const va_json_t none = {.type = VA_JSON_OBJECT};
    wk_tool_answer_t answer;
    const va_json_t *args = va_json_get(r->params, "arguments");
    const wk_tool_t *tool = wk_tool_find(va_json_get_string(r->params, "name"));
    if (tool == NULL) {
        return fail(r, INVALID_PARAMS, "There is no such tool.", reply, e);
    }
    if (args != NULL && !va_json_is(args, VA_JSON_OBJECT)) {
        return fail(r, INVALID_PARAMS, "arguments must be an object.", reply, e);
    }
    args = args != NULL ? args : &none;
    if (!wk_tool_caller_run(r->ctx, r->catalogue, tool, "mcp", args, &answer, e)) {
        return wk_reply_error(r->ctx, reply, e);
    }
    if (tool->effect) {
        wk_job_keep_owner(r->ctx); /* who was told that it takes longer may ask for it */
    }
    return tell(r, &answer, reply, e);
}

/* ---------------------------------------------------------------- the message */

static const struct {
    const char *method;
    wk_outcome_t (*answer)(rpc_t *r, va_reply_t *reply, wk_error_t *e);
} methods[] = {
    {"initialize", initialize},
    {"ping", ping},
    {"tools/list", list_tools},
    {"tools/call", call_tool},
};

/* Notifications and answers want none: 202 without a body. */
static wk_outcome_t accept(va_reply_t *reply)
{
    reply->status = 202;
    reply->type = VA_STR("application/json");
    reply->body = VA_STR("");
    return WK_DONE;
}

static wk_outcome_t answer(rpc_t *r, va_reply_t *reply, wk_error_t *e)
{
    if (r->params != NULL && !va_json_is(r->params, VA_JSON_OBJECT)) {
        return fail(r, INVALID_PARAMS, "params must be an object.", reply, e);
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (va_str_eq(r->method, va_str_c(methods[i].method))) {
            return methods[i].answer(r, reply, e);
        }
    }
    return fail(r, NO_METHOD, "There is no such method.", reply, e);
}

/* An answer to what we never asked, or a notification. */
static bool wants_nothing(const va_json_t *message)
{
    return va_json_get(message, "method") != NULL ? va_json_get(message, "id") == NULL
                                                  : va_json_get(message, "result") != NULL ||
                                                        va_json_get(message, "error") != NULL;
}

static bool is_rpc(const va_json_t *message)
{
    const va_json_t *id = va_json_get(message, "id"), *method = va_json_get(message, "method");
    bool named = va_json_is(id, VA_JSON_STRING) || va_json_is(id, VA_JSON_NUMBER);
    return va_str_eq(va_json_get_string(message, "jsonrpc"), VA_STR("2.0")) &&
           (method == NULL ? wants_nothing(message)
                           : va_json_is(method, VA_JSON_STRING) && (id == NULL || named));
}

wk_outcome_t wk_mcp_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *message;
    va_str_t revision = wk_request_header(ctx->job, "mcp-protocol-version");
    rpc_t r = {.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e)};
    if (r.catalogue == NULL || !wk_request_json(ctx, &message, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    if (revision.len > 0 && revision_named(revision) == NULL) {
        wk_refuse(e, WK_R_BAD_REQUEST, "MCP-Protocol-Version is none that is spoken here.");
        return wk_reply_error(ctx, reply, e);
    }
    if (!is_rpc(message)) {
        return fail(&r, INVALID_REQUEST, "The message is not JSON-RPC 2.0.", reply, e);
    }
    if (wants_nothing(message)) {
        return accept(reply);
    }
    r.id = va_json_get(message, "id");
    r.method = va_json_get_string(message, "method");
    r.params = va_json_get(message, "params");
    return answer(&r, reply, e);
}
