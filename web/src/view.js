// Turns the state of the conversation into the list of messages that ChatUI shows.

const TIME_GAP_MS = 5 * 60_000;
/** What is shown of the server's `state` of a message. */
const receipts = { received: 'sent', processing: 'processing', answered: 'answered' };
/** A person has got what is theirs to answer; whether they have answered, one sees. */
const receiptsOfPerson = { ...receipts, answered: 'delivered' };

/** Whether a person has the conversation, by what was said last of it. */
export function hasPerson(messages) {
  const last = messages.findLast(({ handoff, agent }) => handoff || agent);
  return Boolean(last) && (last.handoff ?? 'human') === 'human';
}

/**
 * An unchanged message keeps its object between calls, so that ChatUI draws and scrolls only for news.
 */
export function makeView() {
  let shown = new Map();

  const keep = (next, made) => {
    const before = shown.get(made._id);
    const same = before && Object.keys(made).every((key) => before[key] === made[key]);
    next.set(made._id, same ? before : made);
  };

  return function view({ messages, pending, status }) {
    const next = new Map();
    const visible = messages.filter(({ from }) => from !== 'event');
    const newest = visible[visible.length - 1];
    const shownReceipts = hasPerson(visible) ? receiptsOfPerson : receipts;
    const newestMine = visible.filter(({ from }) => from === 'customer').pop();
    const lastMine = newestMine?.seq ?? 0;
    const pressed = new Map(visible.filter((m) => m.button).map((m) => [`${m.thread}:${m.button.seq}`, m.button.index]));
    let time = 0;

    for (const message of visible) {
      const mine = message.from === 'customer';
      const createdAt = Date.parse(message.created_at);
      const hasTime = createdAt - time > TIME_GAP_MS;
      if (hasTime) time = createdAt;
      keep(next, {
        ...message,
        state: undefined, // is in the receipt
        // Messages given back after a link was undone have lost their id.
        _id: mine && message.id ? message.id : `${message.thread ?? ''}-${message.seq}`,
        type: 'message',
        position: mine ? 'right' : 'left',
        createdAt,
        hasTime,
        pressed: pressed.get(`${message.thread}:${message.seq}`),
        // Choices belong to the newest turn: pressed later they would answer another question.
        active: !mine && pending.length === 0 && message.thread === newest.thread && message.seq > lastMine,
        receipt: mine && message === newest && pending.length === 0 ? shownReceipts[message.state] : undefined,
        elsewhere: message.channel && message.channel !== 'web' ? message.channel : undefined,
      });
    }
    for (const item of pending) {
      if (next.has(item.id)) continue;
      const sending = status === 'online' ? 'sending' : 'waiting';
      keep(next, {
        id: item.id,
        _id: item.id,
        from: 'customer',
        text: item.text ?? item.title,
        type: 'message',
        position: 'right',
        createdAt: item.createdAt,
        hasTime: item.createdAt - time > TIME_GAP_MS,
        receipt: item.error ? 'failed' : sending,
        error: item.error || undefined,
      });
      time = Math.max(time, item.createdAt);
    }
    shown = next;
    return [...next.values()];
  };
}
