/* What was said in a call, on its way to where it is kept. */
#include <stdio.h>

#include "worker/log.h"
#include "worker/voice/session_parts.h"

#include "scripts.h"

#define MAX_FIELDS 8

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

/* It also tells us whether the call is still ours. */
static void write_language(wk_session_t *s)
{
    va_str_t fields[] = {VA_STR("language"), wk_language_code(s->language)};
    wk_session_write(s, fields, 2, on_written);
}

/* ---------------------------------------------------------------- turns */

typedef struct {
    int64_t number;
    bool by_agent;
    bool interrupted; /* corrects what was told of the turn before */
    va_str_t text;
} turn_t;

static void tell_workers(wk_session_t *s, const turn_t *turn)
{
    va_buf_t body;
    wk_arena_reset(s->voice->scratch);
    va_buf_init(&body, wk_mem(s->voice->scratch), 512);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_c(w, "call", s->call);
    va_json_add_int(w, "epoch", s->epoch);
    va_json_add_int(w, "turn", turn->number);
    va_json_add_c(w, "speaker", turn->by_agent ? "agent" : "customer");
    va_json_add_str(w, "text", turn->text);
    va_json_add_str(w, "language", wk_language_code(s->language));
    va_json_add_bool(w, "interrupted", turn->interrupted);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        wk_log(WK_WARN, "a turn is no text", WK_C("call", s->call));
        return;
    }
    const wk_question_t question = {.queue = WK_REALTIME,
                                    .type = "media.turn",
                                    .organization = va_str_c(s->organization),
                                    .serial = va_str_c(s->call),
                                    .body = va_buf_str(&body)};
    wk_tell(s->voice->asks, &question, NULL, NULL);
}

static int64_t record(wk_session_t *s, bool by_agent, va_str_t text)
{
    const turn_t turn = {.number = ++s->turn, .by_agent = by_agent, .text = text};
    wk_transcript_add(&s->said, by_agent, text);
    tell_workers(s, &turn);
    write_language(s);
    return turn.number;
}

void wk_session_customer_said(wk_session_t *s, va_str_t text)
{
    if (wk_trim(text).len > 0) {
        record(s, false, wk_trim(text));
    }
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

static wk_spoken_t *new_spoken(wk_session_t *s, va_str_t item)
{
    wk_spoken_t *spoken = &s->spoken[s->n_spoken++ % WK_SESSION_SPOKEN];
    size_t len = item.len < sizeof(spoken->item) ? item.len : 0;
    memcpy(spoken->item, item.len > 0 ? item.data : "", len);
    spoken->item[len] = '\0';
    wk_bytes_take(&spoken->text, spoken->text.len);
    spoken->whole = false;
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
        spoken->turn = record(s, true, wk_bytes_str(&spoken->text));
    }
}

static void cut_turn(wk_session_t *s, wk_spoken_t *spoken, va_str_t heard)
{
    if (spoken->turn == 0 && heard.len > 0) {
        spoken->turn = record(s, true, heard);
    }
    if (spoken->turn != 0) {
        const turn_t turn = {
            .number = spoken->turn, .by_agent = true, .interrupted = true, .text = heard};
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

/* ---------------------------------------------------------------- the platform's name */

void wk_session_named(wk_session_t *s, va_str_t conversation)
{
    va_buf_t body;
    wk_arena_reset(s->voice->scratch);
    va_buf_init(&body, wk_mem(s->voice->scratch), 256);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_c(w, "call", s->call);
    va_json_add_str(w, "conversation", conversation);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return;
    }
    const wk_question_t question = {.queue = WK_REALTIME,
                                    .type = "media.named",
                                    .organization = va_str_c(s->organization),
                                    .serial = va_str_c(s->call),
                                    .body = va_buf_str(&body)};
    wk_tell(s->voice->asks, &question, NULL, NULL);
}
