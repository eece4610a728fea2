#include "worker/store/privacy.h"

const wk_sql_t wk_sql_privacy_due = {"privacy_due",
                                     "SELECT due_retention($1::int) AS organization", 1};

const wk_sql_t wk_sql_privacy_swept = {"privacy_swept",
                                       "UPDATE privacy_settings SET swept_at = now()", 0};

/* In whatever order: all of it goes in the end. */
#define SWEEP(table, condition)                                                                \
    "WITH gone AS (DELETE FROM " table " WHERE ctid IN ("                                      \
    "    SELECT ctid FROM " table " WHERE " condition " LIMIT $1::int)"                        \
    "    RETURNING 1)"                                                                         \
    " SELECT count(*) AS done FROM gone"

const wk_sql_t wk_sql_sweep_widget_keys = {"sweep_widget_keys",
                                           SWEEP("widget_keys", "expires_at <= now()"), 1};

const wk_sql_t wk_sql_sweep_proofs = {
    "sweep_proofs", SWEEP("proofs", "created_at <= now() - interval '1 day'"), 1};

const wk_sql_t wk_sql_sweep_chat_effects = {
    "sweep_chat_effects", SWEEP("chat_effects", "created_at <= now() - interval '1 day'"), 1};
