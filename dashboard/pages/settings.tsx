// What a shop has chosen (docs/settings.md): each part is saved by itself.
import type {ComponentChildren} from 'preact';

import {useApi} from '../api.ts';
import {Card, Failure, Loading, Page, Tabs} from '../components/index.ts';
import {useArgs} from '../router.ts';
import {may, user} from '../session.ts';
import {useStore} from '../store.ts';
import {type Key, t, word} from '../texts/index.ts';
import {AgentPart, QuestionsPart} from './settings/agent.tsx';
import {ChatPart} from './settings/chat.tsx';
import {ConnectionsPart} from './settings/connections.tsx';
import {HoursPart} from './settings/hours.tsx';
import {OffersPart} from './settings/offers.tsx';
import {CampaignsPart, RecordingPart, VoicemailPart} from './settings/outreach.tsx';
import type {Part, Settings} from './settings/parts.ts';
import {PeoplePart} from './settings/people.tsx';
import {ShopPart} from './settings/shop.tsx';

const PARTS: {id: string; name: Key; admin?: boolean; show: (part: Part) => ComponentChildren}[] = [
  {id: 'shop', name: 'settings.shop', show: (p) => <ShopPart {...p} />},
  {id: 'hours', name: 'settings.hours', show: (p) => <HoursPart {...p} />},
  {id: 'offers', name: 'settings.offers', show: (p) => <OffersPart {...p} />},
  {id: 'people', name: 'settings.people', show: (p) => <PeoplePart {...p} />},
  {id: 'agent', name: 'settings.agent', show: () => <AgentPart />},
  {id: 'questions', name: 'settings.questions', show: () => <QuestionsPart />},
  {id: 'campaigns', name: 'settings.campaigns', show: (p) => <CampaignsPart {...p} />},
  {id: 'voicemail', name: 'settings.voicemail', show: (p) => <VoicemailPart {...p} />},
  {id: 'recording', name: 'settings.recording', show: (p) => <RecordingPart {...p} />},
  {id: 'chat', name: 'settings.chat', show: (p) => <ChatPart {...p} />},
  {id: 'connections', name: 'settings.connections', admin: true, show: (p) => <ConnectionsPart {...p} />},
];

export default function SettingsPage() {
  const admin = may(useStore(user), 'admin');
  const [args, setArgs] = useArgs();
  const asked = useApi<{settings: Settings}>('/api/settings');
  const settings = asked.data?.settings;
  const parts = PARTS.filter((p) => admin || !p.admin);
  const consent = args.get('integration') ? args.get('status') : null;  // what Google was told, /auth/callback
  const part = args.get('part') ?? (consent ? 'connections' : 'shop');
  return (
    <Page title={t('settings.title')}>
      {asked.error && <Failure error={asked.error} retry={asked.reload} />}
      {consent && <p class={consent === 'connected' ? 'notice' : 'notice bad'} role="status">{word('consent', consent)}</p>}
      {!settings && asked.loading && <Loading />}
      {settings && (
        <Card label={t('settings.title')}>
          <Tabs label={t('settings.title')} value={part} onChange={(id) => setArgs({part: id, integration: '', status: ''})}
              tabs={parts.map((p) => ({id: p.id, name: t(p.name), content: () => p.show({settings, asked})}))} />
        </Card>
      )}
    </Page>
  );
}
