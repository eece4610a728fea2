/* What a worker is asked or told about a call: a job in the call's serial. */
#include "worker/log.h"
#include "worker/voice/session_parts.h"

va_json_writer_t *wk_session_question(wk_session_t *s, va_buf_t *body)
{
    wk_arena_reset(s->voice->scratch);
    va_buf_init(body, wk_mem(s->voice->scratch), 512);
    va_json_writer_t *w = va_json_writer_new(body);
    va_json_object(w);
    va_json_add_c(w, "call", s->call);
    return w;
}

bool wk_session_question_end(wk_session_t *s, const char *type, va_json_writer_t *w,
                             const va_buf_t *body, wk_question_t *question)
{
    va_json_object_end(w);
    bool ok = va_json_writer_end(w) == VA_OK;
    if (!ok) {
        wk_log(WK_WARN, "what a call tells is no text", WK_C("call", s->call),
               WK_C("type", type));
    }
    *question = (wk_question_t){.queue = WK_REALTIME,
                                .type = type,
                                .organization = va_str_c(s->organization),
                                .serial = va_str_c(s->call),
                                .body = va_buf_str(body)};
    return ok;
}

void wk_session_question_tell(wk_session_t *s, const char *type, va_json_writer_t *w,
                              const va_buf_t *body)
{
    wk_question_t question;
    if (wk_session_question_end(s, type, w, body, &question)) {
        wk_tell(s->voice->asks, &question);
    }
}
