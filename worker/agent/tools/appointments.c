/* check_availability, book_appointment, reschedule_appointment, cancel_appointment. */
#include "worker/store/appointments.h"
#include "core/phone.h"
#include "worker/agent/appointment.h"
#include "worker/agent/booking.h"
#include "worker/agent/calendar_bridge.h"
#include "worker/agent/calendar_event.h"
#include "worker/agent/calendar_unasked.h"
#include "worker/agent/chat_limit.h"
#include "worker/agent/tools/moment.h"
#include "worker/agent/tools/tools.h"
#include "worker/agent/wording.h"
#include "worker/store/customers.h"

#define SLOTS_TOLD   20 /* in the answer; an agent says the first SLOTS_SAID */
#define SLOTS_SAID   3
#define ALTERNATIVES 3
#define DAYS_AHEAD   7
#define DATE_LEN     10    /* YYYY-MM-DD, as every moment begins */
#define HOLD_S       "300" /* a customer who says "one moment" */

static const char *const types[] = {"tune_up",  "repair",  "pickup", "fitting",
                                    "warranty", "general", NULL};

/* ---------------------------------------------------------------- what is asked for */

/* Our own name for it in the language, to whatever trade, is all that is said. */
static bool is_called(wk_arena_t *a, const wk_language_t *l, const char *type,
                      const wk_words_t *words)
{
    static const char *const trades[] = {"", "bike_shop"};
    for (size_t i = 0; i < sizeof(trades) / sizeof(*trades); i++) {
        wk_phrase_t name = wk_phrase(
            a, wk_word_of_trade(a, l, "appointment", va_str_c(type), va_str_c(trades[i])));
        const wk_phrases_t one = {&name, name.words.count > 0};
        if (wk_phrases_all(&one, words)) {
            return true;
        }
    }
    return false;
}

/* By its name in whatever language, and nothing else: "mise au point". */
static va_str_t type_called(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text)
{
    wk_words_t words = wk_words(a, text);
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        for (const char *const *type = types; *type != NULL; type++) {
            if (is_called(a, wk_catalogue_at(c, i), *type, &words)) {
                return va_str_c(*type);
            }
        }
    }
    return VA_STR_NULL;
}

static va_str_t type_in(const wk_tool_call_t *call, const char *name)
{
    va_str_t type = wk_arg_word(call->args, name, types);
    return type.data != NULL
               ? type
               : type_called(call->ctx->arena, call->catalogue, wk_arg_text(call->args, name));
}

/* What it is for may be told in any words: "the brakes need a repair". */
static va_str_t type_of(const wk_tool_call_t *call)
{
    va_str_t type = type_in(call, "service_type");
    type = type.data != NULL ? type : type_in(call, "purpose");
    if (type.data == NULL) {
        wk_words_t words = wk_words(call->ctx->arena, wk_arg_text(call->args, "purpose"));
        type = wk_read_service(call->catalogue, &words);
    }
    return type.data != NULL ? type : VA_STR("general");
}

static bool read_service(wk_tx_t *tx, wk_tool_call_t *call, wk_service_t *s, wk_error_t *e)
{
    if (!wk_service(tx, call->caller->language, type_of(call), s, e)) {
        return false;
    }
    s->minutes = wk_arg_int(call->args, "duration", s->minutes);
    return true;
}

/* What Google calls taken on the day that is asked for, or that run() has found. */
static void ask_about_moment(wk_tool_call_t *call)
{
    wk_moment_t moment, *found = call->before;
    if (found != NULL || wk_tool_read_moment(call, &moment)) {
        moment = found != NULL ? *found : moment;
        call->calendar_stale =
            !wk_calendar_bridge(call->ctx, call->caller->organization, &moment, 1);
    }
}

/* ---------------------------------------------------------------- slots in an answer */

static void say_if_stale(wk_tool_call_t *call, const char *text)
{
    if (call->calendar_stale) {
        va_str_t more = wk_text(call->caller->language, text);
        call->message = wk_printf(call->ctx->arena, "%.*s %.*s", (int)call->message.len,
                                  call->message.data, (int)more.len, more.data);
    }
}

static void put_slot(va_json_writer_t *w, const wk_slot_t *slot)
{
    va_json_object(w);
    va_json_add_str(w, "start", slot->starts);
    va_json_add_str(w, "date", slot->date);
    va_json_add_str(w, "time", slot->time);
    va_json_object_end(w);
}

static void put_slots(wk_tool_call_t *call, const char *name, const wk_slots_t *slots)
{
    va_json_key(call->out, name);
    va_json_array(call->out);
    for (size_t i = 0; i < slots->count; i++) {
        put_slot(call->out, &slots->at[i]);
    }
    va_json_array_end(call->out);
}

static va_str_t say_slots(const wk_tool_call_t *call, const wk_slots_t *slots, size_t most)
{
    va_str_t items[ALTERNATIVES];
    wk_arena_t *a = call->ctx->arena;
    size_t n = slots->count < most ? slots->count : most;
    for (size_t i = 0; i < n; i++) {
        items[i] = wk_word_slot(a, call->caller->language, &slots->at[i]);
    }
    return wk_word_list_of(a, call->caller->language, items, n);
}

/* ---------------------------------------------------------------- check_availability */

static const wk_arg_t availability_args[] = {
    {.name = "service_type",
     .description = "what is to be done",
     .words = types,
     .meant = type_called},
    {.name = "purpose",
     .description = "what for, in the customer's words, where service_type is absent"},
    {.name = "preferred_date",
     .description = "first day to look at, YYYY-MM-DD; today if absent"},
    {.name = "date", .description = "the same as preferred_date"},
    {.name = "days_ahead",
     WK_ARG_INTEGER,
     "how many days to look at, 7 if absent",
     .min = 1,
     .max = 60},
    {.name = "after",
     .description = "only times that begin after this moment, ISO 8601; without a zone the "
                    "shop's time"},
    {.name = "before", .description = "only times that begin before this moment, as after"},
    {.name = "duration",
     WK_ARG_INTEGER,
     "minutes; the service's own if absent",
     .min = 5,
     .max = 1440},
    {NULL},
};

static va_str_t preferred_day(const va_json_t *args)
{
    va_str_t day = wk_arg_text(args, "preferred_date");
    return day.data != NULL ? day : wk_arg_text(args, "date");
}

/* False: it is given, and is none. */
static bool read_bound(const wk_tool_call_t *call, const char *name, wk_moment_t *moment)
{
    va_str_t text = wk_arg_text(call->args, name);
    *moment = (wk_moment_t){VA_STR_NULL, VA_STR_NULL};
    return text.data == NULL || wk_moment_parse(call->ctx->arena, text, false, moment);
}

static void ask_google(wk_tool_call_t *call)
{
    call->calendar_stale = !wk_calendar_ask(call->before);
}

/*
 * All in one round trip: that Google has to be asked about these days first, which is seen
 * then, is so rare that what was found for nothing costs less than to wait for that answer.
 */
static bool find_slots(wk_tx_t *tx, wk_tool_call_t *call, const wk_moment_t *day, va_str_t date,
                       const wk_moment_t *after, const wk_moment_t *before, wk_service_t *s,
                       wk_slots_t *slots, wk_error_t *e)
{
    wk_calendar_need_t *need = NULL;
    wk_slots_wanted_t wanted = {.type = type_of(call),
                                .minutes = wk_arg_int(call->args, "duration", 0),
                                .from = date,
                                .days = wk_arg_int(call->args, "days_ahead", DAYS_AHEAD),
                                .after = *after,
                                .before = *before,
                                .most = SLOTS_TOLD};
    if ((!call->asked && !wk_calendar_see(tx, call->ctx, day, wanted.days, &need, e)) ||
        !wk_slots_last(tx, call->caller->language, &wanted, s, slots, e)) {
        return false;
    }
    call->before = need;
    return need == NULL || !wk_calendar_is_needed(need) || wk_tool_ask_first(call);
}

/* Of the day as it was written, whatever it is elsewhere; models like to write last year's. */
static bool refuse_past_day(wk_tool_call_t *call, const wk_service_t *s, va_str_t date)
{
    bool past = date.data != NULL && memcmp(date.data, s->today.data, s->today.len) < 0;
    return past &&
           wk_tool_refuse(call, 400, "bad_request",
                          wk_printf(call->ctx->arena, "preferred_date is over: today is %.*s.",
                                    (int)s->today.len, s->today.data));
}

static bool check_availability(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_service_t s;
    wk_slots_t slots;
    wk_moment_t after, before, day = {VA_STR_NULL, VA_STR_NULL};
    va_str_t from = preferred_day(call->args);
    if (from.data != NULL && !wk_moment_parse(call->ctx->arena, from, false, &day)) {
        return wk_tool_refuse(call, 400, "bad_request",
                              VA_STR("preferred_date must be a date, YYYY-MM-DD."));
    }
    if (!read_bound(call, "after", &after) || !read_bound(call, "before", &before)) {
        return wk_tool_refuse(call, 400, "bad_request",
                              VA_STR("after and before must be moments, ISO 8601."));
    }
    va_str_t date = from.data != NULL ? va_str(from.data, DATE_LEN) : VA_STR_NULL;
    if (!find_slots(tx, call, &day, date, &after, &before, &s, &slots, e)) {
        return false;
    }
    if (refuse_past_day(call, &s, date)) {
        return true;
    }
    put_slots(call, "available_slots", &slots);
    va_json_add_int(call->out, "total_slots", slots.total);
    va_json_add_int(call->out, "duration_minutes", s.minutes);
    va_json_add_str(call->out, "service_type", s.type);
    if (slots.count == 0) {
        call->message = wk_tool_say(call, "tool.no_slots", {"service", s.name});
        return true;
    }
    call->message = wk_tool_say(call, "tool.slots", {"service", s.name},
                                {"slots", say_slots(call, &slots, SLOTS_SAID)});
    say_if_stale(call, "tool.slots_unasked");
    return true;
}

const wk_tool_t wk_tool_check_availability = {
    .name = "check_availability",
    .schedule = true,
    .also = "check_calendar",
    .args = availability_args,
    .before = ask_google,
    .sees_need = true,
    .run = check_availability,
};

/* ---------------------------------------------------------------- a slot that cannot be had */

static bool refuse_slot(wk_tx_t *tx, wk_tool_call_t *call, const wk_service_t *s,
                        const wk_slot_t *slot, wk_slot_state_t state, wk_error_t *e)
{
    static const char *const texts[] = {[WK_SLOT_TAKEN] = "tool.slot_taken",
                                        [WK_SLOT_CLOSED] = "tool.slot_closed",
                                        [WK_SLOT_PAST] = "tool.slot_past",
                                        [WK_SLOT_FAR] = "tool.slot_far"};
    static const char *const reasons[] = {[WK_SLOT_TAKEN] = "time_conflict",
                                          [WK_SLOT_CLOSED] = "closed",
                                          [WK_SLOT_PAST] = "in_the_past",
                                          [WK_SLOT_FAR] = "too_far_ahead"};
    wk_slots_t near = {NULL, 0, 0};
    wk_arena_t *a = call->ctx->arena;
    if (state != WK_SLOT_FAR && !wk_slots_near(tx, s, slot->starts, ALTERNATIVES, &near, e)) {
        return false;
    }
    va_json_add_c(call->out, "reason", reasons[state]);
    put_slots(call, "alternatives", &near);
    va_str_t sentence = wk_tool_say(call, texts[state],
                                    {"moment", wk_word_slot(a, call->caller->language, slot)});
    if (near.count > 0) {
        va_str_t others = wk_tool_say(call, "tool.slot_others",
                                      {"slots", say_slots(call, &near, ALTERNATIVES)});
        sentence = wk_printf(a, "%.*s %.*s", (int)sentence.len, sentence.data, (int)others.len,
                             others.data);
    }
    return wk_tool_refuse(call, state == WK_SLOT_TAKEN ? 409 : 422, reasons[state], sentence);
}

/* ---------------------------------------------------------------- book_appointment */

static const wk_arg_t book_args[] = {
    {.name = "appointment_datetime",
     .description = "start, ISO 8601; without a zone the shop's time"},
    {.name = "appointment_date", .description = "YYYY-MM-DD, together with appointment_time"},
    {.name = "appointment_time", .description = "HH:MM, 24 hours, or with AM or PM"},
    {.name = "service_type",
     .description = "what is to be done",
     .words = types,
     .meant = type_called},
    {.name = "purpose", .description = "what for, in the customer's words"},
    {.name = "duration",
     WK_ARG_INTEGER,
     "minutes; the service's own if absent",
     .min = 5,
     .max = 1440},
    {.name = "customer_name", .description = "who comes", .max = 120},
    {.name = "customer_phone",
     .description = "where the confirmation goes; the caller's if absent",
     .max = 32},
    {.name = "customer_email",
     .description = "for a calendar invitation",
     .max = 254,
     .email = true},
    {.name = "notes", .description = "for the shop", .max = 2000},
    {.name = "hold",
     WK_ARG_BOOLEAN,
     "true keeps the slot for five minutes without booking it yet"},
    {NULL},
};

typedef struct {
    wk_service_t service;
    wk_slot_t slot;
    va_str_t phone, customer, name, email;
    va_str_t preferred; /* the customer's own language; absent: not known */
    wk_holder_t holder;
    bool hold;
} booking_t;

static va_str_t given(const va_json_t *args, const char *name, va_str_t otherwise)
{
    va_str_t text = wk_arg_text(args, name);
    return text.len > 0 ? text : otherwise;
}

/* As customers.source. */
static va_str_t reached_by(const wk_tool_call_t *call)
{
    const wk_tool_caller_t *caller = call->caller;
    return caller->visitor.session.len > 0       ? VA_STR("chat")
           : caller->level == WK_LEVEL_STAFF     ? VA_STR("staff")
           : strcmp(caller->channel, "sms") == 0 ? VA_STR("sms")
                                                 : VA_STR("call");
}

/* The caller's own number counts before one that was said, and a chat's before its model's. */
static bool read_customer(wk_tx_t *tx, wk_tool_call_t *call, booking_t *b, wk_error_t *e)
{
    wk_rows_t *rows;
    char number[VA_PHONE_MAX + 1];
    const wk_visitor_t *visitor = &call->caller->visitor;
    va_str_t said =
        visitor->phone.len > 0 ? visitor->phone : wk_arg_text(call->args, "customer_phone");
    b->name = given(call->args, "customer_name", visitor->name);
    b->email = wk_arg_text(call->args, "customer_email");
    b->phone = call->caller->phone;
    if (b->phone.data == NULL && said.len > 0) {
        if (!va_phone_normalize(number, said)) {
            return wk_tool_refuse(call, 400, "bad_request",
                                  VA_STR("customer_phone must be a phone number."));
        }
        b->phone = wk_copy(call->ctx->arena, va_str_c(number));
    }
    if (b->phone.data == NULL) {
        b->customer = visitor->customer;
        return true;
    }
    va_str_t params[] = {b->phone, reached_by(call)};
    if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
        return false;
    }
    b->customer = wk_cell(rows, 0, "id");
    b->preferred = wk_cell(rows, 0, "preferred_language");
    if (b->name.data == NULL && wk_cell(rows, 0, "name").len > 0) {
        b->name = wk_cell(rows, 0, "name");
    }
    return true;
}

/*
 * A number that was only said frees nobody's hold: who called from it, or wrote, does, and
 * staff; and whoever made the hold in this talk.
 */
static wk_holder_t holder_of(const wk_tool_call_t *call, const booking_t *b)
{
    const wk_tool_caller_t *caller = call->caller;
    bool staff = caller->level == WK_LEVEL_STAFF;
    return (wk_holder_t){.phone = staff ? b->phone : caller->phone,
                         .talk = staff ? VA_STR_NULL : caller->scope};
}

/*
 * A number that nobody vouches for is its talk's alone: else who says somebody's number would
 * be answered as that person was. Without one it is a name: one caller may book for two people.
 */
static va_str_t who_books(const wk_tool_call_t *call, const booking_t *b)
{
    va_str_t scope = call->caller->scope;
    va_str_t who = b->customer.data != NULL ? b->customer : b->name;
    return call->caller->level >= WK_LEVEL_PHONE && b->customer.data != NULL
               ? who
               : wk_printf(call->ctx->arena, "%.*s/%.*s", (int)scope.len,
                           scope.len > 0 ? scope.data : "", (int)who.len, who.data);
}

static bool booking_key(wk_tx_t *tx, const wk_tool_call_t *call, const booking_t *b,
                        va_str_t *key, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {b->customer,    b->phone,
                         b->name,        b->service.type,
                         b->slot.starts, b->hold ? VA_STR("true") : VA_STR("false")};
    if (!wk_sql(tx, &wk_sql_appointment_generation, params, &rows, e)) {
        return false;
    }
    va_str_t who = who_books(call, b);
    *key = wk_printf(call->ctx->arena, "%s:%.*s:%.*s:%.*s:%lld", b->hold ? "hold" : "booking",
                     (int)who.len, who.data, (int)b->service.type.len, b->service.type.data,
                     (int)b->slot.starts.len, b->slot.starts.data,
                     (long long)wk_cell_int(rows, 0, "generation", 0));
    return true;
}

static va_str_t source_of(const wk_tool_call_t *call)
{
    if (strcmp(call->caller->channel, "sms") == 0) {
        return VA_STR("sms");
    }
    return call->caller->level == WK_LEVEL_STAFF        ? VA_STR("staff")
           : strcmp(call->caller->channel, "chat") == 0 ? VA_STR("web")
                                                        : VA_STR("agent");
}

/* What the customer is written to in: of the talk, but staff's talk is not with him. */
static const wk_language_t *language_for(const wk_tool_call_t *call, va_str_t own)
{
    const wk_language_t *spoken = call->caller->language;
    return call->caller->level != WK_LEVEL_STAFF
               ? spoken
               : wk_catalogue_pick(call->catalogue, own, wk_language_code(spoken));
}

/* Else a stranger would have the shop write to any address, in his own words. */
static bool may_invite(const wk_tool_call_t *call)
{
    return call->caller->level >= WK_LEVEL_PHONE;
}

/* What the lead does not have yet; see wk_sql_customer_named. */
static bool name_customer(wk_tx_t *tx, const wk_tool_call_t *call, const booking_t *b,
                          wk_error_t *e)
{
    va_str_t first, last;
    wk_split_name(b->name, &first, &last);
    va_str_t params[] = {b->customer, first, last, b->email,
                         may_invite(call) ? VA_STR("true") : VA_STR("false")};
    return b->customer.data == NULL || wk_sql(tx, &wk_sql_customer_named, params, NULL, e);
}

static bool insert_booking(wk_tx_t *tx, const wk_tool_call_t *call, const booking_t *b,
                           wk_appointment_t *p, wk_error_t *e)
{
    wk_rows_t *rows;
    const wk_service_t *s = &b->service;
    va_str_t language = wk_language_code(language_for(call, b->preferred));
    va_str_t minutes = wk_printf(call->ctx->arena, "%lld", (long long)s->minutes);
    va_str_t release[] = {b->holder.phone, s->resource, b->slot.starts, minutes,
                          b->holder.talk};
    va_str_t params[] = {b->customer,    call->caller->call,
                         s->type,        wk_arg_text(call->args, "purpose"),
                         s->resource,    b->slot.starts,
                         minutes,        b->name,
                         b->phone,       b->email,
                         language,       wk_arg_text(call->args, "notes"),
                         s->price,       source_of(call),
                         s->calendar,    b->hold ? VA_STR(HOLD_S) : VA_STR_NULL,
                         b->holder.talk, may_invite(call) ? VA_STR("true") : VA_STR("false")};
    if (!name_customer(tx, call, b, e) ||
        !wk_sql(tx, &wk_sql_holds_release, release, NULL, e) ||
        !wk_sql(tx, &wk_sql_appointment_insert, params, &rows, e)) {
        return false;
    }
    *p = (wk_appointment_t){.id = wk_cell(rows, 0, "id"),
                            .type = s->type,
                            .status = wk_cell(rows, 0, "status"),
                            .resource = s->resource,
                            .calendar = s->calendar,
                            .slot = b->slot,
                            .minutes = s->minutes,
                            .customer = b->customer,
                            .name = b->name,
                            .phone = b->phone,
                            .email = b->email,
                            .language = language,
                            .unasked = call->calendar_stale};
    return wk_appointment_changed(tx, p, b->hold ? "held" : "booked", e);
}

/* Known before Google is asked to make the event; absent: there is none to be. */
static bool event_of(wk_tx_t *tx, const wk_appointment_t *p, va_str_t *event, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_appointment_event, &p->id, &rows, e)) {
        return false;
    }
    *event = wk_cell(rows, 0, "event");
    return event->data != NULL || !wk_cell_bool(rows, 0, "in_calendar") ||
           wk_calendar_event_id(wk_tx_arena(tx), wk_tx_organization(tx), p->id, event, e);
}

static bool put_appointment(wk_tx_t *tx, wk_tool_call_t *call, const wk_appointment_t *p,
                            bool confirmed, wk_error_t *e)
{
    va_str_t event = VA_STR_NULL;
    if (!event_of(tx, p, &event, e)) {
        return false;
    }
    va_json_add_str(call->out, "appointment_id", p->id);
    va_json_add_str(call->out, "google_event_id", event);
    va_json_add_str(call->out, "service_type", p->type);
    va_json_add_str(call->out, "appointment_datetime", p->slot.starts);
    va_json_add_int(call->out, "duration_minutes", p->minutes);
    va_json_add_bool(call->out, "confirmation_sent", confirmed);
    return true;
}

/* By a text of its own; who writes to us has it in the answer instead. */
static bool confirm(wk_tx_t *tx, wk_tool_call_t *call, const wk_appointment_t *p,
                    const wk_service_t *s, bool *confirmed, wk_error_t *e)
{
    wk_service_t told;
    const wk_tool_caller_t *caller = call->caller;
    const wk_language_t *l = language_for(call, p->language);
    if (strcmp(caller->channel, "sms") != 0) {
        return wk_service(tx, l, p->type, &told, e) &&
               wk_appointment_confirm(call->ctx, tx, p, &told, l, caller->shop_phone, confirmed,
                                      e);
    }
    *confirmed = true;
    call->message = wk_appointment_confirmation(call->ctx->arena, p, s, l);
    return wk_sql(tx, &wk_sql_appointment_confirmed, &p->id, NULL, e);
}

/* Google may know of something at that time: the shop's people look. */
static bool note_unasked(wk_tx_t *tx, const wk_tool_call_t *call, const wk_appointment_t *p,
                         wk_error_t *e)
{
    return !p->unasked || wk_calendar_unasked(call->ctx, tx, p, e);
}

/* Of a chat; else it is refused, and call->status is set. */
static bool has_bookings_left(wk_tx_t *tx, wk_tool_call_t *call, const booking_t *b,
                              wk_error_t *e)
{
    bool left = true;
    const wk_tool_caller_t *caller = call->caller;
    if (caller->visitor.session.len > 0 &&
        !wk_chat_limit_booking(call->ctx, tx, caller->source, b->phone, &left, e)) {
        return false;
    }
    return left || wk_tool_refuse(call, 429, "too_many",
                                  wk_text(caller->language, "tool.booked_enough"));
}

static bool take_slot(wk_tx_t *tx, wk_tool_call_t *call, const booking_t *b, wk_error_t *e)
{
    bool confirmed = false;
    wk_appointment_t p;
    const wk_service_t *s = &b->service;
    va_str_t moment = wk_word_slot(call->ctx->arena, call->caller->language, &b->slot);
    if (!has_bookings_left(tx, call, b, e) || call->status != 0) {
        return call->status != 0;
    }
    call->message = wk_tool_say(call, b->hold ? "tool.held" : "tool.booked",
                                {"service", s->name}, {"moment", moment});
    say_if_stale(call, "appointment.unasked");
    if (!insert_booking(tx, call, b, &p, e) ||
        (!b->hold &&
         !(note_unasked(tx, call, &p, e) && confirm(tx, call, &p, s, &confirmed, e)))) {
        return false;
    }
    va_json_add_str(call->out, "status", p.status);
    return put_appointment(tx, call, &p, confirmed, e);
}

static bool book_appointment(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    bool first;
    va_str_t key;
    wk_moment_t moment;
    wk_slot_state_t state;
    booking_t b = {.hold = wk_arg_bool(call->args, "hold", false)};
    if (!wk_tool_read_moment(call, &moment)) {
        return wk_tool_refuse_moment(call);
    }
    if (!read_service(tx, call, &b.service, e) || !read_customer(tx, call, &b, e)) {
        return false;
    }
    if (call->status != 0) {
        return true;
    }
    if (b.phone.data == NULL && b.name.data == NULL) {
        return wk_tool_refuse(
            call, 400, "bad_request",
            VA_STR("customer_name or customer_phone is missing: ask for it."));
    }
    b.holder = holder_of(call, &b);
    if (!wk_slot_look(tx, &b.service, &moment, VA_STR_NULL, &b.holder, &b.slot, &state, e) ||
        !booking_key(tx, call, &b, &key, e) || !wk_tool_claim(tx, call, key, &first, e)) {
        return false;
    }
    if (!first) {
        return true;
    }
    return state == WK_SLOT_FREE ? take_slot(tx, call, &b, e)
                                 : refuse_slot(tx, call, &b.service, &b.slot, state, e);
}

const wk_tool_t wk_tool_book_appointment = {
    .name = "book_appointment",
    .schedule = true,
    .args = book_args,
    .effect = true,
    .before = ask_about_moment,
    .run = book_appointment,
};

/* ---------------------------------------------------------------- reschedule, cancel */

/* What is to become of an appointment. */
typedef struct {
    const wk_moment_t *moment; /* NULL: it stays when it is */
    wk_service_t service;      /* its resource absent: it stays what it is */
} change_t;

/* What became of it, of one that does not stand or has begun. */
static const char *fate_of(const wk_appointment_t *p)
{
    if (va_str_eq(p->status, VA_STR("cancelled"))) {
        return "tool.appointment_cancelled";
    }
    if (va_str_eq(p->status, VA_STR("held")) && !p->stands) {
        return "tool.appointment_lapsed";
    }
    return va_str_eq(p->status, VA_STR("completed")) || va_str_eq(p->status, VA_STR("no_show"))
               ? "tool.appointment_over"
               : "tool.appointment_begun";
}

static bool refuse_over(wk_tool_call_t *call, const wk_appointment_t *p)
{
    return wk_tool_refuse(call, 409, "appointment_over",
                          wk_text(call->caller->language, fate_of(p)));
}

static bool refuse_unfound(wk_tool_call_t *call)
{
    return wk_tool_refuse(call, 404, "not_found",
                          wk_text(call->caller->language, "tool.no_appointment"));
}

/* Those that stand, each with its id, which has to be named. */
static bool refuse_choice(wk_tx_t *tx, wk_tool_call_t *call, const wk_candidate_t *of,
                          size_t standing, wk_error_t *e)
{
    wk_service_t s;
    va_str_t names[WK_CANDIDATES];
    wk_arena_t *a = call->ctx->arena;
    const wk_language_t *l = call->caller->language;
    va_json_key(call->out, "appointments");
    va_json_array(call->out);
    for (size_t i = 0; i < standing; i++) {
        if (!wk_service(tx, l, of[i].type, &s, e)) {
            return false;
        }
        va_str_t when = wk_word_slot(a, l, &of[i].slot);
        names[i] =
            wk_printf(a, "%.*s, %.*s", (int)s.name.len, s.name.data, (int)when.len, when.data);
        va_json_object(call->out);
        va_json_add_str(call->out, "appointment_id", of[i].id);
        va_json_add_str(call->out, "service_type", of[i].type);
        va_json_add_str(call->out, "appointment_datetime", of[i].slot.starts);
        va_json_object_end(call->out);
    }
    va_json_array_end(call->out);
    return wk_tool_refuse(
        call, 409, "which_one",
        wk_tool_say(call, "tool.appointment_which",
                    {"appointments", wk_word_list_of(a, l, names, standing)}));
}

/*
 * Where none is named: the only one there is, or the one that is at that moment already. None
 * is guessed of several, since the same call once more, after an answer that was not heard,
 * would mean the next one; what was given back a moment ago counts for that. Sets *id; or
 * refuses, and call->status is set.
 */
static bool choose(wk_tx_t *tx, wk_tool_call_t *call, va_str_t customer, const change_t *change,
                   va_str_t *id, wk_error_t *e)
{
    size_t n, standing = 0;
    wk_candidate_t of[WK_CANDIDATES];
    const wk_moment_t *moment = change != NULL ? change->moment : NULL;
    if (!wk_appointments_meant(tx, customer, moment, of, &n, e)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        standing += of[i].stands;
        if (of[i].stands && of[i].is_then) {
            *id = of[i].id;
            return true;
        }
    }
    size_t meant = change != NULL ? standing : n;
    if (meant == 0) {
        return refuse_unfound(call);
    }
    *id = of[0].id;
    return meant == 1 || standing == 0 || refuse_choice(tx, call, of, standing, e);
}

/*
 * The appointment meant; customers reach their own alone, staff every one. change: NULL where
 * it is to be given back.
 */
static bool find_own(wk_tx_t *tx, wk_tool_call_t *call, const change_t *change,
                     wk_appointment_t *p, wk_error_t *e)
{
    bool found = false;
    wk_rows_t *rows;
    va_str_t customer = VA_STR_NULL, id = wk_arg_text(call->args, "appointment_id");
    if (call->caller->level != WK_LEVEL_STAFF) {
        va_str_t params[] = {call->caller->phone, VA_STR("call")};
        if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
            return false;
        }
        customer = wk_cell(rows, 0, "id");
    } else if (id.data == NULL) {
        return wk_tool_refuse(call, 400, "bad_request", VA_STR("appointment_id is missing."));
    }
    if (id.data == NULL && !choose(tx, call, customer, change, &id, e)) {
        return false;
    }
    if (call->status != 0) {
        return true;
    }
    if (!(change != NULL ? wk_appointment_find_to_move(tx, id, customer,
                                                       change->service.resource, p, &found, e)
                         : wk_appointment_find(tx, id, customer, p, &found, e))) {
        return false;
    }
    if (!found) {
        return refuse_unfound(call);
    }
    /* What has begun is history to its customer; the shop's people may correct it. */
    return p->comes || call->caller->level == WK_LEVEL_STAFF || refuse_over(call, p);
}

static const wk_arg_t reschedule_args[] = {
    {.name = "appointment_id",
     .description = "which; may be absent where the customer has one only",
     .max = 64},
    {.name = "appointment_datetime",
     .description =
         "new start, ISO 8601; without a zone the shop's time; may be absent where the "
         "service alone is changed"},
    {.name = "appointment_date", .description = "YYYY-MM-DD, together with appointment_time"},
    {.name = "appointment_time", .description = "HH:MM, 24 hours, or with AM or PM"},
    {.name = "service_type",
     .description = "only where it is to become another service: what is to be done now",
     .words = types,
     .meant = type_called},
    {NULL},
};

/* s: what p is to be, for as long as that takes. */
static bool store_change(wk_tx_t *tx, wk_tool_call_t *call, const wk_appointment_t *p,
                         const wk_service_t *s, const wk_slot_t *slot, wk_error_t *e)
{
    va_str_t minutes = wk_printf(call->ctx->arena, "%lld", (long long)s->minutes);
    va_str_t move[] = {p->id, slot->starts, minutes};
    va_str_t become[] = {p->id,        s->type, s->resource, s->price,
                         slot->starts, minutes, s->calendar};
    return va_str_eq(p->type, s->type)
               ? wk_sql(tx, &wk_sql_appointment_move, move, NULL, e)
               : wk_sql(tx, &wk_sql_appointment_become, become, NULL, e);
}

static void become(wk_appointment_t *p, const wk_service_t *s, const wk_slot_t *slot)
{
    p->type = s->type;
    p->resource = s->resource;
    p->calendar = s->calendar;
    p->minutes = s->minutes;
    p->slot = *slot;
    p->moves++;
}

static bool change_to(wk_tx_t *tx, wk_tool_call_t *call, wk_appointment_t *p,
                      const wk_service_t *s, const wk_slot_t *slot, wk_error_t *e)
{
    bool confirmed = false, moves = !va_str_eq(p->slot.starts, slot->starts),
         becomes = !va_str_eq(p->type, s->type);
    va_str_t moment = wk_word_slot(call->ctx->arena, call->caller->language, slot);
    call->message = wk_tool_say(call, becomes ? "tool.changed" : "tool.moved",
                                {"service", s->name}, {"moment", moment});
    if (!moves && !becomes) {
        return put_appointment(tx, call, p, confirmed, e);
    }
    p->unasked = call->calendar_stale;
    say_if_stale(call, "appointment.unasked");
    if (!store_change(tx, call, p, s, slot, e)) {
        return false;
    }
    become(p, s, slot);
    bool held = va_str_eq(p->status, VA_STR("held")); /* it is to be booked yet */
    return wk_appointment_changed(tx, p, moves ? "moved" : "updated", e) &&
           (held || (note_unasked(tx, call, p, e) && confirm(tx, call, p, s, &confirmed, e))) &&
           put_appointment(tx, call, p, confirmed, e);
}

/*
 * Google is asked about the day it goes to; of one that stays when it is that is known only
 * here. False: Google is to be asked first.
 */
static bool is_asked(wk_tool_call_t *call, const wk_moment_t *moment)
{
    if (call->asked) {
        return true;
    }
    wk_moment_t *about = wk_alloc(call->ctx->arena, sizeof(*about));
    *about = (wk_moment_t){wk_copy(call->ctx->arena, moment->wall),
                           wk_copy(call->ctx->arena, moment->zone)};
    call->before = about;
    return wk_tool_ask_first(call);
}

/* It may have been done: not given back, and nobody waited in vain. */
static bool took_place(const wk_appointment_t *p)
{
    return va_str_eq(p->status, VA_STR("confirmed")) ||
           va_str_eq(p->status, VA_STR("in_progress")) ||
           va_str_eq(p->status, VA_STR("completed"));
}

/*
 * Of one that has begun the shop's people put right what was done, and with that its price:
 * when that was, and whose time it took, are not changed by it, and its customer, who was
 * there, is not told.
 */
static bool put_right(wk_tx_t *tx, wk_tool_call_t *call, wk_appointment_t *p,
                      const wk_service_t *s, wk_error_t *e)
{
    va_str_t was[] = {p->id, s->type, s->price};
    if (!took_place(p)) {
        return refuse_over(call, p);
    }
    va_str_t moment = wk_word_slot(call->ctx->arena, call->caller->language, &p->slot);
    call->message = wk_tool_say(call, "tool.changed", {"service", s->name}, {"moment", moment});
    if (!va_str_eq(p->type, s->type)) {
        p->type = s->type;
        if (!wk_sql(tx, &wk_sql_appointment_was, was, NULL, e) ||
            !wk_appointment_changed(tx, p, "updated", e)) {
            return false;
        }
    }
    return put_appointment(tx, call, p, false, e);
}

/* What the appointment is to be, and its slot. */
static bool change_found(wk_tx_t *tx, wk_tool_call_t *call, wk_appointment_t *p,
                         const change_t *change, wk_error_t *e)
{
    wk_slot_t slot;
    wk_moment_t stays;
    wk_slot_state_t state;
    wk_service_t s = change->service;
    const wk_holder_t holder = {.phone = p->phone};
    if (s.resource.data == NULL || va_str_eq(s.type, p->type)) {
        if (!wk_service(tx, call->caller->language, p->type, &s, e)) {
            return false;
        }
        s.minutes = p->minutes;
        s.resource = p->resource;
        s.calendar = p->calendar;
    }
    if (change->moment == NULL && !p->comes) {
        return put_right(tx, call, p, &s, e);
    }
    if (change->moment == NULL &&
        !wk_moment_parse(call->ctx->arena, p->slot.starts, false, &stays)) {
        return wk_error(e, WK_INTERNAL, "an appointment's start cannot be read");
    }
    const wk_moment_t *moment = change->moment != NULL ? change->moment : &stays;
    if (!is_asked(call, moment) ||
        !wk_slot_look(tx, &s, moment, p->id, &holder, &slot, &state, e)) {
        return false;
    }
    if (!p->stands) {
        return refuse_over(call, p);
    }
    return state == WK_SLOT_FREE ? change_to(tx, call, p, &s, &slot, e)
                                 : refuse_slot(tx, call, &s, &slot, state, e);
}

static bool reschedule_appointment(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_moment_t moment;
    change_t change = {.moment = NULL};
    wk_appointment_t p = {.id = VA_STR_NULL};
    va_str_t type = type_in(call, "service_type");
    if (wk_tool_read_moment(call, &moment)) {
        change.moment = &moment;
    } else if (type.data == NULL || wk_tool_names_moment(call)) {
        return wk_tool_refuse_moment(call);
    }
    if (change.moment != NULL && !is_asked(call, change.moment)) {
        return false;
    }
    if ((type.data != NULL &&
         !wk_service(tx, call->caller->language, type, &change.service, e)) ||
        !find_own(tx, call, &change, &p, e)) {
        return false;
    }
    return call->status != 0 || change_found(tx, call, &p, &change, e);
}

const wk_tool_t wk_tool_reschedule_appointment = {
    .name = "reschedule_appointment",
    .schedule = true,
    .args = reschedule_args,
    .level = WK_LEVEL_PHONE,
    .effect = true,
    .before = ask_about_moment,
    .sees_need = true,
    .run = reschedule_appointment,
};

static const wk_arg_t cancel_args[] = {
    {.name = "appointment_id",
     .description = "which; may be absent where the customer has one only",
     .max = 64},
    {.name = "reason", .description = "why, in the customer's words"},
    {NULL},
};

/* Who cancelled it himself is told by the answer. */
static bool tell_of_cancellation(wk_tx_t *tx, wk_tool_call_t *call, const wk_appointment_t *p,
                                 wk_error_t *e)
{
    bool told = false;
    wk_service_t s;
    const wk_language_t *l = language_for(call, p->language);
    if (p->comes && va_str_eq(p->status, VA_STR("confirmed")) &&
        !(wk_service(tx, l, p->type, &s, e) &&
          wk_appointment_tell_cancelled(call->ctx, tx, p, &s, l, call->caller->shop_phone,
                                        &told, e))) {
        return false;
    }
    va_json_add_bool(call->out, "customer_told", told);
    return true;
}

static bool cancel_appointment(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    bool cancelled;
    wk_service_t s;
    wk_appointment_t p = {.id = VA_STR_NULL};
    bool staff = call->caller->level == WK_LEVEL_STAFF;
    const char *by = staff ? "staff" : "customer";
    if (!find_own(tx, call, NULL, &p, e) || call->status != 0) {
        return call->status != 0;
    }
    if (!wk_service(tx, call->caller->language, p.type, &s, e) ||
        !wk_appointment_cancel(tx, &p, by, wk_arg_text(call->args, "reason"), &cancelled, e)) {
        return false;
    }
    if (!cancelled && !va_str_eq(p.status, VA_STR("cancelled"))) {
        return refuse_over(call, &p);
    }
    if (cancelled && staff && !tell_of_cancellation(tx, call, &p, e)) {
        return false;
    }
    va_json_add_str(call->out, "appointment_id", p.id);
    va_json_add_c(call->out, "status", "cancelled");
    va_str_t moment = wk_word_slot(call->ctx->arena, call->caller->language, &p.slot);
    call->message =
        wk_tool_say(call, "tool.cancelled", {"service", s.name}, {"moment", moment});
    return true;
}

const wk_tool_t wk_tool_cancel_appointment = {
    .name = "cancel_appointment",
    .schedule = true,
    .args = cancel_args,
    .level = WK_LEVEL_PHONE,
    .effect = true,
    .run = cancel_appointment,
};
