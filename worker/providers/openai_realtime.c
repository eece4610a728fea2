#include "worker/providers/openai_realtime.h"

#include "core/json_number.h"

#define DEFAULT_URL "wss://api.openai.com/v1/realtime"

const char *wk_realtime_url(wk_arena_t *a, const wk_config_t *config, va_str_t model)
{
    const char *url = config->openai_realtime_url;
    if (model.len == 0) {
        model = va_str_c(config->openai_realtime_model);
    }
    return wk_printf(a, "%s?model=%.*s", url != NULL ? url : DEFAULT_URL, (int)model.len,
                     model.data)
        .data;
}

/* ---------------------------------------------------------------- what it is told */

static va_json_writer_t *begin(va_buf_t *out, const char *type)
{
    va_json_writer_t *w = va_json_writer_new(out);
    va_json_object(w);
    va_json_add_c(w, "type", type);
    return w;
}

static va_status_t end(va_json_writer_t *w)
{
    va_json_object_end(w);
    return va_json_writer_end(w);
}

static void open_object(va_json_writer_t *w, const char *name)
{
    va_json_key(w, name);
    va_json_object(w);
}

static void add_format(va_json_writer_t *w)
{
    open_object(w, "format");
    va_json_add_c(w, "type", "audio/pcmu");
    va_json_object_end(w);
}

static void add_turn_detection(va_json_writer_t *w, const wk_realtime_session_t *s)
{
    open_object(w, "turn_detection");
    va_json_add_c(w, "type", "server_vad");
    if (s->threshold.len > 0) {
        va_json_key(w, "threshold");
        va_json_put_number(w, s->threshold);
    }
    if (s->prefix_ms >= 0) {
        va_json_add_int(w, "prefix_padding_ms", s->prefix_ms);
    }
    va_json_add_int(w, "silence_duration_ms", s->silence_ms);
    va_json_add_bool(w, "create_response", false);
    va_json_add_bool(w, "interrupt_response", false);
    va_json_object_end(w);
}

static void add_input(va_json_writer_t *w, const wk_realtime_session_t *s)
{
    open_object(w, "input");
    add_format(w);
    open_object(w, "transcription");
    va_json_add_c(w, "model", s->transcription_model);
    if (s->language.len > 0) {
        va_json_add_str(w, "language", s->language);
    }
    va_json_object_end(w);
    add_turn_detection(w, s);
    va_json_object_end(w);
}

static void add_output(va_json_writer_t *w, const wk_realtime_session_t *s)
{
    open_object(w, "output");
    add_format(w);
    if (s->voice.len > 0) {
        va_json_add_str(w, "voice", s->voice);
    }
    va_json_object_end(w);
}

va_status_t wk_realtime_update(va_buf_t *out, const wk_realtime_session_t *s)
{
    va_json_writer_t *w = begin(out, "session.update");
    open_object(w, "session");
    va_json_add_c(w, "type", "realtime");
    va_json_key(w, "output_modalities");
    va_json_array(w);
    va_json_put_c(w, "audio");
    va_json_array_end(w);
    va_json_add_str(w, "instructions", s->instructions);
    if (s->max_tokens > 0) {
        va_json_add_int(w, "max_output_tokens", s->max_tokens);
    }
    open_object(w, "audio");
    add_input(w, s);
    add_output(w, s);
    va_json_object_end(w);
    va_json_key(w, "tools");
    va_json_put_raw(w, s->tools.len > 0 ? s->tools : VA_STR("[]"));
    va_json_add_c(w, "tool_choice", "auto");
    va_json_object_end(w);
    return end(w);
}

va_status_t wk_realtime_probe(va_buf_t *out)
{
    va_json_writer_t *w = begin(out, "session.update");
    open_object(w, "session");
    va_json_add_c(w, "type", "realtime");
    va_json_object_end(w);
    return end(w);
}

va_status_t wk_realtime_append(va_buf_t *out, va_str_t base64)
{
    va_json_writer_t *w = begin(out, "input_audio_buffer.append");
    va_json_add_str(w, "audio", base64);
    return end(w);
}

va_status_t wk_realtime_message(va_buf_t *out, const char *role, va_str_t text)
{
    va_json_writer_t *w = begin(out, "conversation.item.create");
    open_object(w, "item");
    va_json_add_c(w, "type", "message");
    va_json_add_c(w, "role", role);
    va_json_key(w, "content");
    va_json_array(w);
    va_json_object(w);
    va_json_add_c(w, "type", strcmp(role, "assistant") == 0 ? "output_text" : "input_text");
    va_json_add_str(w, "text", text);
    va_json_object_end(w);
    va_json_array_end(w);
    va_json_object_end(w);
    return end(w);
}

va_status_t wk_realtime_result(va_buf_t *out, va_str_t call_id, va_str_t output)
{
    va_json_writer_t *w = begin(out, "conversation.item.create");
    open_object(w, "item");
    va_json_add_c(w, "type", "function_call_output");
    va_json_add_str(w, "call_id", call_id);
    va_json_add_str(w, "output", output);
    va_json_object_end(w);
    return end(w);
}

va_status_t wk_realtime_truncate(va_buf_t *out, va_str_t item, int64_t heard_ms)
{
    va_json_writer_t *w = begin(out, "conversation.item.truncate");
    va_json_add_str(w, "item_id", item);
    va_json_add_int(w, "content_index", 0);
    va_json_add_int(w, "audio_end_ms", heard_ms);
    return end(w);
}

va_status_t wk_realtime_cancel(va_buf_t *out, va_str_t response)
{
    va_json_writer_t *w = begin(out, "response.cancel");
    if (response.len > 0) {
        va_json_add_str(w, "response_id", response);
    }
    return end(w);
}

va_status_t wk_realtime_respond(va_buf_t *out, va_str_t name, va_str_t instructions, bool aside)
{
    va_json_writer_t *w = begin(out, "response.create");
    va_json_add_str(w, "event_id", name);
    if (instructions.len > 0 || aside) {
        open_object(w, "response");
        if (instructions.len > 0) {
            va_json_add_str(w, "instructions", instructions);
        }
        if (aside) {
            va_json_add_c(w, "conversation", "none");
            va_json_add_c(w, "tool_choice", "none");
        }
        va_json_object_end(w);
    }
    return end(w);
}

/* ---------------------------------------------------------------- what it tells */

/* The places texts may stand in; which of them counts depends on the kind. */
enum {
    TYPE,
    ITEM,
    RESPONSE,
    RESPONSE_OBJECT,
    DELTA,
    TRANSCRIPT,
    CALL_ID,
    NAME,
    ARGUMENTS,
    STATUS,
    ERROR_CODE,
    ERROR_MESSAGE,
    ERROR_ABOUT,
    FAILURE_CODE,
    EXPIRES,
    AUDIO_END,
    PLACES
};

static const struct {
    const char *type, *beta; /* beta: its former name, or NULL */
    wk_realtime_kind_t kind;
    int text; /* the place of event->text */
} kinds[] = {
    {"session.created", NULL, WK_RT_CREATED, TYPE},
    {"session.updated", NULL, WK_RT_UPDATED, TYPE},
    {"input_audio_buffer.speech_started", NULL, WK_RT_SPEECH_STARTED, TYPE},
    {"input_audio_buffer.speech_stopped", NULL, WK_RT_SPEECH_STOPPED, TYPE},
    {"conversation.item.input_audio_transcription.delta", NULL, WK_RT_HEARD_PART, DELTA},
    {"conversation.item.input_audio_transcription.completed", NULL, WK_RT_HEARD, TRANSCRIPT},
    {"response.created", NULL, WK_RT_RESPONSE, TYPE},
    {"response.output_audio.delta", "response.audio.delta", WK_RT_AUDIO, DELTA},
    {"response.output_audio_transcript.delta", "response.audio_transcript.delta",
     WK_RT_SAID_PART, DELTA},
    {"response.output_audio_transcript.done", "response.audio_transcript.done", WK_RT_SAID,
     TRANSCRIPT},
    {"response.function_call_arguments.done", NULL, WK_RT_CALL, ARGUMENTS},
    {"response.done", NULL, WK_RT_DONE, TYPE},
    {"error", NULL, WK_RT_ERROR, ERROR_MESSAGE},
};

static bool is_type(size_t i, va_str_t type)
{
    return va_str_eq(type, va_str_c(kinds[i].type)) ||
           (kinds[i].beta != NULL && va_str_eq(type, va_str_c(kinds[i].beta)));
}

static va_str_t either(va_str_t a, va_str_t b)
{
    return a.data != NULL ? a : b;
}

static int64_t whole_number(va_str_t text)
{
    int64_t n;
    return va_json_number_int(text, &n) ? n : 0;
}

static int64_t moment(va_str_t text)
{
    int64_t ms;
    return va_json_number_int(text, &ms) && ms >= 0 ? ms : -1;
}

va_status_t wk_realtime_read(const va_alloc_t *mem, va_str_t text, wk_realtime_event_t *event)
{
    static const char *const places[PLACES] = {"/type",
                                               "/item_id",
                                               "/response_id",
                                               "/response/id",
                                               "/delta",
                                               "/transcript",
                                               "/call_id",
                                               "/name",
                                               "/arguments",
                                               "/response/status",
                                               "/error/code",
                                               "/error/message",
                                               "/error/event_id",
                                               "/response/status_details/error/code",
                                               "/session/expires_at",
                                               "/audio_end_ms"};
    va_str_t pointers[PLACES], found[PLACES];
    *event = (wk_realtime_event_t){.kind = WK_RT_OTHER, .ended_ms = -1};
    for (size_t i = 0; i < PLACES; i++) {
        pointers[i] = va_str_c(places[i]);
    }
    va_status_t status = va_json_scan(mem, text, text.len, pointers, PLACES, found);
    if (status != VA_OK || found[TYPE].len == 0) {
        return status != VA_OK ? status : VA_ESYNTAX;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (is_type(i, found[TYPE])) {
            *event = (wk_realtime_event_t){
                .kind = kinds[i].kind,
                .item = found[ITEM],
                .response = either(found[RESPONSE], found[RESPONSE_OBJECT]),
                .call_id = found[CALL_ID],
                .name = found[NAME],
                .text = found[kinds[i].text],
                .status = found[STATUS],
                .code = either(found[ERROR_CODE], found[FAILURE_CODE]),
                .about = found[ERROR_ABOUT],
                .expires = whole_number(found[EXPIRES]),
                .ended_ms = moment(found[AUDIO_END])};
            break;
        }
    }
    return VA_OK;
}
