#include "worker/config.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "worker/arena.h"
#include "worker/password.h"

#define DIGITS         "0123456789"
#define PRICE_WHOLE    3 /* digits before the point, and behind it */
#define PRICE_FRACTION 9

typedef enum { TEXT, INTEGER, BOOLEAN, LEVEL, PRICE } kind_t;

/* A setting is a line here, a member of wk_config_t and a line of docs/settings.md. */
typedef struct {
    const char *section, *name, *env;
    kind_t kind;
    size_t offset;
    const char *fallback; /* read like a value of the file; NULL: none */
    long min, max;        /* of an INTEGER */
} setting_t;

#define AT(member) offsetof(wk_config_t, member)

static const setting_t settings[] = {
    {"redis", "url", "REDIS_URL", TEXT, AT(redis_url), "redis://127.0.0.1:6379/0", 0, 0},
    {"redis", "voice_url", "REDIS_VOICE_URL", TEXT, AT(redis_voice_url), NULL, 0, 0},

    {"postgres", "url", "APP_DATABASE_URL", TEXT, AT(app_database_url), NULL, 0, 0},
    {"postgres", "owner_url", "DATABASE_URL", TEXT, AT(database_url), NULL, 0, 0},
    {"postgres", "prepare", "VA_PREPARE", BOOLEAN, AT(prepare), "on", 0, 0},

    {"worker", "processes", "VA_WORKERS", INTEGER, AT(processes), "0", 0, 256},
    {"worker", "threads", "VA_THREADS", INTEGER, AT(threads), "8", 4, 256},
    {"worker", "lane_cap", "VA_LANE_CAP", INTEGER, AT(lane_cap), "8", 0, 10000},
    {"worker", "lease_ms", "VA_LEASE_MS", INTEGER, AT(lease_ms), "30000", 1000, 3600000},
    {"worker", "drain_ms", "VA_DRAIN_MS", INTEGER, AT(drain_ms), "25000", 0, 3600000},
    {"worker", "max_attempts", "VA_MAX_ATTEMPTS", INTEGER, AT(max_attempts), "5", 1, 100},
    {"worker", "max_stalls", "VA_MAX_STALLS", INTEGER, AT(max_stalls), "3", 1, 100},
    {"worker", "public_url", "VA_PUBLIC_URL", TEXT, AT(public_url), NULL, 0, 0},
    {"worker", "messages_dir", "VA_MESSAGES_DIR", TEXT, AT(messages_dir),
     "/usr/share/voiceagent/messages", 0, 0},
    {"worker", "sql_dir", "VA_SQL_DIR", TEXT, AT(sql_dir), "/usr/share/voiceagent/sql", 0, 0},
    {"worker", "extract_program", "VA_EXTRACT", TEXT, AT(extract_program), NULL, 0, 0},

    {"log", "level", "LOG_LEVEL", LEVEL, AT(log_level), "info", 0, 0},
    {"log", "file", "VA_LOG_FILE", TEXT, AT(log_file), NULL, 0, 0},

    {"secrets", "jwt", "JWT_SECRET", TEXT, AT(jwt_secret), NULL, 0, 0},
    {"secrets", "internal", "VA_INTERNAL_SECRET", TEXT, AT(internal_secret), NULL, 0, 0},
    {"secrets", "internal_before", "VA_INTERNAL_SECRET_BEFORE", TEXT,
     AT(internal_secret_before), NULL, 0, 0},
    {"secrets", "encryption", "ENCRYPTION_KEY", TEXT, AT(encryption_keys), NULL, 0, 0},

    {"jwks", "url", "JWKS_URL", TEXT, AT(jwks_url), NULL, 0, 0},
    {"jwks", "file", "JWKS_FILE", TEXT, AT(jwks_file), NULL, 0, 0},

    {"accounts", "access_token_s", "VA_ACCESS_TOKEN_S", INTEGER, AT(access_token_s), "900", 60,
     86400},
    {"accounts", "refresh_token_s", "VA_REFRESH_TOKEN_S", INTEGER, AT(refresh_token_s),
     "2592000", 3600, 31536000},
    {"accounts", "password_cost", "VA_PASSWORD_COST", INTEGER, AT(password_cost), "7", 1,
     WK_PASSWORD_COST_MAX},

    {"chat", "session_s", "VA_CHAT_SESSION_S", INTEGER, AT(chat_session_s), "86400", 60,
     2592000},
    {"chat", "day_address", "VA_CHAT_DAY_ADDRESS", INTEGER, AT(chat_day_address), "10", 1,
     1000000},
    {"chat", "day_number", "VA_CHAT_DAY_NUMBER", INTEGER, AT(chat_day_number), "5", 1, 1000000},

    {"twilio", "base_url", "TWILIO_BASE_URL", TEXT, AT(twilio_base_url), NULL, 0, 0},
    {"twilio", "account_sid", "TWILIO_ACCOUNT_SID", TEXT, AT(twilio_account_sid), NULL, 0, 0},
    {"twilio", "auth_token", "TWILIO_AUTH_TOKEN", TEXT, AT(twilio_auth_token), NULL, 0, 0},
    {"elevenlabs", "base_url", "ELEVENLABS_BASE_URL", TEXT, AT(elevenlabs_base_url), NULL, 0,
     0},
    {"elevenlabs", "api_key", "ELEVENLABS_API_KEY", TEXT, AT(elevenlabs_api_key), NULL, 0, 0},
    {"elevenlabs", "tools_secret", "TOOLS_SECRET", TEXT, AT(tools_secret), NULL, 0, 0},
    {"elevenlabs", "voice", "ELEVENLABS_VOICE_ID", TEXT, AT(elevenlabs_voice), NULL, 0, 0},
    {"elevenlabs", "speech_model", "ELEVENLABS_SPEECH_MODEL", TEXT, AT(elevenlabs_speech_model),
     "eleven_flash_v2_5", 0, 0},
    {"openai", "base_url", "OPENAI_BASE_URL", TEXT, AT(openai_base_url), NULL, 0, 0},
    {"openai", "api_key", "OPENAI_API_KEY", TEXT, AT(openai_api_key), NULL, 0, 0},
    {"openai", "model", "OPENAI_MODEL", TEXT, AT(openai_model), "gpt-4.1-mini", 0, 0},
    {"openai", "embedding_model", "OPENAI_EMBEDDING_MODEL", TEXT, AT(openai_embedding_model),
     NULL, 0, 0},
    {"openai", "timeout_ms", "OPENAI_TIMEOUT_MS", INTEGER, AT(openai_timeout_ms), "10000", 100,
     120000},
    {"openai", "turn_ms", "OPENAI_TURN_MS", INTEGER, AT(openai_turn_ms), "20000", 100, 300000},
    {"openai", "realtime_url", "OPENAI_REALTIME_URL", TEXT, AT(openai_realtime_url), NULL, 0,
     0},
    {"openai", "realtime_model", "OPENAI_REALTIME_MODEL", TEXT, AT(openai_realtime_model),
     "gpt-realtime-2.1", 0, 0},
    {"openai", "transcription_model", "OPENAI_TRANSCRIPTION_MODEL", TEXT,
     AT(openai_transcription_model), "gpt-4o-transcribe", 0, 0},
    {"openai", "speech_model", "OPENAI_SPEECH_MODEL", TEXT, AT(openai_speech_model),
     "gpt-4o-mini-tts", 0, 0},
    {"openai", "speech_voice", "OPENAI_SPEECH_VOICE", TEXT, AT(openai_speech_voice), "alloy", 0,
     0},
    {"openai", "session_s", "OPENAI_SESSION_S", INTEGER, AT(openai_session_s), "3300", 1,
     86400},
    {"knowledge", "site_addresses", "VA_SITE_ADDRESSES", TEXT, AT(site_addresses), NULL, 0, 0},
    {"deepgram", "base_url", "DEEPGRAM_BASE_URL", TEXT, AT(deepgram_base_url), NULL, 0, 0},
    {"deepgram", "api_key", "DEEPGRAM_API_KEY", TEXT, AT(deepgram_api_key), NULL, 0, 0},
    {"deepgram", "model", "DEEPGRAM_MODEL", TEXT, AT(deepgram_model), "nova-3", 0, 0},
    {"deepgram", "language", "DEEPGRAM_LANGUAGE", TEXT, AT(deepgram_language), "multi", 0, 0},
    {"deepgram", "voice", "DEEPGRAM_VOICE", TEXT, AT(deepgram_voice), NULL, 0, 0},
    {"shopify", "base_url", "SHOPIFY_BASE_URL", TEXT, AT(shopify_base_url), NULL, 0, 0},
    {"shopify", "access_token", "SHOPIFY_ACCESS_TOKEN", TEXT, AT(shopify_access_token), NULL, 0,
     0},
    {"hubspot", "base_url", "HUBSPOT_BASE_URL", TEXT, AT(hubspot_base_url), NULL, 0, 0},
    {"hubspot", "access_token", "HUBSPOT_ACCESS_TOKEN", TEXT, AT(hubspot_access_token), NULL, 0,
     0},
    {"hubspot", "api_version", "HUBSPOT_API_VERSION", TEXT, AT(hubspot_api_version), "2026-09",
     0, 0},
    {"google", "base_url", "GOOGLE_BASE_URL", TEXT, AT(google_base_url), NULL, 0, 0},
    {"google", "client_id", "GOOGLE_CLIENT_ID", TEXT, AT(google_client_id), NULL, 0, 0},
    {"google", "client_secret", "GOOGLE_CLIENT_SECRET", TEXT, AT(google_client_secret), NULL, 0,
     0},
    {"google", "channel_token", "GOOGLE_CHANNEL_TOKEN", TEXT, AT(google_channel_token), NULL, 0,
     0},
    {"smtp", "url", "SMTP_URL", TEXT, AT(smtp_url), NULL, 0, 0},
    {"smtp", "from", "SMTP_FROM", TEXT, AT(smtp_from), NULL, 0, 0},

    {"livekit", "url", "LIVEKIT_URL", TEXT, AT(livekit_url), NULL, 0, 0},
    {"livekit", "api_key", "LIVEKIT_API_KEY", TEXT, AT(livekit_api_key), NULL, 0, 0},
    {"livekit", "api_secret", "LIVEKIT_API_SECRET", TEXT, AT(livekit_api_secret), NULL, 0, 0},
    {"livekit", "agent", "LIVEKIT_AGENT", TEXT, AT(livekit_agent), NULL, 0, 0},
    {"livekit", "sip", "LIVEKIT_SIP", TEXT, AT(livekit_sip), NULL, 0, 0},
    {"livekit", "sip_username", "LIVEKIT_SIP_USERNAME", TEXT, AT(livekit_sip_username), NULL, 0,
     0},
    {"livekit", "sip_password", "LIVEKIT_SIP_PASSWORD", TEXT, AT(livekit_sip_password), NULL, 0,
     0},

    {"signup", "plan", "VA_SIGNUP_PLAN", TEXT, AT(signup_plan), "PRO", 0, 0},
    {"signup", "trial_days", "VA_SIGNUP_TRIAL_DAYS", INTEGER, AT(signup_trial_days), "14", 0,
     3650},
    {"signup", "credits", "VA_SIGNUP_CREDITS", INTEGER, AT(signup_credits), "100", 0, 1000000},
    {"signup", "numbers_a_day", "VA_SIGNUP_NUMBERS_A_DAY", INTEGER, AT(signup_numbers_a_day),
     "20", 0, 100000},
    {"signup", "country", "VA_SIGNUP_COUNTRY", TEXT, AT(signup_country), "US", 0, 0},
    {"signup", "terms_version", "VA_TERMS_VERSION", TEXT, AT(signup_terms), "1", 0, 0},
    {"signup", "templates_dir", "VA_TEMPLATES_DIR", TEXT, AT(signup_templates),
     "/usr/share/voiceagent/agents", 0, 0},
    {"signup", "assistant", "VA_ASSISTANT_NAME", TEXT, AT(signup_assistant), "Lina", 0, 0},
    {"signup", "product", "VA_PRODUCT_NAME", TEXT, AT(signup_product), "voiceagent", 0, 0},
    {"signup", "backup_phone", "VA_BACKUP_PHONE", TEXT, AT(signup_backup), NULL, 0, 0},
    {"signup", "skip_twilio", "SKIP_TWILIO_PROVISIONING", BOOLEAN, AT(skip_twilio), "off", 0,
     0},
    {"signup", "skip_elevenlabs", "SKIP_ELEVENLABS_PROVISIONING", BOOLEAN, AT(skip_elevenlabs),
     "off", 0, 0},

    {"voice", "processes", "VA_VOICE_PROCESSES", INTEGER, AT(voice_processes), "0", 0, 64},
    {"voice", "listen", "VA_VOICE_LISTEN", TEXT, AT(voice_listen), "/run/voiceagent", 0, 0},
    {"voice", "ca_file", "VA_CA_FILE", TEXT, AT(voice_ca), NULL, 0, 0},
    {"voice", "max_calls", "VA_VOICE_MAX_CALLS", INTEGER, AT(voice_max_calls), "200", 1, 10000},
    {"voice", "speech", "VA_VOICE_SPEECH", TEXT, AT(voice_speech), "deepgram", 0, 0},
    {"voice", "drain_ms", "VA_VOICE_DRAIN_MS", INTEGER, AT(voice_drain_ms), "7200000", 0,
     86400000},

    {"prices", "telephony_in", "VA_PRICE_TELEPHONY_IN", PRICE, AT(price_telephony_in), NULL, 0,
     0},
    {"prices", "telephony_out", "VA_PRICE_TELEPHONY_OUT", PRICE, AT(price_telephony_out), NULL,
     0, 0},
    {"prices", "engine_receptionist", "VA_PRICE_ENGINE_RECEPTIONIST", PRICE,
     AT(price_receptionist), NULL, 0, 0},
    {"prices", "engine_gather", "VA_PRICE_ENGINE_GATHER", PRICE, AT(price_gather), NULL, 0, 0},
    {"prices", "engine_realtime", "VA_PRICE_ENGINE_REALTIME", PRICE, AT(price_realtime), NULL,
     0, 0},
    {"prices", "engine_pipeline", "VA_PRICE_ENGINE_PIPELINE", PRICE, AT(price_pipeline), NULL,
     0, 0},
    {"prices", "engine_elevenlabs", "VA_PRICE_ENGINE_ELEVENLABS", PRICE, AT(price_elevenlabs),
     NULL, 0, 0},
    {"prices", "engine_livekit", "VA_PRICE_ENGINE_LIVEKIT", PRICE, AT(price_livekit), NULL, 0,
     0},
    {"prices", "elevenlabs_credit", "VA_PRICE_ELEVENLABS_CREDIT", PRICE,
     AT(price_elevenlabs_credit), NULL, 0, 0},
    {"prices", "sms_segment", "VA_PRICE_SMS_SEGMENT", PRICE, AT(price_sms_segment), NULL, 0, 0},
    {"prices", "tokens_in", "VA_PRICE_TOKENS_IN", PRICE, AT(price_tokens_in), NULL, 0, 0},
    {"prices", "tokens_out", "VA_PRICE_TOKENS_OUT", PRICE, AT(price_tokens_out), NULL, 0, 0},
};

#define N_SETTINGS (sizeof(settings) / sizeof(*settings))

/* wk_config_t with what it is kept in. */
typedef struct {
    wk_config_t config;
    wk_arena_t *arena;
    const char *path;
    wk_error_t *e;
    bool in_file[N_SETTINGS];
} loader_t;

static bool read_integer(const setting_t *s, const char *value, int *to, wk_error_t *e)
{
    char *end;
    errno = 0;
    long n = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || n < s->min || n > s->max) {
        return wk_error(e, WK_INVALID, "must be a number from %ld to %ld", s->min, s->max);
    }
    *to = (int)n;
    return true;
}

static bool read_boolean(const char *value, bool *to, wk_error_t *e)
{
    static const struct {
        const char *word;
        bool is;
    } words[] = {{"on", true},   {"yes", true}, {"true", true},   {"1", true},
                 {"off", false}, {"no", false}, {"false", false}, {"0", false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcasecmp(value, words[i].word) == 0) {
            *to = words[i].is;
            return true;
        }
    }
    return wk_error(e, WK_INVALID, "must be on or off");
}

static bool read_level(const char *value, wk_level_t *to, wk_error_t *e)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *to = (wk_level_t)i;
            return true;
        }
    }
    return wk_error(e, WK_INVALID, "must be debug, info, warn or error");
}

/* Kept as it is written: whoever computes with it has decimals, which double has not. */
static bool is_price(const char *value)
{
    size_t whole = strspn(value, DIGITS);
    const char *rest = value + whole;
    if (whole == 0 || whole > PRICE_WHOLE) {
        return false;
    }
    if (*rest == '\0') {
        return true;
    }
    size_t fraction = strspn(rest + 1, DIGITS);
    return *rest == '.' && fraction > 0 && fraction <= PRICE_FRACTION &&
           rest[1 + fraction] == '\0';
}

static bool assign(loader_t *l, const setting_t *s, const char *value, wk_error_t *e)
{
    void *to = (char *)&l->config + s->offset;
    switch (s->kind) {
    case INTEGER:
        return read_integer(s, value, to, e);
    case BOOLEAN:
        return read_boolean(value, to, e);
    case LEVEL:
        return read_level(value, to, e);
    case PRICE:
        if (!is_price(value)) {
            return wk_error(e, WK_INVALID, "must be a price like 0.0085, below 1000");
        }
        /* fall through */
    case TEXT:
        *(const char **)to = wk_strdup(l->arena, va_str_c(value));
        return true;
    }
    return wk_error(e, WK_INTERNAL, "setting of no kind");
}

static size_t find_setting(const char *section, const char *name)
{
    size_t i = 0;
    while (i < N_SETTINGS &&
           (strcmp(settings[i].section, section) != 0 || strcmp(settings[i].name, name) != 0)) {
        i++;
    }
    return i;
}

/* To inih a line that begins with a blank is more of the setting before it. */
static bool take_line(loader_t *l, size_t i, const char *value)
{
    if (i == N_SETTINGS) {
        return wk_error(l->e, WK_INVALID, "there is no such setting");
    }
    if (l->in_file[i]) {
        return wk_error(l->e, WK_INVALID, "is set twice, or the line begins with a blank");
    }
    l->in_file[i] = true;
    return *value == '\0' || assign(l, &settings[i], value, l->e);
}

/* Called by inih for a line; 0 is an error. Only the first is told. */
static int on_line(void *user, const char *section, const char *name, const char *value)
{
    loader_t *l = user;
    return l->e->code == WK_OK && (take_line(l, find_setting(section, name), value) ||
                                   wk_error_wrap(l->e, "[%s] %s", section, name));
}

static bool read_file(loader_t *l)
{
    int line = ini_parse(l->path, on_line, l);
    if (line == -1) {
        return wk_error(l->e, WK_INVALID, "%s: %s", l->path, strerror(errno));
    }
    if (line == 0) {
        return true;
    }
    if (l->e->code == WK_OK) {
        wk_error(l->e, WK_INVALID, "not \"name = value\", or longer than 198 characters");
    }
    return wk_error_wrap(l->e, "%s line %d", l->path, line);
}

static bool read_fallbacks(loader_t *l)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        if (settings[i].fallback != NULL &&
            !assign(l, &settings[i], settings[i].fallback, l->e)) {
            return wk_error_wrap(l->e, "default of %s", settings[i].name);
        }
    }
    return true;
}

static bool read_environment(loader_t *l)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const char *value = getenv(settings[i].env);
        if (value != NULL && *value != '\0' && !assign(l, &settings[i], value, l->e)) {
            return wk_error_wrap(l->e, "environment variable %s", settings[i].env);
        }
    }
    return true;
}

static void complete(loader_t *l)
{
    wk_config_t *c = &l->config;
    if (c->processes == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        c->processes = cores > 0 && cores < 256 ? (int)cores : 1;
    }
    if (c->public_url != NULL) {
        va_str_t url = va_str_c(c->public_url);
        while (url.len > 0 && url.data[url.len - 1] == '/') {
            url.len--;
        }
        c->public_url = wk_strdup(l->arena, url);
    }
}

wk_config_t *wk_config_load(const char *path, wk_error_t *e)
{
    wk_arena_t *arena = wk_arena_new();
    loader_t *l = wk_alloc(arena, sizeof(*l));
    *l = (loader_t){.arena = arena, .path = path, .e = e};
    e->code = WK_OK;
    if (!read_fallbacks(l) || (path != NULL && !read_file(l)) || !read_environment(l)) {
        wk_arena_free(arena);
        return NULL;
    }
    complete(l);
    return &l->config;
}

void wk_config_free(wk_config_t *c)
{
    if (c != NULL) {
        wk_arena_free(((loader_t *)c)->arena);
    }
}
