import type { Message, StreamEvent } from '$lib/api/types'

let made = 0

/** A message as the API gives it, queued a moment ago. */
export function message(change: Partial<Message> = {}): Message {
  const id = change.id ?? `msg_${String(++made).padStart(6, '0')}`
  return {
    id,
    to: '+12025550100',
    to_raw: '+12025550100',
    text: 'Hello',
    class: 'transactional',
    encoding: 'gsm7',
    segments: 1,
    status: 'queued',
    final: false,
    created_by: { kind: 'user', id: 'usr_1', name: 'Ada' },
    attempts: 0,
    accepted_at: '2026-11-23T09:00:00.000Z',
    expires_at: '2026-11-24T09:00:00.000Z',
    on_unknown: 'hold',
    possible_duplicate: false,
    cancel_requested: false,
    updated_at: '2026-11-23T09:00:00.000Z',
    ...change,
  }
}

/** An event of the stream, a second after the message was accepted. */
export function event(change: Partial<StreamEvent> & { type: string }): StreamEvent {
  return { id: `evt_${String(++made).padStart(6, '0')}`, at: '2026-11-23T09:00:01.000Z', data: {}, ...change }
}
