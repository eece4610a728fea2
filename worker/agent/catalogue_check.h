/*
 * Whether the message catalogues say what this program counts on. Whoever starts with them
 * needs no more than that they can be read (catalogue.h): a text that is missing is English's,
 * or, where English has none, silence; what is in braces and not filled in is said as it
 * stands.
 */
#ifndef WK_AGENT_CATALOGUE_CHECK_H
#define WK_AGENT_CATALOGUE_CHECK_H

#include "worker/agent/catalogue.h"

/*
 * Reports each text that a language lacks (fatal: English does), that nothing says, and that
 * has braces which none of the shipped catalogues has there (fatal). False: something fatal.
 */
bool wk_catalogue_check(const wk_catalogue_t *c, wk_report_fn report, void *ctx);

#endif
