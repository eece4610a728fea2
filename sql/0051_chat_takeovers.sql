-- A person takes a chat over. Nothing that is said in a chat is proven, so it is held by itself:
-- the texts of the number it told go on, and so does the chat while people have those.

alter table voiceagent.chat_sessions
    add column said integer not null default 0 check (said >= 0),  -- messages of people; messages.position is their number
    add column told integer not null default 0,                    -- how far the visitor was given them
    add constraint chat_sessions_told check (told between 0 and said);

alter table voiceagent.takeovers
    alter column customer_id drop not null,
    add column chat_session_id uuid,  -- of that chat alone; whose it is, the session knows
    add foreign key (organization_id, chat_session_id)
        references voiceagent.chat_sessions (organization_id, id) on delete cascade,
    add constraint takeovers_of_one check (num_nonnulls(customer_id, chat_session_id) = 1),
    add constraint takeovers_chat_no_call check (chat_session_id is null or call_id is null);
create unique index takeovers_open_chat on voiceagent.takeovers (organization_id, chat_session_id) where state <> 'over';
create index takeovers_chat on voiceagent.takeovers (organization_id, chat_session_id, began_at desc)
    where chat_session_id is not null;
