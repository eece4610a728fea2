/*
 * settings.handle, the part "shop": that a shop can say all that callers are told of it, that
 * hours come in many shapes, and that the next call and search go by them.
 */
#include "t/handlers/lib/texts.h"

#define SHOP(members) "{\"shop\":{" members "}}"
#define CALL          "CA0123456789abcdef0123456789abcdef"

/* All that the part may change, of all shops. */
#define EVERYTHING                                                                             \
    "SELECT md5(concat("                                                                       \
    "    (SELECT string_agg((to_jsonb(o) - 'updated_at')::text, '' ORDER BY o.id)"             \
    "       FROM organizations o),"                                                            \
    "    (SELECT string_agg(g.transfer_destinations::text, '' ORDER BY g.organization_id)"     \
    "       FROM agent_configs g),"                                                            \
    "    (SELECT count(*) FROM audit_log)))"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_sqlf("DELETE FROM audit_log; DELETE FROM appointments; DELETE FROM calls;"
           "UPDATE organizations SET name = CASE id WHEN '" DOWNTOWN "' THEN 'Bici Downtown'"
           "    ELSE 'Bici Uptown' END, timezone = 'America/Toronto', language = 'en',"
           "    languages = '{en,fr}', hours = '{\"open\":\"08:00\",\"close\":\"18:00\","
           "    \"days\":[\"monday\"]}', email = 'hello@shop.example', phone = NULL,"
           "    owner_phone = '+14165550010', address = '{\"city\":\"Toronto\"}',"
           "    policies = '{}', promotions = '[]'");
    return failed;
}

static t_answer_t put(const char *body)
{
    t_answer_t a = t_put_settings("manager", body);
    assert_status(&a, 200);
    return a;
}

static const char *hours(void)
{
    return t_sqlf("SELECT string_agg(d || ' ' || coalesce(hours -> d ->> 'open', '-') || ' ' ||"
                  "                  coalesce(hours -> d ->> 'close', '-'), ', ')"
                  "       || coalesce(' ' || (hours ->> 'exceptions'), '')"
                  "  FROM organizations, unnest('{monday,tuesday,sunday}'::text[]) d"
                  " WHERE id = '" DOWNTOWN "' GROUP BY hours");
}

/* ---------------------------------------------------------------- what can be set */

static void a_manager_says_who_and_where_the_shop_is(void **state)
{
    (void)state;
    put(SHOP(
        "\"name\":\"Bici Harbour\",\"timezone\":\"America/Halifax\","
        "\"language\":\"fr\",\"languages\":[\"fr\",\"en\"],\"phone\":\"+14165550101\","
        "\"owner_phone\":\"+14165550102\",\"notification_phone\":\"+14165550103\","
        "\"email\":\"Hello@Harbour.example\",\"notification_email\":\"o@harbour.example\","
        "\"website_url\":\"https://harbour.example/\",\"directions\":\"By the pier.\","
        "\"address\":{\"street\":\"1 Pier\",\"city\":\"Halifax\"},"
        "\"description\":\"Bikes.\",\"services_description\":\"Repairs.\","
        "\"policies\":{\"returns\":\"Ten days.\"},"
        "\"promotions\":[{\"text\":\"Free bell\",\"starts\":\"2026-01-01\",\"ends\":null}],"
        "\"transfer_destinations\":[{\"name\":\"manager\",\"number\":\"+14165550104\","
        "\"description\":\"Complaints\",\"rules\":[\"refund\"]}]"));
    t_answer_t seen = t_get("settings.handle", "/api/settings", NULL);
    static const char *const told[][2] = {
        {"name", "Bici Harbour"},
        {"timezone", "America/Halifax"},
        {"language", "fr"},
        {"languages/1", "en"},
        {"phone", "+14165550101"},
        {"owner_phone", "+14165550102"},
        {"notification_phone", "+14165550103"},
        {"email", "hello@harbour.example"},
        {"notification_email", "o@harbour.example"},
        {"website_url", "https://harbour.example/"},
        {"directions", "By the pier."},
        {"address/street", "1 Pier"},
        {"description", "Bikes."},
        {"services_description", "Repairs."},
        {"policies/returns", "Ten days."},
        {"promotions/0/text", "Free bell"},
        {"transfer_destinations/0/number", "+14165550104"},
        {"transfer_destinations/0/rules/0", "refund"},
        {"hours/monday/open", "08:00"}, /* not named: it stays */
    };
    for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
        const char *pointer = wk_printf(t_ctx.arena, "/settings/shop/%s", told[i][0]).data;
        assert_string_equal(t_text(&seen, pointer), told[i][1]);
    }
    assert_string_equal(t_sqlf("SELECT name || timezone || owner_phone FROM organizations"
                               " WHERE id = '" UPTOWN "'"),
                        "Bici UptownAmerica/Toronto+14165550010");
    assert_string_equal(t_sqlf("SELECT action || ' ' || data FROM audit_log"),
                        "settings_changed {\"shop\": true}");
}

static void null_takes_away(void **state)
{
    (void)state;
    put(SHOP("\"email\":null,\"owner_phone\":null,\"address\":null,\"promotions\":[]"));
    assert_string_equal(t_sqlf("SELECT concat_ws('|', name, email, owner_phone, address)"
                               "  FROM organizations WHERE id = '" DOWNTOWN "'"),
                        "Bici Downtown");
}

static void staff_may_not(void **state)
{
    (void)state;
    t_answer_t a = t_put_settings("staff", SHOP("\"name\":\"Mine\""));
    assert_error(&a, 403, "role");
}

/* ---------------------------------------------------------------- hours */

static void hours_of_many_shapes_are_one(void **state)
{
    static const char *const shapes[][2] = {
        {"{\"monday\":{\"open\":\"9:00\",\"close\":\"18:00\"},\"sunday\":{\"closed\":true}}",
         "monday 09:00 18:00, tuesday - -, sunday - -"},
        {"{\"monday\":{\"start\":\"09:00\",\"end\":\"17:00\"}}",
         "monday 09:00 17:00, tuesday - -, sunday - -"},
        {"{\"Monday\":\"9:00-18:00\",\"tue\":\"10:00 - 24:00\",\"sunday\":\"closed\"}",
         "monday 09:00 18:00, tuesday 10:00 24:00, sunday - -"},
        {"{\"open\":\"08:30\",\"close\":\"12:00\",\"days\":[\"tuesday\",\"sunday\"]}",
         "monday - -, tuesday 08:30 12:00, sunday 08:30 12:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        const char *member = i % 2 == 0 ? "hours" : "business_hours";
        put(wk_printf(t_ctx.arena, SHOP("\"%s\":%s"), member, shapes[i][0]).data);
        assert_string_equal(hours(), shapes[i][1]);
    }
}

static void holidays_outlive_another_week(void **state)
{
    (void)state;
    put(SHOP("\"holidays\":[\"2026-12-25\"]"));
    t_answer_t a = put(SHOP("\"hours\":{\"sunday\":\"10:00-12:00\"}"));
    assert_string_equal(hours(), "monday - -, tuesday - -, sunday 10:00 12:00"
                                 " {\"2026-12-25\": {\"closed\": true}}");
    assert_string_equal(t_text(&a, "/settings/shop/holidays/2026-12-25/closed"), "true");
    put(SHOP("\"holidays\":{\"2026-12-24\":\"8:00-13:00\"}"));
    assert_string_equal(hours(),
                        "monday - -, tuesday - -, sunday 10:00 12:00"
                        " {\"2026-12-24\": {\"open\": \"08:00\", \"close\": \"13:00\"}}");
    put(SHOP("\"hours\":{\"monday\":\"8:00-9:00\",\"exceptions\":{}}"));
    assert_string_equal(hours(), "monday 08:00 09:00, tuesday - -, sunday - -");
}

/* Whoever adds a day says nothing of the week. */
static void exceptions_alone_leave_the_week(void **state)
{
    (void)state;
    put(SHOP("\"hours\":{\"sunday\":\"10:00-12:00\"}"));
    put(SHOP("\"hours\":{\"exceptions\":{\"2026-12-25\":{\"closed\":true}}}"));
    assert_string_equal(hours(), "monday - -, tuesday - -, sunday 10:00 12:00"
                                 " {\"2026-12-25\": {\"closed\": true}}");
    put(SHOP("\"business_hours\":{\"exceptions\":{}}"));
    assert_string_equal(hours(), "monday - -, tuesday - -, sunday 10:00 12:00");
}

static const char *with_exceptions(int n)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(t_ctx.arena), 16384);
    va_buf_add_c(&text, "{\"shop\":{\"hours\":{\"monday\":\"closed\",\"exceptions\":{");
    for (int i = 0; i < n; i++) {
        va_buf_add_str(&text,
                       wk_printf(t_ctx.arena, "%s\"20%02d-%02d-%02d\":\"closed\"",
                                 i == 0 ? "" : ",", 10 + i / 336, 1 + i / 28 % 12, 1 + i % 28));
    }
    va_buf_add_c(&text, "}}}}");
    return wk_strdup(t_ctx.arena, va_buf_str(&text));
}

static void a_week_has_as_many_exceptions_as_a_year_days(void **state)
{
    (void)state;
    put(with_exceptions(366));
    t_answer_t a = t_put_settings("manager", with_exceptions(367));
    assert_error(&a, 400, "bad_request");
    assert_has(t_text(&a, "/error/message"), "at most 366 exceptions");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM organizations,"
                                "    jsonb_object_keys(hours -> 'exceptions')"
                                " WHERE id = '" DOWNTOWN "'"),
                     366);
}

/* ---------------------------------------------------------------- what goes by it */

static t_answer_t tool(const char *name, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "tools.call",
                   .uri = wk_printf(t_ctx.arena, "/api/elevenlabs/tools/%s", name).data,
                   .claims = t_claims(DANA, DOWNTOWN, "admin"),
                   .org = DOWNTOWN,
                   .body = body});
}

static t_answer_t free_on(const char *day)
{
    t_answer_t a =
        tool("check_availability", wk_printf(t_ctx.arena,
                                             "{\"preferred_date\":\"%s\",\"days_ahead\":1,"
                                             "\"duration\":60}",
                                             day)
                                       .data);
    assert_string_equal(t_text(&a, "/success"), "true");
    return a;
}

static void free_times_and_hours_follow_at_once(void **state)
{
    const char *day =
        t_sqlf("SELECT to_char(d, 'YYYY-MM-DD') FROM generate_series(current_date + 7,"
               "    current_date + 13, interval '1 day') d WHERE extract(isodow FROM d) = 3");
    (void)state;
    put(SHOP("\"timezone\":\"Asia/Calcutta\"")); /* as browsers still call it */
    assert_string_equal(t_sqlf("SELECT timezone FROM organizations WHERE id = '" DOWNTOWN "'"),
                        "Asia/Kolkata");
    put(SHOP("\"timezone\":\"Asia/Tokyo\",\"hours\":{\"wednesday\":\"10:00-12:00\"}"));
    t_answer_t a = tool("get_store_hours", "{}");
    assert_string_equal(t_text(&a, "/timezone"), "Asia/Tokyo");
    assert_string_equal(t_text(&a, "/hours/wednesday/close"), "12:00");
    a = free_on(day);
    assert_int_equal(t_number(&a, "/total_slots"), 3); /* each half hour, the last at 11 */
    assert_has(t_text(&a, "/available_slots/0/start"), "T10:00");

    put(wk_printf(t_ctx.arena, SHOP("\"holidays\":[\"%s\"]"), day).data);
    a = free_on(day);
    assert_int_equal(t_number(&a, "/total_slots"), 0);
}

static void the_next_call_knows_it(void **state)
{
    (void)state;
    put(SHOP("\"name\":\"Bici Harbour\",\"policies\":{\"returns\":\"Ten days.\"},"
             "\"transfer_destinations\":[{\"name\":\"workshop\",\"number\":\"+14165550104\","
             "\"description\":\"Broken spokes\"}]"));
    t_sqlf("INSERT INTO calls (organization_id, customer_id, status, twilio_call_sid)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', 'in_progress', '" CALL "')");
    const char *told =
        wk_strdup(t_ctx.arena, va_json_get_string(t_briefing(CALL), "instructions"));
    assert_has(told, "Bici Harbour");
    assert_has(told, "returns: Ten days.");
    assert_has(told, "workshop (Broken spokes)");
}

/* ---------------------------------------------------------------- what is wrong */

static void what_is_wrong_is_named_and_changes_nothing(void **state)
{
    static const char *const wrong[][2] = {
        {"name", "\"name\":\"\""},
        {"name", "\"name\":null"},
        {"name", "\"business_name\":7"},
        {"name", "\"name\":\"Bici\\r\\nBcc: all\""},
        {"phone", "\"phone\":\"+1\""},
        {"address", "\"address\":{\"city\":\"To\\nronto\"}"},
        {"timezone", "\"timezone\":\"Toronto\""},
        {"timezone", "\"timezone\":\"Mars/Olympus\""},
        {"timezone", "\"timezone\":\"America/Toronto Canada/Eastern\""},
        {"timezone", "\"timezone\":null"},
        {"timezone", "\"name\":\"Bici\",\"timezone\":\"Mars/Olympus\""},
        {"hours", "\"hours\":{}"},
        {"hours", "\"hours\":[]"},
        {"hours", "\"hours\":{\"monday\":\"9 to 5\"}"},
        {"hours", "\"hours\":{\"monday\":\"18:00-18:00\"}"},
        {"hours", "\"hours\":{\"monday\":{\"open\":\"9:00\"}}"},
        {"hours", "\"hours\":{\"monday\":{\"open\":\"9:00\",\"close\":\"25:00\"}}"},
        {"hours", "\"hours\":{\"monday\":{\"closed\":false}}"},
        {"hours", "\"hours\":{\"monday\":1e999999}"},
        {"hours", "\"hours\":{\"someday\":{\"closed\":true}}"},
        {"hours", "\"hours\":{\"open\":\"9:00\",\"close\":\"17:00\",\"days\":\"monday\"}"},
        {"hours", "\"business_hours\":{\"exceptions\":{\"2026-02-30\":{\"closed\":true}}}"},
        {"holidays", "\"holidays\":\"2026-12-25\""},
        {"holidays", "\"holidays\":[\"Christmas\"]"},
        {"holidays", "\"holidays\":[null]"},
        {"holidays", "\"hours\":{\"sunday\":\"9:00-10:00\"},\"holidays\":[\"Christmas\"]"},
        {"holidays", "\"holidays\":{\"2026-12-25\":\"late\"}"},
        {"language", "\"language\":\"xx\""},
        {"language", "\"language\":\"fr\",\"languages\":[\"en\"]"},
        {"languages", "\"languages\":[]"},
        {"phone", "\"phone\":\"416 555 0100\""},
        {"owner_phone", "\"owner_phone\":\"+0\""},
        {"notification_phone", "\"notification_phone\":7"},
        {"email", "\"email\":\"nobody\""},
        {"notification_email", "\"owner_email\":\"a@b@c\""},
        {"website_url", "\"website_url\":\"javascript:alert(1)\""},
        {"website_url", "\"website_url\":\"https://\""},
        {"address", "\"address\":\"1 Pier\""},
        {"address", "\"address\":{\"planet\":\"Earth\"}"},
        {"directions", "\"directions\":\" \""},
        {"description", "\"description\":{}"},
        {"services_description", "\"services\":[]"},
        {"policies", "\"policies\":{\"returns\":30}"},
        {"policies", "\"policies\":{\"\":\"none\"}"},
        {"promotions", "\"promotions\":\"sale\""},
        {"promotions", "\"promotions\":[{\"starts\":\"2026-01-01\"}]"},
        {"promotions", "\"promotions\":[{\"text\":\"Sale\",\"starts\":\"2026-13-01\"}]"},
        {"promotions", "\"promotions\":[{\"text\":\"Sale\",\"starts\":\"2026-02-01\",\"ends\":"
                       "\"2026-01-31\"}]"},
        {"transfer_destinations", "\"transfer_destinations\":[{\"name\":\"manager\"}]"},
        {"transfer_destinations",
         "\"transfer_destinations\":[{\"name\":\"manager\",\"number\":\"0100\"}]"},
        {"transfer_destinations",
         "\"transfer_destinations\":[{\"name\":\"a\",\"number\":\"+14165550104\"},"
         "{\"name\":\"A\",\"number\":\"+14165550105\"}]"},
        {"transfer_destinations",
         "\"transfer_destinations\":[{\"name\":\"a\",\"number\":\"+14165550104\"},"
         "{\"name\":\"itself\",\"number\":\"" DOWNTOWN_NUMBER "\"}]"},
        {"owner_phone", "\"owner_phone\":\"" DOWNTOWN_NUMBER "\""},
        {"notification_phone", "\"notification_phone\":\"" DOWNTOWN_NUMBER "\""},
        {"name", "\"plan\":\"PRO\""},
        {"name", "\"name\":\"Bici\",\"business_name\":\"Bici\""},
    };
    (void)state;
    const char *before = t_sqlf(EVERYTHING);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a =
            t_put_settings("admin", wk_printf(t_ctx.arena, SHOP("%s"), wrong[i][1]).data);
        assert_error(&a, 400, "bad_request");
        assert_has(t_text(&a, "/error/message"), wrong[i][0]);
    }
    assert_string_equal(t_sqlf(EVERYTHING), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_says_who_and_where_the_shop_is),
        cmocka_unit_test(null_takes_away),
        cmocka_unit_test(staff_may_not),
        cmocka_unit_test(hours_of_many_shapes_are_one),
        cmocka_unit_test(exceptions_alone_leave_the_week),
        cmocka_unit_test(holidays_outlive_another_week),
        cmocka_unit_test(a_week_has_as_many_exceptions_as_a_year_days),
        cmocka_unit_test(free_times_and_hours_follow_at_once),
        cmocka_unit_test(the_next_call_knows_it),
        cmocka_unit_test(what_is_wrong_is_named_and_changes_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
