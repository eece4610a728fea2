// The shop's customers and leads: looked for by words, state and days.
import {useList} from '../api.ts';
import {Badge, Card, Empty, More, Page, SearchField, Select, Table, TextField} from '../components/index.ts';
import {type Customer, STATUSES} from '../customers.ts';
import {languageName, money, phone, when} from '../format.ts';
import {useArgs} from '../router.ts';
import {t, word} from '../texts/index.ts';

export const LEAD_TONES = {hot: 'bad', qualified: 'good', new: 'info', contacted: 'info', cold: 'plain', closed: 'plain'} as const;

export default function Customers() {
  const [args, setArgs] = useArgs();
  const arg = (name: string) => args.get(name) ?? '';
  const query = {q: arg('q'), status: arg('status'), from: arg('from'), to: arg('to')};
  const list = useList<Customer>('/api/customers', 'leads', query);
  const filtered = Object.values(query).some(Boolean);
  return (
    <Page title={t('customers.title')}>
      <Card label={t('customers.title')}>
        <div class="filters">
          <SearchField name={t('customers.search')} value={query.q} onSearch={(q) => setArgs({q})} />
          <Select name={t('customers.state')} value={query.status} onInput={(status) => setArgs({status})}
              options={[['', t('common.all')], ...STATUSES.map((s): [string, string] => [s, word('lead', s)])]} />
          <TextField name={t('calls.from')} type="date" value={query.from} onInput={(from) => setArgs({from})} />
          <TextField name={t('calls.to')} type="date" value={query.to} onInput={(to) => setArgs({to})} />
        </div>
        {list.items.length > 0 && (
          <Table label={t('customers.title')} rows={list.items} href={(c) => `/customers/${c.id}`} columns={[
            {name: t('customers.name'), class: 'main', cell: (c) => (
              <span class="who"><span><b>{c.customer_name || phone(c.phone_number)}</b><small>{phone(c.phone_number)}</small></span></span>
            )},
            {name: t('customers.state'), cell: (c) => <Badge tone={LEAD_TONES[c.lead_status as keyof typeof LEAD_TONES]}>{word('lead', c.lead_status)}</Badge>},
            {name: t('customers.tier'), cell: (c) => word('tier', c.tier)},
            {name: t('customers.spent'), class: 'number', cell: (c) => (c.total_purchases == null ? '–' : money(c.total_purchases))},
            {name: t('calls.language'), cell: (c) => languageName(c.preferred_language) || '–'},
            {name: t('customers.last'), cell: (c) => (c.last_contact_at ? when(c.last_contact_at) : '–')},
          ]} />
        )}
        {!list.loading && !list.error && list.items.length === 0 &&
            <Empty icon="people" title={t(filtered ? 'customers.none_found' : 'customers.none')} />}
        <More list={list} />
      </Card>
    </Page>
  );
}
