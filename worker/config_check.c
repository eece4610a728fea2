/* What is missing, or cannot be meant as it is written, before anything is begun with it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/phone.h"
#include "worker/arena.h"
#include "worker/config.h"
#include "worker/mail_header.h"
#include "worker/postgres_url.h"
#include "worker/public_address.h"
#include "worker/redis_url.h"

#define MIN_SECRET      32                    /* characters; RFC 7518 3.2 for HS256 */
#define ENCRYPTION_SIZE 32                    /* bytes; AES-256 */
#define ENCRYPTION_ID   255                   /* bytes of a key's name, before each value */
#define SOCKET_NAME     "/voice.4194304.sock" /* in VA_VOICE_LISTEN, of the highest process id */
#define MAX_SIP_HOST                                                                           \
    160 /* an address is at most 255 at Twilio's, with the room's name before it */

typedef struct {
    wk_report_fn report;
    void *ctx;
    bool ok;
} findings_t;

static void found(findings_t *f, bool fatal, const char *text)
{
    f->report(f->ctx, fatal, text);
    f->ok = f->ok && !fatal;
}

static void check_secret(findings_t *f, const char *name, const char *value)
{
    char text[160];
    if (value == NULL) {
        snprintf(text, sizeof(text), "%s is not set", name);
        found(f, true, text);
    } else if (strlen(value) < MIN_SECRET) {
        snprintf(text, sizeof(text), "%s is shorter than %d characters", name, MIN_SECRET);
        found(f, true, text);
    }
}

/* One "id:base64" of the list. */
static bool encryption_key_valid(va_str_t key)
{
    const char *colon = memchr(key.data, ':', key.len);
    if (colon == NULL || colon == key.data || colon - key.data > ENCRYPTION_ID) {
        return false;
    }
    va_str_t text = va_str(colon + 1, key.len - (size_t)(colon + 1 - key.data));
    uint8_t bytes[VA_BASE64_MAX(VA_BASE64_LEN(ENCRYPTION_SIZE))];
    size_t len;
    return text.len == VA_BASE64_LEN(ENCRYPTION_SIZE) &&
           va_base64_decode(bytes, &len, text) == VA_OK && len == ENCRYPTION_SIZE;
}

/* Whether one of the list before key, which is within it, has the same name. */
static bool encryption_id_taken(const char *keys, va_str_t key)
{
    size_t id = strcspn(key.data, ":") + 1; /* with its colon */
    while (keys < key.data) {
        if (strncmp(keys, key.data, id) == 0) {
            return true;
        }
        keys += strcspn(keys, ",") + 1;
    }
    return false;
}

static void check_encryption(findings_t *f, const char *keys)
{
    const char *first = keys;
    if (keys == NULL) {
        found(f, true, "ENCRYPTION_KEY is not set");
        return;
    }
    while (*keys != '\0') {
        va_str_t key = va_str(keys, strcspn(keys, ","));
        if (!encryption_key_valid(key)) {
            found(f, true, "ENCRYPTION_KEY is not a list of id:base64 of 32 bytes each");
            return;
        }
        if (encryption_id_taken(first, key)) {
            found(f, true, "two keys of ENCRYPTION_KEY have one id: the second opens nothing");
            return;
        }
        keys += key.len;
        keys += *keys == ',';
    }
}

static void check_redis_url(findings_t *f, const char *name, const char *url)
{
    wk_error_t e;
    wk_redis_url_t parsed;
    char text[sizeof(e.text) + 20];
    wk_arena_t *a = wk_arena_new();
    if (url != NULL && !wk_redis_url_parse(a, url, &parsed, &e)) {
        snprintf(text, sizeof(text), "%s: %s", name, e.text);
        found(f, true, text);
    }
    wk_arena_free(a);
}

static void check_postgres_url(findings_t *f, const char *name, const char *url)
{
    char text[120];
    if (url != NULL && !wk_postgres_url_valid(url)) {
        snprintf(text, sizeof(text), "%s is no address like postgresql://user:password@host/db",
                 name);
        found(f, true, text);
    }
}

static const char *const web[] = {"https://", "http://", NULL};
static const char *const sockets[] = {"wss://", "ws://", NULL};
static const char *const rooms[] = {"wss://", "ws://", "https://", "http://", NULL};
static const char *const mail[] = {"smtps://", "smtp://", NULL};

static bool has_scheme(const char *url, const char *const *schemes)
{
    while (*schemes != NULL && strncasecmp(url, *schemes, strlen(*schemes)) != 0) {
        schemes++;
    }
    return *schemes != NULL;
}

/* Without one curl takes plain http: the provider's key would be there for all to read. */
static void check_schemes(findings_t *f, const wk_config_t *c)
{
    const struct {
        const char *name, *url;
        const char *const *schemes;
    } urls[] = {
        {"VA_PUBLIC_URL", c->public_url, web},
        {"JWKS_URL", c->jwks_url, web},
        {"TWILIO_BASE_URL", c->twilio_base_url, web},
        {"ELEVENLABS_BASE_URL", c->elevenlabs_base_url, web},
        {"OPENAI_BASE_URL", c->openai_base_url, web},
        {"OPENAI_REALTIME_URL", c->openai_realtime_url, sockets},
        {"DEEPGRAM_BASE_URL", c->deepgram_base_url, web},
        {"SHOPIFY_BASE_URL", c->shopify_base_url, web},
        {"HUBSPOT_BASE_URL", c->hubspot_base_url, web},
        {"GOOGLE_BASE_URL", c->google_base_url, web},
        {"LIVEKIT_URL", c->livekit_url, rooms},
        {"SMTP_URL", c->smtp_url, mail},
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        char text[120];
        if (urls[i].url != NULL && !has_scheme(urls[i].url, urls[i].schemes)) {
            snprintf(text, sizeof(text), "%s does not begin with %s", urls[i].name,
                     urls[i].schemes[0]);
            found(f, true, text);
        }
    }
}

static void check_urls(findings_t *f, const wk_config_t *c)
{
    check_redis_url(f, "REDIS_URL", c->redis_url);
    check_redis_url(f, "REDIS_VOICE_URL", c->redis_voice_url);
    check_postgres_url(f, "APP_DATABASE_URL", c->app_database_url);
    check_postgres_url(f, "DATABASE_URL", c->database_url);
    if (c->app_database_url == NULL) {
        found(f, true, "APP_DATABASE_URL is not set");
    } else if (c->database_url != NULL && strcmp(c->app_database_url, c->database_url) == 0) {
        found(f, true,
              "APP_DATABASE_URL is the owner's DATABASE_URL: row level security "
              "would not hold");
    }
    check_schemes(f, c);
    if (c->public_url == NULL) {
        found(f, true, "VA_PUBLIC_URL is not set: providers could not be told where to call");
    } else if (has_scheme(c->public_url, web) && strncmp(c->public_url, "https://", 8) != 0) {
        found(f, false, "VA_PUBLIC_URL does not begin with https://");
    }
}

/* host[:port][;parameter=value…]: what stands behind the @ of a SIP address. */
static bool is_sip_host(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_:;=[]";
    return strlen(text) <= MAX_SIP_HOST && strchr(".-_:;=", *text) == NULL &&
           text[strspn(text, allowed)] == '\0';
}

static void check_livekit(findings_t *f, const wk_config_t *c)
{
    if (c->livekit_sip != NULL && !is_sip_host(c->livekit_sip)) {
        found(f, true, "LIVEKIT_SIP is no host like sip.example.com or sip.example.com:5061");
    }
    if ((c->livekit_sip_username == NULL) != (c->livekit_sip_password == NULL)) {
        found(f, true, "of LIVEKIT_SIP_USERNAME and LIVEKIT_SIP_PASSWORD only one is set");
    }
}

static bool is_numeric_address(const char *text)
{
    struct in6_addr address; /* room for both */
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_speaker(const char *name)
{
    return strcmp(name, "deepgram") == 0 || strcmp(name, "elevenlabs") == 0 ||
           strcmp(name, "openai") == 0;
}

static void check_voice(findings_t *f, const wk_config_t *c)
{
    if (c->voice_listen[0] != '/' && !is_numeric_address(c->voice_listen)) {
        found(f, true, "VA_VOICE_LISTEN is neither the whole path of a folder nor an address");
    }
    /* libuv would cut it off without a word. */
    if (strlen(c->voice_listen) + sizeof(SOCKET_NAME) >
        sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        found(f, true, "VA_VOICE_LISTEN is too long a path for a socket");
    }
    if (!is_speaker(c->voice_speech)) {
        found(f, true, "VA_VOICE_SPEECH is not deepgram, elevenlabs or openai");
    }
    if (c->voice_ca != NULL && access(c->voice_ca, R_OK) != 0) {
        found(f, true, "the file VA_CA_FILE cannot be read");
    }
}

static bool is_plan(const char *plan)
{
    return plan != NULL && (strcmp(plan, "FREE") == 0 || strcmp(plan, "BASIC") == 0 ||
                            strcmp(plan, "PRO") == 0);
}

static void check_signup(findings_t *f, const wk_config_t *c)
{
    if (!is_plan(c->signup_plan)) {
        found(f, true, "VA_SIGNUP_PLAN is not FREE, BASIC or PRO");
    }
    if (c->signup_backup != NULL && !va_phone_is_e164(va_str_c(c->signup_backup))) {
        found(f, true, "VA_BACKUP_PHONE is no number like +14165550100");
    }
    if (c->elevenlabs_api_key != NULL && !c->skip_elevenlabs && c->tools_secret == NULL) {
        found(f, false, "TOOLS_SECRET is not set: shops that sign up get no agent");
    }
}

bool wk_config_check(const wk_config_t *c, bool calls, wk_report_fn report, void *ctx)
{
    findings_t f = {report, ctx, true};
    check_urls(&f, c);
    check_secret(&f, "JWT_SECRET", c->jwt_secret);
    check_secret(&f, "VA_INTERNAL_SECRET", c->internal_secret);
    if (c->internal_secret_before != NULL) {
        check_secret(&f, "VA_INTERNAL_SECRET_BEFORE", c->internal_secret_before);
    }
    if (c->jwt_secret != NULL && c->internal_secret != NULL &&
        strcmp(c->jwt_secret, c->internal_secret) == 0) {
        found(&f, true, "VA_INTERNAL_SECRET is the same as JWT_SECRET");
    }
    check_encryption(&f, c->encryption_keys);
    if (c->twilio_account_sid == NULL || c->twilio_auth_token == NULL) {
        found(&f, false, "Twilio is not configured: no SMS, no calls");
    }
    if (c->elevenlabs_api_key == NULL) {
        found(&f, false, "ElevenLabs is not configured: no hosted agents, no premium voices");
    }
    if (c->openai_api_key == NULL) {
        found(&f, false, "OpenAI is not configured: the embedded receptionist answers");
    }
    if (calls) {
        check_voice(&f, c);
    }
    check_signup(&f, c);
    if (c->google_client_id == NULL || c->google_client_secret == NULL) {
        found(&f, false, "Google is not configured: no calendar can be connected");
    }
    check_livekit(&f, c);
    if ((c->jwks_url == NULL) != (c->jwks_file == NULL)) {
        found(&f, false, "of JWKS_URL and JWKS_FILE only one is set: no key set is fetched");
    }
    if (c->jwks_url != NULL && strncasecmp(c->jwks_url, "http://", 7) == 0) {
        found(&f, false, "JWKS_URL is plain http: whoever is on the way can make tokens");
    }
    if (c->smtp_url == NULL) {
        found(&f, false, "SMTP is not configured: no e-mail");
    }
    if (c->smtp_from != NULL && !wk_mail_is_address(va_str_c(c->smtp_from))) {
        found(&f, true, "SMTP_FROM is no address like no-reply@example.com");
    }
    if (c->site_addresses != NULL && !wk_address_list_valid(c->site_addresses)) {
        found(&f, true, "VA_SITE_ADDRESSES is no list of numeric addresses");
    }
    return f.ok;
}
