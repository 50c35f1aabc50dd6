// Other systems of the company: tokens with which they call, webhooks by which they are told.
import { useCallback, useEffect, useState } from 'react';
import { Button, Checkbox, Drawer, Form, Input, InputNumber, Modal, Popconfirm, Select, Space, Switch, Table, Tabs, Tag, Typography } from 'antd';
import { api } from './api.js';
import { Dialog, needed } from './Dialog.jsx';
import { useSession } from './strings.js';
import { clock } from './time.js';

const COLOURS = { ok: 'success', failing: 'error', gone: 'error', off: 'default', sent: 'success', due: 'processing', failed: 'error' };
const DESCRIPTION = 'api/v1/openapi.json';

export function Api() {
  const { t, message } = useSession();
  const [access, setAccess] = useState(null);
  const [webhooks, setWebhooks] = useState(null);
  const [shown, setShown] = useState(null);
  const load = useCallback(async () => {
    try {
      const [tokens, hooks] = await Promise.all([api.get('tokens'), api.get('webhooks')]);
      setAccess(tokens);
      setWebhooks(hooks.webhooks);
    } catch (error) {
      message.error(t.error(error));
    }
  }, []);
  useEffect(() => { load(); }, [load]);
  const show = ({ text, secret }) => {
    if (text || secret) setShown({ title: t(text ? 'token_once' : 'secret_once'), text: text || secret });
    load();
  };
  const attempt = (asked) => asked.then(show, (error) => message.error(t.error(error)));
  const items = [
    { key: 'tokens', label: t('tokens'), children: <Tokens access={access} attempt={attempt} show={show} /> },
    { key: 'webhooks', label: t('webhooks'), children: <Webhooks webhooks={webhooks} topics={access?.topics || []} attempt={attempt} show={show} /> },
  ];
  return (
    <div className="plain">
      <Tabs items={items} tabBarExtraContent={<a href={DESCRIPTION} target="_blank" rel="noreferrer">{t('api_description')}</a>} />
      {shown && (
        <Modal open title={shown.title} onCancel={() => setShown(null)} onOk={() => setShown(null)} cancelButtonProps={{ hidden: true }}>
          <Typography.Text copyable code className="one-time">{shown.text}</Typography.Text>
        </Modal>
      )}
    </div>
  );
}

function Tokens({ access, attempt, show }) {
  const { t } = useSession();
  const [adding, setAdding] = useState(false);
  const time = (at) => (at ? clock(at, t.language) : '—');
  const columns = [
    { title: t('system'), dataIndex: 'name' },
    { title: t('scopes'), dataIndex: 'scopes', render: (scopes) => <Space size={[0, 4]} wrap>{scopes.map((scope) => <Tag key={scope}>{scope}</Tag>)}</Space> },
    { title: t('last_used'), dataIndex: 'used_at', width: 120, render: time },
    { title: t('expires'), dataIndex: 'expires_at', width: 120, render: time },
    {
      title: '', key: 'do', width: 100,
      render: (_, { id, revoked_at: revoked }) => (revoked ? <Tag>{t('revoked')}</Tag> : (
        <Popconfirm title={t('revoke_sure')} onConfirm={() => attempt(api.drop(`tokens/${id}`))}>
          <Button size="small" danger>{t('revoke')}</Button>
        </Popconfirm>
      )),
    },
  ];
  return (
    <>
      <Button type="primary" disabled={!access} onClick={() => setAdding(true)}>{t('new_token')}</Button>
      <Table size="small" rowKey="id" className="below" scroll={{ x: 700 }} columns={columns} dataSource={access?.tokens} loading={!access} pagination={{ hideOnSinglePage: true, pageSize: 50 }} />
      {adding && (
        <Dialog title={t('new_token')} ok={t('save')} onClose={() => setAdding(false)} onSend={(values) => api.post('tokens', values).then(show)}>
          <Form.Item name="name" label={t('system')} rules={needed(t)}><Input maxLength={64} /></Form.Item>
          <Form.Item name="scopes" label={t('scopes')} rules={needed(t)}><Checkbox.Group className="scopes" options={access.scopes} /></Form.Item>
          <Form.Item name="days" label={t('valid_days')}><InputNumber min={1} max={3650} placeholder={t('no_end')} /></Form.Item>
        </Dialog>
      )}
    </>
  );
}

function Webhooks({ webhooks, topics, attempt, show }) {
  const { t } = useSession();
  const [adding, setAdding] = useState(false);
  const [looking, setLooking] = useState(null);
  const columns = [
    { title: t('address'), dataIndex: 'url', render: (url) => <Typography.Text ellipsis={{ tooltip: url }} className="address">{url}</Typography.Text> },
    { title: t('event_kinds'), dataIndex: 'kinds', render: (kinds) => <Space size={[0, 4]} wrap>{kinds.map((kind) => <Tag key={kind}>{kind}</Tag>)}</Space> },
    {
      title: t('status'), dataIndex: 'state', width: 150,
      render: (state, { failures }) => <Tag color={COLOURS[state]}>{t(`webhook_${state}`)}{state === 'failing' && ` (${failures})`}</Tag>,
    },
    { title: t('active'), dataIndex: 'active', width: 70, render: (active, { id }) => <Switch size="small" checked={active} aria-label={t('active')} onChange={(value) => attempt(api.patch(`webhooks/${id}`, { active: value }))} /> },
    {
      title: '', key: 'do', width: 190,
      render: (_, hook) => (
        <Space size={4}>
          <Button size="small" onClick={() => setLooking(hook)}>{t('deliveries')}</Button>
          <Popconfirm title={t('remove_sure')} onConfirm={() => attempt(api.drop(`webhooks/${hook.id}`))}>
            <Button size="small" danger>{t('remove')}</Button>
          </Popconfirm>
        </Space>
      ),
    },
  ];
  const kinds = topics.map((topic) => ({ value: `${topic}.*`, label: `${topic}.*` }));
  return (
    <>
      <Button type="primary" onClick={() => setAdding(true)}>{t('new_webhook')}</Button>
      <Table size="small" rowKey="id" className="below" scroll={{ x: 700 }} columns={columns} dataSource={webhooks} loading={!webhooks} pagination={false} />
      {adding && (
        <Dialog title={t('new_webhook')} ok={t('save')} onClose={() => setAdding(false)} onSend={(values) => api.post('webhooks', values).then(show)}>
          <Form.Item name="url" label={t('address')} rules={needed(t)}><Input maxLength={500} placeholder="https://crm.example.com/kefu" /></Form.Item>
          <Form.Item name="kinds" label={t('event_kinds')} rules={needed(t)}><Select mode="tags" options={kinds} /></Form.Item>
        </Dialog>
      )}
      {looking && <Deliveries hook={looking} onClose={() => setLooking(null)} />}
    </>
  );
}

/** The last hundred deliveries of a webhook, each of which can be sent again. */
function Deliveries({ hook, onClose }) {
  const { t, message } = useSession();
  const [found, setFound] = useState(null);
  const path = `webhooks/${hook.id}`;
  const load = useCallback(() => api.get(`${path}/deliveries`).then(({ deliveries }) => setFound(deliveries), (error) => message.error(t.error(error))), [path]);
  useEffect(() => { load(); }, [load]);
  const send = async (where) => {
    try {
      await api.post(`${path}/${where}`);
    } catch (error) {
      message.error(t.error(error));
    }
    load();
  };
  const columns = [
    { title: t('at'), dataIndex: 'created_at', width: 110, render: (at) => clock(at, t.language) },
    { title: t('event_kind'), dataIndex: 'kind' },
    { title: t('status'), dataIndex: 'state', width: 120, render: (state) => <Tag color={COLOURS[state]}>{t(`delivery_${state}`)}</Tag> },
    { title: t('last_answer'), key: 'answer', width: 130, render: (_, { status, error, tries }) => (tries ? `${status ?? error} (${t('tries', { n: tries })})` : '—') },
    { title: '', key: 'do', width: 100, render: (_, { id, state }) => state !== 'due' && <Button size="small" onClick={() => send(`deliveries/${id}/again`)}>{t('send_again')}</Button> },
  ];
  return (
    <Drawer open width={720} title={hook.url} onClose={onClose}>
      <Space>
        <Button onClick={() => send('test')}>{t('send_test')}</Button>
        <Button onClick={load}>{t('refresh')}</Button>
      </Space>
      <Table size="small" rowKey="id" className="below" scroll={{ x: 600 }} columns={columns} dataSource={found} loading={!found} pagination={false} />
    </Drawer>
  );
}
