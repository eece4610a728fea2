/*
 * knowledge.site: a web site is read in steps, each done once whatever dies; what a site that
 * does not answer costs, and who may have one read.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"
#include "worker/clock.h"

/* ---------------------------------------------------------------- the site */

#define MAX_PAGES 8

typedef struct {
    const char *path;
    int status;
    const char *body; /* with 3xx where it leads */
    int hits;
} page_t;

static struct {
    pthread_mutex_t lock;
    page_t pages[MAX_PAGES];
    size_t n;
    int listener, port;
} site = {.lock = PTHREAD_MUTEX_INITIALIZER};

static page_t *page_at(const char *path)
{
    for (size_t i = 0; i < site.n; i++) {
        if (strcmp(site.pages[i].path, path) == 0) {
            return &site.pages[i];
        }
    }
    return NULL;
}

static void put_page(const char *path, int status, const char *body)
{
    pthread_mutex_lock(&site.lock);
    page_t *page = page_at(path);
    if (page == NULL) {
        assert_true(site.n < MAX_PAGES);
        page = &site.pages[site.n++];
        page->hits = 0;
    }
    page->path = path;
    page->status = status;
    page->body = body;
    pthread_mutex_unlock(&site.lock);
}

static int hits(const char *path)
{
    pthread_mutex_lock(&site.lock);
    page_t *page = page_at(path);
    int n = page != NULL ? page->hits : 0;
    pthread_mutex_unlock(&site.lock);
    return n;
}

static void answer(int client)
{
    char request[4096], path[1024], head[256];
    size_t len = 0;
    ssize_t n;
    while (len < sizeof(request) - 1 &&
           (n = read(client, request + len, sizeof(request) - 1 - len)) > 0) {
        len += (size_t)n;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) {
            break;
        }
    }
    request[len] = '\0';
    if (sscanf(request, "GET %1023s HTTP/1.1", path) != 1) {
        return;
    }
    pthread_mutex_lock(&site.lock);
    page_t *page = page_at(path);
    int status = page != NULL ? page->status : 404;
    const char *body = page != NULL ? page->body : "";
    if (page != NULL) {
        page->hits++;
    }
    pthread_mutex_unlock(&site.lock);
    int h = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d X\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n"
                     "Location: %s\r\nConnection: close\r\n\r\n",
                     status, strlen(body), status / 100 == 3 ? body : "/");
    (void)(send(client, head, (size_t)h, MSG_NOSIGNAL) >= 0 &&
           send(client, body, strlen(body), MSG_NOSIGNAL) >= 0);
}

static void *serve(void *arg)
{
    (void)arg;
    for (;;) {
        int client = accept(site.listener, NULL, NULL);
        if (client < 0) {
            return NULL;
        }
        answer(client);
        close(client);
    }
}

static void start_site(void)
{
    static pthread_t thread;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    if (site.listener > 0) {
        return;
    }
    site.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(site.listener > 0);
    assert_int_equal(bind(site.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(site.listener, 16), 0);
    assert_int_equal(getsockname(site.listener, (struct sockaddr *)&address, &len), 0);
    site.port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
}

static int setup(void **state)
{
    t_config.extract_program = "build/voiceagent-extract";
    t_config.openai_api_key = NULL;
    t_config.site_addresses = "127.0.0.1";
    int result = t_texts_setup(state);
    t_sqlf("DELETE FROM knowledge_documents");
    t_sqlf("UPDATE organizations SET plan = 'PRO' WHERE id = '" DOWNTOWN "'");
    start_site();
    site.n = 0;
    put_page("/", 200, "<title>Shop</title><p>We mend bicycles.</p><a href='/a'>a</a>");
    put_page("/a", 200, "<title>A</title><p>Helmets are five dollars.</p><a href='/'>b</a>");
    return result;
}

/* ---------------------------------------------------------------- requests and jobs */

static t_answer_t post_as(const char *id, const char *role, const char *uri, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "knowledge.handle",
                   .id = id,
                   .method = "POST",
                   .uri = uri,
                   .body = body,
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

static const char *body_of(const char *url)
{
    return wk_printf(t_ctx.arena, "{\"url\": \"%s\"}", url).data;
}

static const char *home(void)
{
    return wk_printf(t_ctx.arena, "http://127.0.0.1:%d/", site.port).data;
}

static const char *added(const char *url)
{
    t_answer_t a = post_as(NULL, "admin", "/api/knowledge", body_of(url));
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/document/status"), "processing");
    return t_text(&a, "/document/id");
}

static t_answer_t refreshed(const char *job, const char *id)
{
    return post_as(job, "admin", wk_printf(t_ctx.arena, "/api/knowledge/%s/refresh", id).data,
                   NULL);
}

/* The job the site waits for, as the outbox has it. */
static t_ask_t next_job(const char *id)
{
    const char *body =
        t_sqlf("SELECT json_build_object('document', d.id, 'revision', d.revision,"
               " 'step', s.step) FROM knowledge_documents d"
               " JOIN knowledge_sites s ON s.document_id = d.id"
               " WHERE d.id = '%s'",
               id);
    return (t_ask_t){.type = "knowledge.site",
                     .body = wk_strdup(t_ctx.arena, va_str_c(body)),
                     .org = DOWNTOWN};
}

static void wait_over(void)
{
    t_sqlf("UPDATE knowledge_sites SET next_at = now()");
}

static void do_step(const char *id)
{
    wait_over();
    t_ask_t job = next_job(id);
    t_answer_t a = t_ask(&job);
    assert_done(&a);
}

static const char *status_of(const char *id)
{
    return t_sqlf("SELECT status FROM knowledge_documents WHERE id = '%s'", id);
}

static int read_all(const char *id)
{
    int steps = 0;
    while (strcmp(status_of(id), "processing") == 0) {
        assert_true(++steps < 20);
        do_step(id);
    }
    return steps;
}

static int64_t pages_known(void)
{
    return t_sqlf_int("SELECT count(*) FROM knowledge_documents WHERE site_id IS NOT NULL");
}

/* ---------------------------------------------------------------- once */

static void each_step_is_done_once(void **state)
{
    (void)state;
    const char *id = added(home());
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'knowledge.site'"
                                " AND queue = 'bulk' AND serial = '%s'",
                                id),
                     1);
    do_step(id); /* robots.txt */
    wait_over();
    t_ask_t job = next_job(id);
    t_answer_t a = t_ask(&job);
    assert_done(&a);
    int64_t jobs = t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'knowledge.site'");
    wait_over();
    a = t_ask(&job); /* again, as after a death before its end was told */
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'knowledge.site'"),
                     jobs);
    assert_int_equal(hits("/"), 1);
    read_all(id);
    assert_string_equal(status_of(id), "indexed");
    assert_int_equal(hits("/"), 1);
    assert_int_equal(hits("/a"), 1);
    assert_int_equal(pages_known(), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_chunks"), 2);
}

static void a_death_with_the_page_in_hand_leaves_nothing(void **state)
{
    (void)state;
    const char *id = added(home());
    do_step(id);
    wait_over();
    t_ask_t job = next_job(id);
    assert_true(t_dies_at("knowledge.page", 1, &job));
    assert_int_equal(pages_known(), 0);
    read_all(id);
    assert_string_equal(status_of(id), "indexed");
    assert_int_equal(pages_known(), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_chunks"), 2);
}

static void a_step_waits_for_its_time_and_that_is_no_failure(void **state)
{
    (void)state;
    const char *id = added(home());
    do_step(id);
    t_ask_t job = next_job(id);
    t_answer_t a = t_ask(&job);
    assert_int_equal(a.end.how, WK_END_RETRY);
    assert_true(a.end.uncounted);
    assert_in_range(a.end.delay_ms, 1, 1000);
    assert_int_equal(hits("/"), 0);
}

/* As another libcurl may have written it. */
static void an_address_that_is_written_otherwise_is_read_once(void **state)
{
    (void)state;
    const char *id = added(home());
    do_step(id);
    do_step(id);
    t_sqlf("UPDATE knowledge_pages SET url = url || '#top' WHERE url LIKE '%%/a'");
    read_all(id);
    assert_string_equal(status_of(id), "indexed");
    assert_int_equal(hits("/a"), 1);
    assert_int_equal(pages_known(), 2);
}

#define UNWRITABLE "unwritable" /* a page that Postgres does not take, whatever is done */

static void a_reading_that_is_given_up_ends(void **state)
{
    (void)state;
    const char *id = added(home());
    do_step(id);
    do_step(id);
    t_sqlf("ALTER TABLE knowledge_pages ADD CONSTRAINT " UNWRITABLE
           " CHECK (1 / (state <> 'read' OR depth = 0)::int = 1) NOT VALID");
    wait_over();
    t_ask_t job = next_job(id);
    t_answer_t a = t_ask(&job);
    assert_int_equal(a.end.how, WK_END_BURY);
    t_sqlf("ALTER TABLE knowledge_pages DROP CONSTRAINT " UNWRITABLE);
    assert_string_equal(status_of(id), "indexed");
    assert_has(t_sqlf("SELECT error FROM knowledge_documents WHERE id = '%s'", id),
               "broke off");
    assert_int_equal(pages_known(), 1);
    a = refreshed(NULL, id);
    assert_status(&a, 202);
    read_all(id);
    assert_int_equal(pages_known(), 2);
}

static void a_reading_that_is_overtaken_or_deleted_comes_to_nothing(void **state)
{
    (void)state;
    const char *id = added(home());
    t_ask_t job = next_job(id);
    t_answer_t a = refreshed(NULL, id);
    assert_error(&a, 409, "conflict"); /* it is being read */
    t_sqlf("UPDATE knowledge_sites SET next_at = now() - interval '9 minutes'");
    a = refreshed(NULL, id);
    assert_error(&a, 409, "conflict");
    t_sqlf("UPDATE knowledge_sites SET next_at = now() - interval '11 minutes'"); /* lost */
    a = refreshed("again-1", id);
    assert_status(&a, 202);
    a = refreshed("again-1", id); /* the same request once more */
    assert_status(&a, 202);
    assert_int_equal(t_number(&a, "/document/revision"), 2);
    a = t_ask(&job);
    assert_done(&a);
    assert_int_equal(hits("/robots.txt"), 0);
    job = next_job(id);
    a = t_ask(&(t_ask_t){.type = "knowledge.handle",
                         .method = "DELETE",
                         .uri = wk_printf(t_ctx.arena, "/api/knowledge/%s", id).data,
                         .claims = t_claims(DANA, DOWNTOWN, "admin"),
                         .org = DOWNTOWN});
    assert_status(&a, 200);
    a = t_ask(&job);
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_pages"), 0);
}

/* ---------------------------------------------------------------- what does not answer */

static void what_does_not_answer_is_asked_three_times_and_stays_known(void **state)
{
    (void)state;
    const char *id = added(home());
    read_all(id);
    put_page("/a", 503, "");
    t_answer_t a = refreshed(NULL, id);
    assert_status(&a, 202);
    read_all(id);
    assert_int_equal(hits("/a"), 4);
    assert_string_equal(status_of(id), "indexed");
    assert_int_equal(pages_known(), 2);
    assert_has(t_sqlf("SELECT error FROM knowledge_documents WHERE id = '%s'", id), "error");

    put_page("/a", 410, "");
    a = refreshed(NULL, id);
    assert_status(&a, 202);
    read_all(id);
    assert_int_equal(pages_known(), 1);
}

/* It defends itself, or is closed for an hour: that is no end of its pages. */
static void what_may_be_back_stays_known(void **state)
{
    static const struct {
        int status;
        const char *body;
    } answers[] = {{403, ""}, {401, ""}, {451, ""}, {302, "/m"}, {307, "http://m.example/"}};
    (void)state;
    const char *id = added(home());
    read_all(id);
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        put_page("/", answers[i].status, answers[i].body);
        t_answer_t a = refreshed(NULL, id);
        assert_status(&a, 202);
        read_all(id);
        assert_string_equal(status_of(id), "indexed");
        assert_int_equal(pages_known(), 2);
        assert_string_not_equal(
            t_sqlf("SELECT coalesce(error, '') FROM knowledge_documents WHERE id = '%s'", id),
            "");
    }
    assert_int_equal(hits("/a"), 1);
    put_page("/", 301, "/a");
    t_answer_t a = refreshed(NULL, id);
    assert_status(&a, 202);
    read_all(id);
    assert_int_equal(pages_known(), 1);
    assert_int_equal(hits("/a"), 2);
}

/* What it costs is one page, and not the job's twenty runs. */
static void a_page_that_the_reader_fails_at_is_tried_three_times(void **state)
{
    (void)state;
    const char *id = added(home());
    do_step(id);
    t_config.extract_program = "/bin/false";
    read_all(id);
    assert_string_equal(status_of(id), "failed");
    assert_int_equal(hits("/"), 3);
    assert_has(t_sqlf("SELECT error FROM knowledge_documents WHERE id = '%s'", id),
               "could not be read");
}

static void without_its_rules_a_site_is_not_read(void **state)
{
    (void)state;
    put_page("/robots.txt", 503, "");
    const char *id = added(home());
    assert_int_equal(read_all(id), 3);
    assert_string_equal(status_of(id), "failed");
    assert_int_equal(hits("/robots.txt"), 3);
    assert_int_equal(hits("/"), 0);

    put_page("/robots.txt", 200, "User-agent: voiceagent\nDisallow: /\n");
    t_answer_t a = refreshed(NULL, id);
    assert_status(&a, 202);
    read_all(id);
    assert_int_equal(hits("/"), 0);
    assert_has(t_sqlf("SELECT error FROM knowledge_documents WHERE id = '%s'", id),
               "robots.txt");

    put_page("/robots.txt", 200, "User-agent: *\nCrawl-delay: 4\n");
    a = refreshed(NULL, id);
    assert_status(&a, 202);
    do_step(id);
    assert_int_equal(t_sqlf_int("SELECT pause_ms FROM knowledge_sites"), 4000);
}

/* RFC 9309 2.3.1.2 */
static void rules_five_redirections_away_are_obeyed(void **state)
{
    (void)state;
    put_page("/robots.txt", 301, "/r1");
    put_page("/r1", 302, "/r2");
    put_page("/r2", 307, "/r3");
    put_page("/r3", 308, "/r4");
    put_page("/r4", 301, "/r5");
    put_page("/r5", 200, "User-agent: *\nDisallow: /\n");
    const char *id = added(home());
    read_all(id);
    assert_int_equal(hits("/r5"), 1);
    assert_int_equal(hits("/"), 0);
    assert_has(t_sqlf("SELECT error FROM knowledge_documents WHERE id = '%s'", id),
               "robots.txt");
}

/* The rules, and so many bytes of unit behind them. */
static const char *rules_before(const char *unit, size_t bytes)
{
    static const char rules[] =
        "User-agent: *\nDisallow: /a\nDisallow: /caf\xe9\nDisallow: /zoo\n#";
    size_t head = sizeof(rules) - 1;
    char *text = wk_alloc(t_ctx.arena, head + bytes + 1);
    memcpy(text, rules, head);
    for (size_t i = 0; i < bytes; i++) {
        text[head + i] = unit[i % strlen(unit)];
    }
    return text;
}

/* Of this program alone, whatever else the machine has to do. */
static int64_t worked_ms(void)
{
    return wk_clock_ms(CLOCK_PROCESS_CPUTIME_ID);
}

/* RFC 9309 2.5: of a file of whatever size and bytes the beginning counts. */
static void rules_of_any_size_and_bytes_count(void **state)
{
    static const struct {
        const char *unit;
        size_t bytes;
    } texts[] = {{"x", 512000 - 64}, {"\xc3\xa9", 600000}, {"\xff", 600000}, {"y", 3 << 20}};
    (void)state;
    put_page("/", 200,
             "<p>We mend bicycles.</p><a href='/a'>a</a><a href='/caf%E9'>c</a>"
             "<a href='/zoo'>z</a><a href='/b'>b</a>");
    put_page("/b", 200, "<p>Open on Mondays.</p>");
    put_page("/caf%E9", 200, "<p>Coffee.</p>");
    put_page("/zoo", 200, "<p>Bears.</p>");
    const char *id = added(home());
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        put_page("/robots.txt", 200, rules_before(texts[i].unit, texts[i].bytes));
        if (i > 0) {
            t_answer_t a = refreshed(NULL, id);
            assert_status(&a, 202);
        }
        int64_t began = worked_ms();
        do_step(id);
        assert_in_range(worked_ms() - began, 0, 3000); /* no square of its size */
        read_all(id);
        assert_int_equal(hits("/b"), i + 1);
        assert_int_equal(hits("/a") + hits("/caf%E9") + hits("/zoo"), 0);
    }
}

static void a_page_that_is_too_large_is_not_read(void **state)
{
    (void)state;
    put_page("/a", 200, rules_before("y", 3 << 20));
    const char *id = added(home());
    read_all(id);
    assert_int_equal(pages_known(), 1);
    assert_has(t_sqlf("SELECT note FROM knowledge_pages WHERE url LIKE '%%/a'"), "2 MB");
}

/* However much a site has to say of it. */
static void a_page_that_is_not_there_is_not_called_large(void **state)
{
    (void)state;
    put_page("/a", 404, rules_before("y", 5 << 20));
    const char *id = added(home());
    read_all(id);
    assert_int_equal(hits("/a"), 1);
    assert_has(t_sqlf("SELECT note FROM knowledge_pages WHERE url LIKE '%%/a'"), "404");
}

static void a_reading_has_an_hour(void **state)
{
    (void)state;
    const char *id = added(home());
    do_step(id);
    do_step(id);
    t_sqlf("UPDATE knowledge_sites SET began_at = now() - interval '61 minutes'");
    do_step(id);
    assert_string_equal(status_of(id), "indexed");
    assert_has(t_sqlf("SELECT error FROM knowledge_documents WHERE id = '%s'", id), "hour");
    assert_int_equal(hits("/a"), 0);
    assert_int_equal(pages_known(), 1);
}

/* ---------------------------------------------------------------- who, where */

static void private_addresses_are_not_connected_to(void **state)
{
    (void)state;
    t_config.site_addresses = "127.0.0.9";
    const char *id = added(home());
    do_step(id);
    assert_string_equal(status_of(id), "failed");
    assert_has(t_sqlf("SELECT error FROM knowledge_documents WHERE id = '%s'", id),
               "not a public one");
    assert_int_equal(hits("/robots.txt") + hits("/"), 0);

    t_config.site_addresses = NULL;
    t_answer_t a = post_as(NULL, "admin", "/api/knowledge", body_of("http://a.example:8080/"));
    assert_error(&a, 400, "bad_request");
}

static void roles_and_plans(void **state)
{
    (void)state;
    t_answer_t a = post_as(NULL, "staff", "/api/knowledge", body_of(home()));
    assert_error(&a, 403, "role");
    const char *id = added(home());
    read_all(id);
    a = post_as(NULL, "admin", "/api/knowledge", body_of(home()));
    assert_error(&a, 409, "conflict");
    t_sqlf("UPDATE organizations SET plan = 'FREE' WHERE id = '" DOWNTOWN "'");
    a = post_as(NULL, "admin", "/api/knowledge", body_of("http://127.0.0.1:1/"));
    assert_error(&a, 403, "plan");
    a = refreshed(NULL, id);
    assert_error(&a, 403, "plan");
    assert_string_equal(status_of(id), "indexed");
}

static void a_shop_has_ten_sites(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        added(wk_printf(t_ctx.arena, "http://127.0.0.1/%d", i).data);
    }
    t_answer_t a = post_as(NULL, "admin", "/api/knowledge", body_of(home()));
    assert_error(&a, 409, "conflict");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_documents"), 10);
}

/* Each would have been the tenth. */
static void ten_sites_are_ten_however_many_come_at_once(void **state)
{
    t_ask_t asks[T_AT_ONCE];
    int status[T_AT_ONCE];
    (void)state;
    for (int i = 0; i < 9; i++) {
        added(wk_printf(t_ctx.arena, "http://127.0.0.1/%d", i).data);
    }
    for (int i = 0; i < T_AT_ONCE; i++) {
        asks[i] = (t_ask_t){
            .type = "knowledge.handle",
            .method = "POST",
            .uri = "/api/knowledge",
            .body = body_of(wk_printf(t_ctx.arena, "http://127.0.0.1/at-once/%d", i).data),
            .claims = t_claims(DANA, DOWNTOWN, "admin"),
            .org = DOWNTOWN};
    }
    t_ask_at_once(asks, status, T_AT_ONCE);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_sites"), 10);
}

static void what_is_no_site_cannot_be_read_again(void **state)
{
    (void)state;
    t_answer_t a =
        post_as(NULL, "admin", "/api/knowledge", "{\"title\": \"A\", \"content\": \"Alpha\"}");
    assert_status(&a, 201);
    a = refreshed(NULL, t_text(&a, "/document/id"));
    assert_error(&a, 409, "conflict");
    a = refreshed(NULL, "d0000000-0000-4000-8000-00000000ffff");
    assert_error(&a, 404, "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_is_done_once),
        cmocka_unit_test(a_death_with_the_page_in_hand_leaves_nothing),
        cmocka_unit_test(a_step_waits_for_its_time_and_that_is_no_failure),
        cmocka_unit_test(an_address_that_is_written_otherwise_is_read_once),
        cmocka_unit_test(a_reading_that_is_given_up_ends),
        cmocka_unit_test(a_reading_that_is_overtaken_or_deleted_comes_to_nothing),
        cmocka_unit_test(what_does_not_answer_is_asked_three_times_and_stays_known),
        cmocka_unit_test(what_may_be_back_stays_known),
        cmocka_unit_test(a_page_that_the_reader_fails_at_is_tried_three_times),
        cmocka_unit_test(without_its_rules_a_site_is_not_read),
        cmocka_unit_test(rules_five_redirections_away_are_obeyed),
        cmocka_unit_test(rules_of_any_size_and_bytes_count),
        cmocka_unit_test(a_page_that_is_too_large_is_not_read),
        cmocka_unit_test(a_page_that_is_not_there_is_not_called_large),
        cmocka_unit_test(a_reading_has_an_hour),
        cmocka_unit_test(private_addresses_are_not_connected_to),
        cmocka_unit_test(roles_and_plans),
        cmocka_unit_test(a_shop_has_ten_sites),
        cmocka_unit_test(ten_sites_are_ten_however_many_come_at_once),
        cmocka_unit_test(what_is_no_site_cannot_be_read_again),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
