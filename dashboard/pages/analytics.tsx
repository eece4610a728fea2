// How the calls of a time went: totals, targets, days, types and languages (docs/figures.md).
import {useApi} from '../api.ts';
import {Badge, type Bar, Bars, Button, Card, Empty, Failure, Loading, Page, Stat, Table, TextField} from '../components/index.ts';
import {addDays, isDate} from '../days.ts';
import {dayOf, duration, isoDay, languageName, money, number, percent} from '../format.ts';
import {urlOf} from '../http.ts';
import {useArgs} from '../router.ts';
import {fresh} from '../session.ts';
import {type Key, t, word} from '../texts/index.ts';

type Figures = Record<string, any>;

interface Target {
  figure: string;
  name: Key;
  show: (n: number) => string;
  reached: (n: number) => boolean;
  target: string;
}

const DAYS = [7, 30, 90];

const above = (figure: string, than: number): Target => ({
  figure,
  name: `analytics.${figure}` as Key,
  show: percent,
  reached: (n) => n > than,
  target: `> ${than} %`,
});

const below = (figure: string, than: number, show: (n: number) => string, target: string): Target =>
    ({figure, name: `analytics.${figure}` as Key, show, reached: (n) => n < than, target});

const ms = (n: number) => `${number(Math.round(n))} ms`;

// details of the targets: docs/figures.md
const targets = (): Target[] => [
  above('completion_rate', 80),
  above('first_call_resolution_rate', 80),
  above('scheduling_success_rate', 60),
  above('transfer_success_rate', 98),
  above('language_accuracy_rate', 95),
  below('average_handle_seconds', 300, duration, `< ${duration(300)}`),
  below('average_answer_ms', 6000, ms, `< ${ms(6000)}`),
  below('p95_own_ms', 500, ms, `< ${ms(500)}`),
  below('cost_per_call', 2, (n) => money(n), `< ${money(2)}`),
];

const AUTOMATION: Record<string, number> = {sales_inquiry: 50, order_status: 70, service_booking: 60, store_info: 90};

function Targets({totals}: {totals: Figures}) {
  return (
    <Table label={t('analytics.targets')} rows={targets().map((g) => ({id: g.figure, ...g}))} columns={[
      {name: t('analytics.figure'), class: 'main', cell: (g) => t(g.name)},
      {name: t('analytics.value'), class: 'number', cell: (g) => (totals[g.figure] === null ? '–' : g.show(Number(totals[g.figure])))},
      {name: t('analytics.target'), class: 'number', cell: (g) => g.target},
      {name: t('analytics.reached'), cell: (g) => {
        if (totals[g.figure] === null) return <Badge>{t('analytics.unknown')}</Badge>;
        return g.reached(Number(totals[g.figure])) ? <Badge tone="good">{t('analytics.yes')}</Badge>
            : <Badge tone="warn">{t('analytics.no')}</Badge>;
      }},
    ]} />
  );
}

function Rows({label, name, rows, of, target}: {
  label: string;
  name: string;
  rows: Figures[];
  of: (value: string) => string;
  target?: Record<string, number>;
}) {
  if (rows.length === 0) return <p class="hint">{t('analytics.none')}</p>;
  return (
    <Table label={label} rows={rows.map((r) => ({...r, id: r.value as string}) as Figures & {id: string})} columns={[
      {name, class: 'main', cell: (r) => of(r.value) || t('analytics.unknown')},
      {name: t('analytics.calls'), class: 'number', cell: (r) => number(r.total_calls)},
      {name: t('analytics.automation_rate'), class: 'number', cell: (r) => (target?.[r.value]
          ? `${percent(r.automation_rate)} / ${target[r.value]} %` : percent(r.automation_rate))},
      {name: t('analytics.booked'), class: 'number', cell: (r) => number(r.appointments_booked)},
      {name: t('analytics.duration'), class: 'number', cell: (r) => duration(r.average_duration_seconds)},
    ]} />
  );
}

const MOST_BARS = 120;

// A bar a day, also where nobody called; of a long time only the days with calls.
function barsOf(days: Figures[], from: string, to: string): Bar[] {
  const of = new Map(days.map((d) => [d.value as string, d]));
  const dates: string[] = [];
  for (let date = from; date <= to && dates.length <= MOST_BARS; date = addDays(date, 1)) dates.push(date);
  return (dates.length > MOST_BARS ? [...of.keys()].sort() : dates).map((date) => ({
    name: dayOf(date),
    value: of.get(date)?.total_calls ?? 0,
    part: of.get(date)?.appointments_booked ?? 0,
  }));
}

export default function Analytics() {
  const [args, setArgs] = useArgs();
  const arg = (name: string, otherwise: string) => (isDate(args.get(name) ?? '') ? args.get(name)! : otherwise);
  const to = arg('to', isoDay());
  const from = arg('from', addDays(isoDay(), -30));
  const asked = useApi<{analytics: Figures}>('/api/analytics', {from, to});
  const a = asked.data?.analytics;
  const totals: Figures | undefined = a?.totals;

  async function download() {
    if (await fresh()) location.assign(urlOf('/api/analytics.csv', {from, to}));
  }

  return (
    <Page title={t('analytics.title')} actions={<Button onClick={download}>{t('analytics.csv')}</Button>}>
      <Card label={t('analytics.period')}>
        <div class="filters period">
          <div class="actions" role="group" aria-label={t('analytics.period')}>
            {DAYS.map((n) => (
              <Button key={n} onClick={() => setArgs({from: addDays(isoDay(), -n), to: isoDay()})}>
                {t('analytics.days', {n})}
              </Button>
            ))}
          </div>
          <TextField name={t('calls.from')} type="date" value={from} max={to} onInput={(v) => setArgs({from: v})} />
          <TextField name={t('calls.to')} type="date" value={to} min={from} onInput={(v) => setArgs({to: v})} />
        </div>
      </Card>
      {asked.error && <Failure error={asked.error} retry={asked.reload} />}
      {!totals && asked.loading && <Loading />}
      {totals && totals.total_calls === 0 && <Card><Empty icon="chart" title={t('analytics.none')} /></Card>}
      {totals && totals.total_calls > 0 && (
        <>
          <div class="stats">
            <Stat icon="phone" name={t('analytics.total_calls')} value={number(totals.total_calls)} />
            <Stat icon="check" name={t('analytics.ai_resolution_rate')} value={percent(totals.ai_resolution_rate)} />
            <Stat icon="people" name={t('analytics.human_transfer_rate')} value={percent(totals.human_transfer_rate)} />
            <Stat icon="calendar" name={t('analytics.appointment_conversion_rate')} value={percent(totals.appointment_conversion_rate)} />
            <Stat icon="star" name={t('analytics.average_satisfaction_of_5')}
                value={totals.average_satisfaction_of_5 === null ? '–' : `${number(Number(totals.average_satisfaction_of_5), {maximumFractionDigits: 1})} / 5`} />
            <Stat icon="clock" name={t('analytics.average_duration_seconds')} value={duration(totals.average_duration_seconds)} />
          </div>
          <Card title={t('analytics.by_day')}>
            <Bars label={t('analytics.by_day_chart')} bars={barsOf(a!.by_day, from, to)} />
            <p class="legend"><span class="all" />{t('analytics.calls')}<span class="part" />{t('analytics.booked')}</p>
            <details>
              <summary>{t('analytics.as_table')}</summary>
              <Rows label={t('analytics.by_day')} name={t('analytics.day')} rows={a!.by_day} of={(v) => dayOf(v)} />
            </details>
          </Card>
          <div class="columns">
            <div>
              <Card title={t('analytics.targets')}><Targets totals={totals} /></Card>
            </div>
            <div>
              <Card title={t('analytics.funnel')}>
                <dl class="facts">
                  <div><dt>{t('analytics.inquiries')}</dt><dd>{number(a!.funnel.inquiries)}</dd></div>
                  <div><dt>{t('analytics.appointments')}</dt><dd>{number(a!.funnel.appointments)}</dd></div>
                  <div><dt>{t('analytics.sales')}</dt><dd>{number(a!.funnel.sales)}</dd></div>
                </dl>
              </Card>
            </div>
          </div>
          <Card title={t('analytics.by_type')}>
            <Rows label={t('analytics.by_type')} name={t('calls.about')} rows={a!.by_type}
                of={(v) => word('call_type', v)} target={AUTOMATION} />
          </Card>
          <Card title={t('analytics.by_language')}>
            <Rows label={t('analytics.by_language')} name={t('calls.language')} rows={a!.by_language} of={languageName} />
          </Card>
        </>
      )}
    </Page>
  );
}
