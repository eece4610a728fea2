#include "worker/handlers/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static va_job_t job;
static va_header_t headers[2];
static wk_ctx_t ctx;
static wk_error_t e;

static int setup(void **state)
{
    (void)state;
    job = (va_job_t){.headers = headers};
    ctx = (wk_ctx_t){.arena = wk_arena_new(), .job = &job};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(ctx.arena);
    return 0;
}

static bool is(va_str_t s, const char *expected)
{
    return expected == NULL ? s.data == NULL : va_str_eq(s, va_str_c(expected));
}

static void segments_of_the_path(void **state)
{
    (void)state;
    job.http_uri = VA_STR("/api/leads/a b");
    assert_true(is(wk_request_segment(&job, 0), "api"));
    assert_true(is(wk_request_segment(&job, 1), "leads"));
    assert_true(is(wk_request_segment(&job, 2), "a b"));
    assert_true(is(wk_request_segment(&job, 3), NULL));
    assert_true(is(wk_request_segment(&job, 1000), NULL));
    job.http_uri = VA_STR("/api//x/");
    assert_true(is(wk_request_segment(&job, 1), NULL));
    assert_true(is(wk_request_segment(&job, 2), "x"));
    assert_true(is(wk_request_segment(&job, 3), NULL));
    job.http_uri = VA_STR("/");
    assert_true(is(wk_request_segment(&job, 0), NULL));
    job.http_uri = VA_STR_NULL;
    assert_true(is(wk_request_segment(&job, 0), NULL));
}

/* As the database spells them, so that they can be compared with what it has. */
static void ids_are_in_small_letters(void **state)
{
    (void)state;
    job.http_uri = VA_STR("/api/leads/D0000000-0000-4000-8000-0000000000AB/Ab");
    assert_true(is(wk_request_id(&ctx, 2), "d0000000-0000-4000-8000-0000000000ab"));
    assert_true(is(wk_request_id(&ctx, 3), "Ab"));
    assert_true(is(wk_request_id(&ctx, 4), NULL));
}

static void headers_and_cookies(void **state)
{
    (void)state;
    headers[0] = (va_header_t){VA_STR("origin"), VA_STR("https://a.example")};
    headers[1] = (va_header_t){VA_STR("cookie-__host-x"), VA_STR("v")};
    job.n_headers = 2;
    assert_true(is(wk_request_header(&job, "origin"), "https://a.example"));
    assert_true(is(wk_request_header(&job, "accept"), NULL));
    assert_true(is(wk_request_cookie(&job, "__host-x"), "v"));
    assert_true(is(wk_request_cookie(&job, "__host-"), NULL));
}

static void only_an_address_is_a_peer(void **state)
{
    static const struct {
        const char *peer;
        bool address;
    } cases[] = {{"192.0.2.7", true},
                 {"2001:db8::1", true},
                 {"::ffff:192.0.2.7", true},
                 {"unix:", false},
                 {"", false},
                 {"192.0.2", false},
                 {"192.0.2.7, 1.1.1.1", false},
                 {"fe80::1%eth0", false},
                 {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        job.http_peer = va_str_c(cases[i].peer);
        assert_true(is(wk_request_peer(&job), cases[i].address ? cases[i].peer : NULL));
    }
    job.http_peer = VA_STR_NULL;
    assert_true(is(wk_request_peer(&job), NULL));
}

static void content_type(const char *type)
{
    headers[0] = (va_header_t){VA_STR("content-type"), va_str_c(type)};
    job.n_headers = type != NULL;
}

static void json_is_an_object(void **state)
{
    static const char *const wrong[] = {
        "", "[]", "1", "null", "{", "{}x", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}"};
    const va_json_t *body;
    (void)state;
    content_type("application/json");
    job.body = VA_STR("{\"a\":\"b\"}");
    assert_true(wk_request_json(&ctx, &body, &e));
    assert_true(is(va_json_get_string(body, "a"), "b"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        job.body = va_str_c(wrong[i]);
        assert_false(wk_request_json(&ctx, &body, &e));
        assert_string_equal(e.detail, "bad_request");
    }
    job.body = VA_STR("{}");
    content_type("text/json");
    assert_false(wk_request_json(&ctx, &body, &e));
    assert_string_equal(e.detail, "unsupported_media_type");
    content_type("+json");
    assert_false(wk_request_json(&ctx, &body, &e));
    job.body_omitted = true;
    assert_false(wk_request_json(&ctx, &body, &e));
    assert_string_equal(e.detail, "too_large");
}

static void members_are_strings_of_a_size(void **state)
{
    const va_json_t *body;
    va_str_t text;
    (void)state;
    content_type("application/json");
    job.body =
        VA_STR("{\"a\":\"12345\",\"n\":1,\"null\":null,\"empty\":\"\",\"nul\":\"\\u0000\"}");
    assert_true(wk_request_json(&ctx, &body, &e));
    assert_true(wk_request_text(body, "a", 5, &text, &e));
    assert_true(is(text, "12345"));
    assert_false(wk_request_text(body, "a", 4, &text, &e));
    assert_string_equal(e.text, "a must be text of at most 4 bytes.");
    assert_false(wk_request_text(body, "n", 5, &text, &e));
    assert_string_equal(e.text, "n must be a string.");
    assert_false(wk_request_text(body, "nul", 5, &text, &e));
    assert_false(wk_request_text(body, "absent", 5, &text, &e));
    assert_string_equal(e.text, "absent is missing.");
    assert_false(wk_request_text(body, "null", 5, &text, &e));
    assert_false(wk_request_text(body, "empty", 5, &text, &e));
    assert_true(wk_request_optional_text(body, "absent", 5, &text, &e));
    assert_true(is(text, NULL));
    assert_true(wk_request_optional_text(body, "empty", 5, &text, &e));
    assert_true(is(text, NULL));
    assert_false(wk_request_optional_text(body, "n", 5, &text, &e));
}

static void a_uuid_is_one(void **state)
{
    static const char *const wrong[] = {"",
                                        "d0000000-0000-4000-8000-00000000000",
                                        "d0000000-0000-4000-8000-0000000000011",
                                        "d0000000_0000-4000-8000-000000000001",
                                        "d00000000-000-4000-8000-000000000001",
                                        "g0000000-0000-4000-8000-000000000001",
                                        "{0000000-0000-4000-8000-000000000001",
                                        "d0000000-0000-4000-8000-00000000000'"};
    (void)state;
    assert_true(wk_is_uuid(VA_STR("d0000000-0000-4000-8000-00000000000F")));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_false(wk_is_uuid(va_str_c(wrong[i])));
    }
    assert_false(wk_is_uuid(va_str("d0000000-0000-4000-8000-00000000000\0", 36)));
    assert_false(wk_is_uuid(VA_STR_NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(segments_of_the_path, setup, teardown),
        cmocka_unit_test_setup_teardown(ids_are_in_small_letters, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_and_cookies, setup, teardown),
        cmocka_unit_test_setup_teardown(only_an_address_is_a_peer, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_an_object, setup, teardown),
        cmocka_unit_test_setup_teardown(members_are_strings_of_a_size, setup, teardown),
        cmocka_unit_test_setup_teardown(a_uuid_is_one, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
