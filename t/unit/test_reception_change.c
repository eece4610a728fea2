/*
 * What customers write of appointments that they have: to move, cancel and change them.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

static void a_yes_cancels(void **state)
{
    wk_dialog_t dialog = cancelling();
    (void)state;
    CHECK(&dialog, CANCELS("en", "Yes"), CANCELS("en", "Yes thank you"),
          CANCELS("en", "yes please thanks"), CANCELS("en", "sure"), CANCELS("en", "of course"),
          CANCELS("en", "Yes please cancel"), CANCELS("en", "ok cancel it thanks"),
          CANCELS("en", "yes cancel my appointment"), CANCELS("en", "C"),
          CANCELS("fr", "oui merci"), CANCELS("fr", "oui annulez svp"),
          CANCELS("fr", "bien s\xc3\xbbr"), CANCELS("es", "S\xc3\xad, gracias"),
          CANCELS("es", "claro, cancele la cita por favor"), CANCELS("es", "por supuesto"),
          ASKS("en", "ok", "Shall I cancel"), ASKS("en", "ok thanks", "Shall I cancel"),
          ASKS("en", "thank you", "Shall I cancel"), ASKS("en", "hello", "Shall I cancel"),
          ASKS("en", "I am not sure", "Shall I cancel"),
          ASKS("fr", "merci", "Voulez-vous que j'annule"),
          ASKS("es", "gracias", "cancele su cita"),
          ASKS("en", "What are your hours?", "We are open"));
    CHECK_ANSWERS(&dialog, ASKS("en", "yes but not the one on Monday", "stands"));
}

/* A question in between; a no, in whatever words; a refusal. */
static void the_question_to_cancel_ends_with_its_answer(void **state)
{
    static const char *const refusals[] = {"No", "no thanks", "no, keep it",
                                           "please don't cancel", "No, don't cancel it"};
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = cancelling();
    (void)state;
    wk_reception_t r = receive(&f, &dialog, "en", "What are your hours?");
    assert_string_equal(receive(&f, &r.dialog, "en", "Yes").tool, "cancel_appointment");
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        r = receive(&f, &dialog, "en", refusals[i]);
        assert_case(r.tool == NULL && r.dialog.expected == WK_EXPECT_NOTHING, refusals[i]);
    }
}

/* The second answer that is none: what stands is said, and how a person is reached. */
static void the_question_to_cancel_is_not_asked_for_ever(void **state)
{
    static const struct {
        const char *language, *first, *second, *offer;
    } cases[] = {
        {"en", "hmm", "well", "call you back? You can also call us at +14165550001."},
        {"en", "ok", "thanks", "call you back?"},
        {"en", "hello", "hmm", "call you back?"},
        {"en", "Wednesday", "Thursday", "call you back?"},
        {"fr", "merci", "euh", "vous rappelle?"},
        {"es", "gracias", "pues", "le llame?"},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_dialog_t dialog = cancelling();
        wk_reception_t r = receive(&f, &dialog, cases[i].language, cases[i].first);
        assert_case(r.dialog.expected == WK_EXPECT_CANCEL, cases[i].first);
        r.dialog =
            wk_dialog_read(parse_json(wk_dialog_write(arena, &r.dialog, VA_STR_NULL, 1000)),
                           VA_STR_NULL, 1000);
        r = receive(&f, &r.dialog, cases[i].language, cases[i].second);
        assert_case(r.tool == NULL && says(&r, cases[i].offer), cases[i].second);
        assert_int_equal(r.dialog.expected, WK_EXPECT_CALLBACK);
        r = receive(&f, &r.dialog, cases[i].language, "Yes");
        assert_case(r.tool == NULL && strcmp(r.task, "callback") == 0, cases[i].second);
    }
}

static void what_is_no_wish_to_cancel_changes_nothing(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *text, *intent;
    } cases[] = {
        {"please don't cancel my appointment", "cancel"},
        {"I don't want to cancel my appointment", "cancel"},
        {"no quiero cancelar la cita", "cancel"},
        {"Why did you cancel my appointment?", "cancel"},
        {"C u later", "none"},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, "en", cases[i].text);
        assert_case(r.tool == NULL && strcmp(r.intent, cases[i].intent) == 0 &&
                        r.dialog.expected == WK_EXPECT_NOTHING,
                    cases[i].text);
    }
}

/* What was just booked is what "it" is. */
static void what_was_booked_is_moved(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    static const wk_dialog_t long_ago = {.booked = VA_STR("a-mon"), .booked_old = true};
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
#define MOVES(language, text, start)                                                           \
    {language, text, "reschedule_appointment", "\"" start "\",\"appointment_id\":\"a-mon\""}
    CHECK(&booked, MOVES("en", "change it to 4pm", "2026-11-30T16:00"),
          MOVES("en", "make it 4 pm please", "2026-11-30T16:00"),
          MOVES("en", "4pm instead", "2026-11-30T16:00"),
          MOVES("en", "move it to Friday at 2 pm", "2026-11-27T14:00"),
          MOVES("fr", "changez-le \xc3\xa0 16 h svp", "2026-11-30T16:00"),
          MOVES("fr", "plut\xc3\xb4t \xc3\xa0 16 h", "2026-11-30T16:00"),
          MOVES("es", "c\xc3\xa1mbiela a las 4 de la tarde", "2026-11-30T16:00"),
          MOVES("es", "mejor a las 4 de la tarde", "2026-11-30T16:00"),
          LOOKS("en", "can you change it to 4pm?", "2026-11-30"),
          LOOKS("en", "can we move it to Friday?", "2026-11-27"),
          LOOKS("en", "change it please", "tune_up"));
    CHECK(&long_ago, LOOKS("en", "change it to 4pm", "2026-11-30"));
    CHECK(&nothing_asked, LOOKS("en", "move my appointment to 4pm", "2026-11-30"),
          LOOKS("en", "move my appointment at 10", "\"tune_up\"}"));
    CHECK(&booked, MOVES("en", "actually, Friday at 2 pm", "2026-11-27T14:00"),
          LOOKS("es", "no, mejor a las 4 de la tarde", "2026-11-30"));
    CHECK_ANSWERS(&booked, ASKS("en", "don't change it", "stands"),
                  ASKS("en", "don't make it 4 pm", "stands"),
                  ASKS("en", "do you have helmets instead", "call you back"));
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "change it", "did not understand"));
#undef MOVES
}

static void another_service_is_another_booking(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    (void)state;
    CHECK(&booked,
          LOOKS("en", "Actually I need a repair on Friday at 10 am",
                "\"repair\",\"preferred_date\":\"2026-11-27\""),
          LOOKS("fr", "En fait je voudrais une réparation vendredi à 10 h", "\"repair\""),
          LOOKS("es", "mejor una reparación el viernes a las 10 de la mañana", "\"repair\""));
    wk_reception_facts_t f = facts();
    wk_reception_t r =
        receive(&f, &booked, "en", "Actually I need a repair on Friday at 10 am");
    assert_null(r.dialog.offer.appointment.data);
    assert_string_equal(r.intent, "book");
}

static void a_question_moves_nothing(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    (void)state;
    CHECK_ANSWERS(&booked, ASKS("en", "Actually, are you open on Saturday?", "9:00 AM"),
                  ASKS("fr", "En fait, êtes-vous ouverts samedi?", "9 h"));
}

/* "I'm not free" is why, and the time that is his already is not the one that he wants. */
static void who_cannot_come_then_is_asked_for_his_time(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    (void)state;
    CHECK(&booked,
          LOOKS("en", "I'm not actually free at 10, 4 pm?",
                "\"tune_up\",\"preferred_date\":\"2026-11-30\""),
          LOOKS("en", "I'm not free at 10, 4 pm?", "2026-11-30"),
          LOOKS("en", "I'm not free at 10 am, 4 pm?", "2026-11-30"),
          LOOKS("en", "I can't do 10 am and 4 pm", "2026-11-30"),
          LOOKS("fr", "je ne suis pas libre à 10 h, 16 h?", "2026-11-30"),
          LOOKS("es", "no puedo a las 10:00, a las 16:00?", "2026-11-30"),
          {"en", "move it from 10 am to 4 pm", "reschedule_appointment", "2026-11-30T16:00"},
          {"en", "move it from Monday 10 am to Friday 4 pm", "reschedule_appointment",
           "2026-11-27T16:00"},
          ASKS("en", "I can't make it", "Shall I cancel"));
}

/* No second booking; what is less simple is changed by people. */
static void the_service_of_what_was_booked_is_changed(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    static const wk_dialog_t others = {.booked = VA_STR("a-fri")};
    static const wk_dialog_t old = {.booked = VA_STR("a-mon"), .booked_old = true};
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK(
        &booked,
        {"en", "change it to a repair", "reschedule_appointment",
         "\"service_type\":\"repair\""},
        {"en", "make it a repair please", "reschedule_appointment", "\"repair\""},
        {"en", "make it a full overhaul instead", "reschedule_appointment", "\"repair\""},
        {"en", "Actually it's a repair, not a tune-up", "reschedule_appointment", "\"repair\""},
        {"en", "Can you switch it to a fitting?", "reschedule_appointment", "\"fitting\""},
        {"fr", "changez-le en réparation svp", "reschedule_appointment", "\"repair\""},
        {"es", "cámbiela a una reparación", "reschedule_appointment",
         "\"appointment_id\":\"a-mon\""});
    wk_reception_t r = receive(&f, &booked, "en", "make it a repair at 4 pm");
    assert_true(r.tool == NULL && says(&r, "into another service") &&
                says(&r, "your tune-up on Monday, November 30 at 10:00 AM stands"));
    assert_int_equal(r.dialog.expected, WK_EXPECT_CALLBACK);
    assert_string_equal(receive(&f, &r.dialog, "en", "yes").task, "callback");
    CHECK_ANSWERS(&old, ASKS("fr", "changez-le en réparation svp", "changer ici le service"),
                  ASKS("es", "cámbiela a una reparación", "cambiar el servicio"));
    CHECK_ANSWERS(&booked, ASKS("en", "don't change it to a repair", "stands"),
                  ASKS("en", "change it to a repair or a fitting", "into another service"));
    CHECK_ANSWERS(&others,
                  ASKS("en", "change it to a repair", "I cannot do that here. Shall I"));
    CHECK(&booked, LOOKS("en", "Actually I need a repair too", "\"repair\""),
          LOOKS("en", "I also need a repair", "\"repair\""));
}

/* What it is that is to be changed is said behind it. */
static void a_thing_that_is_changed_is_no_appointment(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    static const struct {
        const char *language, *text;
    } cases[] = {{"fr", "change le pneu"},
                 {"fr", "changez la chaîne aussi"},
                 {"en", "please change that tire"}};
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &booked, cases[i].language, cases[i].text);
        assert_case(strcmp(r.intent, "reschedule") != 0 &&
                        (r.tool == NULL || strcmp(r.tool, "check_availability") != 0),
                    cases[i].text);
    }
    CHECK(&booked, LOOKS("fr", "change le svp", "tune_up"),
          LOOKS("fr", "changez-le.", "tune_up"),
          LOOKS("en", "can you change that, I am late", "tune_up"));
}

/* Whose appointments are not told moves none. */
static void nobody_moves_what_he_is_not_told(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-fri")};
    (void)state;
    CHECK_ANSWERS(&booked, ASKS("en", "change it to 4pm", "I cannot do that here. Shall I"));
}

/* Each message makes the talk young again, not the booking. */
static void what_was_booked_grows_old(void **state)
{
    static const struct {
        int64_t hours;
        bool stands, old;
    } cases[] = {{1, true, false}, {3, true, true}, {24, true, true}, {25, false, false}};
    const int64_t booked_at = 1795608000000, hour = 3600000;
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t at = booked_at;
        wk_dialog_t d = {.booked = VA_STR("a-mon")};
        for (int64_t h = 0; h <= cases[i].hours; h++, at += hour) {
            va_str_t text = wk_dialog_write(arena, &d, VA_STR_NULL, at);
            d = wk_dialog_read(parse_json(text), VA_STR_NULL, booked_at + h * hour);
            bool is_last = h == cases[i].hours;
            d = is_last ? d : receive(&f, &d, "en", "what are your hours?").dialog;
        }
        assert_int_equal(d.booked.len > 0, cases[i].stands);
        assert_int_equal(d.booked_old, cases[i].old);
    }
}

static void a_call_forgets_what_was_booked_before(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon"), .booked_ms = 1795608000000};
    const int64_t hour = 3600000;
    va_str_t call = VA_STR("call-1");
    (void)state;
    va_str_t text = wk_dialog_write(arena, &booked, call, booked.booked_ms + 2 * hour);
    wk_dialog_t d = wk_dialog_read(parse_json(text), call, booked.booked_ms + 2 * hour);
    assert_true(d.booked.len > 0);
    d = wk_dialog_read(parse_json(text), call, booked.booked_ms + 2 * hour + 1);
    assert_true(d.booked.data == NULL);
}

/* It is carried from one message to the next, until it is cancelled. */
static void what_was_booked_is_remembered(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    wk_reception_facts_t f = facts();
    (void)state;
    wk_reception_t r = receive(&f, &booked, "en", "what are your hours?");
    assert_true(va_str_eq(r.dialog.booked, VA_STR("a-mon")));
    va_str_t text = wk_dialog_write(arena, &r.dialog, VA_STR_NULL, 1795608000000);
    wk_dialog_t read = wk_dialog_read(parse_json(text), VA_STR_NULL, 1795608000000);
    assert_true(va_str_eq(read.booked, VA_STR("a-mon")));
    r = receive(&f, &booked, "en", "cancel my appointment on Monday");
    wk_tool_answer_t done = {.status = 200, .body = VA_STR("{\"appointment_id\":\"a-mon\"}")};
    wk_receive_done(arena, &done, &r);
    assert_true(r.dialog.booked.data == NULL);
}

static void what_was_booked_is_changed_in_many_words(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&booked, LOOKS("en", "actually can we do it a bit later the same day?", "2026-11-30"),
          ASKS("en", "Monday doesn't work anymore", "Which day"),
          ASKS("fr", "en fait je ne peux pas lundi", "De quel jour"),
          ASKS("en", "Friday would be too early, Tuesday instead", "Which day"));
    CHECK(&booked, {"en", "make it 4", "reschedule_appointment", "2026-11-30T16:00"},
          {"en", "make it 12 instead", "reschedule_appointment", "2026-11-30T12:00"});
    CHECK_ANSWERS(&booked, ASKS("en", "what time was that again?", "Monday, November 30"));
    CHECK(&nothing_asked, LOOKS("en", "I have an appointment but I need to move it", "tune_up"),
          ASKS("en", "I can't come on Monday", "Shall I cancel"));
}

#define WEDNESDAY "[\"a-wed\",\"repair\",\"2026-12-02\",\"10:00\",true]"

/* All of several are named in one question, and one yes cancels them. */
static void both_are_cancelled(void **state)
{
    static const struct {
        const char *language, *text, *part, *yes;
    } cases[] = {
        {"en", "cancel both", "tune-up on Monday, November 30 at 10:00 AM and repair on",
         "yes"},
        {"en", "please cancel all my appointments", "Shall I cancel all of these",
         "both please"},
        {"en", "cancel my appointments", "Shall I cancel all of these", "yes, all of them"},
        {"fr", "annulez les deux svp", "tous ces rendez-vous", "oui"},
        {"fr", "je veux annuler tous mes rendez-vous", "tous ces rendez-vous", "oui les deux"},
        {"es", "cancele las dos", "todas estas citas", "sí, las dos"},
    };
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts(), one = facts();
    f.appointments = parse_json(VA_STR("[" MONDAY "," WEDNESDAY "]"));
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &nothing_asked, cases[i].language, cases[i].text);
        assert_case(r.tool == NULL && says(&r, cases[i].part), cases[i].text);
        r.dialog = wk_dialog_read(parse_json(wk_dialog_write(arena, &r.dialog, VA_STR_NULL, 1)),
                                  VA_STR_NULL, 1);
        assert_case(receive(&f, &r.dialog, cases[i].language, "no").tool == NULL,
                    cases[i].text);
        r = receive(&f, &r.dialog, cases[i].language, cases[i].yes);
        assert_case(r.tool != NULL && r.n_more == 1, cases[i].yes);
        assert_string_equal(wk_strdup(arena, r.tool_args), "{\"appointment_id\":\"a-mon\"}");
        assert_string_equal(wk_strdup(arena, r.more_args[0]), "{\"appointment_id\":\"a-wed\"}");
        /* It was cancelled by a run that died: the one that comes again does the same. */
        r = receive(
            &one,
            &(wk_dialog_t){.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon a-wed")},
            cases[i].language, cases[i].yes);
        assert_case(r.tool != NULL && r.n_more == 1, cases[i].yes);
    }
    wk_reception_t r = receive(&one, &nothing_asked, "en", "cancel both");
    assert_true(says(&r, "Shall I cancel your tune-up on Monday"));
}

/* Of what was asked about, or not yet. */
static void some_or_all_may_be_named_in_the_answer(void **state)
{
    static const wk_dialog_t both = {.expected = WK_EXPECT_CANCEL,
                                     .cancels = VA_STR("a-mon a-wed")};
    wk_reception_facts_t f = facts();
    wk_dialog_t one = cancelling();
    f.appointments = parse_json(VA_STR("[" MONDAY "," WEDNESDAY "]"));
    (void)state;
    wk_reception_t r = receive(&f, &one, "en", "both please");
    assert_true(says(&r, "Shall I cancel all of these"));
    r = receive(&f, &both, "en", "only the repair");
    assert_true(says(&r, "Shall I cancel your repair on Wednesday"));
    assert_true(va_str_eq(r.dialog.cancels, VA_STR("a-wed")));
    r = receive(&f, &both, "fr", "juste lundi");
    assert_true(says(&r, "mise au point") && !says(&r, "tous ces"));
    r = receive(&f, &both, "en", "hmm");
    r = receive(&f, &r.dialog, "en", "well");
    assert_true(says(&r, "all of your appointments stand"));
}

/* "My appointment on Monday" says when it is, not where it shall go. */
static void its_own_day_is_not_where_it_goes(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
#define BEHIND "\"preferred_date\":\"2026-11-30\",\"after\":\"2026-11-30T23:59\""
    CHECK(&nothing_asked, LOOKS("en", "my appointment on Monday, I need to move it", BEHIND),
          LOOKS("en", "I have an appointment Monday morning, need to reschedule it", BEHIND),
          LOOKS("en", "move my appointment on Monday at 10 am please", BEHIND),
          LOOKS("fr", "mon rendez-vous de lundi, je dois le déplacer", BEHIND),
          LOOKS("es", "mi cita del lunes, tengo que cambiarla", BEHIND),
          LOOKS("en", "move my appointment on Monday to 3 pm", "\"2026-11-30\"}"),
          LOOKS("en", "move my appointment on Monday to the afternoon", "\"2026-11-30\"}"),
          LOOKS("en", "move my appointment to Friday", "\"2026-11-27\"}"),
          LOOKS("en", "move my appointment from Monday to Friday", "\"2026-11-27\"}"),
          LOOKS("fr", "déplacer mon rendez-vous de lundi à vendredi", "\"2026-11-27\"}"));
#undef BEHIND
}

/* The one to come is not the one that was. */
static void an_appointment_that_was_is_not_cancelled(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, CANCELS("en", "cancel my appointment please"),
          CANCELS("en", "cancel my appointment on Monday"),
          ASKS("en", "cancel my appointment last week", "Shall I cancel"),
          ASKS("en", "cancel my appointment of two weeks ago", "Shall I cancel"),
          ASKS("en", "cancel my appointment, next available please", "Shall I cancel"),
          ASKS("fr", "annuler mon rendez-vous de la semaine dernière",
               "Voulez-vous que j'annule"),
          ASKS("fr", "annuler mon rendez-vous d'il y a deux semaines",
               "Voulez-vous que j'annule"),
          ASKS("es", "cancelar mi cita de la semana pasada", "cancele su cita"),
          ASKS("es", "cancelar mi cita de hace dos semanas", "cancele su cita"));
}

/* "And not" leads to a day that is given up, or says what cannot be. */
static void a_day_given_up_stands_right_behind_its_words(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("en", "Thursday and not Monday", "\"2026-12-03\"}"),
          LOOKS("en", "Thursday instead of my tune-up on Monday", "\"2026-12-03\"}"),
          LOOKS("fr", "jeudi et pas lundi", "\"2026-12-03\"}"),
          LOOKS("es", "el jueves y no el lunes", "\"2026-12-03\"}"));
    wk_reception_facts_t f = facts();
    f.appointments =
        parse_json(VA_STR("[" MONDAY ",[\"a-thu\",\"repair\",\"2026-11-26\",\"09:00\",true]]"));
    static const struct {
        const char *language, *text;
    } texts[] = {
        {"en", "My appointment is Monday and not able to make it, Thursday?"},
        {"fr", "J'ai rendez-vous lundi et pas possible de venir, jeudi?"},
        {"es", "Tengo cita el lunes y no puedo ir, ¿puede ser el jueves?"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &fresh, texts[i].language, texts[i].text);
        assert_case(r.tool == NULL || va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")),
                    texts[i].text);
    }
}

/* A repair on Friday of the week after, beside the tune-up on Monday. */
static wk_reception_facts_t of_two(void)
{
    wk_reception_facts_t f = facts();
    f.appointments =
        parse_json(VA_STR("[" MONDAY ",[\"a-fri\",\"repair\",\"2026-12-04\",\"15:00\",true]]"));
    return f;
}

static void the_appointment_that_is_named_is_asked_about(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *language, *asked, *answer; /* NULL: none */
        const char *cancels;
    } cases[] = {
        {"en", "cancel the one on friday", NULL, "a-fri"},
        {"fr", "annuler celui de vendredi", NULL, "a-fri"},
        {"es", "cancelar la del viernes", NULL, "a-fri"},
        {"en", "cancel the repair and move the tune up to friday", NULL, "a-fri"},
        {"fr", "annuler la réparation et déplacer la mise au point à vendredi", NULL, "a-fri"},
        {"en", "cancel one of my appointments", NULL, "a-mon"},
        {"en", "cancel all, not the repair", NULL, "a-mon"},
        {"en", "I don't need the repair, cancel my appointment", NULL, "a-fri"},
        {"en", "cancel both", "not the repair", "a-mon"},
        {"en", "cancel both", "I don't want to cancel the repair", "a-mon"},
        {"en", "cancel both", "only the repair", "a-fri"},
        {"fr", "annulez les deux", "pas la réparation", "a-mon"},
        {"es", "cancele las dos", "la reparación no", "a-mon"},
        {"es", "cancele las dos", "no, solo la reparación", "a-fri"},
        {"en", "cancel my appointment", "the repair", "a-fri"},
        {"en", "cancel friday not monday", NULL, "a-fri"},
        {"en", "cancel my appointment", "no not that one, the repair", "a-fri"},
        {"en", "keep monday cancel friday", NULL, "a-fri"},
        {"en", "cancel monday, keep friday", NULL, "a-mon"},
        {"en", "cancel my repair and book a tune up friday", NULL, "a-fri"},
        {"en", "cancel both", "keep the repair", "a-mon"},
        {"en", "cancel both", "no keep friday", "a-mon"},
        {"fr", "annulez les deux", "gardez la réparation", "a-mon"},
        {"es", "cancele las dos", "mantenga la reparación", "a-mon"},
        {"en", "cancel my appointment", "no the other one", "a-fri"},
        {"fr", "annuler mon rendez-vous", "non l'autre", "a-fri"},
        {"es", "cancelar mi cita", "no la otra", "a-fri"},
        {"en", "cancel my appointment", "the one on friday", "a-fri"},
        {"en", "cancel my appointment", "not the repair", "a-mon"},
    };
    wk_reception_facts_t f = of_two();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].asked);
        if (cases[i].answer != NULL) {
            r = receive(&f, &r.dialog, cases[i].language, cases[i].answer);
        }
        if (r.tool != NULL || r.dialog.expected != WK_EXPECT_CANCEL ||
            !va_str_eq(r.dialog.cancels, va_str_c(cases[i].cancels))) {
            fail_msg("%s, %s: %.*s", cases[i].asked, cases[i].answer, (int)r.text.len,
                     r.text.data);
        }
    }
}

static void a_service_that_stands_is_moved_and_not_booked_again(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *language, *text;
    } texts[] = {
        {"en", "move my repair to monday"},
        {"fr", "déplacer ma réparation à lundi"},
        {"es", "mover mi reparación al lunes"},
    };
    wk_reception_facts_t f = of_two();
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &fresh, texts[i].language, texts[i].text);
        assert_case(r.tool != NULL && strstr(wk_strdup(arena, r.tool_args), "2026-12-07") &&
                        va_str_eq(r.dialog.offer.appointment, VA_STR("a-fri")),
                    texts[i].text);
    }
    wk_dialog_t moving = three_times();
    moving.offer.appointment = VA_STR("a-mon");
    wk_reception_t r = receive(&f, &moving, "en", "the repair");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-fri")));
    assert_string_equal(r.intent, "reschedule");
    r = receive(&f, &moving, "en", "no, the repair");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-fri")));
    r = receive(&f, &fresh, "en", "don't move my tune up");
    assert_true(r.tool == NULL && says(&r, "stands"));
    r = receive(&f, &fresh, "en", "change my tire on monday");
    assert_null(r.dialog.offer.appointment.data);
}

static void which_to_move_is_told_by_its_place(void **state)
{
    wk_dialog_t which = {.expected = WK_EXPECT_MOVE, .moves_to = VA_STR("2026-11-27")};
    static const struct {
        const char *language, *text, *moved; /* NULL: it does not tell */
    } answers[] = {
        {"en", "the first one", "a-mon"},
        {"en", "2", "a-fri"},
        {"fr", "le premier", "a-mon"},
        {"es", "la segunda", "a-fri"},
        {"en", "3", NULL},
        {"en", "not the first one", NULL},
    };
    wk_reception_facts_t f = of_two();
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        wk_reception_t r = receive(&f, &which, answers[i].language, answers[i].text);
        bool moves = answers[i].moved != NULL;
        assert_case(
            moves == (r.dialog.offer.appointment.data != NULL) &&
                (!moves || va_str_eq(r.dialog.offer.appointment, va_str_c(answers[i].moved))),
            answers[i].text);
    }
}

/* Of two Thursdays the one near the appointment is asked about; and a day that is not clear. */
static void where_it_goes_is_sure_or_asked(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t moving = three_times();
    moving.offer.appointment = VA_STR("a-mon");
    (void)state;
    CHECK(&moving, LOOKS("en", "thursday at 2 pm", "\"2026-12-03\""),
          LOOKS("fr", "jeudi à 14 h", "\"2026-12-03\""));
    CHECK(&fresh, CANCELS("en", "pls cancel my appt monday"),
          LOOKS("en", "move my appt to thursday", "\"2026-12-03\""),
          ASKS("en", "move my appointment to next wednesday", "Which day"),
          ASKS("en", "push my appointment back a week", "Which day"),
          ASKS("es", "mover mi cita una semana", "qué día"));
}

/* Who cannot come that day and names another is not asked whether to cancel. */
static void another_day_of_who_cannot_come_is_looked_for(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh,
          LOOKS("en", "I can't make it Monday, can I come Tuesday same time?", "2026-12-01"),
          LOOKS("fr", "je ne pourrai pas être là lundi, je peux venir mardi à 10h?",
                "2026-12-01"),
          LOOKS("es", "no puedo el lunes, puede ser el martes a las 10?", "2026-12-01"),
          ASKS("en", "I can't make it Monday", "Shall I cancel"),
          ASKS("en", "I can't come Monday or Tuesday", "Shall I cancel"));
    wk_reception_facts_t f = of_two();
    wk_reception_t r = receive(&f, &fresh, "en", "can't make it friday, saturday instead?");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-fri")));
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2026-12-05"));
    r = receive(&f, &fresh, "fr",
                "je peux pas venir lundi, est-ce que mardi même heure ça marche?");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")));
    assert_int_equal(r.time.hour, 10);
    CHECK_ANSWERS(&fresh, ASKS("en", "is my appointment on monday?", "Your tune-up is on"),
                  ASKS("en", "confirming my appointment monday at 10", "Your tune-up is on"),
                  ASKS("fr", "mon rdv est bien lundi?", "lundi 30"),
                  ASKS("es", "confirmo mi cita del lunes a las 10", "lunes 30"));
}

#define TWO_ON_TUESDAY                                                                         \
    "[\"a-1\",\"tune_up\",\"2026-12-01\",\"10:00\",true],"                                     \
    "[\"a-2\",\"repair\",\"2026-12-01\",\"14:00\",true]"

static void one_day_takes_the_place_of_another(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t offer = three_times();
    (void)state;
    CHECK(&fresh, LOOKS("en", "Thursday instead of Monday", "\"2026-12-03\"}"),
          LOOKS("en", "Thursday instead of Monday?", "\"2026-12-03\"}"),
          LOOKS("en", "can I come Thursday at 3 instead of Monday at 10", "\"2026-12-03\"}"),
          LOOKS("en", "instead of Monday, Thursday please", "\"2026-12-03\"}"),
          LOOKS("en", "can we move Monday to Thursday?", "\"2026-12-03\"}"),
          LOOKS("en", "4 pm instead of 10 on Monday", "\"2026-11-30\"}"),
          LOOKS("fr", "jeudi au lieu de lundi", "\"2026-12-03\"}"),
          LOOKS("fr", "est-ce que je peux venir jeudi plutôt que lundi", "\"2026-12-03\"}"),
          LOOKS("fr", "changer lundi pour jeudi svp", "\"2026-12-03\"}"),
          LOOKS("es", "jueves en vez de lunes", "\"2026-12-03\"}"),
          LOOKS("es", "¿puedo ir el jueves en lugar del lunes?", "\"2026-12-03\"}"),
          ASKS("en", "Thursday instead of Wednesday", "Your tune-up is on Monday"),
          ASKS("en", "Thursday instead of Wednesday", "Shall I move it?"));
    CHECK(&offer, LOOKS("en", "Thursday instead of Friday", "\"2026-11-26\"}"));
    wk_reception_facts_t f = facts();
    wk_reception_t r = receive(&f, &fresh, "en", "Thursday instead of Monday");
    assert_true(strstr(wk_strdup(arena, r.before), "Your tune-up on Monday") != NULL);
    assert_true(str_is(r.dialog.offer.appointment, "a-mon"));
}

static void which_is_to_be_moved_is_asked(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.appointments = parse_json(VA_STR("[" TWO_ON_TUESDAY "]"));
    wk_reception_t r = receive(&f, &fresh, "en", "Thursday instead of next Tuesday");
    assert_true(says(&r, "Your repair is on Tuesday") && says(&r, "Which one shall I move?"));
    r.dialog = wk_dialog_read(parse_json(wk_dialog_write(arena, &r.dialog, VA_STR_NULL, 1000)),
                              VA_STR_NULL, 1000);
    wk_reception_t chosen = receive(&f, &r.dialog, "en", "the repair");
    assert_string_equal(chosen.tool, "check_availability");
    assert_non_null(strstr(wk_strdup(arena, chosen.tool_args), "\"2026-12-03\"}"));
    assert_true(str_is(chosen.dialog.offer.appointment, "a-2"));
    assert_null(receive(&f, &r.dialog, "en", "yes").tool);
    assert_null(receive(&f, &r.dialog, "en", "no").tool);
    r = receive(&f, &fresh, "en", "Thursday at 4 instead of Tuesday");
    chosen = receive(&f, &r.dialog, "en", "the repair");
    assert_non_null(strstr(wk_strdup(arena, chosen.tool_args), "\"2026-12-03\"}"));
    assert_int_equal(chosen.time.hour, 16);
    r = receive(&f, &fresh, "en", "4 pm instead of Tuesday");
    chosen = receive(&f, &r.dialog, "en", "the repair");
    assert_non_null(strstr(wk_strdup(arena, chosen.tool_args), "\"2026-12-01\"}"));
    assert_int_equal(chosen.time.hour, 16);
    f.appointments =
        parse_json(VA_STR("[[\"a-4\",\"tune_up\",\"2027-01-04\",\"10:00\",true]]"));
    r = receive(&f, &fresh, "en", "move my appointment to Friday at 3 pm");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2027-01-01"));
    f.appointments =
        parse_json(VA_STR("[[\"a-3\",\"tune_up\",\"2026-12-07\",\"10:00\",true]]"));
    r = receive(&f, &fresh, "en", "Tuesday instead of Monday");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2026-12-08"));
    f.appointments = NULL;
    r = receive(&f, &fresh, "en", "Thursday instead of Tuesday");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "\"2026-11-26\"}"));
    assert_null(r.dialog.offer.appointment.data);
    r = receive(&f, &fresh, "en", "move Tuesday to Thursday");
    assert_true(says(&r, "no coming appointment"));
}

/* A moment that is none of its own is where it goes: no second appointment is booked. */
static void where_it_goes_may_be_said_with_which(void **state)
{
    static const struct {
        const char *language, *text, *args;
        int hour;
    } cases[] = {
        {"en", "the repair to Friday at 3", "\"2026-12-04\"}", 15},
        {"en", "Friday at 3 for the repair please", "\"2026-12-04\"}", 15},
        {"en", "the repair on Tuesday to Friday at 3", "\"2026-12-04\"}", 15},
        {"en", "the repair, at 4", "\"2026-12-03\"}", 16},
        {"en", "move the repair to Friday at 3 pm", "\"2026-12-04\"}", 15},
        {"en", "the repair at 2 pm", "\"2026-12-03\"}", -1},
        {"fr", "la réparation, vendredi à 15 h", "\"2026-12-04\"}", 15},
        {"es", "la reparación para el viernes a las 15:00", "\"2026-12-04\"}", 15},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t asked = {.expected = WK_EXPECT_MOVE, .moves_to = VA_STR("2026-12-03")};
    (void)state;
    f.appointments = parse_json(VA_STR("[" TWO_ON_TUESDAY "]"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &asked, cases[i].language, cases[i].text);
        assert_case(r.tool != NULL && strstr(wk_strdup(arena, r.tool_args), cases[i].args),
                    cases[i].text);
        assert_case(str_is(r.dialog.offer.appointment, "a-2"), cases[i].text);
        int hour = r.time.hour < 0 ? -1 : wk_clock_likely(r.time) / 60;
        assert_case(hour == cases[i].hour, cases[i].text);
    }
    wk_reception_t r = receive(&f, &asked, "en", "I also need a repair on Friday at 3");
    assert_null(r.dialog.offer.appointment.data);
    r = receive(&f, &asked, "en", "cancel the repair");
    assert_true(says(&r, "Shall I cancel your repair on Tuesday"));
    r = receive(&f, &asked, "en", "the fitting on Friday at 3");
    assert_null(r.dialog.offer.appointment.data);
    r = receive(&f, &asked, "en", "no, book a repair on Friday at 3");
    assert_null(r.dialog.offer.appointment.data);
    r = receive(&f, &asked, "en", "the repair, I can't come on Friday");
    assert_null(r.tool);
}

/* Also one that no list of the coming days has. */
static void a_weekday_is_that_of_an_appointment_far_away(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.appointments =
        parse_json(VA_STR("[[\"a-far\",\"tune_up\",\"2026-12-16\",\"10:00\",true]]"));
    wk_reception_t r = receive(&f, &fresh, "en", "Move my Wednesday appointment to Friday");
    assert_string_equal(r.tool, "check_availability");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "\"2026-12-18\"}"));
    assert_true(str_is(r.dialog.offer.appointment, "a-far"));
    f.appointments = parse_json(VA_STR("[[\"a-1\",\"tune_up\",\"2026-12-16\",\"10:00\",true],"
                                       "[\"a-2\",\"repair\",\"2026-12-16\",\"14:00\",true]]"));
    r = receive(&f, &fresh, "en", "move my Wednesday repair to Friday");
    assert_true(str_is(r.dialog.offer.appointment, "a-2"));
    r = receive(&f, &fresh, "en", "move it from Wednesday at 10 am to Friday at 3 pm");
    assert_true(str_is(r.dialog.offer.appointment, "a-1"));
}

/* A time without its day would be one of a day that nobody named. */
static void an_unclear_day_is_asked_for_when_it_is_known_which(void **state)
{
    static const struct {
        const char *text, *kept;
    } cases[] = {
        {"move my Tuesday appointment to next Friday at 3", ""},
        {"move my Tuesday appointment to next week", "2026-11-30"},
        {"move my Tuesday appointment to Friday at 3 pm", "2026-12-04T15:00"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.appointments = parse_json(VA_STR("[" TWO_ON_TUESDAY "]"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, "en", cases[i].text);
        assert_case(r.dialog.expected == WK_EXPECT_MOVE, cases[i].text);
        assert_string_equal(r.dialog.moves_to.len > 0 ? wk_strdup(arena, r.dialog.moves_to)
                                                      : "",
                            cases[i].kept);
        r.dialog =
            wk_dialog_read(parse_json(wk_dialog_write(arena, &r.dialog, VA_STR_NULL, 1000)),
                           VA_STR_NULL, 1000);
        r = receive(&f, &r.dialog, "en", "the repair");
        assert_case((r.tool != NULL) == (cases[i].kept[0] != '\0'), cases[i].text);
        assert_case(r.tool != NULL || says(&r, "Which day do you mean"), cases[i].text);
        assert_case(str_is(r.dialog.offer.appointment, "a-2"), cases[i].text);
        if (r.tool == NULL) { /* the nearest to its own day here too */
            r = receive(&f, &r.dialog, "en", "Friday");
            assert_non_null(strstr(wk_strdup(arena, r.tool_args), "\"2026-12-04\"}"));
            assert_true(str_is(r.dialog.offer.appointment, "a-2"));
        }
    }
}

/* The question mark is that of both parts. */
static void a_question_of_two_days_asks_back(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t booked = {.booked = VA_STR("a-mon")}, friday = one_time();
    (void)state;
    assert_string_equal(
        receive(&f, &booked, "en", "move it from Monday to Friday at 2 pm").tool,
        "reschedule_appointment");
    assert_string_equal(
        receive(&f, &booked, "en", "Can you move it from Monday to Friday at 2 pm?").tool,
        "check_availability");
    assert_string_equal(receive(&f, &friday, "en", "Thursday at 10 instead of Friday").tool,
                        "book_appointment");
    assert_string_equal(receive(&f, &friday, "en", "Thursday at 10 instead of Friday?").tool,
                        "check_availability");
}

static void all_but_one_are_asked_about(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t both = {.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon a-fri")};
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.appointments =
        parse_json(VA_STR("[" MONDAY ",[\"a-fri\",\"repair\",\"2026-12-04\",\"10:00\",true]]"));
    wk_reception_t r = receive(&f, &both, "en", "yes, all of them except Friday");
    assert_null(r.tool);
    assert_true(str_is(r.dialog.cancels, "a-mon"));
    r = receive(&f, &fresh, "en", "cancel all my appointments except Friday");
    assert_null(r.tool);
    assert_true(str_is(r.dialog.cancels, "a-mon"));
}

static void what_is_left_out_by_its_service_stands(void **state)
{
    static const struct {
        const char *language, *text, *cancels;
    } cases[] = {
        {"en", "cancel all my appointments except the repair", "a-mon a-fit"},
        {"en", "cancel all my appointments except the tune-up", "a-fri a-fit"},
        {"en", "cancel all except the repair and the tune-up", "a-fit"},
        {"en", "please cancel everything but not the bike fitting, thanks", "a-mon a-fri"},
        {"en", "cancel all except the repair on December 4", "a-mon a-fit"},
        {"en", "cancel everything but the repair", "a-mon a-fit"},
        {"en", "cancel all but my Friday repair please", "a-mon a-fit"},
        {"en", "cancel all but Monday", "a-fri a-fit"},
        {"en", "cancel my appointment but not the tune-up", "a-fri"},
        {"fr", "annulez tous mes rendez-vous sauf la réparation", "a-mon a-fit"},
        {"es", "cancele todas mis citas excepto la reparación", "a-mon a-fit"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t all = {.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon a-fri a-fit")};
    (void)state;
    f.appointments =
        parse_json(VA_STR("[" MONDAY ",[\"a-fri\",\"repair\",\"2026-12-04\",\"10:00\",true],"
                          "[\"a-fit\",\"fitting\",\"2026-12-05\",\"10:00\",true]]"));
    f.day = parse_json(VA_STR("[\"2026-12-04\",5,\"08:00\",\"18:00\"]"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        if (r.tool != NULL || !str_is(r.dialog.cancels, cases[i].cancels)) {
            fail_msg("%s: %.*s", cases[i].text, (int)r.text.len, r.text.data);
        }
    }
    wk_reception_t r = receive(&f, &all, "en", "yes, all of them except the repair");
    assert_null(r.tool);
    assert_true(str_is(r.dialog.cancels, "a-mon a-fit"));
    f.appointments = parse_json(VA_STR("[" MONDAY "]"));
    r = receive(&f, &fresh, "en", "cancel all my appointments except the tune-up");
    assert_true(r.tool == NULL && says(&r, "stands"));
    assert_int_equal(r.dialog.expected, WK_EXPECT_NOTHING);
}

/* "Passer", "pasar" and "change" are said of other things than appointments. */
static void what_is_no_swap_is_a_wish_to_come(void **state)
{
    static const struct {
        const char *language, *text, *args;
    } cases[] = {
        {"fr", "Est-ce que je peux passer demain à 10 h ?", "\"2026-11-25\""},
        {"fr", "Je voudrais changer mon pneu samedi à 10 h", "\"2026-11-28\""},
        {"es", "¿Puedo pasar mañana a las 4 de la tarde?", "\"2026-11-25\""},
        {"es", "quiero cambiar la llanta el sábado a las 10:30", "\"2026-11-28\""},
        {"en", "My gears won't shift, can I come in Saturday for a tune-up at 10?",
         "\"2026-11-28\""},
    };
    wk_reception_facts_t with = facts(), without = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING}, offer = three_times();
    (void)state;
    without.appointments = NULL;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const wk_reception_facts_t *f[] = {&with, &without};
        for (size_t k = 0; k < 2; k++) {
            wk_reception_t r = receive(f[k], &fresh, cases[i].language, cases[i].text);
            assert_case(strcmp(r.intent, "book") == 0, cases[i].text);
            assert_case(strstr(wk_strdup(arena, r.tool_args), cases[i].args), cases[i].text);
            assert_case(r.dialog.offer.appointment.data == NULL, cases[i].text);
        }
    }
    CHECK(&offer, LOOKS("fr", "Je peux passer samedi à 14 h ?", "\"2026-11-28\""),
          LOOKS("fr", "changer pour samedi à 14 h", "\"2026-11-28\""),
          BOOKS("fr", "changez vendredi pour samedi à 14 h", "28T14:00"),
          LOOKS("es", "¿Puedo pasar mañana a las 4 de la tarde?", "\"2026-11-25\""),
          LOOKS("es", "cambiar a mañana a las 4 de la tarde", "\"2026-11-25\""),
          ASKS("en", "move Wednesday to Saturday", "Which day"));
    wk_reception_t r = receive(&with, &offer, "en", "can we shift Monday's visit to Wednesday");
    assert_true(str_is(r.dialog.offer.appointment, "a-mon"));
    r = receive(&with, &fresh, "en", "Do your hours change from Monday to Friday?");
    assert_string_equal(r.intent, "hours");
}

static void an_appointment_is_moved_by_a_verb(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("en", "can you move it from Monday to Thursday?", "\"2026-12-03\"}"),
          LOOKS("en", "please push my Monday tune-up to Thursday at 3", "\"2026-12-03\"}"),
          LOOKS("en", "can we switch from Monday at 10 to Thursday at 2 pm", "\"2026-12-03\"}"),
          LOOKS("fr", "pouvez-vous passer mon rendez-vous de lundi à jeudi", "\"2026-12-03\"}"),
          LOOKS("es", "mover del lunes a las 10 al jueves a las 3", "\"2026-12-03\"}"),
          LOOKS("es", "¿puede pasar mi cita del lunes al jueves?", "\"2026-12-03\"}"),
          ASKS("en", "move Wednesday to Thursday", "Shall I move it?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_appointment_that_is_named_is_asked_about),
        cmocka_unit_test(a_service_that_stands_is_moved_and_not_booked_again),
        cmocka_unit_test(where_it_goes_is_sure_or_asked),
        cmocka_unit_test(which_to_move_is_told_by_its_place),
        cmocka_unit_test(another_day_of_who_cannot_come_is_looked_for),
        TEST(a_yes_cancels),
        TEST(the_question_to_cancel_ends_with_its_answer),
        TEST(the_question_to_cancel_is_not_asked_for_ever),
        TEST(one_day_takes_the_place_of_another),
        TEST(an_appointment_that_was_is_not_cancelled),
        TEST(a_day_given_up_stands_right_behind_its_words),
        TEST(which_is_to_be_moved_is_asked),
        TEST(a_question_of_two_days_asks_back),
        TEST(where_it_goes_may_be_said_with_which),
        TEST(a_weekday_is_that_of_an_appointment_far_away),
        TEST(an_unclear_day_is_asked_for_when_it_is_known_which),
        TEST(all_but_one_are_asked_about),
        TEST(what_is_left_out_by_its_service_stands),
        TEST(what_is_no_swap_is_a_wish_to_come),
        TEST(an_appointment_is_moved_by_a_verb),
        TEST(what_is_no_wish_to_cancel_changes_nothing),
        TEST(what_was_booked_is_moved),
        TEST(another_service_is_another_booking),
        TEST(a_question_moves_nothing),
        TEST(nobody_moves_what_he_is_not_told),
        TEST(what_was_booked_is_remembered),
        TEST(what_was_booked_grows_old),
        TEST(a_call_forgets_what_was_booked_before),
        TEST(who_cannot_come_then_is_asked_for_his_time),
        TEST(the_service_of_what_was_booked_is_changed),
        TEST(a_thing_that_is_changed_is_no_appointment),
        TEST(what_was_booked_is_changed_in_many_words),
        TEST(both_are_cancelled),
        TEST(some_or_all_may_be_named_in_the_answer),
        TEST(its_own_day_is_not_where_it_goes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
