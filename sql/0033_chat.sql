-- The chat on a shop's web site: the keys its pages carry, and who writes there.

-- A key stands in the shop's pages, but a copy of the database shall not name it. Several may
-- hold at once, so that pages and key need not change in the same moment.
create table voiceagent.widget_keys (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    key_sha256 text not null check (key_sha256 ~ '^[0-9a-f]{64}$'),
    expires_at timestamptz,  -- null: until another takes its place
    created_at timestamptz not null default now(),
    primary key (organization_id, key_sha256)
);
grant select, insert, update, delete on voiceagent.widget_keys to va_app;
call voiceagent.isolate('voiceagent.widget_keys');

alter table voiceagent.organizations no force row level security;
alter table voiceagent.widget_keys no force row level security;
insert into voiceagent.widget_keys (organization_id, key_sha256)
select id, encode(sha256(convert_to(widget_key, 'UTF8')), 'hex') from voiceagent.organizations
 where widget_key is not null;
alter table voiceagent.organizations force row level security;
alter table voiceagent.widget_keys force row level security;
alter table voiceagent.organizations drop column widget_key;

-- What somebody said of himself in a chat, name, e-mail and number, is written down here and
-- proves nothing. state is where that talk stands, and never the customer's.
alter table voiceagent.chat_sessions
    add column token_sha256 text not null check (token_sha256 ~ '^[0-9a-f]{64}$'),
    add column name text,
    add column email voiceagent.email_address,
    add column phone_number voiceagent.phone_number,
    add constraint chat_sessions_token unique (organization_id, token_sha256);

-- A session that tells its number late: what it has left so far goes from the lead it had of its
-- own to the number's. Nothing but the session ever led to that lead.
create function voiceagent.chat_tells_number(session uuid, number_lead uuid) returns void
language plpgsql as $$
declare
    own uuid := (select customer_id from voiceagent.chat_sessions where id = session);
begin
    update voiceagent.chat_sessions set customer_id = number_lead where id = session;
    update voiceagent.messages set customer_id = number_lead where customer_id = own;
    update voiceagent.tasks set customer_id = number_lead where customer_id = own;
    update voiceagent.appointments set customer_id = number_lead where customer_id = own;
    update voiceagent.customers n set notes = nullif(concat_ws(E'\n', n.notes, o.notes), '')
      from voiceagent.customers o where n.id = number_lead and o.id = own;
    delete from voiceagent.customers where id = own;
end
$$;

grant select (widget_origins) on voiceagent.organizations to va_directory;

-- Whether pages of that origin may ask at all: before it asks, a browser names no shop.
create function voiceagent.is_widget_origin(origin text) returns boolean
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select exists (select from voiceagent.organizations o
                    where o.is_active and is_widget_origin.origin = any (o.widget_origins))
$$;
call voiceagent.hand_to_directory('voiceagent.is_widget_origin(text)', '{va_app}');
