#include "worker/agent/receptionist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/agent/appointment.h"
#include "worker/agent/wording.h"

#define MISSES_BEFORE_HUMAN 2

/* ---------------------------------------------------------------- intents */

/*
 * In the order in which they win when a message has words of several: a person above all,
 * courtesies last.
 */
typedef enum {
    HUMAN,
    MESSAGE,
    CANCEL,
    RESCHEDULE,
    ORDER,
    BOOK,
    HOLIDAYS,
    HOURS,
    LOCATION,
    THANKS,
    GREETING,
    NONE,
} intent_t;

static const struct {
    const char *name, *words;
} intents[] = {
    [HUMAN] = {"human", "intent.human"},
    [MESSAGE] = {"message", "intent.message"},
    [CANCEL] = {"cancel", "intent.cancel"},
    [RESCHEDULE] = {"reschedule", "intent.reschedule"},
    [BOOK] = {"book", "intent.book"},
    [ORDER] = {"order", "intent.order"},
    [HOLIDAYS] = {"holidays", "intent.holidays"},
    [HOURS] = {"hours", "intent.hours"},
    [LOCATION] = {"location", "intent.location"},
    [THANKS] = {"thanks", "intent.thanks"},
    [GREETING] = {"greeting", "intent.greeting"},
    [NONE] = {"none", NULL},
};

/* One answer in the making. */
typedef struct {
    wk_arena_t *a;
    const wk_catalogue_t *c;
    const wk_language_t *l;
    const wk_reading_t *r;
    const wk_reception_facts_t *f;
    const wk_dialog_t *dialog;
    bool refuses; /* it begins with a no, and goes on */
    va_str_t customer;
    va_buf_t text;
    wk_reception_t out;
} turn_t;

static const va_json_t *element(const va_json_t *list, size_t i)
{
    const va_json_t *e = list != NULL ? list->first : NULL;
    while (e != NULL && i-- > 0) {
        e = e->next;
    }
    return e;
}

/* People mix languages. */
static bool has_words(const turn_t *t, const char *list)
{
    return wk_reading_has(t->c, t->r, list);
}

static bool is_all(const turn_t *t, const char *list)
{
    for (size_t i = 0; i < wk_catalogue_count(t->c); i++) {
        if (wk_phrases_all(wk_word_list(wk_catalogue_at(t->c, i), list), &t->r->words)) {
            return true;
        }
    }
    return false;
}

/* A bare day, or a feast, asks for its hours; a bare number for the order. */
static intent_t by_what_is_named(const wk_reading_t *r)
{
    if (r->order_number.data != NULL) {
        return ORDER;
    }
    return r->weekday != 0 || r->day.data != NULL || (r->ahead >= 0 && r->words.count <= 3)
               ? HOURS
               : NONE;
}

/* The letter that a text invites, with or without thanks. */
static bool is_letter(const turn_t *t, const char *letter)
{
    const char *const lists[] = {letter, "courtesy", NULL};
    return has_words(t, letter) && wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

/* "Cancel my order" is about the order; who cannot make it means an appointment that he has. */
static bool names_cancelling(const turn_t *t)
{
    bool order = t->r->order_number.data != NULL || has_words(t, intents[ORDER].words);
    bool absent = has_words(t, "cancel.absence") && element(t->f->appointments, 0) != NULL &&
                  t->dialog->expected != WK_EXPECT_SLOT &&
                  !has_words(t, intents[RESCHEDULE].words);
    return has_words(t, "cancel.plain") ||
           (!order && (has_words(t, intents[CANCEL].words) || absent));
}

static bool names(const turn_t *t, intent_t intent)
{
    switch (intent) {
    case CANCEL:
        return names_cancelling(t);
    case HOURS:
        return wk_reading_has_beside(t->c, t->r, intents[HOURS].words);
    default:
        return has_words(t, intents[intent].words);
    }
}

static intent_t intent_of(const turn_t *t)
{
    if (va_str_eq(t->r->text, VA_STR("0"))) {
        return HUMAN;
    }
    if (is_letter(t, "letter.cancel") || is_letter(t, "letter.reschedule")) {
        return is_letter(t, "letter.cancel") ? CANCEL : RESCHEDULE;
    }
    for (intent_t i = HUMAN; i <= LOCATION; i++) {
        if (names(t, i)) {
            return i;
        }
    }
    intent_t named_one = by_what_is_named(t->r);
    if (named_one != NONE) {
        return named_one;
    }
    return has_words(t, intents[THANKS].words)     ? THANKS
           : has_words(t, intents[GREETING].words) ? GREETING
                                                   : NONE;
}

/* ---------------------------------------------------------------- sentences */

static void add(turn_t *t, va_str_t sentence)
{
    if (t->text.len > 0 && sentence.len > 0) {
        va_buf_add_char(&t->text, ' ');
    }
    va_buf_add_str(&t->text, sentence);
}

static void add_text(turn_t *t, const char *name)
{
    add(t, wk_text(t->l, name));
}

/* Whether the shop is open, and until or from when. */
static va_str_t opening(const turn_t *t)
{
    if (t->f->open) {
        return wk_say(t->a, t->l, "reply.open",
                      {"close", wk_word_time(t->a, t->l, t->f->closing)});
    }
    if (t->f->next_opening.data == NULL) {
        return wk_text(t->l, "reply.closed_unknown");
    }
    return wk_say(t->a, t->l, "reply.closed",
                  {"next", wk_word_moment(t->a, t->l, t->f->next_opening, t->f->today)});
}

static void add_phone(turn_t *t)
{
    if (t->f->phone.len > 0) {
        add(t, wk_say(t->a, t->l, "reply.call_us", {"phone", t->f->phone}));
    }
}

static va_str_t capital(wk_arena_t *a, va_str_t s)
{
    char *text = wk_strdup(a, s);
    if (s.len > 0 && text[0] >= 'a' && text[0] <= 'z') {
        text[0] = (char)(text[0] - 'a' + 'A');
    }
    return va_str(text, s.len);
}

static va_str_t cell(const va_json_t *row, size_t i)
{
    return va_json_scalar(element(row, i));
}

/* ---------------------------------------------------------------- hours */

static va_str_t hours_range(const turn_t *t, va_str_t opens, va_str_t closes)
{
    return wk_say(t->a, t->l, "hours.range", {"open", wk_word_time(t->a, t->l, opens)},
                  {"close", wk_word_time(t->a, t->l, closes)});
}

/* [date, weekday, opens, closes] */
static void add_day(turn_t *t, const va_json_t *row)
{
    va_str_t day = capital(t->a, wk_word_day(t->a, t->l, cell(row, 0), t->f->today));
    va_str_t opens = cell(row, 2);
    if (opens.data == NULL) {
        add(t, wk_say(t->a, t->l, "reply.day_closed", {"day", day}));
    } else {
        add(t, wk_say(t->a, t->l, "reply.day", {"day", day},
                      {"hours", hours_range(t, opens, cell(row, 3))}));
    }
}

/* The day of the coming week that was asked about; NULL: none in particular. */
static const va_json_t *day_asked(const turn_t *t)
{
    if (t->r->day.data != NULL) {
        return t->f->day;
    }
    if (t->r->weekday != 0) {
        const va_json_t *row = t->f->week != NULL ? t->f->week->first : NULL;
        va_str_t wanted = wk_printf(t->a, "%d", t->r->weekday);
        while (row != NULL && !va_str_eq(cell(row, 1), wanted)) {
            row = row->next;
        }
        return row;
    }
    return t->r->ahead >= 1 ? element(t->f->week, (size_t)t->r->ahead) : NULL;
}

static va_str_t coming_week(const turn_t *t)
{
    wk_week_t week = {.opens = {VA_STR_NULL}};
    for (size_t i = 0; i < 7; i++) {
        const va_json_t *row = element(t->f->week, i);
        int64_t day;
        if (va_json_int(element(row, 1), &day) && day >= 1 && day <= 7) {
            week.opens[day - 1] = cell(row, 2);
            week.closes[day - 1] = cell(row, 3);
        }
    }
    return wk_word_week(t->a, t->l, &week);
}

static void answer_hours(turn_t *t)
{
    const va_json_t *day = day_asked(t);
    if (day != NULL) {
        add_day(t, day);
    } else if (t->r->ahead == 0) {
        add(t, opening(t));
    } else {
        add(t, wk_say(t->a, t->l, "reply.hours", {"status", opening(t)},
                      {"week", coming_week(t)}));
    }
}

static void answer_holidays(turn_t *t)
{
    va_str_t days[8];
    size_t n = 0;
    if (t->f->day != NULL) {
        add_day(t, t->f->day);
        return;
    }
    const va_json_t *row = t->f->exceptions != NULL ? t->f->exceptions->first : NULL;
    for (; row != NULL && n < 8; row = row->next) {
        va_str_t day = wk_word_date(t->a, t->l, cell(row, 0)), opens = cell(row, 1);
        days[n++] = opens.data == NULL
                        ? wk_say(t->a, t->l, "reply.holidays_closed", {"day", day})
                        : wk_say(t->a, t->l, "reply.holidays_day", {"day", day},
                                 {"hours", hours_range(t, opens, cell(row, 2))});
    }
    if (n == 0) {
        add_text(t, "reply.holidays_none");
        return;
    }
    add(t,
        wk_say(t->a, t->l, "reply.holidays", {"days", wk_word_list_of(t->a, t->l, days, n)}));
}

/* ---------------------------------------------------------------- place */

static void answer_location(turn_t *t)
{
    static const char *const parts[] = {"street", "city", "region", "postal_code"};
    va_buf_t address;
    va_buf_init(&address, wk_mem(t->a), 128);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        va_str_t part = va_json_get_string(t->f->address, parts[i]);
        if (part.len > 0) {
            va_buf_add_c(&address, address.len > 0 ? ", " : "");
            va_buf_add_str(&address, part);
        }
    }
    if (address.len == 0) {
        add_text(t, "reply.location_unknown");
        add_phone(t);
        return;
    }
    add(t, wk_say(t->a, t->l, "reply.location", {"shop", t->f->shop},
                  {"address", va_buf_str(&address)}));
    add(t, t->f->directions);
}

/* ---------------------------------------------------------------- order */

static void expect_callback(turn_t *t)
{
    t->out.dialog.expected = WK_EXPECT_CALLBACK;
}

/*
 * Of an order that is another's and of one that does not exist the same is said: nobody
 * learns which numbers are orders.
 */
static void answer_order(turn_t *t)
{
    const wk_reception_facts_t *f = t->f;
    if (f->order_id.data == NULL) {
        add_text(t, "reply.order_unknown");
        expect_callback(t);
        return;
    }
    add(t, wk_say(t->a, t->l, "reply.order", {"number", f->order_number},
                  {"status", wk_word_for(t->a, t->l, "order.status", f->order_status)}));
    if (f->tracking_number.len > 0) {
        va_str_t tracking =
            f->tracking_url.len > 0
                ? f->tracking_url
                : wk_printf(t->a, "%.*s %.*s", (int)f->tracking_company.len,
                            f->tracking_company.len > 0 ? f->tracking_company.data : "",
                            (int)f->tracking_number.len, f->tracking_number.data);
        add(t, wk_say(t->a, t->l, "reply.order_tracking", {"tracking", wk_trim(tracking)}));
    }
    bool over = va_str_eq(f->order_status, VA_STR("delivered")) ||
                va_str_eq(f->order_status, VA_STR("cancelled")) ||
                va_str_eq(f->order_status, VA_STR("refunded")) ||
                va_str_eq(f->order_status, VA_STR("returned"));
    if (f->expected.len > 0 && !over) {
        add(t, wk_say(t->a, t->l, "reply.order_expected",
                      {"date", wk_word_day(t->a, t->l, f->expected, f->today)}));
    }
    if (f->order_count > 1 && t->r->order_number.data == NULL) {
        add_text(t, "reply.order_more");
    }
}

/* ---------------------------------------------------------------- people */

static void answer_human(turn_t *t)
{
    if (t->f->open_callback) {
        add_text(t, "reply.human_already");
    } else {
        add_text(t, "reply.human");
        t->out.task = "callback";
    }
    add(t, opening(t));
    add_phone(t);
}

static void answer_message(turn_t *t)
{
    const char *colon =
        t->r->text.len > 0 ? memchr(t->r->text.data, ':', t->r->text.len) : NULL;
    if (colon != NULL &&
        wk_words(t->a, va_str(colon, (size_t)(t->r->text.data + t->r->text.len - colon)))
                .count > 0) {
        add_text(t, "reply.message_taken");
        t->out.task = "message";
        return;
    }
    add_text(t, "reply.message_ask");
    t->out.dialog.expected = WK_EXPECT_MESSAGE;
}

/* ---------------------------------------------------------------- appointments */

typedef enum { NO_DAY, ONE_DAY, UNCLEAR_DAY } named_day_t;

/* The year that was said, and the weekday, are those of the date. */
static bool is_that_date(const turn_t *t, const va_json_t *day)
{
    int64_t weekday = 0;
    int year = 0;
    va_str_t date = cell(day, 0);
    (void)va_json_int(element(day, 1), &weekday);
    for (size_t i = 0; i < 4 && i < date.len; i++) {
        year = year * 10 + (date.data[i] - '0');
    }
    return (t->r->year == 0 || t->r->year == year) &&
           (t->r->weekday == 0 || t->r->weekday == weekday);
}

/* The date of the day that the message names, *date absent when it names none that is clear. */
static named_day_t named_day(const turn_t *t, va_str_t *date)
{
    const wk_reading_t *r = t->r;
    bool named = r->vague || r->weekday != 0 || r->ahead >= 0 || r->day.data != NULL;
    const va_json_t *day = r->day.data == NULL && r->ahead >= 0
                               ? element(t->f->week, (size_t)r->ahead)
                               : day_asked(t);
    bool clear = day != NULL && !r->vague && is_that_date(t, day) &&
                 (r->day.data == NULL || r->ahead < 0);
    *date = clear ? cell(day, 0) : VA_STR_NULL;
    return clear ? ONE_DAY : named ? UNCLEAR_DAY : NO_DAY;
}

static va_json_writer_t *begin_args(turn_t *t, va_buf_t *text)
{
    va_buf_init(text, wk_mem(t->a), 128);
    va_json_writer_t *w = va_json_writer_new(text);
    va_json_object(w);
    return w;
}

static void wish(turn_t *t, const char *tool, va_json_writer_t *w, const va_buf_t *args)
{
    va_json_object_end(w);
    if (va_json_writer_end(w) == VA_OK) {
        t->out.tool = tool;
        t->out.tool_args = va_buf_str(args);
    }
}

/* Free times for the offer's service; they are offered when the tool has told them. */
static void look_for_times(turn_t *t, va_str_t service, va_str_t appointment)
{
    va_buf_t args;
    va_str_t date;
    (void)named_day(t, &date);
    va_json_writer_t *w = begin_args(t, &args);
    va_json_add_str(w, "service_type", service);
    if (date.data != NULL) {
        va_json_add_str(w, "preferred_date", date);
    }
    wish(t, "check_availability", w, &args);
    t->out.dialog.offer = (wk_offer_t){.service = service, .appointment = appointment};
}

/* The offer stands, or is yet to come: its day is asked for. */
static void ask_for_day(turn_t *t, wk_offer_t offer)
{
    add_text(t, "reply.which_day");
    t->out.dialog.expected = WK_EXPECT_SLOT;
    t->out.dialog.offer = offer;
}

static void answer_book(turn_t *t)
{
    va_str_t date, service = wk_read_service(t->c, &t->r->words);
    service = service.data != NULL ? service : VA_STR("general");
    if (named_day(t, &date) == UNCLEAR_DAY) {
        ask_for_day(t, (wk_offer_t){.service = service});
    } else {
        look_for_times(t, service, VA_STR_NULL);
    }
}

/* ---------------------------------------------------------------- one that stands */

/* Rows of facts: [id, type, date, time, stands]. */
static va_str_t moment_of(const turn_t *t, const va_json_t *row)
{
    const wk_slot_t slot = {.date = cell(row, 2), .time = cell(row, 3)};
    return wk_word_slot(t->a, t->l, &slot);
}

static void add_about(turn_t *t, const char *name, const va_json_t *row)
{
    add(t, wk_say(t->a, t->l, name,
                  {"service", wk_word_for(t->a, t->l, "appointment", cell(row, 1))},
                  {"moment", moment_of(t, row)}));
}

static bool is_the_only(const va_json_t *list)
{
    return list != NULL && list->first != NULL && list->first->next == NULL;
}

static bool fits(const turn_t *t, const va_json_t *row, va_str_t date)
{
    va_str_t service = wk_read_service(t->c, &t->r->words);
    return (date.data == NULL || va_str_eq(cell(row, 2), date)) &&
           (t->r->time.hour < 0 || wk_clock_time_is(t->r->time, cell(row, 3))) &&
           (service.data == NULL || va_str_eq(cell(row, 1), service));
}

/*
 * The coming appointment that the message means: that of the day, time and service it names,
 * else the next. *sure: it can be no other.
 */
static const va_json_t *appointment_meant(const turn_t *t, bool *sure)
{
    va_str_t date;
    size_t n = 0;
    const va_json_t *meant = element(t->f->appointments, 0);
    bool clear = named_day(t, &date) != UNCLEAR_DAY;
    for (size_t i = 0; element(t->f->appointments, i) != NULL; i++) {
        const va_json_t *row = element(t->f->appointments, i);
        if (fits(t, row, date)) {
            meant = n == 0 ? row : meant;
            n++;
        }
    }
    *sure = clear && n == 1;
    return meant;
}

/* A letter answers the last text that invited it; without one the only appointment. */
static const va_json_t *appointment_of_letter(const turn_t *t, bool *sure)
{
    *sure = t->f->texted != NULL || is_the_only(t->f->appointments);
    return t->f->texted != NULL ? t->f->texted : element(t->f->appointments, 0);
}

/* A phrase of the list that ends where word at begins. */
static bool ends_at(const wk_phrases_t *phrases, const wk_words_t *words, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (i + wk_phrases_at(phrases, words, i) == at) {
            return true;
        }
    }
    return false;
}

/*
 * "Please don't …", "no quiero …": the refusal stands directly before the wish. Further away it
 * may say why: "I can't come please cancel".
 */
static bool is_denied(const turn_t *t, const char *list)
{
    for (size_t i = 0; i < wk_catalogue_count(t->c); i++) {
        const wk_language_t *l = wk_catalogue_at(t->c, i);
        size_t at = 0, len = 0;
        if (wk_phrases_find(wk_word_list(l, list), &t->r->words, 0, &at, &len) &&
            ends_at(wk_word_list(l, "wish.refusal"), &t->r->words, at)) {
            return true;
        }
    }
    return false;
}

static bool is_question(const turn_t *t)
{
    return t->r->text.len > 0 && memchr(t->r->text.data, '?', t->r->text.len) != NULL;
}

/* ---------------------------------------------------------------- cancelling */

/* appointment absent: the tool finds none either, or may not say. */
static void cancel(turn_t *t, va_str_t appointment)
{
    va_buf_t args;
    va_json_writer_t *w = begin_args(t, &args);
    if (appointment.data != NULL) {
        va_json_add_str(w, "appointment_id", appointment);
    }
    wish(t, "cancel_appointment", w, &args);
    t->out.certain = true;
}

/* Nothing else is said, and nothing is asked. */
static bool is_plain_cancel(const turn_t *t)
{
    static const char *const lists[] = {"cancel.filler", "courtesy", "cancel.plain", NULL};
    return has_words(t, "cancel.plain") && !is_question(t) &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

static void ask_to_cancel(turn_t *t, const va_json_t *row)
{
    add_about(t, "reply.cancel_ask", row);
    t->out.dialog.expected = WK_EXPECT_CANCEL;
    t->out.dialog.cancels = cell(row, 0);
}

/* Only the letter, and a wish that says nothing else, act; whatever may mean it is asked. */
static void answer_cancel(turn_t *t)
{
    bool sure, letter = is_letter(t, "letter.cancel"), plain = letter || is_plain_cancel(t);
    const va_json_t *row =
        letter ? appointment_of_letter(t, &sure) : appointment_meant(t, &sure);
    if (plain && (sure || row == NULL)) {
        cancel(t, cell(row, 0));
    } else if (row == NULL) {
        add_text(t, "reply.no_appointment");
    } else if (is_denied(t, "intent.cancel") || has_words(t, "wish.why")) {
        add_about(t, "reply.stands", row);
    } else {
        ask_to_cancel(t, row);
        t->out.certain = plain;
    }
}

/* ---------------------------------------------------------------- moving */

static void answer_reschedule(turn_t *t)
{
    bool sure, letter = is_letter(t, "letter.reschedule");
    const va_json_t *row =
        letter ? appointment_of_letter(t, &sure) : appointment_meant(t, &sure);
    if (row == t->f->texted && !va_json_bool(element(row, 4), true)) {
        row = element(t->f->appointments, 0);
    }
    if (row == NULL) {
        add_text(t, "reply.no_appointment");
    } else if (!letter && is_denied(t, "intent.reschedule")) {
        add_about(t, "reply.stands", row);
    } else {
        look_for_times(t, cell(row, 1), cell(row, 0));
        t->out.dialog.offer.date = cell(row, 2);
        t->out.dialog.offer.time = cell(row, 3);
    }
    t->out.certain = true;
}

/* ---------------------------------------------------------------- offers */

static void take_offered(turn_t *t, va_str_t start)
{
    va_buf_t args;
    const wk_offer_t *offer = &t->dialog->offer;
    va_json_writer_t *w = begin_args(t, &args);
    va_json_add_str(w, "appointment_datetime", start);
    if (offer->appointment.data != NULL) {
        va_json_add_str(w, "appointment_id", offer->appointment);
        wish(t, "reschedule_appointment", w, &args);
    } else {
        va_json_add_str(w, "service_type", offer->service);
        wish(t, "book_appointment", w, &args);
    }
    t->out.dialog.offer = *offer;
}

/* The one time that a "yes" takes. */
static void ask_about_time(turn_t *t, va_str_t start)
{
    const wk_slot_t slot = {.date = va_str(start.data, 10), .time = va_str(start.data + 11, 5)};
    wk_offer_t offer = t->dialog->offer;
    offer.slots[0] = start;
    offer.count = 1;
    add(t, wk_say(t->a, t->l, "reply.time_ask",
                  {"service", wk_word_for(t->a, t->l, "appointment", offer.service)},
                  {"moment", wk_word_slot(t->a, t->l, &slot)}));
    t->out.dialog.expected = WK_EXPECT_SLOT;
    t->out.dialog.offer = offer;
}

static void take_or_ask(turn_t *t, va_str_t start, bool sure)
{
    if (sure) {
        take_offered(t, start);
    } else {
        ask_about_time(t, start);
    }
}

static bool may_be_about_offer(intent_t intent)
{
    return intent == NONE || intent == HOURS || intent == BOOK || intent == ORDER ||
           intent == THANKS || intent == GREETING;
}

/* ---------------------------------------------------------------- yes */

static bool names_a_time(const turn_t *t)
{
    va_str_t date;
    return t->r->numbers > 0 || t->r->time.hour >= 0 || named_day(t, &date) != NO_DAY;
}

/*
 * A yes, with words that are polite or repeat what was asked; nothing that may be another wish:
 * no number, day, time, question or denial.
 */
static bool is_yes_of(const turn_t *t, const char *list, const char *const *beside)
{
    return has_words(t, list) && !names_a_time(t) && !has_words(t, "wish.denial") &&
           wk_reading_is_only(t->a, t->c, t->r, beside, false);
}

static bool is_yes(const turn_t *t)
{
    static const char *const beside[] = {"yes.", "courtesy", "intent.book", "service.", NULL};
    return !is_question(t) && (is_all(t, "intent.yes") || is_yes_of(t, "yes.word", beside));
}

/* Stricter, as what was given up cannot be had back: "ok" alone may close the talk. */
static bool is_yes_to_cancel(const turn_t *t)
{
    static const char *const beside[] = {"intent.confirm",
                                         "intent.cancel",
                                         "cancel.plain",
                                         "letter.cancel",
                                         "courtesy",
                                         "appointment.words",
                                         NULL};
    return !is_question(t) &&
           (is_yes_of(t, "intent.confirm", beside) || is_yes_of(t, "intent.cancel", beside) ||
            is_letter(t, "letter.cancel"));
}

/* ---------------------------------------------------------------- what stands */

/* The appointment that it was asked about; NULL: it is over, or was cancelled. */
static const va_json_t *appointment_asked_about(const turn_t *t)
{
    const va_json_t *row = element(t->f->appointments, 0);
    while (row != NULL && !va_str_eq(cell(row, 0), t->dialog->cancels)) {
        row = row->next;
    }
    return t->dialog->expected == WK_EXPECT_CANCEL ? row : NULL;
}

static bool has_offer(const turn_t *t)
{
    return t->dialog->offer.service.data != NULL &&
           (t->dialog->expected == WK_EXPECT_SLOT || t->dialog->expected == WK_EXPECT_CALLBACK);
}

static void repeat_offer(turn_t *t)
{
    const wk_offer_t *offer = &t->dialog->offer;
    if (offer->count == 0) {
        ask_for_day(t, *offer);
    } else if (offer->count == 1) {
        ask_about_time(t, offer->slots[0]);
    } else {
        add(t, wk_say(t->a, t->l, t->dialog->spoken ? "speech.slots" : "reply.slots",
                      {"service", wk_word_for(t->a, t->l, "appointment", offer->service)},
                      {"slots", wk_word_offer(t->a, t->l, offer)}));
        t->out.dialog.expected = WK_EXPECT_SLOT;
        t->out.dialog.offer = *offer;
    }
}

/* Asks once more what is not answered yet; false: nothing is. */
static bool ask_again(turn_t *t)
{
    const va_json_t *row = appointment_asked_about(t);
    if (row != NULL) {
        ask_to_cancel(t, row);
    } else if (has_offer(t)) {
        repeat_offer(t);
    }
    return row != NULL || has_offer(t);
}

/* ---------------------------------------------------------------- answers to an offer */

/* Another service than the offer's is another wish. */
static bool is_other_service(const turn_t *t)
{
    va_str_t service = wk_read_service(t->c, &t->r->words);
    return service.data != NULL && t->dialog->offer.appointment.data == NULL &&
           !va_str_eq(service, t->dialog->offer.service);
}

static bool answer_other_day(turn_t *t, va_str_t date)
{
    if (date.data == NULL) {
        ask_for_day(t, t->dialog->offer);
        return true;
    }
    bool other = is_other_service(t);
    look_for_times(t, other ? wk_read_service(t->c, &t->r->words) : t->dialog->offer.service,
                   t->dialog->offer.appointment);
    return true;
}

/*
 * A time was chosen, may have been, or another day is asked for; false: the message is about
 * something else. A question for the hours names days and times too.
 */
static bool answer_choice(turn_t *t, intent_t intent)
{
    va_str_t date;
    const wk_offer_t *offer = &t->dialog->offer;
    named_day_t day = named_day(t, &date);
    wk_pick_t pick = wk_offer_pick(t->a, t->c, offer, t->r, date);
    bool open = intent == NONE || intent == BOOK || intent == THANKS || intent == GREETING ||
                (intent == HOURS && !names(t, HOURS));
    if (offer->count == 1 && t->dialog->expected == WK_EXPECT_SLOT && !t->refuses &&
        is_yes(t)) {
        take_or_ask(t, offer->slots[0], !t->dialog->old);
    } else if (day == UNCLEAR_DAY || (day == ONE_DAY && is_other_service(t))) {
        return (pick.only || open) && answer_other_day(t, date);
    } else if (is_other_service(t)) {
        return false;
    } else if (pick.kind == WK_PICK_SURE) {
        take_or_ask(t, pick.start, !t->dialog->old && !t->refuses);
    } else if (pick.kind == WK_PICK_PERHAPS && (pick.only || open)) {
        ask_about_time(t, pick.start);
    } else {
        return day == ONE_DAY && (pick.only || open) && answer_other_day(t, date);
    }
    return true;
}

/* "No, 10:30 please": what is behind the no is read for itself. *rest lasts as long as t. */
static void cut_refusal(turn_t *t, wk_reading_t *rest)
{
    size_t len = 0;
    const wk_words_t *words = &t->r->words;
    for (size_t i = 0; i < wk_catalogue_count(t->c) && words->count > 0; i++) {
        const wk_language_t *l = wk_catalogue_at(t->c, i);
        size_t n = wk_phrases_at(wk_word_list(l, "intent.no"), words, 0);
        len = n > len ? n : len;
    }
    if (len > 0 && len < words->count) {
        size_t begin = words->at[len].begin;
        *rest = wk_read_message(t->a, t->c, t->l,
                                va_str(t->r->text.data + begin, t->r->text.len - begin));
        t->r = rest;
        t->refuses = true;
    }
}

static bool is_polite_only(const turn_t *t)
{
    static const char *const lists[] = {"courtesy", "intent.thanks", "intent.no", "yes.", NULL};
    return !names_a_time(t) && wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

static void decline(turn_t *t)
{
    add_text(t, "reply.declined");
    t->out.intent = "no";
}

static bool answer_offer(turn_t *t, intent_t intent)
{
    wk_reading_t rest;
    turn_t turn = *t;
    const wk_offer_t *offer = &t->dialog->offer;
    if (!may_be_about_offer(intent) || !has_offer(t)) {
        return false;
    }
    cut_refusal(&turn, &rest);
    if (turn.refuses && is_polite_only(&turn)) {
        decline(t);
        return true;
    }
    bool answered = answer_choice(&turn, intent);
    if (!answered && turn.refuses && offer->count == 1) {
        ask_for_day(&turn, *offer);
        answered = true;
    }
    t->text = turn.text;
    t->out = turn.out;
    if (answered) {
        t->out.intent = offer->appointment.data != NULL ? "reschedule" : "book";
    }
    return answered;
}

static void answer_greeting(turn_t *t)
{
    va_str_t hello = wk_say(t->a, t->l, t->customer.len > 0 ? "hello.named" : "hello.unnamed",
                            {"hello", wk_text(t->l, "hello")}, {"name", t->customer});
    add(t, wk_say(t->a, t->l, "reply.hello", {"hello", hello}, {"agent", t->f->agent_name},
                  {"shop", t->f->shop}));
}

/* Not understood, the shop's documents may know; the answer at hand is for when they do not. */
static void look_into_knowledge(turn_t *t)
{
    va_buf_t args;
    va_json_writer_t *w = begin_args(t, &args);
    va_json_add_str(w, "query", wk_cut_text(t->r->text, WK_ARG_TEXT_MAX));
    wish(t, "search_knowledge", w, &args);
}

static void answer_nothing(turn_t *t)
{
    t->out.dialog.misses = t->dialog->misses + 1;
    bool asked = appointment_asked_about(t) != NULL;
    if (t->out.dialog.misses >= MISSES_BEFORE_HUMAN && !asked) {
        add_text(t, "reply.fallback_human");
        expect_callback(t);
        t->out.dialog.offer = has_offer(t) ? t->dialog->offer : t->out.dialog.offer;
    } else if (!ask_again(t)) {
        add_text(t, "reply.fallback");
    }
    if (t->f->knows && t->r->words.count > 0) {
        look_into_knowledge(t);
    }
}

/* It may be meant as an answer: what was asked is asked again. */
static void answer_courtesy(turn_t *t, intent_t intent)
{
    if (ask_again(t)) {
        t->out.dialog.misses = t->dialog->misses;
    } else if (intent == THANKS) {
        add_text(t, "reply.thanks");
    } else {
        answer_greeting(t);
    }
}

static void answer(turn_t *t, intent_t intent)
{
    static void (*const answers[])(turn_t *) = {
        [HUMAN] = answer_human,           [MESSAGE] = answer_message,
        [ORDER] = answer_order,           [CANCEL] = answer_cancel,
        [RESCHEDULE] = answer_reschedule, [BOOK] = answer_book,
        [HOLIDAYS] = answer_holidays,     [HOURS] = answer_hours,
        [LOCATION] = answer_location,     [NONE] = answer_nothing,
    };
    if (intent == THANKS || intent == GREETING) {
        answer_courtesy(t, intent);
    } else {
        answers[intent](t);
    }
    t->out.intent = intents[intent].name;
}

static bool answer_cancel_question(turn_t *t, intent_t intent)
{
    wk_reading_t rest;
    turn_t turn = *t;
    const va_json_t *row = appointment_asked_about(t);
    cut_refusal(&turn, &rest);
    bool another_day = intent == HOURS && !names(t, HOURS); /* a day alone asks for no hours */
    if (row != NULL && (another_day || (is_yes_to_cancel(t) && t->dialog->old))) {
        ask_to_cancel(t, row);
    } else if (is_yes_to_cancel(t)) {
        cancel(t, t->dialog->cancels);
    } else if (turn.refuses && (intent == NONE || intent == THANKS || intent == GREETING)) {
        decline(t);
        return true;
    } else {
        return false;
    }
    t->out.intent = "cancel";
    return true;
}

/* The answer to what was asked last; false: it is none, and the message stands for itself. */
static bool answer_expected(turn_t *t, intent_t intent)
{
    if (t->dialog->expected == WK_EXPECT_NOTHING) {
        return false;
    }
    if (is_all(t, "intent.no")) {
        decline(t);
        return true;
    }
    if (t->dialog->expected == WK_EXPECT_CALLBACK && is_yes(t)) {
        answer(t, HUMAN);
        return true;
    }
    if (has_offer(t)) {
        return answer_offer(t, intent);
    }
    if (t->dialog->expected == WK_EXPECT_CANCEL) {
        return answer_cancel_question(t, intent);
    }
    bool acts = intent == HUMAN || intent == CANCEL || intent == RESCHEDULE;
    if (t->dialog->expected == WK_EXPECT_MESSAGE && !acts && t->r->words.count > 0) {
        add_text(t, "reply.message_taken");
        t->out.task = "message";
        t->out.intent = "message";
        return true;
    }
    return false;
}

/* Nothing but the wish for the other language was said. */
static bool is_language_only(const wk_language_choice_t *choice, intent_t intent)
{
    return choice->requested && (intent == NONE || intent == GREETING || intent == THANKS);
}

static bool only_looks(const char *tool)
{
    return tool == NULL || strcmp(tool, "search_knowledge") == 0;
}

/* Whoever speaks of the appointment answers, whatever he says. */
static bool is_an_answer(const char *intent)
{
    return strcmp(intent, "no") == 0 || strcmp(intent, "cancel") == 0 ||
           strcmp(intent, "reschedule") == 0;
}

/* A question in between does not take back what was asked; a "no" does. */
static void keep_question(turn_t *t)
{
    if (!only_looks(t->out.tool) || strcmp(t->out.intent, "no") == 0 ||
        t->out.dialog.expected != WK_EXPECT_NOTHING) {
        return;
    }
    if (t->dialog->expected == WK_EXPECT_SLOT) {
        t->out.dialog.expected = WK_EXPECT_SLOT;
        t->out.dialog.offer = t->dialog->offer;
    } else if (t->dialog->expected == WK_EXPECT_CANCEL && !is_an_answer(t->out.intent)) {
        t->out.dialog.expected = WK_EXPECT_CANCEL;
        t->out.dialog.cancels = t->dialog->cancels;
    }
}

wk_reception_t wk_receive(wk_arena_t *a, const wk_catalogue_t *c, const wk_reading_t *reading,
                          const wk_reception_facts_t *facts, const wk_dialog_t *dialog,
                          const wk_language_t *now, bool settled, va_str_t customer)
{
    wk_language_state_t state = {.now = now,
                                 .settled = settled,
                                 .offered = facts->languages,
                                 .threshold = facts->language_confidence,
                                 .detects = facts->language_detection,
                                 .hint = dialog->hint};
    wk_language_choice_t choice = wk_language_choose(c, &state, &reading->words);
    turn_t t = {.a = a,
                .c = c,
                .l = choice.language,
                .r = reading,
                .f = facts,
                .dialog = dialog,
                .customer = customer};
    t.out = (wk_reception_t){.language = choice.language,
                             .requested = choice.requested,
                             .dialog = {.hint = choice.hint}};
    va_buf_init(&t.text, wk_mem(a), 320);
    intent_t intent = intent_of(&t);
    if (is_language_only(&choice, intent)) {
        add_text(&t, "reply.language");
        t.out.intent = "language";
    } else if (answer_expected(&t, intent)) {
        t.out.certain = true;
        keep_question(&t);
    } else {
        answer(&t, intent);
        t.out.certain = t.out.certain || intent == HUMAN;
        keep_question(&t);
    }
    t.out.text = va_buf_str(&t.text);
    return t.out;
}
