#include "worker/handlers/settings_voicemail.h"

#include "worker/handlers/list.h"
#include "worker/handlers/reply.h"
#include "worker/store/settings.h"

#define MAX_MESSAGE 1000 /* bytes */

static const char *const actions[] = {"leave_message", "hang_up", "ignore", NULL};

static bool read_action(const va_json_t *member, va_str_t *action, wk_error_t *e)
{
    *action = va_json_string(member);
    return member == NULL || wk_list_has(actions, *action) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "action must be leave_message, hang_up or ignore.");
}

static bool is_message(const wk_catalogue_t *c, const va_json_t *text)
{
    va_str_t words = va_json_string(text);
    return wk_catalogue_find(c, text->name) != NULL && words.len > 0 &&
           words.len <= MAX_MESSAGE;
}

/* Whole: a language that is not named has the catalogue's words. */
static bool read_message(wk_arena_t *a, const wk_catalogue_t *c, const va_json_t *member,
                         va_str_t *message, wk_error_t *e)
{
    va_buf_t text;
    if (member == NULL) {
        return true;
    }
    bool ok = va_json_is(member, VA_JSON_OBJECT);
    for (const va_json_t *t = ok ? member->first : NULL; ok && t != NULL; t = t->next) {
        ok = is_message(c, t);
    }
    if (!ok) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "message must have texts of 1 to %d bytes by language.", MAX_MESSAGE);
    }
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, member);
    *message = va_buf_str(&text);
    return va_json_writer_end(w) == VA_OK ||
           wk_error(e, WK_INTERNAL, "a message that cannot be written");
}

bool wk_settings_voicemail_read(wk_arena_t *a, const wk_catalogue_t *c, const va_json_t *part,
                                wk_voicemail_settings_t *v, wk_error_t *e)
{
    const va_json_t *action = va_json_get(part, "action");
    const va_json_t *message = va_json_get(part, "message");
    size_t known = (action != NULL) + (message != NULL);
    *v = (wk_voicemail_settings_t){.action = VA_STR_NULL};
    if (known == 0 || known != part->count) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "voicemail is action and message.");
    }
    return read_action(action, &v->action, e) && read_message(a, c, message, &v->message, e);
}

bool wk_settings_voicemail_put(wk_tx_t *tx, const wk_voicemail_settings_t *v, wk_error_t *e)
{
    va_str_t params[] = {v->action, v->message};
    return wk_sql(tx, &wk_sql_settings_voicemail, params, NULL, e);
}
