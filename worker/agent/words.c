#include "worker/agent/words.h"

#include "core/utf8.h"

#define DENIAL_REACH 4 /* words */

/* U+00C0 to U+00FF (Latin-1) as the letters beneath; '\0': no letter. */
static const char latin1[] =
    "aaaaaaaceeeeiiiidnooooo\0ouuuuytsaaaaaaaceeeeiiiidnooooo\0ouuuuyty";

/* Letters of more than one, and those outside Latin-1 that European texts have. */
static const struct {
    uint32_t code_point;
    const char *letters;
} others[] = {
    {0xc6, "ae"}, {0xdf, "ss"}, {0xe6, "ae"}, {0x152, "oe"}, {0x153, "oe"},
    {0x178, "y"}, {0x160, "s"}, {0x161, "s"}, {0x17d, "z"},  {0x17e, "z"},
};

/* The zeros of Unicode's decimal digits (category Nd) behind ASCII; one to nine follow each. */
static const uint32_t zeros[] = {
    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,   0xc66,
    0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,  0x1810,
    0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,  0xa8d0,
    0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950,
    0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec,
    0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
};

int wk_digit(uint32_t c)
{
    if (c < 0x80) {
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    }
    for (size_t i = 0; i < sizeof(zeros) / sizeof(*zeros); i++) {
        if (c >= zeros[i] && c <= zeros[i] + 9) {
            return (int)(c - zeros[i]);
        }
    }
    return -1;
}

static bool is_combining_accent(uint32_t c)
{
    return c >= 0x300 && c <= 0x36f;
}

static bool is_word_character(uint32_t c)
{
    if (c < 0x80) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
    if (wk_digit(c) >= 0) {
        return true;
    }
    if (c < 0xc0 || c == 0xd7 || c == 0xf7) {
        return c == 0xaa || c == 0xb5 || c == 0xba; /* the letters among Latin-1's signs */
    }
    /* General and CJK punctuation, arrows to dingbats, emoji. */
    return c != 0xfffd && !(c >= 0x2000 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x303f) &&
           !(c >= 0xfe00 && c <= 0xfe0f) && c < 0x1f000;
}

/* Appends the folded form; text is how the character was written. */
static void fold(va_buf_t *out, uint32_t c, va_str_t text)
{
    if (c < 0x80) {
        va_buf_add_char(out, (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
        return;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (others[i].code_point == c) {
            va_buf_add_c(out, others[i].letters);
            return;
        }
    }
    if (c >= 0xc0 && c <= 0xff) {
        va_buf_add_char(out, latin1[c - 0xc0]);
    } else if (wk_digit(c) >= 0) {
        va_buf_add_char(out, (char)('0' + wk_digit(c)));
    } else if (!is_combining_accent(c)) {
        va_buf_add_str(out, text);
    }
}

/* Cuts the next word off *rest, whose first byte is byte *at of the whole; false at the end. */
static bool next_word(wk_arena_t *a, va_str_t *rest, size_t *at, wk_word_t *word)
{
    va_buf_t folded;
    va_buf_init(&folded, wk_mem(a), 16);
    while (rest->len > 0) {
        uint32_t c;
        va_str_t before = *rest;
        va_str_t text = va_utf8_take(rest, &c);
        size_t size = before.len - rest->len;
        bool in_word = is_word_character(c) || (folded.len > 0 && is_combining_accent(c));
        if (in_word && folded.len == 0) {
            word->begin = *at;
        }
        if (!in_word && folded.len > 0) {
            *rest = before;
            break;
        }
        *at += size;
        if (in_word) {
            fold(&folded, c, text);
            word->end = *at;
        }
    }
    word->text = va_buf_str(&folded);
    return folded.len > 0;
}

wk_words_t wk_words(wk_arena_t *a, va_str_t text)
{
    wk_words_t words = {.at = NULL};
    wk_word_t word;
    size_t at = 0, room = 0;
    while (next_word(a, &text, &at, &word)) {
        if (words.count == room) {
            room = room > 0 ? room * 2 : 16;
            wk_word_t *more = wk_alloc(a, room * sizeof(*more));
            if (words.count > 0) {
                memcpy(more, words.at, words.count * sizeof(*more));
            }
            words.at = more;
        }
        words.at[words.count++] = word;
    }
    return words;
}

wk_phrase_t wk_phrase(wk_arena_t *a, va_str_t text)
{
    wk_phrase_t p = {.words = wk_words(a, text)};
    p.prefix = wk_alloc(a, (p.words.count + 1) * sizeof(*p.prefix));
    for (size_t i = 0; i < p.words.count; i++) {
        size_t end = p.words.at[i].end;
        p.prefix[i] = end < text.len && text.data[end] == '*';
    }
    return p;
}

static bool word_matches(const wk_phrase_t *phrase, size_t i, va_str_t word)
{
    va_str_t wanted = phrase->words.at[i].text;
    if (phrase->prefix[i] && word.len > wanted.len) {
        word.len = wanted.len;
    }
    return va_str_eq(wanted, word);
}

bool wk_phrase_at(const wk_phrase_t *phrase, const wk_words_t *words, size_t i)
{
    size_t n = phrase->words.count;
    if (n == 0 || i + n > words->count) {
        return false;
    }
    for (size_t j = 0; j < n; j++) {
        if (!word_matches(phrase, j, words->at[i + j].text)) {
            return false;
        }
    }
    return true;
}

size_t wk_phrases_at(const wk_phrases_t *phrases, const wk_words_t *words, size_t i)
{
    size_t longest = 0;
    for (size_t p = 0; p < phrases->count; p++) {
        size_t n = phrases->at[p].words.count;
        if (n > longest && wk_phrase_at(&phrases->at[p], words, i)) {
            longest = n;
        }
    }
    return longest;
}

bool wk_phrases_end_at(const wk_phrases_t *phrases, const wk_words_t *words, size_t at)
{
    for (size_t p = 0; p < phrases->count; p++) {
        size_t n = phrases->at[p].words.count;
        if (n > 0 && n <= at && wk_phrase_at(&phrases->at[p], words, at - n)) {
            return true;
        }
    }
    return false;
}

bool wk_phrases_find(const wk_phrases_t *phrases, const wk_words_t *words, size_t from,
                     size_t *at, size_t *len)
{
    for (size_t i = from; i < words->count; i++) {
        size_t n = wk_phrases_at(phrases, words, i);
        if (n > 0) {
            *at = i;
            *len = n;
            return true;
        }
    }
    return false;
}

bool wk_phrases_in(const wk_phrases_t *phrases, const wk_words_t *words)
{
    size_t at, len;
    return wk_phrases_find(phrases, words, 0, &at, &len);
}

bool wk_phrases_all(const wk_phrases_t *phrases, const wk_words_t *words)
{
    for (size_t p = 0; p < phrases->count; p++) {
        if (phrases->at[p].words.count == words->count &&
            wk_phrase_at(&phrases->at[p], words, 0)) {
            return true;
        }
    }
    return false;
}

static bool same_clause(va_str_t text, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < text.len; i++) {
        if (strchr(".,!?;\n", text.data[i]) != NULL) {
            return false;
        }
    }
    return true;
}

bool wk_phrases_denied(const wk_phrases_t *denials, va_str_t text, const wk_words_t *words,
                       size_t at)
{
    for (size_t i = at > DENIAL_REACH ? at - DENIAL_REACH : 0; i < at; i++) {
        if (wk_phrases_at(denials, words, i) > 0 &&
            same_clause(text, words->at[i].end, words->at[at].begin)) {
            return true;
        }
    }
    return false;
}

va_str_t wk_clean_text(wk_arena_t *a, va_str_t text)
{
    if (text.data == NULL || va_utf8_valid(text)) {
        return text;
    }
    va_buf_t clean;
    va_buf_init(&clean, wk_mem(a), text.len + 1);
    while (text.len > 0) {
        uint32_t c;
        va_str_t character = va_utf8_take(&text, &c);
        if (c != 0) {
            va_buf_add_str(&clean, character);
        }
    }
    return clean.len > 0 ? va_buf_str(&clean) : VA_STR("");
}

va_str_t wk_cut_text(va_str_t text, size_t max)
{
    if (text.len > max) {
        /* Back to the first byte of the character that would be cut. */
        while (max > 0 && ((unsigned char)text.data[max] & 0xc0) == 0x80) {
            max--;
        }
        text.len = max;
    }
    return text;
}

static bool is_space(char c)
{
    return memchr(" \t\r\n", c, 4) != NULL;
}

va_str_t wk_trim(va_str_t text)
{
    while (text.len > 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

static va_str_t absent_if_empty(va_str_t text)
{
    return text.len > 0 ? text : VA_STR_NULL;
}

void wk_split_name(va_str_t name, va_str_t *first, va_str_t *last)
{
    name = wk_cut_text(wk_trim(name), 120);
    const char *space = name.len > 0 ? memchr(name.data, ' ', name.len) : NULL;
    size_t n = space != NULL ? (size_t)(space - name.data) : name.len;
    *first = absent_if_empty(va_str(name.data, n));
    *last = absent_if_empty(space != NULL ? wk_trim(va_str(space, name.len - n)) : VA_STR_NULL);
}

bool wk_is_line(va_str_t text)
{
    size_t i = 0;
    while (i < text.len && (unsigned char)text.data[i] >= ' ' && text.data[i] != '\x7f') {
        i++;
    }
    return i == text.len;
}

bool wk_is_email(va_str_t text)
{
    const char *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;
    bool ok = at != NULL && at > text.data && at < text.data + text.len - 1;
    for (size_t i = 0; ok && i < text.len; i++) {
        const char *c = text.data + i;
        ok = *c > ' ' && *c <= '~' && (*c != '@' || c == at);
    }
    return ok;
}
