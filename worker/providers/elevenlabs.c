#include "worker/providers/elevenlabs.h"

#include "core/form.h"
#include "worker/providers/elevenlabs_request.h"

#define TIMEOUT_MS 30000
#define RING_MS    3000  /* while a caller hears it ring */
#define PERSON_MS  10000 /* while somebody looks at a page */

static bool ask(wk_ctx_t *ctx, const char *method, const char *url, va_str_t body,
                wk_http_response_t *res, wk_error_t *e)
{
    return wk_elevenlabs_ask(ctx, TIMEOUT_MS, method, url, body, res, e);
}

static bool get(wk_ctx_t *ctx, const char *url, const va_json_t **answer, wk_error_t *e)
{
    return wk_elevenlabs_get(ctx, TIMEOUT_MS, url, answer, e);
}

bool wk_elevenlabs_conversation(wk_ctx_t *ctx, va_str_t id, const va_json_t **conversation,
                                wk_error_t *e)
{
    va_buf_t url;
    wk_elevenlabs_url(ctx, &url, "conversations/");
    va_url_encode(&url, id);
    return get(ctx, wk_elevenlabs_url_end(&url), conversation, e);
}

bool wk_elevenlabs_conversation_delete(wk_ctx_t *ctx, va_str_t id, wk_error_t *e)
{
    va_buf_t url;
    wk_http_response_t res;
    wk_elevenlabs_url(ctx, &url, "conversations/");
    va_url_encode(&url, id);
    if (!ask(ctx, "DELETE", wk_elevenlabs_url_end(&url), VA_STR_NULL, &res, e)) {
        e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
        return false;
    }
    return (res.status >= 200 && res.status < 300) || wk_elevenlabs_refused(ctx, &res, e);
}

/* ---------------------------------------------------------------- calls */

/* It can arrive with status 200 that nothing was dialled. */
static bool read_dialled(wk_ctx_t *ctx, const wk_http_response_t *res,
                         wk_elevenlabs_call_t *call, wk_error_t *e)
{
    const va_json_t *root = NULL;
    if (va_json_parse(wk_mem(ctx->arena), res->body, &wk_elevenlabs_limits, &root) != VA_OK) {
        return wk_error(e, WK_UNKNOWN, "ElevenLabs: an answer that cannot be read");
    }
    if (va_json_is(va_json_get(root, "success"), VA_JSON_FALSE)) {
        return wk_error(e, WK_REFUSED, "ElevenLabs: the call was not made");
    }
    *call = (wk_elevenlabs_call_t){.conversation = va_json_get_string(root, "conversation_id"),
                                   .call_sid = va_json_get_string(root, "callSid")};
    return call->conversation.len > 0 || call->call_sid.len > 0 ||
           wk_error(e, WK_UNKNOWN, "ElevenLabs: a call without an id");
}

bool wk_elevenlabs_dial(wk_ctx_t *ctx, va_str_t body, wk_elevenlabs_call_t *call, wk_error_t *e)
{
    va_buf_t url;
    wk_http_response_t res;
    wk_elevenlabs_url(ctx, &url, "twilio/outbound-call");
    if (!ask(ctx, "POST", wk_elevenlabs_url_end(&url), body, &res, e)) {
        return false;
    }
    if (res.status == 200) {
        return read_dialled(ctx, &res, call, e);
    }
    (void)wk_elevenlabs_refused(ctx, &res, e);
    if (res.status == 408 || res.status >= 500) {
        e->code = WK_UNKNOWN; /* it may ring all the same */
    }
    return false;
}

static void put_client_data(wk_ctx_t *ctx, va_json_writer_t *w,
                            const wk_elevenlabs_ring_t *ring)
{
    const va_json_t *data = NULL;
    (void)va_json_parse(wk_mem(ctx->arena), ring->data, &wk_elevenlabs_limits, &data);
    va_json_object(w);
    const va_json_t *member = va_json_is(data, VA_JSON_OBJECT) ? data->first : NULL;
    for (; member != NULL; member = member->next) {
        va_json_key_n(w, member->name);
        va_json_put_value(w, member);
    }
    va_json_add_str(w, "user_id", ring->user);
    va_json_object_end(w);
}

static va_str_t ring_body(wk_ctx_t *ctx, const wk_elevenlabs_ring_t *ring)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "agent_id", ring->agent);
    va_json_add_str(w, "from_number", ring->from.data != NULL ? ring->from : VA_STR(""));
    va_json_add_str(w, "to_number", ring->to);
    va_json_add_c(w, "direction", "inbound");
    va_json_key(w, "conversation_initiation_client_data");
    put_client_data(ctx, w, ring);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

bool wk_elevenlabs_register(wk_ctx_t *ctx, const wk_elevenlabs_ring_t *ring, va_str_t *twiml,
                            wk_error_t *e)
{
    va_buf_t url;
    wk_http_response_t res;
    wk_elevenlabs_url(ctx, &url, "twilio/register-call");
    if (!wk_elevenlabs_ask(ctx, RING_MS, "POST", wk_elevenlabs_url_end(&url),
                           ring_body(ctx, ring), &res, e)) {
        return false;
    }
    *twiml = res.body;
    return res.status == 200 || wk_elevenlabs_refused(ctx, &res, e);
}

bool wk_elevenlabs_signed_url(wk_ctx_t *ctx, va_str_t agent, va_str_t *signed_url,
                              wk_error_t *e)
{
    va_buf_t url;
    const va_json_t *answer;
    wk_elevenlabs_url(ctx, &url, "conversation/get-signed-url?agent_id=");
    va_url_encode(&url, agent);
    if (!wk_elevenlabs_get(ctx, RING_MS, wk_elevenlabs_url_end(&url), &answer, e)) {
        return false;
    }
    *signed_url = va_json_get_string(answer, "signed_url");
    return signed_url->len > 0 ||
           wk_error(e, WK_UNAVAILABLE, "ElevenLabs: an answer without an address");
}

static va_str_t allowlist_body(wk_ctx_t *ctx, const va_json_t *hosts)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_key(w, "platform_settings");
    va_json_object(w);
    va_json_key(w, "auth");
    va_json_object(w);
    va_json_add_bool(w, "enable_auth", true);
    va_json_key(w, "allowlist");
    va_json_array(w);
    for (const va_json_t *host = hosts->first; host != NULL; host = host->next) {
        va_json_object(w);
        va_json_add_str(w, "hostname", va_json_string(host));
        va_json_object_end(w);
    }
    va_json_array_end(w);
    va_json_object_end(w);
    va_json_object_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

bool wk_elevenlabs_allowlist(wk_ctx_t *ctx, va_str_t agent, const va_json_t *hosts,
                             wk_error_t *e)
{
    va_buf_t url;
    wk_http_response_t res;
    wk_elevenlabs_url(ctx, &url, "agents/");
    va_url_encode(&url, agent);
    if (!wk_elevenlabs_ask(ctx, PERSON_MS, "PATCH", wk_elevenlabs_url_end(&url),
                           allowlist_body(ctx, hosts), &res, e)) {
        e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
        return false;
    }
    return res.status == 200 || wk_elevenlabs_refused(ctx, &res, e);
}

static const char *list_url(wk_ctx_t *ctx, va_str_t agent, va_str_t user, int64_t since)
{
    va_buf_t url, query;
    va_buf_init(&query, wk_mem(ctx->arena), 160);
    va_form_add(&query, VA_STR("agent_id"), agent);
    va_form_add(&query, VA_STR("user_id"), user);
    va_form_add(&query, VA_STR("call_start_after_unix"),
                wk_printf(ctx->arena, "%lld", (long long)since));
    wk_elevenlabs_url(ctx, &url, "conversations?");
    va_buf_add_str(&url, va_buf_str(&query));
    return wk_elevenlabs_url_end(&url);
}

bool wk_elevenlabs_find(wk_ctx_t *ctx, va_str_t agent, va_str_t user, int64_t since,
                        wk_elevenlabs_call_t *call, wk_error_t *e)
{
    const va_json_t *list, *conversation;
    *call = (wk_elevenlabs_call_t){VA_STR_NULL, VA_STR_NULL};
    if (!get(ctx, list_url(ctx, agent, user, since), &list, e)) {
        return false;
    }
    const va_json_t *all = va_json_get(list, "conversations");
    if (!va_json_is(all, VA_JSON_ARRAY)) {
        return wk_error(e, WK_UNAVAILABLE, "ElevenLabs: an answer without conversations");
    }
    va_str_t id = va_json_get_string(all->first, "conversation_id");
    if (id.len == 0) {
        return true;
    }
    call->conversation = id;
    if (!wk_elevenlabs_conversation(ctx, id, &conversation, e)) {
        return false;
    }
    call->call_sid =
        va_json_string(va_json_pointer(conversation, VA_STR("/metadata/phone_call/call_sid")));
    return true;
}

static bool has_call(const va_json_t *turn, va_str_t tool)
{
    const va_json_t *calls = va_json_get(turn, "tool_calls");
    const va_json_t *call = va_json_is(calls, VA_JSON_ARRAY) ? calls->first : NULL;
    while (call != NULL && !va_str_eq(va_json_get_string(call, "tool_name"), tool)) {
        call = call->next;
    }
    return call != NULL;
}

bool wk_elevenlabs_hung_up(wk_ctx_t *ctx, va_str_t agent, va_str_t user, int64_t since,
                           bool *hung_up, wk_error_t *e)
{
    va_buf_t url;
    const va_json_t *list, *conversation;
    *hung_up = false;
    if (!wk_elevenlabs_get(ctx, RING_MS, list_url(ctx, agent, user, since), &list, e)) {
        return false;
    }
    const va_json_t *all = va_json_get(list, "conversations");
    const va_json_t *latest = va_json_is(all, VA_JSON_ARRAY) ? all->first : NULL;
    va_str_t id = va_json_get_string(latest, "conversation_id");
    if (id.len == 0) {
        return true;
    }
    wk_elevenlabs_url(ctx, &url, "conversations/");
    va_url_encode(&url, id);
    if (!wk_elevenlabs_get(ctx, RING_MS, wk_elevenlabs_url_end(&url), &conversation, e)) {
        return false;
    }
    const va_json_t *turns = va_json_get(conversation, "transcript");
    const va_json_t *turn = va_json_is(turns, VA_JSON_ARRAY) ? turns->first : NULL;
    for (; turn != NULL && !*hung_up; turn = turn->next) {
        *hung_up = has_call(turn, VA_STR("end_call"));
    }
    return true;
}
