#include "worker/agent/reception_answers.h"

#include <string.h>

#include "worker/agent/wording.h"

/* Whether the shop is open, and until or from when. */
static va_str_t opening(const wk_reception_turn_t *t)
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

static void add_phone(wk_reception_turn_t *t)
{
    if (t->f->phone.len > 0) {
        wk_turn_add(t, wk_say(t->a, t->l, "reply.call_us", {"phone", t->f->phone}));
    }
}

/* ---------------------------------------------------------------- hours */

static va_str_t capital(wk_arena_t *a, va_str_t s)
{
    char *text = wk_strdup(a, s);
    if (s.len > 0 && text[0] >= 'a' && text[0] <= 'z') {
        text[0] = (char)(text[0] - 'a' + 'A');
    }
    return va_str(text, s.len);
}

static va_str_t hours_range(const wk_reception_turn_t *t, va_str_t opens, va_str_t closes)
{
    return wk_say(t->a, t->l, "hours.range", {"open", wk_word_time(t->a, t->l, opens)},
                  {"close", wk_word_time(t->a, t->l, closes)});
}

/* [date, weekday, opens, closes] */
static void add_day(wk_reception_turn_t *t, const va_json_t *row)
{
    va_str_t day = capital(t->a, wk_word_day(t->a, t->l, wk_fact_text(row, 0), t->f->today));
    va_str_t opens = wk_fact_text(row, 2);
    if (opens.data == NULL) {
        wk_turn_add(t, wk_say(t->a, t->l, "reply.day_closed", {"day", day}));
    } else {
        wk_turn_add(t, wk_say(t->a, t->l, "reply.day", {"day", day},
                              {"hours", hours_range(t, opens, wk_fact_text(row, 3))}));
    }
}

static va_str_t coming_week(const wk_reception_turn_t *t)
{
    wk_week_t week = {.opens = {VA_STR_NULL}};
    for (size_t i = 0; i < 7; i++) {
        const va_json_t *row = wk_fact_at(t->f->week, i);
        int64_t day;
        if (va_json_int(wk_fact_at(row, 1), &day) && day >= 1 && day <= 7) {
            week.opens[day - 1] = wk_fact_text(row, 2);
            week.closes[day - 1] = wk_fact_text(row, 3);
        }
    }
    return wk_word_week(t->a, t->l, &week);
}

void wk_answer_hours(wk_reception_turn_t *t)
{
    const va_json_t *day = wk_turn_day(t);
    if (day != NULL) {
        add_day(t, day);
    } else if (t->r->ahead == 0) {
        wk_turn_add(t, opening(t));
    } else {
        wk_turn_add(t, wk_say(t->a, t->l, "reply.hours", {"status", opening(t)},
                              {"week", coming_week(t)}));
    }
}

void wk_answer_holidays(wk_reception_turn_t *t)
{
    va_str_t days[8];
    size_t n = 0;
    if (t->f->day != NULL) {
        add_day(t, t->f->day);
        return;
    }
    const va_json_t *row = t->f->exceptions != NULL ? t->f->exceptions->first : NULL;
    for (; row != NULL && n < 8; row = row->next) {
        va_str_t day = wk_word_date(t->a, t->l, wk_fact_text(row, 0)),
                 opens = wk_fact_text(row, 1);
        days[n++] = opens.data == NULL
                        ? wk_say(t->a, t->l, "reply.holidays_closed", {"day", day})
                        : wk_say(t->a, t->l, "reply.holidays_day", {"day", day},
                                 {"hours", hours_range(t, opens, wk_fact_text(row, 2))});
    }
    if (n == 0) {
        wk_turn_add_text(t, "reply.holidays_none");
        return;
    }
    wk_turn_add(t, wk_say(t->a, t->l, "reply.holidays",
                          {"days", wk_word_list_of(t->a, t->l, days, n)}));
}

/* ---------------------------------------------------------------- place */

void wk_answer_location(wk_reception_turn_t *t)
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
        wk_turn_add_text(t, "reply.location_unknown");
        add_phone(t);
        return;
    }
    wk_turn_add(t, wk_say(t->a, t->l, "reply.location", {"shop", t->f->shop},
                          {"address", va_buf_str(&address)}));
    wk_turn_add(t, t->f->directions);
}

/* ---------------------------------------------------------------- order */

void wk_answer_order(wk_reception_turn_t *t)
{
    const wk_reception_facts_t *f = t->f;
    if (f->order_id.data == NULL) {
        wk_turn_add_text(t, "reply.order_unknown");
        wk_turn_expect_callback(t);
        return;
    }
    wk_turn_add(t,
                wk_say(t->a, t->l, "reply.order", {"number", f->order_number},
                       {"status", wk_word_for(t->a, t->l, "order.status", f->order_status)}));
    if (f->tracking_number.len > 0) {
        va_str_t tracking =
            f->tracking_url.len > 0
                ? f->tracking_url
                : wk_printf(t->a, "%.*s %.*s", (int)f->tracking_company.len,
                            f->tracking_company.len > 0 ? f->tracking_company.data : "",
                            (int)f->tracking_number.len, f->tracking_number.data);
        wk_turn_add(
            t, wk_say(t->a, t->l, "reply.order_tracking", {"tracking", wk_trim(tracking)}));
    }
    bool over = va_str_eq(f->order_status, VA_STR("delivered")) ||
                va_str_eq(f->order_status, VA_STR("cancelled")) ||
                va_str_eq(f->order_status, VA_STR("refunded")) ||
                va_str_eq(f->order_status, VA_STR("returned"));
    if (f->expected.len > 0 && !over) {
        wk_turn_add(t, wk_say(t->a, t->l, "reply.order_expected",
                              {"date", wk_word_day(t->a, t->l, f->expected, f->today)}));
    }
    if (f->order_count > 1 && t->r->order_number.data == NULL) {
        wk_turn_add_text(t, "reply.order_more");
    }
}

/* ---------------------------------------------------------------- people */

void wk_offer_person(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, "reply.person");
    add_phone(t);
    wk_turn_expect_callback(t);
}

void wk_answer_human(wk_reception_turn_t *t)
{
    if (t->f->open_callback) {
        wk_turn_add_text(t, "reply.human_already");
    } else {
        wk_turn_add_text(t, "reply.human");
        t->out.task = "callback";
    }
    wk_turn_add(t, opening(t));
    add_phone(t);
}

void wk_answer_message(wk_reception_turn_t *t)
{
    const char *colon =
        t->r->text.len > 0 ? memchr(t->r->text.data, ':', t->r->text.len) : NULL;
    if (colon != NULL &&
        wk_words(t->a, va_str(colon, (size_t)(t->r->text.data + t->r->text.len - colon)))
                .count > 0) {
        wk_turn_add_text(t, "reply.message_taken");
        t->out.task = "message";
        return;
    }
    wk_turn_add_text(t, "reply.message_ask");
    t->out.dialog.expected = WK_EXPECT_MESSAGE;
}

/* ---------------------------------------------------------------- courtesies */

void wk_answer_greeting(wk_reception_turn_t *t)
{
    va_str_t hello = wk_say(t->a, t->l, t->customer.len > 0 ? "hello.named" : "hello.unnamed",
                            {"hello", wk_text(t->l, "hello")}, {"name", t->customer});
    wk_turn_add(t, wk_say(t->a, t->l, "reply.hello", {"hello", hello},
                          {"agent", t->f->agent_name}, {"shop", t->f->shop}));
}

void wk_answer_no(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, "reply.declined");
    t->out.intent = "no";
}
