/*
 * Calls where something is odd: nobody vouches for the caller, a document of ours is refused,
 * Redis loses the call, the caller has hung up before he is answered.
 */
#include "t/handlers/lib/texts.h"
#include "worker/agent/context.h"
#include "worker/call_token.h"

#define SID "CA0123456789abcdef0123456789abcdef"

static char secret[] = "an internal secret of the tests alone";

static int setup(void **state)
{
    int result = t_texts_setup(state);
    t_config.internal_secret = secret;
    t_config.openai_api_key = t_config.elevenlabs_api_key = NULL;
    t_sqlf(
        "DELETE FROM calls; DELETE FROM call_status_events;"
        "UPDATE organizations SET hours = (SELECT jsonb_object_agg(d,"
        "    '{\"open\":\"00:00\",\"close\":\"24:00\"}'::jsonb) FROM unnest('{monday,tuesday,"
        "wednesday,thursday,friday,saturday,sunday}'::text[]) d) WHERE id = '" DOWNTOWN "';"
        "UPDATE customers SET conversation_summary = 'He spoke of his divorce.'"
        " WHERE id = '" JOHN "'");
    return result;
}

/* ---------------------------------------------------------------- requests */

static const char *query(int turn, int errors)
{
    va_str_t token;
    assert_ok(wk_call_token_mint(&t_config, t_ctx.arena, VA_TOKEN_CALL, VA_STR(SID),
                                 VA_STR(DOWNTOWN), 0, 3600, &token, &t_e));
    return wk_printf(t_ctx.arena, "c=%.*s&n=%d&l=en&s=0&e=%d", (int)token.len, token.data, turn,
                     errors)
        .data;
}

static t_answer_t post(const char *type, const char *args, const char *more)
{
    const char *body = wk_printf(t_ctx.arena,
                                 "CallSid=" SID "&From=%%2B14165559876&To=%%2B14165550001"
                                 "&Direction=inbound%s",
                                 more)
                           .data;
    return t_ask(&(t_ask_t){.type = type,
                            .scheme = "twilio",
                            .content_type = "application/x-www-form-urlencoded",
                            .args = args,
                            .body = body});
}

static const char *document(const char *type, const char *args, const char *more)
{
    t_answer_t a = post(type, args, more);
    assert_status(&a, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

static const char *ring(const char *more)
{
    return document("phone.incoming", "", more);
}

static const char *say(int turn, const char *words)
{
    return document("phone.turn", query(turn, 0),
                    wk_printf(t_ctx.arena, "&SpeechResult=%s", words).data);
}

#define ATTESTED "&StirVerstat=TN-Validation-Passed-A"

/* ---------------------------------------------------------------- who calls */

static void nobody_vouches_for_what_was_forwarded_from_no_number(void **state)
{
    (void)state;
    assert_has_not(ring(ATTESTED "&ForwardedFrom=Restricted"), "John");
    assert_has_not(say(1, "Where+is+my+order+1042%3F"), "shipped");
    assert_has_not(say(2, "hello"), "John");
}

static void his_own_number_is_vouched_for(void **state)
{
    (void)state;
    assert_has(ring(ATTESTED), "John");
    assert_has(say(1, "Where+is+my+order+1042%3F"), "shipped");
}

typedef struct {
    wk_assurance_t level;
    va_str_t call;
    const char *told; /* instructions and thread */
} told_t;

static bool read_told(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    told_t *t = arg;
    wk_context_t context;
    wk_arena_t *a = wk_tx_arena(tx);
    const wk_catalogue_t *c = wk_catalogue(&t_config, e);
    wk_tool_caller_t caller = {
        .level = t->level, .call = t->call, .phone = VA_STR(JOHN_NUMBER), .channel = "voice"};
    if (!wk_context_read(tx, VA_STR(JOHN), &caller, &context, e)) {
        return false;
    }
    va_str_t text = wk_context_messages(a, c, wk_catalogue_pick(c, VA_STR("en"), VA_STR_NULL),
                                        &context, "voice", VA_STR("hi"), WK_CONTEXT_TOKENS);
    t->told = wk_strdup(t_ctx.arena, text);
    return true;
}

static const char *told_to_model(wk_assurance_t level)
{
    told_t t = {.level = level, .call = va_str_c(t_sqlf("SELECT id FROM calls"))};
    assert_ok(wk_tx(t_ctx.db, t_ctx.arena, VA_STR(DOWNTOWN), 0, read_told, &t, &t_e));
    return t.told;
}

static void a_model_is_told_of_a_customer_only_when_it_is_he(void **state)
{
    (void)state;
    t_say(JOHN_NUMBER, "My secret is a red bike");
    ring("");
    say(1, "When+are+you+open%3F");
    const char *known = told_to_model(WK_LEVEL_PHONE);
    assert_has(known, "John Tremblay");
    assert_has(known, "divorce");
    assert_has(known, "red bike");
    const char *anybody = told_to_model(WK_LEVEL_ANYBODY);
    assert_has_not(anybody, "John Tremblay");
    assert_has_not(anybody, "divorce");
    assert_has_not(anybody, "red bike");
    assert_has(anybody, "When are you open?");
}

/* ---------------------------------------------------------------- documents that are refused
 */

static const char *fall_back(const char *failed, const char *args)
{
    va_buf_t more;
    va_buf_init(&more, wk_mem(t_ctx.arena), 512);
    va_buf_add_c(&more, "&ErrorCode=11200");
    const char *url =
        wk_printf(t_ctx.arena, "https://a.example/api/voice/%s?%s", failed, args).data;
    va_form_add(&more, VA_STR("ErrorUrl"), va_str_c(url));
    return document("phone.error", "", wk_strdup(t_ctx.arena, va_buf_str(&more)));
}

static void the_carriers_fallback_goes_on_behind_the_last_answer(void **state)
{
    (void)state;
    ring(ATTESTED);
    say(1, "When+are+you+open%3F");
    say(2, "Where+are+you%3F");
    assert_has(fall_back("handle-speech", query(1, 0)), "&amp;n=3&amp;");
    assert_has(fall_back("handle-speech", query(2, 0)), "&amp;n=3&amp;l=en&amp;s=0&amp;e=1");
    assert_has(fall_back("handle-speech", query(3, 1)), "<Dial ");
}

static void a_call_whose_first_document_is_refused_begins_anew_once(void **state)
{
    (void)state;
    assert_has(fall_back("incoming", ""), "/api/voice/incoming?e=1</Redirect>");
    assert_has(fall_back("incoming", "e=1"), "<Hangup/>");
}

/* What will fail each time is no reason to end the call. */
static void a_turn_that_cannot_be_answered_goes_to_handle_error(void **state)
{
    (void)state;
    ring(ATTESTED);
    t_sqlf("REVOKE INSERT ON messages FROM va_app");
    const char *lasting = say(1, "hello");
    t_sqlf("GRANT INSERT ON messages TO va_app");
    assert_has(lasting, "/api/voice/handle-error?");
    assert_has_not(lasting, "Hangup");
    assert_has(say(1, "hello"), "<Gather");
}

static void who_has_no_right_token_hears_an_apology(void **state)
{
    (void)state;
    ring(ATTESTED);
    const char *refused = document("phone.turn", "c=v1.x.y&n=1&l=en&s=0&e=0", "");
    assert_has(refused, "not in service");
    assert_has(refused, "Hangup");
}

static void a_state_that_is_lost_is_begun_behind_the_last_answer(void **state)
{
    (void)state;
    ring(ATTESTED);
    say(1, "When+are+you+open%3F");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    assert_has(document("phone.resume", query(7, 0), ""), "&amp;n=2&amp;");
}

/* ---------------------------------------------------------------- handed over */

static void a_call_the_platform_takes_has_a_way_back(void **state)
{
    (void)state;
    t_elevenlabs();
    t_sqlf("UPDATE organizations SET plan = 'PRO', engines = '{elevenlabs}'"
           " WHERE id = '" DOWNTOWN "'");
    const char *twiml = ring(ATTESTED);
    t_sqlf("UPDATE organizations SET engines = '{receptionist}' WHERE id = '" DOWNTOWN "'");
    assert_has(twiml, "<Connect><Stream url=");
    assert_has(strstr(twiml, "</Connect>"), "/api/voice/resume?");
    assert_has_not(twiml, "<Gather");
}

/* ---------------------------------------------------------------- ends */

static void a_turn_that_is_answered_too_late_takes_no_slot(void **state)
{
    (void)state;
    ring(ATTESTED);
    assert_int_equal(t_redis_int(t_ctx.redis, "ZCARD va:voice:org:{" DOWNTOWN "}"), 1);
    t_answer_t a = post("call_status.store", "", "&CallStatus=completed&SequenceNumber=3");
    assert_done(&a);
    assert_has(say(1, "I+want+to+talk+to+a+human"), "<Dial ");
    assert_int_equal(t_redis_int(t_ctx.redis, "ZCARD va:voice:org:{" DOWNTOWN "}"), 0);
}

/* Nothing is paid for a leg that nobody answered, whatever one costs. */
static void a_leg_that_nobody_answers_leaves_the_cost_known(void **state)
{
    (void)state;
    t_config.price_telephony_in = "0.01";
    t_config.price_receptionist = "0";
    t_config.price_telephony_out = NULL;
    ring(ATTESTED);
    say(1, "A+person+please%2C+my+chain+squeaks");
    t_sqlf("UPDATE calls SET concluded_at = now(), duration_seconds = 200, engine = "
           "'receptionist'");
    document("phone.transfer", query(2, 0), "&DialCallStatus=no-answer&DialCallDuration=0");
    assert_string_equal(
        t_sqlf("SELECT concat_ws(' ', costs ? 'transfer', cost_usd) FROM calls"), "f 0.040000");
}

/* Two legs, of which the second is told again, and behind the end of the call. */
static void legs_to_people_cost_what_calls_cost(void **state)
{
    (void)state;
    t_config.price_telephony_in = "0";
    t_config.price_receptionist = "0";
    t_config.price_telephony_out = "0.014";
    ring(ATTESTED);
    say(1, "A+person+please%2C+my+chain+squeaks");
    document("phone.transfer", query(2, 0), "&DialCallStatus=completed&DialCallDuration=61");
    say(3, "I+want+a+human+because+of+the+saddle");
    t_sqlf("UPDATE calls SET concluded_at = now(), duration_seconds = 200, engine = "
           "'receptionist'");
    document("phone.transfer", query(4, 0), "&DialCallStatus=completed&DialCallDuration=7");
    document("phone.transfer", query(4, 0), "&DialCallStatus=completed&DialCallDuration=7");
    assert_string_equal(t_sqlf("SELECT (costs ->> 'transfer') || ' ' || cost_usd FROM calls"),
                        "0.042000 0.042000");
    t_sqlf("UPDATE calls SET metadata = metadata - 'dialed'");
    document("phone.transfer", query(6, 0), "&DialCallStatus=no-answer&DialCallDuration=soon");
    assert_string_equal(t_sqlf("SELECT metadata ? 'dialed' FROM calls"), "f");
}

static void whoever_is_rung_second_hears_why(void **state)
{
    (void)state;
    ring(ATTESTED);
    assert_has(say(1, "A+person+please%2C+my+chain+squeaks"), "<Dial ");
    assert_has(document("phone.transfer", query(2, 0), "&DialCallStatus=no-answer"),
               "<Gather ");
    assert_string_equal(
        t_sqlf("SELECT (metadata ? 'rung') || ' ' || (metadata ? 'accepted') FROM calls"),
        "true false");
    assert_has(say(3, "I+want+a+human+because+of+the+saddle"), "<Dial ");
    const char *whisper = document("phone.whisper", query(4, 0), "");
    assert_has(whisper, "saddle");
    assert_has_not(whisper, "squeaks");
}

/* The data of a person are erased while he is on the phone: what he says now still counts. */
static void who_was_erased_is_helped_all_the_same(void **state)
{
    (void)state;
    ring(ATTESTED);
    t_sqlf("UPDATE organizations SET business_type = 'plumber' WHERE id = '" DOWNTOWN "';"
           "DELETE FROM messages; DELETE FROM customers WHERE id = '" JOHN "'");
    say(1, "There+is+a+gas+leak+and+I+smell+gas");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'emergency'"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects WHERE key LIKE 'page:%%'"), 1);
}

/* He is put through behind any answer; people get what he said too, should nobody take it. */
static void who_is_in_danger_is_put_through_when_he_asks(void **state)
{
    static const char *const wishes[] = {"&Digits=0", "&SpeechResult=agent"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        ring(ATTESTED);
        t_sqlf("UPDATE organizations SET business_type = 'plumber' WHERE id = '" DOWNTOWN "'");
        say(1 + 2 * i, "There+is+a+gas+leak+and+I+smell+gas");
        assert_has(document("phone.turn", query(2 + 2 * i, 0), wishes[i]), "<Dial ");
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'message'"),
                         i + 1);
    }
}

/* ---------------------------------------------------------------- forms of strangers */

static void a_caller_whose_name_is_no_text_is_served(void **state)
{
    (void)state;
    assert_has(ring(ATTESTED "&CallerName=Ren%E9%00"), "<Gather");
    assert_string_equal(t_sqlf("SELECT caller_name FROM calls"), "Ren\xef\xbf\xbd\xef\xbf\xbd");
    assert_has(say(1, "Where+is+my+order+1042%3F&SipHeader_X-A=%FF%00"), "shipped");
}

/* More pairs than a form may have. */
static const char *too_many(void)
{
    va_buf_t more;
    va_buf_init(&more, wk_mem(t_ctx.arena), 8192);
    for (int i = 0; i <= VA_FORM_MAX_PAIRS; i++) {
        va_buf_add_c(&more, "&a=1");
    }
    return wk_strdup(t_ctx.arena, va_buf_str(&more));
}

static const char *const nonsense[] = {"CallSid=%E9",
                                       "CallSid=" SID "%00",
                                       "CallSid=" SID "&From=%E9&To=%00",
                                       "CallSid=" SID "&To=%2B14165550001%00",
                                       "MessageSid=SM%00&To=%2B14165550001&Body=%E9",
                                       "%E9%00=%E9%00",
                                       "\x80\xff=\xc3(&&==&%",
                                       "&",
                                       NULL};

static bool is_a_document(const char *type)
{
    return strncmp(type, "phone.", 6) == 0 && strcmp(type, "phone.answered_by") != 0 &&
           strcmp(type, "phone.stream_status") != 0;
}

/* A document for who waits for one; nothing is tried again. */
static void post_nonsense(const char *type, const char *args, const char *body)
{
    t_answer_t a = t_ask(&(t_ask_t){.type = type,
                                    .scheme = "twilio",
                                    .content_type = "application/x-www-form-urlencoded",
                                    .args = args,
                                    .body = body});
    assert_int_not_equal(a.end.how, WK_END_RETRY);
    if (is_a_document(type)) {
        assert_status(&a, 200);
        assert_has(wk_strdup(t_ctx.arena, a.body), "</Response>");
    }
}

static void no_form_of_a_stranger_ends_a_process(void **state)
{
    static const char *const types[] = {
        "phone.incoming", "phone.outgoing",    "phone.turn",        "phone.error",
        "phone.accept",   "phone.whisper",     "phone.transfer",    "phone.resume",
        "phone.held",     "phone.voicemail",   "phone.answered_by", "phone.stream_status",
        "sms.receive",    "call_status.store", "sms_status.store",  NULL};
    (void)state;
    for (const char *const *type = types; *type != NULL; type++) {
        const char *args[] = {"", query(1, 0), "c=%E9&l=%00&n=x&e=%FF&o=%E9"};
        for (size_t i = 0; i < sizeof(args) / sizeof(*args); i++) {
            for (const char *const *body = nonsense; *body != NULL; body++) {
                post_nonsense(*type, args[i], *body);
            }
            post_nonsense(*type, args[i], too_many());
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_vouches_for_what_was_forwarded_from_no_number),
        cmocka_unit_test(his_own_number_is_vouched_for),
        cmocka_unit_test(a_model_is_told_of_a_customer_only_when_it_is_he),
        cmocka_unit_test(the_carriers_fallback_goes_on_behind_the_last_answer),
        cmocka_unit_test(a_call_whose_first_document_is_refused_begins_anew_once),
        cmocka_unit_test(a_turn_that_cannot_be_answered_goes_to_handle_error),
        cmocka_unit_test(who_has_no_right_token_hears_an_apology),
        cmocka_unit_test(a_state_that_is_lost_is_begun_behind_the_last_answer),
        cmocka_unit_test(a_call_the_platform_takes_has_a_way_back),
        cmocka_unit_test(a_turn_that_is_answered_too_late_takes_no_slot),
        cmocka_unit_test(a_leg_that_nobody_answers_leaves_the_cost_known),
        cmocka_unit_test(legs_to_people_cost_what_calls_cost),
        cmocka_unit_test(whoever_is_rung_second_hears_why),
        cmocka_unit_test(who_was_erased_is_helped_all_the_same),
        cmocka_unit_test(who_is_in_danger_is_put_through_when_he_asks),
        cmocka_unit_test(a_caller_whose_name_is_no_text_is_served),
        cmocka_unit_test(no_form_of_a_stranger_ends_a_process),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
