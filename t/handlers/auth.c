/* auth.*: passwords, tokens, sessions, tickets. */
#define _GNU_SOURCE
#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/jwt.h"
#include "t/handlers/lib/client.h"
#include "worker/clock.h"

#define EMAIL    "owner@downtown.example"
#define PASSWORD "demo-password"

static int setup(void **state)
{
    (void)state;
    t_config.password_cost = 1;
    t_sqlf("UPDATE users SET failed_logins = 0, locked_until = NULL, is_active = true,"
           "       role = 'admin', auth_user_id = NULL");
    t_sqlf("UPDATE organizations SET is_active = true");
    t_sqlf("DELETE FROM sessions");
    t_sqlf("DELETE FROM audit_log");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_hashes();
    return 0;
}

/* ---------------------------------------------------------------- asking */

static t_answer_t login(const char *email, const char *password)
{
    va_str_t body =
        wk_printf(t_ctx.arena, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
    return t_ask(&(t_ask_t){.type = "auth.login", .body = body.data});
}

static t_answer_t login_body(const char *body)
{
    return t_ask(&(t_ask_t){.type = "auth.login", .body = body});
}

static const char *refresh_body(const char *token)
{
    return wk_printf(t_ctx.arena, "{\"refresh_token\":\"%s\"}", token).data;
}

static t_answer_t refresh(const char *token)
{
    return t_ask(&(t_ask_t){.type = "auth.refresh", .body = refresh_body(token)});
}

static const char *new_session(void)
{
    t_answer_t a = login(EMAIL, PASSWORD);
    assert_status(&a, 200);
    return t_text(&a, "/refresh_token");
}

static void verify_token(const char *token, va_jwt_t *jwt)
{
    const va_jwt_policy_t policy = {.algs = VA_JWT_ALG_BIT(VA_HS256)};
    va_jwks_t *keys = va_jwks_new();
    assert_int_equal(va_jwks_add_secret(keys, VA_STR_NULL, va_str_c(t_config.jwt_secret)),
                     VA_OK);
    assert_int_equal(va_jwt_verify(wk_mem(t_ctx.arena), keys, &policy, va_str_c(token),
                                   wk_now_ms() / 1000, jwt),
                     VA_JWT_OK);
    va_jwks_free(keys);
}

static void assert_claim(const va_jwt_t *jwt, const char *name, const char *value)
{
    assert_str(va_json_get_string(jwt->claims, name), value);
}

/* ---------------------------------------------------------------- login */

static void login_tells_who_it_is(void **state)
{
    (void)state;
    t_answer_t a = login(EMAIL, PASSWORD);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_int_equal(t_number(&a, "/expires_in"), 900);
    assert_string_equal(t_text(&a, "/user/id"), DANA);
    assert_string_equal(t_text(&a, "/user/email"), EMAIL);
    assert_string_equal(t_text(&a, "/user/first_name"), "Dana");
    assert_string_equal(t_text(&a, "/user/last_name"), "Owner");
    assert_string_equal(t_text(&a, "/user/role"), "admin");
    assert_string_equal(t_text(&a, "/user/organization_id"), DOWNTOWN);
    assert_string_equal(t_text(&a, "/user/organization_name"), "Bici Downtown");
    assert_string_equal(t_text(&a, "/user/organization_timezone"), "America/Toronto");
    assert_int_equal(strlen(t_text(&a, "/refresh_token")), 43);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'login'"
                                " AND user_id = '" DANA "' AND ip_address = '192.0.2.7'"),
                     1);
}

static void the_token_is_what_nginx_verifies(void **state)
{
    va_jwt_t jwt;
    (void)state;
    t_answer_t a = login(EMAIL, PASSWORD);
    verify_token(t_text(&a, "/token"), &jwt);
    assert_claim(&jwt, "userId", DANA);
    assert_claim(&jwt, "sub", DANA);
    assert_claim(&jwt, "organizationId", DOWNTOWN);
    assert_claim(&jwt, "role", "admin");
    int64_t now = wk_now_ms() / 1000, expires = 0;
    assert_true(va_json_int(va_json_get(jwt.claims, "exp"), &expires));
    assert_true(expires > now + 800 && expires <= now + 900);
    t_answer_t b = login(EMAIL, PASSWORD);
    assert_string_not_equal(t_text(&a, "/token"), t_text(&b, "/token"));
    assert_string_not_equal(t_text(&a, "/refresh_token"), t_text(&b, "/refresh_token"));
}

static void cookies_are_for_this_host_and_no_script(void **state)
{
    char expected[4096];
    (void)state;
    t_answer_t a = login(EMAIL, PASSWORD);
    snprintf(expected, sizeof(expected),
             "%s; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Strict",
             t_text(&a, "/token"));
    assert_string_equal(t_cookie(&a, "__Host-va"), expected);
    snprintf(expected, sizeof(expected),
             "%s; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict",
             t_text(&a, "/refresh_token"));
    assert_string_equal(t_cookie(&a, "__Host-va-refresh"), expected);
}

static void only_the_digest_of_a_refresh_token_is_kept(void **state)
{
    (void)state;
    const char *token = new_session();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE token_hash ="
                                " encode(sha256('%s'::bytea), 'hex') AND user_id = '" DANA "'",
                                token),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions"), 1);
}

static void an_address_is_known_in_any_case(void **state)
{
    (void)state;
    t_answer_t a = login("Owner@DownTown.Example", PASSWORD);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/user/email"), EMAIL);
}

/* ---------------------------------------------------------------- refused logins */

typedef struct {
    const char *what, *prepare, *email, *password;
} refusal_t;

/* One answer and one hash for all of them, so that neither words nor work tell them apart. */
static void whatever_is_wrong_looks_the_same(void **state)
{
    static const refusal_t cases[] = {
        {"a wrong password", "SELECT 1", EMAIL, "wrong-password"},
        {"an unknown address", "SELECT 1", "nobody@downtown.example", PASSWORD},
        {"an inactive user", "UPDATE users SET is_active = false WHERE id = '" DANA "'", EMAIL,
         PASSWORD},
        {"an inactive organization", "UPDATE organizations SET is_active = false", EMAIL,
         PASSWORD},
        {"a locked account",
         "UPDATE users SET failed_logins = 10, locked_until = now() + interval '1 minute'",
         EMAIL, PASSWORD},
        {"no password here", "UPDATE users SET password_hash = NULL WHERE id = '" UMA "'",
         "owner@uptown.example", PASSWORD},
        {"text that looks like SQL", "SELECT 1", "x' OR '1'='1@downtown.example",
         "' OR 1=1 --"},
        {"a space behind the address", "SELECT 1", EMAIL " ", PASSWORD},
        {"another's address", "SELECT 1", "%@downtown.example", PASSWORD},
    };
    const char *hash = t_sqlf("SELECT password_hash FROM users WHERE id = '" UMA "'");
    char first[1024] = "";
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(NULL);
        t_sqlf("%s", cases[i].prepare);
        t_answer_t a = login(cases[i].email, cases[i].password);
        if (a.status != 401 || t_hashes() != 1) {
            fail_msg("%s: status %d", cases[i].what, a.status);
        }
        assert_string_equal(t_text(&a, "/error/code"), "invalid_credentials");
        if (i == 0) {
            snprintf(first, sizeof(first), "%.*s", (int)a.body.len, a.body.data);
        }
        assert_str(a.body, first);
        assert_int_equal(a.reply.n_headers, 1); /* cache-control: no cookie, no Retry-After */
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions"), 0);
    }
    t_sqlf("UPDATE users SET password_hash = '%s' WHERE id = '" UMA "'", hash);
}

static void a_success_computes_one_hash_too(void **state)
{
    (void)state;
    t_answer_t a = login(EMAIL, PASSWORD);
    assert_status(&a, 200);
    assert_int_equal(t_hashes(), 1);
}

static void what_cannot_be_a_login_is_no_attempt(void **state)
{
    char *much = malloc(2000);
    (void)state;
    static const struct {
        const char *body, *type;
        int status;
    } cases[] = {
        {"{\"email\":\"" EMAIL "\",\"password\":\"x\"}", "text/plain", 415},
        {"email=a&password=b", "application/x-www-form-urlencoded", 415},
        {"{\"email\":\"" EMAIL "\"", NULL, 400},
        {"[\"" EMAIL "\",\"x\"]", NULL, 400},
        {"\"" EMAIL "\"", NULL, 400},
        {" ", NULL, 400},
        {"{\"email\":\"" EMAIL "\"}", NULL, 400},
        {"{\"password\":\"x\"}", NULL, 400},
        {"{\"email\":\"" EMAIL "\",\"password\":\"\"}", NULL, 400},
        {"{\"email\":\"" EMAIL "\",\"password\":null}", NULL, 400},
        {"{\"email\":\"" EMAIL "\",\"password\":12345678}", NULL, 400},
        {"{\"email\":[\"" EMAIL "\"],\"password\":\"x\"}", NULL, 400},
        {"{\"email\":{\"$ne\":null},\"password\":\"x\"}", NULL, 400},
        {"{\"email\":\"" EMAIL "\",\"password\":\"a\\u0000b\"}", NULL, 400},
        {"{\"email\":\"" EMAIL "\\u0000\",\"password\":\"x\"}", NULL, 400},
        {"{\"email\":\"" EMAIL "\",\"email\":\"x\",\"password\":\"x\"}", NULL, 400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        t_answer_t a = t_ask(&(t_ask_t){
            .type = "auth.login", .body = cases[i].body, .content_type = cases[i].type});
        if (a.status != cases[i].status) {
            fail_msg("%s: status %d", cases[i].body, a.status);
        }
    }
    memset(much, 'x', 1999);
    much[1999] = '\0';
    t_answer_t a = login(EMAIL, much);
    assert_error(&a, 400, "bad_request");
    free(much);
    assert_int_equal(t_hashes(), 0);
    assert_int_equal(t_sqlf_int("SELECT failed_logins FROM users WHERE id = '" DANA "'"), 0);
}

static void json_of_any_media_type_is_read(void **state)
{
    (void)state;
    const char *types[] = {"application/json; charset=utf-8", "Application/JSON ;x=y",
                           "application/vnd.shop+json"};
    for (size_t i = 0; i < 3; i++) {
        t_answer_t a = t_ask(
            &(t_ask_t){.type = "auth.login",
                       .content_type = types[i],
                       .body = "{\"email\":\"" EMAIL "\",\"password\":\"" PASSWORD "\"}"});
        assert_status(&a, 200);
    }
}

/* ---------------------------------------------------------------- the lock */

static void fail_logins(int n)
{
    for (int i = 0; i < n; i++) {
        t_answer_t a = login(EMAIL, "wrong-password");
        assert_status(&a, 401);
    }
}

/* How long the last attempt locked. */
static int64_t lock_seconds(void)
{
    return t_sqlf_int("SELECT extract(epoch FROM locked_until - updated_at)"
                      "  FROM users WHERE id = '" DANA "'");
}

static void unlock(void)
{
    t_sqlf("UPDATE users SET locked_until = now() - interval '1 second' WHERE id = '" DANA "'");
}

static void ten_failures_lock(void **state)
{
    (void)state;
    fail_logins(9);
    t_answer_t a = login(EMAIL, PASSWORD);
    assert_status(&a, 200);
    assert_int_equal(t_sqlf_int("SELECT failed_logins FROM users WHERE id = '" DANA "'"), 0);
    fail_logins(10);
    assert_int_equal(lock_seconds(), 60);
    a = login(EMAIL, PASSWORD);
    assert_error(&a, 401, "invalid_credentials");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'login_locked'"
                                " AND user_id = '" DANA "'"),
                     1);
}

static void the_lock_opens_and_grows(void **state)
{
    (void)state;
    fail_logins(10);
    unlock();
    fail_logins(1);
    assert_int_equal(lock_seconds(), 120);
    unlock();
    fail_logins(1);
    assert_int_equal(lock_seconds(), 240);
    t_sqlf("UPDATE users SET failed_logins = 2000000000 WHERE id = '" DANA "'");
    unlock();
    fail_logins(1);
    assert_int_equal(lock_seconds(), 3600);
    unlock();
    t_answer_t a = login(EMAIL, PASSWORD);
    assert_status(&a, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM users WHERE id = '" DANA "'"
                                " AND failed_logins = 0 AND locked_until IS NULL"),
                     1);
}

static void attempts_while_locked_do_not_prolong_it(void **state)
{
    (void)state;
    fail_logins(10);
    const char *until = t_sqlf("SELECT locked_until FROM users WHERE id = '" DANA "'");
    fail_logins(5);
    assert_string_equal(t_sqlf("SELECT locked_until FROM users WHERE id = '" DANA "'"), until);
    assert_int_equal(t_sqlf_int("SELECT failed_logins FROM users WHERE id = '" DANA "'"), 10);
}

static void a_lock_is_ones_own(void **state)
{
    (void)state;
    fail_logins(10);
    t_answer_t a = login("owner@uptown.example", PASSWORD);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/user/organization_id"), UPTOWN);
}

/* Parallel guesses get no more tries than one after another. */
static void parallel_guesses_are_counted(void **state)
{
    static const t_ask_t wrong = {.type = "auth.login",
                                  .body = "{\"email\":\"" EMAIL
                                          "\",\"password\":\"wrong-password\"}"};
    int status[T_AT_ONCE];
    t_ask_t asks[T_AT_ONCE];
    (void)state;
    for (int i = 0; i < T_AT_ONCE; i++) {
        asks[i] = wrong;
    }
    t_ask_at_once(asks, status, T_AT_ONCE);
    for (int i = 0; i < T_AT_ONCE; i++) {
        assert_int_equal(status[i], 401);
    }
    assert_int_equal(t_sqlf_int("SELECT failed_logins FROM users WHERE id = '" DANA "'"), 10);
    assert_int_equal(t_hashes(), T_AT_ONCE);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'login_locked'"),
                     1);
}

/* ---------------------------------------------------------------- better hashes */

static const char *stored_hash(void)
{
    return t_sqlf("SELECT password_hash FROM users WHERE id = '" DANA "'");
}

static void store_hash(const char *prefix, unsigned long cost)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    struct crypt_data data = {.initialized = 0};
    assert_non_null(crypt_gensalt_rn(prefix, cost, NULL, 0, setting, sizeof(setting)));
    const char *hash = crypt_r(PASSWORD, setting, &data);
    t_sqlf("UPDATE users SET password_hash = '%s' WHERE id = '" DANA "'", hash);
    t_hashes();
}

static void a_login_renews_an_outdated_hash(void **state)
{
    static const struct {
        const char *prefix;
        unsigned long cost;
        int wanted;
        bool renewed;
    } cases[] = {{"$2b$", 4, 1, true}, {"$2a$", 4, 1, true}, {"$2y$", 4, 1, true},
                 {"$y$", 1, 3, true},  {"$y$", 2, 3, true},  {"$y$", 3, 3, false},
                 {"$y$", 4, 3, false}, {"$y$", 5, 1, false}};
    (void)state;
    const char *kept = stored_hash();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        store_hash(cases[i].prefix, cases[i].cost);
        t_config.password_cost = cases[i].wanted;
        const char *before = stored_hash();
        fail_logins(1);
        assert_string_equal(stored_hash(), before);
        t_hashes();
        t_answer_t a = login(EMAIL, PASSWORD);
        assert_status(&a, 200);
        assert_int_equal(t_hashes(), cases[i].renewed ? 2 : 1);
        assert_int_equal(strcmp(stored_hash(), before) != 0, cases[i].renewed);
        assert_int_equal(strncmp(stored_hash(), "$y$", 3) == 0,
                         cases[i].renewed || cases[i].prefix[1] == 'y');
        a = login(EMAIL, PASSWORD); /* the new one fits, and is not renewed again */
        assert_status(&a, 200);
        assert_int_equal(t_hashes(), 1);
    }
    t_sqlf("UPDATE users SET password_hash = '%s' WHERE id = '" DANA "'", kept);
}

/* ---------------------------------------------------------------- exchange */

#define SUBJECT "5b1a2c3d-0000-4000-8000-00000000000A"

static void know_subject(void)
{
    t_sqlf("UPDATE users SET auth_user_id = '" SUBJECT "' WHERE id = '" DANA "'");
}

static t_answer_t exchange(const char *claims)
{
    return t_ask(&(t_ask_t){.type = "auth.exchange", .method = "POST", .claims = claims});
}

static void a_providers_token_is_exchanged_for_ours(void **state)
{
    va_jwt_t jwt;
    (void)state;
    know_subject();
    t_answer_t a = exchange("{\"sub\":\"" SUBJECT "\",\"role\":\"authenticated\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/user/id"), DANA);
    assert_string_equal(t_text(&a, "/user/organization_name"), "Bici Downtown");
    assert_string_equal(t_text(&a, "/user/organization_timezone"), "America/Toronto");
    verify_token(t_text(&a, "/token"), &jwt);
    assert_claim(&jwt, "userId", DANA);
    assert_claim(&jwt, "organizationId", DOWNTOWN);
    assert_claim(&jwt, "role", "admin");
    assert_true(strstr(t_cookie(&a, "__Host-va"), t_text(&a, "/token")) != NULL);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"
                                " WHERE action = 'login_exchanged' AND user_id = '" DANA "'"),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM users WHERE id = '" DANA "'"
                                " AND last_login_at = (SELECT max(created_at) FROM sessions)"),
                     1);
    a = refresh(t_text(&a, "/refresh_token"));
    assert_status(&a, 200);
    assert_int_equal(t_hashes(), 0);
}

static void nothing_but_the_subject_counts(void **state)
{
    va_jwt_t jwt;
    (void)state;
    know_subject();
    t_answer_t a = exchange("{\"sub\":\"" SUBJECT "\",\"organizationId\":\"" UPTOWN "\","
                            "\"userId\":\"" UMA "\",\"role\":\"super_admin\","
                            "\"email\":\"owner@uptown.example\","
                            "\"app_metadata\":{\"organization_id\":\"" UPTOWN "\"}}");
    assert_status(&a, 200);
    verify_token(t_text(&a, "/token"), &jwt);
    assert_claim(&jwt, "userId", DANA);
    assert_claim(&jwt, "organizationId", DOWNTOWN);
    assert_claim(&jwt, "role", "admin");
}

static void a_token_of_nobody_here_is_not_exchanged(void **state)
{
    static const struct {
        const char *prepare, *claims;
        int status;
        const char *code;
    } cases[] = {
        {"SELECT 1", "{\"sub\":\"5b1a2c3d-0000-4000-8000-00000000000b\"}", 403, "forbidden"},
        {"SELECT 1", "{\"sub\":\"" DANA "\"}", 403, "forbidden"},
        {"SELECT 1", "{\"sub\":\"x' OR '1'='1\"}", 403, "forbidden"},
        {"SELECT 1", "{\"sub\":\"x\",\"email\":\"" EMAIL "\"}", 403, "forbidden"},
        {"SELECT 1", "{\"email\":\"" EMAIL "\"}", 401, "unauthorized"},
        {"SELECT 1", "{\"sub\":7}", 401, "unauthorized"},
        {"SELECT 1", NULL, 401, "unauthorized"},
        {"UPDATE users SET is_active = false WHERE id = '" DANA "'",
         "{\"sub\":\"" SUBJECT "\"}", 403, "forbidden"},
        {"UPDATE organizations SET is_active = false", "{\"sub\":\"" SUBJECT "\"}", 403,
         "forbidden"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(NULL);
        know_subject();
        t_sqlf("%s", cases[i].prepare);
        t_answer_t a = exchange(cases[i].claims);
        assert_error(&a, cases[i].status, cases[i].code);
        assert_string_equal(t_cookie(&a, "__Host-va"), "");
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions"), 0);
    }
}

/* ---------------------------------------------------------------- refresh */

static void refresh_gives_the_next_tokens(void **state)
{
    va_jwt_t jwt;
    (void)state;
    const char *first = new_session();
    t_answer_t a = refresh(first);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/user/id"), DANA);
    assert_string_equal(t_text(&a, "/user/organization_name"), "Bici Downtown");
    assert_string_equal(t_text(&a, "/user/organization_timezone"), "America/Toronto");
    verify_token(t_text(&a, "/token"), &jwt);
    assert_claim(&jwt, "role", "admin");
    const char *second = t_text(&a, "/refresh_token");
    assert_int_equal(strlen(second), 43);
    assert_string_not_equal(first, second);
    assert_true(strstr(t_cookie(&a, "__Host-va-refresh"), second) != NULL);
    a = refresh(second);
    assert_status(&a, 200);
    assert_int_equal(t_sqlf_int("SELECT count(DISTINCT family) FROM sessions"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE used_at IS NULL"), 1);
}

static void a_new_role_counts_from_the_next_token_on(void **state)
{
    va_jwt_t jwt;
    (void)state;
    const char *token = new_session();
    t_sqlf("UPDATE users SET role = 'staff' WHERE id = '" DANA "'");
    t_answer_t a = refresh(token);
    verify_token(t_text(&a, "/token"), &jwt);
    assert_claim(&jwt, "role", "staff");
    assert_string_equal(t_text(&a, "/user/role"), "staff");
}

static void a_token_used_twice_ends_its_family(void **state)
{
    (void)state;
    const char *other = new_session();
    const char *first = new_session();
    t_answer_t a = refresh(first);
    const char *second = t_text(&a, "/refresh_token");
    a = refresh(first);
    assert_error(&a, 401, "invalid_refresh_token");
    assert_true(strncmp(t_cookie(&a, "__Host-va"), "; Path=/; Max-Age=0;", 20) == 0);
    assert_true(strncmp(t_cookie(&a, "__Host-va-refresh"), "; Path=/; Max-Age=0;", 20) == 0);
    a = refresh(second);
    assert_error(&a, 401, "invalid_refresh_token");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'refresh_token_reused'"
                   " AND user_id = '" DANA "'"),
        1);
    a = refresh(other);
    assert_status(&a, 200);
}

/* Its worker died before nginx heard of it: the job comes again. */
static void the_same_job_gets_the_same_token_again(void **state)
{
    (void)state;
    const char *first = new_session();
    t_ask_t again = {.type = "auth.refresh",
                     .id = "01900000-0000-7000-8000-000000000001",
                     .body = refresh_body(first)};
    t_answer_t a = t_ask(&again), b = t_ask(&again);
    assert_status(&a, 200);
    assert_status(&b, 200);
    assert_string_equal(t_text(&a, "/refresh_token"), t_text(&b, "/refresh_token"));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE revoked_at IS NULL"), 2);
    a = refresh(t_text(&a, "/refresh_token"));
    assert_status(&a, 200);
    a = t_ask(&again); /* used since: now it is a second use */
    assert_status(&a, 401);
}

static void of_parallel_uses_one_wins_and_the_family_ends(void **state)
{
    int status[T_AT_ONCE];
    t_ask_t asks[T_AT_ONCE];
    int won = 0;
    (void)state;
    const char *body = refresh_body(new_session());
    for (int i = 0; i < T_AT_ONCE; i++) {
        asks[i] = (t_ask_t){.type = "auth.refresh", .body = body};
    }
    t_ask_at_once(asks, status, T_AT_ONCE);
    for (int i = 0; i < T_AT_ONCE; i++) {
        won += status[i] == 200;
    }
    assert_int_equal(won, 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions"), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE revoked_at IS NULL"), 0);
}

static void no_session_for_a_token_that_is_none(void **state)
{
    static const char *const bodies[] = {
        "{}", "{\"refresh_token\":null}", "{\"refresh_token\":\"\"}",
        "{\"refresh_token\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"refresh_token\":\"' OR '1'='1\"}"};
    (void)state;
    new_session();
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = t_ask(&(t_ask_t){.type = "auth.refresh", .body = bodies[i]});
        assert_error(&a, 401, "invalid_refresh_token");
    }
    t_answer_t a = t_ask(&(t_ask_t){.type = "auth.refresh"});
    assert_error(&a, 401, "invalid_refresh_token");
    a = t_ask(&(t_ask_t){.type = "auth.refresh", .body = "{\"refresh_token\":7}"});
    assert_error(&a, 400, "bad_request");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL"),
                     0);
}

static void a_session_ends(void **state)
{
    static const char *const ends[] = {
        "UPDATE sessions SET expires_at = now() - interval '1 second'",
        "UPDATE sessions SET revoked_at = now()",
        "UPDATE users SET is_active = false",
        "UPDATE organizations SET is_active = false",
        "DELETE FROM sessions",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        setup(NULL);
        const char *token = new_session();
        t_sqlf("%s", ends[i]);
        t_answer_t a = refresh(token);
        if (a.status != 401) {
            fail_msg("%s: status %d", ends[i], a.status);
        }
    }
}

static void expired_sessions_are_cleared_away(void **state)
{
    (void)state;
    new_session();
    t_sqlf("UPDATE sessions SET expires_at = now() - interval '1 second'");
    new_session();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions"), 1);
}

/* ---------------------------------------------------------------- cookies */

static t_answer_t with_cookie(const char *type, const char *token, const char *origin)
{
    return t_ask(&(t_ask_t){.type = type,
                            .headers = {"cookie-__host-va-refresh", token,
                                        origin != NULL ? "origin" : NULL, origin}});
}

static void a_browser_refreshes_by_its_cookie(void **state)
{
    (void)state;
    const char *token = new_session();
    t_answer_t a = with_cookie("auth.refresh", token, "https://agent.example.com");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/refresh_token"), ""); /* no script gets hold of it */
    char *next = strdup(t_cookie(&a, "__Host-va-refresh"));
    *strchr(next, ';') = '\0';
    a = with_cookie("auth.refresh", next, "https://agent.example.com");
    assert_status(&a, 200);
    free(next);
}

static void a_cookie_counts_on_our_pages_only(void **state)
{
    static const char *const origins[] = {NULL, "null", "https://evil.example",
                                          "https://agent.example.com.evil.example",
                                          "http://agent.example.com"};
    (void)state;
    const char *token = new_session();
    for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++) {
        t_answer_t a = with_cookie("auth.refresh", token, origins[i]);
        assert_error(&a, 403, "forbidden");
        a = with_cookie("auth.logout", token, origins[i]);
        assert_error(&a, 403, "forbidden");
    }
    t_answer_t a = refresh(token);
    assert_status(&a, 200);
}

/* ---------------------------------------------------------------- logout */

static void logout_ends_the_family(void **state)
{
    (void)state;
    const char *other = new_session();
    t_answer_t a = refresh(new_session());
    const char *token = t_text(&a, "/refresh_token");
    t_ask_t logout = {.type = "auth.logout", .body = refresh_body(token)};
    a = t_ask(&logout);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_true(strncmp(t_cookie(&a, "__Host-va"), "; Path=/; Max-Age=0;", 20) == 0);
    assert_true(strncmp(t_cookie(&a, "__Host-va-refresh"), "; Path=/; Max-Age=0;", 20) == 0);
    a = refresh(token);
    assert_status(&a, 401);
    a = t_ask(&logout);
    assert_status(&a, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'logout'"), 1);
    a = refresh(other);
    assert_status(&a, 200);
}

static void logout_by_cookie_or_with_nothing(void **state)
{
    (void)state;
    const char *token = new_session();
    t_answer_t a = with_cookie("auth.logout", token, "https://agent.example.com");
    assert_status(&a, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE revoked_at IS NULL"), 0);
    a = t_ask(&(t_ask_t){.type = "auth.logout"});
    assert_status(&a, 200);
}

/* Whoever comes first: nothing of the family lives on. */
static void logout_and_refresh_at_once_leave_no_session(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        const char *body = refresh_body(new_session());
        int status[2];
        const t_ask_t both[] = {{.type = "auth.refresh", .body = body},
                                {.type = "auth.logout", .body = body}};
        t_ask_at_once(both, status, 2);
        assert_int_equal(status[1], 200);
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE revoked_at IS NULL"),
                         0);
    }
}

/* ---------------------------------------------------------------- tickets */

static t_answer_t ask_ticket(const char *claims)
{
    return t_ask(
        &(t_ask_t){.type = "auth.ticket", .body = "", .org = DOWNTOWN, .claims = claims});
}

static const char *claims_until(int64_t seconds)
{
    return wk_printf(t_ctx.arena,
                     "{\"userId\":\"" DANA "\",\"organizationId\":\"" DOWNTOWN
                     "\",\"role\":\"admin\",\"exp\":%lld}",
                     (long long)(wk_now_ms() / 1000 + seconds))
        .data;
}

static void a_ticket_stands_for_the_claims(void **state)
{
    (void)state;
    const char *claims = claims_until(900);
    t_answer_t a = ask_ticket(claims);
    assert_status(&a, 200);
    assert_int_equal(t_number(&a, "/expires_in"), 30);
    const char *ticket = t_text(&a, "/ticket");
    assert_int_equal(strlen(ticket), 43);
    long long life = t_redis_int(t_ctx.redis, "TTL va:ticket:%s", ticket);
    assert_true(life > 20 && life <= 30);
    redisReply *kept = t_redis(t_ctx.redis, t_ctx.arena, "GETDEL va:ticket:%s", ticket);
    assert_string_equal(kept->str, claims);
    t_answer_t b = ask_ticket(claims);
    assert_string_not_equal(ticket, t_text(&b, "/ticket"));
}

static void a_ticket_does_not_outlive_its_token(void **state)
{
    (void)state;
    t_answer_t a = ask_ticket(claims_until(10));
    assert_status(&a, 200);
    assert_true(t_number(&a, "/expires_in") > 0 && t_number(&a, "/expires_in") <= 10);
    assert_true(t_redis_int(t_ctx.redis, "TTL va:ticket:%s", t_text(&a, "/ticket")) <= 10);
    a = ask_ticket(claims_until(-5)); /* within nginx's leeway */
    assert_error(&a, 401, "unauthorized");
}

static void no_ticket_for_who_may_not_come_in(void **state)
{
    (void)state;
    t_sqlf("UPDATE users SET is_active = false WHERE id = '" DANA "'");
    t_answer_t a = ask_ticket(claims_until(900));
    assert_error(&a, 403, "forbidden");
    assert_int_equal(t_redis_int(t_ctx.redis, "DBSIZE"), 0);
}

/* ---------------------------------------------------------------- servers away */

static void without_postgres_a_login_is_told_to_come_again(void **state)
{
    (void)state;
    t_postgres_stop(&t_postgres);
    t_answer_t a = login(EMAIL, PASSWORD);
    t_postgres_restart(&t_postgres);
    assert_error(&a, 503, "unavailable");
    assert_true(strstr(t_text(&a, "/error/message"), "Postgres") == NULL);
    for (int i = 0; i < 50 && a.status != 200; i++) {
        a = login_body("{\"email\":\"" EMAIL "\",\"password\":\"" PASSWORD "\"}");
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    assert_status(&a, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(login_tells_who_it_is),
        cmocka_unit_test(the_token_is_what_nginx_verifies),
        cmocka_unit_test(cookies_are_for_this_host_and_no_script),
        cmocka_unit_test(only_the_digest_of_a_refresh_token_is_kept),
        cmocka_unit_test(an_address_is_known_in_any_case),
        cmocka_unit_test(whatever_is_wrong_looks_the_same),
        cmocka_unit_test(a_success_computes_one_hash_too),
        cmocka_unit_test(what_cannot_be_a_login_is_no_attempt),
        cmocka_unit_test(json_of_any_media_type_is_read),
        cmocka_unit_test(ten_failures_lock),
        cmocka_unit_test(the_lock_opens_and_grows),
        cmocka_unit_test(attempts_while_locked_do_not_prolong_it),
        cmocka_unit_test(a_lock_is_ones_own),
        cmocka_unit_test(parallel_guesses_are_counted),
        cmocka_unit_test(a_login_renews_an_outdated_hash),
        cmocka_unit_test(a_providers_token_is_exchanged_for_ours),
        cmocka_unit_test(nothing_but_the_subject_counts),
        cmocka_unit_test(a_token_of_nobody_here_is_not_exchanged),
        cmocka_unit_test(refresh_gives_the_next_tokens),
        cmocka_unit_test(a_new_role_counts_from_the_next_token_on),
        cmocka_unit_test(a_token_used_twice_ends_its_family),
        cmocka_unit_test(the_same_job_gets_the_same_token_again),
        cmocka_unit_test(of_parallel_uses_one_wins_and_the_family_ends),
        cmocka_unit_test(no_session_for_a_token_that_is_none),
        cmocka_unit_test(a_session_ends),
        cmocka_unit_test(expired_sessions_are_cleared_away),
        cmocka_unit_test(a_browser_refreshes_by_its_cookie),
        cmocka_unit_test(a_cookie_counts_on_our_pages_only),
        cmocka_unit_test(logout_ends_the_family),
        cmocka_unit_test(logout_by_cookie_or_with_nothing),
        cmocka_unit_test(logout_and_refresh_at_once_leave_no_session),
        cmocka_unit_test(a_ticket_stands_for_the_claims),
        cmocka_unit_test(a_ticket_does_not_outlive_its_token),
        cmocka_unit_test(no_ticket_for_who_may_not_come_in),
        cmocka_unit_test(without_postgres_a_login_is_told_to_come_again),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
