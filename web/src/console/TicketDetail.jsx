// One ticket: what it says, its time line, and where it may go.
import { useCallback, useEffect, useState } from 'react';
import { Button, Descriptions, Drawer, Input, Modal, Space, Spin, Tag, Timeline } from 'antd';
import { api } from './api.js';
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
  const load = useCallback(() => api.get(`tickets/${number}`).then((page) => setTicket(page.ticket), (error) => {
    message.error(t.error(error));
    onClose();
  }), [number]);
  useEffect(() => { load(); }, [load]);
  useTicketNews(load, number);
  const [asked, setAsked] = useState(null);
  const [handing, setHanding] = useState(false);
  const send = async (path, body) => {
    setAsked(null);
    try {
      await api.post(`tickets/${number}/${path}`, { ...body, version: ticket.version });
      onChanged?.();
    } catch (error) {
      message.error(t.error(error));
    }
    load();
  };
  const take = (step) => {
    if (ASKS[step] || SURE.includes(step)) setAsked(step);
    else send('progress', { status: step });
  };
  const rows = ticket && [
    ['kind', t.label(labels.kinds[ticket.kind])],
    ['urgency', <UrgencyTag key="urgency" urgency={ticket.urgency} />],
    ['mood', ticket.mood !== 'neutral' && t(`mood_${ticket.mood}`)],
    ['product', ticket.product],
    ['category', ticket.category],
    ['contact', ticket.phone],
    ['queue_name', `${t.label(labels.queues[ticket.queue], ticket.queue)} · ${t('priority', { n: ticket.priority })}`],
    ['assignee', ticket.waits ? t('nobody') : ticket.assignee],
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
        <>
          <Space wrap className="steps">
            {ticket.waits && <Button type="primary" onClick={() => send('take')}>{t('take')}</Button>}
            {ticket.steps.filter((step) => step !== 'escalated' || !ticket.escalated_at).map((step) => (
              <Button key={step} danger={step === 'cancelled'} onClick={() => take(step)}>{t(`step_${step}`)}</Button>
            ))}
            {OPEN.includes(ticket.status) && (ticket.waits || ticket.assignee_id === account.agent_id || may('supervise')) && (
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
          {asked && <Ask step={asked} number={number} onCancel={() => setAsked(null)} onSend={send} />}
          {handing && (
            <HandOn tickets={[ticket]} not={ticket.waits ? null : ticket.assignee_id}
                    onClose={() => setHanding(false)} onDone={() => { load(); onChanged?.(); }} />
          )}
        </>
      )}
    </Drawer>
  );
}

/** Steps that need a word more: where they are sent, and the field that it fills. */
const ASKS = { merged: { path: 'merge', field: 'into', needed: true }, escalated: { path: 'escalate', field: 'text' } };
/** Steps that are confirmed first. */
const SURE = ['closed', 'cancelled'];

function Ask({ step, number, onCancel, onSend }) {
  const { t } = useSession();
  const [value, setValue] = useState('');
  const { path, field, needed } = ASKS[step] ?? {};
  const ready = !needed || value.trim();
  const send = () => ready && (path ? onSend(path, { [field]: value.trim() }) : onSend('progress', { status: step }));
  return (
    <Modal open title={`${t(`step_${step}`)} ${number}`} okText={t(`step_${step}`)} okButtonProps={{ disabled: !ready }} onOk={send} onCancel={onCancel}>
      <p>{t(`ask_${step}`)}</p>
      {field && (
        <Input autoFocus maxLength={1000} placeholder={t(`field_${field}`)} aria-label={t(`field_${field}`)} value={value}
               onChange={({ target }) => setValue(target.value)} onPressEnter={send} />
      )}
    </Modal>
  );
}

function lineOf(note, t, labels) {
  const { kind, text, rating, into, from, of, to, why, queue, clock: which } = note;
  const key = t.has(`note_${kind}`) ? `note_${kind}` : `status_${kind}`;
  const target = to || (kind === 'handed_on' && t.label(labels.queues[queue], queue));
  const done = [of, t(key), rating, into ?? from, which && t(`clock_${which}`), target && `→ ${target}`];
  const words = [done.filter(Boolean).join(' '), why && t(`why_${why}`), text];
  return words.filter(Boolean).reduce(t.pair);
}
