#include "core/job.h"

#include "core/base64.h"
#include "core/utf8.h"

#define MAX_DEPTH  48 /* the claims of a token and the levels around them */
#define MAX_VALUES 100000

static const va_json_limits_t limits = {VA_JOB_MAX_BYTES, MAX_DEPTH, MAX_VALUES};

/* With U+FFFD for each byte that belongs to no character; absent when out of memory. */
static va_str_t repaired(const va_alloc_t *mem, va_str_t s)
{
    va_buf_t out;

    va_buf_init(&out, mem, s.len);
    while (s.len > 0) {
        uint32_t c;

        va_buf_add_str(&out, va_utf8_take(&s, &c));
    }

    return va_buf_str(&out);
}

/* What a document is written with: the writer, and the buffer behind it for its memory. */
struct output {
    va_buf_t *buf;
    va_json_writer_t *json;
};

static void put_text(struct output *o, va_str_t s)
{
    if (!va_utf8_wellformed(s)) {
        s = repaired(o->buf->mem, s);
        if (s.data == NULL)
            o->buf->status = VA_ENOMEM;
    }
    va_json_put_str(o->json, s);
}

/* An absent text is left out. */
static void add_text(struct output *o, const char *name, va_str_t s)
{
    if (s.data == NULL)
        return;

    va_json_key(o->json, name);
    put_text(o, s);
}

static bool has_value(const va_header_t *h, va_str_t name)
{
    return h->value.data != NULL && va_str_eq(h->name, name);
}

static size_t count_values(const va_header_t *headers, size_t n, va_str_t name)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += has_value(&headers[i], name);

    return count;
}

static void put_values(struct output *o, const va_header_t *headers, size_t n, va_str_t name)
{
    bool several = count_values(headers, n, name) > 1;

    if (several)
        va_json_array(o->json);
    for (size_t i = 0; i < n; i++) {
        if (has_value(&headers[i], name))
            put_text(o, headers[i].value);
    }
    if (several)
        va_json_array_end(o->json);
}

/*
 * An object of strings; a name that comes again holds an array of them. Absent
 * values are left out, and the object where there are no headers.
 */
static void add_headers(struct output *o, const char *name, const va_header_t *headers,
                        size_t n)
{
    if (n == 0)
        return;

    va_json_key(o->json, name);
    va_json_object(o->json);
    for (size_t i = 0; i < n; i++) {
        const va_header_t *h = &headers[i];

        if (h->value.data == NULL || count_values(headers, i, h->name) > 0)
            continue;
        va_json_key_n(o->json, h->name);
        put_values(o, headers, n, h->name);
    }
    va_json_object_end(o->json);
}

/* As text where it can be text, so that a job is readable in redis-cli. */
static void add_body(struct output *o, va_str_t body)
{
    if (body.data == NULL || va_utf8_valid(body)) {
        add_text(o, "body", body);
        return;
    }

    char *text = va_alloc(o->buf->mem, VA_BASE64_LEN(body.len));

    if (text == NULL)
        o->buf->status = VA_ENOMEM;
    else
        add_text(o, "body_b64", va_str(text, va_base64_encode(text, body.data, body.len)));
}

/* From where the document begins in the buffer. */
static va_status_t end_document(struct output *o, size_t begin)
{
    va_status_t status = va_json_writer_end(o->json);

    if (o->buf->status != VA_OK)
        return o->buf->status;
    if (status == VA_OK && o->buf->len - begin > VA_JOB_MAX_BYTES)
        return VA_ELIMIT;

    return status;
}

static void add_auth(struct output *o, const va_job_t *job)
{
    if (job->auth_scheme.len == 0)
        return;

    va_json_key(o->json, "auth");
    va_json_object(o->json);
    add_text(o, "scheme", job->auth_scheme);
    add_text(o, "account", job->auth_account);
    if (job->auth_claims.data != NULL) {
        va_json_key(o->json, "claims");
        va_json_put_raw(o->json, job->auth_claims);
    }
    va_json_object_end(o->json);
}

static void add_http(struct output *o, const va_job_t *job)
{
    va_json_key(o->json, "http");
    va_json_object(o->json);
    add_text(o, "method", job->http_method);
    add_text(o, "uri", job->http_uri);
    add_text(o, "args", job->http_args);
    add_text(o, "peer", job->http_peer);
    add_text(o, "connection", job->http_connection);
    add_headers(o, "headers", job->headers, job->n_headers);
    add_headers(o, "members", job->members, job->n_members);
    if (job->body_omitted) {
        va_json_add_bool(o->json, "body_omitted", true);
        va_json_add_int(o->json, "body_length", (int64_t)job->body_length);
        add_text(o, "body_sha256", job->body_sha256);
    } else {
        add_body(o, job->body);
    }
    va_json_object_end(o->json);
}

static bool has_http(const va_job_t *job)
{
    return job->http_method.data != NULL || job->http_uri.data != NULL ||
           job->http_args.data != NULL || job->http_peer.data != NULL ||
           job->http_connection.data != NULL || job->n_headers > 0 || job->n_members > 0 ||
           job->body_omitted || job->body.data != NULL;
}

va_status_t va_job_write(va_buf_t *out, const va_job_t *job)
{
    struct output o = {out, NULL};
    size_t begin = out->len;

    if (job->id.len == 0 || job->type.len == 0 ||
        (job->auth_claims.data != NULL && job->auth_scheme.len == 0))
        return VA_ESYNTAX;
    if (job->n_headers > VA_JOB_MAX_HEADERS || job->n_members > VA_JOB_MAX_HEADERS)
        return VA_ELIMIT;

    o.json = va_json_writer_new(out);
    va_json_object(o.json);
    va_json_add_int(o.json, "v", VA_JOB_VERSION);
    add_text(&o, "id", job->id);
    add_text(&o, "type", job->type);
    add_text(&o, "org", job->org);
    add_text(&o, "lane", job->lane);
    add_text(&o, "serial", job->serial);
    add_text(&o, "dedup", job->dedup);
    va_json_add_int(o.json, "attempt", job->attempt);
    va_json_add_int(o.json, "enqueued_ms", job->enqueued_ms);
    if (job->deadline_ms != 0)
        va_json_add_int(o.json, "deadline_ms", job->deadline_ms);
    add_text(&o, "reply", job->reply);
    add_text(&o, "trace", job->trace);
    add_auth(&o, job);
    if (has_http(job))
        add_http(&o, job);
    va_json_object_end(o.json);

    return end_document(&o, begin);
}

/* The reader: the first failure stays, and what is read after it does not matter. */
struct input {
    const va_alloc_t *mem;
    va_status_t status;
};

static void fail(struct input *in, va_status_t status)
{
    if (in->status == VA_OK)
        in->status = status;
}

/* A member, where null counts as none. */
static const va_json_t *member(const va_json_t *object, const char *name)
{
    const va_json_t *value = va_json_get(object, name);

    return va_json_is(value, VA_JSON_NULL) ? NULL : value;
}

static va_str_t get_text(struct input *in, const va_json_t *object, const char *name)
{
    const va_json_t *value = member(object, name);

    if (value != NULL && value->type != VA_JSON_STRING)
        fail(in, VA_ESYNTAX);

    return va_json_string(value);
}

static va_str_t need_text(struct input *in, const va_json_t *object, const char *name)
{
    va_str_t text = get_text(in, object, name);

    if (text.len == 0)
        fail(in, VA_ESYNTAX);

    return text;
}

static int64_t get_int(struct input *in, const va_json_t *object, const char *name)
{
    const va_json_t *value = member(object, name);
    int64_t n = 0;

    if (value != NULL && !va_json_int(value, &n))
        fail(in, VA_ESYNTAX);

    return n;
}

static const va_json_t *get_object(struct input *in, const va_json_t *object, const char *name)
{
    const va_json_t *value = member(object, name);

    if (value != NULL && value->type != VA_JSON_OBJECT)
        fail(in, VA_ESYNTAX);

    return value;
}

static size_t count_fields(const va_json_t *object)
{
    size_t n = 0;

    for (const va_json_t *m = object->first; m != NULL; m = m->next)
        n += va_json_is(m, VA_JSON_ARRAY) ? m->count : 1;

    return n;
}

static void take_header(struct input *in, va_header_t *headers, size_t *n, va_str_t name,
                        const va_json_t *value)
{
    if (!va_json_is(value, VA_JSON_STRING))
        fail(in, VA_ESYNTAX);
    headers[(*n)++] = (va_header_t){name, va_json_string(value)};
}

static va_header_t *get_headers(struct input *in, const va_json_t *object, const char *name,
                                size_t *n)
{
    const va_json_t *fields = get_object(in, object, name);

    *n = 0;
    if (in->status != VA_OK || fields == NULL)
        return NULL;

    size_t count = count_fields(fields);

    if (count > VA_JOB_MAX_HEADERS) {
        fail(in, VA_ELIMIT);
        return NULL;
    }

    va_header_t *headers = va_alloc(in->mem, (count + 1) * sizeof(*headers));

    if (headers == NULL) {
        fail(in, VA_ENOMEM);
        return NULL;
    }
    for (const va_json_t *m = fields->first; m != NULL; m = m->next) {
        if (!va_json_is(m, VA_JSON_ARRAY)) {
            take_header(in, headers, n, m->name, m);
            continue;
        }
        for (const va_json_t *value = m->first; value != NULL; value = value->next)
            take_header(in, headers, n, m->name, value);
    }

    return headers;
}

static va_str_t get_body(struct input *in, const va_json_t *object)
{
    va_str_t text = get_text(in, object, "body");
    va_str_t base64 = get_text(in, object, "body_b64");
    size_t len;

    if (base64.data == NULL)
        return text;
    if (text.data != NULL) {
        fail(in, VA_ESYNTAX);
        return VA_STR_NULL;
    }

    uint8_t *data = va_alloc(in->mem, VA_BASE64_MAX(base64.len));

    if (data == NULL) {
        fail(in, VA_ENOMEM);
        return VA_STR_NULL;
    }
    if (va_base64_decode(data, &len, base64) != VA_OK) {
        fail(in, VA_ESYNTAX);
        return VA_STR_NULL;
    }

    return va_str((const char *)data, len);
}

/* The root of a document of a version we read, or NULL. */
static const va_json_t *open_document(struct input *in, va_str_t text)
{
    const va_json_t *root;
    int64_t version;

    in->status = va_json_parse(in->mem, text, &limits, &root);
    if (in->status != VA_OK)
        return NULL;

    if (!va_json_int(va_json_get(root, "v"), &version) || version < 1)
        fail(in, VA_ESYNTAX);
    else if (version > VA_JOB_VERSION)
        fail(in, VA_ELIMIT);

    return in->status == VA_OK ? root : NULL;
}

static void read_auth(struct input *in, const va_json_t *auth, va_job_t *job)
{
    va_buf_t text;

    if (auth == NULL)
        return;

    job->auth_scheme = need_text(in, auth, "scheme");
    job->auth_account = get_text(in, auth, "account");
    job->claims = get_object(in, auth, "claims");
    if (in->status != VA_OK || job->claims == NULL)
        return;

    va_buf_init(&text, in->mem, 0);

    va_json_writer_t *w = va_json_writer_new(&text);

    va_json_put_value(w, job->claims);
    fail(in, va_json_writer_end(w));
    job->auth_claims = va_buf_str(&text);
}

static void read_http(struct input *in, const va_json_t *http, va_job_t *job)
{
    job->http_method = get_text(in, http, "method");
    job->http_uri = get_text(in, http, "uri");
    job->http_args = get_text(in, http, "args");
    job->http_peer = get_text(in, http, "peer");
    job->http_connection = get_text(in, http, "connection");
    job->headers = get_headers(in, http, "headers", &job->n_headers);
    job->members = get_headers(in, http, "members", &job->n_members);
    job->body = get_body(in, http);
    job->body_omitted = va_json_bool(va_json_get(http, "body_omitted"), false);
    job->body_sha256 = get_text(in, http, "body_sha256");
    job->body_length = job->body.len;
    if (job->body_omitted) {
        int64_t length = get_int(in, http, "body_length");

        if (length < 0 || job->body.data != NULL)
            fail(in, VA_ESYNTAX);
        job->body_length = (size_t)length;
    }
}

va_status_t va_job_parse(const va_alloc_t *mem, va_str_t text, va_job_t *job)
{
    struct input in = {mem, VA_OK};
    const va_json_t *root = open_document(&in, text);

    memset(job, 0, sizeof(*job));
    if (root == NULL)
        return in.status;

    job->id = need_text(&in, root, "id");
    job->type = need_text(&in, root, "type");
    job->org = get_text(&in, root, "org");
    job->lane = get_text(&in, root, "lane");
    job->serial = get_text(&in, root, "serial");
    job->dedup = get_text(&in, root, "dedup");
    job->attempt = get_int(&in, root, "attempt");
    job->enqueued_ms = get_int(&in, root, "enqueued_ms");
    job->deadline_ms = get_int(&in, root, "deadline_ms");
    job->reply = get_text(&in, root, "reply");
    job->trace = get_text(&in, root, "trace");
    read_auth(&in, get_object(&in, root, "auth"), job);
    read_http(&in, get_object(&in, root, "http"), job);

    return in.status;
}

bool va_reply_header_allowed(va_str_t lower_case_name)
{
    static const char *const allowed[] = {
        "set-cookie",          "location",      "retry-after",
        "content-disposition", "cache-control", "access-control-allow-origin",
        "accept-ranges",       "content-range",
    };

    for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
        if (va_str_eq(lower_case_name, va_str_c(allowed[i])))
            return true;
    }

    return false;
}

/* No character that would end the header or begin another one (RFC 9110 section 5.5). */
static bool safe_value(va_str_t value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (((uint8_t)value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7f)
            return false;
    }

    return true;
}

/* For writing and reading alike: other headers are dropped, what breaks the rules fails. */
static va_status_t check_reply(va_reply_t *reply)
{
    size_t n = 0;

    if (reply->id.len == 0 || reply->status < 200 || reply->status > 599 ||
        !safe_value(reply->type))
        return VA_ESYNTAX;
    if (reply->body.len > VA_REPLY_MAX_BYTES || reply->n_headers > VA_JOB_MAX_HEADERS)
        return VA_ELIMIT;

    for (size_t i = 0; i < reply->n_headers; i++) {
        if (!va_reply_header_allowed(reply->headers[i].name))
            continue;
        if (!safe_value(reply->headers[i].value))
            return VA_ESYNTAX;
        reply->headers[n++] = reply->headers[i];
    }
    reply->n_headers = n;

    return VA_OK;
}

static va_status_t write_stored(va_buf_t *out, va_str_t id)
{
    struct output o = {out, va_json_writer_new(out)};
    size_t begin = out->len;

    va_json_object(o.json);
    va_json_add_int(o.json, "v", VA_JOB_VERSION);
    add_text(&o, "id", id);
    va_json_add_bool(o.json, "stored", true);
    va_json_object_end(o.json);

    return end_document(&o, begin);
}

va_status_t va_reply_write(va_buf_t *out, const va_reply_t *reply)
{
    va_header_t headers[VA_JOB_MAX_HEADERS];
    va_reply_t r = *reply;
    size_t begin = out->len;

    if (r.stored)
        return r.id.len > 0 ? write_stored(out, r.id) : VA_ESYNTAX;
    if (r.n_headers > VA_JOB_MAX_HEADERS)
        return VA_ELIMIT;
    if (r.n_headers > 0)
        memcpy(headers, r.headers, r.n_headers * sizeof(*headers));
    r.headers = headers;

    va_status_t status = check_reply(&r);

    if (status != VA_OK)
        return status;

    struct output o = {out, va_json_writer_new(out)};

    va_json_object(o.json);
    va_json_add_int(o.json, "v", VA_JOB_VERSION);
    add_text(&o, "id", r.id);
    va_json_add_int(o.json, "status", r.status);
    add_text(&o, "type", r.type);
    add_headers(&o, "headers", r.headers, r.n_headers);
    add_body(&o, r.body);
    va_json_object_end(o.json);

    return end_document(&o, begin);
}

va_status_t va_reply_parse(const va_alloc_t *mem, va_str_t text, va_reply_t *reply)
{
    struct input in = {mem, VA_OK};
    const va_json_t *root = open_document(&in, text);

    memset(reply, 0, sizeof(*reply));
    if (root == NULL)
        return in.status;

    reply->id = need_text(&in, root, "id");
    reply->stored = va_json_bool(va_json_get(root, "stored"), false);
    if (reply->stored)
        return in.status;

    int64_t status = get_int(&in, root, "status");

    reply->status = status > 0 && status < 1000 ? (int)status : 0;
    reply->type = get_text(&in, root, "type");
    reply->headers = get_headers(&in, root, "headers", &reply->n_headers);
    reply->body = get_body(&in, root);
    if (in.status != VA_OK)
        return in.status;

    return check_reply(reply);
}
