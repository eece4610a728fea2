/*
 * What the tests of the receptionist's sentences share: tables of what a customer writes and
 * what comes of it.
 */
#ifndef TEST_RECEPTION_H
#define TEST_RECEPTION_H

#include "t/unit/catalogue.h"
#include "t/unit/reception_facts.h"

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

#endif
