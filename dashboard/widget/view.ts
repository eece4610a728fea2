// What the visitor sees: a button in a corner of the page, and the chat it opens.
import {colors} from './color.ts';
import type {Config} from './config.ts';
import {button, element, icon, style} from './dom.ts';
import {LeadForm} from './lead.ts';
import {linkify} from './linkify.ts';
import {Log} from './log.ts';
import {Talk} from './talk.ts';
import type {Texts} from './texts.ts';
import {fill, textsOf} from './texts.ts';
import css from './widget.css';

const MAX_BYTES = 4000;
const ASK_AGAIN_MS = 4000;
const NEAR_PX = 40;  // of the end: whoever is there is kept there
const BUBBLE = 'M4 4h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z';
const DOWN = 'M5 9l7 7 7-7';
const CROSS = 'M6 6l12 12M18 6L6 18';
const ARROW = 'M4 12l16-8-5 16-3-6z';
const SMALL = matchMedia('(max-width: 480px), (max-height: 420px)');

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

export class View {
  readonly #config: Config;
  readonly #texts: Texts;
  readonly #talk: Talk;
  readonly #root: ShadowRoot;
  readonly #log: Log;
  readonly #lead: LeadForm;
  readonly #launcher: HTMLButtonElement;
  readonly #badge = element('span', {class: 'badge'});
  readonly #news = element('p', {class: 'hidden', role: 'status'});
  readonly #title = element('h2', {id: 'title'});
  readonly #subtitle = element('p', {class: 'subtitle'});
  readonly #trouble = element('p', {class: 'trouble', role: 'status'});
  readonly #scroller = element('div', {class: 'scroller', tabindex: '0'});
  readonly #choices = element('div', {class: 'choices', role: 'group'});
  readonly #input: HTMLTextAreaElement;
  readonly #problem = element('p', {class: 'problem', id: 'problem', role: 'alert'});
  readonly #send: HTMLButtonElement;
  readonly #end: HTMLButtonElement;
  readonly #maker = element('span', {class: 'maker'});
  readonly #panel: HTMLElement;
  #open = false;
  #seen = 0;  // what others have said up to the moment the chat was closed

  constructor(host: HTMLElement, config: Config) {
    const t = textsOf(config.language);
    this.#config = config;
    this.#texts = t;
    this.#talk = new Talk(config, () => this.#show());
    this.#root = host.attachShadow({mode: 'open'});
    style(this.#root, css);

    this.#log = new Log(t, (id) => this.#talk.retry(id));
    this.#lead = new LeadForm(t, (text, lead, replaced) => {
      if (replaced) this.#talk.drop(replaced);
      this.#talk.say(text, {lead});
      this.#input.focus();
    }, () => this.#input.focus());
    this.#input = element('textarea', {rows: '1', 'aria-label': t.write, 'aria-describedby': 'problem', enterkeyhint: 'send'});
    this.#send = element('button', {type: 'submit', class: 'send', 'aria-label': t.send}, icon(ARROW));
    this.#end = button({class: 'end'}, () => this.#endAsked(), t.end);
    this.#launcher = button(
        {class: 'launcher', 'aria-haspopup': 'dialog', 'aria-expanded': 'false'}, () => this.#toggle(!this.#open, true),
        icon(BUBBLE), icon(DOWN), this.#badge);
    this.#panel = this.#build();
    this.#root.append(element('div', {class: `frame ${config.side} ${config.theme}`, lang: config.language},
                              this.#panel, this.#launcher, this.#news));
    this.#paint();
    this.#listen();
    this.#seen = this.#heard();
    document.body.append(host);
    this.#toggle(this.#talk.wasOpen, false);
  }

  #build() {
    const t = this.#texts;
    const close = button({class: 'close', 'aria-label': t.close}, () => this.#toggle(false, true), icon(CROSS));
    const form = element('form', {class: 'write', novalidate: true}, this.#input, this.#send);
    form.addEventListener('submit', (e) => {
      e.preventDefault();
      this.#say();
    });
    // A place that can be scrolled must be reached by the keyboard.
    this.#scroller.append(this.#log.element, this.#lead.element, this.#choices);
    this.#scroller.setAttribute('role', 'group');
    this.#scroller.setAttribute('aria-label', t.chat);
    return element(
        'section', {class: 'panel', role: 'dialog', 'aria-labelledby': 'title', hidden: true},
        element('header', {}, element('div', {class: 'who'}, this.#title, this.#subtitle), close), this.#trouble,
        this.#scroller, this.#problem, form,
        element('footer', {}, this.#end, this.#maker));
  }

  // By properties, which no policy forbids.
  #paint() {
    const frame = this.#root.querySelector<HTMLElement>('.frame')!;
    for (const [name, value] of Object.entries(colors(this.#config.color))) frame.style.setProperty(name, value);
    const viewport = window.visualViewport;
    if (!viewport) return;
    // What the keyboard of a phone leaves of the screen.
    const fit = () => {
      frame.style.setProperty('--seen-height', `${viewport.height}px`);
      frame.style.setProperty('--seen-top', `${viewport.offsetTop}px`);
    };
    viewport.addEventListener('resize', fit);
    viewport.addEventListener('scroll', fit);
    fit();
  }

  #listen() {
    this.#input.addEventListener('keydown', (e) => {
      if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      this.#say();
    });
    this.#input.addEventListener('input', () => {
      this.#problem.textContent = '';
      this.#grow();
    });
    this.#panel.addEventListener('keydown', (e) => {
      if (e.key === 'Escape') this.#toggle(false, true);
      if (e.key === 'Tab' && SMALL.matches) this.#keepInside(e);
      e.stopPropagation();  // the site's own shortcuts are not meant
    });
    SMALL.addEventListener('change', () => this.#panel.setAttribute('aria-modal', String(SMALL.matches)));
    this.#panel.setAttribute('aria-modal', String(SMALL.matches));
  }

  // Where the chat is all of the screen, there is nothing behind it to go to.
  #keepInside(e: KeyboardEvent) {
    const all = [...this.#panel.querySelectorAll<HTMLElement>('button, a, input, textarea, [tabindex="0"]')]
                    .filter((x) => x.offsetParent !== null && !(x as HTMLButtonElement).disabled);
    const [first, last, at] = [all[0], all.at(-1), this.#root.activeElement];
    const to = e.shiftKey && at === first ? last : !e.shiftKey && at === last ? first : undefined;
    if (!to) return;
    e.preventDefault();
    to.focus();
  }

  #toggle(open: boolean, moveFocus: boolean) {
    this.#open = open;
    this.#panel.hidden = !open;
    this.#launcher.setAttribute('aria-expanded', String(open));
    this.#root.querySelector('.frame')!.classList.toggle('open', open);
    if (!open) this.#seen = this.#heard();
    this.#talk.look(open);
    this.#show();
    if (open) this.#toEnd();
    if (moveFocus) (open ? this.#input : this.#launcher).focus();
  }

  #heard = () => this.#talk.kept.entries.filter((e) => e.kind === 'agent' || e.kind === 'person').length;

  #say() {
    const text = this.#input.value.trim();
    this.#input.focus();
    if (!text) return;
    if (bytesOf(text) > MAX_BYTES) {
      this.#problem.textContent = this.#texts.tooLong;
      return;
    }
    this.#input.value = '';
    this.#grow();
    this.#talk.say(text);
  }

  #grow() {
    this.#input.style.height = 'auto';
    this.#input.style.height = `${this.#input.scrollHeight}px`;
  }

  #endAsked() {
    const t = this.#texts;
    if (this.#end.textContent === t.endSure) {
      this.#end.textContent = t.end;
      this.#talk.end();
      this.#log.tell(t.ended);
      this.#input.focus();
      return;
    }
    this.#end.textContent = t.endSure;
    setTimeout(() => {
      this.#end.textContent = t.end;
    }, ASK_AGAIN_MS);
  }

  // ------------------------------------------------------------------- showing

  #show() {
    if (!this.#panel) return;  // not built yet
    const {kept, sending, trouble} = this.#talk;
    const {scrollTop, scrollHeight, clientHeight} = this.#scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    this.#showShop();
    this.#showTrouble();
    const more = this.#log.show(kept.entries, this.#welcome(), this.#agent());
    this.#log.typing(sending && trouble === '' && !kept.person);
    this.#showChoices();
    this.#lead.show(kept);
    if (more || atEnd) this.#toEnd();
    this.#end.hidden = kept.entries.length === 0;
    this.#input.setAttribute('aria-label', this.#placeholder());
    this.#input.placeholder = this.#placeholder();
    this.#showUnread();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #agent = () => this.#talk.shop?.agent || this.#texts.assistant;

  // Not before it is known how the shop greets, or that nobody says: it is read out once.
  #welcome(): string | undefined {
    const {shop, met} = this.#talk;
    if (!shop && !met) return undefined;
    return shop?.greeting[this.#config.language] ?? this.#texts.greeting;
  }

  #showShop() {
    const {shop, kept} = this.#talk;
    const t = this.#texts;
    const name = this.#config.title ?? shop?.name ?? t.chat;
    this.#title.textContent = name;
    this.#subtitle.textContent = kept.person ? t.subtitlePerson :
        shop?.agent                          ? fill(t.subtitleNamed, {agent: shop.agent}) :
                                               t.subtitle;
    this.#maker.textContent = shop?.branding ? fill(t.poweredBy, {name: shop.branding}) : '';
  }

  #showTrouble() {
    const {trouble, shop} = this.#talk;
    const phone = this.#config.phone ?? shop?.phone;
    const said = !trouble             ? '' :
        trouble !== 'busy' && phone ? fill(this.#texts[`${trouble}Phone`], {phone}) :
                                      this.#texts[trouble];
    this.#trouble.className = `trouble ${trouble}`;
    if (this.#trouble.dataset['said'] === said) return;
    this.#trouble.dataset['said'] = said;
    this.#trouble.replaceChildren(linkify(said));
  }

  #placeholder() {
    const t = this.#texts;
    const {person, action} = this.#talk.kept;
    if (person) return t.write;
    return action === 'prove_order' ? t.writeProof : action === 'leave_message' ? t.writeMessage : t.write;
  }

  // What can be answered with one touch.
  #showChoices() {
    const choices = this.#choicesNow();
    const now = JSON.stringify(choices);
    if (this.#choices.dataset['now'] === now) return;
    this.#choices.dataset['now'] = now;
    this.#choices.setAttribute('aria-label', this.#texts.suggestionsLabel);
    const had = this.#root.activeElement?.parentElement === this.#choices;
    this.#choices.replaceChildren(...choices.map(([label, said]) => button({}, () => {
      this.#talk.say(said, label === said ? {} : {shown: label});
      this.#input.focus();
    }, label)));
    if (had) this.#input.focus();
  }

  #choicesNow(): [label: string, said: string][] {
    const t = this.#texts;
    const {kept, sending} = this.#talk;
    const last = kept.entries.at(-1);
    if (!last) return (this.#config.suggestions ?? t.suggestions).map((s) => [s, s]);
    if (sending || last.kind !== 'agent' || kept.person) return [];
    if (last.action === 'confirm_callback') return [[t.yes, t.yes], [t.no, t.no]];
    return last.action === 'choose_time' ? timesOf(last.text) : [];
  }

  #showUnread() {
    const t = this.#texts;
    const unread = this.#open ? 0 : this.#heard() - this.#seen;
    this.#badge.textContent = unread > 0 ? String(Math.min(unread, 99)) : '';
    this.#news.textContent = unread > 0 ? fill(t.unread, {n: unread}) : '';
    const label = this.#open ? t.close : t.open;
    this.#launcher.setAttribute('aria-label', unread > 0 ? `${label}, ${this.#news.textContent}` : label);
  }
}

// "1) Tue, Dec 1 at 9:00 AM, 2) …": what is offered, by its number.
function timesOf(text: string): [string, string][] {
  const found = text.matchAll(/(?:^|\s)(\d)[).]\s+(.+?)(?=[,;.]?\s+\d[).]\s|[.;\n]\s|[.;]?$)/g);
  return [...found].slice(0, 6).map(([, number, time]) => [time!, number!]);
}
