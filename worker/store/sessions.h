/*
 * Refresh tokens, by their SHA-256 (hex). All that came from one login are a family; a
 * token is used once, and one that is used again ends its family.
 */
#ifndef WK_STORE_SESSIONS_H
#define WK_STORE_SESSIONS_H

#include "worker/db.h"

/* $1 hash; no tenant needed: organization_id of an active organization, or no row. */
extern const wk_sql_t wk_sql_session_organization;

/* $1 user, $2 hash, $3 life in seconds, $4 address, $5 user agent. Clears expired ones away. */
extern const wk_sql_t wk_sql_session_open;

/*
 * $1 hash: locks the sessions of its user until the transaction ends. The statement after it
 * sees what those before it in the queue have done.
 */
extern const wk_sql_t wk_sql_session_lock;

/*
 * $1 hash, $2 hash of the token that would follow: session_id family used ended (revoked or
 * expired) followed (by exactly that token, not used yet) user_active, and as a login gives
 * them user_id role email first_name last_name organization_id organization_name
 * organization_timezone.
 */
extern const wk_sql_t wk_sql_session_read;

/* $1 session, $2 hash of the token that follows, $3 life, $4 address, $5 user agent. */
extern const wk_sql_t wk_sql_session_rotate;

/* $1 family. */
extern const wk_sql_t wk_sql_session_revoke;

#endif
