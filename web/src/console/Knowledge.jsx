// The knowledge: what documents suggest, the entries, the test box, the graph, and what nothing answered.
import { useEffect, useState } from 'react';
import { Tabs } from 'antd';
import { api } from './api.js';
import { EntryDrawer } from './KnowledgeEditor.jsx';
import { Entries } from './KnowledgeEntries.jsx';
import { Exchange } from './KnowledgeExchange.jsx';
import { Gaps } from './KnowledgeGaps.jsx';
import { Graph } from './KnowledgeGraph.jsx';
import { Review } from './KnowledgeReview.jsx';
import { Trial } from './KnowledgeTrial.jsx';
import { useSession } from './strings.js';

const TABS = { review: Review, entries: Entries, trial: Trial, graph: Graph, gaps: Gaps, exchange: Exchange };

/** Of one colour everywhere: what kind of thing a node or an entry is. */
export const KIND_COLOURS = {
  product_line: '#7c3aed', product: '#2563eb', spec: '#0891b2', function: '#0f766e', fault: '#dc2626', symptom: '#ea580c',
  error_code: '#b45309', cause: '#a16207', solution: '#15803d', policy: '#9d174d', faq: '#4338ca', passage: '#64748b',
};

export function Knowledge({ argument }) {
  const { t } = useSession();
  const [changes, setChanges] = useState(0);
  const [edited, setEdited] = useState(null);
  const [node, setNode] = useState('');
  const [question, setQuestion] = useState('');
  const tab = argument in TABS ? argument : 'review';
  const go = (key) => { window.location.hash = `knowledge/${key}`; };
  const [choices, setChoices] = useState(null);
  useEffect(() => { api.get('entries/choices').then(setChoices, () => {}); }, [changes]);
  const shared = {
    changes, choices, node, question,
    edit: setEdited,
    ask: (text) => { setQuestion(text); go('trial'); },
    show: (ref) => { setNode(ref); go('graph'); },
  };
  const items = Object.entries(TABS).map(([key, Page]) => ({ key, label: t(`kn_tab_${key}`), children: <Page {...shared} /> }));
  return (
    <div className="plain knowledge">
      <Tabs activeKey={tab} items={items} onChange={go} destroyInactiveTabPane />
      {edited && (
        <EntryDrawer start={edited} choices={choices} show={shared.show} ask={shared.ask} onClose={() => setEdited(null)}
                     onChanged={() => setChanges((count) => count + 1)} />
      )}
    </div>
  );
}
