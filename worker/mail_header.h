/*
 * What goes into the header of an e-mail (RFC 5322, RFC 2047). Whatever the texts are, they
 * stay within the field they are given to.
 */
#ifndef WK_MAIL_HEADER_H
#define WK_MAIL_HEADER_H

#include "core/buf.h"

#define WK_MAIL_ADDRESS_MAX 254 /* RFC 5321 4.5.3.1.3, without the angle brackets */

/*
 * local@domain of ASCII: a dot-atom (RFC 5322 3.2.3) and a domain name with a dot. Quoted local
 * parts, address literals and internationalized addresses (RFC 6531) are none.
 */
bool wk_mail_is_address(va_str_t text);

/*
 * Adds a text or display name: as it is when it is short and of harmless characters, else in
 * encoded-words of UTF-8, folded. Control characters become spaces, bytes that are no UTF-8
 * U+FFFD.
 */
void wk_mail_add_text(va_buf_t *to, va_str_t text);

/* Adds "name <address>", or the address alone; address: as wk_mail_is_address() says. */
void wk_mail_add_mailbox(va_buf_t *to, va_str_t name, va_str_t address);

#endif
