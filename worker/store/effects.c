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
