// The supervisor's view: who is busy with how many customers and tickets, who waits how long, which promises are broken;
// stepping in, giving customers to others.
import { useMemo, useState } from 'react';
import { App, Badge, Button, Card, Drawer, Dropdown, Form, InputNumber, Progress, Select, Space, Statistic, Table, Tag } from 'antd';
import { api } from './api.js';
import { Conversation } from './Customers.jsx';
import { ChannelTag, CustomerTags, nameOf } from './Desk.jsx';
import { Dialog } from './Dialog.jsx';
import { NEGLECTED, useLive } from './live.js';
import { useSession } from './strings.js';
import { span, useNow } from './time.js';

const STATUS = { online: 'success', away: 'warning', offline: 'default' };

export function Supervisor() {
  const { t, labels, message } = useSession();
  const { handoffs, agents, workload } = useLive();
  const now = useNow();
  const { modal } = App.useApp();
  const [editing, setEditing] = useState(null);
  const [looking, setLooking] = useState(null);
  const all = useMemo(() => Object.values(handoffs), [handoffs]);
  const waiting = all.filter(({ state }) => state === 'queued');
  const longest = (some) => some.reduce((first, one) => (!first || one.requested_at < first ? one.requested_at : first), null);
  const queues = Object.entries(labels.queues).map(([name, label]) => {
    const inQueue = waiting.filter(({ queue }) => queue === name);
    return {
      key: name,
      name: t.label(label),
      waiting: inQueue.length,
      longest: longest(inQueue),
      tickets: workload.queues[name] || { new: 0, late: 0, escalated: 0 },
      online: agents.filter((agent) => agent.status === 'online' && agent.queues.includes(name)).length,
    };
  });
  const give = (id, agent) => api.post(`handoffs/${id}/reassign`, { agent_id: agent }).catch((error) => message.error(t.error(error)));
  const nameOfAgent = (id) => agents.find((agent) => agent.id === id)?.name;
  const figure = (key, value) => <Card size="small"><Statistic title={t(key)} value={value} /></Card>;
  const busy = Object.fromEntries(workload.agents.map((agent) => [agent.id, agent]));
  // Whoever has left still stands here while somebody has to take over their tickets.
  const gone = workload.agents.filter(({ active }) => !active).map((one) => ({ ...one, status: 'offline', gone: true, queues: [] }));
  const late = Object.values(workload.queues).reduce((sum, queue) => sum + queue.late, 0);
  const show = (filter) => { window.location.hash = `tickets/${filter}`; };
  const count = (number, filter, alarming) => (
    <Button type="link" size="small" danger={alarming && number > 0} disabled={!number} onClick={() => show(filter)}>{number}</Button>
  );
  const takeBack = (agent) => modal.confirm({
    title: t('take_back_sure', { name: agent.name }),
    okText: t('take_back'),
    onOk: () => api.post(`agents/${agent.id}/take-back`).then(
      ({ numbers }) => message.success(t('taken_back', { n: numbers.length })), (error) => message.error(t.error(error))),
  });
  const ticketsOf = (_, { id, ticket_capacity: capacity }) => {
    const { open = 0, begun = 0 } = busy[id] || {};
    return (
      <Space size={4}>
        {count(open, `assignee=${id}`)}
        <span className="quiet">{capacity && `/ ${capacity} · `}{t('begun', { n: begun })}</span>
      </Space>
    );
  };
  const agentColumns = [
    { title: t('agent'), dataIndex: 'name', width: 110, render: (name, { status }) => <Badge status={STATUS[status]} text={name} /> },
    { title: t('status'), dataIndex: 'status', width: 80, render: (status, { gone: left }) => t(left ? 'closed_account' : status) },
    { title: t('load'), key: 'load', width: 130, render: (_, { load, capacity }) => capacity && <Progress size="small" percent={Math.round((load / capacity) * 100)} format={() => `${load}/${capacity}`} /> },
    { title: t('open_tickets'), key: 'tickets', width: 150, render: ticketsOf },
    { title: t('queues'), dataIndex: 'queues', responsive: ['lg'], render: (names) => t.list(names.map((name) => t.label(labels.queues[name], name))) },
    {
      title: '', key: 'edit', width: 200,
      render: (_, agent) => (
        <Space size={4} wrap>
          {!agent.gone && <Button size="small" onClick={() => setEditing(agent)}>{t('edit')}</Button>}
          {busy[agent.id]?.open > busy[agent.id]?.begun && <Button size="small" onClick={() => takeBack(agent)}>{t('take_back')}</Button>}
        </Space>
      ),
    },
  ];
  const queueColumns = [
    { title: t('queue_name'), dataIndex: 'name' },
    { title: t('waiting_now'), dataIndex: 'waiting', width: 90, render: (count) => <Badge showZero count={count} color={count ? '#d97706' : '#cbd5e1'} /> },
    { title: t('longest'), dataIndex: 'longest', width: 110, render: (since) => (since ? span(since, now) : '—') },
    { title: t('online_now'), dataIndex: 'online', width: 90 },
    { title: t('new_tickets'), dataIndex: ['tickets', 'new'], width: 100, render: (n, { key }) => count(n, `queue=${key}&status=new`) },
    { title: t('late_tickets'), dataIndex: ['tickets', 'late'], width: 100, render: (n, { key }) => count(n, `queue=${key}&due=late`, true) },
    { title: t('escalated_tickets'), dataIndex: ['tickets', 'escalated'], width: 100, render: (n, { key }) => count(n, `queue=${key}&escalated=1`) },
  ];
  const chatColumns = [
    { title: t('customer'), key: 'customer', render: (_, one) => <Space size={4}><ChannelTag channel={one.channel} />{nameOf(one.conversation, t)}<CustomerTags of={one} />{one.idle_step === NEGLECTED && <Tag color="red">{t('neglected_short')}</Tag>}</Space> },
    { title: t('queue_name'), dataIndex: 'queue', responsive: ['lg'], render: (name) => t.label(labels.queues[name], name) },
    { title: t('agent'), dataIndex: 'agent_id', render: (id) => nameOfAgent(id) || <i className="quiet">{t('queue')}</i> },
    { title: t('since'), key: 'since', width: 90, render: (_, one) => span(one.accepted_at && one.state === 'human' ? one.accepted_at : one.requested_at, now) },
    {
      title: '', key: 'do', width: 210,
      render: (_, one) => (
        <Space size={4}>
          <Button size="small" onClick={() => setLooking(one.conversation)}>{t('look')}</Button>
          <Dropdown trigger={['click']} menu={{
            items: agents.filter(({ id, status }) => status !== 'offline' && id !== one.agent_id).map(({ id, name, load, capacity }) => ({
              key: id, label: `${name} ${load}/${capacity}`, onClick: () => give(one.id, id),
            })),
          }}><Button size="small">{t('reassign')} ▾</Button></Dropdown>
        </Space>
      ),
    },
  ];
  const oldest = longest(waiting);
  return (
    <div className="supervisor">
      <div className="figures">
        {figure('waiting_now', waiting.length)}
        {figure('longest', oldest ? span(oldest, now) : '—')}
        {figure('talking_now', all.length - waiting.length)}
        {figure('late_tickets', late)}
        {figure('online_now', agents.filter(({ status }) => status === 'online').length)}
      </div>
      <div className="wholes">
        <Card size="small" title={t('queues')}><Table size="small" pagination={false} columns={queueColumns} dataSource={queues} /></Card>
        <Card size="small" title={t('agents')}><Table size="small" rowKey="id" pagination={false} columns={agentColumns} dataSource={[...agents, ...gone]} /></Card>
      </div>
      <Card size="small" title={t('all_chats')}>
        <Table size="small" rowKey="id" columns={chatColumns} dataSource={all.sort((a, b) => (a.state === b.state ? a.id - b.id : a.state === 'queued' ? -1 : 1))}
               pagination={{ pageSize: 20, hideOnSinglePage: true }} />
      </Card>
      {editing && <AgentForm agent={editing} onClose={() => setEditing(null)} />}
      <Drawer open={!!looking} onClose={() => setLooking(null)} width="min(980px, 94vw)" styles={{ body: { padding: 0 } }} destroyOnHidden>
        {looking && <Conversation conversation={looking} />}
      </Drawer>
    </div>
  );
}

/** Skills that the rules ask for; one that no rule asks for any longer can only be taken away. */
const skillsOf = ({ skills = [] }, labels) => [...new Set([...labels.skills, ...skills])];

function AgentForm({ agent, onClose }) {
  const { t, labels } = useSession();
  const initial = Object.fromEntries(['queues', 'skills', 'capacity', 'ticket_capacity'].map((name) => [name, agent[name]]));
  return (
    <Dialog title={agent.name} ok={t('save')} initial={initial} onSend={(values) => api.patch(`agents/${agent.id}`, values)} onClose={onClose}>
      <Form.Item name="queues" label={t('queues')}>
        <Select mode="multiple" options={Object.entries(labels.queues).map(([value, label]) => ({ value, label: t.label(label) }))} />
      </Form.Item>
      <Form.Item name="skills" label={t('skills')}><Select mode="multiple" options={skillsOf(agent, labels).map((value) => ({ value, label: value }))} /></Form.Item>
      <Form.Item name="capacity" label={t('capacity')}><InputNumber min={1} max={50} /></Form.Item>
      <Form.Item name="ticket_capacity" label={t('ticket_capacity')}><InputNumber min={1} max={200} /></Form.Item>
    </Dialog>
  );
}
