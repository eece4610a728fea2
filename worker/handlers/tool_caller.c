#include "worker/handlers/tool_caller.h"

#include "worker/handlers/caller.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/store/calls.h"
#include "worker/store/organizations.h"

/* The headers, each absent unless it is what it should be. */
typedef struct {
    va_str_t agent, call_sid, conversation, called, caller;
    va_str_t shop_phone; /* the number that was called, if a shop has it */
} identity_t;

static va_str_t id_header(const va_job_t *job, const char *name)
{
    va_str_t id = wk_request_header(job, name);
    return wk_webhook_is_id(id) ? id : VA_STR_NULL;
}

static identity_t read_identity(wk_ctx_t *ctx)
{
    const va_job_t *job = ctx->job;
    return (identity_t){
        .agent = id_header(job, "x-va-agent"),
        .call_sid = id_header(job, "x-va-call"),
        .conversation = id_header(job, "x-va-conversation"),
        .called = wk_webhook_number(ctx->arena, wk_request_header(job, "x-va-called")),
        .caller = wk_webhook_number(ctx->arena, wk_request_header(job, "x-va-caller")),
    };
}

/* ---------------------------------------------------------------- organization */

static va_str_t named_organization(const va_json_t *args)
{
    static const char *const members[] = {"organization", "organization_id", "client_id"};
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        va_str_t named = wk_arg_text(args, members[i]);
        if (named.data != NULL) {
            return named;
        }
    }
    return VA_STR_NULL;
}

/* Of the agent and of the number that was called, which never belong to two shops. */
static bool organization_of_headers(wk_ctx_t *ctx, identity_t *id, va_str_t *organization,
                                    wk_error_t *e)
{
    va_str_t of_agent, of_number;
    if (!wk_webhook_organization(ctx, "agent", id->agent, &of_agent, e) ||
        !wk_webhook_organization(ctx, "number", id->called, &of_number, e)) {
        return false;
    }
    if (of_agent.data != NULL && of_number.data != NULL && !va_str_eq(of_agent, of_number)) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The agent and the number are of two shops.");
    }
    *organization = of_agent.data != NULL ? of_agent : of_number;
    id->shop_phone = of_number.data != NULL ? id->called : VA_STR_NULL;
    return true;
}

static bool find_organization(wk_ctx_t *ctx, identity_t *id, const va_json_t *args,
                              va_str_t *organization, wk_error_t *e)
{
    va_str_t named = named_organization(args), other, own;
    if (!organization_of_headers(ctx, id, organization, e) ||
        !wk_webhook_organization_named(ctx, named, &other, e) ||
        !wk_webhook_secret_of(ctx, &own, e)) {
        return false;
    }
    if (organization->data == NULL && id->agent.data == NULL && id->called.data == NULL) {
        *organization = named.data != NULL ? other : own;
    }
    if (organization->data == NULL) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The request names no organization.");
    }
    if (named.data != NULL && !va_str_eq(other, *organization)) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The request names another organization.");
    }
    if (own.data != NULL && !va_str_eq(own, *organization)) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The secret is another organization's.");
    }
    return true;
}

/* ---------------------------------------------------------------- the call */

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const identity_t *id;
    wk_tool_caller_t *caller;
} look_t;

static bool shop_language(wk_tx_t *tx, const look_t *l, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_shop_language, NULL, &rows, e)) {
        return false;
    }
    l->caller->language =
        wk_catalogue_pick(l->catalogue, wk_cell(rows, 0, "language"), VA_STR_NULL);
    return true;
}

/* The carrier's own word for the number, as far as the shop believes it. */
static bool look_at_call(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    look_t *l = arg;
    wk_rows_t *rows;
    va_str_t params[] = {l->id->call_sid, l->id->conversation};
    if (!shop_language(tx, l, e) || !wk_sql(tx, &wk_sql_call_caller, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    va_str_t language = wk_cell(rows, 0, "language");
    const wk_language_t *spoken = wk_catalogue_find(l->catalogue, language);
    l->caller->language = spoken != NULL ? spoken : l->caller->language;
    l->caller->call = wk_cell(rows, 0, "id");
    l->caller->shop_phone = wk_cell(rows, 0, "shop_number");
    va_str_t number = wk_cell(rows, 0, "customer_number");
    bool same = l->id->caller.data == NULL || va_str_eq(l->id->caller, number);
    if (number.data != NULL && same) {
        l->caller->phone = number;
        l->caller->level =
            wk_cell_bool(rows, 0, "attested") ? WK_LEVEL_PHONE : WK_LEVEL_ANYBODY;
    }
    return true;
}

/* Any of the headers: without one the request says no more than which shop it means. */
static bool is_named(const identity_t *id)
{
    return id->agent.data != NULL || id->call_sid.data != NULL ||
           id->conversation.data != NULL || id->called.data != NULL || id->caller.data != NULL;
}

static va_str_t source_of(const wk_ctx_t *ctx, const identity_t *id)
{
    va_str_t agent = id->agent, peer = ctx->job->http_peer;
    return wk_printf(ctx->arena, "agent:%.*s:%.*s", (int)agent.len,
                     agent.len > 0 ? agent.data : "", (int)peer.len,
                     peer.len > 0 ? peer.data : "");
}

static bool read_agent(wk_ctx_t *ctx, const wk_catalogue_t *c, const va_json_t *args,
                       wk_tool_caller_t *caller, wk_error_t *e)
{
    identity_t id = read_identity(ctx);
    look_t l = {ctx, c, &id, caller};
    if (!find_organization(ctx, &id, args, &caller->organization, e)) {
        return false;
    }
    caller->channel =
        id.call_sid.data != NULL || id.conversation.data != NULL ? "voice" : caller->channel;
    caller->scope = id.call_sid.data != NULL ? id.call_sid : id.conversation;
    caller->source = source_of(ctx, &id);
    caller->level = is_named(&id) ? WK_LEVEL_ANYBODY : WK_LEVEL_NAMELESS;
    caller->shop_phone = id.shop_phone;
    caller->phone = id.caller; /* said by the platform, not attested: a place to write to */
    return wk_tx(ctx->db, ctx->arena, caller->organization, 0, look_at_call, &l, e);
}

/* ---------------------------------------------------------------- staff */

static bool read_member(wk_tx_t *tx, const wk_caller_t *member, void *arg, wk_error_t *e)
{
    look_t *l = arg;
    l->caller->organization = wk_copy(l->ctx->arena, member->organization);
    l->caller->user_id = wk_copy(l->ctx->arena, member->user_id);
    l->caller->level = WK_LEVEL_STAFF;
    l->caller->scope = l->caller->user_id;
    return shop_language(tx, l, e);
}

/* A job that is taken again, since who took it died, asks for nothing new. */
static va_str_t job_key(const wk_ctx_t *ctx)
{
    return wk_printf(ctx->arena, "job:%.*s", (int)ctx->job->id.len, ctx->job->id.data);
}

bool wk_tool_caller_member(wk_ctx_t *ctx, const wk_catalogue_t *c, const char *channel,
                           unsigned roles, wk_tool_caller_t *caller, wk_error_t *e)
{
    look_t l = {ctx, c, NULL, caller};
    *caller = (wk_tool_caller_t){.channel = channel, .once = job_key(ctx)};
    return wk_caller_tx(ctx, roles, read_member, &l, e);
}

bool wk_tool_caller_read(wk_ctx_t *ctx, const wk_catalogue_t *c, const char *channel,
                         const va_json_t *args, wk_tool_caller_t *caller, wk_error_t *e)
{
    *caller = (wk_tool_caller_t){.channel = channel, .once = job_key(ctx)};
    return ctx->job->claims != NULL
               ? wk_tool_caller_member(ctx, c, channel, WK_FROM_STAFF, caller, e)
               : read_agent(ctx, c, args, caller, e);
}
