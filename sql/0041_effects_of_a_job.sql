-- A call's job finds what an earlier run of it claimed, however late it runs again (a dead
-- one may be replayed for two weeks), without reading all the effects of its shop.
create index effects_call_job on voiceagent.effects (organization_id, (request ->> 'job'))
 where kind = 'call';
