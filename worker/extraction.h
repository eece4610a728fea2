/*
 * The text of an uploaded document, by the program voiceagent-extract (worker/extract/), which
 * is run once a document in a process with next to no rights.
 */
#ifndef WK_EXTRACTION_H
#define WK_EXTRACTION_H

#include "worker/context.h"

/* A line of the text that begins with it is a heading. */
#define WK_HEADING '\x1e'

/* And one of a web page: its title, what its addresses are relative to, what it links to. */
#define WK_PAGE_TITLE '\x1c'
#define WK_PAGE_BASE  '\x1d'
#define WK_PAGE_LINK  '\x1f'

/*
 * kind: "text", "markdown", "html", "pdf", "csv", "xlsx" or "page". The text is valid UTF-8.
 * Failures: WK_REFUSED, with a sentence for the shop, when it is the document's fault, a crash
 * or too much time included; WK_UNAVAILABLE when the program could not be run.
 */
bool wk_extract(wk_ctx_t *ctx, const char *kind, va_str_t document, va_str_t *text,
                wk_error_t *e);

#endif
