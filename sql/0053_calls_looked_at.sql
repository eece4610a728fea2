-- A call whose end nobody told is asked about at the carrier, from look_at on; null: it has ended,
-- or the carrier does not know it by a name of ours.
alter table voiceagent.calls add column look_at timestamptz;
alter table voiceagent.calls no force row level security;
update voiceagent.calls set look_at = now()
 where twilio_call_sid is not null and status in ('connecting', 'in_progress')
   and started_at > now() - interval '5 hours';
alter table voiceagent.calls force row level security;
create index calls_look on voiceagent.calls (organization_id, look_at) where look_at is not null;

-- Whom we have hung up on should be gone at once; whom we call has answered within two minutes, or
-- does not. Who asks plans the next look himself.
create function voiceagent.plan_call_look() returns trigger
language plpgsql as $$
begin
    if new.twilio_call_sid is null or voiceagent.call_status_rank(new.status) > 2 then
        new.look_at := null;
    elsif tg_op = 'INSERT' or old.twilio_call_sid is null then
        new.look_at := now() + case new.direction when 'outbound' then interval '2 minutes'
                                                  else interval '5 minutes' end;
    elsif new.end_reason is not null and old.end_reason is null then
        new.look_at := least(new.look_at, now() + interval '30 seconds');
    end if;
    return new;
end
$$;
-- Behind merge_call_status, by its name: it may raise the status.
create trigger plan_call_look before insert or update of status, end_reason, twilio_call_sid
    on voiceagent.calls for each row execute function voiceagent.plan_call_look();

-- Organizations, active or not, with calls to be asked about.
create policy directory on voiceagent.calls for select to va_directory using (true);
grant select (organization_id, look_at) on voiceagent.calls to va_directory;
create function voiceagent.due_calls(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select distinct c.organization_id from voiceagent.calls c
     where c.look_at <= now() limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_calls(integer)', '{va_app}');

-- The call of an effect, by the carrier's or the platform's name: whom we have dialled
-- (WK_SQL_ATTESTED), which of the carrier's calls nobody has claimed.
create index effects_calls on voiceagent.effects (organization_id, provider_id) where kind = 'call';
