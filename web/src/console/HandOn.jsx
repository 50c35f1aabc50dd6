// Handing tickets on, one or many: to a colleague or a queue, with the reason.
import { Form, Input, Select } from 'antd';
import { api } from './api.js';
import { Dialog, needed } from './Dialog.jsx';
import { useLive } from './live.js';
import { useSession } from './strings.js';

/** `tickets` as they were seen; `many` for those chosen in a list; `not` is who has a single one now. */
export function HandOn({ tickets, many, not, onClose, onDone }) {
  const { t, labels, message } = useSession();
  const { agents } = useLive();
  const send = async ({ to, reason }) => {
    const [what, which] = to.split(':');
    const body = { reason, ...(what === 'agent' ? { agent_id: Number(which) } : { queue: which }) };
    const seen = tickets.map(({ number, version }) => ({ number, version }));
    try {
      if (many) {
        tell(await api.post('tickets/hand-on', { ...body, tickets: seen }));
      } else {
        await api.post(`tickets/${seen[0].number}/hand-on`, { ...body, version: seen[0].version });
        message.success(t('handed_on'));
      }
    } finally {
      onDone();
    }
  };
  const tell = ({ moved, refused }) => {
    if (moved.length) message.success(t('bulk_done', { n: moved.length }));
    for (const code of new Set(refused.map((one) => one.code))) {
      const named = refused.filter((one) => one.code === code).map((one) => one.number);
      message.warning(`${t.error({ code })} ${named.join(' ')}`, 8);
    }
  };
  const there = agents.filter(({ id, status }) => status !== 'offline' && id !== not);
  const options = [
    { label: t('to_colleague'), options: there.map(({ id, name }) => ({ value: `agent:${id}`, label: name })) },
    { label: t('to_queue'), options: Object.entries(labels.queues).map(([name, label]) => ({ value: `queue:${name}`, label: t.label(label) })) },
  ];
  return (
    <Dialog title={t('hand_on_title')} ok={t('hand_on')} fields={{ agent_id: 'to', queue: 'to' }} onSend={send} onClose={onClose}>
      <Form.Item name="to" label={t('hand_on_to')} rules={needed(t)}><Select options={options} showSearch optionFilterProp="label" /></Form.Item>
      <Form.Item name="reason" label={t('hand_on_reason')} rules={needed(t)}><Input.TextArea rows={3} maxLength={500} /></Form.Item>
    </Dialog>
  );
}
