/*
 * settings.handle: who may see and change what, that a change is whole, and that no secret
 * comes back.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#include "t/handlers/lib/texts.h"
#include "worker/secretbox.h"

#define CONNECT(token, portal)                                                                 \
    "{\"hubspot\":{\"token\":\"" token "\",\"portal\":\"" portal "\"}}"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_hubspot();
    t_sqlf("DELETE FROM audit_log; DELETE FROM chat_sessions; DELETE FROM widget_keys;"
           "INSERT INTO widget_keys (organization_id, key_sha256)"
           " VALUES ('" DOWNTOWN "', encode(sha256('wk_demo_downtown'), 'hex'));"
           "UPDATE campaigns SET is_active = false, delay_seconds = 7200;"
           "UPDATE organizations SET widget_origins = '{https://localhost}';"
           "UPDATE agent_configs SET vad_threshold = 0.5, prefix_padding_ms = 500,"
           " silence_ms = 500, speech = NULL;"
           "UPDATE integrations SET access_token = NULL, account_id = '62515'"
           " WHERE service = 'hubspot'");
    return failed;
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
    t_answer_t a =
        t_put_settings("manager", "{\"campaigns\":[{\"name\":\"abandoned_cart\","
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

static const char *campaigns_of(const char *shop)
{
    return t_sqlf("SELECT json_agg(row_to_json(c) ORDER BY c.name) FROM"
                  " (SELECT name, trigger, channel, delay_seconds, conditions, is_active,"
                  "         message_template FROM campaigns WHERE organization_id = '%s') c",
                  shop);
}

/* What an answer tells of them, as JSON. */
static const char *campaigns_in(const t_answer_t *a)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(t_ctx.arena), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, va_json_pointer(a->json, VA_STR("/settings/campaigns")));
    assert_int_equal(va_json_writer_end(w), VA_OK);
    return wk_strdup(t_ctx.arena, va_buf_str(&text));
}

/* A page that shows them saves what it was shown. */
static void campaigns_come_back_as_they_were_read(void **state)
{
    (void)state;
    t_sqlf("UPDATE campaigns SET conditions = '{\"lead_status\": [\"hot\"]}',"
           "    delay_seconds = 123, is_active = true WHERE trigger = 'lead_created'");
    const char *before = campaigns_of(DOWNTOWN), *others = campaigns_of(UPTOWN);
    t_answer_t read = t_get("settings.handle", "/api/settings", NULL);
    assert_status(&read, 200);
    const char *campaigns = campaigns_in(&read);
    assert_true(t_count(&read, "/settings/campaigns") > 3);
    t_answer_t a =
        t_put_settings("manager", wk_printf(t_ctx.arena, "{\"campaigns\":%s}", campaigns).data);
    assert_status(&a, 200);
    assert_string_equal(campaigns_in(&a), campaigns);
    assert_string_equal(campaigns_of(DOWNTOWN), before);
    assert_string_equal(campaigns_of(UPTOWN), others);
}

static void what_is_wrong_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"other\":1}",
        "{\"campaigns\":{}}",
        "{\"campaigns\":[7]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"channel\":\"fax\"}]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"zzz\":1}]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"is_active\":true},"
        "{\"name\":\"no_such\"}]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"is_active\":\"yes\"}]}",
        "{\"campaigns\":[{\"name\":\"abandoned_cart\",\"delay_seconds\":-1}]}",
        "{\"campaigns\":[{\"name\":\"service_reminder\","
        "\"conditions\":{\"months_since_service\":\"soon\"}}]}",
        "{\"campaigns\":[{\"name\":\"service_reminder\",\"conditions\":{\"odd\":1}}]}",
        "{\"hubspot\":{\"token\":\"pat-1\"}}",
        "{\"hubspot\":{\"token\":\"pat-1\",\"portal\":\"x\"}}",
        CONNECT("pat-1\\nX-More: 1", "62515"),
        CONNECT("pat-1 2", "62515"),
        "{\"chat\":{\"origins\":[\"*\"]}}",
        "{\"chat\":{\"origins\":[\"https://\"]}}",
        "{\"chat\":{\"origins\":[\"https://:\"]}}",
        "{\"chat\":{\"origins\":[\"https://:8443\"]}}",
        "{\"chat\":{\"origins\":[\"https://shop.example:\"]}}",
        "{\"chat\":{\"origins\":[\"https://shop.example:443\"]}}",
        "{\"chat\":{\"origins\":[\"http://shop.example:80\"]}}",
        "{\"chat\":{\"origins\":[\"https://shop.example:08443\"]}}",
        "{\"chat\":{\"origins\":[\"https://shop.example:65536\"]}}",
        "{\"chat\":{\"origins\":[\"https://shop.example:8:8\"]}}",
        "{\"chat\":{\"origins\":[\"https://-.example\"]}}",
        "{\"chat\":{\"origins\":[\"https://shop.example/page\"]}}",
        "{\"chat\":{\"rotate_key\":1}}",
        "{\"voice\":[]}",
        "{\"voice\":{}}",
        "{\"voice\":{\"volume\":1}}",
        "{\"voice\":{\"vad_threshold\":1.01}}",
        "{\"voice\":{\"vad_threshold\":-0.1}}",
        "{\"voice\":{\"vad_threshold\":\"0.5\"}}",
        "{\"voice\":{\"prefix_padding_ms\":5001}}",
        "{\"voice\":{\"prefix_padding_ms\":0.5}}",
        "{\"voice\":{\"silence_ms\":99}}",
        "{\"voice\":{\"silence_ms\":300,\"prefix_padding_ms\":-1}}",
        "{\"voice\":{\"silence_ms\":null}}",
        "{\"voice\":{\"silence_ms\":300,\"speech\":\"nobody\"}}",
        "{\"voice\":{\"speech\":7}}",
        "{\"voicemail\":{}}",
        "{\"voicemail\":{\"action\":\"sing\"}}",
        "{\"voicemail\":{\"action\":null}}",
        "{\"voicemail\":{\"message\":\"call us\"}}",
        "{\"voicemail\":{\"message\":{\"en\":\"This is {name}\"}}}",
        "{\"voicemail\":{\"message\":{\"xx\":\"call us\"}}}",
        "{\"voicemail\":{\"message\":{\"en\":\"\"}}}",
        "{\"voicemail\":{\"message\":{\"en\":7}}}",
        "{\"voicemail\":{\"action\":\"hang_up\",\"odd\":1}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = t_put_settings("admin", wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM campaigns WHERE is_active"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM widget_keys"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM agent_configs WHERE silence_ms <> 500"),
                     0);
}

/* What is left out stays; the texts are all of them. */
static void a_shop_says_what_a_machine_hears(void **state)
{
    static const char kept[] = "SELECT voicemail_action || ' ' || voicemail_message"
                               "  FROM agent_configs WHERE organization_id = '" DOWNTOWN "'";
    (void)state;
    t_answer_t a =
        t_put_settings("manager", "{\"voicemail\":{\"action\":\"hang_up\",\"message\":"
                                  "{\"en\":\"Call us\",\"fr\":\"Appelez\"}}}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/settings/voicemail/action"), "hang_up");
    assert_string_equal(t_text(&a, "/settings/voicemail/message/fr"), "Appelez");
    a = t_put_settings("manager", "{\"voicemail\":{\"message\":{\"en\":\"Bye\"}}}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept), "hang_up {\"en\": \"Bye\"}");
    a = t_put_settings("manager",
                       "{\"voicemail\":{\"action\":\"leave_message\",\"message\":{}}}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept), "leave_message {}");
}

static const char *voice_of(const char *organization)
{
    return t_sqlf("SELECT concat_ws(' ', vad_threshold, prefix_padding_ms, silence_ms, speech)"
                  "  FROM agent_configs WHERE organization_id = '%s'",
                  organization);
}

static void a_manager_says_what_is_speech_and_who_speaks(void **state)
{
    (void)state;
    t_answer_t a =
        t_put_settings("manager", "{\"voice\":{\"vad_threshold\":0.7,\"prefix_padding_ms\":0,"
                                  "\"silence_ms\":5000,\"speech\":\"openai\"}}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/settings/voice/vad_threshold"), "0.70");
    assert_string_equal(voice_of(DOWNTOWN), "0.70 0 5000 openai");
    assert_string_equal(voice_of(UPTOWN), "0.50 500 500");
    a = t_put_settings("manager", "{\"voice\":{\"silence_ms\":100}}");
    assert_status(&a, 200);
    assert_string_equal(voice_of(DOWNTOWN), "0.70 0 100 openai");
    a = t_put_settings("manager", "{\"voice\":{\"vad_threshold\":1,\"speech\":null}}");
    assert_status(&a, 200);
    assert_string_equal(voice_of(DOWNTOWN), "1.00 0 100");
    t_answer_t seen = t_get("settings.handle", "/api/settings", NULL);
    assert_string_equal(t_text(&seen, "/settings/voice/silence_ms"), "100");
    assert_string_equal(t_sqlf("SELECT string_agg(DISTINCT action || ' ' || data, ', ')"
                               "  FROM audit_log"),
                        "settings_changed {\"voice\": true}");
}

/* The rest of such a change is not done either. */
static void the_voice_is_a_plans(void **state)
{
    (void)state;
    t_sqlf("UPDATE organizations SET plan = 'BASIC' WHERE id = '" DOWNTOWN "'");
    t_answer_t a =
        t_put_settings("admin", "{\"voice\":{\"silence_ms\":300},"
                                "\"chat\":{\"origins\":[\"https://shop.example\"]}}");
    t_sqlf("UPDATE organizations SET plan = 'PRO' WHERE id = '" DOWNTOWN "'");
    assert_error(&a, 403, "plan");
    assert_string_equal(t_text(&a, "/requiredPlan"), "PRO");
    assert_string_equal(voice_of(DOWNTOWN), "0.50 500 500");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM organizations"
                                " WHERE widget_origins = '{https://shop.example}'"),
                     0);
}

static void connections_and_the_chat_are_the_admins(void **state)
{
    static const char *const bodies[] = {CONNECT(HUBSPOT_TOKEN, "62515"),
                                         "{\"chat\":{\"rotate_key\":true}}",
                                         "{\"chat\":{\"origins\":[]}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = t_put_settings("manager", bodies[i]);
        assert_error(&a, 403, "role");
    }
    t_answer_t staff = t_put_settings("staff", "{\"campaigns\":[]}");
    assert_error(&staff, 403, "role");
    t_answer_t seen =
        t_get_as(JOHN, DOWNTOWN, "staff", "settings.handle", "/api/settings", NULL);
    assert_error(&seen, 403, "role");
}

static void a_token_is_kept_sealed_and_never_told(void **state)
{
    (void)state;
    t_answer_t a = t_put_settings("admin", CONNECT(HUBSPOT_TOKEN, "62515"));
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/settings/hubspot/status"), "connected");
    t_answer_t b = t_get("settings.handle", "/api/settings", NULL);
    assert_status(&b, 200);
    assert_has_not(wk_strdup(t_ctx.arena, a.body), HUBSPOT_TOKEN);
    assert_has_not(wk_strdup(t_ctx.arena, b.body), HUBSPOT_TOKEN);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE data::text ~ 'pat-'"), 0);

    va_str_t plain,
        sealed =
            va_str_c(t_sqlf("SELECT access_token FROM integrations WHERE service = 'hubspot'"
                            "   AND organization_id = '" DOWNTOWN "'"));
    wk_secret_place_t place = {"integrations", "access_token", VA_STR(DOWNTOWN),
                               VA_STR("hubspot")};
    assert_ok(wk_secret_open(&t_config, t_ctx.arena, &place, sealed, &plain, &t_e));
    assert_true(va_str_eq(plain, VA_STR(HUBSPOT_TOKEN)));
}

static void a_portal_is_who_has_a_token_of_its(void **state)
{
    static const char *const bodies[] = {
        CONNECT("pat-of-nobody", "62515"),
        CONNECT(HUBSPOT_TOKEN, "62516"),
        CONNECT(HUBSPOT_TOKEN, "062515"),
    };
    (void)state;
    t_sqlf("DELETE FROM integrations WHERE service = 'hubspot'");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = t_put_settings("admin", bodies[i]);
        assert_error(&a, 422, "unprocessable");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM integrations WHERE service = 'hubspot'"),
                     0);
    t_answer_t a = t_put_settings("admin", CONNECT(HUBSPOT_TOKEN, "62515"));
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/settings/hubspot/portal"), "62515");
}

static void a_port_that_is_not_the_schemes_own_is_an_origins(void **state)
{
    (void)state;
    t_answer_t a =
        t_put_settings("admin", "{\"chat\":{\"origins\":[\"https://shop.example:8443\","
                                "\"http://localhost:443\",\"https://127.0.0.1\"]}}");
    assert_status(&a, 200);
    assert_int_equal(t_count(&a, "/settings/chat/origins"), 3);
}

/* JSON has many forms of one number, PostgreSQL's integers one. */
static void the_sweep_reads_whatever_number_was_taken(void **state)
{
    static const char *const numbers[] = {"6.0", "6e0", "0.6e1"};
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        t_answer_t a = t_put_settings(
            "admin", wk_printf(t_ctx.arena,
                               "{\"campaigns\":[{\"name\":\"service_reminder\","
                               "\"conditions\":{\"months_since_service\":%s,"
                               "\"no_purchase\":false,\"lead_status\":[\"hot\"]}}]}",
                               numbers[i])
                         .data);
        assert_status(&a, 200);
        assert_string_equal(
            t_sqlf("SELECT conditions FROM campaigns WHERE name = 'service_reminder'"
                   "   AND organization_id = '" DOWNTOWN "'"),
            "{\"lead_status\": [\"hot\"], \"no_purchase\": false, \"months_since_service\": "
            "6}");
    }
}

static void a_new_key_takes_the_old_ones_place(void **state)
{
    (void)state;
    t_answer_t a = t_put_settings("admin", "{\"chat\":{\"rotate_key\":true,"
                                           "\"origins\":[\"https://new.example\"]}}");
    assert_status(&a, 200);
    const char *key = t_text(&a, "/chat_key");
    assert_int_equal(t_count(&a, "/settings/chat/keys"), 2);
    assert_int_equal(chat_status(key, "https://new.example"), 200);
    assert_int_equal(chat_status("wk_demo_downtown", "https://new.example"), 200);
    assert_int_equal(chat_status(key, "https://localhost"), 403);

    t_answer_t b =
        t_put_settings("admin", "{\"chat\":{\"rotate_key\":true,\"grace_hours\":0}}");
    assert_int_equal(chat_status(t_text(&b, "/chat_key"), "https://new.example"), 200);
    assert_int_equal(chat_status(key, "https://new.example"), 401);
    assert_int_equal(chat_status("wk_demo_downtown", "https://new.example"), 401);
    assert_int_equal(t_count(&b, "/settings/chat/keys"), 1);
    t_answer_t seen = t_get("settings.handle", "/api/settings", NULL);
    assert_string_equal(t_text(&seen, "/chat_key"), "");
}

static t_ask_t rotation(const char *id, const char *chat)
{
    return (t_ask_t){.type = "settings.handle",
                     .id = id,
                     .method = "PUT",
                     .uri = "/api/settings",
                     .body = wk_printf(t_ctx.arena, "{\"chat\":%s}", chat).data,
                     .claims = t_claims(DANA, DOWNTOWN, "admin"),
                     .org = DOWNTOWN};
}

/* A job whose worker died is done again: it makes the same key, not one more. */
static void a_rotation_that_is_done_again_makes_one_key(void **state)
{
    (void)state;
    t_ask_t ask = rotation("rotation", "{\"rotate_key\":true}");
    t_answer_t a = t_ask(&ask), b = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/chat_key"), t_text(&b, "/chat_key"));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM widget_keys"), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 1);
}

/* Nothing of what was chosen since is undone by it. */
static void a_change_that_is_done_again_changes_nothing(void **state)
{
    (void)state;
    t_ask_t ask = rotation("late", "{\"rotate_key\":true,\"grace_hours\":0,"
                                   "\"origins\":[\"https://old.example\"]}");
    t_answer_t first = t_ask(&ask);
    assert_status(&first, 200);
    t_answer_t newer =
        t_put_settings("admin", "{\"chat\":{\"rotate_key\":true,\"grace_hours\":0,"
                                "\"origins\":[\"https://new.example\"]}}");
    t_answer_t again = t_ask(&ask);
    assert_status(&again, 200);
    assert_string_equal(t_text(&again, "/chat_key"), t_text(&first, "/chat_key"));
    assert_string_equal(t_text(&again, "/settings/chat/origins/0"), "https://new.example");
    assert_int_equal(chat_status(t_text(&newer, "/chat_key"), "https://new.example"), 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 2);
}

typedef struct {
    t_ask_t ask;
    atomic_bool done;
} rotating_t;

static void *rotate(void *arg)
{
    wk_ctx_t ctx;
    rotating_t *r = arg;
    t_ctx_open(&ctx);
    (void)t_ask_in(&ctx, &r->ask);
    t_ctx_close(&ctx);
    r->done = true;
    return NULL;
}

static bool is_done_or_waits(void *arg)
{
    const rotating_t *r = arg;
    return r->done || t_sqlf_int("SELECT count(*) FROM pg_stat_activity"
                                 " WHERE wait_event_type = 'Lock'") > 0;
}

/* Another rotation that has made its key and is not committed yet. */
static PGconn *begin_other_rotation(void)
{
    PGconn *other = PQconnectdb(t_postgres.super_url);
    PQclear(PQexec(other, "BEGIN; SELECT FROM organizations WHERE id = '" DOWNTOWN "'"
                          " FOR NO KEY UPDATE;"
                          "INSERT INTO widget_keys (organization_id, key_sha256)"
                          " VALUES ('" DOWNTOWN "', encode(sha256('of the other'), 'hex'));"));
    assert_int_equal(PQtransactionStatus(other), PQTRANS_INTRANS);
    return other;
}

static void of_two_rotations_at_once_one_key_stays(void **state)
{
    pthread_t thread;
    rotating_t r = {.ask = rotation("second", "{\"rotate_key\":true}"), .done = false};
    (void)state;
    PGconn *other = begin_other_rotation();
    assert_int_equal(pthread_create(&thread, NULL, rotate, &r), 0);
    assert_true(t_until(is_done_or_waits, &r, 60000));
    PQclear(PQexec(other, "COMMIT"));
    PQfinish(other);
    pthread_join(thread, NULL);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM widget_keys WHERE expires_at IS NULL"
                                "   AND organization_id = '" DOWNTOWN "'"),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM widget_keys"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_switches_campaigns),
        cmocka_unit_test(campaigns_come_back_as_they_were_read),
        cmocka_unit_test(a_shop_says_what_a_machine_hears),
        cmocka_unit_test(what_is_wrong_changes_nothing),
        cmocka_unit_test(a_manager_says_what_is_speech_and_who_speaks),
        cmocka_unit_test(the_voice_is_a_plans),
        cmocka_unit_test(connections_and_the_chat_are_the_admins),
        cmocka_unit_test(a_token_is_kept_sealed_and_never_told),
        cmocka_unit_test(a_portal_is_who_has_a_token_of_its),
        cmocka_unit_test(a_port_that_is_not_the_schemes_own_is_an_origins),
        cmocka_unit_test(the_sweep_reads_whatever_number_was_taken),
        cmocka_unit_test(a_new_key_takes_the_old_ones_place),
        cmocka_unit_test(a_rotation_that_is_done_again_makes_one_key),
        cmocka_unit_test(a_change_that_is_done_again_changes_nothing),
        cmocka_unit_test(of_two_rotations_at_once_one_key_stays),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
