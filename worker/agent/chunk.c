#include "worker/agent/chunk.h"

#include "worker/agent/words.h"
#include "worker/extraction.h"

#define LEAST (WK_CHUNK_CHARACTERS / 2) /* a cut before it would make pieces too small */

typedef struct {
    wk_arena_t *a;
    wk_chunks_t chunks;
    size_t places;
    va_str_t heading;
} cutter_t;

static void add(cutter_t *c, va_str_t text)
{
    if (c->chunks.count == c->places) {
        size_t places = c->places > 0 ? 2 * c->places : 16;
        wk_chunk_t *more = wk_alloc(c->a, places * sizeof(*more));
        if (c->chunks.count > 0) {
            memcpy(more, c->chunks.at, c->chunks.count * sizeof(*more));
        }
        c->chunks.at = more;
        c->places = places;
    }
    c->chunks.at[c->chunks.count++] = (wk_chunk_t){.heading = c->heading, .text = text};
}

/* ---------------------------------------------------------------- where to cut */

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The offset n characters behind from, or the end. */
static size_t forward(va_str_t text, size_t from, size_t n)
{
    for (; n > 0 && from < text.len; n--) {
        from++;
        while (from < text.len && is_continuation(text.data[from])) {
            from++;
        }
    }
    return from;
}

static size_t backward(va_str_t text, size_t from, size_t n)
{
    for (; n > 0 && from > 0; n--) {
        from--;
        while (from > 0 && is_continuation(text.data[from])) {
            from--;
        }
    }
    return from;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\n';
}

typedef enum { WORD, SENTENCE, LINE, PARAGRAPH } limit_t;

/* What ends at i, whose character is a gap. */
static limit_t limit_at(va_str_t text, size_t i)
{
    if (text.data[i] == '\n') {
        return i + 1 < text.len && text.data[i + 1] == '\n' ? PARAGRAPH : LINE;
    }
    return i > 0 && strchr(".!?", text.data[i - 1]) != NULL ? SENTENCE : WORD;
}

/* The last place of the highest kind in [least, most); most when it is one long word. */
static size_t cut_in(va_str_t text, size_t least, size_t most)
{
    size_t found = most;
    int best = -1;
    for (size_t i = least; i < most; i++) {
        if (is_gap(text.data[i]) && (int)limit_at(text, i) >= best) {
            best = (int)limit_at(text, i);
            found = i;
        }
    }
    return found;
}

/* Where the next piece begins: at the first sentence of the overlap, else at its first word. */
static size_t begin_before(va_str_t text, size_t cut)
{
    size_t word = cut;
    for (size_t i = backward(text, cut, WK_CHUNK_OVERLAP); i + 1 < cut; i++) {
        if (!is_gap(text.data[i])) {
            continue;
        }
        if (limit_at(text, i) != WORD) {
            return i + 1;
        }
        word = word == cut ? i + 1 : word;
    }
    return word;
}

/* ---------------------------------------------------------------- sections */

static void cut_section(cutter_t *c, va_str_t section)
{
    va_str_t text = wk_trim(section);
    size_t begin = 0;
    while (forward(text, begin, WK_CHUNK_CHARACTERS) < text.len) {
        size_t cut = cut_in(text, forward(text, begin, LEAST),
                            forward(text, begin, WK_CHUNK_CHARACTERS));
        add(c, wk_trim(va_str(text.data + begin, cut - begin)));
        begin = begin_before(text, cut);
    }
    if (begin < text.len) {
        add(c, wk_trim(va_str(text.data + begin, text.len - begin)));
    }
}

/* The length of the text before the next heading. */
static size_t section_length(va_str_t text)
{
    const char *mark = text.len > 0 ? memchr(text.data, WK_HEADING, text.len) : NULL;
    return mark != NULL ? (size_t)(mark - text.data) : text.len;
}

static va_str_t take_heading(va_str_t *text)
{
    const char *end = memchr(text->data, '\n', text->len);
    size_t len = end != NULL ? (size_t)(end - text->data) : text->len;
    va_str_t heading = wk_trim(va_str(text->data + 1, len - 1));
    *text = va_str(text->data + len, text->len - len);
    return wk_cut_text(heading, 200);
}

wk_chunks_t wk_chunks(wk_arena_t *a, va_str_t text)
{
    cutter_t c = {.a = a};
    while (text.len > 0) {
        size_t len = section_length(text);
        cut_section(&c, va_str(text.data, len));
        text = va_str(text.data + len, text.len - len);
        if (text.len > 0) {
            c.heading = take_heading(&text);
        }
    }
    return c.chunks;
}
