// One ticket: what it says, its time line, and where it may go.
import { useCallback, useEffect, useState } from 'react';
import { Button, Descriptions, Drawer, Input, Modal, Space, Spin, Tag, Timeline } from 'antd';
import { api } from './api.js';
import { useSession } from './strings.js';
import { clock } from './time.js';

const STATUS_COLOURS = { new: 'gold', assigned: 'cyan', in_progress: 'blue', waiting: 'purple', resolved: 'green' };
const URGENCY_COLOURS = { critical: 'red', high: 'orange', normal: 'default', low: 'default' };

export function StatusTag({ status }) {
  const { t } = useSession();
  return <Tag color={STATUS_COLOURS[status]} bordered={false}>{t(`status_${status}`)}</Tag>;
}

export function EscalatedTag({ at }) {
  const { t } = useSession();
  return at ? <Tag color="red">{t('escalated')}</Tag> : null;
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
  const [asked, setAsked] = useState(null);
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
    ['product', ticket.product],
    ['category', ticket.category],
    ['contact', ticket.phone],
    ['queue_name', `${t.label(labels.queues[ticket.queue], ticket.queue)} · ${t('priority', { n: ticket.priority })}`],
    ['opened', clock(ticket.opened_at, t.language)],
    ['respond_by', ticket.respond_by && clock(ticket.respond_by, t.language)],
    ['resolve_by', ticket.resolve_by && clock(ticket.resolve_by, t.language)],
    ['why_here', ticket.reasons?.length > 0 && [...new Set(ticket.reasons.map(([, , rule]) => rule))].join('、')],
    ['rating', ticket.rating],
    ['merged_into', ticket.merged_into],
    ['merged_here', ticket.merged.join('、')],
  ];
  const open = () => {
    onClose();
    window.location.hash = `customers/${ticket.customer}`;
  };
  return (
    <Drawer open onClose={onClose} width={520} title={<Space>{number}{ticket && <StatusTag status={ticket.status} />}{ticket && <EscalatedTag at={ticket.escalated_at} />}</Space>}>
      {!ticket ? <Spin /> : (
        <>
          <Space wrap className="steps">
            {ticket.steps.filter((step) => step !== 'escalated' || !ticket.escalated_at).map((step) => (
              <Button key={step} danger={step === 'cancelled'} onClick={() => take(step)}>{t(`step_${step}`)}</Button>
            ))}
            <Button type="link" onClick={open}>{t('open_customer')}</Button>
          </Space>
          <p className="described">{ticket.description}</p>
          <Descriptions size="small" column={1} bordered items={rows.filter(([, value]) => value).map(([key, children]) => ({ key, label: t(key), children }))} />
          <h3>{t('timeline')}</h3>
          <Timeline items={ticket.timeline.map((note) => ({
            children: (
              <>
                <span className="quiet">{clock(note.at, t.language)}{note.by ? ` · ${note.by}` : ''}</span>
                <div>{lineOf(note, t)}{note.text && `：${note.text}`}</div>
                {note.of && note.kind === 'opened' && <div className="quiet">{note.description}</div>}
              </>
            ),
          }))} />
          {asked && <Ask step={asked} number={number} onCancel={() => setAsked(null)} onSend={send} />}
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

function lineOf({ kind, rating, into, from, of, why }, t) {
  const key = t.has(`note_${kind}`) ? `note_${kind}` : `status_${kind}`;
  const said = [t(key), rating, into ?? from, why && t(`why_${why}`)].filter(Boolean).join(' ');
  return of ? `${of} ${said}` : said;
}
