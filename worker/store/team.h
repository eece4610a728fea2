/* The people of a shop as its admins see and change them. */
#ifndef WK_STORE_TEAM_H
#define WK_STORE_TEAM_H

#include "worker/db.h"

/* The parameters of a list (handlers/list.h), status being "active" or "inactive". */
extern const wk_sql_t wk_sql_team;

extern const wk_sql_t wk_sql_team_member; /* $1 user: item */

/*
 * $1 user: locks the row. role, last_admin (no other active one is there). The statements after
 * it see what those before it in the queue have done.
 */
extern const wk_sql_t wk_sql_team_lock;

/*
 * $1 e-mail, $2 password hash, $3 role, $4 name. Gives id. An address that is somebody's: the
 * constraint users_email or, of another shop, routing_keys_email.
 */
extern const wk_sql_t wk_sql_team_add;

/* $1 user, $2 name, $3 role, $4 active; null: as it was. */
extern const wk_sql_t wk_sql_team_change;

/* $1 user: ends the sessions of one who is not active. */
extern const wk_sql_t wk_sql_team_end_sessions;

#endif
