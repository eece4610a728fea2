/* The people of a shop: who they are for a request, and their logins. */
#ifndef WK_STORE_USERS_H
#define WK_STORE_USERS_H

#include "worker/db.h"

/*
 * $1 the subject of a token: users.id, or auth_user_id. One row: organization_active, and
 * of the user, null when the shop has no such row: user_id role user_active; of_another: it is
 * another shop's person. No row: no such organization.
 */
extern const wk_sql_t wk_sql_caller;

/*
 * Counts an attempt before the password is looked at, so that no number of parallel
 * attempts has more tries than one after another. $1 e-mail, $2 after how many in a row the
 * user is locked, $3 for how many seconds at first (doubled by each further one), $4 at most.
 * No row: no such active user, or locked. user_id password_hash role email first_name
 * last_name organization_id organization_name organization_timezone locked (by this attempt).
 */
extern const wk_sql_t wk_sql_login_attempt;

/*
 * $1 the subject of an identity provider's token. No row: no such active user. As
 * wk_sql_login_attempt, without password_hash and locked.
 */
extern const wk_sql_t wk_sql_login_subject;

/*
 * The user has signed in. $1 user, $2 the hash the password was checked with, $3 a better
 * one or null; both null when there was no password.
 */
extern const wk_sql_t wk_sql_login_done;

#endif
