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
