// The shop's colour, and what can be read on it and in it (WCAG 2.1, "contrast ratio").
type Rgb = readonly [number, number, number];

const DEFAULT: Rgb = [29, 78, 216];
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [17, 24, 39];
const READABLE = 4.5;

function parse(color: string | undefined): Rgb {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color?.trim() ?? '')?.[1];
  if (!hex) return DEFAULT;
  const full = hex.length === 3 ? [...hex].map((c) => c + c).join('') : hex;
  return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16)) as unknown as Rgb;
}

function luminance(color: Rgb) {
  const [r, g, b] = color.map((v) => {
    const s = v / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: Rgb, other: Rgb) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

const mix = (from: Rgb, to: Rgb, share: number) =>
    from.map((v, i) => Math.round(v + (to[i]! - v) * share)) as unknown as Rgb;

// The colour itself, or as much nearer to the ink as it takes to be read on that ground.
function readable(color: Rgb, ground: Rgb, ink: Rgb): Rgb {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(color, ink, share);
    if (contrast(mixed, ground) >= READABLE) return mixed;
  }
  return ink;
}

const css = ([r, g, b]: Rgb) => `rgb(${r},${g},${b})`;

// Names of variables (widget.css) and their values.
export function colors(chosen: string | undefined): Record<string, string> {
  const accent = parse(chosen);
  const on = contrast(accent, WHITE) >= contrast(accent, BLACK) ? WHITE : BLACK;
  return {
    '--accent': css(accent),
    '--on-accent': css(on),
    '--ink-light': css(readable(accent, WHITE, BLACK)),
    '--ink-dark': css(readable(accent, [31, 41, 55], WHITE)),
  };
}
