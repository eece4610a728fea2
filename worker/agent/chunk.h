/*
 * A document's text in pieces that can be searched and told: at most a thousand characters,
 * each beginning within the two hundred before the end of the last, so that what stands across
 * a cut stands whole in one of them. A heading begins a new piece, which carries it.
 */
#ifndef WK_AGENT_CHUNK_H
#define WK_AGENT_CHUNK_H

#include "worker/arena.h"

#define WK_CHUNK_CHARACTERS 1000
#define WK_CHUNK_OVERLAP    200

typedef struct {
    va_str_t heading; /* absent: none */
    va_str_t text;    /* of the document's bytes, without blanks around it; never empty */
} wk_chunk_t;

typedef struct {
    wk_chunk_t *at;
    size_t count;
} wk_chunks_t;

/*
 * text: valid UTF-8; a line that begins with WK_HEADING (extraction.h) is a heading. Cuts are
 * at the end of a paragraph, else of a sentence, else of a word, and never within a character.
 */
wk_chunks_t wk_chunks(wk_arena_t *a, va_str_t text);

#endif
