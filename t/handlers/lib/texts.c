#include "t/handlers/lib/texts.h"

#include "core/form.h"

int t_texts_setup(void **state)
{
    (void)state;
    t_twilio();
    t_sqlf("DELETE FROM outbox; DELETE FROM messages; DELETE FROM message_status_events;"
           "DELETE FROM effects; DELETE FROM tasks; DELETE FROM consents;"
           "DELETE FROM consent_states; DELETE FROM unrouted_events;"
           "DELETE FROM customers WHERE id NOT IN ('" JOHN "', '" SARAH "');"
           "UPDATE customers SET dialog_state = '{}', conversation_language = NULL,"
           "    preferred_language = 'en', interaction_count = 0, last_contact_at = NULL;"
           "UPDATE agent_configs SET language_detection = true, language_confidence = 0.6");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_log_forget();
    return 0;
}

const char *t_text_sid(void)
{
    static int n;
    return wk_printf(t_ctx.arena, "SM%032x", ++n).data;
}

static void add(va_buf_t *form, const char *name, const char *value)
{
    va_form_add(form, va_str_c(name), va_str_c(value));
}

const char *t_text_form(const t_text_t *text)
{
    va_buf_t form;
    va_buf_init(&form, wk_mem(t_ctx.arena), 512);
    add(&form, "MessageSid", text->sid);
    add(&form, "SmsSid", text->sid);
    add(&form, "AccountSid", TWILIO_ACCOUNT);
    add(&form, "From", text->from);
    add(&form, "To", text->to != NULL ? text->to : DOWNTOWN_NUMBER);
    add(&form, "Body", text->body);
    add(&form, "NumSegments", "1");
    add(&form, "SmsStatus", "received");
    va_buf_add_c(&form, text->more != NULL ? text->more : "&NumMedia=0");
    va_buf_add_char(&form, '\0');
    return form.data;
}

t_answer_t t_deliver(const t_text_t *text)
{
    t_text_t own = *text;
    own.sid = text->sid != NULL ? text->sid : t_text_sid();
    return t_ask(&(t_ask_t){.type = "sms.receive",
                            .uri = "/api/webhooks/twilio/sms",
                            .scheme = "twilio",
                            .content_type = "application/x-www-form-urlencoded",
                            .body = t_text_form(&own),
                            .attempt = text->attempt});
}

const char *t_answer_to(const char *sid)
{
    return t_sqlf("SELECT m.content FROM messages m JOIN effects e ON e.id = m.effect_id"
                  " WHERE e.key = 'sms:answer:%s'",
                  sid);
}

const char *t_say(const char *from, const char *body)
{
    const char *sid = t_text_sid();
    t_answer_t a = t_deliver(&(t_text_t){.sid = sid, .from = from, .body = body});
    assert_done(&a);
    return t_answer_to(sid);
}

void t_texts_wait(int ms)
{
    t_sqlf("UPDATE messages SET metadata = metadata"
           "    || jsonb_build_object('sending', (metadata ->> 'sending')::bigint - %d,"
           "           'absent_since', (metadata ->> 'absent_since')::bigint - %d)"
           " WHERE metadata ? 'sending'",
           ms, ms);
}

void t_texts_pass(void)
{
    t_texts_wait(11000);
}
