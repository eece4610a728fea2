#include "worker/store/call_costs.h"

/* clang-format off */

#define PRICE(name) "($2::jsonb ->> " name ")::numeric"

/* Carriers count begun minutes. */
#define TELEPHONY \
    "SELECT 'telephony', ceil(k.duration_seconds / 60.0)" \
    "       * " PRICE("(CASE k.direction WHEN 'inbound' THEN 'telephony_in' ELSE 'telephony_out' END)") \
    " WHERE k.twilio_call_sid IS NOT NULL"

/* Legs to people, by the turns they were rung in; who did not answer cost nothing. */
#define TRANSFER \
    "SELECT 'transfer', sum(ceil(d.value::numeric / 60)) * " PRICE("'telephony_out'") \
    "  FROM jsonb_each_text(k.metadata -> 'dialed') d WHERE d.value <> '0' HAVING count(*) > 0"

/* What the platform says it took counts more than how long it lasted. */
#define ENGINE \
    "SELECT 'engine', coalesce((k.metadata ->> 'credits')::numeric * " PRICE("'elevenlabs_credit'") "," \
    "                          k.duration_seconds / 60.0 * " PRICE("('engine_' || k.engine)") ")" \
    " WHERE k.engine IS NOT NULL"

/* The agent's to the caller while it lasted, and a minute longer: of two calls the later one's. */
#define SMS \
    "SELECT 'sms', CASE WHEN count(*) = count(m.segments) THEN sum(m.segments) END" \
    "              * " PRICE("'sms_segment'") \
    "  FROM messages m" \
    " WHERE m.organization_id = k.organization_id AND m.customer_id = k.customer_id" \
    "   AND m.channel = 'sms' AND m.direction = 'outbound' AND m.speaker = 'agent'" \
    "   AND m.status NOT IN ('failed', 'canceled')" \
    "   AND m.occurred_at BETWEEN k.started_at" \
    "       AND coalesce(k.ended_at, k.concluded_at) + interval '1 minute'" \
    "   AND NOT EXISTS (SELECT FROM calls o" \
    "                    WHERE o.organization_id = k.organization_id" \
    "                      AND o.customer_id = k.customer_id" \
    "                      AND o.started_at > k.started_at AND o.started_at <= m.occurred_at)" \
    " HAVING count(*) > 0"

#define TOKENS \
    "SELECT 'tokens', k.tokens_in * " PRICE("'tokens_in'") " / 1000000" \
    "                 + k.tokens_out * " PRICE("'tokens_out'") " / 1000000" \
    " WHERE k.tokens_in + k.tokens_out > 0"

/* A sum that calls.cost_usd could not hold is believed no more than one that is not known. */
const wk_sql_t wk_sql_call_costed = {
    "call_costed",
    "UPDATE calls c SET costs = v.costs, cost_usd = v.usd"
    "  FROM (SELECT coalesce(jsonb_object_agg(p.part, round(p.usd, 6)), '{}') AS costs,"
    "               CASE WHEN count(*) = count(p.usd) AND sum(p.usd) < 999999"
    "                    THEN sum(round(p.usd, 6)) END AS usd"
    "          FROM calls k CROSS JOIN LATERAL ("
    TELEPHONY " UNION ALL " TRANSFER " UNION ALL " ENGINE " UNION ALL " SMS " UNION ALL " TOKENS
    "              ) p (part, usd)"
    "         WHERE k.id = $1::uuid) v"
    " WHERE c.id = $1::uuid AND c.concluded_at IS NOT NULL AND NOT c.costs ? 'reported'"
    "   AND (c.costs, c.cost_usd) IS DISTINCT FROM (v.costs, v.usd)",
    2};

/* clang-format on */

const wk_sql_t wk_sql_call_tokens = {
    "call_tokens",
    "UPDATE calls SET tokens_in = tokens_in + $2::bigint, tokens_out = tokens_out + $3::bigint"
    " WHERE id = $1::uuid",
    3};
