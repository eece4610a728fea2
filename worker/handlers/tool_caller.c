#include "worker/handlers/tool_caller.h"

#include "core/base64.h"
#include "core/hmac.h"

#include "worker/handlers/caller.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/store/calls.h"
#include "worker/store/organizations.h"

/* The headers, each absent unless it is what it should be. */
typedef struct {
    va_str_t agent, call_sid, conversation, called, caller;
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

/* A job that is taken again, since who took it died, asks for nothing new. */
static va_str_t job_key(const wk_ctx_t *ctx)
{
    return wk_printf(ctx->arena, "job:%.*s", (int)ctx->job->id.len, ctx->job->id.data);
}

/* ---------------------------------------------------------------- asked again */

#define WISH_LIFE_S "600" /* as long as an answer is kept */

static bool hash_of_call(wk_ctx_t *ctx, const wk_tool_t *tool, va_str_t who,
                         const va_json_t *args, char hex[64])
{
    uint8_t digest[32];
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    va_json_put_str(w, ctx->job->org);
    va_json_put_str(w, who);
    va_json_put_c(w, tool->name);
    va_json_put_value(w, args);
    va_json_array_end(w);
    if (va_json_writer_end(w) != VA_OK || va_sha256(va_buf_str(&text), digest) != VA_OK) {
        return false;
    }
    va_hex_encode(hex, digest, sizeof(digest));
    return true;
}

/* The id of the job that asked first for what is asked for under that key; absent: unknown. */
static va_str_t first_job(wk_ctx_t *ctx, va_str_t key, wk_error_t *e)
{
    va_str_t id = VA_STR_NULL;
    va_str_t set[] = {VA_STR("SET"), key,          ctx->job->id,
                      VA_STR("NX"),  VA_STR("EX"), VA_STR(WISH_LIFE_S)};
    va_str_t get[] = {VA_STR("GET"), key};
    redisReply *noted = wk_redis_command(ctx->redis, 0, set, 6, e);
    redisReply *first = noted != NULL ? wk_redis_command(ctx->redis, 0, get, 2, e) : NULL;
    if (first != NULL) {
        id = wk_copy(ctx->arena, wk_redis_str(first));
    }
    freeReplyObject(noted);
    freeReplyObject(first);
    return id;
}

/*
 * A client of MCP names no talk, and is told to make a call again that was not answered in
 * time: the same words within ten minutes are one wish. Elsewhere, and where Redis does not
 * say, each request is one by itself.
 */
static va_str_t wish_of(wk_ctx_t *ctx, const char *channel, const wk_tool_t *tool, va_str_t who,
                        const va_json_t *args)
{
    char hex[64];
    wk_error_t e = {.code = WK_OK};
    if (strcmp(channel, "mcp") != 0 || !tool->effect ||
        !hash_of_call(ctx, tool, who, args, hex)) {
        return VA_STR_NULL;
    }
    va_str_t key = wk_printf(ctx->arena, "va:wish:%.*s", (int)sizeof(hex), hex);
    va_str_t id = first_job(ctx, key, &e);
    if (id.len == 0) {
        wk_log(WK_WARN, "a repeated call may not be known as one", WK_C("error", e.text));
        return VA_STR_NULL;
    }
    return wk_printf(ctx->arena, "job:%.*s", (int)id.len, id.data);
}

/* ---------------------------------------------------------------- organization */

const char *const wk_tool_shop_names[] = {"organization", "organization_id", "client_id", NULL};

/* What an agent's request may name its shop by, in the order of an agent_t's keys. */
enum { BY_AGENT, BY_NUMBER, BY_ID, BY_SLUG, BY_SECRET };

/* An id may stand beside a slug; whether both are of one shop is for the directory to say. */
static bool read_names(const va_json_t *args, wk_key_t *keys, wk_error_t *e)
{
    for (const char *const *name = wk_tool_shop_names; *name != NULL; name++) {
        va_str_t said = wk_arg_text(args, *name);
        wk_key_t *key = &keys[wk_is_uuid(said) ? BY_ID : BY_SLUG];
        if (said.data != NULL && key->key.data != NULL && !va_str_ieq(said, key->key)) {
            return wk_refuse(e, WK_R_ORGANIZATION, "The request names two organizations.");
        }
        if (said.data != NULL) {
            *key = wk_webhook_key_named(said);
        }
    }
    return true;
}

/* A request of an agent, on its way to a transaction. */
typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const char *channel;
    const va_json_t *args;
    identity_t id;
    wk_key_t keys[WK_KEYS];
    va_str_t wish;
    wk_tool_caller_t *caller;
    wk_tx_fn fn;
    void *arg;
} agent_t;

static bool is_asked(const wk_key_t *key)
{
    return key->key.data != NULL;
}

/* The agent and the number that was called decide; without them a name, or the secret. */
static bool read_keys(agent_t *r, wk_error_t *e)
{
    static const int others[] = {BY_ID, BY_SLUG, BY_SECRET};
    wk_key_t *keys = r->keys;
    if (!read_names(r->args, keys, e)) {
        return false;
    }
    keys[BY_SECRET] = wk_webhook_key_of_secret(r->ctx->job);
    keys[BY_AGENT] = (wk_key_t){.kind = "agent", .key = r->id.agent};
    keys[BY_NUMBER] = (wk_key_t){.kind = "number", .key = r->id.called};
    bool decided = is_asked(&keys[BY_AGENT]) || is_asked(&keys[BY_NUMBER]);
    for (size_t i = 0; !decided && i < sizeof(others) / sizeof(*others); i++) {
        keys[BY_AGENT] = keys[others[i]];
        decided = is_asked(&keys[BY_AGENT]);
    }
    return true;
}

static bool agree(const wk_key_t *key, va_str_t organization)
{
    return !is_asked(key) || va_str_eq(key->organization, organization);
}

/* Whatever names a shop names the same one. organization: of the transaction; may be absent. */
static bool judge(const agent_t *r, va_str_t organization, wk_error_t *e)
{
    const wk_key_t *keys = r->keys;
    if (keys[BY_AGENT].organization.data != NULL && keys[BY_NUMBER].organization.data != NULL &&
        !agree(&keys[BY_NUMBER], keys[BY_AGENT].organization)) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The agent and the number are of two shops.");
    }
    if (r->id.agent.data != NULL && keys[BY_AGENT].organization.data == NULL) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The agent is of no organization.");
    }
    if (is_asked(&keys[BY_SECRET]) && keys[BY_SECRET].organization.data == NULL) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The secret is of no organization.");
    }
    if (organization.data == NULL) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The request names no organization.");
    }
    if (!agree(&keys[BY_ID], organization) || !agree(&keys[BY_SLUG], organization)) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The request names another organization.");
    }
    if (!agree(&keys[BY_SECRET], organization)) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The secret is another organization's.");
    }
    return true;
}

/* ---------------------------------------------------------------- the call */

/* Of a call of the shop's the platform names the shop as its caller. */
static bool is_of_call(va_str_t named, va_str_t customer, va_str_t shop)
{
    return named.data == NULL || va_str_eq(named, customer) || va_str_eq(named, shop);
}

/* The number of the call's customer, as far as it is surely his. */
static void believe_call(const agent_t *r, const wk_rows_t *rows)
{
    wk_tool_caller_t *caller = r->caller;
    const wk_language_t *spoken =
        wk_catalogue_find(r->catalogue, wk_cell(rows, 0, "call_language"));
    va_str_t number = wk_cell(rows, 0, "customer_number");
    caller->language = spoken != NULL ? spoken : caller->language;
    caller->call = wk_cell(rows, 0, "call");
    caller->shop_phone = wk_cell(rows, 0, "shop_number");
    if (number.data != NULL && is_of_call(r->id.caller, number, caller->shop_phone)) {
        caller->phone = number;
        caller->level = wk_cell_bool(rows, 0, "attested") ? WK_LEVEL_PHONE : WK_LEVEL_ANYBODY;
    }
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

/* What the request says by itself; its organization and its call are looked up. */
static void read_request(agent_t *r)
{
    const identity_t *id = &r->id;
    bool is_call = id->call_sid.data != NULL || id->conversation.data != NULL;
    *r->caller = (wk_tool_caller_t){
        .channel = is_call ? "voice" : r->channel,
        .once = job_key(r->ctx),
        .wish = r->wish,
        .scope = id->call_sid.data != NULL ? id->call_sid : id->conversation,
        .source = source_of(r->ctx, id),
        .level = is_named(id) ? WK_LEVEL_ANYBODY : WK_LEVEL_NAMELESS,
        .phone = id->caller, /* said by the platform, not attested: a place to write to */
    };
}

static bool look_and_run(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    agent_t *r = arg;
    wk_rows_t *rows;
    wk_tool_caller_t *caller = r->caller;
    va_str_t params[] = {r->id.call_sid, r->id.conversation};
    if (!wk_sql(tx, &wk_sql_call_caller, params, &rows, e) ||
        !judge(r, wk_tx_organization(tx), e)) {
        return false;
    }
    caller->organization = wk_tx_organization(tx);
    caller->shop_phone =
        r->keys[BY_NUMBER].organization.data != NULL ? r->id.called : VA_STR_NULL;
    caller->language =
        wk_catalogue_pick(r->catalogue, wk_cell(rows, 0, "language"), VA_STR_NULL);
    if (wk_cell(rows, 0, "call").data != NULL) {
        believe_call(r, rows);
    }
    return r->fn(tx, r->arg, e);
}

static bool open_agent(void *door, wk_tool_caller_t *caller, wk_tx_fn fn, void *arg,
                       wk_error_t *e)
{
    va_str_t organization;
    agent_t *r = door;
    r->caller = caller;
    r->fn = fn;
    r->arg = arg;
    read_request(r);
    if (!wk_tx_by_keys(r->ctx->db, r->ctx->arena, r->keys, 0, look_and_run, r, &organization,
                       e)) {
        return false;
    }
    return organization.data != NULL || judge(r, organization, e);
}

/* One agent, or one secret, speaks for all who call a shop. Numbers and ids have no blanks. */
static va_str_t who_asks(const agent_t *r)
{
    const identity_t *id = &r->id;
    va_str_t by = id->agent.data != NULL ? id->agent : r->ctx->job->auth_account;
    return wk_printf(r->ctx->arena, "%.*s %.*s %.*s", (int)by.len,
                     by.data != NULL ? by.data : "", (int)id->called.len,
                     id->called.data != NULL ? id->called.data : "", (int)id->caller.len,
                     id->caller.data != NULL ? id->caller.data : "");
}

static bool run_for_agent(wk_ctx_t *ctx, const wk_catalogue_t *c, const wk_tool_t *tool,
                          const char *channel, const va_json_t *args, wk_tool_answer_t *answer,
                          wk_error_t *e)
{
    agent_t r = {
        .ctx = ctx, .catalogue = c, .channel = channel, .args = args, .id = read_identity(ctx)};
    r.wish = wish_of(ctx, channel, tool, who_asks(&r), args);
    return read_keys(&r, e) && wk_tool_run_at(ctx, c, tool, open_agent, &r, args, answer, e);
}

/* ---------------------------------------------------------------- staff */

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    wk_tool_caller_t *caller;
} look_t;

static bool read_member(wk_tx_t *tx, const wk_caller_t *member, void *arg, wk_error_t *e)
{
    look_t *l = arg;
    wk_rows_t *rows;
    l->caller->organization = wk_copy(l->ctx->arena, member->organization);
    l->caller->user_id = wk_copy(l->ctx->arena, member->user_id);
    l->caller->level = WK_LEVEL_STAFF;
    l->caller->scope = l->caller->user_id;
    if (!wk_sql_last(tx, &wk_sql_shop_language, NULL, &rows, e)) {
        return false;
    }
    l->caller->language =
        wk_catalogue_pick(l->catalogue, wk_cell(rows, 0, "language"), VA_STR_NULL);
    return true;
}

bool wk_tool_caller_member(wk_ctx_t *ctx, const wk_catalogue_t *c, const char *channel,
                           unsigned roles, wk_tool_caller_t *caller, wk_error_t *e)
{
    look_t l = {ctx, c, caller};
    *caller = (wk_tool_caller_t){.channel = channel, .once = job_key(ctx)};
    return wk_caller_tx(ctx, roles, read_member, &l, e);
}

/* ---------------------------------------------------------------- either */

/*
 * Staff are looked up in a transaction of their own: that another shop was entered stays in
 * its audit log, whatever becomes of the tool.
 */
bool wk_tool_caller_run(wk_ctx_t *ctx, const wk_catalogue_t *c, const wk_tool_t *tool,
                        const char *channel, const va_json_t *args, wk_tool_answer_t *answer,
                        wk_error_t *e)
{
    wk_tool_caller_t caller;
    if (ctx->job->claims == NULL) {
        return run_for_agent(ctx, c, tool, channel, args, answer, e);
    }
    unsigned roles = tool->schedule ? WK_ANY_ROLE : WK_FROM_STAFF;
    if (!wk_tool_caller_member(ctx, c, channel, roles, &caller, e)) {
        return false;
    }
    caller.wish = wish_of(ctx, channel, tool, caller.user_id, args);
    return wk_tool_run(ctx, c, tool, &caller, args, answer, e);
}
