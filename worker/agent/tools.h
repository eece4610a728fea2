/* The registry of tools, and the one way any of them is called. */
#ifndef WK_AGENT_TOOLS_H
#define WK_AGENT_TOOLS_H

#include "worker/agent/tool.h"

size_t wk_tools_count(void);
const wk_tool_t *wk_tool_at(size_t i);

/* By either of its names; NULL: there is none. */
const wk_tool_t *wk_tool_find(va_str_t name);

/* What it does, for models, in the language. */
va_str_t wk_tool_description(wk_arena_t *a, const wk_language_t *l, const wk_tool_t *tool);

typedef struct {
    int status;    /* HTTP */
    va_str_t body; /* {"success": …, "message": …, further members, "error": {code, message}} */
    va_str_t message;
    bool repeated; /* it is the answer of an earlier call */
    bool stays;    /* something was written, if only that it was tried */
} wk_tool_answer_t;

/* body: of an answer, parsed. The agent is to say nothing because of it, and to wait. */
bool wk_tool_answer_waits(const va_json_t *body);

/*
 * Checks the arguments and the caller's level, and runs it. True: answered, if only by a
 * refusal. False: it may be tried again.
 */
bool wk_tool_run(wk_ctx_t *ctx, const wk_catalogue_t *c, const wk_tool_t *tool,
                 const wk_tool_caller_t *caller, const va_json_t *args,
                 wk_tool_answer_t *answer, wk_error_t *e);

/*
 * Begins a transaction of the caller's organization, finds out in it who he is, and runs fn in
 * it. False: it is not to be, or fn said so.
 */
typedef bool (*wk_tool_open_fn)(void *door, wk_tool_caller_t *caller, wk_tx_fn fn, void *arg,
                                wk_error_t *e);

/*
 * As wk_tool_run(), for a caller who is looked up in the tool's own transaction, unless
 * something outside has to be asked in between. door is open's. False also when open refuses.
 */
bool wk_tool_run_at(wk_ctx_t *ctx, const wk_catalogue_t *c, const wk_tool_t *tool,
                    wk_tool_open_fn open, void *door, const va_json_t *args,
                    wk_tool_answer_t *answer, wk_error_t *e);

#endif
