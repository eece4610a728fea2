#include "worker/db_error.h"

#include <stdio.h>
#include <string.h>

/* What is to be done about the connection. */
typedef enum {
    KEEP,
    LEAVE, /* it is no good any more */
} connection_t;

/* The first line that fits decides. away: it cannot be the statement's doing. */
static const struct {
    const char *prefix;
    wk_code_t code;
    connection_t then;
    bool away;
} classes[] = {
    {"23", WK_CONFLICT, KEEP, false},        /* constraint violated */
    {"55P03", WK_UNAVAILABLE, KEEP, false},  /* lock not available */
    {"55", WK_CONFLICT, KEEP, false},        /* not in the state for it; our triggers */
    {"40", WK_UNAVAILABLE, KEEP, false},     /* serialization failure, deadlock */
    {"57014", WK_TIMEOUT, KEEP, false},      /* statement timeout, or cancelled */
    {"57P03", WK_UNAVAILABLE, LEAVE, true},  /* starting up */
    {"57P", WK_UNAVAILABLE, LEAVE, false},   /* ended: perhaps by what the statement did */
    {"08", WK_UNAVAILABLE, LEAVE, false},    /* connection */
    {"53100", WK_UNAVAILABLE, KEEP, true},   /* disk full */
    {"53300", WK_UNAVAILABLE, KEEP, true},   /* too many connections */
    {"53", WK_UNAVAILABLE, KEEP, false},     /* memory, temporary files, locks */
    {"58", WK_UNAVAILABLE, KEEP, false},     /* the system beneath */
    {"25006", WK_UNAVAILABLE, LEAVE, true},  /* a standby: look for the primary again */
    {"25P03", WK_UNAVAILABLE, LEAVE, false}, /* idle in transaction for too long */
    {"28", WK_UNAVAILABLE, LEAVE, true},     /* login refused */
    {"0A000", WK_UNAVAILABLE, LEAVE, false}, /* a prepared plan from before a migration */
    {"26000", WK_UNAVAILABLE, LEAVE, true},  /* another's connection: a pooler is between */
    {"42P05", WK_UNAVAILABLE, LEAVE, true},  {"22", WK_INVALID, KEEP, false}, /* the data */
    {"42501", WK_FORBIDDEN, KEEP, false}, /* not granted, or against a policy */
    {"P0002", WK_NOT_FOUND, KEEP, false},
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
    return i >= 0 && classes[i].then == LEAVE;
}

bool wk_sqlstate_pooled(const char *sqlstate)
{
    return strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0;
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
    int i = class_of(state);
    if (strncmp(state, "22", 2) == 0) {
        message = state; /* the text may quote what was sent, which no log is to hold */
    }
    wk_error(e, wk_sqlstate_code(state), "Postgres: %s: %s", what,
             message != NULL ? message : "");
    e->store_away = i >= 0 && classes[i].away;
    snprintf(e->sqlstate, sizeof(e->sqlstate), "%s", state);
    if (constraint != NULL) {
        snprintf(e->detail, sizeof(e->detail), "%s", constraint);
    }
    return false;
}
