/*
 * effects.settle: what a job began and did not live to end is settled by another one, once;
 * what that one leaves ends, and a person hears of it.
 */
#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"
#include "worker/agent/crm.h"

#define CALL     "d0000000-0000-4000-8000-0000000000c2"
#define CRM_CALL "hubspot:call:" CALL
#define CRM_NOTE "hubspot:note:" CALL

static int setup(void **state)
{
    t_sqlf("DELETE FROM calls; DELETE FROM takeovers;"
           "INSERT INTO calls (id, organization_id, customer_id, caller_number, called_number)"
           " VALUES ('" CALL "', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "',"
           "    '" DOWNTOWN_NUMBER "')");
    return t_texts_setup(state);
}

static t_answer_t job(const char *type, const char *body)
{
    return t_ask(&(t_ask_t){.type = type, .org = DOWNTOWN, .scheme = "internal", .body = body});
}

/* Ten minutes later. */
static void settle(void)
{
    t_sqlf("UPDATE effects SET settle_at = now() - interval '1 second'");
    t_answer_t a = job("effects.settle", "{}");
    assert_done(&a);
}

static const char *outbox(void)
{
    return t_sqlf("SELECT coalesce(string_agg(type || ' ' || data, '; '), '') FROM outbox"
                  " WHERE kind = 'job' AND type <> 'shopify.customer'");
}

static const char *effect(void)
{
    return t_sqlf("SELECT string_agg(concat_ws(' ', kind, state), '; ' ORDER BY kind, key)"
                  " FROM effects");
}

static int64_t alarms(void)
{
    return t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm' AND status = 'open'");
}

/* A text comes in, and whoever answers it dies when the provider has taken the answer. */
static void dies_behind_the_provider(void)
{
    const char *form = t_text_form(
        &(t_text_t){.sid = t_text_sid(), .from = STRANGER, .body = "What are your hours?"});
    assert_true(t_dies_at("sms.after", 1,
                          &(t_ask_t){.type = "sms.receive",
                                     .scheme = "twilio",
                                     .content_type = "application/x-www-form-urlencoded",
                                     .body = form}));
}

/* ---------------------------------------------------------------- texts */

static void a_text_whose_job_is_gone_is_found_at_the_provider(void **state)
{
    (void)state;
    dies_behind_the_provider();
    t_answer_t a = job("effects.settle", "{}");
    assert_done(&a);
    assert_string_equal(outbox(), ""); /* it may be under way */
    settle();
    const char *data = t_sqlf("SELECT data FROM outbox WHERE type = 'sms.send'");
    assert_has(data, "sms:answer:SM");
    t_texts_pass();
    a = job("sms.send", data);
    assert_done(&a);
    assert_string_equal(effect(), "sms done");
    assert_int_equal(t_twilio_sent(STRANGER), 1);
    assert_int_equal(alarms(), 0);
}

static void when_its_second_job_is_gone_too_people_hear_of_it(void **state)
{
    (void)state;
    dies_behind_the_provider();
    settle();
    const char *data = t_sqlf("SELECT data FROM outbox WHERE type = 'sms.send'");
    t_sqlf("DELETE FROM outbox");
    t_log_forget();
    t_texts_pass();
    settle();
    assert_string_equal(effect(), "sms unknown");
    assert_int_equal(alarms(), 1);
    assert_int_equal(t_logged("\"alert\""), 1);
    settle();
    t_texts_pass();
    t_answer_t a = job("sms.send", data); /* a dead one that is replayed */
    assert_done(&a);
    assert_string_equal(outbox(), "");
    assert_int_equal(t_twilio_requests("POST"), 1);
    assert_int_equal(alarms(), 1);
}

/* Waiting for a retry, say. */
static void what_a_job_is_for_is_left_to_it(void **state)
{
    static const wk_queue_t order[] = {WK_BULK};
    static const wk_queue_limits_t limits = {60000, 0, 3};
    bool found, lost;
    wk_lease_t lease;
    (void)state;
    dies_behind_the_provider();
    t_push(t_ctx.redis, WK_BULK, "its-job", "l", t_sqlf("SELECT key FROM effects"));
    assert_ok(wk_queue_take(t_ctx.redis, order, 1, &limits, t_ctx.arena, &lease, &found, &t_e));
    assert_true(found);
    settle();
    assert_string_equal(outbox(), "");
    assert_true(t_sqlf_int("SELECT extract(epoch FROM settle_at - now()) FROM effects") > 500);
    wk_end_t end = {.how = WK_END_BURY};
    assert_ok(wk_queue_end(t_ctx.redis, &lease, &end, &limits, &lost, &t_e));
    settle();
    assert_has(outbox(), "sms.send");
}

static void a_text_that_waits_for_people_is_left(void **state)
{
    (void)state;
    dies_behind_the_provider();
    t_sqlf("INSERT INTO postponed_texts (organization_id, message_id, useful_until)"
           " SELECT organization_id, id, now() + interval '1 day' FROM messages"
           "  WHERE effect_id IS NOT NULL");
    settle();
    settle();
    assert_string_equal(outbox(), "");
    assert_string_equal(effect(), "sms pending");
}

/* ---------------------------------------------------------------- all kinds */

typedef struct {
    const char *kind, *key, *request;
    const char *tried_at; /* ms; "null": its message was never tried */
    const char *again;    /* the job that is queued for it */
    const char *state;    /* it ends as */
    const char *title;    /* of the task that is raised in the end */
} lost_t;

static const lost_t kinds[] = {
    {"sms", "k1", "{}", "1", "sms.send {\"key\": \"k1\"}", "unknown",
     "A text to " JOHN_NUMBER "%"},
    {"email", "k2", "{}", "1", "email.send {\"key\": \"k2\"}", "unknown",
     "An e-mail to " JOHN_NUMBER "%"},
    {"sms", "k1", "{}", "null", "sms.send {\"key\": \"k1\"}", "failed",
     "A text to " JOHN_NUMBER "%"},
    {"email", "k2", "{}", "null", "email.send {\"key\": \"k2\"}", "failed",
     "An e-mail to " JOHN_NUMBER "%"},
    {"call", "k3",
     "{\"from\":\"" DOWNTOWN_NUMBER "\",\"to\":\"" JOHN_NUMBER "\",\"customer\":\"" JOHN
     "\",\"reason\":\"follow_up\",\"priority\":\"high\"}",
     "null", "outbound.settle {\"key\": \"k3\"}", "unknown", "A call to " JOHN_NUMBER "%"},
    {"crm", CRM_CALL, "{}", "null", "hubspot.log {\"call\": \"" CALL "\"}", "unknown",
     "The call of %%" JOHN_NUMBER "%%"},
    {"crm", CRM_NOTE, "{}", "null", "hubspot.log {\"call\": \"" CALL "\"}", "unknown",
     "The call of %%" JOHN_NUMBER "%%"},
};

static void lose(const lost_t *l)
{
    t_sqlf("WITH e AS (INSERT INTO effects (organization_id, kind, key, request)"
           "     VALUES ('" DOWNTOWN "', '%s', '%s', '%s') RETURNING id)"
           "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
           "    content, from_number, to_number, status, effect_id, metadata)"
           " SELECT '" DOWNTOWN "', '" JOHN "', '%s', 'outbound', 'agent', 'Hello',"
           "    '" DOWNTOWN_NUMBER "', '" JOHN_NUMBER "', 'queued', id,"
           "    '{\"sending\": %s}' FROM e WHERE '%s' IN ('sms', 'email')",
           l->kind, l->key, l->request, l->kind, l->tried_at, l->kind);
}

static void each_kind_is_settled_once_more_and_then_ends(void **state)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        const lost_t *l = &kinds[i];
        setup(state);
        lose(l);
        settle();
        assert_string_equal(outbox(), l->again);
        assert_int_equal(alarms(), 0);
        t_sqlf("DELETE FROM outbox");
        settle();
        assert_string_equal(t_sqlf("SELECT state FROM effects"), l->state);
        assert_string_equal(outbox(), "");
        if (t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm' AND title LIKE '%s'",
                       l->title) != 1) {
            fail_msg("%s: %s", l->kind, t_sqlf("SELECT string_agg(title, '; ') FROM tasks"));
        }
        assert_int_equal(t_logged("\"alert\"") > 0, strcmp(l->state, "unknown") == 0);
    }
}

/* Whoever tries it may yet say how that ended. */
static void what_is_being_tried_is_not_given_up(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        lost_t l = kinds[i];
        setup(state);
        l.tried_at = t_sqlf("SELECT (extract(epoch FROM now()) * 1000)::bigint");
        lose(&l);
        t_sqlf("UPDATE effects SET requeued = true");
        settle();
        assert_string_equal(t_sqlf("SELECT state FROM effects"), "pending");
        assert_true(t_sqlf_int("SELECT extract(epoch FROM settle_at - now()) FROM effects") >
                    500);
        assert_int_equal(alarms(), 0);
    }
}

static void one_that_cannot_be_ended_stops_no_other(void **state)
{
    static const lost_t never = {
        .kind = "crm", .key = "hubspot:call:no-call", .request = "{}", .tried_at = "null"};
    (void)state;
    lose(&never);
    lose(&kinds[0]);
    t_sqlf("UPDATE effects SET requeued = true,"
           "    settle_at = now() - CASE kind WHEN 'crm' THEN interval '2 hours'"
           "                                  ELSE interval '1 hour' END");
    t_answer_t a = job("effects.settle", "{}");
    assert_int_not_equal(a.end.how, WK_END_ACK);
    assert_string_equal(effect(), "crm pending; sms unknown");
    assert_int_equal(alarms(), 1);
    a = job("effects.settle", "{}"); /* its time comes again */
    assert_done(&a);
}

/* ---------------------------------------------------------------- the CRM */

static wk_outcome_t give_up_call(void)
{
    return wk_crm_give_up(&t_ctx, VA_STR(DOWNTOWN), VA_STR(CRM_CALL), &t_e);
}

static void what_has_ended_meanwhile_is_not_given_up(void **state)
{
    (void)state;
    assert_int_equal(give_up_call(), WK_DONE);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects"), 0);
    t_sqlf("INSERT INTO effects (organization_id, kind, key, state, finished_at)"
           " VALUES ('" DOWNTOWN "', 'crm', '" CRM_CALL "', 'done', now())");
    assert_int_equal(give_up_call(), WK_DONE);
    assert_int_equal(alarms(), 0);
}

/* A key that is gone, say. */
static void a_token_nobody_can_read_is_not_needed_to_give_up(void **state)
{
    (void)state;
    lose(&kinds[5]);
    t_sqlf("UPDATE integrations SET access_token = 'sealed', key_id = 'gone'"
           " WHERE service = 'hubspot'");
    assert_int_equal(give_up_call(), WK_DONE);
    t_sqlf("UPDATE integrations SET access_token = NULL, key_id = NULL"
           " WHERE service = 'hubspot'");
    assert_string_equal(effect(), "crm unknown");
    assert_int_equal(alarms(), 1);
}

static void without_a_crm_nobody_misses_it(void **state)
{
    (void)state;
    lose(&kinds[5]);
    lose(&kinds[6]);
    t_sqlf("UPDATE integrations SET status = 'disconnected' WHERE service = 'hubspot'");
    assert_int_equal(give_up_call(), WK_DONE);
    assert_string_equal(effect(), "crm failed; crm pending");
    t_answer_t a = job("hubspot.log", "{\"call\": \"" CALL "\"}");
    t_sqlf("UPDATE integrations SET status = 'connected' WHERE service = 'hubspot'");
    assert_done(&a);
    assert_string_equal(effect(), "crm failed; crm failed");
    assert_int_equal(alarms(), 0);
    assert_int_equal(t_logged("\"alert\""), 0);
}

static void another_shops_are_not_its_business(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO effects (organization_id, kind, key)"
           " VALUES ('" UPTOWN "', 'sms', 'theirs')");
    settle();
    assert_string_equal(outbox(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_whose_job_is_gone_is_found_at_the_provider),
        cmocka_unit_test(when_its_second_job_is_gone_too_people_hear_of_it),
        cmocka_unit_test(what_a_job_is_for_is_left_to_it),
        cmocka_unit_test(a_text_that_waits_for_people_is_left),
        cmocka_unit_test(each_kind_is_settled_once_more_and_then_ends),
        cmocka_unit_test(what_is_being_tried_is_not_given_up),
        cmocka_unit_test(one_that_cannot_be_ended_stops_no_other),
        cmocka_unit_test(what_has_ended_meanwhile_is_not_given_up),
        cmocka_unit_test(a_token_nobody_can_read_is_not_needed_to_give_up),
        cmocka_unit_test(without_a_crm_nobody_misses_it),
        cmocka_unit_test(another_shops_are_not_its_business),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
