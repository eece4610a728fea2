#include "worker/handlers/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A read, so that no owner is kept: nothing here needs Redis. */
static const va_job_t job = {.type = VA_STR("leads.list")};
static wk_ctx_t ctx;
static va_reply_t reply;
static wk_error_t e;

static int setup(void **state)
{
    (void)state;
    ctx = (wk_ctx_t){.arena = wk_arena_new(), .job = &job};
    reply = (va_reply_t){.status = 0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(ctx.arena);
    return 0;
}

static void assert_body(const char *expected)
{
    assert_string_equal(wk_strdup(ctx.arena, reply.body), expected);
    assert_true(va_str_eq(reply.type, VA_STR("application/json")));
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < reply.n_headers; i++) {
        if (va_str_eq(reply.headers[i].name, va_str_c(name))) {
            return wk_strdup(ctx.arena, reply.headers[i].value);
        }
    }
    return "";
}

static void a_success_says_so_first(void **state)
{
    wk_document_t doc;
    (void)state;
    va_json_add_int(wk_reply_begin(&ctx, &doc), "n", 7);
    assert_int_equal(wk_reply_end(&ctx, &doc, 201, &reply, &e), WK_DONE);
    assert_int_equal(reply.status, 201);
    assert_body("{\"success\":true,\"n\":7}");
    assert_string_equal(header("cache-control"), "no-store");
}

static void a_refusal_tells_its_text(void **state)
{
    (void)state;
    assert_false(wk_refuse(&e, WK_R_INVALID_CURSOR, "%s is \"none\".", "it"));
    assert_int_equal(e.code, WK_INVALID);
    assert_int_equal(wk_reply_error(&ctx, &reply, &e), WK_DONE);
    assert_int_equal(reply.status, 400);
    assert_body("{\"success\":false,\"error\":{\"code\":\"invalid_cursor\","
                "\"message\":\"it is \\\"none\\\".\"}}");
}

/* Clients know these words: the list only grows. */
static void each_refusal_has_its_status(void **state)
{
    static const struct {
        wk_refusal_t why;
        const char *word;
        int status;
    } all[] = {
        {WK_R_BAD_REQUEST, "bad_request", 400},
        {WK_R_INVALID_CURSOR, "invalid_cursor", 400},
        {WK_R_UNAUTHORIZED, "unauthorized", 401},
        {WK_R_INVALID_CREDENTIALS, "invalid_credentials", 401},
        {WK_R_INVALID_REFRESH_TOKEN, "invalid_refresh_token", 401},
        {WK_R_FORBIDDEN, "forbidden", 403},
        {WK_R_ORGANIZATION, "organization", 403},
        {WK_R_ROLE, "role", 403},
        {WK_R_PLAN, "plan", 403},
        {WK_R_NOT_FOUND, "not_found", 404},
        {WK_R_CONFLICT, "conflict", 409},
        {WK_R_TOO_LARGE, "too_large", 413},
        {WK_R_UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", 415},
        {WK_R_UNPROCESSABLE, "unprocessable", 422},
        {WK_R_TOO_MANY_REQUESTS, "too_many_requests", 429},
        {WK_R_UNAVAILABLE, "unavailable", 503},
        {WK_R_INTERNAL, "internal", 500},
    };
    (void)state;
    assert_int_equal(sizeof(all) / sizeof(*all), WK_REFUSALS);
    for (size_t i = 0; i < WK_REFUSALS; i++) {
        wk_refuse(&e, all[i].why, "x");
        assert_string_equal(e.detail, all[i].word);
        wk_reply_error(&ctx, &reply, &e);
        assert_int_equal(reply.status, all[i].status);
    }
}

/* What Postgres or a provider said is for the log. */
static void an_error_tells_its_class_only(void **state)
{
    static const struct {
        wk_code_t code;
        int status;
        const char *word;
        wk_outcome_t outcome;
    } classes[] = {
        {WK_INVALID, 400, "bad_request", WK_DONE},
        {WK_NOT_FOUND, 404, "not_found", WK_DONE},
        {WK_FORBIDDEN, 403, "forbidden", WK_DONE},
        {WK_CONFLICT, 409, "conflict", WK_DONE},
        {WK_REFUSED, 422, "unprocessable", WK_DONE},
        {WK_UNAVAILABLE, 503, "unavailable", WK_AGAIN},
        {WK_TIMEOUT, 503, "unavailable", WK_AGAIN},
        {WK_UNKNOWN, 503, "unavailable", WK_GIVE_UP},
        {WK_INTERNAL, 500, "internal", WK_GIVE_UP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        wk_error(&e, classes[i].code, "secret at 10.0.0.1");
        memcpy(e.detail, "users_email", sizeof("users_email"));
        assert_int_equal(wk_reply_error(&ctx, &reply, &e), classes[i].outcome);
        assert_int_equal(reply.status, classes[i].status);
        const char *body = wk_strdup(ctx.arena, reply.body);
        assert_null(strstr(body, "secret"));
        assert_null(strstr(body, "users_email"));
        assert_non_null(strstr(body, classes[i].word));
    }
}

static void when_to_come_again_is_told_in_seconds(void **state)
{
    (void)state;
    wk_error(&e, WK_UNAVAILABLE, "busy");
    e.retry_after_ms = 1001;
    wk_reply_error(&ctx, &reply, &e);
    assert_string_equal(header("retry-after"), "2");
    e.retry_after_ms = 0;
    wk_reply_error(&ctx, &reply, &e);
    assert_string_equal(header("retry-after"), "");
}

static void a_document_that_cannot_be_is_an_error(void **state)
{
    wk_document_t doc;
    char *much = malloc(VA_REPLY_MAX_BYTES + 1);
    (void)state;
    va_json_add_str(wk_reply_begin(&ctx, &doc), "s", VA_STR("\xff"));
    assert_int_equal(wk_reply_end(&ctx, &doc, 200, &reply, &e), WK_GIVE_UP);
    assert_int_equal(reply.status, 500);
    memset(much, 'x', VA_REPLY_MAX_BYTES + 1);
    va_json_add_str(wk_reply_begin(&ctx, &doc), "s", va_str(much, VA_REPLY_MAX_BYTES + 1));
    assert_int_equal(wk_reply_end(&ctx, &doc, 200, &reply, &e), WK_GIVE_UP);
    assert_int_equal(reply.status, 500);
    free(much);
}

static void headers_add_up(void **state)
{
    (void)state;
    wk_reply_header(&ctx, &reply, "set-cookie", VA_STR("a=1"));
    wk_reply_header(&ctx, &reply, "set-cookie", VA_STR("b=2"));
    assert_int_equal(reply.n_headers, 2);
    assert_true(va_str_eq(reply.headers[0].value, VA_STR("a=1")));
    assert_true(va_str_eq(reply.headers[1].value, VA_STR("b=2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_success_says_so_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_tells_its_text, setup, teardown),
        cmocka_unit_test_setup_teardown(each_refusal_has_its_status, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_tells_its_class_only, setup, teardown),
        cmocka_unit_test_setup_teardown(when_to_come_again_is_told_in_seconds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_document_that_cannot_be_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_add_up, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
