/*
 * What is answered when a number was asked for: it takes the time it was asked for, or does
 * not.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

static void a_number_alone_takes_the_time_it_was_asked_for(void **state)
{
    static const sentence_t sentences[] = {
        {"en", "416 555 0199", "book_appointment", "27T10:00"},
        {"en", "Sure, my number is (416) 555-0199, thanks!", "book_appointment", "0199"},
        {"en", "you can reach me at 4165550199", "book_appointment", "27T10:00"},
        {"en", "416 555 0199, my email is jo@x.example", "book_appointment", "27T10:00"},
        {"fr", "oui, mon num\xc3\xa9ro est le 416 555 0199 merci", "book_appointment",
         "T10:00"},
        {"es", "mi n\xc3\xbamero es 416 555 0199, gracias", "book_appointment", "27T10:00"},
        {"en", "No, don't book it, just have somebody call me at 416 555 0199", NULL,
         "asked the team to call"},
        {"en", "make it Monday 3 pm instead, 416 555 0199", "book_appointment",
         "2026-11-30T15:00"},
        {"en", "416 555 0199 but cancel that", NULL, ""},
        {"en", "416 555 0199, are you open on Sunday?", "book_appointment", "27T10:00"},
        {"en", "not yet! 416 555 0199", NULL, "Shall I take"},
        {"en", "I'm Ana, 416 555 0199", NULL, "Shall I take"},
        {"en", "later that day, 416 555 0199", "check_availability", "after"},
    };
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t dialog = number_asked();
    (void)state;
    for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
        const sentence_t *s = &sentences[i];
        wk_reception_t r = receive(&f, &dialog, s->language, s->text);
        const char *tool = r.tool != NULL ? r.tool : "no tool";
        const char *said = wk_strdup(arena, r.tool != NULL ? r.tool_args : r.text);
        if (strcmp(tool, s->tool != NULL ? s->tool : "no tool") != 0 ||
            strstr(said, s->part) == NULL) {
            fail_msg("%s: %s, %s", s->text, tool, said);
        }
    }
    wk_reception_t r = receive(&f, &dialog, "en",
                               "No, don't book it, just have somebody call me at 4165550199");
    assert_string_equal(r.task, "callback");
    assert_int_equal(r.dialog.expected, WK_EXPECT_NOTHING);
    r = receive(&f, &dialog, "en", "I'm Ana, 416 555 0199");
    f.unreachable = f.nameless = false;
    assert_string_equal(receive(&f, &r.dialog, "en", "yes").tool, "book_appointment");
}

/* Which a number told later must not book. */
static void a_time_given_up_waits_for_no_number(void **state)
{
    static const char *const texts[] = {"cancel that", "don't book it", "no, cancel it"};
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t asked = number_asked();
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &asked, "en", texts[i]);
        assert_case(strcmp(r.intent, "no") == 0, texts[i]);
        assert_null(receive(&f, &r.dialog, "en", "416 555 0199").tool);
    }
}

/* "Call me at" leads to a number; who is to be called back is, beside his time. */
static void a_wish_to_be_called_back_stands_beside_the_time(void **state)
{
    static const struct {
        const char *language, *text, *task;
    } texts[] = {{"en", "call me at 416 555 0199", ""},
                 {"en", "call me back at 416 555 0199", "callback"},
                 {"fr", "appelez-moi au 416 555 0199", ""},
                 {"fr", "rappelez-moi au 416 555 0199", "callback"},
                 {"es", "ll\xc3\xa1meme al 416 555 0199", ""}};
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t asked = number_asked();
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &asked, texts[i].language, texts[i].text);
        assert_case(r.tool != NULL && strcmp(r.tool, "book_appointment") == 0, texts[i].text);
        assert_case(strcmp(r.task != NULL ? r.task : "", texts[i].task) == 0, texts[i].text);
        assert_case((r.before.len > 0) == (r.task != NULL), texts[i].text);
    }
}

static void a_number_for_an_old_time_books_nothing(void **state)
{
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t dialog = number_asked();
    (void)state;
    dialog.old = true;
    wk_reception_t r = receive(&f, &dialog, "en", "416 555 0199");
    assert_null(r.tool);
    assert_true(says(&r, "Shall I take Friday"));
    assert_int_equal(r.dialog.expected, WK_EXPECT_SLOT);
}

/* A page may have a field for it: the message says whatever it says. */
static void a_number_that_comes_with_the_message_is_one(void **state)
{
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t dialog = number_asked(), called = {.expected = WK_EXPECT_NUMBER};
    (void)state;
    f.unreachable = false;
    assert_string_equal(receive(&f, &dialog, "en", "here you go").tool, "book_appointment");
    assert_null(receive(&f, &dialog, "en", "no").tool);
    wk_reception_t r = receive(&f, &dialog, "en", "the number of my wife");
    assert_null(r.tool);
    assert_true(says(&r, "Shall I take Friday"));
    r = receive(&f, &called, "en", "here it is");
    assert_true(says(&r, "The team has your number."));
    assert_string_equal(r.task, "message");
    r = receive(&f, &called, "en", "are you open on Sunday?");
    assert_true(says(&r, "The team has your number. Sunday, November 29: closed"));
    assert_string_equal(r.task, "message");
    f.appointments = parse_json(VA_STR("[" MONDAY "]"));
    r = receive(&f, &called, "en", "move my appointment to Friday");
    assert_non_null(
        strstr(wk_strdup(arena, r.before), "The team has your number. Your tune-up"));
    assert_string_equal(r.task, "message");
    f.unreachable = true;
    r = receive(&f, &dialog, "en", "hmm");
    r = receive(&f, &r.dialog, "en", "hmm");
    assert_int_equal(r.dialog.offer.count, 1);
}

/* Where no time waits for it: the number and the address are passed on once. */
static void what_else_is_wished_beside_a_number_is_answered(void **state)
{
    static const char *const texts[] = {
        "416 555 0199, jo@x.example, I need a tune-up",
        "I need a tune-up, jo@x.example, 416 555 0199",
        "jo@x.example I need a tune-up, my number is 416 555 0199",
    };
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &fresh, "en", "I want to talk to a person");
        assert_int_equal(r.dialog.expected, WK_EXPECT_NUMBER);
        r = receive(&f, &r.dialog, "en", texts[i]);
        assert_case(r.tool != NULL && strcmp(r.tool, "check_availability") == 0, texts[i]);
        assert_case(strstr(wk_strdup(arena, r.tool_args), "\"tune_up\"") != NULL, texts[i]);
    }
}

/* It may be kept where the text is cut, or written anew. */
static void the_address_that_a_reading_names_is_its_own(void **state)
{
    char text[] = "write to jo@x.example";
    (void)state;
    wk_reading_t r = wk_read_message(arena, catalogue, NULL, va_str_c(text));
    memset(text, ' ', sizeof(text) - 1);
    assert_true(va_str_eq(r.email, VA_STR("jo@x.example")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_number_alone_takes_the_time_it_was_asked_for),
        TEST(a_time_given_up_waits_for_no_number),
        TEST(a_wish_to_be_called_back_stands_beside_the_time),
        TEST(a_number_for_an_old_time_books_nothing),
        TEST(a_number_that_comes_with_the_message_is_one),
        TEST(what_else_is_wished_beside_a_number_is_answered),
        TEST(the_address_that_a_reading_names_is_its_own),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
