/*
 * campaigns.send and campaigns.call: each follow-up and campaign once, to whom it is about,
 * when and how the customer wants it, and never on the day of a reminder.
 */
#include <stdio.h>

#include "t/handlers/lib/texts.h"

#define RUN "d0000000-0000-4000-8000-0000000000d1"

static int setup(void **state)
{
    t_elevenlabs();
    t_sqlf("DELETE FROM campaign_runs; DELETE FROM calls; DELETE FROM appointments;"
           "UPDATE campaigns c SET is_active = f.is_active, channel = 'sms', swept_at = NULL,"
           "    trigger = f.trigger, message_template = '{}'"
           "  FROM first_campaigns() f WHERE f.name = c.name;"
           "UPDATE agent_configs SET sms_reminders = true, quiet_from = '00:00',"
           "    quiet_until = '00:00';"
           "UPDATE customers SET contact_preferences = '{}', lead_status = 'new',"
           "    last_service_at = NULL, timezone = NULL, source = 'shop', purchase_count = 1,"
           "    created_at = now() - interval '1 year', phone_number = CASE id WHEN '" JOHN
           "' THEN '" JOHN_NUMBER "' ELSE phone_number END");
    return t_texts_setup(state);
}

/* John's run of a campaign, due since a minute. */
static void due(const char *campaign, const char *key)
{
    t_sqlf(
        "UPDATE campaigns SET is_active = true WHERE name = '%s';"
        "INSERT INTO campaign_runs (id, organization_id, campaign_id, customer_id, key, due_at)"
        " SELECT '" RUN "', '" DOWNTOWN "', id, '" JOHN "', '%s', now() - interval '1 minute'"
        "   FROM campaigns WHERE organization_id = '" DOWNTOWN "' AND name = '%s'",
        campaign, key, campaign);
}

static void follow_up(void)
{
    due("call_followup", "followup:c");
}

static void remind_of_service(void)
{
    due("service_reminder", "campaign:service_reminder:" JOHN ":2026-01-01");
}

static t_answer_t job(const char *type, const char *body)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = type, .org = DOWNTOWN, .scheme = "internal", .body = body});
    assert_done(&a);
    return a;
}

static void send_queued(void)
{
    for (;;) {
        const char *key = t_sqlf("SELECT data ->> 'key' FROM outbox WHERE type = 'sms.send'"
                                 " ORDER BY id LIMIT 1");
        if (key[0] == '\0') {
            return;
        }
        job("sms.send", wk_printf(t_ctx.arena, "{\"key\":\"%s\"}", key).data);
        t_sqlf("DELETE FROM outbox WHERE type = 'sms.send' AND data ->> 'key' = '%s'", key);
    }
}

static size_t sent_after_a_sweep(void)
{
    job("campaigns.send", "{}");
    send_queued();
    return t_twilio_sent(JOHN_NUMBER);
}

static const char *run(void)
{
    return t_sqlf("SELECT concat_ws(' ', state, result) FROM campaign_runs WHERE id = '" RUN
                  "'");
}

static const char *last_text(void)
{
    return t_sqlf("SELECT content FROM messages ORDER BY occurred_at DESC LIMIT 1");
}

/* ---------------------------------------------------------------- once */

static void a_follow_up_is_sent_once(void **state)
{
    (void)state;
    follow_up();
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "Hello John! This is Bici Downtown.");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_string_equal(run(), "done sms");
    assert_string_equal(t_sqlf("SELECT key FROM effects"), "followup:c");
    assert_string_equal(t_sqlf("SELECT r.message_id = m.id FROM campaign_runs r, messages m"),
                        "t");
}

static void one_that_is_not_due_waits(void **state)
{
    (void)state;
    follow_up();
    t_sqlf("UPDATE campaign_runs SET due_at = now() + interval '1 hour'");
    assert_int_equal(sent_after_a_sweep(), 0);
    assert_string_equal(run(), "scheduled");
}

/* The key is in the ledger already: the run was queued by one that died before it said so. */
static void a_text_that_was_queued_before_is_not_sent_twice(void **state)
{
    (void)state;
    follow_up();
    assert_int_equal(sent_after_a_sweep(), 1);
    t_sqlf("UPDATE campaign_runs SET state = 'scheduled', executed_at = NULL");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_string_equal(run(), "done sms");
}

static void the_shops_own_words_are_used(void **state)
{
    (void)state;
    follow_up();
    t_sqlf("UPDATE campaigns SET message_template ="
           " '{\"en\": \"{customer_name}, {shop} here.\"}' WHERE name = 'call_followup'");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_string_equal(last_text(), "John, Bici Downtown here.");
}

static void it_speaks_the_customers_language(void **state)
{
    (void)state;
    follow_up();
    t_sqlf("UPDATE customers SET conversation_language = 'fr' WHERE id = '" JOHN "'");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "Ici Bici Downtown");
}

/* ---------------------------------------------------------------- unwanted */

static void who_does_not_want_it_hears_nothing(void **state)
{
    static const struct {
        const char *change, *why;
    } cases[] = {
        {"INSERT INTO consents (organization_id, channel, address, granted, source)"
         " VALUES ('" DOWNTOWN "', 'sms', '" JOHN_NUMBER "', false, 'keyword')",
         "no_consent"},
        {"UPDATE customers SET contact_preferences = '{\"sms\": false}'", "no_consent"},
        {"UPDATE customers SET lead_status = 'closed'", "obsolete"},
        {"UPDATE customers SET phone_number = NULL WHERE id = '" JOHN "'", "no_number"},
        {"UPDATE customers SET phone_number = '" DOWNTOWN_NUMBER "' WHERE id = '" JOHN "'",
         "own_number"},
        {"UPDATE campaigns SET is_active = false", "campaign_off"},
        {"UPDATE campaign_runs SET due_at = now() - interval '4 days'", "too_late"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        follow_up();
        t_sqlf("%s", cases[i].change);
        assert_int_equal(sent_after_a_sweep(), 0);
        assert_string_equal(run(), wk_printf(t_ctx.arena, "skipped %s", cases[i].why).data);
    }
}

/* A reminder of a cart is advertising: it takes a yes. */
static void a_promotion_needs_a_yes_on_record(void **state)
{
    (void)state;
    due("abandoned_cart", "campaign:abandoned_cart:" JOHN ":7");
    t_sqlf("UPDATE campaign_runs SET data = '{\"first_item\":\"Trail 29\","
           "\"url\":\"https://shop.example/c/7\"}'");
    assert_int_equal(sent_after_a_sweep(), 0);
    assert_string_equal(run(), "skipped no_consent");
    t_sqlf("UPDATE campaign_runs SET state = 'scheduled';"
           "INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'sms', '" JOHN_NUMBER "', true, 'web')");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "Trail 29. https://shop.example/c/7");
}

/* The purchase and the cart may be handled at once, neither seeing the other. */
static void a_cart_that_was_bought_is_not_reminded_of(void **state)
{
    (void)state;
    due("abandoned_cart", "campaign:abandoned_cart:" JOHN ":7");
    t_sqlf("UPDATE campaign_runs SET data = '{\"cart\": \"7\"}';"
           "INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'sms', '" JOHN_NUMBER "', true, 'web');"
           "INSERT INTO webhook_events (organization_id, provider, type, key)"
           " VALUES ('" DOWNTOWN "', 'shopify', 'cart bought', '7')");
    assert_int_equal(sent_after_a_sweep(), 0);
    assert_string_equal(run(), "skipped obsolete");
}

/* ---------------------------------------------------------------- the hour */

/* From an hour ago until in an hour, as the clocks there show it: they may change meanwhile. */
static void be_quiet_in(const char *zone)
{
    t_sqlf("UPDATE agent_configs SET"
           " quiet_from = (now() AT TIME ZONE '%1$s' - interval '1 hour')::time(0),"
           " quiet_until = (now() AT TIME ZONE '%1$s' + interval '1 hour')::time(0)",
           zone);
}

static void assert_waits_for_their_end(const char *zone)
{
    assert_string_equal(run(), "scheduled");
    assert_string_equal(
        t_sqlf(
            "SELECT due_at BETWEEN ends - interval '10 minutes' AND ends + interval '1 second'"
            "  FROM campaign_runs,"
            "       instant_of(now() AT TIME ZONE '%1$s' + interval '1 hour', '%1$s') AS ends",
            zone),
        "t");
}

static void quiet_hours_are_the_customers(void **state)
{
    static const struct {
        const char *number, *zone; /* zone: set by somebody */
        const char *quiet_in;
    } cases[] = {
        {"+16045550123", NULL, "America/Vancouver"},
        {"+17095550123", NULL, "America/St_Johns"},
        {"+442079460123", NULL, "America/Toronto"}, /* nobody knows: the shop's */
        {"+16045550123", "Asia/Tokyo", "Asia/Tokyo"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        follow_up();
        t_sqlf("UPDATE customers SET phone_number = '%s', timezone = nullif('%s', '')"
               " WHERE id = '" JOHN "'",
               cases[i].number, cases[i].zone != NULL ? cases[i].zone : "");
        be_quiet_in(cases[i].quiet_in);
        job("campaigns.send", "{}");
        assert_waits_for_their_end(cases[i].quiet_in);
    }
}

static void another_zones_quiet_hours_hold_nobody_up(void **state)
{
    (void)state;
    follow_up();
    be_quiet_in("Asia/Tokyo");
    assert_int_equal(sent_after_a_sweep(), 1);
}

/* ---------------------------------------------------------------- never both */

static void assert_waits_for_another_day(void)
{
    assert_string_equal(run(), "scheduled");
    assert_string_equal(
        t_sqlf("SELECT (due_at AT TIME ZONE 'America/Toronto')::date"
               "     = (now() AT TIME ZONE 'America/Toronto')::date + 1 FROM campaign_runs"
               " WHERE id = '" RUN "'"),
        "t");
}

static void book(const char *begins_in)
{
    t_sqlf("INSERT INTO appointments (organization_id, customer_id, customer_phone, starts_at,"
           "    ends_at, appointment_type) VALUES ('" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER
           "', now() + interval '%s', now() + interval '%s' + interval '1 hour', 'general')",
           begins_in, begins_in);
}

static void a_campaign_waits_for_the_day_of_a_reminder_to_pass(void **state)
{
    (void)state;
    remind_of_service();
    t_sqlf("UPDATE campaigns SET trigger = 'manual' WHERE name = 'service_reminder'");
    book("23 hours");
    assert_int_equal(sent_after_a_sweep(), 0);
    assert_waits_for_another_day();
}

static void a_campaign_waits_when_the_reminder_was_sent(void **state)
{
    (void)state;
    remind_of_service();
    book("23 hours");
    job("reminders.send", "{}");
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
    t_sqlf("DELETE FROM appointments");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_waits_for_another_day();
}

static void a_reminder_is_dropped_on_the_day_of_a_campaign(void **state)
{
    (void)state;
    remind_of_service();
    assert_int_equal(sent_after_a_sweep(), 1);
    book("23 hours");
    job("reminders.send", "{}");
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
}

static void one_campaign_a_day_and_person(void **state)
{
    (void)state;
    remind_of_service();
    t_sqlf("INSERT INTO campaign_runs (organization_id, campaign_id, customer_id, key, due_at)"
           " SELECT organization_id, campaign_id, customer_id, key || 'b', now()"
           "   FROM campaign_runs");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM campaign_runs WHERE state = 'scheduled'"
                                " AND due_at > now()"),
                     1);
}

/* What was asked for in a call comes when it was asked for. */
static void a_follow_up_is_no_campaign(void **state)
{
    (void)state;
    follow_up();
    book("23 hours");
    assert_int_equal(sent_after_a_sweep(), 1);
}

/* ---------------------------------------------------------------- found */

static const char *found(void)
{
    job("campaigns.send", "{}");
    return t_sqlf("SELECT string_agg(key, ' ' ORDER BY key) FROM campaign_runs");
}

static void switch_on(const char *campaign)
{
    t_sqlf("UPDATE campaigns SET is_active = (name = '%s')", campaign);
}

static void a_lead_is_followed_up_on_a_day_after(void **state)
{
    static const struct {
        const char *change;
        bool found;
    } cases[] = {
        {"", true},
        {"lead_status = 'contacted'", true},
        {"created_at = now() - interval '23 hours'", false},
        {"created_at = now() - interval '9 days'", false},
        {"lead_status = 'qualified'", false},
        {"purchase_count = 1", false},
        {"source = 'shop'", false},
        {"phone_number = NULL", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        switch_on("post_inquiry_followup");
        t_sqlf("UPDATE customers SET created_at = now() - interval '25 hours', source = 'sms',"
               "    purchase_count = 0 WHERE id = '" JOHN "'");
        if (cases[i].change[0] != '\0') {
            t_sqlf("UPDATE customers SET %s WHERE id = '" JOHN "'", cases[i].change);
        }
        const char *key = t_sqlf("SELECT 'campaign:post_inquiry_followup:" JOHN ":' ||"
                                 " to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
                                 " FROM customers WHERE id = '" JOHN "'");
        key = wk_strdup(t_ctx.arena, va_str_c(key));
        assert_string_equal(found(), cases[i].found ? key : "");
    }
}

static void a_service_long_ago_is_reminded_of_once(void **state)
{
    static const struct {
        const char *ago;
        bool found;
    } cases[] = {{"7 months", true}, {"5 months", false}, {"25 months", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        switch_on("service_reminder");
        t_sqlf("UPDATE customers SET last_service_at = now() - interval '%s' WHERE id = '" JOHN
               "'",
               cases[i].ago);
        assert_int_equal(sent_after_a_sweep(), cases[i].found ? 1 : 0);
        t_sqlf("UPDATE campaigns SET swept_at = NULL");
        assert_int_equal(sent_after_a_sweep(), cases[i].found ? 1 : 0);
    }
    assert_has_not(t_sqlf("SELECT coalesce(string_agg(key, ' '), '') FROM campaign_runs"),
                   JOHN);
}

static void whoever_has_booked_needs_no_service_reminder(void **state)
{
    (void)state;
    switch_on("service_reminder");
    t_sqlf("UPDATE customers SET last_service_at = now() - interval '7 months'"
           " WHERE id = '" JOHN "'");
    book("5 days");
    assert_string_equal(found(), "");
}

/* Runs are forgotten after that: whatever a shop sets, none may be made again. */
static void what_is_two_years_ago_is_no_reason(void **state)
{
    static const char *const ages[] = {"729 days", "732 days"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        t_sqlf("DELETE FROM campaign_runs;"
               "UPDATE campaigns SET is_active = name IN ('post_inquiry_followup',"
               "    'service_reminder'), delay_seconds = CASE trigger WHEN 'lead_created'"
               "    THEN extract(epoch FROM interval '728 days') ELSE 0 END;"
               "UPDATE customers SET created_at = now() - interval '%s', source = 'call',"
               "    purchase_count = 0, last_service_at = now() - interval '%s'"
               " WHERE id = '" JOHN "'",
               ages[i], ages[i]);
        job("campaigns.send", "{}");
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM campaign_runs"), i == 0 ? 2 : 0);
    }
}

static void other_shops_customers_are_not_found(void **state)
{
    (void)state;
    switch_on("service_reminder");
    t_sqlf("UPDATE customers SET last_service_at = now() - interval '7 months'"
           " WHERE id = '" SARAH "'");
    assert_string_equal(found(), "");
}

#define MANY 300

static void many_are_dealt_with_in_pieces_each_once(void **state)
{
    int pieces = 0;
    (void)state;
    switch_on("service_reminder");
    t_sqlf("INSERT INTO customers (organization_id, phone_number, source, last_service_at)"
           " SELECT '" DOWNTOWN "', '+1647' || lpad(i::text, 7, '0'), 'import',"
           "    now() - interval '8 months' FROM generate_series(2000001, 2000000 + %d) i",
           MANY);
    do {
        t_sqlf("DELETE FROM outbox WHERE type = 'campaigns.send'");
        job("campaigns.send", "{}");
        pieces++;
    } while (t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'campaigns.send'") > 0);
    printf("# %d runs in %d pieces\n", MANY, pieces);
    assert_int_equal(t_sqlf_int("SELECT count(DISTINCT to_number) FROM messages"), MANY);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM campaign_runs WHERE state = 'done'"),
                     MANY);
}

/* ---------------------------------------------------------------- deliveries */

/* placed: null: when it was shipped. */
static t_answer_t order_placed(const char *placed, const char *fulfilled, const char *shipment,
                               int minutes)
{
    const char *at =
        wk_strdup(t_ctx.arena,
                  va_str_c(t_sqlf("SELECT to_char(now() AT TIME ZONE 'UTC'"
                                  " + interval '%d minutes', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                                  minutes)));
    return t_ask(&(t_ask_t){
        .type = "shopify.webhook",
        .scheme = "shopify",
        .headers = {"x-shopify-topic", "orders/updated", "x-shopify-shop-domain",
                    "bici-downtown.myshopify.com"},
        .body = wk_printf(t_ctx.arena,
                          "{\"id\":7001,\"admin_graphql_api_id\":\"gid://shopify/Order/7001\","
                          "\"name\":\"#7001\",\"created_at\":\"%s\",\"updated_at\":\"%s\","
                          "\"financial_status\":\"paid\",\"fulfillment_status\":%s,"
                          "\"total_price\":\"99.00\",\"currency\":\"CAD\",\"line_items\":[],"
                          "\"phone\":\"" JOHN_NUMBER "\",\"fulfillments\":[{\"id\":1,"
                          "\"status\":\"success\",\"created_at\":\"%s\",\"updated_at\":\"%s\","
                          "\"shipment_status\":%s,\"tracking_number\":\"T1\","
                          "\"tracking_url\":\"https://carrier.example/T1\"}]}",
                          placed != NULL ? placed : at, at, fulfilled, at, at, shipment)
                    .data});
}

static t_answer_t order_is(const char *fulfilled, const char *shipment, int minutes)
{
    return order_placed(NULL, fulfilled, shipment, minutes);
}

static void each_step_of_a_delivery_is_told_once(void **state)
{
    static const struct {
        const char *shipment, *text;
    } steps[] = {
        {"\"in_transit\"", "your order #7001 is on its way. https://carrier.example/T1"},
        {"\"out_for_delivery\"", "your order #7001 is out for delivery today."},
        {"\"delivered\"", "your order #7001 was delivered."},
    };
    (void)state;
    t_sqlf("DELETE FROM orders WHERE order_number = '7001'; DELETE FROM webhook_events");
    switch_on("delivery_notice");
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        for (int repeat = 0; repeat < 2; repeat++) {
            t_answer_t a = order_is("\"fulfilled\"", steps[i].shipment, 2 * (int)i + repeat);
            assert_done(&a);
            assert_int_equal(sent_after_a_sweep(), i + 1);
        }
        assert_has(last_text(), steps[i].text);
    }
    assert_string_equal(t_sqlf("SELECT string_agg(key, ' ' ORDER BY claimed_at) FROM effects"),
                        "delivery:7001:shipped delivery:7001:out_for_delivery "
                        "delivery:7001:delivered");
}

static void what_the_parcel_left_behind_is_not_told(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM orders WHERE order_number = '7001'; DELETE FROM webhook_events");
    switch_on("delivery_notice");
    t_answer_t a = order_is("\"fulfilled\"", "\"in_transit\"", 0);
    assert_done(&a);
    a = order_is("\"fulfilled\"", "\"delivered\"", 1);
    assert_done(&a);
    assert_int_equal(sent_after_a_sweep(), 0); /* of several runs for one the first */
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "was delivered");
}

/* Shopify tells of an order whenever anything of it is changed. */
static void an_order_of_long_ago_is_no_news(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM orders WHERE order_number = '7001'; DELETE FROM webhook_events");
    switch_on("delivery_notice");
    t_answer_t a = order_placed("2024-01-01T10:00:00Z", "\"fulfilled\"", "\"delivered\"", 1);
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT status FROM orders WHERE order_number = '7001'"),
                        "delivered");
    assert_int_equal(sent_after_a_sweep(), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM campaign_runs"), 0);
}

/* ---------------------------------------------------------------- the call before */

static void book_a_week_ago(const char *begins_in)
{
    book(begins_in);
    t_sqlf("UPDATE appointments SET created_at = now() - interval '1 week'");
}

static void two_days_before_the_agent_calls_once(void **state)
{
    (void)state;
    t_sqlf("UPDATE agent_configs SET call_reminders = true");
    book_a_week_ago("47 hours");
    for (int i = 0; i < 2; i++) {
        job("reminders.send", "{}");
        job("campaigns.send", "{}");
    }
    const char *id = t_sqlf("SELECT id FROM campaign_runs WHERE state = 'running'"
                            " AND key LIKE 'reminder:%%:48h:%%'");
    assert_int_equal(strlen(id), 36);
    job("campaigns.call", wk_printf(t_ctx.arena, "{\"run\":\"%s\"}", id).data);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', count(*), min(call_reason)) FROM calls"),
                        "1 service_reminder");
    t_sqlf("UPDATE agent_configs SET call_reminders = false");
}

static void an_appointment_that_was_cancelled_is_not_called_about(void **state)
{
    (void)state;
    t_sqlf("UPDATE agent_configs SET call_reminders = true");
    book_a_week_ago("47 hours");
    job("reminders.send", "{}");
    t_sqlf("UPDATE appointments SET status = 'cancelled'; UPDATE agent_configs"
           " SET call_reminders = false");
    job("campaigns.send", "{}");
    assert_string_equal(t_sqlf("SELECT state || ' ' || result FROM campaign_runs"),
                        "skipped obsolete");
}

static void who_has_just_booked_is_not_called(void **state)
{
    (void)state;
    t_sqlf("UPDATE agent_configs SET call_reminders = true");
    book("47 hours");
    job("reminders.send", "{}");
    t_sqlf("UPDATE agent_configs SET call_reminders = false");
    assert_string_equal(t_sqlf("SELECT count(*) FROM campaign_runs"), "0");
    assert_string_equal(t_sqlf("SELECT reminded_48h_at IS NOT NULL FROM appointments"), "t");
}

/* ---------------------------------------------------------------- calls */

static void a_run_may_call_instead(void **state)
{
    (void)state;
    follow_up();
    t_sqlf("UPDATE campaign_runs SET data = '{\"channel\": \"call\"}'");
    job("campaigns.send", "{}");
    assert_string_equal(run(), "running call");
    assert_string_equal(
        t_sqlf("SELECT data ->> 'run' FROM outbox WHERE type = 'campaigns.call'"), RUN);
    for (int i = 0; i < 2; i++) {
        job("campaigns.call", "{\"run\":\"" RUN "\"}");
    }
    assert_string_equal(run(), "done call");
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', count(*), min(call_reason),"
                               "    bool_and(id = (SELECT call_id FROM campaign_runs)))"
                               "  FROM calls"),
                        "1 follow_up t");
}

static void a_run_that_meets_the_quiet_hours_waits_for_their_end(void **state)
{
    (void)state;
    follow_up();
    t_sqlf("UPDATE campaign_runs SET data = '{\"channel\": \"call\"}'");
    job("campaigns.send", "{}");
    const char *first = t_sqlf("SELECT dedup FROM outbox WHERE type = 'campaigns.call'");
    be_quiet_in("America/Toronto");
    job("campaigns.call", "{\"run\":\"" RUN "\"}");
    assert_waits_for_their_end("America/Toronto");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 0);

    t_sqlf("UPDATE agent_configs SET quiet_from = quiet_until; DELETE FROM outbox;"
           "UPDATE campaign_runs SET due_at = now() - interval '1 second'");
    job("campaigns.send", "{}");
    assert_string_not_equal(t_sqlf("SELECT dedup FROM outbox WHERE type = 'campaigns.call'"),
                            first);
    job("campaigns.call", "{\"run\":\"" RUN "\"}");
    assert_string_equal(run(), "done call");
}

/* Also when it became the shop's after the run was taken. */
static void the_shop_does_not_call_itself(void **state)
{
    (void)state;
    follow_up();
    t_sqlf("UPDATE campaign_runs SET data = '{\"channel\": \"call\"}'");
    job("campaigns.send", "{}");
    t_sqlf("UPDATE customers SET phone_number = '" DOWNTOWN_NUMBER "' WHERE id = '" JOHN "'");
    job("campaigns.call", "{\"run\":\"" RUN "\"}");
    assert_string_equal(run(), "skipped own_number");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 0);
}

static void who_wants_no_calls_gets_none(void **state)
{
    (void)state;
    follow_up();
    t_sqlf("UPDATE campaign_runs SET data = '{\"channel\": \"call\"}'");
    job("campaigns.send", "{}");
    t_sqlf("UPDATE customers SET contact_preferences = '{\"call\": false}'");
    job("campaigns.call", "{\"run\":\"" RUN "\"}");
    assert_string_equal(run(), "skipped no_consent");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follow_up_is_sent_once),
        cmocka_unit_test(one_that_is_not_due_waits),
        cmocka_unit_test(a_text_that_was_queued_before_is_not_sent_twice),
        cmocka_unit_test(the_shops_own_words_are_used),
        cmocka_unit_test(it_speaks_the_customers_language),
        cmocka_unit_test(who_does_not_want_it_hears_nothing),
        cmocka_unit_test(a_promotion_needs_a_yes_on_record),
        cmocka_unit_test(a_cart_that_was_bought_is_not_reminded_of),
        cmocka_unit_test(quiet_hours_are_the_customers),
        cmocka_unit_test(another_zones_quiet_hours_hold_nobody_up),
        cmocka_unit_test(a_campaign_waits_for_the_day_of_a_reminder_to_pass),
        cmocka_unit_test(a_campaign_waits_when_the_reminder_was_sent),
        cmocka_unit_test(a_reminder_is_dropped_on_the_day_of_a_campaign),
        cmocka_unit_test(one_campaign_a_day_and_person),
        cmocka_unit_test(a_follow_up_is_no_campaign),
        cmocka_unit_test(a_lead_is_followed_up_on_a_day_after),
        cmocka_unit_test(a_service_long_ago_is_reminded_of_once),
        cmocka_unit_test(whoever_has_booked_needs_no_service_reminder),
        cmocka_unit_test(what_is_two_years_ago_is_no_reason),
        cmocka_unit_test(other_shops_customers_are_not_found),
        cmocka_unit_test(many_are_dealt_with_in_pieces_each_once),
        cmocka_unit_test(each_step_of_a_delivery_is_told_once),
        cmocka_unit_test(what_the_parcel_left_behind_is_not_told),
        cmocka_unit_test(an_order_of_long_ago_is_no_news),
        cmocka_unit_test(two_days_before_the_agent_calls_once),
        cmocka_unit_test(an_appointment_that_was_cancelled_is_not_called_about),
        cmocka_unit_test(who_has_just_booked_is_not_called),
        cmocka_unit_test(a_run_may_call_instead),
        cmocka_unit_test(a_run_that_meets_the_quiet_hours_waits_for_their_end),
        cmocka_unit_test(the_shop_does_not_call_itself),
        cmocka_unit_test(who_wants_no_calls_gets_none),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
