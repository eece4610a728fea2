#include "worker/store/takeovers.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define HELD "state IN ('joining', 'held')"
#define IDLE                                                                                   \
    "make_interval(mins => (SELECT takeover_idle_minutes FROM agent_configs"                   \
    "                        WHERE organization_id = current_organization()))"
#define USER(n) "(SELECT id FROM users WHERE id = uuid_or_null(" n "))"

/* A call longer than the longest has ended, whatever its row says. */
#define LIVE "c.status IN ('connecting', 'in_progress') AND c.started_at > now() - interval '5 hours'"

/* Row level security lets an index have what a subselect or CASE made, but nothing of coalesce(). */
const wk_sql_t wk_sql_takeover_target = {
    "takeover_target",
    "SELECT k.id AS customer_id, k.phone_number, c.id AS call_id, c.twilio_call_sid AS sid,"
    "       c.engine, " LIVE " AS live,"
    "       coalesce(c.language, k.conversation_language, o.language) AS language,"
    "       coalesce((SELECT m.to_number FROM messages m"
    "                  WHERE m.customer_id = k.id AND m.channel = 'sms'"
    "                    AND m.direction = 'inbound'"
    "                  ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1), o.phone) AS shop_number"
    "  FROM customers k"
    "  JOIN organizations o ON o.id = k.organization_id"
    "  LEFT JOIN LATERAL ("
    "      SELECT * FROM calls c"
    "       WHERE c.customer_id = k.id AND c.twilio_call_sid IS NOT NULL"
    "         AND (c.id = $1::uuid OR (k.id = $1::uuid AND " LIVE "))"
    "       ORDER BY c.started_at DESC LIMIT 1) c ON true"
    " WHERE k.id = (SELECT coalesce("
    "           (SELECT customer_id FROM calls WHERE id = $1::uuid),"
    "           (SELECT customer_id FROM chat_sessions WHERE id = $1::uuid), $1::uuid))",
    1};

/*
 * What a person has open says more than where the customer wrote last. Of the texts and a chat
 * the texts are meant: a chat has a name of its own.
 */
const wk_sql_t wk_sql_takeover_chat = {
    "takeover_chat",
    "WITH open AS ("
    "    SELECT t.chat_session_id AS id"
    "      FROM takeovers t LEFT JOIN chat_sessions s ON s.id = t.chat_session_id"
    "     WHERE t.state <> 'over' AND $2::uuid IN (t.customer_id, s.customer_id) AND NOT $3::bool"
    "     ORDER BY (t.customer_id IS NULL), t.began_at DESC LIMIT 1),"
    " last AS ("
    "    SELECT id FROM chat_sessions"
    "     WHERE customer_id = $2::uuid"
    "       AND last_seen_at >= coalesce((SELECT max(occurred_at) FROM messages"
    "                                      WHERE customer_id = $2::uuid AND channel = 'sms'"
    "                                        AND direction = 'inbound'), '-infinity')"
    "     ORDER BY last_seen_at DESC, id LIMIT 1),"
    " meant AS ("
    "    SELECT $1::uuid AS id, true AS sure, true AS named"
    "     UNION ALL SELECT id, true, false FROM open"
    "     UNION ALL SELECT id, false, false FROM last WHERE NOT EXISTS (SELECT FROM open))"
    " SELECT m.id, m.sure, s.language, s.over"
    "  FROM meant m"
    "  JOIN (SELECT id, language, last_seen_at <= now() - make_interval(secs => $4::int) AS over"
    "          FROM chat_sessions WHERE customer_id = $2::uuid) s ON s.id = m.id"
    " WHERE m.sure OR NOT s.over"
    " ORDER BY m.named DESC LIMIT 1",
    4};

const wk_sql_t wk_sql_thread_lock = {
    "thread_lock", "SELECT id FROM customers WHERE id = $1::uuid FOR NO KEY UPDATE", 1};

const wk_sql_t wk_sql_thread_lock_by_number = {
    "thread_lock_by_number",
    "SELECT id FROM customers WHERE phone_number = $1 FOR NO KEY UPDATE", 1};

const wk_sql_t wk_sql_takeover_open = {
    "takeover_open",
    "SELECT id, call_id, user_id, channel, state, step, reached FROM takeovers"
    " WHERE customer_id = $1::uuid AND state <> 'over'",
    1};

const wk_sql_t wk_sql_takeover_open_chat = {
    "takeover_open_chat",
    "SELECT id, call_id, user_id, channel, state, step, reached FROM takeovers"
    " WHERE chat_session_id = $1::uuid AND state <> 'over'",
    1};

const wk_sql_t wk_sql_thread_is_held = {
    "thread_is_held",
    "SELECT t.id FROM takeovers t JOIN customers k ON k.id = t.customer_id"
    " WHERE k.phone_number = $1 AND t." HELD,
    1};

const wk_sql_t wk_sql_call_is_held = {
    "call_is_held", "SELECT step FROM takeovers WHERE call_id = $1::uuid AND " HELD, 1};

const wk_sql_t wk_sql_takeover_begin = {
    "takeover_begin",
    "INSERT INTO takeovers (organization_id, customer_id, call_id, user_id, channel, dial, step,"
    "                       stale_at, jobs)"
    " VALUES (current_organization(), $1::uuid, $2::uuid, " USER("$3") ", $4, $5,"
    "         coalesce((SELECT max(step) FROM takeovers WHERE call_id = $2::uuid), 0),"
    "         now() + interval '10 minutes', ARRAY[$6])"
    " ON CONFLICT (organization_id, customer_id) WHERE state <> 'over' DO UPDATE"
    "    SET state = 'joining', ended_at = NULL, user_id = excluded.user_id,"
    "        channel = excluded.channel, dial = excluded.dial, call_id = excluded.call_id,"
    "        step = greatest(takeovers.step, excluded.step), reached = false,"
    "        notice_at = NULL, stale_at = excluded.stale_at,"
    "        jobs = takeovers.jobs || excluded.jobs"
    " RETURNING id, step",
    6};

/* What the agent had asked is not asked any more: a person has spoken since. */
const wk_sql_t wk_sql_takeover_begin_chat = {
    "takeover_begin_chat",
    "WITH asked AS (UPDATE chat_sessions SET state = '{}', joins = joins + 1 WHERE id = $1::uuid)"
    " INSERT INTO takeovers (organization_id, chat_session_id, user_id, channel, stale_at,"
    "                        jobs)"
    " VALUES (current_organization(), $1::uuid, " USER("$2") ", $3,"
    "         now() + interval '10 minutes', ARRAY[$4])"
    " ON CONFLICT (organization_id, chat_session_id) WHERE state <> 'over' DO UPDATE"
    "    SET state = 'joining', ended_at = NULL, user_id = excluded.user_id,"
    "        stale_at = excluded.stale_at, jobs = takeovers.jobs || excluded.jobs"
    " RETURNING id, step",
    4};

const wk_sql_t wk_sql_takeover_joined_by = {
    "takeover_joined_by",
    "UPDATE takeovers SET jobs = jobs || $2::text WHERE id = $1::uuid AND NOT $2 = ANY (jobs)",
    2};

/* By the thread, of which there is an index. A version before this one wrote `job`. */
const wk_sql_t wk_sql_takeover_has_been = {
    "takeover_has_been",
    "SELECT id FROM takeovers"
    " WHERE (customer_id = $1::uuid OR chat_session_id = $2::uuid)"
    "   AND (job = $3 OR $3 = ANY (jobs))"
    "   AND state IN ('leaving', 'over') LIMIT 1",
    3};

const wk_sql_t wk_sql_takeover_state = {
    "takeover_state",
    "UPDATE takeovers"
    "   SET state = $2, ended_at = CASE WHEN $2 IN ('leaving', 'over')"
    "                                   THEN coalesce(ended_at, now()) END,"
    "       stale_at = now() + CASE $2 WHEN 'held' THEN " IDLE
    "                                  ELSE interval '10 minutes' END"
    " WHERE id = $1::uuid AND state = ANY ($3::text[]) RETURNING id",
    3};

const wk_sql_t wk_sql_takeover_call_ended = {
    "takeover_call_ended",
    "UPDATE takeovers t SET state = 'over', ended_at = coalesce(t.ended_at, now())"
    "  FROM calls c"
    " WHERE c.id = t.call_id AND c.twilio_call_sid = $1 AND t.state <> 'over'"
    " RETURNING t.id, t.customer_id, t.call_id",
    1};

const wk_sql_t wk_sql_call_put_through = {
    "call_put_through",
    "SELECT c.id FROM calls c WHERE c.id = $1::uuid AND " WK_SQL_PUT_THROUGH("c", "$2"), 2};

const wk_sql_t wk_sql_call_taken_over = {
    "call_taken_over",
    "UPDATE calls c"
    "   SET taken_over_by = " USER("$2") ", taken_over_at = now(), resumed_at = NULL,"
    "       epoch = epoch + 1"
    " WHERE id = $1::uuid AND " LIVE " RETURNING id",
    2};

const wk_sql_t wk_sql_call_given_back = {
    "call_given_back",
    "UPDATE calls SET resumed_at = now(), epoch = epoch + 1 WHERE id = $1::uuid", 1};

/* Ten seconds after it began an attempt is over, whatever became of it (agent/sms.c). */
const wk_sql_t wk_sql_texts_under_way = {
    "texts_under_way",
    "SELECT max(m.began + 10000 - (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    "           AS wait_ms"
    "  FROM (SELECT (m.metadata ->> 'sending')::bigint AS began"
    "          FROM messages m JOIN effects e ON e.id = m.effect_id"
    "         WHERE m.to_number = $1 AND m.speaker <> 'human_agent' AND e.state = 'pending') m"
    " WHERE m.began > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 10000",
    1};

const wk_sql_t wk_sql_held_call = {
    "held_call",
    "SELECT id, step, document, dial, spoken_to,"
    "       coalesce(called_at > now() - interval '10 seconds', false) AS awaited,"
    "       channel = 'text' AND coalesce(notice_at <= now(), false) AS unanswered"
    "  FROM takeovers"
    " WHERE call_id = $1::uuid AND " HELD " FOR UPDATE",
    1};

/* A document behind that of the ring is the one that answers its end, once it is leaving. */
const wk_sql_t wk_sql_held_rung = {
    "held_rung",
    "SELECT id, document, state = 'leaving' AS leaving FROM takeovers"
    " WHERE call_id = $1::uuid AND channel = 'phone' AND dial IS NULL"
    "   AND (" HELD " AND step = $2::int OR state = 'leaving' AND step = $2::int + 1) FOR UPDATE",
    2};

const wk_sql_t wk_sql_held_step = {
    "held_step",
    "UPDATE takeovers SET step = $2::int, document = $3, listening = $4::bool, dial = NULL,"
    "       called_at = NULL, reached = true, spoken_to = $5::int,"
    "       notice_at = CASE WHEN $6::bool THEN now() + interval '30 seconds'"
    "                        ELSE coalesce(notice_at, now() + interval '8 seconds') END"
    " WHERE id = $1::uuid",
    6};

const wk_sql_t wk_sql_held_call_away = {
    "held_call_away",
    "UPDATE takeovers SET listening = false, called_at = clock_timestamp(), asked = asked + 1"
    " WHERE id = $1::uuid"
    "   AND (listening OR called_at < clock_timestamp() - interval '10 seconds')"
    " RETURNING asked",
    1};

const wk_sql_t wk_sql_takeover_active = {
    "takeover_active",
    "UPDATE takeovers SET stale_at = now() + " IDLE " WHERE id = $1::uuid", 1};

/* Of a live call that a person has, nothing is forgotten: it ends with the call. */
const wk_sql_t wk_sql_takeovers_forgotten = {
    "takeovers_forgotten",
    "UPDATE takeovers t"
    "   SET state = 'leaving', ended_at = coalesce(t.ended_at, now()),"
    "       stale_at = now() + interval '10 minutes'"
    "  FROM (SELECT f.id, k.id AS customer_id, k.phone_number, c.id AS call_id,"
    "               c.twilio_call_sid AS sid, c.engine,"
    "               coalesce(c.language, k.conversation_language, o.language) AS language"
    "          FROM takeovers f"
    "          LEFT JOIN chat_sessions s ON s.id = f.chat_session_id"
    "          JOIN customers k ON k.id = CASE WHEN f.customer_id IS NULL THEN s.customer_id"
    "                                          ELSE f.customer_id END"
    "          JOIN organizations o ON o.id = f.organization_id"
    "          LEFT JOIN calls c ON c.id = f.call_id AND " LIVE
    "         WHERE f.state <> 'over' AND f.stale_at <= now()"
    "           AND NOT (f.state = 'held' AND c.id IS NOT NULL)"
    "         ORDER BY f.stale_at LIMIT $1::int FOR UPDATE OF f SKIP LOCKED) f"
    " WHERE t.id = f.id"
    " RETURNING t.id, f.customer_id, t.chat_session_id AS chat_id, f.phone_number, f.call_id,"
    "           f.sid, f.engine, f.language",
    1};

const wk_sql_t wk_sql_text_postponed = {
    "text_postponed",
    "INSERT INTO postponed_texts (organization_id, message_id, useful_until)"
    " VALUES (current_organization(), $1::uuid, $2::timestamptz) ON CONFLICT DO NOTHING",
    2};

/* What was withdrawn meanwhile has ended; a text that waits must still be wanted. */
const wk_sql_t wk_sql_texts_postponed = {
    "texts_postponed",
    "DELETE FROM postponed_texts p"
    " USING (SELECT w.message_id, e.id AS effect_id, e.key, e.state,"
    "               CASE WHEN e.state <> 'pending' THEN 'ended'"
    "                    WHEN w.useful_until <= now() THEN 'too_late'"
    "                    WHEN EXISTS (SELECT FROM consent_states n WHERE n.channel = 'sms'"
    "                                    AND n.address = m.to_number AND NOT n.granted)"
    "                    THEN 'no_consent' END AS skip"
    "          FROM postponed_texts w"
    "          JOIN messages m ON m.id = w.message_id"
    "          JOIN effects e ON e.id = m.effect_id"
    "          JOIN organizations o ON o.id = w.organization_id"
    "          JOIN agent_configs g ON g.organization_id = w.organization_id"
    "         WHERE e.state <> 'pending' OR w.useful_until <= now()"
    "            OR quiet_ends(g.quiet_from, g.quiet_until, o.timezone::text) IS NULL"
    "               AND NOT EXISTS (SELECT FROM takeovers t"
    "                                 JOIN customers k ON k.id = t.customer_id"
    "                                WHERE k.phone_number = m.to_number AND t." HELD ")"
    "         ORDER BY m.occurred_at, m.id LIMIT $1::int FOR UPDATE OF w SKIP LOCKED) d"
    " WHERE p.message_id = d.message_id"
    " RETURNING p.message_id, d.effect_id, d.key, d.skip,"
    "           jsonb_build_object('code', d.skip) AS result",
    1};

const wk_sql_t wk_sql_takeovers_due = {
    "takeovers_due", "SELECT due_takeovers($1::int) AS organization", 1};

const wk_sql_t wk_sql_held_unsaid = {
    "held_unsaid",
    "WITH said AS ("
    "    UPDATE messages SET metadata = metadata - 'unsaid'"
    "     WHERE call_id = $1::uuid AND speaker = 'human_agent' AND metadata ? 'unsaid'"
    "    RETURNING id, content, occurred_at)"
    " SELECT content FROM said ORDER BY occurred_at, id",
    1};

const wk_sql_t wk_sql_held_message = {
    "held_message",
    "INSERT INTO messages (organization_id, call_id, customer_id, channel, direction, speaker,"
    "                      content, language, user_id, provider, provider_message_id, metadata,"
    "                      occurred_at)"
    " VALUES (current_organization(), $1::uuid, $2::uuid, 'voice', 'outbound', 'human_agent', $3,"
    "         $4, " USER("$5") ", 'takeover', $6, '{\"unsaid\": true}', clock_timestamp())"
    " ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING RETURNING id",
    6};

const wk_sql_t wk_sql_takeover_message_known = {
    "takeover_message_known",
    "SELECT id, metadata ? 'unsaid' AS unsaid FROM messages"
    " WHERE provider = 'takeover' AND provider_message_id = $1",
    1};

const wk_sql_t wk_sql_takeover_ring = {
    "takeover_ring",
    "SELECT EXISTS (SELECT FROM organization_phone_numbers"
    "                WHERE organization_id = (SELECT current_organization())"
    "                  AND phone_number = $1 AND is_active) AS own,"
    "       EXISTS (SELECT FROM takeovers"
    "                WHERE id = $2::uuid AND channel = 'phone'"
    "                  AND (dial = $1 OR dial IS NULL"
    "                                    AND strpos(document, '>' || $1 || '</Number>') > 0))"
    "           AS rung",
    2};

const wk_sql_t wk_sql_takeover_person = {
    "takeover_person",
    "SELECT full_name AS name, phone FROM users WHERE id = uuid_or_null($1)", 1};

/* clang-format on */
