/*
 * privacy.deletion and privacy.erase: nothing of the person stays, nothing of anybody else
 * goes, the services are asked once each, whoever dies in between, and a "no" outlives all of
 * it.
 */
#include <stdio.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"

#define ANN        "a0000000-0000-4000-8000-000000000001"
#define CALL       "a0000000-0000-4000-8000-000000000002"
#define SID        "CA00000000000000000000000000000001"
#define DIGITS     "6475550123" /* of STRANGER, Ann's number */
#define MAX_VISITS 200

/* Ann is known to both shops; what Uptown has of her is to stay. */
static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_hubspot();
    t_elevenlabs();
    t_sqlf("DELETE FROM erasures; DELETE FROM kept_refusals; DELETE FROM appointments;"
           "DELETE FROM orders WHERE phone_number = '" STRANGER "'; DELETE FROM calls;"
           "DELETE FROM proofs; DELETE FROM chat_effects; DELETE FROM audit_log;"
           "DELETE FROM system_logs; DELETE FROM call_status_events;"
           "UPDATE integrations SET status = 'connected' WHERE service = 'hubspot'");
    return failed;
}

static void leave_traces(const char *shop, const char *customer, const char *call)
{
    t_sqlf(
        "INSERT INTO customers (organization_id, id, phone_number, email, first_name,"
        "    hubspot_contact_id, shopify_customer_id)"
        " VALUES ('%1$s', '%2$s', '" STRANGER "', 'ann@mail.example', 'Ann', '4711', '99');"
        "INSERT INTO calls (organization_id, id, customer_id, caller_number, status, ended_at,"
        "    twilio_call_sid, elevenlabs_conversation_id, summary)"
        " VALUES ('%1$s', '%3$s', '%2$s', '" STRANGER "', 'completed', now(), '" SID "',"
        "    'conv_ann', 'Ann wants bells');"
        "INSERT INTO call_status_events (organization_id, twilio_call_sid, sequence_number,"
        "    status, data) VALUES ('%1$s', '" SID "', 1, 'completed',"
        "    '{\"From\":\"" STRANGER "\"}');"
        "INSERT INTO messages (organization_id, customer_id, call_id, channel, direction,"
        "    speaker, content, from_number, provider, provider_message_id) VALUES"
        " ('%1$s', '%2$s', '%3$s', 'voice', 'inbound', 'customer', 'bells', NULL, NULL, NULL),"
        " ('%1$s', '%2$s', NULL, 'sms', 'inbound', 'customer', 'more bells', '" STRANGER "',"
        "     'twilio', 'SM00000000000000000000000000000001'),"
        " ('%1$s', NULL, NULL, 'sms', 'outbound', 'agent', 'Urgent: " STRANGER "', NULL, NULL,"
        "     NULL);"
        "INSERT INTO appointments (organization_id, customer_id, customer_phone, starts_at,"
        "    ends_at, google_calendar_id, google_event_id) VALUES ('%1$s', '%2$s', '" STRANGER
        "', now() + interval '2 days', now() + interval '49 hours', 'primary', 'event1');"
        "INSERT INTO orders (organization_id, customer_id, order_number, phone_number)"
        " VALUES ('%1$s', '%2$s', 'A-1', '" STRANGER "');"
        "INSERT INTO tasks (organization_id, kind, title, body)"
        " VALUES ('%1$s', 'callback', 'Call back', 'Ann, " STRANGER "');"
        "INSERT INTO consents (organization_id, customer_id, channel, address, granted, source)"
        " VALUES ('%1$s', '%2$s', 'sms', '" STRANGER "', false, 'keyword'),"
        "        ('%1$s', '%2$s', 'call', '" STRANGER "', true, 'call');"
        "INSERT INTO effects (organization_id, kind, key, state, request, finished_at)"
        " VALUES ('%1$s', 'sms', 'sms:x', 'done', '{\"to\":\"" STRANGER "\"}', now());"
        "INSERT INTO proofs (organization_id, scope, phone, succeeded)"
        " VALUES ('%1$s', 'x', '" STRANGER "', false);"
        "INSERT INTO chat_effects (organization_id, kind, source, phone_number)"
        " VALUES ('%1$s', 'number', 'chat:x', '" STRANGER "');"
        "INSERT INTO system_logs (organization_id, event_type, event_data)"
        " VALUES ('%1$s', 'said', '{\"by\":\"" STRANGER "\"}')",
        shop, customer, call);
    t_redis(t_ctx.redis, t_ctx.arena, "XADD va:events:{%s} * type x customer %s call - data {}",
            shop, customer);
    t_redis(t_ctx.redis, t_ctx.arena, "XADD va:events:{%s} * type x customer - call - data {}",
            shop);
}

static void bury_job(const char *id, const char *document)
{
    const char *key = wk_printf(t_ctx.arena, "va:{default}:job:%s", id).data;
    va_str_t set[] = {VA_STR("HSET"),     va_str_c(key),  VA_STR("job"),
                      va_str_c(document), VA_STR("died"), VA_STR("1")};
    wk_error_t e;
    freeReplyObject(wk_redis_command(t_ctx.redis, 0, set, 6, &e));
    t_redis(t_ctx.redis, t_ctx.arena, "ZADD va:{default}:dead 1 %s", id);
}

static void leave_all_traces(void)
{
    leave_traces(DOWNTOWN, ANN, CALL);
    leave_traces(UPTOWN, "b0000000-0000-4000-8000-000000000001",
                 "b0000000-0000-4000-8000-000000000002");
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} status ended from " STRANGER);
    bury_job("of-ann", "{\"body\":\"From=%2B1" DIGITS "&To=%2B14165550001\"}");
    bury_job("of-ann-uptown", "{\"body\":\"From=%2B1" DIGITS "&To=%2B14165550002\"}");
    bury_job("of-john", "{\"org\":\"" DOWNTOWN "\",\"body\":\"From=%2B14165559876\"}");
}

/* In which tables of the shop the person is still to be found. */
static const char *found_in(const char *shop)
{
    t_sqlf("CREATE OR REPLACE FUNCTION public.t_found(shop uuid) RETURNS text LANGUAGE plpgsql "
           "AS $$"
           " DECLARE t record; n bigint; r text := '';"
           " BEGIN FOR t IN SELECT c.relname FROM pg_class c"
           "         WHERE c.relnamespace = 'voiceagent'::regnamespace AND c.relkind = 'r'"
           "           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
           "                          AND a.attname = 'organization_id') ORDER BY 1 LOOP"
           "   EXECUTE format('SELECT count(*) FROM voiceagent.%%I x WHERE organization_id = $1"
           "       AND x::text ~ ''" DIGITS "|ann@mail|[ab]0000000-0000-4000-8000-''',"
           "       t.relname) INTO n USING shop;"
           "   IF n > 0 THEN r := r || t.relname || ' '; END IF;"
           " END LOOP; RETURN r; END $$");
    return t_sqlf("SELECT public.t_found('%s')", shop);
}

/* ---------------------------------------------------------------- asking */

static t_answer_t ask_as(const char *role, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "privacy.deletion",
                   .uri = "/api/privacy/deletion",
                   .body = body,
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

static const char *ask(void)
{
    t_answer_t a = ask_as("admin", "{\"customerId\":\"" ANN "\"}");
    assert_status(&a, 202);
    return t_text(&a, "/erasure/id");
}

static t_ask_t erase_job(const char *id)
{
    return (t_ask_t){.type = "privacy.erase",
                     .scheme = "internal",
                     .org = DOWNTOWN,
                     .body = wk_printf(t_ctx.arena, "{\"erasure\":\"%s\"}", id).data};
}

static t_answer_t erase(const char *id)
{
    t_ask_t job = erase_job(id);
    return t_ask(&job);
}

static t_answer_t receipt(const char *user, const char *shop, const char *id)
{
    return t_get_as(user, shop, "admin", "privacy.deletion",
                    wk_printf(t_ctx.arena, "/api/privacy/deletion/%s", id).data, NULL);
}

#define redis_number(command) t_redis_int(t_ctx.redis, command)

/* ---------------------------------------------------------------- what is gone, what stays */

static void assert_ann_is_gone_once(const char *id)
{
    assert_string_equal(found_in(DOWNTOWN), "");
    assert_string_equal(t_sqlf("SELECT state || ' ' || (counts ->> 'messages') || ' '"
                               "    || (counts ->> 'calls') || ' ' || (counts ->> 'customers')"
                               "  FROM erasures WHERE id = '%s'",
                               id),
                        "done 3 1 1");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'person_erased'"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM erasure_requests WHERE state = 'done'"),
                     4);
}

static void nothing_of_the_person_stays(void **state)
{
    (void)state;
    leave_all_traces();
    const char *uptown = found_in(UPTOWN);
    const char *id = ask();
    t_answer_t a = erase(id);
    assert_done(&a);
    assert_ann_is_gone_once(id);
    assert_string_equal(found_in(UPTOWN), uptown);
    assert_int_equal(redis_number("XLEN va:events:{" DOWNTOWN "}"), 1);
    assert_int_equal(redis_number("XLEN va:events:{" UPTOWN "}"), 2);
    assert_int_equal(redis_number("EXISTS va:call:{" SID "}"), 0);
    assert_int_equal(redis_number("EXISTS va:{default}:job:of-ann"), 0);
    assert_int_equal(redis_number("EXISTS va:{default}:job:of-ann-uptown"), 1);
    assert_int_equal(redis_number("EXISTS va:{default}:job:of-john"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers WHERE id = '" JOHN "'"), 1);
    assert_int_equal(t_twilio_requests("DELETE"), 2);
}

/* Whoever does it writes again what was erased. */
static void a_job_on_its_way_in_is_waited_for(void **state)
{
    wk_error_t e;
    va_str_t push[] = {VA_STR("LPUSH"), VA_STR("va:{default}:in"),
                       VA_STR("{\"body\":\"From=%2B1" DIGITS "&To=%2B14165550001\"}")};
    (void)state;
    leave_all_traces();
    const char *id = ask();
    freeReplyObject(wk_redis_command(t_ctx.redis, 0, push, 3, &e));
    t_answer_t a = erase(id);
    assert_again(&a);
    t_redis(t_ctx.redis, t_ctx.arena, "DEL va:{default}:in");
    a = erase(id);
    assert_done(&a);
    assert_ann_is_gone_once(id);
}

static void the_receipt_is_the_shops_and_says_what_is_open(void **state)
{
    (void)state;
    leave_all_traces();
    const char *id = ask();
    t_answer_t before = receipt(DANA, DOWNTOWN, id);
    assert_status(&before, 200);
    assert_string_equal(t_text(&before, "/erasure/state"), "requested");
    t_answer_t done = erase(id), after = receipt(DANA, DOWNTOWN, id);
    assert_done(&done);
    assert_string_equal(t_text(&after, "/erasure/state"), "done");
    assert_int_equal(t_number(&after, "/erasure/counts/customers"), 1);
    assert_int_equal(t_number(&after, "/erasure/counts/redis_jobs"), 1);
    assert_int_equal(t_number(&after, "/erasure/vendors/twilio/done"), 2);
    assert_int_equal(t_number(&after, "/erasure/vendors/elevenlabs/done"), 1);
    assert_int_equal(t_number(&after, "/erasure/vendors/hubspot/done"), 1);
    assert_int_equal(t_count(&after, "/erasure/open"), 2);
    assert_string_equal(t_text(&after, "/erasure/open/0/vendor"), "google_calendar");
    assert_string_equal(t_text(&after, "/erasure/open/1/state"), "by_hand");
    t_answer_t foreign = receipt(UMA, UPTOWN, id);
    assert_error(&foreign, 404, "not_found");
}

/* Whose number or address is longer is somebody else; what was found of the person counts. */
static void whoever_has_a_similar_address_is_somebody_else(void **state)
{
    (void)state;
    leave_all_traces();
    bury_job("of-longer", "{\"org\":\"" DOWNTOWN "\",\"body\":\"From=%2B1" DIGITS "4\"}");
    bury_job("of-joann", "{\"org\":\"" DOWNTOWN "\",\"body\":\"joann@mail.example\"}");
    bury_job("of-her-address", "{\"org\":\"" DOWNTOWN "\",\"body\":\"\\nann@mail.example.\"}");
    bury_job("of-her-lead",
             "{\"org\":\"" DOWNTOWN "\",\"body\":\"a0000000-0000-4000-8000-000000000009\"}");
    t_sqlf("INSERT INTO customers (organization_id, id, email) VALUES"
           " ('" DOWNTOWN "', 'a0000000-0000-4000-8000-000000000009', 'ann@mail.example')");
    t_answer_t a = erase(ask());
    assert_done(&a);
    assert_string_equal(found_in(DOWNTOWN), "");
    assert_int_equal(redis_number("EXISTS va:{default}:job:of-longer"), 1);
    assert_int_equal(redis_number("EXISTS va:{default}:job:of-joann"), 1);
    assert_int_equal(redis_number("EXISTS va:{default}:job:of-her-address"), 0);
    assert_int_equal(redis_number("EXISTS va:{default}:job:of-her-lead"), 0);
    assert_string_equal(t_sqlf("SELECT found::text FROM erasures"), "{}");
}

/* Jobs that come from outside name the shop as the world does. */
static void dead_jobs_of_the_shop_are_known_by_its_slug_shop_and_portal(void **state)
{
    (void)state;
    leave_all_traces();
    t_sqlf("UPDATE integrations SET account_id = '62515' WHERE service = 'hubspot'"
           "   AND organization_id = '" DOWNTOWN "'");
    bury_job("slug", "{\"body\":\"{\\\"businessId\\\":\\\"bici-downtown\\\",\\\"phone\\\":"
                     "\\\"+1" DIGITS "\\\"}\"}");
    bury_job("longer-slug", "{\"body\":\"{\\\"businessId\\\":\\\"my-bici-downtown\\\","
                            "\\\"phone\\\":\\\"+1" DIGITS "\\\"}\"}");
    bury_job("shop", "{\"headers\":{\"x-shopify-shop-domain\":\"bici-downtown.myshopify.com\"},"
                     "\"body\":\"{\\\"phone\\\":\\\"+1" DIGITS "\\\"}\"}");
    bury_job("other-shop", "{\"headers\":{\"x-shopify-shop-domain\":"
                           "\"my-bici-downtown.myshopify.com\"},"
                           "\"body\":\"{\\\"phone\\\":\\\"+1" DIGITS "\\\"}\"}");
    bury_job("portal", "{\"body\":\"[{\\\"portalId\\\":62515,\\\"propertyValue\\\":"
                       "\\\"ann@mail.example\\\"}]\"}");
    bury_job("other-portal", "{\"body\":\"[{\\\"portalId\\\":625150,\\\"propertyValue\\\":"
                             "\\\"ann@mail.example\\\"}]\"}");
    t_answer_t a = erase(ask());
    assert_done(&a);
    assert_int_equal(redis_number("EXISTS va:{default}:job:slug va:{default}:job:shop"
                                  " va:{default}:job:portal"),
                     0);
    assert_int_equal(
        redis_number("EXISTS va:{default}:job:longer-slug va:{default}:job:other-shop"
                     " va:{default}:job:other-portal"),
        3);
}

/* ---------------------------------------------------------------- a "no" */

static void who_refused_texts_and_comes_back_has_still_refused_them(void **state)
{
    (void)state;
    leave_all_traces();
    t_answer_t a = erase(ask());
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM consent_states"
                                " WHERE organization_id = '" DOWNTOWN "'"),
                     0);
    t_sqlf("SELECT set_config('app.current_organization_id', '" DOWNTOWN "', false);"
           "INSERT INTO customers (organization_id, phone_number) VALUES"
           " ('" DOWNTOWN "', '" STRANGER "'), ('" DOWNTOWN "', '+16475550124');"
           "SELECT set_config('app.current_organization_id', '', false)");
    assert_string_equal(
        t_sqlf("SELECT string_agg(channel || ' ' || address || ' ' || granted, ', ')"
               "  FROM consent_states WHERE organization_id = '" DOWNTOWN "'"),
        "sms " STRANGER " false");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM kept_refusals"), 0);
}

/* ---------------------------------------------------------------- who asks without a number */

static t_answer_t redact(const char *customer)
{
    return t_ask(&(t_ask_t){
        .type = "shopify.webhook",
        .scheme = "shopify",
        .headers = {"x-shopify-topic", "customers/redact", "x-shopify-shop-domain",
                    "bici-downtown.myshopify.com"},
        .body = wk_printf(t_ctx.arena,
                          "{\"shop_id\":1,\"shop_domain\":\"bici-downtown.myshopify.com\","
                          "\"customer\":{%s},\"orders_to_redact\":[]}",
                          customer)
                    .data});
}

static const char *requested(void)
{
    return t_sqlf("SELECT string_agg(customer_id::text, ' ' ORDER BY customer_id) FROM erasures"
                  " WHERE reason = 'shop_redact'");
}

static void the_shops_customer_without_a_number_is_found_by_id_and_address(void **state)
{
    (void)state;
    t_sqlf(
        "DELETE FROM webhook_events;"
        "INSERT INTO customers (organization_id, id, email, first_name, notes,"
        "    shopify_customer_id) VALUES"
        " ('" DOWNTOWN "', '" ANN "', NULL, 'Ann', 'bells', 'gid://shopify/Customer/99'),"
        " ('" DOWNTOWN "', 'a0000000-0000-4000-8000-000000000009', 'ann@mail.example', 'Ann',"
        "     'more bells', NULL);"
        "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
        "    content) VALUES ('" DOWNTOWN "', '" ANN "', 'chat', 'inbound', 'customer', 'x')");
    t_answer_t a = redact("\"id\":99,\"email\":\"Ann@mail.example\"");
    assert_done(&a);
    assert_string_equal(requested(), ANN " a0000000-0000-4000-8000-000000000009");
    t_answer_t b = erase(t_sqlf("SELECT id FROM erasures WHERE customer_id = '" ANN "'"));
    t_answer_t c = erase(t_sqlf("SELECT id FROM erasures WHERE customer_id IS NOT NULL"));
    assert_done(&b);
    assert_done(&c);
    assert_string_equal(found_in(DOWNTOWN), "");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers WHERE id = '" JOHN "'"), 1);
}

static void whom_the_shop_does_not_know_here_asks_for_nothing(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM webhook_events");
    t_answer_t a = redact("\"id\":98,\"email\":\"nobody@mail.example\"");
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM erasures"), 0);
}

/* ---------------------------------------------------------------- not now, not so, not you */

static void a_call_that_is_live_is_waited_for(void **state)
{
    (void)state;
    leave_all_traces();
    t_sqlf("INSERT INTO calls (organization_id, customer_id, status, twilio_call_sid)"
           " VALUES ('" DOWNTOWN "', '" ANN "', 'in_progress', 'CA-live')");
    const char *id = ask();
    t_answer_t a = erase(id);
    assert_again(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers WHERE id = '" ANN "'"), 1);
    assert_int_equal(t_twilio_requests("DELETE"), 0);
    t_sqlf(
        "UPDATE calls SET status = 'completed', ended_at = now() WHERE status = 'in_progress'");
    t_answer_t b = erase(id);
    assert_done(&b);
    assert_string_equal(found_in(DOWNTOWN), "");
    assert_string_equal(t_sqlf("SELECT state FROM erasures"), "done");
}

static void a_service_that_is_away_is_asked_again_and_the_others_are_not(void **state)
{
    (void)state;
    leave_all_traces();
    const char *id = ask();
    t_twilio_script(
        "{\"method\":\"DELETE\",\"path\":\"/Messages/\",\"status\":503,\"times\":1}");
    t_answer_t a = erase(id);
    assert_again(&a);
    assert_string_equal(t_sqlf("SELECT state FROM erasures"), "running");
    t_answer_t b = erase(id);
    assert_done(&b);
    assert_ann_is_gone_once(id);
    assert_int_equal(t_twilio_requests("DELETE"), 3);
}

/* ---------------------------------------------------------------- told too late */

static void what_is_told_late_of_an_erased_call_is_not_kept(void **state)
{
    static const t_ask_t late[] = {
        {.type = "call_status.store",
         .content_type = "application/x-www-form-urlencoded",
         .body = "CallSid=" SID "&CallStatus=completed&SequenceNumber=3&Direction=inbound"
                 "&From=%2B1" DIGITS "&To=%2B14165550001"},
        {.type = "conversation_events.store",
         .body = "{\"type\":\"user_transcript\",\"agent_id\":\"agent_downtown\","
                 "\"conversation_id\":\"conv_ann\",\"transcript\":\"Bells\",\"event_id\":9}"},
    };
    (void)state;
    leave_all_traces();
    t_answer_t a = erase(ask());
    assert_done(&a);
    for (size_t i = 0; i < sizeof(late) / sizeof(*late); i++) {
        t_answer_t b = t_ask(&late[i]);
        assert_done(&b);
        assert_string_equal(found_in(DOWNTOWN), "");
        assert_int_equal(
            t_sqlf_int("SELECT count(*) FROM calls WHERE organization_id = '" DOWNTOWN "'"), 0);
    }
}

/* ---------------------------------------------------------------- what passes, and what does
 * not */

static const char *answers(void)
{
    return t_sqlf(
        "SELECT string_agg(vendor || ' ' || state || ' ' || n, ', ' ORDER BY vendor, state)"
        "  FROM (SELECT vendor, state, count(*) AS n FROM erasure_requests"
        "         WHERE state <> 'by_hand' GROUP BY vendor, state) q");
}

static void a_refused_login_is_waited_for_and_keeps_no_other_service(void **state)
{
    (void)state;
    leave_all_traces();
    const char *id = ask();
    t_elevenlabs_script("{\"method\":\"DELETE\",\"status\":401,\"body\":{},\"times\":1}");
    t_answer_t a = erase(id);
    assert_again(&a);
    assert_int_equal(a.end.delay_ms, 15 * 60 * 1000);
    assert_string_equal(answers(), "elevenlabs open 1, hubspot done 1, twilio done 2");
    t_answer_t b = erase(id);
    assert_done(&b);
    assert_ann_is_gone_once(id);
}

static void a_text_that_is_still_being_delivered_is_deleted_later(void **state)
{
    (void)state;
    leave_all_traces();
    const char *id = ask();
    t_twilio_script("{\"method\":\"DELETE\",\"path\":\"/Messages/\",\"status\":409,"
                    "\"body\":{\"code\":20009,\"message\":\"x\",\"status\":409},\"times\":1}");
    t_answer_t a = erase(id);
    assert_again(&a);
    assert_string_equal(answers(),
                        "elevenlabs done 1, hubspot done 1, twilio done 1, twilio open 1");
    t_answer_t b = erase(id);
    assert_done(&b);
    assert_ann_is_gone_once(id);
}

static void a_token_of_hubspot_that_cannot_be_read_keeps_nothing_else(void **state)
{
    (void)state;
    leave_all_traces();
    const char *id = ask();
    t_sqlf("UPDATE integrations SET access_token = 'v1:gone:AAAA' WHERE service = 'hubspot'");
    t_answer_t a = erase(id);
    assert_again(&a);
    assert_string_equal(found_in(DOWNTOWN), "erasures ");
    assert_string_equal(answers(), "elevenlabs done 1, hubspot open 1, twilio done 2");
    t_sqlf("UPDATE integrations SET access_token = NULL WHERE service = 'hubspot'");
    t_answer_t b = erase(id);
    assert_done(&b);
    assert_ann_is_gone_once(id);
}

/* The request has failed, what is known here is deleted all the same. */
static void assert_failed(const char *id, const char *expected)
{
    t_answer_t a = erase(id), b = erase(id);
    assert_done(&a);
    assert_done(&b);
    assert_string_equal(found_in(DOWNTOWN), "");
    assert_string_equal(answers(), expected);
    t_answer_t seen = receipt(DANA, DOWNTOWN, id);
    assert_string_equal(t_text(&seen, "/erasure/state"), "failed");
}

static void what_is_refused_for_good_or_for_a_week_has_failed(void **state)
{
    (void)state;
    leave_all_traces();
    t_twilio_script("{\"method\":\"DELETE\",\"path\":\"/Messages/\",\"status\":400,"
                    "\"body\":{\"code\":20001,\"message\":\"x\",\"status\":400},\"times\":1}");
    assert_failed(ask(), "elevenlabs done 1, hubspot done 1, twilio done 1, twilio refused 1");
    setup(NULL);
    leave_all_traces();
    const char *id = ask();
    t_sqlf("UPDATE erasures SET requested_at = now() - interval '8 days'");
    t_elevenlabs_script("{\"method\":\"DELETE\",\"status\":401,\"body\":{},\"times\":1}");
    assert_failed(id, "elevenlabs refused 1, hubspot done 1, twilio done 2");
}

static void the_same_request_twice_is_one(void **state)
{
    (void)state;
    leave_all_traces();
    const char *id = ask();
    assert_string_equal(ask(), id);
    t_answer_t a = ask_as("admin", "{\"phone_number\":\"(647) 555-0123\"}");
    assert_string_equal(t_text(&a, "/erasure/id"), id);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'privacy.erase'"), 3);
    t_answer_t b = erase(id), c = erase(id);
    assert_done(&b);
    assert_done(&c);
    assert_ann_is_gone_once(id);
}

/* The worker that had asked died before its answer, and meanwhile all was done: whoever comes
 * again after that is a new customer. */
static void a_request_that_is_made_again_erases_nobody_else(void **state)
{
    static const char *const bodies[] = {"{\"customerId\":\"" ANN "\"}",
                                         "{\"phoneNumber\":\"+1" DIGITS "\"}"};
    for (size_t i = 0; i < 2; i++) {
        setup(state);
        leave_all_traces();
        t_ask_t asking = {.type = "privacy.deletion",
                          .id = wk_printf(t_ctx.arena, "asking-%zu", i).data,
                          .uri = "/api/privacy/deletion",
                          .body = bodies[i],
                          .claims = t_claims(DANA, DOWNTOWN, "admin"),
                          .org = DOWNTOWN};
        t_answer_t a = t_ask(&asking);
        assert_status(&a, 202);
        const char *id = t_text(&a, "/erasure/id");
        t_answer_t done = erase(id);
        assert_done(&done);
        a = t_ask(&asking);
        assert_status(&a, 202);
        assert_string_equal(t_text(&a, "/erasure/id"), id);
        assert_string_equal(t_text(&a, "/erasure/state"), "done");
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM erasures"), 1);
        assert_int_equal(
            t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'erasure_requested'"), 1);
    }
}

static void what_is_wrong_or_not_allowed_asks_for_nothing(void **state)
{
    static const struct {
        const char *role, *body;
        int status;
        const char *code;
    } cases[] = {
        {"admin", "{}", 400, "bad_request"},
        {"admin", "{\"phoneNumber\":\"nobody\"}", 400, "bad_request"},
        {"admin", "{\"customer_id\":\"" SARAH "\"}", 404, "not_found"},
        {"admin", "{\"phoneNumber\":\"" STRANGER "\",\"customer_id\":\"" ANN "\"}", 400,
         "bad_request"},
        {"admin", "{\"phoneNumber\":\"" DOWNTOWN_NUMBER "\"}", 400, "bad_request"},
        {"admin", "{\"customerId\":\"" ANN "\",\"phoneNumber\":\"" STRANGER "\"}", 400,
         "bad_request"},
        {"admin", "{\"customerId\":\"" SARAH "\"}", 404, "not_found"},
        {"admin", "{\"customerId\":\"x\"}", 404, "not_found"},
        {"manager", "{\"customerId\":\"" JOHN "\"}", 403, "role"},
        {"staff", "{\"customerId\":\"" JOHN "\"}", 403, "role"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        t_answer_t a = ask_as(cases[i].role, cases[i].body);
        assert_error(&a, cases[i].status, cases[i].code);
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM erasures"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"), 0);
}

/* ---------------------------------------------------------------- once */

static bool dies_at(const char *point, int visit, const char *id)
{
    t_ask_t job = erase_job(id);
    return t_dies_at(point, visit, &job);
}

static void erases_once_though_it_dies_at(const char *point)
{
    int deaths = 0;
    for (int visit = 1; visit < MAX_VISITS; visit++) {
        setup(NULL);
        leave_all_traces();
        const char *id = ask();
        bool died = dies_at(point, visit, id);
        t_answer_t a = erase(id);
        assert_done(&a);
        assert_ann_is_gone_once(id);
        if (!died) {
            break;
        }
        deaths++;
    }
    printf("# %d deaths at %s\n", deaths, point);
    assert_in_range(deaths, 1, MAX_VISITS - 2);
}

static void whoever_dies_the_person_is_erased_once(void **state)
{
    (void)state;
    erases_once_though_it_dies_at("db.after");
    erases_once_though_it_dies_at("erasure.asked");
    erases_once_though_it_dies_at("erasure.here");
}

static void the_sweep_takes_up_what_was_left(void **state)
{
    (void)state;
    leave_all_traces();
    const char *id = ask();
    t_sqlf("DELETE FROM outbox; UPDATE privacy_settings SET swept_at = '-infinity'");
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "privacy.sweep", .scheme = "internal", .org = DOWNTOWN});
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT string_agg(data ->> 'erasure', ' ') FROM outbox"
                               " WHERE type = 'privacy.erase'"),
                        id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_person_stays),
        cmocka_unit_test(a_job_on_its_way_in_is_waited_for),
        cmocka_unit_test(the_receipt_is_the_shops_and_says_what_is_open),
        cmocka_unit_test(whoever_has_a_similar_address_is_somebody_else),
        cmocka_unit_test(dead_jobs_of_the_shop_are_known_by_its_slug_shop_and_portal),
        cmocka_unit_test(who_refused_texts_and_comes_back_has_still_refused_them),
        cmocka_unit_test(the_shops_customer_without_a_number_is_found_by_id_and_address),
        cmocka_unit_test(whom_the_shop_does_not_know_here_asks_for_nothing),
        cmocka_unit_test(a_call_that_is_live_is_waited_for),
        cmocka_unit_test(a_service_that_is_away_is_asked_again_and_the_others_are_not),
        cmocka_unit_test(what_is_told_late_of_an_erased_call_is_not_kept),
        cmocka_unit_test(a_refused_login_is_waited_for_and_keeps_no_other_service),
        cmocka_unit_test(a_text_that_is_still_being_delivered_is_deleted_later),
        cmocka_unit_test(a_token_of_hubspot_that_cannot_be_read_keeps_nothing_else),
        cmocka_unit_test(what_is_refused_for_good_or_for_a_week_has_failed),
        cmocka_unit_test(the_same_request_twice_is_one),
        cmocka_unit_test(a_request_that_is_made_again_erases_nobody_else),
        cmocka_unit_test(what_is_wrong_or_not_allowed_asks_for_nothing),
        cmocka_unit_test(whoever_dies_the_person_is_erased_once),
        cmocka_unit_test(the_sweep_takes_up_what_was_left),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
