/* GET /api/analytics, /api/admin/analytics and /api/analytics.csv: figures of the calls of a
 * time. */
#include "worker/store/analytics.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/csv.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"

typedef struct {
    wk_moment_t from, to;
    wk_rows_t *figures, *funnel;
} analytics_t;

static bool read_request(wk_ctx_t *ctx, analytics_t *a, wk_error_t *e)
{
    va_form_t args;
    return wk_request_args(ctx, &args, e) && wk_request_period(ctx, &args, &a->from, &a->to, e);
}

static bool analytics_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    analytics_t *a = arg;
    va_str_t params[] = {a->from.wall, a->from.zone, a->to.wall, a->to.zone};
    (void)caller;
    return wk_sql(tx, &wk_sql_analytics, params, &a->figures, e) &&
           wk_sql_last(tx, &wk_sql_analytics_funnel, params, &a->funnel, e);
}

static bool is_of(const wk_rows_t *rows, size_t row, const char *dimension)
{
    return va_str_eq(wk_cell(rows, row, "dimension"), va_str_c(dimension));
}

static void put_list(va_json_writer_t *w, const wk_rows_t *rows, const char *dimension,
                     const char *name)
{
    va_json_key(w, name);
    va_json_array(w);
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        if (is_of(rows, i, dimension)) {
            va_json_put_raw(w, wk_cell(rows, i, "item"));
        }
    }
    va_json_array_end(w);
}

/* The statement always has the row of all calls, first. */
static void put_analytics(va_json_writer_t *w, const analytics_t *a)
{
    va_json_key(w, "totals");
    va_json_put_raw(w, wk_cell(a->figures, 0, "item"));
    va_json_key(w, "funnel");
    va_json_put_raw(w, wk_cell(a->funnel, 0, "item"));
    put_list(w, a->figures, "day", "by_day");
    put_list(w, a->figures, "type", "by_type");
    put_list(w, a->figures, "language", "by_language");
}

wk_outcome_t wk_analytics_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    analytics_t a = {.figures = NULL};
    if (!read_request(ctx, &a, e) || !wk_caller_tx(ctx, WK_FROM_MANAGER, analytics_tx, &a, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "analytics");
    va_json_object(w);
    put_analytics(w, &a);
    va_json_object_end(w);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}

/* ---------------------------------------------------------------- CSV */

static const char *const columns[] = {"dimension", "value", WK_ANALYTICS_FIGURES};

static void put_line(va_buf_t *out, const wk_rows_t *rows, size_t row)
{
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
        wk_csv_field(out, wk_cell(rows, row, columns[i]), i == 0);
    }
    wk_csv_end_line(out);
}

static va_str_t csv_of(wk_ctx_t *ctx, const wk_rows_t *rows)
{
    va_buf_t out;
    va_buf_init(&out, wk_mem(ctx->arena), 4096);
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
        wk_csv_field(&out, va_str_c(columns[i]), i == 0);
    }
    wk_csv_end_line(&out);
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        put_line(&out, rows, i);
    }
    return va_buf_str(&out);
}

wk_outcome_t wk_analytics_csv(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    analytics_t a = {.figures = NULL};
    if (!read_request(ctx, &a, e) || !wk_caller_tx(ctx, WK_FROM_MANAGER, analytics_tx, &a, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    *reply = (va_reply_t){.status = 200,
                          .type = VA_STR("text/csv; charset=utf-8"),
                          .body = csv_of(ctx, a.figures)};
    wk_reply_header(ctx, reply, "cache-control", VA_STR("no-store"));
    wk_reply_header(ctx, reply, "content-disposition",
                    VA_STR("attachment; filename=\"analytics.csv\""));
    return WK_DONE;
}
