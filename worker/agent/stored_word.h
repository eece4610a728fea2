/*
 * The words of the stored lists ("tune_up", "no_show"), as people and other systems write them:
 * in any case, with blanks or hyphens for underscores, or by another word for the same.
 */
#ifndef WK_AGENT_STORED_WORD_H
#define WK_AGENT_STORED_WORD_H

#include "core/base.h"

/* The word of the list (NULL at its end) that is meant; absent: none of them. */
va_str_t wk_stored_word(const char *const *words, va_str_t said);

#endif
