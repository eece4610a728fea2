-- Runs whose key nobody can make again are forgotten (store/privacy.c).
create index campaign_runs_ended on voiceagent.campaign_runs (organization_id, created_at)
    where state not in ('scheduled', 'running');
