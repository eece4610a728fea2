#include "worker/store/users.h"

const wk_sql_t wk_sql_caller = {
    "caller",
    "SELECT o.is_active AS organization_active, u.id AS user_id, u.role,"
    "       u.is_active AS user_active,"
    "       CASE WHEN u.id IS NULL THEN is_person($1) ELSE false END AS of_another"
    "  FROM organizations o"
    "  LEFT JOIN users u ON u.organization_id = o.id"
    "   AND (u.id = uuid_or_null($1) OR u.auth_user_id = uuid_or_null($1))"
    " WHERE o.id = current_organization()"
    " ORDER BY u.id = uuid_or_null($1) DESC LIMIT 1",
    1};

const wk_sql_t wk_sql_login_attempt = {
    "login_attempt",
    "UPDATE users u"
    "   SET failed_logins = failed_logins + 1,"
    "       locked_until = CASE WHEN failed_logins + 1 >= $2::int"
    "           THEN now() + interval '1 second'"
    "                * least($3::int * 2 ^ least(failed_logins + 1 - $2::int, 20), $4::int) END"
    "  FROM organizations o"
    " WHERE o.id = current_organization() AND o.is_active AND u.organization_id = o.id"
    "   AND u.email = lower($1) AND u.is_active AND coalesce(u.locked_until <= now(), true)"
    " RETURNING u.id AS user_id, u.password_hash, u.role, u.email, u.first_name, u.last_name,"
    "           o.id AS organization_id, o.name AS organization_name,"
    "           o.timezone AS organization_timezone,"
    "           u.locked_until IS NOT NULL AS locked",
    4};

const wk_sql_t wk_sql_login_subject = {
    "login_subject",
    "SELECT u.id AS user_id, u.role, u.email, u.first_name, u.last_name,"
    "       o.id AS organization_id, o.name AS organization_name,"
    "       o.timezone AS organization_timezone"
    "  FROM users u"
    "  JOIN organizations o ON o.id = u.organization_id AND o.is_active"
    " WHERE u.organization_id = current_organization() AND u.is_active"
    "   AND u.auth_user_id = uuid_or_null($1)",
    1};

const wk_sql_t wk_sql_login_done = {
    "login_done",
    "UPDATE users"
    "   SET failed_logins = 0, locked_until = NULL, last_login_at = now(),"
    "       password_hash = CASE WHEN password_hash = $2 THEN coalesce($3, password_hash)"
    "                            ELSE password_hash END"
    " WHERE organization_id = current_organization() AND id = $1::uuid",
    3};
