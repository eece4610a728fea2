/*
 * Web sites among the shop's documents (store/knowledge.h). A site is a document of the source
 * "site"; its revision is a reading of it, in steps: who does one names both, and one that was done
 * already gives no row.
 */
#ifndef WK_STORE_KNOWLEDGE_SITES_H
#define WK_STORE_KNOWLEDGE_SITES_H

#include "worker/db.h"

/*
 * $1 title, $2 address, $3 language or null, $4 tags (JSON list) or null, $5 user or null, $6 most
 * pages or null, $7 depth or null, $8 how many sites a shop may have. Gives id revision step; no
 * row: it has them. One of the same address: the constraint knowledge_documents_same_site.
 */
extern const wk_sql_t wk_sql_site_insert;

/* Before it: one at a time counts the sites of a shop and adds to them. */
extern const wk_sql_t wk_sql_site_lock;

/* $1 document: another reading begins. Gives id revision step; no row: it is no site, or it is
 * being read. */
extern const wk_sql_t wk_sql_site_refresh;

/* $1 document, $2 reading, $3 its first page's address: that one is to be read. */
extern const wk_sql_t wk_sql_site_first;

/*
 * $1 document, $2 reading, $3 step: wait_ms over url language shop_language languages robots
 * tries max_pages depth, and of the page that is next, null without: page page_depth page_tries
 * etag last_modified document.
 */
extern const wk_sql_t wk_sql_site_step;

/*
 * $1 document, $2 reading, $3 step, $4 milliseconds until the next one may be done, null: the
 * site's pause. Gives step, the next one's; no row as above.
 */
extern const wk_sql_t wk_sql_site_done;

/* $1 document, $2 the text or null: not yet, $3 milliseconds between its pages. */
extern const wk_sql_t wk_sql_site_robots;

/* $1 site, $2 page: that it is to be asked for once more. */
extern const wk_sql_t wk_sql_page_again;

/* $1 site, $2 page, $3 state, $4 note: and what was known of it is forgotten unless it failed. */
extern const wk_sql_t wk_sql_page_without_text, wk_sql_page_forget;

/* $1 site, $2 page: it is as it was. Gives links (JSON list). */
extern const wk_sql_t wk_sql_page_same;

/* $1 site, $2 page, $3 reading, $4 SHA-256: url of another page of this reading with that text. */
extern const wk_sql_t wk_sql_page_twin;

/*
 * $1 site, $2 page, $3 SHA-256, $4 title, $5 "html" or "pdf", $6 type, $7 bytes, $8 text,
 * $9 language. Gives id revision of its document, and no row when its text is as it was.
 */
extern const wk_sql_t wk_sql_page_document_change, wk_sql_page_document_insert;

/* $1 site, $2 page, $3 document, $4 SHA-256, $5 etag, $6 last_modified, $7 links. */
extern const wk_sql_t wk_sql_page_read;

/* $1 site, $2 reading, $3 depth, $4 addresses (JSON list): those that were not found yet and for
 * which there is room are to be read. */
extern const wk_sql_t wk_sql_site_links;

/* $1 document, $2 reading: pages that this reading did not find, when nothing kept it from it. */
extern const wk_sql_t wk_sql_site_forget_documents, wk_sql_site_forget_pages;

/* $1 document, $2 reading, $3 why it came to its end early, or null. */
extern const wk_sql_t wk_sql_site_finish;

#endif
