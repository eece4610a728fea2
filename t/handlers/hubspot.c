/*
 * hubspot.log, hubspot.webhook, hubspot.contact: a call is in the shop's CRM once, with its
 * customer's contact, whatever HubSpot answers; what people change there comes back, to the
 * shop whose account it is.
 */
#include <stdio.h>
#include <stdlib.h>

#include "t/handlers/lib/texts.h"
#include "worker/secretbox.h"

#define CALL   "d0000000-0000-4000-8000-0000000000c2"
#define PORTAL "62515"
#define KNOWN  "512" /* the simulator's John; his number as somebody typed it */

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_hubspot();
    t_sqlf("DELETE FROM webhook_events; DELETE FROM calls; DELETE FROM integrations"
           " WHERE service = 'hubspot';"
           "UPDATE customers SET hubspot_contact_id = NULL;"
           "UPDATE customers SET first_name = 'John', last_name = 'Tremblay',"
           "    email = 'john.tremblay@customer.example', phone_number = '" JOHN_NUMBER
           "' WHERE id = '" JOHN "';"
           "INSERT INTO integrations (organization_id, service, account_id)"
           " VALUES ('" DOWNTOWN "', 'hubspot', '" PORTAL "');"
           "INSERT INTO calls (id, organization_id, customer_id, caller_number, called_number,"
           "    status, started_at, duration_seconds, summary, call_type, outcome, resolution,"
           "    lead_score, lead_reasons, unanswered_questions, analyzed_at)"
           " VALUES ('" CALL "', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "',"
           "    '" DOWNTOWN_NUMBER "', 'completed', '2026-11-20 12:00Z', 61,"
           "    'Asked for <b>gravel</b> & more', 'sales_inquiry', 'product_inquiry',"
           "    'resolved', 65, '[\"budget\"]', '[\"Is it blue?\"]', now())");
    return failed;
}

static t_answer_t job_of(const char *organization, const char *type, const char *body,
                         int attempt)
{
    return t_ask(&(t_ask_t){.type = type,
                            .org = organization,
                            .scheme = "internal",
                            .attempt = attempt,
                            .body = body});
}

static t_answer_t log_call(int attempt)
{
    return job_of(DOWNTOWN, "hubspot.log", "{\"call\":\"" CALL "\"}", attempt);
}

static void logged(void)
{
    t_answer_t a = log_call(1);
    assert_done(&a);
}

static const va_json_t *objects(const char *kind)
{
    const va_json_t *all = t_hubspot_ask(
        "GET",
        wk_printf(t_ctx.arena,
                  "/crm/objects/2026-09/%s?limit=100&properties=firstname,lastname,email,phone,"
                  "hs_call_body,hs_call_direction,hs_call_duration,hs_call_status,hs_timestamp,"
                  "hs_note_body,voiceagent_key",
                  kind)
            .data,
        NULL);
    return va_json_get(all, "results");
}

static size_t n_of(const char *kind)
{
    return objects(kind)->count;
}

static const char *property(const va_json_t *object, const char *name)
{
    va_str_t text = va_json_get_string(va_json_get(object, "properties"), name);
    return text.data != NULL ? wk_strdup(t_ctx.arena, text) : "";
}

static const char *contact_of_john(void)
{
    return t_sqlf("SELECT hubspot_contact_id FROM customers WHERE id = '" JOHN "'");
}

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

static void assert_once(void)
{
    assert_int_equal(n_of("contacts"), 1);
    assert_int_equal(n_of("calls"), 1);
    assert_int_equal(n_of("notes"), 1);
    assert_int_equal(count("effects WHERE kind = 'crm' AND state = 'done'"), 2);
}

/* ---------------------------------------------------------------- logged */

static void a_call_and_a_note_are_logged_with_the_contact(void **state)
{
    (void)state;
    logged();
    assert_once();
    assert_string_equal(contact_of_john(), KNOWN);
    const va_json_t *call = objects("calls")->first;
    assert_string_equal(property(call, "hs_call_direction"), "INBOUND");
    assert_string_equal(property(call, "hs_call_status"), "COMPLETED");
    assert_string_equal(property(call, "hs_call_duration"), "61000");
    assert_string_equal(property(call, "hs_timestamp"), "1795176000000");
    assert_has(property(call, "hs_call_body"),
               "Asked for &lt;b&gt;gravel&lt;/b&gt; &amp; more");
    assert_string_equal(property(call, "voiceagent_key"), "hubspot:call:" CALL);
    const char *note = property(objects("notes")->first, "hs_note_body");
    assert_has(note, "Lead score: 65<br>- budget<br>Unanswered: Is it blue?");
}

static void both_are_associated_with_the_contact(void **state)
{
    static const char *const kinds[] = {"calls", "notes"};
    (void)state;
    logged();
    for (size_t i = 0; i < 2; i++) {
        va_str_t id = va_json_get_string(objects(kinds[i])->first, "id");
        const va_json_t *object = t_hubspot_ask(
            "GET",
            wk_printf(t_ctx.arena, "/crm/objects/2026-09/%s/%.*s?associations=contacts",
                      kinds[i], (int)id.len, id.data)
                .data,
            NULL);
        const va_json_t *to =
            va_json_pointer(object, VA_STR("/associations/contacts/results/0/id"));
        assert_str(va_json_string(to), KNOWN);
    }
}

static void a_repeat_logs_nothing(void **state)
{
    (void)state;
    logged();
    logged();
    assert_once();
}

static void a_customer_nobody_knows_becomes_a_contact(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET first_name = 'Ann', last_name = 'Lee', email = NULL,"
           "    phone_number = '+16475550188' WHERE id = '" JOHN "'");
    logged();
    logged();
    assert_int_equal(n_of("contacts"), 2);
    const va_json_t *made = objects("contacts")->first->next;
    assert_string_equal(property(made, "firstname"), "Ann");
    assert_string_equal(property(made, "phone"), "+16475550188");
    assert_string_equal(property(made, "voiceagent_key"), JOHN);
}

static void what_people_wrote_there_stays(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET first_name = 'Johnny' WHERE id = '" JOHN "'");
    logged();
    const va_json_t *john = objects("contacts")->first;
    assert_string_equal(property(john, "firstname"), "John");
    assert_string_equal(property(john, "phone"), "(416) 555-9876");
}

static void a_contact_that_is_gone_is_looked_for_anew(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET hubspot_contact_id = '99999' WHERE id = '" JOHN "'");
    logged();
    assert_string_equal(contact_of_john(), KNOWN);
    assert_once();
}

/* ---------------------------------------------------------------- uncertain */

static void a_run_that_died_after_the_request_is_found_again(void **state)
{
    (void)state;
    logged();
    t_sqlf("DELETE FROM effects; INSERT INTO effects (organization_id, kind, key)"
           " VALUES ('" DOWNTOWN "', 'crm', 'hubspot:call:" CALL "'),"
           "        ('" DOWNTOWN "', 'crm', 'hubspot:note:" CALL "')");
    logged();
    assert_once();
    assert_int_equal(count("effects WHERE provider_id IS NULL"), 0);
}

/* ---------------------------------------------------------------- refusals */

/* Without Retry-After; the other faults are in faults.c. */
static void a_busy_hubspot_is_asked_by_its_limit(void **state)
{
    static const struct {
        const char *answer;
        int64_t wait_ms;
    } cases[] = {
        {"\"status\":429,\"body\":{\"policyName\":\"TEN_SECONDLY_ROLLING\"}", 10000},
        {"\"status\":429,\"body\":{\"policyName\":\"SECONDLY\"}", 1000},
        {"\"status\":429,\"body\":{\"policyName\":\"DAILY\"}", 3600000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        t_hubspot_script(wk_printf(t_ctx.arena, "{%s,\"times\":1}", cases[i].answer).data);
        t_answer_t a = log_call(1);
        assert_again(&a);
        assert_int_equal(a.end.delay_ms, cases[i].wait_ms);
        logged();
        assert_once();
    }
}

static void a_token_that_is_refused_breaks_the_connection(void **state)
{
    (void)state;
    t_config.hubspot_access_token = "pat-na1-withdrawn";
    logged();
    logged();
    assert_string_equal(t_sqlf("SELECT status || ' ' || error FROM integrations"
                               " WHERE service = 'hubspot'"),
                        "error token_refused");
    assert_int_equal(count("tasks WHERE kind = 'alarm' AND title LIKE 'HubSpot is not%'"), 1);
    assert_int_equal(t_logged("pat-na1-withdrawn"), 0);
    assert_int_equal(n_of("calls"), 0);
}

static void what_hubspot_refuses_for_good_is_a_task(void **state)
{
    (void)state;
    t_hubspot_script("{\"method\":\"POST\",\"path\":\"/calls$\",\"status\":400,"
                     "\"body\":{\"category\":\"VALIDATION_ERROR\",\"message\":\"no\"},"
                     "\"times\":1}");
    logged();
    assert_int_equal(count("tasks WHERE key = 'hubspot:" CALL "'"), 1);
    assert_int_equal(count("effects WHERE state = 'failed'"), 1);
}

static void a_shop_has_a_token_of_its_own(void **state)
{
    va_str_t sealed;
    wk_secret_place_t place = {"integrations", "access_token", VA_STR(DOWNTOWN),
                               VA_STR("hubspot")};
    (void)state;
    assert_ok(
        wk_secret_seal(&t_config, t_ctx.arena, &place, VA_STR(HUBSPOT_TOKEN), &sealed, &t_e));
    t_sqlf("UPDATE integrations SET access_token = '%.*s', key_id = 'k1'"
           " WHERE service = 'hubspot'",
           (int)sealed.len, sealed.data);
    t_config.hubspot_access_token = "pat-na1-of-somebody-else";
    logged();
    assert_once();
}

static void a_shop_without_hubspot_logs_nothing(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM integrations WHERE service = 'hubspot'");
    logged();
    assert_int_equal(t_hubspot_ask("GET", "/_sim/requests", NULL)->count, 0);
}

/* ---------------------------------------------------------------- webhooks */

static t_answer_t tell(const char *events)
{
    return t_ask(&(t_ask_t){.type = "hubspot.webhook", .scheme = "hubspot", .body = events});
}

#define EVENT(portal, type, event, attempt)                                                    \
    "{\"eventId\":" event ",\"subscriptionId\":1,\"portalId\":" portal ",\"appId\":1,"         \
    "\"occurredAt\":1795176000000,\"subscriptionType\":\"" type "\",\"objectId\":" KNOWN       \
    ",\"attemptNumber\":" attempt "}"

static void refresh(const char *organization)
{
    t_answer_t a = job_of(organization, "hubspot.contact", "{\"contact\":\"" KNOWN "\"}", 1);
    assert_done(&a);
}

static void a_changed_contact_is_asked_for_once(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        t_answer_t a = tell("[" EVENT(PORTAL, "contact.propertyChange", "1",
                                      "0") "," EVENT(PORTAL, "deal.creation", "2", "0") "]");
        assert_done(&a);
    }
    t_answer_t a = tell("[" EVENT(PORTAL, "contact.propertyChange", "1", "1") "]");
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', count(*), min(data ->> 'contact'))"
                               "  FROM outbox WHERE type = 'hubspot.contact'"
                               "   AND organization_id = '" DOWNTOWN "'"),
                        "1 " KNOWN);
}

static void an_unknown_account_is_nobodys(void **state)
{
    (void)state;
    t_answer_t a = tell("[" EVENT("777", "contact.propertyChange", "1", "0") "]");
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT kind || ' ' || key FROM unrouted_events"), "portal 777");
    assert_int_equal(count("outbox WHERE type = 'hubspot.contact'"), 0);
}

static void what_is_no_list_of_events_changes_nothing(void **state)
{
    static const char *const bodies[] = {"", "{}", "null", "[", "\"x\""};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = tell(bodies[i]);
        assert_int_equal(a.end.how, WK_END_BURY);
    }
    t_answer_t a =
        tell("[1,{},{\"portalId\":\"62515\"}," EVENT(PORTAL, "contact.creation", "3", "0") "]");
    assert_done(&a);
    assert_int_equal(count("outbox WHERE type = 'hubspot.contact'"), 1);
}

static void name_and_address_are_taken_over(void **state)
{
    (void)state;
    logged();
    t_hubspot_ask("PATCH", "/crm/objects/2026-09/contacts/" KNOWN,
                  "{\"properties\":{\"firstname\":\"Jean\",\"email\":\"Jean@X.Example\"}}");
    refresh(DOWNTOWN);
    assert_string_equal(
        t_sqlf("SELECT name || ' ' || email FROM customers WHERE id = '" JOHN "'"),
        "Jean Tremblay jean@x.example");
}

static void a_contact_is_found_by_its_number(void **state)
{
    (void)state;
    t_hubspot_ask("PATCH", "/crm/objects/2026-09/contacts/" KNOWN,
                  "{\"properties\":{\"lastname\":\"Smith\"}}");
    refresh(DOWNTOWN);
    assert_string_equal(contact_of_john(), KNOWN);
    assert_string_equal(t_sqlf("SELECT last_name FROM customers WHERE id = '" JOHN "'"),
                        "Smith");
}

static void another_shops_customers_stay_as_they_are(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET hubspot_contact_id = '" KNOWN "' WHERE id = '" SARAH "'");
    refresh(DOWNTOWN);
    refresh(UPTOWN);
    assert_string_equal(t_sqlf("SELECT name FROM customers WHERE id = '" SARAH "'"),
                        "Sarah Chen");
}

static void a_deleted_contact_is_forgotten(void **state)
{
    (void)state;
    logged();
    t_hubspot_script("{\"method\":\"GET\",\"path\":\"/contacts/" KNOWN "\",\"status\":404,"
                     "\"body\":{\"category\":\"OBJECT_NOT_FOUND\"},\"times\":1}");
    refresh(DOWNTOWN);
    assert_string_equal(contact_of_john(), "");
}

static void an_erasure_there_is_a_task_here(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        t_answer_t a = tell("[" EVENT(PORTAL, "contact.privacyDeletion", "4", "0") "]");
        assert_done(&a);
    }
    assert_int_equal(count("tasks WHERE key = 'hubspot:erase:" KNOWN "'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_and_a_note_are_logged_with_the_contact),
        cmocka_unit_test(both_are_associated_with_the_contact),
        cmocka_unit_test(a_repeat_logs_nothing),
        cmocka_unit_test(a_customer_nobody_knows_becomes_a_contact),
        cmocka_unit_test(what_people_wrote_there_stays),
        cmocka_unit_test(a_contact_that_is_gone_is_looked_for_anew),
        cmocka_unit_test(a_run_that_died_after_the_request_is_found_again),
        cmocka_unit_test(a_busy_hubspot_is_asked_by_its_limit),
        cmocka_unit_test(a_token_that_is_refused_breaks_the_connection),
        cmocka_unit_test(what_hubspot_refuses_for_good_is_a_task),
        cmocka_unit_test(a_shop_has_a_token_of_its_own),
        cmocka_unit_test(a_shop_without_hubspot_logs_nothing),
        cmocka_unit_test(a_changed_contact_is_asked_for_once),
        cmocka_unit_test(an_unknown_account_is_nobodys),
        cmocka_unit_test(what_is_no_list_of_events_changes_nothing),
        cmocka_unit_test(name_and_address_are_taken_over),
        cmocka_unit_test(a_contact_is_found_by_its_number),
        cmocka_unit_test(another_shops_customers_stay_as_they_are),
        cmocka_unit_test(a_deleted_contact_is_forgotten),
        cmocka_unit_test(an_erasure_there_is_a_task_here),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
