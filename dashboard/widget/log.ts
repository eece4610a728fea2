// What was said, as it is read out and shown. Each entry is made once; later only its state changes.
import {button, element} from './dom.ts';
import {linkify} from './linkify.ts';
import type {Entry} from './memory.ts';
import type {Texts} from './texts.ts';

interface Shown {
  node: HTMLElement;
  state: HTMLElement | undefined;
}

export class Log {
  readonly element: HTMLElement;
  readonly #texts: Texts;
  readonly #retry: (id: string) => void;
  readonly #list = element('div', {class: 'entries'});
  readonly #welcome = element('div', {class: 'entry agent'});
  readonly #typing: HTMLElement;
  readonly #told = element('p', {class: 'hidden', role: 'status'});
  readonly #shown = new Map<string, Shown>();

  constructor(texts: Texts, retry: (id: string) => void) {
    this.#texts = texts;
    this.#retry = retry;
    this.#typing = element('div', {class: 'typing', role: 'status'});
    this.element = element(
        'div', {role: 'log', 'aria-live': 'polite', 'aria-label': texts.chat},
        element('p', {class: 'notice'}, texts.notice), this.#welcome, this.#list, this.#typing, this.#told);
  }

  // True: something was said since.
  show(entries: Entry[], welcome: string | undefined, agent: string): boolean {
    if (welcome !== undefined) this.#greet(welcome, agent);
    this.#forget(entries);
    const before = this.#list.lastElementChild;
    entries.forEach((e, at) => this.#place(e, at, agent));
    return this.#list.lastElementChild !== before;
  }

  typing(is: boolean): void {
    if (is === this.#typing.classList.contains('now')) return;
    this.#typing.classList.toggle('now', is);
    this.#typing.replaceChildren(...is ? [
      element('span', {class: 'hidden'}, this.#texts.typing),
      ...[1, 2, 3].map(() => element('i', {'aria-hidden': 'true'})),
    ] : []);
  }

  // Said to who does not see it.
  tell(text: string): void {
    this.#told.textContent = text;
  }

  #greet(welcome: string, agent: string) {
    if (this.#welcome.dataset['said'] === welcome + agent) return;
    this.#welcome.dataset['said'] = welcome + agent;
    this.#welcome.replaceChildren(...this.#said(agent, welcome));
  }

  #forget(entries: Entry[]) {
    const ids = new Set(entries.map((e) => e.id));
    for (const [id, {node}] of this.#shown) {
      if (ids.has(id)) continue;
      node.remove();
      this.#shown.delete(id);
    }
  }

  #place(e: Entry, at: number, agent: string) {
    let shown = this.#shown.get(e.id);
    if (!shown) {
      shown = this.#make(e, agent);
      this.#shown.set(e.id, shown);
    }
    // What stands where it belongs is not moved: it would be read out again.
    if (this.#list.children[at] !== shown.node) this.#list.insertBefore(shown.node, this.#list.children[at] ?? null);
    if (shown.state) this.#showState(shown, e);
  }

  #make(e: Entry, agent: string): Shown {
    const t = this.#texts;
    if (e.kind === 'note')
      return {node: element('p', {class: 'note'}, t[e.text as keyof Texts] as string), state: undefined};
    if (e.kind === 'visitor') {
      const state = element('span', {class: 'state'});
      return {node: element('div', {class: 'entry visitor', 'aria-live': 'off'}, ...this.#said(t.you, e.shown ?? e.text), state), state};
    }
    const name = e.kind === 'person' ? t.team : agent;
    const node = element('div', {class: `entry ${e.kind}${e.urgent ? ' urgent' : ''}`, role: e.urgent ? 'alert' : undefined});
    if (e.urgent) node.append(element('strong', {class: 'flag'}, t.urgent));
    node.append(...this.#said(name, e.text));
    return {node, state: undefined};
  }

  #said(name: string, text: string): HTMLElement[] {
    const bubble = element('p', {class: 'bubble'});
    bubble.append(linkify(text));
    return [element('span', {class: 'name'}, name), bubble];
  }

  #showState({state}: Shown, {id, state: is, why}: Entry) {
    const t = this.#texts;
    const now = `${is} ${why ?? ''}`;
    if (!state || state.dataset['now'] === now) return;
    state.dataset['now'] = now;
    state.className = `state ${is}`;
    if (is !== 'failed') {
      state.replaceChildren(is === 'waiting' ? t.sending : t.delivered);
      return;
    }
    state.replaceChildren(
        element('span', {role: 'alert'}, `${t.failed}. ${t[(why ?? 'badMessage') as keyof Texts] as string} `),
        button({class: 'retry'}, () => this.#retry(id), t.retry));
  }
}
