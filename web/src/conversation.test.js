// The page's side of "never lost, never doubled", against a server in memory. Run: npm test
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from './conversation.js';
import { makeView } from './view.js';

class FakeStorage extends Map {
  get length() { return this.size; }
  key(index) { return [...this.keys()][index] ?? null; }
  getItem(key) { return this.get(key) ?? null; }
  setItem(key, value) { this.set(key, String(value)); }
  removeItem(key) { this.delete(key); }
}

/** Answers like the server; `deaf` swallows the next acknowledgements. */
class FakeServer {
  constructor() {
    this.log = [];
    this.received = [];
    this.deaf = 0;
    this.refusals = [];
    this.greeted = true;
  }

  append(message) {
    const stored = {
      seq: this.log.length + 1, thread: this.thread, created_at: new Date().toISOString(), ...message,
    };
    this.log.push(stored);
    return stored;
  }

  answer(event, data) {
    if (event === 'seen') {
      this.seen = data;
      return { ok: true };
    }
    return { thread: this.thread, ...this.reply(event, data) };
  }

  reply(event, data) {
    if (event === 'history' && this.former && data.thread === this.former.thread) {
      return { ok: true, messages: this.former.messages, older: false, thread: data.thread };
    }
    if (event === 'hello' && data.after && data.thread === this.thread) return { ok: true, messages: this.log.slice(data.after), more: false, busy: false };
    if (event === 'hello') return { ok: true, messages: this.log.slice(-50), older: this.log.length > 50, earlier: this.former?.thread, busy: false };
    if (event === 'updates') return { ok: true, messages: this.log.slice(data.after, data.after + 2), more: this.log.length > data.after + 2 };
    if (event === 'history') {
      const to = data.before - 1;
      return { ok: true, messages: this.log.slice(Math.max(0, to - 50), to), older: to > 50 };
    }
    this.received.push(data);
    if (this.refusals.length) return { ok: false, error: this.refusals.shift() };
    const known = this.log.find(({ id }) => id === data.id);
    const { seq, created_at } = known ?? this.append({ from: 'customer', id: data.id, text: data.text ?? 'title' });
    return { ok: true, id: data.id, seq, created_at };
  }
}

class FakeSocket {
  constructor(server) {
    this.server = server;
    this.handlers = {};
    this.connected = false;
    this.active = true;
  }

  on(event, handler) { this.handlers[event] = handler; }
  connect() { this.connected = true; return this.handlers.connect(); }
  drop() { this.connected = false; this.handlers.disconnect('transport close'); }
  disconnect() { this.connected = false; this.handlers.disconnect('io client disconnect'); }
  push(message) { this.handlers.message(message); }
  timeout() {
    return {
      emitWithAck: async (event, data) => {
        if (!this.connected) throw new Error('timeout');
        const reply = this.server.answer(event, JSON.parse(JSON.stringify(data)));
        if (event === 'message' && this.server.deaf > 0) {
          this.server.deaf -= 1;
          throw new Error('timeout');
        }
        return reply;
      },
    };
  }
}

const settle = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(server = new FakeServer(), storage = new FakeStorage(), session = {}) {
  const socket = new FakeSocket(server);
  const conversation = new Conversation({
    openSession: async () => ({ token: 'token', renewed: true, reason: null, ...session }),
    openSocket: () => socket,
    storage,
  });
  globalThis.setInterval = () => 0; // the daily renewal would keep the test alive
  await conversation.start();
  await settle();
  return { server, socket, conversation, storage, texts: () => conversation.getState().messages.map(({ text }) => text) };
}

test('a message is shown as pending, then as confirmed under the same id', async () => {
  const { conversation, server, texts } = await open();
  conversation.sendText('hi');
  assert.equal(conversation.getState().pending.length, 1);
  await settle();
  assert.deepEqual(texts(), ['hi']);
  assert.equal(conversation.getState().pending.length, 0);
  assert.equal(server.received[0].id, conversation.getState().messages[0].id);
});

test('what is typed while offline is sent in order after the connection is back', async () => {
  const { conversation, socket, server } = await open();
  socket.drop();
  conversation.sendText('one');
  conversation.sendText('two');
  await settle();
  assert.equal(server.received.length, 0);
  assert.equal(conversation.getState().status, 'reconnecting');
  socket.connect();
  await settle();
  assert.deepEqual(server.received.map(({ text }) => text), ['one', 'two']);
  assert.equal(conversation.getState().status, 'online');
});

test('a lost acknowledgement leads to the same id again and to one message', async () => {
  const { conversation, server, texts } = await open();
  server.deaf = 1;
  conversation.sendText('once');
  await settle(700);
  assert.equal(server.received.length, 2);
  assert.equal(server.received[0].id, server.received[1].id);
  assert.deepEqual(texts(), ['once']);
});

test('a reload keeps messages that were never acknowledged', async () => {
  const { conversation, socket, storage } = await open();
  socket.drop();
  conversation.sendText('before the reload');
  const { server } = await open(new FakeServer(), storage);
  assert.deepEqual(server.received.map(({ text }) => text), ['before the reload']);
  assert.equal([...storage.keys()].filter((key) => key.startsWith('kefu.outbox')).length, 0);
});

test('a gap in the numbers is filled by asking', async () => {
  const { server, socket, texts } = await open();
  for (const text of ['1', '2', '3', '4', '5']) server.append({ from: 'bot', text });
  socket.push(server.log[0]);
  socket.push(server.log[4]);
  await settle(50);
  assert.deepEqual(texts(), ['1', '2', '3', '4', '5']);
});

test('a message that comes twice is shown once', async () => {
  const { server, socket, texts } = await open();
  const message = server.append({ from: 'bot', text: 'a' });
  socket.push(message);
  socket.push({ ...message });
  assert.deepEqual(texts(), ['a']);
});

test('after a break only what was missed is asked for', async () => {
  const server = new FakeServer();
  server.append({ from: 'bot', text: 'a' });
  const { socket, texts } = await open(server);
  socket.drop();
  server.append({ from: 'bot', text: 'b' });
  socket.connect();
  await settle();
  assert.deepEqual(texts(), ['a', 'b']);
});

test('older pages are added in front', async () => {
  const server = new FakeServer();
  for (let n = 1; n <= 120; n += 1) server.append({ from: 'bot', text: String(n) });
  const { conversation, texts } = await open(server);
  assert.equal(texts().length, 50);
  await conversation.loadOlder();
  await conversation.loadOlder();
  assert.equal(texts().length, 120);
  assert.equal(conversation.getState().older, false);
});

test('too many messages are held back and sent later, not failed', async () => {
  const { conversation, server, texts } = await open();
  server.refusals = [{ code: 'too_many', retry_after: 0.05 }];
  conversation.sendText('patient');
  await settle(150);
  assert.deepEqual(texts(), ['patient']);
});

test('a refused message is marked, does not hold up the next, and can be sent again or removed', async () => {
  const { conversation, server, texts } = await open();
  server.refusals = [{ code: 'unknown_button' }];
  conversation.pressButton(1, 0, 'gone');
  conversation.sendText('next');
  await settle();
  assert.deepEqual(texts(), ['next']);
  assert.equal(conversation.getState().pending[0].error, 'unknown_button');
  conversation.retry(conversation.getState().pending[0].id);
  await settle();
  assert.equal(conversation.getState().pending.length, 0);
  server.refusals = [{ code: 'empty' }];
  conversation.sendText('x');
  await settle();
  conversation.discard(conversation.getState().pending[0].id);
  assert.equal(conversation.getState().pending.length, 0);
});

test('an expired session begins a new conversation and says so', async () => {
  const { conversation } = await open(new FakeServer(), new FakeStorage(), { renewed: false, reason: 'session_expired' });
  assert.equal(conversation.getState().renewedSession, true);
});

test('only the buttons of the newest turn can be pressed', () => {
  const view = makeView();
  const at = new Date(0).toISOString();
  const bot = (seq) => ({ seq, from: 'bot', created_at: at, text: '?', buttons: [{ title: 'a' }] });
  const customer = { seq: 2, from: 'customer', id: 'x', created_at: at, text: 'a', button: { seq: 1, index: 0 } };
  const shown = view({ messages: [bot(1), customer, bot(3)], pending: [], status: 'online' });
  assert.deepEqual(shown.map(({ active }) => active), [false, false, true]);
  assert.equal(shown[0].pressed, 0);
  const again = view({ messages: [bot(1), customer, bot(3)], pending: [{ id: 'y', text: 'b', createdAt: 1 }], status: 'online' });
  assert.equal(again[2].active, false);
});

test('when channels are linked the page goes on with the other conversation', async () => {
  const server = new FakeServer();
  server.thread = 'mine';
  server.append({ from: 'bot', text: 'before' });
  const { conversation, socket, texts } = await open(server);
  conversation.pressButton(1, 0, 'of the old conversation');
  server.thread = 'joint';
  server.log = [];
  server.append({ from: 'bot', text: 'from WeChat' });
  server.append({ from: 'customer', id: 'x', text: 'hello', channel: 'wechat' });
  socket.push(server.append({ from: 'bot', text: 'news' }));
  await settle();
  assert.deepEqual(texts(), ['from WeChat', 'hello', 'news']);
  assert.equal(conversation.getState().pending.length, 0);
});

test('before the first message come those of conversations linked with this one', async () => {
  const server = new FakeServer();
  server.thread = 'joint';
  server.former = { thread: 'mine', messages: [{ seq: 1, thread: 'mine', from: 'bot', created_at: 'x', text: 'before' }] };
  server.append({ from: 'bot', text: 'now' });
  const { conversation, socket, texts } = await open(server);
  assert.equal(conversation.getState().older, true);
  await conversation.loadOlder();
  assert.deepEqual(texts(), ['before', 'now']);
  assert.equal(conversation.getState().older, false);
  socket.push(server.append({ from: 'bot', text: 'next' }));
  assert.deepEqual(texts(), ['before', 'now', 'next']);
});

test('the receipt of a message goes from received over in progress to answered', async () => {
  const { conversation, socket } = await open();
  const view = makeView();
  const receipt = () => view(conversation.getState()).find(({ from }) => from === 'customer').receipt;
  conversation.sendText('hi');
  await settle();
  assert.equal(receipt(), 'sent');
  socket.handlers.receipt({ seq: 1, state: 'processing' });
  assert.equal(receipt(), 'processing');
  socket.handlers.receipt({ seq: 1, state: 'answered' });
  assert.equal(receipt(), 'answered');
});

test('what the customer has read is told to the server once', async () => {
  const { conversation, server, socket } = await open();
  socket.push(server.append({ from: 'bot', text: 'a' }));
  conversation.markRead();
  await settle();
  assert.equal(server.seen.seq, 1);
  server.seen = null;
  conversation.markRead();
  await settle();
  assert.equal(server.seen, null);
});

test('who is forgotten begins as somebody new, and nothing of them stays in the browser', async () => {
  const storage = new FakeStorage();
  const { conversation, server, socket, texts } = await open(new FakeServer(), storage);
  conversation.sendText('my address is a secret');
  await settle();
  socket.drop();
  conversation.sendText('and this was not sent yet');
  const before = storage.getItem('kefu.token');
  assert.equal(before, 'token');
  conversation.openSession = async (token) => ({ token: token ?? 'another', renewed: Boolean(token), reason: token ? null : 'session_missing' });
  server.log = [];
  server.thread = 'new';
  server.append({ from: 'bot', text: 'welcome' });
  await socket.handlers.forgotten({});
  await settle();
  assert.deepEqual(texts(), ['welcome']);
  assert.equal(storage.getItem('kefu.token'), 'another');
  assert.ok(![...storage.values()].some((value) => value.includes('secret') || value.includes('not sent')));
  assert.ok(conversation.getState().forgotten);
  assert.ok(!conversation.getState().renewedSession);
});

test('what a person has got is delivered, not answered, until the assistant has the conversation again', () => {
  const at = new Date().toISOString();
  const mine = { seq: 2, thread: 't', from: 'customer', id: 'a', text: '在吗', state: 'answered', created_at: at };
  const receiptAfter = (said) => makeView()({
    messages: [{ seq: 1, thread: 't', from: 'bot', text: 'x', created_at: at, ...said }, mine], pending: [], status: 'online',
  }).at(-1).receipt;
  assert.equal(receiptAfter({ handoff: 'human' }), 'delivered');
  assert.equal(receiptAfter({ agent: { name: '小李' } }), 'delivered');
  assert.equal(receiptAfter({ handoff: 'closed' }), 'answered');
  assert.equal(receiptAfter({}), 'answered');
});
