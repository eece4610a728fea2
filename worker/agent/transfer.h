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
    va_str_t not_to[2]; /* numbers that would call the call itself: absent ones count not */
} wk_transfer_wish_t;

typedef struct {
    va_str_t name, number; /* number absent: there is nobody to put through to */
} wk_destination_t;

wk_destination_t wk_transfer_choose(wk_arena_t *a, const wk_catalogue_t *c,
                                    const wk_transfer_wish_t *wish);

#endif
