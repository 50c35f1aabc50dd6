// A dialog as all of the console's are: its first field has the focus, Ctrl/⌘+Enter does what its button says (Enter, too,
// in a field of one line), Esc closes it, the focus goes back to where it was, and what the server refuses stands inside.
import { useEffect, useRef, useState } from 'react';
import { Alert, Form, Modal } from 'antd';
import { useSession } from './strings.js';

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const FIELDS = 'textarea, input:not([type="hidden"]):not(:disabled)';

/**
 * `onSend(values)` throws what the server refuses, which is said beside the field that it names (`fields` tells what a
 * field is called here, where that is another name); else the dialog closes.
 */
export function Dialog({ title, ok, danger, initial, fields = {}, width, onSend, onClose, children }) {
  const { t } = useSession();
  const [form] = Form.useForm();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState('');
  const inside = useRef(null);
  useFocusBack(() => document.querySelector('.inside')); // of a drawer below, whose button may be gone
  useEscape(inside, onClose);
  const send = async (values) => {
    if (busy) return;
    setBusy(true);
    setRefused('');
    try {
      await onSend(values);
      onClose();
    } catch (error) {
      if (!beside(form, error, t, fields)) setRefused(t.error(error));
      setBusy(false);
    }
  };
  const typed = (event) => {
    const { target, key, ctrlKey, metaKey, nativeEvent } = event;
    // While an input method composes, and in a list, Enter chooses.
    if (key !== 'Enter' || nativeEvent.isComposing || target.tagName === 'BUTTON') return;
    const line = target.tagName === 'INPUT' && target.role !== 'combobox';
    if (ctrlKey || metaKey || line) form.submit();
    if (ctrlKey || metaKey || target.tagName === 'INPUT') event.preventDefault();
  };
  return (
    <Modal open title={title} width={width} maskClosable={false} onOk={form.submit} onCancel={onClose} okButtonProps={{ danger, loading: busy }}
           okText={<>{ok}<kbd aria-hidden="true">{MAC ? '⌘' : 'Ctrl'} ↵</kbd></>}
           afterOpenChange={(open) => open && inside.current?.querySelector(FIELDS)?.focus()}>
      <div ref={inside} onKeyDown={typed}>
        {refused && <Alert type="error" showIcon message={refused} role="alert" className="refused" />}
        <Form form={form} layout="vertical" onFinish={send} requiredMark={false} initialValues={initial}>{children}</Form>
      </div>
    </Modal>
  );
}

/** Esc closes the dialog also at the moment when the focus is not in it yet, and then nothing below it. */
function useEscape(inside, onClose) {
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const escape = (event) => {
      if (event.key !== 'Escape' || inside.current?.closest('.ant-modal')?.contains(document.activeElement)) return;
      event.stopPropagation();
      close.current();
    };
    document.addEventListener('keydown', escape, true);
    return () => document.removeEventListener('keydown', escape, true);
  }, []);
}

/** Says what the server refused beside the field that it names; whether there is such a field. */
export function beside(form, error, t, fields = {}) {
  const name = (fields[error.field] ?? error.field)?.split('.') ?? [];
  const found = name.length > 0 && form.getFieldInstance(name) !== undefined;
  if (found) form.setFields([{ name, errors: [t.error(error)] }]);
  return found;
}

const isEmpty = (value) => value === undefined || value === null || String(value).trim() === '';

/** The rule of a field that has to be filled in. */
export const needed = (t) => [{ validator: (_, value) => (isEmpty(value) ? Promise.reject(new Error(t('error_needed'))) : Promise.resolve()) }];

/** Gives the focus back, when what it was taken for closes, to where it was, or to what `other` finds. */
export function useFocusBack(other = () => null) {
  const [before] = useState(() => document.activeElement);
  useEffect(() => () => setTimeout(() => {
    const here = document.activeElement;
    if (here && here !== document.body) return;
    if (before !== document.body) before?.focus();
    if (document.activeElement !== before || before === document.body) other()?.focus();
  }), []);
}
