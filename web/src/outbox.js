// Messages that the server has not acknowledged yet. Each is kept under its own key, so that a reload
// does not lose it and several tabs do not overwrite each other; doubles are the server's to drop, by id.

const PREFIX = 'kefu.outbox.';

export class Outbox {
  constructor(storage) {
    this.storage = storage;
    this.items = [];
    for (let i = 0; i < storage.length; i += 1) {
      const key = storage.key(i);
      if (key && key.startsWith(PREFIX)) {
        try {
          this.items.push(JSON.parse(storage.getItem(key)));
        } catch {
          // A half-written entry: nothing to send.
        }
      }
    }
    this.items.sort((a, b) => a.createdAt - b.createdAt);
  }

  add(item) {
    this.items = [...this.items, item];
    this.#keep(item);
  }

  update(id, changes) {
    this.items = this.items.map((item) => (item.id === id ? { ...item, ...changes } : item));
    const item = this.items.find((one) => one.id === id);
    if (item) this.#keep(item);
  }

  remove(id) {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.id !== id);
    if (this.items.length < before) this.storage.removeItem(PREFIX + id);
  }

  clear() {
    this.items.forEach(({ id }) => this.storage.removeItem(PREFIX + id));
    this.items = [];
  }

  /** The first message still to be sent; failed ones wait for the customer. */
  next() {
    return this.items.find((item) => !item.error);
  }

  #keep(item) {
    try {
      this.storage.setItem(PREFIX + item.id, JSON.stringify(item));
    } catch {
      // Storage is full or forbidden: the message still lives in this page.
    }
  }
}
