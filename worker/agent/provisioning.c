#include "worker/agent/provisioning.h"

#include "worker/agent/agent_template.h"
#include "worker/agent/own_number.h"
#include "worker/agent/personalization.h"
#include "worker/agent/time_left.h"
#include "worker/agent/tools.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/providers/elevenlabs_setup.h"
#include "worker/store/signup.h"

#define STEP_MS 5000 /* of one request */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization, holder;
    int64_t until_ms;
    wk_provisioning_t *p;
    va_str_t name, plan, type, number_sid;
    va_str_t title;          /* of its agent */
    wk_caller_facts_t facts; /* as a call from nobody is told */
    const char *next;        /* state to be noted */
} run_t;

static bool is_state(const run_t *r, const char *state)
{
    return va_str_eq(r->p->state, va_str_c(state));
}

static bool time_left(const run_t *r, int *ms, wk_error_t *e)
{
    return wk_time_left(r->until_ms, STEP_MS, ms, e);
}

/* ---------------------------------------------------------------- notes */

static void read_progress(const wk_rows_t *rows, wk_provisioning_t *p)
{
    *p = (wk_provisioning_t){.state = wk_cell(rows, 0, "state"),
                             .number = wk_cell(rows, 0, "number"),
                             .agent = wk_cell(rows, 0, "agent"),
                             .number_id = wk_cell(rows, 0, "number_id"),
                             .error = wk_cell(rows, 0, "error")};
}

bool wk_provisioning_read(wk_tx_t *tx, wk_provisioning_t *p, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_signup_shop, NULL, &rows, e)) {
        return false;
    }
    read_progress(rows, p);
    return true;
}

static bool begin_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    run_t *r = arg;
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_signup_shop, NULL, &rows, e)) {
        return false;
    }
    read_progress(rows, r->p);
    r->name = wk_cell(rows, 0, "name");
    r->title = wk_agent_title(r->ctx, wk_cell(rows, 0, "number_name"));
    r->plan = wk_cell(rows, 0, "plan");
    r->type = wk_cell(rows, 0, "type");
    r->number_sid = wk_cell(rows, 0, "number_sid");
    return wk_caller_facts(tx, VA_STR_NULL, VA_STR_NULL, &r->facts, e);
}

static bool noted(const wk_rows_t *rows, wk_error_t *e)
{
    return wk_rows_count(rows) == 1 ||
           wk_error(e, WK_UNAVAILABLE,
                    "another has taken the place of whoever set the shop up");
}

static bool step_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    run_t *r = arg;
    wk_rows_t *rows;
    va_str_t params[] = {r->holder, va_str_c(r->next), r->p->agent, r->p->number_id};
    return wk_sql(tx, &wk_sql_signup_step, params, &rows, e) && noted(rows, e);
}

static bool complete_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    run_t *r = arg;
    wk_rows_t *rows;
    return wk_sql(tx, &wk_sql_signup_complete, &r->holder, &rows, e) && noted(rows, e);
}

static bool note(run_t *r, wk_tx_fn fn, const char *next, wk_error_t *e)
{
    r->next = next;
    if (!wk_tx(r->ctx->db, r->ctx->arena, r->organization, 0, fn, r, e)) {
        return false;
    }
    r->p->state = va_str_c(next);
    return true;
}

static bool leave_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const run_t *r = arg;
    va_str_t params[] = {r->holder, r->p->error};
    return wk_sql_last(tx, &wk_sql_signup_leave, params, NULL, e);
}

/* ---------------------------------------------------------------- tools */

/* The platform's own variables tell whose call it is: nothing that a model could say. */
static void put_headers(va_json_writer_t *w, va_str_t secret)
{
    static const char *const names[][2] = {{"X-VA-Agent", "system__agent_id"},
                                           {"X-VA-Call", "system__call_sid"},
                                           {"X-VA-Conversation", "system__conversation_id"},
                                           {"X-VA-Called", "system__called_number"},
                                           {"X-VA-Caller", "system__caller_id"}};
    va_json_key(w, "request_headers");
    va_json_object(w);
    va_json_key(w, "Authorization");
    va_json_object(w);
    va_json_add_str(w, "secret_id", secret);
    va_json_object_end(w);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        va_json_key(w, names[i][0]);
        va_json_object(w);
        va_json_add_c(w, "variable_name", names[i][1]);
        va_json_object_end(w);
    }
    va_json_object_end(w);
}

static va_str_t tool_url(const run_t *r, const wk_tool_t *tool)
{
    return wk_printf(r->ctx->arena, "%s/api/elevenlabs/tools/%s", r->ctx->config->public_url,
                     tool->name);
}

static va_str_t tool_body(const run_t *r, const wk_language_t *l, const wk_tool_t *tool,
                          va_str_t secret)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(r->ctx->arena), 2048);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_key(w, "tool_config");
    va_json_object(w);
    va_json_add_c(w, "type", "webhook");
    va_json_add_c(w, "name", tool->name);
    va_json_add_str(w, "description", wk_tool_description(r->ctx->arena, l, tool));
    va_json_add_int(w, "response_timeout_secs", 20);
    va_json_key(w, "api_schema");
    va_json_object(w);
    va_json_add_str(w, "url", tool_url(r, tool));
    va_json_add_c(w, "method", "POST");
    put_headers(w, secret);
    va_json_key(w, "request_body_schema");
    wk_args_schema(w, tool->args);
    va_json_object_end(w);
    va_json_object_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* All shops' agents have the same tools: the one that is there already, or a new one. */
static bool have_tool(run_t *r, const wk_language_t *l, const va_json_t *there, va_str_t name,
                      va_str_t secret, va_str_t *id, wk_error_t *e)
{
    int ms;
    const wk_tool_t *tool = wk_tool_find(name);
    if (tool == NULL) {
        return wk_error(e, WK_INTERNAL,
                        "the template of an agent names a tool, %.*s, that is none",
                        (int)name.len, name.data);
    }
    *id = wk_elevenlabs_tool_at(there, name, tool_url(r, tool));
    return id->data != NULL ||
           (time_left(r, &ms, e) &&
            wk_elevenlabs_tool_make(r->ctx, ms, tool_body(r, l, tool, secret), id, e));
}

static bool have_tools(run_t *r, const wk_catalogue_t *c, const wk_agent_template_t *t,
                       va_str_t secret, va_str_t *ids, wk_error_t *e)
{
    int ms;
    va_buf_t text;
    const va_json_t *there, *names = wk_agent_template_tools(t);
    const wk_language_t *english = wk_catalogue_pick(c, VA_STR_NULL, VA_STR_NULL);
    if (!time_left(r, &ms, e) || !wk_elevenlabs_tools(r->ctx, ms, &there, e)) {
        return false;
    }
    va_buf_init(&text, wk_mem(r->ctx->arena), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    bool ok = true;
    for (const va_json_t *n = names != NULL ? names->first : NULL; ok && n != NULL;
         n = n->next) {
        va_str_t id;
        ok = have_tool(r, english, there, va_json_string(n), secret, &id, e);
        if (ok) {
            va_json_put_str(w, id);
        }
    }
    va_json_array_end(w);
    bool written = va_json_writer_end(w) == VA_OK;
    *ids = va_buf_str(&text);
    return ok && (written || wk_error(e, WK_INTERNAL, "tools that cannot be written"));
}

/* ---------------------------------------------------------------- the agent */

static bool have_secret(run_t *r, va_str_t *id, wk_error_t *e)
{
    int ms;
    wk_ctx_t *ctx = r->ctx;
    va_str_t name = wk_printf(ctx->arena, "voiceagent tools, %s", ctx->config->public_url);
    va_str_t value = wk_printf(ctx->arena, "Bearer %s", ctx->config->tools_secret);
    return time_left(r, &ms, e) && wk_elevenlabs_secret(ctx, ms, name, value, id, e);
}

static bool make_agent(run_t *r, wk_error_t *e)
{
    int ms;
    wk_ctx_t *ctx = r->ctx;
    va_str_t body;
    wk_agent_template_t t;
    wk_personalization_t told;
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    wk_agent_wish_t wish = {.organization = r->organization,
                            .business = r->name,
                            .title = r->title,
                            .timezone = r->facts.timezone,
                            .owner_phone = r->facts.owner_phone};
    if (c == NULL || !wk_agent_template(ctx, c, r->type, &t, e) ||
        !wk_personalize(ctx->arena, c, &r->facts, &told, e) ||
        !have_secret(r, &wish.secret, e) ||
        !have_tools(r, c, &t, wish.secret, &wish.tools, e)) {
        return false;
    }
    wish.variables = told.variables;
    return wk_agent_body(ctx, &t, &wish, &body, e) && time_left(r, &ms, e) &&
           wk_elevenlabs_agent_make(ctx, ms, body, &r->p->agent, e);
}

static bool have_agent(run_t *r, wk_error_t *e)
{
    int ms;
    wk_arena_t *a = r->ctx->arena;
    if (r->p->agent.data == NULL &&
        (!time_left(r, &ms, e) ||
         !wk_elevenlabs_agent_tagged(r->ctx, ms, r->title, wk_agent_tag(a, r->organization),
                                     &r->p->agent, e))) {
        return false;
    }
    return r->p->agent.data != NULL || make_agent(r, e);
}

/* ---------------------------------------------------------------- its number */

static bool import(run_t *r, wk_error_t *e)
{
    int ms;
    va_str_t label = wk_printf(r->ctx->arena, "%.*s - %s", (int)r->name.len, r->name.data,
                               r->ctx->config->signup_product);
    if (!time_left(r, &ms, e) ||
        !wk_elevenlabs_number_of(r->ctx, ms, r->p->number, &r->p->number_id, e)) {
        return false;
    }
    return r->p->number_id.data != NULL ||
           (time_left(r, &ms, e) &&
            wk_elevenlabs_number_import(r->ctx, ms, r->p->number, label, &r->p->number_id, e));
}

/*
 * An import takes the number's calls away from us, perhaps also one whose answer was not heard.
 * They are to come to us: we hand them to the agent, and answer them where it does not.
 */
static bool have_number(run_t *r, wk_error_t *e)
{
    int ms;
    wk_error_t failure;
    bool imported = import(r, &failure);
    bool ours = wk_time_left(r->until_ms + STEP_MS / 2, STEP_MS, &ms, e) &&
                wk_twilio_number_reclaim(r->ctx, ms, r->number_sid, e);
    if (!ours) {
        wk_log(WK_ALERT, "a shop's calls may not come to us",
               WK_S("organization", r->organization), WK_C("error", e->text));
    }
    if (!imported) {
        *e = failure;
    }
    return imported && ours;
}

static bool link_number(run_t *r, wk_error_t *e)
{
    int ms;
    return time_left(r, &ms, e) &&
           wk_elevenlabs_number_assign(r->ctx, ms, r->p->number_id, r->p->agent, e);
}

/* ---------------------------------------------------------------- all of it */

/* NULL: nothing stands against it. */
static const char *objection(const run_t *r)
{
    const wk_config_t *config = r->ctx->config;
    if (is_state(r, "complete")) {
        return NULL;
    }
    if (r->p->number.data == NULL || r->number_sid.data == NULL) {
        return "The shop has no number yet.";
    }
    if (config->skip_elevenlabs || config->elevenlabs_api_key == NULL ||
        config->tools_secret == NULL || config->public_url == NULL) {
        return "Agents are not set up here.";
    }
    return va_str_eq(r->plan, VA_STR("PRO")) ? NULL : "The plan has no agent of its own.";
}

static bool go_on(run_t *r, wk_error_t *e)
{
    return (!is_state(r, "agent") || (have_agent(r, e) && note(r, step_tx, "import", e))) &&
           (!is_state(r, "import") || (have_number(r, e) && note(r, step_tx, "link", e))) &&
           (!is_state(r, "link") || (link_number(r, e) && note(r, complete_tx, "complete", e)));
}

static void fail(run_t *r, const char *step, const wk_error_t *failure)
{
    r->p->error = wk_printf(r->ctx->arena, "%s", failure->text);
    wk_count("voiceagent_provisioning_failures_total", "step", va_str_c(step), NULL,
             VA_STR_NULL, 1);
    wk_log(WK_ERROR, "the agent of a shop could not be set up",
           WK_S("organization", r->organization), WK_C("step", step),
           WK_C("error", failure->text));
}

bool wk_provisioning_run(wk_ctx_t *ctx, va_str_t organization, va_str_t holder,
                         int64_t until_ms, wk_provisioning_t *p, wk_error_t *e)
{
    wk_error_t failure;
    run_t r = {.ctx = ctx,
               .organization = organization,
               .holder = holder,
               .until_ms = until_ms,
               .p = p};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, begin_tx, &r, e)) {
        return false;
    }
    const char *why = objection(&r);
    p->error = why != NULL ? va_str_c(why) : VA_STR_NULL;
    if (why == NULL && !go_on(&r, &failure)) {
        fail(&r, wk_strdup(ctx->arena, p->state), &failure);
    }
    return wk_tx(ctx->db, ctx->arena, organization, 0, leave_tx, &r, e);
}
