/* People of the demo shops, and what they ask for when they take a talk over. */
#ifndef T_HANDLERS_PEOPLE_H
#define T_HANDLERS_PEOPLE_H

#include "t/handlers/lib/client.h"

#define STAN "d0000000-0000-4000-8000-000000000091" /* staff of Downtown */
#define TESS "d0000000-0000-4000-8000-000000000092" /* its technician */

typedef struct {
    const char *user, *organization, *role;
} t_person_t;

extern const t_person_t t_dana, t_stan, t_tess; /* Downtown's admin, staff, technician */
extern const t_person_t t_uma;                  /* Uptown's admin */

/* POST /api/takeover/{target}/{action}; body may be NULL. */
t_ask_t t_takeover_ask(const t_person_t *who, const char *target, const char *action,
                       const char *body);
t_answer_t t_takeover(const t_person_t *who, const char *target, const char *action,
                      const char *body);
void t_assert_takeover(const t_person_t *who, const char *target, const char *action,
                       const char *body, int status);

#endif
