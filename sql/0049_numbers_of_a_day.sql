-- The numbers that were bought, or are about to be, in the last 24 hours, of all shops: anybody may
-- sign up, and each number is paid for. Whoever asks is alone with the answer until his transaction
-- ends. In plpgsql each statement sees what was committed before it: so does the count, behind the lock.
create index effects_numbers on voiceagent.effects (claimed_at) where kind = 'number';
grant select (kind, claimed_at) on voiceagent.effects to va_directory;

create function voiceagent.numbers_of_a_day() returns bigint
language plpgsql security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('voiceagent.numbers_of_a_day', 0));
    return (select count(*) from voiceagent.effects e
             where e.kind = 'number' and e.claimed_at > now() - interval '24 hours');
end
$$;
call voiceagent.hand_to_directory('voiceagent.numbers_of_a_day()', '{va_app}');
