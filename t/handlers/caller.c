/* Who may ask for what: roles, activity, organizations. */
#include <stdio.h>

#include "t/handlers/lib/client.h"

#define STAFF  "d0000000-0000-4000-8000-0000000000a1"
#define TECH   "d0000000-0000-4000-8000-0000000000a2"
#define ROOT   "d0000000-0000-4000-8000-0000000000a3" /* super_admin, at home in Uptown */
#define CALL   "d0000000-0000-4000-8000-0000000000c1" /* of Downtown */
#define NOBODY "d0000000-0000-4000-8000-0000000000ff"

/* The same call, as the carrier and the platform name it. */
#define SID          "CA0123456789abcdef0123456789abcdef"
#define CONVERSATION "conv_01jtest0000000000000000000"

static const char *const roles[] = {"super_admin", "admin", "manager", "staff", "service_tech"};

#define N_ROLES (sizeof(roles) / sizeof(*roles))

static void add_user(const char *id, const char *organization, const char *role)
{
    t_sqlf("INSERT INTO users (id, organization_id, email, role, first_name)"
           " VALUES ('%s', '%s', '%s@people.example', '%s', 'P') ON CONFLICT DO NOTHING",
           id, organization, id, role);
}

static int setup(void **state)
{
    (void)state;
    add_user(STAFF, DOWNTOWN, "staff");
    add_user(TECH, DOWNTOWN, "service_tech");
    add_user(ROOT, UPTOWN, "super_admin");
    t_sqlf("UPDATE users SET is_active = true, auth_user_id = NULL");
    t_sqlf("UPDATE users SET role = 'staff' WHERE id = '" STAFF "'");
    t_sqlf("UPDATE organizations SET is_active = true");
    t_sqlf("DELETE FROM audit_log");
    t_sqlf("DELETE FROM appointments");
    t_sqlf("INSERT INTO calls (id, organization_id, customer_id, twilio_call_sid,"
           "    elevenlabs_conversation_id)"
           " VALUES ('" CALL "', '" DOWNTOWN "', '" JOHN "', '" SID "', '" CONVERSATION "')"
           " ON CONFLICT DO NOTHING");
    return 0;
}

/* ---------------------------------------------------------------- roles */

static const struct {
    const char *type, *uri;
    int service_tech; /* what he hears; everybody else 200 */
} places[] = {
    {"leads.list", "/api/leads", 200},
    {"leads.handle", "/api/leads/" JOHN, 404}, /* no appointment */
    {"calls.list", "/api/calls", 403},
    {"calls.get", "/api/calls/" CALL, 403},
    {"conversations.get", "/api/conversations/" JOHN, 403},
    {"stream.authorize", "/api/stream/conversation/" JOHN, 403},
    {"stream.authorize", "/api/stream/call/" CALL, 403},
    {"stream.authorize", "/api/stream/organization", 403},
    {"stream.snapshot", "/api/stream/conversation/" JOHN, 403},
    {"stream.snapshot", "/api/stream/call/" CALL, 403},
    {"stream.snapshot", "/api/stream/organization", 403},
    {"auth.ticket", "/api/auth/ticket", 200},
};

#define N_PLACES (sizeof(places) / sizeof(*places))

/* Of a person the shop has no row of: the token's word counts. */
static void each_role_sees_what_is_its(void **state)
{
    (void)state;
    for (size_t p = 0; p < N_PLACES; p++) {
        for (size_t r = 0; r < N_ROLES; r++) {
            bool tech = strcmp(roles[r], "service_tech") == 0;
            t_answer_t a =
                t_get_as(NOBODY, DOWNTOWN, roles[r], places[p].type, places[p].uri, NULL);
            if (a.status != (tech ? places[p].service_tech : 200)) {
                fail_msg("%s at %s: %d", roles[r], places[p].uri, a.status);
            }
        }
    }
}

/* Of the tools those about appointments, which he makes and moves. */
static void a_technician_sees_free_times_and_no_stock(void **state)
{
    (void)state;
    t_answer_t a = t_get_as(NOBODY, DOWNTOWN, "service_tech", "tools.call",
                            "/api/calendar/availability", NULL);
    assert_status(&a, 200);
    a = t_get_as(NOBODY, DOWNTOWN, "service_tech", "tools.call",
                 "/api/shopify/inventory/helmet", NULL);
    assert_error(&a, 403, "role");
    a = t_get_as(NOBODY, DOWNTOWN, "staff", "tools.call", "/api/shopify/inventory/helmet",
                 NULL);
    assert_status(&a, 200);
}

static void a_role_nobody_has_is_refused(void **state)
{
    static const char *const words[] = {"",       "owner",         "Admin",
                                        "admin ", "authenticated", "null"};
    (void)state;
    for (size_t p = 0; p < N_PLACES; p++) {
        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
            t_answer_t a =
                t_get_as(NOBODY, DOWNTOWN, words[i], places[p].type, places[p].uri, NULL);
            assert_error(&a, 403, "role");
        }
    }
    t_answer_t known = t_get_as(STAFF, DOWNTOWN, "owner", "leads.list", "/api/leads", NULL);
    assert_error(&known, 403, "role");
}

static void of_two_roles_the_lesser_counts(void **state)
{
    (void)state;
    t_answer_t a = t_get_as(TECH, DOWNTOWN, "admin", "calls.list", "/api/calls", NULL);
    assert_error(&a, 403, "role");
    a = t_get_as(STAFF, DOWNTOWN, "service_tech", "calls.list", "/api/calls", NULL);
    assert_error(&a, 403, "role");
    a = t_get_as(ROOT, UPTOWN, "admin", "calls.list", "/api/calls", NULL);
    assert_status(&a, 200);
    t_sqlf("UPDATE users SET role = 'service_tech' WHERE id = '" STAFF "'");
    a = t_get_as(STAFF, DOWNTOWN, "staff", "calls.list", "/api/calls", NULL);
    assert_error(&a, 403, "role");
}

/* ---------------------------------------------------------------- live tokens */

static void whoever_was_made_inactive_is_out_at_once(void **state)
{
    (void)state;
    for (size_t p = 0; p < N_PLACES; p++) {
        setup(NULL);
        t_answer_t a = t_get_as(STAFF, DOWNTOWN, "staff", places[p].type, places[p].uri, NULL);
        assert_status(&a, 200);
        t_sqlf("UPDATE users SET is_active = false WHERE id = '" STAFF "'");
        a = t_get_as(STAFF, DOWNTOWN, "staff", places[p].type, places[p].uri, NULL);
        assert_error(&a, 403, "forbidden");
        a = t_get_as(DANA, DOWNTOWN, "admin", places[p].type, places[p].uri, NULL);
        assert_status(&a, 200);
        t_sqlf("UPDATE organizations SET is_active = false WHERE id = '" DOWNTOWN "'");
        a = t_get_as(DANA, DOWNTOWN, "admin", places[p].type, places[p].uri, NULL);
        assert_error(&a, 403, "organization");
    }
}

static void a_token_of_no_organization_is_refused(void **state)
{
    static const char *const organizations[] = {
        NULL, "", "downtown", NOBODY, "' OR '1'='1", "d0000000-0000-4000-8000-00000000000"};
    (void)state;
    for (size_t i = 0; i < sizeof(organizations) / sizeof(*organizations); i++) {
        t_answer_t a = t_ask(&(t_ask_t){.type = "leads.list",
                                        .uri = "/api/leads",
                                        .org = organizations[i],
                                        .claims = t_claims(DANA, DOWNTOWN, "admin")});
        assert_error(&a, 403, "organization");
    }
}

static void without_a_token_nobody_comes_in(void **state)
{
    (void)state;
    for (size_t p = 0; p < N_PLACES; p++) {
        t_answer_t a =
            t_ask(&(t_ask_t){.type = places[p].type, .uri = places[p].uri, .org = DOWNTOWN});
        assert_error(&a, 401, "unauthorized");
    }
}

static void a_supabase_token_is_its_users(void **state)
{
    static const char claims[] =
        "{\"sub\":\"" NOBODY "\",\"role\":\"authenticated\","
        "\"app_metadata\":{\"organization_id\":\"" DOWNTOWN "\",\"role\":\"manager\"}}";
    t_ask_t ask = {
        .type = "calls.list", .uri = "/api/calls", .org = DOWNTOWN, .claims = claims};
    (void)state;
    t_answer_t a = t_ask(&ask);
    assert_status(&a, 200);
    t_sqlf("UPDATE users SET auth_user_id = '" NOBODY "' WHERE id = '" TECH "'");
    a = t_ask(&ask);
    assert_error(&a, 403, "role");
    t_sqlf("UPDATE users SET is_active = false WHERE id = '" TECH "'");
    a = t_ask(&ask);
    assert_error(&a, 403, "forbidden");
}

/* ---------------------------------------------------------------- isolation */

static void anothers_is_not_there(void **state)
{
    static const struct {
        const char *type, *uri;
    } foreign[] = {
        {"leads.handle", "/api/leads/" JOHN},
        {"leads.handle", "/api/customers/" JOHN},
        {"calls.get", "/api/calls/" CALL},
        {"conversations.get", "/api/conversations/" JOHN},
        {"stream.authorize", "/api/stream/conversation/" JOHN},
        {"stream.authorize", "/api/sse/conversation/" JOHN},
        {"stream.authorize", "/api/stream/call/" CALL},
        {"stream.snapshot", "/api/stream/conversation/" JOHN},
        {"stream.snapshot", "/api/stream/call/" CALL},
        {"calls.get", "/api/calls/" SID},
        {"calls.get", "/api/calls/" CONVERSATION},
        {"stream.authorize", "/api/stream/call/" SID},
        {"stream.authorize", "/api/stream/call/" CONVERSATION},
        {"stream.snapshot", "/api/stream/call/" SID},
        {"stream.snapshot", "/api/stream/call/" CONVERSATION},
    };
    static const char *const nothing[] = {NOBODY, "1", "%", "' OR '1'='1",
                                          "d0000000-0000-4000-8000-00000000003z"};
    (void)state;
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        t_answer_t mine = t_get(foreign[i].type, foreign[i].uri, NULL);
        assert_status(&mine, 200);
        t_answer_t a = t_get_as(UMA, UPTOWN, "admin", foreign[i].type, foreign[i].uri, NULL);
        assert_error(&a, 404, "not_found");
        /* The very words of an id nobody has. */
        for (size_t k = 0; k < sizeof(nothing) / sizeof(*nothing); k++) {
            const char *tail = strrchr(foreign[i].uri, '/');
            va_str_t uri = wk_printf(t_ctx.arena, "%.*s/%s", (int)(tail - foreign[i].uri),
                                     foreign[i].uri, nothing[k]);
            t_answer_t b = t_get(foreign[i].type, uri.data, NULL);
            assert_true(va_str_eq(a.body, b.body));
            assert_int_equal(b.status, 404);
        }
    }
}

/* Its events carry our id: nginx is told it. */
static void a_call_is_known_by_each_of_its_names(void **state)
{
    static const char *const names[] = {CALL, SID, CONVERSATION};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *uri = wk_printf(t_ctx.arena, "/api/calls/%s", names[i]).data;
        t_answer_t a = t_get("calls.get", uri, NULL);
        assert_string_equal(t_text(&a, "/call/id"), CALL);
        uri = wk_printf(t_ctx.arena, "/api/stream/call/%s", names[i]).data;
        a = t_get("stream.authorize", uri, NULL);
        assert_string_equal(wk_strdup(t_ctx.arena, a.body), CALL);
        a = t_get("stream.snapshot", uri, NULL);
        assert_non_null(strstr(wk_strdup(t_ctx.arena, a.body), "\"callId\":\"" CALL "\""));
    }
}

static void lists_have_ones_own_only(void **state)
{
    (void)state;
    t_answer_t a = t_get_as(UMA, UPTOWN, "admin", "leads.list", "/api/leads", NULL);
    assert_int_equal(t_count(&a, "/leads"), 1);
    assert_string_equal(t_text(&a, "/leads/0/id"), SARAH);
    a = t_get_as(UMA, UPTOWN, "admin", "calls.list", "/api/calls", NULL);
    assert_int_equal(t_count(&a, "/calls"), 0);
}

static void a_person_of_one_shop_is_nobody_in_another(void **state)
{
    (void)state;
    t_sqlf("UPDATE users SET auth_user_id = '" NOBODY "', is_active = false WHERE id = '" STAFF
           "'");
    for (size_t p = 0; p < N_PLACES; p++) {
        static const char *const theirs[] = {DANA, STAFF, NOBODY};
        for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++) {
            t_answer_t a =
                t_get_as(theirs[i], UPTOWN, "admin", places[p].type, places[p].uri, NULL);
            assert_error(&a, 403, "organization");
        }
    }
}

static void a_technician_sees_customers_with_appointments(void **state)
{
    (void)state;
    t_answer_t a = t_get_as(TECH, DOWNTOWN, "service_tech", "leads.list", "/api/leads", NULL);
    assert_int_equal(t_count(&a, "/leads"), 0);
    t_sqlf("INSERT INTO appointments (organization_id, customer_id, starts_at, ends_at)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', now(), now() + interval '1 hour')");
    a = t_get_as(TECH, DOWNTOWN, "service_tech", "leads.list", "/api/leads", NULL);
    assert_int_equal(t_count(&a, "/leads"), 1);
    a = t_get_as(TECH, DOWNTOWN, "service_tech", "leads.handle", "/api/leads/" JOHN, NULL);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/lead/id"), JOHN);
}

/* ---------------------------------------------------------------- super_admin */

static t_answer_t elsewhere(const char *user, const char *home, const char *role,
                            const char *named, const char *type, const char *uri)
{
    return t_ask(&(t_ask_t){.type = type,
                            .uri = uri,
                            .org = home,
                            .claims = t_claims(user, home, role),
                            .headers = {"x-va-organization", named}});
}

static int64_t switches(const char *organization)
{
    return t_sqlf_int("SELECT count(*) FROM audit_log WHERE organization_id = '%s'"
                      "   AND action = 'organization_switched' AND actor = 'super_admin'"
                      "   AND user_id = '" ROOT "' AND entity_id = '%s'"
                      "   AND data ->> 'home_organization' = '" UPTOWN "'",
                      organization, organization);
}

static void a_super_admin_names_an_organization(void **state)
{
    (void)state;
    t_answer_t a =
        elsewhere(ROOT, UPTOWN, "super_admin", DOWNTOWN, "leads.handle", "/api/leads/" JOHN);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/lead/organization_id"), DOWNTOWN);
    assert_int_equal(switches(DOWNTOWN), 1);
    assert_string_equal(t_sqlf("SELECT data ->> 'path' FROM audit_log"), "/api/leads/" JOHN);
    a = elsewhere(ROOT, UPTOWN, "super_admin", DOWNTOWN, "leads.handle", "/api/leads/" SARAH);
    assert_error(&a, 404, "not_found");
    a = elsewhere(ROOT, UPTOWN, "super_admin", UPTOWN, "leads.handle", "/api/leads/" SARAH);
    assert_status(&a, 200);
    assert_int_equal(switches(UPTOWN), 0);
    a = elsewhere(ROOT, UPTOWN, "admin", DOWNTOWN, "leads.handle", "/api/leads/" JOHN);
    assert_error(&a, 403, "role");
    assert_int_equal(switches(DOWNTOWN), 2);
}

/* Also a look that found nothing; what is refused before anything was looked for is none. */
static void every_look_elsewhere_is_audited(void **state)
{
    (void)state;
    elsewhere(ROOT, UPTOWN, "super_admin", DOWNTOWN, "leads.handle", "/api/leads/" SARAH);
    assert_int_equal(switches(DOWNTOWN), 1);
    elsewhere(ROOT, UPTOWN, "super_admin", DOWNTOWN, "calls.list", "/api/calls");
    assert_int_equal(switches(DOWNTOWN), 2);
    elsewhere(ROOT, UPTOWN, "super_admin", DOWNTOWN, "leads.handle", "/api/leads/7");
    assert_int_equal(switches(DOWNTOWN), 2);
}

static void no_other_role_names_one(void **state)
{
    (void)state;
    for (size_t r = 1; r < N_ROLES; r++) {
        t_answer_t a =
            elsewhere(NOBODY, UPTOWN, roles[r], DOWNTOWN, "leads.list", "/api/leads");
        assert_error(&a, 403, "role");
        a = elsewhere(NOBODY, UPTOWN, roles[r], UPTOWN, "leads.list", "/api/leads");
        assert_status(&a, 200);
    }
    /* An admin by the database is none because his token says so. */
    t_answer_t a = elsewhere(UMA, UPTOWN, "super_admin", DOWNTOWN, "leads.list", "/api/leads");
    assert_error(&a, 403, "role");
}

static void nobodys_organization_is_not_there(void **state)
{
    static const char *const named[] = {NOBODY, "bici-downtown", "' OR '1'='1", "*"};
    (void)state;
    for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
        t_answer_t a =
            elsewhere(ROOT, UPTOWN, "super_admin", named[i], "leads.list", "/api/leads");
        assert_error(&a, 404, "not_found");
    }
    t_sqlf("UPDATE organizations SET is_active = false WHERE id = '" DOWNTOWN "'");
    t_answer_t a = elsewhere(ROOT, UPTOWN, "super_admin", DOWNTOWN, "leads.list", "/api/leads");
    assert_error(&a, 404, "not_found");
    t_sqlf("UPDATE users SET is_active = false WHERE id = '" ROOT "'");
    a = elsewhere(ROOT, UPTOWN, "super_admin", DOWNTOWN, "leads.list", "/api/leads");
    assert_error(&a, 403, "forbidden");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_sees_what_is_its),
        cmocka_unit_test(a_technician_sees_free_times_and_no_stock),
        cmocka_unit_test(a_role_nobody_has_is_refused),
        cmocka_unit_test(of_two_roles_the_lesser_counts),
        cmocka_unit_test(whoever_was_made_inactive_is_out_at_once),
        cmocka_unit_test(a_token_of_no_organization_is_refused),
        cmocka_unit_test(without_a_token_nobody_comes_in),
        cmocka_unit_test(a_supabase_token_is_its_users),
        cmocka_unit_test(anothers_is_not_there),
        cmocka_unit_test(a_call_is_known_by_each_of_its_names),
        cmocka_unit_test(lists_have_ones_own_only),
        cmocka_unit_test(a_person_of_one_shop_is_nobody_in_another),
        cmocka_unit_test(a_technician_sees_customers_with_appointments),
        cmocka_unit_test(a_super_admin_names_an_organization),
        cmocka_unit_test(every_look_elsewhere_is_audited),
        cmocka_unit_test(no_other_role_names_one),
        cmocka_unit_test(nobodys_organization_is_not_there),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
