#include "worker/agent/reception_appointment.h"

#include <string.h>

#include "worker/agent/date.h"
#include "worker/agent/day_reading.h"
#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/reception_move.h"
#include "worker/agent/reception_services.h"
#include "worker/agent/reception_swap.h"
#include "worker/agent/reception_which.h"
#include "worker/agent/wording.h"

#define MOST_TOLD       3 /* appointments */
#define MOST_OF_NAME    4 /* words: a service with its article */
#define UNCLEAR_ANSWERS 2 /* to the question whether to cancel */

/* ---------------------------------------------------------------- when it is */

void wk_answer_appointment(wk_reception_turn_t *t)
{
    size_t told = 0;
    for (size_t i = 0; told < MOST_TOLD && wk_fact_at(t->f->appointments, i) != NULL; i++) {
        wk_add_about(t, "reply.appointment", wk_fact_at(t->f->appointments, i));
        told++;
    }
    if (told == 0) {
        wk_turn_add_text(t, "reply.no_appointment");
    }
    t->out.certain = true;
}

bool wk_answer_agreement(wk_reception_turn_t *t)
{
    const va_json_t *row = wk_appointment_booked(t);
    bool texted =
        row == NULL && !t->dialog->spoken && va_json_bool(wk_fact_at(t->f->texted, 4), false);
    row = texted ? t->f->texted : row;
    bool agrees = t->dialog->booked.data != NULL && !wk_intent_named(t, WK_INTENT_BOOK);
    if (row == NULL && !agrees) {
        return false;
    }
    if (row != NULL) {
        wk_add_about(t, "reply.appointment", row);
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
    if (ids->len == 0) {
        return VA_STR_NULL;
    }
    const char *space = memchr(ids->data, ' ', ids->len);
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
    t->out.more_args = wk_alloc(t->a, WK_MOST_MEANT * sizeof(*t->out.more_args));
    while (appointments.len > 0 && t->out.n_more < WK_MOST_MEANT) {
        va_str_t args = args_to_cancel(t, next_id(&appointments));
        t->out.more_args[t->out.n_more++] = args;
    }
    t->out.tool_args = first;
    t->out.certain = true;
}

bool wk_is_plain_cancel(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"cancel.filler", "courtesy", "cancel.plain", NULL};
    return wk_turn_has(t, "cancel.plain") && !wk_turn_is_question(t) &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

static va_str_t words_of(const wk_reception_turn_t *t, const wk_meant_t *rows)
{
    va_str_t items[WK_MOST_MEANT];
    for (size_t i = 0; i < rows->count; i++) {
        items[i] = wk_say(t->a, t->l, "reply.cancel_item",
                          {"service", wk_turn_service_word(t, wk_fact_text(rows->at[i], 1))},
                          {"moment", wk_moment_of(t, rows->at[i])});
    }
    return wk_word_list_of(t->a, t->l, items, rows->count);
}

/* rows: not none. */
static void ask_to_cancel(wk_reception_turn_t *t, const wk_meant_t *rows)
{
    va_buf_t ids;
    va_buf_init(&ids, wk_mem(t->a), rows->count * 40);
    for (size_t i = 0; i < rows->count; i++) {
        va_buf_add_c(&ids, i > 0 ? " " : "");
        va_buf_add_str(&ids, wk_fact_text(rows->at[i], 0));
    }
    if (rows->count == 1) {
        wk_add_about(t, "reply.cancel_ask", rows->at[0]);
    } else {
        wk_turn_add(
            t, wk_say(t->a, t->l, "reply.cancel_ask_all", {"appointments", words_of(t, rows)}));
    }
    t->out.dialog.expected = WK_EXPECT_CANCEL;
    t->out.dialog.cancels = va_buf_str(&ids);
}

static void tell_they_stand(wk_reception_turn_t *t, const wk_meant_t *rows)
{
    if (rows->count == 1) {
        wk_add_about(t, "reply.stands", rows->at[0]);
    } else {
        wk_turn_add_text(t, "reply.all_stand");
    }
}

/* Nobody is asked the same for ever: what stands is said, and how a person is reached. */
static void let_go(wk_reception_turn_t *t, const wk_meant_t *rows)
{
    tell_they_stand(t, rows);
    wk_offer_person(t);
    t->out.dialog.misses = 0;
}

static wk_meant_t asked_about(const wk_reception_turn_t *t)
{
    wk_meant_t rows = {.count = 0};
    va_str_t ids = t->dialog->cancels;
    bool asked = t->dialog->expected == WK_EXPECT_CANCEL;
    while (asked && ids.len > 0 && rows.count < WK_MOST_MEANT) {
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

/* "All except the repair on Friday": the message without that part, which is left out. */
typedef struct {
    wk_reading_t rest, left_out;
    bool parted; /* false: nothing is left out by its service */
} excepted_t;

/* A service stands directly behind "except", or behind its article. */
static bool leads_to_service(const wk_reception_turn_t *t, size_t at)
{
    wk_reception_turn_t turn = *t;
    size_t count = t->r->words.count;
    size_t end = at + MOST_OF_NAME < count ? at + MOST_OF_NAME : count;
    if (at >= count || t->r->spent[at]) {
        return false;
    }
    wk_reading_t part = wk_turn_read_part(t, at, end);
    turn.r = &part;
    return wk_turn_service(&turn).data != NULL;
}

/* The words from at on are a day or the name of a service, behind no more than its article or
 * "cancel". */
static bool names_at_once(const wk_reception_turn_t *t, size_t at)
{
    wk_reception_turn_t turn = *t;
    size_t count = t->r->words.count, begin = at;
    size_t end = at + MOST_OF_NAME < count ? at + MOST_OF_NAME : count;
    for (size_t n = 1; begin < end && n > 0 &&
                       (begin == at || !wk_words_are_cut(t->r, begin, WK_CLAUSE_SIGNS));
         begin += n) {
        wk_reading_t part = wk_turn_read_part(t, begin, end);
        wk_reading_t behind = wk_turn_read_part(t, begin + 1, end);
        turn.r = &part;
        bool named = wk_turn_service(&turn).data != NULL;
        turn.r = &behind;
        if (t->r->spent[begin] || (named && wk_turn_service(&turn).data == NULL)) {
            return true;
        }
        n = wk_word_list_at(t->c, "reschedule.object", &t->r->words, begin);
        n = n > 0 ? n : wk_word_list_at(t->c, "intent.cancel", &t->r->words, begin);
    }
    return false;
}

/* "Except the repair", "not the repair", "keep Monday", but not "no, the repair". */
static size_t except_at(const wk_reception_turn_t *t, size_t i)
{
    const wk_words_t *words = &t->r->words;
    size_t n = wk_word_list_at(t->c, "day.except", words, i);
    size_t kept = wk_word_list_at(t->c, "cancel.keep", words, i);
    kept = kept > 0 ? kept : wk_word_list_at(t->c, "wish.refusal", words, i);
    if (n > 0 || kept == 0 || t->r->spent[i]) {
        return n > 0 && leads_to_service(t, i + n) ? n : 0;
    }
    bool unable = wk_word_list_ends_at(t->c, "reschedule.unable", words, i + kept) ||
                  wk_word_list_ends_at(t->c, "cancel.absence", words, i + kept);
    bool named = !unable && !wk_words_are_cut(t->r, i + kept, WK_CLAUSE_SIGNS) &&
                 names_at_once(t, i + kept);
    return named ? kept : 0;
}

/* "Keep Monday, cancel Friday": where what is left out ends. */
static size_t end_of_left_out(const wk_reception_turn_t *t, size_t i, size_t n)
{
    const wk_words_t *words = &t->r->words;
    size_t end = i + n + 1;
    while (i == 0 && end < words->count &&
           wk_word_list_at(t->c, "intent.cancel", words, end) == 0 &&
           wk_word_list_at(t->c, "cancel.verb", words, end) == 0) {
        end++;
    }
    return i == 0 && end < words->count ? end : words->count;
}

static void part_excepted(const wk_reception_turn_t *t, excepted_t *e)
{
    const wk_words_t *words = &t->r->words;
    size_t last = words->count > 0 ? words->count - 1 : 0;
    e->parted = false;
    for (size_t i = 0; i < words->count && !e->parted; i++) {
        size_t n = except_at(t, i);
        if (n > 0) {
            size_t end = end_of_left_out(t, i, n);
            e->rest = end < words->count ? wk_turn_read_part(t, end, words->count)
                                         : wk_turn_read_part(t, 0, i);
            e->left_out = wk_turn_read_part(t, i + n, end);
            e->parted = true;
        }
    }
    if (!e->parted && last > 0 && last <= MOST_OF_NAME && leads_to_service(t, 0) &&
        wk_word_list_at(t->c, "intent.no", words, last) == 1) { /* "the repair no" */
        e->rest = wk_turn_read_part(t, 0, 0);
        e->left_out = wk_turn_read_part(t, 0, last);
        e->parted = true;
    }
}

static bool has_row(const wk_meant_t *rows, const va_json_t *row)
{
    size_t i = 0;
    while (i < rows->count && rows->at[i] != row) {
        i++;
    }
    return i < rows->count;
}

/* Of one service that of the day and time named with it, where there is one; else all of it. */
static bool is_left_out(const wk_reception_turn_t *t, const excepted_t *e, const va_json_t *row)
{
    wk_reception_turn_t turn = *t;
    bool by_day = wk_turn_excepts(t, wk_fact_text(row, 2));
    if (by_day || !e->parted) {
        return by_day;
    }
    turn.r = &e->left_out;
    wk_services_t named = wk_services_named(&turn);
    wk_meant_t rows = wk_all_named(&turn);
    bool out = has_row(&rows, row);
    for (size_t i = 0; i < named.count && (named.count > 1 || rows.count == 0) && !out; i++) {
        out = va_str_eq(named.at[i], wk_fact_text(row, 1));
    }
    return out;
}

static bool is_named(const wk_services_t *services, va_str_t type)
{
    size_t i = 0;
    while (i < services->count && !va_str_eq(services->at[i], type)) {
        i++;
    }
    return i < services->count;
}

/* "My tune-up and the repair", "Monday and Wednesday": those of the services or of the weekdays
 * that are named side by side; none: fewer than two are. */
static wk_meant_t all_listed(const wk_reception_turn_t *t)
{
    wk_date_t date;
    wk_meant_t rows = {.count = 0};
    wk_services_t services = wk_services_wished(t);
    unsigned days = t->r->weekdays;
    const va_json_t *row = wk_fact_at(t->f->appointments, 0);
    for (; row != NULL && rows.count < WK_MOST_MEANT; row = row->next) {
        bool by_service = services.count > 1 && is_named(&services, wk_fact_text(row, 1));
        bool by_day = (days & (days - 1)) != 0 && wk_date_parse(wk_fact_text(row, 2), &date) &&
                      (days & (1U << wk_date_weekday(&date))) != 0;
        if (by_service || by_day) {
            rows.at[rows.count++] = row;
        }
    }
    return rows.count > 1 && !wk_turn_has(t, "cancel.only") ? rows : (wk_meant_t){.count = 0};
}

/* "Only the one on Monday", "all except Friday", where it was asked about several; none: all
 * that are named are left out. */
static wk_meant_t leave_named(const wk_reception_turn_t *t, const wk_meant_t *asked)
{
    va_str_t date;
    excepted_t e;
    size_t out = 0;
    wk_meant_t named = {.count = 0};
    wk_reception_turn_t turn = *t;
    part_excepted(t, &e);
    turn.r = e.parted ? &e.rest : t->r;
    (void)wk_turn_date(&turn, &date);
    wk_meant_t listed = all_listed(&turn);
    for (size_t i = 0; i < asked->count; i++) {
        const va_json_t *row = asked->at[i];
        bool left_out = is_left_out(t, &e, row);
        out += left_out;
        if (!left_out &&
            (listed.count > 0 ? has_row(&listed, row) : wk_row_fits(&turn, row, date))) {
            named.at[named.count++] = asked->at[i];
        }
    }
    return named.count > 0 || out == asked->count ? named : *asked;
}

void wk_ask_to_cancel_again(wk_reception_turn_t *t)
{
    wk_meant_t asked = asked_about(t), named = leave_named(t, &asked);
    if (named.count == 0 && asked.count > 0) {
        tell_they_stand(t, &asked);
        return;
    }
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

/* Of what is not left out: all, or the one. */
static void ask_but_excepted(wk_reception_turn_t *t, const excepted_t *e, const va_json_t *row)
{
    wk_reception_turn_t turn = *t;
    turn.r = e->parted ? &e->rest : t->r;
    wk_meant_t listed = all_listed(&turn),
               every = listed.count > 0 ? listed : wk_all_meant(&turn),
               left = leave_named(t, &every);
    bool wants_all = (wk_turn_has(t, "cancel.all") || listed.count > 0) &&
                     !wk_turn_has(t, "cancel.one_of"),
         several = wants_all && every.count > 1;
    wk_meant_t one = {{left.count > 0 && is_left_out(t, e, row) ? left.at[0] : row}, 1};
    if (every.count > 0 && left.count == 0 && (wants_all || e->parted)) {
        tell_they_stand(t, &every);
    } else {
        ask_to_cancel(t, several ? &left : &one);
    }
    t->out.certain = t->out.certain || several;
}

/* The words of another wish, not of one more appointment ("cancel my tune-up and the repair").
 */
static bool is_other_wish(const wk_reception_turn_t *t, size_t begin)
{
    static const char *const lists[] = {"service.", "courtesy", "reschedule.object",
                                        "part.joint", NULL};
    wk_swap_t swap;
    wk_reception_turn_t turn = *t;
    wk_reading_t wish = wk_turn_read_part(t, begin, t->r->words.count);
    turn.r = &wish;
    return (wk_moves_own(&turn) || wk_turn_has(&turn, "reschedule.it") ||
            wk_turn_service(&turn).data != NULL || wk_turn_swaps(&turn, &swap)) &&
           !wk_turn_has(&turn, "intent.cancel") &&
           !wk_reading_is_only(t->a, t->c, &wish, lists, false);
}

/* "Move Monday to Friday and cancel the repair": behind another wish the words of this one. */
static bool cut_wish_before(wk_reception_turn_t *t, wk_reading_t *rest)
{
    const wk_words_t *words = &t->r->words;
    bool moves = false;
    for (size_t i = 0; i < words->count; i++) {
        if (wk_word_list_at(t->c, "intent.cancel", words, i) > 0) {
            bool joined = i > 0 && (wk_words_are_cut(t->r, i, WK_CLAUSE_SIGNS) ||
                                    wk_word_list_ends_at(t->c, "part.joint", words, i));
            if (moves && joined) {
                *rest = wk_turn_read_part(t, i, words->count);
                t->r = rest;
            }
            return moves && joined;
        }
        moves = moves || wk_word_list_at(t->c, "reschedule.verb", words, i) > 0;
    }
    return false;
}

/* "Cancel the repair and move the tune-up to Friday": the words of the first wish alone. */
static bool cut_other_wish(wk_reception_turn_t *t, wk_reading_t *rest)
{
    const wk_words_t *words = &t->r->words;
    bool cancels = false;
    for (size_t i = 0; i < words->count; i++) {
        bool leads = wk_word_list_at(t->c, "reschedule.verb", words, i) > 0 ||
                     wk_word_list_at(t->c, "part.joint", words, i) > 0;
        if (cancels && leads && is_other_wish(t, i)) {
            *rest = wk_turn_read_part(t, 0, i);
            t->r = rest;
            return true;
        }
        cancels = cancels || wk_word_list_at(t->c, "intent.cancel", words, i) > 0;
    }
    return cut_wish_before(t, rest);
}

/* "Cancel the second one"; NULL: no place is all that is said of it. */
static const va_json_t *row_placed(const wk_reception_turn_t *t)
{
    const wk_words_t *words = &t->r->words;
    wk_reception_turn_t turn = *t;
    size_t at = words->count, len = 0;
    (void)wk_word_list_find(t->c, "intent.cancel", words, 0, &at, &len);
    wk_reading_t behind = wk_turn_read_part(t, at + len, words->count);
    turn.r = &behind;
    return wk_fact_at(t->f->appointments, 1) != NULL ? wk_row_by_place(&turn) : NULL;
}

/* "The one on Friday": that of a weekday is any on it, where none is on the coming one. */
static const va_json_t *row_to_cancel(const wk_reception_turn_t *t, bool *sure)
{
    const va_json_t *row = wk_appointment_meant(t, sure), *placed = row_placed(t);
    wk_meant_t named = wk_all_named(t);
    return placed != NULL ? placed : !*sure && named.count == 1 ? named.at[0] : row;
}

static void ask_or_cancel(wk_reception_turn_t *t)
{
    excepted_t e;
    wk_reception_turn_t turn = *t;
    bool sure, letter = wk_turn_is_letter(t, "letter.cancel"),
               plain = letter || wk_is_plain_cancel(t);
    part_excepted(t, &e);
    turn.r = e.parted ? &e.rest : t->r;
    const va_json_t *row =
        letter ? wk_appointment_of_letter(t, &sure) : row_to_cancel(&turn, &sure);
    wk_meant_t one = {{row}, 1};
    if (plain && !t->refuses && (sure || row == NULL)) {
        cancel(t, wk_fact_text(row, 0));
    } else if (row == NULL) {
        wk_turn_add_text(t, "reply.no_appointment");
    } else if (wk_is_denied(t, "intent.cancel") || wk_turn_has(t, "wish.why") ||
               (wk_keeps_own(t) && !e.parted && !wk_turn_has(t, "intent.cancel"))) {
        wk_add_about(t, "reply.stands", row);
    } else {
        t->out.certain = plain;
        if (letter) {
            ask_to_cancel(t, &one);
        } else {
            ask_but_excepted(t, &e, row);
        }
    }
}

/* "I don't need the repair, just the tune-up": from the verb to the sign behind it. */
static void cut_to_dropped(wk_reception_turn_t *t, wk_reading_t *dropped)
{
    const wk_words_t *words = &t->r->words;
    size_t begin, len;
    if (wk_turn_has(t, "intent.cancel") || !wk_drops_own(t) ||
        !wk_word_list_find(t->c, "cancel.verb", words, 0, &begin, &len)) {
        return;
    }
    size_t end = begin + 1;
    while (end < words->count && !wk_words_are_cut(t->r, end, WK_CLAUSE_SIGNS) &&
           wk_word_list_at(t->c, "wish.but", words, end) == 0) {
        end++;
    }
    *dropped = wk_turn_read_part(t, begin, end);
    t->r = dropped;
}

void wk_answer_cancel(wk_reception_turn_t *t)
{
    wk_reading_t rest, dropped;
    wk_reception_turn_t turn = *t;
    cut_to_dropped(&turn, &dropped);
    bool two = wk_fact_at(t->f->appointments, 1) != NULL && cut_other_wish(&turn, &rest);
    turn.refuses = two; /* two wishes at once are asked about */
    ask_or_cancel(&turn);
    t->text = turn.text;
    t->out = turn.out;
    if (two) {
        wk_turn_add_text(t, "reply.rest_passed_on");
        t->out.task = "message";
    }
}

/* "The repair", "no, the other one": the appointment that the question was not about; NULL: the
 * answer names none, or says something else. */
static const va_json_t *other_named(const wk_reception_turn_t *t, const wk_meant_t *asked)
{
    static const char *const lists[] = {
        "service.",          "courtesy",     "intent.no",    "intent.yes",
        "intent.cancel",     "cancel.other", "cancel.only",  "appointment.words",
        "reschedule.object", "wish.refusal", "cancel.plain", NULL};
    bool names = wk_turn_names_a_moment(t) || wk_services_named(t).count == 1;
    wk_meant_t all = wk_all_meant(t), named = wk_all_named(t);
    wk_meant_t rows = names ? named : all;
    const va_json_t *other = NULL;
    size_t n = 0;
    for (size_t i = 0; i < rows.count; i++) {
        bool is = !has_row(asked, rows.at[i]);
        other = is ? rows.at[i] : other;
        n += is;
    }
    bool said = (names || wk_turn_has(t, "cancel.other")) && !wk_turn_is_question(t) &&
                wk_reading_is_only(t->a, t->c, t->r, lists, false);
    return n == 1 && said && (!names || named.count == 1) ? other : NULL;
}

/* "Both of them" to the question about one. */
static bool wants_all_cancelled(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"cancel.all", "intent.confirm",    "intent.cancel",
                                        "courtesy",   "appointment.words", NULL};
    return wk_turn_has(t, "cancel.all") && !wk_turn_has(t, "wish.denial") &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

/* "Neither", "keep both", "don't cancel either" */
static bool wants_none_cancelled(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {
        "cancel.none",   "cancel.keep",  "cancel.all", "cancel.any", "appointment.words",
        "intent.cancel", "wish.refusal", "intent.no",  "courtesy",   NULL};
    return (wk_turn_has(t, "cancel.none") || wk_turn_has(t, "cancel.keep") ||
            wk_is_denied(t, "intent.cancel")) &&
           !wk_turn_is_question(t) && !wk_turn_names_a_moment(t) &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

bool wk_answer_cancel_question(wk_reception_turn_t *t, wk_intent_t intent)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    wk_meant_t asked = asked_about(t), all = wk_all_meant(t);
    wk_cut_refusal(&turn, &rest);
    bool another_day = (intent == WK_INTENT_HOURS || intent == WK_INTENT_BOOK) &&
                       !wk_intent_named(t, intent); /* a day alone asks for no hours */
    bool yes = wk_is_yes_to_cancel(t), every = wants_all_cancelled(t);
    bool some = leave_named(t, &asked).count < asked.count &&
                (intent == WK_INTENT_BOOK || intent == WK_INTENT_CANCEL || t->r->excepted);
    excepted_t e;
    part_excepted(t, &e);
    const va_json_t *other = asked.count > 0 && !some && !e.parted && !t->r->excepted
                                 ? other_named(t, &asked)
                                 : NULL;
    if (asked.count > 0 && wants_none_cancelled(t)) {
        tell_they_stand(t, &asked);
    } else if (other != NULL) {
        ask_to_cancel(t, &(wk_meant_t){{other}, 1});
    } else if (asked.count > 0 && (another_day || some || e.parted)) {
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
