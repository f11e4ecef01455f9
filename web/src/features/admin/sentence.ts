// What a line of the audit log says, as a sentence.
import type { AuditEntry } from '$lib/api/admin'
import { i18n, t, type Key } from '$lib/i18n/index.svelte'

/** Nouns that people filter by. */
export const NOUNS = [
  ...[
    'session',
    'password',
    'user',
    'member',
    'invite',
    'api_key',
    'workspace',
    'limits',
    'prices',
    'credit',
    'reports',
    'setting',
  ],
  ...['provider', 'route', 'sender', 'smpp_account', 'smpp_session', 'webhook'],
  ...['contact', 'contact_fields', 'group', 'import', 'suppression', 'opt_out_review'],
  ...[
    'template',
    'campaign',
    'campaigns',
    'message',
    'view',
    'conversation',
    'inbox',
    'auto_reply',
    'canned_reply',
  ],
  ...['retention', 'person', 'audit'],
] as const

/** Who did it: a name, else an identifier; the gateway stands for itself and for whoever is not known. */
const who = (e: AuditEntry) =>
  e.actor.kind === 'system'
    ? t('audit.system')
    : e.actor.kind === 'api_key'
      ? t('audit.keyname', { name: e.actor.name || e.actor.id })
      : e.actor.name || e.actor.id

export function sentence(e: AuditEntry): string {
  const [noun = '', verb = ''] = e.action.split('.')
  // What is gone has no name any more; the note of its end kept it.
  const name = e.target_name || (/\.(deleted|created)$/.test(e.action) ? e.detail : '') || ''
  const own = `auditsay.${e.action}`
  if (i18n.has(own)) return t(`auditsay.${e.action}` as Key, { who: who(e), name: name || e.target || '' })
  const [v, n] = [`auditverb.${verb}`, `auditnoun.${noun}`]
  if (!i18n.has(v) || !i18n.has(n)) return t('audit.unknown', { who: who(e), action: e.action })
  const words = { who: who(e), verb: t(`auditverb.${verb}` as Key), noun: t(`auditnoun.${noun}` as Key) }
  return name ? t('audit.named', { ...words, name }) : t('audit.sentence', words)
}
