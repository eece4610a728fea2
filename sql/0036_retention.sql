-- How retention finds what is past its time, and what takes the place of names in what stays.

-- Calls with words or numbers of people in them: what the sweep has seen to is not in it.
create index calls_worded on voiceagent.calls (organization_id, started_at)
    where transcript is not null or summary is not null or conversation_context is not null
       or caller_name is not null or forwarded_from is not null or transfer_reason is not null
       or dynamic_variables <> '{}' or analysis <> '{}' or unanswered_questions <> '[]' or lead_reasons <> '[]';
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
