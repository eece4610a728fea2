/*
 * The functions behind the job types (registry.c has which). Most are in the file that their
 * type begins with; docs/routes.md links those behind routes.
 */
#ifndef WK_HANDLERS_HANDLERS_H
#define WK_HANDLERS_HANDLERS_H

#include "worker/handler.h"

/* Of a report: enough for a day in which a refused login is put right (post_call.c). */
#define WK_POST_CALL_ATTEMPTS 100

/* Of what the carrier tells of a recording: enough for a day, since of a call that is not known
 * any more nobody asks again. */
#define WK_RECORDING_ATTEMPTS 300

/* Of reading and embedding a document: enough for an hour in which a service is away. */
#define WK_KNOWLEDGE_ATTEMPTS 20

typedef wk_outcome_t wk_handler_fn(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e);

wk_handler_fn wk_analytics_get, wk_analytics_csv;
wk_handler_fn wk_appointments_handle;
wk_handler_fn wk_auth_login, wk_auth_exchange, wk_auth_refresh, wk_auth_logout, wk_auth_ticket;
wk_handler_fn wk_auth_register, wk_provisioning_resume, wk_registrations_undo;
wk_handler_fn wk_call_status_store;
wk_handler_fn wk_calls_list, wk_calls_get, wk_calls_begin, wk_calls_conclude;
wk_handler_fn wk_calls_outcome;
wk_handler_fn wk_campaigns_send, wk_campaigns_call;
wk_handler_fn wk_calendar_notify, wk_calendar_push, wk_calendar_sync;
wk_handler_fn wk_chat_answer, wk_chat_open, wk_chat_push, wk_chat_person, wk_chat_shop;
wk_handler_fn wk_conversation_events_store;
wk_handler_fn wk_conversations_get;
wk_handler_fn wk_effects_settle;
wk_handler_fn wk_email_send_queued;
wk_handler_fn wk_integrations_list, wk_integrations_connect, wk_integrations_callback;
wk_handler_fn wk_integrations_remove, wk_integrations_release;
wk_handler_fn wk_hosted_agent_allowlist, wk_hosted_agent_url;
wk_handler_fn wk_hubspot_webhook, wk_hubspot_log, wk_hubspot_contact_changed;
wk_handler_fn wk_jobs_get;
wk_handler_fn wk_knowledge_handle, wk_knowledge_index, wk_knowledge_embed, wk_knowledge_site;
wk_handler_fn wk_leads_get, wk_leads_handle, wk_leads_list;
wk_handler_fn wk_livekit_webhook;
wk_handler_fn wk_mcp_handle;
wk_handler_fn wk_media_answer, wk_media_begin, wk_media_emergency, wk_media_named;
wk_handler_fn wk_media_promise, wk_media_timing, wk_media_tool, wk_media_turn, wk_media_warned;
wk_handler_fn wk_openai_webhook;
wk_handler_fn wk_outbound_call, wk_outbound_settle_call;
wk_handler_fn wk_personalization_answer;
wk_handler_fn wk_plan_get;
wk_handler_fn wk_post_call_store;
wk_handler_fn wk_privacy_deletion, wk_privacy_erase, wk_privacy_settings, wk_privacy_sweep;
wk_handler_fn wk_recording_status, wk_recording_stop, wk_recordings_get, wk_recordings_settle;
wk_handler_fn wk_calls_settle;
wk_handler_fn wk_reminders_send;
wk_handler_fn wk_settings_handle;
wk_handler_fn wk_agent_config_handle, wk_agent_config_voice;
wk_handler_fn wk_shopify_webhook, wk_shopify_order_refresh, wk_shopify_customer_fill;
wk_handler_fn wk_sms_receive, wk_sms_send_queued, wk_sms_status_store;
wk_handler_fn wk_stream_authorize, wk_stream_snapshot;
wk_handler_fn wk_takeover_handle, wk_takeover_sweep;
wk_handler_fn wk_team_handle;
wk_handler_fn wk_tools_call;
wk_handler_fn wk_phone_incoming, wk_phone_outgoing, wk_phone_turn, wk_phone_error;
wk_handler_fn wk_phone_answered_by, wk_phone_voicemail, wk_voicemail_leave_message;
wk_handler_fn wk_phone_whisper, wk_phone_accept, wk_phone_transfer;
wk_handler_fn wk_phone_held_caller, wk_phone_redirect;
wk_handler_fn wk_phone_resume, wk_phone_stream_status;

#endif
