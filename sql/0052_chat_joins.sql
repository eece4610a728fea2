-- An answer that was begun before a person took the chat is none any more, also where the person has
-- given it back meanwhile.

alter table voiceagent.chat_sessions
    add column joins integer not null default 0 check (joins >= 0);  -- how often people have taken it over
