// All calls: looked for by words, state and days; newest first.
import {useList} from '../api.ts';
import {type Call, numberOf} from '../calls.ts';
import {Badge, Card, Empty, Icon, More, Page, SearchField, Select, Table, TextField} from '../components/index.ts';
import {duration, languageName, phone, when} from '../format.ts';
import {useArgs} from '../router.ts';
import {t, word} from '../texts/index.ts';

const STATUSES = ['in_progress', 'completed', 'failed', 'busy', 'no_answer', 'canceled'];

export function CallState({call}: {call: Call}) {
  const tones = {connecting: 'live', in_progress: 'live', completed: 'good', failed: 'bad'} as const;
  return (
    <span class="badges">
      <Badge tone={tones[call.status as keyof typeof tones] ?? 'plain'}>{word('status', call.status)}</Badge>
      {call.emergency_level === 'urgent' && <Badge tone="bad">{t('call.emergency')}</Badge>}
    </span>
  );
}

export const Who = ({call}: {call: Call}) => (
  <span class="who">
    <Icon name={call.direction === 'outbound' ? 'out' : 'in'} />
    <span>
      <b>{call.customer_name || phone(numberOf(call))}</b>
      {call.customer_name && <small>{phone(numberOf(call))}</small>}
      <span class="unseen">{word('direction', call.direction)}</span>
    </span>
  </span>
);

export default function Calls() {
  const [args, setArgs] = useArgs();
  const arg = (name: string) => args.get(name) ?? '';
  const query = {q: arg('q'), status: arg('status'), from: arg('from'), to: arg('to')};
  const list = useList<Call>('/api/calls', 'calls', query);
  const filtered = Object.values(query).some(Boolean);
  return (
    <Page title={t('calls.title')}>
      <Card label={t('calls.title')}>
        <div class="filters">
          <SearchField name={t('calls.search')} value={query.q} onSearch={(q) => setArgs({q})} />
          <Select name={t('calls.status')} value={query.status} onInput={(status) => setArgs({status})}
              options={[['', t('common.all')], ...STATUSES.map((s): [string, string] => [s, word('status', s)])]} />
          <TextField name={t('calls.from')} type="date" value={query.from} onInput={(from) => setArgs({from})} />
          <TextField name={t('calls.to')} type="date" value={query.to} onInput={(to) => setArgs({to})} />
        </div>
        {list.items.length > 0 && (
          <Table label={t('calls.title')} rows={list.items} href={(call) => `/calls/${call.id}`} columns={[
            {name: t('calls.who'), class: 'main', cell: (call) => <Who call={call} />},
            {name: t('calls.when'), cell: (call) => when(call.started_at)},
            {name: t('calls.duration'), class: 'number', cell: (call) => duration(call.duration_seconds)},
            {name: t('calls.language'), cell: (call) => languageName(call.language)},
            {name: t('calls.about'), cell: (call) => word('call_type', call.call_type) || '–'},
            {name: t('calls.outcome'), cell: (call) => word('outcome', call.outcome) || '–'},
            {name: t('calls.status'), cell: (call) => <CallState call={call} />},
          ]} />
        )}
        {!list.loading && !list.error && list.items.length === 0 &&
            <Empty icon="phone" title={t(filtered ? 'calls.none_found' : 'calls.none')} />}
        <More list={list} />
      </Card>
    </Page>
  );
}
