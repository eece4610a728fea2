/* leads.* and calls.*: members, pages, filters. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "t/handlers/lib/client.h"

#define N_LEADS 60

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM calls");
    t_sqlf("DELETE FROM customers WHERE id NOT IN ('" JOHN "', '" SARAH "')");
    return 0;
}

/* n customers named "Lead 1" …; several share one time of change. */
static void add_leads(int n)
{
    t_sqlf("INSERT INTO customers (organization_id, first_name, phone_number, updated_at)"
           " SELECT '" DOWNTOWN "', 'Lead ' || i, '+1416555' || lpad(i::text, 4, '0'),"
           "        timestamptz '2026-01-01 00:00:00.000001+00' + (i / 7) * interval '1 "
           "microsecond'"
           "   FROM generate_series(1, %d) i",
           n);
}

static va_str_t args_after(const char *args, const char *cursor)
{
    return wk_printf(t_ctx.arena, "%s%s%s", args, cursor[0] != '\0' ? "&cursor=" : "", cursor);
}

/* ---------------------------------------------------------------- pages */

/* Walks the list; seen[] counts the leads by their number. Returns the number of pages. */
static int walk(const char *args, int seen[N_LEADS + 1], void (*between)(int page))
{
    const char *cursor = "";
    int pages = 0;
    memset(seen, 0, (N_LEADS + 1) * sizeof(*seen));
    do {
        t_answer_t a = t_get("leads.list", "/api/leads", args_after(args, cursor).data);
        assert_status(&a, 200);
        for (size_t i = 0; i < t_count(&a, "/leads"); i++) {
            int n;
            va_str_t at = wk_printf(t_ctx.arena, "/leads/%zu/first_name", i);
            if (sscanf(t_text(&a, at.data), "Lead %d", &n) == 1 && n <= N_LEADS) {
                seen[n]++;
            }
        }
        cursor = t_text(&a, "/next_cursor");
        if (between != NULL) {
            between(pages);
        }
        assert_true(++pages < 200);
    } while (strcmp(cursor, "null") != 0);
    return pages;
}

static void assert_each_once(const int seen[N_LEADS + 1])
{
    for (int i = 1; i <= N_LEADS; i++) {
        if (seen[i] != 1) {
            fail_msg("lead %d was seen %d times", i, seen[i]);
        }
    }
}

static void pages_have_every_row_once(void **state)
{
    static const int limits[] = {1, 2, 7, 25, 60, 61, 62, 100};
    int seen[N_LEADS + 1];
    (void)state;
    add_leads(N_LEADS);
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        va_str_t args = wk_printf(t_ctx.arena, "limit=%d", limits[i]);
        int pages = walk(args.data, seen, NULL);
        assert_each_once(seen);
        assert_int_equal(pages, (N_LEADS + 1 + limits[i] - 1) / limits[i]); /* and John */
    }
    assert_int_equal(walk("", seen, NULL), 3); /* 25 a page */
}

static void add_newer(int page)
{
    t_sqlf("INSERT INTO customers (organization_id, first_name)"
           " VALUES ('" DOWNTOWN "', 'Newcomer %d')",
           page);
}

static void what_comes_meanwhile_moves_nothing(void **state)
{
    int seen[N_LEADS + 1];
    (void)state;
    add_leads(N_LEADS);
    walk("limit=7", seen, add_newer);
    assert_each_once(seen);
}

static void the_last_page_ends_the_list(void **state)
{
    (void)state;
    add_leads(4);
    t_answer_t a = t_get("leads.list", "/api/leads", "limit=5");
    assert_int_equal(t_count(&a, "/leads"), 5);
    assert_string_equal(t_text(&a, "/next_cursor"), "null");
    a = t_get("leads.list", "/api/leads", "limit=4");
    assert_int_equal(t_count(&a, "/leads"), 4);
    a = t_get("leads.list", "/api/leads",
              args_after("limit=4", t_text(&a, "/next_cursor")).data);
    assert_int_equal(t_count(&a, "/leads"), 1);
    assert_string_equal(t_text(&a, "/next_cursor"), "null");
}

static void a_limit_is_from_1_to_100(void **state)
{
    static const char *const wrong[] = {"limit=0",
                                        "limit=101",
                                        "limit=-1",
                                        "limit=x",
                                        "limit=1e1",
                                        "limit=10%20",
                                        "limit=99999999999999999999",
                                        "limit=%00",
                                        "limit=1;drop%20table%20customers"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = t_get("leads.list", "/api/leads", wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    t_answer_t a = t_get("leads.list", "/api/leads", "limit=100");
    assert_status(&a, 200);
    a = t_get("leads.list", "/api/leads", "limit=&cursor=");
    assert_status(&a, 200);
}

static void a_cursor_is_one_of_ours(void **state)
{
    static const char *const wrong[] = {
        "x",
        "AAAA",
        "%27%20OR%201=1--",
        "1",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   /* a character short */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* a character long */
        "__________AAAAAAAAAAAAAAAAAAAAAA",  /* a time no row can have */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%2B%2F",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        va_str_t args = wk_printf(t_ctx.arena, "cursor=%s", wrong[i]);
        t_answer_t a = t_get("leads.list", "/api/leads", args.data);
        assert_error(&a, 400, "invalid_cursor");
        a = t_get("calls.list", "/api/calls", args.data);
        assert_error(&a, 400, "invalid_cursor");
        a = t_get("conversations.get", "/api/conversations/" JOHN, args.data);
        assert_error(&a, 400, "invalid_cursor");
    }
}

/* A cursor of one shop shows another nothing. */
static void a_cursor_carries_no_rights(void **state)
{
    (void)state;
    add_leads(5);
    t_answer_t a = t_get("leads.list", "/api/leads", "limit=2");
    a = t_get_as(UMA, UPTOWN, "admin", "leads.list", "/api/leads",
                 args_after("", t_text(&a, "/next_cursor")).data + 1);
    assert_status(&a, 200);
    for (size_t i = 0; i < t_count(&a, "/leads"); i++) {
        va_str_t at = wk_printf(t_ctx.arena, "/leads/%zu/organization_id", i);
        assert_string_equal(t_text(&a, at.data), UPTOWN);
    }
}

/* ---------------------------------------------------------------- leads */

static void a_lead_has_its_members(void **state)
{
    static const struct {
        const char *pointer, *value;
    } members[] = {
        {"/id", JOHN},
        {"/organization_id", DOWNTOWN},
        {"/customer_name", "John Tremblay"},
        {"/first_name", "John"},
        {"/last_name", "Tremblay"},
        {"/phone_number", "+14165559876"},
        {"/email", "john.tremblay@customer.example"},
        {"/lead_status", "qualified"},
        {"/lead_score", "0"},
        {"/sentiment", "neutral"},
        {"/tier", "vip"},
        {"/preferred_language", "en"},
        {"/contact_preferences/sms", "true"},
        {"/total_purchases", "2485.94"},
        {"/purchase_count", "1"},
        {"/last_service_date", "null"},
        {"/priority", "normal"},
        {"/source", "shop"},
    };
    (void)state;
    t_answer_t list = t_get("leads.list", "/api/leads", NULL);
    t_answer_t one = t_get("leads.handle", "/api/leads/" JOHN, NULL);
    t_answer_t by_former_word = t_get("leads.get", "/api/leads/" JOHN, NULL);
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        va_str_t in_list = wk_printf(t_ctx.arena, "/leads/0%s", members[i].pointer);
        va_str_t in_one = wk_printf(t_ctx.arena, "/lead%s", members[i].pointer);
        assert_string_equal(t_text(&list, in_list.data), members[i].value);
        assert_string_equal(t_text(&one, in_one.data), members[i].value);
    }
    assert_int_equal(t_count(&list, "/leads/0/purchase_history"), 0);
    assert_int_equal(t_count(&list, "/leads/0/service_history"), 0);
    assert_string_equal(t_text(&one, "/lead/address/city"), "Toronto");
    assert_string_equal(t_text(&by_former_word, "/lead/address/city"), "Toronto");
    assert_string_equal(t_text(&list, "/leads/0/address/city"), "");
    assert_string_equal(t_text(&one, "/success"), "true");
}

static void times_are_iso_8601_in_utc(void **state)
{
    (void)state;
    t_sqlf(
        "UPDATE customers SET last_contact_at = '2026-07-01 10:30:00.25-04' WHERE id = '" JOHN
        "'");
    t_answer_t a = t_get("leads.handle", "/api/leads/" JOHN, NULL);
    assert_string_equal(t_text(&a, "/lead/last_contact_at"), "2026-07-01T14:30:00.250Z");
}

static void customers_are_leads(void **state)
{
    (void)state;
    t_answer_t a = t_get("leads.list", "/api/leads", NULL);
    t_answer_t b = t_get("leads.list", "/api/customers", NULL);
    assert_true(va_str_eq(a.body, b.body));
    assert_true(a.body.len > 100);
}

static void answers_are_not_kept_by_anybody(void **state)
{
    (void)state;
    t_answer_t a = t_get("leads.list", "/api/leads", NULL);
    assert_int_equal(a.reply.n_headers, 1);
    assert_str(a.reply.headers[0].name, "cache-control");
    assert_str(a.reply.headers[0].value, "no-store");
}

/* ---------------------------------------------------------------- filters */

static size_t found(const char *args)
{
    t_answer_t a = t_get("leads.list", "/api/leads", args);
    assert_status(&a, 200);
    return t_count(&a, "/leads");
}

static void leads_by_status(void **state)
{
    (void)state;
    add_leads(3);
    assert_int_equal(found("status=qualified"), 1);
    assert_int_equal(found("status=new"), 3);
    assert_int_equal(found("status=hot"), 0);
    assert_int_equal(found("status="), 4);
    assert_int_equal(found("status=QUALIFIED"), 1);
    assert_int_equal(found("status=New%20Inquiry"), 3);
    assert_int_equal(found("status=Active%20Lead"), 0);
    t_answer_t a = t_get("leads.list", "/api/leads", "status=unqualified");
    assert_error(&a, 400, "bad_request");
    a = t_get("leads.list", "/api/leads", "status=new%27%20OR%20%271%27=%271");
    assert_error(&a, 400, "bad_request");
}

static void leads_by_words(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO customers (organization_id, first_name, last_name, company, email)"
           " VALUES ('" DOWNTOWN "', 'Zoé', 'O''Neil_100%%', 'Back\\slash \"Ltd\"',"
           "         'zoe@customer.example')");
    assert_int_equal(found("q=tremblay"), 1);
    assert_int_equal(found("q=JOHN"), 1);
    assert_int_equal(found("q=ohn%20Trem"), 1);
    assert_int_equal(found("q=john.tremblay@"), 1);
    assert_int_equal(found("q=zo%C3%A9"), 1);
    assert_int_equal(found("q=o%27neil"), 1);
    assert_int_equal(found("q=100%25"), 1);
    assert_int_equal(found("q=back%5Cslash"), 1);
    assert_int_equal(found("q=%22ltd%22"), 1);
    assert_int_equal(found("q=customer.example"), 2);
    assert_int_equal(found("q=nobody"), 0);
    /* Nothing in it is a pattern. */
    assert_int_equal(found("q=%25"), 1);
    assert_int_equal(found("q=_"), 1);
    assert_int_equal(found("q=J%25n"), 0);
    assert_int_equal(found("q=J.hn"), 0);
    assert_int_equal(found("q=%27%20OR%20%271%27=%271"), 0);
    assert_int_equal(found("q="), 2);
}

static void leads_by_number(void **state)
{
    (void)state;
    assert_int_equal(found("q=%2B14165559876"), 1);
    assert_int_equal(found("q=(416)%20555-9876"), 1);
    assert_int_equal(found("q=416.555.9876"), 1);
    assert_int_equal(found("q=9876"), 1);
    assert_int_equal(found("q=9999"), 0);
    assert_int_equal(found("q=-"), 0); /* no digits: no number, and nothing else has one */
}

static void leads_by_time(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM customers WHERE id = '" JOHN "'");
    /* Toronto: UTC-5 in January, UTC-4 in July. */
    t_sqlf("INSERT INTO customers (organization_id, first_name, updated_at) VALUES"
           " ('" DOWNTOWN "', 'first moment', '2026-07-01 04:00:00+00'),"
           " ('" DOWNTOWN "', 'last moment', '2026-07-02 03:59:59.999999+00'),"
           " ('" DOWNTOWN "', 'the next day', '2026-07-02 04:00:00+00'),"
           " ('" DOWNTOWN "', 'in winter', '2026-01-01 05:00:00+00')");
    assert_int_equal(found("from=2026-07-01&to=2026-07-01"), 2);
    assert_int_equal(found("from=2026-07-02"), 1);
    assert_int_equal(found("to=2026-06-30"), 1);
    assert_int_equal(found("to=2025-12-31"), 0);
    assert_int_equal(found("from=2026-01-01T00:00&to=2026-01-01T00:01"), 1);
    assert_int_equal(found("from=2026-01-02T00:00&to=2026-01-01T23:00Z"), 0); /* two clocks */
    assert_int_equal(found("from=2026-07-01T04:00:00Z&to=2026-07-02T04:00:00Z"), 2);
    assert_int_equal(found("from=2026-07-01T04:00:00.000001Z&to=2026-07-02T04:00:00Z"), 1);
    assert_int_equal(found("from=2026-07-02T00:00:00-04:00"), 1);
    assert_int_equal(found("from=2026-07-02T06:00:00%2B02:00"), 1);
    assert_int_equal(found("from=2026-07-02T06:00:00+02:00"), 1);
    assert_int_equal(found("from=2026-07-02T06:00:01+0200"), 0);
    t_sqlf("INSERT INTO customers (id, organization_id, first_name, last_name, phone_number, "
           "email,"
           "    tier, lead_status, preferred_language, source, total_spent, purchase_count, "
           "address)"
           " VALUES ('" JOHN "', '" DOWNTOWN "', 'John', 'Tremblay', '+14165559876',"
           "    'john.tremblay@customer.example', 'vip', 'qualified', 'en', 'shop', 2485.94, 1,"
           "    '{\"city\":\"Toronto\"}')");
}

static void a_period_does_not_end_before_it_begins(void **state)
{
    static const char *const wrong[] = {
        "from=2026-07-02&to=2026-07-01", "from=2026-07-03T00:00:00.000001&to=2026-07-02",
        "from=2026-07-01T10:00:01%2B02:00&to=2026-07-01T08:00:00Z"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = t_get("leads.list", "/api/leads", wrong[i]);
        assert_error(&a, 400, "bad_request");
        a = t_get("analytics.get", "/api/analytics", wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
}

static void a_time_must_be_one(void **state)
{
    static const char *const wrong[] = {"2026",
                                        "2026-13-01",
                                        "2026-02-29",
                                        "2026-04-31",
                                        "2026-7-1",
                                        "20260701",
                                        "yesterday",
                                        "now",
                                        "infinity",
                                        "-infinity",
                                        "epoch",
                                        "2026-07-01T",
                                        "2026-07-01T24:00",
                                        "2026-07-01T10:60",
                                        "2026-07-01T10:00:00.",
                                        "2026-07-01T10:00:00Zx",
                                        "2026-07-01T10",
                                        "0001-01-01",
                                        "9999-12-31",
                                        "2026-07-01%27",
                                        "2026-07-01T10:00:00%2B99:00"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        va_str_t from = wk_printf(t_ctx.arena, "from=%s", wrong[i]);
        va_str_t to = wk_printf(t_ctx.arena, "to=%s", wrong[i]);
        t_answer_t a = t_get("leads.list", "/api/leads", from.data);
        assert_error(&a, 400, "bad_request");
        a = t_get("calls.list", "/api/calls", to.data);
        assert_error(&a, 400, "bad_request");
    }
}

static void a_query_must_be_text(void **state)
{
    static const char *const wrong[] = {"q=%FF", "q=%C3", "q=a%00b", "%FF=1"};
    char *many = malloc(5000), *much = malloc(500);
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = t_get("leads.list", "/api/leads", wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    for (size_t i = 0; i < 2000; i++) {
        memcpy(many + 2 * i, "a&", 3);
    }
    t_answer_t a = t_get("leads.list", "/api/leads", many);
    assert_error(&a, 400, "bad_request");
    snprintf(much, 500, "q=%0300d", 0);
    a = t_get("leads.list", "/api/leads", much);
    assert_error(&a, 400, "bad_request");
    free(many);
    free(much);
}

/* ---------------------------------------------------------------- calls */

#define CALL "d0000000-0000-4000-8000-0000000000c1"

static void add_calls(void)
{
    t_sqlf("INSERT INTO calls (id, organization_id, customer_id, direction, caller_number,"
           "    called_number, caller_name, twilio_call_sid, status, started_at, ended_at,"
           "    duration_seconds, summary, call_type, outcome, resolution, satisfaction_score,"
           "    cost_usd, analysis, dynamic_variables, language, transcript)"
           " VALUES ('" CALL "', '" DOWNTOWN "', '" JOHN "', 'inbound', '+14165559876',"
           "    '+14165550001', 'J T', 'CA1', 'completed', '2026-07-01 12:00+00',"
           "    '2026-07-01 12:02+00', 120, 'Asked for a tune-up', 'service_booking',"
           "    'appointment_booked', 'resolved', 9, 0.1234, '{\"topic\":\"tune-up\"}',"
           "    '{\"customer_name\":\"John\"}', 'en', "
           "'[{\"role\":\"user\",\"message\":\"Hi\"}]')");
    t_sqlf("INSERT INTO calls (organization_id, direction, caller_number, called_number,"
           "    twilio_call_sid, status, started_at)"
           " SELECT '" DOWNTOWN "', 'inbound', null, '+14165550001', 'CA' || i,"
           "    'no_answer', '2026-07-02 12:00+00' FROM generate_series(2, 4) i");
}

static size_t found_calls(const char *args)
{
    t_answer_t a = t_get("calls.list", "/api/calls", args);
    assert_status(&a, 200);
    return t_count(&a, "/calls");
}

static void calls_are_listed_and_filtered(void **state)
{
    (void)state;
    add_calls();
    assert_int_equal(found_calls(NULL), 4);
    assert_int_equal(found_calls("status=completed"), 1);
    assert_int_equal(found_calls("status=active"), found_calls("status=in_progress"));
    assert_int_equal(found_calls("status=no_answer"), 3);
    assert_int_equal(found_calls("from=2026-07-02"), 3);
    assert_int_equal(found_calls("to=2026-07-01"), 1);
    assert_int_equal(found_calls("q=TREMBLAY"), 1);
    assert_int_equal(found_calls("q=tune-up"), 1);
    assert_int_equal(found_calls("q=j%20t"), 1);
    assert_int_equal(found_calls("q=555-9876"), 1);
    assert_int_equal(found_calls("q=5550001"), 4);
    assert_int_equal(found_calls("q=repair"), 0);
    t_answer_t a = t_get("calls.list", "/api/calls", "status=hot");
    assert_error(&a, 400, "bad_request");
    a = t_get("calls.list", "/api/calls", "limit=3");
    assert_string_equal(t_text(&a, "/calls/0/started_at"), "2026-07-02T12:00:00.000Z");
    a = t_get("calls.list", "/api/calls",
              args_after("limit=3", t_text(&a, "/next_cursor")).data);
    assert_int_equal(t_count(&a, "/calls"), 1);
    assert_string_equal(t_text(&a, "/calls/0/id"), CALL);
    assert_string_equal(t_text(&a, "/next_cursor"), "null");
}

static void a_call_has_its_members(void **state)
{
    static const struct {
        const char *member, *value;
    } members[] = {
        {"id", CALL},
        {"lead_id", JOHN},
        {"customer_id", JOHN},
        {"customer_name", "John Tremblay"},
        {"direction", "inbound"},
        {"caller_number", "+14165559876"},
        {"called_number", "+14165550001"},
        {"twilio_call_sid", "CA1"},
        {"elevenlabs_conversation_id", "null"},
        {"status", "completed"},
        {"started_at", "2026-07-01T12:00:00.000Z"},
        {"ended_at", "2026-07-01T12:02:00.000Z"},
        {"duration_seconds", "120"},
        {"summary", "Asked for a tune-up"},
        {"call_type", "service_booking"},
        {"outcome", "appointment_booked"},
        {"resolution", "resolved"},
        {"satisfaction_score", "9"},
        {"cost_usd", "0.123400"},
        {"language", "en"},
        {"human_escalation_required", "false"},
        {"has_recording", "false"},
    };
    (void)state;
    add_calls();
    t_answer_t one = t_get("calls.get", "/api/calls/" CALL, NULL);
    t_answer_t list = t_get("calls.list", "/api/calls", "status=completed");
    assert_status(&one, 200);
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        va_str_t in_one = wk_printf(t_ctx.arena, "/call/%s", members[i].member);
        va_str_t in_list = wk_printf(t_ctx.arena, "/calls/0/%s", members[i].member);
        assert_string_equal(t_text(&one, in_one.data), members[i].value);
        assert_string_equal(t_text(&list, in_list.data), members[i].value);
    }
    assert_string_equal(t_text(&one, "/call/analysis/topic"), "tune-up");
    assert_string_equal(t_text(&one, "/call/dynamic_variables/customer_name"), "John");
    assert_string_equal(t_text(&one, "/call/transcript/0/message"), "Hi");
    assert_string_equal(t_text(&list, "/calls/0/transcript"), "");
}

static void a_call_has_its_turns_and_findings(void **state)
{
    (void)state;
    add_calls();
    t_sqlf("INSERT INTO messages (organization_id, customer_id, call_id, channel, direction,"
           "    speaker, position, content, occurred_at)"
           " SELECT '" DOWNTOWN "', '" JOHN "', '" CALL "', 'voice',"
           "    CASE i %% 2 WHEN 0 THEN 'outbound' ELSE 'inbound' END,"
           "    CASE i %% 2 WHEN 0 THEN 'agent' ELSE 'customer' END, i, 'turn ' || i,"
           "    '2026-07-01 12:00+00' FROM generate_series(0, 9) i");
    t_sqlf(
        "INSERT INTO call_data (organization_id, call_id, data_type, field_name, field_value)"
        " VALUES ('" DOWNTOWN "', '" CALL "', 'bike_interest', 'bike_type', 'gravel')");
    t_sqlf("INSERT INTO evaluations (organization_id, call_id, criterion, result)"
           " VALUES ('" DOWNTOWN "', '" CALL "', 'next_steps_clear', 'success')");
    t_answer_t a = t_get("calls.get", "/api/calls/" CALL, NULL);
    assert_int_equal(t_count(&a, "/turns"), 10);
    for (int i = 0; i < 10; i++) {
        char expected[16];
        va_str_t at = wk_printf(t_ctx.arena, "/turns/%d/content", i);
        snprintf(expected, sizeof(expected), "turn %d", i);
        assert_string_equal(t_text(&a, at.data), expected);
    }
    assert_string_equal(t_text(&a, "/turns/1/speaker"), "customer");
    assert_string_equal(t_text(&a, "/turns/1/sent_by"), "user");
    assert_string_equal(t_text(&a, "/turns_complete"), "true");
    assert_string_equal(t_text(&a, "/call/collected_data/0/field_value"), "gravel");
    assert_string_equal(t_text(&a, "/call/evaluations/0/result"), "success");
}

/* Whatever was said, the answer fits into a reply, and the end of the talk is in it. */
static void a_long_call_shows_its_end(void **state)
{
    (void)state;
    add_calls();
    t_sqlf(
        "INSERT INTO messages (organization_id, customer_id, call_id, channel, direction,"
        "    speaker, position, content, occurred_at)"
        " SELECT '" DOWNTOWN "', '" JOHN "', '" CALL "', 'voice', 'inbound', 'customer', i,"
        "    i || repeat('\"', 2000), '2026-07-01 12:00+00'::timestamptz + i * interval '1 s'"
        "   FROM generate_series(0, 1200) i");
    t_sqlf("UPDATE calls SET transcript = to_jsonb(repeat('x', 300000)) WHERE id = '" CALL "'");
    t_answer_t a = t_get("calls.get", "/api/calls/" CALL, NULL);
    assert_status(&a, 200);
    size_t n = t_count(&a, "/turns");
    assert_true(n > 50 && n < 1000);
    assert_string_equal(t_text(&a, "/turns_complete"), "false");
    va_str_t last = wk_printf(t_ctx.arena, "/turns/%zu/position", n - 1);
    assert_string_equal(t_text(&a, last.data), "1200");
    assert_string_equal(t_text(&a, "/call/transcript"), "null");
}

/* ---------------------------------------------------------------- changes */

static t_ask_t changing(const char *job, const char *role, const char *id, const char *body)
{
    return (t_ask_t){.type = "leads.handle",
                     .id = job,
                     .method = "PATCH",
                     .uri = wk_printf(t_ctx.arena, "/api/leads/%s", id).data,
                     .claims = t_claims("somebody", DOWNTOWN, role),
                     .org = DOWNTOWN,
                     .body = body};
}

static t_answer_t change(const char *role, const char *id, const char *body)
{
    t_ask_t ask = changing(NULL, role, id, body);
    return t_ask(&ask);
}

static void a_lead_is_changed_by_its_shop(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET notes = 'old' WHERE id = '" JOHN "'");
    t_answer_t a = change("manager", JOHN,
                          "{\"lead_status\":\"HOT\",\"priority\":\"Medium\",\"notes\":null,"
                          "\"tags\":[\"vip\",\"racer\",\"vip\",\"Vip\",\"racer\"],\"email\":"
                          "\"John@X.example\",\"assigned_to\":\"" DANA "\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/lead/lead_status"), "hot");
    assert_string_equal(t_text(&a, "/lead/priority"), "normal");
    assert_string_equal(t_text(&a, "/lead/email"), "john@x.example");
    assert_string_equal(
        t_sqlf("SELECT array_to_json(tags) FROM customers WHERE id = '" JOHN "'"),
        "[\"vip\",\"racer\",\"Vip\"]");
    assert_string_equal(t_text(&a, "/lead/assigned_to"), DANA);
    assert_string_equal(t_text(&a, "/lead/notes"), "null");
    assert_string_equal(t_text(&a, "/lead/last_name"), "Tremblay");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'lead_changed'"
                                "   AND entity_id = '" JOHN "'"),
                     1);
    t_sqlf("UPDATE customers SET lead_status = 'qualified', tags = '{}', assigned_to = NULL,"
           " email = 'john.tremblay@customer.example' WHERE id = '" JOHN "'");
}

/* Else who looks for what was done to him would not find it. */
static void a_change_is_noted_of_him_however_his_id_is_spelled(void **state)
{
    char id[] = JOHN;
    (void)state;
    t_sqlf("DELETE FROM audit_log");
    for (char *c = id; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    assert_string_not_equal(id, JOHN);
    t_answer_t a = change("manager", id, "{\"lead_status\":\"hot\"}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf("SELECT string_agg(entity_id, ' ') FROM audit_log"), JOHN);
    t_sqlf("UPDATE customers SET lead_status = 'qualified' WHERE id = '" JOHN "'");
}

static void a_change_that_is_done_again_undoes_no_later_one(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM audit_log");
    t_ask_t first = changing("first", "manager", JOHN, "{\"status\":\"Hot\"}");
    t_answer_t a = t_ask(&first);
    assert_string_equal(t_text(&a, "/lead/lead_status"), "hot");
    a = change("super_admin", JOHN, "{\"lead_status\":\"cold\",\"notes\":\"Moved away\"}");
    assert_string_equal(t_text(&a, "/lead/lead_status"), "cold");
    a = t_ask(&first);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/lead/lead_status"), "cold");
    assert_string_equal(
        t_sqlf("SELECT string_agg(actor || ' ' || data, ', ' ORDER BY id) FROM audit_log"),
        "user {\"status\": true}, super_admin {\"notes\": true, \"lead_status\": true}");
    t_sqlf("UPDATE customers SET lead_status = 'qualified', notes = NULL"
           " WHERE id = '" JOHN "'");
}

static void nonsense_changes_no_lead(void **state)
{
    static const char *const bodies[] = {"{}",
                                         "{",
                                         "[]",
                                         "{\"lead_status\":\"nonsense\"}",
                                         "{\"lead_status\":null}",
                                         "{\"lead_status\":\"hot\",\"status\":\"cold\"}",
                                         "{\"phone_number\":\"+14165550000\"}",
                                         "{\"email\":\"nobody\"}",
                                         "{\"tags\":\"vip\"}",
                                         "{\"assigned_to\":\"somebody\"}"};
    (void)state;
    const char *before = t_sqlf("SELECT c::text FROM customers c WHERE id = '" JOHN "'");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = change("admin", JOHN, bodies[i]);
        assert_error(&a, 400, "bad_request");
    }
    t_answer_t a = change("admin", JOHN, "{\"assigned_to\":\"" UMA "\"}");
    assert_error(&a, 422, "unprocessable");
    a = change("staff", JOHN, "{\"lead_status\":\"hot\"}");
    assert_error(&a, 403, "role");
    a = change("admin", SARAH, "{\"lead_status\":\"hot\"}");
    assert_error(&a, 404, "not_found");
    assert_string_equal(t_sqlf("SELECT c::text FROM customers c WHERE id = '" JOHN "'"),
                        before);
}

static void a_cursor_is_of_its_list(void **state)
{
    (void)state;
    add_leads(5);
    t_answer_t a = t_get("leads.list", "/api/leads", "limit=1");
    const char *args = args_after("limit=1", t_text(&a, "/next_cursor")).data;
    a = t_get("leads.list", "/api/leads", args);
    assert_status(&a, 200);
    a = t_get("calls.list", "/api/calls", args);
    assert_error(&a, 400, "invalid_cursor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_have_every_row_once),
        cmocka_unit_test(what_comes_meanwhile_moves_nothing),
        cmocka_unit_test(the_last_page_ends_the_list),
        cmocka_unit_test(a_limit_is_from_1_to_100),
        cmocka_unit_test(a_cursor_is_one_of_ours),
        cmocka_unit_test(a_cursor_carries_no_rights),
        cmocka_unit_test(a_lead_has_its_members),
        cmocka_unit_test(times_are_iso_8601_in_utc),
        cmocka_unit_test(customers_are_leads),
        cmocka_unit_test(answers_are_not_kept_by_anybody),
        cmocka_unit_test(leads_by_status),
        cmocka_unit_test(leads_by_words),
        cmocka_unit_test(leads_by_number),
        cmocka_unit_test(leads_by_time),
        cmocka_unit_test(a_period_does_not_end_before_it_begins),
        cmocka_unit_test(a_time_must_be_one),
        cmocka_unit_test(a_query_must_be_text),
        cmocka_unit_test(calls_are_listed_and_filtered),
        cmocka_unit_test(a_call_has_its_members),
        cmocka_unit_test(a_call_has_its_turns_and_findings),
        cmocka_unit_test(a_long_call_shows_its_end),
        cmocka_unit_test(a_lead_is_changed_by_its_shop),
        cmocka_unit_test(a_change_is_noted_of_him_however_his_id_is_spelled),
        cmocka_unit_test(a_change_that_is_done_again_undoes_no_later_one),
        cmocka_unit_test(nonsense_changes_no_lead),
        cmocka_unit_test(a_cursor_is_of_its_list),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
