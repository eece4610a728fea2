/*
 * What the tests of the receptionist's sentences share: a shop and a customer, what was asked
 * of him, and tables of what he writes and what comes of it.
 */
#ifndef TEST_RECEPTION_H
#define TEST_RECEPTION_H

#include "worker/agent/receptionist.h"

#include "t/unit/catalogue.h"

#define MONDAY "[\"a-mon\",\"tune_up\",\"2026-11-30\",\"10:00\",true]"

/* Tuesday noon; open Monday to Saturday; John has an appointment on Monday. */
static inline wk_reception_facts_t facts(void)
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

static inline wk_reception_t receive(const wk_reception_facts_t *f, const wk_dialog_t *dialog,
                                     const char *language, const char *text)
{
    const wk_language_t *l = wk_catalogue_find(catalogue, va_str_c(language));
    wk_reading_t reading = wk_read_message(arena, catalogue, l, va_str_c(text));
    wk_reception_facts_t known = *f;
    known.day_asked = reading.day;
    return wk_receive(arena, catalogue, &reading, &known, dialog, l, true, VA_STR("Jo"));
}

static inline bool says(const wk_reception_t *r, const char *part)
{
    return strstr(wk_strdup(arena, r->text), part) != NULL;
}

static inline void check(const wk_dialog_t *dialog, const sentence_t *sentences, size_t n)
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
static inline wk_dialog_t three_times(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_SLOT,
                         .offer = {.service = VA_STR("tune_up"),
                                   .slots = {VA_STR("2026-11-27T09:00:00-05:00"),
                                             VA_STR("2026-11-27T10:00:00-05:00"),
                                             VA_STR("2026-11-27T14:00:00-05:00")},
                                   .count = 3}};
}

/* "Shall I take Friday at ten? YES or NO" */
static inline wk_dialog_t one_time(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_SLOT,
                         .offer = {.service = VA_STR("tune_up"),
                                   .slots = {VA_STR("2026-11-27T10:00:00-05:00")},
                                   .count = 1}};
}

/* "Shall I cancel your tune-up on Monday? YES or NO" */
static inline wk_dialog_t cancelling(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon")};
}

static inline void check_answers(const wk_dialog_t *dialog, const sentence_t *sentences,
                                 size_t n)
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

/* "At which phone number can the team reach you?", asked of whoever chose Friday at ten. */
static inline wk_dialog_t number_asked(void)
{
    wk_dialog_t dialog = one_time();
    dialog.expected = WK_EXPECT_NUMBER;
    return dialog;
}

/* A chat of which neither name nor number is known. */
static inline wk_reception_facts_t of_a_chat(void)
{
    wk_reception_facts_t f = facts();
    f.appointments = NULL;
    f.unreachable = f.nameless = true;
    return f;
}

#endif
