/*
 * The members of a body that changes a row, by a table: what each may be, said in the refusal.
 * What was let through is JSON for the statement that writes it.
 */
#ifndef WK_HANDLERS_MEMBERS_H
#define WK_HANDLERS_MEMBERS_H

#include "core/json.h"
#include "worker/agent/catalogue.h"
#include "worker/error.h"

typedef struct wk_member_rule wk_member_rule_t;

/* Whether the value is what the rule allows. */
typedef bool wk_member_check_fn(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                                const va_json_t *value);

struct wk_member_rule {
    const char *name;
    const char *also; /* another word for it; NULL: none */
    wk_member_check_fn *check;
    double min, max; /* of a number; bytes of a text; elements of a list */
    bool nullable;
    const char *must; /* "name must be …." */
    const void *of;   /* what the check needs besides; see there */
};

wk_member_check_fn wk_member_text, wk_member_number, wk_member_whole, wk_member_bool;
wk_member_check_fn wk_member_line; /* a text without control characters, as a name is */
wk_member_check_fn wk_member_word; /* of: its words, NULL at the end */

/* As wk_member_word, also as people write it; what is read is the list's word. */
wk_member_check_fn wk_member_stored_word;

wk_member_check_fn wk_member_id;        /* a name within another's service: no spaces */
wk_member_check_fn wk_member_locale;    /* en-US */
wk_member_check_fn wk_member_language;  /* there is a catalogue of it */
wk_member_check_fn wk_member_languages; /* min to max of them, each once */
wk_member_check_fn wk_member_translations, wk_member_ids; /* by language */

/*
 * Texts by language, or (wk_member_templates) one for the shop's. of: what may stand in braces
 * in them and is filled in, NULL at the end; anything else in braces would be said as it
 * stands.
 */
wk_member_check_fn wk_member_templates, wk_member_templates_by_language;

wk_member_check_fn wk_member_phrases; /* by language: lists of at most max texts */
wk_member_check_fn wk_member_uuid;
wk_member_check_fn wk_member_email;   /* of at most max bytes */
wk_member_check_fn wk_member_phone;   /* E.164 */
wk_member_check_fn wk_member_website; /* http or https, of at most max bytes */
wk_member_check_fn wk_member_list;    /* of at most max texts of 1 to 60 bytes */

/*
 * Refuses a body without a member, with one that is not in the table, one that is there twice,
 * or a value that is not allowed; *json has the rest, by the names of the table.
 */
bool wk_members_read(wk_arena_t *a, const wk_catalogue_t *c, const wk_member_rule_t *rules,
                     size_t n, const va_json_t *body, va_str_t *json, wk_error_t *e);

/* The first member that is not allowed, or NULL; for a check of an object within a body. */
const va_json_t *wk_members_wrong(const wk_catalogue_t *c, const wk_member_rule_t *rules,
                                  size_t n, const va_json_t *object);

/* Whether a later element of the list is the same text. */
bool wk_members_repeat(const va_json_t *element);

#endif
