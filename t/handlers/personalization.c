/*
 * personalization.answer: who calls, which shop, and what the agent says first. It is noon at
 * the shop in every test.
 */
#include <stdio.h>

#include "t/handlers/lib/texts.h"

#define NOWHERE "postgres://nobody@127.0.0.1:9/none?connect_timeout=1"

/* The shops move to where it is that hour now, from 0 to 12; zones reach from -12 to +14. */
static void set_hour(int hour)
{
    t_sqlf("UPDATE organizations SET timezone = (SELECT"
           "    CASE WHEN n > 12 THEN 'Etc/GMT-' || 24 - n WHEN n > 0 THEN 'Etc/GMT+' || n"
           "         ELSE 'Etc/GMT-' || -n END"
           "    FROM (SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::int - %d AS n) h)",
           hour);
}

#define DAYS "'{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'::text[]"

static int setup(void **state)
{
    (void)state;
    t_sqlf(
        "DELETE FROM outbox; DELETE FROM messages; DELETE FROM calls;"
        "DELETE FROM appointments; DELETE FROM unrouted_events;"
        "DELETE FROM customers WHERE id NOT IN ('" JOHN "', '" SARAH "');"
        "UPDATE customers SET tier = 'regular', preferred_language = 'en',"
        "    conversation_summary = NULL, interaction_count = 0;"
        "UPDATE orders SET status = 'delivered';"
        "UPDATE organizations SET language = 'en', hours = ("
        "    SELECT jsonb_object_agg(d, jsonb_build_object('open', '08:00', 'close', '18:00'))"
        "      FROM unnest(" DAYS ") d)");
    set_hour(12);
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_log_forget();
    return 0;
}

static void close_shop(void)
{
    t_sqlf("UPDATE organizations SET hours = '{\"monday\":{\"closed\":true}}'");
}

static t_answer_t ask(const char *body)
{
    t_answer_t a = t_ask(&(t_ask_t){.type = "personalization.answer", .body = body});
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/type"), "conversation_initiation_client_data");
    return a;
}

static t_answer_t ring(const char *caller, const char *called)
{
    return ask(wk_printf(t_ctx.arena,
                         "{\"caller_id\":\"%s\",\"called_number\":\"%s\",\"agent_id\":\"%s\","
                         "\"call_sid\":\"CA1\",\"conversation_id\":\"conv_1\"}",
                         caller, called,
                         strcmp(called, UPTOWN_NUMBER) == 0 ? "agent_uptown" : "agent_downtown")
                   .data);
}

static const char *variable(const t_answer_t *a, const char *name)
{
    return t_text(a, wk_printf(t_ctx.arena, "/dynamic_variables/%s", name).data);
}

static const char *first_message(const t_answer_t *a)
{
    return t_text(a, "/conversation_config_override/agent/first_message");
}

/* How many variables there are; each is a text, a number or a boolean. */
static size_t scalars(const t_answer_t *a)
{
    const va_json_t *all = va_json_get(a->json, "dynamic_variables");
    for (const va_json_t *v = all->first; v != NULL; v = v->next) {
        assert_non_null(va_json_scalar(v).data);
    }
    return all->count;
}

static int64_t calls_begun(void)
{
    const redisReply *r = t_redis(t_ctx.redis, t_ctx.arena, "LLEN va:{default}:in");
    return r->integer;
}

/* ---------------------------------------------------------------- who */

static void a_known_customer_is_known(void **state)
{
    (void)state;
    t_answer_t a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_string_equal(variable(&a, "customer_name"), "John Tremblay");
    assert_string_equal(variable(&a, "customer_phone"), JOHN_NUMBER);
    assert_string_equal(variable(&a, "organization_id"), DOWNTOWN);
    assert_string_equal(variable(&a, "store_name"), "Bici Downtown");
    assert_has(variable(&a, "recent_orders"), "1042");
    assert_has(first_message(&a), "John");
    assert_string_equal(variable(&a, "error"), "");
}

static void an_unknown_caller_hears_no_name(void **state)
{
    (void)state;
    t_answer_t a = ring(STRANGER, DOWNTOWN_NUMBER);
    assert_string_equal(variable(&a, "customer_name"), "Valued Customer");
    assert_string_equal(variable(&a, "customer_phone"), STRANGER);
    assert_string_equal(first_message(&a), "");
    assert_has_not(variable(&a, "recent_orders"), "1042");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers"),
                     2); /* calls.begin's business */
}

static void a_withheld_number_is_nobodys(void **state)
{
    static const char *const withheld[] = {"", "anonymous", "+266696687", "unknown",
                                           "Restricted"};
    size_t known = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(withheld) / sizeof(*withheld); i++) {
        t_answer_t a = ring(withheld[i], DOWNTOWN_NUMBER);
        assert_string_equal(variable(&a, "customer_name"), "Valued Customer");
        assert_string_equal(variable(&a, "customer_phone"), "");
        assert_string_equal(variable(&a, "store_name"), "Bici Downtown");
        assert_true(known == 0 || scalars(&a) == known);
        known = scalars(&a);
    }
}

/* The number is John's at Downtown only. */
static void another_shops_customer_is_a_stranger(void **state)
{
    (void)state;
    t_answer_t a = ring(JOHN_NUMBER, UPTOWN_NUMBER);
    assert_string_equal(variable(&a, "customer_name"), "Valued Customer");
    assert_string_equal(variable(&a, "organization_id"), UPTOWN);
    assert_has_not(wk_strdup(t_ctx.arena, a.body), "Tremblay");
    assert_has_not(wk_strdup(t_ctx.arena, a.body), "1042");
}

/* ---------------------------------------------------------------- which shop */

static void nobodys_number_is_noted_and_answered(void **state)
{
    (void)state;
    t_answer_t known = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    setup(state);
    t_answer_t a = ask("{\"caller_id\":\"" JOHN_NUMBER "\",\"called_number\":\"+14165550099\","
                       "\"agent_id\":\"agent_nobody\",\"call_sid\":\"CA1\"}");
    assert_string_equal(variable(&a, "error"), "Organization not found");
    assert_string_equal(variable(&a, "customer_name"), "Valued Customer");
    assert_string_equal(variable(&a, "organization_id"), "");
    assert_int_equal(scalars(&a), scalars(&known));
    assert_string_equal(t_sqlf("SELECT kind || ' ' || key FROM unrouted_events"),
                        "number +14165550099");
    assert_int_equal(calls_begun(), 0);
}

static void the_agent_says_which_shop_where_the_number_does_not(void **state)
{
    (void)state;
    t_answer_t a = ask("{\"caller_id\":\"" STRANGER "\",\"called_number\":\"+14165550099\","
                       "\"agent_id\":\"agent_uptown\"}");
    assert_string_equal(variable(&a, "organization_id"), UPTOWN);
}

static void the_number_wins_over_the_agent(void **state)
{
    (void)state;
    t_answer_t a = ask("{\"caller_id\":\"" STRANGER "\",\"called_number\":\"" DOWNTOWN_NUMBER
                       "\",\"agent_id\":\"agent_uptown\"}");
    assert_string_equal(variable(&a, "organization_id"), DOWNTOWN);
}

/* ---------------------------------------------------------------- failures */

static void what_is_no_question_is_answered_all_the_same(void **state)
{
    static const char *const bodies[] = {
        "", "{", "[]", "{}", "{\"caller_id\":{},\"agent_id\":7}", "\xff\xfe"};
    size_t known = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = ask(bodies[i]);
        assert_string_equal(variable(&a, "error"), "Organization not found");
        assert_true(known == 0 || scalars(&a) == known);
        known = scalars(&a);
    }
}

static void without_a_database_the_agent_picks_up(void **state)
{
    (void)state;
    wk_ctx_t ctx = t_ctx;
    t_answer_t known = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    ctx.db = wk_db_new(NOWHERE, true, "test");
    t_answer_t a = t_ask_in(&ctx, &(t_ask_t){.type = "personalization.answer",
                                             .body = "{\"caller_id\":\"" JOHN_NUMBER
                                                     "\",\"called_number\":\"" DOWNTOWN_NUMBER
                                                     "\",\"call_sid\":\"CA2\"}"});
    assert_status(&a, 200);
    assert_string_equal(variable(&a, "error"), "Could not load full context");
    assert_string_equal(variable(&a, "customer_phone"), JOHN_NUMBER);
    assert_string_equal(variable(&a, "store_status"), "open");
    assert_int_equal(scalars(&a), scalars(&known));
    assert_true(t_logged("a call is answered without its context") > 0);
    assert_int_equal(t_logged(JOHN_NUMBER), 0);
    wk_db_free(ctx.db);
}

static void a_call_begins_once(void **state)
{
    (void)state;
    ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_int_equal(calls_begun(), 1);
}

/* ---------------------------------------------------------------- what is said first */

static void book(const char *service, const char *ahead)
{
    t_sqlf(
        "INSERT INTO appointments (organization_id, customer_id, appointment_type, starts_at,"
        "                          ends_at, status)"
        " VALUES ('" DOWNTOWN "', '" JOHN "', '%s', now() + interval '%s',"
        "         now() + interval '%s' + interval '1 hour', 'confirmed')",
        service, ahead, ahead);
}

static void assert_greeting(const char *part, bool first)
{
    t_answer_t a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_has(variable(&a, "store_greeting"), part);
    if (first) {
        assert_string_equal(first_message(&a), variable(&a, "store_greeting"));
    }
}

/* An appointment today, an open order, a VIP, open or closed: taken away one by one. */
static void the_greeting_is_the_nearest_matter(void **state)
{
    (void)state;
    close_shop();
    t_sqlf("UPDATE customers SET tier = 'vip' WHERE id = '" JOHN "';"
           "UPDATE orders SET status = 'shipped' WHERE order_number = '1042'");
    book("tune_up", "1 hour");
    assert_greeting("Your tune-up is booked with Bici Downtown today at", true);
    t_sqlf("DELETE FROM appointments");
    book("tune_up", "1 day");
    assert_greeting("your order #1042", true);
    t_sqlf("UPDATE orders SET status = 'delivered'");
    assert_greeting("VIP", true);
    t_sqlf("UPDATE customers SET tier = 'regular'");
    assert_greeting("is closed at the moment", true);
    setup(state);
    assert_greeting("is open until 6:00 PM", true);
}

static void a_cancelled_appointment_is_no_matter(void **state)
{
    (void)state;
    book("repair", "1 hour");
    t_sqlf("UPDATE appointments SET status = 'cancelled'");
    assert_greeting("is open until", true);
}

static void an_order_that_is_over_is_no_matter(void **state)
{
    static const char *const over[] = {"delivered", "cancelled", "refunded", "returned"};
    (void)state;
    for (size_t i = 0; i < sizeof(over) / sizeof(*over); i++) {
        t_sqlf("UPDATE orders SET status = '%s'", over[i]);
        assert_greeting("is open until", true);
    }
}

static void the_time_of_day_is_the_shops(void **state)
{
    (void)state;
    assert_greeting("Good afternoon John!", true);
    set_hour(9);
    assert_greeting("Good morning John!", true);
}

/* ---------------------------------------------------------------- language */

static void the_callers_language_is_spoken(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET preferred_language = 'fr' WHERE id = '" JOHN "'");
    t_answer_t a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_string_equal(variable(&a, "language"), "fr");
    assert_has(variable(&a, "store_greeting"), "Bon");
    assert_string_equal(t_text(&a, "/conversation_config_override/agent/language"), "fr");
    assert_string_equal(first_message(&a), variable(&a, "store_greeting"));
}

static void the_shop_speaks_its_own_languages_only(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET preferred_language = 'es' WHERE id = '" JOHN "'");
    t_answer_t a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_string_equal(variable(&a, "language"), "en");
    assert_string_equal(t_text(&a, "/conversation_config_override/agent/language"), "");
}

static void a_french_shop_greets_strangers_in_french(void **state)
{
    (void)state;
    t_sqlf("UPDATE organizations SET language = 'fr' WHERE id = '" DOWNTOWN "'");
    t_answer_t a = ring(STRANGER, DOWNTOWN_NUMBER);
    assert_string_equal(variable(&a, "language"), "fr");
    assert_string_equal(first_message(&a), ""); /* the agent's own is French already */
}

/* ---------------------------------------------------------------- texts */

/* The platform would look for a variable of that name, and hang up for want of it. */
static void who_is_called_as_a_variable_is_answered(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET first_name = '{{nobody}}' WHERE id = '" JOHN "'");
    t_answer_t a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    t_sqlf("UPDATE customers SET first_name = 'John' WHERE id = '" JOHN "'");
    assert_has(first_message(&a), "{nobody}");
    assert_has_not(first_message(&a), "{{");
    assert_has_not(first_message(&a), "}}");
}

static void what_was_said_before_stays_on_one_line(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET conversation_summary = E'Asked for\\na gravel bike'"
           " WHERE id = '" JOHN "';"
           "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
           "                      content)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', 'sms', 'inbound', 'customer',"
           "         E'Two\\r\\nlines and {name}')");
    t_answer_t a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_has(variable(&a, "previous_summary"), "gravel bike");
    const char *context = variable(&a, "conversation_context");
    assert_has(context, "gravel bike");
    assert_has(context, "lines and {name}");
    assert_null(strpbrk(context, "\r\n"));
    t_sqlf("UPDATE customers SET conversation_summary = NULL WHERE id = '" JOHN "'");
    a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_has(variable(&a, "previous_summary"), "Known customer");
    assert_has(variable(&a, "conversation_summary"), "Known customer");
    t_sqlf("DELETE FROM messages");
    a = ring(JOHN_NUMBER, DOWNTOWN_NUMBER);
    assert_string_equal(variable(&a, "previous_summary"), "First-time caller");
    assert_string_equal(variable(&a, "conversation_summary"), "First conversation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_customer_is_known),
        cmocka_unit_test(an_unknown_caller_hears_no_name),
        cmocka_unit_test(a_withheld_number_is_nobodys),
        cmocka_unit_test(another_shops_customer_is_a_stranger),
        cmocka_unit_test(nobodys_number_is_noted_and_answered),
        cmocka_unit_test(the_agent_says_which_shop_where_the_number_does_not),
        cmocka_unit_test(the_number_wins_over_the_agent),
        cmocka_unit_test(what_is_no_question_is_answered_all_the_same),
        cmocka_unit_test(without_a_database_the_agent_picks_up),
        cmocka_unit_test(a_call_begins_once),
        cmocka_unit_test(the_greeting_is_the_nearest_matter),
        cmocka_unit_test(a_cancelled_appointment_is_no_matter),
        cmocka_unit_test(an_order_that_is_over_is_no_matter),
        cmocka_unit_test(the_time_of_day_is_the_shops),
        cmocka_unit_test(the_callers_language_is_spoken),
        cmocka_unit_test(the_shop_speaks_its_own_languages_only),
        cmocka_unit_test(a_french_shop_greets_strangers_in_french),
        cmocka_unit_test(who_is_called_as_a_variable_is_answered),
        cmocka_unit_test(what_was_said_before_stays_on_one_line),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
