// The chat on the shop's own pages: where it may be, its key, and the tag to paste.
import {useState} from 'preact/hooks';

import {Button, Confirm, Dialog, DraftForm, TextArea} from '../../components/index.ts';
import {dayTime} from '../../format.ts';
import {may, user} from '../../session.ts';
import {useStore} from '../../store.ts';
import {t} from '../../texts/index.ts';
import {type Part, save} from './parts.ts';

const lines = (text: string) => text.split('\n').map((l) => l.trim()).filter(Boolean);

const tag = (business: string, key: string) =>
    `<script src="${location.origin}/widget.js" data-business="${business}" data-key="${key}" async></script>`;

export function ChatPart({settings, asked}: Part) {
  const who = useStore(user);
  const admin = may(who, 'admin');
  const [asks, setAsks] = useState(false);
  const [key, setKey] = useState<string>();
  const {origins, keys} = settings.chat;
  return (
    <>
      <DraftForm value={{origins: origins.join('\n')}} onSave={(d) => save(asked, {chat: {origins: lines(d.origins ?? '')}})}>
        {(d, set) => (
          <TextArea name={t('chat.origins')} hint={t(admin ? 'chat.origins_hint' : 'settings.admins')} disabled={!admin} rows={4}
              value={d.origins} onInput={(v) => set({origins: v})} />
        )}
      </DraftForm>
      <h2>{t('chat.keys')}</h2>
      <ul class="bare">
        {keys.map((k) => (
          <li key={k.created_at}>
            {t('chat.key_of', {when: dayTime(k.created_at)})}
            {k.expires_at && <small>{t('chat.key_until', {when: dayTime(k.expires_at)})}</small>}
          </li>
        ))}
      </ul>
      {admin && <div class="actions"><Button onClick={() => setAsks(true)}>{t('chat.new_key')}</Button></div>}
      {asks && (
        <Confirm title={t('chat.new_key')} action={t('chat.new_key')} onClose={() => setAsks(false)} onConfirm={async () => {
          const answer = await save(asked, {chat: {rotate_key: true}});
          setKey(answer.chat_key);
        }}>{t('chat.new_key_text')}</Confirm>
      )}
      {key && who && (
        <Dialog title={t('chat.new_key')} onClose={() => setKey(undefined)}>
          <p>{t('chat.key_once')}</p>
          <pre class="document" tabIndex={0} aria-label={t('chat.tag')}>{tag(who.organization_id, key)}</pre>
          <footer><Button kind="primary" onClick={() => navigator.clipboard.writeText(tag(who.organization_id, key))}>{t('common.copy')}</Button></footer>
        </Dialog>
      )}
    </>
  );
}
