#include "worker/agent/reception_appointment.h"

#include <string.h>

#include "worker/agent/appointment.h"
#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/reception_offer.h"
#include "worker/agent/wording.h"

#define MOST_TOLD       3  /* appointments */
#define MOST_ASKED      10 /* of them in one question: as many as the facts have */
#define UNCLEAR_ANSWERS 2  /* to the question whether to cancel */
#define MOST_DAYS       8  /* words of days behind which a message is read anew */

/* ---------------------------------------------------------------- which one */

/* Rows of the facts' appointments. */
typedef struct {
    const va_json_t *at[MOST_ASKED];
    size_t count;
} rows_t;

/* Rows of facts: [id, type, date, time, stands]. */
static va_str_t moment_of(const wk_reception_turn_t *t, const va_json_t *row)
{
    const wk_slot_t slot = {.date = wk_fact_text(row, 2), .time = wk_fact_text(row, 3)};
    return wk_word_slot(t->a, t->l, &slot);
}

static void add_about(wk_reception_turn_t *t, const char *name, const va_json_t *row)
{
    wk_turn_add(
        t, wk_say(t->a, t->l, name,
                  {"service", wk_word_for(t->a, t->l, "appointment", wk_fact_text(row, 1))},
                  {"moment", moment_of(t, row)}));
}

static bool is_the_only(const va_json_t *list)
{
    return list != NULL && list->first != NULL && list->first->next == NULL;
}

static bool fits(const wk_reception_turn_t *t, const va_json_t *row, va_str_t date)
{
    va_str_t service = wk_read_service(t->c, &t->r->words);
    return (date.data == NULL || va_str_eq(wk_fact_text(row, 2), date)) &&
           (t->r->time.hour < 0 || wk_clock_time_is(t->r->time, wk_fact_text(row, 3))) &&
           (service.data == NULL || va_str_eq(wk_fact_text(row, 1), service));
}

/* NULL: none of this talk's, or it is over, or whose it is cannot be told. */
static const va_json_t *appointment_booked(const wk_reception_turn_t *t)
{
    const va_json_t *row = wk_fact_at(t->f->appointments, 0);
    while (row != NULL && !va_str_eq(wk_fact_text(row, 0), t->dialog->booked)) {
        row = row->next;
    }
    return t->dialog->booked.data != NULL ? row : NULL;
}

va_str_t wk_service_booked(const wk_reception_turn_t *t)
{
    return wk_fact_text(appointment_booked(t), 1);
}

/*
 * The coming appointment that the message means: that of the day, time and service it names,
 * else the one just booked, else the next. *sure: it can be no other.
 */
static const va_json_t *appointment_meant(const wk_reception_turn_t *t, bool *sure)
{
    va_str_t date;
    size_t n = 0;
    const va_json_t *booked = appointment_booked(t);
    const va_json_t *meant = booked != NULL ? booked : wk_fact_at(t->f->appointments, 0);
    bool clear = wk_turn_date(t, &date) != WK_DAY_UNCLEAR;
    for (size_t i = 0; wk_fact_at(t->f->appointments, i) != NULL; i++) {
        const va_json_t *row = wk_fact_at(t->f->appointments, i);
        if (fits(t, row, date)) {
            meant = n == 0 || row == booked ? row : meant;
            n++;
        }
    }
    *sure = clear && n == 1;
    return meant;
}

/* Those that the message means with "both" or "all". */
static rows_t all_meant(const wk_reception_turn_t *t)
{
    va_str_t date;
    rows_t rows = {.count = 0};
    (void)wk_turn_date(t, &date);
    for (size_t i = 0; i < MOST_ASKED && wk_fact_at(t->f->appointments, i) != NULL; i++) {
        const va_json_t *row = wk_fact_at(t->f->appointments, i);
        if (fits(t, row, date)) {
            rows.at[rows.count++] = row;
        }
    }
    return rows;
}

/* A letter answers the last text that invited it; without one the only appointment. */
static const va_json_t *appointment_of_letter(const wk_reception_turn_t *t, bool *sure)
{
    *sure = t->f->texted != NULL || is_the_only(t->f->appointments);
    return t->f->texted != NULL ? t->f->texted : wk_fact_at(t->f->appointments, 0);
}

/* ---------------------------------------------------------------- when it is */

void wk_answer_appointment(wk_reception_turn_t *t)
{
    size_t told = 0;
    for (size_t i = 0; told < MOST_TOLD && wk_fact_at(t->f->appointments, i) != NULL; i++) {
        add_about(t, "reply.appointment", wk_fact_at(t->f->appointments, i));
        told++;
    }
    if (told == 0) {
        wk_turn_add_text(t, "reply.no_appointment");
    }
    t->out.certain = true;
}

bool wk_answer_agreement(wk_reception_turn_t *t)
{
    const va_json_t *row = appointment_booked(t);
    bool texted =
        row == NULL && !t->dialog->spoken && va_json_bool(wk_fact_at(t->f->texted, 4), false);
    row = texted ? t->f->texted : row;
    bool agrees = t->dialog->booked.data != NULL && !wk_intent_named(t, WK_INTENT_BOOK);
    if (row == NULL && !agrees) {
        return false;
    }
    if (row != NULL) {
        add_about(t, "reply.appointment", row);
    } else {
        wk_turn_add_text(t, "reply.thanks");
    }
    return true;
}

/* ---------------------------------------------------------------- cancelling */

static va_str_t args_to_cancel(wk_reception_turn_t *t, va_str_t appointment)
{
    va_buf_t args;
    va_json_writer_t *w = wk_turn_args(t, &args);
    if (appointment.data != NULL) {
        va_json_add_str(w, "appointment_id", appointment);
    }
    wk_turn_wish(t, "cancel_appointment", w, &args);
    return t->out.tool_args;
}

/* Cuts the next off a list of them; absent at its end. */
static va_str_t next_id(va_str_t *ids)
{
    const char *space = ids->len > 0 ? memchr(ids->data, ' ', ids->len) : NULL;
    size_t len = space != NULL ? (size_t)(space - ids->data) : ids->len;
    va_str_t id = len > 0 ? va_str(ids->data, len) : VA_STR_NULL;
    size_t cut = space != NULL ? len + 1 : len;
    *ids = va_str(ids->data + cut, ids->len - cut);
    return id;
}

/*
 * Those that were asked about, whatever stands of them now: a run that comes again asks the
 * tool for the same. Absent: the tool finds none either, or may not say.
 */
static void cancel(wk_reception_turn_t *t, va_str_t appointments)
{
    va_str_t first = args_to_cancel(t, next_id(&appointments));
    t->out.more_args = wk_alloc(t->a, MOST_ASKED * sizeof(*t->out.more_args));
    while (appointments.len > 0 && t->out.n_more < MOST_ASKED) {
        va_str_t args = args_to_cancel(t, next_id(&appointments));
        t->out.more_args[t->out.n_more++] = args;
    }
    t->out.tool_args = first;
    t->out.certain = true;
}

/* Nothing else is said, and nothing is asked. */
static bool is_plain_cancel(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"cancel.filler", "courtesy", "cancel.plain", NULL};
    return wk_turn_has(t, "cancel.plain") && !wk_turn_is_question(t) &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

static va_str_t words_of(const wk_reception_turn_t *t, const rows_t *rows)
{
    va_str_t items[MOST_ASKED];
    for (size_t i = 0; i < rows->count; i++) {
        items[i] = wk_say(
            t->a, t->l, "reply.cancel_item",
            {"service", wk_word_for(t->a, t->l, "appointment", wk_fact_text(rows->at[i], 1))},
            {"moment", moment_of(t, rows->at[i])});
    }
    return wk_word_list_of(t->a, t->l, items, rows->count);
}

/* rows: not none. */
static void ask_to_cancel(wk_reception_turn_t *t, const rows_t *rows)
{
    va_buf_t ids;
    va_buf_init(&ids, wk_mem(t->a), rows->count * 40);
    for (size_t i = 0; i < rows->count; i++) {
        va_buf_add_c(&ids, i > 0 ? " " : "");
        va_buf_add_str(&ids, wk_fact_text(rows->at[i], 0));
    }
    if (rows->count == 1) {
        add_about(t, "reply.cancel_ask", rows->at[0]);
    } else {
        wk_turn_add(
            t, wk_say(t->a, t->l, "reply.cancel_ask_all", {"appointments", words_of(t, rows)}));
    }
    t->out.dialog.expected = WK_EXPECT_CANCEL;
    t->out.dialog.cancels = va_buf_str(&ids);
}

static void tell_they_stand(wk_reception_turn_t *t, const rows_t *rows)
{
    if (rows->count == 1) {
        add_about(t, "reply.stands", rows->at[0]);
    } else {
        wk_turn_add_text(t, "reply.all_stand");
    }
}

/* Nobody is asked the same for ever: what stands is said, and how a person is reached. */
static void let_go(wk_reception_turn_t *t, const rows_t *rows)
{
    tell_they_stand(t, rows);
    wk_offer_person(t);
    t->out.dialog.misses = 0;
}

static rows_t asked_about(const wk_reception_turn_t *t)
{
    rows_t rows = {.count = 0};
    va_str_t ids = t->dialog->cancels;
    bool asked = t->dialog->expected == WK_EXPECT_CANCEL;
    while (asked && ids.len > 0 && rows.count < MOST_ASKED) {
        va_str_t id = next_id(&ids);
        const va_json_t *row = wk_fact_at(t->f->appointments, 0);
        while (row != NULL && !va_str_eq(wk_fact_text(row, 0), id)) {
            row = row->next;
        }
        if (row != NULL) {
            rows.at[rows.count++] = row;
        }
    }
    return rows;
}

bool wk_is_asked_to_cancel(const wk_reception_turn_t *t)
{
    return asked_about(t).count > 0;
}

/* "Only the one on Monday", where it was asked about several. */
static rows_t leave_named(const wk_reception_turn_t *t, const rows_t *asked)
{
    va_str_t date;
    rows_t named = {.count = 0};
    (void)wk_turn_date(t, &date);
    for (size_t i = 0; i < asked->count; i++) {
        if (fits(t, asked->at[i], date)) {
            named.at[named.count++] = asked->at[i];
        }
    }
    return named.count > 0 ? named : *asked;
}

void wk_ask_to_cancel_again(wk_reception_turn_t *t)
{
    rows_t asked = asked_about(t), named = leave_named(t, &asked);
    if (named.count < asked.count) {
        ask_to_cancel(t, &named);
        return;
    }
    t->out.dialog.misses = t->dialog->misses + 1;
    if (t->out.dialog.misses >= UNCLEAR_ANSWERS) {
        let_go(t, &asked);
    } else {
        ask_to_cancel(t, &asked);
    }
}

void wk_answer_cancel(wk_reception_turn_t *t)
{
    bool sure, letter = wk_turn_is_letter(t, "letter.cancel"),
               plain = letter || is_plain_cancel(t);
    const va_json_t *row =
        letter ? appointment_of_letter(t, &sure) : appointment_meant(t, &sure);
    rows_t all = all_meant(t), one = {{row}, 1};
    if (plain && (sure || row == NULL)) {
        cancel(t, wk_fact_text(row, 0));
    } else if (row == NULL) {
        wk_turn_add_text(t, "reply.no_appointment");
    } else if (wk_is_denied(t, "intent.cancel") || wk_turn_has(t, "wish.why")) {
        add_about(t, "reply.stands", row);
    } else {
        bool several = !letter && all.count > 1 && wk_turn_has(t, "cancel.all");
        ask_to_cancel(t, several ? &all : &one);
        t->out.certain = plain || several;
    }
}

/* "Both of them" to the question about one. */
static bool wants_all_cancelled(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"cancel.all", "intent.confirm",    "intent.cancel",
                                        "courtesy",   "appointment.words", NULL};
    return wk_turn_has(t, "cancel.all") && !wk_turn_has(t, "wish.denial") &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

bool wk_answer_cancel_question(wk_reception_turn_t *t, wk_intent_t intent)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    rows_t asked = asked_about(t), all = all_meant(t);
    wk_cut_refusal(&turn, &rest);
    bool another_day = (intent == WK_INTENT_HOURS || intent == WK_INTENT_BOOK) &&
                       !wk_intent_named(t, intent); /* a day alone asks for no hours */
    bool yes = wk_is_yes_to_cancel(t), every = wants_all_cancelled(t);
    bool some = leave_named(t, &asked).count < asked.count &&
                (intent == WK_INTENT_BOOK || intent == WK_INTENT_CANCEL);
    if (asked.count > 0 && (another_day || some)) {
        wk_ask_to_cancel_again(t);
    } else if (every && all.count > asked.count) {
        ask_to_cancel(t, &all);
    } else if (asked.count > 0 && (yes || every) && t->dialog->old) {
        ask_to_cancel(t, &asked);
    } else if (yes || every) {
        cancel(t, t->dialog->cancels);
    } else if (turn.refuses && (intent == WK_INTENT_NONE || intent == WK_INTENT_THANKS ||
                                intent == WK_INTENT_GREETING)) {
        wk_answer_no(t);
        return true;
    } else {
        return false;
    }
    t->out.intent = "cancel";
    return true;
}

/* ---------------------------------------------------------------- another time */

/* A time or half of the day that is not its own, or "a bit later". */
static bool names_where_to(const wk_reception_turn_t *t, const va_json_t *row)
{
    va_str_t time = wk_fact_text(row, 3);
    wk_half_t half = wk_half_of_day(t), own = wk_half_of(time);
    return (t->r->time.hour >= 0 && !wk_clock_time_is(t->r->time, time)) ||
           wk_turn_has(t, "reschedule.nearby") || (half != WK_ANY_HALF && half != own);
}

/* The words from from to end, read for themselves. */
static wk_reading_t read_part(const wk_reception_turn_t *t, size_t from, size_t end)
{
    const wk_words_t *words = &t->r->words;
    size_t begin = words->at[from].begin, len = words->at[end - 1].end - begin;
    return wk_read_message(t->a, t->c, t->l, va_str(t->r->text.data + begin, len));
}

static bool names_day(const wk_reception_turn_t *t, const wk_reading_t *r, va_str_t *date)
{
    wk_reception_turn_t turn = *t;
    turn.r = r;
    return wk_turn_date(&turn, date) == WK_DAY_ONE;
}

/*
 * "From Monday to Friday": of two days its own, said first, is not where it shall go. Each part
 * is read anew, so that of a long message only its first days are tried.
 */
static void cut_own_day(wk_reception_turn_t *t, va_str_t own, wk_reading_t *rest)
{
    va_str_t date;
    size_t count = t->r->words.count, tried = 0;
    for (size_t i = 1; i < count && t->r->vague && tried < MOST_DAYS; i++) {
        if (!t->r->spent[i - 1]) {
            continue;
        }
        tried++;
        wk_reading_t first = read_part(t, 0, i);
        if (names_day(t, &first, &date)) {
            *rest = read_part(t, i, count);
            bool other = va_str_eq(date, own) && names_day(t, rest, &date);
            t->r = other ? rest : t->r;
            return;
        }
    }
}

/*
 * Which one is to be moved is said, so that a wrong guess is seen. Where it shall go is a time
 * that is not its own, on its day if no other is named; its day alone, "my appointment
 * tomorrow", is where it is now.
 */
static void look_for_another(wk_reception_turn_t *t, const va_json_t *row)
{
    va_str_t date, service = wk_fact_text(row, 1), id = wk_fact_text(row, 0),
                   own = wk_fact_text(row, 2);
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    cut_own_day(&turn, own, &rest);
    bool to = names_where_to(&turn, row);
    (void)wk_turn_date(&turn, &date);
    if (wk_turn_day_fault(&turn) != NULL) {
        add_about(t, "reply.moving", row);
        wk_ask_for_day(t, (wk_offer_t){.service = service, .appointment = id});
        return;
    }
    if (!to && va_str_eq(date, own)) {
        wk_look_behind_day(&turn, service, id, own);
    } else {
        wk_look_for_times(&turn, service, id, to ? own : VA_STR_NULL);
    }
    t->out = turn.out;
    t->out.before =
        wk_say(t->a, t->l, "reply.moving",
               {"service", wk_word_for(t->a, t->l, "appointment", wk_fact_text(row, 1))},
               {"moment", moment_of(t, row)});
}

typedef struct {
    const wk_words_t *words;
    va_str_t own, other;
    bool several;
} services_t;

static void look_at_service(void *ctx, va_str_t service, const wk_phrases_t *phrases)
{
    services_t *s = ctx;
    if (!wk_phrases_in(phrases, s->words) || va_str_eq(service, s->own)) {
        return;
    }
    s->several = s->several || (s->other.data != NULL && !va_str_eq(service, s->other));
    s->other = service;
}

/* Than that of what was booked: those that are named, in whatever language. */
static services_t other_services(const wk_reception_turn_t *t)
{
    services_t s = {.words = &t->r->words, .own = wk_fact_text(appointment_booked(t), 1)};
    for (size_t i = 0; i < wk_catalogue_count(t->c); i++) {
        wk_word_lists(wk_catalogue_at(t->c, i), "service.", look_at_service, &s);
    }
    return s;
}

static bool names_another_service(const wk_reception_turn_t *t)
{
    return other_services(t).other.data != NULL;
}

static bool asks_something(const wk_reception_turn_t *t)
{
    for (wk_intent_t i = WK_INTENT_APPOINTMENT; i <= WK_INTENT_LOCATION; i++) {
        if (i != WK_INTENT_BOOK && wk_intent_named(t, i)) {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------- what was just booked */

/* "Changez-le à 16 h", not "changez le pneu": before a noun it is no "it". */
static bool is_it(const wk_reception_turn_t *t, const wk_language_t *l, size_t end)
{
    const wk_words_t *words = &t->r->words;
    size_t at = words->at[end - 1].end;
    return end == words->count || t->r->spent[end] ||
           memchr(",.;:!?", t->r->text.data[at], 6) != NULL ||
           wk_phrases_at(wk_word_list(l, "reschedule.behind"), words, end) > 0;
}

static bool says_it(const wk_reception_turn_t *t)
{
    bool it = wk_turn_has(t, "reschedule.it");
    for (size_t i = 0; i < wk_catalogue_count(t->c) && !it; i++) {
        const wk_language_t *l = wk_catalogue_at(t->c, i);
        const wk_phrases_t *phrases = wk_word_list(l, "reschedule.that");
        size_t at = 0, len = 0;
        while (!it && wk_phrases_find(phrases, &t->r->words, at + len, &at, &len)) {
            it = is_it(t, l, at + len);
        }
    }
    return it;
}

/* "From 10 am to 4 pm": the appointment's own time, said first, is not where it shall go. */
static bool cut_own_time(wk_reception_turn_t *t, const va_json_t *row, wk_reading_t *rest)
{
    const wk_reading_t *r = t->r;
    if (r->time.hour < 0 || r->time.end >= r->words.count ||
        !wk_clock_time_is(r->time, wk_fact_text(row, 3))) {
        return false;
    }
    size_t begin = r->words.at[r->time.end].begin;
    *rest =
        wk_read_message(t->a, t->c, t->l, va_str(r->text.data + begin, r->text.len - begin));
    if (rest->time.hour < 0 || (wk_reading_names_a_day(r) && !wk_reading_names_a_day(rest))) {
        return false;
    }
    t->refuses = t->refuses || wk_turn_has(t, "wish.denial");
    t->r = rest;
    return true;
}

/* "I'm not free at 10, 4 pm?", "Monday doesn't work any more" */
static bool is_unable_but(const wk_reception_turn_t *t)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    va_str_t own = wk_fact_text(appointment_booked(t), 3);
    bool both = t->r->numbers == 1 && t->r->time.hour >= 0 &&
                wk_clock_time_is(wk_clock_hour(t->r->number), own);
    bool unable = wk_turn_has(t, "reschedule.unable"),
         absent = wk_turn_has(t, "cancel.absence");
    return (unable && !absent && wk_reading_names_a_day(t->r)) ||
           ((unable || absent) && (both || cut_own_time(&turn, appointment_booked(t), &rest)));
}

/* "Make it 4": a number that can be nothing but the hour. */
static bool names_an_hour(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"wish.filler", "courtesy", "reschedule.make",
                                        "reschedule.instead", NULL};
    return t->r->numbers == 1 && t->r->number < 24 &&
           wk_reading_is_only(t->a, t->c, t->r, lists, true);
}

/* "Actually, 4 pm", not "actually, are you open on Saturday". */
static bool names_another_moment(const wk_reception_turn_t *t)
{
    return (wk_turn_names_a_moment(t) || names_an_hour(t)) &&
           (wk_turn_has(t, "reschedule.instead") || wk_turn_has(t, "reschedule.make") ||
            is_unable_but(t)) &&
           !asks_something(t);
}

/* "Change it to a repair"; with a day or time "actually, a repair" is one more appointment. */
static bool changes_service(const wk_reception_turn_t *t)
{
    return names_another_service(t) && !wk_turn_has(t, "wish.also") &&
           (says_it(t) || wk_turn_has(t, "reschedule.make") ||
            (wk_turn_has(t, "reschedule.instead") && !wk_turn_names_a_moment(t)));
}

bool wk_changes_what_was_booked(const wk_reception_turn_t *t)
{
    return t->dialog->booked.data != NULL && t->dialog->expected == WK_EXPECT_NOTHING &&
           (changes_service(t) ||
            ((says_it(t) || wk_turn_has(t, "reschedule.nearby") || names_another_moment(t)) &&
             !names_another_service(t)));
}

/* "Don't make it 4 pm"; a no before it all ("no, mejor a las 4") is to what stands, and "not
 * actually" to something else. */
static bool denies_change(const wk_reception_turn_t *t)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    wk_cut_refusal(&turn, &rest);
    return wk_is_denied(t, "reschedule.it") || wk_is_denied(t, "reschedule.that") ||
           wk_is_denied(&turn, "reschedule.make");
}

/*
 * What was just booked is like an offer of its one time, in whose place another day or time may
 * be chosen; false: none is named.
 */
static bool choose_anew(wk_reception_turn_t *t, const va_json_t *row)
{
    va_str_t date = wk_fact_text(row, 2), time = wk_fact_text(row, 3);
    wk_dialog_t dialog = *t->dialog;
    wk_reception_turn_t turn = *t;
    dialog.expected = WK_EXPECT_SLOT;
    dialog.old = t->dialog->booked_old;
    dialog.offer = (wk_offer_t){
        .service = wk_fact_text(row, 1), .appointment = wk_fact_text(row, 0), .count = 1};
    dialog.offer.slots[0] =
        wk_printf(t->a, "%.*sT%.*s", (int)date.len, date.data, (int)time.len, time.data);
    turn.dialog = &dialog;
    bool chosen = wk_answer_offer(&turn, WK_INTENT_NONE);
    t->text = turn.text;
    t->out = turn.out;
    return chosen;
}

static void move_what_was_booked(wk_reception_turn_t *t, const va_json_t *row)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    (void)cut_own_time(&turn, row, &rest);
    if (!choose_anew(&turn, row)) {
        look_for_another(&turn, row);
    }
    t->text = turn.text;
    t->out = turn.out;
}

/* Another service at the same time; what is less simple, and what is hours ago, is for people.
 */
static void change_service(wk_reception_turn_t *t, const va_json_t *row)
{
    va_buf_t args;
    services_t named = other_services(t);
    if (named.several || wk_turn_names_a_moment(t) || t->dialog->booked_old) {
        wk_turn_add_text(t, "reply.other_service");
        let_go(t, &(rows_t){{row}, 1});
        return;
    }
    va_json_writer_t *w = wk_turn_args(t, &args);
    va_json_add_str(w, "appointment_id", wk_fact_text(row, 0));
    va_json_add_str(w, "service_type", named.other);
    wk_turn_wish(t, "reschedule_appointment", w, &args);
    t->out.dialog.offer = (wk_offer_t){
        .service = named.other, .appointment = wk_fact_text(row, 0), .becomes = true};
}

static void change_what_was_booked(wk_reception_turn_t *t)
{
    const va_json_t *row = appointment_booked(t);
    if (row == NULL) {
        wk_turn_add_text(t, "reply.cannot");
        wk_offer_person(t);
    } else if (denies_change(t)) {
        add_about(t, "reply.stands", row);
    } else if (changes_service(t)) {
        change_service(t, row);
    } else {
        move_what_was_booked(t, row);
    }
    t->out.certain = true;
}

/* ---------------------------------------------------------------- moving */

void wk_answer_reschedule(wk_reception_turn_t *t)
{
    if (wk_changes_what_was_booked(t)) {
        change_what_was_booked(t);
        return;
    }
    bool sure, letter = wk_turn_is_letter(t, "letter.reschedule");
    const va_json_t *row =
        letter ? appointment_of_letter(t, &sure) : appointment_meant(t, &sure);
    if (row == t->f->texted && !va_json_bool(wk_fact_at(row, 4), true)) {
        row = wk_fact_at(t->f->appointments, 0);
    }
    if (row == NULL) {
        wk_turn_add_text(t, "reply.no_appointment");
    } else if (!letter && wk_is_denied(t, "intent.reschedule")) {
        add_about(t, "reply.stands", row);
    } else {
        look_for_another(t, row);
    }
    t->out.certain = true;
}
