#include "t/handlers/lib/sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/form.h"
#include "worker/agent/calendar_connect.h"
#include "worker/agent/google_account.h"

#define GOOGLE_CLIENT "google-client"
#define GOOGLE_SECRET "google-client-secret"

typedef struct {
    const char *file; /* below t/sim/ */
    const char *base_name;
    char base[64];
    char authorization[256]; /* a header, beside those that all get */
    pid_t pid;
    int64_t judged; /* of its invalid requests, how many were told */
} sim_t;

static sim_t twilio = {.file = "t/sim/twilio.mjs", .base_name = "TWILIO_BASE_URL"};
static sim_t elevenlabs = {.file = "t/sim/elevenlabs.mjs", .base_name = "ELEVENLABS_BASE_URL"};
static sim_t openai = {.file = "t/sim/openai.mjs", .base_name = "OPENAI_BASE_URL"};
static sim_t hubspot = {.file = "t/sim/hubspot.mjs",
                        .base_name = "HUBSPOT_BASE_URL",
                        .authorization = "Authorization: Bearer " HUBSPOT_TOKEN};
static sim_t livekit = {.file = "t/sim/livekit.mjs", .base_name = "LIVEKIT_URL"};
static sim_t google = {.file = "t/sim/google.mjs", .base_name = "GOOGLE_BASE_URL"};
static sim_t shopify = {.file = "t/sim/shopify.mjs", .base_name = "SHOPIFY_BASE_URL"};

static sim_t smtp = {.file = "t/sim/smtp.mjs", .base_name = "SMTP_SIM_URL"};

static sim_t *const sims[] = {&twilio,  &elevenlabs, &openai,  &hubspot,
                              &livekit, &google,     &shopify, &smtp};

/* ---------------------------------------------------------------- patience */

static int patience_ms;

bool __real_wk_http(wk_http_t *h, wk_arena_t *a, const wk_http_request_t *req,
                    wk_http_response_t *res, wk_error_t *e);
bool __wrap_wk_http(wk_http_t *h, wk_arena_t *a, const wk_http_request_t *req,
                    wk_http_response_t *res, wk_error_t *e);

bool __wrap_wk_http(wk_http_t *h, wk_arena_t *a, const wk_http_request_t *req,
                    wk_http_response_t *res, wk_error_t *e)
{
    wk_http_request_t hurried = *req;
    assert_true(req->timeout_ms > 0); /* none waits for ever */
    if (patience_ms > 0 && patience_ms < req->timeout_ms) {
        hurried.timeout_ms = patience_ms;
    }
    return __real_wk_http(h, a, &hurried, res, e);
}

void t_patience(int ms)
{
    patience_ms = ms;
}

/* ---------------------------------------------------------------- asking */

static bool request(const sim_t *s, const char *method, const char *path, const char *body,
                    wk_http_response_t *res)
{
    const char *const headers[] = {"Content-Type: application/json",
                                   "xi-api-key: " ELEVENLABS_KEY,
                                   s->authorization[0] != '\0' ? s->authorization : NULL, NULL};
    bool basic = s->authorization[0] == '\0';
    wk_http_request_t req = {.method = method,
                             .url = wk_printf(t_ctx.arena, "%s%s", s->base, path).data,
                             .headers = headers,
                             .body = va_str_c(body),
                             .basic_user = basic ? TWILIO_ACCOUNT : NULL,
                             .basic_password = basic ? TWILIO_TOKEN : NULL,
                             .timeout_ms = 10000,
                             .max_bytes = 16 << 20};
    return wk_http(t_ctx.http, t_ctx.arena, &req, res, &t_e);
}

static const va_json_t *ask(const sim_t *s, const char *method, const char *path,
                            const char *body)
{
    const va_json_limits_t limits = {16 << 20, 64, 1000000};
    wk_http_response_t res;
    const va_json_t *root;
    assert_ok(request(s, method, path, body, &res));
    if (res.status != 200) {
        fail_msg("%s %s: status %d %.*s", method, path, res.status, (int)res.body.len,
                 res.body.data);
    }
    assert_int_equal(va_json_parse(wk_mem(t_ctx.arena), res.body, &limits, &root), VA_OK);
    return root;
}

const va_json_t *t_twilio_ask(const char *method, const char *path, const char *body)
{
    return ask(&twilio, method, path, body);
}

const va_json_t *t_elevenlabs_ask(const char *method, const char *path, const char *body)
{
    return ask(&elevenlabs, method, path, body);
}

const va_json_t *t_openai_ask(const char *method, const char *path, const char *body)
{
    return ask(&openai, method, path, body);
}

const va_json_t *t_hubspot_ask(const char *method, const char *path, const char *body)
{
    return ask(&hubspot, method, path, body);
}

const va_json_t *t_smtp_ask(const char *method, const char *path, const char *body)
{
    return ask(&smtp, method, path, body);
}

const va_json_t *t_livekit_ask(const char *method, const char *path, const char *body)
{
    return ask(&livekit, method, path, body);
}

const va_json_t *t_google_ask(const char *method, const char *path, const char *body)
{
    return ask(&google, method, path, body);
}

void t_livekit_script(const char *script)
{
    ask(&livekit, "POST", "/_sim/script", script);
}

void t_openai_script(const char *script)
{
    ask(&openai, "POST", "/_sim/script", script);
}

void t_hubspot_script(const char *script)
{
    ask(&hubspot, "POST", "/_sim/script", script);
}

void t_google_script(const char *script)
{
    ask(&google, "POST", "/_sim/script", script);
}

void t_shopify_script(const char *script)
{
    ask(&shopify, "POST", "/_sim/script", script);
}

void t_twilio_script(const char *script)
{
    ask(&twilio, "POST", "/_sim/script", script);
}

void t_elevenlabs_script(const char *script)
{
    ask(&elevenlabs, "POST", "/_sim/script", script);
}

/* ---------------------------------------------------------------- judging */

/* Nothing was sent that breaks the provider's own description, where it is at hand. */
static void judge(sim_t *s)
{
    const char *path =
        wk_printf(t_ctx.arena, "/_sim/invalid?since=%lld", (long long)s->judged).data;
    const va_json_t *list = ask(s, "GET", path, NULL), *r = list->first;
    s->judged += (int64_t)list->count;
    if (r != NULL) {
        va_str_t name = va_json_get_string(r, "path");
        va_str_t wrong = va_json_string(va_json_get(r, "problems")->first);
        va_str_t unknown = va_json_string(va_json_get(r, "unknown")->first);
        fail_msg("%s: %.*s: %.*s %.*s", s->file, (int)name.len, name.data, (int)wrong.len,
                 wrong.data, (int)unknown.len, unknown.data);
    }
}

static void judge_all(void)
{
    for (size_t i = 0; i < sizeof(sims) / sizeof(*sims); i++) {
        if (sims[i]->pid != 0) {
            judge(sims[i]);
        }
    }
}

/* ---------------------------------------------------------------- starting */

static bool answers(void *arg)
{
    wk_http_response_t res;
    return request(arg, "GET", "/_sim", NULL, &res) && res.status == 200;
}

static void start_or_reset(sim_t *s)
{
    if (s->pid == 0) {
        snprintf(s->base, sizeof(s->base), "http://127.0.0.1:%d", t_free_port());
        setenv(s->base_name, s->base, 1);
        s->pid = t_spawn(s->base_name, (const char *const[]){"node", s->file, NULL});
        if (!t_until(answers, s, 30000)) {
            fail_msg("%s does not come up", s->file);
        }
        t_after_each = judge_all;
    }
    ask(s, "POST", "/_sim/reset", NULL);
}

/* Callbacks go where nobody listens: what they would tell is told by the tests. */
static void set_secrets(void)
{
    setenv("VA_PUBLIC_URL", "http://127.0.0.1:9", 1);
    setenv("TWILIO_ACCOUNT_SID", TWILIO_ACCOUNT, 1);
    setenv("TWILIO_AUTH_TOKEN", TWILIO_TOKEN, 1);
    setenv("TWILIO_BASE_URL", "http://127.0.0.1:9", 0);
    setenv("ELEVENLABS_API_KEY", ELEVENLABS_KEY, 1);
    setenv("ELEVENLABS_WEBHOOK_SECRET", "wsec_test", 1);
    setenv("TOOLS_SECRET", "tools-secret", 1);
    setenv("OPENAI_API_KEY", OPENAI_KEY, 1);
    setenv("HUBSPOT_ACCESS_TOKEN", HUBSPOT_TOKEN, 1);
    setenv("HUBSPOT_CLIENT_SECRET", "hubspot-client-secret", 1);
    setenv("LIVEKIT_API_KEY", LIVEKIT_KEY, 1);
    setenv("LIVEKIT_API_SECRET", LIVEKIT_SECRET, 1);
    setenv("LIVEKIT_AGENT", LIVEKIT_AGENT, 1);
    setenv("SHOPIFY_ACCESS_TOKEN", SHOPIFY_TOKEN, 1);
    setenv("SHOPIFY_WEBHOOK_SECRET", "shopify-webhook-secret", 1);
    setenv("GOOGLE_CLIENT_ID", GOOGLE_CLIENT, 1);
    setenv("GOOGLE_CLIENT_SECRET", GOOGLE_SECRET, 1);
}

void t_twilio(void)
{
    set_secrets();
    start_or_reset(&twilio);
    t_config.public_url = "http://127.0.0.1:9";
    t_config.twilio_base_url = twilio.base;
    t_config.twilio_account_sid = TWILIO_ACCOUNT;
    t_config.twilio_auth_token = TWILIO_TOKEN;
}

void t_elevenlabs(void)
{
    set_secrets();
    start_or_reset(&elevenlabs);
    t_config.elevenlabs_base_url = elevenlabs.base;
    t_config.elevenlabs_api_key = ELEVENLABS_KEY;
    t_config.tools_secret = "tools-secret";
}

void t_openai(void)
{
    static char base[80];
    set_secrets();
    start_or_reset(&openai);
    snprintf(base, sizeof(base), "%s/v1", openai.base);
    t_config.openai_base_url = base;
    /* The first question waits for the description. */
    t_config.openai_timeout_ms = t_config.openai_turn_ms = 60000;
    t_config.openai_api_key = OPENAI_KEY;
}

void t_hubspot(void)
{
    set_secrets();
    start_or_reset(&hubspot);
    t_config.hubspot_base_url = hubspot.base;
    t_config.hubspot_access_token = HUBSPOT_TOKEN;
}

void t_livekit(void)
{
    set_secrets();
    start_or_reset(&livekit);
    t_config.livekit_url = livekit.base;
    t_config.livekit_api_key = LIVEKIT_KEY;
    t_config.livekit_api_secret = LIVEKIT_SECRET;
    t_config.livekit_agent = LIVEKIT_AGENT;
}

void t_shopify(void)
{
    set_secrets();
    start_or_reset(&shopify);
    t_config.shopify_base_url = shopify.base;
    t_config.shopify_access_token = SHOPIFY_TOKEN;
}

void t_smtp(void)
{
    static char url[64];
    if (url[0] == '\0') {
        snprintf(url, sizeof(url), "smtp://bici:secret@127.0.0.1:%d", t_free_port());
        setenv("SMTP_URL", url, 1);
    }
    start_or_reset(&smtp);
    t_config.smtp_url = url;
}

/* ---------------------------------------------------------------- Google's consent */

static bool account_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    return wk_google_account_connect(&t_ctx, tx, arg, VA_STR(DANA), e);
}

static bool connect_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    return wk_calendar_connect(&t_ctx, tx, arg, VA_STR(DANA), e);
}

static wk_google_tokens_t grant(const char *account)
{
    const va_json_t *granted =
        ask(&google, "POST", "/_sim/grant",
            wk_printf(t_ctx.arena, "{\"account\":\"%s\"}", account).data);
    wk_google_tokens_t tokens = {.access = va_json_get_string(granted, "access_token"),
                                 .refresh = va_json_get_string(granted, "refresh_token"),
                                 .scope = va_json_get_string(granted, "scope"),
                                 .expires_s = 3600};
    snprintf(google.authorization, sizeof(google.authorization), "Authorization: Bearer %.*s",
             (int)tokens.access.len, tokens.access.data);
    return tokens;
}

void t_google_owner(const char *account)
{
    grant(account);
}

void t_google_consent(const char *account)
{
    wk_google_tokens_t tokens = grant(account);
    assert_ok(wk_tx(t_ctx.db, t_ctx.arena, VA_STR(DOWNTOWN), 0, account_tx, &tokens, &t_e));
}

void t_google_connect(const char *account)
{
    wk_google_tokens_t tokens = grant(account);
    assert_ok(wk_tx(t_ctx.db, t_ctx.arena, VA_STR(DOWNTOWN), 0, connect_tx, &tokens, &t_e));
}

void t_google(void)
{
    set_secrets();
    google.authorization[0] = '\0';
    start_or_reset(&google);
    t_config.google_base_url = google.base;
    t_config.google_client_id = GOOGLE_CLIENT;
    t_config.google_client_secret = GOOGLE_SECRET;
    t_google_consent("owner@downtown.example");
}

/* ---------------------------------------------------------------- looking */

size_t t_google_events(void)
{
    const va_json_t *list =
        ask(&google, "GET", "/calendar/v3/calendars/primary/events?maxResults=2500", NULL);
    return va_json_get(list, "items")->count;
}

size_t t_twilio_sent(const char *to)
{
    va_buf_t path;
    size_t n = 0;
    va_buf_init(&path, wk_mem(t_ctx.arena), 128);
    va_buf_add_c(&path,
                 "/2010-04-01/Accounts/" TWILIO_ACCOUNT "/Messages.json?PageSize=1000&To=");
    va_url_encode(&path, va_str_c(to));
    va_buf_add_char(&path, '\0');
    const va_json_t *root = t_twilio_ask("GET", path.data, NULL);
    const va_json_t *m = va_json_get(root, "messages")->first;
    for (; m != NULL; m = m->next) {
        n += va_str_eq(va_json_get_string(m, "direction"), VA_STR("outbound-api"));
    }
    return n;
}

size_t t_mails(void)
{
    size_t n = 0;
    const va_json_t *r = t_smtp_ask("GET", "/_sim/requests", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += va_json_bool(va_json_get(r, "taken"), false);
    }
    return n;
}

size_t t_twilio_requests(const char *method)
{
    size_t n = 0;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/requests", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += va_str_eq(va_json_get_string(r, "method"), va_str_c(method));
    }
    return n;
}

const char *t_openai_told(void)
{
    va_buf_t out;
    const va_json_t *last = t_openai_ask("GET", "/_sim/requests", NULL)->first;
    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    va_buf_init(&out, wk_mem(t_ctx.arena), 4096);
    va_json_writer_t *w = va_json_writer_new(&out);
    va_json_put_value(w, va_json_get(last, "body"));
    assert_int_equal(va_json_writer_end(w), VA_OK);
    return wk_strdup(t_ctx.arena, va_buf_str(&out));
}
