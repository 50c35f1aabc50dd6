// One ticket: what it says, its time line, and where it may go.
import { useCallback, useEffect, useRef, useState } from 'react';
import { AutoComplete, Button, Descriptions, Drawer, Form, Input, Select, Space, Spin, Tag, Timeline } from 'antd';
import { api } from './api.js';
import { Dialog, needed, useFocusBack } from './Dialog.jsx';
import { HandOn } from './HandOn.jsx';
import { useTicketNews } from './live.js';
import { useSession } from './strings.js';
import { Deadline, Escalated, WhyHere } from './TicketStanding.jsx';
import { clock } from './time.js';

const STATUS_COLOURS = { new: 'gold', assigned: 'cyan', in_progress: 'blue', waiting: 'purple', resolved: 'green' };
const OPEN = ['new', 'assigned', 'in_progress', 'waiting'];
const URGENCY_COLOURS = { critical: 'red', high: 'orange', normal: 'default', low: 'default' };

export function StatusTag({ status }) {
  const { t } = useSession();
  return <Tag color={STATUS_COLOURS[status]} bordered={false}>{t(`status_${status}`)}</Tag>;
}

export function UrgencyTag({ urgency }) {
  const { t, labels } = useSession();
  return <Tag color={URGENCY_COLOURS[urgency]}>{t.label(labels.urgencies[urgency], urgency)}</Tag>;
}

export function TicketDrawer({ number, onClose, onChanged }) {
  const { t, labels, message, account, may } = useSession();
  const [ticket, setTicket] = useState(null);
  const seen = useRef(null);
  // Answers may come in another order than they were asked for: an older one never replaces a newer one.
  const show = (page) => {
    if (seen.current?.number === page.ticket.number && seen.current.version > page.ticket.version) return;
    seen.current = page.ticket;
    setTicket(page.ticket);
  };
  const load = useCallback(() => api.get(`tickets/${number}`).then(show, (error) => {
    message.error(t.error(error));
    // While the server is away, what was typed stays.
    if (error.code === 'not_found' || !seen.current) onClose();
  }), [number]);
  useEffect(() => { load(); }, [load]);
  useTicketNews(load, number);
  const [asked, setAsked] = useState(null);
  const [handing, setHanding] = useState(null);
  const inside = useRef(null);
  useFocusBack(() => document.querySelector(`[data-row-key="${number}"] .ant-btn`));
  /** Takes a step with the ticket as it is shown, and shows what has come of it, or what it is instead. */
  const send = async (path, body, version = ticket.version) => {
    try {
      await api.post(`tickets/${number}/${path}`, { ...body, version });
      onChanged?.();
    } finally {
      await load();
    }
  };
  const takes = ticket && (!ticket.reserved || may('supervise'));
  const step = (path, body) => send(path, body).catch((error) => message.error(t.error(error))).then(stay);
  const take = (name) => (ASKS[name] ? setAsked({ step: name, version: ticket.version }) : step('progress', { status: name }));
  /** Sends what was typed to the ticket as it was then; who was told that it has changed has seen what it is now. */
  const answer = (path, body) => send(path, body, asked.version).catch((error) => {
    setAsked({ ...asked, version: seen.current.version });
    throw error;
  });
  /** The button that was pressed may be gone; without the focus inside, Esc would not close the drawer. */
  const stay = () => setTimeout(() => {
    if (!document.activeElement?.closest('.ant-drawer, .ant-modal')) inside.current?.focus();
  });
  const rows = ticket && [
    ['kind', t.label(labels.kinds[ticket.kind])],
    ['urgency', <UrgencyTag key="urgency" urgency={ticket.urgency} />],
    ['mood', ticket.mood !== 'neutral' && t(`mood_${ticket.mood}`)],
    ['product', ticket.product],
    ['category', ticket.category],
    ['contact', ticket.phone],
    ['queue_name', `${t.label(labels.queues[ticket.queue], ticket.queue)} · ${t('priority', { n: ticket.priority })}`],
    ['assignee', ticket.waits ? t(ticket.reserved ? 'for_supervisor' : 'nobody') : ticket.assignee],
    ['escalated', ticket.escalated_at && clock(ticket.escalated_at, t.language)],
    ['opened', clock(ticket.opened_at, t.language)],
    ['respond_by', <Deadline key="respond" ticket={ticket} which="respond" />, ticket.respond_by],
    ['resolve_by', <Deadline key="resolve" ticket={ticket} which="resolve" />, ticket.resolve_by],
    ['why_here', <WhyHere key="why" ticket={ticket} />, ticket.reasons?.length > 0],
    ['rating', ticket.rating],
    ['merged_into', ticket.merged_into],
    ['merged_here', t.list(ticket.merged)],
  ];
  const open = () => {
    onClose();
    window.location.hash = `customers/${ticket.customer}`;
  };
  return (
    <Drawer open onClose={onClose} width={520} title={<Space>{number}{ticket && <StatusTag status={ticket.status} />}{ticket?.escalated_at && <Escalated />}</Space>}>
      {!ticket ? <Spin /> : (
        <div ref={inside} tabIndex={-1} className="inside">
          <Space wrap className="steps">
            {ticket.waits && takes && <Button type="primary" onClick={() => step('take')}>{t('take')}</Button>}
            {ticket.steps.filter((name) => name !== 'escalated' || !ticket.escalated_at).map((name) => (
              <Button key={name} danger={name === 'cancelled'} onClick={() => take(name)}>{t(`step_${name}`)}</Button>
            ))}
            {OPEN.includes(ticket.status) && ((ticket.waits && takes) || ticket.assignee_id === account.agent_id || may('supervise')) && (
              <Button onClick={() => setHanding(true)}>{t('hand_on')}</Button>
            )}
            <Button type="link" onClick={open}>{t('open_customer')}</Button>
          </Space>
          <p className="described">{ticket.description}</p>
          <Descriptions size="small" column={1} bordered items={rows.filter(([, value, shown = value]) => shown).map(([key, children]) => ({ key, label: t(key), children }))} />
          <h3>{t('timeline')}</h3>
          <Timeline items={ticket.timeline.map((note) => ({
            children: (
              <>
                <span className="quiet">{clock(note.at, t.language)}{note.by ? ` · ${note.by}` : ''}</span>
                <div>{lineOf(note, t, labels)}</div>
                {note.of && note.kind === 'opened' && <div className="quiet">{note.description}</div>}
              </>
            ),
          }))} />
          {asked && <Ask step={asked.step} ticket={ticket} onClose={() => setAsked(null)} onSend={answer} />}
          {handing && (
            <HandOn tickets={[ticket]} not={ticket.waits ? null : ticket.assignee_id}
                    onClose={() => setHanding(null)} onDone={() => { load(); onChanged?.(); }} />
          )}
        </div>
      )}
    </Drawer>
  );
}

/** Steps that are asked about first: where they are sent (else on), and the field that what is typed fills. */
export const ASKS = {
  waiting: { field: 'text', needs: true },
  resolved: { field: 'text' },
  reply: { path: 'reply', field: 'text', needs: true },
  comment: { path: 'comment', field: 'text', needs: true },
  corrected: { path: 'correct' },
  merged: { path: 'merge', field: 'into', needs: true },
  escalated: { path: 'escalate', field: 'text' },
  closed: {},
  cancelled: {},
};

/** Asks what a step needs; `ticket` is the one, or there are `count` of them. */
export function Ask({ step, ticket, count, onClose, onSend }) {
  const { t, labels } = useSession();
  const { path, field, needs } = ASKS[step];
  const send = (values) => (path ? onSend(path, values) : onSend('progress', { status: step, ...values }));
  const labelled = t(t.has(`field_${field}_${step}`) ? `field_${field}_${step}` : `field_${field}`);
  const rules = needs ? needed(t) : [];
  const named = (table) => Object.entries(table).map(([value, label]) => ({ value, label: t.label(label) }));
  const matches = (typed, { value, label }) => `${value}${label}`.includes(typed.toUpperCase());
  return (
    <Dialog title={`${t(`step_${step}`)} ${ticket?.number ?? t('selected', { n: count })}`} ok={t(`step_${step}`)} danger={step === 'cancelled'}
            initial={ticket && { kind: ticket.kind, urgency: ticket.urgency }} onSend={send} onClose={onClose}>
      <p>{t(`ask_${step}`)}</p>
      {field === 'text' && <Form.Item name="text" label={labelled} rules={rules}><Input.TextArea rows={3} maxLength={1000} showCount /></Form.Item>}
      {field === 'into' && (
        <Form.Item name="into" label={labelled} rules={rules}>
          <AutoComplete maxLength={32} filterOption={matches} options={ticket.others.map((one) => ({ value: one.number, label: `${one.number} · ${one.summary}` }))} />
        </Form.Item>
      )}
      {step === 'corrected' && (
        <>
          <Form.Item name="kind" label={t('kind')}><Select options={named(labels.kinds)} /></Form.Item>
          <Form.Item name="urgency" label={t('urgency')}><Select options={named(labels.urgencies)} /></Form.Item>
        </>
      )}
    </Dialog>
  );
}

function lineOf(note, t, labels) {
  const { kind, text, rating, into, from, of, to, why, queue, clock: which, status, changes } = note;
  const key = t.has(`note_${kind}`) ? `note_${kind}` : `status_${kind}`;
  const target = to || (kind === 'handed_on' && t.label(labels.queues[queue], queue));
  const done = [of, t(key), rating, into ?? from, which && t(`clock_${which}`), target && `→ ${target}`, status && `→ ${t(`status_${status}`)}`, ...(changes ?? []).map((change) => changeOf(change, t, labels))];
  const words = [done.filter(Boolean).join(' '), why && t(`why_${why}`), text];
  return words.filter(Boolean).reduce(t.pair);
}

function changeOf([field, before, after], t, labels) {
  const table = { kind: labels.kinds, urgency: labels.urgencies }[field];
  return `${t(field)} ${t.label(table[before], before)} → ${t.label(table[after], after)}`;
}
