#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/config.h"

static char path[] = "/tmp/voiceagent-config-XXXXXX";
static const char *const variables[] = {
    "REDIS_URL",     "VA_THREADS", "VA_WORKERS", "LOG_LEVEL",
    "VA_PUBLIC_URL", "JWT_SECRET", "VA_PREPARE", NULL};

static int setup(void **state)
{
    (void)state;
    for (const char *const *v = variables; *v != NULL; v++) {
        unsetenv(*v);
    }
    return 0;
}

static const char *file_of(const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static wk_config_t *load(const char *text)
{
    wk_error_t e;
    wk_config_t *c = wk_config_load(text != NULL ? file_of(text) : NULL, &e);
    if (c == NULL) {
        fail_msg("%s", e.text);
    }
    return c;
}

static void test_voice_processes_may_log_in_as_another(void **state)
{
    (void)state;
    wk_config_t *c = load("[redis]\nurl = unix:/a\nvoice_url = unix:/b\n");
    assert_string_equal(c->redis_url, "unix:/a");
    assert_string_equal(wk_config_voice_redis(c), "unix:/b");
    wk_config_free(c);
}

static void test_there_are_defaults(void **state)
{
    (void)state;
    wk_config_t *c = load(NULL);
    assert_string_equal(c->redis_url, "redis://127.0.0.1:6379/0");
    assert_string_equal(wk_config_voice_redis(c), c->redis_url);
    assert_int_equal(c->threads, 8);
    assert_true(c->processes >= 1);
    assert_true(c->prepare);
    assert_int_equal(c->log_level, WK_INFO);
    assert_null(c->jwt_secret);
    assert_null(c->twilio_base_url);
    wk_config_free(c);
    wk_config_free(NULL);
}

static void test_the_file_is_read(void **state)
{
    (void)state;
    wk_config_t *c = load("# comment\n[redis]\nurl = unix:/run/redis.sock ; comment\n"
                          "[worker]\nthreads=12\npublic_url = https://a.example//\n"
                          "[postgres]\nprepare = off\n[log]\nlevel = WARN\n");
    assert_string_equal(c->redis_url, "unix:/run/redis.sock");
    assert_int_equal(c->threads, 12);
    assert_string_equal(c->public_url, "https://a.example");
    assert_false(c->prepare);
    assert_int_equal(c->log_level, WK_WARN);
    wk_config_free(c);
}

static void test_the_environment_wins_unless_empty(void **state)
{
    (void)state;
    setenv("VA_THREADS", "20", 1);
    setenv("REDIS_URL", "", 1);
    wk_config_t *c = load("[redis]\nurl = unix:/x\n[worker]\nthreads = 12\n");
    assert_int_equal(c->threads, 20);
    assert_string_equal(c->redis_url, "unix:/x");
    wk_config_free(c);
}

/* An operator takes the comment off a line and writes nothing behind it. */
static void test_an_empty_line_of_the_file_changes_nothing(void **state)
{
    (void)state;
    wk_config_t *c = load("[redis]\nurl =\n[voice]\nlisten = ; VA_VOICE_LISTEN\n"
                          "[openai]\nmodel =\n[worker]\nthreads =\n");
    assert_string_equal(c->redis_url, "redis://127.0.0.1:6379/0");
    assert_string_equal(c->voice_listen, "/run/voiceagent");
    assert_string_equal(c->openai_model, "gpt-4.1-mini");
    assert_int_equal(c->threads, 8);
    wk_config_free(c);
}

/* As they are written: not through a double. */
static void test_prices_are_decimals(void **state)
{
    (void)state;
    wk_config_t *c = load("[prices]\ntelephony_in = 0.0085\nengine_realtime = 999.123456789\n"
                          "sms_segment = 0\ntokens_in =\n");
    assert_string_equal(c->price_telephony_in, "0.0085");
    assert_string_equal(c->price_realtime, "999.123456789");
    assert_string_equal(c->price_sms_segment, "0");
    assert_null(c->price_tokens_in);
    assert_null(c->price_telephony_out);
    wk_config_free(c);
}

static void fails(const char *text, const char *because)
{
    wk_error_t e;
    assert_null(wk_config_load(text != NULL ? file_of(text) : "/no/such/file", &e));
    assert_int_equal(e.code, WK_INVALID);
    if (strstr(e.text, because) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", e.text, because);
    }
}

static void test_mistakes_are_named(void **state)
{
    char line[400];
    (void)state;
    fails(NULL, "/no/such/file");
    fails("[redis]\n\nuri = x\n", "line 3: [redis] uri: there is no such setting");
    fails("[none]\nurl = x\n", "line 2: [none] url");
    fails("[worker]\nthreads = many\n",
          "line 2: [worker] threads: must be a number from 4 to 256");
    fails("[worker]\nthreads = 3\n", "must be a number");
    fails("[worker]\nthreads = 8x\n", "must be a number");
    fails("[worker]\nthreads = 99999999999999999999\n", "must be a number");
    fails("[postgres]\nprepare = perhaps\n", "must be on or off");
    fails("[log]\nlevel = loud\n", "must be debug");
    const char *const no_prices[] = {"-1",   "1e3", ".5",  "5.",           "0.5 USD",
                                     "1000", "0,5", "0x1", "1.1234567891", "NaN"};
    for (size_t i = 0; i < sizeof(no_prices) / sizeof(*no_prices); i++) {
        snprintf(line, sizeof(line), "[prices]\nsms_segment = %s\n", no_prices[i]);
        fails(line, "[prices] sms_segment: must be a price like 0.0085");
    }
    fails("[redis]\nno value\n", "line 2");
    fails("[redis]\nurl = unix:/a\nurl = unix:/b\n", "line 3: [redis] url: is set twice");
    fails("[twilio]\naccount_sid = AC1\n  auth_token = t\n",
          "line 3: [twilio] account_sid: is set twice, or the line begins with a blank");
    snprintf(line, sizeof(line), "[redis]\nurl = %0300d\n", 1);
    fails(line, "longer than");
    setenv("VA_THREADS", "three", 1);
    fails("", "environment variable VA_THREADS: must be a number");
}

/* ---------------------------------------------------------------- documents */

static char *read_whole(const char *name)
{
    static char text[4][65536];
    static int n;
    char *to = text[n++ % 4];
    FILE *f = fopen(name, "re");
    assert_non_null(f);
    to[fread(to, 1, sizeof(text[0]) - 1, f)] = '\0';
    fclose(f);
    return to;
}

/* Each line of the table in worker/config.c. */
static void test_every_setting_is_documented(void **state)
{
    const char *conf = read_whole("conf/worker.conf"), *docs = read_whole("docs/settings.md");
    char section[64], name[64], variable[64], text[256];
    int n = 0;
    (void)state;
    char *rest = read_whole("worker/config.c");
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (sscanf(line, "    {\"%63[a-z]\", \"%63[a-z_]\", \"%63[A-Z_]\"", section, name,
                   variable) != 3) {
            continue;
        }
        n++;
        snprintf(text, sizeof(text), "| `[%s] %s` | `%s` |", section, name, variable);
        if (strstr(docs, text) == NULL) {
            fail_msg("docs/settings.md has no line %s", text);
        }
        snprintf(text, sizeof(text), "\n[%s]\n", section);
        const char *part = strstr(conf, text);
        snprintf(text, sizeof(text), "\n#%s =", name);
        if (part == NULL || strstr(part, text) == NULL || strstr(conf, variable) == NULL) {
            fail_msg("conf/worker.conf lacks [%s] %s or %s", section, name, variable);
        }
    }
    assert_true(n > 20);
}

/* What the shipped file shows is what holds without it. */
static void test_the_shipped_file_shows_the_defaults(void **state)
{
    char *to, *text = read_whole("conf/worker.conf");
    (void)state;
    for (char *p = to = text; *p != '\0'; p++) { /* takes "#" off "#name" */
        if (!(*p == '#' && (p == text || p[-1] == '\n') && p[1] >= 'a' && p[1] <= 'z')) {
            *to++ = *p;
        }
    }
    *to = '\0';
    wk_config_t *shown = load(text), *without = load(NULL);
    assert_string_equal(shown->redis_url, without->redis_url);
    assert_string_equal(shown->sql_dir, without->sql_dir);
    assert_string_equal(shown->messages_dir, without->messages_dir);
    assert_null(shown->app_database_url);
    assert_null(shown->jwt_secret);
    assert_int_equal(shown->prepare, without->prepare);
    assert_int_equal(shown->processes, without->processes);
    assert_int_equal(shown->threads, without->threads);
    assert_int_equal(shown->lane_cap, without->lane_cap);
    assert_int_equal(shown->lease_ms, without->lease_ms);
    assert_int_equal(shown->drain_ms, without->drain_ms);
    assert_int_equal(shown->max_attempts, without->max_attempts);
    assert_int_equal(shown->max_stalls, without->max_stalls);
    assert_int_equal(shown->log_level, without->log_level);
    assert_int_equal(shown->access_token_s, without->access_token_s);
    assert_int_equal(shown->refresh_token_s, without->refresh_token_s);
    assert_int_equal(shown->password_cost, without->password_cost);
    assert_string_equal(shown->signup_plan, without->signup_plan);
    assert_int_equal(shown->signup_trial_days, without->signup_trial_days);
    assert_int_equal(shown->signup_credits, without->signup_credits);
    assert_int_equal(shown->signup_numbers_a_day, without->signup_numbers_a_day);
    assert_string_equal(shown->signup_country, without->signup_country);
    assert_string_equal(shown->signup_terms, without->signup_terms);
    assert_string_equal(shown->signup_templates, without->signup_templates);
    assert_string_equal(shown->signup_assistant, without->signup_assistant);
    assert_string_equal(shown->signup_product, without->signup_product);
    assert_null(shown->signup_backup);
    assert_null(shown->price_telephony_in);
    assert_null(shown->price_tokens_out);
    assert_int_equal(shown->skip_twilio, without->skip_twilio);
    assert_int_equal(shown->skip_elevenlabs, without->skip_elevenlabs);
    wk_config_free(shown);
    wk_config_free(without);
    without = wk_config_load("conf/worker.conf", &(wk_error_t){.code = WK_OK});
    assert_non_null(without);
    wk_config_free(without);
}

/* ---------------------------------------------------------------- check */

typedef struct {
    int fatal, others;
    char text[4000];
} findings_t;

static void note(void *ctx, bool fatal, const char *text)
{
    findings_t *f = ctx;
    fatal ? f->fatal++ : f->others++;
    strncat(f->text, text, sizeof(f->text) - strlen(f->text) - 2);
    strncat(f->text, "\n", 2);
}

static const wk_config_t good = {
    .redis_url = "redis://127.0.0.1",
    .app_database_url = "postgresql://va_app@host/db",
    .database_url = "postgresql://owner@host/db",
    .public_url = "https://agent.example.com",
    .jwt_secret = "0123456789abcdef0123456789abcdef",
    .internal_secret = "fedcba9876543210fedcba9876543210",
    .encryption_keys = "k2:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,"
                       "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    .twilio_account_sid = "AC1",
    .twilio_auth_token = "t",
    .elevenlabs_api_key = "k",
    .openai_api_key = "k",
    .google_client_id = "i",
    .google_client_secret = "s",
    .smtp_url = "smtps://mail.example.com",
    .smtp_from = "no-reply@example.com",
    .tools_secret = "s",
    .signup_plan = "PRO",
    .voice_listen = "/run/voiceagent",
    .voice_speech = "deepgram",
};

static void test_a_good_configuration_has_no_findings(void **state)
{
    findings_t f = {0};
    (void)state;
    assert_true(wk_config_check(&good, true, note, &f));
    assert_int_equal(f.fatal + f.others, 0);
}

static void test_keys_are_not_fetched_in_plain_http(void **state)
{
    wk_config_t c = good;
    findings_t f = {0};
    (void)state;
    c.jwks_file = "/etc/nginx/voiceagent/jwks/id.json";
    c.jwks_url = "https://id.example/jwks.json";
    assert_true(wk_config_check(&c, true, note, &f));
    assert_int_equal(f.others, 0);
    c.jwks_url = "http://id.example/jwks.json";
    assert_true(wk_config_check(&c, true, note, &f));
    assert_int_equal(f.others, 1);
    assert_non_null(strstr(f.text, "JWKS_URL is plain http"));
}

/* Of a folder this long the socket's address has its last byte for the end. */
static void test_the_longest_folder_of_sockets(void **state)
{
    char folder[89] = "/";
    wk_config_t c = good;
    findings_t f = {0};
    (void)state;
    memset(folder + 1, 'a', 87);
    c.voice_listen = folder;
    assert_true(wk_config_check(&c, true, note, &f));
}

static void test_addresses_have_schemes(void **state)
{
    wk_config_t c = good;
    findings_t f = {0};
    (void)state;
    c.twilio_base_url = "http://127.0.0.1:1";
    c.openai_base_url = "HTTPS://gateway.example/v1";
    c.openai_realtime_url = "ws://127.0.0.1:1/v1/realtime";
    c.livekit_url = "https://livekit.example.com";
    c.smtp_url = "smtp://user:password@mail.example.com:587";
    c.voice_listen = "::1";
    assert_true(wk_config_check(&c, true, note, &f));
    assert_int_equal(f.fatal + f.others, 0);
}

static void test_where_sip_may_lead(void **state)
{
    static const char *const hosts[] = {"sip.example.com", "10.0.0.7:5060",
                                        "[2001:db8::7]:5061",
                                        "sip.example.com:5070;transport=tcp"};
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        findings_t f = {0};
        wk_config_t c = good;
        c.livekit_sip = hosts[i];
        assert_true(wk_config_check(&c, true, note, &f));
    }
}

static void finds(const wk_config_t *c, bool fatal, const char *text)
{
    findings_t f = {0};
    assert_int_equal(wk_config_check(c, true, note, &f), !fatal);
    assert_int_equal(f.fatal, fatal);
    assert_int_equal(f.others, !fatal);
    if (strstr(f.text, text) == NULL) {
        fail_msg("\"%s\" is not \"%s\"", f.text, text);
    }
}

static void test_what_is_missing_is_told(void **state)
{
    wk_config_t c;
    (void)state;
#define FINDS(fatal, text, member, value) (c = good, c.member = (value), finds(&c, fatal, text))
    FINDS(true, "JWT_SECRET is not set", jwt_secret, NULL);
    FINDS(true, "JWT_SECRET is shorter than 32", jwt_secret, "0123456789abcdef0123456789abcde");
    FINDS(true, "VA_INTERNAL_SECRET is not set", internal_secret, NULL);
    FINDS(true, "the same as", internal_secret, good.jwt_secret);
    FINDS(true, "VA_INTERNAL_SECRET_BEFORE is shorter", internal_secret_before, "before");
    FINDS(true, "ENCRYPTION_KEY is not set", encryption_keys, NULL);
    FINDS(true, "ENCRYPTION_KEY is not a list", encryption_keys,
          "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    FINDS(true, "ENCRYPTION_KEY is not a list", encryption_keys, "k:MDEyMzQ1Njc4OWFiY2RlZg==");
    FINDS(true, "ENCRYPTION_KEY is not a list", encryption_keys,
          "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,,");
    FINDS(true, "two keys of ENCRYPTION_KEY have one id", encryption_keys,
          "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,"
          "k10:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,"
          "k1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=");
    FINDS(false, "SMTP is not configured", smtp_url, NULL);
    FINDS(true, "SMTP_URL does not begin with smtps://", smtp_url, "mail.example.com");
    FINDS(true, "OPENAI_BASE_URL does not begin with https://", openai_base_url,
          "api.openai.com/v1");
    FINDS(true, "OPENAI_REALTIME_URL does not begin with wss://", openai_realtime_url,
          "https://api.openai.com/v1/realtime");
    FINDS(true, "LIVEKIT_URL does not begin with wss://", livekit_url, "livekit.example.com");
    FINDS(true, "VA_PUBLIC_URL does not begin with https://", public_url, "a.example");
    FINDS(false, "JWKS_FILE only one is set", jwks_url, "https://id.example/jwks.json");
    FINDS(true, "VA_VOICE_LISTEN is neither", voice_listen, "run/voiceagent");
    FINDS(true, "VA_VOICE_LISTEN is neither", voice_listen, "localhost");
    FINDS(true, "VA_VOICE_LISTEN is too long", voice_listen,
          "/a23456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/"
          "12345678");
    FINDS(true, "VA_VOICE_SPEECH is not", voice_speech, "eleven");
    FINDS(true, "VA_CA_FILE cannot be read", voice_ca, "/no/such/file");
    FINDS(true, "SMTP_FROM is no address", smtp_from, "Bici <no-reply@example.com>");
    FINDS(true, "LIVEKIT_SIP is no host", livekit_sip, "sip:agent@sip.example.com");
    FINDS(true, "LIVEKIT_SIP is no host", livekit_sip, ";transport=tcp");
    FINDS(true, "only one is set", livekit_sip_username, "agent");
    FINDS(true, "only one is set", livekit_sip_password, "secret");
    FINDS(true, "APP_DATABASE_URL is not set", app_database_url, NULL);
    FINDS(true, "row level security", app_database_url, good.database_url);
    FINDS(true, "REDIS_URL: Redis URL: must begin with", redis_url, "rediss://host");
    FINDS(true, "REDIS_VOICE_URL: Redis URL", redis_voice_url, "redis://u:%zz@host");
    FINDS(true, "VA_PUBLIC_URL is not set", public_url, NULL);
    FINDS(false, "does not begin with https", public_url, "http://a.example");
    FINDS(false, "Twilio", twilio_auth_token, NULL);
    FINDS(false, "ElevenLabs", elevenlabs_api_key, NULL);
    FINDS(false, "OpenAI", openai_api_key, NULL);
    FINDS(false, "Google", google_client_secret, NULL);
    FINDS(false, "TOOLS_SECRET", tools_secret, NULL);
    FINDS(true, "VA_SIGNUP_PLAN", signup_plan, "GOLD");
    FINDS(true, "VA_BACKUP_PHONE", signup_backup, "4165550100");
#undef FINDS
}

/* Jobs alone are not kept from running by what they never use. */
static void test_a_host_without_calls_needs_nothing_of_them(void **state)
{
    wk_config_t c = good;
    findings_t f = {0};
    (void)state;
    c.voice_listen = "localhost";
    c.voice_speech = "eleven";
    c.voice_ca = "/no/such/file";
    assert_true(wk_config_check(&c, false, note, &f));
    assert_int_equal(f.fatal + f.others, 0);
    assert_false(wk_config_check(&c, true, note, &f));
    assert_int_equal(f.fatal, 3);
}

/* libpq would take them for the name of a database or of a host, and quote them in its errors.
 */
static void test_an_address_of_postgres_can_be_read(void **state)
{
    static const char *const fine[] = {
        "postgresql://va_app:p%40ss@host:5432,other/db?target_session_attrs=primary",
        "postgres://va_app@/db?host=/run/postgresql", "host=@abstract user=va_app dbname=db"};
    static const char *const wrong[] = {"postgre://va_app:hidden@host/db",
                                        "postgre://va_app:hidden@host/db?sslmode=require",
                                        "postgresql://va_app:p@hidden@host/db",
                                        "postgresql://va_app:hidden/pw@host/db", "hidden"};
    (void)state;
    for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
        findings_t f = {0};
        wk_config_t c = good;
        c.app_database_url = fine[i];
        assert_true(wk_config_check(&c, true, note, &f));
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        findings_t f = {0};
        wk_config_t c = good;
        c.app_database_url = wrong[i];
        c.database_url = "postgresql://owner:hidden@host:port/db";
        assert_false(wk_config_check(&c, true, note, &f));
        assert_int_equal(f.fatal, 2);
        assert_null(strstr(f.text, "hidden"));
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_are_defaults),
        TEST(test_voice_processes_may_log_in_as_another),
        TEST(test_the_file_is_read),
        TEST(test_the_environment_wins_unless_empty),
        TEST(test_mistakes_are_named),
        TEST(test_an_empty_line_of_the_file_changes_nothing),
        TEST(test_prices_are_decimals),
        TEST(test_every_setting_is_documented),
        TEST(test_the_shipped_file_shows_the_defaults),
        TEST(test_a_good_configuration_has_no_findings),
        TEST(test_addresses_have_schemes),
        TEST(test_keys_are_not_fetched_in_plain_http),
        TEST(test_the_longest_folder_of_sockets),
        TEST(test_where_sip_may_lead),
        TEST(test_what_is_missing_is_told),
        TEST(test_a_host_without_calls_needs_nothing_of_them),
        TEST(test_an_address_of_postgres_can_be_read),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
