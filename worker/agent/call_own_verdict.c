#include "worker/agent/call_own_verdict.h"

#include <string.h>

#include "worker/agent/classify.h"
#include "worker/agent/event.h"
#include "worker/store/conclusions.h"

/* What the receptionist understood, surest first; the words too may tell of a complaint. */
static const struct {
    const char *intent, *call_type, *outcome;
} meanings[] = {
    {"complaint", "complaint", "complaint"},
    {"book", "service_booking", NULL},
    {"reschedule", "service_booking", NULL},
    {"cancel", "service_booking", NULL},
    {"appointment", "service_booking", "information_only"},
    {"order", "order_status", "order_status"},
    {"promotion", "sales_inquiry", "product_inquiry"},
    {"hours", "store_info", "information_only"},
    {"holidays", "store_info", "information_only"},
    {"location", "store_info", "information_only"},
    {"visit", "store_info", "information_only"},
    {"policy", "store_info", "information_only"},
    {"knowledge", NULL, "information_only"},
};

static bool has_word(wk_arena_t *a, va_str_t list, const char *word)
{
    wk_words_t words = wk_words(a, list.data != NULL ? list : VA_STR(""));
    for (size_t i = 0; i < words.count; i++) {
        if (va_str_eq(words.at[i].text, va_str_c(word))) {
            return true;
        }
    }
    return false;
}

static void read_intents(wk_arena_t *a, va_str_t intents, wk_verdict_t *v)
{
    bool complaint = strcmp(v->call_type, "complaint") == 0, meant = false;
    for (size_t i = 0; !meant && i < sizeof(meanings) / sizeof(*meanings); i++) {
        meant = has_word(a, intents, meanings[i].intent);
        if (meant && !complaint && meanings[i].call_type != NULL) {
            v->call_type = meanings[i].call_type;
        }
        if (meant && !complaint && !v->booked && meanings[i].outcome != NULL) {
            v->outcome = meanings[i].outcome;
        }
    }
    bool open = has_word(a, intents, "human") || has_word(a, intents, "message") ||
                has_word(a, intents, "complaint") || (!meant && has_word(a, intents, "none"));
    if (open && strcmp(v->resolution, "resolved") == 0) {
        v->resolution = "followup_needed";
    }
}

/* Its caller's words are all there is to go by: no summary, nothing collected. */
static wk_verdict_t judge(wk_arena_t *a, const wk_catalogue_t *c, const wk_rows_t *talk)
{
    va_str_t said = wk_cell(talk, 0, "said");
    wk_report_t report = {.summary = said.data != NULL ? said : VA_STR(""),
                          .customer_spoke = said.len > 0,
                          .booked = wk_cell_bool(talk, 0, "booked"),
                          .transferred = wk_cell_bool(talk, 0, "transferred")};
    wk_verdict_t v = wk_classify(a, c, &report);
    read_intents(a, wk_cell(talk, 0, "intents"), &v);
    return v;
}

static bool publish(wk_tx_t *tx, va_str_t call, va_str_t customer, const wk_verdict_t *v,
                    wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "call_completed", customer, call);
    va_json_add_str(ev.json, "callSessionId", call);
    va_json_key(ev.json, "summary");
    va_json_put_null(ev.json);
    va_json_key(ev.json, "satisfaction");
    va_json_put_null(ev.json);
    va_json_add_c(ev.json, "callType", v->call_type);
    va_json_add_c(ev.json, "outcome", v->outcome);
    va_json_add_c(ev.json, "resolution", v->resolution);
    va_json_add_int(ev.json, "leadScore", v->lead_score);
    return wk_event_end(&ev, e);
}

bool wk_call_judge_own(wk_tx_t *tx, const wk_catalogue_t *c, va_str_t call, wk_error_t *e)
{
    wk_rows_t *talk;
    wk_arena_t *a = wk_tx_arena(tx);
    if (!wk_sql(tx, &wk_sql_call_own_talk, &call, &talk, e)) {
        return wk_error_wrap(e, "own call");
    }
    if (wk_rows_count(talk) == 0) {
        return true;
    }
    wk_verdict_t v = judge(a, c, talk);
    va_str_t params[] = {call,
                         va_str_c(v.call_type),
                         va_str_c(v.outcome),
                         va_str_c(v.resolution),
                         wk_printf(a, "%d", v.lead_score),
                         v.booked ? VA_STR("true") : VA_STR("false")};
    return (wk_sql(tx, &wk_sql_call_own_verdict, params, NULL, e) &&
            publish(tx, call, wk_cell(talk, 0, "customer_id"), &v, e)) ||
           wk_error_wrap(e, "own call");
}
