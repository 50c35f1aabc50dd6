// How a ticket stands: with its promises, whether the supervisor looks at it, and why it is where it is.
import { CheckCircleOutlined, ClockCircleOutlined, PauseCircleOutlined, RiseOutlined, WarningOutlined } from '@ant-design/icons';
import { Tag } from 'antd';
import { useSession } from './strings.js';
import { clock, useNow } from './time.js';

const OPEN = ['new', 'assigned', 'in_progress', 'waiting'];
const LOOKS = {
  ok: { color: 'green', icon: <ClockCircleOutlined /> },
  soon: { color: 'orange', icon: <ClockCircleOutlined /> },
  late: { color: 'red', icon: <WarningOutlined /> },
  paused: { color: 'default', icon: <PauseCircleOutlined /> },
  missed: { color: 'red', icon: <WarningOutlined /> },
  ended: { color: 'default', icon: <PauseCircleOutlined /> },
  met: { color: 'default', icon: <CheckCircleOutlined /> },
};

/** The clock that runs: until somebody begins the first, then the second. */
const runningOf = (ticket) => (ticket.responded_at ? 'resolve' : 'respond');

function stateOf(ticket, which, now) {
  const open = OPEN.includes(ticket.status);
  if (which === 'respond' && ticket.responded_at) {
    return new Date(ticket.responded_at) > new Date(ticket.respond_by) ? 'missed' : 'met';
  }
  if (!open && which === 'resolve' && ticket.was_late) return 'missed';
  if (!open) return ['resolved', 'closed'].includes(ticket.status) ? 'met' : 'ended';
  if (which === 'resolve' && ticket.paused_at) return 'paused';
  if (new Date(ticket[`${which}_by`]) <= now) return 'late';
  return ticket[`${which}_warn_at`] && new Date(ticket[`${which}_warn_at`]) <= now ? 'soon' : 'ok';
}

/** Until when `which` promise is to be kept (without it: the one that runs), and how that stands, in words. */
export function Deadline({ ticket, which }) {
  const { t } = useSession();
  const now = useNow();
  if (!which && !OPEN.includes(ticket.status) && !ticket.was_late) return null;
  const shown = which || (OPEN.includes(ticket.status) ? runningOf(ticket) : 'resolve');
  const by = ticket[`${shown}_by`];
  if (!by) return null;
  const state = stateOf(ticket, shown, now);
  return (
    <span className="deadline">
      <Tag {...LOOKS[state]} bordered={false}>{t(`due_${state}`)}</Tag>
      <span className={['late', 'missed'].includes(state) ? 'overdue' : ''}>{clock(by, t.language)}{which ? '' : ` ${t(`clock_${shown}`)}`}</span>
    </span>
  );
}

export function Escalated() {
  const { t } = useSession();
  return <Tag color="magenta" icon={<RiseOutlined />}>{t('escalated')}</Tag>;
}

/** Which rule said what, and why this colleague has it. */
export function WhyHere({ ticket }) {
  const { t, labels } = useSession();
  const given = [...ticket.timeline].reverse().find(({ kind, why }) => kind === 'assigned' && why);
  return (
    <ul className="why">
      {ticket.reasons.map(([field, value, rule]) => (
        <li key={`${field}${rule}`}>{t(`reason_${field}`)} {valueOf(field, value, ticket, t, labels)} <span className="quiet">— {ruleOf(rule, t, labels)}</span></li>
      ))}
      {given && !ticket.waits && <li>{t('assignee')} {given.to} <span className="quiet">— {t(`why_${given.why}`)}</span></li>}
    </ul>
  );
}

/** How a rule is called; one that is no longer in the file, or speaks by itself, too. */
export const ruleOf = (rule, t, labels) => (t.has(`rule_${rule}`) ? t(`rule_${rule}`) : t.label(labels.rules[rule], rule));

const UNITS = { m: 'minutes', h: 'hours', d: 'days' };

function valueOf(field, value, ticket, t, labels) {
  if (field === 'queue') return t.label(labels.queues[value], value);
  if (field === 'clock') return t(`clock_${value}`);
  if (field !== 'respond' && field !== 'resolve') return value;
  const unit = UNITS[value.slice(-1)];
  const always = ticket.reasons.some(([name, said]) => name === 'clock' && said === 'always');
  return t(unit === 'days' && always ? 'days_always' : unit, { n: value.slice(0, -1) });
}
