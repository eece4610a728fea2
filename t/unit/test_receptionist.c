/* The embedded receptionist: what it reads in a message, what it answers, what it remembers. */
#include "worker/agent/receptionist.h"

#include "t/unit/catalogue.h"

/* ---------------------------------------------------------------- what a message names */

static wk_reading_t read_c(const char *text)
{
    return wk_read_message(arena, catalogue, va_str_c(text));
}

static void order_numbers_are_found(void **state)
{
    static const struct {
        const char *text, *number; /* NULL: none */
    } cases[] = {
        {"#1042", "1042"},
        {"Where is order # 1042?", "1042"},
        {"my order 1042", "1042"},
        {"order number 1042-B please", "1042-B"},
        {"ma commande 1042", "1042"},
        {"mi pedido 1042", "1042"},
        {"1042", "1042"},
        {" BK-77 ", NULL}, /* two digits may be anything */
        {"AB-123", "AB-123"},
        {"I am #1!", "1"},
        {"I need 4 bikes", NULL},
        {"order 4 bikes", NULL},
        {"order two", NULL},
        {"#", NULL},
        {"###", NULL},
        {"# #7", "7"},
        {"", NULL},
        {"\xff\xfe#", NULL},
        {"#12345678901234567890123456789012345678901", NULL}, /* longer than any */
        {"#1042---", "1042"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_str_t number =
            wk_read_message(arena, catalogue, exact(va_str_c(cases[i].text))).order_number;
        assert_case(cases[i].number != NULL ? str_is(number, cases[i].number)
                                            : number.data == NULL,
                    cases[i].text);
    }
}

static void days_are_found_in_any_language(void **state)
{
    static const struct {
        const char *text;
        int weekday, ahead;
        const char *day;
    } cases[] = {
        {"Are you open Sunday?", 7, -1, NULL},
        {"ouvert lundi?", 1, -1, NULL},
        {"el s\xc3\xa1"
         "bado",
         6, -1, NULL},
        {"today", 0, 0, NULL},
        {"demain?", 0, 1, NULL},
        {"open on Christmas Eve?", 0, -1, "12-24"},
        {"open on Christmas?", 0, -1, "12-25"},
        {"No\xc3\xabl", 0, -1, "12-25"},
        {"hello", 0, -1, NULL},
        {"", 0, -1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reading_t r = read_c(cases[i].text);
        assert_case(r.weekday == cases[i].weekday, cases[i].text);
        assert_case(r.ahead == cases[i].ahead, cases[i].text);
        assert_case(cases[i].day != NULL ? str_is(r.day, cases[i].day) : r.day.data == NULL,
                    cases[i].text);
    }
}

/* ---------------------------------------------------------------- what is remembered */

static void a_dialog_is_read_as_it_was_written(void **state)
{
    static const wk_dialog_t dialogs[] = {
        {.expected = WK_EXPECT_NOTHING},
        {.expected = WK_EXPECT_MESSAGE, .misses = 1, .hint = VA_STR("fr")},
        {.expected = WK_EXPECT_CALLBACK, .misses = 99},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(dialogs) / sizeof(*dialogs); i++) {
        va_str_t text = wk_dialog_write(arena, &dialogs[i]);
        wk_dialog_t d = wk_dialog_read(parse_json(text));
        assert_int_equal(d.expected, dialogs[i].expected);
        assert_int_equal(d.misses, dialogs[i].misses);
        assert_true(va_str_eq(d.hint, dialogs[i].hint) || d.hint.len == dialogs[i].hint.len);
    }
}

static void a_state_that_is_none_is_empty(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "{\"receptionist\":7}",
        "{\"receptionist\":[]}",
        "{\"receptionist\":{\"expected\":\"the moon\",\"misses\":-3,\"hint\":7}}",
        "{\"receptionist\":{\"expected\":1,\"misses\":\"x\"}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_dialog_t d = wk_dialog_read(parse_json(va_str_c(texts[i])));
        assert_case(d.expected == WK_EXPECT_NOTHING && d.misses == 0 && d.hint.len == 0,
                    texts[i]);
    }
    wk_dialog_t d =
        wk_dialog_read(parse_json(VA_STR("{\"receptionist\":{\"misses\":1000000}}")));
    assert_int_equal(d.misses, 100);
}

/* ---------------------------------------------------------------- answers */

/* Tuesday noon; open Monday to Saturday; an order on its way. */
static wk_reception_facts_t facts(void)
{
    return (wk_reception_facts_t){
        .shop = VA_STR("Bici"),
        .phone = VA_STR("+14165550001"),
        .language = VA_STR("en"),
        .agent_name = VA_STR("Bia"),
        .directions = VA_STR("Next to the station."),
        .languages = parse_json(VA_STR("[\"en\",\"fr\"]")),
        .address = parse_json(VA_STR("{\"street\":\"1 Main St\",\"city\":\"Toronto\"}")),
        .language_detection = true,
        .language_confidence = 0.6,
        .plan = VA_STR("PRO"),
        .engine = VA_STR("receptionist"),
        .business_type = VA_STR("bike_shop"),
        .today = VA_STR("2026-11-24"),
        .closing = VA_STR("18:00"),
        .open = true,
        .week = parse_json(VA_STR("[[\"2026-11-24\",2,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-25\",3,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-26\",4,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-27\",5,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-28\",6,\"09:00\",\"17:00\"],"
                                  "[\"2026-11-29\",7,null,null],"
                                  "[\"2026-11-30\",1,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-01\",2,\"08:00\",\"18:00\"]]")),
        .order_id = VA_STR("o"),
        .order_number = VA_STR("1042"),
        .order_status = VA_STR("shipped"),
        .tracking_number = VA_STR("1Z9"),
        .tracking_company = VA_STR("UPS"),
        .expected = VA_STR("2026-11-25"),
        .order_count = 1,
    };
}

static wk_reception_t receive(const wk_reception_facts_t *f, const wk_dialog_t *dialog,
                              const char *text)
{
    wk_reading_t reading = read_c(text);
    return wk_receive(arena, catalogue, &reading, f, dialog,
                      wk_catalogue_find(catalogue, VA_STR("en")), true, VA_STR("Jo"));
}

typedef struct {
    const char *text, *intent, *part, *task;
} turn_case_t;

static void check(const wk_reception_facts_t *f, const turn_case_t *cases, size_t n)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    for (size_t i = 0; i < n; i++) {
        wk_reception_t r = receive(f, &fresh, cases[i].text);
        assert_case(strcmp(r.intent, cases[i].intent) == 0, cases[i].text);
        assert_case((r.task == NULL) == (cases[i].task == NULL) &&
                        (r.task == NULL || strcmp(r.task, cases[i].task) == 0),
                    cases[i].text);
        if (strstr(wk_strdup(arena, r.text), cases[i].part) == NULL) {
            fail_msg("%s: %.*s", cases[i].text, (int)r.text.len, r.text.data);
        }
    }
}

#define CHECK(f, ...)                                                                          \
    do {                                                                                       \
        static const turn_case_t cases_[] = {__VA_ARGS__};                                     \
        check((f), cases_, sizeof(cases_) / sizeof(*cases_));                                  \
    } while (0)

static void what_can_be_answered_is_answered(void **state)
{
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK(
        &f, {"What are your hours?", "hours", "We are open until 6:00 PM today.", NULL},
        {"Open Sunday?", "hours", "Sunday, November 29: closed.", NULL},
        {"and tomorrow?", "hours", "Tomorrow: open 8:00 AM to 6:00 PM.", NULL},
        {"Are you open today?", "hours", "We are open until 6:00 PM today.", NULL},
        {"Where are you?", "location", "1 Main St, Toronto. Next to the station.", NULL},
        {"Where is my order?", "order", "Your order #1042: shipped. Tracking: UPS 1Z9.", NULL},
        {"#1042", "order", "Expected tomorrow.", NULL},
        {"Any special hours?", "holidays", "No special closings", NULL},
        {"Hello", "greeting", "Hello Jo! This is Bia, the assistant of Bici.", NULL},
        {"Thanks!", "thanks", "You are welcome!", NULL});
}

static void a_closed_shop_says_when_it_opens(void **state)
{
    wk_reception_facts_t f = facts();
    (void)state;
    f.open = false;
    f.next_opening = VA_STR("2026-11-25 08:00");
    CHECK(&f, {"hours?", "hours", "closed right now and open again tomorrow at 8:00 AM", NULL});
    f.next_opening = VA_STR_NULL;
    CHECK(&f, {"hours?", "hours", "We are closed right now.", NULL});
}

static void a_person_is_reached_at_every_moment(void **state)
{
    static const char *const words[] = {"0",
                                        "agent",
                                        "AGENT!",
                                        "humain",
                                        "persona",
                                        "my order, no, a real person",
                                        "speak to the manager"};
    static const wk_expected_t moments[] = {WK_EXPECT_NOTHING, WK_EXPECT_MESSAGE,
                                            WK_EXPECT_CALLBACK, WK_EXPECT_SLOT};
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        for (size_t m = 0; m < sizeof(moments) / sizeof(*moments); m++) {
            wk_dialog_t dialog = {.expected = moments[m], .misses = (int)m};
            wk_reception_t r = receive(&f, &dialog, words[i]);
            assert_case(r.task != NULL && strcmp(r.task, "callback") == 0, words[i]);
        }
    }
    f.open_callback = true;
    CHECK(&f, {"agent", "human", "The team has your request to be called back.", NULL});
}

/* Of another's order and of none the same is said. */
static void an_order_that_cannot_be_told_offers_a_person(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    f.order_id = VA_STR_NULL;
    wk_reception_t r = receive(&f, &fresh, "order 2042");
    assert_int_equal(r.dialog.expected, WK_EXPECT_CALLBACK);
    assert_null(r.task);
    assert_null(strstr(wk_strdup(arena, r.text), "2042"));
    assert_string_equal(receive(&f, &r.dialog, "Yes please").task, "callback");
    assert_null(receive(&f, &r.dialog, "No, thanks").task);
}

static void two_misses_offer_a_person(void **state)
{
    wk_dialog_t dialog = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    wk_reception_t r = receive(&f, &dialog, "xyzzy");
    assert_string_equal(r.intent, "none");
    assert_int_equal(r.dialog.misses, 1);
    assert_int_equal(r.dialog.expected, WK_EXPECT_NOTHING);
    r = receive(&f, &r.dialog, "plugh");
    assert_int_equal(r.dialog.expected, WK_EXPECT_CALLBACK);
    r = receive(&f, &r.dialog, "What are your hours?");
    assert_int_equal(r.dialog.misses, 0);
    assert_int_equal(r.dialog.expected, WK_EXPECT_NOTHING);
}

static void a_message_is_taken(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    wk_reception_t r = receive(&f, &fresh, "I want to leave a message");
    assert_int_equal(r.dialog.expected, WK_EXPECT_MESSAGE);
    assert_null(r.task);
    assert_string_equal(receive(&f, &r.dialog, "My hours are 9 to 5").task, "message");
    assert_null(receive(&f, &r.dialog, "never mind").task);
    assert_null(receive(&f, &r.dialog, "!!!").task);
    assert_string_equal(receive(&f, &fresh, "Leave a message: my bike squeaks").task,
                        "message");
    assert_null(receive(&f, &fresh, "Leave a message:  ").task);
}

static void the_answer_is_in_the_messages_language(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    wk_reception_t r = receive(&f, &fresh, "Bonjour, quelles sont vos heures?");
    assert_str(wk_language_code(r.language), "fr");
    assert_false(r.requested);
    r = receive(&f, &fresh,
                "en fran\xc3\xa7"
                "ais");
    assert_str(wk_language_code(r.language), "fr");
    assert_true(r.requested);
    assert_string_equal(r.intent, "language");
}

/* The same message, facts and state give the same answer; and any message gives one. */
static void every_message_has_an_answer(void **state)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "?",
                                        "\xf0\x9f\x9a\xb2",
                                        "\xff\xfe\xfd",
                                        "{shop}",
                                        "{\"a\":1}",
                                        "#",
                                        "0 0 0",
                                        "' OR 1=1 --",
                                        "<script>alert(1)</script>",
                                        "%s%n",
                                        "order order order",
                                        "no",
                                        "yes",
                                        "C",
                                        "R",
                                        "1",
                                        "2)",
                                        "at 25:99"};
    wk_reception_facts_t f = facts(), nothing = {.open = false};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        for (int expected = WK_EXPECT_NOTHING; expected <= WK_EXPECT_SLOT; expected++) {
            wk_dialog_t dialog = {.expected = (wk_expected_t)expected};
            wk_reception_t r = receive(&f, &dialog, texts[i]);
            wk_reception_t again = receive(&f, &dialog, texts[i]);
            assert_case(r.tool != NULL || r.text.len > 0, texts[i]);
            assert_case(va_str_eq(r.text, again.text) || r.text.len == 0, texts[i]);
            r = receive(&nothing, &dialog, texts[i]);
            assert_case(r.tool != NULL || r.text.len > 0, texts[i]);
        }
    }
}

static void a_huge_message_has_an_answer(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    size_t len = 50000;
    char *text = wk_alloc(arena, len + 1);
    wk_reception_facts_t f = facts();
    (void)state;
    memset(text, '#', len);
    assert_true(receive(&f, &fresh, text).text.len > 0);
    for (size_t i = 0; i < len; i++) {
        text[i] = "order "[i % 6];
    }
    assert_string_equal(receive(&f, &fresh, text).intent, "order");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(order_numbers_are_found),
        TEST(days_are_found_in_any_language),
        TEST(a_dialog_is_read_as_it_was_written),
        TEST(a_state_that_is_none_is_empty),
        TEST(what_can_be_answered_is_answered),
        TEST(a_closed_shop_says_when_it_opens),
        TEST(a_person_is_reached_at_every_moment),
        TEST(an_order_that_cannot_be_told_offers_a_person),
        TEST(two_misses_offer_a_person),
        TEST(a_message_is_taken),
        TEST(the_answer_is_in_the_messages_language),
        TEST(every_message_has_an_answer),
        TEST(a_huge_message_has_an_answer),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
