#include "worker/providers/smtp.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "worker/crash.h"
#include "worker/mail_header.h"

#define CONNECT_MS 10000

/* One message on its way, as the callbacks see it. */
typedef struct {
    wk_ctx_t *ctx;
    const wk_mail_t *mail;
    va_str_t body;
    size_t given; /* of body, to curl */
    bool begun;   /* before_data() has agreed: from here on it may be sent */
    bool stopped; /* it has not, and told why */
    wk_error_t *e;

    CURL *curl;
    curl_mime *mime;
    struct curl_slist *headers, *recipients;
} sending_t;

/* ---------------------------------------------------------------- message */

/* RFC 5322 3.3; in the C locale, which workers never leave. */
static va_str_t date_now(wk_arena_t *a)
{
    char text[64];
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    size_t len = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
    return wk_copy(a, va_str(text, len));
}

/* Lines of a text end with CRLF (RFC 2046 4.1.1), whatever ended them before. */
static va_str_t with_line_ends(wk_arena_t *a, va_str_t text)
{
    va_buf_t out;
    va_buf_init(&out, wk_mem(a), text.len + 64);
    for (size_t i = 0; i < text.len; i++) {
        bool crlf = text.data[i] == '\r' && i + 1 < text.len && text.data[i + 1] == '\n';
        if (text.data[i] == '\n' || (text.data[i] == '\r' && !crlf)) {
            va_buf_add_c(&out, "\r\n");
        } else if (!crlf) {
            va_buf_add_char(&out, text.data[i]);
        }
    }
    return va_buf_str(&out);
}

static bool append(struct curl_slist **list, const char *text, wk_error_t *e)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer == NULL) {
        return wk_error(e, WK_UNAVAILABLE, "SMTP: out of memory");
    }
    *list = longer;
    return true;
}

typedef enum { MAILBOX, TEXT, ID, RAW } form_t;

static bool add_header(sending_t *s, const char *name, form_t form, va_str_t value,
                       va_str_t display)
{
    va_buf_t line;
    va_buf_init(&line, wk_mem(s->ctx->arena), 128);
    va_buf_add_c(&line, name);
    va_buf_add_c(&line, ": ");
    switch (form) {
    case MAILBOX:
        wk_mail_add_mailbox(&line, display, value);
        break;
    case TEXT:
        wk_mail_add_text(&line, value);
        break;
    case ID:
        va_buf_add_char(&line, '<');
        va_buf_add_str(&line, value);
        va_buf_add_char(&line, '>');
        break;
    case RAW:
        va_buf_add_str(&line, value);
        break;
    }
    va_buf_add_char(&line, '\0');
    return append(&s->headers, line.data, s->e);
}

static bool add_headers(sending_t *s)
{
    const wk_mail_t *m = s->mail;
    return add_header(s, "Date", RAW, date_now(s->ctx->arena), VA_STR_NULL) &&
           add_header(s, "From", MAILBOX, m->from, m->from_name) &&
           add_header(s, "To", MAILBOX, m->to, VA_STR_NULL) &&
           (m->reply_to.data == NULL ||
            add_header(s, "Reply-To", MAILBOX, m->reply_to, VA_STR_NULL)) &&
           add_header(s, "Subject", TEXT, m->subject, VA_STR_NULL) &&
           add_header(s, "Message-ID", ID, m->message_id, VA_STR_NULL) &&
           add_header(s, "Auto-Submitted", RAW, VA_STR("auto-generated"), VA_STR_NULL);
}

/* Called by curl for the body, after the server's 354. */
static size_t read_body(char *to, size_t size, size_t n, void *arg)
{
    sending_t *s = arg;
    if (!s->begun) {
        s->stopped = !s->mail->before_data(s->mail->arg, s->e);
        if (s->stopped) {
            return CURL_READFUNC_ABORT;
        }
        s->begun = true;
        wk_crash_point("smtp.data");
    }
    size_t left = s->body.len - s->given, room = size * n;
    size_t len = left < room ? left : room;
    memcpy(to, s->body.data + s->given, len);
    s->given += len;
    return len;
}

/* ---------------------------------------------------------------- connection */

#define SET(option, value)                                                                     \
    do {                                                                                       \
        CURLcode rc_ = curl_easy_setopt(s->curl, option, value);                               \
        if (rc_ != CURLE_OK) {                                                                 \
            return wk_error(s->e, WK_INTERNAL, "SMTP: %s: %s", #option,                        \
                            curl_easy_strerror(rc_));                                          \
        }                                                                                      \
    } while (0)

static bool is_loopback(const char *host)
{
    struct in_addr address;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

/* *loopback: the server is on this host, where nobody else listens. */
static bool read_url(const char *url, bool *loopback, wk_error_t *e)
{
    char *host = NULL;
    CURLU *parts = curl_url();
    bool ok = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    *loopback = ok && is_loopback(host);
    curl_free(host);
    curl_url_cleanup(parts);
    return ok || wk_error(e, WK_INTERNAL, "SMTP: SMTP_URL is no address of a server");
}

static bool set_server(sending_t *s)
{
    bool loopback;
    const char *url = s->ctx->config->smtp_url;
    const char *ca_file = getenv("SSL_CERT_FILE"); /* as in worker/http.c */
    if (url == NULL) {
        return wk_error(s->e, WK_INTERNAL, "SMTP: SMTP_URL is not set");
    }
    if (!read_url(url, &loopback, s->e)) {
        return false;
    }
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_USE_SSL, (long)(loopback ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca_file != NULL && *ca_file != '\0') {
        SET(CURLOPT_CAINFO, ca_file);
    }
    SET(CURLOPT_NOSIGNAL, 1L); /* threads: no longjmp out of a resolver */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)WK_SMTP_TIMEOUT_MS);
    return true;
}

static bool set_envelope(sending_t *s)
{
    wk_arena_t *a = s->ctx->arena;
    if (!append(&s->recipients, wk_strdup(a, s->mail->to), s->e)) {
        return false;
    }
    SET(CURLOPT_MAIL_FROM, wk_strdup(a, s->mail->from));
    SET(CURLOPT_MAIL_RCPT, s->recipients);
    return true;
}

static bool set_message(sending_t *s)
{
    s->body = with_line_ends(s->ctx->arena, s->mail->text);
    s->mime = curl_mime_init(s->curl);
    curl_mimepart *part = s->mime != NULL ? curl_mime_addpart(s->mime) : NULL;
    if (part == NULL ||
        curl_mime_data_cb(part, (curl_off_t)s->body.len, read_body, NULL, NULL, s) !=
            CURLE_OK ||
        curl_mime_type(part, "text/plain; charset=utf-8") != CURLE_OK ||
        curl_mime_encoder(part, "quoted-printable") != CURLE_OK) {
        return wk_error(s->e, WK_UNAVAILABLE, "SMTP: out of memory");
    }
    if (!add_headers(s)) {
        return false;
    }
    SET(CURLOPT_MIMEPOST, s->mime);
    SET(CURLOPT_HTTPHEADER, s->headers);
    return true;
}

/* ---------------------------------------------------------------- outcome */

/* RFC 4954 6: the login is missing, too weak, or wrong. */
static bool is_about_login(CURLcode rc, long code)
{
    return rc == CURLE_LOGIN_DENIED || code == 530 || code == 534 || code == 535 || code == 538;
}

/* code: the server's last, 0 without any. A refusal is certain, even of the end of DATA. */
static wk_code_t code_of(const sending_t *s, CURLcode rc, long code)
{
    bool refused = code >= 400 && code <= 599;
    if (rc == CURLE_URL_MALFORMAT || rc == CURLE_UNSUPPORTED_PROTOCOL) {
        return WK_INTERNAL;
    }
    if (s->begun && !refused) {
        return WK_UNKNOWN;
    }
    if (!refused || code < 500 || rc == CURLE_USE_SSL_FAILED) {
        return WK_UNAVAILABLE;
    }
    return is_about_login(rc, code) ? WK_FORBIDDEN : WK_REFUSED;
}

static bool failed(const sending_t *s, CURLcode rc, const char *text)
{
    long code = 0;
    if (s->stopped) {
        return false;
    }
    (void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &code);
    *s->e = (wk_error_t){0};
    wk_error(s->e, code_of(s, rc, code), "SMTP: %s",
             text[0] != '\0' ? text : curl_easy_strerror(rc));
    if (code >= 400 && code <= 599) {
        snprintf(s->e->detail, sizeof(s->e->detail), "%ld", code);
    }
    return false;
}

static bool perform(sending_t *s)
{
    char text[CURL_ERROR_SIZE] = "";
    SET(CURLOPT_ERRORBUFFER, text);
    wk_crash_point("smtp.before");
    CURLcode rc = curl_easy_perform(s->curl);
    wk_crash_point("smtp.after");
    return rc == CURLE_OK || failed(s, rc, text);
}

static bool addresses_are_valid(const wk_mail_t *m, wk_error_t *e)
{
    return (wk_mail_is_address(m->from) && wk_mail_is_address(m->to) &&
            wk_mail_is_address(m->message_id) &&
            (m->reply_to.data == NULL || wk_mail_is_address(m->reply_to))) ||
           wk_error(e, WK_INVALID, "SMTP: not an address");
}

bool wk_smtp_send(wk_ctx_t *ctx, const wk_mail_t *mail, wk_error_t *e)
{
    if (!addresses_are_valid(mail, e)) {
        return false;
    }
    sending_t s = {.ctx = ctx, .mail = mail, .e = e, .curl = curl_easy_init()};
    if (s.curl == NULL) {
        return wk_error(e, WK_UNAVAILABLE, "SMTP: out of memory");
    }
    bool sent = set_server(&s) && set_envelope(&s) && set_message(&s) && perform(&s);
    curl_easy_cleanup(s.curl);
    curl_mime_free(s.mime);
    curl_slist_free_all(s.headers);
    curl_slist_free_all(s.recipients);
    return sent;
}
