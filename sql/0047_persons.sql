-- Whether anybody, of whatever shop, active or not, has that id or that subject of an identity
-- provider: a token that names him for another shop is not his.
create index users_id on voiceagent.users (id);
create index users_auth_user_id on voiceagent.users (auth_user_id);

create function voiceagent.is_person(subject text) returns boolean
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select exists (select from voiceagent.users u
                    where u.id = voiceagent.uuid_or_null(is_person.subject)
                       or u.auth_user_id = voiceagent.uuid_or_null(is_person.subject))
$$;
call voiceagent.hand_to_directory('voiceagent.is_person(text)', '{va_app}');
