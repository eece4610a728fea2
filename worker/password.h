/*
 * Passwords, hashed by libxcrypt: yescrypt for new ones; bcrypt, which other systems
 * leave behind, is verified too. A hash carries its method, cost and salt (crypt(5)).
 */
#ifndef WK_PASSWORD_H
#define WK_PASSWORD_H

#include "worker/arena.h"
#include "worker/error.h"

/* Below libxcrypt's own limit; bcrypt does not look beyond 72. */
#define WK_PASSWORD_MAX 500

/* Of a new one (NIST SP 800-63B). */
#define WK_PASSWORD_MIN 8

/* yescrypt's cost parameter: 7 takes 64 MiB and about a tenth of a second. */
#define WK_PASSWORD_COST_MAX 11

/* WK_INVALID: too long, or a NUL within; WK_UNAVAILABLE: no memory for it now. */
bool wk_password_hash(wk_arena_t *a, va_str_t password, int cost, va_str_t *hash,
                      wk_error_t *e);

/*
 * *matches says whether it is the password of the hash. One hash is computed whatever the
 * hash is: for one that is absent, or of a method that is not let in, one of the given
 * cost that nothing matches, so that the work does not tell who has an account.
 */
bool wk_password_verify(wk_arena_t *a, va_str_t password, va_str_t hash, int cost,
                        bool *matches, wk_error_t *e);

/* True when wk_password_hash() would make a stronger one. */
bool wk_password_outdated(va_str_t hash, int cost);

#endif
