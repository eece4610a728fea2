/* Pieces of SQL that many statements share. */
#ifndef WK_STORE_SQL_H
#define WK_STORE_SQL_H

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

/* A timestamptz as the API tells it: ISO 8601, UTC, milliseconds. */
#define WK_SQL_ISO(moment) \
    "to_char(" moment " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* known and today: a moment and the day, by the shop's clock, as wording.h takes them. */
#define WK_SQL_KNOWN(moment) \
    "(SELECT to_char(" moment " AT TIME ZONE timezone, 'YYYY-MM-DD HH24:MI')" \
    "   FROM organizations WHERE id = (SELECT current_organization())) AS known," \
    " (SELECT to_char(now() AT TIME ZONE timezone, 'YYYY-MM-DD')" \
    "   FROM organizations WHERE id = (SELECT current_organization())) AS today"

/*
 * What a page goes on by, as columns key_us (microseconds since 1970) and key_id, and the
 * condition by which it goes on, newest first; both parameters null: from the newest.
 * handlers/page.h makes cursors of them. Bounds stand in sub-selects, which Postgres
 * evaluates once: under row level security an index takes no condition with a COALESCE in it.
 */
#define WK_SQL_KEY(moment, id) \
    "(extract(epoch FROM " moment ") * 1000000)::bigint AS key_us, " id " AS key_id"
#define WK_SQL_OLDER(moment, id, us_param, id_param) \
    "(" moment ", " id ") <" \
    " ((SELECT coalesce(timestamptz 'epoch' + " us_param "::bigint * interval '1 microsecond'," \
    "                   'infinity'))," \
    "  (SELECT coalesce(" id_param "::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')))"

/*
 * From (inclusive) and to (exclusive), each a wall clock time and its zone; null: no bound,
 * and the shop's zone.
 */
#define WK_SQL_INSTANT(wall, zone, if_null) \
    "(SELECT coalesce(instant_of(" wall "::timestamp, coalesce(" zone ", timezone))," \
    "                 '" if_null "') FROM organizations WHERE id = (SELECT current_organization()))"
#define WK_SQL_BETWEEN(moment, from, from_zone, to, to_zone) \
    moment " >= " WK_SQL_INSTANT(from, from_zone, "-infinity") \
    " AND " moment " < " WK_SQL_INSTANT(to, to_zone, "infinity")

/* Whether a number holds the digits of what was typed, when that looks like one. */
#define WK_SQL_NUMBER_HAS(number, typed) \
    "(" typed " ~ '^[-0-9 ()+./]*[0-9][-0-9 ()+./]*$'" \
    " AND strpos(" number ", regexp_replace(" typed ", '[^0-9]', '', 'g')) > 0)"

/* The clock a customer lives by: known, told by the number, else the shop's. */
#define WK_SQL_CUSTOMER_ZONE(customer, number, shop) \
    "coalesce(" customer ".timezone, zone_of_number(" number "), " shop ")"

/* What the shop may use: a trial that is over is none of the paid plans any more. */
#define WK_SQL_PLAN(shop) \
    "CASE WHEN " shop ".trial_ends_at <= now() THEN 'FREE' ELSE " shop ".plan END"

/* The shop is called at that number: its own agent would answer. */
#define WK_SQL_OWN_NUMBER(number) \
    "EXISTS (SELECT FROM organization_phone_numbers own WHERE own.phone_number = " number ")"

/* What a customer is spoken to in: the language he prefers, where the shop speaks it. */
#define WK_SQL_SPOKEN(customer, shop) \
    "CASE WHEN " customer ".preferred_language = ANY (" shop ".languages)" \
    "     THEN " customer ".preferred_language ELSE " shop ".language END"

/*
 * What an appointment's move sets, beside its times: nobody was told of the new one yet, and
 * the old one was given up, which wk_sql_appointment_generation counts.
 */
#define WK_SQL_MOVED \
    "reminded_48h_at = NULL, reminded_24h_at = NULL, reminded_1h_at = NULL," \
    " confirmation_sent_at = NULL," \
    " metadata = metadata || jsonb_build_object('moved_from'," \
    "     coalesce(metadata -> 'moved_from', '[]')" \
    "     || to_jsonb(to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI')))"

/*
 * Whether the customer's number of a call is surely his. Of one that comes in the carrier vouches
 * for it, as far as the shop asks (settings: its agent_configs): StirVerstat names the attestation
 * ("TN-Validation-Passed-A"), and a forwarded call says nothing of who is on the line (providers'
 * "SHAKEN/STIR" pages). One of the shop's was dialled by us, as its row of the ledger says; but a
 * machine that answers is nobody.
 */
#define WK_SQL_ATTESTED(call, settings) \
    "CASE " call ".direction WHEN 'outbound' THEN " \
    " " call ".end_reason IS DISTINCT FROM 'voicemail'" \
    " AND coalesce(" call ".answered_by, '') !~ '^(machine_|fax$|agent$)'" \
    " AND EXISTS (SELECT FROM effects dialled" \
    "              WHERE dialled.organization_id = " call ".organization_id" \
    "                AND dialled.kind = 'call' AND dialled.state = 'done'" \
    "                AND dialled.provider_id" \
    "                    IN (" call ".twilio_call_sid, " call ".elevenlabs_conversation_id)" \
    "                AND dialled.request ->> 'to' = " call ".called_number)" \
    " ELSE " call ".forwarded_from IS NULL" \
    " AND " call ".stir_verstat LIKE 'TN-Validation-Passed-%'" \
    " AND right(" call ".stir_verstat, 1) = ANY (" settings ".caller_attestation) END"

/* Turns of the call, since it began, went through a voice process of ours. */
#define WK_SQL_SPOKEN_THROUGH_US(call, begin) \
    "EXISTS (SELECT FROM messages h WHERE h.call_id = " call " AND h.provider = 'voice'" \
    "           AND h.occurred_at >= to_timestamp(" begin "))"

/*
 * What promise.h knows of appointments, of those that the condition has of a: a customer may hear
 * of them. o: the organization; at: when they are spoken of.
 */
#define WK_SQL_APPOINTMENTS_SPOKEN_OF(condition, at) \
    "(SELECT json_agg(json_build_array(p.status, to_char(p.wall, 'HH24:MI')," \
    "                                  extract(isodow FROM p.wall)," \
    "                                  p.wall::date - (" at " AT TIME ZONE o.timezone)::date," \
    "                                  p.metadata ? 'moved_from'," \
    "                                  to_char(p.wall, 'YYYY-MM-DD')))" \
    "   FROM (SELECT a.status, a.metadata, a.starts_at AT TIME ZONE o.timezone AS wall" \
    "           FROM appointments a" \
    "          WHERE (" condition ")" \
    "            AND CASE WHEN a.status = 'cancelled'" \
    "                     THEN a.cancelled_at > " at " - interval '30 days'" \
    "                     ELSE a.starts_at > " at " - interval '1 day' END" \
    "          ORDER BY a.starts_at DESC LIMIT 10) p)"

/*
 * A person took the call when it was put through, and has it: its caller came back neither to the
 * document behind that nor, where that could not be had, by the fallback address. turn: before
 * which such turns are.
 */
#define WK_SQL_PUT_THROUGH(call, turn) \
    "(coalesce((" call ".metadata ->> 'accepted')::bigint < " turn "::bigint, false)" \
    " AND coalesce((" call ".metadata ->> 'came_back')::bigint" \
    "              < (" call ".metadata ->> 'accepted')::bigint, true)" \
    " AND NOT EXISTS (SELECT FROM messages m WHERE m.provider = 'twilio'" \
    "     AND m.provider_message_id" \
    "         = " call ".twilio_call_sid || ':' || (" call ".metadata ->> 'accepted')))"

/* The last person who was to have the call did not take it, and the agent has it again. */
#define WK_SQL_UNANSWERED(call) \
    "coalesce((" call ".metadata ->> 'unanswered')::timestamptz = " call ".resumed_at, false)"

/* clang-format on */

#endif
