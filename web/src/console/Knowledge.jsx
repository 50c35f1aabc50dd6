// What customers asked and nothing answered, for those who keep the knowledge.
import { useEffect, useState } from 'react';
import { Button, Card, Empty, Input, Table, Tag } from 'antd';
import { api } from './api.js';
import { useSession } from './strings.js';
import { clock } from './time.js';

export function Knowledge() {
  const { t, message } = useSession();
  const [questions, setQuestions] = useState(null);
  const [more, setMore] = useState(false);
  const [tried, setTried] = useState(null);
  const fail = (error) => message.error(t.error(error));
  const load = async (before) => {
    try {
      const page = await api.get('unanswered', { before });
      setQuestions((kept) => (before ? [...kept, ...page.questions] : page.questions));
      setMore(page.more);
    } catch (error) {
      fail(error);
    }
  };
  useEffect(() => { load(); }, []);
  const attempt = async (q) => {
    if (!q.trim()) return setTried(null);
    try {
      const { suggestions } = await api.get('knowledge', { q: q.trim(), language: t.language });
      return setTried({ q, suggestions });
    } catch (error) {
      return fail(error);
    }
  };
  const columns = [
    { title: t('at'), dataIndex: 'at', width: 130, render: (at) => clock(at, t.language) },
    { title: t('question'), dataIndex: 'text' },
    { title: t('nearest'), dataIndex: 'best', responsive: ['md'], render: (best, { score }) => best && <>{best} <span className="quiet">{score}%</span></> },
    { title: '', key: 'try', width: 110, render: (_, { text }) => <Button size="small" onClick={() => attempt(text)}>{t('try_now')}</Button> },
  ];
  return (
    <div className="halves plain">
      <Card size="small" title={t('unanswered')}>
        <Table size="small" rowKey="id" columns={columns} dataSource={questions || []} loading={!questions} pagination={false}
               locale={{ emptyText: t('all_answered') }} />
        {more && <Button className="below" onClick={() => load(questions[questions.length - 1].id)}>{t('more')}</Button>}
      </Card>
      <Card size="small" title={t('ask_knowledge')}>
        <Input.Search key={tried?.q} defaultValue={tried?.q} allowClear enterButton placeholder={t('ask_knowledge')} aria-label={t('ask_knowledge')} onSearch={attempt} />
        {tried && !tried.suggestions.length && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_suggestions')} />}
        {tried?.suggestions.map((one) => (
          <article key={one.ref} className="suggestion">
            <header><b>{one.title}</b>{one.sure ? <Tag color="green">{t('sure')}</Tag> : <Tag>{Math.round(one.confidence * 100)}%</Tag>}</header>
            <p className="suggestion-text">{one.text}</p>
            <footer><span className="quiet">{t('source')}: {one.kind} · {one.source}</span></footer>
          </article>
        ))}
      </Card>
    </div>
  );
}
