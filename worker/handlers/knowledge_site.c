/*
 * knowledge.site: a step of reading a web site. The first asks for robots.txt, each other one
 * for a page, the last one forgets what is there no more.
 *
 * A job names its step, and what comes of it is written together with the next step and its job
 * in one transaction, once: a run that died before has changed nothing, and one that is done
 * again after that finds that it has been done.
 */
#include "worker/handlers/knowledge_site.h"
#include "core/base64.h"
#include "core/hmac.h"
#include "worker/agent/robots.h"
#include "worker/agent/words.h"
#include "worker/crash.h"
#include "worker/extraction.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/knowledge_pieces.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/outbox.h"
#include "worker/providers/web.h"
#include "worker/site_url.h"
#include "worker/store/knowledge_sites.h"

#define PAUSE_MS     1000  /* between two pages */
#define MAX_PAUSE_MS 10000 /* that a robots.txt may ask for */
#define AGAIN_MS     10000 /* before what failed is asked for again, and more each time */
#define MAX_AGAIN_MS 60000
#define MAX_TRIES    3
#define MAX_HOPS     5   /* from robots.txt to where it is (RFC 9309 2.3.1.2) */
#define MAX_LINKS    500 /* of a page */
#define MAX_TITLE    200
#define MAX_VALUE    500 /* of a header that is sent back */

/* What became of a page. */
typedef enum {
    READ,    /* s->pieces, s->links */
    SAME,    /* as it was when it was read */
    SKIPPED, /* s->note says why, s->links where it leads */
    FAILED,  /* could not be had, says s->note; s->links as well */
    AGAIN,   /* not yet; s->note */
} fate_t;

typedef struct {
    wk_ctx_t *ctx;
    va_str_t site, revision, step;
    wk_rows_t *rows; /* wk_sql_site_step */
    wk_site_url_t home, page;
    fate_t fate;
    va_str_t note, title, sha256;
    const char *kind; /* of the page: "html", "pdf" */
    wk_web_file_t file;
    wk_pieces_t pieces; /* without text: the page has none */
    va_str_t links;     /* JSON list; absent: none */
    va_str_t robots;    /* absent: not known yet */
    bool ends;
} site_t;

/* ---------------------------------------------------------------- jobs */

static bool queue(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t site, va_str_t revision, va_str_t step,
                  wk_error_t *e)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "document", site);
    va_json_key(w, "revision");
    va_json_put_number(w, revision);
    va_json_key(w, "step");
    va_json_put_number(w, step);
    va_json_object_end(w);
    (void)va_json_writer_end(w);
    return wk_outbox_job(tx, WK_BULK, "knowledge.site", VA_STR_NULL, site, VA_STR_NULL,
                         va_buf_str(&text), e);
}

bool wk_site_begin(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t site, va_str_t revision, va_str_t step,
                   va_str_t url, wk_error_t *e)
{
    va_str_t first[] = {site, revision, url};
    return wk_sql(tx, &wk_sql_site_first, first, NULL, e) &&
           queue(ctx, tx, site, revision, step, e);
}

static bool read_job(site_t *s, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(s->ctx, &body, e)) {
        return false;
    }
    s->site = va_json_get_string(body, "document");
    s->revision = va_json_scalar(va_json_get(body, "revision"));
    s->step = va_json_scalar(va_json_get(body, "step"));
    return wk_is_uuid(s->site) || wk_error(e, WK_INVALID, "no site is named");
}

static bool load_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    site_t *s = arg;
    va_str_t params[] = {s->site, s->revision, s->step};
    return wk_sql_last(tx, &wk_sql_site_step, params, &s->rows, e);
}

static va_str_t cell(const site_t *s, const char *column)
{
    return wk_cell(s->rows, 0, column);
}

/* The step is done; *mine false: another run has done it, and nothing is to be written. */
static bool done(wk_tx_t *tx, site_t *s, int pause_ms, bool *mine, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t pause = pause_ms >= 0 ? wk_printf(s->ctx->arena, "%d", pause_ms) : VA_STR_NULL;
    va_str_t params[] = {s->site, s->revision, s->step, pause};
    if (!wk_sql(tx, &wk_sql_site_done, params, &rows, e)) {
        return false;
    }
    *mine = wk_rows_count(rows) > 0;
    return !*mine || s->ends ||
           queue(s->ctx, tx, s->site, s->revision, wk_cell(rows, 0, "step"), e);
}

/* How long to wait when it did not work, the tries-th time. */
static int again_ms(const site_t *s, int64_t tries)
{
    int64_t ms = s->file.retry_after_ms > 0 ? s->file.retry_after_ms : AGAIN_MS * (tries + 1);
    return (int)(ms < MAX_AGAIN_MS ? ms : MAX_AGAIN_MS);
}

/* ---------------------------------------------------------------- the end */

static bool end_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool mine;
    site_t *s = arg;
    va_str_t params[] = {s->site, s->revision, s->note};
    s->ends = true;
    if (!done(tx, s, 0, &mine, e)) {
        return false;
    }
    return !mine || (wk_sql(tx, &wk_sql_site_forget_documents, params, NULL, e) &&
                     wk_sql(tx, &wk_sql_site_forget_pages, params, NULL, e) &&
                     wk_sql(tx, &wk_sql_site_finish, params, NULL, e));
}

static bool end(site_t *s, const char *why, wk_error_t *e)
{
    s->note = va_str_c(why);
    return wk_tx(s->ctx->db, s->ctx->arena, s->ctx->job->org, 0, end_tx, s, e);
}

/* ---------------------------------------------------------------- robots.txt */

/*
 * What Postgres can hold of it. A byte that is no UTF-8 is written as in an address, where it
 * means the same.
 */
static va_str_t stored(wk_arena_t *a, va_str_t text)
{
    static const char hex[] = "0123456789ABCDEF";
    va_buf_t out;
    text = wk_cut_text(text, WK_ROBOTS_BYTES);
    if (text.len == 0 || va_utf8_valid(text)) {
        return text.len > 0 ? text : VA_STR("");
    }
    va_buf_init(&out, wk_mem(a), 3 * text.len);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\0' || c >= 128) {
            const char encoded[] = {'%', hex[c >> 4], hex[c & 15]};
            va_buf_add(&out, encoded, sizeof(encoded));
        } else {
            va_buf_add_char(&out, (char)c);
        }
    }
    return wk_cut_text(va_buf_str(&out), WK_ROBOTS_BYTES);
}

static bool robots_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool mine;
    site_t *s = arg;
    wk_arena_t *a = s->ctx->arena;
    bool known = s->robots.data != NULL;
    int asked = known ? wk_robots_delay_ms(s->robots, VA_STR(WK_WEB_AGENT), MAX_PAUSE_MS) : 0;
    int pause = asked > PAUSE_MS ? asked : PAUSE_MS;
    va_str_t params[] = {s->site, s->robots, wk_printf(a, "%d", pause)};
    int wait = known ? pause : again_ms(s, wk_cell_int(s->rows, 0, "tries", 0));
    return done(tx, s, wait, &mine, e) &&
           (!mine || wk_sql(tx, &wk_sql_site_robots, params, NULL, e));
}

static const char *beyond(site_t *s, const wk_site_url_t *to)
{
    return wk_printf(s->ctx->arena, "The address leads to another site, %.*s.",
                     (int)to->host.len, to->host.data)
        .data;
}

/* Its redirections within the host are followed: to https, mostly. */
static bool get_robots(site_t *s, wk_site_url_t url, wk_site_url_t *to, wk_error_t *e)
{
    wk_arena_t *a = s->ctx->arena;
    for (int hops = 0; hops <= MAX_HOPS; hops++) {
        if (!wk_web_get(s->ctx, url.url, VA_STR_NULL, VA_STR_NULL, &s->file, e)) {
            return false;
        }
        *to = url;
        if (s->file.status / 100 != 3 || !wk_site_url(a, url.url, s->file.location, to) ||
            !va_str_eq(to->host, s->home.host)) {
            return true;
        }
        url = *to;
    }
    return true;
}

/* RFC 9309 2.3.1: without the file all is allowed; while it cannot be had, nothing is. */
static bool read_robots(site_t *s, wk_error_t *e)
{
    wk_site_url_t url, to;
    wk_arena_t *a = s->ctx->arena;
    if (!wk_site_url(a, s->home.url, VA_STR("/robots.txt"), &url)) {
        return end(s, "The address is none of a web site.", e);
    }
    bool got = get_robots(s, url, &to, e);
    if (!got && (e->code == WK_FORBIDDEN || e->code == WK_INVALID)) {
        return end(s, "The address is not a public one.", e);
    }
    int status = got ? s->file.status : 0;
    if (status / 100 == 3 && !va_str_eq(to.host, s->home.host)) {
        return end(s, beyond(s, &to), e);
    }
    if (status / 100 == 2) {
        s->robots = stored(a, s->file.body);
    } else if ((status / 100 == 4 && status != 429) || status / 100 == 3) {
        s->robots = VA_STR("");
    } else if (wk_cell_int(s->rows, 0, "tries", 0) + 1 >= MAX_TRIES) {
        return end(s, "The site does not answer.", e);
    }
    return wk_tx(s->ctx->db, a, s->ctx->job->org, 0, robots_tx, s, e);
}

/* ---------------------------------------------------------------- what a page says */

static bool skip(site_t *s, va_str_t note)
{
    s->fate = SKIPPED;
    s->note = note;
    return true;
}

/* A page that may be back: what is known of it stays. */
static bool keep(site_t *s, va_str_t note)
{
    skip(s, note);
    s->fate = cell(s, "document").data != NULL ? FAILED : SKIPPED;
    return true;
}

static va_str_t next_line(va_str_t *text)
{
    const char *end = text->len > 0 ? memchr(text->data, '\n', text->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - text->data) : text->len;
    size_t gone = end != NULL ? len + 1 : len;
    va_str_t line = va_str(text->data, len);
    *text = va_str(text->data + gone, text->len - gone);
    return line;
}

static bool is_marked(va_str_t text)
{
    return text.len > 0 && (text.data[0] == WK_PAGE_TITLE || text.data[0] == WK_PAGE_BASE ||
                            text.data[0] == WK_PAGE_LINK);
}

static bool is_ours(const site_t *s, const wk_site_url_t *url)
{
    return va_str_eq(url->host, s->home.host) && !va_str_eq(url->url, s->page.url);
}

/* What stands before the text: the title, and links to pages of the same host. */
static void take_head(site_t *s, va_str_t *text)
{
    va_buf_t links;
    int count = 0;
    wk_arena_t *a = s->ctx->arena;
    va_str_t base = s->page.url;
    va_buf_init(&links, wk_mem(a), 4096);
    va_json_writer_t *w = va_json_writer_new(&links);
    va_json_array(w);
    while (is_marked(*text)) {
        wk_site_url_t url;
        va_str_t line = next_line(text);
        va_str_t words = va_str(line.data + 1, line.len - 1);
        if (line.data[0] == WK_PAGE_TITLE) {
            s->title = wk_cut_text(words, MAX_TITLE);
        } else if (line.data[0] == WK_PAGE_BASE) {
            base = wk_site_url(a, s->page.url, words, &url) ? url.url : base;
        } else if (count < MAX_LINKS && wk_site_url(a, base, words, &url) && is_ours(s, &url)) {
            va_json_put_str(w, url.url);
            count++;
        }
    }
    va_json_array_end(w);
    s->links = va_json_writer_end(w) == VA_OK ? va_buf_str(&links) : VA_STR_NULL;
}

static bool try_again(site_t *s, const char *why)
{
    bool last = wk_cell_int(s->rows, 0, "page_tries", 0) + 1 >= MAX_TRIES;
    s->fate = last ? FAILED : AGAIN;
    s->note = va_str_c(why);
    return true;
}

/* The document's fault is its note; the reader's is tried again as the site's own are. */
static bool is_unread(site_t *s, const wk_error_t *e)
{
    if (e->code == WK_REFUSED) {
        return skip(s, wk_copy(s->ctx->arena, va_str_c(e->text)));
    }
    wk_log(WK_WARN, "a page could not be read", WK_S("url", s->page.url),
           WK_C("error", e->text));
    return try_again(s, "The page could not be read.");
}

/* Why nothing can be told of it is its note; false: the job may be tried again. */
static bool read_text(site_t *s, wk_error_t *e)
{
    va_str_t text;
    wk_arena_t *a = s->ctx->arena;
    bool html = strcmp(s->kind, "html") == 0;
    if (!wk_extract(s->ctx, html ? "page" : s->kind, s->file.body, &text, e)) {
        return is_unread(s, e);
    }
    if (html) {
        take_head(s, &text);
    }
    s->pieces.text = text;
    s->fate = READ;
    if (wk_trim(text).len == 0) {
        return skip(s, VA_STR("The page holds no text."));
    }
    return wk_pieces_make(s->ctx, s->rows, &s->pieces, e) ||
           (e->code == WK_REFUSED && skip(s, wk_copy(a, va_str_c(e->text))));
}

static const char *kind_of(va_str_t type)
{
    const char *semicolon = type.len > 0 ? memchr(type.data, ';', type.len) : NULL;
    type = wk_trim(
        va_str(type.data, semicolon != NULL ? (size_t)(semicolon - type.data) : type.len));
    if (va_str_ieq(type, VA_STR("text/html")) ||
        va_str_ieq(type, VA_STR("application/xhtml+xml"))) {
        return "html";
    }
    return va_str_ieq(type, VA_STR("application/pdf")) ? "pdf" : NULL;
}

/* ---------------------------------------------------------------- what the site answers */

/* A shop that is closed for an hour sends its visitors elsewhere for as long. */
static bool follow(site_t *s)
{
    va_buf_t links;
    wk_site_url_t to;
    wk_arena_t *a = s->ctx->arena;
    bool for_good = s->file.status == 301 || s->file.status == 308;
    bool (*const leave)(site_t *, va_str_t) = for_good ? skip : keep;
    if (!wk_site_url(a, s->page.url, s->file.location, &to)) {
        return leave(s, VA_STR("The page leads nowhere."));
    }
    if (!va_str_eq(to.host, s->home.host)) {
        return leave(s, va_str_c(beyond(s, &to)));
    }
    va_buf_init(&links, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&links);
    va_json_array(w);
    va_json_put_str(w, to.url);
    va_json_array_end(w);
    s->links = va_json_writer_end(w) == VA_OK ? va_buf_str(&links) : VA_STR_NULL;
    return leave(s, wk_printf(a, "The page has moved to %.*s", (int)to.url.len, to.url.data));
}

static bool judge(site_t *s, wk_error_t *e)
{
    int status = s->file.status;
    if (status == 304) {
        s->fate = SAME;
        return true;
    }
    if (status / 100 == 3) {
        return follow(s);
    }
    if (status == 429 || status / 100 == 5) {
        return try_again(s, "The site answers with an error.");
    }
    if (status != 200) {
        va_str_t note = wk_printf(s->ctx->arena, "The site answers with status %d.", status);
        return status == 404 || status == 410 ? skip(s, note) : keep(s, note);
    }
    s->kind = kind_of(s->file.type);
    if (s->file.too_large) {
        return skip(s, VA_STR("The page has more than 2 MB."));
    }
    return s->kind != NULL ? read_text(s, e)
                           : skip(s, VA_STR("The page is no HTML and no PDF."));
}

static bool fetch(site_t *s, wk_error_t *e)
{
    bool known = cell(s, "document").data != NULL;
    bool got = wk_web_get(s->ctx, s->page.url, known ? cell(s, "etag") : VA_STR_NULL,
                          known ? cell(s, "last_modified") : VA_STR_NULL, &s->file, e);
    if (got) {
        return judge(s, e);
    }
    if (e->code == WK_FORBIDDEN || e->code == WK_INVALID) {
        return skip(s, VA_STR("The address is not a public one."));
    }
    return try_again(s, "The site does not answer.");
}

/* ---------------------------------------------------------------- write */

static bool hash(site_t *s, wk_error_t *e)
{
    uint8_t digest[32];
    char *hex = wk_alloc(s->ctx->arena, 2 * sizeof(digest));
    va_str_t all = wk_printf(s->ctx->arena, "%.*s\n%.*s", (int)s->title.len, s->title.data,
                             (int)s->pieces.text.len, s->pieces.text.data);
    if (va_sha256(all, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "the page cannot be hashed");
    }
    va_hex_encode(hex, digest, sizeof(digest));
    s->sha256 = va_str(hex, 2 * sizeof(digest));
    return true;
}

static va_str_t or_none(va_str_t links)
{
    return links.data != NULL ? links : VA_STR("[]");
}

static bool add_links(wk_tx_t *tx, site_t *s, va_str_t links, int64_t depth, wk_error_t *e)
{
    va_str_t params[] = {s->site, s->revision,
                         wk_printf(s->ctx->arena, "%lld", (long long)depth), or_none(links)};
    return depth > wk_cell_int(s->rows, 0, "depth", 0) ||
           wk_sql(tx, &wk_sql_site_links, params, NULL, e);
}

static int64_t page_depth(const site_t *s)
{
    return wk_cell_int(s->rows, 0, "page_depth", 0);
}

/* That it has no text now, why, and where it leads. */
static bool note_page(wk_tx_t *tx, site_t *s, const char *state, wk_error_t *e)
{
    bool moved = s->file.status / 100 == 3;
    va_str_t params[] = {s->site, cell(s, "page"), va_str_c(state), s->note};
    return wk_sql(tx, &wk_sql_page_without_text, params, NULL, e) &&
           add_links(tx, s, s->links, page_depth(s) + !moved, e);
}

static bool write_without_text(wk_tx_t *tx, site_t *s, wk_error_t *e)
{
    va_str_t params[] = {s->site, cell(s, "page")};
    return wk_sql(tx, &wk_sql_page_forget, params, NULL, e) && note_page(tx, s, "skipped", e);
}

static bool write_failed(wk_tx_t *tx, site_t *s, wk_error_t *e)
{
    va_str_t params[] = {s->site, cell(s, "page")};
    return s->fate == AGAIN ? wk_sql(tx, &wk_sql_page_again, params, NULL, e)
                            : note_page(tx, s, "failed", e);
}

static bool write_same(wk_tx_t *tx, site_t *s, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {s->site, cell(s, "page")};
    return wk_sql(tx, &wk_sql_page_same, params, &rows, e) &&
           add_links(tx, s, wk_cell(rows, 0, "links"), page_depth(s) + 1, e);
}

static va_str_t header(va_str_t value)
{
    return value.len <= MAX_VALUE && va_utf8_valid(value) ? value : VA_STR_NULL;
}

static bool write_document(wk_tx_t *tx, site_t *s, wk_error_t *e)
{
    wk_rows_t *changed, *made;
    wk_arena_t *a = s->ctx->arena;
    va_str_t params[] = {s->site,
                         cell(s, "page"),
                         s->sha256,
                         s->title.len > 0 ? s->title : wk_cut_text(s->page.url, MAX_TITLE),
                         va_str_c(s->kind),
                         va_utf8_valid(s->file.type) ? s->file.type : VA_STR_NULL,
                         wk_printf(a, "%zu", s->file.body.len),
                         wk_pieces_shown(s->ctx, &s->pieces),
                         s->pieces.language};
    if (!wk_sql(tx, &wk_sql_page_document_change, params, &changed, e) ||
        !wk_sql(tx, &wk_sql_page_document_insert, params, &made, e)) {
        return false;
    }
    const wk_rows_t *written = wk_rows_count(made) > 0 ? made : changed;
    bool same = wk_rows_count(written) == 0; /* its document says that already */
    va_str_t id = same ? VA_STR_NULL : wk_cell(written, 0, "id");
    va_str_t page[] = {s->site,          cell(s, "page"),      id,
                       s->sha256,        header(s->file.etag), header(s->file.last_modified),
                       or_none(s->links)};
    return (same ||
            wk_pieces_write(s->ctx, tx, id, wk_cell(written, 0, "revision"), &s->pieces, e)) &&
           wk_sql(tx, &wk_sql_page_read, page, NULL, e) &&
           add_links(tx, s, s->links, page_depth(s) + 1, e);
}

/* The same text at two addresses would take two of the places an answer is made from. */
static bool write_read(wk_tx_t *tx, site_t *s, wk_error_t *e)
{
    wk_rows_t *twin;
    va_str_t params[] = {s->site, cell(s, "page"), s->revision, s->sha256};
    if (!wk_sql(tx, &wk_sql_page_twin, params, &twin, e)) {
        return false;
    }
    if (wk_rows_count(twin) == 0) {
        return write_document(tx, s, e);
    }
    va_str_t other = wk_cell(twin, 0, "url");
    s->note =
        wk_printf(s->ctx->arena, "The page says the same as %.*s", (int)other.len, other.data);
    return write_without_text(tx, s, e);
}

static bool page_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool mine;
    site_t *s = arg;
    int wait = s->fate == AGAIN ? again_ms(s, wk_cell_int(s->rows, 0, "page_tries", 0)) : -1;
    if (!done(tx, s, wait, &mine, e)) {
        return false;
    }
    if (!mine) {
        return true;
    }
    switch (s->fate) {
    case READ:
        return write_read(tx, s, e);
    case SAME:
        return write_same(tx, s, e);
    case SKIPPED:
        return write_without_text(tx, s, e);
    default:
        return write_failed(tx, s, e);
    }
}

static bool read_page(site_t *s, wk_error_t *e)
{
    wk_arena_t *a = s->ctx->arena;
    if (!wk_site_url(a, VA_STR_NULL, cell(s, "page"), &s->page)) {
        skip(s, VA_STR("The address is none of a web site."));
    } else if (!wk_robots_allows(cell(s, "robots"), VA_STR(WK_WEB_AGENT), s->page.path)) {
        skip(s, VA_STR("The site's robots.txt does not allow it."));
    } else if (!fetch(s, e) || (s->fate == READ && !hash(s, e))) {
        return false;
    }
    wk_crash_point("knowledge.page");
    return wk_tx(s->ctx->db, a, s->ctx->job->org, 0, page_tx, s, e);
}

/* ---------------------------------------------------------------- the step */

static bool step(site_t *s, wk_error_t *e)
{
    if (!wk_site_url(s->ctx->arena, VA_STR_NULL, cell(s, "url"), &s->home)) {
        return end(s, "The address is none of a web site.", e);
    }
    if (wk_cell_bool(s->rows, 0, "over")) {
        return end(
            s, "The site takes more than an hour to be read: what was read of it is known.", e);
    }
    if (cell(s, "robots").data == NULL) {
        return read_robots(s, e);
    }
    return cell(s, "page").data != NULL ? read_page(s, e) : end(s, NULL, e);
}

/*
 * A job that is given up is the last of its reading, which nobody would go on with: what was
 * read of the site is known. Where that cannot be noted either, it can be refreshed soon.
 */
static wk_outcome_t failed(site_t *s, const wk_error_t *e)
{
    wk_error_t other;
    wk_outcome_t outcome = wk_webhook_failed(e);
    if (outcome == WK_GIVE_UP &&
        !end(s, "The reading broke off: what was read is known.", &other)) {
        wk_log(WK_WARN, "a site's reading is not ended", WK_S("site", s->site),
               WK_C("error", other.text));
    }
    return outcome;
}

wk_outcome_t wk_knowledge_site(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    site_t s = {.ctx = ctx};
    (void)reply;
    if (!read_job(&s, e) || !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, load_tx, &s, e)) {
        return wk_webhook_failed(e);
    }
    if (wk_rows_count(s.rows) == 0) {
        return WK_DONE;
    }
    if (wk_cell_int(s.rows, 0, "wait_ms", 0) > 0) {
        e->retry_after_ms = wk_cell_int(s.rows, 0, "wait_ms", 0);
        return WK_LATER;
    }
    return step(&s, e) ? WK_DONE : failed(&s, e);
}
