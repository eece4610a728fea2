/*
 * auth.register: a shop signs up. First a shop that is not active is noted, with its owner and
 * that a number is to be bought; then the number is; then the shop is opened. Where no number
 * is to be had nothing remains; where that is not known, the shop stays pending until whoever
 * asked asks again, or it is undone (registrations.undo). Its agent comes last, and a shop
 * without one is a shop all the same (agent/provisioning.h).
 *
 * The address tells the same sign-up again: the job that runs anew after its worker died goes
 * on with what it finds, and so does its owner, by his password, while it is pending.
 */
#include <string.h>

#include "worker/agent/agent_template.h"
#include "worker/clock.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/provisioning.h"
#include "worker/handlers/registration.h"
#include "worker/handlers/session.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/password.h"
#include "worker/store/signup.h"

#define AGAIN_MS 60000 /* whoever was not told what became of his sign-up may ask again */

typedef struct {
    wk_ctx_t *ctx;
    wk_registration_t wish;
    wk_agent_template_t template;
    int64_t until_ms; /* monotonic */
    va_str_t hash, country;
    va_str_t slug;
    va_str_t organization, holder;
    bool noted;    /* by this run or an earlier one of its job */
    bool sought;   /* an earlier run may have bought a number */
    bool opened;   /* an earlier run has opened the shop */
    bool too_many; /* numbers were bought today */
    wk_twilio_number_t number;
    va_str_t known_hash; /* of whoever has the address */
    bool mine;           /* an earlier run of this job made it */
    bool held;           /* somebody else is at work on it, */
    int64_t held_ms;     /* for so long at most */
    wk_session_t session;
    wk_signed_in_t user;
    wk_rows_t *shop;
    wk_provisioning_t progress;
} signup_t;

static void count(const char *outcome)
{
    wk_count("voiceagent_registrations_total", "outcome", va_str_c(outcome), NULL, VA_STR_NULL,
             1);
}

static bool run_as(signup_t *r, va_str_t organization, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(r->ctx->db, r->ctx->arena, organization, 0, fn, r, e);
}

/* ---------------------------------------------------------------- noted */

static void put_currency(va_json_writer_t *w, va_str_t country)
{
    bool canada = va_str_eq(country, VA_STR("CA"));
    va_json_add_c(w, "currency", canada ? "CAD" : "USD");
}

static bool shop_json(const signup_t *r, va_str_t *json, wk_error_t *e)
{
    va_buf_t text;
    const wk_registration_t *wish = &r->wish;
    va_buf_init(&text, wk_mem(r->ctx->arena), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "name", wish->business);
    va_json_add_str(w, "type", wish->type);
    va_json_add_str(w, "plan", wish->plan);
    va_json_add_str(w, "timezone", wish->timezone);
    va_json_add_str(w, "language", r->template.language);
    va_json_key(w, "languages");
    va_json_put_raw(w, r->template.languages);
    va_json_add_str(w, "country", r->country);
    put_currency(w, r->country);
    va_json_add_str(w, "phone", wish->business_phone);
    va_json_add_str(w, "owner_phone", wish->owner_phone);
    va_json_add_str(w, "email", wish->email);
    va_json_add_str(w, "website", wish->website);
    va_json_add_str(w, "description", wish->description);
    va_json_add_str(w, "services", wish->services);
    va_json_add_str(w, "referral", wish->referral);
    va_json_add_c(w, "terms", r->ctx->config->signup_terms);
    va_json_object_end(w);
    bool written = va_json_writer_end(w) == VA_OK;
    *json = va_buf_str(&text);
    return written || wk_error(e, WK_INTERNAL, "a shop that cannot be written");
}

/* What is a zone, and what are hours, is Postgres' to say. */
static bool check(wk_tx_t *tx, const signup_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {r->wish.timezone, r->wish.hours};
    if (!wk_sql(tx, &wk_sql_signup_check, params, &rows, e)) {
        return e->code == WK_INVALID &&
               wk_refuse(
                   e, WK_R_BAD_REQUEST,
                   "businessHoursOpen, businessHoursClose or businessHours cannot be read "
                   "as hours.");
    }
    return wk_cell_bool(rows, 0, "known") ||
           wk_refuse(e, WK_R_BAD_REQUEST,
                     "timezone must be the name of a time zone, as America/Toronto.");
}

static va_str_t trial_days(const signup_t *r)
{
    int days = r->ctx->config->signup_trial_days;
    return days == 0 || va_str_eq(r->wish.plan, VA_STR("FREE"))
               ? VA_STR_NULL
               : wk_printf(r->ctx->arena, "%d", days);
}

static bool refuse_for_now(wk_error_t *e, int64_t ms, const char *why)
{
    (void)wk_refuse(e, WK_R_UNAVAILABLE, "%s", why);
    e->retry_after_ms = ms;
    return false;
}

/* Where none is bought there is nothing to note; what an earlier run has claimed is looked for.
 */
static bool claim_number(wk_tx_t *tx, signup_t *r, wk_error_t *e)
{
    wk_effect_t effect;
    if (r->ctx->config->skip_twilio) {
        return true;
    }
    if (!wk_setting_up_claim(r->ctx, tx, &effect, &r->too_many, e)) {
        return false;
    }
    return !r->too_many ||
           refuse_for_now(e, WK_ANOTHER_DAY,
                          "No more shops can sign up today. Nothing was set up.");
}

static bool add_shop(wk_tx_t *tx, const signup_t *r, wk_error_t *e)
{
    va_str_t json;
    if (!shop_json(r, &json, e)) {
        return false;
    }
    va_str_t params[] = {
        json,      r->slug,          r->wish.hours, trial_days(r), r->ctx->job->id,
        r->holder, VA_STR(WK_HELD_S)};
    return wk_sql(tx, &wk_sql_signup_organization, params, NULL, e);
}

static bool note_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    signup_t *r = arg;
    const wk_registration_t *wish = &r->wish;
    va_str_t owner[] = {wish->email, r->hash, wish->first_name, wish->last_name, wish->phone};
    va_str_t assistant = va_str_c(r->ctx->config->signup_assistant);
    return check(tx, r, e) && add_shop(tx, r, e) &&
           wk_sql(tx, &wk_sql_signup_owner, owner, NULL, e) &&
           wk_sql(tx, &wk_sql_signup_agent, &assistant, NULL, e) &&
           wk_sql(tx, &wk_sql_signup_services, &r->template.services, NULL, e) &&
           claim_number(tx, r, e);
}

static bool is_taken(const wk_error_t *e, const char *what)
{
    return e->code == WK_CONFLICT && strcmp(e->detail, what) == 0;
}

/* Of two shops of one name the second has a part of its id in its own. */
static bool note(signup_t *r, wk_error_t *e)
{
    const wk_registration_t *wish = &r->wish;
    r->organization = wk_setting_up_mark(r->ctx);
    r->slug = wish->slug;
    if (run_as(r, r->organization, note_tx, e)) {
        return true;
    }
    if (!is_taken(e, "routing_keys_slug")) {
        return false;
    }
    r->slug = wk_printf(r->ctx->arena, "%.*s-%.8s", (int)wish->slug.len, wish->slug.data,
                        r->organization.data);
    return run_as(r, r->organization, note_tx, e);
}

/* ---------------------------------------------------------------- the same again */

static bool refuse_address(wk_error_t *e)
{
    return wk_refuse(e, WK_R_CONFLICT, "That e-mail address cannot be used.");
}

static bool known_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    signup_t *r = arg;
    wk_rows_t *rows;
    if (!wk_sql_last(tx, &wk_sql_signup_known, &r->wish.email, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        r->organization = VA_STR_NULL;
        return true;
    }
    r->organization = wk_cell(rows, 0, "organization");
    r->known_hash = wk_cell(rows, 0, "password_hash");
    return true;
}

static bool look_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    signup_t *r = arg;
    wk_rows_t *rows;
    if (!wk_sql_last(tx, &wk_sql_signup_shop, NULL, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 1) {
        r->opened = !va_str_eq(wk_cell(rows, 0, "state"), VA_STR("pending"));
        r->mine = va_str_eq(wk_cell(rows, 0, "job"), r->ctx->job->id);
        r->noted = r->mine;
        r->held_ms = wk_cell_int(rows, 0, "held", 0);
    }
    return true;
}

/* By its job, or by its owner's password as long as nobody was told that there is a shop. */
static bool may_go_on(signup_t *r, wk_error_t *e)
{
    bool matches;
    wk_ctx_t *ctx = r->ctx;
    if (r->mine) {
        return true;
    }
    if (r->opened) {
        return refuse_address(e);
    }
    return wk_password_verify(ctx->arena, r->wish.password, r->known_hash,
                              ctx->config->password_cost, &matches, e) &&
           (matches || refuse_address(e));
}

/* The sign-up that is there is taken up, as it was asked for then. */
static bool take_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool taken;
    wk_rows_t *rows;
    signup_t *r = arg;
    if (!wk_setting_up_take(tx, r->holder, r->ctx->job->id, &taken, e)) {
        return false;
    }
    if (!taken) {
        r->held = true;
        return wk_error(e, WK_UNAVAILABLE, "somebody is at work on the sign-up");
    }
    r->sought = true;
    if (!wk_sql(tx, &wk_sql_signup_shop, NULL, &rows, e)) {
        return false;
    }
    r->opened = !va_str_eq(wk_cell(rows, 0, "state"), VA_STR("pending"));
    if (r->opened && !r->mine) {
        return refuse_address(e); /* meanwhile, by whoever was at work on it */
    }
    r->wish.business = wk_cell(rows, 0, "number_name");
    r->wish.business_phone = wk_cell(rows, 0, "phone");
    r->wish.timezone = wk_cell(rows, 0, "timezone");
    r->noted = true;
    return r->opened || claim_number(tx, r, e);
}

static bool is_held(const signup_t *r, wk_error_t *e)
{
    if (!r->held) {
        return false;
    }
    if (r->mine) { /* by an earlier run of this job; nobody waits for this one */
        wk_error(e, WK_UNAVAILABLE, "the sign-up is in an earlier run's hands");
        e->retry_after_ms = r->held_ms;
        return false;
    }
    return refuse_for_now(e, r->held_ms, "The shop is being set up. Ask again in a minute.");
}

/* *e: that the address is taken, which may be by this very sign-up. */
static bool take_up(signup_t *r, wk_error_t *e)
{
    if (!run_as(r, VA_STR_NULL, known_tx, e)) {
        return false;
    }
    if (r->organization.data == NULL) {
        return refuse_for_now(e, 1000, "The address was just set free. Ask again.");
    }
    r->opened = true;
    return run_as(r, r->organization, look_tx, e) && may_go_on(r, e) &&
           (run_as(r, r->organization, take_tx, e) || is_held(r, e));
}

static bool begin(signup_t *r, wk_error_t *e)
{
    wk_ctx_t *ctx = r->ctx;
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    if (c == NULL || !wk_registration_read(ctx, &r->wish, e) ||
        !wk_agent_template(ctx, c, r->wish.type, &r->template, e) ||
        !wk_password_hash(ctx->arena, r->wish.password, ctx->config->password_cost, &r->hash,
                          e)) {
        return false;
    }
    r->country = wk_country_of(ctx, r->wish.timezone, r->wish.business_phone);
    r->noted = note(r, e);
    if (r->too_many) {
        count("too_many");
        wk_log(WK_ALERT, "a shop could not sign up: a day's numbers are bought",
               WK_I("numbers_a_day", ctx->config->signup_numbers_a_day));
    }
    return r->noted || (is_taken(e, "routing_keys_email") && take_up(r, e));
}

/* ---------------------------------------------------------------- its number */

static bool undo_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const signup_t *r = arg;
    return wk_sql_last(tx, &wk_sql_signup_undo, &r->holder, NULL, e);
}

static wk_own_number_t number_wish(const signup_t *r)
{
    return (wk_own_number_t){.organization = r->organization,
                             .business = r->wish.business,
                             .timezone = r->wish.timezone,
                             .phone = r->wish.business_phone,
                             .sought = r->sought,
                             .until_ms = r->until_ms};
}

/* Surely none was bought. What cannot be undone now is, later. */
static bool refuse_number(signup_t *r, wk_error_t *e)
{
    wk_error_t failure = *e;
    wk_log(WK_ERROR, "a shop could not sign up: it got no number", WK_C("error", failure.text));
    count("refused");
    if (!run_as(r, r->organization, undo_tx, e)) {
        wk_log(WK_WARN, "its sign-up is undone later", WK_C("error", e->text));
    }
    return refuse_for_now(e, AGAIN_MS,
                          "No phone number can be had just now. Nothing was set up.");
}

static bool have_number(signup_t *r, wk_error_t *e)
{
    wk_own_number_t wish = number_wish(r);
    if (r->opened || r->ctx->config->skip_twilio ||
        wk_own_number_get(r->ctx, &wish, &r->number, e)) {
        return true;
    }
    if (e->code != WK_UNKNOWN) {
        return refuse_number(r, e);
    }
    wk_log(WK_WARN, "whether a number was bought is not known yet",
           WK_S("organization", r->organization), WK_C("error", e->text));
    count("unknown");
    return refuse_for_now(e, AGAIN_MS,
                          "Whether a phone number was bought is not known yet. Ask "
                          "again in a minute.");
}

/* ---------------------------------------------------------------- opened */

static bool open_shop(wk_tx_t *tx, signup_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    bool has_number = r->number.sid.data != NULL;
    va_str_t params[] = {r->holder, has_number ? VA_STR("agent") : VA_STR("number")};
    va_str_t credits = wk_printf(r->ctx->arena, "%d", r->ctx->config->signup_credits);
    if (!wk_sql(tx, &wk_sql_signup_open, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return wk_error(e, WK_UNAVAILABLE, "another has taken the sign-up over");
    }
    return (!has_number || wk_setting_up_number(tx, &r->number, e)) &&
           (r->ctx->config->signup_credits == 0 ||
            wk_sql(tx, &wk_sql_signup_credits, &credits, NULL, e));
}

static bool audit(wk_tx_t *tx, const signup_t *r, wk_error_t *e)
{
    const wk_audit_t entry = {.actor = "user",
                              .user_id = r->user.id,
                              .action = "registered",
                              .entity = "organization",
                              .entity_id = r->organization};
    return wk_audit(r->ctx, tx, &entry, e);
}

static bool open_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    signup_t *r = arg;
    wk_rows_t *rows;
    if ((!r->opened && !open_shop(tx, r, e)) ||
        !wk_sql(tx, &wk_sql_signup_user, NULL, &rows, e)) {
        return false;
    }
    r->user = wk_session_user(rows);
    return (r->opened || audit(tx, r, e)) && wk_provisioning_read(tx, &r->progress, e) &&
           wk_sql(tx, &wk_sql_signup_shop, NULL, &r->shop, e) &&
           wk_session_open(r->ctx, tx, r->user.id, &r->session, e);
}

static bool give_back(signup_t *r, wk_error_t *e)
{
    wk_own_number_t wish = number_wish(r);
    wk_error_t conflict = *e;
    if (!wk_own_number_give_back(r->ctx, &wish, &r->number, e)) {
        return refuse_for_now(e, AGAIN_MS, "No phone number can be had just now. Ask again.");
    }
    *e = conflict;
    return refuse_number(r, e);
}

static bool open(signup_t *r, wk_error_t *e)
{
    return wk_session_make(r->ctx, &r->session, e) &&
           (run_as(r, r->organization, open_tx, e) ||
            (wk_setting_up_is_anothers(e) && give_back(r, e)));
}

/* ---------------------------------------------------------------- the answer */

/* Without an agent it is a shop all the same. */
static void set_up(signup_t *r)
{
    wk_error_t e;
    if (!wk_provisioning_run(r->ctx, r->organization, r->holder, r->until_ms, &r->progress,
                             &e)) {
        wk_log(WK_ERROR, "how far a shop is set up could not be noted",
               WK_S("organization", r->organization), WK_C("error", e.text));
    }
}

static void put_shop(va_json_writer_t *w, const signup_t *r)
{
    static const char *const members[] = {"id",       "name",          "slug", "plan",
                                          "timezone", "trial_ends_at", NULL};
    va_json_key(w, "organization");
    va_json_object(w);
    for (const char *const *m = members; *m != NULL; m++) {
        va_json_add_str(w, *m, wk_cell(r->shop, 0, *m));
    }
    va_json_add_str(w, "business_type", wk_cell(r->shop, 0, "type"));
    va_json_add_str(w, "phone_number", r->progress.number);
    va_json_object_end(w);
}

static wk_outcome_t answer(signup_t *r, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_str_t access;
    if (!wk_session_reply_begin(r->ctx, &doc, &r->user, r->session.refresh, true, &access, e)) {
        return wk_reply_error(r->ctx, reply, e);
    }
    put_shop(doc.json, r);
    wk_setting_up_put(doc.json, &r->progress);
    return wk_session_reply_end(r->ctx, &doc, 201, access, r->session.refresh, reply, e);
}

/*
 * A refusal is the end of it, also one for now, and so is any failure before a shop was noted:
 * nobody signs up behind his own back. What fails after that is gone on with by the next run,
 * and so is what met no Postgres: whether an earlier run noted a shop cannot be told then, and
 * whoever waits is told that it takes longer.
 */
static wk_outcome_t refused(signup_t *r, va_reply_t *reply, const wk_error_t *e)
{
    wk_outcome_t outcome = wk_reply_error(r->ctx, reply, e);
    return e->store_away || (r->noted && strcmp(e->detail, "unavailable") != 0) ? outcome
                                                                                : WK_DONE;
}

wk_outcome_t wk_auth_register(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    signup_t r = {.ctx = ctx,
                  .until_ms = wk_monotonic_ms() + WK_SETTING_UP_MS,
                  .holder = wk_setting_up_mark(ctx)};
    if (!begin(&r, e) || !have_number(&r, e) || !open(&r, e)) {
        return refused(&r, reply, e);
    }
    count("done");
    set_up(&r);
    return answer(&r, reply, e);
}
