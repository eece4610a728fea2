/* What the shop's system tells of its products and orders, in any order: what was deleted is
 * sold, or told of, no more. */
#include "t/handlers/lib/runs.h"
#include "t/handlers/lib/sim.h"
#include "worker/store/campaigns.h"
#include "worker/store/shop.h"

#define SHOP "bici-downtown.myshopify.com"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM webhook_events; DELETE FROM products WHERE sku = 'LAMP-9';"
           "DELETE FROM orders WHERE order_number = '9101';"
           "UPDATE products SET is_active = true WHERE sku = 'HLM-COM-M'");
    return 0;
}

static t_ask_t webhook(const char *topic, const char *body)
{
    return (t_ask_t){.type = "shopify.webhook",
                     .scheme = "shopify",
                     .headers = {"x-shopify-topic", topic, "x-shopify-shop-domain", SHOP},
                     .body = body};
}

static t_answer_t tell(const char *topic, const char *body)
{
    t_ask_t ask = webhook(topic, body);
    return t_ask(&ask);
}

static void told(const char *topic, const char *body)
{
    t_answer_t a = tell(topic, body);
    assert_int_equal(a.end.how, WK_END_ACK);
}

static void told_as(const char *topic, const char *title, int minutes)
{
    told(topic, wk_printf(t_ctx.arena,
                          "{\"id\":9001,\"title\":\"%s\",\"status\":\"active\","
                          "\"updated_at\":\"%s\",\"variants\":[{\"id\":9002,"
                          "\"sku\":\"LAMP-9\",\"title\":\"Default Title\","
                          "\"price\":\"19.00\",\"inventory_quantity\":7,"
                          "\"inventory_item_id\":9003,"
                          "\"inventory_management\":\"shopify\"}]}",
                          title,
                          t_sqlf("SELECT to_char(now() AT TIME ZONE 'UTC'"
                                 " + interval '%d minutes', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                                 minutes))
                    .data);
}

static const char *sold(void)
{
    return t_sqlf("SELECT coalesce(string_agg(title || ' ' || organization_id, ','"
                  "    ORDER BY organization_id), '') FROM products"
                  " WHERE sku = 'LAMP-9' AND is_active");
}

static void what_was_deleted_is_sold_no_more(void **state)
{
    (void)state;
    told_as("products/create", "Lamp", -10);
    t_sqlf(
        "INSERT INTO products (organization_id, provider_product_id, provider_variant_id, sku,"
        "    title, price) VALUES ('" UPTOWN "', 'gid://shopify/Product/9001',"
        "    'gid://shopify/ProductVariant/9002', 'LAMP-9', 'Theirs', 1)");
    assert_string_equal(sold(), "Lamp " DOWNTOWN ",Theirs " UPTOWN);
    told("products/delete", "{\"id\":9001}");
    assert_string_equal(sold(), "Theirs " UPTOWN);
    told_as("products/update", "Late lamp", 10);
    assert_string_equal(sold(), "Theirs " UPTOWN);
}

static void whichever_is_told_first(void **state)
{
    (void)state;
    told("products/delete", "{\"id\":9001}");
    told_as("products/create", "Lamp", -10);
    assert_string_equal(sold(), "");
}

/* ---------------------------------------------------------------- orders */

static void order_told(const char *topic, int minutes)
{
    told(topic, wk_printf(t_ctx.arena,
                          "{\"id\":9101,\"name\":\"#9101\",\"total_price\":\"19.00\","
                          "\"currency\":\"CAD\",\"updated_at\":\"%s\"}",
                          t_sqlf("SELECT to_char(now() AT TIME ZONE 'UTC'"
                                 " + interval '%d minutes', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                                 minutes))
                    .data);
}

static int64_t orders_known(const char *organization)
{
    return t_sqlf_int("SELECT count(*) FROM orders WHERE order_number = '9101'"
                      " AND organization_id = '%s'",
                      organization);
}

static void an_order_that_was_deleted_is_told_of_no_more(void **state)
{
    (void)state;
    order_told("orders/create", -10);
    t_sqlf("INSERT INTO orders (organization_id, provider_order_id, order_number, status,"
           "    total_amount) VALUES ('" UPTOWN "', 'gid://shopify/Order/9101', '9101',"
           "    'processing', 1)");
    assert_int_equal(orders_known(DOWNTOWN), 1);
    told("orders/delete", "{\"id\":9101}");
    assert_int_equal(orders_known(DOWNTOWN), 0);
    assert_int_equal(orders_known(UPTOWN), 1);
    order_told("orders/updated", 10);
    assert_int_equal(orders_known(DOWNTOWN), 0);
}

static void an_order_may_be_deleted_before_it_is_told_of(void **state)
{
    (void)state;
    told("orders/delete", "{\"id\":9101}");
    order_told("orders/create", -10);
    assert_int_equal(orders_known(DOWNTOWN), 0);
}

static void a_body_of_another_topic_deletes_no_order(void **state)
{
    (void)state;
    order_told("orders/create", -10);
    t_answer_t a = tell("orders/delete", "{\"id\":9101,\"name\":\"#9101\"}");
    assert_int_not_equal(a.end.how, WK_END_ACK);
    assert_int_equal(orders_known(DOWNTOWN), 1);
}

/* The topic is not signed: what was told of a product, sent again as this, takes it from
 * nobody. */
static void a_body_of_another_topic_deletes_nothing(void **state)
{
    static const char *const bodies[] = {
        "{\"id\":9001,\"title\":\"Lamp\",\"variants\":[]}",
        "{\"title\":\"Lamp\"}",
        "{}",
    };
    (void)state;
    told_as("products/create", "Lamp", -10);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = tell("products/delete", bodies[i]);
        assert_int_not_equal(a.end.how, WK_END_ACK);
    }
    assert_string_equal(sold(), "Lamp " DOWNTOWN);
}

/* ---------------------------------------------------------------- at the same moment */

/*
 * Both are under way, the deletion first, since somebody has the row that both write. In the
 * order of their locks they go on then, and what the shop answered before is not kept.
 */
static void beside_a_deletion(const char *row, t_ask_t deletion, t_ask_t question)
{
    t_run_t runs[] = {{.ask = deletion}, {.ask = question}};
    PGconn *other = PQconnectdb(t_postgres.super_url);
    PQclear(PQexec(other, "SET search_path = voiceagent, public; BEGIN"));
    PGresult *held = PQexec(other, row);
    assert_int_equal(PQntuples(held), 1);
    PQclear(held);
    t_run(&runs[0]);
    t_runs_still(runs, 1);
    assert_false(runs[0].done);
    t_run(&runs[1]);
    t_runs_still(runs, 2);
    assert_false(runs[1].done);
    t_commit(other);
    t_run_end(&runs[0]);
    t_run_end(&runs[1]);
    assert_int_equal(runs[0].answer.end.how, WK_END_ACK);
    assert_int_equal(runs[1].answer.end.how, WK_END_ACK);
}

static void an_answer_does_not_bring_back_an_order_that_is_being_deleted(void **state)
{
    (void)state;
    t_shopify();
    beside_a_deletion("SELECT 1 FROM orders WHERE order_number = '1042' FOR UPDATE",
                      webhook("orders/delete", "{\"id\":1042}"),
                      (t_ask_t){.type = "shopify.order",
                                .org = DOWNTOWN,
                                .body = "{\"order\":\"gid://shopify/Order/1042\"}"});
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM orders WHERE order_number = '1042'"), 0);
}

static void nor_a_product(void **state)
{
    (void)state;
    t_shopify();
    t_sqlf("UPDATE products SET synced_at = now() - interval '1 hour', provider_updated_at ="
           "    now() - interval '1 hour' WHERE sku = 'HLM-COM-M'");
    beside_a_deletion("SELECT 1 FROM products WHERE sku = 'HLM-COM-M' FOR UPDATE",
                      webhook("products/delete", "{\"id\":4}"),
                      (t_ask_t){.type = "tools.call",
                                .uri = "/api/shopify/inventory/helmet",
                                .claims = t_claims(DANA, DOWNTOWN, "admin"),
                                .org = DOWNTOWN});
    assert_string_equal(t_sqlf("SELECT is_active FROM products WHERE sku = 'HLM-COM-M'"), "f");
}

/* Of the shop's orders none is read but the one that is told of. */
static void an_order_is_found_by_its_id_there(void **state)
{
    static const char id_there[] = "(provider = 'shopify'::text) AND (provider_order_id = $1)";
    (void)state;
    t_sqlf("INSERT INTO customers (organization_id, phone_number, shopify_customer_id)"
           " SELECT '" DOWNTOWN "', '+1506' || 5550000 + i, 'many' || i"
           "   FROM generate_series(1, 2000) i;"
           "INSERT INTO orders (organization_id, customer_id, order_number, provider_order_id)"
           " SELECT organization_id, id, shopify_customer_id, shopify_customer_id"
           "   FROM customers WHERE shopify_customer_id LIKE 'many%%';"
           "ANALYZE orders, customers");
    t_index_answers(&wk_sql_shop_order_keep, id_there);
    t_index_answers(&wk_sql_shop_order_keep, "(shopify_customer_id = $21)");
    t_index_answers(&wk_sql_shop_customer_of_order, id_there);
    t_index_answers(&wk_sql_delivery_notice, id_there);
    t_index_answers(&wk_sql_shop_orders_forget, "(provider_order_id = ANY ($1))");
    t_sqlf("DELETE FROM orders WHERE order_number LIKE 'many%%';"
           "DELETE FROM customers WHERE shopify_customer_id LIKE 'many%%';"
           "ANALYZE orders, customers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_deleted_is_sold_no_more),
        cmocka_unit_test(whichever_is_told_first),
        cmocka_unit_test(a_body_of_another_topic_deletes_nothing),
        cmocka_unit_test(an_order_that_was_deleted_is_told_of_no_more),
        cmocka_unit_test(an_order_may_be_deleted_before_it_is_told_of),
        cmocka_unit_test(a_body_of_another_topic_deletes_no_order),
        cmocka_unit_test(an_order_is_found_by_its_id_there),
        cmocka_unit_test(nor_a_product),
        cmocka_unit_test(an_answer_does_not_bring_back_an_order_that_is_being_deleted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
