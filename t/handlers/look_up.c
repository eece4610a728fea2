/*
 * shopify.customer: who is new here, by call, text or chat, is looked up in the shop's
 * customers, once, and nothing that was only typed in stands above what the shop knows.
 */
#include "t/handlers/lib/texts.h"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_shopify();
    t_sqlf(
        "DELETE FROM chat_sessions; DELETE FROM calls; DELETE FROM customers WHERE id = '" JOHN
        "'");
    return failed;
}

/* What the outbox wants done is done, as a worker would. */
static size_t look_ups(void)
{
    size_t n = 0;
    for (;;) {
        const char *body = t_sqlf("WITH next AS (DELETE FROM outbox WHERE id = (SELECT min(id)"
                                  "    FROM outbox WHERE type = 'shopify.customer')"
                                  "    RETURNING data) SELECT data FROM next");
        if (body[0] == '\0') {
            return n;
        }
        t_answer_t a =
            t_ask(&(t_ask_t){.type = "shopify.customer", .org = DOWNTOWN, .body = body});
        assert_done(&a);
        n++;
    }
}

static const char *known(const char *number)
{
    return t_sqlf("SELECT concat_ws(' ', name, email, tier, total_spent,"
                  "    purchase_history -> 0 ->> 'order_number', looked_up_at IS NOT NULL)"
                  "  FROM customers WHERE phone_number = '%s'",
                  number);
}

#define JOHN_IN_THE_SHOP "John Tremblay john.tremblay@customer.example vip 2485.94 1042 t"

static void chat(const char *name, const char *number)
{
    const char *body =
        wk_printf(t_ctx.arena,
                  "{\"message\":\"Hi\",\"businessId\":\"bici-downtown\","
                  "\"key\":\"wk_demo_downtown\",\"name\":\"%s\",\"phone\":\"%s\"}",
                  name, number)
            .data;
    t_answer_t a = t_ask(&(t_ask_t){.type = "chat.answer", .uri = "/api/chat", .body = body});
    assert_status(&a, 200);
    assert_has_not(wk_strdup(t_ctx.arena, a.body), "Tremblay");
}

static void who_texts_is_looked_up_once(void **state)
{
    (void)state;
    t_say(JOHN_NUMBER, "What are your hours?");
    t_say(JOHN_NUMBER, "And tomorrow?");
    look_ups();
    assert_string_equal(known(JOHN_NUMBER), JOHN_IN_THE_SHOP);
    t_say(JOHN_NUMBER, "Thanks");
    assert_int_equal(look_ups(), 0);
}

static void whom_the_shop_does_not_know_is_not_asked_for_again(void **state)
{
    (void)state;
    t_say(STRANGER, "What are your hours?");
    assert_int_equal(look_ups(), 1);
    assert_string_equal(known(STRANGER), " regular 0.00 t");
    t_say(STRANGER, "Thanks");
    assert_int_equal(look_ups(), 0);
}

static void a_number_in_a_chat_is_looked_up_and_the_shop_knows_better(void **state)
{
    (void)state;
    chat("Mallory", JOHN_NUMBER);
    assert_int_equal(look_ups(), 1);
    assert_string_equal(known(JOHN_NUMBER), JOHN_IN_THE_SHOP);
    chat("Mallory", STRANGER);
    assert_int_equal(look_ups(), 1);
    assert_string_equal(known(STRANGER), " regular 0.00 t");
}

static void a_shop_that_is_not_connected_is_not_asked(void **state)
{
    (void)state;
    t_answer_t a = t_deliver(
        &(t_text_t){.from = STRANGER, .to = UPTOWN_NUMBER, .body = "What are your hours?"});
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'shopify.customer'"),
                     0);
}

/* An order that was placed so long ago, told of just now. */
static void john_ordered(const char *ago)
{
    const char *at = t_sqlf("SELECT to_char((now() - interval '%s') AT TIME ZONE 'UTC',"
                            "               'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                            ago);
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "shopify.webhook",
        .scheme = "shopify",
        .headers = {"x-shopify-topic", "orders/create", "x-shopify-shop-domain",
                    "bici-downtown.myshopify.com"},
        .body = wk_printf(t_ctx.arena,
                          "{\"id\":7002,\"admin_graphql_api_id\":\"gid://shopify/Order/7002\","
                          "\"name\":\"#7002\",\"created_at\":\"%s\",\"updated_at\":\"%s\","
                          "\"financial_status\":\"paid\",\"fulfillment_status\":null,"
                          "\"total_price\":\"99.00\",\"currency\":\"CAD\",\"line_items\":[],"
                          "\"phone\":\"" JOHN_NUMBER "\",\"fulfillments\":[]}",
                          at, at)
                    .data});
    assert_done(&a);
}

static void who_buys_behind_a_look_up_is_looked_up_anew(void **state)
{
    (void)state;
    t_say(JOHN_NUMBER, "What are your hours?");
    t_sqlf("DELETE FROM outbox; DELETE FROM orders WHERE order_number = '7002';"
           "UPDATE customers SET looked_up_at = now() - interval '1 day'"
           " WHERE phone_number = '" JOHN_NUMBER "'");
    john_ordered("2 days");
    assert_int_equal(look_ups(), 0); /* the look-up knew of it */
    t_sqlf("DELETE FROM orders WHERE order_number = '7002'; DELETE FROM webhook_events");
    john_ordered("1 hour");
    assert_int_equal(look_ups(), 1);
    assert_string_equal(known(JOHN_NUMBER), JOHN_IN_THE_SHOP);
    t_say(JOHN_NUMBER, "Thanks");
    assert_int_equal(look_ups(), 0);
    t_sqlf("DELETE FROM orders WHERE order_number = '7002'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_texts_is_looked_up_once),
        cmocka_unit_test(whom_the_shop_does_not_know_is_not_asked_for_again),
        cmocka_unit_test(a_number_in_a_chat_is_looked_up_and_the_shop_knows_better),
        cmocka_unit_test(a_shop_that_is_not_connected_is_not_asked),
        cmocka_unit_test(who_buys_behind_a_look_up_is_looked_up_anew),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
