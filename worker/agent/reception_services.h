/* Which of the shop's services a message names, where it may be several. */
#ifndef WK_AGENT_RECEPTION_SERVICES_H
#define WK_AGENT_RECEPTION_SERVICES_H

#include "worker/agent/reception_turn.h"

#define WK_SERVICES_NAMED 4 /* more are not looked for */

/* appointments.appointment_type of each, none twice, in the order they are named. */
typedef struct {
    va_str_t at[WK_SERVICES_NAMED];
    size_t count;
} wk_services_t;

/* The one that is named by the shop's own name for it, else by ours; absent: none. */
va_str_t wk_turn_service(const wk_reception_turn_t *t);

/* All that are named, in whatever language. */
wk_services_t wk_services_named(const wk_reception_turn_t *t);

/*
 * Those that are wished for beside each other, "a tune-up and a repair"; else the one that is
 * named, as in "a warranty repair".
 */
wk_services_t wk_services_wished(const wk_reception_turn_t *t);

/*
 * One appointment is for one service, and the others are said to be passed on, and are: the
 * message becomes people's.
 */
void wk_pass_on(wk_reception_turn_t *t, va_str_t service, const wk_services_t *services);

/*
 * The same with what else a wish for the service names, be it something that has no name here
 * ("and a new saddle"). Nothing is said when there is nothing else.
 */
void wk_pass_on_the_rest(wk_reception_turn_t *t, va_str_t service);

/* By word: it is of the name of a service. In t's arena. */
const bool *wk_service_words(const wk_reception_turn_t *t);

#endif
