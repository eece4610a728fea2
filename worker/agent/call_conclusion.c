#include "worker/agent/call_conclusion.h"

#include <string.h>

#include "core/json.h"
#include "worker/agent/call_cost.h"
#include "worker/agent/call_own_verdict.h"
#include "worker/agent/call_review.h"
#include "worker/agent/classify.h"
#include "worker/agent/crm.h"
#include "worker/agent/task.h"
#include "worker/crash.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/store/call_data.h"
#include "worker/store/conclusions.h"
#include "worker/store/customers.h"
#include "worker/store/evaluations.h"

#define ASK_ATTEMPTS   3 /* while the model is away; then the rules judge */
#define FOLLOWUP_HOURS 24
#define CONTENT        8 /* of 10, as classify.c has it */
#define DISCONTENT     4
#define QUALIFIED      3 /* of the four things that are known of a lead */

/* ---------------------------------------------------------------- later */

static bool conclude_later(wk_tx_t *tx, const char *why, va_str_t call, wk_error_t *e)
{
    va_str_t key = wk_printf(wk_tx_arena(tx), "%s:%.*s", why, (int)call.len, call.data);
    return wk_outbox_call_job(tx, "calls.conclude", call, key, key, e);
}

bool wk_call_conclude_later(wk_tx_t *tx, va_str_t call, wk_error_t *e)
{
    return conclude_later(tx, "conclude", call, e);
}

/* Under a name of its own: a report that comes later is another job. */
bool wk_call_conclude_ended(wk_tx_t *tx, va_str_t call, wk_error_t *e)
{
    return conclude_later(tx, "conclude:ended", call, e);
}

/* ---------------------------------------------------------------- the call */

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    va_str_t call;
    const wk_rows_t *row; /* NULL: there is nothing to conclude */
    bool reviewed;        /* by a model: review holds it */
    wk_review_t review;
    int64_t tokens_in, tokens_out; /* the question took, answered or not */
} conclusion_t;

static va_str_t cell(const conclusion_t *c, const char *column)
{
    return wk_cell(c->row, 0, column);
}

static bool fact(const conclusion_t *c, const char *column)
{
    return wk_cell_bool(c->row, 0, column);
}

static bool is(const conclusion_t *c, const char *column, const char *word)
{
    return va_str_eq(cell(c, column), va_str_c(word));
}

static bool read_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    conclusion_t *c = arg;
    wk_rows_t *rows;
    c->row = NULL;
    if (!wk_call_judge_own(tx, c->catalogue, c->call, e) ||
        !wk_sql(tx, &wk_sql_call_to_conclude, &c->call, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 1 && !wk_cell_bool(rows, 0, "concluded")) {
        c->row = rows;
        return true;
    }
    return wk_call_cost(tx, c->ctx->config, c->call, e); /* who asks again knows more of it */
}

/* ---------------------------------------------------------------- asking */

/* As with texts: the plan has it, and the shop chose it. */
static bool is_for_model(const conclusion_t *c)
{
    return c->ctx->config->openai_api_key != NULL && is(c, "plan", "PRO") &&
           !is(c, "engine", "receptionist") && cell(c, "transcript").len > 0;
}

/* False when it is to be asked again later; whatever else fails leaves it to the rules. */
static bool ask(conclusion_t *c, wk_error_t *e)
{
    va_str_t model = cell(c, "model");
    wk_review_wish_t wish = {.model = model.len > 0 ? model.data : NULL,
                             .shop = cell(c, "shop"),
                             .transcript = cell(c, "transcript")};
    c->reviewed = wk_review_ask(c->ctx, wk_redactor(c->ctx->arena, c->catalogue), &wish,
                                &c->review, &c->tokens_in, &c->tokens_out, e);
    wk_count("voiceagent_call_reviews_total", "outcome",
             va_str_c(c->reviewed ? "reviewed" : wk_code_name(e->code)), NULL, VA_STR_NULL, 1);
    if (c->reviewed) {
        return true;
    }
    if (e->code == WK_UNAVAILABLE && c->ctx->attempt < ASK_ATTEMPTS) {
        return false;
    }
    wk_log(WK_WARN, "a call is judged by the rules", WK_S("call", c->call),
           WK_C("error", e->text));
    return true;
}

/* ---------------------------------------------------------------- the rules */

static const char *satisfied(const conclusion_t *c)
{
    int64_t score = wk_cell_int(c->row, 0, "satisfaction", 0);
    if (score == 0) {
        return is(c, "sentiment", "positive")   ? "success"
               : is(c, "sentiment", "negative") ? "failure"
                                                : "unknown";
    }
    return score >= CONTENT ? "success" : score <= DISCONTENT ? "failure" : "unknown";
}

static const char *informed(const conclusion_t *c)
{
    return is(c, "resolution", "resolved")          ? "success"
           : is(c, "resolution", "followup_needed") ? "failure"
                                                    : "unknown";
}

static const char *qualified(const conclusion_t *c)
{
    if (wk_cell_int(c->row, 0, "known", 0) >= QUALIFIED) {
        return "success";
    }
    return is(c, "call_type", "sales_inquiry") ? "failure" : "unknown";
}

static const char *next_steps(const conclusion_t *c)
{
    bool settled = fact(c, "booked") || fact(c, "transferred");
    return settled ? "success" : is(c, "resolution", "abandoned") ? "failure" : "unknown";
}

/* By the tool, or in words of his own; what a summary says proves no wish. */
static bool wished(const conclusion_t *c)
{
    return fact(c, "followup_wished") ||
           wk_wishes_followup(c->ctx->arena, c->catalogue, cell(c, "said"));
}

/*
 * The four criteria of the bike store guide, without a model. Only who asked for it is written
 * to, else a person looks at it.
 */
static void judge_by_rules(conclusion_t *c)
{
    bool open = is(c, "resolution", "followup_needed");
    c->review = (wk_review_t){
        .criteria = {{"customer_satisfaction", satisfied(c), VA_STR_NULL},
                     {"information_completeness", informed(c), VA_STR_NULL},
                     {"lead_qualification", qualified(c), VA_STR_NULL},
                     {"next_steps_clear", next_steps(c), VA_STR_NULL}},
        .followup = !open                  ? "none"
                    : wished(c)            ? "sms"
                    : fact(c, "passed_on") ? "none"
                                           : "person",
        .followup_hours = FOLLOWUP_HOURS,
    };
}

/* ---------------------------------------------------------------- judgement */

/* What is proven is so; what is claimed without a proof is not. */
static va_str_t settled(va_str_t by_rules, const char *said, const char *proven, bool is_proven,
                        const char *otherwise)
{
    if (is_proven) {
        return va_str_c(proven);
    }
    if (said != NULL && strcmp(said, proven) != 0) {
        return va_str_c(said);
    }
    return va_str_eq(by_rules, va_str_c(proven)) ? va_str_c(otherwise) : by_rules;
}

static va_str_t word(const char *w)
{
    return w != NULL ? va_str_c(w) : VA_STR_NULL;
}

static bool store_judgement(wk_tx_t *tx, const conclusion_t *c, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    const wk_review_t *r = &c->review;
    va_str_t params[] = {
        c->call,
        c->reviewed ? VA_STR("llm") : VA_STR("rules"),
        r->summary,
        c->reviewed ? word(r->call_type) : cell(c, "call_type"),
        settled(cell(c, "outcome"), r->outcome, "appointment_booked", fact(c, "booked"),
                "other"),
        settled(cell(c, "resolution"), r->resolution, "transferred", fact(c, "transferred"),
                "resolved"),
        word(r->sentiment),
        r->satisfaction > 0 ? wk_decimal(a, r->satisfaction) : VA_STR_NULL,
        c->reviewed ? wk_decimal(a, r->lead_score) : cell(c, "lead_score"),
        r->intents,
        r->unanswered,
        r->lead_reasons,
        fact(c, "booked") ? VA_STR("true") : VA_STR("false"),
    };
    return wk_sql(tx, &wk_sql_call_concluded, params, NULL, e);
}

static va_str_t written(va_json_writer_t *w, const va_buf_t *text)
{
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(text) : VA_STR("[]");
}

static va_json_writer_t *begin_list(wk_arena_t *a, va_buf_t *text)
{
    va_buf_init(text, wk_mem(a), 1024);
    va_json_writer_t *w = va_json_writer_new(text);
    va_json_array(w);
    return w;
}

static bool store_criteria(wk_tx_t *tx, const conclusion_t *c, wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = begin_list(wk_tx_arena(tx), &text);
    for (size_t i = 0; i < WK_REVIEW_CRITERIA; i++) {
        const wk_review_criterion_t *k = &c->review.criteria[i];
        va_json_object(w);
        va_json_add_c(w, "criterion", k->criterion);
        va_json_add_c(w, "result", k->result);
        va_json_add_str(w, "rationale", k->rationale);
        va_json_object_end(w);
    }
    va_str_t params[] = {c->call, c->reviewed ? VA_STR("llm") : VA_STR("rules"),
                         written(w, &text)};
    return wk_sql(tx, &wk_sql_evaluations_put, params, NULL, e);
}

/* What the platform collected was stored with the report, and is kept. */
static bool store_data(wk_tx_t *tx, const conclusion_t *c, wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = begin_list(wk_tx_arena(tx), &text);
    for (size_t i = 0; i < c->review.n_data; i++) {
        const wk_review_datum_t *d = &c->review.data[i];
        va_json_object(w);
        va_json_add_c(w, "type", wk_datum_type(va_str_c(d->name)));
        va_json_add_c(w, "name", d->name);
        va_json_add_str(w, "value", d->value);
        va_json_add_c(w, "value_type", "string");
        va_json_object_end(w);
    }
    va_str_t params[] = {c->call, cell(c, "customer_id"), written(w, &text)};
    return wk_sql(tx, &wk_sql_call_data_add, params, NULL, e);
}

/* ---------------------------------------------------------------- the customer */

static va_str_t datum(const conclusion_t *c, const char *name)
{
    for (size_t i = 0; i < c->review.n_data; i++) {
        if (strcmp(c->review.data[i].name, name) == 0) {
            return c->review.data[i].value;
        }
    }
    return VA_STR_NULL;
}

static va_str_t interest_of(wk_arena_t *a, const conclusion_t *c)
{
    static const char *const names[][2] = {{"type", "bike_type"},
                                           {"budget", "budget_range"},
                                           {"usage", "primary_use_case"},
                                           {"size", "bike_size"},
                                           {"brand_preference", "brand_preference"},
                                           {"timeline", "purchase_timeline"}};
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        va_str_t value = datum(c, names[i][1]);
        if (value.data != NULL) {
            va_json_add_str(w, names[i][0], value);
        }
    }
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* The rules' own were learnt with the report. */
static bool learn(wk_tx_t *tx, const conclusion_t *c, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t customer = cell(c, "customer_id"), first, last;
    if (!c->reviewed || customer.data == NULL) {
        return true;
    }
    wk_split_name(datum(c, "customer_name"), &first, &last);
    va_str_t params[] = {
        customer,
        cell(c, "summary").data != NULL ? VA_STR_NULL : c->review.summary,
        VA_STR_NULL,
        word(c->review.sentiment),
        wk_decimal(a, c->review.lead_score),
        fact(c, "booked") ? VA_STR("true") : VA_STR("false"),
        first,
        last,
        datum(c, "customer_email"),
        interest_of(a, c),
    };
    return wk_sql(tx, &wk_sql_customer_learnt, params, NULL, e);
}

/* ---------------------------------------------------------------- the follow-up */

static bool leave_to_people(wk_tx_t *tx, const conclusion_t *c, wk_error_t *e)
{
    va_str_t who = cell(c, "phone"), summary = cell(c, "summary");
    wk_task_t task = {
        .kind = "followup",
        .key = wk_printf(wk_tx_arena(tx), "followup:%.*s", (int)c->call.len, c->call.data),
        .title = "task.followup",
        .text = summary.data != NULL ? summary : c->review.summary,
        .who = who.data != NULL ? who : VA_STR("?"),
        .customer = cell(c, "customer_id")};
    return wk_task_raise(c->ctx, tx, &task, e);
}

/*
 * To the customer of this call and nobody else, when and how its campaign allows it; consent
 * and quiet hours are looked at when it is due.
 */
static bool schedule_followup(wk_tx_t *tx, const conclusion_t *c, wk_error_t *e)
{
    const char *kind = c->review.followup;
    wk_rows_t *rows;
    if (strcmp(kind, "none") == 0) {
        return true;
    }
    if (strcmp(kind, "person") == 0 || cell(c, "phone").data == NULL) {
        return leave_to_people(tx, c, e);
    }
    va_str_t params[] = {c->call, cell(c, "customer_id"), va_str_c(kind),
                         wk_decimal(wk_tx_arena(tx), c->review.followup_hours)};
    return wk_sql(tx, &wk_sql_followup_schedule, params, &rows, e) &&
           (wk_rows_count(rows) == 1 || leave_to_people(tx, c, e));
}

/* ---------------------------------------------------------------- all of it */

static bool cost(wk_tx_t *tx, const conclusion_t *c, wk_error_t *e)
{
    return wk_call_cost_tokens(tx, c->call, c->tokens_in, c->tokens_out, e) &&
           wk_call_cost(tx, c->ctx->config, c->call, e);
}

static bool conclude_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    conclusion_t *c = arg;
    if (!read_tx(tx, arg, e)) {
        return false;
    }
    if (c->row == NULL) {
        return cost(tx, c, e); /* another run was quicker, and the model was asked twice */
    }
    if (!c->reviewed) {
        judge_by_rules(c);
    }
    return store_criteria(tx, c, e) && store_data(tx, c, e) && store_judgement(tx, c, e) &&
           learn(tx, c, e) && schedule_followup(tx, c, e) && cost(tx, c, e) &&
           wk_crm_log_later(tx, c->call, e);
}

wk_outcome_t wk_call_conclude(wk_ctx_t *ctx, va_str_t organization, va_str_t call,
                              wk_error_t *e)
{
    conclusion_t c = {.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e), .call = call};
    if (c.catalogue == NULL || !wk_tx(ctx->db, ctx->arena, organization, 0, read_tx, &c, e)) {
        return WK_AGAIN;
    }
    if (c.row == NULL) {
        return WK_DONE;
    }
    if (is_for_model(&c) && !ask(&c, e)) {
        return WK_AGAIN;
    }
    wk_crash_point("conclude.asked");
    return wk_tx(ctx->db, ctx->arena, organization, 0, conclude_tx, &c, e) ? WK_DONE : WK_AGAIN;
}
