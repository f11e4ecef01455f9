import { call, type Call } from './client'
import type { paths } from './schema'
import type { Message, Schemas } from './types'

/** What a send of the compose form says beside its recipients. */
export type SendBody = Pick<Schemas['SendRequest'], 'text' | 'from' | 'send_at' | 'hold_seconds'> & {
  /** One row for each recipient, where their texts or times differ. */
  messages?: Schemas['BatchMessage'][]
}
export interface SendAnswer {
  batch?: string
  messages: Message[]
}
/** Filters, cursor and size of a page, as the API takes them. */
export type MessageQuery = NonNullable<Call<paths['/v1/messages']['get']>['query']>

/** One recipient or many: the same send to the person who presses the button. */
export async function send(to: string[], body: SendBody, key: string): Promise<SendAnswer> {
  if (to.length === 1 && !body.messages) {
    return { messages: [await call('post', '/v1/messages', { body: { ...body, to: to[0]! }, key })] }
  }
  const answer = await call('post', '/v1/batches', { body: body.messages ? body : { ...body, to }, key })
  return { batch: answer.batch_id, messages: answer.messages }
}

export const listMessages = (query: MessageQuery, oncopy?: (at: string) => void) =>
  call('get', '/v1/messages', { query, oncopy })
export const getMessage = (id: string) => call('get', '/v1/messages/{id}', { path: { id } })
export const listEvents = (id: string) => call('get', '/v1/messages/{id}/events', { path: { id } })
export const listAttempts = (id: string) => call('get', '/v1/messages/{id}/attempts', { path: { id } })
export const cancelMessage = (id: string) => call('post', '/v1/messages/{id}/cancel', { path: { id } })
export const resendMessage = (id: string, key: string) =>
  call('post', '/v1/messages/{id}/resend', { path: { id }, key })
export const preview = (body: Schemas['PreviewRequest']) => call('post', '/v1/messages/preview', { body })
export const summary = () => call('get', '/v1/stats/summary')
