/* What the jobs of a live voice call have in common: whose call it is, by its CallSid. */
#ifndef WK_HANDLERS_MEDIA_CALL_H
#define WK_HANDLERS_MEDIA_CALL_H

#include "worker/agent/tool.h"
#include "worker/handler.h"

typedef struct {
    const wk_catalogue_t *catalogue;
    const va_json_t *body; /* of the job */
    va_str_t sid;
    va_str_t customer; /* absent: none is known */
    wk_tool_caller_t caller;
    va_str_t opening; /* of a call that the shop made; absent: it did not */
    va_str_t reason;  /* of such a call */
    bool resumed;
    bool returned;          /* a person had it, and the agent has not spoken since */
    bool unanswered;        /* or was to have it, and did not take it */
    bool held;              /* a person has it */
    int64_t left_s;         /* of the longest call; negative: behind it */
    bool warned;            /* the caller was told that it ends soon */
    bool recorded;          /* and he was told so */
    va_str_t engines;       /* JSON */
    va_str_t plan, agent;   /* agent: elevenlabs_agent_id, or absent */
    va_str_t vad_threshold; /* a JSON number */
    int64_t prefix_padding_ms, silence_ms;
    va_str_t speech; /* who speaks in the pipeline; absent: the configured one */
    va_str_t voice, voices, business_type, emergency_words;
} wk_media_call_t;

/* Of the job's organization. WK_NOT_FOUND: it has no such call. */
bool wk_media_call_read(wk_ctx_t *ctx, wk_media_call_t *call, wk_error_t *e);

/* That was done now in the call (wk_done_t). */
bool wk_media_did(wk_tx_t *tx, const wk_media_call_t *call, unsigned done, wk_error_t *e);

/* A reply of 200 with the JSON of w, which ends here. */
wk_outcome_t wk_media_reply(va_json_writer_t *w, const va_buf_t *text, va_reply_t *reply,
                            wk_error_t *e);

#endif
