// Shows a text with line breaks, numbered and bulleted steps, **bold** and links. It builds elements and
// never HTML, so nothing in a text can become code.

const INLINE = /\*\*(.+?)\*\*|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"'，。；！？、）】》」]+)/g;
// A line all in brackets, such as the source of an answer, is said in passing.
const ASIDE = /^\s*[（(][^（()）]*[)）]\s*$/;
const STEP = /^\s*(?:(\d{1,2})[.、)）]|[-*•·])\s*(?=\S)(.*)$/;

function Link({ href, children, hint }) {
  return (
    <>
      <wbr />
      <a href={href} target="_blank" rel="noopener noreferrer">
        {children}
        <span className="visually-hidden">{hint}</span>
      </a>
    </>
  );
}

function inline(text, hint) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, label, target] = match;
    const address = match[4]?.replace(/[.,;:!?)\]]+$/, '');
    parts.push(text.slice(end, match.index));
    if (bold) parts.push(<strong key={match.index}>{bold}</strong>);
    else parts.push(<Link key={match.index} href={target ?? address} hint={hint}>{label ?? address}</Link>);
    end = match.index + (address ? address.length : whole.length);
  }
  parts.push(text.slice(end));
  return parts;
}

/** Groups lines into paragraphs and lists; a list line without a marker continues the step above it. */
export function blocks(text) {
  const found = [];
  for (const line of text.split('\n')) {
    const step = STEP.exec(line);
    const last = found[found.length - 1];
    // "3.5" or "2026-11" at the start of a line is a value, not a step.
    const isStep = step && !/^\s*(\d+[.]\d|-\d|\*\*)/.test(line);
    if (isStep) {
      const ordered = step[1] !== undefined;
      if (last?.kind === 'list' && last.ordered === ordered) last.items.push(step[2]);
      else found.push({ kind: 'list', ordered, start: ordered ? Number(step[1]) : undefined, items: [step[2]] });
    } else if (last?.kind === 'list' && /^\s{2,}\S/.test(line)) {
      last.items[last.items.length - 1] += `\n${line.trim()}`;
    } else if (ASIDE.test(line)) {
      found.push({ kind: 'aside', text: line.trim().slice(1, -1) });
    } else if (last?.kind === 'text') {
      last.text += `\n${line}`;
    } else {
      found.push({ kind: 'text', text: line });
    }
  }
  return found.map((block) => (block.kind === 'text' ? { ...block, text: block.text.trim() } : block))
    .filter((block) => block.kind === 'list' || block.text);
}

export function Rich({ text, hint }) {
  return blocks(text).map((block, i) => {
    if (block.kind === 'text') return <p key={i}>{inline(block.text, hint)}</p>;
    if (block.kind === 'aside') return <p key={i} className="aside">{inline(block.text, hint)}</p>;
    const List = block.ordered ? 'ol' : 'ul';
    return (
      <List key={i} start={block.start}>
        {block.items.map((item, j) => <li key={j}>{inline(item, hint)}</li>)}
      </List>
    );
  });
}
