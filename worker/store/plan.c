#include "worker/store/plan.h"

#include "worker/store/sql.h"

const wk_sql_t wk_sql_plan = {
    "plan",
    "SELECT " WK_SQL_PLAN("o") " AS plan FROM organizations o WHERE o.id = current_organization()",
    0};

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define MONTH "date_trunc('month', now() AT TIME ZONE timezone::text)"

const wk_sql_t wk_sql_plan_used = {
    "plan_used",
    "WITH month AS ("
    "    SELECT " WK_SQL_PLAN("o") " AS plan, trial_ends_at,"
    "           instant_of(" MONTH ", timezone) AS begins,"
    "           instant_of(" MONTH " + interval '1 month', timezone) AS ends"
    "      FROM organizations o WHERE o.id = current_organization())"
    " SELECT m.plan, " WK_SQL_ISO("m.trial_ends_at") " AS trial_ends_at,"
    "        json_build_object('from', " WK_SQL_ISO("m.begins") ","
    "                          'to', " WK_SQL_ISO("m.ends") ") AS period,"
    "        (SELECT json_build_object('calls', count(*),"
    "                                  'call_seconds', coalesce(sum(c.duration_seconds), 0))"
    "           FROM calls c"
    "          WHERE c.organization_id = current_organization()"
    "            AND c.started_at >= m.begins AND c.started_at < m.ends) AS used,"
    "        (SELECT json_build_object('balance', a.balance, 'granted', a.granted, 'used', ("
    "                    SELECT coalesce(-sum(e.amount), 0) FROM credit_entries e"
    "                     WHERE e.organization_id = current_organization()"
    "                       AND e.kind = 'usage' AND e.created_at >= m.begins"
    "                       AND e.created_at < m.ends))"
    "           FROM credit_accounts a"
    "          WHERE a.organization_id = current_organization()) AS credits"
    "   FROM month m",
    0};
