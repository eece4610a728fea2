/*
 * Who calls a tool over HTTP: staff by their token, or an agent by the shared secret and the
 * headers that provisioning has set with the platform's own variables (X-VA-Agent, X-VA-Call,
 * X-VA-Conversation, X-VA-Called, X-VA-Caller). What a model may have written never counts.
 */
#ifndef WK_HANDLERS_TOOL_CALLER_H
#define WK_HANDLERS_TOOL_CALLER_H

#include "worker/agent/tools.h"
#include "worker/handlers/caller.h"

/* The members by which a request may name its shop; NULL at the end. */
extern const char *const wk_tool_shop_names[];

/*
 * Runs the tool for whoever calls. channel: of requests that name no call. args: a member
 * organization, organization_id or client_id names the shop where no header does (then nothing
 * of any customer is told), and must not name another one where one does. Refuses as
 * handlers/reply.h says.
 */
bool wk_tool_caller_run(wk_ctx_t *ctx, const wk_catalogue_t *c, const wk_tool_t *tool,
                        const char *channel, const va_json_t *args, wk_tool_answer_t *answer,
                        wk_error_t *e);

/* The member of the shop behind the token, who must have one of the roles. */
bool wk_tool_caller_member(wk_ctx_t *ctx, const wk_catalogue_t *c, const char *channel,
                           unsigned roles, wk_tool_caller_t *caller, wk_error_t *e);

#endif
