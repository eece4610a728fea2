/*
 * settings.handle: who may see and change what, that a change is whole, and that no secret
 * comes back.
 */
#include "t/handlers/lib/texts.h"
#include "worker/secretbox.h"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_sqlf("DELETE FROM audit_log; DELETE FROM chat_sessions; DELETE FROM widget_keys;"
           "INSERT INTO widget_keys (organization_id, key_sha256)"
           " VALUES ('" DOWNTOWN "', encode(sha256('wk_demo_downtown'), 'hex'));"
           "UPDATE campaigns SET is_active = false, delay_seconds = 7200;"
           "UPDATE organizations SET widget_origins = '{https://localhost}';"
           "UPDATE integrations SET access_token = NULL, account_id = '62515'"
           " WHERE service = 'hubspot'");
    return failed;
}

static t_answer_t put_as(const char *role, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "settings.handle",
                   .method = "PUT",
                   .uri = "/api/settings",
                   .body = body,
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

static int chat_status(const char *key, const char *origin)
{
    const char *body = wk_printf(t_ctx.arena,
                                 "{\"message\":\"Hi\",\"businessId\":\"bici-downtown\","
                                 "\"key\":\"%s\"}",
                                 key)
                           .data;
    return t_ask(&(t_ask_t){.type = "chat.answer",
                            .uri = "/api/chat",
                            .body = body,
                            .headers = {"origin", origin}})
        .status;
}

static void a_manager_switches_campaigns(void **state)
{
    (void)state;
    t_answer_t a = put_as("manager", "{\"campaigns\":[{\"name\":\"abandoned_cart\","
                                     "\"is_active\":true,\"delay_seconds\":3600,"
                                     "\"conditions\":{\"cart_over\":50}},"
                                     "{\"name\":\"service_reminder\",\"is_active\":true}]}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/settings/campaigns/0/name"), "abandoned_cart");
    assert_string_equal(t_text(&a, "/settings/campaigns/0/is_active"), "true");
    assert_string_equal(
        t_sqlf(
            "SELECT string_agg(name || ' ' || delay_seconds || ' ' || conditions, ', '"
            "    ORDER BY name) FROM campaigns WHERE is_active AND organization_id = '" DOWNTOWN
            "'"),
        "abandoned_cart 3600 {\"cart_over\": 50}, service_reminder 7200 "
        "{\"months_since_service\": 6}");
    assert_string_equal(t_sqlf("SELECT string_agg(actor || ' ' || action || ' ' || data, ', ')"
                               "  FROM audit_log"),
                        "user settings_changed {\"campaigns\": true}");
}

static void what_is_wrong_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"other\":1}",
        "{\"campaigns\":{}}",
        "{\"campaigns\":[7]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"is_active\":true},"
        "{\"name\":\"no_such\"}]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"is_active\":\"yes\"}]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"delay_seconds\":-1}]}",
        "{\"campaigns\":[{\"name\":\"service_reminder\","
        "\"conditions\":{\"months_since_service\":\"soon\"}}]}",
        "{\"campaigns\":[{\"name\":\"service_reminder\",\"conditions\":{\"odd\":1}}]}",
        "{\"hubspot\":{\"token\":\"pat-1\"}}",
        "{\"hubspot\":{\"token\":\"pat-1\",\"portal\":\"x\"}}",
        "{\"chat\":{\"origins\":[\"*\"]}}",
        "{\"chat\":{\"origins\":[\"https://shop.example/page\"]}}",
        "{\"chat\":{\"rotate_key\":1}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = put_as("admin", wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM campaigns WHERE is_active"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM widget_keys"), 1);
}

static void connections_and_the_chat_are_the_admins(void **state)
{
    static const char *const bodies[] = {
        "{\"hubspot\":{\"token\":\"pat-na1-new\",\"portal\":\"62515\"}}",
        "{\"chat\":{\"rotate_key\":true}}", "{\"chat\":{\"origins\":[]}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = put_as("manager", bodies[i]);
        assert_error(&a, 403, "role");
    }
    t_answer_t staff = put_as("staff", "{\"campaigns\":[]}");
    assert_error(&staff, 403, "role");
    t_answer_t seen =
        t_get_as(JOHN, DOWNTOWN, "staff", "settings.handle", "/api/settings", NULL);
    assert_error(&seen, 403, "role");
}

static void a_token_is_kept_sealed_and_never_told(void **state)
{
    (void)state;
    t_answer_t a = put_as("admin", "{\"hubspot\":{\"token\":\"pat-na1-new\","
                                   "\"portal\":\"62515\"}}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/settings/hubspot/status"), "connected");
    t_answer_t b = t_get("settings.handle", "/api/settings", NULL);
    assert_status(&b, 200);
    assert_has_not(wk_strdup(t_ctx.arena, a.body), "pat-na1-new");
    assert_has_not(wk_strdup(t_ctx.arena, b.body), "pat-na1-new");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE data::text ~ 'pat-'"), 0);

    va_str_t plain,
        sealed =
            va_str_c(t_sqlf("SELECT access_token FROM integrations WHERE service = 'hubspot'"
                            "   AND organization_id = '" DOWNTOWN "'"));
    wk_secret_place_t place = {"integrations", "access_token", VA_STR(DOWNTOWN),
                               VA_STR("hubspot")};
    assert_ok(wk_secret_open(&t_config, t_ctx.arena, &place, sealed, &plain, &t_e));
    assert_true(va_str_eq(plain, VA_STR("pat-na1-new")));
}

static void a_new_key_takes_the_old_ones_place(void **state)
{
    (void)state;
    t_answer_t a = put_as("admin", "{\"chat\":{\"rotate_key\":true,"
                                   "\"origins\":[\"https://new.example\"]}}");
    assert_status(&a, 200);
    const char *key = t_text(&a, "/chat_key");
    assert_int_equal(t_count(&a, "/settings/chat/keys"), 2);
    assert_int_equal(chat_status(key, "https://new.example"), 200);
    assert_int_equal(chat_status("wk_demo_downtown", "https://new.example"), 200);
    assert_int_equal(chat_status(key, "https://localhost"), 403);

    t_answer_t b = put_as("admin", "{\"chat\":{\"rotate_key\":true,\"grace_hours\":0}}");
    assert_int_equal(chat_status(t_text(&b, "/chat_key"), "https://new.example"), 200);
    assert_int_equal(chat_status(key, "https://new.example"), 401);
    assert_int_equal(chat_status("wk_demo_downtown", "https://new.example"), 401);
    assert_int_equal(t_count(&b, "/settings/chat/keys"), 1);
    t_answer_t seen = t_get("settings.handle", "/api/settings", NULL);
    assert_string_equal(t_text(&seen, "/chat_key"), "");
}

/* A job whose worker died is done again: it makes the same key, not one more. */
static void a_rotation_that_is_done_again_makes_one_key(void **state)
{
    (void)state;
    t_ask_t ask = {.type = "settings.handle",
                   .id = "rotation",
                   .method = "PUT",
                   .uri = "/api/settings",
                   .body = "{\"chat\":{\"rotate_key\":true}}",
                   .claims = t_claims(DANA, DOWNTOWN, "admin"),
                   .org = DOWNTOWN};
    t_answer_t a = t_ask(&ask), b = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/chat_key"), t_text(&b, "/chat_key"));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM widget_keys"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_switches_campaigns),
        cmocka_unit_test(what_is_wrong_changes_nothing),
        cmocka_unit_test(connections_and_the_chat_are_the_admins),
        cmocka_unit_test(a_token_is_kept_sealed_and_never_told),
        cmocka_unit_test(a_new_key_takes_the_old_ones_place),
        cmocka_unit_test(a_rotation_that_is_done_again_makes_one_key),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
