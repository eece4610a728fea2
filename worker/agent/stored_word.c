#include "worker/agent/stored_word.h"

#define MAX_WORD 32

/*
 * Each stands only where the list has the second word and not the first; with a third, only
 * where the list has that, too: a call is "active", a visit is not.
 */
static const struct {
    const char *said, *stored, *beside;
} synonyms[] = {
    {"tuneup", "tune_up", NULL},         {"pick_up", "pickup", NULL},
    {"bike_fitting", "fitting", NULL},   {"bike_fit", "fitting", NULL},
    {"canceled", "cancelled", NULL},     {"cancelled", "canceled", NULL},
    {"noshow", "no_show", NULL},         {"inprogress", "in_progress", NULL},
    {"noanswer", "no_answer", NULL},     {"medium", "normal", NULL},
    {"new_inquiry", "new", NULL},        {"active_lead", "contacted", NULL},
    {"scheduled", "confirmed", NULL},    {"active", "in_progress", "no_answer"},
    {"mountain", "mountain_bike", NULL}, {"road", "road_bike", NULL},
    {"hybrid", "hybrid_bike", NULL},     {"ebike", "e_bike", NULL},
    {"electric", "e_bike", NULL},        {"electric_bike", "e_bike", NULL},
};

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '-' || c == '_';
}

/* False for what is longer than any word. */
static bool fold(va_str_t said, char folded[MAX_WORD], va_str_t *word)
{
    size_t len = 0;
    for (size_t i = 0; i < said.len; i++) {
        char c = said.data[i];
        if (is_gap(c) && (len == 0 || folded[len - 1] == '_')) {
            continue;
        }
        if (len == MAX_WORD) {
            return false;
        }
        folded[len++] = is_gap(c) ? '_' : c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    *word = va_str(folded, len > 0 && folded[len - 1] == '_' ? len - 1 : len);
    return true;
}

static va_str_t find(const char *const *words, va_str_t word)
{
    va_str_t stored;
    char folded[MAX_WORD];
    for (; *words != NULL; words++) {
        if (fold(va_str_c(*words), folded, &stored) && va_str_eq(word, stored)) {
            return va_str_c(*words);
        }
    }
    return VA_STR_NULL;
}

va_str_t wk_stored_word(const char *const *words, va_str_t said)
{
    va_str_t word;
    char folded[MAX_WORD];
    if (!fold(said, folded, &word)) {
        return VA_STR_NULL;
    }
    va_str_t stored = find(words, word);
    for (size_t i = 0; stored.data == NULL && i < sizeof(synonyms) / sizeof(*synonyms); i++) {
        const char *beside = synonyms[i].beside;
        if (va_str_eq(word, va_str_c(synonyms[i].said)) &&
            (beside == NULL || find(words, va_str_c(beside)).data != NULL)) {
            stored = find(words, va_str_c(synonyms[i].stored));
        }
    }
    return stored;
}
