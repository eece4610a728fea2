-- A join is begun once: taken again after its worker died, a job finds the takeover that it began,
-- even when that is over by then.
alter table voiceagent.takeovers
    add column job text;  -- that began it; null: begun before this
