// A small strict XML reader: elements, attributes, text and the five named
// entities; no DTD, no namespaces. What TwiML needs, and what Twilio refuses when
// it is not well formed (error 12100).
const NAME = /[A-Za-z_][\w.:-]*/y;
const ENTITY = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: '\''
};

// {name, attributes, children, text}; children are elements only, text is all character data.
export function parseXml(source) {
  const reader = new Reader(source);
  reader.misc();
  const root = reader.element();
  reader.misc();
  if (!reader.done()) reader.fail('something follows the root element');
  return root;
}

class Reader {
  constructor(source) {
    this.source = source;
    this.at = 0;
  }

  fail(why) {
    throw new Error(`XML, character ${this.at}: ${why}`);
  }

  done() {
    return this.at >= this.source.length;
  }

  take(text) {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const hit = pattern.exec(this.source);
    if (hit) this.at = pattern.lastIndex;
    return hit?.[0] ?? '';
  }

  until(end) {
    const found = this.source.indexOf(end, this.at);
    if (found < 0) this.fail(`${end} is missing`);
    const text = this.source.slice(this.at, found);
    this.at = found + end.length;
    return text;
  }

  // Declaration, comments and white space outside the root element.
  misc() {
    for (;;) {
      this.match(/\s*/y);
      if (this.take('<?'))
        this.until('?>');
      else if (this.take('<!--'))
        this.until('-->');
      else
        return;
    }
  }

  element() {
    if (!this.take('<')) this.fail('an element is expected');
    const name = this.match(NAME) || this.fail('an element name is expected');
    const node = {name, attributes: this.attributes(), children: [], text: ''};
    if (this.take('/>')) return node;
    if (!this.take('>')) this.fail(`<${name}> is not closed`);
    this.content(node);
    if (this.match(NAME) !== name) this.fail(`</${name}> is expected`);
    this.match(/\s*/y);
    if (!this.take('>')) this.fail(`</${name}> is not closed`);
    return node;
  }

  // Up to and including the "</" of the end tag.
  content(node) {
    while (!this.take('</')) {
      if (this.done()) this.fail(`</${node.name}> is missing`);
      if (this.take('<!--'))
        this.until('-->');
      else if (this.take('<![CDATA['))
        node.text += this.until(']]>');
      else if (this.source[this.at] === '<')
        node.children.push(this.element());
      else
        node.text += this.unescape(this.match(/[^<]+/y));
    }
  }

  attributes() {
    const all = {};
    while (this.match(/\s+/y)) {
      const name = this.match(NAME);
      if (!name) break;
      if (!this.match(/\s*=\s*/y)) this.fail(`${name} has no value`);
      const quote = this.match(/["']/y) || this.fail(`${name} is not quoted`);
      const value = this.until(quote);
      if (value.includes('<') || name in all) this.fail(`attribute ${name}`);
      all[name] = this.unescape(value);
    }
    return all;
  }

  unescape(text) {
    if (/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text)) this.fail('a control character');
    return text.replace(/&([^;\s]*);?/g, (whole, name) => {
      const code = /^#(?:x([\da-f]+)|(\d+))$/i.exec(name);
      if (whole.endsWith(';') && code)
        return String.fromCodePoint(parseInt(code[1] ?? code[2], code[1] ? 16 : 10));
      if (whole.endsWith(';') && Object.hasOwn(ENTITY, name)) return ENTITY[name];
      return this.fail(`entity ${whole}`);
    });
  }
}
