/* plan.get: what a shop's plan includes, and what it has used this month by its own clock. */
#include "t/handlers/lib/client.h"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM calls; UPDATE users SET role = 'admin';"
           "UPDATE organizations SET trial_ends_at = NULL;"
           "UPDATE organizations SET plan = 'PRO' WHERE id = '" DOWNTOWN "'");
    return 0;
}

/* The names of what is included. */
static const char *included(const char *plan)
{
    static const char *const names[] = {"knowledge", "voice_settings", "voice_engines",
                                        "model_answers", "more_questions"};
    va_str_t list = VA_STR("");
    t_sqlf("UPDATE organizations SET plan = '%s' WHERE id = '" DOWNTOWN "'", plan);
    t_answer_t a = t_get("plan.get", "/api/plan", NULL);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/plan/tier"), plan);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        va_str_t at = wk_printf(t_ctx.arena, "/plan/includes/%s", names[i]);
        if (strcmp(t_text(&a, at.data), "true") == 0) {
            list = wk_printf(t_ctx.arena, "%s%s ", list.data, names[i]);
        }
    }
    return list.data;
}

static void each_plan_includes_more(void **state)
{
    (void)state;
    assert_string_equal(included("FREE"), "");
    assert_string_equal(included("BASIC"), "knowledge more_questions ");
    assert_string_equal(included("PRO"),
                        "knowledge voice_settings voice_engines model_answers more_questions ");
}

static int upload(void)
{
    return t_ask(&(t_ask_t){.type = "knowledge.handle",
                            .uri = "/api/knowledge",
                            .body = "{\"title\":\"Bells\",\"content\":\"We sell bells.\"}",
                            .claims = t_claims(DANA, DOWNTOWN, "admin"),
                            .org = DOWNTOWN})
        .status;
}

static void what_is_told_is_what_is_refused(void **state)
{
    (void)state;
    assert_string_equal(included("FREE"), "");
    assert_int_equal(upload(), 403);
    assert_string_equal(included("BASIC"), "knowledge more_questions ");
    assert_int_equal(upload(), 201);
}

/* A paid plan that was only tried is one of FREE from its last moment on. */
static void a_trial_comes_to_its_end(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM knowledge_documents;"
           "UPDATE organizations SET trial_ends_at = now() + interval '1 minute'");
    t_answer_t a = t_get("plan.get", "/api/plan", NULL);
    assert_string_equal(t_text(&a, "/plan/tier"), "PRO");
    assert_true(t_text(&a, "/plan/trial_ends_at")[0] == '2');
    assert_int_equal(upload(), 201);
    t_sqlf("UPDATE organizations SET trial_ends_at = now() - interval '1 second'");
    a = t_get("plan.get", "/api/plan", NULL);
    assert_string_equal(t_text(&a, "/plan/tier"), "FREE");
    assert_string_equal(t_text(&a, "/plan/includes/voice_engines"), "false");
    assert_int_equal(upload(), 403);
    t_sqlf("UPDATE organizations SET trial_ends_at = NULL");
    a = t_get("plan.get", "/api/plan", NULL);
    assert_string_equal(t_text(&a, "/plan/tier"), "PRO");
    assert_string_equal(t_text(&a, "/plan/trial_ends_at"), "null");
}

/* Calls of the month's first and last second by the shop's clock, and of those around it. */
static void what_was_used_is_of_this_month_and_shop(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO calls (organization_id, direction, status, started_at,"
           "    duration_seconds)"
           " SELECT o.id, 'inbound', 'completed', at AT TIME ZONE o.timezone, 60"
           "   FROM organizations o,"
           "        (SELECT date_trunc('month', now() AT TIME ZONE timezone) AS m"
           "           FROM organizations WHERE id = '" DOWNTOWN "') x,"
           "        unnest(ARRAY[m - interval '1 second', m,"
           "                     m + interval '1 month' - interval '1 second',"
           "                     m + interval '1 month']) at;"
           "INSERT INTO credit_entries (organization_id, kind, amount, key, created_at)"
           " VALUES ('" DOWNTOWN "', 'usage', -3, 'now', now()),"
           "        ('" DOWNTOWN "', 'usage', -4, 'before', now() - interval '40 days'),"
           "        ('" UPTOWN "', 'usage', -5, 'other', now())");
    t_answer_t a = t_get("plan.get", "/api/plan", NULL);
    assert_status(&a, 200);
    assert_int_equal(t_number(&a, "/plan/used/calls"), 2);
    assert_int_equal(t_number(&a, "/plan/used/call_seconds"), 120);
    assert_int_equal(t_number(&a, "/plan/credits/granted"), 1000);
    assert_int_equal(t_number(&a, "/plan/credits/balance"), 993);
    assert_int_equal(t_number(&a, "/plan/credits/used"), 3);
    assert_string_equal(
        t_text(&a, "/plan/period/from"),
        t_sqlf("SELECT to_char(date_trunc('month', now() AT TIME ZONE 'America/Toronto')"
               "    AT TIME ZONE 'America/Toronto' AT TIME ZONE 'UTC',"
               "    'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"));
}

static void only_admins_are_told(void **state)
{
    static const char *const roles[] = {"manager", "staff", "service_tech"};
    (void)state;
    for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
        t_sqlf("UPDATE users SET role = '%s' WHERE id = '" DANA "'", roles[i]);
        t_answer_t a = t_get("plan.get", "/api/plan", NULL);
        assert_error(&a, 403, "role");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_plan_includes_more),
        cmocka_unit_test(what_is_told_is_what_is_refused),
        cmocka_unit_test(a_trial_comes_to_its_end),
        cmocka_unit_test(what_was_used_is_of_this_month_and_shop),
        cmocka_unit_test(only_admins_are_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
