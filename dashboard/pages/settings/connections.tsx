// The shop's accounts elsewhere: connected, and taken away again.
import {useState} from 'preact/hooks';

import {remove, useApi} from '../../api.ts';
import {Badge, Button, Confirm, Dialog, DraftForm, Failure, Loading, TextField} from '../../components/index.ts';
import {dayTime} from '../../format.ts';
import {fresh} from '../../session.ts';
import {t, word} from '../../texts/index.ts';
import {type Part, save} from './parts.ts';

interface Connection {
  service: string;
  status: string;
  error: string | null;
  connected_at: string | null;
}

const GOOGLE = 'google_calendar';
const SERVICES = [GOOGLE, 'hubspot', 'shopify'];

export function ConnectionsPart({asked}: Part) {
  const list = useApi<{integrations: Connection[]}>('/api/integrations');
  const [leaving, setLeaving] = useState<string>();
  const [token, setToken] = useState(false);
  if (list.error) return <Failure error={list.error} retry={list.reload} />;
  if (!list.data) return <Loading />;
  const known = new Map(list.data.integrations.map((c) => [c.service, c]));
  const services = [...new Set([...SERVICES, ...known.keys()])];

  async function connectGoogle() {
    if (await fresh()) location.assign('/api/integrations/google/connect');
  }

  return (
    <>
      <ul class="connections">
        {services.map((service) => {
          const c = known.get(service);
          const on = c !== undefined && c.status !== 'disconnected';
          return (
            <li key={service}>
              <div>
                <b>{word('service', service)}</b>
                <p class="badges">
                  <Badge tone={!on ? 'plain' : c.status === 'connected' ? 'good' : 'bad'}>{word('connection', on ? c.status : 'disconnected')}</Badge>
                </p>
                {on && c.connected_at && <small>{t('connections.since', {when: dayTime(c.connected_at)})}</small>}
                {on && c.error && <p class="error">{c.error}</p>}
              </div>
              <div class="actions">
                {service === GOOGLE && <Button onClick={connectGoogle}>{t(on ? 'connections.again' : 'connections.connect')}</Button>}
                {service === 'hubspot' && <Button onClick={() => setToken(true)}>{t(on ? 'connections.again' : 'connections.connect')}</Button>}
                {on && <Button kind="quiet" label={t('connections.remove_of', {service: word('service', service)})}
                    onClick={() => setLeaving(service)}>{t('connections.remove')}</Button>}
              </div>
            </li>
          );
        })}
      </ul>
      {token && (
        <Dialog title={t('connections.hubspot')} onClose={() => setToken(false)}>
          <DraftForm value={{token: '', portal: ''}} onSave={async (_, d) => {
            await save(asked, {hubspot: {token: d.token, ...(d.portal && {portal: d.portal})}});
            setToken(false);
            list.reload();
          }}>
            {(d, set) => (
              <>
                <TextField name={t('connections.token')} type="password" required hint={t('connections.token_hint')} value={d.token} onInput={(v) => set({token: v})} />
                <TextField name={t('connections.portal')} value={d.portal} onInput={(portal) => set({portal})} />
              </>
            )}
          </DraftForm>
        </Dialog>
      )}
      {leaving && (
        <Confirm title={t('connections.remove_of', {service: word('service', leaving)})} action={t('connections.remove')} danger
            onConfirm={async () => {
              await remove(`/api/integrations/${leaving}`);
              list.reload();
            }} onClose={() => setLeaving(undefined)}>{t('connections.remove_text')}</Confirm>
      )}
    </>
  );
}
