#include "worker/agent/emergency.h"

#define REACH   9 /* words between a supposition or a time and what it is about */
#define NEAR    8 /* words between the two parts of a sign: "pipe" … "burst" */
#define LONGEST 8 /* words of a phrase that is looked for before another */

/* What threatens people or places concerns everybody. */
static const char *const everywhere[] = {"fire", "gas", "injury", "intruder", "declared", NULL};

static const struct {
    const char *business_type;
    const char *topics[4]; /* NULL at the end */
} businesses[] = {
    {"plumbing", {"water", "heat", "trade"}},
    {"hvac", {"heat", "water", "trade"}},
    {"real_estate", {"water", "heat", "building"}},
    {"law", {"law"}},
    {"bike_shop", {"battery"}},
};

typedef enum { NO_PAUSE, COMMA, STOP } pause_t;

/* Words begin to end - 1. */
typedef struct {
    size_t begin, end;
} span_t;

typedef enum { STANDS, NOT_SAID, TAKEN_BACK } verdict_t;

/* One language's reading of the turn. */
typedef struct {
    wk_arena_t *arena;
    const wk_language_t *language;
    const wk_emergency_case_t *about;
    const wk_words_t *words;
    const pause_t *pause;         /* before word i */
    bool *denial_ends;            /* with word i */
    bool *bridge;                 /* word i is one */
    size_t last_over, last_again; /* where such a phrase begins for the last time */
    va_str_t text;
    wk_emergency_level_t level; /* of the lists being looked through */
    wk_emergency_t *found;
} reading_t;

/* ---------------------------------------------------------------- the turn */

static pause_t pause_in(const char *p, const char *end)
{
    pause_t pause = NO_PAUSE;
    for (; p < end; p++) {
        if (memchr(".!?;\n", *p, 5) != NULL) {
            return STOP;
        }
        if (*p == ',' || *p == ':') {
            pause = COMMA;
        }
    }
    return pause;
}

static const pause_t *pauses(wk_arena_t *a, va_str_t text, const wk_words_t *words)
{
    pause_t *pause = wk_alloc(a, (words->count + 1) * sizeof(*pause));
    for (size_t i = 1; i < words->count; i++) {
        pause[i] = pause_in(text.data + words->at[i - 1].end, text.data + words->at[i].begin);
    }
    return pause;
}

/* True when there is such a pause, or a longer one, before one of the words first to last. */
static bool pauses_at(const reading_t *r, size_t first, size_t last, pause_t least)
{
    for (size_t i = first; i <= last && i < r->words->count; i++) {
        if (r->pause[i] >= least) {
            return true;
        }
    }
    return false;
}

/* The next place of one of the phrases that begins before word until and that no pause cuts. */
static bool next_span(const reading_t *r, const wk_phrases_t *phrases, size_t from,
                      size_t until, span_t *span)
{
    for (size_t i = from; i < until && i < r->words->count; i++) {
        size_t len = wk_phrases_at(phrases, r->words, i);
        if (len > 0 && !pauses_at(r, i + 1, i + len - 1, COMMA)) {
            *span = (span_t){i, i + len};
            return true;
        }
    }
    return false;
}

/* Where to look from for what ends at most distance words before word i. */
static size_t from_before(size_t i, size_t distance)
{
    return i > distance + LONGEST ? i - distance - LONGEST : 0;
}

static const wk_phrases_t *context(const reading_t *r, const char *name)
{
    return wk_word_list(r->language, name);
}

static void mark(const reading_t *r, const char *name, void (*fn)(const reading_t *, span_t))
{
    span_t span;
    for (size_t i = 0; next_span(r, context(r, name), i, r->words->count, &span);
         i = span.begin + 1) {
        fn(r, span);
    }
}

static void mark_denial(const reading_t *r, span_t span)
{
    r->denial_ends[span.end - 1] = true;
}

static void unmark_denial(const reading_t *r, span_t span)
{
    memset(r->denial_ends + span.begin, false, span.end - span.begin);
}

static void mark_bridge(const reading_t *r, span_t span)
{
    memset(r->bridge + span.begin, true, span.end - span.begin);
}

/* ---------------------------------------------------------------- is it meant? */

/* True when the phrase has the span and more in it, or, of a turn that goes on, may come to. */
static bool phrase_covers(const reading_t *r, const wk_phrase_t *phrase, span_t span)
{
    size_t count = r->words->count, len = phrase->words.count;
    if (len <= span.end - span.begin) {
        return false;
    }
    for (size_t at = span.end > len ? span.end - len : 0; at <= span.begin; at++) {
        wk_phrase_t said = *phrase;
        if (r->about->partial && at + len > count) {
            said.words.count = count - at;
        }
        if (wk_phrase_at(&said, r->words, at)) {
            return true;
        }
    }
    return false;
}

static bool means_other(const reading_t *r, span_t span)
{
    const wk_phrases_t *others = context(r, "emergency.other");
    for (size_t p = 0; p < others->count; p++) {
        if (phrase_covers(r, &others->at[p], span)) {
            return true;
        }
    }
    return false;
}

static bool is_denied(const reading_t *r, span_t span)
{
    for (size_t i = span.begin; i > 0 && r->pause[i] == NO_PAUSE; i--) {
        if (r->denial_ends[i - 1]) {
            return true;
        }
        if (!r->bridge[i - 1]) {
            return false;
        }
    }
    return false;
}

static bool is_denied_behind(const reading_t *r, span_t span)
{
    return span.end < r->words->count && r->pause[span.end] == NO_PAUSE &&
           wk_phrases_at(context(r, "emergency.denial_behind"), r->words, span.end) > 0;
}

static bool turns_between(const reading_t *r, size_t begin, size_t end)
{
    span_t turn;
    return next_span(r, context(r, "emergency.turn"), begin, end, &turn);
}

/* True when such a phrase stands before the span and reaches it. */
static bool reached_from_before(const reading_t *r, const char *name, span_t span)
{
    span_t cue;
    for (size_t i = from_before(span.begin, REACH);
         next_span(r, context(r, name), i, span.begin, &cue); i = cue.begin + 1) {
        if (cue.end <= span.begin && span.begin - cue.end <= REACH &&
            r->pause[cue.end] != STOP && !pauses_at(r, cue.end + 1, span.begin, COMMA) &&
            !turns_between(r, cue.end, span.begin)) {
            return true;
        }
    }
    return false;
}

/* Where such a phrase that nothing denies begins for the last time; 0: nowhere behind a word.
 */
static size_t last_said(const reading_t *r, const char *name)
{
    span_t cue;
    size_t last = 0;
    for (size_t i = 1; next_span(r, context(r, name), i, r->words->count, &cue);
         i = cue.begin + 1) {
        last = is_denied(r, cue) ? last : cue.begin;
    }
    return last;
}

static bool is_past_behind(const reading_t *r, span_t span)
{
    span_t cue;
    return next_span(r, context(r, "emergency.past"), span.end, span.end + REACH + 1, &cue) &&
           !pauses_at(r, span.end, cue.begin, STOP) && !turns_between(r, span.end, cue.begin);
}

static verdict_t judge(const reading_t *r, span_t said)
{
    bool again = r->last_again >= said.end;
    if (is_denied(r, said)) {
        memset(r->bridge + said.begin, true, said.end - said.begin); /* "no fire or smoke" */
        return NOT_SAID;
    }
    if (means_other(r, said) || reached_from_before(r, "emergency.supposed", said) ||
        (!again && reached_from_before(r, "emergency.past", said))) {
        return NOT_SAID;
    }
    if (is_denied_behind(r, said) || r->last_over >= said.end ||
        (!again && is_past_behind(r, said))) {
        return TAKEN_BACK;
    }
    return STANDS;
}

/* ---------------------------------------------------------------- looking for signs */

static void note(reading_t *r, va_str_t topic, span_t sign, verdict_t verdict)
{
    const wk_word_t *words = r->words->at;
    if (verdict == STANDS && r->level > r->found->level) {
        r->found->level = r->level;
        r->found->language = r->language;
        r->found->topic = topic;
        r->found->matched = va_str(r->text.data + words[sign.begin].begin,
                                   words[sign.end - 1].end - words[sign.begin].begin);
    }
    r->found->taken_back |= verdict == TAKEN_BACK;
}

static void look_for(reading_t *r, va_str_t topic, const wk_phrases_t *phrases)
{
    span_t sign;
    for (size_t i = 0; next_span(r, phrases, i, r->words->count, &sign); i = sign.begin + 1) {
        note(r, topic, sign, judge(r, sign));
    }
}

static bool are_near(const reading_t *r, span_t before, span_t behind)
{
    return behind.begin >= before.end && behind.begin - before.end <= NEAR &&
           !pauses_at(r, before.end, behind.begin, STOP);
}

/* What holds for one part of a sign holds for the whole. */
static verdict_t judge_both(const reading_t *r, span_t one, span_t other)
{
    verdict_t a = judge(r, one), b = judge(r, other);
    return a == NOT_SAID || b == NOT_SAID ? NOT_SAID : a == TAKEN_BACK ? a : b;
}

static void look_near(reading_t *r, va_str_t topic, span_t one, const wk_phrases_t *also)
{
    span_t other;
    for (size_t i = from_before(one.begin, NEAR);
         next_span(r, also, i, one.end + NEAR + 1, &other); i = other.begin + 1) {
        if (are_near(r, one, other)) {
            note(r, topic, (span_t){one.begin, other.end}, judge_both(r, one, other));
        } else if (are_near(r, other, one)) {
            note(r, topic, (span_t){other.begin, one.end}, judge_both(r, one, other));
        }
    }
}

static void look_for_both(reading_t *r, va_str_t topic, const wk_phrases_t *phrases,
                          const wk_phrases_t *also)
{
    span_t one;
    for (size_t i = 0; next_span(r, phrases, i, r->words->count, &one); i = one.begin + 1) {
        look_near(r, topic, one, also);
    }
}

static bool is_one_of(va_str_t topic, const char *const *topics)
{
    while (*topics != NULL && !va_str_eq(topic, va_str_c(*topics))) {
        topics++;
    }
    return *topics != NULL;
}

static bool concerns(va_str_t business_type, va_str_t topic)
{
    if (is_one_of(topic, everywhere)) {
        return true;
    }
    for (size_t i = 0; i < sizeof(businesses) / sizeof(*businesses); i++) {
        if (va_str_eq(business_type, va_str_c(businesses[i].business_type))) {
            return is_one_of(topic, businesses[i].topics);
        }
    }
    return false;
}

static bool is_second_part(va_str_t list)
{
    return list.len > 4 && memcmp(list.data + list.len - 4, ".and", 4) == 0;
}

static const char *prefix_of(wk_emergency_level_t level)
{
    return level == WK_EMERGENCY_URGENT ? "emergency.urgent." : "emergency.high.";
}

/* list: "water", or "water.pipe". */
static void look_through(void *ctx, va_str_t list, const wk_phrases_t *phrases)
{
    reading_t *r = ctx;
    const char *dot = memchr(list.data, '.', list.len);
    va_str_t topic = va_str(list.data, dot != NULL ? (size_t)(dot - list.data) : list.len);
    if (is_second_part(list) || !concerns(r->about->business_type, topic) ||
        !wk_phrases_in(phrases, r->words)) {
        return;
    }
    va_str_t name =
        wk_printf(r->arena, "%s%.*s.and", prefix_of(r->level), (int)list.len, list.data);
    const wk_phrases_t *also = wk_word_list(r->language, name.data);
    if (also->count > 0) {
        look_for_both(r, topic, phrases, also);
    } else {
        look_for(r, topic, phrases);
    }
}

static void look_for_own(reading_t *r)
{
    const char *code = wk_strdup(r->arena, wk_language_code(r->language));
    const va_json_t *own = va_json_get(r->about->own, code);
    if (!va_json_is(own, VA_JSON_ARRAY)) {
        return;
    }
    for (const va_json_t *word = own->first; word != NULL; word = word->next) {
        wk_phrase_t phrase = wk_phrase(r->arena, va_json_string(word));
        look_for(r, VA_STR("own"), &(wk_phrases_t){&phrase, 1});
    }
}

static void look_at_level(reading_t *r, wk_emergency_level_t level)
{
    r->level = level;
    wk_word_lists(r->language, prefix_of(level), look_through, r);
}

static void read_in(reading_t *r, const wk_language_t *language)
{
    size_t bytes = (r->words->count + 1) * sizeof(bool);
    r->language = language;
    r->denial_ends = wk_alloc(r->arena, bytes);
    r->bridge = wk_alloc(r->arena, bytes);
    mark(r, "emergency.denial", mark_denial);
    mark(r, "emergency.exclaimed", unmark_denial);
    mark(r, "emergency.bridge", mark_bridge);
    r->last_over = last_said(r, "emergency.over");
    r->last_again = last_said(r, "emergency.again");
    look_at_level(r, WK_EMERGENCY_URGENT);
    look_for_own(r);
    look_at_level(r, WK_EMERGENCY_HIGH);
}

wk_emergency_t wk_emergency(wk_arena_t *a, const wk_catalogue_t *c,
                            const wk_emergency_case_t *about, va_str_t text)
{
    bool calm = false;
    wk_words_t words = wk_words(a, text);
    wk_emergency_t found = {.level = WK_EMERGENCY_NORMAL};
    reading_t r = {.arena = a, .about = about, .words = &words, .text = text, .found = &found};
    r.pause = pauses(a, text, &words);
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        read_in(&r, wk_catalogue_at(c, i));
        calm |= wk_phrases_in(context(&r, "emergency.calm"), &words);
    }
    if (calm && found.level < WK_EMERGENCY_URGENT) {
        found = (wk_emergency_t){.level = found.level - 1, .taken_back = true};
    }
    return found;
}

/* ---------------------------------------------------------------- what follows from it */

const char *wk_emergency_level_name(wk_emergency_level_t level)
{
    static const char *const names[] = {
        [WK_EMERGENCY_LOW] = "low",
        [WK_EMERGENCY_NORMAL] = "normal",
        [WK_EMERGENCY_HIGH] = "high",
        [WK_EMERGENCY_URGENT] = "urgent",
    };
    return names[level];
}

size_t wk_emergency_questions(wk_arena_t *a, const wk_language_t *l, va_str_t topic,
                              va_str_t questions[WK_EMERGENCY_QUESTIONS])
{
    size_t n = 0;
    va_str_t name = wk_printf(a, "emergency.ask.%.*s", (int)topic.len, topic.data);
    va_str_t about_topic = wk_text_if_any(l, name.data);
    if (about_topic.data != NULL) {
        questions[n++] = about_topic;
    }
    questions[n++] = wk_text(l, "emergency.ask_place");
    questions[n++] = wk_text(l, "emergency.ask_number");
    return n;
}
