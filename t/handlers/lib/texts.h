/* Texts as Twilio delivers them, and what becomes of them. */
#ifndef T_TEXTS_H
#define T_TEXTS_H

#include "t/handlers/lib/sim.h"

#define DOWNTOWN_NUMBER "+14165550001"
#define UPTOWN_NUMBER   "+14165550002"
#define JOHN_NUMBER     "+14165559876"
#define SARAH_NUMBER    "+14165559877"
#define STRANGER        "+16475550123"

/* All but from and body may be left out. */
typedef struct {
    const char *sid; /* each its own without */
    const char *from;
    const char *to; /* Downtown without */
    const char *body;
    const char *more; /* further members of the form, encoded: "&NumMedia=1" */
    int attempt;
} t_text_t;

/* Before each test: the shops as on their first day, and Twilio too. */
int t_texts_setup(void **state);

/* A sid no text had; lasts a test. */
const char *t_text_sid(void);

/* Delivers one; how its job ended. */
t_answer_t t_deliver(const t_text_t *text);

/* From a number to Downtown; fails when the job is not done. What was answered; "": nothing. */
const char *t_say(const char *from, const char *body);

/* What was answered to that text; "": nothing. */
const char *t_answer_to(const char *sid);

/* The form of a text, as Twilio posts it. */
const char *t_text_form(const t_text_t *text);

/* As if so many milliseconds had passed for every text that is on its way. */
void t_texts_wait(int ms);

/* Long enough for whatever a text waits for. */
void t_texts_pass(void);

#define assert_done(answer)                                                                    \
    do {                                                                                       \
        const t_answer_t *answer_ = (answer);                                                  \
        if (answer_->end.how != WK_END_ACK) {                                                  \
            fail_msg("not done: %.*s", (int)answer_->end.reason.len,                           \
                     answer_->end.reason.data);                                                \
        }                                                                                      \
    } while (0)

#define assert_again(answer) assert_int_equal((answer)->end.how, WK_END_RETRY)

#define assert_has(text, part)                                                                 \
    do {                                                                                       \
        const char *text_ = (text);                                                            \
        if (strstr(text_, (part)) == NULL) {                                                   \
            fail_msg("\"%s\" does not hold \"%s\"", text_, (part));                            \
        }                                                                                      \
    } while (0)

#define assert_has_not(text, part)                                                             \
    do {                                                                                       \
        const char *text_ = (text);                                                            \
        if (strstr(text_, (part)) != NULL) {                                                   \
            fail_msg("\"%s\" holds \"%s\"", text_, (part));                                    \
        }                                                                                      \
    } while (0)

#endif
