#include "worker/store/effects.h"

/* Of two who claim at once the second waits here until the first has committed. */
const wk_sql_t wk_sql_effect_claim = {
    "effect_claim",
    "INSERT INTO effects (organization_id, kind, key, request, job)"
    " VALUES (current_organization(), $1, $2, $3::jsonb, $3::jsonb ->> 'job')"
    " ON CONFLICT ON CONSTRAINT effects_key DO UPDATE SET attempts = effects.attempts + 1"
    " RETURNING id, state, provider_id, result, attempts AS claims,"
    "           (extract(epoch FROM now() - claimed_at) * 1000)::bigint AS age_ms",
    3};

const wk_sql_t wk_sql_effect_finish = {
    "effect_finish",
    "UPDATE effects"
    "   SET state = $2, provider_id = coalesce($3, provider_id), result = $4::jsonb,"
    "       finished_at = now()"
    " WHERE id = $1::uuid AND (state = 'pending' OR (state = 'unknown' AND $2 <> 'unknown'))",
    4};

const wk_sql_t wk_sql_effect_release = {
    "effect_release",
    "DELETE FROM effects WHERE id = $1::uuid"
    "   AND (state = 'pending' OR (state = 'unknown' AND kind = 'number'))",
    1};

const wk_sql_t wk_sql_effect_pending = {
    "effect_pending",
    "SELECT id FROM effects WHERE kind = $1 AND key = $2 AND state = 'pending' FOR UPDATE", 2};

const wk_sql_t wk_sql_effects_due = {"effects_due",
                                     "SELECT due_effects($1::int) AS organization", 1};

const wk_sql_t wk_sql_effects_unsettled = {
    "effects_unsettled",
    "SELECT e.id, e.kind, e.key, e.requeued,"
    "       EXISTS (SELECT FROM messages m JOIN postponed_texts p ON p.message_id = m.id"
    "                WHERE m.effect_id = e.id)"
    "       OR (e.kind = 'number' AND EXISTS (SELECT FROM organizations o"
    "            WHERE o.id = e.organization_id"
    "              AND (o.provisioning_state = 'pending'" /* registrations.undo's */
    "                   OR o.provisioning_until > now() - interval '2 minutes')))"
    "       AS postponed"
    "  FROM effects e"
    " WHERE e.state = 'pending' AND e.settle_at <= now()"
    " ORDER BY e.settle_at, e.id LIMIT $1::int",
    1};

const wk_sql_t wk_sql_effect_settle_later = {
    "effect_settle_later",
    "UPDATE effects"
    "   SET settle_at = now() + interval '10 minutes', requeued = requeued OR $2::bool"
    " WHERE id = $1::uuid AND state = 'pending'",
    2};
