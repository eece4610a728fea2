#include "worker/store/emails.h"

const wk_sql_t wk_sql_email_shop = {"email_shop",
                                    "SELECT name AS shop, email AS shop_email"
                                    "  FROM organizations WHERE id = current_organization()",
                                    0};

/* Of the ledger: messages may be gone within the day. */
const wk_sql_t wk_sql_email_recipient = {
    "email_recipient",
    "SELECT r.address,"
    "       EXISTS (SELECT FROM consent_states s WHERE s.channel = 'email'"
    "                  AND s.address = r.address AND NOT s.granted) AS refused,"
    "       (SELECT count(*) FROM effects f"
    "         WHERE f.kind = 'email' AND f.claimed_at > now() - interval '1 day'"
    "           AND f.request ->> 'customer' = ($1::uuid)::text) AS recent"
    "  FROM (SELECT coalesce(lower(btrim($2)),"
    "                   (SELECT email FROM customers WHERE id = $1::uuid)) AS address) r",
    2};

const wk_sql_t wk_sql_email_queued = {
    "email_queued",
    "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker, content,"
    "                      language, from_number, to_number, status, status_at, effect_id,"
    "                      template, metadata, occurred_at)"
    " VALUES (current_organization(), $1::uuid, 'email', 'outbound', 'agent', $2, $3, $4, $5,"
    "         'queued', now(), $6::uuid, $7, jsonb_build_object('subject', $8::text),"
    "         clock_timestamp())"
    " RETURNING id",
    8};

const wk_sql_t wk_sql_email_sent = {
    "email_sent",
    "UPDATE messages"
    "   SET provider = 'smtp', provider_message_id = $2, status = 'sent', status_at = now(),"
    "       metadata = metadata - 'sending' - 'absent_since'"
    " WHERE id = $1::uuid",
    2};
