-- A join that finds another one under way, or done, comes to the same takeover: taken again after
-- its worker died it must find it as well, even when that is over by then. And whoever waits for
-- what a person writes is told now and then that he does.
alter table voiceagent.takeovers
    add column jobs text[] not null default '{}',  -- joins that it is the end of; before: job
    add column notice_at timestamptz;  -- then the caller is told that a person writes; null: he has not come yet
