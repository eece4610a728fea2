#include "worker/voice/chat_earlier.h"

#include "worker/agent/words.h"

#define HEAD "Earlier in this call:\n"
#define GAP  "(some of it is forgotten)\n"

void wk_earlier_free(wk_earlier_t *earlier)
{
    wk_bytes_free(&earlier->first);
    wk_bytes_free(&earlier->last);
}

static void forget_line(wk_earlier_t *earlier)
{
    va_str_t lines = wk_bytes_str(&earlier->last);
    const char *end = memchr(lines.data, '\n', lines.len);
    wk_bytes_take(&earlier->last, end != NULL ? (size_t)(end + 1 - lines.data) : lines.len);
    earlier->gap = true;
}

void wk_earlier_add(wk_earlier_t *earlier, va_str_t who, va_str_t text)
{
    va_str_t words = wk_cut_text(text, WK_EARLIER_LINE);
    size_t len = who.len + 2 + words.len + 1;
    bool begins =
        earlier->last.len == 0 && !earlier->gap && earlier->first.len + len <= WK_EARLIER_FIRST;
    wk_bytes_t *lines = begins ? &earlier->first : &earlier->last;
    wk_bytes_add(lines, who.data, who.len);
    wk_bytes_add(lines, ": ", 2);
    wk_bytes_add(lines, words.data, words.len);
    wk_bytes_add(lines, "\n", 1);
    while (earlier->last.len > WK_EARLIER_LAST) {
        forget_line(earlier);
    }
}

va_str_t wk_earlier_text(wk_arena_t *a, const wk_earlier_t *earlier)
{
    va_buf_t text;
    if (earlier->first.len + earlier->last.len == 0) {
        return VA_STR("");
    }
    va_buf_init(&text, wk_mem(a), earlier->first.len + earlier->last.len + sizeof(HEAD GAP));
    va_buf_add_c(&text, HEAD);
    va_buf_add_str(&text, wk_bytes_str(&earlier->first));
    va_buf_add_c(&text, earlier->gap ? GAP : "");
    va_buf_add_str(&text, wk_bytes_str(&earlier->last));
    return va_buf_str(&text);
}
