/*
 * Talking about an appointment without a language model: which service, day and time a
 * message names, which free times are offered, and which of them was chosen. The
 * receptionist's part; booking itself is the tools' (agent/tools/appointments.c).
 */
#ifndef WK_AGENT_BOOKING_H
#define WK_AGENT_BOOKING_H

#include "core/json.h"
#include "worker/agent/message_reading.h"

#define WK_OFFERED 3 /* times in one text */

/* The times that were offered last, kept until the customer answers. */
typedef struct {
    va_str_t service;           /* appointments.appointment_type; absent: none was offered */
    va_str_t appointment;       /* that is to be moved; absent: a new one */
    bool becomes;               /* that one is to be the service, which it is not yet */
    va_str_t slots[WK_OFFERED]; /* ISO 8601 with the shop's offset, earliest first */
    size_t count;
} wk_offer_t;

/* The service a message names, in whatever language; absent: none. */
va_str_t wk_read_service(const wk_catalogue_t *c, const wk_words_t *words);

/* What a message chooses of an offer. */
typedef struct {
    enum { WK_PICK_NONE, WK_PICK_SURE, WK_PICK_PERHAPS } kind; /* perhaps: to be asked about */
    va_str_t start; /* one that was offered, or another time of day */
    bool only;      /* nothing is said but a choice, a day or a time */
} wk_pick_t;

/* False: a time alone may be of each of its days. */
bool wk_offer_is_of_one_day(const wk_offer_t *offer);

/*
 * By its number in the list, when the message is nothing but that choice, or by its time. date:
 * of the day the message names, absent: any that was offered.
 */
wk_pick_t wk_offer_pick(wk_arena_t *a, const wk_catalogue_t *c, const wk_offer_t *offer,
                        const wk_reading_t *r, va_str_t date);

typedef enum { WK_ANY_HALF, WK_MORNING, WK_AFTERNOON } wk_half_t; /* of a day */

/* Of a time, "HH:MM". */
wk_half_t wk_half_of(va_str_t time);

typedef struct {
    va_str_t refused;     /* days, YYYY-MM-DD each */
    wk_clock_time_t time; /* hour < 0: none was named */
    wk_half_t half;
    bool day; /* one was named */
} wk_offer_wish_t;

/*
 * Of a tool's slots ([{"start", "date", "time"}]) those to offer, into offer: near the time
 * when one was named, else spread over the half that was, where it has any, or over the day; of
 * the first day that has any and is not refused. Where neither day nor time was named, those
 * behind it help out when it has few left.
 */
void wk_offer_choose(wk_offer_t *offer, const va_json_t *slots, const wk_offer_wish_t *wish);

/* All that is offered, and how it is chosen. service: its name; spoken: in a call. */
va_str_t wk_word_offered(wk_arena_t *a, const wk_language_t *l, const wk_offer_t *offer,
                         va_str_t service, bool spoken);

/* "Shall I take Saturday, November 28 at 9:00 AM for …?": of the offer's first time. service:
 * its name. */
va_str_t wk_word_time_question(wk_arena_t *a, const wk_language_t *l, const wk_offer_t *offer,
                               va_str_t service);

/* As the state of a dialog; what cannot be read is no offer. */
void wk_offer_write(va_json_writer_t *w, const wk_offer_t *offer);
wk_offer_t wk_offer_read(const va_json_t *state);

#endif
