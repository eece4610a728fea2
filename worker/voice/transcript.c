#include "worker/voice/transcript.h"

#include <stdlib.h>

/* What stands before each text. */
typedef struct {
    bool by_agent;
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

void wk_transcript_add(wk_transcript_t *t, bool by_agent, va_str_t text)
{
    head_t head = {.by_agent = by_agent,
                   .len = text.len < WK_TRANSCRIPT_MAX ? text.len : WK_TRANSCRIPT_MAX};
    while (t->n > 0 && t->lines.len + head.len > WK_TRANSCRIPT_MAX) {
        forget_oldest(t);
    }
    wk_bytes_add(&t->lines, &head, sizeof(head));
    wk_bytes_add(&t->lines, text.data, head.len);
    t->n++;
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
