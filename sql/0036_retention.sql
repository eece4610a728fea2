-- How retention finds what is past its time, and what takes the place of names in what stays.

-- Organizations, active or not, whose retention was not enforced today; of those that keep
-- nothing, for ten minutes.
grant select (zero_retention) on voiceagent.privacy_settings to va_directory;
create function voiceagent.due_retention(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select p.organization_id from voiceagent.privacy_settings p
     where p.swept_at < now() - case when p.zero_retention then interval '10 minutes' else interval '1 day' end
     order by p.swept_at limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_retention(integer)', '{va_app}');

create index proofs_created on voiceagent.proofs (organization_id, created_at);

-- Calls with words or numbers of people in them: what the sweep has seen to is not in it.
create index calls_worded on voiceagent.calls (organization_id, started_at)
    where transcript is not null or summary is not null or conversation_context is not null
       or caller_name is not null or forwarded_from is not null or transfer_reason is not null
       or dynamic_variables <> '{}' or analysis <> '{}' or unanswered_questions <> '[]' or lead_reasons <> '[]'
       or caller_number is not null and direction = 'inbound'
       or called_number is not null and direction = 'outbound';
create index effects_worded on voiceagent.effects (organization_id, finished_at)
    where request is not null or result is not null;
create index tasks_done_at on voiceagent.tasks (organization_id, done_at) where status = 'done';

-- The text without addresses, numbers of seven digits or more, and the names, of which each
-- word counts by itself, whatever its case.
create function voiceagent.anonymized(content text, names text[]) returns text
language plpgsql immutable parallel safe as $$
declare
    name text;
begin
    content := regexp_replace(content, '[^\s@<>,;()]+@[^\s@<>,;()]*[^\s@<>.,;:()!?]', '[address]', 'g');
    content := regexp_replace(content, '\+?\d(?:[-\s().]*\d){6,}', '[number]', 'g');
    foreach name in array names loop
        if length(name) > 1 then
            content := regexp_replace(content, '\y' || regexp_replace(name, '(\W)', '\\\1', 'g') || '\y', '[name]', 'gi');
        end if;
    end loop;
    return content;
end
$$;
