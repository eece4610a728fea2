// Reads a message as far as tests ask for it: headers, and the parts that are text.
const DECODERS = {
  base64: (text) => Buffer.from(text, 'base64'),
  'quoted-printable': (text) => unquoted(text.replace(/=\r?\n/g, ''), /=([0-9A-F]{2})/gi),
};

// {headers: {name: value}, subject, text, html}; a header that stands twice is a list.
export function readMessage(raw) {
  const {headers, body} = split(raw.toString());
  const parts = partsOf(headers, body);
  const of = (type) => parts.find((p) => p.type === type)?.text ?? null;
  return {headers, subject: headers.subject ?? null, text: of('text/plain'), html: of('text/html')};
}

function split(text) {
  const end = text.search(/\r?\n\r?\n/);
  const head = end < 0 ? text : text.slice(0, end);
  const body = end < 0 ? '' : text.slice(end).replace(/^\r?\n\r?\n/, '');
  const headers = {};
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name) add(headers, name.toLowerCase(), decodedWords(value));
  }
  return {headers, body};
}

function add(headers, name, value) {
  headers[name] = name in headers ? [headers[name], value].flat() : value;
}

function partsOf(headers, body) {
  const full = headers['content-type'] ?? 'text/plain';
  const type = full.split(';')[0].trim().toLowerCase();
  const boundary = /boundary="?([^";]+)"?/i.exec(full)?.[1];
  if (type.startsWith('multipart/') && boundary) {
    const pieces = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1, -1);
    return pieces.map((p) => split(p.replace(/^\r\n/, '')))
        .flatMap((part) => partsOf(part.headers, part.body));
  }
  const decode = DECODERS[headers['content-transfer-encoding']?.toLowerCase()] ?? Buffer.from;
  return [{type, text: decode(body).toString()}];
}

// Words of RFC 2047; the space between two of them is not meant.
function decodedWords(value) {
  return value.replace(/(=\?[^?]+\?[bq]\?[^?]*\?=)\s+(?==\?)/gi, '$1')
      .replace(
          /=\?[^?]+\?([bq])\?([^?]*)\?=/gi,
          (_, how, text) =>
              (how.toLowerCase() === 'b' ? Buffer.from(text, 'base64') :
                                           unquoted(text.replace(/_/g, ' '), /=([0-9A-F]{2})/gi))
                  .toString());
}

const unquoted = (text, escape) => Buffer.from(
    Buffer.from(text).toString('latin1').replace(
        escape, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
    'latin1');

// [code, message] of a message that large providers refuse, or nothing.
export function messageProblem(raw) {
  const text = raw.toString('latin1');
  if (/(^|[^\r])\n/.test(text)) return [550, '5.6.11 SMTPSEND.BareLinefeedsAreIllegal'];
  if (text.split('\r\n').some((line) => line.length > 998)) return [550, '5.6.0 Line too long'];
  const head = text.split('\r\n\r\n')[0];
  const count = (name) => (`\r\n${head}`.match(new RegExp(`\\r\\n${name}:`, 'gi')) ?? []).length;
  if (count('From') !== 1) return [550, '5.7.1 Messages need exactly one From header'];
  if (count('Date') !== 1) return [550, '5.7.1 Messages need exactly one Date header'];
  if (count('Message-ID') !== 1) return [550, '5.7.1 Messages need exactly one Message-ID header'];
  return /[^\x00-\x7f]/.test(head) ? [550, '5.6.7 A header has bytes that are no ASCII'] :
                                     undefined;
}
