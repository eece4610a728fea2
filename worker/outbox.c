#include "worker/outbox.h"

#include "worker/crash.h"
#include "worker/store/outbox.h"

#include "scripts.h"

#define DEDUP_S  86400 /* as long as publish.lua remembers an event */
#define MAX_DATA (256 * 1024)

/* Told to the writer here: once in the table, a row nobody can send stops those behind. */
static bool small_enough(const char *type, va_str_t data, wk_error_t *e)
{
    return data.len <= MAX_DATA ||
           wk_error(e, WK_INVALID, "%s: more than %d bytes for the outbox", type, MAX_DATA);
}

bool wk_outbox_event(wk_tx_t *tx, const char *type, va_str_t customer, va_str_t call,
                     va_str_t data, wk_error_t *e)
{
    va_str_t params[] = {va_str_c(type), customer, call, data};
    wk_tx_fills_outbox(tx);
    return (small_enough(type, data, e) && wk_sql_later(tx, &wk_sql_outbox_event, params, e)) ||
           wk_error_wrap(e, "event %s", type);
}

bool wk_outbox_job(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t lane,
                   va_str_t serial, va_str_t dedup, va_str_t body, wk_error_t *e)
{
    va_str_t params[] = {
        va_str_c(type), va_str_c(wk_queue_name(queue)), lane, serial, dedup, body};
    wk_tx_fills_outbox(tx);
    return (small_enough(type, body, e) && wk_sql_later(tx, &wk_sql_outbox_job, params, e)) ||
           wk_error_wrap(e, "job %s", type);
}

bool wk_outbox_job_of(wk_tx_t *tx, wk_queue_t queue, const char *type, const char *member,
                      va_str_t id, va_str_t serial, va_str_t dedup, wk_error_t *e)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(wk_tx_arena(tx)), 96);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, member, id);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "job %s: its body cannot be written", type);
    }
    return wk_outbox_job(tx, queue, type, VA_STR_NULL, serial, dedup, va_buf_str(&text), e);
}

bool wk_outbox_call_job(wk_tx_t *tx, const char *type, va_str_t call, va_str_t serial,
                        va_str_t dedup, wk_error_t *e)
{
    return wk_outbox_job_of(tx, WK_DEFAULT, type, "call", call, serial, dedup, e);
}

/* ---------------------------------------------------------------- drain */

typedef struct {
    int n;
    va_str_t ids;
    wk_rows_t *rows;
} drain_t;

static bool read_oldest(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    drain_t *d = arg;
    va_str_t n = wk_printf(wk_tx_arena(tx), "%d", d->n);
    return wk_sql_last(tx, &wk_sql_outbox_oldest, &n, &d->rows, e);
}

static bool delete_done(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    drain_t *d = arg;
    return wk_sql_last(tx, &wk_sql_outbox_delete, &d->ids, NULL, e);
}

static va_str_t present(va_str_t s)
{
    return s.data != NULL ? s : VA_STR("");
}

static bool publish(wk_ctx_t *ctx, va_str_t organization, const wk_rows_t *rows, size_t i,
                    wk_error_t *e)
{
    va_str_t stream =
        wk_printf(ctx->arena, "va:events:{%.*s}", (int)organization.len, organization.data);
    va_str_t args[] = {wk_cell(rows, i, "key"), wk_cell(rows, i, "type"),
                       present(wk_cell(rows, i, "customer")), present(wk_cell(rows, i, "call")),
                       wk_cell(rows, i, "data")};
    return wk_redis_script_append(ctx->redis, &wk_script_publish, &stream, 1, args, 5, e);
}

static bool push(wk_ctx_t *ctx, va_str_t organization, const wk_rows_t *rows, size_t i,
                 wk_error_t *e)
{
    wk_queue_t queue;
    va_str_t key = wk_cell(rows, i, "key"), dedup = wk_cell(rows, i, "dedup");
    if (!wk_queue_parse(wk_cell(rows, i, "queue"), &queue)) {
        return wk_error(e, WK_INTERNAL, "outbox: no such queue");
    }
    va_str_t id = wk_printf(ctx->arena, "outbox-%.*s", (int)key.len, key.data);
    va_job_t job = {
        .id = id,
        .type = wk_cell(rows, i, "type"),
        .org = organization,
        .lane = wk_cell(rows, i, "lane"),
        .serial = wk_cell(rows, i, "serial"),
        .dedup = dedup.data != NULL ? dedup : id,
        .enqueued_ms = wk_cell_int(rows, i, "created_ms", 0),
        .trace = id,
        .auth_scheme = VA_STR("internal"),
        .body = wk_cell(rows, i, "data"),
    };
    if (job.lane.data == NULL) {
        job.lane = organization;
    }
    return wk_queue_send_push(ctx->redis, queue, &job, DEDUP_S, ctx->arena, e);
}

/* Sends all rows in one write. *sent: how many replies are to be read, errors or not. */
static bool send_rows(wk_ctx_t *ctx, va_str_t organization, const wk_rows_t *rows, size_t *sent,
                      wk_error_t *e)
{
    for (*sent = 0; *sent < wk_rows_count(rows); ++*sent) {
        bool event = va_str_eq(wk_cell(rows, *sent, "kind"), VA_STR("event"));
        if (!(event ? publish : push)(ctx, organization, rows, *sent, e)) {
            return false;
        }
    }
    return true;
}

/* True when Redis took every row of those sent (or had it already). */
static bool receive_rows(wk_ctx_t *ctx, size_t sent, wk_error_t *e)
{
    bool ok = true;
    for (size_t i = 0; i < sent; i++) {
        wk_error_t failure;
        redisReply *reply = wk_redis_reply(ctx->redis, &failure);
        if (reply == NULL && ok) {
            *e = failure;
            ok = false;
        }
        freeReplyObject(reply);
    }
    return ok;
}

static va_str_t id_array(wk_arena_t *a, const wk_rows_t *rows)
{
    va_buf_t ids;
    va_buf_init(&ids, wk_mem(a), 256);
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        va_buf_add_char(&ids, i == 0 ? '{' : ',');
        va_buf_add_str(&ids, wk_cell(rows, i, "id"));
    }
    va_buf_add_char(&ids, '}');
    return va_buf_str(&ids);
}

bool wk_outbox_drain(wk_ctx_t *ctx, va_str_t organization, int n, int *done, wk_error_t *e)
{
    drain_t d = {.n = n};
    size_t sent;
    *done = 0;
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, read_oldest, &d, e)) {
        return wk_error_wrap(e, "outbox");
    }
    if (wk_rows_count(d.rows) == 0) {
        return true;
    }
    bool all_sent = send_rows(ctx, organization, d.rows, &sent, e);
    if (!receive_rows(ctx, sent, e) || !all_sent) {
        return wk_error_wrap(e, "outbox");
    }
    wk_crash_point("outbox.published");
    d.ids = id_array(ctx->arena, d.rows);
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, delete_done, &d, e)) {
        return wk_error_wrap(e, "outbox");
    }
    *done = (int)wk_rows_count(d.rows);
    return true;
}
