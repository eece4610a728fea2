#include <stdio.h>
#include <stdlib.h>

#include "core/stream_token.h"
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/voice/control.h"
#include "worker/voice/heartbeat.h"
#include "worker/voice/session_parts.h"

#include "scripts.h"

#define ADMISSION      "X-VA-Admission"
#define ANY_CALL       "-" /* of an admission by the carrier's signature: the call is told later */
#define START_MS       5000
#define BRIEFING_MS    5000
#define CARRIER_BEHIND (32 << 10) /* bytes it has not taken: then it gets no more */
#define LEAVE_AGAIN_MS 100        /* until what Redis did not take is written again */

static void send_carrier(wk_session_t *s, va_status_t status, const va_buf_t *message)
{
    if (status == VA_OK) {
        wk_ws_send(s->carrier, va_buf_str(message));
    } else {
        wk_log(WK_ERROR, "a message to the carrier cannot be written");
    }
}

static void begin_message(wk_session_t *s, va_buf_t *message)
{
    wk_arena_reset(s->voice->scratch);
    va_buf_init(message, wk_mem(s->voice->scratch), 512);
}

void wk_session_clear_carrier(wk_session_t *s, const wk_twilio_mark_t *behind)
{
    va_buf_t message;
    va_str_t stream = va_str_c(s->stream);
    begin_message(s, &message);
    send_carrier(s, wk_twilio_clear(&message, stream), &message);
    if (behind != NULL) {
        begin_message(s, &message);
        send_carrier(s, wk_twilio_mark(&message, stream, *behind), &message);
    }
}

/* ---------------------------------------------------------------- life */

void wk_session_hold(wk_session_t *s)
{
    s->held++;
}

void wk_session_release(wk_session_t *s)
{
    if (--s->held > 0) {
        return;
    }
    LIST_REMOVE(s, link);
    wk_talk_free(&s->talk);
    for (size_t i = 0; i < WK_SESSION_SPOKEN; i++) {
        wk_bytes_free(&s->spoken[i].text);
    }
    wk_transcript_free(&s->said);
    wk_bytes_free(&s->hearing);
    wk_bytes_free(&s->early);
    wk_bytes_free(&s->untold);
    wk_session_free_due(s);
    wk_bytes_free(&s->answer.words);
    wk_bytes_free(&s->claims);
    wk_bytes_free(&s->unspoken);
    wk_bytes_free(&s->detail);
    wk_arena_free(s->arena);
    free(s);
}

/* The record is as it is. */
static void end_stream(wk_session_t *s, uint16_t code)
{
    s->state = WK_SESSION_CLOSED;
    s->voice->n_sessions--;
    wk_log(WK_INFO, "stream ended", WK_C("call", s->call), WK_C("next", s->next),
           WK_I("seconds", (wk_monotonic_ms() - s->began_ms) / 1000));
    wk_session_tell_timings(s, true);
    wk_session_judge_claims(s, true);
    if (!wk_session_awaits_last_words(s)) {
        wk_session_close_engines(s);
    }
    wk_ws_close(s->carrier, code);
    if (s->yield.epoch != 0) {
        wk_control_yielded(s->voice, va_str_c(s->call), s->yield.epoch, "closed");
    }
}

static void close_session(wk_session_t *s, uint16_t code)
{
    if (s->state != WK_SESSION_CLOSED) {
        wk_session_drop_what_is_left(s, wk_monotonic_ms());
        if (!wk_session_begin_last_words(s)) {
            wk_session_customer_broke_off(s);
        }
        end_stream(s, code);
    }
}

void wk_session_yielded(wk_session_t *s, const char *how)
{
    int64_t epoch = s->yield.epoch;
    s->yield.epoch = 0;
    close_session(s, WK_WS_NORMAL);
    wk_control_yielded(s->voice, va_str_c(s->call), epoch, how);
}

static void on_left(void *ctx, const redisReply *reply)
{
    wk_session_t *s = ctx;
    int64_t now = wk_monotonic_ms();
    if (s->state == WK_SESSION_LEAVING && reply == NULL && now < s->leave.until_ms) {
        s->leave.again_ms = now + LEAVE_AGAIN_MS;
    } else if (s->state == WK_SESSION_LEAVING) {
        close_session(s, WK_WS_NORMAL); /* not written: behind it somebody looks */
    }
    wk_session_release(s);
}

static void write_next(wk_session_t *s)
{
    va_str_t detail = s->detail.len > 0 ? wk_bytes_str(&s->detail) : VA_STR("");
    va_str_t fields[] = {VA_STR("next"), va_str_c(s->next), VA_STR("detail"), detail};
    s->leave.again_ms = 0;
    wk_session_write(s, fields, 4, on_left);
}

static void keep_detail(wk_session_t *s, va_str_t detail)
{
    wk_bytes_t kept = {0};
    wk_bytes_add(&kept, detail.data, detail.len);
    wk_bytes_free(&s->detail); /* which it may be */
    s->detail = kept;
}

/*
 * Who is to be put through, or has said good-bye, would be talked to again by an agent that
 * knows nothing of it; as long as the call is surely ours, Redis is waited for. What resumes
 * does so by itself.
 */
void wk_session_leave(wk_session_t *s, const char *next, va_str_t detail)
{
    if (s->state >= WK_SESSION_LEAVING) {
        return;
    }
    bool claimed = s->state > WK_SESSION_CLAIMING;
    bool resumes = strcmp(next, "resume") == 0;
    s->state = WK_SESSION_LEAVING;
    snprintf(s->next, sizeof(s->next), "%s", next);
    keep_detail(s, detail);
    s->leave.until_ms = resumes ? 0 : wk_monotonic_ms() + WK_FENCE_MS;
    if (!claimed || next[0] == '\0') {
        close_session(s, WK_WS_NORMAL);
        return;
    }
    write_next(s);
}

void wk_session_hang_up(wk_session_t *s, const char *reason, va_str_t message)
{
    va_buf_t detail;
    begin_message(s, &detail);
    va_json_writer_t *w = va_json_writer_new(&detail);
    va_json_object(w);
    va_json_add_c(w, "reason", reason);
    va_json_add_str(w, "message", message);
    va_json_object_end(w);
    (void)va_json_writer_end(w);
    wk_session_leave(s, "hangup", va_buf_str(&detail));
}

void wk_session_leave_politely(wk_session_t *s, const char *next, va_str_t detail)
{
    /* Who asks for a person while we say good-bye is not hung up on. */
    bool to_a_person = strcmp(s->next, "hangup") == 0 && strcmp(next, "dial") == 0;
    if (s->next[0] == '\0' || to_a_person) {
        snprintf(s->next, sizeof(s->next), "%s", next);
        wk_bytes_take(&s->detail, s->detail.len);
        wk_bytes_add(&s->detail, detail.data, detail.len);
        wk_talk_goodbye(&s->talk, wk_monotonic_ms());
    }
}

void wk_session_fence(wk_session_t *s)
{
    if (s->state == WK_SESSION_CLOSED) {
        wk_session_forget_last_words(s);
        return; /* its stream has ended; somebody still holds it */
    }
    if (s->state == WK_SESSION_TALKING || s->state == WK_SESSION_OPENING) {
        wk_session_clear_carrier(s, NULL);
    }
    wk_log(WK_WARN, "the call is somebody else's now", WK_C("call", s->call));
    end_stream(s, WK_WS_GOING_AWAY);
}

void wk_session_hand_over(wk_session_t *s)
{
    s->handing_over = true;
}

wk_session_t *wk_session_next(const wk_session_t *s)
{
    return LIST_NEXT(s, link);
}

wk_session_claim_t wk_session_claim(const wk_session_t *s)
{
    bool claimed = s->state > WK_SESSION_CLAIMING && s->state < WK_SESSION_YIELDING;
    return claimed ? (wk_session_claim_t){va_str_c(s->call), va_str_c(s->organization),
                                          s->epoch, s->began_ms}
                   : (wk_session_claim_t){.epoch = 0};
}

static bool is_of(const wk_session_t *s, va_str_t call, int64_t epoch)
{
    return s->state > WK_SESSION_WAITING && s->state < WK_SESSION_CLOSED &&
           va_str_eq(va_str_c(s->call), call) &&
           (epoch == 0 || wk_session_claim(s).epoch == epoch);
}

wk_session_t *wk_session_of(const wk_voice_t *voice, va_str_t call, int64_t epoch)
{
    wk_session_t *s = LIST_FIRST(&voice->sessions);
    while (s != NULL && !is_of(s, call, epoch)) {
        s = LIST_NEXT(s, link);
    }
    return s;
}

/* ---------------------------------------------------------------- the beginning */

static void on_briefed(void *ctx, const va_reply_t *reply)
{
    wk_session_t *s = ctx;
    if (s->state == WK_SESSION_BRIEFING) {
        s->state = WK_SESSION_OPENING;
        if (wk_session_brief(s, reply)) {
            wk_session_open_engine(s);
            if (s->pressed_0 && s->state == WK_SESSION_OPENING) {
                wk_session_call_a_person(s);
            }
        } else {
            wk_session_leave(s, "resume", VA_STR_NULL);
        }
    }
    wk_session_release(s);
}

static void ask_for_briefing(wk_session_t *s)
{
    va_buf_t body;
    wk_question_t question;
    va_json_writer_t *w = wk_session_question(s, &body);
    (void)wk_session_question_end(s, "media.begin", w, &body, &question);
    question.wait_ms = BRIEFING_MS;
    s->state = WK_SESSION_BRIEFING;
    wk_session_hold(s);
    wk_ask(s->voice->asks, &question, on_briefed, s);
}

/* {'OK', the new epoch, …}; or why the call is not to be had */
static void on_claimed(void *ctx, const redisReply *reply)
{
    wk_session_t *s = ctx;
    if (s->state == WK_SESSION_CLAIMING) {
        bool ours = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
                    va_str_eq(wk_redis_str(reply->element[0]), VA_STR("OK"));
        if (ours) {
            s->epoch = reply->element[1]->integer;
            ask_for_briefing(s);
        } else {
            wk_log(WK_WARN, "the call cannot be claimed", WK_C("call", s->call));
            close_session(s, WK_WS_POLICY);
        }
    }
    wk_session_release(s);
}

static void claim(wk_session_t *s)
{
    char key[WK_SESSION_ID + 16], epoch[24];
    int len = snprintf(key, sizeof(key), "va:call:{%s}", s->call);
    int digits = snprintf(epoch, sizeof(epoch), "%lld", (long long)s->epoch);
    va_str_t keys[] = {va_str(key, (size_t)len)};
    va_str_t args[] = {va_str_c(s->voice->name), va_str(epoch, (size_t)digits)};
    s->state = WK_SESSION_CLAIMING;
    wk_session_hold(s);
    wk_aredis_script(s->voice->redis, &wk_script_call_claim, keys, 1, args, 2, on_claimed, s);
}

static bool keep(char *to, va_str_t text)
{
    if (text.len == 0 || text.len >= WK_SESSION_ID) {
        return false;
    }
    memcpy(to, text.data, text.len);
    to[text.len] = '\0';
    return true;
}

static bool take_token(wk_session_t *s, va_token_purpose_t purpose, va_str_t text)
{
    va_stream_token_t token;
    wk_arena_reset(s->voice->scratch);
    if (va_stream_token_verify(wk_mem(s->voice->scratch), s->voice->secrets,
                               s->voice->n_secrets, purpose, text, wk_now_ms() / 1000,
                               &token) != VA_VERDICT_OK ||
        !keep(s->call, token.call) || !keep(s->organization, token.organization)) {
        return false;
    }
    s->epoch = token.epoch;
    return true;
}

/*
 * The stream is that of the call it was admitted for. One that was let in by the carrier's
 * signature alone brings the token as a parameter.
 */
static bool take_start(wk_session_t *s, const wk_twilio_event_t *event)
{
    char call[WK_SESSION_ID];
    if (!keep(call, event->call_sid) || !keep(s->stream, event->stream_sid)) {
        return false;
    }
    if (strcmp(s->call, ANY_CALL) == 0 &&
        !take_token(s, VA_TOKEN_STREAM, va_json_get_string(event->parameters, "token"))) {
        return false;
    }
    return strcmp(s->call, call) == 0;
}

/* ---------------------------------------------------------------- the carrier */

static void on_mark(wk_session_t *s, wk_twilio_mark_t mark)
{
    int64_t now = wk_monotonic_ms();
    if (wk_playout_heard_mark(&s->talk.playout, mark, now)) {
        wk_timing_heard(&s->timing, mark.position, now);
    }
    wk_session_yield_mark(s, mark);
}

static void on_carrier_event(wk_session_t *s, const wk_twilio_event_t *event)
{
    wk_twilio_mark_t mark;
    switch (event->kind) {
    case WK_TWILIO_START:
        if (s->state == WK_SESSION_WAITING && take_start(s, event)) {
            wk_timing_start(&s->timing, wk_monotonic_ms());
            claim(s);
        } else {
            close_session(s, WK_WS_POLICY);
        }
        break;
    case WK_TWILIO_MEDIA:
        wk_session_hear(s, event->payload, event->timestamp_ms);
        break;
    case WK_TWILIO_MARK:
        if (wk_twilio_mark_read(event->mark, &mark)) {
            on_mark(s, mark);
        }
        break;
    case WK_TWILIO_DTMF:
        wk_session_press(s, event->digit);
        break;
    case WK_TWILIO_STOP:
        wk_session_leave(s, "", VA_STR_NULL); /* hung up, or told to go on elsewhere */
        break;
    case WK_TWILIO_CONNECTED:
    case WK_TWILIO_OTHER:
        break;
    }
}

static void on_carrier_text(void *ctx, va_str_t text)
{
    wk_session_t *s = ctx;
    wk_twilio_event_t event;
    wk_arena_t *a = s->voice->reading;
    wk_arena_reset(a);
    if (s->state == WK_SESSION_CLOSED) {
        return;
    }
    if (wk_twilio_read(wk_mem(a), text, &event) == VA_OK) {
        on_carrier_event(s, &event);
    } else {
        wk_log(WK_WARN, "the carrier sent what is no message of its", WK_C("call", s->call));
        close_session(s, WK_WS_POLICY);
    }
}

static int on_carrier_request(void *ctx, const wk_http_head_t *head)
{
    wk_session_t *s = ctx;
    if (s->voice->fenced || s->voice->n_sessions > (size_t)s->voice->config->voice_max_calls) {
        return 503;
    }
    return take_token(s, VA_TOKEN_ADMISSION, wk_http_head_get(head, ADMISSION)) ? 101 : 403;
}

static void on_carrier_open(void *ctx)
{
    (void)ctx; /* it speaks first */
}

static void on_carrier_closed(void *ctx, const char *why)
{
    wk_session_t *s = ctx;
    (void)why;
    close_session(s, WK_WS_NORMAL);
}

static void on_carrier_gone(void *ctx)
{
    wk_session_t *s = ctx;
    close_session(s, WK_WS_NORMAL);
    wk_session_release(s);
}

void wk_session_accept(wk_voice_t *voice, uv_stream_t *listener)
{
    static const wk_ws_events_t events = {.request = on_carrier_request,
                                          .open = on_carrier_open,
                                          .text = on_carrier_text,
                                          .closed = on_carrier_closed,
                                          .gone = on_carrier_gone};
    wk_session_t *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        abort();
    }
    s->voice = voice;
    s->began_ms = wk_monotonic_ms();
    s->arena = wk_arena_new();
    wk_talk_init(&s->talk, &wk_session_talk_ops, s, s->began_ms);
    LIST_INSERT_HEAD(&voice->sessions, s, link);
    wk_session_hold(s);
    s->carrier = wk_ws_accept(listener, WK_TWILIO_MESSAGE_MAX, &events, s);
    if (s->carrier == NULL) {
        s->state = WK_SESSION_CLOSED;
        wk_session_release(s);
        return;
    }
    voice->n_sessions++;
}

/* ---------------------------------------------------------------- time */

void wk_session_play(wk_session_t *s, int64_t now)
{
    va_buf_t message;
    wk_playout_frame_t frame;
    va_str_t stream = va_str_c(s->stream);
    while (wk_ws_pending(s->carrier) < CARRIER_BEHIND &&
           wk_playout_next(&s->talk.playout, now, &frame)) {
        if (frame.sound.len > 0) {
            begin_message(s, &message);
            send_carrier(s, wk_twilio_media(&message, stream, frame.sound), &message);
            wk_timing_written(&s->timing, s->talk.playout.sent, now);
        }
        if (frame.has_mark) {
            begin_message(s, &message);
            send_carrier(s, wk_twilio_mark(&message, stream, frame.mark), &message);
        }
    }
}

static void leave_tick(wk_session_t *s, int64_t now)
{
    if (s->leave.again_ms != 0 && now >= s->leave.again_ms) {
        write_next(s);
    }
}

void wk_session_tick(wk_session_t *s, int64_t now)
{
    if (s->state == WK_SESSION_WAITING && now - s->began_ms > START_MS) {
        close_session(s, WK_WS_POLICY);
    } else if (s->state == WK_SESSION_TALKING) {
        wk_session_limit_tick(s, now);
        wk_session_tools_tick(s, now);
        if (!s->talk.answering) {
            (void)wk_session_say_due(s);
        }
        wk_session_keep_due(s);
        wk_session_keys_tick(s, now);
        wk_talk_tick(&s->talk, now);
    } else if (s->state == WK_SESSION_LEAVING) {
        leave_tick(s, now);
    } else if (wk_session_awaits_last_words(s)) {
        wk_session_last_words_tick(s, now);
    }
    wk_session_yield_tick(s, now);
    wk_session_expect_engines(s, now);
    if (s->state == WK_SESSION_OPENING) {
        wk_session_play(s, now); /* what the engine before had made */
    } else if (s->state == WK_SESSION_TALKING) {
        wk_session_play(s, now);
        wk_session_tell_timings(s, false);
        wk_session_judge_claims(s, false);
        wk_session_renew_engine(s, now);
        if (s->handing_over && wk_talk_between_turns(&s->talk)) {
            wk_session_leave(s, "resume", VA_STR_NULL);
        }
    }
}
