-- What the language model was given and said for a call, as the service told it: a part of what the
-- call cost.

alter table voiceagent.calls
    add column tokens_in bigint not null default 0 check (tokens_in >= 0),
    add column tokens_out bigint not null default 0 check (tokens_out >= 0);
comment on column voiceagent.calls.costs is
    'part to USD: telephony, transfer, engine, sms, tokens, null where it is not known; or reported alone, which counts for all';
