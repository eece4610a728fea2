// Elements without markup: a strict policy of the site forbids inline styles, and what comes from
// outside is only ever text.
const SVG = 'http://www.w3.org/2000/svg';

type Attributes = Record<string, string | boolean | undefined>;

export function element<K extends keyof HTMLElementTagNameMap>(
    name: K, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const drawn = document.createElementNS(SVG, 'path');
  drawn.setAttribute('d', path);
  svg.append(drawn);
  return svg;
}

export function button(
    attributes: Attributes, onClick: (e: MouseEvent) => void, ...children: (Node | string)[]): HTMLButtonElement {
  const made = element('button', {type: 'button', ...attributes}, ...children);
  made.addEventListener('click', onClick);
  return made;
}

// Before Safari 16.4 there are no constructed style sheets.
export function style(root: ShadowRoot, css: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(element('style', {}, css));
  }
}
