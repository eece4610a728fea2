-- Web sites the agent answers from: a document of its own, whose pages are documents too. What has
-- been read of one is here, so that a reading goes on wherever it was.

alter table voiceagent.knowledge_documents
    drop constraint knowledge_documents_source_check,
    add constraint knowledge_documents_source_check check (
        source in ('text', 'markdown', 'html', 'pdf', 'csv', 'xlsx', 'url', 'suggestion', 'site')),
    add column site_id uuid,  -- of a page
    add foreign key (organization_id, site_id)
        references voiceagent.knowledge_documents (organization_id, id) on delete cascade;
create index knowledge_documents_site on voiceagent.knowledge_documents (organization_id, site_id);
create unique index knowledge_documents_same_site
    on voiceagent.knowledge_documents (organization_id, source_url) where source = 'site';

-- A reading is the document's revision; each of its steps is one job.
create table voiceagent.knowledge_sites (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    document_id uuid not null,
    max_pages integer not null default 50 check (max_pages between 1 and 50),
    depth integer not null default 3 check (depth between 0 and 3),
    step integer not null default 0,
    robots text,                              -- of this reading; null: it is to be asked for
    tries integer not null default 0,         -- of asking for it
    pause_ms integer not null default 1000 check (pause_ms >= 0),
    began_at timestamptz not null default now(),
    next_at timestamptz not null default now(),  -- when its next step may be done
    primary key (organization_id, document_id),
    foreign key (organization_id, document_id)
        references voiceagent.knowledge_documents (organization_id, id) on delete cascade
);
grant select, insert, update, delete on voiceagent.knowledge_sites to va_app;
call voiceagent.isolate('voiceagent.knowledge_sites', read_from => 'staff');

create table voiceagent.knowledge_pages (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    site_id uuid not null,
    position bigint generated always as identity,
    url text not null check (octet_length(url) <= 2000),
    depth integer not null default 0 check (depth between 0 and 3),  -- links between it and the first page
    reading integer not null,                 -- the last one that found it
    -- read: its text is known, or it has none; skipped: it is not one to be known; failed: it could
    -- not be had, and what was known of it stays
    state text not null default 'waiting' check (state in ('waiting', 'read', 'skipped', 'failed')),
    note text,                                -- why, for the shop
    tries integer not null default 0,
    document_id uuid,
    sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),  -- of its title and text
    etag text,
    last_modified text,
    links voiceagent.json_list not null default '[]',
    primary key (organization_id, site_id, url),
    foreign key (organization_id, site_id)
        references voiceagent.knowledge_sites (organization_id, document_id) on delete cascade,
    foreign key (organization_id, document_id)
        references voiceagent.knowledge_documents (organization_id, id) on delete set null (document_id)
);
create index knowledge_pages_document on voiceagent.knowledge_pages (organization_id, document_id);
grant select, insert, update, delete on voiceagent.knowledge_pages to va_app;
call voiceagent.isolate('voiceagent.knowledge_pages', read_from => 'staff');
