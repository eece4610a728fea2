#include "worker/agent/reception_asides.h"

#include <string.h>

#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/reception_move.h"
#include "worker/agent/reception_offer.h"
#include "worker/agent/reception_services.h"

#define MOST_PARTS    12
#define LEAST_UNKNOWN 3 /* words of a question */

/* Words of the message between its signs and its "and"s. */
typedef struct {
    size_t begin, end;   /* its words */
    size_t from, behind; /* its bytes, with what parts it from the next */
    bool asked;          /* a question mark ends it */
    wk_reading_t reading;
    wk_intent_t intent; /* that its words name, else WK_INTENT_NONE */
    bool aside;
} part_t;

typedef struct {
    part_t at[MOST_PARTS];
    size_t count;
    size_t read; /* of the message, those that joined others included */
    bool grown;  /* the last has more words than were read */
} parts_t;

/* ---------------------------------------------------------------- parts */

/* What stands between two words ends a part; a point only with a blank behind it. */
static bool is_cut(va_str_t between, bool *asked)
{
    bool cut = false;
    for (size_t i = 0; i < between.len; i++) {
        char c = between.data[i];
        bool blank =
            i + 1 == between.len || between.data[i + 1] == ' ' || between.data[i + 1] == '\n';
        *asked = *asked || c == '?';
        cut = cut || c == '?' || c == '!' || c == ';' || c == ',' || c == '\n' ||
              (c == '.' && blank && between.len > 1);
    }
    return cut;
}

static va_str_t between(const wk_reading_t *r, size_t i)
{
    size_t from = r->words.at[i - 1].end;
    size_t to = i < r->words.count ? r->words.at[i].begin : r->text.len;
    return va_str(r->text.data + from, to - from);
}

static bool names_aside(wk_intent_t intent)
{
    return intent == WK_INTENT_HOURS || intent == WK_INTENT_HOLIDAYS ||
           intent == WK_INTENT_LOCATION || intent == WK_INTENT_PHONE ||
           intent == WK_INTENT_PROMOTION || intent == WK_INTENT_POLICY ||
           intent == WK_INTENT_DURATION;
}

/* It asks, by its sign or its words, for what can be told without anything else. */
static void judge(const wk_reception_turn_t *t, part_t *p)
{
    wk_reception_turn_t turn = *t;
    turn.r = &p->reading;
    wk_intent_t intent = wk_intent_of(&turn);
    bool named = intent != WK_INTENT_NONE && wk_intent_named(&turn, intent);
    p->intent = named ? intent : WK_INTENT_NONE;
    bool service = wk_services_named(&turn).count > 0 && intent != WK_INTENT_DURATION;
    bool nearby = wk_turn_has(&turn, "reschedule.nearby"); /* "an hour later" asks for none */
    p->aside = names_aside(p->intent) && !service && !nearby &&
               (p->asked || wk_turn_has(&turn, "wish.asks"));
}

static void read_part(const wk_reception_turn_t *t, part_t *p)
{
    const wk_reading_t *r = t->r;
    size_t begin = r->words.at[p->begin].begin;
    p->behind = p->end == r->words.count ? r->text.len : r->words.at[p->end].begin;
    p->reading =
        wk_read_message(t->a, t->c, t->l, va_str(r->text.data + begin, p->behind - begin));
    judge(t, p);
}

/* "Are you open Saturday, and on Sunday?" */
static bool is_one_more_day(const parts_t *parts, const part_t *p)
{
    return parts->count > 0 && parts->at[parts->count - 1].aside &&
           p->intent == WK_INTENT_NONE && wk_reading_names_a_day(&p->reading) &&
           p->reading.time.hour < 0;
}

/* What grew by one day after the other is read once, when it is whole. */
static void end_last(const wk_reception_turn_t *t, parts_t *parts)
{
    if (parts->grown) {
        read_part(t, &parts->at[parts->count - 1]);
        parts->grown = false;
    }
}

static void add_part(const wk_reception_turn_t *t, parts_t *parts, part_t p)
{
    if (p.begin >= p.end || parts->read == MOST_PARTS) {
        return;
    }
    parts->read++;
    read_part(t, &p);
    if (is_one_more_day(parts, &p)) {
        part_t *before = &parts->at[parts->count - 1];
        before->end = p.end;
        before->asked = before->asked || p.asked;
        parts->grown = true;
    } else {
        end_last(t, parts);
        parts->at[parts->count++] = p;
    }
}

static parts_t parts_of(const wk_reception_turn_t *t)
{
    parts_t parts = {.count = 0};
    const wk_reading_t *r = t->r;
    part_t p = {.begin = 0};
    for (size_t i = 1; i <= r->words.count; i++) {
        bool asked = false, cut = is_cut(between(r, i), &asked);
        size_t joint = wk_word_list_at(t->c, "part.joint", &r->words, i);
        if (i < r->words.count && !cut && joint == 0) {
            continue;
        }
        p.end = i;
        p.asked = asked;
        add_part(t, &parts, p);
        p = (part_t){.begin = i + joint,
                     .from = i < r->words.count ? r->words.at[i].begin : r->text.len};
    }
    end_last(t, &parts);
    return parts;
}

/* ---------------------------------------------------------------- what is asked beside it */

/* "Do you speak Klingon?": no courtesy, and nothing that belongs to another part. */
static bool is_unknown(const wk_reception_turn_t *t, const part_t *p)
{
    static const char *const lists[] = {"courtesy", "wish.filler",   "intent.thanks",
                                        "yes.",     "question.tail", NULL};
    wk_reception_turn_t turn = *t;
    turn.r = &p->reading;
    return p->asked && p->intent == WK_INTENT_NONE && !wk_turn_names_a_moment(&turn) &&
           p->reading.numbers == 0 && p->reading.words.count >= LEAST_UNKNOWN &&
           wk_services_named(&turn).count == 0 &&
           !wk_reading_is_only(t->a, t->c, &p->reading, lists, false);
}

static bool has_intent(const wk_asides_t *asides, wk_intent_t intent)
{
    size_t i = 0;
    while (i < asides->count && asides->intents[i] != intent) {
        i++;
    }
    return i < asides->count;
}

/* The message with the parts that are told beside it as blanks. */
static wk_reading_t without(const wk_reception_turn_t *t, const parts_t *parts,
                            const part_t *kept)
{
    char *text = wk_strdup(t->a, t->r->text);
    for (size_t i = 0; i < parts->count; i++) {
        const part_t *p = &parts->at[i];
        if (p->aside && p != kept) {
            memset(text + p->from, ' ', p->behind - p->from);
        }
    }
    return wk_read_message(t->a, t->c, t->l, va_str(text, t->r->text.len));
}

/* What is left is a wish, or answers what was asked; "I'd come by" alone is why one asks. */
static bool is_wish(const wk_reception_turn_t *t, const wk_reading_t *left)
{
    wk_reception_turn_t turn = *t;
    turn.r = left;
    wk_intent_t intent = wk_intent_of(&turn);
    bool courtesy = intent == WK_INTENT_THANKS || intent == WK_INTENT_GREETING ||
                    (intent == WK_INTENT_BOOK && !wk_turn_has(&turn, "intent.book") &&
                     !wk_turn_names_a_moment(&turn));
    bool asked = t->dialog->expected != WK_EXPECT_NOTHING && left->words.count > 0;
    return (intent != WK_INTENT_NONE && !courtesy) ||
           (asked && (!courtesy || wk_is_yes(&turn)));
}

/* The first of them, where there is nothing but questions. */
static const part_t *first_aside(const parts_t *parts)
{
    size_t i = 0;
    while (i < parts->count && !parts->at[i].aside) {
        i++;
    }
    return i < parts->count ? &parts->at[i] : NULL;
}

wk_asides_t wk_asides_of(const wk_reception_turn_t *t)
{
    parts_t parts = parts_of(t);
    const part_t *first = first_aside(&parts);
    wk_asides_t asides = {.main = *t->r};
    bool same_time = wk_turn_has(t, "reschedule.same_time"); /* "heure" asks for no hours */
    if (parts.count < 2 || (same_time && wk_comes_another_day(t))) {
        return asides;
    }
    wk_reading_t left = without(t, &parts, NULL);
    const part_t *kept = is_wish(t, &left) ? NULL : first;
    asides.main = kept != NULL ? without(t, &parts, kept) : left;
    for (size_t i = 0; i < parts.count; i++) {
        const part_t *p = &parts.at[i];
        bool other = p->aside && p != kept && (kept == NULL || p->intent != kept->intent) &&
                     !has_intent(&asides, p->intent);
        if (other && asides.count < WK_MOST_ASIDES) {
            asides.at[asides.count] = p->reading;
            asides.intents[asides.count++] = p->intent;
        }
        asides.unknown = asides.unknown || is_unknown(t, p);
    }
    return asides;
}

/* ---------------------------------------------------------------- the answers */

/* It stands when this message is answered; a call back that was offered takes another. */
static bool is_something_asked(const wk_reception_turn_t *t)
{
    wk_expected_t expected = t->dialog->expected;
    return t->out.tool != NULL || t->out.dialog.expected != WK_EXPECT_NOTHING ||
           (expected != WK_EXPECT_NOTHING && expected != WK_EXPECT_CALLBACK &&
            expected != WK_EXPECT_MESSAGE);
}

/* Somebody is offered, or, where an answer is waited for, told: nothing is left unsaid. */
static void answer_unknown(wk_reception_turn_t *t)
{
    if (!is_something_asked(t)) {
        wk_turn_add_text(t, "reply.cannot_rest");
        wk_offer_person(t);
        t->out.dialog.offer = wk_has_offer(t) ? t->dialog->offer : t->out.dialog.offer;
    } else if (t->out.task == NULL) {
        wk_turn_add_text(t, "reply.rest_passed_on");
        t->out.task = "message";
    }
}

void wk_answer_asides(wk_reception_turn_t *t, const wk_asides_t *asides,
                      void (*answer)(wk_reception_turn_t *, wk_intent_t))
{
    wk_reception_turn_t turn = *t;
    va_buf_init(&turn.text, wk_mem(t->a), 320);
    for (size_t i = 0; i < asides->count; i++) {
        turn.r = &asides->at[i];
        answer(&turn, asides->intents[i]);
    }
    if (asides->unknown && strcmp(t->out.intent, "none") != 0) {
        answer_unknown(&turn);
        t->out.task = turn.out.task;
        t->out.dialog.expected = turn.out.dialog.expected;
        t->out.dialog.offer = turn.out.dialog.offer;
    }
    if (turn.text.len > 0 && t->out.tool != NULL) {
        wk_turn_add(&turn, t->out.before);
        t->out.before = va_buf_str(&turn.text);
    } else {
        wk_turn_add(t, va_buf_str(&turn.text));
    }
}
