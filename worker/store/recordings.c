#include "worker/store/recordings.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

/* A shop that keeps no sound has none made. */
#define KEEPS \
    "(p.audio_retention_days > 0 AND NOT p.disable_audio AND NOT p.zero_retention)"

/* A refusal outlives its person's data. */
const wk_sql_t wk_sql_recording_wanted = {
    "recording_wanted",
    "SELECT g.recording_enabled AND " KEEPS
    "   AND NOT EXISTS (SELECT FROM consent_states s WHERE s.channel = 'recording'"
    "                      AND s.address = $1::text AND NOT s.granted)"
    "   AND NOT EXISTS (SELECT FROM kept_refusals k WHERE k.channel = 'recording'"
    "                      AND k.address_hash = address_hash(k.organization_id, 'recording', $1::text))"
    "       AS wanted"
    "  FROM agent_configs g JOIN privacy_settings p ON p.organization_id = g.organization_id",
    1};

const wk_sql_t wk_sql_recording_begin = {
    "recording_begin",
    "INSERT INTO recordings (organization_id, call_id, twilio_call_sid, notice_language)"
    " VALUES (current_organization(), $1::uuid, $2, $3)"
    " ON CONFLICT ON CONSTRAINT recordings_call DO NOTHING",
    3};

const wk_sql_t wk_sql_recording_look = {
    "recording_look",
    "UPDATE recordings r"
    "   SET settle_at = CASE WHEN r.settle_at = 'infinity' THEN r.settle_at"
    "                        ELSE now() + least(greatest((now() - r.begun_at) / 8,"
    "                                                    interval '30 seconds'), interval '1 hour') END"
    "  FROM calls c, privacy_settings p"
    " WHERE r.twilio_call_sid = $1 AND c.id = r.call_id"
    " RETURNING r.id, r.state, r.removed,"
    "           extract(epoch FROM now() - r.begun_at)::bigint AS age,"
    "           c.ended_at < now() - interval '5 minutes'"
    "               OR r.begun_at < now() - interval '5 hours' AS over,"
    "           " KEEPS " AND r.begun_at > now() - p.audio_retention_days * interval '1 day' AS kept,"
    "           c.customer_id, CASE c.direction WHEN 'outbound' THEN c.called_number"
    "                                           ELSE c.caller_number END AS customer_number",
    1};

const wk_sql_t wk_sql_recording_other_pieces = {
    "recording_other_pieces",
    "DELETE FROM recording_chunks k USING recordings r"
    " WHERE k.recording_id = $1::uuid AND r.id = k.recording_id AND r.state = 'begun'"
    "   AND r.recording_sid IS DISTINCT FROM $2::text",
    2};

const wk_sql_t wk_sql_recording_take = {
    "recording_take",
    "UPDATE recordings SET recording_sid = $2 WHERE id = $1::uuid AND state = 'begun' RETURNING id",
    2};

/* Who fetches the same sound at the same time writes the same. */
const wk_sql_t wk_sql_recording_put_piece = {
    "recording_put_piece",
    "INSERT INTO recording_chunks (organization_id, recording_id, n, key_id, length, sealed)"
    " SELECT r.organization_id, r.id, $2::int, $3, $4::int, $5::bytea FROM recordings r"
    "  WHERE r.id = $1::uuid AND r.state = 'begun' FOR SHARE"
    " ON CONFLICT (organization_id, recording_id, n) DO UPDATE"
    "    SET key_id = excluded.key_id, length = excluded.length, sealed = excluded.sealed"
    " RETURNING n",
    5};

const wk_sql_t wk_sql_recording_stored = {
    "recording_stored",
    "WITH had AS (SELECT count(*) AS n, sum(length) AS bytes FROM recording_chunks"
    "              WHERE recording_id = $1::uuid),"
    "     kept AS (UPDATE recordings r"
    "                 SET state = 'stored', bytes = $3::bigint, media_type = $4,"
    "                     seconds = $5::int, stored_at = now()"
    "                FROM had"
    "               WHERE r.id = $1::uuid AND r.state = 'begun'"
    "                 AND had.n = $2::int AND had.bytes = $3::bigint"
    "           RETURNING r.id, r.call_id, r.recording_sid)"
    " UPDATE calls c SET recording_url = 'recordings/' || kept.id, recording_sid = kept.recording_sid,"
    "        recording_seconds = $5::int"
    "   FROM kept WHERE c.id = kept.call_id RETURNING c.id",
    5};

const wk_sql_t wk_sql_recording_ended = {
    "recording_ended",
    "UPDATE recordings SET state = $2 WHERE id = $1::uuid AND state = 'begun'",
    2};

/* By itself: what waits for the row in the statement that changes it does not see the piece that
 * it waited for. */
const wk_sql_t wk_sql_recording_forget = {
    "recording_forget",
    "WITH gone AS (DELETE FROM recording_chunks k USING recordings r"
    "               WHERE k.recording_id = $1::uuid AND r.id = k.recording_id"
    "                 AND r.state NOT IN ('begun', 'stored'))"
    " UPDATE calls c SET recording_deleted_at = now() FROM recordings r"
    "  WHERE r.id = $1::uuid AND r.state NOT IN ('begun', 'stored') AND c.id = r.call_id"
    "    AND c.recording_url IS NOT NULL AND c.recording_deleted_at IS NULL",
    1};

const wk_sql_t wk_sql_recording_removed = {
    "recording_removed", "UPDATE recordings SET removed = true WHERE id = $1::uuid", 1};

const wk_sql_t wk_sql_recording_lost = {
    "recording_lost",
    "UPDATE recordings SET settle_at = 'infinity',"
    "       state = CASE state WHEN 'begun' THEN 'lost' ELSE state END"
    " WHERE id = $1::uuid",
    1};

const wk_sql_t wk_sql_recording_decline = {
    "recording_decline",
    "WITH declined AS (UPDATE recordings SET state = 'declined', settle_at = now()"
    "                   WHERE call_id = $1::uuid AND state IN ('begun', 'stored')"
    "               RETURNING id, call_id, twilio_call_sid)"
    " SELECT d.id, d.twilio_call_sid AS sid, c.customer_id,"
    "        CASE c.direction WHEN 'outbound' THEN c.called_number ELSE c.caller_number END"
    "            AS customer_number"
    "   FROM declined d JOIN calls c ON c.id = d.call_id",
    1};

const wk_sql_t wk_sql_recordings_due = {
    "recordings_due", "SELECT due_recordings($1::int) AS organization", 1};

const wk_sql_t wk_sql_recordings_unsettled = {
    "recordings_unsettled",
    "SELECT twilio_call_sid AS sid FROM recordings WHERE NOT removed AND settle_at <= now()"
    " ORDER BY settle_at LIMIT $1::int",
    1};

const wk_sql_t wk_sql_recording_of_call = {
    "recording_of_call",
    "SELECT r.id, r.bytes, r.media_type FROM recordings r, privacy_settings p"
    " WHERE r.call_id = $1::uuid AND r.state = 'stored' AND " KEEPS
    "   AND r.begun_at > now() - p.audio_retention_days * interval '1 day'",
    1};

const wk_sql_t wk_sql_recording_pieces = {
    "recording_pieces",
    "SELECT n, sealed FROM recording_chunks"
    " WHERE recording_id = $1::uuid AND n BETWEEN $2::int AND $3::int ORDER BY n",
    3};

const wk_sql_t wk_sql_recording_pieces_to_rotate = {
    "recording_pieces_to_rotate",
    "SELECT recording_id, n, sealed, key_id FROM recording_chunks WHERE key_id <> $1"
    " ORDER BY recording_id, n LIMIT $2::int",
    2};

const wk_sql_t wk_sql_recording_piece_rotated = {
    "recording_piece_rotated",
    "UPDATE recording_chunks SET sealed = $4::bytea, key_id = $5"
    " WHERE recording_id = $1::uuid AND n = $2::int AND key_id = $3",
    5};

/* clang-format on */
