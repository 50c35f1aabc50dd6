// The neighbourhood of a node, drawn; a click goes on to the next.
import { useEffect, useRef, useState } from 'react';
import { AutoComplete, Button, Space, Tag } from 'antd';
import cytoscape from 'cytoscape';
import { api } from './api.js';
import { KIND_COLOURS } from './Knowledge.jsx';
import { KINDS } from './KnowledgeEntries.jsx';
import { entryOf, KindTag } from './KnowledgeTrial.jsx';
import { useSession } from './strings.js';

const STILL = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
const STYLE = [
  { selector: 'node', style: {
    label: 'data(label)', 'background-color': 'data(colour)', color: '#0f172a', 'font-size': 13, 'text-wrap': 'wrap', 'text-max-width': 110,
    'text-overflow-wrap': 'anywhere', 'text-valign': 'bottom', 'text-margin-y': 5, width: 26, height: 26,
    'text-background-color': '#fff', 'text-background-opacity': 0.85, 'text-background-padding': 2,
  } },
  { selector: 'node.centre', style: { width: 44, height: 44, 'font-weight': 'bold', 'font-size': 15, 'border-width': 3, 'border-color': '#0f172a' } },
  { selector: 'edge', style: {
    width: 1.5, 'line-color': '#cbd5e1', 'target-arrow-color': '#94a3b8', 'target-arrow-shape': 'triangle', 'curve-style': 'bezier',
    label: 'data(label)', 'font-size': 11, color: '#475569', 'text-background-color': '#f8fafc', 'text-background-opacity': 1, 'text-background-padding': 2,
  } },
];

export function Graph({ node, show, edit, changes }) {
  const { t, message } = useSession();
  const [found, setFound] = useState(null);
  const [options, setOptions] = useState([]);
  const place = useRef(null);
  useEffect(() => {
    api.get('graph', { ref: node }).then(setFound, (error) => { message.error(t.error(error)); if (node) show(''); });
  }, [node, changes]);
  useEffect(() => {
    if (!found || !place.current) return undefined;
    const short = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);
    const nodes = found.nodes.map((one) => ({ data: { id: one.ref, label: short(one.name), colour: KIND_COLOURS[one.kind] }, classes: one.ref === node ? 'centre' : '' }));
    const edges = found.edges.map((one, number) => ({ data: { id: `e${number}`, source: one.source, target: one.target, label: t(`kn_rel_${one.relation}`) } }));
    const drawing = cytoscape({
      container: place.current, elements: [...nodes, ...edges], style: STYLE, wheelSensitivity: 0.3, maxZoom: 1.6, minZoom: 0.2,
      layout: node
        ? { name: 'concentric', concentric: (one) => (one.hasClass('centre') ? 2 : 1), levelWidth: () => 1, minNodeSpacing: 62, spacingFactor: 1.1, padding: 36, animate: !STILL && nodes.length < 30, animationDuration: 250 }
        : { name: 'circle', padding: 60, spacingFactor: 0.9 },
    });
    drawing.on('tap', 'node', ({ target }) => show(target.id()));
    return () => drawing.destroy();
  }, [found, t]);
  const search = async (text) => {
    if (!text.trim()) return setOptions([]);
    try {
      const { entries } = await api.get('entries', { text: text.trim(), size: 12 });
      return setOptions(entries.map((one) => ({ value: one.ref, label: <><KindTag kind={one.kind} /> {one.name}</> })));
    } catch {
      return setOptions([]);
    }
  };
  const centre = found?.nodes.find((one) => one.ref === node);
  const kinds = [...new Set((found?.nodes || []).map((one) => one.kind))];
  return (
    <>
      <Space wrap className="filters">
        <AutoComplete className="search" options={options} onSearch={search} onSelect={(ref) => { setOptions([]); show(ref); }} placeholder={t('kn_find_node')} aria-label={t('kn_find_node')} />
        <Button onClick={() => show('')} disabled={!node}>{t('kn_all_lines')}</Button>
        {kinds.map((kind) => <KindTag key={kind} kind={kind} />)}
      </Space>
      <div className="graph">
        <div ref={place} className="drawing" role="img" aria-label={centre?.name || t('kn_all_lines')} />
        <aside aria-label={t('kn_neighbours')}>
          {centre && (
            <>
              <h2><KindTag kind={centre.kind} /> {centre.name}</h2>
              <p className="suggestion-text">{found.text}</p>
              <p className="quiet">{t('source')}: {found.source}</p>
              {KINDS.includes(entryOf(node).split(':')[0]) && <Button size="small" onClick={() => edit({ ref: entryOf(node) })}>{t('edit')}</Button>}
            </>
          )}
          <h3>{t('kn_neighbours')} {found?.more > 0 && <Tag>{t('kn_more', { n: found.more })}</Tag>}</h3>
          <ul className="neighbours">
            {(found?.nodes || []).filter((one) => one.ref !== node).map((one) => (
              <li key={one.ref}><Button type="link" size="small" className="cell-link" onClick={() => show(one.ref)}><KindTag kind={one.kind} />{one.name}</Button></li>
            ))}
          </ul>
        </aside>
      </div>
    </>
  );
}
