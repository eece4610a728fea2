#include "worker/agent/personalization.h"

#include <stdio.h>

#include "worker/agent/wording.h"
#include "worker/store/personalization.h"

#define MAX_CONTEXT 4000 /* bytes; what is older is left out */
#define MAX_LISTED  12

/* ---------------------------------------------------------------- facts */

static void read_shop(wk_tx_t *tx, const wk_rows_t *r, wk_caller_facts_t *f)
{
    f->organization = wk_tx_organization(tx);
    f->name = wk_cell(r, 0, "name");
    f->phone = wk_cell(r, 0, "phone");
    f->owner_phone = wk_cell(r, 0, "owner_phone");
    f->website = wk_cell(r, 0, "website");
    f->timezone = wk_cell(r, 0, "timezone");
    f->language = wk_cell(r, 0, "language");
    f->description = wk_cell(r, 0, "description");
    f->services = wk_cell(r, 0, "services");
    f->business_type = wk_cell(r, 0, "business_type");
    f->languages = wk_cell_json(wk_tx_arena(tx), r, 0, "languages");
    f->hours = wk_cell_json(wk_tx_arena(tx), r, 0, "hours");
    f->promotions = wk_cell_json(wk_tx_arena(tx), r, 0, "promotions");
    f->greeting = wk_cell_json(wk_tx_arena(tx), r, 0, "greeting");
    f->stock = wk_cell_json(wk_tx_arena(tx), r, 0, "stock");
    f->today = wk_cell(r, 0, "today");
    f->clock = wk_cell(r, 0, "clock");
    f->opens = wk_cell(r, 0, "opens");
    f->closes = wk_cell(r, 0, "closes");
    f->open = wk_cell_bool(r, 0, "open");
    f->closing = wk_cell(r, 0, "closing");
    f->next_opening = wk_cell(r, 0, "next_opening");
    f->currency = wk_cell(r, 0, "currency");
}

static void read_customer(wk_tx_t *tx, const wk_rows_t *r, wk_caller_facts_t *f)
{
    f->customer = wk_cell(r, 0, "customer");
    f->customer_name = wk_cell(r, 0, "customer_name");
    f->first_name = wk_cell(r, 0, "first_name");
    f->email = wk_cell(r, 0, "email");
    f->tier = wk_cell(r, 0, "tier");
    f->preferred_language = wk_cell(r, 0, "preferred_language");
    f->customer_since = wk_cell(r, 0, "customer_since");
    f->lead_status = wk_cell(r, 0, "lead_status");
    f->sentiment = wk_cell(r, 0, "sentiment");
    f->total_spent = wk_cell(r, 0, "total_spent");
    f->last_purchase = wk_cell(r, 0, "last_purchase");
    f->last_contact = wk_cell(r, 0, "last_contact");
    f->summary = wk_cell(r, 0, "summary");
    f->purchase_count = wk_cell_int(r, 0, "purchase_count", 0);
    f->interaction_count = wk_cell_int(r, 0, "interaction_count", 0);
    f->message_count = wk_cell_int(r, 0, "message_count", 0);
    f->commitments = wk_cell_json(wk_tx_arena(tx), r, 0, "commitments");
    f->messages = wk_cell_json(wk_tx_arena(tx), r, 0, "messages");
    f->orders = wk_cell_json(wk_tx_arena(tx), r, 0, "orders");
    f->appointments = wk_cell_json(wk_tx_arena(tx), r, 0, "appointments");
}

static bool read_facts(wk_tx_t *tx, const wk_rows_t *rows, va_str_t caller,
                       wk_caller_facts_t *facts, wk_error_t *e)
{
    *facts = (wk_caller_facts_t){.caller = caller};
    if (wk_rows_count(rows) != 1) {
        return wk_error(e, WK_NOT_FOUND, "the organization is gone");
    }
    read_shop(tx, rows, facts);
    read_customer(tx, rows, facts);
    return true;
}

bool wk_caller_facts(wk_tx_t *tx, va_str_t caller, va_str_t at, wk_caller_facts_t *facts,
                     wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {caller, at};
    return wk_sql_last(tx, &wk_sql_personalization, params, &rows, e) &&
           read_facts(tx, rows, caller, facts, e);
}

bool wk_caller_facts_amid(wk_tx_t *tx, va_str_t caller, wk_caller_facts_t *facts, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {caller, VA_STR_NULL};
    return wk_sql(tx, &wk_sql_personalization, params, &rows, e) &&
           read_facts(tx, rows, caller, facts, e);
}

void wk_caller_forget(wk_caller_facts_t *f)
{
    f->customer = f->customer_name = f->first_name = f->email = f->tier = VA_STR_NULL;
    f->customer_since = f->lead_status = f->sentiment = f->total_spent = VA_STR_NULL;
    f->last_purchase = f->last_contact = f->summary = VA_STR_NULL;
    f->purchase_count = f->interaction_count = f->message_count = 0;
    f->messages = f->orders = f->appointments = f->commitments = NULL;
}

/* Element i of a list within a list. */
static va_str_t item(const va_json_t *row, size_t i)
{
    const va_json_t *element = row != NULL ? row->first : NULL;
    while (element != NULL && i-- > 0) {
        element = element->next;
    }
    return va_json_scalar(element);
}

static bool speaks(const wk_caller_facts_t *f, va_str_t language)
{
    const va_json_t *code = f->languages != NULL ? f->languages->first : NULL;
    while (code != NULL && !va_str_eq(va_json_string(code), language)) {
        code = code->next;
    }
    return code != NULL;
}

const wk_language_t *wk_caller_language(const wk_catalogue_t *c, const wk_caller_facts_t *f)
{
    va_str_t own = speaks(f, f->preferred_language) ? f->preferred_language : VA_STR_NULL;
    return wk_catalogue_pick(c, own, f->language);
}

/* ---------------------------------------------------------------- texts */

static va_str_t either(va_str_t s, va_str_t otherwise)
{
    return s.len > 0 ? s : otherwise;
}

static va_str_t or_text(va_str_t s, const wk_language_t *l, const char *name)
{
    return either(s, wk_text(l, name));
}

static va_str_t store_hours(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    if (f->organization.data == NULL) {
        return wk_text(l, "hours.unknown");
    }
    if (f->opens.data == NULL) {
        return wk_text(l, "hours.closed_today");
    }
    return wk_say(a, l, "hours.open_today",
                  {"hours", wk_word_range(a, l, f->opens, f->closes)});
}

static va_str_t next_opening(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    if (f->open) {
        return wk_say(a, l, "opening.now", {"close", wk_word_time(a, l, f->closing)});
    }
    return f->next_opening.data != NULL ? wk_word_moment(a, l, f->next_opening, f->today)
                                        : wk_text(l, "opening.unknown");
}

/* Dates as texts compare like dates; a promotion without one has no end, or no beginning. */
static bool runs_today(const va_json_t *promotion, va_str_t today)
{
    va_str_t starts = va_json_get_string(promotion, "starts");
    va_str_t ends = va_json_get_string(promotion, "ends");
    return (starts.len < 10 || memcmp(starts.data, today.data, 10) <= 0) &&
           (ends.len < 10 || memcmp(ends.data, today.data, 10) >= 0);
}

static va_str_t promotions(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    va_str_t texts[MAX_LISTED];
    size_t n = 0;
    const va_json_t *p =
        f->promotions != NULL && f->today.len >= 10 ? f->promotions->first : NULL;
    for (; p != NULL && n < MAX_LISTED; p = p->next) {
        va_str_t text = va_json_get_string(p, "text");
        if (text.len > 0 && runs_today(p, f->today)) {
            texts[n++] = text;
        }
    }
    return n > 0 ? wk_word_list_of(a, l, texts, n) : wk_text(l, "promotions.none");
}

static va_str_t kinds(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f,
                      bool in_stock)
{
    va_str_t names[MAX_LISTED];
    size_t n = 0;
    const va_json_t *row = f->stock != NULL ? f->stock->first : NULL;
    for (; row != NULL && n < MAX_LISTED; row = row->next) {
        if (va_str_eq(item(row, 1), in_stock ? VA_STR("true") : VA_STR("false"))) {
            names[n++] = wk_word_for(a, l, "product", item(row, 0));
        }
    }
    return wk_word_list_of(a, l, names, n);
}

static va_str_t inventory(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    va_str_t here = kinds(a, l, f, true), gone = kinds(a, l, f, false);
    const char *text = here.len > 0 && gone.len > 0 ? "stock.both"
                       : here.len > 0               ? "stock.in"
                       : gone.len > 0               ? "stock.out"
                                                    : "stock.unknown";
    return wk_say(a, l, text, {"in", here}, {"out", gone});
}

static va_str_t purchases(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    if (f->purchase_count <= 0) {
        return wk_text(l, "purchases.none");
    }
    return wk_say(a, l, f->purchase_count == 1 ? "purchases.one" : "purchases.many",
                  {"count", wk_printf(a, "%lld", (long long)f->purchase_count)},
                  {"total", wk_word_money(a, l, f->total_spent, f->currency)},
                  {"date", or_text(f->last_purchase, l, "date.unknown")});
}

static va_str_t order_line(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f,
                           const va_json_t *row)
{
    va_str_t number = item(row, 0), total = item(row, 2), tracking = item(row, 4);
    va_str_t carrier = item(row, 5), expected = item(row, 6);
    va_str_t tracked = carrier.len > 0
                           ? wk_printf(a, "%.*s (%.*s)", (int)tracking.len, tracking.data,
                                       (int)carrier.len, carrier.data)
                           : tracking;
    return wk_say(a, l, "order.line", {"number", number},
                  {"status", wk_word_for(a, l, "order.status", item(row, 1))},
                  {"items", or_text(item(row, 7), l, "order.items_unknown")},
                  {"total", wk_word_money(a, l, total, either(item(row, 3), f->currency))},
                  {"tracking", tracking.len > 0 ? tracked : wk_text(l, "order.no_tracking")},
                  {"expected", expected.len > 0 ? wk_word_date(a, l, expected)
                                                : wk_text(l, "order.not_expected")});
}

static va_str_t appointment_line(wk_arena_t *a, const wk_language_t *l,
                                 const wk_caller_facts_t *f, const va_json_t *row)
{
    const wk_param_t params[] = {
        {"service", wk_word_of_trade(a, l, "appointment", item(row, 0), f->business_type)},
        {"day", wk_word_day(a, l, item(row, 1), f->today)},
        {"time", wk_word_time(a, l, item(row, 2))},
        {"status", wk_word_for(a, l, "appointment.status", item(row, 3))},
        {"bike", or_text(item(row, 4), l, "appointment.no_bike")},
        {NULL, VA_STR_NULL}};
    return wk_fill(a, wk_text_of_kind(l, "appointment.line", f->business_type), params);
}

typedef va_str_t line_fn(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f,
                         const va_json_t *row);

/* The rows as sentences on one line. */
static va_str_t lines(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f,
                      const va_json_t *rows, line_fn *line, const char *none)
{
    va_buf_t text;
    if (rows == NULL || rows->first == NULL) {
        return wk_text(l, none);
    }
    va_buf_init(&text, wk_mem(a), 256);
    for (const va_json_t *row = rows->first; row != NULL; row = row->next) {
        va_buf_add_c(&text, text.len > 0 ? "; " : "");
        va_buf_add_str(&text, line(a, l, f, row));
    }
    return va_buf_str(&text);
}

/* ---------------------------------------------------------------- what was said before */

static va_str_t message_line(wk_arena_t *a, const wk_language_t *l, const va_json_t *row)
{
    return wk_say(a, l, "context.message", {"when", item(row, 0)},
                  {"speaker", wk_word_for(a, l, "speaker", item(row, 1))},
                  {"channel", wk_word_for(a, l, "channel", item(row, 2))},
                  {"text", item(row, 3)});
}

/* Newest first, as they come: the oldest give way when there is no room. */
static size_t recent_lines(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f,
                           va_str_t *out, size_t max)
{
    size_t n = 0, bytes = f->summary.len;
    const va_json_t *row = f->messages != NULL ? f->messages->first : NULL;
    for (; row != NULL && n < max; row = row->next) {
        va_str_t line = message_line(a, l, row);
        bytes += line.len;
        if (bytes > MAX_CONTEXT) {
            break;
        }
        out[n++] = line;
    }
    return n;
}

/* Line ends would end the line everything stands on. */
static va_str_t one_line(wk_arena_t *a, va_str_t text)
{
    char *line = wk_strdup(a, text);
    for (size_t i = 0; i < text.len; i++) {
        line[i] = line[i] == '\n' || line[i] == '\r' ? ' ' : line[i];
    }
    return va_str(line, text.len);
}

va_str_t wk_word_commitments(wk_arena_t *a, const va_json_t *commitments)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 128);
    const va_json_t *c = va_json_is(commitments, VA_JSON_ARRAY) ? commitments->first : NULL;
    for (; c != NULL; c = c->next) {
        va_str_t what = va_json_get_string(c, "text"), due = va_json_get_string(c, "due");
        if (what.len > 0 && !va_json_bool(va_json_get(c, "done"), false)) {
            va_buf_add_c(&text, text.len > 0 ? "; " : "");
            va_buf_add_str(&text, wk_cut_text(what, 300));
            va_buf_add_c(&text, due.len > 0 ? ", " : "");
            va_buf_add_str(&text, due.len > 0 ? due : VA_STR(""));
        }
    }
    return text.len > 0 ? va_buf_str(&text) : VA_STR_NULL;
}

/* What was said before, on one line; a text that says so when nothing was. */
static va_str_t conversation_context(wk_arena_t *a, const wk_language_t *l,
                                     const wk_caller_facts_t *f)
{
    va_str_t recent[MAX_LISTED];
    va_buf_t text;
    size_t n = recent_lines(a, l, f, recent, MAX_LISTED);
    va_str_t promised = wk_word_commitments(a, f->commitments);
    if (n == 0 && f->summary.len == 0 && promised.len == 0) {
        return wk_text(l, "context.none");
    }
    va_buf_init(&text, wk_mem(a), 1024);
    if (f->summary.len > 0) {
        va_buf_add_str(&text, wk_say(a, l, "context.summary",
                                     {"summary", wk_cut_text(f->summary, MAX_CONTEXT / 2)}));
    }
    if (promised.len > 0) {
        va_buf_add_c(&text, text.len > 0 ? " | " : "");
        va_buf_add_str(&text, wk_say(a, l, "context.commitments",
                                     {"list", wk_cut_text(promised, MAX_CONTEXT / 2)}));
    }
    while (n > 0) {
        va_buf_add_c(&text, text.len > 0 ? " | " : "");
        va_buf_add_str(&text, recent[--n]);
    }
    return one_line(a, va_buf_str(&text));
}

/* ---------------------------------------------------------------- greeting */

static va_str_t hello(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    /* "HH:MM" compares like a time. */
    bool shops_own = f->organization.data != NULL && f->clock.len >= 5;
    const char *part = !shops_own                              ? "hello"
                       : memcmp(f->clock.data, "12:00", 5) < 0 ? "hello.morning"
                       : memcmp(f->clock.data, "18:00", 5) < 0 ? "hello.afternoon"
                                                               : "hello.evening";
    va_str_t name = either(f->first_name, f->customer_name);
    return wk_say(a, l, name.len > 0 ? "hello.named" : "hello.unnamed",
                  {"hello", wk_text(l, part)}, {"name", name});
}

/* The first order that is still under way. */
static va_str_t open_order(const wk_caller_facts_t *f)
{
    static const char *const closed[] = {"delivered", "cancelled", "refunded", "returned"};
    const va_json_t *row = f->orders != NULL ? f->orders->first : NULL;
    for (; row != NULL; row = row->next) {
        bool ended = false;
        for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++) {
            ended = ended || va_str_eq(item(row, 1), va_str_c(closed[i]));
        }
        if (!ended) {
            return item(row, 0);
        }
    }
    return VA_STR_NULL;
}

typedef struct {
    va_str_t text;
    bool personal; /* more than the platform's agent would say by itself */
} greeting_t;

/* The shop's own words in that language; absent: it has none. */
static va_str_t own_greeting(wk_arena_t *a, const wk_language_t *l, va_str_t greeted,
                             const wk_caller_facts_t *f)
{
    va_str_t text = va_json_string(va_json_get_n(f->greeting, wk_language_code(l)));
    const wk_param_t params[] = {{"hello", greeted}, {"shop", f->name}, {NULL, VA_STR_NULL}};
    return text.len > 0 ? wk_fill(a, text, params) : VA_STR_NULL;
}

static va_str_t usual_greeting(wk_arena_t *a, const wk_language_t *l, va_str_t greeted,
                               const wk_caller_facts_t *f)
{
    if (f->organization.data == NULL) {
        return wk_say(a, l, "greeting.nobody", {"hello", greeted});
    }
    return wk_say(a, l, f->open ? "greeting.open" : "greeting.closed", {"hello", greeted},
                  {"shop", f->name}, {"date", wk_word_date(a, l, f->today)},
                  {"close", wk_word_time(a, l, f->closing)});
}

/* An appointment today, an open order, a VIP, else the shop's own or whether it is open. */
static greeting_t greeting(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    const va_json_t *next = f->appointments != NULL ? f->appointments->first : NULL;
    va_str_t order = open_order(f), greeted = hello(a, l, f);
    if (f->opening.len > 0) {
        return (greeting_t){f->opening, true};
    }
    if (next != NULL && va_str_eq(item(next, 1), f->today)) {
        return (greeting_t){
            wk_say(a, l, "greeting.appointment", {"hello", greeted},
                   {"service",
                    wk_word_of_trade(a, l, "appointment", item(next, 0), f->business_type)},
                   {"time", wk_word_time(a, l, item(next, 2))}, {"shop", f->name}),
            true};
    }
    if (order.len > 0) {
        return (greeting_t){wk_say(a, l, "greeting.order", {"hello", greeted},
                                   {"number", order}, {"shop", f->name}),
                            true};
    }
    if (va_str_eq(f->tier, VA_STR("vip"))) {
        return (greeting_t){wk_say(a, l, "greeting.vip", {"hello", greeted}, {"shop", f->name}),
                            true};
    }
    va_str_t own = own_greeting(a, l, greeted, f);
    if (own.len > 0) {
        return (greeting_t){own, true};
    }
    return (greeting_t){usual_greeting(a, l, greeted, f), f->customer_name.len > 0};
}

va_str_t wk_caller_greeting(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f)
{
    return greeting(a, l, f).text;
}

va_str_t wk_without_variables(wk_arena_t *a, va_str_t said)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), said.len);
    for (size_t i = 0; i < said.len; i++) {
        bool again = i > 0 && said.data[i] == said.data[i - 1];
        if (!again || (said.data[i] != '{' && said.data[i] != '}')) {
            va_buf_add_char(&text, said.data[i]);
        }
    }
    return va_buf_str(&text);
}

/* ---------------------------------------------------------------- variables */

/* Who calls whom, and why. A call that comes in has no reason yet, and meets no machine. */
static void put_call(va_json_writer_t *w, wk_arena_t *a, const wk_language_t *l,
                     const wk_placed_call_t *placed)
{
    if (placed == NULL) {
        va_json_add_c(w, "caller_type", "inbound");
        va_json_add_str(w, "call_reason", wk_text(l, "reason.unknown"));
        va_json_add_c(w, "voicemail_message", "");
        va_json_add_str(w, "urgency_level", wk_text(l, "urgency.normal"));
        return;
    }
    va_json_add_c(w, "caller_type", "outbound");
    va_json_add_str(w, "call_reason", placed->reason);
    va_json_add_str(w, "voicemail_message", placed->voicemail);
    va_json_add_str(w, "urgency_level", wk_word_for(a, l, "urgency", placed->priority));
}

static bool is_returning(const wk_caller_facts_t *f)
{
    return f->message_count > 0 || f->interaction_count > 0;
}

/* Everything of the documents about the customer and the talk (bike store guide, 1C). */
static void put_customer(va_json_writer_t *w, wk_arena_t *a, const wk_language_t *l,
                         const wk_caller_facts_t *f, va_str_t context)
{
    va_str_t count = wk_printf(a, "%lld", (long long)f->interaction_count);
    va_json_add_str(w, "customer_name", or_text(f->customer_name, l, "customer.unknown"));
    va_json_add_str(w, "customer_phone", either(f->caller, VA_STR("")));
    va_json_add_str(w, "customer_email", either(f->email, VA_STR("")));
    va_json_add_str(w, "customer_tier",
                    wk_word_for(a, l, "tier", either(f->tier, VA_STR("regular"))));
    va_json_add_str(w, "previous_purchases", purchases(a, l, f));
    va_json_add_str(w, "conversation_context", context);
    const char *none = f->placed != NULL ? "summary.no_calls" : "summary.first_time";
    va_json_add_str(w, "previous_summary",
                    or_text(f->summary, l, is_returning(f) ? "summary.known" : none));
    va_json_add_str(w, "lead_status",
                    wk_word_for(a, l, "lead", either(f->lead_status, VA_STR("new"))));
    va_json_add_str(w, "interaction_count", count);
    va_json_add_str(w, "last_contact_date", or_text(f->last_contact, l, "contact.never"));
    put_call(w, a, l, f->placed);
    va_json_add_str(w, "preferred_language", wk_language_code(l));
}

static void put_shop(va_json_writer_t *w, wk_arena_t *a, const wk_language_t *l,
                     const wk_caller_facts_t *f)
{
    va_json_add_str(w, "organization_name", or_text(f->name, l, "shop.unknown"));
    va_json_add_str(w, "organization_id", either(f->organization, VA_STR("")));
    va_json_add_str(w, "store_hours", store_hours(a, l, f));
    va_json_add_str(w, "current_promotions", promotions(a, l, f));
    va_json_add_str(w, "inventory_status", inventory(a, l, f));
}

/* What the multi-tenant guide adds (3.1, 6.4). */
static void put_store(va_json_writer_t *w, wk_arena_t *a, const wk_language_t *l,
                      const wk_caller_facts_t *f)
{
    /* Unknown shops answer as open ones: the documents' fallback. */
    bool open = f->open || f->organization.data == NULL;
    va_json_add_str(w, "store_name", or_text(f->name, l, "shop.unknown_store"));
    va_json_add_str(w, "store_phone", either(f->phone, VA_STR("")));
    va_json_add_str(w, "store_status", open ? VA_STR("open") : VA_STR("closed"));
    va_json_add_str(w, "store_status_text", wk_text(l, open ? "status.open" : "status.closed"));
    va_json_add_str(w, "store_greeting", greeting(a, l, f).text);
    va_json_add_str(w, "next_opening", next_opening(a, l, f));
    va_json_add_bool(w, "can_schedule_service", f->open);
    va_json_add_bool(w, "can_process_orders", f->open);
    va_json_add_str(w, "current_date", either(f->today, VA_STR("")));
    va_json_add_str(w, "current_time", either(f->clock, VA_STR("")));
    va_json_add_str(w, "language", wk_language_code(l));
    va_json_add_c(w, "error", f->error != NULL ? f->error : "");
}

static void put_history(va_json_writer_t *w, wk_arena_t *a, const wk_language_t *l,
                        const wk_caller_facts_t *f, va_str_t context)
{
    va_json_add_str(w, "customer_language", wk_language_code(l));
    va_json_add_str(w, "customer_since", or_text(f->customer_since, l, "customer.new"));
    va_json_add_str(w, "recent_orders", lines(a, l, f, f->orders, order_line, "orders.none"));
    va_json_add_str(w, "upcoming_appointments",
                    lines(a, l, f, f->appointments, appointment_line, "appointments.none"));
    va_json_add_str(w, "conversation_history", context);
    va_json_add_str(w, "conversation_summary",
                    or_text(f->summary, l, is_returning(f) ? "summary.known" : "summary.none"));
    va_json_add_str(w, "last_interaction", or_text(f->last_contact, l, "interaction.never"));
    va_json_add_int(w, "total_messages", f->message_count);
    va_json_add_bool(w, "is_returning_customer", is_returning(f));
    va_json_add_str(w, "conversation_sentiment", either(f->sentiment, VA_STR("neutral")));
}

/* What the provisioning document adds (6.2). */
static void put_business(va_json_writer_t *w, wk_arena_t *a, const wk_language_t *l,
                         const wk_caller_facts_t *f)
{
    const wk_week_t week = wk_week(f->hours);
    bool known = f->organization.data != NULL;
    va_str_t unknown = wk_text(l, "hours.unknown");
    va_json_add_str(w, "business_name", or_text(f->name, l, "shop.unknown"));
    va_json_add_str(w, "owner_phone", either(f->owner_phone, VA_STR("")));
    va_json_add_str(w, "website_url", either(f->website, VA_STR("")));
    va_json_add_str(w, "hours_formatted", known ? wk_word_open_hours(a, l, &week) : unknown);
    va_json_add_str(w, "days_formatted", known ? wk_word_open_days(a, l, &week) : unknown);
    va_json_add_str(w, "timezone", either(f->timezone, VA_STR("")));
    va_json_add_str(w, "services", either(f->services, VA_STR("")));
    va_json_add_str(w, "business_description", either(f->description, VA_STR("")));
    va_json_add_str(w, "client_id", either(f->organization, VA_STR("")));
}

static va_str_t variables(wk_arena_t *a, const wk_language_t *l, const wk_caller_facts_t *f,
                          va_str_t context)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 4096);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    put_customer(w, a, l, f, context);
    put_shop(w, a, l, f);
    put_store(w, a, l, f);
    put_history(w, a, l, f, context);
    put_business(w, a, l, f);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/*
 * Only what says something: a language that is not the agent's own, or a first message meant
 * for this caller. ElevenLabs ignores overrides that the agent's settings do not allow.
 */
static void put_override(va_json_writer_t *w, wk_arena_t *a, const wk_language_t *l,
                         const wk_caller_facts_t *f)
{
    greeting_t first = greeting(a, l, f);
    bool other_language =
        f->language.data != NULL && !va_str_eq(wk_language_code(l), f->language);
    if (!other_language && !first.personal) {
        return;
    }
    va_json_key(w, "conversation_config_override");
    va_json_object(w);
    va_json_key(w, "agent");
    va_json_object(w);
    va_json_add_str(w, "first_message", wk_without_variables(a, first.text));
    if (other_language) {
        va_json_add_str(w, "language", wk_language_code(l));
    }
    va_json_object_end(w);
    va_json_object_end(w);
}

bool wk_personalize(wk_arena_t *a, const wk_catalogue_t *c, const wk_caller_facts_t *f,
                    wk_personalization_t *out, wk_error_t *e)
{
    va_buf_t text;
    const wk_language_t *l = wk_caller_language(c, f);
    out->context = conversation_context(a, l, f);
    out->variables = variables(a, l, f, out->context);
    va_buf_init(&text, wk_mem(a), out->variables.len + 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_c(w, "type", "conversation_initiation_client_data");
    va_json_key(w, "dynamic_variables");
    va_json_put_raw(w, out->variables);
    put_override(w, a, l, f);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK || out->variables.data == NULL) {
        return wk_error(e, WK_INTERNAL, "the answer cannot be written");
    }
    out->answer = va_buf_str(&text);
    return true;
}
