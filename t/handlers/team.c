/*
 * team.handle: who may see and change who works for a shop, that a change is whole and done
 * once, that who goes is out at once, and that a shop keeps an admin.
 */

#include "t/handlers/lib/client.h"

#define SAM      "d0000000-0000-4000-8000-000000000023" /* staff of Downtown */
#define PASSWORD "a-long-password"
#define NEW(email, role)                                                                       \
    "{\"email\":\"" email "\",\"name\":\"Ada van Dam\",\"role\":\"" role                       \
    "\",\"password\":\"" PASSWORD "\"}"

static int setup(void **state)
{
    (void)state;
    t_config.password_cost = 1;
    t_sqlf("DELETE FROM users WHERE id NOT IN ('" DANA "', '" UMA "');"
           "UPDATE users SET role = 'admin', is_active = true, failed_logins = 0,"
           "    locked_until = NULL;"
           "DELETE FROM sessions; DELETE FROM audit_log; DELETE FROM effects;"
           "INSERT INTO users (id, organization_id, email, password_hash, role, first_name)"
           " SELECT '" SAM "', organization_id, 'sam@downtown.example', password_hash, 'staff',"
           "        'Sam' FROM users WHERE id = '" DANA "'");
    return 0;
}

static t_ask_t team(const char *who, const char *method, const char *id, const char *body)
{
    return (t_ask_t){.type = "team.handle",
                     .method = method,
                     .uri = id != NULL ? wk_printf(t_ctx.arena, "/api/team/%s", id).data
                                       : "/api/team",
                     .body = body,
                     .claims = t_claims(who, DOWNTOWN, "admin"),
                     .org = DOWNTOWN};
}

static t_answer_t ask(const char *method, const char *id, const char *body)
{
    t_ask_t request = team(DANA, method, id, body);
    return t_ask(&request);
}

static t_answer_t login(const char *email, const char *password)
{
    va_str_t body =
        wk_printf(t_ctx.arena, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
    return t_ask(&(t_ask_t){.type = "auth.login", .body = body.data});
}

static t_answer_t refresh(const t_answer_t *session)
{
    va_str_t body =
        wk_printf(t_ctx.arena, "{\"refresh_token\":\"%s\"}", t_text(session, "/refresh_token"));
    return t_ask(&(t_ask_t){.type = "auth.refresh", .body = body.data});
}

/* All that the job writes, of all shops. */
static const char *stored(void)
{
    return t_sqlf("SELECT (SELECT string_agg(concat_ws(' ', email, full_name, role, is_active),"
                  "    ', ' ORDER BY email) FROM users) || (SELECT count(*) FROM audit_log)"
                  " || (SELECT count(*) FROM effects)");
}

static const char *audited(void)
{
    return t_sqlf("SELECT string_agg(concat_ws(' ', actor, action, entity_id, data), ', '"
                  "    ORDER BY created_at) FROM audit_log WHERE action LIKE 'team%%'");
}

/* ---------------------------------------------------------------- list */

static void the_list_is_of_the_shop_in_pages(void **state)
{
    (void)state;
    t_answer_t a = t_get("team.handle", "/api/team", "limit=1");
    assert_status(&a, 200);
    assert_int_equal(t_count(&a, "/team"), 1);
    assert_string_equal(t_text(&a, "/team/0/email"), "sam@downtown.example");
    assert_string_equal(t_text(&a, "/team/0/role"), "staff");
    assert_string_equal(t_text(&a, "/team/0/active"), "true");
    assert_string_equal(t_text(&a, "/team/0/last_login_at"), "null");
    assert_true(strstr(a.body.data, "$y$") == NULL);
    va_str_t next = wk_printf(t_ctx.arena, "limit=1&cursor=%s", t_text(&a, "/next_cursor"));
    a = t_get("team.handle", "/api/team", next.data);
    assert_string_equal(t_text(&a, "/team/0/name"), "Dana Owner");
    assert_string_equal(t_text(&a, "/next_cursor"), "null");
}

static void the_list_tells_who_is_active(void **state)
{
    (void)state;
    t_sqlf("UPDATE users SET is_active = false WHERE id = '" SAM "'");
    t_answer_t a = t_get("team.handle", "/api/team", "status=inactive");
    assert_int_equal(t_count(&a, "/team"), 1);
    assert_string_equal(t_text(&a, "/team/0/id"), SAM);
    a = t_get("team.handle", "/api/team", "q=DANA&status=active");
    assert_int_equal(t_count(&a, "/team"), 1);
    a = t_get("team.handle", "/api/team", "status=gone");
    assert_error(&a, 400, "bad_request");
}

static void only_admins_are_let_in(void **state)
{
    static const char *const roles[] = {"manager", "staff", "service_tech"};
    (void)state;
    for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
        t_sqlf("UPDATE users SET role = '%s' WHERE id = '" SAM "'", roles[i]);
        const char *before = stored();
        t_ask_t asks[] = {team(SAM, "GET", NULL, NULL),
                          team(SAM, "POST", NULL, NEW("ada@downtown.example", "staff")),
                          team(SAM, "PATCH", SAM, "{\"role\":\"admin\"}"),
                          team(SAM, "DELETE", DANA, NULL)};
        for (size_t n = 0; n < sizeof(asks) / sizeof(*asks); n++) {
            t_answer_t a = t_ask(&asks[n]);
            assert_error(&a, 403, "role");
        }
        assert_string_equal(stored(), before);
    }
}

/* ---------------------------------------------------------------- who comes */

static void who_is_added_can_sign_in(void **state)
{
    (void)state;
    t_answer_t a = ask("POST", NULL, NEW("Ada@Downtown.example", "manager"));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/member/email"), "ada@downtown.example");
    assert_string_equal(t_text(&a, "/member/name"), "Ada van Dam");
    assert_string_equal(t_text(&a, "/member/first_name"), "Ada");
    assert_string_equal(t_text(&a, "/member/last_name"), "van Dam");
    va_str_t entry = wk_printf(t_ctx.arena,
                               "user team_member_added %s {\"name\": true, \"role\": "
                               "\"manager\"}",
                               t_text(&a, "/member/id"));
    assert_string_equal(audited(), entry.data);
    a = login("ada@downtown.example", PASSWORD);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/user/role"), "manager");
}

static void an_address_has_one_login_whosever_it_is(void **state)
{
    (void)state;
    const char *before = stored();
    t_answer_t own = ask("POST", NULL, NEW("SAM@downtown.example", "staff"));
    assert_error(&own, 409, "conflict");
    t_answer_t other = ask("POST", NULL, NEW("owner@uptown.example", "staff"));
    assert_error(&other, 409, "conflict");
    assert_string_equal(t_text(&own, "/error/message"), t_text(&other, "/error/message"));
    assert_string_equal(stored(), before);
}

static void run_again_the_job_adds_nobody_else(void **state)
{
    (void)state;
    t_ask_t request = team(DANA, "POST", NULL, NEW("ada@downtown.example", "staff"));
    request.id = "0b7e1c1e-0000-4000-8000-000000000001";
    t_answer_t first = t_ask(&request);
    assert_status(&first, 201);
    const char *before = stored();
    t_answer_t again = t_ask(&request);
    assert_status(&again, 201);
    assert_string_equal(t_text(&again, "/member/id"), t_text(&first, "/member/id"));
    assert_string_equal(stored(), before);
}

/* ---------------------------------------------------------------- what is wrong */

static void a_bad_member_is_not_added(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"email\":\"ada@x.example\",\"name\":\"Ada\",\"role\":\"staff\"}",
        "{\"email\":\"ada@x.example\",\"role\":\"staff\",\"password\":\"" PASSWORD "\"}",
        "{\"email\":\"ada@x.example\",\"name\":\"Ada\",\"password\":\"" PASSWORD "\"}",
        "{\"name\":\"Ada\",\"role\":\"staff\",\"password\":\"" PASSWORD "\"}",
        "{\"email\":\"ada@x.example\",\"name\":\"Ada\",\"role\":\"staff\","
        "\"password\":\"short-1\"}",
        "{\"email\":\"ada@x.example\",\"name\":\"Ada\",\"role\":\"staff\","
        "\"password\":\"a-nul\\u0000-within\"}",
        "{\"email\":\"ada@x.example\",\"name\":\"Ada\",\"role\":\"staff\","
        "\"password\":\"" PASSWORD "\",\"organization_id\":\"" UPTOWN "\"}",
        "{\"email\":\"ada@x.example\",\"name\":\" Ada\",\"role\":\"staff\","
        "\"password\":\"" PASSWORD "\"}",
        "{\"email\":\"ada@x.example\",\"name\":\"A\\nda\",\"role\":\"staff\","
        "\"password\":\"" PASSWORD "\"}",
        NEW("ada", "staff"),
        NEW("@x.example", "staff"),
        NEW("ada@", "staff"),
        NEW("ada@b@x.example", "staff"),
        NEW("ada b@x.example", "staff"),
        NEW("ad\xc3\xa4@x.example", "staff"),
        NEW("ada@x.example", "owner"),
    };
    (void)state;
    const char *before = stored();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = ask("POST", NULL, wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    assert_string_equal(stored(), before);
}

static void a_bad_change_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"role\":\"boss\"}",
        "{\"role\":null}",
        "{\"active\":\"no\"}",
        "{\"active\":null}",
        "{\"name\":\"\"}",
        "{\"name\":\"Samuel\",\"active\":0}",
        "{\"role\":\"manager\",\"email\":\"x@x.example\"}",
        "{\"role\":\"manager\",\"password\":\"" PASSWORD "\"}",
    };
    (void)state;
    const char *before = stored();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = ask("PATCH", SAM, wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    assert_string_equal(stored(), before);
}

static void nobody_of_another_shop_is_found(void **state)
{
    static const char *const ids[] = {UMA, "d0000000-0000-4000-8000-0000000000ff", "7"};
    (void)state;
    const char *before = stored();
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
        t_answer_t a = ask("PATCH", ids[i], "{\"active\":false}");
        assert_error(&a, 404, "not_found");
        a = ask("DELETE", ids[i], NULL);
        assert_error(&a, 404, "not_found");
    }
    assert_string_equal(stored(), before);
}

/* ---------------------------------------------------------------- roles */

static void nobody_gives_or_touches_a_role_above_his_own(void **state)
{
    (void)state;
    const char *before = stored();
    t_answer_t a = ask("POST", NULL, NEW("ada@downtown.example", "super_admin"));
    assert_error(&a, 403, "role");
    a = ask("PATCH", DANA, "{\"role\":\"super_admin\"}");
    assert_error(&a, 403, "role");
    assert_string_equal(stored(), before);

    t_sqlf("UPDATE users SET role = 'super_admin' WHERE id = '" SAM "'");
    before = stored();
    a = ask("PATCH", SAM, "{\"role\":\"staff\"}");
    assert_error(&a, 403, "role");
    a = ask("DELETE", SAM, NULL);
    assert_error(&a, 403, "role");
    assert_string_equal(stored(), before);
}

static void a_change_is_what_it_names(void **state)
{
    (void)state;
    t_answer_t a = ask("PATCH", SAM, "{\"role\":\"manager\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/member/role"), "manager");
    assert_string_equal(t_text(&a, "/member/name"), "Sam");
    a = ask("PATCH", SAM, "{\"name\":\"Sam Spade\"}");
    assert_string_equal(t_text(&a, "/member/name"), "Sam Spade");
    assert_string_equal(t_text(&a, "/member/role"), "manager");
    assert_string_equal(t_text(&a, "/member/active"), "true");
    assert_string_equal(audited(), "user team_member_changed " SAM " {\"role\": \"manager\"}, "
                                   "user team_member_changed " SAM " {\"name\": true}");
}

/* ---------------------------------------------------------------- who goes */

static void who_goes_is_out_at_once(void **state)
{
    (void)state;
    t_answer_t session = login("sam@downtown.example", "demo-password");
    assert_status(&session, 200);
    t_answer_t a = ask("DELETE", SAM, NULL);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/member/active"), "false");
    assert_string_equal(audited(), "user team_member_removed " SAM " {\"active\": false}");

    a = refresh(&session);
    assert_error(&a, 401, "invalid_refresh_token");
    a = t_get_as(SAM, DOWNTOWN, "staff", "leads.list", "/api/leads", NULL);
    assert_error(&a, 403, "forbidden");
    a = login("sam@downtown.example", "demo-password");
    assert_error(&a, 401, "invalid_credentials");
}

/* Also not the session of a login that was under way when he was made inactive. */
static void who_comes_back_has_to_sign_in(void **state)
{
    (void)state;
    t_answer_t before = login("sam@downtown.example", "demo-password");
    t_answer_t under_way = login("sam@downtown.example", "demo-password");
    t_answer_t a = ask("PATCH", SAM, "{\"active\":false}");
    assert_status(&a, 200);
    t_sqlf("UPDATE sessions SET revoked_at = NULL"
           " WHERE token_hash = encode(sha256('%s'), 'hex')",
           t_text(&under_way, "/refresh_token"));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sessions WHERE revoked_at IS NULL"), 1);
    a = ask("PATCH", SAM, "{\"active\":true}");
    assert_status(&a, 200);
    a = refresh(&before);
    assert_error(&a, 401, "invalid_refresh_token");
    a = refresh(&under_way);
    assert_error(&a, 401, "invalid_refresh_token");
    a = login("sam@downtown.example", "demo-password");
    assert_status(&a, 200);
}

static void others_keep_their_sessions(void **state)
{
    (void)state;
    t_answer_t dana = login("owner@downtown.example", "demo-password");
    t_answer_t uma = login("owner@uptown.example", "demo-password");
    t_answer_t sam = login("sam@downtown.example", "demo-password");
    t_answer_t a = ask("PATCH", SAM, "{\"role\":\"manager\",\"active\":true}");
    assert_status(&a, 200);
    a = refresh(&sam);
    assert_status(&a, 200);
    a = ask("DELETE", SAM, NULL);
    assert_status(&a, 200);
    a = refresh(&dana);
    assert_status(&a, 200);
    a = refresh(&uma);
    assert_status(&a, 200);
}

/* ---------------------------------------------------------------- the last admin */

static void the_last_admin_stays_one(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO users (organization_id, email, role, is_active)"
           " VALUES ('" DOWNTOWN "', 'former@downtown.example', 'admin', false),"
           "    ('" DOWNTOWN "', 'support@downtown.example', 'super_admin', true)");
    const char *before = stored();
    t_answer_t a = ask("PATCH", DANA, "{\"role\":\"manager\"}");
    assert_error(&a, 409, "conflict");
    a = ask("PATCH", DANA, "{\"active\":false}");
    assert_error(&a, 409, "conflict");
    a = ask("DELETE", DANA, NULL);
    assert_error(&a, 409, "conflict");
    assert_string_equal(stored(), before);
    a = ask("PATCH", DANA, "{\"name\":\"Dana D\",\"role\":\"admin\",\"active\":true}");
    assert_status(&a, 200);

    a = ask("PATCH", SAM, "{\"role\":\"admin\"}");
    assert_status(&a, 200);
    a = ask("DELETE", DANA, NULL);
    assert_status(&a, 200);
}

static void two_admins_do_not_remove_each_other(void **state)
{
    (void)state;
    t_sqlf("UPDATE users SET role = 'admin' WHERE id = '" SAM "'");
    int status[2];
    t_ask_t both[] = {team(DANA, "DELETE", SAM, NULL), team(SAM, "DELETE", DANA, NULL)};
    t_ask_at_once(both, status, 2);
    assert_true((status[0] == 200) != (status[1] == 200));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM users WHERE is_active"
                                "   AND organization_id = '" DOWNTOWN "'"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_of_the_shop_in_pages),
        cmocka_unit_test(the_list_tells_who_is_active),
        cmocka_unit_test(only_admins_are_let_in),
        cmocka_unit_test(who_is_added_can_sign_in),
        cmocka_unit_test(an_address_has_one_login_whosever_it_is),
        cmocka_unit_test(run_again_the_job_adds_nobody_else),
        cmocka_unit_test(a_bad_member_is_not_added),
        cmocka_unit_test(a_bad_change_changes_nothing),
        cmocka_unit_test(nobody_of_another_shop_is_found),
        cmocka_unit_test(nobody_gives_or_touches_a_role_above_his_own),
        cmocka_unit_test(a_change_is_what_it_names),
        cmocka_unit_test(who_goes_is_out_at_once),
        cmocka_unit_test(who_comes_back_has_to_sign_in),
        cmocka_unit_test(others_keep_their_sessions),
        cmocka_unit_test(the_last_admin_stays_one),
        cmocka_unit_test(two_admins_do_not_remove_each_other),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
