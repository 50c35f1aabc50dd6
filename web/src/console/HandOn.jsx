// Handing tickets on, one or many: to a colleague or a queue, with the reason.
import { Form, Input, Modal, Select } from 'antd';
import { api } from './api.js';
import { useLive } from './live.js';
import { useSession } from './strings.js';

/** `tickets` as they were seen; `many` for those chosen in a list; `not` is who has a single one now. */
export function HandOn({ tickets, many, not, onClose, onDone }) {
  const { t, labels, message } = useSession();
  const { agents } = useLive();
  const [form] = Form.useForm();
  const send = async ({ to, reason }) => {
    const [what, which] = to.split(':');
    const body = { reason, ...(what === 'agent' ? { agent_id: Number(which) } : { queue: which }) };
    try {
      const seen = tickets.map(({ number, version }) => ({ number, version }));
      if (many) {
        tell(await api.post('tickets/hand-on', { ...body, tickets: seen }));
      } else {
        await api.post(`tickets/${seen[0].number}/hand-on`, { ...body, version: seen[0].version });
        message.success(t('handed_on'));
      }
      onClose();
    } catch (error) {
      message.error(t.error(error));
    }
    onDone();
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
    <Modal open title={t('hand_on_title')} okText={t('hand_on')} onOk={form.submit} onCancel={onClose}>
      <Form form={form} layout="vertical" onFinish={send} requiredMark={false}>
        <Form.Item name="to" label={t('hand_on_to')} rules={[{ required: true, message: t('error_invalid') }]}>
          <Select options={options} showSearch optionFilterProp="label" />
        </Form.Item>
        <Form.Item name="reason" label={t('hand_on_reason')} rules={[{ required: true, whitespace: true, message: t('error_invalid') }]}>
          <Input.TextArea rows={3} maxLength={500} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
