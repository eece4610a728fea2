/* Where a text that comes in pieces may be cut, so that its beginning is spoken meanwhile. */
#ifndef WK_VOICE_SENTENCES_H
#define WK_VOICE_SENTENCES_H

#include "core/base.h"

/*
 * How many bytes of the text are its first sentence, the space behind it included. 0: none is
 * whole yet. ended: nothing more will come, what there is can be said.
 */
size_t wk_sentence(va_str_t text, bool ended);

#endif
