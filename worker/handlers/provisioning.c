/*
 * provisioning.resume: an admin has the setting up of his shop go on where it stopped. What
 * remains open when its job is given up ends by effects.settle.
 * registrations.undo: a sign-up that was left before the shop had its number comes to nothing:
 * whoever waited was not told that there is a shop, and its address is free again.
 */
#include "worker/handlers/provisioning.h"

#include <stdlib.h>
#include <string.h>

#include "worker/agent/task.h"
#include "worker/clock.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/store/effects.h"
#include "worker/store/signup.h"
#include "worker/store/tasks.h"

#define TASKS "number:" /* what the keys begin with of tasks about a shop's number */

/* ---------------------------------------------------------------- shared */

va_str_t wk_setting_up_mark(wk_ctx_t *ctx)
{
    uint8_t b[16];
    arc4random_buf(b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* RFC 9562, 5.4 */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    return wk_printf(ctx->arena,
                     "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                     b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                     b[12], b[13], b[14], b[15]);
}

bool wk_setting_up_take(wk_tx_t *tx, va_str_t holder, va_str_t job, bool *taken, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {holder, VA_STR(WK_HELD_S), job};
    if (!wk_sql(tx, &wk_sql_signup_take, params, &rows, e)) {
        return false;
    }
    *taken = wk_rows_count(rows) == 1;
    return true;
}

static bool claim_number(wk_tx_t *tx, wk_effect_t *effect, wk_error_t *e)
{
    va_str_t shop = wk_tx_organization(tx);
    va_str_t key = wk_printf(wk_tx_arena(tx), "number:%.*s", (int)shop.len, shop.data);
    return wk_effect_claim(tx, "number", key, VA_STR_NULL, effect, e);
}

bool wk_setting_up_claim(wk_ctx_t *ctx, wk_tx_t *tx, wk_effect_t *effect, bool *too_many,
                         wk_error_t *e)
{
    wk_rows_t *rows;
    *too_many = false;
    if (!claim_number(tx, effect, e)) {
        return false;
    }
    if (effect->state != WK_EFFECT_NEW) {
        return true; /* an earlier run's, which was counted */
    }
    if (!wk_sql(tx, &wk_sql_signup_numbers_of_a_day, NULL, &rows, e)) {
        return false;
    }
    *too_many = wk_cell_int(rows, 0, "bought", 0) > ctx->config->signup_numbers_a_day;
    return true;
}

bool wk_setting_up_number(wk_tx_t *tx, const wk_twilio_number_t *number, wk_error_t *e)
{
    wk_effect_t effect;
    va_str_t params[] = {number->number, number->sid};
    va_str_t tasks = VA_STR(TASKS);
    return claim_number(tx, &effect, e) && wk_sql(tx, &wk_sql_signup_number, params, NULL, e) &&
           wk_effect_finish(tx, effect.id, WK_EFFECT_DONE, number->sid, VA_STR_NULL, e) &&
           wk_sql(tx, &wk_sql_tasks_settled, &tasks, NULL, e);
}

bool wk_setting_up_is_anothers(const wk_error_t *e)
{
    return e->code == WK_CONFLICT && strcmp(e->detail, "routing_keys_number") == 0;
}

void wk_setting_up_put(va_json_writer_t *w, const wk_provisioning_t *p)
{
    va_json_key(w, "provisioning");
    va_json_object(w);
    va_json_add_str(w, "state", p->state);
    va_json_add_bool(w, "complete", va_str_eq(p->state, VA_STR("complete")));
    va_json_add_str(w, "phone_number", p->number);
    va_json_add_str(w, "elevenlabs_agent_id", p->agent);
    va_json_add_str(w, "elevenlabs_phone_number_id", p->number_id);
    va_json_add_str(w, "error", p->error);
    va_json_object_end(w);
}

/* ---------------------------------------------------------------- resume */

typedef struct {
    wk_ctx_t *ctx;
    int64_t until_ms;
    va_str_t organization, holder;
    wk_own_number_t wish;
    wk_twilio_number_t number;
    int64_t held_ms;
    bool mine; /* an earlier run of this job was at it last */
    bool complete;
    bool too_many;  /* numbers were bought today */
    va_str_t claim; /* under which one is bought; absent: none is */
    wk_provisioning_t progress;
} resume_t;

/* The next run looks for what this one cannot tell; nobody else has the place meanwhile. */
static bool later(wk_error_t *e, int64_t ms)
{
    e->code = WK_UNAVAILABLE;
    e->retry_after_ms = ms;
    return false;
}

static bool is_held(resume_t *r, wk_error_t *e)
{
    if (r->mine) { /* which died, or could not tell what it had done */
        wk_error(e, WK_UNAVAILABLE, "an earlier run may still set the shop up");
        return later(e, r->held_ms);
    }
    return wk_refuse(e, WK_R_CONFLICT, "The shop is being set up just now.");
}

/* A shop that signed up while none were bought is one of those a day has numbers for. */
static bool claim(wk_tx_t *tx, resume_t *r, wk_error_t *e)
{
    wk_effect_t effect;
    if (!va_str_eq(r->progress.state, VA_STR("number")) || r->ctx->config->skip_twilio) {
        return true;
    }
    if (!wk_setting_up_claim(r->ctx, tx, &effect, &r->too_many, e)) {
        return false;
    }
    if (r->too_many) {
        (void)wk_refuse(e, WK_R_UNAVAILABLE, "No more numbers can be had today.");
        e->retry_after_ms = WK_ANOTHER_DAY;
        return false;
    }
    r->claim = effect.id;
    r->wish.sought = effect.state != WK_EFFECT_NEW;
    return true;
}

static bool begin_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool taken;
    wk_rows_t *rows;
    resume_t *r = arg;
    const wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                              .user_id = caller->user_id,
                              .action = "provisioning_resumed",
                              .entity = "organization",
                              .entity_id = caller->organization};
    r->organization = caller->organization;
    if (!wk_provisioning_read(tx, &r->progress, e) ||
        !wk_sql(tx, &wk_sql_signup_shop, NULL, &rows, e)) {
        return false;
    }
    r->complete = va_str_eq(r->progress.state, VA_STR("complete"));
    r->held_ms = wk_cell_int(rows, 0, "held", 0);
    r->mine = va_str_eq(wk_cell(rows, 0, "job"), r->ctx->job->id);
    r->wish = (wk_own_number_t){.organization = r->organization,
                                .business = wk_cell(rows, 0, "number_name"),
                                .timezone = wk_cell(rows, 0, "timezone"),
                                .phone = wk_cell(rows, 0, "phone"),
                                .until_ms = r->until_ms};
    if (r->complete) {
        return true;
    }
    return wk_setting_up_take(tx, r->holder, r->ctx->job->id, &taken, e) &&
           (taken || is_held(r, e)) && (r->mine || wk_audit(r->ctx, tx, &entry, e)) &&
           claim(tx, r, e);
}

static bool number_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    resume_t *r = arg;
    va_str_t step[] = {r->holder, VA_STR("agent"), VA_STR_NULL, VA_STR_NULL};
    return wk_setting_up_number(tx, &r->number, e) &&
           wk_sql(tx, &wk_sql_signup_step, step, &rows, e) &&
           (wk_rows_count(rows) == 1 ||
            wk_error(e, WK_UNAVAILABLE, "another has taken the place of whoever set it up"));
}

static bool release_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const resume_t *r = arg;
    return wk_effect_release(tx, r->claim, e);
}

static bool release_claim(resume_t *r, wk_error_t *e)
{
    return wk_tx(r->ctx->db, r->ctx->arena, r->organization, 0, release_tx, r, e);
}

static bool note_number(resume_t *r, wk_error_t *e)
{
    wk_ctx_t *ctx = r->ctx;
    if (wk_tx(ctx->db, ctx->arena, r->organization, 0, number_tx, r, e)) {
        return true;
    }
    if (!wk_setting_up_is_anothers(e)) {
        return false;
    }
    wk_log(WK_ERROR, "a shop got no number: it was sold one that another shop has",
           WK_S("organization", r->organization));
    return wk_own_number_give_back(ctx, &r->wish, &r->number, e) ? release_claim(r, e)
                                                                 : later(e, WK_HELD_MS);
}

/*
 * Of a shop that signed up while none were bought. One that is not to be had now is no error;
 * one that may have been bought is looked for when the carrier must have made up its mind, by
 * this job: it is paid for, whether or not somebody asks again.
 */
static bool have_number(resume_t *r, wk_error_t *e)
{
    wk_ctx_t *ctx = r->ctx;
    if (r->claim.data == NULL) {
        return true;
    }
    if (!wk_own_number_get(ctx, &r->wish, &r->number, e)) {
        wk_log(WK_ERROR, "a shop got no number", WK_S("organization", r->organization),
               WK_C("error", e->text));
        return e->code == WK_UNKNOWN ? later(e, WK_HELD_MS) : release_claim(r, e);
    }
    return note_number(r, e);
}

/* Another day is the admin's to ask on, not the job's. */
static wk_outcome_t refused(const resume_t *r, va_reply_t *reply, const wk_error_t *e)
{
    wk_outcome_t outcome = wk_reply_error(r->ctx, reply, e);
    if (!r->too_many) {
        return outcome;
    }
    wk_log(WK_ALERT, "a shop got no number: a day's numbers are bought",
           WK_S("organization", r->organization),
           WK_I("numbers_a_day", r->ctx->config->signup_numbers_a_day));
    return WK_DONE;
}

wk_outcome_t wk_provisioning_resume(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    resume_t r = {.ctx = ctx,
                  .until_ms = wk_monotonic_ms() + WK_SETTING_UP_MS,
                  .holder = wk_setting_up_mark(ctx)};
    if (!wk_caller_tx(ctx, WK_FROM_ADMIN, begin_tx, &r, e)) {
        return refused(&r, reply, e);
    }
    if (!r.complete &&
        (!have_number(&r, e) ||
         !wk_provisioning_run(ctx, r.organization, r.holder, r.until_ms, &r.progress, e))) {
        return wk_reply_error(ctx, reply, e);
    }
    wk_setting_up_put(wk_reply_begin(ctx, &doc), &r.progress);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}

/* ---------------------------------------------------------------- given up */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t key;
    bool pending;
} given_up_t;

/* Of each claim once: a shop that begins anew has another. */
static bool tell_people(given_up_t *g, wk_tx_t *tx, va_str_t effect, wk_error_t *e)
{
    const wk_task_t task = {
        .kind = "alarm",
        .key = wk_printf(wk_tx_arena(tx), TASKS "%.*s", (int)effect.len, effect.data),
        .priority = "high",
        .title = "task.number_unknown"};
    return wk_task_raise(g->ctx, tx, &task, e);
}

static bool give_up_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    given_up_t *g = arg;
    wk_rows_t *rows;
    va_str_t params[] = {VA_STR("number"), g->key};
    if (!wk_sql(tx, &wk_sql_signup_is_held, NULL, &rows, e)) {
        return false;
    }
    if (wk_cell_bool(rows, 0, "held")) {
        return true; /* since its claim was looked at */
    }
    if (!wk_sql(tx, &wk_sql_effect_pending, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    va_str_t effect = wk_cell(rows, 0, "id");
    g->pending = true;
    return wk_effect_finish(tx, effect, WK_EFFECT_UNKNOWN, VA_STR_NULL, VA_STR_NULL, e) &&
           tell_people(g, tx, effect, e);
}

wk_outcome_t wk_setting_up_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                                   wk_error_t *e)
{
    given_up_t g = {.ctx = ctx, .key = key};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, give_up_tx, &g, e)) {
        return WK_AGAIN;
    }
    if (g.pending) {
        wk_log(WK_ALERT, "whether a number was bought for a shop is not known",
               WK_S("organization", organization));
    }
    return WK_DONE;
}

/* ---------------------------------------------------------------- undo */

typedef struct {
    va_str_t holder;
    wk_own_number_t wish;
    bool taken;
} undo_t;

static bool take_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    undo_t *u = arg;
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_signup_shop, NULL, &rows, e)) {
        return false;
    }
    u->taken =
        wk_rows_count(rows) == 1 && va_str_eq(wk_cell(rows, 0, "state"), VA_STR("pending"));
    if (!u->taken) {
        return true;
    }
    u->wish.business = wk_cell(rows, 0, "number_name");
    return wk_setting_up_take(tx, u->holder, VA_STR_NULL, &u->taken, e);
}

static bool undo_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const undo_t *u = arg;
    return wk_sql_last(tx, &wk_sql_signup_undo, &u->holder, NULL, e);
}

/* Without an account at the carrier nothing was bought there. */
static bool release(wk_ctx_t *ctx, const undo_t *u, wk_error_t *e)
{
    return ctx->config->twilio_account_sid == NULL || wk_own_number_release(ctx, &u->wish, e);
}

wk_outcome_t wk_registrations_undo(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    undo_t u = {.holder = wk_setting_up_mark(ctx),
                .wish = {.organization = ctx->job->org,
                         .until_ms = wk_monotonic_ms() + WK_SETTING_UP_MS}};
    (void)reply;
    if (!wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, take_tx, &u, e)) {
        return wk_webhook_failed(e);
    }
    if (!u.taken) {
        return WK_DONE; /* it was finished, or somebody is at it */
    }
    if (!release(ctx, &u, e)) {
        wk_log(WK_ERROR, "the number of a sign-up that was left could not be given back",
               WK_S("organization", ctx->job->org), WK_C("error", e->text));
        return WK_DONE; /* and is again in some minutes, whatever the reason */
    }
    if (!wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, undo_tx, &u, e)) {
        return wk_webhook_failed(e);
    }
    wk_count("voiceagent_registrations_total", "outcome", VA_STR("undone"), NULL, VA_STR_NULL,
             1);
    wk_log(WK_WARN, "a sign-up was left in its middle, and is undone",
           WK_S("organization", ctx->job->org));
    return WK_DONE;
}
