-- Search by words and by meaning.
begin;
set local search_path = voiceagent, extensions, public;
select plan(16);
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
select * from finish();
rollback;
