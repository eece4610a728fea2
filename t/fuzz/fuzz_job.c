#include "core/job.h"
#include "t/fuzz/tree.h"

static va_str_t written_job(const va_job_t *job)
{
    va_buf_t out;

    va_buf_init(&out, &fuzz_mem, 0);
    CHECK(va_job_write(&out, job) == VA_OK);

    return va_buf_str(&out);
}

static va_str_t written_reply(const va_reply_t *reply)
{
    va_buf_t out;

    va_buf_init(&out, &fuzz_mem, 0);
    CHECK(va_reply_write(&out, reply) == VA_OK);

    return va_buf_str(&out);
}

/* A job that can be read can be written, and is the same when it is read again. */
static void jobs_come_back(va_str_t text)
{
    va_job_t job, back;

    if (va_job_parse(&fuzz_mem, text, &job) != VA_OK)
        return;

    va_str_t written = written_job(&job);

    CHECK(va_job_parse(&fuzz_mem, written, &back) == VA_OK);
    CHECK(va_str_eq(job.body, back.body) && va_str_eq(job.id, back.id));
    CHECK((job.claims == NULL) == (back.claims == NULL));
    CHECK(job.claims == NULL || same_tree(job.claims, back.claims));
    CHECK(va_str_eq(written_job(&back), written));
}

static void replies_come_back(va_str_t text)
{
    va_reply_t reply, back;

    if (va_reply_parse(&fuzz_mem, text, &reply) != VA_OK)
        return;

    va_str_t written = written_reply(&reply);

    CHECK(va_reply_parse(&fuzz_mem, written, &back) == VA_OK);
    CHECK(reply.status == back.status && va_str_eq(reply.body, back.body));
    CHECK(reply.n_headers == back.n_headers);
    for (size_t i = 0; i < reply.n_headers; i++)
        CHECK(va_reply_header_allowed(reply.headers[i].name));
    CHECK(va_str_eq(written_reply(&back), written));
}

/* Any body and any path travel. */
static void any_bytes_travel(va_str_t bytes)
{
    va_header_t header = {VA_STR("user-agent"), bytes};
    const va_job_t job = {
        .id = VA_STR("j"),
        .type = VA_STR("t"),
        .http_uri = bytes,
        .headers = &header,
        .n_headers = 1,
        .body = bytes,
    };
    va_job_t back;

    CHECK(va_job_parse(&fuzz_mem, written_job(&job), &back) == VA_OK);
    CHECK(va_str_eq(back.body, bytes));
    CHECK(!va_utf8_wellformed(bytes) || va_str_eq(back.http_uri, bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));

    jobs_come_back(input);
    replies_come_back(input);
    any_bytes_travel(input);
    fuzz_free_all();

    return 0;
}
