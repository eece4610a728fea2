#include "worker/voice/talk.h"

void wk_talk_init(wk_talk_t *t, const wk_talk_ops_t *ops, void *ctx, int64_t now)
{
    *t = (wk_talk_t){.ops = ops, .ctx = ctx, .quiet_ms = now};
}

void wk_talk_free(wk_talk_t *t)
{
    wk_playout_free(&t->playout);
}

static void answer(wk_talk_t *t)
{
    t->owes = t->at_once = false;
    if (!t->led) {
        t->answering = true;
        if (!t->ops->answer(t->ctx)) {
            t->answering = false;
        }
    }
}

static void say_line(wk_talk_t *t, wk_talk_line_t line)
{
    t->answering = true;
    if (!t->ops->line(t->ctx, line)) {
        t->answering = false;
    }
}

void wk_talk_answering(wk_talk_t *t)
{
    t->answering = !t->led; /* one that leads never says that it is done */
}

/* As soon as nobody is cut off by it; the last words in any case. */
static void answer_owed(wk_talk_t *t)
{
    bool free = (!t->speech && !t->doubt) || t->goodbye_ms != 0;
    bool waits = t->tools > 0 && !t->at_once;
    if (t->owes && !waits && !t->answering && free) {
        answer(t);
    }
}

/* ---------------------------------------------------------------- the caller cuts in */

/* The caller has the turn; what was not heard is dropped, here and in the engine. */
static void take_turn(wk_talk_t *t, int64_t now)
{
    wk_cut_t cuts[WK_PLAYOUT_ITEMS];
    size_t n = wk_playout_drop(&t->playout, now, cuts);
    t->doubt = false;
    t->answering = false;
    t->ops->cut(t->ctx, cuts, n);
    if (!t->speech) {
        answer(t);
    }
}

void wk_talk_interrupted(wk_talk_t *t, int64_t now)
{
    t->quiet_ms = now;
    if (wk_playout_busy(&t->playout)) {
        wk_playout_hold(&t->playout, now);
        t->ops->clear(t->ctx);
        take_turn(t, now);
    }
}

static void go_on(wk_talk_t *t)
{
    t->doubt = false;
    wk_playout_resume(&t->playout);
    answer_owed(t);
}

static void begin_doubt(wk_talk_t *t)
{
    t->doubted = t->doubt ? t->doubted : t->utterances;
    t->doubt = true;
}

static void speech_started(wk_talk_t *t, int64_t now)
{
    if (wk_playout_busy(&t->playout)) {
        wk_playout_hold(&t->playout, now);
        t->ops->clear(t->ctx);
        begin_doubt(t);
    } else if (t->answering) {
        wk_playout_hold(&t->playout, now); /* not a word of it before that is settled */
        begin_doubt(t);
    }
}

void wk_talk_speech(wk_talk_t *t, bool started, int64_t now)
{
    t->utterances += started;
    if (t->speech == started) {
        return;
    }
    t->speech = started;
    t->speech_ms = t->quiet_ms = now;
    t->silences = 0;
    t->moment_ms = 0;
    if (t->goodbye_ms != 0) {
        return; /* too late to answer */
    }
    if (started) {
        speech_started(t, now);
    } else if (!t->doubt && t->tools == 0) {
        answer(t);
    } else if (!t->doubt) {
        wk_talk_owes(t);
    }
}

void wk_talk_heard(wk_talk_t *t, bool words, bool backchannel, bool whole, int64_t now)
{
    if (words && !backchannel && whole) {
        t->filled = false;
    }
    if (!t->doubt) {
        return;
    }
    if (words && !backchannel) {
        take_turn(t, now);
    } else if (whole && !t->speech) {
        go_on(t);
    }
}

void wk_talk_typed(wk_talk_t *t, int64_t now)
{
    t->quiet_ms = now;
    t->silences = 0;
    t->moment_ms = 0;
    t->filled = false;
    if (t->goodbye_ms != 0 || t->led) {
        return;
    }
    if (t->answering || wk_playout_busy(&t->playout)) {
        wk_playout_hold(&t->playout, now);
        t->ops->clear(t->ctx);
        take_turn(t, now);
    } else if (t->tools == 0) {
        answer(t);
    } else {
        wk_talk_owes(t);
    }
}

void wk_talk_heard_late(wk_talk_t *t, unsigned behind, bool words, bool backchannel,
                        int64_t now)
{
    bool for_it = t->doubt && behind <= t->utterances - t->doubted;
    if (for_it && words && !backchannel) {
        take_turn(t, now);
    }
}

/* ---------------------------------------------------------------- the agent */

void wk_talk_done(wk_talk_t *t, int64_t now)
{
    t->answering = false;
    t->quiet_ms = now;
    answer_owed(t);
}

void wk_talk_tool(wk_talk_t *t, int64_t now)
{
    t->tools++;
    t->filled = false;
    t->quiet_ms = now;
}

void wk_talk_tool_ended(wk_talk_t *t, int64_t now)
{
    t->tools -= t->tools > 0;
    t->quiet_ms = now;
    wk_talk_owes(t);
}

void wk_talk_owes(wk_talk_t *t)
{
    t->owes = !t->led;
    answer_owed(t);
}

void wk_talk_owes_at_once(wk_talk_t *t)
{
    t->at_once = !t->led;
    wk_talk_owes(t);
}

void wk_talk_tool_waits(wk_talk_t *t, int64_t now)
{
    t->tools -= t->tools > 0;
    t->silences = 0;
    t->quiet_ms = now;
    t->moment_ms = now + WK_TALK_MOMENT_MS;
    answer_owed(t); /* what another tool said */
}

void wk_talk_engine_lost(wk_talk_t *t)
{
    bool ends = t->goodbye_ms != 0;
    t->speech = t->doubt = false;
    t->answering = !ends && !t->led;
    t->owes = t->owes && !ends;
    wk_playout_resume(&t->playout);
}

void wk_talk_goodbye(wk_talk_t *t, int64_t now)
{
    if (t->goodbye_ms == 0) {
        t->goodbye_ms = now;
        wk_playout_resume(&t->playout);
        t->doubt = false;
        answer_owed(t);
    }
}

/* ---------------------------------------------------------------- time */

static bool nobody_speaks(const wk_talk_t *t)
{
    return !t->speech && !t->doubt && !t->answering && !wk_playout_busy(&t->playout);
}

static void settle_doubt(wk_talk_t *t, int64_t now)
{
    int64_t limit = t->speech ? WK_TALK_DOUBT_MS : WK_TALK_WORDS_MS;
    if (t->doubt && now - t->speech_ms >= limit) {
        take_turn(t, now);
    }
}

static void fill(wk_talk_t *t, int64_t now)
{
    int64_t pause_ms = t->filled ? WK_TALK_REFILL_MS : WK_TALK_FILLER_MS;
    if (!t->led && t->tools > 0 && now - t->quiet_ms >= pause_ms) {
        t->filled = true;
        say_line(t, WK_TALK_FILLER);
    }
}

static void break_silence(wk_talk_t *t, int64_t now)
{
    if (t->led || t->tools > 0 || t->goodbye_ms != 0 || now < t->moment_ms ||
        now - t->quiet_ms < WK_TALK_SILENCE_MS) {
        return;
    }
    t->quiet_ms = now;
    if (t->silences++ < WK_TALK_SILENCES) {
        say_line(t, WK_TALK_ARE_YOU);
    } else {
        t->ops->silent(t->ctx);
    }
}

/* Whether one that leads has more to say, only its silence tells. */
static bool has_said_all(const wk_talk_t *t, int64_t now)
{
    return t->led ? now - t->quiet_ms >= WK_TALK_LAST_MS : !t->answering && !t->owes;
}

static void end(wk_talk_t *t, int64_t now)
{
    bool heard = has_said_all(t, now) && !wk_playout_busy(&t->playout);
    if (t->goodbye_ms != 0 && (heard || now - t->goodbye_ms >= WK_TALK_GOODBYE_MS)) {
        t->ops->over(t->ctx);
    }
}

void wk_talk_tick(wk_talk_t *t, int64_t now)
{
    settle_doubt(t, now);
    if (nobody_speaks(t)) {
        fill(t, now);
        break_silence(t, now);
    } else {
        t->quiet_ms = now;
    }
    end(t, now);
}

bool wk_talk_between_turns(const wk_talk_t *t)
{
    return nobody_speaks(t) && t->tools == 0 && !t->owes && t->goodbye_ms == 0;
}

/* ---------------------------------------------------------------- words */

static bool only(const wk_phrases_t *phrases, const wk_words_t *words)
{
    size_t i = 0, len;
    while (i < words->count && (len = wk_phrases_at(phrases, words, i)) > 0) {
        i += len;
    }
    return words->count > 0 && i == words->count;
}

bool wk_talk_is_backchannel(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *l,
                            va_str_t text)
{
    static const char list[] = "talk.backchannel";
    wk_words_t words = wk_words(a, text);
    const wk_language_t *en = wk_catalogue_pick(c, VA_STR("en"), VA_STR_NULL);
    return only(wk_word_list(l, list), &words) || only(wk_word_list(en, list), &words);
}
