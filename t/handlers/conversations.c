/* conversations.get: one customer's talk over all channels, in pages back in time. */
#include <stdio.h>
#include <stdlib.h>

#include "t/handlers/lib/client.h"

#define N_MESSAGES 30
#define URI        "/api/conversations/" JOHN

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM messages");
    return 0;
}

/* Message i says "m<i>", in pairs at one moment. */
static void add_messages(int n)
{
    t_sqlf(
        "INSERT INTO messages (id, organization_id, customer_id, channel, direction, speaker,"
        "    content, occurred_at)"
        " SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, '" DOWNTOWN
        "', '" JOHN "', (array['voice', 'sms', 'chat'])[1 + i %% 3],"
        "    CASE i %% 2 WHEN 0 THEN 'inbound' ELSE 'outbound' END,"
        "    CASE i %% 2 WHEN 0 THEN 'customer' ELSE 'agent' END, 'm' || i,"
        "    timestamptz '2026-07-01 12:00+00' + (i / 2) * interval '1 second'"
        "   FROM generate_series(0, %d) i",
        n - 1);
}

static const char *content(const t_answer_t *a, size_t i)
{
    return t_text(a, wk_printf(t_ctx.arena, "/messages/%zu/content", i).data);
}

static void a_page_is_chronological_and_the_cursor_leads_back(void **state)
{
    int expected = N_MESSAGES;
    const char *cursor = "";
    (void)state;
    add_messages(N_MESSAGES);
    for (int page = 0; page < 5; page++) {
        va_str_t args =
            wk_printf(t_ctx.arena, "limit=7%s%s", page > 0 ? "&cursor=" : "", cursor);
        t_answer_t a = t_get("conversations.get", URI, args.data);
        assert_status(&a, 200);
        size_t n = t_count(&a, "/messages");
        assert_int_equal(n, page < 4 ? 7 : 2);
        expected -= (int)n;
        for (size_t i = 0; i < n; i++) {
            char text[16];
            snprintf(text, sizeof(text), "m%d", expected + (int)i);
            assert_string_equal(content(&a, i), text);
        }
        cursor = t_text(&a, "/next_cursor");
    }
    assert_int_equal(expected, 0);
    assert_string_equal(cursor, "null");
}

static void a_message_has_its_members(void **state)
{
    (void)state;
    t_sqlf(
        "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
        "    content, language, sentiment, intent, confidence, status, tools_used, occurred_at)"
        " VALUES ('" DOWNTOWN "', '" JOHN "', 'chat', 'inbound', 'customer',"
        "    E'Vélo \"bleu\"\\n</script> \\u2028', 'fr', 'positive', 'order', 0.75, 'received',"
        "    '[\"lookup_order\"]', '2026-07-01 12:00:00.5+00')");
    t_answer_t a = t_get("conversations.get", URI, NULL);
    assert_string_equal(content(&a, 0), "Vélo \"bleu\"\n</script> \xe2\x80\xa8");
    assert_string_equal(t_text(&a, "/messages/0/channel"), "chat");
    assert_string_equal(t_text(&a, "/messages/0/type"), "text");
    assert_string_equal(t_text(&a, "/messages/0/speaker"), "customer");
    assert_string_equal(t_text(&a, "/messages/0/sent_by"), "user");
    assert_string_equal(t_text(&a, "/messages/0/language"), "fr");
    assert_string_equal(t_text(&a, "/messages/0/sentiment"), "positive");
    assert_string_equal(t_text(&a, "/messages/0/intent"), "order");
    assert_string_equal(t_text(&a, "/messages/0/confidence"), "0.750");
    assert_string_equal(t_text(&a, "/messages/0/status"), "received");
    assert_string_equal(t_text(&a, "/messages/0/tools_used/0"), "lookup_order");
    assert_string_equal(t_text(&a, "/messages/0/timestamp"), "2026-07-01T12:00:00.500Z");
    assert_string_equal(t_text(&a, "/conversation/lead_id"), JOHN);
    assert_string_equal(t_text(&a, "/conversation/customer_name"), "John Tremblay");
    assert_string_equal(t_text(&a, "/conversation/phone_number"), "+14165559876");
    assert_string_equal(t_text(&a, "/conversation/language"), "en");
}

static void a_customer_who_said_nothing_has_an_empty_talk(void **state)
{
    (void)state;
    t_answer_t a = t_get("conversations.get", URI, NULL);
    assert_status(&a, 200);
    assert_int_equal(t_count(&a, "/messages"), 0);
    assert_string_equal(t_text(&a, "/next_cursor"), "null");
}

/* Long messages make a shorter page, and the cursor knows where it ended. */
static void a_page_fits_into_a_reply(void **state)
{
    size_t seen = 0;
    int pages = 0;
    const char *cursor = "";
    (void)state;
    add_messages(N_MESSAGES);
    t_sqlf("UPDATE messages SET content = content || repeat('\"', 50000)");
    do {
        va_str_t args =
            wk_printf(t_ctx.arena, "limit=100%s%s", pages > 0 ? "&cursor=" : "", cursor);
        t_answer_t a = t_get("conversations.get", URI, args.data);
        assert_status(&a, 200);
        assert_true(a.body.len < VA_REPLY_MAX_BYTES);
        size_t n = t_count(&a, "/messages");
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(strtol(content(&a, i) + 1, NULL, 10),
                             N_MESSAGES - (int)(seen + n - i));
        }
        seen += n;
        cursor = t_text(&a, "/next_cursor");
        pages++;
    } while (strcmp(cursor, "null") != 0 && pages < N_MESSAGES);
    assert_int_equal(seen, N_MESSAGES);
    assert_true(pages >= 4);
}

static void of_two_shops_with_one_customer_each_has_its_own(void **state)
{
    (void)state;
    add_messages(2);
    t_sqlf("INSERT INTO messages (organization_id, customer_id, channel, direction, speaker, "
           "content)"
           " VALUES ('" UPTOWN "', '" SARAH "', 'sms', 'inbound', 'customer', 'uptown only')");
    t_answer_t a = t_get("conversations.get", URI, NULL);
    assert_int_equal(t_count(&a, "/messages"), 2);
    a = t_get_as(UMA, UPTOWN, "admin", "conversations.get", "/api/conversations/" SARAH, NULL);
    assert_int_equal(t_count(&a, "/messages"), 1);
    assert_string_equal(content(&a, 0), "uptown only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_chronological_and_the_cursor_leads_back),
        cmocka_unit_test(a_message_has_its_members),
        cmocka_unit_test(a_customer_who_said_nothing_has_an_empty_talk),
        cmocka_unit_test(a_page_fits_into_a_reply),
        cmocka_unit_test(of_two_shops_with_one_customer_each_has_its_own),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
