#include "worker/providers/livekit.h"

#include <stdio.h>

#include "core/json.h"
#include "core/jwt.h"
#include "worker/clock.h"
#include "worker/json.h"

#define WAIT_MS     2500 /* two requests fit while a caller hears it ring */
#define TOKEN_S     600
#define EMPTY_S     60 /* that a room waits for its caller */
#define DEPARTURE_S 20 /* that it stays when the last has left */

#define TRANSPORT    ";transport=tls"
#define PREFIX       "call-"
#define EPOCH_DIGITS 9

bool wk_livekit_configured(const wk_config_t *config)
{
    return config->livekit_url != NULL && config->livekit_api_key != NULL &&
           config->livekit_api_secret != NULL && config->livekit_agent != NULL;
}

/* ---------------------------------------------------------------- names */

va_str_t wk_livekit_room(wk_arena_t *a, va_str_t sid, int64_t epoch)
{
    return wk_printf(a, PREFIX "%.*s-%lld", (int)sid.len, sid.data, (long long)epoch);
}

bool wk_livekit_room_read(va_str_t room, va_str_t *sid, int64_t *epoch)
{
    const va_str_t prefix = VA_STR(PREFIX);
    size_t dash = room.len;
    while (dash > 0 && room.data[dash - 1] != '-') {
        dash--;
    }
    size_t digits = room.len - dash;
    if (dash <= prefix.len + 1 || memcmp(room.data, prefix.data, prefix.len) != 0 ||
        digits == 0 || digits > EPOCH_DIGITS) {
        return false;
    }
    *epoch = 0;
    for (size_t i = dash; i < room.len; i++) {
        if (room.data[i] < '0' || room.data[i] > '9') {
            return false;
        }
        *epoch = *epoch * 10 + (room.data[i] - '0');
    }
    *sid = va_str(room.data + prefix.len, dash - 1 - prefix.len);
    return true;
}

/* ---------------------------------------------------------------- tokens */

/* Good for one kind of request; room: the one it is about, absent for those about any. */
static const char *authorization(wk_ctx_t *ctx, const char *grant, va_str_t room)
{
    va_buf_t claims, token;
    int64_t now = wk_now_ms() / 1000;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &claims);
    va_json_add_c(w, "iss", ctx->config->livekit_api_key);
    va_json_add_int(w, "nbf", now);
    va_json_add_int(w, "exp", now + TOKEN_S);
    va_json_key(w, "video");
    va_json_object(w);
    va_json_add_bool(w, grant, true);
    if (room.data != NULL) {
        va_json_add_str(w, "room", room);
    }
    va_json_object_end(w);
    va_str_t text = wk_json_end(w, &claims);
    va_buf_init(&token, wk_mem(ctx->arena), 512);
    va_buf_add_c(&token, "Authorization: Bearer ");
    return va_jwt_sign(&token, VA_STR_NULL, va_str_c(ctx->config->livekit_api_secret), text) ==
                   VA_OK
               ? wk_strdup(ctx->arena, va_buf_str(&token))
               : NULL;
}

/* ---------------------------------------------------------------- requests */

/* The address may be that of the clients, ws(s)://. */
static const char *url_of(wk_ctx_t *ctx, const char *method)
{
    va_str_t base = va_str_c(ctx->config->livekit_url);
    bool socket = base.len > 2 && memcmp(base.data, "ws", 2) == 0;
    while (base.len > 0 && base.data[base.len - 1] == '/') {
        base.len--;
    }
    size_t skip = socket ? 2 : 0;
    return wk_printf(ctx->arena, "%s%.*s/twirp/livekit.%s", socket ? "http" : "",
                     (int)(base.len - skip), base.data + skip, method)
        .data;
}

static bool refused(const wk_http_response_t *res, const va_json_t *answer, wk_error_t *e)
{
    va_str_t code = va_json_get_string(answer, "code");
    int len = (int)(code.len < sizeof(e->detail) ? code.len : sizeof(e->detail) - 1);
    bool login = res->status == 401 || res->status == 403;
    bool passing = res->status == 408 || res->status == 429 || res->status >= 500;
    wk_error(e,
             login     ? WK_FORBIDDEN
             : passing ? WK_UNAVAILABLE
                       : WK_REFUSED,
             "LiveKit: status %d", res->status);
    snprintf(e->detail, sizeof(e->detail), "%.*s", len, len > 0 ? code.data : "");
    e->retry_after_ms = res->retry_after_ms;
    return false;
}

static bool ask(wk_ctx_t *ctx, const char *method, const char *token, va_str_t body,
                const va_json_t **answer, wk_error_t *e)
{
    wk_http_response_t res;
    const char *headers[] = {"Content-Type: application/json", token, NULL};
    wk_http_request_t req = {.method = "POST",
                             .url = url_of(ctx, method),
                             .headers = headers,
                             .body = body,
                             .timeout_ms = WAIT_MS};
    *answer = NULL;
    if (token == NULL || body.data == NULL) {
        return wk_error(e, WK_INTERNAL, "LiveKit: the request cannot be written");
    }
    if (!wk_http(ctx->http, ctx->arena, &req, &res, e)) {
        /* All that is asked may be asked again. */
        e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
        return wk_error_wrap(e, "LiveKit");
    }
    *answer = wk_json_parse(ctx->arena, res.body);
    if (res.status < 200 || res.status >= 300) {
        return refused(&res, *answer, e);
    }
    return va_json_is(*answer, VA_JSON_OBJECT) ||
           wk_error(e, WK_UNAVAILABLE, "LiveKit: the answer is no JSON object");
}

/* ---------------------------------------------------------------- opening */

static bool make_room(wk_ctx_t *ctx, const wk_livekit_call_t *call, wk_error_t *e)
{
    va_buf_t text;
    const va_json_t *room;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_str(w, "name", call->room);
    va_json_add_int(w, "emptyTimeout", EMPTY_S);
    va_json_add_int(w, "departureTimeout", DEPARTURE_S);
    va_json_key(w, "agents");
    va_json_array(w);
    va_json_object(w);
    va_json_add_c(w, "agentName", ctx->config->livekit_agent);
    va_json_add_str(w, "metadata", call->metadata);
    va_json_object_end(w);
    va_json_array_end(w);
    return ask(ctx, "RoomService/CreateRoom", authorization(ctx, "roomCreate", VA_STR_NULL),
               wk_json_end(w, &text), &room, e);
}

/* Servers write names of members in either way, by their version. */
static va_str_t member(const va_json_t *answer, const char *camel, const char *snake)
{
    va_str_t value = va_json_get_string(answer, camel);
    return value.len > 0 ? value : va_json_get_string(answer, snake);
}

static bool connect_call(wk_ctx_t *ctx, const wk_livekit_call_t *call, va_str_t *url,
                         wk_error_t *e)
{
    va_buf_t text;
    const va_json_t *answer;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_c(w, "twilioCallDirection", "TWILIO_CALL_DIRECTION_INBOUND");
    va_json_add_str(w, "roomName", call->room);
    va_json_add_str(w, "participantIdentity", call->identity);
    if (!ask(ctx, "Connector/ConnectTwilioCall", authorization(ctx, "roomCreate", VA_STR_NULL),
             wk_json_end(w, &text), &answer, e)) {
        return false;
    }
    *url = member(answer, "connectUrl", "connect_url");
    return url->len > 0 || wk_error(e, WK_UNAVAILABLE, "LiveKit: an answer without an address");
}

/* A dispatch rule by the callee puts a call into the room that is named as what was dialled. */
static void dial_room(wk_ctx_t *ctx, const wk_livekit_call_t *call, wk_livekit_way_t *way)
{
    const wk_config_t *c = ctx->config;
    bool own_transport = strchr(c->livekit_sip, ';') != NULL;
    way->sip = wk_printf(ctx->arena, "sip:%.*s@%s%s", (int)call->room.len, call->room.data,
                         c->livekit_sip, own_transport ? "" : TRANSPORT);
    if (c->livekit_sip_username != NULL && c->livekit_sip_password != NULL) {
        way->username = va_str_c(c->livekit_sip_username);
        way->password = va_str_c(c->livekit_sip_password);
    }
}

bool wk_livekit_open(wk_ctx_t *ctx, const wk_livekit_call_t *call, wk_livekit_way_t *way,
                     wk_error_t *e)
{
    *way = (wk_livekit_way_t){.sip = VA_STR_NULL};
    if (!make_room(ctx, call, e)) {
        return false;
    }
    if (ctx->config->livekit_sip == NULL) {
        return connect_call(ctx, call, &way->stream, e);
    }
    dial_room(ctx, call, way);
    return true;
}

/* ---------------------------------------------------------------- asking */

static const va_json_t *first(const va_json_t *answer, const char *name)
{
    const va_json_t *list = va_json_get(answer, name);
    return va_json_is(list, VA_JSON_ARRAY) ? list->first : NULL;
}

bool wk_livekit_room_exists(wk_ctx_t *ctx, va_str_t room, bool *exists, wk_error_t *e)
{
    va_buf_t text;
    const va_json_t *answer;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_key(w, "names");
    va_json_array(w);
    va_json_put_str(w, room);
    va_json_array_end(w);
    if (!ask(ctx, "RoomService/ListRooms", authorization(ctx, "roomList", VA_STR_NULL),
             wk_json_end(w, &text), &answer, e)) {
        return false;
    }
    *exists = first(answer, "rooms") != NULL;
    return true;
}

bool wk_livekit_has_agent(wk_ctx_t *ctx, va_str_t room, bool *has, wk_error_t *e)
{
    va_buf_t text;
    const va_json_t *answer;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_str(w, "room", room);
    if (!ask(ctx, "RoomService/ListParticipants", authorization(ctx, "roomAdmin", room),
             wk_json_end(w, &text), &answer, e)) {
        return false;
    }
    *has = false;
    for (const va_json_t *p = first(answer, "participants"); p != NULL && !*has; p = p->next) {
        *has = va_str_eq(va_json_get_string(p, "kind"), VA_STR("AGENT")) &&
               !va_str_eq(va_json_get_string(p, "state"), VA_STR("DISCONNECTED"));
    }
    return true;
}
