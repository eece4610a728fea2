// Asks how the visitor can be reached, where the agent has asked (give_number): the same can be
// written as a message instead.
import {button, element} from './dom.ts';
import type {Entry, Kept} from './memory.ts';
import type {Lead} from './protocol.ts';
import type {Texts} from './texts.ts';

type Field = keyof Lead;

const KINDS: Record<Field, {type: string; autocomplete: string; maxlength: string}> = {
  phone: {type: 'tel', autocomplete: 'tel', maxlength: '32'},
  name: {type: 'text', autocomplete: 'name', maxlength: '120'},
  email: {type: 'email', autocomplete: 'email', maxlength: '254'},
};
const FIELDS = Object.keys(KINDS) as Field[];
const DIGITS = [7, 15] as const;

type Sent = (text: string, lead: Partial<Lead>, replaced: string | undefined) => void;

export class LeadForm {
  readonly element: HTMLFormElement;
  readonly #texts: Texts;
  readonly #inputs: Record<Field, HTMLInputElement>;
  readonly #problem = element('p', {class: 'problem', id: 'lead-problem', role: 'alert'});
  #asked: Entry | undefined;  // the answer that asks, or what was given and refused
  #skipped = new Set<string>();

  constructor(texts: Texts, sent: Sent, skipped: () => void) {
    this.#texts = texts;
    const input = (field: Field) => element('input', {
      ...KINDS[field],
      id: `lead-${field}`,
      name: field,
      required: field === 'phone',
      'aria-describedby': 'lead-problem',
    });
    this.#inputs = {phone: input('phone'), name: input('name'), email: input('email')};
    const send = element('button', {type: 'submit', class: 'primary'}, texts.leadSend);
    const skip = button({}, () => {
      if (this.#asked) this.#skipped.add(this.#asked.id);
      this.element.hidden = true;
      skipped();
    }, texts.leadSkip);
    this.element = element(
        'form', {class: 'lead', novalidate: true, hidden: true, 'aria-labelledby': 'lead-title'},
        element('h3', {id: 'lead-title'}, texts.lead), ...FIELDS.map((f) => this.#row(f)), this.#problem,
        element('div', {class: 'buttons'}, skip, send));
    this.element.addEventListener('submit', (e) => {
      e.preventDefault();
      this.#submit(sent);
    });
  }

  show({entries, lead, person}: Kept): void {
    const asked = person ? undefined : asks(entries.at(-1));
    const shown = asked !== undefined && !this.#skipped.has(asked.id);
    if (shown && this.#asked?.id !== asked.id) this.#fill(asked, lead);
    this.#asked = asked;
    this.element.hidden = !shown;
  }

  #row(field: Field) {
    const t = this.#texts;
    const label = {phone: t.leadPhone, name: t.leadName, email: t.leadEmail}[field];
    return element('label', {for: `lead-${field}`},
                   element('span', {}, field === 'phone' ? label : `${label} ${t.optional}`), this.#inputs[field]);
  }

  // What he has told once is not asked again, but to put it right.
  #fill(asked: Entry, lead: Lead) {
    const refused = asked.kind === 'visitor';
    for (const field of FIELDS) {
      const input = this.#inputs[field];
      input.value = asked.lead?.[field] ?? lead[field] ?? '';
      input.removeAttribute('aria-invalid');
      input.parentElement!.hidden = field !== 'phone' && !refused && lead[field] !== null;
    }
    this.#problem.textContent = '';
    if (refused) this.#complain(asked.why === 'leadEmailBad' ? 'email' : 'phone');
  }

  #submit(sent: Sent) {
    const [phone, name, email] = (['phone', 'name', 'email'] as const).map((f) => this.#inputs[f].value.trim());
    const digits = phone!.replace(/\D/g, '').length;
    if (digits < DIGITS[0] || digits > DIGITS[1]) return this.#complain('phone');
    if (email && !this.#inputs.email.checkValidity()) return this.#complain('email');
    const replaced = this.#asked?.kind === 'visitor' ? this.#asked.id : undefined;
    sent(phone!, {phone: phone!, ...(name && {name}), ...(email && {email})}, replaced);
  }

  #complain(field: 'phone' | 'email') {
    const t = this.#texts;
    for (const f of FIELDS) this.#inputs[f].removeAttribute('aria-invalid');
    this.#inputs[field].setAttribute('aria-invalid', 'true');
    this.#inputs[field].parentElement!.hidden = false;
    this.#problem.textContent = field === 'phone' ? t.leadPhoneBad : t.leadEmailBad;
    this.#inputs[field].focus();
  }
}

// Whether this, the last that was said, asks for a number.
function asks(last: Entry | undefined): Entry | undefined {
  const bad = last?.state === 'failed' && last.lead && last.why?.startsWith('lead');
  return bad || (last?.kind === 'agent' && last.action === 'give_number') ? last : undefined;
}
