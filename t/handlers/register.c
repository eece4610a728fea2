/*
 * auth.register, provisioning.resume, registrations.undo: a shop signs up, wholly or not at
 * all; its number is bought once, whoever dies or does not answer; its agent comes with it or
 * later, each part of it once; and nobody else's shop is touched.
 */
#include <signal.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/runs.h"
#include "t/handlers/lib/sim.h"
#include "worker/handlers/provisioning.h"
#include "worker/providers/twilio.h"

#define EMAIL    "ann@smith.example"
#define PASSWORD "a-long-password"
#define NUMBERS  "/2010-04-01/Accounts/" TWILIO_ACCOUNT "/IncomingPhoneNumbers.json"
#define SHOP     "(SELECT id FROM organizations WHERE name = 'Smith Plumbing')"

/* Members by name, so that one of them can be another. */
static const char *const members[][2] = {
    {"email", "\"Ann@Smith.Example\""},
    {"password", "\"" PASSWORD "\""},
    {"firstName", "\"Ann\""},
    {"lastName", "\"Smith\""},
    {"businessName", "\"Smith Plumbing\""},
    {"businessPhone", "\"(416) 555-0199\""},
    {"businessType", "\"Plumbing\""},
    {"termsAccepted", "true"},
    {"ownerPhone", "\"+14165550198\""},
    {"timezone", "\"America/Toronto\""},
    {"businessHoursOpen", "\"09:00\""},
    {"businessHoursClose", "\"17:00\""},
    {"businessDays", "[\"monday\",\"tuesday\",\"saturday\"]"},
    {"websiteUrl", "\"https://smith.example\""},
    {"services", "\"Repairs, drains\""},
    {"businessDescription", "\"Since 1985.\""},
    {"referralCode", "\"FRIEND\""},
};

/* The body with one member as value, or without it (NULL); name NULL: as it is. */
static const char *body_with(const char *name, const char *value)
{
    va_buf_t text;
    bool found = name == NULL;
    va_buf_init(&text, wk_mem(t_ctx.arena), 1024);
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        bool same = name != NULL && strcmp(members[i][0], name) == 0;
        const char *as = same ? value : members[i][1];
        found = found || same;
        if (as != NULL) {
            va_buf_add_str(&text, wk_printf(t_ctx.arena, "%s\"%s\":%s",
                                            text.len > 0 ? "," : "{", members[i][0], as));
        }
    }
    if (!found && value != NULL) {
        va_buf_add_str(&text, wk_printf(t_ctx.arena, ",\"%s\":%s", name, value));
    }
    va_buf_add_c(&text, "}");
    return wk_strdup(t_ctx.arena, va_buf_str(&text));
}

static t_answer_t sign_up(const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "auth.register", .uri = "/api/auth/register", .body = body});
}

/* After a death the job comes back with the attempt that it had. */
static t_answer_t sign_up_as(const char *job)
{
    return t_ask(&(t_ask_t){.type = "auth.register",
                            .id = job,
                            .uri = "/api/auth/register",
                            .body = body_with(NULL, NULL)});
}

static void first_day(void)
{
    t_sqlf("DELETE FROM organizations WHERE id NOT IN ('" DOWNTOWN "', '" UPTOWN "');"
           "DELETE FROM audit_log; DELETE FROM effects; DELETE FROM outbox;");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_twilio();
    t_elevenlabs();
    t_log_forget();
    t_config.skip_twilio = t_config.skip_elevenlabs = false;
    t_config.signup_plan = "PRO";
    t_config.signup_numbers_a_day = 20;
    t_config.signup_backup = NULL;
}

static int setup(void **state)
{
    (void)state;
    t_config.password_cost = 1;
    first_day();
    return 0;
}

/* ---------------------------------------------------------------- looking */

static int64_t shops(void)
{
    return t_sqlf_int("SELECT count(*) FROM organizations");
}

/* Numbers at the carrier, beside the two of the demo. */
static size_t bought(void)
{
    const va_json_t *all =
        va_json_get(t_twilio_ask("GET", NUMBERS, NULL), "incoming_phone_numbers");
    return all->count - 2;
}

static const va_json_t *bought_number(void)
{
    const va_json_t *n =
        va_json_get(t_twilio_ask("GET", NUMBERS, NULL), "incoming_phone_numbers")->first;
    return n->next->next;
}

static const va_json_t *agents(void)
{
    return va_json_get(t_elevenlabs_ask("GET", "/v1/convai/agents?search=Smith", NULL),
                       "agents");
}

static const va_json_t *imported(void)
{
    return t_elevenlabs_ask("GET", "/v1/convai/phone-numbers", NULL);
}

static size_t tools(void)
{
    return va_json_get(t_elevenlabs_ask("GET", "/v1/convai/tools", NULL), "tools")->count;
}

static void assert_json(const va_json_t *value, const char *pointer, const char *expected)
{
    va_str_t text = va_json_scalar(va_json_pointer(value, va_str_c(pointer)));
    assert_str(text, expected);
}

static void assert_nothing_remains(void)
{
    assert_int_equal(shops(), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM users"), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM routing_keys WHERE key = '" EMAIL "'"),
                     0);
    assert_int_equal(bought(), 0);
}

/* As if whoever was at work on a sign-up had been away for so long. */
static void time_goes_by(const char *interval)
{
    t_sqlf("UPDATE organizations SET provisioning_until = provisioning_until - interval '%s'",
           interval);
}

static t_ask_t resume_by(const char *user, const char *organization, const char *role)
{
    return (t_ask_t){.type = "provisioning.resume",
                     .method = "POST",
                     .uri = "/api/admin/provisioning/resume",
                     .claims = t_claims(user, organization, role),
                     .org = organization};
}

static t_answer_t resume(const char *user, const char *organization, const char *role)
{
    t_ask_t ask = resume_by(user, organization, role);
    return t_ask(&ask);
}

static t_ask_t resume_ask(void)
{
    return resume_by(t_sqlf("SELECT id FROM users WHERE email = '" EMAIL "'"),
                     t_sqlf("SELECT " SHOP), "admin");
}

static t_answer_t resume_own(void)
{
    t_ask_t ask = resume_ask();
    return t_ask(&ask);
}

static t_answer_t undo(void)
{
    return t_ask(&(t_ask_t){.type = "registrations.undo",
                            .org = t_sqlf("SELECT " SHOP),
                            .scheme = "internal",
                            .body = "{}"});
}

/* ---------------------------------------------------------------- signing up */

static void a_shop_signs_up(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_string_equal(t_text(&a, "/user/email"), EMAIL);
    assert_string_equal(t_text(&a, "/user/role"), "admin");
    assert_string_equal(t_text(&a, "/user/organization_name"), "Smith Plumbing");
    assert_string_equal(t_text(&a, "/organization/id"), t_sqlf("SELECT " SHOP));
    assert_string_equal(t_text(&a, "/provisioning/error"), "null");
    assert_string_equal(t_text(&a, "/organization/slug"), "smith-plumbing");
    assert_string_equal(t_text(&a, "/organization/plan"), "PRO");
    assert_string_equal(t_text(&a, "/organization/phone_number"),
                        t_text(&a, "/provisioning/phone_number"));
    assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    assert_string_equal(t_text(&a, "/provisioning/complete"), "true");
    assert_string_equal(t_text(&a, "/provisioning/error"), "null");
    assert_int_equal(t_number(&a, "/expires_in"), 900);
    assert_int_equal(strlen(t_text(&a, "/refresh_token")), 43);
    assert_true(t_cookie(&a, "__Host-va")[0] != '\0');
    t_answer_t l =
        t_ask(&(t_ask_t){.type = "auth.login",
                         .body = "{\"email\":\"" EMAIL "\",\"password\":\"" PASSWORD "\"}"});
    assert_status(&l, 200);
}

static void what_was_said_is_kept(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_string_equal(
        t_sqlf("SELECT concat_ws(' ', business_type, timezone, country, currency, phone,"
               "    owner_phone, notification_phone, email, website_url, referral_code,"
               "    terms_version, is_active, language, array_to_string(languages, ','))"
               "  FROM organizations WHERE id = " SHOP),
        "plumbing America/Toronto CA CAD +14165550199 +14165550198 +14165550198 " EMAIL
        " https://smith.example FRIEND 1 t en en,es");
    assert_string_equal(
        t_sqlf("SELECT concat_ws(' ', hours -> 'monday' ->> 'open', hours -> 'saturday' ->>"
               "    'close', hours -> 'sunday' ->> 'closed', trial_ends_at::date - now()::date,"
               "    terms_accepted_at > now() - interval '1 minute') FROM organizations"
               " WHERE id = " SHOP),
        "09:00 17:00 true 14 t");
    assert_string_equal(t_sqlf("SELECT description || '|' || services_description"
                               "  FROM organizations WHERE id = " SHOP),
                        "Since 1985.|Repairs, drains");
    assert_int_equal(t_sqlf_int("SELECT balance FROM credit_accounts"
                                " WHERE organization_id = " SHOP),
                     100);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', actor, action, entity, ip_address)"
                               "  FROM audit_log WHERE organization_id = " SHOP
                               "   AND action = 'registered'"),
                        "user registered organization 192.0.2.7");
    assert_string_equal(
        t_sqlf("SELECT string_agg(concat_ws(' ', kind, state, provider_id), ',')"
               "  FROM effects WHERE organization_id = " SHOP),
        wk_printf(t_ctx.arena, "number done %s",
                  t_sqlf("SELECT twilio_phone_sid FROM organization_phone_numbers"
                         " WHERE organization_id = " SHOP))
            .data);
    assert_string_equal(t_sqlf("SELECT string_agg(appointment_type || ' ' || duration_minutes,"
                               "    ',') FROM services WHERE organization_id = " SHOP),
                        "general 30");
}

/* Near the shop's own line, and its calls and texts come to us. */
static void the_number_is_near_and_comes_to_us(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_int_equal(bought(), 1);
    const va_json_t *n = bought_number();
    assert_json(n, "/phone_number", t_text(&a, "/provisioning/phone_number"));
    assert_memory_equal(t_text(&a, "/provisioning/phone_number"), "+1416", 5);
    assert_json(n, "/voice_url", "http://127.0.0.1:9/api/voice/incoming");
    assert_json(n, "/voice_fallback_url", "http://127.0.0.1:9/voice/rachel/");
    assert_json(n, "/status_callback", "http://127.0.0.1:9/api/voice/status" WK_TWILIO_AGAIN);
    assert_json(n, "/sms_url", "http://127.0.0.1:9/api/webhooks/twilio/sms" WK_TWILIO_AGAIN);
}

static t_answer_t sign_up_at(const char *zone, const char *phone)
{
    const char *body = body_with("timezone", zone);
    const char *at = strstr(body, "\"(416) 555-0199\"");
    assert_non_null(at);
    return sign_up(wk_printf(t_ctx.arena, "%.*s%s%s", (int)(at - body), body, phone,
                             at + strlen("\"(416) 555-0199\""))
                       .data);
}

/* PostgreSQL need not know them. */
static void older_names_of_zones_stand_for_the_present_ones(void **state)
{
    static const char *const places[][3] = {
        {"\"America/Montreal\"", "\"+15145550199\"", "America/Toronto CA CAD +1514"},
        {"\"Canada/Eastern\"", "\"+14165550199\"", "America/Toronto CA CAD +1416"},
        {"\"America/Montreal\"", "\"+442079460199\"", "America/Toronto CA CAD"},
        {"\"US/Eastern\"", "\"+12125550199\"", "America/New_York US USD +1212"},
    };
    (void)state;
    t_config.signup_country = "GB";
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        first_day();
        t_answer_t a = sign_up_at(places[i][0], places[i][1]);
        assert_status(&a, 201);
        const char *is =
            t_sqlf("SELECT concat_ws(' ', timezone, country, currency, left(n.phone_number, 5))"
                   "  FROM organizations o JOIN organization_phone_numbers n"
                   "    ON n.organization_id = o.id WHERE o.id = " SHOP);
        assert_memory_equal(is, places[i][2], strlen(places[i][2]));
    }
    t_config.signup_country = "US";
}

static const va_json_t *agent_of(const t_answer_t *a)
{
    return t_elevenlabs_ask("GET",
                            wk_printf(t_ctx.arena, "/v1/convai/agents/%s",
                                      t_text(a, "/provisioning/elevenlabs_agent_id"))
                                .data,
                            NULL);
}

static void the_agent_is_the_templates(void **state)
{
    (void)state;
    t_config.signup_backup = "+14165550197";
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    const va_json_t *g = agent_of(&a);
    assert_json(g, "/name", "Smith Plumbing - Lina");
    assert_json(g, "/conversation_config/tts/voice_id", "zl7szWVBXnpgrJmAalgz");
    assert_json(g, "/conversation_config/tts/model_id", "eleven_turbo_v2_5");
    assert_json(g, "/conversation_config/tts/agent_output_audio_format", "ulaw_8000");
    assert_json(g, "/conversation_config/agent/prompt/llm", "gemini-2.5-flash");
    assert_json(g, "/conversation_config/agent/prompt/max_tokens", "500");
    assert_json(g, "/conversation_config/conversation/max_duration_seconds", "600");
    assert_json(g, "/conversation_config/agent/language", "en");
    assert_json(
        g, "/conversation_config/agent/first_message",
        "Hello, this is Lina, the assistant of {{business_name}}. What can I do for you?");
    assert_json(g, "/conversation_config/language_presets/es/overrides/agent/language", "es");
    assert_json(g,
                "/conversation_config/agent/dynamic_variables/dynamic_variable_placeholders/"
                "business_name",
                "Smith Plumbing");
    const char *transfers =
        "/conversation_config/agent/prompt/built_in_tools/transfer_to_number/params/transfers";
    assert_json(
        g, wk_printf(t_ctx.arena, "%s/0/transfer_destination/phone_number", transfers).data,
        "+14165550198");
    assert_json(
        g, wk_printf(t_ctx.arena, "%s/1/transfer_destination/phone_number", transfers).data,
        "+14165550197");
    assert_int_equal(
        va_json_pointer(g, VA_STR("/conversation_config/agent/prompt/tool_ids"))->count, 10);
    const va_json_t *n = imported()->first->next->next;
    assert_json(n, "/phone_number", t_text(&a, "/provisioning/phone_number"));
    assert_json(n, "/label", "Smith Plumbing - voiceagent");
    assert_json(n, "/assigned_agent/agent_id", t_text(&a, "/provisioning/elevenlabs_agent_id"));
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', elevenlabs_agent_id,"
                               "    use_elevenlabs_inbound, engines) FROM organizations"
                               " WHERE id = " SHOP),
                        wk_printf(t_ctx.arena, "%s t {elevenlabs,receptionist}",
                                  t_text(&a, "/provisioning/elevenlabs_agent_id"))
                            .data);
}

static void a_bike_shop_has_its_own(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with("businessType", "\"Bicycle store\""));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/organization/business_type"), "bike_shop");
    const va_json_t *g = agent_of(&a);
    assert_json(g, "/conversation_config/tts/voice_id", "pNInz6obpgDQGcFmaJgB");
    assert_json(g, "/conversation_config/tts/stability", "0.65");
    assert_json(g, "/conversation_config/turn/turn_timeout", "8");
    assert_json(g, "/conversation_config/language_presets/fr/overrides/agent/language", "fr");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM services WHERE organization_id = " SHOP),
                     6);
}

/* The tools tell us whose call it is by what the platform itself says; all shops share them. */
static void tools_are_shared_and_vouched_for(void **state)
{
    (void)state;
    size_t before = tools();
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_int_equal(tools(), before + 10);
    const va_json_t *t =
        va_json_get(t_elevenlabs_ask("GET", "/v1/convai/tools", NULL), "tools")->first;
    while (va_json_pointer(t, VA_STR("/tool_config/api_schema/url")) == NULL) {
        t = t->next;
    }
    assert_json(t, "/tool_config/api_schema/url",
                "http://127.0.0.1:9/api/elevenlabs/tools/get_business_info");
    const char *headers = "/tool_config/api_schema/request_headers";
    assert_json(t, wk_printf(t_ctx.arena, "%s/X-VA-Agent/variable_name", headers).data,
                "system__agent_id");
    assert_json(t, wk_printf(t_ctx.arena, "%s/X-VA-Caller/variable_name", headers).data,
                "system__caller_id");
    assert_true(
        va_json_string(
            va_json_pointer(t, wk_printf(t_ctx.arena, "%s/Authorization/secret_id", headers)))
            .len > 0);
    a = sign_up("{\"email\":\"bob@jones.example\",\"password\":\"" PASSWORD
                "\",\"firstName\":\"Bob\",\"lastName\":\"Jones\",\"businessName\":\"Smith "
                "Plumbing\",\"businessPhone\":\"+12125550142\",\"ownerPhone\":\"+12125550143\","
                "\"timezone\":\"America/New_York\",\"businessHoursOpen\":\"9:00\","
                "\"businessHoursClose\":\"17:00\",\"businessDays\":[\"friday\"],"
                "\"termsAccepted\":true}");
    assert_status(&a, 201);
    assert_int_equal(tools(), before + 10);
    assert_int_equal(bought(), 2);
    /* Of the same name, and none of the first one's. */
    assert_memory_equal(t_text(&a, "/organization/slug"), "smith-plumbing-", 15);
    assert_string_equal(t_text(&a, "/organization/business_type"), "general");
    assert_memory_equal(t_text(&a, "/provisioning/phone_number"), "+1212", 5);
    assert_int_equal(agents()->count, 2);
}

/* ---------------------------------------------------------------- refused bodies */

static void each_member_is_looked_at(void **state)
{
    static const char *const wrong[][2] = {
        {"email", NULL},
        {"email", "\"ann\""},
        {"password", NULL},
        {"password", "\"short\""},
        {"firstName", NULL},
        {"firstName", "\" \""},
        {"lastName", "7"},
        {"businessName", NULL},
        {"businessName", "\"a\\nb\""},
        {"businessPhone", NULL},
        {"businessPhone", "\"12\""},
        {"ownerPhone", NULL},
        {"ownerPhone", "\"anonymous\""},
        {"phoneNumber", "\"none\""},
        {"timezone", NULL},
        {"timezone", "\"EST\""},
        {"timezone", "\"Mars/Olympus\""},
        {"timezone", "\"America/Toronto Canada/Eastern\""},
        {"timezone", "\"America/Toronto'; drop table users; --\""},
        {"businessHoursOpen", NULL},
        {"businessHoursOpen", "\"nine\""},
        {"businessHoursOpen", "\"29:00\""},
        {"businessHoursClose", NULL},
        {"businessHoursClose", "\"09:00\""},
        {"businessDays", NULL},
        {"businessDays", "[]"},
        {"businessDays", "\"monday\""},
        {"businessDays", "[\"moonday\"]"},
        {"businessDays", "[\"monday\",\"monday\"]"},
        {"businessHours", "{\"someday\":\"9:00-17:00\"}"},
        {"businessHours", "\"always\""},
        {"termsAccepted", NULL},
        {"termsAccepted", "false"},
        {"termsAccepted", "\"true\""},
        {"websiteUrl", "\"javascript:alert(1)\""},
        {"services", "[\"a\"]"},
        {"plan", "\"GOLD\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = sign_up(body_with(wrong[i][0], wrong[i][1]));
        if (a.status != 400 || strstr(t_text(&a, "/error/message"), wrong[i][0]) == NULL) {
            fail_msg("%s %s: status %d, %s", wrong[i][0], wrong[i][1], a.status,
                     t_text(&a, "/error/message"));
        }
    }
    t_answer_t a = sign_up("[]");
    assert_error(&a, 400, "bad_request");
    assert_nothing_remains();
    assert_int_equal(t_twilio_requests("POST"), 0);
}

static void hours_may_be_said_in_other_ways(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with(
        "businessHours", "{\"monday\":\"8:00-18:00\",\"saturday\":{\"open\":\"10:00\","
                         "\"close\":\"14:00\"}}"));
    assert_status(&a, 201);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', hours -> 'monday' ->> 'open', hours ->"
                               "    'saturday' ->> 'open', hours -> 'tuesday' ->> 'closed')"
                               "  FROM organizations WHERE id = " SHOP),
                        "08:00 10:00 true");
    first_day();
    a = sign_up(body_with("businessHours", "{\"open\":\"07:00\",\"close\":\"15:00\"}"));
    assert_status(&a, 201);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', hours -> 'monday' ->> 'open', hours ->"
                               "    'saturday' ->> 'open', hours -> 'sunday' ->> 'closed')"
                               "  FROM organizations WHERE id = " SHOP),
                        "07:00 07:00 true");
}

static void plans_are_trials_but_free(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with("plan", "\"free\""));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/organization/plan"), "FREE");
    assert_string_equal(t_text(&a, "/organization/trial_ends_at"), "null");
    assert_string_equal(t_text(&a, "/provisioning/state"), "agent");
    assert_string_equal(t_text(&a, "/provisioning/elevenlabs_agent_id"), "null");
    assert_int_equal(agents()->count, 0);
    first_day();
    a = sign_up(body_with("plan", "\"BASIC\""));
    assert_status(&a, 201);
    assert_true(t_text(&a, "/organization/trial_ends_at")[0] == '2');
}

static void an_address_signs_up_once(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    for (int i = 0; i < 2; i++) {
        a = sign_up(i == 0 ? body_with(NULL, NULL)
                           : body_with("email", "\"owner@downtown.example\""));
        assert_error(&a, 409, "conflict");
        assert_null(strstr(t_text(&a, "/error/message"), "Downtown"));
    }
    assert_int_equal(shops(), 3);
    assert_int_equal(bought(), 1);
    assert_int_equal(agents()->count, 1);
}

static void of_two_at_once_one_is_the_shop(void **state)
{
    int status[4];
    t_ask_t asks[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        asks[i] = (t_ask_t){.type = "auth.register", .body = body_with(NULL, NULL)};
    }
    t_ask_at_once(asks, status, 4);
    int made = 0;
    for (size_t i = 0; i < 4; i++) {
        made += status[i] == 201;
        assert_true(status[i] == 201 || status[i] == 409 || status[i] == 503);
    }
    assert_int_equal(made, 1);
    assert_int_equal(shops(), 3);
    assert_int_equal(bought(), 1);
    assert_int_equal(agents()->count, 1);
}

/* ---------------------------------------------------------------- the number */

static void without_a_number_nothing_remains(void **state)
{
    static const char *const scripts[] = {
        "{\"path\":\"AvailablePhoneNumbers\",\"status\":500,\"body\":{},\"times\":9}",
        "{\"path\":\"AvailablePhoneNumbers\",\"status\":200,"
        "\"body\":{\"available_phone_numbers\":[]},\"times\":9}",
        "{\"path\":\"AvailablePhoneNumbers\",\"status\":200,\"body\":{"
        "\"available_phone_numbers\":[{\"phone_number\":\"+14165550100\","
        "\"address_requirements\":\"local\"}]},\"times\":9}",
        "{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"status\":400,"
        "\"body\":{\"code\":21404,\"status\":400},\"times\":9}",
        "{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"status\":400,"
        "\"body\":{\"code\":21422,\"status\":400},\"times\":9}",
        "{\"status\":401,\"body\":{\"code\":20003,\"status\":401},\"times\":9}",
        "{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"status\":429,\"body\":{},"
        "\"times\":9}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
        first_day();
        t_twilio_script(scripts[i]);
        t_answer_t a = sign_up(body_with(NULL, NULL));
        assert_error(&a, 503, "unavailable");
        assert_int_equal(a.end.how, WK_END_ACK); /* nobody signs up behind his back */
        t_twilio();
        assert_nothing_remains();
        assert_int_equal(agents()->count, 0);
        a = sign_up(body_with(NULL, NULL));
        assert_status(&a, 201);
    }
}

static void what_is_sold_to_others_is_passed_over(void **state)
{
    (void)state;
    t_twilio_script("{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"status\":400,"
                    "\"body\":{\"code\":21422,\"status\":400},\"times\":2}");
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_int_equal(bought(), 1);
}

/* The carrier's answer is lost, or says nothing: the number is found by its name. */
static void an_answer_that_is_lost_is_asked_for(void **state)
{
    static const char *const faults[] = {"\"drop\":true,\"effect\":true",
                                         "\"status\":500,\"body\":{},\"effect\":true",
                                         "\"cut\":true"};
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        first_day();
        t_twilio_script(wk_printf(t_ctx.arena,
                                  "{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",%s}",
                                  faults[i])
                            .data);
        t_answer_t a = sign_up(body_with(NULL, NULL));
        assert_status(&a, 201);
        assert_int_equal(bought(), 1);
        assert_json(bought_number(), "/phone_number", t_text(&a, "/provisioning/phone_number"));
        assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    }
}

static va_str_t retry_after(const t_answer_t *a)
{
    for (size_t i = 0; i < a->reply.n_headers; i++) {
        if (va_str_eq(a->reply.headers[i].name, VA_STR("retry-after"))) {
            return a->reply.headers[i].value;
        }
    }
    return VA_STR("");
}

static t_answer_t sign_up_others(int n)
{
    const char *email = wk_printf(t_ctx.arena, "\"bob%d@jones.example\"", n).data;
    return sign_up(body_with("email", email));
}

/* Nobody buys numbers without end: what a day has is for all shops, and nothing is done beyond.
 */
static void a_day_has_so_many_numbers(void **state)
{
    int status[4], made = 0;
    t_ask_t asks[4];
    (void)state;
    t_config.signup_numbers_a_day = 2;
    for (int i = 0; i < 4; i++) {
        const char *email = wk_printf(t_ctx.arena, "\"eve%d@jones.example\"", i).data;
        asks[i] = (t_ask_t){.type = "auth.register", .body = body_with("email", email)};
    }
    t_ask_at_once(asks, status, 4);
    for (int i = 0; i < 4; i++) {
        made += status[i] == 201;
        assert_true(status[i] == 201 || status[i] == 503);
    }
    assert_int_equal(made, 2);
    t_answer_t a = sign_up_others(1);
    assert_error(&a, 503, "unavailable");
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_str(retry_after(&a), "3600");
    assert_int_equal(shops(), 4);
    assert_int_equal(bought(), 2);
    assert_true(t_logged("a day's numbers are bought") > 0);
    t_sqlf("UPDATE effects SET claimed_at = claimed_at - interval '25 hours'");
    a = sign_up_others(2);
    assert_status(&a, 201);
    t_config.signup_numbers_a_day = 0;
    a = sign_up_others(3);
    assert_error(&a, 503, "unavailable");
    t_config.skip_twilio = t_config.skip_elevenlabs = true;
    a = sign_up_others(3); /* which buys none */
    assert_status(&a, 201);
    assert_int_equal(bought(), 3);
}

/* Bought, and nobody can tell: the shop is pending. */
static void leave_pending(void)
{
    t_twilio_script("[{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"drop\":true,"
                    "\"effect\":true},"
                    "{\"path\":\"IncomingPhoneNumbers\",\"method\":\"GET\",\"status\":500,"
                    "\"body\":{}}]");
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_error(&a, 503, "unavailable");
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_int_equal(shops(), 3);
    assert_int_equal(bought(), 1);
}

static void who_asks_again_has_the_number_that_was_bought(void **state)
{
    (void)state;
    leave_pending();
    t_answer_t l =
        t_ask(&(t_ask_t){.type = "auth.login",
                         .body = "{\"email\":\"" EMAIL "\",\"password\":\"" PASSWORD "\"}"});
    assert_error(&l, 401, "invalid_credentials");
    t_answer_t a = sign_up(body_with(NULL, NULL)); /* the first may still be at it */
    assert_error(&a, 503, "unavailable");
    a = sign_up(body_with("password", "\"another-password\""));
    assert_error(&a, 409, "conflict");
    time_goes_by("1 minute");
    a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_int_equal(bought(), 1);
    assert_int_equal(shops(), 3);
    assert_json(bought_number(), "/phone_number", t_text(&a, "/provisioning/phone_number"));
}

static void what_nobody_comes_back_for_is_undone(void **state)
{
    (void)state;
    leave_pending();
    t_answer_t a = undo();
    assert_int_equal(a.end.how, WK_END_ACK); /* whoever asked may still be at it */
    assert_int_equal(shops(), 3);
    time_goes_by("1 minute");
    t_twilio_script("{\"path\":\"IncomingPhoneNumbers\",\"method\":\"DELETE\",\"status\":500,"
                    "\"body\":{}}");
    a = undo();
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_int_equal(t_logged("could not be given back"), 1);
    assert_int_equal(shops(), 3); /* no number is forgotten */
    time_goes_by("1 minute");
    a = undo();
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_nothing_remains();
    assert_int_equal(t_logged("left in its middle"), 1);
}

static void an_open_shop_is_not_undone(void **state)
{
    (void)state;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    a = undo();
    assert_int_equal(a.end.how, WK_END_ACK);
    a = t_ask(&(t_ask_t){
        .type = "registrations.undo", .org = DOWNTOWN, .scheme = "internal", .body = "{}"});
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_int_equal(shops(), 3);
    assert_int_equal(bought(), 1);
}

/* As if UPTOWN had had a number once that is for sale again. */
static void have_had(const char *number)
{
    t_sqlf("INSERT INTO organization_phone_numbers (organization_id, phone_number, is_active)"
           " VALUES ('" UPTOWN "', '%s', false)",
           number);
}

static void forget_number(const char *number)
{
    t_sqlf("DELETE FROM organization_phone_numbers WHERE phone_number = '%s'", number);
}

static const char *number_that_was_bought(void)
{
    return wk_strdup(t_ctx.arena, va_json_string(va_json_get(bought_number(), "phone_number")));
}

/* Of a number that is of no use here nobody asks the carrier, so that the next one is had. */
static void numbers_that_shops_here_had_are_not_bought(void **state)
{
    (void)state;
    t_config.skip_elevenlabs = true;
    for (int i = 0; i < 5; i++) {
        have_had(wk_printf(t_ctx.arena, "+1416555010%d", i).data);
    }
    t_answer_t a = sign_up(body_with("businessPhone", "\"+14165550199\""));
    for (int i = 0; i < 5; i++) {
        forget_number(wk_printf(t_ctx.arena, "+1416555010%d", i).data);
    }
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/provisioning/phone_number"), "+14165550105");
    assert_int_equal(t_twilio_requests("POST"), 1);
}

/* A shop here has it since it was found for sale: it is not taken, and not kept. */
static void a_number_of_another_shop_is_given_back(void **state)
{
    (void)state;
    leave_pending();
    const char *number = number_that_was_bought();
    have_had(number);
    time_goes_by("1 minute");
    t_answer_t a = sign_up(body_with(NULL, NULL));
    forget_number(number);
    assert_error(&a, 503, "unavailable");
    assert_nothing_remains();
}

/* ---------------------------------------------------------------- the agent */

static void without_an_agent_it_is_a_shop(void **state)
{
    (void)state;
    t_elevenlabs_script("{\"status\":503,\"body\":{},\"times\":50}");
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/provisioning/state"), "agent");
    assert_string_equal(t_text(&a, "/provisioning/complete"), "false");
    assert_string_equal(t_text(&a, "/provisioning/elevenlabs_agent_id"), "null");
    assert_true(strstr(t_text(&a, "/provisioning/error"), "503") != NULL);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', is_active, use_elevenlabs_inbound,"
                               "    engines) FROM organizations WHERE id = " SHOP),
                        "t f {receptionist}");
    t_elevenlabs();
    a = resume_own();
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    assert_string_equal(t_text(&a, "/provisioning/error"), "null");
    assert_int_equal(agents()->count, 1);
    assert_int_equal(bought(), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE action ="
                                " 'provisioning_resumed' AND organization_id = " SHOP),
                     1);
    a = resume_own();
    assert_status(&a, 200);
    assert_int_equal(agents()->count, 1);
}

/* Each step fails, once before and once behind what it does. */
static void it_goes_on_where_it_stopped(void **state)
{
    static const char *const requests[][2] = {{"POST", "secrets"},
                                              {"POST", "tools"},
                                              {"POST", "agents/create"},
                                              {"POST", "phone-numbers"},
                                              {"PATCH", "phone-numbers"}};
    static const char *const faults[] = {"\"status\":500,\"body\":{}",
                                         "\"status\":422,\"body\":{\"detail\":\"no\"}",
                                         "\"drop\":true,\"effect\":true"};
    (void)state;
    for (size_t r = 0; r < sizeof(requests) / sizeof(*requests); r++) {
        for (size_t f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
            first_day();
            t_elevenlabs_script(wk_printf(t_ctx.arena, "{\"method\":\"%s\",\"path\":\"%s\",%s}",
                                          requests[r][0], requests[r][1], faults[f])
                                    .data);
            t_answer_t a = sign_up(body_with(NULL, NULL));
            assert_status(&a, 201);
            assert_string_equal(t_text(&a, "/provisioning/complete"), "false");
            assert_json(bought_number(), "/voice_url", "http://127.0.0.1:9/api/voice/incoming");
            a = resume_own();
            assert_status(&a, 200);
            assert_string_equal(t_text(&a, "/provisioning/complete"), "true");
            assert_int_equal(agents()->count, 1);
            assert_int_equal(imported()->count, 3);
            assert_json(bought_number(), "/voice_url", "http://127.0.0.1:9/api/voice/incoming");
        }
    }
}

/* What the carrier does not give back is an alert, and the step is not done. */
static void calls_come_to_us_or_somebody_hears(void **state)
{
    (void)state;
    t_twilio_script("{\"path\":\"IncomingPhoneNumbers/\",\"method\":\"POST\",\"status\":500,"
                    "\"body\":{},\"times\":2}");
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/provisioning/complete"), "false");
    assert_true(t_logged("may not come to us") > 0);
    a = resume_own();
    assert_string_equal(t_text(&a, "/provisioning/complete"), "true");
    assert_json(bought_number(), "/voice_url", "http://127.0.0.1:9/api/voice/incoming");
}

static void two_do_not_resume_at_once(void **state)
{
    (void)state;
    t_elevenlabs_script("{\"status\":503,\"body\":{},\"times\":50}");
    t_answer_t a = sign_up(body_with(NULL, NULL));
    t_elevenlabs();
    t_sqlf("UPDATE organizations SET provisioning_until = now() + interval '30 seconds'"
           " WHERE id = " SHOP);
    a = resume_own();
    assert_error(&a, 409, "conflict");
    assert_int_equal(agents()->count, 0);
    time_goes_by("1 minute");
    a = resume_own();
    assert_string_equal(t_text(&a, "/provisioning/complete"), "true");
}

static const char *others(void)
{
    return t_sqlf("SELECT string_agg(md5(o::text || n::text), ' ' ORDER BY o.id)"
                  "  FROM organizations o JOIN organization_phone_numbers n"
                  "    ON n.organization_id = o.id"
                  " WHERE o.id IN ('" DOWNTOWN "', '" UPTOWN "')");
}

/* Shops that were there before are as they were. */
static void nobody_else_is_touched(void **state)
{
    (void)state;
    const char *before = others();
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    a = resume(DANA, DOWNTOWN, "admin");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/complete"), "true");
    assert_string_equal(t_text(&a, "/provisioning/elevenlabs_agent_id"), "agent_downtown");
    assert_string_equal(others(), before);
    assert_json(imported()->first, "/assigned_agent/agent_id", "agent_downtown");
    static const char *const roles[] = {"manager", "staff", "service_tech"};
    for (size_t i = 0; i < 3; i++) {
        a = resume("d0000000-0000-4000-8000-0000000000aa", DOWNTOWN, roles[i]);
        assert_error(&a, 403, "role");
    }
    a = resume(DANA, t_sqlf("SELECT " SHOP), "manager");
    assert_status(&a, 403);
}

static void what_is_switched_off_is_not_done(void **state)
{
    (void)state;
    t_config.skip_twilio = t_config.skip_elevenlabs = true;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/provisioning/state"), "number");
    assert_string_equal(t_text(&a, "/provisioning/phone_number"), "null");
    assert_int_equal(bought(), 0);
    assert_int_equal(t_twilio_requests("POST"), 0);
    t_config.skip_twilio = false;
    t_twilio_script(
        "{\"path\":\"AvailablePhoneNumbers\",\"status\":500,\"body\":{},\"times\":2}");
    a = resume_own();
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "number");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects"),
                     0); /* nobody would settle it */
    t_twilio_script("{\"status\":401,\"body\":{\"code\":20003},\"times\":9}");
    a = resume_own(); /* who was never asked for one has sold none */
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "number");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects"), 0);
    t_twilio();
    a = resume_own();
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "agent");
    assert_int_equal(bought(), 1);
    assert_int_equal(agents()->count, 0);
    t_config.skip_elevenlabs = false;
    a = resume_own();
    assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    assert_int_equal(bought(), 1);
    assert_string_equal(t_sqlf("SELECT string_agg(state, ' ') FROM effects"
                               " WHERE organization_id = " SHOP),
                        "done");
}

/* However many shops signed up while none were bought. */
static void a_day_has_so_many_numbers_at_resume_too(void **state)
{
    t_ask_t asks[2];
    int status[2];
    (void)state;
    t_config.skip_twilio = t_config.skip_elevenlabs = true;
    for (int i = 0; i < 2; i++) {
        const char *email = wk_printf(t_ctx.arena, "bob%d@jones.example", i).data;
        t_answer_t a = sign_up_others(i);
        assert_status(&a, 201);
        asks[i] = resume_by(
            t_sqlf("SELECT id FROM users WHERE email = '%s'", email),
            t_sqlf("SELECT organization_id FROM users WHERE email = '%s'", email), "admin");
    }
    t_config.skip_twilio = false;
    t_config.signup_numbers_a_day = 1;
    t_ask_at_once(asks, status, 2);
    assert_int_equal(status[0] + status[1], 200 + 503);
    assert_int_equal(bought(), 1);
    t_ask_t *other = &asks[status[0] == 200];
    t_answer_t a = t_ask(other);
    assert_error(&a, 503, "unavailable");
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_str(retry_after(&a), "3600");
    assert_true(t_logged("a day's numbers are bought") > 0);
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'provisioning_resumed'"), 1);
    t_sqlf("UPDATE effects SET claimed_at = claimed_at - interval '25 hours'");
    a = t_ask(other);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "agent");
    assert_int_equal(bought(), 2);
}

/*
 * The carrier sells a number, slowly and unheard: the place is kept meanwhile, the job itself
 * goes on, and the number is found, whatever the shop is called by then.
 */
static void a_resume_that_cannot_tell_buys_no_second(void **state)
{
    (void)state;
    t_config.skip_twilio = true;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    t_config.skip_twilio = false;
    t_twilio_script("[{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"drop\":true,"
                    "\"effect\":true},"
                    "{\"path\":\"IncomingPhoneNumbers\",\"method\":\"GET\","
                    "\"status\":200,\"body\":{\"incoming_phone_numbers\":[]}}]");
    t_ask_t ask = resume_ask();
    ask.id = "resume-1";
    a = t_ask(&ask);
    assert_int_equal(a.end.how, WK_END_RETRY);
    assert_int_equal(bought(), 1);
    a = resume_own();
    assert_error(&a, 409, "conflict");
    a = t_ask(&ask);
    assert_int_equal(a.end.how, WK_END_RETRY); /* it is its own place */
    assert_int_equal(bought(), 1);
    t_sqlf("UPDATE organizations SET name = 'Jones Plumbing' WHERE id = " SHOP);
    time_goes_by("1 minute");
    a = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    assert_int_equal(bought(), 1);
}

/* A shop without a number, whose setting up has one bought and cannot tell. */
static t_ask_t leave_resume_unknown(void)
{
    t_config.skip_twilio = true;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    t_config.skip_twilio = false;
    t_twilio_script("[{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"drop\":true,"
                    "\"effect\":true},"
                    "{\"path\":\"IncomingPhoneNumbers\",\"method\":\"GET\",\"status\":500,"
                    "\"body\":{}}]");
    t_ask_t ask = resume_ask();
    ask.id = "resume-1";
    a = t_ask(&ask);
    assert_int_equal(a.end.how, WK_END_RETRY);
    assert_int_equal(bought(), 1);
    return ask;
}

static int64_t numbers_claimed(void)
{
    return t_sqlf_int("SELECT count(*) FROM effects WHERE kind = 'number'");
}

/* What could not be given back is, by the same job; then the next one is had. */
static void a_resume_gives_back_what_another_shop_has(void **state)
{
    (void)state;
    t_ask_t ask = leave_resume_unknown();
    const char *number = number_that_was_bought();
    have_had(number);
    t_twilio_script("{\"path\":\"IncomingPhoneNumbers\",\"method\":\"DELETE\",\"status\":500,"
                    "\"body\":{}}");
    time_goes_by("1 minute");
    t_answer_t a = t_ask(&ask);
    assert_int_equal(a.end.how, WK_END_RETRY);
    assert_int_equal(bought(), 1);
    time_goes_by("1 minute");
    a = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "number");
    assert_int_equal(bought(), 0);
    assert_int_equal(numbers_claimed(), 0);
    a = resume_own();
    forget_number(number);
    assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    assert_string_not_equal(t_text(&a, "/provisioning/phone_number"), number);
    assert_int_equal(bought(), 1);
}

static void settle_effects(void)
{
    t_sqlf("UPDATE effects SET settle_at = now() - interval '1 second'");
    t_answer_t a = t_ask(&(t_ask_t){.type = "effects.settle",
                                    .org = t_sqlf("SELECT " SHOP),
                                    .scheme = "internal",
                                    .body = "{}"});
    assert_int_equal(a.end.how, WK_END_ACK);
}

/* A number more, which the shop is known to have, under the name the carrier has the first by.
 */
static void have_another_line(void)
{
    va_str_t sid, number = VA_STR("+14165550107");
    va_str_t name =
        wk_copy(t_ctx.arena, va_json_string(va_json_get(bought_number(), "friendly_name")));
    assert_ok(wk_twilio_number_buy(&t_ctx, 5000, number, name, &sid, &t_e));
    t_sqlf("INSERT INTO organization_phone_numbers (organization_id, phone_number,"
           "    twilio_phone_sid) VALUES (" SHOP ", '+14165550107', '%.*s')",
           (int)sid.len, sid.data);
}

/* What the shop has had all along is not given back with it, and is not what was bought. */
static void a_resume_gives_back_nothing_else(void **state)
{
    (void)state;
    t_ask_t ask = leave_resume_unknown();
    const char *number = number_that_was_bought();
    have_another_line();
    have_had(number);
    time_goes_by("1 minute");
    t_answer_t a = t_ask(&ask);
    forget_number(number);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "number");
    assert_int_equal(bought(), 1);
    assert_string_equal(number_that_was_bought(), "+14165550107");
}

static const char *claim_state(void)
{
    return t_sqlf("SELECT state FROM effects WHERE kind = 'number'");
}

/* Its job was buried: people hear of it, once, and whoever resumes has the number. */
static void a_claim_that_nobody_settles_ends(void **state)
{
    static const char told[] = "whether a number was bought";
    (void)state;
    (void)leave_resume_unknown();
    t_log_forget();
    settle_effects(); /* somebody may still be at it */
    assert_string_equal(claim_state(), "pending");
    time_goes_by("1 minute");
    settle_effects(); /* its job may wait for its next attempt */
    assert_string_equal(claim_state(), "pending");
    assert_int_equal(t_logged(told), 0);
    time_goes_by("3 minutes");
    settle_effects();
    settle_effects();
    assert_string_equal(claim_state(), "unknown");
    assert_int_equal(t_logged(told), 1);
    assert_int_equal(t_logged("nobody settles"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm'"
                                "   AND organization_id = " SHOP),
                     1);
    t_answer_t a = resume_own();
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    assert_string_equal(claim_state(), "done");
    assert_int_equal(bought(), 1);
    assert_string_equal(t_sqlf("SELECT status FROM tasks WHERE kind = 'alarm'"
                               "   AND organization_id = " SHOP),
                        "done");
    va_str_t shop = va_str_c(t_sqlf("SELECT " SHOP));
    va_str_t key = va_str_c(t_sqlf("SELECT key FROM effects WHERE kind = 'number'"));
    time_goes_by("4 minutes");
    assert_int_equal(wk_setting_up_give_up(&t_ctx, shop, key, &t_e), WK_DONE);
    assert_string_equal(claim_state(), "done");
}

/* Between the look at a claim and its end somebody has begun to look for the number. */
static void a_resume_that_begins_meanwhile_is_let_be(void **state)
{
    (void)state;
    (void)leave_resume_unknown();
    time_goes_by("4 minutes");
    t_log_forget();
    t_sqlf("UPDATE effects SET settle_at = now() - interval '1 second'");
    t_run_t settling = {.ask = {.type = "effects.settle",
                                .org = t_sqlf("SELECT " SHOP),
                                .scheme = "internal",
                                .body = "{}"}};
    PGconn *looked = t_lock("effects", "SHARE"); /* read, not written */
    t_run(&settling);
    t_runs_still(&settling, 1);
    t_sqlf("UPDATE organizations SET provisioning_until = now() + interval '45 seconds'"
           " WHERE id = " SHOP);
    PQfinish(looked);
    t_run_end(&settling);
    assert_string_equal(claim_state(), "pending");
    assert_int_equal(t_logged("whether a number was bought"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm'"), 0);
}

/* Its job waits in the queue, or for its next attempt. */
static void a_claim_whose_resume_waits_is_let_be(void **state)
{
    (void)state;
    (void)leave_resume_unknown();
    time_goes_by("4 minutes");
    t_redis(t_ctx.redis, t_ctx.arena, "SET va:{realtime}:serial:number:%s resume-1",
            t_sqlf("SELECT " SHOP));
    settle_effects();
    assert_string_equal(claim_state(), "pending");
    t_redis(t_ctx.redis, t_ctx.arena, "DEL va:{realtime}:serial:number:%s",
            t_sqlf("SELECT " SHOP));
    settle_effects();
    assert_string_equal(claim_state(), "unknown");
}

/* Who signs up and waits is not told of by this, but looked after by what undoes sign-ups. */
static void a_claim_of_a_pending_sign_up_is_not_given_up(void **state)
{
    (void)state;
    leave_pending();
    assert_string_equal(claim_state(), "pending");
    t_log_forget();
    time_goes_by("4 minutes");
    settle_effects();
    assert_string_equal(claim_state(), "pending");
    assert_int_equal(t_logged("whether a number was bought"), 0);
}

/* It came to nothing after all: the day has its number again. */
static void an_unknown_claim_can_come_to_nothing(void **state)
{
    (void)state;
    t_ask_t ask = leave_resume_unknown();
    t_sqlf("UPDATE effects SET state = 'unknown', finished_at = now()");
    t_twilio();
    t_twilio_script(
        "{\"path\":\"AvailablePhoneNumbers\",\"status\":500,\"body\":{},\"times\":2}");
    time_goes_by("1 minute");
    t_answer_t a = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/provisioning/state"), "number");
    assert_int_equal(numbers_claimed(), 0);
}

/* ElevenLabs made it and was not heard, and the shop is called otherwise since. */
static void an_agent_is_found_whatever_the_shop_is_called(void **state)
{
    (void)state;
    t_elevenlabs_script("{\"method\":\"POST\",\"path\":\"agents/create\",\"drop\":true,"
                        "\"effect\":true}");
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_string_equal(t_text(&a, "/provisioning/state"), "agent");
    t_ask_t ask = resume_ask();
    t_sqlf("UPDATE organizations SET name = 'Smith and Sons' WHERE id = " SHOP);
    a = t_ask(&ask);
    assert_string_equal(t_text(&a, "/provisioning/state"), "complete");
    assert_int_equal(agents()->count, 1);
}

/* ---------------------------------------------------------------- deaths */

/*
 * Whoever runs a sign-up again and finds no Postgres cannot know whether a shop was noted: it
 * is gone on with all the same.
 */
static void a_sign_up_outlives_postgres(void **state)
{
    (void)state;
    t_ask_t ask = {.type = "auth.register", .id = "register-1", .body = body_with(NULL, NULL)};
    assert_true(t_dies_at("commit.after", 1, &ask));
    assert_int_equal(shops(), 3);
    wk_db_t *there = t_ctx.db;
    t_ctx.db = wk_db_new("postgresql://va_app@127.0.0.1:1/voiceagent", true, "test");
    t_answer_t a = t_ask(&ask);
    wk_db_free(t_ctx.db);
    t_ctx.db = there;
    assert_int_equal(a.end.how, WK_END_RETRY);
    assert_true(a.end.uncounted);
    time_goes_by("1 minute");
    a = t_ask(&ask);
    assert_status(&a, 201);
    assert_int_equal(shops(), 3);
    assert_int_equal(bought(), 1);
}

/* A job that runs again has the shop it made, and no second. */
static void the_same_job_has_the_same_shop(void **state)
{
    (void)state;
    t_answer_t a = sign_up_as("register-1");
    assert_status(&a, 201);
    const char *shop = t_text(&a, "/organization/id");
    a = sign_up_as("register-1");
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/organization/id"), shop);
    assert_int_equal(shops(), 3);
    assert_int_equal(bought(), 1);
    a = sign_up_as("register-2");
    assert_error(&a, 409, "conflict");
}

static void begin_death(void)
{
    first_day();
    t_ask_t ask = {
        .type = "auth.register", .uri = "/api/auth/register", .body = body_with(NULL, NULL)};
    t_push_ask(&ask);
}

static void pass_death(void)
{
    time_goes_by("1 minute");
}

static void assert_one_shop(void)
{
    assert_int_equal(shops(), 3);
    assert_int_equal(bought(), 1);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', is_active, provisioning_state)"
                               "  FROM organizations WHERE id = " SHOP),
                        "t complete");
    assert_int_equal(agents()->count, 1);
    assert_int_equal(imported()->count, 3);
    assert_json(bought_number(), "/voice_url", "http://127.0.0.1:9/api/voice/incoming");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM credit_entries"
                                " WHERE organization_id = " SHOP),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects WHERE state <> 'done'"), 0);
}

static void judge_death(void)
{
    assert_one_shop();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM organizations"
                                " WHERE provisioning_until IS NOT NULL"),
                     0);
}

static void whoever_dies_it_is_one_shop(void **state)
{
    (void)state;
    assert_in_range(t_die_everywhere(&(t_death_t){.name = "register",
                                                  .begin = begin_death,
                                                  .pass = pass_death,
                                                  .judge = judge_death}),
                    30, 400);
}

/* Of a shop without a number; whoever runs again at once meets the hold of the one who died. */
static void begin_resume(void)
{
    first_day();
    t_config.skip_twilio = true;
    t_answer_t a = sign_up(body_with(NULL, NULL));
    assert_status(&a, 201);
    t_config.skip_twilio = false;
    t_ask_t ask = resume_ask();
    t_push_ask(&ask);
}

static void pass_resume(void)
{
    time_goes_by("20 seconds");
}

static void judge_resume(void)
{
    assert_one_shop();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE action ="
                                " 'provisioning_resumed' AND organization_id = " SHOP),
                     1);
}

static void a_resume_that_dies_is_gone_on_with(void **state)
{
    (void)state;
    assert_in_range(t_die_everywhere(&(t_death_t){.name = "resume",
                                                  .begin = begin_resume,
                                                  .pass = pass_resume,
                                                  .judge = judge_resume}),
                    20, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shop_signs_up),
        cmocka_unit_test(what_was_said_is_kept),
        cmocka_unit_test(the_number_is_near_and_comes_to_us),
        cmocka_unit_test(older_names_of_zones_stand_for_the_present_ones),
        cmocka_unit_test(the_agent_is_the_templates),
        cmocka_unit_test(a_bike_shop_has_its_own),
        cmocka_unit_test(tools_are_shared_and_vouched_for),
        cmocka_unit_test(each_member_is_looked_at),
        cmocka_unit_test(hours_may_be_said_in_other_ways),
        cmocka_unit_test(plans_are_trials_but_free),
        cmocka_unit_test(an_address_signs_up_once),
        cmocka_unit_test(of_two_at_once_one_is_the_shop),
        cmocka_unit_test(without_a_number_nothing_remains),
        cmocka_unit_test(what_is_sold_to_others_is_passed_over),
        cmocka_unit_test(a_day_has_so_many_numbers),
        cmocka_unit_test(an_answer_that_is_lost_is_asked_for),
        cmocka_unit_test(who_asks_again_has_the_number_that_was_bought),
        cmocka_unit_test(what_nobody_comes_back_for_is_undone),
        cmocka_unit_test(an_open_shop_is_not_undone),
        cmocka_unit_test(numbers_that_shops_here_had_are_not_bought),
        cmocka_unit_test(a_number_of_another_shop_is_given_back),
        cmocka_unit_test(without_an_agent_it_is_a_shop),
        cmocka_unit_test(it_goes_on_where_it_stopped),
        cmocka_unit_test(calls_come_to_us_or_somebody_hears),
        cmocka_unit_test(two_do_not_resume_at_once),
        cmocka_unit_test(nobody_else_is_touched),
        cmocka_unit_test(what_is_switched_off_is_not_done),
        cmocka_unit_test(a_day_has_so_many_numbers_at_resume_too),
        cmocka_unit_test(a_resume_that_cannot_tell_buys_no_second),
        cmocka_unit_test(a_resume_gives_back_what_another_shop_has),
        cmocka_unit_test(a_resume_gives_back_nothing_else),
        cmocka_unit_test(a_claim_that_nobody_settles_ends),
        cmocka_unit_test(a_resume_that_begins_meanwhile_is_let_be),
        cmocka_unit_test(a_claim_whose_resume_waits_is_let_be),
        cmocka_unit_test(a_claim_of_a_pending_sign_up_is_not_given_up),
        cmocka_unit_test(an_unknown_claim_can_come_to_nothing),
        cmocka_unit_test(an_agent_is_found_whatever_the_shop_is_called),
        cmocka_unit_test(a_sign_up_outlives_postgres),
        cmocka_unit_test(the_same_job_has_the_same_shop),
        cmocka_unit_test(whoever_dies_it_is_one_shop),
        cmocka_unit_test(a_resume_that_dies_is_gone_on_with),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
