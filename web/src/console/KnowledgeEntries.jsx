// The list of entries.
import { useCallback, useEffect, useState } from 'react';
import { Button, Dropdown, Input, Modal, Select, Space, Table, Tag } from 'antd';
import { api } from './api.js';
import { KindTag } from './KnowledgeTrial.jsx';
import { useSession } from './strings.js';
import { clock } from './time.js';

export const KINDS = ['faq', 'policy', 'fault', 'function', 'product', 'product_line'];
const STATES = ['edited', 'conflict', 'removed', 'dead', 'unused'];
const NONE = { text: '', kind: '', line: '', state: '' };

export function Entries({ changes, choices, edit }) {
  const { t, message } = useSession();
  const [filters, setFilters] = useState(NONE);
  const [page, setPage] = useState(1);
  const [found, setFound] = useState(null);
  const [editions, setEditions] = useState(false);
  const load = useCallback(
    () => api.get('entries', { ...filters, page }).then(setFound, (error) => message.error(t.error(error))),
    [filters, page],
  );
  useEffect(() => { load(); }, [load, changes]);
  const narrow = (change) => { setFilters({ ...filters, ...change }); setPage(1); };
  const columns = [
    { title: t('kind'), dataIndex: 'kind', width: 100, render: (kind) => <KindTag kind={kind} /> },
    {
      title: t('kn_entry'), dataIndex: 'name', ellipsis: true,
      render: (name, one) => <Button type="link" className="cell-link" onClick={() => edit({ ref: one.ref })}>{name}</Button>,
    },
    { title: t('state'), key: 'state', width: 130, render: (_, one) => <StateTags of={one} /> },
    { title: t('kn_line'), dataIndex: 'line', width: 120, responsive: ['lg'] },
    { title: t('kn_asked'), key: 'asked', width: 150, render: (_, one) => (one.asked ? t('kn_use', one) : <span className="quiet">{t('kn_never')}</span>) },
    { title: t('source'), dataIndex: 'source', width: 180, ellipsis: true, responsive: ['lg'], render: (source) => <SourceName source={source} /> },
    { title: t('kn_changed'), dataIndex: 'changed_at', width: 110, responsive: ['xl'], render: (at) => at && clock(at, t.language) },
  ];
  const select = (name, values, label) => (
    <Select allowClear className="filter" aria-label={t(label)} placeholder={t(label)} value={filters[name] || undefined}
            onChange={(value) => narrow({ [name]: value || '' })} options={values} />
  );
  const makes = KINDS.map((kind) => ({ key: kind, label: t(`kn_kind_${kind}`), onClick: () => edit({ kind, content: {} }) }));
  return (
    <>
      <Space wrap className="filters">
        <Input.Search allowClear className="search" placeholder={t('kn_find')} aria-label={t('kn_find')} onSearch={(text) => narrow({ text: text.trim() })} />
        {select('kind', KINDS.map((value) => ({ value, label: t(`kn_kind_${value}`) })), 'kind')}
        {select('line', (choices?.lines || []).map((value) => ({ value, label: value })), 'kn_line')}
        {select('state', STATES.map((value) => ({ value, label: t(`kn_state_${value}`) })), 'state')}
        <Dropdown menu={{ items: makes }} trigger={['click']}><Button type="primary">{t('kn_new')} ▾</Button></Dropdown>
        <Button onClick={() => setEditions(true)}>{t('kn_editions')}</Button>
      </Space>
      <Table size="small" rowKey="ref" columns={columns} dataSource={found?.entries} loading={!found} locale={{ emptyText: t('kn_nothing') }}
             pagination={{ current: page, pageSize: 20, total: found?.total, showSizeChanger: false, showTotal: (n) => t('total', { n }), onChange: setPage }} />
      {editions && <Editions onClose={() => setEditions(false)} onChanged={load} />}
    </>
  );
}

export function SourceName({ source }) {
  const { t } = useSession();
  return source === 'console' ? t('kn_console') : source;
}

export function StateTags({ of: one }) {
  const { t } = useSession();
  return (
    <>
      {one.conflict && <Tag color="red">{t('kn_state_conflict')}</Tag>}
      {one.problem && <Tag color="red" title={one.problem}>{t('kn_set_aside')}</Tag>}
      {one.removed && <Tag color="default">{t('kn_state_removed')}</Tag>}
      {one.dead && !one.problem && <Tag color="orange">{t('kn_out_of_force')}</Tag>}
      {one.edited && !one.removed && !one.conflict && <Tag color="cyan">{t('kn_state_edited')}</Tag>}
    </>
  );
}

/** Every state of the whole, to go back to. */
function Editions({ onClose, onChanged }) {
  const { t, message } = useSession();
  const [editions, setEditions] = useState(null);
  const load = () => api.get('editions').then((page) => setEditions(page.editions), (error) => message.error(t.error(error)));
  useEffect(() => { load(); }, []);
  const back = (edition) => Modal.confirm({
    title: t('kn_roll_back_sure', { at: clock(edition.at, t.language) }),
    content: t('kn_roll_back_what'),
    okText: t('kn_roll_back'), cancelText: t('cancel'),
    onOk: async () => {
      try {
        const { entries } = await api.post(`editions/${edition.id}/roll-back`, {});
        message.success(t('kn_rolled_back', { n: entries }));
        load();
        onChanged();
      } catch (error) {
        message.error(t.error(error));
      }
    },
  });
  const columns = [
    { title: t('kn_edition'), dataIndex: 'id', width: 90 },
    { title: t('at'), dataIndex: 'at', width: 140, render: (at) => clock(at, t.language) },
    { title: t('kn_what'), dataIndex: 'entries', render: (n) => (n ? t('kn_edited_n', { n }) : t('kn_files_loaded')) },
    { title: '', key: 'back', width: 130, render: (_, edition, place) => place > 0 && <Button size="small" onClick={() => back(edition)}>{t('kn_roll_back')}</Button> },
  ];
  return (
    <Modal open title={t('kn_editions')} footer={null} width={640} onCancel={onClose}>
      <Table size="small" rowKey="id" columns={columns} dataSource={editions} loading={!editions} pagination={{ pageSize: 10, hideOnSinglePage: true }} />
    </Modal>
  );
}
