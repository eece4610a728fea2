/*
 * People as they speak: they correct themselves, refuse what comes behind, name what does not
 * suit, and want several things at once.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

#define WEDNESDAY "[\"a-wed\",\"repair\",\"2026-12-02\",\"15:00\",true]"
#define STANDS    NULL

static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};

static wk_reception_facts_t with_two(void)
{
    wk_reception_facts_t f = facts();
    f.appointments = parse_json(VA_STR("[" MONDAY "," WEDNESDAY "]"));
    return f;
}

/* asks NULL: nothing is asked, and said that it stands. */
static void check_asked(const wk_reception_facts_t *f, const wk_dialog_t *dialog,
                        const char *language, const char *text, const char *asks)
{
    wk_reception_t r = receive(f, dialog, language, text);
    bool asked = r.dialog.expected == WK_EXPECT_CANCEL;
    if (r.tool != NULL || asked != (asks != NULL) ||
        (asked && !va_str_eq(r.dialog.cancels, va_str_c(asks))) ||
        (!asked && !says(&r, "stand") && !says(&r, "tient") && !says(&r, "tiennent") &&
         !says(&r, "en pie"))) {
        fail_msg("%s: %s, %.*s", text, r.tool != NULL ? r.tool : "no tool", (int)r.text.len,
                 r.text.data);
    }
}

static void what_is_corrected_is_not_meant(void **state)
{
    wk_reception_facts_t two = with_two();
    (void)state;
    CHECK(&fresh, LOOKS("en", "a tune up thursday no wait friday", "\"2026-11-27\""),
          LOOKS("en", "a tune up saturday at 10, no sorry, friday", "\"2026-11-27\""),
          LOOKS("en", "book a repair friday no sorry a tune up", "\"tune_up\""),
          LOOKS("fr", "une mise au point jeudi euh non vendredi", "\"2026-11-27\""),
          LOOKS("es", "una puesta a punto el jueves no espera el viernes", "\"2026-11-27\""),
          LOOKS("en", "a tune up friday, I mean, can you do it friday", "\"2026-11-27\""),
          LOOKS("en", "cancel my appointment on monday no sorry I mean move it to tuesday",
                "\"2026-12-01\""));
    wk_reception_t r = receive(&two, &fresh, "es",
                               "una puesta a punto el viernes por la tarde, no, mejor por la ma"
                               "\xc3\xb1"
                               "ana");
    assert_int_equal(r.half, WK_MORNING);
    check_asked(&two, &fresh, "en", "cancel the tune up wait no the repair", "a-wed");
    check_asked(&two, &fresh, "en", "cancel monday, actually wednesday", "a-wed");
    wk_dialog_t three = three_times(), one = one_time();
    CHECK(&three, BOOKS("en", "the first one no wait the third", "T14:00"));
    CHECK_ANSWERS(&one, ASKS("en", "actually no", "All right"),
                  ASKS("fr", "finalement non", "D'accord"),
                  ASKS("es", "mejor no", "De acuerdo"));
}

/* But behind a sign, and directly before what is new. */
static void actually_corrects_little(void **state)
{
    (void)state;
    CHECK(
        &fresh, LOOKS("en", "a tune up thursday, actually friday", "\"2026-11-27\""),
        LOOKS("en", "a tune up thursday. wait, make it friday", "\"2026-11-27\""),
        LOOKS("es", "una puesta a punto el jueves, espera, el viernes", "\"2026-11-27\""),
        LOOKS("fr", "une mise au point jeudi, en fait vendredi", "\"2026-11-27\""),
        ASKS("en", "a tune up on Thursday, I'm actually away Friday", "Which day"),
        ASKS("en", "a tune up on Thursday, actually I'm away Friday", "Which day"),
        ASKS("fr", "une mise au point jeudi, je suis en fait absent vendredi", "De quel jour"));
}

static void a_refusal_may_come_behind(void **state)
{
    wk_reception_facts_t one = facts(), two = with_two();
    wk_dialog_t asked = cancelling();
    (void)state;
    check_asked(&one, &fresh, "fr", "annulez pas", STANDS);
    check_asked(&one, &fresh, "fr", "l'annulez pas svp", STANDS);
    check_asked(&two, &asked, "fr", "annulez-le pas", STANDS);
    check_asked(&one, &asked, "fr", "ne l'annulez pas", STANDS);
    check_asked(&two, &fresh, "fr", "annulez rien", STANDS);
    check_asked(&one, &fresh, "en", "cancel my appointment actually no don't", STANDS);
    check_asked(&one, &fresh, "en", "cancel it, never mind", STANDS);
    check_asked(&one, &asked, "en", "don't cancel it", STANDS);
    check_asked(&one, &fresh, "en", "no I didn't say cancel", STANDS);
    check_asked(&one, &fresh, "es", "no la cancele", STANDS);
    check_asked(&one, &fresh, "fr", "annulez, pas besoin de revenir", "a-mon");
    check_asked(&one, &fresh, "en", "cancel it, nothing else", "a-mon");
}

static void all_that_are_named_are_asked_about(void **state)
{
    wk_reception_facts_t two = with_two();
    wk_dialog_t both = {.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon a-wed")};
    static const char *const kept[][2] = {{"en", "keep both"},
                                          {"en", "neither"},
                                          {"en", "neither of them please"},
                                          {"en", "don't cancel either"},
                                          {"fr", "gardez les deux"},
                                          {"fr", "ni l'un ni l'autre"},
                                          {"es", "ninguna de las dos"},
                                          {"es", "mantenga las dos"}};
    (void)state;
    check_asked(&two, &fresh, "en", "cancel my tune up and repair", "a-mon a-wed");
    check_asked(&two, &fresh, "en", "cancel Monday and Wednesday", "a-mon a-wed");
    check_asked(&two, &fresh, "fr", "annulez ma mise au point et ma r\xc3\xa9paration",
                "a-mon a-wed");
    check_asked(&two, &fresh, "es", "cancele la puesta a punto y la reparaci\xc3\xb3n",
                "a-mon a-wed");
    check_asked(&two, &fresh, "en", "forget both appointments", "a-mon a-wed");
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
        check_asked(&two, &both, kept[i][0], kept[i][1], STANDS);
    }
    check_asked(&two, &both, "en", "either", "a-mon a-wed");
}

/* One of them is asked about, and people read the other. */
static void one_of_two_wishes_is_asked_about(void **state)
{
    static const char *const texts[] = {"cancel wednesday and move monday to thursday",
                                        "move monday to thursday and cancel wednesday",
                                        "move the tune up to friday, cancel the repair"};
    wk_reception_facts_t two = with_two();
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        check_asked(&two, &fresh, "en", texts[i], "a-wed");
        wk_reception_t r = receive(&two, &fresh, "en", texts[i]);
        assert_case(r.task != NULL && strcmp(r.task, "message") == 0, texts[i]);
    }
    CHECK(&fresh, LOOKS("es", "no cancele la cita, c\xc3\xa1mbiela al martes", "2026-12-01"));
}

/* "Not before" is behind. */
static void a_bound_may_be_refused(void **state)
{
    (void)state;
    CHECK(&fresh,
          LOOKS("en", "a tune up friday not before 2", "\"after\":\"2026-11-27T13:59\""),
          LOOKS("en", "a tune up friday before 2", "\"before\":\"2026-11-27T14:00\""),
          LOOKS("en", "a tune up friday not after 11", "\"before\":\"2026-11-27T11:00\""),
          LOOKS("fr", "une mise au point vendredi pas avant seize heures",
                "\"after\":\"2026-11-27T15:59\""));
}

static void an_own_appointment_is_dropped_or_kept(void **state)
{
    wk_reception_facts_t one = facts(), two = with_two();
    (void)state;
    check_asked(&one, &fresh, "en", "drop my appointment", "a-mon");
    check_asked(&one, &fresh, "en", "I don't need the tune up anymore", "a-mon");
    check_asked(&two, &fresh, "en", "I don't need the repair, just the tune up", "a-wed");
    check_asked(&two, &fresh, "en", "keep the tune up but lose the repair", "a-wed");
    check_asked(&one, &fresh, "fr", "laissez tomber mon rendez-vous", "a-mon");
    check_asked(&one, &fresh, "es", "ya no necesito la puesta a punto", "a-mon");
    check_asked(&two, &fresh, "en", "cancel the second one", "a-wed");
    check_asked(&two, &fresh, "en", "cancel the first one please", "a-mon");
    check_asked(&one, &fresh, "en", "don't forget my appointment", STANDS);
    check_asked(&one, &fresh, "en", "I don't want to lose my appointment", STANDS);
    wk_reception_t r = receive(&one, &fresh, "en", "did you forget my appointment");
    assert_int_not_equal(r.dialog.expected, WK_EXPECT_CANCEL);
    check_asked(&one, &fresh, "en", "scratch that, keep my appointment", STANDS);
    check_asked(&one, &fresh, "en", "I can't do monday", "a-mon");
    check_asked(&one, &fresh, "fr", "finalement je pourrai pas lundi", "a-mon");
    check_asked(&one, &fresh, "es", "no puedo el lunes", "a-mon");
    CHECK(&fresh, LOOKS("en", "drop off my bike friday", "2026-11-27"));
}

static void days_that_are_refused_are_not_offered(void **state)
{
    static const char *const cases[][2] = {
        {"en", "book a tune up not friday"},
        {"en", "a tune up not on thursday or friday"},
        {"fr", "une mise au point pas vendredi"},
        {"fr", "une mise au point, surtout pas le vendredi"},
        {"es", "una puesta a punto que no sea viernes"},
        {"es", "una puesta a punto, el viernes no"},
    };
    static const char slots[] =
        "{\"total_slots\":2,\"available_slots\":[{\"start\":\"2026-11-27T09:00:00-05:00\"},"
        "{\"start\":\"2026-11-28T10:00:00-05:00\"}]}";
    wk_tool_answer_t answer = {.status = 200, .body = VA_STR(slots)};
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i][0], cases[i][1]);
        assert_case(r.tool != NULL && strstr(wk_strdup(arena, r.tool_args), "11-27") == NULL,
                    cases[i][1]);
        wk_receive_done(arena, &answer, &r);
        assert_case(
            r.dialog.offer.count == 1 &&
                va_str_eq(va_str(r.dialog.offer.slots[0].data, 10), VA_STR("2026-11-28")),
            cases[i][1]);
    }
    CHECK(&fresh, LOOKS("en", "a tune up not today", "\"after\":\"2026-11-24T23:59\""),
          LOOKS("en", "why not friday for the tune up", "2026-11-27"),
          LOOKS("fr", "pourquoi pas vendredi pour la mise au point", "2026-11-27"),
          LOOKS("en", "a tune up not thursday, friday", "2026-11-27"),
          LOOKS("en", "a tune up friday, or not", "2026-11-27"));
    wk_dialog_t three = three_times();
    assert_int_equal(receive(&f, &three, "en", "I can't do mornings").half, WK_AFTERNOON);
    assert_int_equal(receive(&f, &three, "fr", "vendredi sauf le matin").half, WK_AFTERNOON);
    assert_int_equal(receive(&f, &three, "en", "not in the afternoon").half, WK_MORNING);
}

static void a_past_day_is_said_to_be_past(void **state)
{
    wk_dialog_t three = three_times();
    (void)state;
    CHECK(&fresh, ASKS("en", "yesterday at 10", "That day is past. Which day"),
          ASKS("en", "a tune up yesterday at 10", "That day is past"),
          ASKS("en", "move my appointment to last monday", "That day is past"),
          ASKS("fr", "hier \xc3\xa0 10 h", "Ce jour est"),
          ASKS("es", "ayer a las 10", "ya pas"),
          LOOKS("en", "my chain broke yesterday, can I come in friday", "2026-11-27"));
    CHECK(&three, ASKS("en", "yesterday at 10", "That day is past"));
    wk_reception_facts_t f = facts();
    wk_reception_t r = receive(&f, &fresh, "en", "you called me yesterday at 10");
    assert_false(says(&r, "past"));
}

static void what_is_told_is_moved(void **state)
{
    wk_reception_facts_t f = facts();
    wk_reception_t r = receive(&f, &fresh, "en", "same time next week");
    (void)state;
    assert_true(r.time.hour == 10 && va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")));
    CHECK(&fresh, LOOKS("en", "same time next week", "2026-12-07"),
          LOOKS("en", "move my appointment to the same time next week", "2026-12-07"),
          LOOKS("fr", "m\xc3\xaame heure la semaine prochaine", "2026-12-07"),
          LOOKS("es", "a la misma hora la pr\xc3\xb3xima semana", "2026-12-07"));
    r = receive(&f, &fresh, "en", "ok move it to the afternoon then");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")) &&
                r.half == WK_AFTERNOON);
    r = receive(&f, &fresh, "en", "monday at ten doesn't work, what about an hour later");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")));
    r = receive(&f, &fresh, "en", "can we make monday's appointment an hour earlier");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")));
    f.appointments = NULL;
    assert_null(receive(&f, &fresh, "en", "same time next week").tool);
}

static void the_earliest_is_the_first(void **state)
{
    wk_dialog_t three = three_times();
    (void)state;
    CHECK(&three, BOOKS("en", "the earliest please", "T09:00"),
          BOOKS("fr", "le plus t\xc3\xb4t possible", "T09:00"),
          BOOKS("es", "lo antes posible", "T09:00"),
          BOOKS("en", "yeah the second one", "T10:00"),
          LOOKS("en", "anything earlier?", "before"));
}

/* The question for a call back is not asked for ever: people are asked to call. */
static void who_is_never_understood_is_called(void **state)
{
    static const char *const said[] = {"asdf", "qwer", "zxcv"};
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_times();
    wk_reception_t r = {.task = NULL};
    (void)state;
    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
        r = receive(&f, &dialog, "en", said[i]);
        assert_null(r.task);
        dialog = r.dialog;
    }
    r = receive(&f, &dialog, "en", "uh what");
    assert_true(r.task != NULL && strcmp(r.task, "callback") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_corrected_is_not_meant),
        TEST(actually_corrects_little),
        TEST(a_refusal_may_come_behind),
        TEST(all_that_are_named_are_asked_about),
        TEST(one_of_two_wishes_is_asked_about),
        TEST(a_bound_may_be_refused),
        TEST(an_own_appointment_is_dropped_or_kept),
        TEST(days_that_are_refused_are_not_offered),
        TEST(a_past_day_is_said_to_be_past),
        TEST(what_is_told_is_moved),
        TEST(the_earliest_is_the_first),
        TEST(who_is_never_understood_is_called),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
