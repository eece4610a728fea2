#include "worker/agent/urgent.h"

#include "worker/agent/event.h"
#include "worker/agent/sms.h"
#include "worker/agent/task.h"
#include "worker/clock.h"
#include "worker/store/calls.h"
#include "worker/store/customers.h"
#include "worker/store/reception.h"

#define PAGE_TEXT 300 /* bytes of the customer's words that fit into a page */
#define HOUR_MS   (INT64_C(3600) * 1000)

/* ---------------------------------------------------------------- answer */

/* The shop's own questions, or ours where it has none. */
static bool questions(wk_tx_t *tx, const wk_language_t *l, va_str_t topic, va_str_t *out,
                      size_t *n, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t code = wk_language_code(l);
    if (!wk_sql(tx, &wk_sql_essential_questions, &code, &rows, e)) {
        return false;
    }
    for (*n = 0; *n < wk_rows_count(rows) && *n < WK_EMERGENCY_QUESTIONS; (*n)++) {
        out[*n] = wk_cell(rows, *n, "question");
    }
    if (*n == 0) {
        *n = wk_emergency_questions(wk_tx_arena(tx), l, topic, out);
    }
    return true;
}

bool wk_urgent_answer(wk_tx_t *tx, const wk_language_t *l, const wk_reception_facts_t *facts,
                      const wk_emergency_t *emergency, va_str_t *answer, wk_error_t *e)
{
    va_buf_t text;
    size_t n;
    va_str_t asked[WK_EMERGENCY_QUESTIONS];
    wk_arena_t *a = wk_tx_arena(tx);
    if (!questions(tx, l, emergency->topic, asked, &n, e)) {
        return false;
    }
    va_buf_init(&text, wk_mem(a), 320);
    va_buf_add_str(&text, wk_say(a, l, "emergency.reply", {"shop", facts->shop}));
    for (size_t i = 0; i < n; i++) {
        va_buf_add_char(&text, ' ');
        va_buf_add_str(&text, asked[i]);
    }
    *answer = va_buf_str(&text);
    return true;
}

/* ---------------------------------------------------------------- people */

static bool raise_task(wk_ctx_t *ctx, wk_tx_t *tx, const wk_urgent_t *u, wk_error_t *e)
{
    wk_task_t task = {
        .kind = "emergency",
        .key = wk_printf(wk_tx_arena(tx), "emergency:%.*s", (int)u->key.len, u->key.data),
        .priority = "urgent",
        .title = "task.emergency",
        .text = u->text,
        .who = u->who,
        .customer = u->customer};
    return wk_task_raise(ctx, tx, &task, e);
}

static bool publish(wk_tx_t *tx, const wk_emergency_t *emergency, const wk_urgent_t *u,
                    wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "emergency", u->customer, u->call);
    va_json_add_c(ev.json, "emergencyLevel", wk_emergency_level_name(emergency->level));
    va_json_add_str(ev.json, "topic", emergency->topic);
    va_json_add_str(ev.json, "phoneNumber", u->from);
    va_json_add_str(ev.json, "message", u->text);
    return wk_event_end(&ev, e);
}

static bool page(wk_tx_t *tx, const wk_catalogue_t *c, const wk_reception_facts_t *facts,
                 const wk_urgent_t *u, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    const wk_language_t *l = wk_catalogue_pick(c, facts->language, VA_STR_NULL);
    if (facts->page_number.data == NULL || u->to.data == NULL ||
        va_str_eq(facts->page_number, u->from)) {
        return true;
    }
    va_str_t caller = u->customer.data != NULL ? u->customer : u->from;
    va_str_t whose = u->paged_by.data != NULL ? u->paged_by : caller;
    wk_sms_draft_t draft = {.key = wk_printf(a, "page:%.*s:%lld", (int)whose.len, whose.data,
                                             (long long)(wk_now_ms() / HOUR_MS)),
                            .from = u->to,
                            .to = facts->page_number,
                            .text = wk_say(a, l, "page.emergency", {"who", u->who},
                                           {"text", wk_cut_text(u->text, PAGE_TEXT)}),
                            .language = wk_language_code(l),
                            .template = WK_SMS_PAGE};
    return wk_sms_queue_later(tx, &draft, e);
}

bool wk_urgent_raise(wk_ctx_t *ctx, wk_tx_t *tx, const wk_catalogue_t *c,
                     const wk_reception_facts_t *facts, const wk_emergency_t *emergency,
                     const wk_urgent_t *urgent, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_customer_urgent, &urgent->customer, NULL, e) &&
           raise_task(ctx, tx, urgent, e) && publish(tx, emergency, urgent, e) &&
           page(tx, c, facts, urgent, e);
}

/* ---------------------------------------------------------------- calls */

/* A row for who made the call more urgent than it was. */
static bool rise(wk_tx_t *tx, va_str_t call, wk_emergency_level_t level, wk_rows_t **rows,
                 wk_error_t *e)
{
    va_str_t params[] = {call, va_str_c(wk_emergency_level_name(level))};
    return wk_sql(tx, &wk_sql_call_emergency, params, rows, e) ||
           wk_error_wrap(e, "a call's emergency");
}

bool wk_urgent_call(wk_tx_t *tx, va_str_t call, wk_emergency_level_t level, bool *risen,
                    wk_error_t *e)
{
    wk_rows_t *rows;
    if (!rise(tx, call, level, &rows, e)) {
        return false;
    }
    *risen = wk_rows_count(rows) > 0;
    return true;
}

/* The first of the turns that are the most urgent; n: none is more than usual. */
static size_t worst_of(wk_tx_t *tx, const wk_catalogue_t *c, const wk_heard_t *heard,
                       const wk_reception_facts_t *facts, wk_emergency_t *found)
{
    size_t worst = heard->n;
    *found = (wk_emergency_t){.level = WK_EMERGENCY_NORMAL};
    for (size_t i = 0; i < heard->n; i++) {
        const wk_emergency_case_t about = {.business_type = facts->business_type,
                                           .own = facts->emergency_words,
                                           .partial = heard->partial && i + 1 == heard->n};
        wk_emergency_t turn = wk_emergency(wk_tx_arena(tx), c, &about, heard->texts[i]);
        if (turn.level > found->level) {
            *found = turn;
            worst = i;
        }
    }
    return worst;
}

bool wk_urgent_heard(wk_ctx_t *ctx, wk_tx_t *tx, const wk_catalogue_t *c,
                     const wk_heard_t *heard, wk_error_t *e)
{
    wk_rows_t *row;
    wk_emergency_t found;
    wk_reception_facts_t facts;
    const wk_call_t *call = heard->call;
    wk_reading_t reading = wk_read_message(wk_tx_arena(tx), c, NULL, VA_STR(""));
    if (!wk_reception_facts(tx, call->customer, VA_STR_NULL, &reading, VA_STR_NULL, &facts,
                            e)) {
        return false;
    }
    size_t worst = worst_of(tx, c, heard, &facts, &found);
    if (worst == heard->n || !rise(tx, call->id, found.level, &row, e)) {
        return worst == heard->n;
    }
    if (wk_rows_count(row) == 0 || found.level != WK_EMERGENCY_URGENT) {
        return true;
    }
    const wk_urgent_t urgent = {.customer = call->customer,
                                .who = wk_cell(row, 0, "customer_number"),
                                .from = wk_cell(row, 0, "customer_number"),
                                .to = wk_cell(row, 0, "shop_number"),
                                .text = heard->texts[worst],
                                .key = call->id,
                                .call = call->id};
    return wk_urgent_raise(ctx, tx, c, &facts, &found, &urgent, e);
}
