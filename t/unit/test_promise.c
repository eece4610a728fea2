/* Said versus done, in the languages of the catalogues. */
#include "worker/agent/promise.h"

#include <string.h>
#include <time.h>

#include "worker/agent/message_reading.h"

#include "t/unit/catalogue.h"

static const va_json_t *before; /* the customer's appointments */

static void assert_judged(const char *text, const wk_stands_t *stands, const char *expected)
{
    const char *broken = wk_promise_broken(arena, catalogue, va_str_c(text), stands);
    if ((broken == NULL) != (expected == NULL) ||
        (broken != NULL && strcmp(broken, expected) != 0)) {
        fail_msg("\"%s\" is %s, not %s", text, broken != NULL ? broken : "kept",
                 expected != NULL ? expected : "kept");
    }
}

static void assert_claim(const char *text, unsigned done, const char *expected)
{
    assert_judged(text, &(wk_stands_t){.done = done, .appointments = before}, expected);
}

static void a_claim_without_its_deed_is_found(void **state)
{
    (void)state;
    assert_claim("Great, you are booked for Saturday at 10!", 0, "booked");
    assert_claim("No problem, your tune-up is booked.", 0, "booked");
    assert_claim("C'est fait, votre mise au point est réservée.", 0, "booked");
    assert_claim("Su cita está confirmada.", 0, "booked");
    assert_claim("I've moved your appointment to Monday.", 0, "moved");
    assert_claim("Votre rendez-vous a été annulé.", 0, "cancelled");
    assert_claim("I will text you the link.", 0, "texted");
    assert_claim("J'ai transmis votre demande.", 0, "passed_on");
    assert_claim("He avisado al equipo.", 0, "passed_on");
    assert_claim("It is booked. I have also cancelled the other one.", WK_DONE_BOOKED,
                 "cancelled");
}

static void appointments_are(const char *json)
{
    va_json_limits_t limits = VA_JSON_LIMITS_DEFAULT;
    assert_int_equal(va_json_parse(wk_mem(arena), va_str_c(json), &limits, &before), VA_OK);
}

/* On Saturday in two days at ten; one of Monday at half past two was given up. */
static void what_was_done_before_may_be_spoken_of(void **state)
{
    (void)state;
    appointments_are("[[\"confirmed\",\"10:00\",6,2,false,\"2026-11-28\"],"
                     "[\"cancelled\",\"14:30\",1,4,false,\"2026-11-30\"]]");
    assert_claim("Your tune-up is booked for Saturday at 10 AM.", 0, NULL);
    assert_claim("Yes, you are booked for Saturday, November 28 at 10:00 a.m. See you then!", 0,
                 NULL);
    assert_claim("Votre mise au point est réservée samedi à 10 h.", 0, NULL);
    assert_claim("The one on Monday at 2:30 PM has been cancelled.", 0, NULL);
    assert_claim("You are booked for November 28.", 0, NULL);
    assert_claim("You are booked for November 28, 2026 at 10 AM.", 0, NULL);
    assert_claim("Su cita del 28 de noviembre está confirmada.", 0, NULL);
    assert_claim("You are booked for December 5.", 0, "booked");
    assert_claim("You are booked for Saturday, December 5 at 10 AM.", 0, "booked");
    assert_claim("You are booked for November 28, 2027 at 10 AM.", 0, "booked");
    assert_claim("Your tune-up is booked.", 0, "booked"); /* which one? */
    assert_claim("You are booked for Sunday at 10 AM.", 0, "booked");
    assert_claim("You are booked for Saturday at 11 AM.", 0, "booked");
    assert_claim("You are booked for tomorrow at 10 AM.", 0, "booked");
    assert_claim("You are booked for Monday at 2:30 PM.", 0, "booked");
    assert_claim("Your appointment has been moved to Saturday at 10 AM.", 0, "moved");
    assert_claim("Your appointment on Saturday at 10 AM has been cancelled.", 0, "cancelled");
    assert_claim(
        "You are booked for Saturday at 10 AM. You are also booked for Friday at 9 AM.", 0,
        "booked");
    appointments_are("[[\"confirmed\",\"10:00\",6,2,true,\"2026-11-28\"]]");
    assert_claim("Your appointment has been moved to Saturday at 10 AM.", 0, NULL);
    before = NULL;
}

static void a_distance_is_told_as_a_day_is(void **state)
{
    (void)state;
    appointments_are("[[\"confirmed\",\"10:00\",6,21,false,\"2026-12-19\"]]");
    assert_claim("You are booked in three weeks.", 0, NULL);
    assert_claim("You are booked in 21 days at 10 AM.", 0, NULL);
    assert_claim("You are booked in four weeks.", 0, "booked");
    assert_claim("You are booked in a month.", 0, "booked");
    appointments_are("[[\"confirmed\",\"10:00\",1,30,false,\"2026-12-28\"]]");
    assert_claim("You are booked in one month.", 0, NULL);
    assert_claim("You are booked in two months.", 0, "booked");
    /* Of January 31. */
    appointments_are("[[\"confirmed\",\"10:00\",7,28,false,\"2027-02-28\"]]");
    assert_claim("You are booked in one month.", 0, NULL);
    appointments_are("[[\"confirmed\",\"10:00\",7,32,false,\"2027-02-28\"]]");
    assert_claim("You are booked in one month.", 0, "booked");
    before = NULL;
}

/* Whose day and time are named is looked for among the appointments. */
static void what_was_done_earlier_may_be_said_again(void **state)
{
    wk_stands_t stands = {.again = WK_DONE_BOOKED | WK_DONE_TEXTED};
    (void)state;
    appointments_are("[[\"confirmed\",\"10:00\",6,2,false,\"2026-11-28\"]]");
    stands.appointments = before;
    assert_judged("Yes, your tune-up is booked.", &stands, NULL);
    assert_judged("I have sent you the address.", &stands, NULL);
    assert_judged("You are booked for Saturday at 10 AM.", &stands, NULL);
    assert_judged("You are booked for Friday at 9 AM.", &stands, "booked");
    assert_judged("It has been cancelled.", &stands, "cancelled");
    assert_judged("I have sent you what you need for Friday at 9 AM.", &stands, NULL);
    appointments_are("[[\"cancelled\",\"10:00\",6,2,false,\"2026-11-28\"]]");
    stands.appointments = before;
    assert_judged("Yes, your tune-up is booked.", &stands, "booked"); /* no more */
    before = NULL;
}

static void what_is_only_held_is_not_booked(void **state)
{
    (void)state;
    appointments_are("[[\"held\",\"10:00\",6,2,false,\"2026-11-28\"]]");
    assert_claim("You are booked for Saturday at 10 AM.", 0, "booked");
    before = NULL;
}

#define ALL_DONE                                                                               \
    (WK_DONE_BOOKED | WK_DONE_MOVED | WK_DONE_CANCELLED | WK_DONE_TEXTED | WK_DONE_PASSED_ON)

static unsigned asked(const char *heard)
{
    return wk_promise_asked(arena, catalogue, va_str_c(heard), before);
}

static void who_asks_for_more_is_told_of_nothing_old(void **state)
{
    static const char *const of_what_was_done[] = {"",
                                                   "thank you",
                                                   "so it is booked?",
                                                   "Is my appointment on Saturday confirmed?",
                                                   "And at ten, right?",
                                                   "until when are you open on Friday?",
                                                   "merci beaucoup",
                                                   "gracias"};
    (void)state;
    appointments_are("[[\"confirmed\",\"10:00\",6,2,false,\"2026-11-28\"]]");
    for (size_t i = 0; i < sizeof(of_what_was_done) / sizeof(*of_what_was_done); i++) {
        if (asked(of_what_was_done[i]) & WK_DONE_BOOKED) {
            fail_msg("\"%s\" asks for another booking", of_what_was_done[i]);
        }
    }
    assert_int_equal(asked(""), 0);
    assert_true(asked("and a fitting for my son") & WK_DONE_BOOKED);
    assert_true(asked("one on Friday too, please") & WK_DONE_BOOKED);
    assert_true(asked("And one at noon?") & WK_DONE_BOOKED);
    assert_true(asked("cancel the other one as well") & WK_DONE_CANCELLED);
    assert_true(asked("and the one on Saturday too") & WK_DONE_CANCELLED);
    assert_false(asked("then on Friday instead") & WK_DONE_CANCELLED);
    assert_true(asked("then on Friday instead") & WK_DONE_MOVED);
    assert_true(asked("Can you text me the address?") & WK_DONE_TEXTED);
    assert_true(asked("Pouvez-vous m'envoyer le lien ?") & WK_DONE_TEXTED);
    assert_true(asked("¿Me puede enviar el enlace?") & WK_DONE_TEXTED);
    assert_true(asked("take a message for Sam") & WK_DONE_PASSED_ON);
    assert_true(asked("can the manager call me back?") & WK_DONE_PASSED_ON);
    assert_false(asked("Can you text me the address?") & WK_DONE_BOOKED);
    before = NULL;
}

static void a_claim_with_its_deed_stands(void **state)
{
    (void)state;
    assert_claim("Great, you are booked for Saturday at 10!", WK_DONE_BOOKED, NULL);
    assert_claim("Your appointment has been moved to Monday.", WK_DONE_MOVED, NULL);
    assert_claim("Votre rendez-vous a été annulé.", WK_DONE_CANCELLED, NULL);
    assert_claim("I've sent you a confirmation.", WK_DONE_TEXTED, NULL);
    assert_claim("El equipo le llamará.", WK_DONE_PASSED_ON, NULL);
}

static void what_is_denied_or_offered_is_no_claim(void **state)
{
    (void)state;
    assert_claim("It is not yet booked: which time suits you?", 0, NULL);
    assert_claim("Shall I book it for you?", 0, NULL);
    assert_claim("Rien n'est réservé pour l'instant.", 0, NULL);
    assert_claim("La cita no está reservada todavía.", 0, NULL);
    assert_claim("We are open until 6 PM.", 0, NULL);
    assert_claim("", 0, NULL);
}

/* What is said instead, or of an appointment that cannot be changed, must not be such a claim
 * itself. */
static void the_corrections_claim_nothing(void **state)
{
    static const char *const names[] = {"said.not_booked",
                                        "said.not_moved",
                                        "said.not_cancelled",
                                        "said.not_texted",
                                        "said.not_passed_on",
                                        "speech.not_cancelled",
                                        "tool.appointment_cancelled",
                                        "tool.appointment_begun",
                                        "tool.appointment_over",
                                        "tool.appointment_lapsed"};
    (void)state;
    for (size_t i = 0; i < wk_catalogue_count(catalogue); i++) {
        for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
            va_str_t text = wk_text_if_any(wk_catalogue_at(catalogue, i), names[k]);
            assert_true(text.len > 0);
            assert_claim(wk_strdup(arena, text), 0, NULL);
        }
    }
}

static unsigned done_by(const char *tool, const char *answer)
{
    const va_json_t *body;
    assert_int_equal(
        va_json_parse(wk_mem(arena), va_str_c(answer), &VA_JSON_LIMITS_DEFAULT, &body), VA_OK);
    return wk_promise_done_by(tool, body);
}

static void a_tools_answer_says_what_was_done(void **state)
{
    (void)state;
    assert_int_equal(done_by("book_appointment", "{\"confirmation_sent\":true}"),
                     WK_DONE_BOOKED | WK_DONE_TEXTED);
    assert_int_equal(done_by("book_appointment", "{\"status\":\"held\"}"), 0);
    assert_int_equal(done_by("transfer_to_human", "{}"), WK_DONE_PASSED_ON);
    assert_int_equal(done_by("lookup_order", "{}"), 0);
}

static void what_was_done_can_be_written_down(void **state)
{
    const va_json_t *list;
    (void)state;
    for (unsigned done = 0; done <= ALL_DONE; done++) {
        va_str_t text = wk_promise_write(arena, done);
        assert_int_equal(va_json_parse(wk_mem(arena), text, &VA_JSON_LIMITS_DEFAULT, &list),
                         VA_OK);
        assert_int_equal(wk_promise_read(list), done);
    }
    assert_int_equal(
        va_json_parse(wk_mem(arena), VA_STR("[\"flown\",7]"), &VA_JSON_LIMITS_DEFAULT, &list),
        VA_OK);
    assert_int_equal(wk_promise_read(list), 0);
    assert_int_equal(wk_promise_read(NULL), 0);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* It costs as much as a few readings of it, not one for each claim. */
static void claims_of_one_sentence_cost_one_reading(void **state)
{
    (void)state;
    static char text[2400];
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        text[i] = "it is booked "[i % 13];
    }
    va_str_t said = va_str(text, sizeof(text) - 1);
    double begin = cpu_seconds();
    (void)wk_read_message(arena, catalogue, NULL, said);
    double reading = cpu_seconds() - begin;
    begin = cpu_seconds();
    assert_string_equal(wk_promise_broken(arena, catalogue, said, &(wk_stands_t){0}), "booked");
    assert_true(cpu_seconds() - begin < 30 * reading);
}

static void a_claim_is_found_in_any_sentence(void **state)
{
    (void)state;
    appointments_are("[[\"confirmed\",\"10:00\",6,2,false,\"2026-11-28\"]]");
    assert_claim(
        "Votre visite est réservée samedi à 10 h. You are booked for Saturday at 10 AM. "
        "You are booked for Sunday at 10 AM.",
        0, "booked");
    assert_claim("You are booked for Sunday at 10 AM. Votre visite est réservée samedi à 10 h.",
                 0, "booked");
    assert_claim("Votre visite est réservée dimanche. You are booked for Saturday at 10 AM.", 0,
                 "booked");
    before = NULL;
    assert_true(
        wk_promise_is_claim(arena, catalogue, VA_STR("Bien. Su cita está confirmada.")));
    assert_true(
        wk_promise_is_claim(arena, catalogue, VA_STR("Not booked yet. Now it is booked.")));
    assert_false(wk_promise_is_claim(arena, catalogue, VA_STR("It is not booked yet.")));
    assert_false(wk_promise_is_claim(arena, catalogue, VA_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_without_its_deed_is_found),
        cmocka_unit_test(a_claim_with_its_deed_stands),
        cmocka_unit_test(what_was_done_before_may_be_spoken_of),
        cmocka_unit_test(a_distance_is_told_as_a_day_is),
        cmocka_unit_test(what_was_done_earlier_may_be_said_again),
        cmocka_unit_test(what_is_only_held_is_not_booked),
        cmocka_unit_test(who_asks_for_more_is_told_of_nothing_old),
        cmocka_unit_test(what_is_denied_or_offered_is_no_claim),
        cmocka_unit_test(the_corrections_claim_nothing),
        cmocka_unit_test(a_tools_answer_says_what_was_done),
        cmocka_unit_test(claims_of_one_sentence_cost_one_reading),
        cmocka_unit_test(a_claim_is_found_in_any_sentence),
        cmocka_unit_test(what_was_done_can_be_written_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
