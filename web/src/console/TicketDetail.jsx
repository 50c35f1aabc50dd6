// One ticket: what it says, its time line, and where it may go.
import { useCallback, useEffect, useState } from 'react';
import { Button, Descriptions, Drawer, Space, Spin, Tag, Timeline } from 'antd';
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
  const [handing, setHanding] = useState(false);
  const load = useCallback(() => api.get(`tickets/${number}`).then((page) => setTicket(page.ticket), (error) => {
    message.error(t.error(error));
    onClose();
  }), [number]);
  useEffect(() => { load(); }, [load]);
  useTicketNews(load, number);
  const take = async () => {
    try {
      setTicket((await api.post(`tickets/${number}/take`)).ticket);
      message.success(t('taken'));
      onChanged?.();
    } catch (error) {
      message.error(t.error(error));
      load();
    }
  };
  const move = async (status) => {
    try {
      setTicket((await api.post(`tickets/${number}/progress`, { status })).ticket);
      onChanged?.();
    } catch (error) {
      message.error(t.error(error));
      load();
    }
  };
  const rows = ticket && [
    ['kind', t.label(labels.kinds[ticket.kind])],
    ['urgency', <UrgencyTag key="urgency" urgency={ticket.urgency} />],
    ['product', ticket.product],
    ['category', ticket.category],
    ['contact', ticket.phone],
    ['queue_name', `${t.label(labels.queues[ticket.queue], ticket.queue)} · ${t('priority', { n: ticket.priority })}`],
    ['assignee', ticket.waits ? t('nobody') : ticket.assignee],
    ['escalated', <Escalated key="escalated" ticket={ticket} />, ticket.escalated_at],
    ['opened', clock(ticket.opened_at, t.language)],
    ['respond_by', <Deadline key="respond" ticket={ticket} which="respond" />, ticket.respond_by],
    ['resolve_by', <Deadline key="resolve" ticket={ticket} which="resolve" />, ticket.resolve_by],
    ['why_here', <WhyHere key="why" ticket={ticket} />, ticket.reasons?.length > 0],
    ['rating', ticket.rating],
  ];
  const open = () => {
    onClose();
    window.location.hash = `customers/${ticket.customer}`;
  };
  return (
    <Drawer open onClose={onClose} width={520} title={<Space>{number}{ticket && <StatusTag status={ticket.status} />}</Space>}>
      {!ticket ? <Spin /> : (
        <>
          <Space wrap className="steps">
            {ticket.waits && <Button type="primary" onClick={take}>{t('take')}</Button>}
            {/* Whom it is assigned to is said by taking it and handing it on. */}
            {ticket.steps.filter((status) => status !== 'assigned').map((status) => <Button key={status} onClick={() => move(status)}>{t(`status_${status}`)}</Button>)}
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
              </>
            ),
          }))} />
          {handing && (
            <HandOn numbers={[number]} version={ticket.version} not={ticket.waits ? null : ticket.assignee_id}
                    onClose={() => setHanding(false)} onDone={() => { load(); onChanged?.(); }} />
          )}
        </>
      )}
    </Drawer>
  );
}

function lineOf(note, t, labels) {
  const { kind, text, rating, to, why, queue } = note;
  const key = t.has(`note_${kind}`) ? `note_${kind}` : `status_${kind}`;
  const target = to || (queue && kind === 'handed_on' && t.label(labels.queues[queue], queue));
  const words = [
    `${t(key)}${rating ? ` ${rating}` : ''}${note.clock ? ` · ${t(`clock_${note.clock}`)}` : ''}${target ? ` → ${target}` : ''}`,
    why && t(`why_${why}`),
    text && (t.has(`escalated_${text}`) ? t(`escalated_${text}`) : text),
  ];
  return words.filter(Boolean).join(t.language === 'en' ? ': ' : '：');
}
