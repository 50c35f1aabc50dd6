import { useState } from 'react';
import { Alert, Button, Card, Form, Input, Modal } from 'antd';
import { CustomerServiceOutlined } from '@ant-design/icons';
import { api } from './api.js';
import { beside } from './Dialog.jsx';
import { useSession } from './strings.js';

export function Login({ t, swap, onDone }) {
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (values) => {
    setBusy(true);
    try {
      onDone(await api.post('login', values));
    } catch (failure) {
      setError(t.error(failure));
      setBusy(false);
    }
  };
  return (
    <div className="door">
      <Card className="door-card">
        <h1><CustomerServiceOutlined /> {t('app')}</h1>
        <p className="quiet">{t('welcome')}</p>
        {error && <Alert type="error" showIcon message={error} role="alert" />}
        <Form layout="vertical" onFinish={submit} requiredMark={false} size="large">
          <Form.Item name="login" label={t('login')} rules={[{ required: true, message: '' }]}>
            <Input autoFocus autoComplete="username" />
          </Form.Item>
          <Form.Item name="password" label={t('password')} rules={[{ required: true, message: '' }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          <Button block type="primary" htmlType="submit" loading={busy}>{t('log_in')}</Button>
        </Form>
        <Button type="link" className="door-language" onClick={swap}>{t('language')}</Button>
      </Card>
    </div>
  );
}

/** Changes one's password: `first` when it was given and nothing else may be done before. */
export function OwnPassword({ first, onDone, onCancel }) {
  const { t, message } = useSession();
  const [form] = Form.useForm();
  const submit = async ({ old, wanted }) => {
    try {
      onDone(await api.post('password', { old, new: wanted }));
    } catch (error) {
      if (!beside(form, error, t, { new: 'wanted' })) message.error(t.error(error));
    }
  };
  const same = ({ getFieldValue }) => ({
    validator: (_, value) =>
      !value || value === getFieldValue('wanted') ? Promise.resolve() : Promise.reject(new Error(t('password_differs'))),
  });
  const fields = (
    <Form form={form} layout="vertical" onFinish={submit} requiredMark={false}>
      <Form.Item name="old" label={t('old_password')} rules={[{ required: true, message: '' }]}>
        <Input.Password autoComplete="current-password" autoFocus />
      </Form.Item>
      <Form.Item name="wanted" label={t('new_password')} extra={t('password_hint')} rules={[{ required: true, min: 10, message: t('error_length') }]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item name="again" label={t('repeat_password')} dependencies={['wanted']} rules={[{ required: true, message: '' }, same]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      {first && <Button block type="primary" htmlType="submit">{t('save')}</Button>}
    </Form>
  );
  if (first) return <div className="door"><Card className="door-card"><h1>{t('choose_password')}</h1>{fields}</Card></div>;
  return (
    <Modal open title={t('change_password')} okText={t('save')} onOk={form.submit} onCancel={onCancel}>{fields}</Modal>
  );
}
