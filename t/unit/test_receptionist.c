/* The embedded receptionist: what it reads in a message, what it answers, what it remembers. */
#include "worker/agent/receptionist.h"

#include "t/unit/catalogue.h"
#include "t/unit/reception_facts.h"

/* ---------------------------------------------------------------- what a message names */

static wk_reading_t read_c(const char *text)
{
    return wk_read_message(arena, catalogue, NULL, va_str_c(text));
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
        {"my phone number is 416 555", NULL},
        {"my call back number is 416 555 1212", NULL},
        {"I got it back number 1042", "1042"},
        {"mi n\xc3\xbamero telef\xc3\xb3nico 416 555 1212", NULL},
        {"mon num\xc3\xa9ro cellulaire 416 555 1212", NULL},
        {"call me, my cell number is 4165551212", NULL},
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
            wk_read_message(arena, catalogue, NULL, exact(va_str_c(cases[i].text)))
                .order_number;
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
        {"un rendez-vous pour mon v\xc3\xa9lo", 0, -1, NULL},
        {"mardi pour mon v\xc3\xa9lo", 2, -1, NULL},
        {"the day after tomorrow", 0, 2, NULL},
        {"apr\xc3\xa8s-demain", 0, 2, NULL},
        {"pasado ma\xc3\xb1"
         "ana",
         0, 2, NULL},
        {"ma\xc3\xb1"
         "ana por la ma\xc3\xb1"
         "ana",
         0, 1, NULL},
        {"a las 10 de la ma\xc3\xb1"
         "ana",
         0, -1, NULL},
        {"December 3", 0, -1, "12-03"},
        {"the 3rd of December", 0, -1, "12-03"},
        {"le 3 d\xc3\xa9"
         "cembre",
         0, -1, "12-03"},
        {"le 1er mars \xc3\xa0 14 h", 0, -1, "03-01"},
        {"el 3 de diciembre a las 10", 0, -1, "12-03"},
        {"Thursday, Dec 3, 2026 at 10", 4, -1, "12-03"},
        {"2026-12-03", 0, -1, "12-03"},
        {"the 15th", 0, -1, "15"},
        {"on the 2nd", 0, -1, "02"},
        {"le 15", 0, -1, "15"},
        {"el d\xc3\xad"
         "a 3",
         0, -1, "03"},
        {"12/15", 0, -1, "12-15"},
        {"15/12", 0, -1, "12-15"},
        {"in two weeks", 0, 14, NULL},
        {"tomorrow week", 0, 8, NULL},
        {"dans 20 jours", 0, -1, "+20 days"},
        {"dentro de un mes", 0, -1, "+1 months"},
        {"two weeks ago", 0, -1, NULL},
        {"3 d\xc3\xa9"
         "cembre 10 h",
         0, -1, "12-03"},
        {"May I come at 10?", 0, -1, NULL},
        {"at 10 May 3", 0, -1, NULL}, /* the 10th, or the 3rd */
        {"December 2 in the afternoon", 0, -1, "12-02"},
        {"December 2 at 3 in the afternoon", 0, -1, "12-02"},
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

static void a_day_that_is_not_understood_is_known_to_be_one(void **state)
{
    static const struct {
        const char *text;
        bool vague;
    } cases[] = {
        {"in some weeks at 10", true},    {"12/3 at 10", true},
        {"Tuesday or Wednesday", true},   {"February 30", true},
        {"sometime in December", true},   {"the next one", true},
        {"next weekend", true},           {"next Tuesday", false},
        {"in two weeks at 10", false},    {"the 15th at 10", false},
        {"the 15th or the 16th", true},   {"the 32nd", false},
        {"la semaine prochaine", false},  {"mardi prochain", false},
        {"dans 400 jours", true},         {"in 13 months", true},
        {"dentro de dos semanas", false}, {"Tuesday at 10", false},
        {"May I come at 10?", false},     {"mes v\xc3\xa9los", false},
        {"the 2nd, please", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(read_c(cases[i].text).vague == cases[i].vague, cases[i].text);
    }
}

static void times_of_day_are_found(void **state)
{
    static const struct {
        const char *text;
        int hour, minute; /* hour -1: none */
        bool certain;
    } cases[] = {
        {"at 10", 10, 0, false},
        {"10:30", 10, 30, true},
        {"9:30", 9, 30, false},
        {"2 pm", 14, 0, true},
        {"2pm", 14, 0, true},
        {"12 p.m.", 12, 0, true},
        {"10:15pm", 22, 15, true},
        {"10 in the morning", 10, 0, true},
        {"3 in the afternoon", 15, 0, true},
        {"14 h", 14, 0, true},
        {"14h30", 14, 30, true},
        {"14 heures 30", 14, 30, true},
        {"9 h du matin", 9, 0, true},
        {"a las 10 de la ma\xc3\xb1"
         "ana",
         10, 0, true},
        {"a las 4 de la tarde", 16, 0, true},
        {"\xc3\xa0 15 h", 15, 0, true},
        {"at 17", 17, 0, true},
        {"10", -1, 0, false},
        {"H2H 1P4", -1, 0, false},
        {"I have 2 hybrids", -1, 0, false},
        {"J'ai 2 v\xc3\xa9los", -1, 0, false},
        {"at 25", -1, 0, false},
        {"25:99", -1, 0, false},
        {"1042 hours", -1, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_clock_time_t t = read_c(cases[i].text).time;
        assert_case(t.hour == cases[i].hour, cases[i].text);
        assert_case(t.hour < 0 || t.minute == cases[i].minute, cases[i].text);
        assert_case(t.hour < 0 || t.certain == cases[i].certain, cases[i].text);
    }
}

static void is_no_ordinary_word(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    const wk_language_t *other = ctx;
    for (size_t i = 0; i < phrases->count; i++) {
        const wk_words_t *words = &phrases->at[i].words;
        assert_case(!wk_phrases_all(wk_word_list(other, "language.marks"), words) ||
                        wk_phrases_all(wk_word_list(other, "day.today"), words) ||
                        wk_phrases_all(wk_word_list(other, "day.tomorrow"), words),
                    wk_strdup(arena, rest));
    }
}

/* "mon" is Monday to nobody who speaks French. */
static void no_day_is_an_ordinary_word_of_another_language(void **state)
{
    static const char *const lists[] = {"weekday.", "day."};
    (void)state;
    for (size_t i = 0; i < wk_catalogue_count(catalogue); i++) {
        for (size_t k = 0; k < wk_catalogue_count(catalogue); k++) {
            const wk_language_t *other = wk_catalogue_at(catalogue, k);
            for (size_t n = 0; n < 2 && i != k; n++) {
                wk_word_lists(wk_catalogue_at(catalogue, i), lists[n], is_no_ordinary_word,
                              (void *)other);
            }
        }
    }
}

/* ---------------------------------------------------------------- what is remembered */

#define NOW  1795608000000 /* ms */
#define HOUR 3600000

/* What was asked is answered soon, and in the same talk: not by a text after a call. */
static void a_question_stands_for_its_talk_alone(void **state)
{
    static const wk_dialog_t asked = {
        .expected = WK_EXPECT_CANCEL, .hint = VA_STR("fr"), .cancels = VA_STR("a-mon")};
    static const struct {
        va_str_t written, read;
        int64_t later;
        bool stands;
    } cases[] = {
        {VA_STR_NULL, VA_STR_NULL, HOUR, true},
        {VA_STR_NULL, VA_STR_NULL, 24 * HOUR, true},
        {VA_STR_NULL, VA_STR_NULL, 24 * HOUR + 1, false},
        {VA_STR("call-1"), VA_STR("call-1"), 2 * HOUR + 1, false},
        {VA_STR("call-1"), VA_STR("call-1"), 0, true},
        {VA_STR("call-1"), VA_STR("call-2"), 0, false},
        {VA_STR("call-1"), VA_STR_NULL, 0, false},
        {VA_STR_NULL, VA_STR("call-1"), 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_str_t text = wk_dialog_write(arena, &asked, cases[i].written, NOW);
        wk_dialog_t d = wk_dialog_read(parse_json(text), cases[i].read, NOW + cases[i].later);
        assert_int_equal(d.expected, cases[i].stands ? WK_EXPECT_CANCEL : WK_EXPECT_NOTHING);
        assert_int_equal(d.cancels.len > 0, cases[i].stands);
    }
}

static void a_dialog_is_read_as_it_was_written(void **state)
{
    static const wk_dialog_t dialogs[] = {
        {.expected = WK_EXPECT_NOTHING},
        {.expected = WK_EXPECT_MESSAGE, .misses = 1, .hint = VA_STR("fr")},
        {.expected = WK_EXPECT_CALLBACK, .misses = 99},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(dialogs) / sizeof(*dialogs); i++) {
        va_str_t text = wk_dialog_write(arena, &dialogs[i], VA_STR_NULL, NOW);
        wk_dialog_t d = wk_dialog_read(parse_json(text), VA_STR_NULL, NOW);
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
        wk_dialog_t d = wk_dialog_read(parse_json(va_str_c(texts[i])), VA_STR_NULL, NOW);
        assert_case(d.expected == WK_EXPECT_NOTHING && d.misses == 0 && d.hint.len == 0,
                    texts[i]);
    }
    wk_dialog_t d = wk_dialog_read(
        parse_json(VA_STR("{\"receptionist\":{\"misses\":1000000,\"at\":1795608000000}}")),
        VA_STR_NULL, NOW);
    assert_int_equal(d.misses, 100);
}

/* ---------------------------------------------------------------- answers */

/* Tuesday noon; an order on its way, and no appointment. */
static wk_reception_facts_t facts_of_order(void)
{
    wk_reception_facts_t f = facts();
    f.directions = VA_STR("Next to the station.");
    f.languages = parse_json(VA_STR("[\"en\",\"fr\"]"));
    f.address = parse_json(VA_STR("{\"street\":\"1 Main St\",\"city\":\"Toronto\"}"));
    f.plan = VA_STR("PRO");
    f.engine = VA_STR("receptionist");
    f.tracking_number = VA_STR("1Z9");
    f.tracking_company = VA_STR("UPS");
    f.expected = VA_STR("2026-11-25");
    f.appointments = f.prices = f.durations = NULL;
    return f;
}

static wk_reception_t receive(const wk_reception_facts_t *f, const wk_dialog_t *dialog,
                              const char *text)
{
    wk_reading_t reading = read_c(text);
    wk_reception_facts_t known = *f;
    known.day_asked = reading.day;
    return wk_receive(arena, catalogue, &reading, &known, dialog,
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
    wk_reception_facts_t f = facts_of_order();
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
    wk_reception_facts_t f = facts_of_order();
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
    wk_reception_facts_t f = facts_of_order();
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
    wk_reception_facts_t f = facts_of_order();
    (void)state;
    f.order_id = VA_STR_NULL;
    wk_reception_t r = receive(&f, &fresh, "order 2042");
    assert_int_equal(r.dialog.expected, WK_EXPECT_PROOF);
    assert_null(r.task);
    assert_null(strstr(wk_strdup(arena, r.text), "2042"));
    assert_string_equal(receive(&f, &r.dialog, "Yes please").task, "callback");
    assert_null(receive(&f, &r.dialog, "No, thanks").task);
}

static void two_misses_offer_a_person(void **state)
{
    wk_dialog_t dialog = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts_of_order();
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
    wk_reception_facts_t f = facts_of_order();
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
    wk_reception_facts_t f = facts_of_order();
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
    wk_reception_facts_t f = facts_of_order(), nothing = {.open = false};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        for (int expected = WK_EXPECT_NOTHING; expected <= WK_EXPECT_MOVE; expected++) {
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

/* ---------------------------------------------------------------- effects */

/* Nothing is done, or that tool is run with these arguments in it; an answer has that part. */
typedef struct {
    const char *text, *tool, *args, *part;
} effect_case_t;

static void check_effects(const wk_reception_facts_t *f, const wk_dialog_t *dialog,
                          const effect_case_t *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const effect_case_t *c = &cases[i];
        wk_reception_t r = receive(f, dialog, c->text);
        if ((r.tool == NULL) != (c->tool == NULL) ||
            (r.tool != NULL && strcmp(r.tool, c->tool) != 0)) {
            fail_msg("%s: %s", c->text, r.tool != NULL ? r.tool : "no tool");
        }
        if (c->args != NULL && strstr(wk_strdup(arena, r.tool_args), c->args) == NULL) {
            fail_msg("%s: %.*s", c->text, (int)r.tool_args.len, r.tool_args.data);
        }
        if (c->part != NULL && strstr(wk_strdup(arena, r.text), c->part) == NULL) {
            fail_msg("%s: %.*s", c->text, (int)r.text.len, r.text.data);
        }
    }
}

#define CHECK_EFFECTS(f, dialog, ...)                                                          \
    do {                                                                                       \
        static const effect_case_t cases_[] = {__VA_ARGS__};                                   \
        check_effects((f), (dialog), cases_, sizeof(cases_) / sizeof(*cases_));                \
    } while (0)

#define MONDAY "[\"a-mon\",\"tune_up\",\"2026-11-30\",\"10:00\",true]"
#define FRIDAY "[\"a-fri\",\"fitting\",\"2026-11-27\",\"09:00\",true]"

static void only_a_plain_wish_cancels(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts_of_order();
    (void)state;
    f.appointments = parse_json(VA_STR("[" MONDAY "]"));
    CHECK_EFFECTS(
        &f, &fresh, {"C", "cancel_appointment", "a-mon", NULL},
        {"cancel my appointment please", "cancel_appointment", "a-mon", NULL},
        {"Hello, I need to cancel my appointment on Monday", "cancel_appointment", "a-mon",
         NULL},
        {"Je voudrais annuler mon rendez-vous svp", "cancel_appointment", "a-mon", NULL},
        {"Quiero cancelar mi cita", "cancel_appointment", "a-mon", NULL},
        {"Please don't cancel my appointment, I'm ten minutes late", NULL, NULL, "stands"},
        {"Why did you cancel my appointment?", NULL, NULL, "stands"},
        {"What happens if I cancel my appointment?", NULL, NULL, "stands"},
        {"Can I cancel my appointment?", NULL, NULL, "Shall I cancel your tune-up on Monday"},
        {"I can't make it, please cancel my appointment", NULL, NULL, "Shall I cancel"},
        {"cancel my appointment on Friday", NULL, NULL, "Shall I cancel your tune-up on Mon"},
        {"cancel my repair", NULL, NULL, "Shall I cancel your tune-up on Mon"},
        {"Ne pas annuler mon rendez-vous svp", NULL, NULL, "tient toujours"},
        {"Pourquoi avez-vous d\xc3\xa9"
         "cid\xc3\xa9 d'annuler mon rendez-vous",
         NULL, NULL, "tient toujours"},
        {"no quiero cancelar la cita, por favor", NULL, NULL, "sta"},
        {"don't move my appointment", NULL, NULL, "stands"});
}

static void a_question_is_answered_by_a_clear_yes(void **state)
{
    wk_reception_facts_t f = facts_of_order();
    wk_dialog_t asked = {.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon")};
    (void)state;
    CHECK_EFFECTS(&f, &asked, {"Yes", "cancel_appointment", "a-mon", NULL},
                  {"oui", "cancel_appointment", "a-mon", NULL},
                  {"S\xc3\xad", "cancel_appointment", "a-mon", NULL}, {"No", NULL, NULL, NULL},
                  {"ok thanks", NULL, NULL, NULL}, {"ok", NULL, NULL, NULL},
                  {"yes but not the one on Monday", NULL, NULL, NULL},
                  {"What are your hours?", NULL, NULL, NULL});
}

static void a_letter_means_what_the_last_text_was_about(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts_of_order();
    (void)state;
    f.appointments = parse_json(VA_STR("[" FRIDAY "," MONDAY "]"));
    CHECK_EFFECTS(&f, &fresh, {"C", NULL, NULL, "Shall I cancel your bike fitting on Friday"},
                  {"cancel my appointment", NULL, NULL, "Shall I cancel"},
                  {"cancel my appointment on Monday", "cancel_appointment", "a-mon", NULL},
                  {"cancel my tune-up", "cancel_appointment", "a-mon", NULL});
    f.texted = parse_json(VA_STR(MONDAY));
    CHECK_EFFECTS(&f, &fresh, {"C", "cancel_appointment", "a-mon", NULL});
    assert_str(receive(&f, &fresh, "R").dialog.offer.appointment, "a-mon");
    /* Cancelled already: no other one takes its place. */
    f.texted = parse_json(VA_STR("[\"a-mon\",\"tune_up\",\"2026-11-30\",\"10:00\",false]"));
    CHECK_EFFECTS(&f, &fresh, {"C", "cancel_appointment", "a-mon", NULL});
    assert_str(receive(&f, &fresh, "R").dialog.offer.appointment, "a-fri");
}

/* Friday at nine, ten and two o'clock were offered; it is Tuesday. */
static wk_dialog_t offered(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_SLOT,
                         .offer = {.service = VA_STR("tune_up"),
                                   .slots = {VA_STR("2026-11-27T09:00:00-05:00"),
                                             VA_STR("2026-11-27T10:00:00-05:00"),
                                             VA_STR("2026-11-27T14:00:00-05:00")},
                                   .count = 3}};
}

#define BOOKS(text, start) {text, "book_appointment", start, NULL}
#define ASKS(text, part)   {text, NULL, NULL, part}
#define LEAVES(text)       {text, NULL, NULL, NULL}

static void a_clear_choice_is_booked(void **state)
{
    wk_reception_facts_t f = facts_of_order();
    wk_dialog_t dialog = offered();
    (void)state;
    CHECK_EFFECTS(&f, &dialog, BOOKS("2", "27T10:00"), BOOKS("1 please", "27T09:00"),
                  BOOKS("the second one", "27T10:00"), BOOKS("option 2", "27T10:00"),
                  BOOKS("the first one, please", "27T09:00"), BOOKS("2, thanks", "27T10:00"),
                  BOOKS("number two", "27T10:00"), BOOKS("le deuxi\xc3\xa8me svp", "27T10:00"),
                  BOOKS("la segunda por favor", "27T10:00"), BOOKS("at 2", "27T14:00"),
                  BOOKS("10:00 please", "27T10:00"), BOOKS("10", "27T10:00"),
                  BOOKS("a las 10 de la ma\xc3\xb1"
                        "ana",
                        "27T10:00"),
                  BOOKS("Saturday at 11", "28T11:00"), BOOKS("tomorrow at 3 pm", "25T15:00"),
                  BOOKS("the day after tomorrow at 10", "26T10:00"),
                  BOOKS("apr\xc3\xa8s-demain \xc3\xa0 10 h", "26T10:00"),
                  BOOKS("pasado ma\xc3\xb1"
                        "ana a las 10",
                        "26T10:00"));
}

static void a_date_is_booked_on_its_day(void **state)
{
    wk_reception_facts_t f = facts_of_order();
    wk_dialog_t dialog = offered();
    (void)state;
    f.day = parse_json(VA_STR("[\"2026-12-03\",4,\"08:00\",\"18:00\"]"));
    CHECK_EFFECTS(&f, &dialog, BOOKS("December 3 at 10 please", "2026-12-03T10:00"),
                  BOOKS("le 3 d\xc3\xa9"
                        "cembre \xc3\xa0 10 h",
                        "2026-12-03T10:00"),
                  BOOKS("el 3 de diciembre a las 10", "2026-12-03T10:00"),
                  BOOKS("Thursday, December 3 at 10", "2026-12-03T10:00"),
                  ASKS("Friday, December 3 at 10", "Which day"),
                  ASKS("December 3, 2027 at 10", "Which day"),
                  {"December 3", "check_availability", "2026-12-03", NULL});
}

static void a_day_that_is_not_clear_is_asked_for(void **state)
{
    wk_reception_facts_t f = facts_of_order();
    wk_dialog_t dialog = offered();
    (void)state;
    CHECK_EFFECTS(&f, &dialog, ASKS("some week at 10", "Which day"),
                  ASKS("next Friday at 10", "Which day"), ASKS("12/3 at 10", "Which day"),
                  ASKS("Tuesday or Saturday at 10", "Which day"),
                  ASKS("vendredi prochain \xc3\xa0 10 h", "Which day"),
                  ASKS("el pr\xc3\xb3ximo viernes a las 10", "Which day"));
    wk_reception_t r = receive(&f, &dialog, "next Friday at 10");
    assert_int_equal(r.dialog.expected, WK_EXPECT_SLOT);
    assert_int_equal(r.dialog.offer.count, 3);
}

/* It may have been meant otherwise, so that it is asked about before it is booked. */
static void a_day_that_is_reckoned_is_looked_at_first(void **state)
{
    wk_reception_facts_t f = facts_of_order();
    wk_dialog_t dialog = offered();
    (void)state;
    CHECK_EFFECTS(&f, &dialog, {"next Tuesday at 10", "check_availability", "12-01", NULL},
                  {"in 6 days at 10", "check_availability", "11-30", NULL},
                  {"mardi prochain \xc3\xa0 10 h", "check_availability", "12-01", NULL},
                  {"el pr\xc3\xb3ximo martes a las 10", "check_availability", "12-01", NULL});
}

static void what_is_no_choice_books_nothing(void **state)
{
    wk_reception_facts_t f = facts_of_order();
    wk_dialog_t dialog = offered();
    (void)state;
    CHECK_EFFECTS(
        &f, &dialog, LEAVES("I have 2 bikes"), LEAVES("J'ai 2 v\xc3\xa9los"),
        LEAVES("I need pads for 2 bikes"), LEAVES("Il y a 3 probl\xc3\xa8mes"), LEAVES("no 2"),
        LEAVES("not the first one"), LEAVES("1 or 2"), LEAVES("it is my first bike"),
        LEAVES("H2H 1P4"), LEAVES("I can't do 10:00"), LEAVES("tengo 2 bicis"),
        ASKS("Do you close at 5?", "open until"),
        ASKS("book me for 2", "Shall I take Friday, November 27 at 2:00 PM"),
        ASKS("10:00?", "Shall I take Friday, November 27 at 10:00 AM"),
        ASKS("my wife says 10:00 suits her", "Shall I take Friday, November 27"),
        ASKS("si je viens \xc3\xa0 10 h ca va", "Shall I take"),
        ASKS("mon velo est pret a 10h", "Voulez-vous"),
        {"Do you have anything on Saturday?", "check_availability", "2026-11-28", NULL},
        {"a repair on Saturday at 10", "check_availability", "repair", NULL});
    wk_reception_t r = receive(&f, &dialog, "10:00?");
    CHECK_EFFECTS(&f, &r.dialog, BOOKS("yes", "27T10:00"), LEAVES("no"));
}

/* Times of several days: one of them alone says too little. */
static void a_time_alone_of_several_days_is_asked_for(void **state)
{
    wk_reception_facts_t f = facts_of_order();
    wk_dialog_t dialog = offered();
    (void)state;
    dialog.offer.slots[2] = VA_STR("2026-11-28T10:00:00-05:00");
    CHECK_EFFECTS(&f, &dialog, ASKS("at 10", "Shall I take Friday, November 27 at 10:00 AM"),
                  BOOKS("Saturday at 10", "28T10:00"), BOOKS("3", "28T10:00"));
}

static void a_huge_message_has_an_answer(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    size_t len = 50000;
    char *text = wk_alloc(arena, len + 1);
    wk_reception_facts_t f = facts_of_order();
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
        TEST(a_day_that_is_not_understood_is_known_to_be_one),
        TEST(times_of_day_are_found),
        TEST(no_day_is_an_ordinary_word_of_another_language),
        TEST(only_a_plain_wish_cancels),
        TEST(a_question_is_answered_by_a_clear_yes),
        TEST(a_letter_means_what_the_last_text_was_about),
        TEST(a_clear_choice_is_booked),
        TEST(a_date_is_booked_on_its_day),
        TEST(a_day_that_is_not_clear_is_asked_for),
        TEST(a_day_that_is_reckoned_is_looked_at_first),
        TEST(what_is_no_choice_books_nothing),
        TEST(a_time_alone_of_several_days_is_asked_for),
        TEST(a_question_stands_for_its_talk_alone),
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
