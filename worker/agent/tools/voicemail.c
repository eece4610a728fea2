/* voicemail_detection: the agent hears that a machine has taken a call it made. */
#include <string.h>

#include "worker/agent/tools/tools.h"
#include "worker/agent/voicemail.h"
#include "worker/store/calls.h"

static const wk_arg_t args[] = {
    {.name = "reason",
     .description = "how it was heard that a machine answers, in a few words",
     .required = true,
     .max = 200},
    {.name = "voicemail_message",
     .description = "words to leave instead of the shop's own message, in the customer's "
                    "language; nothing that others should not hear",
     .max = 500},
    {NULL},
};

static bool refuse_no_call(wk_tool_call_t *call)
{
    return wk_tool_refuse(call, 422, "no_call",
                          VA_STR("There is no live call here that a machine could take. "
                                 "Answer the customer in words."));
}

static bool answer(wk_tool_call_t *call, wk_voicemail_verdict_t verdict)
{
    switch (verdict) {
    case WK_VOICEMAIL_TAKEN:
        va_json_add_c(call->out, "status", "voicemail");
        va_json_add_str(call->out, "reason", wk_arg_text(call->args, "reason"));
        call->message = VA_STR("The message is left if the shop wants one, and the call ends "
                               "by itself. Say nothing more.");
        return true;
    case WK_VOICEMAIL_INBOUND:
        return wk_tool_refuse(call, 422, "inbound_call",
                              VA_STR("The customer called, so no machine has answered. Go on "
                                     "with the talk, or end the call with end_call."));
    default:
        return refuse_no_call(call);
    }
}

static bool voicemail_detection(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_voicemail_verdict_t verdict;
    wk_voicemail_t v = {.answered_by = VA_STR("agent")};
    if (strcmp(call->caller->channel, "voice") != 0 || call->caller->call.data == NULL) {
        return refuse_no_call(call);
    }
    if (!wk_sql(tx, &wk_sql_call_sid, &call->caller->call, &rows, e)) {
        return false;
    }
    v.sid = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "twilio_call_sid") : VA_STR_NULL;
    v.message = wk_arg_text(call->args, "voicemail_message");
    if (v.sid.data == NULL) {
        return refuse_no_call(call);
    }
    return wk_voicemail_note(tx, &v, &verdict, e) && answer(call, verdict);
}

/* What it notes it notes once: it needs no row of the ledger. */
const wk_tool_t wk_tool_voicemail_detection = {
    .name = "voicemail_detection",
    .args = args,
    .run = voicemail_detection,
};
