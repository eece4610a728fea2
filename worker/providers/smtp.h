/*
 * E-mail over SMTP (RFC 5321), one connection a message. The server is SMTP_URL; away from
 * loopback nothing is said without TLS.
 *
 * SMTP knows no idempotency. A message is the server's when it has answered the end of DATA
 * with 250: whatever fails before DATA was surely not sent, and an answer that is lost after it
 * leaves open whether it was.
 */
#ifndef WK_PROVIDERS_SMTP_H
#define WK_PROVIDERS_SMTP_H

#include "worker/context.h"

#define WK_SMTP_TIMEOUT_MS 60000 /* the longest a message takes */

/* Addresses are as wk_mail_is_address() says; texts are UTF-8. */
typedef struct {
    va_str_t from, to;
    va_str_t from_name, reply_to; /* either may be absent */
    va_str_t message_id;          /* without its brackets: local@domain */
    va_str_t subject, text;

    /*
     * Called when the server is ready for the message, before it has its first byte: from here
     * on it may be sent. False: it is not to be sent, and wk_smtp_send() fails with that error.
     */
    bool (*before_data)(void *arg, wk_error_t *e);
    void *arg;
} wk_mail_t;

/*
 * On failure e->detail is the server's code, when it gave one, and e->code says what is
 * certain:
 *
 *   WK_UNAVAILABLE  not sent, and may be tried again (not reached, no TLS, 4xx)
 *   WK_UNKNOWN      it may have been sent
 *   WK_REFUSED      refused for good (5xx)
 *   WK_FORBIDDEN    our login is refused
 *   WK_INVALID      an address is none
 *   WK_INTERNAL     our settings are incomplete or wrong
 */
bool wk_smtp_send(wk_ctx_t *ctx, const wk_mail_t *mail, wk_error_t *e);

#endif
