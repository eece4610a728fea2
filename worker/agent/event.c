#include "worker/agent/event.h"

#include <stdio.h>
#include <time.h>

/* ISO 8601, UTC, milliseconds. */
static void put_now(va_json_writer_t *w)
{
    char text[40];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof(text) - len, ".%03ldZ", now.tv_nsec / 1000000);
    va_json_add_c(w, "timestamp", text);
}

void wk_event_begin(wk_event_t *ev, wk_tx_t *tx, const char *type, va_str_t customer,
                    va_str_t call)
{
    *ev = (wk_event_t){.tx = tx, .type = type, .customer = customer, .call = call};
    va_buf_init(&ev->text, wk_mem(wk_tx_arena(tx)), 512);
    ev->json = va_json_writer_new(&ev->text);
    va_json_object(ev->json);
    va_json_add_c(ev->json, "type", type);
    va_json_add_str(ev->json, "organizationId", wk_tx_organization(tx));
    va_json_add_str(ev->json, "leadId", customer);
    va_json_add_str(ev->json, "callId", call);
    put_now(ev->json);
}

void wk_event_confidence(wk_event_t *ev, va_str_t confidence)
{
    va_json_key(ev->json, "confidence");
    confidence.data != NULL ? va_json_put_number(ev->json, confidence)
                            : va_json_put_null(ev->json);
}

bool wk_event_language_switched(wk_tx_t *tx, va_str_t customer, va_str_t call, va_str_t from,
                                va_str_t to, const char *reason, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "language_switched", customer, call);
    va_json_add_str(ev.json, "from_language", from);
    va_json_add_str(ev.json, "to_language", to);
    va_json_add_c(ev.json, "reason", reason);
    return wk_event_end(&ev, e);
}

bool wk_event_end(wk_event_t *ev, wk_error_t *e)
{
    va_json_object_end(ev->json);
    if (va_json_writer_end(ev->json) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "event %s cannot be written", ev->type);
    }
    return wk_outbox_event(ev->tx, ev->type, ev->customer, ev->call, va_buf_str(&ev->text), e);
}
