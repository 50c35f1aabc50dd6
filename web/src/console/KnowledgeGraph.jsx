// The neighbourhood of a node, drawn; a click goes on to the next.
import { useEffect, useRef, useState } from 'react';
import { AutoComplete, Button, Space, Tag } from 'antd';
import cytoscape from 'cytoscape';
import { api } from './api.js';
import { KIND_COLOURS } from './Knowledge.jsx';
import { KINDS } from './KnowledgeEntries.jsx';
import { entryOf, KindTag } from './KnowledgeTrial.jsx';
import { useSession } from './strings.js';

/** So many neighbours are drawn: more could not be read. The list beside has them all. */
const DRAWN = 22;
/** From so many on, they stand in two rings, and only the edges of the centre are drawn, without words. */
const CROWDED = 12;
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
  const [only, setOnly] = useState('');
  const place = useRef(null);
  useEffect(() => {
    setOnly('');
    api.get('graph', { ref: node }).then(setFound, (error) => { message.error(t.error(error)); if (node) show(''); });
  }, [node, changes]);
  useEffect(() => {
    if (!found || !place.current) return undefined;
    const short = (name) => (name.length > 18 ? `${name.slice(0, 17)}…` : name);
    const near = found.nodes.filter((one) => one.ref !== node);
    const drawn = mixed(only ? near.filter((one) => one.kind === only) : near).slice(0, DRAWN);
    const crowded = drawn.length > CROWDED;
    const { clientWidth: width, clientHeight: height } = place.current;
    const at = (number) => {
      const turn = (2 * Math.PI * number) / drawn.length - Math.PI / 2;
      const far = crowded && number % 2 ? 0.24 : 0.42;
      return { x: width * (0.5 + far * Math.cos(turn)), y: height * (0.48 + far * Math.sin(turn)) };
    };
    const nodes = drawn.map((one, number) => ({ data: { id: one.ref, label: short(one.name), colour: KIND_COLOURS[one.kind] }, position: at(number) }));
    const middle = found.nodes.find((one) => one.ref === node);
    if (middle) nodes.push({ data: { id: node, label: short(middle.name), colour: KIND_COLOURS[middle.kind] }, classes: 'centre', position: { x: width / 2, y: height * 0.48 } });
    const ids = new Set(nodes.map((one) => one.data.id));
    const edges = found.edges
      .filter((one) => ids.has(one.source) && ids.has(one.target) && (!crowded || one.source === node || one.target === node))
      .map((one, number) => ({ data: { id: `e${number}`, source: one.source, target: one.target, label: crowded ? '' : t(`kn_rel_${one.relation}`) } }));
    const drawing = cytoscape({
      container: place.current, elements: [...nodes, ...edges], style: STYLE, maxZoom: 2, minZoom: 0.4, layout: { name: 'preset', fit: false },
    });
    drawing.on('tap', 'node', ({ target }) => show(target.id()));
    return () => drawing.destroy();
  }, [found, only, t]);
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
  const kinds = [...new Set((found?.nodes || []).filter((one) => one.ref !== node).map((one) => one.kind))];
  return (
    <>
      <Space wrap className="filters">
        <AutoComplete className="search" options={options} onSearch={search} onSelect={(ref) => { setOptions([]); show(ref); }} placeholder={t('kn_find_node')} aria-label={t('kn_find_node')} />
        <Button onClick={() => show('')} disabled={!node}>{t('kn_all_lines')}</Button>
        {kinds.map((kind) => (
          <Button key={kind} size="small" type={only === kind ? 'primary' : 'default'} aria-pressed={only === kind} onClick={() => setOnly(only === kind ? '' : kind)}>
            <span className="dot" style={{ background: KIND_COLOURS[kind] }} />{t(`kn_kind_${kind}`)} {found.nodes.filter((one) => one.kind === kind && one.ref !== node).length}
          </Button>
        ))}
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
            {(found?.nodes || []).filter((one) => one.ref !== node && (!only || one.kind === only)).map((one) => (
              <li key={one.ref}><Button type="link" size="small" className="cell-link" onClick={() => show(one.ref)}><KindTag kind={one.kind} />{one.name}</Button></li>
            ))}
          </ul>
        </aside>
      </div>
    </>
  );
}

/** One of each kind after the other, so that no kind fills the drawing. */
function mixed(nodes) {
  const kinds = [...new Set(nodes.map((one) => one.kind))].map((kind) => nodes.filter((one) => one.kind === kind));
  const most = Math.max(0, ...kinds.map((of) => of.length));
  return Array.from({ length: most }, (_, place) => kinds.map((of) => of[place])).flat().filter(Boolean);
}
