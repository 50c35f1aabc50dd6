// The fields of an entry, by its kind.
import { Button, DatePicker, Form, Input, Select } from 'antd';
import dayjs from 'dayjs';
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { useSession } from './strings.js';

/** Of each kind its fields in order: name, how it is put in, whether it must be there. */
const VALID = [['valid', 'days']];
const FIELDS = {
  faq: [['question', 'text', 1], ['also', 'lines'], ['answer', 'area', 1], ['products', 'products'], ['line', 'line'], ['function', 'function'], ...VALID],
  policy: [['name', 'text', 1], ['topics', 'tags'], ['questions', 'lines'], ['answer', 'area', 1], ['applies_to', 'both'], ['english', 'text'], ...VALID],
  fault: [
    ['name', 'text', 1], ['products', 'products', 1], ['function', 'function'], ['problem_type', 'problem', 1], ['urgency', 'urgency'],
    ['symptoms', 'tags', 1], ['error_codes', 'tags'], ['safety', 'area'], ['causes', 'causes', 1], ['english', 'text'], ...VALID,
  ],
  function: [['name', 'text', 1], ['aliases', 'tags'], ['products', 'products', 1], ['summary', 'area', 1], ['how_to', 'lines'], ['english', 'text'], ...VALID],
  product: [['name', 'text', 1], ['title', 'text', 1], ['aliases', 'tags'], ['summary', 'area', 1], ['price', 'text', 1], ['specs', 'specs'], ['english', 'text']],
  product_line: [['name', 'text', 1], ['aliases', 'tags'], ['english', 'text']],
};
export const OF_A_LINE = ['fault', 'function', 'product'];

/** Content as the form's fields have it. */
export function asValues(kind, content, line) {
  const values = { ...content, entry_line: line };
  for (const [name, how] of FIELDS[kind]) {
    if (how === 'lines') values[name] = (content[name] || []).join('\n');
    if (how === 'specs') values[name] = Object.entries(content[name] || {}).map(([key, value]) => ({ key, value }));
    if (how === 'causes') values[name] = (content[name] || []).map((one) => ({ ...one, steps: (one.steps || []).join('\n') }));
    if (how === 'days') values[name] = [content.valid_from, content.valid_until].map((day) => (day ? dayjs(day) : null));
  }
  return values;
}

/** The form's fields as content; what is empty is left out. */
export function asContent(kind, values) {
  const content = {};
  for (const [name, how] of FIELDS[kind]) {
    const value = values[name];
    if (how === 'days') [content.valid_from, content.valid_until] = (value || []).map((day) => day?.format('YYYY-MM-DD'));
    else if (how === 'lines') content[name] = linesOf(value);
    else if (how === 'specs') content[name] = Object.fromEntries((value || []).filter((one) => one?.key).map((one) => [one.key.trim(), one.value || '']));
    else if (how === 'causes') content[name] = (value || []).filter(Boolean).map((one) => ({ cause: one.cause || '', solution: one.solution || '', steps: linesOf(one.steps) }));
    else content[name] = typeof value === 'string' ? value.trim() : value;
  }
  const empty = (value) => value === undefined || value === null || value === '' || (typeof value === 'object' && !Object.keys(value).length);
  return Object.fromEntries(Object.entries(content).filter(([, value]) => !empty(value)));
}

const linesOf = (text) => (text || '').split('\n').map((line) => line.trim()).filter(Boolean);

/** What the server says of a field, at that field; gives whether there is one. */
export function blame(form, kind, error, told) {
  const first = (error.field || '').split('.')[0];
  const name = { valid_from: 'valid', valid_until: 'valid' }[first] || (first === 'line' && OF_A_LINE.includes(kind) ? 'entry_line' : first);
  const known = name === 'entry_line' || FIELDS[kind].some(([field]) => field === name);
  if (known) {
    form.setFields([{ name, errors: [told] }]);
    form.scrollToField(name);
  }
  return known;
}

export function EntryForm({ form, kind, choices, start, onSubmit }) {
  const { t, labels } = useSession();
  const line = Form.useWatch('entry_line', form);
  const of = (list) => [...new Set((list || []).filter((one) => !line || one.line === line).map((one) => one.name))];
  const options = {
    products: of(choices?.products), function: of(choices?.functions), line: choices?.lines || [],
    both: [...(choices?.lines || []), ...(choices?.products || []).map((one) => one.name)], problem: choices?.problem_types || [],
  };
  const as = (values) => values.map((value) => ({ value, label: value }));
  const inputs = {
    text: () => <Input />,
    area: () => <Input.TextArea autoSize={{ minRows: 2, maxRows: 12 }} />,
    lines: () => <Input.TextArea autoSize={{ minRows: 2, maxRows: 12 }} placeholder={t('kn_one_a_line')} />,
    tags: () => <Select mode="tags" open={false} suffixIcon={null} placeholder={t('kn_enter_each')} />,
    products: () => <Select mode="multiple" allowClear options={as(options.products)} />,
    both: () => <Select mode="multiple" allowClear options={as(options.both)} />,
    line: () => <Select allowClear showSearch options={as(options.line)} />,
    function: () => <Select allowClear showSearch options={as(options.function)} />,
    problem: () => <Select showSearch options={as(options.problem)} />,
    urgency: () => <Select options={(choices?.urgencies || []).map((value) => ({ value, label: t.label(labels.urgencies?.[value], value) }))} />,
    days: () => <DatePicker.RangePicker allowEmpty={[true, true]} placeholder={[t('kn_from'), t('kn_until')]} />,
  };
  return (
    <Form form={form} layout="vertical" initialValues={start} onFinish={onSubmit} scrollToFirstError>
      {OF_A_LINE.includes(kind) && (
        <Form.Item name="entry_line" label={t('kn_line')} rules={[{ required: true, message: t('kn_needed') }]}>
          <Select showSearch options={as(options.line)} />
        </Form.Item>
      )}
      {FIELDS[kind].map(([name, how, needed]) => {
        const label = t(`kn_field_${name}`);
        if (how === 'specs') return <Pairs key={name} label={label} name={name} />;
        if (how === 'causes') return <Causes key={name} label={label} name={name} />;
        return (
          <Form.Item key={name} name={name} label={label} rules={needed ? [{ required: true, message: t('kn_needed') }] : []}>
            {inputs[how]()}
          </Form.Item>
        );
      })}
    </Form>
  );
}

function Pairs({ name, label }) {
  const { t } = useSession();
  return (
    <Form.Item label={label}>
      <Form.List name={name}>
        {(rows, { add, remove }) => (
          <>
            {rows.map((row) => (
              <div key={row.key} className="pair">
                <Form.Item noStyle name={[row.name, 'key']}><Input aria-label={t('kn_spec')} placeholder={t('kn_spec')} /></Form.Item>
                <Form.Item noStyle name={[row.name, 'value']}><Input aria-label={t('kn_value')} placeholder={t('kn_value')} /></Form.Item>
                <Button type="text" aria-label={t('remove')} icon={<DeleteOutlined />} onClick={() => remove(row.name)} />
              </div>
            ))}
            <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({})}>{t('kn_add_spec')}</Button>
          </>
        )}
      </Form.List>
    </Form.Item>
  );
}

function Causes({ name, label }) {
  const { t } = useSession();
  return (
    <Form.Item label={label} required>
      <Form.List name={name}>
        {(rows, { add, remove, move }, { errors }) => (
          <>
            {rows.map((row, place) => (
              <fieldset key={row.key} className="cause">
                <legend>{place + 1}</legend>
                <Form.Item name={[row.name, 'cause']} label={t('kn_kind_cause')} rules={[{ required: true, message: t('kn_needed') }]}><Input /></Form.Item>
                <Form.Item name={[row.name, 'solution']} label={t('kn_kind_solution')} rules={[{ required: true, message: t('kn_needed') }]}><Input /></Form.Item>
                <Form.Item name={[row.name, 'steps']} label={t('kn_field_steps')} rules={[{ required: true, message: t('kn_needed') }]}>
                  <Input.TextArea autoSize={{ minRows: 2 }} placeholder={t('kn_one_a_line')} />
                </Form.Item>
                {place > 0 && <Button size="small" onClick={() => move(place, place - 1)}>{t('kn_earlier')}</Button>}{' '}
                <Button size="small" danger onClick={() => remove(row.name)}>{t('remove')}</Button>
              </fieldset>
            ))}
            <Form.ErrorList errors={errors} />
            <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({})}>{t('kn_add_cause')}</Button>
          </>
        )}
      </Form.List>
    </Form.Item>
  );
}
