#include "worker/postgres_url.h"

#include <libpq-fe.h>
#include <string.h>

/* The first @ of a URI ends the password, and a / before it ends user and password for a port.
 */
static bool plausible(const PQconninfoOption *option)
{
    const char *text = option->val != NULL ? option->val : "";
    if (strcmp(option->keyword, "host") == 0) {
        return *text == '\0' || strchr(text + 1, '@') == NULL; /* @name: an abstract socket */
    }
    return strcmp(option->keyword, "port") != 0 || text[strspn(text, "0123456789,")] == '\0';
}

bool wk_postgres_url_valid(const char *text)
{
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    bool valid = options != NULL;
    for (const PQconninfoOption *o = options; valid && o->keyword != NULL; o++) {
        valid = plausible(o);
    }
    PQconninfoFree(options);
    return valid;
}
