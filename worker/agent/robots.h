/*
 * robots.txt (RFC 9309): what a site lets our reader of web sites fetch. Nothing is kept: the
 * text is gone through for each question. Lines that say nothing known are passed over.
 */
#ifndef WK_AGENT_ROBOTS_H
#define WK_AGENT_ROBOTS_H

#include "core/base.h"

#define WK_ROBOTS_BYTES (500 << 10) /* of the text; what is behind need not be read (2.5) */
#define WK_ROBOTS_PATH  2000        /* bytes of a path; a longer one is not allowed */

/*
 * path: with its query, beginning with '/', encoded. The groups for agent decide, else those
 * for
 * '*', else all is allowed; of the rules that match the longest does, and one that allows
 * before one as long that does not.
 */
bool wk_robots_allows(va_str_t text, va_str_t agent, va_str_t path);

/* Crawl-delay of the same groups, which is no part of the RFC: milliseconds, max_ms at most. */
int wk_robots_delay_ms(va_str_t text, va_str_t agent, int max_ms);

#endif
