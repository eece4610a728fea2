#include "worker/agent/call_analysis.h"

#include "worker/agent/call_conclusion.h"
#include "worker/agent/event.h"
#include "worker/store/call_data.h"
#include "worker/store/calls.h"
#include "worker/store/customers.h"
#include "worker/store/evaluations.h"
#include "worker/store/messages.h"

/* Tells Postgres nothing where C knows nothing. */
static va_str_t number_or_null(wk_arena_t *a, int64_t n, bool known)
{
    return known ? wk_printf(a, "%lld", (long long)n) : VA_STR_NULL;
}

static va_str_t text_or_null(va_str_t text)
{
    return text.len > 0 ? text : VA_STR_NULL;
}

static va_str_t truth(bool b)
{
    return b ? VA_STR("true") : VA_STR("false");
}

static va_str_t language_of(const wk_catalogue_t *c, const wk_report_t *report)
{
    const wk_language_t *l = wk_catalogue_find(c, report->language);
    return l != NULL ? wk_language_code(l) : VA_STR_NULL;
}

static va_str_t written(va_json_writer_t *w, va_buf_t *text, va_str_t otherwise)
{
    return va_json_writer_end(w) == VA_OK ? va_buf_str(text) : otherwise;
}

/* ---------------------------------------------------------------- the call */

static va_str_t metadata_of(wk_arena_t *a, const wk_report_t *report)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    if (report->credits >= 0) {
        va_json_add_int(w, "credits", report->credits);
    }
    va_json_object_end(w);
    return written(w, &text, VA_STR("{}"));
}

static bool store_verdict(wk_tx_t *tx, const wk_catalogue_t *c, const wk_call_t *call,
                          const wk_report_t *r, const wk_verdict_t *v, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {
        call->id,
        r->n_turns > 0 ? wk_report_transcript(a, r) : VA_STR_NULL,
        text_or_null(r->summary),
        r->analysis,
        va_str_c(v->call_type),
        va_str_c(v->outcome),
        va_str_c(v->resolution),
        v->sentiment != NULL ? va_str_c(v->sentiment) : VA_STR_NULL,
        number_or_null(a, v->satisfaction, v->satisfaction > 0),
        v->success_score >= 0 ? wk_printf(a, "%.2f", v->success_score) : VA_STR_NULL,
        number_or_null(a, v->lead_score, true),
        truth(v->booked),
        number_or_null(a, r->seconds, r->seconds >= 0),
        r->cost_usd,
        language_of(c, r),
        r->end_reason,
        truth(v->human_needed),
        number_or_null(a, r->started_at, r->started_at > 0),
        metadata_of(a, r),
    };
    return wk_sql(tx, &wk_sql_call_analyzed, params, NULL, e);
}

/* ---------------------------------------------------------------- turns */

static va_str_t turns_of(wk_arena_t *a, const wk_report_t *r)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 4096);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < r->n_turns; i++) {
        const wk_report_turn_t *t = &r->turns[i];
        va_json_object(w);
        va_json_add_int(w, "position", (int64_t)i);
        va_json_add_str(w, "speaker", t->speaker);
        va_json_add_str(w, "content", t->text);
        va_json_add_int(w, "offset_ms", t->offset_ms);
        va_json_add_bool(w, "interrupted", t->interrupted);
        va_json_key(w, "tools");
        va_json_put_raw(w, t->tools);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return written(w, &text, VA_STR("[]"));
}

static bool store_turns(wk_tx_t *tx, const wk_catalogue_t *c, const wk_call_t *call,
                        const wk_report_t *r, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {call->id, call->customer, language_of(c, r),
                         number_or_null(a, r->started_at, r->started_at > 0), turns_of(a, r)};
    return r->n_turns == 0 || (wk_sql(tx, &wk_sql_turns_forget, &call->id, NULL, e) &&
                               wk_sql(tx, &wk_sql_turns_insert, params, NULL, e));
}

/* ---------------------------------------------------------------- data, evaluation */

static bool store_data(wk_tx_t *tx, const wk_call_t *call, const wk_report_t *r, wk_error_t *e)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(wk_tx_arena(tx)), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < r->n_data; i++) {
        va_json_object(w);
        va_json_add_c(w, "type", wk_datum_type(r->data[i].name));
        va_json_add_str(w, "name", r->data[i].name);
        va_json_add_str(w, "value", r->data[i].value);
        va_json_add_str(w, "value_type", r->data[i].value_type);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    va_str_t params[] = {call->id, call->customer, written(w, &text, VA_STR("[]"))};
    return wk_sql(tx, &wk_sql_call_data_put, params, NULL, e);
}

static bool store_evaluations(wk_tx_t *tx, const wk_call_t *call, const wk_report_t *r,
                              wk_error_t *e)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(wk_tx_arena(tx)), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < r->n_evaluations; i++) {
        va_json_object(w);
        va_json_add_str(w, "criterion", r->evaluations[i].criterion);
        va_json_add_str(w, "result", r->evaluations[i].result);
        va_json_add_str(w, "rationale", r->evaluations[i].rationale);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    va_str_t params[] = {call->id, VA_STR("elevenlabs"), written(w, &text, VA_STR("[]"))};
    return wk_sql(tx, &wk_sql_evaluations_put, params, NULL, e);
}

/* ---------------------------------------------------------------- the customer */

static va_str_t interest_of(wk_arena_t *a, const wk_report_t *r)
{
    static const struct {
        const char *member;
        wk_collected_t what;
    } members[] = {
        {"type", WK_BIKE_TYPE}, {"budget", WK_BUDGET},          {"usage", WK_USAGE},
        {"size", WK_SIZE},      {"brand_preference", WK_BRAND}, {"timeline", WK_TIMELINE}};
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        va_str_t value = wk_collected(r, members[i].what);
        if (value.len > 0) {
            va_json_add_str(w, members[i].member, value);
        }
    }
    va_json_object_end(w);
    return written(w, &text, VA_STR_NULL);
}

/* Anything else somebody misheard. */
static va_str_t email_of(const wk_report_t *r)
{
    va_str_t email = wk_trim(wk_collected(r, WK_EMAIL));
    return wk_is_email(email) && email.len <= 254 ? email : VA_STR_NULL;
}

static bool learn(wk_tx_t *tx, const wk_catalogue_t *c, const wk_call_t *call,
                  const wk_report_t *r, const wk_verdict_t *v, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t first, last;
    if (call->customer.data == NULL) {
        return true;
    }
    wk_split_name(wk_collected(r, WK_NAME), &first, &last);
    va_str_t params[] = {
        call->customer,
        text_or_null(r->summary),
        language_of(c, r),
        v->sentiment != NULL ? va_str_c(v->sentiment) : VA_STR_NULL,
        number_or_null(a, v->lead_score, true),
        truth(v->booked),
        first,
        last,
        email_of(r),
        interest_of(a, r),
    };
    return wk_sql(tx, &wk_sql_customer_learnt, params, NULL, e);
}

/* ---------------------------------------------------------------- all of it */

static bool publish(wk_tx_t *tx, const wk_call_t *call, const wk_report_t *r,
                    const wk_verdict_t *v, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "call_completed", call->customer, call->id);
    va_json_add_str(ev.json, "callSessionId", call->id);
    va_json_add_str(ev.json, "conversationId", r->conversation);
    va_json_add_str(ev.json, "summary", r->summary);
    va_json_key(ev.json, "satisfaction");
    v->satisfaction > 0 ? va_json_put_int(ev.json, v->satisfaction) : va_json_put_null(ev.json);
    va_json_add_c(ev.json, "callType", v->call_type);
    va_json_add_c(ev.json, "outcome", v->outcome);
    va_json_add_c(ev.json, "resolution", v->resolution);
    va_json_add_int(ev.json, "leadScore", v->lead_score);
    return wk_event_end(&ev, e);
}

static bool end_call(wk_tx_t *tx, wk_call_t *call, const wk_report_t *r, wk_error_t *e)
{
    bool failed = va_str_eq(r->status, VA_STR("failed"));
    int64_t end = r->started_at > 0 && r->seconds >= 0 ? r->started_at + r->seconds : 0;
    return wk_call_advance(tx, call, failed ? "failed" : "completed", end,
                           text_or_null(r->end_reason), e);
}

bool wk_call_analyze(wk_tx_t *tx, const wk_catalogue_t *c, wk_call_t *call,
                     const wk_report_t *r, wk_error_t *e)
{
    wk_verdict_t v = wk_classify(wk_tx_arena(tx), c, r);
    bool ok = store_verdict(tx, c, call, r, &v, e) && store_turns(tx, c, call, r, e) &&
              store_data(tx, call, r, e) && store_evaluations(tx, call, r, e) &&
              learn(tx, c, call, r, &v, e) && end_call(tx, call, r, e) &&
              wk_call_close(tx, call, e) && publish(tx, call, r, &v, e) &&
              wk_call_conclude_later(tx, call->id, e);
    return ok || wk_error_wrap(e, "call analysis");
}
