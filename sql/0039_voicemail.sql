-- What becomes of a call of the shop's that an answering machine takes.

alter table voiceagent.agent_configs
    add column voicemail_action text not null default 'leave_message' check (
        voicemail_action in ('leave_message', 'hang_up', 'ignore'));  -- ignore: nobody asks who answered
