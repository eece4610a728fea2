/* worker/providers/shopify_state.c: every word of Shopify's, and which of two decides. */
#include "support.h"

#include "worker/providers/shopify_state.h"

static const char *state(const char *financial, const char *fulfillment, const char *first,
                         const char *second)
{
    wk_shopify_facts_t f = {.financial = va_str_c(financial),
                            .fulfillment = va_str_c(fulfillment)};
    if (first != NULL)
        f.shipments[f.n++] = va_str_c(first);
    if (second != NULL)
        f.shipments[f.n++] = va_str_c(second);
    return wk_shopify_state(&f);
}

typedef struct {
    const char *word, *state;
} expectation_t;

static void test_shipments(void **unused)
{
    static const expectation_t all[] = {
        {"ATTEMPTED_DELIVERY", "delivery_problem"},
        {"CARRIER_PICKED_UP", "in_transit"},
        {"CONFIRMED", "shipped"},
        {"DELAYED", "delayed"},
        {"DELIVERED", "delivered"},
        {"FAILURE", "delivery_problem"},
        {"IN_TRANSIT", "in_transit"},
        {"LABEL_PRINTED", "shipped"},
        {"LABEL_PURCHASED", "shipped"},
        {"LABEL_VOIDED", "shipped"},
        {"MARKED_AS_FULFILLED", "shipped"},
        {"NOT_DELIVERED", "delivery_problem"},
        {"OUT_FOR_DELIVERY", "out_for_delivery"},
        {"PICKED_UP", "delivered"},
        {"READY_FOR_PICKUP", "ready_for_pickup"},
        {"SUBMITTED", "shipped"},
        {"FULFILLED", "processing"}, /* of a shipment: the order's own word decides */
        {"CANCELED", "processing"},
        {"TELEPORTED", "processing"},
        {"out_for_delivery", "out_for_delivery"}, /* a webhook's */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        assert_string_equal(state("PAID", "UNFULFILLED", all[i].word, NULL), all[i].state);
}

static void test_fulfillment(void **unused)
{
    static const expectation_t all[] = {
        {"UNFULFILLED", "processing"},
        {"PARTIALLY_FULFILLED", "partially_shipped"},
        {"FULFILLED", "shipped"},
        {"RESTOCKED", "processing"},
        {"PENDING_FULFILLMENT", "processing"},
        {"OPEN", "processing"},
        {"IN_PROGRESS", "processing"},
        {"ON_HOLD", "on_hold"},
        {"SCHEDULED", "scheduled"},
        {"REQUEST_DECLINED", "processing"},
        {"FULFILLMENT_NOT_REQUIRED", "processing"},
        {"SOMETHING_NEW", "processing"},
        {"partial", "partially_shipped"},
        {"fulfilled", "shipped"},
        {"restocked", "processing"},
        {NULL, "processing"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        assert_string_equal(state("PAID", all[i].word, NULL, NULL), all[i].state);
}

static void test_financial(void **unused)
{
    static const expectation_t all[] = {
        {"PENDING", "awaiting_payment"},
        {"AUTHORIZED", "awaiting_payment"},
        {"PARTIALLY_PAID", "awaiting_payment"},
        {"EXPIRED", "awaiting_payment"},
        {"PAID", "processing"},
        {"PARTIALLY_REFUNDED", "processing"},
        {"REFUNDED", "refunded"},
        {"VOIDED", "refunded"},
        {"refunded", "refunded"},
        {"SOMETHING_NEW", "processing"},
        {NULL, "processing"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        assert_string_equal(state(all[i].word, "UNFULFILLED", NULL, NULL), all[i].state);
}

static void test_precedence(void **unused)
{
    (void)unused;
    wk_shopify_facts_t cancelled = {.cancelled = true, .financial = VA_STR("REFUNDED")};
    assert_string_equal(wk_shopify_state(&cancelled), "cancelled");
    assert_string_equal(state("REFUNDED", "FULFILLED", "DELIVERED", NULL), "refunded");
    assert_string_equal(state("PAID", "FULFILLED", "DELIVERED", "PICKED_UP"), "delivered");
    assert_string_equal(state("PAID", "FULFILLED", "DELIVERED", "IN_TRANSIT"), "in_transit");
    assert_string_equal(state("PAID", "FULFILLED", "IN_TRANSIT", "OUT_FOR_DELIVERY"),
                        "out_for_delivery");
    assert_string_equal(state("PAID", "FULFILLED", "FAILURE", "DELAYED"), "delayed");
    assert_string_equal(state("PAID", "FULFILLED", "LABEL_PRINTED", "FAILURE"),
                        "delivery_problem");
    assert_string_equal(state("PAID", "PARTIALLY_FULFILLED", "DELIVERED", NULL),
                        "partially_shipped");
    assert_string_equal(state("PENDING", "ON_HOLD", NULL, NULL), "on_hold");
    assert_string_equal(state("PENDING", "FULFILLED", NULL, NULL), "shipped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipments),
        cmocka_unit_test(test_fulfillment),
        cmocka_unit_test(test_financial),
        cmocka_unit_test(test_precedence),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
