import { call, seg } from './client'
import type { Message, Schemas } from './types'

/** What a send of the compose form says beside its recipients. */
export type SendBody = Pick<Schemas['SendRequest'], 'text' | 'from' | 'send_at' | 'hold_seconds'>
export interface SendAnswer {
  batch?: string
  messages: Message[]
  /** Rows that said the same as another and were merged. */
  duplicates: number
}
export type MessageQuery = Record<string, string | number | undefined>

const path = (id: string, rest = '') => `/v1/messages/${seg(id)}${rest}`

/** One recipient or many: the same send to the person who presses the button. */
export async function send(to: string[], body: SendBody, key: string): Promise<SendAnswer> {
  if (to.length === 1) {
    const message = await call<Message>('POST', '/v1/messages', { body: { ...body, to: to[0] }, key })
    return { messages: [message], duplicates: 0 }
  }
  const answer = await call<Schemas['BatchResult']>('POST', '/v1/batches', { body: { ...body, to }, key })
  return { batch: answer.batch_id, messages: answer.messages, duplicates: answer.duplicates.length }
}

export const listMessages = (query: MessageQuery, oncopy?: (at: string) => void) =>
  call<Schemas['MessageList']>('GET', '/v1/messages', { query, oncopy })
export const getMessage = (id: string) => call<Message>('GET', path(id))
export const listEvents = (id: string) => call<Schemas['EventList']>('GET', path(id, '/events'))
export const cancelMessage = (id: string) => call<Schemas['CancelResult']>('POST', path(id, '/cancel'))
export const resendMessage = (id: string, key: string) => call<Message>('POST', path(id, '/resend'), { key })
export const preview = (body: Schemas['PreviewRequest']) =>
  call<Schemas['Preview']>('POST', '/v1/messages/preview', { body })
export const summary = (query: { from?: string; to?: string; interval?: string } = {}) =>
  call<Schemas['Summary']>('GET', '/v1/stats/summary', { query })
