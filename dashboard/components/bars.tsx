// Bars by day, a part of each in another colour. The same figures stand in a table beside it, for
// who cannot see it: a chart of this kind is some rectangles, and no library's worth.
import {number} from '../format.ts';

const HEIGHT = 160;
const STEP = 20;

export interface Bar {
  name: string;
  value: number;
  part: number;
}

export function Bars({label, bars}: {label: string; bars: Bar[]}) {
  const top = Math.max(1, ...bars.map((b) => b.value));
  const high = (n: number) => (n / top) * HEIGHT;
  return (
    <figure class="bars">
      <figcaption class="unseen">{label}</figcaption>
      <svg viewBox={`0 0 ${Math.max(1, bars.length) * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {bars.map((b, i) => (
          <g key={b.name}>
            <title>{`${b.name}: ${number(b.value)}`}</title>
            <rect class="all" x={i * STEP + 3} width={STEP - 6} y={HEIGHT - high(b.value)} height={high(b.value)} />
            <rect class="part" x={i * STEP + 3} width={STEP - 6} y={HEIGHT - high(b.part)} height={high(b.part)} />
          </g>
        ))}
      </svg>
      {bars.length > 0 && <p class="ends" aria-hidden="true"><span>{bars[0]!.name}</span><span>{bars.at(-1)!.name}</span></p>}
    </figure>
  );
}
