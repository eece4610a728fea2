/* Webhooks as such: those seen already, those that are nobody's, and whose number is whose. */
#ifndef WK_STORE_WEBHOOKS_H
#define WK_STORE_WEBHOOKS_H

#include "worker/db.h"

/*
 * For webhooks without a natural row of their own. $1 provider, $2 type, $3 key; nothing is
 * affected when it was noted before.
 */
extern const wk_sql_t wk_sql_webhook_note;

/* No tenant needed. $1 kind and $2 key it was routed by, $3 type, $4 SHA-256 of the body, hex. */
extern const wk_sql_t wk_sql_webhook_unrouted;

/* No tenant needed. $1 kind and $2 key of the directory: organization, or null. */
extern const wk_sql_t wk_sql_organization_by;

#endif
