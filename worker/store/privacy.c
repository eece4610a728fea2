#include "worker/store/privacy.h"

#include "worker/store/appointments.h"
#include "worker/store/campaigns.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

const wk_sql_t wk_sql_privacy_due = {
    "privacy_due", "SELECT due_retention($1::int) AS organization", 1};

const wk_sql_t wk_sql_privacy_version = {
    "privacy_version", "SELECT updated_at::text AS version FROM privacy_settings", 0};

/* Settings that were changed meanwhile have not been enforced. */
const wk_sql_t wk_sql_privacy_swept = {
    "privacy_swept",
    "UPDATE privacy_settings SET swept_at = now() WHERE updated_at = $1::timestamptz", 1};

#define MEMBERS \
    "transcript_retention_days, audio_retention_days, zero_retention, disable_audio," \
    " anonymize_transcripts, encrypt_at_rest"

const wk_sql_t wk_sql_privacy_settings = {
    "privacy_settings",
    "SELECT row_to_json(s) AS item FROM (SELECT " MEMBERS " FROM privacy_settings) s", 0};

const wk_sql_t wk_sql_privacy_settings_put = {
    "privacy_settings_put",
    "UPDATE privacy_settings"
    "   SET transcript_retention_days = coalesce($1::int, transcript_retention_days),"
    "       audio_retention_days = coalesce($2::int, audio_retention_days),"
    "       zero_retention = coalesce($3::bool, zero_retention),"
    "       disable_audio = coalesce($4::bool, disable_audio),"
    "       anonymize_transcripts = coalesce($5::bool, anonymize_transcripts),"
    "       swept_at = '-infinity'",
    5};

/* ---------------------------------------------------------------- what is over */

/*
 * In whatever order: all of it goes in the end. What somebody is changing is left for the next
 * sweep: who waited for him would hold up all who want the rows he has already, and not every
 * Postgres looks again whether a row that it waited for is still to go.
 */
#define PIECE_OF(table, condition, lock) \
    "ctid = ANY (ARRAY(SELECT ctid FROM " table " WHERE " condition " LIMIT $1::int" lock "))"
#define PIECE(table, condition) PIECE_OF(table, condition, " FOR UPDATE SKIP LOCKED")
#define DONE " RETURNING 1) SELECT count(*) AS done FROM gone"
#define FORGET(table, condition) \
    "WITH gone AS (DELETE FROM " table " WHERE " PIECE(table, condition) DONE
#define CLEAR(table, columns, condition) \
    "WITH gone AS (UPDATE " table " SET " columns " WHERE " PIECE(table, condition) DONE
/* What nobody changes, nor has the right to. */
#define FORGET_NOTES(table, condition) \
    "WITH gone AS (DELETE FROM " table " WHERE " PIECE_OF(table, condition, "") DONE

/*
 * Before these moments: of words, and of what the program itself needs for a day, that nothing is
 * done twice. A talk that has been silent for an hour is over.
 */
#define KEPT_FOR \
    "CASE WHEN zero_retention THEN interval '0' ELSE transcript_retention_days * interval '1 day' END"
#define WORDS_END \
    "(SELECT now() - greatest(" KEPT_FOR ", interval '1 hour') FROM privacy_settings)"
#define TRACES_END \
    "(SELECT now() - greatest(" KEPT_FOR ", interval '1 day') FROM privacy_settings)"

const wk_sql_t wk_sql_sweep_widget_keys = {
    "sweep_widget_keys", FORGET("widget_keys", "expires_at <= now()"), 1};

const wk_sql_t wk_sql_sweep_proofs = {
    "sweep_proofs", FORGET_NOTES("proofs", "created_at <= now() - interval '1 day'"), 1};

const wk_sql_t wk_sql_sweep_chat_effects = {
    "sweep_chat_effects", FORGET_NOTES("chat_effects", "created_at <= now() - interval '1 day'"), 1};

/*
 * No call is longer than 4 hours: of what looks live beyond that the end was never told. It
 * ended with its last words, and is concluded as any other.
 */
const wk_sql_t wk_sql_sweep_calls_untold = {
    "sweep_calls_untold",
    "WITH untold AS ("
    "    SELECT c.id, coalesce((SELECT max(m.occurred_at) FROM messages m WHERE m.call_id = c.id),"
    "                          c.answered_at, c.started_at) AS last"
    "      FROM calls c"
    "     WHERE c.status IN ('connecting', 'in_progress')"
    "       AND c.started_at < now() - interval '5 hours'"
    "       AND c.started_at > now() - interval '30 days'"
    "     ORDER BY c.started_at LIMIT $1::int FOR UPDATE OF c SKIP LOCKED),"
    " ended AS ("
    "    UPDATE calls c"
    "       SET status = CASE c.status WHEN 'connecting' THEN 'failed' ELSE 'completed' END,"
    "           ended_at = greatest(c.ended_at, u.last),"
    "           end_reason = coalesce(c.end_reason, 'unknown')"
    "      FROM untold u WHERE c.id = u.id RETURNING c.id),"
    " queued AS ("
    "    INSERT INTO outbox (organization_id, kind, type, queue, serial, dedup, data)"
    "    SELECT current_organization(), 'job', 'calls.conclude', 'default',"
    "           'conclude:ended:' || id, 'conclude:ended:' || id, jsonb_build_object('call', id)"
    "      FROM ended)"
    " SELECT count(*) AS done FROM ended",
    1};

/* ---------------------------------------------------------------- what was said */

/*
 * What waits to be sent is given a week more: longer than the longest takeover. In a chat it
 * waits for a visitor who may never come back.
 */
const wk_sql_t wk_sql_sweep_messages = {
    "sweep_messages",
    FORGET("messages m",
           "m.occurred_at < " WORDS_END
           " AND (coalesce(m.status, '') NOT IN ('queued', 'sending')"
           "      OR m.channel = 'chat' OR m.occurred_at < " WORDS_END " - interval '7 days')"
           " AND NOT EXISTS (SELECT FROM calls c WHERE c.id = m.call_id AND c.ended_at IS NULL"
           "                    AND c.started_at > now() - interval '1 day')"),
    1};

#define NUMBER_OF_CUSTOMER \
    " caller_number = CASE WHEN direction = 'outbound' THEN caller_number END," \
    " called_number = CASE WHEN direction = 'inbound' THEN called_number END"

/* As the index calls_worded has it. */
#define WORDED \
    "(transcript IS NOT NULL OR summary IS NOT NULL OR conversation_context IS NOT NULL" \
    " OR caller_name IS NOT NULL OR forwarded_from IS NOT NULL OR transfer_reason IS NOT NULL" \
    " OR dynamic_variables <> '{}' OR analysis <> '{}' OR unanswered_questions <> '[]'" \
    " OR lead_reasons <> '[]' OR caller_number IS NOT NULL AND direction = 'inbound'" \
    " OR called_number IS NOT NULL AND direction = 'outbound')"

const wk_sql_t wk_sql_sweep_calls = {
    "sweep_calls",
    CLEAR("calls",
          "transcript = NULL, summary = NULL, conversation_context = NULL, caller_name = NULL,"
          " forwarded_from = NULL, transfer_reason = NULL, dynamic_variables = '{}',"
          " analysis = '{}', unanswered_questions = '[]', lead_reasons = '[]',"
          NUMBER_OF_CUSTOMER,
          WORDED " AND started_at < " WORDS_END
          " AND (ended_at < " WORDS_END " OR started_at < now() - interval '1 day')"),
    1};

const wk_sql_t wk_sql_sweep_call_data = {
    "sweep_call_data", FORGET("call_data", "extracted_at < " WORDS_END), 1};

const wk_sql_t wk_sql_sweep_evaluations = {
    "sweep_evaluations",
    CLEAR("evaluations", "rationale = NULL",
          "rationale IS NOT NULL AND evaluated_at < " WORDS_END),
    1};

const wk_sql_t wk_sql_sweep_chats = {
    "sweep_chats", FORGET("chat_sessions", "last_seen_at < " WORDS_END), 1};

const wk_sql_t wk_sql_sweep_summaries = {
    "sweep_summaries",
    CLEAR("customers",
          "conversation_summary = NULL, conversation_sentiment = NULL, dialog_state = '{}',"
          " commitments = '[]'",
          "coalesce(last_contact_at, created_at) < " WORDS_END
          " AND (conversation_summary IS NOT NULL OR conversation_sentiment IS NOT NULL"
          "      OR dialog_state <> '{}' OR commitments <> '[]')"),
    1};

/* ---------------------------------------------------------------- how it sounded */

#define AUDIO_END \
    "(SELECT now() - CASE WHEN zero_retention OR disable_audio THEN interval '0'" \
    "                     ELSE audio_retention_days * interval '1 day' END FROM privacy_settings)"

/* From here on nobody is played any of it; its pieces follow. */
const wk_sql_t wk_sql_sweep_recordings = {
    "sweep_recordings",
    "WITH gone AS (UPDATE recordings SET state = 'expired' WHERE "
    PIECE("recordings", "state = 'stored' AND begun_at < " AUDIO_END) " RETURNING call_id),"
    " told AS (UPDATE calls c SET recording_deleted_at = now() FROM gone WHERE c.id = gone.call_id)"
    " SELECT count(*) AS done FROM gone",
    1};

const wk_sql_t wk_sql_sweep_recording_pieces = {
    "sweep_recording_pieces",
    FORGET("recording_chunks k",
           "EXISTS (SELECT FROM recordings r WHERE r.id = k.recording_id"
           "        AND r.state NOT IN ('begun', 'stored'))"),
    1};

/* One that the carrier may still have is not forgotten, as long as anybody asks for it. */
const wk_sql_t wk_sql_sweep_recording_rows = {
    "sweep_recording_rows",
    FORGET("recordings r",
           "(r.removed OR r.settle_at = 'infinity') AND r.state NOT IN ('begun', 'stored')"
           " AND r.begun_at < " AUDIO_END
           " AND NOT EXISTS (SELECT FROM recording_chunks k WHERE k.recording_id = r.id)"),
    1};

/* ---------------------------------------------------------------- what it left behind */

const wk_sql_t wk_sql_sweep_tasks = {
    "sweep_tasks", FORGET("tasks", "status = 'done' AND done_at < " TRACES_END), 1};

/* The rows stay for longer: they say that something was done, and once. */
const wk_sql_t wk_sql_sweep_effects = {
    "sweep_effects",
    CLEAR("effects", "request = NULL, result = NULL",
          "(request IS NOT NULL OR result IS NOT NULL) AND finished_at < " TRACES_END),
    1};

/*
 * Nobody asks again for what was claimed so long ago: the key of a booking names its start, a job
 * is kept for two weeks after it died, a campaign's run is over, and all else is sooner. A shop has
 * one row for its number, which stays; so does one whose message is still there.
 */
const wk_sql_t wk_sql_sweep_effects_over = {
    "sweep_effects_over",
    FORGET("effects f",
           "f.claimed_at < now() - interval '" WK_FURTHEST_START "' - interval '30 days'"
           " AND f.state <> 'pending'"
           " AND f.kind <> 'number'"
           " AND NOT EXISTS (SELECT FROM messages m WHERE m.effect_id = f.id)"),
    1};

/*
 * What makes a run is of the last WK_RUN_REASON (store/campaigns.h), and none is made before its
 * reason: a key so old is made by nothing any more.
 */
const wk_sql_t wk_sql_sweep_campaign_runs = {
    "sweep_campaign_runs",
    FORGET("campaign_runs",
           "created_at < now() - interval '" WK_RUN_REASON "' - interval '1 month'"
           " AND state NOT IN ('scheduled', 'running')"),
    1};

const wk_sql_t wk_sql_sweep_takeovers = {
    "sweep_takeovers", FORGET("takeovers", "state = 'over' AND ended_at < " TRACES_END), 1};

const wk_sql_t wk_sql_sweep_call_statuses = {
    "sweep_call_statuses", FORGET_NOTES("call_status_events", "created_at < " TRACES_END), 1};

const wk_sql_t wk_sql_sweep_message_statuses = {
    "sweep_message_statuses", FORGET_NOTES("message_status_events", "created_at < " TRACES_END), 1};

const wk_sql_t wk_sql_sweep_logs = {
    "sweep_logs", FORGET_NOTES("system_logs", "created_at < " TRACES_END), 1};

/* As the index webhook_events_forgotten has it, and for the reason told there. */
const wk_sql_t wk_sql_sweep_webhooks = {
    "sweep_webhooks",
    FORGET_NOTES("webhook_events",
           "received_at < now() - interval '30 days' AND (provider <> 'shopify' OR type IN"
           " ('inventory_levels/update', 'products/create', 'products/update'))"),
    1};

/* Leads that nobody can reach any more, and that lead to nothing. */
const wk_sql_t wk_sql_sweep_leads = {
    "sweep_leads",
    FORGET("customers u",
           "u.phone_number IS NULL AND u.email IS NULL AND u.shopify_customer_id IS NULL"
           " AND u.hubspot_contact_id IS NULL AND u.source IN ('call', 'sms', 'chat')"
           " AND coalesce(u.last_contact_at, u.created_at) < " TRACES_END
           " AND NOT EXISTS (SELECT FROM messages m WHERE m.customer_id = u.id)"
           " AND NOT EXISTS (SELECT FROM tasks t WHERE t.customer_id = u.id)"
           " AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = u.id)"
           " AND NOT EXISTS (SELECT FROM appointments a WHERE a.customer_id = u.id)"),
    1};

/* ---------------------------------------------------------------- anonymized transcripts */

/* Where the shop wants it, a day after something was said. */
#define ANONYMIZES "(SELECT anonymize_transcripts FROM privacy_settings)"
#define SETTLED    "now() - interval '1 day'"
#define NAMES \
    "(SELECT array_remove(regexp_split_to_array(u.name, '\\s+'), '') FROM customers u" \
    "  WHERE u.id = p.customer_id)"

/* What waits to be sent goes out as it is, and is seen to after that. */
const wk_sql_t wk_sql_anonymize_messages = {
    "anonymize_messages",
    CLEAR("messages p",
          "content = anonymized(p.content, coalesce(" NAMES ", '{}')),"
          " from_number = CASE WHEN p.direction = 'outbound' THEN p.from_number END,"
          " to_number = CASE WHEN p.direction = 'inbound' THEN p.to_number END, media = '[]', tools_used = '[]',"
          " metadata = p.metadata - 'lead' - 'twiml' - 'subject' || '{\"anonymized\": true}'",
          ANONYMIZES " AND p.occurred_at < " SETTLED " AND NOT p.metadata ? 'anonymized'"
          " AND coalesce(p.status, '') NOT IN ('queued', 'sending')"),
    1};

/* Of a call the messages stay; its other copies do not, nor whose it was. */
const wk_sql_t wk_sql_anonymize_calls = {
    "anonymize_calls",
    CLEAR("calls p",
          "summary = anonymized(p.summary, coalesce(" NAMES ", '{}')), transcript = NULL,"
          " conversation_context = NULL, caller_name = NULL, forwarded_from = NULL,"
          " transfer_reason = NULL, dynamic_variables = '{}', analysis = '{}',"
          " unanswered_questions = '[]', lead_reasons = '[]'," NUMBER_OF_CUSTOMER ","
          " metadata = p.metadata || '{\"anonymized\": true}'",
          ANONYMIZES " AND p.started_at < " SETTLED " AND NOT p.metadata ? 'anonymized'"),
    1};

const wk_sql_t wk_sql_anonymize_call_data = {
    "anonymize_call_data",
    FORGET("call_data", ANONYMIZES " AND extracted_at < " SETTLED " AND data_type = 'contact_info'"),
    1};

/* clang-format on */
