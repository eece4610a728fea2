#include "worker/voice/sentences.h"

#define SHORTEST 4   /* bytes; "1." and "A." begin something */
#define LONGEST  240 /* bytes; beyond it a clause is as good, and then any space */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t with_space_behind(va_str_t text, size_t at)
{
    while (at < text.len && is_space(text.data[at])) {
        at++;
    }
    return at;
}

/* Behind one of the marks and a space; 0: there is none. */
static size_t cut_behind(va_str_t text, const char *marks, size_t most)
{
    for (size_t i = SHORTEST; i < text.len && i < most; i++) {
        if (is_space(text.data[i]) && strchr(marks, text.data[i - 1]) != NULL) {
            return with_space_behind(text, i);
        }
    }
    return 0;
}

static size_t cut_at_line(va_str_t text)
{
    const char *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
    size_t at = end != NULL ? (size_t)(end - text.data) : 0;
    return at >= SHORTEST ? with_space_behind(text, at) : 0;
}

static size_t cut_at_last_space(va_str_t text)
{
    size_t at = LONGEST;
    while (at > 0 && !is_space(text.data[at - 1])) {
        at--;
    }
    return at > 0 ? at : LONGEST;
}

size_t wk_sentence(va_str_t text, bool ended)
{
    size_t sentence = cut_behind(text, ".!?", text.len), line = cut_at_line(text);
    size_t first = line > 0 && (sentence == 0 || line < sentence) ? line : sentence;
    if (first > 0 && first <= LONGEST) {
        return first;
    }
    if (text.len > LONGEST) {
        size_t clause = cut_behind(text, ",;:", LONGEST);
        return clause > 0 ? clause : cut_at_last_space(text);
    }
    return ended ? text.len : 0;
}
