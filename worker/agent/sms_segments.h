/* How many parts a text is sent, and paid for, in. */
#ifndef WK_AGENT_SMS_SEGMENTS_H
#define WK_AGENT_SMS_SEGMENTS_H

#include "core/base.h"

/*
 * 160 characters of the GSM alphabet (3GPP TS 23.038) are one segment, and 153 each of more;
 * some take two places. One letter outside it (á, í, ê, an emoji) makes the whole text UCS-2:
 * 70 or 67 UTF-16 units. Characters are not divided between two segments.
 */
int wk_sms_segments(va_str_t text);

#endif
