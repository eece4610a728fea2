/* What of a talk that still goes on is masked, and what has to stay. */
#include "worker/agent/redact.h"

#include <time.h>

#include "t/unit/catalogue.h"

#define REMEMBERED 4

/* Messages of one person, '|' between them; what becomes of the last. */
typedef struct {
    const char *said, *masked;
} talk_case_t;

/* All digits and number words are gone from the last: nothing but words is left. */
static const talk_case_t secret[] = {
    /* whole */
    {"4111 1111 1111 1111", "**** **** **** ****"},
    {"it is 4111-1111-1111-1111 thanks", "it is ****-****-****-**** thanks"},
    {"378282246310005", "***************"},
    {"my number is 4242424242424242", "my number is ****************"},
    {"order 4242 4242 4242 4242", "order **** **** **** ****"},
    {"cuatro uno uno uno uno uno uno uno uno uno uno uno uno uno uno uno",
     "* * * * * * * * * * * * * * * *"},
    {"quarante et un onze onze onze onze onze onze onze", "** ** ** ** ** ** ** **"},
    /* typed in pieces */
    {"4111 1111", "**** ****"},
    {"4111 1111|1111 1111", "**** ****"},
    {"41111111", "********"},
    {"41111111|11111111", "********"},
    {"4111 1111 1111", "**** **** ****"},
    {"4111 1111 1111|1111", "****"},
    {"4111|1111", "****"},
    {"4111|1111|1111", "****"},
    {"4111|1111|1111|1111", "****"},
    {"3782|822463", "******"},
    {"3782|822463|10005", "*****"},
    {"4111 1111|one moment|1111 1111", "**** ****"},
    {"4242424242424242|sorry again: 4000 0566", "sorry again: **** ****"},
    {"4242424242424242|sorry again: 4000 0566|5566 5556", "**** ****"},
    {"4111 1111|1111 1111|4111 1111|1111 1111", "**** ****"},
    {"my card is 4111", "my card is ****"},
    {"my card is 4111|1111", "****"},
    {"my card is 4111|1111|1111", "****"},
    {"my card is 4111|1111|1111|1111", "****"},
    {"my visa is 5105 1051", "my visa is **** ****"},
    {"do you take amex? it is 3782 822463", "do you take amex? it is **** ******"},
    {"ma carte est 4111 11", "ma carte est **** **"},
    {"ma carte est 4111 11|11 1111", "** ****"},
    {"mi tarjeta es 5555 5555|5555 4444", "**** ****"},
    {"it begins with 4111 1111", "it begins with **** ****"},
    {"my card|4111 1111 11", "**** **** **"},
    {"the other half is 1111 1111 of my card", "the other half is **** **** of my card"},
    /* spoken in pieces */
    {"my card number is four one one one one one one one", "my card number is * * * * * * * *"},
    {"my card number is four one one one one one one one|one one one one one one one one",
     "* * * * * * * *"},
    {"four one one one one one one one", "* * * * * * * *"},
    {"four one one one one one one one|one one one one|one one one one", "* * * *"},
    {"forty-one eleven eleven eleven", "** ** ** **"},
    {"forty-one eleven eleven eleven|eleven eleven eleven eleven", "** ** ** **"},
    {"four triple one, double one double one", "* ***, ** **"},
    {"ma carte de crédit, quatre un un un un un un un", "ma carte de crédit, * * * * * * * *"},
    {"ma carte, quatre un un un un un un un|un un un un un un un un", "* * * * * * * *"},
    {"mi tarjeta es cuatro uno uno uno|uno uno uno uno", "* * * *"},
    {"quatre un un un un un un un", "* * * * * * * *"},
    /* expiry and code */
    {"4111111111111111|expires 12/28", "expires **/**"},
    {"4111111111111111|12/28", "**/**"},
    {"4111111111111111|123", "***"},
    {"4111111111111111|12/28|123", "***"},
    {"4111111111111111|the code is 7391", "the code is ****"},
    {"4111111111111111|elle expire en 12 28, le code 123", "elle expire en ** **, le code ***"},
    {"4111111111111111|vence 12/28 y el codigo es 123", "vence **/** y el codigo es ***"},
    {"my card number is four one one one one one one one|one one one one one one one one"
     "|expires twelve twenty eight code one two three",
     "expires ** ** code * * *"},
    {"my card number is four one one one one one one one|one one one one one one one one"
     "|expires twelve twenty eight code one two three|let me repeat it 4111 1111",
     "let me repeat it **** ****"},
    {"4111111111111111 exp 12/28 code 123", "**************** exp **/** code ***"},
    {"4111111111111111|one twenty three", "* **"},
    {"4111111111111111|one double two", "* **"},
    {"4111111111111111|un vingt trois", "* **"},
    {"4111111111111111|twelve twenty eight", "** **"},
    {"41111111111111111228", "********************"},
    {"my card is 4111|forty two", "**"},
    {"my card is 4111|forty two|forty two", "**"},
    {"my card is 4111|quatre vingt dix neuf", "**"},
    {"the CVV is 739", "the CVV is ***"},
    {"what, the security code?|739", "***"},
    {"le cryptogramme c'est 739", "le cryptogramme c'est ***"},
    {"codigo de seguridad 739", "codigo de seguridad ***"},
    /* beside stars of the customer's own */
    {"*4111 1111 1111 1111*", "***** **** **** *****"},
    {"my card is *4111 1111*", "my card is ***** *****"},
    {"card4111111111111111ok|123", "***"},
    {"I *really* mean it, my card is 4111|1111", "****"},
    {"4111111111111111, my phone is *416 555 1212*",
     "****************, my phone is *416 555 1212*"},
};

static const char *const open_to_all[] = {
    /* orders */
    "order 1042",
    "order #4111",
    "order 4213",
    "order 4111 1111",
    "my order number is|41234567",
    "order 1042|1042",
    "order 1042|1042|0",
    "status of order 1042|1042|0|0",
    "where is my order|4213",
    "do you take visa|order 4213",
    "commande 1042",
    "ma commande 4213|1042",
    "pedido 1042",
    "el pedido 4213",
    "4111111111111111|order 1042",
    "my card is 4111|order 4213",
    "invoice 41234567",
    "my order is 1042|and my bike was 2500 dollars in 2024",
    "1042|1212",
    "tracking 4612 3456 7890",
    /* keys, choices, counts */
    "0",
    "1042|0",
    "4111|0",
    "my card is 4111|0",
    "4111 1111|0",
    "4111 1111|the first one please",
    "my card is 4111 1111|quiero una cita",
    "4111111111111111|1",
    "4111111111111111|2 please",
    "I have 4 bikes",
    "two helmets and one lock",
    "un vélo et deux casques",
    "in 20 minutes|4 people",
    /* dates and times */
    "book a tune up|2026-12-30",
    "2026-12-30 10:00",
    "30/12/2026 at 10:30",
    "30/05/2026 10:30",
    "on 12-30-2026 at 10.30",
    "4/12/2026 10:00",
    "December thirtieth twenty twenty six at ten thirty",
    "December 30 2026 at 10:30",
    "le 30 décembre 2026 à 10 h 30",
    "el 30 de diciembre de 2026 a las 10:30",
    "Two at 5 o'clock",
    "4111 1111|tomorrow at 10:30",
    "I paid by card on 2026-12-03",
    "my card was stolen on december 30 2026",
    "4111111111111111|at 10:30 on friday",
    "in 2024",
    /* phones */
    "My number is 416 555 0123",
    "call me at +44 7700 900123 please",
    "call me at 416-555-1212 ext 42",
    "call me at 416-555-1212 extension 4213",
    "our numbers: 416 555 1212, 647 555 3434",
    "my number is 416 555|1212",
    "416 555|1212|0",
    "what are your hours|my number is 416 555|1212|order 1042",
    "514-555-0199 poste 42",
    "mon téléphone est le 06 12 34 56 78",
    "mi teléfono es 612 34 56 78",
    "mi movil es 612 345 678",
    "+33 6 12 34 56 78",
    "+6561234567",
    "1 800 555 1212",
    "6135551212",
    "do you take visa|4165551212",
    "my card is 4111|call me at 416 555 1212",
    "six one three five five five one two one two",
    "cuatro uno seis cinco cinco cinco uno dos uno dos",
    "five one four|five five five|one two one two",
    "my cell is 4165551212|ext 4213",
    /* with stars that the customer writes himself */
    "my phone is *416 555 1212*",
    "* 2 tubes",
    "* 2 tubes|1042",
    "* 2 tubes\n* 1 pump|1042",
    "order *1042*",
    "*1042*",
    "**1042**",
    "*1042*|1042",
    "*1",
    "I *really* need it|1042",
    "I **really** need it|555 1212",
    "*really* *need*|1042",
    "5* hotel|555 1212",
    /* amounts and other numbers */
    "my bike was 2500 dollars in 2024",
    "I paid $2500 by card",
    "do you take visa|it costs 2,485.94 and weighs 12.5 kg",
    "a refund of 5100 dollars on my card",
    "remboursement de 2500 piastres sur ma carte",
    "M5V 2T6",
    "zip code 90210",
    "I live at 4213 Main Street",
    "model 5200 from 2019",
    "serial number 62345678",
    "1Z999AA10123456784",
    "20261125093000",
    "4111111111111112",
    "",
};

/* Says the talk as it is stored: each message is masked beside those that were masked. */
static va_str_t last_of(const char *said, va_str_t *unmasked, const char *question)
{
    va_str_t before[REMEMBERED], text = VA_STR(""), rest = va_str_c(said);
    size_t n = 0;
    for (bool more = true; more;) {
        const char *end = rest.len > 0 ? memchr(rest.data, '|', rest.len) : NULL;
        size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;
        if (rest.data != said) {
            memmove(before + 1, before, (REMEMBERED - 1) * sizeof(*before));
            before[0] = text;
            n += n < REMEMBERED;
        }
        *unmasked = va_str(rest.data, len);
        va_str_t asked =
            rest.data == said && question != NULL ? va_str_c(question) : VA_STR_NULL;
        text = wk_redact_live(redactor, arena, *unmasked, asked, before, n);
        more = end != NULL;
        rest = more ? va_str(end + 1, rest.len - len - 1) : rest;
    }
    return text;
}

static void cards_and_what_belongs_to_them_are_masked(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++) {
        va_str_t unmasked, text = last_of(secret[i].said, &unmasked, NULL);
        if (!va_str_eq(text, va_str_c(secret[i].masked))) {
            print_message("# %s: %.*s\n", secret[i].said, (int)text.len, text.data);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void everything_else_stays(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(open_to_all) / sizeof(*open_to_all); i++) {
        va_str_t unmasked, text = last_of(open_to_all[i], &unmasked, NULL);
        if (!va_str_eq(text, unmasked)) {
            print_message("# %s: %.*s\n", open_to_all[i], (int)text.len, text.data);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

#define ASKS "Gladly. What is your order number?"

/* Answers to that question, '|' before what is said then; what becomes of the last. */
static const talk_case_t answered[] = {
    {"41234567", "41234567"},
    {"it is 512345678901, thanks", "it is 512345678901, thanks"},
    {"4111 1111", "4111 1111"},
    {"four one one one two two two two", "four one one one two two two two"},
    /* cards all the same */
    {"4111 1111 1111 1111", "**** **** **** ****"},
    {"4111111111111111", "****************"},
    {"500000000009", "************"},
    {"4111 1111|1111 1111", "**** ****"},
    {"4111 1111 1111", "**** **** ****"},
    {"4111 1111 1111|1111", "****"},
    {"my card is 4111 1111", "my card is **** ****"},
    {"I have no number, I have a visa: 4111 1111",
     "I have no number, I have a visa: **** ****"},
    {"4111 1111 or 4111 1112", "**** **** or **** ****"},
    {"the CVV is 739", "the CVV is ***"},
};

static void a_number_that_was_asked_for_is_an_orders(void **state)
{
    static const char *const questions[] = {ASKS, "Quel est votre numéro de commande ?",
                                            "¿Cuál es su número de pedido?"};
    size_t wrong = 0;
    va_str_t unmasked;
    (void)state;
    for (size_t i = 0; i < sizeof(answered) / sizeof(*answered); i++) {
        va_str_t text = last_of(answered[i].said, &unmasked, ASKS);
        if (!va_str_eq(text, va_str_c(answered[i].masked))) {
            print_message("# %s: %.*s\n", answered[i].said, (int)text.len, text.data);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
        assert_str(last_of("41234567", &unmasked, questions[i]), "41234567");
    }
    assert_str(last_of("41234567", &unmasked, "Your order is on its way."), "********");
}

/* However often somebody repeats himself. */
static void what_is_said_again_and_again_is_judged_each_time(void **state)
{
    va_str_t before[REMEMBERED], masked;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        const char *said = i % 2 == 0 ? "4111 1111" : "1111 1111";
        masked = wk_redact_live(redactor, arena, va_str_c(said), VA_STR_NULL, before, n);
        assert_str(masked, "**** ****");
        memmove(before + 1, before, (REMEMBERED - 1) * sizeof(*before));
        before[0] = masked;
        n += n < REMEMBERED;
    }
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As much as a chat takes: each word could go on with the number before it. */
static void many_number_words_are_read_at_once(void **state)
{
    static const char *const units[] = {"sixty ", "vingt et ", "double ", "cvv ", "7 "};
    char said[4000];
    va_str_t text = va_str(said, sizeof(said)), before[REMEMBERED] = {text, text, text, text};
    (void)state;
    for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++) {
        for (size_t i = 0; i < sizeof(said); i++) {
            said[i] = units[u][i % strlen(units[u])];
        }
        double began = cpu_seconds();
        (void)wk_redact_live(redactor, arena, text, text, before, REMEMBERED);
        assert_case(cpu_seconds() - began < 0.5, units[u]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cards_and_what_belongs_to_them_are_masked),
        TEST(everything_else_stays),
        TEST(a_number_that_was_asked_for_is_an_orders),
        TEST(what_is_said_again_and_again_is_judged_each_time),
        TEST(many_number_words_are_read_at_once),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
