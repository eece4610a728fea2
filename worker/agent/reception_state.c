#include "worker/agent/reception_state.h"

#define HOUR_MS        (60 * 60 * 1000)
#define FRESH_MS       (2 * HOUR_MS)  /* within it an answer needs no second question */
#define TEXT_STANDS_MS (24 * HOUR_MS) /* a question that nobody answers */

static const char *const expected_words[] = {
    [WK_EXPECT_NOTHING] = "nothing",   [WK_EXPECT_MESSAGE] = "message",
    [WK_EXPECT_CALLBACK] = "callback", [WK_EXPECT_SLOT] = "slot",
    [WK_EXPECT_CANCEL] = "cancel",     [WK_EXPECT_PROOF] = "proof",
    [WK_EXPECT_MOVE] = "move",         [WK_EXPECT_NUMBER] = "number",
};

static const char *member_of(va_str_t call)
{
    return call.data != NULL ? "call" : "receptionist";
}

static int64_t stands_ms(va_str_t call)
{
    return call.data == NULL ? TEXT_STANDS_MS : FRESH_MS;
}

static bool is_current(const va_json_t *own, va_str_t call, int64_t age_ms)
{
    return age_ms <= stands_ms(call) &&
           (call.data == NULL || va_str_eq(va_json_get_string(own, "id"), call));
}

/* Its age is its own: each message since has made the state young again. */
static void read_booked(const va_json_t *own, va_str_t call, int64_t now_ms, wk_dialog_t *d)
{
    int64_t at = 0;
    if (va_json_int(va_json_get(own, "booked_at"), &at) && now_ms - at <= stands_ms(call)) {
        d->booked = va_json_get_string(own, "booked");
        d->booked_ms = at;
        d->booked_old = now_ms - at > FRESH_MS;
    }
}

wk_dialog_t wk_dialog_read(const va_json_t *dialog_state, va_str_t call, int64_t now_ms)
{
    int64_t misses = 0, at = 0;
    const va_json_t *own = va_json_get(dialog_state, member_of(call));
    wk_dialog_t d = {.expected = WK_EXPECT_NOTHING, .hint = va_json_get_string(own, "hint")};
    d.spoken = call.data != NULL;
    if (!va_json_int(va_json_get(own, "at"), &at) || !is_current(own, call, now_ms - at)) {
        return d;
    }
    d.old = now_ms - at > FRESH_MS;
    for (size_t i = 0; i < sizeof(expected_words) / sizeof(*expected_words); i++) {
        if (va_str_eq(va_json_get_string(own, "expected"), va_str_c(expected_words[i]))) {
            d.expected = (wk_expected_t)i;
        }
    }
    if (va_json_int(va_json_get(own, "misses"), &misses) && misses > 0) {
        d.misses = misses < 100 ? (int)misses : 100;
    }
    int64_t urgent = 0;
    if (va_json_int(va_json_get(own, "urgent"), &urgent) && urgent > 0 && !d.old) {
        d.urgent = urgent < WK_URGENT_ANSWERS ? (int)urgent : WK_URGENT_ANSWERS;
    }
    d.offer = wk_offer_read(va_json_get(own, "offer"));
    d.cancels = va_json_get_string(own, "cancels");
    d.order = va_json_get_string(own, "order");
    d.moves_to = va_json_get_string(own, "moves_to");
    d.service = d.old ? VA_STR_NULL : va_json_get_string(own, "service");
    read_booked(own, call, now_ms, &d);
    return d;
}

va_str_t wk_dialog_write(wk_arena_t *a, const wk_dialog_t *d, va_str_t call, int64_t now_ms)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_key(w, member_of(call));
    va_json_object(w);
    va_json_add_int(w, "at", now_ms);
    va_json_add_str(w, "id", call);
    va_json_add_c(w, "expected", expected_words[d->expected]);
    va_json_add_int(w, "misses", d->misses);
    va_json_add_str(w, "hint", d->hint);
    if (d->expected == WK_EXPECT_SLOT || d->expected == WK_EXPECT_CALLBACK ||
        (d->expected == WK_EXPECT_NUMBER && d->offer.count > 0)) {
        va_json_key(w, "offer");
        wk_offer_write(w, &d->offer);
    }
    if (d->expected == WK_EXPECT_CANCEL) {
        va_json_add_str(w, "cancels", d->cancels);
    }
    if (d->expected == WK_EXPECT_PROOF) {
        va_json_add_str(w, "order", d->order);
    }
    if (d->expected == WK_EXPECT_MOVE && d->moves_to.data != NULL) {
        va_json_add_str(w, "moves_to", d->moves_to);
    }
    if (d->urgent > 0) {
        va_json_add_int(w, "urgent", d->urgent);
    }
    if (d->service.data != NULL) {
        va_json_add_str(w, "service", d->service);
    }
    if (d->booked.data != NULL) {
        va_json_add_str(w, "booked", d->booked);
        va_json_add_int(w, "booked_at", d->booked_ms != 0 ? d->booked_ms : now_ms);
    }
    va_json_object_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("{}");
}
