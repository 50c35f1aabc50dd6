// The list of tickets: filters, kept views, many at once.
import { useCallback, useEffect, useRef, useState } from 'react';
import { Button, Dropdown, Input, Modal, Select, Space, Table, Tag } from 'antd';
import { api } from './api.js';
import { useSession } from './strings.js';
import { Due, StatusTag, TicketDrawer, UrgencyTag } from './TicketDetail.jsx';
import { clock } from './time.js';

const NONE = { status: [], kind: [], urgency: [], queue: [], text: '', order: 'newest' };
const STATUSES = ['new', 'assigned', 'in_progress', 'waiting', 'resolved', 'closed', 'cancelled'];
const OPEN = ['new', 'assigned', 'in_progress', 'waiting'];
const STEPS = ['assigned', 'in_progress', 'waiting', 'resolved', 'closed'];
const ORDERS = ['newest', 'priority', 'oldest', 'changed', 'urged'];

export function Tickets({ argument }) {
  const { t, labels, message } = useSession();
  const [filters, setFilters] = useState(argument ? { ...NONE, text: argument } : NONE);
  const [page, setPage] = useState(1);
  const [size, setSize] = useState(20);
  const [found, setFound] = useState(null);
  const [chosen, setChosen] = useState([]);
  const [number, setNumber] = useState(null);
  const load = useCallback(
    () => api.get('tickets', { ...filters, page, size }).then(setFound, (error) => message.error(t.error(error))),
    [filters, page, size],
  );
  useEffect(() => { load(); }, [load]);
  const narrow = (change) => {
    setFilters({ ...filters, ...change });
    setPage(1);
    setChosen([]);
  };
  const moveAll = async (status) => {
    try {
      const { moved, refused } = await api.post('tickets/bulk', { numbers: chosen, status });
      if (moved.length) message.success(t('bulk_done', { n: moved.length }));
      if (refused.length) message.warning(`${t('bulk_refused', { n: refused.length })} ${refused.map((one) => one.number).join(' ')}`, 8);
      setChosen([]);
      load();
    } catch (error) {
      message.error(t.error(error));
    }
  };
  const columns = [
    { title: t('number'), dataIndex: 'number', width: 150, render: (value) => <Button type="link" size="small" onClick={() => setNumber(value)}>{value}</Button> },
    { title: t('status'), dataIndex: 'status', width: 110, render: (value) => <StatusTag status={value} /> },
    { title: t('kind'), dataIndex: 'kind', width: 80, render: (value) => t.label(labels.kinds[value], value) },
    { title: t('urgency'), dataIndex: 'urgency', width: 90, render: (value) => <UrgencyTag urgency={value} /> },
    {
      title: t('summary'), dataIndex: 'summary', ellipsis: true,
      render: (value, ticket) => <>{ticket.urged > 0 && <Tag color="volcano">{t('urged_times', { n: ticket.urged })}</Tag>}{value}</>,
    },
    { title: t('queue_name'), dataIndex: 'queue', width: 120, responsive: ['lg'], render: (name) => t.label(labels.queues[name], name) },
    { title: t('resolve_by'), dataIndex: 'resolve_by', width: 120, responsive: ['lg'], render: (at, { status }) => <Due at={at} open={OPEN.includes(status)} /> },
    { title: t('opened'), dataIndex: 'opened_at', width: 120, responsive: ['md'], render: (value) => clock(value, t.language) },
    { title: t('changed'), dataIndex: 'changed_at', width: 120, responsive: ['xl'], render: (value) => clock(value, t.language) },
  ];
  const select = (label, options, name = label) => (
    <Select mode="multiple" allowClear placeholder={t(label)} aria-label={t(label)} className="filter" maxTagCount="responsive"
            value={filters[name]} options={options} onChange={(value) => narrow({ [name]: value })} />
  );
  const named = (table) => Object.entries(table).map(([value, label]) => ({ value, label: t.label(label) }));
  return (
    <div className="tickets">
      <Space wrap className="filters">
        <Input.Search allowClear key={filters.text} defaultValue={filters.text} placeholder={t('search_tickets')} aria-label={t('search_tickets')}
                      className="search" onSearch={(text) => narrow({ text: text.trim() })} />
        {select('status', STATUSES.map((value) => ({ value, label: t(`status_${value}`) })))}
        {select('kind', named(labels.kinds))}
        {select('urgency', named(labels.urgencies))}
        {select('queue_name', named(labels.queues), 'queue')}
        <Select value={filters.order} onChange={(order) => narrow({ order })} options={ORDERS.map((value) => ({ value, label: t(`order_${value}`) }))} />
        <Button onClick={() => narrow(NONE)}>{t('reset')}</Button>
        <Views filters={filters} apply={narrow} />
      </Space>
      <Table size="small" rowKey="number" columns={columns} dataSource={found?.tickets} loading={!found}
             rowSelection={{ selectedRowKeys: chosen, onChange: setChosen }}
             onRow={(ticket) => ({ onDoubleClick: () => setNumber(ticket.number) })}
             pagination={{
               current: page, pageSize: size, total: found?.total, showSizeChanger: true, showTotal: (n) => t('total', { n }),
               onChange: (next, nextSize) => { setPage(next); setSize(nextSize); setChosen([]); },
             }} />
      {chosen.length > 0 && (
        <Space className="bulk">
          <b>{t('selected', { n: chosen.length })}</b>
          {STEPS.map((status) => <Button key={status} onClick={() => moveAll(status)}>{t('move_to')} {t(`status_${status}`)}</Button>)}
        </Space>
      )}
      {number && <TicketDrawer number={number} onClose={() => setNumber(null)} onChanged={load} />}
    </div>
  );
}

function Views({ filters, apply }) {
  const { t, message } = useSession();
  const [views, setViews] = useState([]);
  const [name, setName] = useState(null);
  const box = useRef(null);
  const load = () => api.get('ticket-views').then((page) => setViews(page.views), () => {});
  useEffect(() => { load(); }, []);
  const keep = async () => {
    try {
      await api.post('ticket-views', { name, filters });
      setName(null);
      load();
    } catch (error) {
      message.error(t.error(error));
    }
  };
  const items = [
    ...views.map((view) => ({
      key: view.id,
      label: (
        <span className="view">
          {view.name}
          <Button type="text" size="small" aria-label="×" onClick={(event) => { event.stopPropagation(); api.drop(`ticket-views/${view.id}`).then(load); }}>×</Button>
        </span>
      ),
      onClick: () => apply(view.filters),
    })),
    { type: 'divider' },
    { key: 'new', label: t('save_view'), onClick: () => setName('') },
  ];
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']}><Button>{t('views')} ▾</Button></Dropdown>
      {name !== null && (
        <Modal open title={t('save_view')} okText={t('save')} okButtonProps={{ disabled: !name.trim() }} onOk={keep} onCancel={() => setName(null)}
               afterOpenChange={(open) => open && box.current?.focus()}>
          <Input ref={box} maxLength={32} placeholder={t('view_name')} aria-label={t('view_name')} value={name}
                 onChange={({ target }) => setName(target.value)} onPressEnter={() => name.trim() && keep()} />
        </Modal>
      )}
    </>
  );
}
