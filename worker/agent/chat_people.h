/*
 * What people of the shop write in a chat (docs/chat.md, "People in the chat"). Each such
 * message has a number, from 1 on; a session knows how many there are and up to which its
 * visitor was given them.
 */
#ifndef WK_AGENT_CHAT_PEOPLE_H
#define WK_AGENT_CHAT_PEOPLE_H

#include "worker/context.h"

typedef struct {
    bool held; /* a person has the chat */
    int64_t said, told;
    int64_t joins; /* how often a person has taken it so far */
} wk_chat_people_t;

/* Locks the session until the commit: what it says is true for so long. */
bool wk_chat_people_read(wk_tx_t *tx, va_str_t session, wk_chat_people_t *people,
                         wk_error_t *e);

/*
 * A person's message, and the job (chat.push) that takes it to the visitor. key: its own; user
 * may be absent. The session is locked. Gives its row's id.
 */
bool wk_chat_people_write(wk_tx_t *tx, va_str_t session, va_str_t text, va_str_t user,
                          va_str_t key, va_str_t *message, wk_error_t *e);

/* That job by itself: a socket lacks what cannot be sent at once. */
bool wk_chat_people_push(wk_tx_t *tx, va_str_t session, wk_error_t *e);

/* Whether a person has the chat has changed: a job (chat.person) tells the visitor's sockets.
 */
bool wk_chat_people_changed(wk_tx_t *tx, va_str_t session, wk_error_t *e);

/* Rows of wk_sql_chat_words, WK_CHAT_MOST of them (chat_channels.h), behind number after, up to
 * upto. */
bool wk_chat_people_words(wk_tx_t *tx, va_str_t session, int64_t after, int64_t upto,
                          wk_rows_t **words, wk_error_t *e);

/* The visitor has them up to that number. */
bool wk_chat_people_given(wk_tx_t *tx, va_str_t session, int64_t upto, wk_error_t *e);

/* One of those rows as the visitor is shown it: number, id, message, at. */
void wk_chat_people_put(va_json_writer_t *w, const wk_rows_t *words, size_t row);

#endif
