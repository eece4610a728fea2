/*
 * What ordinary customers write out of the blue, and beside what was asked: a clear wish has
 * its effect, whatever is polite around it; several of them are all answered.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

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

static void the_prices_of_two_services_are_told(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    wk_reception_t r = receive(&f, &fresh, "en", "how much is a tune-up and a warranty check?");
    assert_true(says(&r, "89.00") && says(&r, "no charge for your warranty check"));
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
        TEST(a_wish_out_of_the_blue),
        TEST(a_shop_speaks_of_its_own_trade),
        TEST(no_trade_is_named_to_all),
        TEST(ordinary_people_are_understood),
        TEST(what_people_say_beside_it_is_no_riddle),
        TEST(answers_of_an_emergency_go_to_people),
        TEST(an_emergency_swallows_no_wish_for_a_person),
        TEST(what_belongs_to_the_wish_is_no_task),
        TEST(several_questions_are_all_answered),
        TEST(a_question_beside_a_wish_is_answered_too),
        TEST(two_services_are_both_answered),
        TEST(one_service_is_one_wish),
        TEST(the_prices_of_two_services_are_told),
        TEST(the_appointment_that_stands_is_told),
        TEST(policies_and_promotions_are_told),
        TEST(a_message_is_taken_whatever_it_says),
        TEST(a_refund_is_a_persons_business),
        TEST(a_flat_tire_is_a_repair),
        TEST(a_price_is_told_and_no_time_is_offered),
        TEST(a_repair_is_wished_for_in_many_words),
        TEST(the_service_spoken_of_is_remembered),
        TEST(the_price_of_it_is_of_what_was_booked),
        TEST(who_would_come_is_offered_times),
        TEST(what_takes_time_is_told),
        TEST(prices_are_told_together),
        TEST(a_delay_is_passed_on),
        TEST(a_bike_that_is_ready_is_told),
        TEST(the_shops_number_is_told),
        TEST(trouble_with_an_order_is_a_persons_business),
        TEST(a_farewell_asks_for_no_hours),
        TEST(who_would_rather_book_is_offered_times),
        TEST(who_answers_is_told),
        TEST(who_complains_is_offered_a_person),
        TEST(what_people_write_in_haste_is_understood),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
