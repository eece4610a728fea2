/*
 * hosted_agent.url and hosted_agent.allowlist: who is given the address of a conversation and
 * says where one may begin, and that both are noted.
 */
#include "t/handlers/lib/texts.h"

#define LISTED "/v1/convai/agents/agent_downtown"

/* As noted() has them. */
#define ASKED   "allowlist_asked agent_downtown"
#define CHANGED "allowlist_changed agent_downtown"

static int setup(void **state)
{
    t_elevenlabs();
    t_sqlf("DELETE FROM audit_log; DELETE FROM effects;"
           "UPDATE organizations SET plan = 'PRO', elevenlabs_agent_id = 'agent_downtown'"
           " WHERE id = '" DOWNTOWN "'");
    return t_texts_setup(state);
}

static t_answer_t url_for(const char *role)
{
    return t_ask(
        &(t_ask_t){.type = "hosted_agent.url",
                   .method = "POST",
                   .uri = "/api/elevenlabs/signed-url",
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

static t_answer_t url_for_page(const char *method, const char *origin, const char *body)
{
    t_ask_t ask = {.type = "hosted_agent.url",
                   .method = method,
                   .uri = "/api/elevenlabs/signed-url",
                   .body = body};
    if (origin != NULL) {
        ask.headers[0] = "origin";
        ask.headers[1] = origin;
    }
    return t_ask(&ask);
}

static t_ask_t list(const char *id, const char *role, const char *body)
{
    return (t_ask_t){.type = "hosted_agent.allowlist",
                     .id = id,
                     .method = "PUT",
                     .uri = "/api/elevenlabs/allowlist",
                     .body = body,
                     .claims =
                         t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                     .org = DOWNTOWN};
}

static t_answer_t set_list(const char *role, const char *body)
{
    t_ask_t ask = list(NULL, role, body);
    return t_ask(&ask);
}

static const char *noted(void)
{
    return t_sqlf(
        "SELECT coalesce(string_agg(action || ' ' || entity_id, ', ' ORDER BY id), '')"
        "  FROM audit_log");
}

/* ---------------------------------------------------------------- the address */

static void staff_talks_with_the_shops_agent(void **state)
{
    (void)state;
    t_answer_t a = url_for("staff");
    assert_status(&a, 200);
    assert_has(t_text(&a, "/signed_url"), "ws://");
    assert_has(t_text(&a, "/signed_url"), "agent_id=agent_downtown");
    assert_has(t_text(&a, "/signed_url"), "conversation_signature=");
    assert_int_equal(t_number(&a, "/expires_in"), 900);
    assert_string_equal(noted(), "signed_url agent_downtown");
}

static void who_is_not_let_in_is_given_none(void **state)
{
    (void)state;
    t_answer_t a = url_for("service_tech");
    assert_error(&a, 403, "role");
    t_sqlf("UPDATE organizations SET plan = 'BASIC' WHERE id = '" DOWNTOWN "'");
    a = url_for("admin");
    assert_error(&a, 403, "plan");
    assert_string_equal(t_text(&a, "/requiredPlan"), "PRO");
    t_sqlf("UPDATE organizations SET plan = 'PRO', elevenlabs_agent_id = NULL"
           " WHERE id = '" DOWNTOWN "'");
    a = url_for("admin");
    assert_error(&a, 409, "conflict");
    assert_string_equal(noted(), "");
}

#define BY_KEY "{\"businessId\":\"bici-downtown\",\"key\":\"wk_demo_downtown\"}"

static void a_visitor_talks_by_the_key_of_the_chat(void **state)
{
    static const char *const origins[] = {"http://localhost", NULL};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        t_answer_t a = url_for_page("POST", origins[i], BY_KEY);
        assert_status(&a, 200);
        assert_has(t_text(&a, "/signed_url"), "agent_id=agent_downtown");
        if (origins[i] != NULL) {
            assert_string_equal(t_header(&a, "access-control-allow-origin"), origins[i]);
        } else {
            assert_string_equal(t_header(&a, "access-control-allow-origin"), "");
        }
    }
    assert_string_equal(noted(), "signed_url agent_downtown, signed_url agent_downtown");
    assert_string_equal(t_sqlf("SELECT string_agg(DISTINCT actor, ',') FROM audit_log"),
                        "customer");
    t_answer_t asked = url_for_page("OPTIONS", "http://localhost", NULL);
    assert_status(&asked, 204);
    assert_string_equal(t_header(&asked, "access-control-allow-origin"), "http://localhost");
    asked = url_for_page("OPTIONS", "https://evil.example", NULL);
    assert_status(&asked, 403);
}

static void a_key_opens_no_more_than_its_shop(void **state)
{
    static const struct {
        const char *origin, *body;
        int status;
        const char *code;
    } wrong[] = {
        {"https://evil.example", BY_KEY, 403, "forbidden"},
        {NULL, "{\"businessId\":\"bici-downtown\",\"key\":\"wk_demo_uptown\"}", 401,
         "unauthorized"},
        {NULL, "{\"businessId\":\"nobody\",\"key\":\"wk_demo_downtown\"}", 401, "unauthorized"},
        {NULL, "{\"businessId\":\"bici-uptown\",\"key\":\"wk_demo_uptown\"}", 403, "plan"},
        {NULL, "{\"businessId\":\"bici-downtown\"}", 401, "unauthorized"},
        {NULL, "{\"key\":\"wk_demo_downtown\"}", 400, "bad_request"},
        {NULL, "{}", 401, "unauthorized"},
        {NULL, NULL, 401, "unauthorized"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = url_for_page("POST", wrong[i].origin, wrong[i].body);
        assert_error(&a, wrong[i].status, wrong[i].code);
        assert_string_equal(t_header(&a, "access-control-allow-origin"), "");
    }
    assert_string_equal(noted(), "");
}

static void a_platform_that_fails_gives_none(void **state)
{
    (void)state;
    t_elevenlabs_script("{\"path\":\"get-signed-url\",\"status\":500}");
    t_answer_t a = url_for("admin");
    assert_error(&a, 503, "unavailable");
    t_elevenlabs_script("{\"path\":\"get-signed-url\",\"status\":404}");
    a = url_for("admin");
    assert_error(&a, 422, "unprocessable");
    assert_string_equal(noted(), "");
}

static void a_key_that_is_refused_is_ours_to_repair(void **state)
{
    (void)state;
    t_log_forget();
    t_elevenlabs_script("{\"path\":\"get-signed-url\",\"status\":401}");
    t_answer_t a = url_for("admin");
    assert_error(&a, 503, "unavailable");
    assert_int_equal(t_logged("ElevenLabs refuses our key"), 1);
    t_elevenlabs_script("{\"path\":\"agents/agent_downtown\",\"status\":403}");
    a = set_list("admin", "{\"allowlist\":[\"shop.example\"]}");
    assert_again(&a); /* nobody is told: it may be repaired meanwhile */
    assert_int_equal(t_logged("ElevenLabs refuses our key"), 2);
}

/* ---------------------------------------------------------------- the allow-list */

static const char *listed(void)
{
    const va_json_t *agent = t_elevenlabs_ask("GET", LISTED, NULL);
    const va_json_t *auth = va_json_pointer(agent, VA_STR("/platform_settings/auth"));
    const va_json_t *host = va_json_get(auth, "allowlist");
    va_buf_t text;
    va_buf_init(&text, wk_mem(t_ctx.arena), 64);
    va_buf_add_c(&text, va_json_bool(va_json_get(auth, "enable_auth"), false) ? "on" : "off");
    for (host = host != NULL ? host->first : NULL; host != NULL; host = host->next) {
        va_buf_add_char(&text, ' ');
        va_buf_add_str(&text, va_json_get_string(host, "hostname"));
    }
    return wk_strdup(t_ctx.arena, va_buf_str(&text));
}

static void an_admin_says_where_talks_begin(void **state)
{
    (void)state;
    t_answer_t a =
        set_list("admin", "{\"allowlist\":[\"shop.downtown.example\",\"localhost:3000\"]}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/allowlist/1"), "localhost:3000");
    assert_string_equal(listed(), "on shop.downtown.example localhost:3000");
    a = set_list("admin", "{\"domains\":[\"new.example\"]}");
    assert_status(&a, 200);
    assert_string_equal(listed(), "on new.example");
    assert_string_equal(noted(), ASKED ", " CHANGED ", " ASKED ", " CHANGED);
}

static void a_list_is_noted_before_it_leaves_the_house(void **state)
{
    (void)state;
    t_ask_t ask = list("again", "admin", "{\"domains\":[\"new.example\",\"a.example\"]}");
    t_elevenlabs_script("{\"path\":\"agents/agent_downtown\",\"status\":500}");
    t_answer_t a = t_ask(&ask);
    assert_again(&a);
    assert_string_equal(noted(), ASKED);
    assert_string_equal(t_sqlf("SELECT data FROM audit_log"),
                        "{\"allowlist\": [\"new.example\", \"a.example\"]}");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects WHERE state = 'pending'"), 0);
    a = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(listed(), "on new.example a.example");
    assert_string_equal(noted(), ASKED ", " CHANGED);
}

static void a_list_that_is_set_again_is_noted_once(void **state)
{
    (void)state;
    t_ask_t ask = list("again", "admin", "{\"allowlist\":[\"shop.example\"]}");
    for (int i = 0; i < 2; i++) {
        t_answer_t a = t_ask(&ask);
        assert_status(&a, 200);
    }
    assert_string_equal(listed(), "on shop.example");
    assert_string_equal(noted(), ASKED ", " CHANGED);
}

static void what_is_no_list_of_hosts_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"allowlist\":\"shop.example\"}",
        "{\"allowlist\":[7]}",
        "{\"allowlist\":[\"\"]}",
        "{\"allowlist\":[\"*\"]}",
        "{\"allowlist\":[\"https://shop.example\"]}",
        "{\"allowlist\":[\"shop.example/page\"]}",
        "{\"allowlist\":[\"shop.example:0\"]}",
        "{\"allowlist\":[\"shop.example\",\"shop.example\"]}",
        "{\"allowlist\":[\"shop.example\"],\"agent_id\":\"agent_uptown\"}",
    };
    (void)state;
    t_answer_t first = set_list("admin", "{\"allowlist\":[\"kept.example\"]}");
    assert_status(&first, 200);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = set_list("admin", wrong[i]);
        assert_error(&a, 400, "bad_request");
        assert_has(t_text(&a, "/error/message"), "allowlist");
    }
    t_answer_t manager = set_list("manager", "{\"allowlist\":[\"shop.example\"]}");
    assert_error(&manager, 403, "role");
    t_elevenlabs_script("{\"path\":\"agents/agent_downtown\",\"status\":422}");
    t_answer_t refused = set_list("admin", "{\"allowlist\":[\"shop.example\"]}");
    assert_error(&refused, 422, "unprocessable");
    assert_string_equal(listed(), "on kept.example");
    assert_string_equal(noted(), ASKED ", " CHANGED ", " ASKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staff_talks_with_the_shops_agent),
        cmocka_unit_test(who_is_not_let_in_is_given_none),
        cmocka_unit_test(a_visitor_talks_by_the_key_of_the_chat),
        cmocka_unit_test(a_key_opens_no_more_than_its_shop),
        cmocka_unit_test(a_platform_that_fails_gives_none),
        cmocka_unit_test(a_key_that_is_refused_is_ours_to_repair),
        cmocka_unit_test(an_admin_says_where_talks_begin),
        cmocka_unit_test(a_list_is_noted_before_it_leaves_the_house),
        cmocka_unit_test(a_list_that_is_set_again_is_noted_once),
        cmocka_unit_test(what_is_no_list_of_hosts_changes_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
