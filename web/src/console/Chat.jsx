// One conversation: its messages over all channels, and the box to answer in while it is one's own.
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Alert, Button, Divider, Form, Input, Popover, Radio, Space, Tag, Tooltip } from 'antd';
import { IdcardOutlined, MessageOutlined, SendOutlined } from '@ant-design/icons';
import { api } from './api.js';
import { ChannelTag, CustomerTags, nameOf } from './Desk.jsx';
import { Dialog, needed } from './Dialog.jsx';
import { live, NEGLECTED, useLive } from './live.js';
import { outgoing, useOutgoing } from './outgoing.js';
import { useSession } from './strings.js';
import { clock, span, useNow } from './time.js';

const NEAR = 80; // pixels from the end within which new messages are scrolled to
/** What was typed and not sent stays with its conversation, in this tab, until it is closed. */
const DRAFT = 'kefu.draft.';
const drafts = {
  get: (conversation) => sessionStorage.getItem(DRAFT + conversation) || '',
  set: (conversation, text) => (text ? sessionStorage.setItem(DRAFT + conversation, text) : drafts.delete(conversation)),
  delete: (conversation) => sessionStorage.removeItem(DRAFT + conversation),
};
/** The language in which the customer last said something. */
export const languageOf = (conversation) => live.messages(conversation).findLast(({ language }) => language)?.language;
const FINDER = 'canned-search';

export function Chat({ handoff, onPanel }) {
  const { t, account, labels, message, may } = useSession();
  const now = useNow();
  const [asking, setAsking] = useState(null);
  const mine = handoff.state === 'human' && handoff.agent_id === account.agent_id;
  const stepIn = () => live.takes(handoff.conversation, () => api.post(`conversations/${handoff.conversation}/step-in`))
    .then(({ id }) => { window.location.hash = `desk/${id}`; }, (error) => message.error(t.error(error)));
  const { typing } = useLive();
  const accept = () => live.takes(handoff.conversation, () => api.post(`handoffs/${handoff.id}/accept`))
    .catch((error) => message.error(t.error(error)));
  return (
    <section className="chat" aria-label={nameOf(handoff.conversation, t)}>
      <header className="chat-head">
        <ChannelTag channel={handoff.channel} />
        <b>{nameOf(handoff.conversation, t)}</b>
        <CustomerTags of={handoff} />
        <span className="quiet chat-facts">
          {t.label(labels.queues[handoff.queue], handoff.queue)} · {t(`reason_${handoff.reason}`)} ·{' '}
          {handoff.state === 'queued' ? t('waited', { time: span(handoff.requested_at, now) }) : span(handoff.accepted_at, now)}
        </span>
        <Space className="chat-tools">
          {handoff.state === 'queued' && <Button type="primary" onClick={accept}>{t('accept')}</Button>}
          {handoff.state === 'human' && !mine && may('supervise') && <Button onClick={stepIn}>{t('step_in')}</Button>}
          {mine && <Button onClick={() => setAsking('transfer')}>{t('transfer')}</Button>}
          {mine && <Button danger onClick={() => setAsking('end')}>{t('end')}</Button>}
          {onPanel && <Button icon={<IdcardOutlined />} onClick={onPanel}>{t('details')}</Button>}
        </Space>
      </header>
      {handoff.idle_step === NEGLECTED && <Alert banner type="error" message={t('neglected')} />}
      {handoff.passed_on && <Alert banner type="info" message={t.pair(t('transfer_reason'), handoff.passed_on)} />}
      <Messages conversation={handoff.conversation} />
      {mine && <p className="quiet typing" role="status">{typing[handoff.conversation] ? t('typing') : ''}</p>}
      {mine && <Composer handoff={handoff} />}
      {asking === 'end' && <End handoff={handoff} onClose={() => setAsking(null)} />}
      {asking === 'transfer' && <Transfer handoff={handoff} onClose={() => setAsking(null)} />}
    </section>
  );
}

/** The messages of a conversation, older ones on demand; new ones are scrolled to unless one reads further up. */
export function Messages({ conversation }) {
  const { t, message } = useSession();
  useLive();
  const box = useRef(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  const messages = live.messages(conversation);
  const kept = live.kept(conversation);
  useLayoutEffect(() => {
    const { current } = box;
    if (atEnd.current) current.scrollTop = current.scrollHeight;
    else if (height.current && height.current !== current.scrollHeight && current.scrollTop < NEAR) {
      current.scrollTop += current.scrollHeight - height.current;
    }
    height.current = current.scrollHeight;
  }, [messages.length, conversation]);
  const scrolled = () => {
    const { current } = box;
    atEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < NEAR;
  };
  return (
    <div className="messages" ref={box} onScroll={scrolled} role="log" aria-live="polite" tabIndex={0}>
      {kept.loaded && (kept.older || kept.earlier
        ? <Button type="link" block onClick={() => live.loadOlder(conversation).catch((error) => message.error(t.error(error)))}>{t('load_older')}</Button>
        : <p className="quiet centre">{t('history_start')}</p>)}
      {messages.map((one, index) => (
        <Bubble key={`${one.conversation}:${one.seq}`} message={one} before={messages[index - 1]} />
      ))}
    </div>
  );
}

function Bubble({ message, before }) {
  const { t } = useSession();
  const { from, agent } = message;
  const who = from === 'customer' ? t('customer') : from === 'agent' ? agent.name : t('bot');
  const moved = before && before.channel !== message.channel;
  return (
    <>
      {moved && <Divider plain className="moved"><ChannelTag channel={message.channel} /></Divider>}
      <article className={`bubble from-${from}`}>
        <span className="bubble-who">{who} · {clock(message.at, t.language)}{message.state && <span className={message.state === 'failed' ? 'wrong' : undefined}> · {t(`said_${message.state}`)}</span>}</span>
        <div className="bubble-body">
          {message.text && <p>{message.text}</p>}
          {message.image && <a href={addressOf(message.image)} target="_blank" rel="noreferrer noopener">[{t('picture')}]</a>}
          {message.voice && !message.text && <p>[{t('voice')}]</p>}
          {message.place && <p>[{t('place')}] {message.place.label || message.place.address || ''}</p>}
          {message.card && <Card card={message.card} />}
          {message.buttons && <Space wrap size={4}>{message.buttons.map((title) => <Tag key={title}>{title}</Tag>)}</Space>}
        </div>
      </article>
    </>
  );
}

function Card({ card }) {
  const { t } = useSession();
  return (
    <div>
      <b>{card.title}</b>
      {card.text && <p>{card.text}</p>}
      {(card.fields || []).map(({ label, value }) => <p key={label}>{t.pair(label, value)}</p>)}
    </div>
  );
}

/** Only web addresses become links, whatever a customer's client calls a picture. */
const addressOf = (image) => {
  const address = typeof image === 'string' ? image : image?.url;
  return /^https?:/.test(address || '') ? address : undefined;
};

function Composer({ handoff }) {
  const { t, message } = useSession();
  const { conversation } = handoff;
  const [text, setText] = useState(drafts.get(conversation));
  const pending = useOutgoing(handoff.id);
  const [canned, setCanned] = useState(false);
  const box = useRef(null);
  const write = (value) => {
    drafts.set(conversation, value);
    setText(value);
  };
  useEffect(() => {
    box.current?.focus();
    const insert = ({ detail }) => {
      write(drafts.get(conversation) ? `${drafts.get(conversation)}\n${detail}` : detail);
      setCanned(false);
      box.current?.focus();
    };
    document.addEventListener('kefu.insert', insert);
    return () => document.removeEventListener('kefu.insert', insert);
  }, [conversation]);
  const post = (item) => outgoing.send(item).then(
    (said) => said && live.takeMessage(said),
    (error) => message.error(t.error(error)),
  );
  const send = () => {
    const said = text.trim();
    if (!said) return;
    write('');
    post({ id: uuid(), talk: handoff.id, text: said });
  };
  const typed = (event) => {
    const { key, shiftKey, nativeEvent } = event;
    // While an input method composes, Enter chooses a word.
    if (key === 'Enter' && !shiftKey && !nativeEvent.isComposing) {
      event.preventDefault();
      send();
    } else if (key === '/' && !text) {
      event.preventDefault();
      setCanned(true);
    }
  };
  return (
    <footer className="composer">
      {pending.map((item) => (
        <p key={item.id} className={item.failed ? 'pending failed' : 'pending'}>
          {item.text}{' '}
          {item.failed ? (
            <>
              <Button type="link" size="small" danger onClick={() => post(item)}>{t('not_sent')}</Button>
              <Button type="text" size="small" aria-label={t('discard')} onClick={() => outgoing.drop(item.id)}>×</Button>
            </>
          ) : t('sending')}
        </p>
      ))}
      <div className="composer-row">
        <Popover open={canned} onOpenChange={setCanned} trigger="click" placement="topLeft" destroyOnHidden
                 afterOpenChange={(open) => open && document.getElementById(FINDER)?.focus()}
                 content={<Canned language={languageOf(conversation)} onClose={() => { setCanned(false); box.current?.focus(); }} />}>
          <Tooltip title={t('canned')}><Button icon={<MessageOutlined />} aria-label={t('canned')} /></Tooltip>
        </Popover>
        <Input.TextArea ref={box} value={text} maxLength={2000} autoSize={{ minRows: 2, maxRows: 8 }} aria-label={t('type_here')}
                        placeholder={t('type_here')} onKeyDown={typed}
                        onChange={({ target }) => { write(target.value); if (target.value) live.writing(handoff.id); }} />
        <Button type="primary" icon={<SendOutlined />} onClick={send} disabled={!text.trim()}>{t('send')}</Button>
      </div>
    </footer>
  );
}

/** Puts text into the box of the conversation that is open. */
export const insert = (text) => document.dispatchEvent(new CustomEvent('kefu.insert', { detail: text }));

/** Answers at hand, in the customer's language. */
function Canned({ language, onClose }) {
  const { t, canned } = useSession();
  const said = (text) => text[language] || t.label(text);
  const [wanted, setWanted] = useState('');
  const [place, setPlace] = useState(0);
  const found = canned
    .flatMap(({ name, answers }) => answers.map((answer) => ({ ...answer, group: name })))
    .filter(({ title, text }) => [title.zh, title.en, text.zh, text.en].some((one) => one.toLowerCase().includes(wanted.toLowerCase())));
  const key = (event) => {
    if (event.key === 'Escape') onClose();
    else if (event.key === 'ArrowDown') setPlace((at) => Math.min(at + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setPlace((at) => Math.max(at - 1, 0));
    else if (event.key === 'Enter' && found[place]) insert(said(found[place].text));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="canned" onKeyDown={key}>
      <Input id={FINDER} value={wanted} placeholder={t('canned_search')} aria-label={t('canned_search')}
             onChange={({ target }) => { setWanted(target.value); setPlace(0); }} />
      <ul>
        {found.map((answer, index) => (
          <li key={answer.title.zh}>
            <button type="button" className={index === place ? 'canned-one chosen' : 'canned-one'} onClick={() => insert(said(answer.text))}>
              <b>{t.label(answer.title)}</b> <span className="quiet">{t.label(answer.group)}</span>
              <span className="canned-text">{said(answer.text)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function End({ handoff, onClose }) {
  const { t, message } = useSession();
  const end = async ({ note = '', private: hidden = '' }) => {
    await live.leaves(handoff.id, () => api.post(`handoffs/${handoff.id}/end`, { note, private: hidden }));
    drafts.delete(handoff.conversation);
    message.success(t('ended'));
  };
  return (
    <Dialog danger title={t('end_title')} ok={t('end')} onSend={end} onClose={onClose}>
      <Form.Item name="note" label={t('end_note')}><Input.TextArea rows={3} maxLength={2000} /></Form.Item>
      <Form.Item name="private" label={t('end_private')}><Input.TextArea rows={2} maxLength={2000} /></Form.Item>
    </Dialog>
  );
}

function Transfer({ handoff, onClose }) {
  const { t, account, labels, message } = useSession();
  const { agents } = useLive();
  const others = agents.filter(({ id, status }) => id !== account.agent_id && status === 'online');
  const go = async ({ to, reason }) => {
    const [kind, which] = to.split(':');
    const target = kind === 'agent' ? { agent_id: Number(which) } : { queue: which };
    await live.leaves(handoff.id, () => api.post(`handoffs/${handoff.id}/transfer`, { ...target, reason }));
    message.success(t('transferred'));
  };
  return (
    <Dialog title={t('transfer_title')} ok={t('transfer')} fields={{ agent_id: 'to', queue: 'to' }} onSend={go} onClose={onClose}>
      <Form.Item name="to" rules={needed(t)}>
        <Radio.Group className="choices">
          <h3>{t('to_colleague')}</h3>
          {!others.length && <p className="quiet">{t('nobody_online')}</p>}
          {others.map((one) => <Radio key={one.id} value={`agent:${one.id}`}>{one.name} <span className="quiet">{one.load}/{one.capacity}</span></Radio>)}
          <h3>{t('to_queue')}</h3>
          {Object.entries(labels.queues).map(([name, label]) => (
            <Radio key={name} value={`queue:${name}`} disabled={name === handoff.queue}>{t.label(label)}</Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <Form.Item name="reason" label={t('transfer_reason')}><Input maxLength={500} /></Form.Item>
    </Dialog>
  );
}

/** crypto.randomUUID exists on secure origins only; a console in a closed network may be plain HTTP. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}
