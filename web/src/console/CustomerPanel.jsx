// What is known of a customer: suggested answers, channels, tickets, earlier talks, private notes.
import { useCallback, useEffect, useState } from 'react';
import { Button, Descriptions, Empty, Form, Input, List, Select, Spin, Tabs, Tag, Timeline } from 'antd';
import { api } from './api.js';
import { insert, languageOf, uuid } from './Chat.jsx';
import { ChannelTag } from './Desk.jsx';
import { Dialog, needed } from './Dialog.jsx';
import { useLive } from './live.js';
import { useSession } from './strings.js';
import { StatusTag, TicketDrawer } from './TicketDetail.jsx';
import { ruleOf } from './TicketStanding.jsx';
import { clock } from './time.js';

export function CustomerPanel({ conversation, onDone, quiet }) {
  const { t } = useSession();
  const [customer, setCustomer] = useState(null);
  const load = useCallback(
    () => api.get(`conversations/${conversation}/customer`).then(setCustomer, () => {}),
    [conversation],
  );
  useEffect(() => {
    setCustomer(null);
    load();
  }, [load]);
  const tabs = [
    !quiet && { key: 'suggestions', label: t('suggestions'), children: <Suggestions conversation={conversation} onDone={onDone} /> },
    { key: 'details', label: t('details'), children: customer ? <Details customer={customer} reload={load} /> : <Spin /> },
    {
      key: 'notes',
      label: `${t('notes')}${customer?.notes.length ? ` ${customer.notes.length}` : ''}`,
      children: customer ? <Notes conversation={conversation} notes={customer.notes} reload={load} /> : <Spin />,
    },
  ];
  return <Tabs size="small" items={tabs.filter(Boolean)} className="panel" />;
}

function Suggestions({ conversation, onDone }) {
  const { t, message } = useSession();
  const { last } = useLive();
  const [found, setFound] = useState(null);
  const [wanted, setWanted] = useState('');
  const language = languageOf(conversation) || t.language;
  // Anew whenever the customer has said something.
  const newest = last[conversation];
  const trigger = newest?.from === 'customer' ? newest.seq : 0;
  useEffect(() => {
    let current = true;
    const query = { q: wanted, language };
    // A new installation builds its index first.
    api.get(`conversations/${conversation}/suggestions`, query, 120_000).then((page) => current && setFound(page), () => {});
    return () => { current = false; };
  }, [conversation, trigger, wanted, language]);
  const use = (text) => {
    insert(text);
    onDone?.();
  };
  const [asked, setAsked] = useState('');
  // Into the box, never to the customer: an operator reads it first.
  const reword = async (ref, task) => {
    setAsked(ref + task);
    try {
      use((await api.post('suggestions/reword', { ref, task })).text);
    } catch (error) {
      message.error(t.error(error));
    }
    setAsked('');
  };
  return (
    <>
      <Input.Search allowClear placeholder={t('ask_knowledge')} aria-label={t('ask_knowledge')} onSearch={setWanted} />
      {!found && <Spin />}
      {found?.question && <p className="quiet asked">“{found.question}”</p>}
      {found && !found.suggestions.length && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_suggestions')} />}
      {found?.suggestions.map((one) => (
        <article key={one.ref} className="suggestion">
          <header>
            <b>{one.title}</b>
            {one.sure && <Tag color="green">{t('sure')}</Tag>}
          </header>
          <p className="suggestion-text">{one.text}</p>
          <footer>
            <span className="quiet" title={one.source}>{t('source')}: {one.kind} · {one.source}</span>
            {found.helper && ['polish', 'summarise'].map((task) => (
              <Button key={task} size="small" loading={asked === one.ref + task} onClick={() => reword(one.ref, task)}>{t(task)}</Button>
            ))}
            <Button size="small" onClick={() => use(one.text)}>{t('insert')}</Button>
          </footer>
        </article>
      ))}
    </>
  );
}

function Details({ customer, reload }) {
  const { t, labels, may } = useSession();
  const [adding, setAdding] = useState(false);
  const [number, setNumber] = useState(null);
  const facts = [
    { key: 'phone', label: t('phone'), children: customer.phone || t('none') },
    { key: 'level', label: t('level'), children: <Level customer={customer} reload={reload} /> },
  ];
  return (
    <>
      <Descriptions size="small" column={1} items={facts} />
      <Known customer={customer} reload={reload} />
      <h3>{t('identities')}</h3>
      {customer.identities.map((one) => (
        <p key={one.id} className="identity">
          <ChannelTag channel={one.channel} /> <code title={one.id}>…{one.id.slice(-6)}</code>{' '}
          <span className="quiet">{one.last_at ? t('last_at', { time: clock(one.last_at, t.language) }) : ''}</span>
        </p>
      ))}
      <h3>{t('their_tickets')}</h3>
      {!customer.tickets.length && <p className="quiet">{t('no_tickets')}</p>}
      {may('tickets') && <Button size="small" onClick={() => setAdding(true)}>{t('open_ticket')}</Button>}
      {adding && <NewTicket conversation={customer.conversation} onClose={() => setAdding(false)} onDone={reload} />}
      <List size="small" dataSource={customer.tickets} split={false} locale={{ emptyText: ' ' }} renderItem={(ticket) => (
        <List.Item className="their-ticket">
          <Button type="link" onClick={() => setNumber(ticket.number)}>{ticket.number}</Button>
          <StatusTag status={ticket.status} />
          <span className="quiet">{t.label(labels.kinds[ticket.kind])} · {ticket.summary}</span>
        </List.Item>
      )} />
      <h3>{t('talks')}</h3>
      <Timeline items={customer.talks.map((talk) => ({
        color: talk.state === 'closed' ? 'gray' : 'green',
        children: (
          <>
            <span className="quiet">{clock(talk.requested_at, t.language)} · {t.label(labels.queues[talk.queue], talk.queue)} · {t(`reason_${talk.reason}`)}</span>
            {talk.reasons.length > 0 && <div className="quiet">{t.pair(t('why_here'), t.list([...new Set(talk.reasons.map(([, , rule]) => ruleOf(rule, t, labels)))]))}</div>}
            <div>{talk.agent && talk.note ? t.pair(talk.agent, talk.note) : talk.agent || talk.note}</div>
          </>
        ),
      }))} />
      {number && <TicketDrawer number={number} onClose={() => { setNumber(null); reload(); }} />}
    </>
  );
}

/** What was learned of a customer, each with its source; a device or city that is not theirs can be taken away. */
function Known({ customer, reload }) {
  const { t, message } = useSession();
  const { facts, channel, language, hours, mood, trend } = customer.profile;
  const deny = ({ name, value }) => api.post(`conversations/${customer.conversation}/facts`, { name, value, right: false })
    .then(reload, (error) => message.error(t.error(error)));
  const said = (word) => word && (t.has(word) ? t(word) : word.split('_')[1]);
  const usual = [said(channel && `channel_${channel}`), said(language && `speaks_${language}`), hours.length > 0 && hours.map((hour) => `${hour}:00`).join(' ')].filter(Boolean);
  const items = ['device', 'city', 'order', 'topic'].flatMap((name) => {
    const found = facts.filter((fact) => fact.name === name);
    if (!found.length) return [];
    const children = found.map((fact) => (
      <Tag key={fact.value} closable={name === 'device' || name === 'city'} aria-label={fact.value}
           closeIcon={<span aria-label={t('not_theirs')}>×</span>} onClose={(event) => { event.preventDefault(); deny(fact); }}
           title={t('fact_source', { at: clock(fact.at, t.language), source: fact.source })}>{fact.value}</Tag>
    ));
    return [{ key: name, label: t(`fact_${name}`), children: <div>{children}</div> }];
  });
  if (usual.length) items.push({ key: 'usual', label: t('usual'), children: usual.join(' · ') });
  if (mood !== null) items.push({ key: 'mood', label: t('mood_lately'), children: t(`trend_${trend}`) });
  if (!items.length) return null;
  return (
    <>
      <h3>{t('known')}</h3>
      <Descriptions size="small" column={1} items={items} />
    </>
  );
}

/** A ticket that a colleague opens for the customer; `id` makes sure that it is opened once. */
function NewTicket({ conversation, onClose, onDone }) {
  const { t, labels, message } = useSession();
  const [id] = useState(uuid);
  const send = async ({ phone, ...values }) => {
    const { number } = await api.post(`conversations/${conversation}/tickets`, { id, ...values, ...(phone?.trim() && { phone }) });
    message.success(t('ticket_opened', { number }));
    onDone();
  };
  const named = (table) => Object.entries(table).map(([value, label]) => ({ value, label: t.label(label) }));
  return (
    <Dialog title={t('open_ticket')} ok={t('save')} initial={{ kind: 'repair', urgency: 'normal' }} onSend={send} onClose={onClose}>
      <Form.Item name="description" label={t('summary')} rules={needed(t)}><Input.TextArea rows={3} maxLength={2000} /></Form.Item>
      <Form.Item name="kind" label={t('kind')}><Select options={named(labels.kinds)} /></Form.Item>
      <Form.Item name="urgency" label={t('urgency')}><Select options={named(labels.urgencies)} /></Form.Item>
      <Form.Item name="phone" label={t('contact')}><Input maxLength={32} /></Form.Item>
    </Dialog>
  );
}

/** How much a customer matters: supervisors decide, customers never see it. */
function Level({ customer, reload }) {
  const { t, may, message } = useSession();
  const levels = ['normal', 'vip'].map((value) => ({ value, label: t(`level_${value}`) }));
  if (!may('supervise')) return t(`level_${customer.level}`);
  const choose = (level) => api.post(`conversations/${customer.conversation}/level`, { level })
    .then(reload, (error) => message.error(t.error(error)));
  return <Select size="small" className="level" aria-label={t('level')} value={customer.level} options={levels} onChange={choose} />;
}

function Notes({ conversation, notes, reload }) {
  const { t, message } = useSession();
  const [text, setText] = useState('');
  const add = async () => {
    try {
      await api.post(`conversations/${conversation}/notes`, { text });
      setText('');
      reload();
    } catch (error) {
      message.error(t.error(error));
    }
  };
  return (
    <>
      {notes.map((note) => (
        <article key={note.id} className="note">
          <span className="quiet">{note.by} · {clock(note.at, t.language)}</span>
          <p>{note.text}</p>
        </article>
      ))}
      <Input.TextArea rows={3} maxLength={2000} value={text} placeholder={t('new_note')} aria-label={t('new_note')}
                      onChange={({ target }) => setText(target.value)} />
      <Button className="below" disabled={!text.trim()} onClick={add}>{t('add')}</Button>
    </>
  );
}
