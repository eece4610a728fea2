/*
 * What ordinary customers write while something was asked of them, and when nothing was: a
 * clear wish has its effect, whatever is polite around it; what is not clear is asked about.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/catalogue.h"

#define MONDAY "[\"a-mon\",\"tune_up\",\"2026-11-30\",\"10:00\",true]"

/* Tuesday noon; open Monday to Saturday; John has an appointment on Monday. */
static wk_reception_facts_t facts(void)
{
    return (wk_reception_facts_t){
        .shop = VA_STR("Bici"),
        .phone = VA_STR("+14165550001"),
        .language = VA_STR("en"),
        .agent_name = VA_STR("Bia"),
        .business_type = VA_STR("bike_shop"),
        .services = parse_json(VA_STR("{\"fitting\":{\"en\":\"bike fitting\"}}")),
        .languages = parse_json(VA_STR("[\"en\",\"fr\",\"es\"]")),
        .language_detection = true,
        .language_confidence = 0.6,
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
                                  "[\"2026-12-01\",2,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-02\",3,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-03\",4,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-04\",5,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-05\",6,\"09:00\",\"17:00\"],"
                                  "[\"2026-12-06\",7,null,null],"
                                  "[\"2026-12-07\",1,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-08\",2,\"08:00\",\"18:00\"]]")),
        .order_id = VA_STR("o"),
        .order_number = VA_STR("1042"),
        .order_status = VA_STR("shipped"),
        .order_count = 1,
        .appointments = parse_json(VA_STR("[" MONDAY "]")),
        .prices = parse_json(VA_STR("{\"tune_up\":89.00,\"warranty\":0.00}")),
        .durations = parse_json(VA_STR("{\"tune_up\":60}")),
        .currency = VA_STR("CAD"),
    };
}

/* tool NULL: a question is asked, which has that part and waits for its answer. */
typedef struct {
    const char *language, *text, *tool, *part;
} sentence_t;

#define BOOKS(language, text, start) {language, text, "book_appointment", start}
#define LOOKS(language, text, args)  {language, text, "check_availability", args}
#define CANCELS(language, text)      {language, text, "cancel_appointment", "a-mon"}
#define ASKS(language, text, part)   {language, text, NULL, part}

static wk_reception_t receive(const wk_reception_facts_t *f, const wk_dialog_t *dialog,
                              const char *language, const char *text)
{
    const wk_language_t *l = wk_catalogue_find(catalogue, va_str_c(language));
    wk_reading_t reading = wk_read_message(arena, catalogue, l, va_str_c(text));
    wk_reception_facts_t known = *f;
    known.day_asked = reading.day;
    return wk_receive(arena, catalogue, &reading, &known, dialog, l, true, VA_STR("Jo"));
}

static bool says(const wk_reception_t *r, const char *part)
{
    return strstr(wk_strdup(arena, r->text), part) != NULL;
}

static void check(const wk_dialog_t *dialog, const sentence_t *sentences, size_t n)
{
    wk_reception_facts_t f = facts();
    for (size_t i = 0; i < n; i++) {
        const sentence_t *s = &sentences[i];
        wk_reception_t r = receive(&f, dialog, s->language, s->text);
        const char *tool = r.tool != NULL ? r.tool : "no tool";
        if (strcmp(tool, s->tool != NULL ? s->tool : "no tool") != 0) {
            print_error("%s: %s, %.*s\n", s->text, tool, (int)r.text.len, r.text.data);
            fail();
        }
        const char *where =
            s->tool != NULL ? wk_strdup(arena, r.tool_args) : wk_strdup(arena, r.text);
        if (strstr(where, s->part) == NULL) {
            fail_msg("%s: %s", s->text, where);
        }
        if (s->tool == NULL && r.dialog.expected == WK_EXPECT_NOTHING) {
            fail_msg("%s: no answer is waited for", s->text);
        }
    }
}

#define CHECK(dialog, ...)                                                                     \
    do {                                                                                       \
        static const sentence_t sentences_[] = {__VA_ARGS__};                                  \
        check((dialog), sentences_, sizeof(sentences_) / sizeof(*sentences_));                 \
    } while (0)

/* Friday at nine, ten and two o'clock. */
static wk_dialog_t three_times(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_SLOT,
                         .offer = {.service = VA_STR("tune_up"),
                                   .slots = {VA_STR("2026-11-27T09:00:00-05:00"),
                                             VA_STR("2026-11-27T10:00:00-05:00"),
                                             VA_STR("2026-11-27T14:00:00-05:00")},
                                   .count = 3}};
}

/* "Shall I take Friday at ten? YES or NO" */
static wk_dialog_t one_time(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_SLOT,
                         .offer = {.service = VA_STR("tune_up"),
                                   .slots = {VA_STR("2026-11-27T10:00:00-05:00")},
                                   .count = 1}};
}

/* "Shall I cancel your tune-up on Monday? YES or NO" */
static wk_dialog_t cancelling(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon")};
}

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
          ASKS("en", "yes but not the one on Monday", "Shall I cancel"),
          ASKS("en", "I am not sure", "Shall I cancel"),
          ASKS("fr", "merci", "Voulez-vous que j'annule"),
          ASKS("es", "gracias", "cancele su cita"),
          ASKS("en", "What are your hours?", "We are open"));
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

static void a_wish_out_of_the_blue(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, CANCELS("en", "C"), CANCELS("en", "C thanks"), CANCELS("en", "C please"),
          CANCELS("fr", "C svp"), CANCELS("fr", "Annuler svp"),
          CANCELS("es", "Cancelar por favor"),
          CANCELS("en", "cancel my appointment, thank you"),
          ASKS("en", "Cancel please!", "Shall I cancel"),
          ASKS("en", "I need to cancel", "Shall I cancel"),
          ASKS("en", "cancel my tuneup", "Shall I cancel"),
          ASKS("en", "cancel tomorrow's appointment", "Shall I cancel"),
          ASKS("en", "cancel my 10am appointment", "Shall I cancel"),
          ASKS("en", "cancel our appointment", "Shall I cancel"),
          ASKS("en", "cant come please cancel my appointment", "Shall I cancel"),
          ASKS("en", "I can't come please cancel my appointment", "Shall I cancel"),
          ASKS("en", "please cancel my appointment, when could I come instead", "Shall I"),
          ASKS("en", "I can't make it", "Shall I cancel"),
          ASKS("es", "no puedo ir cancele mi cita", "cancele su cita"),
          ASKS("es", "me ha salido un imprevisto, cancele mi cita", "cancele su cita"),
          ASKS("fr", "je ne peux pas venir annuler mon rendez-vous svp", "j'annule"),
          ASKS("fr", "je ne pourrai pas venir", "j'annule"),
          LOOKS("en", "I cant come can we reschedule", "tune_up"),
          LOOKS("en", "R please", "tune_up"), LOOKS("fr", "R merci", "tune_up"),
          LOOKS("en", "I can't make it, can we reschedule", "tune_up"),
          LOOKS("en", "a repair tomorrow", "2026-11-25"),
          LOOKS("en", "a tune-up next Tuesday at 10", "2026-12-01"),
          ASKS("en", "a tune-up next Friday at 10", "Which day"));
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

/* The day that was asked for leads on to its times. */
static void a_day_asked_for_is_looked_at(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    wk_reception_t r = receive(&f, &fresh, "en", "tune-up on the 15th");
    r = receive(&f, &r.dialog, "en", "Saturday");
    assert_string_equal(r.tool, "check_availability");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2026-11-28"));
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "tune_up"));
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

/* ---------------------------------------------------------------- answered at once */

static void check_answers(const wk_dialog_t *dialog, const sentence_t *sentences, size_t n)
{
    wk_reception_facts_t f = facts();
    f.policies = parse_json(VA_STR("{\"returns\":\"Thirty days, unused.\","
                                   "\"warranty\":\"Two years on frames.\"}"));
    f.promotions = parse_json(VA_STR("[\"Helmets 20 % off\",\"Free tube\"]"));
    for (size_t i = 0; i < n; i++) {
        const sentence_t *s = &sentences[i];
        wk_reception_t r = receive(&f, dialog, s->language, s->text);
        if (r.tool != NULL || !says(&r, s->part)) {
            fail_msg("%s: %s, %.*s", s->text, r.tool != NULL ? r.tool : "no tool",
                     (int)r.text.len, r.text.data);
        }
    }
}

#define CHECK_ANSWERS(dialog, ...)                                                             \
    do {                                                                                       \
        static const sentence_t sentences_[] = {__VA_ARGS__};                                  \
        check_answers(dialog, sentences_, sizeof(sentences_) / sizeof(*sentences_));           \
    } while (0)

/* Who asks for the appointment that he has wants no second one. */
static void the_appointment_that_stands_is_told(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "when is my appointment?", "tune-up is on Monday"),
                  ASKS("en", "What time did I book", "Monday"),
                  ASKS("en", "is my appointment confirmed?", "Monday"),
                  ASKS("en", "do I still have an appointment?", "Monday"),
                  ASKS("en", "what day is my tune-up", "Monday"),
                  ASKS("fr", "\xc3\xa0 quelle heure est mon rendez-vous?", "lundi"),
                  ASKS("fr", "c'est quand mon rdv", "lundi"),
                  ASKS("fr", "est-ce que mon rendez-vous est confirm\xc3\xa9", "lundi"),
                  ASKS("es", "\xc2\xbf\x63u\xc3\xa1ndo es mi cita?", "lunes"),
                  ASKS("es", "a qu\xc3\xa9 hora es mi cita", "lunes"),
                  ASKS("es", "\xc2\xbfmi cita est\xc3\xa1 \x63onfirmada?", "lunes"));
}

static void policies_and_promotions_are_told(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK_ANSWERS(&nothing_asked,
                  ASKS("en", "what is your return policy", "Thirty days, unused."),
                  ASKS("en", "can I return a helmet?", "Thirty days, unused."),
                  ASKS("en", "what's your warranty policy?", "Two years on frames."),
                  ASKS("en", "what are your policies", "unused. Two years"),
                  ASKS("fr", "quelle est votre politique de retour?", "Thirty days, unused."),
                  ASKS("es", "\xc2\xbf\x63u\xc3\xa1l es su pol\xc3\xadtica de devoluciones?",
                       "Thirty days, unused."),
                  ASKS("en", "any promotions?", "Helmets 20 % off and Free tube"),
                  ASKS("en", "anything on sale", "Helmets 20 % off"),
                  ASKS("fr", "avez-vous des promotions", "Helmets 20 % off"),
                  ASKS("es", "\xc2\xbftienen ofertas?", "Helmets 20 % off"));
}

static void a_refund_is_a_persons_business(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK_ANSWERS(&nothing_asked,
                  ASKS("en", "I want a refund of $700", "asked the team to call"),
                  ASKS("en", "I want my money back", "asked the team to call"),
                  ASKS("fr", "je veux un remboursement de 700 $", "rappeler"),
                  ASKS("en", "what is your refund policy?", "Thirty days, unused."));
}

static void a_flat_tire_is_a_repair(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&nothing_asked,
          LOOKS("en", "Can I come in tomorrow at 10am to fix a flat tire?", "\"repair\""),
          LOOKS("en", "I have a flat tyre", "\"repair\""));
}

static void a_price_is_told_and_no_time_is_offered(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t offered = three_times();
    (void)state;
    CHECK_ANSWERS(
        &nothing_asked,
        ASKS("en", "how much is a tune-up", "price of your tune-up is 89.00 CAD"),
        ASKS("en", "What does a repair cost?", "I do not know what that costs. Shall I"),
        ASKS("en", "how much is a helmet", "I do not know what that costs. Shall I"),
        ASKS("en", "how much for an appointment", "I do not know what that costs."),
        ASKS("en", "price of a tune up?", "89.00 CAD"),
        ASKS("en", "how much is my order?", "order #1042"),
        ASKS("en", "how much longer are you open today", "open until"),
        ASKS("fr", "combien co\xc3\xbbte une mise au point?", "Prix (mise au point) : 89"),
        ASKS("fr", "quel est le prix d'une r\xc3\xa9paration", "ne connais pas ce prix"),
        ASKS("en", "I don't mind, what is the price of a tune-up?", "89.00 CAD"),
        ASKS("es", "\xc2\xbf\x63u\xc3\xa1nto cuesta una puesta a punto?", "89"),
        ASKS("es", "precio de un casco", "No conozco ese precio"));
    CHECK_ANSWERS(&nothing_asked,
                  ASKS("en", "how much is a warranty check", "no charge for your warranty"),
                  ASKS("es", "¿qué vale una puesta a punto?", "89"));
    CHECK_ANSWERS(&offered, ASKS("en", "how much is it?", "89.00 CAD"));
    CHECK(&nothing_asked, LOOKS("en", "my bike cost 3000 and needs a repair", "\"repair\""),
          LOOKS("en", "how much is a tune-up on Friday at 3 pm?", "2026-11-27"),
          LOOKS("en", "I don't mind the price, book me for Saturday", "2026-11-28"),
          LOOKS("fr", "peu importe le prix, je veux un rendez-vous samedi", "2026-11-28"),
          LOOKS("es", "no me importa el precio, quiero una cita el sábado", "2026-11-28"));
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
                  ASKS("en", "do you have helmets instead", "did not understand"));
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

/* ---------------------------------------------------------------- as customers put it */

static void a_repair_is_wished_for_in_many_words(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&nothing_asked, LOOKS("en", "I need to get my brakes fixed", "\"repair\""),
          LOOKS("en", "can you fix a broken spoke", "\"repair\""),
          LOOKS("en", "I have a puncture", "\"repair\""),
          LOOKS("en", "I got a flat, can I come tomorrow", "2026-11-25"),
          LOOKS("en", "can you look at my bike tmrw", "2026-11-25"),
          LOOKS("en", "any openings tomorrow?", "2026-11-25"),
          LOOKS("en", "can you squeeze me in today", "2026-11-24"),
          LOOKS("fr", "Mon vélo fait un bruit bizarre, pouvez-vous le regarder demain?",
                "2026-11-25"),
          LOOKS("fr", "pouvez-vous arranger mon vélo samedi", "\"repair\""),
          LOOKS("fr", "avez-vous de la place samedi?", "2026-11-28"),
          LOOKS("es", "¿pueden arreglar mi bici mañana?", "\"repair\""));
}

/* Behind a booking it is meant in its place. */
static void a_day_with_a_time_is_when_somebody_would_come(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    wk_dialog_t cancels = cancelling();
    (void)state;
    CHECK(&nothing_asked, LOOKS("en", "Saturday at 10 am", "2026-11-28"),
          LOOKS("fr", "ok je le prends samedi à 11h", "2026-11-28"));
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "Saturday?", "9:00 AM"),
                  ASKS("en", "are you open Saturday at 10 am?", "9:00 AM"));
    CHECK(&cancels, ASKS("en", "Wednesday at 10 am", "Shall I cancel"));
    wk_reception_facts_t f = facts();
    wk_reception_t r = receive(&f, &booked, "en", "Friday at 2 pm");
    assert_string_equal(r.tool, "check_availability");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")));
    wk_dialog_t moving = three_times();
    moving.booked = moving.offer.appointment = VA_STR("a-mon");
    r = receive(&f, &moving, "en", "Saturday at 10 am");
    assert_string_equal(r.tool, "reschedule_appointment");
    assert_true(strstr(wk_strdup(arena, r.tool_args), "2026-11-28T10:00") != NULL);
    r = receive(&f, &nothing_asked, "en", "I was there Saturday at 10 am and nobody came");
    assert_null(r.tool);
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

/* Until it is booked, and for as long as an answer needs no second question. */
static void the_service_spoken_of_is_remembered(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const char *const before[] = {"how much is a tune-up?", "what does a repair cost?",
                                         "how long does a tune-up take?"};
    static const char *const services[] = {"\"tune_up\"", "\"repair\"", "\"tune_up\""};
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
        wk_reception_t r = receive(&f, &nothing_asked, "en", before[i]);
        va_str_t text = wk_dialog_write(arena, &r.dialog, VA_STR_NULL, 1795608000000);
        wk_dialog_t d = wk_dialog_read(parse_json(text), VA_STR_NULL, 1795608000000);
        r = receive(&f, &d, "en", "ok book me for tomorrow at 9 am");
        assert_case(strstr(wk_strdup(arena, r.tool_args), services[i]) != NULL, before[i]);
        d = wk_dialog_read(parse_json(text), VA_STR_NULL, 1795608000000 + 3 * 3600000);
        r = receive(&f, &d, "en", "book me for tomorrow at 9 am");
        assert_case(strstr(wk_strdup(arena, r.tool_args), "general") != NULL, before[i]);
    }
    wk_reception_t r = receive(&f, &nothing_asked, "en", "tune-up on Friday at 10 am");
    assert_true(va_str_eq(r.dialog.service, VA_STR("tune_up")));
    wk_tool_answer_t done = {.status = 200, .body = VA_STR("{\"appointment_id\":\"a-mon\"}")};
    r.tool = "book_appointment";
    wk_receive_done(arena, &done, &r);
    assert_null(r.dialog.service.data);
    assert_true(va_str_eq(r.dialog.booked, VA_STR("a-mon")));
}

static void the_price_of_it_is_of_what_was_booked(void **state)
{
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    (void)state;
    CHECK_ANSWERS(&booked, ASKS("en", "how much is it?", "89.00 CAD"),
                  ASKS("fr", "c'est combien?", "89,00"),
                  ASKS("en", "how long will it take?", "takes 60 minutes"),
                  ASKS("en", "which appointments do I have?", "tune-up is on Monday"),
                  ASKS("en", "how much is a helmet?", "do not know what that costs"));
}

static void who_would_come_is_offered_times(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&nothing_asked, LOOKS("en", "can I come in tomorrow?", "2026-11-25"),
          LOOKS("en", "I'd like to drop off my bike tomorrow morning", "2026-11-25"),
          LOOKS("fr", "je peux venir lundi?", "2026-11-30"),
          LOOKS("es", "¿puedo pasar el lunes?", "2026-11-30"));
    CHECK_ANSWERS(&nothing_asked,
                  ASKS("en", "when do you close on Saturday, I'd come by", "5:00 PM"));
    CHECK(&dialog, LOOKS("en", "afternoon", "2026-11-27"),
          LOOKS("fr", "le matin", "2026-11-27"), ASKS("en", "good afternoon", "Reply with"),
          ASKS("en", "none", "Which day"));
    CHECK(&booked, LOOKS("en", "could you move that to the afternoon?", "2026-11-30"),
          LOOKS("fr", "est-ce possible plus tard?", "2026-11-30"),
          ASKS("fr", "je serai absent lundi, mercredi?", "De quel jour"));
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

static void what_takes_time_is_told(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK_ANSWERS(&nothing_asked,
                  ASKS("en", "How long does a tune-up take?", "tune-up takes 60 minutes"),
                  ASKS("fr", "combien de temps prend une mise au point?", "60 minutes"),
                  ASKS("es", "¿cuánto tarda una puesta a punto?", "60 minutos"),
                  ASKS("en", "how long does a repair take?", "Shall I ask someone"));
    CHECK(&nothing_asked, LOOKS("en", "how long is the wait for a tune-up?", "tune_up"));
}

static void prices_are_told_together(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK_ANSWERS(
        &nothing_asked,
        ASKS("en", "what are your prices",
             "Our prices: tune-up 89.00 CAD and warranty check 0.00 CAD."),
        ASKS("fr", "quels sont vos tarifs?", "mise au point 89,00 CAD"),
        ASKS("es", "¿cuáles son sus precios?", "89"),
        ASKS("fr", "prix mise au point et vous êtes ouverts samedi?", "de 9 h à 17 h"));
}

static void a_delay_is_passed_on(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *language, *text;
    } late[] = {{"en", "running 15 minutes late"},
                {"en", "I'm stuck in traffic"},
                {"fr", "je serai en retard de 10 minutes"},
                {"es", "voy a llegar tarde"}};
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(late) / sizeof(*late); i++) {
        wk_reception_t r = receive(&f, &nothing_asked, late[i].language, late[i].text);
        assert_case(r.task != NULL && strcmp(r.task, "message") == 0, late[i].text);
    }
    wk_reception_t r = receive(&f, &nothing_asked, "en", "my order is running late");
    assert_string_equal(r.intent, "order");
    assert_null(r.task);
    r = receive(&f, &nothing_asked, "en", "don't cancel my appointment, I'm 10 minutes late");
    assert_true(says(&r, "stands"));
}

static void a_bike_that_is_ready_is_told(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "Is my bike ready?", "not see yet that your bike"),
                  ASKS("fr", "quand est-ce que mon vélo sera prêt?", "vous rappelle?"),
                  ASKS("es", "¿está lista mi bicicleta?", "Todavía no"),
                  ASKS("en", "is my order ready for pickup?", "order #1042"));
    f.ready = true;
    wk_reception_t r = receive(&f, &nothing_asked, "en", "is my bike ready");
    assert_true(says(&r, "Good news") && r.dialog.expected == WK_EXPECT_NOTHING);
}

static void the_shops_number_is_told(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "what's your phone number?", "at +14165550001."),
                  ASKS("fr", "quel est votre numéro de téléphone?", "+14165550001"),
                  ASKS("es", "¿cuál es su número?", "+14165550001"));
    f.phone = VA_STR("");
    wk_reception_t r = receive(&f, &nothing_asked, "en", "what's your phone number?");
    assert_true(says(&r, "Shall I ask someone"));
}

static void trouble_with_an_order_is_a_persons_business(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&nothing_asked, ASKS("en", "cancel my order", "order #1042: shipped. Shall I ask"),
          ASKS("en", "my package never arrived", "Shall I ask someone"),
          ASKS("fr", "j'aimerais annuler ma commande", "vous rappelle?"),
          ASKS("es", "quiero cancelar mi pedido", "le llame?"));
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "when will it arrive?", "order #1042"));
}

static void a_farewell_asks_for_no_hours(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK_ANSWERS(&nothing_asked,
                  ASKS("en", "Great, thanks. See you Saturday!", "You are welcome"),
                  ASKS("fr", "merci, à bientôt", "plaisir"));
}

/* To a call back that was offered "book it" is no yes. */
static void who_would_rather_book_is_offered_times(void **state)
{
    static const wk_dialog_t offered = {.expected = WK_EXPECT_CALLBACK};
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK(&offered, LOOKS("en", "ok book it", "general"));
    assert_string_equal(receive(&f, &offered, "en", "yes please").task, "callback");
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

/* Nothing of a message is a wish, but for a person in a word. */
static void a_message_is_taken_whatever_it_says(void **state)
{
    static const wk_dialog_t message_asked = {.expected = WK_EXPECT_MESSAGE};
    (void)state;
    CHECK_ANSWERS(
        &message_asked,
        ASKS("en", "Please call me back about the wheel", "passed your message"),
        ASKS("en", "call me back please", "passed your message"),
        ASKS("en", "tell the manager the wheel he fixed came off again", "passed your message"),
        ASKS("fr", "rappelez-moi au sujet de la roue", "transmis votre message"),
        ASKS("es", "ll\xc3\xa1menme por la rueda", "pasado su mensaje"),
        ASKS("en", "agent", "asked the team to call"),
        ASKS("en", "0", "asked the team to call"),
        ASKS("en", "I want a human because of the saddle of my bike", "asked the team to call"),
        ASKS("en", "let me speak to a person please", "asked the team to call"));
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

static void who_walks_in_is_told_the_hours(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK(&nothing_asked,
          ASKS("en", "can I just walk in?", "You can drop in while we are open"),
          ASKS("en", "do I need an appointment for a flat tire?", "Monday through Friday"),
          ASKS("en", "do you take walk-ins on Sunday?", "closed"),
          ASKS("fr", "est-ce que je peux passer sans rendez-vous?", "passer sans rendez-vous"),
          ASKS("fr", "ça prend-tu un rendez-vous?", "nommez un jour"),
          ASKS("es", "¿hace falta cita?", "Puede pasar sin cita"),
          LOOKS("en", "I need an appointment", "general"),
          LOOKS("fr", "j'ai besoin d'un rendez-vous", "general"),
          LOOKS("es", "necesito una cita", "general"));
    wk_reception_t r =
        receive(&f, &nothing_asked, "en", "can I just walk in with a flat tire?");
    assert_true(strstr(wk_strdup(arena, receive(&f, &r.dialog, "en", "tomorrow").tool_args),
                       "\"repair\",\"preferred_date\":\"2026-11-25\"") != NULL);
    assert_string_equal(receive(&f, &r.dialog, "en", "yes please").tool, "check_availability");
    assert_string_equal(receive(&f, &r.dialog, "en", "no thanks").intent, "no");
    f.policies = parse_json(VA_STR("{\"walk_in\":\"Only on weekdays.\"}"));
    assert_true(says(&(wk_reception_t[]){receive(&f, &nothing_asked, "en", "walk-ins?")}[0],
                     "Only on weekdays."));
    f.policies = NULL;
    f.week = parse_json(VA_STR("[[\"2026-11-24\",2,null,null]]"));
    r = receive(&f, &nothing_asked, "en", "can I just walk in?");
    assert_true(says(&r, "by appointment only") && !says(&r, "open"));
}

/* Not "until 12:00 AM", nor "12:00 AM to 12:00 AM". */
static void a_shop_may_be_open_day_and_night(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *language, *text, *part;
    } questions[] = {
        {"en", "are you open?", "We are open 24 hours today."},
        {"en", "are you open tomorrow?", "open 24 hours."},
        {"fr", "êtes-vous ouverts demain?", "ouvert de 0 h à 24 h."},
        {"es", "¿abren mañana?", "abierto de 0 a 24 h."},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    f.closing = VA_STR("00:00");
    f.week = parse_json(VA_STR("[[\"2026-11-24\",2,\"00:00\",\"24:00\"],"
                               "[\"2026-11-25\",3,\"00:00\",\"24:00\"]]"));
    for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
        wk_reception_t r =
            receive(&f, &nothing_asked, questions[i].language, questions[i].text);
        assert_string_equal(says(&r, questions[i].part) ? questions[i].part
                                                        : wk_strdup(arena, r.text),
                            questions[i].part);
    }
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

/* "After 3", "before 10" bound the day that is offered or named; "next week" begins on Monday.
 */
static void a_part_of_a_day_or_week_is_looked_into(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, LOOKS("en", "anything after 3?", "\"after\":\"2026-11-27T14:59\""),
          LOOKS("en", "anything after 12 am?", "\"preferred_date\":\"2026-11-27\"}"),
          LOOKS("en", "I need it before 10am", "\"before\":\"2026-11-27T10:00\""),
          LOOKS("fr", "avez-vous après 15 h?", "\"after\":\"2026-11-27T14:59\""),
          LOOKS("fr", "avant 10 h svp", "\"before\":\"2026-11-27T10:00\""),
          LOOKS("es", "¿tienen después de las 15:00?", "\"after\":\"2026-11-27T14:59\""),
          LOOKS("en", "Saturday before 11 am", "\"before\":\"2026-11-28T11:00\""),
          LOOKS("en", "next week?", "\"2026-11-30\"}"));
    CHECK(&nothing_asked, LOOKS("en", "a tune-up tomorrow after 3 pm", "2026-11-25T14:59"),
          LOOKS("fr", "une mise au point demain avant 10 h", "\"before\":\"2026-11-25T10:00\""),
          LOOKS("en", "can I bring my bike in next week?", "\"2026-11-30\"}"),
          LOOKS("fr", "un rendez-vous la semaine prochaine", "\"2026-11-30\"}"),
          LOOKS("es", "una cita la próxima semana", "\"2026-11-30\"}"));
}

/* Told by how far it is, or by its place in a week. */
static void a_day_is_told_by_its_distance(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("en", "a tune-up in two weeks", "2026-12-08"),
          LOOKS("en", "a tune-up in 10 days at 9", "2026-12-04"),
          LOOKS("en", "a tune-up in a week", "2026-12-01"),
          LOOKS("en", "a tune-up tomorrow week", "2026-12-02"),
          LOOKS("en", "a tune-up two weeks from now", "2026-12-08"),
          LOOKS("en", "tune-up Tuesday next week", "2026-12-01"),
          LOOKS("en", "tune-up next week on Friday", "2026-12-04"),
          LOOKS("en", "tune-up this week Friday", "2026-11-27"),
          LOOKS("fr", "une mise au point dans deux semaines", "2026-12-08"),
          LOOKS("fr", "une mise au point dans 10 jours", "2026-12-04"),
          LOOKS("fr", "une mise au point dans quinze jours", "2026-12-08"),
          LOOKS("fr", "une mise au point vendredi de la semaine prochaine", "2026-12-04"),
          LOOKS("es", "una puesta a punto en dos semanas", "2026-12-08"),
          LOOKS("es", "una puesta a punto dentro de diez días", "2026-12-04"),
          LOOKS("es", "una puesta a punto el viernes de la próxima semana", "2026-12-04"),
          ASKS("en", "tune-up this week Monday", "Which day"),
          ASKS("en", "tune-up in two weeks on Friday", "Which day"),
          ASKS("en", "tune-up in two or three weeks", "Which day"),
          LOOKS("en", "I bought a bike two weeks ago, it needs a tune-up", "tune_up\"}"),
          LOOKS("fr", "acheté il y a deux semaines, il faut une mise au point", "tune_up\"}"),
          LOOKS("es", "la compré hace dos semanas, necesito una puesta a punto", "tune_up\"}"),
          LOOKS("en", "the next available tune-up, any day", "tune_up\"}"));
}

static void several_days_are_told_by_one_word(void **state)
{
#define WEEKEND "\"2026-11-28\",\"before\":\"2026-11-29T23:59\""
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t offer = three_times();
    (void)state;
    CHECK(&fresh, LOOKS("en", "a tune-up this weekend", WEEKEND),
          LOOKS("fr", "une mise au point ce week-end", WEEKEND),
          LOOKS("fr", "une mise au point en fin de semaine", WEEKEND),
          LOOKS("es", "una puesta a punto este fin de semana", WEEKEND),
          LOOKS("en", "a tune-up this week", "\"2026-11-24\",\"before\":\"2026-11-29T23:59\""),
          LOOKS("en", "a tune-up next month", "\"2026-12-01\"}"),
          LOOKS("fr", "une mise au point le mois prochain", "\"2026-12-01\"}"),
          LOOKS("es", "una puesta a punto el mes que viene", "\"2026-12-01\"}"),
          LOOKS("en", "move my appointment to next week", "\"2026-11-30\"}"),
          ASKS("en", "a tune-up next weekend", "Which day"));
    CHECK(&offer, LOOKS("en", "this weekend?", WEEKEND),
          LOOKS("en", "next month please", "\"2026-12-01\"}"));
#undef WEEKEND
}

/* Where a day is named, and the shop's calendar has it as found. */
static wk_reception_t receive_of_day(const char *language, const char *text, const char *found)
{
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    f.day = parse_json(va_str_c(found));
    return receive(&f, &fresh, language, text);
}

static void a_day_of_a_month_is_looked_at(void **state)
{
    static const char december_15[] = "[\"2026-12-15\",2,\"08:00\",\"18:00\"]";
    static const struct {
        const char *language, *text;
    } cases[] = {
        {"en", "tune-up on the 15th"},
        {"en", "tune-up the 15th at 10 please"},
        {"en", "tune-up on 12/15"},
        {"en", "tune-up Tuesday the 15th"},
        {"fr", "une mise au point le 15"},
        {"fr", "mise au point le 15 à 10 h"},
        {"es", "una puesta a punto el 15"},
        {"es", "puesta a punto el día 15 a las 10"},
        {"es", "puesta a punto el 15 por la tarde"},
        {"fr", "mise au point le 15 en soirée"},
        {"en", "tune-up on December 15th"},
        {"en", "a tune-up in 21 days"},
        {"en", "a tune-up in three weeks"},
        {"fr", "mise au point dans un mois"},
        {"es", "puesta a punto en un mes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive_of_day(cases[i].language, cases[i].text, december_15);
        assert_case(r.tool != NULL && strstr(wk_strdup(arena, r.tool_args), "2026-12-15"),
                    cases[i].text);
    }
}

static void a_day_that_cannot_be_is_asked_back(void **state)
{
    static const struct {
        const char *language, *text, *found, *part;
    } cases[] = {
        {"en", "tune-up on the 31st", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]", "no such day"},
        {"en", "tune-up on February 30", "null", "no such day in that month. Which day"},
        {"fr", "mise au point le 31", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]",
         "n'existe pas dans ce mois"},
        {"es", "puesta a punto el 31", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]", "no existe"},
        {"en", "tune-up on November 3", "[\"2027-11-03\",3,\"08:00\",\"18:00\"]",
         "That day is past. Which day"},
        {"fr", "mise au point le 3 novembre", "[\"2027-11-03\",3,\"08:00\",\"18:00\"]",
         "est passé"},
        {"es", "puesta a punto el 3 de noviembre", "[\"2027-11-03\",3,\"08:00\",\"18:00\"]",
         "ya pasó"},
        {"en", "tune-up on December 3, 2025", "[\"2026-12-03\",4,\"08:00\",\"18:00\"]", "past"},
        {"en", "move my appointment to the 31st", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]",
         "can be moved. There is no such day"},
        {"en", "are you open on the 31st?", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]",
         "no such"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive_of_day(cases[i].language, cases[i].text, cases[i].found);
        assert_case(r.tool == NULL && says(&r, cases[i].part), cases[i].text);
    }
}

static void a_number_is_no_day_of_a_month(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("fr", "une mise au point pour le 29 pouces", "tune_up\"}"),
          LOOKS("es", "puesta a punto con el 50 por ciento", "tune_up\"}"));
}

static void the_hours_of_a_weekend_are_told(void **state)
{
    static const char *const texts[] = {"Are you open this weekend?",
                                        "ouvert en fin de semaine?",
                                        "¿abren este fin de semana?"};
    static const char *const languages[] = {"en", "fr", "es"};
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        wk_reception_t r = receive(&f, &fresh, languages[i], texts[i]);
        assert_case(says(&r, "28") && says(&r, "29") && !says(&r, "30"), texts[i]);
    }
}

/* One is booked, and the other is people's: both are said. */
static void two_services_are_both_answered(void **state)
{
    static const struct {
        const char *language, *text, *service, *said;
    } cases[] = {
        {"en", "tune-up and a brake check on Saturday", "tune_up", "to the team: repair."},
        {"en", "I need a repair, and a bike fitting please", "repair", "team: bike fitting."},
        {"en", "flat tire + tune up tomorrow?", "repair", "to the team: tune-up."},
        {"en", "tune-up and a new saddle on Saturday", "tune_up", "For the rest I have passed"},
        {"fr", "une mise au point et une réparation samedi", "tune_up", "équipe : réparation."},
        {"fr", "mise au point samedi et une nouvelle selle", "tune_up", "Pour le reste"},
        {"es", "una puesta a punto y un ajuste el sábado", "tune_up", "lo demás al equipo"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        assert_case(r.tool != NULL && strstr(wk_strdup(arena, r.tool_args), cases[i].service),
                    cases[i].text);
        assert_case(r.task != NULL && strcmp(r.task, "message") == 0, cases[i].text);
        assert_case(strstr(wk_strdup(arena, r.before), cases[i].said) != NULL, cases[i].text);
    }
}

static void one_service_is_one_wish(void **state)
{
    static const char *const texts[] = {"a warranty repair on Saturday",
                                        "tune-up on Saturday and thanks",
                                        "a tune up and I'm free Saturday",
                                        "tune-up Saturday, and a Friday would do too",
                                        "repair my flat tire and fix my brakes",
                                        "une réparation samedi et merci",
                                        "una reparación el sábado y gracias",
                                        "book a tune-up and the 2nd of December is best"};
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        assert_case(receive(&f, &fresh, "en", texts[i]).task == NULL, texts[i]);
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

static void the_prices_of_two_services_are_told(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    wk_reception_t r = receive(&f, &fresh, "en", "how much is a tune-up and a warranty check?");
    assert_true(says(&r, "89.00") && says(&r, "no charge for your warranty check"));
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

/* The calendar has the day of the whole message: "the 24th", "the 15th". */
static void the_day_of_one_part_is_not_that_of_the_other(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.day = parse_json(VA_STR("[\"2026-12-24\",4,\"08:00\",\"18:00\"]"));
    wk_reception_t r =
        receive(&f, &fresh, "en", "A tune-up in three weeks, are you open on the 24th?");
    assert_true(r.tool == NULL && says(&r, "Which day"));
    f.day = parse_json(VA_STR("[\"2026-12-15\",2,\"08:00\",\"18:00\"]"));
    f.appointments =
        parse_json(VA_STR("[[\"a-15\",\"tune_up\",\"2026-12-15\",\"10:00\",true]]"));
    r = receive(&f, &fresh, "en", "Move the one on the 15th to in three weeks");
    assert_true(r.tool == NULL && says(&r, "Which day"));
}

static void the_following_is_a_day_beside_one(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("en", "I need the following: a tune-up", "tune_up\"}"),
          LOOKS("es", "necesito lo siguiente: una puesta a punto", "tune_up\"}"),
          LOOKS("en", "a tune-up the following Tuesday", "2026-12-01"),
          LOOKS("fr", "une mise au point mardi suivant", "2026-12-01"),
          LOOKS("en", "a tune-up the following week", "2026-11-30"));
}

static void a_leap_day_is_one_of_its_year(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.day = parse_json(VA_STR("[\"2027-03-01\",1,\"08:00\",\"18:00\"]"));
    wk_reception_t r = receive(&f, &fresh, "en", "a tune-up on February 29");
    assert_true(r.tool == NULL && says(&r, "no such"));
    f.today = VA_STR("2028-01-10");
    f.day = parse_json(VA_STR("[\"2028-02-29\",2,\"08:00\",\"18:00\"]"));
    r = receive(&f, &fresh, "en", "a tune-up on February 29");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2028-02-29"));
}

static void days_that_do_not_suit_are_not_looked_at(void **state)
{
    static const struct {
        const char *language, *text;
    } cases[] = {
        {"en", "a tune-up any day except tomorrow"},
        {"en", "a tune-up, except Monday and Tuesday"},
        {"en", "a tune-up except the 15th"},
        {"en", "a tune-up any day except December 15 or Friday"},
        {"fr", "une mise au point sauf lundi et mardi"},
        {"fr", "une mise au point sauf le 15"},
        {"es", "una puesta a punto cualquier día menos mañana"},
        {"es", "una puesta a punto excepto el 15 de diciembre"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.day = parse_json(VA_STR("[\"2026-12-15\",2,\"08:00\",\"18:00\"]"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        assert_case(r.tool != NULL, cases[i].text);
        assert_case(strstr(wk_strdup(arena, r.tool_args), "preferred_date") == NULL,
                    cases[i].text);
    }
    CHECK(&fresh, LOOKS("en", "a tune-up on Thursday but not Friday", "\"2026-11-26\""));
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
}

/* The sentence behind them, and a day with a time of its own, are a wish. */
static void days_that_do_not_suit_end(void **state)
{
    wk_dialog_t three = three_times();
    (void)state;
    CHECK(&three, LOOKS("en", "Anything but Friday. Saturday at 11", "\"2026-11-28\""),
          LOOKS("en", "Anything but Friday, Saturday at 11", "\"2026-11-28\""),
          LOOKS("fr", "Sauf le vendredi, le samedi à 11 h", "\"2026-11-28\""),
          LOOKS("es", "Menos el viernes; el sábado a las 11", "\"2026-11-28\""),
          LOOKS("en", "Anything but Thursday, Friday or Saturday", "2026-11-27T23:59"),
          LOOKS("en", "Anything but Thursday, Friday, or Saturday", "2026-11-27T23:59"));
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

static void a_question_for_hours_prefers_no_day(void **state)
{
    wk_reception_facts_t with = facts(), without = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    without.appointments = NULL;
    assert_string_equal(
        receive(&without, &fresh, "en", "Are you open Saturday and not Sunday?").intent,
        "hours");
    assert_string_equal(
        receive(&with, &fresh, "en", "Are you open Saturday and not Monday?").intent, "hours");
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

/* Each part of the answer, in this order. */
static void several_questions_are_all_answered(void **state)
{
    static const struct {
        const char *language, *text, *first, *second;
    } cases[] = {
        {"en", "What are your hours, where are you located, and how much is a tune-up?",
         "89.00", "Main St"},
        {"en", "what are your hours and where are you", "We are open until", "Main St"},
        {"en", "where is the shop? what's your phone number?", "Main St", "+14165550001"},
        {"en", "how much is a tune-up, and how long does a tune-up take?", "89.00",
         "60 minutes"},
        {"en", "Where's my order 1042? And are you open Sunday?", "order #1042", "29: closed"},
        {"en", "Are you open Saturday and Sunday?", "28: open", "29: closed"},
        {"en", "Where are you? Do you speak Klingon?", "Main St",
         "I cannot answer all of that."},
        {"fr", "quelles sont vos heures et où êtes-vous situés?", "ouverts", "Main St"},
        {"es", "hola, ¿a qué hora cierran y dónde están?", "abiertos", "Main St"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.address = parse_json(VA_STR("{\"street\":\"1 Main St\",\"city\":\"Toronto\"}"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        const char *text = wk_strdup(arena, r.text), *at = strstr(text, cases[i].first);
        if (at == NULL || strstr(at, cases[i].second) == NULL) {
            fail_msg("%s: %s", cases[i].text, text);
        }
    }
}

static void a_question_beside_a_wish_is_answered_too(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING}, offer = three_times();
    (void)state;
    wk_reception_t r =
        receive(&f, &fresh, "en", "A tune-up tomorrow please. Are you open on Sunday?");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2026-11-25"));
    assert_non_null(strstr(wk_strdup(arena, r.before), "November 29: closed"));
    r = receive(&f, &offer, "en", "2 please, and what's your phone number?");
    assert_string_equal(r.tool, "book_appointment");
    assert_non_null(strstr(wk_strdup(arena, r.before), "+14165550001"));
    r = receive(&f, &fresh, "en", "a tune-up tomorrow and tell me your phone number");
    assert_non_null(strstr(wk_strdup(arena, r.before), "+14165550001"));
    r = receive(&f, &fresh, "en", "A tune-up tomorrow. Do you speak Klingon?");
    assert_string_equal(r.tool, "check_availability");
    assert_string_equal(r.task, "message");
    r = receive(&f, &fresh, "en", "Hi, how are you? What are your hours?");
    assert_int_equal(r.dialog.expected, WK_EXPECT_NOTHING);
}

/* The shop's own names of its services are read and said; a bike is a bike shop's alone. */
static void a_shop_speaks_of_its_own_trade(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.business_type = VA_STR("plumbing");
    f.services = parse_json(VA_STR("{\"repair\":{\"en\":\"drain cleaning\"},"
                                   "\"general\":{\"en\":\"appointment\"},"
                                   "\"fitting\":{\"fr\":\"pose de robinet\"}}"));
    f.prices = parse_json(VA_STR("{\"repair\":120.00}"));
    wk_reception_t r = receive(&f, &fresh, "en", "How much is a drain cleaning?");
    assert_true(says(&r, "The price of your drain cleaning is 120.00"));
    r = receive(&f, &fresh, "en", "drain cleaning on Saturday");
    assert_string_equal(r.tool, "check_availability");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "repair"));
    r = receive(&f, &fresh, "fr", "une pose de robinet samedi");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "fitting"));
    r = receive(&f, &fresh, "en", "my sink is leaking, can you come Saturday at 10");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "repair"));
    r = receive(&f, &fresh, "en", "an appointment please");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "general"));
    assert_true(says(&(wk_reception_t){.text = receive(&f, &fresh, "en", "is it ready?").text},
                     "I do not see yet that it is ready."));
}

/* No text for people but a bike shop's, or one about what the shop sells, has a bike in it. */
static void no_trade_is_named_to_all(void **state)
{
    static const char *const names[] = {"reply.ready", "reply.not_ready", "reminder.pickup",
                                        "outbound.pickup_ready", "appointment.line"};
    static const char *const bikes[] = {"bike", "vélo", "bici"};
    (void)state;
    for (size_t i = 0; i < wk_catalogue_count(catalogue); i++) {
        const wk_language_t *l = wk_catalogue_at(catalogue, i);
        for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
            va_str_t all = wk_text_of_kind(l, names[n], VA_STR("law"));
            va_str_t own = wk_text_of_kind(l, names[n], VA_STR("bike_shop"));
            bool in_all = false, in_own = false;
            for (size_t b = 0; b < 3; b++) {
                in_all = in_all || strstr(wk_strdup(arena, all), bikes[b]) != NULL;
                in_own = in_own || strstr(wk_strdup(arena, own), bikes[b]) != NULL;
            }
            assert_case(!in_all && in_own, names[n]);
            assert_true(
                str_is(wk_text_of_kind(l, names[n], VA_STR_NULL), wk_strdup(arena, all)));
        }
    }
}

static void ordinary_people_are_understood(void **state)
{
    static const struct {
        const char *language, *text, *intent;
    } cases[] = {
        {"en", "\xf0\x9f\x91\x8d", "thanks"},
        {"en", "\xf0\x9f\x98\xa1\xf0\x9f\x98\xa1", "complaint"},
        {"en", "\xf0\x9f\x9a\xb2\xe2\x9d\x93", "none"},
        {"en", "oh sorry wrong number", "wrong_number"},
        {"fr", "désolé, mauvais numéro", "wrong_number"},
        {"es", "perdón, número equivocado", "wrong_number"},
        {"en", "You RUINED my wheel and nobody ever picks up the phone", "complaint"},
        {"fr", "c'est une honte, personne ne répond jamais", "complaint"},
        {"es", "es un desastre, me arruinaron la rueda", "complaint"},
        {"en", "we offer SEO services at low price, interested?", "none"},
        {"en", "do u fix flatt tires", "book"},
        {"en", "can i com tomorow at 3", "book"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        if (strcmp(r.intent, cases[i].intent) != 0) {
            fail_msg("%s: %s", cases[i].text, r.intent);
        }
    }
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

static void what_people_say_beside_it_is_no_riddle(void **state)
{
    static const struct {
        const char *language, *text, *intent;
    } cases[] = {
        {"en", "hey did I leave my helmet at your store yesterday?", "none"},
        {"en", "ok so did you get my e-mail about it?", "none"},
        {"en", "hey, how are you?", "greeting"},
        {"es", "de nada", "thanks"},
        {"en", "no", "no"},
        {"en", "my tap is leaking, can someone come tomorrow afternoon?", "book"},
        {"en", "my bike is broken", "book"},
        {"fr", "mon vélo est en panne", "book"},
        {"en", "this weekend?", "hours"},
        {"en", "can somebody help me", "human"},
        {"en", "you are stupid", "complaint"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING}, offer = three_times();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        if (strcmp(r.intent, cases[i].intent) != 0) {
            fail_msg("%s: %s", cases[i].text, r.intent);
        }
    }
    assert_true(
        strstr(wk_strdup(
                   arena,
                   receive(&f, &fresh, "en", "a tune-up any day except Wednesday").tool_args),
               "preferred_date") == NULL);
    wk_reception_t r = receive(&f, &offer, "en", "do you sell helmets?");
    assert_true(says(&r, "I cannot answer that here. For your tune-up I can offer"));
    r = receive(&f, &offer, "en", "ok bye");
    assert_int_equal(r.dialog.expected, WK_EXPECT_NOTHING);
    offer = three_times();
    f.day = parse_json(VA_STR("[\"2026-12-15\",2,\"08:00\",\"18:00\"]"));
    r = receive(&f, &offer, "es", "mejor el 15 por la tarde");
    assert_string_equal(r.tool, "check_availability");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2026-12-15"));
    r = receive(&f, &fresh, "en", "did I leave my helmet there?");
    r = receive(&f, &r.dialog, "en", "yes please");
    assert_true(says(&r, "Write your message"));
    assert_int_equal(r.dialog.expected, WK_EXPECT_MESSAGE);
    offer.offer.service = VA_STR("general");
    r = receive(&f, &offer, "es", "hmm");
    assert_true(says(&r, "Para su cita puedo ofrecerle"));
    r = receive(&f, &offer, "fr", "hmm");
    assert_true(says(&r, "Pour votre rendez-vous, je peux"));
}

/* What was asked in an emergency is answered in several texts, and none of them is lost. */
static void answers_of_an_emergency_go_to_people(void **state)
{
    static const char *const texts[] = {"12 King St, please hurry", "no", "416 555 1212"};
    wk_reception_facts_t f = facts();
    wk_dialog_t dialog = {.urgent = WK_URGENT_ANSWERS};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dialog = wk_dialog_read(parse_json(wk_dialog_write(arena, &dialog, VA_STR_NULL, 1000)),
                                VA_STR_NULL, 1000);
        wk_reception_t r = receive(&f, &dialog, "en", texts[i]);
        assert_case(r.task != NULL && strcmp(r.task, "message") == 0, texts[i]);
        dialog = r.dialog;
    }
    assert_int_equal(dialog.urgent, 0);
    dialog.urgent = WK_URGENT_ANSWERS;
    assert_null(receive(&f, &dialog, "en", "bye").task);
    assert_null(receive(&f, &dialog, "en", "thank you").task);
    dialog.urgent = 1;
    assert_true(strcmp(receive(&f, &dialog, "en", "what are your hours?").intent, "hours") ==
                0);
}

/* A person can be had at every moment, and the letters of a text mean what they always do. */
static void an_emergency_swallows_no_wish_for_a_person(void **state)
{
    static const char *const humans[] = {"agent", "0", "humain", "persona",
                                         "let me speak to a person please"};
    wk_reception_facts_t f = facts();
    (void)state;
    for (int left = 1; left <= WK_URGENT_ANSWERS; left++) {
        wk_dialog_t dialog = {.urgent = left};
        for (size_t i = 0; i < sizeof(humans) / sizeof(*humans); i++) {
            f.open_callback = false;
            wk_reception_t r = receive(&f, &dialog, "en", humans[i]);
            assert_case(strcmp(r.intent, "human") == 0 && strcmp(r.task, "callback") == 0,
                        humans[i]);
            f.open_callback = true;
            r = receive(&f, &dialog, "en", humans[i]);
            assert_case(strcmp(r.intent, "human") == 0 && strcmp(r.task, "message") == 0,
                        humans[i]);
            assert_int_equal(r.dialog.urgent, left);
            assert_string_equal(receive(&f, &r.dialog, "en", "12 King St").task, "message");
        }
        CHECK(&dialog, CANCELS("en", "C"), CANCELS("en", "cancel my appointment"),
              LOOKS("en", "R", "tune_up"));
        assert_string_equal(
            receive(&f, &dialog, "en", "tell the manager the water is at the stairs").task,
            "message");
    }
    wk_dialog_t dialog = {.urgent = WK_URGENT_ANSWERS};
    wk_reception_t r = receive(&f, &dialog, "en", "C");
    assert_string_equal(receive(&f, &r.dialog, "en", "12 King St").task, "message");
    static const char *const addresses[] = {"Cancel the appointment, 12 King St",
                                            "move my appointment, 12 King St"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(receive(&f, &dialog, "en", addresses[i]).task, "message");
    }
    r = receive(&f, &dialog, "en", "I can't cancel anything, the water is at the stairs");
    assert_string_equal(r.task, "message");
    assert_string_equal(r.intent, "message");
}

/* "At which phone number can the team reach you?", asked of whoever chose Friday at ten. */
static wk_dialog_t number_asked(void)
{
    wk_dialog_t dialog = one_time();
    dialog.expected = WK_EXPECT_NUMBER;
    return dialog;
}

/* A chat of which neither name nor number is known. */
static wk_reception_facts_t of_a_chat(void)
{
    wk_reception_facts_t f = facts();
    f.appointments = NULL;
    f.unreachable = f.nameless = true;
    return f;
}

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
    f.unreachable = true;
    r = receive(&f, &dialog, "en", "hmm");
    r = receive(&f, &r.dialog, "en", "hmm");
    assert_int_equal(r.dialog.offer.count, 1);
}

/* Whose it is and what for is no other wish, and a tail no other question. */
static void what_belongs_to_the_wish_is_no_task(void **state)
{
    static const struct {
        const char *language, *text;
    } cases[] = {
        {"en", "a tune-up Friday at 10, does that work?"},
        {"en", "a tune-up Friday at 10, is that possible?"},
        {"en", "A tune-up on Friday. Would that be possible please?"},
        {"fr", "une mise au point vendredi, est-ce que c'est possible?"},
        {"es", "una puesta a punto el viernes, \xc2\xbfser\xc3\xad"
               "a posible?"},
        {"en", "a tune-up Friday at 10 and my name is Ana"},
        {"en", "a tune-up Friday at 10 and the bike is a Trek"},
        {"en", "a tune-up on Friday and my email is ana@x.example"},
        {"fr", "une mise au point vendredi et mon nom est Ana"},
        {"es", "una puesta a punto el viernes y mi nombre es Ana"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING}, offer = three_times();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        assert_case(r.tool != NULL && strcmp(r.tool, "check_availability") == 0, cases[i].text);
        assert_case(r.task == NULL, cases[i].text);
    }
    assert_null(receive(&f, &offer, "en", "Friday at 10, does that work?").task);
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

static void who_answers_is_told(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&nothing_asked,
          ASKS("en", "who is this?", "This is Bia, the automatic assistant of Bici"),
          ASKS("en", "is this a real person?", "automatic assistant"),
          ASKS("fr", "c'est qui?", "assistant automatique"),
          ASKS("es", "¿quién es?", "asistente automático"));
}

static void who_complains_is_offered_a_person(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&nothing_asked,
          ASKS("en", "this is ridiculous, nobody calls me back", "I am sorry about that."),
          ASKS("en", "the repair was terrible", "I am sorry about that."),
          ASKS("fr", "c'est inacceptable", "Je suis désolé."),
          ASKS("es", "qué mal servicio", "Lo siento mucho."),
          ASKS("en", "where is my order, this is unacceptable", "Shall I ask someone"));
}

static void what_people_write_in_haste_is_understood(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const wk_dialog_t spoken_of = {.service = VA_STR("tune_up")};
    (void)state;
    CHECK(&nothing_asked, ASKS("en", "is it ready?", "not see yet"),
          ASKS("fr", "c'est prêt?", "ne vois pas encore"),
          ASKS("es", "¿ya está lista?", "no veo"),
          ASKS("en", "can I get a quote for new brakes?", "do not know what that costs"),
          LOOKS("en", "my son's bike has a broken chain", "\"repair\""),
          LOOKS("fr", "mes freins grincent", "\"repair\""));
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "👍", "You are welcome"));
    CHECK(&spoken_of, LOOKS("fr", "ok demain matin is possible?", "2026-11-25"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_time_of_the_offer_is_taken),
        TEST(an_afternoon_is_no_small_hour),
        TEST(what_is_unclear_about_the_offer_is_asked),
        TEST(a_miss_leaves_the_offer_standing),
        TEST(a_yes_takes_the_time),
        TEST(a_yes_cancels),
        TEST(the_question_to_cancel_ends_with_its_answer),
        TEST(the_question_to_cancel_is_not_asked_for_ever),
        TEST(a_wish_out_of_the_blue),
        TEST(a_shop_speaks_of_its_own_trade),
        TEST(no_trade_is_named_to_all),
        TEST(ordinary_people_are_understood),
        TEST(the_day_behind_an_offer_is_asked_for),
        TEST(what_people_say_beside_it_is_no_riddle),
        TEST(answers_of_an_emergency_go_to_people),
        TEST(an_emergency_swallows_no_wish_for_a_person),
        TEST(a_number_alone_takes_the_time_it_was_asked_for),
        TEST(who_gives_the_time_up_is_offered_it_no_more),
        TEST(a_cancellation_is_not_taken_for_the_offer),
        TEST(a_choice_beside_a_refusal_is_heard),
        TEST(a_time_given_up_waits_for_no_number),
        TEST(a_wish_to_be_called_back_stands_beside_the_time),
        TEST(a_number_for_an_old_time_books_nothing),
        TEST(what_belongs_to_the_wish_is_no_task),
        TEST(a_question_beside_takes_nothing_back),
        TEST(a_number_that_comes_with_the_message_is_one),
        TEST(several_questions_are_all_answered),
        TEST(a_question_beside_a_wish_is_answered_too),
        TEST(two_services_are_both_answered),
        TEST(one_service_is_one_wish),
        TEST(one_more_service_leaves_the_offer_standing),
        TEST(the_prices_of_two_services_are_told),
        TEST(one_day_takes_the_place_of_another),
        TEST(which_is_to_be_moved_is_asked),
        TEST(a_question_of_two_days_asks_back),
        TEST(the_day_of_one_part_is_not_that_of_the_other),
        TEST(days_that_do_not_suit_are_not_looked_at),
        TEST(days_that_do_not_suit_are_no_choice),
        TEST(days_that_do_not_suit_end),
        TEST(all_but_one_are_asked_about),
        TEST(another_appointment_is_moved_while_times_are_offered),
        TEST(a_question_for_hours_prefers_no_day),
        TEST(the_following_is_a_day_beside_one),
        TEST(a_leap_day_is_one_of_its_year),
        TEST(what_is_no_swap_is_a_wish_to_come),
        TEST(an_appointment_is_moved_by_a_verb),
        TEST(a_day_is_told_by_its_distance),
        TEST(several_days_are_told_by_one_word),
        TEST(a_day_of_a_month_is_looked_at),
        TEST(a_day_that_cannot_be_is_asked_back),
        TEST(a_number_is_no_day_of_a_month),
        TEST(the_hours_of_a_weekend_are_told),
        TEST(what_is_no_wish_to_cancel_changes_nothing),
        TEST(a_day_asked_for_is_looked_at),
        TEST(an_old_question_is_asked_once_more),
        TEST(the_appointment_that_stands_is_told),
        TEST(policies_and_promotions_are_told),
        TEST(a_message_is_taken_whatever_it_says),
        TEST(a_refund_is_a_persons_business),
        TEST(a_flat_tire_is_a_repair),
        TEST(a_price_is_told_and_no_time_is_offered),
        TEST(a_price_leaves_the_offer_standing),
        TEST(what_was_booked_is_moved),
        TEST(another_service_is_another_booking),
        TEST(a_question_moves_nothing),
        TEST(nobody_moves_what_he_is_not_told),
        TEST(a_yes_to_what_is_done_is_no_riddle),
        TEST(what_was_booked_is_remembered),
        TEST(what_was_booked_grows_old),
        TEST(a_call_forgets_what_was_booked_before),
        TEST(who_cannot_come_then_is_asked_for_his_time),
        TEST(the_service_of_what_was_booked_is_changed),
        TEST(a_thing_that_is_changed_is_no_appointment),
        TEST(who_declines_in_a_call_may_go_on_speaking),
        TEST(a_repair_is_wished_for_in_many_words),
        TEST(a_day_with_a_time_is_when_somebody_would_come),
        TEST(what_was_booked_is_changed_in_many_words),
        TEST(the_service_spoken_of_is_remembered),
        TEST(the_price_of_it_is_of_what_was_booked),
        TEST(who_would_come_is_offered_times),
        TEST(who_wants_none_of_the_times_is_asked_for_a_day),
        TEST(what_takes_time_is_told),
        TEST(prices_are_told_together),
        TEST(a_delay_is_passed_on),
        TEST(a_bike_that_is_ready_is_told),
        TEST(the_shops_number_is_told),
        TEST(trouble_with_an_order_is_a_persons_business),
        TEST(a_farewell_asks_for_no_hours),
        TEST(who_would_rather_book_is_offered_times),
        TEST(the_times_of_a_day_are_those_wished_for),
        TEST(a_time_beside_the_offer_is_looked_at),
        TEST(later_times_are_looked_for),
        TEST(what_is_beyond_the_offer_is_told),
        TEST(both_are_cancelled),
        TEST(some_or_all_may_be_named_in_the_answer),
        TEST(who_walks_in_is_told_the_hours),
        TEST(its_own_day_is_not_where_it_goes),
        TEST(a_part_of_a_day_or_week_is_looked_into),
        TEST(a_shop_may_be_open_day_and_night),
        TEST(who_answers_is_told),
        TEST(who_complains_is_offered_a_person),
        TEST(what_people_write_in_haste_is_understood),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
