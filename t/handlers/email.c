/*
 * E-mails leave at most once, and never silently not: whatever the mail server answers, and
 * wherever the worker dies. send_email and send_checkout_link: to whom, and once.
 */
#include <stdio.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"
#include "t/worker/lib/proxy.h"
#include "worker/agent/email.h"

#define CALL_SID     "CA00000000000000000000000000000e0e"
#define OWN          "john.tremblay@customer.example"
#define GIVEN        "j.tremblay@work.example"
#define EMAIL        "{\"subject\":\"Your v\xc3\xa9lo\",\"message\":\"It is ready.\\nSee you.\"}"
#define UNDER_WAY_MS 71000 /* longer than an attempt lasts */

/* John calls Downtown; the carrier attests his number. */
static void first_day(void)
{
    t_texts_setup(NULL);
    t_smtp();
    t_sqlf("DELETE FROM calls; UPDATE customers SET email = '" OWN "' WHERE id = '" JOHN "';"
           "UPDATE products SET available = 4, synced_at = now();"
           "UPDATE products SET available = 0 WHERE title = 'Sprinter Road';"
           "INSERT INTO calls (organization_id, caller_number, called_number, twilio_call_sid,"
           "    stir_verstat, status)"
           " VALUES ('" DOWNTOWN "', '" JOHN_NUMBER "', '" DOWNTOWN_NUMBER "', '" CALL_SID "',"
           "    'TN-Validation-Passed-A', 'in_progress')");
}

static int setup(void **state)
{
    (void)state;
    first_day();
    return 0;
}

static t_ask_t tool(const char *name, const char *body)
{
    return (t_ask_t){.type = "tools.call",
                     .uri = wk_printf(t_ctx.arena, "/api/elevenlabs/tools/%s", name).data,
                     .scheme = "bearer",
                     .headers = {"x-va-agent", "agent_downtown", "x-va-call", CALL_SID},
                     .body = body};
}

static t_answer_t call(const char *name, const char *body)
{
    t_ask_t ask = tool(name, body);
    return t_ask(&ask);
}

static void assert_agreed(const t_answer_t *a)
{
    assert_status(a, 200);
    assert_string_equal(t_text(a, "/success"), "true");
}

static void assert_refused(const t_answer_t *a, const char *code)
{
    assert_status(a, 200);
    assert_string_equal(t_text(a, "/error/code"), code);
}

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

/* What the tool queued leaves, or is tried. */
static t_answer_t deliver(int attempt)
{
    return t_ask(&(t_ask_t){.type = "email.send",
                            .org = DOWNTOWN,
                            .scheme = "internal",
                            .body = t_sqlf("SELECT data FROM outbox WHERE type = 'email.send'"),
                            .attempt = attempt});
}

static void queue_email(void)
{
    t_answer_t a = call("send_email", EMAIL);
    assert_agreed(&a);
}

static void refuse(const char *orders)
{
    t_smtp_ask("POST", "/_sim/refuse", orders);
}

static void time_passes(void)
{
    t_texts_wait(UNDER_WAY_MS);
}

/* Of the e-mail: its row, its effect, the tasks, the live events. */
static const char *state(void)
{
    return t_sqlf("SELECT concat_ws(' ', m.status, e.state,"
                  "    (SELECT count(*) FROM tasks WHERE kind = 'alarm'),"
                  "    (SELECT count(*) FROM outbox WHERE type = 'email_sent'))"
                  "  FROM messages m JOIN effects e ON e.id = m.effect_id"
                  " WHERE m.channel = 'email'");
}

static const va_json_t *mail(void)
{
    const va_json_t *r = t_smtp_ask("GET", "/_sim/requests", NULL)->first;
    assert_non_null(r);
    return r;
}

static void assert_mail(const char *pointer, const char *expected)
{
    va_str_t value = va_json_scalar(va_json_pointer(mail(), va_str_c(pointer)));
    assert_string_equal(wk_strdup(t_ctx.arena, value), expected);
}

/* ---------------------------------------------------------------- sent */

static void it_is_sent_as_it_was_meant(void **unused)
{
    (void)unused;
    queue_email();
    t_answer_t a = deliver(1);
    assert_done(&a);
    assert_int_equal(t_mails(), 1);
    assert_mail("/from", "hello@downtown.example");
    assert_mail("/to/0", OWN);
    assert_mail("/subject", "Your v\xc3\xa9lo");
    assert_mail("/text", "It is ready.\r\nSee you.");
    assert_mail("/headers/from", "Bici Downtown <hello@downtown.example>");
    assert_mail("/headers/auto-submitted", "auto-generated");
    assert_mail("/user", "bici by PLAIN");
    assert_mail("/headers/message-id",
                t_sqlf("SELECT '<' || provider_id || '>' FROM effects WHERE kind = 'email'"));
    assert_string_equal(state(), "sent done 0 1");
}

static void answers_go_to_the_shop_whoever_sends(void **unused)
{
    (void)unused;
    t_config.smtp_from = "no-reply@voice.example";
    queue_email();
    t_answer_t a = deliver(1);
    t_config.smtp_from = NULL;
    assert_done(&a);
    assert_mail("/from", "no-reply@voice.example");
    assert_mail("/headers/reply-to", "hello@downtown.example");
}

static void a_tool_that_is_asked_again_sends_nothing_more(void **unused)
{
    (void)unused;
    queue_email();
    queue_email();
    assert_int_equal(count("outbox WHERE type = 'email.send'"), 1);
    for (int i = 0; i < 2; i++) {
        t_answer_t a = deliver(1);
        assert_done(&a);
    }
    assert_int_equal(t_mails(), 1);
    assert_string_equal(state(), "sent done 0 1");
}

/* ---------------------------------------------------------------- refused */

/* Each before or at the end of DATA: surely not sent. */
static void what_the_server_puts_off_is_tried_again(void **unused)
{
    static const char *const orders[] = {
        "{\"at\":\"connect\",\"code\":421}", "{\"at\":\"connect\",\"drop\":true}",
        "{\"at\":\"mail\",\"code\":450}",    "{\"at\":\"mail\",\"drop\":true}",
        "{\"at\":\"rcpt\",\"code\":451}",    "{\"at\":\"rcpt\",\"drop\":true}",
        "{\"at\":\"data\",\"code\":452}",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        first_day();
        queue_email();
        refuse(orders[i]);
        t_answer_t a = deliver(1);
        assert_again(&a);
        assert_in_range(a.end.delay_ms, 60000, 120000);
        assert_string_equal(state(), "queued pending 0 0");
        a = deliver(2);
        assert_done(&a);
        assert_int_equal(t_mails(), 1);
        assert_string_equal(state(), "sent done 0 1");
    }
}

/* A name that curl knows as this host's, and the product as any other. */
static void without_tls_nothing_is_said_to_another_host(void **unused)
{
    const char *url = t_config.smtp_url, *port = strrchr(url, ':');
    (void)unused;
    queue_email();
    t_config.smtp_url =
        wk_printf(t_ctx.arena, "smtp://bici:secret@mail.localhost%s", port).data;
    t_answer_t a = deliver(1);
    t_config.smtp_url = url;
    assert_again(&a);
    assert_has(wk_strdup(t_ctx.arena, a.end.reason), "STARTTLS");
    assert_int_equal(t_mails(), 0);
    a = deliver(2);
    assert_done(&a);
    assert_int_equal(t_mails(), 1);
}

static void a_server_that_is_away_for_too_long_is_told(void **unused)
{
    const char *url = t_config.smtp_url;
    (void)unused;
    queue_email();
    t_config.smtp_url = "smtp://127.0.0.1:9";
    t_answer_t a = deliver(WK_EMAIL_ATTEMPTS - 1);
    assert_again(&a);
    a = deliver(WK_EMAIL_ATTEMPTS);
    t_config.smtp_url = url;
    assert_done(&a);
    assert_string_equal(state(), "failed failed 1 0");
}

static void a_refusal_for_good_is_told(void **unused)
{
    static const char *const orders[] = {
        "{\"at\":\"mail\",\"code\":550}",
        "{\"at\":\"rcpt\",\"code\":550}",
        "{\"at\":\"data\",\"code\":554}",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        first_day();
        queue_email();
        refuse(orders[i]);
        t_answer_t a = deliver(1);
        assert_done(&a);
        assert_string_equal(state(), "failed failed 1 0");
        assert_string_equal(t_sqlf("SELECT title || '. ' || body FROM tasks"),
                            "An e-mail to " OWN
                            " was not sent. Its subject was: Your v\xc3\xa9lo");
        a = deliver(2);
        assert_done(&a);
        assert_int_equal(t_mails(), 0);
    }
}

static void a_refused_login_is_an_alarm_and_loses_nothing(void **unused)
{
    (void)unused;
    queue_email();
    refuse("{\"at\":\"auth\",\"code\":535,\"times\":2}");
    t_answer_t a = deliver(1);
    assert_again(&a);
    assert_true(t_logged("\"alert\"") > 0);
    assert_string_equal(state(), "queued pending 1 0");
    refuse("[]");
    t_smtp_ask("POST", "/_sim/reset", NULL);
    a = deliver(2);
    assert_done(&a);
    assert_string_equal(state(), "sent done 1 1");
}

/* ---------------------------------------------------------------- nobody can tell */

static void a_lost_answer_is_told_and_never_sent_again(void **unused)
{
    static const char *const orders[] = {
        "{\"at\":\"data\",\"drop\":true}",
        "{\"at\":\"data\",\"drop\":true,\"kept\":true}",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        first_day();
        queue_email();
        refuse(orders[i]);
        t_answer_t a = deliver(1);
        assert_done(&a);
        assert_true(t_logged("\"alert\"") > 0);
        assert_string_equal(state(), "queued unknown 1 0");
        time_passes();
        a = deliver(2);
        assert_done(&a);
        assert_int_equal(t_mails(), i);
        assert_string_equal(state(), "queued unknown 1 0");
    }
}

static void while_an_attempt_is_under_way_there_is_no_other(void **unused)
{
    (void)unused;
    queue_email();
    t_sqlf("UPDATE messages SET metadata = metadata || jsonb_build_object('sending',"
           "    (extract(epoch FROM clock_timestamp()) * 1000)::bigint)");
    t_answer_t a = deliver(1);
    assert_again(&a);
    assert_in_range(a.end.delay_ms, 1, UNDER_WAY_MS);
    time_passes();
    a = deliver(2);
    assert_done(&a);
    assert_int_equal(t_mails(), 0);
    assert_string_equal(state(), "queued unknown 1 0");
}

/* How often Postgres is asked until it is sent, over the proxy. */
static long sent_over(t_proxy_t *proxy)
{
    first_day();
    queue_email();
    long before = t_proxy_round_trips(proxy);
    t_answer_t a = deliver(1);
    assert_done(&a);
    return t_proxy_round_trips(proxy) - before;
}

/* At the last questions the server has it already. */
static void a_connection_that_breaks_behind_the_server_is_no_doubt(void **unused)
{
    char url[160];
    wk_db_t *direct = t_ctx.db;
    t_proxy_t *proxy = t_proxy_start(t_postgres.port);
    (void)unused;
    snprintf(url, sizeof(url), "postgresql://va_app@127.0.0.1:%d/voiceagent",
             t_proxy_port(proxy));
    t_ctx.db = wk_db_new(url, true, "test");
    (void)sent_over(proxy); /* connects */
    long trips = sent_over(proxy);
    for (int cut = 0; cut < 4; cut++) {
        first_day();
        queue_email();
        (cut % 2 != 0 ? t_proxy_cut_after : t_proxy_cut_before)(proxy, trips - cut / 2);
        t_answer_t a = deliver(1);
        assert_done(&a);
        assert_int_equal(t_mails(), 1);
        assert_string_equal(state(), "sent done 0 1");
    }
    wk_db_free(t_ctx.db);
    t_ctx.db = direct;
    t_proxy_stop(proxy);
}

/* Nothing is known of it at its last run; but that none was ever under way is. */
static void what_was_never_tried_is_no_doubt(void **unused)
{
    char url[160];
    wk_db_t *direct = t_ctx.db;
    t_proxy_t *proxy = t_proxy_start(t_postgres.port);
    (void)unused;
    snprintf(url, sizeof(url), "postgresql://va_app@127.0.0.1:%d/voiceagent",
             t_proxy_port(proxy));
    t_ctx.db = wk_db_new(url, true, "test");
    (void)sent_over(proxy); /* connects */
    first_day();
    queue_email();
    t_proxy_cut_before(proxy, 2);
    t_answer_t a = deliver(WK_EMAIL_ATTEMPTS);
    assert_done(&a);
    assert_int_equal(t_mails(), 0);
    assert_string_equal(state(), "failed failed 1 0");
    wk_db_free(t_ctx.db);
    t_ctx.db = direct;
    t_proxy_stop(proxy);
}

static void begin(void)
{
    first_day();
    t_ask_t ask = tool("send_email", EMAIL);
    t_push_ask(&ask);
}

/* Sent, and known to be; or perhaps not, and people know. */
static void judge(void)
{
    const char *effect = t_sqlf("SELECT state FROM effects WHERE kind = 'email'");
    if (strcmp(effect, "done") == 0) {
        assert_int_equal(t_mails(), 1);
        assert_int_equal(count("tasks"), 0);
    } else {
        assert_string_equal(effect, "unknown");
        assert_in_range(t_mails(), 0, 1);
        assert_int_equal(count("tasks WHERE kind = 'alarm' AND status = 'open'"), 1);
    }
    queue_email();
    assert_int_equal(count("outbox WHERE kind = 'job'"), 0);
}

static void the_worker_dies_everywhere(void **unused)
{
    (void)unused;
    assert_in_range(
        t_die_everywhere(&(t_death_t){
            .name = "send_email", .begin = begin, .pass = time_passes, .judge = judge}),
        30, 400);
}

/* ---------------------------------------------------------------- send_email */

static void an_address_that_was_given_is_written_to(void **unused)
{
    (void)unused;
    t_answer_t a = call("send_email", "{\"subject\":\"s\",\"message\":\"m\",\"email\":"
                                      "\" J.Tremblay@Work.example \"}");
    assert_agreed(&a);
    a = deliver(1);
    assert_done(&a);
    assert_mail("/to/0", GIVEN);
    assert_string_equal(t_sqlf("SELECT email FROM customers WHERE id = '" JOHN "'"), OWN);
}

static void an_address_that_is_none_is_asked_for_again(void **unused)
{
    static const char *const addresses[] = {"john", "john@work", "a@b.ca,c@d.ca",
                                            "a@b.ca\\r\\nBcc: c@d.ca", "<a@b.ca>"};
    (void)unused;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        t_answer_t a = call("send_email",
                            wk_printf(t_ctx.arena,
                                      "{\"subject\":\"s\",\"message\":\"m\",\"email\":\"%s\"}",
                                      addresses[i])
                                .data);
        assert_refused(&a, "bad_address");
    }
    t_sqlf("UPDATE customers SET email = NULL WHERE id = '" JOHN "'");
    t_answer_t a = call("send_email", EMAIL);
    assert_refused(&a, "no_address");
    assert_int_equal(count("messages") + count("effects"), 0);
}

static void a_subject_adds_no_header(void **unused)
{
    (void)unused;
    t_answer_t a = call("send_email", "{\"subject\":\"Hi\\r\\nBcc: x@y.example\","
                                      "\"message\":\"m\\r\\n.\\r\\nMAIL FROM:<a@b.ca>\"}");
    assert_agreed(&a);
    a = deliver(1);
    assert_done(&a);
    assert_int_equal(t_mails(), 1);
    assert_null(va_json_pointer(mail(), VA_STR("/headers/bcc")));
    assert_mail("/subject", "Hi  Bcc: x@y.example");
    assert_mail("/text", "m\r\n.\r\nMAIL FROM:<a@b.ca>");
}

static void who_may_not_be_written_to_is_not(void **unused)
{
    const char *url = t_config.smtp_url;
    (void)unused;
    t_sqlf("UPDATE calls SET stir_verstat = NULL");
    t_answer_t a = call("send_email", EMAIL);
    assert_refused(&a, "verification_needed");
    t_sqlf("UPDATE calls SET stir_verstat = 'TN-Validation-Passed-A';"
           "INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'email', '" OWN "', false, 'staff')");
    a = call("send_email", EMAIL);
    assert_refused(&a, "no_consent");
    t_config.smtp_url = NULL;
    a = call("send_email", EMAIL);
    t_config.smtp_url = url;
    assert_refused(&a, "unavailable");
    assert_int_equal(count("messages") + count("effects"), 0);
}

static void a_talk_cannot_be_led_to_send_many(void **unused)
{
    (void)unused;
    for (int i = 0; i < 6; i++) {
        t_answer_t a =
            call("send_email",
                 wk_printf(t_ctx.arena, "{\"subject\":\"s\",\"message\":\"%d\"}", i).data);
        i < 5 ? assert_agreed(&a) : assert_refused(&a, "too_many");
        t_sqlf("DELETE FROM messages"); /* as where nothing is kept */
    }
    assert_int_equal(count("outbox WHERE type = 'email.send'"), 5);
}

/* ---------------------------------------------------------------- send_checkout_link */

#define LINK "https://bici-downtown.myshopify.com/cart/"

static void a_cart_is_sent_by_text(void **unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        t_answer_t a =
            call("send_checkout_link", "{\"product_id\":\"Commuter helmet\",\"quantity\":2}");
        assert_agreed(&a);
        assert_string_equal(t_text(&a, "/checkout_url"), LINK "4:2");
    }
    assert_string_equal(t_sqlf("SELECT string_agg(to_number || ' ' || content, ', ')"
                               "  FROM messages"),
                        JOHN_NUMBER " Your cart: 2 x Commuter helmet (Medium)."
                                    " Pay here: " LINK "4:2");
    assert_int_equal(count("outbox WHERE type = 'sms.send'"), 1);
}

static void a_cart_is_sent_by_email(void **unused)
{
    (void)unused;
    t_answer_t a = call("send_checkout_link", "{\"product_id\":\"HLM-COM-M\","
                                              "\"channel\":\"email\",\"email\":\"" GIVEN "\"}");
    assert_agreed(&a);
    a = deliver(1);
    assert_done(&a);
    assert_mail("/to/0", GIVEN);
    assert_mail("/subject", "Your cart: Commuter helmet (Medium)");
    assert_mail("/text", "Your cart: 1 x Commuter helmet (Medium). Pay here: " LINK "4:1");
}

static void no_cart_of_what_cannot_be_bought(void **unused)
{
    (void)unused;
    t_answer_t a = call("send_checkout_link", "{\"product_id\":\"Sprinter\"}");
    assert_refused(&a, "sold_out");
    a = call("send_checkout_link", "{\"product_id\":\"Ridgeback\",\"quantity\":5}");
    assert_refused(&a, "sold_out");
    a = call("send_checkout_link", "{\"product_id\":\"29\"}");
    assert_agreed(&a);
    a = call("send_checkout_link", "{\"product_id\":\"Medium\"}");
    assert_refused(&a, "which_one");
    assert_has(t_text(&a, "/message"), "Commuter helmet (Medium)");
    t_sqlf("UPDATE integrations SET status = 'disconnected' WHERE service = 'shopify'"
           "   AND organization_id = '" DOWNTOWN "'");
    a = call("send_checkout_link", "{\"product_id\":\"HLM-COM-M\"}");
    t_sqlf("UPDATE integrations SET status = 'connected' WHERE service = 'shopify'"
           "   AND organization_id = '" DOWNTOWN "'");
    assert_refused(&a, "no_store");
    assert_int_equal(count("messages"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_sent_as_it_was_meant),
        cmocka_unit_test(answers_go_to_the_shop_whoever_sends),
        cmocka_unit_test(a_tool_that_is_asked_again_sends_nothing_more),
        cmocka_unit_test(what_the_server_puts_off_is_tried_again),
        cmocka_unit_test(without_tls_nothing_is_said_to_another_host),
        cmocka_unit_test(a_server_that_is_away_for_too_long_is_told),
        cmocka_unit_test(a_refusal_for_good_is_told),
        cmocka_unit_test(a_refused_login_is_an_alarm_and_loses_nothing),
        cmocka_unit_test(a_lost_answer_is_told_and_never_sent_again),
        cmocka_unit_test(while_an_attempt_is_under_way_there_is_no_other),
        cmocka_unit_test(what_was_never_tried_is_no_doubt),
        cmocka_unit_test(a_connection_that_breaks_behind_the_server_is_no_doubt),
        cmocka_unit_test(the_worker_dies_everywhere),
        cmocka_unit_test(an_address_that_was_given_is_written_to),
        cmocka_unit_test(an_address_that_is_none_is_asked_for_again),
        cmocka_unit_test(a_subject_adds_no_header),
        cmocka_unit_test(who_may_not_be_written_to_is_not),
        cmocka_unit_test(a_talk_cannot_be_led_to_send_many),
        cmocka_unit_test(a_cart_is_sent_by_text),
        cmocka_unit_test(a_cart_is_sent_by_email),
        cmocka_unit_test(no_cart_of_what_cannot_be_bought),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
