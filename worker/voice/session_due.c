/*
 * What the caller has to hear, in our words: an answer of the receptionist's, what an emergency
 * asks to be said. It is due until somebody was asked to say it, and kept from then on until he
 * has heard it: whatever stops it before makes it due again. What is said whatever else is
 * talked about stands in the call's state meanwhile, so that it is not lost with the session.
 */
#include "worker/voice/session_parts.h"

#define HEARD_MS                                                                               \
    2000 /* of words that were cut, or half of them: he knows what they are about */

static void join(wk_due_t *to, va_str_t words, bool stays)
{
    if (to->words.len > 0) {
        wk_bytes_add(&to->words, " ", 1);
    }
    wk_bytes_add(&to->words, words.data, words.len);
    to->stays = to->stays || stays;
}

static void forget(wk_due_t *due)
{
    wk_bytes_free(&due->words);
    due->stays = false;
}

/* Behind what is said already and not heard yet, if there is such. */
static void move(wk_due_t *to, wk_due_t *from)
{
    join(to, wk_bytes_str(&from->words), from->stays);
    forget(from);
}

void wk_session_add_due(wk_session_t *s, va_str_t words, bool stays)
{
    join(&s->due, words, stays);
}

void wk_session_free_due(wk_session_t *s)
{
    forget(&s->due);
    forget(&s->saying);
    wk_bytes_free(&s->kept_due);
}

/* ---------------------------------------------------------------- what is being said */

static void take_back(wk_session_t *s)
{
    wk_due_t since = s->due;
    if (s->saying.words.len > 0) {
        s->due = s->saying;
        s->saying = (wk_due_t){.stays = false};
        if (since.words.len > 0) {
            move(&s->due, &since);
        }
    }
}

static void forget_heard(wk_session_t *s)
{
    if (s->made && !wk_playout_waits(&s->talk.playout, va_str_c(s->saying_as))) {
        forget(&s->saying);
    }
}

static void begin(wk_session_t *s)
{
    forget_heard(s);
    move(&s->saying, &s->due);
    s->saying_as[0] = '\0';
    s->made = s->aside = false;
}

void wk_session_due_sounds(wk_session_t *s, va_str_t item)
{
    if (s->saying_as[0] == '\0' && item.len < sizeof(s->saying_as)) {
        memcpy(s->saying_as, item.len > 0 ? item.data : "", item.len);
        s->saying_as[item.len] = '\0';
    }
}

/* One that asks for it by a prompt may have been answered by a tool's call alone. */
void wk_session_due_said(wk_session_t *s, bool failed)
{
    bool heard_of = s->saying_as[0] != '\0' || s->engine->say != NULL;
    if (s->made) {
        return;
    }
    s->made = true;
    if (failed || !heard_of) {
        take_back(s);
    }
}

static bool was_heard(const wk_cut_t *cut)
{
    return cut->heard_ms >= HEARD_MS || 2 * cut->heard_ms >= cut->total_ms;
}

/* An utterance that is not among what was cut was heard, or did not begin. */
void wk_session_due_cut(wk_session_t *s, const wk_cut_t *cuts, size_t n)
{
    bool heard = s->saying_as[0] != '\0';
    for (size_t i = 0; i < n; i++) {
        if (heard && va_str_eq(cuts[i].item, va_str_c(s->saying_as))) {
            heard = was_heard(&cuts[i]);
        }
    }
    s->made = true;
    if (heard) {
        forget(&s->saying);
    } else {
        take_back(s);
    }
}

void wk_session_due_broke_off(wk_session_t *s)
{
    if (!s->made) {
        s->made = true;
        take_back(s);
    }
}

/* ---------------------------------------------------------------- from session to session */

/* One that leads says what it is told. */
void wk_session_inherit_due(wk_session_t *s)
{
    va_str_t words = va_json_get_string(s->briefing, "due");
    if (words.len == 0) {
        return;
    }
    wk_bytes_add(&s->kept_due, words.data, words.len);
    if (s->talk.led) {
        wk_session_tell_engine(s, "prompt.voice.exactly", words);
    } else {
        wk_session_add_due(s, words, true);
    }
}

void wk_session_keep_due(wk_session_t *s)
{
    wk_due_t left = {.stays = false};
    forget_heard(s);
    if (s->saying.stays) {
        join(&left, wk_bytes_str(&s->saying.words), true);
    }
    if (s->due.stays) {
        join(&left, wk_bytes_str(&s->due.words), true);
    }
    if (va_str_eq(wk_bytes_str(&left.words), wk_bytes_str(&s->kept_due))) {
        forget(&left);
        return;
    }
    wk_bytes_free(&s->kept_due);
    s->kept_due = left.words;
    wk_session_write_field(s, VA_STR("due"), wk_bytes_str(&s->kept_due));
}

/* ---------------------------------------------------------------- saying it */

/* Not into his words, or where they may stop it at once; the last words in any case. */
static bool can_be_heard(const wk_talk_t *t)
{
    return t->answering || t->goodbye_ms != 0 || (!t->speech && !t->doubt);
}

bool wk_session_say_due(wk_session_t *s)
{
    if (s->due.words.len == 0 || s->engine->say == NULL || s->resuming ||
        !can_be_heard(&s->talk) || !wk_session_is_talking(s)) {
        return false;
    }
    va_str_t words = wk_bytes_str(&s->due.words);
    wk_talk_answering(&s->talk);
    s->engine->say(s->seat->engine, words, false);
    begin(s);
    return true;
}

va_str_t wk_session_ask_due(wk_session_t *s)
{
    if (s->due.words.len == 0 || s->engine->say != NULL) {
        return VA_STR_NULL;
    }
    begin(s);
    return wk_bytes_str(&s->saying.words);
}
