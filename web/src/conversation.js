// The conversation as this page knows it: what the server has confirmed, what waits to be sent, and the
// state of the connection. No React here; the wire is described in docs/channels/web.md.
import { Outbox } from './outbox.js';
import { hasPerson } from './view.js';

const ACK_MS = 10_000;
const TYPING_MS = 60_000;
/** A person who writes on says so again within this; and so does this page. */
const PERSON_TYPING_MS = 5000;
const WRITING_MS = 3000;
const RENEW_MS = 24 * 3600_000;
const TOKEN = 'kefu.token';
const SESSION_CODES = ['session_missing', 'session_invalid', 'session_expired'];

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function newId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  // Only served without TLS: browsers then hide randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

export class Conversation {
  /**
   * @param {object} parts
   * @param {() => Promise<object>} parts.openSession asks POST session, given the old token
   * @param {(auth: Function) => object} parts.openSocket makes a socket.io client that is not connected yet
   * @param {Storage} parts.storage localStorage, or a stand-in where it is forbidden
   * @param {(path: string, token: string, data?: object) => Promise<object>} parts.openData asks for one's own data
   */
  constructor({ openSession, openSocket, storage, openData }) {
    Object.assign(this, { openSession, openSocket, storage, openData });
    this.outbox = new Outbox(storage);
    this.language = 'zh';
    this.listeners = new Set();
    this.state = { status: 'connecting', messages: [], pending: this.outbox.items, typing: false, older: false };
    this.bySeq = new Map();
    this.former = []; // of conversations that were linked with this one
    this.read = 0;
    this.toldWriting = 0;
    this.sending = false;
    this.retryMs = 1000;
  }

  subscribe = (listener) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getState = () => this.state;

  /** Proves to the server who this is. */
  get token() {
    return this.storage.getItem(TOKEN);
  }

  async start() {
    await this.#session();
    this.socket = this.openSocket((give) => give({ token: this.storage.getItem(TOKEN) }));
    this.socket.on('connect', () => this.#connected());
    this.socket.on('disconnect', (reason) => {
      this.#set({ status: 'reconnecting', typing: false });
      if (reason === 'io server disconnect') this.socket.connect();
    });
    this.socket.on('connect_error', (error) => this.#refused(error));
    this.socket.on('message', (message) => this.#receive([message]));
    this.socket.on('typing', ({ on, person }) => this.#typing(on, person ? PERSON_TYPING_MS : TYPING_MS));
    this.socket.on('receipt', (receipt) => this.#receipt(receipt));
    this.socket.on('forgotten', () => this.#forgotten());
    this.socket.connect();
    setInterval(() => this.#session(), RENEW_MS);
  }

  sendText(text) {
    this.#enqueue({ text });
  }

  pressButton(seq, index, title) {
    this.#enqueue({ button: { seq, index }, title });
  }

  retry(id) {
    this.outbox.update(id, { error: null });
    this.#changed();
    this.#flush();
  }

  discard(id) {
    this.outbox.remove(id);
    this.#changed();
  }

  /** Fetches the page of messages before the oldest one known, also of conversations on other channels. */
  async loadOlder() {
    const first = this.state.messages[0];
    if (!first || !this.state.older) return;
    const asked = this.earlier ? { thread: this.earlier } : { thread: first.thread, before: first.seq };
    const reply = await this.#ask('history', asked);
    if (!reply?.ok) return;
    if (reply.thread === this.thread) this.#receive(reply.messages);
    else this.former = [...reply.messages, ...this.former];
    this.#reached(reply);
    this.#changed();
  }

  /** Lets the person who talks with the customer, if one does, see that they are writing; not what. */
  writing() {
    const now = Date.now();
    if (!this.socket?.connected || now - this.toldWriting < WRITING_MS || !hasPerson(this.state.messages)) return;
    this.toldWriting = now;
    this.#ask('typing', {});
  }

  /** Says to the server that the customer has these messages before their eyes. */
  markRead() {
    const last = this.#lastOfBot();
    if (!this.socket?.connected || last <= this.read) return;
    this.read = last;
    this.#ask('seen', { seq: last, state: 'read', thread: this.thread });
  }

  /** Asks for one's own data, or changes it; like every reply ``{ ok, ... }``. */
  async ownData(path, data) {
    try {
      return await this.openData(path, this.storage.getItem(TOKEN), data);
    } catch {
      return { ok: false, error: { code: 'unavailable' } };
    }
  }

  /** Nothing is kept of this visitor any more, here neither: who goes on is another. */
  async #forgotten() {
    this.outbox.clear();
    this.storage.removeItem(TOKEN);
    this.#forget();
    this.thread = undefined;
    this.earlier = undefined;
    this.#set({ forgotten: true, typing: false });
    this.socket.disconnect();
    await this.#session();
    this.socket.connect();
  }

  #enqueue(content) {
    const item = { id: newId(), language: this.language, createdAt: Date.now(), ...content };
    this.outbox.add(item);
    this.#changed();
    this.#flush();
  }

  async #session() {
    for (let ms = 1000; ; ms = Math.min(ms * 2, 10_000)) {
      try {
        const session = await this.openSession(this.storage.getItem(TOKEN));
        this.storage.setItem(TOKEN, session.token);
        const lost = !session.renewed && session.reason !== 'session_missing';
        if (lost) this.#forget();
        this.#set({ brand: session.brand, renewedSession: lost || this.state.renewedSession });
        return;
      } catch {
        await wait(ms);
      }
    }
  }

  /** Another visitor now: buttons of the old conversation mean nothing, typed messages still do. */
  #forget() {
    this.bySeq.clear();
    this.former = [];
    this.read = 0;
    this.outbox.items.filter((item) => item.button).forEach(({ id }) => this.outbox.remove(id));
    this.#set({ older: false });
    this.#changed();
  }

  async #refused(error) {
    if (this.state.status === 'online') this.#set({ status: 'reconnecting' });
    if (SESSION_CODES.includes(error.data?.code ?? error.message)) await this.#session();
    // socket.io tries again by itself only when the network failed, not when the server said no.
    if (!this.socket.active) {
      await wait(this.retryMs);
      this.retryMs = Math.min(this.retryMs * 2, 10_000);
      this.socket.connect();
    }
  }

  async #connected() {
    this.retryMs = 1000;
    const after = this.#seen();
    const reply = await this.#ask('hello', { after: after || undefined, thread: this.thread, language: this.language });
    if (!reply?.ok) {
      await wait(1000 * (reply?.error?.retry_after ?? 1));
      if (this.socket.connected) this.#connected();
      return;
    }
    if (reply.thread !== this.thread) {
      if (this.thread) this.#forget();
      this.thread = reply.thread;
    }
    this.#receive(reply.messages);
    if (reply.older !== undefined) this.#reached(reply);
    if (reply.more) await this.#catchUp();
    this.#set({ status: 'online' });
    this.#typing(reply.busy);
    this.#flush();
  }

  /** What lies before the messages just fetched. */
  #reached({ older, earlier }) {
    this.earlier = older ? undefined : earlier ?? undefined;
    this.#set({ older: Boolean(older || earlier) });
  }

  #lastOfBot() {
    return this.state.messages.reduce((last, { from, seq, thread }) => (
      from === 'bot' && thread === this.thread ? Math.max(last, seq) : last
    ), 0);
  }

  #receipt({ thread, seq, state }) {
    const message = this.bySeq.get(seq);
    if (thread !== this.thread || !message) return;
    this.bySeq.set(seq, { ...message, state });
    this.#changed();
  }

  /** The last number without a gap before it: what comes after it has to be asked for again. */
  #seen() {
    let seen = 0;
    for (const { seq, thread } of this.state.messages) {
      if (thread !== this.thread) continue;
      if (seen && seq !== seen + 1) break;
      seen = seq;
    }
    return seen;
  }

  async #catchUp() {
    for (let more = true; more; ) {
      const reply = await this.#ask('updates', { after: this.#seen() });
      if (!reply?.ok) return;
      this.#receive(reply.messages);
      more = reply.more;
    }
  }

  #receive(messages) {
    this.thread ??= messages[0]?.thread;
    // The customer was linked with another channel, or is no longer: another conversation goes on.
    if (messages.some(({ thread }) => thread !== this.thread)) {
      messages.forEach(({ id }) => id && this.outbox.remove(id));
      if (this.socket?.connected) this.#connected();
      return;
    }
    for (const message of messages) {
      this.bySeq.set(message.seq, message);
      if (message.id) this.outbox.remove(message.id);
      if (message.from === 'bot') this.#typing(this.state.typing && !message.agent);
    }
    this.#changed();
    const known = this.state.messages.filter(({ thread }) => thread === this.thread);
    const hasGap = known.length > 0 && known[known.length - 1].seq - known[0].seq + 1 !== known.length;
    if (hasGap && !this.mending && this.socket?.connected) {
      this.mending = true;
      this.#catchUp().finally(() => {
        this.mending = false;
      });
    }
  }

  async #flush() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (let item = this.outbox.next(); item && this.socket?.connected; item = this.outbox.next()) {
        await this.#send(item);
        this.#changed();
      }
    } finally {
      this.sending = false;
    }
  }

  async #send({ id, text, button, title, language }) {
    const reply = await this.#ask('message', { id, text, button, language });
    if (!reply) {
      await wait(500); // no acknowledgement: the same id again, once connected
    } else if (reply.ok) {
      const { seq, created_at, thread } = reply;
      const shown = { seq, created_at, thread, from: 'customer', id, text: text ?? title, button, state: 'received' };
      if (!this.bySeq.has(seq)) this.#receive([shown]);
      this.outbox.remove(id);
    } else if (reply.error.retry_after) {
      await wait(1000 * reply.error.retry_after);
    } else {
      this.outbox.update(id, { error: reply.error.code });
    }
  }

  /** Emits and waits for the answer; `null` when none came in time. */
  async #ask(event, data) {
    try {
      return await this.socket.timeout(ACK_MS).emitWithAck(event, data);
    } catch {
      return null;
    }
  }

  #typing(on, lasts = TYPING_MS) {
    clearTimeout(this.typingTimer);
    if (on) this.typingTimer = setTimeout(() => this.#set({ typing: false }), lasts);
    if (Boolean(on) !== this.state.typing) this.#set({ typing: Boolean(on) });
  }

  #changed() {
    const present = [...this.bySeq.values()].sort((a, b) => a.seq - b.seq);
    const messages = [...this.former, ...present];
    this.#set({ messages, pending: this.outbox.items });
  }

  #set(changes) {
    this.state = { ...this.state, ...changes };
    this.listeners.forEach((listener) => listener());
  }
}
