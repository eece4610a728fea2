-- The job that claimed it, so that a later run of the same one finds it, however late: a dead
-- job may be replayed for two weeks. A column, since no index serves an expression of jsonb
-- under row level security, and the request is forgotten with the shop's retention.
alter table voiceagent.effects add column job text;
update voiceagent.effects set job = request ->> 'job' where kind = 'call';
create index effects_call_job on voiceagent.effects (organization_id, job) where kind = 'call';
