/*
 * Conversations with the shop's agent at ElevenLabs that browsers begin: hosted_agent.url is
 * the address of one, for the shop's people and, with the key of its chat, for visitors;
 * hosted_agent.allowlist says on which hosts' pages they may begin. Both
 * are noted in the audit log: an address that could not be noted is not given out, a list that
 * could not is not set.
 */
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/chat_page.h"
#include "worker/handlers/chat_session.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/members.h"
#include "worker/handlers/origin.h"
#include "worker/handlers/plan.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/log.h"
#include "worker/providers/elevenlabs.h"
#include "worker/store/organizations.h"

#define URL_S     900 /* the platform's: a conversation begins within it or never */
#define MAX_HOSTS 20

typedef struct {
    wk_ctx_t *ctx;
    wk_caller_t caller;
    wk_chat_request_t visitor; /* who asks with the key of the chat */
    wk_chat_session_t door;    /* of such a request let_in alone */
    va_str_t agent;
    const va_json_t *hosts; /* of an allow-list */
    va_str_t list;          /* {"allowlist":[…]}: the same as it is noted */
    wk_plan_gap_t gap;
} hosted_t;

/* ---------------------------------------------------------------- whose agent */

static bool read_agent(wk_tx_t *tx, hosted_t *h, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_plan_require(tx, WK_FEATURE_VOICE_ENGINES, &h->gap, e) ||
        !wk_sql(tx, &wk_sql_shop_agent, NULL, &rows, e)) {
        return false;
    }
    h->agent = wk_copy(h->ctx->arena, wk_cell(rows, 0, "agent"));
    return h->agent.len > 0 ||
           wk_refuse(e, WK_R_CONFLICT, "The shop has no agent at ElevenLabs.");
}

static bool agent_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    hosted_t *h = arg;
    wk_arena_t *a = h->ctx->arena;
    h->caller = (wk_caller_t){.user_id = wk_copy(a, caller->user_id),
                              .organization = wk_copy(a, caller->organization),
                              .role = caller->role};
    return read_agent(tx, h, e);
}

static bool is_configured(const hosted_t *h, wk_error_t *e)
{
    return h->ctx->config->elevenlabs_api_key != NULL ||
           wk_refuse(e, WK_R_UNAVAILABLE, "ElevenLabs is not configured here.");
}

static bool find_agent(hosted_t *h, unsigned roles, wk_error_t *e)
{
    return wk_caller_tx(h->ctx, roles, agent_tx, h, e) && is_configured(h, e);
}

static bool visitor_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    hosted_t *h = arg;
    return wk_chat_let_in(tx, &h->visitor, &h->door, e) && read_agent(tx, h, e);
}

static bool find_agent_of_page(hosted_t *h, const va_json_t *body, wk_error_t *e)
{
    va_str_t organization;
    if (!wk_chat_read_shop(h->ctx, body, &h->visitor, e) ||
        !wk_chat_tx(h->ctx, &h->visitor, 0, visitor_tx, h, &organization, e)) {
        return false;
    }
    h->caller.organization = organization;
    return (organization.data != NULL || wk_chat_refuse_key(e)) && is_configured(h, e);
}

/*
 * A token tells more than a key: with one, nobody is a visitor. Who shows neither is told so:
 * his token may have run out.
 */
static bool find_agent_of_either(hosted_t *h, wk_error_t *e)
{
    const va_json_t *body = NULL;
    bool visitor = h->ctx->job->claims == NULL && h->ctx->job->body.len > 0;
    if (visitor && !wk_request_json(h->ctx, &body, e)) {
        return false;
    }
    return va_json_get(body, "businessId") != NULL || va_json_get(body, "key") != NULL
               ? find_agent_of_page(h, body, e)
               : find_agent(h, WK_FROM_STAFF, e);
}

/* What may pass may be asked again; a refused key is ours; the rest is the platform's no. */
static bool fail(wk_error_t *e)
{
    if (e->code == WK_FORBIDDEN) {
        wk_log(WK_ALERT, "ElevenLabs refuses our key", WK_C("error", e->text));
        return wk_refuse(e, WK_R_UNAVAILABLE, "ElevenLabs cannot be asked now.");
    }
    return wk_error_retryable(e)
               ? false
               : wk_refuse(e, WK_R_UNPROCESSABLE, "ElevenLabs does not take that.");
}

/* ---------------------------------------------------------------- what was done */

static bool note(wk_tx_t *tx, const hosted_t *h, const char *action, va_str_t data,
                 wk_error_t *e)
{
    bool visitor = h->visitor.business.data != NULL;
    wk_audit_t entry = {.actor = visitor ? "customer" : wk_audit_actor(h->caller.role),
                        .user_id = h->caller.user_id,
                        .action = action,
                        .entity = "hosted_agent",
                        .entity_id = h->agent,
                        .data = data};
    return wk_audit(h->ctx, tx, &entry, e);
}

static bool url_told_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    return note(tx, arg, "signed_url", VA_STR_NULL, e);
}

/* Once, however often the job is run. */
static bool note_list(wk_tx_t *tx, const hosted_t *h, const char *action, wk_error_t *e)
{
    bool first;
    va_str_t job = h->ctx->job->id;
    va_str_t key = wk_printf(h->ctx->arena, "%s:%.*s", action, (int)job.len, job.data);
    return wk_effect_once(tx, "allowlist", key, &first, e) &&
           (!first || note(tx, h, action, h->list, e));
}

static bool list_asked_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    return note_list(tx, arg, "allowlist_asked", e);
}

static bool list_set_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    return note_list(tx, arg, "allowlist_changed", e);
}

static bool in_tx(hosted_t *h, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(h->ctx->db, h->ctx->arena, h->caller.organization, 0, fn, h, e);
}

/* ---------------------------------------------------------------- hosted_agent.url */

static wk_outcome_t tell_url(hosted_t *h, va_str_t url, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(h->ctx, &doc);
    va_json_add_str(w, "signed_url", url);
    va_json_add_int(w, "expires_in", URL_S);
    wk_outcome_t outcome = wk_reply_end(h->ctx, &doc, 200, reply, e);
    wk_reply_header(h->ctx, reply, "cache-control", VA_STR("no-store"));
    return outcome;
}

wk_outcome_t wk_hosted_agent_url(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t url;
    hosted_t h = {.ctx = ctx};
    if (va_str_eq(ctx->job->http_method, VA_STR("OPTIONS"))) {
        return wk_chat_page_allow(ctx, reply, e);
    }
    bool done = find_agent_of_either(&h, e) &&
                (wk_elevenlabs_signed_url(ctx, h.agent, &url, e) || fail(e)) &&
                in_tx(&h, url_told_tx, e);
    wk_outcome_t outcome =
        done ? tell_url(&h, url, reply, e) : wk_plan_reply_error(ctx, &h.gap, reply, e);
    if (h.door.let_in) {
        wk_chat_page_may_read(ctx, reply, h.visitor.origin);
    }
    return outcome;
}

/* ---------------------------------------------------------------- hosted_agent.allowlist */

static bool are_hosts(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                      const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_ARRAY) && (double)value->count <= rule->max;
    (void)c;
    for (const va_json_t *host = ok ? value->first : NULL; ok && host != NULL;
         host = host->next) {
        ok = wk_is_authority(va_json_string(host)) && !wk_members_repeat(host);
    }
    return ok;
}

static const wk_member_rule_t rules[] = {
    {.name = "allowlist",
     .also = "domains",
     .check = are_hosts,
     .max = MAX_HOSTS,
     .must = "a list of at most 20 hosts, each once, as shop.example or localhost:3000"},
};

static bool read_hosts(hosted_t *h, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_request_json(h->ctx, &body, e) ||
        !wk_members_read(h->ctx->arena, NULL, rules, 1, body, &h->list, e)) {
        return false;
    }
    h->hosts = body->first;
    return true;
}

/* What is asked for is noted before it leaves the house, what was done behind it. */
static bool set_list(hosted_t *h, wk_error_t *e)
{
    return find_agent(h, WK_FROM_ADMIN, e) && in_tx(h, list_asked_tx, e) &&
           (wk_elevenlabs_allowlist(h->ctx, h->agent, h->hosts, e) || fail(e)) &&
           in_tx(h, list_set_tx, e);
}

wk_outcome_t wk_hosted_agent_allowlist(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    hosted_t h = {.ctx = ctx};
    if (!read_hosts(&h, e) || !set_list(&h, e)) {
        return wk_plan_reply_error(ctx, &h.gap, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "allowlist");
    va_json_put_value(w, h.hosts);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
