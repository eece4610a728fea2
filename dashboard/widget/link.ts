// The way to the server: a WebSocket where one stands, plain requests otherwise. Whoever asks has
// one answer, or a refusal that says whether the same may be asked again; nothing is repeated here.
import type {Config} from './config.ts';
import type {Answer, Push, Refusal, Request, Result, Shop} from './protocol.ts';
import {refused} from './protocol.ts';

const ANSWER_MS = 40e3;  // the server says "pending" after 25 s
const FIRST_PAUSE_MS = 1e3, LONGEST_PAUSE_MS = 60e3;
const STEADY_MS = 20e3;   // a socket that lasted so long was a good one
const REFUSED_CODE = 1008;

interface Asked {
  give: (result: Result) => void;
  timer: number;
}

interface Hearer {
  opened(): void;
  pushed(push: Push): void;
}

type Body = Partial<Answer> & {success?: boolean; status?: string; error?: {code: string; message: string}};

// A body that says neither (a proxy's page) is judged by its status alone.
function resultOf(body: Body | undefined, status = 200, retryMs = 0): Result {
  if (body?.success === true) return {answer: body as Answer};
  if (body?.status === 'pending') return refused('pending');
  if (body?.error) return refused(body.error.code, body.error.message, retryMs);
  return refused(status === 429 ? 'too_many_requests' : 'unavailable', '', retryMs);
}

export class Link {
  readonly #config: Config;
  readonly #hearer: Hearer;
  #socket: WebSocket | undefined;
  #asked: Asked[] = [];  // over the socket, in the order of their answers
  #wanted = false;
  #pause = FIRST_PAUSE_MS;
  #timer = 0;

  constructor(config: Config, hearer: Hearer) {
    this.#config = config;
    this.#hearer = hearer;
  }

  get stands(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  // From now on there is a socket whenever there can be.
  connect(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#dial();
  }

  disconnect(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    if (this.#socket) this.#abandon(this.#socket);
  }

  // Something has changed (the network is back): no need to wait for the next try.
  hurry(): void {
    this.#pause = FIRST_PAUSE_MS;
    if (this.#wanted && !this.#socket) {
      clearTimeout(this.#timer);
      this.#dial();
    }
  }

  ask(request: Request): Promise<Result> {
    return this.stands ? this.#write(request) : this.post(request);
  }

  // Whose chat it is, or why nobody says.
  async shop(): Promise<Shop | Refusal> {
    try {
      const response = await fetch(this.#address('https', '/shop'), {credentials: 'omit'});
      const {shop, error} = await response.json() as {shop?: Shop; error?: Refusal};
      return shop ?? error ?? {code: 'unavailable', message: '', retryMs: 0};
    } catch {
      return {code: 'offline', message: '', retryMs: 0};
    }
  }

  #address(scheme: 'https' | 'wss', path: string) {
    const {host, business, key} = this.#config;
    const base = scheme === 'wss' ? host.replace(/^http/, 'ws') : host;
    return `${base}/api/chat${path}?${new URLSearchParams({businessId: business, key})}`;
  }

  #dial() {
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#address('wss', '/socket'), 'chat');
    } catch {
      return;  // the site's policy has no wss: it is plain requests then
    }
    this.#socket = socket;
    let since = 0;
    socket.onopen = () => {
      since = Date.now();
      this.#hearer.opened();
    };
    socket.onmessage = (e) => this.#heard(String(e.data));
    socket.onclose = (e) => this.#closed(socket, e.code, since > 0 && Date.now() - since > STEADY_MS);
  }

  #heard(text: string) {
    const body = JSON.parse(text) as Body & Push;
    if (body.type) return this.#hearer.pushed(body);
    const asked = this.#asked.shift();
    clearTimeout(asked?.timer);
    asked?.give(resultOf(body));
  }

  #closed(socket: WebSocket, code: number, steady: boolean) {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    for (const {give, timer} of this.#asked.splice(0)) {
      clearTimeout(timer);
      give(refused('lost'));
    }
    if (!this.#wanted || code === REFUSED_CODE) return;
    if (steady) this.#pause = FIRST_PAUSE_MS;
    // Of many that lost their socket at once, each comes at a moment of its own.
    this.#timer = setTimeout(() => this.#dial(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  #write(request: Request): Promise<Result> {
    const socket = this.#socket!;
    return new Promise((give) => {
      const timer = setTimeout(() => this.#abandon(socket), ANSWER_MS);
      this.#asked.push({give, timer});
      socket.send(JSON.stringify(request));
    });
  }

  // It is not waited for: who is gone does not answer the goodbye.
  #abandon(socket: WebSocket) {
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close(1000);
    this.#closed(socket, 1006, false);
  }

  async post(request: Request): Promise<Result> {
    const {business, key} = this.#config;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_MS);
    try {
      const response = await fetch(`${this.#config.host}/api/chat`, {
        method: 'POST',
        credentials: 'omit',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({...request, businessId: business, key}),
        signal: abort.signal,
      });
      const retryMs = 1000 * (Number(response.headers.get('Retry-After')) || 0);
      return resultOf(await response.json().catch(() => undefined), response.status, retryMs);
    } catch {
      return refused('offline');
    } finally {
      clearTimeout(timer);
    }
  }
}
