/*
 * To whom a caller is put through: the shop's destinations, by the name a model gave, by the
 * shop's own words for each, by the usual rules (a warranty is technical, a complaint is the
 * manager's, …), else whoever is for general questions, else the owner.
 */
#ifndef WK_AGENT_TRANSFER_H
#define WK_AGENT_TRANSFER_H

#include "core/json.h"
#include "worker/agent/catalogue.h"

#define WK_LARGE_REFUND   500  /* above it the manager decides */
#define WK_LARGE_PURCHASE 2000 /* above it a specialist advises */

typedef struct {
    const va_json_t *destinations; /* agent_configs.transfer_destinations */
    va_str_t owner;                /* organizations.owner_phone, or absent */
    va_str_t named;                /* by a model, or absent */
    va_str_t words;                /* what the caller said */
    va_str_t caller;               /* his number, or absent: he is not put through to himself */
    const va_json_t *own; /* numbers at which the shop's agent answers: it would call itself */
} wk_transfer_wish_t;

typedef struct {
    va_str_t name, number; /* number absent: there is nobody to put through to */
} wk_destination_t;

/* own: a list of texts, or NULL; number: E.164, or absent. */
bool wk_transfer_is_own(const va_json_t *own, va_str_t number);

wk_destination_t wk_transfer_choose(wk_arena_t *a, const wk_catalogue_t *c,
                                    const wk_transfer_wish_t *wish);

#endif
