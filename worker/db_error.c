#include "worker/db_error.h"

#include <stdio.h>
#include <string.h>

/* The first line that fits decides. */
static const struct {
    const char *prefix;
    wk_code_t code;
    bool fatal;
} classes[] = {
    {"23", WK_CONFLICT, false},       /* constraint violated */
    {"55P03", WK_UNAVAILABLE, false}, /* lock not available */
    {"55", WK_CONFLICT, false},       /* not in the state for it; our triggers */
    {"40", WK_UNAVAILABLE, false},    /* serialization failure, deadlock */
    {"57014", WK_TIMEOUT, false},     /* statement timeout, or cancelled */
    {"57P", WK_UNAVAILABLE, true},    /* shutting down, starting up */
    {"08", WK_UNAVAILABLE, true},     /* connection */
    {"53", WK_UNAVAILABLE, false},    /* disk, memory, connections */
    {"58", WK_UNAVAILABLE, false},    /* the system beneath */
    {"25006", WK_UNAVAILABLE, true},  /* a standby: look for the primary again */
    {"25P03", WK_UNAVAILABLE, true},  /* idle in transaction for too long */
    {"28", WK_UNAVAILABLE, true},     /* login refused */
    {"0A000", WK_UNAVAILABLE, true},  /* a prepared plan from before a migration */
    {"22", WK_INVALID, false},        /* the data */
    {"42501", WK_FORBIDDEN, false},   /* not granted, or against a policy */
    {"P0002", WK_NOT_FOUND, false},
};

static int class_of(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (strncmp(sqlstate, classes[i].prefix, strlen(classes[i].prefix)) == 0) {
            return (int)i;
        }
    }
    return -1;
}

wk_code_t wk_sqlstate_code(const char *sqlstate)
{
    int i = class_of(sqlstate);
    return i >= 0 ? classes[i].code : WK_INTERNAL;
}

bool wk_sqlstate_fatal(const char *sqlstate)
{
    int i = class_of(sqlstate);
    return i >= 0 && classes[i].fatal;
}

bool wk_db_error(wk_error_t *e, const PGresult *result, const char *what)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    if (state == NULL) {
        /* libpq's own: the connection broke. */
        return wk_error(e, WK_UNAVAILABLE, "Postgres: %s: %s", what,
                        PQresultErrorMessage(result));
    }
    wk_error(e, wk_sqlstate_code(state), "Postgres: %s: %s", what,
             message != NULL ? message : "");
    snprintf(e->sqlstate, sizeof(e->sqlstate), "%s", state);
    if (constraint != NULL) {
        snprintf(e->detail, sizeof(e->detail), "%s", constraint);
    }
    return false;
}
