/*
 * Whether libpq would read the text as it is meant. What it cannot read it takes for the name
 * of a database, or for that of a host, and quotes it with the password in its errors: such a
 * text is never to come so far.
 */
#ifndef WK_POSTGRES_URL_H
#define WK_POSTGRES_URL_H

#include <stdbool.h>

/* A URI or "name=value …"; in a URI the password is percent-encoded. */
bool wk_postgres_url_valid(const char *text);

#endif
