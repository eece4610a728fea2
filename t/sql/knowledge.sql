-- Search by words and by meaning.
begin;
set local search_path = voiceagent, extensions, public;
select plan(24);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
insert into knowledge_documents (id, organization_id, title) values
    ('11111111-1111-4111-8111-111111111111', t.a(), 'Policies'), ('22222222-2222-4222-8222-222222222222', t.b(), 'Policies');
insert into knowledge_chunks (organization_id, document_id, position, language, heading, content, embedding, embedding_model) values
    (t.a(), '11111111-1111-4111-8111-111111111111', 0, 'en', 'Returns', 'Unridden bikes are returned within thirty days.', '{1,0,0}', 'm'),
    (t.a(), '11111111-1111-4111-8111-111111111111', 1, 'fr', 'Retours', 'Les vélos neufs sont repris ou échangés sous trente jours.', '{0.8,0.6,0}', 'm'),
    (t.a(), '11111111-1111-4111-8111-111111111111', 2, null, null, 'Öffnungszeiten', '{0,1,0}', 'm'),
    (t.a(), '11111111-1111-4111-8111-111111111111', 3, 'en', null, 'Another model', '{1,0,0}', 'n'),
    (t.a(), '11111111-1111-4111-8111-111111111111', 4, 'en', null, 'Another size', '{1,0}', 'm'),
    (t.b(), '22222222-2222-4222-8222-222222222222', 0, 'en', null, 'Secret of b', '{1,0,0}', 'm');

select is(cosine_similarity('{1,0}', '{2,0}'), 1::float8, 'the same direction');
select is(cosine_similarity('{1,0}', '{0,3}'), 0::float8, 'a right angle');
select is(cosine_similarity('{1,0}', '{-1,0}'), -1::float8, 'the opposite');
select is(cosine_similarity('{1,0}', '{1,0,0}'), null, 'another size cannot be compared');
select is(cosine_similarity('{0,0}', '{1,0}'), null, 'nothing has no direction');

create function pg_temp.nearest(query text, model text, n int) returns text language sql as $$
    select string_agg((x ->> 'position') || ':' || round((x ->> 'similarity')::numeric, 3), ' ')
      from jsonb_array_elements(t.app(t.a(), format(
        'select c.position, n.similarity from voiceagent.nearest_chunks(%L, %L, %s) n join voiceagent.knowledge_chunks c on c.id = n.chunk_id order by n.similarity desc', query, model, n))) x
$$;
select is(pg_temp.nearest('{1,0,0}', 'm', 5), '0:1.000 1:0.800 2:0.000', 'nearest first, of one model and size, of one shop');
select is(pg_temp.nearest('{1,0,0}', 'm', 1), '0:1.000', 'as many as asked');
select is(pg_temp.nearest('{1,0,0}', 'n', 5), '3:1.000', 'another model''s are not compared');

-- The size pgvector indexes, when the server has it: the same answers.
insert into knowledge_chunks (organization_id, document_id, position, content, embedding, embedding_model)
select t.a(), '11111111-1111-4111-8111-111111111111', 10 + i, 'big',
       array(select case when d = 1 then cos(i * 0.3) when d = 2 then sin(i * 0.3) else 0 end::real from generate_series(1, 1536) d), 'big'
  from generate_series(0, 4) i;
select is(pg_temp.nearest(array(select case d when 1 then 1 else 0 end::real from generate_series(1, 1536) d)::text, 'big', 3),
          '10:1.000 11:0.955 12:0.825', 'embeddings of 1536 dimensions');
-- With pgvector the two ways to find them agree.
insert into knowledge_chunks (organization_id, document_id, position, content, embedding, embedding_model)
select t.b(), '22222222-2222-4222-8222-222222222222', 10 + i, 'nearer', array(select case d when 1 then 1 else 0 end::real from generate_series(1, 1536) d), 'big'
  from generate_series(1, 100) i;
set local enable_seqscan = off;
set local enable_sort = off;
select case when to_regproc('voiceagent.nearest_chunks_by_index') is null
       then skip('pgvector 0.8 is not installed', 2)
       else collect_tap(
           ok('knowledge_chunks_embedding' = any (t.indexes_of(t.plan(t.a(), format(
              'select id from voiceagent.knowledge_chunks order by embedding_vector <=> %L limit 3', translate(q, '{}', '[]'))))), 'the index can be used'),
           is((select jsonb_path_query_array(t.app(t.a(), format('select chunk_id from voiceagent.nearest_chunks_by_index(%L, ''big'', 3)', q)), '$[*].chunk_id')),
              (select jsonb_path_query_array(t.app(t.a(), format('select chunk_id from voiceagent.nearest_chunks(%L, ''big'', 3)', q)), '$[*].chunk_id')),
              'and finds a shop''s chunks behind a hundred nearer ones of another'))
       end
  from (select array(select case d when 1 then 1 else 0 end::real from generate_series(1, 1536) d)::text) x (q);
set local enable_seqscan = on;
set local enable_sort = on;

create function pg_temp.found(query text, language_ text) returns text language sql as $$
    select string_agg(x ->> 'position', ' ') from jsonb_array_elements(t.app(t.a(), format(
        'select position from voiceagent.knowledge_chunks where words @@ websearch_to_tsquery(voiceagent.text_config(%L), %L) order by position', language_, query))) x
$$;
select is(pg_temp.found('return', 'en'), '0', 'English words by their stem, headings too');
select is(pg_temp.found('échanger', 'fr'), '1', 'French words by their stem');
select is(pg_temp.found('öffnungszeiten', null), '2', 'other languages word by word');
select is(pg_temp.found('secret', 'en'), null, 'nothing of another shop');
select throws_ok($$ update knowledge_chunks set embedding_model = null where embedding_model = 'n' $$, '23514', null, 'an embedding names its model');

-- Web sites.
insert into knowledge_documents (id, organization_id, title, source, source_url) values
    ('33333333-3333-4333-8333-333333333333', t.a(), 'Site', 'site', 'https://a.example/'),
    ('44444444-4444-4444-8444-444444444444', t.b(), 'Site', 'site', 'https://a.example/');
insert into knowledge_sites (organization_id, document_id) select organization_id, id from knowledge_documents where source = 'site';
insert into knowledge_documents (id, organization_id, title, site_id) values
    ('55555555-5555-4555-8555-555555555555', t.a(), 'Page', '33333333-3333-4333-8333-333333333333');
insert into knowledge_pages (organization_id, site_id, url, reading, document_id) values
    (t.a(), '33333333-3333-4333-8333-333333333333', 'https://a.example/', 1, '55555555-5555-4555-8555-555555555555'),
    (t.b(), '44444444-4444-4444-8444-444444444444', 'https://a.example/', 1, null);
select throws_ok($$ insert into knowledge_documents (organization_id, title, source, source_url) values (t.a(), 'Again', 'site', 'https://a.example/') $$,
                 '23505', null, 'a site is there once');
select throws_ok($$ insert into knowledge_documents (organization_id, title, site_id) values (t.a(), 'Page', '44444444-4444-4444-8444-444444444444') $$,
                 '23503', null, 'a page is of a site of its own shop');
select throws_ok($$ insert into knowledge_pages (organization_id, site_id, url, reading) values (t.a(), '44444444-4444-4444-8444-444444444444', 'x', 1) $$,
                 '23503', null, 'so is an address');
select throws_ok($$ update knowledge_pages set document_id = '22222222-2222-4222-8222-222222222222' where organization_id = t.a() $$,
                 '23503', null, 'and its document');
select is(t.app(t.a(), 'select count(*) as n from voiceagent.knowledge_pages') -> 0 ->> 'n', '1', 'a shop sees its own pages');
select throws_ok($$ update knowledge_sites set max_pages = 51 $$, '23514', null, 'fifty pages at most');
delete from knowledge_documents where id = '55555555-5555-4555-8555-555555555555';
select is((select document_id from knowledge_pages where organization_id = t.a()), null, 'a page outlives its document');
delete from knowledge_documents where id = '33333333-3333-4333-8333-333333333333';
select is((select string_agg(organization_id::text, ' ') from knowledge_pages), t.b()::text, 'with its site all of it goes');
select * from finish();
rollback;
