#include "core/job.h"

#include "t/unit/support.h"

static va_str_t write_job(const va_job_t *job)
{
    va_buf_t out;

    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_job_write(&out, job), VA_OK);

    return va_buf_str(&out);
}

static va_job_t full_job(void)
{
    static va_header_t headers[] = {
        {VA_STR("content-type"), VA_STR("application/json")},
        {VA_STR("x-goog-channel-id"), VA_STR("c1")},
        {VA_STR("x-goog-channel-id"), VA_STR("c2")},
    };
    static va_header_t members[] = {{VA_STR("conversation"), VA_STR("conv_1")}};

    return (va_job_t){
        .id = VA_STR("j1"),
        .type = VA_STR("twilio.sms"),
        .org = VA_STR("o1"),
        .lane = VA_STR("+14165550001"),
        .serial = VA_STR("s1"),
        .dedup = VA_STR("SM1"),
        .attempt = 1,
        .enqueued_ms = 1800000000000,
        .deadline_ms = 1800000008000,
        .reply = VA_STR("va:reply:n1"),
        .trace = VA_STR("t1"),
        .auth_scheme = VA_STR("jwt"),
        .auth_account = VA_STR("AC1"),
        .auth_claims = VA_STR("{\"sub\":\"u\",\"exp\":1800000100,\"n\":1.50}"),
        .http_method = VA_STR("POST"),
        .http_uri = VA_STR("/api/x"),
        .http_args = VA_STR("a=1"),
        .http_peer = VA_STR("127.0.0.1"),
        .http_connection = VA_STR("00ff"),
        .headers = headers,
        .n_headers = 3,
        .body = VA_STR("{\"a\":\"\xc3\xa9\"}"),
        .members = members,
        .n_members = 1,
    };
}

static void a_job_as_it_is_written(void **state)
{
    va_job_t job = full_job();

    (void)state;
    assert_str(
        write_job(&job),
        "{\"v\":1,\"id\":\"j1\",\"type\":\"twilio.sms\",\"org\":\"o1\","
        "\"lane\":\"+14165550001\",\"serial\":\"s1\",\"dedup\":\"SM1\",\"attempt\":1,"
        "\"enqueued_ms\":1800000000000,\"deadline_ms\":1800000008000,"
        "\"reply\":\"va:reply:n1\",\"trace\":\"t1\",\"auth\":{\"scheme\":\"jwt\","
        "\"account\":\"AC1\",\"claims\":{\"sub\":\"u\",\"exp\":1800000100,\"n\":1.50}},"
        "\"http\":{\"method\":\"POST\",\"uri\":\"/api/x\",\"args\":\"a=1\","
        "\"peer\":\"127.0.0.1\",\"connection\":\"00ff\",\"headers\":{\"content-type\":"
        "\"application/json\","
        "\"x-goog-channel-id\":[\"c1\",\"c2\"]},\"members\":{\"conversation\":\"conv_1\"},"
        "\"body\":\"{\\\"a\\\":\\\"\xc3\xa9\\\"}\"}}");
}

static void a_job_comes_back(void **state)
{
    va_job_t job = full_job();
    va_str_t text = exact(write_job(&job));
    va_job_t back;

    (void)state;
    assert_int_equal(va_job_parse(&test_mem, text, &back), VA_OK);
    memset((char *)text.data, '!', text.len);
    assert_str(back.id, "j1");
    assert_str(back.type, "twilio.sms");
    assert_str(back.org, "o1");
    assert_str(back.lane, "+14165550001");
    assert_str(back.serial, "s1");
    assert_str(back.dedup, "SM1");
    assert_int_equal(back.attempt, 1);
    assert_int_equal(back.enqueued_ms, 1800000000000);
    assert_int_equal(back.deadline_ms, 1800000008000);
    assert_str(back.reply, "va:reply:n1");
    assert_str(back.trace, "t1");
    assert_str(back.auth_scheme, "jwt");
    assert_str(back.auth_account, "AC1");
    assert_str(back.auth_claims, "{\"sub\":\"u\",\"exp\":1800000100,\"n\":1.50}");
    assert_str(va_json_get_string(back.claims, "sub"), "u");
    assert_str(back.http_method, "POST");
    assert_str(back.http_uri, "/api/x");
    assert_str(back.http_args, "a=1");
    assert_str(back.http_peer, "127.0.0.1");
    assert_str(back.http_connection, "00ff");
    assert_int_equal(back.n_headers, 3);
    assert_str(back.headers[2].name, "x-goog-channel-id");
    assert_str(back.headers[1].value, "c1");
    assert_str(back.headers[2].value, "c2");
    assert_int_equal(back.n_members, 1);
    assert_str(back.members[0].value, "conv_1");
    assert_str(back.body, "{\"a\":\"\xc3\xa9\"}");
    assert_false(back.body_omitted);
    assert_int_equal(back.body_length, back.body.len);
    assert_absent(back.body_sha256);
    assert_true(va_str_eq(write_job(&back), write_job(&job)));
}

/* A member the body does not have, between two that it has. */
static void absent_values_are_left_out(void **state)
{
    va_header_t members[] = {
        {VA_STR("a"), VA_STR("1")},
        {VA_STR("b"), VA_STR_NULL},
        {VA_STR("c"), VA_STR("")},
        {VA_STR("a"), VA_STR_NULL},
    };
    const va_job_t job = {
        .id = VA_STR("j"), .type = VA_STR("t"), .members = members, .n_members = 4};
    va_job_t back;

    (void)state;
    assert_int_equal(va_job_parse(&test_mem, write_job(&job), &back), VA_OK);
    assert_int_equal(back.n_members, 2);
    assert_str(back.members[0].name, "a");
    assert_str(back.members[0].value, "1");
    assert_str(back.members[1].name, "c");
    assert_str(back.members[1].value, "");
}

static void the_smallest_job(void **state)
{
    const va_job_t job = {.id = VA_STR("j"), .type = VA_STR("t")};
    va_job_t back;

    (void)state;
    assert_str(write_job(&job),
               "{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"attempt\":0,\"enqueued_ms\":0}");
    assert_int_equal(va_job_parse(&test_mem, write_job(&job), &back), VA_OK);
    assert_absent(back.org);
    assert_absent(back.body);
    assert_absent(back.http_uri);
    assert_absent(back.auth_claims);
    assert_null(back.claims);
    assert_int_equal(back.n_headers, 0);
    assert_int_equal(back.deadline_ms, 0);
}

static void bodies(void **state)
{
    static const struct {
        va_str_t body;
        const char *text;
    } cases[] = {
        {VA_STR("plain"), "\"body\":\"plain\""},
        {VA_STR(""), "\"body\":\"\""},
        {VA_STR("\xff\xfe"), "\"body_b64\":\"//4=\""},
        {VA_STR("a\0b"), "\"body_b64\":\"YQBi\""},
        {VA_STR("\xed\xa0\x80"), "\"body_b64\":\"7aCA\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const va_job_t job = {.id = VA_STR("j"), .type = VA_STR("t"), .body = cases[i].body};
        va_str_t text = va_str_dup(&test_mem, write_job(&job));
        va_job_t back;

        assert_non_null(strstr(text.data, cases[i].text));
        assert_int_equal(va_job_parse(&test_mem, text, &back), VA_OK);
        assert_non_null(back.body.data);
        assert_true(va_str_eq(back.body, cases[i].body));
        assert_int_equal(back.body_length, cases[i].body.len);
    }
}

static void omitted_body(void **state)
{
    const va_job_t job = {
        .id = VA_STR("j"),
        .type = VA_STR("t"),
        .body = VA_STR("not written"),
        .body_omitted = true,
        .body_length = 64000000,
        .body_sha256 =
            VA_STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    };
    va_job_t back;

    (void)state;
    assert_int_equal(va_job_parse(&test_mem, write_job(&job), &back), VA_OK);
    assert_true(back.body_omitted);
    assert_int_equal(back.body_length, 64000000);
    assert_str(back.body_sha256, job.body_sha256.data);
    assert_absent(back.body);
}

/* A request is not lost for the bytes a client put into its path or its headers. */
static void text_that_is_not_utf8_is_repaired(void **state)
{
    va_header_t header = {VA_STR("user-agent"), VA_STR("caf\xe9")};
    const va_job_t job = {
        .id = VA_STR("j"),
        .type = VA_STR("t"),
        .http_uri = VA_STR("/\xff/x\xc3"),
        .headers = &header,
        .n_headers = 1,
    };
    va_job_t back;

    (void)state;
    assert_int_equal(va_job_parse(&test_mem, write_job(&job), &back), VA_OK);
    assert_str(back.http_uri, "/\xef\xbf\xbd/x\xef\xbf\xbd");
    assert_str(back.headers[0].value, "caf\xef\xbf\xbd");
}

static void jobs_that_cannot_be_written(void **state)
{
    va_header_t *headers = test_alloc(&test_memory, 65 * sizeof(*headers));
    va_job_t job = {.type = VA_STR("t")};
    va_buf_t out;

    (void)state;
    for (size_t i = 0; i < 65; i++)
        headers[i] = (va_header_t){VA_STR("a"), VA_STR("b")};
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_job_write(&out, &job), VA_ESYNTAX);
    job = (va_job_t){.id = VA_STR("j")};
    assert_int_equal(va_job_write(&out, &job), VA_ESYNTAX);
    job =
        (va_job_t){.id = VA_STR("j"), .type = VA_STR("t"), .headers = headers, .n_headers = 65};
    assert_int_equal(va_job_write(&out, &job), VA_ELIMIT);
    job =
        (va_job_t){.id = VA_STR("j"), .type = VA_STR("t"), .members = headers, .n_members = 65};
    assert_int_equal(va_job_write(&out, &job), VA_ELIMIT);
    job =
        (va_job_t){.id = VA_STR("j"), .type = VA_STR("t"), .headers = headers, .n_headers = 64};
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_job_write(&out, &job), VA_OK);
    va_buf_init(&out, &test_mem, 0);
    out.max = 20;
    assert_int_equal(va_job_write(&out, &job), VA_ELIMIT);
    job = (va_job_t){
        .id = VA_STR("j"),
        .type = VA_STR("t"),
        .auth_scheme = VA_STR("jwt"),
        .auth_claims = VA_STR(""),
    };
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_job_write(&out, &job), VA_ESYNTAX);
    job = (va_job_t){.id = VA_STR("j"), .type = VA_STR("t"), .auth_claims = VA_STR("{}")};
    assert_int_equal(va_job_write(&out, &job), VA_ESYNTAX);
}

static void documents_are_limited(void **state)
{
    size_t size = VA_JOB_MAX_BYTES;
    char *body = test_alloc(&test_memory, size);
    va_job_t job = {.id = VA_STR("j"), .type = VA_STR("t"), .body = va_str(body, size)};
    va_buf_t out;
    va_job_t back;

    (void)state;
    memset(body, 'x', size);
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_job_write(&out, &job), VA_ELIMIT);
    /* What can be written can be read, and what is before it in the buffer does not count. */
    job.body.len -= 100;
    va_buf_init(&out, &test_mem, 0);
    va_buf_add(&out, body, 100);
    assert_int_equal(va_job_write(&out, &job), VA_OK);
    assert_int_equal(va_job_parse(&test_mem, va_str(out.data + 100, out.len - 100), &back),
                     VA_OK);
    assert_int_equal(back.body.len, size - 100);
}

static void what_is_no_job(void **state)
{
    static const struct {
        const char *text;
        va_status_t status;
    } cases[] = {
        {"", VA_ESYNTAX},
        {"[]", VA_ESYNTAX},
        {"{}", VA_ESYNTAX},
        {"{\"id\":\"j\",\"type\":\"t\"}", VA_ESYNTAX},
        {"{\"v\":0,\"id\":\"j\",\"type\":\"t\"}", VA_ESYNTAX},
        {"{\"v\":\"1\",\"id\":\"j\",\"type\":\"t\"}", VA_ESYNTAX},
        {"{\"v\":1.5,\"id\":\"j\",\"type\":\"t\"}", VA_ESYNTAX},
        {"{\"v\":1,\"type\":\"t\"}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"\",\"type\":\"t\"}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\"}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":7,\"type\":\"t\"}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"org\":1}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"attempt\":\"1\"}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"attempt\":1.5}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"auth\":[]}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"auth\":{\"claims\":{}}}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"auth\":{\"scheme\":\"\"}}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"auth\":{\"scheme\":\"jwt\",\"claims\":[]}}",
         VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":\"x\"}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"body\":{}}}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"body_b64\":\"A\"}}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"body\":\"\",\"body_b64\":\"\"}}",
         VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"headers\":[]}}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"headers\":{\"a\":1}}}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"headers\":{\"a\":[\"b\",1]}}}",
         VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"body_omitted\":true,\"body_length\":"
         "-1}}",
         VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"body_omitted\":true,\"body\":\"x\"}"
         "}",
         VA_ESYNTAX},
        {"{\"v\":2,\"everything\":\"else\"}", VA_ELIMIT},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"unknown\":[{}],\"org\":null}", VA_OK},
        {"{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"headers\":{\"a\":[]}}}", VA_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_job_t job;

        assert_case(va_job_parse(&test_mem, exact(va_str_c(cases[i].text)), &job) ==
                        cases[i].status,
                    cases[i].text);
    }
}

static void too_many_headers_to_read(void **state)
{
    va_buf_t text;
    va_job_t job;

    (void)state;
    va_buf_init(&text, &test_mem, 0);
    va_buf_add_c(&text,
                 "{\"v\":1,\"id\":\"j\",\"type\":\"t\",\"http\":{\"headers\":{\"a\":[\"x\"");
    for (int i = 1; i < VA_JOB_MAX_HEADERS; i++)
        va_buf_add_c(&text, ",\"x\"");

    va_buf_t more = text;

    va_buf_add_c(&text, "]}}}");
    assert_int_equal(va_job_parse(&test_mem, va_buf_str(&text), &job), VA_OK);
    assert_int_equal(job.n_headers, VA_JOB_MAX_HEADERS);
    va_buf_add_c(&more, "],\"b\":\"x\"}}}");
    assert_int_equal(va_job_parse(&test_mem, va_buf_str(&more), &job), VA_ELIMIT);
}

/* Claims of the deepest token still fit into a job. */
static void deep_claims(void **state)
{
    char claims[] = "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}";
    const va_job_t job = {
        .id = VA_STR("j"),
        .type = VA_STR("t"),
        .auth_scheme = VA_STR("jwt"),
        .auth_claims = va_str_c(claims),
    };
    const va_json_limits_t of_a_token = {8192, 32, 100};
    const va_json_t *root;
    va_job_t back;

    (void)state;
    assert_int_equal(va_json_parse(&test_mem, job.auth_claims, &of_a_token, &root), VA_OK);
    assert_int_equal(va_job_parse(&test_mem, write_job(&job), &back), VA_OK);
    assert_str(back.auth_claims, claims);
}

static va_str_t write_reply(const va_reply_t *reply)
{
    va_buf_t out;

    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_reply_write(&out, reply), VA_OK);

    return va_buf_str(&out);
}

static va_reply_t full_reply(void)
{
    static va_header_t headers[] = {
        {VA_STR("set-cookie"), VA_STR("a=1; Secure")},
        {VA_STR("x-powered-by"), VA_STR("no")},
        {VA_STR("location"), VA_STR("/x")},
        {VA_STR("set-cookie"), VA_STR("b=2")},
    };

    return (va_reply_t){
        .id = VA_STR("j1"),
        .status = 302,
        .type = VA_STR("text/xml"),
        .headers = headers,
        .n_headers = 4,
        .body = VA_STR("<Response/>"),
    };
}

static void a_reply_comes_back(void **state)
{
    va_reply_t reply = full_reply();
    va_str_t text = exact(write_reply(&reply));
    va_reply_t back;

    (void)state;
    assert_str(text, "{\"v\":1,\"id\":\"j1\",\"status\":302,\"type\":\"text/xml\",\"headers\":{"
                     "\"set-cookie\":[\"a=1; Secure\",\"b=2\"],\"location\":\"/x\"},"
                     "\"body\":\"<Response/>\"}");
    assert_int_equal(va_reply_parse(&test_mem, text, &back), VA_OK);
    memset((char *)text.data, '!', text.len);
    assert_str(back.id, "j1");
    assert_int_equal(back.status, 302);
    assert_false(back.stored);
    assert_str(back.type, "text/xml");
    assert_int_equal(back.n_headers, 3);
    assert_str(back.headers[0].value, "a=1; Secure");
    assert_str(back.headers[1].value, "b=2");
    assert_str(back.headers[2].name, "location");
    assert_str(back.body, "<Response/>");
}

static void a_stored_reply_is_its_id(void **state)
{
    const va_reply_t reply = {.id = VA_STR("j1"), .stored = true};
    const va_reply_t nameless = {.stored = true};
    va_reply_t back;
    va_buf_t out;

    (void)state;
    assert_str(write_reply(&reply), "{\"v\":1,\"id\":\"j1\",\"stored\":true}");
    assert_int_equal(va_reply_parse(&test_mem, write_reply(&reply), &back), VA_OK);
    assert_true(back.stored);
    assert_str(back.id, "j1");
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_reply_write(&out, &nameless), VA_ESYNTAX);
    assert_int_equal(va_reply_parse(&test_mem, VA_STR("{\"v\":1,\"stored\":true}"), &back),
                     VA_ESYNTAX);
}

static void headers_a_reply_may_carry(void **state)
{
    (void)state;
    assert_true(va_reply_header_allowed(VA_STR("set-cookie")));
    assert_true(va_reply_header_allowed(VA_STR("location")));
    assert_true(va_reply_header_allowed(VA_STR("retry-after")));
    assert_true(va_reply_header_allowed(VA_STR("content-disposition")));
    assert_true(va_reply_header_allowed(VA_STR("cache-control")));
    assert_true(va_reply_header_allowed(VA_STR("access-control-allow-origin")));
    assert_true(va_reply_header_allowed(VA_STR("accept-ranges")));
    assert_true(va_reply_header_allowed(VA_STR("content-range")));
    assert_false(va_reply_header_allowed(VA_STR("content-length")));
    assert_false(va_reply_header_allowed(VA_STR("transfer-encoding")));
    assert_false(va_reply_header_allowed(VA_STR("Location")));
    assert_false(va_reply_header_allowed(VA_STR("")));
}

/* Neither side lets a header end early and another one begin. */
static void no_header_within_a_header(void **state)
{
    static const va_str_t values[] = {
        VA_STR("/x\r\nSet-Cookie: a=1"),
        VA_STR("/x\nb"),
        VA_STR("/x\r"),
        VA_STR("a\0b"),
        VA_STR("\x7f"),
        VA_STR("\x1b[31m"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        va_header_t header = {VA_STR("location"), values[i]};
        va_reply_t reply = {
            .id = VA_STR("j"), .status = 302, .headers = &header, .n_headers = 1};
        va_buf_t out;

        va_buf_init(&out, &test_mem, 0);
        assert_int_equal(va_reply_write(&out, &reply), VA_ESYNTAX);
        reply = (va_reply_t){.id = VA_STR("j"), .status = 200, .type = values[i]};
        assert_int_equal(va_reply_write(&out, &reply), VA_ESYNTAX);
    }

    va_reply_t back;

    assert_int_equal(va_reply_parse(&test_mem,
                                    VA_STR("{\"v\":1,\"id\":\"j\",\"status\":302,\"headers\":"
                                           "{\"location\":\"/\\r\\nx: y\"}}"),
                                    &back),
                     VA_ESYNTAX);
    assert_int_equal(va_reply_parse(&test_mem,
                                    VA_STR("{\"v\":1,\"id\":\"j\",\"status\":200,"
                                           "\"type\":\"text/html\\nx: y\"}"),
                                    &back),
                     VA_ESYNTAX);
    assert_int_equal(va_reply_parse(&test_mem,
                                    VA_STR("{\"v\":1,\"id\":\"j\",\"status\":200,"
                                           "\"headers\":{\"cache-control\":\"a\\tb\"}}"),
                                    &back),
                     VA_OK);
}

static void replies_that_are_none(void **state)
{
    static const struct {
        const char *text;
        va_status_t status;
    } cases[] = {
        {"{}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\"}", VA_ESYNTAX},
        {"{\"v\":1,\"status\":200}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"status\":199}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"status\":600}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"status\":4294967496}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"status\":\"200\"}", VA_ESYNTAX},
        {"{\"v\":1,\"id\":\"j\",\"status\":200,\"headers\":{\"x\":1}}", VA_ESYNTAX},
        {"{\"v\":3,\"id\":\"j\",\"status\":200}", VA_ELIMIT},
        {"{\"v\":1,\"id\":\"j\",\"status\":200}", VA_OK},
        {"{\"v\":1,\"id\":\"j\",\"status\":599,\"stored\":false,\"new\":1}", VA_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_reply_t reply;

        assert_case(va_reply_parse(&test_mem, va_str_c(cases[i].text), &reply) ==
                        cases[i].status,
                    cases[i].text);
    }
}

static void large_replies(void **state)
{
    char *body = test_alloc(&test_memory, VA_REPLY_MAX_BYTES + 1);
    va_header_t *headers = test_alloc(&test_memory, 65 * sizeof(*headers));
    va_reply_t reply = {.id = VA_STR("j"), .status = 200};
    va_reply_t back;
    va_buf_t out;

    (void)state;
    /* The worst there is for JSON: six characters a byte. */
    memset(body, '\x01', VA_REPLY_MAX_BYTES + 1);
    reply.body = va_str(body, VA_REPLY_MAX_BYTES);
    assert_int_equal(va_reply_parse(&test_mem, write_reply(&reply), &back), VA_OK);
    assert_true(va_str_eq(back.body, reply.body));

    reply.body.len++;
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(va_reply_write(&out, &reply), VA_ELIMIT);

    reply = (va_reply_t){.id = VA_STR("j"), .status = 200, .headers = headers, .n_headers = 65};
    assert_int_equal(va_reply_write(&out, &reply), VA_ELIMIT);
}

static void assert_in_schema(const va_json_t *document, const va_json_t *schema)
{
    const va_json_t *properties = need(schema, "properties");
    const va_json_t *required = va_json_get(schema, "required");

    for (const va_json_t *m = document->first; m != NULL; m = m->next)
        assert_case(va_json_get_n(properties, m->name) != NULL, m->name.data);
    for (const va_json_t *r = required != NULL ? required->first : NULL; r != NULL; r = r->next)
        assert_case(va_json_get_n(document, r->text) != NULL, r->text.data);
}

/* What is written is described, and the examples of each kind have what is required. */
static void the_schemas_know_every_member(void **state)
{
    const va_json_t *job_schema = read_json("docs/protocol/job.v1.schema.json");
    const va_json_t *reply_schema = read_json("docs/protocol/reply.v1.schema.json");
    const va_json_t *properties = need(job_schema, "properties");
    va_job_t full = full_job();
    va_job_t omitted = {.id = VA_STR("j"),
                        .type = VA_STR("t"),
                        .body_omitted = true,
                        .body_sha256 = VA_STR("00")};
    va_job_t binary = {.id = VA_STR("j"), .type = VA_STR("t"), .body = VA_STR("\xff")};
    const va_job_t *jobs[] = {&full, &omitted, &binary};
    va_reply_t reply = full_reply();
    va_reply_t stored = {.id = VA_STR("j"), .stored = true};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const va_json_t *document = parse_json(write_job(jobs[i]));

        assert_in_schema(document, job_schema);
        assert_in_schema(need(document, "http"), need(properties, "http"));
        if (jobs[i] == &full)
            assert_in_schema(need(document, "auth"), need(properties, "auth"));
    }

    const va_json_t *document = parse_json(write_reply(&reply));

    assert_in_schema(document, reply_schema);
    assert_in_schema(need(document, "headers"),
                     need(need(reply_schema, "properties"), "headers"));
    assert_in_schema(parse_json(write_reply(&stored)), reply_schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_as_it_is_written),
        TEST(a_job_comes_back),
        TEST(absent_values_are_left_out),
        TEST(the_smallest_job),
        TEST(bodies),
        TEST(omitted_body),
        TEST(text_that_is_not_utf8_is_repaired),
        TEST(jobs_that_cannot_be_written),
        TEST(documents_are_limited),
        TEST(what_is_no_job),
        TEST(too_many_headers_to_read),
        TEST(deep_claims),
        TEST(a_reply_comes_back),
        TEST(a_stored_reply_is_its_id),
        TEST(headers_a_reply_may_carry),
        TEST(no_header_within_a_header),
        TEST(replies_that_are_none),
        TEST(large_replies),
        TEST(the_schemas_know_every_member),
    };

    return RUN("job", tests);
}
