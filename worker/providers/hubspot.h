/*
 * HubSpot's CRM: whose account it is, contacts, and the calls and notes that are logged with
 * them (docs/providers/hubspot.md).
 *
 * HubSpot has no idempotency keys. What stands in for them are unique properties of our own
 * (WK_HUBSPOT_KEY): an object of the same key cannot be made twice, and is found by it at once,
 * which a search does not promise.
 */
#ifndef WK_PROVIDERS_HUBSPOT_H
#define WK_PROVIDERS_HUBSPOT_H

#include "core/json.h"
#include "worker/context.h"

#define WK_HUBSPOT_KEY "voiceagent_key" /* of contacts, calls and notes */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t token;
} wk_hubspot_t;

typedef enum { WK_HUBSPOT_CONTACTS, WK_HUBSPOT_CALLS, WK_HUBSPOT_NOTES } wk_hubspot_kind_t;

typedef struct {
    va_str_t id; /* absent: there is none */
    va_str_t first_name, last_name, email;
    va_str_t phone, mobile; /* as somebody typed them */
    va_str_t key;
} wk_hubspot_contact_t;

/*
 * On failure e->code of all of them:
 *
 *   WK_UNAVAILABLE  busy or away, e->retry_after_ms says how long where it is known
 *   WK_UNKNOWN      what was asked may have been done
 *   WK_FORBIDDEN    the token is refused
 *   WK_NOT_FOUND    there is no such object
 *   WK_CONFLICT     there is one of that key or address: its id in e->detail, where told
 *   WK_REFUSED      anything else, with HubSpot's category in e->detail
 */

/* The number of the account (portal) that the token is of. */
bool wk_hubspot_portal(const wk_hubspot_t *h, va_str_t *portal, wk_error_t *e);

/* By its id, or by our key of it. */
bool wk_hubspot_contact(const wk_hubspot_t *h, va_str_t id, wk_hubspot_contact_t *contact,
                        wk_error_t *e);
bool wk_hubspot_contact_of_key(const wk_hubspot_t *h, va_str_t key,
                               wk_hubspot_contact_t *contact, wk_error_t *e);

/* By address or number (E.164), either may be absent. contact->id absent: nobody is known. */
bool wk_hubspot_contact_find(const wk_hubspot_t *h, va_str_t email, va_str_t phone,
                             wk_hubspot_contact_t *contact, wk_error_t *e);

/* The id of the object of that kind and key; absent: there is none. */
bool wk_hubspot_find(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t key, va_str_t *id,
                     wk_error_t *e);

/*
 * properties: a JSON object. contact: whom a call or note is of; absent for a contact. The
 * property of the key is made where the account has none yet.
 */
bool wk_hubspot_create(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t properties,
                       va_str_t contact, va_str_t *id, wk_error_t *e);
bool wk_hubspot_update(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t id,
                       va_str_t properties, wk_error_t *e);

/* To the account's bin, which HubSpot empties after 90 days. */
bool wk_hubspot_remove(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t id,
                       wk_error_t *e);

#endif
