// What the server pushes, kept for every page: takeovers, colleagues, messages, how many tickets whom wait for. Pages
// subscribe with `useLive`, and with `useTicketNews` to tickets that have changed.
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { api } from './api.js';
import { outgoing } from './outgoing.js';

const ALIVE_MS = 10_000;
/** Of whom is what is kept in this tab. */
const OWNER = 'kefu.owner';
const RETRY_MS = [500, 1000, 2000, 5000];
const LOGGED_OUT = 4401;
const NOTHING = { handoffs: {}, agents: [], unread: {}, last: {}, notices: [], typing: {}, workload: { agents: [], queues: {} } };
/** So many of the last notices are kept under the bell. */
const NOTICES = 20;
/** A customer who writes on says so again within this. */
const TYPING_MS = 5000;
const WRITING_MS = 3000;
/** What one has taken is pushed within this. */
const TAKEN_MS = 2000;
/** Of `Handoff.idle_step`: nobody answers the customer, who was apologised to. */
export const NEGLECTED = 2;
/** Lists are loaded again this long after a ticket has changed, together for all that change meanwhile. */
const GATHER_MS = 700;

/** Where a customer is whom one had: by the state of their takeover. */
const LOST = { queued: 'waits', human: 'taken', closed: 'closed', gone: 'lost' };
const TOLD_ASSIGNEE = { assigned: 'ticket_mine', sla_warned: 'ticket_soon', sla_breached: 'ticket_late' };
const TOLD_SUPERVISOR = { escalated: 'ticket_escalated', sla_breached: 'ticket_breached' };

export class Live {
  constructor() {
    this.listeners = new Set();
    this.state = { connected: false, ...NOTHING };
    this.ticketListeners = new Set();
    this.conversations = new Map(); // conversation -> { items: Map(key -> message), older, earlier, loaded }
    this.open = null; // the conversation that is looked at
    this.tries = 0;
    this.taking = new Set(); // conversations that this page is taking by itself: no news
    this.leaving = new Set(); // talks that this page is ending or handing on: no news
    this.typers = {};
    this.toldWriting = 0;
    this.onNews = () => {};
  }

  subscribe = (listener) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = () => this.state;

  set(change) {
    this.state = { ...this.state, ...change };
    this.listeners.forEach((listener) => listener());
  }

  start(me) {
    this.me = me;
    // Whoever worked in this tab before has typed what is not the next one's to read.
    if (sessionStorage.getItem(OWNER) !== String(me.id)) {
      sessionStorage.clear();
      outgoing.set([]);
    }
    sessionStorage.setItem(OWNER, String(me.id));
    this.wanted = true;
    this.connect();
  }

  stop() {
    this.wanted = false;
    this.socket?.close();
    this.conversations.clear();
    this.set({ connected: false, ...NOTHING });
  }

  connect() {
    const address = new URL('api/live', window.location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = new WebSocket(address);
    this.socket = socket;
    let alive;
    socket.onopen = () => {
      this.tries = 0;
      alive = setInterval(() => socket.send('{}'), ALIVE_MS);
      if (this.open) this.watch(this.open);
    };
    socket.onmessage = ({ data }) => JSON.parse(data).forEach((event) => this.take(event));
    socket.onclose = ({ code }) => {
      clearInterval(alive);
      if (this.socket !== socket) return;
      this.set({ connected: false });
      if (code === LOGGED_OUT) api.get('me').catch(() => {}); // a 401 shows the login
      if (!this.wanted) return;
      setTimeout(() => this.wanted && this.connect(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
    };
  }

  take(event) {
    if (event.type === 'hello') return this.begin(event);
    if (event.type === 'agents') return this.set({ agents: event.agents });
    if (event.type === 'gone') return this.takeGone(event);
    if (event.type === 'handoff') return this.takeHandoff(event);
    if (event.type === 'message') return this.takeMessage(event);
    if (event.type === 'workload') return this.set({ workload: { agents: event.agents, queues: event.queues } });
    if (event.type === 'ticket') return this.takeTicket(event);
    return undefined;
  }

  begin({ handoffs, agents, messages }) {
    const before = this.state.handoffs;
    this.set({
      connected: true,
      agents,
      handoffs: Object.fromEntries(handoffs.map((handoff) => [handoff.id, handoff])),
      last: Object.fromEntries(messages.map((message) => [message.conversation, message])),
    });
    for (const old of Object.values(before)) this.missed(old, this.state.handoffs[old.id]?.state ?? 'gone');
    // What came while the page was not connected.
    this.ticketListeners.forEach((listener) => listener(null));
    if (this.open) this.load(this.open);
    for (const conversation of [...this.conversations.keys()]) {
      if (conversation !== this.open) this.conversations.delete(conversation);
    }
  }

  takeGone({ id, state }) {
    const { [id]: gone, ...handoffs } = this.state.handoffs;
    this.set({ handoffs });
    if (!gone) return;
    this.seen(gone.conversation);
    this.missed(gone, state);
  }

  /** Says where a customer is with whom one talked a moment ago, unless one has let them go oneself. */
  missed(before, state) {
    const { id, conversation, state: was, agent_id: agent } = before;
    const now = this.state.handoffs[id];
    if (was !== 'human' || agent !== this.me.agent_id || (now?.state === 'human' && now.agent_id === agent)) return;
    if (!this.leaving.delete(id)) this.tell(LOST[state], { conversation });
  }

  takeHandoff(handoff) {
    const before = this.state.handoffs[handoff.id];
    this.set({ handoffs: { ...this.state.handoffs, [handoff.id]: handoff } });
    if (handoff.typing_at && handoff.typing_at !== before?.typing_at) this.showTyping(handoff.conversation, true);
    const queued = handoff.state === 'queued' && before?.state !== 'queued';
    const mine = handoff.agent_id === this.me.agent_id && before?.agent_id !== this.me.agent_id;
    const neglected = handoff.idle_step === NEGLECTED && before?.idle_step !== NEGLECTED;
    if (!mine && handoff.agent_id !== this.me.agent_id) this.seen(handoff.conversation);
    if (before) this.missed(before, handoff.state);
    // Passed on to this colleague, who has yet to accept.
    if (queued && handoff.accepted_at && handoff.preferred_agent_id === this.me.agent_id) this.tell('passed', handoff);
    else if (queued) this.onNews('queued', handoff);
    else if (mine && !this.taking.delete(handoff.conversation)) this.tell('mine', handoff);
    else if (neglected) this.tell(handoff.agent_id === this.me.agent_id ? 'late' : 'neglected', handoff);
  }

  /** A notice that stays under the bell, besides what is said at once. */
  tell(kind, thing) {
    const place = thing.number ? `tickets/${thing.number}` : thing.id ? `desk/${thing.id}` : `customers/${thing.conversation}`;
    const notice = { key: `${kind}:${place}:${Date.now()}`, kind, number: thing.number, who: thing.conversation?.slice(-4), place, at: new Date().toISOString(), fresh: true };
    this.set({ notices: [notice, ...this.state.notices].slice(0, NOTICES) });
    this.onNews(kind, thing, notice);
  }

  noticesSeen() {
    if (!this.state.notices.some(({ fresh }) => fresh)) return;
    this.set({ notices: this.state.notices.map((one) => ({ ...one, fresh: false })) });
  }

  noticeSeen(key) {
    this.set({ notices: this.state.notices.map((one) => (one.key === key ? { ...one, fresh: false } : one)) });
  }

  /** Takes a conversation by `call`; that it is one's own then is no news. */
  async takes(conversation, call) {
    this.taking.add(conversation);
    try {
      return await call();
    } finally {
      setTimeout(() => this.taking.delete(conversation), TAKEN_MS);
    }
  }

  /** Ends or hands on a talk of one's own by `call`; that it is gone then is no news. */
  async leaves(id, call) {
    this.leaving.add(id);
    try {
      return await call();
    } catch (error) {
      this.leaving.delete(id);
      throw error;
    }
  }

  showTyping(conversation, on) {
    clearTimeout(this.typers[conversation]);
    if (on) this.typers[conversation] = setTimeout(() => this.showTyping(conversation, false), TYPING_MS);
    if (Boolean(this.state.typing[conversation]) !== on) this.set({ typing: { ...this.state.typing, [conversation]: on } });
  }

  /** Lets the customer see that one is writing; not what. */
  writing(id) {
    if (Date.now() - this.toldWriting < WRITING_MS || this.socket?.readyState !== WebSocket.OPEN) return;
    this.toldWriting = Date.now();
    this.socket.send(JSON.stringify({ typing: id }));
  }

  isMine(conversation) {
    const { handoffs } = this.state;
    return Object.values(handoffs).some((one) => one.conversation === conversation && one.state === 'human' && one.agent_id === this.me.agent_id);
  }

  takeTicket(change) {
    this.ticketListeners.forEach((listener) => listener(change.number));
    const { what, by, assignee_id: assignee } = change;
    if (by === `account:${this.me.id}`) return;
    // What the clock escalates, it has just said to be late.
    if (what === 'escalated' && by === 'clock') return;
    const mine = assignee !== null && assignee === this.me.agent_id;
    const kind = mine ? TOLD_ASSIGNEE[what] : this.me.role === 'supervisor' ? TOLD_SUPERVISOR[what] : null;
    if (kind) this.tell(kind, change);
  }

  takeMessage(message) {
    const { conversation } = message;
    const known = this.state.last[conversation];
    const isNew = !known || message.seq > known.seq;
    this.merge(conversation, [message]);
    const change = isNew ? { last: { ...this.state.last, [conversation]: message } } : {};
    if (message.from === 'customer') this.showTyping(conversation, false);
    if (isNew && known && message.from === 'customer' && this.isMine(conversation)) {
      if (conversation !== this.open || document.hidden) {
        change.unread = { ...this.state.unread, [conversation]: (this.state.unread[conversation] || 0) + 1 };
      }
      this.onNews('message', message);
    }
    this.set(change);
  }

  /** Shows a conversation: its messages are pushed from now on, whosever it is. */
  look(conversation) {
    this.open = conversation;
    const { [conversation]: _, ...unread } = this.state.unread;
    this.set({ unread });
    if (this.socket?.readyState === WebSocket.OPEN) this.watch(conversation);
    if (conversation) this.load(conversation);
  }

  seen(conversation) {
    if (!this.state.unread[conversation]) return;
    const { [conversation]: _, ...unread } = this.state.unread;
    this.set({ unread });
  }

  watch(conversation) {
    this.socket.send(JSON.stringify({ watch: conversation }));
  }

  kept(conversation) {
    if (!this.conversations.has(conversation)) {
      this.conversations.set(conversation, { items: new Map(), older: false, earlier: null, loaded: false });
    }
    return this.conversations.get(conversation);
  }

  /** Gets the newest messages; as long as the server is away and they are looked at, again and again. */
  async load(conversation) {
    let page;
    try {
      page = await api.get(`conversations/${conversation}/messages`);
    } catch ({ status }) {
      const again = () => this.open === conversation && this.load(conversation);
      if (!status || status >= 500) setTimeout(again, RETRY_MS.at(-1));
      return;
    }
    const kept = this.kept(conversation);
    // More was said while the page was away than one page holds: what was shown would not join.
    const newest = Math.max(0, ...[...kept.items.values()].filter((item) => item.conversation === conversation).map(({ seq }) => seq));
    if (kept.loaded && page.messages[0]?.seq > newest + 1) Object.assign(kept, { items: new Map(), loaded: false });
    if (!kept.loaded) Object.assign(kept, { loaded: true, older: page.older, earlier: page.earlier, oldest: conversation });
    this.merge(conversation, page.messages);
    this.set({});
  }

  /** The page before the oldest message shown: of the same conversation, or of the one before the link. */
  async loadOlder(conversation) {
    const kept = this.kept(conversation);
    const thread = kept.older ? kept.oldest : kept.earlier;
    if (!thread || kept.busy) return;
    kept.busy = true;
    try {
      const seqs = [...kept.items.values()].filter((item) => item.conversation === thread).map((item) => item.seq);
      const before = kept.older ? Math.min(...seqs) : undefined;
      const page = await api.get(`conversations/${thread}/messages`, { before });
      Object.assign(kept, { oldest: thread, older: page.older, earlier: page.earlier });
      this.merge(conversation, page.messages);
    } finally {
      kept.busy = false;
      this.set({});
    }
  }

  merge(conversation, messages) {
    const { items } = this.kept(conversation);
    for (const message of messages) items.set(`${message.conversation}:${message.seq}`, message);
  }

  messages(conversation) {
    const items = [...(this.conversations.get(conversation)?.items.values() || [])];
    // Who has read a message has read those before it.
    const read = {};
    for (const { conversation: one, seq, state } of items) if (state === 'read') read[one] = Math.max(read[one] ?? 0, seq);
    const shown = items.map((item) => (item.from !== 'customer' && item.seq < read[item.conversation] ? { ...item, state: 'read' } : item));
    return shown.filter(({ from }) => from !== 'event').sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.seq - b.seq));
  }
}

export const live = new Live();
export const useLive = () => useSyncExternalStore(live.subscribe, live.snapshot);

/** Calls `then` after tickets have changed, or only when the one of that number has. */
export function useTicketNews(then, number) {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    let timer;
    const listener = (changed) => {
      if (number && changed && changed !== number) return;
      timer ??= setTimeout(() => { timer = undefined; latest.current(); }, GATHER_MS);
    };
    live.ticketListeners.add(listener);
    return () => {
      live.ticketListeners.delete(listener);
      clearTimeout(timer);
    };
  }, [number]);
}
