-- Documents on their way: what was uploaded waits here until its text is read.

alter table voiceagent.knowledge_documents drop constraint knowledge_documents_status_check;
update voiceagent.knowledge_documents set status = 'processing' where status = 'pending';
alter table voiceagent.knowledge_documents
    alter column status set default 'processing',
    add constraint knowledge_documents_status check (status in ('processing', 'indexed', 'failed')),
    -- raised by each replacement, so that work begun for an older text comes to nothing
    add column revision integer not null default 1 check (revision > 0);
-- The same content twice would take two of the places an answer is made from.
create unique index knowledge_documents_same on voiceagent.knowledge_documents (organization_id, sha256);

create table voiceagent.knowledge_uploads (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    document_id uuid not null,
    content bytea not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, document_id),
    foreign key (organization_id, document_id)
        references voiceagent.knowledge_documents (organization_id, id) on delete cascade
);
grant select, insert, update, delete on voiceagent.knowledge_uploads to va_app;
call voiceagent.isolate('voiceagent.knowledge_uploads');

-- The embeddings of what was asked lately; the question itself is not kept.
create table voiceagent.knowledge_questions (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    model text not null,
    digest text not null check (digest ~ '^[0-9a-f]{64}$'),
    embedding real[] not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, model, digest)
);
create index knowledge_questions_created on voiceagent.knowledge_questions (organization_id, created_at);
grant select, insert, update, delete on voiceagent.knowledge_questions to va_app;
call voiceagent.isolate('voiceagent.knowledge_questions');

-- What part of the asked words, 0 to 1, a text has.
create function voiceagent.words_covered(asked text[], words tsvector) returns double precision
language sql immutable parallel safe as $$
    select cardinality(array(select unnest(asked) intersect select unnest(tsvector_to_array(words))))::float8
           / nullif(cardinality(asked), 0)
$$;
