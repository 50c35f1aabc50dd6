// Requests by letter: a customer who asks to be forgotten, and what became of such requests.
import { useEffect, useState } from 'react';
import { Alert, Button, Form, Input, Popconfirm, Table } from 'antd';
import { api } from './api.js';
import { useSession } from './strings.js';
import { clock } from './time.js';

export function Privacy() {
  const { t, message } = useSession();
  const [found, setFound] = useState(null);
  const [form] = Form.useForm();
  const load = () => api.get('erasures').then((page) => setFound(page.erasures), (error) => message.error(t.error(error)));
  useEffect(() => { load(); }, []);
  const forget = async () => {
    try {
      await api.post('erasures', { customer: form.getFieldValue('customer'), confirm: true });
      form.resetFields();
    } catch (error) {
      message.error(t.error(error));
    }
    load();
  };
  const columns = [
    { title: '#', dataIndex: 'id', width: 80 },
    { title: t('by'), dataIndex: 'by', width: 160 },
    { title: t('at'), dataIndex: 'asked_at', width: 160, render: (at) => clock(at, t.language) },
    { title: t('erasure_done'), dataIndex: 'done_at', render: (at) => (at ? clock(at, t.language) : t('erasure_waits')) },
  ];
  return (
    <div className="plain">
      <Alert type="warning" message={t('erasure_warning')} />
      <Form form={form} layout="inline" className="below" requiredMark={false}>
        <Form.Item name="customer" label={t('erasure_customer')} rules={[{ required: true, min: 2, message: '' }]}>
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Popconfirm title={t('erasure_sure')} okText={t('erasure')} cancelText={t('cancel')} onConfirm={() => form.validateFields().then(forget, () => {})}>
          <Button danger>{t('erasure')}</Button>
        </Popconfirm>
      </Form>
      <Table size="small" rowKey="id" className="below" columns={columns} dataSource={found || []} loading={!found} pagination={false} />
    </div>
  );
}
