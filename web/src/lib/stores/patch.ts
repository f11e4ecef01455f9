import type { Message, StreamEvent } from '$lib/api/types'

/**
 * Applies an event to a message on screen. An event older than what is shown (a replay after a break) changes nothing;
 * a final status stays as it is, and late evidence lies beside it.
 */
export function apply(m: Message, e: StreamEvent) {
  if (Date.parse(e.at) < Date.parse(m.updated_at)) return
  m.updated_at = e.at
  const d = e.data
  if (e.type === 'message.cancel_requested') m.cancel_requested = true
  if (d.late_receipt) m.late_receipt = d.late_receipt
  if (d.possible_duplicate) m.possible_duplicate = true
  if (d.error) m.error = d.error
  if (d.provider && d.provider !== m.provider?.id) m.provider = { id: d.provider, name: d.provider_name }
  if (!d.status || m.final || e.type === 'message.late_receipt') return
  m.status = d.status as Message['status']
  m.final = d.final ?? false
  m.reason = d.reason
  m.next_attempt_at = d.next_attempt_at
  if (m.status === 'sent' && !m.sent_at) m.sent_at = e.at
  if (m.status === 'unknown') m.resolve_deadline = d.deadline ?? m.resolve_deadline
  if (m.final) m.finished_at = e.at
}
