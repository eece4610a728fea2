-- What came of a call, said by a person, stays: neither a report that comes later nor the
-- conclusion of the call puts its own guess there.
alter table voiceagent.calls add column outcome_set_at timestamptz;  -- by a person

create function voiceagent.keep_outcome() returns trigger
language plpgsql as $$
begin
    new.outcome := old.outcome;
    return new;
end
$$;
create trigger keep_outcome before update of outcome on voiceagent.calls
    for each row
    when (old.outcome_set_at is not null and new.outcome_set_at is not distinct from old.outcome_set_at)
    execute function voiceagent.keep_outcome();
