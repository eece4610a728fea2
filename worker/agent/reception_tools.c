/* What the receptionist says when a tool has answered. */
#include <string.h>

#include "worker/agent/receptionist.h"
#include "worker/agent/wording.h"
#include "worker/json.h"

static va_str_t service_word(wk_arena_t *a, const wk_reception_t *r)
{
    va_str_t type = r->dialog.offer.service;
    return wk_word_service(a, r->language, va_json_get(r->services, wk_strdup(a, type)), type);
}

/* Nothing to offer: somebody of the shop may know better. */
static void offer_callback(wk_arena_t *a, wk_reception_t *r, va_str_t sentence)
{
    va_str_t question = wk_text(r->language, "reply.offer_callback");
    r->text = wk_printf(a, "%.*s %.*s", (int)sentence.len, sentence.data, (int)question.len,
                        question.data);
    r->dialog.expected = WK_EXPECT_CALLBACK;
}

static va_str_t behind(wk_arena_t *a, va_str_t before, va_str_t sentence)
{
    return before.len > 0 ? wk_printf(a, "%.*s %.*s", (int)before.len, before.data,
                                      (int)sentence.len, sentence.data)
                          : sentence;
}

/* asks: which of the offer it is to be. */
static void ask_for_slot(wk_arena_t *a, wk_reception_t *r, va_str_t before, va_str_t asks)
{
    r->text = behind(a, before, asks);
    r->dialog.expected = WK_EXPECT_SLOT;
}

static void offer_times(wk_arena_t *a, wk_reception_t *r, va_str_t before)
{
    ask_for_slot(
        a, r, before,
        wk_word_offered(a, r->language, &r->dialog.offer, service_word(a, r), r->spoken));
}

/* The very time that was named, of the day that was: of the offer nothing else is left. */
static bool leave_named_time(wk_clock_time_t time, va_str_t day, wk_offer_t *offer)
{
    for (size_t i = 0; i < offer->count && time.hour >= 0; i++) {
        va_str_t start = offer->slots[i];
        if (va_str_eq(va_str(start.data, 10), day) &&
            wk_clock_time_is(time, va_str(start.data + 11, 5))) {
            offer->slots[0] = start;
            offer->count = 1;
            return true;
        }
    }
    return false;
}

/*
 * The time that was named is none of those of its day. Only so many are told: of a day that the
 * list breaks off in nothing is known.
 */
static bool is_named_time_taken(wk_clock_time_t time, const va_json_t *body, va_str_t day)
{
    int64_t total = 0, told = 0;
    va_str_t last = VA_STR_NULL;
    const va_json_t *slots = va_json_get(body, "available_slots");
    const va_json_t *slot = va_json_is(slots, VA_JSON_ARRAY) ? slots->first : NULL;
    for (; slot != NULL; slot = slot->next, told++) {
        last = va_json_get_string(slot, "start");
    }
    bool whole = va_json_int(va_json_get(body, "total_slots"), &total) && total <= told;
    return time.hour >= 0 && !time.doubtful && day.len == 10 && last.len > 10 &&
           (whole || memcmp(last.data, day.data, 10) > 0);
}

/* Of those beyond an offer; without any it stands as it is. */
static void told_beyond(wk_arena_t *a, wk_reception_t *r)
{
    const wk_offer_t *offer = &r->dialog.offer;
    bool none = offer->count == 0 || (r->wanted.data != NULL &&
                                      !va_str_eq(va_str(offer->slots[0].data, 10), r->wanted));
    if (offer->count == 0) {
        r->dialog.offer = r->beyond;
    }
    offer_times(a, r, none ? behind(a, r->before, wk_text(r->language, r->none)) : r->before);
}

/* Nothing is free on the day that was wanted: what is offered is of one behind it. */
static bool is_another_day(const wk_reception_t *r)
{
    va_str_t first = r->dialog.offer.slots[0];
    return r->wanted.len == 10 && !va_str_eq(va_str(first.data, 10), r->wanted);
}

static va_str_t none_that_day(wk_arena_t *a, const wk_reception_t *r)
{
    return wk_say(a, r->language, "reply.none_that_day",
                  {"day", wk_word_date(a, r->language, r->wanted)});
}

static void told_times(wk_arena_t *a, const va_json_t *body, wk_reception_t *r)
{
    const wk_offer_wish_t wish = {
        .refused = r->refused, .time = r->time, .half = r->half, .day = r->wanted.len > 0};
    wk_offer_choose(&r->dialog.offer, va_json_get(body, "available_slots"), &wish);
    if (r->dialog.offer.count > 0 && va_json_bool(va_json_get(body, "calendar_stale"), false)) {
        r->before = behind(a, r->before, wk_text(r->language, "tool.slots_unasked"));
    }
    if (r->beyond.count > 0) {
        told_beyond(a, r);
    } else if (r->dialog.offer.count == 0) {
        va_str_t none =
            wk_say(a, r->language, "reply.no_slots", {"service", service_word(a, r)});
        offer_callback(a, r, behind(a, r->before, none));
    } else if (leave_named_time(r->time, r->wanted, &r->dialog.offer)) {
        ask_for_slot(
            a, r, r->before,
            wk_word_time_question(a, r->language, &r->dialog.offer, service_word(a, r)));
    } else if (is_named_time_taken(r->time, body, r->wanted)) {
        offer_times(a, r, behind(a, r->before, wk_text(r->language, "reply.slot_unavailable")));
    } else if (is_another_day(r)) {
        offer_times(a, r, behind(a, r->before, none_that_day(a, r)));
    } else {
        offer_times(a, r, r->before);
    }
}

/* Somebody was faster, or the shop is closed then: the tool says so, and knows others. */
static void told_taken(wk_arena_t *a, const va_json_t *body, wk_reception_t *r)
{
    const va_json_t *others = va_json_get(body, "alternatives");
    wk_offer_t *offer = &r->dialog.offer;
    offer->count = 0;
    const va_json_t *slot = va_json_is(others, VA_JSON_ARRAY) ? others->first : NULL;
    for (; slot != NULL && offer->count < WK_OFFERED; slot = slot->next) {
        offer->slots[offer->count++] = va_json_get_string(slot, "start");
    }
    if (offer->count == 0) {
        offer_callback(a, r, wk_text(r->language, "reply.slot_unavailable"));
    } else {
        offer_times(a, r, wk_text(r->language, "reply.slot_unavailable"));
    }
}

static va_str_t list_text(wk_arena_t *a, const va_json_t *list)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, list);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* Only what is surely about the question takes the place of saying that it was not understood.
 */
static void told_knowledge(wk_arena_t *a, const va_json_t *body, const wk_tool_answer_t *answer,
                           wk_reception_t *r)
{
    if (answer->status != 200 || !va_json_bool(va_json_get(body, "confident"), false)) {
        return;
    }
    r->text = answer->message;
    r->intent = "knowledge";
    r->citations = list_text(a, va_json_get(body, "sources"));
    r->dialog.misses = 0;
    if (r->dialog.expected == WK_EXPECT_CALLBACK) {
        r->dialog.expected = r->dialog.offer.count > 0 ? WK_EXPECT_SLOT : WK_EXPECT_NOTHING;
    }
}

/* It was cancelled meanwhile, or has begun: which of them is told. */
static bool is_over(const va_json_t *body)
{
    return va_str_eq(va_json_get_string(va_json_get(body, "error"), "code"),
                     VA_STR("appointment_over"));
}

static void told_order(const wk_tool_answer_t *answer, wk_reception_t *r)
{
    if (answer->status == 200) {
        r->text = answer->message;
        return;
    }
    bool away = answer->status == 503;
    r->text = away ? answer->message : wk_text(r->language, "reply.order_unproven");
    r->dialog.expected = WK_EXPECT_CALLBACK;
}

void wk_receive_done(wk_arena_t *a, const wk_tool_answer_t *answer, wk_reception_t *r)
{
    const va_json_t *body = wk_json_parse(a, answer->body);
    if (strcmp(r->tool, "search_knowledge") == 0) {
        told_knowledge(a, body, answer, r);
    } else if (strcmp(r->tool, "lookup_order") == 0) {
        told_order(answer, r);
    } else if (strcmp(r->tool, "check_availability") == 0 && answer->status == 200) {
        told_times(a, body, r);
    } else if (answer->status == 200) {
        r->text = behind(a, r->before, answer->message);
        r->dialog.booked = strcmp(r->tool, "cancel_appointment") != 0
                               ? va_json_get_string(body, "appointment_id")
                               : VA_STR_NULL;
        r->dialog.booked_ms = 0;
        r->dialog.service = VA_STR_NULL;
    } else if (is_over(body)) {
        r->text = behind(a, r->before, answer->message);
    } else if (answer->status == 404) {
        r->text = behind(a, r->before, wk_text(r->language, "reply.no_appointment"));
    } else if (answer->status == 409 || answer->status == 422) {
        told_taken(a, body, r);
    } else if (answer->status == 429) {
        offer_callback(a, r, answer->message);
    } else {
        offer_callback(a, r, wk_text(r->language, "reply.cannot"));
    }
}
