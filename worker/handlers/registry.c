#include "worker/agent/calendar_push.h"
#include "worker/agent/calendar_sync.h"
#include "worker/agent/call_conclusion.h"
#include "worker/agent/catalogue_check.h"
#include "worker/agent/crm.h"
#include "worker/agent/email.h"
#include "worker/agent/erasure.h"
#include "worker/agent/outbound.h"
#include "worker/agent/sms.h"
#include "worker/handlers/handlers.h"

/* max_attempts 0: the configured number. */
static const wk_handler_t handlers[] = {
    {"agent_config.handle", WK_EFFECT, wk_agent_config_handle, 0},
    {"agent_config.voice", WK_EFFECT, wk_agent_config_voice, 0},
    {"analytics.csv", WK_READ, wk_analytics_csv, 0},
    {"analytics.get", WK_READ, wk_analytics_get, 0},
    {"appointments.handle", WK_EFFECT, wk_appointments_handle, 0},

    /*
     * They write, but only for who waits: a login nobody waits for any more is better not
     * done, and none is done again behind its caller's back.
     */
    {"auth.login", WK_READ, wk_auth_login, 0},
    {"auth.exchange", WK_READ, wk_auth_exchange, 0},
    {"auth.refresh", WK_READ, wk_auth_refresh, 0},
    {"auth.ticket", WK_READ, wk_auth_ticket, 0},
    {"auth.logout", WK_EFFECT, wk_auth_logout, 0},
    {"auth.register", WK_EFFECT, wk_auth_register, 0},

    {"calendar.notify", WK_EFFECT, wk_calendar_notify, 0},
    {"calendar.push", WK_EFFECT, wk_calendar_push, WK_CALENDAR_PUSH_ATTEMPTS},
    {"calendar.sync", WK_EFFECT, wk_calendar_sync, WK_CALENDAR_SYNC_ATTEMPTS},
    {"call_status.store", WK_EFFECT, wk_call_status_store, 0},
    {"calls.begin", WK_EFFECT, wk_calls_begin, 0},
    {"calls.conclude", WK_EFFECT, wk_calls_conclude, WK_CONCLUDE_ATTEMPTS},
    {"calls.get", WK_READ, wk_calls_get, 0},
    {"calls.list", WK_READ, wk_calls_list, 0},
    {"calls.outcome", WK_EFFECT, wk_calls_outcome, 0},
    {"calls.settle", WK_EFFECT, wk_calls_settle, 0},
    {"campaigns.call", WK_EFFECT, wk_campaigns_call, 0},
    {"campaigns.send", WK_EFFECT, wk_campaigns_send, 0},
    {"chat.answer", WK_EFFECT, wk_chat_answer, 0},
    {"chat.open", WK_READ, wk_chat_open, 0},
    {"chat.person", WK_EFFECT, wk_chat_person, 0},
    {"chat.push", WK_EFFECT, wk_chat_push, 0},
    {"chat.shop", WK_READ, wk_chat_shop, 0},
    {"conversation_events.store", WK_EFFECT, wk_conversation_events_store, 0},
    {"conversations.get", WK_READ, wk_conversations_get, 0},
    {"effects.settle", WK_EFFECT, wk_effects_settle, 0},
    {"email.send", WK_EFFECT, wk_email_send_queued, WK_EMAIL_ATTEMPTS},
    {"hosted_agent.allowlist", WK_EFFECT, wk_hosted_agent_allowlist, 0},
    {"hosted_agent.url", WK_READ, wk_hosted_agent_url, 0}, /* good for who waits alone */
    {"hubspot.contact", WK_EFFECT, wk_hubspot_contact_changed, WK_HUBSPOT_ATTEMPTS},
    {"hubspot.log", WK_EFFECT, wk_hubspot_log, WK_HUBSPOT_ATTEMPTS},
    {"hubspot.webhook", WK_EFFECT, wk_hubspot_webhook, 0},
    {"integrations.callback", WK_EFFECT, wk_integrations_callback, 0},
    {"integrations.connect", WK_READ, wk_integrations_connect, 0},
    {"integrations.list", WK_READ, wk_integrations_list, 0},
    {"integrations.release", WK_EFFECT, wk_integrations_release, 0},
    {"integrations.remove", WK_EFFECT, wk_integrations_remove, 0},
    {"jobs.get", WK_READ, wk_jobs_get, 0},
    {"knowledge.embed", WK_EFFECT, wk_knowledge_embed, WK_KNOWLEDGE_ATTEMPTS},
    {"knowledge.handle", WK_EFFECT, wk_knowledge_handle, 0},
    {"knowledge.index", WK_EFFECT, wk_knowledge_index, WK_KNOWLEDGE_ATTEMPTS},
    {"knowledge.site", WK_EFFECT, wk_knowledge_site, WK_KNOWLEDGE_ATTEMPTS},
    {"leads.get", WK_READ, wk_leads_get, 0}, /* an nginx of before leads.handle asks for it */
    {"leads.handle", WK_EFFECT, wk_leads_handle, 0},
    {"leads.list", WK_READ, wk_leads_list, 0},
    {"livekit.webhook", WK_EFFECT, wk_livekit_webhook, 0},
    {"mcp.handle", WK_EFFECT, wk_mcp_handle, 0},
    {"media.answer", WK_EFFECT, wk_media_answer, 0},
    {"media.begin", WK_READ, wk_media_begin, 0},
    {"media.emergency", WK_EFFECT, wk_media_emergency, 0},
    {"media.named", WK_EFFECT, wk_media_named, 0},
    {"media.promise", WK_EFFECT, wk_media_promise, 0},
    {"media.timing", WK_EFFECT, wk_media_timing, 0},
    {"media.tool", WK_EFFECT, wk_media_tool, 0},
    {"media.turn", WK_EFFECT, wk_media_turn, 0},
    {"media.warned", WK_EFFECT, wk_media_warned, 0},
    {"openai.webhook", WK_EFFECT, wk_openai_webhook, 0},
    {"outbound.call", WK_EFFECT, wk_outbound_call, 0},
    {"outbound.settle", WK_EFFECT, wk_outbound_settle_call, WK_OUTBOUND_ATTEMPTS},
    /* Read, since nobody rings for longer than its deadline; what it learns is calls.begin's.
     */
    {"personalization.answer", WK_READ, wk_personalization_answer, 0},
    {"phone.accept", WK_EFFECT, wk_phone_accept, 0},
    {"phone.answered_by", WK_EFFECT, wk_phone_answered_by, 0},
    {"phone.error", WK_EFFECT, wk_phone_error, 0},
    {"phone.held", WK_EFFECT, wk_phone_held_caller, 0},
    {"phone.incoming", WK_EFFECT, wk_phone_incoming, 0},
    {"phone.outgoing", WK_EFFECT, wk_phone_outgoing, 0},
    {"phone.redirect", WK_EFFECT, wk_phone_redirect, 0},
    {"phone.resume", WK_EFFECT, wk_phone_resume, 0},
    {"phone.stream_status", WK_EFFECT, wk_phone_stream_status, 0},
    {"phone.transfer", WK_EFFECT, wk_phone_transfer, 0},
    {"phone.turn", WK_EFFECT, wk_phone_turn, 0},
    {"phone.voicemail", WK_EFFECT, wk_phone_voicemail, 0},
    {"phone.whisper", WK_EFFECT, wk_phone_whisper, 0},
    {"plan.get", WK_READ, wk_plan_get, 0},
    {"post_call.store", WK_EFFECT, wk_post_call_store, WK_POST_CALL_ATTEMPTS},
    {"privacy.deletion", WK_EFFECT, wk_privacy_deletion, 0},
    {"privacy.erase", WK_EFFECT, wk_privacy_erase, WK_ERASURE_ATTEMPTS},
    {"privacy.settings", WK_EFFECT, wk_privacy_settings, 0},
    {"privacy.sweep", WK_EFFECT, wk_privacy_sweep, 0},
    {"provisioning.resume", WK_EFFECT, wk_provisioning_resume, 0},
    {"recording.status", WK_EFFECT, wk_recording_status, WK_RECORDING_ATTEMPTS},
    {"recording.stop", WK_EFFECT, wk_recording_stop, 0},
    {"recordings.get", WK_READ, wk_recordings_get,
     0}, /* who plays it waits for it, or nobody */
    {"recordings.settle", WK_EFFECT, wk_recordings_settle, 0},
    {"registrations.undo", WK_EFFECT, wk_registrations_undo, 0},
    {"reminders.send", WK_EFFECT, wk_reminders_send, 0},
    {"settings.handle", WK_EFFECT, wk_settings_handle, 0},
    {"shopify.customer", WK_EFFECT, wk_shopify_customer_fill, 0},
    {"shopify.order", WK_EFFECT, wk_shopify_order_refresh, 0},
    {"shopify.webhook", WK_EFFECT, wk_shopify_webhook, 0},
    {"sms.receive", WK_EFFECT, wk_sms_receive, WK_SMS_ATTEMPTS},
    {"sms.send", WK_EFFECT, wk_sms_send_queued, WK_SMS_ATTEMPTS},
    {"sms_status.store", WK_EFFECT, wk_sms_status_store, 0},
    {"stream.authorize", WK_READ, wk_stream_authorize, 0},
    {"stream.snapshot", WK_READ, wk_stream_snapshot, 0},
    {"takeover.handle", WK_EFFECT, wk_takeover_handle, 0},
    {"takeover.sweep", WK_EFFECT, wk_takeover_sweep, 0},
    {"team.handle", WK_EFFECT, wk_team_handle, 0},
    {"tools.call", WK_EFFECT, wk_tools_call, 0},
    {"voicemail.leave", WK_EFFECT, wk_voicemail_leave_message, 0},
};

const wk_handler_t *wk_handler_find(va_str_t type)
{
    for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
        if (va_str_eq(type, va_str_c(handlers[i].type))) {
            return &handlers[i];
        }
    }
    return NULL;
}

/* Read anew: the files may be others by now than those that this process works with. */
bool wk_handlers_ready(const wk_config_t *config, wk_error_t *e)
{
    wk_catalogue_t *texts = wk_catalogue_load(config->messages_dir, e);
    wk_catalogue_free(texts);
    return texts != NULL;
}

bool wk_handlers_check(const wk_config_t *config, size_t *languages, wk_report_fn report,
                       void *ctx)
{
    wk_error_t e;
    wk_catalogue_t *texts = wk_catalogue_load(config->messages_dir, &e);
    *languages = texts != NULL ? wk_catalogue_count(texts) : 0;
    if (texts == NULL) {
        report(ctx, true, e.text);
    }
    bool ok = texts != NULL && wk_catalogue_check(texts, report, ctx);
    wk_catalogue_free(texts);
    return ok;
}
