/*
 * agent_config.handle and agent_config.voice: who may see and change what, that a change is
 * whole and done once, and that the next call begins with it.
 */
#include "t/handlers/lib/texts.h"

#define CALL "CA0123456789abcdef0123456789abcdef"
#define ID   "0f0f0f0f-0000-4000-8000-000000000001"

#define AGENT "agent_config.handle"
#define VOICE "agent_config.voice"

/* All that can be changed, of all shops. */
#define EVERYTHING                                                                             \
    "SELECT md5(concat((SELECT string_agg(g::text, '' ORDER BY g.organization_id)"             \
    "                     FROM agent_configs g),"                                              \
    "                  (SELECT string_agg(concat(o.id, o.language, o.languages, o.engines), "  \
    "'' "                                                                                      \
    "                                     ORDER BY o.id) FROM organizations o),"               \
    "                  (SELECT string_agg(q::text, '' ORDER BY q.organization_id, q.position)" \
    "                     FROM lead_questions q),"                                             \
    "                  (SELECT count(*) FROM audit_log)))"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_sqlf("DELETE FROM audit_log; DELETE FROM lead_questions; DELETE FROM calls;"
           "DELETE FROM appointments; UPDATE orders SET status = 'delivered';"
           "UPDATE customers SET tier = 'regular';"
           "UPDATE organizations SET plan = CASE id WHEN '" DOWNTOWN "' THEN 'PRO'"
           " ELSE 'BASIC' END, language = 'en', languages = '{en,fr}', engines = '{realtime}';"
           "UPDATE agent_configs SET agent_name = 'Bici', persona_prompt = 'Helpful.',"
           " system_prompt = NULL, voice_personality = 'friendly', language_confidence = 0.8,"
           " llm_model = NULL, max_tokens = 500, emergency_words = '{}', voices = '{}',"
           " voice_greeting_message = '{}', voice_end_call_message = '{}',"
           " transfer_message = '{}', realtime_voice = 'alloy', speech = NULL,"
           " silence_ms = 500, twilio_voice = 'alice', twilio_language = 'en-US'");
    return failed;
}

static t_answer_t change(const char *type, const char *method, const char *role,
                         const char *body)
{
    return t_ask(
        &(t_ask_t){.type = type,
                   .method = method,
                   .body = body,
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

static t_answer_t put_agent(const char *body)
{
    return change(AGENT, "PUT", "manager", body);
}

static t_answer_t put_voice(const char *body)
{
    return change(VOICE, "POST", "manager", body);
}

static const char *agent_of(const char *organization)
{
    return t_sqlf("SELECT concat_ws('|', agent_name, persona_prompt, system_prompt,"
                  "    voice_personality, llm_model, max_tokens) FROM agent_configs"
                  "  WHERE organization_id = '%s'",
                  organization);
}

/* ---------------------------------------------------------------- the next call */

static const va_json_t *next_call(void)
{
    t_sqlf("INSERT INTO calls (organization_id, customer_id, status, twilio_call_sid)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', 'in_progress', '" CALL "')");
    return t_briefing(CALL);
}

static const char *told(const va_json_t *briefing, const char *pointer)
{
    return wk_strdup(t_ctx.arena, va_json_scalar(va_json_pointer(briefing, va_str_c(pointer))));
}

static void the_next_call_has_the_agent(void **state)
{
    (void)state;
    t_answer_t a = put_agent(
        "{\"agent_name\":\"Lina\",\"persona_prompt\":\"Speak of bicycles.\","
        "\"voice_personality\":\"casual\",\"llm_model\":\"gpt-4.1\",\"max_tokens\":3e2,"
        "\"emergency_words\":{\"en\":[\"battery smoke\"]},"
        "\"lead_questions\":[{\"question_text\":\"Which bike is it?\","
        "\"translations\":{\"fr\":\"Quel velo?\"}},"
        "{\"question_text\":\"Where do we write to?\",\"expected_format\":\"email\","
        "\"is_required\":false}]}");
    assert_status(&a, 200);
    const va_json_t *call = next_call();
    const char *instructions = told(call, "/instructions");
    assert_has(instructions, "You are Lina,");
    assert_has(instructions, "Speak of bicycles.");
    assert_has(instructions, "Be relaxed and informal.");
    assert_has(instructions, "- Which bike is it? (any words)\n"
                             "- Where do we write to? (an e-mail address, optional)");
    assert_string_equal(told(call, "/chat_model"), "gpt-4.1");
    assert_string_equal(told(call, "/chat_tokens"), "300");
    assert_string_equal(told(call, "/emergency_words/en/0"), "battery smoke");
    assert_string_equal(agent_of(UPTOWN), "Bici|Helpful.|friendly|500");
}

static void the_next_call_has_the_voice(void **state)
{
    (void)state;
    t_answer_t a =
        put_voice("{\"voices\":{\"en\":\"aura-2-thalia-en\",\"fr\":\"21m00Tcm4TlvDq8ikWAM\"},"
                  "\"speech\":\"elevenlabs\",\"realtime_voice\":\"marin\",\"silence_ms\":700,"
                  "\"engines\":[\"realtime\",\"gather\"],"
                  "\"voice_greeting_message\":{\"en\":\"{hello} Here is {shop}.\"}}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/voice/engines/1"), "gather");
    const va_json_t *call = next_call();
    assert_string_equal(told(call, "/voices/fr"), "21m00Tcm4TlvDq8ikWAM");
    assert_string_equal(told(call, "/speech"), "elevenlabs");
    assert_string_equal(told(call, "/voice"), "marin");
    assert_string_equal(told(call, "/silence_ms"), "700");
    assert_string_equal(told(call, "/next_engine"), "gather");
    assert_has(told(call, "/greeting"), "! Here is Bici Downtown.");
}

/* Those of before are another service's. */
static void who_speaks_changes_without_the_voices_of_before(void **state)
{
    static const char kept[] = "SELECT concat_ws(' ', speech, voices) FROM agent_configs"
                               " WHERE organization_id = '" DOWNTOWN "'";
    (void)state;
    t_answer_t a =
        put_voice("{\"speech\":\"elevenlabs\",\"voices\":{\"en\":\"21m00Tcm4TlvDq8ikWAM\"}}");
    assert_status(&a, 200);
    a = put_voice("{\"speech\":\"elevenlabs\",\"silence_ms\":700}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept), "elevenlabs {\"en\": \"21m00Tcm4TlvDq8ikWAM\"}");
    a = put_voice("{\"speech\":\"openai\"}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept), "openai {}");
    a = put_voice("{\"voices\":{\"en\":\"marin\"}}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept), "openai {\"en\": \"marin\"}");
    a = put_voice("{\"speech\":null}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept), "{}");
}

/* In a language without one the catalogue's words are said. */
static void a_greeting_is_of_its_language(void **state)
{
    (void)state;
    t_answer_t a = put_voice("{\"voice_greeting_message\":{\"en\":\"Here is {shop}.\"}}");
    assert_status(&a, 200);
    t_sqlf("UPDATE organizations SET language = 'fr' WHERE id = '" DOWNTOWN "'");
    const char *greeting = told(next_call(), "/greeting");
    assert_has_not(greeting, "Here is");
    assert_has(greeting, "Bici Downtown");
}

/* ---------------------------------------------------------------- what is kept */

static void the_chats_greeting_is_by_language(void **state)
{
    (void)state;
    t_answer_t a = put_agent("{\"welcome_message\":{\"en\":\"Hi!\",\"fr\":\"Salut!\"}}");
    assert_status(&a, 200);
    a = put_agent("{\"welcomeMessage\":\"Hello!\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/config/welcome_message/en"), "Hello!");
    assert_string_equal(t_text(&a, "/config/welcome_message/fr"), "Salut!");
    a = put_agent("{\"welcome_message\":{\"en\":\"Hi {name}!\"}}");
    assert_error(&a, 400, "bad_request");
}

static void what_is_left_out_stays(void **state)
{
    (void)state;
    t_answer_t a = put_agent("{\"system_prompt\":\"Be brief.\",\"agentName\":\"Lina\"}");
    assert_status(&a, 200);
    a = change(AGENT, "POST", "admin", "{\"max_tokens\":200}");
    assert_status(&a, 200);
    assert_string_equal(agent_of(DOWNTOWN), "Lina|Helpful.|Be brief.|friendly|200");
    a = put_agent("{\"system_prompt\":null}");
    assert_status(&a, 200);
    assert_string_equal(agent_of(DOWNTOWN), "Lina|Helpful.|friendly|200");
    t_answer_t seen = t_get(AGENT, "/api/config", NULL);
    assert_string_equal(t_text(&seen, "/config/agent_name"), "Lina");
    assert_string_equal(t_text(&seen, "/config/system_prompt"), "null");
    assert_int_equal(t_count(&seen, "/config/languages"), 2);
    assert_string_equal(
        t_sqlf("SELECT string_agg(concat_ws(' ', action, entity, data), ', ' ORDER BY id)"
               "  FROM audit_log WHERE data ? 'max_tokens'"),
        "settings_changed config {\"max_tokens\": true}");
}

/* As the documents name them: one text, in the shop's language. */
static void one_text_is_that_of_the_shops_language(void **state)
{
    static const char kept[] = "SELECT concat_ws(' ', voice_end_call_message, twilio_voice,"
                               "                 twilio_language) FROM agent_configs"
                               " WHERE organization_id = '" DOWNTOWN "'";
    (void)state;
    t_answer_t a = put_voice("{\"voice_end_call_message\":{\"fr\":\"Au revoir\"}}");
    assert_status(&a, 200);
    a = put_voice("{\"voiceEndCallMessage\":\"Bye\",\"twilioVoice\":\"Polly.Joanna-Neural\","
                  "\"twilioLanguage\":\"en-CA\"}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept),
                        "{\"en\": \"Bye\", \"fr\": \"Au revoir\"} Polly.Joanna-Neural en-CA");
}

static void languages_have_the_shops_own(void **state)
{
    static const char kept[] = "SELECT concat_ws(' ', language, languages) FROM organizations"
                               " WHERE id = '" DOWNTOWN "'";
    (void)state;
    t_answer_t a = put_agent("{\"language\":\"fr\",\"languages\":[\"fr\",\"es\"]}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf(kept), "fr {fr,es}");
    a = put_agent("{\"languages\":[\"es\"],\"agent_name\":\"Lina\"}");
    assert_error(&a, 400, "bad_request");
    a = put_agent("{\"language\":\"en\"}");
    assert_error(&a, 400, "bad_request");
    assert_string_equal(t_sqlf(kept), "fr {fr,es}");
    assert_string_equal(agent_of(DOWNTOWN), "Bici|Helpful.|friendly|500");
}

static void questions_are_asked_in_their_order(void **state)
{
    (void)state;
    t_answer_t a = put_agent("{\"lead_questions\":["
                             "{\"question_text\":\"Name?\",\"maps_to_lead_field\":\"name\"},"
                             "{\"question_text\":\"Is anybody hurt?\","
                             "\"is_essential_for_emergency\":true}]}");
    assert_status(&a, 200);
    const char *id = t_text(&a, "/config/lead_questions/0/id");
    a = put_agent(wk_printf(t_ctx.arena,
                            "{\"lead_questions\":[{\"question_text\":\"Where?\"},"
                            "{\"id\":\"%s\",\"question_text\":\"Your name?\"}]}",
                            id)
                      .data);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/config/lead_questions/0/question_text"), "Where?");
    assert_string_equal(t_text(&a, "/config/lead_questions/1/id"), id);
    assert_string_equal(t_text(&a, "/config/lead_questions/1/position"), "2");
    a = put_agent("{\"lead_questions\":[]}");
    assert_status(&a, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM lead_questions"), 0);
}

#define QUESTION "{\"question_text\":\"Why?\"}"

static void more_questions_are_a_plans(void **state)
{
    static const char five[] = "{\"lead_questions\":[" QUESTION "," QUESTION "," QUESTION
                               "," QUESTION "," QUESTION "]}",
                      six[] =
                          "{\"agent_name\":\"Lina\",\"lead_questions\":[" QUESTION "," QUESTION
                          "," QUESTION "," QUESTION "," QUESTION "," QUESTION "]}";
    (void)state;
    t_sqlf("UPDATE organizations SET plan = 'FREE' WHERE id = '" DOWNTOWN "'");
    t_answer_t a = put_agent(five);
    assert_status(&a, 200);
    a = put_agent(six);
    assert_error(&a, 403, "plan");
    assert_string_equal(t_text(&a, "/requiredPlan"), "BASIC");
    assert_string_equal(agent_of(DOWNTOWN), "Bici|Helpful.|friendly|500");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM lead_questions"), 5);
    t_sqlf("UPDATE organizations SET plan = 'BASIC' WHERE id = '" DOWNTOWN "'");
    a = put_agent(six);
    assert_status(&a, 200);
}

/* ---------------------------------------------------------------- what is refused */

static void assert_refused(const char *type, const char *const *bodies, size_t n)
{
    const char *before = t_sqlf(EVERYTHING);
    for (size_t i = 0; i < n; i++) {
        t_answer_t a = change(type, "POST", "admin", bodies[i]);
        if (a.status != 400) {
            fail_msg("%d for %s", a.status, bodies[i]);
        }
    }
    assert_string_equal(t_sqlf(EVERYTHING), before);
}

static void what_is_no_agent_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"voices\":{}}",
        "{\"agent_name\":\"Lina\",\"odd\":1}",
        "{\"agent_name\":\"Lina\",\"agentName\":\"Max\"}",
        "{\"agent_name\":\"Lina\",\"agent_name\":\"Max\"}",
        "{\"agent_name\":\"\"}",
        "{\"agent_name\":\" \\n\"}",
        "{\"agent_name\":null}",
        "{\"agent_name\":7}",
        "{\"agent_name\":\"a\\u0000b\"}",
        "{\"voice_personality\":\"rude\"}",
        "{\"language\":\"xx\"}",
        "{\"language\":\"FR\"}",
        "{\"languages\":[]}",
        "{\"languages\":[\"en\",\"en\"]}",
        "{\"languages\":[\"en\",\"xx\"]}",
        "{\"languages\":\"en\"}",
        "{\"language_detection\":1}",
        "{\"language_confidence\":1.1}",
        "{\"max_tokens\":0}",
        "{\"max_tokens\":4097}",
        "{\"max_tokens\":1.5}",
        "{\"llm_model\":\"two words\"}",
        "{\"emergency_words\":{\"xx\":[\"fire\"]}}",
        "{\"emergency_words\":{\"en\":\"fire\"}}",
        "{\"emergency_words\":{\"en\":[\"\"]}}",
        "{\"lead_questions\":{}}",
        "{\"lead_questions\":[\"Why?\"]}",
        "{\"lead_questions\":[{}]}",
        "{\"lead_questions\":[{\"question_text\":\"\"}]}",
        "{\"lead_questions\":[{\"question_text\":\"Why?\",\"order\":1}]}",
        "{\"lead_questions\":[{\"question_text\":\"Why?\",\"id\":\"1\"}]}",
        "{\"lead_questions\":[{\"question_text\":\"Why?\",\"expected_format\":\"date\"}]}",
        "{\"lead_questions\":[{\"question_text\":\"Why?\",\"translations\":{\"xx\":\"?\"}}]}",
        "{\"lead_questions\":[{\"question_text\":\"Why?\",\"is_required\":\"no\"}]}",
        "{\"agent_name\":\"Lina\",\"lead_questions\":[{\"question_text\":\"A\",\"id\":\"" ID
        "\"},{\"question_text\":\"B\",\"id\":\"" ID "\"}]}",
    };
    (void)state;
    assert_refused(AGENT, wrong, sizeof(wrong) / sizeof(*wrong));
    t_answer_t a = put_agent("{\"agent_name\":\"\"}");
    assert_string_equal(t_text(&a, "/error/message"),
                        "agent_name must be one line of 1 to 100 bytes.");
}

static void what_is_no_voice_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"agent_name\":\"Lina\"}",
        "{\"voices\":[]}",
        "{\"voices\":\"alloy\"}",
        "{\"voices\":{\"xx\":\"alloy\"}}",
        "{\"voices\":{\"en\":\"two words\"}}",
        "{\"voices\":{\"en\":\"\"}}",
        "{\"voices\":{\"en\":\"a?b\"}}",
        "{\"voices\":{\"en\":7}}",
        "{\"voices\":{\"en\":\"alloy\"},\"volume\":1}",
        "{\"realtime_voice\":null}",
        "{\"twilio_voice\":\"<Say>\"}",
        "{\"twilio_language\":\"english\"}",
        "{\"twilio_language\":\"en-\"}",
        "{\"twilio_language\":\"en--US\"}",
        "{\"twilio_language\":\"en_US\"}",
        "{\"speech\":\"nobody\"}",
        "{\"silence_ms\":99}",
        "{\"engines\":[]}",
        "{\"engines\":[\"nobody\"]}",
        "{\"engines\":[\"realtime\",\"realtime\"]}",
        "{\"voice_greeting_message\":\"\"}",
        "{\"voice_greeting_message\":\"Hi {name}!\"}",
        "{\"voice_greeting_message\":\"Hi {shop\"}",
        "{\"voice_greeting_message\":{\"en\":\"{hello} {{shop}}\"}}",
        "{\"transfer_message\":\"{shop} is ringing\"}",
        "{\"voice_greeting_message\":{\"en\":\"\"}}",
        "{\"voice_greeting_message\":{\"xx\":\"Hi\"}}",
        "{\"transfer_message\":{\"en\":\"One moment\",\"fr\":7}}",
    };
    (void)state;
    assert_refused(VOICE, wrong, sizeof(wrong) / sizeof(*wrong));
}

static void they_are_managers(void **state)
{
    static const char *const types[] = {AGENT, VOICE};
    static const char *const bodies[] = {"{\"agent_name\":\"Lina\"}",
                                         "{\"realtime_voice\":\"marin\"}"};
    const char *before = t_sqlf(EVERYTHING);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        t_answer_t a = change(types[i], "POST", "staff", bodies[i]);
        assert_error(&a, 403, "role");
        a = change(types[i], "POST", "service_tech", bodies[i]);
        assert_error(&a, 403, "role");
        a = t_get_as(JOHN, DOWNTOWN, "staff", types[i], "/api/config", NULL);
        assert_error(&a, 403, "role");
    }
    assert_string_equal(t_sqlf(EVERYTHING), before);
}

/* Of the shop of the token alone, and it sees nothing of another's. */
static void each_shop_has_its_own(void **state)
{
    (void)state;
    t_answer_t a = put_agent("{\"agent_name\":\"Lina\",\"lead_questions\":[{\"id\":\"" ID
                             "\",\"question_text\":\"Why?\"}]}");
    assert_status(&a, 200);
    a = t_ask(&(t_ask_t){.type = AGENT,
                         .method = "PUT",
                         .body = "{\"lead_questions\":[{\"id\":\"" ID
                                 "\",\"question_text\":\"How?\"}]}",
                         .claims = t_claims(UMA, UPTOWN, "admin"),
                         .org = UPTOWN});
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/config/agent_name"), "Bici");
    assert_int_equal(t_count(&a, "/config/lead_questions"), 1);
    assert_string_equal(t_sqlf("SELECT question_text FROM lead_questions"
                               " WHERE organization_id = '" DOWNTOWN "'"),
                        "Why?");
}

static void the_voice_is_a_plans(void **state)
{
    (void)state;
    t_answer_t a = t_get_as(UMA, UPTOWN, "admin", VOICE, "/api/admin/config/voice", NULL);
    assert_error(&a, 403, "plan");
    assert_string_equal(t_text(&a, "/currentPlan"), "BASIC");
    assert_string_equal(t_text(&a, "/requiredPlan"), "PRO");
    assert_has(t_text(&a, "/upgradeUrl"), "/admin/upgrade");
    t_sqlf("UPDATE organizations SET plan = 'BASIC' WHERE id = '" DOWNTOWN "'");
    a = put_voice("{\"realtime_voice\":\"marin\"}");
    assert_error(&a, 403, "plan");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM agent_configs WHERE realtime_voice = 'marin'"), 0);
}

/* A job whose worker died is done again: nothing of what was chosen since is undone. */
static void a_change_that_is_done_again_changes_nothing(void **state)
{
    const t_ask_t ask = {.type = AGENT,
                         .id = "late",
                         .method = "PUT",
                         .body = "{\"agent_name\":\"Old\"}",
                         .claims = t_claims(DANA, DOWNTOWN, "admin"),
                         .org = DOWNTOWN};
    (void)state;
    t_answer_t a = t_ask(&ask);
    assert_status(&a, 200);
    a = put_agent("{\"agent_name\":\"New\"}");
    assert_status(&a, 200);
    a = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/config/agent_name"), "New");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_call_has_the_agent),
        cmocka_unit_test(the_next_call_has_the_voice),
        cmocka_unit_test(who_speaks_changes_without_the_voices_of_before),
        cmocka_unit_test(a_greeting_is_of_its_language),
        cmocka_unit_test(the_chats_greeting_is_by_language),
        cmocka_unit_test(what_is_left_out_stays),
        cmocka_unit_test(one_text_is_that_of_the_shops_language),
        cmocka_unit_test(languages_have_the_shops_own),
        cmocka_unit_test(questions_are_asked_in_their_order),
        cmocka_unit_test(more_questions_are_a_plans),
        cmocka_unit_test(what_is_no_agent_changes_nothing),
        cmocka_unit_test(what_is_no_voice_changes_nothing),
        cmocka_unit_test(they_are_managers),
        cmocka_unit_test(each_shop_has_its_own),
        cmocka_unit_test(the_voice_is_a_plans),
        cmocka_unit_test(a_change_that_is_done_again_changes_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
