/* What was said in a call, on its way to where it is kept. */
#include <stdio.h>

#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/voice/session_parts.h"

#include "scripts.h"

#define MAX_FIELDS  8
#define MASKED_WITH 4 /* utterances before one, of which it may be the rest */

/* ---------------------------------------------------------------- the state */

void wk_session_write(wk_session_t *s, const va_str_t *fields, size_t n, wk_aredis_fn fn)
{
    char key[WK_SESSION_ID + 16], epoch[24];
    va_str_t args[1 + MAX_FIELDS];
    int len = snprintf(key, sizeof(key), "va:call:{%s}", s->call);
    int digits = snprintf(epoch, sizeof(epoch), "%lld", (long long)s->epoch);
    va_str_t keys[] = {va_str(key, (size_t)len)};
    args[0] = va_str(epoch, (size_t)digits);
    memcpy(args + 1, fields, n * sizeof(*fields));
    wk_session_hold(s);
    wk_aredis_script(s->voice->redis, &wk_script_call_set, keys, 1, args, 1 + n, fn, s);
}

static void on_written(void *ctx, const redisReply *reply)
{
    wk_session_t *s = ctx;
    if (reply != NULL && va_str_eq(wk_redis_str(reply), VA_STR("STALE")) &&
        s->state < WK_SESSION_LEAVING) {
        wk_session_fence(s);
    }
    wk_session_release(s);
}

void wk_session_write_field(wk_session_t *s, va_str_t name, va_str_t value)
{
    va_str_t fields[] = {name, value};
    wk_session_write(s, fields, 2, on_written);
}

/* ---------------------------------------------------------------- turns */

typedef struct {
    int64_t number;
    int64_t at_ms; /* when it was begun: its words may come behind those of the answer */
    bool by_agent;
    bool interrupted; /* corrects what was told of the turn before */
    va_str_t text;
    const wk_waterfall_t *fall; /* of the agent's, so far; or NULL */
} turn_t;

static void add_latency(va_json_writer_t *w, const wk_session_t *s, const wk_waterfall_t *fall)
{
    char name[32];
    va_json_key(w, "latency");
    va_json_object(w);
    va_json_add_c(w, "engine", s->engine->traits.name);
    if (wk_waterfall_has(fall, WK_STAGE_CALLER_ENDED)) {
        va_json_add_bool(w, "reported", fall->reported);
    }
    for (wk_stage_t stage = 0; stage < WK_STAGES; stage++) {
        if (wk_waterfall_has(fall, stage)) {
            snprintf(name, sizeof(name), "%s_ms", wk_stage_name(stage));
            va_json_add_int(w, name, fall->at_ms[stage]);
        }
    }
    va_json_object_end(w);
}

static void tell_workers(wk_session_t *s, const turn_t *turn)
{
    va_buf_t body;
    va_json_writer_t *w = wk_session_question(s, &body);
    va_json_add_int(w, "epoch", s->epoch);
    va_json_add_int(w, "turn", turn->number);
    va_json_add_int(w, "at_ms", turn->at_ms);
    va_json_add_c(w, "speaker", turn->by_agent ? "agent" : "customer");
    va_json_add_str(w, "text", turn->text);
    va_json_add_str(w, "language", wk_language_code(s->language));
    va_json_add_bool(w, "interrupted", turn->interrupted);
    if (turn->fall != NULL) {
        add_latency(w, s, turn->fall);
    }
    wk_session_question_tell(s, "media.turn", w, &body);
}

static void record(wk_session_t *s, const turn_t *turn)
{
    wk_transcript_add(&s->said, turn->by_agent, turn->text);
    tell_workers(s, turn);
    /* It also tells us whether the call is still ours. */
    wk_session_write_field(s, VA_STR("language"), wk_language_code(s->language));
}

va_str_t wk_session_masked(wk_session_t *s, va_str_t heard)
{
    va_str_t before[MASKED_WITH];
    size_t n = wk_transcript_heard(&s->said, before, MASKED_WITH);
    wk_arena_reset(s->voice->reading);
    return wk_redact_live(s->voice->redactor, s->voice->reading, heard,
                          wk_transcript_asked(&s->said), before, n);
}

void wk_session_customer_said(wk_session_t *s, unsigned behind, va_str_t text)
{
    int64_t *begun_ms = &s->began_to_speak[behind];
    const turn_t turn = {.number = s->turn + 1,
                         .at_ms = *begun_ms != 0 ? *begun_ms : wk_now_ms(),
                         .text = wk_session_masked(s, wk_trim(text))};
    *begun_ms = 0;
    if (turn.text.len > 0) {
        s->turn = turn.number;
        record(s, &turn);
    }
}

void wk_session_customer_says(wk_session_t *s, va_str_t text)
{
    wk_bytes_take(&s->hearing, s->hearing.len);
    wk_bytes_add(&s->hearing, text.data, text.len);
}

void wk_session_customer_broke_off(wk_session_t *s)
{
    wk_bytes_t heard = s->hearing;
    s->hearing = (wk_bytes_t){0};
    if (heard.len > 0) {
        wk_session_look_for_emergency(s, wk_bytes_str(&heard), true);
        wk_session_customer_said(s, 0, wk_bytes_str(&heard));
    }
    wk_bytes_free(&heard);
    memset(s->began_to_speak, 0, sizeof(s->began_to_speak));
}

/* ---------------------------------------------------------------- the agent's */

static wk_spoken_t *spoken_as(wk_session_t *s, va_str_t item)
{
    for (size_t i = 0; i < WK_SESSION_SPOKEN; i++) {
        if (va_str_eq(va_str_c(s->spoken[i].item), item) && s->spoken[i].text.len > 0) {
            return &s->spoken[i];
        }
    }
    return NULL;
}

static void record_spoken(wk_session_t *s, wk_spoken_t *spoken, va_str_t text)
{
    wk_waterfall_t fall;
    va_str_t item = va_str_c(spoken->item);
    turn_t turn = {
        .number = ++s->turn, .at_ms = spoken->begun_ms, .by_agent = true, .text = text};
    if (wk_timing_look(&s->timing, item, &fall)) {
        turn.fall = &fall;
    }
    spoken->turn = turn.number;
    wk_session_tools_spoken(s, spoken->begun_ms);
    wk_timing_recorded(&s->timing, item, turn.number);
    record(s, &turn);
    wk_session_claims(s, text);
}

static wk_spoken_t *new_spoken(wk_session_t *s, va_str_t item)
{
    wk_spoken_t *spoken = &s->spoken[s->n_spoken++ % WK_SESSION_SPOKEN];
    size_t len = item.len < sizeof(spoken->item) ? item.len : 0;
    memcpy(spoken->item, item.len > 0 ? item.data : "", len);
    spoken->item[len] = '\0';
    wk_bytes_take(&spoken->text, spoken->text.len);
    spoken->whole = false;
    spoken->begun_ms = wk_now_ms();
    spoken->turn = 0;
    return spoken;
}

void wk_session_agent_says(wk_session_t *s, va_str_t item, va_str_t text, bool whole)
{
    wk_spoken_t *spoken = spoken_as(s, item);
    if (text.len == 0) {
        return;
    }
    if (spoken == NULL || spoken->whole) {
        spoken = new_spoken(s, item);
    }
    if (whole) {
        wk_bytes_take(&spoken->text, spoken->text.len);
    }
    wk_bytes_add(&spoken->text, text.data, text.len);
    if (whole) {
        spoken->whole = true;
        record_spoken(s, spoken, wk_bytes_str(&spoken->text));
    }
}

static void cut_turn(wk_session_t *s, wk_spoken_t *spoken, va_str_t heard)
{
    wk_session_unclaim(s, wk_bytes_str(&spoken->text), heard);
    if (spoken->turn != 0) {
        wk_transcript_cut(&s->said, wk_bytes_str(&spoken->text), heard);
    } else if (heard.len > 0) {
        record_spoken(s, spoken, heard);
    }
    if (spoken->turn != 0) {
        const turn_t turn = {.number = spoken->turn,
                             .at_ms = spoken->begun_ms,
                             .by_agent = true,
                             .interrupted = true,
                             .text = heard};
        tell_workers(s, &turn);
    }
    spoken->whole = true;
}

void wk_session_agent_was_cut(wk_session_t *s, const wk_cut_t *cut)
{
    wk_spoken_t *spoken = spoken_as(s, cut->item);
    if (spoken != NULL) {
        cut_turn(s, spoken, wk_playout_heard_part(wk_bytes_str(&spoken->text), cut));
    }
}

void wk_session_agent_was_corrected(wk_session_t *s, va_str_t said, va_str_t heard)
{
    for (size_t i = 0; i < WK_SESSION_SPOKEN; i++) {
        wk_spoken_t *spoken = &s->spoken[i];
        if (spoken->turn != 0 && va_str_eq(wk_bytes_str(&spoken->text), said)) {
            cut_turn(s, spoken, heard);
            return;
        }
    }
}

bool wk_session_agent_broke_off(wk_session_t *s)
{
    bool said = false;
    for (size_t i = 0; i < WK_SESSION_SPOKEN; i++) {
        wk_spoken_t *spoken = &s->spoken[i];
        if (!spoken->whole && spoken->text.len > 0) {
            spoken->whole = said = true;
            record_spoken(s, spoken, wk_bytes_str(&spoken->text));
        }
    }
    return said;
}

/* Of an utterance that was not whole all that there was may have been heard. */
void wk_session_drop_what_is_left(wk_session_t *s, int64_t now)
{
    wk_cut_t cuts[WK_PLAYOUT_ITEMS];
    size_t n = wk_playout_drop(&s->talk.playout, now, cuts);
    wk_timing_dropped(&s->timing);
    for (size_t i = 0; i < n; i++) {
        wk_session_agent_was_cut(s, &cuts[i]);
    }
    for (size_t i = 0; i < WK_SESSION_SPOKEN; i++) {
        wk_spoken_t *spoken = &s->spoken[i];
        if (!spoken->whole && spoken->text.len > 0) {
            cut_turn(s, spoken, wk_bytes_str(&spoken->text));
        }
    }
}

/* ---------------------------------------------------------------- where the time went */

/* The serial has it behind its turn. */
static void tell_timing(wk_session_t *s, int64_t number, const wk_waterfall_t *fall)
{
    va_buf_t body;
    va_json_writer_t *w = wk_session_question(s, &body);
    va_json_add_int(w, "epoch", s->epoch);
    va_json_add_int(w, "turn", number);
    add_latency(w, s, fall);
    wk_session_question_tell(s, "media.timing", w, &body);
}

static void count_step(const wk_session_t *s, const char *stage, int64_t ms)
{
    if (ms >= 0) {
        wk_observe_wait_ms("voiceagent_turn_seconds", "engine",
                           va_str_c(s->engine->traits.name), "stage", va_str_c(stage), ms);
    }
}

static void count_timing(const wk_session_t *s, const wk_waterfall_t *fall)
{
    for (wk_stage_t stage = 0; stage < WK_STAGES; stage++) {
        count_step(s, wk_stage_name(stage), wk_waterfall_step(fall, stage));
    }
    count_step(s, "response", wk_waterfall_response(fall));
    count_step(s, "own", wk_waterfall_own(fall));
}

void wk_session_tell_timings(wk_session_t *s, bool at_end)
{
    int64_t turn;
    wk_waterfall_t fall;
    while (wk_timing_take(&s->timing, at_end, wk_monotonic_ms(), &turn, &fall)) {
        tell_timing(s, turn, &fall);
        count_timing(s, &fall);
    }
}

/* ---------------------------------------------------------------- the platform's name */

void wk_session_named(wk_session_t *s, va_str_t conversation)
{
    va_buf_t body;
    va_json_writer_t *w = wk_session_question(s, &body);
    va_json_add_str(w, "conversation", conversation);
    wk_session_question_tell(s, "media.named", w, &body);
}
