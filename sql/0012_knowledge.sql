-- What the agent knows: documents, cut into chunks that are searched by words
-- and, when they were embedded, by meaning.

create table voiceagent.knowledge_documents (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    title text not null check (btrim(title) <> ''),
    source text not null default 'text' check (
        source in ('text', 'markdown', 'html', 'pdf', 'csv', 'xlsx', 'url', 'suggestion')),
    source_url text,
    filename text,
    content_type text,
    content text,
    sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
    bytes integer check (bytes >= 0),
    language voiceagent.language_code,
    status text not null default 'pending' check (status in ('pending', 'indexed', 'failed')),
    error text,
    tags text[] not null default '{}',
    is_active boolean not null default true,
    created_by uuid,
    indexed_at timestamptz,
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, created_by)
        references voiceagent.users (organization_id, id) on delete set null (created_by)
);
create index knowledge_documents_updated on voiceagent.knowledge_documents (organization_id, updated_at desc, id desc);
create index knowledge_documents_created_by on voiceagent.knowledge_documents (organization_id, created_by);
grant select, insert, update, delete on voiceagent.knowledge_documents to va_app;
call voiceagent.isolate('voiceagent.knowledge_documents', read_from => 'staff', write_from => 'manager');

-- The dictionary by which a language's words are stemmed.
create function voiceagent.text_config(language text) returns regconfig
language sql immutable parallel safe as $$
    select case language
        when 'en' then 'pg_catalog.english'::regconfig
        when 'fr' then 'pg_catalog.french'::regconfig
        when 'es' then 'pg_catalog.spanish'::regconfig
        else 'pg_catalog.simple'::regconfig
    end
$$;

create table voiceagent.knowledge_chunks (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    document_id uuid not null,
    position integer not null check (position >= 0),
    heading text,
    content text not null,
    language voiceagent.language_code,
    words tsvector generated always as (
        to_tsvector(voiceagent.text_config(language), coalesce(heading, '') || ' ' || content)) stored,
    embedding real[],
    embedding_model text,
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint knowledge_chunks_position unique (organization_id, document_id, position),
    check ((embedding is null) = (embedding_model is null)),
    foreign key (organization_id, document_id)
        references voiceagent.knowledge_documents (organization_id, id) on delete cascade
);
grant select, insert, update, delete on voiceagent.knowledge_chunks to va_app;
call voiceagent.isolate('voiceagent.knowledge_chunks', read_from => 'staff');

-- 1 for the same direction, 0 for unrelated; null when the dimensions differ.
create function voiceagent.cosine_similarity(a real[], b real[]) returns double precision
language sql immutable strict parallel safe as $$
    select case when cardinality(a) = cardinality(b) then
               (select sum(x::float8 * y) / nullif(sqrt(sum(x::float8 * x)) * sqrt(sum(y::float8 * y)), 0)
                  from unnest(a, b) as v (x, y))
           end
$$;

-- The chunks nearest to an embedding of the same model, compared one by one: exact,
-- and fast enough for the thousands of chunks a shop has.
create function voiceagent.nearest_chunks(
    query real[], model text, n integer, out chunk_id uuid, out similarity double precision)
returns setof record
language sql stable as $$
    select c.id, voiceagent.cosine_similarity(c.embedding, query)
      from voiceagent.knowledge_chunks c
     where c.embedding_model = model and cardinality(c.embedding) = cardinality(query)
     order by 2 desc limit n
$$;

-- With pgvector the same function, faster. Its index holds the chunks of all shops
-- and is filtered afterwards, so that a small shop's could be missed: it is used for
-- shops with more chunks than a scan of it looks at (hnsw.max_scan_tuples) alone.
-- Before 0.8 it could not go on looking at all.
do $$
begin
    if not exists (select from pg_extension
                    where extname = 'vector' and string_to_array(extversion, '.')::int[] >= '{0,8}') then
        return;
    end if;
    set local search_path = voiceagent, extensions, public;
    perform '[1]'::vector; -- loads the library and with it the setting below

    -- 1536: text-embedding-3-small; embeddings of other sizes have no vector.
    alter table knowledge_chunks add column embedding_vector vector(1536)
        generated always as (case when cardinality(embedding) = 1536 then embedding::vector(1536) end) stored;
    create index knowledge_chunks_embedding on knowledge_chunks using hnsw (embedding_vector vector_cosine_ops);

    create function voiceagent.nearest_chunks_by_index(
        query real[], model text, n integer, out chunk_id uuid, out similarity double precision)
    returns setof record language sql stable
    set search_path = voiceagent, extensions, public
    set hnsw.iterative_scan = strict_order as $f$
        select c.id, 1 - (c.embedding_vector <=> query::vector(1536))
          from knowledge_chunks c
         where c.embedding_model = model
         order by c.embedding_vector <=> query::vector(1536) limit n
    $f$;

    create or replace function voiceagent.nearest_chunks(
        query real[], model text, n integer, out chunk_id uuid, out similarity double precision)
    returns setof record language plpgsql stable
    set search_path = voiceagent, extensions, public as $f$
    begin
        if cardinality(query) <> 1536 then
            return query select c.id, cosine_similarity(c.embedding, query)
                           from knowledge_chunks c
                          where c.embedding_model = model and cardinality(c.embedding) = cardinality(query)
                          order by 2 desc limit n;
        elsif (select count(*) from knowledge_chunks) > 20000 then
            return query select * from nearest_chunks_by_index(query, model, n);
        else
            return query select c.id, 1 - (c.embedding_vector <=> query::vector(1536))
                           from knowledge_chunks c
                          where c.embedding_model = model and c.embedding_vector is not null
                          order by 2 desc limit n;
        end if;
    end $f$;
end
$$;
