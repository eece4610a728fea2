/*
 * Encrypted columns: AES-256-GCM under the first of ENCRYPTION_KEY's keys, opened with
 * whichever of them it was sealed with. What was sealed for one column of one row of one shop
 * opens nowhere else.
 *
 * A value is a bytea as Postgres takes and gives it, \x and hexadecimal:
 *
 *   length of the key's id (1 byte), key id, nonce (12), tag (16), ciphertext
 *
 * with table, column, organization and row as associated data.
 */
#ifndef WK_SECRETBOX_H
#define WK_SECRETBOX_H

#include "worker/arena.h"
#include "worker/config.h"

/* Where a value stands. row: what tells the row from others of the organization. */
typedef struct {
    const char *table, *column;
    va_str_t organization, row;
} wk_secret_place_t;

/* The id of the key that encrypts; absent when none is configured. */
va_str_t wk_secret_key_id(const wk_config_t *config);

/* An absent plain text stays absent. False: WK_INTERNAL, no key is configured. */
bool wk_secret_seal(const wk_config_t *config, wk_arena_t *a, const wk_secret_place_t *place,
                    va_str_t plain, va_str_t *sealed, wk_error_t *e);

/*
 * False: WK_INTERNAL, its key is not configured any more, or it was changed or moved. An
 * absent value stays absent.
 */
bool wk_secret_open(const wk_config_t *config, wk_arena_t *a, const wk_secret_place_t *place,
                    va_str_t sealed, va_str_t *plain, wk_error_t *e);

#endif
