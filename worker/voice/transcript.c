#include "worker/voice/transcript.h"

#include <stdlib.h>

#include "worker/agent/words.h"

/* What stands before each text. */
typedef struct {
    bool by_agent, earlier;
    size_t len;
} head_t;

static head_t head_at(const char *line)
{
    head_t head;
    memcpy(&head, line, sizeof(head));
    return head;
}

void wk_transcript_free(wk_transcript_t *t)
{
    wk_bytes_free(&t->lines);
    t->n = 0;
}

static void forget_oldest(wk_transcript_t *t)
{
    head_t head = head_at(wk_bytes_str(&t->lines).data);
    wk_bytes_take(&t->lines, sizeof(head) + head.len);
    t->n--;
}

static void add_line(wk_bytes_t *lines, head_t head, const char *text)
{
    wk_bytes_add(lines, &head, sizeof(head));
    wk_bytes_add(lines, text, head.len);
}

static void add(wk_transcript_t *t, bool by_agent, bool earlier, va_str_t text)
{
    size_t len = wk_cut_text(text, WK_TRANSCRIPT_MAX).len;
    while (t->n > 0 && t->lines.len + len > WK_TRANSCRIPT_MAX) {
        forget_oldest(t);
    }
    add_line(&t->lines, (head_t){by_agent, earlier, len}, text.data);
    t->n++;
}

void wk_transcript_add(wk_transcript_t *t, bool by_agent, va_str_t text)
{
    add(t, by_agent, false, text);
}

void wk_transcript_add_earlier(wk_transcript_t *t, bool by_agent, va_str_t text)
{
    add(t, by_agent, true, text);
}

/* Where the newest line of the agent with these words begins; false: there is none. */
static bool find_said(const wk_transcript_t *t, va_str_t text, size_t *place)
{
    bool found = false;
    va_str_t lines = wk_bytes_str(&t->lines);
    for (size_t i = 0; i < lines.len;) {
        head_t head = head_at(lines.data + i);
        if (head.by_agent && !head.earlier &&
            va_str_eq(va_str(lines.data + i + sizeof(head), head.len), text)) {
            *place = i;
            found = true;
        }
        i += sizeof(head) + head.len;
    }
    return found;
}

void wk_transcript_cut(wk_transcript_t *t, va_str_t said, va_str_t heard)
{
    size_t place;
    wk_bytes_t lines = {.len = 0};
    va_str_t old = wk_bytes_str(&t->lines);
    if (!find_said(t, said, &place)) {
        return;
    }
    size_t behind = place + sizeof(head_t) + said.len;
    wk_bytes_add(&lines, old.data, place);
    if (heard.len > 0) {
        add_line(&lines, (head_t){.by_agent = true, .len = heard.len}, heard.data);
    }
    wk_bytes_add(&lines, old.data + behind, old.len - behind);
    wk_bytes_free(&t->lines);
    t->lines = lines;
    t->n -= heard.len == 0;
}

size_t wk_transcript_heard(const wk_transcript_t *t, va_str_t *texts, size_t max)
{
    size_t n = 0;
    va_str_t lines = wk_bytes_str(&t->lines);
    for (size_t i = 0; i < lines.len;) {
        head_t head = head_at(lines.data + i);
        if (!head.by_agent && !head.earlier) {
            n += n < max;
            memmove(texts + 1, texts, (n - 1) * sizeof(*texts));
            texts[0] = va_str(lines.data + i + sizeof(head), head.len);
        }
        i += sizeof(head) + head.len;
    }
    return n;
}

va_str_t wk_transcript_asked(const wk_transcript_t *t)
{
    va_str_t asked = VA_STR_NULL;
    va_str_t lines = wk_bytes_str(&t->lines);
    for (size_t i = 0; i < lines.len;) {
        head_t head = head_at(lines.data + i);
        va_str_t text = va_str(lines.data + i + sizeof(head), head.len);
        asked = head.by_agent && !head.earlier ? text : VA_STR_NULL;
        i += sizeof(head) + head.len;
    }
    return asked;
}

wk_said_t *wk_transcript_copy(const wk_transcript_t *t, size_t *n)
{
    va_str_t lines = wk_bytes_str(&t->lines);
    wk_said_t *said = malloc(t->n * sizeof(*said) + lines.len + 1);
    if (said == NULL) {
        abort();
    }
    char *at = (char *)(said + t->n);
    memcpy(at, lines.data, lines.len);
    for (size_t i = 0; i < t->n; i++) {
        head_t head = head_at(at);
        said[i] = (wk_said_t){head.by_agent, va_str(at + sizeof(head), head.len)};
        at += sizeof(head) + head.len;
    }
    *n = t->n;
    return said;
}
