/*
 * /api/knowledge[/{id}[/refresh]]: the documents the agent answers from. An upload is taken in
 * at once and read by a job of its own (knowledge_jobs.c); the answer says "processing" until
 * then.
 */
#include "worker/store/knowledge.h"

#include "core/base64.h"
#include "core/hmac.h"
#include "worker/agent/words.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/knowledge_site.h"
#include "worker/handlers/list.h"
#include "worker/handlers/plan.h"
#include "worker/handlers/reply.h"
#include "worker/outbox.h"
#include "worker/site_url.h"
#include "worker/store/knowledge_sites.h"

#define MAX_TITLE    200
#define MAX_FILENAME 255
#define MAX_TAGS     20
#define MAX_PAGES    50 /* of a site, and the links between the first page and one */
#define MAX_DEPTH    3
#define MAX_SITES    10
#define SHOWN        "100000" /* characters of a document's text in an answer */

static const char *const statuses[] = {"processing", "indexed", "failed", NULL};

/* What a request wants a document to be; a text is absent, and tags NULL, when it says nothing.
 */
typedef struct {
    va_str_t title, filename, type, language, content;
    const char *source; /* the kind of document; NULL: no content */
    va_str_t active;    /* "true", "false" */
    va_str_t tags;      /* JSON list */
    va_str_t url;       /* of a web site, in its usual form; absent: it is none */
    va_str_t max_pages, depth;
} upload_t;

typedef struct {
    wk_ctx_t *ctx;
    wk_list_t list;
    va_str_t id;
    upload_t upload;
    wk_plan_gap_t gap;
    wk_rows_t *rows;
} knowledge_t;

static bool is_method(const wk_ctx_t *ctx, const char *method)
{
    return va_str_eq(ctx->job->http_method, va_str_c(method));
}

/* ---------------------------------------------------------------- read */

static bool list_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    knowledge_t *k = arg;
    va_str_t params[WK_LIST_PARAMS];
    (void)caller;
    wk_list_params(k->ctx, &k->list, params);
    return wk_sql_last(tx, &wk_sql_knowledge, params, &k->rows, e);
}

static wk_outcome_t list(knowledge_t *k, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    if (!wk_list_read(k->ctx, statuses, &k->list, e) ||
        !wk_caller_tx(k->ctx, WK_FROM_STAFF, list_tx, k, e)) {
        return wk_reply_error(k->ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(k->ctx, &doc);
    wk_page_put(k->ctx, w, "documents", k->rows, &k->list.page, false);
    return wk_reply_end(k->ctx, &doc, 200, reply, e);
}

static bool show(wk_tx_t *tx, knowledge_t *k, wk_error_t *e)
{
    va_str_t params[] = {k->id, VA_STR(SHOWN)};
    return wk_sql(tx, &wk_sql_knowledge_document, params, &k->rows, e) &&
           wk_request_found(k->rows, e);
}

static bool get_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    knowledge_t *k = arg;
    (void)caller;
    return wk_request_known_id(k->id, e) && show(tx, k, e);
}

static wk_outcome_t answer(knowledge_t *k, int status, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(k->ctx, &doc);
    va_json_key(w, "document");
    va_json_put_raw(w, wk_cell(k->rows, 0, "item"));
    return wk_reply_end(k->ctx, &doc, status, reply, e);
}

static wk_outcome_t get(knowledge_t *k, va_reply_t *reply, wk_error_t *e)
{
    return wk_caller_tx(k->ctx, WK_FROM_STAFF, get_tx, k, e) ? answer(k, 200, reply, e)
                                                             : wk_reply_error(k->ctx, reply, e);
}

/* ---------------------------------------------------------------- what is uploaded */

static const struct {
    const char *source, *ending, *type;
} kinds[] = {
    {"text", ".txt", "text/plain"},
    {"markdown", ".md", "text/markdown"},
    {"markdown", ".markdown", "text/x-markdown"},
    {"html", ".html", "text/html"},
    {"html", ".htm", "application/xhtml+xml"},
    {"pdf", ".pdf", "application/pdf"},
    {"csv", ".csv", "text/csv"},
    {"xlsx", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};

static bool ends_with(va_str_t s, const char *ending)
{
    size_t len = strlen(ending);
    return s.len > len && va_str_ieq(va_str(s.data + s.len - len, len), va_str_c(ending));
}

/* By the name a file has, else by the type it is sent with; NULL: none that can be read. */
static const char *kind_of(va_str_t filename, va_str_t type)
{
    const char *semicolon = type.len > 0 ? memchr(type.data, ';', type.len) : NULL;
    type.len = semicolon != NULL ? (size_t)(semicolon - type.data) : type.len;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (ends_with(filename, kinds[i].ending)) {
            return kinds[i].source;
        }
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (va_str_ieq(type, va_str_c(kinds[i].type))) {
            return kinds[i].source;
        }
    }
    return NULL;
}

static const char *known_source(va_str_t word)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (va_str_eq(word, va_str_c(kinds[i].source))) {
            return kinds[i].source;
        }
    }
    return NULL;
}

static bool unreadable(wk_error_t *e)
{
    return wk_refuse(e, WK_R_UNSUPPORTED_MEDIA_TYPE,
                     "A document must be text, Markdown, HTML, PDF, CSV or XLSX.");
}

static bool read_field(const va_multipart_t *form, const char *name, size_t max, va_str_t *text,
                       wk_error_t *e)
{
    const va_part_t *part = va_multipart_get(form, name);
    if (part == NULL || part->content.len == 0) {
        return true;
    }
    if (part->content.len > max || !va_utf8_valid(part->content)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "%s must be text of at most %zu bytes.", name,
                         max);
    }
    *text = part->content;
    return true;
}

static bool read_file(const va_multipart_t *form, upload_t *u, wk_error_t *e)
{
    const va_part_t *file = va_multipart_get(form, "file");
    if (file == NULL || file->filename.len == 0) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "The form has no file of the name \"file\".");
    }
    if (file->filename.len > MAX_FILENAME || !va_utf8_valid(file->filename)) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "The file's name must be text of at most %d bytes.", MAX_FILENAME);
    }
    u->filename = file->filename;
    u->type = va_utf8_valid(file->type) ? file->type : VA_STR_NULL;
    u->content = file->content;
    u->source = kind_of(file->filename, file->type);
    return u->source != NULL || unreadable(e);
}

static bool read_multipart(wk_ctx_t *ctx, upload_t *u, wk_error_t *e)
{
    va_multipart_t form;
    if (!wk_request_multipart(ctx, &form, e) || !read_file(&form, u, e) ||
        !read_field(&form, "title", MAX_TITLE, &u->title, e) ||
        !read_field(&form, "language", 2, &u->language, e)) {
        return false;
    }
    return true;
}

static bool read_tags(wk_ctx_t *ctx, const va_json_t *body, upload_t *u, wk_error_t *e)
{
    va_buf_t text;
    const va_json_t *list = va_json_get(body, "tags");
    if (list == NULL) {
        return true;
    }
    bool good = va_json_is(list, VA_JSON_ARRAY) && list->count <= MAX_TAGS;
    for (const va_json_t *t = good ? list->first : NULL; t != NULL; t = t->next) {
        va_str_t tag = va_json_string(t);
        good = good && tag.len > 0 && tag.len <= 50;
    }
    if (!good) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "tags must be a list of at most %d words.",
                         MAX_TAGS);
    }
    va_buf_init(&text, wk_mem(ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, list);
    u->tags = va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
    return true;
}

static bool read_active(const va_json_t *body, upload_t *u, wk_error_t *e)
{
    const va_json_t *active = va_json_get(body, "is_active");
    bool known = va_json_is(active, VA_JSON_TRUE) || va_json_is(active, VA_JSON_FALSE);
    if (active != NULL && !known) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "is_active must be true or false.");
    }
    u->active = known ? va_json_scalar(active) : VA_STR_NULL;
    return true;
}

static bool read_number(const va_json_t *body, const char *name, int64_t min, int64_t max,
                        va_str_t *number, wk_error_t *e)
{
    int64_t n;
    const va_json_t *value = va_json_get(body, name);
    if (value == NULL) {
        return true;
    }
    *number = va_json_scalar(value);
    return (va_json_int(value, &n) && n >= min && n <= max) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "%s must be a number from %lld to %lld.", name,
                     (long long)min, (long long)max);
}

/* Whether its name leads to a public address shows when it is read, and each time. */
static bool read_site(wk_ctx_t *ctx, const va_json_t *body, upload_t *u, wk_error_t *e)
{
    va_str_t text;
    wk_site_url_t url;
    if (!wk_request_optional_text(body, "url", WK_SITE_URL_MAX, &text, e) ||
        !read_number(body, "max_pages", 1, MAX_PAGES, &u->max_pages, e) ||
        !read_number(body, "depth", 0, MAX_DEPTH, &u->depth, e)) {
        return false;
    }
    if (text.data == NULL) {
        return true;
    }
    if (!wk_site_url(ctx->arena, VA_STR_NULL, text, &url) ||
        (!url.plain_port && ctx->config->site_addresses == NULL)) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "url must be a site's address like https://www.example.com/, without"
                         " user, password and port.");
    }
    u->url = url.url;
    if (u->title.data == NULL) {
        u->title = wk_cut_text(url.host, MAX_TITLE);
    }
    return u->content.data == NULL ||
           wk_refuse(e, WK_R_BAD_REQUEST, "A document has content or a url, not both.");
}

static bool read_object(wk_ctx_t *ctx, upload_t *u, wk_error_t *e)
{
    va_str_t source;
    const va_json_t *body;
    if (!wk_request_json(ctx, &body, e) ||
        !wk_request_optional_text(body, "title", MAX_TITLE, &u->title, e) ||
        !wk_request_optional_text(body, "content", 1 << 20, &u->content, e) ||
        !wk_request_optional_text(body, "source", 16, &source, e) ||
        !wk_request_optional_text(body, "language", 2, &u->language, e) ||
        !read_tags(ctx, body, u, e) || !read_active(body, u, e) ||
        !read_site(ctx, body, u, e)) {
        return false;
    }
    if (u->content.data == NULL) {
        return true;
    }
    u->source = source.data != NULL ? known_source(source) : "text";
    u->type = VA_STR("text/plain");
    return u->source != NULL || unreadable(e);
}

/* "en": two letters, of which the database makes a language. */
static bool check_language(const upload_t *u, wk_error_t *e)
{
    bool good = u->language.len == 2 && u->language.data[0] >= 'a' &&
                u->language.data[0] <= 'z' && u->language.data[1] >= 'a' &&
                u->language.data[1] <= 'z';
    return u->language.data == NULL || good ||
           wk_refuse(e, WK_R_BAD_REQUEST, "language must be a code like \"en\".");
}

static bool read_upload(wk_ctx_t *ctx, upload_t *u, wk_error_t *e)
{
    return (wk_request_is_multipart(ctx) ? read_multipart(ctx, u, e)
                                         : read_object(ctx, u, e)) &&
           check_language(u, e);
}

/* ---------------------------------------------------------------- once */

/*
 * The row of the ledger for the job at hand: an earlier run of it may have been committed and
 * have died before its answer. *first false: k->id is the document it made.
 */
static bool claim(wk_tx_t *tx, knowledge_t *k, wk_effect_t *effect, bool *first, wk_error_t *e)
{
    const va_job_t *job = k->ctx->job;
    va_str_t key = wk_printf(k->ctx->arena, "knowledge:%.*s", (int)job->id.len, job->id.data);
    if (!wk_effect_claim(tx, "knowledge", key, VA_STR_NULL, effect, e)) {
        return false;
    }
    *first = effect->state == WK_EFFECT_NEW;
    k->id = *first ? k->id : effect->provider_id;
    return true;
}

static bool settle(wk_tx_t *tx, const knowledge_t *k, const wk_caller_t *caller,
                   const wk_effect_t *effect, const char *action, wk_error_t *e)
{
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = action,
                        .entity = "knowledge_document",
                        .entity_id = k->id};
    return wk_audit(k->ctx, tx, &entry, e) &&
           wk_effect_finish(tx, effect->id, WK_EFFECT_DONE, k->id, VA_STR_NULL, e);
}

/* ---------------------------------------------------------------- write */

static va_str_t base64_of(wk_arena_t *a, va_str_t bytes)
{
    char *text = wk_alloc(a, VA_BASE64_LEN(bytes.len) + 4);
    return va_str(text, va_base64_encode(text, bytes.data, bytes.len));
}

/* The job that reads it: whatever it was before, another document of the revision is not. */
static bool queue_index(wk_tx_t *tx, const knowledge_t *k, const wk_rows_t *written,
                        wk_error_t *e)
{
    va_buf_t text;
    va_str_t revision = wk_cell(written, 0, "revision");
    va_buf_init(&text, wk_mem(k->ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "document", k->id);
    va_json_add_int(w, "revision", wk_cell_int(written, 0, "revision", 0));
    va_json_object_end(w);
    (void)va_json_writer_end(w);
    va_str_t dedup = wk_printf(k->ctx->arena, "knowledge:%.*s:%.*s", (int)k->id.len, k->id.data,
                               (int)revision.len, revision.data);
    return wk_outbox_job(tx, WK_BULK, "knowledge.index", VA_STR_NULL, k->id, dedup,
                         va_buf_str(&text), e);
}

static bool known_already(wk_error_t *e)
{
    return e->code == WK_CONFLICT &&
           va_str_eq(va_str_c(e->detail), VA_STR("knowledge_documents_same"));
}

static bool write_content(wk_tx_t *tx, knowledge_t *k, const wk_caller_t *caller,
                          const wk_sql_t *sql, wk_error_t *e)
{
    uint8_t digest[32];
    char hex[2 * sizeof(digest)];
    wk_rows_t *rows;
    upload_t *u = &k->upload;
    wk_arena_t *a = k->ctx->arena;
    if (va_sha256(u->content, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "the document cannot be hashed");
    }
    va_hex_encode(hex, digest, sizeof(digest));
    va_str_t params[] = {u->title,
                         va_str_c(u->source),
                         u->filename,
                         u->type,
                         wk_printf(a, "%zu", u->content.len),
                         va_str(hex, sizeof(hex)),
                         u->language,
                         u->tags,
                         caller->user_id,
                         k->id};
    if (!wk_sql(tx, sql, params, &rows, e)) {
        return known_already(e) ? wk_refuse(e, WK_R_CONFLICT, "That document is there already.")
                                : false;
    }
    if (!wk_request_found(rows, e)) {
        return false;
    }
    k->id = wk_cell(rows, 0, "id");
    va_str_t upload[] = {k->id, base64_of(a, u->content)};
    return wk_sql(tx, &wk_sql_knowledge_upload, upload, NULL, e) && queue_index(tx, k, rows, e);
}

static bool site_known_already(wk_error_t *e)
{
    return e->code == WK_CONFLICT &&
           va_str_eq(va_str_c(e->detail), VA_STR("knowledge_documents_same_site"));
}

static bool begin_reading(wk_tx_t *tx, const knowledge_t *k, const wk_rows_t *rows,
                          va_str_t url, wk_error_t *e)
{
    return wk_site_begin(k->ctx, tx, k->id, wk_cell(rows, 0, "revision"),
                         wk_cell(rows, 0, "step"), url, e);
}

static bool write_site(wk_tx_t *tx, knowledge_t *k, const wk_caller_t *caller, wk_error_t *e)
{
    wk_rows_t *rows;
    const upload_t *u = &k->upload;
    va_str_t params[] = {
        u->title,        u->url,       u->language, u->tags,
        caller->user_id, u->max_pages, u->depth,    wk_printf(k->ctx->arena, "%d", MAX_SITES)};
    if (!wk_sql(tx, &wk_sql_site_lock, NULL, NULL, e)) {
        return false;
    }
    if (!wk_sql(tx, &wk_sql_site_insert, params, &rows, e)) {
        return site_known_already(e)
                   ? wk_refuse(e, WK_R_CONFLICT, "That web site is there already.")
                   : false;
    }
    if (wk_rows_count(rows) == 0) {
        return wk_refuse(e, WK_R_CONFLICT, "There are %d web sites already.", MAX_SITES);
    }
    k->id = wk_cell(rows, 0, "id");
    return begin_reading(tx, k, rows, u->url, e);
}

/* A title of its own, or the file's name. */
static bool complete(upload_t *u, wk_error_t *e)
{
    if (u->url.data != NULL) {
        return true;
    }
    if (u->content.len == 0) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "content is missing, or the file is empty.");
    }
    if (u->title.data == NULL) {
        u->title = va_str(u->filename.data, u->filename.len < MAX_TITLE ? u->filename.len : 0);
    }
    return u->title.len > 0 || wk_refuse(e, WK_R_BAD_REQUEST, "title is missing.");
}

static bool create_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    wk_effect_t effect;
    knowledge_t *k = arg;
    if (!wk_plan_require(tx, WK_FEATURE_KNOWLEDGE, &k->gap, e) ||
        !claim(tx, k, &effect, &first, e)) {
        return false;
    }
    bool site = k->upload.url.data != NULL;
    return (!first || ((site ? write_site(tx, k, caller, e)
                             : write_content(tx, k, caller, &wk_sql_knowledge_insert, e)) &&
                       settle(tx, k, caller, &effect, "knowledge_uploaded", e))) &&
           show(tx, k, e);
}

static bool may_be_written(const wk_rows_t *rows, const upload_t *u, wk_error_t *e)
{
    return u->content.len == 0 || !wk_cell_bool(rows, 0, "of_site") ||
           wk_refuse(e, WK_R_CONFLICT, "What a web site says is read there.");
}

static bool change_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    wk_rows_t *rows;
    wk_effect_t effect;
    knowledge_t *k = arg;
    const upload_t *u = &k->upload;
    va_str_t params[] = {k->id, u->title, u->tags, u->active};
    if (!wk_plan_require(tx, WK_FEATURE_KNOWLEDGE, &k->gap, e) ||
        !claim(tx, k, &effect, &first, e)) {
        return false;
    }
    return (!first || (wk_sql(tx, &wk_sql_knowledge_change, params, &rows, e) &&
                       wk_request_found(rows, e) && may_be_written(rows, u, e) &&
                       (u->content.len == 0 ||
                        write_content(tx, k, caller, &wk_sql_knowledge_replace, e)) &&
                       settle(tx, k, caller, &effect, "knowledge_changed", e))) &&
           show(tx, k, e);
}

/* It would be there again with the next reading. */
static bool may_be_deleted(const wk_rows_t *rows, wk_error_t *e)
{
    return !wk_cell_bool(rows, 0, "of_site") ||
           wk_refuse(e, WK_R_CONFLICT,
                     "A page of a web site goes with the site. is_active hides it.");
}

static bool delete_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    wk_effect_t effect;
    knowledge_t *k = arg;
    if (!wk_plan_require(tx, WK_FEATURE_KNOWLEDGE, &k->gap, e) ||
        !claim(tx, k, &effect, &first, e)) {
        return false;
    }
    return !first || (wk_sql(tx, &wk_sql_knowledge_delete, &k->id, &k->rows, e) &&
                      wk_request_found(k->rows, e) && may_be_deleted(k->rows, e) &&
                      settle(tx, k, caller, &effect, "knowledge_deleted", e));
}

static bool refresh_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    wk_rows_t *rows;
    wk_effect_t effect;
    knowledge_t *k = arg;
    if (!wk_plan_require(tx, WK_FEATURE_KNOWLEDGE, &k->gap, e) || !show(tx, k, e) ||
        !claim(tx, k, &effect, &first, e)) {
        return false;
    }
    if (!first) {
        return show(tx, k, e);
    }
    if (!wk_sql(tx, &wk_sql_site_refresh, &k->id, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return wk_refuse(e, WK_R_CONFLICT, "It is no web site, or it is being read.");
    }
    return begin_reading(tx, k, rows, wk_cell(rows, 0, "url"), e) &&
           settle(tx, k, caller, &effect, "knowledge_refreshed", e) && show(tx, k, e);
}

static wk_outcome_t create(knowledge_t *k, va_reply_t *reply, wk_error_t *e)
{
    return read_upload(k->ctx, &k->upload, e) && complete(&k->upload, e) &&
                   wk_caller_tx(k->ctx, WK_FROM_MANAGER, create_tx, k, e)
               ? answer(k, 201, reply, e)
               : wk_plan_reply_error(k->ctx, &k->gap, reply, e);
}

static bool says_something(const upload_t *u, wk_error_t *e)
{
    return u->title.data != NULL || u->tags.data != NULL || u->active.data != NULL ||
           u->content.len > 0 || wk_refuse(e, WK_R_BAD_REQUEST, "There is nothing to change.");
}

static bool names_no_site(const upload_t *u, wk_error_t *e)
{
    return u->url.data == NULL ||
           wk_refuse(e, WK_R_BAD_REQUEST, "A site's address cannot be changed: add another.");
}

static wk_outcome_t change(knowledge_t *k, va_reply_t *reply, wk_error_t *e)
{
    return wk_request_known_id(k->id, e) && read_upload(k->ctx, &k->upload, e) &&
                   names_no_site(&k->upload, e) && says_something(&k->upload, e) &&
                   wk_caller_tx(k->ctx, WK_FROM_MANAGER, change_tx, k, e)
               ? answer(k, 200, reply, e)
               : wk_plan_reply_error(k->ctx, &k->gap, reply, e);
}

static wk_outcome_t refresh(knowledge_t *k, va_reply_t *reply, wk_error_t *e)
{
    return wk_request_known_id(k->id, e) &&
                   wk_caller_tx(k->ctx, WK_FROM_MANAGER, refresh_tx, k, e)
               ? answer(k, 202, reply, e)
               : wk_plan_reply_error(k->ctx, &k->gap, reply, e);
}

static wk_outcome_t discard(knowledge_t *k, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    if (!wk_request_known_id(k->id, e) ||
        !wk_caller_tx(k->ctx, WK_FROM_MANAGER, delete_tx, k, e)) {
        return wk_plan_reply_error(k->ctx, &k->gap, reply, e);
    }
    va_json_add_str(wk_reply_begin(k->ctx, &doc), "id", k->id);
    return wk_reply_end(k->ctx, &doc, 200, reply, e);
}

/* ---------------------------------------------------------------- which */

wk_outcome_t wk_knowledge_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    knowledge_t k = {.ctx = ctx, .id = wk_request_id(ctx, 2)};
    bool one = k.id.data != NULL;
    va_str_t action = wk_request_segment(ctx->job, 3);
    if (action.data != NULL) {
        if (is_method(ctx, "POST") && va_str_eq(action, VA_STR("refresh"))) {
            return refresh(&k, reply, e);
        }
        wk_refuse(e, WK_R_NOT_FOUND, "There is no such operation.");
        return wk_reply_error(ctx, reply, e);
    }
    if (is_method(ctx, "GET")) {
        return one ? get(&k, reply, e) : list(&k, reply, e);
    }
    if (is_method(ctx, "POST") && !one) {
        return create(&k, reply, e);
    }
    if (is_method(ctx, "PUT") && one) {
        return change(&k, reply, e);
    }
    if (is_method(ctx, "DELETE") && one) {
        return discard(&k, reply, e);
    }
    wk_refuse(e, WK_R_NOT_FOUND, "There is no such operation.");
    return wk_reply_error(ctx, reply, e);
}
