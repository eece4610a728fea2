#include "worker/handlers/phone.h"

#include <stdlib.h>

#include "worker/admission.h"
#include "worker/agent/event.h"
#include "worker/agent/takeover.h"
#include "worker/call_state.h"
#include "worker/call_token.h"
#include "worker/clock.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/store/phone.h"

#define MAX_TURN 100000

/* ---------------------------------------------------------------- request */

/* A number of the address: digits, else the fallback. */
static int64_t number_arg(const va_form_t *args, const char *name, int64_t fallback)
{
    va_str_t text = va_form_get(args, name);
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || n > MAX_TURN) {
            return fallback;
        }
        n = n * 10 + (text.data[i] - '0');
    }
    return text.len > 0 ? n : fallback;
}

int64_t wk_phone_number_of(wk_ctx_t *ctx, va_str_t query, const char *name)
{
    va_form_t args;
    return va_form_parse(wk_mem(ctx->arena), query, &args) == VA_OK ? number_arg(&args, name, 0)
                                                                    : 0;
}

/* text: the query of an address of ours. */
static bool read_request(wk_ctx_t *ctx, wk_phone_t *v, va_str_t text, va_form_t *args,
                         wk_error_t *e)
{
    *v = (wk_phone_t){.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e)};
    v->speech.ctx = ctx;
    if (v->catalogue == NULL) {
        return false;
    }
    /* What goes wrong from here on is told to the caller, in some language. */
    v->speech.language = wk_catalogue_pick(v->catalogue, VA_STR_NULL, VA_STR_NULL);
    if (!wk_webhook_form(ctx, &v->form, e)) {
        return false;
    }
    if (va_form_parse(wk_mem(ctx->arena), text, args) != VA_OK) {
        return wk_error(e, WK_INVALID, "the address of a call cannot be read");
    }
    v->speech.language = wk_catalogue_pick(v->catalogue, va_form_get(args, "l"), VA_STR_NULL);
    v->turn = number_arg(args, "n", 0);
    v->silences = number_arg(args, "s", 0);
    v->errors = number_arg(args, "e", 0);
    return true;
}

/* The carrier's id of the call; of a person's leg that of the call it was dialled for. */
static bool is_of_call(const wk_phone_t *v, va_str_t call)
{
    return va_str_eq(va_form_get(&v->form, "CallSid"), call) ||
           va_str_eq(va_form_get(&v->form, "ParentCallSid"), call);
}

bool wk_phone_read(wk_ctx_t *ctx, wk_phone_t *v, wk_error_t *e)
{
    return wk_phone_read_query(ctx, v, ctx->job->http_args, e);
}

bool wk_phone_read_query(wk_ctx_t *ctx, wk_phone_t *v, va_str_t query, wk_error_t *e)
{
    va_form_t args;
    va_stream_token_t token;
    if (!read_request(ctx, v, query, &args, e)) {
        return false;
    }
    va_str_t text = va_form_get(&args, "c");
    if (!wk_call_token_verify(ctx->config, ctx->arena, VA_TOKEN_CALL, text, &token, e)) {
        return false;
    }
    if (!is_of_call(v, token.call)) {
        return wk_error(e, WK_FORBIDDEN, "the token is of another call");
    }
    v->speech.token = text;
    v->sid = token.call;
    v->organization = token.organization;
    return true;
}

bool wk_phone_begin(wk_ctx_t *ctx, wk_phone_t *v, wk_error_t *e)
{
    va_form_t args;
    if (!read_request(ctx, v, ctx->job->http_args, &args, e)) {
        return false;
    }
    v->sid = va_form_get(&v->form, "CallSid");
    return wk_webhook_is_id(v->sid) || wk_error(e, WK_INVALID, "a call without a CallSid");
}

/* ---------------------------------------------------------------- what is known */

bool wk_phone_load_shop(wk_tx_t *tx, wk_phone_t *v, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_phone_shop, NULL, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) != 1) {
        return wk_error(e, WK_NOT_FOUND, "the organization is gone");
    }
    v->organization = wk_tx_organization(tx);
    v->shop = wk_cell(rows, 0, "name");
    v->plan = wk_cell(rows, 0, "plan");
    v->owner = wk_cell(rows, 0, "owner_phone");
    v->agent = wk_cell(rows, 0, "elevenlabs_agent_id");
    v->language = wk_cell(rows, 0, "language");
    v->engines = wk_cell_json(wk_tx_arena(tx), rows, 0, "engines");
    v->languages = wk_cell_json(wk_tx_arena(tx), rows, 0, "languages");
    v->destinations = wk_cell_json(wk_tx_arena(tx), rows, 0, "destinations");
    v->own = wk_cell_json(wk_tx_arena(tx), rows, 0, "own_numbers");
    v->end_message = wk_cell_json(wk_tx_arena(tx), rows, 0, "end_message");
    v->transfer_message = wk_cell_json(wk_tx_arena(tx), rows, 0, "transfer_message");
    v->max_calls = wk_cell_int(rows, 0, "max_concurrent_calls", 1);
    v->max_s = wk_cell_int(rows, 0, "max_call_seconds", 1800);
    v->open = wk_cell_bool(rows, 0, "open");
    v->handed = wk_cell_bool(rows, 0, "use_elevenlabs_inbound");
    v->speech.voice = wk_cell(rows, 0, "twilio_voice");
    v->speech.locale = wk_cell(rows, 0, "twilio_language");
    return true;
}

static bool load_call(wk_tx_t *tx, wk_phone_t *v, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_phone_call, &v->sid, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) != 1) {
        return wk_error(e, WK_NOT_FOUND, "the call is not known");
    }
    v->call = wk_cell(rows, 0, "id");
    v->customer = wk_cell(rows, 0, "customer_id");
    v->engine = wk_cell(rows, 0, "engine");
    v->recorded = wk_cell_bool(rows, 0, "recorded");
    if (wk_cell(rows, 0, "language").len > 0) {
        v->language = wk_cell(rows, 0, "language");
    }
    v->number = wk_cell(rows, 0, "customer_number");
    v->shop_number = wk_cell(rows, 0, "shop_number");
    v->elapsed_s = wk_cell_int(rows, 0, "elapsed", 0);
    v->warned = wk_cell_bool(rows, 0, "warned");
    v->attested = wk_cell_bool(rows, 0, "attested");
    v->unanswered = wk_cell_bool(rows, 0, "unanswered");
    return true;
}

bool wk_phone_load(wk_tx_t *tx, wk_phone_t *v, wk_error_t *e)
{
    return wk_phone_load_shop(tx, v, e) && load_call(tx, v, e);
}

va_str_t wk_phone_key(const wk_phone_t *v, int64_t turn)
{
    return wk_printf(v->ctx->arena, "%.*s:%lld", (int)v->sid.len, v->sid.data, (long long)turn);
}

bool wk_phone_answered(wk_tx_t *tx, wk_phone_t *v, int64_t turn, va_str_t *twiml, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t key = wk_phone_key(v, turn);
    if (!wk_sql(tx, &wk_sql_phone_answered, &key, &rows, e)) {
        return false;
    }
    *twiml = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "twiml") : VA_STR_NULL;
    return true;
}

bool wk_phone_next_turn(wk_tx_t *tx, const wk_phone_t *v, int64_t least, int64_t *turn,
                        wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_phone_next_turn, &v->call, &rows, e)) {
        return false;
    }
    int64_t next = wk_cell_int(rows, 0, "turn", 0);
    *turn = next > least ? next : least;
    return true;
}

/* ---------------------------------------------------------------- what is said */

int64_t wk_phone_age_ms(const wk_phone_t *v)
{
    int64_t ms = wk_now_ms() - v->ctx->job->enqueued_ms;
    return ms > 0 ? ms : 0;
}

/* Of the carrier's own turn-taking no more is known (docs/voice.md, "Where the time goes"). */
static bool write_latency(const wk_phone_t *v, va_buf_t *out, wk_error_t *e)
{
    va_buf_init(out, wk_mem(v->ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(out);
    va_json_object(w);
    va_json_add_str(w, "engine", v->engine);
    va_json_add_int(w, "received_ms", 0);
    va_json_add_int(w, "written_ms", wk_phone_age_ms(v));
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ||
           wk_error(e, WK_INTERNAL, "a latency cannot be written");
}

static bool publish_said(wk_tx_t *tx, const wk_phone_t *v, const wk_phone_said_t *said,
                         va_str_t latency, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "agent_response", v->customer, v->call);
    va_json_add_str(ev.json, "callSid", v->sid);
    va_json_add_str(ev.json, "response", said->text);
    va_json_add_str(ev.json, "language", wk_language_code(v->speech.language));
    va_json_key(ev.json, "toolsUsed");
    va_json_put_raw(ev.json, said->used.len > 0 ? said->used : VA_STR("[]"));
    va_json_key(ev.json, "latency");
    va_json_put_raw(ev.json, latency);
    return wk_event_end(&ev, e);
}

bool wk_phone_said(wk_tx_t *tx, const wk_phone_t *v, const wk_phone_said_t *said, wk_error_t *e)
{
    wk_rows_t *rows;
    va_buf_t latency;
    if (!write_latency(v, &latency, e)) {
        return false;
    }
    va_str_t params[] = {v->call,
                         v->customer,
                         said->text,
                         wk_language_code(v->speech.language),
                         wk_phone_key(v, said->turn),
                         said->twiml,
                         va_buf_str(&latency),
                         said->used,
                         said->citations};
    if (!wk_sql(tx, &wk_sql_phone_said, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return wk_error(e, WK_CONFLICT, "the turn was answered before");
    }
    return said->text.len == 0 || publish_said(tx, v, said, va_buf_str(&latency), e);
}

va_str_t wk_phone_text(const wk_phone_t *v, const va_json_t *own, const char *name)
{
    va_str_t text = va_json_string(va_json_get_n(own, wk_language_code(v->speech.language)));
    return text.len > 0 ? text : wk_text(v->speech.language, name);
}

va_str_t wk_phone_who(const wk_phone_t *v)
{
    return v->number.data != NULL ? v->number : va_form_get(&v->form, "From");
}

/* ---------------------------------------------------------------- to a person */

bool wk_phone_held(wk_tx_t *tx, wk_phone_t *v, bool *held, va_str_t *twiml, wk_error_t *e)
{
    int64_t step;
    if (!wk_takeover_holds_call(tx, v->call, v->customer, held, &step, e)) {
        return false;
    }
    if (!*held && v->turn >= WK_PHONE_HELD_TURN) {
        *held = true;
        step = v->turn - WK_PHONE_HELD_TURN;
    }
    if (*held) {
        wk_speech_begin(&v->speech);
        wk_speech_go_to(&v->speech, wk_speech_url(&v->speech, "held", step + 1, NULL));
        *twiml = wk_speech_end(&v->speech);
    }
    return true;
}

wk_destination_t wk_phone_person(const wk_phone_t *v, va_str_t named, va_str_t words)
{
    wk_transfer_wish_t wish = {.destinations = v->destinations,
                               .owner = v->owner,
                               .named = named,
                               .words = words,
                               .caller = v->number,
                               .own = v->own};
    return v->open ? wk_transfer_choose(v->ctx->arena, v->catalogue, &wish)
                   : (wk_destination_t){.number = VA_STR_NULL};
}

static bool publish_transfer(wk_tx_t *tx, const wk_phone_t *v, const wk_destination_t *to,
                             va_str_t reason, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "transfer_initiated", v->customer, v->call);
    va_json_add_str(ev.json, "callSid", v->sid);
    va_json_add_str(ev.json, "reason", reason);
    va_json_add_str(ev.json, "destination", to->name);
    return wk_event_end(&ev, e);
}

bool wk_phone_put_through(wk_tx_t *tx, wk_phone_t *v, const wk_destination_t *to,
                          va_str_t reason, va_str_t text, int64_t turn, wk_error_t *e)
{
    va_str_t params[] = {v->call, to->name, wk_cut_text(reason, 1000)};
    wk_dial_t dial = {.number = to->number,
                      .caller_id = v->shop_number,
                      .turn = turn,
                      .ring_s = 20,
                      .limit_s = WK_PHONE_DIAL_S};
    wk_speech_say(&v->speech, text);
    wk_speech_dial(&v->speech, &dial);
    return wk_sql(tx, &wk_sql_phone_transferred, params, NULL, e) &&
           publish_transfer(tx, v, to, params[2], e);
}

void wk_phone_refused(const char *reason)
{
    wk_count("voiceagent_calls_refused_total", "reason", va_str_c(reason), NULL, VA_STR_NULL,
             1);
}

/* ---------------------------------------------------------------- Redis */

static bool keep_slot(const wk_phone_t *v, int64_t hold_ms, wk_error_t *e)
{
    wk_admission_t admitted;
    wk_admission_request_t request = {
        .organization = v->organization, .call = v->sid, .limit = 0, .hold_ms = hold_ms};
    return wk_admission_reserve(v->ctx->redis, v->ctx->arena, &request, &admitted, e);
}

void wk_phone_keeps_slot(const wk_phone_t *v, int64_t hold_ms)
{
    wk_error_t e;
    if (!keep_slot(v, hold_ms, &e)) {
        wk_log(WK_WARN, "the slot of a call is behind", WK_C("error", e.text));
    }
}

void wk_phone_goes_on(const wk_phone_t *v, int64_t next_turn, int64_t hold_ms)
{
    wk_error_t e;
    bool stale;
    wk_ctx_t *ctx = v->ctx;
    wk_call_field_t fields[] = {
        {"turn", wk_printf(ctx->arena, "%lld", (long long)next_turn)},
        {"language", wk_language_code(v->speech.language)},
    };
    if (!wk_call_state_set(ctx->redis, ctx->arena, v->sid, WK_CALL_ANY_EPOCH, fields, 2, &stale,
                           &e) ||
        !keep_slot(v, hold_ms, &e)) {
        wk_log(WK_WARN, "the state of a call is behind", WK_C("error", e.text));
    }
}

/* ---------------------------------------------------------------- replies */

wk_outcome_t wk_phone_reply(va_reply_t *reply, va_str_t twiml)
{
    reply->status = 200;
    reply->type = VA_STR("text/xml");
    reply->body = twiml;
    return WK_DONE;
}

/* Nothing is behind phone.error. */
static bool is_last_resort(const wk_phone_t *v)
{
    return va_str_eq(v->ctx->job->type, VA_STR("phone.error"));
}

wk_outcome_t wk_phone_failed(wk_phone_t *v, va_reply_t *reply, const wk_error_t *e)
{
    wk_outcome_t outcome = wk_webhook_failed(e);
    if (outcome == WK_AGAIN || v->catalogue == NULL) {
        return outcome;
    }
    wk_log(WK_WARN, "a call cannot go on", WK_C("code", wk_code_name(e->code)),
           WK_C("error", e->text));
    wk_speech_begin(&v->speech);
    if (v->speech.token.data == NULL || is_last_resort(v)) {
        wk_speech_say(&v->speech, wk_text(v->speech.language, "speech.not_in_service"));
        wk_speech_hang_up(&v->speech);
    } else if (e->code == WK_NOT_FOUND) {
        wk_speech_go_to(&v->speech, wk_speech_start(&v->speech));
    } else {
        va_str_t errors = wk_printf(v->ctx->arena, "&e=%lld", (long long)v->errors);
        wk_speech_go_to(&v->speech,
                        wk_speech_url(&v->speech, "handle-error", v->turn, errors.data));
    }
    return wk_phone_reply(reply, wk_speech_end(&v->speech));
}
