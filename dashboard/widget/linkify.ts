// A text as nodes: what looks like an address is a link, everything else is text. No markup of the
// text's own is ever read, and there is no scheme but these four.
const FOUND = /https?:\/\/[^\s<>"'`]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+\d[\d ().-]{6,18}\d/gi;
const BEHIND = /[.,;:!?)\]}'"’»]+$/;

function addressOf(found: string) {
  if (/^https?:/i.test(found)) return found;
  return found.startsWith('+') ? `tel:${found.replace(/[^\d+]/g, '')}` : `mailto:${found}`;
}

// A sentence's own signs behind an address are not of it; a closing bracket is, behind an open one.
function trim(found: string) {
  const trimmed = found.replace(BEHIND, '');
  return found[trimmed.length] === ')' && trimmed.includes('(') ? `${trimmed})` : trimmed;
}

function link(text: string) {
  const a = document.createElement('a');
  a.href = addressOf(text);
  a.textContent = text;
  a.rel = 'noopener noreferrer nofollow';
  if (a.protocol.startsWith('http')) a.target = '_blank';
  return a;
}

export function linkify(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  let at = 0;
  for (const {0: found, index} of text.matchAll(FOUND)) {
    const address = trim(found);
    out.append(text.slice(at, index), link(address));
    at = index + address.length;
  }
  out.append(text.slice(at));
  return out;
}
