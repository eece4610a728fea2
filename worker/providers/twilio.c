#define _GNU_SOURCE /* strptime */
#include "worker/providers/twilio.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/form.h"
#include "core/json.h"
#include "worker/json.h"

#define BASE_URL   "https://api.twilio.com"
#define TIMEOUT_MS 8000 /* agent/sms.c counts on it: after 10 s a request is over */
#define PAGE_SIZE  "50"
#define RING_S     "30" /* before a call that nobody answers is given up */

/* ---------------------------------------------------------------- requests */

static bool configured(const wk_ctx_t *ctx, wk_error_t *e)
{
    return (ctx->config->twilio_account_sid != NULL &&
            ctx->config->twilio_auth_token != NULL) ||
           wk_error(e, WK_INTERNAL, "Twilio: no account is configured");
}

static va_str_t account_url(const wk_ctx_t *ctx)
{
    const char *base = ctx->config->twilio_base_url;
    return wk_printf(ctx->arena, "%s/2010-04-01/Accounts/%s", base != NULL ? base : BASE_URL,
                     ctx->config->twilio_account_sid);
}

static va_str_t messages_url(const wk_ctx_t *ctx)
{
    return wk_printf(ctx->arena, "%s/Messages.json", account_url(ctx).data);
}

static bool ask_within(wk_ctx_t *ctx, int timeout_ms, const char *method, const char *url,
                       va_str_t form, wk_http_response_t *res, wk_error_t *e)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          NULL};
    wk_http_request_t req = {.method = method,
                             .url = url,
                             .headers = form.data != NULL ? headers : NULL,
                             .body = form,
                             .basic_user = ctx->config->twilio_account_sid,
                             .basic_password = ctx->config->twilio_auth_token,
                             .timeout_ms = timeout_ms};
    return wk_http(ctx->http, ctx->arena, &req, res, e) || wk_error_wrap(e, "Twilio");
}

static bool ask(wk_ctx_t *ctx, const char *method, const char *url, va_str_t form,
                wk_http_response_t *res, wk_error_t *e)
{
    return ask_within(ctx, TIMEOUT_MS, method, url, form, res, e);
}

static const va_json_t *read_json(wk_ctx_t *ctx, const wk_http_response_t *res)
{
    return wk_json_parse(ctx->arena, res->body);
}

/* ---------------------------------------------------------------- errors */

static wk_code_t class_of(int status, int64_t code)
{
    if (status == 429 || code == 20429) {
        return WK_UNAVAILABLE;
    }
    if (status == 401 || code == 20003) {
        return WK_FORBIDDEN;
    }
    if (status >= 500 || status < 400) {
        return WK_UNKNOWN;
    }
    return WK_REFUSED;
}

/* {"code": 21211, "message": …}; the message may hold a number and stays out. */
static bool refused(wk_ctx_t *ctx, const wk_http_response_t *res, wk_error_t *e)
{
    int64_t code = 0;
    (void)va_json_int(va_json_get(read_json(ctx, res), "code"), &code);
    wk_error(e, class_of(res->status, code), "Twilio: status %d, code %lld", res->status,
             (long long)code);
    e->retry_after_ms = res->retry_after_ms;
    if (code > 0 && code < 100000000) {
        snprintf(e->detail, sizeof(e->detail), "%d", (int)code);
    }
    return false;
}

static bool is_code(const wk_error_t *e, const char *code)
{
    return strcmp(e->detail, code) == 0;
}

bool wk_twilio_opted_out(const wk_error_t *e)
{
    return e->code == WK_REFUSED && is_code(e, "21610");
}

bool wk_twilio_bad_sender(const wk_error_t *e)
{
    return e->code == WK_REFUSED && (is_code(e, "21212") || is_code(e, "21606"));
}

/* ---------------------------------------------------------------- send */

static va_str_t message_form(wk_ctx_t *ctx, const wk_sms_t *sms)
{
    va_buf_t form;
    va_buf_init(&form, wk_mem(ctx->arena), 512);
    va_form_add(&form, VA_STR("To"), sms->to);
    va_form_add(&form, VA_STR("From"), sms->from);
    va_form_add(&form, VA_STR("Body"), sms->body);
    if (ctx->config->public_url != NULL) {
        va_form_add(&form, VA_STR("StatusCallback"),
                    wk_printf(ctx->arena,
                              "%s/api/webhooks/twilio/sms-status?e=%.*s" WK_TWILIO_AGAIN,
                              ctx->config->public_url, (int)sms->effect.len, sms->effect.data));
    }
    return va_buf_str(&form);
}

/* *sid is of what was made. */
static bool create_within(wk_ctx_t *ctx, int timeout_ms, const char *url, va_str_t form,
                          va_str_t *sid, wk_error_t *e)
{
    wk_http_response_t res;
    if (!ask_within(ctx, timeout_ms, "POST", url, form, &res, e)) {
        return false;
    }
    if (res.status != 201 && res.status != 200) {
        return refused(ctx, &res, e);
    }
    *sid = va_json_get_string(read_json(ctx, &res), "sid");
    return sid->len > 0 || wk_error(e, WK_UNKNOWN, "Twilio: an answer without a sid");
}

static bool create(wk_ctx_t *ctx, const char *url, va_str_t form, va_str_t *sid, wk_error_t *e)
{
    return create_within(ctx, TIMEOUT_MS, url, form, sid, e);
}

bool wk_twilio_send(wk_ctx_t *ctx, const wk_sms_t *sms, va_str_t *sid, wk_error_t *e)
{
    return configured(ctx, e) &&
           create(ctx, messages_url(ctx).data, message_form(ctx, sms), sid, e);
}

/* ---------------------------------------------------------------- calls */

/* A number that fits. */
static bool is_digits(va_str_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.len > 0 && text.len < 8;
}

static va_str_t calls_url(const wk_ctx_t *ctx)
{
    return wk_printf(ctx->arena, "%s/Calls.json", account_url(ctx).data);
}

/* In the background: nobody who answers waits in silence for the verdict. */
static void add_detection(va_buf_t *form, const wk_twilio_dial_t *dial)
{
    if (dial->detect_url.data != NULL) {
        va_form_add(form, VA_STR("MachineDetection"),
                    dial->greeting_ends ? VA_STR("DetectMessageEnd") : VA_STR("Enable"));
        va_form_add(form, VA_STR("AsyncAmd"), VA_STR("true"));
        va_form_add(form, VA_STR("AsyncAmdStatusCallback"), dial->detect_url);
        va_form_add(form, VA_STR("AsyncAmdStatusCallbackMethod"), VA_STR("POST"));
    }
}

static va_str_t call_form(wk_ctx_t *ctx, const wk_twilio_dial_t *dial)
{
    static const char *const events[] = {"initiated", "ringing", "answered", "completed"};
    va_buf_t form;
    va_buf_init(&form, wk_mem(ctx->arena), 1024);
    va_form_add(&form, VA_STR("To"), dial->to);
    va_form_add(&form, VA_STR("From"), dial->from);
    va_form_add(&form, VA_STR("Url"), dial->url);
    va_form_add(&form, VA_STR("Method"), VA_STR("POST"));
    va_form_add(&form, VA_STR("Timeout"), VA_STR(RING_S));
    va_form_add(&form, VA_STR("StatusCallback"), dial->status_url);
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
        va_form_add(&form, VA_STR("StatusCallbackEvent"), va_str_c(events[i]));
    }
    add_detection(&form, dial);
    return va_buf_str(&form);
}

bool wk_twilio_dial(wk_ctx_t *ctx, const wk_twilio_dial_t *dial, va_str_t *sid, wk_error_t *e)
{
    return configured(ctx, e) && create(ctx, calls_url(ctx).data, call_form(ctx, dial), sid, e);
}

bool wk_twilio_not_live(const wk_error_t *e)
{
    return e->code == WK_REFUSED && is_code(e, "21220");
}

static const char *call_url(const wk_ctx_t *ctx, va_str_t sid)
{
    return wk_printf(ctx->arena, "%s/Calls/%.*s.json", account_url(ctx).data, (int)sid.len,
                     sid.data)
        .data;
}

static bool update_call(wk_ctx_t *ctx, va_str_t sid, va_str_t form, wk_error_t *e)
{
    wk_http_response_t res;
    if (!configured(ctx, e) || !ask(ctx, "POST", call_url(ctx, sid), form, &res, e)) {
        return false;
    }
    return res.status == 200 || refused(ctx, &res, e);
}

bool wk_twilio_redirect(wk_ctx_t *ctx, va_str_t call_sid, va_str_t url, wk_error_t *e)
{
    va_buf_t form;
    va_buf_init(&form, wk_mem(ctx->arena), 512);
    va_form_add(&form, VA_STR("Url"), url);
    va_form_add(&form, VA_STR("Method"), VA_STR("POST"));
    return update_call(ctx, call_sid, va_buf_str(&form), e);
}

bool wk_twilio_end(wk_ctx_t *ctx, va_str_t call_sid, wk_error_t *e)
{
    return update_call(ctx, call_sid, VA_STR("Status=completed"), e);
}

bool wk_twilio_call(wk_ctx_t *ctx, va_str_t call_sid, bool *known, wk_twilio_call_t *call,
                    wk_error_t *e)
{
    wk_http_response_t res;
    *call = (wk_twilio_call_t){.ended = 0};
    if (!configured(ctx, e) ||
        !ask(ctx, "GET", call_url(ctx, call_sid), VA_STR_NULL, &res, e)) {
        return false;
    }
    *known = res.status == 200;
    if (!*known) {
        return res.status == 404 || refused(ctx, &res, e);
    }
    const va_json_t *found = read_json(ctx, &res);
    va_str_t seconds = va_json_get_string(found, "duration");
    call->status = va_json_get_string(found, "status");
    call->seconds = is_digits(seconds) ? seconds : VA_STR_NULL;
    call->ended = wk_twilio_time(va_json_get_string(found, "end_time"));
    return call->status.len > 0 || wk_error(e, WK_UNKNOWN, "Twilio: a call without a status");
}

/* ---------------------------------------------------------------- recordings */

#define SOUND_MS 180000 /* of hours of talk, over a slow line */

static bool is_status(const va_json_t *item, const char *status)
{
    return va_str_eq(va_json_get_string(item, "status"), va_str_c(status));
}

/* A number as text, "42"; 0 for anything else. */
static int64_t whole_seconds(va_str_t text)
{
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || n > INT32_MAX / 10) {
            return 0;
        }
        n = n * 10 + (text.data[i] - '0');
    }
    return n;
}

static wk_twilio_recording_t recording_of(const va_json_t *item)
{
    return (wk_twilio_recording_t){
        .sid = va_json_get_string(item, "sid"),
        .ready = is_status(item, "completed"),
        .absent = is_status(item, "absent") || is_status(item, "failed"),
        .began = wk_twilio_time(va_json_get_string(item, "start_time")),
        .seconds = whole_seconds(va_json_get_string(item, "duration")),
    };
}

bool wk_twilio_recordings(wk_ctx_t *ctx, va_str_t call_sid, wk_twilio_recording_t *recordings,
                          size_t *n, wk_error_t *e)
{
    const va_json_t *list;
    *n = 0;
    if (!configured(ctx, e)) {
        return false;
    }
    const char *url = wk_printf(ctx->arena, "%s/Calls/%.*s/Recordings.json?PageSize=" PAGE_SIZE,
                                account_url(ctx).data, (int)call_sid.len, call_sid.data)
                          .data;
    wk_http_response_t res;
    if (!ask(ctx, "GET", url, VA_STR_NULL, &res, e)) {
        return false;
    }
    if (res.status == 404) {
        return wk_error(e, WK_NOT_FOUND, "Twilio: it knows no such call");
    }
    if (res.status != 200) {
        return refused(ctx, &res, e);
    }
    list = va_json_get(read_json(ctx, &res), "recordings");
    if (!va_json_is(list, VA_JSON_ARRAY)) {
        return wk_error(e, WK_UNKNOWN, "Twilio: an answer without recordings");
    }
    for (const va_json_t *r = list->first; r != NULL && *n < WK_TWILIO_RECORDINGS;
         r = r->next) {
        wk_twilio_recording_t found = recording_of(r);
        if (found.sid.len > 0 && !is_status(r, "deleted")) {
            recordings[(*n)++] = found;
        }
    }
    return true;
}

bool wk_twilio_sound(wk_ctx_t *ctx, va_str_t sid, size_t max_bytes, wk_http_piece_fn on_piece,
                     void *arg, wk_error_t *e)
{
    wk_http_response_t res;
    if (!configured(ctx, e)) {
        return false;
    }
    wk_http_request_t req = {.method = "GET",
                             .url = wk_printf(ctx->arena, "%s/Recordings/%.*s.mp3",
                                              account_url(ctx).data, (int)sid.len, sid.data)
                                        .data,
                             .basic_user = ctx->config->twilio_account_sid,
                             .basic_password = ctx->config->twilio_auth_token,
                             .timeout_ms = SOUND_MS,
                             .max_bytes = max_bytes,
                             .on_piece = on_piece,
                             .on_piece_ctx = arg};
    if (!wk_http(ctx->http, ctx->arena, &req, &res, e)) {
        return wk_error_wrap(e, "Twilio");
    }
    return res.status == 200 || refused(ctx, &res, e);
}

bool wk_twilio_stop_recording(wk_ctx_t *ctx, va_str_t call_sid, wk_error_t *e)
{
    wk_http_response_t res;
    va_str_t url = wk_printf(ctx->arena, "%s/Calls/%.*s/Recordings/Twilio.CURRENT.json",
                             account_url(ctx).data, (int)call_sid.len, call_sid.data);
    if (!configured(ctx, e) || !ask(ctx, "POST", url.data, VA_STR("Status=stopped"), &res, e)) {
        return false;
    }
    if (res.status == 404) {
        return wk_error(e, WK_NOT_FOUND, "Twilio: nothing is recorded");
    }
    return res.status == 200 || refused(ctx, &res, e);
}

/* ---------------------------------------------------------------- delete */

bool wk_twilio_delete(wk_ctx_t *ctx, const char *resource, va_str_t sid, wk_error_t *e)
{
    wk_http_response_t res;
    va_str_t url = wk_printf(ctx->arena, "%s/%s/%.*s.json", account_url(ctx).data, resource,
                             (int)sid.len, sid.data);
    if (!configured(ctx, e) || !ask(ctx, "DELETE", url.data, VA_STR_NULL, &res, e)) {
        return false;
    }
    if (res.status == 404) {
        return wk_error(e, WK_NOT_FOUND, "Twilio: it is not there");
    }
    if (res.status == 204) {
        return true;
    }
    (void)refused(ctx, &res, e);
    e->code = res.status == 409 ? WK_CONFLICT : e->code;
    return false;
}

/* ---------------------------------------------------------------- find */

int64_t wk_twilio_time(va_str_t date)
{
    char text[64];
    struct tm t = {.tm_isdst = 0};
    if (date.len == 0 || date.len >= sizeof(text)) {
        return 0;
    }
    snprintf(text, sizeof(text), "%.*s", (int)date.len, date.data);
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S", &t);
    return end != NULL && strcmp(end, " +0000") == 0 ? (int64_t)timegm(&t) : 0;
}

/*
 * Not by DateSent, as would seem natural: a message that waits in a queue has none yet, and
 * it is such a one that must not be overlooked.
 */
static const char *list_url(wk_ctx_t *ctx, va_str_t resource, va_str_t from, va_str_t to)
{
    va_buf_t query;
    va_buf_init(&query, wk_mem(ctx->arena), 160);
    va_form_add(&query, VA_STR("To"), to);
    va_form_add(&query, VA_STR("From"), from);
    va_form_add(&query, VA_STR("PageSize"), VA_STR(PAGE_SIZE));
    va_str_t args = va_buf_str(&query);
    return wk_printf(ctx->arena, "%s?%.*s", resource.data, (int)args.len, args.data).data;
}

/* A page of them, under that name. */
static bool list_within(wk_ctx_t *ctx, int timeout_ms, const char *url, const char *name,
                        const va_json_t **items, wk_error_t *e)
{
    wk_http_response_t res;
    if (!ask_within(ctx, timeout_ms, "GET", url, VA_STR_NULL, &res, e)) {
        return false;
    }
    if (res.status != 200) {
        return refused(ctx, &res, e);
    }
    *items = va_json_get(read_json(ctx, &res), name);
    return va_json_is(*items, VA_JSON_ARRAY) ||
           wk_error(e, WK_UNKNOWN, "Twilio: an answer without %s", name);
}

static bool list(wk_ctx_t *ctx, const char *url, const char *name, const va_json_t **items,
                 wk_error_t *e)
{
    return list_within(ctx, TIMEOUT_MS, url, name, items, e);
}

static bool is_since(const va_json_t *item, int64_t since)
{
    return wk_twilio_time(va_json_get_string(item, "date_created")) >= since;
}

/* A trial account's messages have words of Twilio's before ours. */
static bool ends_with(va_str_t text, va_str_t body)
{
    return text.len >= body.len &&
           memcmp(text.data + text.len - body.len, body.data, body.len) == 0;
}

bool wk_twilio_find(wk_ctx_t *ctx, const wk_sms_t *sms, int64_t since, va_str_t *sids,
                    size_t *n, wk_error_t *e)
{
    const va_json_t *messages;
    *n = 0;
    if (!configured(ctx, e) || !list(ctx, list_url(ctx, messages_url(ctx), sms->from, sms->to),
                                     "messages", &messages, e)) {
        return false;
    }
    const va_json_t *m = messages->first;
    for (; m != NULL && *n < WK_TWILIO_FOUND; m = m->next) {
        va_str_t sid = va_json_get_string(m, "sid"), body = va_json_get_string(m, "body");
        if (sid.len > 0 && body.data != NULL && ends_with(body, sms->body) &&
            is_since(m, since)) {
            sids[(*n)++] = sid;
        }
    }
    return true;
}

bool wk_twilio_find_calls(wk_ctx_t *ctx, va_str_t from, va_str_t to, int64_t since,
                          va_str_t *sids, size_t *n, wk_error_t *e)
{
    const va_json_t *calls;
    *n = 0;
    if (!configured(ctx, e) ||
        !list(ctx, list_url(ctx, calls_url(ctx), from, to), "calls", &calls, e)) {
        return false;
    }
    for (const va_json_t *c = calls->first; c != NULL && *n < WK_TWILIO_FOUND; c = c->next) {
        va_str_t sid = va_json_get_string(c, "sid");
        if (sid.len > 0 && is_since(c, since)) {
            sids[(*n)++] = sid;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- numbers */

static va_str_t numbers_url(const wk_ctx_t *ctx)
{
    return wk_printf(ctx->arena, "%s/IncomingPhoneNumbers", account_url(ctx).data);
}

/* A question may be asked again, whatever became of it. */
static bool ask_list(wk_ctx_t *ctx, int timeout_ms, const char *url, const char *name,
                     const va_json_t **items, wk_error_t *e)
{
    if (configured(ctx, e) && list_within(ctx, timeout_ms, url, name, items, e)) {
        return true;
    }
    e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
    return false;
}

static const char *for_sale_url(wk_ctx_t *ctx, va_str_t country, va_str_t area)
{
    va_buf_t query;
    va_buf_init(&query, wk_mem(ctx->arena), 160);
    if (area.len > 0) {
        va_form_add(&query, VA_STR("AreaCode"), area);
    }
    va_form_add(&query, VA_STR("VoiceEnabled"), VA_STR("true"));
    va_form_add(&query, VA_STR("SmsEnabled"), VA_STR("true"));
    va_form_add(&query, VA_STR("PageSize"), VA_STR("20"));
    va_str_t args = va_buf_str(&query);
    return wk_printf(ctx->arena, "%s/AvailablePhoneNumbers/%.*s/Local.json?%.*s",
                     account_url(ctx).data, (int)country.len, country.data, (int)args.len,
                     args.data)
        .data;
}

/* In some countries a number is sold only to who has an address there. */
static bool is_for_anybody(const va_json_t *number)
{
    return va_str_eq(va_json_get_string(number, "address_requirements"), VA_STR("none"));
}

bool wk_twilio_numbers_for_sale(wk_ctx_t *ctx, int timeout_ms, va_str_t country, va_str_t area,
                                va_str_t *numbers, size_t *n, wk_error_t *e)
{
    const va_json_t *all;
    *n = 0;
    if (!ask_list(ctx, timeout_ms, for_sale_url(ctx, country, area), "available_phone_numbers",
                  &all, e)) {
        return e->code == WK_REFUSED; /* a country or an area that there is none of */
    }
    for (const va_json_t *a = all->first; a != NULL && *n < WK_TWILIO_FOUND; a = a->next) {
        va_str_t number = va_json_get_string(a, "phone_number");
        if (number.len > 0 && is_for_anybody(a)) {
            numbers[(*n)++] = number;
        }
    }
    return true;
}

static void add_place(wk_ctx_t *ctx, va_buf_t *form, const char *name, const char *path)
{
    va_form_add(form, va_str_c(name),
                wk_printf(ctx->arena, "%s%s", ctx->config->public_url, path));
}

/* Where a number's calls and texts are told; in each case with POST, which is the default. */
static void add_places(wk_ctx_t *ctx, va_buf_t *form)
{
    add_place(ctx, form, "VoiceUrl", "/api/voice/incoming");
    add_place(ctx, form, "VoiceFallbackUrl", "/voice/rachel/");
    add_place(ctx, form, "StatusCallback", "/api/voice/status" WK_TWILIO_AGAIN);
    add_place(ctx, form, "SmsUrl", "/api/webhooks/twilio/sms" WK_TWILIO_AGAIN);
}

bool wk_twilio_number_buy(wk_ctx_t *ctx, int timeout_ms, va_str_t number, va_str_t name,
                          va_str_t *sid, wk_error_t *e)
{
    va_buf_t form;
    va_str_t url = wk_printf(ctx->arena, "%s.json", numbers_url(ctx).data);
    va_buf_init(&form, wk_mem(ctx->arena), 512);
    va_form_add(&form, VA_STR("PhoneNumber"), number);
    va_form_add(&form, VA_STR("FriendlyName"), name);
    add_places(ctx, &form);
    return configured(ctx, e) &&
           create_within(ctx, timeout_ms, url.data, va_buf_str(&form), sid, e);
}

bool wk_twilio_number_gone(const wk_error_t *e)
{
    return e->code == WK_REFUSED && (is_code(e, "21422") || is_code(e, "21452"));
}

bool wk_twilio_numbers_named(wk_ctx_t *ctx, int timeout_ms, va_str_t name,
                             wk_twilio_number_t *numbers, size_t *n, wk_error_t *e)
{
    va_buf_t query;
    const va_json_t *all;
    *n = 0;
    va_buf_init(&query, wk_mem(ctx->arena), 160);
    va_form_add(&query, VA_STR("FriendlyName"), name);
    va_str_t url = wk_printf(ctx->arena, "%s.json?%.*s", numbers_url(ctx).data,
                             (int)va_buf_str(&query).len, va_buf_str(&query).data);
    if (!ask_list(ctx, timeout_ms, url.data, "incoming_phone_numbers", &all, e)) {
        return false;
    }
    for (const va_json_t *a = all->first; a != NULL && *n < WK_TWILIO_FOUND; a = a->next) {
        if (va_str_eq(va_json_get_string(a, "friendly_name"), name)) {
            numbers[(*n)++] =
                (wk_twilio_number_t){.number = va_json_get_string(a, "phone_number"),
                                     .sid = va_json_get_string(a, "sid")};
        }
    }
    return true;
}

/* *status: of an answer, if there was one. */
static bool change_number(wk_ctx_t *ctx, int timeout_ms, const char *method, va_str_t sid,
                          va_str_t form, int *status, wk_error_t *e)
{
    wk_http_response_t res;
    va_str_t url =
        wk_printf(ctx->arena, "%s/%.*s.json", numbers_url(ctx).data, (int)sid.len, sid.data);
    if (!configured(ctx, e) || !ask_within(ctx, timeout_ms, method, url.data, form, &res, e)) {
        return false;
    }
    *status = res.status;
    return res.status < 300 || refused(ctx, &res, e);
}

bool wk_twilio_number_release(wk_ctx_t *ctx, int timeout_ms, va_str_t sid, wk_error_t *e)
{
    int status = 0;
    return change_number(ctx, timeout_ms, "DELETE", sid, VA_STR_NULL, &status, e) ||
           status == 404;
}

bool wk_twilio_number_reclaim(wk_ctx_t *ctx, int timeout_ms, va_str_t sid, wk_error_t *e)
{
    int status;
    va_buf_t form;
    va_buf_init(&form, wk_mem(ctx->arena), 512);
    add_places(ctx, &form);
    return change_number(ctx, timeout_ms, "POST", sid, va_buf_str(&form), &status, e);
}
