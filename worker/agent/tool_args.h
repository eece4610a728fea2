/*
 * What a tool takes: a flat table, of which the JSON schema is written that models are given,
 * and by which what they send is checked.
 */
#ifndef WK_AGENT_TOOL_ARGS_H
#define WK_AGENT_TOOL_ARGS_H

#include "core/form.h"
#include "core/json.h"
#include "worker/agent/catalogue.h"

typedef enum {
    WK_ARG_TEXT,
    WK_ARG_INTEGER,
    WK_ARG_NUMBER,
    WK_ARG_BOOLEAN,
    WK_ARG_TEXTS, /* a list */
    WK_ARG_OBJECT,
} wk_arg_type_t;

/* The word that a text means which is none of the list; absent: none. */
typedef va_str_t (*wk_arg_meant_fn)(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text);

#define WK_ARG_TEXT_MAX 500 /* characters, where a table says nothing else */

typedef struct {
    const char *name;
    wk_arg_type_t type;
    const char *description; /* for models, in English */
    bool required;
    const char *const *words; /* the only values (stored_word.h), NULL: any */
    wk_arg_meant_fn meant;    /* reads what else the words are called, NULL: nothing is */
    int64_t min, max;         /* of a number, both 0: any; max alone: characters of a text */
    bool email;               /* a text that is an e-mail address */
} wk_arg_t;

/* {"type": "object", "properties": …} as OpenAI, ElevenLabs and MCP take it. */
void wk_args_schema(va_json_writer_t *w, const wk_arg_t *args);

/*
 * False, and *problem is a sentence that names the member, when the object does not fit.
 * Members that the table does not know are passed over: models invent some. A number may come
 * as a text. c: what an argument's words are called by in other languages is looked for there.
 */
bool wk_args_check(wk_arena_t *a, const wk_catalogue_t *c, const wk_arg_t *args,
                   const va_json_t *object, va_str_t *problem);

bool wk_args_have(const wk_arg_t *args, va_str_t name);

/* A query's arguments as such an object. */
const va_json_t *wk_args_of_form(wk_arena_t *a, const wk_arg_t *args, const va_form_t *form);

/* Reading what was checked: absent, or the fallback, where it is missing, null or empty. */
va_str_t wk_arg_text(const va_json_t *object, const char *name);
va_str_t wk_arg_word(const va_json_t *object, const char *name, const char *const *words);
int64_t wk_arg_int(const va_json_t *object, const char *name, int64_t fallback);
double wk_arg_number(const va_json_t *object, const char *name, double fallback);
bool wk_arg_bool(const va_json_t *object, const char *name, bool fallback);

#endif
