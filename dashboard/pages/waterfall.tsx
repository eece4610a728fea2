// Where the time of each answer went, from the caller's last sound to what he heard (docs/voice.md).
import type {Turn} from '../calls.ts';
import {Card} from '../components/index.ts';
import {number} from '../format.ts';
import {t, word} from '../texts/index.ts';

const STAGES = ['received', 'caller_ended', 'end_detected', 'tool_called', 'tool_answered', 'asked', 'first_token',
                'first_sound', 'written', 'heard'];

interface Step {
  stage: string;
  from: number;
  took: number;
}

// Of what ended each stage how long it took since the one before.
function stepsOf(latency: Record<string, number>): Step[] {
  const there = STAGES.filter((s) => typeof latency[`${s}_ms`] === 'number');
  const begin = latency[`${there[0]}_ms`] ?? 0;
  return there.slice(1).map((stage, i) => {
    const before = latency[`${there[i]}_ms`]!;
    return {stage, from: before - begin, took: Math.max(0, latency[`${stage}_ms`]! - before)};
  });
}

const ms = (n: number) => t('waterfall.ms', {n: number(Math.round(n))});

export function Waterfall({turns}: {turns: Turn[]}) {
  const answers = turns.filter((turn) => turn.speaker === 'agent' && turn.latency)
      .map((turn) => ({turn, steps: stepsOf(turn.latency!)})).filter(({steps}) => steps.length > 0);
  if (answers.length === 0) return null;
  const end = (steps: Step[]) => steps.at(-1)!.from + steps.at(-1)!.took;
  const longest = Math.max(1, ...answers.map(({steps}) => end(steps)));
  return (
    <Card title={t('waterfall.title')}>
      <p class="hint">{t('waterfall.hint')}</p>
      <ol class="waterfall">
        {answers.map(({turn, steps}, i) => (
          <li key={turn.id ?? i}>
            <p><span>{turn.content}</span> <b>{ms(end(steps))}</b></p>
            <svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img"
                aria-label={steps.map((s) => `${word('stage', s.stage)} ${ms(s.took)}`).join(', ')}>
              {steps.map((s) => (
                <rect key={s.stage} class={`stage-${s.stage}`} x={1000 * s.from / longest} y="0" height="14"
                    width={Math.max(2, 1000 * s.took / longest)}>
                  <title>{`${word('stage', s.stage)}: ${ms(s.took)}`}</title>
                </rect>
              ))}
            </svg>
          </li>
        ))}
      </ol>
      <ul class="legend" aria-hidden="true">
        {STAGES.slice(1).filter((s) => answers.some(({steps}) => steps.some((step) => step.stage === s)))
            .map((s) => <li key={s}><span class={`swatch stage-${s}`} />{word('stage', s)}</li>)}
      </ul>
    </Card>
  );
}
