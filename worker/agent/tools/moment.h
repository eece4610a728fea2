/* When an appointment is to be, as models write it. */
#ifndef WK_AGENT_TOOLS_MOMENT_H
#define WK_AGENT_TOOLS_MOMENT_H

#include "worker/agent/tool.h"
#include "worker/moment.h"

/* appointment_datetime, or appointment_date and appointment_time; without a zone the shop's. */
bool wk_tool_read_moment(const wk_tool_call_t *call, wk_moment_t *moment);

/* One of them is there. */
bool wk_tool_names_moment(const wk_tool_call_t *call);

/* What is missing, or cannot be meant, in one that was not read. */
bool wk_tool_refuse_moment(wk_tool_call_t *call);

#endif
