/* Connections to outside services; their secrets are encrypted (secretbox.h). */
#ifndef WK_STORE_INTEGRATIONS_H
#define WK_STORE_INTEGRATIONS_H

#include "worker/db.h"

/* $1 service: status access_token refresh_token expires_in (seconds) generation. */
extern const wk_sql_t wk_sql_integration;

/*
 * $1 service, $2 access token, $3 refresh token, $4 its scopes, space separated, $5 seconds the
 * access token is good for, $6 key id, $7 user or null. It is connected from now on.
 */
extern const wk_sql_t wk_sql_integration_connect;

/*
 * $1 service, $2 generation it was read with, $3 access token, $4 refresh token, $5 seconds,
 * $6 key id. Affects no row when it was connected anew meanwhile.
 */
extern const wk_sql_t wk_sql_integration_refreshed;

/* $1 service, $2 generation: its access token is not to be used any more. */
extern const wk_sql_t wk_sql_integration_distrust;

/* $1 service, $2 generation, $3 why. Affects no row when it is not connected. */
extern const wk_sql_t wk_sql_integration_broken;

/* $1 service; affects no row when there is nothing to disconnect. */
extern const wk_sql_t wk_sql_integration_disconnect;

/* $1 service: forgets it, when it is still disconnected. */
extern const wk_sql_t wk_sql_integration_forget;

/* All of them: service status error connected_at. */
extern const wk_sql_t wk_sql_integrations;

/* $1 key id: up to 100 rows encrypted otherwise: service access_token refresh_token secret
 * generation. */
extern const wk_sql_t wk_sql_integrations_to_rotate;

/* $1 service, $2 generation, $3 access token, $4 refresh token, $5 secret, $6 key id. */
extern const wk_sql_t wk_sql_integration_rotated;

/* $1 key id, $2 most: organization, of those with integrations encrypted otherwise. */
extern const wk_sql_t wk_sql_keys_due;

#endif
