#include "worker/providers/elevenlabs_convai.h"

#include "core/json_number.h"

/* ---------------------------------------------------------------- what it is told */

static va_json_writer_t *begin(va_buf_t *out, const char *type)
{
    va_json_writer_t *w = va_json_writer_new(out);
    va_json_object(w);
    if (type != NULL) {
        va_json_add_c(w, "type", type);
    }
    return w;
}

static va_status_t end(va_json_writer_t *w)
{
    va_json_object_end(w);
    return va_json_writer_end(w);
}

va_status_t wk_convai_begin(va_buf_t *out, va_str_t data)
{
    if (data.len == 0) {
        return end(begin(out, "conversation_initiation_client_data"));
    }
    va_buf_add_str(out, data);
    return out->status;
}

/* The one message without a type. */
va_status_t wk_convai_sound(va_buf_t *out, va_str_t base64)
{
    va_json_writer_t *w = begin(out, NULL);
    va_json_add_str(w, "user_audio_chunk", base64);
    return end(w);
}

va_status_t wk_convai_pong(va_buf_t *out, int64_t number)
{
    va_json_writer_t *w = begin(out, "pong");
    va_json_add_int(w, "event_id", number);
    return end(w);
}

/*
 * Never an error by its flag: what the platform makes of one is up to the agent's settings,
 * while our outputs say in words what did not succeed and what to do then.
 */
va_status_t wk_convai_result(va_buf_t *out, va_str_t call_id, va_str_t output)
{
    va_json_writer_t *w = begin(out, "client_tool_result");
    va_json_add_str(w, "tool_call_id", call_id);
    va_json_add_str(w, "result", output);
    va_json_add_bool(w, "is_error", false);
    return end(w);
}

va_status_t wk_convai_update(va_buf_t *out, va_str_t text)
{
    va_json_writer_t *w = begin(out, "contextual_update");
    va_json_add_str(w, "text", text);
    return end(w);
}

va_status_t wk_convai_message(va_buf_t *out, va_str_t text)
{
    va_json_writer_t *w = begin(out, "user_message");
    va_json_add_str(w, "text", text);
    return end(w);
}

va_status_t wk_convai_active(va_buf_t *out)
{
    return end(begin(out, "user_activity"));
}

/* ---------------------------------------------------------------- what it tells */

/* The places that scalars stand in. */
enum {
    TYPE,
    CONVERSATION,
    HEARS,
    SPEAKS,
    AUDIO,
    AUDIO_NUMBER,
    HEARD,
    HEARD_PART,
    SAID,
    CORRECTED,
    ORIGINAL,
    INTERRUPTED,
    PING,
    CALL_ID,
    TOOL,
    ERROR_KIND,
    ERROR_MESSAGE,
    PLACES,
    NOWHERE = PLACES
};

static const char *const places[PLACES] = {
    "/type",
    "/conversation_initiation_metadata_event/conversation_id",
    "/conversation_initiation_metadata_event/user_input_audio_format",
    "/conversation_initiation_metadata_event/agent_output_audio_format",
    "/audio_event/audio_base_64",
    "/audio_event/event_id",
    "/user_transcription_event/user_transcript",
    "/tentative_user_transcription_event/user_transcript",
    "/agent_response_event/agent_response",
    "/agent_response_correction_event/corrected_agent_response",
    "/agent_response_correction_event/original_agent_response",
    "/interruption_event/event_id",
    "/ping_event/event_id",
    "/client_tool_call/tool_call_id",
    "/client_tool_call/tool_name",
    "/error_event/error_type",
    "/error_event/message",
};

/* Where each kind has what is in the event; needed: without it the message means nothing. */
static const struct {
    const char *type;
    wk_convai_kind_t kind;
    int needed, text, number, id, name, before;
} kinds[] = {
    {"conversation_initiation_metadata", WK_CONVAI_BEGUN, CONVERSATION, NOWHERE, NOWHERE,
     CONVERSATION, NOWHERE, NOWHERE},
    {"audio", WK_CONVAI_AUDIO, AUDIO, AUDIO, AUDIO_NUMBER, NOWHERE, NOWHERE, NOWHERE},
    {"tentative_user_transcript", WK_CONVAI_HEARD_PART, HEARD_PART, HEARD_PART, NOWHERE,
     NOWHERE, NOWHERE, NOWHERE},
    {"user_transcript", WK_CONVAI_HEARD, HEARD, HEARD, NOWHERE, NOWHERE, NOWHERE, NOWHERE},
    {"agent_response", WK_CONVAI_SAID, SAID, SAID, NOWHERE, NOWHERE, NOWHERE, NOWHERE},
    {"agent_response_correction", WK_CONVAI_CORRECTED, ORIGINAL, CORRECTED, NOWHERE, NOWHERE,
     NOWHERE, ORIGINAL},
    {"interruption", WK_CONVAI_INTERRUPTED, NOWHERE, NOWHERE, INTERRUPTED, NOWHERE, NOWHERE,
     NOWHERE},
    {"ping", WK_CONVAI_PING, PING, NOWHERE, PING, NOWHERE, NOWHERE, NOWHERE},
    {"client_tool_call", WK_CONVAI_CALL, CALL_ID, NOWHERE, NOWHERE, CALL_ID, TOOL, NOWHERE},
    {"error", WK_CONVAI_ERROR, NOWHERE, ERROR_MESSAGE, NOWHERE, NOWHERE, ERROR_KIND, NOWHERE},
};

static va_str_t at(const va_str_t *found, int place)
{
    return place == NOWHERE ? VA_STR_NULL : found[place];
}

static int64_t number_at(const va_str_t *found, int place)
{
    int64_t number;
    return va_json_number_int(at(found, place), &number) ? number : 0;
}

/* A tool's arguments are an object, which no scan gives. */
static va_status_t read_arguments(const va_alloc_t *mem, va_str_t text, va_str_t *arguments)
{
    va_buf_t out;
    const va_json_t *message;
    const va_json_limits_t limits = {WK_CONVAI_MESSAGE_MAX, 32, 20000};
    va_status_t status = va_json_parse(mem, text, &limits, &message);
    if (status != VA_OK) {
        return status;
    }
    const va_json_t *given = va_json_pointer(message, VA_STR("/client_tool_call/parameters"));
    if (!va_json_is(given, VA_JSON_OBJECT)) {
        *arguments = VA_STR("{}");
        return VA_OK;
    }
    va_buf_init(&out, mem, 256);
    va_json_writer_t *w = va_json_writer_new(&out);
    va_json_put_value(w, given);
    status = va_json_writer_end(w);
    *arguments = va_buf_str(&out);
    return status;
}

static va_status_t scan(const va_alloc_t *mem, va_str_t text, va_str_t found[PLACES])
{
    va_str_t pointers[PLACES];
    for (size_t i = 0; i < PLACES; i++) {
        pointers[i] = va_str_c(places[i]);
    }
    va_status_t status = va_json_scan(mem, text, text.len, pointers, PLACES, found);
    return status == VA_OK && found[TYPE].len == 0 ? VA_ESYNTAX : status;
}

va_status_t wk_convai_read(const va_alloc_t *mem, va_str_t text, wk_convai_event_t *event)
{
    size_t i = 0, n = sizeof(kinds) / sizeof(*kinds);
    va_str_t found[PLACES];
    *event = (wk_convai_event_t){.kind = WK_CONVAI_OTHER};
    va_status_t status = scan(mem, text, found);
    if (status != VA_OK) {
        return status;
    }
    while (i < n && !va_str_eq(found[TYPE], va_str_c(kinds[i].type))) {
        i++;
    }
    if (i == n) {
        return VA_OK;
    }
    if (kinds[i].needed != NOWHERE && found[kinds[i].needed].len == 0) {
        return VA_ESYNTAX;
    }
    *event = (wk_convai_event_t){.kind = kinds[i].kind,
                                 .number = number_at(found, kinds[i].number),
                                 .id = at(found, kinds[i].id),
                                 .name = at(found, kinds[i].name),
                                 .text = at(found, kinds[i].text),
                                 .before = at(found, kinds[i].before),
                                 .hears = found[HEARS],
                                 .speaks = found[SPEAKS]};
    if (event->kind != WK_CONVAI_CALL) {
        return VA_OK;
    }
    return event->name.len > 0 ? read_arguments(mem, text, &event->text) : VA_ESYNTAX;
}

int wk_convai_rate(va_str_t format)
{
    static const struct {
        const char *name;
        int rate;
    } formats[] = {{"ulaw_8000", 0},     {"pcm_8000", 8000},   {"pcm_16000", 16000},
                   {"pcm_22050", 22050}, {"pcm_24000", 24000}, {"pcm_44100", 44100},
                   {"pcm_48000", 48000}};
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        if (va_str_eq(format, va_str_c(formats[i].name))) {
            return formats[i].rate;
        }
    }
    return -1;
}
