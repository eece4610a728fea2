#include "worker/store/knowledge_sites.h"

/* clang-format off */

#define TAGS(list) \
    "(SELECT array_agg(t) FROM jsonb_array_elements_text(" list "::jsonb) t)"

const wk_sql_t wk_sql_site_lock = {"site_lock", "SELECT lock_key('knowledge_sites:' || current_organization()::text)", 0};

const wk_sql_t wk_sql_site_insert = {
    "site_insert",
    "WITH d AS ("
    "    INSERT INTO knowledge_documents (organization_id, title, source, source_url, language, tags,"
    "                                     created_by)"
    "    SELECT current_organization(), $1, 'site', $2, $3, coalesce(" TAGS("$4") ", '{}'),"
    "           (SELECT id FROM users WHERE id = uuid_or_null($5))"
    "     WHERE (SELECT count(*) FROM knowledge_sites) < $8::int"
    "    RETURNING id, revision)"
    " INSERT INTO knowledge_sites (organization_id, document_id, max_pages, depth)"
    " SELECT current_organization(), d.id, coalesce($6::int, 50), coalesce($7::int, 3) FROM d"
    " RETURNING document_id AS id, (SELECT revision FROM d) AS revision, step",
    8};

const wk_sql_t wk_sql_site_refresh = {
    "site_refresh",
    "WITH d AS ("
    "    UPDATE knowledge_documents d SET status = 'processing', error = NULL, revision = revision + 1"
    "      FROM knowledge_sites s"
    "     WHERE d.id = $1::uuid AND s.document_id = d.id"
    "       AND (d.status <> 'processing' OR s.next_at < now() - interval '10 minutes')"
    "    RETURNING d.id, d.revision, d.source_url)"
    " UPDATE knowledge_sites s"
    "    SET step = s.step + 1, robots = NULL, tries = 0, began_at = now(), next_at = now()"
    "   FROM d WHERE s.document_id = d.id RETURNING d.id, d.revision, s.step, d.source_url AS url",
    1};

const wk_sql_t wk_sql_site_first = {
    "site_first",
    "INSERT INTO knowledge_pages (organization_id, site_id, url, reading)"
    " VALUES (current_organization(), $1::uuid, $3, $2::int)"
    " ON CONFLICT (organization_id, site_id, url)"
    " DO UPDATE SET reading = excluded.reading, state = 'waiting', depth = 0, tries = 0, note = NULL",
    3};

const wk_sql_t wk_sql_site_step = {
    "site_step",
    "SELECT greatest(0, ceil(extract(epoch FROM s.next_at - now()) * 1000))::bigint AS wait_ms,"
    "       s.began_at < now() - interval '1 hour' AS over, d.source_url AS url, d.language,"
    "       o.language AS shop_language, array_to_json(o.languages) AS languages, s.robots, s.tries,"
    "       s.max_pages, s.depth, p.url AS page, p.depth AS page_depth, p.tries AS page_tries,"
    "       p.etag, p.last_modified, p.document_id AS document"
    "  FROM knowledge_sites s"
    "  JOIN knowledge_documents d ON d.id = s.document_id"
    "  JOIN organizations o ON o.id = d.organization_id"
    "  LEFT JOIN LATERAL (SELECT * FROM knowledge_pages w"
    "                      WHERE w.site_id = s.document_id AND w.reading = d.revision"
    "                        AND w.state = 'waiting'"
    "                      ORDER BY w.tries, w.depth, w.position LIMIT 1) p ON true"
    " WHERE s.document_id = $1::uuid AND d.revision = $2::int AND s.step = $3::int"
    "   AND d.status = 'processing'",
    3};

const wk_sql_t wk_sql_site_done = {
    "site_done",
    "UPDATE knowledge_sites s"
    "   SET step = s.step + 1,"
    "       next_at = now() + coalesce($4::int, s.pause_ms) * interval '1 millisecond'"
    "  FROM knowledge_documents d"
    " WHERE d.id = s.document_id AND s.document_id = $1::uuid AND d.revision = $2::int"
    "   AND s.step = $3::int AND d.status = 'processing' RETURNING s.step",
    4};

const wk_sql_t wk_sql_site_robots = {
    "site_robots",
    "UPDATE knowledge_sites SET robots = $2, pause_ms = $3::int, tries = tries + 1"
    " WHERE document_id = $1::uuid",
    3};

const wk_sql_t wk_sql_page_again = {
    "page_again",
    "UPDATE knowledge_pages SET tries = tries + 1 WHERE site_id = $1::uuid AND url = $2", 2};

const wk_sql_t wk_sql_page_without_text = {
    "page_without_text",
    "UPDATE knowledge_pages SET state = $3, note = $4 WHERE site_id = $1::uuid AND url = $2", 4};

const wk_sql_t wk_sql_page_forget = {
    "page_forget",
    "WITH p AS (UPDATE knowledge_pages SET sha256 = NULL, etag = NULL, last_modified = NULL, links = '[]'"
    "            WHERE site_id = $1::uuid AND url = $2 RETURNING document_id)"
    " DELETE FROM knowledge_documents d USING p WHERE d.id = p.document_id",
    2};

const wk_sql_t wk_sql_page_same = {
    "page_same",
    "UPDATE knowledge_pages SET state = 'read', note = NULL WHERE site_id = $1::uuid AND url = $2"
    " RETURNING links",
    2};

const wk_sql_t wk_sql_page_twin = {
    "page_twin",
    "SELECT url FROM knowledge_pages"
    " WHERE site_id = $1::uuid AND url <> $2 AND reading = $3::int AND state = 'read'"
    "   AND sha256 = $4 LIMIT 1",
    4};

const wk_sql_t wk_sql_page_document_change = {
    "page_document_change",
    "UPDATE knowledge_documents d"
    "   SET title = $4, source = $5, content_type = $6, bytes = $7::int, content = $8,"
    "       language = $9, status = 'indexed', error = NULL, indexed_at = now(),"
    "       revision = d.revision + 1"
    "  FROM knowledge_pages p"
    " WHERE p.site_id = $1::uuid AND p.url = $2 AND d.id = p.document_id"
    "   AND p.sha256 IS DISTINCT FROM $3 RETURNING d.id, d.revision",
    9};

const wk_sql_t wk_sql_page_document_insert = {
    "page_document_insert",
    "INSERT INTO knowledge_documents (organization_id, site_id, source_url, title, source,"
    "                                 content_type, bytes, content, language, status, indexed_at,"
    "                                 tags, is_active, created_by)"
    " SELECT current_organization(), s.id, $2, $4, $5, $6, $7::int, $8, $9, 'indexed', now(),"
    "        s.tags, s.is_active, s.created_by"
    "   FROM knowledge_documents s JOIN knowledge_pages p ON p.site_id = s.id AND p.url = $2"
    "  WHERE s.id = $1::uuid AND p.document_id IS NULL AND $3::text IS NOT NULL"
    " RETURNING id, revision",
    9};

const wk_sql_t wk_sql_page_read = {
    "page_read",
    "UPDATE knowledge_pages"
    "   SET state = 'read', note = NULL, document_id = coalesce($3::uuid, document_id), sha256 = $4,"
    "       etag = $5, last_modified = $6, links = $7::jsonb"
    " WHERE site_id = $1::uuid AND url = $2",
    7};

const wk_sql_t wk_sql_site_links = {
    "site_links",
    "INSERT INTO knowledge_pages (organization_id, site_id, url, depth, reading)"
    " SELECT current_organization(), $1::uuid, l.url, $3::int, $2::int"
    "   FROM (SELECT url, min(n) AS n FROM jsonb_array_elements_text($4::jsonb)"
    "           WITH ORDINALITY AS x (url, n) GROUP BY url) l"
    "  WHERE NOT EXISTS (SELECT FROM knowledge_pages p"
    "                     WHERE p.site_id = $1::uuid AND p.url = l.url AND p.reading = $2::int)"
    "  ORDER BY l.n"
    "  LIMIT (SELECT greatest(0, s.max_pages - (SELECT count(*) FROM knowledge_pages p"
    "                                            WHERE p.site_id = $1::uuid AND p.reading = $2::int))"
    "           FROM knowledge_sites s WHERE s.document_id = $1::uuid)"
    " ON CONFLICT (organization_id, site_id, url)"
    " DO UPDATE SET reading = excluded.reading, state = 'waiting', depth = excluded.depth, tries = 0,"
    "               note = NULL",
    4};

/* The first page was read, and none is missing for another reason than its own. */
#define COMPLETE \
    "EXISTS (SELECT FROM knowledge_pages f WHERE f.site_id = $1::uuid AND f.reading = $2::int" \
    "           AND f.depth = 0 AND f.state = 'read')" \
    " AND NOT EXISTS (SELECT FROM knowledge_pages f WHERE f.site_id = $1::uuid" \
    "                    AND f.reading = $2::int AND f.state IN ('waiting', 'failed'))"

const wk_sql_t wk_sql_site_forget_documents = {
    "site_forget_documents",
    "DELETE FROM knowledge_documents d USING knowledge_pages p"
    " WHERE p.site_id = $1::uuid AND p.reading < $2::int AND d.id = p.document_id AND " COMPLETE,
    2};

const wk_sql_t wk_sql_site_forget_pages = {
    "site_forget_pages",
    "DELETE FROM knowledge_pages p"
    " WHERE p.site_id = $1::uuid AND p.reading < $2::int AND " COMPLETE,
    2};

const wk_sql_t wk_sql_site_finish = {
    "site_finish",
    "UPDATE knowledge_documents d"
    "   SET status = CASE WHEN k.known THEN 'indexed' ELSE 'failed' END,"
    "       error = coalesce($3,"
    "           (SELECT p.note FROM knowledge_pages p"
    "             WHERE p.site_id = d.id AND p.reading = d.revision AND p.note IS NOT NULL"
    "               AND (p.state = 'failed' OR NOT k.known)"
    "             ORDER BY p.depth, p.position DESC LIMIT 1),"
    "           CASE WHEN NOT k.known THEN 'No page of the site holds text.' END),"
    "       indexed_at = CASE WHEN k.known THEN now() ELSE d.indexed_at END"
    "  FROM (SELECT EXISTS (SELECT FROM knowledge_documents p WHERE p.site_id = $1::uuid) AS known) k"
    " WHERE d.id = $1::uuid AND d.revision = $2::int AND d.status = 'processing'",
    3};
