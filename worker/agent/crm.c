#include "worker/agent/crm.h"

#include <string.h>

#include "core/json.h"
#include "core/phone.h"
#include "worker/agent/hubspot_account.h"
#include "worker/agent/outgoing.h"
#include "worker/agent/task.h"
#include "worker/crash.h"
#include "worker/effect.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/store/crm.h"
#include "worker/store/effects.h"

#define MAX_BODY 30000 /* bytes of a note; HubSpot takes 65,536 characters */

/* ---------------------------------------------------------------- later */

va_str_t wk_crm_serial(wk_arena_t *a, va_str_t organization, va_str_t key)
{
    (void)key;
    return wk_printf(a, "hubspot:%.*s", (int)organization.len, organization.data);
}

/* dedup may be absent. */
static bool queue_log(wk_tx_t *tx, va_str_t call, va_str_t dedup, wk_error_t *e)
{
    va_str_t serial = wk_crm_serial(wk_tx_arena(tx), wk_tx_organization(tx), VA_STR_NULL);
    return wk_outbox_call_job(tx, "hubspot.log", call, serial, dedup, e);
}

bool wk_crm_log_later(wk_tx_t *tx, va_str_t call, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_crm_connected, NULL, &rows, e)) {
        return wk_error_wrap(e, "CRM");
    }
    va_str_t dedup = wk_printf(wk_tx_arena(tx), "hubspot:%.*s", (int)call.len, call.data);
    return !wk_cell_bool(rows, 0, "connected") || queue_log(tx, call, dedup, e);
}

/* ---------------------------------------------------------------- the work */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization, call;
    wk_hubspot_account_t account;
    const wk_rows_t *row; /* the call and its customer; NULL: there is none to log */
    va_str_t contact;     /* HubSpot's id of it */

    wk_hubspot_kind_t kind; /* of the object at hand */
    wk_effect_t effect;
    wk_effect_state_t ends_as;
    va_str_t object; /* its id */
    const wk_error_t *failure;
} work_t;

static va_str_t cell(const work_t *w, const char *column)
{
    return w->row != NULL ? wk_cell(w->row, 0, column) : VA_STR_NULL;
}

static bool in_tx(work_t *w, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(w->ctx->db, w->ctx->arena, w->organization, 0, fn, w, e);
}

static bool read_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_rows_t *rows;
    if (!wk_hubspot_account(w->ctx, tx, &w->account, e) ||
        !wk_sql(tx, &wk_sql_crm_call, &w->call, &rows, e)) {
        return false;
    }
    w->row = wk_rows_count(rows) == 1 ? rows : NULL;
    return true;
}

/* ---------------------------------------------------------------- texts */

/* HubSpot shows bodies as HTML. */
static void add_escaped(va_buf_t *html, va_str_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '&':
            va_buf_add_c(html, "&amp;");
            break;
        case '<':
            va_buf_add_c(html, "&lt;");
            break;
        case '>':
            va_buf_add_c(html, "&gt;");
            break;
        case '"':
            va_buf_add_c(html, "&quot;");
            break;
        case '\n':
            va_buf_add_c(html, "<br>");
            break;
        default:
            va_buf_add_char(html, text.data[i]);
        }
    }
}

static void add_line(va_buf_t *html, const char *label, va_str_t text)
{
    if (text.len == 0 || html->len + text.len > MAX_BODY) {
        return;
    }
    va_buf_add_c(html, html->len > 0 ? "<br>" : "");
    va_buf_add_c(html, label);
    add_escaped(html, text);
}

static void add_list(const work_t *w, va_buf_t *html, const char *label, va_str_t list)
{
    const va_json_t *root = wk_json_parse(w->ctx->arena, list);
    const va_json_t *item = va_json_is(root, VA_JSON_ARRAY) ? root->first : NULL;
    for (; item != NULL; item = item->next) {
        add_line(html, label, va_json_string(item));
    }
}

static va_str_t body_of_call(const work_t *w)
{
    va_buf_t html;
    va_buf_init(&html, wk_mem(w->ctx->arena), 1024);
    add_line(&html, "", cell(w, "summary"));
    add_line(&html, "Outcome: ", cell(w, "outcome"));
    add_line(&html, "Resolution: ", cell(w, "resolution"));
    return va_buf_str(&html);
}

static va_str_t body_of_note(const work_t *w)
{
    va_buf_t html;
    va_buf_init(&html, wk_mem(w->ctx->arena), 1024);
    add_line(&html, "Call: ", cell(w, "call_type"));
    add_line(&html, "Lead score: ", cell(w, "lead_score"));
    add_list(w, &html, "- ", cell(w, "lead_reasons"));
    add_list(w, &html, "Unanswered: ", cell(w, "unanswered"));
    add_line(&html, "Follow-up: ", cell(w, "followup_at"));
    return va_buf_str(&html);
}

static const char *status_word(va_str_t status)
{
    static const char *const words[][2] = {{"failed", "FAILED"},
                                           {"busy", "BUSY"},
                                           {"no_answer", "NO_ANSWER"},
                                           {"canceled", "CANCELED"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (va_str_eq(status, va_str_c(words[i][0]))) {
            return words[i][1];
        }
    }
    return "COMPLETED";
}

static void add_if_any(va_json_writer_t *json, const char *name, va_str_t value)
{
    if (value.len > 0) {
        va_json_add_str(json, name, value);
    }
}

/* All values are texts there. */
static va_str_t properties_of_object(const work_t *w, va_str_t key)
{
    va_buf_t text;
    va_json_writer_t *json = wk_json_begin(w->ctx->arena, &text);
    va_json_add_str(json, WK_HUBSPOT_KEY, key);
    va_json_add_str(json, "hs_timestamp", cell(w, "started_ms"));
    if (w->kind == WK_HUBSPOT_NOTES) {
        va_json_add_str(json, "hs_note_body", body_of_note(w));
        return wk_json_end(json, &text);
    }
    bool outbound = va_str_eq(cell(w, "direction"), VA_STR("outbound"));
    va_json_add_c(json, "hs_call_title",
                  outbound ? "Call by the voice agent" : "Call to the voice agent");
    va_json_add_c(json, "hs_call_direction", outbound ? "OUTBOUND" : "INBOUND");
    va_json_add_c(json, "hs_call_status", status_word(cell(w, "status")));
    va_json_add_str(json, "hs_call_body", body_of_call(w));
    add_if_any(json, "hs_call_duration", cell(w, "duration_ms"));
    add_if_any(json, "hs_call_from_number", cell(w, "caller_number"));
    add_if_any(json, "hs_call_to_number", cell(w, "called_number"));
    return wk_json_end(json, &text);
}

/* ---------------------------------------------------------------- the contact */

/* What the contact lacks and we know; what people wrote there is theirs. Absent: nothing. */
static va_str_t missing_of(const work_t *w, const wk_hubspot_contact_t *c)
{
    const struct {
        const char *name;
        va_str_t there, ours;
    } values[] = {
        {"firstname", c->first_name, cell(w, "first_name")},
        {"lastname", c->last_name, cell(w, "last_name")},
        {"email", c->email, cell(w, "email")},
        {"phone", c->phone.len > 0 ? c->phone : c->mobile, cell(w, "phone")},
        {WK_HUBSPOT_KEY, c->key, cell(w, "customer_id")},
    };
    va_buf_t text;
    bool any = false;
    va_json_writer_t *json = wk_json_begin(w->ctx->arena, &text);
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        if (values[i].there.len == 0 && values[i].ours.len > 0) {
            va_json_add_str(json, values[i].name, values[i].ours);
            any = true;
        }
    }
    va_str_t properties = wk_json_end(json, &text);
    return any ? properties : VA_STR_NULL;
}

/* The one we know, the one that carries our key, or whose address or number it is. */
static bool find_contact(const work_t *w, wk_hubspot_contact_t *c, wk_error_t *e)
{
    const wk_hubspot_t *h = &w->account.hubspot;
    va_str_t known = cell(w, "contact");
    *c = (wk_hubspot_contact_t){.id = VA_STR_NULL};
    if (known.len > 0 && wk_hubspot_contact(h, known, c, e)) {
        return true;
    }
    if (known.len > 0 && e->code != WK_NOT_FOUND) {
        return false;
    }
    return wk_hubspot_contact_of_key(h, cell(w, "customer_id"), c, e) &&
           (c->id.data != NULL ||
            wk_hubspot_contact_find(h, cell(w, "email"), cell(w, "phone"), c, e));
}

static bool upsert_contact(work_t *w, wk_error_t *e)
{
    wk_hubspot_contact_t c;
    const wk_hubspot_t *h = &w->account.hubspot;
    if (!find_contact(w, &c, e)) {
        return false;
    }
    va_str_t properties = missing_of(w, &c);
    w->contact = c.id;
    if (c.id.data != NULL) {
        return properties.data == NULL ||
               wk_hubspot_update(h, WK_HUBSPOT_CONTACTS, c.id, properties, e) ||
               e->code == WK_CONFLICT; /* another contact has the address: both stay */
    }
    if (wk_hubspot_create(h, WK_HUBSPOT_CONTACTS, properties, VA_STR_NULL, &w->contact, e)) {
        return true;
    }
    if (e->code != WK_CONFLICT || e->detail[0] == '\0') {
        return false;
    }
    w->contact = wk_copy(w->ctx->arena, va_str_c(e->detail));
    return true;
}

static bool contact_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const work_t *w = arg;
    va_str_t params[] = {cell(w, "customer_id"), w->contact};
    return wk_sql(tx, &wk_sql_crm_contact_known, params, NULL, e);
}

/* ---------------------------------------------------------------- calls and notes */

#define OF_CALLS "hubspot:call:"
#define OF_NOTES "hubspot:note:"

static va_str_t key_of(const work_t *w)
{
    return wk_printf(w->ctx->arena, "%s%.*s", w->kind == WK_HUBSPOT_CALLS ? OF_CALLS : OF_NOTES,
                     (int)w->call.len, w->call.data);
}

static va_str_t call_of(va_str_t key)
{
    size_t before = sizeof(OF_CALLS) - 1;
    return key.len > before ? va_str(key.data + before, key.len - before) : VA_STR_NULL;
}

static bool claim_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    return wk_effect_claim(tx, "crm", key_of(w), VA_STR_NULL, &w->effect, e);
}

static bool finish_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const work_t *w = arg;
    return wk_effect_finish(tx, w->effect.id, w->ends_as, w->object, VA_STR_NULL, e);
}

static bool make(work_t *w, wk_error_t *e)
{
    va_str_t key = key_of(w);
    const wk_hubspot_t *h = &w->account.hubspot;
    if (w->effect.state == WK_EFFECT_PENDING) {
        if (!wk_hubspot_find(h, w->kind, key, &w->object, e)) {
            return false;
        }
        if (w->object.data != NULL) {
            return true; /* an earlier run made it, and did not live to say so */
        }
    }
    wk_crash_point("crm.before");
    if (wk_hubspot_create(h, w->kind, properties_of_object(w, key), w->contact, &w->object,
                          e)) {
        wk_crash_point("crm.after");
        return true;
    }
    if (e->code != WK_CONFLICT) {
        return false;
    }
    w->object = e->detail[0] != '\0' ? wk_copy(w->ctx->arena, va_str_c(e->detail)) : key;
    return true;
}

static bool log_object(work_t *w, wk_hubspot_kind_t kind, wk_error_t *e)
{
    w->kind = kind;
    w->ends_as = WK_EFFECT_DONE;
    if (!in_tx(w, claim_tx, e)) {
        return false;
    }
    bool open = w->effect.state == WK_EFFECT_NEW || w->effect.state == WK_EFFECT_PENDING;
    return !open || (make(w, e) && in_tx(w, finish_tx, e));
}

/* ---------------------------------------------------------------- failures */

/* What was begun of this call ends, and people hear of it. */
static bool give_up_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    va_str_t who = cell(w, "phone");
    wk_task_t task = {
        .kind = "alarm",
        .key = wk_printf(w->ctx->arena, "hubspot:%.*s", (int)w->call.len, w->call.data),
        .title = "task.crm_failed",
        .text = va_str_c(w->failure->text),
        .who = who.len > 0 ? who : cell(w, "email"),
        .customer = cell(w, "customer_id")};
    return (w->effect.id.data == NULL || finish_tx(tx, arg, e)) &&
           wk_task_raise(w->ctx, tx, &task, e);
}

static void tell_unlogged(const work_t *w)
{
    wk_log(WK_ALERT, "a call is not in the CRM", WK_S("call", w->call),
           WK_C("error", w->failure->text));
    wk_count("voiceagent_crm_failed_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
}

static wk_outcome_t end_unlogged(work_t *w, const wk_error_t *failure, wk_error_t *e)
{
    w->failure = failure;
    tell_unlogged(w);
    w->ends_as = failure->code == WK_UNKNOWN ? WK_EFFECT_UNKNOWN : WK_EFFECT_FAILED;
    w->object = VA_STR_NULL;
    return in_tx(w, give_up_tx, e) ? WK_DONE : WK_AGAIN;
}

static wk_outcome_t failed(work_t *w, wk_error_t *e)
{
    wk_error_t failure = *e;
    if (failure.code == WK_FORBIDDEN) {
        return wk_hubspot_account_broken(w->ctx, w->organization, &w->account, e) ? WK_DONE
                                                                                  : WK_AGAIN;
    }
    if (failure.code != WK_REFUSED && failure.code != WK_INVALID &&
        w->ctx->attempt < WK_HUBSPOT_ATTEMPTS) {
        return WK_AGAIN;
    }
    return end_unlogged(w, &failure, e);
}

/* What of it is still pending; effect.id absent: nothing is. */
static bool find_pending(wk_tx_t *tx, work_t *w, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {VA_STR("crm"), key_of(w)};
    if (!wk_sql(tx, &wk_sql_effect_pending, params, &rows, e)) {
        return false;
    }
    w->effect.id = wk_rows_count(rows) == 1 ? wk_cell(rows, 0, "id") : VA_STR_NULL;
    return true;
}

static bool drop(wk_tx_t *tx, work_t *w, wk_hubspot_kind_t kind, wk_error_t *e)
{
    w->kind = kind;
    return find_pending(tx, w, e) && (w->effect.id.data == NULL || finish_tx(tx, w, e));
}

/* There is no CRM any more, or nothing to log: nobody misses what was begun. */
static bool drop_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    w->ends_as = WK_EFFECT_FAILED;
    return drop(tx, w, WK_HUBSPOT_CALLS, e) && drop(tx, w, WK_HUBSPOT_NOTES, e);
}

/* ---------------------------------------------------------------- hubspot.log */

wk_outcome_t wk_crm_log(wk_ctx_t *ctx, va_str_t organization, va_str_t call, wk_error_t *e)
{
    work_t w = {.ctx = ctx, .organization = organization, .call = call};
    if (!in_tx(&w, read_tx, e)) {
        return WK_AGAIN;
    }
    if (!w.account.connected || w.row == NULL) {
        return in_tx(&w, drop_tx, e) ? WK_DONE : WK_AGAIN;
    }
    if (!upsert_contact(&w, e) || !in_tx(&w, contact_tx, e) ||
        !log_object(&w, WK_HUBSPOT_CALLS, e) || !log_object(&w, WK_HUBSPOT_NOTES, e)) {
        return failed(&w, e);
    }
    return WK_DONE;
}

bool wk_crm_log_anew(wk_tx_t *tx, va_str_t key, wk_error_t *e)
{
    return queue_log(tx, call_of(key), VA_STR_NULL, e);
}

static bool lost_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_rows_t *account, *call;
    if (!find_pending(tx, w, e) || !wk_sql(tx, &wk_sql_crm_connected, NULL, &account, e) ||
        !wk_sql(tx, &wk_sql_crm_call, &w->call, &call, e)) {
        return false;
    }
    if (w->effect.id.data == NULL) {
        return true;
    }
    w->row = wk_rows_count(call) == 1 ? call : NULL;
    bool missed = w->row != NULL && wk_cell_bool(account, 0, "connected");
    w->ends_as = missed ? WK_EFFECT_UNKNOWN : WK_EFFECT_FAILED;
    return missed ? give_up_tx(tx, w, e) : finish_tx(tx, w, e);
}

wk_outcome_t wk_crm_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    wk_error_t lost;
    size_t before = sizeof(OF_NOTES) - 1;
    bool note = key.len > before && memcmp(key.data, OF_NOTES, before) == 0;
    work_t w = {.ctx = ctx,
                .organization = organization,
                .call = call_of(key),
                .kind = note ? WK_HUBSPOT_NOTES : WK_HUBSPOT_CALLS,
                .failure = &lost};
    wk_error(&lost, WK_UNKNOWN, WK_OUTGOING_LOST);
    if (!in_tx(&w, lost_tx, e)) {
        return WK_AGAIN;
    }
    if (w.ends_as == WK_EFFECT_UNKNOWN) {
        tell_unlogged(&w);
    }
    return WK_DONE;
}

/* ---------------------------------------------------------------- hubspot.contact */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t contact;
    wk_hubspot_account_t account;
    wk_hubspot_contact_t now; /* id absent: it is gone */
} change_t;

static bool account_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    change_t *c = arg;
    return wk_hubspot_account(c->ctx, tx, &c->account, e);
}

static va_str_t text_or_null(va_str_t text)
{
    return text.len > 0 ? text : VA_STR_NULL;
}

static bool change_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const change_t *c = arg;
    char number[VA_PHONE_MAX + 1];
    va_str_t typed = c->now.phone.len > 0 ? c->now.phone : c->now.mobile;
    bool known = typed.len > 0 && va_phone_normalize(number, typed);
    if (c->now.id.data == NULL) {
        return wk_sql(tx, &wk_sql_crm_contact_gone, &c->contact, NULL, e);
    }
    va_str_t params[] = {c->contact, text_or_null(c->now.first_name),
                         text_or_null(c->now.last_name), text_or_null(c->now.email),
                         known ? va_str_c(number) : VA_STR_NULL};
    return wk_sql(tx, &wk_sql_crm_contact_changed, params, NULL, e);
}

wk_outcome_t wk_crm_refresh(wk_ctx_t *ctx, va_str_t organization, va_str_t contact,
                            wk_error_t *e)
{
    change_t c = {.ctx = ctx, .contact = contact};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, account_tx, &c, e)) {
        return WK_AGAIN;
    }
    if (!c.account.connected) {
        return WK_DONE;
    }
    if (!wk_hubspot_contact(&c.account.hubspot, contact, &c.now, e)) {
        if (e->code == WK_FORBIDDEN) {
            return wk_hubspot_account_broken(ctx, organization, &c.account, e) ? WK_DONE
                                                                               : WK_AGAIN;
        }
        if (e->code != WK_NOT_FOUND) {
            return e->code == WK_REFUSED ? WK_GIVE_UP : WK_AGAIN;
        }
        c.now = (wk_hubspot_contact_t){.id = VA_STR_NULL};
    }
    return wk_tx(ctx->db, ctx->arena, organization, 0, change_tx, &c, e) ? WK_DONE : WK_AGAIN;
}
