/* jobs.get: late answers, for who made the request. */
#include <stdio.h>

#include "t/handlers/lib/client.h"
#include "worker/handlers/reply.h"

#define ID "01900000-0000-7000-8000-00000000000a"

static const wk_queue_limits_t limits = {30000, 0, 3};

static int setup(void **state)
{
    (void)state;
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    return 0;
}

/* ---------------------------------------------------------------- a job of somebody's */

static const va_job_t of_downtown = {.id = VA_STR(ID),
                                     .type = VA_STR("auth.logout"),
                                     .org = VA_STR(DOWNTOWN),
                                     .auth_scheme = VA_STR("jwt"),
                                     .auth_claims = VA_STR("{\"role\":\"staff\"}")};
static const va_job_t of_tools = {.id = VA_STR(ID),
                                  .type = VA_STR("auth.logout"),
                                  .auth_scheme = VA_STR("bearer"),
                                  .auth_account = VA_STR("downtown")};
static const va_job_t of_anybody = {
    .id = VA_STR(ID), .type = VA_STR("auth.logout"), .auth_scheme = VA_STR("public")};

static void take(wk_queue_t q, wk_lease_t *lease)
{
    bool found;
    assert_ok(wk_queue_take(t_ctx.redis, &q, 1, &limits, t_ctx.arena, lease, &found, &t_e));
    assert_true(found);
}

static void end(const wk_lease_t *lease, const wk_end_t *how)
{
    bool lost;
    assert_ok(wk_queue_end(t_ctx.redis, lease, how, &limits, &lost, &t_e));
    assert_false(lost);
}

/* What its handler would have answered, written by the functions that handlers use. */
static va_str_t answer_as(const va_job_t *job, const char *said, int status)
{
    wk_document_t doc;
    va_buf_t text;
    va_reply_t reply = {.status = 0};
    wk_ctx_t ctx = t_ctx;
    ctx.job = job;
    va_json_add_c(wk_reply_begin(&ctx, &doc), "said", said);
    assert_int_equal(wk_reply_end(&ctx, &doc, status, &reply, &t_e), WK_DONE);
    wk_reply_header(&ctx, &reply, "set-cookie", VA_STR("__Host-va=secret"));
    reply.id = job->id;
    va_buf_init(&text, wk_mem(t_ctx.arena), 512);
    assert_int_equal(va_reply_write(&text, &reply), VA_OK);
    return va_buf_str(&text);
}

static t_answer_t get_as_downtown(const char *id)
{
    return t_get("jobs.get", wk_printf(t_ctx.arena, "/api/jobs/%s", id).data, NULL);
}

static t_answer_t get_as_uptown(const char *id)
{
    return t_get_as(UMA, UPTOWN, "admin", "jobs.get",
                    wk_printf(t_ctx.arena, "/api/jobs/%s", id).data, NULL);
}

static t_answer_t get_as_secret(const char *account)
{
    return t_ask(&(t_ask_t){
        .type = "jobs.get", .uri = "/api/jobs/" ID, .scheme = "bearer", .account = account});
}

/* ---------------------------------------------------------------- its life */

static void a_job_is_pending_until_it_is_answered(void **state)
{
    wk_lease_t lease;
    (void)state;
    for (wk_queue_t q = 0; q < WK_QUEUES; q++) {
        setup(NULL);
        t_push_job(t_ctx.redis, q, &of_downtown);
        take(q, &lease);
        t_answer_t a = get_as_downtown(ID);
        assert_status(&a, 202);
        assert_string_equal(t_text(&a, "/status"), "pending");
        assert_string_equal(t_text(&a, "/job"), ID);
        assert_string_equal(t_text(&a, "/success"), "true");
        end(&lease,
            &(wk_end_t){.how = WK_END_RETRY, .reason = VA_STR("busy"), .delay_ms = 60000});
        a = get_as_downtown(ID);
        assert_status(&a, 202);
    }
}

static void the_answer_is_told_once_more(void **state)
{
    wk_lease_t lease;
    (void)state;
    for (wk_queue_t q = 0; q < WK_QUEUES; q++) {
        setup(NULL);
        t_push_job(t_ctx.redis, q, &of_downtown);
        take(q, &lease);
        end(&lease,
            &(wk_end_t){.how = WK_END_ACK, .reply = answer_as(&of_downtown, "booked", 201)});
        t_answer_t a = get_as_downtown(ID);
        assert_status(&a, 201);
        assert_string_equal(t_text(&a, "/said"), "booked");
        assert_int_equal(a.reply.n_headers, 0); /* no cookie a second time */
        a = get_as_downtown(ID);
        assert_status(&a, 201);
    }
}

static void a_job_given_up_has_failed(void **state)
{
    wk_lease_t lease;
    (void)state;
    t_push_job(t_ctx.redis, WK_DEFAULT, &of_downtown);
    take(WK_DEFAULT, &lease);
    end(&lease, &(wk_end_t){.how = WK_END_BURY, .reason = VA_STR("a reason that says much")});
    t_answer_t a = get_as_downtown(ID);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/status"), "failed");
    assert_null(strstr(wk_strdup(t_ctx.arena, a.body), "reason"));
    a = get_as_uptown(ID);
    assert_error(&a, 404, "not_found");
}

static void a_job_given_up_may_have_an_answer(void **state)
{
    wk_lease_t lease;
    (void)state;
    t_push_job(t_ctx.redis, WK_DEFAULT, &of_downtown);
    take(WK_DEFAULT, &lease);
    end(&lease, &(wk_end_t){.how = WK_END_BURY,
                            .reason = VA_STR("refused"),
                            .reply = answer_as(&of_downtown, "refused", 409)});
    t_answer_t a = get_as_downtown(ID);
    assert_status(&a, 409);
    assert_string_equal(t_text(&a, "/said"), "refused");
}

/* ---------------------------------------------------------------- whose it is */

static void anothers_job_is_not_there(void **state)
{
    wk_lease_t lease;
    (void)state;
    t_answer_t unknown = get_as_uptown("01900000-0000-7000-8000-0000000000ff");
    assert_error(&unknown, 404, "not_found");
    t_push_job(t_ctx.redis, WK_REALTIME, &of_downtown);
    take(WK_REALTIME, &lease);
    t_answer_t a = get_as_uptown(ID);
    assert_true(va_str_eq(a.body, unknown.body));
    a = get_as_secret("downtown");
    assert_true(va_str_eq(a.body, unknown.body));
    end(&lease,
        &(wk_end_t){.how = WK_END_ACK, .reply = answer_as(&of_downtown, "booked", 200)});
    a = get_as_uptown(ID);
    assert_true(va_str_eq(a.body, unknown.body));
    a = get_as_secret("downtown");
    assert_true(va_str_eq(a.body, unknown.body));
    a = get_as_secret(NULL);
    assert_true(va_str_eq(a.body, unknown.body));
    a = get_as_downtown(ID);
    assert_status(&a, 200);
}

static void a_shared_secret_gets_its_own(void **state)
{
    wk_lease_t lease;
    (void)state;
    t_push_job(t_ctx.redis, WK_REALTIME, &of_tools);
    take(WK_REALTIME, &lease);
    t_answer_t a = get_as_secret("downtown");
    assert_status(&a, 202);
    end(&lease, &(wk_end_t){.how = WK_END_ACK, .reply = answer_as(&of_tools, "booked", 200)});
    a = get_as_secret("downtown");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/said"), "booked");
    a = get_as_secret("uptown");
    assert_error(&a, 404, "not_found");
    a = get_as_secret(NULL);
    assert_error(&a, 404, "not_found");
    a = get_as_downtown(ID);
    assert_error(&a, 404, "not_found");
}

/* A login's answer holds tokens: whoever finds its id in a log is told nothing. */
static void what_anybody_asked_is_told_nobody_again(void **state)
{
    wk_lease_t lease;
    (void)state;
    t_push_job(t_ctx.redis, WK_REALTIME, &of_anybody);
    take(WK_REALTIME, &lease);
    end(&lease, &(wk_end_t){.how = WK_END_ACK, .reply = answer_as(&of_anybody, "token", 200)});
    t_answer_t a = get_as_downtown(ID);
    assert_error(&a, 404, "not_found");
    a = get_as_secret(NULL);
    assert_error(&a, 404, "not_found");
    a = t_ask(&(t_ask_t){.type = "jobs.get", .uri = "/api/jobs/" ID});
    assert_error(&a, 404, "not_found");
}

static void nobody_asks_for_a_read_again(void **state)
{
    (void)state;
    t_answer_t a = t_get("leads.list", "/api/leads", NULL);
    assert_status(&a, 200);
    assert_int_equal(t_redis_int(t_ctx.redis, "DBSIZE"), 0);
}

static void an_owner_is_kept_longer_than_the_answer(void **state)
{
    wk_lease_t lease;
    (void)state;
    t_push_job(t_ctx.redis, WK_REALTIME, &of_downtown);
    take(WK_REALTIME, &lease);
    end(&lease,
        &(wk_end_t){.how = WK_END_ACK, .reply = answer_as(&of_downtown, "booked", 200)});
    assert_true(t_redis_int(t_ctx.redis, "PTTL va:owner:" ID) >
                t_redis_int(t_ctx.redis, "PTTL va:{realtime}:res:" ID));
}

static void an_id_must_be_one(void **state)
{
    static const char *const wrong[] = {
        "",
        "*",
        "a%20b",
        "{}",
        "..",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = get_as_downtown(wrong[i]);
        assert_error(&a, 404, "not_found");
    }
}

static void whoever_is_out_hears_nothing_more(void **state)
{
    wk_lease_t lease;
    (void)state;
    t_push_job(t_ctx.redis, WK_REALTIME, &of_downtown);
    take(WK_REALTIME, &lease);
    t_sqlf("UPDATE users SET is_active = false WHERE id = '" DANA "'");
    t_answer_t a = get_as_downtown(ID);
    t_sqlf("UPDATE users SET is_active = true WHERE id = '" DANA "'");
    assert_error(&a, 403, "forbidden");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_pending_until_it_is_answered),
        cmocka_unit_test(the_answer_is_told_once_more),
        cmocka_unit_test(a_job_given_up_has_failed),
        cmocka_unit_test(a_job_given_up_may_have_an_answer),
        cmocka_unit_test(anothers_job_is_not_there),
        cmocka_unit_test(a_shared_secret_gets_its_own),
        cmocka_unit_test(what_anybody_asked_is_told_nobody_again),
        cmocka_unit_test(nobody_asks_for_a_read_again),
        cmocka_unit_test(an_owner_is_kept_longer_than_the_answer),
        cmocka_unit_test(an_id_must_be_one),
        cmocka_unit_test(whoever_is_out_hears_nothing_more),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
