/*
 * What customers answer while times are offered: a clear choice books, what is not clear is
 * asked about, and the offer stands beside all else.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

static void a_time_of_the_offer_is_taken(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, BOOKS("en", "10 o'clock", "27T10:00"),
          BOOKS("en", "at 10 o'clock please", "27T10:00"),
          BOOKS("en",
                "2 o\xe2\x80\x99"
                "clock works",
                "27T14:00"),
          BOOKS("en", "at 10 sounds good", "27T10:00"),
          BOOKS("en", "that one at 10", "27T10:00"), BOOKS("en", "I prefer at 2", "27T14:00"),
          BOOKS("en", "10 in the morning please", "27T10:00"),
          BOOKS("fr", "Je prends le 10 h du matin", "27T10:00"),
          BOOKS("fr", "je prends le 10h du matin", "27T10:00"),
          ASKS("es", "me quedo con el 10:00 de la mañana", "27 de noviembre a las 10:00"),
          BOOKS("en", "ok 10am works for me, thanks", "27T10:00"),
          BOOKS("en", "one", "27T09:00"), BOOKS("en", "the one please", "27T09:00"),
          BOOKS("en", "two please", "27T10:00"), BOOKS("en", "the second one", "27T10:00"),
          BOOKS("en", "2 sounds good", "27T10:00"), BOOKS("en", "number 3 thx", "27T14:00"),
          BOOKS("en", "noon please", "27T12:00"),
          BOOKS("en", "this afternoon at 2", "24T14:00"),
          BOOKS("fr",
                "Je pr\xc3\xa9"
                "f\xc3\xa8re 10 heures",
                "27T10:00"),
          BOOKS("fr",
                "10 heures \xc3\xa7"
                "a marche",
                "27T10:00"),
          BOOKS("fr",
                "samedi \xc3\xa0 10 heures \xc3\xa7"
                "a marche",
                "28T10:00"),
          BOOKS("fr", "la une svp", "27T09:00"), BOOKS("fr", "le 2 merci beaucoup", "27T10:00"),
          BOOKS("fr", "demain \xc3\xa0 midi", "25T12:00"),
          BOOKS("es", "me parece bien a las 10 horas", "27T10:00"),
          BOOKS("es", "la una por favor", "27T09:00"),
          BOOKS("es", "prefiero a las 10, muchas gracias", "27T10:00"),
          BOOKS("es", "el 2 gracias", "27T10:00"),
          BOOKS("es",
                "al mediod\xc3\xad"
                "a",
                "27T12:00"));
    CHECK(&dialog, BOOKS("es", "Vale, que sea la 1", "27T09:00"));
}

/* Also where the hour is written as those of the morning are. */
static void an_afternoon_is_no_small_hour(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, BOOKS("fr", "cet après-midi à 2 h", "24T14:00"),
          BOOKS("fr", "cette après-midi à 2 h", "24T14:00"),
          BOOKS("fr", "2 h cet après-midi", "24T14:00"), BOOKS("fr", "ce soir 5 h", "24T17:00"),
          BOOKS("fr", "demain soir \xc3\xa0 5h30", "25T17:30"),
          BOOKS("fr", "samedi après-midi à 3 heures", "28T15:00"),
          LOOKS("fr", "demain matin à 9 h", "2026-11-25"),
          BOOKS("fr", "demain à 14 h", "25T14:00"),
          BOOKS("fr", "demain après-midi à 14 h", "25T14:00"),
          BOOKS("en", "this afternoon at 2", "24T14:00"),
          BOOKS("en", "at 5 this evening", "24T17:00"),
          BOOKS("en", "tomorrow afternoon at 2:30", "25T14:30"),
          BOOKS("en", "this afternoon at 02:00", "24T14:00"),
          BOOKS("en", "tomorrow in the afternoon at 4", "25T16:00"),
          BOOKS("en", "Good afternoon, at 10 please", "27T10:00"),
          BOOKS("en", "tomorrow at 9 in the morning", "25T09:00"),
          LOOKS("en", "tomorrow at 12 in the evening", "2026-11-25"),
          LOOKS("en", "at 12 tonight", "2026-11-24"),
          LOOKS("es", "mañana a las 12 de la noche", "2026-11-25"),
          BOOKS("en", "tomorrow at 12 pm", "25T12:00"),
          BOOKS("es", "esta tarde a las 2 h", "24T14:00"),
          BOOKS("es", "a las 5 horas esta tarde", "24T17:00"),
          BOOKS("es", "mañana por la tarde a las 4", "25T16:00"),
          BOOKS("es", "el sábado por la tarde a las 3 h", "28T15:00"),
          BOOKS("es", "Buenas tardes, a las 10 por favor", "27T10:00"));
}

static void what_is_unclear_about_the_offer_is_asked(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, ASKS("en", "let's go for 10", "Shall I take Friday, November 27 at 10:00"),
          ASKS("en", "is 10 ok", "Shall I take Friday, November 27 at 10:00"),
          ASKS("en", "would 10 work", "Shall I take Friday, November 27 at 10:00"),
          LOOKS("en", "Sat at 10", "2026-11-28"), ASKS("en", "I want one", "Reply with"),
          ASKS("en", "one bike", "Reply with"), ASKS("en", "it is 2", "Shall I take"),
          ASKS("en", "2 or 3", "Reply with"), ASKS("en", "10 is bad for me", "Reply with"),
          ASKS("en", "maybe 2", "Reply with"),
          ASKS("en", "my son can bring it at 10", "Shall I take Friday, November 27 at 10:00"),
          LOOKS("en", "No, 10:30 please", "2026-11-27"), LOOKS("en", "no 11", "2026-11-27"),
          ASKS("en", "No, 10am", "Shall I take Friday, November 27 at 10:00"),
          LOOKS("en", "No, Saturday please", "2026-11-28"),
          LOOKS("fr", "non, plut\xc3\xb4t 10 h 30", "2026-11-27"),
          LOOKS("es", "no, a las 11 por favor", "2026-11-27"),
          ASKS("en", "yes", "Reply with the number"), ASKS("en", "ok thanks", "Reply with"),
          ASKS("en", "hello", "Reply with the number"), ASKS("en", "hmm", "Reply with"),
          ASKS("fr", "merci", "pondez par le num"), ASKS("es", "gracias", "Responda con"),
          ASKS("en", "What are your hours?", "We are open"));
}

static void a_miss_leaves_the_offer_standing(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_times();
    (void)state;
    wk_reception_t r = receive(&f, &dialog, "en", "hmm");
    r = receive(&f, &r.dialog, "en", "whatever suits");
    assert_true(says(&r, "call you back?"));
    assert_int_equal(r.dialog.offer.count, 3);
    assert_string_equal(receive(&f, &r.dialog, "en", "2").tool, "book_appointment");
    assert_string_equal(receive(&f, &r.dialog, "en", "yes please").task, "callback");
    r.dialog = wk_dialog_read(parse_json(wk_dialog_write(arena, &r.dialog, VA_STR_NULL, 1000)),
                              VA_STR_NULL, 1000);
    assert_string_equal(receive(&f, &r.dialog, "en", "2").tool, "book_appointment");
}

static void a_yes_takes_the_time(void **state)
{
    wk_dialog_t dialog = one_time();
    (void)state;
    CHECK(
        &dialog, BOOKS("en", "Yes", "27T10:00"), BOOKS("en", "Yes thank you", "27T10:00"),
        BOOKS("en", "yes thanks", "27T10:00"), BOOKS("en", "ok thanks", "27T10:00"),
        BOOKS("en", "ok great", "27T10:00"), BOOKS("en", "perfect", "27T10:00"),
        BOOKS("en", "Yes, book it please", "27T10:00"),
        BOOKS("en", "Yes that works", "27T10:00"), BOOKS("en", "sounds good", "27T10:00"),
        BOOKS("en", "Sure, works for me!", "27T10:00"),
        BOOKS("en", "yes please, that's perfect", "27T10:00"),
        BOOKS("fr", "oui merci", "27T10:00"), BOOKS("fr", "oui parfait", "27T10:00"),
        BOOKS("fr",
              "oui \xc3\xa7"
              "a me va",
              "27T10:00"),
        BOOKS("fr", "d'accord, merci beaucoup", "27T10:00"),
        BOOKS("fr", "c'est parfait", "27T10:00"), BOOKS("es", "S\xc3\xad, gracias", "27T10:00"),
        BOOKS("es", "s\xc3\xad, me va bien", "27T10:00"),
        BOOKS("es", "perfecto, muchas gracias", "27T10:00"), BOOKS("es", "claro", "27T10:00"),
        ASKS("en", "thanks", "Shall I take"), ASKS("en", "hello?", "Shall I take"),
        ASKS("en", "maybe", "Shall I take"), ASKS("en", "is it good", "Shall I take"),
        ASKS("en", "my bike works", "Shall I take"), ASKS("en", "very good, no", "Shall I"),
        LOOKS("en", "that is great but too early", "\"after\":\"2026-11-27T10:00\""),
        ASKS("fr", "oui mais plus tard", "Voulez-vous"), ASKS("en", "yes?", "Shall I take"),
        ASKS("en", "yes if my wife agrees", "Shall I take"),
        LOOKS("en", "No, 10:30 please", "27\"}"), LOOKS("en", "no 11", "27\"}"),
        ASKS("en", "No I can't then", "Which day"), LOOKS("en", "no, Saturday", "2026-11-28"));
}

/* What was asked in the morning is answered in the evening: it is asked about once more. */
static void an_old_question_is_asked_once_more(void **state)
{
    wk_dialog_t offer = three_times(), asked = one_time(), cancels = cancelling();
    (void)state;
    offer.old = asked.old = cancels.old = true;
    CHECK(&offer, ASKS("en", "2", "Shall I take Friday, November 27 at 10:00"),
          ASKS("en", "10:00", "Shall I take Friday"));
    CHECK(&asked, ASKS("en", "yes", "Shall I take Friday"));
    CHECK(&cancels, ASKS("en", "yes", "Shall I cancel"));
}

static void a_price_leaves_the_offer_standing(void **state)
{
    wk_dialog_t offered = three_times();
    wk_reception_facts_t f = facts();
    (void)state;
    static const char *const texts[] = {"how much is a tune-up?", "how much is a repair?"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &offered, "en", texts[i]);
        assert_int_equal(r.dialog.offer.count, 3);
        assert_true(r.dialog.expected == (i == 0 ? WK_EXPECT_SLOT : WK_EXPECT_CALLBACK));
    }
}

/* A caller is not asked to write. */
static void who_declines_in_a_call_may_go_on_speaking(void **state)
{
    wk_dialog_t dialog = one_time();
    wk_reception_facts_t f = facts();
    (void)state;
    wk_reception_t r = receive(&f, &dialog, "en", "no thanks");
    assert_true(says(&r, "just write"));
    dialog.spoken = true;
    r = receive(&f, &dialog, "en", "no thanks");
    assert_true(says(&r, "Is there anything else?") && !says(&r, "write"));
}

static void a_yes_to_what_is_done_is_no_riddle(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    static const wk_dialog_t others = {.booked = VA_STR("a-fri")};
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const wk_dialog_t in_a_call = {.expected = WK_EXPECT_NOTHING, .spoken = true};
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK_ANSWERS(&booked, ASKS("en", "yes", "Your tune-up is on Monday"),
                  ASKS("en", "yes book it please", "Your tune-up is on Monday"),
                  ASKS("fr", "oui", "lundi"), ASKS("es", "s\xc3\xad", "lunes"));
    CHECK_ANSWERS(&others, ASKS("en", "yes", "You are welcome"));
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "yes", "did not understand"));
    CHECK(&others, LOOKS("en", "OK, book an appointment please", "\"general\""),
          LOOKS("en", "OK, appointment please", "\"general\""));
    CHECK(&booked, LOOKS("en", "yes and book a repair", "\"repair\""));
    f.texted = parse_json(VA_STR(MONDAY));
    wk_reception_t r = receive(&f, &nothing_asked, "en", "yes");
    assert_true(says(&r, "Your tune-up is on Monday"));
    r = receive(&f, &in_a_call, "en", "yes");
    assert_true(says(&r, "did not understand"));
}

static void who_wants_none_of_the_times_is_asked_for_a_day(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, ASKS("en", "none of those work", "Which day"),
          ASKS("en", "not on Friday", "Which day"),
          ASKS("fr", "aucune des trois", "De quel jour"),
          LOOKS("en", "none of those, Saturday please", "2026-11-28"));
}

#define DAY_SLOT(time) "{\"start\":\"2026-11-27T" time ":00-05:00\"}"

/* A time that is none of those of its day is said to be none; half of a day is looked into. */
static void the_times_of_a_day_are_those_wished_for(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *text, *total, *part;
    } cases[] = {
        {"a tune-up on Friday at 5:30 pm", "6", "That time cannot be had. For your tune-up"},
        {"a tune-up on Friday at 4 pm", "6", "Shall I take Friday, November 27 at 4:00 PM"},
        {"a tune-up on Friday at 5:30 pm", "60", "For your tune-up I can offer"},
        {"Good morning, a tune-up Friday afternoon please", "6",
         "1) Friday, November 27 at 2:00 PM; 2) Friday, November 27 at 3:00 PM; 3)"},
        {"a tune-up on Friday morning", "6",
         "1) Friday, November 27 at 8:00 AM; 2) Friday, "
         "November 27 at 9:00 AM; 3) Friday, November 27 at 10"},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_tool_answer_t answer = {
            .status = 200,
            .body = wk_printf(
                arena,
                "{\"available_slots\":[" DAY_SLOT("08:00") "," DAY_SLOT("09:00") "," DAY_SLOT(
                    "10:00") "," DAY_SLOT("14:00") "," DAY_SLOT("15:00") "," DAY_SLOT("16:00") "],"
                                                                                               "\"total_slots\":%s}",
                cases[i].total)};
        wk_reception_t r = receive(&f, &nothing_asked, "en", cases[i].text);
        wk_receive_done(arena, &answer, &r);
        if (!says(&r, cases[i].part)) {
            fail_msg("%s: %.*s", cases[i].text, (int)r.text.len, r.text.data);
        }
        assert_true(strcmp(cases[i].total, "60") != 0 || !says(&r, "cannot be had"));
    }
}

/* Of a day that was named only its own times are told. */
static void days_behind_help_out_where_one_has_few_times(void **state)
{
#define SATURDAY(time) ",{\"start\":\"2026-11-28T" time ":00-05:00\"}"
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const char slots[] = "{\"available_slots\":[" DAY_SLOT("16:00") SATURDAY("09:00")
        SATURDAY("10:00") SATURDAY("14:00") "],\"total_slots\":40}";
    static const char *const cases[][2] = {
        {"a tune-up please",
         "1) Friday, November 27 at 4:00 PM; 2) Saturday, November 28 at 9:00 AM; 3) Saturday, "
         "November 28 at 10:00 AM. "},
        {"a tune-up some morning",
         "1) Saturday, November 28 at 9:00 AM; 2) Saturday, November 28 at 10:00 AM. "},
        {"a tune-up on Friday", "1) Friday, November 27 at 4:00 PM. "},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_tool_answer_t answer = {.status = 200, .body = va_str_c(slots)};
        wk_reception_t r = receive(&f, &nothing_asked, "en", cases[i][0]);
        wk_receive_done(arena, &answer, &r);
        assert_case(says(&r, cases[i][1]), wk_strdup(arena, r.text));
    }
#undef SATURDAY
}

/* It may be taken: it is looked at, and asked about or said to be taken. */
static void a_time_beside_the_offer_is_looked_at(void **state)
{
    static const struct {
        const char *language, *text, *free, *part;
    } cases[] = {
        {"en", "can I come at 3:30?", "15:30", "Shall I take Friday, November 27 at 3:30 PM"},
        {"en", "can I come at 3:30?", "15:00", "That time cannot be had. For your tune-up"},
        {"fr", "est-ce possible à 15 h 30?", "15:30",
         "Voulez-vous vendredi 27 novembre à 15 h 30"},
        {"fr", "est-ce possible à 15 h 30?", "15:00", "n'est pas disponible"},
        {"es", "¿puede ser a las 15:30?", "15:30",
         "¿Quiere viernes 27 de noviembre a las 15:30"},
        {"es", "¿puede ser a las 15:30?", "15:00", "no está disponible"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_times();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_tool_answer_t answer = {
            .status = 200,
            .body = wk_printf(arena,
                              "{\"available_slots\":[{\"start\":\"2026-11-27T%s:00-05:00\"}],"
                              "\"total_slots\":1}",
                              cases[i].free)};
        wk_reception_t r = receive(&f, &dialog, cases[i].language, cases[i].text);
        assert_case(strcmp(r.tool, "check_availability") == 0, cases[i].text);
        wk_receive_done(arena, &answer, &r);
        assert_case(says(&r, cases[i].part), wk_strdup(arena, r.text));
    }
}

/* Than what was offered: the rest of the day, or the days behind it. */
static void later_times_are_looked_for(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
#define AFTER_LAST   "\"after\":\"2026-11-27T14:00\""
#define BEFORE_FIRST "\"preferred_date\":\"2026-11-27\",\"before\":\"2026-11-27T09:00\""
#define OTHER_DAY    "\"after\":\"2026-11-27T23:59\""
    CHECK(&dialog, LOOKS("en", "anything later?", AFTER_LAST),
          LOOKS("en", "later?", AFTER_LAST),
          LOOKS("en", "do you have anything later that day", AFTER_LAST),
          LOOKS("en", "no, that's too early", AFTER_LAST),
          LOOKS("en", "anything earlier?", BEFORE_FIRST),
          LOOKS("en", "anything sooner?", "\"tune_up\",\"before\":\"2026-11-27T09:00\""),
          LOOKS("en", "another day?", OTHER_DAY), LOOKS("en", "No, a different day", OTHER_DAY),
          LOOKS("en", "anything later on Saturday?", "\"preferred_date\":\"2026-11-28\"}"),
          LOOKS("fr", "avez-vous plus tard?", AFTER_LAST), LOOKS("fr", "plus tard", AFTER_LAST),
          LOOKS("fr", "quelque chose de plus tôt?", BEFORE_FIRST),
          LOOKS("fr", "un autre jour svp", OTHER_DAY),
          LOOKS("es", "¿algo más tarde?", AFTER_LAST),
          LOOKS("es", "¿tienen algo más temprano?", BEFORE_FIRST),
          LOOKS("es", "otro día por favor", OTHER_DAY));
    CHECK_ANSWERS(&dialog, ASKS("en", "I'll let you know later", "Reply with"),
                  ASKS("en", "see you later", "Reply with"));
#undef AFTER_LAST
#undef BEFORE_FIRST
#undef OTHER_DAY
}

/* Nothing beyond it: that is said, and the offer stands. */
static void what_is_beyond_the_offer_is_told(void **state)
{
    static const struct {
        const char *text, *slots, *part;
    } cases[] = {
        {"anything later?", DAY_SLOT("16:00"), "For your tune-up I can offer: 1) Friday"},
        {"anything later?", "{\"start\":\"2026-11-28T09:00:00-05:00\"}",
         "I find nothing later on that day. For your tune-up I can offer: 1) Saturday"},
        {"anything later?", "",
         "I find nothing later on that day. For your tune-up I can offer: 1) Friday, "
         "November 27 at 9:00 AM; 2)"},
        {"anything earlier?", "",
         "I find nothing earlier. For your tune-up I can offer: 1) Friday, November 27 at 9"},
        {"another day?", "", "I find no free time for your tune-up in those days."},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_times();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_tool_answer_t answer = {
            .status = 200,
            .body = wk_printf(arena, "{\"available_slots\":[%s],\"total_slots\":0}",
                              cases[i].slots)};
        wk_reception_t r = receive(&f, &dialog, "en", cases[i].text);
        wk_receive_done(arena, &answer, &r);
        assert_case(says(&r, cases[i].part), wk_strdup(arena, r.text));
    }
}

static void one_more_service_leaves_the_offer_standing(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_times();
    (void)state;
    wk_reception_t r = receive(&f, &dialog, "en", "I also need a repair");
    assert_true(says(&r, "to the team: repair. For your tune-up I can offer"));
    assert_string_equal(r.task, "message");
    assert_string_equal(receive(&f, &r.dialog, "en", "2").tool, "book_appointment");
    r = receive(&f, &dialog, "en", "rather a repair on Saturday");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "repair"));
    r = receive(&f, &dialog, "en", "also a repair on Saturday");
    assert_true(says(&r, "to the team: repair. For your tune-up I can offer"));
    assert_string_equal(r.task, "message");
    assert_string_equal(receive(&f, &r.dialog, "en", "2").tool, "book_appointment");
}

/* Neither agrees who names what does not suit, nor chooses it. */
static void days_that_do_not_suit_are_no_choice(void **state)
{
    wk_dialog_t one = one_time(), three = three_times();
    (void)state;
    CHECK(&one, LOOKS("en", "Ok, anything but Friday", "2026-11-27T23:59"),
          LOOKS("fr", "D'accord, sauf vendredi", "2026-11-27T23:59"),
          LOOKS("es", "Vale, menos el viernes", "2026-11-27T23:59"),
          ASKS("en", "Ok, anything but Monday", "Shall I take Friday, November 27"));
    CHECK(&three, LOOKS("en", "Anything but Friday at 10", "2026-11-27T23:59"),
          LOOKS("fr", "Sauf vendredi à 10 h", "2026-11-27T23:59"),
          LOOKS("es", "Menos el viernes a las 10", "2026-11-27T23:59"),
          LOOKS("fr", "10 h, sauf vendredi", "2026-11-27T23:59"),
          ASKS("fr", "D'accord, sauf le 27", "De quel jour"));
    CHECK(&three, LOOKS("en", "Anything but Friday and Saturday", "2026-11-28T23:59"),
          LOOKS("en", "Anything but Friday, Saturday, Sunday and Monday", "2026-11-30T23:59"),
          LOOKS("en", "Anything but Friday and Monday", "2026-11-27T23:59"),
          LOOKS("fr", "Sauf vendredi et samedi", "2026-11-28T23:59"),
          LOOKS("es", "Menos el viernes y el sábado", "2026-11-28T23:59"));
    one.offer.slots[0] = VA_STR("2026-12-31T10:00:00-05:00");
    CHECK(&one, LOOKS("en", "Anything but Thursday and Friday", "2027-01-01T23:59"));
}

/* A yes with another service than the one that is offered is no yes to that. */
static void a_yes_to_another_service_books_none(void **state)
{
    wk_dialog_t one = one_time(),
                general = {.expected = WK_EXPECT_SLOT, .offer = {.service = VA_STR("general")}};
    (void)state;
    CHECK(&one, LOOKS("en", "yes, the repair", "\"repair\""),
          LOOKS("fr", "oui, la réparation", "\"repair\""),
          LOOKS("es", "sí, la reparación", "\"repair\""),
          BOOKS("en", "yes, the tune-up", "27T10:00"));
    CHECK(&general, LOOKS("en", "yes, a repair", "\"repair\""));
}

/* Times are offered for moving the one, and the message moves the other. */
static void another_appointment_is_moved_while_times_are_offered(void **state)
{
    static const char *const texts[] = {"Move Monday's visit to Wednesday at 10",
                                        "Wednesday at 10 instead of Monday"};
    wk_reception_facts_t f = facts();
    wk_dialog_t offer = three_times();
    (void)state;
    offer.offer.service = VA_STR("repair");
    offer.offer.appointment = VA_STR("a-fri");
    f.appointments =
        parse_json(VA_STR("[" MONDAY ",[\"a-fri\",\"repair\",\"2026-12-04\",\"10:00\",true]]"));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &offer, "en", texts[i]);
        assert_case(r.tool != NULL && str_is(r.dialog.offer.appointment, "a-mon"), texts[i]);
    }
    wk_reception_t r = receive(&f, &offer, "en", "move Friday's repair to Thursday");
    assert_true(str_is(r.dialog.offer.appointment, "a-fri"));
}

static void the_day_behind_an_offer_is_asked_for(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, LOOKS("en", "what about the day after?", "\"after\":\"2026-11-27T23:59\""),
          LOOKS("en", "and the one after that?", "2026-11-27T23:59"),
          LOOKS("fr", "et le jour d'après?", "2026-11-27T23:59"),
          LOOKS("es", "¿y al día siguiente?", "2026-11-27T23:59"));
}

/* Nothing is left that a later "yes" could book. */
static void who_gives_the_time_up_is_offered_it_no_more(void **state)
{
    static const char *const texts[] = {
        "don't book it, 416 555 0199", "416 555 0199, cancel that", "never mind, 416 555 0199"};
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t asked = number_asked(), offer = one_time();
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &asked, "en", texts[i]);
        assert_case(r.tool == NULL && strcmp(r.intent, "no") == 0, texts[i]);
        assert_case(r.dialog.expected == WK_EXPECT_NOTHING, texts[i]);
    }
    assert_string_equal(receive(&f, &offer, "en", "please don't book it").intent, "no");
    f = facts();
    assert_string_equal(receive(&f, &offer, "en", "cancel my appointment").tool,
                        "cancel_appointment");
    assert_string_equal(receive(&f, &offer, "en", "don't book Friday, Monday at 3 pm").intent,
                        "book");
}

/* Whose appointments are not known here may have one all the same. */
static void a_cancellation_is_not_taken_for_the_offer(void **state)
{
    static const struct {
        const char *language, *text;
    } texts[] = {{"en", "cancel my appointment"},
                 {"en", "please cancel my appointment, thanks"},
                 {"fr", "annuler mon rendez-vous"},
                 {"es", "cancelar mi cita"}};
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t offers[] = {one_time(), three_times(), number_asked()};
    (void)state;
    for (size_t i = 0; i < 3 * sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r =
            receive(&f, &offers[i % 3], texts[i / 3].language, texts[i / 3].text);
        assert_case(r.tool != NULL && strcmp(r.tool, "cancel_appointment") == 0,
                    texts[i / 3].text);
    }
    assert_string_equal(receive(&f, &offers[0], "en", "cancel that appointment").intent,
                        "cancel");
    offers[0].booked = VA_STR("2026-11-30T10:00:00-05:00");
    assert_string_equal(receive(&f, &offers[0], "en", "cancel that").intent, "cancel");
}

/* What stands behind the refusal is asked about, or looked for. */
static void a_choice_beside_a_refusal_is_heard(void **state)
{
    static const sentence_t sentences[] = {
        {"en", "Don't book the first one, book the second", NULL, "27 at 10:00 AM"},
        {"en", "Don't book the first one, thanks", NULL, "9:00"},
        {"en", "Don't book 9, book 10", NULL, "27 at 10:00 AM"},
        {"en", "Cancel that, I'll take the second one", NULL, "27 at 10:00 AM"},
        {"en", "Cancel that, later please", "check_availability", "after"},
        {"es", "No, la cita m\xc3\xa1s tarde, por favor", "check_availability", "after"},
        {"es", "No reparaci\xc3\xb3n, solo puesta a punto", NULL, "10:00"},
        {"en", "Don't book the tune-up, a repair please", "check_availability", "repair"},
        {"fr", "Pas de r\xc3\xa9paration, la mise au point", NULL, "10 h"},
    };
    wk_reception_facts_t f = of_a_chat();
    wk_dialog_t dialog = three_times(), one = one_time();
    (void)state;
    for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
        const sentence_t *s = &sentences[i];
        wk_reception_t r = receive(&f, &dialog, s->language, s->text);
        const char *tool = r.tool != NULL ? r.tool : "no tool";
        const char *said = wk_strdup(arena, r.tool != NULL ? r.tool_args : r.text);
        if (strcmp(tool, s->tool != NULL ? s->tool : "no tool") != 0 ||
            strstr(said, s->part) == NULL || strcmp(r.intent, "no") == 0 ||
            (r.tool == NULL && r.dialog.expected != WK_EXPECT_SLOT)) {
            fail_msg("%s: %s, %s, %s", s->text, tool, said, r.intent);
        }
    }
    CHECK(&one, ASKS("es", "No reparaci\xc3\xb3n, solo puesta a punto", "10:00"),
          LOOKS("en", "Don't book the tune-up, a repair please", "repair"),
          ASKS("en", "don't book it, the 10 o'clock one", "10:00 AM"));
}

/* A question that nothing here answers is people's, and what was asked stands. */
static void a_question_beside_takes_nothing_back(void **state)
{
    static const char *const text = "How much is a tune-up? Do you sell helmets?";
    wk_reception_facts_t f = facts();
    wk_dialog_t offer = three_times(), cancel = cancelling();
    (void)state;
    wk_reception_t r = receive(&f, &offer, "en", "How much is it? Do you sell helmets?");
    assert_true(says(&r, "89.00"));
    assert_true(says(&r, "passed the rest of your message"));
    assert_string_equal(r.task, "message");
    assert_string_equal(receive(&f, &r.dialog, "en", "2").tool, "book_appointment");
    r = receive(&f, &cancel, "en", text);
    assert_int_equal(r.dialog.expected, WK_EXPECT_CANCEL);
    assert_string_equal(r.task, "message");
    assert_string_equal(receive(&f, &r.dialog, "en", "yes").tool, "cancel_appointment");
    wk_dialog_t number = number_asked();
    f.unreachable = f.nameless = true;
    r = receive(&f, &number, "en", text);
    assert_int_equal(r.dialog.expected, WK_EXPECT_NUMBER);
    assert_int_equal(r.dialog.offer.count, 1);
    offer.expected = WK_EXPECT_CALLBACK;
    r = receive(&f, &offer, "en", text);
    assert_int_equal(r.dialog.expected, WK_EXPECT_CALLBACK);
    assert_int_equal(r.dialog.offer.count, 3);
}

static void a_refused_day_is_not_looked_at(void **state)
{
    wk_dialog_t dialog = three_times(), one = one_time();
    wk_reception_facts_t f = facts();
    static const char *const refusals[] = {"not friday", "can't do friday"};
    (void)state;
    CHECK(&dialog, ASKS("en", "not Monday", "Friday, November 27 at 9:00 AM"));
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_t any = receive(&f, &fresh, "en", "tune up any day but not friday");
    assert_string_equal(any.tool, "check_availability");
    assert_false(strstr(wk_strdup(arena, any.tool_args), "2026-11-27") != NULL);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        wk_reception_t r = receive(&f, &dialog, "en", refusals[i]);
        assert_case(r.tool == NULL && says(&r, "Which day") && r.dialog.offer.count == 0,
                    refusals[i]);
        r = receive(&f, &r.dialog, "en", "1");
        assert_case(r.tool == NULL, refusals[i]);
    }
    CHECK_ANSWERS(&one, ASKS("en", "i'm good", "All right"),
                  ASKS("en", "I'll think about it", "All right"),
                  ASKS("fr", "je vais y penser", "D'accord"),
                  ASKS("es", "lo voy a pensar", "De acuerdo"));
    CHECK(&one, ASKS("en", "i'm good with that", "Shall I take"));
    CHECK(&one, LOOKS("en", "yes but can you make it 11?", "2026-11-27"),
          LOOKS("en", "okay but at 11", "2026-11-27"),
          LOOKS("fr", "oui mais à 11h", "2026-11-27"),
          LOOKS("es", "si pero mejor a las 11", "2026-11-27"),
          LOOKS("en", "an hour later", "\"after\":\"2026-11-27T10:00\""),
          ASKS("en", "yes but", "Shall I take"));
    CHECK(&dialog, ASKS("en", "10 last friday", "That day is past. Which day"),
          ASKS("fr", "vendredi dernier", "Ce jour est"),
          ASKS("es", "el viernes pasado", "ya pas"));
}

static void quarters_of_an_hour_are_said_in_words(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, BOOKS("en", "half past 2", "T14:30"),
          BOOKS("en", "friday at half past 10", "2026-11-27T10:30"),
          BOOKS("en", "half past 2 pm", "T14:30"),
          BOOKS("en", "friday at a quarter past 3 in the afternoon", "T15:15"),
          BOOKS("en", "quarter past 10", "T10:15"), BOOKS("en", "quarter to 10", "T09:45"),
          BOOKS("es", "a las 3 y media", "T15:30"),
          BOOKS("es", "a las 10 y cuarto de la mañana", "T10:15"),
          BOOKS("es", "a las 11 menos cuarto", "T10:45"),
          BOOKS("fr", "à 2 heures et demie", "T14:30"), BOOKS("fr", "10 h et quart", "T10:15"),
          ASKS("en", "10ish", "Shall I take Friday, November 27 at 10:00 AM"));
}

/* Friday, Saturday and Monday. */
static wk_dialog_t three_days(void)
{
    wk_dialog_t dialog = three_times();
    dialog.offer.slots[1] = VA_STR("2026-11-28T10:00:00-05:00");
    dialog.offer.slots[2] = VA_STR("2026-11-30T14:00:00-05:00");
    return dialog;
}

static void offers_of_several_days_leave_the_day_open(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_days();
    (void)state;
    CHECK(&dialog, ASKS("en", "10", "Shall I take Saturday, November 28 at 10:00"),
          ASKS("en", "10 please", "Shall I take Saturday, November 28 at 10:00"),
          LOOKS("en", "at 11", "2026-11-30"),
          LOOKS("en", "anything after 9?", "2026-11-30T08:59"),
          BOOKS("en", "Saturday at 10", "28T10:00"), BOOKS("en", "2", "28T10:00"));
    wk_reception_t r = receive(&f, &dialog, "en", "in the morning please");
    assert_string_equal(r.tool, "check_availability");
    assert_null(strstr(wk_strdup(arena, r.tool_args), "preferred_date"));
    assert_int_equal(r.half, WK_MORNING);
}

static void a_refused_day_leaves_the_times_of_the_others(void **state)
{
    static const struct {
        const char *text;
        size_t left;
    } cases[] = {{"not Saturday", 2}, {"not Friday please", 2}, {"not Sunday", 3}};
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_days();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &dialog, "en", cases[i].text);
        assert_case(r.tool == NULL && says(&r, "Reply with"), cases[i].text);
        assert_case(r.dialog.offer.count == cases[i].left, cases[i].text);
    }
    CHECK(&dialog, ASKS("en", "I can't do Saturday", "Which day"));
}

/* But where an order is named. */
static void digits_of_a_time_are_no_order(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, LOOKS("en", "930 please", "2026-11-27"),
          LOOKS("en", "at 1030", "2026-11-27"), LOOKS("en", "930 works for me", "2026-11-27"),
          LOOKS("en", "930", "2026-11-27"),
          ASKS("en", "1000 please", "Shall I take Friday, November 27 at 10:00"));
    static const char *const orders[] = {"order 930", "#1030", "1075", "number 1042 please"};
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        assert_case(strcmp(receive(&f, &dialog, "en", orders[i]).intent, "order") == 0,
                    orders[i]);
    }
    dialog.expected = WK_EXPECT_NOTHING;
    assert_string_equal(receive(&f, &dialog, "en", "1030").intent, "order");
}

static void a_half_is_refused_in_its_own_language(void **state)
{
    static const struct {
        const char *language, *text;
        wk_half_t half;
    } cases[] = {
        {"en", "a tune up, no in the morning", WK_MORNING},
        {"en", "a tune up, not in the morning", WK_AFTERNOON},
        {"es", "una puesta a punto, no por la mañana", WK_AFTERNOON},
        {"fr", "une mise au point, pas le matin", WK_AFTERNOON},
    };
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    wk_dialog_t offered = three_times();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        assert_case(r.half == cases[i].half, cases[i].text);
    }
    assert_int_equal(receive(&f, &offered, "es", "no puedo por la mañana").half, WK_AFTERNOON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_day_is_not_looked_at),
        cmocka_unit_test(quarters_of_an_hour_are_said_in_words),
        TEST(a_time_of_the_offer_is_taken),
        TEST(an_afternoon_is_no_small_hour),
        TEST(what_is_unclear_about_the_offer_is_asked),
        TEST(a_miss_leaves_the_offer_standing),
        TEST(a_yes_takes_the_time),
        TEST(the_day_behind_an_offer_is_asked_for),
        TEST(who_gives_the_time_up_is_offered_it_no_more),
        TEST(a_cancellation_is_not_taken_for_the_offer),
        TEST(a_choice_beside_a_refusal_is_heard),
        TEST(a_question_beside_takes_nothing_back),
        TEST(one_more_service_leaves_the_offer_standing),
        TEST(days_that_do_not_suit_are_no_choice),
        TEST(a_yes_to_another_service_books_none),
        TEST(another_appointment_is_moved_while_times_are_offered),
        TEST(an_old_question_is_asked_once_more),
        TEST(a_price_leaves_the_offer_standing),
        TEST(a_yes_to_what_is_done_is_no_riddle),
        TEST(who_declines_in_a_call_may_go_on_speaking),
        TEST(who_wants_none_of_the_times_is_asked_for_a_day),
        TEST(the_times_of_a_day_are_those_wished_for),
        TEST(days_behind_help_out_where_one_has_few_times),
        TEST(a_time_beside_the_offer_is_looked_at),
        TEST(later_times_are_looked_for),
        TEST(what_is_beyond_the_offer_is_told),
        TEST(offers_of_several_days_leave_the_day_open),
        TEST(a_refused_day_leaves_the_times_of_the_others),
        TEST(digits_of_a_time_are_no_order),
        TEST(a_half_is_refused_in_its_own_language),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
