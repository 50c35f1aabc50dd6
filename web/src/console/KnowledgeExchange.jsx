// Bringing manuals and entries in bulk, and taking entries out.
import { useEffect, useState } from 'react';
import { Alert, Button, Card, Space, Table, Tag, Upload } from 'antd';
import { DownloadOutlined, InboxOutlined } from '@ant-design/icons';
import { api } from './api.js';
import { useSession } from './strings.js';
import { clock } from './time.js';

const MANUALS = '.md,.markdown,.txt,.docx,.pdf,.html,.htm,.csv';
const MAX_BYTES = 20_000_000;
const STATE_COLOURS = { reading: 'processing', ready: 'success', failed: 'error' };

export function Exchange() {
  return (
    <div className="halves plain-halves">
      <Documents />
      <Bulk />
    </div>
  );
}

function Documents() {
  const { t, message } = useSession();
  const [documents, setDocuments] = useState(null);
  const load = () => api.get('documents').then((page) => setDocuments(page.documents), (error) => message.error(t.error(error)));
  const reading = (documents || []).some((one) => one.state === 'reading');
  useEffect(() => { load(); }, []);
  useEffect(() => {
    const timer = reading && setInterval(load, 1500);
    return () => clearInterval(timer);
  }, [reading]);
  const bring = async (file) => {
    if (file.size > MAX_BYTES) return message.error(t('error_too_large'));
    try {
      const { new: fresh } = await api.upload('documents', file, { name: file.name });
      message[fresh ? 'success' : 'info'](t(fresh ? 'kn_brought' : 'kn_known', { name: file.name }));
      load();
    } catch (error) {
      message.error(t.error(error));
    }
    return false;
  };
  const tickets = async () => {
    try {
      const { documents: n } = await api.post('documents/tickets');
      message.success(t('kn_tickets_brought', { n }));
      load();
    } catch (error) {
      message.error(t.error(error));
    }
  };
  const columns = [
    { title: t('kn_document'), dataIndex: 'name', ellipsis: true },
    { title: t('state'), dataIndex: 'state', width: 100, render: (state, one) => <Tag color={STATE_COLOURS[state]} title={one.error}>{t(`kn_doc_${state}`)}</Tag> },
    { title: t('kn_queue_open'), dataIndex: 'open', width: 90, render: (n) => (n ? <a href="#knowledge/review">{n}</a> : n) },
    { title: t('at'), dataIndex: 'at', width: 110, responsive: ['lg'], render: (at) => clock(at, t.language) },
  ];
  return (
    <Card size="small" title={t('kn_bring')} extra={<Button size="small" onClick={tickets}>{t('kn_from_tickets')}</Button>}>
      <Upload.Dragger accept={MANUALS} multiple showUploadList={false} beforeUpload={(file) => { bring(file); return false; }}>
        <p className="drop-icon"><InboxOutlined /></p>
        <p>{t('kn_drop')}</p>
        <p className="quiet">{t('kn_drop_hint')}</p>
      </Upload.Dragger>
      <Table className="below" size="small" rowKey="id" columns={columns} dataSource={documents} loading={!documents} pagination={{ pageSize: 8, hideOnSinglePage: true }}
             locale={{ emptyText: t('kn_no_documents') }} expandable={{ rowExpandable: (one) => !!one.error, expandedRowRender: (one) => <span className="wrong">{one.error}</span> }} />
    </Card>
  );
}

function Bulk() {
  const { t, message } = useSession();
  const [file, setFile] = useState(null);
  const [preview, setPreview] = useState(null);
  const [busy, setBusy] = useState(false);
  const send = async (chosen, sure) => {
    if (chosen.size > MAX_BYTES) return message.error(t('error_too_large'));
    setBusy(true);
    try {
      const got = await api.upload('entries/import', chosen, { name: chosen.name, sure });
      setFile(chosen);
      setPreview(got);
      if (got.published) message.success(t('kn_imported', { n: got.new + got.changed }));
    } catch (error) {
      message.error(t.error(error));
    }
    return setBusy(false);
  };
  const take = async (form) => {
    try {
      await api.download('entries/export', { form }, form === 'csv' ? 'faq.csv' : 'knowledge.zip');
    } catch (error) {
      message.error(t.error(error));
    }
  };
  const columns = [
    { title: t('kn_row'), dataIndex: 'line', width: 64 },
    { title: t('kn_entry'), dataIndex: 'entry', ellipsis: true },
    { title: t('kn_field'), dataIndex: 'field', width: 110, render: (field) => field && (t.has(`kn_field_${field}`) ? t(`kn_field_${field}`) : field) },
    { title: t('kn_mistake'), dataIndex: 'message', ellipsis: true },
  ];
  const wrong = preview?.mistakes.length;
  return (
    <Card size="small" title={t('kn_bulk')} extra={<Space><Button size="small" icon={<DownloadOutlined />} onClick={() => take('csv')}>CSV</Button><Button size="small" icon={<DownloadOutlined />} onClick={() => take('yaml')}>YAML</Button></Space>}>
      <Upload.Dragger accept=".csv,.yml,.yaml" showUploadList={false} disabled={busy} beforeUpload={(chosen) => { send(chosen, false); return false; }}>
        <p className="drop-icon"><InboxOutlined /></p>
        <p>{t('kn_drop_entries')}</p>
        <p className="quiet">{t('kn_drop_entries_hint')}</p>
      </Upload.Dragger>
      {preview && (
        <>
          <Alert className="below" showIcon type={wrong ? 'error' : preview.published ? 'success' : 'info'} message={file.name}
                 description={wrong ? t('kn_mistakes', { n: wrong }) : t('kn_preview', { a: preview.new, b: preview.changed, c: preview.same })}
                 action={!wrong && !preview.published && preview.new + preview.changed > 0 && <Button type="primary" loading={busy} onClick={() => send(file, true)}>{t('kn_import')}</Button>} />
          {wrong > 0 && <Table className="below" size="small" rowKey={(one) => `${one.line}${one.field}${one.message}`} columns={columns} dataSource={preview.mistakes} pagination={{ pageSize: 10, hideOnSinglePage: true }} />}
        </>
      )}
    </Card>
  );
}
