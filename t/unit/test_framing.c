/*
 * Frames of several connections that lend each other wslay's state: in whatever pieces they
 * come, each connection has its own messages.
 */
#include "worker/voice/framing.h"

#include "t/unit/support.h"
#include "worker/voice/bytes.h"

#define MAX 70000

typedef struct {
    wk_framing_t framing;
    wk_bytes_t sent, heard; /* heard: messages, each behind its length */
    bool stops;
} end_t;

static end_t caller, other_caller, server, other_server;

static void on_text(void *ctx, va_str_t text)
{
    end_t *end = ctx;
    wk_bytes_add(&end->heard, &text.len, sizeof(text.len));
    wk_bytes_add(&end->heard, text.data, text.len);
    if (end->stops) {
        wk_framing_stop(&end->framing);
    }
}

static void on_write(void *ctx, va_str_t bytes)
{
    end_t *end = ctx;
    wk_bytes_add(&end->sent, bytes.data, bytes.len);
}

static void begin(end_t *end, bool is_server)
{
    static const wk_framing_events_t events = {on_text, on_write};
    *end = (end_t){.stops = false};
    wk_framing_init(&end->framing, is_server, MAX, &events, end);
}

static void finish(end_t *end)
{
    wk_framing_free(&end->framing);
    wk_bytes_free(&end->sent);
    wk_bytes_free(&end->heard);
}

static int set_up(void **state)
{
    (void)state;
    begin(&caller, false);
    begin(&other_caller, false);
    begin(&server, true);
    begin(&other_server, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    finish(&caller);
    finish(&other_caller);
    finish(&server);
    finish(&other_server);
    return 0;
}

/* Of what one sent the other reads so many bytes, or what there is; false: nothing was left. */
static bool pass(end_t *from, end_t *to, size_t len)
{
    va_str_t sent = wk_bytes_str(&from->sent);
    len = len < sent.len ? len : sent.len;
    assert_true(wk_framing_read(&to->framing, va_str(sent.data, len)));
    wk_bytes_take(&from->sent, len);
    return len > 0;
}

static void assert_heard(end_t *end, va_str_t text)
{
    size_t len;
    va_str_t heard = wk_bytes_str(&end->heard);
    assert_true(heard.len >= sizeof(len) + text.len);
    memcpy(&len, heard.data, sizeof(len));
    assert_int_equal(len, text.len);
    assert_memory_equal(heard.data + sizeof(len), text.data, text.len);
    wk_bytes_take(&end->heard, sizeof(len) + len);
}

static void in_any_pieces_each_has_its_own_messages(void **state)
{
    static const size_t lengths[] = {1, 125, 126, 127, 5000, 65535, 65536, 66000};
    static const size_t pieces[] = {1, 2, 3, 7, 4095, 4096, 66000};
    static char a[MAX], b[MAX];
    (void)state;
    memset(a, 'a', sizeof(a));
    memset(b, 'b', sizeof(b));
    for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
        for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
            wk_framing_text(&caller.framing, va_str(a, lengths[i]));
            wk_framing_text(&other_caller.framing, va_str(b, lengths[i]));
        }
        while (pass(&caller, &server, pieces[p]) |
               pass(&other_caller, &other_server, pieces[p] + 1)) {
        }
        for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
            assert_heard(&server, va_str(a, lengths[i]));
            assert_heard(&other_server, va_str(b, lengths[i]));
        }
        assert_int_equal(server.heard.len + other_server.heard.len, 0);
    }
}

static void only_in_the_middle_of_a_message_it_has_state(void **state)
{
    (void)state;
    wk_framing_text(&caller.framing, VA_STR("one"));
    wk_framing_text(&caller.framing, VA_STR("two"));
    wk_framing_text(&server.framing, VA_STR("three"));
    assert_null(caller.framing.state);
    size_t whole = caller.sent.len / 2;
    for (size_t i = 0; i + 1 < whole; i++) {
        pass(&caller, &server, 1);
        assert_non_null(server.framing.state);
    }
    pass(&caller, &server, 1);
    assert_null(server.framing.state);
    assert_heard(&server, VA_STR("one"));
    pass(&caller, &server, whole);
    assert_null(server.framing.state);
    assert_heard(&server, VA_STR("two"));
    pass(&server, &caller, MAX);
    assert_null(caller.framing.state);
    assert_heard(&caller, VA_STR("three"));
}

/* Frames with a mask of zeros, which changes nothing. */
#define PART(text)    "\x01\x83\0\0\0\0" text
#define PING(text)    "\x89\x82\0\0\0\0" text
#define REST(text)    "\x80\x82\0\0\0\0" text
#define RAW(literals) va_str(literals, sizeof(literals) - 1)

static void a_message_in_parts_is_one_and_a_ping_between_them_is_answered(void **state)
{
    (void)state;
    assert_true(wk_framing_read(&server.framing, RAW(PART("hel"))));
    assert_non_null(server.framing.state);
    wk_framing_text(&other_caller.framing, VA_STR("beside"));
    pass(&other_caller, &other_server, MAX);
    assert_heard(&other_server, VA_STR("beside"));
    assert_true(wk_framing_read(&server.framing, RAW(PING("hi"))));
    assert_true(va_str_eq(wk_bytes_str(&server.sent), RAW("\x8a\x02hi")));
    assert_non_null(server.framing.state);
    assert_true(wk_framing_read(&server.framing, RAW(REST("lo"))));
    assert_heard(&server, VA_STR("hello"));
    assert_null(server.framing.state);
}

static void who_answers_a_ping_is_known_by_it(void **state)
{
    (void)state;
    wk_framing_text(&server.framing, VA_STR("hello"));
    pass(&server, &caller, MAX);
    wk_framing_ping(&caller.framing);
    pass(&caller, &server, MAX);
    assert_false(caller.framing.answers);
    pass(&server, &caller, MAX);
    assert_true(caller.framing.answers);
    assert_false(other_caller.framing.answers);
    assert_null(caller.framing.state);
}

static void a_close_is_answered_and_is_nobody_elses(void **state)
{
    uint16_t code;
    (void)state;
    wk_framing_close(&caller.framing, 1001);
    assert_false(wk_framing_ended(&server.framing, &code));
    pass(&caller, &server, MAX);
    assert_true(wk_framing_ended(&server.framing, &code));
    assert_int_equal(code, 1001);
    assert_int_equal(wk_framing_closed_with(&server.framing), 1001);
    assert_true(va_str_eq(wk_bytes_str(&server.sent), RAW("\x88\x02\x03\xe9")));

    assert_false(wk_framing_ended(&other_server.framing, &code));
    wk_framing_text(&other_caller.framing, VA_STR("goes on"));
    pass(&other_caller, &other_server, MAX);
    assert_heard(&other_server, VA_STR("goes on"));
    assert_int_equal(wk_framing_closed_with(&other_server.framing), 0);
}

static void assert_refused(va_str_t bytes, uint16_t with)
{
    uint16_t code;
    assert_true(wk_framing_read(&server.framing, bytes));
    assert_true(wk_framing_ended(&server.framing, &code));
    assert_int_equal(code, with);
    assert_int_equal(wk_framing_closed_with(&server.framing), 0);
    assert_int_equal(server.heard.len, 0);
}

static void a_frame_without_a_mask_breaks_the_rules(void **state)
{
    (void)state;
    assert_refused(RAW("\x81\x02hi"), 1002);
}

static void a_message_that_is_too_long_is_refused(void **state)
{
    static char text[MAX + 1];
    (void)state;
    memset(text, 'a', sizeof(text));
    wk_framing_text(&caller.framing, va_str(text, sizeof(text)));
    assert_refused(wk_bytes_str(&caller.sent), 1009);
}

static void what_follows_a_stop_is_not_told(void **state)
{
    (void)state;
    server.stops = true;
    wk_framing_text(&caller.framing, VA_STR("last"));
    wk_framing_text(&caller.framing, VA_STR("unheard"));
    pass(&caller, &server, MAX);
    assert_heard(&server, VA_STR("last"));
    assert_int_equal(server.heard.len, 0);
}

static void binary_messages_are_sent_and_not_told(void **state)
{
    (void)state;
    wk_framing_binary(&server.framing, RAW("\0\1"));
    assert_true(va_str_eq(wk_bytes_str(&server.sent), RAW("\x82\x02\0\1")));
    pass(&server, &caller, MAX);
    assert_int_equal(caller.heard.len, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(in_any_pieces_each_has_its_own_messages),
        CASE(only_in_the_middle_of_a_message_it_has_state),
        CASE(a_message_in_parts_is_one_and_a_ping_between_them_is_answered),
        CASE(who_answers_a_ping_is_known_by_it),
        CASE(a_close_is_answered_and_is_nobody_elses),
        CASE(a_frame_without_a_mask_breaks_the_rules),
        CASE(a_message_that_is_too_long_is_refused),
        CASE(what_follows_a_stop_is_not_told),
        CASE(binary_messages_are_sent_and_not_told),
    };
    return RUN("framing", tests);
}
