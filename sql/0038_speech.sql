-- Which service speaks a shop's calls in the engine `pipeline`; null: the one that is configured.

alter table voiceagent.agent_configs
    add column speech text check (speech ~ '^[a-z0-9]{1,32}$');
