/*
 * Talking about an appointment without a language model: which service, day and time a
 * message names, which free times are offered, and which of them was chosen. The
 * receptionist's part; booking itself is the tools' (agent/tools/appointments.c).
 */
#ifndef WK_AGENT_BOOKING_H
#define WK_AGENT_BOOKING_H

#include "core/json.h"
#include "worker/agent/catalogue.h"

#define WK_OFFERED 3 /* times in one text */

/* The times that were offered last, kept until the customer answers. */
typedef struct {
    va_str_t service;           /* appointments.appointment_type; absent: none was offered */
    va_str_t appointment;       /* that is to be moved; absent: a new one */
    va_str_t slots[WK_OFFERED]; /* ISO 8601 with the shop's offset, earliest first */
    size_t count;
} wk_offer_t;

/* A time of day; hour is -1 when none was named. */
typedef struct {
    int hour, minute;
    bool certain; /* it was said which half of the day, or written with 24 hours */
} wk_clock_time_t;

/* "10:30", "10h30", "2 pm"; a bare number behind "at" or a word like it. */
wk_clock_time_t wk_read_time(const wk_catalogue_t *c, va_str_t text, const wk_words_t *words);

/* Whether it is that time, "HH:MM"; an hour of which the half of the day is not certain may be
 * either. */
bool wk_clock_time_is(wk_clock_time_t t, va_str_t time);

/* The service a message names, in whatever language; absent: none. */
va_str_t wk_read_service(const wk_catalogue_t *c, const wk_words_t *words);

/*
 * The start that was chosen: one offered, by its number or its time, or another time of day
 * (date: of the day the message names, absent: the day offered first). Absent: none was.
 */
va_str_t wk_offer_pick(wk_arena_t *a, const wk_catalogue_t *c, const wk_offer_t *offer,
                       va_str_t text, const wk_words_t *words, va_str_t date);

/*
 * Of a tool's slots ([{"start", "date", "time"}]) those to offer, into offer: of the first day
 * that has any, near the time when one was named, else spread over the day.
 */
void wk_offer_choose(wk_offer_t *offer, const va_json_t *slots, wk_clock_time_t wanted);

/* "1) Saturday, November 28 at 9:00 AM; 2) …" */
va_str_t wk_word_offer(wk_arena_t *a, const wk_language_t *l, const wk_offer_t *offer);

/* As the state of a dialog; what cannot be read is no offer. */
void wk_offer_write(va_json_writer_t *w, const wk_offer_t *offer);
wk_offer_t wk_offer_read(const va_json_t *state);

#endif
