#include "worker/store/media.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

const wk_sql_t wk_sql_media_call = {
    "media_call",
    "SELECT c.id, c.customer_id, c.language,"
    "       CASE c.direction WHEN 'outbound' THEN c.called_number ELSE c.caller_number END"
    "           AS customer_number,"
    "       CASE c.direction WHEN 'outbound' THEN c.caller_number ELSE c.called_number END"
    "           AS shop_number,"
    "       " WK_SQL_ATTESTED("c", "g") " AS attested,"
    "       EXISTS (SELECT FROM messages m WHERE m.call_id = c.id) AS resumed,"
    "       EXISTS (SELECT FROM takeovers t WHERE t.call_id = c.id"
    "                  AND t.state IN ('joining', 'held')) AS held,"
    "       c.resumed_at IS NOT NULL AND NOT EXISTS ("
    "           SELECT FROM messages m WHERE m.call_id = c.id AND m.speaker = 'agent'"
    "              AND m.content <> '' AND m.occurred_at > c.resumed_at) AS returned,"
    "       " WK_SQL_UNANSWERED("c") " AS unanswered,"
    "       o.max_call_seconds - extract(epoch FROM now() - c.started_at)::bigint AS left_s,"
    "       c.metadata ? 'warned' AS warned,"
    "       EXISTS (SELECT FROM recordings r WHERE r.call_id = c.id AND r.state = 'begun') AS recorded,"
    "       CASE c.direction WHEN 'outbound' THEN c.dynamic_variables ->> 'opening' END AS opening,"
    "       c.call_reason,"
    "       array_to_json(o.engines) AS engines,"
    "       " WK_SQL_PLAN("o") " AS plan, o.elevenlabs_agent_id,"
    "       g.realtime_voice AS voice, g.speech, g.voices,"
    "       g.vad_threshold, g.prefix_padding_ms, g.silence_ms, o.business_type, g.emergency_words"
    "  FROM calls c"
    "  JOIN organizations o ON o.id = c.organization_id"
    "  JOIN agent_configs g ON g.organization_id = c.organization_id"
    " WHERE c.twilio_call_sid = $1",
    1};

/* What tools were asked since the agent's last words, these were made of. */
#define MADE_OF(what) "CASE $2 WHEN 'agent' THEN coalesce(c.metadata -> '" what "', '[]') ELSE '[]' END"

const wk_sql_t wk_sql_media_turn = {
    "media_turn",
    "WITH told AS ("
    "    INSERT INTO messages (organization_id, call_id, customer_id, channel, direction, speaker,"
    "                          content, language, provider, provider_message_id, latency,"
    "                          occurred_at, tools_used, citations)"
    "    SELECT current_organization(), c.id, c.customer_id, 'voice',"
    "           CASE $2 WHEN 'customer' THEN 'inbound' ELSE 'outbound' END, $2, $3, $4, 'voice', $5,"
    "           coalesce($6::jsonb, '{}'), least(now(), to_timestamp($7::bigint / 1000.0)),"
    "           " MADE_OF("used") ", " MADE_OF("cites")
    "      FROM calls c WHERE c.twilio_call_sid = $1 AND c.transcript IS NULL"
    "    ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING"
    "    RETURNING call_id, customer_id, tools_used),"
    " taken AS ("
    "    UPDATE calls SET metadata = metadata - '{used,cites}'::text[]"
    "     WHERE $2 = 'agent' AND metadata ? 'used' AND id IN (SELECT call_id FROM told))"
    /* The language of the turn before it: this one is not there yet for the statement. */
    " SELECT call_id, customer_id, tools_used,"
    "        (SELECT m.language FROM messages m"
    "          WHERE m.call_id = told.call_id AND m.speaker IN ('customer', 'agent')"
    "          ORDER BY m.occurred_at DESC LIMIT 1) AS before"
    "   FROM told",
    7};

#define MORE(what, list) \
    "'" what "', (SELECT coalesce(jsonb_agg(DISTINCT w), '[]')" \
    "   FROM jsonb_array_elements(coalesce(metadata -> '" what "', '[]') || " list ") w)"

const wk_sql_t wk_sql_media_used = {
    "media_used",
    "UPDATE calls SET metadata = metadata || jsonb_build_object("
    MORE("used", "$2::jsonb") ", " MORE("cites", "$3::jsonb") ")"
    " WHERE id = $1::uuid",
    3};

/* Turns are told in whole milliseconds. */
const wk_sql_t wk_sql_media_wish = {
    "media_wish",
    "SELECT w.once,"
    "       (SELECT json_agg(m.content) FROM messages m"
    "         WHERE m.call_id = c.id AND m.speaker = 'customer'"
    "           AND m.occurred_at > to_timestamp(w.asked / 1000.0)) AS heard"
    "  FROM calls c,"
    "       jsonb_to_record(c.metadata -> 'wishes' -> $2::text)"
    "           AS w(once text, answer text, asked bigint, done float8)"
    " WHERE c.id = $1::uuid AND w.answer <> $3"
    "   AND NOT EXISTS (SELECT FROM messages m WHERE m.call_id = c.id AND m.speaker = 'agent'"
    "                      AND m.content <> ''"
    "                      AND m.occurred_at >= date_trunc('milliseconds', to_timestamp(w.done)))",
    3};

const wk_sql_t wk_sql_media_wished = {
    "media_wished",
    "UPDATE calls SET metadata = metadata || jsonb_build_object('wishes',"
    "    coalesce(metadata -> 'wishes', '{}') || jsonb_build_object($2::text, jsonb_build_object("
    "        'once', $3::text, 'answer', $4::text, 'asked', $5::bigint,"
    "        'done', extract(epoch FROM clock_timestamp()))))"
    " WHERE id = $1::uuid",
    5};

/*
 * The keys first: under row level security an index takes none that a function has taken out of
 * a row, since that might tell of it, and the whole ledger was read.
 */
const wk_sql_t wk_sql_media_unspoken = {
    "media_unspoken",
    "SELECT string_agg(w.key || ': ' || (e.result ->> 'message'), ' ' ORDER BY w.key) AS answers"
    "  FROM calls c"
    "  CROSS JOIN jsonb_each(c.metadata -> 'wishes') w"
    "  JOIN effects e ON e.key = w.value ->> 'once' AND e.state = 'done'"
    "   AND e.key = ANY (ARRAY(SELECT k.value ->> 'once'"
    "                            FROM calls, jsonb_each(metadata -> 'wishes') k"
    "                           WHERE id = $1::uuid))"
    " WHERE c.id = $1::uuid"
    "   AND NOT EXISTS (SELECT FROM messages m WHERE m.call_id = c.id AND m.speaker = 'agent'"
    "                      AND m.content <> ''"
    "                      AND m.occurred_at >= date_trunc('milliseconds',"
    "                              to_timestamp((w.value ->> 'done')::float8)))",
    1};

const wk_sql_t wk_sql_media_turn_cut = {
    "media_turn_cut",
    "UPDATE messages SET content = $2, interrupted = true"
    " WHERE provider = 'voice' AND provider_message_id = $1"
    " RETURNING call_id, customer_id, tools_used",
    2};

const wk_sql_t wk_sql_media_did = {
    "media_did",
    "UPDATE calls SET metadata = metadata || jsonb_build_object('did', ("
    "    SELECT jsonb_agg(DISTINCT w)"
    "      FROM jsonb_array_elements(coalesce(metadata -> 'did', '[]') || $2::jsonb) w),"
    "    'deeds', coalesce(metadata -> 'deeds', '{}') || ("
    "        SELECT jsonb_object_agg(w, extract(epoch FROM clock_timestamp()))"
    "          FROM jsonb_array_elements_text($2::jsonb) w))"
    " WHERE id = $1::uuid",
    2};

/* A tool that ends now is behind these claims, or waits and is behind the next. */
const wk_sql_t wk_sql_media_deeds = {
    "media_deeds",
    "SELECT metadata -> 'did' AS did, metadata -> 'verdicts' ->> $2::text AS verdict,"
    "       (SELECT jsonb_agg(d) FROM jsonb_object_keys(metadata -> 'deeds') d) AS deeds"
    "  FROM calls WHERE id = $1::uuid FOR UPDATE",
    2};

const wk_sql_t wk_sql_media_heard = {
    "media_heard",
    "SELECT m.content AS heard, jsonb_agg(d.key) AS behind"
    "  FROM calls c"
    "  CROSS JOIN jsonb_each_text(c.metadata -> 'deeds') d"
    "  JOIN messages m ON m.call_id = c.id AND m.speaker = 'customer'"
    "   AND m.occurred_at > to_timestamp(d.value::float8)"
    "   AND m.occurred_at <= to_timestamp($2::bigint / 1000.0)"
    " WHERE c.id = $1::uuid"
    " GROUP BY m.id, m.content",
    2};

const wk_sql_t wk_sql_media_judged = {
    "media_judged",
    "UPDATE calls SET metadata = metadata - 'did' || jsonb_build_object('verdicts',"
    "    coalesce(metadata -> 'verdicts', '{}') || jsonb_build_object($2::text, $3::text))"
    " WHERE id = $1::uuid",
    3};

const wk_sql_t wk_sql_media_turn_timed = {
    "media_turn_timed",
    "UPDATE messages SET latency = $2::jsonb"
    " WHERE provider = 'voice' AND provider_message_id = $1",
    2};

/* clang-format on */
