/*
 * A tool that a live call's engine asks for, as one wish. A model that was cut off, or lost,
 * before it knew of a tool's answer asks for it once more, and in other words, which the ledger
 * takes for another wish. It is the same one where
 *
 *   - its engine was given no answer of the tool,
 *   - it is asked for in another answer of the agent's: two in one are two,
 *   - the agent has said nothing since it was done, and
 *   - the caller has said nothing since that could be a wish, or change one.
 */
#ifndef WK_HANDLERS_MEDIA_WISH_H
#define WK_HANDLERS_MEDIA_WISH_H

#include "worker/handlers/media_call.h"

typedef struct {
    const wk_tool_t *tool;
    va_str_t once;   /* of the caller (tool.h): of the same wish it is the same */
    va_str_t answer; /* of the agent's that it is asked for in; absent: it need not be known */
    int64_t asked_ms;
    bool again; /* it was done before */
} wk_media_wish_t;

bool wk_media_wish(wk_ctx_t *ctx, const wk_media_call_t *call, const wk_tool_t *tool,
                   wk_media_wish_t *wish, wk_error_t *e);

/* The tool has done it. */
bool wk_media_wish_done(wk_tx_t *tx, const wk_media_call_t *call, const wk_media_wish_t *wish,
                        wk_error_t *e);

#endif
