#include "worker/agent/classify.h"

#define SATISFIED   8 /* of 10: from here on the customer was content */
#define UNSATISFIED 4 /* up to here not */

#define DENIAL_REACH 3 /* words: so far behind it a denial denies */

/* ---------------------------------------------------------------- collected data */

static const struct {
    const char *type;
    const char *names[6]; /* NULL at the end */
} collected[WK_COLLECTED] = {
    [WK_BIKE_TYPE] = {"bike_interest", {"bike_type", "bike_interest_type", "bike_interest"}},
    [WK_BUDGET] = {"bike_interest", {"budget_range", "budget"}},
    [WK_TIMELINE] = {"bike_interest", {"purchase_timeline", "timeline"}},
    [WK_USAGE] = {"bike_interest", {"primary_use_case", "use_case", "primary_use", "usage"}},
    [WK_SIZE] = {"bike_interest", {"bike_size", "frame_size", "size"}},
    [WK_BRAND] = {"bike_interest", {"brand_preference", "brand"}},
    [WK_EMAIL] = {"contact_info", {"customer_email", "email"}},
    [WK_NAME] = {"contact_info", {"customer_name", "name"}},
    [WK_PHONE_NUMBER] = {"contact_info", {"customer_phone", "phone", "phone_number"}},
    [WK_RATING] = {"satisfaction",
                   {"customer_satisfaction_rating", "satisfaction_rating", "satisfaction_score",
                    "customer_satisfaction", "satisfaction"}},
    [WK_SENTIMENT] = {"satisfaction", {"customer_sentiment", "sentiment"}},
    [WK_SCORE] = {"lead", {"lead_qualification_score", "lead_score"}},
    [WK_BOOKED] = {"lead", {"appointment_booked"}},
};

va_str_t wk_collected(const wk_report_t *r, wk_collected_t what)
{
    return wk_report_datum(r, collected[what].names);
}

const char *wk_datum_type(va_str_t name)
{
    for (size_t i = 0; i < WK_COLLECTED; i++) {
        for (const char *const *n = collected[i].names; *n != NULL; n++) {
            if (va_str_ieq(name, va_str_c(*n))) {
                return collected[i].type;
            }
        }
    }
    return "other";
}

/* ---------------------------------------------------------------- words */

/* Words of the list in any language, and where the list name.and exists, of that one too. */
static bool speaks_of(wk_arena_t *a, const wk_catalogue_t *c, const char *prefix,
                      const char *name, const wk_words_t *words)
{
    va_str_t list = wk_printf(a, "%s.%s", prefix, name);
    va_str_t also = wk_printf(a, "%s.and", list.data);
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        const wk_phrases_t *both = wk_word_list(l, also.data);
        if (wk_phrases_in(wk_word_list(l, list.data), words) &&
            (both->count == 0 || wk_phrases_in(both, words))) {
            return true;
        }
    }
    return false;
}

static const char *first_of(wk_arena_t *a, const wk_catalogue_t *c, const char *prefix,
                            const char *const *names_in_order, const wk_words_t *words,
                            const char *otherwise)
{
    for (; *names_in_order != NULL; names_in_order++) {
        if (speaks_of(a, c, prefix, *names_in_order, words)) {
            return *names_in_order;
        }
    }
    return otherwise;
}

static wk_words_t words_of(wk_arena_t *a, const wk_report_t *r, bool turns)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 4096);
    va_buf_add_str(&text, r->summary);
    for (size_t i = 0; turns && i < r->n_turns; i++) {
        va_buf_add_char(&text, '\n');
        va_buf_add_str(&text, r->turns[i].text);
    }
    return wk_words(a, text.len > 0 ? va_buf_str(&text) : VA_STR(""));
}

/* ---------------------------------------------------------------- figures */

/* A whole number from 1 to 10 at the beginning of the text ("9", "9/10"); 0: none. */
static int rating(va_str_t text)
{
    long n = 0;
    size_t i = 0;
    for (; i < text.len && i < 3 && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        n = n * 10 + (text.data[i] - '0');
    }
    return n >= 1 && n <= 10 ? (int)n : 0;
}

static va_str_t result_of(const wk_report_t *r, const char *criterion)
{
    for (size_t i = 0; i < r->n_evaluations; i++) {
        if (va_str_eq(r->evaluations[i].criterion, va_str_c(criterion))) {
            return r->evaluations[i].result;
        }
    }
    return VA_STR_NULL;
}

/* What the customer said, else what the criterion of that name was judged as. */
static int satisfaction(const wk_report_t *r)
{
    int said = rating(wk_collected(r, WK_RATING));
    va_str_t judged = result_of(r, "customer_satisfaction");
    if (said > 0) {
        return said;
    }
    return va_str_eq(judged, VA_STR("success"))   ? SATISFIED
           : va_str_eq(judged, VA_STR("failure")) ? UNSATISFIED - 1
                                                  : 0;
}

static const char *sentiment(const wk_report_t *r, int satisfied)
{
    static const char *const known[] = {"positive", "neutral", "negative", "mixed"};
    va_str_t said = wk_collected(r, WK_SENTIMENT);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (va_str_ieq(said, va_str_c(known[i]))) {
            return known[i];
        }
    }
    if (satisfied == 0) {
        return NULL;
    }
    return satisfied >= SATISFIED     ? "positive"
           : satisfied <= UNSATISFIED ? "negative"
                                      : "neutral";
}

static double success_score(const wk_report_t *r)
{
    size_t succeeded = 0;
    for (size_t i = 0; i < r->n_evaluations; i++) {
        succeeded += va_str_eq(r->evaluations[i].result, VA_STR("success"));
    }
    return r->n_evaluations > 0 ? 100.0 * (double)succeeded / (double)r->n_evaluations : -1;
}

/* The points of the bike store guide (Milestone 3, 4A). */
static int lead_score(const wk_report_t *r, bool booked, const char *mood)
{
    int score = 0;
    score += wk_collected(r, WK_BUDGET).len > 0 ? 20 : 0;
    score += wk_collected(r, WK_BIKE_TYPE).len > 0 ? 15 : 0;
    score += wk_collected(r, WK_TIMELINE).len > 0 ? 15 : 0;
    score += wk_collected(r, WK_EMAIL).len > 0 ? 10 : 0;
    score += booked ? 25 : 0;
    score += mood != NULL && strcmp(mood, "positive") == 0 ? 15 : 0;
    return score;
}

/* ---------------------------------------------------------------- verdict */

/* "No follow-up is needed", "the customer will call again": nothing is promised there. */
static bool is_denied(const wk_language_t *l, const wk_words_t *words, size_t at)
{
    const wk_phrases_t *denials = wk_word_list(l, "followup.denial");
    for (size_t i = at > DENIAL_REACH ? at - DENIAL_REACH : 0; i < at; i++) {
        if (wk_phrases_at(denials, words, i) > 0) {
            return true;
        }
    }
    return false;
}

static bool tells(const wk_catalogue_t *c, const char *list, const wk_words_t *words)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        size_t at = 0, len = 0;
        const wk_language_t *l = wk_catalogue_at(c, i);
        const wk_phrases_t *phrases = wk_word_list(l, list);
        for (size_t from = 0; wk_phrases_find(phrases, words, from, &at, &len); from = at + 1) {
            if (!is_denied(l, words, at)) {
                return true;
            }
        }
    }
    return false;
}

static const char *resolution(const wk_catalogue_t *c, const wk_report_t *r,
                              const wk_words_t *summary)
{
    if (r->transferred || wk_word_list_in(c, "transferred", summary)) {
        return "transferred";
    }
    if (!r->customer_spoke) {
        return "abandoned";
    }
    return r->failed || tells(c, "followup", summary) ? "followup_needed" : "resolved";
}

bool wk_wishes_followup(wk_arena_t *a, const wk_catalogue_t *c, va_str_t said)
{
    wk_words_t words = wk_words(a, said.data != NULL ? said : VA_STR(""));
    return tells(c, "followup.wish", &words);
}

wk_verdict_t wk_classify(wk_arena_t *a, const wk_catalogue_t *c, const wk_report_t *r)
{
    static const char *const types[] = {"complaint",     "order_status", "service_booking",
                                        "sales_inquiry", "store_info",   NULL};
    static const char *const outcomes[] = {"appointment_booked",
                                           "complaint",
                                           "order_status",
                                           "technical_support",
                                           "product_inquiry",
                                           "information_only",
                                           NULL};
    wk_words_t all = words_of(a, r, true), summary = words_of(a, r, false);
    wk_verdict_t v = {.satisfaction = satisfaction(r), .success_score = success_score(r)};
    v.booked = r->booked || va_str_ieq(wk_collected(r, WK_BOOKED), VA_STR("true"));
    v.sentiment = sentiment(r, v.satisfaction);
    v.lead_score = lead_score(r, v.booked, v.sentiment);
    v.call_type = first_of(a, c, "type", types, &all, "general_support");
    v.outcome = v.booked ? "appointment_booked"
                         : first_of(a, c, "outcome", outcomes, &summary, "other");
    v.resolution = resolution(c, r, &summary);
    v.human_needed = strcmp(v.resolution, "transferred") == 0;
    return v;
}
