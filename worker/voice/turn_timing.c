#include "worker/voice/turn_timing.h"

#define DROPPED UINT64_MAX /* a position that nothing sent or played reaches */

#define UNKNOWN (-1)

/* ---------------------------------------------------------------- waterfalls */

const char *wk_stage_name(wk_stage_t stage)
{
    static const char *const names[WK_STAGES] = {[WK_STAGE_CALLER_ENDED] = "caller_ended",
                                                 [WK_STAGE_END_DETECTED] = "end_detected",
                                                 [WK_STAGE_TOOL_CALLED] = "tool_called",
                                                 [WK_STAGE_TOOL_ANSWERED] = "tool_answered",
                                                 [WK_STAGE_ASKED] = "asked",
                                                 [WK_STAGE_FIRST_TOKEN] = "first_token",
                                                 [WK_STAGE_FIRST_SOUND] = "first_sound",
                                                 [WK_STAGE_WRITTEN] = "written",
                                                 [WK_STAGE_HEARD] = "heard"};
    return names[stage];
}

bool wk_waterfall_has(const wk_waterfall_t *w, wk_stage_t stage)
{
    return (w->known & (1U << stage)) != 0;
}

int64_t wk_waterfall_step(const wk_waterfall_t *w, wk_stage_t stage)
{
    if (!wk_waterfall_has(w, stage)) {
        return UNKNOWN;
    }
    for (int before = (int)stage - 1; before >= 0; before--) {
        if (wk_waterfall_has(w, (wk_stage_t)before)) {
            return w->at_ms[stage] - w->at_ms[before];
        }
    }
    return UNKNOWN;
}

static bool is_whole(const wk_waterfall_t *w)
{
    return wk_waterfall_has(w, WK_STAGE_CALLER_ENDED) && wk_waterfall_has(w, WK_STAGE_WRITTEN);
}

int64_t wk_waterfall_response(const wk_waterfall_t *w)
{
    return is_whole(w) ? w->at_ms[WK_STAGE_WRITTEN] - w->at_ms[WK_STAGE_CALLER_ENDED] : UNKNOWN;
}

int64_t wk_waterfall_own(const wk_waterfall_t *w)
{
    static const wk_stage_t ours[] = {WK_STAGE_TOOL_ANSWERED, WK_STAGE_ASKED, WK_STAGE_WRITTEN};
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
        int64_t ms = wk_waterfall_step(w, ours[i]);
        sum += ms != UNKNOWN ? ms : 0;
    }
    return is_whole(w) ? sum : UNKNOWN;
}

/* ---------------------------------------------------------------- the clock */

static int64_t tie(const wk_timing_t *t)
{
    return t->tie_ms < t->tie_before_ms ? t->tie_ms : t->tie_before_ms;
}

void wk_timing_start(wk_timing_t *t, int64_t now)
{
    *t = (wk_timing_t){.tie_ms = now,
                       .tie_before_ms = now,
                       .window_ms = now,
                       .frame_ms = UNKNOWN,
                       .voiced_ms = UNKNOWN};
}

static void tie_clocks(wk_timing_t *t, int64_t frame_ms, int64_t now)
{
    int64_t ms = now - frame_ms;
    if (now - t->window_ms >= WK_TIMING_WINDOW_MS) {
        t->tie_before_ms = t->tie_ms;
        t->tie_ms = ms;
        t->window_ms = now;
    } else if (ms < t->tie_ms) {
        t->tie_ms = ms;
    }
}

/* All stages of an utterance go by one tie, so that their order is that of what happened. */
static void set_at(wk_timed_t *u, wk_stage_t stage, int64_t at_ms)
{
    u->fall.known |= 1U << stage;
    u->fall.at_ms[stage] = at_ms;
}

static void set(const wk_timing_t *t, wk_timed_t *u, wk_stage_t stage, int64_t now)
{
    if (u->fall.known == 0) {
        u->tie_ms = tie(t);
    }
    set_at(u, stage, now - u->tie_ms);
}

static void set_once(const wk_timing_t *t, wk_timed_t *u, wk_stage_t stage, int64_t now)
{
    if (!wk_waterfall_has(&u->fall, stage)) {
        set(t, u, stage, now);
    }
}

/* ---------------------------------------------------------------- the caller */

void wk_timing_frame(wk_timing_t *t, int64_t frame_ms, size_t fed, int64_t now)
{
    t->fed += (int64_t)fed;
    if (frame_ms < 0) {
        return;
    }
    tie_clocks(t, frame_ms, now);
    t->frame_ms = frame_ms;
    if (fed > 0) {
        const size_t i = t->n_frames++ % WK_TIMING_FRAMES;
        t->frames[i].end = (uint32_t)t->fed;
        t->frames[i].frame_ms = (uint32_t)frame_ms;
    }
}

/* Those that have names have no more to come under them: the next engine may use them again. */
void wk_timing_engine(wk_timing_t *t)
{
    t->fed = 0;
    t->n_frames = 0;
    t->voiced_ms = UNKNOWN;
    t->next = t->before = (wk_timed_t){.turn = 0};
    for (size_t i = 0; i < WK_TIMING_UTTERANCES; i++) {
        t->utterances[i].item[0] = '\0';
    }
}

/* When that byte was said; unknown of sound that is too old, or that it was never given. */
static int64_t said_at(const wk_timing_t *t, int64_t byte)
{
    size_t kept = t->n_frames < WK_TIMING_FRAMES ? t->n_frames : WK_TIMING_FRAMES;
    int64_t at = UNKNOWN;
    if (byte <= 0 || byte > t->fed) {
        return UNKNOWN;
    }
    for (size_t back = 1; back <= kept; back++) {
        const size_t i = (t->n_frames - back) % WK_TIMING_FRAMES;
        int64_t end = t->frames[i].end, frame_ms = t->frames[i].frame_ms;
        if (end < byte) {
            return at;
        }
        at = frame_ms - (end - byte) / WK_PLAYOUT_RATE;
    }
    return kept == t->n_frames ? at : UNKNOWN;
}

void wk_timing_voiced(wk_timing_t *t, int64_t sound_ms)
{
    t->voiced_ms = sound_ms >= 0 && sound_ms <= t->fed / WK_PLAYOUT_RATE
                       ? said_at(t, sound_ms * WK_PLAYOUT_RATE)
                       : UNKNOWN;
}

void wk_timing_caller_ended(wk_timing_t *t, int64_t now)
{
    bool reported = t->voiced_ms != UNKNOWN;
    int64_t ended = reported ? t->voiced_ms : t->frame_ms;
    t->before = t->next;
    t->next = (wk_timed_t){.fall = {.reported = reported}};
    set(t, &t->next, WK_STAGE_END_DETECTED, now);
    if (ended != UNKNOWN) {
        set_at(&t->next, WK_STAGE_CALLER_ENDED, ended);
    }
    t->voiced_ms = UNKNOWN;
}

/* A tool may have answered meanwhile, and the engine been asked again. */
void wk_timing_backchannel(wk_timing_t *t)
{
    static const wk_stage_t later[] = {WK_STAGE_TOOL_ANSWERED, WK_STAGE_ASKED};
    wk_timed_t answer = t->before;
    if (answer.fall.known == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof(later) / sizeof(*later); i++) {
        if (wk_waterfall_has(&t->next.fall, later[i])) {
            set_at(&answer, later[i],
                   t->next.fall.at_ms[later[i]] + t->next.tie_ms - answer.tie_ms);
        }
    }
    t->next = answer;
    t->before = (wk_timed_t){.turn = 0};
}

/* ---------------------------------------------------------------- the answer */

void wk_timing_unprompted(wk_timing_t *t)
{
    t->next = t->before = (wk_timed_t){.turn = 0};
}

void wk_timing_asked(wk_timing_t *t, int64_t now)
{
    set(t, &t->next, WK_STAGE_ASKED, now);
}

void wk_timing_tool_called(wk_timing_t *t, int64_t now)
{
    set_once(t, &t->next, WK_STAGE_TOOL_CALLED, now);
}

void wk_timing_tool_answered(wk_timing_t *t, int64_t now)
{
    set(t, &t->next, WK_STAGE_TOOL_ANSWERED, now);
}

static wk_timed_t *find(wk_timing_t *t, va_str_t item)
{
    for (size_t i = 0; i < WK_TIMING_UTTERANCES && item.len > 0; i++) {
        if (va_str_eq(va_str_c(t->utterances[i].item), item)) {
            return &t->utterances[i];
        }
    }
    return NULL;
}

/* A tool that was called beside these words is waited for by the next ones. */
static wk_timed_t keep_running_tool(wk_timed_t *u)
{
    wk_timed_t next = {.tie_ms = u->tie_ms};
    if (wk_waterfall_has(&u->fall, WK_STAGE_TOOL_CALLED) &&
        !wk_waterfall_has(&u->fall, WK_STAGE_TOOL_ANSWERED)) {
        set_at(&next, WK_STAGE_TOOL_CALLED, u->fall.at_ms[WK_STAGE_TOOL_CALLED]);
        u->fall.known &= ~(1U << WK_STAGE_TOOL_CALLED);
        u->fall.at_ms[WK_STAGE_TOOL_CALLED] = 0;
    }
    return next;
}

/* The answer that was waited for begins with this utterance. */
static wk_timed_t *begin(wk_timing_t *t, va_str_t item)
{
    if (item.len == 0 || item.len >= WK_PLAYOUT_ITEM_MAX) {
        return NULL;
    }
    wk_timed_t *u = &t->utterances[t->n_utterances++ % WK_TIMING_UTTERANCES];
    *u = t->next;
    t->next = keep_running_tool(u);
    t->before = (wk_timed_t){.turn = 0};
    memcpy(u->item, item.data, item.len);
    u->item[item.len] = '\0';
    return u;
}

void wk_timing_token(wk_timing_t *t, va_str_t item, int64_t now)
{
    wk_timed_t *u = find(t, item);
    u = u != NULL ? u : begin(t, item);
    if (u != NULL) {
        set_once(t, u, WK_STAGE_FIRST_TOKEN, now);
    }
}

void wk_timing_sound(wk_timing_t *t, va_str_t item, uint64_t position, int64_t now)
{
    wk_timing_token(t, item, now);
    wk_timed_t *u = find(t, item);
    if (u != NULL && !wk_waterfall_has(&u->fall, WK_STAGE_FIRST_SOUND)) {
        u->begin = position;
        set(t, u, WK_STAGE_FIRST_SOUND, now);
    }
}

/* True when the stage before it is known, and it is not. */
static bool awaits(const wk_timed_t *u, wk_stage_t stage)
{
    return wk_waterfall_has(&u->fall, (wk_stage_t)(stage - 1)) &&
           !wk_waterfall_has(&u->fall, stage);
}

void wk_timing_written(wk_timing_t *t, uint64_t position, int64_t now)
{
    for (size_t i = 0; i < WK_TIMING_UTTERANCES; i++) {
        wk_timed_t *u = &t->utterances[i];
        if (awaits(u, WK_STAGE_WRITTEN) && position > u->begin) {
            set(t, u, WK_STAGE_WRITTEN, now);
        }
    }
}

/* A mark stands behind the first sound: it was heard as much earlier as that lasts. */
void wk_timing_heard(wk_timing_t *t, uint64_t position, int64_t now)
{
    for (size_t i = 0; i < WK_TIMING_UTTERANCES; i++) {
        wk_timed_t *u = &t->utterances[i];
        if (awaits(u, WK_STAGE_HEARD) && position > u->begin) {
            int64_t at = now - (int64_t)((position - u->begin) / WK_PLAYOUT_RATE) - u->tie_ms;
            int64_t written = u->fall.at_ms[WK_STAGE_WRITTEN];
            set_at(u, WK_STAGE_HEARD, at > written ? at : written);
        }
    }
}

void wk_timing_dropped(wk_timing_t *t)
{
    for (size_t i = 0; i < WK_TIMING_UTTERANCES; i++) {
        if (!wk_waterfall_has(&t->utterances[i].fall, WK_STAGE_HEARD)) {
            t->utterances[i].begin = DROPPED;
        }
    }
}

/* ---------------------------------------------------------------- what is known */

void wk_timing_recorded(wk_timing_t *t, va_str_t item, int64_t turn)
{
    wk_timed_t *u = find(t, item);
    if (u != NULL && u->turn == 0) {
        u->turn = turn;
    }
}

bool wk_timing_look(wk_timing_t *t, va_str_t item, wk_waterfall_t *fall)
{
    const wk_timed_t *u = find(t, item);
    if (u != NULL) {
        *fall = u->fall;
    }
    return u != NULL;
}

/* Sound that was written will be heard soon, if its mark comes back at all. */
static bool is_known(const wk_timed_t *u, int64_t now)
{
    return wk_waterfall_has(&u->fall, WK_STAGE_HEARD) || u->begin == DROPPED ||
           (wk_waterfall_has(&u->fall, WK_STAGE_WRITTEN) &&
            now - u->tie_ms - u->fall.at_ms[WK_STAGE_WRITTEN] >= WK_TIMING_MARK_MS);
}

bool wk_timing_take(wk_timing_t *t, bool at_end, int64_t now, int64_t *turn,
                    wk_waterfall_t *fall)
{
    for (size_t i = 0; i < WK_TIMING_UTTERANCES; i++) {
        wk_timed_t *u = &t->utterances[i];
        if (u->turn != 0 && !u->taken && (at_end || is_known(u, now))) {
            u->taken = true;
            *turn = u->turn;
            *fall = u->fall;
            return true;
        }
    }
    return false;
}
