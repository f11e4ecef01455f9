import type { EventData, Message, StreamEvent } from '$lib/api/types'
import { i18n, t, type Key } from '$lib/i18n/index.svelte'
import { session } from '$lib/stores/session.svelte'
import type { ShownStatus } from '$lib/ui/StatusPill.svelte'

/** One step of what happened to a message, in plain words. */
export interface Step {
  id: string
  at: string
  icon: ShownStatus
  title: string
  notes: string[]
}

export const providerName = (id?: string): string =>
  session.boot?.providers.find((p) => p.id === id)?.name ?? t('provider.unnamed')

/** A word of the server as a sentence; its own word where this app is older than the server. */
export const reasonText = (reason?: string): string => {
  if (!reason) return ''
  const key = `reason.${reason}`
  return i18n.has(key) ? t(key) : reason.replaceAll('_', ' ')
}

const errorNotes = (d: EventData): string[] => {
  const error = d.error
  if (!error) return []
  const code = [error.provider_code, error.code].find(Boolean)
  return [[error.text, code ? `(${code})` : ''].filter(Boolean).join(' ')].filter(Boolean)
}

/** An event as a step of the timeline. */
export function stepOf(e: StreamEvent, before?: StreamEvent, last = true): Step {
  const d = e.data
  const word = e.type.replace(/^message\./, '')
  const provider = d.provider_name || (d.provider ? providerName(d.provider) : '')
  const known = `step.${word}${provider && i18n.has(`step.${word}.by`) ? '.by' : ''}`
  const final = d.final && i18n.has(`step.${word}.final`) ? (`step.${word}.final` as Key) : undefined
  const title = final ? t(final) : i18n.has(known) ? t(known, { provider }) : word.replaceAll('_', ' ')
  const notes: string[] = []
  if (d.reason && d.reason !== 'due') notes.push(reasonText(d.reason))
  notes.push(...errorNotes(d))
  // What was to come is only of interest until it came.
  if (last && d.next_attempt_at && !d.final)
    notes.push(t('step.next', { time: i18n.seconds(d.next_attempt_at) }))
  if (last && d.deadline && !d.final) notes.push(t('step.deadline', { time: i18n.dateTime(d.deadline) }))
  if (d.attempt && d.attempt > 1 && word === 'sending') notes.push(t('step.attempt', { n: d.attempt }))
  if (d.late_receipt) notes.push(t('step.late', { status: statusWord(d.late_receipt.status) }))
  if (d.possible_duplicate) notes.push(t('message.duplicate'))
  if (before) {
    const ms = Date.parse(e.at) - Date.parse(before.at)
    if (ms >= 1000 && ms < 3_600_000)
      notes.push(t('step.after', { s: i18n.n(ms / 1000, { maximumFractionDigits: 1 }) }))
  }
  return { id: e.id, at: e.at, icon: (d.status ?? iconFor(word)) as ShownStatus, title, notes }
}

const iconFor = (word: string): ShownStatus =>
  word === 'accepted'
    ? 'queued'
    : word === 'cancel_requested'
      ? 'canceled'
      : word === 'late_receipt'
        ? 'sent'
        : 'queued'

const statusWord = (s: string): string => (i18n.has(`status.${s}`) ? t(`status.${s}` as Key) : s)

/** Why a queued message waits; the server's own sentence where this app is older than the server. */
export function waitingText(w: NonNullable<Message['waiting']>): string {
  const key = `waiting.${w.code}`
  const why = i18n.has(key) ? t(key, { provider: w.provider?.name ?? t('provider.unnamed') }) : w.text
  return w.until ? `${why} ${t('waiting.until', { time: i18n.seconds(w.until) })}` : why
}

export interface Fix {
  text: string
  act?: { label: string; href: string }
}

/** What can be done about a failure, by its class; nothing while the message goes on by itself. */
export function fixOf(m: Message): Fix | undefined {
  const kind = m.error?.class
  if (!kind || m.status === 'delivered' || m.status === 'canceled') return undefined
  if (!m.final && kind !== 'config' && kind !== 'throttle') return undefined
  const text = t(`history.fix.${kind}`)
  if (kind === 'config') return { text, act: { label: t('history.fix.config.act'), href: '/providers' } }
  if (kind === 'permanent') {
    const query = new URLSearchParams({ to: m.to || m.to_raw || '', text: m.text })
    return { text, act: { label: t('history.fix.permanent.act'), href: `/compose?${query}` } }
  }
  return { text }
}

export interface Meaning {
  tone: 'ok' | 'bad' | 'warn' | 'info' | 'wait' | 'plan'
  title: string
  detail: string
}

/** What the status means for the one who sent it, and what to do next. */
export function meaningOf(m: Message): Meaning {
  const provider = m.provider?.name ?? t('provider.unnamed')
  const say = (tone: Meaning['tone'], key: string): Meaning => ({
    tone,
    title: t(`means.${key}` as Key, { provider }),
    detail: t(`means.${key}.do` as Key, {
      provider,
      time: m.send_at ? i18n.dateTime(m.send_at) : '',
      next: m.next_attempt_at ? i18n.seconds(m.next_attempt_at) : '',
      until: m.resolve_deadline ? i18n.dateTime(m.resolve_deadline) : '',
      tries: m.attempts,
    }),
  })
  switch (m.status) {
    case 'scheduled':
      return say('plan', m.reason === 'undo_window' ? 'held' : 'scheduled')
    case 'queued':
      if (m.waiting) return { tone: 'wait', title: t('means.queued'), detail: waitingText(m.waiting) }
      return say('wait', m.next_attempt_at && m.reason !== 'due' ? 'queued.wait' : 'queued')
    case 'sending':
      return say('info', 'sending')
    case 'unknown':
      if (!m.final && m.on_unknown === 'retry_once' && !m.possible_duplicate && !m.cancel_requested)
        return say('warn', 'unknown.retry')
      return say('warn', m.final ? 'unknown.final' : 'unknown')
    case 'sent':
      return say('info', m.final ? 'sent.final' : 'sent')
    case 'delivered':
      return say('ok', 'delivered')
    case 'undelivered':
      return say('bad', 'undelivered')
    case 'expired':
      return say('warn', m.reason === 'network' ? 'expired.network' : 'expired')
    case 'failed':
      return say('bad', m.reason === 'no_route' ? 'failed.noroute' : 'failed')
    case 'canceled':
      return say('wait', 'canceled')
    case 'blocked':
      return say('wait', 'blocked')
  }
}
