/* The tools, each in the file of its family; worker/agent/tools.c lists them. */
#ifndef WK_AGENT_TOOLS_TOOLS_H
#define WK_AGENT_TOOLS_TOOLS_H

#include "worker/agent/tool.h"

extern const wk_tool_t wk_tool_get_store_hours, wk_tool_get_business_info;
extern const wk_tool_t wk_tool_check_availability, wk_tool_book_appointment,
    wk_tool_reschedule_appointment, wk_tool_cancel_appointment;
extern const wk_tool_t wk_tool_lookup_order, wk_tool_request_return;
extern const wk_tool_t wk_tool_check_inventory, wk_tool_get_product_recommendations;
extern const wk_tool_t wk_tool_take_message;
extern const wk_tool_t wk_tool_search_knowledge;
extern const wk_tool_t wk_tool_send_sms, wk_tool_send_email, wk_tool_send_checkout_link;
extern const wk_tool_t wk_tool_trigger_followup, wk_tool_create_lead,
    wk_tool_get_customer_history;
extern const wk_tool_t wk_tool_transfer_to_human, wk_tool_switch_language, wk_tool_skip_turn,
    wk_tool_end_call;
extern const wk_tool_t wk_tool_voicemail_detection;
extern const wk_tool_t wk_tool_update_dashboard, wk_tool_display_product;

/* A row of wk_sql_products_find as tools tell it: the members of an object. */
void wk_tool_put_product(va_json_writer_t *w, wk_arena_t *a, const wk_rows_t *rows, size_t i);

#endif
