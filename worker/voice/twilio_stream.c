#include "worker/voice/twilio_stream.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base64.h"

#define SOUND_MAX 8192 /* bytes of one message to the carrier: a second */
#define BASE      10

static const va_json_limits_t limits = {WK_TWILIO_MESSAGE_MAX, 8, 500};

/* Takes the digits in front of *text. */
static bool read_number(va_str_t *text, uint64_t max, uint64_t *number)
{
    size_t n = 0;
    *number = 0;
    while (n < text->len && text->data[n] >= '0' && text->data[n] <= '9') {
        uint64_t digit = (uint64_t)(text->data[n++] - '0');
        if (*number > (max - digit) / BASE) {
            return false;
        }
        *number = *number * BASE + digit;
    }
    if (n > 0) { /* nothing may be added to an absent text's NULL */
        text->data += n;
        text->len -= n;
    }
    return n > 0;
}

/* ---------------------------------------------------------------- from the carrier */

/* What we asked for, and all that we can play on. */
static bool read_start(const va_json_t *start, wk_twilio_event_t *event)
{
    int64_t rate;
    const va_json_t *format = va_json_get(start, "mediaFormat");
    event->stream_sid = va_json_get_string(start, "streamSid");
    event->call_sid = va_json_get_string(start, "callSid");
    event->parameters = va_json_get(start, "customParameters");
    return event->stream_sid.len > 0 && event->call_sid.len > 0 &&
           va_str_eq(va_json_get_string(format, "encoding"), VA_STR("audio/x-mulaw")) &&
           va_json_int(va_json_get(format, "sampleRate"), &rate) && rate == 8000;
}

static bool read_media(const va_json_t *media, wk_twilio_event_t *event)
{
    uint64_t ms;
    va_str_t timestamp = va_json_scalar(va_json_get(media, "timestamp"));
    bool known = read_number(&timestamp, UINT32_MAX, &ms) && timestamp.len == 0;
    event->timestamp_ms = known ? (int64_t)ms : -1;
    event->payload = va_json_get_string(media, "payload");
    return event->payload.len > 0 &&
           va_str_eq(va_json_get_string(media, "track"), VA_STR("inbound"));
}

static bool read_mark(const va_json_t *mark, wk_twilio_event_t *event)
{
    event->mark = va_json_get_string(mark, "name");
    return event->mark.len > 0;
}

static bool read_dtmf(const va_json_t *dtmf, wk_twilio_event_t *event)
{
    va_str_t digit = va_json_get_string(dtmf, "digit");
    event->digit = digit.len == 1 ? digit.data[0] : '\0';
    return event->digit != '\0' && strchr("0123456789*#ABCD", event->digit) != NULL;
}

static const struct {
    const char *name;
    wk_twilio_kind_t kind;
    bool (*read)(const va_json_t *body, wk_twilio_event_t *event);
} kinds[] = {
    {"media", WK_TWILIO_MEDIA, read_media},   {"mark", WK_TWILIO_MARK, read_mark},
    {"dtmf", WK_TWILIO_DTMF, read_dtmf},      {"start", WK_TWILIO_START, read_start},
    {"connected", WK_TWILIO_CONNECTED, NULL}, {"stop", WK_TWILIO_STOP, NULL},
};

va_status_t wk_twilio_read(const va_alloc_t *mem, va_str_t text, wk_twilio_event_t *event)
{
    const va_json_t *message;
    *event = (wk_twilio_event_t){.kind = WK_TWILIO_OTHER};
    va_status_t status = va_json_parse(mem, text, &limits, &message);
    if (status != VA_OK) {
        return status;
    }
    va_str_t name = va_json_get_string(message, "event");
    if (name.len == 0) {
        return VA_ESYNTAX;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (va_str_eq(name, va_str_c(kinds[i].name))) {
            event->kind = kinds[i].kind;
            return kinds[i].read == NULL ||
                           kinds[i].read(va_json_get(message, kinds[i].name), event)
                       ? VA_OK
                       : VA_ESYNTAX;
        }
    }
    return VA_OK;
}

/* ---------------------------------------------------------------- to the carrier */

static va_json_writer_t *begin(va_buf_t *out, const char *event, va_str_t stream_sid)
{
    va_json_writer_t *w = va_json_writer_new(out);
    va_json_object(w);
    va_json_add_c(w, "event", event);
    va_json_add_str(w, "streamSid", stream_sid);
    return w;
}

static va_status_t end(va_json_writer_t *w)
{
    va_json_object_end(w);
    return va_json_writer_end(w);
}

va_status_t wk_twilio_media(va_buf_t *out, va_str_t stream_sid, va_str_t mulaw)
{
    char payload[VA_BASE64_LEN(SOUND_MAX)];
    if (mulaw.len > SOUND_MAX) {
        return VA_ELIMIT;
    }
    va_json_writer_t *w = begin(out, "media", stream_sid);
    va_json_key(w, "media");
    va_json_object(w);
    va_json_add_str(w, "payload",
                    va_str(payload, va_base64_encode(payload, mulaw.data, mulaw.len)));
    va_json_object_end(w);
    return end(w);
}

va_status_t wk_twilio_mark(va_buf_t *out, va_str_t stream_sid, wk_twilio_mark_t mark)
{
    char name[48];
    int len = snprintf(name, sizeof(name), "%" PRIu32 ".%" PRIu64, mark.run, mark.position);
    va_json_writer_t *w = begin(out, "mark", stream_sid);
    va_json_key(w, "mark");
    va_json_object(w);
    va_json_add_str(w, "name", va_str(name, (size_t)len));
    va_json_object_end(w);
    return end(w);
}

va_status_t wk_twilio_clear(va_buf_t *out, va_str_t stream_sid)
{
    return end(begin(out, "clear", stream_sid));
}

bool wk_twilio_mark_read(va_str_t name, wk_twilio_mark_t *mark)
{
    uint64_t run, position;
    if (!read_number(&name, UINT32_MAX, &run) || name.len == 0 || name.data[0] != '.') {
        return false;
    }
    name = va_str(name.data + 1, name.len - 1);
    if (!read_number(&name, UINT64_MAX, &position) || name.len > 0) {
        return false;
    }
    *mark = (wk_twilio_mark_t){(uint32_t)run, position};
    return true;
}
