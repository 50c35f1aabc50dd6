// What nothing answered, those together that ask the same, and the entries that answer nothing.
import { useEffect, useState } from 'react';
import { Button, Card, Space, Table, Tag, Tooltip } from 'antd';
import { api } from './api.js';
import { KindTag } from './KnowledgeTrial.jsx';
import { useSession } from './strings.js';
import { clock } from './time.js';

export function Gaps({ edit, ask, changes }) {
  const { t, message } = useSession();
  const [clusters, setClusters] = useState(null);
  useEffect(() => {
    api.get('unanswered').then((page) => setClusters(page.clusters), (error) => message.error(t.error(error)));
  }, [changes]);
  const suggest = (one) => edit({ kind: 'faq', content: { question: one.text, also: one.others, answer: '' } });
  const columns = [
    { title: t('kn_times'), dataIndex: 'count', width: 70 },
    {
      title: t('question'), dataIndex: 'text',
      render: (text, one) => <>{text}{one.others.length > 0 && <Tooltip title={one.others.join(' / ')}><Tag className="also" tabIndex={0}>{t('kn_wordings', { n: one.others.length })}</Tag></Tooltip>}</>,
    },
    { title: t('nearest'), dataIndex: 'best', responsive: ['lg'], ellipsis: true, render: (best, one) => best && <Button type="link" size="small" className="cell-link" onClick={() => edit({ ref: best })}>{best.slice(best.indexOf(':') + 1)} <span className="quiet">{one.score}%</span></Button> },
    { title: t('kn_last'), dataIndex: 'last_at', width: 110, responsive: ['lg'], render: (at) => clock(at, t.language) },
    { title: '', key: 'do', width: 190, render: (_, one) => <Space><Button size="small" type="primary" onClick={() => suggest(one)}>{t('kn_answer_it')}</Button><Button size="small" onClick={() => ask(one.text)}>{t('kn_try')}</Button></Space> },
  ];
  return (
    <div className="wholes">
      <Card size="small" title={t('unanswered')}>
        <Table size="small" rowKey="text" columns={columns} dataSource={clusters} loading={!clusters} pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }} locale={{ emptyText: t('all_answered') }} />
      </Card>
      <div className="halves plain-halves">
        <Fading state="unused" edit={edit} changes={changes} />
        <Fading state="dead" edit={edit} changes={changes} />
      </div>
    </div>
  );
}

function Fading({ state, edit, changes }) {
  const { t, message } = useSession();
  const [page, setPage] = useState(1);
  const [found, setFound] = useState(null);
  useEffect(() => {
    api.get('entries', { state, page, size: 8 }).then(setFound, (error) => message.error(t.error(error)));
  }, [page, changes]);
  const columns = [
    { title: t('kind'), dataIndex: 'kind', width: 100, render: (kind) => <KindTag kind={kind} /> },
    { title: t('kn_entry'), dataIndex: 'name', ellipsis: true, render: (name, one) => <Button type="link" size="small" className="cell-link" onClick={() => edit({ ref: one.ref })}>{name}</Button> },
  ];
  return (
    <Card size="small" title={t(`kn_title_${state}`)}>
      <Table size="small" rowKey="ref" columns={columns} dataSource={found?.entries} loading={!found} locale={{ emptyText: t('kn_nothing') }}
             pagination={{ current: page, pageSize: 8, total: found?.total, showSizeChanger: false, hideOnSinglePage: true, showTotal: (n) => t('total', { n }), onChange: setPage }} />
    </Card>
  );
}
