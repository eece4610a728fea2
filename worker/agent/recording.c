#include "worker/agent/recording.h"

#include "worker/agent/event.h"
#include "worker/agent/task.h"
#include "worker/crash.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/providers/twilio.h"
#include "worker/sound.h"
#include "worker/store/consents.h"
#include "worker/store/recordings.h"

#define MAX_SOUND ((size_t)512 << 20) /* a day of talk, as the carrier gives it */
#define ALARM_S   86400               /* then people are told that it cannot be had */
#define LOST_S    (7 * 86400)         /* then nobody tries any more */

/* ---------------------------------------------------------------- its beginning */

/* Whose call it is stands in the address, which the carrier signs. */
static va_str_t told_at(const wk_speech_t *s, va_str_t organization)
{
    const char *base = s->ctx->config->public_url;
    return wk_printf(s->ctx->arena, "%s/api/voice/recording-status?o=%.*s" WK_TWILIO_AGAIN,
                     base != NULL ? base : "", (int)organization.len, organization.data);
}

va_str_t wk_recording_document(wk_speech_t *s, va_str_t organization, bool heard,
                               va_str_t document)
{
    const char *notice = heard ? "recording.notice" : "recording.notice_unheard";
    wk_speech_begin(s);
    wk_speech_say(s, wk_text(s->language, notice));
    for (size_t i = 0; i < s->n_offered; i++) {
        wk_speech_say_in(s, s->offered[i], wk_text(s->offered[i], notice));
    }
    wk_speech_record(s, told_at(s, organization));
    return wk_speech_then(s, document);
}

bool wk_recording_begun(wk_tx_t *tx, const wk_recording_begun_t *b, wk_error_t *e)
{
    va_str_t row[] = {b->call, b->sid, b->language};
    va_str_t consent[] = {b->customer, b->number, VA_STR("true"), b->sid};
    return wk_sql(tx, &wk_sql_recording_begin, row, NULL, e) &&
           (b->number.data == NULL ||
            wk_sql(tx, &wk_sql_consent_note_recording, consent, NULL, e));
}

/* ---------------------------------------------------------------- a caller who objects */

static bool queue_stop(wk_tx_t *tx, va_str_t sid, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t serial = wk_printf(a, "recording:%.*s", (int)sid.len, sid.data);
    va_str_t dedup = wk_printf(a, "recording.stop:%.*s", (int)sid.len, sid.data);
    return wk_outbox_call_job(tx, "recording.stop", sid, serial, dedup, e);
}

/* Whoever has the call by then knows it too, a person as well. */
static bool publish_declined(wk_tx_t *tx, va_str_t customer, va_str_t call, va_str_t sid,
                             wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "recording_declined", customer, call);
    va_json_add_str(ev.json, "callSid", sid);
    return wk_event_end(&ev, e);
}

bool wk_recording_heed(wk_tx_t *tx, const wk_catalogue_t *c, va_str_t call, va_str_t text,
                       bool *declined, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_words_t words = wk_words(wk_tx_arena(tx), text);
    *declined = false;
    if (!wk_word_list_in(c, "recording.objection", &words)) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_recording_decline, &call, &rows, e)) {
        return false;
    }
    *declined = wk_rows_count(rows) > 0;
    if (!*declined) {
        return true;
    }
    va_str_t id = wk_cell(rows, 0, "id"), customer = wk_cell(rows, 0, "customer_id");
    va_str_t sid = wk_cell(rows, 0, "sid"), number = wk_cell(rows, 0, "customer_number");
    va_str_t consent[] = {customer, number, VA_STR("false"), sid};
    return wk_sql(tx, &wk_sql_recording_forget, &id, NULL, e) &&
           (number.data == NULL ||
            wk_sql(tx, &wk_sql_consent_note_recording, consent, NULL, e)) &&
           queue_stop(tx, sid, e) && publish_declined(tx, customer, call, sid, e);
}

/* ---------------------------------------------------------------- what is known of it */

typedef enum {
    BEGUN,
    STORED,
    NOT_WANTED, /* none, declined, expired, lost: what is there goes */
} stage_t;

typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization, sid;
    bool known;
    va_str_t id, customer, number;
    stage_t stage;
    bool removed, over, kept, declined;
    int64_t age_s;
    wk_twilio_recording_t found[WK_TWILIO_RECORDINGS];
    size_t n;
    const char *ends_as; /* a state */
    const wk_twilio_recording_t *keeper;
    wk_sound_t sound;
    bool stored;
} collect_t;

static bool run(collect_t *c, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(c->ctx->db, c->ctx->arena, c->organization, 0, fn, c, e);
}

static bool look_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    collect_t *c = arg;
    if (!wk_sql(tx, &wk_sql_recording_look, &c->sid, &rows, e)) {
        return false;
    }
    c->known = wk_rows_count(rows) > 0;
    if (!c->known) {
        return true;
    }
    va_str_t state = wk_cell(rows, 0, "state");
    c->id = wk_cell(rows, 0, "id");
    c->stage = va_str_eq(state, VA_STR("begun"))    ? BEGUN
               : va_str_eq(state, VA_STR("stored")) ? STORED
                                                    : NOT_WANTED;
    c->declined = va_str_eq(state, VA_STR("declined"));
    c->removed = wk_cell_bool(rows, 0, "removed");
    c->over = wk_cell_bool(rows, 0, "over");
    c->kept = wk_cell_bool(rows, 0, "kept");
    c->age_s = wk_cell_int(rows, 0, "age", 0);
    c->customer = wk_cell(rows, 0, "customer_id");
    c->number = wk_cell(rows, 0, "customer_number");
    return true;
}

/* One that is neither ready nor given up at the carrier is still being made. */
static bool is_pending(const collect_t *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!c->found[i].ready && !c->found[i].absent) {
            return true;
        }
    }
    return false;
}

/*
 * The one that began first: each lasts to the end of the call, so that it has all that a later
 * one has, which a document given out twice begins.
 */
static const wk_twilio_recording_t *first_of(const collect_t *c)
{
    const wk_twilio_recording_t *first = NULL;
    for (size_t i = 0; i < c->n; i++) {
        const wk_twilio_recording_t *r = &c->found[i];
        if (r->ready && (first == NULL || r->began < first->began)) {
            first = r;
        }
    }
    return first;
}

/* ---------------------------------------------------------------- fetching */

static bool take_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const collect_t *c = arg;
    va_str_t params[] = {c->id, c->keeper->sid};
    return wk_sql(tx, &wk_sql_recording_other_pieces, params, NULL, e) &&
           wk_sql(tx, &wk_sql_recording_take, params, NULL, e);
}

static bool stored_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    collect_t *c = arg;
    wk_arena_t *a = c->ctx->arena;
    va_str_t params[] = {c->id, wk_printf(a, "%lld", (long long)c->sound.n),
                         wk_printf(a, "%lld", (long long)c->sound.bytes),
                         VA_STR(WK_TWILIO_SOUND),
                         wk_printf(a, "%lld", (long long)c->keeper->seconds)};
    if (!wk_sql(tx, &wk_sql_recording_stored, params, &rows, e)) {
        return false;
    }
    c->stored = wk_rows_count(rows) == 1;
    return true;
}

static bool ended_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const collect_t *c = arg;
    va_str_t params[] = {c->id, va_str_c(c->ends_as)};
    return wk_sql(tx, &wk_sql_recording_ended, params, NULL, e) &&
           wk_sql(tx, &wk_sql_recording_forget, &c->id, NULL, e);
}

static bool end_as(collect_t *c, const char *state, wk_error_t *e)
{
    c->ends_as = state;
    return run(c, ended_tx, e);
}

/* Whoever stored it meanwhile, or does not want it any more, is found by the next look. */
static bool fetch(collect_t *c, wk_error_t *e)
{
    if (!run(c, take_tx, e)) {
        return false;
    }
    wk_sound_begin(&c->sound, c->ctx, c->organization, c->id);
    bool whole = wk_twilio_sound(c->ctx, c->keeper->sid, MAX_SOUND, wk_sound_add, &c->sound, e);
    bool ended = wk_sound_end(&c->sound, whole);
    if (c->sound.error.code != WK_OK) {
        *e = c->sound.error;
    }
    if (!ended) {
        return wk_error_wrap(e, "a recording cannot be fetched");
    }
    wk_crash_point("recording.fetched");
    if (c->sound.bytes == 0) {
        return end_as(c, "none", e);
    }
    return run(c, stored_tx, e) &&
           (c->stored || wk_error(e, WK_CONFLICT, "a recording was stored by another"));
}

/* ---------------------------------------------------------------- deleting */

static bool remove_one(wk_ctx_t *ctx, va_str_t recording, wk_error_t *e)
{
    return wk_twilio_delete(ctx, "Recordings", recording, e) || e->code == WK_NOT_FOUND;
}

static bool remove_found(wk_ctx_t *ctx, const wk_twilio_recording_t *found, size_t n,
                         wk_error_t *e)
{
    for (size_t i = 0; i < n; i++) {
        if (!remove_one(ctx, found[i].sid, e)) {
            return false;
        }
    }
    return true;
}

bool wk_recording_remove_all(wk_ctx_t *ctx, va_str_t sid, wk_error_t *e)
{
    size_t n;
    wk_twilio_recording_t found[WK_TWILIO_RECORDINGS];
    if (!wk_twilio_recordings(ctx, sid, found, &n, e)) {
        return e->code == WK_NOT_FOUND;
    }
    return remove_found(ctx, found, n, e);
}

/* A recording outlives its call there, by which alone it is listed. */
static bool remove_unknown(wk_ctx_t *ctx, va_str_t sid, va_str_t told, wk_error_t *e)
{
    return wk_recording_remove_all(ctx, sid, e) &&
           (told.data == NULL || remove_one(ctx, told, e));
}

static bool removed_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const collect_t *c = arg;
    return wk_sql(tx, &wk_sql_recording_removed, &c->id, NULL, e);
}

/* *done: the carrier has nothing of it any more. */
static bool clear_there(collect_t *c, bool *done, wk_error_t *e)
{
    *done = false;
    if (is_pending(c)) {
        return true;
    }
    wk_crash_point("recording.stored");
    if (!remove_found(c->ctx, c->found, c->n, e)) {
        return false;
    }
    wk_crash_point("recording.removed");
    *done = c->n < WK_TWILIO_RECORDINGS && (c->n > 0 || c->over);
    return !*done || run(c, removed_tx, e);
}

/* ---------------------------------------------------------------- the whole of it */

/* *settled: it is stored, or will never be. */
static bool settle_begun(collect_t *c, bool *settled, wk_error_t *e)
{
    *settled = true;
    if (!c->kept) {
        return end_as(c, "expired", e);
    }
    c->keeper = first_of(c);
    if (is_pending(c) || (c->n == 0 && !c->over)) {
        *settled = false;
        return true;
    }
    return c->keeper != NULL ? fetch(c, e) : end_as(c, "none", e);
}

/* A call that goes on is not recorded any further. */
static bool stop(const collect_t *c, wk_error_t *e)
{
    return !is_pending(c) || wk_twilio_stop_recording(c->ctx, c->sid, e) ||
           e->code == WK_NOT_FOUND || wk_twilio_not_live(e);
}

static bool collect(collect_t *c, bool *done, wk_error_t *e)
{
    bool settled = true;
    *done = false;
    if (!wk_twilio_recordings(c->ctx, c->sid, c->found, &c->n, e) ||
        (c->stage == BEGUN && !settle_begun(c, &settled, e)) || (c->declined && !stop(c, e))) {
        return false;
    }
    return !settled || clear_there(c, done, e);
}

static bool alarm_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const collect_t *c = arg;
    wk_task_t task = {
        .kind = "alarm",
        .key = wk_printf(c->ctx->arena, "recording:%.*s", (int)c->sid.len, c->sid.data),
        .priority = "high",
        .title = "task.recording_lost",
        .body = "task.recording_lost_body",
        .text = c->sid,
        .who = c->number.data != NULL ? c->number : c->sid,
        .customer = c->customer};
    return wk_task_raise(c->ctx, tx, &task, e) &&
           (c->age_s < LOST_S || (wk_sql(tx, &wk_sql_recording_lost, &c->id, NULL, e) &&
                                  wk_sql(tx, &wk_sql_recording_forget, &c->id, NULL, e)));
}

/* What the carrier may have does not stay there unknown. */
static void tell_people(collect_t *c)
{
    wk_error_t e;
    wk_count("voiceagent_recordings_late_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    wk_log(WK_ALERT, "a recording is still at the carrier", WK_S("call", c->sid),
           WK_I("age_s", c->age_s));
    if (!run(c, alarm_tx, &e)) {
        wk_log(WK_ERROR, "an alarm could not be raised", WK_C("error", e.text));
    }
}

bool wk_recording_collect(wk_ctx_t *ctx, va_str_t organization, va_str_t sid, va_str_t told,
                          bool *known, wk_error_t *e)
{
    bool done;
    collect_t c = {.ctx = ctx, .organization = organization, .sid = sid};
    *known = true;
    if (!run(&c, look_tx, e)) {
        return false;
    }
    *known = c.known;
    if (!c.known || c.removed) { /* it went with its person, or is a further one of that call */
        return remove_unknown(ctx, sid, told, e);
    }
    bool ok = collect(&c, &done, e);
    if (!done && c.age_s > ALARM_S) {
        tell_people(&c);
    }
    return ok;
}
