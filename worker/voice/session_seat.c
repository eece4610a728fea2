/* A session's engines: one that has the call and one that is to follow it. */
#include <stdio.h>
#include <stdlib.h>

#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/voice/session_parts.h"

#define RENEW_AGAIN_MS 1000 /* the first time; twice as long each time that it fails */
#define RENEW_MAX_MS   30000
#define SILENCE_MS     500 /* that end what is said, where the shop says nothing else */
#define ENDS_SOON      6   /* in the last part of that many an engine is followed by another */
#define AGAIN_MS       60000 /* the second one that does not live so long is not tried again */
#define READY_MS       4000  /* from its opening until it hears */
#define AGAIN_READY_MS 3000  /* the same behind a lost one: the caller waits already */

static void close_seat(wk_session_t *s, wk_seat_t **seat)
{
    if (*seat != NULL) {
        s->engine->close((*seat)->engine);
        *seat = NULL;
    }
}

/* ---------------------------------------------------------------- one that is lost */

/* The chain of the organization goes on behind the re-entry door. */
static void leave_to_next_engine(wk_session_t *s)
{
    char next[sizeof(s->next)];
    va_str_t engine = va_json_get_string(s->briefing, "next_engine");
    snprintf(next, sizeof(next), "engine:%.*s", (int)engine.len, engine.data);
    wk_session_leave(s, engine.len > 0 ? next : "resume", VA_STR_NULL);
}

static void count_loss(const wk_session_t *s, const char *why)
{
    wk_log(WK_WARN, "engine lost", WK_C("call", s->call), WK_C("why", why));
    wk_count("voiceagent_engine_lost_total", "engine", va_str_c(s->engine->traits.name), NULL,
             VA_STR_NULL, 1);
}

/* Another one of its kind, or the next of the chain. */
static void replace_engine(wk_session_t *s, wk_seat_t *lost)
{
    int64_t lived_ms = wk_monotonic_ms() - lost->opened_ms;
    bool again =
        s->engine->traits.resumable && s->greeted && (s->lost == 0 || lived_ms > AGAIN_MS);
    s->lost++;
    s->state = WK_SESSION_OPENING;
    if (again) {
        wk_session_open_engine(s);
        wk_session_tools_inherit(s, &lost->known);
    } else {
        leave_to_next_engine(s);
    }
}

/* A service that refuses is not asked more often than it can bear. */
static void put_off_renewal(wk_session_t *s)
{
    int64_t longer = s->renew_wait_ms > 0 ? 2 * s->renew_wait_ms : RENEW_AGAIN_MS;
    s->renew_wait_ms = longer < RENEW_MAX_MS ? longer : RENEW_MAX_MS;
    s->renew_ms = wk_monotonic_ms() + s->renew_wait_ms;
}

/* Nobody asks it any more. */
static void vacate(wk_session_t *s, const wk_seat_t *seat)
{
    s->seat = s->seat == seat ? NULL : s->seat;
    s->next_seat = s->next_seat == seat ? NULL : s->next_seat;
}

static void on_lost(void *ctx, const char *why)
{
    wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    bool had_the_call = seat == s->seat && s->state < WK_SESSION_LEAVING;
    count_loss(s, why);
    if (seat == s->next_seat) {
        put_off_renewal(s);
    }
    vacate(s, seat);
    if (s->seat == NULL) {
        wk_session_end_last_words(s);
    }
    if (!had_the_call) {
        return;
    }
    close_seat(s, &s->next_seat); /* it was to follow one that talks */
    wk_session_customer_broke_off(s);
    (void)wk_session_agent_broke_off(s);
    wk_session_due_broke_off(s);
    wk_talk_engine_lost(&s->talk);
    /* Where the call goes on is decided: then as soon as what there is of the last words is
     * heard. */
    if (s->next[0] == '\0') {
        replace_engine(s, seat);
    }
}

void wk_session_lose_engine(wk_seat_t *seat, const char *why)
{
    seat->session->engine->close(seat->engine);
    on_lost(seat, why);
}

/* ---------------------------------------------------------------- what it tells of itself */

static void take_seat(wk_session_t *s)
{
    wk_seat_t *old = s->seat;
    if (s->next_seat->turn != s->turn || !wk_talk_between_turns(&s->talk)) {
        close_seat(s, &s->next_seat);
        return;
    }
    wk_timing_engine(&s->timing);
    s->seat = s->next_seat;
    s->next_seat = NULL;
    s->renew_wait_ms = 0;
    close_seat(s, &old);
    wk_session_go_on_talking(s);
    wk_log(WK_INFO, "the engine's session was renewed", WK_C("call", s->call));
}

static void on_ready(void *ctx)
{
    wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    if (seat == s->seat && s->state == WK_SESSION_OPENING) {
        wk_session_begin_talk(s);
    } else if (seat == s->next_seat && s->state == WK_SESSION_TALKING) {
        take_seat(s);
    }
}

static void on_ends_in(void *ctx, int64_t ms)
{
    wk_seat_t *seat = ctx;
    int64_t at_ms = wk_monotonic_ms() + ms - ms / ENDS_SOON;
    if (seat->old_ms == 0 || at_ms < seat->old_ms) {
        seat->old_ms = at_ms;
    }
}

static void free_seat(wk_seat_t *seat)
{
    free(seat->said);
    wk_bytes_free(&seat->known);
    free(seat);
}

static void on_gone(void *ctx)
{
    wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    vacate(s, seat); /* one that ended by itself while the call did */
    free_seat(seat);
    wk_session_release(s);
}

/* ---------------------------------------------------------------- opening and renewing */

static const char *text_or_null(va_str_t text)
{
    return text.len > 0 ? text.data : NULL;
}

static wk_turn_taking_t turns_of(const va_json_t *briefing)
{
    wk_turn_taking_t turns = {.threshold = va_json_get_string(briefing, "vad_threshold"),
                              .prefix_ms = -1,
                              .silence_ms = SILENCE_MS};
    (void)va_json_int(va_json_get(briefing, "prefix_padding_ms"), &turns.prefix_ms);
    (void)va_json_int(va_json_get(briefing, "silence_ms"), &turns.silence_ms);
    return turns;
}

static wk_seat_t *new_seat(wk_session_t *s)
{
    wk_media_engine_events_t events = wk_session_engine_events;
    wk_error_t e;
    size_t n_said;
    events.ready = on_ready;
    events.ends_in = on_ends_in;
    events.lost = on_lost;
    events.gone = on_gone;
    int64_t life_ms = s->engine->life_ms != NULL ? s->engine->life_ms(s->voice->config) : 0;
    wk_seat_t *seat = calloc(1, sizeof(*seat));
    if (seat == NULL) {
        abort();
    }
    seat->session = s;
    seat->opened_ms = wk_monotonic_ms();
    seat->turn = s->turn;
    seat->old_ms = life_ms > 0 ? seat->opened_ms + life_ms : 0;
    seat->said = wk_transcript_copy(&s->said, &n_said);
    seat->setup = (wk_media_engine_setup_t){
        .loop = s->voice->loop,
        .number = ++s->seats,
        .config = s->voice->config,
        .tls = s->voice->tls,
        .http = s->voice->http,
        .writing = s->voice->engine_writing,
        .reading = s->voice->engine_reading,
        .instructions = s->instructions,
        .tools = s->tools,
        .voice = va_json_get_string(s->briefing, "voice"),
        .speech = va_json_get_string(s->briefing, "speech"),
        .voices = va_json_get(s->briefing, "voices"),
        .chat_model = text_or_null(va_json_get_string(s->briefing, "chat_model")),
        .language = wk_language_code(s->language),
        .heard_language = va_json_get_string(s->briefing, "only_language"),
        .model = va_json_get_string(s->briefing, "model"),
        .turns = turns_of(s->briefing),
        .said = seat->said,
        .n_said = n_said,
        .url = va_json_get_string(s->briefing, "url"),
        .client_data = va_json_get_string(s->briefing, "client_data")};
    (void)va_json_int(va_json_get(s->briefing, "max_tokens"), &seat->setup.max_tokens);
    (void)va_json_int(va_json_get(s->briefing, "chat_tokens"), &seat->setup.chat_tokens);
    seat->engine = s->engine->open(&seat->setup, &events, seat, &e);
    if (seat->engine == NULL) {
        wk_log(WK_ERROR, "no engine", WK_C("error", e.text));
        free_seat(seat);
        return NULL;
    }
    wk_session_hold(s);
    return seat;
}

void wk_session_open_engine(wk_session_t *s)
{
    wk_timing_engine(&s->timing);
    s->seat = s->engine != NULL ? new_seat(s) : NULL;
    if (s->seat == NULL) {
        leave_to_next_engine(s);
    }
}

void wk_session_close_engines(wk_session_t *s)
{
    close_seat(s, &s->seat);
    close_seat(s, &s->next_seat);
}

static void expect(wk_seat_t *seat, int64_t now)
{
    int64_t most = seat != NULL && seat->session->lost > 0 ? AGAIN_READY_MS : READY_MS;
    if (seat != NULL && now - seat->opened_ms > most) {
        wk_session_lose_engine(seat, "not ready in time");
    }
}

void wk_session_expect_engines(wk_session_t *s, int64_t now)
{
    if (s->state == WK_SESSION_OPENING) {
        expect(s->seat, now);
    } else if (s->state == WK_SESSION_TALKING) {
        expect(s->next_seat, now);
    }
}

static bool grew_old(const wk_session_t *s, int64_t now)
{
    return s->seat->old_ms != 0 && now >= s->seat->old_ms;
}

/*
 * Between two turns another session of the engine is made ready beside the one that talks, and
 * takes its place if nothing was said meanwhile; else later again.
 */
void wk_session_renew_engine(wk_session_t *s, int64_t now)
{
    if (s->seat != NULL && s->next_seat == NULL && grew_old(s, now) && now >= s->renew_ms &&
        wk_talk_between_turns(&s->talk)) {
        s->renew_ms = now + RENEW_AGAIN_MS;
        s->next_seat = new_seat(s);
    }
}
