#include "worker/providers/shopify_state.h"

typedef const char *const words_t[];

static bool is_one_of(va_str_t word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (va_str_ieq(word, va_str_c(*words))) {
            return true;
        }
    }
    return false;
}

static bool any(const wk_shopify_facts_t *f, const char *const *words)
{
    for (size_t i = 0; i < f->n; i++) {
        if (is_one_of(f->shipments[i], words)) {
            return true;
        }
    }
    return false;
}

static bool all(const wk_shopify_facts_t *f, const char *const *words)
{
    for (size_t i = 0; i < f->n; i++) {
        if (!is_one_of(f->shipments[i], words)) {
            return false;
        }
    }
    return f->n > 0;
}

/* What a carrier says; a parcel that moves says more than one that has only a label. */
static const char *carried(const wk_shopify_facts_t *f)
{
    static words_t out = {"OUT_FOR_DELIVERY", NULL};
    static words_t moving = {"IN_TRANSIT", "CARRIER_PICKED_UP", NULL};
    static words_t late = {"DELAYED", NULL};
    static words_t problem = {"ATTEMPTED_DELIVERY", "FAILURE", "NOT_DELIVERED", NULL};
    return any(f, out)       ? "out_for_delivery"
           : any(f, moving)  ? "in_transit"
           : any(f, late)    ? "delayed"
           : any(f, problem) ? "delivery_problem"
                             : NULL;
}

static const char *handed_over(const wk_shopify_facts_t *f, bool partly)
{
    static words_t whole = {"FULFILLED", NULL};
    static words_t labelled = {"CONFIRMED",
                               "LABEL_PRINTED",
                               "LABEL_PURCHASED",
                               "LABEL_VOIDED",
                               "MARKED_AS_FULFILLED",
                               "SUBMITTED",
                               NULL};
    static words_t ready = {"READY_FOR_PICKUP", NULL};
    return is_one_of(f->fulfillment, whole) || any(f, labelled) ? "shipped"
           : partly                                             ? "partially_shipped"
           : any(f, ready)                                      ? "ready_for_pickup"
                                                                : NULL;
}

static const char *waiting(const wk_shopify_facts_t *f)
{
    static words_t held = {"ON_HOLD", NULL};
    static words_t scheduled = {"SCHEDULED", NULL};
    static words_t unpaid = {"PENDING", "AUTHORIZED", "PARTIALLY_PAID", "EXPIRED", NULL};
    return is_one_of(f->fulfillment, held)        ? "on_hold"
           : is_one_of(f->fulfillment, scheduled) ? "scheduled"
           : is_one_of(f->financial, unpaid)      ? "awaiting_payment"
                                                  : "processing";
}

const char *wk_shopify_state(const wk_shopify_facts_t *f)
{
    static words_t repaid = {"REFUNDED", "VOIDED", NULL};
    static words_t arrived = {"DELIVERED", "PICKED_UP", NULL};
    static words_t part = {"PARTIALLY_FULFILLED", "partial", NULL};
    bool partly = is_one_of(f->fulfillment, part);
    if (f->cancelled) {
        return "cancelled";
    }
    if (is_one_of(f->financial, repaid)) {
        return "refunded";
    }
    /* What has not left the shop cannot have arrived, whatever became of the rest. */
    if (!partly && all(f, arrived)) {
        return "delivered";
    }
    const char *state = carried(f);
    state = state != NULL ? state : handed_over(f, partly);
    return state != NULL ? state : waiting(f);
}
