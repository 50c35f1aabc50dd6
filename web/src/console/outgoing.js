// What an operator has said and the server has not taken yet: sent one after the other, in the order typed. What fails
// stays with its talk, over a change of chats and a reload, to be sent again under the same id or taken away.
import { useSyncExternalStore } from 'react';
import { api } from './api.js';

const KEY = 'kefu.outgoing';

export class Outgoing {
  constructor(storage = sessionStorage, post = (talk, body) => api.post(`handoffs/${talk}/messages`, body)) {
    Object.assign(this, { storage, post, listeners: new Set(), turns: {} });
    // Whether the server has taken what was under way at a reload is not known: to send it again is safe.
    this.items = JSON.parse(storage.getItem(KEY) || '[]').map((item) => ({ ...item, failed: true }));
  }

  subscribe = (listener) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = () => this.items;

  set(items) {
    this.items = items;
    this.storage.setItem(KEY, JSON.stringify(items));
    this.listeners.forEach((listener) => listener());
  }

  drop(id) {
    this.set(this.items.filter((item) => item.id !== id));
  }

  /** Sends `{ id, talk, text }`, after what was said before in the same talk; gives what the server made of it. */
  send({ id, talk, text }) {
    const item = { id, talk, text, failed: false };
    const known = this.items.some((one) => one.id === id);
    this.set(known ? this.items.map((one) => (one.id === id ? item : one)) : [...this.items, item]);
    const turn = (this.turns[talk] ?? Promise.resolve()).then(() => this.deliver(item));
    this.turns[talk] = turn.catch(() => {});
    return turn;
  }

  async deliver({ id, talk, text }) {
    try {
      const { message } = await this.post(talk, { id, text });
      this.drop(id);
      return message;
    } catch (error) {
      this.set(this.items.map((one) => (one.id === id ? { ...one, failed: true } : one)));
      throw error;
    }
  }
}

export const outgoing = typeof sessionStorage === 'undefined' ? null : new Outgoing();
export const useOutgoing = (talk) => useSyncExternalStore(outgoing.subscribe, outgoing.snapshot).filter((item) => item.talk === talk);
