/* sms.receive and sms_status.store: what a customer hears, and what is kept of it. */
#include <stdio.h>

#include "t/handlers/lib/texts.h"
#include "worker/agent/sms_segments.h"
#include "worker/providers/twilio.h"

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

/* Every word that came in or went out, wherever it is kept. */
static const char *every_word_kept(void)
{
    return t_sqlf(
        "SELECT concat_ws('|', (SELECT string_agg(content, '|') FROM messages),"
        "    (SELECT string_agg(data ->> 'message', '|') FROM outbox),"
        "    (SELECT string_agg(concat(title, body), '|') FROM tasks),"
        "    (SELECT string_agg(concat(request ->> 'body', result), '|') FROM effects),"
        "    (SELECT string_agg(concat(dialog_state, conversation_summary), '|')"
        "       FROM customers),"
        "    (SELECT string_agg(evidence, '|') FROM consents))");
}

static const char *events(void)
{
    return t_sqlf("SELECT string_agg(type, ' ' ORDER BY id) FROM outbox WHERE kind = 'event'");
}

/* ---------------------------------------------------------------- once */

static void what_is_sent_is_kept_with_its_segments(void **state)
{
    (void)state;
    const char *answer = t_say(STRANGER, "What are your hours?");
    assert_int_equal(
        t_sqlf_int(
            "SELECT segments FROM messages WHERE direction = 'outbound' AND channel = 'sms'"),
        wk_sms_segments(va_str_c(answer)));
}

static void a_text_is_stored_and_answered(void **state)
{
    (void)state;
    const char *sid = t_text_sid();
    t_answer_t a =
        t_deliver(&(t_text_t){.sid = sid, .from = STRANGER, .body = "What are your hours?"});
    assert_done(&a);
    assert_int_equal(a.status, 0); /* nobody waits: nginx has answered */
    assert_has(t_answer_to(sid), "8:00 AM to 6:00 PM");
    assert_int_equal(t_twilio_sent(STRANGER), 1);
    assert_int_equal(count("messages WHERE direction = 'inbound' AND intent = 'hours'"), 1);
    assert_int_equal(count("messages WHERE direction = 'outbound' AND provider = 'twilio'"
                           " AND provider_message_id LIKE 'SM%%' AND NOT metadata ? 'sending'"),
                     1);
    assert_int_equal(count("effects WHERE state = 'done' AND provider_id LIKE 'SM%%'"), 1);
    assert_string_equal(events(), "sms_received sms_sent");
    assert_int_equal(count("customers WHERE phone_number = '" STRANGER "' AND source = 'sms'"
                           " AND interaction_count = 1 AND last_contact_at IS NOT NULL"),
                     1);
}

static void a_repeated_delivery_changes_nothing(void **state)
{
    (void)state;
    const char *sid = t_text_sid();
    for (int i = 0; i < 3; i++) {
        t_answer_t a = t_deliver(&(t_text_t){.sid = sid, .from = STRANGER, .body = "Hello"});
        assert_done(&a);
    }
    assert_int_equal(t_twilio_sent(STRANGER), 1);
    assert_int_equal(count("messages"), 2);
    assert_int_equal(count("effects"), 1);
    assert_int_equal(count("customers WHERE interaction_count = 1"), 1);
    assert_string_equal(events(), "sms_received sms_sent");
}

/* People do write "yes" twice. */
static void equal_words_of_two_texts_are_answered_twice(void **state)
{
    (void)state;
    assert_string_not_equal(t_say(STRANGER, "Hello"), "");
    assert_string_not_equal(t_say(STRANGER, "Hello"), "");
    assert_int_equal(t_twilio_sent(STRANGER), 2);
}

static void the_answer_comes_from_the_number_written_to(void **state)
{
    (void)state;
    t_say(STRANGER, "Hello");
    assert_string_equal(t_sqlf("SELECT from_number || ' ' || to_number FROM messages"
                               " WHERE direction = 'outbound'"),
                        DOWNTOWN_NUMBER " " STRANGER);
}

/* ---------------------------------------------------------------- what is no text */

/* A stranger's bytes stand in it as the sign for what cannot be read. */
static void a_text_with_bytes_that_are_none_is_taken(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "sms.receive",
        .scheme = "twilio",
        .content_type = "application/x-www-form-urlencoded",
        .body = "MessageSid=SM1&Body=Hello%FF%00&From=%2B16475550123&To=%2B14165550001"});
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_string_equal(t_sqlf("SELECT content FROM messages WHERE direction = 'inbound'"),
                        "Hello\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void what_is_no_text_is_given_up_and_changes_nothing(void **state)
{
    static const char *const bodies[] = {
        "",
        "Body=Hello&From=%2B16475550123&To=%2B14165550001",
        "MessageSid=&Body=Hello&From=%2B16475550123&To=%2B14165550001",
        "MessageSid=SM%00x&Body=Hello&From=%2B16475550123&To=%2B14165550001",
        "MessageSid=SM%FF&Body=Hello&From=%2B16475550123&To=%2B14165550001",
        "{\"MessageSid\":\"SM1\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = t_ask(&(t_ask_t){.type = "sms.receive",
                                        .scheme = "twilio",
                                        .content_type = "application/x-www-form-urlencoded",
                                        .body = bodies[i]});
        assert_int_equal(a.end.how, WK_END_BURY);
    }
    assert_int_equal(count("messages"), 0);
    assert_int_equal(count("effects"), 0);
    assert_int_equal(t_twilio_requests("POST"), 0);
}

static void a_text_to_nobodys_number_is_noted_without_its_words(void **state)
{
    (void)state;
    t_answer_t a =
        t_deliver(&(t_text_t){.from = STRANGER, .to = "+14165550099", .body = "a secret word"});
    assert_done(&a);
    assert_int_equal(count("unrouted_events WHERE kind = 'number' AND type = 'sms.receive'"),
                     1);
    assert_has_not(t_sqlf("SELECT string_agg(u::text, ' ') FROM unrouted_events u"), "secret");
    assert_int_equal(count("messages"), 0);
    assert_int_equal(t_twilio_requests("POST"), 0);
}

/* ---------------------------------------------------------------- who writes */

static void a_short_code_is_kept_and_not_answered(void **state)
{
    static const char *const senders[] = {"12345", "BICI", "anonymous", "+266696687", ""};
    (void)state;
    for (size_t i = 0; i < sizeof(senders) / sizeof(*senders); i++) {
        assert_string_equal(t_say(senders[i], "Your code is 1234. What are your hours?"), "");
    }
    assert_int_equal(count("messages WHERE direction = 'inbound' AND customer_id IS NULL"), 5);
    assert_int_equal(count("customers"), 2);
    assert_int_equal(t_twilio_requests("POST"), 0);
}

/* Two receptionists would write to each other for ever. */
static void another_shops_number_is_not_answered(void **state)
{
    (void)state;
    assert_string_equal(t_say(UPTOWN_NUMBER, "Hello"), "");
    assert_int_equal(count("messages WHERE direction = 'inbound'"), 1);
    assert_int_equal(t_twilio_requests("POST"), 0);
}

static void pictures_are_kept_by_their_address(void **state)
{
    (void)state;
    const char *sid = t_text_sid();
    t_answer_t a = t_deliver(&(t_text_t){.sid = sid,
                                         .from = STRANGER,
                                         .body = "",
                                         .more = "&NumMedia=2&MediaUrl0=https%3A%2F%2Fm%2F0"
                                                 "&MediaContentType0=image%2Fjpeg"
                                                 "&MediaUrl1=https%3A%2F%2Fm%2F1"
                                                 "&MediaContentType1=image%2Fpng"});
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT media FROM messages WHERE direction = 'inbound'"),
                        "[{\"url\": \"https://m/0\", \"type\": \"image/jpeg\"}, "
                        "{\"url\": \"https://m/1\", \"type\": \"image/png\"}]");
    assert_string_not_equal(t_answer_to(sid), "");
    assert_string_equal(
        t_sqlf("SELECT data ->> 'numMedia' FROM outbox WHERE type = 'sms_received'"), "2");
}

/* ---------------------------------------------------------------- the carrier's words */

static void the_carriers_words_are_noted_and_never_answered(void **state)
{
    static const struct {
        const char *body, *more, *intent;
        const char *granted; /* "" nothing is noted */
    } words[] = {
        {"STOP", NULL, "stop", "false"},
        {"stop ", NULL, "stop", "false"},
        {"StopAll", NULL, "stop", "false"},
        {"UNSUBSCRIBE", NULL, "stop", "false"},
        {"END", NULL, "stop", "false"},
        {"QUIT", NULL, "stop", "false"},
        {"REVOKE", NULL, "stop", "false"},
        {"OPTOUT", NULL, "stop", "false"},
        {"CANCEL", NULL, "stop", "false"},
        {"START", NULL, "start", "true"},
        {"UNSTOP", NULL, "start", "true"},
        {"HELP", NULL, "help", ""},
        {"info", NULL, "help", ""},
        {"Arrête", "&OptOutType=STOP", "stop", "false"},
        {"Encore", "&OptOutType=START", "start", "true"},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        t_texts_setup(state);
        const char *sid = t_text_sid();
        t_answer_t a = t_deliver(&(t_text_t){
            .sid = sid, .from = STRANGER, .body = words[i].body, .more = words[i].more});
        assert_done(&a);
        assert_string_equal(t_answer_to(sid), "");
        assert_string_equal(t_sqlf("SELECT intent FROM messages"), words[i].intent);
        assert_string_equal(t_sqlf("SELECT granted::text FROM consent_states"
                                   " WHERE channel = 'sms' AND address = '" STRANGER "'"),
                            words[i].granted);
        assert_int_equal(t_twilio_requests("POST"), 0);
        assert_int_equal(count("tasks"), strcmp(words[i].body, "CANCEL") == 0);
    }
}

/* No carrier knows these words: it is we who say that they were heard, once. */
static void who_opts_out_in_words_hears_it_once(void **state)
{
    static const struct {
        const char *body, *answer;
    } words[] = {
        {"please stop texting me",
         "You will get no more texts from Bici Downtown. Reply START to get them again."},
        {"Stop, please!",
         "You will get no more texts from Bici Downtown. Reply START to get them again."},
        {"ne m'écrivez plus", "Vous ne recevrez plus de textos de Bici Downtown. Répondez START"
                              " pour en recevoir à nouveau."},
        {"no me escriban más", "No recibirá más mensajes de Bici Downtown. Responda START para"
                               " recibirlos de nuevo."},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        t_texts_setup(state);
        assert_string_equal(t_say(STRANGER, words[i].body), words[i].answer);
        assert_string_equal(t_sqlf("SELECT granted::text FROM consent_states"
                                   " WHERE channel = 'sms' AND address = '" STRANGER "'"),
                            "false");
        assert_string_equal(t_say(STRANGER, words[i].body), "");
        assert_int_equal(t_twilio_sent(STRANGER), 1);
        t_say(STRANGER, "START");
        assert_string_not_equal(t_say(STRANGER, "What are your hours?"), "");
    }
}

/* A person of the shop has the thread: it is said all the same. */
static void an_opt_out_is_confirmed_whoever_has_the_thread(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO takeovers (organization_id, customer_id, user_id, channel, state, "
           "stale_at)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', '" DANA
           "', 'text', 'held', now() + interval '1 hour')");
    assert_string_not_equal(t_say(JOHN_NUMBER, "please stop texting me"), "");
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
    t_sqlf("DELETE FROM takeovers");
}

static void whoever_stopped_is_kept_and_not_answered(void **state)
{
    (void)state;
    t_say(STRANGER, "STOP");
    assert_string_equal(t_say(STRANGER, "What are your hours?"), "");
    assert_int_equal(count("messages WHERE direction = 'inbound'"), 2);
    assert_int_equal(count("effects WHERE kind = 'sms'"), 0);
    assert_string_not_equal(t_say(JOHN_NUMBER, "What are your hours?"), "");
}

static void yes_allows_texts_only_when_they_were_stopped(void **state)
{
    (void)state;
    assert_string_not_equal(t_say(STRANGER, "YES"), "");
    assert_int_equal(count("consents"), 0);
    t_say(STRANGER, "STOP");
    assert_string_equal(t_say(STRANGER, "Yes"), "");
    assert_string_equal(t_sqlf("SELECT granted::text FROM consent_states"), "true");
    assert_string_not_equal(t_say(STRANGER, "What are your hours?"), "");
}

/* It opts out, and the appointment stands: a person has to ask which was meant. */
static void cancel_opts_out_and_raises_a_task(void **state)
{
    (void)state;
    t_sqlf(
        "INSERT INTO appointments (organization_id, customer_id, appointment_type, starts_at,"
        "    ends_at, status) VALUES ('" DOWNTOWN "', '" JOHN "', 'tune_up',"
        "    now() + interval '1 day', now() + interval '25 hours', 'confirmed')");
    t_say(JOHN_NUMBER, "CANCEL");
    assert_int_equal(count("tasks WHERE kind = 'opt_out' AND status = 'open'"
                           " AND customer_id = '" JOHN "' AND title LIKE 'John%%'"),
                     1);
    assert_int_equal(count("appointments WHERE status = 'confirmed'"), 1);
    t_sqlf("DELETE FROM appointments");
}

static void a_stop_word_within_a_sentence_is_none(void **state)
{
    (void)state;
    assert_string_not_equal(t_say(STRANGER, "Where do I stop with my bike?"), "");
    assert_int_equal(count("consents"), 0);
}

/* ---------------------------------------------------------------- orders */

static void an_order_is_told_to_its_own_number(void **state)
{
    (void)state;
    const char *answer = t_say(JOHN_NUMBER, "Where is my order 1042?");
    assert_has(answer, "#1042");
    assert_has(answer, "shipped");
    assert_has(answer, "1Z999AA10123456784");
}

static void an_order_is_told_to_nobody_else(void **state)
{
    (void)state;
    const char *unknown = t_say("+16475550124", "Where is my order 9999?");
    const char *others = t_say(STRANGER, "Where is my order 1042?");
    assert_string_equal(others, unknown); /* nobody learns which numbers are orders */
    assert_has_not(others, "1Z999");
    /* The number is John's, the shop is not. */
    const char *sid = t_text_sid();
    t_answer_t a = t_deliver(&(t_text_t){.sid = sid,
                                         .from = JOHN_NUMBER,
                                         .to = UPTOWN_NUMBER,
                                         .body = "Where is my order 1042?"});
    assert_done(&a);
    assert_string_equal(t_answer_to(sid), unknown);
    assert_has_not(t_say(SARAH_NUMBER, "order 2042"), "2042");
}

/* With what is written on it, at once or when it is asked for; nothing else is asked meanwhile.
 */
static void an_order_is_told_to_who_proves_it(void **state)
{
    (void)state;
    assert_has(t_say(STRANGER, "order 1042, john.tremblay@customer.example"), "1042: shipped");
    assert_has(t_say(STRANGER, "Where is my order 1042?"), "postcode");
    assert_has(t_say(STRANGER, "what are your hours?"), "8:00 AM");
    assert_has(t_say(STRANGER, "M5C 1E9"), "1042: shipped");
    assert_has(t_say(STRANGER, "Where is my order 1042?"), "postcode");
    assert_has(t_say(STRANGER, "it is John.Tremblay@customer.example."), "1042: shipped");
    assert_has(t_say(STRANGER, "order #1042 m5c1e9"), "1042: shipped");
}

static void an_order_is_not_told_to_who_guesses(void **state)
{
    (void)state;
    assert_has_not(t_say(STRANGER, "order 1042, jane@customer.example"), "shipped");
    t_say(STRANGER, "Where is my order 1042?");
    assert_has(t_say(STRANGER, "M5C 1E8"), "call you back?");
    assert_has(t_say(STRANGER, "yes please"), "asked the team");
    for (int i = 0; i < 4; i++) {
        t_say(STRANGER, "order 1042 M5C 1E8");
    }
    assert_has_not(t_say(STRANGER, "order 1042 M5C 1E9"), "shipped"); /* tried too often */
    assert_int_equal(count("proofs WHERE NOT succeeded"), 5);
}

static void an_order_that_cannot_be_told_offers_a_human(void **state)
{
    (void)state;
    assert_has(t_say(STRANGER, "order #9999"), "call you back?");
    assert_int_equal(count("tasks"), 0);
    t_say(STRANGER, "yes please");
    assert_int_equal(count("tasks WHERE kind = 'callback' AND status = 'open'"), 1);
    t_say(STRANGER, "I want to talk to a human"); /* has asked already */
    assert_int_equal(count("tasks"), 1);
}

static void a_human_that_is_declined_is_no_task(void **state)
{
    (void)state;
    t_say(STRANGER, "order #9999");
    t_say(STRANGER, "no thanks");
    assert_int_equal(count("tasks"), 0);
    t_say(STRANGER, "yes"); /* to nothing any more */
    assert_int_equal(count("tasks"), 0);
}

/* ---------------------------------------------------------------- people */

static void two_misses_offer_a_human(void **state)
{
    (void)state;
    assert_has_not(t_say(STRANGER, "xyzzy plugh"), "call you back");
    assert_has(t_say(STRANGER, "frobnicate"), "call you back?");
    t_say(STRANGER, "yes");
    assert_int_equal(count("tasks WHERE kind = 'callback'"), 1);
}

static void an_answer_between_makes_the_misses_no_row(void **state)
{
    (void)state;
    t_say(STRANGER, "xyzzy plugh");
    t_say(STRANGER, "What are your hours?");
    assert_has_not(t_say(STRANGER, "frobnicate"), "call you back");
}

static void a_human_is_reached_at_every_moment(void **state)
{
    static const char *const words[] = {"0", "agent", "humain", "persona", "I need an AGENT!"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        t_texts_setup(state);
        t_say(STRANGER, "Can I leave a message?"); /* in the middle of something */
        t_say(STRANGER, words[i]);
        if (count("tasks WHERE kind = 'callback' AND status = 'open'") != 1) {
            fail_msg("\"%s\" reaches nobody", words[i]);
        }
    }
}

static void a_message_is_passed_on(void **state)
{
    (void)state;
    t_say(STRANGER, "Can I leave a message?");
    t_say(STRANGER, "My blue bike has lost a wheel");
    assert_string_equal(t_sqlf("SELECT kind || ' ' || body FROM tasks"),
                        "message My blue bike has lost a wheel");
    t_say(STRANGER, "Where are you?");
    assert_int_equal(count("tasks"), 1);
}

/* ---------------------------------------------------------------- languages */

static const char *language_of_last(void)
{
    return t_sqlf("SELECT language FROM messages WHERE direction = 'outbound'"
                  " ORDER BY occurred_at DESC LIMIT 1");
}

static void french_is_answered_in_french(void **state)
{
    (void)state;
    assert_has(t_say(STRANGER, "Bonjour, quelles sont vos heures?"), "8 h à 18 h");
    assert_string_equal(language_of_last(), "fr");
    t_say(STRANGER, "adresse");
    assert_string_equal(language_of_last(), "fr");
}

static void a_talk_switches_on_clear_words_only(void **state)
{
    (void)state;
    t_say(STRANGER, "Hello, what are your hours?");
    t_say(STRANGER, "Noël"); /* a name from elsewhere */
    assert_string_equal(language_of_last(), "en");
    t_say(STRANGER, "merci"); /* one word points, and does not switch */
    assert_string_equal(language_of_last(), "en");
    t_say(STRANGER, "merci"); /* the second time it does */
    assert_string_equal(language_of_last(), "fr");
    t_say(STRANGER, "Where are you, and what are your hours?");
    assert_string_equal(language_of_last(), "en");
}

static void a_language_asked_for_is_kept(void **state)
{
    (void)state;
    t_say(JOHN_NUMBER, "En français svp");
    assert_string_equal(language_of_last(), "fr");
    assert_string_equal(
        t_sqlf("SELECT preferred_language FROM customers WHERE id = '" JOHN "'"), "fr");
}

static void a_shop_speaks_its_own_languages_only(void **state)
{
    (void)state;
    t_answer_t a = t_deliver(&(t_text_t){
        .from = STRANGER, .to = UPTOWN_NUMBER, .body = "Bonjour, quelles sont vos heures?"});
    assert_done(&a);
    assert_string_equal(language_of_last(), "en");
}

/* ---------------------------------------------------------------- card numbers */

static void an_offer_reads_well_of_every_kind_of_appointment(void **state)
{
    (void)state;
    assert_has(t_say(STRANGER, "I need an appointment"), "For your appointment I can offer");
    assert_has(t_say("+16475550125", "book a tune up"), "For your tune-up I can offer");
}

static void card_numbers_are_masked_everywhere(void **state)
{
    static const char *const texts[] = {
        "My card is 4111 1111 1111 1111, code 739",
        "4111111111111111",
        "4111-1111-1111-1111",
        "visa four one one one, one one one one, one one one one, one one one one",
        "ma carte est quarante et un onze onze onze onze onze onze onze",
        "amex 378282246310005 exp 12/29",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        t_texts_setup(state);
        t_say(STRANGER, "Can I leave a message?"); /* so that the text becomes a task too */
        t_say(STRANGER, texts[i]);
        const char *kept = every_word_kept();
        assert_has(kept, "*");
        assert_has_not(kept, "1111");
        assert_has_not(kept, "one");
        assert_has_not(kept, "onze");
        assert_has_not(kept, "378282");
        assert_has_not(kept, "code 739");
        assert_has_not(kept, "739|");
        assert_has_not(kept, "12/29");
        assert_int_equal(t_logged("1111"), 0);
        assert_int_equal(t_logged("one one"), 0);
        assert_int_equal(t_logged("378282"), 0);
    }
}

static void a_number_split_over_several_texts_is_masked(void **state)
{
    static const char *const parts[][5] = {
        {"My card number is", "4111", "1111", "1111", "1111"},
        {"Here is my visa:", "41111111", "11111111", "exp 12/29", "123"},
        {"41111111", "1111", "1111", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        t_texts_setup(state);
        for (size_t n = 0; n < 5 && parts[i][n] != NULL; n++) {
            t_say(STRANGER, parts[i][n]);
        }
        assert_has_not(every_word_kept(), "1111");
    }
}

static void what_is_no_card_is_left_alone(void **state)
{
    static const char *const texts[] = {"Call me at 416-555-0100", "order 1042",
                                        "see you at 5"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        t_say(STRANGER, texts[i]);
        assert_string_equal(t_sqlf("SELECT content FROM messages WHERE direction = 'inbound'"
                                   " ORDER BY occurred_at DESC LIMIT 1"),
                            texts[i]);
    }
}

/* ---------------------------------------------------------------- tenants, logs */

static void nothing_of_another_shop_changes(void **state)
{
    static const char others[] =
        "SELECT md5((SELECT string_agg(c::text, '' ORDER BY id) FROM customers c"
        "             WHERE organization_id = '" UPTOWN "')"
        "        || (SELECT count(*) FROM messages WHERE organization_id = '" UPTOWN "')"
        "        || (SELECT count(*) FROM tasks WHERE organization_id = '" UPTOWN "')"
        "        || (SELECT count(*) FROM consents WHERE organization_id = '" UPTOWN "')"
        "        || (SELECT count(*) FROM outbox WHERE organization_id = '" UPTOWN "'))";
    (void)state;
    const char *before = t_sqlf("%s", others);
    t_say(SARAH_NUMBER, "What are your hours?");
    t_say(SARAH_NUMBER, "I want to talk to a human");
    t_say(SARAH_NUMBER, "STOP");
    assert_string_equal(t_sqlf("%s", others), before);
}

static void logs_hold_no_secret_and_no_whole_number(void **state)
{
    (void)state;
    t_twilio_script("[{\"path\":\"Messages\",\"status\":401,\"body\":{\"code\":20003,"
                    "\"message\":\"+16475550123\"}},"
                    "{\"path\":\"Messages\",\"status\":400,\"body\":{\"code\":21211,"
                    "\"message\":\"+16475550123 is wrong\"}},"
                    "{\"path\":\"Messages\",\"drop\":true}]");
    for (int i = 0; i < 4; i++) {
        t_deliver(&(t_text_t){.from = STRANGER, .body = "What are your hours, please?"});
    }
    assert_true(t_logged("\"level\"") > 0);
    assert_int_equal(t_logged("6475550123"), 0);
    assert_int_equal(t_logged(TWILIO_TOKEN), 0);
    assert_int_equal(t_logged("What are your hours"), 0);
}

/* ---------------------------------------------------------------- delivery */

static const char *sent_sid(void)
{
    return t_sqlf("SELECT provider_message_id FROM messages WHERE direction = 'outbound'");
}

static const char *effect_id(void)
{
    return t_sqlf("SELECT id FROM effects");
}

static t_answer_t report(const char *sid, const char *status, const char *effect,
                         const char *more)
{
    const char *body = wk_printf(t_ctx.arena,
                                 "MessageSid=%s&MessageStatus=%s&From=%%2B14165550001"
                                 "&To=%%2B16475550123%s",
                                 sid, status, more)
                           .data;
    return t_ask(&(t_ask_t){.type = "sms_status.store",
                            .uri = "/api/webhooks/twilio/sms-status",
                            .args = wk_printf(t_ctx.arena, "e=%s", effect).data,
                            .scheme = "twilio",
                            .content_type = "application/x-www-form-urlencoded",
                            .body = body});
}

/* A status that comes while Redis is away is not lost: Twilio asks again. */
static void its_fate_is_told_until_it_is_heard(void **state)
{
    const char *callback = "";
    (void)state;
    t_say(STRANGER, "Hello");
    for (const va_json_t *r = t_twilio_ask("GET", "/_sim/requests", NULL)->first; r != NULL;
         r = r->next) {
        va_str_t url = va_json_get_string(va_json_get(r, "body"), "StatusCallback");
        callback = url.data != NULL ? wk_strdup(t_ctx.arena, url) : callback;
    }
    assert_string_equal(callback,
                        wk_printf(t_ctx.arena,
                                  "%s/api/webhooks/twilio/sms-status?e=%s" WK_TWILIO_AGAIN,
                                  t_config.public_url, effect_id())
                            .data);
}

static void delivery_ends_the_same_in_any_order(void **state)
{
    static const char *const orders[][4] = {{"queued", "sent", "delivered", "delivered"},
                                            {"delivered", "sent", "queued", "sent"},
                                            {"sent", "delivered", "queued", "delivered"}};
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        t_texts_setup(state);
        t_say(STRANGER, "Hello");
        const char *sid = sent_sid(), *effect = effect_id();
        for (size_t n = 0; n < 4; n++) {
            t_answer_t a = report(sid, orders[i][n], effect, "");
            assert_done(&a);
        }
        assert_string_equal(t_sqlf("SELECT status FROM messages WHERE direction = 'outbound'"),
                            "delivered");
        assert_int_equal(count("message_status_events"), 3);
    }
}

static void a_text_that_was_not_delivered_says_why(void **state)
{
    (void)state;
    t_say(STRANGER, "Hello");
    t_answer_t a = report(sent_sid(), "undelivered", effect_id(), "&ErrorCode=30003");
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT status || ' ' || error_code FROM messages"
                               " WHERE direction = 'outbound'"),
                        "undelivered 30003");
}

static void a_report_that_is_none_changes_nothing(void **state)
{
    (void)state;
    t_say(STRANGER, "Hello");
    t_answer_t a = report(sent_sid(), "teleported", effect_id(), "");
    assert_int_equal(a.end.how, WK_END_BURY);
    a = report("no%20sid", "sent", effect_id(), "");
    assert_int_equal(a.end.how, WK_END_BURY);
    assert_int_equal(count("message_status_events"), 0);
}

/* Its page is on its way already while Twilio has not even taken the answer. */
static void an_emergency_does_not_wait_for_its_answer(void **state)
{
    (void)state;
    t_twilio_script("{\"path\":\"Messages\",\"method\":\"POST\",\"drop\":true}");
    t_answer_t a =
        t_deliver(&(t_text_t){.from = STRANGER, .body = "Help, there is a fire in your shop!"});
    assert_again(&a);
    assert_int_equal(t_twilio_sent(STRANGER), 0);
    /* And who wrote is looked up. */
    assert_int_equal(t_redis_int(t_ctx.redis, "LLEN va:{default}:in"), 2);
    redisReply *job = t_redis(t_ctx.redis, t_ctx.arena, "LINDEX va:{default}:in -1");
    assert_has(job->str, "\"sms.send\"");
    assert_has(job->str, "page:");
}

static void the_answers_of_an_emergency_are_passed_on(void **state)
{
    (void)state;
    t_say(STRANGER, "Help, the battery of my e-bike is on fire in my house");
    assert_has(t_say(STRANGER, "12 King St, please hurry"), "I have passed your message on");
    assert_has(t_say(STRANGER, "416 555 1212"), "I have passed your message on");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'message'"), 2);
}

static void let_downtown_speak(const char *languages)
{
    t_sqlf("UPDATE organizations SET languages = '%s' WHERE slug = 'bici-downtown'", languages);
}

/* Whatever the talk was in before. */
static void an_emergency_is_answered_in_its_own_language(void **state)
{
    (void)state;
    let_downtown_speak("{en,fr,es}");
    assert_has(t_say(STRANGER, "Hola, \xc2\xbf\x63u\xc3\xa1l es el horario?"), "Horario");
    assert_has(t_say(STRANGER, "hay un incendio en la tienda"), "urgente");
    assert_has(t_say(STRANGER, "mon v\xc3\xa9lo a pris feu"), "urgent. J'ai");
    assert_has(t_say(STRANGER, "I smell gas"), "This sounds urgent");
    assert_has(t_say(STRANGER, "incendio!"), "urgente");
    let_downtown_speak("{en,fr}");
}

static const char *next_wednesday(void)
{
    return t_sqlf("SELECT to_char(d, 'YYYY-MM-DD') FROM generate_series(current_date + 7,"
                  " current_date + 13, interval '1 day') d WHERE extract(isodow FROM d) = 3");
}

/* Neither an order's number nor a key is a piece of a card's. */
static void numbers_that_are_no_cards_are_read(void **state)
{
    (void)state;
    t_say(STRANGER, "order 1042");
    t_say(STRANGER, "1042");
    assert_has(t_say(STRANGER, "0"), "asked the team to call you back");
    assert_int_equal(count("messages WHERE content ~ '[*]'"), 0);
    assert_has(t_say("+16475550124", "book a tune up"), "I can offer");
    assert_has(t_say("+16475550124", next_wednesday()), "Wednesday");
}

static void an_order_number_that_was_asked_for_is_read(void **state)
{
    (void)state;
    t_say(JOHN_NUMBER, "hello");
    t_sqlf("UPDATE messages SET content = 'Sure, which is your order number?'"
           " WHERE direction = 'outbound'");
    t_say(JOHN_NUMBER, "41234567");
    assert_int_equal(count("messages WHERE content = '41234567'"), 1);
    t_say(JOHN_NUMBER, "thanks");
    t_say(JOHN_NUMBER, "41234568");
    assert_int_equal(count("messages WHERE content ~ '^[*]{8}$'"), 1);
}

/* Whoever names a time that is free is asked about it alone; a yes takes it. */
static void a_time_that_is_named_is_asked_about(void **state)
{
    (void)state;
    const char *wish =
        wk_printf(t_ctx.arena, "book a tune up on %s at 3 pm", next_wednesday()).data;
    const char *answer = t_say(STRANGER, wish);
    assert_has(answer, "Shall I take Wednesday");
    assert_has(answer, "3:00 PM");
    assert_has(t_say(STRANGER, "yes"), "is booked for Wednesday");
    t_sqlf("DELETE FROM appointments");
}

/* Another day's free time is never asked about as if it were the one that was named. */
static void a_time_of_a_day_that_is_closed_brings_others(void **state)
{
    (void)state;
    const char *hours = t_sqlf("SELECT hours FROM organizations WHERE slug = 'bici-downtown'");
    const char *day = next_wednesday();
    t_sqlf("UPDATE organizations SET hours = hours ||"
           " '{\"exceptions\": {\"%s\": {\"closed\": true}}}'"
           " WHERE slug = 'bici-downtown'",
           day);
    const char *answer =
        t_say(STRANGER, wk_printf(t_ctx.arena, "book a tune up on %s at 3 pm", day).data);
    t_sqlf("UPDATE organizations SET hours = '%s' WHERE slug = 'bici-downtown'", hours);
    assert_has(answer, "I can offer");
    assert_has(answer, "3:00 PM");
    assert_has_not(answer, "Wednesday");
}

static void a_card_in_pieces_is_never_kept(void **state)
{
    (void)state;
    t_say(STRANGER, "my card number is four one one one one one one one");
    t_say(STRANGER, "one one one one one one one one");
    t_say(STRANGER, "expires twelve twenty eight code one two three");
    t_say(STRANGER, "let me repeat it 4111 1111");
    assert_string_equal(
        t_sqlf("SELECT string_agg(content, '|' ORDER BY occurred_at, id) FROM messages"
               " WHERE direction = 'inbound'"),
        "my card number is * * * * * * * *|* * * * * * * *|expires ** ** code * * *"
        "|let me repeat it **** ****");
    assert_has_not(every_word_kept(), "4111");
    assert_has_not(every_word_kept(), "one one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emergency_does_not_wait_for_its_answer),
        cmocka_unit_test(the_answers_of_an_emergency_are_passed_on),
        cmocka_unit_test(an_emergency_is_answered_in_its_own_language),
        cmocka_unit_test(numbers_that_are_no_cards_are_read),
        cmocka_unit_test(an_order_number_that_was_asked_for_is_read),
        cmocka_unit_test(a_time_that_is_named_is_asked_about),
        cmocka_unit_test(a_time_of_a_day_that_is_closed_brings_others),
        cmocka_unit_test(a_card_in_pieces_is_never_kept),
        cmocka_unit_test(a_text_is_stored_and_answered),
        cmocka_unit_test(what_is_sent_is_kept_with_its_segments),
        cmocka_unit_test(a_repeated_delivery_changes_nothing),
        cmocka_unit_test(equal_words_of_two_texts_are_answered_twice),
        cmocka_unit_test(the_answer_comes_from_the_number_written_to),
        cmocka_unit_test(a_text_with_bytes_that_are_none_is_taken),
        cmocka_unit_test(what_is_no_text_is_given_up_and_changes_nothing),
        cmocka_unit_test(a_text_to_nobodys_number_is_noted_without_its_words),
        cmocka_unit_test(a_short_code_is_kept_and_not_answered),
        cmocka_unit_test(another_shops_number_is_not_answered),
        cmocka_unit_test(pictures_are_kept_by_their_address),
        cmocka_unit_test(the_carriers_words_are_noted_and_never_answered),
        cmocka_unit_test(who_opts_out_in_words_hears_it_once),
        cmocka_unit_test(an_opt_out_is_confirmed_whoever_has_the_thread),
        cmocka_unit_test(whoever_stopped_is_kept_and_not_answered),
        cmocka_unit_test(yes_allows_texts_only_when_they_were_stopped),
        cmocka_unit_test(cancel_opts_out_and_raises_a_task),
        cmocka_unit_test(a_stop_word_within_a_sentence_is_none),
        cmocka_unit_test(an_order_is_told_to_its_own_number),
        cmocka_unit_test(an_order_is_told_to_nobody_else),
        cmocka_unit_test(an_order_is_told_to_who_proves_it),
        cmocka_unit_test(an_order_is_not_told_to_who_guesses),
        cmocka_unit_test(an_order_that_cannot_be_told_offers_a_human),
        cmocka_unit_test(a_human_that_is_declined_is_no_task),
        cmocka_unit_test(two_misses_offer_a_human),
        cmocka_unit_test(an_answer_between_makes_the_misses_no_row),
        cmocka_unit_test(a_human_is_reached_at_every_moment),
        cmocka_unit_test(a_message_is_passed_on),
        cmocka_unit_test(french_is_answered_in_french),
        cmocka_unit_test(a_talk_switches_on_clear_words_only),
        cmocka_unit_test(a_language_asked_for_is_kept),
        cmocka_unit_test(a_shop_speaks_its_own_languages_only),
        cmocka_unit_test(an_offer_reads_well_of_every_kind_of_appointment),
        cmocka_unit_test(card_numbers_are_masked_everywhere),
        cmocka_unit_test(a_number_split_over_several_texts_is_masked),
        cmocka_unit_test(what_is_no_card_is_left_alone),
        cmocka_unit_test(nothing_of_another_shop_changes),
        cmocka_unit_test(logs_hold_no_secret_and_no_whole_number),
        cmocka_unit_test(its_fate_is_told_until_it_is_heard),
        cmocka_unit_test(delivery_ends_the_same_in_any_order),
        cmocka_unit_test(a_text_that_was_not_delivered_says_why),
        cmocka_unit_test(a_report_that_is_none_changes_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), t_texts_setup);
}
