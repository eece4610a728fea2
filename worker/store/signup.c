#include "worker/store/signup.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

const wk_sql_t wk_sql_signup_check = {
    "signup_check",
    "SELECT is_time_zone($1) AS known, normal_hours($2::jsonb)", 2};

const wk_sql_t wk_sql_signup_organization = {
    "signup_organization",
    "INSERT INTO organizations (id, name, slug, business_type, plan, trial_ends_at, is_active,"
    "    timezone, language, languages, country, currency, hours, phone, owner_phone,"
    "    notification_phone, email, notification_email, website_url, description,"
    "    services_description, referral_code, terms_accepted_at, terms_version,"
    "    provisioning_state, provisioning, provisioning_until)"
    " SELECT current_organization(), w.name, $2, w.type, w.plan,"
    "        now() + make_interval(days => $4::int), false, w.timezone, w.language, w.languages,"
    "        w.country, w.currency, $3::jsonb, w.phone, w.owner_phone, w.owner_phone, w.email,"
    "        w.email, w.website, w.description, w.services, w.referral, now(), w.terms,"
    "        'pending', jsonb_build_object('job', $5::text, 'holder', $6::text, 'name', w.name),"
    "        now() + make_interval(secs => $7::int)"
    "   FROM jsonb_to_record($1::jsonb) AS w (name text, type text, plan text, timezone text,"
    "        language text, languages text[], country text, currency text, phone text,"
    "        owner_phone text, email text, website text, description text, services text,"
    "        referral text, terms text)",
    7};

const wk_sql_t wk_sql_signup_owner = {
    "signup_owner",
    "INSERT INTO users (organization_id, email, password_hash, password_changed_at, role,"
    "                   first_name, last_name, phone)"
    " VALUES (current_organization(), $1, $2, now(), 'admin', $3, $4, $5) RETURNING id",
    5};

const wk_sql_t wk_sql_signup_agent = {
    "signup_agent",
    "UPDATE agent_configs SET agent_name = $1 WHERE organization_id = current_organization()",
    1};

const wk_sql_t wk_sql_signup_services = {
    "signup_services",
    "INSERT INTO services (organization_id, appointment_type, duration_minutes)"
    " SELECT current_organization(), key, value::int FROM jsonb_each_text($1::jsonb)",
    1};

const wk_sql_t wk_sql_signup_known = {
    "signup_known",
    "SELECT user_id AS user, organization_id AS organization, password_hash"
    "  FROM login_lookup($1)",
    1};

#define NUMBER                                                                                 \
    " LEFT JOIN organization_phone_numbers n"                                                  \
    "   ON n.organization_id = o.id AND n.is_primary AND n.is_active"

const wk_sql_t wk_sql_signup_shop = {
    "signup_shop",
    "SELECT o.id, o.name, o.slug, " WK_SQL_PLAN("o") " AS plan,"
    "       " WK_SQL_ISO("o.trial_ends_at") " AS trial_ends_at,"
    "       o.timezone::text AS timezone, o.country, o.language, o.business_type AS type,"
    "       o.phone, o.provisioning_state AS state, o.provisioning ->> 'job' AS job,"
    "       coalesce(o.provisioning ->> 'name', o.name) AS number_name,"
    "       o.provisioning ->> 'error' AS error, o.is_active AS active,"
    "       o.elevenlabs_agent_id AS agent, n.phone_number AS number,"
    "       n.twilio_phone_sid AS number_sid, n.elevenlabs_phone_number_id AS number_id,"
    "       greatest(0, coalesce(1000 * extract(epoch FROM o.provisioning_until - now()), 0))"
    "           ::bigint AS held"
    "  FROM organizations o" NUMBER
    " WHERE o.id = current_organization()",
    0};

const wk_sql_t wk_sql_signup_take = {
    "signup_take",
    "UPDATE organizations"
    "   SET provisioning_until = now() + make_interval(secs => $2::int),"
    "       provisioning = provisioning || jsonb_strip_nulls("
    "           jsonb_build_object('holder', $1::text, 'job', $3::text,"
    "                              'name', coalesce(provisioning ->> 'name', name)))"
    " WHERE id = current_organization()"
    "   AND (provisioning_until IS NULL OR provisioning_until <= now())"
    " RETURNING id",
    3};

const wk_sql_t wk_sql_signup_user = {
    "signup_user",
    "SELECT u.id AS user_id, u.role, u.email, u.first_name, u.last_name,"
    "       o.id AS organization_id, o.name AS organization_name,"
    "       o.timezone AS organization_timezone"
    "  FROM users u JOIN organizations o ON o.id = u.organization_id"
    " WHERE u.organization_id = current_organization() AND u.role = 'admin'"
    " ORDER BY u.created_at LIMIT 1",
    0};

const wk_sql_t wk_sql_signup_numbers_of_a_day = {
    "signup_numbers_of_a_day", "SELECT numbers_of_a_day() AS bought", 0};

const wk_sql_t wk_sql_signup_free_numbers = {
    "signup_free_numbers",
    "SELECT n AS number FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS l (n, i)"
    " WHERE NOT is_known_number(n) ORDER BY i",
    1};

const wk_sql_t wk_sql_signup_unnoted_numbers = {
    "signup_unnoted_numbers",
    "SELECT s AS sid FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS l (s, i)"
    " WHERE NOT EXISTS (SELECT FROM organization_phone_numbers n"
    "                    WHERE n.organization_id = current_organization()"
    "                      AND n.twilio_phone_sid = s) ORDER BY i",
    1};

const wk_sql_t wk_sql_signup_number = {
    "signup_number",
    "INSERT INTO organization_phone_numbers (organization_id, phone_number, label,"
    "                                        twilio_phone_sid, is_primary, is_owned)"
    " VALUES (current_organization(), $1, 'Main', $2, true, true)",
    2};

#define MINE " WHERE id = current_organization() AND provisioning ->> 'holder' = $1"

const wk_sql_t wk_sql_signup_open = {
    "signup_open",
    "UPDATE organizations SET is_active = true, provisioning_state = $2" MINE " RETURNING id",
    2};

const wk_sql_t wk_sql_signup_credits = {
    "signup_credits",
    "INSERT INTO credit_entries (organization_id, kind, amount, key, description)"
    " VALUES (current_organization(), 'grant', $1::int, 'grant:signup', 'Sign-up')"
    " ON CONFLICT DO NOTHING",
    1};

const wk_sql_t wk_sql_signup_step = {
    "signup_step",
    "WITH shop AS ("
    "    UPDATE organizations"
    "       SET provisioning_state = $2, elevenlabs_agent_id = coalesce($3, elevenlabs_agent_id)"
    MINE "   RETURNING id),"
    " number AS ("
    "    UPDATE organization_phone_numbers SET elevenlabs_phone_number_id = $4"
    "     WHERE organization_id = (SELECT id FROM shop) AND is_primary AND $4::text IS NOT NULL)"
    " SELECT id FROM shop",
    4};

const wk_sql_t wk_sql_signup_complete = {
    "signup_complete",
    "UPDATE organizations"
    "   SET provisioning_state = 'complete', use_elevenlabs_inbound = true,"
    "       engines = array_prepend('elevenlabs'::engine, array_remove(engines, 'elevenlabs'))"
    MINE " RETURNING id",
    1};

const wk_sql_t wk_sql_signup_leave = {
    "signup_leave",
    "UPDATE organizations"
    "   SET provisioning_until = NULL,"
    "       provisioning = (provisioning - 'holder' - 'error')"
    "                      || jsonb_strip_nulls(jsonb_build_object('error', $2::text))"
    MINE,
    2};

const wk_sql_t wk_sql_signup_is_held = {
    "signup_is_held",
    "SELECT coalesce(provisioning_until > now() - interval '2 minutes', false) AS held"
    "  FROM organizations WHERE id = current_organization() FOR NO KEY UPDATE",
    0};

const wk_sql_t wk_sql_signup_undo = {
    "signup_undo",
    "DELETE FROM organizations" MINE " AND provisioning_state = 'pending' RETURNING id", 1};

const wk_sql_t wk_sql_registrations_due = {
    "registrations_due", "SELECT due_registrations($1::int) AS organization", 1};

/* clang-format on */
