/*
 * Whether what somebody says is an emergency for this business, by the words of the
 * catalogues alone: no model is asked, so that nothing it answers or fails to answer can
 * keep an owner asleep. docs/emergency.md has the rules.
 *
 * The word lists of a language (each may be split by a further ".name"):
 *
 *   emergency.urgent.TOPIC, emergency.high.TOPIC   what makes it so; where the list of the same
 *                              name with ".and" exists, only near one of its words
 *   emergency.other            means something else: "fire sale", "emergency brake"
 *   emergency.denial           "no", "isn't": what follows, with nothing but words of
 *   emergency.bridge           in between, is denied
 *   emergency.exclaimed        "oh no": no denial
 *   emergency.denial_behind    denies what stands right before it: "ça fume pas"
 *   emergency.supposed         "what if", "do you fix": what follows is no fact
 *   emergency.past             "last year": before or behind, it is long over
 *   emergency.over             "is fixed now": takes back what was said so far
 *   emergency.again            the past has come back
 *   emergency.turn             "but", "now": neither supposition nor past reach across
 *   emergency.calm             "no hurry"
 */
#ifndef WK_AGENT_EMERGENCY_H
#define WK_AGENT_EMERGENCY_H

#include "core/json.h"
#include "worker/agent/catalogue.h"

typedef enum {
    WK_EMERGENCY_LOW, /* the caller is in no hurry */
    WK_EMERGENCY_NORMAL,
    WK_EMERGENCY_HIGH,
    WK_EMERGENCY_URGENT, /* the only one that pages the owner */
} wk_emergency_level_t;

typedef struct {
    wk_emergency_level_t level;
    va_str_t topic;                /* "fire", "water", …; absent below high */
    va_str_t matched;              /* the caller's words that tell; points into the text */
    const wk_language_t *language; /* they are in; NULL below high */
    bool taken_back;               /* something was said that what followed took back */
} wk_emergency_t;

typedef struct {
    va_str_t
        business_type;    /* organizations.business_type; one we know nothing of is "general" */
    const va_json_t *own; /* agent_configs.emergency_words, {"en": ["word", …]}; NULL: none */
    bool partial;         /* more of the turn is to come */
} wk_emergency_case_t;

/*
 * Judges one turn: a message, or what has been heard of it so far. The level of a turn does not
 * fall as words arrive, except when they take something back, which taken_back then tells; for
 * that, the last words of a partial turn do not count while they may become something else
 * ("fire" until it is no "fire sale"). The texts live in a.
 */
wk_emergency_t wk_emergency(wk_arena_t *a, const wk_catalogue_t *c,
                            const wk_emergency_case_t *about, va_str_t text);

/* As in calls.emergency_level: "low", "normal", "high", "urgent". */
const char *wk_emergency_level_name(wk_emergency_level_t level);

#define WK_EMERGENCY_QUESTIONS 3

/*
 * What to ask in an urgent case where the shop named no essential question: what the topic
 * needs, the place, the number. Returns how many.
 */
size_t wk_emergency_questions(wk_arena_t *a, const wk_language_t *l, va_str_t topic,
                              va_str_t questions[WK_EMERGENCY_QUESTIONS]);

#endif
