// The live desk: who waits, my chats, the conversation, and what is known of its customer.
import { useEffect, useMemo, useState } from 'react';
import { Alert, Badge, Button, Drawer, Empty, Grid, Tag } from 'antd';
import { api } from './api.js';
import { Chat } from './Chat.jsx';
import { CustomerPanel } from './CustomerPanel.jsx';
import { live, NEGLECTED, useLive } from './live.js';
import { useSession } from './strings.js';
import { span, useNow } from './time.js';

export const CHANNEL_COLOURS = { web: 'blue', app: 'purple', wechat: 'green' };
/** An answer is late after this; after twice as long a colleague may get the customer (kefu/handoff/idle.py). */
const LATE_MS = 180_000;
const MOOD_COLOURS = { angry: 'red', unhappy: 'orange' };
const PRIORITY_COLOURS = { 1: 'red', 2: 'orange' };

/** A customer has no name: the end of the id tells them apart. */
export const nameOf = (conversation, t) => `${t('customer')} ${conversation.slice(-4)}`;

export function ChannelTag({ channel }) {
  const { t } = useSession();
  return <Tag color={CHANNEL_COLOURS[channel]} bordered={false}>{t(`channel_${channel}`)}</Tag>;
}

/** Who matters most, and who is upset. */
export function CustomerTags({ of: { level, mood } }) {
  const { t } = useSession();
  return (
    <>
      {level === 'vip' && <Tag color="gold">{t('level_vip')}</Tag>}
      {MOOD_COLOURS[mood] && <Tag color={MOOD_COLOURS[mood]}>{t(`mood_${mood}`)}</Tag>}
    </>
  );
}

export function Desk({ argument }) {
  const { t, account } = useSession();
  const { handoffs, agents } = useLive();
  // In the address, so that a reload keeps it, and links lead to it.
  const chosen = argument ? Number(argument) : null;
  const setChosen = (id) => { window.location.hash = `desk/${id}`; };
  const [panel, setPanel] = useState(false);
  const wide = Grid.useBreakpoint().xl;
  const { queue, mine } = useMemo(() => sorted(handoffs, account.agent_id), [handoffs, account.agent_id]);
  const handoff = handoffs[chosen];
  const conversation = handoff?.conversation;
  useEffect(() => {
    live.look(conversation || null);
    return () => live.look(null);
  }, [conversation]);
  useEffect(() => {
    const seen = () => !document.hidden && live.open && live.seen(live.open);
    const step = (event) => {
      if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
      const order = [...queue, ...mine].map(({ id }) => id);
      const next = order.indexOf(chosen) + (event.key === 'ArrowDown' ? 1 : -1);
      if (order.length) setChosen(order[(next + order.length) % order.length]);
      event.preventDefault();
    };
    document.addEventListener('visibilitychange', seen);
    document.addEventListener('keydown', step);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      document.removeEventListener('keydown', step);
    };
  }, [queue, mine, chosen]);
  const me = agents.find(({ id }) => id === account.agent_id);
  return (
    <div className="desk">
      <aside className="desk-list">
        {me && me.status !== 'online' && <Alert type="info" message={t('go_online')} banner />}
        {me && !me.queues.length && <Alert type="warning" message={t('no_queues')} banner />}
        <h2>{t('queue')} <Badge count={queue.length} color="#d97706" size="small" /></h2>
        <Waiting queue={queue} chosen={chosen} choose={setChosen} />
        <h2>{t('my_chats')} <Badge count={mine.length} color="#0f766e" size="small" /></h2>
        <Mine chats={mine} chosen={chosen} choose={setChosen} />
      </aside>
      <main className="desk-chat">
        {handoff
          ? <Chat key={conversation} handoff={handoff} onPanel={wide ? null : () => setPanel(true)} />
          : <Empty className="centred" description={t('pick_chat')} />}
      </main>
      {handoff && wide && <aside className="desk-panel"><CustomerPanel key={conversation} conversation={conversation} /></aside>}
      {handoff && !wide && (
        <Drawer open={panel} onClose={() => setPanel(false)} title={t('details')} width={380} styles={{ body: { padding: 12 } }}>
          <CustomerPanel key={conversation} conversation={conversation} onDone={() => setPanel(false)} />
        </Drawer>
      )}
    </div>
  );
}

function sorted(handoffs, agentId) {
  const all = Object.values(handoffs);
  const first = (a, b) => a.priority - b.priority || (a.requested_at < b.requested_at ? -1 : 1);
  const queue = all.filter(({ state }) => state === 'queued').sort(first);
  const places = {};
  queue.forEach((one) => { places[one.queue] = (places[one.queue] || 0) + 1; one.place = places[one.queue]; });
  const mine = all.filter(({ state, agent_id: agent }) => state === 'human' && agent === agentId);
  return { queue, mine: mine.sort((a, b) => a.id - b.id) };
}

function Waiting({ queue, chosen, choose }) {
  const { t, labels, message } = useSession();
  const now = useNow();
  if (!queue.length) return <p className="quiet pad">{t('nobody_waits')}</p>;
  const accept = async ({ id, conversation }) => {
    try {
      await live.takes(conversation, () => api.post(`handoffs/${id}/accept`));
      choose(id);
    } catch (error) {
      message.error(t.error(error));
    }
  };
  return (
    <ul className="cards" aria-label={t('queue')}>
      {queue.map((one) => (
        <li key={one.id} className={one.id === chosen ? 'card chosen' : 'card'}>
          <button type="button" className="card-main" onClick={() => choose(one.id)}>
            <span className="card-line">
              <ChannelTag channel={one.channel} />
              <b>{nameOf(one.conversation, t)}</b>
              <CustomerTags of={one} />
              {PRIORITY_COLOURS[one.priority] && <Tag color={PRIORITY_COLOURS[one.priority]}>{t('priority', { n: one.priority })}</Tag>}
            </span>
            <span className="card-line quiet">
              {t.label(labels.queues[one.queue], one.queue)} · {t('position', { n: one.place })} · {t(`reason_${one.reason}`)}
            </span>
            <span className="card-line quiet">{t('waited', { time: span(one.requested_at, now) })}</span>
          </button>
          <Button size="small" type="primary" onClick={() => accept(one)}>{t('accept')}</Button>
        </li>
      ))}
    </ul>
  );
}

function Mine({ chats, chosen, choose }) {
  const { t } = useSession();
  const { unread, last, typing } = useLive();
  const now = useNow();
  if (!chats.length) return <p className="quiet pad">{t('no_chats')}</p>;
  return (
    <ul className="cards" aria-label={t('my_chats')}>
      {chats.map((one) => {
        const newest = last[one.conversation];
        const waits = newest?.from === 'customer';
        return (
          <li key={one.id} className={one.id === chosen ? 'card chosen' : 'card'}>
            <button type="button" className="card-main" onClick={() => choose(one.id)}>
              <span className="card-line">
                <ChannelTag channel={newest?.channel || one.channel} />
                <b>{nameOf(one.conversation, t)}</b>
                <Badge count={unread[one.conversation] || 0} size="small" />
                {typing[one.conversation] && <span className="quiet">…</span>}
                {one.idle_step === NEGLECTED && <Tag color="red">{t('neglected_short')}</Tag>}
                {waits && <span className={now - new Date(newest.at) > LATE_MS ? 'waits late' : 'waits'}>{span(newest.at, now)}</span>}
              </span>
              <span className="card-line quiet preview">{newest ? previewOf(newest, t) : ''}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function previewOf(message, t) {
  if (message.text) return message.text;
  return message.image ? `[${t('picture')}]` : message.voice ? `[${t('voice')}]` : message.card?.title || '';
}
