// Who may log in, and the log of who did what.
import { useCallback, useEffect, useState } from 'react';
import { Button, Form, Input, Modal, Select, Space, Switch, Table, Typography } from 'antd';
import { api } from './api.js';
import { Dialog, needed } from './Dialog.jsx';
import { useSession } from './strings.js';
import { clock } from './time.js';

export function Accounts() {
  const { t, account, message } = useSession();
  const [found, setFound] = useState(null);
  const [adding, setAdding] = useState(false);
  const [given, setGiven] = useState(null);
  const load = useCallback(() => api.get('accounts').then(setFound, (error) => message.error(t.error(error))), []);
  useEffect(() => { load(); }, [load]);
  const show = ({ account: changed, password }) => {
    if (password) setGiven({ login: changed.login, password });
    load();
  };
  const attempt = (asked) => asked.then(show, (error) => message.error(t.error(error)));
  const change = (id, values) => attempt(api.patch(`accounts/${id}`, values));
  const roles = (found?.roles || []).map((value) => ({ value, label: t(`role_${value}`) }));
  const columns = [
    { title: t('login'), dataIndex: 'login' },
    { title: t('name'), dataIndex: 'name', render: (name, { id }) => <Typography.Text editable={{ onChange: (value) => value !== name && change(id, { name: value }) }}>{name}</Typography.Text> },
    { title: t('role'), dataIndex: 'role', render: (role, { id }) => <Select className="role" value={role} options={roles} disabled={id === account.id} aria-label={t('role')} onChange={(value) => change(id, { role: value })} /> },
    { title: t('active'), dataIndex: 'active', render: (active, { id }) => <Switch checked={active} disabled={id === account.id} aria-label={t('active')} onChange={(value) => change(id, { active: value })} /> },
    { title: '', key: 'reset', render: (_, { id }) => id !== account.id && <Button size="small" onClick={() => attempt(api.post(`accounts/${id}/reset`))}>{t('reset_password')}</Button> },
  ];
  return (
    <div className="plain">
      <Button type="primary" onClick={() => setAdding(true)}>{t('new_account')}</Button>
      <Table size="small" rowKey="id" className="below" columns={columns} dataSource={found?.accounts} loading={!found} pagination={{ hideOnSinglePage: true, pageSize: 50 }} />
      {adding && <NewAccount roles={roles} onClose={() => setAdding(false)} add={(values) => api.post('accounts', values).then(show)} />}
      {given && (
        <Modal open title={t('one_time_password')} onCancel={() => setGiven(null)} onOk={() => setGiven(null)} cancelButtonProps={{ hidden: true }}>
          <p>{given.login}</p>
          <Typography.Text copyable code className="one-time">{given.password}</Typography.Text>
        </Modal>
      )}
    </div>
  );
}

function NewAccount({ roles, add, onClose }) {
  const { t } = useSession();
  return (
    <Dialog title={t('new_account')} ok={t('save')} initial={{ role: 'agent' }} onSend={add} onClose={onClose}>
      <Form.Item name="login" label={t('login')} rules={needed(t)}><Input maxLength={63} /></Form.Item>
      <Form.Item name="name" label={t('name')} rules={needed(t)}><Input maxLength={64} /></Form.Item>
      <Form.Item name="role" label={t('role')}><Select options={roles} /></Form.Item>
    </Dialog>
  );
}

export function Audit() {
  const { t, message } = useSession();
  const [entries, setEntries] = useState([]);
  const [more, setMore] = useState(false);
  const load = async (before) => {
    try {
      const page = await api.get('audit', { before });
      setEntries((kept) => (before ? [...kept, ...page.entries] : page.entries));
      setMore(page.more);
    } catch (error) {
      message.error(t.error(error));
    }
  };
  useEffect(() => { load(); }, []);
  const done = (action) => { const key = `did_${action.replaceAll('.', '_')}`; return t.has(key) ? t(key) : action; };
  const columns = [
    { title: t('at'), dataIndex: 'at', width: 140, render: (at) => clock(at, t.language) },
    { title: t('by'), dataIndex: 'by', width: 140 },
    { title: t('action'), dataIndex: 'action', width: 220, render: (action) => <span title={action}>{done(action)}</span> },
    { title: t('object'), dataIndex: 'object', width: 200 },
    { title: '', dataIndex: 'data', render: (data) => <code>{Object.entries(data).map(([key, value]) => `${key}=${value}`).join(' ')}</code> },
  ];
  return (
    <div className="plain">
      <Table size="small" rowKey="id" columns={columns} dataSource={entries} pagination={false} />
      {more && <Space className="below"><Button onClick={() => load(entries[entries.length - 1].id)}>{t('more')}</Button></Space>}
    </div>
  );
}
