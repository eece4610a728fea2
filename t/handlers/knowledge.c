/*
 * knowledge.handle and the jobs behind it: what is taken in, by whom, once; what becomes of a
 * document that is replaced or deleted while it is read; what is found.
 */
#include <stdio.h>

#include "t/handlers/lib/texts.h"

#define PLAIN "The workshop has a lift for visitors. We rent helmets for five dollars a day."

static int setup(void **state)
{
    t_config.extract_program = "build/voiceagent-extract";
    t_config.openai_api_key = NULL;
    int result = t_texts_setup(state);
    t_sqlf("DELETE FROM knowledge_documents");
    t_sqlf("UPDATE organizations SET plan = 'PRO' WHERE id = '" DOWNTOWN "'");
    return result;
}

static const char *as_json(const char *text)
{
    va_buf_t out;
    va_buf_init(&out, wk_mem(t_ctx.arena), 256);
    va_json_writer_t *w = va_json_writer_new(&out);
    va_json_put_c(w, text);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    return wk_strdup(t_ctx.arena, va_buf_str(&out));
}

static t_answer_t write_as(const char *role, const char *method, const char *id,
                           const char *title, const char *content)
{
    char uri[100];
    snprintf(uri, sizeof(uri), "/api/knowledge%s%s", id != NULL ? "/" : "",
             id != NULL ? id : "");
    va_str_t body = wk_printf(t_ctx.arena, "{\"title\": %s, \"content\": %s}", as_json(title),
                              as_json(content));
    return t_ask(
        &(t_ask_t){.type = "knowledge.handle",
                   .method = method,
                   .uri = wk_strdup(t_ctx.arena, va_str_c(uri)),
                   .body = content != NULL ? body.data : NULL,
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

static const char *uploaded(const char *title, const char *content)
{
    t_answer_t a = write_as("admin", "POST", NULL, title, content);
    assert_status(&a, 201);
    assert_string_equal(t_text(&a, "/document/status"), "processing");
    return t_text(&a, "/document/id");
}

/* As the outbox would have it done. */
static void index_revision(const char *id, int revision)
{
    va_str_t body =
        wk_printf(t_ctx.arena, "{\"document\": \"%s\", \"revision\": %d}", id, revision);
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "knowledge.index", .body = body.data, .org = DOWNTOWN});
    assert_done(&a);
}

static t_answer_t shown(const char *id)
{
    return t_get("knowledge.handle", wk_printf(t_ctx.arena, "/api/knowledge/%s", id).data,
                 NULL);
}

/* ---------------------------------------------------------------- in and out */

static void an_upload_is_read_and_found(void **state)
{
    (void)state;
    const char *id = uploaded("About us", PLAIN);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'knowledge.index'"
                                " AND queue = 'bulk'"),
                     1);
    index_revision(id, 1);
    t_answer_t a = shown(id);
    assert_string_equal(t_text(&a, "/document/status"), "indexed");
    assert_string_equal(t_text(&a, "/document/content"), PLAIN);
    assert_string_equal(t_text(&a, "/document/language"), "en");
    assert_int_equal(t_number(&a, "/document/chunks"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_uploads"), 0);

    t_answer_t list = t_get("knowledge.handle", "/api/knowledge", "status=indexed&q=helmet");
    assert_int_equal(t_count(&list, "/documents"), 1);
    list = t_get("knowledge.handle", "/api/knowledge", "q=zeppelin");
    assert_int_equal(t_count(&list, "/documents"), 0);
    list = t_get("knowledge.handle", "/api/knowledge", "status=lost");
    assert_error(&list, 400, "bad_request");
}

static void the_same_job_and_the_same_content_come_once(void **state)
{
    (void)state;
    t_ask_t ask = {.type = "knowledge.handle",
                   .id = "once-1",
                   .method = "POST",
                   .uri = "/api/knowledge",
                   .body = "{\"title\": \"A\", \"content\": \"Alpha\"}",
                   .claims = t_claims(DANA, DOWNTOWN, "admin"),
                   .org = DOWNTOWN};
    t_answer_t first = t_ask(&ask), again = t_ask(&ask);
    assert_status(&first, 201);
    assert_status(&again, 201);
    assert_string_equal(t_text(&first, "/document/id"), t_text(&again, "/document/id"));
    ask.id = "once-2";
    t_answer_t other = t_ask(&ask);
    assert_error(&other, 409, "conflict");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_documents"), 1);
}

static void what_is_replaced_or_deleted_meanwhile_leaves_nothing(void **state)
{
    (void)state;
    const char *id = uploaded("Rates", "An hour of repair costs eighty dollars.");
    t_answer_t a =
        write_as("admin", "PUT", id, "Rates", "An hour of repair costs ninety dollars.");
    assert_status(&a, 200);
    index_revision(id, 1); /* of the older text: nothing to do */
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_chunks"), 0);
    index_revision(id, 2);
    index_revision(id, 2); /* once more, as after a death before the acknowledgement */
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_chunks"
                                " WHERE content LIKE '%%ninety%%'"),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_chunks"), 1);

    t_ask_t nothing = {.type = "knowledge.handle",
                       .method = "PUT",
                       .uri = wk_printf(t_ctx.arena, "/api/knowledge/%s", id).data,
                       .claims = t_claims(DANA, DOWNTOWN, "admin"),
                       .org = DOWNTOWN,
                       .body = "{}"};
    a = t_ask(&nothing);
    assert_error(&a, 400, "bad_request");

    /* the older text is found until the newer one is read */
    a = write_as("admin", "PUT", id, "Rates", "An hour of repair costs a hundred dollars.");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_chunks"
                                " WHERE content LIKE '%%ninety%%'"),
                     1);
    a = write_as("admin", "DELETE", id, NULL, NULL);
    assert_status(&a, 200);
    index_revision(id, 3);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_chunks"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_uploads"), 0);
    a = write_as("admin", "DELETE", id, NULL, NULL);
    assert_error(&a, 404, "not_found");
}

static void a_document_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    t_answer_t a = t_ask(
        &(t_ask_t){.type = "knowledge.handle",
                   .method = "POST",
                   .uri = "/api/knowledge",
                   .content_type = "multipart/form-data; boundary=b",
                   .body = "--b\r\nContent-Disposition: form-data; name=\"file\";"
                           " filename=\"broken.pdf\"\r\n\r\n%PDF-1.7 and no more\r\n--b--\r\n",
                   .claims = t_claims(DANA, DOWNTOWN, "admin"),
                   .org = DOWNTOWN});
    assert_status(&a, 201);
    const char *id = t_text(&a, "/document/id");
    assert_string_equal(t_text(&a, "/document/title"), "broken.pdf");
    index_revision(id, 1);
    a = shown(id);
    assert_string_equal(t_text(&a, "/document/status"), "failed");
    assert_has(t_text(&a, "/document/error"), "no PDF");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_uploads"), 0);
}

/* ---------------------------------------------------------------- who, what */

static void roles_and_plans(void **state)
{
    (void)state;
    const char *id = uploaded("A", "Alpha");
    t_answer_t a = write_as("staff", "POST", NULL, "B", "Beta");
    assert_error(&a, 403, "role");
    a = write_as("staff", "DELETE", id, NULL, NULL);
    assert_error(&a, 403, "role");
    a = t_get_as(JOHN, DOWNTOWN, "staff", "knowledge.handle", "/api/knowledge", NULL);
    assert_status(&a, 200);
    a = t_get_as(JOHN, DOWNTOWN, "service_tech", "knowledge.handle", "/api/knowledge", NULL);
    assert_error(&a, 403, "role");
    a = t_get_as(UMA, UPTOWN, "admin", "knowledge.handle",
                 wk_printf(t_ctx.arena, "/api/knowledge/%s", id).data, NULL);
    assert_error(&a, 404, "not_found");

    t_sqlf("UPDATE organizations SET plan = 'FREE' WHERE id = '" DOWNTOWN "'");
    a = write_as("admin", "POST", NULL, "B", "Beta");
    assert_error(&a, 403, "plan");
    assert_string_equal(t_text(&a, "/currentPlan"), "FREE");
    assert_string_equal(t_text(&a, "/requiredPlan"), "BASIC");
    assert_has(t_text(&a, "/upgradeUrl"), "/admin/upgrade");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_documents"), 1);
}

static void refused_uploads(void **state)
{
    (void)state;
    static const struct {
        const char *body, *type;
        int status;
        const char *code;
    } cases[] = {
        {"{}", NULL, 400, "bad_request"},
        {"{\"title\": \"A\"}", NULL, 400, "bad_request"},
        {"{\"content\": \"A\"}", NULL, 400, "bad_request"},
        {"{\"title\": \"A\", \"content\": \"A\", \"source\": \"docx\"}", NULL, 415,
         "unsupported_media_type"},
        {"{\"title\": \"A\", \"content\": \"A\", \"language\": \"E1\"}", NULL, 400,
         "bad_request"},
        {"{\"title\": \"A\", \"content\": \"A\", \"tags\": [1]}", NULL, 400, "bad_request"},
        {"--b--", "multipart/form-data; boundary=b", 400, "bad_request"},
        {"nothing", "multipart/form-data; boundary=b", 400, "bad_request"},
        {"--b\r\nContent-Disposition: form-data; name=\"file\"; "
         "filename=\"x.exe\"\r\n\r\nMZ\r\n--b--",
         "multipart/form-data; boundary=b", 415, "unsupported_media_type"},
        {"text", "text/plain", 415, "unsupported_media_type"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        t_answer_t a = t_ask(&(t_ask_t){.type = "knowledge.handle",
                                        .method = "POST",
                                        .uri = "/api/knowledge",
                                        .body = cases[i].body,
                                        .content_type = cases[i].type,
                                        .claims = t_claims(DANA, DOWNTOWN, "admin"),
                                        .org = DOWNTOWN});
        assert_error(&a, cases[i].status, cases[i].code);
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM knowledge_documents"), 0);
}

/* ---------------------------------------------------------------- answers */

static void the_receptionist_answers_from_it(void **state)
{
    (void)state;
    const char *before = t_say(STRANGER, "can I rent a helmet");
    index_revision(uploaded("About us", PLAIN), 1);
    const char *after = t_say("+16475550124", "can I rent a helmet");
    assert_has_not(before, "five dollars");
    assert_string_equal(after, "We rent helmets for five dollars a day.");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages m, knowledge_chunks c"
                                " WHERE m.direction = 'outbound'"
                                "   AND m.citations -> 0 ->> 'chunk' = c.id::text"
                                "   AND m.citations -> 0 ->> 'document' = c.document_id::text"),
                     1);
    assert_string_equal(t_say("+16475550125", "purple monkey dishwasher"), before);

    t_sqlf("UPDATE knowledge_documents SET is_active = false");
    assert_string_equal(t_say("+16475550126", "can I rent a helmet"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_is_read_and_found),
        cmocka_unit_test(the_same_job_and_the_same_content_come_once),
        cmocka_unit_test(what_is_replaced_or_deleted_meanwhile_leaves_nothing),
        cmocka_unit_test(a_document_that_cannot_be_read_says_why),
        cmocka_unit_test(roles_and_plans),
        cmocka_unit_test(refused_uploads),
        cmocka_unit_test(the_receptionist_answers_from_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
