/*
 * voiceagent-extract KIND <document >text
 *
 * The text of a document that somebody uploaded: "text", "markdown", "html", "pdf", "csv" or
 * "xlsx"; or "page", which is HTML of a web site. A program of its own, run once a document
 * (worker/extraction.h), since a document may be made to break the library that reads it, or to
 * keep it busy for ever: then that document is lost and nothing else. Before it looks at the
 * document it gives up what it could do harm with (limits.c); there is no way back, as it ends
 * with the document.
 *
 * The text is UTF-8 without control characters but line feeds, and EX_HEADING, with which the
 * line of a heading begins. Before the text of a page stand lines that begin with
 * EX_TITLE, EX_BASE and EX_LINK: what its addresses are relative to, and those it links to.
 * Exit status 0; or 2, and instead of the text a sentence for the shop that says what is wrong
 * with the document.
 */
#ifndef EX_EXTRACT_H
#define EX_EXTRACT_H

#include "core/base.h"

#define EX_HEADING      '\x1e'
#define EX_TITLE        '\x1c'
#define EX_BASE         '\x1d'
#define EX_LINK         '\x1f'
#define EX_MAX_DOCUMENT (8 << 20) /* bytes */
#define EX_MAX_TEXT     (2 << 20)
#define EX_MAX_UNPACKED (64 << 20) /* of what was packed in the document */
#define EX_MEMORY       (512 << 20)
#define EX_CPU_S        10
#define EX_REFUSED      2 /* exit status */

/* No files, no network, no processes, little memory and time: false when the system refuses. */
bool ex_limit(void);

/* Ends the program; the sentence is what the shop is told. */
void ex_fail(const char *sentence) __attribute__((noreturn));

/* ---- what a document's text is written with */

/* Words of the line at hand; blanks and control characters between them become one blank. */
void ex_put(va_str_t words);

/* Ends the line at hand, if it has begun. */
void ex_line(void);

/* The same, and an empty line behind it. */
void ex_paragraph(void);

/* What is put next is a heading, up to the end of its line. */
void ex_heading(void);

/* A line of its own that begins with the mark. */
void ex_marked(char mark, va_str_t words);

/* Writes all of it; fails when it is nothing. */
void ex_finish(void);

/*
 * The document's bytes as UTF-8: it is that already, UTF-16 with a mark, or else Windows-1252,
 * which old programs write. Fails for what is no text.
 */
va_str_t ex_utf8(va_str_t bytes);

/* Loads what ex_utf8() and HTML need, while files can still be opened. */
void ex_charsets_load(void);

/* ---- tables: each row becomes a line that names its columns ("Brand: Trek; Price: 900") */

void ex_table_begin(void);
void ex_table_cell(size_t column, va_str_t value);
void ex_table_row(void);

/* ---- one a kind of document */

typedef void ex_reader_fn(va_str_t document);
ex_reader_fn ex_read_text, ex_read_markdown, ex_read_html, ex_read_pdf, ex_read_csv,
    ex_read_xlsx, ex_read_page;

#endif
