// Finding a customer, and what was said with them over all channels.
import { useEffect, useState } from 'react';
import { Button, Empty, Input, Space } from 'antd';
import { api } from './api.js';
import { Messages } from './Chat.jsx';
import { CustomerPanel } from './CustomerPanel.jsx';
import { ChannelTag, nameOf } from './Desk.jsx';
import { live } from './live.js';
import { useSession } from './strings.js';

export function Customers({ argument }) {
  const { t, message } = useSession();
  const [found, setFound] = useState(null);
  const [chosen, setChosen] = useState(null);
  const [recent, setRecent] = useState(false);
  const search = async (q) => {
    try {
      const { customers } = await api.get('customers', { q: q.trim() });
      setFound(customers);
      setRecent(!q.trim());
      setChosen(q.trim() && customers.length === 1 ? customers[0].conversation : null);
    } catch (error) {
      message.error(t.error(error));
    }
  };
  useEffect(() => { search(argument ?? ''); }, [argument]);
  return (
    <div className="customers">
      <Input.Search key={argument} size="large" className="search" allowClear enterButton defaultValue={argument} autoFocus
                    placeholder={t('find_customer')} aria-label={t('find_customer')} onSearch={search} />
      {recent && found.length > 0 && <h3>{t('recent_customers')}</h3>}
      {found?.length === 0 && <Empty description={t('nobody_found')} />}
      {(found?.length > 1 || (recent && found.length > 0)) && (
        <ul className="cards">
          {found.map((one) => (
            <li key={one.conversation} className={one.conversation === chosen ? 'card chosen' : 'card'}>
              <button type="button" className="card-main" onClick={() => setChosen(one.conversation)}>
                <Space>
                  {one.identities.map(({ id, channel }) => <ChannelTag key={id} channel={channel} />)}
                  <b>{nameOf(one.conversation, t)}</b>{one.phone}<span className="quiet">{t('tickets_count', { n: one.tickets })}</span>
                </Space>
              </button>
            </li>
          ))}
        </ul>
      )}
      {chosen && <Conversation key={chosen} conversation={chosen} />}
    </div>
  );
}

/** A conversation looked at, live, without a part in it; supervisors may step in. */
export function Conversation({ conversation, onStepIn }) {
  const { t, may, message } = useSession();
  useEffect(() => {
    live.look(conversation);
    return () => live.look(null);
  }, [conversation]);
  const stepIn = async () => {
    try {
      const { id } = await live.takes(conversation, () => api.post(`conversations/${conversation}/step-in`));
      onStepIn?.();
      window.location.hash = `desk/${id}`;
    } catch (error) {
      message.error(t.error(error));
    }
  };
  return (
    <div className="looking">
      <section className="chat">
        <header className="chat-head">
          <b>{nameOf(conversation, t)}</b>
          <span className="chat-tools">{may('supervise') && <Button onClick={stepIn}>{t('step_in')}</Button>}</span>
        </header>
        <Messages conversation={conversation} />
      </section>
      <aside className="desk-panel"><CustomerPanel conversation={conversation} quiet /></aside>
    </div>
  );
}
