// One ticket: what it says, its time line, and where it may go.
import { useCallback, useEffect, useState } from 'react';
import { Button, Descriptions, Drawer, Space, Spin, Tag, Timeline } from 'antd';
import { api } from './api.js';
import { useSession } from './strings.js';
import { clock } from './time.js';

const STATUS_COLOURS = { new: 'gold', assigned: 'cyan', in_progress: 'blue', waiting: 'purple', resolved: 'green' };
const URGENCY_COLOURS = { critical: 'red', high: 'orange', normal: 'default', low: 'default' };

export function StatusTag({ status }) {
  const { t } = useSession();
  return <Tag color={STATUS_COLOURS[status]} bordered={false}>{t(`status_${status}`)}</Tag>;
}

/** Until when something is to be done; red when that has passed and it is not. */
export function Due({ at, open }) {
  const { t } = useSession();
  if (!at) return null;
  return <span className={open && new Date(at) < new Date() ? 'overdue' : ''}>{clock(at, t.language)}</span>;
}

export function UrgencyTag({ urgency }) {
  const { t, labels } = useSession();
  return <Tag color={URGENCY_COLOURS[urgency]}>{t.label(labels.urgencies[urgency], urgency)}</Tag>;
}

export function TicketDrawer({ number, onClose, onChanged }) {
  const { t, labels, message } = useSession();
  const [ticket, setTicket] = useState(null);
  const load = useCallback(() => api.get(`tickets/${number}`).then((page) => setTicket(page.ticket), (error) => {
    message.error(t.error(error));
    onClose();
  }), [number]);
  useEffect(() => { load(); }, [load]);
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
    ['mood', ticket.mood !== 'neutral' && t(`mood_${ticket.mood}`)],
    ['product', ticket.product],
    ['category', ticket.category],
    ['contact', ticket.phone],
    ['queue_name', `${t.label(labels.queues[ticket.queue], ticket.queue)} · ${t('priority', { n: ticket.priority })}`],
    ['opened', clock(ticket.opened_at, t.language)],
    ['respond_by', ticket.respond_by && clock(ticket.respond_by, t.language)],
    ['resolve_by', ticket.resolve_by && clock(ticket.resolve_by, t.language)],
    ['why_here', ticket.reasons?.length > 0 && t.list([...new Set(ticket.reasons.map(([, , rule]) => rule))])],
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
            {ticket.steps.map((status) => <Button key={status} onClick={() => move(status)}>{t(`status_${status}`)}</Button>)}
            <Button type="link" onClick={open}>{t('open_customer')}</Button>
          </Space>
          <p className="described">{ticket.description}</p>
          <Descriptions size="small" column={1} bordered items={rows.filter(([, value]) => value).map(([key, children]) => ({ key, label: t(key), children }))} />
          <h3>{t('timeline')}</h3>
          <Timeline items={ticket.timeline.map((note) => ({
            children: (
              <>
                <span className="quiet">{clock(note.at, t.language)}{note.by ? ` · ${note.by}` : ''}</span>
                <div>{note.text ? t.pair(lineOf(note, t), note.text) : lineOf(note, t)}</div>
              </>
            ),
          }))} />
        </>
      )}
    </Drawer>
  );
}

function lineOf({ kind, rating }, t) {
  const key = t.has(`note_${kind}`) ? `note_${kind}` : `status_${kind}`;
  return `${t(key)}${rating ? ` ${rating}` : ''}`;
}
