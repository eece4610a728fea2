#include "worker/agent/opt_out.h"

static const struct {
    const char *word;
    wk_keyword_t keyword;
} keywords[] = {
    {"STOP", WK_STOP},   {"STOPALL", WK_STOP}, {"UNSUBSCRIBE", WK_STOP}, {"CANCEL", WK_CANCEL},
    {"END", WK_STOP},    {"QUIT", WK_STOP},    {"REVOKE", WK_STOP},      {"OPTOUT", WK_STOP},
    {"START", WK_START}, {"UNSTOP", WK_START}, {"YES", WK_YES},          {"HELP", WK_HELP},
    {"INFO", WK_HELP},
};

static wk_keyword_t find(va_str_t word)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
        if (va_str_ieq(word, va_str_c(keywords[i].word))) {
            return keywords[i].keyword;
        }
    }
    return WK_NO_KEYWORD;
}

/* In whatever language, with whatever punctuation: "Stop.", "arrêtez svp". */
static bool asks_to_stop(wk_arena_t *a, const wk_catalogue_t *c, va_str_t body)
{
    wk_words_t words = wk_words(a, body);
    return wk_word_list_is_all(c, "opt_out.all", &words);
}

wk_keyword_t wk_keyword(wk_arena_t *a, const wk_catalogue_t *c, va_str_t body,
                        va_str_t opt_out_type)
{
    wk_keyword_t own = find(wk_trim(body)), told = find(opt_out_type);
    if (own == WK_NO_KEYWORD && asks_to_stop(a, c, body)) {
        own = WK_STOP_IN_WORDS;
    }
    if (told == WK_NO_KEYWORD) {
        return own;
    }
    return told == WK_STOP && own == WK_CANCEL ? WK_CANCEL : told;
}

const wk_language_t *wk_opt_out_language(wk_arena_t *a, const wk_catalogue_t *c, va_str_t body,
                                         const wk_language_t *preferred)
{
    wk_words_t words = wk_words(a, body);
    const wk_language_t *l = preferred;
    for (size_t i = 0; i < wk_catalogue_count(c) &&
                       (l == NULL || !wk_phrases_all(wk_word_list(l, "opt_out.all"), &words));
         i++) {
        l = wk_catalogue_at(c, i);
    }
    return l;
}
