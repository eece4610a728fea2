#include "worker/agent/reception_answers.h"

#include <string.h>

#include "worker/agent/reception_number.h"
#include "worker/agent/reception_offer.h"
#include "worker/agent/reception_services.h"
#include "worker/agent/reception_which.h"
#include "worker/agent/wording.h"

#define MOST_TOLD   3 /* of policies, of promotions */
#define ZIP         5 /* digits */
#define MOST_PRICES 8

/* Of the coming days the first is today. */
static bool is_open_all_day(const wk_reception_turn_t *t)
{
    const va_json_t *today = wk_fact_at(t->f->week, 0);
    return wk_is_all_day(wk_fact_text(today, 2), wk_fact_text(today, 3));
}

/* Whether the shop is open, and until or from when. */
static va_str_t opening(const wk_reception_turn_t *t)
{
    if (t->f->open && is_open_all_day(t)) {
        return wk_text(t->l, "reply.open_all_day");
    }
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

/* [date, weekday, opens, closes] */
static void add_day(wk_reception_turn_t *t, const va_json_t *row)
{
    va_str_t day = capital(t->a, wk_word_day(t->a, t->l, wk_fact_text(row, 0), t->f->today));
    va_str_t opens = wk_fact_text(row, 2);
    if (opens.data == NULL) {
        wk_turn_add(t, wk_say(t->a, t->l, "reply.day_closed", {"day", day}));
    } else {
        wk_turn_add(t,
                    wk_say(t->a, t->l, "reply.day", {"day", day},
                           {"hours", wk_word_range(t->a, t->l, opens, wk_fact_text(row, 3))}));
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

/* Of the weekend, or what is left of the week: a line a day. */
static bool add_days(wk_reception_turn_t *t)
{
    wk_days_t days;
    bool few = wk_turn_days(t, &days) && days.until.data != NULL;
    const va_json_t *row = wk_fact_at(t->f->week, 0);
    while (few && row != NULL && !va_str_eq(wk_fact_text(row, 0), days.from)) {
        row = row->next;
    }
    for (; few && row != NULL; row = row->next) {
        add_day(t, row);
        few = !va_str_eq(wk_fact_text(row, 0), days.until);
    }
    return days.until.data != NULL;
}

/* "Saturday and Sunday": the coming one of each, as they come. */
static bool add_weekdays(wk_reception_turn_t *t)
{
    unsigned named = t->r->weekdays;
    bool several = (named & (named - 1)) != 0;
    const va_json_t *row = wk_fact_at(t->f->week, 0);
    for (; several && named != 0 && row != NULL; row = row->next) {
        int64_t weekday = 0;
        (void)va_json_int(wk_fact_at(row, 1), &weekday);
        if (weekday >= 1 && weekday <= 7 && (named & (1U << weekday)) != 0) {
            add_day(t, row);
            named &= ~(1U << weekday);
        }
    }
    return several;
}

void wk_answer_hours(wk_reception_turn_t *t)
{
    if (add_weekdays(t)) {
        return;
    }
    const va_json_t *day = wk_turn_day(t);
    const char *fault = wk_turn_day_fault(t);
    if (fault != NULL && day == NULL) {
        wk_turn_add_text(t, fault);
    }
    if (day != NULL) {
        add_day(t, day);
    } else if (add_days(t)) {
        return;
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
        days[n++] =
            opens.data == NULL
                ? wk_say(t->a, t->l, "reply.holidays_closed", {"day", day})
                : wk_say(t->a, t->l, "reply.holidays_day", {"day", day},
                         {"hours", wk_word_range(t->a, t->l, opens, wk_fact_text(row, 2))});
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

void wk_answer_phone(wk_reception_turn_t *t)
{
    if (t->f->phone.len > 0) {
        wk_turn_add(t, wk_say(t->a, t->l, "reply.phone", {"phone", t->f->phone}));
    } else {
        wk_turn_add_text(t, "reply.cannot");
        wk_offer_person(t);
    }
}

/* ---------------------------------------------------------------- policies, promotions */

/* "returns" is named by itself, and by the words of policy.returns. */
static bool names_subject(const wk_reception_turn_t *t, va_str_t subject)
{
    wk_phrase_t phrase = wk_phrase(t->a, subject);
    const wk_phrases_t one = {&phrase, phrase.words.count > 0};
    return wk_phrases_in(&one, &t->r->words) ||
           wk_turn_has(t, wk_printf(t->a, "policy.%.*s", (int)subject.len, subject.data).data);
}

static bool names_any_subject(const wk_reception_turn_t *t)
{
    bool named = wk_word_list_named_in_any(t->c, "policy.", &t->r->words).data != NULL;
    const va_json_t *p = t->f->policies != NULL ? t->f->policies->first : NULL;
    for (; p != NULL && !named; p = p->next) {
        named = names_subject(t, p->name);
    }
    return named;
}

/* The next from p on that is asked for. */
static const va_json_t *policy_from(const wk_reception_turn_t *t, const va_json_t *p)
{
    bool all = !names_any_subject(t);
    while (p != NULL && !all && !names_subject(t, p->name)) {
        p = p->next;
    }
    return p;
}

static const va_json_t *first_policy(const wk_reception_turn_t *t)
{
    return policy_from(t, t->f->policies != NULL ? t->f->policies->first : NULL);
}

bool wk_has_policy(const wk_reception_turn_t *t)
{
    return first_policy(t) != NULL;
}

void wk_answer_policy(wk_reception_turn_t *t)
{
    const va_json_t *p = first_policy(t);
    for (size_t n = 0; p != NULL && n < MOST_TOLD; n++, p = policy_from(t, p->next)) {
        wk_turn_add(t, va_json_string(p));
    }
}

void wk_answer_promotion(wk_reception_turn_t *t)
{
    va_str_t texts[MOST_TOLD];
    size_t n = 0;
    const va_json_t *p = t->f->promotions != NULL ? t->f->promotions->first : NULL;
    for (; p != NULL && n < MOST_TOLD; p = p->next) {
        texts[n++] = va_json_string(p);
    }
    if (n == 0) {
        wk_turn_add(t, wk_printf(t->a, "%s.", wk_text(t->l, "promotions.none").data));
        return;
    }
    wk_turn_add(t, wk_say(t->a, t->l, "reply.promotions",
                          {"promotions", wk_word_list_of(t->a, t->l, texts, n)}));
}

/* ---------------------------------------------------------------- prices */

static bool is_free(va_str_t price)
{
    size_t i = 0;
    while (i < price.len && (price.data[i] == '0' || price.data[i] == '.')) {
        i++;
    }
    return i == price.len;
}

/* service, price: absent where it is not known. */
static void tell_price(wk_reception_turn_t *t, va_str_t service, va_str_t price)
{
    if (price.data == NULL) {
        wk_turn_add_text(t, "reply.price_unknown");
        return;
    }
    wk_turn_add(t, wk_say(t->a, t->l, is_free(price) ? "reply.price_free" : "reply.price",
                          {"service", wk_turn_service_word(t, service)},
                          {"price", wk_word_money(t->a, t->l, price, t->f->currency)}));
}

static va_str_t price_of(const wk_reception_turn_t *t, va_str_t service)
{
    return va_json_scalar(va_json_get(t->f->prices, wk_strdup(t->a, service)));
}

static void tell_prices(wk_reception_turn_t *t)
{
    va_str_t items[MOST_PRICES];
    size_t n = 0;
    for (const va_json_t *p = t->f->prices->first; p != NULL && n < MOST_PRICES; p = p->next) {
        items[n++] = wk_say(
            t->a, t->l, "reply.prices_item", {"service", wk_turn_service_word(t, p->name)},
            {"price", wk_word_money(t->a, t->l, va_json_scalar(p), t->f->currency)});
    }
    wk_turn_add(t, wk_say(t->a, t->l, "reply.prices",
                          {"prices", wk_word_list_of(t->a, t->l, items, n)}));
}

/* All of them, and of nothing else. */
static bool asks_all_prices(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "price.all") && !wk_turn_names_a_moment(t) && t->f->prices != NULL &&
           t->f->prices->first != NULL;
}

va_str_t wk_service_meant(const wk_reception_turn_t *t)
{
    static const char *const it[] = {"intent.price", "price.cost",     "price.asked",
                                     "wish.filler",  "wish.opener",    "courtesy",
                                     "yes.filler",   "duration.asked", NULL};
    va_str_t named = wk_turn_service(t);
    if (named.data != NULL || wk_has_offer(t)) {
        return named.data != NULL ? named : t->dialog->offer.service;
    }
    if (!wk_reading_is_only(t->a, t->c, t->r, it, false)) {
        return VA_STR_NULL;
    }
    return t->dialog->service.data != NULL ? t->dialog->service : wk_service_booked(t);
}

bool wk_answer_price(wk_reception_turn_t *t)
{
    va_str_t named = wk_turn_service(t);
    if (named.data == NULL && asks_all_prices(t)) {
        tell_prices(t);
        return true;
    }
    wk_services_t several = wk_services_wished(t);
    va_str_t service = several.count > 1 ? several.at[0] : wk_service_meant(t);
    t->out.dialog.service = service.data != NULL ? service : t->out.dialog.service;
    va_str_t price = price_of(t, service);
    tell_price(t, service, price);
    for (size_t i = 1; i < several.count; i++) {
        tell_price(t, several.at[i], price_of(t, several.at[i]));
    }
    if (wk_intent_named(t, WK_INTENT_HOURS)) {
        wk_answer_hours(t);
    } else if (wk_turn_names_a_moment(t) &&
               (named.data != NULL || wk_turn_has(t, "intent.book"))) {
        t->out.before = va_buf_str(&t->text);
        wk_answer_book(t);
    } else if (price.data == NULL) {
        wk_offer_person(t);
        t->out.dialog.offer = wk_has_offer(t) ? t->dialog->offer : t->out.dialog.offer;
    }
    return price.data != NULL;
}

void wk_answer_duration(wk_reception_turn_t *t)
{
    va_str_t service = wk_service_meant(t);
    t->out.dialog.service = service;
    va_str_t minutes = va_json_scalar(va_json_get(t->f->durations, wk_strdup(t->a, service)));
    if (minutes.data == NULL) {
        wk_turn_add_text(t, "reply.cannot");
        wk_offer_person(t);
        return;
    }
    wk_turn_add(t, wk_say(t->a, t->l, "reply.duration",
                          {"service", wk_turn_service_word(t, service)}, {"minutes", minutes}));
}

void wk_answer_ready(wk_reception_turn_t *t)
{
    wk_turn_add(t, wk_text_of_kind(t->l, t->f->ready ? "reply.ready" : "reply.not_ready",
                                   t->f->business_type));
    if (!t->f->ready) {
        wk_offer_person(t);
    }
}

/* ---------------------------------------------------------------- order */

/* The tool decides whether it proves anything. */
static void prove_order(wk_reception_turn_t *t, va_str_t number, va_str_t postcode)
{
    va_buf_t args;
    va_json_writer_t *w = wk_turn_args(t, &args);
    va_json_add_str(w, "order_number", number);
    if (t->r->email.data != NULL) {
        va_json_add_str(w, "email", t->r->email);
    }
    if (postcode.data != NULL) {
        va_json_add_str(w, "postcode", postcode);
    }
    wk_turn_wish(t, "lookup_order", w, &args);
}

/* Not the caller's own, as far as his number tells. */
static void answer_other_order(wk_reception_turn_t *t)
{
    va_str_t number = t->r->order_number;
    if (number.data == NULL) {
        wk_turn_add_text(t, "reply.order_unknown");
        wk_turn_expect_callback(t);
    } else if (t->r->email.data != NULL || t->r->postcode.data != NULL) {
        prove_order(t, number, t->r->postcode);
    } else {
        wk_turn_add_text(t, t->dialog->spoken ? "speech.order_proof" : "reply.order_proof");
        t->out.dialog.expected = WK_EXPECT_PROOF;
        t->out.dialog.order = number;
    }
}

/* In other countries they are a few digits: nothing else is said then. */
static va_str_t postcode_alone(const wk_reception_turn_t *t)
{
    va_str_t number = t->r->order_number;
    bool alone = number.len == ZIP && number.len == t->r->text.len;
    return alone ? number : t->r->postcode;
}

bool wk_answer_proof(wk_reception_turn_t *t)
{
    va_str_t postcode = postcode_alone(t), number = t->r->order_number;
    if (postcode.data == NULL && t->r->email.data == NULL) {
        return false;
    }
    bool other = number.data != NULL && !va_str_eq(number, postcode) &&
                 t->r->postcode.data == NULL && wk_turn_has(t, "order.words");
    prove_order(t, other ? number : t->dialog->order, postcode);
    t->out.intent = "order";
    return true;
}

void wk_answer_order(wk_reception_turn_t *t)
{
    const wk_reception_facts_t *f = t->f;
    if (f->order_id.data == NULL) {
        answer_other_order(t);
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
    if (wk_turn_has(t, "order.trouble") || wk_turn_has(t, "intent.complaint")) {
        wk_offer_person(t);
    } else if (f->order_count > 1 && t->r->order_number.data == NULL) {
        wk_turn_add_text(t, t->dialog->spoken ? "speech.order_more" : "reply.order_more");
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
    wk_ask_for_number(t);
}

void wk_answer_who(wk_reception_turn_t *t)
{
    wk_turn_add(
        t, wk_say(t->a, t->l, "reply.who", {"agent", t->f->agent_name}, {"shop", t->f->shop}));
    wk_offer_person(t);
}

void wk_answer_wrong_number(wk_reception_turn_t *t)
{
    wk_turn_add(t, wk_say(t->a, t->l, "reply.wrong_number", {"shop", t->f->shop}));
}

void wk_answer_complaint(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, "reply.sorry");
    wk_offer_person(t);
}

void wk_take_message(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, "reply.message_taken");
    t->out.task = "message";
    wk_ask_for_number(t);
}

void wk_ask_for_message(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, t->dialog->spoken ? "speech.message_ask" : "reply.message_ask");
    t->out.dialog.expected = WK_EXPECT_MESSAGE;
}

void wk_answer_message(wk_reception_turn_t *t)
{
    const char *colon =
        t->r->text.len > 0 ? memchr(t->r->text.data, ':', t->r->text.len) : NULL;
    bool behind =
        colon != NULL &&
        wk_words(t->a, va_str(colon, (size_t)(t->r->text.data + t->r->text.len - colon)))
                .count > 0;
    if (behind || !wk_turn_has(t, "intent.message")) {
        wk_take_message(t);
        return;
    }
    wk_ask_for_message(t);
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
    wk_turn_add_text(t, t->dialog->spoken ? "speech.declined" : "reply.declined");
    t->out.intent = "no";
}
