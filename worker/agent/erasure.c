#include "worker/agent/erasure.h"

#include "core/base64.h"
#include "core/hmac.h"
#include "worker/agent/erasure_redis.h"
#include "worker/agent/hubspot_account.h"
#include "worker/agent/recording.h"
#include "worker/crash.h"
#include "worker/outbox.h"
#include "worker/providers/elevenlabs.h"
#include "worker/providers/twilio.h"
#include "worker/store/audit.h"
#include "worker/store/erasures.h"

#define LOGIN_MS 900000 /* before a refused login is tried again */
#define AGAIN_MS                                                                               \
    60000 /* what is live now, or on its way, has ended then, or is looked at again */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization, id;
    va_str_t state; /* absent: there is no such request */
    bool erased;
    bool overdue; /* too old for its services to be asked again */
    wk_erasure_traces_t traces;
    wk_erasure_deleted_t deleted;
    wk_rows_t *requests;
    wk_hubspot_account_t hubspot; /* read when it is asked */
    size_t at;                    /* the request that was asked, and */
    const char *answered;         /* its new state; */
    va_str_t answer;              /* why not, or absent */
} erasure_t;

/* ---------------------------------------------------------------- the request */

/* What of a person stays in the receipt: an HMAC of the number, else of the customer's id. */
static va_str_t subject_of(const wk_ctx_t *ctx, va_str_t who)
{
    uint8_t digest[VA_DIGEST_MAX];
    char hex[2 * VA_DIGEST_MAX];
    size_t len = 0;
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, va_str_c(ctx->config->internal_secret));
    bool ok = key != NULL && va_hmac(key, &who, 1, digest, &len) == VA_OK && len == 32;
    va_hmac_key_free(key);
    if (!ok) {
        return VA_STR_NULL;
    }
    va_hex_encode(hex, digest, len);
    return wk_copy(ctx->arena, va_str(hex, 2 * len));
}

bool wk_erasure_later(wk_tx_t *tx, va_str_t id, va_str_t day, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t serial = wk_printf(a, "erasure:%.*s", (int)id.len, id.data);
    va_str_t dedup = wk_printf(a, "%.*s:%.*s", (int)serial.len, serial.data, (int)day.len,
                               day.len > 0 ? day.data : "");
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "erasure", id);
    va_json_object_end(w);
    va_str_t body = va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
    return wk_outbox_job(tx, WK_BULK, "privacy.erase", wk_tx_organization(tx), serial, dedup,
                         body, e);
}

bool wk_erasure_request(wk_ctx_t *ctx, wk_tx_t *tx, wk_erasure_request_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t who[] = {r->customer, r->phone}, email = VA_STR_NULL;
    if (!wk_sql(tx, &wk_sql_erasure_person, who, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) > 0) {
        r->customer = wk_cell(rows, 0, "id");
        r->phone = r->phone.data != NULL ? r->phone : wk_cell(rows, 0, "phone");
        email = wk_cell(rows, 0, "email");
    }
    va_str_t subject = subject_of(ctx, r->phone.data != NULL ? r->phone : r->customer);
    va_str_t params[] = {subject, r->phone, r->customer, email, va_str_c(r->reason), r->user};
    if (subject.data == NULL) {
        return wk_error(e, WK_INTERNAL, "erasure: the subject cannot be hashed");
    }
    if (!wk_sql(tx, &wk_sql_erasure_lock, &subject, NULL, e) ||
        !wk_sql(tx, &wk_sql_erasure_request, params, &rows, e)) {
        return false;
    }
    r->id = wk_cell(rows, 0, "id");
    return wk_erasure_later(tx, r->id, VA_STR_NULL, e);
}

bool wk_erasure_of_call(wk_tx_t *tx, va_str_t sid, va_str_t conversation, bool *erased,
                        wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t names[] = {sid, conversation};
    if (!wk_sql(tx, &wk_sql_erasure_of_call, names, &rows, e)) {
        return false;
    }
    *erased = wk_cell_bool(rows, 0, "erased");
    return true;
}

static bool run(erasure_t *x, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(x->ctx->db, x->ctx->arena, x->organization, 0, fn, x, e);
}

/* ---------------------------------------------------------------- here */

static void keep_calls(erasure_t *x)
{
    size_t n = wk_rows_count(x->requests);
    va_str_t *calls = wk_alloc(x->ctx->arena, (n + 1) * sizeof(*calls));
    x->traces.calls = calls;
    x->traces.n_calls = 0;
    for (size_t i = 0; i < n; i++) {
        if (va_str_eq(wk_cell(x->requests, i, "kind"), VA_STR("call"))) {
            calls[x->traces.n_calls++] = wk_cell(x->requests, i, "reference");
        }
    }
}

static bool erase_here(wk_tx_t *tx, erasure_t *x, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_erasure_erase, &x->id, &rows, e)) {
        return false;
    }
    x->erased = wk_cell_bool(rows, 0, "erased");
    return true;
}

/* Or there is no such request. */
static bool is_over(const erasure_t *x)
{
    return x->state.data == NULL || va_str_eq(x->state, VA_STR("done")) ||
           va_str_eq(x->state, VA_STR("failed"));
}

static bool read_traces(wk_tx_t *tx, erasure_t *x, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_erasure_traces, &x->id, &rows, e)) {
        return false;
    }
    x->traces.organization = x->organization;
    x->traces.words = wk_cell_json(x->ctx->arena, rows, 0, "words");
    x->traces.ours = wk_cell_json(x->ctx->arena, rows, 0, "ours");
    return true;
}

static bool erase_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    erasure_t *x = arg;
    if (!wk_sql(tx, &wk_sql_erasure, &x->id, &rows, e)) {
        return false;
    }
    x->state = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "state") : VA_STR_NULL;
    if (is_over(x)) {
        return true;
    }
    x->overdue = wk_cell_bool(rows, 0, "overdue");
    if (!erase_here(tx, x, e) || !read_traces(tx, x, e) ||
        !wk_sql(tx, &wk_sql_erasure_requests, &x->id, &x->requests, e)) {
        return false;
    }
    keep_calls(x);
    return true;
}

/* ---------------------------------------------------------------- Redis */

static bool count(wk_tx_t *tx, const erasure_t *x, const char *place, int64_t n, wk_error_t *e)
{
    va_str_t params[] = {x->id, va_str_c(place),
                         wk_printf(x->ctx->arena, "%lld", (long long)n)};
    return wk_sql(tx, &wk_sql_erasure_counted, params, NULL, e);
}

static bool count_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    erasure_t *x = arg;
    return count(tx, x, "redis_events", x->deleted.events, e) &&
           count(tx, x, "redis_calls", x->deleted.calls, e) &&
           count(tx, x, "redis_jobs", x->deleted.jobs, e);
}

static bool erase_in_redis(erasure_t *x, wk_error_t *e)
{
    return wk_erasure_redis(x->ctx, &x->traces, &x->deleted, e) && run(x, count_tx, e);
}

/* ---------------------------------------------------------------- the services */

static bool hubspot_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    erasure_t *x = arg;
    return wk_hubspot_account(x->ctx, tx, &x->hubspot, e);
}

/* A token that cannot be read keeps nothing else from being deleted. */
static bool ask_hubspot(erasure_t *x, va_str_t contact, wk_error_t *e)
{
    if (!run(x, hubspot_tx, e)) {
        return false;
    }
    return x->hubspot.connected
               ? wk_hubspot_remove(&x->hubspot.hubspot, WK_HUBSPOT_CONTACTS, contact, e)
               : wk_error(e, WK_REFUSED, "HubSpot is not connected");
}

static bool ask(erasure_t *x, wk_error_t *e)
{
    va_str_t vendor = wk_cell(x->requests, x->at, "vendor");
    va_str_t kind = wk_cell(x->requests, x->at, "kind");
    va_str_t reference = wk_cell(x->requests, x->at, "reference");
    if (va_str_eq(vendor, VA_STR("hubspot"))) {
        return ask_hubspot(x, reference, e);
    }
    if (va_str_eq(vendor, VA_STR("elevenlabs"))) {
        return wk_elevenlabs_conversation_delete(x->ctx, reference, e);
    }
    if (!va_str_eq(kind, VA_STR("call"))) {
        return wk_twilio_delete(x->ctx, "Messages", reference, e);
    }
    /* Its recordings first: they do not go with it, and are found by it. */
    return wk_recording_remove_all(x->ctx, reference, e) &&
           wk_twilio_delete(x->ctx, "Calls", reference, e);
}

static bool answered_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const erasure_t *x = arg;
    va_str_t params[] = {x->id,
                         wk_cell(x->requests, x->at, "vendor"),
                         wk_cell(x->requests, x->at, "kind"),
                         wk_cell(x->requests, x->at, "reference"),
                         va_str_c(x->answered),
                         x->answer};
    return wk_sql_last(tx, &wk_sql_erasure_answered, params, NULL, e);
}

/* What people have to put right: a login, settings, a key. */
static bool is_ours(const wk_error_t *e)
{
    return e->code == WK_FORBIDDEN || e->code == WK_INTERNAL;
}

static bool may_pass(const wk_error_t *e)
{
    return e->code == WK_UNAVAILABLE || e->code == WK_UNKNOWN || e->code == WK_TIMEOUT ||
           e->code == WK_CONFLICT || is_ours(e);
}

/* To delete what was deleted is to have deleted it: who died before he wrote it down asks
 * again. */
static bool ask_one(erasure_t *x, wk_error_t *e)
{
    bool gone = ask(x, e) || e->code == WK_NOT_FOUND;
    if (!gone && may_pass(e) && !x->overdue) {
        e->retry_after_ms = is_ours(e) ? LOGIN_MS : e->retry_after_ms;
        return false;
    }
    wk_crash_point("erasure.asked");
    x->answered = gone ? "done" : "refused";
    x->answer = gone ? VA_STR_NULL : wk_copy(x->ctx->arena, va_str_c(e->text));
    return run(x, answered_tx, e);
}

/* A service that has failed is left alone until the next run; the others are asked. */
static bool ask_services(erasure_t *x, wk_error_t *e)
{
    bool ok = true;
    wk_error_t why;
    va_str_t failed = VA_STR_NULL;
    for (x->at = 0; x->at < wk_rows_count(x->requests); x->at++) {
        va_str_t vendor = wk_cell(x->requests, x->at, "vendor");
        bool open = va_str_eq(wk_cell(x->requests, x->at, "state"), VA_STR("open"));
        if (!open || va_str_eq(vendor, failed) || ask_one(x, &why)) {
            continue;
        }
        failed = why.code == WK_CONFLICT ? failed : vendor;
        ok = false;
        *e = why;
    }
    return ok;
}

/* ---------------------------------------------------------------- the end */

static bool note_end(wk_tx_t *tx, const erasure_t *x, wk_error_t *e)
{
    va_str_t params[] = {VA_STR("system"),  VA_STR_NULL, VA_STR("person_erased"),
                         VA_STR("erasure"), x->id,       VA_STR("{}"),
                         VA_STR_NULL,       VA_STR_NULL, x->ctx->job->trace};
    return wk_sql(tx, &wk_sql_audit, params, NULL, e);
}

static bool end_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *before = ((erasure_t *)arg)->requests;
    erasure_t *x = arg;
    if (!erase_here(tx, x, e) ||
        !wk_sql(tx, &wk_sql_erasure_requests, &x->id, &x->requests, e)) {
        return false;
    }
    x->erased = x->erased && wk_rows_count(x->requests) == wk_rows_count(before);
    return !x->erased ||
           (wk_sql(tx, &wk_sql_erasure_done, &x->id, NULL, e) && note_end(tx, x, e));
}

static wk_outcome_t again(wk_error_t *e)
{
    if (e->retry_after_ms == 0) {
        e->retry_after_ms = AGAIN_MS;
    }
    return WK_AGAIN;
}

static wk_outcome_t not_now(wk_error_t *e, const char *why)
{
    wk_error(e, WK_UNAVAILABLE, "erasure: %s", why);
    return again(e);
}

wk_outcome_t wk_erasure_run(wk_ctx_t *ctx, va_str_t organization, va_str_t id, wk_error_t *e)
{
    erasure_t x = {.ctx = ctx, .organization = organization, .id = id};
    if (!run(&x, erase_tx, e)) {
        return again(e);
    }
    if (is_over(&x)) {
        return WK_DONE;
    }
    if (!x.erased) {
        return not_now(e, "a call is live, or something is being sent");
    }
    wk_crash_point("erasure.here");
    if (!erase_in_redis(&x, e) || !ask_services(&x, e)) {
        return again(e);
    }
    if (x.deleted.waiting) {
        return not_now(e, "jobs about the person are still to be done");
    }
    if (!run(&x, end_tx, e)) {
        return again(e);
    }
    return x.erased ? WK_DONE : not_now(e, "more has come meanwhile");
}
