-- Whether a number is of any shop here, active or not: the directory lets no other have it, and so
-- none may be bought for another.
create function voiceagent.is_known_number(number text) returns boolean
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select exists (select from voiceagent.routing_keys r
                    where r.kind = 'number' and r.key = is_known_number.number)
$$;
call voiceagent.hand_to_directory('voiceagent.is_known_number(text)', '{va_app}');
