// The shop's plan: what it has, what was used, and what the others have besides.
import {useApi} from '../api.ts';
import {Badge, Card, Failure, Icon, Loading, Page, Stat} from '../components/index.ts';
import {day, duration, fullDay, number} from '../format.ts';
import {type Key, t} from '../texts/index.ts';

interface Plan {
  tier: 'FREE' | 'BASIC' | 'PRO';
  trial_ends_at: string | null;
  includes: Record<string, boolean>;
  period: {from: string; to: string};
  used: {calls: number; call_seconds: number};
  credits: {balance: number; granted: number; used: number} | null;
}

const TIERS = ['FREE', 'BASIC', 'PRO'] as const;

// What each plan adds to the one before it.
const ADDS: Record<typeof TIERS[number], Key[]> = {
  FREE: ['plan.receptionist', 'plan.texts', 'plan.five_questions', 'plan.figures'],
  BASIC: ['plan.all_questions', 'plan.knowledge'],
  PRO: ['plan.engines', 'plan.voices', 'plan.voice_settings', 'plan.emergency_calls', 'plan.no_branding'],
};

function Tier({tier, now}: {tier: typeof TIERS[number]; now: string}) {
  const before = TIERS[TIERS.indexOf(tier) - 1];
  return (
    <Card title={tier} actions={tier === now && <Badge tone="good">{t('plan.yours')}</Badge>} class={tier === now ? 'tier now' : 'tier'}>
      <ul class="has">
        {before && <li>{t('plan.all_of', {plan: before})}</li>}
        {ADDS[tier].map((key) => <li key={key}><Icon name="check" />{t(key)}</li>)}
      </ul>
    </Card>
  );
}

export default function PlanPage() {
  const asked = useApi<{plan: Plan}>('/api/plan');
  const plan = asked.data?.plan;
  return (
    <Page title={t('plan.title')}>
      {asked.error && <Failure error={asked.error} retry={asked.reload} />}
      {!plan && asked.loading && <Loading />}
      {plan && (
        <>
          {plan.trial_ends_at && <p class="notice"><Icon name="clock" />{t('plan.trial', {day: fullDay(plan.trial_ends_at)})}</p>}
          <div class="stats">
            <Stat icon="star" name={t('plan.current')} value={plan.tier} />
            <Stat icon="phone" name={t('plan.calls', {from: day(plan.period.from), to: day(plan.period.to)})} value={number(plan.used.calls)} />
            <Stat icon="clock" name={t('plan.talked')} value={duration(plan.used.call_seconds)} />
            {plan.credits && <Stat icon="chart" name={t('plan.credits')}
                value={`${number(plan.credits.balance)} / ${number(plan.credits.granted)}`} />}
          </div>
          <section class="tiers" aria-label={t('plan.all')}>{TIERS.map((tier) => <Tier key={tier} tier={tier} now={plan.tier} />)}</section>
          {plan.tier !== 'PRO' && <p class="notice"><Icon name="message" />{t('plan.change')}</p>}
        </>
      )}
    </Page>
  );
}
