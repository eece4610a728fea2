/*
 * tools.call: a tool by its own path or by a member of the body, as ElevenLabs' webhook tools
 * send it, and the REST routes that are a tool each.
 */
#include "worker/agent/tools.h"

#include "worker/handlers/handlers.h"
#include "worker/handlers/jobs.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/tool_caller.h"

/* The routes of the requirement documents: the first two segments behind /api. */
static const struct {
    const char *group, *name, *tool;
    const char *rest; /* the argument that the next segment is, or NULL */
} routes[] = {
    {"calendar", "availability", "check_availability", NULL},
    {"calendar", "book", "book_appointment", NULL},
    {"shopify", "inventory", "check_inventory", "product_id"},
    {"shopify", "orders", "lookup_order", NULL},
    {"recommendations", "products", "get_product_recommendations", NULL},
};

typedef struct {
    const wk_tool_t *tool;
    const va_json_t *args;
    bool for_model; /* whoever reads the answer gets nothing but a 200's body */
} request_t;

/* ---------------------------------------------------------------- which tool */

static va_str_t tool_of_body(const va_json_t *body)
{
    va_str_t name = va_json_get_string(body, "tool_name");
    return name.len > 0 ? name : va_json_get_string(body, "tool");
}

/* The arguments themselves, or within the envelope some clients write. */
static const va_json_t *args_of_body(const va_json_t *body)
{
    static const char *const envelopes[] = {"parameters", "arguments"};
    for (size_t i = 0; i < sizeof(envelopes) / sizeof(*envelopes); i++) {
        const va_json_t *inner = va_json_get(body, envelopes[i]);
        if (va_json_is(inner, VA_JSON_OBJECT)) {
            return inner;
        }
    }
    return body;
}

static const va_json_t *with_member(wk_arena_t *a, const va_json_t *args, const char *name,
                                    va_str_t value)
{
    va_json_t *object = wk_alloc(a, sizeof(*object));
    va_json_t *member = wk_alloc(a, sizeof(*member));
    *object = (va_json_t){
        .type = VA_JSON_OBJECT, .first = member, .count = (args != NULL ? args->count : 0) + 1};
    *member = (va_json_t){.type = VA_JSON_STRING,
                          .name = va_str_c(name),
                          .text = value,
                          .next = args != NULL ? args->first : NULL};
    return object;
}

/* What names the shop beside the arguments counts as if it were one of them. */
static bool add_name(wk_ctx_t *ctx, request_t *r, const char *member, va_str_t named,
                     wk_error_t *e)
{
    va_str_t within = wk_arg_text(r->args, member);
    if (named.len > 0 && within.data == NULL) {
        r->args = with_member(ctx->arena, r->args, member, named);
    }
    return named.len == 0 || within.data == NULL || va_str_ieq(within, named) ||
           wk_refuse(e, WK_R_ORGANIZATION, "The request names two organizations.");
}

/* Beside the arguments: the body around them, or the query. */
static bool add_names(wk_ctx_t *ctx, request_t *r, const va_json_t *body,
                      const va_form_t *query, wk_error_t *e)
{
    const char *const *name = wk_tool_shop_names;
    while (*name != NULL &&
           add_name(ctx, r, *name,
                    query != NULL ? va_form_get(query, *name) : wk_arg_text(body, *name), e)) {
        name++;
    }
    return *name == NULL;
}

/* The platform sends none for a tool that it knows no parameters of. */
static bool read_body(wk_ctx_t *ctx, const va_json_t **body, wk_error_t *e)
{
    static const va_json_t nothing = {.type = VA_JSON_OBJECT};
    *body = &nothing;
    return ctx->job->body.len == 0 || wk_request_json(ctx, body, e);
}

static bool read_agent_call(wk_ctx_t *ctx, request_t *r, wk_error_t *e)
{
    const va_json_t *body;
    va_str_t name = wk_request_segment(ctx->job, 3);
    if (!read_body(ctx, &body, e)) {
        return false;
    }
    name = name.len > 0 ? name : tool_of_body(body);
    r->for_model = true;
    r->args = args_of_body(body);
    r->tool = wk_tool_find(name);
    return (r->tool != NULL || wk_refuse(e, WK_R_NOT_FOUND, "There is no such tool.")) &&
           add_names(ctx, r, body, NULL, e);
}

/* ---------------------------------------------------------------- which route */

static bool read_args(wk_ctx_t *ctx, request_t *r, wk_error_t *e)
{
    va_form_t form;
    if (!va_str_eq(ctx->job->http_method, VA_STR("GET"))) {
        return wk_request_json(ctx, &r->args, e);
    }
    if (!wk_request_args(ctx, &form, e)) {
        return false;
    }
    r->args = wk_args_of_form(ctx->arena, r->tool->args, &form);
    return add_names(ctx, r, NULL, &form, e);
}

/* To the path's end, without a slash there: Shopify's ids, "gid://shopify/Product/1", have
 * slashes, and of two nginx makes one. */
static va_str_t rest_of_path(const wk_ctx_t *ctx)
{
    va_str_t uri = ctx->job->http_uri, rest = wk_request_segment(ctx->job, 3);
    if (rest.len == 0) {
        return VA_STR_NULL;
    }
    rest.len = (size_t)(uri.data + uri.len - rest.data);
    while (rest.data[rest.len - 1] == '/') {
        rest.len--;
    }
    size_t scheme = va_str_eq(wk_request_segment(ctx->job, 3), VA_STR("gid:")) ? 5 : 0;
    bool merged = scheme > 0 && rest.len > scheme && rest.data[scheme] != '/';
    return merged ? wk_printf(ctx->arena, "gid://%.*s", (int)(rest.len - scheme),
                              rest.data + scheme)
                  : rest;
}

static bool read_route(wk_ctx_t *ctx, request_t *r, wk_error_t *e)
{
    va_str_t group = wk_request_segment(ctx->job, 1), name = wk_request_segment(ctx->job, 2);
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
        if (va_str_eq(group, va_str_c(routes[i].group)) &&
            va_str_eq(name, va_str_c(routes[i].name))) {
            va_str_t rest = rest_of_path(ctx);
            r->tool = wk_tool_find(va_str_c(routes[i].tool));
            if (r->tool == NULL || !read_args(ctx, r, e)) {
                break;
            }
            if (routes[i].rest != NULL && rest.len > 0) {
                r->args = with_member(ctx->arena, r->args, routes[i].rest, rest);
            }
            return true;
        }
    }
    return r->tool != NULL ? false : wk_refuse(e, WK_R_NOT_FOUND, "There is no such tool.");
}

/* ---------------------------------------------------------------- the call */

/*
 * ElevenLabs feeds the body of a 2xx to the model and nothing else: a refusal it should act on
 * is told by the body alone.
 */
static wk_outcome_t answer_with(wk_ctx_t *ctx, const request_t *r,
                                const wk_tool_answer_t *answer, va_reply_t *reply)
{
    reply->status = r->for_model ? 200 : answer->status;
    reply->type = VA_STR("application/json");
    reply->body = answer->body;
    if (r->tool->effect) {
        wk_job_keep_owner(ctx); /* who was told that it takes longer may ask for it */
    }
    return WK_DONE;
}

wk_outcome_t wk_tools_call(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    request_t r = {.tool = NULL};
    wk_tool_answer_t answer;
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    bool for_agent = va_str_eq(wk_request_segment(ctx->job, 1), VA_STR("elevenlabs"));
    if (c == NULL || !wk_request_path(ctx->job, e) ||
        !(for_agent ? read_agent_call : read_route)(ctx, &r, e) ||
        !wk_tool_caller_run(ctx, c, r.tool, "api", r.args, &answer, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    return answer_with(ctx, &r, &answer, reply);
}
