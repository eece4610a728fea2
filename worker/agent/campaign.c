#include "worker/agent/campaign.h"

#include <string.h>

#include "core/json.h"
#include "worker/agent/outbound.h"
#include "worker/agent/sms.h"
#include "worker/json.h"
#include "worker/outbox.h"
#include "worker/store/campaigns.h"

/* A run: a row of what was taken. */
typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const wk_rows_t *rows;
    size_t row;
} run_t;

static va_str_t cell(const run_t *r, const char *column)
{
    return wk_cell(r->rows, r->row, column);
}

/* ---------------------------------------------------------------- the message */

static const va_json_t *json_of(const run_t *r, const char *column)
{
    return wk_json_parse(r->ctx->arena, cell(r, column));
}

/* The shop's own words in the customer's language, else those of the catalogue. */
static va_str_t template_of(const run_t *r, const wk_language_t *l)
{
    va_str_t name = cell(r, "name");
    va_str_t own = va_json_string(va_json_get_n(json_of(r, "template"), wk_language_code(l)));
    if (own.len > 0) {
        return own;
    }
    va_str_t kind = va_json_get_string(json_of(r, "data"), "kind");
    va_str_t known = wk_text_if_any(
        l, wk_printf(r->ctx->arena, "campaign.%.*s%s%.*s", (int)name.len, name.data,
                     kind.len > 0 ? "." : "", (int)kind.len, kind.len > 0 ? kind.data : "")
               .data);
    return known.data != NULL ? known : wk_text(l, "campaign.general");
}

static va_str_t message_of(const run_t *r, const wk_language_t *l)
{
    wk_arena_t *a = r->ctx->arena;
    const va_json_t *data = json_of(r, "data");
    va_str_t first_name = cell(r, "first_name");
    va_str_t hello = first_name.len > 0
                         ? wk_say(a, l, "outbound.hello_named", {"name", first_name})
                         : wk_text(l, "outbound.hello");
    const wk_param_t params[] = {{"hello", hello},
                                 {"customer_name", first_name},
                                 {"shop", cell(r, "shop")},
                                 {"item", va_json_get_string(data, "first_item")},
                                 {"order", va_json_get_string(data, "order")},
                                 {"url", va_json_get_string(data, "url")},
                                 {NULL, VA_STR_NULL}};
    return wk_trim(wk_fill(a, template_of(r, l), params));
}

/* ---------------------------------------------------------------- doing it */

static bool end_as(wk_tx_t *tx, const run_t *r, const char *state, va_str_t result,
                   wk_error_t *e)
{
    va_str_t params[] = {cell(r, "id"), va_str_c(state), result};
    return wk_sql(tx, &wk_sql_campaign_run_end, params, NULL, e);
}

static bool queue_text(wk_tx_t *tx, const run_t *r, wk_error_t *e)
{
    const wk_language_t *l = wk_catalogue_pick(r->catalogue, cell(r, "language"), VA_STR_NULL);
    wk_sms_draft_t draft = {.key = cell(r, "key"),
                            .customer = cell(r, "customer_id"),
                            .from = cell(r, "sender"),
                            .to = cell(r, "phone"),
                            .text = message_of(r, l),
                            .language = wk_language_code(l),
                            .template = "campaign",
                            .until = cell(r, "until"),
                            .in_bulk = true};
    return wk_sms_queue_later(tx, &draft, e) && end_as(tx, r, "done", VA_STR("sms"), e);
}

static bool queue_call(wk_tx_t *tx, const run_t *r, wk_error_t *e)
{
    va_buf_t text;
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t organization = wk_tx_organization(tx), key = cell(r, "key");
    va_str_t due = cell(r, "due_s"); /* a run that was postponed asks once more */
    va_str_t dedup = wk_printf(a, "%.*s@%.*s", (int)key.len, key.data, (int)due.len, due.data);
    va_buf_init(&text, wk_mem(a), 96);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "run", cell(r, "id"));
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK && end_as(tx, r, "running", VA_STR("call"), e) &&
           wk_outbox_job(tx, WK_BULK, "campaigns.call", organization, key, dedup,
                         va_buf_str(&text), e);
}

static bool do_run(wk_tx_t *tx, const run_t *r, wk_error_t *e)
{
    va_str_t skip = cell(r, "skip");
    va_str_t wait[] = {cell(r, "id"), cell(r, "wait_until")};
    if (skip.data != NULL) {
        return end_as(tx, r, "skipped", skip, e);
    }
    if (wait[1].data != NULL) {
        return wk_sql(tx, &wk_sql_campaign_run_wait, wait, NULL, e);
    }
    bool calls = va_str_eq(cell(r, "channel"), VA_STR("call"));
    return calls ? queue_call(tx, r, e) : queue_text(tx, r, e);
}

/* ---------------------------------------------------------------- sweeps */

bool wk_campaigns_find(wk_tx_t *tx, int n, bool *more, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t most = wk_decimal(wk_tx_arena(tx), n);
    if (!wk_sql(tx, &wk_sql_campaigns_find, &most, &rows, e)) {
        return wk_error_wrap(e, "campaigns");
    }
    *more = wk_rows_affected(rows) == (size_t)n;
    return *more || wk_sql(tx, &wk_sql_campaigns_swept, NULL, NULL, e);
}

bool wk_campaigns_run(wk_ctx_t *ctx, wk_tx_t *tx, int n, bool *more, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t most = wk_decimal(wk_tx_arena(tx), n);
    run_t r = {.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e)};
    if (r.catalogue == NULL || !wk_sql(tx, &wk_sql_campaign_runs_take, &most, &rows, e)) {
        return wk_error_wrap(e, "campaigns");
    }
    r.rows = rows;
    for (r.row = 0; r.row < wk_rows_count(rows); r.row++) {
        if (!do_run(tx, &r, e)) {
            return wk_error_wrap(e, "campaigns");
        }
    }
    *more = wk_rows_count(rows) == (size_t)n;
    return true;
}

/* ---------------------------------------------------------------- calls */

typedef struct {
    run_t run;
    va_str_t id;
    bool calls; /* the run stands and is to call */
    wk_outbound_t call;
} calling_t;

static bool claim_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    calling_t *c = arg;
    wk_rows_t *rows;
    run_t *r = &c->run;
    if (!wk_sql(tx, &wk_sql_campaign_run_calling, &c->id, &rows, e)) {
        return false;
    }
    r->rows = rows;
    c->calls = wk_rows_count(rows) == 1 && va_str_eq(cell(r, "state"), VA_STR("running"));
    if (!c->calls) {
        return true;
    }
    const wk_language_t *l = wk_catalogue_pick(r->catalogue, cell(r, "language"), VA_STR_NULL);
    wk_outbound_wish_t wish = {.customer = cell(r, "customer_id"),
                               .reason = cell(r, "reason"),
                               .priority = VA_STR("normal"),
                               .message = message_of(r, l),
                               .campaign = cell(r, "name")};
    return wk_outbound_claim(r->ctx, tx, &wish, &c->call, e);
}

/* Why a call that is not allowed is not made; NULL: it is under way, or was, or waits. */
static const char *refusal(wk_outbound_state_t state)
{
    switch (state) {
    case WK_OUTBOUND_NO_CONSENT:
        return "no_consent";
    case WK_OUTBOUND_NO_NUMBER:
    case WK_OUTBOUND_NOBODY:
        return "no_number";
    case WK_OUTBOUND_OWN_NUMBER:
        return "own_number";
    case WK_OUTBOUND_NO_AGENT:
        return "no_agent";
    default:
        return NULL;
    }
}

static bool called_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    calling_t *c = arg;
    va_str_t later[] = {c->id, c->call.next_allowed};
    if (c->call.state == WK_OUTBOUND_QUIET) {
        return wk_sql(tx, &wk_sql_campaign_run_postpone, later, NULL, e);
    }
    const va_json_t *result = wk_json_parse(wk_tx_arena(tx), c->call.result);
    const char *why = refusal(c->call.state);
    bool failed = c->call.state == WK_OUTBOUND_FAILED || c->call.state == WK_OUTBOUND_UNKNOWN;
    va_str_t params[] = {c->id,
                         va_str_c(why != NULL ? "skipped"
                                  : failed    ? "failed"
                                              : "done"),
                         va_str_c(why != NULL ? why : "call"),
                         va_json_get_string(result, "call_id")};
    return wk_sql(tx, &wk_sql_campaign_run_called, params, NULL, e);
}

wk_outcome_t wk_campaign_call(wk_ctx_t *ctx, va_str_t organization, va_str_t run, wk_error_t *e)
{
    calling_t c = {.run = {.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e)}, .id = run};
    if (c.run.catalogue == NULL ||
        !wk_tx(ctx->db, ctx->arena, organization, 0, claim_tx, &c, e)) {
        return WK_AGAIN;
    }
    if (!c.calls) {
        return WK_DONE;
    }
    c.call.patient = ctx->attempt < ctx->config->max_attempts;
    if (c.call.state == WK_OUTBOUND_DIAL && !wk_outbound_dial(ctx, organization, &c.call, e)) {
        return WK_AGAIN;
    }
    return wk_tx(ctx->db, ctx->arena, organization, 0, called_tx, &c, e) ? WK_DONE : WK_AGAIN;
}
