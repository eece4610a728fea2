/* What a turn knows of the customer's appointments, and may therefore say. */
#include "worker/agent/context.h"

#include "t/handlers/lib/client.h"
#include "worker/agent/promise.h"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM appointments;"
           "INSERT INTO appointments (organization_id, customer_id, starts_at, ends_at, status)"
           " SELECT '" DOWNTOWN "', '" JOHN "', at, at + interval '1 hour', 'confirmed'"
           "   FROM (SELECT (date_trunc('week', now() AT TIME ZONE 'America/Toronto')"
           "                 + interval '12 days 10 hours') AT TIME ZONE 'America/Toronto' AS "
           "at) x");
    return 0;
}

static bool read_john(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const wk_tool_caller_t caller = {
        .level = WK_LEVEL_PHONE, .phone = VA_STR("+14165559876"), .channel = "sms"};
    return wk_context_read(tx, VA_STR(JOHN), &caller, arg, e);
}

/* A Saturday at ten. */
static void an_appointment_made_before_may_be_spoken_of(void **state)
{
    wk_context_t context;
    const wk_catalogue_t *c = wk_catalogue(&t_config, &t_e);
    (void)state;
    assert_ok(wk_tx(t_ctx.db, t_ctx.arena, VA_STR(DOWNTOWN), 0, read_john, &context, &t_e));
    const wk_stands_t stands = {.appointments = context.appointments};
    assert_null(wk_promise_broken(
        t_ctx.arena, c, VA_STR("Your tune-up is booked for Saturday at 10 AM."), &stands));
    assert_string_equal(wk_promise_broken(t_ctx.arena, c,
                                          VA_STR("You are booked for Friday at 10 AM."),
                                          &stands),
                        "booked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_appointment_made_before_may_be_spoken_of),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
