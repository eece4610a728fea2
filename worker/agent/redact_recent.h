/* A text of somebody's, masked beside what he said and was asked before (redact.h). */
#ifndef WK_AGENT_REDACT_RECENT_H
#define WK_AGENT_REDACT_RECENT_H

#include "worker/agent/redact.h"
#include "worker/db.h"

/*
 * recent: rows with content and asked, newest first, as wk_sql_chat_recent and its like give
 * them; NULL: nothing was said before. New texts live in a.
 */
va_str_t wk_redact_recent(const wk_redactor_t *r, wk_arena_t *a, va_str_t text,
                          const wk_rows_t *recent);

#endif
