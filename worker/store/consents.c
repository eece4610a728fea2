#include "worker/store/consents.h"

const wk_sql_t wk_sql_consent_sms = {
    "consent_sms",
    "SELECT EXISTS (SELECT FROM consent_states"
    "                WHERE channel = 'sms' AND address = $1 AND NOT granted) AS refused",
    1};

/* clock_timestamp(): of two words in one transaction the later one holds. */
const wk_sql_t wk_sql_consent_note_sms = {
    "consent_note_sms",
    "INSERT INTO consents (organization_id, customer_id, channel, address, granted, source,"
    "                      evidence, occurred_at)"
    " VALUES (current_organization(), $1::uuid, 'sms', $2, $3::bool, $4, $5, clock_timestamp())",
    5};

/* Of a call each is noted once; staying on the line takes no no back that came since it began. */
const wk_sql_t wk_sql_consent_note_recording = {
    "consent_note_recording",
    "INSERT INTO consents (organization_id, customer_id, channel, address, granted, source,"
    "                      evidence, occurred_at)"
    " SELECT current_organization(), $1::uuid, 'recording', $2, $3::bool, 'call', $4,"
    "        clock_timestamp()"
    "  WHERE NOT EXISTS (SELECT FROM consents c WHERE c.channel = 'recording'"
    "                       AND c.address = $2 AND c.evidence = $4 AND c.granted = $3::bool)"
    "    AND NOT ($3::bool AND EXISTS ("
    "            SELECT FROM consents c JOIN calls l ON l.twilio_call_sid = $4"
    "             WHERE c.channel = 'recording' AND c.address = $2 AND NOT c.granted"
    "               AND c.occurred_at > l.started_at))",
    4};
