#include "worker/handlers/phone_engine.h"

#include "worker/admission.h"
#include "worker/agent/engines.h"
#include "worker/call_token.h"
#include "worker/log.h"
#include "worker/providers/elevenlabs.h"
#include "worker/providers/livekit.h"

#define END "</Response>"

/* ---------------------------------------------------------------- by TwiML */

static void talk(wk_phone_t *v, wk_phone_opening_t *o)
{
    wk_speech_begin(&v->speech);
    wk_speech_listen(&v->speech, o->text, o->turn, 0);
    o->twiml = wk_speech_end(&v->speech);
    o->spoken = true;
}

/* ---------------------------------------------------------------- by a voice process */

static bool reserve_media(const wk_phone_t *v, wk_admission_t *result, wk_error_t *e)
{
    wk_admission_request_t request = {.organization = v->organization,
                                      .call = v->sid,
                                      .limit = 0,
                                      .hold_ms = WK_ADMISSION_HOLD_MS,
                                      .media = true};
    return wk_admission_reserve(v->ctx->redis, v->ctx->arena, &request, result, e);
}

/* *taken false: no voice process has room. */
static bool connect(wk_phone_t *v, const wk_call_state_t *state,
                    const wk_engines_entry_t *engine, wk_phone_opening_t *o, bool *taken,
                    wk_error_t *e)
{
    wk_admission_t result;
    wk_connect_t to = {.engine = va_str_c(engine->name), .n = state->epoch};
    if (!reserve_media(v, &result, e)) {
        return false;
    }
    *taken = o->streams = result == WK_ADMITTED;
    if (!*taken) {
        o->no_voice = true;
        return true;
    }
    if (!wk_call_token_mint(v->ctx->config, v->ctx->arena, VA_TOKEN_STREAM, v->sid,
                            v->organization, state->epoch, WK_STREAM_TOKEN_S, &to.stream_token,
                            e)) {
        return false;
    }
    wk_speech_begin(&v->speech);
    wk_speech_connect(&v->speech, &to);
    o->twiml = wk_speech_end(&v->speech);
    return true;
}

/* ---------------------------------------------------------------- by a platform */

/*
 * Its document, with the way back to us behind its own verbs. Absent when it is none that a
 * redirect can be put into.
 */
static va_str_t with_way_back(wk_phone_t *v, va_str_t theirs, int64_t n)
{
    size_t at = theirs.len;
    while (at >= sizeof(END) - 1 &&
           memcmp(theirs.data + at - (sizeof(END) - 1), END, sizeof(END) - 1) != 0) {
        at--;
    }
    if (at < sizeof(END) - 1) {
        return VA_STR_NULL;
    }
    va_buf_init(&v->speech.text, wk_mem(v->ctx->arena), theirs.len + 256);
    va_buf_add(&v->speech.text, theirs.data, at - (sizeof(END) - 1));
    wk_speech_go_to(&v->speech, wk_speech_url(&v->speech, "resume", n, NULL));
    return wk_speech_end(&v->speech);
}

/* False: the platform does not take it, whatever the reason. */
static bool hand_over(wk_phone_t *v, const wk_call_state_t *state, wk_phone_opening_t *o)
{
    wk_error_t e;
    va_str_t theirs;
    wk_elevenlabs_ring_t ring = {.agent = v->agent,
                                 .from = v->number,
                                 .to = v->shop_number,
                                 .data = o->client_data,
                                 .user = v->sid};
    if (!wk_elevenlabs_register(v->ctx, &ring, &theirs, &e)) {
        wk_log(WK_WARN, "the agent's platform does not take a call", WK_C("error", e.text));
        return false;
    }
    o->twiml = with_way_back(v, theirs, state->epoch);
    if (o->twiml.data == NULL) {
        return false;
    }
    /* Nothing more is heard of the call until the platform is done with it. */
    wk_phone_goes_on(v, o->turn, v->max_s * INT64_C(1000));
    return true;
}

/* Through us we hear what is said; a platform that takes the call itself needs less of us. */
static bool engage(wk_phone_t *v, const wk_call_state_t *state,
                   const wk_engines_entry_t *engine, wk_phone_opening_t *o, bool *taken,
                   wk_error_t *e)
{
    *taken = false;
    if (!v->handed && !connect(v, state, engine, o, taken, e)) {
        return false;
    }
    *taken = *taken || hand_over(v, state, o);
    return true;
}

/* ---------------------------------------------------------------- by a room */

/*
 * What the room's agent is told: the names our tools ask for (X-VA-Call, …), its first words,
 * and what is known of the caller as far as he is believed.
 */
static va_str_t agent_metadata(const wk_phone_t *v, const wk_phone_opening_t *o)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(v->ctx->arena), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "call", v->sid);
    va_json_add_str(w, "organization", v->organization);
    va_json_add_str(w, "called", v->shop_number);
    va_json_add_str(w, "caller", v->number);
    va_json_add_str(w, "language", wk_language_code(v->speech.language));
    va_json_add_str(w, "first_message", o->text);
    va_json_add_bool(w, "recorded", v->recorded);
    if (o->client_data.data != NULL) {
        va_json_key(w, "client_data");
        va_json_put_raw(w, o->client_data);
    }
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* Within what Twilio takes. */
static int seconds_left(const wk_phone_t *v)
{
    int64_t left = v->max_s - v->elapsed_s;
    return left < 1 ? 1 : left > WK_PHONE_DIAL_S ? WK_PHONE_DIAL_S : (int)left;
}

/*
 * Not answered when it is bridged: a call that still rings could not be taken out of its room
 * by an update.
 */
static void write_way(wk_phone_t *v, const wk_livekit_way_t *way, int64_t n)
{
    if (way->sip.data == NULL) {
        wk_speech_connect_to(&v->speech, way->stream, n);
        return;
    }
    const wk_sip_dial_t dial = {.address = way->sip,
                                .username = way->username,
                                .password = way->password,
                                .caller_id = v->number,
                                .ring_s = WK_LIVEKIT_RING_S,
                                .limit_s = seconds_left(v),
                                .n = n};
    wk_speech_dial_sip(&v->speech, &dial);
}

/* False: the platform does not take it, whatever the reason. */
static bool to_room(wk_phone_t *v, const wk_call_state_t *state, wk_phone_opening_t *o)
{
    wk_error_t e;
    wk_livekit_way_t way;
    const wk_livekit_call_t call = {
        .room = wk_livekit_room(v->ctx->arena, v->sid, state->epoch),
        .identity = wk_printf(v->ctx->arena, "caller-%.*s", (int)v->sid.len, v->sid.data),
        .metadata = agent_metadata(v, o)};
    if (!wk_livekit_open(v->ctx, &call, &way, &e)) {
        wk_log(WK_WARN, "LiveKit does not take a call", WK_C("error", e.text));
        return false;
    }
    wk_speech_begin(&v->speech);
    write_way(v, &way, state->epoch);
    o->twiml = wk_speech_end(&v->speech);
    wk_phone_goes_on(v, o->turn, v->max_s * INT64_C(1000));
    return true;
}

/* ---------------------------------------------------------------- the chain */

static bool try_engine(wk_phone_t *v, const wk_call_state_t *state,
                       const wk_engines_entry_t *engine, wk_phone_opening_t *o, bool *taken,
                       wk_error_t *e)
{
    *taken = true;
    switch (engine->kind) {
    case WK_ENGINE_MEDIA:
        return connect(v, state, engine, o, taken, e);
    case WK_ENGINE_AGENT:
        return engage(v, state, engine, o, taken, e);
    case WK_ENGINE_ROOM:
        *taken = to_room(v, state, o);
        return true;
    default:
        talk(v, o);
        return true;
    }
}

static bool note(wk_phone_t *v, const wk_phone_opening_t *o, wk_error_t *e)
{
    bool stale;
    wk_call_field_t fields[] = {
        {"engine", v->engine},
        {"greeting", o->text},
        {"turn", wk_printf(v->ctx->arena, "%lld", (long long)o->turn)},
        {"streams", o->streams ? VA_STR("1") : VA_STR("")},
    };
    return wk_call_state_set(v->ctx->redis, v->ctx->arena, v->sid, WK_CALL_ANY_EPOCH, fields, 4,
                             &stale, e);
}

bool wk_phone_engine(wk_phone_t *v, const wk_call_state_t *state, va_str_t after,
                     wk_phone_opening_t *opening, wk_error_t *e)
{
    bool taken = false;
    opening->spoken = opening->streams = opening->no_voice = false;
    while (!taken) {
        const wk_engines_entry_t *engine =
            wk_engines_next(v->engines, after, v->ctx->config, v->plan, v->agent);
        if (!try_engine(v, state, engine, opening, &taken, e)) {
            return false;
        }
        after = v->engine = va_str_c(engine->name);
    }
    if (opening->no_voice) {
        wk_phone_refused("voice");
    }
    return note(v, opening, e);
}
