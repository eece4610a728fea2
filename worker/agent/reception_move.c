#include "worker/agent/reception_move.h"

#include <string.h>

#include "worker/agent/date.h"
#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_appointment.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/reception_offer.h"
#include "worker/agent/reception_services.h"
#include "worker/agent/reception_which.h"

#define WEEK      7
#define MOST_DAYS 8 /* words of days behind which a message is read anew */

/* ---------------------------------------------------------------- another time */

/* A time or half of the day that is not its own, or "a bit later". */
static bool names_where_to(const wk_reception_turn_t *t, const va_json_t *row)
{
    va_str_t time = wk_fact_text(row, 3);
    wk_half_t half = wk_half_of_day(t), own = wk_half_of(time);
    return (t->r->time.hour >= 0 && !wk_clock_time_is(t->r->time, time)) ||
           wk_turn_has(t, "reschedule.nearby") || (half != WK_ANY_HALF && half != own);
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
        wk_reading_t first = wk_turn_read_part(t, 0, i);
        if (names_day(t, &first, &date)) {
            *rest = wk_turn_read_part(t, i, count);
            bool other = va_str_eq(date, own) && names_day(t, rest, &date);
            t->r = other ? rest : t->r;
            return;
        }
    }
}

static wk_clock_time_t time_of_row(const va_json_t *row)
{
    va_str_t time = wk_fact_text(row, 3);
    return (wk_clock_time_t){.hour = wk_small_number(wk_cut_text(time, 2)),
                             .minute = wk_small_number(va_str(time.data + 3, 2)),
                             .certain = true};
}

/* By its own time on a day. */
static void look_at_its_time(wk_reception_turn_t *t, const va_json_t *row, va_str_t day)
{
    wk_reading_t nothing = wk_turn_read_part(t, 0, 0);
    wk_reception_turn_t turn = *t;
    turn.r = &nothing;
    wk_look_for_times(&turn, wk_fact_text(row, 1), wk_fact_text(row, 0), day);
    turn.out.time = time_of_row(row);
    t->out = turn.out;
}

static va_str_t a_week_behind(wk_arena_t *a, va_str_t day)
{
    wk_date_t date;
    bool known = wk_date_parse(day, &date);
    for (int i = 0; i < WEEK && known; i++) {
        wk_date_step(&date);
    }
    return known ? wk_printf(a, "%04d-%02d-%02d", date.year, date.month, date.day) : day;
}

static void ask_where_to(wk_reception_turn_t *t, const va_json_t *row)
{
    wk_add_about(t, "reply.moving", row);
    wk_ask_for_day(
        t, (wk_offer_t){.service = wk_fact_text(row, 1), .appointment = wk_fact_text(row, 0)});
}

static bool is_same_time_next_week(const wk_reception_turn_t *t);

/*
 * Which one is to be moved is said, so that a wrong guess is seen. Where it shall go is a time
 * that is not its own, on its day if no other is named; its day alone, "my appointment
 * tomorrow", is where it is now.
 */
/* "Both", "the tune-up and the repair", where each stands. */
static bool moves_several(const wk_reception_turn_t *t)
{
    size_t stand = 0;
    wk_services_t named = wk_services_named(t);
    for (size_t i = 0; i < named.count; i++) {
        const va_json_t *row = wk_fact_at(t->f->appointments, 0);
        while (row != NULL && !va_str_eq(wk_fact_text(row, 1), named.at[i])) {
            row = row->next;
        }
        stand += row != NULL;
    }
    return stand > 1 || (stand == 0 && wk_turn_has(t, "cancel.all") &&
                         wk_fact_at(t->f->appointments, 1) != NULL);
}

static void look_for_another(wk_reception_turn_t *t, const va_json_t *row)
{
    va_str_t date, service = wk_fact_text(row, 1), id = wk_fact_text(row, 0),
                   own = wk_fact_text(row, 2);
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    turn.near = own;
    cut_own_day(&turn, own, &rest);
    bool to = names_where_to(&turn, row);
    (void)wk_turn_date(&turn, &date);
    if (wk_turn_day_fault(&turn) != NULL || wk_is_day_unclear(&turn)) {
        ask_where_to(t, row);
        return;
    }
    if (is_same_time_next_week(&turn)) {
        look_at_its_time(&turn, row, a_week_behind(t->a, own));
    } else if (!to && va_str_eq(date, own)) {
        wk_look_behind_day(&turn, service, id, own);
    } else {
        bool that_day = to || wk_half_of_day(&turn) != WK_ANY_HALF;
        wk_look_for_times(&turn, service, id, that_day ? own : VA_STR_NULL);
    }
    if (turn.r->time.hour < 0 && date.data != NULL && wk_turn_has(t, "reschedule.same_time")) {
        turn.out.time = time_of_row(row);
    }
    t->out = turn.out;
    wk_add_about(t, moves_several(t) ? "reply.moving_first" : "reply.moving", row);
    t->out.before = va_buf_str(&t->text);
}

/* Than that of what was booked: the first that is named; *several: of more. */
static va_str_t other_service(const wk_reception_turn_t *t, bool *several)
{
    wk_services_t named = wk_services_named(t);
    va_str_t own = wk_fact_text(wk_appointment_booked(t), 1), other = VA_STR_NULL;
    *several = false;
    for (size_t i = 0; i < named.count; i++) {
        bool is_own = va_str_eq(named.at[i], own);
        *several = *several || (!is_own && other.data != NULL);
        other = is_own || other.data != NULL ? other : named.at[i];
    }
    return other;
}

static bool names_another_service(const wk_reception_turn_t *t)
{
    bool several;
    return other_service(t, &several).data != NULL;
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
    va_str_t own = wk_fact_text(wk_appointment_booked(t), 3);
    bool both = t->r->numbers == 1 && t->r->time.hour >= 0 &&
                wk_clock_time_is(wk_clock_hour(t->r->number), own);
    bool unable = wk_turn_has(t, "reschedule.unable"),
         absent = wk_turn_has(t, "cancel.absence");
    return (unable && !absent && wk_reading_names_a_day(t->r)) ||
           ((unable || absent) &&
            (both || cut_own_time(&turn, wk_appointment_booked(t), &rest)));
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

/* "Actually can we do it in the afternoon", "make it the morning" */
static bool names_another_half(const wk_reception_turn_t *t)
{
    return wk_half_of_day(t) != WK_ANY_HALF &&
           (wk_turn_has(t, "reschedule.make") || wk_turn_has(t, "reschedule.do_it") ||
            wk_turn_has(t, "reschedule.instead")) &&
           !asks_something(t);
}

bool wk_changes_what_was_booked(const wk_reception_turn_t *t)
{
    return t->dialog->booked.data != NULL && t->dialog->expected == WK_EXPECT_NOTHING &&
           (changes_service(t) || ((says_it(t) || wk_turn_has(t, "reschedule.nearby") ||
                                    names_another_moment(t) || names_another_half(t)) &&
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
    turn.near = date;
    bool chosen = wk_answer_offer(&turn, WK_INTENT_NONE);
    t->text = turn.text;
    t->out = turn.out;
    return chosen;
}

static void move_what_was_booked(wk_reception_turn_t *t, const va_json_t *row)
{
    wk_swap_t swap;
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    if (!cut_own_time(&turn, row, &rest) && wk_turn_swaps(t, &swap)) {
        turn.r = &swap.to;
    }
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
    bool several;
    va_str_t other = other_service(t, &several);
    if (several || wk_turn_names_a_moment(t) || t->dialog->booked_old) {
        wk_turn_add_text(t, "reply.other_service");
        wk_add_about(t, "reply.stands", row);
        wk_offer_person(t);
        return;
    }
    va_json_writer_t *w = wk_turn_args(t, &args);
    va_json_add_str(w, "appointment_id", wk_fact_text(row, 0));
    va_json_add_str(w, "service_type", other);
    wk_turn_wish(t, "reschedule_appointment", w, &args);
    t->out.dialog.offer =
        (wk_offer_t){.service = other, .appointment = wk_fact_text(row, 0), .becomes = true};
}

static void change_what_was_booked(wk_reception_turn_t *t)
{
    const va_json_t *row = wk_appointment_booked(t);
    if (row == NULL) {
        wk_turn_add_text(t, "reply.cannot");
        wk_offer_person(t);
    } else if (denies_change(t)) {
        wk_add_about(t, "reply.stands", row);
    } else if (changes_service(t)) {
        change_service(t, row);
    } else {
        move_what_was_booked(t, row);
    }
    t->out.certain = true;
}

/* ---------------------------------------------------------------- one day for another */

static wk_meant_t named_by(const wk_reception_turn_t *t, const wk_reading_t *part)
{
    wk_reception_turn_t turn = *t;
    turn.r = part;
    return wk_all_named(&turn);
}

static void move_to(wk_reception_turn_t *t, const va_json_t *row, const wk_reading_t *to)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    turn.r = to;
    turn.near = wk_fact_text(row, 2);
    cut_own_day(&turn, turn.near, &rest);
    if (wk_is_day_unclear(&turn)) {
        ask_where_to(&turn, row);
    } else {
        look_for_another(&turn, row);
    }
    t->text = turn.text;
    t->out = turn.out;
}

/* As a dialog keeps it: of several days the first. Absent: the day is not clear, and a time is
 * of no day then. */
static va_str_t where_to(const wk_reception_turn_t *t)
{
    va_str_t date;
    wk_days_t days;
    wk_clock_time_t time = t->r->time;
    int minutes = wk_clock_likely(time);
    if (wk_turn_days(t, &days)) {
        return days.from;
    }
    if (wk_turn_date(t, &date) == WK_DAY_UNCLEAR) {
        return VA_STR_NULL;
    }
    return time.hour < 0
               ? date
               : wk_printf(t->a, "%.*sT%02d:%02d", (int)date.len,
                           date.data != NULL ? date.data : "", minutes / 60, minutes % 60);
}

/* A time without a day is one of the appointment's own; *time: none without one. */
static va_str_t read_where_to(const va_json_t *row, va_str_t kept, wk_clock_time_t *time)
{
    bool timed = kept.len == 6 || kept.len == 16;
    *time = (wk_clock_time_t){.hour = -1};
    if (timed) {
        *time = (wk_clock_time_t){
            .hour = wk_small_number(va_str(kept.data + kept.len - 5, 2)),
            .minute = wk_small_number(va_str(kept.data + kept.len - 2, 2)),
            .certain = true,
        };
    }
    return !timed ? kept : kept.len == 16 ? va_str(kept.data, 10) : wk_fact_text(row, 2);
}

static void ask_which_to_move(wk_reception_turn_t *t, const wk_swap_t *swap,
                              const wk_meant_t *rows)
{
    wk_reception_turn_t turn = *t;
    turn.r = &swap->from;
    (void)wk_turn_date(&turn, &turn.near);
    turn.near = rows->count > 0 ? wk_fact_text(rows->at[0], 2) : turn.near;
    turn.r = &swap->to;
    wk_answer_appointment(t);
    wk_turn_add_text(t,
                     wk_is_the_only(t->f->appointments) ? "reply.move_it" : "reply.move_which");
    t->out.dialog.expected = WK_EXPECT_MOVE;
    t->out.dialog.moves_to = where_to(&turn);
}

/* "It" is taken from where it was booked. */
static bool swaps_booked(const wk_reception_turn_t *t, const wk_swap_t *swap)
{
    wk_meant_t rows = named_by(t, &swap->from);
    return rows.count == 1 && rows.at[0] == wk_appointment_booked(t);
}

bool wk_is_of_appointment(const wk_reception_turn_t *t, const wk_swap_t *swap)
{
    return named_by(t, &swap->from).count > 0;
}

static void swap_days(wk_reception_turn_t *t, const wk_swap_t *swap)
{
    wk_meant_t rows = named_by(t, &swap->from);
    if (wk_fact_at(t->f->appointments, 0) == NULL) {
        wk_turn_add_text(t, "reply.no_appointment");
    } else if (rows.count == 1) {
        move_to(t, rows.at[0], &swap->to);
    } else {
        ask_which_to_move(t, swap, &rows);
    }
    t->out.certain = true;
}

/* To where it was to go when it was asked which. */
static void move_to_kept(wk_reception_turn_t *t, const va_json_t *row)
{
    wk_reading_t nothing = wk_turn_read_part(t, 0, 0);
    wk_reception_turn_t turn = *t;
    turn.r = &nothing;
    va_str_t day = read_where_to(row, t->dialog->moves_to, &nothing.time);
    if (day.data == NULL) {
        ask_where_to(&turn, row);
    } else {
        wk_look_for_times(&turn, wk_fact_text(row, 1), wk_fact_text(row, 0), day);
    }
    t->text = turn.text;
    t->out = turn.out;
}

/* "No, book a repair on Friday", "the repair, I can't come on Friday", "how much is it?" */
static bool wants_something_else(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "wish.also") || wk_turn_has(t, "cancel.absence") ||
           wk_turn_has(t, "reschedule.unable") || asks_something(t) ||
           wk_word_list_at(t->c, "intent.no", &t->r->words, 0) > 0;
}

/* "The repair to Friday at 3", "the repair, at 4": the one that its service alone tells; NULL:
 * none, or several, or the message is about something else. */
static const va_json_t *row_of_service(const wk_reception_turn_t *t)
{
    const va_json_t *found = NULL;
    va_str_t service = wk_turn_service(t);
    size_t n = 0;
    for (const va_json_t *row = wk_fact_at(t->f->appointments, 0); row != NULL;
         row = row->next) {
        bool fits = va_str_eq(wk_fact_text(row, 1), service);
        found = fits ? row : found;
        n += fits;
    }
    return n == 1 && !wants_something_else(t) ? found : NULL;
}

/* A time without a day is one of the day where it was to go. */
static void move_anew(wk_reception_turn_t *t, const va_json_t *row)
{
    wk_clock_time_t kept;
    va_str_t day = read_where_to(row, t->dialog->moves_to, &kept);
    if (wk_reading_names_a_day(t->r) || day.data == NULL) {
        move_to(t, row, t->r);
    } else {
        wk_look_for_times(t, wk_fact_text(row, 1), wk_fact_text(row, 0), day);
    }
}

static bool cancels(const wk_reception_turn_t *t)
{
    return wk_intent_named(t, WK_INTENT_CANCEL) && !wk_turn_has(t, "cancel.absence");
}

const va_json_t *wk_row_by_place(const wk_reception_turn_t *t)
{
    wk_offer_t told = {.count = 0};
    const va_json_t *row = NULL;
    for (size_t i = 0; i < WK_OFFERED && wk_fact_at(t->f->appointments, i) != NULL; i++) {
        row = wk_fact_at(t->f->appointments, i);
        va_str_t date = wk_fact_text(row, 2), time = wk_fact_text(row, 3);
        told.slots[told.count++] =
            wk_printf(t->a, "%.*sT%.*s", (int)date.len, date.data, (int)time.len, time.data);
    }
    wk_pick_t pick = wk_offer_pick(t->a, t->c, &told, t->r, VA_STR_NULL);
    for (size_t i = 0; i < told.count && pick.kind == WK_PICK_SURE; i++) {
        if (va_str_eq(told.slots[i], pick.start)) {
            return wk_fact_at(t->f->appointments, i);
        }
    }
    return NULL;
}

bool wk_answer_which_to_move(wk_reception_turn_t *t)
{
    wk_meant_t rows = named_by(t, t->r);
    bool names = wk_turn_names_a_moment(t) || wk_services_named(t).count > 0;
    bool only = wk_is_the_only(t->f->appointments);
    bool one = names ? rows.count == 1 : only && wk_is_yes(t);
    const va_json_t *placed = names || only ? NULL : wk_row_by_place(t);
    const va_json_t *row = placed != NULL    ? placed
                           : one             ? rows.at[0]
                           : rows.count == 0 ? row_of_service(t)
                                             : NULL;
    if (row == NULL || cancels(t)) {
        return false;
    }
    if (one || placed != NULL) {
        move_to_kept(t, row);
    } else {
        move_anew(t, row);
    }
    t->out.intent = "reschedule";
    return true;
}

/* ---------------------------------------------------------------- moving */

/* The words at i are the name of a service of which an appointment stands, or one's own. */
static bool is_own_at(const wk_reception_turn_t *t, size_t i)
{
    bool own = wk_word_list_at(t->c, "appointment.own", &t->r->words, i) > 0;
    for (const va_json_t *row = wk_fact_at(t->f->appointments, 0); row != NULL && !own;
         row = row->next) {
        wk_phrase_t name = wk_phrase(t->a, wk_turn_service_word(t, wk_fact_text(row, 1)));
        own = wk_phrases_at(&(wk_phrases_t){&name, name.words.count > 0}, &t->r->words, i) > 0;
    }
    return own;
}

/* Directly behind a phrase of the list; refused: or behind one that is ("don't move my
 * repair"). */
static bool is_done_to_own(const wk_reception_turn_t *t, const char *list, bool refused)
{
    const wk_words_t *words = &t->r->words;
    for (size_t i = 0; i < words->count; i++) {
        size_t n = wk_word_list_at(t->c, list, words, i), at = i + n;
        if (n > 0 && (refused || !wk_word_list_ends_at(t->c, "wish.refusal", words, i)) &&
            at < words->count &&
            (is_own_at(t, at) || (wk_word_list_at(t->c, "reschedule.object", words, at) == 1 &&
                                  at + 1 < words->count && is_own_at(t, at + 1)))) {
            return true;
        }
    }
    return false;
}

bool wk_moves_own(const wk_reception_turn_t *t)
{
    return is_done_to_own(t, "reschedule.verb", true);
}

bool wk_drops_own(const wk_reception_turn_t *t)
{
    return is_done_to_own(t, "cancel.verb", false) && !wk_turn_has(t, "wish.why");
}

bool wk_keeps_own(const wk_reception_turn_t *t)
{
    bool spared = is_done_to_own(t, "cancel.verb", true) &&
                  !is_done_to_own(t, "cancel.verb", false); /* "don't forget my …" */
    return (spared || is_done_to_own(t, "cancel.keep", false)) && !wk_turn_is_question(t);
}

/* A week behind its own day, whichever that is: the question says where. */
static bool is_same_time_next_week(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "reschedule.same_time") && t->r->span == WK_SPAN_NEXT_WEEK &&
           t->r->weekday == 0 && t->r->time.hour < 0 && wk_all_meant(t).count > 0;
}

/* "No puedo" is no "puedo". */
bool wk_wishes_instead(const wk_reception_turn_t *t)
{
    const wk_words_t *words = &t->r->words;
    size_t i = 0;
    while (i < words->count && (wk_word_list_at(t->c, "wish.may_i", words, i) == 0 ||
                                wk_word_list_ends_at(t->c, "wish.refusal", words, i))) {
        i++;
    }
    return i < words->count && wk_turn_has(t, "reschedule.unable");
}

bool wk_moves_what_is_told(const wk_reception_turn_t *t)
{
    bool nearby = wk_turn_has(t, "reschedule.nearby"), order = wk_turn_has(t, "intent.order");
    bool moment = wk_turn_names_a_moment(t) || nearby || wk_half_of_day(t) != WK_ANY_HALF;
    bool it = wk_is_the_only(t->f->appointments) && says_it(t) && moment;
    bool its = (nearby || wk_wishes_instead(t)) && wk_reading_names_a_day(t->r) &&
               wk_all_named(t).count == 1;
    return (it || its || is_same_time_next_week(t)) && !order && !wk_turn_has(t, "wish.also") &&
           t->dialog->expected == WK_EXPECT_NOTHING;
}

bool wk_answer_other_moved(wk_reception_turn_t *t)
{
    static const char *const lists[] = {"service.",          "courtesy",  "wish.filler",
                                        "reschedule.object", "intent.no", NULL};
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    const wk_offer_t *offer = &t->dialog->offer;
    wk_cut_refusal(&turn, &rest);
    bool moves = offer->appointment.data != NULL && !offer->becomes && !wk_turn_is_question(t);
    const va_json_t *row = moves ? row_of_service(&turn) : NULL;
    if (row == NULL || va_str_eq(wk_fact_text(row, 0), offer->appointment) ||
        !wk_reading_is_only(t->a, t->c, t->r, lists, false)) {
        return false;
    }
    look_for_another(t, row);
    t->out.intent = "reschedule";
    return true;
}

/* "Monday or Tuesday": the days stand side by side. */
static bool are_joined(const wk_reception_turn_t *t)
{
    const wk_reading_t *r = t->r;
    bool joined = false;
    for (size_t i = 1; i + 1 < r->words.count && !joined; i++) {
        size_t end = i + wk_word_list_at(t->c, "date.and", &r->words, i);
        size_t n = end > i && r->spent[i - 1] ? 1 : 0;
        while (n > 0 && end < r->words.count && !r->spent[end]) {
            n = wk_word_list_at(t->c, "date.between", &r->words, end);
            end += n;
        }
        joined = n > 0 && end < r->words.count;
    }
    return joined;
}

/* "I can't make it Monday, can I come Tuesday": of two weekdays the one is that of an
 * appointment, and the other the one to come on instead. */
bool wk_comes_another_day(const wk_reception_turn_t *t)
{
    wk_date_t date;
    unsigned days = t->r->weekdays;
    bool own = false, two = (days & (days - 1)) != 0;
    for (const va_json_t *row = wk_fact_at(t->f->appointments, 0); row != NULL && two && !own;
         row = row->next) {
        own = wk_date_parse(wk_fact_text(row, 2), &date) &&
              (days & (1U << wk_date_weekday(&date))) != 0;
    }
    unsigned others = days & (days - 1);
    bool both = own && (others & (others - 1)) == 0 && are_joined(t);
    return own && !both && !wk_turn_has(t, "intent.cancel") && !wk_turn_has(t, "wish.also") &&
           (wk_turn_has(t, "reschedule.same_time") || !wk_intent_named(t, WK_INTENT_HOURS)) &&
           t->dialog->expected == WK_EXPECT_NOTHING &&
           (wk_turn_has(t, "cancel.absence") || wk_turn_has(t, "reschedule.unable"));
}

/* Of several days the first that is named is one on which it is now. */
static const va_json_t *row_given_up(const wk_reception_turn_t *t)
{
    size_t count = t->r->words.count;
    for (size_t i = 1, tried = 0; i < count && tried < MOST_DAYS; i++) {
        if (t->r->spent[i - 1]) {
            wk_reading_t first = wk_turn_read_part(t, 0, i);
            wk_meant_t rows = named_by(t, &first);
            if (wk_reading_names_a_day(&first)) {
                return rows.count == 1 ? rows.at[0] : NULL;
            }
            tried++;
        }
    }
    return NULL;
}

/* That of the day given up, or of the service alone; else the one that is meant. */
static const va_json_t *row_to_move(const wk_reception_turn_t *t)
{
    bool sure;
    const va_json_t *meant = wk_appointment_meant(t, &sure);
    const va_json_t *row = wk_comes_another_day(t) ? row_given_up(t)
                           : sure                  ? meant
                                                   : row_of_service(t);
    return row != NULL ? row : meant;
}

void wk_answer_reschedule(wk_reception_turn_t *t)
{
    wk_swap_t swap;
    bool swaps = wk_turn_swaps(t, &swap);
    if (wk_changes_what_was_booked(t) && (!swaps || swaps_booked(t, &swap))) {
        change_what_was_booked(t);
        return;
    }
    if (swaps) {
        swap_days(t, &swap);
        return;
    }
    bool sure, letter = wk_turn_is_letter(t, "letter.reschedule");
    const va_json_t *row = letter ? wk_appointment_of_letter(t, &sure) : row_to_move(t);
    if (row == t->f->texted && !va_json_bool(wk_fact_at(row, 4), true)) {
        row = wk_fact_at(t->f->appointments, 0);
    }
    if (row == NULL) {
        wk_turn_add_text(t, "reply.no_appointment");
    } else if (!letter && (wk_is_denied(t, "intent.reschedule") ||
                           (wk_moves_own(t) && wk_is_denied(t, "reschedule.verb")))) {
        wk_add_about(t, "reply.stands", row);
    } else {
        look_for_another(t, row);
    }
    t->out.certain = true;
}
