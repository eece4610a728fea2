#include "worker/store/team.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define MEMBER \
    "u.id, u.email, u.full_name AS name, u.first_name, u.last_name, u.role," \
    " u.is_active AS active, " WK_SQL_ISO("u.last_login_at") " AS last_login_at," \
    " " WK_SQL_ISO("u.created_at") " AS created_at"

/* A name's first word, and the others. */
#define FIRST(name) "split_part(" name ", ' ', 1)"
#define LAST(name)  "ltrim(substr(" name ", length(" FIRST(name) ") + 1))"

const wk_sql_t wk_sql_team = {
    "team",
    "SELECT row_to_json(m) AS item, " WK_SQL_KEY("u.created_at", "u.id")
    "  FROM users u, LATERAL (SELECT " MEMBER ") m"
    " WHERE u.organization_id = current_organization()"
    "   AND " WK_SQL_OLDER("u.created_at", "u.id", "$2", "$3")
    "   AND " WK_SQL_BETWEEN("u.created_at", "$6", "$7", "$8", "$9")
    "   AND ($4::text IS NULL OR u.is_active = ($4 = 'active'))"
    "   AND ($5::text IS NULL OR strpos(lower(u.full_name), lower($5)) > 0"
    "        OR strpos(u.email, lower($5)) > 0)"
    " ORDER BY u.created_at DESC, u.id DESC LIMIT $1::int",
    9};

const wk_sql_t wk_sql_team_member = {
    "team_member",
    "SELECT row_to_json(m) AS item"
    "  FROM users u, LATERAL (SELECT " MEMBER ") m"
    " WHERE u.organization_id = current_organization() AND u.id = $1::uuid",
    1};

/* Of the shop: who supports all shops is none of its. */
#define IS_ADMIN(user) user ".is_active AND " user ".role = 'admin'"

const wk_sql_t wk_sql_team_lock = {
    "team_lock",
    "SELECT u.role, " IS_ADMIN("u") " AND NOT EXISTS ("
    "           SELECT FROM users o WHERE o.organization_id = current_organization()"
    "              AND o.id <> u.id AND " IS_ADMIN("o") ") AS last_admin"
    "  FROM users u"
    " WHERE u.organization_id = current_organization() AND u.id = $1::uuid"
    "   FOR NO KEY UPDATE OF u",
    1};

const wk_sql_t wk_sql_team_add = {
    "team_add",
    "INSERT INTO users (organization_id, email, password_hash, password_changed_at, role,"
    "                   first_name, last_name)"
    " VALUES (current_organization(), lower($1), $2, now(), $3,"
    "         " FIRST("$4") ", " LAST("$4") ")"
    " RETURNING id",
    4};

const wk_sql_t wk_sql_team_change = {
    "team_change",
    "UPDATE users"
    "   SET first_name = coalesce(" FIRST("$2") ", first_name),"
    "       last_name = coalesce(" LAST("$2") ", last_name),"
    "       role = coalesce($3, role),"
    "       is_active = coalesce($4::bool, is_active)"
    " WHERE organization_id = current_organization() AND id = $1::uuid",
    4};

const wk_sql_t wk_sql_team_end_sessions = {
    "team_end_sessions",
    "UPDATE sessions s SET revoked_at = now() FROM users u"
    " WHERE s.organization_id = current_organization() AND s.user_id = $1::uuid"
    "   AND s.revoked_at IS NULL AND u.organization_id = s.organization_id"
    "   AND u.id = s.user_id AND NOT u.is_active",
    1};
