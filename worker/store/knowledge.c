#include "worker/store/knowledge.h"

#include "worker/store/sql.h"

/* clang-format off */

#define ENTRY \
    "d.id, d.organization_id, d.title, d.source, d.filename, d.content_type, d.bytes," \
    "d.source_url AS url, d.site_id AS site, d.language, d.status, d.error, d.tags, d.is_active, d.revision," \
    "(SELECT count(*) FROM knowledge_chunks c WHERE c.document_id = d.id) AS chunks," \
    "(SELECT count(c.embedding_model) FROM knowledge_chunks c WHERE c.document_id = d.id)" \
    " AS embedded_chunks," \
    "CASE WHEN d.source = 'site' THEN" \
    "    (SELECT count(*) FROM knowledge_documents p WHERE p.site_id = d.id) END AS pages," \
    WK_SQL_ISO("d.indexed_at") " AS indexed_at," \
    WK_SQL_ISO("d.created_at") " AS created_at," WK_SQL_ISO("d.updated_at") " AS updated_at"

#define TAGS(list) \
    "(SELECT array_agg(t) FROM jsonb_array_elements_text(" list "::jsonb) t)"

const wk_sql_t wk_sql_knowledge = {
    "knowledge",
    "SELECT row_to_json(l) AS item, " WK_SQL_KEY("d.updated_at", "d.id")
    "  FROM knowledge_documents d, LATERAL (SELECT " ENTRY ") l"
    " WHERE d.organization_id = current_organization()"
    "   AND " WK_SQL_OLDER("d.updated_at", "d.id", "$2", "$3")
    "   AND " WK_SQL_BETWEEN("d.updated_at", "$6", "$7", "$8", "$9")
    "   AND ($4::text IS NULL OR d.status = $4)"
    "   AND ($5::text IS NULL OR strpos(lower(d.title), lower($5)) > 0"
    "        OR strpos(lower(d.filename), lower($5)) > 0"
    "        OR EXISTS (SELECT FROM knowledge_chunks c WHERE c.document_id = d.id"
    "                      AND c.words @@ plainto_tsquery(text_config(c.language), $5)))"
    " ORDER BY d.updated_at DESC, d.id DESC LIMIT $1::int",
    9};

const wk_sql_t wk_sql_knowledge_document = {
    "knowledge_document",
    "SELECT row_to_json(l) AS item"
    "  FROM knowledge_documents d,"
    "       LATERAL (SELECT " ENTRY ", left(d.content, $2::int) AS content,"
    "                       coalesce(length(d.content) <= $2::int, false) AS content_complete,"
    "                       (SELECT json_agg(json_build_object("
    "                            'url', p.url, 'depth', p.depth, 'state', p.state, 'note', p.note,"
    "                            'document', p.document_id) ORDER BY p.depth, p.position)"
    "                          FROM knowledge_pages p WHERE p.site_id = d.id) AS site_pages) l"
    " WHERE d.id = $1::uuid",
    2};

const wk_sql_t wk_sql_knowledge_insert = {
    "knowledge_insert",
    "INSERT INTO knowledge_documents (organization_id, title, source, filename, content_type,"
    "                                 bytes, sha256, language, tags, created_by)"
    " VALUES (current_organization(), $1, $2, $3, $4, $5::int, $6, $7,"
    "         coalesce(" TAGS("$8") ", '{}'),"
    "         (SELECT id FROM users WHERE id = uuid_or_null($9)))"
    " RETURNING id, revision",
    9};

const wk_sql_t wk_sql_knowledge_replace = {
    "knowledge_replace",
    "UPDATE knowledge_documents"
    "   SET title = coalesce($1, title), source = $2, filename = coalesce($3, filename),"
    "       content_type = $4, bytes = $5::int, sha256 = $6, language = coalesce($7, language),"
    "       tags = CASE WHEN $8::text IS NULL THEN tags ELSE coalesce(" TAGS("$8") ", '{}') END,"
    "       created_by = coalesce((SELECT id FROM users WHERE id = uuid_or_null($9)), created_by),"
    "       status = 'processing', error = NULL, revision = revision + 1"
    " WHERE id = $10::uuid RETURNING id, revision",
    10};

const wk_sql_t wk_sql_knowledge_change = {
    "knowledge_change",
    "UPDATE knowledge_documents"
    "   SET title = CASE WHEN id = $1::uuid THEN coalesce($2, title) ELSE title END,"
    "       is_active = coalesce($4::boolean, is_active),"
    "       tags = CASE WHEN $3::text IS NULL THEN tags ELSE coalesce(" TAGS("$3") ", '{}') END"
    " WHERE id = $1::uuid OR site_id = $1::uuid"
    " RETURNING id, source = 'site' OR site_id IS NOT NULL AS of_site",
    4};

const wk_sql_t wk_sql_knowledge_upload = {
    "knowledge_upload",
    "INSERT INTO knowledge_uploads (organization_id, document_id, content)"
    " VALUES (current_organization(), $1::uuid, decode($2, 'base64'))"
    " ON CONFLICT (organization_id, document_id) DO UPDATE SET content = excluded.content",
    2};

const wk_sql_t wk_sql_knowledge_delete = {
    "knowledge_delete",
    "DELETE FROM knowledge_documents WHERE id = $1::uuid RETURNING id, site_id IS NOT NULL AS of_site",
    1};

const wk_sql_t wk_sql_knowledge_waiting = {
    "knowledge_waiting",
    "SELECT d.source, d.language, o.language AS shop_language,"
    "       array_to_json(o.languages) AS languages,"
    "       translate(encode(u.content, 'base64'), E'\\n', '') AS content"
    "  FROM knowledge_documents d"
    "  JOIN knowledge_uploads u ON u.document_id = d.id"
    "  JOIN organizations o ON o.id = d.organization_id"
    " WHERE d.id = $1::uuid AND d.revision = $2::int AND d.status = 'processing'",
    2};

const wk_sql_t wk_sql_knowledge_read = {
    "knowledge_read",
    "UPDATE knowledge_documents"
    "   SET status = 'indexed', content = $3, language = $4, error = NULL, indexed_at = now()"
    " WHERE id = $1::uuid AND revision = $2::int AND status = 'processing' RETURNING id",
    4};

const wk_sql_t wk_sql_knowledge_failed = {
    "knowledge_failed",
    "UPDATE knowledge_documents SET status = 'failed', error = $3"
    " WHERE id = $1::uuid AND revision = $2::int AND status = 'processing' RETURNING id",
    3};

const wk_sql_t wk_sql_knowledge_forget_chunks = {
    "knowledge_forget_chunks", "DELETE FROM knowledge_chunks WHERE document_id = $1::uuid", 1};

const wk_sql_t wk_sql_knowledge_forget_upload = {
    "knowledge_forget_upload", "DELETE FROM knowledge_uploads WHERE document_id = $1::uuid", 1};

const wk_sql_t wk_sql_knowledge_chunks = {
    "knowledge_chunks",
    "INSERT INTO knowledge_chunks (organization_id, document_id, position, heading, content,"
    "                              language)"
    " SELECT current_organization(), $1::uuid, c.position, c.heading, c.content, $2"
    "   FROM jsonb_to_recordset($3::jsonb) AS c (position int, heading text, content text)",
    3};

const wk_sql_t wk_sql_knowledge_not_embedded = {
    "knowledge_not_embedded",
    "SELECT c.id, concat_ws(E'\\n', c.heading, c.content) AS text"
    "  FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id"
    " WHERE c.document_id = $1::uuid AND d.revision = $2::int"
    "   AND c.embedding_model IS DISTINCT FROM $3"
    " ORDER BY c.position LIMIT $4::int",
    4};

const wk_sql_t wk_sql_knowledge_embed = {
    "knowledge_embed",
    "UPDATE knowledge_chunks c SET embedding = e.embedding::real[], embedding_model = $1"
    "  FROM jsonb_to_recordset($2::jsonb) AS e (id uuid, embedding text)"
    " WHERE c.id = e.id",
    2};

const wk_sql_t wk_sql_knowledge_question = {
    "knowledge_question",
    "SELECT EXISTS (SELECT FROM knowledge_chunks WHERE embedding_model = $1) AS embedded,"
    "       (SELECT embedding FROM knowledge_questions"
    "         WHERE model = $1 AND digest = $2 AND created_at > now() - interval '7 days')"
    "       AS embedding",
    2};

const wk_sql_t wk_sql_knowledge_question_keep = {
    "knowledge_question_keep",
    "INSERT INTO knowledge_questions (organization_id, model, digest, embedding)"
    " VALUES (current_organization(), $1, $2, $3::real[])"
    " ON CONFLICT (organization_id, model, digest)"
    " DO UPDATE SET embedding = excluded.embedding, created_at = now()",
    3};

const wk_sql_t wk_sql_knowledge_questions_forget = {
    "knowledge_questions_forget",
    "DELETE FROM knowledge_questions WHERE created_at <= now() - interval '7 days'", 0};

/*
 * By words, in each language's own dictionary, and by meaning; a passage's place in both counts
 * (reciprocal rank fusion). Of the passage, the sentence that has most of the words; behind a
 * question stands its answer.
 */
const wk_sql_t wk_sql_knowledge_search = {
    "knowledge_search",
    "WITH known AS MATERIALIZED ("
    "    SELECT c.id, c.words, c.language FROM knowledge_chunks c"
    "      JOIN knowledge_documents d ON d.id = c.document_id WHERE d.is_active),"
    " asked AS MATERIALIZED ("
    "    SELECT l.language, text_config(l.language) AS config,"
    "           tsvector_to_array(to_tsvector(text_config(l.language), $1)) AS words,"
    "           replace(plainto_tsquery(text_config(l.language), $1)::text, ' & ', ' | ')::tsquery"
    "           AS any_word"
    "      FROM (SELECT DISTINCT language FROM known) l),"
    " by_words AS ("
    "    SELECT id, has, row_number() OVER (ORDER BY has DESC, rank DESC, id) AS place"
    "      FROM (SELECT k.id, words_covered(a.words, k.words) AS has,"
    "                   ts_rank(k.words, a.any_word) AS rank"
    "              FROM known k JOIN asked a ON a.language IS NOT DISTINCT FROM k.language"
    "             WHERE k.words @@ a.any_word) w"
    "     WHERE has >= $4::float8 ORDER BY place LIMIT 20),"
    " by_meaning AS ("
    "    SELECT n.chunk_id AS id, n.similarity,"
    "           row_number() OVER (ORDER BY n.similarity DESC, n.chunk_id) AS place"
    "      FROM nearest_chunks($2::real[], $3, 20) n JOIN known k ON k.id = n.chunk_id"
    "     WHERE $2::text IS NOT NULL AND n.similarity >= $5::float8),"
    " best AS ("
    "    SELECT id, w.has, m.similarity,"
    "           coalesce(1.0 / (60 + w.place), 0) + coalesce(1.0 / (60 + m.place), 0) AS score"
    "      FROM by_words w FULL JOIN by_meaning m USING (id)"
    "     ORDER BY score DESC, id LIMIT $6::int)"
    " SELECT c.id AS chunk, c.document_id AS document, d.title, c.heading, c.content,"
    "        s.sentence, s.has AS sentence_has, b.has, b.similarity"
    "   FROM best b JOIN knowledge_chunks c USING (id)"
    "   JOIN knowledge_documents d ON d.id = c.document_id"
    "   JOIN asked a ON a.language IS NOT DISTINCT FROM c.language"
    "  CROSS JOIN LATERAL ("
    "    SELECT t.sentence || CASE WHEN t.sentence ~ '[?]$' THEN ' ' || coalesce(t.next, '')"
    "                              ELSE '' END AS sentence,"
    "           words_covered(a.words, to_tsvector(a.config, concat_ws(' ', c.heading, t.sentence)))"
    "           AS has"
    "      FROM (SELECT p.sentence, p.n, lead(p.sentence) OVER (ORDER BY p.n) AS next"
    "              FROM regexp_split_to_table(c.content, '(?<=[.!?])\\s+|\\n+')"
    "                   WITH ORDINALITY p (sentence, n)) t"
    "     ORDER BY 2 DESC NULLS LAST,"
    "              words_covered(a.words, to_tsvector(a.config, t.sentence)) DESC NULLS LAST, t.n"
    "     LIMIT 1) s"
    "  ORDER BY b.score DESC, c.id",
    6};
