-- Deletion requests: all that is known of a person goes at once, and a receipt stays.

alter table voiceagent.erasures
    add column customer_id uuid,  -- no foreign key: it goes before the request is done
    add column email voiceagent.email_address,
    add column found text[] not null default '{}',  -- ids and addresses of the person, only until it is done
    drop constraint erasures_check,
    add constraint erasures_forgets check (
        state not in ('done', 'failed')
        or (phone_number is null and email is null and customer_id is null and found = '{}'
            and finished_at is not null));
create index erasures_open on voiceagent.erasures (organization_id, requested_at) where state in ('requested', 'running');

-- What others hold of the person: each is asked for once, and by its reference.
create table voiceagent.erasure_requests (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    erasure_id uuid not null,
    vendor text not null check (vendor in ('twilio', 'elevenlabs', 'hubspot', 'shopify', 'google_calendar')),
    kind text not null check (kind in ('call', 'message', 'conversation', 'contact', 'customer', 'event')),
    reference text not null,
    -- refused: for good, and why is in answer; by_hand: nobody but the shop can ask for it
    state text not null default 'open' check (state in ('open', 'done', 'refused', 'by_hand')),
    answer text,
    answered_at timestamptz,
    primary key (organization_id, erasure_id, vendor, kind, reference),
    foreign key (organization_id, erasure_id)
        references voiceagent.erasures (organization_id, id) on delete cascade
);
grant select, insert, update on voiceagent.erasure_requests to va_app;
call voiceagent.isolate('voiceagent.erasure_requests', read_from => 'admin');
-- Whatever is told of a call asks first whether its person was erased.
create index erasure_requests_reference on voiceagent.erasure_requests (organization_id, kind, reference);

-- A "no" outlives the person's data, as a hash with a key that Supabase clients cannot read.
create table voiceagent.subject_keys (
    organization_id uuid primary key references voiceagent.organizations (id) on delete cascade,
    key bytea not null default sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))
);
grant select, insert on voiceagent.subject_keys to va_app;
call voiceagent.isolate('voiceagent.subject_keys');

create table voiceagent.kept_refusals (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    channel text not null,
    address_hash bytea not null,
    occurred_at timestamptz not null,
    primary key (organization_id, channel, address_hash)
);
grant select, insert, update, delete on voiceagent.kept_refusals to va_app;
call voiceagent.isolate('voiceagent.kept_refusals');

create function voiceagent.address_hash(organization uuid, channel text, address text) returns bytea
language sql stable as $$
    select sha256(k.key || convert_to(address_hash.channel || ' ' || address_hash.address, 'UTF8'))
      from voiceagent.subject_keys k where k.organization_id = address_hash.organization
$$;

-- Supabase clients write customers too, and read neither hashes nor the key.
create policy directory on voiceagent.subject_keys for select to va_directory using (true);
grant select on voiceagent.subject_keys to va_directory;
create policy directory on voiceagent.kept_refusals to va_directory using (true) with check (true);
grant select, delete on voiceagent.kept_refusals to va_directory;
create policy directory on voiceagent.consents for insert to va_directory with check (true);
grant insert on voiceagent.consents to va_directory;
create policy directory on voiceagent.consent_states to va_directory using (true) with check (true);
grant select, insert, update on voiceagent.consent_states to va_directory;

-- Whoever comes back by himself is a customer like any other, whose "no" still stands.
create function voiceagent.recall_refusals() returns trigger
language plpgsql security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
begin
    with known as (
        delete from voiceagent.kept_refusals r
         using (values ('sms', new.phone_number::text), ('call', new.phone_number::text), ('email', new.email::text))
               as a (channel, address)
         where r.organization_id = new.organization_id and r.channel = a.channel
           and r.address_hash = voiceagent.address_hash(new.organization_id, a.channel, a.address)
        returning r.channel, a.address, r.occurred_at)
    insert into voiceagent.consents (organization_id, customer_id, channel, address, granted, source, evidence, occurred_at)
    select new.organization_id, new.id, k.channel, k.address, false, 'import', 'kept over an erasure', k.occurred_at
      from known k;
    return null;
end
$$;
create trigger recall_refusals after insert on voiceagent.customers
    for each row when (new.phone_number is not null or new.email is not null)
    execute function voiceagent.recall_refusals();
create trigger recall_refusals_of_new_address after update of phone_number, email on voiceagent.customers
    for each row when (new.phone_number is distinct from old.phone_number or new.email is distinct from old.email)
    execute function voiceagent.recall_refusals();
call voiceagent.hand_to_directory('voiceagent.recall_refusals()');

-- What was refused, and what a customer of these addresses does not want.
create function voiceagent.keep_refusals(addresses text[]) returns void
language plpgsql as $$
begin
    insert into voiceagent.subject_keys (organization_id) values (voiceagent.current_organization())
    on conflict do nothing;
    insert into voiceagent.kept_refusals (organization_id, channel, address_hash, occurred_at)
    select voiceagent.current_organization(), n.channel,
           voiceagent.address_hash(voiceagent.current_organization(), n.channel, n.address), max(n.occurred_at)
      from (select s.channel, s.address, s.occurred_at
              from voiceagent.consent_states s where not s.granted
            union all
            select p.channel, p.address, u.updated_at
              from voiceagent.customers u
             cross join lateral (values ('sms', u.phone_number::text), ('call', u.phone_number::text),
                                        ('email', u.email::text)) as p (channel, address)
             where u.contact_preferences ->> p.channel = 'false') as n
     where n.address = any (addresses)
     group by n.channel, n.address
    on conflict (organization_id, channel, address_hash) do update set occurred_at = excluded.occurred_at;
end
$$;

-- ---- the erasure

-- The shop's own numbers and addresses: every call and text has one of them.
create function voiceagent.own_addresses() returns text[]
language sql stable as $$
    select array(
        select n.phone_number::text from voiceagent.organization_phone_numbers n
         where n.organization_id = voiceagent.current_organization()
        union
        select a.address from voiceagent.organizations o
         cross join lateral (values (o.phone::text), (o.owner_phone), (o.notification_phone), (o.email),
                                    (o.notification_email)) as a (address)
         where o.id = voiceagent.current_organization() and a.address is not null)
$$;

-- A pattern of the word as a whole: no longer number begins with it, no longer address has it in
-- it. The text may be JSON, where a line ends in \n.
create function voiceagent.whole_word(word text) returns text
language sql immutable parallel safe as $$
    select case when strpos(word, '@') > 0
                then '(?:(?<![a-z0-9._%+-])|(?<=\\[bfnrt]))' || w.escaped || '(?![a-z0-9-]|\.[a-z0-9])'
                else w.escaped || '(?![0-9])' end
      from (select regexp_replace(word, '(\W)', '\\\1', 'g')) as w (escaped)
$$;

-- Whether any of the words, in small letters, stands in the text as a whole.
create function voiceagent.mentions(content text, words text[]) returns boolean
language sql immutable parallel safe as $$
    select exists (select from unnest(words) w
                    where strpos(lower(content), w) > 0 and content ~* voiceagent.whole_word(w))
$$;

-- Notes what others hold of the persons, in these calls and messages.
create function voiceagent.note_erasure_requests(erasure uuid, persons uuid[], talks uuid[], texts uuid[]) returns void
language sql as $$
    insert into voiceagent.erasure_requests (organization_id, erasure_id, vendor, kind, reference, state)
    select voiceagent.current_organization(), erasure, v.vendor, v.kind, v.reference, v.state
      from (select 'twilio', 'call', c.twilio_call_sid, 'open' from voiceagent.calls c where c.id = any (talks)
            union select 'elevenlabs', 'conversation', c.elevenlabs_conversation_id, 'open'
                    from voiceagent.calls c where c.id = any (talks)
            union select 'twilio', 'message', m.provider_message_id, 'open'
                    from voiceagent.messages m where m.id = any (texts) and m.provider = 'twilio'
            union select 'hubspot', 'contact', u.hubspot_contact_id, 'open'
                    from voiceagent.customers u where u.id = any (persons)
            union select 'shopify', 'customer', u.shopify_customer_id, 'by_hand'
                    from voiceagent.customers u where u.id = any (persons)
            union select 'google_calendar', 'event', a.google_event_id, 'by_hand'
                    from voiceagent.appointments a where a.customer_id = any (persons)
           ) as v (vendor, kind, reference, state)
     where v.reference is not null
    on conflict do nothing
$$;

-- The customers that are meant: of the request's id, number, or address. An address may be that of
-- a family: who has another number is somebody else.
create function voiceagent.persons_of(customer uuid, words text[]) returns uuid[]
language sql stable as $$
    select array(
        select u.id from voiceagent.customers u
         where u.id = customer or u.id::text = any (words) or u.phone_number = any (words)
            or u.phone_number is null
               and (u.email = any (words)
                    or exists (select from voiceagent.chat_sessions s
                                where s.customer_id = u.id
                                  and (s.email = any (words) or s.phone_number = any (words)))))
$$;

-- All that is known of the request's person is deleted, and counted with it. False: not now, since
-- a call of his is live, or something is just being sent to him. May be run again: what came
-- meanwhile goes as well.
create function voiceagent.erase_person(erasure uuid) returns boolean
language plpgsql as $$
declare
    e record;
    persons uuid[];
    talks uuid[];
    sids text[];
    words text[];
    texts uuid[];
    own uuid[];
    counted jsonb := '{}';
    tallies record;
    n bigint;
begin
    select * into strict e from voiceagent.erasures where id = erasure for update;
    words := array(select distinct w from unnest(array[e.phone_number::text, e.email::text] || e.found) w
                    where w <> all (voiceagent.own_addresses()));
    for step in 1..2 loop  -- a number leads to a customer, his address to leads without a number
        persons := voiceagent.persons_of(e.customer_id, words);
        words := array(select w from unnest(words) w
                       union
                       select w from voiceagent.customers u, unnest(array[u.phone_number::text, u.email::text]) w
                        where u.id = any (persons) and w <> all (voiceagent.own_addresses()));
    end loop;
    perform 1 from voiceagent.customers u where u.id = any (persons) for update;
    words := array(select distinct w from unnest(words || e.customer_id::text || persons::text[]) w where w is not null);
    talks := array(select c.id from voiceagent.calls c
                    where c.customer_id = any (persons) or c.caller_number = any (words)
                       or c.called_number = any (words));
    sids := array(select c.twilio_call_sid from voiceagent.calls c where c.id = any (talks) and c.twilio_call_sid is not null);
    if exists (select from voiceagent.calls c where c.id = any (talks) and c.ended_at is null
                  and c.status in ('connecting', 'in_progress') and c.started_at > now() - interval '5 hours')
       or exists (select from voiceagent.effects f where f.state = 'pending'
                     and f.claimed_at > now() - interval '10 minutes'
                     and (voiceagent.mentions(f.key, words) or voiceagent.mentions(f.request::text, words))) then
        return false;
    end if;
    -- The ledger names a withheld caller by his call alone, and so does what the shop was told of him.
    own := array(select m.effect_id from voiceagent.messages m where m.customer_id = any (persons) and m.effect_id is not null
                 union
                 select f.id from voiceagent.effects f
                  where voiceagent.mentions(concat_ws(' ', f.key, f.request, f.result),
                                            words || talks::text[] || array(select lower(s) from unnest(sids) s)));
    texts := array(select m.id from voiceagent.messages m
                    where m.customer_id = any (persons) or m.call_id = any (talks)
                       or m.from_number = any (words) or m.to_number = any (words)
                       or m.customer_id is null
                          and (m.effect_id = any (own) or voiceagent.mentions(m.content, words)));
    perform voiceagent.note_erasure_requests(erasure, persons, talks, texts);
    perform voiceagent.keep_refusals(words);

    delete from voiceagent.outbox o
     where o.customer_id = any (persons) or o.call_id = any (talks) or voiceagent.mentions(o.data::text, words);
    delete from voiceagent.proofs where phone = any (words);
    delete from voiceagent.chat_effects where phone_number = any (words);
    delete from voiceagent.system_logs where voiceagent.mentions(event_data::text, words);
    delete from voiceagent.call_status_events where twilio_call_sid = any (sids);
    delete from voiceagent.message_status_events s using voiceagent.messages m
     where m.id = any (texts) and s.provider = m.provider and s.provider_message_id = m.provider_message_id;
    update voiceagent.customers set email = null where email = any (words) and id <> all (persons);
    for tallies in
        select * from (values
            ('tasks', 'customer_id = any ($1) or call_id = any ($2) or voiceagent.mentions(concat_ws('' '', title, body, data), $3)'),
            ('appointments', 'customer_id = any ($1) or customer_phone = any ($3) or customer_email = any ($3)'),
            ('orders', 'customer_id = any ($1) or phone_number = any ($3) or email = any ($3)'),
            ('consents', 'customer_id = any ($1) or address = any ($3)'),
            ('consent_states', 'address = any ($3)'),
            ('messages', 'id = any ($5)'),
            ('effects', 'id = any ($4)'),
            ('calls', 'id = any ($2)'),
            ('chat_sessions', 'customer_id = any ($1) or phone_number = any ($3) or email = any ($3)'),
            ('customers', 'id = any ($1)')) as t (place, condition)
    loop
        execute format('delete from voiceagent.%I where %s', tallies.place, tallies.condition)
          using persons, talks, words, own, texts;
        get diagnostics n = row_count;
        counted := counted || jsonb_build_object(tallies.place, n + coalesce((e.counts ->> tallies.place)::bigint, 0));
    end loop;
    update voiceagent.erasures set state = 'running', counts = counts || counted, found = words where id = erasure;
    return true;
end
$$;
