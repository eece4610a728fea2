/* The shop's documents, their pieces, and finding in them what answers a question. */
#ifndef WK_STORE_KNOWLEDGE_H
#define WK_STORE_KNOWLEDGE_H

#include "worker/db.h"

/* The parameters of a list (handlers/list.h), status being the document's. */
extern const wk_sql_t wk_sql_knowledge;

/* $1 document, $2 characters of its text to be told: item. No row: there is none. */
extern const wk_sql_t wk_sql_knowledge_document;

/*
 * A new document that is to be read. $1 title, $2 source, $3 filename, $4 content type, $5 bytes,
 * $6 SHA-256, $7 language or null, $8 tags (JSON list), $9 user or null. Gives id revision. One
 * of the same content: the constraint knowledge_documents_same.
 */
extern const wk_sql_t wk_sql_knowledge_insert;

/* $1 to $9 likewise, null keeping what was there, $10 document. Gives id revision. */
extern const wk_sql_t wk_sql_knowledge_replace;

/*
 * $1 document, $2 title, $3 tags (JSON list), $4 active; null: as it was. A site's pages get its
 * tags and are as active. Gives id of_site (it is a site, or a page of one).
 */
extern const wk_sql_t wk_sql_knowledge_change;

/* $1 document, $2 content in base64: in place of one that waits. */
extern const wk_sql_t wk_sql_knowledge_upload;

/* $1 document, with its pages if it is a site. Gives id of_site (it is a page of one). */
extern const wk_sql_t wk_sql_knowledge_delete;

/*
 * $1 document, $2 revision: source language shop_language languages content (base64). No row:
 * it was read already, replaced or deleted.
 */
extern const wk_sql_t wk_sql_knowledge_waiting;

/*
 * $1 document, $2 revision, $3 its text, $4 language: it is read. Gives id; no row as above, and
 * then nothing more is to be written.
 */
extern const wk_sql_t wk_sql_knowledge_read;

/* $1 document, $2 revision, $3 why: it cannot be read. What it was before stays to be found. */
extern const wk_sql_t wk_sql_knowledge_failed;

/* $1 document: the pieces of its older text, and what waited to be read, are no more. */
extern const wk_sql_t wk_sql_knowledge_forget_chunks, wk_sql_knowledge_forget_upload;

/* $1 document, $2 language, $3 pieces: [{position, heading, content}]. */
extern const wk_sql_t wk_sql_knowledge_chunks;

/* $1 document, $2 revision, $3 model, $4 how many: id text, of pieces it has not embedded. */
extern const wk_sql_t wk_sql_knowledge_not_embedded;

/* $1 model, $2 [{id, embedding}], the embedding a Postgres array as text. */
extern const wk_sql_t wk_sql_knowledge_embed;

/* $1 model, $2 SHA-256 of a question: embedded (any piece is), embedding (if it is known). */
extern const wk_sql_t wk_sql_knowledge_question;

/* $1 model, $2 digest, $3 embedding; and those older than a week, which are no more. */
extern const wk_sql_t wk_sql_knowledge_question_keep, wk_sql_knowledge_questions_forget;

/*
 * $1 question, $2 its embedding or null, $3 model, $4 the least part of the words, $5 the least
 * similarity, $6 how many passages: chunk document title heading content sentence sentence_has
 * has similarity, best first.
 */
extern const wk_sql_t wk_sql_knowledge_search;

#endif
