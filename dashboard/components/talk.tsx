// A talk as people read it: who said what, and what was done meanwhile.
import {useLayoutEffect, useRef} from 'preact/hooks';

import {type Card, type Turn, toolNames} from '../calls.ts';
import {money, time} from '../format.ts';
import {t, word} from '../texts/index.ts';
import {Icon} from './icon.tsx';

export function Transcript({turns, label, tall}: {turns: Turn[]; label: string; tall?: boolean}) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);  // until somebody scrolls up, and again when he is back at the end
  const top = useRef(0);
  const last = turns.at(-1);
  useLayoutEffect(() => {
    if (follows.current) box.current!.scrollTop = box.current!.scrollHeight;
  }, [turns.length, last?.content]);
  return (
    <div ref={box} class={tall ? 'transcript tall' : 'transcript'} role="log" aria-live={tall ? 'polite' : 'off'}
        aria-label={label} tabIndex={0}
        onScroll={(e) => {
          const {scrollTop, clientHeight, scrollHeight} = e.currentTarget;
          if (scrollTop + clientHeight > scrollHeight - 40) follows.current = true;
          else if (scrollTop < top.current) follows.current = false;
          top.current = scrollTop;
        }}>
      {turns.length === 0 && <p class="hint">{t('talk.nothing')}</p>}
      <ol>
        {turns.map((turn, i) => (
          <li key={turn.id ?? `${turn.timestamp} ${i}`} class={`turn ${turn.speaker}`}>
            <p class="by">
              <b>{word('speaker', turn.speaker)}</b> <time dateTime={turn.timestamp}>{time(turn.timestamp)}</time>
              {turn.interrupted && <span class="interrupted">{t('talk.interrupted')}</span>}
            </p>
            <p class="words" lang={turn.language ?? undefined}>{turn.content}</p>
            {toolNames(turn).length > 0 &&
                <p class="used"><Icon name="tool" />{toolNames(turn).map((name) => word('tool', name)).join(', ')}</p>}
          </li>
        ))}
      </ol>
    </div>
  );
}

const readable = (value: unknown) =>
    (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));

// What the agent shows the shop's people while it talks: display_product, update_dashboard.
export function Cards({cards}: {cards: Card[]}) {
  if (cards.length === 0) return null;
  return (
    <ul class="cards" aria-label={t('talk.cards')}>
      {cards.map((card, i) => (
        <li key={`${card.at} ${i}`} class="shown">
          {card.product ? (
            <>
              <b>{card.product.title}</b>
              <span>{card.product.price != null && money(card.product.price, card.product.currency ?? 'USD')}</span>
              <small>{card.product.in_stock ? t('talk.in_stock', {n: card.product.available}) : t('talk.out_of_stock')}</small>
            </>
          ) : (
            <>
              <b>{word('update', card.parameters.event_type) || word('tool', card.tool)}</b>
              <dl>
                {Object.entries(card.parameters.data ?? {}).map(([name, value]) => (
                  <div key={name}><dt>{name.replaceAll('_', ' ')}</dt><dd>{readable(value)}</dd></div>
                ))}
              </dl>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
