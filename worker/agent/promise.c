#include "worker/agent/promise.h"

#include <string.h>

#include "worker/agent/date.h"
#include "worker/agent/message_reading.h"

static const struct {
    const char *name, *words;
    unsigned behind; /* any of these makes it true */
} kinds[] = {
    {"booked", "said.booked", WK_DONE_BOOKED | WK_DONE_MOVED},
    {"moved", "said.moved", WK_DONE_MOVED},
    {"cancelled", "said.cancelled", WK_DONE_CANCELLED},
    {"texted", "said.texted", WK_DONE_TEXTED},
    {"passed_on", "said.passed_on", WK_DONE_PASSED_ON},
};

/* ---------------------------------------------------------------- earlier appointments */

#define DATE_LEN        10 /* of YYYY-MM-DD, which a reading's MM-DD ends */
#define OF_APPOINTMENTS (WK_DONE_BOOKED | WK_DONE_MOVED | WK_DONE_CANCELLED)

/* Read once, however often it claims: reading costs far more than finding a claim. */
typedef struct wk_sentence {
    size_t begin, end;
    unsigned claimed; /* a bit of each kind it was found to claim */
    bool is_read;     /* of what was done with an appointment alone */
    wk_reading_t reading;
    struct wk_sentence *next;
} wk_sentence_t;

struct wk_claim {
    size_t kind;
    const wk_sentence_t *sentence; /* it stands in */
    wk_claim_t *next;
};

/* A point ends one only before a blank and a capital: "at 10 a.m. on Saturday". */
static bool ends_sentence(va_str_t text, size_t i)
{
    bool point = text.data[i] == '.';
    bool capital = i + 2 < text.len && text.data[i + 1] == ' ' && text.data[i + 2] >= 'A' &&
                   text.data[i + 2] <= 'Z';
    return strchr("!?;\n", text.data[i]) != NULL || (point && capital);
}

static const va_json_t *field(const va_json_t *row, size_t i)
{
    const va_json_t *f = va_json_is(row, VA_JSON_ARRAY) ? row->first : NULL;
    while (f != NULL && i-- > 0) {
        f = f->next;
    }
    return f;
}

static bool is_of_kind(const va_json_t *appointment, unsigned claim)
{
    va_str_t status = va_json_string(field(appointment, 0));
    bool cancelled = va_str_eq(status, VA_STR("cancelled"));
    bool booked = !cancelled && !va_str_eq(status, VA_STR("held"));
    bool moved = va_json_bool(field(appointment, 4), false);
    return (claim & WK_DONE_CANCELLED) != 0 ? cancelled
           : (claim & WK_DONE_BOOKED) != 0  ? booked
           : (claim & WK_DONE_MOVED) != 0   ? booked && moved
                                            : false;
}

/* As far from the day of the talk as "+21 days" or "+1 months". */
static bool is_so_far(va_str_t distance, const wk_date_t *date, int64_t ahead)
{
    const char *blank = memchr(distance.data, ' ', distance.len);
    size_t end = (size_t)(blank - distance.data);
    int64_t n = 0;
    for (size_t i = 1; i < end; i++) {
        n = n * 10 + (distance.data[i] - '0');
    }
    return va_str_eq(va_str(blank + 1, distance.len - end - 1), VA_STR("months"))
               ? wk_date_is_months_after(date, (int)n, (long)ahead)
               : ahead == n;
}

/* date: YYYY-MM-DD. */
static bool is_date(const wk_reading_t *r, va_str_t date, int64_t ahead)
{
    wk_date_t d;
    if (date.len != DATE_LEN || !wk_date_parse(date, &d)) {
        return false;
    }
    if (r->day.data[0] == '+') {
        return is_so_far(r->day, &d, ahead);
    }
    return va_str_eq(va_str(date.data + DATE_LEN - r->day.len, r->day.len), r->day) &&
           (r->year == 0 || r->year == d.year);
}

/* Of its day and time something is named, and nothing else. */
static bool is_named(const va_json_t *appointment, const wk_reading_t *r)
{
    int64_t weekday = 0, ahead = 0;
    va_str_t starts = va_json_string(field(appointment, 1));
    (void)va_json_int(field(appointment, 2), &weekday);
    (void)va_json_int(field(appointment, 3), &ahead);
    bool any = r->weekday != 0 || r->ahead >= 0 || r->day.data != NULL || r->time.hour >= 0;
    return any && (r->weekday == 0 || r->weekday == weekday) &&
           (r->ahead < 0 || r->ahead == ahead) &&
           (r->day.data == NULL || is_date(r, va_json_string(field(appointment, 5)), ahead)) &&
           (r->time.hour < 0 || wk_clock_time_is(r->time, starts));
}

static bool names_one_of(const va_json_t *appointments, unsigned claim, const wk_reading_t *r)
{
    const va_json_t *p = va_json_is(appointments, VA_JSON_ARRAY) ? appointments->first : NULL;
    while (p != NULL && !(is_of_kind(p, claim) && is_named(p, r))) {
        p = p->next;
    }
    return p != NULL;
}

static bool names_when(const wk_reading_t *r)
{
    return wk_reading_names_a_day(r) || r->time.hour >= 0;
}

static bool has_one_of(const va_json_t *appointments, unsigned claim)
{
    const va_json_t *p = va_json_is(appointments, VA_JSON_ARRAY) ? appointments->first : NULL;
    while (p != NULL && !is_of_kind(p, claim)) {
        p = p->next;
    }
    return p != NULL;
}

static bool stood_before(const wk_claim_t *claim, const wk_stands_t *s)
{
    unsigned behind = kinds[claim->kind].behind;
    bool again = (s->again & behind) != 0;
    if ((behind & OF_APPOINTMENTS) == 0) {
        return again;
    }
    const wk_reading_t *sentence = &claim->sentence->reading;
    return names_when(sentence) ? names_one_of(s->appointments, behind, sentence)
                                : again && has_one_of(s->appointments, behind);
}

/* ---------------------------------------------------------------- what is asked for */

/* What a deed of a kind is asked for with; other: what sounds like it and asks for none. */
static const struct {
    unsigned done;
    const char *lists[6];
    const char *other;
} wishes[] = {
    {WK_DONE_BOOKED, {"intent.book"}, "appointment.own"},
    {WK_DONE_MOVED, {"intent.reschedule", "intent.book"}, "appointment.own"},
    {WK_DONE_CANCELLED, {"intent.cancel"}, NULL},
    {WK_DONE_TEXTED,
     {"said.text_asked", "intent.location", "intent.price", "intent.policy",
      "intent.promotion"},
     NULL},
    {WK_DONE_PASSED_ON, {"intent.message", "intent.human", "human.somebody"}, NULL},
};

static bool is_asked_in_words(const wk_catalogue_t *c, const wk_reading_t *r, size_t wish)
{
    bool asked = false;
    const char *other = wishes[wish].other;
    for (const char *const *list = wishes[wish].lists; *list != NULL; list++) {
        asked = asked || wk_reading_has(c, r, *list);
    }
    return asked && (other == NULL || !wk_reading_has(c, r, other));
}

struct wk_wish {
    unsigned in_words;
    bool for_a_time; /* a day or a time is named; who asks when the shop is open wishes none */
    wk_reading_t reading;
};

/*
 * A day or a time: where no appointment is, one is wished for; where one stands, it may be
 * meant to be given up.
 */
static unsigned asked_by_time(const wk_reading_t *r, const va_json_t *appointments)
{
    unsigned asked = 0;
    bool stands = names_one_of(appointments, WK_DONE_BOOKED, r);
    asked |= stands ? WK_DONE_CANCELLED : WK_DONE_BOOKED;
    asked |= names_one_of(appointments, WK_DONE_MOVED, r) ? 0 : WK_DONE_MOVED;
    return asked;
}

const wk_wish_t *wk_promise_wish(wk_arena_t *a, const wk_catalogue_t *c, va_str_t heard)
{
    wk_wish_t *wish = wk_alloc(a, sizeof(*wish));
    *wish = (wk_wish_t){.reading = wk_read_message(a, c, NULL, heard)};
    const wk_reading_t *r = &wish->reading;
    wish->for_a_time = names_when(r) && !wk_reading_has(c, r, "intent.hours");
    for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
        wish->in_words |= is_asked_in_words(c, r, i) ? wishes[i].done : 0;
    }
    return wish;
}

unsigned wk_promise_wished(const wk_wish_t *wish, const va_json_t *appointments)
{
    if (wish == NULL) {
        return 0;
    }
    return wish->in_words |
           (wish->for_a_time ? asked_by_time(&wish->reading, appointments) : 0);
}

unsigned wk_promise_asked(wk_arena_t *a, const wk_catalogue_t *c, va_str_t heard,
                          const va_json_t *appointments)
{
    return wk_promise_wished(wk_promise_wish(a, c, heard), appointments);
}

/* ---------------------------------------------------------------- claims */

typedef struct {
    wk_arena_t *a;
    const wk_catalogue_t *c;
    va_str_t text;
    wk_words_t words;
    wk_sentence_t *sentences; /* that claim something, as they stand in the text */
    wk_claim_t *first, **last;
} search_t;

/* The next claim of a kind from the word *from on, which is moved behind it. */
static bool next_claim(const search_t *s, const wk_language_t *l, size_t kind, size_t *from,
                       size_t *at)
{
    size_t len = 0;
    const wk_phrases_t *phrases = wk_word_list(l, kinds[kind].words);
    const wk_phrases_t *denials = wk_word_list(l, "said.denial");
    while (wk_phrases_find(phrases, &s->words, *from, at, &len)) {
        *from = *at + len;
        if (!wk_phrases_denied(denials, s->text, &s->words, *at)) {
            return true;
        }
    }
    return false;
}

static wk_sentence_t *new_sentence(search_t *s, size_t at, wk_sentence_t *next)
{
    wk_sentence_t *sentence = wk_alloc(s->a, sizeof(*sentence));
    *sentence = (wk_sentence_t){.begin = at, .end = at, .next = next};
    while (sentence->begin > 0 && !ends_sentence(s->text, sentence->begin - 1)) {
        sentence->begin--;
    }
    while (sentence->end < s->text.len && !ends_sentence(s->text, sentence->end)) {
        sentence->end++;
    }
    return sentence;
}

/* The sentence of a byte, which does not stand before those of *near. */
static wk_sentence_t *sentence_of(search_t *s, size_t at, wk_sentence_t ***near)
{
    wk_sentence_t **link = *near;
    while (*link != NULL && (*link)->end <= at) {
        link = &(*link)->next;
    }
    if (*link == NULL || (*link)->begin > at) {
        *link = new_sentence(s, at, *link);
    }
    *near = link;
    return *link;
}

/* What a sentence claims twice is one claim. */
static void add_claim(search_t *s, size_t kind, wk_sentence_t *sentence)
{
    if ((sentence->claimed & 1u << kind) != 0) {
        return;
    }
    sentence->claimed |= 1u << kind;
    if ((kinds[kind].behind & OF_APPOINTMENTS) != 0 && !sentence->is_read) {
        va_str_t text = va_str(s->text.data + sentence->begin, sentence->end - sentence->begin);
        sentence->reading = wk_read_message(s->a, s->c, NULL, text);
        sentence->is_read = true;
    }
    wk_claim_t *claim = wk_alloc(s->a, sizeof(*claim));
    *claim = (wk_claim_t){.kind = kind, .sentence = sentence};
    *s->last = claim;
    s->last = &claim->next;
}

static void find_claims(search_t *s, const wk_language_t *l, size_t kind)
{
    wk_sentence_t **near = &s->sentences;
    for (size_t from = 0, at = 0; next_claim(s, l, kind, &from, &at);) {
        add_claim(s, kind, sentence_of(s, s->words.at[at].begin, &near));
    }
}

const wk_claim_t *wk_promise_claims(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text)
{
    search_t s = {.a = a, .c = c, .text = text, .words = wk_words(a, text)};
    s.last = &s.first;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        for (size_t k = 0; k < wk_catalogue_count(c); k++) {
            find_claims(&s, wk_catalogue_at(c, k), i);
        }
    }
    return s.first;
}

bool wk_promise_is_claim(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text)
{
    search_t s = {.a = a, .c = c, .text = text, .words = wk_words(a, text)};
    bool found = false;
    for (size_t i = 0; !found && i < sizeof(kinds) / sizeof(*kinds); i++) {
        for (size_t k = 0; !found && k < wk_catalogue_count(c); k++) {
            size_t from = 0, at = 0;
            found = next_claim(&s, wk_catalogue_at(c, k), i, &from, &at);
        }
    }
    return found;
}

const char *wk_promise_unkept(const wk_claim_t *claim, const wk_stands_t *stands)
{
    while (claim != NULL &&
           ((stands->done & kinds[claim->kind].behind) != 0 || stood_before(claim, stands))) {
        claim = claim->next;
    }
    return claim != NULL ? kinds[claim->kind].name : NULL;
}

const char *wk_promise_broken(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text,
                              const wk_stands_t *stands)
{
    return wk_promise_unkept(wk_promise_claims(a, c, text), stands);
}

/* ---------------------------------------------------------------- what was done */

unsigned wk_promise_done_by(const char *tool, const va_json_t *answer)
{
    static const struct {
        const char *tool;
        unsigned done;
    } table[] = {
        {"book_appointment", WK_DONE_BOOKED},
        {"reschedule_appointment", WK_DONE_MOVED},
        {"cancel_appointment", WK_DONE_CANCELLED},
        {"take_message", WK_DONE_PASSED_ON},
        {"transfer_to_human", WK_DONE_PASSED_ON},
        {"transfer_call", WK_DONE_PASSED_ON}, /* the same; the others are ElevenLabs' own */
        {"transfer_to_number", WK_DONE_PASSED_ON},
        {"transfer_to_agent", WK_DONE_PASSED_ON},
        {"trigger_followup", WK_DONE_PASSED_ON},
        {"request_return", WK_DONE_PASSED_ON},
        {"send_sms", WK_DONE_TEXTED},
        {"send_email", WK_DONE_TEXTED},
        {"send_checkout_link", WK_DONE_TEXTED},
    };
    unsigned done = 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        done |= strcmp(tool, table[i].tool) == 0 ? table[i].done : 0;
    }
    bool held = va_str_eq(va_json_get_string(answer, "status"), VA_STR("held"));
    bool texted = va_json_bool(va_json_get(answer, "confirmation_sent"), false);
    return (held ? done & ~(unsigned)WK_DONE_BOOKED : done) | (texted ? WK_DONE_TEXTED : 0);
}

static const struct {
    const char *word;
    unsigned done;
} words_of[] = {{"booked", WK_DONE_BOOKED},
                {"moved", WK_DONE_MOVED},
                {"cancelled", WK_DONE_CANCELLED},
                {"texted", WK_DONE_TEXTED},
                {"passed_on", WK_DONE_PASSED_ON}};

va_str_t wk_promise_write(wk_arena_t *a, unsigned done)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < sizeof(words_of) / sizeof(*words_of); i++) {
        if ((done & words_of[i].done) != 0) {
            va_json_put_str(w, va_str_c(words_of[i].word));
        }
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
}

unsigned wk_promise_read(const va_json_t *list)
{
    unsigned done = 0;
    const va_json_t *word = va_json_is(list, VA_JSON_ARRAY) ? list->first : NULL;
    for (; word != NULL; word = word->next) {
        for (size_t i = 0; i < sizeof(words_of) / sizeof(*words_of); i++) {
            bool same = va_str_eq(va_json_string(word), va_str_c(words_of[i].word));
            done |= same ? words_of[i].done : 0;
        }
    }
    return done;
}
