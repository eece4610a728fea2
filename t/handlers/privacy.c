/*
 * privacy.sweep: what was kept for as long as it may be goes, and nothing else, whoever dies
 * in between.
 */
#include "worker/store/privacy.h"
#include "t/handlers/lib/texts.h"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_sqlf("DELETE FROM widget_keys WHERE expires_at IS NOT NULL; DELETE FROM proofs;"
           "DELETE FROM chat_effects; UPDATE privacy_settings SET swept_at = '-infinity'");
    return failed;
}

static void sweep(const char *organization)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "privacy.sweep", .scheme = "internal", .org = organization});
    assert_done(&a);
}

/* ---------------------------------------------------------------- what served its time */

static void keys_and_counts_that_are_over_are_deleted(void **state)
{
    (void)state;
    t_sqlf(
        "INSERT INTO widget_keys (organization_id, key_sha256, expires_at)"
        " SELECT o.id, encode(sha256(convert_to(o.id || at, 'UTF8')), 'hex'), at::timestamptz"
        "   FROM organizations o, unnest(ARRAY['2026-01-01', '2099-01-01']) at;"
        "INSERT INTO proofs (organization_id, scope, phone, succeeded, created_at)"
        " SELECT o.id, n::text, '', false, now() - n * interval '20 hours'"
        "   FROM organizations o, generate_series(0, 2) n;"
        "INSERT INTO chat_effects (organization_id, kind, source, created_at)"
        " SELECT o.id, 'booking', n::text, now() - n * interval '20 hours'"
        "   FROM organizations o, generate_series(0, 1200) n");
    sweep(DOWNTOWN);
    assert_string_equal(
        t_sqlf("SELECT string_agg(n::text, ' ') FROM ("
               " SELECT count(*) n FROM widget_keys WHERE expires_at IS NOT NULL"
               "    AND organization_id = '" DOWNTOWN "'"
               " UNION ALL SELECT count(*) FROM proofs WHERE organization_id = '" DOWNTOWN "'"
               " UNION ALL SELECT count(*) FROM chat_effects"
               "   WHERE organization_id = '" DOWNTOWN "') x"),
        "1 2 2");
    assert_string_equal(
        t_sqlf("SELECT string_agg(n::text, ' ') FROM ("
               " SELECT count(*) n FROM widget_keys WHERE expires_at IS NOT NULL"
               "    AND organization_id = '" UPTOWN "'"
               " UNION ALL SELECT count(*) FROM proofs WHERE organization_id = '" UPTOWN "'"
               " UNION ALL SELECT count(*) FROM chat_effects"
               "   WHERE organization_id = '" UPTOWN "') x"),
        "2 3 1201");
}

static void a_shop_is_swept_once_a_day(void **state)
{
    (void)state;
    const char *due = "SELECT string_agg(d::text, ' ' ORDER BY d) FROM due_retention(10) d";
    assert_string_equal(t_sqlf("%s", due), DOWNTOWN " " UPTOWN);
    sweep(DOWNTOWN);
    assert_string_equal(t_sqlf("%s", due), UPTOWN);
    t_sqlf("UPDATE privacy_settings SET swept_at = now() - interval '25 hours'");
    assert_string_equal(t_sqlf("%s", due), DOWNTOWN " " UPTOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_counts_that_are_over_are_deleted),
        cmocka_unit_test(a_shop_is_swept_once_a_day),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
